"""What horizons begin with 结转: opening totals laid beside the sums of a run, and which own loans they already hold.

A horizon that begins with figures through a quarter counts own loans only of later quarters, and a project only if the
opening has not counted it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relending.engine.columns import Flags, arrow
from relending.engine.opening_totals import SINCE_START, YEAR, Totals
from relending.findings import Findings
from relending.units import INT64_MAX, Ints, LimitError

if TYPE_CHECKING:
    import pandas as pd

    from relending.engine.context import Context
    from relending.engine.disclosure import Grid

NOTHING = -1
HORIZON = {YEAR: 1, SINCE_START: 2}
"""Places of the horizons that may begin with figures, among quarter, year, since start."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What the horizons of one facility begin with.

    ``through``: last quarter held, or NOTHING, shape (horizons, lenders). ``projects``, ``amount`` (fen), ``reduction``
    (grams): shape (lenders, horizons, groups). ``weighted``: fen x rate scaled 10**8 by (lender, horizon, group).
    ``known``: the projects held, number x ``lenders`` + lender, by (horizon, group).
    """

    through: Ints
    projects: Ints
    amount: Ints
    reduction: Ints
    weighted: Mapping[tuple[int, int, int], int]
    known: Mapping[tuple[int, int], Ints]
    lenders: int

    def later(self, horizon: int | Ints, lender: Ints, quarter: Ints) -> Flags:
        """Whether loans disclosed in these quarters come on top of what a horizon begins with."""
        later: Flags = quarter > self.through[horizon, lender]
        return later

    def new_project(self, horizon: int, group: int, lender: Ints, quarter: Ints, project: Ints) -> Flags:
        """Whether these projects of later loans are not among those the horizon begins with."""
        if (horizon, group) not in self.known:
            return np.ones(len(project), bool)
        held = np.isin(project * self.lenders + lender, self.known[horizon, group])
        if horizon == HORIZON[YEAR]:
            held &= quarter // 4 == self.through[horizon, lender] // 4
        return ~held

    def holds(self, quarters: Ints) -> Flags:
        """Where the figures count: shape (lenders, horizons, quarters)."""
        through = self.through.T[:, :, None]
        out: Flags = (through != NOTHING) & (quarters > through)
        out[:, HORIZON[YEAR]] &= (quarters // 4 == through // 4)[:, HORIZON[YEAR]]
        return out

    def weighed(self, quarters: Ints) -> np.ndarray:
        """Fen x 10**-8 that the horizons begin with, as Python integers: (lenders, quarters, horizons, groups)."""
        holds = self.holds(quarters)
        lenders, horizons, groups = self.amount.shape
        out = np.zeros((lenders, len(quarters), horizons, groups), object)
        for (lender, h, g), value in self.weighted.items():
            out[lender, holds[lender, h], h, g] = value
        return out

    def lay(self, table: Ints, first: int, begins_with: Ints | None) -> Ints:
        """Own sums by horizon, shape (lenders, horizons, quarters, groups), begun anew with these figures.

        ``first`` is the number of the first quarter; the sums run from there, or from the beginning of the year.
        """
        holds = self.holds(np.arange(first, first + table.shape[2]))
        out = table.copy()
        for h in HORIZON.values():
            last = self.through[h] - first
            until = table[np.arange(len(last)), h, np.maximum(last, 0)]
            start = np.where((last >= 0)[:, None], -until, 0)
            if begins_with is not None:
                start = start + begins_with[:, h]
            out[:, h] += np.where(holds[:, h, :, None], start[:, None, :], 0)
        return out


def carried(
    grid: Grid,
    groups: Sequence[Sequence[tuple[str, str, list[int]]]],
    totals: Totals,
    numbers: Mapping[str, int],
) -> tuple[Carried, ...] | None:
    """What each facility's horizons begin with; None where the run has no opening totals.

    ``groups`` are those of each facility; ``numbers`` the project numbers of the ids that the book has too.
    """
    if not totals.through:
        return None
    return tuple(_of_facility(grid, f, groups[f], totals, numbers) for f in range(grid.facilities))


def _of_facility(
    grid: Grid,
    f: int,
    groups: Sequence[tuple[str, str, list[int]]],
    totals: Totals,
    numbers: Mapping[str, int],
) -> Carried:
    shape = (grid.lenders, len(HORIZON) + 1, len(groups))
    through = np.full((shape[1], shape[0]), NOTHING, np.int64)
    count, amount, reduction = (np.zeros(shape, np.int64) for _ in range(3))
    weighted: dict[tuple[int, int, int], int] = {}
    known: dict[tuple[int, int], list[int]] = {}
    for (lender, facility, horizon), last in totals.through.items():
        if facility != f:
            continue
        h = HORIZON[horizon]
        through[h, lender] = last
        for g, (_, code, _) in enumerate(groups):
            one = totals.figures[lender, facility, horizon].get(code)
            if one is None:
                continue
            if max(one.projects, one.amount, one.reduction) > INT64_MAX:
                raise LimitError("a disclosed sum is beyond the limit of 2**63 - 1")
            at = (lender, h, g)
            count[at], amount[at], reduction[at] = one.projects, one.amount, one.reduction
            weighted[at] = one.weighted
            mine = (numbers[name] for name in one.ids or () if name in numbers)
            known.setdefault((h, g), []).extend(n * grid.lenders + lender for n in mine)
    held = {key: np.array(sorted(some), np.int64) for key, some in known.items() if some}
    return Carried(through, count, amount, reduction, weighted, held, grid.lenders)


def project_numbers(ids: Sequence[str], frames: Sequence[pd.DataFrame], project: Sequence[Ints]) -> dict[str, int]:
    """The numbers of the projects of these ids that the loan frames have; ``project`` numbers each frame's rows."""
    out: dict[str, int] = {}
    if not ids:
        return out
    wanted = pa.array(ids, pa.string())
    for frame, number in zip(frames, project, strict=True):
        place = pc.index_in(arrow(frame, "project_id"), value_set=wanted)
        row = np.flatnonzero(np.asarray(place.is_valid()))
        found = place.fill_null(0).to_numpy(zero_copy_only=False)[row]
        which, first = np.unique(found, return_index=True)
        for i, at in zip(which.tolist(), row[first].tolist(), strict=True):
            out[ids[i]] = int(number[at])
    return out


def covered_loans(totals: Totals, lender: Ints, facility: Ints, quarter: Ints) -> dict[tuple[int, int, str], int]:
    """How many of these loans the opening totals hold already, by lender, facility and horizon."""
    out: dict[tuple[int, int, str], int] = {}
    for (who, f, horizon), last in totals.through.items():
        since = last // 4 * 4 if horizon == YEAR else 0
        n = int(np.count_nonzero((lender == who) & (facility == f) & (quarter <= last) & (quarter >= since)))
        if n:
            out[who, f, horizon] = n
    return out


def covered_findings(
    parts: Sequence[Mapping[tuple[int, int, str], int]], lenders: Sequence[str], context: Context
) -> Findings:
    """A note for each lender, facility and horizon whose opening totals hold loans of the book."""
    together: dict[tuple[int, int, str], int] = {}
    for part in parts:
        for place, n in part.items():
            together[place] = together.get(place, 0) + n
    return Findings.concat(
        Findings.one(
            "opening_covers",
            column="opening",
            found=f"{context.facilities[f].id} {lenders[who]} {horizon}: {n:,}",
        )
        for (who, f, horizon), n in sorted(together.items())
    )
