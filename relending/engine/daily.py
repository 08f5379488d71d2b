"""Daily balances 日终余额: the days on which what loans owe may change, and what tranches hold on every day.

Between two such days nothing changes, so a balance is worked out on these days only; the differences go into an array
of days, and running sums are the balances of every day. The day of a balance is its end: what is paid on a day is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relending.dates import Days, month_of, month_start
from relending.engine.interest import Leg
from relending.engine.owed import Schedule
from relending.engine.schedule import BULLET, Terms, Whole
from relending.units import Ints

SHORTEST_MONTH = 28
"""Days that every month has."""
Pairs = tuple[Ints, Days]
"""Loans (positions in a block) and days, one entry each, by loan, then day."""


def change_days(schedule: Schedule, loan: Ints, first: int, after: int) -> Pairs:
    """The days from ``first`` to the day before ``after`` on which what the loans owe may change.

    ``loan`` are positions in the schedule, ascending; ``first`` and ``after`` day numbers. Days of the disbursement, of
    payments of principal (by the terms or by a schedule given), of the last payment, and of what happened (prepayments,
    refinancing, balances observed); a day may be named on which nothing changes, none on which something does is left
    out. Gives (loan, day), each pair once, by loan, then day.

    >>> from relending.engine.owed import Events, after
    >>> from relending.engine.schedule import EQUAL_PRINCIPAL, make_terms
    >>> one = lambda x: np.array([x], np.int64)
    >>> terms = make_terms(one(100), one(40_000), one(0), one(365), one(EQUAL_PRINCIPAL), one(4), one(0))
    >>> change_days(after(terms, one(1) > 0, Events.joined([])), one(0), 0, 366)[1].tolist()
    [0, 90, 181, 273, 365]
    """
    terms = schedule.terms
    parts = [(loan, terms.disbursed[loan]), (loan, terms.matures[loan]), _payments(terms, loan, first, after)]
    more = [schedule.happened.events()[:2]]
    if terms.given is not None:
        more.append(terms.given.events())
    asked = np.zeros(len(terms), bool)
    for owner, day in more:
        if owner.size:
            asked[loan] = True
            mine = np.flatnonzero(asked[owner])
            parts.append((owner[mine], day[mine]))
    return in_order(parts, first, after)


def _payments(terms: Terms, loan: Ints, first: int, after: int) -> Pairs:
    """Days of payments of principal by the terms before the last one (a bullet loan has none)."""
    by_terms = (terms.kind[loan] != BULLET) & (terms.regular[loan] > terms.first[loan])
    if terms.given is not None:
        by_terms &= ~terms.given.has[loan]
    loan = loan[by_terms]
    earliest, latest = terms.first[loan] + 1, terms.regular[loan]
    return repeated(loan, terms.month[loan], terms.day[loan], terms.step[loan], earliest, latest, first, after)


def repeated(
    loan: Ints, month: Whole, day: Whole, step: Whole, earliest: Whole, latest: Whole, first: int, after: int
) -> Pairs:
    """The dates ``day`` of month ``month + j * step``, cut to the month's end, that may lie in first … after - 1.

    One entry of each array a loan; j from ``earliest`` to ``latest``. Of the months that hold ``first`` and the last
    day, days outside may be among them.

    >>> one = lambda x: np.array([x])
    >>> repeated(one(7), one(2024 * 12), one(31), one(1), one(0), one(99), 19_753, 19_814)[1].tolist()  # 31 Jan 2024 …
    [19753, 19782, 19813]
    """
    low = np.maximum(earliest, -((month - int(month_of(first))) // step))
    high = np.minimum(latest, (int(month_of(after - 1)) - month) // step)
    count = np.maximum(high - low + 1, 0).astype(np.int64)
    stops = np.cumsum(count)
    number = np.arange(int(stops[-1]) if count.size else 0)
    at = np.repeat(month + (low - (stops - count)) * step, count) + number * np.repeat(step, count)
    of_month = np.repeat(day, count)
    when = month_start(at) + of_month - 1
    late = np.flatnonzero(of_month > SHORTEST_MONTH)
    when[late] = np.minimum(when[late], month_start(at[late] + 1) - 1)
    return np.repeat(loan, count), when


def in_order(parts: Sequence[Pairs], first: int, after: int) -> Pairs:
    """The pairs of a loan and a day from ``first`` to the day before ``after``, each once, by loan, then day."""
    bits = max(after - first - 1, 1).bit_length()
    keys = []
    for loan, day in parts:
        inside = np.flatnonzero((day >= first) & (day < after))
        keys.append((loan[inside] << bits) | (day[inside] - first))
    # each part is in order: a stable sort merges them
    key = np.sort(np.concatenate(keys), kind="stable")
    if key.size:
        key = key[np.concatenate([[True], key[1:] != key[:-1]])]
    return key >> bits, first + (key & (2**bits - 1))


def held_daily(legs: Sequence[Leg], first: int, after: int) -> Ints:
    """What these tranche-years hold together at the end of each day from ``first`` to the day before ``after``, fen.

    A tranche-year holds from its first day to the day before its due date.

    >>> leg = Leg(0, 10, 0, 10, 14, 17_500, 360, (10, 12), (100, 60))
    >>> held_daily([leg, leg], 9, 16).tolist()
    [0, 200, 200, 120, 120, 0, 0]
    """
    when: list[int] = []
    change: list[int] = []
    for leg in legs:
        if leg.start >= after or leg.due <= first:
            continue
        before = 0
        for day, held in zip((*leg.from_day, leg.due), (*leg.held, 0), strict=True):
            if day < after:
                when.append(max(day, first) - first)
                change.append(held - before)
            before = held
    out = np.zeros(after - first, np.int64)
    np.add.at(out, np.array(when, np.int64), np.array(change, np.int64))
    return np.cumsum(out)
