"""A table of a document as Word has it: fixed columns, merged cells, a header on each page, figures kept whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relending.statement.document import Cell, Table
from relending.statement.xmltext import escaped

LARGEST, SMALLEST = {"zh": 18, "en": 17}, 9
"""Half-points of a table's text: as large as its words and figures allow, between these."""
MARGIN = 45
"""Twips at each side of a cell (as the style of the table has them)."""
LINE = "<w:r><w:br/></w:r>"
_BRACKET = re.compile(r"(.*\S)(\s*[（(][^（()）]*[)）])")
_THIN, _BROAD = frozenset("ijltfr.,:;'|!()[] -/"), frozenset("mwMW%@")


def table_xml(table: Table, lang: str, width: int, size: int | None = None) -> str:
    """The XML of a table as wide as ``width`` twips; ``size``: half-points of its text, else the largest that fits."""
    columns = _columns(table.widths, width)
    half_points = fitting(table, lang, columns) if size is None else size
    look = (
        f'<w:tblPr><w:tblStyle w:val="Statement"/><w:tblW w:w="{sum(columns)}" w:type="dxa"/><w:jc w:val="center"/>'
        '<w:tblLayout w:type="fixed"/></w:tblPr>'
    )
    grid = "".join(f'<w:gridCol w:w="{one}"/>' for one in columns)
    rows = [
        _row(cells, lang, columns, half_points, head=part is table.header, whole=size is None)
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
    """Half-points at which no figure, and no word of a text, is wider than its columns."""
    most = LARGEST[lang]
    for part in (table.header, table.rows):
        for _, c, cell in table.grid(part):
            room = sum(columns[c : c + cell.across]) - 2 * MARGIN
            words = [cell.text] if cell.figure else cell.text.split()
            bold = 1.08 if cell.bold or part is table.header else 1.0
            widest = max((_ems(one) for one in words), default=0.0) * bold
            if widest and (cell.figure or not any(sign > "\u2e7f" for sign in cell.text)):
                most = min(most, int(room / (10 * widest)))
    return max(most, SMALLEST)


def _ems(text: str) -> float:
    """About how wide a text is, in units of its size, in a serif of usual width."""
    return sum(
        1.0
        if sign > "\u2000"
        else 0.3
        if sign in _THIN
        else 0.82
        if sign in _BROAD
        else 0.72
        if sign.isupper()
        else 0.5
        for sign in text
    )


def before_bracket(text: str) -> list[str]:
    """A text that ends in brackets as two lines, else as it is.

    >>> before_bracket("贷款金额（万元）"), before_bracket("合计")
    (['贷款金额', '（万元）'], ['合计'])
    """
    found = _BRACKET.fullmatch(text)
    return [found[1], found[2]] if found else [text]


def _lines(text: str, ems: float) -> list[str]:
    """A heading as the lines that are wanted: a unit in brackets goes whole to the next where Chinese would part it."""
    if "\n" in text:
        return text.split("\n")
    lines = before_bracket(text)
    return [text] if " " in text or _ems(text) <= ems or _ems(lines[-1]) > ems else lines


def _filled(table: Table, part: tuple[tuple[Cell, ...], ...]) -> Iterator[list[tuple[int, Cell, bool]]]:
    """By row: column, cell, and whether the cell only goes on from the row above; in the order of the columns."""
    rows: list[list[tuple[int, Cell, bool]]] = [[] for _ in part]
    for r, c, cell in table.grid(part):
        for i in range(min(cell.down, len(part) - r)):
            rows[r + i].append((c, cell, i > 0))
    for row in rows:
        yield sorted(row, key=lambda one: one[0])


def _row(
    cells: list[tuple[int, Cell, bool]], lang: str, columns: list[int], size: int, *, head: bool, whole: bool
) -> str:
    look = '<w:cantSplit/><w:trHeight w:val="440" w:hRule="atLeast"/>' + ("<w:tblHeader/>" if head else "")
    inside = "".join(_cell(c, cell, more, lang, columns, size, head, whole) for c, cell, more in cells)
    return f"<w:tr><w:trPr>{look}</w:trPr>{inside}</w:tr>"


def _cell(c: int, cell: Cell, more: bool, lang: str, columns: list[int], size: int, head: bool, whole: bool) -> str:
    room = sum(columns[c : c + cell.across]) - 2 * MARGIN
    across = f'<w:gridSpan w:val="{cell.across}"/>' if cell.across > 1 else ""
    down = "" if cell.down == 1 else "<w:vMerge/>" if more else '<w:vMerge w:val="restart"/>'
    unbroken = "<w:noWrap/>" if cell.figure and whole else ""
    look = (
        f'<w:tcPr><w:tcW w:w="{room + 2 * MARGIN}" w:type="dxa"/>{across}{down}{unbroken}'
        '<w:vAlign w:val="center"/></w:tcPr>'
    )
    style = "TableHead" if head else "TableFigure" if cell.figure else "TableText"
    hint = '<w:rFonts w:hint="eastAsia"/>' if lang == "zh" else ""
    bold = "<w:b/><w:bCs/>" if cell.bold else ""
    form = f'<w:rPr>{hint}{bold}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>'
    lines = _lines(cell.text, room / (10 * size)) if head else [cell.text]
    runs = (f'<w:r>{form}<w:t xml:space="preserve">{escaped(line)}</w:t></w:r>' for line in lines)
    text = "" if more else LINE.join(runs)
    return f'<w:tc>{look}<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{text}</w:p></w:tc>'
