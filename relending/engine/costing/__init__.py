"""Methods of cost 成本测算方法: what a facility is worth to a lender and a borrower, and per tonne, as plain functions.

They take whole numbers, ``Decimal``, ``Fraction`` or float (one kind a call) and give what the arithmetic of those
gives; rates are fractions a year [1/a], amounts yuan, reductions tonnes a year [t/a], shares fractions [-]. Nothing is
rounded, but for the dated payments of a loan (fen). What cannot be is refused with a ValueError that names it: a share
outside 0 to 1, a rate above 1 (2.95 for 0.0295), a cost per tonne of no tonnes. No policy value is in them: every rate,
share and year is an argument. A run's cost series (:mod:`relending.engine.cost`) applies the first of them to every
quarter in exact integers.

Sources, by number:

1. PBoC, announcement and Q&A on the Carbon Emission Reduction Facility, 2021-11-08 (60 % of principal, 1.75 %, one
   year, extendable twice).
2. European Commission, worked example of the gross grant equivalent of a soft loan (500,000 in ten instalments, 6 %
   against a reference rate of 8 %).
3. Market practice: money-market interest at actual/360; loan interest on daily balances, settled on the 20th of a
   quarter's last month.
4. OECD, grant element: face value less discounted debt service, as a share of the face value.
5. Textbook algebra of annuities, loan pricing and cost-effectiveness; conventions (the capital charge, the three
   meanings of cost per tonne) are options of the model, stated in each docstring.
6. Internal rate of return of a borrower's payments. The PBoC asks lenders to show the annualised rate of a loan
   (announcement 2021 No. 3; its text was not at hand here, so the conventions are this package's own).
7. A broker's note of 2021: a loan at 4.65 %, 60 % at 1.75 % and the rest at 2.20 %: blended 1.93, spread 2.72, without
   the facility 2.45, gain 0.27 (percent).
8. A policy note that holds 1.75 % against the medium-term lending facility's 2.95 %, and adds that the true gain
   depends on what other funds the bank can have.
"""

from __future__ import annotations

from relending.engine.costing.blended import (
    ACT_360,
    blended_cost,
    blended_cost_of_period,
    interest_act_360,
    subsidy_rate,
)
from relending.engine.costing.borrower import BorrowerCost, Payment, borrower_cost, loan_flows
from relending.engine.costing.grant import (
    debt_service,
    grant_element,
    grant_equivalent,
    grant_equivalent_share,
    position_grant_equivalent,
)
from relending.engine.costing.irr import effective_annual_rate, internal_rate, nominal_rate
from relending.engine.costing.life import LifeCost, cost_over_life, facility_balances, life_of_loan_cost
from relending.engine.costing.number import Number, Series, annuity, growth
from relending.engine.costing.pricing import (
    break_even_loan_rate,
    break_even_rate,
    capital_charge,
    nim_effect_bp,
    spread_after_facility,
)
from relending.engine.costing.repayment import REPAYMENTS, instalment, loan_balances, total_interest
from relending.engine.costing.split import SubsidySplit, split_subsidy
from relending.engine.costing.tonnes import (
    cost_per_additional_tonne,
    cost_per_annual_tonne,
    cost_per_annual_tonne_of_facility_money,
    cost_per_tonne_of_series,
    cost_per_tonne_over_life,
)

__all__ = [
    "ACT_360",
    "REPAYMENTS",
    "BorrowerCost",
    "LifeCost",
    "Number",
    "Payment",
    "Series",
    "SubsidySplit",
    "annuity",
    "blended_cost",
    "blended_cost_of_period",
    "borrower_cost",
    "break_even_loan_rate",
    "break_even_rate",
    "capital_charge",
    "cost_over_life",
    "cost_per_additional_tonne",
    "cost_per_annual_tonne",
    "cost_per_annual_tonne_of_facility_money",
    "cost_per_tonne_of_series",
    "cost_per_tonne_over_life",
    "debt_service",
    "effective_annual_rate",
    "facility_balances",
    "grant_element",
    "grant_equivalent",
    "grant_equivalent_share",
    "growth",
    "instalment",
    "interest_act_360",
    "internal_rate",
    "life_of_loan_cost",
    "loan_balances",
    "loan_flows",
    "nim_effect_bp",
    "nominal_rate",
    "position_grant_equivalent",
    "split_subsidy",
    "spread_after_facility",
    "subsidy_rate",
    "total_interest",
]
