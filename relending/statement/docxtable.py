"""A table of a document as Word has it: fixed columns, merged cells, a header on each page, figures kept whole."""

from __future__ import annotations

from collections.abc import Iterator

from relending.statement.document import Cell, Table
from relending.statement.docxtext import WIDE, WIDE_BOLD, ems, heading_lines, widest_word
from relending.statement.xmltext import escaped

LARGEST, SMALLEST = {"zh": 18, "en": 17}, 9
"""Half-points of a table's text: as large as its words and figures allow, between these."""
MARGIN = 45
"""Twips at each side of a cell (as the style of the table has them)."""
LINE = "<w:r><w:br/></w:r>"
ARROW = " → "
"""Between what was and what is: a line may end there."""


def table_xml(table: Table, lang: str, width: int, size: int | None = None) -> str:
    """The XML of a table as wide as ``width`` twips; ``size``: half-points of its text, else the largest that fits."""
    columns = _columns(table.widths, width)
    half_points = fitting(table, lang, columns) if size is None else size
    head = fitting_header(table, lang, columns, half_points) if size is None else size
    look = (
        f'<w:tblPr><w:tblStyle w:val="Statement"/><w:tblW w:w="{sum(columns)}" w:type="dxa"/><w:jc w:val="center"/>'
        '<w:tblLayout w:type="fixed"/></w:tblPr>'
    )
    grid = "".join(f'<w:gridCol w:w="{one}"/>' for one in columns)
    rows = [
        _row(cells, lang, columns, head if part is table.header else half_points, part is table.header, size is None)
        for part in (table.header, table.rows)
        for cells in _filled(table, part)
    ]
    return f"<w:tbl>{look}<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"


def _columns(shares: tuple[float, ...], width: int) -> list[int]:
    """Whole twips by column, by the shares, that add up to the width (or less, where the shares do)."""
    taken, out, edge = 0.0, [], 0
    for share in shares:
        taken += share
        now = round(min(taken, 1.0) * width)
        out.append(now - edge)
        edge = now
    return out


def fitting(table: Table, lang: str, columns: list[int]) -> int:
    """Half-points at which no figure, and no word of a text below the header, is wider than its columns."""
    most = LARGEST[lang]
    for _, c, cell in table.grid(table.rows):
        room = _room(columns, c, cell)
        if cell.figure:
            widest = max(map(ems, _parts(cell))) * (1.08 if cell.bold else 1.0)
        elif any(sign > "\u2e7f" for sign in cell.text):
            continue
        else:
            widest = max(map(ems, cell.text.split()), default=0.0) * (WIDE_BOLD if cell.bold else WIDE)
        if widest:
            most = min(most, int(room / (10 * widest)))
    return max(most, SMALLEST)


def fitting_header(table: Table, lang: str, columns: list[int], most: int) -> int:
    """Half-points, ``most`` or less, at which no word of the header is wider than its columns in any usual font."""
    wide = 1.0 if lang == "zh" else WIDE_BOLD
    for _, c, cell in table.grid(table.header):
        widest = widest_word(cell.text) * wide
        if widest:
            most = min(most, int(_room(columns, c, cell) / (10 * widest)))
    return max(most, SMALLEST)


def _room(columns: list[int], c: int, cell: Cell) -> int:
    """Twips for the text of a cell."""
    return sum(columns[c : c + cell.across]) - 2 * MARGIN


def _parts(cell: Cell) -> list[str]:
    """The parts of a cell that stay whole: its text, or what was and what is."""
    old, arrow, new = cell.text.partition(ARROW)
    return [f"{old}{arrow}".rstrip(), new] if arrow else [cell.text]


def _lines(cell: Cell, room: float) -> list[str]:
    """The text of a cell as the lines that are wanted: what was and what is, where they do not fit on one of ``room``
    ems but each on its own; some programs break Chinese text inside a figure."""
    parts = _parts(cell)
    whole = ems(cell.text) * WIDE <= room or any(ems(part) > room for part in parts)
    return [cell.text] if whole else parts


def _filled(table: Table, part: tuple[tuple[Cell, ...], ...]) -> Iterator[list[tuple[int, Cell, bool]]]:
    """By row: column, cell, and whether the cell only goes on from the row above; in the order of the columns."""
    rows: list[list[tuple[int, Cell, bool]]] = [[] for _ in part]
    for r, c, cell in table.grid(part):
        for i in range(min(cell.down, len(part) - r)):
            rows[r + i].append((c, cell, i > 0))
    for row in rows:
        yield sorted(row, key=lambda one: one[0])


def _row(cells: list[tuple[int, Cell, bool]], lang: str, columns: list[int], size: int, head: bool, whole: bool) -> str:
    look = '<w:cantSplit/><w:trHeight w:val="440" w:hRule="atLeast"/>' + ("<w:tblHeader/>" if head else "")
    inside = "".join(_cell(c, cell, more, lang, columns, size, head, whole) for c, cell, more in cells)
    return f"<w:tr><w:trPr>{look}</w:trPr>{inside}</w:tr>"


def _cell(c: int, cell: Cell, more: bool, lang: str, columns: list[int], size: int, head: bool, whole: bool) -> str:
    room = _room(columns, c, cell)
    across = f'<w:gridSpan w:val="{cell.across}"/>' if cell.across > 1 else ""
    down = "" if cell.down == 1 else "<w:vMerge/>" if more else '<w:vMerge w:val="restart"/>'
    unbroken = "<w:noWrap/>" if cell.figure and whole and ARROW not in cell.text else ""
    look = (
        f'<w:tcPr><w:tcW w:w="{room + 2 * MARGIN}" w:type="dxa"/>{across}{down}{unbroken}'
        '<w:vAlign w:val="center"/></w:tcPr>'
    )
    style = "TableHead" if head else "TableFigure" if cell.figure else "TableText"
    hint = '<w:rFonts w:hint="eastAsia"/>' if lang == "zh" else ""
    bold = "<w:b/><w:bCs/>" if cell.bold else ""
    form = f'<w:rPr>{hint}{bold}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>'
    lines = heading_lines(cell.text, room / (10 * size)) if head else _lines(cell, room / (10 * size))
    runs = (f'<w:r>{form}<w:t xml:space="preserve">{escaped(line)}</w:t></w:r>' for line in lines)
    text = "" if more else LINE.join(runs)
    return f'<w:tc>{look}<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{text}</w:p></w:tc>'
