"""Cost by daily balances 按日均余额计算的成本: averages, interest of loans and of funds, quarter by quarter.

With L the loans and B the facility balance of a lender and facility at the end of each day, all interest at actual/360:

- the loans earn the sum over loans and days of balance x rate of the day;
- the facility takes what accrued on its tranches (the same figure as in ``funding.csv``);
- what the facility does not fund, max(L - B, 0) of each day, costs the own rate of that day;
- the collateral 质押品 pledged for B, which is B / (1 - haircut), costs ``collateral_cost`` of that day.

Every figure is exact until it is rounded once, half-even, to the fen. Market practice: money-market interest at
actual/360 on daily balances (日均余额).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from relending.dates import quarter_start, quarter_text, to_date, to_day
from relending.engine.context import Context
from relending.engine.costing import ACT_360
from relending.engine.daily import held_daily
from relending.engine.interest import Leg
from relending.engine.ledger import accrued_between
from relending.policy import Dated, Facility
from relending.units import PPM, Ints, divide

HAIRCUT = "collateral_haircut"


class Span(NamedTuple):
    """A quarter: its text, first day and the day after its last, and the days of its calendar year."""

    text: str
    first: int
    after: int
    year_days: int


def spans(quarters: Iterable[int]) -> list[Span]:
    """The quarters with their days, worked out once for all lenders.

    >>> [(s.text, s.after - s.first, s.year_days) for s in spans([2024 * 4, 2025 * 4])]
    [('2024Q1', 91, 366), ('2025Q1', 90, 365)]
    """
    out = []
    for q in quarters:
        year = q // 4 * 4
        first, after, year_days = quarter_start(q), quarter_start(q + 1), quarter_start(year + 4) - quarter_start(year)
        out.append(Span(quarter_text(q), int(first), int(after), int(year_days)))
    return out


@dataclass(frozen=True, slots=True)
class DailyCost:
    """One quarter of one lender and facility, in fen; ``collateral_cost`` is None where no cost of it is given."""

    average_loans: int
    average_balance: int
    loan_interest: int
    facility_interest: int
    own_funding_interest: int
    collateral_cost: int | None

    @property
    def net_interest(self) -> int:
        """What the loans earn less what their funds and the collateral cost 净利息收入."""
        cost = self.facility_interest + self.own_funding_interest + (self.collateral_cost or 0)
        return self.loan_interest - cost


def daily_cost(
    owed: Ints,
    weighted_days: Sequence[int],
    legs: Sequence[Leg],
    lender: str,
    rules: Facility,
    context: Context,
    quarters: Sequence[Span],
) -> list[DailyCost]:
    """Every quarter of the run (``quarters``, in their order).

    Parameters: ``owed`` fen at the end of each day of the run; ``weighted_days`` fen x ppm summed over the days of each
    quarter; ``legs`` the tranche-years of the lender in the facility. A lender without an own rate owes nothing and
    holds nothing.
    """
    first, after = quarters[0].first, quarters[-1].after
    held = held_daily(legs, first, after)
    ends = [*(s.first for s in quarters), after]
    own, pledged = context.own_rate_of(lender), context.collateral_cost_of(lender)
    haircut = rules.parameters.get(HAIRCUT)
    cuts = sorted({*ends, *(d for dated in (own, pledged, haircut) for d in _starts(dated, first, after))})
    lent, drawn, gap = (_sums(x, cuts, first) for x in (owed, held, np.maximum(owed - held, 0)))
    at = [cuts.index(day) for day in ends]
    out = []
    for j, (_, begin, stop, _) in enumerate(quarters):
        parts, days = range(at[j], at[j + 1]), stop - begin
        funded = sum(gap[i] * int(own.on(to_date(cuts[i])).value) for i in parts) if own is not None else 0
        collateral = None
        if pledged is not None:
            cost = sum(
                (Fraction(drawn[i] * int(pledged.on(to_date(cuts[i])).value), _kept(haircut, cuts[i])) for i in parts),
                Fraction(0),
            )
            collateral = divide(cost.numerator, cost.denominator * ACT_360, "half_even")
        out.append(
            DailyCost(
                divide(sum(lent[i] for i in parts), days, "half_even"),
                divide(sum(drawn[i] for i in parts), days, "half_even"),
                divide(weighted_days[j], ACT_360 * PPM, "half_even"),
                accrued_between(legs, begin, stop),
                divide(funded, ACT_360 * PPM, "half_even"),
                collateral,
            )
        )
    return out


def _starts(dated: Dated | None, first: int, after: int) -> list[int]:
    """The days inside on which a dated value changes."""
    return [] if dated is None else [d for d in (to_day(v.start) for v in dated.values) if first < d < after]


def _kept(haircut: Dated | None, day: int) -> int:
    """What counts of a million of collateral: a million less the haircut, ppm."""
    return PPM if haircut is None else PPM - int(haircut.on(to_date(day)).value)


def _sums(values: Ints, cuts: Sequence[int], first: int) -> list[int]:
    """Exact sums of daily values from each cut to the next; ``values`` begin on the day ``first``, the first cut.

    >>> _sums(np.array([2**62, 2**62, 2**62, 5]), [10, 13, 14], 10)
    [13835058055282163712, 5]
    """
    at = np.array(cuts[:-1], np.int64) - first
    high, low = np.add.reduceat(values >> 32, at), np.add.reduceat(values & 0xFFFFFFFF, at)
    return [(int(h) << 32) + int(x) for h, x in zip(high, low, strict=True)]
