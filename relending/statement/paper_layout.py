"""Where each loan stands on the sheet of loans 借据表, and the formulas that add up a cell of the table from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import TOTAL
from relending.lineage.cell_loans import CellLoans
from relending.lineage.disclosed import Disclosed, Figures, Key
from relending.statement.paper_page import place
from relending.statement.printed import FEN_IN, GRAMS_IN, Options
from relending.units import FEN, GRAMS

COLUMNS = (
    *("loan_id", "contract_id", "borrower", "project_id", "project_code", "project_name", "field", "sector"),
    *("horizon", "disbursed", "matures", "quarter", "principal", "amount", "rate", "investment", "share"),
    *("project_reduction", "reduction", "evidence", "evidence_doc", "evidence_by", "evidence_date", "drawn", "tranche"),
    *("basis", "state", "outstanding", "share_now", "reduction_now", "operational", "operation"),
    *("file", "sheet", "row"),
    *(f"{level}_{horizon}" for level in ("field", "total") for horizon in HORIZONS),
)
"""The columns of the sheet, in their order."""
HEADER = 2
"""The row of the headers, counted from 0: title and note stand above."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows as people count them: ``first`` the first loan's, ``openings`` those brought forward by horizon and code,
    ``apart`` the first and last row of the loans in no cell (the same as none: last before first)."""

    sheet: str
    first: int
    loans: int
    openings: Mapping[Key, int]
    apart: tuple[int, int]
    ranges: Mapping[Key, tuple[tuple[int, int], ...]]

    def rows(self, key: Key) -> list[tuple[int, int]]:
        """First and last rows of a cell's loans."""
        return [(self.first + a, self.first + b - 1) for a, b in self.ranges[key]]

    def terms(self, column: str, key: Key) -> list[str]:
        """The ranges of a column that make up a cell, what was brought forward too."""
        at = letter(column)
        out = [place(self.sheet, a, b, (at, at)) for a, b in self.rows(key)]
        if key in self.openings:
            out.append(place(self.sheet, self.openings[key], None, (at, at)))
        return out

    def every(self, column: str) -> list[str]:
        """The ranges of a column that hold all loans, those in no cell too."""
        at = letter(column)
        spans = [(self.first, self.first + self.loans - 1), self.apart]
        return [place(self.sheet, a, b, (at, at)) for a, b in spans if b >= a]

    def link(self, key: Key) -> str:
        """Where a click on a cell leads: its first range, or what was brought forward; nowhere if neither is there."""
        rows = self.rows(key)
        if rows:
            return place(self.sheet, *rows[0], ("A", letter(COLUMNS[-1])))
        return place(self.sheet, self.openings[key]) if key in self.openings else ""


def letter(column: str) -> str:
    """The letter of a column of the sheet.

    >>> letter("loan_id"), letter("amount")
    ('A', 'N')
    """
    return str(xl_col_to_name(COLUMNS.index(column)))


def make_layout(found: Disclosed, cells: CellLoans, sheet: str) -> Layout:
    """Where all will stand: loans, then what was brought forward, then the loans in no cell."""
    first = HEADER + 2
    row = first + len(cells.loans) + 3  # an empty line, a heading and headers between the parts
    openings = {}
    for horizon in HORIZONS:
        for code in (*found.fields, TOTAL):
            if found.began.get((horizon, code), Figures()) != Figures():
                openings[horizon, code] = row
                row += 1
    row += 3 if openings else 0
    return Layout(sheet, first, len(cells.loans), openings, (row, row + len(cells.apart) - 1), cells.ranges)


def total(terms: Sequence[str], decimals: int) -> str:
    """The sum of ranges without the noise of binary fractions; of nothing 0.

    >>> total(["A1:A2", "A9"], 2), total([], 2)
    ('ROUND(SUM(A1:A2,A9),2)', '0')
    """
    return f"ROUND(SUM({','.join(terms)}),{decimals})" if terms else "0"


def formula(layout: Layout, key: Key, measure: str) -> str:
    """The exact figure of a cell, without the sign that makes it a formula."""
    if measure == "projects":
        level = "total" if key[1] == TOTAL else "field"
        return total(layout.terms(f"{level}_{key[0]}", key), 0)
    if measure == "amount":
        return total(layout.terms("amount", key), 2)
    if measure == "reduction":
        return total(layout.terms("reduction", key), 6)
    amounts, rates = layout.terms("amount", key), layout.terms("rate", key)
    products = "+".join(f"SUMPRODUCT({a},{r})" for a, r in zip(amounts, rates, strict=True)) or "0"
    weight = f"SUM({','.join(amounts)})" if amounts else "0"
    return f'IF({weight}=0,"—",({products})/{weight})'


def printed_formula(layout: Layout, key: Key, measure: str, options: Options) -> str:
    """The figure of a cell as it is printed, half up."""
    exact, decimals = formula(layout, key, measure), options.decimals(measure)
    if measure == "projects":
        return exact
    if measure == "rate":
        if not layout.terms("amount", key):
            return '"—"'
        weight = f"SUM({','.join(layout.terms('amount', key))})"
        inner = exact[len(f'IF({weight}=0,"—",') : -1]
        return f'IF({weight}=0,"—",ROUND(100*{inner},{decimals}))'
    unit = FEN_IN[options.amount_unit] // FEN if measure == "amount" else GRAMS_IN[options.reduction_unit] // GRAMS
    return f"ROUND({exact}/{unit},{decimals})"
