"""What is outstanding on a loan at the end of any day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from .days import add_months
from .exact import half_even
from .model import Balance, Instalment, Loan, Prepayment


class ScheduleError(Exception):
    """The loan's own dates or its prepayments contradict each other: a data_error."""


@dataclass(frozen=True)
class Schedule:
    """Balances (fen) from each step date on, and each prepaid day's (amount, outstanding before it).

    `falls` holds every unplanned fall of a day in order (prepayment, refinancing, balance found lower), as
    (amount, owed before it); `notes` are codes of what was found on the way."""

    steps: tuple[tuple[date, int], ...]
    prepaid: dict[date, tuple[int, int]]
    falls: dict[date, list[tuple[int, int]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @cached_property
    def days(self) -> list[date]:
        """The days of the steps."""
        return [day for day, _ in self.steps]

    def outstanding(self, day: date) -> int:
        """Principal outstanding at the end of a day (fen); 0 before disbursement and from maturity on."""
        place = bisect_right(self.days, day)
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


def given_steps(loan: Loan, instalments: Sequence[Instalment]) -> list[tuple[date, int]]:
    """The balances of a schedule the bank gives, in place of the one the loan's terms make.

    INTERPRETED: instalments of one day add up. Raises ScheduleError schedule_date, schedule_not_positive, schedule_sum.
    """
    if any(one.date <= loan.disbursed for one in instalments):
        raise ScheduleError("schedule_date")
    if any(one.principal <= 0 for one in instalments):
        raise ScheduleError("schedule_not_positive")
    if sum(one.principal for one in instalments) != loan.principal:
        raise ScheduleError("schedule_sum")
    days = sorted({one.date for one in instalments})
    paid = [sum(one.principal for one in instalments if one.date <= day) for day in days]
    return [(loan.disbursed, loan.principal), *((d, loan.principal - p) for d, p in zip(days, paid, strict=True))]


def contract_steps(loan: Loan, instalments: Sequence[Instalment]) -> list[tuple[date, int]]:
    """The balances by contract: the schedule given, else the loan's terms, the last payment put off by an extension.

    INTERPRETED: that grace_until is after matures is an error of the row also where a schedule is given; so is an
    extension that is not later.
    """
    if loan.grace_until is not None and loan.grace_until > loan.matures:
        raise ScheduleError("grace_after_maturity")
    if loan.extended_to is not None and loan.extended_to <= loan.matures:
        raise ScheduleError("extension_not_later")
    if instalments:
        return given_steps(loan, instalments)
    steps = planned(loan)
    return [*steps[:-1], (loan.extended_to, steps[-1][1])] if loan.extended_to else steps


def observed(loan: Loan, balances: Sequence[Balance]) -> dict[date, int]:
    """One balance a day. Raises ScheduleError: balance_before_loan, balance_over_principal, balance_twice."""
    found: dict[date, int] = {}
    for one in balances:
        if one.date < loan.disbursed:
            raise ScheduleError("balance_before_loan")
        if not 0 <= one.outstanding <= loan.principal:
            raise ScheduleError("balance_over_principal")
        if found.setdefault(one.date, one.outstanding) != one.outstanding:
            raise ScheduleError("balance_twice")
    return found


def schedule_of(
    loan: Loan,
    prepayments: Sequence[Prepayment],
    instalments: Sequence[Instalment] = (),
    balances: Sequence[Balance] = (),
    refinanced: Sequence[tuple[date, int]] = (),
) -> Schedule:
    """The loan's balances: by contract, then day by day what was prepaid (added up), refinanced ((day, principal of
    the new loan) in the order they count) and seen. Raises ScheduleError where they cannot be.

    INTERPRETED: what happens after the end of the run counts here too, as prepayments always did.
    """
    steps = contract_steps(loan, instalments)
    seen = observed(loan, balances)
    notes = []
    if instalments and steps[-1][0] != (loan.extended_to or loan.matures):
        notes.append("schedule_maturity")
    if any(o > 0 and day >= steps[-1][0] for day, o in seen.items()):  # overdue: the last payment is not made
        steps = steps[:-1]
        notes.append("balance_overdue")
    by_day: dict[date, int] = {}
    for prepayment in prepayments:  # one day's are added together
        by_day[prepayment.date] = by_day.get(prepayment.date, 0) + prepayment.amount
    prepaid: dict[date, tuple[int, int]] = {}
    falls: dict[date, list[tuple[int, int]]] = {}
    for day in sorted({*by_day, *seen, *(day for day, _ in refinanced)}):
        owed = Schedule(tuple(steps), {}).outstanding(day)
        if day in by_day:
            amount = by_day[day]
            if owed == 0 or amount > owed:
                raise ScheduleError("prepayment_above_outstanding")
            prepaid[day] = (amount, owed)
            falls.setdefault(day, []).append((amount, owed))
            steps = scaled_from(steps, day, owed - amount, owed)
            owed -= amount
        for principal in (principal for when, principal in refinanced if when == day):
            amount = min(owed, principal)
            if amount:
                notes.append("refinanced")
                if owed > principal:
                    notes.append("refinanced_in_part")
                falls.setdefault(day, []).append((amount, owed))
                steps = scaled_from(steps, day, owed - amount, owed)
                owed -= amount
        if day in seen and seen[day] != owed:
            if owed == 0:
                raise ScheduleError("balance_after_zero")
            if seen[day] < owed:
                falls.setdefault(day, []).append((owed - seen[day], owed))
            steps = scaled_from(steps, day, seen[day], owed)
    return Schedule(tuple(steps), prepaid, falls, tuple(notes))


def scaled_from(steps: Sequence[tuple[date, int]], day: date, now: int, before: int) -> list[tuple[date, int]]:
    """The balance of a day becomes `now`, every later one x half-even(x * now / before)."""
    earlier = [(d, x) for d, x in steps if d < day]
    later = [(d, half_even(x * now, before)) for d, x in steps if d > day]
    return [*earlier, (day, now), *later]
