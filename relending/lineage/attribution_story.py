"""A loan's share of its project, its annual reduction with the arithmetic, and the disclosure cells it counts in."""

from __future__ import annotations

from typing import Any

import pandas as pd

from relending.dates import quarter_text
from relending.engine.block import Block
from relending.engine.context import Context
from relending.engine.disclosure import HORIZONS, disclosure_quarters
from relending.lineage.case import Case, facility_of
from relending.lineage.contract_story import contract_told, ineligibility_told
from relending.lineage.revised import counted, revision_told
from relending.lineage.story import fraction, money, say, tonnes


def share_and_reduction(case: Case, lang: str) -> list[str]:
    """The revision and contract the loan is under; the share and the reduction, each written out, or what it lacks."""
    row = counted(case).iloc[0]
    under = [*revision_told(case, lang), *contract_told(case, lang)]
    return [*under, _share(case, row, lang), _reduction(case, row, lang)]


def _share(case: Case, row: Any, lang: str) -> str:
    share = case.attribution["share_e8"]
    if pd.isna(share):
        return say("no_share", lang, why=say(_lacking(row), lang))
    return say(
        "share",
        lang,
        principal=money(int(row["principal_fen"])),
        investment=money(int(row["project_investment_fen"])),
        share=fraction(int(share)),
    )


def _reduction(case: Case, row: Any, lang: str) -> str:
    reduction = case.attribution["reduction_g"]
    if pd.isna(reduction):
        return say("unknown_reduction", lang, why=say(_lacking(row), lang))
    if pd.isna(case.attribution["share_e8"]) or pd.isna(row["project_reduction_g"]):
        return say("no_reduction", lang, why=say(_lacking(row), lang), reduction=tonnes(int(reduction)))
    return say(
        "reduction",
        lang,
        project=tonnes(int(row["project_reduction_g"])),
        principal=money(int(row["principal_fen"])),
        investment=money(int(row["project_investment_fen"])),
        reduction=tonnes(int(reduction)),
    )


def _lacking(row: Any) -> str:
    """What share or reduction cannot be computed without, as a key of the story: an impossible figure comes first."""
    figures = {
        "principal": row["principal_fen"],
        "investment": row["project_investment_fen"],
        "study": row["project_reduction_g"],
    }
    for name, value in figures.items():
        if not pd.isna(value) and (int(value) < 0 or (int(value) == 0 and name != "study")):
            return f"wrong_{name}"
    missing = (name for name, value in figures.items() if pd.isna(value))
    return f"no_{next(missing, 'figure')}"


def cells(case: Case, block: Block, context: Context, lang: str) -> list[str]:
    """The disclosure cells the loan is counted in, in its own quarter."""
    attribution = case.attribution
    if not attribution["supported"]:
        return [say("not_counted", lang)]
    rules = facility_of(context, attribution["facility"])
    quarter = quarter_text(int(disclosure_quarters(block.disbursed, rules)[0]))
    stem = f"{attribution['lender']}/{attribution['facility']}/{quarter}"
    # money may have arrived for a sector that the facility does not list: the loan counts in the total alone
    listed = attribution["sector"] in rules.codes()
    codes = ("total", attribution["field"], attribution["sector"]) if listed else ("total",)
    found = [f"{stem}/{'|'.join(HORIZONS)}/{code}" for code in codes]
    counted_in = say("cells", lang, cells="; ".join(found))
    return [counted_in, *_claim(case, context, lang), *ineligibility_told(case, block, context, lang)]


def _claim(case: Case, context: Context, lang: str) -> list[str]:
    """Of a loan drawn for in part: what of it the disclosure counts."""
    rows = case.side.get("part_funded")
    if rows is None or len(rows) == 0:
        return []
    row = rows.iloc[0]
    return [
        say(
            f"claim_{context.claim or 'none'}",
            lang,
            drawn=money(int(row["drawn_fen"])),
            full=money(int(row["full_draw_fen"])),
            claimed=money(int(row["claimed_fen"])),
            reduction=tonnes(int(row["reduction_claimed_g"])),
        )
    ]
