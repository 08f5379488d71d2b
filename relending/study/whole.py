"""Wholes 合计: figures of all lenders and facilities together, and over all quarters, beside those of the panel.

A flow or a stock is added up. A rate that says what it is a quotient over (``over`` in ``measures.toml``) is weighted
by that, the integers of the run, and rounded once: sum(rate x weight) / sum(weight), which is the cost of all over the
loans of all and never a mean of rates. The rates it is made of have eight decimals each, so the last of its own may be
one off. Any other rate, and a count of distinct things, has no whole, but where there is one lender and facility.

Over all quarters a flow is added up (``all``); of a stock there is the mean of the quarters' ends, of a rate the same
quotient over the rows of all quarters (``mean``).
"""

from __future__ import annotations

from collections.abc import Sequence

from relending.study.measures import FLOW, Measure, measures
from relending.study.panel import Key, Panel
from relending.units import divide

ALL = "all"
"""What stands for all lenders, all facilities, all quarters."""
MEAN = "mean"
"""What stands in the place of the quarter for the mean over quarter ends."""
Figures = dict[Key, int | None]
"""Exact figures by quarter, lender and facility; None where there is none."""


def with_weights(wanted: Sequence[Measure]) -> tuple[Measure, ...]:
    """The measures wanted and those that some of them are weighted by."""
    known = measures()
    more = [known[m.over] for m in wanted if m.over]
    return tuple({m.name: m for m in (*wanted, *more)}.values())


def figures_of(panel: Panel, measure: Measure) -> Figures:
    """One measure: each row of the panel, after each quarter its whole, and last what is of all quarters.

    >>> import numpy as np
    >>> from relending.study.measures import measures as m
    >>> keys = (("2024Q1", "a", "f"), ("2024Q1", "b", "f"), ("2024Q2", "a", "f"), ("2024Q2", "b", "f"))
    >>> some = np.ones(4, bool)
    >>> p = Panel(keys, {"drawn": np.array([1, 2, 4, 8])}, {"drawn": some})
    >>> [value for key, value in figures_of(p, m()["drawn"]).items() if ALL in key]
    [3, 12, 5, 10, 15]
    """
    values, known = panel.values[measure.name].tolist(), panel.known[measure.name].tolist()
    given = {key: v if there else None for key, v, there in zip(panel.keys, values, known, strict=True)}
    weights = dict.fromkeys(panel.keys, 1)
    if measure.over:
        weights = dict(zip(panel.keys, panel.values[measure.over].tolist(), strict=True))
    by_quarter: dict[str, list[Key]] = {}
    by_pair: dict[tuple[str, str], list[Key]] = {}
    for key in panel.keys:
        by_quarter.setdefault(key[0], []).append(key)
        by_pair.setdefault(key[1:], []).append(key)

    def of(keys: Sequence[Key]) -> tuple[list[int | None], list[int]]:
        return [given[key] for key in keys], [weights[key] for key in keys]

    out: Figures = {}
    for quarter, keys in by_quarter.items():
        out |= {key: given[key] for key in keys}
        out[(quarter, ALL, ALL)] = _of_quarter(measure, *of(keys))
    time = ALL if measure.kind == FLOW else MEAN
    if measure.adds_up or measure.over:
        for pair, keys in {**by_pair, (ALL, ALL): list(panel.keys)}.items():
            out[(time, *pair)] = _of_all(measure, len(by_quarter), *of(keys))
    return out


def _of_quarter(measure: Measure, values: Sequence[int | None], weights: Sequence[int]) -> int | None:
    if len(values) == 1:
        return values[0]
    if measure.adds_up:
        return added(values)
    return weighted(values, weights) if measure.over else None


def _of_all(measure: Measure, quarters: int, values: Sequence[int | None], weights: Sequence[int]) -> int | None:
    if not measure.adds_up:
        return weighted(values, weights)
    whole = added(values)
    return whole if measure.kind == FLOW or whole is None else divide(whole, quarters, "half_even")


def weighted(values: Sequence[int | None], weights: Sequence[int]) -> int | None:
    """Sum of value x weight over sum of weight, rounded once; None over nothing, or where a value with weight is not
    there.

    >>> weighted([10, None, 20], [1, 0, 3]), weighted([10, None], [1, 1]), weighted([], [])
    (18, None, None)
    """
    counted = [(v, w) for v, w in zip(values, weights, strict=True) if w]
    if not counted or any(v is None for v, _ in counted):
        return None
    top, bottom = sum((v or 0) * w for v, w in counted), sum(w for _, w in counted)
    return divide(top, bottom, "half_even") if bottom > 0 else None


def added(values: Sequence[int | None]) -> int | None:
    """The sum; None where one of them is not there.

    >>> added([1, 2]), added([1, None]), added([])
    (3, None, 0)
    """
    return None if any(v is None for v in values) else sum(v or 0 for v in values)
