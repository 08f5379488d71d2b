"""What a loan owes 贷款余额 after what really happened: prepayments, refinancing, balances the bank observed.

Each such event scales what follows: with o owed at the end of its day and a of it gone, every later balance x of the
schedule becomes half-even(x * (o - a) / o), rounded at each event. Events of one day: prepayments first, then the part
that another loan refinanced, then an observed balance, which may also be above what was computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relending.dates import Days
from relending.engine.schedule import Terms, scheduled
from relending.units import Ints, divide, mul_div

PREPAID, REFINANCED, OBSERVED = 0, 1, 2
"""Kinds of events, in the order of one day: repaid early (amount), repaid by a loan that replaces it (at most the
amount), known to owe (amount)."""

Round = tuple[Ints, Days, Ints, Ints]
"""Events, one a loan: loans (ascending), day, fen that are gone (below 0: more is owed than computed), and what was
owed at the end of that day before it."""
Refused = tuple[Ints, Days, Ints, Ints, Ints]
"""Events that cannot be: loan, day, kind, amount, and what the loan owed."""
Single = tuple[int, int, int, int]
"""An event of one loan: day, fen gone, owed before it, kind."""

MOST_ROUNDS = 16
"""A loan with more events is settled by itself: rounds over few loans would only cost time."""


@dataclass(frozen=True, slots=True)
class Events:
    """What happened to the loans of one block, one entry an event: loan, day, kind, amount in fen."""

    loan: Ints
    day: Days
    kind: Ints
    amount: Ints

    def some(self, which: NDArray[np.bool_] | Ints) -> Events:
        """Part of the events."""
        return Events(self.loan[which], self.day[which], self.kind[which], self.amount[which])

    @classmethod
    def joined(cls, parts: Sequence[Events]) -> Events:
        """Several lots of events together."""
        none = np.zeros(0, np.int64)
        names = ("loan", "day", "kind", "amount")
        return cls(*(np.concatenate([none, *(getattr(p, name) for p in parts)]) for name in names))

    @classmethod
    def of(cls, kind: int, loan: Ints, day: Days, amount: Ints) -> Events:
        """Events of one kind."""
        return cls(loan, day, np.full(loan.size, kind, np.int64), amount)


@dataclass(frozen=True, slots=True)
class Happened:
    """The events of a block's loans as they count: the j-th of each loan stands in round j.

    ``has`` marks the loans that have any; ``single`` holds the loans with more than ``MOST_ROUNDS`` of them, each in
    date order; ``refused`` the impossible ones.
    """

    has: NDArray[np.bool_]
    rounds: tuple[Round, ...]
    single: Mapping[int, Sequence[Single]]
    refused: Refused

    def events(self) -> Round:
        """Every event that changed a balance: loan, day, fen gone, owed before it."""
        rows = [(loan, *event[:3]) for loan, events in self.single.items() for event in events]
        alone = np.array(rows, np.int64).reshape(-1, 4).T
        return _joined([*self.rounds, (alone[0], alone[1], alone[2], alone[3])])


@dataclass(frozen=True, slots=True)
class Schedule:
    """Terms of a block's loans and what happened to them; :meth:`outstanding` answers for any loans and days."""

    terms: Terms
    happened: Happened

    def outstanding(self, index: Ints, when: Days | int) -> Ints:
        """Fen outstanding of the loans ``index`` at the end of the day(s) ``when``."""
        out = scheduled(self.terms, index, when)
        if self.happened.rounds or self.happened.single:
            some = np.flatnonzero(self.happened.has[index] & (out > 0))
            days = np.broadcast_to(np.asarray(when, np.int64), index.shape)[some]
            out[some] = _after_rounds(out[some], index[some], days, self.happened.rounds)
            if self.happened.single:
                for i, loan, day in zip(some.tolist(), index[some].tolist(), days.tolist(), strict=True):
                    out[i] = _after_events(int(out[i]), day, self.happened.single.get(loan, ()))
        return out


def _after_rounds(balance: Ints, index: Ints, when: Days, rounds: Sequence[Round]) -> Ints:
    """The balances after each event by then: x becomes half-even(x * (o - a) / o), rounded at each."""
    for loans, day, amount, owed in rounds:
        at = np.searchsorted(loans, index)
        at[at == len(loans)] = 0
        hit = np.flatnonzero((loans[at] == index) & (day[at] <= when) & (balance > 0))
        if hit.size:
            r = at[hit]
            balance[hit] = mul_div(balance[hit], owed[r] - amount[r], owed[r], "half_even")
    return balance


def _after_events(balance: int, when: int, events: Sequence[Single]) -> int:
    """The same for one loan, by Python integers."""
    for day, amount, owed, _ in events:
        if day > when or balance == 0:
            break
        balance = divide(balance * (owed - amount), owed, "half_even")
    return balance


def after(terms: Terms, usable: NDArray[np.bool_], events: Events) -> Schedule:
    """The schedule after what happened; prepayments of one day are added together, refinancing likewise.

    Parameters: ``usable`` loans have terms to apply events to. A prepayment above what is outstanding or with nothing
    outstanding, and a balance observed where nothing is owed any more, are refused and end their loan (the caller sets
    it aside). A refinancing takes no more than is owed.

    >>> from relending.engine.schedule import BULLET, make_terms
    >>> one = [np.array([x]) for x in (100_00, 0, 0, 100, BULLET, 4, 0)]
    >>> loan, ten = np.array([0]), np.array([10])
    >>> seen = after(make_terms(*one), np.array([True]), Events.of(OBSERVED, loan, ten, np.array([90_00])))
    >>> seen.outstanding(loan, 9).tolist(), seen.outstanding(loan, 10).tolist(), seen.outstanding(loan, 100).tolist()
    ([10000], [9000], [0])
    """
    events = events.some(usable[events.loan]) if events.loan.size else events
    has = np.zeros(len(terms), bool)
    has[events.loan] = True
    if events.loan.size == 0:
        return Schedule(terms, Happened(has, (), {}, _refused([])))
    loan, day, kind, amount = _in_order(events)
    firsts = np.flatnonzero(_changes(loan))
    count = np.diff([*firsts, len(loan)])
    rank = np.arange(len(loan)) - np.repeat(firsts, count)
    alone = np.repeat(count > MOST_ROUNDS, count)
    bad: list[Refused] = []
    single: dict[int, Sequence[Single]] = {}
    for begin, n in zip(firsts[count > MOST_ROUNDS].tolist(), count[count > MOST_ROUNDS].tolist(), strict=True):
        part = slice(begin, begin + n)
        single[int(loan[begin])], refused = _one_loan(terms, loan[part], day[part], kind[part], amount[part])
        bad.append(refused)
    rounds: list[Round] = []
    dead = np.zeros(len(terms), bool)
    for j in range(int(rank[~alone].max(initial=-1)) + 1):
        here = np.flatnonzero((rank == j) & ~alone & ~dead[loan])
        mine, when, how, said = loan[here], day[here], kind[here], amount[here]
        owed = _after_rounds(scheduled(terms, mine, when), mine, when, rounds)
        gone, wrong = _gone(owed, how, said)
        bad.append((mine[wrong], when[wrong], how[wrong], said[wrong], owed[wrong]))
        dead[mine[wrong]] = True
        counts = ~wrong & (gone != 0)
        if counts.any():
            rounds.append((mine[counts], when[counts], gone[counts], owed[counts]))
    return Schedule(terms, Happened(has, tuple(rounds), single, _refused(bad)))


def _gone(owed: Ints, kind: Ints, amount: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """What each event takes off a balance, and which cannot be."""
    gone = np.where(kind == OBSERVED, owed - amount, np.where(kind == REFINANCED, np.minimum(owed, amount), amount))
    wrong = (kind == PREPAID) & ((owed <= 0) | (amount > owed))
    wrong |= (kind == OBSERVED) & (owed <= 0) & (amount > 0)
    return gone, wrong


def _in_order(events: Events) -> tuple[Ints, Days, Ints, Ints]:
    """Events by loan, day and kind, those of one day and kind added together (an observed balance stands by itself)."""
    order = np.lexsort((events.kind, events.day, events.loan))
    loan, day, kind, amount = (x[order] for x in (events.loan, events.day, events.kind, events.amount))
    starts = np.flatnonzero(_changes(loan) | _changes(day) | _changes(kind))
    return loan[starts], day[starts], kind[starts], np.add.reduceat(amount, starts)


def _one_loan(terms: Terms, loan: Ints, day: Days, kind: Ints, amount: Ints) -> tuple[list[Single], Refused]:
    """The events of one loan, in order, up to the first that cannot be."""
    planned = scheduled(terms, loan, day).tolist()
    events: list[Single] = []
    for i, (when, how, said, balance) in enumerate(
        zip(day.tolist(), kind.tolist(), amount.tolist(), planned, strict=True)
    ):
        owed = _after_events(balance, when, events)
        gone, wrong = (x.item() for x in _gone(np.array([owed]), np.array([how]), np.array([said])))
        if wrong:
            part = slice(i, i + 1)
            return events, (loan[part], day[part], kind[part], amount[part], np.array([owed], np.int64))
        if gone:
            events.append((when, gone, owed, how))
    return events, _refused([])


def _changes(values: Ints) -> NDArray[np.bool_]:
    """Where a value differs from the one before it; true for the first."""
    return np.concatenate([[True], values[1:] != values[:-1]])


def _joined(rounds: Sequence[Round]) -> Round:
    none = np.zeros(0, np.int64)
    columns = [np.concatenate([none, *(r[i] for r in rounds)]) for i in range(4)]
    return columns[0], columns[1], columns[2], columns[3]


def _refused(parts: Sequence[Refused]) -> Refused:
    none = np.zeros(0, np.int64)
    columns = [np.concatenate([none, *(r[i] for r in parts)]) for i in range(5)]
    return columns[0], columns[1], columns[2], columns[3], columns[4]
