"""Facility balance by tranche 再贷款余额（按批次）, with what was drawn, repaid and rolled over under it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relending.dates import quarter_of, quarter_text
from relending.engine.ledger import SIGN
from relending.report.pictures import canvas
from relending.report.pictures.canvas import Entry, Panel
from relending.report.pictures.colours import colours_of, mixed, shades
from relending.report.pictures.page import Page
from relending.report.pictures.scale import Unit, unit_for
from relending.report.pictures.source import Source, nothing
from relending.report.pictures.style import INK, PAPER, SOFT
from relending.report.pictures.words import head, say, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "tranches"
GREY = "#777777"
MOST = 8
"""Draw dates that have a shade and an entry in the legend each; of more, the years of drawing have."""


@dataclass(frozen=True, slots=True)
class Tranches:
    """One facility, fen by quarter: the balance of each band at the quarter's end, and what happened in the quarter.

    A band is a draw date as ISO text, of all lenders, or the year of drawing where all facilities together have more
    than ``MOST`` dates; ``count`` are the tranches behind them.
    """

    facility: str
    bands: Mapping[str, list[int]]
    drawn: list[int]
    repaid: list[int]
    rolled: list[int]
    count: int

    @property
    def balance(self) -> list[int]:
        """Of all bands."""
        return [sum(values) for values in zip(*self.bands.values(), strict=True)]


def prepare(source: Source) -> list[Tranches]:
    """Balances by band at quarter ends from the events of the ledger, and drawn, repaid and rolled from funding.

    A return in the course of a year counts as repaid, as in ``funding.csv``; an opening balance as drawn on its own
    draw date, before the run. Raises NothingToPlot where no facility ever has a balance.
    """
    names, lenders = source.texts("ledger", "tranche"), source.texts("ledger", "lender")
    events = source.texts("ledger", "event")
    when = np.maximum(np.asarray(quarter_of(source.figures("ledger", "date")[0])) - source.quarters[0], 0).tolist()
    amounts = source.figures("ledger", "amount_fen")[0].tolist()
    owners = source.texts("ledger", "facility")
    moves: dict[str, dict[str, list[int]]] = {f: {} for f in source.facilities}
    seen: dict[str, set[str]] = {f: set() for f in source.facilities}
    n = len(source.quarters)
    for name, lender, facility, event, place, amount in zip(names, lenders, owners, events, when, amounts, strict=True):
        sign = SIGN.get(event, 0)
        if sign and facility in moves and place < n:
            band = drawn_on(name, facility, lender)
            moves[facility].setdefault(band, [0] * n)[place] += sign * amount
            seen[facility].add(name)
    out = []
    by_year = len({band for found in moves.values() for band in found}) > MOST
    for facility, found in moves.items():
        if not found:
            continue
        if by_year:
            years: dict[str, list[int]] = {}
            for band, values in found.items():
                mine = years.setdefault(band[:4], [0] * n)
                years[band[:4]] = [a + b for a, b in zip(mine, values, strict=True)]
            found = years
        bands = {band: np.cumsum(np.array(found[band], object)).tolist() for band in sorted(found)}
        flows = [source.sums("funding", c, facility) for c in ("drawn_fen", "repaid_fen", "rolled_fen")]
        drawn, repaid, rolled = flows
        out.append(Tranches(facility, bands, drawn, repaid, rolled, len(seen[facility])))
    if not any(any(t.balance) for t in out):
        raise nothing(NAME, "need_draws")
    return [t for t in out if any(t.balance) or any(t.drawn)]


def drawn_on(tranche: str, facility: str, lender: str) -> str:
    """The draw date in a tranche's id, ISO.

    >>> drawn_on("f/a/b/2021-12-31/7", "f", "a/b")
    '2021-12-31'
    """
    date = tranche[len(facility) + len(lender) + 2 :][:10]
    return dt.date.fromisoformat(date).isoformat()


def draw(source: Source, data: list[Tranches], page: Page) -> None:
    """A column a facility: above the balance in shades of its colour, below what happened in each quarter."""
    lang = page.lang
    colour = colours_of("facility", source.facilities)
    money = unit_for("yuan", [v for t in data for v in [*t.balance, *t.drawn, *t.repaid, *t.rolled]], lang)
    bands = sorted({band for t in data for band in t.bands})
    shade = {t.facility: dict(zip(bands, shades(colour[t.facility], len(bands)), strict=True)) for t in data}
    panels = []
    for i, t in enumerate(data):
        name, short = (source.facility_name(t.facility, lang, short=b) for b in (False, True))
        panels.append(Panel(name, f"{head('balance', lang)} · {money.name}", 0, i, short=short))
        panels.append(Panel("", f"{head('flows', lang)} · {money.name}", 1, i))
    # one key for all facilities: their shades go by the same years, and grey stands for each colour
    key = shade[data[0].facility] if len(data) == 1 else dict(zip(bands, shades(GREY, len(bands)), strict=True))
    one = colour[data[0].facility] if len(data) == 1 else SOFT
    said = "drawn_in" if len(bands[0]) == 4 else "drawn_on"
    legend = [
        *(Entry(say(said, lang, year=band, day=band), key[band]) for band in bands),
        Entry(word("drawn", lang), one),
        Entry(word("repaid", lang), mixed(one, PAPER, 0.55), hatch="////"),
        Entry(word("rolled", lang), INK, kind="mark", marker="D", fill=PAPER),
    ]
    sheet = page.sheet(panels, legend, source.subtitle(lang), heights=(1.75, 1.0), high=5.4)
    at = list(source.quarters)
    for i, t in enumerate(data):
        axes, under = sheet.axes[2 * i], sheet.axes[2 * i + 1]
        plain = {band: [money.plain(v) for v in values] for band, values in t.bands.items()}
        for band, (low, high) in canvas.stacked(plain).items():
            canvas.bars(axes, at, low, high, shade[t.facility][band], width=0.86, edge=PAPER)
        canvas.quarter_axis(axes, source.quarters, sheet.widths[2 * i])
        canvas.value_axis(axes, 0, max(money.plain(v) for v in t.balance))
        _flows(under, t, money, colour[t.facility], at)
        canvas.quarter_axis(under, source.quarters, sheet.widths[2 * i + 1])
    page.alt = " ".join(_alt(source, t, money, lang) for t in data)


def _flows(axes: Axes, t: Tranches, money: Unit, colour: str, at: Sequence[float]) -> None:
    up, down, over = ([money.plain(v) for v in values] for values in (t.drawn, t.repaid, t.rolled))
    canvas.bars(axes, at, [0.0] * len(at), up, colour, width=0.7)
    canvas.bars(axes, at, [-v for v in down], [0.0] * len(at), mixed(colour, PAPER, 0.55), width=0.7, hatch="////")
    some = [(q, v) for q, v in zip(at, over, strict=True) if v]
    axes.plot(
        [q for q, _ in some],
        [v for _, v in some],
        "D",
        markersize=4,
        markerfacecolor=PAPER,
        markeredgecolor=INK,
        markeredgewidth=0.9,
        zorder=3,
    )
    canvas.value_axis(axes, -max(down), max(*up, *over), most=4)


def _alt(source: Source, t: Tranches, money: Unit, lang: str) -> str:
    peak = max(range(len(t.balance)), key=lambda k: t.balance[k])
    return say(
        "tranches_alt",
        lang,
        facility=source.facility_name(t.facility, lang),
        balance=money.text(t.balance[-1]),
        peak=money.text(t.balance[peak]),
        when=quarter_text(source.quarters[peak]),
        drawn=money.text(sum(t.drawn)),
        repaid=money.text(sum(t.repaid)),
        rolled=money.text(sum(t.rolled)),
        count=f"{t.count:,}",
        unit=money.name,
    )
