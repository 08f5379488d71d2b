"""A Word template 模板 for a bank to start from: our own statement, with fields where a bank's figures come.

It is written as any document is, so what is filled in looks as our own file does.
"""

from __future__ import annotations

import re
from pathlib import Path

from relending.engine.disclosure import HORIZONS
from relending.statement.compose import FIELD_WIDTH, FIGURE_WIDTHS
from relending.statement.document import Cell, Document, Paragraph, Role, Table
from relending.statement.docxtable import LARGEST, MARGIN
from relending.statement.docxtext import before_bracket, heading_lines
from relending.statement.printed import MEASURES
from relending.statement.word import WIDTH, Margins, package
from relending.statement.wording import FOOTNOTES, HORIZON_FIELDS, own_template
from relending.statement.words import word
from relending.statement.zipped import write_zip

SHARES = (FIELD_WIDTH, *FIGURE_WIDTHS * len(HORIZONS))
_ALONE = re.compile(r"\{%\s*(.*?)\s*%\}")


def write_starter(path: Path, lang: str) -> None:
    """Write the template in a language. Raises OSError where the disk refuses."""
    names = ("bank_short", "facility", "year", "quarter_number", "version")
    foot = word("word.starter_foot", lang, **{name: f"{{{{ {name} }}}}" for name in names})
    margins = Margins("{% if draft %}" + word("word.draft", lang) + "{% endif %}", foot)
    write_zip(path, package(starter(lang), margins, _size(lang)))


def _size(lang: str) -> int:
    """Half-points of the table's text: a little smaller than ours, for figures that are not known yet."""
    return LARGEST[lang] - 1


def starter(lang: str) -> Document:
    """The template as a document: the shipped text, each of its conditions in a paragraph of its own, and the table."""
    text, _, notes = own_template(lang).partition(f"\n{FOOTNOTES}\n")
    _, *body = filter(None, text.split("\n"))  # its first line is the title
    lines: list[tuple[str, Role]] = [
        (f"{{#p {word('word.starter_fields', lang)} #}}", "body"),
        *((_paragraph(line), "body") for line in body),
        ("{{ bank }}", "sign"),
        *_when("date", "{{ date }}", "sign"),
        *((line, "footnote") for line in notes.split("\n") if line.strip()),
    ]
    blocks: tuple[Paragraph | Table, ...] = (*(Paragraph(line, role) for line, role in lines), _table(lang))
    title = word("title.statement", lang, bank="{{ bank }}", quarter="{{ quarter }}")
    return Document(lang, title, "", "public", blocks)


def _when(field: str, text: str, role: Role) -> list[tuple[str, Role]]:
    beside: Role = "sign" if role == "sign" else "body"
    return [(f"{{%p if {field} %}}", beside), (text, role), ("{%p endif %}", beside)]


def _paragraph(line: str) -> str:
    """A line of the text template; a condition that stands alone in it takes its paragraph with it."""
    alone = _ALONE.fullmatch(line)
    return f"{{%p {alone[1]} %}}" if alone else line


def _heading(measure: str, lang: str) -> str:
    """The header of a column; in Chinese with its lines, the unit in one of its own."""
    text = word(f"table.{measure}", lang, unit=f"{{{{ {measure}_unit }}}}")
    if lang != "zh":
        return text
    first, *unit = before_bracket(text)
    twips = SHARES[1 + MEASURES.index(measure)] * WIDTH[True] - 2 * MARGIN
    return "\n".join([*heading_lines(first, twips / (10 * _size(lang))), *unit])


def _table(lang: str) -> Table:
    """The table: one row for the fields and one for the total, of which each row of the figures takes its own."""
    header = (
        (
            Cell(word("table.field", lang), down=2),
            *(Cell(word(f"table.{horizon}", lang), across=len(MEASURES)) for horizon in HORIZONS),
        ),
        tuple(Cell(_heading(m, lang)) for _ in HORIZONS for m in MEASURES),
    )

    def tag(text: str) -> tuple[Cell, ...]:
        return (Cell(f"{{%tr {text} %}}", across=len(SHARES)),)

    def row(bold: bool) -> tuple[Cell, ...]:
        figures = [f"{{{{ row.{HORIZON_FIELDS[h]}.{m} }}}}" for h in HORIZONS for m in MEASURES]
        return (Cell("{{ row.name }}", bold=bold), *(Cell(text, figure=True, bold=bold) for text in figures))

    rows = tag("for row in rows"), tag("if loop.last"), row(True), tag("else"), row(False), tag("endif"), tag("endfor")
    caption = word("title.table", lang, bank="{{ bank }}", quarter="{{ quarter }}")
    return Table(caption, header, rows, SHARES, wide=True)
