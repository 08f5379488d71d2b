"""Sheets of a workbook that hold a table beside the loans 附表: their names, and names that are most likely meant."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from relending.book.columns import limits
from relending.book.headers import plain

SIDE_SHEETS: Mapping[str, str] = {
    name: table
    for table, names in {
        "prepayments": ("提前还款",),
        "applications": ("申请与到账",),
        "opening_tranches": ("期初批次",),
        "opening": ("期初披露数",),
        "schedule": ("还款计划",),
        "balances": ("贷款余额",),
        "revisions": ("项目调整",),
        "other_loans": ("他行贷款",),
    }.items()
    for name in (*names, plain(table))
}
"""Sheets of a book's workbook that hold a table beside the loans, by their evened-out name."""


def meant(name: str) -> str:
    """The sheet of a table beside the loans that a name is most like; empty where it is like none."""
    near = difflib.get_close_matches(plain(name), list(SIDE_SHEETS), 1, limits()["sheet_alike_percent"] / 100)
    return near[0] if near else ""


def unread(name: str, table: str, loans: bool) -> str:
    """The code of what is said of a sheet that is not read."""
    if table == "loans" and meant(name):
        return "side_sheet_like"
    return "sheet_not_read" if loans else "sheet_ignored"
