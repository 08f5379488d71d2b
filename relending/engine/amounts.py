"""Amounts so small that their unit was most likely forgotten, and the evidence a refused loan lacks: by loan."""

from __future__ import annotations

import numpy as np

from relending.book.columns import columns
from relending.engine.block import Block
from relending.engine.columns import Flags, take
from relending.engine.screening import BIT, Screened
from relending.findings import Findings
from relending.policy.plausibility import small
from relending.units import decimal_text

EVIDENCE = ("project_investment", "project_reduction", "evidence")
"""What a facility that demands a study asks of a loan."""


def small_findings(block: Block, error: Flags) -> Findings:
    """Loans of less than any bank lends to a project; a lending plan's are told where it is expanded."""
    least = small().principal_fen
    rows = np.flatnonzero(~error & ~block.planned & (block.principal < least))
    if not rows.size:
        return Findings()
    # each distinct amount is written once, however many loans there are
    amounts, which = np.unique(block.principal[rows], return_inverse=True)
    return Findings.of(
        "principal_small",
        int(rows.size),
        **block.place(rows),
        column="principal",
        found=take([f"{decimal_text(fen, 2)} CNY" for fen in amounts.tolist()], which),
        expected=f">= {decimal_text(least, 2)} CNY; 万元 -> 元?",
    )


def evidence_findings(block: Block, screened: Screened) -> Findings:
    """Of each loan refused for want of evidence, the cells that are empty; a lending plan's has none to fill."""
    rows = np.flatnonzero((screened.reasons & BIT["evidence_missing"]).astype(bool) & ~block.planned)
    if not rows.size:
        return Findings()
    given = (block.has_investment, block.has_reduction, block.has_evidence)
    lacking = np.sum([~there[rows] * (1 << i) for i, there in enumerate(given)], axis=0)
    # one text for each of the few combinations
    names = [[n for i, n in enumerate(EVIDENCE) if bits >> i & 1] for bits in range(1 << len(EVIDENCE))]
    headers = columns()
    return Findings.of(
        "evidence_incomplete",
        int(rows.size),
        **block.place(rows),
        column=take([of[0] if of else None for of in names], lacking),
        expected=take(["; ".join(f"{n} {headers[n].zh}" for n in of) for of in names], lacking),
    )
