"""Cost 资金成本: what the facility saves the lender, and per tonne, by quarter (design section 9).

What the supported loans owe comes from the blocks (:mod:`relending.engine.outstanding`), what is held from the legs of
the tranches; ``cost_frame`` alone divides and rounds. Figures by daily balances are those of
:mod:`relending.engine.dailycost`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import iso, quarter_start, to_date, to_day
from relending.engine.columns import frame_of
from relending.engine.context import Context
from relending.engine.dailycost import Span, daily_cost, spans
from relending.engine.interest import Leg
from relending.engine.ledger import Position, balances, facility_rate_e8
from relending.engine.outstanding import Outstanding
from relending.findings import Findings
from relending.policy import Dated
from relending.units import BP, E8, FEN, GRAMS, PPM, divide, from_limbs

Held = tuple[Leg, int]
"""A tranche-year and what it holds at the end of a day, in fen."""

NAMES = (
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
    "average_loans_fen",
    "average_balance_fen",
    "loan_interest_fen",
    "facility_interest_fen",
    "own_funding_interest_fen",
    "collateral_cost_fen",
    "net_interest_fen",
    "nim_effect_bp_e6",
    "reference_rate_ppm",
    "interest_saved_reference_fen",
)
"""The columns of the cost table, in their order."""
BP_E6 = 10**6
"""Basis points with six decimals."""
MOST = 10**18
"""A figure of more digits says nothing: it stems from a divisor next to nothing."""


def interest_saved(position: Position, rate: Dated, first: int, after: int) -> int:
    """Sum over tranches and days of the quarter of principal x (own rate of the day - tranche rate) / 360, in fen.

    ``rate`` is the own rate, or another the facility's is held against. Rounded once a quarter, lender and facility;
    negative where it is below the facility's.
    """
    changes = sorted({first, after, *(to_day(v.start) for v in rate.values if first < to_day(v.start) < after)})
    sums: dict[int, int] = {}
    for begin, stop in itertools.pairwise(changes):
        own = int(rate.on(to_date(begin)).value)
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
    """The cost series: yields, blended cost, margin, interest saved, tonnes, by quarter, lender and facility; then what
    daily balances add up to."""
    ids, quarters = [f.id for f in context.facilities], spans(context.quarters)
    by_pair = [
        _series(merged, p, p.lender * len(ids) + p.facility, lenders[p.lender], context, quarters) for p in where
    ]
    keys = [(lenders[p.lender], ids[p.facility]) for p in where]
    rows = [
        (span.text, *key, *series[j])
        for j, span in enumerate(quarters)
        for key, series in zip(keys, by_pair, strict=True)
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(NAMES)
    return frame_of(
        {
            n: pa.array(c, pa.string() if i < 3 else pa.int64())
            for i, (n, c) in enumerate(zip(NAMES, columns, strict=True))
        }
    )


def _series(
    merged: Outstanding, p: Position, pair: int, lender: str, context: Context, quarters: Sequence[Span]
) -> list[list[int | None]]:
    """The figures of one lender and facility, a list a quarter: from ``loans_outstanding_fen`` on."""
    rules, dated = context.facilities[p.facility], context.own_rate_of(lender)
    reference, assets = context.reference_rate_of(lender), context.earning_assets
    weighted, weighted_days = from_limbs(merged.weighted[:, pair]), from_limbs(merged.weighted_days[:, pair])
    by_day = daily_cost(merged.owed[pair], weighted_days, p.legs, lender, rules, context, quarters)
    out: list[list[int | None]] = []
    for j, span in enumerate(quarters):
        _, first, after, _ = span
        last = to_date(after - 1)
        held = balances(p, after - 1)
        owed, balance = int(merged.owed[pair, after - 1 - quarters[0].first]), sum(b for _, b in held)
        grams = int(merged.in_balance[pair, j])
        row: list[int | None] = [owed, balance]
        saved = 0
        if dated is None:
            # only a lender without an eligible loan may lack one (own_rate_findings): nothing was lent or held
            row += [None] * 5
        else:
            own = int(dated.on(last).value)
            row.append(divide(weighted[j] * (E8 // PPM), owed, "half_even") if owed else None)
            row += [facility_rate_e8(held), own, blended_cost_e8(owed, held, own)]
            row.append(margin_e8(weighted[j], owed, held, own))
            saved = interest_saved(p, dated, first, after)
        row += [saved, int(merged.reduction[pair, j]), grams]
        row.append(None if dated is None else subsidy_per_tonne_e6(held, own, grams))
        day = by_day[j]
        row += [day.average_loans, day.average_balance, day.loan_interest, day.facility_interest]
        row += [day.own_funding_interest, day.collateral_cost, day.net_interest]
        gain = saved - (day.collateral_cost or 0)
        row.append(None if assets is None else nim_effect_bp_e6(gain, span, int(assets.on(last).value)))
        row.append(None if reference is None else int(reference.on(last).value))
        row.append(None if reference is None else interest_saved(p, reference, first, after))
        out.append(row)
    return out


def nim_effect_bp_e6(gain: int, quarter: Span, assets: int) -> int | None:
    """Effect on the net interest margin 净息差影响, basis points scaled 10**6.

    10**4 x ``gain`` (fen of the quarter) x (days of the year / days of the quarter) / ``assets`` (fen), rounded once.
    None where the figure has more than 18 digits and says nothing.

    Interest of 2.565 m yuan saved in a quarter of 90 days, over assets of 2 bn yuan: about 52 basis points a year.

    >>> nim_effect_bp_e6(256_500_000, spans([2023 * 4])[0], 200_000_000_000)
    52012500
    """
    days = quarter.after - quarter.first
    figure = divide(gain * BP * BP_E6 * quarter.year_days, assets * days, "half_even")
    return figure if abs(figure) < MOST else None


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
    return per_tonne_e6(sum(b * (own - leg.rate_ppm) for leg, b in held), grams)


def per_tonne_e6(gain: int, grams: int) -> int | None:
    """Yuan a tonne and year, scaled 10**6, of a gain in fen x ppm a year over grams a year; None as above.

    1,200 yuan a year over 100 tonnes:

    >>> per_tonne_e6(1_200 * 100 * 10**6, 100 * 10**6)
    12000000
    """
    if grams == 0:
        return None
    # fen x ppm over grams: yuan a tonne is gain / 100 / PPM * GRAMS / grams
    figure = divide(gain * GRAMS * 10**6, FEN * PPM * grams, "half_even")
    return figure if abs(figure) < MOST else None
