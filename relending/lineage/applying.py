"""Apply 申请: which loans of a run a bank applies for in a period, what it asks for, and which others there are.

The rules are the engine's own: application periods, draw days, what a loan still owes and floor(principal x ratio) come
from the functions the run itself went through (:mod:`relending.engine.applications`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.dates import to_date
from relending.engine.applications import application_periods, draw_days, in_time, period_end, period_text
from relending.engine.columns import Flags, ints
from relending.engine.context import Context, launch_day
from relending.findings import Findings, InputError, InvariantError
from relending.lineage.case import DamagedRun
from relending.lineage.listed import listed_frame
from relending.lineage.whynot import Reason, Saved, Work, read_record, refused_before
from relending.policy import Facility, fields
from relending.units import PPM, Ints


@dataclass(frozen=True, slots=True)
class Tally:
    """Loans and their principal: how many, fen, and how many of them have no readable amount."""

    loans: int
    fen: int
    without: int = 0


@dataclass(frozen=True, slots=True)
class ApplicationList:
    """One list: a lender, a facility, a period (see :func:`relending.engine.applications.period_text`), its draw day.

    ``listed`` is a step frame with the columns of :func:`relending.lineage.listed.listed_frame` and asked_fen, earlier;
    ``others`` one of the others (loan_id, contract_id, borrower, project_name, project_id, field, sector, facility,
    principal_fen, disbursed, earlier), each with its ``reasons``, the main one first. ``earlier`` marks loans
    of earlier periods that were refused or withdrawn. ``whole`` is what the run has of the period, ``before`` of those;
    ``nowhere`` are rows of the book without a lender or a day: they are in no period. ``haircut_ppm`` is None where the
    facility has none.
    """

    lender: str
    facility: Facility
    period: int
    draw_day: int
    listed: pd.DataFrame
    others: pd.DataFrame
    reasons: tuple[tuple[Reason, ...], ...]
    whole: Tally
    before: Tally
    nowhere: int
    haircut_ppm: int | None

    @property
    def text(self) -> str:
        """The period as written."""
        return period_text(self.period)

    @property
    def asked(self) -> int:
        """What is asked for in all, fen."""
        return sum(ints(self.listed, "asked_fen")[0].tolist())

    @property
    def pledge(self) -> int | None:
        """The collateral to be pledged, fen: asked / (1 - haircut), up to the next fen; None without a haircut."""
        if self.haircut_ppm is None:
            return None
        return -(-self.asked * PPM // (PPM - self.haircut_ppm))


def tally(frame: pd.DataFrame, which: Flags | None = None) -> Tally:
    """Loans and principal of a frame, or of part of it."""
    fen, there = ints(frame, "principal_fen")
    some = np.ones(len(frame), bool) if which is None else which
    return Tally(int(some.sum()), sum(fen[some & there].tolist()), int((some & ~there).sum()))


def lenders_of(run: Saved) -> list[str]:
    """The lenders of the run's loans, in code-point order."""
    return sorted(str(name) for name in run.tables["attribution"]["lender"].dropna().unique() if name)


def check_period(rules: Facility, context: Context, period: int) -> None:
    """InputError that says what may be given where the period is none of the facility in the run."""
    said, day = period_text(period), int(period_end(np.array([period]))[0])
    first = max(context.start, launch_day(rules))
    if not first <= day <= context.end:
        expected = f"{_period_of(first, rules)} – {_period_of(context.end, rules)}"
        raise InputError(Findings.one("apply_period_outside", column="--quarter", found=said, expected=expected))
    if said != _period_of(day, rules):
        expected = _period_of(day, rules)
        raise InputError(Findings.one("apply_period_kind", column="--quarter", found=said, expected=expected))


def _period_of(day: int, rules: Facility) -> str:
    return period_text(int(application_periods(np.array([day]), rules)[0]))


def apply_list(run: Saved, period: int, lender: str, facility: str, *, again: bool = False) -> ApplicationList:
    """The loans of one lender to be applied for from one facility in a period, and all its others of that period.

    ``again``: loans of earlier periods that were refused or withdrawn are applied for once more.
    Raises InputError for a period that is none, LookupError for a facility the run has not, and DamagedRun (a
    ValueError) if the run's tables do not fit together.
    """
    context = run.context()
    rules = next((f for f in context.facilities if f.id == facility), None)
    if rules is None:
        raise LookupError(facility)
    check_period(rules, context, period)
    loans, screening, attribution = (run.tables[name] for name in ("loans", "screening", "attribution"))
    if not len(loans) == len(screening) == len(attribution):
        raise DamagedRun(f"loans, screening, attribution: {len(loans)}, {len(screening)}, {len(attribution)} rows")
    disbursed, dated = ints(loans, "disbursed")
    owner = attribution["lender"].fillna("").to_numpy(dtype=object)
    mine = np.flatnonzero((owner == lender) & dated)
    periods = application_periods(disbursed[mine], rules)
    own = np.zeros(len(loans), bool)
    own[mine[periods == period]] = True
    record = read_record(run)
    before = np.zeros(len(loans), bool)
    if record:
        past = mine[in_time(periods) < in_time(np.array([period]))]
        past = past[(screening["facility"].iloc[past] == facility).fillna(False).to_numpy(dtype=bool)]
        ids = loans["loan_id"].iloc[past].fillna("").tolist()
        before[past] = [refused_before(record.get(i, ()), period) is not None for i in ids]
    at = np.flatnonzero(own | before)
    work = Work(run, context, rules, period, at)
    reasons = work.reasons(record, again)
    on = np.array([not r for r in reasons], bool)
    listed = listed_frame(work.block, np.flatnonzero(on), attribution.iloc[at[on]], rules, context)
    listed = listed.assign(asked_fen=work.asked[on], earlier=before[at[on]])
    order = _order(listed)
    others = _others(loans, attribution, screening, at[~on]).assign(earlier=before[at[~on]])
    whole, more = tally(attribution, own), tally(attribution, before)
    _all_there(listed, others, whole, more)
    day = int(draw_days(np.array([period]), period_end(np.array([period])), rules)[0])
    return ApplicationList(
        lender,
        rules,
        period,
        day,
        listed.iloc[order].reset_index(drop=True),
        others,
        tuple(tuple(r) for r in reasons if r),
        whole,
        more,
        int((~dated | (owner == "")).sum()),
        int(rules["collateral_haircut"].on(to_date(day)).value) if "collateral_haircut" in rules else None,
    )


def _order(listed: pd.DataFrame) -> Ints:
    """The loans by field (in the order of the lists), day and id."""
    place = {name: i for i, name in enumerate(fields())}
    keys = zip(
        (place.get(name or "", len(place)) for name in listed["field"].fillna("").tolist()),
        ints(listed, "disbursed")[0].tolist(),
        listed["loan_id"].fillna("").tolist(),
        range(len(listed)),
        strict=True,
    )
    return np.array([key[-1] for key in sorted(keys)], np.int64)


def _others(loans: pd.DataFrame, attribution: pd.DataFrame, screening: pd.DataFrame, at: Ints) -> pd.DataFrame:
    some = loans.iloc[at].reset_index(drop=True)
    told = some[["loan_id", "contract_id", "borrower", "project_name", "project_id", "sector", "principal_fen"]]
    return told.assign(
        disbursed=some["disbursed"],
        field=attribution["field"].iloc[at].reset_index(drop=True),
        facility=screening["facility"].iloc[at].reset_index(drop=True),
    )


def _all_there(listed: pd.DataFrame, others: pd.DataFrame, whole: Tally, before: Tally) -> None:
    """InvariantError unless the two sheets together are the loans of the period, by number and by amount."""
    for name, wanted in (("period", whole), ("earlier", before)):
        parts = [tally(f, f["earlier"].to_numpy(dtype=bool) == (name == "earlier")) for f in (listed, others)]
        if (sum(p.loans for p in parts), sum(p.fen for p in parts)) != (wanted.loans, wanted.fen):
            raise InvariantError(f"application list ({name}): {parts}, the run has {wanted}")
