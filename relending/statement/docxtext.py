"""How wide a text is in print, and where the lines of a heading end: never inside a word, of Chinese neither."""

from __future__ import annotations

import re
from functools import cache

from relending.statement.words import word

_BRACKET = re.compile(r"(.*\S)(\s*[（(][^（()）]*[)）])")
_THIN, _BROAD = frozenset("ijltfr.,:;'|!()[] -/"), frozenset("mwMW%@")
WIDE, WIDE_BOLD = 1.28, 1.43
"""How much wider than a usual serif the widest is that stands in for it, and that in bold."""


def ems(text: str) -> float:
    """About how wide a text is, in units of its size, in a serif of usual width."""
    return sum(
        1.0
        if sign > "\u2000"
        else 0.3
        if sign in _THIN
        else 0.82
        if sign in _BROAD
        else 0.72
        if sign.isupper()
        else 0.5
        for sign in text
    )


def before_bracket(text: str) -> list[str]:
    """A text that ends in brackets as two lines, else as it is.

    >>> before_bracket("贷款金额（万元）"), before_bracket("合计")
    (['贷款金额', '（万元）'], ['合计'])
    """
    found = _BRACKET.fullmatch(text)
    return [found[1], found[2]] if found else [text]


@cache
def _word_pattern() -> re.Pattern[str]:
    known = sorted(word("word.unbroken", "zh").split(), key=len, reverse=True)
    return re.compile(f"[（“]*(?:{'|'.join(map(re.escape, known))}|[!-~]+|.)[）”，、：；。→]*", re.DOTALL)


def chinese_words(text: str) -> list[str]:
    """A Chinese text as the parts that stay whole on a line: known words, Latin, any other sign by itself.

    >>> chinese_words("带动的年度碳减排量（吨二氧化碳当量）")
    ['带动的', '年度', '碳减排量', '（吨', '二氧化碳', '当量）']
    """
    return _word_pattern().findall(text)


def filled(parts: list[str], room: float) -> list[str]:
    """Parts put one behind the other on lines of ``room`` ems."""
    lines = [""]
    for part in parts:
        if lines[-1] and ems(lines[-1] + part) > room:
            lines.append("")
        lines[-1] += part
    return lines


def heading_lines(text: str, room: float) -> list[str]:
    """A heading as the lines that are wanted on ``room`` ems: a unit in brackets begins one where it does not fit.

    Where words are set apart by blanks it is one line, which every program breaks there.

    >>> heading_lines("支持的项目数量（个）", 4.7), heading_lines("合计", 4.7), heading_lines("Average rate (%)", 4.7)
    (['支持的', '项目数量', '（个）'], ['合计'], ['Average rate (%)'])
    """
    if "\n" in text:
        return text.split("\n")
    if " " in text or ems(text) <= room:
        return [text]
    return [line for part in before_bracket(text) for line in filled(chinese_words(part), room)]


def widest_word(text: str) -> float:
    """Ems of the widest part of a heading that has to stay whole on a line."""
    return max((ems(part) for one in text.split() for part in chinese_words(one)), default=0.0)
