"""What a loan really owed: its schedule rebuilt by the engine from the run's tables, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.dates import iso
from relending.engine.block import Block, make_block
from relending.engine.columns import ints, join_frames, maybe_ints
from relending.engine.keys import Keys, number
from relending.engine.loanfacts import loan_facts
from relending.engine.owed import OBSERVED, PREPAID, REFINANCED, Events, Schedule, after
from relending.engine.refinancing import replacements
from relending.engine.schedule import NEVER_PAID
from relending.engine.side import Side
from relending.lineage.case import Case, DamagedRun, empty
from relending.lineage.story import money, say

ROWS = np.array([0])
"""The loan of a story is the first of its block."""
Line = tuple[int, int, str]
"""A sentence with the day and the place in the day that it belongs to."""
FIRST, LAST = -1, OBSERVED + 1
"""Before and after everything that happens on a day."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The loan of a case and those that replace it as a block, and what each of them owes on any day."""

    block: Block
    keys: Keys
    schedule: Schedule
    side: Side

    def owed(self, day: int) -> int:
        """Fen the loan owes at the end of a day."""
        return int(self.schedule.outstanding(ROWS, day)[0])

    def gone(self) -> list[tuple[int, int, int]]:
        """Day, fen gone (below 0: more is owed) and what was owed before it, of every change of the balance."""
        loan, day, gone, owed = self.schedule.happened.events()
        mine = np.flatnonzero(loan == 0)
        mine = mine[np.argsort(day[mine], kind="stable")]
        return list(zip(day[mine].tolist(), gone[mine].tolist(), owed[mine].tolist(), strict=True))


def rebuild(case: Case) -> Rebuilt:
    """The schedule of a loan that was not set aside, from what the run's tables say of it."""
    own = case.loan.assign(data_error=pd.array([False], "bool[pyarrow]"))
    frame = join_frames([own, case.replacers[list(own.columns)]]) if len(case.replacers) else own
    block, keys = make_block(frame), number([frame])
    side = {"prepayments": case.prepayments, **{n: case.side[n] for n in ("schedule", "balances") if n in case.side}}
    facts = loan_facts([block], keys, [block.error], side)
    if facts.impossible[0][0]:
        codes = ", ".join(facts.findings.codes())
        raise DamagedRun(f"loan {case.label} counts, though what the tables say of it cannot be ({codes})")
    return Rebuilt(block, keys, facts.schedules[0], side)


def what_happened(case: Case, rebuilt: Rebuilt, lang: str) -> list[str]:
    """The schedule given, extension, prepayments, refinancing, observed balances and an overdue end, in date order."""
    lines = [*_agreed(case, rebuilt, lang), *_events(rebuilt, lang), *_overdue(case, rebuilt, lang)]
    return [text for _, _, text in sorted(lines, key=lambda line: line[:2])]


def _agreed(case: Case, rebuilt: Rebuilt, lang: str) -> Iterator[Line]:
    """The schedule the bank gave, and the extension."""
    plan = case.side.get("schedule")
    if plan is not None and len(plan):
        day, _ = ints(plan, "date")
        amount, _ = ints(plan, "principal_fen")
        paid = sorted(zip(day.tolist(), amount.tolist(), strict=True))
        all_of_it = "; ".join(f"{iso(d)} {money(a)}" for d, a in paid)
        told = say("schedule_given", lang, n=len(paid), payments=all_of_it, where=where(plan.iloc[0], lang))
        yield int(rebuilt.block.disbursed[0]), FIRST, told
    until, extended = maybe_ints(case.loan, "extended_to")
    if extended[0]:
        matures = int(rebuilt.block.matures[0])
        key = "extended_given" if plan is not None and len(plan) else "extended"
        yield matures, FIRST, say(key, lang, matures=iso(matures), until=iso(int(until[0])))


def _events(rebuilt: Rebuilt, lang: str) -> Iterator[Line]:
    """Each event with what was owed before it; the engine adds up what is of one day and kind."""
    found: dict[tuple[int, int], tuple[int, list[str]]] = {}

    def add(day: int, kind: int, amount: int, name: str) -> None:
        before, names = found.get((day, kind), (0, []))
        # a balance given twice says the same twice
        found[day, kind] = (amount if kind == OBSERVED else before + amount, [*names, name])

    for name, kind, column in (("prepayments", PREPAID, "amount_fen"), ("balances", OBSERVED, "outstanding_fen")):
        table = rebuilt.side.get(name)
        if table is None:
            continue
        days, amounts = ints(table, "date")[0].tolist(), ints(table, column)[0].tolist()
        for (_, row), day, amount in zip(table.iterrows(), days, amounts, strict=True):
            add(day, kind, amount, where(row, lang))
    done, _ = replacements([rebuilt.block], rebuilt.keys, [rebuilt.block.error])
    ids = rebuilt.block.loan_id.to_pylist()
    for new, old, day, amount in zip(*(x.tolist() for x in (done.new, done.old, done.day, done.amount)), strict=True):
        if old == 0:
            add(day, REFINANCED, amount, str(ids[new]))
    usable = np.ones(len(rebuilt.block), bool)
    before: list[Events] = []
    for (day, kind), (amount, names) in sorted(found.items()):
        so_far = after(rebuilt.schedule.terms, usable, Events.joined(before))
        owed = int(so_far.outstanding(ROWS, day)[0])
        before.append(Events.of(kind, ROWS, np.array([day]), np.array([amount])))
        told = _event(day, kind, amount, owed, names, lang)
        if told:
            yield day, kind, told


def _event(day: int, kind: int, amount: int, owed: int, names: list[str], lang: str) -> str:
    if kind == PREPAID:
        return say("prepayment", lang, amount=money(amount), day=iso(day), owed=money(owed - amount))
    if kind == REFINANCED:
        paid = min(owed, amount)
        names_of = {"loans": ", ".join(names), "day": iso(day)}
        return say("refinanced", lang, amount=money(paid), owed=money(owed - paid), **names_of) if paid else ""
    key = "observed" if owed != amount else "observed_same"
    return say(key, lang, day=iso(day), computed=money(owed), seen=money(amount), where=names[0])


def _overdue(case: Case, rebuilt: Rebuilt, lang: str) -> Iterator[Line]:
    """That the last payment was not made."""
    if int(rebuilt.schedule.terms.matures[0]) != NEVER_PAID:
        return
    plan = case.side.get("schedule")
    until, extended = maybe_ints(case.loan, "extended_to")
    end = int(until[0]) if extended[0] else int(rebuilt.block.matures[0])
    if plan is not None and len(plan):
        end = int(ints(plan, "date")[0].max())
    yield end, LAST, say("overdue", lang, day=iso(end))


def where(row: object, lang: str) -> str:
    """The place a row of a table was read from."""
    sheet = row["sheet"]  # type: ignore[index]
    told = "" if empty(sheet) or pd.isna(sheet) else say("source_sheet", lang, sheet=sheet)
    return say("source_row", lang, file=row["file"], sheet=told, row=row["row"])  # type: ignore[index]
