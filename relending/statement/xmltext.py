"""Text of anyone as XML may hold it: no control characters, no marks that turn its direction, no markup."""

from __future__ import annotations

import unicodedata

_KEPT = ("Zs", "Co")
"""Kinds of characters that Python does not call printable but print: wide spaces, rare characters of banks' systems."""


def plain(text: str) -> str:
    """A text without what cannot be printed: control characters become spaces, what only steers print is dropped.

    >>> plain("a\\x00b\\u202e\\u3000c\\ud800")
    'a b\\u3000c'
    """
    return text if text.isprintable() else "".join(map(_sign, text))


def _sign(sign: str) -> str:
    if sign.isprintable():
        return sign
    kind = unicodedata.category(sign)
    return sign if kind in _KEPT else " " if kind in ("Cc", "Zl", "Zp") else ""


def escaped(text: str) -> str:
    """A text for XML, between tags or in an attribute.

    >>> escaped("<w:p>&\\x0b")
    '&lt;w:p&gt;&amp; '
    """
    text = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;")
