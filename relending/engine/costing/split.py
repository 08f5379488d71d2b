"""Who keeps the subsidy 补贴归属: the lender as margin, or the borrower as a lower rate. Sources: the package."""

from __future__ import annotations

from dataclasses import dataclass

from relending.engine.costing.blended import subsidy_rate
from relending.engine.costing.number import Number, check_rates


@dataclass(frozen=True, slots=True)
class SubsidySplit:
    """The subsidy per yuan of loan and year [1/a], and where it goes: ``subsidy`` = ``to_borrower`` + ``to_lender``.

    Above 100 % passed through (``to_lender`` below 0) the lender gives up margin besides; below 0 the borrower pays
    more than the counterfactual.
    """

    subsidy: Number
    to_borrower: Number

    @property
    def to_lender(self) -> Number:
        """What stays as margin [1/a]."""
        return self.subsidy - self.to_borrower

    @property
    def passed_through(self) -> Number:
        """The part of the subsidy that reaches the borrower [-]. ZeroDivisionError where there is none."""
        return self.to_borrower / self.subsidy


def split_subsidy(
    loan_rate: Number, counterfactual_rate: Number, share: Number, facility_rate: Number, own_rate: Number
) -> SubsidySplit:
    """How the subsidy phi (f - i_c) of a loan is split: r_0 - r to the borrower, the rest to the lender [6].

    Parameters [1/a]: ``loan_rate`` r; ``counterfactual_rate`` r_0, what the borrower would have paid without the
    facility; ``share`` phi [-], ``facility_rate`` i_c, ``own_rate`` f. The lender's margin is r - w with the facility
    and r_0 - f without; the difference of the two is what it keeps.

    r_0 is observed by nobody: it is an assumption that the user must choose (the LPR of the tenor, LPR + a spread,
    comparable loans). Assumes the loan is made either way, of the same amount, risk and cost.

    A loan at 3.95 % where it would have been 4.20 %:

    >>> from decimal import Decimal as D
    >>> split = split_subsidy(D("0.0395"), D("0.0420"), D("0.6"), D("0.0175"), D("0.0250"))
    >>> split.subsidy, split.to_borrower, split.to_lender, round(split.passed_through, 3)
    (Decimal('0.00450'), Decimal('0.0025'), Decimal('0.00200'), Decimal('0.556'))
    """
    check_rates(loan_rate=loan_rate, counterfactual_rate=counterfactual_rate)
    return SubsidySplit(subsidy_rate(share, facility_rate, own_rate), counterfactual_rate - loan_rate)
