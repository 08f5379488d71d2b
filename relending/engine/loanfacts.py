"""What the loans really did: extensions 展期, schedules given 还款计划, prepayments, refinancing, balances 贷款余额.

All of it goes into the schedule of each loan, in this order: the bank's own schedule stands for the computed one (an
extension moves its last payment), then every event in the order of days (:mod:`relending.engine.owed`). A loan for
which a figure cannot be known is set aside; findings point at the row that is wrong, in the book or beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from relending.dates import Days, iso
from relending.engine.block import Block
from relending.engine.columns import Flags, ints, maybe_ints
from relending.engine.keys import Keys
from relending.engine.owed import OBSERVED, PREPAID, Events, Schedule, after
from relending.engine.prepayments import prepaid
from relending.engine.refinancing import Replacements, replaced_findings, replacements
from relending.engine.schedule import NEVER_PAID, Given, Terms, key_of
from relending.engine.side import Matched, Side, at_rows, match_loans, yuan
from relending.findings import Findings
from relending.units import Ints, group_sum

EARLY, PLAN, SEEN = "prepayments", "schedule", "balances"
UNKNOWN = {PLAN: "schedule_unknown_loan", SEEN: "balance_unknown_loan"}


@dataclass(frozen=True, slots=True)
class Facts:
    """Schedules of the blocks' loans, the loans set aside for what is said of them, and what is wrong."""

    schedules: tuple[Schedule, ...]
    impossible: tuple[Flags, ...]
    findings: Findings


def loan_facts(blocks: Sequence[Block], keys: Keys, out: Sequence[Flags], side: Side) -> Facts:
    """What every loan that is not in ``out`` (errors) owes, as it was agreed and as it went."""
    said: list[Findings] = []
    matched = {}
    for name in (EARLY, PLAN, SEEN):
        matched[name], unknown = match_loans(side.get(name), keys)
        if name in UNKNOWN and unknown.size:
            said.append(at_rows(side[name], UNKNOWN[name], unknown, "loan_id"))
    replaced, found = replacements(blocks, keys, out)
    said.append(found)
    schedules, impossible = [], []
    for i, block in enumerate(blocks):
        mine = {name: lots[i] for name, lots in matched.items()}
        more = replaced.events(keys.offsets[i], keys.offsets[i + 1])
        schedule, wrong, found = _block_facts(block, out[i], mine, more, side)
        schedules.append(schedule)
        impossible.append(wrong)
        said.append(found)
    if replaced.old.size:
        said.append(_replaced(replaced, schedules, blocks, keys))
    return Facts(tuple(schedules), tuple(impossible), Findings.concat(said))


def _block_facts(
    block: Block, error: Flags, mine: dict[str, Matched], more: Events, side: Side
) -> tuple[Schedule, Flags, Findings]:
    """The schedule of one block, the loans set aside, and findings."""
    wrong = np.zeros(len(block), bool)
    terms, said = _extended(block, error, wrong)
    parts = [said]
    if mine[PLAN].loan.size:
        terms, said = _given(terms, block, error, mine[PLAN], side[PLAN], wrong)
        parts.append(said)
    early, impossible, said = prepaid(error, mine[EARLY], side.get(EARLY))
    wrong |= impossible
    events = [early, more]
    parts.append(said)
    if mine[SEEN].loan.size:
        terms, seen, said = _observed(terms, block, error, mine[SEEN], side[SEEN], wrong)
        events.append(seen)
        parts.append(said)
    schedule = after(terms, ~error & ~wrong, Events.joined(events))
    parts.append(_refused(schedule, mine, side, wrong))
    return schedule, wrong, Findings.concat(parts)


def _extended(block: Block, error: Flags, wrong: Flags) -> tuple[Terms, Findings]:
    """Terms with the maturities of extended loans; an extension that is none sets its loan aside."""
    until, there = maybe_ints(block.frame, "extended_to")
    there &= ~error
    if not there.any():
        return block.terms, Findings()
    bad = np.flatnonzero(there & (until <= block.matures))
    wrong[bad] = True
    said = _at(
        block, "extension_not_later", bad, "extended_to", until, [f"> {iso(int(d))}" for d in block.matures[bad]]
    )
    return replace(block.terms, matures=np.where(there & (until > block.matures), until, block.terms.matures)), said


def _at(block: Block, code: str, rows: Ints, column: str, days: Days, expected: Any) -> Findings:
    if rows.size == 0:
        return Findings()
    found = [iso(int(d)) for d in days[rows]]
    return Findings.of(code, int(rows.size), **block.place(rows), column=column, found=found, expected=expected)


# -- schedules given ---------------------------------------------------------------------------------------------------


def _given(
    terms: Terms, block: Block, error: Flags, matched: Matched, table: pd.DataFrame, wrong: Flags
) -> tuple[Terms, Findings]:
    """Terms with the schedules of the table; a schedule that cannot be sets its loan aside."""
    day, has_day = ints(table, "date")
    amount, has_amount = ints(table, "principal_fen")
    live = ~error[matched.loan]
    loan, row = matched.loan[live], matched.row[live]
    day, amount, readable = day[row], amount[row], (has_day & has_amount)[row]
    early = readable & (day <= block.disbursed[loan])
    nothing = readable & (amount <= 0)
    made = [f"> {iso(int(d))}" for d in block.disbursed[loan[early]]]
    parts = [
        at_rows(table, "schedule_date", row[early], "date", [iso(int(d)) for d in day[early]], made),
        at_rows(table, "schedule_not_positive", row[nothing], "principal", yuan(amount[nothing]), "> 0"),
    ]
    wrong[loan[~readable | early | nothing]] = True
    sums = group_sum(np.where(readable, amount, 0), loan, len(block))
    has = np.zeros(len(block), bool)
    has[loan] = True
    off = np.flatnonzero(has & ~wrong & (sums != block.principal))
    wrong[off] = True
    first = _first(loan, row, off)
    parts.append(at_rows(table, "schedule_sum", first, "principal", yuan(sums[off]), yuan(block.principal[off])))
    has &= ~wrong
    keep = has[loan]
    order = np.argsort(key_of(loan[keep], day[keep]), kind="stable")
    key, paid = key_of(loan[keep], day[keep])[order], amount[keep][order]
    running = np.cumsum(paid)
    begins = np.flatnonzero(np.diff(np.sort(loan[keep], kind="stable"), prepend=-1))
    # what was paid within its own loan: the running sum less what it was before the loan's first payment
    sizes = np.diff([*begins, key.size])
    running -= np.repeat(running[begins] - paid[begins], sizes) if key.size else 0
    last = np.full(len(block), -1, np.int64)
    np.maximum.at(last, loan[keep], day[keep])
    differs = np.flatnonzero(has & (last != terms.matures))
    parts.append(
        at_rows(
            table,
            "schedule_maturity",
            _first(loan, row, differs),
            "date",
            [iso(int(d)) for d in last[differs]],
            [iso(int(d)) for d in terms.matures[differs]],
        )
    )
    return (
        replace(terms, matures=np.where(has, last, terms.matures), given=Given(has, key, running)),
        Findings.concat(parts),
    )


def _first(loan: Ints, row: Ints, wanted: Ints) -> Ints:
    """The first row of the table that speaks of each loan wanted."""
    if wanted.size == 0:
        return wanted
    order = np.argsort(loan, kind="stable")
    return row[order[np.searchsorted(loan[order], wanted)]]


# -- balances observed -------------------------------------------------------------------------------------------------


def _observed(
    terms: Terms, block: Block, error: Flags, matched: Matched, table: pd.DataFrame, wrong: Flags
) -> tuple[Terms, Events, Findings]:
    """Observed balances as events, and terms in which a loan that owes past its end has not made its last payment."""
    day, has_day = ints(table, "date")
    amount, has_amount = ints(table, "outstanding_fen")
    live = ~error[matched.loan]
    loan, row = matched.loan[live], matched.row[live]
    day, amount, readable = day[row], amount[row], (has_day & has_amount)[row]
    early = readable & (day < block.disbursed[loan])
    over = readable & ((amount < 0) | (amount > block.principal[loan]))
    order = np.lexsort((row, day, loan))
    same = np.zeros(loan.size, bool)
    same[order[1:]] = (np.diff(key_of(loan, day)[order]) == 0) & readable[order[1:]] & readable[order[:-1]]
    before = np.zeros(loan.size, np.int64)
    before[order[1:]] = amount[order[:-1]]
    twice = same & (amount != before)
    most = [f"0.00 – {p}" for p in yuan(block.principal[loan[over]])]
    made = [f">= {iso(int(d))}" for d in block.disbursed[loan[early]]]
    parts = [
        at_rows(table, "balance_before_loan", row[early], "date", [iso(int(d)) for d in day[early]], made),
        at_rows(table, "balance_over_principal", row[over], "outstanding", yuan(amount[over]), most),
        at_rows(table, "balance_twice", row[twice], "outstanding", yuan(amount[twice]), yuan(before[twice])),
    ]
    wrong[loan[~readable | early | over | twice]] = True
    keep = ~same & ~wrong[loan]
    loan, row, day, amount = loan[keep], row[keep], day[keep], amount[keep]
    late = np.flatnonzero((amount > 0) & (day >= terms.matures[loan]))
    if late.size:
        late = late[np.lexsort((row[late], day[late], loan[late]))]
        _, once = np.unique(loan[late], return_index=True)
        at = late[once]
        ends = [f"0.00 ({iso(int(d))})" for d in terms.matures[loan[at]]]
        found = [f"{a} ({iso(int(d))})" for a, d in zip(yuan(amount[at]), day[at], strict=True)]
        parts.append(at_rows(table, "balance_overdue", row[at], "outstanding", found, ends))
        terms = _unpaid(terms, loan[at])
    return terms, Events.of(OBSERVED, loan, day, amount), Findings.concat(parts)


def _unpaid(terms: Terms, loans: Ints) -> Terms:
    """Terms in which the last payment of these loans is not made."""
    given = terms.given
    if given is not None:
        owner, day = given.events()
        gone = np.isin(owner, loans) & (day == terms.matures[owner])
        given = Given(given.has, given.key[~gone], given.paid[~gone])
    matures = terms.matures.copy()
    matures[loans] = NEVER_PAID
    return replace(terms, matures=matures, given=given)


# -- what cannot be ----------------------------------------------------------------------------------------------------


def _refused(schedule: Schedule, mine: dict[str, Matched], side: Side, wrong: Flags) -> Findings:
    """Errors for prepayments above what is owed and for balances where nothing is owed; sets their loans aside."""
    loan, day, kind, amount, owed = schedule.happened.refused
    if loan.size == 0:
        return Findings()
    wrong[loan] = True
    parts = []
    for which, name, code in ((PREPAID, EARLY, "prepayment_over_outstanding"), (OBSERVED, SEEN, "balance_after_zero")):
        some = np.flatnonzero(kind == which)
        if some.size == 0:
            continue
        table, matched = side[name], mine[name]
        when, _ = ints(table, "date")
        # several of one day were added together: the first of that day stands for them
        order = np.lexsort((matched.row, when[matched.row], matched.loan))
        at = np.searchsorted(key_of(matched.loan, when[matched.row])[order], key_of(loan[some], day[some]))
        found = [f"{a} ({iso(int(d))})" for a, d in zip(yuan(amount[some]), day[some], strict=True)]
        column = "amount" if which == PREPAID else "outstanding"
        parts.append(at_rows(table, code, matched.row[order[at]], column, found, [f"<= {o}" for o in yuan(owed[some])]))
    return Findings.concat(parts)


def _replaced(done: Replacements, schedules: Sequence[Schedule], blocks: Sequence[Block], keys: Keys) -> Findings:
    """What was owed of each replaced loan the day before, and what is left of it."""
    owed, left = np.zeros(done.old.size, np.int64), np.zeros(done.old.size, np.int64)
    for i, schedule in enumerate(schedules):
        here = np.flatnonzero((done.old >= keys.offsets[i]) & (done.old < keys.offsets[i + 1]))
        if here.size:
            loan = done.old[here] - keys.offsets[i]
            owed[here] = schedule.outstanding(loan, done.day[here] - 1)
            left[here] = schedule.outstanding(loan, done.day[here])
    return replaced_findings(done, owed, blocks, keys, left)
