"""Summary and convergence 汇总与收敛: what the figures of all paths come to.

Means are exact sums divided once; a quantile is an order statistic: the smallest figure with at least that share of the
paths up to it, so always a figure of some path. Standard errors of antithetic paths are those of the means of pairs,
which are independent; the two paths of a pair are not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from relending.study.montecarlo.exact import MISSING, Floats
from relending.study.montecarlo.measures import FLOWS
from relending.study.montecarlo.randomness import quantile_rank, sizes
from relending.units import Ints

_LOW = 2**20 - 1
MISSING_HIGH = np.iinfo(np.int64).max
SIGNED = (*FLOWS, "margin")
"""Measures of which it is told on what share of the paths they are below zero."""
TOTAL = "total"
"""The quarter of a sum over all quarters."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Of the paths that have a figure: how many, their mean, standard deviation and the standard error of the mean.

    In the whole numbers of the measure; NaN where there are too few: one path, or one pair of opposite paths, has no
    dispersion and no error. Where all of several paths have the same figure, both are 0.
    """

    paths: int
    mean: float
    deviation: float
    error: float


def moments(figures: Ints, antithetic: bool) -> Moments:
    """Moments of the figures of all paths (``MISSING`` where a path has none), pairs side by side if antithetic.

    >>> moments(np.array([1, 3, 2, 2]), False).mean, moments(np.array([1, 3, 2, 2]), True).error
    (2.0, 0.0)
    >>> [moments(np.array(x), pairs).error for x, pairs in (([5], False), ([5, 5], True), ([5, 5], False))]
    [nan, nan, 0.0]
    """
    enough = figures.size > (2 if antithetic else 1)
    low, high = int(figures.min(initial=MISSING_HIGH)), int(figures.max(initial=MISSING))
    if low == high != MISSING:
        spread = 0.0 if enough else math.nan
        return Moments(figures.size, float(low), spread, spread)
    there = figures != MISSING
    some = figures if there.all() else figures[there]
    n = some.size
    if n == 0:
        return Moments(0, math.nan, math.nan, math.nan)
    total = whole_sum(some)
    middle = total // n
    rest = (some - middle).astype(np.float64)
    mean = total / n
    deviation = math.sqrt(_squares(rest) / (n - 1)) if n > 1 and enough else math.nan
    if not antithetic:
        return Moments(n, mean, deviation, deviation / math.sqrt(n))
    both = there[0::2] & there[1::2]
    pairs = ((figures[0::2][both] - middle) + (figures[1::2][both] - middle)).astype(np.float64) / 2
    error = math.sqrt(_squares(pairs) / (pairs.size - 1) / pairs.size) if pairs.size > 1 else math.nan
    return Moments(n, mean, deviation, error)


def whole_sum(values: Ints) -> int:
    """The exact sum of many whole numbers."""
    return (int((values >> 20).sum()) << 20) + int((values & _LOW).sum())


def _squares(values: Floats) -> float:
    """Sum of squared differences from the mean."""
    centred = values - values.mean()
    return float(np.dot(centred, centred))


@dataclass(frozen=True, slots=True)
class Series:
    """One measure of one lender, facility and quarter on all paths, with its figure in the run (None: it has none)."""

    quarter: str
    lender: str
    facility: str
    measure: str
    figures: Ints
    central: int | None


def statistics(series: Series, quantiles: Sequence[int], antithetic: bool) -> dict[str, float | int | None]:
    """The statistics of a series in the whole numbers of its measure, by name, in the order of the summary."""
    m = moments(series.figures, antithetic)
    there = series.figures[series.figures != MISSING]
    if m.deviation != 0:
        there = np.sort(there)
    out: dict[str, float | int | None] = {
        "central": series.central,
        "mean": m.mean,
        "standard_deviation": m.deviation,
        "standard_error": m.error,
        "minimum": int(there[0]) if there.size else None,
    }
    for ppm in quantiles:
        out[quantile_name(ppm)] = int(there[quantile_rank(ppm, there.size) - 1]) if there.size else None
    out |= {"maximum": int(there[-1]) if there.size else None, "paths": m.paths}
    if series.measure in SIGNED:
        out["below_zero"] = int((there < 0).sum()) / there.size if there.size else None
    return out


def quantile_name(ppm: int) -> str:
    """How a quantile is called in the summary.

    >>> quantile_name(50_000), quantile_name(500_000), quantile_name(1_000_000)
    ('q0.05', 'q0.5', 'q1')
    """
    return "q" + f"{ppm // 10**6}.{ppm % 10**6:06d}".rstrip("0").rstrip(".")


def convergence(series: Series, antithetic: bool, precision: float) -> Iterator[tuple[int, Moments, bool]]:
    """Moments of the first 100, 200, 500 … paths and of all; whether the error is below the share of the mean asked."""
    for n in sizes(series.figures.size):
        m = moments(series.figures[:n], antithetic)
        yield n, m, m.error <= precision * abs(m.mean)


def total_of(rows: Ints, fixed: int) -> Ints:
    """The sum over quarters of a measure that adds up: random quarters x paths, and what came before."""
    return rows.sum(axis=0) + fixed
