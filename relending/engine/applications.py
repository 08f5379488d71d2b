"""Applications 申请: the period a loan is applied for in, its draw date, and what it asks for (design section 7)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from relending.dates import (
    Days,
    month_end,
    month_of,
    month_start,
    month_text,
    parse_quarter,
    quarter_end,
    quarter_of,
    quarter_start,
    quarter_text,
    to_date,
    to_day,
)
from relending.engine.block import Block
from relending.engine.calendar import adjust
from relending.engine.columns import Codes, numbered
from relending.engine.context import launch_day
from relending.engine.owed import Schedule
from relending.policy import Facility
from relending.units import BP, Ints, mul_div

UNSERVED = -1
"""No pool takes the loan's sector."""


@dataclass(frozen=True, slots=True)
class Requests:
    """What loans of one block ask of one facility: loan (position in the block), draw day, application period
    (see :func:`period_text`), pool, ratio in bp and amount in fen.

    ``repaid`` are the loans that owed nothing on their draw day ``repaid_day``, ``lost`` those that owed something but
    did not meet the conditions any more.
    """

    loan: Ints
    day: Days
    period: Ints
    pool: Ints
    ratio: Ints
    amount: Ints
    repaid: Ints
    repaid_day: Days
    lost: Ints

    def __len__(self) -> int:
        return len(self.loan)


def pools(rules: Facility) -> list[str]:
    """Every pool a facility's quota ever has, in order of first appearance; one nameless pool where it has none."""
    names = list(dict.fromkeys(pool.id for value in rules["quota"].values for pool in value.value.pools))
    return names or [""]


def application_periods(disbursed: Days, rules: Facility) -> Ints:
    """Application period of each disbursement: a quarter number, or minus the month number for monthly facilities.

    Never earlier than the period that holds the launch.
    """
    launch = launch_day(rules)
    monthly = np.array([v.value == "month" for v in rules["frequency"].values], bool)[
        rules["frequency"].index(disbursed)
    ]
    since_launch = np.maximum(disbursed, launch)
    return np.where(monthly, -month_of(since_launch), quarter_of(since_launch))


def period_end(periods: Ints) -> Days:
    """Last day of each application period."""
    out = np.empty(periods.shape, np.int64)
    monthly = periods < 0
    out[monthly], out[~monthly] = month_end(-periods[monthly]), quarter_end(periods[~monthly])
    return out


def period_start(period: int) -> int:
    """First day of an application period."""
    return int(month_start(-period) if period < 0 else quarter_start(period))


def in_time(periods: Ints) -> Ints:
    """Application periods as numbers that grow with time: months (a quarter ends with its third).

    >>> in_time(np.array([period_number(t) for t in ("2024-03", "2024Q1", "2024-04")])).tolist()
    [24290, 24290, 24291]
    """
    return np.where(periods < 0, -periods, periods * 3 + 2)


def period_text(period: int) -> str:
    """An application period as written in ``caps``: ``2024Q1`` or ``2024-03``."""
    return month_text(-period) if period < 0 else quarter_text(period)


def period_number(text: str) -> int:
    """The application period that :func:`period_text` writes like this; ValueError if it is none.

    >>> [period_text(period_number(t)) for t in ("2024Q1", "2024-03")]
    ['2024Q1', '2024-03']
    """
    if "Q" in text:
        return parse_quarter(text)
    first = dt.date.fromisoformat(f"{text}-01")
    return -int(month_of(to_day(first)))


def next_period(period: int) -> int:
    """The application period after this one."""
    return period - 1 if period < 0 else period + 1


def draw_days(periods: Ints, disbursed: Days, rules: Facility) -> Days:
    """Draw date: last day of the period plus lag_days, moved by business_day."""
    out = period_end(periods) + rules["lag_days"].pick(disbursed)
    found, index = numbered(out)
    moved = [adjust(d, rules["business_day"].on(to_date(d)).value) for d in found.tolist()]
    return np.array(moved, np.int64)[index] if moved else out


def pool_of(sectors: list[str | None], sector: Codes, day: Days, rules: Facility) -> Ints:
    """The first pool that takes each loan's sector on its draw day, as a position in :func:`pools`.

    While no quota is in force a loan joins the pool of the first quota to come, so that it counts in its balance.
    """
    names = pools(rules)
    if names == [""]:
        return np.zeros(len(day), np.int64)
    values = [v.value for v in rules["quota"].values]
    table = np.full((len(values), max(len(sectors), 1)), UNSERVED, np.int64)
    for i in range(len(values)):
        quota = next((v for v in values[i:] if v.pools), None)
        for j, code in enumerate(sectors):
            taken = [p.id for p in (quota.pools if quota else ()) if not p.sectors or code in p.sectors]
            table[i, j] = names.index(taken[0]) if taken else UNSERVED
    return table[rules["quota"].index(day), sector]


@dataclass(frozen=True, slots=True)
class Applicants:
    """Who asks on which day, whatever the ratio: loan (position in the block), draw day, application period.

    ``repaid``, ``repaid_day`` and ``lost`` as :class:`Requests` has them.
    """

    loan: Ints
    day: Days
    period: Ints
    repaid: Ints
    repaid_day: Days
    lost: Ints


def make_applicants(block: Block, rows: Ints, rules: Facility, schedule: Schedule) -> Applicants:
    """Those of the eligible loans ``rows`` that still owe something and meet the conditions on their draw day."""
    disbursed = block.disbursed[rows]
    periods = application_periods(disbursed, rules)
    day = draw_days(periods, disbursed, rules)
    owed = schedule.outstanding(rows, day)
    meets = block.ineligible[rows] > day
    there = (owed > 0) & meets
    return Applicants(
        loan=rows[there],
        day=day[there],
        period=periods[there],
        repaid=rows[owed <= 0],
        repaid_day=day[owed <= 0],
        lost=rows[(owed > 0) & ~meets],
    )


def make_requests(block: Block, rows: Ints, rules: Facility, schedule: Schedule) -> Requests:
    """What the eligible loans ``rows`` ask for: floor(principal x ratio) each, if they still owe anything that day."""
    who = make_applicants(block, rows, rules, schedule)
    ratio = rules["ratio"].pick(block.disbursed[who.loan])
    return Requests(
        loan=who.loan,
        day=who.day,
        period=who.period,
        pool=pool_of(block.sectors, block.sector[who.loan], who.day, rules),
        ratio=ratio,
        amount=mul_div(block.principal[who.loan], ratio, BP, "floor"),
        repaid=who.repaid,
        repaid_day=who.repaid_day,
        lost=who.lost,
    )
