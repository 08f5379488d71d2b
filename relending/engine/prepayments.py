"""Prepayments 提前还款 and the schedules they change: sorted to their loans, judged, and said where they cannot be.

An unknown loan is an error of the file. A prepayment above what is outstanding, of nothing, or that could not be read
sets its loan aside; what is found points at the row of the prepayment, not at that of the loan.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relending.dates import Days, iso
from relending.engine.block import Block
from relending.engine.columns import Flags, arrow, ints
from relending.engine.keys import Keys
from relending.engine.schedule import Schedule, apply_prepayments
from relending.findings import Findings
from relending.units import Ints, decimal_text


@dataclass(frozen=True, slots=True)
class Matched:
    """Prepayments of one block's loans: loan (position in the block), day, amount in fen, and row of the side table.

    ``readable`` is false where date or amount could not be read.
    """

    loan: Ints
    day: Days
    amount: Ints
    row: Ints
    readable: Flags


def match(prepayments: pd.DataFrame | None, keys: Keys) -> tuple[tuple[Matched, ...], Findings]:
    """Prepayments by block; an unknown loan is an error of the file."""
    if prepayments is None or len(prepayments) == 0:
        none = np.zeros(0, np.int64)
        return tuple(Matched(none, none, none, none, none.astype(bool)) for _ in keys.duplicate), Findings()
    matched, unknown = _by_block(keys, prepayments)
    rows = np.flatnonzero(unknown)
    said = _of_prepayments(prepayments, "unknown_prepayment_loan", rows, "loan_id")
    return matched, said


def _by_block(keys: Keys, prepayments: pd.DataFrame) -> tuple[tuple[Matched, ...], Flags]:
    """Prepayments sorted to the blocks of their loans; and which rows name a loan that no block has."""
    loan_id = arrow(prepayments, "loan_id")
    day, has_day = ints(prepayments, "date")
    amount, has_amount = ints(prepayments, "amount_fen")
    named = loan_id.unique().drop_null()
    # the small table is the one that is hashed; of a duplicated id any row will do, all of them are set aside
    hit = pc.index_in(keys.loan_ids.combine_chunks(), value_set=named)
    found = np.flatnonzero(np.asarray(hit.is_valid()))
    row_of = np.full(len(named) + 1, -1, np.int64)
    row_of[hit.fill_null(0).to_numpy(zero_copy_only=False)[found]] = found
    place = pc.index_in(loan_id, value_set=named).fill_null(len(named)).to_numpy(zero_copy_only=False)
    where = row_of[place]
    matched = []
    for start, stop in itertools.pairwise(keys.offsets):
        mine = np.flatnonzero((where >= start) & (where < stop))
        readable = has_day[mine] & has_amount[mine]
        matched.append(Matched(where[mine] - start, day[mine], amount[mine], mine, readable))
    return tuple(matched), (where < 0) & np.asarray(loan_id.is_valid())


def _of_prepayments(
    prepayments: pd.DataFrame,
    code: str,
    rows: Ints,
    column: str,
    found: Sequence[str] | None = None,
    expected: Sequence[str] | str = "",
) -> Findings:
    """Findings that point at rows of the prepayments table."""
    if rows.size == 0:
        return Findings()
    at = pa.array(rows)
    loan = arrow(prepayments, "loan_id").take(at)
    place = {name: arrow(prepayments, name).take(at) for name in ("file", "sheet", "row")}
    return Findings.of(
        code,
        int(rows.size),
        **place,
        loan=loan,
        column=column,
        found=loan if found is None else found,
        expected=expected,
    )


def schedule_block(
    block: Block, error: Flags, matched: Matched, prepayments: pd.DataFrame | None
) -> tuple[Schedule, Flags, Findings]:
    """The block's schedule, the loans whose prepayments cannot be, and what is wrong with these."""
    impossible = np.zeros(len(block), bool)
    if prepayments is None or matched.loan.size == 0:
        return apply_prepayments(block.terms, ~error, matched.loan, matched.day, matched.amount), impossible, Findings()
    # what could not be read has its finding already; a loan whose prepayments are not known has no schedule
    impossible[matched.loan[~matched.readable]] = True
    zero = matched.readable & (matched.amount <= 0) & ~error[matched.loan]
    impossible[matched.loan[zero]] = True
    said = _of_prepayments(
        prepayments,
        "prepayment_not_positive",
        matched.row[zero],
        "amount",
        [decimal_text(int(a), 2) for a in matched.amount[zero]],
        "> 0",
    )
    schedule = apply_prepayments(block.terms, ~error & ~impossible, matched.loan, matched.day, matched.amount)
    loan, day, amount, owed = schedule.prepaid.refused
    # several of one day were added together: the first of that day stands for them
    order = np.lexsort((matched.row, matched.day, matched.loan))
    first = np.searchsorted(_key(matched.loan, matched.day)[order], _key(loan, day))
    said += _of_prepayments(
        prepayments,
        "prepayment_over_outstanding",
        matched.row[order[first]],
        "amount",
        [f"{decimal_text(int(a), 2)} ({iso(int(d))})" for a, d in zip(amount, day, strict=True)],
        [f"<= {decimal_text(int(o), 2)}" for o in owed],
    )
    impossible[loan] = True
    return schedule, impossible, said


def _key(loan: Ints, day: Days) -> Ints:
    """Loan and day as one number, in their order (days stay far below 2**20 of either sign)."""
    return loan * 2**21 + day + 2**20
