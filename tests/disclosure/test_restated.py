"""Loans that no longer meet the conditions: kept, listed or restated, against a count loan by loan."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.dates import parse_quarter, quarter_text
from relending.engine.block import NEVER
from relending.engine.disclosure import Disclosed, disclose_block, make_grid
from relending.units import Ints
from tests.disclosure.book import (
    HORIZONS,
    LAST,
    Lent,
    books,
    cells,
    counted,
    disclosed,
    disclosed_in,
    leaves,
    opening_frame,
    run_context,
    supported_flags,
)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@settings(max_examples=60)
@given(books(ineligible=True), st.sampled_from(["kept", "listed", "restated"]), st.integers(1, 9))
def test_every_figure_is_the_plain_count(loans: list[Lent], treatment: str, cut: int) -> None:
    tables = disclosed(loans, ineligible=treatment, cut=cut)
    flags = supported_flags(loans, tables)
    assert cells(tables.disclosure) == counted(loans, flags, tables.disclosure, treatment == "restated")


@settings(max_examples=40)
@given(books(ineligible=True), st.sampled_from(["listed", "restated"]))
def test_the_table_names_each_loan_with_its_quarters(loans: list[Lent], treatment: str) -> None:
    tables = disclosed(loans, ineligible=treatment, cut=4)
    flags = supported_flags(loans, tables)
    late = [(f"L{i}", one) for i, one in enumerate(loans) if flags[i] and leaves(one) is not None]
    want = [
        (
            name,
            one.lender,
            one.facility,
            one.sector,
            one.project,
            quarter_text(disclosed_in(one)),
            one.ineligible,
            quarter_text(int(leaves(one) or 0)),
            one.principal,
            one.rate,
            treatment,
        )
        for name, one in late
    ]
    columns = [
        "loan_id",
        "lender",
        "facility",
        "sector",
        "project_id",
        "quarter",
        "ineligible_from",
        "from_quarter",
        "principal_fen",
        "rate_ppm",
        "treatment",
    ]
    table = tables.ineligible
    assert (table is not None) == bool(want)
    if table is not None:
        assert [tuple(row) for row in table[columns].itertuples(index=False)] == want
    assert tables.findings.codes().get("became_ineligible", 0) == len(want)


@settings(max_examples=25)
@given(books(ineligible=True))
def test_kept_changes_nothing_and_listed_changes_no_figure(loans: list[Lent]) -> None:
    never = [Lent(*(getattr(one, n) for n in Lent.__dataclass_fields__ if n != "ineligible")) for one in loans]
    kept, listed = (disclosed(loans, ineligible=how) for how in ("kept", "listed"))
    assert kept.ineligible is None
    pd.testing.assert_frame_equal(kept.disclosure, listed.disclosure)
    if supported_flags(loans, kept) == supported_flags(never, clean := disclosed(never)):
        pd.testing.assert_frame_equal(kept.disclosure, clean.disclosure)


@settings(max_examples=40)
@given(books(ineligible=True), st.sampled_from(["listed", "restated"]))
def test_parts_and_horizons_hold_together(loans: list[Lent], treatment: str) -> None:
    """The parts' largest <= the whole's projects <= their sum; sums of parts; and horizons within one another."""
    got = cells(disclosed(loans, ineligible=treatment).disclosure)
    fields = {"cerf": ["clean_energy", "energy_saving", "carbon_reduction_technology"], "clean_coal": ["clean_coal"]}
    for (who, name, quarter, horizon, code), (projects, amount, _, reduction) in got.items():
        if code != "total":
            continue
        parts = [got[who, name, quarter, horizon, field] for field in fields[name]]
        assert max(p[0] for p in parts) <= projects <= sum(p[0] for p in parts)
        assert (amount, reduction) == (sum(p[1] for p in parts), sum(p[3] for p in parts))
        within = [got[who, name, quarter, h, code] for h in HORIZONS]
        for i in (0, 1, 3):
            assert within[0][i] <= within[1][i] <= within[2][i]


def test_a_project_stays_while_any_of_its_loans_counts() -> None:
    loans = [
        Lent("icbc", "P1", "wind", 10**11, 31_000, day("2022-02-01"), day("2022-08-15")),
        Lent("icbc", "P1", "wind", 3 * 10**11, 27_000, day("2022-05-01"), day("2023-02-15")),
        Lent("icbc", "P2", "wind", 5 * 10**11, 29_000, day("2022-05-01")),
    ]
    got = cells(disclosed(loans, ineligible="restated").disclosure)

    def cell(quarter: str, horizon: str = "since_start") -> tuple[int, int, int | None]:
        return got["icbc", "cerf", quarter, horizon, "total"][:3]

    assert cell("2022Q2") == (2, 9 * 10**11, round((31 + 3 * 27 + 5 * 29) / 9 * 10**5))
    assert cell("2022Q3") == (2, 8 * 10**11, 2_825_000) == cell("2022Q4") == cell("2022Q4", "year")
    assert cell("2023Q1") == (1, 5 * 10**11, 2_900_000)
    # what earlier statements said of their own quarters and year stays said
    assert cell("2022Q1", "quarter") == (1, 10**11, 3_100_000)
    assert cell("2023Q1", "year") == (0, 0, None)


def test_a_loan_lost_in_the_quarter_it_is_disclosed_in_counts_nowhere() -> None:
    """Coal draws come monthly: drawn at the end of January, lost in March."""
    loans = [
        Lent("icbc", "P1", "coal_power", 10**11, 31_000, day("2022-01-10"), day("2022-03-15")),
        Lent("icbc", "P1", "coal_power", 10**11, 31_000, day("2022-01-10")),
    ]
    run = disclosed(loans, ineligible="restated")
    assert supported_flags(loans, run) == [True, True]
    got = cells(run.disclosure)
    for horizon in HORIZONS:
        assert got["icbc", "clean_coal", "2022Q1", horizon, "total"][:2] == (1, 10**11)


def test_a_loan_in_the_opening_is_said_not_to_leave_it() -> None:
    """The opening figures are the bank's own; the run cannot take a loan out of them."""
    through = parse_quarter("2022Q4")
    opening = opening_frame(
        [
            {
                "lender": "icbc",
                "facility": "cerf",
                "code": code,
                "through": through,
                "projects": 1,
                "amount_fen": 10**11,
                "weighted_rate_e8": 3_100_000,
                "reduction_g": 10**9,
                "project_ids": "P1",
            }
            for code in (None, "clean_energy", "wind")
        ]
    )
    loans = [
        Lent("icbc", "P1", "wind", 10**11, 31_000, day("2022-02-01"), day("2023-02-15")),
        Lent("icbc", "P2", "wind", 10**11, 31_000, day("2022-02-01"), day("2022-08-15")),
        Lent("icbc", "P3", "wind", 10**11, 31_000, day("2023-02-01"), day("2023-08-15")),
    ]
    run = disclosed(loans, opening, through + 1, "restated")
    said = run.findings.frame()
    held = said[said["code"].eq("ineligible_in_opening")]
    assert held[["loan", "found", "expected"]].values.tolist() == [["L0", "2023-02-15", "2023Q1"]]
    got = cells(run.disclosure)
    amounts = [got["icbc", "cerf", q, "since_start", "total"][1] for q in ("2023Q1", "2023Q2", "2023Q3", "2023Q4")]
    assert amounts == [2 * 10**11, 2 * 10**11, 10**11, 10**11]


@settings(max_examples=30)
@given(st.data())
def test_partials_merge_in_any_order(data: st.DataObject) -> None:
    context = run_context()
    grid = make_grid(context, 2)
    size = st.integers(0, grid.size - 1)

    def partial() -> Disclosed:
        n = data.draw(st.integers(0, 4))

        def column(values: st.SearchStrategy[int]) -> Ints:
            return np.array(data.draw(st.lists(values, min_size=n, max_size=n)), np.int64)

        project, principal, rate, grams = (st.integers(0, most) for most in (3, 10**15, 10**6, 10**15))
        leaving = st.sampled_from([NEVER, LAST - 1, LAST])
        columns = (column(one) for one in (size, project, principal, rate, grams))
        return disclose_block(grid, *columns, leaves=column(leaving))

    a, b, c = partial(), partial(), partial()
    for one, other in ((a.merge(b), b.merge(a)), (a.merge(b).merge(c), a.merge(b.merge(c)))):
        for name in ("amount", "weighted", "reduction", "projects", "leaving"):
            np.testing.assert_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("treatment", ["listed", "restated"])
def test_a_run_in_which_no_loan_is_lost_is_the_same_under_every_option(treatment: str) -> None:
    loans = [Lent("icbc", "P1", "wind", 10**11, 31_000, day("2022-02-01"))]
    tables = disclosed(loans, ineligible=treatment)
    assert tables.ineligible is None
    pd.testing.assert_frame_equal(tables.disclosure, disclosed(loans, ineligible="kept").disclosure)
