"""What supported loans owe, from what other loans owe 贷款余额的增量计算: only the loans that differ are worked out.

The partials of :mod:`relending.engine.outstanding` add up over loans, so a set that gains some loans and loses others
is the former partial plus that of the ones less that of the others, in exact integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from relending.engine.block import NEVER
from relending.engine.cohorts import Gaps
from relending.engine.columns import Flags
from relending.engine.context import Context
from relending.engine.outstanding import Outstanding, outstanding_block
from relending.engine.prepare import Work
from relending.engine.repricing import make_pricing
from relending.units import Ints


@dataclass(frozen=True, slots=True)
class Base:
    """A partial and the supported loans (by block) it is of."""

    supported: tuple[Flags, ...]
    partial: Outstanding


def owed_by(
    works: Sequence[Work],
    facility: Sequence[Ints],
    grams: Sequence[Ints],
    supported: Sequence[Flags],
    lenders: int,
    context: Context,
    base: Base | None = None,
) -> Base:
    """What the ``supported`` loans owe, from ``base`` where fewer loans differ from it than there are.

    ``facility`` and ``grams`` by block, of every loan. What is held is not in it (``in_balance`` is 0).
    """
    if base is not None:
        more = [s & ~b for s, b in zip(supported, base.supported, strict=True)]
        fewer = [b & ~s for s, b in zip(supported, base.supported, strict=True)]
        changed = sum(int(x.sum()) for x in (*more, *fewer))
        if changed < sum(int(s.sum()) for s in supported):
            out = base.partial
            for some, sign in ((more, 1), (fewer, -1)):
                if any(x.any() for x in some):
                    out = _signed(out, _partial(works, facility, grams, some, lenders, context), sign)
            return Base(tuple(supported), out)
    return Base(tuple(supported), _partial(works, facility, grams, supported, lenders, context))


def _partial(
    works: Sequence[Work],
    facility: Sequence[Ints],
    grams: Sequence[Ints],
    some: Sequence[Flags],
    lenders: int,
    context: Context,
) -> Outstanding:
    merged: Outstanding | None = None
    many = len(context.facilities)
    none = np.zeros(0, np.int64)
    for work, of, reduction, mask in zip(works, facility, grams, some, strict=True):
        loan = np.flatnonzero(mask)
        pricing = make_pricing(work.block, of, loan, context)[0] if context.loan_rates == "current" else None
        never = np.full(loan.size, NEVER)
        one = outstanding_block(
            context,
            work.schedule,
            loan,
            work.lender[loan] * many + of[loan],
            lenders * many,
            work.block.rate[loan],
            reduction[loan],
            never,
            never,
            Gaps(none, none, none),
            pricing,
        )
        merged = one if merged is None else merged.merge(one)
    assert merged is not None, "there is a block, be it empty"
    return merged


def _signed(a: Outstanding, b: Outstanding, sign: int) -> Outstanding:
    if sign > 0:
        return a.merge(b)
    return a.merge(
        replace(
            b,
            owed=-b.owed,
            weighted=-b.weighted,
            weighted_days=-b.weighted_days,
            reduction=-b.reduction,
            in_balance=-b.in_balance,
        )
    )
