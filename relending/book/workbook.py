"""Workbooks (.xlsx, .xls, .xlsb, .ods): values as last computed by the program that saved them; nothing is executed."""

from __future__ import annotations

import datetime as dt
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relending.book.cells import DATE, NUMBER, OTHER, TEXT, Cells, RawBlock, Table, stamp
from relending.book.columns import columns, key_column, limits
from relending.book.digest import fingerprint
from relending.book.headers import HeaderAt, above_header, find_header, known_columns, plain, recognised
from relending.book.probe import probed
from relending.book.sheetxml import MERGED, Seen, column_letters, look_through
from relending.book.sidesheets import SIDE_SHEETS, meant, unread
from relending.findings import Findings, InputError

HEAD_ROWS = 20
_EXACT = 2**53
"""From here on a float no longer holds every whole number."""
MOST_BYTES = 2 << 30
"""A workbook that unpacks to more is not opened."""
MOST_RATIO = 200
"""A part packed tighter than this, and larger than ``SMALL``, is not a table but a trap."""
SMALL = 64 << 20
MOST_PARTS = 10_000
MOST_MERGED = 1 << 21
"""Cells that merges of a sheet may take in; a table of loans has few."""
MOST_BELOW = 2
"""Rows below the names that a header's merged cells may take in."""
PARAMETER_SHEETS = frozenset({"参数", "parameters"})
GUIDE_SHEETS = ("说明", "guide", "lists")
"""Sheets of the template beside its tables: its parameters, and what only people read."""


def open_workbook(
    path: Path, table: str, sheet: str | Sequence[str] | None
) -> tuple[tuple[Table, ...], dict[str, Table], Findings]:
    """The loan sheets of a workbook, its sheets of the tables beside them by table, and notes on sheets not read.

    Of another table than the loans: a sheet of its name, where there is one and ``sheet`` names none. Else without
    ``sheet`` (a name or several), the first visible sheet with a header that names two columns of ``table`` is
    taken, else the first with any cell. InputError where the file is no workbook, unpacks to too much, or has no such
    sheet.
    """
    import python_calamine as calamine

    before = stamp(path)
    seen = _examined(path)
    sha256, _ = fingerprint(path)
    wanted = [sheet] if isinstance(sheet, str) else list(sheet or ())
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            metadata = [
                (m.name, m.visible == calamine.SheetVisibleEnum.Visible)
                for m in book.sheets_metadata
                if m.typ == calamine.SheetTypeEnum.WorkSheet
            ]
            names = [n for n, _ in metadata]
            unknown = [one for one in wanted if one not in names]
            if unknown:
                raise InputError(
                    Findings.concat(
                        Findings.one("sheet_not_found", file=path.name, sheet=n, found=n, expected=", ".join(names))
                        for n in unknown
                    )
                )
            if seen is not None and not set(names) <= set(seen):
                raise InputError(Findings.one("file_unreadable", file=path.name, found=", ".join(names)))
            sheets = {n: _Sheet(book.get_sheet_by_name(n)) for n in names}
    except InputError:
        raise
    except Exception as error:  # the reader's errors share no class of their own
        raise InputError(
            Findings.one("file_unreadable", file=path.name, found=_is_really(path) or str(error)[:200])
        ) from None
    beside: dict[str, str] = {}
    visible = [n for n, shown in metadata if shown]
    chosen = list(dict.fromkeys(wanted))
    if table == "loans":
        for n in names:
            if plain(n) in SIDE_SHEETS and n not in wanted:
                beside.setdefault(SIDE_SHEETS[plain(n)], n)
    elif not chosen:
        chosen = [n for n in visible if SIDE_SHEETS.get(plain(n)) == table][:1]
    if not chosen:
        others = [n for n in names if n not in beside.values()]
        chosen = _choose([n for n in visible if n in others], others, sheets, table)
    if not chosen:
        raise InputError(Findings.one("file_empty", file=path.name))
    notes = [
        Findings.one(
            unread(n, table, not wanted and _has_loans(sheets[n], table)),
            file=path.name,
            sheet=n,
            found=n,
            expected=meant(n) if table == "loans" else "",
        )
        for n in names
        if n not in (*chosen, *beside.values(), *_of_the_template(names)) and sheets[n].width
    ]
    if table == "loans" and _lost_its_parameters(names):
        raise InputError(Findings.one("parameter_sheet_missing", file=path.name, found=", ".join(names)))
    hidden = {n: Findings.one("sheet_hidden", file=path.name, sheet=n, found=n) for n in names if n not in visible}
    notes += [hidden[n] for n in chosen if n in hidden]
    if seen is None:
        notes.append(Findings.one("cells_not_examined", file=path.name, found=path.suffix.lower(), expected=".xlsx"))

    def made(name: str, what: str) -> Table:
        return _table(path, name, sheets[name], what, sha256, (seen or {}).get(name, Seen()), before)

    side = {what: made(n, what) for what, n in beside.items() if sheets[n].width}
    side = {what: replace(t, notes=t.notes + hidden.get(t.sheet, Findings())) for what, t in side.items()}
    return tuple(made(n, table) for n in chosen), side, Findings.concat(notes)


def open_sheet(
    path: Path, names: Collection[str]
) -> tuple[str, list[list[Any]], Mapping[tuple[int, int], tuple[str, str]]] | None:
    """The rows of the first sheet with one of these (evened-out) names, and its cells without a value of their own.

    None where the workbook has no such sheet. InputError where it cannot be opened or is larger than is safe.
    """
    import python_calamine as calamine

    examined = _before_opening(path)
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            name = next((n for n in book.sheet_names if plain(n) in names), None)
            if name is None:
                return None
            seen = _examined(path, [name]) if not examined else None
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=HEAD_ROWS * 100)
    except InputError:
        raise
    except Exception as error:  # the reader's errors share no class of their own
        found = _is_really(path) or str(error)[:200]
        raise InputError(Findings.one("file_unreadable", file=path.name, found=found)) from None
    return name, rows, (seen or {}).get(name, Seen()).broken


def first_rows(path: Path) -> Mapping[str, list[list[str]]]:
    """The first rows of every visible sheet as texts, by sheet name: of a form only its head is wanted.

    InputError where it cannot be opened or is larger than is safe; formulas are never computed, links never followed.
    """
    import python_calamine as calamine

    _examined(path)
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            names = [
                m.name
                for m in book.sheets_metadata
                if m.typ == calamine.SheetTypeEnum.WorkSheet and m.visible == calamine.SheetVisibleEnum.Visible
            ]
            return {name: _Sheet(book.get_sheet_by_name(name)).head() for name in names}
    except InputError:
        raise
    except Exception as error:  # the reader's errors share no class of their own
        found = _is_really(path) or str(error)[:200]
        raise InputError(Findings.one("file_unreadable", file=path.name, found=found)) from None


def _before_opening(path: Path) -> bool:
    """Make sure that a workbook may be opened; whether that took a look at all of its sheets.

    Some readers (not that of .xlsx) take in every sheet on opening, so their size is asked for first.
    """
    _guard(path)
    whole = not _is_xlsx(path)
    if whole:
        _examined(path)
    return whole


def _lost_its_parameters(names: Sequence[str]) -> bool:
    """Whether the sheets only the template has are there, but none of its parameters."""
    there = {plain(n) for n in names}
    return GUIDE_SHEETS[-1] in there and bool(there & set(GUIDE_SHEETS[:-1])) and not there & PARAMETER_SHEETS


def _of_the_template(names: Sequence[str]) -> list[str]:
    """Sheets of a filled-in template that hold no rows; none of a workbook that is no template."""
    known = PARAMETER_SHEETS | set(GUIDE_SHEETS)
    return [n for n in names if plain(n) in known] if any(plain(n) in PARAMETER_SHEETS for n in names) else []


def _examined(path: Path, only: Collection[str] | None = None) -> Mapping[str, Seen] | None:
    """What stands in the sheets of an .xlsx that its values do not tell; None for formats of which it is not known.

    Stops (InputError) at what would take more memory than any loan book: before the reader makes room for it.
    """
    _guard(path)
    most = limits()["sheet_cells"]
    if not _is_xlsx(path):
        sizes: Mapping[str, tuple[int, int]] = probed(path, most)
        seen = None
    else:
        try:
            seen = look_through(path, most, only)
        except (ValueError, zipfile.BadZipFile, OSError, zlib.error, NotImplementedError, RuntimeError) as error:
            raise InputError(Findings.one("file_unreadable", file=path.name, found=str(error)[:200])) from None
        sizes = {name: (one.rows, one.columns) for name, one in seen.items()}
        small = all(rows * wide <= most for rows, wide in sizes.values())
        if small and not all(one.sure for one in seen.values()):
            sizes = {**sizes, **{n: size for n, size in probed(path, most).items() if only is None or n in only}}
    for name, one in (seen or {}).items():
        merged = sum(
            (b - t + 1) * max(min(r, limits()["columns"]) - left + 1, 0) for t, left, b, r in one.merged if b > t
        )
        if merged > MOST_MERGED:
            found, most_merged = f"{merged:,} (merged)", f"<= {MOST_MERGED:,}"
            raise InputError(
                Findings.one("too_many_rows", file=path.name, sheet=name, found=found, expected=most_merged)
            )
    if len(sizes) > limits()["sheets"]:
        raise InputError(
            Findings.one("too_many_sheets", file=path.name, found=len(sizes), expected=f"<= {limits()['sheets']}")
        )
    large = [n for n, (rows, wide) in sizes.items() if rows * wide > most]
    if not large and sum(rows * wide for rows, wide in sizes.values()) > 2 * most:
        large = [max(sizes, key=lambda n: sizes[n][0] * sizes[n][1])]
    if large:
        raise InputError(
            Findings.concat(
                Findings.one(
                    "too_many_rows",
                    file=path.name,
                    sheet=n,
                    found=f"{sizes[n][0]:,} x {sizes[n][1]:,}",
                    expected=f"<= {most:,}",
                )
                for n in large
            )
        )
    return seen


def _is_xlsx(path: Path) -> bool:
    """Whether the file is a zip with the parts of an .xlsx, whatever its name says."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as z:
        names = {n.lower() for n in z.namelist()}
    return "[content_types].xml" in names and not any(n.endswith("workbook.bin") for n in names)


def _is_really(path: Path) -> str:
    """What a file that is no workbook seems to be, where its first bytes tell; else nothing."""
    with path.open("rb") as f:
        start = f.read(512).lstrip()
    if (start[:1] == b"<" and b"html" in start.lower()) or b"<table" in start.lower():
        return "HTML"
    signs = {b"%PDF": "PDF", b"\xd0\xcf\x11\xe0": "OLE (password? 加密?)", b"{": "JSON", b"<?xml": "XML"}
    known = next((kind for sign, kind in signs.items() if start.startswith(sign)), "")
    plain_text = not start.startswith(b"PK") and b"\0" not in start and (b"," in start or b"\t" in start)
    return known or ("text (.csv?)" if plain_text else "")


def _guard(path: Path) -> None:
    """Refuse a zip that unpacks to more than any loan book needs; only its directory is read."""
    if not zipfile.is_zipfile(path):
        return  # .xls is no zip; what is neither is refused by the reader
    try:
        with zipfile.ZipFile(path) as z:
            parts = z.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise InputError(Findings.one("file_unreadable", file=path.name)) from None
    size = sum(p.file_size for p in parts)
    tight = [p for p in parts if p.file_size > SMALL and p.file_size > MOST_RATIO * max(p.compress_size, 1)]
    if tight:
        found = f"{tight[0].file_size:,} / {tight[0].compress_size:,} bytes"
        raise InputError(Findings.one("file_too_large", file=path.name, found=found, expected=f"<= {MOST_RATIO} : 1"))
    if len(parts) > MOST_PARTS:
        most = f"<= {MOST_PARTS:,} parts"
        raise InputError(Findings.one("file_too_large", file=path.name, found=f"{len(parts):,} parts", expected=most))
    if size > MOST_BYTES:
        raise InputError(
            Findings.one("file_too_large", file=path.name, found=f"{size:,} bytes", expected=f"<= {MOST_BYTES:,} bytes")
        )


class _Sheet:
    """Rows of a sheet, counted from its very first row and column."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self.width = int(sheet.width)
        self.height = int(sheet.total_height) + 1 if self.width else 0  # the reader tells the last row, from 0

    def head(self) -> list[list[str]]:
        """The first rows as text."""
        rows = self._sheet.to_python(skip_empty_area=False, nrows=HEAD_ROWS) if self.width else []
        return [[_as_text(v).strip() for v in row] for row in rows]

    def rows(self) -> list[list[Any]]:
        """Every row."""
        return self._sheet.to_python(skip_empty_area=False) if self.width else []


def _choose(visible: Sequence[str], names: Sequence[str], sheets: dict[str, _Sheet], table: str) -> list[str]:
    """The first sheet with a header of the table, else the first with any cell; a hidden one only where no other is."""
    known = [n for n in names if recognised(find_header(sheets[n].head(), table).texts, table) >= 2]
    filled = [n for n in names if sheets[n].width]
    for found in (known, filled):
        first = [n for n in found if n in visible] or found
        if first:
            return first[:1]
    return []


def _has_loans(sheet: _Sheet, table: str) -> bool:
    """Whether a sheet seems to hold more of the table: its header names enough columns and an id, and rows follow."""
    head = sheet.head()
    at = find_header(head, table)
    named = known_columns(at.texts, table)
    an_id = any(columns(table)[name].type == "id" for name in named)
    below = any(any(row) for row in head[at.last + 1 :]) or sheet.height > HEAD_ROWS
    return an_id and len(named) >= limits()["sheet_columns"] and below


def _table(path: Path, name: str, sheet: _Sheet, table: str, sha256: str, seen: Seen, before: tuple[int, ...]) -> Table:
    head = sheet.head()
    if not head:
        raise InputError(Findings.one("file_empty", file=path.name, sheet=name))
    at = find_header(head, table)
    rows: list[list[Any]] = []

    def load() -> list[list[Any]]:
        if not rows:
            rows.extend(sheet.rows())
        return rows

    headers = list(at.texts)
    bare = [at for at, text in enumerate(headers) if not text.strip()]
    nothing = frozenset(at for at in bare if all(_is_blank(row[at]) for row in load()))
    while headers and len(headers) - 1 in nothing:
        headers.pop()  # formatted but empty columns at the right
    first = 1 + _last_of_header(at, table, seen)
    broken = _without_value(seen, first, sheet.height, min(len(headers), limits()["columns"]))

    def blocks(positions: Sequence[int], block_rows: int, words: Collection[int] = ()) -> Iterator[RawBlock]:
        body = load()[first:]
        for start in range(0, len(body), block_rows):
            part = body[start : start + block_rows]
            here = range(first + start, first + start + len(part))
            across = list(zip(*part, strict=True))
            yield RawBlock(
                here.start + 1,
                len(part),
                {p: column(across[p]) for p in positions},
                broken={
                    p: {row - here.start: said for row, said in broken[p].items() if row in here}
                    for p in positions
                    if p in broken
                },
            )

    below = sum(row >= first for row in seen.hidden)
    notes = Findings.one("rows_hidden", file=path.name, sheet=name, found=below) if below else Findings()
    return Table(
        path=path,
        file=path.name,
        sheet=name,
        headers=tuple(headers),
        above=above_header(head, at),
        header_row=first,
        encoding="",
        sha256=sha256,
        blocks=blocks,
        notes=notes,
        stamp=before,
        nothing=nothing,
    )


def _last_of_header(at: HeaderAt, table: str, seen: Seen) -> int:
    """The last row of the header: where the header of the loan id is merged downwards, a row or two more.

    Such rows (units, say) can have no id. Of any other column a merge tells nothing: there may be loans beside it.
    """
    key = next((i for i, text in enumerate(at.texts) if known_columns([text], table) == {key_column(table)}), None)
    reach = [
        bottom
        for top, left, bottom, _ in seen.merged
        if left == key and at.first <= top <= at.last and bottom <= at.last + MOST_BELOW
    ]
    return max([at.last, *reach])


def _without_value(seen: Seen, first: int, height: int, width: int) -> dict[int, dict[int, tuple[str, str]]]:
    """Cells of the rows from ``first`` on that have no value of their own: column -> row -> code and what is there."""
    out: dict[int, dict[int, tuple[str, str]]] = {}
    for (row, at), said in seen.broken.items():
        if row >= first:
            out.setdefault(at, {})[row] = said
    for top, left, bottom, right in seen.merged:
        text = f"{column_letters(left)}{top + 1}:{column_letters(right)}{bottom + 1}"
        for row in range(max(top + 1, first), min(bottom + 1, height)):
            for at in range(left, min(right + 1, width)):
                out.setdefault(at, {}).setdefault(row, (MERGED, text))
    return out


def column(values: Sequence[Any]) -> Cells:
    """Cells of one spreadsheet column: typed where all are of one kind, else as text with each cell's kind.

    >>> [column(cells).values.to_pylist() for cells in ([1.5, "", 2], [1.0, "x"], ["", "a"])]
    [[1.5, None, 2.0], ['1', 'x'], ['', 'a']]
    """
    kinds_there = set(map(type, values))
    blank = False
    if str in kinds_there and len(kinds_there) > 1 and not any(v for v in values if type(v) is str):
        kinds_there.discard(str)
        blank = True
    given = [None if v == "" else v for v in values] if blank else values
    if kinds_there <= {str}:
        return Cells(pa.array(given, pa.string()), spreadsheet=True)
    huge = int in kinds_there and any(type(v) is int and abs(v) >= _EXACT for v in values)
    if kinds_there <= {float, int} and not huge:
        numbers = pa.array(given, pa.float64())
        if (pc.max(pc.abs(numbers)).as_py() or 0) < _EXACT:
            return Cells(numbers, spreadsheet=True)
    elif kinds_there == {dt.date}:
        return Cells(pa.array(given, pa.date32()), spreadsheet=True)
    elif kinds_there <= {dt.date, dt.datetime}:
        days = [None if v is None else _day(v) for v in given]
        return Cells(pa.array(days, pa.date32()), spreadsheet=True)
    kinds = np.array([_kind(v) for v in values], np.int8)
    return Cells(pa.array([None if v == "" else _as_text(v) for v in values], pa.string()), kinds, spreadsheet=True)


def _is_blank(v: Any) -> bool:
    return isinstance(v, str) and not v.strip()


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


def sheets_without_parameters(path: Path) -> tuple[str, ...]:
    """The names of the sheets of a template whose parameter sheet is gone; none of any other or no workbook."""
    import python_calamine as calamine

    try:
        _before_opening(path)
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            names = tuple(book.sheet_names)
    except Exception:  # the reader's errors share no class of their own; whoever reads the book tells them
        return ()
    return names if _lost_its_parameters(names) else ()
