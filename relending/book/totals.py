"""Rows that are no loans: totals and signature lines of a table made for print, and the example of a template."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relending.book.cells import RawBlock, flat
from relending.book.columns import no_loan_words
from relending.book.texts import even, translate

Ints = NDArray[np.int64]

_SHORT = r"^[^0-9]{1,40}$"
"""What a total can look like at all: a book's ids have digits, so hardly any is looked at twice."""


def is_total(text: str) -> bool:
    """Whether a cell says, in full, that its row is a total.

    >>> [is_total(t) for t in ("合　计：", "Grand Total", "合计光伏", "TOTAL7")]
    [True, True, False, False]
    """
    return even(text).rstrip(":") in {even(w) for w in no_loan_words()["total"]}


def is_signature(text: str) -> bool:
    """Whether a cell begins a line below the table: who made it, who checked it, a remark.

    >>> is_signature("制表人：张三"), is_signature("三制表")
    (True, False)
    """
    return even(text).startswith(tuple(no_loan_words()["signature"]))


def example_rows(raw: RawBlock, key: int) -> Ints:
    """Rows whose id (the column at ``key``) begins with the word for an example: those the template brings."""
    ids = flat(raw.columns[key].values)
    if not pa.types.is_string(ids.type):
        return np.zeros(0, np.int64)
    begun = pa.array(no_loan_words()["example"])
    start = pc.utf8_lower(pc.utf8_trim_whitespace(ids))
    hit = np.zeros(len(ids), np.bool_)
    for word in begun.to_pylist():
        hit |= pc.starts_with(start, word).fill_null(False).to_numpy(zero_copy_only=False)
    return np.flatnonzero(hit)


def total_rows(
    raw: RawBlock, loan_id: int, dates: Collection[int] = ()
) -> tuple[tuple[Ints, list[str]], tuple[Ints, list[str]]]:
    """Rows that are totals by their loan id (the column at ``loan_id``), and those by another cell; with that cell.

    Another cell counts only where the loan id is empty, and with it every column of ``dates``: a total has no day. Any
    cell of text tells a total, the first a signature; a signature with a colon may stand under the loan id itself.
    """
    ids = flat(raw.columns[loan_id].values)
    by_id = _saying(ids, np.arange(raw.rows, dtype=np.int64))
    undated = np.ones(raw.rows, np.bool_)
    for position in dates:
        undated &= is_empty(flat(raw.columns[position].values))
    by_id |= _signed(ids, np.flatnonzero(undated & ~is_empty(ids)))
    where = np.flatnonzero(undated & is_empty(ids))
    if not len(where):
        return _sorted(by_id), _sorted({})
    by_cell: dict[int, str] = {}
    first = pa.nulls(len(where), pa.string())
    for position in sorted(raw.columns):
        cells = flat(raw.columns[position].values.take(pa.array(where)))
        if not pa.types.is_string(cells.type):
            # a figure is no word, but the first cell it may be; what else stands in the column changes nothing
            cells = pc.if_else(cells.is_valid(), pa.scalar("0"), pa.scalar(None, pa.string()))
        by_cell |= {row: text for row, text in _saying(cells, where).items() if row not in by_cell}
        first = pc.coalesce(first, pc.if_else(pa.array(is_empty(cells)), pa.scalar(None, pa.string()), cells))
    signed, other = translate(first, lambda t: t.strip() if is_signature(t) else None)
    for i in np.setdiff1d(np.flatnonzero(first.is_valid().to_numpy(zero_copy_only=False)), other).tolist():
        by_cell.setdefault(int(where[i]), signed[i].as_py())
    return _sorted(by_id), _sorted(by_cell)


def _signed(ids: pa.Array, rows: Ints) -> dict[int, str]:
    """Of these rows, those whose id is a signature line that fills the first column: 制表人：张三."""
    if not len(rows) or not pa.types.is_string(ids.type):
        return {}
    colon = pc.match_substring_regex(ids.take(pa.array(rows)), "[:：]").fill_null(False).to_numpy(zero_copy_only=False)
    return {int(row): text for row in rows[colon].tolist() if is_signature(text := ids[row].as_py().strip())}


def _saying(cells: pa.Array, rows: Ints) -> dict[int, str]:
    """Of these rows, those whose cell says that it is a total, with the cell."""
    if not pa.types.is_string(cells.type):
        return {}
    short = np.flatnonzero(pc.match_substring_regex(cells, _SHORT).fill_null(False).to_numpy(zero_copy_only=False))
    if not len(short):
        return {}
    said, other = translate(cells.take(pa.array(short)), lambda t: t.strip() if is_total(t) else None)
    return {int(rows[short[i]]): said[i].as_py() for i in np.setdiff1d(np.arange(len(short)), other).tolist()}


def is_empty(cells: pa.Array) -> NDArray[np.bool_]:
    """Cells that hold nothing, or only blanks."""
    empty: NDArray[np.bool_] = cells.is_null().to_numpy(zero_copy_only=False).copy()
    if pa.types.is_string(cells.type):
        bare = pc.binary_length(pc.utf8_trim_whitespace(cells)).fill_null(0)
        empty |= bare.to_numpy(zero_copy_only=False) == 0
    return empty


def _sorted(found: dict[int, str]) -> tuple[Ints, list[str]]:
    rows = sorted(found)
    return np.array(rows, np.int64), [found[row] for row in rows]
