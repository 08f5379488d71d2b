"""Where a finding is to be found: the very cell of the file it was read from, as a text and as a link.

A finding names file, sheet, row and column as words; the letter of the column stands in the file's own header, which is
looked up once a sheet. What cannot be found for sure has no link: none is better than one that leads elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from relending.book.files import open_tables
from relending.book.headers import match, plain
from relending.book.sheetxml import column_letters
from relending.book.sidesheets import SIDE_SHEETS
from relending.findings import InputError

MOST_URL = 2000
"""Characters of a link or a place that Excel follows."""
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_ESCAPES = {c: f"%{ord(c):02X}" for c in '%"#<>[]^`{} '}


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or a folder of files, that findings may point into, and which table it holds ("" for none)."""

    path: Path
    table: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A place as a text, and the link to it (in the words of XlsxWriter); no link where the file is not known."""

    text: str
    url: str = ""


class Places:
    """The places of the findings of ``sources``, as seen from the file ``seen_from`` that links to them."""

    def __init__(self, sources: Iterable[Source], seen_from: Path) -> None:
        self._home = seen_from.absolute().parent
        self._sources: dict[str, set[Source]] = {}
        for source in sources:
            inside = sorted(source.path.iterdir()) if source.path.is_dir() else []
            for one in (source, *(Source(p, source.table) for p in inside)):
                self._sources.setdefault(one.path.name, set()).add(one)
                self._sources.setdefault(str(one.path), set()).add(one)
        self._letters: dict[tuple[Path, str], Mapping[str, str]] = {}
        self._urls: dict[Path, str] = {}

    def of(self, file: str, sheet: str, row: int | None, column: str) -> Place:
        """The place of one finding; of a text file only the file can be linked to, of a workbook the cell."""
        source = self._source(file)
        if source is None:
            return Place(_text(file, sheet, f"{row}" if row is not None else ""))
        letter = self._letter(source, sheet, column) if row is not None and column else ""
        cell = f"{letter}{row}" if row is not None else ""
        url = self._url(source.path)
        if url and sheet and source.path.suffix.lower() in WORKBOOKS:
            at = "'" + sheet.replace("'", "''") + "'!" + (cell if letter else f"A{row or 1}")
            url = f"{url}#{at}" if len(at) <= MOST_URL else url
        return Place(_text(file, sheet, cell), url)

    def _source(self, file: str) -> Source | None:
        known = self._sources.get(file, set())
        paths = {s.path.absolute() for s in known}
        return min(known, key=lambda s: s.table or "~") if len(paths) == 1 else None

    def _letter(self, source: Source, sheet: str, column: str) -> str:
        key = (source.path, sheet)
        if key not in self._letters:
            self._letters[key] = _letters(source, sheet)
        return self._letters[key].get(column, "")

    def _url(self, path: Path) -> str:
        if path not in self._urls:
            try:
                way = os.path.relpath(path, self._home)
            except ValueError:  # on another drive there is no way from here to there
                way = str(path.absolute())
            way = "".join(_ESCAPES.get(c, c) for c in way.replace(os.sep, "/"))
            self._urls[path] = f"external:{way}" if len(way) <= MOST_URL and path.exists() else ""
        return self._urls[path]


def _text(file: str, sheet: str, cell: str) -> str:
    return f"{sheet}!{cell}" if sheet and cell else sheet or (f"{file}:{cell}" if cell and file else file)


def _letters(source: Source, sheet: str) -> Mapping[str, str]:
    """The letter of each column of a table's header, by the column's name and by the header itself."""
    beside = SIDE_SHEETS.get(plain(sheet)) if source.table == "loans" and sheet else None
    tables: Sequence[str] = (source.table, beside) if beside else (source.table,)
    best: dict[str, str] = {}
    most = -1
    for name in tables if source.table else ():
        try:
            opened = open_tables(source.path, name, sheet or None)
        except InputError:
            continue
        for table in opened.tables:
            if table.header_row is None or table.sheet != sheet:
                continue
            fields = match(table.headers, name).fields
            if len(fields) > most:
                most = len(fields)
                # of two columns of one header the second is the one too many
                best = {text.strip(): column_letters(i) for i, text in enumerate(table.headers) if text.strip()}
                best |= {f.column.name: column_letters(f.position) for f in fields}
    return best
