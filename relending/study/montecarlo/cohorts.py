"""Cohort series 批次序列: what a run's loans and tranches come to, cut only as finely as random factors need it.

A cohort is (lender, facility, day of the first draw, class of loans; see :mod:`.classes`). Of each the series hold,
quarter by quarter, what is owed, what is owed times its rate, and the grams disbursed and in balance. Sums over cohorts
are the integers of the run's own cost table: that is tested. The tranche-years come with what each class holds of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relending.dates import iso, quarter_end, quarter_of, quarter_text
from relending.engine.attribution import attribute_block
from relending.engine.block import NEVER
from relending.engine.cohorts import HELD, Key
from relending.engine.columns import Flags, maybe_ints, numbered
from relending.engine.context import Context
from relending.engine.ledger import Position
from relending.engine.loanfiles import Names, Outcome, facility_of, outcome
from relending.engine.prepare import Prepared, Work
from relending.engine.repricing import Pricing, make_pricing, rate_on, repriced_on
from relending.study.montecarlo.classes import Horizon, groups
from relending.study.montecarlo.parts import Part, Replay, tranche_keys
from relending.units import Ints, from_limbs, group_sum, weighted_limbs

NO_DRAW = -1
"""The draw day of loans that hold nothing: their draw is pending, or lies in an opening balance."""
CohortKey = tuple[int, int, int, int]
"""Lender, facility, day of the first draw, class."""
Exposure = tuple[int, int, int]
"""Class, tenor (1: the 1-year LPR, 0: five years and more), number of the random quarter (from 0) whose fixing counts.
"""
Numbers = Mapping[tuple[tuple[int, int], Key], int]
"""The number of a tranche, by lender and facility, and its key."""
Holding = tuple[tuple[int, ...], int]
"""Tranches (their numbers) of which loans hold something, and the class of the loans."""


@dataclass(slots=True)
class Cohort:
    """Figures by quarter of the run: fen owed, fen x ppm, grams disbursed, grams whose draw is held."""

    owed: list[int]
    weighted: list[int]
    disbursed: list[int]
    in_balance: list[int]


@dataclass(slots=True)
class Place:
    """What a lender has of one facility: tranche-years, grams in balance by random quarter, exposure to the LPR.

    ``owed`` and ``weighted`` by class and quarter of the run; ``exposure`` fen owed at the ends of random quarters.
    """

    position: Position
    parts: list[Part] = field(default_factory=list)
    owed: dict[int, list[int]] = field(default_factory=dict)
    weighted: dict[int, list[int]] = field(default_factory=dict)
    exposure: dict[Exposure, list[int]] = field(default_factory=dict)
    grams: list[dict[Holding, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CohortSeries:
    """The cohorts of a run over its ``horizon``; ``places`` by (lender, facility) in the order of the positions."""

    horizon: Horizon
    lenders: tuple[str, ...]
    facilities: tuple[str, ...]
    cohorts: Mapping[CohortKey, Cohort]
    places: Mapping[tuple[int, int], Place]

    def frame(self) -> pd.DataFrame:
        """The cohorts as a frame of whole numbers (fen, fen x ppm as Python integers, grams), a row a quarter."""
        rows = []
        for (lender, f, day, cls), one in sorted(self.cohorts.items()):
            who = self.lenders[lender], self.facilities[f], "" if day == NO_DRAW else iso(day)
            planned = self.horizon.planned(cls)
            for j in range(len(one.owed)):
                figures = one.owed[j], one.weighted[j], one.disbursed[j], one.in_balance[j]
                rows.append((quarter_text(self.horizon.begin + j), *who, planned, cls, *figures))
        names = ("owed_fen", "weighted_fen_ppm", "disbursed_g", "in_balance_g")
        columns = ["quarter", "lender", "facility", "drawn_on", "planned", "class", *names]
        return pd.DataFrame(rows, columns=columns, dtype=object)


def cohort_series(
    prepared: Prepared, where: Sequence[Position], names: Names, context: Context, first: int
) -> CohortSeries:
    """The cohort series of a run after funding (works, positions, names of its tranches).

    ``first`` is the number of the first random quarter, inside the run. Raises InvariantError where the parts of a
    tranche-year do not add up to what the run has.
    """
    horizon = Horizon(context.first_quarter, first, context.last_quarter)
    places = {(p.lender, p.facility): Place(p, grams=[{} for _ in horizon.quarters]) for p in where}
    numbers = {at: tranche_keys(place.position, names) for at, place in places.items()}
    tranche = {(at, key): n for at, keys in numbers.items() for n, key in keys.items()}
    made = _Maker(horizon, context, places, {})
    replay = Replay(horizon, context)
    for work in prepared.works:
        classes = horizon.of(work.block)
        replay.enter(work, classes)
        made.enter(work, classes, tranche)
    for at, place in places.items():
        place.parts = replay.parts(place.position, numbers[at])
    ids = tuple(f.id for f in context.facilities)
    return CohortSeries(horizon, prepared.keys.lenders, ids, made.cohorts, places)


@dataclass(slots=True)
class _Maker:
    horizon: Horizon
    context: Context
    places: dict[tuple[int, int], Place]
    cohorts: dict[CohortKey, Cohort]

    def enter(self, work: Work, classes: Ints, tranche: Numbers) -> None:
        """Add the supported loans of a block."""
        block, context, horizon = work.block, self.context, self.horizon
        result = outcome(
            block, work.screened, work.error, work.requests, work.funding, context, work.record, work.opened
        )
        loan = np.flatnonzero(result.supported)
        of = facility_of(block, work.screened, work.record, context)
        pricing = make_pricing(block, of, loan, context)[0] if context.loan_rates == "current" else None
        attributed = attribute_block(block)
        grams = np.where(attributed.has_reduction, attributed.reduction, 0)
        keys, index = self._keys(work, loan, of, classes, result)
        made = [self._cohort(key) for key in keys]
        ends = quarter_end(np.asarray(self.context.quarters)).tolist()
        shown = _priced_at_issue(work, loan, classes, horizon)
        held = self._holding(work, grams, tranche, classes)
        for j, end in enumerate(ends):
            owed = work.schedule.outstanding(loan, end)
            rate = block.rate[loan] if pricing is None else rate_on(pricing, loan, end)
            sums = group_sum(owed, index, len(keys)).tolist()
            weighted = from_limbs(weighted_limbs(owed, rate, index, len(keys)))
            out = group_sum(np.where(block.disbursed[loan] <= end, grams[loan], 0), index, len(keys)).tolist()
            kept = group_sum(np.where(held(loan, end), grams[loan], 0), index, len(keys)).tolist()
            for i, (lender, f, _, cls) in enumerate(keys):
                one, place = made[i], self.places[lender, f]
                for series, figure in (
                    (one.owed, sums[i]),
                    (one.weighted, weighted[i]),
                    (one.disbursed, out[i]),
                    (one.in_balance, kept[i]),
                    (place.owed.setdefault(cls, [0] * len(ends)), sums[i]),
                    (place.weighted.setdefault(cls, [0] * len(ends)), weighted[i]),
                ):
                    series[j] += figure
            number = horizon.begin + j - horizon.first
            if number >= 0:
                self._exposed(work, loan, of, classes, owed, rate, end, number, pricing, shown)

    def _keys(self, work: Work, loan: Ints, of: Ints, classes: Ints, result: Outcome) -> tuple[list[CohortKey], Ints]:
        """The cohorts of the loans, and which is whose."""
        day = np.where(result.held_from[loan] == NEVER, NO_DRAW, result.held_from[loan])
        found, index = groups(work.lender[loan], of[loan], day, classes[loan])
        return [(lender, f, first, cls) for lender, f, first, cls in found], index

    def _cohort(self, key: CohortKey) -> Cohort:
        n = len(self.context.quarters)
        return self.cohorts.setdefault(key, Cohort([0] * n, [0] * n, [0] * n, [0] * n))

    def _holding(self, work: Work, grams: Ints, tranche: Numbers, classes: Ints) -> Callable[[Ints, int], Flags]:
        """Enter the grams in balance by the tranches that hold them; tells of loans and a day which hold anything."""
        parts: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []
        for f, side in enumerate(work.funding):
            for key, cohort in side.cohorts.items():
                got = np.flatnonzero(cohort.drawn > 0)
                loan, until = cohort.loan[got], cohort.repaid_on[got]
                until = np.where(until == HELD, NEVER, until)
                known, at = numbered(cohort.lender[got])
                number = np.array([tranche[(who, f), key] for who in known.tolist()], np.int64)[at]
                since = np.full(got.size, key[0])
                parts.append((loan, np.full(got.size, f), number, since, until))
        none = np.zeros(0, np.int64)
        loan, facility, number, since, until = (np.concatenate([none, *(p[i] for p in parts)]) for i in range(5))
        order = np.lexsort((number, loan))
        loan, facility, number, since, until = (x[order] for x in (loan, facility, number, since, until))
        alone = np.ones(loan.size, bool)
        same = np.flatnonzero(loan[1:] == loan[:-1])
        alone[same] = alone[same + 1] = False
        found, index = groups(work.lender[loan[alone]], facility[alone], number[alone], classes[loan[alone]])
        for n, end in enumerate(self.horizon.ends()):
            here = (since <= end) & (end < until)
            amounts = np.where(here[alone], grams[loan[alone]], 0)
            for (who, of, t, cls), amount in zip(found, group_sum(amounts, index, len(found)).tolist(), strict=True):
                self._add(n, who, of, (t,), cls, amount)
            some = here & ~alone
            self._several(n, work, loan[some], facility[some], number[some], grams, classes)

        def held(asked: Ints, end: int) -> Flags:
            marks = np.zeros(len(work.block), bool)
            marks[loan[(since <= end) & (end < until)]] = True
            return marks[asked]

        return held

    def _several(
        self, n: int, work: Work, loan: Ints, facility: Ints, number: Ints, grams: Ints, classes: Ints
    ) -> None:
        """Grams of loans with several draws (rows by loan), by all the tranches of which they hold something."""
        first = np.flatnonzero(np.concatenate([[True], loan[1:] != loan[:-1]])[: loan.size])
        count = np.diff([*first, loan.size])
        for many in np.unique(count).tolist():
            begin = first[count == many]
            held = [number[begin + k] for k in range(many)]
            who = loan[begin]
            found, index = groups(work.lender[who], facility[begin], classes[who], *held)
            sums = group_sum(grams[who], index, len(found)).tolist()
            for (lender, f, cls, *tranches), amount in zip(found, sums, strict=True):
                self._add(n, lender, f, tuple(sorted(set(tranches))), cls, amount)

    def _add(self, n: int, lender: int, f: int, of: tuple[int, ...], cls: int, amount: int) -> None:
        if not amount:
            return
        grams = self.places[lender, f].grams[n]
        grams[of, cls] = grams.get((of, cls), 0) + amount

    def _exposed(
        self,
        work: Work,
        loan: Ints,
        of: Ints,
        classes: Ints,
        owed: Ints,
        rate: Ints,
        end: int,
        number: int,
        pricing: Pricing | None,
        shown: tuple[Ints, Ints],
    ) -> None:
        """Enter what is owed at rates that a random fixing of the LPR priced, by the quarter of the fixing."""
        fixed, one_year = shown
        if pricing is not None:
            reset = repriced_on(pricing, loan, end)
            moved = reset != NEVER
            quarter = quarter_of(np.where(moved, reset, end))
            fixed = np.where(moved, quarter - self.horizon.first, fixed)
            one_year = np.where(moved, pricing.one_year[loan], one_year)
        some = np.flatnonzero((fixed >= 0) & (owed > 0))
        mine = loan[some]
        found, index = groups(work.lender[mine], of[mine], classes[mine], one_year[some], fixed[some])
        sums = group_sum(owed[some], index, len(found)).tolist()
        for (lender, f, cls, tenor, moment), fen in zip(found, sums, strict=True):
            series = self.places[lender, f].exposure.setdefault((cls, tenor, moment), [0] * self.horizon.count)
            series[number] += fen


def _priced_at_issue(work: Work, loan: Ints, classes: Ints, horizon: Horizon) -> tuple[Ints, Ints]:
    """The random quarter (from 0; -1: none) whose LPR priced each loan at issue, and whether it is the 1-year LPR.

    These are planned loans that the plan gives a spread, not a rate.
    """
    block = work.block
    _, has_spread = maybe_ints(block.frame, "spread_bp")
    follows = (has_spread & block.planned)[loan] & (classes[loan] > horizon.count)
    one_year = np.array([t == "1y" for t in block.tenors], bool)[block.tenor][loan]
    return np.where(follows, classes[loan] - horizon.count - 1, -1), one_year.astype(np.int64)
