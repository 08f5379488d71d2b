"""Repricing 重定价: the rate of a loan on any day, where the current rates count and not those at issue.

A fixed rate is ``rate_now``, else the rate at issue. A floating one begins with that figure and is fixed anew every
``reprice_months``, counted from ``next_reprice``; without that day ``rate_now`` stands for good, and a loan that gives
neither is priced first ``reprice_months`` after its disbursement. A new rate is the LPR in force that day, of the tenor
of the loan and moved by the scenario's shift after its day, plus ``spread_bp``; where no spread is given, what the rate
at issue was above the LPR of the disbursement. Rates are whole ppm throughout, so nothing is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relending.dates import Days, add_months, iso, month_start, split
from relending.engine.block import NEVER, Block
from relending.engine.columns import Flags, codes, maybe_ints
from relending.engine.context import Context
from relending.engine.daily import Pairs, in_order, repeated
from relending.engine.screening import tenor_is_1y
from relending.findings import Findings
from relending.policy import Lpr
from relending.units import BP, PPM, Ints

LONGEST = 200 * 12
"""Months after which no run goes on; a longer interval is never over."""


@dataclass(frozen=True, slots=True)
class Pricing:
    """How the rates of a block's loans move, one entry a loan.

    ``begin`` ppm before the first repricing; ``anchor`` the day from which repricings are counted (NEVER where there is
    none), ``months`` between them, ``least`` the number of the first (0: on the anchor itself); ``spread`` ppm over the
    LPR, ``one_year`` whose LPR. ``shift`` ppm moves the LPR of days after ``shift_from``.
    """

    begin: Ints
    anchor: Days
    months: Ints
    least: Ints
    spread: Ints
    one_year: Flags
    lpr: Lpr
    shift: int
    shift_from: int


def make_pricing(block: Block, facility: Ints, loan: Ints, context: Context) -> tuple[Pricing, Findings]:
    """Pricing of the loans ``loan`` of a block (positions), and what could not be priced as the book says.

    ``facility`` is the position in the context of every loan of the block: it says whose LPR is meant where the book
    does not. The other loans keep a rate that nobody reads.
    """
    now, has_now = maybe_ints(block.frame, "rate_now_ppm")
    months, has_months = maybe_ints(block.frame, "reprice_months")
    next_day, has_next = maybe_ints(block.frame, "next_reprice")
    spread, has_spread = maybe_ints(block.frame, "spread_bp")
    has_months &= months > 0
    months = np.minimum(months, LONGEST)
    begin = np.where(has_now, now, block.rate)
    floating = np.zeros(len(block), bool)
    floating[loan] = _is_floating(block)[loan]
    one_year, has_tenor = _tenors(block, facility, np.flatnonzero(floating), context)
    moving = floating & has_months & has_tenor & (has_next | ~has_now)
    rows = np.flatnonzero(moving)
    anchor = np.where(has_next, next_day, block.disbursed)
    least = np.where(has_next, 0, 1)
    at_issue = _lpr(context.lpr, one_year, block.disbursed) + context.lpr_shift(block.planned, block.disbursed)
    over = np.where(has_spread, spread * (PPM // BP), block.rate - at_issue)
    known = has_spread | (context.lpr.index(block.disbursed) >= 0)
    pricing = Pricing(
        begin,
        np.where(moving & known, anchor, NEVER),
        np.where(moving, months, 1),
        least,
        over,
        one_year,
        context.lpr,
        context.lpr_shift_bp * (PPM // BP),
        context.lpr_shift_from,
    )
    first = add_months(anchor[rows], least[rows] * months[rows])
    early = (first <= np.minimum(block.matures[rows], context.end)) & (~known[rows] | (context.lpr.index(first) < 0))
    said = [
        _said(block, "reprice_unknown", np.flatnonzero(floating & ~has_months), "reprice_months", None),
        _said(block, "reprice_unknown", np.flatnonzero(floating & has_months & ~has_tenor), "lpr_tenor", None),
        _said(block, "reprice_before_first_lpr", rows[early], "next_reprice", first[early]),
    ]
    return pricing, Findings.concat(said)


def _is_floating(block: Block) -> Flags:
    if "rate_type" not in block.frame:
        return np.zeros(len(block), bool)
    which, names = codes(block.frame, "rate_type")
    return np.array([name == "floating" for name in names], bool)[which]


def _tenors(block: Block, facility: Ints, rows: Ints, context: Context) -> tuple[Flags, Flags]:
    """Whether the 1-year LPR is the loan's, and whether the book or the facility says whose."""
    one_year = np.array([t == "1y" for t in block.tenors], bool)[block.tenor]
    known = np.array([t is not None for t in block.tenors], bool)[block.tenor]
    for f, rules in enumerate(context.facilities):
        mine = rows[facility[rows] == f]
        if "lpr_1y_up_to_months" in rules:
            one_year[mine] = tenor_is_1y(block, mine, rules)
            known[mine] = True
    return one_year, known


def _said(block: Block, code: str, rows: Ints, column: str, days: Days | None) -> Findings:
    if rows.size == 0:
        return Findings()
    found = None if days is None else [iso(d) for d in days.tolist()]
    return Findings.of(code, int(rows.size), **block.place(rows), column=column, found=found or "")


def _lpr(lpr: Lpr, one_year: Flags, day: Days) -> Ints:
    """The LPR in force on each day, ppm; before the first fixing a figure that means nothing."""
    fixing = lpr.index(day)
    return np.where(one_year, lpr.lpr_1y_ppm[fixing], lpr.lpr_5y_ppm[fixing])


def rate_on(pricing: Pricing, loan: Ints, day: Days | int) -> Ints:
    """The rate of the loans ``loan`` on the day(s) ``day``, ppm, exact; a new rate counts from its own day on.

    Where a repricing falls before the first known LPR the rate stays.

    >>> from relending.policy import lpr
    >>> one = lambda x: np.array([x], np.int64)
    >>> pricing = Pricing(one(41_000), one(18_628), one(12), one(0), one(-500), one(1) == 0, lpr(), 0, 0)
    >>> [int(rate_on(pricing, one(0), d)[0]) for d in (18_627, 18_628, 18_993)]  # 5-year LPR: 4.65 %, less 5 bp
    [41000, 46000, 46000]
    """
    out = pricing.begin[loan]
    reset = repriced_on(pricing, loan, day)
    some = np.flatnonzero(reset != NEVER)
    if some.size == 0:
        return out
    loan, reset = loan[some], reset[some]
    lpr = _lpr(pricing.lpr, pricing.one_year[loan], reset) + np.where(reset > pricing.shift_from, pricing.shift, 0)
    out[some] = lpr + pricing.spread[loan]
    return out


def repriced_on(pricing: Pricing, loan: Ints, day: Days | int) -> Days:
    """The day on which the rate that the loans ``loan`` have on the day(s) ``day`` was fixed; NEVER: not repriced."""
    day = np.broadcast_to(np.asarray(day, np.int64), loan.shape)
    out = np.full(loan.shape, NEVER, np.int64)
    some = np.flatnonzero(day >= pricing.anchor[loan])
    if some.size == 0:
        return out
    loan, day = loan[some], day[some]
    reset, number = _last_repricing(pricing.anchor[loan], pricing.months[loan], day)
    moved = (pricing.lpr.index(reset) >= 0) & (number >= pricing.least[loan])
    out[some] = np.where(moved, reset, NEVER)
    return out


def _last_repricing(anchor: Days, months: Ints, day: Days) -> tuple[Days, Ints]:
    """The latest of the dates ``anchor + k * months`` on or before each day (not before the anchor), and its k."""
    month, of_month = split(anchor)
    here, day_here = split(day)
    length = month_start(here + 1) - month_start(here)
    reached = (of_month <= day_here) | (day_here == length)
    number = (here - month - ~reached) // months
    return add_months(anchor, number * months), number


def reprice_days(pricing: Pricing, loan: Ints, first: int, after: int) -> Pairs:
    """The days from ``first`` to the day before ``after`` on which these loans (ascending) are priced anew."""
    loan = loan[pricing.anchor[loan] < after]
    month, day = split(pricing.anchor[loan])
    last = after - pricing.anchor[loan]  # there are no more months than days
    months, least = pricing.months[loan], pricing.least[loan]
    return in_order([repeated(loan, month, day, months, least, last, first, after)], first, after)
