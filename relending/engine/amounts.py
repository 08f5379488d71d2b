"""Amounts so small that their unit was most likely forgotten, and the evidence a refused loan lacks: by loan."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from relending.engine.block import Block
from relending.engine.columns import Flags
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
    return Findings.of(
        "principal_small",
        int(rows.size),
        **block.place(rows),
        column="principal",
        found=[f"{decimal_text(int(fen), 2)} CNY" for fen in block.principal[rows]],
        expected=f">= {decimal_text(least, 2)} CNY; 万元 -> 元?",
    )


def evidence_findings(block: Block, screened: Screened) -> Findings:
    """Of each loan refused for want of evidence, the cells that are empty."""
    rows = np.flatnonzero((screened.reasons & BIT["evidence_missing"]).astype(bool))
    if not rows.size:
        return Findings()
    given = (block.has_investment, block.has_reduction, block.has_evidence)
    lacking = np.array([~there[rows] for there in given])
    names = ["; ".join(n for n, lacks in zip(EVIDENCE, one, strict=True) if lacks) for one in lacking.T.tolist()]
    first = [name.split(";")[0] for name in names]
    return Findings.of(
        "evidence_incomplete", int(rows.size), **block.place(rows), column=pa.array(first), expected=pa.array(names)
    )
