"""What every sheet for people has in common: styles, cells that hold what others wrote, and how it prints."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unicodedata import east_asian_width

from relending.spreadsheet import CELL, escape

FONTS = {"zh": "宋体", "en": "Calibri"}
"""What every program that opens a sheet in this language has, or replaces by the like."""
PAGES = {"zh": "第 &P 页，共 &N 页", "en": "Page &P of &N"}
NUMBER, ID, TEXT, DATE, COUNT = "number", "id", "text", "date", "count"
"""Kinds of what a cell of a table holds."""
SIZE = 10
LINE, MOST_LINES = 14, 12
"""Height of a line in points, and lines of the highest row."""
A4 = 9
"""The number spreadsheets have for the paper."""


class Styles:
    """Cell formats of one workbook, made once each."""

    def __init__(self, book: Any, lang: str) -> None:
        self._book, self._font = book, FONTS[lang]
        self._made: dict[Any, Any] = {}

    def __call__(self, **properties: Any) -> Any:
        """The format with these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            given = {"font_name": self._font, "font_size": SIZE, "valign": "vcenter", **properties}
            self._made[key] = self._book.add_format(given)
        return self._made[key]

    def title(self) -> Any:
        """The title of a sheet."""
        return self(bold=True, font_size=16)

    def label(self, bold: bool = False) -> Any:
        """A text that stands by itself."""
        return self(bold=bold)

    def header(self) -> Any:
        """A header."""
        return self(bold=True, border=1, text_wrap=True, align="center", bg_color="#DDEBF7")

    def cell(self, kind: str, number: str = "", bold: bool = False) -> Any:
        """A cell of a table by the kind of what it holds."""
        if kind == ID:
            return self(border=1, num_format="@", text_wrap=True)
        if kind == DATE:
            return self(border=1, num_format="yyyy-mm-dd", align="center")
        if kind in (NUMBER, COUNT):
            return self(border=1, num_format="0", align="center", bold=bold)
        if number:
            return self(border=1, num_format=number, bold=bold)
        return self(border=1, text_wrap=True, bold=bold)


def put(sheet: Any, row: int, at: int, value: object, style: Any) -> None:
    """A text, day, number or nothing into a cell; no text is ever a formula, a link or a number."""
    if value is None or value == "":
        sheet.write_blank(row, at, None, style)
    elif isinstance(value, dt.date):
        sheet.write_datetime(row, at, dt.datetime.combine(value, dt.time()), style)
    elif isinstance(value, str):
        sheet.write_string(row, at, escape(value)[:CELL], style)
    else:
        sheet.write_number(row, at, value, style)


def lines_of(value: object, width: int) -> int:
    """Lines that a text takes in a column of this width; East Asian characters count two places.

    >>> lines_of("福建莆田平海湾海上风电项目", 13), lines_of("SF2021071501", 12), lines_of(None, 12)
    (2, 1, 1)
    """
    if not isinstance(value, str):
        return 1
    rows = value.split("\n")
    return sum(max(-(-sum(2 if east_asian_width(c) in "WF" else 1 for c in row) // width), 1) for row in rows)


def fit_row(sheet: Any, row: int, lines: int, least: float = LINE) -> None:
    """Make a row as high as its longest text needs: not every program does so by itself."""
    sheet.set_row(row, max(least, LINE * min(lines, MOST_LINES)))


def made_to_print(sheet: Any, header: int, columns: int, lang: str) -> None:
    """Landscape A4, one page wide, the header frozen and on every page."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.3, right=0.3, top=0.5, bottom=0.5)
    sheet.freeze_panes(header + 1, min(2, columns - 1))
    sheet.repeat_rows(header)
    sheet.set_footer(f"&C{PAGES[lang]}")
