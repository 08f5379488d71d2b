"""Measures by path 路径指标: what the cost and funding tables have, on every path, in exact whole numbers.

The rules are those of :mod:`relending.engine.cost` and :mod:`relending.engine.ledger`, each figure rounded once as
there; where every factor is one and every deviation none, they are the run's own integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from relending.study.montecarlo.balances import Balances
from relending.study.montecarlo.classes import Horizon
from relending.study.montecarlo.cohorts import Place
from relending.study.montecarlo.exact import E8_PPM, MISSING, Quotient, settled
from relending.study.montecarlo.held import Factors, Held
from relending.study.montecarlo.lent import Lent
from relending.study.montecarlo.market import Market
from relending.units import Ints

MEASURES = {
    "facility_balance": ("facility_balance_fen", "yuan"),
    "facility_interest": ("interest_fen", "yuan"),
    "loans_outstanding": ("loans_outstanding_fen", "yuan"),
    "loan_yield": ("loan_yield_e8", "fraction"),
    "facility_rate": ("facility_rate_e8", "fraction"),
    "own_rate": ("own_rate_ppm", "fraction"),
    "blended_cost": ("blended_cost_e8", "fraction"),
    "margin": ("margin_e8", "fraction"),
    "interest_saved": ("interest_saved_fen", "yuan"),
    "reduction_in_balance": ("reduction_in_balance_g", "tCO2e/a"),
    "subsidy_per_tonne": ("subsidy_per_tonne_e6", "yuan/tCO2e"),
}
"""Measures: the column of whole numbers it has in the run's tables, and its unit for people."""
FLOWS = ("facility_interest", "interest_saved")
"""Measures that add up over quarters."""
_TONNE = 10_000
"""Fen x ppm over grams, as yuan a tonne scaled 10**6: 10**6 * 10**6 / (100 * 10**6)."""


def measure(
    place: Place, held: Sequence[Held], factors: Factors, market: Market, horizon: Horizon, paths: int
) -> dict[str, Ints]:
    """Every measure of a lender and facility, random quarters x paths; ``MISSING`` where a path has no such figure."""
    b = Balances(place, held, market, horizon, paths)
    loans = Lent(place, factors, market, horizon, paths)
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


def _quarter(b: Balances, loans: Lent, own: Ints | None, n: int) -> dict[str, Ints | None]:
    """The measures of a quarter that need no tonnes."""
    owed, balance = loans.owed[n], b.balance[n]
    row: dict[str, Ints | None] = {
        "facility_balance": balance,
        "facility_interest": b.interest[n],
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


def _subsidy(b: Balances, grams: Ints, own: Ints | None, n: int) -> Ints | None:
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
