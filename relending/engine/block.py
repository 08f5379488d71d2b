"""A block 数据块: the columns of up to 2**20 loans as the arrays the steps compute with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relending.dates import Days
from relending.engine.columns import Codes, Flags, arrow, codes, ints, maybe_ints
from relending.engine.schedule import BULLET, KINDS, Terms, make_terms
from relending.units import INT64_MAX, Ints

NEW = "new"
NEVER = INT64_MAX
"""A day that does not come."""


@dataclass(frozen=True, slots=True)
class Block:
    """Loans of one block. ``error`` are rows with an error of their own; their rate and dates are stand-ins.

    ``sector``, ``lender`` are positions in ``sectors``, ``lenders`` (distinct texts of this block, None: empty).
    ``planned``: expanded from a lending plan. ``new``: issue_type new and nothing refinanced. ``has_investment``: one
    above zero is given; ``wrong_project``: an investment or a reduction is given that cannot be. ``ineligible`` is the
    day from which a loan no longer meets the conditions, ``NEVER`` where there is none. ``revision`` says which
    revision of its project each loan is under (-1: none; None where the block has none): then investment, reduction and
    evidence are the revision's, and the frame has what was read (:mod:`relending.engine.revisions`).
    """

    frame: pd.DataFrame
    loan_id: pa.Array
    error: Flags
    planned: Flags
    new: Flags
    principal: Ints
    rate: Ints
    disbursed: Days
    matures: Days
    investment: Ints
    has_investment: Flags
    reduction: Ints
    has_reduction: Flags
    has_evidence: Flags
    wrong_project: Flags
    sector: Codes
    sectors: list[str | None]
    lender: Codes
    lenders: list[str | None]
    borrower_type: Codes
    borrower_types: list[str | None]
    tenor: Codes
    tenors: list[str | None]
    terms: Terms
    ineligible: Days
    revision: Ints | None = None

    def __len__(self) -> int:
        return len(self.error)

    def place(self, rows: Ints) -> dict[str, pa.Array]:
        """Where findings about these rows point: file, sheet, row, loan."""
        index = pa.array(rows)
        return {
            "file": arrow(self.frame, "file").take(index),
            "sheet": arrow(self.frame, "sheet").take(index),
            "row": arrow(self.frame, "row").take(index),
            "loan": self.loan_id.take(index),
        }


def make_block(frame: pd.DataFrame) -> Block:
    """A block from a loan frame (columns of the column dictionary, as :func:`relending.read_book` gives them)."""
    error, _ = ints(frame, "data_error")
    principal, p = ints(frame, "principal_fen")
    rate, r = ints(frame, "rate_ppm")
    disbursed, d = ints(frame, "disbursed")
    matures, m = ints(frame, "matures")
    per_year, y = ints(frame, "payments_per_year")
    grace, has_grace = ints(frame, "grace_until")
    investment, has_investment = ints(frame, "project_investment_fen")
    reduction, has_reduction = ints(frame, "project_reduction_g")
    ineligible, has_ineligible = maybe_ints(frame, "ineligible_from")
    sector, sectors = codes(frame, "sector")
    lender, lenders = codes(frame, "lender")
    kind, kinds = codes(frame, "repayment")
    issue, issues = codes(frame, "issue_type")
    borrower_type, borrower_types = codes(frame, "borrower_type")
    tenor, tenors = codes(frame, "lpr_tenor")
    wrong = error.astype(bool) | ~(p & r & d & m & y)
    new = np.array([value == NEW for value in issues], bool)[issue] & np.asarray(arrow(frame, "refinances").is_null())
    unknown = np.array([k is not None and k not in KINDS for k in kinds], bool)[kind]
    if (unknown & ~wrong).any():
        # read_book gives none of these; a frame of one's own must not turn into bullets unseen
        raise ValueError(f"repayment: {sorted({k for k in kinds if k} - set(KINDS))}, not one of {', '.join(KINDS)}")
    repayment = np.array([KINDS.get(k or "", BULLET) for k in kinds], np.int8)[kind]
    if wrong.any():
        # stand-ins that have a schedule, so that no step needs to leave rows out; nothing is read off them
        rate, disbursed, matures = np.where(wrong, 0, rate), np.where(wrong, 0, disbursed), np.where(wrong, 1, matures)
        per_year = np.where(wrong, 4, per_year)
    terms = make_terms(
        principal, rate, disbursed, matures, repayment, per_year, np.where(has_grace & ~wrong, grace, disbursed)
    )
    return Block(
        frame=frame,
        loan_id=arrow(frame, "loan_id"),
        error=wrong,
        planned=ints(frame, "planned")[0].astype(bool) if "planned" in frame else np.zeros(len(wrong), bool),
        new=new,
        principal=principal,
        rate=rate,
        disbursed=disbursed,
        matures=matures,
        investment=investment,
        has_investment=has_investment & (investment > 0),
        reduction=reduction,
        has_reduction=has_reduction,
        wrong_project=(has_investment & (investment <= 0)) | (reduction < 0),
        has_evidence=np.asarray(pc.is_valid(arrow(frame, "evidence"))),
        sector=sector,
        sectors=sectors,
        lender=lender,
        lenders=lenders,
        borrower_type=borrower_type,
        borrower_types=borrower_types,
        tenor=tenor,
        tenors=tenors,
        terms=terms,
        ineligible=np.where(has_ineligible & ~wrong, ineligible, NEVER),
    )
