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

MOST = 1e18
"""A share (scaled 10**8) or a reduction (grams) of more is no figure that a table can hold."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """Share (scaled 10**8) and annual reduction (grams) of each loan, and whether each can be computed."""

    share: Ints
    has_share: Flags
    reduction: Ints
    has_reduction: Flags

    def some(self, rows: Flags | Ints) -> Attributed:
        """Of some loans."""
        return Attributed(self.share[rows], self.has_share[rows], self.reduction[rows], self.has_reduction[rows])


def attribute_block(block: Block) -> Attributed:
    """What each loan of a block has of its project, by the figures that count for it (:func:`attribute`)."""
    return attribute(
        block.principal,
        block.investment,
        block.has_investment,
        block.reduction,
        block.has_reduction,
        block.wrong_project,
    )


def attribute(
    principal: Ints, investment: Ints, has_investment: Flags, reduction: Ints, has_reduction: Flags, wrong: Flags
) -> Attributed:
    """Share = principal / project_investment; reduction = project_reduction x principal / project_investment.

    Both rounded half-even, once; fen and grams. A loan without a study (no investment or no reduction) brings 0 and has
    no share; where the principal is unreadable, or a figure of the project impossible (``wrong``), nothing can be
    computed, nor where it would have more than 18 digits.
    """
    # rows with an error of their own still show what their readable figures give
    computable = has_investment & ((principal > 0) & ~wrong)
    # an investment of a few fen is a slip that the share test sets aside; its figures would have more than 18 digits
    times = principal / np.where(investment > 0, investment, 1)
    told = (times * E8 < MOST) & (times * np.where(has_reduction, reduction, 0) < MOST)
    absurd = computable & ~told
    computable &= told
    share = np.zeros(principal.size, np.int64)
    brings = np.zeros(principal.size, np.int64)
    rows = np.flatnonzero(computable)
    share[rows] = mul_div(principal[rows], E8, investment[rows], "half_even")
    both = np.flatnonzero(computable & has_reduction & (reduction >= 0))
    brings[both] = mul_div(reduction[both], principal[both], investment[both], "half_even")
    return Attributed(share, computable, brings, (principal > 0) & ~wrong & ~absurd)
