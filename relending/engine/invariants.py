"""What is always true 恒等式, checked in every run (design section 7); a breach names the tranche, exit code 3."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relending.engine.block import Block
from relending.engine.cohorts import BlockFunding, Tranche
from relending.engine.context import Context
from relending.engine.ledger import Position, balances, tranche_id
from relending.findings import InvariantError
from relending.units import BP, mul_div


def check_tranches(tranches: Sequence[Sequence[Tranche]], lenders: Sequence[str], context: Context) -> None:
    """By tranche, opening + draws = repayments + returns + balance, and what is held never grows."""
    for f, rules in enumerate(context.facilities):
        for t in tranches[f]:
            gone = sum(t.repaid, np.zeros_like(t.drawn)) + sum(t.returns.values(), np.zeros_like(t.drawn))
            held = t.drawn - gone
            due = sum(1 for d in t.due if d <= context.end)
            for lender in np.flatnonzero((held < 0) | (held > t.drawn)).tolist():
                _breach(tranche_id(rules.id, lenders[lender], t.day), "repaid more than was drawn")
            if due == len(t.due) and held.any():
                _breach(
                    tranche_id(rules.id, lenders[int(np.flatnonzero(held)[0])], t.day), "held after the last due date"
                )
            before = t.drawn
            for k, kept in enumerate(t.continued):
                for lender in np.flatnonzero(kept > before).tolist():
                    _breach(tranche_id(rules.id, lenders[lender], t.day), f"held grew at due date {k + 1}")
                before = kept


def check_positions(where: Sequence[Position], tranches: Sequence[Sequence[Tranche]], context: Context) -> None:
    """By tranche, the ledger's opening and draws less repayments are the balance held at the end of the run."""
    summed = [[t.held_at(context.end) for t in facility] for facility in tranches]
    for p in where:
        left: dict[int, int] = {}
        for e in p.events:
            if e.event in ("opening", "draw"):
                left[e.tranche] = left.get(e.tranche, 0) + e.amount
            elif e.event in ("repay", "return"):
                left[e.tranche] = left.get(e.tranche, 0) - e.amount
        held: dict[int, int] = {}
        for leg, amount in balances(p, context.end):
            held[leg.tranche] = held.get(leg.tranche, 0) + amount
        for number, amount in left.items():
            if amount != held.get(number, 0) or amount != int(summed[p.facility][number][p.lender]):
                _breach(p.names[number], f"draws less repayments are {amount} fen, the balance {held.get(number, 0)}")


def check_draws(block: Block, funding: BlockFunding, rules_id: str, lenders: Sequence[str]) -> None:
    """No loan draws more than its ratio of its principal, over all its draws."""
    drawn = np.zeros(len(block), np.int64)
    ratio = np.zeros(len(block), np.int64)
    for cohort in funding.cohorts.values():
        drawn[cohort.loan] += cohort.drawn
        ratio[cohort.loan] = cohort.ratio
    rows = np.flatnonzero(drawn)
    over = rows[drawn[rows] > mul_div(block.principal[rows], ratio[rows], BP, "floor")]
    if over.size:
        day = next(key[0] for key, c in funding.cohorts.items() if over[0] in c.loan)
        name = block.loan_id[int(over[0])].as_py()
        _breach(tranche_id(rules_id, lenders[int(funding.lender[over[0]])], day), f"loan {name} drew above its ratio")


def _breach(tranche: str, what: str) -> None:
    raise InvariantError(f"{tranche}: {what}")
