"""What an equal instalment 等额本息 leaves outstanding, exact to the fen.

With the rate of a period i = rate / payments_per_year, after k of n payments a loan of P still owes

    P * ((1 + i)**n - (1 + i)**k) / ((1 + i)**n - 1)

rounded half-even to the fen. Floats propose; where they stand too near a half to decide, integers of any size do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relending.units import PPM, Ints, divide

Whole = NDArray[np.integer[Any]]


def exact_left(principal: int, rate_ppm: int, per_year: int, n: int, k: int) -> int:
    """Fen outstanding after k of n payments, by integers alone (rate above 0).

    100 million yuan over 40 quarters at 4 %: the first payment of 3,045,559.80 holds 1,000,000.00 of interest.

    >>> 10_000_000_000 - exact_left(10_000_000_000, 40_000, 4, 40, 1)
    204555980
    """
    one = PPM * per_year
    grown = one + rate_ppm
    top = grown**n - grown**k * one ** (n - k)
    return divide(principal * top, grown**n - one**n, "half_even")


def left(principal: Ints, rate_ppm: Ints, per_year: Whole, n: Whole, k: Whole) -> Ints:
    """Fen outstanding after k of n payments for arrays of loans (rate above 0, 0 <= k <= n)."""
    log_growth = np.log1p(rate_ppm / (PPM * per_year))
    exponent = n * log_growth
    proposed = principal * (1.0 - np.expm1(k * log_growth) / np.expm1(exponent))
    nearest = np.rint(proposed)
    # error of the proposal: a few units in the last place of each function, amplified by the exponent
    error = principal * 2.0**-53 * (64.0 + 32.0 * exponent) + 1e-9
    unsure: NDArray[np.bool_] = np.abs(np.abs(proposed - nearest) - 0.5) <= error
    unsure |= error >= 0.25
    out = nearest.astype(np.int64)
    for j in np.flatnonzero(unsure).tolist():
        out[j] = exact_left(int(principal[j]), int(rate_ppm[j]), int(per_year[j]), int(n[j]), int(k[j]))
    return out
