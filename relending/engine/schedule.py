"""What a loan still owes 贷款余额 at the end of any day: payment dates, grace, the three repayments, prepayments.

Payment dates are ``disbursed + k * (12 / payments_per_year)`` months, cut to the month's end, strictly before
``matures``, then ``matures`` itself; those before ``grace_until`` carry no principal. A payment of day d is gone at the
end of d.
A schedule is computed for any set of loans and days at once; nothing is kept a day at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relending.dates import Days, month_start, split
from relending.engine.instalment import left
from relending.units import Ints, divide, mul_div

BULLET, EQUAL_PRINCIPAL, EQUAL_INSTALLMENT = 0, 1, 2
KINDS = {"bullet": BULLET, "equal_principal": EQUAL_PRINCIPAL, "equal_installment": EQUAL_INSTALLMENT}


Small = NDArray[np.int32]
Whole = NDArray[np.integer[Any]]


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
    kind: Whole
    step: Small
    month: Small
    day: Small
    regular: Small
    first: Small
    n: Small

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
    small = (x.astype(np.int32) for x in (step, month, day, regular, first, n))
    return Terms(principal, rate_ppm, disbursed, matures, kind, *small)


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


Round = tuple[Ints, Days, Ints, Ints]
"""Prepayments, one a loan: loans (ascending), day, amount in fen, and what the loan owed at the end of that day after
its instalment and its earlier prepayments."""

MOST_ROUNDS = 16
"""A loan with more prepayments is settled by itself: rounds over few loans would only cost time."""


@dataclass(frozen=True, slots=True)
class Prepaid:
    """Prepayments 提前还款 of the loans of one block: the j-th of each loan stands in round j.

    ``single`` holds the loans with more than ``MOST_ROUNDS`` of them, each with its (day, amount, owed) in date order;
    ``refused`` the impossible ones.
    """

    has: NDArray[np.bool_]
    rounds: tuple[Round, ...]
    single: Mapping[int, Sequence[tuple[int, int, int]]]
    refused: Round

    def events(self) -> Round:
        """Every prepayment made: loan, day, amount, owed before it."""
        rows = [(loan, *event) for loan, events in self.single.items() for event in events]
        alone = np.array(rows, np.int64).reshape(-1, 4).T
        return _joined([*self.rounds, (alone[0], alone[1], alone[2], alone[3])])


@dataclass(frozen=True, slots=True)
class Schedule:
    """Terms and prepayments of a block's loans; :meth:`outstanding` answers for any loans and days."""

    terms: Terms
    prepaid: Prepaid

    def outstanding(self, index: Ints, when: Days | int) -> Ints:
        """Fen outstanding of the loans ``index`` at the end of the day(s) ``when``."""
        out = scheduled(self.terms, index, when)
        if self.prepaid.rounds or self.prepaid.single:
            some = np.flatnonzero(self.prepaid.has[index] & (out > 0))
            days = np.broadcast_to(np.asarray(when, np.int64), index.shape)[some]
            out[some] = _after_rounds(out[some], index[some], days, self.prepaid.rounds)
            if self.prepaid.single:
                for i, loan, day in zip(some.tolist(), index[some].tolist(), days.tolist(), strict=True):
                    out[i] = _after_events(int(out[i]), day, self.prepaid.single.get(loan, ()))
        return out


def _after_rounds(balance: Ints, index: Ints, when: Days, rounds: Sequence[Round]) -> Ints:
    """The balances after each prepayment made by then: x becomes half-even(x * (o - a) / o), rounded at each."""
    for loans, day, amount, owed in rounds:
        at = np.searchsorted(loans, index)
        at[at == len(loans)] = 0
        hit = np.flatnonzero((loans[at] == index) & (day[at] <= when) & (balance > 0))
        if hit.size:
            r = at[hit]
            balance[hit] = mul_div(balance[hit], owed[r] - amount[r], owed[r], "half_even")
    return balance


def _after_events(balance: int, when: int, events: Sequence[tuple[int, int, int]]) -> int:
    """The same for one loan, by Python integers."""
    for day, amount, owed in events:
        if day > when or balance == 0:
            break
        balance = divide(balance * (owed - amount), owed, "half_even")
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
    has = np.zeros(len(terms), bool)
    has[loan] = True
    if loan.size == 0:
        return Schedule(terms, Prepaid(has, (), {}, _joined([])))
    starts = np.flatnonzero(_changes(loan) | _changes(day))
    loan, day, amount = loan[starts], day[starts], np.add.reduceat(amount, starts)
    firsts = np.flatnonzero(_changes(loan))
    count = np.diff([*firsts, len(loan)])
    rank = np.arange(len(loan)) - np.repeat(firsts, count)
    alone = np.repeat(count > MOST_ROUNDS, count)
    bad: list[Round] = []
    single: dict[int, Sequence[tuple[int, int, int]]] = {}
    for begin, n in zip(firsts[count > MOST_ROUNDS].tolist(), count[count > MOST_ROUNDS].tolist(), strict=True):
        part = slice(begin, begin + n)
        events, refused = _one_loan(terms, loan[part], day[part], amount[part])
        single[int(loan[begin])] = events
        bad.append(refused)
    rounds: list[Round] = []
    dead = np.zeros(len(terms), bool)
    for j in range(int(rank[~alone].max(initial=-1)) + 1):
        here = np.flatnonzero((rank == j) & ~alone & ~dead[loan])
        mine, when, paid = loan[here], day[here], amount[here]
        owed = _after_rounds(scheduled(terms, mine, when), mine, when, rounds)
        wrong = (owed <= 0) | (paid > owed)
        bad.append((mine[wrong], when[wrong], paid[wrong], owed[wrong]))
        dead[mine[wrong]] = True
        rounds.append((mine[~wrong], when[~wrong], paid[~wrong], owed[~wrong]))
    return Schedule(terms, Prepaid(has, tuple(r for r in rounds if r[0].size), single, _joined(bad)))


def _one_loan(terms: Terms, loan: Ints, day: Days, amount: Ints) -> tuple[list[tuple[int, int, int]], Round]:
    """The prepayments of one loan, in date order, up to the first that cannot be."""
    planned = scheduled(terms, loan, day).tolist()
    events: list[tuple[int, int, int]] = []
    for i, (when, paid, balance) in enumerate(zip(day.tolist(), amount.tolist(), planned, strict=True)):
        owed = _after_events(balance, when, events)
        if owed <= 0 or paid > owed:
            return events, (loan[i : i + 1], day[i : i + 1], amount[i : i + 1], np.array([owed], np.int64))
        events.append((when, paid, owed))
    return events, _joined([])


def _changes(values: Ints) -> NDArray[np.bool_]:
    """Where a value differs from the one before it; true for the first."""
    return np.concatenate([[True], values[1:] != values[:-1]])


def _joined(rounds: Sequence[Round]) -> Round:
    none = np.zeros(0, np.int64)
    columns = [np.concatenate([none, *(r[i] for r in rounds)]) for i in range(4)]
    return columns[0], columns[1], columns[2], columns[3]
