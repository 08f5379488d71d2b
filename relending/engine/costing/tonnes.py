"""Cost per tonne 单位减排成本 in its three meanings: c1 of a year, c2 over life, c3 additional. Sources: the package.

The three differ by an order of magnitude, so each function says in its name which it is. Only c2 may be held against a
carbon price 碳价: an allowance is one tonne once, not a tonne every year. A loan's tonnes are those of the whole loan;
the facility's money funds ``share`` of it, so per facility money the tonnes are phi * R.
"""

from __future__ import annotations

from collections.abc import Sequence

from relending.engine.costing.number import FRACTION, Number, annuity, check_rates, check_shares, check_tonnes, growth


def cost_per_annual_tonne(yearly_subsidy: Number, reduction: Number, additionality: Number = 1) -> Number:
    """c1, yuan per annual tonne [yuan/(t/a)/a]: a year's subsidy over a year's reduction of the whole loans [5].

    Parameters: ``yearly_subsidy`` V [yuan/a]; ``reduction`` R [t/a], the disclosed annual figure; with
    ``additionality`` [-], the part of it that counts, it is c3 (:func:`cost_per_additional_tonne`). Raises ValueError
    where there are no tonnes, and for an additionality outside (0, 1].

    The first batch (85.5 bn yuan, 1.20 points, 28.76 m tonnes): 1.026 bn a year.

    >>> round(cost_per_annual_tonne(85.5e9 * 0.0120, 28.76e6), 1)
    35.7
    """
    check_tonnes(reduction=reduction)
    if not 0 < additionality <= 1:
        raise ValueError(f"additionality {additionality} is not above 0 and at most 1: {FRACTION}")
    return yearly_subsidy / (reduction * additionality)


def cost_per_annual_tonne_of_facility_money(yearly_subsidy: Number, reduction: Number, share: Number) -> Number:
    """c1 per facility money: a year's subsidy over the tonnes that the facility's part of the loans stands for [5].

    Parameters as in :func:`cost_per_annual_tonne`; ``share`` phi [-] of the loans that the facility funds, so that its
    money stands for phi * R. Which of the two is meant must be said: R belongs to loans of 142.5 bn yuan, the subsidy
    to 85.5 bn of facility money. Raises ValueError for a share outside 0 to 1, a share of 0 and no tonnes.

    >>> round(cost_per_annual_tonne_of_facility_money(85.5e9 * 0.0120, 28.76e6, 0.60), 1)
    59.5
    """
    check_shares(share=share)
    check_tonnes(reduction=reduction, share=share)
    return yearly_subsidy / (share * reduction)


def cost_per_tonne_over_life(
    yearly_subsidy: Number,
    supported_years: int,
    reduction: Number,
    operating_years: int,
    *,
    money_rate: Number = 0,
    tonnes_rate: Number = 0,
) -> Number:
    """c2, yuan per tonne over the asset's life: all supported years' subsidy over all years' tonnes [5].

    Parameters: ``yearly_subsidy`` V [yuan/a] for ``supported_years`` (1 + rollovers), ``reduction`` R [t/a] for
    ``operating_years``; ``money_rate`` and ``tonnes_rate`` [1/a] discount the two, 0: not at all. Discounting tonnes at
    the rate of the money gives a levelised cost; leaving them undiscounted counts a late tonne as an early one. Assumes
    that subsidy and tonnes are equal every year, start together and fall at the end of a year. Raises ValueError where
    there are no tonnes, no year of operation, more years of support than of operation, and for rates above 1.

    This is the figure to hold against a carbon price. The first batch, three years of support, twenty of operation:

    >>> round(cost_per_tonne_over_life(85.5e9 * 0.0120, 3, 28.76e6, 20), 2)
    5.35
    >>> [round(cost_per_tonne_over_life(1.026e9, 3, 28.76e6, 20, money_rate=0.03, tonnes_rate=t), 2) for t in (0, 0.03)]
    [5.05, 6.78]
    """
    check_tonnes(reduction=reduction, operating_years=operating_years)
    check_rates(money_rate=money_rate, tonnes_rate=tonnes_rate)
    if not 0 <= supported_years <= operating_years:
        raise ValueError(f"supported_years {supported_years} is not from 0 to operating_years {operating_years}")
    return yearly_subsidy * annuity(supported_years, money_rate) / (reduction * annuity(operating_years, tonnes_rate))


def cost_per_tonne_of_series(
    subsidies: Sequence[Number], reductions: Sequence[Number], *, money_rate: Number = 0, tonnes_rate: Number = 0
) -> Number:
    """c2 from series: yearly subsidies [yuan] over yearly tonnes [t], discounted to the start of the first year [5].

    The two may differ in length (three years of support, twenty of operation) and start at once; a construction time
    is years of 0 tonnes. Raises ValueError where the tonnes of all years are none, and for rates above 1.

    >>> round(cost_per_tonne_of_series([1.026e9] * 3, [0, 0] + [28.76e6] * 20), 2)
    5.35
    """

    def value(amounts: Sequence[Number], rate: Number) -> Number:
        return sum(x / growth(rate, k + 1) for k, x in enumerate(amounts))

    check_rates(money_rate=money_rate, tonnes_rate=tonnes_rate)
    check_tonnes(reductions=sum(reductions))
    return value(subsidies, money_rate) / value(reductions, tonnes_rate)


def cost_per_additional_tonne(yearly_subsidy: Number, reduction: Number, additionality: Number) -> Number:
    """c3, yuan per additional annual tonne: c1 over the part of the reduction that would not have come about [5].

    ``additionality`` [-], in (0, 1], is an assumption of the user's: no text publishes one. Raises ValueError outside,
    and where there are no tonnes.

    >>> round(cost_per_additional_tonne(85.5e9 * 0.0120, 28.76e6, 0.5), 1)
    71.3
    """
    return cost_per_annual_tonne(yearly_subsidy, reduction, additionality)
