"""A statement as an Excel workbook: the table with its figures as numbers, and the text on a sheet of its own.

Figures are the printed ones, rounded once; no cell holds more digits than it shows. A total of amounts or reductions is
a live sum only where the printed rows add up to the printed total.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from relending.engine.disclosure import HORIZONS
from relending.outfile import whole_file
from relending.sheet import LINE, Styles, lines_of, made_to_print, put
from relending.spreadsheet import workbook
from relending.statement.document import Document, Table
from relending.statement.plain import plain
from relending.statement.printed import MEASURES
from relending.statement.statement import Statement
from relending.statement.text_sheet import class_at_foot, write_text
from relending.statement.wording import period_words
from relending.statement.words import word

SUMMED = ("amount", "reduction")
"""The measures of which a total may be the sum of its rows; projects are distinct counts, rates are averages."""
EXACT = 15
"""Significant digits that a number in a spreadsheet keeps; a figure of more is written as text."""
FIELD_WIDTH = 18
LEAST_WIDTHS = {"projects": 9, "amount": 15, "rate": 9, "reduction": 16}
"""Widths of columns in digits; one with longer figures is wider."""
_MARK = {"font_color": "#8B0000", "bold": True, "text_wrap": True}
_BODY_HEIGHT = 24


def write_workbook(statement: Statement, document: Document, path: Path) -> None:
    """Write a statement and its text to ``path`` (.xlsx); the same statement gives the same bytes.

    ``document`` is what :func:`~relending.statement.compose.compose` made of the statement; the workbook is in its
    language. Raises ``OSError`` where the disk refuses; then nothing is written.
    """
    with whole_file(path) as room, workbook(room) as book:
        styles = Styles(book, document.lang)
        table, text = (book.add_worksheet(word(f"page.{name}_sheet", document.lang)) for name in ("table", "text"))
        _TableSheet(table, statement, document, styles).write()
        write_text(text, document, styles)
        table.activate()


class _TableSheet:
    """The first sheet while it is written, from top to bottom."""

    def __init__(self, sheet: Any, statement: Statement, document: Document, styles: Styles) -> None:
        self.sheet, self.statement, self.styles, self.document = sheet, statement, styles, document
        self.lang = document.lang
        self.table = next(block for block in document.blocks if isinstance(block, Table))
        self.columns = [(horizon, measure) for horizon in HORIZONS for measure in MEASURES]
        self.widths = [FIELD_WIDTH, *(self._width(h, m) for h, m in self.columns)]
        self.row = 0

    def write(self) -> None:
        self._head()
        first = self._header()
        self._figures(first)
        self._notes()
        self._made_to_print(first)

    def _width(self, horizon: str, measure: str) -> int:
        longest = max(len(self.statement.printed(row, horizon).text(measure)) for row in self.statement.rows)
        return max(LEAST_WIDTHS[measure], longest + 3)

    def _line(self, text: str, first: int, last: int, height: float = LINE, **looks: Any) -> None:
        """A text over some columns of the current row."""
        style = self.styles(**looks)
        self.sheet.merge_range(self.row, first, self.row, last, "", style)
        put(self.sheet, self.row, first, plain(text), style)
        lines = lines_of(plain(text), int(sum(self.widths[first : last + 1]) * 10 / looks.get("font_size", 10)))
        self.sheet.set_row(self.row, height * lines)

    def _head(self) -> None:
        last = len(self.widths) - 1
        for mark in self.document.blocks:
            if not isinstance(mark, Table) and mark.role == "mark":
                self._line(mark.text, 0, last, height=18, **_MARK)
                self.row += 1
        self._line(self.table.caption, 0, last, height=30, bold=True, font_size=16, align="center", text_wrap=True)
        self.row += 1
        options, half = self.statement.options, last // 2
        units = {measure: options.unit(measure, self.lang) for measure in SUMMED}
        self._line(word("page.period", self.lang, period=period_words(self.statement, self.lang)), 0, half, height=18)
        self._line(word("page.units", self.lang, **units), half + 1, last, height=18, align="right")
        self.row += 1

    def _header(self) -> int:
        """The rows of the header; the first row below them comes back."""
        style = self.styles.header()
        heights = [1] * len(self.table.header)
        for r, c, cell in self.table.grid(self.table.header):
            row = self.row + r
            if cell.across > 1 or cell.down > 1:
                self.sheet.merge_range(row, c, row + cell.down - 1, c + cell.across - 1, "", style)
            put(self.sheet, row, c, plain(cell.text), style)
            if cell.down == 1:
                wide = sum(self.widths[c : c + cell.across])
                heights[r] = max(heights[r], lines_of(plain(cell.text), wide - 1))
        for r, lines in enumerate(heights):
            self.sheet.set_row(self.row + r, LINE * lines + 8)
        for c, width in enumerate(self.widths):
            self.sheet.set_column(c, c, width)
        return self.row + len(heights)

    def _figures(self, first: int) -> None:
        from xlsxwriter.utility import xl_range

        last = first + len(self.statement.rows) - 1
        self.differing = False
        for r, row in enumerate(self.statement.rows, first):
            name = plain(row.name[self.lang])
            put(self.sheet, r, 0, name, self.styles(border=1, text_wrap=True, bold=r == last, indent=1))
            self.sheet.set_row(r, max(_BODY_HEIGHT, LINE * lines_of(name, FIELD_WIDTH - 3) + 4))
            for c, (horizon, measure) in enumerate(self.columns, 1):
                shown = self.statement.printed(row, horizon)
                number = shown.number(measure)
                style = self._style(measure, bold=r == last)
                if number is None or digits(number) > EXACT:
                    put(self.sheet, r, c, shown.text(measure), style)
                elif r < last or measure not in SUMMED:
                    put(self.sheet, r, c, _cell(number), style)
                elif self._adds_up(horizon, measure):
                    self.sheet.write_formula(r, c, f"=SUM({xl_range(first, c, last - 1, c)})", style, _cell(number))
                else:
                    put(self.sheet, r, c, _cell(number), style)
                    self.differing = True
        self.row = last + 1

    def _style(self, measure: str, bold: bool) -> Any:
        decimals = self.statement.options.decimals(measure)
        shown = "#,##0" + ("." + "0" * decimals if decimals else "")
        return self.styles(border=1, num_format=shown, bold=bold, align="right", indent=1)

    def _adds_up(self, horizon: str, measure: str) -> bool:
        """Whether a spreadsheet that sums the rows gets the printed total."""
        *rows, total = (self.statement.printed(row, horizon).number(measure) for row in self.statement.rows)
        parts = [row for row in rows if row is not None and digits(row) <= EXACT]
        return len(parts) == len(rows) and sum(parts) == total

    def _notes(self) -> None:
        notes = [b.text for b in self.document.blocks if not isinstance(b, Table) and b.role == "footnote"]
        if self.differing and self.statement.rounding_shows():
            notes.append(word("page.not_sums", self.lang))
        for text in [word("page.notes", self.lang), *notes] if notes else []:
            self._line(text, 0, len(self.widths) - 1, text_wrap=True, font_size=9)
            self.row += 1

    def _made_to_print(self, first: int) -> None:
        made_to_print(self.sheet, first - 1, len(self.widths), self.lang)
        self.sheet.fit_to_pages(1, 1)
        self.sheet.center_horizontally()
        self.sheet.freeze_panes(first, 1)
        self.sheet.repeat_rows(first - len(self.table.header), first - 1)
        self.sheet.print_area(0, 0, self.row - 1, len(self.widths) - 1)
        class_at_foot(self.sheet, self.document)


def digits(number: Decimal) -> int:
    """Significant digits of a figure.

    >>> digits(Decimal("1324620.45")), digits(Decimal("0.00"))
    (9, 1)
    """
    return max(number.adjusted() - int(number.as_tuple().exponent) + 1, 1)


def _cell(number: Decimal) -> int | float:
    """The number a spreadsheet reads as this decimal."""
    return int(number) if number == number.to_integral_value() else float(number)
