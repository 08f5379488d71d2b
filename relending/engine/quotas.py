"""Quotas and caps 额度与上限: what is available on a date, and how it is shared when more is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relending.dates import iso, month_of
from relending.engine.applications import UNSERVED, period_text, pools
from relending.engine.cohorts import Arrived, Asked, OpeningAsked
from relending.engine.columns import Flags
from relending.engine.rationing import ration
from relending.engine.rules import option
from relending.findings import Findings, InvariantError
from relending.policy import Facility
from relending.units import Ints, decimal_text, total


class Quotas:
    """The books of one facility's quota: balance by pool, flow by year and pool, draws by application period.

    ``findings`` collects a note for every application that was cut.
    """

    def __init__(self, rules: Facility) -> None:
        self.rules = rules
        self.pools = pools(rules)
        self.findings: list[Findings] = []
        self._balance = [0] * len(self.pools)
        self._flow: dict[tuple[int, int], int] = {}
        self._drawn: dict[int, int] = {}

    def given_back(self, pool: Ints, amount: Ints) -> None:
        """Repayments and returns refill their pools."""
        for p in range(len(self.pools)):
            self._balance[p] -= total(amount[pool == p])

    def opened(self, day: int, drawn_on: int, amount: int) -> None:
        """The balance a run begins with: in the first pool, and in the flow of the year if it was drawn in it."""
        self._balance[0] += amount
        if _year_pool(drawn_on, 0) == _year_pool(day, 0):
            self._use_flow(day, 0, amount)

    def received(self, day: int, arrived: Arrived) -> None:
        """Money that arrived takes its part of quota and cap, whatever they are."""
        for pool in range(len(self.pools)):
            taken = total(arrived.amount[arrived.pool == pool])
            self._balance[pool] += taken
            self._use_flow(day, pool, taken)
        for period in np.unique(arrived.period).tolist():
            self._drawn[period] = self._drawn.get(period, 0) + total(arrived.amount[arrived.period == period])

    def share(self, day: int, asked: Sequence[Asked]) -> list[Ints]:
        """What each request of a date gets: from its pool first, then under the cap of its application period."""
        limits = {p: self._available(day, p) for p in range(len(self.pools))}
        periods = sorted({p for a in asked for p in _distinct(a.period)})
        caps = {p: self._under_cap(p) for p in periods}
        if len(limits) == 1 and len(periods) == 1:
            # one pool and one cap: the smaller of the two is what is available, and one cut serves
            limits[0] = _smaller(limits[0], caps[periods[0]])
            caps = {periods[0]: None}
        if all(limit is None for limit in (*limits.values(), *caps.values())):
            # nothing binds: everyone whom a pool serves gets what is asked for
            granted = [np.where(a.pool == UNSERVED, 0, a.amount) for a in asked]
            self._book(day, asked, granted, limits, caps)
            return granted
        granted = [np.zeros(len(a.amount), np.int64) for a in asked]
        wished = [a.amount for a in asked]
        for pool, limit in limits.items():
            self._cut(day, asked, [a.pool == pool for a in asked], wished, granted, limit, self.pools[pool])
        wished = [g.copy() for g in granted]
        for period, limit in caps.items():
            mine = [a.period == period for a in asked]
            self._cut(day, asked, mine, wished, granted, limit, period_text(period))
        self._book(day, asked, granted, limits, caps)
        return granted

    def share_rollovers(self, day: int, asked: Sequence[Asked | OpeningAsked]) -> list[Ints]:
        """Rollovers under quota_counts_rollovers use a flow quota before new draws do, cut by the same rationing."""
        granted = [np.zeros(len(a.amount), np.int64) for a in asked]
        for pool in range(len(self.pools)):
            mine = [(a.pool == pool) & (a.amount > 0) for a in asked]
            self._cut(day, asked, mine, [a.amount for a in asked], granted, self._available(day, pool), "rollover")
            self._use_flow(day, pool, sum(total(g[m]) for g, m in zip(granted, mine, strict=True)))
        return granted

    def rollovers_count(self, day: int) -> bool:
        """Whether rollovers of a day use the quota."""
        return option(self.rules, "quota", day).kind == "flow" and bool(
            option(self.rules, "quota_counts_rollovers", day)
        )

    def _available(self, day: int, pool: int) -> int | None:
        """What new draws of a pool may take on a day; None without limit."""
        quota = option(self.rules, "quota", day)
        if quota.kind == "none":
            return None
        limit = next((p.amount_fen for p in quota.pools if p.id == self.pools[pool]), 0)
        used = self._balance[pool] if quota.kind == "stock" else self._flow.get(_year_pool(day, pool), 0)
        return max(0, limit - used)

    def _under_cap(self, period: int) -> int | None:
        cap = self.rules.caps.get(period_text(period))
        return None if cap is None else max(0, cap - self._drawn.get(period, 0))

    def _use_flow(self, day: int, pool: int, amount: int) -> None:
        key = _year_pool(day, pool)
        self._flow[key] = self._flow.get(key, 0) + amount

    def _cut(
        self,
        day: int,
        asked: Sequence[Asked | OpeningAsked],
        mine: Sequence[Flags],
        wished: Sequence[Ints],
        granted: Sequence[Ints],
        limit: int | None,
        what: str,
    ) -> None:
        """Share ``limit`` among ``mine``, which wish for ``wished``; what they get is put in ``granted``."""
        requested = sum(total(wish[m]) for m, wish in zip(mine, wished, strict=True))
        given = [wish[m] for m, wish in zip(mine, wished, strict=True)]
        if limit is not None and requested > limit:
            some = [a.some(m, part) for a, m, part in zip(asked, mine, given, strict=True)]
            given = ration(some, limit, str(option(self.rules, "rationing", day)))
            where = " ".join(x for x in (self.rules.id, iso(day), what) if x)
            self.findings.append(
                Findings.one(
                    "quota_cut",
                    column="draw",
                    found=f"{where}: {decimal_text(requested, 2)}",
                    expected=f"<= {decimal_text(limit, 2)}",
                )
            )
        for g, m, amount in zip(granted, mine, given, strict=True):
            g[m] = amount

    def _book(
        self,
        day: int,
        asked: Sequence[Asked],
        granted: Sequence[Ints],
        limits: dict[int, int | None],
        caps: dict[int, int | None],
    ) -> None:
        """Enter the draws of a date; they may not be above what was available."""
        whole = [total(g) for g in granted]
        for pool, limit in limits.items():
            # who has no pool gets nothing, so of one pool the whole is what it gives
            parts = (
                whole if len(limits) == 1 else [total(g[a.pool == pool]) for a, g in zip(asked, granted, strict=True)]
            )
            taken = sum(parts)
            self._check(day, taken, limit)
            self._balance[pool] += taken
            self._use_flow(day, pool, taken)
        for period, limit in caps.items():
            parts = (
                whole if len(caps) == 1 else [total(g[a.period == period]) for a, g in zip(asked, granted, strict=True)]
            )
            taken = sum(parts)
            self._check(day, taken, limit)
            self._drawn[period] = self._drawn.get(period, 0) + taken
        unserved = sum(int((a.pool == UNSERVED).sum()) for a in asked)
        if unserved:
            self.findings.append(
                Findings.one("no_pool", column="draw", found=f"{self.rules.id} {iso(day)}: {unserved}")
            )

    def _check(self, day: int, taken: int, limit: int | None) -> None:
        if limit is not None and taken > limit:
            amounts = f"draws of {decimal_text(taken, 2)} above the {decimal_text(limit, 2)} available"
            raise InvariantError(f"{self.rules.id}/{iso(day)}: {amounts}")


def _distinct(values: Ints) -> list[int]:
    """The distinct values; of one date nearly always one."""
    if values.size and (values == values[0]).all():
        return [int(values[0])]
    found: list[int] = np.unique(values).tolist()
    return found


def _year_pool(day: int, pool: int) -> tuple[int, int]:
    return int(month_of(day)) // 12, pool


def _smaller(a: int | None, b: int | None) -> int | None:
    return b if a is None else (a if b is None else min(a, b))
