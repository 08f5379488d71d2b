"""Screening 筛选: which loans a facility may support, with every reason against (design section 6).

Each rule is a plain function of a block and gives a mask; a loan's reasons are bits in the order of ``REASONS``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.dates import add_months, to_day
from relending.engine.block import Block
from relending.engine.columns import Flags, frame_of, numbered, take
from relending.engine.context import Context
from relending.findings import Findings
from relending.policy import Facility
from relending.units import INT64_MAX, Ints

REASONS = (
    "data_error",
    "sector_not_listed",
    "lender_not_admitted",
    "outside_window",
    "rate_above_limit",
    "evidence_missing",
    "not_new",
    "term_too_short",
    "borrower_not_eligible",
)
BIT = {reason: np.int64(1 << i) for i, reason in enumerate(REASONS)}
NONE = -1
"""No candidate facility."""


@dataclass(frozen=True, slots=True)
class Screened:
    """Candidate facility (position in the context, -1 none) and reasons (bits) of each loan of a block."""

    facility: Ints
    reasons: Ints

    @property
    def eligible(self) -> Flags:
        """Loans with a facility and no reason against."""
        return (self.reasons == 0) & (self.facility != NONE)


def screen_block(block: Block, error: Flags, context: Context) -> tuple[Screened, Findings]:
    """Screen one block; ``error`` are the loans set aside (see findings)."""
    facility = candidates(block, context)
    facility[error] = NONE
    reasons = np.zeros(len(block), np.int64)
    reasons[error] |= BIT["data_error"]
    reasons[(facility == NONE) & ~error] |= BIT["sector_not_listed"]
    findings = []
    for position, rules in enumerate(context.facilities):
        rows = np.flatnonzero(facility == position)
        if rows.size == 0:
            continue
        above, before_first = rate_above_limit(block, rows, rules, context)
        masks = {
            "lender_not_admitted": lender_not_admitted(block, rows, rules, context),
            "outside_window": outside_window(block, rows, rules),
            "rate_above_limit": above,
            "evidence_missing": evidence_missing(block, rows, rules),
            "not_new": ~block.new[rows],
            "term_too_short": term_too_short(block, rows, rules),
            "borrower_not_eligible": borrower_not_eligible(block, rows, rules),
        }
        for reason, mask in masks.items():
            reasons[rows[mask]] |= BIT[reason]
        if before_first.any():
            early = rows[before_first]
            findings.append(
                Findings.of(
                    "rate_before_first_lpr",
                    int(early.size),
                    **block.place(early),
                    column="disbursed",
                    found=_iso(block, early),
                )
            )
    return Screened(facility, reasons), Findings.concat(findings)


def _iso(block: Block, rows: Ints) -> list[str]:
    return [str(d) for d in block.disbursed[rows].astype("datetime64[D]")]


def candidates(block: Block, context: Context) -> Ints:
    """The facility whose list names each loan's sector on its disbursement date, -1 where none does."""
    out = np.full(len(block), NONE, np.int64)
    for position, rules in enumerate(context.facilities):
        if rules["selection"].latest().value != "listed":
            continue
        listed = np.array([_listed_day(rules, sector) for sector in block.sectors], np.int64)[block.sector]
        out[(out == NONE) & (listed <= block.disbursed)] = position
    for position, rules in enumerate(context.facilities):
        if rules["selection"].latest().value == "unlisted":
            out[out == NONE] = position
    return out


def _listed_day(rules: Facility, sector: str | None) -> int:
    since = rules.listed_from(sector) if sector is not None else None
    return INT64_MAX if since is None else to_day(since)


def lender_not_admitted(block: Block, rows: Ints, rules: Facility, context: Context) -> Flags:
    """The lender is not on the list, or was admitted after the disbursement date."""
    dates = [context.admitted_from(rules, lender) for lender in block.lenders]
    admitted = np.array([INT64_MAX if d is None else to_day(d) for d in dates], np.int64)[block.lender[rows]]
    return block.disbursed[rows] < admitted


def outside_window(block: Block, rows: Ints, rules: Facility) -> Flags:
    """Disbursed before the window's first or after its last date, as finally extended."""
    window = rules["window"].latest().value
    return (block.disbursed[rows] < to_day(window.first)) | (block.disbursed[rows] > to_day(window.last))


def tenor_is_1y(block: Block, rows: Ints, rules: Facility) -> Flags:
    """Whether the 1-year LPR is the loan's: by its lpr_tenor, else by its term (``lpr_1y_up_to_months``)."""
    given = np.array([{"1y": 1, "5y": 5}.get(t or "", 0) for t in block.tenors], np.int64)[block.tenor[rows]]
    months = rules["lpr_1y_up_to_months"].pick(block.disbursed[rows])
    short = block.matures[rows] <= add_months(block.disbursed[rows], months)
    return np.where(given == 0, short, given == 1).astype(bool)


def rate_above_limit(block: Block, rows: Ints, rules: Facility, context: Context) -> tuple[Flags, Flags]:
    """Rate above the LPR in force on the disbursement date plus the tolerance (or above a fixed cap).

    The second mask marks loans made before the first known LPR fixing, for which the rule is not applied. A planned
    loan is held against the LPR as the scenario moves it: its own rate follows the same.
    """
    disbursed, rate = block.disbursed[rows], block.rate[rows]
    above = np.zeros(rows.size, bool)
    before_first = np.zeros(rows.size, bool)
    dated = rules["loan_rate_limit"]
    which = dated.index(disbursed)
    for position, value in enumerate(dated.values):
        here = np.flatnonzero(which == position)
        if here.size == 0 or value.value == "none":
            continue
        if value.value == "cap":
            above[here] = rate[here] > rules["loan_rate_cap"].pick(disbursed[here])
            continue
        fixing = context.lpr.index(disbursed[here])
        known = fixing >= 0
        before_first[here] = ~known
        lpr = np.where(
            tenor_is_1y(block, rows[here], rules), context.lpr.lpr_1y_ppm[fixing], context.lpr.lpr_5y_ppm[fixing]
        )
        lpr = lpr + context.lpr_shift(block.planned[rows[here]], disbursed[here])
        above[here] = known & (rate[here] > lpr + rules["tolerance"].pick(disbursed[here]))
    return above, before_first


def evidence_missing(block: Block, rows: Ints, rules: Facility) -> Flags:
    """The facility demands a study and investment, reduction or evidence is empty.

    A planned loan has no study yet: of it only the figures are asked.
    """
    demanded = rules["evidence_required"].pick(block.disbursed[rows]).astype(bool)
    studied = block.has_evidence[rows] | block.planned[rows]
    complete = block.has_investment[rows] & block.has_reduction[rows] & studied
    return demanded & ~complete


def term_too_short(block: Block, rows: Ints, rules: Facility) -> Flags:
    """Matures sooner than ``min_term_months`` after the disbursement."""
    months = rules["min_term_months"].pick(block.disbursed[rows])
    return block.matures[rows] < add_months(block.disbursed[rows], months)


def borrower_not_eligible(block: Block, rows: Ints, rules: Facility) -> Flags:
    """The facility serves some borrower types only and this is not one of them."""
    if "borrower_types" not in rules.parameters:
        return np.zeros(rows.size, bool)
    dated = rules["borrower_types"]
    table = np.array([[t not in set(v.value) for t in block.borrower_types] for v in dated.values], bool)
    return table[dated.index(block.disbursed[rows]), block.borrower_type[rows]]


def reasons_text(reasons: Ints) -> tuple[Ints, list[str | None]]:
    """Reasons as text, ``;``-joined in their order: positions in a list of the distinct texts."""
    found, index = numbered(reasons)
    texts: list[str | None] = [";".join(r for r in REASONS if bits & int(BIT[r])) for bits in found.tolist()]
    return index, texts


def screening_frame(block: Block, screened: Screened, context: Context) -> pd.DataFrame:
    """The screening table of a block: loan_id, facility, eligible, reasons."""
    index, texts = reasons_text(screened.reasons)
    return frame_of(
        {
            "loan_id": block.loan_id,
            "facility": take([f.id for f in context.facilities], screened.facility),
            "eligible": screened.eligible,
            "reasons": take(texts, index),
        }
    )
