"""Balances by path 路径余额: what a lender holds of a facility, its interest, what it saves, the tonnes behind it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from relending.dates import quarter_start
from relending.study.montecarlo.classes import Horizon
from relending.study.montecarlo.cohorts import Place
from relending.study.montecarlo.exact import Wide, accrued, check_fen, weighted
from relending.study.montecarlo.held import Factors, Held
from relending.study.montecarlo.market import Market
from relending.units import PPM, Ints


class Balances:
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
            self.rates[n].add_whole(fixed_rate[n])
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
        sum_.add_whole(-self.fixed_cost[n])
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
