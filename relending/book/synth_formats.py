"""The formats of a synthetic book, written block by block: Parquet, CSV, XLSX; plain, or as a bank exports it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relending.book.synth_arrow import replaced, units
from relending.book.synth_profile import Ints, profile
from relending.book.synth_table import Cells, Style, headers

BOM = b"\xef\xbb\xbf"
_EPOCH = dt.date(1970, 1, 1)
_XLSX_STEP, _CSV_STEP = 10_000, 2**17
"""Rows turned into cells or text at a time."""
_SPARE_NOUGHTS = r"(\.[0-9]{2}[0-9]*?)0+$"


@dataclass(slots=True)
class Printed:
    """A table as text or cells are written: title rows, a header, blocks, and the rows below.

    ``total_fen`` grows with the blocks, so the rows below are asked for at the end.
    """

    style: Style
    blocks: Iterable[tuple[Cells, Ints]]
    seed: int
    total_fen: int = 0
    rows: int = 0
    names: list[str] = field(default_factory=list)

    def above(self) -> list[list[str]]:
        """Title and unit, in the first cell of a row each."""
        if not self.style.bank:
            return []
        bank, p = profile()["bank"], profile()
        return [[bank["title"].format(lender=p["lenders"][0]["zh"])], [bank["unit"]]]

    def header(self) -> list[str]:
        """The header row."""
        number = [profile()["bank"]["number"]] if self.style.bank else []
        return [*number, *headers(self.style, self.names)]

    def below(self) -> list[dict[int, str | Decimal]]:
        """Rows under the loans: cells by position."""
        if not self.style.bank:
            return []
        bank, people = profile()["bank"], profile()["names"]["clerks"]
        at = 1 + self.names.index("principal")
        total = Decimal(self.total_fen).scaleb(-self.style.money)
        clerk, other = people[self.seed % len(people)], people[(self.seed + 1) % len(people)]
        return [{0: bank["total"], at: total}, {0: bank["signature"].format(clerk=clerk, other=other)}]

    def parts(self) -> Iterator[Cells]:
        """The blocks with running numbers in front (bank) and the subtotal rows put in."""
        for made, subtotals in self.blocks:
            self.total_fen += int(units(made.table["principal"]).sum())
            n = made.table.num_rows
            self.names = self.names or made.table.column_names
            if self.style.bank:
                numbers = pa.array(np.arange(self.rows + 1, self.rows + n + 1))
                made = Cells(made.table.add_column(0, profile()["bank"]["number"], numbers), made.words)
            self.rows += n
            yield _with_subtotals(made, subtotals)


def _with_subtotals(made: Cells, after: Ints) -> Cells:
    """The block with a row after each of these rows that holds nothing but the word of a subtotal as the loan id."""
    if not len(after):
        return made
    n = made.table.num_rows
    order = np.insert(np.arange(n), after + 1, -1)
    empty = order < 0
    table = made.table.take(pa.array(order, mask=empty))
    words = {name: (rows + np.searchsorted(after, rows), texts) for name, (rows, texts) in made.words.items()}
    at = np.flatnonzero(empty)
    words["loan_id"] = at, [profile()["bank"]["subtotal"]] * len(at)
    return Cells(table, words)


def write_parquet(tables: Iterable[pa.Table], path: Path) -> None:
    """Typed columns, one row group a block; words that come again are stored once."""
    import pyarrow.parquet as pq

    writer: Any = None
    try:
        for table in tables:
            if writer is None:
                kinds = [f if f.name not in _WORDS else pa.field(f.name, _CODED) for f in table.schema]
                schema = pa.schema(kinds)
                writer = pq.ParquetWriter(
                    path,
                    schema,
                    use_dictionary=list(_WORDS),
                    store_decimal_as_integer=True,
                    store_schema=False,
                )
            made = [_as(table[f.name], f.type) for f in schema]
            writer.write_table(pa.table(made, schema=schema), row_group_size=len(table) or 1)
    finally:
        if writer is not None:
            writer.close()


_CODED = pa.dictionary(pa.int32(), pa.string())
_WORDS = (
    "lender",
    "branch",
    "borrower",
    "project_name",
    "sector",
    "purpose",
    "issue_type",
    "repayment",
    "evidence",
    "region",
    "refinances",
)


def _as(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type == kind:
        return column
    return column.dictionary_encode() if pa.types.is_dictionary(kind) else column.cast(kind)


def write_csv(printed: Printed, path: Path, encoding: str = "utf-8") -> None:
    """Comma-separated text: UTF-8 with BOM, or GBK; every text that could be taken for a formula is escaped."""
    import csv
    import io

    import pyarrow.csv as pacsv

    def line(row: list[str]) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(row)
        return text.getvalue().encode(encoding)

    with path.open("wb") as file:
        file.write(BOM if encoding == "utf-8" else b"")
        width = 0
        options = pacsv.WriteOptions(include_header=False, batch_size=2**14, quoting_style="none")
        for part in printed.parts():
            if not width:
                width = part.table.num_columns
                for row in [*printed.above(), printed.header()]:
                    file.write(line(row + [""] * (width - len(row))))
            for some in part.slices(_CSV_STEP):
                texts = _as_text(some, printed.style)
                if encoding == "utf-8":
                    pacsv.write_csv(texts, file, options)
                    continue
                room = pa.BufferOutputStream()
                pacsv.write_csv(texts, room, options)
                file.write(room.getvalue().to_pybytes().decode("utf-8").encode(encoding))
        for cells in printed.below():
            file.write(line([_trimmed(cells.get(i, "")) for i in range(width)]))


def _trimmed(value: str | Decimal) -> str:
    return value if isinstance(value, str) else re.sub(_SPARE_NOUGHTS, r"\1", f"{value:f}")


def _as_text(part: Cells, style: Style) -> pa.Table:
    """The block as CSV holds it: dictionaries as text, words in their cells; a bank's dates and amounts its own way."""
    from relending.spreadsheet import escaped

    out = {}
    for name in part.table.column_names:
        column = part.table[name].combine_chunks()
        kind = column.type
        if pa.types.is_dictionary(kind):
            safe = escaped(column.dictionary)
            column = pa.DictionaryArray.from_arrays(column.indices, safe).cast(pa.string())
        elif pa.types.is_string(kind):
            column = escaped(column)
        elif style.bank and pa.types.is_date(kind):
            column = _slashed(column)
        elif style.bank and pa.types.is_decimal(kind) and kind.scale > 0:
            column = pc.replace_substring_regex(column.cast(pa.string()), _SPARE_NOUGHTS, r"\1")
        if name in part.words:
            column = replaced(column, *part.words[name])
        out[name] = column
    return pa.table(out)


def _slashed(column: pa.Array) -> pa.Array:
    """Dates like 2023/1/5, each different day once."""
    days = column.cast(pa.int32()).dictionary_encode()
    texts = [_EPOCH + dt.timedelta(d) for d in days.dictionary.to_pylist()]
    words = pa.array([f"{d.year}/{d.month}/{d.day}" for d in texts], pa.string())
    return pa.DictionaryArray.from_arrays(days.indices, words).cast(pa.string())


def write_xlsx(printed: Printed, path: Path) -> None:
    """A workbook of one sheet, written row by row: memory does not grow with the loans."""
    from xlsxwriter.exceptions import XlsxFileError

    try:
        _write_xlsx(printed, path)
    except XlsxFileError as error:  # what the disk said, as any other format says it
        raise OSError(str(error)) from error


def _write_xlsx(printed: Printed, path: Path) -> None:
    from relending.spreadsheet import escape, workbook

    with workbook(path, constant_memory=True) as book:
        sheet = book.add_worksheet("loans")
        bank = printed.style.bank
        day = book.add_format({"num_format": "yyyy/m/d" if bank else "yyyy-mm-dd"})
        row = 0

        def texts(values: Iterable[tuple[int, Any]]) -> None:
            nonlocal row
            for column, value in values:
                if isinstance(value, str):
                    sheet.write_string(row, column, escape(value))
                elif isinstance(value, dt.date):
                    sheet.write_datetime(row, column, dt.datetime.combine(value, dt.time()), day)
                elif value is not None:
                    sheet.write_number(row, column, value)
            row += 1

        for part in printed.parts():
            if not row:
                for above in [*printed.above(), printed.header()]:
                    texts(enumerate(above))
            for some in part.slices(_XLSX_STEP):
                lists = [_values(column, some.words.get(name)) for name, column in some.columns()]
                for values in zip(*lists, strict=True):
                    texts(enumerate(values))
        for cells in printed.below():
            texts(sorted(cells.items()))


def _values(column: pa.ChunkedArray, words: tuple[Ints, list[str]] | None) -> list[Any]:
    """Cells of a column as Python values, the words of defects in their places."""
    out: list[Any] = column.to_pylist()
    for at, text in zip(words[0].tolist(), words[1], strict=True) if words is not None else ():
        out[at] = text
    return out
