"""A document as one page of HTML5 that needs nothing else: no script, no request, and a policy that allows none.

Wide tables are printed on a page of their own on its side. Everything anyone wrote is escaped.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from relending.statement.document import Cell, Document, Paragraph, Table
from relending.statement.docxtext import chinese_words
from relending.statement.plain import class_words, plain
from relending.statement.words import word

LANGUAGES = {"zh": "zh-CN", "en": "en"}
# every pair of text and ground has a contrast of 7 to 1 or more
_STYLE = """
@page { size: A4; margin: 20mm 18mm;
  @bottom-center { content: "CLASS  " counter(page) " / " counter(pages); font-size: 9pt; } }
@page wide { size: A4 landscape; margin: 14mm 12mm; }
* { box-sizing: border-box; }
html { background: #fff; color: #1a1a1a; font: 12pt/1.75 SERIF; }
body { max-width: 62em; margin: 0 auto; padding: 1.5em; overflow-wrap: anywhere; }
body.draft::before { content: attr(data-mark); position: fixed; z-index: -1; top: 38%; left: 0; width: 100%;
  text-align: center; font-size: 110pt; line-height: 1; color: #f3dede; transform: rotate(-24deg); }
h1 { margin: .6em 0 1em; text-align: center; text-wrap: balance; font-size: 17pt; line-height: 1.4; }
h2 { margin: 1.4em 0 .6em; font-size: 14pt; }
p { margin: 0 0 .7em; }
p:lang(zh) { text-align: justify; }
p.body:lang(zh) { text-indent: 2em; }
p.mark, p.mark:lang(zh) { padding: .3em .8em; border: 2px solid #8b0000; color: #8b0000; font-weight: bold;
  text-align: left; }
p.sign, p.sign:lang(zh) { margin: 0; text-align: right; }
p.footnote { margin-bottom: .4em; font-size: 10pt; line-height: 1.6; }
p.sign + p.footnote { margin-top: 1.6em; padding-top: .6em; border-top: 1px solid #1a1a1a; }
.table { margin: 2em 0 1em; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 10pt; line-height: 1.4; }
.wide table { min-width: 74em; font-size: 9pt; }
caption { margin-bottom: .7em; text-align: center; font-size: 13pt; font-weight: bold; }
th, td { padding: .4em; border: 1px solid #1a1a1a; text-align: left; vertical-align: middle; }
thead th { background: #e8eef5; text-align: center; overflow-wrap: break-word; word-break: keep-all; }
tbody th { min-width: 8.5em; font-weight: normal; }
.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bold, tbody th.bold { font-weight: bold; }
footer { margin-top: 2em; text-align: center; font-size: 10pt; }
@media print {
  body { max-width: none; padding: 0; }
  .table { overflow: visible; }
  .wide { page: wide; break-before: page; margin-top: 0; }
  .wide table { min-width: 0; font-size: 8pt; }
  tr, p.mark { break-inside: avoid; }
  thead { display: table-header-group; }
}
"""
_SERIF = {
    "zh": '"Songti SC", SimSun, "Noto Serif CJK SC", serif',
    "en": 'Cambria, Georgia, "Noto Serif", "Songti SC", serif',
}


def html_page(document: Document) -> str:
    """The document as one HTML5 page in UTF-8, ended by one line feed.

    The Content-Security-Policy allows the page's own style sheet, by its hash, and nothing else.
    """
    lang, kind = document.lang, class_words(document.kind, document.lang)
    tables = [block for block in document.blocks if isinstance(block, Table)]
    style = _STYLE.replace("CLASS", kind).replace("SERIF", _SERIF[lang])
    style += "".join(_widths(number, table) for number, table in enumerate(tables, 1))
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    draft = f' class="draft" data-mark="{_text(word("class.draft", lang))}"' if document.draft else ""
    marks = [block for block in document.blocks if isinstance(block, Paragraph) and block.role == "mark"]
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="{LANGUAGES[lang]}">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_text(policy, quotes=False)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta name="author" content="{_text(document.issuer)}">',
        f"<title>{_text(document.title)}</title>",
        f"<style>{style}</style>",
        "</head>",
        f"<body{draft}>",
        "<main>",
        *(_paragraph(one) for one in marks),
        f"<h1>{_text(document.title)}</h1>",
    ]
    numbers = iter(range(1, len(tables) + 1))
    for block in document.blocks:
        if isinstance(block, Table):
            lines += _table(next(numbers), block, document)
        elif block.role != "mark":
            lines.append(_paragraph(block))
    lines += ["</main>", f"<footer>{_text(document.issuer)} · {_text(kind)}</footer>", "</body>", "</html>"]
    return "\n".join(lines) + "\n"


def _text(text: str, quotes: bool = True) -> str:
    made = escape(plain(text), quote=True)
    return made if quotes else made.replace("&#x27;", "'")  # inside double quotes


def _paragraph(one: Paragraph) -> str:
    if one.role == "heading":
        return f"<h2>{_text(one.text)}</h2>"
    return f'<p class="{one.role}">{_text(one.text)}</p>'


def _widths(number: int, table: Table) -> str:
    whole = sum(table.widths)
    return "".join(f"#t{number} .c{c} {{ width: {100 * w / whole:.3f}%; }}\n" for c, w in enumerate(table.widths, 1))


def _table(number: int, table: Table, document: Document) -> list[str]:
    wide = " wide" if table.wide else ""
    lines = [f'<div class="table{wide}" role="region" aria-labelledby="n{number}" tabindex="0">']
    if document.draft and table.wide:  # a page of its own, which may be printed alone
        lines.append(f'<p class="mark">{_text(word("class.draft", document.lang))}</p>')
    lines += [f'<table id="t{number}">', f'<caption id="n{number}">{_text(table.caption)}</caption>']
    lines += _columns(table)
    lines += ["<thead>", *_rows(table, table.header, document.lang, head=True), "</thead>"]
    lines += ["<tbody>", *_rows(table, table.rows, document.lang, head=False), "</tbody>", "</table>", "</div>"]
    return lines


def _columns(table: Table) -> list[str]:
    """The columns, in the groups that the first row of the header makes."""
    out, at = [], 0
    for cell in table.header[0] if table.header else ():
        out.append("<colgroup>" + "".join(f'<col class="c{at + i + 1}">' for i in range(cell.across)) + "</colgroup>")
        at += cell.across
    return out


def _heading(text: str, lang: str) -> str:
    """A heading; a Chinese one may break between its words only."""
    return "<wbr>".join(map(_text, chinese_words(plain(text)))) if lang == "zh" else _text(text)


def _rows(table: Table, rows: tuple[tuple[Cell, ...], ...], lang: str, head: bool) -> list[str]:
    out = [""] * len(rows)
    for r, c, cell in table.grid(rows):
        name = "th" if head or c == 0 else "td"
        scope = ("colgroup" if cell.across > 1 else "col") if head else "row"
        about = f' scope="{scope}"' if name == "th" else ""
        about += f' colspan="{cell.across}"' if cell.across > 1 else ""
        about += f' rowspan="{cell.down}"' if cell.down > 1 else ""
        looks = " ".join(w for w, on in (("figure", cell.figure), ("bold", cell.bold)) if on)
        about += f' class="{looks}"' if looks else ""
        out[r] += f"<{name}{about}>{_heading(cell.text, lang) if head else _text(cell.text)}</{name}>"
    return [f"<tr>{row}</tr>" for row in out]
