"""Reconciliation 申报与到账核对: what was filed in each application period, and what became of every yuan of it.

Of a period: applied for = funded + pending + refused + withdrawn (+ set aside). A loan that is applied for again
stands in each of its periods as it was filed there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.engine.applications import application_periods, in_time, period_number, period_text
from relending.engine.block import Block
from relending.engine.columns import Flags, arrow, frame_of, take, whole
from relending.engine.context import Context
from relending.engine.receipts import APPLIED, FUNDED, NO_ROW, REFUSED, WITHDRAWN, Recorded
from relending.units import Ints

RESULTS = (
    "not_applied",
    "pending",
    "refused",
    "withdrawn",
    "funded",
    "part_funded",
    "funded_not_eligible",
    "set_aside",
)
"""What may have become of a batch, in the order of the table."""
_BY_STATUS = {APPLIED: "pending", REFUSED: "refused", WITHDRAWN: "withdrawn"}


def batches_frame(
    block: Block,
    record: Recorded,
    eligible: Flags,
    facility: Ints,
    lender: Ints,
    error: Flags,
    table: pd.DataFrame,
    lenders: Sequence[str],
    context: Context,
) -> pd.DataFrame:
    """One row a loan and batch as it was filed, and one for each eligible loan that was never applied for.

    Columns: loan_id, lender, facility, period, result, principal_fen, asked_fen, received_fen, difference_fen,
    funded_on, file, sheet, row (of the table of applications).
    """
    b = record.batches
    inside = (block.disbursed[b.loan] <= context.end) & (lender[b.loan] >= 0)
    b = b.some(inside)
    result = np.full(b.loan.size, RESULTS.index("funded"))
    for status, name in _BY_STATUS.items():
        result[b.status == status] = RESULTS.index(name)
    got = b.status == FUNDED
    result[got & (b.received < b.asked)] = RESULTS.index("part_funded")
    result[got & ~eligible[b.loan]] = RESULTS.index("funded_not_eligible")
    result[error[b.loan]] = RESULTS.index("set_aside")
    absent = np.flatnonzero(
        record.follows & ~error & eligible & (record.status == NO_ROW) & (block.disbursed <= context.end)
    )
    period = np.zeros(absent.size, np.int64)
    for f, rules in enumerate(context.facilities):
        here = facility[absent] == f
        period[here] = application_periods(block.disbursed[absent[here]], rules)
    none = np.zeros(absent.size, np.int64)
    loan = np.concatenate([b.loan, absent])
    where = np.concatenate(
        [np.where(error[b.loan], b.facility, np.where(got, b.facility, facility[b.loan])), facility[absent]]
    )
    received = np.concatenate([b.received, none])
    asked = np.concatenate([b.asked, record.may_ask[absent]])
    row = pa.array(np.concatenate([b.row, none]), mask=np.arange(loan.size) >= b.loan.size)
    order = pa.array(np.argsort(loan, kind="stable"))

    def from_table(name: str) -> pa.Array:
        return arrow(table, name).take(row) if len(table) else pa.nulls(loan.size, arrow(table, name).type)

    columns = {
        "loan_id": block.loan_id.take(pa.array(loan)),
        "lender": take(list(lenders), lender[loan]),
        "facility": take([f.id for f in context.facilities], where),
        "period": pa.array([period_text(int(p)) for p in [*b.period, *period]], pa.string()),
        "result": pa.array([RESULTS[r] for r in [*result, *[0] * absent.size]], pa.string()),
        "principal_fen": whole(block.principal[loan]),
        "asked_fen": whole(asked),
        "received_fen": whole(received),
        "difference_fen": whole(asked - received),
        "funded_on": from_table("funded_on"),
        **{name: from_table(name) for name in ("file", "sheet", "row")},
    }
    return frame_of({name: column.take(order) for name, column in columns.items()})


def reconciliation_frame(batches: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Batches added up by lender, facility, period (in time) and result: what was filed, and what became of it.

    Columns: lender, facility, period, result, loans, principal_fen, asked_fen, received_fen, difference_fen.
    """
    names = ("lender", "facility", "period", "result")
    figures = ("principal_fen", "asked_fen", "received_fen", "difference_fen")
    texts = [arrow(batches, n).to_pylist() for n in names]
    amounts = [arrow(batches, n).to_pylist() for n in figures]
    sums: dict[tuple[str, ...], list[int]] = {}
    for key, values in zip(zip(*texts, strict=True), zip(*amounts, strict=True), strict=True):
        have = sums.setdefault(key, [0] * 5)
        for i, value in enumerate((1, *values)):
            have[i] += value
    place = {f.id: i for i, f in enumerate(context.facilities)}
    when = {k[2]: int(in_time(np.array(period_number(k[2])))) for k in sums}
    order = sorted(sums, key=lambda k: (k[0], place.get(k[1], -1), when[k[2]], RESULTS.index(k[3])))
    return frame_of(
        {
            **{n: pa.array([k[i] for k in order], pa.string()) for i, n in enumerate(names)},
            **{n: pa.array([sums[k][i] for k in order], pa.int64()) for i, n in enumerate(("loans", *figures))},
        }
    )
