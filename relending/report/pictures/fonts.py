"""The font of the pictures 字体: shipped with the package, so that Chinese and English look the same on every machine.

It holds GB 2312, Latin and the signs of the labels (see ``fonts/README.md``). A character of a name that it lacks is
drawn from a font of the machine that has it; where none has, 〓 stands in its place. Both are said as findings.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import resources
from pathlib import Path

from relending.findings import Findings, InputError
from relending.report.pictures.quiet import load

FAMILY, FILE = "Relending Sans SC", "RelendingSansSC-Regular.otf"
NONE = "〓"
"""What stands for a character that no font has: the printer's sign for a missing piece of type."""
LONGEST = 60
"""Characters of a name in a picture; the rest is cut, with an ellipsis."""
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Kinds of characters with nothing to draw: controls, marks of direction, halves of pairs, unassigned ones."""
_borrowed: set[str] = set()
"""Families of the machine that lent a character."""


@cache
def font_file() -> Path:
    """Where the shipped font is."""
    return Path(str(resources.files("relending.report.pictures").joinpath("fonts", FILE)))


@cache
def _shipped(path: Path) -> frozenset[int]:
    """The code points of the shipped font, which matplotlib knows from here on."""
    load()
    from matplotlib import font_manager

    try:
        font_manager.fontManager.addfont(path)
        return frozenset(font_manager.get_font(path).get_charmap())
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        found = type(error).__name__ if path.is_file() else ""
        raise InputError(Findings.one("font_damaged", file=path.name, found=found, expected=FILE)) from error


@cache
def units_per_em() -> int:
    """Units of the shipped font of which one em has so many."""
    from matplotlib import font_manager

    return int(font_manager.get_font(font_file()).units_per_EM)


def in_shipped(text: str) -> bool:
    """Whether the shipped font has every character of a text."""
    return _shipped(font_file()).issuperset(map(ord, text))


def families() -> list[str]:
    """The families that text is drawn from, in order: the shipped one, then those that lent a character.

    Those are in the order in which lenders are looked for, so that who is asked first has not what an earlier one lent:
    a character is drawn from the same font whatever else was drawn in this process.
    """
    _shipped(font_file())
    return [FAMILY, *(family for family, _ in _machine() if family in _borrowed)] if _borrowed else [FAMILY]


def drawable(text: object, longest: int = LONGEST) -> str:
    """A name as a picture can show it: nothing hidden in it, on one line, not too long, every character drawn.

    >>> drawable("基准\\u202e$x^2$\\n"), drawable("x" * 80, 10)
    ('基准$x^2$', 'xxxxxxxxx...')
    """
    shown = "".join(" " if c.isspace() else c for c in str(text))
    shown = "".join(c for c in shown if unicodedata.category(c) not in _HIDDEN)
    shown = " ".join(unicodedata.normalize("NFC", shown).split())
    if len(shown) > longest:
        shown = _cut(shown[: longest - 1])
    ours = _shipped(font_file())
    if all(ord(c) in ours for c in shown):
        return shown
    lent = {c: _lender(c) for c in shown if ord(c) not in ours}
    _borrowed.update(family for family in lent.values() if family is not None)
    return "".join(NONE if c in lent and lent[c] is None else c for c in shown)


def font_findings(*texts: object, longest: int = LONGEST) -> Findings:
    """What is said of characters the shipped font lacks: which font drew them, or that none did."""
    ours = _shipped(font_file())
    odd: dict[str | None, dict[str, None]] = {}
    for text in texts:
        for c in str(text)[:longest]:
            if not c.isspace() and unicodedata.category(c) not in _HIDDEN and ord(c) not in ours:
                odd.setdefault(_lender(c), {})[c] = None
    said = []
    for family, characters in sorted(odd.items(), key=lambda one: one[0] or ""):
        found = " ".join(f"{c} (U+{ord(c):04X})" for c in sorted(characters))
        code = "character_replaced" if family is None else "character_not_in_font"
        said.append(Findings.one(code, found=found, expected=NONE if family is None else family))
    return Findings.concat(said)


@cache
def _lender(character: str) -> str | None:
    """The family of the machine's fonts that draws a character, the first by name; None where there is none.

    What is drawn by it is no longer the same on every machine; nothing else is.
    """
    from matplotlib import font_manager

    for family, path in _machine():
        try:
            font = font_manager.get_font(path)
            there = font.get_char_index(ord(character)) != 0
        except (OSError, RuntimeError, ValueError):
            continue
        if there:
            return family
    return None


@cache
def _machine() -> tuple[tuple[str, str], ...]:
    """The plain families of the machine and the file of each, by name; what matplotlib brings comes first."""
    from matplotlib import font_manager, get_data_path

    found: dict[str, tuple[int, int, str]] = {}
    for entry in font_manager.fontManager.ttflist:
        if entry.style != "normal" or entry.name == FAMILY or "Last Resort" in entry.name:
            continue
        weight = entry.weight if isinstance(entry.weight, int) else 400
        rank = (abs(weight - 400), getattr(entry, "index", 0), str(entry.fname))
        if entry.name not in found or rank < found[entry.name]:
            found[entry.name] = rank
    own = get_data_path()
    return tuple((name, found[name][2]) for name in sorted(found, key=lambda n: (not found[n][2].startswith(own), n)))


@cache
def _advance(character: str) -> float:
    """How far a character moves the pen [em]; of one the shipped font lacks about as much as its kind does."""
    from matplotlib import font_manager
    from matplotlib.ft2font import LoadFlags

    if ord(character) not in _shipped(font_file()):
        return 1.0 if unicodedata.east_asian_width(character) in "WF" else 0.6
    font = font_manager.get_font(font_file())
    return float(font.load_char(ord(character), flags=LoadFlags.NO_SCALE).horiAdvance) / units_per_em()


def width_of(text: str, points: float) -> float:
    """How wide a text is drawn [inches].

    >>> round(width_of("再贷款", 12), 3), round(width_of("abc", 12), 3)
    (0.5, 0.282)
    """
    return sum(map(_advance, text)) * points / 72


def fitted(text: str, points: float, inches: float) -> str:
    """A text cut to a width, with an ellipsis."""
    if width_of(text, points) <= inches:
        return text
    while text and width_of(_cut(text), points) > inches:
        text = text[:-1]
    return _cut(text)


def _cut(text: str) -> str:
    """A text with the sign that more follows: on the line behind Latin letters, where the font has … for Chinese."""
    kept = text.rstrip()
    return kept + ("..." if kept.isascii() else "…")
