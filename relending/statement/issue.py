"""A statement made ready to be written 出具: figures, what is open, how it follows the last one, what it corrects.

Nothing is written here. What keeps a statement from being made final is found all at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from relending import policy
from relending.dates import quarter_end, quarter_of, quarter_text, to_date
from relending.engine.context import Context, launch_day
from relending.findings import Findings, InputError
from relending.lineage.disclosed import Disclosed, Disclosures
from relending.lineage.open_points import UNCLAIMED, open_points
from relending.lineage.whynot import Saved
from relending.policy import Facility
from relending.statement.accept import Accepted, accepted_nothing, accepted_points, reasons_of, still_open
from relending.statement.archive import Archive
from relending.statement.chain import Chain, compare
from relending.statement.correction import Correction, correct
from relending.statement.printed import Options
from relending.statement.record import Record, record_of
from relending.statement.statement import Reason, Statement, lender_names, make_statement

DIFFERS = "differs"
REQUIRED = "disclosure_required"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which statement is wanted: whose, of what and when, how printed, and whether it is meant to be final.

    ``amend``: a new version of one that was published, for the ``reason`` given. ``run`` identifies the run (a
    checksum); ``key`` the redaction key of what is kept inside, empty for none.
    """

    lender: str
    facility: str
    quarter: int
    options: Options
    final: bool = False
    amend: bool = False
    reason: str = ""
    dated: dt.date | None = None
    run: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """A statement with all that goes with it.

    ``points`` are the open points with the reason and the name under which each is accepted, if it is; ``chain`` how
    the statement follows the one before; ``correction`` what it corrects; ``findings`` is said beside it, never in it.
    """

    found: Disclosed
    statement: Statement
    points: pd.DataFrame
    chain: Chain
    correction: Correction | None
    record: Record
    final: bool
    findings: Findings = field(default_factory=Findings)


def must_disclose(rules: Facility, quarter: int) -> bool:
    """Whether lenders of a facility must publish statements, by its rules at the end of a quarter.

    >>> from relending.policy import facility
    >>> must_disclose(facility("cerf"), 2024 * 4), must_disclose(facility("clean_coal"), 2024 * 4)
    (True, False)
    """
    return REQUIRED in rules and bool(rules[REQUIRED].on(to_date(int(quarter_end(quarter)))).value)


def disclosing(context: Context) -> list[Facility]:
    """The facilities of a run whose lenders must disclose."""
    return [rules for rules in context.facilities if must_disclose(rules, context.last_quarter)]


def check_quarter(context: Context, rules: Facility, quarter: int) -> None:
    """InputError that says what may be given where a run has no statement of a quarter."""
    first = max(context.first_quarter, int(quarter_of(launch_day(rules))))
    if not first <= quarter <= context.last_quarter:
        expected = f"{quarter_text(first)} – {quarter_text(context.last_quarter)}"
        raise InputError(
            Findings.one("statement_quarter", column="--quarter", found=quarter_text(quarter), expected=expected)
        )


def make_issue(
    run: Saved,
    disclosures: Disclosures,
    wanted: Wanted,
    accepted: Sequence[Accepted] = (),
    archive: Archive | None = None,
    fresh: Mapping[int, Record] | None = None,
) -> Issue:
    """The statement wanted, with its open points, its comparison and its correction.

    ``disclosures`` are those of the run, or of the same run with its ids redacted: then what is kept inside shows no
    others. ``fresh`` are records of earlier quarters corrected in the same breath: they stand for those in the archive.

    Raises InputError with everything that keeps a final statement from being made, and where an amendment has nothing
    to amend; InvariantError where a figure is not that of its loans.
    """
    check_quarter(run.context(), disclosures.rules(wanted.facility), wanted.quarter)
    found = disclosures.of(wanted.lender, wanted.facility, wanted.quarter)
    old = None if archive is None else archive.latest(wanted.lender, wanted.facility, wanted.quarter)
    version = 1
    if wanted.amend:
        if old is None:
            raise InputError(_of_quarter("published_nothing", wanted))
        version = old.version + 1
    elif wanted.final and old is not None:
        raise InputError(_of_quarter("published_exists", wanted, f"v{old.version}"))
    bare = make_statement(run, found, wanted.options, version=version, dated=wanted.dated)
    before = None if archive is None else archive.before(wanted.lender, wanted.facility, wanted.quarter)
    newer = [q for q in fresh or {} if q < wanted.quarter]
    if fresh and newer and (before is None or max(newer) >= before.quarter):
        before = fresh[max(newer)]
    chain = compare(before, found, bare)
    differing = chain.points()
    points = pd.concat(
        [open_points(disclosures.run, found), differing.assign(kind=DIFFERS)[["loan_id", "code", "kind", "found"]]],
        ignore_index=True,
    )
    points = accepted_points(points, accepted)
    named, name_findings = _bank_name(run, wanted)
    reasons = reasons_of(still_open(points))
    statement = replace(bare, reasons=reasons if named else (*reasons, Reason("unnamed")))
    findings = accepted_nothing(points, accepted) + name_findings
    if wanted.final or wanted.amend:
        stops = _stops(points, wanted, named)
        if stops:
            raise InputError(stops + findings)
    correction = _correction(disclosures, wanted, old, found, statement, archive) if wanted.amend and old else None
    record = record_of(
        found,
        statement,
        claim=getattr(run.context(), "claim", ""),
        reason=wanted.reason,
        accepted=[tuple(row) for row in _accepted(points)],
        run=wanted.run,
        redacted=wanted.key,
        previous=before,
    )
    return Issue(found, statement, points, chain, correction, record, wanted.final or wanted.amend, findings)


def make_issues(
    run: Saved,
    disclosures: Disclosures,
    wanted: Wanted,
    accepted: Sequence[Accepted] = (),
    archive: Archive | None = None,
    *,
    and_later: bool = False,
) -> list[Issue]:
    """The statement wanted, and with ``and_later`` each later published one whose figures its correction changes.

    Raises InputError with what is wrong with any of them.
    """
    first = make_issue(run, disclosures, wanted, accepted, archive)
    out, wrong = [first], []
    if and_later and archive is not None:
        fresh = {wanted.quarter: first.record}
        for later in archive.later(wanted.lender, wanted.facility, wanted.quarter):
            try:
                check_quarter(run.context(), disclosures.rules(wanted.facility), later.quarter)
                if dict(later.figures) == dict(disclosures.of(wanted.lender, wanted.facility, later.quarter).cells):
                    continue
                one = make_issue(run, disclosures, replace(wanted, quarter=later.quarter), accepted, archive, fresh)
            except InputError as stop:
                wrong.append(stop.findings)
                continue
            fresh[later.quarter] = one.record
            out.append(one)
    if wrong:
        raise InputError(Findings.concat(wrong))
    return out


def _accepted(points: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    some = points[points["by"].ne("").to_numpy(dtype=bool)]
    return list(zip(*(some[n].tolist() for n in ("loan_id", "code", "reason", "by")), strict=True))


def _bank_name(run: Saved, wanted: Wanted) -> tuple[bool, Findings]:
    """Whether the bank's full name is known, and what is to be said of it."""
    given = run.manifest["scenario"]["lenders"].get(wanted.lender, {}).get("full_name") or {}
    if given:
        return True, Findings()
    if wanted.lender in policy.lenders():
        said = lender_names(run.manifest, wanted.lender)["zh"]
        return True, Findings.one("statement_name_unconfirmed", column="full_name", found=said)
    return False, Findings()


def _stops(points: pd.DataFrame, wanted: Wanted, named: bool) -> Findings:
    """What keeps a statement from being made final."""
    rest = still_open(points)
    claims = rest["kind"].eq(UNCLAIMED).to_numpy(dtype=bool)
    out = []
    for code, some in (("statement_unclaimed", rest[claims]), ("statement_open_points", rest[~claims])):
        if len(some):
            out.append(Findings.of(code, len(some), loan=some["loan_id"].tolist(), found=some["code"].tolist()))
    if not named:
        out.append(Findings.one("statement_bank_name", column="full_name", found=wanted.lender))
    return Findings.concat(out)


def _of_quarter(code: str, wanted: Wanted, found: str = "") -> Findings:
    where = f"{wanted.lender} {wanted.facility} {quarter_text(wanted.quarter)}"
    return Findings.one(code, column="--quarter", found=f"{where} {found}".strip())


def _correction(
    disclosures: Disclosures,
    wanted: Wanted,
    old: Record,
    found: Disclosed,
    statement: Statement,
    archive: Archive | None,
) -> Correction:
    """What changes; InputError where nothing does."""
    later = [] if archive is None else archive.later(wanted.lender, wanted.facility, wanted.quarter)
    inside = {
        r.quarter: disclosures.of(wanted.lender, wanted.facility, r.quarter)
        for r in later
        if r.quarter in disclosures.context.quarters
    }
    made = correct(old, found, statement, later, inside)
    if not made.changes:
        raise InputError(_of_quarter("published_same", wanted, f"v{old.version}"))
    return made
