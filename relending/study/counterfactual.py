"""What borrowers would have paid without the facility 反事实利率: the user's choice among what can be worked out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import TypeAlias

import numpy as np
import pandas as pd

from relending.dates import quarter_of
from relending.engine.block import Block
from relending.engine.columns import Flags, codes
from relending.engine.context import Context
from relending.engine.screening import tenor_is_1y
from relending.units import BP, PPM, Ints, divide

LPR, UNSUPPORTED = "lpr", "unsupported"
Against: TypeAlias = str | float | Decimal | Fraction | Mapping[str, float | Decimal | Fraction] | pd.Series
"""``"lpr"``, ``"unsupported"``, one rate for all, or a rate a loan id (fractions a year)."""
NO_RULE = "lpr_1y_up_to_months"


def counterfactual(
    block: Block, facility: Ints, supported: Flags, compared: Flags, against: Against, spread_bp: int, context: Context
) -> tuple[Ints, Flags]:
    """The counterfactual rate of each loan of a block in ppm, and whether it has one.

    ``facility`` positions, ``supported`` loans, ``compared`` those that may be compared with (sound, not supported).
    Raises ValueError for a word not known, a spread where none can be added, or a rate that is no fraction.
    """
    if spread_bp and against != LPR:
        raise ValueError(f'spread_bp is added to "{LPR}" alone')
    if isinstance(against, str):
        if against == LPR:
            rate, known = _lpr(block, facility, supported, context)
            return rate + spread_bp * (PPM // BP), known
        if against == UNSUPPORTED:
            return _comparable(block, facility, supported, compared, context)
        raise ValueError(f'against {against!r} is none of "{LPR}", "{UNSUPPORTED}", a rate, or rates by loan id')
    if isinstance(against, Mapping | pd.Series):
        given = {str(k): _ppm(v) for k, v in against.items()}
        ids = [str(x) for x in block.loan_id.to_pylist()]
        return np.array([given.get(x, 0) for x in ids], np.int64), np.array([x in given for x in ids], bool)
    return np.full(len(block), _ppm(against), np.int64), np.ones(len(block), bool)


def _ppm(rate: object) -> int:
    """A rate as whole ppm, from its shortest decimal, half-even; what looks like percent is refused."""
    if isinstance(rate, bool) or not isinstance(rate, Real | Decimal):
        raise ValueError(f"against: {rate!r} is no rate")
    exact = Fraction(rate) if isinstance(rate, Fraction) else Fraction(str(rate)) if _finite(rate) else None
    if exact is None or not -1 < exact < 1:
        raise ValueError(f"against: {rate} is no fraction a year (4.2 % is 0.042)")
    return divide(exact.numerator * PPM, exact.denominator, "half_even")


def _finite(rate: object) -> bool:
    return bool(np.isfinite(float(rate)))  # type: ignore[arg-type]


def _lpr(block: Block, facility: Ints, some: Flags, context: Context) -> tuple[Ints, Flags]:
    """The LPR of the loan's tenor in force on the day it was made, as screening takes it."""
    fixing = context.lpr.index(block.disbursed)
    short, known = np.zeros(len(block), bool), fixing >= 0
    for f in range(len(context.facilities)):
        mine = np.flatnonzero(some & (facility == f))
        short[mine], told = tenors(block, mine, f, context)
        known[mine] &= told
    rate = np.where(short, context.lpr.lpr_1y_ppm[fixing], context.lpr.lpr_5y_ppm[fixing])
    return rate + context.lpr_shift(block.planned, block.disbursed), known & some


def tenors(block: Block, rows: Ints, facility: int, context: Context) -> tuple[Flags, Flags]:
    """Whether the 1-year LPR is that of these loans by the rules of a facility, and whether that can be told."""
    rules = context.facilities[facility]
    if NO_RULE in rules:
        return tenor_is_1y(block, rows, rules), np.ones(rows.size, bool)
    given = np.array([{"1y": 1, "5y": 5}.get(t or "", 0) for t in block.tenors], np.int64)[block.tenor[rows]]
    return given == 1, given != 0


def _comparable(
    block: Block, facility: Ints, supported: Flags, compared: Flags, context: Context
) -> tuple[Ints, Flags]:
    """The average rate, by principal, of loans not supported: of the same lender, quarter of disbursement and tenor."""
    rate, known = np.zeros(len(block), np.int64), np.zeros(len(block), bool)
    lender, _ = codes(block.frame, "lender")
    quarter = quarter_of(block.disbursed)
    for f in range(len(context.facilities)):
        mine, others = np.flatnonzero(supported & (facility == f)), np.flatnonzero(compared)
        (short, told), (theirs, said) = (tenors(block, rows, f, context) for rows in (mine, others))
        sums: dict[tuple[int, int, bool], tuple[int, int]] = {}
        for j in np.flatnonzero(said).tolist():
            i = int(others[j])
            key = (int(lender[i]), int(quarter[i]), bool(theirs[j]))
            top, bottom = sums.get(key, (0, 0))
            sums[key] = top + int(block.principal[i]) * int(block.rate[i]), bottom + int(block.principal[i])
        for j in np.flatnonzero(told).tolist():
            i = int(mine[j])
            found = sums.get((int(lender[i]), int(quarter[i]), bool(short[j])))
            if found is not None:
                rate[i], known[i] = divide(*found, "half_even"), True
    return rate, known
