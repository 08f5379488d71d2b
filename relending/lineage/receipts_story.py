"""What the bank's record says of a loan 申请与到账: each batch, what came of it, each sum that arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from relending.dates import iso
from relending.engine.applications import in_time, period_number, period_text
from relending.engine.block import Block
from relending.engine.columns import Flags
from relending.engine.context import Context
from relending.engine.keys import number
from relending.engine.receipts import Receipts, Recorded, recorded
from relending.engine.rules import facility_rate
from relending.lineage.case import Case, DamagedRun, empty, facility_of
from relending.lineage.draw_life import Draw, drawn_on, life, losses
from relending.lineage.loan_events import Rebuilt, where
from relending.lineage.story import money, reason_name, say, sourced, state_name
from relending.lineage.story import percent as percent_of

TOLD = ("not_applied", "applied", "not_approved", "withdrawn")
"""States that have a sentence of their own, ``state_`` and the state."""


def receipts_told(case: Case, block: Block, rebuilt: Rebuilt, context: Context, lang: str) -> list[str]:
    """The rows of the record that speak of the loan, what they come to, and each draw with its life."""
    table = case.side.get("applications")
    if table is None:
        raise DamagedRun(f"attribution: loan {case.label} is recorded, but there is no table of applications")
    table = _numbered(table, case)
    lines = [say("recorded", lang), *_batches(table, lang)]
    record = _record(case, block, table, context)
    if len(record.receipts.loan) == 0:
        key = f"state_{case.state}" if case.state in TOLD else "no_funding"
        return [*lines, say(key, lang, state=state_name(case.state, lang))]
    if not case.screening["eligible"]:
        reasons = ", ".join(reason_name(r, lang) for r in str(case.screening["reasons"]).split(";"))
        lines.append(say("funded_not_eligible", lang, reasons=reasons))
    filed = record.batches
    received = int(filed.received.sum())
    # the most that was ever asked for: what a batch asks comes on top of what arrived in those before it
    asked = int((np.cumsum(filed.received) - filed.received + filed.asked).max())
    key = "arrived_part" if received < asked else "arrived_all"
    lines.append(say(key, lang, asked=money(asked), received=money(received), rest=money(asked - received)))
    return lines + _draws(case, block, rebuilt, record.receipts, context, lang)


def _numbered(table: pd.DataFrame, case: Case) -> pd.DataFrame:
    """The rows as the engine reads them: periods are numbers."""
    try:
        periods = [None if empty(p) or pd.isna(p) else period_number(str(p)) for p in table["period"].tolist()]
    except ValueError as error:
        raise DamagedRun(f"applications of loan {case.label}: {error}") from None
    return table.assign(period=pd.array(periods, "int64[pyarrow]"))


def _record(case: Case, block: Block, table: pd.DataFrame, context: Context) -> Recorded:
    """What the engine makes of the loan's rows."""
    out: list[Flags] = [block.error]
    # whether a loan without a row lies in the balance the run began with is told by its state
    nobody = [np.zeros(1, bool)] * len(context.facilities)
    side, lender = {"applications": table}, [np.zeros(1, np.int64)]
    done, wrong, findings = recorded([block], number([block.frame]), out, side, nobody, lender, context)
    if wrong[0][0]:
        codes = ", ".join(findings.codes())
        raise DamagedRun(f"loan {case.label} counts, though its record cannot be ({codes})")
    return done[0]


def _batches(table: pd.DataFrame, lang: str) -> list[str]:
    """One sentence a row of the record, in the order of its batches."""
    rows = [row for _, row in table.iterrows()]

    def when(row: Any) -> tuple[int, bool]:
        return int(in_time(row["period"])), row["status"] != "applied"

    return [_batch(row, lang) for row in sorted(rows, key=when)]


def _batch(row: Any, lang: str) -> str:
    """What became of one row of the record, and where it stands."""
    names = {
        "period": period_text(int(row["period"])),
        "applied": _fen(row["applied_amount_fen"]),
        "on": _date(row["applied_on"]),
        "amount": _fen(row["funded_amount_fen"]),
        "day": _date(row["funded_on"]),
        "where": where(row, lang),
    }
    # on a row of what came of it the application itself may stand as well
    given = names["applied"] != NOT_GIVEN or names["on"] != NOT_GIVEN
    asked = say("batch_asked", lang, **names) if given or row["status"] == "applied" else ""
    return say(f"batch_{row['status']}", lang, asked=asked, **names)


NOT_GIVEN = "—"


def _fen(value: Any) -> str:
    return NOT_GIVEN if pd.isna(value) else money(int(value))


def _date(value: Any) -> str:
    return NOT_GIVEN if pd.isna(value) else str(pd.Timestamp(value).date())


# -- what arrived ------------------------------------------------------------------------------------------------------


def _draws(case: Case, block: Block, rebuilt: Rebuilt, receipts: Receipts, context: Context, lang: str) -> list[str]:
    """Each sum that arrived, in the order of days, as a draw of its tranche."""
    lender = "" if empty(case.attribution["lender"]) else str(case.attribution["lender"])
    rows = [(drawn_on(row, lender), row) for _, row in case.draws.iterrows()]
    covered = _covered(case, lender, context)
    lines: list[str] = []
    live: dict[str, list[int]] = {}
    order = sorted(range(len(receipts.loan)), key=lambda i: int(receipts.day[i]))
    for i in order:
        day, name = int(receipts.day[i]), context.facilities[int(receipts.facility[i])].id
        if day <= context.end and not (covered.get(name) and day < context.start):
            live.setdefault(name, []).append(day)
    for i in order:
        day, amount = int(receipts.day[i]), int(receipts.amount[i])
        rules, rate = context.facilities[int(receipts.facility[i])], int(receipts.rate[i])
        if covered.get(rules.id) and day < context.start:
            lines.append(say("arrived_in_opening", lang, amount=money(amount), day=iso(day), start=iso(context.start)))
            continue
        row = _taken(rows, day, rules.id, amount if day <= context.end else None, rate, case)
        if day > context.end:  # the table has it only where nothing else has arrived
            lines.append(say("arrives_later", lang, amount=money(amount), day=iso(day), end=iso(context.end)))
            continue
        if row is None:
            raise DamagedRun(f"draws: nothing of {iso(day)} is the sum that arrived for loan {case.label}")
        usual, source = facility_rate(facility_of(context, rules.id), day, day)
        key = "rate_in_force" if rate == usual else "rate_not_in_force"
        names = {"tranche": row["tranche"], "rate": percent_of(rate), "day": iso(day)}
        told = say("arrived", lang, drawn=money(amount), said=say(key, lang, usual=percent_of(usual)), **names)
        draw = Draw(row, day, rate, rules, losses(block, live[rules.id], rules, context))
        lines += [*sourced(told, source, lang), *life(draw, block, rebuilt, context, lang)]
    if rows:
        raise DamagedRun(f"draws: {rows[0][1]['tranche']} is nothing that arrived for loan {case.label}")
    return lines


def _covered(case: Case, lender: str, context: Context) -> Mapping[str, bool]:
    """The facilities whose balance with the lender is given for the first day of the run."""
    table = case.side.get("opening_tranches")
    if table is None:
        return {}
    pairs = zip(table["lender"].tolist(), table["facility"].tolist(), strict=True)
    return {str(f): True for name, f in pairs if context.lender_id(None if pd.isna(name) else name) == lender}


def _taken(rows: list[tuple[int, Any]], day: int, facility: str, amount: int | None, rate: int, case: Case) -> Any:
    """The row of the table of draws that is this sum, taken from those left; None if there is none."""
    for i, (on, row) in enumerate(rows):
        drawn = None if pd.isna(row["drawn_fen"]) else int(row["drawn_fen"])
        right = case.rates.get(str(row["tranche"]), rate) == rate
        if on == day and row["facility"] == facility and drawn == amount and right:
            return rows.pop(i)[1]
    return None
