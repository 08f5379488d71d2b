"""The loan book: files in, a checked loan frame out, with every problem as a finding."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from relending.book.apart import blank_rows
from relending.book.cells import RawBlock, Table
from relending.book.checks import CHECKS
from relending.book.columns import SIDE_TABLES, frame_columns, key_column
from relending.book.decides import Deciding, check_deciding, deciding_columns
from relending.book.files import open_tables
from relending.book.headers import Headers, match
from relending.book.rows import finish, read_columns
from relending.book.tally import Tally
from relending.findings import Findings, InputError

if TYPE_CHECKING:
    import pandas as pd

BLOCK_ROWS = 2**20
PathLike: TypeAlias = str | os.PathLike[str]
Files: TypeAlias = Mapping[str, PathLike | Sequence[PathLike]]
STOPPING = ("opening_tranches", "opening", "revisions", "other_loans")
"""Tables whose errors stop the reading: there is no loan that could be set aside for them."""
OPTIONAL_SHEETS = frozenset(SIDE_TABLES) - {"prepayments"}
"""Tables whose sheet in a workbook counts as not there while it has no rows but the template's example."""


@dataclass(frozen=True, slots=True, repr=False)
class Book:
    """A loan book as read: frames in the integers of the step frames, findings, and what was read from where.

    ``loans``: one row a loan read, in input order; ``side``: the tables beside them by name (``SIDE_TABLES``), those
    that are there and always ``prepayments``, which may be empty; ``inputs``: a mapping a file, with file, sha256,
    rows, sheet, encoding, header_row and columns (header -> name, unit and position from 0); ``cuts``: where each
    block ends.
    """

    loans: pd.DataFrame
    side: Mapping[str, pd.DataFrame]
    findings: Findings
    inputs: tuple[Mapping[str, Any], ...] = ()
    cuts: tuple[int, ...] = ()

    def __repr__(self) -> str:
        wrong, warned = self.findings.count("error"), self.findings.count("warning")
        return f"<Book: {len(self.loans):,} loans, {wrong:,} errors, {warned:,} warnings>"

    @classmethod
    def without_loans(
        cls,
        prepayments: PathLike | None = None,
        side: Files | None = None,
        lender: str | None = None,
        lenders: Mapping[str, str] | None = None,
    ) -> Book:
        """A book of no loans, with the tables beside them: what planned loans are put behind."""
        beside, said, inputs = _beside(_files(prepayments, side), {}, BLOCK_ROWS, lender, lenders or {})
        return cls(_concat([], "loans"), beside, said, inputs, ())

    @property
    def prepayments(self) -> pd.DataFrame:
        """The prepayments; maybe none."""
        return self.side["prepayments"]

    @property
    def blocks(self) -> tuple[pd.DataFrame, ...]:
        """The loans cut at fixed row numbers of each file; together they are ``loans``."""
        starts = (0, *self.cuts[:-1]) if self.cuts else ()
        return tuple(self.loans.iloc[a:b].reset_index(drop=True) for a, b in zip(starts, self.cuts, strict=True))


@dataclass(frozen=True, slots=True)
class BookBlock:
    """One block of a file as read: ``frame`` and its findings."""

    frame: pd.DataFrame
    findings: Findings
    table: Table
    rows: int


@dataclass(frozen=True, slots=True)
class _Opened:
    tables: tuple[Table, ...]
    headers: tuple[Headers, ...]
    side: Mapping[str, tuple[Table, ...]]
    findings: Findings


def read_book(
    path: PathLike | Sequence[PathLike],
    *,
    prepayments: PathLike | None = None,
    side: Files | None = None,
    lender: str | None = None,
    lenders: Mapping[str, str] | None = None,
    sheet: str | Sequence[str] | None = None,
    block_rows: int = BLOCK_ROWS,
) -> Book:
    """Read and check a loan book.

    - ``path``: a file (.csv, .xlsx, .xls, .xlsb, .ods, .parquet), a folder of Parquet files, or a list of them.
    - ``prepayments``: a table of prepayments; without it a sheet 提前还款 or ``prepayments`` of a workbook is taken.
    - ``side``: the other tables beside the loans (``SIDE_TABLES``), each a file or a list of files by its name; without
      one a sheet of its name is taken. A file without rows is a table that is there (nothing was received), a sheet
      without rows is not.
    - ``lender``: id of the lender of rows that name none; without it their lender stays null, which a run refuses.
    - ``lenders``: further lenders, name or id -> id (those of the scenario).
    - ``sheet``: name of the sheet to read in a workbook, or several: together they are the book.
    - ``block_rows``: rows a block [count]; what comes out does not depend on it.

    Raises InputError if a file cannot be read, a column is missing, a unit is unknown or there is no loan: all reasons
    at once. A loan with an error of its own does not raise: it stays in ``loans`` with ``data_error`` and has findings.
    """
    opened = _open(path, sheet)
    inputs: list[dict[str, Any]] = []
    frames, findings, cuts = [], [opened.findings], [0]
    for block in _iter(opened, "loans", lender, lenders or {}, block_rows, inputs):
        frames.append(block.frame)
        findings.append(block.findings)
        if len(block.frame):
            cuts.append(cuts[-1] + len(block.frame))
    if cuts == [0]:
        raise InputError(
            Findings.concat(
                [*findings, *(Findings.one("book_empty", file=t.file, sheet=t.sheet) for t in opened.tables)]
            )
        )
    try:
        named = _files(prepayments, side)
        beside, said, more = _beside(named, opened.side, block_rows, lender, lenders or {})
    except InputError as stop:
        raise InputError(Findings.concat([*findings, stop.findings])) from None
    return Book(_concat(frames, "loans"), beside, Findings.concat([*findings, said]), (*inputs, *more), tuple(cuts[1:]))


def iter_blocks(
    path: PathLike | Sequence[PathLike],
    *,
    lender: str | None = None,
    lenders: Mapping[str, str] | None = None,
    sheet: str | Sequence[str] | None = None,
    block_rows: int = BLOCK_ROWS,
) -> Iterator[BookBlock]:
    """The blocks of a loan book one after the other, for books larger than memory.

    Headers are checked before the first block. Arguments and errors as in :func:`read_book`; an empty book gives none.
    """
    opened = _open(path, sheet)
    return _iter(opened, "loans", lender, lenders or {}, block_rows, [])


def read_prepayments(path: PathLike, *, block_rows: int = BLOCK_ROWS) -> tuple[pd.DataFrame, Findings]:
    """Read a table of prepayments: loan_id, date, amount; amounts are held against the loans by the engine.

    A date or an amount that is empty or cannot be read is null and a finding: the engine sets the loan aside. A row
    that names no loan cannot be set against one: it stops with InputError, like an unknown loan.
    """
    beside, findings, _ = _beside({"prepayments": (Path(path),)}, {}, block_rows, None, {})
    return beside["prepayments"], findings


@dataclass(frozen=True, slots=True)
class SideTable:
    """A table beside the loans as read: ``frame`` in the integers of the step frames, findings, and what was read."""

    frame: pd.DataFrame
    findings: Findings
    inputs: tuple[Mapping[str, Any], ...]


def read_side_table(
    path: PathLike, table: str, *, lender: str | None = None, lenders: Mapping[str, str] | None = None
) -> SideTable:
    """Read and check a table of the dictionary that is not the loans: one beside them, ``plan`` or ``published``.

    What a row by itself cannot show (a loan nobody knows, a quarter outside the run) is for whoever uses the table.
    Arguments and errors as in :func:`read_book`; an empty table is a frame without rows.
    """
    return SideTable(*_read_side(_opened_table(Path(path), table), table, BLOCK_ROWS, lender, lenders or {}))


def _paths(path: PathLike | Sequence[PathLike]) -> list[Path]:
    return [Path(path)] if isinstance(path, str | os.PathLike) else [Path(p) for p in path]


def _open(path: PathLike | Sequence[PathLike], sheet: str | Sequence[str] | None) -> _Opened:
    loans: list[Table] = []
    side: dict[str, tuple[Table, ...]] = {}
    findings: list[Findings] = []
    for one in _paths(path):
        try:
            got = open_tables(one, "loans", sheet)
        except InputError as error:
            findings.append(error.findings)
            continue
        loans += got.tables
        for name, table in got.side.items():
            side[name] = (*side.get(name, ()), table)
        findings.append(got.findings)
    if not loans and not findings:
        findings.append(Findings.one("book_empty"))
    opened = _check(loans, "loans", Findings.concat(findings))
    return _Opened(opened.tables, opened.headers, side, opened.findings)


def _opened_table(path: Path, name: str) -> _Opened:
    got = open_tables(path, name, None)
    return _check(got.tables, name, got.findings)


def _check(tables: Sequence[Table], name: str, findings: Findings) -> _Opened:
    """Match the headers of all tables; InputError with everything that is wrong with any of them."""
    headers = [
        match(t.headers, name, above=t.above, file=t.file, sheet=t.sheet, row=t.header_row, nothing=t.nothing)
        for t in tables
    ]
    findings = Findings.concat([findings, *(t.notes for t in tables), *(h.problems for h in headers)])
    if findings.count("error"):
        raise InputError(findings)
    return _Opened(tuple(tables), tuple(headers), {}, findings)


def _iter(
    opened: _Opened,
    name: str,
    lender: str | None,
    lenders: Mapping[str, str],
    block_rows: int,
    inputs: list[dict[str, Any]],
) -> Iterator[BookBlock]:
    if block_rows < 1:
        raise ValueError("block_rows must be at least 1")
    for table, headers in zip(opened.tables, opened.headers, strict=True):
        entry: dict[str, Any] = {
            "file": table.file,
            "sha256": table.sha256,
            "rows": 0,
            "sheet": table.sheet,
            "encoding": table.encoding,
            "header_row": table.header_row,
            "columns": {
                f.header: {"name": f.column.name, "unit": f.unit, "position": f.position} for f in headers.fields
            },
        }
        inputs.append(entry)
        blanks: list[int] = []
        passed: tuple[int, int] | None = None
        tally = Tally(table.file, table.sheet, name)
        fields = [f.position for f in headers.fields]
        words = frozenset(f.position for f in headers.fields if f.column.type in ("text", "enum", "sector"))
        decides = deciding_columns(table.headers, set(headers.by_name())) if name == "loans" else {}
        beside = [p for p in _before_key(table, headers, name) if p not in decides]
        raws = table.blocks([*fields, *beside, *decides], block_rows, words)
        for raw in _while_unchanged(raws, table):
            block, empty = _block(raw, table, headers, name, lender, lenders, tally, decides)
            entry["rows"] += len(block.frame)
            blanks += empty
            if len(block.frame):
                last = int(block.frame["row"].iloc[-1])
                inside = [b for b in blanks if b < last]
                if inside:
                    passed = (passed[0], passed[1] + len(inside)) if passed else (inside[0], len(inside))
                blanks = [b for b in blanks if b > last]
            yield block
        tally.stop_at_units()
        notes = tally.findings()
        if passed:
            notes += Findings.one("blank_rows", file=table.file, sheet=table.sheet, row=passed[0], found=passed[1])
        if notes:
            yield BookBlock(_concat([], name), notes, table, 0)


def _while_unchanged(raws: Iterator[RawBlock], table: Table) -> Iterator[RawBlock]:
    """The blocks of a table; stops where its file changed since it was opened, whatever was read of it."""
    stop: InputError | None = None
    try:
        yield from raws
    except InputError as error:
        stop = error
    except OSError as error:
        stop = InputError(Findings.one("file_unreadable", file=table.file, found=error.strerror or ""))
    if not table.unchanged():
        raise InputError(Findings.one("file_changed", file=table.file, found=table.file)) from None
    if stop is not None:
        raise stop


def _before_key(table: Table, headers: Headers, name: str) -> list[int]:
    """Columns not read that stand before the loan id (or what tells the rows): running numbers, or a total's word."""
    if table.header_row is None:  # no one prints from such a file
        return []
    known = {f.position for f in headers.fields}
    key = key_column(name)
    place = next((f.position for f in headers.fields if f.column.name == key), 0)
    return [p for p in range(place) if p not in known]


def _block(
    raw: RawBlock,
    table: Table,
    headers: Headers,
    name: str,
    lender: str | None,
    lenders: Mapping[str, str],
    tally: Tally,
    decides: Mapping[int, tuple[str, Deciding]],
) -> tuple[BookBlock, list[int]]:
    blank = blank_rows(raw, [f.position for f in headers.fields])
    numbers = np.arange(raw.first_row, raw.first_row + raw.rows, dtype=np.int64)
    empty = numbers[blank].tolist()
    if blank.any():
        raw, numbers = _without(raw, blank), numbers[~blank]
    rows = read_columns(raw, headers.fields, name)
    check_deciding(rows, raw, decides)
    CHECKS[name](rows, lender, lenders)
    done = finish(rows, numbers, table.file, table.sheet)
    tally.add(done)
    return BookBlock(done.frame, done.findings, table, raw.rows), empty


def _without(raw: RawBlock, blank: np.ndarray) -> RawBlock:
    kept = np.flatnonzero(~blank)
    place = {int(old): new for new, old in enumerate(kept.tolist())}
    broken = {p: {place[i]: said for i, said in b.items() if i in place} for p, b in raw.broken.items()}
    return RawBlock(
        raw.first_row,
        len(kept),
        {p: c.take(kept) for p, c in raw.columns.items()},
        {place[i]: count for i, count in raw.ragged.items()},
        raw.width,
        [place[i] for i in raw.split],
        broken,
    )


def _read_side(
    opened: _Opened, name: str, block_rows: int, lender: str | None = None, lenders: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, Findings, tuple[Mapping[str, Any], ...]]:
    inputs: list[dict[str, Any]] = []
    frames, findings = [], [opened.findings]
    for block in _iter(opened, name, lender, lenders or {}, block_rows, inputs):
        frames.append(block.frame)
        findings.append(block.findings)
    return _concat(frames, name), Findings.concat(findings), tuple(inputs)


def _files(prepayments: PathLike | None, side: Files | None) -> dict[str, tuple[Path, ...]]:
    """The files of each table beside the loans."""
    given = {**(side or {}), **({} if prepayments is None else {"prepayments": prepayments})}
    unknown = sorted(set(given) - set(SIDE_TABLES))
    if unknown:
        raise ValueError(f"no tables beside the loans: {unknown}; known are {', '.join(SIDE_TABLES)}")
    return {name: tuple(_paths(value)) for name, value in given.items()}


def _beside(
    files: Mapping[str, Sequence[Path]],
    sheets: Mapping[str, tuple[Table, ...]],
    block_rows: int,
    lender: str | None,
    lenders: Mapping[str, str],
) -> tuple[dict[str, pd.DataFrame], Findings, tuple[Mapping[str, Any], ...]]:
    """Every table beside the loans, from its files or from sheets of the book; InputError with all that fails."""
    out: dict[str, pd.DataFrame] = {}
    findings, stops = [], False
    inputs: list[Mapping[str, Any]] = []
    for name in SIDE_TABLES:
        try:
            parts = [_opened_table(path, name) for path in files.get(name, ())]
            # of prepayments a file counts alone: the same rows in a sheet would be repaid twice
            if name in sheets and not (name == "prepayments" and parts):
                parts.append(_check(sheets[name], name, Findings()))
            if not parts:
                continue
            read = [_read_side(one, name, block_rows, lender, lenders) for one in parts]
        except InputError as stop:
            findings.append(stop.findings)
            stops = True
            continue
        frame = _concat([one for one, _, _ in read], name)
        said = Findings.concat([one for _, one, _ in read])
        if name in OPTIONAL_SHEETS and name not in files and not len(frame) and not said.count("error"):
            continue  # a sheet of the template left as it was
        if name in files and name in sheets and name != "prepayments" and len(read[-1][0]):
            at = sheets[name][0]
            said += Findings.one("side_joined", file=at.file, sheet=at.sheet, column=name, found=at.sheet)
        findings.append(said)
        inputs += [entry for _, _, more in read for entry in more]
        out[name] = frame
        if said.count("error") and (name in STOPPING or (name == "prepayments" and frame["loan_id"].isna().any())):
            stops = True
    if stops:
        raise InputError(Findings.concat(findings))
    out.setdefault("prepayments", _concat([], "prepayments"))
    return out, Findings.concat(findings), tuple(inputs)


def _concat(frames: Sequence[pd.DataFrame], table: str) -> pd.DataFrame:
    import pandas as pd

    frames = [f for f in frames if len(f)]
    if len(frames) == 1:
        return frames[0]
    if frames:
        return pd.concat(frames, ignore_index=True)
    kinds = {"string": pa.string(), "int64": pa.int64(), "date32": pa.date32(), "bool": pa.bool_()}
    return pd.DataFrame({n: pd.Series([], dtype=pd.ArrowDtype(kinds[k])) for n, k in frame_columns(table).items()})
