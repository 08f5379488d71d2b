"""The statement and the receipts 与到账核对: what was asked for, what arrived, and what is claimed of it."""

from __future__ import annotations

from relending.lineage.disclosed import Disclosed
from relending.lineage.receipts_view import claimed, received_by_period
from relending.lineage.whynot import Saved
from relending.sheet import ID
from relending.statement.paper_page import NUMBER_KIND, WHOLE, YUAN, Column, Formula, Page, column, yuan
from relending.statement.words import word

RECEIPTS = (16, 18, 12, 10, 22, 22, 22, 22, 22)


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
