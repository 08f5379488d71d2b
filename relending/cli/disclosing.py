"""The work behind ``relending disclose``: what was asked for, found in the run; written; told."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from relending.cli.people import columns
from relending.cli.run_folders import facility_among, lender_among, tried
from relending.dates import quarter_text
from relending.engine.context import Context
from relending.engine.disclosure import HORIZONS
from relending.filenames import LONGEST, unfit_id
from relending.findings import WHERE, Findings, InputError
from relending.lineage.disclosed import Disclosures
from relending.lineage.known import Known
from relending.lineage.redaction import Redactor
from relending.lineage.redaction_key import read_key
from relending.runfolder import OpenedRun
from relending.runfolder.redacted import RedactedRun
from relending.statement.accept import Row, acceptable, accepted_of, read_accepted, still_open
from relending.statement.archive import Archive
from relending.statement.chain_note import sentences
from relending.statement.correction import Correction
from relending.statement.duty import disclosing
from relending.statement.issue import Issue, Wanted, day_among, make_issue, make_issues, quarter_among
from relending.statement.printed import MEASURES, Options, options_of
from relending.statement.publish import Written, points_in_words, write_issues, write_points
from relending.statement.record import run_digest
from relending.statement.sandbox import TemplateProblem
from relending.statement.template import Template, read_template
from relending.statement.words import word


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked for, as it was typed."""

    quarter: str
    lender: str | None
    facility: str | None
    accept: Path | None
    template: Path | None
    published: Path | None
    redact: Path | None
    dated: str | None = None
    also: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What was asked for, found in the run. ``inside`` is the run as ``internal`` may show it."""

    opened: OpenedRun
    inside: Any
    disclosures: Disclosures
    lender: str
    facility: str
    quarter: int
    accepted: tuple[Row, ...]
    template: Template | None
    template_name: str
    archive: Archive | None
    redactor: Redactor | None
    dated: dt.date | None
    also: str | None

    @property
    def options(self) -> Options:
        """How the scenario has statements printed."""
        return options_of(self.opened.manifest)

    def wanted(self, options: Options, final: bool, amend: bool, reason: str) -> Wanted:
        """Which statement it is; InputError where the reason, which is published, names what may not be named."""
        _check_reason(self.opened, reason)
        return Wanted(
            self.lender,
            self.facility,
            self.quarter,
            options,
            final,
            amend,
            reason.strip(),
            self.dated,
            run_digest(self.opened.manifest),
            "" if self.redactor is None else self.redactor.fingerprint,
            None if self.redactor is None else self.redactor.text,
        )

    def list_open(self, wanted: Wanted, path: Path, lang: str) -> int:
        """Write what is still open of the statement wanted, be it final or not, as a list to be filled in; how much."""
        draft = replace(wanted, final=False, amend=False)
        issue = make_issue(self.opened, self.disclosures, draft, self.accepted, self.archive)
        points = acceptable(still_open(points_in_words(issue, lang)))
        write_points(points, path, lang)
        return len(points)

    def issues(self, wanted: Wanted, and_later: bool) -> list[Issue]:
        """The statement wanted, and the later ones that its correction changes."""
        return make_issues(self.opened, self.disclosures, wanted, self.accepted, self.archive, and_later=and_later)

    def write(self, issues: Sequence[Issue], lang: str, out: Path) -> list[Written]:
        """Write everything; the archive keeps what is final."""
        keeps = self.archive if issues[0].final else None
        with template_told(self.template_name):
            return write_issues(self.inside, issues, lang, out, self.template, keeps, self.also)

    def beside(self, issue: Issue) -> Findings:
        """What is said beside a statement: its own findings, and the run's warnings about its loans."""
        frame = self.inside.tables["findings"]
        loans = set(issue.found.loans["loan_id"].tolist())
        mine = frame["severity"].eq("warning") & (frame["loan"].isin(loans) | frame["loan"].eq(""))
        part = frame[mine.fillna(False).to_numpy(dtype=bool)][["code", *WHERE]]
        return Findings([part]) + issue.findings


def make_job(opened: OpenedRun, given: Given) -> Job:
    """Everything that was asked for, found in the run; InputError with all that is not there."""
    wrong: list[Findings] = []
    context = opened.context()
    facility = tried(wrong, _facility, context, given.facility)
    rules = next((rules for rules in context.facilities if rules.id == facility), None)
    quarter = tried(wrong, quarter_among, context, rules, given.quarter)
    dated = None if given.dated is None or quarter is None else tried(wrong, day_among, quarter, given.dated)
    redactor = None if given.redact is None else tried(wrong, _redactor, opened, given.redact)
    accepted = () if given.accept is None else tried(wrong, read_accepted, given.accept)
    template = None if given.template is None else tried(wrong, _template, given.template)
    inside: Any = opened
    if redactor is not None:
        inside = RedactedRun(opened, redactor)
        accepted = None if accepted is None else tuple(_hashed(row, redactor, inside.known) for row in accepted)
    disclosures = Disclosures(inside)
    lender = None
    asked = [rules.id for rules in disclosing(context)] if facility is None else [facility]
    there = sorted({one for each in asked for one in disclosures.lenders(each)})
    if facility is not None or (given.lender is not None and there):
        lender = tried(wrong, lender_among, there, opened.manifest, given.lender, "statement_lender")
    if lender is not None and (fault := unfit_id(lender)):
        wrong.append(
            Findings.one("statement_lender_unfit", column="--lender", found=lender[:LONGEST], expected=f"≠ {fault}")
        )
    if wrong or quarter is None or facility is None or lender is None or accepted is None:
        raise InputError(Findings.concat(wrong))
    return Job(
        opened,
        inside,
        disclosures,
        lender,
        facility,
        quarter,
        accepted,
        template,
        "" if given.template is None else given.template.name,
        None if given.published is None else Archive(given.published),
        redactor,
        dated,
        given.also,
    )


_PLACE = re.compile(r"([^\[\]]+?)(?:\[(.+)\])?(:\d+)?")
"""A place that a point without a loan is named by: file, sheet, row."""


def _check_reason(opened: OpenedRun, reason: str) -> None:
    """InputError where a reason names a loan, a borrower, or a project under another than its publishable name."""
    if not reason.strip():
        return
    said = reason
    for name in opened.tables["loans"]["publish_name"].dropna().unique().tolist():
        said = said.replace(name, " ")
    if Redactor(b"reason").known(opened.tables).holds(said):
        raise InputError(Findings.one("statement_reason_names", column="--reason", found=reason))


def _hashed(row: Row, redactor: Redactor, known: Known) -> Row:
    """An accepted point as a redacted run names it, be it given with the ids of the book or with their hashes."""
    given = row.accepted
    names = [redactor.text("loan", given.loan_id), given.loan_id]
    if place := _PLACE.fullmatch(given.loan_id):
        file, sheet, at = place[1], place[2], place[3] or ""
        shown = redactor.guard("file", file, known)
        names.append(f"{shown}[{redactor.guard('file', sheet, known)}]{at}" if sheet else f"{shown}{at}")
    reason, by = (redactor.guard("text", text, known) for text in (given.reason, given.by))
    said = replace(given, loan_id=names[0], reason=reason, by=by)
    found = tuple(one for text in row.found for one in (text, redactor.guard("text", text, known)))
    file = redactor.guard("file", row.file, known)
    return replace(row, accepted=said, file=file, names=tuple(names[1:]), found=found)


def _facility(context: Context, given: str | None) -> str:
    """The facility meant, among those whose lenders must disclose."""
    must = disclosing(context)
    try:
        return facility_among(must, given, "statement_facility")
    except InputError:
        if given is None:
            raise
        other = facility_among(context.facilities, given, "statement_facility")
        expected = ", ".join(rules.id for rules in must)
        said = Findings.one("statement_no_duty", column="--facility", found=other, expected=expected)
        raise InputError(said) from None


def _redactor(opened: OpenedRun, path: Path) -> Redactor:
    if "redacted" in opened.manifest:  # hashes of hashes could be joined with nothing
        said = str(opened.manifest["redacted"])
        raise InputError(Findings.one("statement_redacted_run", column="--redact", found=said))
    return Redactor(read_key(path))


def _template(path: Path) -> Template:
    with template_told(path.name):
        return read_template(path)


@contextmanager
def template_told(name: str) -> Iterator[None]:
    """What is wrong with a template is an InputError that names its file and line."""
    try:
        yield
    except TemplateProblem as error:
        said = Findings.one(error.code, file=name, row=error.line, found=error.found, expected=error.expected)
        raise InputError(said) from error


HORIZON_WORDS = {
    "zh": ("本季度新发放", "本年度累计", "获得支持以来累计"),
    "en": ("this quarter", "this year to date", "since first support"),
}


def _corrected(correction: Correction, lang: str) -> str:
    """What a new version corrects, in one line."""
    later = ", ".join(quarter_text(one.record.quarter) for one in correction.later)
    if lang == "zh":
        said = f"更正第{correction.old.version}版：{len(correction.shown)}个数据变化"
        return said + (f"；受影响的以后各期：{later}" if later else "；以后各期不受影响")
    said = f"corrects version {correction.old.version}: {len(correction.shown)} figures change"
    return said + (f"; later statements affected: {later}" if later else "; no later statement is affected")


def summary(written: Written, published: Path | None, lang: str) -> list[str]:
    """What was written, in figures, and where it is."""
    statement, issue, zh = written.issue.statement, written.issue, lang == "zh"
    status = word("class.draft", lang) if statement.reasons else ("定稿" if zh else "final")
    if not statement.reasons and not issue.final:
        status = "可定稿" if zh else "nothing is open: can be made final"
    version = f" v{statement.version}" if statement.version > 1 else ""
    name = statement.facility.name[lang]
    out = [
        f"{statement.full_name[lang]} {quarter_text(statement.quarter)}{version} {name}{'：' if zh else ': '}{status}"
    ]
    out += [f"  - {reason.text(lang)}" for reason in statement.reasons]
    heads = [statement.options.heading(measure, lang) for measure in MEASURES]
    rows = [["", *heads]]
    for horizon, label in zip(HORIZONS, HORIZON_WORDS[lang], strict=True):
        cell = statement.printed(statement.total, horizon)
        rows.append([label, *(cell.text(measure) for measure in MEASURES)])
    out += [f"  {line}" for line in columns(rows, right=(1, 2, 3, 4))]
    if issue.chain is not None:
        out += [f"  {text}" for text in sentences(issue.chain, statement, lang, accepted_of(issue.points))]
    else:
        out.append(
            "  未与上期对比：未指定 --published" if zh else "  not compared with the last statement: no --published"
        )
    if issue.correction is not None:
        out.append(f"  {_corrected(issue.correction, lang)}")
    if statement.reasons:
        head = "草稿（定稿后方可对外披露）：" if zh else "Draft (to be published once it is final):"
    else:
        head = "可对外披露：" if zh else "May be published:"
    out += ["", head, *(f"  {path}" for path in written.public)]
    out += ["内部资料：" if zh else "Internal:", *(f"  {path}" for path in written.internal)]
    if issue.final and published is None:
        out.append(
            "未留存版本：请加 --published 文件夹，下期将与之核对"
            if zh
            else "No version was kept: with --published DIR the next quarter is compared with it"
        )
    return [*out, ""]
