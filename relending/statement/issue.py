"""A statement made ready to be written 出具: figures, what is open, how it follows the last one, what it corrects.

Nothing is written here. What keeps a statement from being made final is found all at once.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from relending import policy
from relending.book.days import date_of, quarter_of_text
from relending.dates import quarter_end, quarter_of, quarter_text, to_date
from relending.engine.context import Context, launch_day
from relending.engine.opening_totals import SINCE_START, TOTAL
from relending.findings import Findings, InputError
from relending.lineage.disclosed import QUARTER, Disclosed, Disclosures
from relending.lineage.open_points import PARTS, SIMULATED, UNCLAIMED, open_points
from relending.lineage.whynot import Saved
from relending.policy import Facility
from relending.statement.accept import (
    Row,
    accepted_nothing,
    accepted_of,
    accepted_other,
    accepted_points,
    reasons_of,
    still_open,
)
from relending.statement.archive import Archive, nothing_published
from relending.statement.chain import Chain, compare, in_words
from relending.statement.correction import Correction, correct
from relending.statement.printed import Options
from relending.statement.record import Record, Rehash, hashed, record_of
from relending.statement.statement import Reason, Statement, lender_names, make_statement

DIFFERS, LANGS = "differs", ("zh", "en")
ASKED = {UNCLAIMED: "statement_unclaimed", PARTS: "statement_parts"}
"""What is asked for where nobody can accept a point."""
COLUMN = {UNCLAIMED: "disclosure.claim", PARTS: "sector"}
FEW = 5
"""Loans named where one line speaks of many."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which statement is wanted: whose, of what and when, how printed, and whether it is meant to be final.

    ``amend``: a new version of one that was published, for the ``reason`` given. ``run`` identifies the run (a
    digest); ``key`` is the fingerprint of the key under which ids inside are hashed (empty: they are not), and
    ``rehash`` hashes under it.
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
    rehash: Rehash | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """A statement with all that goes with it.

    ``points`` are the open points with the reason and the name under which each is accepted, if it is; ``chain`` how
    the statement follows the one before (None: there is no archive to look in); ``correction`` what it corrects;
    ``findings`` is said beside it, never in it.
    """

    found: Disclosed
    statement: Statement
    points: pd.DataFrame
    chain: Chain | None
    correction: Correction | None
    record: Record
    final: bool
    findings: Findings = field(default_factory=Findings)


def quarter_among(context: Context, rules: Facility | None, given: str) -> int:
    """The quarter a text names, if a run has a statement of it; InputError that says which may be given.

    ``rules``: the facility; None where it is not known which is meant.
    """
    first = context.first_quarter if rules is None else max(context.first_quarter, int(quarter_of(launch_day(rules))))
    quarter = quarter_of_text(unicodedata.normalize("NFKC", given).strip())
    if quarter is None or not first <= quarter <= context.last_quarter:
        expected = f"{quarter_text(first)} – {quarter_text(context.last_quarter)}"
        raise InputError(Findings.one("statement_quarter", column="--quarter", found=given, expected=expected))
    return quarter


def day_among(quarter: int, given: str) -> dt.date:
    """The day under a statement, in any spelling a book may have; InputError where it is none or too early."""
    day = date_of(unicodedata.normalize("NFKC", given).strip())
    end = to_date(int(quarter_end(quarter)))
    if day is None or day <= end:
        expected = f"> {end.isoformat()}"
        raise InputError(Findings.one("statement_date", column="--date", found=given, expected=expected))
    return day


def check_quarter(context: Context, rules: Facility, quarter: int) -> None:
    """InputError that says what may be given where a run has no statement of a quarter."""
    quarter_among(context, rules, quarter_text(quarter))


def make_issue(
    run: Saved,
    disclosures: Disclosures,
    wanted: Wanted,
    accepted: Sequence[Row] = (),
    archive: Archive | None = None,
    fresh: Mapping[int, Record] | None = None,
) -> Issue:
    """The statement wanted, with its open points, its comparison and its correction.

    ``disclosures`` are those of the run, or of the same run with its ids redacted: then what is kept inside shows no
    others. ``fresh`` are records of earlier quarters corrected in the same breath: they stand for those in the archive.

    Raises InputError with everything that keeps a final statement from being made, and where an amendment has nothing
    to amend; InvariantError where a figure is not that of its loans.
    """
    if (wanted.final or wanted.amend) and "redacted" in run.manifest:
        column = "--amend" if wanted.amend else "--final"  # no record of another run could be compared with its ids
        raise InputError(Findings.one("statement_redacted_run", column=column, found=str(run.manifest["redacted"])))
    check_quarter(run.context(), disclosures.rules(wanted.facility), wanted.quarter)
    if wanted.dated is not None:
        day_among(wanted.quarter, wanted.dated.isoformat())  # that of a later quarter corrected along, too
    found = disclosures.of(wanted.lender, wanted.facility, wanted.quarter)
    rehash = _same if wanted.key else None
    old = None if archive is None else _inside(archive.latest(*_whose(wanted), wanted.quarter), wanted)
    before = None if archive is None else _inside(archive.before(*_whose(wanted), wanted.quarter), wanted)
    version = 1
    if wanted.amend:
        if old is None:
            raise nothing_published(*_whose(wanted), wanted.quarter)
        version = old.version + 1
    elif wanted.final and old is not None:
        raise InputError(_of_quarter("published_exists", wanted, f"v{old.version}"))
    if before is None and old is None and not any(one.projects or one.amount for one in found.cells.values()):
        raise InputError(_of_quarter("statement_nothing_new", wanted, expected=_first(disclosures, wanted)))
    bare = make_statement(run, found, wanted.options, version=version, dated=wanted.dated)
    newer = [q for q in fresh or {} if q < wanted.quarter]
    if fresh and newer and (before is None or max(newer) >= before.quarter):
        before = fresh[max(newer)]
    chain = None if archive is None else compare(before, found, bare, rehash)
    bare_points = _points(disclosures.run, found, chain)
    told = [] if chain is None else [in_words(bare_points, chain, lang) for lang in LANGS]
    points = accepted_points(bare_points, accepted, told)
    named, name_findings = _bank_name(run, wanted)
    reasons = [*reasons_of(still_open(points)), *([] if named else [Reason("unnamed")])]
    if old is not None and not wanted.amend and dict(old.figures) != dict(found.cells):
        reasons.append(Reason("published"))  # the public has other figures of this quarter
    statement = replace(bare, reasons=tuple(reasons))
    findings = accepted_nothing(points, accepted) + accepted_other(points, accepted) + name_findings
    if archive is not None and not wanted.amend:
        findings += _beside(archive, before, found, wanted)
    if wanted.final or wanted.amend:
        stops = _stops(points, wanted, named) + _unlike_later(archive, found, wanted)
        if stops:
            raise InputError(stops + findings)
    correction = _correction(disclosures, wanted, old, found, statement, archive) if wanted.amend and old else None
    record = record_of(
        found,
        statement,
        claim=getattr(run.context(), "claim", ""),
        reason=wanted.reason,
        accepted=accepted_of(points),
        run=wanted.run,
        previous=before,
        rehash=rehash,
        redacted=wanted.key,
    )
    return Issue(found, statement, points, chain, correction, record, wanted.final or wanted.amend, findings)


def make_issues(
    run: Saved,
    disclosures: Disclosures,
    wanted: Wanted,
    accepted: Sequence[Row] = (),
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
        for later in archive.later(*_whose(wanted), wanted.quarter):
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


def _points(run: Saved, found: Disclosed, chain: Chain | None) -> pd.DataFrame:
    """What is open of a statement by itself, and against the one before it."""
    points = open_points(run, found)
    if chain is None:
        return points
    differing = chain.points().assign(kind=DIFFERS)[list(points.columns)]
    return pd.concat([points, differing], ignore_index=True)


def _inside(record: Record | None, wanted: Wanted) -> Record | None:
    """A record of the archive with its ids as the papers inside show them; InputError where the key is another."""
    if record is None:
        return None
    if not wanted.key or record.redacted:
        return record.under(wanted.key)
    return replace(record, loans=hashed(record.loans, wanted.rehash), redacted=wanted.key)


def _same(kind: str, text: str) -> str:
    """Ids that are hashed already, or never are."""
    return text


def _bank_name(run: Saved, wanted: Wanted) -> tuple[bool, Findings]:
    """Whether the bank's full name is known, and what is to be said of it."""
    named = lender_names(run.manifest, wanted.lender)  # a record that holds no texts there stops here
    given = run.manifest["scenario"]["lenders"].get(wanted.lender, {}).get("full_name") or {}
    if given and wanted.lender not in given.values():  # a name that nobody gave is the id
        return True, Findings()
    if wanted.lender in policy.lenders():
        return True, Findings.one("statement_name_unconfirmed", column="full_name", found=named["zh"])
    return False, Findings()


def _stops(points: pd.DataFrame, wanted: Wanted, named: bool) -> Findings:
    """What keeps a statement from being made final."""
    rest = still_open(points)
    out = []
    for kind, part in rest.groupby("kind", sort=False):
        loans, codes, texts = (part[name].tolist() for name in ("loan_id", "code", "found"))
        if kind == SIMULATED:  # a run without a record has all its loans here: one line says it
            named_loans = ", ".join(loans[:FEW]) + (" …" if len(loans) > FEW else "")
            said = f"{codes[0]} × {len(loans):,}"
            out.append(Findings.one("statement_open_points", loan=named_loans, found=said))
        elif kind == DIFFERS:  # its own code says what to do
            out.append(Findings.of(codes[0], len(loans), loan=loans, found=texts))
        elif kind in ASKED:
            out.append(Findings.of(ASKED[kind], len(loans), loan=loans, column=COLUMN.get(kind, ""), found=texts))
        else:
            told = [f"{code}: {text}" if text else code for code, text in zip(codes, texts, strict=True)]
            out.append(Findings.of("statement_open_points", len(loans), loan=loans, found=told))
    if not named:
        out.append(Findings.one("statement_bank_name", column="full_name", found=wanted.lender))
    return Findings.concat(out)


def _beside(archive: Archive, before: Record | None, found: Disclosed, wanted: Wanted) -> Findings:
    """Warnings about what a statement should have been compared with and was not."""
    out = []
    if before is None and found.cells[SINCE_START, TOTAL] != found.cells[QUARTER, TOTAL]:
        out.append(Findings.one("published_none_before", column="--published", found=str(archive.root)))
    if before is not None and before.quarter < wanted.quarter - 1:
        missing = ", ".join(quarter_text(q) for q in range(before.quarter + 1, wanted.quarter))
        out.append(Findings.one("published_gap", column="--published", found=missing))
    later = [quarter_text(q) for q in archive.quarters(*_whose(wanted)) if q > wanted.quarter]
    if later:
        out.append(Findings.one("published_after", column="--published", found=", ".join(later)))
    return Findings.concat(out)


def _unlike_later(archive: Archive | None, found: Disclosed, wanted: Wanted) -> Findings:
    """An error where the next quarter is published already and does not follow from this statement."""
    if archive is None or wanted.amend:
        return Findings()
    later = archive.latest(*_whose(wanted), wanted.quarter + 1)
    if later is None:
        return Findings()
    wrong = []
    for code in (*found.fields, TOTAL):
        now, new = found.cells[SINCE_START, code], later.figures[QUARTER, code]
        after = later.figures[SINCE_START, code]
        if (now.amount + new.amount, now.reduction + new.reduction) != (after.amount, after.reduction):
            wrong.append(code)
    said = f"{quarter_text(wanted.quarter + 1)} v{later.version}: {', '.join(wrong)}"
    return Findings.one("published_after_differs", column="--published", found=said) if wrong else Findings()


def _whose(wanted: Wanted) -> tuple[str, str]:
    return wanted.lender, wanted.facility


def _of_quarter(code: str, wanted: Wanted, found: str = "", expected: str = "") -> Findings:
    where = f"{wanted.lender} {wanted.facility} {quarter_text(wanted.quarter)}"
    return Findings.one(code, column="--quarter", found=f"{where} {found}".strip(), expected=expected)


def _first(disclosures: Disclosures, wanted: Wanted) -> str:
    """The first quarter of which there is something to disclose, if the run has one."""
    first = disclosures.first_quarter(*_whose(wanted))
    return "" if first is None else f">= {quarter_text(first)}"


def _correction(
    disclosures: Disclosures,
    wanted: Wanted,
    old: Record,
    found: Disclosed,
    statement: Statement,
    archive: Archive | None,
) -> Correction:
    """What changes; InputError where nothing does."""
    later = [] if archive is None else archive.later(*_whose(wanted), wanted.quarter)
    inside = {
        r.quarter: disclosures.of(wanted.lender, wanted.facility, r.quarter)
        for r in later
        if r.quarter in disclosures.context.quarters
    }
    return correct(old, found, statement, later, inside, _same if wanted.key else None).or_refuse()
