"""Blended cost against the funded share 综合资金成本与再贷款占比: where quarters stood, and the line they move on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relending.dates import quarter_text
from relending.engine.rules import facility_rate
from relending.report.pictures import canvas
from relending.report.pictures.canvas import Entry, Panel
from relending.report.pictures.colours import colours_of, shades
from relending.report.pictures.fonts import width_of
from relending.report.pictures.page import Page
from relending.report.pictures.source import Source, nothing
from relending.report.pictures.style import INK, PAPER, SMALL, SOFT
from relending.report.pictures.wholes import by_facility, by_lender
from relending.report.pictures.words import head, say, word
from relending.study.whole import weighted
from relending.units import E8, PPM

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "funded_share"


@dataclass(frozen=True, slots=True)
class Point:
    """The end of a quarter: fen of loans outstanding L and facility balance B, and the blended cost [1e-8 a year]."""

    quarter: int
    loans_fen: int
    balance_fen: int
    blended_e8: int

    @property
    def share(self) -> float:
        """B / L."""
        return self.balance_fen / self.loans_fen


@dataclass(frozen=True, slots=True)
class Funded:
    """One facility: the quarters with loans outstanding, and the rates of the last of them [1e-8 a year].

    ``own_e8`` is what own funds cost (of several lenders weighted by what they fund themselves), ``cheap_e8`` what the
    facility's money costs (weighted by what of their loans it funds); where nothing is held, the rate in force on the
    last day of that quarter.
    """

    facility: str
    points: list[Point]
    own_e8: int
    cheap_e8: int

    def cost(self, share: float) -> float:
        """Blended cost at a funded share at these rates, per cent: above one own funds are not needed."""
        part = min(share, 1.0)
        return (part * self.cheap_e8 + (1 - part) * self.own_e8) * 100 / E8


def prepare(source: Source) -> list[Funded]:
    """From ``cost.csv``: L, B and blended cost of all lenders together by facility; rates of the last quarter with L.

    Raises NothingToPlot where no quarter has both loans outstanding and a blended cost.
    """
    loans, balance = by_facility(source, "loans_outstanding"), by_facility(source, "facility_balance")
    blended = by_facility(source, "blended_cost")
    out = []
    for f in source.facilities:
        points = [
            Point(q, owed or 0, held or 0, cost)
            for q, owed, held, cost in zip(source.quarters, loans[f], balance[f], blended[f], strict=True)
            if owed and cost is not None
        ]
        if points:
            k = points[-1].quarter - source.quarters[0]
            rate = _cheap(source, f, k)
            if rate is None:
                rules = next(x for x in source.context.facilities if x.id == f)
                day = source.quarter_end(points[-1].quarter)
                rate = facility_rate(rules, day, day)[0] * (E8 // PPM)
            own = _own(source, f, k)
            if own is not None:
                out.append(Funded(f, points, own, rate))
    if not out:
        raise nothing(NAME, "need_cost")
    return out


def _cheap(source: Source, facility: str, k: int) -> int | None:
    """The facility's rate in a quarter [1e-8 a year], weighted over lenders by what of their loans it funds.

    A balance beyond a lender's loans funds none of them, so it is in nobody's blended cost.
    """
    rates = {x: v[k] for (f, x), v in by_lender(source, "facility_rate").items() if f == facility and v[k] is not None}
    loans, held = by_lender(source, "loans_outstanding"), by_lender(source, "facility_balance")
    balance = [held[facility, x][k] or 0 for x in rates]
    funds = [min(b, loans[facility, x][k] or 0) for x, b in zip(rates, balance, strict=True)]
    return weighted(list(rates.values()), funds if any(funds) else balance)


def _own(source: Source, facility: str, k: int) -> int | None:
    """The own rate of a quarter [1e-8 a year], weighted over lenders by what they fund themselves."""
    own = {x: v[k] for (f, x), v in by_lender(source, "own_rate").items() if f == facility and v[k] is not None}
    loans, held = by_lender(source, "loans_outstanding"), by_lender(source, "facility_balance")
    alone = [max((loans[facility, x][k] or 0) - (held[facility, x][k] or 0), 0) for x in own]
    whole = alone if any(alone) else [loans[facility, x][k] or 0 for x in own]
    return weighted([(v or 0) * (E8 // PPM) for v in own.values()], whole)


def draw(source: Source, data: list[Funded], page: Page) -> None:
    """A panel a facility: the line of the latest rates, points light (early) to dark (late), the last ringed."""
    lang = page.lang
    colour = colours_of("facility", source.facilities)
    one = colour[data[0].facility] if len(data) == 1 else SOFT
    panels = [
        Panel(
            source.facility_name(d.facility, lang),
            head("blended", lang),
            column=i,
            bottom=0.52,
            short=source.facility_name(d.facility, lang, short=True),
        )
        for i, d in enumerate(data)
    ]
    legend = [
        Entry(say("line_of_rates", lang), INK, kind="line"),
        Entry(word("quarters_of_run", lang), shades(one, 9)[4], kind="mark", marker="o", edge=PAPER),
        Entry(word("last_quarter", lang), one, kind="mark", marker="o", edge=INK),
    ]
    sheet = page.sheet(panels, legend, source.subtitle(lang))
    for axes, inches, d in zip(sheet.axes, sheet.widths, data, strict=True):
        most = max(1.0, *(p.share for p in d.points))
        ends = [0.0, 1.0] if most <= 1 else [0.0, 1.0, most]
        axes.plot([100 * x for x in ends], [d.cost(x) for x in ends], color=INK, linewidth=1.3, zorder=2)
        shade = [*shades(colour[d.facility], len(d.points))[:-1], colour[d.facility]]
        axes.scatter(
            [100 * p.share for p in d.points],
            [p.blended_e8 * 100 / E8 for p in d.points],
            s=[30.0] * (len(d.points) - 1) + [64.0],
            c=shade,
            edgecolors=[PAPER] * (len(d.points) - 1) + [INK],
            linewidths=[0.6] * (len(d.points) - 1) + [1.3],
            clip_on=False,
            zorder=3,
        )
        values = [d.cost(x) for x in ends] + [p.blended_e8 * 100 / E8 for p in d.points]
        places = canvas.value_axis(axes, min(values), max(values), pad=True)
        right = canvas.level_axis(axes, 0, 100 * most, word("share", lang))[-1]
        axes.set_xlim(-0.03 * right, right)
        _label(axes, d, places[0], places[-1], right, (inches, axes.get_position().height * sheet.size[1]))
    page.alt = " ".join(_alt(source, d, lang) for d in data)


def _label(axes: Axes, d: Funded, low: float, high: float, right: float, inches: tuple[float, float]) -> None:
    """The last quarter beside its point, in the corner with the fewest points and without the line."""
    p = d.points[-1]
    text = quarter_text(p.quarter)
    wide, tall = width_of(text, SMALL) / inches[0], 0.16 / inches[1]
    spots = [(100 * o.share / right, (o.blended_e8 * 100 / E8 - low) / (high - low)) for o in d.points]
    x, y = spots[-1]
    best: tuple[float, float, float] | None = None
    for far, side, up in itertools.product((1, 2.5, 4), (1, -1), (1, -1)):
        x0, x1 = sorted((x + side * 0.08 / inches[0], x + side * (0.16 / inches[0] + wide)))
        y0, y1 = sorted((y + up * 0.05 * far / inches[1], y + up * (0.05 * far / inches[1] + tall)))
        line = [(d.cost(at * right / 100) - low) / (high - low) for at in (x0, x1)]
        bad = sum(x0 - 0.01 < a < x1 + 0.01 and y0 - 0.02 < b < y1 + 0.02 for a, b in spots)
        bad += 3 * (min(line) < y1 and max(line) > y0) + 100 * (x0 < 0 or x1 > 1 or y0 < 0 or y1 > 1)
        if best is None or bad < best[0]:
            best = (bad, (x0 + x1) / 2, (y0 + y1) / 2)
    assert best is not None
    axes.text(best[1], best[2], text, transform=axes.transAxes, ha="center", va="center", size=SMALL, zorder=5)


def _alt(source: Source, d: Funded, lang: str) -> str:
    p = d.points[-1]
    return say(
        "funded_alt",
        lang,
        facility=source.facility_name(d.facility, lang),
        quarter=quarter_text(p.quarter),
        share=f"{100 * p.share:.1f}",
        cost=f"{p.blended_e8 * 100 / E8:.2f}",
        cheap=f"{d.cheap_e8 * 100 / E8:.2f}",
        own=f"{d.own_e8 * 100 / E8:.2f}",
    )
