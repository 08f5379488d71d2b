"""The text of a document on a sheet: one column, a paragraph a row, as high as it needs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, takewhile
from typing import Any

from relending.sheet import A4, LINE, MOST_LINES, PAGES, SIZE, Styles, lines_of, put
from relending.statement.document import Document, Paragraph
from relending.statement.plain import class_words, plain
from relending.statement.words import word

WIDTH = 76
"""Of the column, in digits: a page of A4 upright, also where a wider font stands in. One column is never scaled."""
_LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "align": "center"},
    "mark": {"bold": True, "font_color": "#8B0000"},
    "heading": {"bold": True, "font_size": 12},
    "sign": {"align": "right"},
    "footnote": {"font_size": 9},
}
_GAPS = {"title": 16, "body": 8, "heading": 8, "mark": 4, "sign": 6, "footnote": 4}


def write_text(sheet: Any, document: Document, styles: Styles) -> None:
    """Write the paragraphs of a document; ``sheet`` is one of XlsxWriter's."""
    parts = [block for block in document.blocks if isinstance(block, Paragraph)]
    lines = [
        *((one.role, one.text) for one in parts if one.role == "mark"),
        ("title", document.title),
        *((one.role, one.text) for one in parts if one.role != "mark"),
    ]
    sheet.set_column(0, 0, WIDTH)
    row = 0
    for role, text in lines:
        looks = {"text_wrap": True, **_LOOKS.get(role, {})}
        size = looks.get("font_size", SIZE)
        for piece in pieces(plain(text), WIDTH * SIZE // size):
            put(sheet, row, 0, piece, styles(**looks))
            sheet.set_row(row, LINE * size / SIZE * lines_of(piece, WIDTH * SIZE // size) + _GAPS.get(role, 2))
            row += 1
    sheet.set_portrait()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.75, bottom=0.75)
    sheet.center_horizontally()
    sheet.print_area(0, 0, row - 1, 0)
    class_at_foot(sheet, document)


def class_at_foot(sheet: Any, document: Document) -> None:
    """Page and class at the foot of every page, and on top that it is a draft."""
    sheet.set_footer(f"&L{class_words(document.kind, document.lang)}&R{PAGES[document.lang]}")
    if document.draft:
        sheet.set_header(f'&R&"-,Bold"{word("class.draft", document.lang)}')


def pieces(text: str, width: int, most: int = 2 * MOST_LINES) -> Iterator[str]:
    """A text in parts that a row is high enough for; cut after a blank where there is one near.

    >>> list(pieces("one two three four", 4, 2)), list(pieces("碳减排支持工具", 4, 2)), list(pieces("", 4))
    (['one two', 'three', 'four'], ['碳减排支', '持工具'], [''])
    """
    while lines_of(text, width) > most:
        places = accumulate(lines_of(c, 1) for c in text)  # a wide character is two lines of a column of one
        end = max(sum(1 for _ in takewhile(lambda p: p <= most * width, places)), 1)
        cut = text.rfind(" ", end // 2, end + 1)
        end = cut if cut > 0 else end
        yield text[:end].rstrip()
        text = text[end:].lstrip()
    yield text
