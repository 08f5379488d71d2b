"""A bank's own template: a Word document or a text, read once and only as far as it is safe to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relending.outfile import reason
from relending.statement.sandbox import LARGEST, TemplateProblem, checked
from relending.statement.wording import NAMES
from relending.statement.wordtemplate import check_word

WORD, TEXTS = ".docx", (".txt", ".md")


@dataclass(frozen=True, slots=True)
class Template:
    """Either ``word``, the file of a Word template, or ``text``, the text of one."""

    word: Path | None = None
    text: str | None = None


def read_template(path: Path) -> Template:
    """The template in a file: .docx for the Word file, .txt or .md (UTF-8) for the text of all files.

    Raises TemplateProblem for anything else, where there is no such file, and for what is wrong with it whatever the
    figures are.
    """
    ending = path.suffix.lower()
    if ending not in (WORD, *TEXTS):
        raise TemplateProblem("template_unreadable", path.suffix or str(path), ", ".join((WORD, *TEXTS)))
    if not path.exists():
        raise TemplateProblem("file_not_found", path.name)
    if not path.is_file():  # a folder, or a pipe that might never end
        raise TemplateProblem("template_unreadable", path.name, ", ".join((WORD, *TEXTS)))
    try:
        if ending == WORD:
            check_word(path, NAMES)
            return Template(word=path)
        with path.open("rb") as file:
            held = file.read(4 * LARGEST + 1)
    except OSError as error:
        raise TemplateProblem("template_unreadable", " ".join(reason(error))) from error
    if len(held) > 4 * LARGEST:
        raise TemplateProblem("template_too_large", f"> {4 * LARGEST:,}", f"<= {LARGEST:,}")
    try:
        text = held.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateProblem("template_unreadable", f"{error.reason} ({error.start})", "UTF-8") from error
    if len(text) > LARGEST:
        raise TemplateProblem("template_too_large", f"{len(text):,}", f"<= {LARGEST:,}")
    if not text.strip():
        raise TemplateProblem("template_empty", "0 ¶", ">= 2 ¶")
    checked(text, NAMES)
    return Template(text=text)
