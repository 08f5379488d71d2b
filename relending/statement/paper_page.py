"""A sheet of the work paper 底稿工作表: written from the top down, a row at a time, so that any size fits in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from relending.sheet import COUNT, DATE, ID, PAGES, Styles, lines_of, made_to_print, put
from relending.statement.words import word

YUAN, TONNES, RATE, WHOLE = "#,##0.00", "#,##0.000000", "0.00000000", "#,##0"
TEXT_KIND, NUMBER_KIND = "text", "figure"
BLUE = "#0563C1"
ROW = "{row}"
"""In a formula: the row it stands in."""
ROW_HEIGHT, LINE_HEIGHT, MOST_LINES = 18, 15, 26
"""Points of a row of one line, and of each line of a higher one; lines of the highest (a row ends at 409 points)."""
EXACT = 10**15
"""Figures of more digits are not exact in a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: header, width in characters, kind of what it holds, number format."""

    header: str
    width: float
    kind: str = TEXT_KIND
    number: str = ""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula with the value it has, and where a click leads (a place of this workbook), if anywhere."""

    text: str
    value: float | int | str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A text of ours that leads to a place of this workbook."""

    place: str
    text: str


def column(key: str, lang: str, width: float, kind: str = TEXT_KIND, number: str = "") -> Column:
    """A column by the key of its header."""
    return Column(word(f"paper_column.{key}", lang), width, kind, number)


def place(sheet: str, first: int, last: int | None = None, columns: tuple[str, str] = ("A", "A")) -> str:
    """A range of a sheet as formulas and links have it; rows as people count them.

    >>> place("借据", 4, 9, ("M", "M")), place("Loans", 4)
    ("'借据'!$M$4:$M$9", "'Loans'!$A$4")
    """
    begin, end = columns
    where = f"'{sheet}'!${begin}${first}"
    return where if last is None else f"{where}:${end}${last}"


class Page:
    """One sheet; ``row`` is the next row to write, counted from 0."""

    def __init__(self, book: Any, name: str, lang: str, styles: Styles, widths: Sequence[float]) -> None:
        self.sheet, self.name, self.lang, self.styles = book.add_worksheet(name), name, lang, styles
        self.widths, self.row = list(widths), 0
        self._made: dict[Any, Any] = {}
        self.sheet.set_default_row(ROW_HEIGHT)
        for at, width in enumerate(widths):
            self.sheet.set_column(at, at, width)

    def title(self, text: str) -> None:
        """The title, on a line of its own."""
        self.sheet.set_row(self.row, 26)
        put(self.sheet, self.row, 0, text, self.styles.title())
        self.row += 1

    def heading(self, text: str) -> None:
        """A heading over what follows, after an empty line."""
        self.row += 1
        put(self.sheet, self.row, 0, text, self.styles(bold=True, font_size=12))
        self.row += 1

    def note(self, text: str, color: str = "#595959") -> None:
        """A text over the whole width, in as many lines as it needs."""
        style = self.styles(text_wrap=True, valign="top", font_color=color)
        width = int(sum(self.widths))
        self.fit(lines_of(text, max(width * 19 // 20, 1)))
        if len(self.widths) > 1:
            self.sheet.merge_range(self.row, 0, self.row, len(self.widths) - 1, "", style)
        put(self.sheet, self.row, 0, text, style)
        self.row += 1

    def fit(self, lines: int) -> None:
        """Make the row as high as so many lines need: not every program does so by itself."""
        self.sheet.set_row(self.row, max(ROW_HEIGHT, LINE_HEIGHT * min(lines, MOST_LINES) + 3))

    def header(self, texts: Sequence[str]) -> int:
        """A row of headers; where it stands."""
        lines = max(lines_of(t, max(int(w) - 1, 1)) for t, w in zip(texts, self.widths, strict=False))
        self.fit(lines)
        for at, text in enumerate(texts):
            put(self.sheet, self.row, at, text, self.styles.header())
        self.row += 1
        return self.row - 1

    def line(self, columns: Sequence[Column], values: Sequence[object], bold: bool = False) -> int:
        """A row of a table; where it stands."""
        lines = 1
        for at, (one, value) in enumerate(zip(columns, values, strict=True)):
            self.cell(at, one, value, bold)
            lines = max(lines, self.lines(one, value))
        if lines > 1:
            self.fit(lines)
        self.row += 1
        return self.row - 1

    def lines(self, column: Column, value: object) -> int:
        """The lines that a value takes in a column."""
        if not isinstance(value, str | Link):
            return 1
        text = value.text if isinstance(value, Link) else value
        return lines_of(text, max(int(column.width) - 1, 1)) if len(text) * 2 >= column.width - 1 else 1

    def cell(self, at: int, column: Column, value: object, bold: bool = False) -> None:
        """One cell of the row being written."""
        style = self.style(column, value, bold)
        if isinstance(value, Formula):
            if value.link:
                self.sheet.write_url(self.row, at, f"internal:{value.link}", style, str(value.value))
            self.sheet.write_formula(self.row, at, value.text.replace(ROW, str(self.row + 1)), style, value.value)
        elif isinstance(value, Link):
            self.sheet.write_url(self.row, at, f"internal:{value.place}", style, value.text)
        else:
            put(self.sheet, self.row, at, value, style)

    def style(self, column: Column, value: object, bold: bool) -> Any:
        """The format of a cell."""
        linked = isinstance(value, Link) or (isinstance(value, Formula) and bool(value.link))
        shown = value.value if isinstance(value, Formula) else value
        kind = TEXT_KIND if isinstance(value, Link) else column.kind
        key = (kind, column.number, isinstance(shown, str), linked, bold)
        if key not in self._made:
            self._made[key] = self._style(*key)
        return self._made[key]

    def _style(self, kind: str, number: str, textual: bool, linked: bool, bold: bool) -> Any:
        more = {"font_color": BLUE} if linked else {}
        if kind == NUMBER_KIND:
            align = "center" if textual else "right"
            wrap = {"text_wrap": True} if textual else {}
            return self.styles(border=1, num_format=number, bold=bold, align=align, **wrap, **more)
        if kind in (ID, DATE, COUNT) and not linked:
            return self.styles.cell(kind, bold=bold)
        return self.styles(border=1, text_wrap=True, bold=bold, **more)

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> tuple[int, int]:
        """Headers and rows; the header's row and that of the last row."""
        header = self.header([c.header for c in columns])
        for values in rows:
            self.line(columns, values)
        return header, self.row - 1

    def finish(self, header: int | None = None, wide: int = 1, frozen: bool = True) -> None:
        """How the sheet prints; ``header`` is the row on every page, frozen on the screen."""
        self.sheet.hide_gridlines(2)
        if header is not None and frozen:
            made_to_print(self.sheet, header, len(self.widths), self.lang)
        else:
            _landscape(self.sheet, self.lang)
        self.sheet.fit_to_pages(wide, 0)


def _landscape(sheet: Any, lang: str) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4, by the number spreadsheets have for it
    sheet.set_margins(left=0.3, right=0.3, top=0.5, bottom=0.5)
    sheet.set_footer(f"&C{PAGES[lang]}")


def yuan(fen: int) -> float:
    """Fen as yuan: the number nearest to it that a cell can hold.

    >>> yuan(12_345)
    123.45
    """
    return fen / 100


def tonnes(grams: int) -> float:
    """Grams as tonnes."""
    return grams / 1_000_000


def day(value: object) -> dt.date | None:
    """A day of a frame as a cell has it; None where there is none."""
    return value if isinstance(value, dt.date) and not _missing(value) else None


def _missing(value: object) -> bool:
    return value != value or value is None


def text(value: object) -> str | None:
    """A text of a frame as a cell has it; None where there is none."""
    import pandas as pd

    return None if value is None or value is pd.NA or pd.isna(value) else str(value)
