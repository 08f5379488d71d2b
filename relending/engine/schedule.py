"""What a loan still owes 贷款余额 at the end of any day: payment dates, grace, the three repayments, prepayments.

Payment dates are ``disbursed + k * (12 / payments_per_year)`` months, cut to the month's end, strictly before
``matures``, then ``matures`` itself; those before ``grace_until`` carry no principal. A payment of day d is gone at the
end of d.
A schedule is computed for any set of loans and days at once; nothing is kept a day at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relending.dates import Days, month_start, split
from relending.engine.instalment import left
from relending.units import Ints, mul_div

BULLET, EQUAL_PRINCIPAL, EQUAL_INSTALLMENT = 0, 1, 2
KINDS = {"bullet": BULLET, "equal_principal": EQUAL_PRINCIPAL, "equal_installment": EQUAL_INSTALLMENT}


@dataclass(frozen=True, slots=True)
class Terms:
    """Repayment terms of n loans, one array each, and what follows from them once.

    Units: fen, ppm a year, days since 1970-01-01, months. ``first`` is the number of payment dates before the
    grace ends, ``regular`` the number of payment dates strictly before ``matures``, ``n`` that of principal payments.
    """

    principal: Ints
    rate_ppm: Ints
    disbursed: Days
    matures: Days
    kind: NDArray[np.integer[Any]]
    step: Ints
    month: Days
    day: Days
    regular: Ints
    first: Ints
    n: Ints

    def __len__(self) -> int:
        return len(self.principal)


def make_terms(
    principal: Ints,
    rate_ppm: Ints,
    disbursed: Days,
    matures: Days,
    kind: NDArray[np.integer[Any]],
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
    return Terms(principal, rate_ppm, disbursed, matures, kind, step, month, day, regular, first, regular - first + 1)


def _dates_up_to(month: Days, day: Days, step: Ints, when: Days) -> Ints:
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
    for kind in (EQUAL_PRINCIPAL, EQUAL_INSTALLMENT):
        here = np.flatnonzero((terms.kind[index] == kind) & (out > 0))
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


@dataclass(frozen=True, slots=True)
class Prepaid:
    """Prepayments 提前还款 of the loans of one block, by round: the j-th of each loan stands in round j.

    Each round holds the loans (ascending), the day, the amount in fen, and ``owed``: what the loan owed at the end of
    that day after its instalment and its earlier prepayments.
    """

    has: NDArray[np.bool_]
    rounds: tuple[tuple[Ints, Days, Ints, Ints], ...]
    refused: Ints
    refused_day: Days
    refused_amount: Ints
    refused_owed: Ints

    def events(self) -> tuple[Ints, Days, Ints, Ints]:
        """Every prepayment made: loan, day, amount, owed before it."""
        none = np.zeros(0, np.int64)
        joined = [np.concatenate([r[i] for r in self.rounds]) if self.rounds else none for i in range(4)]
        return joined[0], joined[1], joined[2], joined[3]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Terms and prepayments of a block's loans; :meth:`outstanding` answers for any loans and days."""

    terms: Terms
    prepaid: Prepaid

    def outstanding(self, index: Ints, when: Days | int) -> Ints:
        """Fen outstanding of the loans ``index`` at the end of the day(s) ``when``."""
        out = scheduled(self.terms, index, when)
        if self.prepaid.rounds:
            some = np.flatnonzero(self.prepaid.has[index] & (out > 0))
            days = np.broadcast_to(np.asarray(when, np.int64), index.shape)[some]
            out[some] = _after_rounds(out[some], index[some], days, self.prepaid.rounds)
        return out


def _after_rounds(balance: Ints, index: Ints, when: Days, rounds: tuple[tuple[Ints, Days, Ints, Ints], ...]) -> Ints:
    """The balances after each prepayment made by then: x becomes half-even(x * (o - a) / o), rounded at each."""
    for loans, day, amount, owed in rounds:
        at = np.searchsorted(loans, index)
        at[at == len(loans)] = 0
        hit = np.flatnonzero((loans[at] == index) & (day[at] <= when) & (balance > 0))
        if hit.size:
            r = at[hit]
            balance[hit] = mul_div(balance[hit], owed[r] - amount[r], owed[r], "half_even")
    return balance


def apply_prepayments(terms: Terms, usable: NDArray[np.bool_], loan: Ints, day: Days, amount: Ints) -> Schedule:
    """The schedule with its prepayments, those of one day added together; the impossible ones are listed as refused.

    Parameters: ``loan`` index into terms, ``day`` and ``amount`` (fen, positive) of each prepayment; ``usable`` loans
    have terms to apply them to. A prepayment above what is outstanding, or with nothing outstanding, is refused and
    ends its loan (the caller sets the loan aside).
    """
    keep = usable[loan] if loan.size else np.zeros(0, bool)
    loan, day, amount = loan[keep], day[keep], amount[keep]
    order = np.lexsort((day, loan))
    loan, day, amount = loan[order], day[order], amount[order]
    if loan.size:
        new = np.concatenate([[True], (loan[1:] != loan[:-1]) | (day[1:] != day[:-1])])
        starts = np.flatnonzero(new)
        loan, day, amount = loan[starts], day[starts], np.add.reduceat(amount, starts)
        first = np.concatenate([[True], loan[1:] != loan[:-1]])
        rank = np.arange(len(loan)) - np.maximum.accumulate(np.where(first, np.arange(len(loan)), 0))
    else:
        rank = np.zeros(0, np.int64)
    rounds: list[tuple[Ints, Days, Ints, Ints]] = []
    bad: list[tuple[Ints, Days, Ints, Ints]] = []
    refused = np.zeros(0, np.int64)
    for j in range(int(rank.max(initial=-1)) + 1):
        here = np.flatnonzero((rank == j) & ~np.isin(loan, refused))
        mine, when, paid = loan[here], day[here], amount[here]
        owed = _after_rounds(scheduled(terms, mine, when), mine, when, tuple(rounds))
        wrong = (owed <= 0) | (paid > owed)
        bad.append((mine[wrong], when[wrong], paid[wrong], owed[wrong]))
        refused = np.union1d(refused, mine[wrong])
        good = ~wrong
        rounds.append((mine[good], when[good], paid[good], owed[good]))
    none = np.zeros(0, np.int64)
    joined = [np.concatenate([b[i] for b in bad]) if bad else none for i in range(4)]
    has = np.zeros(len(terms), bool)
    has[loan] = True
    return Schedule(terms, Prepaid(has, tuple(r for r in rounds if r[0].size), *joined))
