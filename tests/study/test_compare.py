"""A comparison: exact differences, shares, wholes that are no means of rates; runs that do not fit are refused."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import relending as rl
from relending.study import MisalignedError, compare_runs
from relending.study.compare import CAUSES, DIFFERENCES, Comparison
from relending.study.described import COLUMNS
from relending.study.measures import measures
from tests.study.shared import HEADER, LOANS, write


@pytest.fixture(scope="module")
def runs() -> list[rl.Run]:
    return [rl.run(name) for name in ("demo", "demo/outstanding")]


@pytest.fixture(scope="module")
def found(runs: list[rl.Run]) -> Comparison:
    return compare_runs(runs)


def test_every_measure_says_what_it_is_and_what_weighs_it() -> None:
    known = measures()
    for m in known.values():
        assert not m.over or (m.kind == "rate" and known[m.over].adds_up), m.name
        assert not set(m.zh) & set("[]:*?/\\") and len(m.zh) <= 31 and len(m.name) <= 31  # names of sheets
    assert len({m.zh for m in known.values()}) == len(known)


def test_the_frames_have_their_columns_and_every_row(found: Comparison) -> None:
    rows = len(found.panels["demo"])
    assert list(found.differences) == list(DIFFERENCES) and list(found.causes) == list(CAUSES)
    assert list(found.scenarios) == list(COLUMNS) and found.scenarios["scenario"].tolist() == list(found.names)
    tidy = found.frame
    assert len(tidy) == rows * len(measures()) * 2
    given = ["market.own_rate", "facility.cerf.rollover_base", "facility.clean_coal.rollover_base"]
    assert list(tidy) == ["scenario", *given, "quarter", "lender", "facility", "measure", "unit", "value"]
    assert tidy.groupby("scenario")["facility.cerf.rollover_base"].first().to_dict() == {
        "demo": "",
        "demo-outstanding": "outstanding",
    }


def test_values_are_those_of_the_runs_tables(found: Comparison, runs: list[rl.Run]) -> None:
    tidy = found.frame
    for run in runs:
        mine = tidy[(tidy["scenario"] == run.scenario.name) & (tidy["measure"] == "blended_cost")]
        assert mine["value"].tolist() == pytest.approx(run.cost["blended_cost"].tolist(), nan_ok=True, abs=0)


def test_a_parameter_of_numbers_is_a_column_of_numbers() -> None:
    some = [rl.load_scenario("demo", {"scenario.name": f"r{n}", "facility.cerf.ratio": n / 10}) for n in (4, 8)]
    frame = rl.compare("demo", *some, measures=["drawn"], causes=False).frame
    first = frame.groupby("scenario")["facility.cerf.ratio"].first()
    assert math.isnan(first["demo"]) and first[["r4", "r8"]].tolist() == [0.4, 0.8]


def test_differences_and_shares_follow_from_the_figures(found: Comparison) -> None:
    rows = found.differences
    there = rows["absolute"].notna()
    gap = (rows["value"] - rows["base_value"])[there]
    assert gap.to_numpy() == pytest.approx(rows["absolute"][there].to_numpy(), rel=1e-13, abs=1e-5)
    some = there & (rows["base_value"] != 0)
    assert (rows["absolute"] / rows["base_value"])[some].to_numpy() == pytest.approx(
        rows["relative"][some].to_numpy(), abs=6e-9
    )
    assert rows.loc[there & ~some, "relative"].isna().all()
    shares = rows.dropna(subset="contribution").groupby(["scenario", "measure", "quarter"])["contribution"].sum()
    assert len(shares) > 100 and shares.to_numpy() == pytest.approx(1, abs=1e-9)
    assert rows.loc[rows["measure"].isin(["blended_cost", "issued_projects"]), "contribution"].isna().all()


def test_the_blended_cost_of_all_is_the_cost_of_all_over_the_loans_of_all(
    found: Comparison, runs: list[rl.Run]
) -> None:
    known, quarter = measures()["blended_cost"], "2024Q4"
    cost = runs[0].tables["cost"]
    rows = cost[(cost["quarter"] == quarter) & (cost["loans_outstanding_fen"] > 0)]
    loans = [int(v) for v in rows["loans_outstanding_fen"]]
    rates = [int(v) for v in rows["blended_cost_e8"]]
    assert len(rows) > 1 and len(set(rates)) > 1
    exact = Fraction(sum(r * w for r, w in zip(rates, loans, strict=True)), sum(loans))
    told = found.whole("demo", known, quarter)
    assert told == round(exact) and told != round(Fraction(sum(rates), len(rates)))
    # the formula of design section 9, over all lenders and facilities
    ledger = runs[0].tables["funding"]
    held = ledger[ledger["quarter"] == quarter]
    own = int(rows["own_rate_ppm"].iloc[0])
    whole = Fraction(0)
    for row in rows.itertuples():
        at = held[(held["lender"] == row.lender) & (held["facility"] == row.facility)].iloc[0]
        balance, owed = int(at["balance_fen"]), int(row.loans_outstanding_fen)
        rate = Fraction(0) if balance == 0 else Fraction(int(row.facility_rate_e8), 100)
        whole += min(balance, owed) * rate + max(owed - balance, 0) * own
    assert abs(whole * 100 / sum(loans) - told) <= 1


def test_what_has_no_whole_has_no_row_of_one(found: Comparison) -> None:
    rows = found.differences
    whole = set(rows.loc[(rows["lender"] == "all") & (rows["facility"] == "all"), "measure"])
    none = {m.name for m in measures().values() if not m.adds_up and not m.over}
    assert whole == set(measures()) - none and {"own_rate", "issued_projects", "subsidy_per_tonne"} <= none
    assert not set(found.causes["measure"]) & none


def test_one_lender_and_facility_are_the_whole(tmp_path: Path) -> None:
    some = [rl.run(write(tmp_path, "a")), rl.run(write(tmp_path, "b", own_rate="0.03"))]
    rows = compare_runs(some).differences
    own = rows[(rows["measure"] == "own_rate") & (rows["lender"] == "all")]
    assert own["absolute"].tolist() == [0.005] * 12


def test_facilities_in_another_order_are_the_same_facilities(runs: list[rl.Run]) -> None:
    turned = {"scenario.name": "turned", "scenario.facilities": ["clean_coal", "cerf"]}
    some = compare_runs([runs[0], rl.run(rl.load_scenario("demo", turned))])
    assert not some.differences["absolute"].fillna(0).any()
    assert [c.change.name for c in some.found["turned"]] == ["scenario.facilities"]


def test_a_base_is_named_or_the_first(runs: list[rl.Run]) -> None:
    other = compare_runs(runs, base="demo-outstanding", measures=["drawn"], with_causes=False)
    assert other.names == ("demo-outstanding", "demo") and other.untold == ("demo",) and len(other.causes) == 0
    with pytest.raises(ValueError, match="no run is called 'demmo'"):
        compare_runs(runs, base="demmo")
    with pytest.raises(ValueError, match="two runs or more"):
        compare_runs(runs[:1])
    with pytest.raises(ValueError, match="each of another name"):
        compare_runs([runs[0], runs[0]])


def test_runs_opened_from_folders_are_compared_without_causes(runs: list[rl.Run], tmp_path: Path) -> None:
    opened = [rl.open_run(run.save(tmp_path / run.scenario.name)) for run in runs]
    again = compare_runs(opened)
    assert again.untold == ("demo-outstanding",) and not again.found
    pd.testing.assert_frame_equal(again.differences, compare_runs(runs, with_causes=False).differences)
    assert again.parameters["facility.cerf.rollover_base"] == ["", "outstanding"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"scenario.end": "2025-12-31"}, "misaligned_quarters"),
        ({"scenario.facilities": ["cerf"]}, "misaligned_facilities"),
    ],
)
def test_runs_that_cannot_be_laid_side_by_side_raise(runs: list[rl.Run], changed: dict[str, Any], code: str) -> None:
    if "scenario.end" in changed:
        changed = {"scenario.end": pd.Timestamp(changed["scenario.end"]).date()}
    other = rl.run(rl.load_scenario("demo", {"scenario.name": "other", **changed}))
    with pytest.raises(MisalignedError) as stop:
        compare_runs([runs[0], other])
    assert set(stop.value.findings.codes()) == {code}


def test_the_run_with_another_lender_is_named_and_not_the_base(tmp_path: Path) -> None:
    more = "lender," + HEADER, *(f"{'ccb' if i else ''},{loan}" for i, loan in enumerate(LOANS))
    (tmp_path / "b").mkdir()
    other = write(tmp_path / "b", "b")
    (tmp_path / "b" / "book.csv").write_text("\n".join(more) + "\n", encoding="utf-8")
    with pytest.raises(MisalignedError) as stop:
        compare_runs([rl.run(write(tmp_path, "a")), rl.run(other)])
    row = stop.value.findings.frame().iloc[0]
    assert (row["file"], row["found"], row["expected"]) == ("b", "ccb, icbc: + ccb", "a: icbc")


def test_quarters_are_told_in_short(tmp_path: Path) -> None:
    some = [rl.run(write(tmp_path, "a")), rl.run(write(tmp_path, "b", end="2023-12-31"))]
    with pytest.raises(MisalignedError) as stop:
        compare_runs(some)
    row = stop.value.findings.frame().iloc[0]
    assert (row["file"], row["expected"]) == ("b", "a: 2022Q1 … 2024Q4 (12)")
    assert row["found"] == "2022Q1 … 2023Q4 (8): - 2024Q1 … 2024Q4 (4)"


def test_metadata_tells_what_was_run(found: Comparison) -> None:
    first, second = found.metadata
    assert first["base"] == second["base"] == "demo" and first["changed"] == ""
    assert "facility.cerf.rollover_base = outstanding" in second["changed"]
    assert (first["loans"], first["set_aside"], first["supported"]) == (71, 3, 56)
    assert first["books"] == "demo.xlsx" and len(first["sha256"]) == 64
    assert first["key_sha256"] != second["key_sha256"]
