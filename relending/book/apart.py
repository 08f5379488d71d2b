"""Rows apart: blank ones, rows with more or fewer cells than the header, totals, and rows that only give a unit."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relending.book.block import Ints, Problem, Rows, is_error
from relending.book.cells import RawBlock, flat
from relending.book.columns import columns, key_column
from relending.book.headers import Field, is_unit_cell
from relending.book.sheetxml import MERGED
from relending.book.totals import is_empty, is_total

_UNIT_WORD = r"[元万亿]|yuan|cny|rmb|单位|units?"
_UNIT_LINE = re.compile(r"^\s*(?:金额|货币|计量|数据)?(?:单位|units?)\s*[:：]", re.IGNORECASE)


def blank_rows(raw: RawBlock, wanted: Collection[int]) -> NDArray[np.bool_]:
    """Rows in which no cell of the columns ``wanted`` (positions) holds anything; a ragged row is not blank."""
    blank = np.ones(raw.rows, np.bool_)
    for i in raw.ragged:
        blank[i] = False
    for position in wanted:  # a cell with an error or a formula is a cell with something in it
        blank[[i for i, (code, _) in raw.broken.get(position, {}).items() if code != MERGED]] = False
    for cells in (raw.columns[position] for position in wanted):
        where = np.flatnonzero(blank)
        if not len(where):
            break
        values = flat(cells.values if len(where) == raw.rows else cells.values.take(pa.array(where)))
        empty = values.is_null().to_numpy(zero_copy_only=False).copy()
        if pa.types.is_string(values.type):
            bare = pc.binary_length(pc.utf8_trim_whitespace(values)).fill_null(0)
            empty |= bare.to_numpy(zero_copy_only=False) == 0
        blank[where] = empty
    return blank


def unit_rows(raw: RawBlock, fields: Sequence[Field], key: int, dates: Sequence[int]) -> list[tuple[int, str]]:
    """Rows without id (or with 单位：万元 for one) and day that give a unit of an amount whose header gives none."""
    open_ = [f for f in fields if f.column.type == "money" and not f.stated]
    if not open_:
        return []
    none = np.ones(raw.rows, np.bool_)
    for position in dates:
        none &= is_empty(flat(raw.columns[position].values))
    where = np.flatnonzero(none)
    texts = {p: flat(c.values.take(pa.array(where))) for p, c in raw.columns.items()} if len(where) else {}
    said = {p: t for p, t in texts.items() if pa.types.is_string(t.type)}
    money = {f.position: f for f in open_}
    hit = np.zeros(len(where), np.bool_)
    for position, cells in said.items():
        pattern = _UNIT_WORD if position in money else _UNIT_LINE.pattern
        hit |= (
            pc.match_substring_regex(cells, pattern, ignore_case=True).fill_null(False).to_numpy(zero_copy_only=False)
        )
    out = []
    for n in np.flatnonzero(hit).tolist():
        row = {p: t for p, cells in said.items() if (t := cells[n].as_py() or "").strip()}
        line = next((t for t in row.values() if _UNIT_LINE.match(t)), None)
        over = [t for p, t in row.items() if p in money and is_unit_cell(money[p].column, t)]
        if line is not None and is_unit_cell(open_[0].column, line.strip()):
            out.append((int(where[n]), line.strip()))
        elif over and texts[key][n].as_py() in (None, ""):
            out.append((int(where[n]), over[0].strip()))
    return out


def added_up(table: str) -> str:
    """The column a total adds up: the amount every row must have; nothing where a table has none."""
    needed = (c.name for c in columns(table).values() if c.type == "money" and c.required == "always")
    return next(needed, "")


def note_totals(rows: Rows, values: pa.Array, found: Sequence[tuple[Ints, list[str]]]) -> None:
    """Note the amount of every row that is a total; of a signature line there is none."""
    for index, texts in found:
        for row, text in zip(index.tolist(), texts, strict=True):
            if is_total(text):
                rows.totals.append((row, text, values[row].as_py()))


def uneven(raw: RawBlock, fields: Sequence[Field]) -> tuple[list[int], NDArray[np.bool_]]:
    """Rows short only of columns that may be left out, whose cells count as empty; and a mask of the ragged rows."""
    last = max((f.position for f in fields if f.column.required != "no"), default=-1)
    padded = [i for i, count in raw.ragged.items() if last < count < raw.width and i not in raw.split]
    ragged = np.zeros(raw.rows, np.bool_)
    ragged[[i for i in raw.ragged if i not in set(padded)]] = True
    return padded, ragged


def set_apart(
    values: pa.Array, wrong: dict[str, Ints], apart: NDArray[np.bool_]
) -> tuple[NDArray[np.int8], dict[str, Ints]]:
    """How the cells of the rows apart read (1: well, 0: empty, -1: not at all), and the problems of the other rows.

    Past its fault a ragged row has its cells under the wrong headers, and a total is no loan at all: what is said of
    their cells would be no help.
    """
    state = values.is_valid().to_numpy(zero_copy_only=False).astype(np.int8)
    for code, index in wrong.items():
        if is_error(code):
            state[index] = -1
    kept = {code: index[~apart[index]] for code, index in wrong.items()}
    return state[apart], {code: index for code, index in kept.items() if len(index)}


def count_cells(rows: Rows, raw: RawBlock, padded: list[int], ragged: NDArray[np.bool_]) -> None:
    """What is said of rows that have more or fewer cells than the header."""
    for code, index in (("row_padded", sorted(padded)), ("ragged_row", np.flatnonzero(ragged).tolist())):
        if index:
            found = [str(raw.ragged[i]) for i in index]
            rows.problems.append(Problem(code, np.array(index, np.int64), "", found, str(raw.width)))


def keep_ids(
    rows: Rows, fields: Sequence[Field], readable: Mapping[str, NDArray[np.int8]], ragged: NDArray[np.bool_]
) -> None:
    """Of a total nothing is kept, of a ragged row only the loan's id, where its column surely lies before the fault.

    It does where it is the first column, or where the next column of numbers or dates with anything in it, and each
    one before, reads well: cells pushed aside would not.
    """
    index = np.flatnonzero(rows.apart)
    key = key_column(rows.table)
    place = next((f.position for f in fields if f.column.name == key), 0)
    sure = np.full(len(index), place == 0)
    open_ = ~sure
    for f in sorted(fields, key=lambda f: f.position):
        if f.column.type in ("text", "id", "enum", "sector", "quarter", "period"):
            continue
        state = readable[f.column.name]
        if f.position > place:
            sure |= open_ & (state == 1)
            open_ &= state == 0
        else:
            open_ &= state != -1
    keep = np.ones(rows.n, np.bool_)
    keep[index] = False
    known = keep.copy()
    known[index] = sure & ragged[index]
    for name, values in rows.values.items():
        mask = known if name == key else keep
        rows.values[name] = pc.if_else(pa.array(mask), values, pa.scalar(None, values.type))
