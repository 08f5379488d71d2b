"""The fan chart 扇形图: where the figures of all random paths lie, quarter by quarter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.dates import parse_quarter
from relending.report.pictures.canvas import Entry, quarter_axis, sheet
from relending.report.pictures.fonts import drawable, width_of
from relending.report.pictures.style import EDGE, SMALL, SOFT, drawing
from relending.report.study_pictures import layout
from relending.report.study_pictures.fan_source import Fan, Fans, fan, places_wanted
from relending.report.study_pictures.layout import Size
from relending.report.study_pictures.words import Scale, capital, scale_of, when_text, whom, word
from relending.study.measures import Measure

if TYPE_CHECKING:
    from relending.report.pictures.drawn import Drawn


def draw_fan(
    name: str, fans: Fans, measure: Measure, lang: str, *, lender: str = "", facility: str = "", size: Size = None
) -> Drawn:
    """Bands of quantiles, median, mean and the run itself by quarter; a panel a place where there is no whole.

    Raises PictureError where there is nothing to show.
    """
    places = places_wanted(fans, measure, lender, facility)
    found = _fans_there(fans, measure, places)
    alike = len(found) > 1 and all(_same(one, found[0]) for one in found)
    found = found[:1] if alike else found
    shown = found[: layout.MOST_PANELS]
    scale = scale_of(measure, [v for one in shown for line in _lines(one) for v in line], lang)
    called = [drawable(whom(one.place, fans.names, lang, short=len(shown) > 1)) for one in shown]
    called = [word("everywhere", lang)] if alike else called
    scenario = drawable(fans.titles.get(lang) or fans.scenario)
    of = called[0] if len(called) == 1 else word("each", lang)
    paths = f"{fans.paths:,}"
    title = capital(word("fan_title", lang, measure=measure.label(lang), paths=paths), lang)
    note = " ".join(_notes(fans, shown, len(found), lang))
    texts = [fans.titles.get(lang) or fans.scenario, *(whom(one.place, fans.names, lang) for one in shown)]
    layout.lent(texts)
    with drawing():
        grid = layout.panels(called, scale.name, size)
        subtitle = word("of", lang, scenario=scenario, whom=of)
        paper = sheet(
            title,
            subtitle,
            grid.panels,
            _legend(shown, lang),
            size=size,
            high=grid.high,
            heights=grid.heights,
            note=note,
        )
        for one, axes, wide in zip(shown, paper.axes, paper.widths, strict=True):
            _draw(one, fans, scale, axes, wide, lang)
    alt = _alt(fans, shown[0], measure, called[0], scale, lang)
    return layout.drawn(name, lang, title, alt, paper.figure, texts)


def _fans_there(fans: Fans, measure: Measure, places: Sequence[Any]) -> list[Fan]:
    """The places that have a figure on some path; what is raised is that of the last where none has."""
    from relending.report.study_pictures.errors import PictureError

    out: list[Fan] = []
    for place in places:
        try:
            out.append(fan(fans, measure, place))
        except PictureError:
            if place is places[-1] and not out:
                raise
    return out


def _same(one: Fan, other: Fan) -> bool:
    mine, theirs = _lines(one), _lines(other)
    return len(mine) == len(theirs) and all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(mine, theirs, strict=True)
    )


def _lines(one: Fan) -> list[np.ndarray]:
    edges = [line for _, _, low, high in one.bands for line in (low, high)]
    return [
        *edges,
        *(line for _, line in one.lines),
        one.mean,
        one.central,
        *([one.median] if one.median is not None else []),
    ]


def _percent(share: float) -> str:
    return f"{round(share * 100, 4):g}"


def _legend(shown: Sequence[Fan], lang: str) -> list[Entry]:
    first = shown[0]
    out = [
        Entry(word("band", lang, low=_percent(low), high=_percent(high)), layout.BANDS[min(i, 2)])
        for i, (low, high, _, _) in enumerate(first.bands)
    ]
    out += [Entry(word("quantile", lang, share=_percent(share)), EDGE, "line", dash=":") for share, _ in first.lines]
    if first.median is not None:
        out.append(Entry(word("median", lang), layout.MEDIAN, "line"))
    out.append(Entry(word("mean", lang), layout.MEAN, "line", dash=":"))
    if any(np.isfinite(one.central).any() for one in shown):
        out.append(Entry(word("central", lang), layout.CENTRAL, "line", dash="--"))
    return out


def _draw(one: Fan, fans: Fans, scale: Scale, axes: Any, wide: float, lang: str) -> None:
    at = layout.quarter_numbers(fans.quarters)
    for i, (_, _, low, high) in enumerate(one.bands):
        axes.fill_between(
            at, scale.of(low), scale.of(high), color=layout.BANDS[min(i, 2)], linewidth=0, zorder=2 + i / 10
        )
    for _, line in one.lines:
        axes.plot(at, scale.of(line), color=EDGE, linestyle=":", linewidth=1.0, zorder=3)
    if one.median is not None:
        axes.plot(at, scale.of(one.median), color=layout.MEDIAN, linewidth=1.8, zorder=4)
    axes.plot(at, scale.of(one.mean), color=layout.MEAN, linestyle=":", linewidth=1.5, zorder=4)
    axes.plot(at, scale.of(one.central), color=layout.CENTRAL, linestyle="--", linewidth=1.3, zorder=5)
    alone = scale.of(layout.isolated(one.mean))
    if np.isfinite(alone).any():
        axes.plot(at, alone, color=layout.MEAN, marker="o", markersize=3.5, linestyle="none", zorder=5)
    quarter_axis(axes, at, wide)
    places = layout.upright(axes, [scale.of(line) for line in _lines(one)], count=False)
    first = parse_quarter(fans.first_random)
    if at[0] < first <= at[-1]:
        axes.axvline(first - 0.5, color=EDGE, linewidth=0.8, linestyle=(0, (3, 3)), zorder=1.6)
        said = word("random_from", lang, quarter=fans.first_random)
        room = (at[-1] + 0.6 - first + 0.5) / (at[-1] - at[0] + 1.2) * wide
        left = width_of(said, SMALL) + 0.1 > room
        axes.annotate(
            said,
            (first - 0.5, places[-1]),
            (-3 if left else 3, -1),
            textcoords="offset points",
            size=SMALL - 0.5,
            color=SOFT,
            ha="right" if left else "left",
            va="top",
            zorder=6,
            bbox={"facecolor": "#FFFFFF", "edgecolor": "none", "alpha": 0.75, "pad": 0.8},
        )


def _notes(fans: Fans, shown: Sequence[Fan], all_of_them: int, lang: str) -> list[str]:
    out = [word("fan_note", lang)]
    if len(shown) == 1:
        counts = shown[0].paths
        fewer = np.flatnonzero(
            np.isfinite(counts) & (counts < fans.paths) & (np.array(fans.quarters) >= fans.first_random)
        )
        if fewer.size:
            i = int(fewer[np.argmin(counts[fewer])])
            out.append(
                word("fewer_paths", lang, quarter=fans.quarters[i], n=f"{int(counts[i]):,}", paths=f"{fans.paths:,}")
            )
    if all_of_them > len(shown):
        out.append(word("cut", lang, shown=len(shown), all=all_of_them, what=word("places", lang)))
    return out


def _alt(fans: Fans, one: Fan, measure: Measure, called: str, scale: Scale, lang: str) -> str:
    """The figures of the quarter in which the outer band is widest: there the fan says most."""
    low, high = (one.bands[0][2], one.bands[0][3]) if one.bands else (one.mean, one.mean)
    spread = np.where(np.isfinite(high - low), high - low, -1.0)
    i = int(np.argmax(spread))
    share = _percent(one.bands[0][1] - one.bands[0][0]) if one.bands else "0"
    middle = one.median if one.median is not None else one.mean
    values = {"median": middle[i], "mean": one.mean[i], "low": low[i], "high": high[i]}
    return word(
        "fan_alt",
        lang,
        measure=measure.label(lang),
        whom=called,
        paths=f"{fans.paths:,}",
        quarter=fans.first_random,
        at=when_text(measure, fans.quarters[i], fans.quarters, lang, begins=True),
        share=share,
        **{key: scale.text(float(v), lang) for key, v in values.items()},
    )
