"""The whole of all lenders and facilities on every path 路径合计: quantiles of parts cannot be added, so paths are.

The rule is that of :mod:`relending.study.whole`: what adds up is added; a rate is weighted, path by path, by what it is
a quotient over (loans outstanding; the balance for the facility rate), and rounded once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from relending.study.measures import Measure
from relending.study.measures import measures as vocabulary
from relending.study.montecarlo.exact import MISSING, Quotient, settled
from relending.study.montecarlo.measures import MEASURES
from relending.study.whole import ALL, added, weighted
from relending.units import Ints, LimitError, add

_BITS = 31
_LOW = 2**_BITS - 1
_MOST_RATE = 2**31
"""Rates scaled 10**8 below 2,147 %: with amounts below 2**53 no sum below leaves int64."""
_MOST_PARTS = 512
WHOLE = (ALL, ALL)
"""What stands for the lender and the facility of a whole."""


def wholes() -> tuple[Measure, ...]:
    """The measures of random paths that have a whole: what adds up, and rates with a weight.

    >>> [m.name for m in wholes() if m.over]
    ['loan_yield', 'facility_rate', 'blended_cost', 'margin']
    """
    known = vocabulary()
    return tuple(known[name] for name in MEASURES if known[name].adds_up or known[name].over)


def whole_figures(by_measure: Mapping[tuple[str, str, str], Ints]) -> dict[tuple[str, str, str], Ints]:
    """The whole of every measure that has one, random quarters x paths; nothing where there is one part only.

    ``MISSING`` on a path where a part that counts has no figure, or a rate no weight.
    """
    places = list(dict.fromkeys((lender, facility) for lender, facility, _ in by_measure))
    if len(places) < 2:
        return {}
    if len(places) > _MOST_PARTS:
        raise LimitError(f"{len(places)} lenders and facilities are more than a whole of random paths can hold")
    out = {}
    for m in wholes():
        parts = [by_measure[*place, m.name] for place in places]
        over = [by_measure[*place, m.over] for place in places] if m.over else []
        rows = range(len(parts[0]))
        made = [
            _rate([p[n] for p in parts], [w[n] for w in over]) if over else _sum([p[n] for p in parts]) for n in rows
        ]
        out[*WHOLE, m.name] = np.stack(made)
    return out


def whole_of_the_run(
    central: Mapping[tuple[str, str, str], Sequence[int | None]],
) -> dict[tuple[str, str, str], list[int | None]]:
    """The same of the run's own figures, by quarter: those of a comparison."""
    places = list(dict.fromkeys((lender, facility) for lender, facility, _ in central))
    out: dict[tuple[str, str, str], list[int | None]] = {}
    for m in wholes() if len(places) > 1 else ():
        columns = zip(*(central[*place, m.name] for place in places), strict=True)
        if m.over:
            weights = zip(*(central[*place, m.over] for place in places), strict=True)
            rows = zip(columns, weights, strict=True)
            out[*WHOLE, m.name] = [weighted(v, [x or 0 for x in w]) for v, w in rows]
        else:
            out[*WHOLE, m.name] = [added(v) for v in columns]
    return out


def _sum(parts: Sequence[Ints]) -> Ints:
    """The sum on every path."""
    total, there = np.zeros_like(parts[0]), np.ones(parts[0].shape, bool)
    for part in parts:
        here = part != MISSING
        there &= here
        total = add(total, np.where(here, part, 0))
    return np.where(there, total, MISSING)


def _rate(parts: Sequence[Ints], weights: Sequence[Ints]) -> Ints:
    """Sum of rate x weight over the sum of weights on every path, half-even, exact.

    >>> one, other = np.array([10, 10, MISSING]), np.array([20, MISSING, 4])
    >>> _rate([one, other], [np.array([1, 1, 1]), np.array([2, 0, 0])]).tolist() == [17, 10, MISSING]
    True
    """
    high, low, bottom = (np.zeros_like(parts[0]) for _ in range(3))
    there = np.ones(parts[0].shape, bool)
    for part, weight in zip(parts, weights, strict=True):
        here = (part != MISSING) & (weight != MISSING)
        there &= here | (weight == 0)
        rate, amount = np.where(here, part, 0), np.where(here, weight, 0)
        if int(np.abs(rate).max(initial=0)) >= _MOST_RATE:
            raise LimitError("a rate is beyond the limit of 2,147 %")
        high += (amount >> _BITS) * rate
        low += (amount & _LOW) * rate
        high += low >> _BITS
        low &= _LOW
        bottom = add(bottom, amount)
    there &= bottom > 0
    top = high.astype(np.float64) * 2.0**_BITS + low.astype(np.float64)
    guess = np.divide(top, bottom, out=np.zeros(bottom.shape), where=there)

    def exact(i: int) -> tuple[int, int]:
        return (int(high[i]) << _BITS) + int(low[i]), int(bottom[i])

    return settled(Quotient(guess, np.abs(guess)), there, exact)
