"""What rows of opening totals may say, what stops a run, and what is added up from what."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import relending as rl
from relending.dates import parse_quarter
from relending.engine.pipeline import Tables
from relending.findings import InputError
from tests.disclosure.book import Lent, cells, disclosed, loan_frames, opening_frame, run_context

FIRST = "2023Q1"


def total(**change: Any) -> dict[str, Any]:
    """A row: 2 projects, 10 billion fen at 3.1 %, 5 t a year, through 2022Q4."""
    through = parse_quarter(change.pop("through", "2022Q4"))
    return {
        "lender": "icbc",
        "facility": "cerf",
        "through": through,
        "projects": 2,
        "amount_fen": 10**10,
        "weighted_rate_e8": 3_100_000,
        "reduction_g": 5 * 10**6,
        "project_ids": "P1; P2",
        **change,
    }


def loan(project: str = "P9", day: str = "2023-02-01", **change: Any) -> Lent:
    return Lent(
        **{
            "lender": "icbc",
            "project": project,
            "sector": "wind",
            "principal": 10**10,
            "rate": 35_000,
            "disbursed": dt.date.fromisoformat(day),
            **change,
        }
    )


def run(*rows: dict[str, Any], first: str = FIRST, loans: list[Lent] | None = None) -> Tables:
    return disclosed(loans or [loan()], opening_frame(rows), parse_quarter(first))


def cell(tables: Tables, code: str = "total", horizon: str = "since_start", quarter: str = FIRST) -> Any:
    return cells(tables.disclosure)["icbc", "cerf", quarter, horizon, code]


STOPS: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "a quarter of the run": ("opening_through", "through", [total(through="2023Q1")]),
    "two quarters": ("opening_through", "through", [total(), total(code="wind", through="2022Q3")]),
    "a year that is not the run's": ("opening_through", "through", [total(horizon="year")]),
    "a lender nobody knows": ("opening_unknown", "lender", [total(lender="某某银行")]),
    "a facility the scenario does not run": ("opening_unknown", "facility", [total(facility="small_business")]),
    "a code of another facility": ("opening_unknown", "code", [total(code="coal_power")]),
    "the same code twice": ("opening_twice", "code", [total(), total(code="total")]),
    "the same code by its name": ("opening_twice", "code", [total(code="wind"), total(code="风电")]),
    "less than nothing": ("value_out_of_range", "amount", [total(amount_fen=-1)]),
    "fewer than no projects": ("value_out_of_range", "projects", [total(projects=-1)]),
    "a negative rate": ("value_out_of_range", "weighted_rate", [total(weighted_rate_e8=-1)]),
    "an amount without a rate": ("value_missing", "weighted_rate", [total(weighted_rate_e8=None)]),
    "no amount": ("value_missing", "amount", [total(amount_fen=None)]),
    "fields beside the total": ("opening_not_summing", "amount", [total(), total(code="energy_saving", amount_fen=1)]),
    "sectors beside their field": (
        "opening_not_summing",
        "reduction",
        [total(code="clean_energy"), total(code="wind", reduction_g=5 * 10**6 + 1)],
    ),
}


@pytest.mark.parametrize("case", STOPS)
def test_a_row_that_cannot_be_stops_the_run_and_is_named(case: str) -> None:
    code, column, rows = STOPS[case]
    with pytest.raises(InputError) as stop:
        run(*rows)
    said = stop.value.findings.frame()
    mine = said[said["code"].eq(code) & said["column"].eq(column)]
    assert mine[["file", "row"]].values.tolist() == [["opening.csv", len(rows) + 1 - (code == "opening_not_summing")]]


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as stop:
        run(total(through="2023Q2", lender="boc"), total(facility="x"), total(amount_fen=-1), total(code="wind"))
    said = stop.value.findings.frame()
    errors = said[said["severity"].eq("error")][["row", "code"]]
    assert errors.values.tolist() == [[2, "opening_through"], [3, "opening_unknown"], [4, "value_out_of_range"]]


def test_sums_begin_with_the_opening_and_a_known_project_counts_once() -> None:
    tables = run(total(), loans=[loan("P2"), loan("P3")])
    assert cell(tables) == (3, 3 * 10**10, round((31 + 35 + 35) / 3 * 10**5), 5 * 10**6 + 2 * 10**8)
    # the quarter and the new year know nothing of it
    assert cell(tables, horizon="quarter")[:2] == cell(tables, horizon="year")[:2] == (2, 2 * 10**10)


def test_a_missing_total_and_field_are_the_sums_of_what_is_given_and_projects_their_union() -> None:
    rows = [
        total(code="wind"),
        total(code="solar", project_ids="P2、P3", weighted_rate_e8=3_300_000),
        total(code="ccus", project_ids="P3，P4"),
    ]
    tables = run(*rows)
    assert cell(tables, "clean_energy")[:2] == (4, 3 * 10**10)  # P1, P2, P3 and P9 of the book
    assert cell(tables)[:2] == (5, 4 * 10**10)
    assert cell(tables)[2] == round((31 + 33 + 31 + 35) / 4 * 10**5)
    assert "opening_sector_missing" not in tables.findings.codes()


def test_without_all_ids_a_missing_total_is_the_sum_of_projects() -> None:
    tables = run(total(code="wind"), total(code="solar", project_ids=None), loans=[loan("P1")])
    # wind knows P1; the field and the total cannot
    assert [cell(tables, code)[0] for code in ("wind", "solar", "clean_energy", "total")] == [2, 2, 5, 5]
    assert tables.findings.codes()["opening_projects_unknown"] == 1


def test_ids_that_are_not_as_many_as_projects_are_not_used_and_the_run_goes_on() -> None:
    tables = run(total(project_ids="P1; P2; P9"))
    assert cell(tables)[0] == 3  # 2 and P9, which the ids would have held
    codes = tables.findings.codes()
    assert codes["opening_ids_differ"] == 1 and "opening_projects_unknown" not in codes
    assert tables.findings.count("error") == 1


def test_a_total_alone_leaves_its_parts_to_the_loans_of_the_book() -> None:
    tables = run(total())
    assert cell(tables)[1] == 2 * 10**10 and cell(tables, "clean_energy")[1] == 10**10 == cell(tables, "wind")[1]
    said = tables.findings.frame()
    found = said[said["code"].eq("opening_sector_missing")]["found"].tolist()
    assert found == ["cerf icbc since_start: total"]


def test_a_run_that_begins_within_a_year_goes_on_with_the_years_figures() -> None:
    rows = [
        total(through="2023Q2", amount_fen=10**11, projects=2),
        total(through="2023Q2", horizon="year"),
    ]
    loans = [loan("P7", "2023-05-01"), loan("P2", "2023-08-01"), loan("P5", "2023-08-01")]
    tables = run(*rows, first="2023Q3", loans=loans)
    assert cell(tables, quarter="2023Q3")[:2] == (3, 12 * 10**10)
    assert cell(tables, quarter="2023Q3", horizon="year")[:2] == (3, 3 * 10**10)
    assert cell(tables, quarter="2023Q3", horizon="quarter")[:2] == (2, 2 * 10**10)
    said = tables.findings.frame()
    assert said[said["code"].eq("opening_covers")]["found"].tolist() == [
        "cerf icbc since_start: 1",
        "cerf icbc year: 1",
    ]


def test_a_project_of_the_years_opening_counts_anew_in_the_next_year() -> None:
    rows = [total(through="2023Q2", amount_fen=10**11), total(through="2023Q2", horizon="year")]
    tables = run(*rows, first="2023Q3", loans=[loan("P1", "2023-08-01")])
    assert cell(tables, quarter="2023Q4", horizon="year")[:2] == (2, 2 * 10**10)
    # the same with a run that goes on into 2023, of a year that began with figures in 2022
    rows = [total(through="2022Q2", amount_fen=10**11), total(through="2022Q2", horizon="year")]
    tables = run(*rows, first="2022Q3", loans=[loan("P1", "2022-08-01"), loan("P2")])
    assert cell(tables, quarter="2022Q4", horizon="year")[:2] == (2, 2 * 10**10)
    assert cell(tables, quarter="2023Q1", horizon="year")[:2] == (1, 10**10)
    assert cell(tables, quarter="2023Q1")[0] == 2


def test_without_the_years_figures_loans_of_the_book_count_and_a_warning_says_so() -> None:
    loans = [loan("P7", "2023-05-01"), loan("P2", "2023-08-01")]
    tables = run(total(through="2023Q2"), first="2023Q3", loans=loans)
    assert cell(tables, quarter="2023Q3", horizon="year")[:2] == (2, 2 * 10**10)
    said = tables.findings.frame()
    mine = said[said["code"].eq("opening_year_missing")]
    assert mine[["found", "expected"]].values.tolist() == [["cerf icbc", "year, 2023Q2"]]


def test_a_year_that_ends_before_the_run_asks_for_no_figures_of_it() -> None:
    assert "opening_year_missing" not in run(total(through="2022Q2")).findings.codes()


def test_quarters_between_the_opening_and_the_run_come_from_the_book() -> None:
    tables = run(total(through="2022Q2"), loans=[loan("P7", "2022-08-01"), loan("P8", "2022-02-01"), loan("P9")])
    assert cell(tables)[:2] == (4, 3 * 10**10)


def test_a_lender_without_a_loan_has_its_rows() -> None:
    tables = run(total(lender="boc"))
    got = cells(tables.disclosure)["boc", "cerf", "2023Q4", "since_start", "total"]
    assert got == (2, 10**10, 3_100_000, 5 * 10**6)
    assert set(tables.cost["lender"]) == {"boc", "icbc"}


def test_a_lender_without_opening_is_as_ever() -> None:
    loans = [loan(), loan(lender="boc", project="P1"), loan(lender="boc", project="P1", day="2022-02-01")]
    tables = run(total(), loans=loans)
    plain = cells(disclosed(loans, first=parse_quarter(FIRST)).disclosure)
    for key, figures in cells(tables.disclosure).items():
        if key[0] == "boc":
            assert figures == plain[key]


def test_figures_at_the_limit_are_exact() -> None:
    """Weights of the opening are fen x 10**-8: far beyond int64."""
    most = 4 * 10**18
    tables = run(total(amount_fen=most, weighted_rate_e8=3_512_345), loans=[loan(principal=10**14, rate=35_001)])
    want = round((most * 3_512_345 + 10**14 * 3_500_100) / (most + 10**14))
    assert cell(tables)[1:3] == (most + 10**14, want)


def test_an_amount_beyond_the_limit_is_an_error_and_no_wrong_figure() -> None:
    with pytest.raises(ArithmeticError, match="beyond the limit"):
        run(total(amount_fen=2**63 - 1))


def test_the_step_alone_gives_the_same_table() -> None:
    rows, first = [total(), total(code="clean_energy"), total(code="wind")], parse_quarter(FIRST)
    loans = [loan("P1"), loan("P3"), loan("P4", "2022-05-01")]
    side, context = {"opening": opening_frame(rows)}, run_context(first)
    frame = loan_frames(loans)[0]
    funded = rl.fund(frame, rl.screen(frame, context, side), context, side)
    shown = rl.disclose(rl.attribute(funded, context), context, side)
    whole = disclosed(loans, side["opening"], first)
    assert cells(shown) == cells(whole.disclosure)
    with pytest.raises(InputError):
        rl.disclose(whole.attribution, context, {"opening": opening_frame([total(through="2023Q1")])})
    with pytest.raises(ValueError, match="restated"):
        rl.disclose(whole.attribution, run_context(first, "restated"), side)


def test_codes_may_be_given_by_name() -> None:
    tables = run(total(), total(code="清洁能源"), total(code="Wind power"))
    assert cell(tables, "wind")[1] == 2 * 10**10
