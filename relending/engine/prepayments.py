"""Prepayments 提前还款, judged by themselves: what could not be read, or is of nothing, sets its loan aside.

An unknown loan is an error of the file. That no more is repaid than is owed shows only with everything else that
happened to the loan (:mod:`relending.engine.loanfacts`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from relending.engine.columns import Flags, ints
from relending.engine.owed import PREPAID, Events
from relending.engine.side import Matched, at_rows
from relending.findings import Findings
from relending.units import decimal_text


def prepaid(error: Flags, matched: Matched, prepayments: pd.DataFrame | None) -> tuple[Events, Flags, Findings]:
    """The prepayments of a block's loans as events, the loans whose prepayments cannot be, and what is wrong."""
    impossible = np.zeros(len(error), bool)
    if prepayments is None or matched.loan.size == 0:
        return Events.joined([]), impossible, Findings()
    day, has_day = ints(prepayments, "date")
    amount, has_amount = ints(prepayments, "amount_fen")
    loan, row = matched.loan, matched.row
    readable = has_day[row] & has_amount[row]
    # what could not be read has its finding already; a loan whose prepayments are not known has no schedule
    impossible[loan[~readable]] = True
    zero = readable & (amount[row] <= 0) & ~error[loan]
    impossible[loan[zero]] = True
    said = at_rows(
        prepayments,
        "prepayment_not_positive",
        row[zero],
        "amount",
        [decimal_text(int(a), 2) for a in amount[row[zero]]],
        "> 0",
    )
    kept = row[readable & ~zero]
    return Events.of(PREPAID, loan[readable & ~zero], day[kept], amount[kept]), impossible, said
