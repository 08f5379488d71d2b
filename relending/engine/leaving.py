"""Loans that leave the horizons again 重述: those no longer eligible, where a scenario restates what was disclosed.

A loan that leaves in a quarter counts in no horizon from that quarter on. It is kept loan by loan beside the sums of
the loans that stay, for a project is counted as long as any of its loans is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relending.engine.block import NEVER
from relending.engine.columns import Flags
from relending.units import Ints, group_sum, weighted_limbs

if TYPE_CHECKING:
    from relending.engine.disclosure import Grid

PROJECT, CELL, LEAVES, PRINCIPAL, RATE, REDUCTION = range(6)
HORIZONS = 3
Leaving = Ints
"""Loans that leave, a column each: project, cell, quarter they leave in, fen, ppm, grams. Shape (6, loans)."""


def leaving_loans(cell: Ints, project: Ints, leaves: Ints, principal: Ints, rate: Ints, reduction: Ints) -> Leaving:
    """The loans that leave ever, ordered by their figures, so that it does not matter where they came from."""
    goes = leaves != NEVER
    return _ordered(np.stack([c[goes] for c in (project, cell, leaves, principal, rate, reduction)]))


def joined(a: Leaving | None, b: Leaving | None) -> Leaving | None:
    """The loans of two partials; associative and commutative."""
    if a is None or b is None:
        return b if a is None else a
    return _ordered(np.concatenate([a, b], axis=1))


def _ordered(loans: Leaving) -> Leaving:
    return loans[:, np.lexsort(loans[::-1])]


@dataclass(frozen=True, slots=True)
class Spans:
    """From which quarter (place in the grid) to before which a loan counts: one entry a loan and horizon."""

    loan: Ints
    horizon: Ints
    lender: Ints
    project: Ints
    code: Ints
    quarter: Ints
    stop: Ints

    def some(self, kept: Flags) -> Spans:
        """Part of the entries."""
        return Spans(*(getattr(self, name)[kept] for name in Spans.__slots__))

    def and_(self, other: Spans) -> Spans:
        """Both."""
        return Spans(*(np.concatenate([getattr(self, n), getattr(other, n)]) for n in Spans.__slots__))


def make_spans(grid: Grid, f: int, cell: Ints, project: Ints, leaves: Ints) -> Spans:
    """The spans of the loans of facility ``f`` in the three horizons: quarter, year, since start."""
    rest, code = np.divmod(cell, grid.width)
    rest, quarter = np.divmod(rest, grid.quarters)
    lender, facility = np.divmod(rest, grid.facilities)
    loan = np.flatnonzero(facility == f)
    of = (loan, lender[loan], project[loan], code[loan], quarter[loan])
    begins = of[-1]
    year_end = (begins + grid.first) // 4 * 4 + 4 - grid.first
    ends = np.stack([begins + 1, np.minimum(year_end, grid.quarters), np.full(loan.size, grid.quarters)])
    stop = np.minimum(ends, np.clip(leaves[loan] - grid.first, 0, grid.quarters))
    loan, lender, project, code, quarter = (np.tile(c, HORIZONS) for c in of)
    every = Spans(loan, np.repeat(np.arange(HORIZONS), len(begins)), lender, project, code, quarter, stop.ravel())
    return every.some(every.stop > every.quarter)


def sums(grid: Grid, spans: Spans, loans: Leaving) -> dict[str, Ints]:
    """What spans add: amount, reduction and limb0 … limb3, each of shape (lenders, horizons, quarters, codes)."""
    shape = (grid.lenders, HORIZONS, grid.quarters + 1, grid.width)
    at = [
        np.ravel_multi_index((spans.lender, spans.horizon, q, spans.code), shape) for q in (spans.quarter, spans.stop)
    ]
    size = int(np.prod(shape))
    principal, rate, reduction = (loans[name][spans.loan] for name in (PRINCIPAL, RATE, REDUCTION))

    def running(come: Ints, go: Ints) -> Ints:
        return np.cumsum((come - go).reshape(shape), axis=2)[:, :, :-1]

    limbs = [weighted_limbs(principal, rate, where, size) for where in at]
    return {
        "amount": running(*(group_sum(principal, where, size) for where in at)),
        "reduction": running(*(group_sum(reduction, where, size) for where in at)),
        **{f"limb{i}": running(limbs[0][i], limbs[1][i]) for i in range(len(limbs[0]))},
    }


def count(grid: Grid, spans: Spans) -> Ints:
    """Distinct projects by (lender, horizon, quarter): those with at least one loan that counts then."""
    out = np.zeros((grid.lenders, HORIZONS, grid.quarters + 1), np.int64)
    if spans.loan.size:
        # a year, and a quarter, is a horizon of its own: projects are counted anew in each
        period = np.select(
            [spans.horizon == 0, spans.horizon == 1], [spans.quarter, (spans.quarter + grid.first) // 4], 0
        )
        keys = (spans.project, period, spans.horizon, spans.lender)
        order = np.lexsort((spans.quarter, *keys))
        start, stop = spans.quarter[order], spans.stop[order]
        changed = np.zeros(order.size, bool)
        for key in keys:
            changed[1:] |= key[order][1:] != key[order][:-1]
        group = np.cumsum(changed)
        # the furthest end among the spans before, within the same project and horizon
        lift = group * (grid.quarters + 2)
        furthest = np.concatenate([[0], np.maximum.accumulate(stop + lift)[:-1]]) - lift
        start = np.maximum(start, furthest)
        more = stop > start
        where = (spans.lender[order][more], spans.horizon[order][more])
        np.add.at(out, (*where, start[more]), 1)
        np.add.at(out, (*where, stop[more]), -1)
    return np.cumsum(out, axis=2)[:, :, :-1]
