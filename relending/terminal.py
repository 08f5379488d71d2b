"""Text of others on a screen: a name out of a book never moves the cursor, recolours, hides or forges a line.

A terminal obeys control characters, and some of them (the direction marks of Unicode) make a line read as what it does
not say. On their way to the screen they are written out, ``\\x1b`` for an escape. Files keep what was given.
"""

from __future__ import annotations

import re
from unicodedata import east_asian_width

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_UNSAFE_IN_LINES = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))
_WIDE, _OPENING, _CLOSING = "\u2e80-\u9fff\uff00-\uffef", "（「『“《【［", "，。；：、）」』”》】］！？％…"
_WORD = rf"(?:[^\s{_WIDE}{_OPENING}{_CLOSING}]+|[{_WIDE}][,;:.)%]*|$)"
_TOKEN = re.compile(rf"\s+|[{_OPENING}]*{_WORD}[{_CLOSING}]*|[{_CLOSING}]+")


def visible(text: str, *, lines: bool = False) -> str:
    """A text with its control characters, direction marks and broken characters written out as escapes.

    With ``lines`` the text is several lines already and line feeds stay; without, it is (part of) one line.

    >>> print(visible("a\\x1b[31mred\\nb"), visible("safe\u202egpj.exe"), visible("甲，乙 — ½"))
    a\\x1b[31mred\\nb safe\\u202egpj.exe 甲，乙 — ½
    >>> visible("one\\ntwo\\r", lines=True).splitlines()
    ['one', 'two\\\\r']
    """
    return (_UNSAFE_IN_LINES if lines else _UNSAFE).sub(lambda found: _written(found[0]), text)


def _written(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def cells(text: str) -> int:
    """Places a text takes on a terminal: an East Asian character takes two.

    >>> cells("a利")
    3
    """
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most so many places; nothing is cut, a longer word has a line of its own.

    Lines break at blanks and between Chinese characters, never before a closing sign nor after an opening one.

    >>> wrapped("the facility balance", 12)
    ['the facility', 'balance']
    >>> wrapped("再贷款余额（亿元），见表。", 12)
    ['再贷款余额', '（亿元），见', '表。']
    """
    lines, line = [], ""
    for token in _TOKEN.findall(text):
        if line and cells(line + token.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += token if line else token.lstrip()
    return [*lines, *([line.rstrip()] if line.strip() else [])]
