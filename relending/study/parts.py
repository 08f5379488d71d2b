"""Parts that add up: one exact total told as whole numbers, and the shares of a whole.

A total is never bent: each part is rounded to the nearest whole number, and what the rounding leaves over goes, one at
a time, to the parts whose rounding took most. Turning every sign turns every result.
"""

from __future__ import annotations

from collections.abc import Sequence

from relending.units import E8, divide


def handed_out(parts: Sequence[int], over: int) -> list[int]:
    """Every ``part / over`` as a whole number, so that they add up to their exact sum, which must be whole.

    >>> handed_out([10, 10, 10], 3), handed_out([-10, -10, -10], 3), handed_out([7, 8], 5)
    ([4, 3, 3], [-4, -3, -3], [1, 2])
    """
    rounded = [divide(part, over, "half_even") for part in parts]
    left, rest = divmod(sum(parts), over)
    if rest:
        raise ValueError("the sum of the parts is not a whole number")
    left -= sum(rounded)
    step = 1 if left > 0 else -1
    # how much the rounding took away in the direction of what is left over, the first of equals first
    took = [(part - r * over) * step for part, r in zip(parts, rounded, strict=True)]
    for i in sorted(range(len(parts)), key=lambda i: -took[i])[: abs(left)]:
        rounded[i] += step
    return rounded


def shares_e8(parts: Sequence[int | None]) -> list[int | None]:
    """What share of their sum each part is, scaled 10**8, adding up to one; None over nothing.

    >>> shares_e8([1, 1, 1]), shares_e8([1, -1]), shares_e8([3, -1])
    ([33333334, 33333333, 33333333], [None, None], [150000000, -50000000])
    """
    there = [p for p in parts if p is not None]
    whole = sum(there)
    if len(there) < len(parts) or whole == 0:
        return [None] * len(parts)
    sign = 1 if whole > 0 else -1
    return list(handed_out([p * E8 * sign for p in there], abs(whole)))


def quotient_e8(top: int | None, bottom: int | None) -> int | None:
    """``top / bottom`` scaled 10**8, half-even; None over nothing or of nothing.

    >>> quotient_e8(-1, 3), quotient_e8(1, -4), quotient_e8(1, 0)
    (-33333333, -25000000, None)
    """
    if top is None or not bottom:
        return None
    sign = 1 if bottom > 0 else -1
    return divide(top * E8 * sign, abs(bottom), "half_even")
