"""What a loan's contract and syndicate allow 合同与银团, and what its loss of eligibility does to the disclosure."""

from __future__ import annotations

from typing import Any

import pandas as pd

from relending.dates import iso, quarter_of, quarter_text
from relending.engine.block import NEVER, Block
from relending.engine.context import Context
from relending.engine.disclosure import disclosure_quarters
from relending.lineage.case import Case, empty, facility_of
from relending.lineage.story import money, percent, say
from relending.units import PPM


def contract_told(case: Case, lang: str) -> list[str]:
    """The limit of the contract with the loans that count against it, and the own part of a syndicate."""
    lines = []
    loans = case.contract
    usable = loans[~loans["state"].isin(["set_aside", ""]).fillna(False).astype(bool)] if len(loans) else loans
    limits = _given(usable, "contract_limit_fen") or _given(case.loan, "contract_limit_fen")
    contract = case.row.get("contract_id")
    name = case.label if empty(contract) or pd.isna(contract) else contract
    if limits:
        lent = money(sum(_given(usable, "principal_fen")))
        lines.append(say("contract", lang, contract=name, n=len(usable), lent=lent, limit=money(min(limits))))
    total, share = _given(case.loan, "syndicate_total_fen"), _given(case.loan, "syndicate_share_ppm")
    if total and share:
        part = money(total[0] * share[0] // PPM)
        lines.append(say("syndicate", lang, total=money(total[0]), share=percent(share[0]), part=part))
    return lines


def _given(frame: pd.DataFrame, column: str) -> list[int]:
    """The integers of a column; none where the frame has no such column."""
    return [int(v) for v in frame[column].dropna().tolist()] if column in frame else []


def ineligibility_told(case: Case, block: Block, context: Context, lang: str) -> list[str]:
    """From when a supported loan no longer meets the conditions, and where the disclosure leaves it out."""
    loses = int(block.ineligible[0])
    attribution: Any = case.attribution
    if loses == NEVER or loses > context.end or not attribution["supported"]:
        return []
    rules = facility_of(context, attribution["facility"])
    quarter = max(int(quarter_of(loses)), int(disclosure_quarters(block.disbursed, rules)[0]))
    return [say(f"ineligible_{context.ineligible}", lang, day=iso(loses), quarter=quarter_text(quarter))]
