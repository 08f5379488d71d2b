"""What an application says of each loan: the row of the book, its rule's rate and tenor, its share and reduction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import Days, add_months, month_of
from relending.engine.block import Block
from relending.engine.columns import frame_of, whole
from relending.engine.context import Context
from relending.engine.screening import tenor_is_1y
from relending.policy import Facility
from relending.units import Ints

_OF_LOAN = (
    *("loan_id", "contract_id", "borrower", "project_name", "project_id", "project_code", "principal_fen"),
    *("rate_ppm", "evidence", "evidence_doc", "evidence_by"),
    "evidence_date",
)
_OF_ATTRIBUTION = ("field", "sector", "share_e8", "reduction_g")


def listed_frame(
    block: Block, rows: Ints, attribution: pd.DataFrame, rules: Facility, context: Context
) -> pd.DataFrame:
    """The loans ``rows`` of a block as a step frame; ``attribution`` holds their rows of that table.

    Columns: those of the book and of the attribution, disbursed, matures, term_months, lpr_ppm and lpr_tenor (1Y, 5Y)
    of the day of disbursement, spread_ppm (rate less LPR; empty before the first fixing), ratio_bp, and the project's
    figures as they count for the loan.
    """
    disbursed, matures = block.disbursed[rows], block.matures[rows]
    fixing = context.lpr.index(disbursed)
    one = tenor_is_1y(block, rows, rules)
    lpr = np.where(one, context.lpr.lpr_1y_ppm[fixing], context.lpr.lpr_5y_ppm[fixing])
    frame = block.frame.iloc[rows].reset_index(drop=True)
    told = attribution.reset_index(drop=True)
    made = frame_of(
        {
            "term_months": whole(term_months(disbursed, matures)),
            "lpr_ppm": whole(lpr, fixing >= 0),
            "lpr_tenor": pa.array(np.where(one, "1Y", "5Y").tolist(), pa.string()),
            "spread_ppm": whole(block.rate[rows] - lpr, fixing >= 0),
            "ratio_bp": whole(rules["ratio"].pick(disbursed)),
            # as they count for the loan, not as its row has them
            "project_investment_fen": whole(block.investment[rows], block.has_investment[rows]),
            "project_reduction_g": whole(block.reduction[rows], block.has_reduction[rows]),
        }
    )
    parts = [frame[[*_OF_LOAN, "disbursed", "matures"]], told[list(_OF_ATTRIBUTION)], made]
    return pd.concat(parts, axis="columns")


def term_months(disbursed: Days, matures: Days) -> Ints:
    """Months from disbursement to maturity, a begun one counted as whole.

    >>> from relending.dates import to_day
    >>> import datetime as dt
    >>> day = [to_day(dt.date(2024, 1, 31)), to_day(dt.date(2024, 1, 15))]
    >>> due = [to_day(dt.date(2024, 2, 29)), to_day(dt.date(2024, 2, 16))]
    >>> term_months(np.array(day), np.array(due)).tolist()
    [1, 2]
    """
    months = month_of(matures) - month_of(disbursed)
    return months + (add_months(disbursed, months) < matures)
