"""Annexes 附表: the table by sector, what the loans owe, and what of it is in operation. Nothing of it is published."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relending import policy
from relending.dates import iso, quarter_end
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import TOTAL
from relending.lineage.balances_views import by_field
from relending.lineage.disclosed import Disclosed, Figures, sectors_of
from relending.statement.paper_layout import HEADER, Layout, letter
from relending.statement.paper_loans import field_name, sector_name
from relending.statement.paper_page import (
    NUMBER_KIND,
    TONNES,
    WHOLE,
    YUAN,
    Column,
    Formula,
    Link,
    Page,
    column,
    place,
    tonnes,
    yuan,
)
from relending.statement.paper_table import EXACT_FORMATS, exact_value
from relending.statement.printed import MEASURES
from relending.statement.words import word

WIDTHS = {
    "zh": (24, 30, *(11, 20, 12, 21) * 3, 10),
    "en": (46, 44, *(11, 20, 15, 21) * 3, 10),
}
_KEYS = {"projects": "projects", "amount": "amount_yuan", "rate": "rate_fraction", "reduction": "reduction_t"}
_SUMS = {"amount": "amount", "reduction": "reduction"}
_OPERATION = ("running", "building", "unknown")


def write_annexes(page: Page, found: Disclosed, owing: pd.DataFrame, layout: Layout, lang: str) -> None:
    """Write the three annexes; ``owing`` as ``outstanding_loans`` gives it."""
    page.title(word("paper_sheet.annexes", lang))
    _by_sector(page, found, layout, lang)
    when = iso(int(quarter_end(found.quarter)))
    _outstanding(page, found, owing, layout, when, lang)
    _in_operation(page, found, owing, layout, when, lang)
    page.finish()
    page.sheet.fit_to_pages(1, 1)


def _by_sector(page: Page, found: Disclosed, layout: Layout, lang: str) -> None:
    page.heading(word("paper.annex_a", lang))
    page.note(word("paper.annex_a_note", lang, sheet=layout.sheet))
    header = page.styles.header()
    for at in (0, 1, 2 + len(HORIZONS) * len(MEASURES)):
        page.sheet.write_blank(page.row, at, None, header)
    for i, horizon in enumerate(HORIZONS):
        first = 2 + i * len(MEASURES)
        page.sheet.merge_range(page.row, first, page.row, first + len(MEASURES) - 1, "", header)
        page.sheet.write_string(page.row, first, word(f"paper_horizon.{horizon}", lang), header)
    page.row += 1
    figures = [column(_KEYS[m], lang, 12, NUMBER_KIND, EXACT_FORMATS[m]) for _ in HORIZONS for m in MEASURES]
    columns = [column("field", lang, WIDTHS[lang][0]), column("sector", lang, WIDTHS[lang][1]), *figures]
    columns.append(column("check", lang, WIDTHS[lang][-1], NUMBER_KIND))
    page.header([c.header for c in columns])
    for field in found.fields:
        first = page.row + 1
        mine = [s for s in sectors_of(found.facility) if policy.sectors()[s].field == field]
        for sector in mine:
            values = [_sector_cell(found, layout, h, field, sector, m, lang) for h in HORIZONS for m in MEASURES]
            page.line(columns, (field_name(field, lang), sector_name(sector, lang), *values, None))
        rest = {h: _not_by_sector(found, h, field, mine) for h in HORIZONS}
        if any(rest.values()):
            values = [_unlisted(rest[h], m) for h in HORIZONS for m in MEASURES]
            page.line(columns, (field_name(field, lang), word("paper.unlisted", lang), *values, None))
        values = [exact_value(found.cells[h, field], m) for h in HORIZONS for m in MEASURES]
        check = _check(first, page.row, page.row + 1, lang)
        page.line(columns, (field_name(field, lang), word("table.total", lang), *values, check), True)


def _sector_cell(
    found: Disclosed, layout: Layout, horizon: str, field: str, sector: str, measure: str, lang: str
) -> object:
    figures = found.cells.get((horizon, sector), Figures())
    value = exact_value(figures, measure)
    if measure not in _SUMS:
        return value
    rows = layout.rows((horizon, field))
    began = exact_value(found.began.get((horizon, sector), Figures()), measure)
    if not rows:
        return Formula(f"={began}", value)
    (first, last), at, names = rows[0], letter(_SUMS[measure]), letter("sector")
    span = place(layout.sheet, first, last, (at, at))
    among = place(layout.sheet, first, last, (names, names))
    more = f"+{began}" if began else ""
    decimals = 2 if measure == "amount" else 6
    return Formula(f"=ROUND(SUMIF({among},B{{row}},{span}){more},{decimals})", value)


def _not_by_sector(found: Disclosed, horizon: str, field: str, mine: list[str]) -> tuple[int, int] | None:
    """Fen and grams brought forward for a field that are of no sector."""
    whole = found.began.get((horizon, field), Figures())
    parts = [found.began.get((horizon, s), Figures()) for s in mine]
    rest = (whole.amount - sum(p.amount for p in parts), whole.reduction - sum(p.reduction for p in parts))
    return rest if any(rest) else None


def _unlisted(rest: tuple[int, int] | None, measure: str) -> object:
    fen, grams = rest or (0, 0)
    return {"amount": yuan(fen), "reduction": tonnes(grams)}.get(measure)


def _check(first: int, last: int, row: int, lang: str) -> Formula:
    """Whether the sectors add up to their field, in every horizon."""
    from xlsxwriter.utility import xl_col_to_name

    parts = []
    for i in range(len(HORIZONS)):
        for j, near in ((1, "0.005"), (3, "0.0000005")):
            at = xl_col_to_name(2 + i * len(MEASURES) + j)
            parts.append(f"ABS(SUM({at}{first}:{at}{last})-{at}{row})<{near}")
    same = word("paper.same", lang)
    return Formula(f'=IF(AND({",".join(parts)}),"{same}","{word("paper.differs", lang)}")', same)


def _sum_if(layout: Layout, column: str, field: str | None, operation: str | None, decimals: int) -> str:
    """A sum over all supported loans by field (its name stands in column A) and operation (in words)."""
    spans, fields, states = layout.every(column), layout.every("field"), layout.every("operation")
    if not spans:
        return "=0"
    parts = []
    for span, named, state in zip(spans, fields, states, strict=True):
        tests = [] if field is None else [f"{named},A{{row}}"]
        tests += [] if operation is None else [f'{state},"{operation}"']
        parts.append(f"SUMIFS({span},{','.join(tests)})" if tests else f"SUM({span})")
    return f"=ROUND({'+'.join(parts)},{decimals})"


def _outstanding(page: Page, found: Disclosed, owing: pd.DataFrame, layout: Layout, when: str, lang: str) -> None:
    page.heading(word("paper.annex_b", lang, day=when))
    page.note(word("paper.annex_b_note", lang))
    columns = _view_columns("range", lang)
    page.header([c.header for c in columns])
    fields = list(found.fields)
    rows = by_field(owing, fields)
    at = letter("outstanding")
    where = Link(place(layout.sheet, HEADER + 1, None, (at, at)), layout.sheet)
    for code, (loans, projects, fen, grams) in rows.items():
        only = None if code == TOTAL else code
        values = (
            field_name(code, lang),
            loans,
            projects,
            Formula(_sum_if(layout, "outstanding", only, None, 2), yuan(fen)),
            where,
            Formula(_sum_if(layout, "reduction_now", only, None, 6), tonnes(grams)),
        )
        _view_line(page, columns, values, code == TOTAL)
    fen = rows[TOTAL][2]
    _view_line(page, columns, (word("paper.cost_row", lang), None, None, yuan(fen), None, None), False)
    same, differs = word("paper.same", lang), word("paper.differs", lang)
    check = f'=IF(ABS(D{page.row}-D{page.row - 1})<0.005,"{same}","{differs}")'
    _view_line(page, columns, (word("paper.check", lang), None, None, Formula(check, same), None, None), True)


def _in_operation(page: Page, found: Disclosed, owing: pd.DataFrame, layout: Layout, when: str, lang: str) -> None:
    page.heading(word("paper.annex_c", lang, day=when))
    page.note(word("paper.annex_c_note", lang))
    columns = _view_columns("operation", lang)
    page.header([c.header for c in columns])
    fields = list(found.fields)
    states = owing["state"].to_numpy(dtype=object)
    for operation in _OPERATION:
        rows = by_field(owing[np.array(states == operation, bool)], fields)
        told = word(f"paper.{operation}", lang)
        for code, (loans, projects, fen, grams) in rows.items():
            only = None if code == TOTAL else code
            values = (
                field_name(code, lang),
                loans,
                projects,
                Formula(_sum_if(layout, "outstanding", only, told, 2), yuan(fen)),
                told,
                Formula(_sum_if(layout, "reduction_now", only, told, 6), tonnes(grams)),
            )
            _view_line(page, columns, values, code == TOTAL)


def _view_columns(key: str, lang: str) -> list[Column]:
    return [
        column("field", lang, WIDTHS[lang][0]),
        column("loans", lang, 12, NUMBER_KIND, WHOLE),
        column("projects", lang, 12, NUMBER_KIND, WHOLE),
        column("outstanding", lang, 19, NUMBER_KIND, YUAN),
        column(key, lang, WIDTHS[lang][4]),
        column("reduction_now", lang, 20, NUMBER_KIND, TONNES),
    ]


def _view_line(page: Page, columns: list[Column], values: tuple[object, ...], bold: bool) -> None:
    page.line(columns, values, bold)
