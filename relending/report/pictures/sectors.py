"""Supported loans and tonnes by sector since first support 分领域（子领域）累计发放与减排, at the end of the run."""

from __future__ import annotations

from dataclasses import dataclass

from relending.dates import quarter_text
from relending.policy import sectors as known_sectors
from relending.report.pictures import canvas
from relending.report.pictures.canvas import Entry, Panel
from relending.report.pictures.fields import by_code, field_colours, field_hatches
from relending.report.pictures.fields import prepare as fields
from relending.report.pictures.fonts import fitted, width_of
from relending.report.pictures.page import Page
from relending.report.pictures.scale import unit_for
from relending.report.pictures.source import Source
from relending.report.pictures.style import INK, SMALL
from relending.report.pictures.words import head, say, word

NAME = "sectors"
MOST = 12
"""Sectors with a bar of their own; what is left is added up in one."""
WIDEST, SHARE = 2.3, 0.45
"""Inches of the names, and what they may take of a narrow picture."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One sector: fen lent and grams a year since start.

    Without a ``code`` it is what a field holds and none of its sectors does (opening figures given by field or in
    total); with a ``count`` above 1 what is left of so many bars.
    """

    code: str
    field: str
    amount: int
    reduction: int
    count: int = 1


def prepare(source: Source) -> list[Bar]:
    """The rows of ``disclosure.csv`` of the last quarter, since_start, level sector, over lenders and facilities.

    By amount, the largest first, then by code; together they are the totals. Raises NothingToPlot where nothing was
    ever supported.
    """
    amount, reduction = (by_code(source, column, "sector") for column in ("amount_fen", "reduction_g"))
    listed = known_sectors()
    bars = [Bar(c, listed[c].field if c in listed else "", v[-1], reduction[c][-1]) for c, v in amount.items()]
    whole = fields(source, NAME)
    for f, values in whole.amount.items():
        mine = [b for b in bars if b.field == f]
        rest = values[-1] - sum(b.amount for b in mine), whole.reduction[f][-1] - sum(b.reduction for b in mine)
        bars.append(Bar("", f, *rest))
    bars = sorted((b for b in bars if b.amount or b.reduction), key=lambda b: (-b.amount, b.code))
    if len(bars) <= MOST:
        return bars
    rest_of = bars[MOST - 1 :]
    left = Bar("", "", sum(b.amount for b in rest_of), sum(b.reduction for b in rest_of), len(rest_of))
    return [*bars[: MOST - 1], left]


def _label(source: Source, bar: Bar, lang: str) -> str:
    if bar.count > 1:
        return say("other_sectors", lang, count=bar.count)
    if bar.code:
        return source.sector_name(bar.code, lang)
    if not bar.field:
        return word("not_split", lang)
    return say("sector_not_told", lang, field=source.field_name(bar.field, lang))


def draw(source: Source, data: list[Bar], page: Page) -> None:
    """Two panels of lying bars with their figures at their ends, colours and hatches by field."""
    lang = page.lang
    order = list(dict.fromkeys(b.field for b in data))
    colour = field_colours(order)
    hatch = field_hatches(order)
    money = unit_for("yuan", [b.amount for b in data], lang)
    mass = unit_for("tCO2e/a", [b.reduction for b in data], lang)
    names = [_label(source, b, lang) for b in data]
    widest = min(WIDEST, SHARE * (page.size or canvas.SIZE)[0])
    wide = min(widest, max(width_of(n, SMALL) for n in names)) + 0.12
    panels = [Panel(head("issued_bars", lang), money.name, left=wide, bottom=0.1)]
    shown = [([money.plain(b.amount) for b in data], [money.text(b.amount) if b.amount else "–" for b in data])]
    if any(b.reduction for b in data):
        panels.append(Panel(head("tonnes", lang), mass.name, column=1, left=0.1, bottom=0.1))
        shown.append(
            ([mass.plain(b.reduction) for b in data], [mass.text(b.reduction) if b.reduction else "–" for b in data])
        )
    legend = [Entry(source.field_name(f, lang), colour[f], hatch=hatch[f]) for f in order if f]
    quarter = quarter_text(source.quarters[-1])
    sheet = page.sheet(panels, legend, source.subtitle(lang, source.quarters[-1]), high=1.5 + 0.27 * max(len(data), 4))
    places = [float(-k) for k in range(len(data))]
    for i, (axes, inches, (values, texts)) in enumerate(zip(sheet.axes, sheet.widths, shown, strict=True)):
        canvas.bare(axes)
        for f in order:
            mine = [k for k, b in enumerate(data) if b.field == f]
            at, tops = [places[k] for k in mine], [values[k] for k in mine]
            canvas.bars(axes, at, [0.0] * len(at), tops, colour[f], width=0.68, hatch=hatch.get(f, ""), level=True)
        most = max(values) or 1.0
        room = max(width_of(t, SMALL) for t in texts) + 0.12
        axes.set_xlim(0, most * inches / max(inches - room, 0.4))
        axes.set_ylim(min(places[-1], -3.0) - 0.6, 0.6)
        if i == 0 or sheet.stacked:
            canvas.upright_labels(axes, places, [fitted(n, SMALL, widest) for n in names], INK)
        for y, value, text in zip(places, values, texts, strict=True):
            x = value + axes.get_xlim()[1] * 0.05 / inches
            axes.text(x, y, text, size=SMALL, color=INK, va="center", ha="left")
    first = data[0]
    page.alt = say(
        "sectors_alt",
        lang,
        quarter=quarter,
        count=sum(b.count for b in data),
        first=names[0],
        amount=money.text(first.amount),
        unit=money.name,
    )
