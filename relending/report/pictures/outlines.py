"""Outlines of the shipped font's characters: taken from it once, however many pictures and languages use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from relending.report.pictures.fonts import font_file, in_shipped

_LETTERS = {1: ("M", 1), 2: ("L", 1), 3: ("Q", 2), 4: ("C", 3), 79: ("Z", 1)}
"""Of each code of a matplotlib path: the command of SVG, and how many points belong to it."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A character in font units, upwards: how far it moves the pen, what it covers, and its path in the words of SVG.

    ``box`` is left, bottom, right and top.
    """

    advance: int
    box: tuple[int, int, int, int]
    path: str


@cache
def outline(character: str) -> Outline:
    """The outline of a character that the shipped font has (:func:`relending.report.pictures.fonts.in_shipped`).

    >>> o = outline("-")
    >>> o.advance, o.box, o.path
    (347, (46, 245, 302, 315), 'M46 245L302 245L302 315L46 315L46 245Z')
    """
    from matplotlib import font_manager
    from matplotlib.ft2font import LoadFlags

    font = font_manager.get_font(font_file())
    glyph = font.load_char(ord(character), flags=LoadFlags.NO_SCALE)
    points, codes = font.get_path()
    left, bottom, right, top = (int(x) for x in glyph.bbox)
    # matplotlib takes what FreeType gives for 1/64 of a pixel; unscaled it is whole font units
    return Outline(int(glyph.horiAdvance), (left, bottom, right, top), _path((points * 64).tolist(), codes.tolist()))


def _path(points: Sequence[Sequence[float]], codes: Sequence[int]) -> str:
    said = []
    i = 0
    while i < len(codes):
        letter, many = _LETTERS[codes[i]]
        some = () if letter == "Z" else points[i : i + many]
        said.append(letter + " ".join(f"{round(x)} {round(y)}" for x, y in some))
        i += many
    return "".join(said)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in font units: its width, what it takes above and below its base, and where each character stands.

    Width, height and depth are as matplotlib measures them: the pen's way or what is covered, and the ink.
    """

    width: int
    height: int
    depth: int
    places: tuple[tuple[str, int], ...]


def line(text: str) -> Line | None:
    """A text laid out on a line; None where the shipped font lacks a character of it.

    The font moves no pair of characters closer, so that each stands where those before it end.

    >>> line("12").width, line("12").places
    (1110, (('1', 0), ('2', 555)))
    """
    if not in_shipped(text):
        return None
    pen, left, right = 0, 0, 0
    low, high = [], []
    places = []
    for c in text:
        one = outline(c)
        places.append((c, pen))
        left, right = min(left, pen + one.box[0]), max(right, pen + one.box[2])
        low.append(one.box[1])
        high.append(one.box[3])
        pen += one.advance
    bottom, top = min(low, default=0), max(high, default=0)
    return Line(max(right, pen) - left, top - bottom, -bottom, tuple(places))
