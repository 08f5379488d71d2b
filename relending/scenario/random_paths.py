"""The model of random paths 随机模型: the table ``[monte_carlo]`` with its defaults, whole numbers where they count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from relending.policy.parse import scaled
from relending.scenario.model_random import MonteCarloTable
from relending.units import PPM

SOURCES = ("own_rate", "lpr", "rollover", "prepayment", "plan")
"""The sources of randomness, in the order of their streams of random numbers; a new one goes last."""
USUAL_PATHS, USUAL_SEED, USUAL_BLOCK = 10_000, 1, 6
USUAL_QUANTILES = tuple(n * PPM // 100 for n in (5, 25, 50, 75, 95))
USUAL_PRECISION = 0.01
MOST_QUANTILES = 50
MOST_PATHS, MOST_SEED = 200_000, 2**32 - 1
"""As the table of the scenario has them."""


@dataclass(frozen=True, slots=True)
class Reverting:
    """A deviation that reverts to zero: ``volatility`` [1/a per root year], ``reversion`` [1/a]."""

    volatility: float
    reversion: float


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Monthly changes of the LPR drawn again from its history, ``block`` months together, times ``scale``."""

    block: int
    scale: float
    drift: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Probability in ppm that a rollover is refused; ``common``: one draw for all that is due on a day."""

    ppm: int
    common: bool


@dataclass(frozen=True, slots=True)
class Prepaid:
    """Share of what is owed that is repaid early [1/a], and the standard deviation of its logarithm."""

    rate: float
    volatility: float


@dataclass(frozen=True, slots=True)
class RandomModel:
    """What is random, from which day on, how many paths: None stands for a source that is not there.

    ``first`` is the first random day; ``quantiles`` in ppm, ascending; ``precision`` the share of a mean that its
    standard error should be below; ``lpr_beta`` the share of the 1-year LPR's deviation that the own rate follows;
    ``volume`` the standard deviation of the logarithm of the volume of planned loans.
    """

    paths: int
    seed: int
    antithetic: bool
    first: dt.date
    quantiles: tuple[int, ...]
    precision: float
    own_rate: Reverting | None = None
    lpr_beta: float = 0.0
    lpr: Reverting | Bootstrap | None = None
    rollover: Refusal | None = None
    prepayment: Prepaid | None = None
    volume: float | None = None

    def sources(self) -> tuple[str, ...]:
        """The sources the scenario has a table for."""
        given = (self.own_rate, self.lpr, self.rollover, self.prepayment, self.volume)
        return tuple(name for name, one in zip(SOURCES, given, strict=True) if one is not None)

    def with_run(self, paths: int | None, seed: int | None, antithetic: bool | None) -> RandomModel:
        """The same model with other numbers of this call."""
        return replace(
            self,
            paths=self.paths if paths is None else int(paths),
            seed=self.seed if seed is None else int(seed),
            antithetic=self.antithetic if antithetic is None else antithetic,
        )

    def plain(self) -> dict[str, Any]:
        """The model for a record, ready for JSON."""

        def fields(one: Any) -> dict[str, Any]:
            return {name: getattr(one, name) for name in one.__slots__}

        out: dict[str, Any] = {
            "paths": self.paths,
            "seed": self.seed,
            "antithetic": self.antithetic,
            "from": self.first.isoformat(),
        }
        if self.own_rate is not None:
            out["own_rate"] = {"model": "mean_reverting", **fields(self.own_rate), "lpr_beta": self.lpr_beta}
        if self.lpr is not None:
            name = "bootstrap" if isinstance(self.lpr, Bootstrap) else "mean_reverting"
            out["lpr"] = {"model": name, **fields(self.lpr)}
        if self.rollover is not None:
            out["rollover"] = {"refusal": self.rollover.ppm / PPM, "common": self.rollover.common}
        if self.prepayment is not None:
            out["prepayment"] = fields(self.prepayment)
        if self.volume is not None:
            out["plan"] = {"volatility": self.volume}
        return out


Note = Callable[[str, str, Any, str], None]
"""Notes a problem: code, key path, found, expected."""


def random_model(table: MonteCarloTable, shift_from: dt.date, note: Note) -> RandomModel | None:
    """The model of a table whose shape is right; None where a value is not allowed, which is noted.

    ``shift_from`` is the scenario's ``lpr_shift_from``: the day after it is the first random day unless another is
    given.
    """
    good = True
    for name in ("own_rate", "lpr", "prepayment", "plan"):
        for field in ("volatility", "reversion", "lpr_beta", "scale", "rate"):
            value = getattr(getattr(table, name), field, None)
            if value is not None and scaled(value, PPM, Decimal(-100), Decimal(100)) is None:
                note("scenario_bad_value", f"monte_carlo.{name}.{field}", value, "<= 6 decimals")
                good = False
    refusal = scaled(table.rollover.refusal or Decimal(0), PPM, Decimal(0), Decimal(1)) if table.rollover else 0
    if refusal is None:
        note("scenario_bad_value", "monte_carlo.rollover.refusal", table.rollover.refusal, "<= 6 decimals")  # type: ignore[union-attr]
        good = False
    quantiles = _quantiles(table, note)
    lpr: Reverting | Bootstrap | None = None
    if table.lpr is not None:
        lpr, fine = _lpr(table, note)
        good &= fine
    if not good or quantiles is None:
        return None
    own, prepaid = table.own_rate, table.prepayment
    return RandomModel(
        paths=table.paths or USUAL_PATHS,
        seed=USUAL_SEED if table.seed is None else table.seed,
        antithetic=bool(table.antithetic),
        first=table.start or shift_from + dt.timedelta(days=1),
        quantiles=quantiles,
        precision=USUAL_PRECISION if table.precision is None else float(table.precision),
        own_rate=None if own is None else Reverting(float(own.volatility or 0), float(own.reversion or 0)),
        lpr_beta=0.0 if own is None else float(own.lpr_beta or 0),
        lpr=lpr,
        rollover=None if table.rollover is None else Refusal(refusal or 0, bool(table.rollover.common)),
        prepayment=None if prepaid is None else Prepaid(float(prepaid.rate or 0), float(prepaid.volatility or 0)),
        volume=None if table.plan is None else float(table.plan.volatility or 0),
    )


def _lpr(table: MonteCarloTable, note: Note) -> tuple[Reverting | Bootstrap | None, bool]:
    """How the LPR moves; keys of the other model are a problem, not passed over."""
    given = table.lpr
    assert given is not None
    boot = given.model == "bootstrap"
    wrong = ("volatility", "reversion") if boot else ("block_months", "scale", "drift")
    found = [name for name in wrong if getattr(given, name) is not None]
    for name in found:
        other = "mean_reverting" if boot else "bootstrap"
        note("scenario_bad_value", f"monte_carlo.lpr.{name}", getattr(given, name), f'model = "{other}"')
    if boot:
        scale = 1.0 if given.scale is None else float(given.scale)
        return Bootstrap(given.block_months or USUAL_BLOCK, scale, given.drift == "history"), not found
    return Reverting(float(given.volatility or 0), float(given.reversion or 0)), not found


def _quantiles(table: MonteCarloTable, note: Note) -> tuple[int, ...] | None:
    """The quantiles asked for in ppm, ascending, each once."""
    if table.quantiles is None:
        return USUAL_QUANTILES
    found = [scaled(q, PPM, Decimal(0), Decimal(1)) for q in table.quantiles]
    for q, ppm in zip(table.quantiles, found, strict=True):
        if ppm is None:
            note("scenario_bad_value", "monte_carlo.quantiles", q, "0.000000 … 1.000000")
    if not found or len(found) > MOST_QUANTILES:
        note("scenario_bad_value", "monte_carlo.quantiles", len(found), f"1 … {MOST_QUANTILES}")
        return None
    return None if None in found else tuple(sorted({q for q in found if q is not None}))
