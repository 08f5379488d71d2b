"""Panels of small multiples, colours and lines that pictures of studies share."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.dates import parse_quarter
from relending.report.pictures.canvas import SIZE, Panel, value_axis
from relending.report.pictures.fonts import drawable, fitted, width_of

if TYPE_CHECKING:
    from relending.report.pictures.drawn import Drawn

MOST_PANELS, MOST_LINES = 12, 8
"""Small multiples and lines that a picture holds; of more the first, and it is said so."""
NARROWEST = 2.5
"""Width that a panel needs [inches]."""
HEIGHT_OF_ROW, HEIGHT_OF_HEAD = 2.2, 1.1
BANDS = ("#D3E5F1", "#A3C9E3", "#6FAAD2")
"""Fills of the bands of a fan, the widest first."""
MEDIAN, MEAN, CENTRAL = "#00507D", "#00507D", "#B04A00"
LINES = (
    ("#222222", "-", ""),
    ("#0072B2", "--", "o"),
    ("#C65200", "-.", "s"),
    ("#00805F", ":", "^"),
    ("#A8487C", "--", "D"),
    ("#3F8FC4", "-.", "v"),
    ("#8A6D00", ":", "P"),
    ("#6A51A3", "-", "X"),
)
"""Colour, dash and marker of each scenario, the base first: told apart by all kinds of colour vision, and in grey."""
UP, DOWN, LEVEL = "#0072B2", "#C65200", "#222222"
Size = tuple[float, float] | None


def columns_for(count: int, size: Size) -> int:
    """How many panels stand side by side."""
    wide = (size or SIZE)[0]
    fit = max(1, int(wide / NARROWEST))
    return min(count, fit, 2 if count in (2, 4) else 3)


@dataclass(frozen=True, slots=True)
class Grid:
    """Panels in rows, the shares of the rows, and the height the figure wants where none is asked for [inches]."""

    panels: list[Panel]
    heights: list[float]
    high: float | None


def panels(titles: Sequence[str], unit: str, size: Size, **room: Any) -> Grid:
    """A panel for each title (of one panel the figure's is enough); the figure grows with the rows."""
    columns = columns_for(len(titles), size)
    rows = math.ceil(len(titles) / columns)
    out = [
        Panel(title if len(titles) > 1 else "", unit, i // columns, i % columns, **room)
        for i, title in enumerate(titles)
    ]
    return Grid(out, [1.0] * rows, None if rows == 1 else HEIGHT_OF_HEAD + HEIGHT_OF_ROW * rows)


def quarter_numbers(quarters: Sequence[str]) -> list[int]:
    """Quarters as numbers for an axis."""
    return [parse_quarter(quarter) for quarter in quarters]


def span_of(lines: Sequence[np.ndarray]) -> tuple[float, float]:
    """The least and the greatest of some lines; room about figures that are all the same."""
    there = np.concatenate([line[np.isfinite(line)] for line in lines]) if lines else np.array([])
    if not there.size:
        return 0.0, 1.0
    low, high = float(there.min()), float(there.max())
    if high > low:
        return low, high
    if high == 0:
        return 0.0, 1.0
    about = abs(high) * 0.05 or 1.0
    return low - about, high + about


def axis_span(low: float, high: float) -> tuple[float, float]:
    """An axis from nought where the figures come near it: amounts from nought, rates about themselves.

    >>> axis_span(2.0, 10.0), axis_span(9.0, 10.0)
    ((0.0, 10.0), (8.96, 10.04))
    """
    if 0 <= low < (high - low) * 1.6:
        return 0.0, high
    if 0 >= high > (high - low) * -1.6:
        return low, 0.0
    about = (high - low) * 0.04
    return low - about, high + about


def upright(axes: Any, lines: Sequence[np.ndarray], *, count: bool) -> list[float]:
    """The upright axis of some lines; of counts it begins at nought and has whole numbers."""
    low, high = span_of(lines)
    if count:
        return value_axis(axes, 0.0, max(high, 1.0), most=int(min(max(high, 1.0), 5)))
    return value_axis(axes, *axis_span(low, high))


def isolated(line: np.ndarray) -> np.ndarray:
    """A line's figures that have none on either side, which no stroke would show; NaN elsewhere.

    >>> isolated(np.array([1.0, np.nan, 2.0, 3.0])).tolist()
    [1.0, nan, nan, nan]
    """
    there = np.concatenate([[False], np.isfinite(line), [False]])
    return np.where(there[1:-1] & ~there[:-2] & ~there[2:], line, np.nan)


_PIECE = re.compile(r"[（“(]*(?:[!-')-~]+ ?|.)[，。；：、）”%]*(?: →)?")
"""What may not be broken: a word with the space behind it, or one Chinese character, with the signs that hold to it."""


def in_lines(text: str, points: float, inches: float, most: int) -> list[str]:
    """A name in lines of this width, broken between words or Chinese characters; of more than ``most`` the rest is cut.

    >>> in_lines("own_rate 1.75% from 2027-01-01", 8, 1.2, 3), in_lines("自有资金成本：2027-01-01起 1.75%", 8, 1.0, 2)
    (['own_rate 1.75% from', '2027-01-01'], ['自有资金成本：', '2027-01-01起 1.7…'])
    """
    lines = [""]
    for piece in _PIECE.findall(text):
        if lines[-1] and width_of((lines[-1] + piece).rstrip(), points) > inches:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    if len(lines) > most:
        lines = [*lines[: most - 1], fitted("".join(lines[most - 1 :]), points, inches)]
    return [fitted(line.rstrip(), points, inches) for line in lines]


def lent(texts: Sequence[str]) -> None:
    """Find who lends the characters the shipped font lacks: it must be known before anything is drawn."""
    for text in texts:
        drawable(text)


def drawn(name: str, lang: str, title: str, alt: str, figure: Any, texts: Sequence[str]) -> Drawn:
    """The picture, with what is said of characters its font lacks."""
    from relending.report.pictures.drawn import Drawn
    from relending.report.pictures.fonts import font_findings

    return Drawn(name, lang, title, alt, figure, font_findings(*texts))
