"""Numbers of any kind, and discounting 折现: what the methods of cost share."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias, TypeGuard

Number: TypeAlias = Any
"""``int``, ``float``, ``Decimal`` or ``Fraction``, one kind a call: typing has no name for a field of numbers."""
Series: TypeAlias = Number | Sequence[Number]
"""One figure for all periods, or a sequence of one figure a period (a dated rate, period by period)."""


FRACTION = "a fraction: 0.6, not 60"


def check_shares(**shares: Number) -> None:
    """ValueError for a share outside 0 to 1, which names it.

    >>> check_shares(share=60)
    Traceback (most recent call last):
    ...
    ValueError: share 60 is not from 0 to 1: a fraction: 0.6, not 60
    """
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{name} {share} is not from 0 to 1: {FRACTION}")


def check_rates(**rates: Series) -> None:
    """ValueError for a rate above 1 or below -1 a year or period (a per cent, most likely), which names it.

    >>> check_rates(own_rate=[0.0295, 2.95])
    Traceback (most recent call last):
    ...
    ValueError: own_rate 2.95 is not from -1 to 1: a fraction: 0.0295, not 2.95
    """
    for name, given in rates.items():
        several: list[Any] = list(given) if is_series(given) else [given]
        for rate in several:
            if not -1 <= rate <= 1:
                raise ValueError(f"{name} {rate} is not from -1 to 1: a fraction: 0.0295, not 2.95")


def check_tonnes(**tonnes: Number) -> None:
    """ValueError for tonnes that are not above 0, which names them: nothing is a cost per tonne of none.

    >>> check_tonnes(reduction=0)
    Traceback (most recent call last):
    ...
    ValueError: reduction 0 is not above 0: there is no cost per tonne of it
    """
    for name, amount in tonnes.items():
        if not amount > 0:
            raise ValueError(f"{name} {amount} is not above 0: there is no cost per tonne of it")


def each(figure: Series, periods: int, name: str) -> list[Number]:
    """A figure for every period, from one for all of them or from as many as there are periods.

    Raises ValueError, which says ``name``, where there are fewer or more: a rate is never carried on in silence.

    >>> each(0.02, 3, "own_rate"), each([0.02, 0.03], 2, "own_rate")
    ([0.02, 0.02, 0.02], [0.02, 0.03])
    """
    if not is_series(figure):
        alike: list[Any] = [figure] * periods
        return alike
    figures = list(figure)
    if len(figures) != periods:
        raise ValueError(f"{name}: {len(figures)} figures for {periods} periods")
    return figures


def is_series(figure: Any) -> TypeGuard[Sequence[Any]]:
    """Whether this is several figures: a list, an array, a column of a frame; not one number.

    >>> import numpy as np
    >>> is_series(0.02), is_series([0.02]), is_series(np.array([0.02]))
    (False, True, True)
    """
    return hasattr(figure, "__iter__")


def growth(rate: Number, years: int | Fraction) -> Number:
    """(1 + rate) ** years: what one yuan grows to at an annual ``rate`` [1/a] compounded once a year.

    Exact for whole years of exact numbers, and at rate 0; a ``Fraction`` over part of a year becomes a float.

    >>> from decimal import Decimal as D
    >>> growth(D("0.08"), 2), round(growth(0.08, Fraction(1, 4)), 6)
    (Decimal('1.1664'), 1.019427)
    """
    if rate == 0:
        return 1 + rate
    if years == int(years):
        return (1 + rate) ** int(years)
    if isinstance(rate, Decimal):
        return (1 + rate) ** (Decimal(years.numerator) / Decimal(years.denominator))
    return float(1 + rate) ** float(years)


def annuity(years: int, rate: Number) -> Number:
    """Present value [a] of one yuan (or tonne) at the end of each of ``years`` years, at ``rate`` [1/a].

    >>> annuity(20, 0), round(annuity(3, 0.03), 6)
    (20, 2.828611)
    """
    return years if rate == 0 else sum(1 / growth(rate, k) for k in range(1, years + 1))
