"""Methods of cost 成本测算方法: what a facility is worth to a lender and per tonne, as plain functions.

They take whole numbers, ``Decimal``, ``Fraction`` or float and give what the arithmetic of those gives; rates are
fractions a year, amounts yuan, reductions tonnes a year. The run's cost series (:mod:`relending.engine.cost`) applies
the first of them to every quarter in exact integers.

Sources, by number:

1. PBoC, announcement and Q&A on the Carbon Emission Reduction Facility, 2021-11-08 (60 % of principal, 1.75 %, one
   year, extendable twice).
2. European Commission, worked example of the gross grant equivalent of a soft loan (500,000 in ten instalments, 6 %
   against a reference rate of 8 %).
3. Market practice: money-market interest at actual/360.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

N = TypeVar("N", int, float)
# Decimal and Fraction work as well; typing has no name for "a field of numbers", so Any-like N stands for it

ACT_360 = 360


def blended_cost(share: N, facility_rate: N, own_rate: N) -> N:
    """Blended cost 综合资金成本 w = phi * i_c + (1 - phi) * f, a fraction a year [1].

    Parameters: ``share`` phi of the loan that the facility funds [-], ``facility_rate`` i_c [1/a], ``own_rate`` f
    [1/a].

    >>> from decimal import Decimal as D
    >>> blended_cost(D("0.6"), D("0.0175"), D("0.0295"))
    Decimal('0.02230')
    """
    return share * facility_rate + (1 - share) * own_rate


def subsidy_rate(share: N, facility_rate: N, own_rate: N) -> N:
    """Subsidy s = phi * (f - i_c) per yuan of loan and year [1].

    >>> from decimal import Decimal as D
    >>> subsidy_rate(D("0.6"), D("0.0175"), D("0.0295"))
    Decimal('0.00720')
    """
    return share * (own_rate - facility_rate)


def interest_act_360(principal: N, rate: N, days: int) -> N:
    """Interest of a period at actual/360, yuan [3].

    >>> interest_act_360(60_000_000, 0.0175, 90)
    262500.0
    """
    return principal * rate * days / ACT_360  # type: ignore[return-value]


def break_even_rate(cost: N, operating: N, expected_loss: N, capital_charge: N) -> N:
    """Break-even loan rate r* = w + operating cost + expected loss + capital charge, fractions a year.

    >>> from decimal import Decimal as D
    >>> break_even_rate(D("0.0223"), D("0.005"), D("0.004"), D("0.006"))
    Decimal('0.0373')
    """
    return cost + operating + expected_loss + capital_charge


def capital_charge(risk_weight: N, capital_ratio: N, return_on_equity: N, own_rate: N, tax: N) -> N:
    """Cost of the capital a loan ties up: RW * CAR * (ROE - f) / (1 - tax), a fraction a year (an option of the model).

    >>> from fractions import Fraction as F
    >>> capital_charge(F(1), F("0.10"), F("0.1045"), F("0.0295"), F("0.25"))
    Fraction(1, 100)
    """
    return risk_weight * capital_ratio * (return_on_equity - own_rate) / (1 - tax)  # type: ignore[return-value]


def life_of_loan_cost(share: N, facility_rate: N, own_rate: N, balances: Sequence[N], supported_years: int) -> N:
    """Blended cost over the life of a loan, weighted by its balance at the start of each year.

    The facility covers at most ``supported_years`` (one year and two rollovers: three [1]) of a loan of ten to twenty.

    >>> from decimal import Decimal as D
    >>> life_of_loan_cost(D("0.6"), D("0.0175"), D("0.0295"), [D(100)] * 15, 3)
    Decimal('0.02806')
    """
    costs = [
        balance * (blended_cost(share, facility_rate, own_rate) if year < supported_years else own_rate)
        for year, balance in enumerate(balances)
    ]
    return sum(costs) / sum(balances)  # type: ignore[return-value]


def grant_equivalent(balances: Sequence[N], rate: N, reference_rate: N) -> N:
    """Grant equivalent of a soft loan: sum of B_k * (i_ref - i_c) / (1 + i_ref)**k, yuan [2].

    ``balances`` are those at the start of each year. The Commission's example, 500,000 repaid in ten equal parts at 6 %
    against 8 %, gives 41,123 (with rounded steps; 41,123.98 without).

    >>> round(grant_equivalent([500_000 - 50_000 * k for k in range(10)], 0.06, 0.08), 2)
    41123.98
    """
    gap = reference_rate - rate
    return sum(b * gap / (1 + reference_rate) ** (k + 1) for k, b in enumerate(balances))


def cost_per_annual_tonne(yearly_subsidy: N, reduction: N, additionality: N = 1) -> N:
    """Yuan per annual tonne: a year's subsidy over a year's reduction, of which ``additionality`` counts.

    The first batch (85.5 bn yuan, 1.20 points, 28.76 m tonnes): 1.026 bn a year.

    >>> round(cost_per_annual_tonne(85.5e9 * 0.0120, 28.76e6), 1)
    35.7
    """
    return yearly_subsidy / (reduction * additionality)  # type: ignore[return-value]


def cost_per_tonne_over_life(yearly_subsidy: N, supported_years: int, reduction: N, operating_years: int) -> N:
    """Yuan per tonne over the asset's life, undiscounted: what all supported years cost over all tonnes.

    >>> round(cost_per_tonne_over_life(85.5e9 * 0.0120, 3, 28.76e6, 20), 2)
    5.35
    """
    return yearly_subsidy * supported_years / (reduction * operating_years)  # type: ignore[return-value]


def nim_effect_bp(yearly_saving: N, interest_earning_assets: N) -> N:
    """Effect on the net interest margin in basis points: 10**4 * V / average interest-earning assets.

    >>> nim_effect_bp(1.026e9, 2.0e12)
    5.13
    """
    return 10_000 * yearly_saving / interest_earning_assets  # type: ignore[return-value]
