"""The findings 检查事项 and the points 处理事项: what is wrong or open, and what someone accepted, with the place."""

from __future__ import annotations

import pandas as pd

from relending.lineage.disclosed import Disclosed
from relending.lineage.findings_touching import findings_touching
from relending.lineage.open_points import SIMULATED_CODE
from relending.lineage.story import severity_name
from relending.lineage.whynot import Saved
from relending.sheet import COUNT, ID
from relending.statement.paper_page import NUMBER_KIND, WHOLE, Page, column, text
from relending.statement.paper_words import column_told, finding_told, found_told, state_told
from relending.statement.words import word

FINDINGS, POINTS = (8, 72, 18, 8, 8, 20, 20, 30, 38, 72), (20, 60, 40, 60, 20)
MOST = 100_000
"""Findings listed one by one; all are counted."""
_KINDS = {"loan": ID, "row": COUNT}
_PLACES = ("severity", "code", "file", "sheet", "row", "loan", "column", "found", "expected")


def write_findings(page: Page, run: Saved, found: Disclosed, lang: str) -> None:
    """Write the findings that touch this lender's loans up to the quarter, or the run: counted, then one by one."""
    page.title(word("paper_sheet.findings", lang))
    told = findings_touching(run, found)
    suffix = "_zh" if lang == "zh" else ""
    page.heading(word("paper.codes", lang))
    columns = [
        column("severity", lang, FINDINGS[0]),
        column("message", lang, FINDINGS[1]),
        column("count", lang, FINDINGS[2], NUMBER_KIND, WHOLE),
    ]
    counted = told.groupby(["severity", "code"], sort=False).size() if len(told) else {}
    page.table(columns, [(severity_name(s, lang), finding_told(str(c), lang), int(n)) for (s, c), n in counted.items()])
    if not len(told):
        page.line(columns, (word("paper.nothing", lang), None, 0))
    if len(told) > MOST:
        page.note(word("paper.findings_cut", lang, n=f"{MOST:,}"))
    page.row += 1
    names = ("severity", "message", *_PLACES[2:], "fix")
    columns = [column(k, lang, w, _KINDS.get(k, "text")) for k, w in zip(names, FINDINGS, strict=True)]
    header = page.header([c.header for c in columns])
    rows = told.head(MOST)
    for row in zip(*(rows[n].tolist() for n in (*_PLACES, f"fix{suffix}")), strict=True):
        severity, code, file, sheet, line, loan, named, was, due, fix = row
        place = None if line is None or pd.isna(line) else int(line)
        column_of, where = text(named) or "", (text(file), text(sheet), place, text(loan))
        said = [found_told(text(v), column_of, str(code), lang) for v in (was, due)]
        told = (severity_name(severity, lang), finding_told(str(code), lang))
        page.line(columns, (*told, *where, column_told(column_of, str(code), lang), *said, text(fix)))
    if len(rows):
        page.sheet.autofilter(header, 0, page.row - 1, len(columns) - 1)
    page.finish(header, frozen=False)


def write_points(page: Page, points: pd.DataFrame, lang: str) -> None:
    """Write the points: loan_id, code, found, reason and by."""
    page.title(word("paper_sheet.points", lang))
    columns = [
        column("loan_id", lang, POINTS[0], ID),
        column("message", lang, POINTS[1]),
        column("found", lang, POINTS[2]),
        column("reason", lang, POINTS[3]),
        column("by", lang, POINTS[4]),
    ]
    names = ("loan_id", "code", "found", "reason", "by")
    rows = [[text(v) for v in row] for row in points[list(names)].itertuples(index=False)]
    told = [(r[0], finding_told(r[1] or "", lang), _found(r[1], r[2], lang), *r[3:]) for r in rows]
    header, _ = page.table(columns, told)
    if not len(points):
        page.line(columns, (word("paper.nothing", lang), *[None] * 4))
    page.finish(header)


def _found(code: str | None, found: str | None, lang: str) -> str | None:
    """What was found; of a simulated draw the state of its loan, in words."""
    return state_told(found, lang) if code == SIMULATED_CODE and found else found
