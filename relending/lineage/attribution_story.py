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
    row = case.row
    if pd.isna(case.attribution["share_e8"]):
        return say("no_share", lang, why=say(_lacking(case) or "no_investment", lang))
    return say(
        "share",
        lang,
        principal=money(int(row["principal_fen"])),
        investment=money(int(row["project_investment_fen"])),
        share=fraction(int(case.attribution["share_e8"])),
    )


def _reduction(case: Case, lang: str) -> str:
    row, reduction = case.row, case.attribution["reduction_g"]
    lacking = _lacking(case)
    if pd.isna(reduction):
        return say("unknown_reduction", lang, why=say(lacking or "no_principal", lang))
    if lacking is None and pd.isna(row["project_reduction_g"]):
        lacking = "no_study"
    elif lacking is None and int(row["project_reduction_g"]) < 0:
        lacking = "negative_study"
    if lacking is not None:
        return say("no_reduction", lang, why=say(lacking, lang), reduction=tonnes(int(reduction)))
    return say(
        "reduction",
        lang,
        project=tonnes(int(row["project_reduction_g"])),
        principal=money(int(row["principal_fen"])),
        investment=money(int(row["project_investment_fen"])),
        reduction=tonnes(int(reduction)),
    )


def _lacking(case: Case) -> str | None:
    """What the share cannot be computed without: the key of a sentence, None if nothing is lacking."""
    for column, missing, wrong in (
        ("principal_fen", "no_principal", "principal_not_positive"),
        ("project_investment_fen", "no_investment", "investment_not_positive"),
    ):
        value = case.row[column]
        if pd.isna(value):
            return missing
        if int(value) <= 0:
            return wrong
    return None


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
