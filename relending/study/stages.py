"""Stages 分阶段测算: the series of many scenarios over one book, each stage done once for all that read the same.

Block (the book read and checked), screening, schedule (who draws when and owes what on the due dates), cohort series
(what each draw date draws, continues and repays, and what the supported loans owe). Each is kept under a hash of what
it has read (:mod:`relending.study.kept`); from the cohort series the quarters follow in milliseconds, at any size of
the book.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.dates import quarter_of, quarter_text
from relending.engine.attribution import attribute_block
from relending.engine.columns import Flags
from relending.engine.context import Context
from relending.engine.cost import cost_frame, own_rate_findings
from relending.engine.fundworks import fund_works
from relending.engine.invariants import check_positions, check_tranches
from relending.engine.ledger import Position, funding_frame, positions
from relending.engine.loanfiles import Outcome, facility_of, outcome
from relending.engine.outstanding import Outstanding, held_grams
from relending.engine.pipeline import finish, lenders_in_need
from relending.engine.prepare import Gathered, Prepared, Work, gather
from relending.engine.screening import screen_block
from relending.findings import Findings, InputError
from relending.scenario.inputs import read_loans
from relending.scenario.scenario import Scenario
from relending.study.drawplan import DrawPlan, NotPlainError, draw_plan
from relending.study.kept import Stage
from relending.study.lean import Funding, fund_by_day, tranches_of
from relending.study.owed import Base, owed_by
from relending.study.traced import Path, digest
from relending.units import Ints

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Book:
    """The first stage: blocks checked, the reduction of every loan, what reading and checking found."""

    gathered: Gathered
    grams: tuple[Ints, ...]
    findings: Findings
    inputs: tuple[Mapping[str, Any], ...]
    last_real: str | None


@dataclass(frozen=True, slots=True)
class Screening:
    """The second stage: blocks screened, and the lenders whose own rate must be known."""

    prepared: Prepared
    need: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The fourth stage: what was drawn and held, and what supported loans owe.

    ``funding`` by facility, without rates; or ``where``, the positions as the engine settled them, rates included.
    """

    owed: Outstanding
    supported: int
    funding: tuple[Funding, ...] = ()
    where: tuple[Position, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A scenario's series as integer step frames by name, how many loans are supported, what the book's check said,
    which files were read, and the quarter of the last loan that is not planned.
    """

    tables: Mapping[str, pd.DataFrame]
    supported: int
    findings: Findings
    inputs: tuple[Mapping[str, Any], ...]
    last_real: str | None


class Stages:
    """The stages of one or more scenarios, with what each has kept.

    ``evaluate(scenario).tables`` has ``funding`` and ``cost`` as integer step frames, equal to those of a run (but for
    the column ``basis``); with ``disclosure=True`` that table too, for which the book is settled and disclosed anew.

    >>> from relending.scenario import load_scenario
    >>> stages = Stages()
    >>> for ratio in ("0.4", "0.6"):
    ...     tables = stages.evaluate(load_scenario("demo", [f"facility.cerf.ratio={ratio}"])).tables
    >>> [(stage.name, stage.done, stage.used_again) for stage in stages.stages]
    [('block', 1, 1), ('screening', 1, 1), ('schedule', 1, 1), ('cohort series', 2, 0)]
    """

    def __init__(self, *, keep: int = 2) -> None:
        self.book: Stage[Book] = Stage("block", keep)
        self.screening: Stage[Screening] = Stage("screening", keep)
        self.schedule: Stage[tuple[DrawPlan, ...] | None] = Stage("schedule", keep)
        self.cohorts: Stage[Cohorts] = Stage("cohort series", 8)
        self.owed: Stage[Base] = Stage("owed", keep)
        self.positions: Stage[tuple[Position, ...]] = Stage("positions", 4)
        self.series: Stage[Mapping[str, pd.DataFrame]] = Stage("series", 2)
        self.disclosed: Stage[Evaluated] = Stage("disclosed", keep)
        self._last: tuple[str, str, Base] | None = None

    @property
    def stages(self) -> tuple[Stage[Any], ...]:
        """The four stages, in their order."""
        return self.book, self.screening, self.schedule, self.cohorts

    def reads_by_stage(self) -> list[tuple[Path, ...]]:
        """What each stage has ever read, as paths from a scenario and its rules (:class:`Both`), in their order."""
        later = (self.screening, self.schedule, self.cohorts, self.owed, self.positions, self.series, self.disclosed)
        return [tuple(self.book.reads), *(tuple(("context", *path) for path in stage.reads) for stage in later)]

    def evaluate(self, scenario: Scenario, *, disclosure: bool = False) -> Evaluated:
        """The series of a scenario: ``funding``, ``cost`` and, where asked for, ``disclosure``.

        Raises InputError where the book or an own rate stops the run, InvariantError where an identity fails.
        """
        both = Both(scenario, scenario.context())
        key, book = self.book.get(files_read(scenario), both, _book)
        key, screened = self.screening.get(key, both.context, lambda c: _screening(book, c))
        need = own_rate_findings(both.context, screened.need)
        if need:
            raise InputError(need)
        if disclosure:
            return self.disclosed.get(key, both.context, lambda c: _disclosed(screened, book, c))[1]
        planned, plans = self.schedule.get(key, both.context, lambda c: _plans(screened, book, c))
        made, cohorts = self.cohorts.get(planned, both.context, lambda c: self._cohorts(key, screened, book, plans, c))
        lenders = screened.prepared.keys.lenders
        placed, where = self.positions.get(made, both.context, lambda c: _positions(cohorts, lenders, c))
        tables = self.series.get(placed, both.context, lambda c: _series(cohorts, where, lenders, c))[1]
        return Evaluated(tables, cohorts.supported, book.findings, book.inputs, book.last_real)

    def _cohorts(
        self,
        key: str,
        screened: Screening,
        book: Book,
        plans: tuple[DrawPlan, ...] | None,
        context: Context,
    ) -> Cohorts:
        if plans is not None:
            try:
                return self._by_day(key, screened, book, plans, context)
            except NotPlainError:
                pass
        return self._by_engine(key, screened, book, context)

    def _by_day(
        self, key: str, screened: Screening, book: Book, plans: Sequence[DrawPlan], context: Context
    ) -> Cohorts:
        """By the plan of draw dates: sums over loans, once a draw date."""
        works, lenders = screened.prepared.works, len(screened.prepared.keys.lenders)
        blocks = [w.block for w in works]
        many = len(context.facilities)
        supported = [np.zeros(len(b), bool) for b in blocks]
        held = np.zeros((lenders * many, len(context.quarters)), np.int64)
        funded = []
        for f, (plan, rules) in enumerate(zip(plans, context.facilities, strict=True)):
            made = fund_by_day(plan, blocks, rules, lenders, context.end)
            parts = [part for one in plan.days for part in one.parts]
            for part, drew in zip(parts, made.drew, strict=True):
                supported[part.work][part.loan] = drew
            for mask, later in zip(supported, plan.pending, strict=True):
                mask[later] = True
            _held_by_day(held[f::many], made, context)
            funded.append(Funding(made.days, ()))
        facility = [w.screened.facility for w in works]  # what the key of the screening stands for already
        base = self._owed(key, "", works, facility, book.grams, supported, lenders, context)
        return Cohorts(replace(base.partial, in_balance=held), sum(int(s.sum()) for s in supported), tuple(funded))

    def _by_engine(self, key: str, screened: Screening, book: Book, context: Context) -> Cohorts:
        """By the engine, loan by loan: where money is recorded, or a loan's fate hangs on more than its draw date."""
        prepared = _fresh(screened.prepared)
        where, _, _ = fund_works(prepared, context)
        lenders, many = len(prepared.keys.lenders), len(context.facilities)
        facility = [facility_of(w.block, w.screened, w.record, context) for w in prepared.works]
        results = [_outcome(w, context) for w in prepared.works]
        supported = [r.supported for r in results]
        whose = digest([hash_of(one) for one in facility])
        base = self._owed(key, whose, prepared.works, facility, book.grams, supported, lenders, context)
        held = np.zeros((lenders * many, len(context.quarters)), np.int64)
        for w, of, grams, result in zip(prepared.works, facility, book.grams, results, strict=True):
            loan = np.flatnonzero(result.supported)
            held += held_grams(
                context,
                loan,
                w.lender[loan] * many + of[loan],
                lenders * many,
                grams[loan],
                result.held_from[loan],
                result.held_until[loan],
                result.gaps,
            )
        owed = replace(base.partial, in_balance=held)
        return Cohorts(owed, sum(int(s.sum()) for s in supported), where=tuple(where))

    def _owed(
        self,
        key: str,
        of: str,
        works: Sequence[Work],
        facility: Sequence[Ints],
        grams: Sequence[Ints],
        supported: Sequence[Flags],
        lenders: int,
        context: Context,
    ) -> Base:
        """What the supported loans owe, by the difference from the last set of the same book where that is less."""
        bits = digest([of, *(hash_of(np.packbits(s)) for s in supported)])

        def step(c: Context) -> Base:
            last = self._last
            # asked of ``c``, so that what the base was made from is noted as read for this result too
            near = last[2] if last is not None and last[:2] == (key, self.owed.print(c)) else None
            return owed_by(works, facility, grams, supported, lenders, c, near)

        found = self.owed.get(digest((key, bits)), context, step)[1]
        self._last = (key, self.owed.print(context), found)
        return found


@dataclass(frozen=True, slots=True)
class Both:
    """A scenario and its rules: what the first stage reads."""

    scenario: Scenario
    context: Context


def files_read(scenario: Scenario) -> str:
    """A hash of the files a scenario reads, by name, size and time of the last change."""
    paths = [*scenario.book, *([scenario.plan] if scenario.plan else [])]
    paths += [scenario.prepayments] if scenario.prepayments else []
    paths += [path for name in sorted(scenario.side) for path in scenario.side[name]]
    files = [f for p in paths for f in (sorted(p.iterdir()) if p.is_dir() else [p])]
    return digest([(str(f), s.st_size, s.st_mtime_ns) for f in files for s in [f.stat()]])


def hash_of(array: np.ndarray[Any, Any]) -> str:
    """A hash of an array's bytes."""
    return hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=16).hexdigest()


def _book(both: Both) -> Book:
    read = read_loans(both.scenario)
    gathered = gather(read.blocks, read.side, both.context)
    grams = []
    for block in gathered.blocks:
        attributed = attribute_block(block)
        grams.append(np.where(attributed.has_reduction, attributed.reduction, 0))
    findings = Findings.concat([read.findings, *gathered.findings])
    return Book(gathered, tuple(grams), findings, tuple(read.inputs), last_real(gathered))


def last_real(gathered: Gathered) -> str | None:
    """The quarter of the last disbursement of a usable loan that is not planned; None where all are planned."""
    days = [
        int(block.disbursed[some].max())
        for block, error in zip(gathered.blocks, gathered.error, strict=True)
        if (some := ~error & ~block.planned).any()
    ]
    return quarter_text(int(quarter_of(max(days)))) if days else None


def _screening(book: Book, context: Context) -> Screening:
    gathered = book.gathered
    works = [
        gathered.work(i, screen_block(block, gathered.error[i], context)[0]) for i, block in enumerate(gathered.blocks)
    ]
    prepared = gathered.prepared(works, ())
    return Screening(prepared, tuple(lenders_in_need(prepared)))


def _plans(screened: Screening, book: Book, context: Context) -> tuple[DrawPlan, ...] | None:
    """The plan of every facility; None where the engine has to settle."""
    prepared = screened.prepared
    if prepared.recording or any(tranches for tranches in prepared.openings.tranches):
        return None
    try:
        return tuple(
            draw_plan(prepared.works, book.grams, f, rules, context.end) for f, rules in enumerate(context.facilities)
        )
    except NotPlainError:
        return None


def _held_by_day(held: Ints, made: Funding, context: Context) -> None:
    """Add to ``held`` (lenders x quarters) the grams of the loans whose draw is held at each quarter end."""
    first, many = context.first_quarter, len(context.quarters)
    for one in made.days:
        gone = [(d, g, -1) for d, g in zip(one.due, one.left, strict=False)]  # due dates up to the end
        for day, grams, sign in [(one.day, one.grams, 1), *gone]:
            at = max(int(quarter_of(day)) - first, 0)
            if at < many:
                held[:, at:] += sign * grams[:, None]


def _positions(cohorts: Cohorts, lenders: Sequence[str], context: Context) -> tuple[Position, ...]:
    """Legs and events of every lender and facility, at the rates of the scenario; their identities are checked."""
    if not cohorts.funding:
        return cohorts.where
    rules = context.facilities
    tranches = [tranches_of(made, r, context.end) for made, r in zip(cohorts.funding, rules, strict=True)]
    where = tuple(positions(tranches, lenders, context, settled=False))
    check_tranches(tranches, lenders, context)
    check_positions(where, tranches, context)
    return where


def _series(
    cohorts: Cohorts, where: Sequence[Position], lenders: Sequence[str], context: Context
) -> Mapping[str, pd.DataFrame]:
    return {
        "funding": funding_frame(where, lenders, context),
        "cost": cost_frame(cohorts.owed, where, lenders, context),
    }


def _fresh(prepared: Prepared) -> Prepared:
    """The blocks as before any funding, which writes on them."""
    works = tuple(replace(w, requests=(), funding=(), opened=np.zeros(len(w.block), bool)) for w in prepared.works)
    openings = replace(prepared.openings, tranches=copy.deepcopy(prepared.openings.tranches))
    return replace(prepared, works=works, openings=openings)


def _outcome(w: Work, context: Context) -> Outcome:
    return outcome(w.block, w.screened, w.error, w.requests, w.funding, context, w.record, w.opened)


def _disclosed(screened: Screening, book: Book, context: Context) -> Evaluated:
    """All three tables, settled and disclosed anew by the engine."""
    prepared = _fresh(screened.prepared)
    where, names, _ = fund_works(prepared, context)
    tables = finish(prepared, where, names, context, [])
    found = {"funding": tables.funding, "cost": tables.cost, "disclosure": tables.disclosure}
    return Evaluated(found, int(tables.attribution["supported"].sum()), book.findings, book.inputs, book.last_real)
