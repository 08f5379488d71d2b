"""Attribution 减排归属: each loan's share of its project and of the project's annual reduction (design section 8).

The rule is the PBoC's (launch Q&A, 8 November 2021): the study's annual reduction times the loan's share of the
project's total investment. Frozen when the loan is made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relending.engine.block import Block
from relending.engine.columns import Flags
from relending.units import E8, Ints, mul_div


@dataclass(frozen=True, slots=True)
class Attributed:
    """Share (scaled 10**8) and annual reduction (grams) of each loan, and whether each can be computed."""

    share: Ints
    has_share: Flags
    reduction: Ints
    has_reduction: Flags


def attribute_block(block: Block) -> Attributed:
    """Share = principal / project_investment; reduction = project_reduction x principal / project_investment.

    Both rounded half-even, once. A loan without a study (no investment or no reduction) brings 0 and has no share;
    where the principal is unreadable, or a figure of the project impossible, nothing can be computed.
    """
    # rows with an error of their own still show what their readable figures give
    computable = block.has_investment & ((block.principal > 0) & ~block.wrong_project)
    share = np.zeros(len(block), np.int64)
    reduction = np.zeros(len(block), np.int64)
    rows = np.flatnonzero(computable)
    share[rows] = mul_div(block.principal[rows], E8, block.investment[rows], "half_even")
    both = np.flatnonzero(computable & block.has_reduction & (block.reduction >= 0))
    reduction[both] = mul_div(block.reduction[both], block.principal[both], block.investment[both], "half_even")
    return Attributed(share, computable, reduction, (block.principal > 0) & ~block.wrong_project)
