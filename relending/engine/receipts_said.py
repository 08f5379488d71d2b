"""What the record says once the loans are screened 申报检查: what is unusual in it, and which loans it leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from relending.dates import iso, to_date
from relending.engine.applications import next_period, period_start, period_text
from relending.engine.batches import Batches
from relending.engine.block import Block
from relending.engine.columns import Flags, arrow, ints
from relending.engine.context import Context
from relending.engine.keys import Keys
from relending.engine.receipts import APPLIED, FUNDED, NO_ROW, REFUSED, STATUS, TABLE, WITHDRAWN, Receipts, Recorded
from relending.engine.rules import facility_rate
from relending.engine.side import Side, at_rows, match_loans, yuan
from relending.findings import Findings
from relending.policy.plausibility import small
from relending.units import Ints, decimal_text


def receipt_findings(
    table: pd.DataFrame, block: Block, record: Recorded, eligible: Flags, context: Context
) -> Findings:
    """Of a block's loans after screening: funded or applied for though not eligible, part-funded, unusual rates, and
    the eligible loans that are not supported, with the reason."""
    inside = block.disbursed <= context.end
    got = record.receipts.some(inside[record.receipts.loan])
    parts = [
        at_rows(table, "funded_not_eligible", np.unique(_firsts(got, ~eligible)), "status"),
        _unusual_rates(table, got, context),
    ]
    parts += _odd(table, block, record, context)
    live = record.follows & inside
    last = _last(record)
    part = last.some(live[last.loan] & (last.status == FUNDED) & (last.received < last.asked))
    parts.append(at_rows(table, "part_funded", part.row, "funded_amount", yuan(part.received), yuan(part.asked)))
    odd = live & (record.status == APPLIED) & ~eligible
    parts.append(_at_last(table, "applied_not_eligible", last.some(odd[last.loan])))
    for status, code in (
        (APPLIED, "application_pending"),
        (REFUSED, "application_refused"),
        (WITHDRAWN, "application_withdrawn"),
    ):
        which = live & (record.status == status) & eligible
        mine = last.some(which[last.loan])
        parts.append(_at_last(table, code, mine, yuan(mine.asked)))
    absent = np.flatnonzero(live & (record.status == NO_ROW) & eligible)
    if absent.size:
        asks = yuan(record.may_ask[absent])
        parts.append(
            Findings.of("not_applied", int(absent.size), **block.place(absent), column="loan_id", expected=asks)
        )
    return Findings.concat(parts)


def _last(record: Recorded) -> Batches:
    """The last batch of each loan that has any, in the order of the table's rows."""
    b = record.batches
    ends = np.flatnonzero(np.append(b.loan[1:] != b.loan[:-1], True)[: b.loan.size])
    return b.some(ends[np.argsort(b.row[ends], kind="stable")])


def _at_last(table: pd.DataFrame, code: str, last: Batches, expected: Sequence[str] | str = "") -> Findings:
    """A finding at the row of each of these batches."""
    return at_rows(table, code, last.row, "status", [STATUS[s] for s in last.status.tolist()], expected)


def _odd(table: pd.DataFrame, block: Block, record: Recorded, context: Context) -> list[Findings]:
    """Warnings for what is possible but unlikely: amounts in another unit, batches and days out of order."""
    b = record.batches
    status = b.status
    ids = record.decided[b.loan] & (block.disbursed[b.loan] <= context.end)
    applied, has_applied = ints(table, "applied_amount_fen")
    asked_on, has_asked = ints(table, "applied_on")
    came, has_came = ints(table, "funded_on")
    amount, has_amount = ints(table, "funded_amount_fen")
    may = record.may_ask[b.loan]
    most = may // small().asked_parts
    slips = (has_applied[b.row] & (applied[b.row] <= most)) | (
        (status == FUNDED) & has_amount[b.row] & (amount[b.row] <= most)
    )
    rows = np.flatnonzero(ids & (may > 0) & slips)
    shown = np.where(has_amount[b.row[rows]], amount[b.row[rows]], applied[b.row[rows]])
    parts = [
        at_rows(table, "receipt_unit", b.row[rows], "funded_amount", yuan(shown), yuan(may[rows])),
    ]
    made = block.disbursed[b.loan]
    begins = np.array([period_start(p) for p in b.period.tolist()], np.int64)
    ends = np.array([period_start(next_period(p)) for p in b.period.tolist()], np.int64)
    odd = np.flatnonzero(ids & ((made >= ends) | ((status == FUNDED) & has_came[b.row] & (came[b.row] < begins))))
    texts = [period_text(int(p)) for p in b.period[odd]]
    days = [f"{iso(int(d))} …" for d in made[odd]]
    parts.append(at_rows(table, "application_period_odd", b.row[odd], "period", texts, days))
    early = np.flatnonzero(
        ids & has_asked[b.row] & has_came[b.row] & (status == FUNDED) & (came[b.row] < asked_on[b.row])
    )
    found = [iso(int(d)) for d in came[b.row[early]]]
    wanted = [f">= {iso(int(d))}" for d in asked_on[b.row[early]]]
    parts.append(at_rows(table, "receipt_before_application", b.row[early], "funded_on", found, wanted))
    return parts


def _firsts(receipts: Receipts, which: Flags) -> Ints:
    """The first row of the table for each of these loans' money."""
    some = np.flatnonzero(which[receipts.loan])
    _, once = np.unique(receipts.loan[some], return_index=True)
    return receipts.row[some[once]]


def _unusual_rates(table: pd.DataFrame, receipts: Receipts, context: Context) -> Findings:
    """A warning for money whose rate is not the facility's of the day."""
    rows, found, expected = [], [], []
    columns = (receipts.row, receipts.facility, receipts.day, receipts.rate)
    known: dict[tuple[int, int], int] = {}
    for row, f, day, rate in zip(*(c.tolist() for c in columns), strict=True):
        usual = known.setdefault((f, day), facility_rate(context.facilities[f], day, day)[0])
        if rate != usual:
            rows.append(row)
            found.append(decimal_text(rate, 6))
            expected.append(f"{decimal_text(usual, 6)} ({to_date(day)})")
    return at_rows(table, "receipt_rate_differs", np.array(rows, np.int64), "rate", found, expected)


def opening_findings(
    table: pd.DataFrame,
    record: Recorded,
    opened: Flags,
    covered: Flags,
    tranches: Mapping[int, set[int]],
    context: Context,
) -> Findings:
    """Warnings where the record and what the run begins with do not fit.

    ``opened``: loans whose draw lies in the opening balance; ``covered``: loans that the opening totals hold;
    ``tranches``: by facility, the days on which an opening tranche was drawn.
    """
    got = record.receipts
    lost = [
        i
        for i in np.flatnonzero(opened[got.loan] & (got.day < context.start)).tolist()
        if int(got.day[i]) not in tranches.get(int(got.facility[i]), set())
    ]
    found = [f"{decimal_text(int(got.amount[i]), 2)} ({iso(int(got.day[i]))})" for i in lost]
    parts = [at_rows(table, "receipt_not_in_opening", got.row[lost], "funded_on", found)]
    late = np.flatnonzero(covered[got.loan] & (got.day >= context.start))
    found = [f"{decimal_text(int(got.amount[i]), 2)} ({iso(int(got.day[i]))})" for i in late.tolist()]
    parts.append(at_rows(table, "opening_covers_late", got.row[late], "funded_on", found, f"< {iso(context.start)}"))
    return Findings.concat(parts)


def set_aside_findings(side: Side, keys: Keys, error: Sequence[Flags]) -> Findings:
    """An error for money that arrived for a loan that is set aside for another reason: it is in no balance.

    ``error``: the loans set aside, but for those that the record itself sets aside.
    """
    if TABLE not in side:
        return Findings()
    table = side[TABLE]
    matched, _ = match_loans(table, keys)
    amount, _ = ints(table, "funded_amount_fen")
    funded = np.array([s == STATUS[FUNDED] for s in arrow(table, "status").to_pylist()], bool)
    rows = [m.row[e[m.loan] & funded[m.row]] for m, e in zip(matched, error, strict=True)]
    at = np.sort(np.concatenate(rows))
    return at_rows(table, "receipt_set_aside", at, "funded_amount", yuan(amount[at]))
