"""Causes of differences 差额原因: from the base to each scenario, a floating bar a cause."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from relending.policy import facilities, facility, to_plain
from relending.report.pictures.canvas import Panel, bars, level_labels, sheet
from relending.report.pictures.fonts import drawable, width_of
from relending.report.pictures.scale import tick_texts, ticks
from relending.report.pictures.style import EDGE, GRID, INK, SMALL, SOFT, drawing
from relending.report.study_pictures import layout
from relending.report.study_pictures.compared_source import Cause, Compared, Falls, falls
from relending.report.study_pictures.layout import Size
from relending.report.study_pictures.names import short_titles
from relending.report.study_pictures.words import Scale, capital, scale_of, when_text, word
from relending.scenario.read import KeyPath, parse_key
from relending.study.causes import ALONE, TOGETHER
from relending.study.changes import Change
from relending.study.measures import Measure

if TYPE_CHECKING:
    from relending.report.pictures.drawn import Drawn

DIGITS = 2
"""Digits that the smallest effect has at least."""
MOST_BARS = 12
"""Causes drawn one by one; the smallest of more stand together as one bar, which says how many they are."""
WIDEST = 2.7
"""Room for the names of causes [inches]."""
ROW, LINE_OF_NAME, MOST_LINES = 0.34, 0.145, 3
"""Height of a row and of a line of a name [inches], and the lines that a name may have."""
LONGEST = 100
"""Characters of a cause."""
_DATED = re.compile(r"(\d{4}-\d\d-\d\d): ([^,]+)")


@dataclass(frozen=True, slots=True)
class Step:
    """A row of the picture: its words in lines, where its bar begins and ends, and the effect."""

    lines: tuple[str, ...]
    low: float
    high: float
    effect: float


def draw_falls(
    name: str, compared: Compared, measure: Measure, lang: str, *, quarter: str = "", size: Size = None
) -> Drawn:
    """From the base to each scenario by cause, a panel a scenario; the level axis need not begin at nought.

    Raises PictureError where there are no causes; ``study.moving`` asks whether any of them does something.
    """
    found = [one for one in falls(compared, measure, quarter) if any(c.effect for c in one.causes)]
    shown = found[: layout.MOST_PANELS]
    head, short = short_titles(compared.names, compared.titles, lang)
    levels = [v for one in shown for v in _levels(one)]
    effects = [c.effect for one in shown for c in one.causes if c.effect]
    scale = finer(scale_of(measure, levels, lang), effects)
    gaps = finer(scale_of(measure, effects, lang, gap=True), effects)
    at = when_text(measure, shown[0].at, compared.quarters, lang)
    title = capital(word("falls_title", lang, measure=measure.label(lang)), lang)
    subtitle = word("of_when", lang, scenario=drawable(head), whom=word("everyone", lang), when=at)
    subtitle = subtitle if head else word("of", lang, scenario=word("everyone", lang), whom=at)
    wide = (size or (8.0, 0.0))[0]
    room = min(WIDEST, wide * 0.42)
    steps = [_steps(one, compared, scale, lang, room) for one in shown]
    rows = [len(some) + 2 for some in steps]
    row = max(ROW, max(len(step.lines) for some in steps for step in some) * LINE_OF_NAME)
    texts = [head, *short.values()]
    layout.lent(texts)
    with drawing():
        high = 1.0 + sum(row * n + 0.72 for n in rows)
        panels = [
            Panel(drawable(short[one.scenario]) if len(shown) > 1 else "", "", i, 0, left=room + 0.1)
            for i, one in enumerate(shown)
        ]
        note = " ".join(_notes(shown, len(found), lang))
        paper = sheet(title, subtitle, panels, size=size, high=high, heights=[n + 1.6 for n in rows], note=note)
        beside = [scale.text(v, lang) for v in levels] + [gaps.text(v, lang, signed=True) for v in effects]
        ends = _ends(levels, scale, max(width_of(t, SMALL) for t in beside) + 0.2, min(paper.widths))
        base = drawable(short[compared.names[0]])
        for one, some, axes, inches in zip(shown, steps, paper.axes, paper.widths, strict=True):
            names = [layout.in_lines(n, SMALL, room - 0.1, MOST_LINES) for n in (base, drawable(short[one.scenario]))]
            _draw(one, some, names, scale, gaps, axes, inches, ends, lang)
    alt = " ".join(_alt(one, compared, measure, short, scale, gaps, lang) for one in shown)
    return layout.drawn(name, lang, title, alt, paper.figure, texts)


def finer(scale: Scale, effects: Sequence[float]) -> Scale:
    """A unit with decimals enough that the smallest of the effects is seen, to two digits; four at most.

    >>> finer(Scale("", 1.0, 2), [0.0123, 5.0]).decimals, finer(Scale("", 1.0, 0), [1234.0, 1000.0]).decimals
    (3, 0)
    """
    smallest = min(abs(e) / scale.size for e in effects)
    return replace(scale, decimals=max(scale.decimals, min(DIGITS - 1 - math.floor(math.log10(smallest)), 4), 0))


def _levels(one: Falls) -> list[float]:
    out = [one.base]
    for cause in one.causes:
        out.append(out[-1] + cause.effect)
    return [*out, one.value]


def _steps(one: Falls, compared: Compared, scale: Scale, lang: str, room: float) -> list[Step]:
    """The causes in their order, those without an effect left out (a note names them)."""
    moving = [c for c in one.causes if c.effect]
    kept = sorted(moving, key=lambda c: -abs(c.effect))[: MOST_BARS if len(moving) > MOST_BARS else len(moving)]
    out, level = [], one.base
    for cause in [c for c in moving if c in kept]:
        said = cause_text(cause, compared, one.scenario, lang)
        out.append(
            Step(tuple(layout.in_lines(said, SMALL, room - 0.1, MOST_LINES)), level, level + cause.effect, cause.effect)
        )
        level += cause.effect
    rest = [c for c in moving if c not in kept]
    if rest:
        effect = sum(c.effect for c in rest)
        out.append(Step((word("others", lang, n=len(rest)),), level, level + effect, effect))
    return out


def cause_text(cause: Cause, compared: Compared, scenario: str, lang: str) -> str:
    """A cause in words: as the comparison calls it, where that is known, else as it calls the same keys and values."""
    known = compared.labels.get((scenario, cause.cause))
    if known:
        return drawable(known[lang], LONGEST)
    if cause.method == TOGETHER or not cause.cause:
        return word("together", lang)
    try:
        return drawable(_change(cause).label(lang), LONGEST)
    except Exception:  # a file may call a cause anything: then it stands as it is
        return drawable(cause.cause, LONGEST)


def _change(cause: Cause) -> Change:
    """The change behind the texts of a table of causes."""
    keys = tuple(parse_key(key) for key in cause.cause.split("; "))
    before, after = (_values(text, cause.cause.split("; ")) for text in (cause.base_given, cause.given))
    steps = []
    for key, was, value in zip(keys, before, after, strict=True):
        there = _DATED.findall(was)
        dated = [step for step in _DATED.findall(value) if step not in there]
        while len(dated) > 1 and not was and _as_in_policy(key, *dated[0]):
            del dated[0]  # what the base takes from the policy file is no change
        steps.append(tuple(dated))
    return Change(keys, before, after, tuple(steps) if any(steps) else ())


def _as_in_policy(key: KeyPath, day: str, text: str) -> bool:
    """Whether a rule has this value on a day in the policy files."""
    if len(key) != 3 or key[1] not in facilities() or key[2] not in facility(key[1]):
        return False
    rules = facility(key[1])
    entry = rules[key[2]].on(dt.date.fromisoformat(day))
    plain = to_plain(rules)[key[2]][rules[key[2]].values.index(entry)]["value"]
    try:
        return Decimal(str(plain)) == Decimal(text)
    except InvalidOperation:
        return str(plain) == text


def _values(text: str, keys: Sequence[str]) -> tuple[str, ...]:
    """What is given for each key: ``key = value; key = value``, or one value for all of them."""
    if len(keys) == 1 or not any(f"{key} = " in text for key in keys):
        return (text,) * len(keys)
    out = []
    for key in keys:
        at = text.find(f"{key} = ")
        rest = text[at + len(key) + 3 :] if at >= 0 else ""
        ends = [i for other in keys if (i := rest.find(f"; {other} = ")) >= 0]
        out.append(rest[: min(ends)] if ends else rest)
    return tuple(out)


def _ends(levels: Sequence[float], scale: Scale, text: float, inches: float) -> tuple[float, float]:
    """The level axis: all levels, and to their right room for a text of this width [inches]."""
    low, high = min(levels), max(levels)
    gap = (high - low) or abs(high) or 1.0
    room = min(text / max(inches - text, 0.3), 2.5)
    return (low - gap * 0.06) / scale.size, (high + gap * room) / scale.size


def _draw(
    one: Falls,
    steps: Sequence[Step],
    names: Sequence[Sequence[str]],
    scale: Scale,
    gaps: Scale,
    axes: Any,
    inches: float,
    ends: tuple[float, float],
    lang: str,
) -> None:
    count = len(steps) + 2
    axes.xaxis.set_visible(False)
    axes.yaxis.set_visible(False)
    axes.set_ylim(count - 0.5, -0.5)
    places = ticks(*ends, max(2, int(inches / 0.9)))
    axes.set_xlim(places[0], places[-1])
    level_labels(axes, places, tick_texts(places))
    axes.vlines(places, 0, 1, transform=axes.get_xaxis_transform(), color=GRID, linewidth=0.6, zorder=0.8)
    for y, value, called in ((0, one.base, names[0]), (count - 1, one.value, names[1])):
        axes.plot([scale.of(value)], [y], marker="D", color=layout.LEVEL, markersize=5.5, linestyle="none", zorder=4)
        _beside(axes, scale.of(value), y, scale.text(value, lang))
        _name(axes, y, called, INK)
    for y, step in enumerate(steps, 1):
        low, high = scale.of(min(step.low, step.high)), scale.of(max(step.low, step.high))
        bars(axes, [y], [low], [high], layout.UP if step.effect > 0 else layout.DOWN, width=0.56, level=True, zorder=3)
        axes.plot([scale.of(step.low)] * 2, [y - 1, y], color=EDGE, linewidth=0.7, linestyle=":", zorder=2)
        axes.plot([scale.of(step.high)] * 2, [y, y + 1], color=EDGE, linewidth=0.7, linestyle=":", zorder=2)
        _beside(axes, high, y, gaps.text(step.effect, lang, signed=True))
        _name(axes, y, step.lines, SOFT)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(GRID)


def _beside(axes: Any, x: float, y: float, text: str) -> None:
    axes.annotate(
        text, (x, y), (7, 0), textcoords="offset points", size=SMALL, color=INK, ha="left", va="center", zorder=5
    )


def _name(axes: Any, y: float, lines: Sequence[str], colour: str) -> None:
    axes.annotate(
        "\n".join(lines),
        (0, y),
        (-6, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        size=SMALL,
        color=colour,
        ha="right",
        va="center",
        linespacing=1.1,
        annotation_clip=False,
    )


def _notes(shown: Sequence[Falls], all_of_them: int, lang: str) -> list[str]:
    methods = {c.method for one in shown for c in one.causes}
    out = [word("alone" if ALONE in methods or TOGETHER in methods else "shapley", lang)]
    if all_of_them > len(shown):
        out.append(word("lines_cut", lang, shown=len(shown), all=all_of_them))
    return out


def _alt(
    one: Falls, compared: Compared, measure: Measure, short: dict[str, str], scale: Scale, gaps: Scale, lang: str
) -> str:
    moving = sorted((c for c in one.causes if c.effect), key=lambda c: -abs(c.effect))[:3]
    causes = [f"{cause_text(c, compared, one.scenario, lang)} {gaps.text(c.effect, lang, signed=True)}" for c in moving]
    return word(
        "falls_alt",
        lang,
        measure=capital(measure.label(lang), lang),
        when=when_text(measure, one.at, compared.quarters, lang),
        base=short[compared.names[0]],
        before=scale.text(one.base, lang),
        scenario=short[one.scenario],
        after=scale.text(one.value, lang),
        causes=("；" if lang == "zh" else "; ").join(causes),
    )
