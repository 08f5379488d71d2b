"""The two roundings of the contract, on Python integers."""

from __future__ import annotations

from fractions import Fraction


def half_even(numerator: int, denominator: int) -> int:
    """The integer nearest to numerator / denominator; a tie goes to the even one. The denominator is positive.

    >>> [half_even(n, 2) for n in (1, 3, 5, -1, -3)]
    [0, 2, 2, 0, -2]
    """
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    whole, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1):
        return whole + 1
    return whole


def scaled(value: Fraction, scale: int) -> int:
    """A fraction as an integer in units of 1 / scale, half-even.

    >>> scaled(Fraction(1, 3), 10**8)
    33333333
    """
    return half_even(value.numerator * scale, value.denominator)
