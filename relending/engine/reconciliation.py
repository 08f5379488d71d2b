"""Reconciliation 申报与到账核对: what became of every loan that could be applied for, by application period.

Of a period: applied for = funded + pending + refused + withdrawn. Every yuan between what was asked and what arrived is
in one of its rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.engine.applications import application_periods, period_text
from relending.engine.block import Block
from relending.engine.columns import Flags, frame_of
from relending.engine.context import Context
from relending.engine.receipts import APPLIED, FUNDED, NO_ROW, REFUSED, WITHDRAWN, Recorded
from relending.engine.screening import NONE
from relending.units import Ints

RESULTS = ("not_applied", "pending", "refused", "withdrawn", "funded", "part_funded", "funded_not_eligible")
"""What may have become of a loan, in the order of the table."""
_BY_STATUS = {NO_ROW: "not_applied", APPLIED: "pending", REFUSED: "refused", WITHDRAWN: "withdrawn"}

Cell = tuple[int, int, int, int]
"""Lender, facility, application period and result (positions)."""
Counts = dict[Cell, list[int]]
"""By cell: loans, principal, asked, received (fen)."""


def reconcile_block(
    block: Block, record: Recorded, eligible: Flags, facility: Ints, lender: Ints, error: Flags, context: Context
) -> Counts:
    """The counts of one block: its loans that the record decides and that are eligible, applied for or funded."""
    funded = record.status == FUNDED
    live = record.follows & ~error & (block.disbursed <= context.end) & (facility != NONE)
    live &= eligible | funded | (record.status != NO_ROW)
    out: Counts = {}
    for f, rules in enumerate(context.facilities):
        rows = np.flatnonzero(live & (facility == f))
        if rows.size == 0:
            continue
        # a loan that was applied for belongs to its last batch, any other to the period of its disbursement
        own = application_periods(block.disbursed[rows], rules)
        period = np.where(record.status[rows] == NO_ROW, own, record.period[rows])
        result = np.full(rows.size, RESULTS.index("not_applied"))
        for status, name in _BY_STATUS.items():
            result[record.status[rows] == status] = RESULTS.index(name)
        part = record.received[rows] < record.asked[rows]
        got = funded[rows]
        result[got] = np.where(part[got], RESULTS.index("part_funded"), RESULTS.index("funded"))
        result[got & ~eligible[rows]] = RESULTS.index("funded_not_eligible")
        columns = (lender[rows], period, result, block.principal[rows], record.asked[rows], record.received[rows])
        for who, p, r, principal, asked, received in zip(*(c.tolist() for c in columns), strict=True):
            cell = out.setdefault((who, f, p, r), [0, 0, 0, 0])
            for i, value in enumerate((1, principal, asked, received)):
                cell[i] += value
    return out


def merged(parts: Sequence[Counts]) -> Counts:
    """The counts of several blocks together."""
    out: Counts = {}
    for part in parts:
        for cell, values in part.items():
            have = out.setdefault(cell, [0, 0, 0, 0])
            for i, value in enumerate(values):
                have[i] += value
    return out


def reconciliation_frame(counts: Counts, lenders: Sequence[str], context: Context) -> pd.DataFrame:
    """The table: by lender, facility, period (in time) and result.

    Columns: lender, facility, period, result, loans, principal_fen, asked_fen, received_fen, difference_fen (asked less
    received).
    """
    order = sorted(counts, key=lambda c: (c[0], c[1], -c[2] if c[2] < 0 else c[2] * 3 + 2, c[3]))
    figures = [counts[c] for c in order]

    def column(i: int) -> pa.Array:
        return pa.array([v[i] for v in figures], pa.int64())

    return frame_of(
        {
            "lender": pa.array([lenders[c[0]] for c in order], pa.string()),
            "facility": pa.array([context.facilities[c[1]].id for c in order], pa.string()),
            "period": pa.array([period_text(c[2]) for c in order], pa.string()),
            "result": pa.array([RESULTS[c[3]] for c in order], pa.string()),
            "loans": column(0),
            "principal_fen": column(1),
            "asked_fen": column(2),
            "received_fen": column(3),
            "difference_fen": pa.array([v[2] - v[3] for v in figures], pa.int64()),
        }
    )
