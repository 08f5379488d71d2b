"""A block of rows while it is read and checked: its columns, what is wrong with them, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relending.book.cells import Cells, text_of
from relending.findings import Findings, messages

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with some rows of a block: a code, the rows, and found and expected (one text, or one a row)."""

    code: str
    rows: Ints
    column: str
    found: str | Sequence[str] | pa.Array = ""
    expected: str | Sequence[str] | pa.Array = ""


COUNTED = ("cells_converted", "apostrophe_removed", "refinances_none")
"""Codes of conversions: told once for each column of a table, with how many cells and the first of them."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A conversion in some cells of a column: its code, how many cells, the first row and what stood there."""

    code: str
    column: str
    cells: int
    row: int
    found: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A block read and checked: its step frame, its findings, its conversions, its totals (row, word, amount) and
    rows of units (row, unit).
    """

    frame: pd.DataFrame
    findings: Findings
    counted: tuple[Counted, ...]
    totals: tuple[tuple[int, str, int | None], ...]
    units: tuple[tuple[int, str], ...] = ()


@dataclass(slots=True)
class Rows:
    """The columns of a block while it is being read and checked.

    ``apart``: ragged rows, and rows that are no loans (``others``: totals, signatures, examples), of which no cell
    counts. ``counted``: conversions, one entry a column. ``totals``: rows that are totals, and their amount.
    ``units``: rows that give the unit of an amount whose header does not.
    """

    table: str
    n: int
    values: dict[str, pa.Array]
    cells: Mapping[str, Cells]
    apart: NDArray[np.bool_]
    problems: list[Problem] = field(default_factory=list)
    others: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    counted: list[Counted] = field(default_factory=list)
    totals: list[tuple[int, str, int | None]] = field(default_factory=list)
    units: list[tuple[int, str]] = field(default_factory=list)

    def ints(self, name: str) -> tuple[Ints, NDArray[np.bool_]]:
        """Values (0 where null) and validity of a number or date column of the frame; dates as days."""
        array = self.values[name]
        if pa.types.is_date32(array.type):
            array = array.cast(pa.int32())
        there = array.is_valid().to_numpy(zero_copy_only=False)
        return array.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64, copy=False), there

    def found(self, column: str, rows: Ints) -> pa.Array:
        """The cells of a column as the file has them."""
        cells = self.cells.get(column)
        return text_of(cells.values, rows) if cells is not None else pa.array([""] * len(rows), pa.string())

    def blame(self, code: str, rows: NDArray[Any], column: str, expected: str | Sequence[str] | pa.Array = "") -> None:
        """Note a problem of the rows (positions, or a mask); what was found is the cell itself."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        if not len(index):
            return
        if code in COUNTED:
            first = int(index.min())
            found = self.found(column, np.array([first])).to_pylist()[0]
            self.counted.append(Counted(code, column, len(index), first, found))
        else:
            self.problems.append(Problem(code, index, column, self.found(column, index), expected))

    def unreadable(self, column: str) -> NDArray[np.bool_]:
        """Rows whose cell of this column already has an error."""
        mask = self.apart.copy()
        for p in self.problems:
            if p.column == column and is_error(p.code):
                mask[p.rows] = True
        return mask


def is_error(code: str) -> bool:
    """Whether this code sets a row aside."""
    return messages()[code].severity == "error"
