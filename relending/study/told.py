"""Figures and causes of a comparison as people read them, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from relending.study.causes import Cause
from relending.study.compare import Comparison
from relending.study.measures import STOCK, Measure, measures
from relending.study.parts import quotient_e8
from relending.study.whole import ALL, MEAN, added
from relending.units import decimal_text, divide

END = "end"
HEADLINE = (
    ("interest_saved", ALL),
    ("net_interest", ALL),
    ("blended_cost", MEAN),
    ("margin", MEAN),
    ("average_balance", MEAN),
    ("facility_balance", END),
)
"""What a comparison is first asked for: of the run, its mean over quarters, or the end of the last one."""
MOST_CAUSES = 3
QUARTERS = 4
"""In a year."""
_DECIMALS = {"fraction": 4}
USUAL = 2
PER_CENT, BP_DECIMALS = 2, 4
"""Powers of ten: a fraction in per cent, and in basis points."""


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    text = resources.files("relending.study").joinpath("compare.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def word(key: str, lang: str, **names: Any) -> str:
    """A piece of text in a language.

    >>> word("against", "en", base="demo"), word("all", "zh")
    ('each against demo', '合计')
    """
    return _words()[key][lang].format(**names)


def figure_text(value: int | None, measure: Measure) -> str:
    """A figure without its unit: fractions in per cent with four decimals, counts whole, anything else two decimals.

    >>> figure_text(1831250, measures()["blended_cost"]), figure_text(-12345, measures()["interest_saved"])
    ('1.8312', '-123.45')
    """
    if value is None:
        return "-"
    if measure.unit == "count":
        return f"{value:,}"
    shift = PER_CENT if measure.unit == "fraction" else 0
    shown = _DECIMALS.get(measure.unit, USUAL)
    return decimal_text(_shown(value, measure.decimals, shift, shown), shown)


def gap_text(value: int | None, measure: Measure) -> str:
    """A difference with its sign, without its unit; of fractions in basis points.

    >>> gap_text(-1234, measures()["blended_cost"]), gap_text(12345, measures()["interest_saved"])
    ('-0.12', '+123.45')
    """
    if value is None:
        return "-"
    sign = "+" if value > 0 else ""
    if measure.unit == "fraction":
        return f"{sign}{decimal_text(_shown(value, measure.decimals, BP_DECIMALS, USUAL), USUAL)}"
    return f"{sign}{figure_text(value, measure)}"


def gap_unit(measure: Measure, lang: str) -> str:
    """The unit of a difference."""
    return word("bp" if measure.unit == "fraction" else measure.unit, lang)


def relative_text(gap: int | None, base: int | None) -> str:
    """A difference in per cent of the base, without the sign of it; empty over nothing.

    >>> relative_text(-32, 1000), relative_text(1, 0)
    ('-3.20', '')
    """
    share = quotient_e8(gap, base)
    if share is None:
        return ""
    return f"{'+' if share > 0 else ''}{decimal_text(_shown(share, 8, PER_CENT, USUAL), USUAL)}"


def _shown(value: int, decimals: int, shift: int, shown: int) -> int:
    """``value`` of so many decimals, times 10**shift, rounded to ``shown`` decimals."""
    power = decimals - shift - shown
    return value * 10**-power if power < 0 else divide(value, 10**power, "half_even")


@dataclass(frozen=True, slots=True)
class Told:
    """A measure and what of it is told: of all quarters, their mean, or the end of the last one."""

    measure: Measure
    at: str

    def label(self, comparison: Comparison, lang: str) -> str:
        """The measure and what it is told of."""
        label, quarters = self.measure.label(lang), comparison.quarters
        key = {ALL: "of_run", MEAN: "mean_of_run"}.get(self.at, "at_end")
        weight = weight_of(self.measure, lang)
        if self.at == MEAN and weight:
            key = "weighted_mean_of_run"
        return word(key, lang, measure=label, start=quarters[0], end=quarters[-1], weight=weight)


def weight_of(measure: Measure, lang: str) -> str:
    """What a mean of rates is weighted by; empty for any other measure.

    >>> weight_of(measures()["margin"], "zh"), weight_of(measures()["interest_saved"], "zh")
    ('贷款余额', '')
    """
    return measures()[measure.over].label(lang) if measure.over else ""


YEARLY = ("interest_saved", "net_interest", "facility_balance")
"""What is told by year: flows added up, of a stock the end, for the end of a run may be nothing."""


def by_year(comparison: Comparison) -> Iterator[tuple[Measure, tuple[str, ...]]]:
    """The measures told by year that were compared, and the quarters of the run in each year."""
    years: dict[str, list[str]] = {}
    for quarter in comparison.quarters:
        years.setdefault(quarter[:4], []).append(quarter)
    for m in sorted((m for m in comparison.measures if m.name in YEARLY), key=lambda m: YEARLY.index(m.name)):
        yield from ((m, tuple(quarters)) for quarters in years.values())


def year_label(measure: Measure, quarters: Sequence[str], lang: str) -> str:
    """A measure and the year it is told of, with its quarters where the run has not all of them.

    >>> year_label(measures()["interest_saved"], ("2026Q3", "2026Q4"), "en")
    'interest saved, 2026 (2026Q3 to 2026Q4)'
    """
    label, first, last = measure.label(lang), quarters[0], quarters[-1]
    if measure.kind == STOCK:
        return word("end_of", lang, measure=label, quarter=last)
    key = "in_year" if len(quarters) == QUARTERS else "in_part_of_year"
    return word(key, lang, measure=label, year=first[:4], first=first, last=last)


def year_figure(comparison: Comparison, scenario: str, measure: Measure, quarters: Sequence[str]) -> int | None:
    """The figure of a year: a flow's sum, a stock at the end."""
    if measure.kind == STOCK:
        return comparison.whole(scenario, measure, quarters[-1])
    return added([comparison.whole(scenario, measure, quarter) for quarter in quarters])


def headline(comparison: Comparison) -> tuple[Told, ...]:
    """What is told first: :data:`HEADLINE` where all measures were compared, else all of those asked for.

    Of a flow what it adds up to; of a stock its mean and the end; of a rate its mean, where it has none the end.
    """
    whole = {m.name: m for m in comparison.measures if comparison.has_whole(m)}
    last = comparison.quarters[-1]
    if len(comparison.measures) == len(measures()):
        return tuple(Told(whole[name], last if at == END else at) for name, at in HEADLINE)
    out = []
    for m in whole.values():
        over_all = comparison.times(m)[-1]
        out.append(Told(m, over_all))
        if m.kind == STOCK and over_all != last:
            out.append(Told(m, last))
    return tuple(out)


def largest(comparison: Comparison, scenario: str, told: Told) -> list[tuple[Cause, int]]:
    """The causes of a scenario's difference that did something, the largest first."""
    at = (told.measure.name, told.at)
    found = [(c, effect) for c in comparison.found.get(scenario, ()) if (effect := c.effects.get(at))]
    return sorted(found, key=lambda one: -abs(one[1]))


def lines(comparison: Comparison, lang: str) -> Iterator[tuple[str, ...]]:
    """The rows of the short table: what, unit, the base, then each scenario with its difference below."""
    for told in headline(comparison):
        m, at = told.measure, told.at
        base = comparison.whole(comparison.base, m, at)
        values = [figure_text(comparison.whole(name, m, at), m) for name in comparison.names]
        yield (told.label(comparison, lang), *values, word(m.unit, lang))
        gaps = [comparison.gap(name, m, at) for name in comparison.others]
        if not any(gaps):
            continue
        yield (word("gap", lang), "", *(gap_text(g, m) if g else "=" for g in gaps), gap_unit(m, lang))
        shares = [relative_text(g, base) if g else "" for g in gaps]
        if m.unit != "fraction" and any(shares):
            yield ("", "", *shares, "%")


def cause_lines(comparison: Comparison, scenario: str, lang: str) -> Iterator[str]:
    """The largest causes of a scenario's differences in words, by measure of the short table."""
    if scenario in comparison.untold:
        yield word("untold", lang)
        return
    said = False
    for told in headline(comparison):
        m, found = told.measure, largest(comparison, scenario, told)
        label = m.label(lang) if told.at in (ALL, MEAN) else told.label(comparison, lang)
        if told.at == MEAN and m.kind == STOCK and not m.name.startswith("average"):
            label = word("mean_of", lang, measure=label)
        for cause, effect in found[:MOST_CAUSES]:
            said = True
            told_effect = f"{gap_text(effect, m)}{'' if lang == 'zh' else ' '}{gap_unit(m, lang)}".rstrip()
            yield word("of", lang, cause=cause.label(lang), effect=told_effect, measure=label)
        if len(found) > MOST_CAUSES:
            yield word("fewer", lang, n=len(found) - MOST_CAUSES)
    if not said:
        yield word("unchanged", lang)
