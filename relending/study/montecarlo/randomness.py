"""Random paths 随机路径: deviations and factors by path and quarter, rounded to the ppm before anything uses them.

Every source has a stream of its own (PCG64, spawned from one seed in a fixed order), so that switching one on leaves
the numbers of the others alone. Paths are rows: a run of more paths begins with those of a run of fewer. Antithetic
paths come in pairs, 2i and 2i + 1, of opposite draws.

Sources, by number:

1. Vasicek (1977), Journal of Financial Economics 5: the mean-reverting process. Its exact step over dt with speed a
   and volatility s is x' = x exp(-a dt) + s sqrt((1 - exp(-2 a dt)) / (2 a)) z; a = 0 gives s sqrt(dt) z.
2. Politis and Romano (1992), in LePage and Billard, Exploring the Limits of Bootstrap: the circular block bootstrap.
   Blocks run over the end of the history into its beginning, so every month is drawn as often as any other and the
   mean of what is drawn is that of the history; blocks that do not would leave out its ends.
3. Hammersley and Morton (1956), Proceedings of the Cambridge Philosophical Society 52: antithetic variates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np

from relending.dates import to_day
from relending.engine.columns import Flags
from relending.policy import Lpr
from relending.scenario.random_paths import SOURCES, Bootstrap, Prepaid, RandomModel, Refusal, Reverting
from relending.study.montecarlo.exact import MOST_FACTOR, Floats
from relending.units import PPM, Ints

YEAR_PART = 0.25
MONTHS = 3
N = TypeVar("N", Floats, Ints)
FIVE, ONE = 0, 1
"""Positions of the two tenors."""


@dataclass(frozen=True, slots=True)
class Draws:
    """What is random, in ppm, quarters x paths; None for a source that the model has not.

    ``own_rate`` deviations of the own rate, what follows the LPR included; ``lpr`` deviations, tenors (:data:`FIVE`,
    :data:`ONE`) x quarters x paths; ``prepaid`` the share repaid early at the end of a quarter; ``volume`` the factor
    of planned loans disbursed in it.
    """

    own_rate: Ints | None
    lpr: Ints | None
    prepaid: Ints | None
    volume: Ints | None


def streams(seed: int) -> dict[str, np.random.SeedSequence]:
    """The seed of each source."""
    return dict(zip(SOURCES, np.random.SeedSequence(seed).spawn(len(SOURCES)), strict=True))


def draw(model: RandomModel, quarters: int, lpr: Lpr, floor: Callable[[Ints], Ints] = lambda moves: moves) -> Draws:
    """Every random number of a study but refusals (:func:`refusals`).

    ``floor`` cuts the deviations of the LPR where it would fall below zero; the own rate follows what is left of them.
    """
    seeds = streams(model.seed)
    moved = None if model.lpr is None else floor(_lpr(model, seeds["lpr"], quarters, lpr))
    own = None
    if model.own_rate is not None:
        rate = reverting(model.own_rate, _normal(model, seeds["own_rate"], quarters))
        if moved is not None and model.lpr_beta:
            rate = rate + model.lpr_beta * (moved[ONE] / PPM)
        own = _ppm(rate)
    prepaid = None
    if model.prepayment is not None:
        prepaid = _prepaid(model.prepayment, _normal(model, seeds["prepayment"], quarters))
    volume = None
    if model.volume is not None:
        factor = _lognormal(model.volume, _normal(model, seeds["plan"], quarters))
        volume = np.minimum(_ppm(factor), MOST_FACTOR)
    return Draws(own, moved, prepaid, volume)


def refusals(model: RandomModel, rule: Refusal, place: int, events: int) -> Flags:
    """Which of the rollovers of a lender and facility (the ``place``-th) are refused: events x paths.

    With ``rule.common`` the events are the due days of the whole run and ``place`` is 0 for all.
    """
    seed = streams(model.seed)["rollover"]
    # the place-th child, without making those before it
    child = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, place))
    rows = _rows(model)
    numbers = np.random.Generator(np.random.PCG64(child)).integers(0, PPM, (rows, events), np.int64)
    if model.antithetic:
        numbers = _paired(numbers, PPM - 1 - numbers)
    return np.ascontiguousarray((numbers < rule.ppm).T)


def reverting(rule: Reverting, normal: Floats) -> Floats:
    """Deviations at each quarter (rows) from standard normal numbers, beginning from none before the first [1].

    >>> reverting(Reverting(0.01, 0.0), np.ones((2, 1))).ravel().tolist()
    [0.005, 0.01]
    """
    kept = math.exp(-rule.reversion * YEAR_PART)
    spread = math.sqrt(YEAR_PART)
    if rule.reversion:
        spread = math.sqrt(-math.expm1(-2 * rule.reversion * YEAR_PART) / (2 * rule.reversion))
    out = np.empty_like(normal)
    at = np.zeros(normal.shape[1])
    for j in range(len(normal)):
        at = at * kept + rule.volatility * spread * normal[j]
        out[j] = at
    return out


def monthly_changes(lpr: Lpr, before: int) -> Ints:
    """Changes of the LPR from month to month in ppm, tenors x months, by the fixings before a day."""
    known = int(np.searchsorted(lpr.days, before))
    levels = np.stack([lpr.lpr_5y_ppm[:known], lpr.lpr_1y_ppm[:known]])
    return levels[:, 1:] - levels[:, :-1]


def _lpr(model: RandomModel, seed: np.random.SeedSequence, quarters: int, lpr: Lpr) -> Ints:
    if isinstance(model.lpr, Reverting):
        one = _ppm(reverting(model.lpr, _normal(model, seed, quarters)))
        return np.stack([one, one])
    return _bootstrapped(model, cast(Bootstrap, model.lpr), seed, quarters, monthly_changes(lpr, to_day(model.first)))


def _bootstrapped(
    model: RandomModel, rule: Bootstrap, seed: np.random.SeedSequence, quarters: int, changes: Ints
) -> Ints:
    """Sums of monthly changes, drawn in blocks of consecutive months of a circle, at the end of every third month [2].

    The opposite of a block is the one as far from the other end of all blocks in the order of what they sum to.
    """
    blocks = changes.shape[1]
    block = np.arange(rule.block)
    sums = np.stack([changes[:, (i + block) % blocks].sum(axis=1) for i in range(blocks)])
    order = np.lexsort((sums[:, ONE], sums[:, FIVE]))
    each = -(-quarters * MONTHS // rule.block)
    rank = np.random.Generator(np.random.PCG64(seed)).integers(0, blocks, (_rows(model), each), np.int64)
    if model.antithetic:
        rank = _paired(rank, blocks - 1 - rank)
    months = ((order[rank][:, :, None] + block) % blocks).reshape(len(rank), -1)[:, : quarters * MONTHS]
    total = np.cumsum(changes[:, months], axis=2)[:, :, MONTHS - 1 :: MONTHS].transpose(0, 2, 1)
    if rule.drift and rule.scale == 1:
        return total
    gone = np.arange(MONTHS, quarters * MONTHS + 1, MONTHS)
    mean = np.zeros(2) if rule.drift else changes.sum(axis=1) / changes.shape[1]
    return np.rint(rule.scale * (total - mean[:, None, None] * gone[None, :, None])).astype(np.int64)


def _prepaid(rule: Prepaid, normal: Floats) -> Ints:
    """The share repaid early at the end of a quarter: four of them are the share of a year."""
    rate = np.minimum(rule.rate * _lognormal(rule.volatility, normal), 1.0)
    return _ppm(1.0 - (1.0 - rate) ** YEAR_PART)


def _lognormal(volatility: float, normal: Floats) -> Floats:
    """A factor of mean 1."""
    return np.exp(volatility * normal - volatility * volatility / 2)


def _normal(model: RandomModel, seed: np.random.SeedSequence, quarters: int) -> Floats:
    """Standard normal numbers, quarters x paths."""
    numbers = np.random.Generator(np.random.PCG64(seed)).standard_normal((_rows(model), quarters))
    if model.antithetic:
        numbers = _paired(numbers, -numbers)
    return np.ascontiguousarray(numbers.T)


def _rows(model: RandomModel) -> int:
    return model.paths // 2 if model.antithetic else model.paths


def _paired(one: N, other: N) -> N:
    """Rows of both, in turn."""
    out: N = np.stack([one, other], axis=1).reshape(2 * len(one), *one.shape[1:])
    return out


def _ppm(values: Floats) -> Ints:
    return np.rint(values * PPM).astype(np.int64)


def quantile_rank(ppm: int, n: int) -> int:
    """Which of ``n`` figures in ascending order (from 1) is a quantile: the smallest with at least that share up to it.

    >>> [quantile_rank(q, 10) for q in (0, 50_000, 100_000, 500_000, 950_000, 1_000_000)]
    [1, 1, 1, 5, 10, 10]
    """
    return max(1, -(-ppm * n // PPM))


def sizes(paths: int) -> Sequence[int]:
    """Numbers of paths at which convergence is told: 100, 200, 500, 1,000 … below all, and all.

    >>> list(sizes(1000)), list(sizes(60))
    ([100, 200, 500, 1000], [60])
    """
    out = []
    step = 100
    while step < paths:
        out += [n for n in (step, 2 * step, 5 * step) if n < paths]
        step *= 10
    return [*out, paths]
