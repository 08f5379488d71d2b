"""Other lenders' loans 他行贷款 to the projects of the book: a register, with which shares are tested over all banks.

Nothing is computed for them but their part of the project: what others lent is gone from what a loan of the book may
have of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relending.dates import Days
from relending.engine.columns import Flags, arrow, ints, positions_in
from relending.engine.keys import Keys
from relending.engine.projectkeys import ProjectKeys
from relending.engine.side import Side, at_rows
from relending.findings import Findings
from relending.units import INT64_MAX, Ints, decimal_text, group_sum

TABLE = "other_loans"


@dataclass(frozen=True, slots=True)
class OtherLoans:
    """Loans of other lenders up to the end of the run: row of their table, project (its key), day, fen."""

    row: Ints
    project: Ints
    disbursed: Days
    principal: Ints


NOBODY = OtherLoans(*(np.zeros(0, np.int64) for _ in range(4)))


def other_errors(side: Side) -> Findings:
    """Rows that say nothing of a project: they stop the run, for there is no loan of the book to set aside.

    Neither project_id nor project_code is given, or the amount is not above zero.
    """
    table = side.get(TABLE)
    if table is None or len(table) == 0:
        return Findings()
    named = np.asarray(_text(table, "project_id").is_valid()) | np.asarray(_text(table, "project_code").is_valid())
    amount, there = ints(table, "principal_fen")
    wrong = np.flatnonzero(there & (amount <= 0))
    found = [decimal_text(a, 2) for a in amount[wrong].tolist()]
    nothing = np.flatnonzero(~named)
    return Findings.concat(
        [
            at_rows(table, "value_missing", nothing, "project_id", "", "project_id | project_code"),
            at_rows(table, "principal_not_positive", wrong, "principal", found, "> 0"),
        ]
    )


def _text(table: pd.DataFrame, name: str) -> pa.Array:
    return arrow(table, name) if name in table else pa.nulls(len(table), pa.string())


def other_loans(side: Side, keys: Keys, projects: ProjectKeys, end: int) -> tuple[OtherLoans, Findings]:
    """The others' loans up to ``end`` (a day number) by project: by their project_code, else by their project_id.

    Those of projects that the book has not are left out, with a note.
    """
    table = side.get(TABLE)
    if table is None or len(table) == 0:
        return NOBODY, Findings()
    code, project_id = _text(table, "project_code"), _text(table, "project_id")
    number = positions_in(project_id, keys.project_ids)
    project = np.where(number >= 0, projects.key[number], -1)
    known = number >= 0
    if projects.codes is not None:
        coded = positions_in(code, projects.codes)
        by_code = projects.of_code(coded)
        project = np.where(by_code >= 0, by_code, project)
        # a code that only loans set aside give, or that is not its project's first, is in the book all the same
        known |= coded >= 0
    day, _ = ints(table, "disbursed")
    amount, _ = ints(table, "principal_fen")
    unknown = np.flatnonzero(~known)
    name = pc.coalesce(code, project_id).take(pa.array(unknown))
    said = at_rows(table, "other_project_unknown", unknown, "project_code", name, "")
    row = np.flatnonzero((project >= 0) & (day <= end))
    return OtherLoans(row, project[row], day[row], amount[row]), said


def over_investment(others: OtherLoans, least: Ints, side: Side) -> Findings:
    """A warning for each project of which others alone lent more than its smallest investment given (``least``, fen).

    It stands at the loan that, in the order of their days, takes them above it.
    """
    if others.row.size == 0:
        return Findings()
    lent = group_sum(others.principal, others.project, least.size)
    some = np.flatnonzero((lent > least)[others.project])
    if some.size == 0:
        return Findings()
    order = some[np.lexsort((others.row[some], others.disbursed[some], others.project[some]))]
    project = others.project[order]
    first = np.concatenate([[True], project[1:] != project[:-1]])
    # a running sum that wraps is still right within each project, whose own sum does not
    running = np.cumsum(others.principal[order])
    start = np.maximum.accumulate(np.where(first, np.arange(order.size), 0))
    running = running - (running[start] - others.principal[order][start])
    above = np.flatnonzero(running > least[project])
    at = above[np.unique(project[above], return_index=True)[1]]
    at = at[np.argsort(others.row[order[at]])]
    found = [decimal_text(s, 2) for s in running[at].tolist()]
    most = [f"<= {decimal_text(i, 2)}" for i in least[project[at]].tolist()]
    return at_rows(side[TABLE], "others_over_investment", others.row[order[at]], "principal", found, most)


def smallest(project: Ints, investment: Ints, gives: Flags, projects: int) -> Ints:
    """The smallest investment given of each project, INT64_MAX where none is."""
    least = np.full(projects, INT64_MAX)
    np.minimum.at(least, project[gives], investment[gives])
    return least


def lent_by_others(others: OtherLoans, projects: int) -> Ints:
    """What others lent to each project, fen."""
    return group_sum(others.principal, others.project, projects)


__all__ = ["OtherLoans", "lent_by_others", "other_errors", "other_loans", "over_investment", "smallest"]
