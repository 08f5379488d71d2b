"""A labelled table as a workbook: the table, and a sheet that says what each of its columns is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.labelled.labels import Label, Said, said_in, shown_as, unit_in
from relending.labelled.limits import stop_at_infinite, stop_at_long_text, stop_at_size
from relending.labelled.table import is_text
from relending.sheet import A4, Styles, made_to_print, put
from relending.spreadsheet import CELL, workbook

if TYPE_CHECKING:
    import pyarrow as pa


ROWS, COLUMNS = 1_048_576, 16_384
"""Rows and columns of a sheet, the header among the rows."""
EXACT = 10**15
"""Digits a spreadsheet keeps of a number: a longer whole number stands as text."""
FIRST_DAY = dt.date(1900, 3, 1)
"""The first day that every spreadsheet counts alike; an earlier one stands as text."""
NARROW, WIDE, SEEN = 9, 60, 200
"""Least and greatest width of a column, and the rows its width is taken from."""
TITLE_HEIGHT = 26  # points
SHEETS = {"zh": ("数据", "说明"), "en": ("data", "about")}
HEADS = (("列名", "column"), ("中文名称", "label_zh"), ("英文名称", "label_en"), ("单位", "unit"))


def write_xlsx(table: pa.Table, path: Path, target: Path, labels: Mapping[str, Label], said: Said) -> None:
    """Write the workbook into ``path``; InputError that names ``target`` where no sheet holds the table."""
    stop_at_size(table, target, ROWS - 1, COLUMNS)
    stop_at_infinite(table, target)
    # an apostrophe may go in front
    stop_at_long_text(table, target, CELL - 1)
    data, about = SHEETS[said.lang]
    with workbook(path, constant_memory=True) as book:
        styles = Styles(book, said.lang)
        _data(book.add_worksheet(data), styles, table, labels, said.lang)
        _about(book.add_worksheet(about), styles, labels, said)


def _data(sheet: Any, styles: Styles, table: pa.Table, labels: Mapping[str, Label], lang: str) -> None:
    names = table.column_names
    puts = [_put_of(styles, table[name], labels[name].unit) for name in names]
    for at, name in enumerate(names):
        shown = [_width(name) + 3, *(_width(v) + 3 for v in table[name].slice(0, SEEN).to_pylist())]
        sheet.set_column(at, at, min(max(NARROW, *shown), WIDE))
    for at, name in enumerate(names):
        put(sheet, 0, at, name, styles.header())
    row = 1
    for batch in table.to_batches(max_chunksize=2**14):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            for at, value in enumerate(values):
                if value is not None and value != "":
                    puts[at](sheet, row, at, value)
            row += 1
    made_to_print(sheet, 0, len(names), lang)
    sheet.autofilter(0, 0, max(table.num_rows, 1), len(names) - 1)


def _width(value: object) -> int:
    from unicodedata import east_asian_width

    text = f"{value:,.2f}" if isinstance(value, float) else str(value)
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text[:WIDE])


Put = Callable[[Any, int, int, Any], None]


def _put_of(styles: Styles, column: pa.ChunkedArray, unit: str) -> Put:
    """What puts a value of this column into a cell."""
    import pyarrow as pa

    kind, plain, text = column.type, styles(), styles(num_format="@")
    if is_text(kind):
        return lambda sheet, row, at, value: put(sheet, row, at, value, plain)
    if pa.types.is_boolean(kind):
        return lambda sheet, row, at, value: sheet.write_boolean(row, at, value, plain)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        day = styles(num_format="yyyy-mm-dd" if pa.types.is_date(kind) else "yyyy-mm-dd hh:mm:ss", align="left")

        def moment(sheet: Any, row: int, at: int, value: Any) -> None:
            if (value.date() if isinstance(value, dt.datetime) else value) < FIRST_DAY:
                put(sheet, row, at, value.isoformat(), text)
            else:
                sheet.write_datetime(row, at, value, day)

        return moment
    number = styles(num_format=shown_as(unit) or ("0" if pa.types.is_integer(kind) else "General"))

    def figure(sheet: Any, row: int, at: int, value: Any) -> None:
        if isinstance(value, int) and abs(value) >= EXACT:
            put(sheet, row, at, str(value), text)
        else:
            sheet.write_number(row, at, value if isinstance(value, int) else float(value), number)

    return figure


def _about(sheet: Any, styles: Styles, labels: Mapping[str, Label], said: Said) -> None:
    """Title, version and notes in both languages, then a row a column."""
    for at, width in enumerate((26, 34, 44, 24)):
        sheet.set_column(at, at, width)
    sheet.set_row(0, TITLE_HEIGHT)
    first, second = (said.lang, "en" if said.lang == "zh" else "zh")
    put(sheet, 0, 0, said_in(said.title, first), styles.title())
    lines = [] if isinstance(said.title, str) else [said_in(said.title, second)]
    lines.append(f"relending {version('relending')}")
    for note in said.notes:
        lines += [note] if isinstance(note, str) else [said_in(note, first), said_in(note, second)]
    for row, line in enumerate(lines, 1):
        put(sheet, row, 0, line, styles.label())
    top = len(lines) + 2
    for at, (zh, name) in enumerate(HEADS):
        put(sheet, top, at, f"{zh} {name}", styles.header())
    cell = styles(text_wrap=True, border=1)
    for row, (name, one) in enumerate(labels.items(), top + 1):
        unit = one.unit if unit_in(one.unit, "zh") == one.unit else f"{unit_in(one.unit, 'zh')} {one.unit}"
        for at, value in enumerate((name, one.zh, one.en, unit)):
            put(sheet, row, at, value, cell)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
