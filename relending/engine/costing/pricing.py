"""Loan pricing 贷款定价: break-even rate, spread, effect on the net interest margin. Sources: the package."""

from __future__ import annotations

from relending.engine.costing.blended import blended_cost
from relending.engine.costing.number import Number, check_rates, check_shares


def capital_charge(
    risk_weight: Number, capital_ratio: Number, return_on_equity: Number, own_rate: Number, tax: Number
) -> Number:
    """Cost of the capital a loan ties up: RW * CAR * (ROE - f) / (1 - tax), a fraction a year (an option of the model).

    Parameters: ``risk_weight`` RW [-], ``capital_ratio`` CAR [-], ``return_on_equity`` ROE, after tax [1/a],
    ``own_rate`` f [1/a], ``tax`` on profit [-]. Assumes that capital replaces funds at f, and that ROE and f are both
    grossed up by the tax: no published text fixes the term.

    >>> from fractions import Fraction as F
    >>> capital_charge(F(1), F("0.10"), F("0.1045"), F("0.0295"), F("0.25"))
    Fraction(1, 100)
    """
    check_shares(capital_ratio=capital_ratio)
    check_rates(return_on_equity=return_on_equity, own_rate=own_rate)
    if not 0 <= tax < 1:
        raise ValueError(f"tax {tax} is not from 0 to below 1: a fraction: 0.25, not 25")
    if not risk_weight >= 0:
        raise ValueError(f"risk_weight {risk_weight} is below 0")
    return risk_weight * capital_ratio * (return_on_equity - own_rate) / (1 - tax)


def break_even_rate(cost: Number, operating: Number, expected_loss: Number, capital_charge: Number) -> Number:
    """Break-even loan rate r* = w + operating cost + expected loss + capital charge, fractions a year [5].

    Parameters: ``cost`` w of funds (:func:`blended_cost`, or :func:`cost_over_life` for a loan that outlives the
    facility), the others per yuan of loan and year [1/a].

    >>> from decimal import Decimal as D
    >>> break_even_rate(D("0.0223"), D("0.005"), D("0.004"), D("0.006"))
    Decimal('0.0373')
    """
    check_rates(cost=cost, operating=operating, expected_loss=expected_loss, capital_charge=capital_charge)
    return cost + operating + expected_loss + capital_charge


def break_even_loan_rate(
    share: Number,
    facility_rate: Number,
    own_rate: Number,
    *,
    operating: Number,
    expected_loss: Number,
    risk_weight: Number,
    capital_ratio: Number,
    return_on_equity: Number,
    tax: Number,
) -> Number:
    """Break-even loan rate from its parts: w + opex + EL + RW * CAR * (ROE - f) / (1 - tax), a fraction a year [5].

    All rates [1/a], shares and ratios [-], as in :func:`blended_cost` and :func:`capital_charge`. With ``share`` 0 it
    is the rate without the facility, so the difference of the two is :func:`subsidy_rate`.

    >>> from fractions import Fraction as F
    >>> costs = dict(operating=F("0.005"), expected_loss=F("0.004"), risk_weight=F(1), capital_ratio=F("0.10"),
    ...     return_on_equity=F("0.1045"), tax=F("0.25"))
    >>> [float(break_even_loan_rate(F(phi), F("0.0175"), F("0.0295"), **costs)) for phi in ("0.6", "0")]
    [0.0413, 0.0485]
    """
    charge = capital_charge(risk_weight, capital_ratio, return_on_equity, own_rate, tax)
    return break_even_rate(blended_cost(share, facility_rate, own_rate), operating, expected_loss, charge)


def spread_after_facility(loan_rate: Number, share: Number, facility_rate: Number, own_rate: Number) -> Number:
    """Spread of a loan over its blended cost: r_L - w, a fraction a year [1].

    A broker's note of 2021 [7]: a loan at 4.65 %, 60 % of it funded at 1.75 %, the rest at 2.20 %.

    >>> from decimal import Decimal as D
    >>> spread_after_facility(D("0.0465"), D("0.6"), D("0.0175"), D("0.022"))
    Decimal('0.02720')
    """
    check_rates(loan_rate=loan_rate)
    return loan_rate - blended_cost(share, facility_rate, own_rate)


def nim_effect_bp(yearly_saving: Number, interest_earning_assets: Number) -> Number:
    """Effect on the net interest margin in basis points: 10**4 * V / average interest-earning assets [5].

    Parameters: ``yearly_saving`` V [yuan/a], ``interest_earning_assets``, the year's average [yuan]. Assumes that the
    facility's money replaces other funds, so that assets stay as they are. Raises ValueError for assets not above 0.

    >>> nim_effect_bp(1.026e9, 2.0e12)
    5.13
    """
    if not interest_earning_assets > 0:
        raise ValueError(f"interest_earning_assets {interest_earning_assets} is not above 0")
    return 10_000 * yearly_saving / interest_earning_assets
