"""The statement and the book 与台账核对; the statement and the receipts 与到账核对: live sums that must end alike."""

from __future__ import annotations

from relending import policy
from relending.engine.opening_totals import SINCE_START, TOTAL
from relending.findings import messages
from relending.lineage.book_bridge import LESS, SUM, Line, book_bridge, without_lender
from relending.lineage.disclosed import Disclosed
from relending.lineage.receipts_view import claimed, received_by_period
from relending.lineage.story import reason_name, state_name
from relending.lineage.whynot import Saved
from relending.sheet import ID
from relending.statement.paper_layout import Layout, formula
from relending.statement.paper_page import NUMBER_KIND, WHOLE, YUAN, Column, Formula, Page, column, yuan
from relending.statement.words import word
from relending.units import decimal_text

BOOK, RECEIPTS = (40, 52, 12, 24, 40), (16, 18, 12, 10, 22, 22, 22, 22, 22)


def write_book(page: Page, run: Saved, found: Disclosed, layout: Layout, lang: str) -> None:
    """Write the bridge from the book to the statement."""
    page.title(word("paper_sheet.book", lang))
    page.note(word("paper.book_note", lang))
    columns = [
        column("line", lang, BOOK[0]),
        column("detail", lang, BOOK[1]),
        column("loans", lang, BOOK[2], NUMBER_KIND, WHOLE),
        column("principal_fen", lang, BOOK[3], NUMBER_KIND, YUAN),
        column("remark", lang, BOOK[4]),
    ]
    header = page.header([c.header for c in columns])
    lines = book_bridge(run, found)
    last = page.row  # the row of the subtotal before, as people count it: one more than counted from 0
    for at, line in enumerate(lines):
        page.line(columns, _line(line, page.row, last if at else None, lines, at, lang), line.role == SUM)
        if line.role == SUM:
            last = page.row
    total = found.cells[SINCE_START, TOTAL]
    exact = Formula(f"={formula(layout, (SINCE_START, TOTAL), 'amount')}", yuan(total.amount), "")
    counted = Formula(f"={layout_count(layout)}", sum(b - a for a, b in layout.ranges[SINCE_START, TOTAL]))
    page.line(columns, (word("paper.statement_row", lang), None, counted, exact, None), True)
    row, same = page.row, word("paper.same", lang)
    check = f'=IF(AND(C{row}=C{row - 1},ABS(D{row}-D{row - 1})<0.005),"{same}","{word("paper.differs", lang)}")'
    page.line(columns, (word("paper.check", lang), None, None, Formula(check, same), None), True)
    nobody, fen = without_lender(run)
    if nobody:
        page.row += 1
        page.note(word("paper.no_lender", lang, n=f"{nobody:,}", amount=decimal_text(fen, 2)))
    page.finish(header)


def layout_count(layout: Layout) -> str:
    """How many loans are in the widest cell, as a formula: the rows with an id."""
    from relending.statement.paper_page import place

    parts = [place(layout.sheet, a, b, ("A", "A")) for a, b in layout.rows((SINCE_START, TOTAL))]
    return "+".join(f"COUNTA({p})" for p in parts) or "0"


def _line(line: Line, row: int, last: int | None, lines: list[Line], at: int, lang: str) -> tuple[object, ...]:
    told = word(f"paper_book.{line.kind}", lang)
    remark = word("paper.no_amount", lang, n=f"{line.no_amount:,}") if line.no_amount else None
    if line.role != SUM:
        sign = word("paper.minus" if line.role == LESS else "paper.plus", lang, text=told)
        return (sign, _detail(line, lang), line.loans, yuan(line.fen), remark)
    if last is None:
        return (told, None, line.loans, yuan(line.fen), remark)
    # from the subtotal before: its row, then the lines between, taken off but for what is added
    between = list(zip(range(last + 1, row + 1), lines[at - (row - last) : at], strict=True))
    signs = "".join(f"{'-' if one.role == LESS else '+'}{{0}}{r}" for r, one in between)
    made = [f"{{0}}{last}{signs}".format(c) for c in ("C", "D")]
    return (
        told,
        None,
        Formula(f"={made[0]}", line.loans),
        Formula(f"=ROUND({made[1]},2)", yuan(line.fen)),
        remark,
    )


def _detail(line: Line, lang: str) -> str | None:
    """A code in words, the code itself behind it."""
    between = word("paper.and", lang)
    if line.kind == "set_aside":
        known = messages().get(line.detail)
        return line.detail if known is None else f"{known.message[lang]} ({line.detail})"
    if line.kind == "not_eligible":
        return between.join(reason_name(r, lang) for r in line.detail.split(";"))
    if line.kind == "not_supported":
        return state_name(line.detail, lang)
    if line.kind == "other_facility" and line.detail in policy.facilities():
        return policy.facility(line.detail).name[lang]
    return line.detail or None


def write_receipts(page: Page, run: Saved, found: Disclosed, lang: str) -> None:
    """Write what was asked for and what arrived."""
    page.title(word("paper_sheet.receipts", lang))
    page.note(word("paper.receipts_note", lang))
    columns = [
        column("period", lang, RECEIPTS[0], ID),
        column("result", lang, RECEIPTS[1]),
        column("basis", lang, RECEIPTS[2]),
        column("loans", lang, RECEIPTS[3], NUMBER_KIND, WHOLE),
        *(column(k, lang, 22, NUMBER_KIND, YUAN) for k in ("principal", "by_ratio", "asked", "received", "difference")),
    ]
    rows = received_by_period(run, found)
    header = page.header([c.header for c in columns])
    first = page.row + 1
    for r in rows:
        gap = Formula(f"=ROUND(G{page.row + 1}-H{page.row + 1},2)", yuan(r.asked - r.received))
        amounts = [yuan(v) for v in (r.principal, r.by_ratio, r.asked, r.received)]
        result, basis = word(f"paper_result.{r.result}", lang), word(f"paper.{r.basis}", lang)
        page.line(columns, (r.period, result, basis, r.loans, *amounts, gap))
    if rows:
        sums = {"D": sum(r.loans for r in rows)}
        for at, name in zip("EFGH", ("principal", "by_ratio", "asked", "received"), strict=True):
            sums[at] = sum(getattr(r, name) for r in rows)
        sums["I"] = sums["G"] - sums["H"]
        last = page.row
        live = [
            Formula(f"=SUM({c}{first}:{c}{last})", n)
            if c == "D"
            else Formula(f"=ROUND(SUM({c}{first}:{c}{last}),2)", yuan(n))
            for c, n in sums.items()
        ]
        page.line(columns, (word("table.total", lang), None, None, *live), True)
    else:
        page.line(columns, (word("paper.nothing", lang), *[None] * 8))
    _funding(page, run, found, lang)
    page.finish(header)


def _funding(page: Page, run: Saved, found: Disclosed, lang: str) -> None:
    page.heading(word("paper.funding", lang))
    one = claimed(run, found)
    text = Column("", RECEIPTS[0] + RECEIPTS[1] + RECEIPTS[2])

    def row(key: str, value: object, number: str) -> int:
        page.sheet.merge_range(page.row, 0, page.row, 2, "", page.styles(border=1, text_wrap=True))
        page.cell(0, text, word(f"paper.funding_{key}", lang))
        page.sheet.merge_range(page.row, 3, page.row, 4, "", page.styles(border=1))
        page.cell(3, Column("", 20, NUMBER_KIND, number), value)
        page.row += 1
        return page.row

    row("loans", one.loans, WHOLE)
    principal = row("principal", yuan(one.principal), YUAN)
    row("claimed", yuan(one.claimed), YUAN)
    drawn = row("drawn", yuan(one.drawn), YUAN)
    ratio = one.drawn / one.principal if one.principal else "—"
    row("ratio", Formula(f'=IF(D{principal}=0,"—",D{drawn}/D{principal})', ratio), "0.00%")
    if one.in_opening:
        row("opening", one.in_opening, WHOLE)


__all__ = ["write_book", "write_receipts"]
