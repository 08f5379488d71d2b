"""Funding 借用与展期: draws, rollovers, repayments and returns of one facility over all blocks (design section 7).

The work goes from date to date. On each date the blocks say what falls due and what is asked for (small tables), the
quota says how it is shared (:mod:`relending.engine.quotas`), and the blocks apply it to their loans.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from relending.dates import iso, month_start, quarter_start, to_day
from relending.engine.applications import draw_days, next_period
from relending.engine.cohorts import HELD, Asked, BlockFunding, Cohort, Settled, Tranche
from relending.engine.quotas import Quotas
from relending.engine.rules import due_days, expired, facility_rate, option, take_up
from relending.findings import Findings, InvariantError
from relending.policy import Facility
from relending.units import BP, Ints, add, group_sum, mul_div

Due = tuple[Tranche, int]
"""A tranche and which of its due dates it is (0 is the first)."""


def settle(rules: Facility, blocks: Sequence[BlockFunding], lenders: int, end: int) -> Settled:
    """Settle one facility over all blocks up to ``end``: the blocks keep their draws, the tranches come back."""
    return Settlement(rules, blocks, lenders, end).run()


class Settlement:
    """One facility on its way from date to date."""

    def __init__(self, rules: Facility, blocks: Sequence[BlockFunding], lenders: int, end: int) -> None:
        self.rules, self.blocks, self.lenders, self.end = rules, blocks, lenders, end
        self.quotas = Quotas(rules)
        self.tranches: dict[int, Tranche] = {}
        self.due: dict[int, list[Due]] = {}

    def run(self) -> Settled:
        """Go through every date up to the end: returns, then what falls due, then new draws."""
        days = list({d for b in self.blocks for d in (*b.asked, *b.prepaid)})
        heapq.heapify(days)
        done = -(10**9)
        while days:
            day = heapq.heappop(days)
            if day == done:
                continue
            done = day
            self._returns(day)
            self._fall_due(day)
            for later in self._draws(day):
                heapq.heappush(days, later)
        return Settled(tuple(self.tranches[d] for d in sorted(self.tranches)), Findings.concat(self.quotas.findings))

    def _none(self) -> Ints:
        return np.zeros(self.lenders, np.int64)

    # -- returns -------------------------------------------------------------------------------------------------

    def _returns(self, day: int) -> None:
        """Prepayments that send their part of the draw back at once (on_prepayment = immediate)."""
        for b in self.blocks:
            if day not in b.prepaid:
                continue
            loans, amounts, owed = b.prepaid[day]
            for drawn_on, cohort in b.cohorts.items():
                if option(self.rules, "on_prepayment", drawn_on) != "immediate" or len(cohort.loan) == 0:
                    continue
                at = np.minimum(np.searchsorted(cohort.loan, loans), len(cohort.loan) - 1)
                mine = np.flatnonzero((cohort.loan[at] == loans) & (cohort.held[at] > 0))
                if mine.size == 0:
                    continue
                hit = at[mine]
                back = mul_div(cohort.held[hit], amounts[mine], owed[mine], "floor")
                self._give_back(cohort, hit, back, day)
                tranche = self.tranches[drawn_on]
                sums = group_sum(back, cohort.lender[hit], self.lenders)
                tranche.returns[day] = add(tranche.returns.get(day, self._none()), sums)

    def _give_back(self, cohort: Cohort, rows: Ints, amount: Ints, day: int) -> None:
        cohort.held[rows] -= amount
        gone = rows[(cohort.held[rows] == 0) & (amount > 0)]
        cohort.repaid_on[gone] = day
        self.quotas.given_back(cohort.pool[rows], amount)

    # -- due dates -----------------------------------------------------------------------------------------------

    def _fall_due(self, day: int) -> None:
        """What is continued and what is repaid on a due date."""
        due = self.due.pop(day, [])
        wished = [[self._wish(b, t, k, day) for b in self.blocks] for t, k in due]
        if due and self.quotas.rollovers_count(day):
            wished = self._cut_rollovers(day, due, wished)
        for (tranche, k), wishes in zip(due, wished, strict=True):
            continued, repaid = self._none(), self._none()
            for b, wish in zip(self.blocks, wishes, strict=True):
                cohort = b.cohorts.get(tranche.day)
                if cohort is None:
                    continue
                if (wish > cohort.held).any():
                    raise InvariantError(f"{self.rules.id}/{iso(tranche.day)}: an amount held grew at due date {k + 1}")
                rest = cohort.held - wish
                continued = add(continued, group_sum(wish, cohort.lender, self.lenders))
                repaid = add(repaid, group_sum(rest, cohort.lender, self.lenders))
                self._give_back(cohort, np.arange(len(cohort.loan)), rest, day)
                cohort.continued.append(wish)
            tranche.continued.append(continued)
            tranche.repaid.append(repaid)
            if k + 1 < len(tranche.due):
                keep = option(self.rules, "rollover_rate", tranche.day) == "original"
                tranche.rates.append(tranche.rates[0] if keep else facility_rate(self.rules, day, tranche.day)[0])

    def _wish(self, b: BlockFunding, tranche: Tranche, k: int, day: int) -> Ints:
        """What each loan of a cohort would continue at its due date k."""
        cohort = b.cohorts.get(tranche.day)
        if cohort is None:
            return np.zeros(0, np.int64)
        out = np.zeros_like(cohort.held)
        if k + 1 == len(tranche.due) or expired(self.rules, tranche.day, day):
            return out
        live = np.flatnonzero(cohort.held > 0)
        owed = b.schedule.outstanding(cohort.loan[live], day)
        if option(self.rules, "rollover_base", tranche.day) == "outstanding":
            out[live] = np.minimum(cohort.held[live], mul_div(owed, cohort.ratio[live], BP, "floor"))
        else:
            out[live] = np.where(owed > 0, cohort.held[live], 0)
        part = take_up(self.rules, day)
        # all of it is the usual rule, and leaves nothing to work out
        return out if part == BP else mul_div(out, part, BP, "floor")

    def _cut_rollovers(self, day: int, due: Sequence[Due], wished: Sequence[Sequence[Ints]]) -> list[list[Ints]]:
        """The rollovers of a date, of all tranches together, cut to the flow quota."""
        asked: list[Asked] = []
        for (tranche, _), wishes in zip(due, wished, strict=True):
            for b, wish in zip(self.blocks, wishes, strict=True):
                cohort = b.cohorts.get(tranche.day)
                if cohort is not None:
                    asked.append(Asked(b.block, cohort.loan, cohort.pool, np.zeros_like(wish), cohort.ratio, wish))
        granted = iter(self.quotas.share_rollovers(day, asked))
        none = np.zeros(0, np.int64)
        return [[next(granted) if t.day in b.cohorts else none for b in self.blocks] for t, _ in due]

    # -- draws ---------------------------------------------------------------------------------------------------

    def _draws(self, day: int) -> set[int]:
        """The new draws of a day; the days on which something follows (due dates, and carried requests)."""
        asking = [(b, Asked.joined(b.asked[day])) for b in self.blocks if day in b.asked]
        if not asking:
            return set()
        granted = self.quotas.share(day, [request for _, request in asking])
        drawn = self._none()
        for (b, request), given in zip(asking, granted, strict=True):
            lender = b.lender[request.loan]
            repaid_on = np.where(given > 0, HELD, 0)
            b.cohorts[day] = Cohort(request.loan, lender, request.pool, request.ratio, given, given.copy(), repaid_on)
            drawn = add(drawn, group_sum(given, lender, self.lenders))
        tranche = Tranche(day, due_days(self.rules, day), [facility_rate(self.rules, day, day)[0]], drawn)
        self.tranches[day] = tranche
        follow = {d for d in tranche.due if d <= self.end}
        for k, when in enumerate(tranche.due):
            self.due.setdefault(when, []).append((tranche, k))
        if option(self.rules, "carry_over", day):
            for (b, request), given in zip(asking, granted, strict=True):
                follow |= self._carry_over(day, b, request, given)
        return follow

    def _carry_over(self, day: int, b: BlockFunding, request: Asked, given: Ints) -> set[int]:
        """What was not funded asks again in the next period, while the loan is outstanding and the window open."""
        again: set[int] = set()
        window_last = to_day(self.rules["window"].latest().value.last)
        for period in np.unique(request.period).tolist():
            if _period_start(next_period(period)) > window_last:
                continue
            mask = (request.period == period) & (given < request.amount)
            rest = request.some(mask, (request.amount - given)[mask])
            rest.period = np.full(len(rest.loan), next_period(period), np.int64)
            when = draw_days(rest.period, b.block.disbursed[rest.loan], self.rules)
            live = (when <= self.end) & (when > day) & (b.schedule.outstanding(rest.loan, when) > 0)
            for d in np.unique(when[live]).tolist():
                here = live & (when == d)
                b.asked.setdefault(d, []).append(rest.some(here, rest.amount[here]))
                again.add(d)
        return again


def _period_start(period: int) -> int:
    return int(month_start(-period) if period < 0 else quarter_start(period))
