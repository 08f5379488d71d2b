"""Disclosure 信息披露: supported loans by quarter, horizon, field and sector (design section 8).

A block yields sums by (lender, facility, quarter, sector) and the distinct (project, lender, facility, sector, quarter)
it saw; both merge in any order. ``disclosure_frame`` alone divides and rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import Days, quarter_end, quarter_of, quarter_text
from relending.engine.columns import distinct, frame_of, take, whole
from relending.engine.context import Context, launch_day
from relending.policy import Facility, sectors
from relending.units import (
    E8,
    INT64_MAX,
    PPM,
    Ints,
    LimitError,
    add,
    divide,
    from_limbs,
    group_sum,
    total,
    weighted_limbs,
)

HORIZONS = ("quarter", "year", "since_start")


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells a supported loan can fall into: lender x facility x quarter (from the first loan on) x sector.

    The column after a facility's last code is for loans of no listed sector, which ``selection = "unlisted"`` supports.
    """

    lenders: int
    facilities: int
    first: int
    quarters: int
    codes: tuple[tuple[str, ...], ...]
    width: int

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.lenders * self.facilities * self.quarters * self.width

    def cell(self, lender: Ints, facility: Ints, quarter: Ints, code: Ints) -> Ints:
        """The number of a cell."""
        return ((lender * self.facilities + facility) * self.quarters + quarter - self.first) * self.width + code


def disclosure_quarters(disbursed: Days, rules: Facility) -> Ints:
    """Quarter a loan is disclosed in: that of its disbursement, never earlier than the one holding the launch."""
    return quarter_of(np.maximum(disbursed, launch_day(rules)))


def make_grid(context: Context, lenders: int) -> Grid:
    """The grid of a run: quarters from the earliest launch (no loan is disclosed before it) to the end."""
    order = {code: i for i, code in enumerate(sectors())}
    codes = tuple(tuple(sorted(f.codes(), key=lambda c: order.get(c, len(order)))) for f in context.facilities)
    launches = [int(quarter_of(launch_day(f))) for f in context.facilities]
    first = min([*launches, context.first_quarter])
    last = max([*launches, context.last_quarter])
    return Grid(lenders, len(codes), first, last - first + 1, codes, max(len(c) for c in codes) + 1)


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A partial: sums by cell (fen, limbs of fen x ppm, grams) and the distinct project-cells.

    ``current``: limbs that stand for those of ``weighted`` where current rates are weighed (:func:`weigh_current`).
    """

    amount: Ints
    weighted: Ints
    reduction: Ints
    projects: Ints
    current: Ints | None = None

    def merge(self, other: Disclosed) -> Disclosed:
        """The partial of both sets of loans; associative and commutative."""
        return Disclosed(
            add(self.amount, other.amount),
            add(self.weighted, other.weighted),
            add(self.reduction, other.reduction),
            distinct(np.concatenate([self.projects, other.projects])),
            None if self.current is None or other.current is None else add(self.current, other.current),
        )


def weigh_current(grid: Grid, context: Context, cell: Ints, principal: Ints, rate_on: Callable[[int], Ints]) -> Ints:
    """Limbs of fen x ppm of every horizon of every quarter of the run, by the rates of the quarter's last day.

    ``rate_on`` gives the rates (ppm) of the loans on a day. Rates move, so a horizon is no running sum: each quarter
    weighs all its loans anew. Shape (4 limbs, lenders x facilities, quarters of the run, horizons, columns).
    """
    out = np.zeros((4, grid.lenders * grid.facilities, len(context.quarters), len(HORIZONS), grid.width), np.int64)
    for j, q in enumerate(context.quarters):
        limbs = weighted_limbs(principal, rate_on(int(quarter_end(q))), cell, grid.size)
        by_quarter = limbs.reshape(4, grid.lenders * grid.facilities, grid.quarters, grid.width)
        here, began = q - grid.first, max(q // 4 * 4 - grid.first, 0)
        for h, since in enumerate((here, began, 0)):
            out[:, :, j, h] = by_quarter[:, :, since : here + 1].sum(axis=2)
    return out


def disclose_block(
    grid: Grid,
    cell: Ints,
    project: Ints,
    principal: Ints,
    rate: Ints,
    reduction: Ints,
    current: Ints | None = None,
) -> Disclosed:
    """The partial of a block's supported loans: their cells, projects, fen, ppm, grams; ``current`` if weighed."""
    return Disclosed(
        group_sum(principal, cell, grid.size),
        weighted_limbs(principal, rate, cell, grid.size),
        group_sum(reduction, cell, grid.size),
        distinct(project * grid.size + cell),
        current,
    )


def rate_of(weighted: int, amount: int) -> int | None:
    """Weighted average rate scaled 10**8, rounded half-even; None where there is nothing to weigh."""
    return divide(weighted * (E8 // PPM), amount, "half_even") if amount else None


def _by_horizon(values: Ints, first: int) -> Ints:
    """Sums over each horizon, from values by quarter: shape (…, quarters, groups) to (…, horizons, quarters, groups).

    ``first`` is the number of the first quarter; a year's sum is the running sum less what it was when the year began.
    """
    running = np.cumsum(values, axis=-2)
    began = np.arange(first, first + values.shape[-2]) // 4 * 4 - first - 1
    before = np.where((began >= 0)[:, None], running[..., np.maximum(began, 0), :], 0)
    return np.stack([values, running - before, running], axis=-3)


def _groups(grid: Grid, f: int) -> list[tuple[str, str, list[int]]]:
    """Level, code and the columns of the grid it gathers: total, each field, each sector, in list order."""
    codes = grid.codes[f]
    catalogue = sectors()
    fields = [catalogue[c].field if c in catalogue else "" for c in codes]
    out: list[tuple[str, str, list[int]]] = [("total", "total", list(range(grid.width)))]
    out += [("field", name, [i for i, x in enumerate(fields) if x == name]) for name in dict.fromkeys(fields)]
    out += [("sector", code, [i]) for i, code in enumerate(codes)]
    return out


def _projects(grid: Grid, seen: Ints, groups: Sequence[tuple[str, str, list[int]]], f: int) -> np.ndarray:
    """Distinct projects by (lender, group, horizon, quarter) of one facility, counted never summed."""
    project, cell = np.divmod(seen, grid.size)
    rest, code = np.divmod(cell, grid.width)
    rest, quarter = np.divmod(rest, grid.quarters)
    lender, facility = np.divmod(rest, grid.facilities)
    mine = facility == f
    project, code, quarter, lender = project[mine], code[mine], quarter[mine], lender[mine]
    out = np.zeros((grid.lenders, len(groups), len(HORIZONS), grid.quarters), np.int64)
    year = (quarter + grid.first) // 4
    for g, (_, _, columns) in enumerate(groups):
        some = np.isin(code, columns) if g else np.ones(len(code), bool)
        who, q, y, p = lender[some], quarter[some], year[some], project[some]
        if p.size == 0:
            continue
        # `seen` is sorted by project, lender, quarter: a project enters a horizon once, in its first quarter there
        same = (who[1:] == who[:-1]) & (p[1:] == p[:-1])
        new_pair = np.concatenate([[True], ~same])
        new_year = np.concatenate([[True], ~(same & (y[1:] == y[:-1]))])
        new_quarter = np.concatenate([[True], ~(same & (q[1:] == q[:-1]))])
        for h, first in enumerate((new_quarter, new_year, new_pair)):
            np.add.at(out[:, g, h, :], (who[first], q[first]), 1)
    quarters = np.arange(grid.quarters) + grid.first
    for h in (1, 2):
        for j in range(1, grid.quarters):
            if h == 2 or quarters[j] % 4:
                out[:, :, h, j] += out[:, :, h, j - 1]
    return out


def disclosure_frame(grid: Grid, merged: Disclosed, lenders: Sequence[str], context: Context) -> pd.DataFrame:
    """The disclosure table: a row for every lender, facility, quarter of the run, horizon, field and sector."""
    if max(total(merged.amount), total(merged.reduction)) > INT64_MAX:
        raise LimitError("a disclosed sum is beyond the limit of 2**63 - 1")
    parts = [_facility_cells(grid, merged, f, context) for f in range(grid.facilities)]
    # one part a lender and facility, each in the order quarter, horizon, group
    order = [(who, f) for who in range(grid.lenders) for f in range(grid.facilities)]
    columns = {n: np.concatenate([parts[f][n][who].ravel() for who, f in order]) for n in parts[0]}
    sizes = [parts[f]["amount"][who].size for who, f in order]
    labels = [_labels(grid, f, context) for f in range(grid.facilities)]
    texts = {n: pa.concat_arrays([labels[f][n] for _, f in order]) for n in labels[0]}
    amount = columns["amount"]
    rate = [rate_of(w, a) for w, a in zip(from_limbs(_limbs(columns)), amount.tolist(), strict=True)]
    return frame_of(
        {
            "lender": take(list(lenders), np.repeat([who for who, _ in order], sizes)),
            "facility": take([f.id for f in context.facilities], np.repeat([f for _, f in order], sizes)),
            **texts,
            "projects": whole(columns["projects"]),
            "amount_fen": whole(amount),
            "weighted_rate_e8": pa.array(rate, pa.int64()),
            "reduction_g": whole(columns["reduction"]),
        }
    )


def _limbs(columns: Mapping[str, Ints]) -> Ints:
    return np.stack([columns[f"limb{i}"] for i in range(4)])


def _facility_cells(grid: Grid, merged: Disclosed, f: int, context: Context) -> dict[str, Ints]:
    """Every figure of a facility: arrays of shape (lenders, quarters of the run, horizons, groups)."""
    groups = _groups(grid, f)
    shape = (grid.lenders, grid.facilities, grid.quarters, grid.width)
    inside = slice(context.first_quarter - grid.first, context.last_quarter - grid.first + 1)

    def gathered(cells: Ints) -> Ints:
        table = cells.reshape(shape)[:, f]
        by_group = np.stack([table[:, :, columns].sum(axis=2) for _, _, columns in groups], axis=-1)
        return _by_horizon(by_group, grid.first)[:, :, inside].swapaxes(1, 2)

    def limb(i: int) -> Ints:
        if merged.current is None:
            return gathered(merged.weighted[i])
        table = merged.current[i].reshape(grid.lenders, grid.facilities, len(context.quarters), len(HORIZONS), -1)[:, f]
        return np.stack([table[..., columns].sum(axis=-1) for _, _, columns in groups], axis=-1)

    projects = _projects(grid, merged.projects, groups, f)  # lender, group, horizon, quarter
    return {
        "projects": projects[:, :, :, inside].transpose(0, 3, 2, 1),
        "amount": gathered(merged.amount),
        "reduction": gathered(merged.reduction),
        **{f"limb{i}": limb(i) for i in range(len(merged.weighted))},
    }


def _labels(grid: Grid, f: int, context: Context) -> dict[str, pa.Array]:
    """Quarter, horizon, level and code of each row of a facility, in their order."""
    groups = _groups(grid, f)
    quarter, horizon, group = (
        index.ravel() for index in np.indices((len(context.quarters), len(HORIZONS), len(groups)), sparse=False)
    )
    return {
        "quarter": take([quarter_text(q) for q in context.quarters], quarter),
        "horizon": take(list(HORIZONS), horizon),
        "level": take([level for level, _, _ in groups], group),
        "code": take([code for _, code, _ in groups], group),
    }
