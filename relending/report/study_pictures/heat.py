"""A sweep as a picture: a heat map of two parameters, each cell with its figure; of one parameter a line.

Of three parameters there is a map for each value of the third; of more, some are to be fixed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.report.pictures.fonts import drawable
from relending.report.pictures.style import drawing
from relending.report.study_pictures import layout
from relending.report.study_pictures.curve import draw_curve, own_at
from relending.report.study_pictures.errors import PictureError
from relending.report.study_pictures.heatmap import Plane, draw_planes
from relending.report.study_pictures.layout import Size
from relending.report.study_pictures.sweep_source import Axis, Sheet, Swept, sheets
from relending.report.study_pictures.words import (
    Scale,
    capital,
    listed,
    parameter_name,
    scale_of,
    value_of,
    when_text,
    whom,
    word,
)
from relending.study.measures import Measure

if TYPE_CHECKING:
    from relending.report.pictures.drawn import Drawn


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
    texts = [swept.titles.get(lang) or swept.scenario, *names, *(str(v) for a in free for v in a.values)]
    layout.lent(texts)
    if len(free) == 1:
        shown = parts[: layout.MOST_LINES]
        with drawing():
            figure = draw_curve(shown, free[0], swept.names, scale, titles, lang, len(parts), size, as_it_is=as_it_is)
    else:
        planes = _planes(parts, free, swept, lang)
        with drawing():
            figure = draw_planes(planes, free, scale, titles, lang, size, as_it_is=as_it_is)
    alt = _alt(parts[0], free, measure, at, scale, lang, as_it_is=as_it_is)
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


def _alt(
    part: Sheet, free: Sequence[Axis], measure: Measure, at: str, scale: Scale, lang: str, *, as_it_is: bool
) -> str:
    """The lowest and the highest figure with where they are, and that of the scenario as it is."""
    figures = part.figures

    def where(place: Sequence[int]) -> str:
        said = [value_of(a.key, a.values[i], lang, a.label) for a, i in zip(free, place, strict=True)]
        return "、".join(said) if lang == "zh" else listed(said, lang)

    spots = [p for p in itertools.product(*(range(n) for n in figures.shape)) if np.isfinite(figures[p])]
    low, high = min(spots, key=lambda p: figures[p]), max(spots, key=lambda p: figures[p])
    said = word(
        "heat_alt" if len(free) > 1 else "curve_alt",
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
