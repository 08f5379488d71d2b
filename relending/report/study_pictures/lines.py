"""Scenarios side by side 情景对比: one measure by quarter, a line a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.report.pictures.canvas import Entry, quarter_axis, sheet
from relending.report.pictures.fonts import drawable
from relending.report.pictures.style import drawing
from relending.report.study_pictures import layout
from relending.report.study_pictures.compared_source import Compared, Lines, lines
from relending.report.study_pictures.layout import Size
from relending.report.study_pictures.names import short_titles
from relending.report.study_pictures.words import Scale, capital, scale_of, when_text, whom, word
from relending.study.measures import Measure

if TYPE_CHECKING:
    from relending.report.pictures.drawn import Drawn

MOST_MARKED = 12
"""Quarters up to which every point is marked; of more every second, third …"""


def draw_lines(
    name: str,
    compared: Compared,
    measure: Measure,
    lang: str,
    *,
    lender: str = "",
    facility: str = "",
    size: Size = None,
) -> Drawn:
    """The measure by quarter, a line a scenario, the base in black; a panel a place where there is no whole.

    Raises PictureError where there is nothing to show.
    """
    found = lines(compared, measure, lender, facility)
    alike = len(found) > 1 and all(_same(one, found[0]) for one in found)
    found = found[:1] if alike else found
    shown = found[: layout.MOST_PANELS]
    names = list(compared.names[: layout.MOST_LINES])
    head, short = short_titles(compared.names, compared.titles, lang)
    scale = scale_of(measure, [v for one in shown for n in names for v in one.figures[n]], lang)
    called = [drawable(whom(one.place, compared.called, lang, short=len(shown) > 1)) for one in shown]
    called = [word("everywhere", lang)] if alike else called
    title = capital(word("lines_title", lang, measure=measure.label(lang)), lang)
    of = called[0] if len(called) == 1 else word("each", lang)
    subtitle = word("of", lang, scenario=drawable(head), whom=of) if head else of
    legend = [
        Entry(
            _called(i, name, short, lang),
            layout.LINES[i][0],
            "line",
            dash=layout.LINES[i][1],
            marker=layout.LINES[i][2],
        )
        for i, name in enumerate(names)
    ]
    note = " ".join(_notes(compared, shown, names, len(found), lang))
    texts = [head, *short.values(), *(whom(one.place, compared.called, lang) for one in shown)]
    layout.lent(texts)
    with drawing():
        grid = layout.panels(called, scale.name, size)
        paper = sheet(title, subtitle, grid.panels, legend, size=size, high=grid.high, heights=grid.heights, note=note)
        for one, axes, wide in zip(shown, paper.axes, paper.widths, strict=True):
            _draw(one, compared, names, scale, axes, wide, count=measure.unit == "count")
    last = _telling(shown[0], compared)
    values = [
        f"{short[n]} {scale.text(float(shown[0].figures[n][last]), lang)}"
        for n in names
        if np.isfinite(shown[0].figures[n][last])
    ]
    alt = word(
        "lines_alt",
        lang,
        measure=capital(measure.label(lang), lang),
        whom=called[0],
        at=when_text(measure, compared.quarters[last], compared.quarters, lang, begins=True),
        values=("，" if lang == "zh" else ", ").join(values),
    )
    return layout.drawn(name, lang, title, alt, paper.figure, texts)


def _called(i: int, name: str, short: dict[str, str], lang: str) -> str:
    said = drawable(short[name])
    return word("base", lang, name=said) if i == 0 else said


def _same(one: Lines, other: Lines) -> bool:
    return all(np.array_equal(one.figures[n], other.figures[n], equal_nan=True) for n in one.figures)


def _telling(one: Lines, compared: Compared) -> int:
    """The last quarter in which any scenario has something; the last where none ever has."""
    there = [
        i for i in range(len(compared.quarters)) if any(np.nan_to_num(line[i]) != 0 for line in one.figures.values())
    ]
    return there[-1] if there else len(compared.quarters) - 1


def _draw(
    one: Lines, compared: Compared, names: Sequence[str], scale: Scale, axes: Any, wide: float, *, count: bool
) -> None:
    at = layout.quarter_numbers(compared.quarters)
    every = max(1, round(len(at) / MOST_MARKED))
    for i, name in reversed(list(enumerate(names))):
        colour, dash, marker = layout.LINES[i]
        axes.plot(
            at,
            scale.of(one.figures[name]),
            color=colour,
            linestyle=dash,
            linewidth=2.2 if i == 0 else 1.6,
            marker=marker,
            markersize=4,
            markevery=every,
            zorder=3 + (len(names) - i) / 10 if i else 2.9,
        )
        alone = scale.of(layout.isolated(one.figures[name]))
        if np.isfinite(alone).any():
            axes.plot(at, alone, color=colour, marker=marker or "o", markersize=4, linestyle="none", zorder=4)
    quarter_axis(axes, at, wide)
    layout.upright(axes, [scale.of(one.figures[n]) for n in names], count=count)


def _notes(compared: Compared, shown: Sequence[Lines], names: Sequence[str], all_of_them: int, lang: str) -> list[str]:
    out = []
    first = [one.figures[names[0]] for one in shown]
    if all(
        np.array_equal(one.figures[n], f, equal_nan=True) for one, f in zip(shown, first, strict=True) for n in names
    ):
        out.append(word("all_same", lang))
    if len(names) < len(compared.names):
        out.append(word("lines_cut", lang, shown=len(names), all=len(compared.names)))
    if all_of_them > len(shown):
        out.append(word("cut", lang, shown=len(shown), all=all_of_them, what=word("places", lang)))
    return out
