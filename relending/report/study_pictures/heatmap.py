"""How a heat map is drawn: cells with their figures, exact values at the axes, a scale of colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from relending.report.pictures.canvas import Entry, level_labels, level_name, sheet, upright_labels
from relending.report.pictures.fonts import drawable, width_of
from relending.report.pictures.style import EDGE, INK, SMALL, SOFT, TEXT
from relending.report.study_pictures import layout
from relending.report.study_pictures.curve import own_at
from relending.report.study_pictures.layout import Size
from relending.report.study_pictures.sweep_source import Axis
from relending.report.study_pictures.words import Scale, listed, parameter_name, parameter_value, value_of, word

MAP, DIVERGING, MISSING = "cividis", "PuOr_r", "#EEEEEE"
"""Colours of figures of one sign, of both (white is nought), and of no figure: told apart by all colour vision."""
DARK = 0.46
"""Luminance below which a figure in a cell is written in white."""
SMALLEST = 5.5
"""Points below which figures in cells are left out."""
FLAT = "#DFE6EC"
"""The colour of cells that are all the same: there is nothing to tell apart by colours."""
MOST_NAMED = 40
BAR = 0.62
"""Width of the scale of colours with its ticks [inches]."""


@dataclass(frozen=True, slots=True)
class Plane:
    """One map: its name, the figures (rows upwards, columns to the right), and their axes."""

    name: str
    figures: np.ndarray
    up: Axis
    across: Axis
    own: bool = True
    """Whether the scenario's own values of the two parameters are marked: what else varies has its own there too."""


def draw_planes(
    planes: Sequence[Plane],
    free: Sequence[Axis],
    scale: Scale,
    titles: tuple[str, str],
    lang: str,
    size: Size,
    *,
    as_it_is: bool,
) -> Any:
    """The figure of one map or of small multiples, on one scale of colours; of more than twelve the first."""
    shown = planes[: layout.MOST_PANELS]
    figures = np.concatenate([scale.of(p.figures).ravel() for p in shown])
    there = figures[np.isfinite(figures)]
    low, high = float(there.min()), float(there.max())
    up = shown[0].up
    rows = [parameter_value(up.key, v, lang) for v in up.values]
    left = min(max((width_of(t, SMALL) for t in _named(rows)), default=0.3), 1.6) + 0.22
    grid = layout.panels([drawable(p.name) for p in shown], "", size, left=left, bottom=0.56)
    high_wanted = grid.high if len(shown) > 1 else min(max(2.2 + 0.36 * len(rows), 3.6), 7.0)
    notes = _notes(free, low == high, len(shown), len(planes), lang)
    legend = _legend(free, bool(np.isnan(figures).any()), lang, as_it_is=as_it_is)
    paper = sheet(
        *titles,
        _with_unit(grid.panels, up, lang),
        legend,
        size=size,
        high=high_wanted,
        heights=grid.heights,
        note=" ".join(notes),
    )
    diverging = low < 0 < high
    colours = _colours(low, high, diverging)
    wide, high_in = paper.figure.get_size_inches()
    for plane, axes in zip(shown, paper.axes, strict=True):
        box = axes.get_position()
        axes.set_position((box.x0, box.y0, box.width - (BAR + 0.12) / wide, box.height))
        _plane(plane, scale, colours, axes, wide * (box.width - (BAR + 0.12) / wide), high_in * box.height, lang)
        _scale_bar(paper.figure, axes, colours, scale, (low, high), wide)
    return paper.figure


def _with_unit(panels: Sequence[Any], up: Axis, lang: str) -> list[Any]:
    name = "↑ " + drawable(parameter_name(up.key, lang, up.label))
    return [replace(p, unit=name) for p in panels]


def _colours(low: float, high: float, diverging: bool) -> Any:
    import matplotlib as mpl

    if diverging:
        most = max(-low, high)
        norm, map_ = mpl.colors.Normalize(-most, most), mpl.colormaps[DIVERGING]
    elif high > low:
        norm, map_ = mpl.colors.Normalize(low, high), mpl.colormaps[MAP]
    else:
        norm, map_ = mpl.colors.Normalize(low - 1, low + 1), mpl.colors.ListedColormap([FLAT])
    return mpl.cm.ScalarMappable(norm, map_.with_extremes(bad=MISSING))


def _plane(plane: Plane, scale: Scale, colours: Any, axes: Any, wide: float, high: float, lang: str) -> None:
    figures = scale.of(plane.figures)
    rows, columns = figures.shape
    edge = "#FFFFFF" if max(rows, columns) <= MOST_NAMED else "none"
    mesh = axes.pcolormesh(
        np.arange(columns + 1) - 0.5,
        np.arange(rows + 1) - 0.5,
        np.ma.masked_invalid(figures),
        cmap=colours.cmap,
        norm=colours.norm,
        edgecolors=edge,
        linewidth=0.8 if edge != "none" else 0.0,
        rasterized=figures.size > 10_000,
    )
    mesh.set_zorder(1)
    axes.xaxis.set_visible(False)
    axes.yaxis.set_visible(False)
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(-0.5, rows - 0.5)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    _ticks(axes, plane.across, "x", wide, lang)
    _ticks(axes, plane.up, "y", high, lang)
    name = drawable(parameter_name(plane.across.key, lang, plane.across.label)) + " →"
    level_name(axes, "\n".join(layout.in_lines(name, SMALL, wide, 2)))
    texts = {(r, c): scale.number(plane.figures[r, c]) for r in range(rows) for c in range(columns)}
    points = _points(list(texts.values()), wide / columns, high / rows)
    if points:
        for (r, c), text in texts.items():
            value = figures[r, c]
            if math.isfinite(value):
                ink = "#FFFFFF" if _luminance(colours.to_rgba(value)) < DARK else INK
                axes.text(c, r, text, size=points, color=ink, ha="center", va="center", zorder=3)
    mine, across = own_at(plane.up), own_at(plane.across)
    if plane.own and mine is not None and across is not None:
        from matplotlib.patches import Rectangle

        for width, colour in ((3.2, "#FFFFFF"), (1.6, "#000000")):
            axes.add_patch(
                Rectangle(
                    (across - 0.5, mine - 0.5),
                    1,
                    1,
                    fill=False,
                    edgecolor=colour,
                    linewidth=width,
                    zorder=4,
                    clip_on=False,
                )
            )


def _points(texts: Sequence[str], wide: float, high: float) -> float:
    """Points in which the longest figure fits into a cell; none where that is too small to be read."""
    longest = max((width_of(t, 1.0) for t in texts if t), default=0.0)
    fit = min(TEXT - 0.5, 0.86 * wide / longest if longest else TEXT, high * 72 * 0.7)
    return fit if fit >= SMALLEST else 0.0


def _luminance(rgba: Sequence[float]) -> float:
    r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgba[:3])
    return math.sqrt(0.2126 * r + 0.7152 * g + 0.0722 * b)


def _named(texts: Sequence[str]) -> list[str]:
    """The values that are written at an axis: all of them, or so many that they can be read."""
    step = max(1, math.ceil(len(texts) / MOST_NAMED))
    return list(texts[::step])


def _ticks(axes: Any, axis: Axis, side: str, inches: float, lang: str) -> None:
    """The exact values, as many as there is room for; the scenario's own stands out."""
    texts = [drawable(parameter_value(axis.key, v, lang), 28) for v in axis.values]
    each = max(width_of(t, SMALL) for t in texts) + 0.08 if side == "x" else 0.15
    step = max(1, math.ceil(len(texts) * each / inches))
    own = own_at(axis)
    places = list(range(0, len(texts), step))
    put = level_labels if side == "x" else upright_labels
    for colour, some in ((SOFT, [i for i in places if i != own]), (INK, [i for i in places if i == own])):
        put(axes, [float(i) for i in some], [texts[i] for i in some], colour)


def _scale_bar(figure: Any, axes: Any, colours: Any, scale: Scale, ends: tuple[float, float], wide: float) -> None:
    """The scale of colours, from the least to the greatest figure that there is."""
    from relending.report.pictures.scale import tick_texts, ticks

    low, high = ends
    box = axes.get_position()
    bar = figure.add_axes((box.x1 + 0.10 / wide, box.y0, 0.12 / wide, box.height))
    bar.set_title(scale.name, size=SMALL - 0.5, color=SOFT, loc="left", pad=4)
    if low == high:
        bar.set_axis_off()
        return
    span = np.linspace(low, high, 129)
    steps = (span[:-1] + span[1:]) / 2
    bar.pcolormesh(
        [0, 1],
        span,
        steps[:, None],
        cmap=colours.cmap,
        norm=colours.norm,
        rasterized=False,
        edgecolors="face",
        linewidth=0.1,
    )
    places = [t for t in ticks(low, high, 4) if low <= t <= high]
    bar.set_ylim(low, high)
    bar.set_yticks(places, tick_texts(places))
    bar.yaxis.tick_right()
    bar.set_xticks([])
    bar.tick_params(length=2, color=EDGE, pad=2)
    bar.grid(visible=False)
    for side in ("left", "bottom", "right", "top"):
        bar.spines[side].set_visible(False)


def _legend(free: Sequence[Axis], holes: bool, lang: str, *, as_it_is: bool) -> list[Entry]:
    marked = all(own_at(a) is not None for a in free)
    said = word("own" if as_it_is else "own_of_these", lang)
    out = [Entry(said, "#FFFFFF", edge="#000000", fill="#FFFFFF")] if marked else []
    return [*out, *([Entry(word("no_figure", lang), MISSING)] if holes else [])]


def _notes(free: Sequence[Axis], flat: bool, shown: int, all_of_them: int, lang: str) -> list[str]:
    out = [word("same", lang)] if flat else []
    away = [a for a in free if a.own is not None and own_at(a) is None]
    if away:
        said = [value_of(a.key, a.own, lang, a.label) for a in away]
        out.append(word("own_elsewhere", lang, values=listed(said, lang)))
    if all_of_them > shown:
        out.append(word("cut", lang, shown=shown, all=all_of_them, what=word("maps", lang)))
    return out
