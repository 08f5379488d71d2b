"""What the loans owe and earn on every path 路径贷款余额与收益."""

from __future__ import annotations

import numpy as np

from relending.study.montecarlo.classes import Horizon
from relending.study.montecarlo.cohorts import Place
from relending.study.montecarlo.exact import E8_PPM, Floats, weighted
from relending.study.montecarlo.held import Factors
from relending.study.montecarlo.market import Market
from relending.units import PPM


class Lent:
    """What the loans of a lender and facility owe and earn."""

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
