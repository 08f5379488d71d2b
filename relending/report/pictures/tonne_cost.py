"""Subsidy per annual tonne by sector 每吨减排补贴: steps as wide as their tonnes, as high as their cost.

What is ranked is the facility's subsidy, not the abatement cost of the projects (:mod:`relending.study.abatement`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from relending.dates import quarter_text
from relending.report.pictures import canvas
from relending.report.pictures.canvas import Entry, Panel
from relending.report.pictures.colours import colours_of, shades
from relending.report.pictures.page import Page
from relending.report.pictures.scale import Unit, unit_for
from relending.report.pictures.source import Source, nothing
from relending.report.pictures.style import INK, PAPER, SMALL
from relending.report.pictures.wholes import by_facility
from relending.report.pictures.words import head, say, word
from relending.study.sector_subsidy import slices
from relending.units import E8, FEN, GRAMS, PPM

NAME = "tonne_cost"
E6 = E8 // 100


@dataclass(frozen=True, slots=True)
class Step:
    """A sector: grams a year of its loans that hold, fen held, and the subsidy in it (fen x ppm a year)."""

    sector: str
    field: str
    grams: int
    held_fen: int
    gain: int

    @property
    def cost(self) -> Fraction:
        """Yuan per annual tonne."""
        return Fraction(self.gain, FEN * PPM) / Fraction(self.grams, GRAMS)


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps at the end of a quarter, cheapest first; fen held without tonnes beside them."""

    quarter: int
    steps: list[Step]
    bare_fen: int

    @property
    def average(self) -> Fraction:
        """Yuan per annual tonne of all steps together."""
        gain, grams = sum(s.gain for s in self.steps), sum(s.grams for s in self.steps)
        return Fraction(gain, FEN * PPM) / Fraction(grams, GRAMS)


def prepare(source: Source) -> Steps:
    """The last quarter with tonnes in balance, by sector over lenders and facilities, exact.

    Raises NothingToPlot where there is none.
    """
    grams = by_facility(source, "reduction_in_balance")
    some = [k for k in range(len(source.quarters)) if any(values[k] for values in grams.values())]
    if not some:
        raise nothing(NAME, "need_tonnes")
    quarter = source.quarters[some[-1]]
    sums: dict[str, list[int]] = {}
    fields: dict[str, str] = {}
    for s in slices(source.run, quarter_text(quarter)):
        if s.lender in source.lenders and s.facility in source.facilities:
            fields[s.sector] = s.field
            mine = sums.setdefault(s.sector, [0, 0, 0])
            sums[s.sector] = [a + b for a, b in zip(mine, (s.reduction_g, s.held_fen, s.gain), strict=True)]
    steps = [Step(sector, fields[sector], *figures) for sector, figures in sums.items() if figures[0]]
    bare = sum(figures[1] for figures in sums.values() if not figures[0])
    return Steps(quarter, sorted(steps, key=lambda s: (s.cost, s.sector)), bare)


def draw(source: Source, data: Steps, page: Page) -> None:
    """One panel; a colour a field and a shade a sector, named in the legend in the order of the steps."""
    lang = page.lang
    whole = sum(s.grams for s in data.steps)
    mass = unit_for("tCO2e/a", [whole], lang)
    unit = unit_for("yuan/tCO2e", [E6], lang)
    colour = _colours(data)
    legend = [
        Entry(f"{source.sector_name(s.sector, lang)} {_text(s.cost)}", colour[s.sector], edge=PAPER) for s in data.steps
    ]
    note = word("tonne_note", lang)
    if data.bare_fen:
        money = unit_for("yuan", [data.bare_fen], lang)
        note += (" " if lang == "en" else "") + say("tonne_none", lang, held=money.text(data.bare_fen), unit=money.name)
    title = f"{head('per_tonne', lang)} · {unit.name}"
    sheet = page.sheet(
        [Panel("", title, bottom=0.52)], legend, source.subtitle(lang, data.quarter), note=note, high=4.8
    )
    axes, at = sheet.axes[0], 0
    for s in data.steps:
        left, right = mass.plain(at), mass.plain(at + s.grams)
        canvas.bars(
            axes, [(left + right) / 2], [0.0], [float(s.cost)], colour[s.sector], width=right - left, edge=PAPER
        )
        at += s.grams
    average = float(data.average)
    costs = [float(s.cost) for s in data.steps]
    canvas.value_axis(axes, min(0.0, *costs, average), max(0.0, *costs, average))
    canvas.level_axis(axes, 0, mass.plain(whole), say("tonnes_axis", lang, unit=mass.name), exact=True)
    axes.axhline(average, color=INK, linewidth=1.1, linestyle="--", zorder=3)
    said = say("tonne_average", lang, value=_text(data.average), unit=unit.name)
    box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.2, "alpha": 0.9}
    low, high = axes.get_ylim()
    va = "top" if (average - low) > 0.88 * (high - low) else "bottom"
    axes.text(mass.plain(whole) * 0.01, average, said, size=SMALL, color=INK, va=va, ha="left", bbox=box, zorder=4)
    page.alt = _alt(source, data, mass, unit, lang)


def _colours(data: Steps) -> Mapping[str, str]:
    fields = colours_of("field", dict.fromkeys(s.field for s in data.steps))
    out: dict[str, str] = {}
    for f, colour in fields.items():
        mine = [s.sector for s in data.steps if s.field == f]
        out.update(zip(mine, shades(colour, len(mine)), strict=True))
    return out


def _text(cost: Fraction) -> str:
    return f"{float(cost):,.1f}" if abs(cost) < 1000 else f"{round(cost):,}"


def _alt(source: Source, data: Steps, mass: Unit, unit: Unit, lang: str) -> str:
    first, last = data.steps[0], data.steps[-1]
    return say(
        "tonne_alt",
        lang,
        quarter=quarter_text(data.quarter),
        tonnes=mass.text(sum(s.grams for s in data.steps)),
        tonnes_unit=mass.name,
        average=_text(data.average),
        unit=unit.name,
        low=source.sector_name(first.sector, lang),
        low_value=_text(first.cost),
        high=source.sector_name(last.sector, lang),
        high_value=_text(last.cost),
    )
