"""Exact figures of thousands of paths at once: sums in two limbs, weighted sums rounded once, quotients settled.

A float may propose a figure here, it never decides one: where its error could move the rounding, Python integers do.
Arrays are int64 with the paths along the last axis; ``MISSING`` stands for a figure that a path does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relending.units import E8, INT64_MAX, PPM, Ints, LimitError, divide

Floats = NDArray[np.float64]
MISSING = -INT64_MAX - 1
"""No figure: nothing is owed, held or counted on that path."""
E8_PPM = E8 // PPM
"""A rate in ppm as one scaled 10**8."""
MOST_FACTOR = 16 * PPM - 1
"""The largest multiplier of an amount, ppm: a volume of more than sixteen times the plan is no deviation from it."""
MOST_FEN = 2**53
"""Amounts of one lender and facility stay below this (90 trillion yuan), so that no sum below leaves int64."""
_BITS = 31
_LOW = 2**_BITS - 1
_NEAR, _SLACK = 2.0**-14, 2.0**-46
"""A quotient nearer to a rounding tie than this, or than this part of its terms, is settled in whole numbers. Float
arithmetic of a few dozen terms is good to one part in 2**47 of them."""
_MOST = 10**18


def check_fen(largest: int) -> None:
    """LimitError where an amount of one lender and facility is beyond what these sums hold."""
    if largest >= MOST_FEN:
        raise LimitError(f"an amount of {largest} fen of one lender and facility is beyond the limit of 2**53")


class Wide:
    """Sums of products per path, in two limbs of 31 bits: fen (below 2**53) times a whole number (below 2**25).

    >>> w = Wide((2,)); w.add(np.array([2**52, 5]), 999_999); w.whole(0) == 2**52 * 999_999, w.whole(1)
    (True, 4999995)
    >>> w.divided(1_000_000)[1], w.floats()[1]
    (np.int64(5), np.float64(4999995.0))
    """

    __slots__ = ("high", "low")

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.high, self.low = np.zeros(shape, np.int64), np.zeros(shape, np.int64)

    def add(self, amounts: Ints, times: Ints | int) -> None:
        """Add ``amounts * times`` on every path."""
        self.high += (amounts >> _BITS) * times
        self.low += (amounts & _LOW) * times

    def add_whole(self, amount: int) -> None:
        """Add one whole number of any size below 2**93 to the sum of every path."""
        self.high += amount >> _BITS
        self.low += amount & _LOW

    def whole(self, at: int) -> int:
        """The sum of one path."""
        return (int(self.high.flat[at]) << _BITS) + int(self.low.flat[at])

    def floats(self) -> Floats:
        """The sums as floats, good to one part in 2**51 of the larger limb."""
        return self.high.astype(np.float64) * 2.0**_BITS + self.low.astype(np.float64)

    def divided(self, by: int) -> Ints:
        """Each sum divided by a whole number, rounded half-even; LimitError beyond 2**62."""
        if by > 2**30:  # two day counts in one facility: rare, and the limbs below would not hold it
            return np.array([divide(self.whole(i), by, "half_even") for i in range(self.low.size)], np.int64)
        first = self.high // by
        if int(np.abs(first).max(initial=0)) >= 2**31:
            raise LimitError("a figure is beyond the limit of 2**62")
        rest = ((self.high - first * by) << _BITS) + (self.low & _LOW)
        # the part of the low limb above 31 bits goes to the high one first
        carry = self.low >> _BITS
        more = carry // by
        rest += (carry - more * by) << _BITS
        second = rest // by
        return _half_even((first + more << _BITS) + second, rest - second * by, by)


def _half_even(whole: Ints, rest: Ints, by: int) -> Ints:
    twice = rest << 1
    return whole + ((twice > by) | ((twice == by) & ((whole & 1) == 1)))


def accrued(principal_days: Ints, rate_ppm: int, basis: int) -> Ints:
    """Interest of fen x days at a rate, half-even to the fen: as :meth:`relending.engine.interest.Leg.accrued`.

    >>> accrued(np.array([180_000_000, 1]), 3, 360).tolist()  # 1.5 and next to nothing
    [2, 0]
    """
    by = basis * PPM
    whole = principal_days // by
    rest = (principal_days - whole * by) * rate_ppm
    more = rest // by
    return _half_even(whole * rate_ppm + more, rest - more * by, by)


def weighted(parts: Sequence[tuple[int, Ints | None]], paths: int) -> Ints:
    """``sum(amount * factor / 10**6)`` on every path, rounded half-even once; a factor of None is one.

    Amounts are below 2**53 together, factors from 0 to ``MOST_FACTOR`` ppm.

    >>> weighted([(3, np.array([500_000, 1_000_000])), (10, None)], 2).tolist()  # 11.5, 13
    [12, 13]
    """
    fixed = sum(amount for amount, factor in parts if factor is None)
    moving = [(amount, factor) for amount, factor in parts if factor is not None and amount]
    check_fen(sum(abs(amount) for amount, _ in parts))
    if not moving:
        return np.full(paths, fixed, np.int64)
    whole = np.full(paths, fixed, np.int64)
    rest = np.zeros(paths, np.int64)
    for amount, factor in moving:
        big = amount // PPM
        if big:
            whole += big * factor
        rest += (amount - big * PPM) * factor
    more = rest // PPM
    out = _half_even(whole + more, rest - more * PPM, PPM)
    check_fen(int(out.max(initial=0)))
    return out


def combined(a: Ints | None, b: Ints | None) -> Ints | None:
    """The product of two factors in ppm, half-even to the ppm; None is one."""
    if a is None or b is None:
        return b if a is None else a
    product = a * b
    whole = product // PPM
    return _half_even(whole, product - whole * PPM, PPM)


@dataclass(frozen=True, slots=True)
class Quotient:
    """Figures proposed by floats: ``guess``, and ``size``, the sum of the absolute terms it was made of."""

    guess: Floats
    size: Floats


def settled(
    proposed: Quotient, there: NDArray[np.bool_], exact: Callable[[int], tuple[int, int]], *, limit: bool = False
) -> Ints:
    """The figures rounded half-even to whole numbers, exact; ``MISSING`` where ``there`` is false.

    ``exact`` gives numerator and denominator (positive) of a path's figure in whole numbers; it is asked where the
    float is too near to a tie to decide. With ``limit`` a figure of more than 18 digits is missing: it stems from a
    divisor next to nothing.
    """
    guess = np.where(there, proposed.guess, 0.0)
    below = np.floor(guess)
    error = np.maximum(_NEAR, _SLACK * proposed.size)
    doubtful = there & ~((np.abs(guess - below - 0.5) > error) & (np.abs(guess) < 2.0**50) & (error < 0.25))
    safe = np.where(doubtful, 0.0, guess)
    out = np.where(there, np.rint(safe).astype(np.int64), MISSING)
    for at in np.flatnonzero(doubtful).tolist():
        top, bottom = exact(at)
        q, r = divmod(top, bottom)
        q += 2 * r > bottom or (2 * r == bottom and q & 1)
        if abs(q) >= _MOST:
            if not limit:
                raise LimitError("a figure has more than 18 digits")
            q = MISSING
        out.flat[at] = q
    return out
