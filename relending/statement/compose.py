"""A statement as a document 成文: mark, text, who issues it and when, footnotes, and the table of 13 columns."""

from __future__ import annotations

from relending.engine.disclosure import HORIZONS
from relending.statement.document import Cell, Document, Paragraph, Table
from relending.statement.printed import MEASURES
from relending.statement.statement import Statement
from relending.statement.wording import day_words, mark_of, quarter_words, wording
from relending.statement.words import word

FIELD_WIDTH, FIGURE_WIDTHS = 0.1, (0.064, 0.08, 0.064, 0.092)
"""Shares of the page's width: the field, and the four figures of each horizon."""


def compose(statement: Statement, lang: str, template: str | None = None) -> Document:
    """The document of a statement in a language; ``template`` is a bank's own text.

    Raises TemplateProblem where the template cannot be used.
    """
    text = wording(statement, lang, template)
    mark = mark_of(statement, lang)
    bank = statement.full_name[lang]
    signed = [bank] if statement.dated is None else [bank, day_words(statement.dated, lang)]
    blocks: list[Paragraph | Table] = [
        *([Paragraph(mark, "mark")] if mark else []),
        *(Paragraph(one) for one in text.paragraphs),
        *(Paragraph(one, "sign") for one in signed),
        *(Paragraph(one, "footnote") for one in text.footnotes),
        table_of(statement, lang),
    ]
    return Document(lang, text.title, bank, "public", tuple(blocks), bool(statement.reasons))


def table_of(statement: Statement, lang: str) -> Table:
    """The table: the field, then four figures for each of the three horizons."""
    options = statement.options
    header = (
        (
            Cell(word("table.field", lang), down=2),
            *(Cell(word(f"table.{horizon}", lang), across=len(MEASURES)) for horizon in HORIZONS),
        ),
        tuple(Cell(options.heading(measure, lang)) for _ in HORIZONS for measure in MEASURES),
    )
    rows = []
    for row in statement.rows:
        last = row is statement.total
        figures = [
            Cell(statement.printed(row, horizon).text(measure, lang), figure=True, bold=last)
            for horizon in HORIZONS
            for measure in MEASURES
        ]
        rows.append((Cell(row.name[lang], bold=last), *figures))
    caption = word("title.table", lang, bank=statement.full_name[lang], quarter=quarter_words(statement, lang))
    return Table(caption, header, tuple(rows), (FIELD_WIDTH, *FIGURE_WIDTHS * len(HORIZONS)), wide=True)
