"""Funding 借用与展期: draws, rollovers, repayments and returns of one facility over all blocks (design section 7).

The work goes from date to date. On each date the blocks say what falls due and what is asked for (small tables),
the exchange says what is available and how it is shared, and the blocks apply it to their loans. What a block keeps
is a few integers a draw; what it gives away are sums by lender, which add up over blocks in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from relending.dates import Days, add_months, iso, month_of, month_start, quarter_start, to_date, to_day
from relending.engine.applications import UNSERVED, Requests, draw_days, next_period, period_text, pools
from relending.engine.block import Block
from relending.engine.calendar import adjust
from relending.engine.rationing import ration
from relending.engine.schedule import Schedule
from relending.findings import Findings, InvariantError
from relending.policy import Facility
from relending.units import BP, Ints, group_sum, mul_div, total

HELD = -1
"""``repaid_on`` of a draw that is still held."""


@dataclass(slots=True)
class Cohort:
    """The draws of one block in one facility on one date; one entry a loan, in loan order."""

    loan: Ints
    lender: Ints
    pool: Ints
    ratio: Ints
    drawn: Ints
    held: Ints
    repaid_on: Ints
    continued: list[Ints] = field(default_factory=list)


@dataclass(slots=True)
class Tranche:
    """One draw date of a facility, summed by lender (arrays of one entry a lender, fen).

    ``due`` are the due dates, ``rates`` the rate of each tranche-year in ppm; ``continued[k]`` and ``repaid[k]`` what
    was rolled over and repaid at due date k; ``returns`` what prepayments sent back, by day.
    """

    day: int
    due: list[int]
    rates: list[int]
    drawn: Ints
    continued: list[Ints] = field(default_factory=list)
    repaid: list[Ints] = field(default_factory=list)
    returns: dict[int, Ints] = field(default_factory=dict)

    def held_at(self, day: int) -> Ints:
        """What is held at the end of a day, by lender."""
        held = self.drawn.copy()
        for due, rest in zip(self.due, self.repaid, strict=False):
            if due <= day:
                held = held - rest
        for when, amount in self.returns.items():
            if when <= day:
                held = held - amount
        return held


@dataclass(slots=True)
class Asked:
    """Requests of one block for one date, as they go to the rationing."""

    block: Block
    loan: Ints
    pool: Ints
    period: Ints
    ratio: Ints
    amount: Ints

    def order_keys(self) -> tuple[Days, Sequence[str]]:
        """Disbursement day and loan id of each request."""
        return self.block.disbursed[self.loan], self.block.loan_id.take(self.loan).to_pylist()

    def some(self, mask: np.ndarray) -> Asked:
        """Part of the requests."""
        return Asked(
            self.block, self.loan[mask], self.pool[mask], self.period[mask], self.ratio[mask], self.amount[mask]
        )

    @classmethod
    def joined(cls, parts: Sequence[Asked]) -> Asked:
        """Several lots of requests of the same block, in loan order."""

        def column(name: str) -> Ints:
            return np.concatenate([getattr(p, name) for p in parts])

        order = np.argsort(column("loan"), kind="stable")
        return cls(parts[0].block, *(column(n)[order] for n in ("loan", "pool", "period", "ratio", "amount")))


@dataclass(slots=True)
class BlockFunding:
    """One block's side of a facility's funding."""

    block: Block
    schedule: Schedule
    lender: Ints
    asked: dict[int, list[Asked]]
    cohorts: dict[int, Cohort] = field(default_factory=dict)
    prepaid: dict[int, tuple[Ints, Ints, Ints]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """All tranches of a facility in date order, and notes on applications that were cut."""

    tranches: tuple[Tranche, ...]
    findings: Findings


def block_funding(
    block: Block, schedule: Schedule, lender: Ints, requests: Requests, end: int, immediate: bool
) -> BlockFunding:
    """A block's requests sorted by draw date (those after the end of the run are pending and left out)."""
    inside = requests.day <= end
    order = np.argsort(requests.day[inside], kind="stable")
    day = requests.day[inside][order]
    columns = [getattr(requests, n)[inside][order] for n in ("loan", "pool", "period", "ratio", "amount")]
    asked: dict[int, list[Asked]] = {}
    if day.size:
        cuts = np.flatnonzero(np.diff(day)) + 1
        for part in np.split(np.arange(day.size), cuts):
            asked[int(day[part[0]])] = [Asked(block, *(c[part] for c in columns))]
    out = BlockFunding(block, schedule, lender, asked)
    if immediate:
        loan, when, amount, owed = schedule.prepaid.events()
        for d in np.unique(when[when <= end]).tolist():
            mine = np.flatnonzero(when == d)
            mine = mine[np.argsort(loan[mine], kind="stable")]
            out.prepaid[d] = (loan[mine], amount[mine], owed[mine])
    return out


class Exchange:
    """The settlement of one facility: what is held, what is available, date after date."""

    def __init__(self, rules: Facility, blocks: Sequence[BlockFunding], lenders: int, end: int) -> None:
        self.rules, self.blocks, self.lenders, self.end = rules, blocks, lenders, end
        self.pools = pools(rules)
        self.balance = [0] * len(self.pools)
        self.flow: dict[tuple[int, int], int] = {}
        self.by_period: dict[int, int] = {}
        self.tranches: dict[int, Tranche] = {}
        self.findings: list[Findings] = []
        self.window_last = to_day(rules["window"].latest().value.last)

    def option(self, name: str, day: int) -> object:
        """An option in force on a day."""
        return self.rules[name].on(to_date(day)).value

    def rate(self, day: int) -> int:
        """Facility rate in ppm for the facility's term, in force on a day."""
        value = self.option("rate", day)
        return int(value if isinstance(value, int) else value[self.option("term_months", day)])  # type: ignore[index]

    def settle(self) -> Settled:
        """Go through every date up to the end."""
        days = {d for b in self.blocks for d in b.asked} | {d for b in self.blocks for d in b.prepaid}
        done: set[int] = set()
        while days - done:
            day = min(days - done)
            self._returns(day)
            self._rollovers(day)
            days |= self._draws(day)
            done.add(day)
            days |= {d for t in self.tranches.values() for d in t.due if d <= self.end}
        return Settled(tuple(self.tranches[d] for d in sorted(self.tranches)), Findings.concat(self.findings))

    # -- returns -------------------------------------------------------------------------------------------------

    def _returns(self, day: int) -> None:
        """Prepayments that send their part of the draw back at once (on_prepayment = immediate)."""
        for b in self.blocks:
            if day not in b.prepaid:
                continue
            loans, amounts, owed = b.prepaid[day]
            for drawn_on, cohort in b.cohorts.items():
                if self.option("on_prepayment", drawn_on) != "immediate":
                    continue
                at = np.searchsorted(loans, cohort.loan)
                at[at == len(loans)] = 0
                hit = np.flatnonzero((loans[at] == cohort.loan) & (cohort.held > 0))
                if hit.size == 0:
                    continue
                back = mul_div(cohort.held[hit], amounts[at[hit]], owed[at[hit]], "floor")
                self._give_back(cohort, hit, back, day)
                tranche = self.tranches[drawn_on]
                sums = group_sum(back, cohort.lender[hit], self.lenders)
                tranche.returns[day] = tranche.returns.get(day, np.zeros(self.lenders, np.int64)) + sums

    def _give_back(self, cohort: Cohort, rows: Ints, amount: Ints, day: int) -> None:
        cohort.held[rows] -= amount
        gone = rows[(cohort.held[rows] == 0) & (amount > 0)]
        cohort.repaid_on[gone] = day
        for pool in range(len(self.pools)):
            self.balance[pool] -= total(amount[cohort.pool[rows] == pool])

    # -- rollovers -----------------------------------------------------------------------------------------------

    def _rollovers(self, day: int) -> None:
        due = [(t, k) for t in self.tranches.values() for k, d in enumerate(t.due) if d == day]
        for tranche, _ in sorted(due, key=lambda x: x[0].day):
            tranche.continued.append(np.zeros(self.lenders, np.int64))
            tranche.repaid.append(np.zeros(self.lenders, np.int64))
        wished = [[self._wish(b, t, k, day) for b in self.blocks] for t, k in due]
        if self._rollovers_use_quota(day):
            wished = self._cut_rollovers(day, due, wished)
        for (tranche, k), wishes in zip(due, wished, strict=True):
            for b, wish in zip(self.blocks, wishes, strict=True):
                cohort = b.cohorts.get(tranche.day)
                if cohort is None:
                    continue
                if (wish > cohort.held).any():
                    raise InvariantError(f"{self.rules.id}/{iso(tranche.day)}: an amount held grew at rollover {k + 1}")
                rest = cohort.held - wish
                rows = np.arange(len(cohort.loan))
                tranche.continued[k] = tranche.continued[k] + group_sum(wish, cohort.lender, self.lenders)
                tranche.repaid[k] = tranche.repaid[k] + group_sum(rest, cohort.lender, self.lenders)
                self._give_back(cohort, rows, rest, day)
                cohort.continued.append(wish)
            if k + 1 < len(tranche.due):
                keep = self.option("rollover_rate", tranche.day) == "original"
                tranche.rates.append(tranche.rates[0] if keep else self.rate(day))

    def _wish(self, b: BlockFunding, tranche: Tranche, k: int, day: int) -> Ints:
        """What each loan of a cohort would continue at its due date k (0 is the first)."""
        cohort = b.cohorts.get(tranche.day)
        if cohort is None:
            return np.zeros(0, np.int64)
        last = k + 1 == len(tranche.due)
        expired = day > self.window_last and not self.option("rollover_after_expiry", tranche.day)
        if last or expired:
            return np.zeros_like(cohort.held)
        out = np.zeros_like(cohort.held)
        live = np.flatnonzero(cohort.held > 0)
        owed = b.schedule.outstanding(cohort.loan[live], day)
        if self.option("rollover_base", tranche.day) == "outstanding":
            out[live] = np.minimum(cohort.held[live], mul_div(owed, cohort.ratio[live], BP, "floor"))
        else:
            out[live] = np.where(owed > 0, cohort.held[live], 0)
        return out

    def _rollovers_use_quota(self, day: int) -> bool:
        return self.option("quota", day).kind == "flow" and bool(self.option("quota_counts_rollovers", day))  # type: ignore[attr-defined]

    def _cut_rollovers(self, day: int, due: list[tuple[Tranche, int]], wished: list[list[Ints]]) -> list[list[Ints]]:
        """Rollovers use a flow quota before new draws do, and are cut by the same rationing."""
        asked: list[Asked] = []
        for (tranche, _), wishes in zip(due, wished, strict=True):
            for b, wish in zip(self.blocks, wishes, strict=True):
                cohort = b.cohorts.get(tranche.day)
                if cohort is not None:
                    asked.append(Asked(b.block, cohort.loan, cohort.pool, np.zeros_like(wish), cohort.ratio, wish))
        granted = [a.amount.copy() for a in asked]
        for pool in range(len(self.pools)):
            masks = [(a.pool == pool) & (a.amount > 0) for a in asked]
            some = [a.some(m) for a, m in zip(asked, masks, strict=True)]
            available = self._available(day, pool)
            assert available is not None  # a flow quota always has a limit
            given = ration(some, available, str(self.option("rationing", day)))
            for g, m, amount in zip(granted, masks, given, strict=True):
                g[m] = amount
            self._use_flow(day, pool, sum(total(g) for g in given))
        rest = iter(granted)
        return [[next(rest) if t.day in b.cohorts else np.zeros(0, np.int64) for b in self.blocks] for t, _ in due]

    # -- draws ---------------------------------------------------------------------------------------------------

    def _available(self, day: int, pool: int) -> int | None:
        """What new draws of a pool may take on a day; None without limit."""
        quota = self.option("quota", day)
        if quota.kind == "none":  # type: ignore[attr-defined]
            return None
        limit = next((p.amount_fen for p in quota.pools if p.id == self.pools[pool]), 0)  # type: ignore[attr-defined]
        used = self.balance[pool] if quota.kind == "stock" else self.flow.get((self._year(day), pool), 0)  # type: ignore[attr-defined]
        return max(0, limit - used)

    def _year(self, day: int) -> int:
        return int(month_of(day)) // 12

    def _use_flow(self, day: int, pool: int, amount: int) -> None:
        key = (self._year(day), pool)
        self.flow[key] = self.flow.get(key, 0) + amount

    def _draws(self, day: int) -> set[int]:
        """The new draws of a day; the draw days on which what was not funded asks again (carry_over)."""
        asked = [Asked.joined(b.asked[day]) if day in b.asked else None for b in self.blocks]
        if all(a is None for a in asked):
            return set()
        present = [a for a in asked if a is not None]
        granted = self._share(day, present)
        drawn = np.zeros(self.lenders, np.int64)
        index = iter(zip(present, granted, strict=True))
        for b, request in zip(self.blocks, asked, strict=True):
            if request is None:
                continue
            _, given = next(index)
            lender = b.lender[request.loan]
            b.cohorts[day] = Cohort(
                request.loan, lender, request.pool, request.ratio, given, given.copy(), np.where(given > 0, HELD, 0)
            )
            drawn += group_sum(given, lender, self.lenders)
        term, rollovers = int(self.option("term_months", day)), int(self.option("rollovers", day))  # type: ignore[call-overload]
        due = [
            adjust(int(add_months(day, term * (k + 1))), str(self.option("business_day", day)))
            for k in range(rollovers + 1)
        ]
        self.tranches[day] = Tranche(day, due, [self.rate(day)], drawn)
        return self._carry_over(day, asked, granted)

    def _share(self, day: int, asked: list[Asked]) -> list[Ints]:
        """What each request gets: first from its pool, then under the caps of its application period."""
        method = str(self.option("rationing", day))
        granted = [np.zeros(len(a.amount), np.int64) for a in asked]
        limits: dict[int, int | None] = {p: self._available(day, p) for p in range(len(self.pools))}
        periods = sorted({int(p) for a in asked for p in np.unique(a.period)})
        caps = {p: self.rules.caps.get(period_text(p)) for p in periods}
        capped = {p: max(0, c - self.by_period.get(p, 0)) for p, c in caps.items() if c is not None}
        if len(self.pools) == 1 and len(periods) == 1 and capped:
            # one pool and one cap: the smaller of the two is what is available, and one cut serves
            pool_limit = limits[0]
            limits[0] = capped[periods[0]] if pool_limit is None else min(pool_limit, capped[periods[0]])
            capped = {}
        for pool, limit in limits.items():
            self._cut(
                day,
                asked,
                granted,
                [a.pool == pool for a in asked],
                [a.amount for a in asked],
                limit,
                method,
                self.pools[pool],
            )
        for period, limit in capped.items():
            self._cut(
                day,
                asked,
                granted,
                [a.period == period for a in asked],
                [g.copy() for g in granted],
                limit,
                method,
                period_text(period),
            )
        for pool in range(len(self.pools)):
            taken = sum(total(g[a.pool == pool]) for a, g in zip(asked, granted, strict=True))
            limit = limits[pool]
            if limit is not None and taken > limit:
                raise InvariantError(f"{self.rules.id}/{iso(day)}: draws of {taken} fen above the {limit} available")
            self.balance[pool] += taken
            self._use_flow(day, pool, taken)
        for period in periods:
            taken = sum(total(g[a.period == period]) for a, g in zip(asked, granted, strict=True))
            self.by_period[period] = self.by_period.get(period, 0) + taken
        unserved = sum(int((a.pool == UNSERVED).sum()) for a in asked)
        if unserved:
            self.findings.append(Findings.one("no_pool", column=f"{self.rules.id}/{iso(day)}", found=unserved))
        return granted

    def _cut(
        self,
        day: int,
        asked: list[Asked],
        granted: list[Ints],
        masks: list[np.ndarray],
        amounts: list[Ints],
        limit: int | None,
        method: str,
        what: str,
    ) -> None:
        some = []
        for a, m, amount in zip(asked, masks, amounts, strict=True):
            part = a.some(m)
            part.amount = amount[m]
            some.append(part)
        requested = sum(total(s.amount) for s in some)
        given = [s.amount for s in some] if limit is None else ration(some, limit, method)
        for g, m, amount in zip(granted, masks, given, strict=True):
            g[m] = amount
        if limit is not None and requested > limit:
            self.findings.append(
                Findings.one(
                    "quota_cut",
                    column=f"{self.rules.id}/{iso(day)}" + (f"/{what}" if what else ""),
                    found=f"{requested / 100:,.2f}",
                    expected=f"<= {limit / 100:,.2f}",
                )
            )

    def _carry_over(self, day: int, asked: list[Asked | None], granted: list[Ints]) -> set[int]:
        if not self.option("carry_over", day):
            return set()
        again: set[int] = set()
        index = iter(granted)
        for b, request in zip(self.blocks, asked, strict=True):
            if request is None:
                continue
            given = next(index)
            for period in np.unique(request.period).tolist():
                mask = (request.period == period) & (given < request.amount)
                rest = request.some(mask)
                if len(rest.loan) == 0:
                    continue
                rest.amount = rest.amount - given[mask]
                rest.period = np.full(len(rest.loan), next_period(period), np.int64)
                when = draw_days(rest.period, b.block.disbursed[rest.loan], self.rules)
                open_still = _period_start(next_period(period)) <= self.window_last
                owed = b.schedule.outstanding(rest.loan, when)
                for d in np.unique(when[(when <= self.end) & (owed > 0)]).tolist():
                    if open_still and d > day:
                        b.asked.setdefault(d, []).append(rest.some((when == d) & (owed > 0)))
                        again.add(d)
        return again


def _period_start(period: int) -> int:
    return int(month_start(-period) if period < 0 else quarter_start(period))
