"""Outstanding and in operation 余额口径与投产口径: what the supported loans owe at a quarter's end and stand for then.

The views of the banking regulator and of PCAF, kept apart from what is disclosed: a loan's share is what it owes over
its project's investment. What all of them owe together is compared with the run's cost series.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import iso, quarter_end, quarter_text
from relending.engine.columns import Flags, arrow, frame_of, ints, whole
from relending.engine.opening_totals import TOTAL
from relending.engine.rebuilt import rebuild
from relending.findings import InvariantError
from relending.lineage.case import empty
from relending.lineage.disclosed import Disclosed
from relending.lineage.revised import FIGURES
from relending.lineage.whynot import Saved
from relending.units import E8, Ints, exact_sums, mul_div


def counted_figures(run: Saved, place: Ints) -> pd.DataFrame:
    """The rows of the book at these places, with the figures of their projects that count (by a revision, else own)."""
    loans = run.tables["loans"].iloc[place].reset_index(drop=True)
    table = run.tables.get("revisions")
    if table is None or not len(table) or not len(loans):
        return loans
    by_project: dict[str, list[dict[str, object]]] = {}
    for row in table.sort_values("from", kind="stable").to_dict("records"):
        by_project.setdefault(str(row["project_id"]), []).append({str(k): v for k, v in row.items()})
    some = np.flatnonzero(loans["project_id"].isin(list(by_project)).to_numpy(dtype=bool))
    for given, own in FIGURES.items():
        values = loans[own].tolist()
        lots = {
            p: [(r["from"], r[given]) for r in rows if not (empty(r[given]) or pd.isna(r[given]))]
            for p, rows in by_project.items()
        }
        for i in some.tolist():
            lot = lots[str(loans.at[i, "project_id"])]
            at = bisect_right([str(day)[:10] for day, _ in lot], str(loans.at[i, "disbursed"])[:10])
            if at:
                values[i] = lot[at - 1][1]
        loans[own] = pd.array(values, dtype=loans[own].dtype)
    return loans


def outstanding_loans(run: Saved, found: Disclosed) -> pd.DataFrame:
    """The supported loans that owe at the end of the quarter, in input order.

    Columns: loan_id, field, sector, project_id, outstanding_fen, share_e8 (of the investment, null without
    one), reduction_g (of the project's by that share, 0 without a study or an investment), operational, state (running,
    building, unknown). Raises InvariantError where they do not owe what the cost series says.
    """
    place = ints(found.loans, "place")[0]
    day = int(quarter_end(found.quarter))
    owed = np.zeros(place.size, np.int64)
    if place.size:
        owed = rebuild(run.tables, place).schedule.outstanding(np.arange(place.size), day)
    _compare(run, found, owed)
    at = np.flatnonzero(owed > 0)
    book = counted_figures(run, place[at])
    investment, has = ints(book, "project_investment_fen")
    reduction, study = ints(book, "project_reduction_g")
    has &= investment > 0
    divisor = np.where(has, investment, 1)
    # a loan that counts by a receipt may lack either: nothing of it is multiplied, for nothing would divide it again
    whole_owed, part_owed = np.where(has, owed[at], 0), np.where(has & study, owed[at], 0)
    running, said = ints(book, "operational")
    state = np.where(~said, "unknown", np.where(running <= day, "running", "building"))
    share = mul_div(whole_owed, np.full(at.size, E8), divisor, "half_even")
    grams = mul_div(np.where(study, reduction, 0), part_owed, divisor, "half_even")
    rows = found.loans.iloc[at].reset_index(drop=True)
    return frame_of(
        {
            **{name: arrow(rows, name) for name in ("place", "loan_id", "field", "sector", "project_id")},
            "outstanding_fen": whole(owed[at]),
            "share_e8": whole(share, has),
            "reduction_g": whole(grams),
            "operational": arrow(book, "operational"),
            "state": pa.array(state.tolist(), pa.string()),
        }
    )


def _compare(run: Saved, found: Disclosed, owed: Ints) -> None:
    cost = run.tables["cost"]
    mine: Flags = (cost["lender"].eq(found.lender) & cost["facility"].eq(found.facility.id)).to_numpy(
        dtype=bool
    ) & cost["quarter"].eq(quarter_text(found.quarter)).to_numpy(dtype=bool)
    shown = cost.loc[mine, "loans_outstanding_fen"].tolist()
    total = exact_sums(owed, np.zeros(owed.size, np.int64), 1)[0]
    if [int(x) for x in shown] != [total]:
        when = iso(int(quarter_end(found.quarter)))
        raise InvariantError(f"{found.lender} {found.facility.id} {when}: the loans owe {total} fen, cost says {shown}")


def by_field(rows: pd.DataFrame, fields: list[str]) -> Mapping[str, tuple[int, int, int, int]]:
    """Loans, projects, fen and grams by field (of those in none as an empty text, if there are), and as ``total``."""
    listed = rows["field"].isin(fields).to_numpy(dtype=bool)
    out = {}
    for code in (*fields, *([] if listed.all() else [""]), TOTAL):
        mine = listed if code else ~listed
        if code in fields:
            mine = rows["field"].eq(code).fillna(False).to_numpy(dtype=bool)
        some = rows if code == TOTAL else rows[mine]
        none = np.zeros(len(some), np.int64)
        out[code] = (
            len(some),
            int(some["project_id"].nunique()),
            exact_sums(some["outstanding_fen"].to_numpy(dtype=np.int64), none, 1)[0],
            exact_sums(some["reduction_g"].to_numpy(dtype=np.int64), none, 1)[0],
        )
    return out
