"""Exact integer arithmetic: fen, grams, parts per million and basis points in int64.

Products of these integers leave int64 in ordinary cases (85.5 bn yuan in fen times a rate in ppm times days), and numpy
wraps without a word. So every product goes through :func:`mul_div` or :func:`weighted_sum`, which carry two limbs
(128 bits) and are exact. Their limits are checked at every call: an error, never a wrap.

==========  ======================================================
limit       ``|a|, |b| < 2**63``, ``1 <= c <= 2**62``, result in int64
sums        fewer than ``2**31`` terms; the sum itself has no limit
==========  ======================================================
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Rounding = Literal["floor", "half_even", "half_up"]

FEN = 100
"""Fen in a yuan."""
GRAMS = 1_000_000
"""Grams in a tonne."""
PPM = 1_000_000
"""Parts per million in one: a rate of 1.75 % is 17 500 ppm."""
BP = 10_000
"""Basis points in one: a ratio of 60 % is 6 000 bp."""
E8 = 100_000_000
"""Scale of derived fractions (shares, weighted rates): eight decimals."""

INT64_MAX = 2**63 - 1
LARGEST_DIVISOR = 2**62
MOST_TERMS = 2**31
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


class LimitError(ArithmeticError):
    """An integer left the limits stated on top of this module."""


def as_ints(values: ArrayLike) -> Ints:
    """``values`` as int64; TypeError for anything that is not a whole number, LimitError beyond int64."""
    array = np.asarray(values)
    if array.dtype == np.int64:
        return array
    if array.dtype == object or array.dtype.kind == "u":
        if not all(isinstance(v, int | np.integer) for v in array.ravel().tolist()):
            raise TypeError("whole numbers expected")
        if any(abs(int(v)) > INT64_MAX for v in array.ravel().tolist()):
            raise LimitError("a value is beyond the limit of 2**63 - 1")
    elif array.dtype.kind not in "ib" and array.size:
        raise TypeError(f"whole numbers expected, got {array.dtype}")
    return array.astype(np.int64)


def largest(values: Ints) -> int:
    """Largest absolute value, 0 for an empty array; LimitError for -2**63, which has none."""
    if values.size == 0:
        return 0
    low, high = int(values.min()), int(values.max())
    if low < -INT64_MAX:
        raise LimitError("a value is beyond the limit of 2**63 - 1")
    return max(-low, high)


def _wide(a: Ints, b: Ints) -> tuple[Ints, NDArray[np.uint64]]:
    """The 128-bit product of a and b: high limb (signed) and low limb (unsigned), two's complement."""
    x, y = np.abs(a).astype(np.uint64), np.abs(b).astype(np.uint64)
    x1, x0, y1, y0 = x >> _32, x & _LOW, y >> _32, y & _LOW
    low = x0 * y0
    mid1, mid2 = x1 * y0, x0 * y1
    carry = ((low >> _32) + (mid1 & _LOW) + (mid2 & _LOW)) >> _32
    high = x1 * y1 + (mid1 >> _32) + (mid2 >> _32) + carry
    low = x * y
    negative = (a < 0) ^ (b < 0)
    low_signed = np.where(negative, ~low + np.uint64(1), low)
    high_signed = np.where(negative, ~high + (low == 0).astype(np.uint64), high)
    return high_signed.astype(np.int64), low_signed


def _round(q: Ints, r: Ints, c: Ints, rounding: Rounding) -> Ints:
    """The floor quotient q with remainder r moved to the rounding asked for."""
    if rounding == "floor":
        return q
    # 0 <= r < c <= 2**62, so twice r stays inside int64
    twice = r << 1
    if rounding == "half_up":
        return q + (twice >= c)
    if rounding == "half_even":
        return q + ((twice > c) | ((twice == c) & ((q & 1) == 1)))
    raise ValueError(f"rounding {rounding!r} is not one of floor, half_even, half_up")


def mul_div(a: ArrayLike, b: ArrayLike, c: ArrayLike, rounding: Rounding) -> Ints:
    """``a * b / c`` exactly, rounded once, elementwise with broadcasting.

    Parameters
    ----------
    a, b : whole numbers, ``|a|, |b| < 2**63``
    c : whole numbers, ``1 <= c <= 2**62``
    rounding : ``floor``, ``half_even`` or ``half_up`` (towards plus infinity at a half)

    Raises
    ------
    LimitError
        where an argument or the result is beyond its limit.

    >>> int(mul_div(8_550_000_000_000, 17_500, 1_000_000, "half_even"))
    149625000000
    >>> mul_div([1, 3, 5], 1, 2, "half_even").tolist()
    [0, 2, 2]
    """
    one = as_ints(c)
    if one.ndim == 0:
        both = np.broadcast_arrays(as_ints(a), as_ints(b))
        quick = _by_one(both[0], both[1], int(one), rounding)
        if quick is not None:
            return quick
    given = np.broadcast_arrays(as_ints(a), as_ints(b), one)
    # one number alone would warn where it wraps; arrays wrap quietly, which the arithmetic below is made for
    return _quotient(given[0].ravel(), given[1].ravel(), given[2].ravel(), rounding).reshape(given[0].shape)


def _by_one(a: Ints, b: Ints, c: int, rounding: Rounding) -> Ints | None:
    """The same by one divisor for all, which divides several times faster; None where products could leave int64."""
    if a.size == 0 or a.ndim == 0 or not 1 <= c <= LARGEST_DIVISOR or largest(a) * largest(b) > INT64_MAX:
        return None
    product = a * b
    q: Ints = product // c
    return q if rounding == "floor" else _round(q, product - q * c, np.array(c, np.int64), rounding)


def _quotient(a: Ints, b: Ints, c: Ints, rounding: Rounding) -> Ints:
    if a.size == 0:
        return np.zeros(0, np.int64)
    largest_a, largest_b = largest(a), largest(b)
    if int(c.min()) < 1 or int(c.max()) > LARGEST_DIVISOR:
        raise LimitError("a divisor is not in 1 .. 2**62")
    if largest_a * largest_b <= INT64_MAX:
        product = a * b
        q = product // c
        return _round(q, product - q * c, c, rounding)
    return _mul_div_wide(a, b, c, rounding)


def _mul_div_wide(a: Ints, b: Ints, c: Ints, rounding: Rounding) -> Ints:
    guess = a.astype(np.float64) * b / c
    beyond = np.abs(guess) > 2.0**63 - 2.0**13
    if beyond.any():
        return _mul_div_edge(a, b, c, rounding, beyond)
    q = np.floor(guess).astype(np.int64)
    if float(np.abs(guess).max()) < 2.0**50 and int(c.max()) <= 2**60:
        # the proposed quotient is at most two off, so the true remainder is inside int64 and the wrapped one is it
        rest = a * b - q * c
        last = rest // c
        return _round(q + last, rest - last * c, c, rounding)
    # the remainder of the proposed quotient, on two limbs; its float is good to one part in 2**51, which
    # leaves the second quotient at most one off, and then the remainder fits int64
    high, low = _wide(a, b)
    back_high, back_low = _wide(q, c)
    rest_low = low - back_low
    rest_high = high - back_high - (low < back_low)
    step = np.floor((rest_high.astype(np.float64) * 2.0**64 + rest_low) / c).astype(np.int64)
    rest = rest_low.astype(np.int64) - step * c
    q = q + step
    last = rest // c
    q, rest = q + last, rest - last * c
    return _round(q, rest, c, rounding)


def _mul_div_edge(a: Ints, b: Ints, c: Ints, rounding: Rounding, beyond: NDArray[np.bool_]) -> Ints:
    """Results near the end of int64, settled one by one: either exact or an error."""
    out = np.zeros(a.shape, np.int64)
    inside = ~beyond
    if inside.any():
        out[inside] = _mul_div_wide(a[inside], b[inside], c[inside], rounding)
    settled = [
        divide(int(x) * int(y), int(z), rounding)
        for x, y, z in zip(a[beyond].tolist(), b[beyond].tolist(), c[beyond].tolist(), strict=True)
    ]
    if any(abs(v) > INT64_MAX for v in settled):
        raise LimitError("a result is beyond the limit of 2**63 - 1")
    out[beyond] = settled
    return out


def divide(numerator: int, denominator: int, rounding: Rounding) -> int:
    """One quotient of Python integers of any size, rounded once; the denominator is positive.

    >>> divide(5, 2, "half_even"), divide(7, 2, "half_even"), divide(-5, 2, "floor")
    (2, 4, -3)
    """
    if denominator <= 0:
        raise LimitError("a divisor is not positive")
    q, r = divmod(numerator, denominator)
    if rounding == "floor":
        return q
    if rounding == "half_up":
        return q + (2 * r >= denominator)
    if rounding == "half_even":
        return q + (2 * r > denominator or (2 * r == denominator and q & 1))
    raise ValueError(f"rounding {rounding!r} is not one of floor, half_even, half_up")


def decimal_text(value: int, decimals: int) -> str:
    """A scaled integer as people read it: thousands separated, every decimal shown, the sign in front.

    >>> decimal_text(-300_050, 2), decimal_text(5, 2), decimal_text(1_234_567_890_123, 6)
    ('-3,000.50', '0.05', '1,234,567.890123')
    """
    sign, size = ("-", -value) if value < 0 else ("", value)
    whole, part = divmod(size, 10**decimals)
    return f"{sign}{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")


def add(a: Ints, b: Ints) -> Ints:
    """``a + b`` elementwise; LimitError where a sum leaves int64."""
    out = a + b
    if (((a ^ out) & (b ^ out)) < 0).any():
        raise LimitError("a sum is beyond the limit of 2**63 - 1")
    return out


def weighted_sum(a: ArrayLike, b: ArrayLike) -> int:
    """``sum(a * b)`` exactly, as a Python integer; order, blocks and threads cannot change it.

    >>> weighted_sum([2 * 10**14] * 3, [999_999] * 3)
    599999400000000000000
    """
    a, b = np.broadcast_arrays(as_ints(a), as_ints(b))
    zeros = np.zeros(a.size, np.int64)
    return from_limbs(weighted_limbs(a.ravel(), b.ravel(), zeros, 1))[0]


def weighted_limbs(a: Ints, b: Ints, group: Ints, size: int) -> Ints:
    """``sum(a * b)`` by group as limbs of 32 bits, shape (4, size): row k counts 2**(32 k).

    Limbs of two sets of rows add up to the limbs of both: this is how partial results of blocks are merged.
    Groups are 0 .. size - 1. :func:`from_limbs` makes Python integers of them.
    """
    out = np.zeros((4, size), np.int64)
    if a.size == 0:
        return out
    if a.size >= MOST_TERMS:
        raise LimitError("more than 2**31 terms in one sum")
    if largest(a) * largest(b) <= INT64_MAX:
        product = a * b
        np.add.at(out[0], group, product & 0xFFFFFFFF)
        np.add.at(out[1], group, product >> 32)
        return out
    high, low = _wide(a, b)
    np.add.at(out[0], group, (low & _LOW).astype(np.int64))
    np.add.at(out[1], group, (low >> _32).astype(np.int64))
    np.add.at(out[2], group, high & 0xFFFFFFFF)
    np.add.at(out[3], group, high >> 32)
    return out


def from_limbs(limbs: Ints) -> list[int]:
    """The sums behind :func:`weighted_limbs` as Python integers."""
    columns = (row.tolist() for row in limbs)
    return [p + (q << 32) + (r << 64) + (s << 96) for p, q, r, s in zip(*columns, strict=True)]


def group_sum(values: Ints, group: Ints, size: int) -> Ints:
    """``sum(values)`` by group 0 .. size - 1; LimitError where a sum could leave int64."""
    out = np.zeros(size, np.int64)
    if values.size:
        if largest(values) * values.size > INT64_MAX and any(
            abs(s) > INT64_MAX for s in exact_sums(values, group, size)
        ):
            raise LimitError("a sum is beyond the limit of 2**63 - 1")
        np.add.at(out, group, values)
    return out


def exact_sums(values: Ints, group: Ints, size: int) -> list[int]:
    """``sum(values)`` by group as Python integers."""
    return from_limbs(weighted_limbs(values, np.ones(values.size, np.int64), group, size))


def total(values: Any) -> int:
    """``sum(values)`` as a Python integer, exact whatever its size.

    >>> total(np.array([2**62, 2**62, 2**62]))
    13835058055282163712
    """
    values = as_ints(values)
    if values.size and largest(values) <= INT64_MAX // values.size:
        return int(values.sum())  # no sum of so many of them leaves int64
    return weighted_sum(values, np.ones(1, np.int64))
