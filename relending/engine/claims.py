"""Part-funded loans 部分借用的贷款: what a disclosure claims where less was drawn than principal x ratio.

A quota, a cap or a receipt in part leaves a loan with less than its full draw. No text says whether such a loan is
disclosed whole, so a scenario decides (``disclosure.claim``): ``full`` counts the whole loan, ``funded`` only the
principal that what was drawn is the ratio of. Not given, loans count whole and a warning asks for the decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import quarter_text
from relending.engine.attribution import Attributed, attribute
from relending.engine.block import NEVER, Block
from relending.engine.cohorts import BlockFunding
from relending.engine.columns import frame_of, take, whole
from relending.engine.context import Context
from relending.engine.loanfiles import loan_head
from relending.engine.receipts import Receipts
from relending.findings import Findings
from relending.units import BP, Ints, mul_div

FULL, FUNDED = "full", "funded"


@dataclass(frozen=True, slots=True)
class Claims:
    """The part-funded among some loans of a block: ``at``, their places there, ascending, and of each in fen the full
    draw, what was drawn, and the principal claimed under ``funded``; ``attributed`` is the share and reduction of
    that principal."""

    at: Ints
    full_draw: Ints
    drawn: Ints
    claimed: Ints
    attributed: Attributed

    def counted(self, principal: Ints, reduction: Ints, context: Context) -> tuple[Ints, Ints]:
        """Principal and reduction of the loans as the disclosure counts them."""
        if context.claim != FUNDED or self.at.size == 0:
            return principal, reduction
        principal, reduction = principal.copy(), reduction.copy()
        principal[self.at] = self.claimed
        reduction[self.at] = np.where(self.attributed.has_reduction, self.attributed.reduction, 0)
        return principal, reduction


def drawn_by(block: Block, funding: Sequence[BlockFunding], receipts: Receipts, held_from: Ints, end: int) -> Ints:
    """What each loan of a block drew up to the end of the run, its draws added up; 0 where none was made in the run.

    Money of a recorded loan that arrived before the run, and lies in the opening balance, was drawn for it too.
    """
    out = np.zeros(len(block), np.int64)
    for side in funding:
        for cohort in side.cohorts.values():
            np.add.at(out, cohort.loan, cohort.drawn)
    # a loan with receipts draws nothing else: these are its draws in the run and before it
    arrived = receipts.some(receipts.day <= end)
    out[arrived.loan] = 0
    np.add.at(out, arrived.loan, arrived.amount)
    return np.where(held_from == NEVER, 0, out)


def part_funded(block: Block, loan: Ints, facility: Ints, drawn: Ints, context: Context) -> Claims:
    """Which of these loans drew something, but less than floor(principal x ratio), and what they may claim.

    Claimed is floor(drawn / ratio), at most the principal; its reduction is worked out as that of the whole loan, from
    the project's figures that count for it. ``drawn`` is by loan of the block.
    """
    ratio = np.zeros(loan.size, np.int64)
    for f, rules in enumerate(context.facilities):
        mine = np.flatnonzero(facility == f)
        ratio[mine] = rules["ratio"].pick(block.disbursed[loan[mine]])
    full = mul_div(block.principal[loan], ratio, BP, "floor")
    at = np.flatnonzero((drawn[loan] > 0) & (drawn[loan] < full))
    rows = loan[at]
    claimed = np.minimum(block.principal[rows], mul_div(drawn[rows], BP, ratio[at], "floor"))
    of_project = (
        getattr(block, name)[rows]
        for name in ("investment", "has_investment", "reduction", "has_reduction", "wrong_project")
    )
    return Claims(at, full[at], drawn[rows], claimed, attribute(claimed, *of_project))


def part_funded_frame(
    block: Block, loan: Ints, facility: Ints, quarter: Ints, claims: Claims, attributed: Attributed, context: Context
) -> pd.DataFrame | None:
    """The part-funded loans of a block, in its order; None where there are none.

    ``quarter`` is the one each of ``loan`` is disclosed in. Columns: loan_id, lender, facility, field, sector,
    project_id, quarter, principal_fen, full_draw_fen, drawn_fen, claimed_fen, reduction_g, reduction_claimed_g, claim.
    """
    if claims.at.size == 0:
        return None
    rows, quarter = loan[claims.at], quarter[claims.at]
    first = int(quarter.min())
    names = [quarter_text(q) for q in range(first, int(quarter.max()) + 1)]
    mine = attributed.some(rows)
    return frame_of(
        {
            **loan_head(block, rows, facility[claims.at], context),
            "quarter": take(names, quarter - first),
            "principal_fen": whole(block.principal[rows]),
            "full_draw_fen": whole(claims.full_draw),
            "drawn_fen": whole(claims.drawn),
            "claimed_fen": whole(claims.claimed),
            "reduction_g": whole(mine.reduction, mine.has_reduction),
            "reduction_claimed_g": whole(claims.attributed.reduction, claims.attributed.has_reduction),
            "claim": pa.array([context.claim or None] * rows.size, pa.string()),
        }
    )


def unclaimed_findings(listed: pd.DataFrame | None, context: Context) -> Findings:
    """One warning a lender and facility with part-funded loans, where the scenario does not say how they count."""
    if listed is None or context.claim:
        return Findings()
    loans = listed.groupby(["lender", "facility"]).size().to_dict()
    order = [f.id for f in context.facilities]
    pairs = sorted(loans, key=lambda pair: (pair[0], order.index(pair[1])))
    found = [f"{facility} {lender}: {loans[lender, facility]:,}" for lender, facility in pairs]
    return Findings.of(
        "part_funded_unclaimed", len(found), column="disclosure.claim", found=found, expected=f"{FULL} | {FUNDED}"
    )


__all__ = ["Claims", "drawn_by", "part_funded", "part_funded_frame", "unclaimed_findings"]
