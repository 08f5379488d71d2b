"""Interest of a tranche-year 批次年度利息: exact accrual, settlement dates (design section 7).

A tranche-year runs from a draw or rollover to its due date, first day in, last day out, and is accrued and rounded on
its own: interest accrued to a date is the exact figure of the days before it, rounded half-even to the fen.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from relending.dates import month_of, month_start
from relending.units import PPM, divide

SETTLEMENT_MONTHS = 3
"""Settlements stand on the 20th of each third month: March, June, September, December."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One tranche-year: from ``start`` to ``due``, its rate, and what is held (steps: day from which, fen).

    ``tranche`` is the number of its tranche in the facility, ``year`` counts from 0.
    """

    lender: int
    tranche: int
    year: int
    start: int
    due: int
    rate_ppm: int
    basis: int
    from_day: tuple[int, ...]
    held: tuple[int, ...]

    def principal_days(self, day: int) -> int:
        """Sum of the balance over the days before ``day`` (fen x days), exact."""
        stop = min(day, self.due)
        sum_ = 0
        for i, (since, amount) in enumerate(zip(self.from_day, self.held, strict=True)):
            if since >= stop:
                break
            until = self.from_day[i + 1] if i + 1 < len(self.from_day) else stop
            sum_ += amount * (min(until, stop) - since)
        return sum_

    def accrued(self, day: int) -> int:
        """Interest of the days before ``day``, fen, rounded once."""
        return divide(self.principal_days(day) * self.rate_ppm, self.basis * PPM, "half_even")

    def balance(self, day: int) -> int:
        """What is held at the end of ``day``, before anything the due date does."""
        at = bisect_right(self.from_day, day) - 1
        return self.held[at] if at >= 0 else 0


def days_in_year(day_count: str) -> int:
    """The denominator of a day count.

    >>> days_in_year("ACT/360")
    360
    """
    return int(day_count.split("/")[1])


def settlements(leg: Leg, kind: str) -> list[tuple[int, int]]:
    """Settlement dates of a tranche-year and the interest settled on each.

    ``quarterly``: on 20 March, June, September and December after its first day, what accrued to the 21st; the due date
    takes the rest. ``maturity``: all on the due date.
    """
    out: list[tuple[int, int]] = []
    before = 0
    if kind == "quarterly":
        month = int(month_of(leg.start))
        month += (-month - 1) % SETTLEMENT_MONTHS
        while (day := int(month_start(month)) + 19) < leg.due:
            if day > leg.start:
                accrued = leg.accrued(day + 1)
                out.append((day, accrued - before))
                before = accrued
            month += SETTLEMENT_MONTHS
    out.append((leg.due, leg.accrued(leg.due) - before))
    return out
