"""Figures of a study's tidy table, exact: by scenario, of a place or the whole, by the rules of ``study.whole``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relending.report.study_pictures.errors import PictureError
from relending.study.measures import FLOW, Measure
from relending.study.panel import Key, Panel
from relending.study.whole import ALL, MEAN, Figures, figures_of

if TYPE_CHECKING:
    import pandas as pd

LAST = "last"
EXACT = 2**53
"""Whole numbers up to here are exact in a double: what a table holds beyond is drawn to a double's digits."""


@dataclass(frozen=True, slots=True)
class Place:
    """Of whom a figure is: a lender and a facility; empty stands for all of them together."""

    lender: str = ""
    facility: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The place as the tables name it, where both are given or neither."""
        return (self.lender or ALL, self.facility or ALL)


def places_of(rows: pd.DataFrame) -> list[Place]:
    """The places that a table has rows of, without the whole."""
    pairs = rows[["lender", "facility"]].drop_duplicates()
    found = [Place(str(a), str(b)) for a, b in pairs.itertuples(index=False)]
    return [one for one in found if one.key != (ALL, ALL)]


def chosen(places: Sequence[Place], lender: str, facility: str) -> list[Place]:
    """Of the places those of a lender and a facility, where these are given; PictureError where there is none."""
    some = [p for p in places if lender in ("", p.lender) and facility in ("", p.facility)]
    if not some:
        there = ", ".join(f"{p.lender}/{p.facility}" for p in places[:12])
        asked = "/".join(filter(None, (lender, facility)))
        raise PictureError(
            f"{asked}: this source has no such lender or facility; it has {there}",
            f"{asked}：该来源没有此金融机构或工具；有：{there}",
        )
    return some


def whole_numbers(values: np.ndarray, decimals: int) -> tuple[np.ndarray, np.ndarray]:
    """The integers behind figures written with so many decimals, and where there is one.

    >>> [a.tolist() for a in whole_numbers(np.array([0.0183125, np.nan]), 8)]
    [[1831250, 0], [True, False]]
    """
    known = np.isfinite(values)
    return np.rint(np.where(known, values, 0.0) * 10.0**decimals).astype(np.int64), known


def has_whole(measure: Measure, places: Sequence[Place]) -> bool:
    """Whether a measure has a figure of these places together."""
    return measure.adds_up or bool(measure.over) or len(places) == 1


def by_scenario(
    rows: pd.DataFrame, measure: Measure, places: Sequence[Place], quarters: Sequence[str] = ()
) -> dict[str, Figures]:
    """The figures of one measure by scenario, in the order of the table: of each place, of the quarter, of all.

    ``rows`` has columns scenario, quarter, lender, facility, measure, value. A rate is weighted by the rows of what it
    is a quotient over; where the table lacks these there is no whole. ``quarters`` are those wanted, all for none.
    """
    wanted = rows[rows["measure"] == measure.name]
    pairs = {p.key for p in places}
    keep = np.array([pair in pairs for pair in zip(wanted["lender"], wanted["facility"], strict=True)], bool)
    if quarters:
        keep &= wanted["quarter"].isin(list(quarters)).to_numpy()
    wanted = wanted[keep]
    weights: dict[tuple[str, str, str, str], int] = {}
    if measure.over:
        from relending.study.measures import measures

        over = rows[rows["measure"] == measure.over]
        numbers, _ = whole_numbers(over["value"].to_numpy(), measures()[measure.over].decimals)
        names = zip(over["scenario"], over["quarter"], over["lender"], over["facility"], strict=True)
        weights = dict(zip(names, numbers.tolist(), strict=True))
    out: dict[str, Figures] = {}
    for name, some in wanted.groupby("scenario", sort=False):
        keys: tuple[Key, ...] = tuple(zip(some["quarter"], some["lender"], some["facility"], strict=True))
        numbers, known = whole_numbers(some["value"].to_numpy(), measure.decimals)
        values = {measure.name: numbers}
        if measure.over:
            values[measure.over] = np.array([weights.get((name, *key), 0) for key in keys], np.int64)
        out[str(name)] = figures_of(Panel(keys, values, {measure.name: known}), measure)
    return out


def weighted_here(rows: pd.DataFrame, measure: Measure) -> bool:
    """Whether a table has what a rate is weighted by."""
    return not measure.over or bool((rows["measure"] == measure.over).any())


def moment(measure: Measure, asked: str, quarters: Sequence[str], alive: Sequence[str]) -> str:
    """The quarter of a figure, ``all`` (the sum of a flow) or ``mean`` (of a stock or a rate).

    Asked for nothing: the sum of a flow; of anything else the last quarter in which there is something (``alive``),
    which is the last where there is something in none. PictureError for a quarter that is not there, and for what makes
    no sense of a measure.
    """
    last = alive[-1] if alive else quarters[-1]
    if not asked:
        return ALL if measure.kind == FLOW and len(quarters) > 1 else last
    if asked == LAST:
        return quarters[-1]
    if asked in quarters:
        return asked
    if asked in (ALL, MEAN) and len(quarters) > 1:
        fits = asked == (ALL if measure.kind == FLOW else MEAN)
        if fits and (measure.kind == FLOW or measure.adds_up or measure.over):
            return asked
        raise PictureError(
            f"{measure.en}: {'all' if asked == ALL else 'mean'} makes no sense of it; flows have all (their sum), "
            "stocks and weighted rates mean; or name a quarter",
            f"{measure.zh}：不能取 {asked}；流量指标可取 all（合计），存量和加权比率可取 mean（平均）；或指定季度",
        )
    raise PictureError(
        f"no quarter {asked} in this source; it has {quarters[0]} to {quarters[-1]}, last, all (sums of flows), mean",
        f"该来源没有季度 {asked}；有 {quarters[0]} 至 {quarters[-1]}，以及 last（最后一季）、all（流量合计）、"
        "mean（平均）",
    )
