"""What a site in English and Chinese needs of Sphinx: a search that finds Chinese words, lines of Chinese joined
without a blank, the language of each page, and code blocks of CSV.

Chinese is written without blanks, so a word is looked for by its pairs of neighbouring characters: 再贷款 is 再贷 and
贷款. Both the index (``split``) and the page that searches it (``js_splitter_code``) cut text so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.search.en import SearchEnglish

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
WIDE = "\u3000-\u303f\uff00-\uffef\u201c\u201d"
_PARTS = re.compile(rf"[{HAN}]+|[^\W{HAN}]+")
_PAIRS_JS = (
    """
function splitQuery(query) {
  const words = [];
  for (const part of query.match(/[HAN]+|(?:(?![HAN])[\\p{L}\\p{N}_])+/gu) || []) {
    if (!/[HAN]/u.test(part) || part.length === 1) words.push(part);
    else for (let i = 0; i + 1 < part.length; i++) words.push(part.slice(i, i + 2));
  }
  return words;
}
"""
).replace("HAN", "\\u3400-\\u4dbf\\u4e00-\\u9fff")


def words(text: str) -> list[str]:
    """Words of a text: runs of letters and digits, and the pairs of characters of every run of Chinese.

    >>> words("rollover 再贷款展期")
    ['rollover', '再贷', '贷款', '款展', '展期']
    """
    found: list[str] = []
    for part in _PARTS.findall(text):
        chinese = re.match(rf"[{HAN}]", part) is not None
        found += [part[i : i + 2] for i in range(len(part) - 1)] if chinese and len(part) > 1 else [part]
    return found


class SearchBoth(SearchEnglish):
    """English as Sphinx has it, Chinese by pairs of characters."""

    js_splitter_code = _PAIRS_JS

    def split(self, input: str) -> list[str]:
        return words(input)


def join_chinese(app: Sphinx, tree: nodes.document) -> None:
    """Where a line of the source ends within Chinese, no blank: the next character follows, as in print."""
    for within in list(tree.findall(nodes.TextElement)):
        if isinstance(within, nodes.FixedTextElement):
            continue
        children = list(within.children)
        for before, end, after in zip(children, children[1:], children[2:], strict=False):
            if end.astext() == "\n" and _chinese(before.astext()[-1:]) and _chinese(after.astext()[:1]):
                # by what it is, not by what it says: every line end says the same
                within.children = [child for child in within.children if child is not end]


def _chinese(character: str) -> bool:
    return re.fullmatch(f"[{HAN}{WIDE}]", character) is not None


def say_language(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], tree: Any) -> None:
    """A page in Chinese says so, that its characters are drawn, read aloud and broken as Chinese."""
    if pagename.endswith("_zh"):
        context["language"] = "zh-CN"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register all of it."""
    app.add_search_language(SearchBoth)
    app.add_lexer("csv", TextLexer)
    app.connect("doctree-read", join_chinese)
    app.connect("html-page-context", say_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
