"""The random numbers: moments of the processes against closed forms, streams, pairs, what a bootstrap sums."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from relending import policy
from relending.dates import to_day
from relending.scenario.random_paths import Bootstrap, Prepaid, RandomModel, Refusal, Reverting
from relending.study.montecarlo.randomness import FIVE, ONE, draw, monthly_changes, quantile_rank, refusals
from relending.units import PPM

LPR = policy.lpr()
MODEL = RandomModel(
    paths=20_000,
    seed=11,
    antithetic=False,
    first=dt.date(2027, 1, 1),
    quantiles=(500_000,),
    precision=0.01,
    own_rate=Reverting(0.004, 0.5),
    lpr=Reverting(0.003, 0.0),
    rollover=Refusal(200_000, False),
    prepayment=Prepaid(0.08, 0.4),
    volume=0.25,
)
QUARTERS = 8


def within(values: np.ndarray, mean: float, variance: float) -> bool:  # type: ignore[type-arg]
    """Whether the mean and the variance of many values are inside four standard errors of these."""
    n = values.size
    close = abs(values.mean() - mean) < 4 * math.sqrt(variance / n)
    return bool(close and abs(values.var() / variance - 1) < 4 * math.sqrt(2 / n) + 1e-3)


def test_a_reverting_rate_has_the_variance_of_vasicek_1977() -> None:
    drawn = draw(MODEL, QUARTERS, LPR)
    assert drawn.own_rate is not None and drawn.lpr is not None
    for j in range(QUARTERS):
        years = (j + 1) / 4
        own = 0.004**2 * -math.expm1(-2 * 0.5 * years) / (2 * 0.5)
        assert within(drawn.own_rate[j] / PPM, 0.0, own)
        assert within(drawn.lpr[ONE, j] / PPM, 0.0, 0.003**2 * years)
    assert (drawn.lpr[ONE] == drawn.lpr[FIVE]).all()
    # the correlation of two years one year apart is e^-a times the ratio of the deviations
    a, b = drawn.own_rate[3] / PPM, drawn.own_rate[7] / PPM
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(math.exp(-0.5) * a.std() / b.std(), abs=0.02)


def test_factors_of_volume_have_mean_one_and_shares_repaid_the_mean_of_a_year() -> None:
    drawn = draw(MODEL, QUARTERS, LPR)
    assert drawn.volume is not None and drawn.prepaid is not None
    assert within(drawn.volume.ravel() / PPM, 1.0, math.expm1(0.25**2))
    year = 1 - (1 - drawn.prepaid / PPM) ** 4
    assert within(year.ravel(), 0.08, 0.08**2 * math.expm1(0.4**2))


def test_rollovers_are_refused_as_often_as_the_model_says_and_independently() -> None:
    drawn = refusals(MODEL, Refusal(200_000, False), 3, 5)
    assert drawn.shape == (5, 20_000)
    assert drawn.mean() == pytest.approx(0.2, abs=4 * math.sqrt(0.16 / drawn.size))
    assert abs(np.corrcoef(drawn[0], drawn[1])[0, 1]) < 0.03
    assert (drawn != refusals(MODEL, Refusal(200_000, False), 4, 5)).any()
    assert not refusals(MODEL, Refusal(0, False), 3, 5).any() and refusals(MODEL, Refusal(PPM, False), 3, 5).all()


def test_a_source_has_numbers_of_its_own_and_more_paths_begin_with_the_same() -> None:
    whole, other_seed = draw(MODEL, QUARTERS, LPR), draw(replace(MODEL, seed=12), QUARTERS, LPR)
    fewer = draw(replace(MODEL, paths=100), QUARTERS, LPR)
    alone = draw(replace(MODEL, own_rate=None, lpr=None, rollover=None, prepayment=None), QUARTERS, LPR)
    assert whole.volume is not None and alone.volume is not None and fewer.volume is not None
    assert other_seed.volume is not None
    assert (whole.volume == alone.volume).all() and (whole.volume[:, :100] == fewer.volume).all()
    assert (whole.volume != other_seed.volume).any()
    assert (draw(MODEL, QUARTERS, LPR).volume == whole.volume).all()
    assert alone.own_rate is None and alone.lpr is None and alone.prepaid is None
    z = np.stack([whole.own_rate[0], whole.lpr[ONE, 0], whole.prepaid[0], whole.volume[0]])  # type: ignore[index]
    assert (np.abs(np.corrcoef(z) - np.eye(4)) < 0.03).all()


def test_opposite_paths_stand_side_by_side() -> None:
    paired = draw(replace(MODEL, antithetic=True), QUARTERS, LPR)
    assert paired.own_rate is not None
    assert (paired.own_rate[:, 0::2] == -paired.own_rate[:, 1::2]).all()
    some = replace(MODEL, antithetic=True, paths=10)
    drawn = refusals(some, Refusal(400_000, False), 0, 200)
    assert not (drawn[:, 0::2] & drawn[:, 1::2]).any(), "below one half both of a pair are never refused"


def boot(**changed: object) -> RandomModel:
    rule = replace(Bootstrap(6, 1.0, True), **changed)  # type: ignore[arg-type]
    return replace(MODEL, paths=200, lpr=rule, own_rate=None)


def test_a_bootstrap_gives_only_sums_of_changes_that_happened_together() -> None:
    changes = monthly_changes(LPR, to_day(MODEL.first))
    drawn = draw(boot(), QUARTERS, LPR).lpr
    assert drawn is not None
    # with blocks of six months, two quarters from an even one on are one block: both tenors of the same months
    circle = np.concatenate([changes, changes[:, :6]], axis=1)  # the history's end runs into its beginning
    blocks = {tuple(circle[:, i : i + 6].sum(axis=1).tolist()) for i in range(changes.shape[1])}
    half = {(tuple(circle[:, i : i + 3].sum(axis=1).tolist())) for i in range(changes.shape[1] + 3)}
    for path in range(200):
        levels = [(0, 0), *((int(a), int(b)) for a, b in zip(drawn[FIVE, :, path], drawn[ONE, :, path], strict=True))]
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(levels)]
        assert set(steps) <= half
        assert {(a[0] + b[0], a[1] + b[1]) for a, b in zip(steps[0::2], steps[1::2], strict=True)} <= blocks
    assert len(blocks) > 10


def test_a_bootstrap_without_drift_has_the_mean_change_taken_out() -> None:
    changes = monthly_changes(LPR, to_day(MODEL.first))
    with_drift, without = draw(boot(), QUARTERS, LPR).lpr, draw(boot(drift=False), QUARTERS, LPR).lpr
    double = draw(boot(scale=2.0), QUARTERS, LPR).lpr
    assert with_drift is not None and without is not None and double is not None
    gone = changes.mean(axis=1)[:, None, None] * np.arange(3, 25, 3)[None, :, None]
    assert (without == np.rint(with_drift - gone)).all() and (double == 2 * with_drift).all()
    assert changes.shape[1] >= 84 and gone.max() < 0, "the LPR fell over its history"


@pytest.mark.parametrize("block", [1, 3, 6, 12, 24, 60])
def test_a_bootstrap_without_drift_has_none_whatever_its_blocks(block: int) -> None:
    drawn = draw(replace(boot(block=block, drift=False), paths=20_000), 16, LPR).lpr
    assert drawn is not None
    mean, error = drawn.mean(axis=2), drawn.std(axis=2) / np.sqrt(20_000)
    assert (np.abs(mean) < 4 * error + 0.5).all()


def test_a_bootstrap_with_drift_has_that_of_the_history() -> None:
    drawn = draw(replace(boot(block=12), paths=20_000), 16, LPR).lpr
    assert drawn is not None
    expected = monthly_changes(LPR, to_day(MODEL.first)).mean(axis=1)[:, None] * np.arange(3, 49, 3)
    assert (np.abs(drawn.mean(axis=2) - expected) < 4 * drawn.std(axis=2) / np.sqrt(20_000) + 0.5).all()


def test_the_own_rate_follows_the_lpr_as_it_is_cut_at_zero() -> None:
    only = replace(boot(), own_rate=Reverting(0.0, 0.0), lpr_beta=1.0)
    cut = draw(only, QUARTERS, LPR, lambda moves: np.maximum(moves, -1000))
    assert cut.lpr is not None and cut.own_rate is not None
    assert cut.lpr.min() == -1000 and (cut.own_rate == cut.lpr[ONE]).all()


def test_history_after_the_first_random_day_is_not_known_then() -> None:
    early = dt.date(2022, 1, 1)
    assert monthly_changes(LPR, to_day(early)).shape[1] < monthly_changes(LPR, to_day(MODEL.first)).shape[1]
    known = {tuple(c) for c in monthly_changes(LPR, to_day(early)).T.tolist()}
    drawn = draw(replace(boot(block=1), first=early, paths=50), 4, LPR).lpr
    assert drawn is not None and len(known) < 8


def test_the_own_rate_follows_its_part_of_the_lpr() -> None:
    only = replace(boot(), own_rate=Reverting(0.0, 0.0), lpr_beta=0.5)
    drawn = draw(only, QUARTERS, LPR)
    assert drawn.own_rate is not None and drawn.lpr is not None
    assert (np.abs(drawn.own_rate - drawn.lpr[ONE] * 0.5) <= 0.5).all() and drawn.own_rate.any()


def test_a_quantile_is_the_smallest_figure_with_that_share_up_to_it() -> None:
    figures = np.sort(np.array([7, 1, 3, 3, 9, 12, 5]))
    for ppm in (1, 142_857, 142_858, 500_000, 857_143, 999_999, PPM):
        found = figures[quantile_rank(ppm, 7) - 1]
        share = [(figures <= x).mean() * PPM for x in figures]
        assert found == min(x for x, s in zip(figures, share, strict=True) if round(s, 6) >= ppm)
