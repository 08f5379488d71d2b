"""All paths of a loaded scenario: random numbers drawn once, measures worked out in batches of paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from relending.findings import Findings, InputError
from relending.scenario.random_paths import RandomModel
from relending.study.montecarlo.cohorts import Place
from relending.study.montecarlo.held import Factors, Holdings, Refused, cut_in_the_run, events_of
from relending.study.montecarlo.load import Loaded
from relending.study.montecarlo.market import floored, market_of
from relending.study.montecarlo.measures import MEASURES, measure
from relending.study.montecarlo.randomness import Draws, draw, refusals
from relending.study.montecarlo.whole import whole_figures, wholes
from relending.units import PPM, Ints

BATCH_BYTES = 400 * 2**20
"""Paths are worked on in batches so that what is in between stays below this."""
MOST_BYTES = 4 * 2**30
"""What all figures of all paths may take."""
_COLUMNS = 120
"""Arrays of a path and random quarter in between, about: two limbs of several sums, the measures, proposals. The
factors of classes by quarter come on top."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Whole numbers by lender, facility and measure, random quarters x paths; the draws behind them; what is idle.

    Of a run with several lenders or facilities the whole comes last, as lender "all", facility "all".
    """

    by_measure: Mapping[tuple[str, str, str], Ints]
    draws: Draws
    idle: tuple[str, ...]


def figures_of(loaded: Loaded, model: RandomModel) -> Figures:
    """Every measure on every path.

    Raises InputError where the figures would not fit in memory, or a quota binds in a way cohorts cannot follow.
    """
    series, context = loaded.series, loaded.context
    horizon, count = series.horizon, series.horizon.count
    more = len(wholes()) if len(series.places) > 1 else 0
    each = (len(series.places) * len(MEASURES) + more) * count * 8
    if each * model.paths > MOST_BYTES:
        found, most = f"{model.paths:,}: {each * model.paths / 2**30:.1f} GB", MOST_BYTES // each
        raise InputError(
            Findings.one("monte_carlo_too_large", column="monte_carlo.paths", found=found, expected=f"<= {most:,}")
        )
    draws = draw(model, count, context.lpr, partial(floored, context=context, horizon=horizon))
    volume = draws.volume is not None and bool((draws.volume != PPM).any())
    moves = volume or (draws.prepaid is not None and bool(draws.prepaid.any()))
    if moves or (model.rollover is not None and model.rollover.ppm):
        said = cut_in_the_run(loaded.works, context, horizon.first_day)
        if said:
            raise InputError(said)
    out = {
        (lender, facility, name): np.empty((count, model.paths), np.int64)
        for lender, facility in _names(loaded)
        for name in MEASURES
    }
    order = {at: i for i, at in enumerate(series.places)}
    for f, rules in enumerate(context.facilities):
        mine = [p for (_, at), p in series.places.items() if at == f]
        # a quota is one for all lenders: only where it may bind must they be worked on together
        for lot in [mine] if volume else [[p] for p in mine]:
            refused = _refused(model, lot, loaded, order)
            steps = sum(len(part.steps) for p in lot for part in p.parts)
            for a, b in _batches(model.paths, steps + _COLUMNS * count + 2 * count * count):
                part = _sliced(draws, a, b)
                factors = Factors(horizon, part)
                cut = {who: {e: no[a:b] for e, no in some.items()} for who, some in refused.items()}
                held = Holdings(rules, lot, factors, cut, b - a, volume).held
                for place in lot:
                    lender = place.position.lender
                    market = market_of(series.lenders[lender], context, horizon, part)
                    done = measure(place, held[lender], factors, market, horizon, b - a)
                    for name, figures in done.items():
                        out[series.lenders[lender], rules.id, name][:, a:b] = figures
    return Figures(out | whole_figures(out), draws, tuple(_idle(loaded, model)))


def _names(loaded: Loaded) -> list[tuple[str, str]]:
    """Lender and facility of every place, in the order of the tables."""
    series = loaded.series
    return [(series.lenders[lender], series.facilities[f]) for lender, f in series.places]


def _batches(paths: int, arrays: int) -> Iterator[tuple[int, int]]:
    """Begin and end of each batch of paths; pairs stay together."""
    size = max(2, BATCH_BYTES // (8 * max(arrays, 1)) // 2 * 2)
    for a in range(0, paths, size):
        yield a, min(a + size, paths)


def _sliced(draws: Draws, a: int, b: int) -> Draws:
    """The draws of some paths."""
    return Draws(
        *(None if x is None else x[..., a:b] for x in (draws.own_rate, draws.lpr, draws.prepaid, draws.volume))
    )


def _refused(model: RandomModel, lot: list[Place], loaded: Loaded, order: Mapping[tuple[int, int], int]) -> Refused:
    """Which rollovers of these lenders are refused."""
    rule = model.rollover
    if rule is None:
        return {}
    if rule.common:
        days = sorted({p.of.start for place in loaded.series.places.values() for p in place.parts if p.refusable})
        drawn = refusals(model, rule, 0, len(days))
        row = {day: i for i, day in enumerate(days)}
        return {
            place.position.lender: {
                (p.of.tranche, p.of.year): drawn[row[p.of.start]] for p in place.parts if p.refusable
            }
            for place in lot
        }
    out = {}
    for place in lot:
        events = events_of(place)
        drawn = refusals(model, rule, order[place.position.lender, place.position.facility], len(events))
        out[place.position.lender] = {event: drawn[i] for i, event in enumerate(events)}
    return out


def _idle(loaded: Loaded, model: RandomModel) -> Iterator[str]:
    """Sources that touch nothing in this run."""
    places, horizon = loaded.series.places.values(), loaded.series.horizon
    owed = any(any(series) for p in places for series in p.owed.values())
    if model.lpr is not None and not any(p.exposure for p in places) and not (model.own_rate and model.lpr_beta):
        yield "lpr"
    if model.rollover is not None and not any(events_of(p) for p in places):
        yield "rollover"
    if model.prepayment is not None and not owed:
        yield "prepayment"
    if model.volume is not None and not any(horizon.planned(cls) for p in places for cls in p.owed):
        yield "plan"
