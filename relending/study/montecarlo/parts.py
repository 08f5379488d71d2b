"""Tranche-years by class 批次年度分解: what each class of loans holds of a leg, replayed from the loans' draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from relending.dates import iso
from relending.engine.cohorts import BlockFunding, Cohort, Key
from relending.engine.context import Context
from relending.engine.interest import Leg
from relending.engine.ledger import Position
from relending.engine.loanfiles import Names
from relending.engine.prepare import Work
from relending.engine.rules import due_days, option
from relending.findings import InvariantError
from relending.policy import Facility
from relending.study.montecarlo.classes import FIXED, Horizon, groups
from relending.units import Ints, group_sum, mul_div

Amounts = dict[tuple[int, int], int]
"""Fen by class of loans and pool of the quota."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a leg holds from a day on, by class and pool; ``ended`` random quarters had ended when it was set."""

    day: int
    amounts: tuple[tuple[tuple[int, int], int], ...]
    ended: int


@dataclass(frozen=True, slots=True)
class Part:
    """A tranche-year and what the classes hold of it. ``of`` is the leg of the run; ``refusable`` whether it began
    with a rollover on a random day."""

    of: Leg
    steps: tuple[Step, ...]
    refusable: bool


Year = tuple[int, int, Key, int]
"""Lender, facility, tranche and its year."""


class Replay:
    """What the classes of loans drew, continued and gave back, by tranche-year."""

    def __init__(self, horizon: Horizon, context: Context) -> None:
        self.horizon, self.context = horizon, context
        self.begun: dict[Year, Amounts] = {}
        self.back: dict[Year, dict[int, Amounts]] = {}

    def enter(self, work: Work, classes: Ints) -> None:
        """Add the draws of a block."""
        for f, (rules, side) in enumerate(zip(self.context.facilities, work.funding, strict=True)):
            for key, cohort in side.cohorts.items():
                self._cohort(f, rules, side, key, cohort, classes)

    def _cohort(self, f: int, rules: Facility, side: BlockFunding, key: Key, cohort: Cohort, classes: Ints) -> None:
        places, index = groups(cohort.lender, classes[cohort.loan], cohort.pool)

        def put(into: dict[Year, Amounts], year: int, held: Ints) -> None:
            for (lender, *group), fen in zip(places, group_sum(held, index, len(places)).tolist(), strict=True):
                if fen:
                    amounts = into.setdefault((lender, f, key, year), {})
                    of = group[0], group[1]
                    amounts[of] = amounts.get(of, 0) + fen

        held, start = cohort.drawn.copy(), key[0]
        immediate = option(rules, "on_prepayment", key[0]) == "immediate"
        days = sorted({*(side.prepaid if immediate else ()), *side.lost})
        for k, due in enumerate(due_days(rules, key[0])):
            put(self.begun, k, held)
            for day in days:
                if start < day <= due:
                    before = held.copy()
                    _give_back(side, cohort, held, day, immediate)
                    if (before != held).any():
                        gone: dict[Year, Amounts] = {}
                        put(gone, k, before - held)
                        for year, amounts in gone.items():
                            of_day = self.back.setdefault(year, {}).setdefault(day, {})
                            for of, fen in amounts.items():
                                of_day[of] = of_day.get(of, 0) + fen
            if k >= len(cohort.continued):
                break
            held, start = cohort.continued[k].copy(), due

    def parts(self, position: Position, numbers: Mapping[int, Key]) -> list[Part]:
        """The legs of a lender and facility with what each class holds; InvariantError where they do not add up."""
        out = []
        rules = self.context.facilities[position.facility]
        for leg in position.legs:
            whole = leg.tranche not in numbers  # of the opening
            steps: list[Step] = []
            if whole:
                for day, fen in zip(leg.from_day, leg.held, strict=True):
                    steps.append(Step(day, (((FIXED, 0), fen),), 0))
            else:
                year = (position.lender, position.facility, numbers[leg.tranche], leg.year)
                amounts, back = dict(self.begun.get(year, {})), self.back.get(year, {})
                for day, fen in zip(leg.from_day, leg.held, strict=True):
                    for of, gone in back.get(day, {}).items():
                        amounts[of] -= gone
                    if sum(amounts.values()) != fen:
                        raise InvariantError(f"{rules.id}/{iso(leg.start)}: the parts of a tranche-year do not add up")
                    steps.append(Step(day, tuple(sorted(amounts.items())), self.horizon.ends_by(leg.start)))
            drawn_on = leg.start if whole else numbers[leg.tranche][0]
            if not whole and option(rules, "on_prepayment", drawn_on) == "immediate":
                steps = self._with_ends(steps, leg)
            refusable = leg.year > 0 and leg.start >= self.horizon.first_day
            out.append(Part(leg, tuple(steps), refusable))
        return out

    def _with_ends(self, steps: Sequence[Step], leg: Leg) -> list[Step]:
        """The steps cut at the random quarter ends inside the leg, on which early repayments go back at once."""
        days = sorted({*(s.day for s in steps), *(d for d in self.horizon.ends() if leg.start < d < leg.due)})
        out, at = [], 0
        for day in days:
            while at + 1 < len(steps) and steps[at + 1].day <= day:
                at += 1
            out.append(Step(day, steps[at].amounts, self.horizon.ends_by(day)))
        return out


def _give_back(side: BlockFunding, cohort: Cohort, held: Ints, day: int, immediate: bool) -> None:
    """Returns of a day, as the funding made them: early repayments first, then loans that lost their eligibility."""
    for loans, amounts, owed in side.prepaid.get(day, ()) if immediate else ():
        hit, mine = _among(cohort, held, loans)
        held[hit] -= mul_div(held[hit], amounts[mine], owed[mine], "floor")
    if day in side.lost:
        hit, _ = _among(cohort, held, side.lost[day])
        held[hit] = 0


def _among(cohort: Cohort, held: Ints, loans: Ints) -> tuple[Ints, Ints]:
    at = np.minimum(np.searchsorted(cohort.loan, loans), max(len(cohort.loan) - 1, 0))
    mine = np.flatnonzero((cohort.loan[at] == loans) & (held[at] > 0)) if len(cohort.loan) else at[:0]
    return at[mine], mine


def tranche_keys(position: Position, names: Names) -> dict[int, Key]:
    """The key of each tranche of loans of a position, by its number; opening tranches have none."""
    number = {name: n for n, name in position.names.items()}
    return {
        number[name]: key
        for (lender, f, key), (name, _) in names.items()
        if (lender, f) == (position.lender, position.facility)
    }
