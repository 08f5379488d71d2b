"""From raw cells to the step frame: every column read, every row kept, every problem a finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relending.book.cells import TEXT, Cells, RawBlock, flat, text_of
from relending.book.columns import PLAN_ID, Column, columns, frame_columns, key_column, limits, words
from relending.book.days import read_dates, read_quarters
from relending.book.headers import Field, is_unit_cell
from relending.book.numbers import Reading, read_numbers
from relending.book.sheetxml import MERGED
from relending.book.texts import even, read_enum, read_text, translate
from relending.book.totals import example_rows, is_empty, is_total, total_rows
from relending.findings import Findings, messages

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]
_WORTH_A_THREAD = 50_000  # rows
_UNIT_WORD = r"[元万亿]|yuan|cny|rmb|单位|units?"
_UNIT_LINE = re.compile(r"^\s*(?:金额|货币|计量|数据)?(?:单位|units?)\s*[:：]", re.IGNORECASE)
_LIMIT = {
    "money": "principal_fen",
    "mass": "mass_g",
    "rate": "rate_ppm",
    "power": "power_kw",
    "energy": "energy_kwh",
    "integer": "integer",
    "share": "share_ppm",
}


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


def read_columns(raw: RawBlock, fields: Sequence[Field], table: str) -> Rows:
    """The cells of a block as columns of the frame, with what could not be read."""
    found = {f.column.name: f for f in fields}
    key = key_column(table)
    padded, ragged = _uneven(raw, fields)
    cells = {name: raw.columns[f.position] for name, f in found.items()}
    dates = [f.position for f in fields if f.column.type == "date"]
    by_id, by_cell = total_rows(raw, found[key].position, dates)
    examples = example_rows(raw, found[key].position)
    others = np.zeros(raw.rows, np.bool_)
    others[by_id[0]] = others[by_cell[0]] = others[examples] = True
    apart = ragged | others
    ragged &= ~others
    padded = [i for i in padded if not others[i]]
    rows = Rows(table, raw.rows, {}, cells, apart, others=others)
    for column_name, (index, texts) in ((key, by_id), ("", by_cell)):
        if len(index):
            rows.problems.append(Problem("total_row", index, column_name, texts))
    rows.blame("example_row", examples, key)
    rows.units = _unit_rows(raw, fields, found[key].position, dates)
    added = _added_up(table)
    readable: dict[str, NDArray[np.int8]] = {}

    def one(column: Column) -> tuple[pa.Array, dict[str, Ints]]:
        given = found.get(column.name)
        if given is None:
            return pa.nulls(raw.rows, _ARROW[column.arrow]), {}
        return _read(column, given, cells[column.name])

    for column, (values, wrong) in zip(columns(table).values(), _each(one, table, raw.rows), strict=True):
        if column.name in found and (broken := raw.broken.get(found[column.name].position)):
            values, wrong = _without_broken(rows, column, values, wrong, broken)
        if column.name == added:
            _note_totals(rows, values, (by_id, by_cell))
        if apart.any():
            readable[column.name], wrong = _set_apart(values, wrong, apart)
        rows.values[column.frame] = values
        for code, index in wrong.items():
            if code == "unknown_value" and column.name == "repayment":
                index = _frequencies(rows, index)
            expected = _expected(code, column, found[column.name], rows.found(column.name, index))
            rows.blame(code, index, column.name, expected)
        _fill(rows, column)
    _count_cells(rows, raw, padded, ragged)
    if apart.any():
        _keep_ids(rows, fields, readable, ragged)
    return rows


def _unit_rows(raw: RawBlock, fields: Sequence[Field], key: int, dates: Sequence[int]) -> list[tuple[int, str]]:
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


def _frequencies(rows: Rows, index: Ints) -> Ints:
    """Tells the cells under repayment that say how often is paid, not how; the others are returned."""
    often = {even(word): n for n, given in words()["frequency"].items() for word in given}

    def asked(text: str) -> str | None:
        said = even(text)
        n = often.get(said)
        if n is None:  # both in one cell: 等额本金（按季）
            n = next((n for word, n in often.items() if word in said and len(word) > 1), None)
        return f"payments_per_year = {n}" if n else None

    told, other = translate(rows.found("repayment", index), asked)
    rest = np.isin(np.arange(len(index)), other)
    rows.blame("repayment_is_frequency", index[~rest], "repayment", told.filter(pa.array(~rest)))
    return index[rest]


def _added_up(table: str) -> str:
    """The column a total adds up: the amount every row must have; nothing where a table has none."""
    needed = (c.name for c in columns(table).values() if c.type == "money" and c.required == "always")
    return next(needed, "")


def _note_totals(rows: Rows, values: pa.Array, found: Sequence[tuple[Ints, list[str]]]) -> None:
    for index, texts in found:
        for row, text in zip(index.tolist(), texts, strict=True):
            if is_total(text):
                rows.totals.append((row, text, values[row].as_py()))


def _without_broken(
    rows: Rows, column: Column, values: pa.Array, wrong: dict[str, Ints], broken: Mapping[int, tuple[str, str]]
) -> tuple[pa.Array, dict[str, Ints]]:
    """The column with null where a cell has no value of its own, and those cells' findings instead of any other."""
    where = np.array(sorted(broken), np.int64)
    gone = np.zeros(rows.n, np.bool_)
    gone[where] = True
    for code in dict.fromkeys(code for code, _ in broken.values()):
        index = np.array([i for i in where.tolist() if broken[i][0] == code and not rows.apart[i]], np.int64)
        if len(index):
            rows.problems.append(Problem(code, index, column.name, [broken[i][1] for i in index.tolist()]))
    values = pc.if_else(pa.array(gone), pa.scalar(None, values.type), values)
    return values, {code: kept for code, index in wrong.items() if len(kept := index[~gone[index]])}


def _each(
    read: Callable[[Column], tuple[pa.Array, dict[str, Ints]]], table: str, rows: int
) -> list[tuple[pa.Array, dict[str, Ints]]]:
    """Every column read; two at a time where a block is large, for Arrow and numpy leave the other core free."""
    if rows < _WORTH_A_THREAD:
        return [read(column) for column in columns(table).values()]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(read, columns(table).values()))


def _uneven(raw: RawBlock, fields: Sequence[Field]) -> tuple[list[int], NDArray[np.bool_]]:
    """Rows short only of columns that may be left out, whose cells count as empty; and a mask of the ragged rows."""
    last = max((f.position for f in fields if f.column.required != "no"), default=-1)
    padded = [i for i, count in raw.ragged.items() if last < count < raw.width and i not in raw.split]
    ragged = np.zeros(raw.rows, np.bool_)
    ragged[[i for i in raw.ragged if i not in set(padded)]] = True
    return padded, ragged


def _set_apart(
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


def _count_cells(rows: Rows, raw: RawBlock, padded: list[int], ragged: NDArray[np.bool_]) -> None:
    """What is said of rows that have more or fewer cells than the header."""
    for code, index in (("row_padded", sorted(padded)), ("ragged_row", np.flatnonzero(ragged).tolist())):
        if index:
            found = [str(raw.ragged[i]) for i in index]
            rows.problems.append(Problem(code, np.array(index, np.int64), "", found, str(raw.width)))


def _keep_ids(
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
        if f.column.type in ("text", "id", "enum", "sector", "quarter"):
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


_ARROW = {"string": pa.string(), "int64": pa.int64(), "date32": pa.date32(), "bool": pa.bool_()}


def _read(column: Column, given: Field, cells: Cells) -> tuple[pa.Array, dict[str, Ints]]:
    if column.type == "date":
        days, wrong = read_dates(cells)
        return days, _as_written(cells, wrong)
    if column.type == "quarter":
        return read_quarters(cells)
    if column.arrow == "int64":
        got = read_numbers(cells, reading(column, given.scale))
        return pa.array(got.values, mask=~got.valid), _as_written(cells, got.problems)
    texts = read_text(cells, is_id=column.type == "id")
    if column.type == "enum":
        got_enum = read_enum(texts.values, column.values)
        return got_enum.values, {**texts.problems, **got_enum.problems}
    # sectors and lenders are translated word by word in the checks; other text is wanted as it is
    return texts.values if column.name in ("sector", "lender") else flat(texts.values), texts.problems


def _as_written(cells: Cells, wrong: dict[str, Ints]) -> dict[str, Ints]:
    """The problems, without conversions of numbers and days that only stand as text because other cells are text."""
    index = wrong.get("cells_converted")
    if index is None or cells.kinds is None:
        return wrong
    kept = index[cells.kinds[index] == TEXT]
    return {code: rows for code, rows in {**wrong, "cells_converted": kept}.items() if len(rows)}


def reading(column: Column, scale: int) -> Reading:
    """How the numbers of a column are read under a header whose unit has this scale.

    >>> reading(columns()["principal"], 1_000_000).finer
    'finer_than_fen'
    """
    limit = limits()["investment_fen" if column.name == "project_investment" else _LIMIT[column.type]]
    finer = "amount_rounded"
    if column.name == "principal":
        finer = "finer_than_fen"
    elif column.type == "integer" and not column.signed:
        finer = "unreadable_number"
    if column.type != "rate":
        return Reading(scale, limit, finer, rate=column.type == "share")
    per_cent = scale == column.units["%"]
    unclear = per_cent or scale == column.units[column.unit]
    bare = Decimal(limits()["bare_rate"]) if unclear else None
    return Reading(scale, limit, finer, rate=True, percent=per_cent, bare=bare)


def _fill(rows: Rows, column: Column) -> None:
    """The value an empty cell stands for; a cell that could not be read stays empty."""
    if column.empty_is is None:
        return
    values = rows.values[column.frame]
    if values.null_count:
        empty = values.is_null().to_numpy(zero_copy_only=False) & ~rows.unreadable(column.name)
        rows.values[column.frame] = pc.if_else(pa.array(empty), pa.scalar(column.empty_is, values.type), values)


def _expected(code: str, column: Column, given: Field, found: pa.Array) -> str | pa.Array:
    if code == "rate_ambiguous":
        return translate(found, lambda t: _either(t, given))[0]
    if code == "unknown_value":
        return " | ".join(f"{value} {names[0]}" for value, names in column.values.items())
    if code in ("unreadable_date", "implausible_date"):
        return f"{limits()['day_like']}; {limits()['first_year']}-{limits()['last_year']}"
    if code == "amount_absurd":
        most = limits()["investment_fen" if column.name == "project_investment" else _LIMIT[column.type]]
        return f"<= {Decimal(most) / given.scale:f} {given.unit}".rstrip()
    if code == "unreadable_quarter":
        return str(limits()["quarter_like"])
    if code == "finer_than_fen":
        return "0.01"
    if code == "amount_rounded":
        return column.frame.rpartition("_")[2]
    return ""


def _either(text: str, given: Field) -> str:
    """How an ambiguous rate should be written: under a % header in per cent, else either way it may be meant.

    >>> from relending.book.headers import match
    >>> field = match(["rate"]).fields[0]
    >>> _either("4.35", field)
    '0.0435 / 4.35%'
    >>> _either("0.0385", match(["rate (%)"]).fields[0])
    '3.85'
    """
    per_cent = given.scale == given.column.units["%"]
    import unicodedata

    try:
        value = Decimal(unicodedata.normalize("NFKC", text).strip().replace(",", ""))
    except ArithmeticError:
        return "4.35" if per_cent else "0.0435 / 4.35%"
    if per_cent:
        return _short(value * 100)
    return f"{_short(value / 100)} / {_short(value)}%"


def _short(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def finish(rows: Rows, numbers: Ints, file: str, sheet: str) -> Finished:
    """The step frame of the block, without rows that are no loans; ``numbers`` are the row numbers a person sees."""
    import pandas as pd

    bad = np.zeros(rows.n, np.bool_)
    for p in rows.problems:
        if is_error(p.code):
            bad[p.rows] = True
    ids = rows.values.get("loan_id", pa.nulls(rows.n, pa.string()))
    if rows.table == "plan":  # the loan that stands for a row set aside
        ids = pa.array([f"{PLAN_ID}{n}" for n in numbers.tolist()], pa.string())
    findings = []
    for p in rows.problems:
        rows_at = pa.array(p.rows, pa.int64())
        findings.append(
            Findings.of(
                p.code,
                len(p.rows),
                file=file,
                sheet=sheet,
                row=pa.array(numbers[p.rows]),
                loan=ids.take(rows_at),
                column=p.column,
                found=_texts(p.found),
                expected=_texts(p.expected),
            )
        )
    arrays: dict[str, pa.Array] = {
        "file": pa.repeat(pa.scalar(file, pa.string()), rows.n),
        "sheet": pa.repeat(pa.scalar(sheet, pa.string()), rows.n),
        "row": pa.array(numbers, pa.int64()),
        **rows.values,
    }
    if rows.table in ("loans", "plan"):
        arrays["data_error"] = pa.array(bad)
    if rows.table == "loans":
        arrays["planned"] = pa.repeat(pa.scalar(False), rows.n)
    kinds = frame_columns(rows.table)
    table = pa.table([arrays[name].cast(_ARROW[kind]) for name, kind in kinds.items()], names=list(kinds))
    if rows.others.any():
        table = table.filter(pa.array(~rows.others))
    return Finished(
        table.to_pandas(types_mapper=pd.ArrowDtype),
        Findings.concat(findings),
        tuple(replace(c, row=int(numbers[c.row])) for c in rows.counted),
        tuple((int(numbers[row]), text, amount) for row, text, amount in rows.totals),
        tuple((int(numbers[row]), text) for row, text in rows.units),
    )


def _texts(given: str | Sequence[str] | pa.Array) -> Any:
    return given if isinstance(given, str | pa.Array) else pa.array(list(given), pa.string())
