"""What supported loans owe 贷款余额, day by day, as a partial of a block: it merges with others in any order.

A lender and a facility are one number, the pair. Nothing is divided or rounded here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relending.dates import Days, quarter_end, quarter_start
from relending.engine.cohorts import Gaps
from relending.engine.context import Context
from relending.engine.daily import Pairs, change_days, in_order
from relending.engine.owed import Schedule
from relending.engine.repricing import Pricing, rate_on, reprice_days
from relending.units import INT64_MAX, Ints, LimitError, add, group_sum, total, weighted_limbs

PART = 2**14
"""Loans worked on at a time: their days fit the processor's cache, and memory stays small."""


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A partial by pair, exact.

    ``owed`` fen at the end of each day of the run (pairs x days); ``weighted`` limbs of fen x ppm at each quarter end
    and ``weighted_days`` those of each quarter summed over its days (4 x pairs x quarters); ``reduction`` grams
    disbursed and ``in_balance`` grams whose draw is held, at each quarter end (pairs x quarters).
    """

    owed: Ints
    weighted: Ints
    weighted_days: Ints
    reduction: Ints
    in_balance: Ints

    def merge(self, other: Outstanding) -> Outstanding:
        """The partial of both sets of loans; associative and commutative."""
        return Outstanding(
            _add_rows(self.owed, other.owed),
            add(self.weighted, other.weighted),
            add(self.weighted_days, other.weighted_days),
            add(self.reduction, other.reduction),
            add(self.in_balance, other.in_balance),
        )


def _add_rows(a: Ints, b: Ints) -> Ints:
    """``a + b``, a row at a time: the daily balances of thousands of lenders are large, intermediates stay small."""
    out = np.empty_like(a)
    for i in range(len(a)):
        out[i] = add(a[i], b[i])
    return out


def outstanding_block(
    context: Context,
    schedule: Schedule,
    loan: Ints,
    pair: Ints,
    pairs: int,
    rate: Ints,
    reduction: Ints,
    held_from: Days,
    held_until: Days,
    gaps: Gaps,
    pricing: Pricing | None = None,
) -> Outstanding:
    """What supported loans owe on each day of the run, and with which rates.

    ``loan`` positions in the block, ascending, ``pair`` their lender and facility as one number below ``pairs``,
    ``rate`` ppm, ``reduction`` grams; the draw is held from the day ``held_from`` to the day before ``held_until``, but
    for ``gaps`` (of positions in the block). With ``pricing`` (of the whole block) the rate of each day counts instead
    of ``rate``. Raises LimitError where all principal, or all grams, together leave int64.
    """
    if max(total(schedule.terms.principal[loan]), total(reduction)) > INT64_MAX:
        raise LimitError("the loans outstanding are beyond the limit of 2**63 - 1")
    first, after = int(quarter_start(context.first_quarter)), context.end + 1
    days, quarters = after - first, len(context.quarters)
    begins = quarter_start(np.asarray(context.quarters))
    lengths = np.diff([*begins, after])
    quarter_at = np.repeat(np.arange(quarters), lengths)
    left_at = np.repeat(begins + lengths - first, lengths) - np.arange(days)
    pair_of, rate_of = np.zeros(len(schedule.terms), np.int64), np.zeros(len(schedule.terms), np.int64)
    pair_of[loan], rate_of[loan] = pair, rate
    owed = np.zeros(pairs * days, np.int64)
    at_end, over_days = np.zeros((4, pairs * quarters), np.int64), np.zeros((4, pairs * quarters), np.int64)
    for start in range(0, len(loan), PART):
        who, day = _days(schedule, loan[start : start + PART], first, after, pricing)
        balance = schedule.outstanding(who, day)
        same = np.concatenate([[False], who[1:] == who[:-1]])[: len(who)]
        before = np.where(same, np.concatenate([[0], balance[:-1]])[: len(who)], 0)
        change = balance - before
        offset = np.maximum(day - first, 0)
        of = pair_of[who]
        # a balance is never above all principal together, so no running sum leaves int64
        np.add.at(owed, of * days + offset, change)
        cell, left = of * quarters + quarter_at[offset], left_at[offset]
        price = rate_of[who] if pricing is None else rate_on(pricing, who, day)
        at_end += weighted_limbs(change, price, cell, pairs * quarters)
        over_days += weighted_limbs(change, price * left, cell, pairs * quarters)
        if pricing is not None:
            moved = np.flatnonzero(same)
            step = price[moved] - price[moved - 1]
            moved, step = moved[step != 0], step[step != 0]
            at_end += weighted_limbs(before[moved], step, cell[moved], pairs * quarters)
            over_days += weighted_limbs(before[moved], step * left[moved], cell[moved], pairs * quarters)
    by_day = owed.reshape(pairs, days)
    np.cumsum(by_day, axis=1, out=by_day)
    weighted = _carried(np.cumsum(_carried(at_end).reshape(4, pairs, quarters), axis=2))
    # a day's figure is what stood at the end of the quarter before and the changes since
    stood = np.concatenate([np.zeros((4, pairs, 1), np.int64), weighted[:, :, :-1]], axis=2)
    weighted_days = _carried(_carried(over_days).reshape(4, pairs, quarters) + stood * lengths)
    made = _at_quarter_ends(context, schedule.terms.disbursed[loan], reduction, pair, pairs)
    return Outstanding(
        by_day,
        weighted,
        weighted_days,
        made,
        held_grams(context, loan, pair, pairs, reduction, held_from, held_until, gaps),
    )


def _days(schedule: Schedule, loan: Ints, first: int, after: int, pricing: Pricing | None) -> Pairs:
    """Where these loans change or are priced anew; those disbursed before ``first`` also stand on the day before."""
    changes = change_days(schedule, loan, first, after)
    old = loan[schedule.terms.disbursed[loan] < first]
    parts = [changes]
    if old.size:
        parts.append((old, np.full(old.size, first - 1)))
    if pricing is not None:
        parts.append(reprice_days(pricing, loan, first, after))
    return in_order(parts, first - 1, after) if len(parts) > 1 else changes


def _carried(limbs: Ints) -> Ints:
    """The same sums with every limb but the highest inside 32 bits, so that they can be multiplied by days."""
    out = limbs.copy()
    for k in range(3):
        out[k + 1] += out[k] >> 32
        out[k] &= 0xFFFFFFFF
    return out


def _at_quarter_ends(context: Context, since: Days, grams: Ints, pair: Ints, pairs: int) -> Ints:
    """Grams that count from the day ``since`` on, at each quarter end: pairs x quarters."""
    ends = quarter_end(np.asarray(context.quarters))
    width = len(ends) + 1  # the last column: after the run
    return np.cumsum(
        group_sum(grams, pair * width + np.searchsorted(ends, since), pairs * width).reshape(pairs, width)[:, :-1],
        axis=1,
    )


def held_grams(
    context: Context,
    loan: Ints,
    pair: Ints,
    pairs: int,
    reduction: Ints,
    held_from: Days,
    held_until: Days,
    gaps: Gaps,
) -> Ints:
    """Grams whose draw is held at each quarter end."""
    paused = np.searchsorted(loan, gaps.loan)  # gaps are of supported loans, and those are in the order of the block
    grams, of = reduction[paused], pair[paused]
    return (
        _at_quarter_ends(context, held_from, reduction, pair, pairs)
        - _at_quarter_ends(context, held_until, reduction, pair, pairs)
        - _at_quarter_ends(context, gaps.begin, grams, of, pairs)
        + _at_quarter_ends(context, gaps.end, grams, of, pairs)
    )
