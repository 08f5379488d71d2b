"""What may name a file or a folder on every system, Windows included: one rule, wherever the program runs.

Source: Microsoft, Naming Files, Paths, and Namespaces (characters, device names, endings that Windows drops).
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

LONGEST = 80
"""Characters of a name: a path on Windows holds 259 in all, and folders and files follow."""
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"
}
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]')


def unfit(name: str, longest: int = 255) -> str:
    """What keeps a text from naming a file or folder somewhere, as signs that need no translation; empty if nothing.

    >>> [unfit(name) for name in ("基准 2026.Q1", "a/b:c", "Aux.toml", "end.", "", "x" * 300)]
    ['', '/ :', 'AUX', '"end." ≠ "end"', '""', '300 > 255']
    """
    found = list(dict.fromkeys(_UNFIT.findall(name)))
    if found:
        return " ".join(sign if sign.isprintable() else f"U+{ord(sign):04X}" for sign in found)
    if not name:
        return '""'
    kept = name.strip(" .")
    if kept != name:
        return f'"{name}" ≠ "{kept}"'
    device = name.split(".")[0].rstrip(" ")
    if device.casefold() in _DEVICES:
        return device.upper()
    return f"{len(name)} > {longest}" if len(name) > longest else ""


LONGEST_ID = 200
"""Bytes of an id of a lender or facility in the name of a file, which holds 255 and has more to say."""


def unfit_id(ident: str) -> str:
    """What keeps an id of a lender or facility from standing in the name of a file; empty if nothing.

    A lender that nobody knows is called as the book calls it, and a book may say anything.

    >>> [unfit_id(name) for name in ("示范银行", "a/b", "../x", "NUL", "C:x")]
    ['', '/', '/', 'NUL', ':']
    """
    odd = [f"U+{ord(c):04X}" for c in ident if unicodedata.category(c) in ("Cf", "Zl", "Zp")]
    long = len(ident.encode("utf-8", "replace"))
    return (
        unfit(ident, LONGEST) or " ".join(dict.fromkeys(odd)) or (f"{long} > {LONGEST_ID}" if long > LONGEST_ID else "")
    )


def beside(folder: Path, given: str) -> Path:
    """The path that a file of this folder gives, also where it was written on Windows (``books\\demo.xlsx``).

    >>> beside(Path("mine"), "books/demo.xlsx") == beside(Path("mine"), r"books\\demo.xlsx")
    True
    """
    there = folder / given
    return there if "\\" not in given or os.path.lexists(there) else folder / given.replace("\\", "/")
