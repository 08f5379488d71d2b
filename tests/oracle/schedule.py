"""What is outstanding on a loan at the end of any day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .days import add_months
from .exact import half_even
from .model import Loan, Prepayment


class ScheduleError(Exception):
    """The loan's own dates or its prepayments contradict each other: a data_error."""


@dataclass(frozen=True)
class Schedule:
    """Balances (fen) from each step date on, and each prepaid day's (amount, outstanding before it)."""

    steps: tuple[tuple[date, int], ...]
    prepaid: dict[date, tuple[int, int]]

    def outstanding(self, day: date) -> int:
        """Principal outstanding at the end of a day (fen); 0 before disbursement and from maturity on."""
        place = bisect_right(self.steps, day, key=lambda step: step[0])
        return self.steps[place - 1][1] if place else 0


def payment_dates(loan: Loan) -> list[date]:
    """disbursed + k payment intervals, strictly before maturity, then maturity; those before grace_until carry no
    principal and are left out (one on it does)."""
    interval = 12 // loan.payments_per_year
    dates, k = [], 1
    while (day := add_months(loan.disbursed, k * interval)) < loan.matures:
        dates.append(day)
        k += 1
    dates.append(loan.matures)
    return [day for day in dates if loan.grace_until is None or day >= loan.grace_until]


def planned(loan: Loan) -> list[tuple[date, int]]:
    """The contract's balances before any prepayment: (date, balance from that day's end on)."""
    principal = loan.principal
    if loan.repayment == "bullet":
        return [(loan.disbursed, principal), (loan.matures, 0)]
    dates = payment_dates(loan)
    n = len(dates)
    if loan.repayment == "equal_principal" or loan.rate == 0:
        balances = [principal - k * (principal // n) for k in range(1, n)]
    elif loan.repayment == "equal_installment":
        # i = rate / payments_per_year exactly, so 1 + i = grown / base and the formula's powers are integers.
        base = 10**6 * loan.payments_per_year
        grown = base + loan.rate
        balances = [
            half_even(principal * (grown**n - grown**k * base ** (n - k)), grown**n - base**n) for k in range(1, n)
        ]
    else:
        raise ValueError(f"unknown repayment {loan.repayment!r}")
    return [(loan.disbursed, principal), *zip(dates, [*balances, 0], strict=True)]


def schedule_of(loan: Loan, prepayments: Sequence[Prepayment]) -> Schedule:
    """The loan's balances after its own prepayments. Raises ScheduleError where they cannot be."""
    if loan.grace_until is not None and loan.grace_until > loan.matures:
        raise ScheduleError("grace_after_maturity")
    steps = planned(loan)
    by_day: dict[date, int] = {}
    for prepayment in prepayments:  # one day's are added together
        by_day[prepayment.date] = by_day.get(prepayment.date, 0) + prepayment.amount
    prepaid: dict[date, tuple[int, int]] = {}
    for day, amount in sorted(by_day.items()):
        o = Schedule(tuple(steps), {}).outstanding(day)
        if o == 0 or amount > o:
            raise ScheduleError("prepayment_above_outstanding")
        earlier = [(d, x) for d, x in steps if d < day]
        later = [(d, half_even(x * (o - amount), o)) for d, x in steps if d > day]
        steps = [*earlier, (day, o - amount), *later]
        prepaid[day] = (amount, o)
    return Schedule(tuple(steps), prepaid)
