"""Blended cost over the life of a loan 全期综合成本: the facility covers a few of its years. Sources: the package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from relending.engine.costing.blended import blended_cost
from relending.engine.costing.number import Number, Series, check_rates, check_shares, each, growth

BASES = ("original", "outstanding")


@dataclass(frozen=True, slots=True)
class LifeCost:
    """Cost of the funds of one loan over its life, per yuan outstanding and year.

    ``with_facility`` and ``without`` [1/a]; ``subsidy`` = without - with_facility [1/a]; ``facility_share`` of all
    yuan-years outstanding that the facility funded [-]; ``balance_years`` the (discounted) yuan-years outstanding.
    """

    with_facility: Number
    without: Number
    facility_share: Number
    balance_years: Number

    @property
    def subsidy(self) -> Number:
        """What the facility takes off the cost of funds [1/a]."""
        return self.without - self.with_facility


def facility_balances(
    balances: Sequence[Number], share: Number, supported_years: int, *, periods_per_year: int, rollover_base: str
) -> list[Number]:
    """What the facility has lent at the start of each period of a loan's life [yuan].

    ``share`` [-] of the principal is drawn with the loan; at the end of each year it is continued while the loan owes
    anything, ``supported_years`` in all (1 + rollovers: three [1]): the same amount (``rollover_base`` "original"), or
    at most ``share`` of what is outstanding ("outstanding"). Within a year it stays, as under ``on_prepayment =
    "at_rollover"``. No published text settles the base [1]; both are assumptions, so one must be named.

    Assumes a draw on the day of the loan (really at the end of its quarter). ``balances`` [yuan] are those at the start
    of each period (:func:`loan_balances`); with a shorter loan than ``supported_years`` the facility ends: the lesser
    of the two counts. Raises ValueError for another base, a share outside 0 to 1 and ``supported_years`` below 0.

    >>> facility_balances([100, 75, 50, 25], 0.6, 3, periods_per_year=1, rollover_base="outstanding")
    [60.0, 45.0, 30.0, 0.0]
    >>> facility_balances([100, 75, 50, 25], 0.6, 3, periods_per_year=1, rollover_base="original")
    [60.0, 60.0, 60.0, 0.0]
    """
    if rollover_base not in BASES:
        raise ValueError(f"rollover_base {rollover_base!r} is none of {', '.join(BASES)}")
    check_shares(share=share)
    _check_years(supported_years, 0)
    out: list[Number] = []
    held = share * balances[0]
    for k, owed in enumerate(balances):
        if k >= supported_years * periods_per_year or (k % periods_per_year == 0 and owed == 0):
            held = 0 * held
        elif k and k % periods_per_year == 0 and rollover_base == "outstanding":
            held = min(held, share * owed)
        out.append(held)
    return out


def cost_over_life(
    balances: Sequence[Number],
    share: Number,
    facility_rate: Series,
    own_rate: Series,
    *,
    supported_years: int,
    rollover_base: str,
    periods_per_year: int = 1,
    discount_rate: Number = 0,
) -> LifeCost:
    """Blended cost over the life of a loan, weighted by what it owes, if wanted discounted [1] [5].

        w = sum_k v_k (F_k i_k + max(B_k - F_k, 0) f_k) / sum_k v_k B_k,    v_k = (1 + d)**-t_k

    Parameters: ``balances`` B_k at the start of each period [yuan] (:func:`loan_balances`); ``share`` phi [-];
    ``facility_rate`` i [1/a], one for all years or one a supported year (the rate prevailing at each rollover);
    ``own_rate`` f [1/a], one for all or one a period; ``supported_years`` 1 + rollovers; ``rollover_base`` as in
    :func:`facility_balances`; ``discount_rate`` d [1/a], t_k the end of period k in years.

    Assumes equal periods and interest at their end. Money of the facility above what the loan owes (base "original")
    costs its interest and earns nothing. ``supported_years`` (at least 1) beyond the loan's life count for nothing, but
    each has its rate where they are given year by year. Raises ValueError for rates that are not one a year or period,
    rates above 1 and shares outside 0 to 1.

    Three of fifteen years, bullet:

    >>> from decimal import Decimal as D
    >>> life = cost_over_life([D(100)] * 15, D("0.6"), D("0.0175"), D("0.0295"), supported_years=3,
    ...     rollover_base="original")
    >>> life.with_facility, life.subsidy, life.facility_share
    (Decimal('0.02806'), Decimal('0.00144'), Decimal('0.12'))
    """
    n = len(balances)
    check_rates(facility_rate=facility_rate, own_rate=own_rate, discount_rate=discount_rate)
    _check_years(supported_years, 1)
    held = facility_balances(
        balances, share, supported_years, periods_per_year=periods_per_year, rollover_base=rollover_base
    )
    cheap = each(facility_rate, supported_years, "facility_rate")
    own = each(own_rate, n, "own_rate")
    cost = alone = owed = funded = 0 * balances[0]
    for k, (balance, part, f) in enumerate(zip(balances, held, own, strict=True)):
        weight = growth(discount_rate, Fraction(k + 1, periods_per_year))
        i = cheap[min(k // periods_per_year, supported_years - 1)]
        cost += (part * i + max(balance - part, 0 * balance) * f) / weight
        alone += balance * f / weight
        owed += balance / weight
        funded += part / weight
    return LifeCost(cost / owed, alone / owed, funded / owed, owed / periods_per_year)


def life_of_loan_cost(
    share: Number, facility_rate: Number, own_rate: Number, balances: Sequence[Number], supported_years: int
) -> Number:
    """Blended cost over the life of a loan [1/a], weighted by its balance at the start of each year.

    The facility covers at most ``supported_years`` (one year and two rollovers: three [1]) of a loan of ten to twenty,
    and each year ``share`` of what is then outstanding; of a shorter loan all of its life. :func:`cost_over_life` says
    more.

    >>> from decimal import Decimal as D
    >>> life_of_loan_cost(D("0.6"), D("0.0175"), D("0.0295"), [D(100)] * 15, 3)
    Decimal('0.02806')
    """
    _check_years(supported_years, 0)
    costs = [
        balance * (blended_cost(share, facility_rate, own_rate) if year < supported_years else own_rate)
        for year, balance in enumerate(balances)
    ]
    return sum(costs) / sum(balances)


def _check_years(supported_years: int, least: int) -> None:
    if supported_years < least:
        raise ValueError(f"supported_years {supported_years} is below {least}")
