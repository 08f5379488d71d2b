"""What a reader of workbook values cannot tell: cells that hold an error, formulas never computed, cells merged.

The XML of each sheet is looked through as it unpacks, in pieces that end with a row; nothing is parsed that need not be
and nothing is executed. The same pass finds the last row and column before anyone makes room for them: one cell in the
last corner of a sheet is enough to ask for half a terabyte.

Source: ECMA-376 part 1 (SpreadsheetML), 18.3.1.4 (c), 18.3.1.40 (f), 18.3.1.73 (row), 18.2.2 (calcPr).
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

_PIECE = 1 << 22
_SMALL_PART = 1 << 22
"""A list of sheets larger than this is not one."""
_LONGEST_ROW = 1 << 26
_PREFIX = rb"(?:[^\s<>/:\"'=&]+:)?"
_NAME = rb"<" + _PREFIX
_ROW_OR_CELL = re.compile(
    _NAME + rb"row\b([^>]*)>|" + _NAME + rb"c(?=[\s/>])([^>]*?)(?:/>|>(.*?)</" + _PREFIX + rb"c\s*>)", re.DOTALL
)
_ROW = re.compile(_NAME + rb"row\b([^>]*)>")
_Q = rb"\s*=\s*[\"']"
_REF = re.compile(rb"\br" + _Q + rb"([A-Za-z]{1,3})([0-9]{1,7})[\"']")
_ROW_NUMBER = re.compile(rb"\br" + _Q + rb"([0-9]{1,7})[\"']")
_HIDDEN = re.compile(rb"\bhidden" + _Q + rb"(?:1|true)[\"']")
_FAR = re.compile(rb"\sr" + _Q + rb"([A-Za-z]{2,3})[0-9]")
# the same as nearly every program writes it, several times as fast
_USUAL_FAR = re.compile(rb" r=\"([A-Za-z]{2,3})[0-9]")
_USUAL_ROW = re.compile(rb"<row r=\"([0-9]{1,7})\"")
_UNUSUAL = (b"='", b"= ", b" =", b"\n", b"\t", b"\r", b":row")
_VALUE = re.compile(_NAME + rb"v\b[^>]*>([^<]*)<")
_KIND = re.compile(rb"\bt" + _Q + rb"([a-zA-Z]+)[\"']")
_MERGED = re.compile(
    _NAME + rb"mergeCell\s[^>]*ref" + _Q + rb"([A-Za-z]{1,3})([0-9]{1,7}):([A-Za-z]{1,3})([0-9]{1,7})[\"']"
)
_END_OF_ROW = re.compile(rb"</" + _PREFIX + rb"row\s*>")

ERROR, UNCOMPUTED, MERGED = "cell_error", "formula_not_calculated", "merged_cell"
"""Finding codes of cells without a value of their own."""


@dataclass(slots=True)
class Seen:
    """What was seen in one sheet; rows and columns count from 0.

    ``broken`` maps a cell (row, column) to its finding code and what stands there; ``hidden`` holds hidden rows.
    ``sure``: the sheet is written as nearly every program does, so that rows and columns are what its reader will find,
    or at most the same number of digits; of any other sheet only the reader itself can tell (:mod:`.probe`).
    """

    rows: int = 0
    columns: int = 0
    broken: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    sure: bool = True


def column_number(letters: str) -> int:
    """The column of its letters, counted from 0.

    >>> column_number("A"), column_number("Z"), column_number("AA"), column_number("XFD")
    (0, 25, 26, 16383)
    """
    n = 0
    for letter in letters.upper():
        n = n * 26 + ord(letter) - 64
    return n - 1


def column_letters(column: int) -> str:
    """The letters of a column, counted from 0.

    >>> [column_letters(n) for n in (0, 25, 26, 16383)]
    ['A', 'Z', 'AA', 'XFD']
    """
    letters, n = "", column + 1
    while n:
        n, rest = divmod(n - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def look_through(path: Path, most_cells: int, only: Collection[str] | None = None) -> Mapping[str, Seen]:
    """What there is to tell of each sheet (or of those named) of an .xlsx or .xlsm, by the sheet's name.

    Looks no further into a sheet once it would take more than ``most_cells`` cells. Raises ``ValueError``,
    ``zipfile.BadZipFile`` or ``OSError`` where the file is not such a workbook.
    """
    with zipfile.ZipFile(path) as z:
        parts, unsure = _sheets(z)
        wanted = {name: part for name, part in parts.items() if only is None or name in only}
        return {
            name: _sheet(z, part, most_cells, unsure) if part else Seen(sure=False) for name, part in wanted.items()
        }


def _sheets(z: zipfile.ZipFile) -> tuple[dict[str, str], bool]:
    """The part of each sheet, and whether the program that wrote the file left computing to the next that opens it."""
    root = "xl/workbook.xml"
    top = _xml(z, "_rels/.rels")
    if top is not None:
        for one in top.iter():
            if one.get("Type", "").endswith("/officeDocument"):
                root = one.get("Target", root).lstrip("/")
    book = _xml(z, root)
    if book is None:
        raise ValueError("no workbook part")
    folder = posixpath.dirname(root)
    links = _xml(z, f"{folder}/_rels/{posixpath.basename(root)}.rels")
    targets = {}
    for one in links.iter() if links is not None else ():
        target = one.get("Target", "")
        place = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        targets[one.get("Id", "")] = place
    parts: dict[str, str] = {}
    unsure = False
    for one in book.iter():
        tag = one.tag.rpartition("}")[2]
        if tag == "sheet":
            link = next((v for k, v in one.attrib.items() if k.rpartition("}")[2] == "id"), "")
            name = one.get("name", "")
            if name in parts:
                raise ValueError(f"two sheets {name!r}")
            target = targets.get(link, "")
            parts[name] = target if target in z.NameToInfo else ""
        elif tag == "calcPr":
            unsure = one.get("fullCalcOnLoad", "0") in ("1", "true")
    return parts, unsure


def _xml(z: zipfile.ZipFile, name: str) -> ElementTree.Element | None:
    """A small part, or None where it is not there; entities are refused, so that nothing grows while it is read."""
    info = z.NameToInfo.get(name)
    if info is None:
        return None
    if info.file_size > _SMALL_PART:
        raise ValueError(f"{name}: {info.file_size:,} bytes")
    text = z.read(info)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError(f"{name}: DOCTYPE")
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from None


def _sheet(z: zipfile.ZipFile, part: str, most_cells: int, unsure: bool) -> Seen:
    seen = Seen()
    row, first = -1, True
    for piece in _pieces(z, part):
        if b"\0" in piece:
            raise ValueError(f"{part}: not UTF-8")
        cells = piece[max(piece.find(b"<sheetData"), 0) if first else 0 :].partition(b"</sheetData")[0]
        usual = not any(sign in cells for sign in _UNUSUAL)
        before = row
        row = _rows(cells, row, seen, usual)
        begun = not first or b"<sheetData" in piece or b"row" not in piece  # a sheet of a chart has none
        seen.sure = seen.sure and usual and begun and _is_plain(cells, len(str(max(seen.rows, 1))))
        first = False
        far = {column_number(c.decode()) for c in set((_USUAL_FAR if usual else _FAR).findall(cells))}
        near = 26 if not far else 0
        seen.columns = max([seen.columns, near, *(n + 1 for n in far)])
        if seen.rows * seen.columns > most_cells:
            break
        if not usual or b't="e"' in piece or b"<f" in piece or b":f" in piece:
            _cells(cells, before, seen, unsure)
        if b"mergeCell" in piece:
            for a, top, b, bottom in _MERGED.findall(piece):
                left, right = column_number(a.decode()), column_number(b.decode())
                seen.merged.append((int(top) - 1, left, int(bottom) - 1, right))
    return seen


def _pieces(z: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The part cut behind ends of rows."""
    left = b""
    with z.open(part) as f:
        while step := f.read(_PIECE):
            whole = left + step
            cut = whole.rfind(b"</row>") + 6
            if cut < 6:
                ends = [found.end() for found in _END_OF_ROW.finditer(whole)]
                cut = ends[-1] if ends else 0
            if cut:
                yield whole[:cut]
            left = whole[cut:]
            if len(left) > _LONGEST_ROW:
                raise ValueError(f"{part}: a row of more than {_LONGEST_ROW:,} bytes")
    if left:
        yield left


def _is_plain(piece: bytes, digits: int) -> bool:
    """Whether every row and cell of a piece says where it is, no cell in a row of more digits than any row has."""
    rows, cells = len(_USUAL_ROW.findall(piece)), piece.count(b'<c r="')
    return (
        rows == piece.count(b"<row")
        and cells == piece.count(b"<c")
        and b":c" not in piece
        and b":sheetData" not in piece
        and re.search(rb' r="[A-Za-z]{1,3}[0-9]{%d}' % (digits + 1), piece) is None
    )


def _rows(piece: bytes, row: int, seen: Seen, usual: bool) -> int:
    """The last row of the piece; hidden ones are noted. A row without a number follows the one before."""
    plain = _USUAL_ROW.findall(piece) if usual and b"hidden=" not in piece else []
    if plain and len(plain) == piece.count(b"<row"):
        numbers = list(map(int, plain))
        seen.rows = max([seen.rows, *numbers])
        return numbers[-1] - 1
    for found in _ROW.finditer(piece):
        number = _ROW_NUMBER.search(found[1])
        row = int(number[1]) - 1 if number else row + 1
        seen.rows = max(seen.rows, row + 1)
        if _HIDDEN.search(found[1]):
            seen.hidden.add(row)
    return row


def _cells(piece: bytes, row: int, seen: Seen, unsure: bool) -> None:
    """Notes the cells without a value of their own; a cell that does not say where it is follows the one before."""
    column = -1
    for found in _ROW_OR_CELL.finditer(piece):
        if found[1] is not None:
            number = _ROW_NUMBER.search(found[1])
            row, column = (int(number[1]) - 1 if number else row + 1), -1
            continue
        place = _REF.search(found[2])
        at = (int(place[2]) - 1, column_number(place[1].decode())) if place else (row, column + 1)
        column = at[1]
        inside = found[3]
        if not inside:
            continue
        kind, value = _KIND.search(found[2]), _VALUE.search(inside)
        if kind and kind[1] == b"e":
            seen.broken[at] = (ERROR, value[1].decode("utf-8", "replace") if value else "#")
        elif _is_formula(inside) and _uncomputed(value[1] if value else b"", kind[1] if kind else b"", unsure):
            seen.broken[at] = (UNCOMPUTED, f"{column_letters(at[1])}{at[0] + 1}")


_FORMULA = re.compile(_NAME + rb"f\b")


def _is_formula(inside: bytes) -> bool:
    return _FORMULA.match(inside.lstrip()) is not None


def _uncomputed(value: bytes, kind: bytes, unsure: bool) -> bool:
    """Whether a formula's value was never computed.

    A text formula may well give an empty text. Programs that write formulas without computing them leave the value
    out, or write 0 and ask the next program to compute (``fullCalcOnLoad``).
    """
    if kind == b"str":
        return False
    return not value.strip() or (unsure and value.strip() == b"0")
