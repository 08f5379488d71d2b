"""Ranges stay ranges where a horizon began with more than another; a wrong sum never becomes a paper."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from relending.findings import InvariantError
from relending.lineage.balances_views import by_field, outstanding_loans
from relending.lineage.book_bridge import book_bridge
from relending.lineage.cell_loans import cell_loans
from relending.lineage.disclosed import Disclosed, Figures, _cells
from relending.statement.paper import write_paper
from relending.statement.words import word
from tests.statement.papers import Case, Kept, found_of, grid, run_of, sheet, statement_of

CASE = Case("demo", "demo", "cerf", "2024Q4")


def with_year_only(found: Disclosed) -> Disclosed:
    """As if figures brought forward since first support held the first quarter of the year, those of the year not."""
    inside = found.loans["in_since_start"].to_numpy(dtype=bool) & (
        found.loans["quarter"].to_numpy(dtype=np.int64) > found.quarter // 4 * 4
    )
    loans = found.loans.assign(in_since_start=pd.array(inside, dtype=found.loans["in_since_start"].dtype))
    return dataclasses.replace(found, loans=loans, cells=dict(_cells(loans, found.facility, {}, {})))


def test_loans_of_the_year_that_the_beginning_holds_come_first() -> None:
    found = with_year_only(found_of(CASE))
    cells = cell_loans(found)
    for horizon in ("quarter", "year", "since_start"):
        for field in found.fields:
            assert len(cells.ranges[horizon, field]) <= 1
    (year,) = cells.ranges["year", "clean_energy"]
    (since,) = cells.ranges["since_start", "clean_energy"]
    assert year[0] < since[0]
    assert len(cells.loans) == int((found.counted("year") | found.counted("since_start")).sum())


def test_a_loan_of_no_field_counts_in_the_total_alone(tmp_path: Path) -> None:
    found = found_of(CASE)
    fields = found.loans["field"].copy()
    fields[[0, len(fields) - 1]] = pd.NA
    loans = found.loans.assign(field=fields)
    found = dataclasses.replace(found, loans=loans, cells=dict(_cells(loans, found.facility, {}, {})))
    cells = cell_loans(found)
    parts = sum(b - a for f in found.fields for a, b in cells.ranges["since_start", f])
    assert cells.ranges["since_start", "total"] == ((0, parts + 2),)
    owing = by_field(outstanding_loans(run_of("demo"), found), found.fields)
    assert owing[""][0] == 2
    assert owing["total"][2] == sum(fen for code, (_, _, fen, _) in owing.items() if code != "total")
    path = tmp_path / "p.xlsx"
    write_paper(run_of("demo"), found, statement_of(CASE), "zh", path)
    assert word("paper.other", "zh") in [r[0] for r in grid(sheet(openpyxl.load_workbook(path), "annexes", "zh"))]


def test_quarter_comes_before_the_year_and_that_before_the_rest() -> None:
    cells = cell_loans(found_of(CASE))
    for field in ("clean_energy", "energy_saving"):
        spans = [cells.ranges[h, field] for h in ("quarter", "year", "since_start")]
        begins = {s[0][0] for s in spans if s}
        assert len(begins) == 1
        assert [s[0][1] for s in spans if s] == sorted(s[0][1] for s in spans if s)


@pytest.mark.parametrize("figure", ["projects", "amount", "weighted", "reduction"])
def test_a_cell_that_is_not_its_loans_stops(figure: str) -> None:
    found = found_of(CASE)
    key = ("year", "clean_energy")
    wrong = dataclasses.replace(found.cells[key], **{figure: getattr(found.cells[key], figure) + 1})
    with pytest.raises(InvariantError, match="year/clean_energy"):
        cell_loans(dataclasses.replace(found, cells={**found.cells, key: wrong}))


def test_a_bridge_that_ends_elsewhere_stops() -> None:
    found = found_of(CASE)
    began = {("since_start", "total"): Figures(0, 1, 0, 0)}
    with pytest.raises(InvariantError, match="book bridge"):
        book_bridge(run_of("demo"), dataclasses.replace(found, began=began))


def test_loans_of_no_known_date_are_in_the_book() -> None:
    run = run_of("demo")
    attribution = run.tables["attribution"].copy()
    at = int(np.flatnonzero(attribution["state"].eq("set_aside").to_numpy(dtype=bool))[0])
    attribution.loc[at, "disbursed"] = pd.NA
    lines = book_bridge(Kept(run, attribution=attribution), found_of(CASE))
    aside = [line for line in lines if line.kind == "set_aside"]
    assert sum(line.loans for line in aside) == 3
