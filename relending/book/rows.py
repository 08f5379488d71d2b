"""From raw cells to the step frame: every column read, every row kept, every problem a finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relending.book.apart import added_up, count_cells, keep_ids, note_totals, set_apart, uneven, unit_rows
from relending.book.block import Finished, Ints, Problem, Rows, is_error
from relending.book.cells import TEXT, Cells, RawBlock, flat
from relending.book.columns import PLAN_ID, Column, columns, example_columns, frame_columns, key_column, limits, words
from relending.book.days import read_dates, read_periods, read_quarters
from relending.book.headers import Field
from relending.book.numbers import Reading, read_numbers
from relending.book.texts import even, read_enum, read_text, translate
from relending.book.totals import example_rows, total_rows
from relending.findings import Findings

_WORTH_A_THREAD = 50_000  # rows


def read_columns(raw: RawBlock, fields: Sequence[Field], table: str) -> Rows:
    """The cells of a block as columns of the frame, with what could not be read."""
    found = {f.column.name: f for f in fields}
    key = key_column(table)
    padded, ragged = uneven(raw, fields)
    cells = {name: raw.columns[f.position] for name, f in found.items()}
    # a total has no day; nor has it a quarter, but where that tells the row
    dates = [f.position for f in fields if f.column.type in ("date", "quarter", "period") and f.column.name != key]
    by_id, by_cell = total_rows(raw, found[key].position, dates)
    marked = [example_rows(raw, found[name].position) for name in example_columns(table) if name in found]
    examples = np.unique(np.concatenate(marked)) if marked else np.zeros(0, np.int64)
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
    rows.units = unit_rows(raw, fields, found[key].position, dates)
    added = added_up(table)
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
            note_totals(rows, values, (by_id, by_cell))
        if apart.any():
            readable[column.name], wrong = set_apart(values, wrong, apart)
        rows.values[column.frame] = values
        for code, index in wrong.items():
            if code == "unknown_value" and column.name == "repayment":
                index = _frequencies(rows, index)
            expected = _expected(code, column, found[column.name], rows.found(column.name, index))
            rows.blame(code, index, column.name, expected)
        _fill(rows, column)
    count_cells(rows, raw, padded, ragged)
    if apart.any():
        keep_ids(rows, fields, readable, ragged)
    return rows


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


_ARROW = {"string": pa.string(), "int64": pa.int64(), "date32": pa.date32(), "bool": pa.bool_()}


def _read(column: Column, given: Field, cells: Cells) -> tuple[pa.Array, dict[str, Ints]]:
    if column.type == "date":
        days, wrong = read_dates(cells)
        return days, _as_written(cells, wrong)
    if column.type == "quarter":
        return read_quarters(cells)
    if column.type == "period":
        return read_periods(cells)
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
    limit = limits()[column.limit]
    finer = "amount_rounded"
    if column.name == "principal":
        finer = "finer_than_fen"
    elif column.type == "integer" and not column.signed:
        finer = "unreadable_number"
    if column.type not in ("rate", "rate_e8"):
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
        most = limits()[column.limit]
        return f"<= {Decimal(most) / given.scale:f} {given.unit}".rstrip()
    if code == "unreadable_quarter":
        return str(limits()["quarter_like"])
    if code == "unreadable_period":
        return str(limits()["period_like"])
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
