"""Rates about a lender on every path 路径利率: its own rate piece by piece, and the LPR; neither goes below zero."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from relending.dates import quarter_start, to_date, to_day
from relending.engine.context import Context
from relending.policy import Dated
from relending.study.montecarlo.classes import Horizon
from relending.study.montecarlo.randomness import Draws
from relending.units import PPM, Ints


@dataclass(frozen=True, slots=True)
class Market:
    """Rates about one lender: own rate by piece of the random time (first day, day after, ppm central), the deviation
    of the own rate and of the LPR (tenors), quarters x paths; ``own`` empty where the lender has none."""

    own: tuple[tuple[int, int, int], ...]
    own_moves: Ints | None
    lpr_moves: Ints | None


def market_of(lender: str, context: Context, horizon: Horizon, draws: Draws) -> Market:
    """The rates of a lender over the random quarters."""
    dated = context.own_rate_of(lender)
    return Market(() if dated is None else tuple(_pieces(dated, horizon)), draws.own_rate, draws.lpr)


def _pieces(dated: Dated, horizon: Horizon) -> list[tuple[int, int, int]]:
    first, after = horizon.first_day, int(quarter_start(horizon.last + 1))
    changes = {to_day(v.start) for v in dated.values if first < to_day(v.start) < after}
    cuts = sorted({*(int(d) for d in quarter_start(np.asarray(horizon.quarters))), after, *changes})
    return [(a, b, int(dated.on(to_date(a)).value)) for a, b in itertools.pairwise(cuts)]


def floored(moves: Ints, context: Context, horizon: Horizon) -> Ints:
    """Deviations of the LPR (tenors x quarters x paths) cut so that it goes below zero on no day.

    A loan priced below the LPR may then pay less than nothing in extreme paths: one such loan must not hold up the LPR
    of all others.
    """
    lpr, out = context.lpr, moves.copy()
    for n, quarter in enumerate(horizon.quarters):
        first, last = int(quarter_start(quarter)), int(quarter_start(quarter + 1)) - 1
        days = np.array([first, *(d for d in lpr.days.tolist() if first < d <= last), last], np.int64)
        moved = np.where(days > context.lpr_shift_from, context.lpr_shift_bp * (PPM // 10_000), 0)
        index = np.maximum(lpr.index(days), 0)
        for tenor, series in enumerate((lpr.lpr_5y_ppm, lpr.lpr_1y_ppm)):
            lowest = int((series[index] + moved).min())
            out[tenor, n] = np.maximum(out[tenor, n], -max(lowest, 0))
    return out
