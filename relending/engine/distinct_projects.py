"""Distinct projects 项目数: counted over the loans of a horizon, never summed.

A project counts once in a quarter, once in a year, once since the start, from its first loan there on; where horizons
begin with figures, only if it is not among theirs, and as long as any of its loans counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from relending.engine import leaving as leave
from relending.engine.block import NEVER
from relending.engine.columns import Flags
from relending.engine.leaving import HORIZONS
from relending.units import Ints

if TYPE_CHECKING:
    from relending.engine.carried import Carried
    from relending.engine.disclosure import Grid

Seen = tuple[Ints, Ints]
"""Lender and quarter in which a project enters a horizon."""


def count_projects(
    grid: Grid,
    seen: Ints,
    leaving: leave.Leaving | None,
    groups: Sequence[tuple[str, str, list[int]]],
    f: int,
    begins: Carried | None,
) -> np.ndarray:
    """Distinct projects by (lender, group, horizon, quarter) of one facility, counted never summed.

    ``seen``: the distinct (project, cell) of loans that stay, ascending; ``leaving``: loans that leave the horizons.
    """
    project, cell = np.divmod(seen, grid.size)
    rest, code = np.divmod(cell, grid.width)
    rest, quarter = np.divmod(rest, grid.quarters)
    lender, facility = np.divmod(rest, grid.facilities)
    mine = facility == f
    spans = None
    if leaving is not None:
        mine, spans = _with_leaving(grid, f, leaving, project, cell, lender, mine)
    project, code, quarter, lender = project[mine], code[mine], quarter[mine], lender[mine]
    out = np.zeros((grid.lenders, len(groups), HORIZONS, grid.quarters), np.int64)
    for g, (_, _, columns) in enumerate(groups):
        some = np.isin(code, columns) if g else np.ones(len(code), bool)
        who, q, p = lender[some], quarter[some], project[some]
        for h, (w, first) in enumerate(_first_seen(who, q, p, grid.first, begins, g)):
            np.add.at(out[:, g, h, :], (w, first), 1)
    quarters = np.arange(grid.quarters) + grid.first
    for h in (1, 2):
        for j in range(1, grid.quarters):
            if h == 2 or quarters[j] % 4:
                out[:, :, h, j] += out[:, :, h, j - 1]
    for g, (_, _, columns) in enumerate(groups):
        if spans is not None:
            some_spans = spans.some(np.isin(spans.code, columns))
            out[:, g] += leave.count(grid, _new_spans(some_spans, grid.first, begins, g))
        if begins is not None:
            out[:, g] += begins.holds(quarters) * begins.projects[:, :, g, None]
    return out


def _first_seen(who: Ints, q: Ints, p: Ints, first: int, begins: Carried | None, g: int) -> list[Seen]:
    """By horizon, where each project is seen first; what the horizon begins with has been seen."""
    if begins is None:
        return _entries(who, q, p, first)
    out = []
    for h in range(HORIZONS):
        new = begins.later(h, who, q + first) & begins.new_project(h, g, who, q + first, p)
        out.append(_entries(who[new], q[new], p[new], first)[h])
    return out


def _entries(who: Ints, q: Ints, p: Ints, first: int) -> list[Seen]:
    """The same of pairs sorted by project, lender, quarter: a project enters a horizon once, in its first quarter."""
    if p.size == 0:
        return [(who, q)] * HORIZONS
    year = (q + first) // 4
    same = (who[1:] == who[:-1]) & (p[1:] == p[:-1])
    new_quarter = np.concatenate([[True], ~(same & (q[1:] == q[:-1]))])
    new_year = np.concatenate([[True], ~(same & (year[1:] == year[:-1]))])
    new_pair = np.concatenate([[True], ~same])
    return [(who[new], q[new]) for new in (new_quarter, new_year, new_pair)]


def _with_leaving(
    grid: Grid, f: int, leaving: leave.Leaving, project: Ints, cell: Ints, lender: Ints, mine: Flags
) -> tuple[Flags, leave.Spans]:
    """Which of the projects seen have no loan that leaves, and when the loans of the others count."""
    spans = leave.make_spans(grid, f, leaving[leave.CELL], leaving[leave.PROJECT], leaving[leave.LEAVES])
    # of all that leave, also those that never counted: their projects may count by other loans
    touched = np.isin(project * grid.lenders + lender, spans.project * grid.lenders + spans.lender)
    stays = np.flatnonzero(mine & touched)
    others = leave.make_spans(grid, f, cell[stays], project[stays], np.full(stays.size, NEVER))
    return mine & ~touched, spans.and_(others)


def _new_spans(spans: leave.Spans, first: int, begins: Carried | None, g: int) -> leave.Spans:
    """The spans of loans that come on top of what the horizons begin with, of projects not held there."""
    if begins is None:
        return spans
    kept = begins.later(spans.horizon, spans.lender, spans.quarter + first)
    for h in range(HORIZONS):
        at = np.flatnonzero(kept & (spans.horizon == h))
        kept[at] = begins.new_project(h, g, spans.lender[at], spans.quarter[at] + first, spans.project[at])
    return spans.some(kept)
