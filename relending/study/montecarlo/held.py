"""What tranches hold on every path 路径批次余额: factors of volume and early repayment, refused rollovers, quotas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from relending.dates import to_date, to_day
from relending.engine.applications import UNSERVED, draw_days, period_end, period_number, pools
from relending.engine.columns import Flags
from relending.engine.context import Context
from relending.engine.prepare import Work
from relending.engine.rules import option
from relending.findings import Findings, InputError
from relending.policy import Facility
from relending.study.montecarlo.classes import FIXED, Horizon
from relending.study.montecarlo.cohorts import Place
from relending.study.montecarlo.exact import combined, weighted
from relending.study.montecarlo.parts import Part, Step
from relending.study.montecarlo.randomness import Draws
from relending.units import PPM, Ints, decimal_text, mul_div, total

SHARE = 10**9
"""The share of a request that is granted is cut to nine decimals, as in the run itself."""


Shares = Mapping[int, Ints]
"""By pool the part in billionths of what was asked for that a path grants; all of it for a pool that is not there."""
NO_LIMIT = np.iinfo(np.int64).max
Refused = Mapping[int, Mapping[tuple[int, int], Flags]]
"""By lender, tranche and year: on which paths the rollover that the year would begin with is refused."""


@dataclass(slots=True)
class Factors:
    """What amounts of each class are multiplied by, ppm; None is one."""

    horizon: Horizon
    draws: Draws
    known: dict[tuple[int, int], Ints | None] = field(default_factory=dict)
    made: dict[tuple[int, int], Ints | None] = field(default_factory=dict)

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
        if (cls, ended) not in self.made:
            born, volume = self.horizon.born(cls), None
            if self.draws.volume is not None and self.horizon.planned(cls):
                volume = self.draws.volume[born - 1]
            self.made[cls, ended] = combined(volume, self.survival(born, ended))
        return self.made[cls, ended]


@dataclass(slots=True)
class Held:
    """What one part of a tranche holds: by step what is held on every path, None where that is the central figure.

    ``alive`` is 1 on the paths on which no rollover up to here was refused; None on all.
    """

    part: Part
    steps: list[Ints] | None
    alive: Ints | None
    shares: Shares

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
        """``bound``: whether the volume of planned loans is random: a quota may bind that does not in the run."""
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
        self.basis = {(p.position.lender, n): kind for p in places for n, kind in p.position.basis.items()}
        self.recorded = any(kind != "simulated" for kind in self.basis.values())
        for day in sorted(lots):
            self._draw(day, lots[day], refused)

    def _draw(self, day: int, lots: list[tuple[int, list[Part]]], refused: Refused) -> None:
        shares: Shares = {}
        if self.bound and day >= self.factors.horizon.first_day:
            # money that is recorded arrived, whatever the quota
            asking = [parts[0] for who, parts in lots if self.basis[who, parts[0].of.tranche] != "recorded"]
            shares = self._granted(day, asking) if asking else {}
        for lender, parts in lots:
            alive: Ints | None = None
            for part in parts:
                no = refused.get(lender, {}).get((part.of.tranche, part.of.year)) if part.refusable else None
                if no is not None:
                    kept = 1 - no.astype(np.int64)
                    alive = kept if alive is None else alive * kept
                self.held[lender].append(self._held(part, alive, shares))

    def _held(self, part: Part, alive: Ints | None, shares: Shares) -> Held:
        moved = alive is not None or any(pool in shares for _, pool in _groups(part))
        moved = moved or any(self.factors.of(cls, s.ended) is not None for s in part.steps for (cls, _), _ in s.amounts)
        if not moved:
            return Held(part, None, None, shares)
        return Held(part, [self._amount(step, alive, shares) for step in part.steps], alive, shares)

    def _amount(self, step: Step, alive: Ints | None, shares: Shares, pool: int | None = None) -> Ints:
        """What is held from a step on, of one pool or of all: rounded once, then cut pool by pool."""
        out = np.zeros(self.paths, np.int64)
        mine = [(of, fen) for of, fen in step.amounts if pool in (None, of[1])]
        # where nothing is cut, what all pools hold is rounded together
        lots = [{one} for one in sorted({of[1] for of, _ in mine})] if shares else [{of[1] for of, _ in mine}]
        for lot in lots:
            some = [(fen, self.factors.of(cls, step.ended)) for (cls, of), fen in mine if of in lot]
            share = shares.get(min(lot)) if lot else None
            held = weighted(some, self.paths)
            out = out + (held if share is None else mul_div(held, share, SHARE, "floor"))
        return out if alive is None else out * alive

    # -- quotas ----------------------------------------------------------------------------------------------------

    def _granted(self, day: int, asking: Sequence[Part]) -> Shares:
        """The share in billionths of what is asked for on a day that each path grants, by pool; none where all of it.

        InputError where it cannot be worked out from cohorts: another rationing than pro rata, requests that are
        carried over, recorded money in between, a cap over several pools, or nothing left at all.
        """
        kind, limits = self._limits(day)
        cap = self._cap(day)
        out: dict[int, Ints] = {}
        for number, limit in enumerate(limits):
            asked = sum((self._amount(p.steps[0], None, {}, number) for p in asking), np.zeros(self.paths, np.int64))
            available = np.full(self.paths, NO_LIMIT)
            if limit is not None:
                available = np.maximum(0, limit - self._used(day, kind, number))
            if cap is not None and len(limits) == 1:
                available = np.minimum(available, cap)
            short = asked > available
            if not short.any():
                continue
            if not self._clear(day) or int(available[short].min()) == 0:
                raise self._refusal(day, short, available)
            k = np.full(self.paths, SHARE, np.int64)
            k[short] = mul_div(available[short], SHARE, asked[short], "floor")
            out[number] = k
        if cap is not None and len(limits) > 1:
            asked = sum((self._amount(p.steps[0], None, out) for p in asking), np.zeros(self.paths, np.int64))
            if (asked > cap).any():
                raise self._refusal(day, asked > cap, np.full(self.paths, cap))
        return out

    def _clear(self, day: int) -> bool:
        """Whether a cut is the same for every loan of a pool, and nothing that follows depends on it."""
        pro_rata = str(option(self.rules, "rationing", day)) == "pro_rata"
        further = option(self.rules, "carry_over", day) or option(self.rules, "quota_counts_rollovers", day)
        return pro_rata and not further and not self.recorded

    def _refusal(self, day: int, short: Flags, available: Ints) -> InputError:
        return InputError(
            Findings.one(
                "monte_carlo_quota",
                column=f"facility.{self.rules.id}.quota",
                found=f"{to_date(day)}: {int(short.sum()):,} / {self.paths:,}",
                expected=f"<= {decimal_text(int(available[short].min()), 2)}",
            )
        )

    def _limits(self, day: int) -> tuple[str, list[int | None]]:
        """The kind of the quota, and what each pool may have; None without limit."""
        quota = option(self.rules, "quota", day)
        limits = {p.id: p.amount_fen for p in quota.pools}
        return quota.kind, [None if quota.kind == "none" else limits.get(name, 0) for name in pools(self.rules)]

    def _cap(self, day: int) -> int | None:
        """The cap of the application period whose draws are made on a day."""
        for text, cap in self.rules.caps.items():
            period = np.array([period_number(text)], np.int64)
            if int(draw_days(period, period_end(period), self.rules)[0]) == day:
                return cap
        return None

    def _used(self, day: int, kind: str, pool: int) -> Ints:
        """What counts against the quota of a pool before the draws of a day."""
        used = np.zeros(self.paths, np.int64)
        year = to_date(day).year
        rollovers = bool(option(self.rules, "quota_counts_rollovers", day))
        for lots in self.held.values():
            for one in lots:
                leg = one.part.of
                step: Step | None
                if kind == "flow":
                    step = one.part.steps[0]
                    counts = to_date(leg.start).year == year and (leg.year == 0 or rollovers)
                else:
                    step = max((s for s in one.part.steps if s.day <= day), key=lambda s: s.day, default=None)
                    counts = step is not None and leg.start <= day < leg.due
                if counts and step is not None:
                    used = used + self._amount(step, one.alive, one.shares, pool)
        return used


def _groups(part: Part) -> set[tuple[int, int]]:
    return {of for step in part.steps for of, _ in step.amounts}


def cut_in_the_run(works: Sequence[Work], context: Context, first_day: int) -> Findings:
    """An error for each facility whose quota or cap cut draws of the run itself on a random day.

    On a path with another balance more or less would be drawn, loan by loan, which cohorts cannot tell. Nor can they
    where rollovers use a yearly quota (quota_counts_rollovers).
    """
    out = []
    for f, rules in enumerate(context.facilities):
        if _rollovers_count(rules, first_day, context.end):
            out.append(
                Findings.one("monte_carlo_quota", column=f"facility.{rules.id}.quota_counts_rollovers", found="true")
            )
        asked: dict[int, int] = {}
        granted: dict[int, int] = {}
        for w in works:
            side = w.funding[f]
            for day, some in side.asked.items():
                # what no pool takes is refused on every path alike
                asked[day] = asked.get(day, 0) + sum(total(a.amount[a.pool != UNSERVED]) for a in some)
            for key, cohort in side.cohorts.items():
                arrived = side.received.get(key[0], {}).get(key)
                came = total(arrived.amount) if arrived is not None else 0
                granted[key[0]] = granted.get(key[0], 0) + total(cohort.drawn) - came
        for day in sorted(asked):
            if day >= first_day and asked[day] > granted.get(day, 0):
                out.append(
                    Findings.one(
                        "monte_carlo_quota",
                        column=f"facility.{rules.id}.quota",
                        found=f"{to_date(day)}: {decimal_text(asked[day], 2)}",
                        expected=f"<= {decimal_text(granted.get(day, 0), 2)}",
                    )
                )
    return Findings.concat(out)


def _rollovers_count(rules: Facility, first_day: int, end: int) -> bool:
    """Whether rollovers use the quota on some day of the random time."""
    dated = rules["quota_counts_rollovers"], rules["quota"]
    days = {first_day, *(day for one in dated for v in one.values if first_day < (day := to_day(v.start)) <= end)}
    return any(
        option(rules, "quota", day).kind == "flow" and bool(option(rules, "quota_counts_rollovers", day))
        for day in days
    )
