"""The restatement 重述: each loan of a revised project by the figures of its latest revision, beside those it has.

A re-estimate changes no statement already made and no loan already made; this table says what it would change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import quarter_of, quarter_text
from relending.engine.attribution import Attributed, attribute
from relending.engine.block import Block
from relending.engine.columns import Flags, arrow, days, frame_of, take, whole
from relending.engine.disclosure import disclosure_quarters
from relending.engine.revisions import TABLE, Figure, Revisions
from relending.engine.side import Side
from relending.units import Ints

if TYPE_CHECKING:
    from relending.engine.context import Context


def restated(
    block: Block,
    found: Revisions,
    side: Side,
    project: Ints,
    error: Flags,
    attributed: Attributed,
    supported: Flags,
    facility: Ints,
    context: Context,
) -> pd.DataFrame:
    """The restatement of one block: usable loans that have other figures than by the latest revision up to the end.

    Columns: loan_id, lender, facility, project_id, quarter, supported, revised_from, reason, share_e8, reduction_g,
    share_restated_e8, reduction_restated_g, difference_g (restated less frozen).
    """
    rows = np.flatnonzero(~error & (block.disbursed <= context.end) & found.revised[project])
    at = found.latest(project[rows], np.full(rows.size, context.end))
    rows, at = rows[at >= 0], at[at >= 0]
    investment, has_investment = _latest(found.investment, at, block.investment[rows], block.has_investment[rows])
    reduction, has_reduction = _latest(found.reduction, at, block.reduction[rows], block.has_reduction[rows])
    other = (investment != block.investment[rows]) | (has_investment != block.has_investment[rows])
    other |= (reduction != block.reduction[rows]) | (has_reduction != block.has_reduction[rows])
    # of a usable loan no figure is impossible
    possible = np.zeros(rows.size, bool)
    then = attribute(block.principal[rows], investment, has_investment, reduction, has_reduction, possible).some(other)
    rows, at = rows[other], at[other]
    index = pa.array(rows)
    return frame_of(
        {
            "loan_id": block.loan_id.take(index),
            "lender": arrow(block.frame, "lender").take(index),
            "facility": take([f.id for f in context.facilities], facility[rows]),
            "project_id": arrow(block.frame, "project_id").take(index),
            "quarter": _quarters(block.disbursed[rows], facility[rows], context),
            "supported": pa.array(supported[rows]),
            "revised_from": days(found.day[at]),
            "reason": arrow(side[TABLE], "reason").take(pa.array(found.row[at])),
            "share_e8": whole(attributed.share[rows], attributed.has_share[rows]),
            "reduction_g": whole(attributed.reduction[rows], attributed.has_reduction[rows]),
            "share_restated_e8": whole(then.share, then.has_share),
            "reduction_restated_g": whole(then.reduction, then.has_reduction),
            "difference_g": whole(then.reduction - attributed.reduction[rows]),
        }
    )


def _latest(figure: Figure, at: Ints, own: Ints, there: Flags) -> tuple[Ints, Flags]:
    """A figure of loans as revisions (positions) give it, their own where none does."""
    return np.where(figure.there[at], figure.value[at], own), figure.there[at] | there


def _quarters(disbursed: Ints, facility: Ints, context: Context) -> pa.Array:
    """The quarter each loan is disclosed in; of one no facility is a candidate for, that of its disbursement."""
    quarter = quarter_of(disbursed)
    for f, rules in enumerate(context.facilities):
        mine = np.flatnonzero(facility == f)
        quarter[mine] = disclosure_quarters(disbursed[mine], rules)
    found, which = np.unique(quarter, return_inverse=True)
    return take([quarter_text(int(q)) for q in found.tolist()], which)
