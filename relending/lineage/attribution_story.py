"""A loan's share of its project, its annual reduction with the arithmetic, and the disclosure cells it counts in."""

from __future__ import annotations

import pandas as pd

from relending.dates import quarter_text
from relending.engine.block import Block
from relending.engine.context import Context
from relending.engine.disclosure import HORIZONS, disclosure_quarters
from relending.lineage.case import Case, facility_of
from relending.lineage.story import fraction, money, say, tonnes


def share_and_reduction(case: Case, lang: str) -> list[str]:
    """Two sentences: the share and the reduction, each written out, or what it lacks."""
    return [_share(case, lang), _reduction(case, lang)]


def _share(case: Case, lang: str) -> str:
    row, share = case.row, case.attribution["share_e8"]
    if pd.isna(share):
        return say("no_share", lang, why=say(_lacking(case), lang))
    return say(
        "share",
        lang,
        principal=money(int(row["principal_fen"])),
        investment=money(int(row["project_investment_fen"])),
        share=fraction(int(share)),
    )


def _reduction(case: Case, lang: str) -> str:
    row, reduction = case.row, case.attribution["reduction_g"]
    if pd.isna(reduction):
        return say("unknown_reduction", lang, why=say(_lacking(case), lang))
    if pd.isna(case.attribution["share_e8"]) or pd.isna(row["project_reduction_g"]):
        return say("no_reduction", lang, why=say(_lacking(case), lang), reduction=tonnes(int(reduction)))
    return say(
        "reduction",
        lang,
        project=tonnes(int(row["project_reduction_g"])),
        principal=money(int(row["principal_fen"])),
        investment=money(int(row["project_investment_fen"])),
        reduction=tonnes(int(reduction)),
    )


def _lacking(case: Case) -> str:
    """What share or reduction cannot be computed without, as a key of the story: an impossible figure comes first."""
    figures = {
        "principal": case.row["principal_fen"],
        "investment": case.row["project_investment_fen"],
        "study": case.row["project_reduction_g"],
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
    found = [f"{stem}/{'|'.join(HORIZONS)}/{code}" for code in ("total", attribution["field"], attribution["sector"])]
    return [say("cells", lang, cells="; ".join(found))]
