"""Funding 借用与展期: draws, rollovers, repayments and returns of one facility over all blocks (design section 7).

The work goes from date to date. On each date the blocks say what falls due and what is asked for (small tables), the
quota says how it is shared (:mod:`relending.engine.quotas`), and the blocks apply it to their loans. Money that arrived
(recorded draws) is entered as it is, before what is simulated; opening tranches live on from the first day of the run.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from relending.dates import iso, to_day
from relending.engine.applications import draw_days, next_period, period_start
from relending.engine.cohorts import HELD, Arrived, Asked, BlockFunding, Cohort, Key, OpeningAsked, Settled, Tranche
from relending.engine.quotas import Quotas
from relending.engine.rules import due_days, expired, facility_rate, option, take_up
from relending.findings import Findings, InvariantError
from relending.policy import Facility
from relending.units import BP, Ints, add, group_sum, mul_div, total

Due = tuple[Tranche, int]
"""A tranche and which of its due dates it is (0 is the first)."""


def settle(
    rules: Facility, blocks: Sequence[BlockFunding], lenders: int, end: int, opening: Sequence[Tranche] = ()
) -> Settled:
    """Settle one facility over all blocks up to ``end``: the blocks keep their draws, the tranches come back."""
    return Settlement(rules, blocks, lenders, end, opening).run()


class Settlement:
    """One facility on its way from date to date."""

    def __init__(
        self, rules: Facility, blocks: Sequence[BlockFunding], lenders: int, end: int, opening: Sequence[Tranche]
    ) -> None:
        self.rules, self.blocks, self.lenders, self.end = rules, blocks, lenders, end
        self.quotas = Quotas(rules)
        self.tranches: dict[Key, Tranche] = {}
        self.opening = list(opening)
        self.due: dict[int, list[Due]] = {}

    def run(self) -> Settled:
        """Go through every date up to the end: the opening, returns, then what falls due, then new draws."""
        days = list({d for b in self.blocks for d in (*b.asked, *b.received, *b.prepaid, *b.lost)})
        for tranche in self.opening:
            days += [int(tranche.opened or 0), *self._due(tranche)]
        heapq.heapify(days)
        done = -(10**9)
        while days:
            day = heapq.heappop(days)
            if day == done:
                continue
            done = day
            self._open(day)
            self._returns(day)
            self._losses(day)
            self._fall_due(day)
            for later in self._draws(day):
                heapq.heappush(days, later)
        tranches = [*self.opening, *(self.tranches[key] for key in sorted(self.tranches))]
        return Settled(tuple(sorted(tranches, key=lambda t: t.day)), Findings.concat(self.quotas.findings))

    def _none(self) -> Ints:
        return np.zeros(self.lenders, np.int64)

    def _due(self, tranche: Tranche) -> set[int]:
        """Enter the due dates of a tranche; those up to the end."""
        for k, when in enumerate(tranche.due):
            self.due.setdefault(when, []).append((tranche, k))
        return {d for d in tranche.due if d <= self.end}

    def _open(self, day: int) -> None:
        """The balance the run begins with is in the quota from its first day on."""
        for tranche in self.opening:
            if tranche.opened == day:
                self.quotas.opened(day, tranche.day, total(tranche.drawn))

    # -- returns -------------------------------------------------------------------------------------------------

    def _returns(self, day: int) -> None:
        """Prepayments that send their part of the draw back at once (on_prepayment = immediate)."""
        for b in self.blocks:
            for loans, amounts, owed in b.prepaid.get(day, ()):
                for key, cohort in b.cohorts.items():
                    if option(self.rules, "on_prepayment", key[0]) != "immediate":
                        continue
                    hit, mine = _held(cohort, loans)
                    back = mul_div(cohort.held[hit], amounts[mine], owed[mine], "floor")
                    self._return(key, cohort, hit, back, day)

    def _losses(self, day: int) -> None:
        """Loans that no longer meet the conditions: all they hold goes back (on_ineligible = immediate)."""
        for b in self.blocks:
            lost = b.lost.get(day)
            if lost is None:
                continue
            for key, cohort in b.cohorts.items():
                hit, _ = _held(cohort, lost)
                self._return(key, cohort, hit, cohort.held[hit], day)

    def _return(self, key: Key, cohort: Cohort, hit: Ints, back: Ints, day: int) -> None:
        if hit.size == 0:
            return
        sums = group_sum(back, cohort.lender[hit], self.lenders)
        self._give_back(cohort, hit, back, day)
        tranche = self.tranches[key]
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
        own = [self._own(tranche, k, day) for tranche, k in due]
        if due and self.quotas.rollovers_count(day):
            wished, own = self._cut_rollovers(day, due, wished, own)
        for (tranche, k), wishes, kept in zip(due, wished, own, strict=True):
            continued, repaid = kept, self._none()
            if tranche.opened is not None:
                repaid = tranche.held_at(day) - kept
                self.quotas.given_back(np.zeros(self.lenders, np.int64), repaid)
            for b, wish in zip(self.blocks, wishes, strict=True):
                cohort = _cohort(b, tranche)
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

    def _own(self, tranche: Tranche, k: int, day: int) -> Ints:
        """What an opening tranche, which has no loans behind it, would continue at its due date k, by lender."""
        last = k + 1 == len(tranche.due) or expired(self.rules, tranche.day, day)
        if tranche.opened is None or last:
            return self._none()
        return mul_div(tranche.held_at(day), take_up(self.rules, day), BP, "floor")

    def _wish(self, b: BlockFunding, tranche: Tranche, k: int, day: int) -> Ints:
        """What each loan of a cohort would continue at its due date k."""
        cohort = _cohort(b, tranche)
        if cohort is None:
            return np.zeros(0, np.int64)
        out = np.zeros_like(cohort.held)
        if k + 1 == len(tranche.due) or expired(self.rules, tranche.day, day):
            return out
        live = np.flatnonzero((cohort.held > 0) & (b.block.ineligible[cohort.loan] > day))
        owed = b.schedule.outstanding(cohort.loan[live], day)
        if option(self.rules, "rollover_base", tranche.day) == "outstanding":
            out[live] = np.minimum(cohort.held[live], mul_div(owed, cohort.ratio[live], BP, "floor"))
        else:
            out[live] = np.where(owed > 0, cohort.held[live], 0)
        part = take_up(self.rules, day)
        # all of it is the usual rule, and leaves nothing to work out
        return out if part == BP else mul_div(out, part, BP, "floor")

    def _cut_rollovers(
        self, day: int, due: Sequence[Due], wished: Sequence[Sequence[Ints]], own: Sequence[Ints]
    ) -> tuple[list[list[Ints]], list[Ints]]:
        """The rollovers of a date, of all tranches together, cut to the flow quota; openings come before loans."""
        openings = [OpeningAsked(t.day, wish) for (t, _), wish in zip(due, own, strict=True) if t.opened is not None]
        asked: list[Asked | OpeningAsked] = [*openings]
        for (tranche, _), wishes in zip(due, wished, strict=True):
            for b, wish in zip(self.blocks, wishes, strict=True):
                cohort = _cohort(b, tranche)
                if cohort is not None:
                    asked.append(Asked(b.block, cohort.loan, cohort.pool, np.zeros_like(wish), cohort.ratio, wish))
        shares = self.quotas.share_rollovers(day, asked)
        opened, granted = iter(shares[: len(openings)]), iter(shares[len(openings) :])
        none = np.zeros(0, np.int64)
        cut = [[next(granted) if _cohort(b, t) is not None else none for b in self.blocks] for t, _ in due]
        return cut, [next(opened) if t.opened is not None else self._none() for t, _ in due]

    # -- draws ---------------------------------------------------------------------------------------------------

    def _draws(self, day: int) -> set[int]:
        """The new draws of a day; the days on which something follows (due dates, and carried requests)."""
        follow = self._received(day)
        asking = [(b, Asked.joined(b.asked[day])) for b in self.blocks if day in b.asked]
        if not asking:
            return follow
        granted = self.quotas.share(day, [request for _, request in asking])
        rate = facility_rate(self.rules, day, day)[0]
        key = (day, "", rate)
        follow |= self._tranche(key)
        for (b, request), given in zip(asking, granted, strict=True):
            self._enter(b, key, Arrived(request.loan, request.pool, request.period, request.ratio, given), False)
        if option(self.rules, "carry_over", day):
            for (b, request), given in zip(asking, granted, strict=True):
                follow |= self._carry_over(day, b, request, given)
        return follow

    def _received(self, day: int) -> set[int]:
        """Money that arrived on a day, as it is recorded; it uses quota and caps but is not cut by them."""
        follow: set[int] = set()
        for b in self.blocks:
            for key, arrived in b.received.get(day, {}).items():
                self.quotas.received(day, arrived)
                follow |= self._tranche(key)
                self._enter(b, key, arrived, True)
        return follow

    def _tranche(self, key: Key) -> set[int]:
        """A tranche that is drawn, with its due dates up to the end; nothing new where it is there already."""
        if key in self.tranches:
            return set()
        day, suffix, rate = key
        tranche = Tranche(day, due_days(self.rules, day), [rate], self._none(), self._none(), suffix)
        self.tranches[key] = tranche
        return self._due(tranche)

    def _enter(self, b: BlockFunding, key: Key, draws: Arrived, recorded: bool) -> None:
        """Enter the draws of a block's loans in their tranche, and in the block's cohort of it."""
        tranche, lender = self.tranches[key], b.lender[draws.loan]
        sums = group_sum(draws.amount, lender, self.lenders)
        tranche.drawn = add(tranche.drawn, sums)
        if recorded:
            tranche.recorded = add(tranche.recorded, sums)
        repaid_on = np.where(draws.amount > 0, HELD, 0)
        new = Cohort(draws.loan, lender, draws.pool, draws.ratio, draws.amount, draws.amount.copy(), repaid_on)
        b.cohorts[key] = new.with_others(b.cohorts.get(key))

    def _carry_over(self, day: int, b: BlockFunding, request: Asked, given: Ints) -> set[int]:
        """What was not funded asks again in the next period, while the loan is outstanding and the window open."""
        again: set[int] = set()
        window_last = to_day(self.rules["window"].latest().value.last)
        for period in np.unique(request.period).tolist():
            if period_start(next_period(period)) > window_last:
                continue
            mask = (request.period == period) & (given < request.amount)
            rest = request.some(mask, (request.amount - given)[mask])
            rest.period = np.full(len(rest.loan), next_period(period), np.int64)
            when = draw_days(rest.period, b.block.disbursed[rest.loan], self.rules)
            live = (when <= self.end) & (when > day) & (b.schedule.outstanding(rest.loan, when) > 0)
            live &= b.block.ineligible[rest.loan] > when
            for d in np.unique(when[live]).tolist():
                here = live & (when == d)
                b.asked.setdefault(d, []).append(rest.some(here, rest.amount[here]))
                again.add(d)
        return again


def _cohort(b: BlockFunding, tranche: Tranche) -> Cohort | None:
    """A block's loans of a tranche; an opening tranche has none."""
    return b.cohorts.get(tranche.key) if tranche.opened is None else None


def _held(cohort: Cohort, loans: Ints) -> tuple[Ints, Ints]:
    """Where in the cohort the loans (ascending) stand that hold something of it, and which of the loans they are."""
    if len(cohort.loan) == 0:
        none = np.zeros(0, np.int64)
        return none, none
    at = np.minimum(np.searchsorted(cohort.loan, loans), len(cohort.loan) - 1)
    mine = np.flatnonzero((cohort.loan[at] == loans) & (cohort.held[at] > 0))
    return at[mine], mine
