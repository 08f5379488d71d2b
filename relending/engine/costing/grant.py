"""Grant equivalent 补贴等值 and grant element 赠与成分 of money lent below a reference rate. Sources: the package."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction

from relending.engine.costing.number import Number, Series, check_rates, each, growth, is_series


def grant_equivalent(
    balances: Sequence[Number], rate: Series, reference_rate: Series, periods_per_year: int = 1
) -> Number:
    """Grant equivalent of a soft loan [yuan]: sum of B_k * (i_ref - i_c) * tau / (1 + i_ref)**t_k [2].

    Parameters: ``balances`` B_k at the start of each period [yuan]; ``rate`` i_c and ``reference_rate`` i_ref [1/a],
    one for all or one a period; ``periods_per_year`` (tau is its inverse). Interest is due at the end of a period and
    discounted at the reference rate, compounded once a year; where that moves, each period at its own.

    The Commission's example, 500,000 repaid in ten equal parts at 6 % against 8 %, is published as 41,123: there every
    year's part is rounded to a whole euro before they are added. Without rounding the steps it is 41,123.98.

    >>> balances = [500_000 - 50_000 * k for k in range(10)]
    >>> round(grant_equivalent(balances, 0.06, 0.08), 2)
    41123.98
    >>> sum(round(grant_equivalent([0] * k + [b], 0.06, 0.08)) for k, b in enumerate(balances))
    41123
    """
    n = len(balances)
    check_rates(rate=rate, reference_rate=reference_rate)
    rates, references = each(rate, n, "rate"), each(reference_rate, n, "reference_rate")
    factors = _factors(reference_rate, n, periods_per_year)
    parts = [
        b * (ref - i) / (factor * periods_per_year)
        for b, i, ref, factor in zip(balances, rates, references, factors, strict=True)
    ]
    return sum(parts)


def _factors(reference_rate: Series, n: int, per_year: int) -> list[Number]:
    """What a yuan grows to by the end of each period."""
    if not is_series(reference_rate):
        return [growth(reference_rate, Fraction(k + 1, per_year)) for k in range(n)]
    out, so_far = [], 1
    for rate in reference_rate:
        so_far = so_far * growth(rate, Fraction(1, per_year))
        out.append(so_far)
    return out


def grant_equivalent_share(
    balances: Sequence[Number], rate: Series, reference_rate: Series, periods_per_year: int = 1
) -> Number:
    """Grant equivalent over the amount lent, GE% = GE / B_0, as a fraction [2].

    >>> round(grant_equivalent_share([500_000 - 50_000 * k for k in range(10)], 0.06, 0.08), 4)
    0.0822
    """
    return grant_equivalent(balances, rate, reference_rate, periods_per_year) / balances[0]


def debt_service(balances: Sequence[Number], rate: Series, periods_per_year: int = 1) -> list[Number]:
    """What the borrower pays at the end of each period [yuan]: the interest of it and the principal that goes.

    ``balances`` at the start of each period [yuan]; the last is repaid in full. ``rate`` [1/a], one for all or one a
    period.

    >>> debt_service([100, 50], 0.06)
    [56.0, 53.0]
    """
    check_rates(rate=rate)
    rates = each(rate, len(balances), "rate")
    after = [*balances[1:], 0 * balances[0]]
    return [b * i / periods_per_year + b - rest for b, i, rest in zip(balances, rates, after, strict=True)]


def grant_element(face: Number, payments: Sequence[Number], discount_rate: Number, periods_per_year: int = 1) -> Number:
    """Grant element: (face value - discounted debt service) / face value, a fraction [4].

    Parameters: ``face`` value lent [yuan]; ``payments`` at the end of each period [yuan] (:func:`debt_service`);
    ``discount_rate`` [1/a], compounded once a year. With yearly payments at the reference rate it is
    :func:`grant_equivalent_share`: both are the same sum written in two ways.

    >>> balances = [500_000 - 50_000 * k for k in range(10)]
    >>> round(grant_element(500_000, debt_service(balances, 0.06), 0.08), 4)
    0.0822
    """
    check_rates(discount_rate=discount_rate)
    if not face > 0:
        raise ValueError(f"face {face} is not above 0")
    value = sum(p / growth(discount_rate, Fraction(k + 1, periods_per_year)) for k, p in enumerate(payments))
    return (face - value) / face


def position_grant_equivalent(
    days: Sequence[int],
    balances: Sequence[Number],
    rate: Series,
    reference_rate: Series,
    *,
    discount_rate: Number,
    day_count: int,
) -> Number:
    """Grant equivalent of a facility position [yuan], from its dated balances [2] [3].

        GE = sum_k B_k (f_k - i_k) D_k / N / (1 + d)**(T_k / 365)

    Parameters: ``days``, n + 1 day numbers (or dates): balance k stands from the first of a pair to the day before the
    second, D_k days; ``balances`` B_k [yuan]; ``rate`` i_k and ``reference_rate`` f_k [1/a], one for all or one a
    balance: the reference (own rate, an interbank rate …) is the user's choice; ``discount_rate`` d [1/a], compounded
    once a year, T_k the days from ``days[0]`` to the end of the period, at which interest is taken as due;
    ``day_count`` N, 360 for the facilities.

    Raises ValueError where the series do not fit. Undiscounted (``discount_rate`` 0) it is ``interest_saved`` of
    ``cost.csv``.

    60 m yuan for two quarters, 1.75 against 2.95 %, the own rate then at 2.75 %:

    >>> own = [0.0295, 0.0275]
    >>> round(position_grant_equivalent([0, 90, 181], [60e6, 60e6], 0.0175, own, discount_rate=0, day_count=360), 2)
    331666.67
    """
    n = len(balances)
    if len(days) != n + 1:
        raise ValueError(f"days: {len(days)} for {n} balances; one more than those is needed")
    check_rates(rate=rate, reference_rate=reference_rate, discount_rate=discount_rate)
    rates, references = each(rate, n, "rate"), each(reference_rate, n, "reference_rate")
    lengths = [_between(a, b) for a, b in itertools.pairwise(days)]
    if min(lengths, default=1) <= 0:
        raise ValueError("days: not ascending")
    total, passed = 0 * balances[0], 0
    for balance, i, f, length in zip(balances, rates, references, lengths, strict=True):
        passed += length
        total += balance * (f - i) * length / day_count / growth(discount_rate, Fraction(passed, DAYS_A_YEAR))
    return total


DAYS_A_YEAR = 365


def _between(first: Number, last: Number) -> int:
    apart = last - first
    return apart if isinstance(apart, int) else int(apart.days)
