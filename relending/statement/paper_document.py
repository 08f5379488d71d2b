"""A document 说明 as one sheet: paragraphs as texts over the width, tables cell by cell."""

from __future__ import annotations

import re

from relending.sheet import lines_of, put
from relending.statement.document import Cell, Document, Paragraph, Table
from relending.statement.paper_page import Page

_FIGURE = re.compile(
    r"([^\d\s\"\\]{0,8}?\s?)([-−]?)((?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.(\d{1,10}))?)(\s?[^\d\s\"\\]{0,8})"
)
"""A number with a unit before it or after it, if any."""
EXACT_DIGITS = 15
PLACES = 190
"""Characters over the width of the sheet."""


def figure(text: str) -> tuple[float, str] | None:
    """The number a figure is, and the format that shows it so, with thousands separators and its unit; else None.

    >>> figure("-0.01"), figure("1234.50元"), figure("CNY -1,234")
    ((-0.01, '#,##0.00'), (1234.5, '#,##0.00"元"'), (-1234.0, '"CNY "#,##0;"CNY "-#,##0'))
    >>> figure("—"), figure("1至2"), figure("1234567890123456")
    (None, None, None)
    """
    found = _FIGURE.fullmatch(text)
    if found is None:
        return None
    before, minus, number, decimals, after = (part or "" for part in found.groups())
    digits = number.replace(",", "")
    if len(digits.replace(".", "").lstrip("0")) > EXACT_DIGITS:
        return None
    shown = "#,##0" + (f".{'0' * len(decimals)}" if decimals else "") + (f'"{after}"' if after else "")
    shown = f'"{before}"{shown};"{before}"-{shown}' if before else shown
    return float(f"{'-' if minus else ''}{digits}"), shown


def widths_of(document: Document) -> list[float]:
    """The widths of the columns: those of the table with the most of them."""
    tables = [b for b in document.blocks if isinstance(b, Table)]
    if not tables:
        return [float(PLACES)]
    widest = max(tables, key=lambda t: len(t.widths))
    whole = sum(widest.widths) or 1
    return [max(8.0, PLACES * w / whole) for w in widest.widths]


def write_document(page: Page, document: Document) -> None:
    """Write a document; every text is text, whatever it looks like."""
    page.title(document.title)
    for block in document.blocks:
        if isinstance(block, Paragraph):
            page.note(block.text, "#C00000" if block.role == "mark" else "#000000")
        else:
            page.heading(block.caption)
            _part(page, block, block.header, True)
            _part(page, block, block.rows, False)
    page.finish()


def _part(page: Page, table: Table, rows: tuple[tuple[Cell, ...], ...], head: bool) -> None:
    for row in _rows(table, rows):
        lines = 1
        for c in range(len(table.widths)):
            page.sheet.write_blank(page.row, c, None, page.styles.header() if head else page.styles(border=1))
        for c, cell in row:
            style = page.styles.header() if head else _style(page, cell)
            if cell.across > 1:
                page.sheet.merge_range(page.row, c, page.row, c + cell.across - 1, "", style)
            found = figure(cell.text) if cell.figure and not head else None
            if found is None:
                put(page.sheet, page.row, c, cell.text, style)
            else:
                number = page.styles(border=1, bold=cell.bold, align="right", num_format=found[1])
                page.sheet.write_number(page.row, c, found[0], number)
            width = sum(page.widths[c : c + cell.across])
            lines = max(lines, lines_of(cell.text, max(int(width) - 1, 1)))
        page.fit(lines)
        page.row += 1


def _rows(table: Table, rows: tuple[tuple[Cell, ...], ...]) -> list[list[tuple[int, Cell]]]:
    out: list[list[tuple[int, Cell]]] = [[] for _ in rows]
    for r, c, cell in table.grid(rows):
        out[r].append((c, cell))
    return out


def _style(page: Page, cell: Cell) -> object:
    return page.styles(border=1, text_wrap=True, bold=cell.bold, align="right" if cell.figure else "left")
