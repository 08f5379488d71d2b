"""A run of the later loans that begins with what a run of all loans had disclosed gives the same figures."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.book import read_side_table
from relending.dates import parse_quarter, quarter_text
from relending.lineage import opening_from
from tests.disclosure.book import (
    FIRST,
    LAST,
    Lent,
    Opening,
    books,
    cells,
    codes_of,
    counted,
    disclosed,
    disclosed_in,
    opening_frame,
    run_context,
    saved,
    supported_flags,
)

THROUGH = st.integers(FIRST, LAST - 1)


def as_read(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The table written to a file and read as a scenario reads it."""
    path = folder / "opening.csv"
    table.to_csv(path, index=False)
    read = read_side_table(path, "opening")
    assert not read.findings, read.findings.frame().to_string()
    return read.frame


def exact(loans: list[Lent], key: tuple[str, str, str, str, str], through: int) -> bool:
    """Whether the rate disclosed up to a quarter was a whole number of 10**-8."""
    who, name, quarter, horizon, code = key
    since = parse_quarter(quarter) // 4 * 4 if horizon == "year" else 0
    old = [
        one
        for one in loans
        if (one.lender, one.facility) == (who, name) and code in codes_of(one) and since <= disclosed_in(one) <= through
    ]
    amount = sum(one.principal for one in old)
    return not amount or sum(one.principal * one.rate * 100 for one in old) % amount == 0


@settings(max_examples=60)
@given(books() | books(one_rate=True), THROUGH, st.booleans())
def test_every_figure_goes_on_as_if_nothing_had_been_cut(
    tmp_path_factory: pytest.TempPathFactory, loans: list[Lent], through: int, all_loans: bool
) -> None:
    whole = disclosed(loans)
    later = [one for one in loans if disclosed_in(one) > through]
    if not later:
        return
    table = opening_from(saved(whole, run_context()), quarter_text(through))
    opening = as_read(table, tmp_path_factory.mktemp("opening"))
    # loans of before may stay in the book: they are not counted again
    after = disclosed(loans if all_loans else later, opening, through + 1)
    want = {key: value for key, value in cells(whole.disclosure).items() if parse_quarter(key[2]) > through}
    got = cells(after.disclosure)
    assert got.keys() == want.keys()
    for key, (projects, amount, rate, reduction) in want.items():
        assert got[key][:2] == (projects, amount) and got[key][3] == reduction, key
        if exact(loans, key, through):
            assert got[key][2] == rate, key
        elif rate is not None:
            assert abs(got[key][2] - rate) <= 1, key  # the opening has eight decimals
    assert "opening_year_missing" not in after.findings.codes()


@settings(max_examples=30)
@given(books(ineligible=True), THROUGH, st.sampled_from(["listed", "restated"]), st.integers(1, 9))
def test_figures_with_an_opening_are_the_plain_count(loans: list[Lent], through: int, treatment: str, cut: int) -> None:
    later = [one for one in loans if disclosed_in(one) > through]
    first = disclosed(loans)
    if not later:
        return
    context = run_context()
    table = opening_from(saved(first, context), quarter_text(through))
    opening = opening_frame(
        {
            **{name: row[name] for name in ("lender", "facility", "code", "horizon", "projects", "project_ids")},
            "through": through,
            "amount_fen": int(row["amount"] * 100),
            "weighted_rate_e8": None if row["weighted_rate"] is None else int(row["weighted_rate"] * 10**8),
            "reduction_g": int(row["reduction"] * 10**6),
        }
        for row in table.to_dict("records")
    )
    second = disclosed(loans, opening, through + 1, treatment, cut)
    begins = {
        (row["lender"], row["facility"], row["horizon"], row["code"]): Opening(
            through,
            row["projects"],
            int(row["amount_fen"]),
            int(row["weighted_rate_e8"] or 0) if not pd.isna(row["weighted_rate_e8"]) else 0,
            int(row["reduction_g"]),
            frozenset(row["project_ids"].split("; ")) if row["project_ids"] else frozenset(),
        )
        for row in opening.to_dict("records")
    }
    flags = supported_flags(loans, second)
    assert cells(second.disclosure) == counted(loans, flags, second.disclosure, treatment == "restated", begins)


@settings(max_examples=25)
@given(books(), st.integers(FIRST, LAST - 2))
def test_a_chain_of_three_runs_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, loans: list[Lent], through: int
) -> None:
    """Each run begins with the one before it; the second knows the projects of the first only by its opening."""
    whole = disclosed(loans)
    folder = tmp_path_factory.mktemp("opening")
    opening = as_read(opening_from(saved(whole, run_context()), quarter_text(through)), folder)
    later = [one for one in loans if disclosed_in(one) > through]
    last = [one for one in later if disclosed_in(one) > through + 1]
    if not last:
        return
    second = disclosed(later, opening, through + 1)
    again = as_read(opening_from(saved(second, run_context(through + 1), opening), quarter_text(through + 1)), folder)
    third = disclosed(last, again, through + 2)
    want, got = cells(whole.disclosure), cells(third.disclosure)
    for key, (projects, amount, rate, reduction) in got.items():
        assert (projects, amount, reduction) == (*want[key][:2], want[key][3]), key
        assert rate == want[key][2] or abs(rate - want[key][2]) <= 2, key


def test_the_file_of_an_opening_holds_every_figure_and_reads_back(tmp_path: Path) -> None:
    loans = [
        Lent("icbc", "P1", "wind", 123_456_789_01, 31_234, pd.Timestamp("2022-02-01").date()),
        Lent("icbc", "P2", "ccus", 10**11 + 7, 27_000, pd.Timestamp("2022-08-01").date()),
        Lent("icbc", "P1", "wind", 7 * 10**9, 30_000, pd.Timestamp("2023-02-01").date()),
    ]
    run = disclosed(loans)
    table = opening_from(saved(run, run_context()), "2022Q3")
    assert table["amount"].map(type).eq(Decimal).all()
    read = as_read(table, tmp_path)
    shown = cells(run.disclosure)
    for row in read.itertuples(index=False):
        cell = shown[row.lender, row.facility, "2022Q3", row.horizon, row.code]
        assert (row.projects, row.amount_fen, row.reduction_g) == (cell[0], cell[1], cell[3])
    total = read[read["code"].eq("total") & read["facility"].eq("cerf")]
    assert total["horizon"].tolist() == ["since_start", "year"]
    assert total["project_ids"].tolist() == ["P1; P2", "P1; P2"]


def test_a_quarter_that_ends_a_year_needs_no_figures_of_the_year() -> None:
    loans = [Lent("icbc", "P1", "wind", 10**11, 31_000, pd.Timestamp("2022-02-01").date())]
    table = opening_from(saved(disclosed(loans), run_context()), "2022Q4")
    assert set(table["horizon"]) == {"since_start"}


def test_a_quarter_outside_the_run_is_refused() -> None:
    loans = [Lent("icbc", "P1", "wind", 10**11, 31_000, pd.Timestamp("2022-02-01").date())]
    with pytest.raises(ValueError, match=r"2025Q1 is none of the run's quarters: 2021Q3 … 2023Q4"):
        opening_from(saved(disclosed(loans), run_context()), "2025Q1")


def test_ids_that_could_not_be_told_apart_in_one_cell_are_left_out() -> None:
    loans = [Lent("icbc", "P1,P2", "wind", 10**11, 31_000, pd.Timestamp("2022-02-01").date())]
    table = opening_from(saved(disclosed(loans), run_context()), "2022Q4")
    assert table.loc[0, "projects"] == 1 and table.loc[0, "project_ids"] == ""


def test_parts_are_left_out_where_the_run_began_with_a_total_alone() -> None:
    began = [
        {
            "lender": "icbc",
            "facility": "cerf",
            "through": parse_quarter("2022Q4"),
            "projects": 3,
            "amount_fen": 10**12,
            "weighted_rate_e8": 3_000_000,
            "reduction_g": 10**9,
        }
    ]
    loans = [Lent("icbc", "P1", "wind", 10**11, 31_000, pd.Timestamp("2023-02-01").date())]
    opening = opening_frame(began)
    run = disclosed(loans, opening, parse_quarter("2023Q1"))
    assert run.findings.codes()["opening_sector_missing"] == 1
    table = opening_from(saved(run, run_context(parse_quarter("2023Q1")), opening), "2023Q4")
    mine = table[table["lender"].eq("icbc") & table["facility"].eq("cerf")]
    assert mine["code"].tolist() == ["total"]
    assert mine[["projects", "project_ids"]].values.tolist() == [[4, ""]]
