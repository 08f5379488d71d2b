"""Cost of funds over the life of an average supported loan 全期资金成本: the facility covers a few of its years."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from relending.dates import iso, to_date
from relending.engine.columns import codes, ints
from relending.engine.costing import cost_over_life, facility_balances, loan_balances
from relending.engine.rules import facility_rate, option
from relending.report.pictures import canvas
from relending.report.pictures.canvas import Entry, Panel
from relending.report.pictures.colours import colours_of, mixed
from relending.report.pictures.page import Page
from relending.report.pictures.source import Source, nothing
from relending.report.pictures.style import INK, PAPER, SOFT
from relending.report.pictures.words import head, say, word
from relending.units import BP, PPM, from_limbs, group_sum, weighted_limbs

if TYPE_CHECKING:
    from relending.policy import Facility

NAME = "life_of_loan"
PER_YEAR = 4
"""Periods a year in which the average loan is followed."""
DAYS_A_YEAR = Fraction(1461, 4)


@dataclass(frozen=True, slots=True)
class Average:
    """The average supported loan of a facility, weighted by principal: its quarters of life and of grace, its rate
    [1/a], and the way of repayment of most of the principal; ``loans`` of ``principal_fen`` are behind it."""

    facility: str
    quarters: int
    grace: int
    rate: Fraction
    repayment: str
    loans: int
    principal_fen: int


@dataclass(frozen=True, slots=True)
class Life:
    """Cost of funds of the average loan by year of its life, over all of it, and without the facility [1/a]."""

    loan: Average
    supported_years: int
    ratio: Fraction
    cheap: Fraction
    own: Fraction
    by_year: list[Fraction]
    whole: Fraction

    @property
    def supported(self) -> Fraction:
        """Years of its life that are supported: no more than it has."""
        return min(Fraction(self.supported_years), Fraction(self.loan.quarters, PER_YEAR))


def prepare(source: Source) -> list[Life]:
    """The average loan of each facility and its cost by :func:`relending.engine.costing.cost_over_life`.

    Ratio, facility rate, rollovers, term and rollover base are those in force on the last day of the run, the own rate
    that day's too (of several lenders weighted by their supported principal). Raises NothingToPlot where no facility
    has a supported loan, or its term is no whole number of years. Of a term that is asked for the loan has that one.
    """
    out = []
    for loan, own in averages(source):
        if source.years is not None:
            quarters = int(source.years * PER_YEAR)
            loan = replace(loan, quarters=quarters, grace=min(loan.grace, quarters - 1))
        rules = next(f for f in source.context.facilities if f.id == loan.facility)
        found = life_of(loan, rules, own, source.end)
        if found is not None:
            out.append(found)
    if not out:
        raise nothing(NAME, "need_life")
    return out


def life_of(loan: Average, rules: Facility, own: Fraction, day: int) -> Life | None:
    """What the funds of a loan cost under the rules of a day; None where the facility lends for no whole years."""
    term, rollovers = int(option(rules, "term_months", day)), int(option(rules, "rollovers", day))
    years, rest = divmod(term * (1 + rollovers), 12)
    if rest or term % 12 or not years:
        return None
    ratio = Fraction(int(option(rules, "ratio", day)), BP)
    cheap = Fraction(facility_rate(rules, day, day)[0], PPM)
    base = str(option(rules, "rollover_base", day))
    owed = loan_balances(Fraction(1), loan.quarters, loan.repayment, loan.rate / PER_YEAR, loan.grace)
    held = facility_balances(owed, ratio, years, periods_per_year=PER_YEAR, rollover_base=base)
    whole = cost_over_life(
        owed, ratio, cheap, own, supported_years=years, rollover_base=base, periods_per_year=PER_YEAR
    )
    by_year = []
    for k in range(0, loan.quarters, PER_YEAR):
        part, balance = held[k : k + PER_YEAR], owed[k : k + PER_YEAR]
        money = sum(h * cheap + max(b - h, Fraction(0)) * own for h, b in zip(part, balance, strict=True))
        by_year.append(money / sum(balance))
    return Life(loan, years, ratio, cheap, own, by_year, whole.with_facility)


def averages(source: Source) -> list[tuple[Average, Fraction]]:
    """The average supported loan of each facility, and the own rate of its lenders on the last day [1/a]."""
    tables = source.run.tables
    pick = getattr(tables, "columns", None)
    wanted = ("lender", "facility", "supported", "principal_fen", "rate_ppm", "disbursed")
    more = ("matures", "repayment", "grace_until")
    told = pick("attribution", wanted) if pick else tables["attribution"]
    loans = pick("loans", more) if pick else tables["loans"]
    supported = told["supported"].to_numpy(dtype=bool)
    which, facilities = codes(told, "facility")
    who, lenders = codes(told, "lender")
    (principal, _), (rate, _), (begun, _) = (ints(told, c) for c in ("principal_fen", "rate_ppm", "disbursed"))
    (ends, _), (grace, given) = (ints(loans, c) for c in ("matures", "grace_until"))
    way, ways = codes(loans, "repayment")
    out = []
    for f in source.facilities:
        if f not in facilities:
            continue
        here = supported & (which == facilities.index(f))
        if source.lender is not None:
            here &= who == (lenders.index(source.lender) if source.lender in lenders else -1)
        some = np.flatnonzero(here)
        if not some.size:
            continue
        money, zeros = principal[some], np.zeros(some.size, np.int64)
        total = sum(from_limbs(weighted_limbs(money, np.ones(some.size, np.int64), zeros, 1)))
        days, waits, rates = (
            Fraction(from_limbs(weighted_limbs(money, x, zeros, 1))[0], total)
            for x in (
                (ends - begun)[some],
                np.where(given, np.maximum(grace - begun, 0), 0)[some],
                rate[some],
            )
        )
        quarters = max(1, round(days / DAYS_A_YEAR * PER_YEAR))
        by_way = group_sum(money, way[some].astype(np.int64), len(ways)).tolist()
        repayment = str(ways[by_way.index(max(by_way))])
        wait = min(round(waits / DAYS_A_YEAR * PER_YEAR), quarters - 1) if repayment != "bullet" else 0
        lent = group_sum(money, who[some].astype(np.int64), len(lenders)).tolist()
        own = _own(source, {str(x): lent[i] for i, x in enumerate(lenders) if lent[i]})
        if own is not None:
            out.append((Average(f, quarters, wait, rates / PPM, repayment, some.size, total), own))
    return out


def _own(source: Source, lent: dict[str, int]) -> Fraction | None:
    """The own rate on the last day, of several lenders weighted by what they lent [1/a]."""
    rates: list[int | None] = []
    for lender in lent:
        dated = source.context.own_rate_of(lender)
        rates.append(None if dated is None else int(dated.on(to_date(source.end)).value))
    if any(r is None for r in rates):
        return None
    return Fraction(sum((r or 0) * w for r, w in zip(rates, lent.values(), strict=True)), sum(lent.values()) * PPM)


def draw(source: Source, data: list[Life], page: Page) -> None:
    """A panel a facility: the cost of each year as steps, the gap to the own rate shaded, the life average across."""
    lang = page.lang
    colour = colours_of("facility", source.facilities)
    one = colour[data[0].loan.facility] if len(data) == 1 else SOFT
    panels = [
        Panel(
            source.facility_name(d.loan.facility, lang),
            f"{head('cost_of_funds', lang)} · {_supported(d, lang)}",
            column=i,
            bottom=0.52,
            short=source.facility_name(d.loan.facility, lang, short=True),
        )
        for i, d in enumerate(data)
    ]
    beyond_own = any(c > d.own for d in data for c in d.by_year)
    legend = [
        Entry(word("life_cost_of_year", lang), one, "line"),
        Entry(word("life_saving", lang), mixed(one, PAPER, 0.75)),
        *([Entry(word("life_beyond", lang), mixed(one, PAPER, 0.75), hatch="///")] if beyond_own else []),
        Entry(word("life_average", lang), INK, "line"),
        Entry(word("life_own", lang), INK, "line", dash="--"),
    ]
    note = say("life_note", lang, day=iso(source.end))
    if source.years is not None:
        note = say("life_note_own", lang, day=iso(source.end), years=_years(source.years))
    sheet = page.sheet(panels, legend, source.subtitle(lang), note=note)
    for axes, inches, d in zip(sheet.axes, sheet.widths, data, strict=True):
        costs = [float(100 * c) for c in d.by_year]
        own, whole = float(100 * d.own), float(100 * d.whole)
        last = d.loan.quarters / PER_YEAR
        edges = [*range(len(costs)), last]
        tint = mixed(colour[d.loan.facility], PAPER, 0.75)
        for beyond in (False, True):
            at = [k for k, c in enumerate(costs) if (c > own) is beyond and c != own]
            for k in at:
                box = ([edges[k] + (edges[k + 1] - edges[k]) / 2], [costs[k]], [own], tint)
                canvas.bars(axes, *box, width=edges[k + 1] - edges[k], hatch="///" if beyond else "")
        axes.step(edges, [*costs, costs[-1]], where="post", color=colour[d.loan.facility], linewidth=2.2, zorder=3)
        axes.plot([0, last], [own, own], "--", color=INK, linewidth=1.1, zorder=2.5)
        axes.plot([0, last], [whole, whole], "-", color=INK, linewidth=1.3, zorder=2.6)
        canvas.value_axis(axes, min([*costs, own]), max([*costs, own]), pad=True)
        axes.set_xlim(0, last)
        axes.xaxis.set_visible(False)
        step = max(1, -(-len(costs) * 24 // int(inches * 100)))
        shown = [k for k in range(0, len(costs), step) if k + 0.5 < last]
        canvas.level_labels(axes, [k + 0.5 for k in shown], [str(k + 1) for k in shown])
        canvas.level_name(axes, word("year_of_loan", lang))
    page.alt = " ".join(_alt(source, d, lang) for d in data)


def _years(value: Fraction) -> str:
    """Years with at most two decimals: ``3``, ``13.5``."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".")


def _supported(d: Life, lang: str) -> str:
    return say(
        "supported_of",
        lang,
        supported=_years(d.supported),
        years=_years(Fraction(d.loan.quarters, PER_YEAR)),
        ratio=_years(100 * d.ratio),
    )


def _alt(source: Source, d: Life, lang: str) -> str:
    return say(
        "life_alt" if source.years is None else "life_alt_own",
        lang,
        facility=source.facility_name(d.loan.facility, lang),
        years=_years(Fraction(d.loan.quarters, PER_YEAR)),
        supported=_years(d.supported),
        low=f"{float(100 * d.by_year[0]):.2f}",
        life=f"{float(100 * d.whole):.2f}",
        own=f"{float(100 * d.own):.2f}",
        gain=f"{float((d.own - d.whole) * BP):.0f}",
    )
