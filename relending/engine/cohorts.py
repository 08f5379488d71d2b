"""What funding keeps of the loans 批次与借据的对应: draws by date in each block, and their sums by lender.

A block keeps a few integers a draw (:class:`Cohort`); what it gives away are sums by lender (:class:`Tranche`), which
add up over blocks in any order. Draws are simulated (asked for, rationed) or recorded (the money arrived); a tranche of
the opening 期初 has no loans behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from relending.dates import Days, iso
from relending.engine.applications import Requests
from relending.engine.block import Block
from relending.engine.columns import Flags
from relending.engine.owed import Schedule
from relending.findings import Findings
from relending.units import Ints

HELD = -1
"""``repaid_on`` of a draw that is still held."""
Key = tuple[int, str, int]
"""A tranche of a facility over all lenders: draw day, what its name has besides, rate in ppm of its first year."""


@dataclass(slots=True)
class Cohort:
    """The draws of one block in one facility on one date; one entry a loan, in loan order."""

    loan: Ints
    lender: Ints
    pool: Ints
    ratio: Ints
    drawn: Ints
    held: Ints
    repaid_on: Ints
    continued: list[Ints] = field(default_factory=list)

    def with_others(self, others: Cohort | None) -> Cohort:
        """These draws and others of the same tranche and block, by loan: recorded and simulated ones side by side."""
        if others is None:
            return self
        order = np.argsort(np.concatenate([others.loan, self.loan]), kind="stable")
        names = ("loan", "lender", "pool", "ratio", "drawn", "held", "repaid_on")
        a, b, c, d, e, f, g = (np.concatenate([getattr(others, n), getattr(self, n)])[order] for n in names)
        return Cohort(a, b, c, d, e, f, g)


@dataclass(slots=True)
class Tranche:
    """One draw date of a facility, summed by lender (arrays of one entry a lender, fen).

    ``due`` are the due dates, ``rates`` the rate of each tranche-year in ppm; ``continued[k]`` and ``repaid[k]`` what
    was rolled over and repaid at due date k; ``returns`` what prepayments sent back, by day. ``recorded`` is the part
    of ``drawn`` that really arrived; ``suffix`` what the name has besides facility, lender and day. Of an opening
    tranche ``opened`` is the first day of the run, and ``begun`` the day its current year began.
    """

    day: int
    due: list[int]
    rates: list[int]
    drawn: Ints
    recorded: Ints
    suffix: str = ""
    opened: int | None = None
    begun: int | None = None
    continued: list[Ints] = field(default_factory=list)
    repaid: list[Ints] = field(default_factory=list)
    returns: dict[int, Ints] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What tells it from the facility's other tranches of loans."""
        return self.day, self.suffix, self.rates[0]

    def held_at(self, day: int) -> Ints:
        """What is held at the end of a day, by lender."""
        held = self.drawn.copy()
        for due, rest in zip(self.due, self.repaid, strict=False):
            if due <= day:
                held = held - rest
        for when, amount in self.returns.items():
            if when <= day:
                held = held - amount
        return held


@dataclass(slots=True)
class Asked:
    """Requests of one block for one date, as they go to the rationing."""

    block: Block
    loan: Ints
    pool: Ints
    period: Ints
    ratio: Ints
    amount: Ints

    def order_keys(self) -> tuple[Days, Sequence[str]]:
        """Disbursement day and loan id of each request."""
        return self.block.disbursed[self.loan], self.block.loan_id.take(self.loan).to_pylist()

    def some(self, mask: Flags, amount: Ints) -> Asked:
        """Part of the requests, asking for ``amount``."""
        return Asked(self.block, self.loan[mask], self.pool[mask], self.period[mask], self.ratio[mask], amount)

    @classmethod
    def joined(cls, parts: Sequence[Asked]) -> Asked:
        """Several lots of requests of the same block, in loan order."""

        def column(name: str) -> Ints:
            return np.concatenate([getattr(p, name) for p in parts])

        order = np.argsort(column("loan"), kind="stable")
        return cls(parts[0].block, *(column(n)[order] for n in ("loan", "pool", "period", "ratio", "amount")))


FIRST = -(2**30)
"""A day before any loan."""


@dataclass(slots=True)
class OpeningAsked:
    """What an opening tranche drawn on ``day`` would roll over, one entry a lender: rationed before loans."""

    day: int
    amount: Ints

    @property
    def pool(self) -> Ints:
        """The first pool: an opening tranche has no sector."""
        return np.zeros(len(self.amount), np.int64)

    def order_keys(self) -> tuple[Days, Sequence[str]]:
        """Before every loan, the openings by the day they were drawn."""
        return np.full(len(self.amount), FIRST), [iso(self.day)] * len(self.amount)

    def some(self, mask: Flags, amount: Ints) -> OpeningAsked:
        """Part of the requests, asking for ``amount``."""
        return OpeningAsked(self.day, amount)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Money of one tranche that arrived for loans of one block, by loan: pool, application period, ratio in bp, fen."""

    loan: Ints
    pool: Ints
    period: Ints
    ratio: Ints
    amount: Ints


@dataclass(frozen=True, slots=True)
class Gaps:
    """Times in which a loan holds nothing between two draws: from ``begin`` to the day before ``end`` (day numbers)."""

    loan: Ints
    begin: Days
    end: Days


@dataclass(slots=True)
class BlockFunding:
    """One block's side of a facility's funding, by day: what is asked for, what arrived, what was repaid early (loan,
    amount, owed before it; several lots where a loan has several of one day), and who lost its eligibility."""

    block: Block
    schedule: Schedule
    lender: Ints
    asked: dict[int, list[Asked]]
    received: dict[int, dict[Key, Arrived]] = field(default_factory=dict)
    cohorts: dict[Key, Cohort] = field(default_factory=dict)
    prepaid: dict[int, list[tuple[Ints, Ints, Ints]]] = field(default_factory=dict)
    lost: dict[int, Ints] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """All tranches of a facility in date order, and notes on applications that were cut."""

    tranches: tuple[Tranche, ...]
    findings: Findings


def block_funding(
    block: Block, schedule: Schedule, lender: Ints, requests: Requests, end: int, immediate: bool, before: Flags
) -> BlockFunding:
    """A block's requests sorted by draw date (those after the end of the run are pending and left out).

    ``immediate``: early repayments send their part of a draw back at once somewhere in the rules; ``before``
    are the requests that lie in the opening balance: left out too.
    """
    inside = (requests.day <= end) & ~before
    order = np.argsort(requests.day[inside], kind="stable")
    day = requests.day[inside][order]
    columns = [getattr(requests, n)[inside][order] for n in ("loan", "pool", "period", "ratio", "amount")]
    asked: dict[int, list[Asked]] = {}
    if day.size:
        cuts = np.flatnonzero(np.diff(day)) + 1
        for part in np.split(np.arange(day.size), cuts):
            asked[int(day[part[0]])] = [Asked(block, *(c[part] for c in columns))]
    out = BlockFunding(block, schedule, lender, asked)
    if immediate:
        loan, when, gone, owed = schedule.happened.events()
        some = np.flatnonzero((gone > 0) & (when <= end))
        loan, when, gone, owed = loan[some], when[some], gone[some], owed[some]
        for d in np.unique(when).tolist():
            mine = np.flatnonzero(when == d)
            mine = mine[np.argsort(loan[mine], kind="stable")]
            out.prepaid[d] = [(loan[lot], gone[lot], owed[lot]) for lot in _lots(mine, loan[mine])]
    return out


def _lots(rows: Ints, loan: Ints) -> list[Ints]:
    """Rows (by loan) in lots that hold each loan at most once: a loan's second event comes after its first."""
    rank = np.arange(rows.size) - np.searchsorted(loan, loan)
    return [rows[rank == j] for j in range(int(rank.max(initial=0)) + 1)]
