"""Any measure over the quarters 指标时间序列: flows and counts as bars, stocks as steps, rates as lines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relending.dates import quarter_text
from relending.report.pictures import canvas
from relending.report.pictures.canvas import Entry, Panel
from relending.report.pictures.colours import colours_of, grey
from relending.report.pictures.page import Page
from relending.report.pictures.scale import Unit, unit_for
from relending.report.pictures.source import Source, nothing
from relending.report.pictures.style import PAPER, SHADE, SOFT
from relending.report.pictures.wholes import Series, basis_by_quarter, by_facility, by_lender, has_whole
from relending.report.pictures.words import say, word
from relending.study.measures import COUNT, FLOW, RATE, Measure, measures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LENDERS = 6
"""Lenders that can be told apart where their figures have no whole."""


@dataclass(frozen=True, slots=True)
class Line:
    """The integers of a measure by quarter, of a facility; of one lender where the lenders have no whole."""

    facility: str
    lender: str
    values: Series


@dataclass(frozen=True, slots=True)
class Data:
    """A measure, its lines, and what the figures of each quarter rest on."""

    measure: Measure
    lines: list[Line]
    basis: list[str]


def prepare(source: Source, name: str) -> Data:
    """A line a facility, all lenders together (rates by their weights); where that is no figure, one a lender too.

    Lines without a figure are left out, and of flows, stocks and counts those that are zero throughout as long as
    another is not. Raises NothingToPlot where no figure is left, and where more than ``MOST_LENDERS`` lenders have no
    whole: then one has to be named.
    """
    m = measures()[name]
    if has_whole(source, m):
        lines = [Line(f, "", v) for f, v in by_facility(source, name).items()]
    else:
        if len(source.lenders) > MOST_LENDERS:
            raise nothing(name, "need_one_lender")
        lines = [Line(f, x, v) for (f, x), v in by_lender(source, name).items()]
    lines = [line for line in lines if any(v is not None for v in line.values)]
    some = [line for line in lines if any(line.values)]
    if not lines or (not some and m.kind != RATE):
        raise nothing(name, "need_figures")
    return Data(m, some or lines, basis_by_quarter(source, m.table))


def draw(source: Source, data: Data, page: Page) -> None:
    """One panel; colours are of the facilities, dashes or hatches of the lenders, a shade behind simulated quarters."""
    lang, m = page.lang, data.measure
    unit = unit_for(m.unit, [v for line in data.lines for v in line.values], lang, m.decimals)
    mixed = len({b for b in data.basis if b}) > 1
    legend = [_entry(source, data, line, i, lang) for i, line in enumerate(data.lines)]
    if mixed:
        legend.append(Entry(word("simulated", lang), SHADE, edge=SOFT))
    sheet = page.sheet([Panel("", unit.name)], legend, source.subtitle(lang))
    axes, inches = sheet.axes[0], sheet.widths[0]
    quarters = [float(q) for q in source.quarters]
    if mixed:
        at = [q for q, b in zip(quarters, data.basis, strict=True) if b != "recorded"]
        canvas.bars(axes, at, [-1e30] * len(at), [1e30] * len(at), SHADE, width=1.0, zorder=0.5)
    plain = [[unit.plain(v) for v in line.values] for line in data.lines]
    together = m.adds_up and len(plain) > 1 and not any(v < 0 for values in plain for v in values)
    low, high = _extent(plain, together)
    if m.kind == RATE:
        _lines(axes, source, data, plain, quarters)
        canvas.value_axis(axes, low, high, pad=True)
    else:
        if together:
            clean = {str(i): [0.0 if math.isnan(v) else v for v in values] for i, values in enumerate(plain)}
            boxes = list(canvas.stacked(clean).values())
            wide, places = 0.86 if m.kind == FLOW else 1.0, [quarters] * len(plain)
        else:
            wide = 0.86 / len(plain)
            boxes = [([0.0] * len(v), v) for v in plain]
            places = [[float(q) + (i - (len(plain) - 1) / 2) * wide for q in quarters] for i in range(len(plain))]
        for at, (bottom, top), entry in zip(places, boxes, legend, strict=False):
            canvas.bars(axes, at, bottom, top, entry.colour, width=wide, hatch=entry.hatch)
        canvas.value_axis(axes, min(0.0, low), max(0.0, high), whole=m.kind == COUNT)
    canvas.quarter_axis(axes, source.quarters, inches)
    page.alt = _alt(source, data, unit, lang)


def _entry(source: Source, data: Data, line: Line, i: int, lang: str) -> Entry:
    of = say("of_lender", lang, lender=source.lender_name(line.lender, lang)) if line.lender else ""
    label, short = (source.facility_name(line.facility, lang, short=b) + of for b in (False, True))
    colour = colours_of("facility", source.facilities)[line.facility]
    if data.measure.kind == RATE:
        fill = PAPER if line.lender and source.lenders.index(line.lender) else ""
        return Entry(label, colour, "line", dash=grey("dashes", i), marker=grey("markers", i), fill=fill, short=short)
    return Entry(label, colour, hatch=grey("hatches", i), short=short)


def _lines(axes: Axes, source: Source, data: Data, plain: list[list[float]], quarters: list[float]) -> None:
    for i, (line, values) in enumerate(zip(data.lines, plain, strict=True)):
        entry = _entry(source, data, line, i, "en")
        every = max(1, len(quarters) // 12)
        axes.plot(
            quarters,
            values,
            linestyle=entry.dash,
            color=entry.colour,
            marker=entry.marker,
            markevery=every,
            markersize=4.5,
            markerfacecolor=entry.fill or entry.colour,
        )


def _extent(plain: list[list[float]], together: bool) -> tuple[float, float]:
    there = [v for values in plain for v in values if not math.isnan(v)]
    if together:
        sums = [sum(0.0 if math.isnan(v) else v for v in column) for column in zip(*plain, strict=True)]
        return 0.0, max(sums)
    return min(there), max(there)


def _alt(source: Source, data: Data, unit: Unit, lang: str) -> str:
    out = []
    for line in data.lines:
        there = [(v, k) for k, v in enumerate(line.values) if v is not None]
        (last, k), (low, a), (high, b) = there[-1], min(there), max(there, key=lambda one: (one[0], -one[1]))
        name = source.facility_name(line.facility, lang)
        if line.lender:
            name += say("of_lender", lang, lender=source.lender_name(line.lender, lang))
        decimals = 0 if data.measure.kind == COUNT else 2
        out.append(
            say(
                "series_alt",
                lang,
                facility=name,
                last=unit.text(last, decimals),
                when=quarter_text(source.quarters[k]),
                low=unit.text(low, decimals),
                low_when=quarter_text(source.quarters[a]),
                high=unit.text(high, decimals),
                high_when=quarter_text(source.quarters[b]),
                unit=unit.name,
            )
        )
    return " ".join(out)
