"""Comma-separated text: encodings found, rows never shifted, ragged rows kept where they stood."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from relending.book.ahead import ahead
from relending.book.cells import Cells, RawBlock, Table, flat, stamp
from relending.book.columns import limits
from relending.book.digest import fingerprint
from relending.book.headers import above_header, find_header
from relending.findings import Findings, InputError

HEAD_ROWS = 20
_HEAD_BYTES = 1 << 21
_WHOLE_BYTES = 1 << 28
"""Files up to this size are taken into memory at once, on all cores; larger ones are streamed."""
_READ_BYTES = 1 << 23
_PIECES_AHEAD = 64
"""Pieces of a streamed file read ahead: about a block's, so that reading goes on while a block is checked."""
_BETWEEN = "\x1f"
_CUT = re.compile(rf"(?:^|{_BETWEEN})\s*[+-]?\d{{1,3}}{_BETWEEN}\d{{3}}(?:\.\d*)?\s*(?:{_BETWEEN}|$)", re.ASCII)
"""A few digits in one cell and exactly three, perhaps with decimals, in the next."""
_OPEN_QUOTE = re.compile(r'(?:^|,)"(?:[^"]|"")*$')
"""A cell that begins with a quotation mark and goes on to the end."""


def open_csv(path: Path, table: str) -> Table:
    """A CSV file as a table; InputError where it is empty, in an unknown encoding or not separated by commas.

    The header is the first row that names two columns of ``table``; rows above it may give units. Row numbers are those
    a spreadsheet shows: the first row of the file is 1, and a quoted cell may hold line breaks.
    """
    before = stamp(path)
    sha256, encoding = fingerprint(path, text=True)
    if encoding in ("", "utf-16"):
        raise _unknown(path, encoding.upper())
    head = _head(path, encoding)
    if len(head) > limits()["line_bytes"] and max(map(len, head.splitlines())) > limits()["line_bytes"]:
        raise _endless(path)
    rows, lines = _head_rows(head)
    if not any(any(c.strip() for c in row) for row in rows):
        raise InputError(Findings.one("file_empty", file=path.name))
    at = find_header(rows, table)
    headers = at.texts
    if len(headers) == 1 and any(mark in headers[0] for mark in ";\t|，、"):
        raise InputError(
            Findings.one("not_comma_separated", file=path.name, row=at.last + 1, found=headers[0][:100], expected=",")
        )

    only_header = len(rows) == at.last + 1 and path.stat().st_size <= _HEAD_BYTES

    def blocks(positions: Sequence[int], block_rows: int, words: Collection[int] = ()) -> Iterator[RawBlock]:
        if only_header:
            return iter(())
        return _blocks(path, encoding, positions, len(headers), lines[at.last], at.last + 2, block_rows)

    notes = Findings()
    if not encoding.startswith("utf"):
        notes = Findings.one("encoding_converted", file=path.name, found="GB18030 (GBK)")

    return Table(
        path=path,
        file=path.name,
        sheet="",
        headers=headers,
        above=above_header(rows, at),
        header_row=at.last + 1,
        encoding=encoding,
        sha256=sha256,
        blocks=blocks,
        notes=notes,
        stamp=before,
    )


def _unknown(path: Path, found: str = "") -> InputError:
    """Text in an encoding nobody can tell; a workbook that is called .csv is told as such."""
    with path.open("rb") as f:
        start = f.read(4)
    if start.startswith(b"PK\3\4"):
        return InputError(Findings.one("file_unreadable", file=path.name, found="zip (.xlsx?)"))
    return InputError(Findings.one("encoding_unknown", file=path.name, found=found, expected="UTF-8, GB18030"))


def _endless(path: Path) -> InputError:
    return InputError(Findings.one("line_too_long", file=path.name, expected=f"<= {limits()['line_bytes']:,} bytes"))


def _head(path: Path, encoding: str) -> str:
    with path.open("rb") as f:
        raw = f.read(_HEAD_BYTES)
    return codecs.getincrementaldecoder(encoding)("strict").decode(raw)


def _head_rows(text: str) -> tuple[list[list[str]], list[int]]:
    """The first rows, and the number of lines read when each was complete."""
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, lines = [], []
    try:
        for row in reader:
            rows.append(row)
            lines.append(reader.line_num)
            if len(rows) == HEAD_ROWS:
                break
    except csv.Error:
        pass  # what was read so far is enough to look for the header
    return rows, lines


def _blocks(
    path: Path, encoding: str, positions: Sequence[int], width: int, skip: int, first_row: int, block_rows: int
) -> Iterator[RawBlock]:
    names = [f"c{i}" for i in range(width)]
    wanted = [names[p] for p in positions]
    bad: list[Odd] = []

    def note(row: Any) -> str:
        bad.append(Odd(row.number or 0, row.actual_columns, row.text))
        return "skip"

    def options(threads: bool) -> dict[str, Any]:
        return {
            "read_options": pacsv.ReadOptions(
                use_threads=threads,
                block_size=_READ_BYTES,
                skip_rows=skip,
                column_names=names,
                encoding="utf8" if encoding.startswith("utf") else encoding,
            ),
            "parse_options": pacsv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
            ),
            "convert_options": pacsv.ConvertOptions(
                column_types={n: pa.string() for n in wanted}, include_columns=wanted, strings_can_be_null=False
            ),
        }

    try:
        if path.stat().st_size <= _WHOLE_BYTES:
            whole = pacsv.read_csv(path, **options(True))
            if bad:  # only a single thread knows the numbers of ragged rows
                bad.clear()
                whole = pacsv.read_csv(path, **options(False))
            parts: Iterator[pa.Table] = iter([whole])
        else:
            parts = ahead(_streamed(path, options(False)), _PIECES_AHEAD)
        yield from _cut(parts, bad, positions, width, skip, first_row, block_rows, path.name)
    except UnicodeDecodeError:
        raise _unknown(path) from None
    except pa.ArrowInvalid as error:
        if "straddling" in str(error):  # a row longer than a whole piece of the file
            raise _endless(path) from None
        raise InputError(Findings.one("file_unreadable", file=path.name, found=str(error)[:200])) from None


@dataclass(frozen=True, slots=True)
class Odd:
    """A row that has not the header's number of cells: its number in the file, its cells counted, its text."""

    number: int
    count: int
    text: str

    def cells(self, width: int) -> list[str]:
        """Its cells, without empty ones beyond the header (some programs write them); none where all are empty.

        Where a figure seems to be cut at its thousands separators, what is pushed out at the end may have been the
        empty cell of the last column, so nothing is taken away.

        >>> Odd(7, 4, 'L1,"a,b",,').cells(2), Odd(8, 3, "L1,a,b").cells(2), Odd(9, 3, ",,").cells(2)
        (['L1', 'a,b'], ['L1', 'a', 'b'], [])
        """
        if '"' not in self.text:
            found = self.text.split(",")
        else:
            try:
                found = next(csv.reader(io.StringIO(self.text, newline="")), [])
            except csv.Error:  # a cell larger than any text: what it is cannot matter
                return [""] * self.count
        if not any(c.strip() for c in found):
            return []
        if not is_split(found):
            while len(found) > width and not found[-1].strip():
                found.pop()
        return found


def is_split(cells: Sequence[str]) -> bool:
    """Whether two neighbours look like one figure cut at its thousands separator.

    >>> is_split(["L1", "1", "000.50"]), is_split(["L1", "1000.50", "12"])
    (True, False)
    """
    return _CUT.search(_BETWEEN.join(cells)) is not None


def _streamed(path: Path, options: dict[str, Any]) -> Iterator[pa.Table]:
    with pacsv.open_csv(path, **options) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])


def _cut(
    parts: Iterator[pa.Table],
    bad: list[Odd],
    positions: Sequence[int],
    width: int,
    skip: int,
    first_row: int,
    block_rows: int,
    file: str,
) -> Iterator[RawBlock]:
    """Blocks of ``block_rows`` rows of the file, ragged rows put back where they stood."""
    waiting: list[pa.Table] = []
    have = 0  # good rows waiting
    done = 0  # rows of the file given out
    settled = 0  # ragged rows given out

    def block(rows: int) -> RawBlock:
        nonlocal waiting, have, done, settled
        odd: dict[int, list[str]] = {}
        ragged: dict[int, int] = {}
        split: list[int] = []
        while settled < len(bad) and bad[settled].number - skip - 1 < done + rows:
            row = bad[settled]
            if '"' in row.text and _OPEN_QUOTE.search(row.text):
                raise InputError(
                    Findings.one(
                        "quote_not_closed", file=file, row=first_row + row.number - skip - 1, found=row.text[:200]
                    )
                )
            at = row.number - skip - 1 - done
            odd[at] = row.cells(width)
            if odd[at] and len(odd[at]) != width:
                ragged[at] = len(odd[at])
                split += [at] * is_split(odd[at])
            settled += 1
        good = rows - len(odd)
        table = pa.concat_tables(waiting) if waiting else None
        if odd:
            from_file = np.ones(rows, np.bool_)
            from_file[list(odd)] = False
            order = np.where(from_file, np.cumsum(from_file) - 1, good + np.cumsum(~from_file) - 1)
        columns: dict[int, Cells] = {}
        for i, position in enumerate(positions):
            cells = flat(table.column(i).slice(0, good)) if table is not None else pa.array([], pa.string())
            if odd:
                put_back = [c[position] if position < len(c) else None for c in odd.values()]
                cells = pa.concat_arrays([cells, pa.array(put_back, pa.string())]).take(pa.array(order))
            columns[position] = Cells(cells)
        if table is not None:
            waiting = [table.slice(good)]
        have -= good
        out = RawBlock(first_row + done, rows, columns, ragged, width, split)
        done += rows
        return out

    def upcoming() -> int:
        """Rows of the file known so far and not given out."""
        known = have
        for row in bad[settled:]:
            if row.number - skip - 1 <= done + known:
                known += 1
        return known

    for part in parts:
        waiting.append(part)
        have += part.num_rows
        while upcoming() >= block_rows:
            yield block(block_rows)
    while rows := min(upcoming(), block_rows):
        yield block(rows)


__all__ = ["open_csv"]
