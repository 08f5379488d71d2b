"""Impact reports of other issuers, their parts put into a run as loans and added up by its disclosure table.

Sources: issuer, title and date of each row of ``impact.csv``. Amounts in euro and kronor stand as yuan, one million as
10,000 yuan: arithmetic knows no unit. The figures behind the rounding of SMBC and MuniFin are chosen so that they print
as published; nothing else is known of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relending.units import mul_div
from tests.facts.facts import FILES, numbers
from tests.published import impact

ISSUERS = ("smbc", "smfg", "kommuninvest", "munifin", "belgium")
FEN_IN_WAN, GRAMS_IN_TONNE = 10**6, 10**6
ROWS_OF_THE_FACTS = {  # issuer -> its row of tests/facts/data/impact_reports.csv
    "smbc": "SMBC Green Impact 2016",
    "smfg": "SMFG green list 2018",
    "kommuninvest": "Kommuninvest 2020",
    "munifin": "MuniFin 2020 categories",
    "belgium": "Belgium OLO green bond",
}


@pytest.mark.parametrize("issuer", ISSUERS)
def test_the_printed_figures_are_those_of_the_facts(issuer: str) -> None:
    (fact,) = (r for r in FILES["impact_reports.csv"].rows() if r["vector"] == ROWS_OF_THE_FACTS[issuer])
    there = numbers(" ".join((fact["inputs"], fact["published_result"], fact["recomputed"])))
    thousand = {"belgium": 1000}.get(issuer, 1)  # printed in kilotonnes
    figures = [r[c] for r in impact.rows(issuer) for c in ("printed_amount", "printed_tonnes") if r[c]]
    for text in figures:
        assert {text, str(int(text) // thousand), f"{int(text) / 1000}"} & set(there), text


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("issuer", ISSUERS)
def test_sectors_add_up_to_fields_and_fields_to_the_total(issuer: str, exact: bool, tmp_path: Path) -> None:
    cells = impact.cells(impact.run(tmp_path, issuer, exact=exact))
    for column in ("amount_fen", "reduction_g"):
        of = {level: int(rows[column].sum()) for level, rows in cells.groupby("level")}
        assert of["sector"] == of["field"] == of["total"], column
    assert int(cells.loc["total", "projects"]) == len(impact.parts(issuer))


# -- SMBC: the printed total is one less than the printed parts add up to ----------------------------------------------


def test_smbc_green_impact_2016_prints_a_total_one_less_than_its_parts(tmp_path: Path) -> None:
    """2,201,817.6 + 47,977.6 + 10,317.6 = 2,260,112.8: rounded after the sum 2,260,113, before it 2,260,114."""
    run = impact.run(tmp_path, "smbc")
    assert impact.printed(run) == {
        ("wind", "reduction"): ("2201818", "2201818", "equal"),
        ("biomass", "reduction"): ("47978", "47978", "equal"),
        ("solar", "reduction"): ("10318", "10318", "equal"),
        ("total", "reduction"): ("2260113", "2260113", "equal"),
    }
    assert 2_201_818 + 47_978 + 10_318 == 2_260_113 + 1
    assert int(impact.cells(run).loc["clean_energy", "reduction_g"]) == 2_260_112_800_000


def test_smbc_green_impact_2016_printed_parts_do_not_give_the_printed_total(tmp_path: Path) -> None:
    said = impact.printed(impact.run(tmp_path, "smbc", exact=False))
    assert said["total", "reduction"] == ("2260113", "2260114", "differs")
    assert {outcome for (code, _), (*_, outcome) in said.items() if code != "total"} == {"equal"}


# -- SMFG: ten loans ---------------------------------------------------------------------------------------------------


def test_smfg_2018_ten_loans_add_up_to_528(tmp_path: Path) -> None:
    """Wind 101 + 99 + 73 + 61 + 44 + 27 = 405, solar 42 + 28 + 28 + 25 = 123."""
    run = impact.run(tmp_path, "smfg")
    assert impact.printed(run) == {("total", "amount"): ("528", "528", "equal")}
    cells = impact.cells(run)
    assert cells.loc[["wind", "solar", "total"], "amount_fen"].tolist() == [405_000_000, 123_000_000, 528_000_000]
    assert cells.loc[["wind", "solar", "total"], "projects"].tolist() == [6, 4, 10]
    # tonnes are printed for all ten together, gross: no loan has any, and none is made up
    assert int(cells.loc["total", "reduction_g"]) == 0


# -- Kommuninvest: an intensity over what is covered -------------------------------------------------------------------


def per_million(run: Any, code: str = "total", decimals: int = 0) -> int:
    """Tonnes per million of a row of the run, half-up, in units of the last decimal: grams per fen."""
    row = impact.cells(run).loc[code]
    return int(mul_div(int(row["reduction_g"]), 10**decimals, int(row["amount_fen"]), "half_up"))


def test_kommuninvest_2020_avoided_and_reduced_add_up(tmp_path: Path) -> None:
    said = impact.printed(impact.run(tmp_path, "kommuninvest"))
    assert said["total", "reduction"] == ("642875", "642875", "equal")
    assert said["total", "amount"] == ("51900", "51900", "equal")


def test_kommuninvest_2020_intensity_is_over_the_85_percent_with_a_figure(tmp_path: Path) -> None:
    """85 % of 51,900 m is 44,115 m: 14.57 t a million; over all 51,900 m it would be 12.39.

    The facility supports no loan without a study, so that a bank's own table is over the covered part too.
    """
    covered = impact.run(tmp_path, "kommuninvest", evidence=True)
    total = impact.cells(covered).loc["total"]
    assert int(total["amount_fen"]) == 44_115 * FEN_IN_WAN
    assert int(total["reduction_g"]) == 642_875 * GRAMS_IN_TONNE
    assert per_million(covered, decimals=1) == 146 and per_million(covered, decimals=2) == 14_57
    assert covered.screening.set_index("loan_id").loc["L3", "reasons"] == "evidence_missing"
    every = impact.run(tmp_path, "kommuninvest")
    assert per_million(every, decimals=2) == 12_39


# -- MuniFin: categories, shares and intensities that were made before rounding ----------------------------------------

SHARES = {r["code*"]: r["printed_share_pct"] for r in impact.parts("munifin")}
INTENSITIES = {
    "other_energy_saving": 6,
    "other_carbon_reduction_technology": 9,
    "other_clean_energy": 1192,
    "industrial_efficiency": 207,
}


def test_munifin_2020_figures_before_rounding_print_the_whole_table(tmp_path: Path) -> None:
    """4,706.2 + 6,865.2 + 37,512.2 + 1,176.2 = 50,259.8; 853 + 740 + 156 + 31.47 + 5.68 = 1,786.15.

    37,512.2 / 31.47 = 1,192.0 and 1,176.2 / 5.68 = 207.1; 31.47 of 1,786.15 are 1.8 %.
    """
    run = impact.run(tmp_path, "munifin")
    said = impact.printed(run)
    assert said["total", "reduction"] == ("50260", "50260", "equal")
    assert said["total", "amount"] == ("1786", "1786", "equal")
    assert len(said) == 11 and {outcome for *_, outcome in said.values()} == {"equal"}
    assert {code: per_million(run, code) for code in INTENSITIES} == INTENSITIES
    assert shares(run) == SHARES


def shares(run: Any) -> dict[str, str]:
    """Each part's share of the amount, per cent, one decimal."""
    amounts = impact.cells(run)["amount_fen"]
    tenths = {code: int(mul_div(int(amounts[code]), 1000, int(amounts["total"]), "half_up")) for code in SHARES}
    return {code: f"{t // 10}.{t % 10}" for code, t in tenths.items()}


def test_munifin_2020_printed_parts_give_other_intensities_and_another_total(tmp_path: Path) -> None:
    """4,706 + 6,865 + 37,512 + 1,176 = 50,259, not 50,260; 37,512 / 31 = 1,210, not 1,192; 1,176 / 6 = 196, not 207."""
    run = impact.run(tmp_path, "munifin", exact=False)
    said = impact.printed(run)
    assert said["total", "reduction"] == ("50260", "50259", "differs")
    assert said["total", "amount"] == ("1786", "1786", "equal")
    assert [per_million(run, code) for code in INTENSITIES] == [6, 9, 1210, 196]
    assert shares(run)["other_clean_energy"] == "1.7" and SHARES["other_clean_energy"] == "1.8"


def test_munifin_2020_water_without_a_figure_would_not_be_supported(tmp_path: Path) -> None:
    """With evidence required 1,786 less 156 for water: 1,630.15 before rounding."""
    run = impact.run(tmp_path, "munifin", evidence=True)
    assert impact.printed(run)["total", "amount"] == ("1786", "1630", "differs")
    assert impact.printed(run)["total", "reduction"] == ("50260", "50260", "equal")


# -- Belgium -----------------------------------------------------------------------------------------------------------


def test_belgium_green_olo_rolling_stock_and_infrastructure_add_up(tmp_path: Path) -> None:
    """222 + 768 = 990 m euro; 68 + 1,512 = 1,580 kt, over the life of the stock (45 years) and the tracks (40).

    They are not tonnes a year: the sum is all that is reproduced.
    """
    said = impact.printed(impact.run(tmp_path, "belgium"))
    assert said["total", "amount"] == ("990", "990", "equal")
    assert said["total", "reduction"] == ("1580000", "1580000", "equal")
    assert {outcome for *_, outcome in said.values()} == {"equal"}
