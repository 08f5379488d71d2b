"""What funding keeps of the loans 批次与借据的对应: draws by date in each block, and their sums by lender.

A block keeps a few integers a draw (:class:`Cohort`); what it gives away are sums by lender (:class:`Tranche`), which
add up over blocks in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from relending.dates import Days
from relending.engine.applications import Requests
from relending.engine.block import Block
from relending.engine.columns import Flags
from relending.engine.schedule import Schedule
from relending.findings import Findings
from relending.units import Ints

HELD = -1
"""``repaid_on`` of a draw that is still held."""


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


@dataclass(slots=True)
class Tranche:
    """One draw date of a facility, summed by lender (arrays of one entry a lender, fen).

    ``due`` are the due dates, ``rates`` the rate of each tranche-year in ppm; ``continued[k]`` and ``repaid[k]`` what
    was rolled over and repaid at due date k; ``returns`` what prepayments sent back, by day.
    """

    day: int
    due: list[int]
    rates: list[int]
    drawn: Ints
    continued: list[Ints] = field(default_factory=list)
    repaid: list[Ints] = field(default_factory=list)
    returns: dict[int, Ints] = field(default_factory=dict)

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


@dataclass(frozen=True, slots=True)
class Gaps:
    """Times in which a loan holds nothing between two draws: from ``begin`` to the day before ``end`` (day numbers)."""

    loan: Ints
    begin: Days
    end: Days


@dataclass(slots=True)
class BlockFunding:
    """One block's side of a facility's funding."""

    block: Block
    schedule: Schedule
    lender: Ints
    asked: dict[int, list[Asked]]
    cohorts: dict[int, Cohort] = field(default_factory=dict)
    prepaid: dict[int, tuple[Ints, Ints, Ints]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """All tranches of a facility in date order, and notes on applications that were cut."""

    tranches: tuple[Tranche, ...]
    findings: Findings


def block_funding(
    block: Block, schedule: Schedule, lender: Ints, requests: Requests, end: int, immediate: bool
) -> BlockFunding:
    """A block's requests sorted by draw date (those after the end of the run are pending and left out)."""
    inside = requests.day <= end
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
        loan, when, amount, owed = schedule.prepaid.events()
        for d in np.unique(when[when <= end]).tolist():
            mine = np.flatnonzero(when == d)
            mine = mine[np.argsort(loan[mine], kind="stable")]
            out.prepaid[d] = (loan[mine], amount[mine], owed[mine])
    return out
