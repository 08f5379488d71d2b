"""Text of anyone as one line of plain print: no character in it steers a reader, a printer or a file format."""

from __future__ import annotations

import re

from relending.statement.document import Kind
from relending.statement.words import word

_STEERS = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters, the ends of lines among them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks of direction: a line reads as what it does not say
    "\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]+"  # ends of lines, and what no XML or UTF-8 may hold
)


def plain(text: str) -> str:
    """The text as one line, runs of characters that steer or cannot be written replaced by one blank.

    >>> plain("a\\x00b\\r\\nc\\u202egpj"), plain("甲　乙 — ½")
    ('a b c gpj', '甲　乙 — ½')
    """
    return _STEERS.sub(" ", text).strip(" ")


def class_words(kind: Kind, lang: str) -> str:
    """Whom a document is for, in words: the line at the foot of every page.

    >>> class_words("public", "zh")
    '公开披露'
    """
    return word(f"class.{kind}", lang)
