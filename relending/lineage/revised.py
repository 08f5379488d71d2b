"""Revised figures of projects 项目调整: which of them count for a loan, and how its own would read by the latest."""

from __future__ import annotations

from typing import Any

import pandas as pd

from relending.lineage.case import Case, empty
from relending.lineage.loan_events import where
from relending.lineage.story import fraction, money, say, tonnes

FIGURES = {
    "investment_fen": "project_investment_fen",
    "reduction_g": "project_reduction_g",
    "evidence": "evidence",
}
"""Column of a revision -> column of a loan that it stands for."""


def in_force(case: Case) -> pd.DataFrame:
    """The revisions of the loan's project up to its disbursement, the latest last."""
    table = case.side.get("revisions")
    if table is None or len(table) == 0 or pd.isna(case.row["disbursed"]):
        return pd.DataFrame()
    return table[table["from"].le(case.row["disbursed"]).fillna(False).astype(bool)].sort_values("from")


def counted(case: Case) -> pd.DataFrame:
    """The loan's row with the figures that count: of each the latest revision that gives it, else its own."""
    loan = case.loan
    for _, revision in in_force(case).iterrows():
        for given, own in FIGURES.items():
            value = revision[given]
            if not (empty(value) or pd.isna(value)):
                loan = loan.assign(**{own: pd.array([value], loan[own].dtype)})
    return loan


def revision_told(case: Case, lang: str) -> list[str]:
    """Which revision the loan is under, and what the latest one would make of it."""
    lines = []
    mine = in_force(case)
    if len(mine):
        last, row = mine.iloc[-1], counted(case).iloc[0]
        lines.append(say("revised", lang, **_figures(row), **_why(last), where=where(last, lang)))
    table = case.side.get("restatement")
    if table is not None:
        lines += [_restated(row, lang) for _, row in table.iterrows()]
    return lines


def _figures(row: Any) -> dict[str, object]:
    investment, reduction = row["project_investment_fen"], row["project_reduction_g"]
    return {
        "investment": "—" if pd.isna(investment) else money(int(investment)),
        "reduction": "—" if pd.isna(reduction) else tonnes(int(reduction)),
    }


def _why(revision: Any) -> dict[str, object]:
    reason = revision["reason"]
    return {"since": str(revision["from"])[:10], "reason": "—" if empty(reason) or pd.isna(reason) else reason}


def _restated(row: Any, lang: str) -> str:
    shown = {
        "since": str(row["revised_from"])[:10],
        "reason": row["reason"],
        "share": fraction(int(row["share_restated_e8"])) if not pd.isna(row["share_restated_e8"]) else "—",
        "reduction": tonnes(int(row["reduction_restated_g"])) if not pd.isna(row["reduction_restated_g"]) else "—",
        "difference": tonnes(int(row["difference_g"])) if not pd.isna(row["difference_g"]) else "—",
    }
    return say("restated_by", lang, **shown)
