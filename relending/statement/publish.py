"""What a disclosure writes 出具文件: public files in ``statements``, all else in ``internal``, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from relending.findings import messages
from relending.lineage.whynot import Saved
from relending.outfile import whole_file
from relending.room import whole_folder
from relending.sheet import Styles, made_to_print, put
from relending.spreadsheet import workbook
from relending.statement.accept import accepted_of
from relending.statement.archive import Archive
from relending.statement.chain import in_words
from relending.statement.chain_note import comparison_note
from relending.statement.correction_note import correction_note, correction_paper
from relending.statement.files import all_inside, stem, write_note, write_statement
from relending.statement.issue import Issue
from relending.statement.paper import write_paper
from relending.statement.template import Template
from relending.statement.words import word

PUBLIC, INTERNAL = "statements", "internal"
WIDTHS = (24, 26, 44, 30, 40, 16)


@dataclass(frozen=True, slots=True)
class Written:
    """Files of one issue: those that may be published, and the others."""

    issue: Issue
    public: tuple[Path, ...]
    internal: tuple[Path, ...]


def write_issues(
    inside: Saved,
    issues: Sequence[Issue],
    lang: str,
    out: Path,
    template: Template | None = None,
    archive: Archive | None = None,
    also: str | None = None,
) -> list[Written]:
    """Write issues into the folder ``out``, which is replaced if it is there, and keep them in the archive if given.

    ``also`` is a language in which the statement, and its correction note, are written too, in our words.

    ``inside`` is the run as it may be shown inside (redacted or not). Raises TemplateProblem, InputError where the
    archive refuses, ``OSError`` where the disk does; then everything is as before, the archive too.
    """
    undo = ExitStack()
    try:
        with whole_folder(out) as room:
            done = [_write_issue(inside, issue, lang, room, template, also) for issue in issues]
            if archive is not None:
                for one in done:
                    files = {**_named(room, one.public), **_named(room, one.internal)}
                    undo.callback(archive.take_back, archive.keep(one.issue.record, files))
    except BaseException:
        undo.close()
        raise
    return [
        Written(one.issue, *(tuple(out / p.relative_to(room) for p in paths) for paths in (one.public, one.internal)))
        for one in done
    ]


def _named(room: Path, paths: Sequence[Path]) -> dict[str, Path]:
    return {path.relative_to(room).as_posix(): path for path in paths}


def _write_issue(
    inside: Saved, issue: Issue, lang: str, room: Path, template: Template | None, also: str | None = None
) -> Written:
    public, internal = room / PUBLIC, room / INTERNAL
    public.mkdir(exist_ok=True)
    internal.mkdir(exist_ok=True)
    statement = issue.statement
    languages = list(dict.fromkeys([lang, *([also] if also else [])]))
    shown = [
        path for one in languages for path in write_statement(statement, one, public, template if one == lang else None)
    ]
    comparison, kept = None, []
    if issue.chain is not None:
        comparison = comparison_note(issue.chain, statement, lang, accepted_of(issue.points))
        kept += write_note(comparison, stem(statement, lang, "comparison"), internal)
    if issue.correction is not None:
        for one in languages:
            note = correction_note(issue.correction, statement, issue.record.reason, one)
            shown += write_note(note, stem(statement, one, "correction"), public)
        paper = correction_paper(issue.correction, statement, issue.record.reason, lang)
        kept += write_note(paper, stem(statement, lang, "correction-loans"), internal)
    path = internal / f"{stem(statement, lang, 'workpaper')}.xlsx"
    points = points_in_words(issue, lang) if len(issue.points) else None
    write_paper(inside, issue.found, statement, lang, path, comparison=comparison, points=points)
    kept += all_inside(internal, [path])
    return Written(issue, tuple(shown), tuple(kept))


def points_in_words(issue: Issue, lang: str) -> pd.DataFrame:
    """The open points of an issue, what differs from the last statement in words of a language."""
    return issue.points if issue.chain is None else in_words(issue.points, issue.chain, lang)


def write_points(points: pd.DataFrame, path: Path, lang: str) -> None:
    """Write open points as a list to be filled in: .csv or .xlsx, with ``reason`` and ``by`` left empty.

    Read back by :func:`relending.statement.accept.read_accepted` once they are filled in.
    """
    from relending.book.columns import columns
    from relending.book.template import header_of

    known = columns("accept")
    header = [header_of(known[n], lang) for n in ("loan_id", "code", "meaning", "found", "reason", "by")]
    loans, codes, texts = (points[n].tolist() for n in ("loan_id", "code", "found"))
    meanings = {code: _meaning(code, lang) for code in set(codes)}
    rows = [(loan, code, meanings[code], found) for loan, code, found in zip(loans, codes, texts, strict=True)]
    with whole_file(path) as room:
        if path.suffix.lower() == ".csv":
            _points_csv(room, header, rows)
            return
        with workbook(room) as book:
            sheet, styles = book.add_worksheet(word("points.sheet", lang)), Styles(book, lang)
            for at, (text, width) in enumerate(zip(header, WIDTHS, strict=True)):
                put(sheet, 0, at, text, styles.header())
                sheet.set_column(at, at, width, styles(num_format="@"))
            for i, row in enumerate(rows, 1):
                for at, text in enumerate(row):
                    put(sheet, i, at, text, styles.cell("id"))
            made_to_print(sheet, 0, len(header), lang)


def _meaning(code: str, lang: str) -> str:
    """What an open point is, in words."""
    told = messages().get(code)
    return word("points.simulated_receipt", lang) if told is None else told.message[lang]


def _points_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    import csv

    from relending.spreadsheet import escape

    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows([*(escape(text) for text in row), "", ""] for row in rows)
