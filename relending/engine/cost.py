"""Cost 资金成本: what the facility saves the lender, and per tonne, by quarter (design section 9).

A block yields what its supported loans owe at each quarter end (with rate, with grams); ``cost_frame`` alone divides
and rounds.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import iso, quarter_end, quarter_start, quarter_text, to_date, to_day
from relending.engine.cohorts import Gaps
from relending.engine.columns import frame_of
from relending.engine.context import Context
from relending.engine.interest import Leg
from relending.engine.ledger import Position, balances, facility_rate_e8
from relending.engine.owed import Schedule
from relending.findings import Findings
from relending.policy import Dated, Facility
from relending.units import E8, FEN, GRAMS, PPM, Ints, add, divide, from_limbs, group_sum, weighted_limbs

Held = tuple[Leg, int]
"""A tranche-year and what it holds at the end of a day, in fen."""


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A partial by cell (quarter x lender x facility): fen owed, limbs of fen x ppm, grams disbursed, grams held."""

    owed: Ints
    weighted: Ints
    reduction: Ints
    in_balance: Ints

    def merge(self, other: Outstanding) -> Outstanding:
        """The partial of both sets of loans; associative and commutative."""
        return Outstanding(
            add(self.owed, other.owed),
            add(self.weighted, other.weighted),
            add(self.reduction, other.reduction),
            add(self.in_balance, other.in_balance),
        )


def outstanding_block(
    context: Context,
    schedule: Schedule,
    loan: Ints,
    pair: Ints,
    pairs: int,
    rate: Ints,
    reduction: Ints,
    held_from: Ints,
    held_until: Ints,
    gaps: Gaps,
) -> Outstanding:
    """What supported loans owe at each quarter end of the run.

    ``loan`` positions in the block, ``pair`` their lender and facility as one number below ``pairs``, ``rate`` ppm,
    ``reduction`` grams; the draw is held from the day ``held_from`` to the day before ``held_until``, but for ``gaps``
    (of positions in the block).
    """
    quarters = len(context.quarters)
    owed = np.zeros((quarters, pairs), np.int64)
    weighted = np.zeros((4, quarters, pairs), np.int64)
    grams = np.zeros((quarters, pairs), np.int64)
    held = np.zeros((quarters, pairs), np.int64)
    paused = np.searchsorted(loan, gaps.loan)  # gaps are of supported loans, and those are in the order of the block
    disbursed, matures = schedule.terms.disbursed[loan], schedule.terms.matures[loan]
    for j, q in enumerate(context.quarters):
        day = int(quarter_end(q))
        live = np.flatnonzero((disbursed <= day) & (matures > day))
        balance = schedule.outstanding(loan[live], day)
        owed[j] = group_sum(balance, pair[live], pairs)
        weighted[:, j] = weighted_limbs(balance, rate[live], pair[live], pairs)
        made = disbursed <= day
        grams[j] = group_sum(reduction[made], pair[made], pairs)
        kept = (held_from <= day) & (held_until > day)
        kept[paused[(gaps.begin <= day) & (gaps.end > day)]] = False
        held[j] = group_sum(reduction[kept], pair[kept], pairs)
    return Outstanding(owed, weighted, grams, held)


def interest_saved(position: Position, own_rate: Dated, rules: Facility, first: int, after: int) -> int:
    """Sum over tranches and days of the quarter of principal x (own rate of the day - tranche rate) / 360, in fen.

    Rounded once a quarter, lender and facility; negative where the own rate is below the facility's.
    """
    changes = sorted({first, after, *(to_day(v.start) for v in own_rate.values if first < to_day(v.start) < after)})
    sums: dict[int, int] = {}
    for begin, stop in itertools.pairwise(changes):
        own = int(own_rate.on(to_date(begin)).value)
        for leg in position.legs:
            if leg.start < stop and leg.due > begin:
                days = leg.principal_days(stop) - leg.principal_days(begin)
                sums[leg.basis] = sums.get(leg.basis, 0) + days * (own - leg.rate_ppm)
    if not sums:
        return 0
    # one denominator for all tranche-years, whatever their day counts, so that there is one rounding
    common = int(np.lcm.reduce(list(sums)))
    return divide(sum(s * (common // basis) for basis, s in sums.items()), common * PPM, "half_even")


def own_rate_findings(context: Context, lenders: Sequence[str]) -> Findings:
    """An error for each of these lenders that has no own rate on a day of the run."""
    first = int(quarter_start(context.first_quarter))
    out = []
    for lender in lenders:
        rate = context.own_rate_of(lender)
        if rate is None or to_day(rate.values[0].start) > first:
            expected = f"<= {iso(first)}"
            out.append(Findings.one("own_rate_missing", column="market.own_rate", found=lender, expected=expected))
    return Findings.concat(out)


def cost_frame(
    merged: Outstanding, where: Sequence[Position], lenders: Sequence[str], context: Context
) -> pd.DataFrame:
    """The cost series: yields, blended cost, margin, interest saved, tonnes, by quarter, lender and facility."""
    ids = [f.id for f in context.facilities]
    pairs = len(lenders) * len(ids)
    weighted = np.array(from_limbs(merged.weighted.reshape(4, -1)), object).reshape(len(context.quarters), pairs)
    rows: list[tuple[object, ...]] = []
    for j, q in enumerate(context.quarters):
        first, after, last = int(quarter_start(q)), int(quarter_start(q + 1)), int(quarter_end(q))
        for p in where:
            pair = p.lender * len(ids) + p.facility
            own_dated = context.own_rate_of(lenders[p.lender])
            if own_dated is None:
                # only a lender without an eligible loan may lack one (own_rate_findings): nothing was lent or held
                rows.append((quarter_text(q), lenders[p.lender], ids[p.facility], 0, 0, *[None] * 5, 0, 0, 0, None))
                continue
            own = int(own_dated.on(to_date(last)).value)
            held = balances(p, last)
            owed, balance = int(merged.owed[j, pair]), sum(b for _, b in held)
            rate = facility_rate_e8(held)
            yields = divide(int(weighted[j, pair]) * (E8 // PPM), owed, "half_even") if owed else None
            blended = blended_cost_e8(owed, held, own)
            in_balance = int(merged.in_balance[j, pair])
            rows.append(
                (
                    quarter_text(q),
                    lenders[p.lender],
                    ids[p.facility],
                    owed,
                    balance,
                    yields,
                    rate,
                    own,
                    blended,
                    margin_e8(int(weighted[j, pair]), owed, held, own),
                    interest_saved(p, own_dated, context.facilities[p.facility], first, after),
                    int(merged.reduction[j, pair]),
                    in_balance,
                    subsidy_per_tonne_e6(held, own, in_balance),
                )
            )
    names = (
        "quarter",
        "lender",
        "facility",
        "loans_outstanding_fen",
        "facility_balance_fen",
        "loan_yield_e8",
        "facility_rate_e8",
        "own_rate_ppm",
        "blended_cost_e8",
        "margin_e8",
        "interest_saved_fen",
        "reduction_g",
        "reduction_in_balance_g",
        "subsidy_per_tonne_e6",
    )
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return frame_of(
        {
            n: pa.array(c, pa.string() if i < 3 else pa.int64())
            for i, (n, c) in enumerate(zip(names, columns, strict=True))
        }
    )


def _funding_cost(owed: int, held: Sequence[Held], own: int) -> tuple[int, int]:
    """Yearly cost of funding L, exact as a fraction: (numerator, denominator) in ppm x fen.

    min(B, L) x facility rate + max(L - B, 0) x own rate, the facility rate being balance-weighted and not rounded.
    """
    balance = sum(b for _, b in held)
    interest = sum(b * leg.rate_ppm for leg, b in held)
    if balance == 0:
        return owed * own, 1
    return min(balance, owed) * interest + max(owed - balance, 0) * own * balance, balance


def blended_cost_e8(owed: int, held: Sequence[Held], own: int) -> int | None:
    """Blended cost 综合资金成本: (min(B, L) x facility rate + max(L - B, 0) x own rate) / L, scaled 10**8."""
    if owed == 0:
        return None
    top, bottom = _funding_cost(owed, held, own)
    return divide(top * (E8 // PPM), bottom * owed, "half_even")


def margin_e8(weighted: int, owed: int, held: Sequence[Held], own: int) -> int | None:
    """Margin 利差: loan yield less blended cost, from exact figures, scaled 10**8."""
    if owed == 0:
        return None
    top, bottom = _funding_cost(owed, held, own)
    return divide((weighted * bottom - top) * (E8 // PPM), bottom * owed, "half_even")


def subsidy_per_tonne_e6(held: Sequence[Held], own: int, grams: int) -> int | None:
    """B x (own rate - facility rate) / reduction in balance: yuan a tonne and year, scaled 10**6.

    None where there is no reduction, or so little that the figure has more than 18 digits and says nothing.
    """
    if grams == 0:
        return None
    gain = sum(b * (own - leg.rate_ppm) for leg, b in held)
    # fen x ppm over grams: yuan a tonne is gain / 100 / PPM * GRAMS / grams
    figure = divide(gain * GRAMS * 10**6, FEN * PPM * grams, "half_even")
    return figure if abs(figure) < 10**18 else None
