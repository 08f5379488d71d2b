"""The heat map 热力图 of a sweep: one measure over two parameters, each cell with its figure; of one parameter a line.

Of three parameters there is a map for each value of the third; of more, some are to be fixed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.report.pictures.canvas import Entry, sheet
from relending.report.pictures.fonts import drawable, width_of
from relending.report.pictures.style import EDGE, INK, SMALL, SOFT, TEXT, drawing
from relending.report.study_pictures import layout
from relending.report.study_pictures.curve import draw_curve, own_at
from relending.report.study_pictures.errors import PictureError
from relending.report.study_pictures.layout import Size
from relending.report.study_pictures.sweep_source import Axis, Sheet, Swept, sheets
from relending.report.study_pictures.words import (
    Scale,
    capital,
    listed,
    parameter_name,
    parameter_value,
    scale_of,
    value_of,
    when_text,
    whom,
    word,
)
from relending.study.measures import Measure

if TYPE_CHECKING:
    from relending.report.pictures.drawn import Drawn

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


def draw_sweep(
    name: str,
    swept: Swept,
    measure: Measure,
    lang: str,
    *,
    quarter: str = "",
    lender: str = "",
    facility: str = "",
    fix: Mapping[str, str] | None = None,
    size: Size = None,
) -> Drawn:
    """The measure over the parameters that are not fixed: a heat map, a line of one, small multiples of three.

    ``fix`` gives a value of the grid to some of them, as text. Raises PictureError where there is nothing to show, or
    where more than three parameters vary.
    """
    found = sheets(swept, measure, quarter, lender, facility)
    axes, pick, fixed = _fixed(swept, fix or {}, lang)
    parts = [Sheet(s.place, s.at, s.figures[pick]) for s in found]
    several = len(parts) > 1
    free = [a for a in axes if len(a.values) > 1] or list(axes[:1])
    drop = tuple(i for i, a in enumerate(axes) if a not in free)
    parts = [Sheet(s.place, s.at, s.figures.squeeze(axis=drop) if drop else s.figures) for s in parts]
    alike = several and all(np.array_equal(p.figures, parts[0].figures, equal_nan=True) for p in parts)
    if alike:
        parts, several = parts[:1], False
    if len(free) > (2 if several else 3):
        raise PictureError(
            f"{measure.en}: {len(free)} parameters vary, more than a picture shows"
            + (" of several lenders and facilities (choose with --lender and --facility)" if several else "")
            + f"; fix some with --fix KEY=VALUE: {', '.join(a.key for a in free)}",
            f"{measure.zh}：有 {len(free)} 个参数在变动，一张图无法显示"
            + ("多家机构和工具（请用 --lender 和 --facility 选定）" if several else "")
            + f"；请用 --fix 参数=取值 固定其中一些：{'、'.join(a.key for a in free)}",
        )
    scenario = drawable(swept.titles.get(lang) or swept.scenario)
    at = when_text(measure, parts[0].at, swept.quarters, lang)
    of = word("everywhere" if alike else "each", lang)
    if not several and not alike:
        of = drawable(whom(parts[0].place, swept.names, lang))
    said = [word("of_when", lang, scenario=scenario, whom=of, when=at)]
    said += [word("fixed", lang, values=listed(fixed, lang))] if fixed else []
    said += [word("since", lang, day=swept.since)] if swept.since else []
    # only where what is held has the scenario's own values too is a cell the scenario as it is
    as_it_is = all(own_at(a) is not None for a in axes if a not in free)
    names = [parameter_name(a.key, lang, a.label) for a in free]
    title = capital(word("heat_title", lang, measure=measure.label(lang), axes=listed(names, lang)), lang)
    titles = (drawable(title, 120), " · ".join(said))
    scale = scale_of(measure, np.concatenate([p.figures.ravel() for p in parts]).tolist(), lang)
    if len(free) == 1:
        shown = parts[: layout.MOST_LINES]
        with drawing():
            figure, notes = draw_curve(shown, free[0], swept.names, scale, titles, lang, len(parts), size, as_it_is=as_it_is)
    else:
        planes = _planes(parts, free, swept, lang)
        with drawing():
            figure = _draw(planes, free, scale, titles, lang, size, as_it_is=as_it_is)
    alt = _alt(parts[0], free, measure, at, scale, lang, as_it_is=as_it_is)
    texts = [swept.titles.get(lang) or swept.scenario, *names, *(str(v) for a in free for v in a.values)]
    return layout.drawn(name, lang, title, alt, figure, texts)


def _fixed(swept: Swept, fix: Mapping[str, str], lang: str) -> tuple[list[Axis], Any, list[str]]:
    """The axes with those that are fixed cut to a value, what picks their figures, and what is said of them."""
    unknown = [key for key in fix if key not in {a.key for a in swept.axes}]
    if unknown:
        there = ", ".join(a.key for a in swept.axes)
        raise PictureError(
            f"--fix {unknown[0]}: no parameter of this sweep; it has {there}",
            f"--fix {unknown[0]}：不是本次扫描的参数；有：{there}",
        )
    axes, picks, said = [], [], []
    for axis in swept.axes:
        if axis.key not in fix:
            axes.append(axis)
            picks.append(range(len(axis.values)))
            continue
        where = [i for i, v in enumerate(axis.values) if _same(v, fix[axis.key])]
        if not where:
            there = ", ".join(v if isinstance(v, str) else f"{v:.15g}" for v in axis.values[:20])
            raise PictureError(
                f"--fix {axis.key}={fix[axis.key]}: not on the grid; it has {there}",
                f"--fix {axis.key}={fix[axis.key]}：不在网格上；有：{there}",
            )
        value = axis.values[where[0]]
        axes.append(Axis(axis.key, (value,), axis.own, axis.label))
        picks.append(range(where[0], where[0] + 1))
        said.append(value_of(axis.key, value, lang, axis.label))
    return axes, np.ix_(*picks), said


def _same(value: Any, text: str) -> bool:
    if isinstance(value, str):
        return value == text
    try:
        return math.isclose(float(value), float(text), rel_tol=1e-12)
    except ValueError:
        return False


def _planes(parts: Sequence[Sheet], free: Sequence[Axis], swept: Swept, lang: str) -> list[Plane]:
    """The maps: the longer of the first two parameters lies across; of three one for each value of the third."""
    first, second = free[0], free[1]
    turned = len(first.values) >= len(second.values)
    up, across = (second, first) if turned else (first, second)

    def laid(figures: np.ndarray) -> np.ndarray:
        return figures.T if turned else figures

    if len(free) == 2:
        return [Plane(whom(p.place, swept.names, lang, short=True), laid(p.figures), up, across) for p in parts]
    third = free[2]
    out = []
    for i, value in enumerate(third.values):
        said = value_of(third.key, value, lang, third.label)
        out.append(Plane(said, laid(parts[0].figures[:, :, i]), up, across, own_at(third) == i))
    return out


def _draw(
    planes: Sequence[Plane],
    free: Sequence[Axis],
    scale: Scale,
    titles: tuple[str, str],
    lang: str,
    size: Size,
    *,
    as_it_is: bool,
) -> Any:
    shown = planes[: layout.MOST_PANELS]
    figures = np.concatenate([scale.of(p.figures).ravel() for p in shown])
    there = figures[np.isfinite(figures)]
    low, high = float(there.min()), float(there.max())
    up, across = shown[0].up, shown[0].across
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
    from dataclasses import replace

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
    axes.grid(visible=False)
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
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    _ticks(axes, plane.across, "x", wide, lang)
    _ticks(axes, plane.up, "y", high, lang)
    axes.tick_params(length=0)
    name = drawable(parameter_name(plane.across.key, lang, plane.across.label)) + " →"
    axes.set_xlabel("\n".join(layout.in_lines(name, SMALL, wide, 2)), labelpad=3)
    texts = {(r, c): scale.number(plane.figures[r, c]) for r in range(rows) for c in range(columns)}
    points = _points(list(texts.values()), wide / columns, high / rows)
    if points:
        for (r, c), text in texts.items():
            value = figures[r, c]
            if math.isfinite(value):
                ink = "#FFFFFF" if _luminance(colours.to_rgba(value)) < DARK else INK
                axes.text(c, r, text, size=points, color=ink, ha="center", va="center", zorder=3)
    r, c = own_at(plane.up), own_at(plane.across)
    if plane.own and r is not None and c is not None:
        from matplotlib.patches import Rectangle

        for width, colour in ((3.2, "#FFFFFF"), (1.6, "#000000")):
            axes.add_patch(
                Rectangle((c - 0.5, r - 0.5), 1, 1, fill=False, edgecolor=colour, linewidth=width, zorder=4, clip_on=False)
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
    (axes.set_xticks if side == "x" else axes.set_yticks)(places, [texts[i] for i in places])
    labels = axes.get_xticklabels() if side == "x" else axes.get_yticklabels()
    for i, label in zip(places, labels, strict=True):
        label.set_color(INK if i == own else SOFT)


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
    bar.pcolormesh([0, 1], span, steps[:, None], cmap=colours.cmap, norm=colours.norm, rasterized=False, edgecolors="face", linewidth=0.1)
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


def _alt(part: Sheet, free: Sequence[Axis], measure: Measure, at: str, scale: Scale, lang: str, *, as_it_is: bool) -> str:
    """The lowest and the highest figure with where they are, and that of the scenario as it is."""
    figures = part.figures

    def where(place: Sequence[int]) -> str:
        said = [value_of(a.key, a.values[i], lang, a.label) for a, i in zip(free, place, strict=True)]
        return "、".join(said) if lang == "zh" else listed(said, lang)

    spots = [p for p in itertools.product(*(range(n) for n in figures.shape)) if np.isfinite(figures[p])]
    low, high = min(spots, key=lambda p: figures[p]), max(spots, key=lambda p: figures[p])
    said = word(
        "heat_alt",
        lang,
        measure=capital(measure.label(lang), lang),
        when=at,
        axes=listed([parameter_name(a.key, lang, a.label) for a in free], lang),
        low=scale.text(figures[low], lang),
        low_at=where(low),
        high=scale.text(figures[high], lang),
        high_at=where(high),
    )
    own = tuple(own_at(a) for a in free)
    if as_it_is and all(i is not None for i in own) and np.isfinite(figures[own]):
        said += ("" if lang == "zh" else " ") + word("heat_own_alt", lang, value=scale.text(float(figures[own]), lang))
    return said
