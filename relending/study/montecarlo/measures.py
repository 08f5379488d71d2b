"""Measures by path 路径指标: what the cost and funding tables have, on every path, in exact whole numbers.

The rules are those of :mod:`relending.engine.cost` and :mod:`relending.engine.ledger`, each figure rounded once as
there; where every factor is one and every deviation none, they are the run's own integers.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from relending.dates import quarter_start, to_date, to_day
from relending.engine.context import Context
from relending.policy import Dated
from relending.study.montecarlo.classes import Horizon
from relending.study.montecarlo.cohorts import Place
from relending.study.montecarlo.exact import MISSING, Floats, Quotient, Wide, accrued, check_fen, settled, weighted
from relending.study.montecarlo.held import Factors, Held
from relending.study.montecarlo.randomness import Draws
from relending.units import E8, PPM, Ints

MEASURES = {
    "facility_balance": ("facility_balance_fen", "CNY"),
    "interest": ("interest_fen", "CNY"),
    "loans_outstanding": ("loans_outstanding_fen", "CNY"),
    "loan_yield": ("loan_yield_e8", "fraction"),
    "facility_rate": ("facility_rate_e8", "fraction"),
    "own_rate": ("own_rate_ppm", "fraction"),
    "blended_cost": ("blended_cost_e8", "fraction"),
    "margin": ("margin_e8", "fraction"),
    "interest_saved": ("interest_saved_fen", "CNY"),
    "reduction_in_balance": ("reduction_in_balance_g", "t"),
    "subsidy_per_tonne": ("subsidy_per_tonne_e6", "CNY/t"),
}
"""Measures: the column of whole numbers it has in the run's tables, and its unit for people."""
FLOWS = ("interest", "interest_saved")
"""Measures that add up over quarters."""
E8_PPM = E8 // PPM
_TONNE = 10_000
"""Fen x ppm over grams, as yuan a tonne scaled 10**6: 10**6 * 10**6 / (100 * 10**6)."""


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


def measure(
    place: Place, held: Sequence[Held], factors: Factors, market: Market, horizon: Horizon, paths: int
) -> dict[str, Ints]:
    """Every measure of a lender and facility, random quarters x paths; ``MISSING`` where a path has no such figure."""
    b = _Balances(place, held, market, horizon, paths)
    loans = _Loans(place, factors, market, horizon, paths)
    out = {name: np.full((horizon.count, paths), MISSING, np.int64) for name in MEASURES}
    for n in range(horizon.count):
        own = b.own_at(n)
        row = _quarter(b, loans, own, n)
        grams = b.grams(n, factors)
        row |= {"reduction_in_balance": grams, "subsidy_per_tonne": _subsidy(b, grams, own, n)}
        for name, figures in row.items():
            if figures is not None:
                out[name][n] = figures
    return out


def _quarter(b: _Balances, loans: _Loans, own: Ints | None, n: int) -> dict[str, Ints | None]:
    """The measures of a quarter that need no tonnes."""
    owed, balance = loans.owed[n], b.balance[n]
    row: dict[str, Ints | None] = {
        "facility_balance": balance,
        "interest": b.interest[n],
        "loans_outstanding": owed,
        "interest_saved": b.saved(n),
    }
    if own is None:
        # as in the cost table: only a lender that lends and holds nothing may lack an own rate
        return row
    held = balance > 0
    rate = b.rates[n]
    paid = rate.floats() * E8_PPM
    price = np.divide(paid, balance, out=np.zeros(len(balance)), where=held)
    row["facility_rate"] = settled(
        Quotient(price, np.abs(price)), held, lambda i: (rate.whole(i) * E8_PPM, int(balance.flat[i]))
    )
    row["own_rate"] = own
    lent = owed > 0
    top, bottom, size = loans.weighted_floats(n)
    # the factors may leave next to nothing of the loans: then there is no yield either
    earns = lent & (bottom > 0)
    yields = np.divide(top, bottom, out=np.zeros(len(owed)), where=earns) * E8_PPM
    yield_size = np.divide(size, bottom, out=np.zeros(len(owed)), where=earns) * E8_PPM
    row["loan_yield"] = settled(Quotient(yields, yield_size), earns, partial(loans.exact_yield, n))
    cost = np.minimum(balance, owed) * price + np.maximum(owed - balance, 0) * (own * float(E8_PPM))
    cost = np.divide(cost, owed, out=np.zeros(len(owed)), where=lent)

    def exact_cost(i: int) -> tuple[int, int]:
        w, x, o = int(owed[i]), int(balance[i]), int(own[i])
        if x == 0:
            return w * o * E8_PPM, w
        return (min(x, w) * rate.whole(i) + max(w - x, 0) * o * x) * E8_PPM, x * w

    def exact_margin(i: int) -> tuple[int, int]:
        (a, p), (c, d) = loans.exact_yield(n, i), exact_cost(i)
        return a * d - c * p, p * d

    row["blended_cost"] = settled(Quotient(cost, np.abs(cost)), lent, exact_cost)
    row["margin"] = settled(Quotient(yields - cost, yield_size + np.abs(cost)), earns, exact_margin)
    return row


def _subsidy(b: _Balances, grams: Ints, own: Ints | None, n: int) -> Ints | None:
    if own is None:
        return None
    balance, rate = b.balance[n], b.rates[n]
    there = grams > 0
    got, paid = balance * own.astype(np.float64), rate.floats()
    figure = np.divide((got - paid) * _TONNE, grams, out=np.zeros(len(grams)), where=there)
    size = np.divide((np.abs(got) + np.abs(paid)) * _TONNE, grams, out=np.zeros(len(grams)), where=there)

    def exact(i: int) -> tuple[int, int]:
        return (int(balance[i]) * int(own[i]) - rate.whole(i)) * _TONNE, int(grams[i])

    return settled(Quotient(figure, size), there, exact, limit=True)


class _Balances:
    """Balances, interest and interest saved of one lender and facility on every path."""

    def __init__(self, place: Place, held: Sequence[Held], market: Market, horizon: Horizon, paths: int) -> None:
        self.place, self.held, self.market, self.horizon, self.paths = place, held, market, horizon, paths
        count = horizon.count
        self.balance = np.zeros((count, paths), np.int64)
        self.rates = [Wide((paths,)) for _ in range(count)]
        self.interest = np.zeros((count, paths), np.int64)
        self.ends = horizon.ends()
        starts = [int(d) for d in quarter_start(np.asarray([*horizon.quarters, horizon.last + 1]))]
        own = market.own or tuple((a, b, 0) for a, b in itertools.pairwise(starts))
        self.pieces = own
        self.at = [max(j for j in range(count) if starts[j] <= a) for a, _, _ in own]
        self.held_days = [np.zeros(paths, np.int64) for _ in own]
        self.fixed_days = [0] * len(own)
        bases = {h.part.of.basis for h in held} or {1}
        self.common = int(np.lcm.reduce(list(bases)))
        self.cost = [Wide((paths,)) for _ in range(count)]
        self.fixed_cost = [0] * count
        self.live: dict[int, dict[int, Held]] = {}
        fixed_balance, fixed_rate, fixed_interest = [0] * count, [0] * count, [0] * count
        for one in held:
            leg = one.part.of
            for n, end in enumerate(self.ends):
                if leg.start <= end < leg.due:
                    self.live.setdefault(leg.tranche, {})[n] = one
            if one.steps is not None:
                self._random(one)
                continue
            for n, end in enumerate(self.ends):
                if leg.start <= end < leg.due:
                    fixed_balance[n] += leg.balance(end)
                    fixed_rate[n] += leg.balance(end) * leg.rate_ppm
                if leg.start < starts[n + 1] and leg.due > starts[n]:
                    fixed_interest[n] += leg.accrued(starts[n + 1]) - leg.accrued(starts[n])
            for i, (a, b, _) in enumerate(own):
                if leg.start < b and leg.due > a:
                    days = (leg.principal_days(b) - leg.principal_days(a)) * (self.common // leg.basis)
                    self.fixed_days[i] += days
                    self.fixed_cost[self.at[i]] += days * leg.rate_ppm
        check_fen(max(fixed_balance, default=0))
        for n in range(count):
            self.balance[n] += fixed_balance[n]
            self.interest[n] += fixed_interest[n]
            _add_whole(self.rates[n], fixed_rate[n])
        check_fen(int(self.balance.max(initial=0)))

    def _random(self, one: Held) -> None:
        """Add a tranche-year that is not the same on every path."""
        leg, steps = one.part.of, one.steps
        assert steps is not None
        for n, end in enumerate(self.ends):
            if leg.start <= end < leg.due:
                now = one.at(end)
                self.balance[n] += now
                self.rates[n].add(np.asarray(now), leg.rate_ppm)
        days = [s.day for s in one.part.steps]
        until = [*days[1:], leg.due]
        so_far = np.zeros(self.paths, np.int64)
        before = np.zeros(self.paths, np.int64)
        first = self.pieces[0][0]
        for amount, a, b in zip(steps, days, until, strict=True):
            if a < first:
                so_far += amount * (min(b, first) - a)
        if leg.start < first:
            before = accrued(so_far, leg.rate_ppm, leg.basis)
        times = self.common // leg.basis
        for i, (a, b, _) in enumerate(self.pieces):
            if leg.start >= b or leg.due <= a:
                continue
            here = np.zeros(self.paths, np.int64)
            for amount, since, stop in zip(steps, days, until, strict=True):
                length = min(b, stop) - max(a, since)
                if length > 0:
                    here += amount * length
            so_far += here
            if times != 1:
                here = here * times
            self.held_days[i] += here
            self.cost[self.at[i]].add(here, -leg.rate_ppm)
            if i + 1 == len(self.pieces) or self.at[i + 1] != self.at[i] or leg.due <= b:
                now = accrued(so_far, leg.rate_ppm, leg.basis)
                self.interest[self.at[i]] += now - before
                before = now

    def own_at(self, n: int) -> Ints | None:
        """The own rate on the last day of a random quarter."""
        if not self.market.own:
            return None
        last = max(i for i, at in enumerate(self.at) if at == n)
        return self._own(last)

    def _own(self, i: int) -> Ints:
        central, moves = self.pieces[i][2], self.market.own_moves
        if moves is None:
            return np.full(self.paths, central, np.int64)
        return np.maximum(0, central + moves[self.at[i]])

    def saved(self, n: int) -> Ints:
        """Interest saved in a random quarter."""
        if not self.market.own:
            return np.zeros(self.paths, np.int64)
        sum_ = self.cost[n]
        for i, at in enumerate(self.at):
            if at == n:
                sum_.add(self.held_days[i] + self.fixed_days[i], self._own(i))
        _add_whole(sum_, -self.fixed_cost[n])
        self.fixed_cost[n] = 0
        return sum_.divided(self.common * PPM)

    def grams(self, n: int, factors: Factors) -> Ints:
        """Grams whose draw is held at the end of a random quarter, rounded once."""
        parts: list[tuple[int, Ints | None]] = []
        end = self.ends[n]
        for (tranches, cls), grams in self.place.grams[n].items():
            shares = []
            for t in tranches:
                one = self.live[t][n]
                ended = max((s for s in one.part.steps if s.day <= end), key=lambda s: s.day).ended
                factor = factors.of(cls, ended)
                if one.alive is not None:
                    factor = one.alive * (PPM if factor is None else factor)
                shares.append(factor)
            if any(s is None for s in shares):
                parts.append((grams, None))
            else:
                parts.append((grams, np.maximum.reduce([s for s in shares if s is not None])))
        return weighted(parts, self.paths)


class _Loans:
    """What the loans owe and earn on every path."""

    def __init__(self, place: Place, factors: Factors, market: Market, horizon: Horizon, paths: int) -> None:
        self.place, self.factors, self.market, self.horizon, self.paths = place, factors, market, horizon, paths
        skip = horizon.first - horizon.begin
        self.figures: list[list[tuple[int, int, int]]] = [
            [
                (cls, series[skip + n], place.weighted[cls][skip + n])
                for cls, series in place.owed.items()
                if series[skip + n] or place.weighted[cls][skip + n]
            ]
            for n in range(horizon.count)
        ]
        self.exposed: list[list[tuple[int, int, int, int]]] = [
            [
                (cls, tenor, quarter, series[n])
                for (cls, tenor, quarter), series in place.exposure.items()
                if series[n] and market.lpr_moves is not None
            ]
            for n in range(horizon.count)
        ]
        self.owed = [
            weighted([(fen, factors.of(cls, n + 1)) for cls, fen, _ in row], paths)
            for n, row in enumerate(self.figures)
        ]

    def weighted_floats(self, n: int) -> tuple[Floats, Floats, Floats]:
        """Sums of what is owed times rate, and of what is owed, each times its factor; and of the absolute terms."""
        top, bottom, size = np.zeros(self.paths), np.zeros(self.paths), np.zeros(self.paths)
        for cls, fen, rated in self.figures[n]:
            factor = self._factor(cls, n)
            top += rated * factor if isinstance(factor, float) else float(rated) * factor
            bottom += float(fen) * factor
        size += np.abs(top)
        for cls, tenor, quarter, fen in self.exposed[n]:
            assert self.market.lpr_moves is not None
            term = float(fen) * self._factor(cls, n) * self.market.lpr_moves[tenor, quarter]
            top += term
            size += np.abs(term)
        return top, bottom, size

    def _factor(self, cls: int, n: int) -> Floats | float:
        factor = self.factors.of(cls, n + 1)
        return float(PPM) if factor is None else factor.astype(np.float64)

    def exact_yield(self, n: int, i: int) -> tuple[int, int]:
        """Numerator and denominator of the loan yield of a path, scaled 10**8."""
        top = bottom = 0
        for cls, fen, rated in self.figures[n]:
            factor = self.factors.of(cls, n + 1)
            times = PPM if factor is None else int(factor[i])
            top += rated * times
            bottom += fen * times
        for cls, tenor, quarter, fen in self.exposed[n]:
            assert self.market.lpr_moves is not None
            factor = self.factors.of(cls, n + 1)
            times = PPM if factor is None else int(factor[i])
            top += fen * times * int(self.market.lpr_moves[tenor, quarter, i])
        return top * E8_PPM, bottom


def _add_whole(sums: Wide, amount: int) -> None:
    """Add one whole number to the sum of every path."""
    sums.high += amount >> 31
    sums.low += amount & (2**31 - 1)


def floored(draws: Draws, context: Context, horizon: Horizon, least: Mapping[tuple[int, int], int]) -> Draws:
    """The draws with the LPR's deviations cut so that neither it nor a rate priced over it goes below zero."""
    if draws.lpr is None:
        return draws
    lpr, out = context.lpr, draws.lpr.copy()
    for n, quarter in enumerate(horizon.quarters):
        first, last = int(quarter_start(quarter)), int(quarter_start(quarter + 1)) - 1
        days = np.array([first, *(d for d in lpr.days.tolist() if first < d <= last), last], np.int64)
        moved = np.where(days > context.lpr_shift_from, context.lpr_shift_bp * (PPM // 10_000), 0)
        index = np.maximum(lpr.index(days), 0)
        for tenor, series in enumerate((lpr.lpr_5y_ppm, lpr.lpr_1y_ppm)):
            lowest = min(int((series[index] + moved).min()), least.get((tenor, n), PPM))
            out[tenor, n] = np.maximum(out[tenor, n], -max(lowest, 0))
    return Draws(draws.own_rate, out, draws.prepaid, draws.volume)
