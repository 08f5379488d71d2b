"""A document as Markdown: what its texts hold stays text, tables are pipe tables of one header line."""

from __future__ import annotations

import re

from relending.statement.document import Cell, Document, Paragraph, Table
from relending.statement.plain import class_words, plain

JOINT = " / "
"""Between the parts of a header of several rows."""
# as references: what ends a cell or starts a tag or a reference, for readers that know nothing of backslashes
_REFERENCES = {ord(c): f"&#{ord(c)};" for c in "\\|"} | {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_MARKS = re.compile(r"([`*_{}\[\]#~$!^])")
_LINE_START = re.compile(r"\A([-+=:]|\d+(?=[.)](?: |\Z)))")
_MINUS = re.compile(r"\A\\(?=-\d)")
_ADDRESS = re.compile(r"(?i)(https?|ftp|mailto|xmpp)(:)|(www)(\.)")


def markdown_text(document: Document) -> str:
    """The document in Markdown (CommonMark with pipe tables), ended by one line feed.

    A cell of a body that reaches down is said again in each of its rows; one that reaches across is followed by empty
    ones.

    >>> print(markdown_text(Document("en", "A|B", "*Bank*", "public", (Paragraph("<b>1</b>"), Paragraph("2. x")))))
    # A&#124;B
    <BLANKLINE>
    &lt;b&gt;1&lt;/b&gt;
    <BLANKLINE>
    2\\. x
    <BLANKLINE>
    \\*Bank\\* · Public
    <BLANKLINE>
    """
    marks = [b for b in document.blocks if isinstance(b, Paragraph) and b.role == "mark"]
    rest = [b for b in document.blocks if b not in marks]
    parts = [
        *(_paragraph(one) for one in marks),
        f"# {escaped(document.title)}",
        *(_table(one) if isinstance(one, Table) else _paragraph(one) for one in rest),
        f"{escaped(document.issuer)} · {escaped(class_words(document.kind, document.lang))}",
    ]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """A text as Markdown that reads as the text.

    >>> escaped("a_b `c` www.x.cn"), escaped("- 1,324.50"), escaped("1,324.50")
    ('a\\\\_b \\\\`c\\\\` www\\\\.x.cn', '\\\\- 1,324.50', '1,324.50')
    """
    line = _MARKS.sub(r"\\\1", plain(text).translate(_REFERENCES).replace("&#", "\0")).replace("\0", "&#")
    line = _ADDRESS.sub(lambda m: f"{m[1] or m[3]}\\{m[2] or m[4]}", line)
    start = _LINE_START.match(line)
    if start is None:
        return line
    return f"{start[1]}\\{line[start.end() :]}" if start[1].isdigit() else f"\\{line}"


def _paragraph(one: Paragraph) -> str:
    text = escaped(one.text)
    return {"mark": f"> **{text}**", "heading": f"## {text}"}.get(one.role, text)


def _table(table: Table) -> str:
    size = len(table.widths)
    header, body = _spread(table, table.header, size, True), _spread(table, table.rows, size, False)
    names = [JOINT.join(dict.fromkeys(row[c] for row in header if row[c])) for c in range(size)]
    figures = {c for _, c, cell in table.grid(table.rows) if cell.figure}
    texts = {c for _, c, cell in table.grid(table.rows) if not cell.figure}
    rules = ["---:" if c in figures - texts else "---" for c in range(size)]
    lines = [f"| {' | '.join(row)} |" for row in (names, rules, *body)]
    return "\n".join([f"**{escaped(table.caption)}**", "", *lines])


def _spread(table: Table, rows: tuple[tuple[Cell, ...], ...], size: int, across: bool) -> list[list[str]]:
    """The texts of every place of the grid; a cell's text again below it, and beside it where ``across``."""
    out = [[""] * size for _ in rows]
    for r, c, cell in table.grid(rows):
        for i in range(cell.down):
            for j in range(cell.across if across else 1):
                text = _MINUS.sub("", escaped(cell.text))  # of a figure: no list begins inside a line
                out[r + i][c + j] = f"**{text}**" if cell.bold and text else text
    return out
