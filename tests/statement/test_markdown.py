"""A document as Markdown: what a reader of Markdown makes of it is the document, and no name is ever markup."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt  # comes with rich

from relending.statement.document import Cell, Document, Paragraph, Table
from relending.statement.markdown import escaped, markdown_text
from relending.statement.plain import plain
from tests.statement.page_cases import (
    DRAFT,
    HOSTILE,
    LANGS,
    document_of,
    hostile_statements,
    pipe_tables,
    statement_of,
    texts_of,
)

READER = MarkdownIt("commonmark").enable("table")
MARKUP = {"html_block", "html_inline", "link_open", "image", "code_inline", "fence", "code_block", "hr", "em_open"}
LISTS = {"bullet_list_open", "ordered_list_open", "s_open"}


def read(text: str) -> tuple[list[tuple[str, str]], list[list[str]], set[str]]:
    """By a reader of Markdown: blocks with their texts, the rows of all tables, every kind of token."""
    blocks, rows, kinds = [], [], set()
    opened = ""
    for token in READER.parse(text):
        kinds |= {token.type, *(child.type for child in token.children or ())}
        if token.type == "tr_open":
            rows.append([])
        if token.type.endswith("_open"):
            opened = token.tag
        if token.type == "inline":
            said = "".join(c.content for c in token.children or () if c.type in ("text", "text_special"))
            if opened in ("th", "td"):
                rows[-1].append(said)
            else:
                blocks.append((opened, said))
    return blocks, rows, kinds


@pytest.mark.parametrize("lang", LANGS)
def test_a_reader_of_markdown_sees_the_document(lang: str) -> None:
    statement = statement_of("demo", "demo", "2024Q1", reasons=DRAFT)
    document = document_of(statement, lang)
    text = markdown_text(document)
    blocks, rows, kinds = read(text)
    mark, *paragraphs = [b.text for b in document.blocks if isinstance(b, Paragraph)]
    (table,) = [b for b in document.blocks if isinstance(b, Table)]
    last = f"{document.issuer} · {({'zh': '公开披露', 'en': 'Public'})[lang]}"
    assert blocks == [
        ("p", mark),
        ("h1", document.title),
        *(("p", p) for p in [*paragraphs, table.caption, last]),
    ]
    assert "blockquote_open" in kinds and not kinds & MARKUP
    assert [row[1:] for row in rows[1:]] == texts_of(statement, lang)
    assert len({len(row) for row in rows}) == 1
    assert text.endswith("\n") and not text.endswith("\n\n") and "\r" not in text


def test_figures_are_set_right_and_the_two_rows_of_the_header_are_one() -> None:
    ((rules, rows),) = pipe_tables(markdown_text(document_of(statement_of("demo", "demo", "2024Q1"), "zh")))
    assert rules == ["---", *["---:"] * 12]
    assert rows[0][:2] == ["碳减排领域", "本季度新发放碳减排贷款 / 支持的项目数量（个）"]


@pytest.mark.parametrize("lang", LANGS)
def test_hostile_names_stay_text(lang: str) -> None:
    for text, statement in hostile_statements():
        document = document_of(statement, lang)
        made = markdown_text(document)
        blocks, rows, kinds = read(made)
        assert not kinds & (MARKUP | LISTS), (text, kinds)
        said = [t for _, t in blocks]
        assert said[1] == plain(document.title), text
        for block in document.blocks:
            if isinstance(block, Paragraph):
                assert plain(block.text) in said, (text, said)
        assert [row[1:] for row in rows[1:]] == texts_of(statement, lang)
        assert not re.search(r"<[a-z/!?]", made) and "\x00" not in made
        made.encode("utf-8")


@pytest.mark.parametrize("text", [*HOSTILE, "1)", "12. x", "+ x", "= =", "\\", "a\\", "|", "~~~", "a #", "*", "&amp"])
def test_any_text_in_a_cell_or_a_paragraph_reads_as_itself(text: str) -> None:
    table = Table(text, ((Cell(text), Cell("n")),), ((Cell(text), Cell("1", figure=True)),), (1, 1))
    document = Document("en", text, text, "internal", (Paragraph(text), Paragraph(text, "heading"), table))
    blocks, rows, kinds = read(markdown_text(document))
    same = plain(text)
    assert blocks == [("h1", same), ("p", same), ("h2", same), ("p", same), ("p", f"{same} · Internal")]
    assert rows == [[same, "n"], [same, "1"]] and not kinds & (MARKUP | LISTS)


def test_figures_are_not_escaped_for_people_read_the_file_as_it_is() -> None:
    assert [escaped(t) for t in ("1,324,620.45", "2.50", "—", "0", "2024年第一季度")] == [
        "1,324,620.45",
        "2.50",
        "—",
        "0",
        "2024年第一季度",
    ]


def test_a_negative_figure_in_a_table_has_no_backslash() -> None:
    row = (Cell("-298.08", figure=True), Cell("-1,298.07", figure=True, bold=True), Cell("-x"), Cell("-1|2"))
    document = Document("en", "t", "i", "public", (Table("T", (row,), (row,), (1, 1, 1, 1)), Paragraph("-1 x")))
    made = markdown_text(document)
    assert "| -298.08 | **-1,298.07** | \\-x | -1&#124;2 |" in made and "\\-1 x" in made
    _, rows, kinds = read(made)
    assert rows[1] == ["-298.08", "-1,298.07", "-x", "-1|2"] and not kinds & LISTS


def test_merged_cells_of_a_body_are_said_again_below() -> None:
    table = Table(
        "T",
        ((Cell("a"), Cell("b", across=2)), (Cell("c"), Cell("d"), Cell("e"))),
        ((Cell("x", down=2), Cell("1", figure=True), Cell("2", figure=True)), (Cell("both", across=2, bold=True),)),
        (1, 1, 1),
    )
    ((rules, rows),) = pipe_tables(markdown_text(Document("en", "t", "i", "public", (table,))))
    assert rows == [["a / c", "b / d", "b / e"], ["x", "1", "2"], ["x", "both", ""]]
    assert rules == ["---", "---", "---:"]
