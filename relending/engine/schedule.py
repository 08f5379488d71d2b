"""What a loan owes by its terms at the end of any day: payment dates, grace, the three repayments, a schedule given.

Payment dates are ``disbursed + k * (12 / payments_per_year)`` months, cut to the month's end, strictly before
``matures``, then ``matures`` itself; those before ``grace_until`` carry no principal. A payment of day d is gone at the
end of d. A schedule that the bank gives (还款计划) replaces all of this: the loan owes its principal less what the
schedule has paid by then. An extension 展期 moves the last payment only: what was due at ``matures`` is due on the new
day.
A schedule is computed for any set of loans and days at once; nothing is kept a day at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relending.dates import Days, month_start, split
from relending.engine.instalment import left
from relending.units import Ints

BULLET, EQUAL_PRINCIPAL, EQUAL_INSTALLMENT = 0, 1, 2
KINDS = {"bullet": BULLET, "equal_principal": EQUAL_PRINCIPAL, "equal_installment": EQUAL_INSTALLMENT}


Small = NDArray[np.int32]
Whole = NDArray[np.integer[Any]]


NEVER_PAID = 2**40
"""``matures`` of a loan whose last payment was not made 逾期: it owes on until a balance says otherwise."""
_LOAN, _DAY = 2**21, 2**20  # a loan and a day as one number, in their order; days stay far below 2**20 of either sign


@dataclass(frozen=True, slots=True)
class Given:
    """Repayment schedules 还款计划 given by the bank, of some loans of a block: ``has`` marks them.

    ``key`` (loan and day as one number, ascending) and ``paid`` (fen paid by then, that day's payment included).
    """

    has: NDArray[np.bool_]
    key: Ints
    paid: Ints

    def paid_by(self, loan: Ints, when: Days) -> Ints:
        """Fen the schedules of ``loan`` have paid at the end of the days ``when``."""
        at = np.searchsorted(self.key, key_of(loan, when), side="right") - 1
        before = at >= 0
        at = np.maximum(at, 0)
        mine = before & (self.key[at] // _LOAN == loan) if len(self.key) else np.zeros(loan.size, bool)
        return np.where(mine, self.paid[at] if len(self.paid) else 0, 0)

    def events(self) -> tuple[Ints, Days]:
        """Loan and day of every payment."""
        return self.key // _LOAN, self.key % _LOAN - _DAY


def key_of(loan: Ints, day: Days | int) -> Ints:
    """Loan (position in the block) and day as one number, in their order.

    >>> key_of(np.array([0, 1]), np.array([19000, -1])).tolist()
    [1067576, 3145727]
    """
    return loan * _LOAN + day + _DAY


@dataclass(frozen=True, slots=True)
class Terms:
    """Repayment terms of n loans, one array each, and what follows from them once.

    Units: fen, ppm a year, days since 1970-01-01, months. ``matures`` is the day of the last payment (of an extended
    loan the new one; ``NEVER_PAID`` where the last payment was not made), ``first`` the number of payment dates before
    the grace ends, ``regular`` the number of payment dates strictly before the first maturity, ``n`` that of principal
    payments; ``given`` the schedules the bank gives.
    """

    principal: Ints
    rate_ppm: Ints
    disbursed: Days
    matures: Days
    kind: Whole
    step: Small
    month: Small
    day: Small
    regular: Small
    first: Small
    n: Small
    given: Given | None = None

    def __len__(self) -> int:
        return len(self.principal)


def make_terms(
    principal: Ints,
    rate_ppm: Ints,
    disbursed: Days,
    matures: Days,
    kind: Whole,
    per_year: Ints,
    grace: Days,
) -> Terms:
    """Terms from columns; ``grace`` is the day of ``grace_until``, or ``disbursed`` where there is none."""
    step = 12 // per_year
    month, day = split(disbursed)
    regular = _dates_up_to(month, day, step, matures - 1)
    first = np.minimum(_dates_up_to(month, day, step, grace - 1), regular)
    # an instalment at rate 0 is equal principal (design section 7)
    kind = np.where((kind == EQUAL_INSTALLMENT) & (rate_ppm == 0), np.int8(EQUAL_PRINCIPAL), kind.astype(np.int8))
    n = regular - first + 1
    # what is small is kept small: of a million loans these would be a tenth of all memory
    a, b, c, d, e, f = (x.astype(np.int32) for x in (step, month, day, regular, first, n))
    return Terms(principal, rate_ppm, disbursed, matures, kind, a, b, c, d, e, f)


def _dates_up_to(month: Whole, day: Whole, step: Whole, when: Days) -> Ints:
    """How many of the dates ``disbursed + j * step`` months (j = 1, 2, …) lie on or before ``when``."""
    when_month, when_day = split(when)
    length = month_start(when_month + 1) - month_start(when_month)
    # the payment day of the month `when` lies in is min(day, length): reached if `when` is that late
    reached = (day <= when_day) | (when_day == length)
    return np.maximum((when_month - month - ~reached) // step, 0)


def scheduled(terms: Terms, index: Ints, when: Days | int) -> Ints:
    """Fen the loans ``index`` owe at the end of the day(s) ``when`` by their schedule, before any prepayment."""
    when = np.broadcast_to(np.asarray(when, np.int64), index.shape)
    disbursed, matures = terms.disbursed[index], terms.matures[index]
    out = np.where((when >= disbursed) & (when < matures), terms.principal[index], 0)
    given = terms.given
    if given is not None:
        here = np.flatnonzero(given.has[index] & (out > 0))
        out[here] -= given.paid_by(index[here], when[here])
    for kind in (EQUAL_PRINCIPAL, EQUAL_INSTALLMENT):
        here = np.flatnonzero((terms.kind[index] == kind) & (out > 0))
        if given is not None:
            here = here[~given.has[index[here]]]
        if here.size == 0:
            continue
        loan = index[here]
        reached = _dates_up_to(terms.month[loan], terms.day[loan], terms.step[loan], when[here])
        paid = np.maximum(np.minimum(reached, terms.regular[loan]) - terms.first[loan], 0)
        principal, n = terms.principal[loan], terms.n[loan]
        if kind == EQUAL_PRINCIPAL:
            out[here] = principal - principal // n * paid
        else:
            some = np.flatnonzero(paid > 0)
            mine = loan[some]
            rest = principal.copy()
            rest[some] = left(principal[some], terms.rate_ppm[mine], 12 // terms.step[mine], n[some], paid[some])
            out[here] = rest
    return out
