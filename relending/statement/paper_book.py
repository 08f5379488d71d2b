"""The statement and the book 与台账核对: live sums from all loans read down to the figure, and the loans left out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from relending.engine.columns import ints
from relending.engine.opening_totals import SINCE_START, TOTAL
from relending.lineage.book_bridge import CAUSES, LESS, SUM, Line, Placed, book_bridge, placed, without_lender
from relending.lineage.disclosed import Disclosed
from relending.lineage.whynot import Saved
from relending.sheet import COUNT, DATE, ID
from relending.statement.paper_layout import Layout, formula
from relending.statement.paper_loans import sector_name
from relending.statement.paper_page import (
    NUMBER_KIND,
    WHOLE,
    YUAN,
    Column,
    Formula,
    Page,
    column,
    day,
    place,
    text,
    yuan,
)
from relending.statement.paper_words import facility_told, finding_told, reasons_told, state_told
from relending.statement.words import word
from relending.units import Ints, decimal_text

BOOK = (7, 22, 20, 10, 10, 22, 13, 20, 26, 52)
_LINE, _LOANS, _AMOUNT, _DETAIL = 0, 4, 5, 6
"""Where the columns of the bridge begin: the line over four of the list below it, its detail over the last four."""
_NAMES = ("number", "loan_id", "file", "sheet", "row", "principal", "disbursed", "sector", "gone", "why")
_KINDS = (NUMBER_KIND, ID, "text", "text", COUNT, NUMBER_KIND, DATE, "text", "text", "text")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The loans up to the quarter's end that are not counted, in the order of the bridge.

    ``at``: places among the loans of ``book``; ``spans``: first and last row of each line of the bridge, from 1, by
    its kind and detail.
    """

    book: Placed
    at: Ints
    spans: dict[tuple[str, str], tuple[int, int]]

    def __len__(self) -> int:
        return len(self.at)


def left_out(run: Saved, found: Disclosed) -> LeftOut:
    """The loans left out."""
    book = placed(run, found)
    rank = {kind: i for i, kind in enumerate(CAUSES)}
    gone = np.flatnonzero(np.isin(book.kind, CAUSES[1:])).tolist()

    def key(i: int) -> tuple[str, str]:
        return str(book.kind[i]), str(book.detail[i])

    order = sorted(gone, key=lambda i: (rank[str(book.kind[i])], book.detail[i], i))
    spans, row = {}, 1
    for one, group in groupby(order, key):
        n = len(list(group))
        spans[one] = (row, row + n - 1)
        row += n
    return LeftOut(book, np.array(order, np.int64), spans)


def write_book(page: Page, run: Saved, found: Disclosed, out: LeftOut, layout: Layout, lang: str) -> None:
    """Write the bridge from the book to the statement, and below it the loans ``out`` of it."""
    page.title(word("paper_sheet.book", lang))
    page.note(word("paper.book_note", lang))
    lines = book_bridge(run, found)
    nobody, fen = without_lender(run)
    _bridge_header(page, lang)
    # lines, the statement's row and the check; heading and headers of the list; a note with an empty line before it
    first = page.row + len(lines) + 2 + 3 + (2 if nobody else 0) + 1
    rows = {(one.kind, one.detail): page.row + 1 + i for i, one in enumerate(lines)}
    last = page.row  # the row of the subtotal before, as people count it: one more than counted from 0
    for at, one in enumerate(lines):
        span = out.spans.get((one.kind, one.detail)) if one.role == LESS else None
        values = _line(one, page.row, last if at else None, lines, at, lang)
        if span is not None:
            spots = [place(page.name, first + span[0] - 1, first + span[1] - 1, (c, c)) for c in ("A", "F")]
            values = (values[0], Formula(f"=COUNT({spots[0]})", one.loans), _sum(spots[1], one.fen), values[3])
        elif (one.role, one.kind) == (LESS, "funded_apart"):
            other = rows["funded_not_eligible", one.detail]
            values = (values[0], Formula(f"=E{other}", one.loans), Formula(f"=F{other}", yuan(one.fen)), values[3])
        _bridge_line(page, values, one.role == SUM)
        if one.role == SUM:
            last = page.row
    total = found.cells[SINCE_START, TOTAL]
    exact = Formula(f"={formula(layout, (SINCE_START, TOTAL), 'amount')}", yuan(total.amount), "")
    counted = Formula(f"={layout_count(layout)}", sum(b - a for a, b in layout.ranges[SINCE_START, TOTAL]))
    _bridge_line(page, (word("paper.statement_row", lang), counted, exact, None), True)
    row, same = page.row, word("paper.same", lang)
    check = f'=IF(AND(E{row}=E{row - 1},ABS(F{row}-F{row - 1})<0.005),"{same}","{word("paper.differs", lang)}")'
    _bridge_line(page, (word("paper.check", lang), None, Formula(check, same), None), True)
    if nobody:
        page.row += 1
        page.note(word("paper.no_lender", lang, n=f"{nobody:,}", amount=decimal_text(fen, 2)))
    _list(page, run, out, first, (rows["until", ""], rows["counted", ""]), lang)
    page.finish()


def _bridge_header(page: Page, lang: str) -> None:
    header = page.styles.header()
    for at, end, key in ((_LINE, _LOANS, "line"), (_DETAIL, len(BOOK), "detail")):
        page.sheet.merge_range(page.row, at, page.row, end - 1, "", header)
        page.sheet.write_string(page.row, at, word(f"paper_column.{key}", lang), header)
    for at, key in ((_LOANS, "loans"), (_AMOUNT, "principal_fen")):
        page.sheet.write_string(page.row, at, word(f"paper_column.{key}", lang), header)
    page.fit(2)
    page.row += 1


def _bridge_line(page: Page, values: tuple[object, ...], bold: bool) -> None:
    """A line of the bridge: what it is, loans, amount, and what it is of."""
    style = page.styles(border=1, text_wrap=True, bold=bold)
    line, detail = Column("", sum(BOOK[:_LOANS])), Column("", sum(BOOK[_DETAIL:]))
    for at, end in ((_LINE, _LOANS), (_DETAIL, len(BOOK))):
        page.sheet.merge_range(page.row, at, page.row, end - 1, "", style)
    page.cell(_LINE, line, values[0], bold)
    page.cell(_LOANS, Column("", BOOK[_LOANS], NUMBER_KIND, WHOLE), values[1], bold)
    page.cell(_AMOUNT, Column("", BOOK[_AMOUNT], NUMBER_KIND, YUAN), values[2], bold)
    page.cell(_DETAIL, detail, values[3], bold)
    page.fit(max(page.lines(line, values[0]), page.lines(detail, values[3])))
    page.row += 1


def _sum(span: str, fen: int) -> Formula:
    return Formula(f"=ROUND(SUM({span}),2)", yuan(fen))


def _list(page: Page, run: Saved, out: LeftOut, first: int, totals: tuple[int, int], lang: str) -> None:
    """The loans left out, their sum, and whether it is what the bridge takes off between these of its rows."""
    page.heading(word("paper.left_out", lang))
    columns = [
        column(n, lang, w, k, {"principal": YUAN, "number": "0"}.get(n, ""))
        for n, w, k in zip(_NAMES, BOOK, _KINDS, strict=True)
    ]
    page.header([c.header for c in columns])
    assert page.row + 1 == first
    if not len(out):
        page.line(columns, (None, word("paper.nothing", lang), *[None] * 8))
        return
    where = out.book.at[out.at]
    loans, days = run.tables["loans"].iloc[where], run.tables["attribution"]["disbursed"].iloc[where].tolist()
    rows, there = ints(loans, "row")
    told = zip(*(loans[n].tolist() for n in ("loan_id", "file", "sheet", "sector")), strict=True)
    for i, (loan, file, sheet, sector) in enumerate(told):
        kind, detail = out.book.kind[out.at[i]], out.book.detail[out.at[i]]
        amount = yuan(int(out.book.fen[out.at[i]])) if out.book.has[out.at[i]] else None
        line = int(rows[i]) if there[i] else None
        words = (sector_name(sector, lang), word(f"paper_book.{kind}", lang), detail_told(kind, detail, lang))
        page.line(columns, (i + 1, text(loan), text(file), text(sheet), line, amount, day(days[i]), *words))
    last, (until, counted) = page.row, totals
    page.sheet.autofilter(first - 2, 0, last - 1, len(BOOK) - 1)
    page.sheet.repeat_rows(first - 2)
    fen = sum(out.book.fen[out.at].tolist())
    empty = [None] * 4
    total = (None, word("table.total", lang), None, None, Formula(f"=COUNT(A{first}:A{last})", len(out)))
    page.line(columns, (*total, _sum(f"F{first}:F{last}", fen), *empty), True)
    off = (Formula(f"=E{until}-E{counted}", len(out)), Formula(f"=ROUND(F{until}-F{counted},2)", yuan(fen)))
    page.line(columns, (None, word("paper.left_out_bridge", lang), None, None, *off, *empty), True)
    row, same = page.row, word("paper.same", lang)
    check = f'=IF(AND(E{row}=E{row - 1},ABS(F{row}-F{row - 1})<0.005),"{same}","{word("paper.differs", lang)}")'
    page.line(columns, (None, word("paper.check", lang), None, None, None, Formula(check, same), *empty), True)


def layout_count(layout: Layout) -> str:
    """How many loans are in the widest cell, as a formula: the rows with an id."""
    parts = [place(layout.sheet, a, b, ("A", "A")) for a, b in layout.rows((SINCE_START, TOTAL))]
    return "+".join(f"COUNTA({p})" for p in parts) or "0"


def _line(line: Line, row: int, last: int | None, lines: list[Line], at: int, lang: str) -> tuple[object, ...]:
    told = word(f"paper_book.{line.kind}", lang)
    remark = word("paper.no_amount", lang, n=f"{line.no_amount:,}") if line.no_amount else ""
    said = word("paper.between", lang).join(t for t in (detail_told(line.kind, line.detail, lang), remark) if t) or None
    if line.role != SUM:
        sign = word("paper.minus" if line.role == LESS else "paper.plus", lang, text=told)
        return sign, line.loans, yuan(line.fen), said
    if last is None:
        return told, line.loans, yuan(line.fen), said
    # from the subtotal before: its row, then the lines between, taken off but for what is added
    between = list(zip(range(last + 1, row + 1), lines[at - (row - last) : at], strict=True))
    signs = "".join(f"{'-' if one.role == LESS else '+'}{{0}}{r}" for r, one in between)
    made = [f"{{0}}{last}{signs}".format(c) for c in ("E", "F")]
    return told, Formula(f"={made[0]}", line.loans), Formula(f"=ROUND({made[1]},2)", yuan(line.fen)), said


def detail_told(kind: str, detail: str, lang: str) -> str:
    """A code in words, the code itself behind it where one would look for it."""
    if not detail:
        return ""
    if kind == "set_aside":
        return finding_told(detail, lang)
    if kind in ("not_eligible", "funded_apart", "funded_not_eligible"):
        return reasons_told(detail, lang)
    return state_told(detail, lang) if kind == "not_supported" else facility_told(detail, lang)


__all__ = ["LeftOut", "left_out", "write_book"]
