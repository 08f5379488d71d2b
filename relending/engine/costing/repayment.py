"""What a loan owes period by period 还款计划, as textbooks have it: equal periods, no calendar. Sources: the package.

For a loan's own dates see :func:`loan_flows`, for what the loans of a run owe :func:`relending.schedule`.
"""

from __future__ import annotations

from collections.abc import Sequence

from relending.engine.costing.number import Number, check_rates, growth

REPAYMENTS = ("bullet", "equal_principal", "equal_installment")


def instalment(principal: Number, period_rate: Number, payments: int) -> Number:
    """Equal instalment 等额本息 of a period p = P r / (1 - (1 + r)**-n) [yuan] [5]; P / n at rate 0.

    Parameters: ``principal`` P [yuan], ``period_rate`` r [1/period], ``payments`` n. 100 m yuan, 40 quarters, 4 %:

    >>> from decimal import Decimal as D
    >>> round(instalment(D(100_000_000), D("0.01"), 40), 2)
    Decimal('3045559.80')
    """
    check_rates(period_rate=period_rate)
    if payments < 1:
        raise ValueError(f"payments {payments} is below 1")
    if period_rate == 0:
        return principal / payments
    grown = growth(period_rate, payments)
    return principal * period_rate * grown / (grown - 1)


def loan_balances(
    principal: Number, periods: int, repayment: str, period_rate: Number = 0, grace: int = 0
) -> list[Number]:
    """What a loan owes at the start of each of its periods [yuan], as the engine's schedules have it, not rounded [5].

    Parameters: ``principal`` [yuan]; ``periods``, its life; ``repayment`` bullet, equal_principal or equal_installment;
    ``period_rate`` [1/period], read for equal_installment alone; ``grace`` periods whose payment carries no principal
    宽限期 (of n periods n - grace pay). Raises ValueError for another repayment or a grace of the whole life.

    >>> from fractions import Fraction as F
    >>> [int(b) for b in loan_balances(F(90), 5, "equal_principal", grace=2)]
    [90, 90, 90, 60, 30]
    >>> [float(b) for b in loan_balances(F(441), 2, "equal_installment", F(1, 10))]
    [441.0, 231.0]
    """
    if repayment not in REPAYMENTS:
        raise ValueError(f"repayment {repayment!r} is none of {', '.join(REPAYMENTS)}")
    check_rates(period_rate=period_rate)
    n = periods - grace
    if grace < 0 or n <= 0:
        raise ValueError(f"grace: {grace} of {periods} periods")
    if repayment == "bullet":
        return [principal] * periods
    paid = [max(k - grace, 0) for k in range(periods)]
    if repayment == "equal_principal" or period_rate == 0:
        return [principal * (n - k) / n for k in paid]
    grown = growth(period_rate, n)
    return [principal * (grown - growth(period_rate, k)) / (grown - 1) for k in paid]


def total_interest(balances: Sequence[Number], period_rate: Number) -> Number:
    """Interest of a whole life [yuan]: the sum of balance at the start of a period * ``period_rate`` [1/period] [5].

    100 m yuan, 40 quarters, 4 %: in equal instalments, and in equal parts of the principal.

    >>> from decimal import Decimal as D
    >>> million = D(10**6)
    >>> round(total_interest(loan_balances(100 * million, 40, "equal_installment", D("0.01")), D("0.01")), 2)
    Decimal('21822391.91')
    >>> total_interest(loan_balances(100 * million, 40, "equal_principal"), D("0.01"))
    Decimal('20500000.00')
    """
    check_rates(period_rate=period_rate)
    return sum(balance * period_rate for balance in balances)
