"""Internal rate of return 内部收益率 of a series of payments, in numpy alone. Sources: the package's docstring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HALVINGS = 200
"""More than the doubles between any two bounds: the search ends where none lies between."""
WIDEST = 60.0
"""The largest logarithm of growth a unit of time that is looked at."""


def internal_rate(flows: Sequence[float], times: Sequence[float] | None = None) -> float:
    """The rate x [1/unit of time] at which sum of flow_k * (1 + x)**-t_k is 0 [6].

    Parameters: ``flows`` [yuan], money received above 0, money paid below; ``times`` t_k in any unit, ascending (0, 1,
    2, … where left out). The rate is compounded once a unit: with times in years it is the effective annual rate.

    Flows may change their sign only once, or no rate or several would answer: ValueError otherwise, and where the
    rate is beyond all measure. Found by halving between bounds, as
    far as doubles tell.

    100 lent for 105 a year later; 100 m yuan repaid in 40 equal instalments:

    >>> round(internal_rate([100, -105]), 12)
    0.05
    >>> round(internal_rate([100e6] + [-3045559.80] * 40), 9)
    0.01
    """
    amounts = np.array([float(x) for x in flows])
    when = np.arange(amounts.size, dtype=float) if times is None else np.array([float(t) for t in times])
    if when.size != amounts.size:
        raise ValueError(f"times: {when.size} for {amounts.size} flows")
    if not np.isfinite(amounts).all() or (np.diff(when) < 0).any():
        raise ValueError("flows must be finite and times ascending")
    signs = np.sign(amounts[amounts != 0])
    if (np.diff(signs) != 0).sum() != 1:
        raise ValueError("flows must change their sign exactly once: else no rate, or several, would answer")
    return float(np.expm1(_root(amounts / np.abs(amounts).max(), when, float(signs[-1]))))


def _root(amounts: NDArray[np.float64], when: NDArray[np.float64], last: float) -> float:
    """ln(1 + x). The value of the later flows falls with the rate, so it changes its sign once."""

    def low_enough(g: float) -> bool:
        # scaled so that no power overflows: only the sign matters
        power = -g * when
        return last * float(np.exp(power - power.max()) @ amounts) > 0

    low, high = -1.0, 1.0
    while not low_enough(low) and low > -WIDEST:
        low *= 2
    while low_enough(high) and high < WIDEST:
        high *= 2
    if not low_enough(low) or low_enough(high):
        raise ValueError("no rate answers: what is paid back is next to nothing, or next to all at once")
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if low_enough(middle) else (low, middle)
    return low if abs(low) < abs(high) else high


def effective_annual_rate(period_rate: float, periods_per_year: int) -> float:
    """Effective annual rate (1 + r)**m - 1 [1/a] of a rate r of a period, m of which make a year [6].

    >>> round(effective_annual_rate(0.01, 4), 6)
    0.040604
    """
    return float(np.expm1(periods_per_year * np.log1p(period_rate)))


def nominal_rate(effective_rate: float, periods_per_year: int) -> float:
    """Nominal annual rate m * ((1 + e)**(1/m) - 1) [1/a] of an effective one, as quoted for m payments a year [6].

    >>> round(nominal_rate(0.04060401, 4), 8)
    0.04
    """
    return float(periods_per_year * np.expm1(np.log1p(effective_rate) / periods_per_year))
