"""Explain 说明: the whole story of one loan, told from a run folder alone.

Where the loan came from, each screening rule with the values compared and the source of the rule, its draw and
rollovers with their dates, its share and reduction with the arithmetic, and the disclosure cells it is counted in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from relending.dates import iso
from relending.engine.block import make_block
from relending.engine.context import Context
from relending.lineage.attribution_story import cells, share_and_reduction
from relending.lineage.case import Case, Saved, UnknownLoan, empty, find_cases
from relending.lineage.funding_story import draws_and_rollovers
from relending.lineage.revised import counted
from relending.lineage.screening_story import rules_applied
from relending.lineage.story import label, money, percent, power, say, severity_name, state_name, tonnes, word
from relending.terminal import visible


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the story: a title and its lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """The story of one row of the book; ``loan_id`` is its place where it has no id."""

    loan_id: str
    sections: tuple[Section, ...]

    def text(self) -> str:
        """The story as plain text: each of its lines one line, whatever the book holds."""
        out = [visible(self.loan_id)]
        for section in self.sections:
            title = [section.title] if section.title else []
            out += ["", *title, *(f"  {visible(line)}" if title else visible(line) for line in section.lines)]
        return "\n".join(out)


def explain(run: Saved, loan_id: str, lang: str = "en") -> list[Story]:
    """The story of a loan, one for every row of the book that has its id.

    ``loan_id`` may be ``FILE:ROW`` instead (``book.csv:7``, the row as a person counts it), for a row without an id.

    Raises UnknownLoan (a LookupError) if there is no such loan, and DamagedRun (a ValueError) if the run's tables do
    not fit together.
    """
    cases = find_cases(run, loan_id)
    if not cases:
        raise UnknownLoan(loan_id)
    context = run.context()
    return [_story(case, context, lang) for case in cases]


def _story(case: Case, context: Context, lang: str) -> Story:
    planned = (say("planned", lang),) if bool(case.row.get("planned", False)) else ()
    sections = [
        Section(say("source", lang), (_source(case.row, lang), *planned, *_given(case.row, lang))),
        Section(say("findings", lang), tuple(_findings(case.findings, lang))),
    ]
    if case.screening["reasons"] == "data_error":
        sections.append(Section(say("screening", lang), (say("set_aside", lang),)))
        lines = share_and_reduction(case, lang)
    else:
        block = make_block(counted(case).assign(data_error=False))
        sections.append(Section(say("screening", lang), tuple(rules_applied(case, block, context, lang))))
        sections.append(Section(say("funding", lang), tuple(draws_and_rollovers(case, block, context, lang))))
        lines = [*share_and_reduction(case, lang), *cells(case, block, context, lang)]
    sections.append(Section(say("attribution", lang), tuple(lines)))
    sections.append(_end(case, context, lang))
    return Story(case.label, tuple(sections))


def _source(row: Any, lang: str) -> str:
    sheet = "" if empty(row["sheet"]) else say("source_sheet", lang, sheet=row["sheet"])
    return say("source_row", lang, file=row["file"], sheet=sheet, row=row["row"])


def _given(row: Any, lang: str) -> list[str]:
    """What the row says, column by column, in people's units and words."""
    out = []
    for name, value in row.items():
        if name in ("file", "sheet", "row", "planned") or empty(value) or pd.isna(value):
            continue
        stem, shown = name, word(name, str(value), lang)
        if name.endswith("_fen"):
            stem, shown = name.removesuffix("_fen"), money(int(value))
        elif name.endswith("_ppm"):
            stem, shown = name.removesuffix("_ppm"), percent(int(value))
        elif name.endswith("_g"):
            stem, shown = name.removesuffix("_g"), f"{tonnes(int(value))} t"
        elif name.endswith(("_kwh", "_kw")):
            stem = name.replace("_kwh", "_mwh").replace("_kw", "_mw")
            shown = f"{power(int(value))} {'MWh' if name.endswith('_kwh') else 'MW'}"
        out.append(f"{label(stem, lang)} = {shown}")
    return out


def _findings(findings: pd.DataFrame, lang: str) -> list[str]:
    suffix = "_zh" if lang == "zh" else ""
    out = []
    for f in findings.itertuples(index=False):
        text = f"[{severity_name(f.severity, lang)}] {f.code}: {getattr(f, 'message' + suffix)}"
        text += "".join(f" ({mark} {value})" for mark, value in (("=", f.found), ("→", f.expected)) if not empty(value))
        out.append(text)
    return out or [say("no_findings", lang)]


def _end(case: Case, context: Context, lang: str) -> Section:
    if case.state == "":
        return Section("", (say("out_of_run", lang, end=iso(context.end)),))
    return Section("", (say("state", lang, end=iso(context.end), state=state_name(case.state, lang)),))
