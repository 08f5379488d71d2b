"""Workbooks (.xlsx, .xls, .xlsb, .ods): values as last computed by the program that saved them; nothing is executed."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from relending.book.cells import DATE, NUMBER, OTHER, TEXT, Cells, RawBlock, Table
from relending.book.columns import columns, limits
from relending.book.digest import fingerprint
from relending.book.headers import header_row, known_columns, plain, recognised
from relending.findings import Findings, InputError

HEAD_ROWS = 20
MOST_BYTES = 2 << 30
"""A workbook that unpacks to more is not opened."""
MOST_RATIO = 200
"""A part packed tighter than this, and larger than ``SMALL``, is not a table but a trap."""
SMALL = 64 << 20
PREPAYMENT_SHEETS = frozenset({"提前还款", "prepayments"})


def open_workbook(path: Path, table: str, sheet: str | None) -> tuple[tuple[Table, ...], tuple[Table, ...], Findings]:
    """The loan sheet of a workbook, the sheet of prepayments if it has one, and notes on sheets not read.

    Without ``sheet``, the first visible sheet with a header that names two columns of ``table`` is taken, else the
    first with any cell. InputError where the file is no workbook, unpacks to too much, or has no such sheet.
    """
    import python_calamine as calamine

    _guard(path)
    sha256, _ = fingerprint(path)
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        metadata = [
            (m.name, m.visible == calamine.SheetVisibleEnum.Visible)
            for m in book.sheets_metadata
            if m.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        names = [n for n, _ in metadata]
        if sheet is not None and sheet not in names:
            raise InputError(
                Findings.one("sheet_not_found", file=path.name, sheet=sheet, found=sheet, expected=", ".join(names))
            )
        sheets = {n: _Sheet(book.get_sheet_by_name(n)) for n in names}
    except InputError:
        raise
    except Exception as error:  # the reader's errors share no class of their own
        raise InputError(Findings.one("file_unreadable", file=path.name, found=str(error)[:200])) from None
    beside = None
    if table == "loans":
        beside = next((n for n in names if plain(n) in PREPAYMENT_SHEETS and n != sheet), None)
    chosen = sheet
    if chosen is None:
        chosen = _choose([n for n, visible in metadata if visible and n != beside], sheets, table)
    if chosen is None:
        raise InputError(Findings.one("file_empty", file=path.name))
    notes = [
        Findings.one(
            "sheet_not_read" if sheet is None and _has_loans(sheets[n], table) else "sheet_ignored",
            file=path.name,
            sheet=n,
            found=n,
        )
        for n in names
        if n not in (chosen, beside) and sheets[n].width
    ]
    early: tuple[Table, ...] = ()
    if beside is not None and sheets[beside].width:
        early = (_table(path, beside, sheets[beside], "prepayments", sha256),)
    return (_table(path, chosen, sheets[chosen], table, sha256),), early, Findings.concat(notes)


def _guard(path: Path) -> None:
    """Refuse a zip that unpacks to more than any loan book needs; only its directory is read."""
    if not zipfile.is_zipfile(path):
        return  # .xls is no zip; what is neither is refused by the reader
    try:
        with zipfile.ZipFile(path) as z:
            parts = z.infolist()
    except (zipfile.BadZipFile, OSError):
        raise InputError(Findings.one("file_unreadable", file=path.name)) from None
    size = sum(p.file_size for p in parts)
    tight = any(p.file_size > SMALL and p.file_size > MOST_RATIO * max(p.compress_size, 1) for p in parts)
    if size > MOST_BYTES or tight:
        raise InputError(
            Findings.one("file_too_large", file=path.name, found=f"{size:,} bytes", expected=f"<= {MOST_BYTES:,} bytes")
        )


class _Sheet:
    """Rows of a sheet, counted from its very first row and column."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self.width = int(sheet.width)
        self.height = int(sheet.total_height)

    def head(self) -> list[list[str]]:
        """The first rows as text."""
        rows = self._sheet.to_python(skip_empty_area=False, nrows=HEAD_ROWS) if self.width else []
        return [[_as_text(v).strip() for v in row] for row in rows]

    def rows(self) -> list[list[Any]]:
        """Every row."""
        return self._sheet.to_python(skip_empty_area=False) if self.width else []


def _choose(names: Sequence[str], sheets: dict[str, _Sheet], table: str) -> str | None:
    filled = [n for n in names if sheets[n].width]
    for name in filled:
        head = sheets[name].head()
        if head and recognised(head[header_row(head, table)], table) >= 2:
            return name
    return filled[0] if filled else None


def _has_loans(sheet: _Sheet, table: str) -> bool:
    """Whether a sheet seems to hold more of the table: its header names enough columns and an id, and rows follow."""
    head = sheet.head()
    at = header_row(head, table)
    named = known_columns(head[at], table) if head else frozenset()
    an_id = any(columns(table)[name].type == "id" for name in named)
    below = any(any(row) for row in head[at + 1 :]) or sheet.height > HEAD_ROWS
    return an_id and len(named) >= limits()["sheet_columns"] and below


def _table(path: Path, name: str, sheet: _Sheet, table: str, sha256: str) -> Table:
    head = sheet.head()
    if not head:
        raise InputError(Findings.one("file_empty", file=path.name, sheet=name))
    at = header_row(head, table)
    rows: list[list[Any]] = []

    def load() -> list[list[Any]]:
        if not rows:
            rows.extend(sheet.rows())
        return rows

    headers = head[at]
    while headers and not headers[-1] and all(r[len(headers) - 1] == "" for r in load()):
        headers.pop()  # formatted but empty columns at the right

    def blocks(positions: Sequence[int], block_rows: int, words: Collection[int] = ()) -> Iterator[RawBlock]:
        body = load()[at + 1 :]
        for start in range(0, len(body), block_rows):
            part = body[start : start + block_rows]
            yield RawBlock(at + 2 + start, len(part), {p: column([r[p] for r in part]) for p in positions})

    return Table(
        path=path,
        file=path.name,
        sheet=name,
        headers=tuple(headers),
        above=tuple(map(tuple, head[:at])),
        header_row=at + 1,
        encoding="",
        sha256=sha256,
        blocks=blocks,
    )


def column(values: Sequence[Any]) -> Cells:
    """Cells of one spreadsheet column: typed where all are of one kind, else as text with each cell's kind.

    >>> column([1.5, "", 2]).values.to_pylist(), column([1.0, "x"]).values.to_pylist()
    ([1.5, None, 2.0], ['1', 'x'])
    """
    present = {type(v) for v in values if v != ""}
    if present <= {float, int} and present:
        if all(abs(v) < 2**53 for v in values if v != ""):
            return Cells(pa.array([None if v == "" else float(v) for v in values], pa.float64()), spreadsheet=True)
    elif present <= {dt.date, dt.datetime} and present:
        return Cells(pa.array([None if v == "" else _day(v) for v in values], pa.date32()), spreadsheet=True)
    elif present <= {str}:
        return Cells(pa.array([None if v == "" else v for v in values], pa.string()), spreadsheet=True)
    kinds = np.array([_kind(v) for v in values], np.int8)
    return Cells(pa.array([None if v == "" else _as_text(v) for v in values], pa.string()), kinds, spreadsheet=True)


def _day(v: dt.date) -> dt.date:
    return v.date() if isinstance(v, dt.datetime) else v


def _kind(v: Any) -> int:
    if isinstance(v, str):
        return TEXT
    if isinstance(v, bool):
        return OTHER
    if isinstance(v, int | float):
        return NUMBER
    return DATE if isinstance(v, dt.date) else OTHER


def _as_text(v: Any) -> str:
    if isinstance(v, str):
        return v
    if isinstance(v, bool):
        return "TRUE" if v else "FALSE"
    if isinstance(v, float):
        return str(int(v)) if abs(v) < 1e300 and v == int(v) else format(v, ".15g")
    return _day(v).isoformat() if isinstance(v, dt.date) else str(v)
