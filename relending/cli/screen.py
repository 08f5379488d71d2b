"""Printed text on a screen or in a file that does not know every character: GBK, cp936, ASCII.

A Chinese Windows writes redirected output in GBK, which has no ₂ and no €; Python would stop there with an error. Here
such a character becomes its plain form where it has one (CO₂: CO2), else a question mark.
"""

from __future__ import annotations

import codecs
import sys
from unicodedata import normalize

PLAIN = "relending.plain"
"""The name this way of replacing characters is known to Python by."""
STOPPING = ("strict", "surrogateescape", "backslashreplace")
"""What Python does of itself: stop, or print escapes (on standard error) that no one reads."""

_ALIKE = str.maketrans({"–": "-", "—": "-", "−": "-", "‑": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "·": "."})


def plain(error: UnicodeError) -> tuple[str, int]:
    """What stands instead of the characters an encoding lacks, and where to go on.

    >>> "CO₂ 5 m² €".encode("gbk", PLAIN).decode("gbk"), "§ 2–4".encode("ascii", PLAIN)
    ('CO2 5 m2 ?', b'? 2-4')
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    instead = ""
    for sign in error.object[error.start : error.end]:
        try:
            like = normalize("NFKC", sign).translate(_ALIKE)
            like.encode(error.encoding)
        except UnicodeEncodeError:
            like = "?"
        instead += like
    return instead, error.end


codecs.register_error(PLAIN, plain)


def let_through() -> None:
    """From now on no character stops what is printed: standard output and error replace what they cannot write."""
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "errors", None) in STOPPING and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=PLAIN)
