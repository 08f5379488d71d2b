"""The page of a document: whole, closed to scripts and requests, readable to everyone; what anyone wrote stays text."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from relending.statement.document import Cell, Document, Paragraph, Table
from relending.statement.page import html_page
from relending.statement.plain import plain
from tests.statement.page_cases import DRAFT, LANGS, Page, document_of, hostile_statements, statement_of, texts_of

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "footer"),
    *("div", "table", "caption", "colgroup", "col", "thead", "tbody", "tr", "th", "td", "wbr"),
}
ABOUT = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "data-mark", "id", "role", "tabindex"),
    *("aria-labelledby", "span", "scope", "colspan", "rowspan"),
}


def metas(page: Page) -> dict[str, str]:
    return {
        (a.get("name") or a.get("http-equiv") or "charset") or "": a.get("content") or a.get("charset") or ""
        for tag, a in page.tags
        if tag == "meta"
    }


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_says_what_it_is_and_whose(lang: str) -> None:
    document = document_of(statement_of("demo", "demo", "2024Q1"), lang)
    text = html_page(document)
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>\n") and text.endswith("</html>\n")
    assert page.tags[0] == ("html", {"lang": {"zh": "zh-CN", "en": "en"}[lang]})
    assert page.of("title") == page.of("h1") == [document.title]
    assert metas(page)["author"] == document.issuer and metas(page)["charset"] == "utf-8"
    assert page.of("footer")[0].endswith({"zh": "公开披露", "en": "Public"}[lang])
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_chinese_headings_break_between_words_only() -> None:
    text = html_page(document_of(statement_of("demo", "demo", "2024Q1"), "zh"))
    assert "支持的<wbr>项目<wbr>数量<wbr>（个）</th>" in text and "word-break: keep-all" in text
    body = text[text.index("<tbody>") :]
    assert "<wbr>" not in body
    assert "<wbr>" not in html_page(document_of(statement_of("demo", "demo", "2024Q1"), "en"))


@pytest.mark.parametrize("lang", LANGS)
def test_the_policy_allows_the_pages_own_style_sheet_and_nothing_else(lang: str) -> None:
    text = html_page(document_of(statement_of("demo", "demo", "2024Q1", reasons=DRAFT), lang))
    page = Page(text)
    (style,) = page.of("style")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    told = dict(part.strip().split(" ", 1) for part in metas(page)["Content-Security-Policy"].split(";"))
    assert told == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert text.index("Content-Security-Policy") < text.index("<style")
    assert not re.search(r"https?:|//[a-z]|url\(|@import|javascript:", text, re.I)
    assert {tag for tag, _ in page.tags} <= TAGS and {name for _, a in page.tags for name in a} <= ABOUT


@pytest.mark.parametrize("lang", LANGS)
def test_the_table_is_one_that_a_screen_reader_can_read(lang: str) -> None:
    document = document_of(statement_of("demo", "demo", "2024Q1"), lang)
    (table,) = [block for block in document.blocks if isinstance(block, Table)]
    page = Page(html_page(document))
    assert page.of("caption") == [table.caption]
    parts = page.parts[0]
    for (r, c), (tag, about) in parts.items():
        if r == 0 and c:
            assert (tag, about["scope"], about["colspan"]) == ("th", "colgroup", "4")
        elif r < 2:
            assert (tag, about["scope"]) == ("th", "col")
        elif c == 0:
            assert (tag, about["scope"]) == ("th", "row")
        else:
            assert tag == "td" and "figure" in (about["class"] or "") and "scope" not in about
    assert parts[0, 0][1]["rowspan"] == "2"
    columns = [tag for tag, _ in page.tags if tag in ("colgroup", "col")]
    assert columns == ["colgroup", "col", *["colgroup", *["col"] * 4] * 3]


@pytest.mark.parametrize("lang", LANGS)
def test_a_draft_is_marked_above_behind_and_on_the_page_of_the_table(lang: str) -> None:
    statement = statement_of("demo", "demo", "2024Q1", reasons=DRAFT)
    page = Page(html_page(document_of(statement, lang)))
    short = {"zh": "草稿", "en": "DRAFT"}[lang]
    body = next(a for tag, a in page.tags if tag == "body")
    assert body == {"class": "draft", "data-mark": short}
    long, again = page.of("p", "mark")
    assert long.startswith(short) and "26" in long and again == short
    (style,) = page.of("style")
    screen, _, printed = style.partition("@media print")
    assert "body.draft::before { content: attr(data-mark); position: fixed" in screen
    assert "display: none" not in style and "visibility" not in style and printed

    final = Page(html_page(document_of(statement_of("demo", "demo", "2024Q1"), lang)))
    assert not final.of("p", "mark") and ("body", {}) in final.tags
    second = Page(html_page(document_of(statement_of("demo", "demo", "2024Q1", version=2), lang)))
    assert len(second.of("p", "mark")) == 1 and ("body", {}) in second.tags


def test_the_table_has_a_page_on_its_side() -> None:
    (style,) = Page(html_page(document_of(statement_of("demo", "demo", "2024Q1"), "zh"))).of("style")
    assert "@page { size: A4;" in style and "@page wide { size: A4 landscape;" in style
    assert '"公开披露  " counter(page)' in style
    assert ".wide { page: wide; break-before: page;" in style


def luminance(colour: str) -> float:
    digits = colour * 2 if len(colour) == 3 else colour
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_stands_out_from_what_is_behind_it() -> None:
    """WCAG 2.1, success criterion 1.4.6: 7 to 1. The text over the watermark too."""
    (style,) = Page(html_page(document_of(statement_of("demo", "demo", "2024Q1"), "zh"))).of("style")
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", style)
    inks = set(re.findall(r"(?<![-\w])color: #([0-9a-f]{3,6})", " ".join(b for s, b in rules if "::before" not in s)))
    grounds = set(re.findall(r"background: #([0-9a-f]{3,6})", style))
    grounds |= set(re.findall(r"(?<![-\w])color: #([0-9a-f]{3,6})", " ".join(b for s, b in rules if "::before" in s)))
    assert len(inks) == 2 and len(grounds) == 3
    for ink in inks:
        for ground in grounds:
            low, high = sorted(map(luminance, (ink, ground)))
            assert (high + 0.05) / (low + 0.05) >= 7, (ink, ground)


@pytest.mark.parametrize("lang", LANGS)
def test_hostile_names_stay_text(lang: str) -> None:
    usual = Page(html_page(document_of(statement_of("demo", "demo", "2024Q2", reasons=DRAFT), lang)))
    for text, statement in hostile_statements():
        document = document_of(statement, lang)
        made = html_page(document)
        page = Page(made)
        assert [tag for tag, _ in page.tags] == [tag for tag, _ in usual.tags], text
        assert metas(page)["author"] == plain(text) == page.of("p", "sign")[0]
        assert page.of("h1") == page.of("title") == [plain(document.title)]
        paragraphs = [plain(b.text) for b in document.blocks if isinstance(b, Paragraph)]
        assert [p for p in page.of("p") if p not in ("草稿", "DRAFT")] == paragraphs
        assert [row[1:] for row in page.rows()[2:]] == texts_of(statement, lang)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe]", made)
        made.encode("utf-8")


def test_any_document_is_a_page() -> None:
    """A heading, an internal table with merged cells in its body, two tables alike."""
    table = Table(
        "T",
        ((Cell("a"), Cell("b"), Cell("c")),),
        ((Cell("x", down=2), Cell("1", figure=True), Cell("2", figure=True)), (Cell("both", across=2, bold=True),)),
        (2, 1, 1),
    )
    document = Document("en", "t", "i", "internal", (Paragraph("H", "heading"), table, Paragraph("p"), table))
    page = Page(html_page(document))
    assert page.rows(0) == page.rows(1) == [["a", "b", "c"], ["x", "1", "2"], ["x", "both", "both"]]
    assert page.of("h2") == ["H"] and page.of("footer") == ["i · Internal"]
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids)) == 4
    widths = re.findall(r"#t1 \.c\d \{ width: ([0-9.]+)%", page.of("style")[0])
    assert [float(w) for w in widths] == [50, 25, 25]


def test_the_same_document_gives_the_same_page() -> None:
    first, second = (html_page(document_of(statement_of("demo", "demo", "2024Q1"), "zh")) for _ in range(2))
    assert first == second and "\r" not in first
