"""The files of a statement: Word, Excel, HTML and Markdown, under names that say whose, of what and of when."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from relending.dates import quarter_text
from relending.filenames import LONGEST, unfit_id
from relending.statement.compose import compose
from relending.statement.document import Document
from relending.statement.markdown import markdown_text
from relending.statement.page import html_page
from relending.statement.statement import Statement
from relending.statement.template import Template
from relending.statement.word import write_word
from relending.statement.wording import fields_of
from relending.statement.wordtemplate import write_from_template
from relending.statement.workbook import write_workbook

ENDINGS = ("docx", "xlsx", "html", "md")


def stem(statement: Statement, lang: str, what: str = "") -> str:
    """The name of a file of a statement without its ending: lender, facility, quarter, version from the second on.

    ValueError where the lender or the facility cannot stand in the name of a file.

    >>> from types import SimpleNamespace as Some
    >>> stem(Some(lender="demo", facility=Some(id="cerf"), quarter=8097, version=2), "zh", "correction")
    'demo_cerf_2024Q2_v2_correction_zh'
    """
    for ident in (statement.lender, statement.facility.id):
        if wrong := unfit_id(ident):
            raise ValueError(f"{ident[:LONGEST]!r} cannot be in the name of a file: {wrong}")
    version = f"v{statement.version}" if statement.version > 1 else ""
    parts = (statement.lender, statement.facility.id, quarter_text(statement.quarter), version, what, lang)
    return "_".join(part for part in parts if part)


def write_statement(statement: Statement, lang: str, folder: Path, template: Template | None = None) -> list[Path]:
    """Write the four files of a statement in a language into a folder; ``template`` is a bank's own.

    Raises TemplateProblem where the template cannot be used, ``OSError`` where the disk refuses.
    """
    text = template.text if template is not None else None
    document = compose(statement, lang, text)
    paths = {ending: folder / f"{stem(statement, lang)}.{ending}" for ending in ENDINGS}
    if template is not None and template.word is not None:
        write_from_template(fields_of(statement, lang), template.word, paths["docx"], document.issuer, document.title)
    else:
        write_word(document, paths["docx"])
    write_workbook(statement, document, paths["xlsx"])
    _write_text(paths["html"], html_page(document))
    _write_text(paths["md"], markdown_text(document))
    return all_inside(folder, paths.values())


def write_note(document: Document, name: str, folder: Path) -> list[Path]:
    """Write a note beside a statement (a comparison, a correction) as Word and Markdown."""
    word, text = folder / f"{name}.docx", folder / f"{name}.md"
    write_word(document, word)
    _write_text(text, markdown_text(document))
    return all_inside(folder, (word, text))


def all_inside(folder: Path, paths: Iterable[Path]) -> list[Path]:
    """Paths of files, each of which lies in the folder itself; ValueError for one that does not.

    Names are checked where they are made: this is said before a file that lies elsewhere is counted as written.
    """
    room, out = folder.resolve(), list(paths)
    for path in out:
        if path.resolve().parent != room:
            raise ValueError(f"{path.name!r} does not lie in {folder.name!r}")
    return out


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
