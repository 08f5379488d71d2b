"""Loans that stopped meeting the conditions 不再符合条件: how the disclosure treats them (``disclosure.ineligible``).

``kept``: nothing changes. ``listed``: figures unchanged, the loans are a table of the run. ``restated``: listed too,
and out of every horizon from the quarter on in which the loan was both disclosed and no longer eligible.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from relending.dates import Days, iso, quarter_of, quarter_text
from relending.engine.attribution import Attributed
from relending.engine.block import NEVER, Block
from relending.engine.columns import Flags, days, frame_of, take, whole
from relending.engine.context import Context, launch_day
from relending.engine.loanfiles import loan_head
from relending.engine.opening_totals import SINCE_START, Totals
from relending.findings import Findings
from relending.units import Ints

KEPT, LISTED, RESTATED = "kept", "listed", "restated"


def lost(block: Block, loan: Ints, context: Context) -> Flags:
    """Which of these loans are no longer eligible on the last day of the run."""
    gone: Flags = block.ineligible[loan] <= context.end
    return gone


def leaving_quarters(block: Block, loan: Ints, facility: Ints, context: Context) -> Ints:
    """The quarter in which each of these loans stopped meeting the conditions, NEVER for most.

    Never earlier than the one it is disclosed in.
    """
    out = np.full(loan.size, NEVER)
    late = np.flatnonzero(lost(block, loan, context))
    if late.size:
        launch: Days = np.array([launch_day(f) for f in context.facilities], np.int64)
        day = np.maximum(block.ineligible[loan[late]], block.disbursed[loan[late]])
        out[late] = quarter_of(np.maximum(day, launch[facility[late]]))
    return out


def restated(leaves: Ints, context: Context) -> Ints | None:
    """The quarters in which loans leave the horizons; None where nothing is restated."""
    return leaves if context.ineligible == RESTATED and (leaves != NEVER).any() else None


def ineligible_frame(
    block: Block, loan: Ints, facility: Ints, quarter: Ints, leaves: Ints, attributed: Attributed, context: Context
) -> pd.DataFrame | None:
    """The supported loans of a block that are no longer eligible, in its order; None where there are none to list.

    ``quarter`` is the one each is disclosed in, ``leaves`` as :func:`leaving_quarters` gives it. Columns: loan_id,
    lender, facility, field, sector, project_id, quarter, ineligible_from, from_quarter, principal_fen, rate_ppm,
    reduction_g, treatment.
    """
    late = np.flatnonzero(leaves != NEVER)
    if late.size == 0 or context.ineligible == KEPT:
        return None
    rows, facility = loan[late], facility[late]
    first = int(quarter[late].min())
    names = [quarter_text(q) for q in range(first, int(leaves[late].max()) + 1)]
    return frame_of(
        {
            **loan_head(block, rows, facility, context),
            "quarter": take(names, quarter[late] - first),
            "ineligible_from": days(block.ineligible[rows]),
            "from_quarter": take(names, leaves[late] - first),
            "principal_fen": whole(block.principal[rows]),
            "rate_ppm": whole(block.rate[rows]),
            "reduction_g": whole(attributed.reduction[rows], attributed.has_reduction[rows]),
            "treatment": take([context.ineligible], np.zeros(late.size, np.int64)),
        }
    )


def ineligible_findings(
    block: Block,
    loan: Ints,
    lender: Ints,
    facility: Ints,
    quarter: Ints,
    leaves: Ints,
    totals: Totals,
    context: Context,
) -> Findings:
    """A warning for each supported loan that is no longer eligible, and for each that opening totals hold on to."""
    late = np.flatnonzero(leaves != NEVER)
    if late.size == 0:
        return Findings()
    rows = loan[late]
    said = _at(block, "became_ineligible", rows, [context.ineligible] * late.size)
    if context.ineligible == RESTATED and totals.through:
        held = np.zeros(late.size, bool)
        for (who, f, horizon), last in totals.through.items():
            if horizon == SINCE_START:
                # one that left before is not in the figures of the last statement any more
                mine = (lender[late] == who) & (facility[late] == f)
                held |= mine & (quarter[late] <= last) & (leaves[late] > last)
        if held.any():
            where = [quarter_text(int(q)) for q in leaves[late[held]]]
            said += _at(block, "ineligible_in_opening", rows[held], where)
    return said


def _at(block: Block, code: str, rows: Ints, expected: list[str]) -> Findings:
    found = [iso(int(d)) for d in block.ineligible[rows]]
    place = block.place(rows)
    return Findings.of(code, int(rows.size), **place, column="ineligible_from", found=found, expected=expected)
