"""A block of loans of a synthetic book in whole numbers: every column, and the defects of the block."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from relending import dates
from relending.book.synth_defects import within
from relending.book.synth_draft import ABOVE, NO_EVIDENCE, NOT_NEW, Draft, Projects
from relending.book.synth_profile import BLOCK_ROWS, BLOCKS, WAN_FEN, Flags, Ints, generator, pick, profile, ranges

_GRAMS_IN_HUNDREDTH = 10_000
_LEAST_REPORTED_T = 10
_YEAR_MONTHS = 12


@dataclass(slots=True)
class Rows:
    """Loans ``start`` … of the file in integers; what the defects change.

    ``number``: of the loan's id; ``project``: of the project's id, counted from 1; ``spoilt``: defect -> rows of the
    block. Masks say which cells are empty.
    """

    start: int
    projects: Projects
    at: Ints
    number: Ints
    project: Ints
    principal_fen: Ints
    rate_ppm: Ints
    disbursed: Ints
    matures: Ints
    repayment: Ints
    per_year: Ints
    grace: Ints
    no_grace: Flags
    investment_fen: Ints
    reduction_t: Ints
    no_study: Flags
    reported: Ints
    no_reported: Flags
    issue: Ints
    lender: Ints
    spoilt: dict[str, Ints] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.at)

    @property
    def tech(self) -> Ints:
        """Technology of each loan."""
        return self.projects.tech[self.at]

    def mask(self, *names: str) -> Flags:
        """Rows that have one of these defects."""
        out = np.zeros(len(self), bool)
        for name in names:
            out[self.spoilt.get(name, [])] = True
        return out


def block(draft: Draft, number: int) -> Rows:
    """Block ``number`` of the book: at most ``BLOCK_ROWS`` loans, drawn with a generator of its own."""
    start = number * BLOCK_ROWS
    stop = min(start + BLOCK_ROWS, draft.loans)
    rng = generator(draft.seed, BLOCKS, number)
    projects, at = draft.projects, draft.at[start:stop].astype(np.int64)
    drawn, flaw = draft.drawn[start:stop].astype(np.int64), draft.flaw[start:stop]
    principal, tech = draft.principal_fen[start:stop].copy(), projects.tech[at]
    n = len(at)
    shortest, longest = ranges("months")
    months = shortest[tech] + rng.integers(0, 10_000, n) * (longest - shortest + 1)[tech] // 10_000
    matures = dates.add_months(drawn, months)
    rate = _rates(rng, drawn, matures, projects.discount_bp[at], flaw == ABOVE)
    repayment = np.where((longest <= _YEAR_MONTHS)[tech], 2, pick(rng, [70, 20, 10], n))
    per_year = np.array([4, 2, 12, 1], np.int64)[pick(rng, [70, 15, 10, 5], n)]
    no_grace = (months <= 60) | (rng.integers(0, 10, n) >= 6)
    grace = dates.add_months(drawn, rng.integers(6, 25, n))
    issue = np.where(flaw == NOT_NEW, rng.integers(1, 4, n), 0)
    investment, reduction = projects.investment_wan[at] * WAN_FEN, projects.reduction_t[at]
    no_study = flaw == NO_EVIDENCE
    reported = _reported(principal, investment, reduction)
    rows = Rows(
        start,
        projects,
        at,
        np.arange(start + 1, stop + 1),
        at + 1,
        principal,
        rate,
        drawn,
        matures,
        repayment,
        per_year,
        grace,
        no_grace,
        investment,
        reduction.copy(),
        no_study,
        reported,
        no_study | (reported < _LEAST_REPORTED_T * 100),
        issue,
        _lenders(projects, at, tech),
    )
    _spoil(rows, draft, stop)
    return rows


def _rates(rng: np.random.Generator, disbursed: Ints, matures: Ints, discount_bp: Ints, above: Flags) -> Ints:
    """Rate of each loan in ppm: the LPR of the day and tenor less 0 to 1.6 points, a few well above it."""
    from relending import policy

    fixings = policy.lpr()
    at = np.maximum(fixings.index(disbursed), 0)
    short = matures <= dates.add_months(disbursed, _YEAR_MONTHS)
    base = np.where(short, np.asarray(fixings.lpr_1y_ppm)[at], np.asarray(fixings.lpr_5y_ppm)[at])
    below = discount_bp + rng.integers(0, 11, len(disbursed))
    extra = rng.integers(60, 131, len(disbursed))
    return base + 100 * np.where(above, extra, -below)


def _reported(principal: Ints, investment: Ints, reduction_t: Ints) -> Ints:
    """The loan's part of the project's reduction as a bank writes it, in hundredths of a tonne."""
    return np.rint(reduction_t * 100.0 * (principal / investment)).astype(np.int64)


def _lenders(projects: Projects, at: Ints, tech: Ints) -> Ints:
    """Lender of each loan: the project's, but in coal nearly always the first bank; some projects have two."""
    coal = np.array([t["trade"] == "coal" for t in profile()["technology"]])[tech]
    lender = np.where(coal & (at % 50 != 0), 0, projects.lender[at])
    shared = (at % 25 == 0) & (np.arange(len(at)) % 2 == 1) & ~coal
    return np.where(shared, 1, lender)


def _spoil(rows: Rows, draft: Draft, stop: int) -> None:
    """The defects of the block; what only text can say is left to whoever writes the cells."""
    for name, chosen in draft.chosen.items():
        here = within(chosen, rows.start, stop)
        if len(here):
            rows.spoilt[name] = here
            if name in _CHANGES:
                _CHANGES[name](rows, here)
    target, source = draft.copies
    a, b = np.searchsorted(target, (rows.start, stop))
    rows.number[target[a:b] - rows.start] = source[a:b] + 1
    # what is said of a loan's own part of the reduction must not be a second error
    for name in ("share_over_one", "unit_slip", "project_differs", "no_evidence", "negative_reduction"):
        rows.no_reported[rows.spoilt.get(name, [])] = True


def _negative_principal(rows: Rows, at: Ints) -> None:
    rows.principal_fen[at] *= -1


def _later(rows: Rows, at: Ints) -> None:
    years = profile()["defects"]["implausible_date"]["years"]
    rows.disbursed[at] = dates.add_months(rows.disbursed[at], np.full(len(at), _YEAR_MONTHS * years))


def _matures_first(rows: Rows, at: Ints) -> None:
    rows.matures[at] = rows.disbursed[at] - 30
    rows.no_grace[at] = True


def _grace_late(rows: Rows, at: Ints) -> None:
    rows.grace[at] = rows.matures[at] + 90
    rows.no_grace[at] = False


def _negative_reduction(rows: Rows, at: Ints) -> None:
    rows.reduction_t[at] = -np.maximum(rows.reduction_t[at], 1)
    rows.no_study[at] = False


def _reported_differs(rows: Rows, at: Ints) -> None:
    rows.reported[at] += np.maximum(rows.reported[at] // 2, _LEAST_REPORTED_T * 100)
    rows.no_reported[at] = False


def _project_differs(rows: Rows, at: Ints) -> None:
    rows.reduction_t[at] += np.maximum(rows.reduction_t[at] // 100, 1)


def _own_project(rows: Rows, at: Ints) -> None:
    """A project of the loan's own: what is wrong with its figures is not held against other loans."""
    rows.project[at] = len(rows.projects.loans) + rows.start + at + 1


def _share_over_one(rows: Rows, at: Ints) -> None:
    _own_project(rows, at)
    rows.principal_fen[at] = (rows.investment_fen[at] * 11 // 10) // WAN_FEN * WAN_FEN + WAN_FEN


def _unit_slip(rows: Rows, at: Ints) -> None:
    _own_project(rows, at)
    rows.investment_fen[at] //= 10_000


def _no_evidence(rows: Rows, at: Ints) -> None:
    rows.no_study[at] = True


_CHANGES = {
    "negative_principal": _negative_principal,
    "implausible_date": _later,
    "matures_first": _matures_first,
    "grace_late": _grace_late,
    "negative_reduction": _negative_reduction,
    "reported_differs": _reported_differs,
    "project_differs": _project_differs,
    "share_over_one": _share_over_one,
    "unit_slip": _unit_slip,
    "no_evidence": _no_evidence,
}
