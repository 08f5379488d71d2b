"""A document as a Word file 文档: A4, text upright, each wide table on a page of its own that lies on its side.

The parts are written as the XML they are: a statement is a few kilobytes of it, the same document gives the same bytes,
and nothing of a library's own template (its fonts, its picture, its author) is in the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from relending.statement import docxparts as parts
from relending.statement.document import Document, Paragraph, Table
from relending.statement.docxtable import LINE, table_xml
from relending.statement.docxtext import before_bracket, ems
from relending.statement.words import word
from relending.statement.xmltext import escaped
from relending.statement.zipped import write_zip

STYLES = {"mark": "Mark", "body": "BodyText", "heading": "Heading1", "sign": "Sign", "footnote": "Note"}
"""The style of a paragraph by what it is."""
LONG, SHORT = 16838, 11906
"""Sides of A4 in twips (twentieths of a point)."""
UPRIGHT_MARGIN, SIDE_MARGIN = 1531, 1021
WIDTH = {False: SHORT - 2 * UPRIGHT_MARGIN, True: LONG - 2 * SIDE_MARGIN}
"""Twips that text may take: upright, and on a page that lies on its side."""
SPACE = '<w:spacing w:before="240"/>'
"""Room above the first line of those who sign, and above the first footnote."""
WITH_NEXT, ALONE = "<w:keepNext/>", '<w:keepNext w:val="0"/>'
"""Whether a paragraph has to stand on the page of what follows it."""


@dataclass(frozen=True, slots=True)
class Margins:
    """What stands on every page: the header, and the footer's left side; plain text."""

    header: str
    footer: str


def write_word(document: Document, path: Path) -> None:
    """Write a document as a Word file. Raises OSError where the disk refuses; then nothing is written."""
    write_zip(path, package(document, margins_of(document)))


def margins_of(document: Document) -> Margins:
    """A draft says so on every page; the class of the document stands at the foot of all."""
    kind = word(f"class.{document.kind}", document.lang)
    if not document.draft:
        return Margins("", kind)
    return Margins(word("word.draft", document.lang), word("word.kind_draft", document.lang, kind=kind))


def package(document: Document, margins: Margins, size: int | None = None) -> dict[str, bytes]:
    """The parts of the Word file by name. ``size``: half-points of the tables' text; without it, what fits."""
    types = parts.TYPES
    files = {
        "word/styles.xml": parts.styles(document.lang),
        "word/settings.xml": parts.settings(document.lang),
        "word/fontTable.xml": parts.font_table(),
        "word/document.xml": _body(document, size),
        "word/header1.xml": _header(margins),
        "word/footer1.xml": _footer(document.lang, margins, wide=False),
        "word/footer2.xml": _footer(document.lang, margins, wide=True),
    }
    kinds = ("styles", "settings", "fontTable", "header", "footer", "footer")
    names = ("styles", "settings", "fontTable", "header1", "footer1", "footer2")
    listed = {f"word/{name}.xml": types[kind] for name, kind in zip(names, kinds, strict=True)}
    return {
        **files,
        **parts.properties(document.title, document.issuer, document.lang),
        "[Content_Types].xml": parts.content_types({"word/document.xml": types["document"], **listed}),
        "_rels/.rels": parts.root_relationships("word/document.xml"),
        "word/_rels/document.xml.rels": parts.relationships(
            [(f"rId{n}", kinds[n - 1], f"{name}.xml", False) for n, name in enumerate(names, 1)]
        ),
    }


HEADER, FOOTER = "rId4", {False: "rId5", True: "rId6"}
"""Relationships of the sections to the parts of their margins."""


def _body(document: Document, size: int | None) -> bytes:
    lang, blocks = document.lang, document.blocks
    follow = (*blocks[1:], None)
    title = LINE.join(run(line, lang) for line in _lines(document.title, document.issuer, lang))
    out = [paragraph("Title", title, section(False) if _turned(next(iter(blocks), None)) else "")]
    notes, before = 0, ""
    for block, following in zip(blocks, follow, strict=False):
        if isinstance(block, Paragraph):
            notes += block.role == "footnote"
            number = word("word.note", lang, n=notes) if block.role == "footnote" else ""
            apart = SPACE if block.role in ("sign", "footnote") and block.role != before else ""
            look = _kept(block, following) + apart + (section(False) if _turned(following) else "")
            out.append(paragraph(STYLES[block.role], run(number + block.text, lang), look))
            before = block.role
            continue
        out.append(paragraph("TableCaption", run(block.caption, lang)))
        out.append(table_xml(block, lang, WIDTH[block.wide], size))
        # a table cannot end a section or stand beside another: a paragraph without height follows it
        ends = following is not None and (block.wide or _turned(following))
        apart = "" if block.wide else '<w:spacing w:after="200"/>'
        out.append(paragraph("Thin", "", apart + (section(block.wide) if ends else "")))
    last = section(bool(blocks) and _turned(blocks[-1]))
    return (
        f'{parts.HEAD}<w:document xmlns:w="{parts.W}" xmlns:r="{parts.R}"><w:body>{"".join(out)}{last}'
        "</w:body></w:document>"
    ).encode()


def _turned(block: Paragraph | Table | None) -> bool:
    """Whether a block needs a page on its side."""
    return isinstance(block, Table) and block.wide


def _kept(block: Paragraph, following: Paragraph | Table | None) -> str:
    """Who signs stands with the end of the text: never alone on a page."""
    signs = isinstance(following, Paragraph) and following.role == "sign"
    if block.role == "sign":
        return "" if signs else ALONE
    return WITH_NEXT if signs else ""


def paragraph(style: str, inside: str, more: str = "") -> str:
    """A paragraph of runs; ``more``: properties beside those of its style, such as the section that ends with it."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr>{inside}</w:p>'


def run(text: str, lang: str) -> str:
    """Text of one form. In Chinese the signs that both scripts have (quotes, dashes) are those of the Chinese font."""
    hint = '<w:rPr><w:rFonts w:hint="eastAsia"/></w:rPr>' if lang == "zh" else ""
    return f'<w:r>{hint}<w:t xml:space="preserve">{escaped(text)}</w:t></w:r>'


def section(wide: bool) -> str:
    """The page of a section: A4 upright or on its side, with header and footer."""
    across, down = (LONG, SHORT) if wide else (SHORT, LONG)
    side, end = (SIDE_MARGIN, 1134) if wide else (UPRIGHT_MARGIN, 1440)
    turned = ' w:orient="landscape"' if wide else ""
    return (
        f'<w:sectPr><w:headerReference w:type="default" r:id="{HEADER}"/>'
        f'<w:footerReference w:type="default" r:id="{FOOTER[wide]}"/><w:type w:val="nextPage"/>'
        f'<w:pgSz w:w="{across}" w:h="{down}"{turned}/><w:pgMar w:top="{end}" w:right="{side}" w:bottom="{end}" '
        f'w:left="{side}" w:header="680" w:footer="680" w:gutter="0"/></w:sectPr>'
    )


def _lines(title: str, issuer: str, lang: str) -> list[str]:
    """A title as lines: of a long one what ends it in brackets (the quarter), and who issues it where it must.

    >>> bank, what = "示范城市商业银行股份有限公司", "碳减排贷款信息披露"
    >>> _lines(f"{bank}{what}（2024年第一季度）", bank, "zh"), _lines("摘要（一）", bank, "zh")
    (['示范城市商业银行股份有限公司碳减排贷款信息披露', '（2024年第一季度）'], ['摘要（一）'])
    >>> _lines(f"{bank}{what}更正说明（2024年第一季度）", bank, "zh")
    ['示范城市商业银行股份有限公司', '碳减排贷款信息披露更正说明', '（2024年第一季度）']
    """
    if sum(2 if sign > "\u2000" else 1 for sign in title) <= 44:
        return [title]
    first, *rest = before_bracket(title)
    room = WIDTH[False] / 20 / (parts.TITLE_SIZE[lang] / 2)
    after = first.removeprefix(issuer)
    broken = " " not in first and ems(first) > room and issuer and after not in ("", first)
    return [issuer, after, *rest] if broken else [first, *rest]


def _header(margins: Margins) -> bytes:
    red = '<w:rPr><w:b/><w:bCs/><w:color w:val="C00000"/></w:rPr>'
    text = f'<w:r>{red}<w:t xml:space="preserve">{escaped(margins.header)}</w:t></w:r>' if margins.header else ""
    return f'{parts.HEAD}<w:hdr xmlns:w="{parts.W}">{paragraph("Header", text)}</w:hdr>'.encode()


def _footer(lang: str, margins: Margins, wide: bool) -> bytes:
    """The class at the left, the page and how many there are at the right."""
    before, between, after = re.split("[\x01\x02]", word("word.page", lang, page="\x01", pages="\x02"))
    counted = run(before, lang) + _field("PAGE") + run(between, lang) + _field("NUMPAGES") + run(after, lang)
    tab = f'<w:tabs><w:tab w:val="right" w:pos="{WIDTH[wide]}"/></w:tabs>'
    inside = f"{run(margins.footer, lang)}<w:r><w:tab/></w:r>{counted}"
    return f'{parts.HEAD}<w:ftr xmlns:w="{parts.W}">{paragraph("Footer", inside, tab)}</w:ftr>'.encode()


def _field(name: str) -> str:
    """A field of Word, which every program fills in that lays out the pages."""
    marks = {kind: f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")}
    asked = f'<w:r><w:instrText xml:space="preserve"> {name} </w:instrText></w:r>'
    return f"{marks['begin']}{asked}{marks['separate']}<w:r><w:t>1</w:t></w:r>{marks['end']}"
