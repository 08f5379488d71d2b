"""Receipts in the funding 到账入账: what arrived enters as it is recorded, and what is lost again goes back."""

from __future__ import annotations

import numpy as np

from relending.dates import Days
from relending.engine.applications import pool_of
from relending.engine.cohorts import Arrived, BlockFunding, Key
from relending.engine.columns import Flags
from relending.engine.context import Context
from relending.engine.openings import in_opening
from relending.engine.receipts import Receipts
from relending.policy import Facility
from relending.units import Ints


def enter_receipts(
    side: BlockFunding, receipts: Receipts, f: int, rules: Facility, covered: Flags, context: Context
) -> Ints:
    """Enter what arrived from one facility by the end of the run in a block's funding; the loans whose money is in the
    opening balance come back.

    A loan that had lost its eligibility before its money arrived returns it the day after, where that is at once.
    """
    block = side.block
    mine = np.flatnonzero((receipts.facility == f) & (receipts.day <= context.end))
    before = in_opening(covered, side.lender[receipts.loan[mine]], receipts.day[mine], context)
    opened, mine = receipts.loan[mine[before]], mine[~before]
    lots: dict[Key, list[int]] = {}
    for i in mine.tolist():
        lots.setdefault((int(receipts.day[i]), receipts.suffix[i], int(receipts.rate[i])), []).append(i)
    for key, rows in lots.items():
        at = np.array(rows, np.int64)
        loan = receipts.loan[at]
        arrived = Arrived(
            loan,
            pool_of(block.sectors, block.sector[loan], np.full(loan.size, key[0]), rules),
            receipts.period[at],
            rules["ratio"].pick(block.disbursed[loan]),
            receipts.amount[at],
        )
        side.received.setdefault(key[0], {})[key] = arrived
    _enter_losses(side, receipts.loan[mine], receipts.day[mine], rules, context)
    return opened


def _enter_losses(side: BlockFunding, loan: Ints, day: Days, rules: Facility, context: Context) -> None:
    """The days on which loans that lose their eligibility return what they hold, where that is at once."""
    name = "on_ineligible"
    if name not in rules or all(v.value != "immediate" for v in rules[name].values):
        return
    asked = [(a.loan, np.full(a.loan.size, d)) for d, lots in side.asked.items() for a in lots]
    loans = np.concatenate([loan, *(one for one, _ in asked)])
    drawn = np.concatenate([day, *(d for _, d in asked)])
    loses = side.block.ineligible[loans]
    some = np.flatnonzero(loses <= context.end)
    loans, drawn, loses = loans[some], drawn[some], loses[some]
    immediate = np.array([v.value == "immediate" for v in rules[name].values], bool)[rules[name].index(drawn)]
    when = np.maximum(loses, drawn + 1)
    immediate &= when <= context.end  # what is returned after the run is held at its end
    for d in np.unique(when[immediate]).tolist():
        side.lost[d] = np.unique(loans[immediate & (when == d)])
