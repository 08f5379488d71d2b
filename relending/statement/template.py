"""A bank's own template: a Word document or a text, read once and only as far as it is safe to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relending.statement.sandbox import LARGEST, TemplateProblem

WORD, TEXTS = ".docx", (".txt", ".md")


@dataclass(frozen=True, slots=True)
class Template:
    """Either ``word``, the file of a Word template, or ``text``, the text of one."""

    word: Path | None = None
    text: str | None = None


def read_template(path: Path) -> Template:
    """The template in a file: .docx for the Word file, .txt or .md (UTF-8) for the text of all files.

    Raises TemplateProblem for anything else, ``OSError`` where the disk refuses.
    """
    ending = path.suffix.lower()
    if ending == WORD:
        return Template(word=path)
    if ending not in TEXTS:
        raise TemplateProblem("template_unreadable", path.suffix or path.name, ", ".join((WORD, *TEXTS)))
    with path.open("rb") as file:
        held = file.read(4 * LARGEST + 1)
    if len(held) > 4 * LARGEST:
        raise TemplateProblem("template_too_large", f"> {4 * LARGEST:,}", f"<= {LARGEST:,}")
    try:
        return Template(text=held.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TemplateProblem("template_unreadable", f"{error.reason} ({error.start})", "UTF-8") from error
