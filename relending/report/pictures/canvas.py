"""The sheet of a picture: title and what it is of above, then the legend, then panels; nothing covers anything.

Places are worked out in inches, before anything is drawn, so that a picture needs one pass and has the same places on
every machine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from relending.dates import quarter_text
from relending.report.pictures.fonts import fitted, width_of
from relending.report.pictures.scale import tick_texts, ticks
from relending.report.pictures.style import EDGE, GRID, INK, SMALL, SOFT, TEXT, TITLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (8.0, 4.4)
"""Width and height of a picture [inches] where none is asked for."""
SIDE, LEFT, BOTTOM, BETWEEN = 0.12, 0.46, 0.34, 0.30
"""Inches: beside and above everything, left of and below a panel (its ticks), between two panels."""
LINE, TITLE_LINE, MOST_LINES = 0.19, 0.23, 4
"""Height of a line and of one of the title [inches], and the lines that a title or subtitle may have."""
HEAD = 0.9
"""Of a usual height, what title, legend and the like take [inches]."""
FLATTEST = 0.72
"""Of the usual height, what a narrow picture has at least."""
TICK = 0.17
"""Inches that a label of an upright axis wants."""
NARROWEST = 2.0
"""Inches: panels side by side that would have less stand under one another."""
CHINESE = 0x2E80
"""From here on characters stand alone."""
CLOSING = "，。；：、）”% "
"""What never begins a line."""


@cache
def _kind() -> type[Figure]:
    from matplotlib.figure import Figure as Plain

    class Picture(Plain):
        """A figure that a notebook shows by itself, and that says which picture it is."""

        def _repr_svg_(self) -> str:
            from relending.report.pictures.files import svg_bytes

            return svg_bytes(self).decode("utf-8")

    return Picture


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a legend: what is drawn in its key, and its words."""

    label: str
    colour: str
    kind: str = "area"
    """``area``, ``line`` or ``mark``."""
    hatch: str = ""
    dash: str = "-"
    marker: str = ""
    edge: str = ""
    fill: str = ""
    short: str = ""
    """Words that take less room, for a legend that else has several rows."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A place for figures: its name, the unit of its upright axis, and how much of the height and width it takes.

    ``short`` is a name for where there is no room for ``title``.
    """

    title: str = ""
    unit: str = ""
    row: int = 0
    column: int = 0
    left: float = LEFT
    bottom: float = BOTTOM
    short: str = ""


@dataclass(slots=True)
class Sheet:
    """A figure with its panels, in the order they were given."""

    figure: Figure
    axes: list[Axes] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    size: tuple[float, float] = SIZE
    stacked: bool = False
    """Whether panels meant to stand side by side stand under one another."""


def sheet(
    title: str,
    subtitle: str,
    panels: Sequence[Panel],
    legend: Sequence[Entry] = (),
    *,
    size: tuple[float, float] | None = None,
    high: float | None = None,
    heights: Sequence[float] = (1.0,),
    note: str = "",
) -> Sheet:
    """A figure with title, subtitle, legend and empty panels; ``heights`` are the shares of the rows of panels.

    Without a ``size`` [inches], or with one of no height, legend and titles of more than a line make the figure higher;
    with one, the panels give way. Where side by side panels would be too narrow they stand under one another.
    """
    wide = size[0] if size else SIZE[0]
    panels, heights, piled = _under_one_another(panels, heights, wide - 2 * SIDE)
    titles = _wrapped(title, TITLE, wide - 2 * SIDE)[:MOST_LINES]
    below = _wrapped(subtitle, SMALL, wide - 2 * SIDE)[:MOST_LINES]
    rows = _legend_rows(legend, wide - 2 * SIDE)
    if len(rows) > 1 and any(one.short for one in legend):
        rows = _legend_rows([replace(one, label=one.short or one.label) for one in legend], wide - 2 * SIDE)
    notes = _wrapped(note, SMALL, wide - 2 * SIDE)
    more = TITLE_LINE * max(len(titles) - 1, 0)
    head = 0.30 + more + LINE * len(below) + (LINE * len(rows) + 0.10 if rows else 0.0)
    foot = LINE * len(notes) * 0.9 + (0.05 if notes else 0.0)
    if size is None or size[1] <= 0:
        flat = min(max(wide / SIZE[0], FLATTEST), 1.0)
        if piled > 1:
            high = HEAD + ((high or SIZE[1]) - HEAD) * flat * piled
        high = high or SIZE[1] * flat
        high += LINE * (max(len(rows) - 1, 0) + max(len(below) - 1, 0)) + more
        high += LINE * max(len(notes) - 1, 0) if size else 0.0  # a narrow picture's notes take many lines
    else:
        high = size[1]
    out = Sheet(_kind()(figsize=(wide, high)), size=(wide, high), stacked=piled > 1)
    figure = out.figure
    for i, line in enumerate(titles):
        figure.text(
            SIDE / wide, 1 - (0.10 + TITLE_LINE * i) / high, line, size=TITLE, va="top", ha="left", label="title"
        )
    for i, line in enumerate(below):
        y = 1 - (0.34 + more + LINE * i) / high
        figure.text(SIDE / wide, y, line, size=SMALL, color=SOFT, va="top", ha="left", label="subtitle")
    figure.set_label(" · ".join(filter(None, (title, subtitle))))
    _draw_legend(figure, rows, wide, high, 0.34 + more + LINE * len(below) + 0.04)
    for i, line in enumerate(reversed(notes)):
        y = (0.07 + 0.9 * LINE * i) / high
        figure.text(SIDE / wide, y, line, size=SMALL - 0.5, color=SOFT, va="bottom", ha="left")
    columns = 1 + max(p.column for p in panels)
    room_high = high - head - foot - 0.04
    lefts = [max(p.left for p in panels if p.column == k) for k in range(columns)]
    free = (wide - 2 * SIDE - sum(lefts)) / columns  # each column has as much beside what stands left of it
    # one name that is too long shortens all of them, for they are of a kind
    brief = any(p.short and width_of(p.title, TEXT) > free + lefts[p.column] - 0.1 for p in panels)
    total = sum(heights)
    for p in panels:
        top = head + room_high * sum(heights[: p.row]) / total
        here = room_high * heights[p.row] / total
        above = 0.10 + (LINE * 0.95 if p.title else 0.0) + (LINE * 0.85 if p.unit else 0.0)
        edge, room_wide = SIDE + sum(lefts[: p.column]) + free * p.column, free + lefts[p.column]
        x0 = edge + p.left
        across = max(room_wide - p.left - (BETWEEN if p.column + 1 < columns else 0.10), 0.2)
        up = max(here - above - p.bottom, 0.2)
        axes = figure.add_axes((x0 / wide, 1 - (top + above + up) / high, across / wide, up / high))
        axes.grid(axis="y")
        out.axes.append(axes)
        out.widths.append(across)
        y = top + 0.05
        if p.title:
            said = fitted((p.short if brief else "") or p.title, TEXT, room_wide - 0.1)
            figure.text(edge / wide, 1 - y / high, said, size=TEXT, color=INK, va="top", ha="left")
            y += LINE * 0.95
        if p.unit:
            said = fitted(p.unit, SMALL, room_wide - 0.1)
            figure.text(edge / wide, 1 - y / high, said, size=SMALL, color=SOFT, va="top", ha="left")
    return out


def _under_one_another(
    panels: Sequence[Panel], heights: Sequence[float], inches: float
) -> tuple[Sequence[Panel], Sequence[float], int]:
    """Panels, heights of the rows and how many columns were piled up: one where there is room for all of them."""
    columns, rows = 1 + max(p.column for p in panels), len(heights)
    if columns == 1 or inches / columns >= NARROWEST:
        return panels, heights, 1
    left = max(p.left for p in panels)
    return [replace(p, row=p.column * rows + p.row, column=0, left=left) for p in panels], [*heights] * columns, columns


def _wrapped(text: str, points: float, inches: float) -> list[str]:
    """A note in lines of at most this width, broken at spaces, or anywhere in Chinese."""
    lines: list[str] = []
    now = ""
    for word in _words(text):
        if now and width_of(now + word.rstrip(), points) > inches:
            lines.append(now.rstrip())
            now = word.lstrip()
        else:
            now += word
    return [*lines, now.rstrip()] if now.strip() else lines


def _words(text: str) -> list[str]:
    """What may not be broken: words with the space behind them, and each Chinese character with its punctuation.

    >>> _words("a bc，再贷款。")
    ['a ', 'bc，', '再', '贷', '款。']
    """
    out: list[str] = []
    for c in text:
        word = bool(out) and not out[-1].endswith(" ") and max(ord(c), ord(out[-1][-1])) < CHINESE
        if out and (word or c in CLOSING):
            out[-1] += c
        else:
            out.append(c)
    return out


def _legend_rows(entries: Sequence[Entry], inches: float) -> list[list[tuple[Entry, float]]]:
    """The entries in rows, each with where its key begins [inches from the left]."""
    rows: list[list[tuple[Entry, float]]] = []
    x = math.inf
    for one in entries:
        wide = 0.30 + width_of(one.label, SMALL) + 0.18
        if x + wide > inches + 0.18:
            rows.append([])
            x = 0.0
        rows[-1].append((one, x))
        x += wide
    return rows


def _draw_legend(figure: Figure, rows: Sequence[Any], wide: float, high: float, top: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    for k, row in enumerate(rows):
        y = 1 - (top + LINE * (k + 0.42)) / high
        for one, at in row:
            x = (SIDE + at) / wide
            x1 = (SIDE + at + 0.22) / wide
            if one.kind == "area":
                key: Any = Rectangle(
                    (x, y - 0.045 / high),
                    0.22 / wide,
                    0.10 / high,
                    facecolor=one.fill or one.colour,
                    edgecolor=one.edge or ("#FFFFFF" if one.hatch else one.colour),
                    hatch=one.hatch or None,
                    linewidth=0.7 if one.edge else 0.0,
                    transform=figure.transFigure,
                )
            else:
                alone = one.kind == "mark"
                key = Line2D(
                    [(x + x1) / 2] if alone else [x, (x + x1) / 2, x1],
                    [y] if alone else [y, y, y],
                    color=one.colour,
                    linestyle="none" if alone else one.dash,
                    marker=one.marker or None,
                    markevery=None if alone else [1],
                    markerfacecolor=one.fill or one.colour,
                    markeredgecolor=one.edge or one.colour,
                    transform=figure.transFigure,
                )
            figure.add_artist(key)
            where = (SIDE + at + 0.28) / wide
            said = fitted(one.label, SMALL, wide - 2 * SIDE - 0.3)
            figure.text(where, y, said, size=SMALL, color=INK, va="center_baseline", ha="left")


def quarter_axis(axes: Axes, quarters: Sequence[int], inches: float) -> None:
    """A level axis over quarter numbers: years under their quarters, or each quarter where there are few."""
    first, last = quarters[0], quarters[-1]
    axes.xaxis.set_visible(False)
    axes.set_xlim(first - 0.6, last + 0.6)
    count = last - first + 1
    if count <= 8:
        step = max(1, math.ceil(count * 0.55 / inches))
        shown = list(range(last, first - 1, -step))[::-1]
        level_labels(axes, [float(q) for q in shown], [quarter_text(q) for q in shown])
        return
    years = range(first // 4, last // 4 + 1)
    step = max(1, math.ceil(len(years) * 0.42 / inches))
    spans = {y: (max(y * 4, first), min(y * 4 + 3, last)) for y in years}
    whole = [y for y, (a, b) in spans.items() if (y - years[0]) % step == 0 and b - a >= 1]
    level_labels(axes, [sum(spans[y]) / 2 for y in whole], [str(y) for y in whole])
    marks(axes, [y * 4 - 0.5 for y in years if first < y * 4 <= last])


def value_axis(
    axes: Axes, low: float, high: float, *, most: int = 5, axis: str = "y", pad: bool = False, whole: bool = False
) -> list[float]:
    """Round labels over ``low`` to ``high``, on an upright axis with level lines too; it ends at its outer labels.

    ``most``: about how many steps; ``pad``: some room below and above; ``whole``: labels are whole numbers.
    """
    if axis == "y":
        inches = axes.get_position().height * axes.figure.get_figheight()  # type: ignore[union-attr]
        most = max(1, min(most, int(inches / TICK)))
    places = _places(low, high, most, pad, whole)
    if axis == "x":
        axes.xaxis.set_visible(False)
        axes.set_xlim(places[0], places[-1])
        level_labels(axes, places, tick_texts(places))
        return places
    axes.yaxis.set_visible(False)
    axes.set_ylim(places[0], places[-1])
    upright_labels(axes, places, tick_texts(places))
    lines(axes, places)
    if places[0] < 0 < places[-1]:
        axes.axhline(0, color=EDGE, linewidth=0.8, zorder=1.5)
    return places


def level_axis(axes: Axes, low: float, high: float, label: str, *, most: int = 5, exact: bool = False) -> list[float]:
    """A level axis with round labels over ``low`` to ``high``, marks, and what it is under it.

    ``exact``: it ends where the figures do, and not at a label.
    """
    if exact:
        axes.xaxis.set_visible(False)
        axes.set_xlim(low, high)
        places = [x for x in _places(low, high, most, pad=False) if low <= x <= high]
        level_labels(axes, places, tick_texts(places))
    else:
        places = value_axis(axes, low, high, most=most, axis="x")
    marks(axes, places, 0.04)
    level_name(axes, label)
    return places


def _places(low: float, high: float, most: int, pad: bool, whole: bool = False) -> list[float]:
    if not (math.isfinite(low) and math.isfinite(high)):
        low, high = 0.0, 1.0
    if pad and high > low:
        low, high = low - (high - low) * 0.04, high + (high - low) * 0.04
    return ticks(low, high, most, whole=whole)


# A tick of matplotlib is five artists, and most of the time of a small picture goes into them: labels are plain texts
# and lines one collection.


def upright_labels(axes: Axes, places: Sequence[float], texts: Sequence[str], colour: str = SOFT) -> None:
    """Labels left of a panel."""
    for y, text in zip(places, texts, strict=True):
        _text(axes, (0, y), text, (-5, 0), "right", "center_baseline", axes.get_yaxis_transform(), colour)


def level_labels(axes: Axes, places: Sequence[float], texts: Sequence[str], colour: str = SOFT) -> None:
    """Labels under a panel."""
    for x, text in zip(places, texts, strict=True):
        _text(axes, (x, 0), text, (0, -5), "center", "top", axes.get_xaxis_transform(), colour)


def level_name(axes: Axes, label: str) -> None:
    """What a level axis is, under its labels; what is wider than the panel has lines."""
    inches = axes.get_position().width * axes.figure.get_figwidth()  # type: ignore[union-attr]
    if "\n" not in label:
        label = "\n".join(_wrapped(label, SMALL, inches + 0.2))
    _text(axes, (0.5, 0), label, (0, -18), "center", "top", axes.transAxes, SOFT)


def _text(
    axes: Axes, at: tuple[float, float], text: str, away: tuple[float, float], ha: str, va: str, where: Any, colour: str
) -> None:
    from matplotlib.transforms import ScaledTranslation

    figure = axes.figure
    moved = where + ScaledTranslation(away[0] / 72, away[1] / 72, figure.dpi_scale_trans)
    axes.text(*at, text, transform=moved, ha=ha, va=va, size=SMALL, color=colour)


def lines(axes: Axes, places: Sequence[float]) -> None:
    """Level lines over the whole panel."""
    from matplotlib.collections import LineCollection

    segments = [[(0, y), (1, y)] for y in places]
    where = axes.get_yaxis_transform()
    axes.add_collection(
        LineCollection(segments, colors=GRID, linewidths=0.6, zorder=0.8, transform=where), autolim=False
    )


def marks(axes: Axes, places: Sequence[float], inches: float = 0.07) -> None:
    """Short marks under a panel: where a year ends, or a label stands."""
    from matplotlib.collections import LineCollection
    from matplotlib.transforms import blended_transform_factory

    figure = axes.figure
    box = axes.get_position()
    high = box.height * figure.get_figheight()  # type: ignore[union-attr]
    segments = [[(x, 0.0), (x, -inches / high)] for x in places]
    where = blended_transform_factory(axes.transData, axes.transAxes)
    axes.add_collection(
        LineCollection(segments, colors=EDGE, linewidths=0.7, clip_on=False, transform=where), autolim=False
    )


def bars(
    axes: Axes,
    at: Sequence[float],
    bottoms: Sequence[float],
    tops: Sequence[float],
    colour: str,
    *,
    width: float = 0.8,
    hatch: str = "",
    edge: str = "",
    level: bool = False,
    zorder: float = 2.0,
) -> None:
    """Upright bars (``level``: lying ones) of one colour, as one outline: many bars cost what one does."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners: list[tuple[float, float]] = []
    for x, low, high in zip(at, bottoms, tops, strict=True):
        if low != high and math.isfinite(low) and math.isfinite(high):
            a, b = x - width / 2, x + width / 2
            box = [(a, low), (a, high), (b, high), (b, low), (a, low)]
            corners += [(y, x) for x, y in box] if level else box
    if not corners:
        return
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * (len(corners) // 5)
    patch = PathPatch(
        Path(corners, codes),
        facecolor=colour,
        edgecolor=edge or ("#FFFFFF" if hatch else "none"),
        linewidth=0.7 if edge else 0.0,
        hatch=hatch or None,
        zorder=zorder,
    )
    axes.add_artist(patch)  # as add_patch, but for the limits of the panel, which every picture sets itself


def stacked(parts: Mapping[str, Sequence[float]]) -> dict[str, tuple[list[float], list[float]]]:
    """Each part's bottoms and tops where they stand on one another in their order.

    >>> stacked({"a": [1, 2], "b": [3, 0]})["b"]
    ([1.0, 2.0], [4.0, 2.0])
    """
    out = {}
    base: list[float] = []
    for name, values in parts.items():
        bottoms = base or [0.0] * len(values)
        base = [b + v for b, v in zip(bottoms, values, strict=True)]
        out[name] = (bottoms, base)
    return out


def rule(axes: Axes, colour: str = GRID) -> None:
    """No grid and no upright line: for panels whose bars carry their figures."""
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(colour)


def bare(axes: Axes) -> None:
    """No lines around a panel but the one its lying bars begin at, and no ticks."""
    axes.xaxis.set_visible(False)
    axes.yaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
