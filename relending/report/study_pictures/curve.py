"""A sweep of one parameter: a point a value, joined by a line where the values are numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from relending.report.pictures.canvas import Entry, Panel, level_labels, level_name, marks, sheet, value_axis
from relending.report.pictures.fonts import drawable, width_of
from relending.report.pictures.style import SMALL, SOFT
from relending.report.study_pictures import layout
from relending.report.study_pictures.layout import Size
from relending.report.study_pictures.names import Names
from relending.report.study_pictures.sweep_source import Axis, Sheet
from relending.report.study_pictures.words import Scale, parameter_name, parameter_value, whom, word

MOST_POINTS = 30
"""Points that are marked one by one, each with its figure where there is room."""


ROOM = 0.08


def own_at(axis: Axis) -> int | None:
    """Where the scenario's own value is on an axis; None where it is not on it.

    >>> own_at(Axis("k", (0.4, 0.6), 0.6)), own_at(Axis("k", ("a", "b"), "c")), own_at(Axis("k", (0.1, 0.2)))
    (1, None, None)
    """
    if axis.own is None:
        return None
    for i, value in enumerate(axis.values):
        if isinstance(value, str) != isinstance(axis.own, str):
            return None
        if value == axis.own or (not isinstance(value, str) and math.isclose(value, axis.own, rel_tol=1e-12)):
            return i
    return None


def draw_curve(
    parts: Sequence[Sheet],
    axis: Axis,
    names: Names,
    scale: Scale,
    titles: tuple[str, str],
    lang: str,
    all_of_them: int,
    size: Size,
    *,
    as_it_is: bool,
) -> Any:
    """The figure: a line a place, the scenario's own value marked."""
    numbers = not any(isinstance(v, str) for v in axis.values)
    at = np.array(axis.values, float) if numbers else np.arange(len(axis.values), dtype=float)
    lines = [scale.of(p.figures.astype(float)) for p in parts]
    called = [drawable(whom(p.place, names, lang, short=True)) for p in parts]
    own = own_at(axis)
    legend = []
    if len(parts) > 1:
        legend = [
            Entry(text, layout.LINES[i][0], "line", dash=layout.LINES[i][1], marker=layout.LINES[i][2])
            for i, text in enumerate(called)
        ]
    mine = axis.own if numbers and axis.own is not None else None
    if own is not None or mine is not None:
        legend.append(Entry(word("own" if as_it_is else "own_of_this", lang), "#000000", "line", dash=":"))
    notes = (
        [word("cut", lang, shown=len(parts), all=all_of_them, what=word("places", lang))]
        if all_of_them > len(parts)
        else []
    )
    paper = sheet(*titles, [Panel("", scale.name, bottom=0.56)], legend, size=size, note=" ".join(notes))
    axes, wide = paper.axes[0], paper.widths[0]
    for i, line in enumerate(lines):
        colour, dash, marker = layout.LINES[i] if len(lines) > 1 else ("#0072B2", "-", "o")
        axes.plot(
            at,
            line,
            color=colour,
            linestyle=dash if numbers else "none",
            marker=(marker or "o") if len(at) <= MOST_POINTS else "",
            zorder=3,
        )
    low, high = layout.axis_span(*layout.span_of(lines))
    above = (high - low) * ROOM if high > 0 else 0.0  # for the figures above the points
    value_axis(axes, low, high + above)
    margin = (at.max() - at.min()) * 0.05 if numbers and len(at) > 1 else 0.5
    ends = [at.min() - margin, at.max() + margin]
    if mine is not None:
        ends = [min(ends[0], float(mine) - margin), max(ends[1], float(mine) + margin)]
        axes.axvline(float(mine), color="#000000", linestyle=":", linewidth=1.0, zorder=2)
    elif own is not None:
        axes.axvline(own, color="#000000", linestyle=":", linewidth=1.0, zorder=2)
    axes.xaxis.set_visible(False)
    axes.set_xlim(*ends)
    places = _places(at, axis, wide, ends, lang)
    level_labels(
        axes,
        [float(at[i]) for i in places],
        [drawable(parameter_value(axis.key, axis.values[i], lang), 28) for i in places],
    )
    marks(axes, [float(at[i]) for i in places], 0.04)
    name = drawable(parameter_name(axis.key, lang, axis.label)) + " →"
    level_name(axes, "\n".join(layout.in_lines(name, SMALL, wide, 2)))
    if len(lines) == 1:
        _figures(axes, at, lines[0], scale, wide, ends)
    return paper.figure


def _places(at: np.ndarray, axis: Axis, wide: float, ends: Sequence[float], lang: str) -> list[int]:
    """The values written at the axis: from the first on each that has room beside the one before."""
    inch = wide / (ends[1] - ends[0])
    out: list[int] = []
    for i, value in enumerate(axis.values):
        half = width_of(parameter_value(axis.key, value, lang), SMALL) / 2 + 0.04
        if not out or (at[i] - at[out[-1]]) * inch >= half * 2:
            out.append(i)
    return out


def _figures(axes: Any, at: np.ndarray, line: np.ndarray, scale: Scale, wide: float, ends: Sequence[float]) -> None:
    """The figure above each point, where all of them have room."""
    texts = [scale.number(v * scale.size) for v in line]
    inch = wide / (ends[1] - ends[0])
    gap = float(np.diff(at).min()) * inch if len(at) > 1 else wide
    if gap < max(width_of(t, SMALL) for t in texts) + 0.05:
        return
    for x, y, text in zip(at, line, texts, strict=True):
        if math.isfinite(y):
            axes.annotate(
                text,
                (x, y),
                (0, 7),
                textcoords="offset points",
                size=SMALL,
                color=SOFT,
                ha="center",
                zorder=5,
                bbox={"facecolor": "#FFFFFF", "edgecolor": "none", "pad": 0.6},
            )
