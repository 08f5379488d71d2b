"""What tranches hold on every path 路径上的批次余额: factors of volume and early repayment, refused rollovers, quotas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from relending.dates import to_date
from relending.engine.applications import draw_days, period_end, period_number
from relending.engine.columns import Flags
from relending.engine.context import Context
from relending.engine.pipeline import Work
from relending.engine.rules import option
from relending.findings import Findings, InputError
from relending.policy import Facility
from relending.study.montecarlo.classes import FIXED, Horizon
from relending.study.montecarlo.cohorts import Place
from relending.study.montecarlo.exact import combined, weighted
from relending.study.montecarlo.parts import Part
from relending.study.montecarlo.randomness import Draws
from relending.units import PPM, Ints, decimal_text, mul_div

SHARE = 10**9
"""The share of a request that is granted is cut to nine decimals, as in the run itself."""


Refused = Mapping[int, Mapping[tuple[int, int], Flags]]
"""By lender, tranche and year: on which paths the rollover that the year would begin with is refused."""


@dataclass(slots=True)
class Factors:
    """What amounts of each class are multiplied by, ppm; None is one."""

    horizon: Horizon
    draws: Draws
    known: dict[tuple[int, int], Ints | None] = field(default_factory=dict)

    def survival(self, born: int, ended: int) -> Ints | None:
        """The share of loans of the ``born``-th random quarter (0: earlier) not repaid early after ``ended`` of them.

        A loan is first repaid early in the quarter after its disbursement.
        """
        if self.draws.prepaid is None or ended <= born:
            return None
        if (born, ended) not in self.known:
            before = self.survival(born, ended - 1)
            self.known[born, ended] = combined(before, PPM - self.draws.prepaid[ended - 1])
        return self.known[born, ended]

    def of(self, cls: int, ended: int) -> Ints | None:
        """The factor of a class after so many random quarters have ended."""
        if cls == FIXED:
            return None
        born = self.horizon.born(cls)
        volume = None
        if self.draws.volume is not None and self.horizon.planned(cls):
            volume = self.draws.volume[born - 1]
        return combined(volume, self.survival(born, ended))


@dataclass(slots=True)
class Held:
    """What one part of a tranche holds: by step what is held on every path, None where that is the central figure.

    ``alive`` is 1 on the paths on which no rollover up to here was refused; None on all.
    """

    part: Part
    steps: list[Ints] | None
    alive: Ints | None

    def at(self, day: int) -> Ints | int:
        """What is held at the end of a day inside the tranche-year."""
        if self.steps is None:
            return self.part.of.balance(day)
        return self.steps[max(i for i, s in enumerate(self.part.steps) if s.day <= day)]


def events_of(place: Place) -> list[tuple[int, int]]:
    """The rollovers of a lender and facility that may be refused: tranche and year, in order."""
    return [(p.of.tranche, p.of.year) for p in place.parts if p.refusable]


class Holdings:
    """One facility over all its lenders, tranche by tranche in the order of their draws."""

    def __init__(
        self,
        rules: Facility,
        places: Sequence[Place],
        factors: Factors,
        refused: Refused,
        paths: int,
        bound: bool,
    ) -> None:
        """``bound``: whether the volume of planned loans is random, so that a quota may bind that does not in the run."""
        self.rules, self.factors, self.paths, self.bound = rules, factors, paths, bound
        self.held: dict[int, list[Held]] = {}
        lots: dict[int, list[tuple[int, list[Part]]]] = {}
        for place in places:
            lender = place.position.lender
            self.held[lender] = []
            tranches: dict[int, list[Part]] = {}
            for part in place.parts:
                tranches.setdefault(part.of.tranche, []).append(part)
            for parts in tranches.values():
                lots.setdefault(parts[0].of.start, []).append((lender, parts))
        self.recorded = any(b != "simulated" for p in places for b in p.position.basis.values())
        for day in sorted(lots):
            self._draw(day, lots[day], refused)

    def _draw(
        self, day: int, lots: list[tuple[int, list[Part]]], refused: Refused
    ) -> None:
        planned = any(
            self.factors.horizon.planned(cls) for _, parts in lots for cls, _ in parts[0].steps[0].amounts if cls >= 0
        )
        share = self._granted(day, [parts[0] for _, parts in lots]) if self.bound and planned else None
        for lender, parts in lots:
            alive: Ints | None = None
            for part in parts:
                no = refused.get(lender, {}).get((part.of.tranche, part.of.year)) if part.refusable else None
                if no is not None:
                    kept = 1 - no.astype(np.int64)
                    alive = kept if alive is None else alive * kept
                self.held[lender].append(self._held(part, alive, share))

    def _held(self, part: Part, alive: Ints | None, share: Ints | None) -> Held:
        steps = []
        moved = alive is not None or share is not None
        for step in part.steps:
            amounts = [(fen, self.factors.of(cls, step.ended)) for cls, fen in step.amounts]
            moved = moved or any(factor is not None for _, factor in amounts)
            steps.append(amounts)
        if not moved:
            return Held(part, None, None)
        out = []
        for amounts in steps:
            held = weighted(amounts, self.paths)
            if share is not None:
                held = mul_div(held, share, SHARE, "floor")
            out.append(held if alive is None else held * alive)
        return Held(part, out, alive)

    # -- quotas ----------------------------------------------------------------------------------------------------

    def _granted(self, day: int, asking: Sequence[Part]) -> Ints | None:
        """The share in billionths of what is asked for on a day that each path grants; None where all of it.

        InputError where it cannot be worked out from cohorts: several pools, another rationing than pro rata, requests
        that are carried over, recorded money in between, or nothing left at all.
        """
        limits = self._limits(day)
        if not limits:
            return None
        first = [self._held(p, None, None) for p in asking]
        asked = sum((np.asarray(h.at(h.part.of.start)) for h in first), np.zeros(self.paths, np.int64))
        available = np.full(self.paths, np.iinfo(np.int64).max)
        clear = len(limits) == 1 or all(kind != "pools" for kind, _ in limits)
        for kind, limit in limits:
            available = np.minimum(available, np.maximum(0, limit - self._used(day, kind)))
        short = asked > available
        if not short.any():
            return None
        clear &= str(option(self.rules, "rationing", day)) == "pro_rata" and not option(self.rules, "carry_over", day)
        clear &= not self.recorded and not option(self.rules, "quota_counts_rollovers", day)
        clear &= int(available[short].min()) > 0
        if not clear:
            raise InputError(
                Findings.one(
                    "monte_carlo_quota",
                    column=f"facility.{self.rules.id}.quota",
                    found=f"{to_date(day)}: {int(short.sum()):,} / {self.paths:,}",
                    expected=f"<= {decimal_text(int(available.min()), 2)}",
                )
            )
        k = np.full(self.paths, SHARE, np.int64)
        k[short] = mul_div(available[short], SHARE, asked[short], "floor")
        return k

    def _limits(self, day: int) -> list[tuple[str, int]]:
        """The limits in force on a day: of the balance, of a year's draws, of an application period."""
        out = []
        quota = option(self.rules, "quota", day)
        if quota.kind != "none":
            smallest = min((p.amount_fen for p in quota.pools), default=0)
            out.append((quota.kind, smallest))
            if len(quota.pools) > 1:
                out.append(("pools", smallest))
        for text, cap in self.rules.caps.items():
            period = np.array([period_number(text)], np.int64)
            if int(draw_days(period, period_end(period), self.rules)[0]) == day:
                out.append(("cap", cap))
        return out

    def _used(self, day: int, kind: str) -> Ints:
        """What counts against a limit before the draws of a day."""
        used = np.zeros(self.paths, np.int64)
        if kind == "cap":
            return used
        year = to_date(day).year
        rollovers = kind == "flow" and bool(option(self.rules, "quota_counts_rollovers", day))
        for lots in self.held.values():
            for one in lots:
                leg = one.part.of
                if kind == "flow":
                    counts = to_date(leg.start).year == year and (leg.year == 0 or rollovers)
                    if counts:
                        used = used + one.at(leg.start)
                elif leg.start <= day < leg.due:
                    used = used + one.at(day)
        return used


def cut_in_the_run(works: Sequence[Work], context: Context, first_day: int) -> Findings:
    """An error for each facility whose quota or cap cut draws of the run itself on a random day.

    On a path with another balance more or less would be drawn, loan by loan, which cohorts cannot tell.
    """
    out = []
    for f, rules in enumerate(context.facilities):
        asked: dict[int, int] = {}
        granted: dict[int, int] = {}
        for w in works:
            side = w.funding[f]
            for day, some in side.asked.items():
                asked[day] = asked.get(day, 0) + sum(int(a.amount.sum()) for a in some)
            for key, cohort in side.cohorts.items():
                arrived = side.received.get(key[0], {}).get(key)
                came = int(arrived.amount.sum()) if arrived is not None else 0
                granted[key[0]] = granted.get(key[0], 0) + int(cohort.drawn.sum()) - came
        for day in sorted(asked):
            if day >= first_day and asked[day] > granted.get(day, 0):
                out.append((rules.id, day, asked[day], granted.get(day, 0)))
    return Findings.concat(
        Findings.one(
            "monte_carlo_quota",
            column=f"facility.{name}.quota",
            found=f"{to_date(day)}: {decimal_text(more, 2)}",
            expected=f"<= {decimal_text(less, 2)}",
        )
        for name, day, more, less in out
    )
