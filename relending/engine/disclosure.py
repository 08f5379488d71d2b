"""Disclosure 信息披露: supported loans by quarter, horizon, field and sector (design section 8).

A block yields sums by (lender, facility, quarter, sector) and the distinct (project, lender, facility, sector, quarter)
it saw; both merge in any order. ``disclosure_frame`` alone divides and rounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import Days, quarter_of, quarter_text
from relending.engine.columns import distinct, frame_of
from relending.engine.context import Context, launch_day
from relending.policy import Facility, sectors
from relending.units import E8, PPM, Ints, divide, from_limbs, group_sum, weighted_limbs

HORIZONS = ("quarter", "year", "since_start")
LEVELS = ("total", "field", "sector")


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
    """A partial: sums by cell (fen, limbs of fen x ppm, grams) and the distinct project-cells."""

    amount: Ints
    weighted: Ints
    reduction: Ints
    projects: Ints

    def merge(self, other: Disclosed) -> Disclosed:
        """The partial of both sets of loans; associative and commutative."""
        return Disclosed(
            self.amount + other.amount,
            self.weighted + other.weighted,
            self.reduction + other.reduction,
            distinct(np.concatenate([self.projects, other.projects])),
        )


def disclose_block(grid: Grid, cell: Ints, project: Ints, principal: Ints, rate: Ints, reduction: Ints) -> Disclosed:
    """The partial of a block's supported loans: their cells, projects, fen, ppm, grams."""
    return Disclosed(
        group_sum(principal, cell, grid.size),
        weighted_limbs(principal, rate, cell, grid.size),
        group_sum(reduction, cell, grid.size),
        distinct(project * grid.size + cell),
    )


def rate_of(weighted: int, amount: int) -> int | None:
    """Weighted average rate scaled 10**8, rounded half-even; None where there is nothing to weigh."""
    return divide(weighted * (E8 // PPM), amount, "half_even") if amount else None


def _by_horizon(values: Sequence[int], first: int, quarter: int, horizon: str) -> int:
    """Sum of a series (one value a quarter from ``first``) over a horizon that ends with ``quarter``."""
    start = {"quarter": quarter, "year": quarter - quarter % 4, "since_start": first}[horizon]
    return sum(values[max(start, first) - first : quarter - first + 1])


def _groups(grid: Grid, rules: Facility, f: int) -> list[tuple[str, str, list[int]]]:
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
    shape = (grid.lenders, grid.facilities, grid.quarters, grid.width)
    amount, reduction = merged.amount.reshape(shape), merged.reduction.reshape(shape)
    weighted = np.array(from_limbs(merged.weighted), object).reshape(shape)
    rows: list[tuple[object, ...]] = []
    prepared = []
    for f, rules in enumerate(context.facilities):
        groups = _groups(grid, rules, f)
        prepared.append((groups, _projects(grid, merged.projects, groups, f)))
    for who, lender in enumerate(lenders):
        for f, rules in enumerate(context.facilities):
            groups, projects = prepared[f]
            series = [
                [[int(x) for x in table[who, f][:, columns].sum(axis=1)] for table in (amount, weighted, reduction)]
                for _, _, columns in groups
            ]
            for q in context.quarters:
                for h, horizon in enumerate(HORIZONS):
                    for g, (level, code, _) in enumerate(groups):
                        money, rate, grams = (_by_horizon(s, grid.first, q, horizon) for s in series[g])
                        rows.append(
                            (
                                lender,
                                rules.id,
                                quarter_text(q),
                                horizon,
                                level,
                                code,
                                int(projects[who, g, h, q - grid.first]),
                                money,
                                rate_of(rate, money),
                                grams,
                            )
                        )
    return _frame(rows)


def _frame(rows: Iterable[tuple[object, ...]]) -> pd.DataFrame:
    names = (
        "lender",
        "facility",
        "quarter",
        "horizon",
        "level",
        "code",
        "projects",
        "amount_fen",
        "weighted_rate_e8",
        "reduction_g",
    )
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return frame_of(
        {
            n: pa.array(c, pa.string() if i < 6 else pa.int64())
            for i, (n, c) in enumerate(zip(names, columns, strict=True))
        }
    )
