"""From blocks of loans to the tables of a run: the steps in their order, and who needs what from whom.

A step is a pure function of (block, context). What no block can know comes from two exchanges (keys; quotas), and what
a block knows goes out as a partial that merges with others in any order. ``run_blocks`` maps the blocks in memory;
another driver could map them elsewhere and would get the same integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

import numpy as np
import pandas as pd

from relending.dates import iso, quarter_of
from relending.engine import keys as exchange
from relending.engine.amounts import evidence_findings, small_findings
from relending.engine.applications import Requests, make_requests
from relending.engine.attribution import attribute_block
from relending.engine.basis import first_simulated, with_basis
from relending.engine.block import NEVER, Block, make_block
from relending.engine.calendar import calendar_findings
from relending.engine.carried import covered_findings, covered_loans, project_numbers
from relending.engine.claims import drawn_by, part_funded, part_funded_frame, unclaimed_findings
from relending.engine.cohorts import BlockFunding, Tranche, block_funding
from relending.engine.columns import Flags, join_frames, join_some
from relending.engine.context import Context
from relending.engine.contracts import contract_test
from relending.engine.cost import cost_frame, own_rate_findings
from relending.engine.disclosure import (
    Disclosed,
    Grid,
    cells,
    disclose_block,
    disclosure_frame,
    make_grid,
    weigh_current,
)
from relending.engine.doubles import double_findings
from relending.engine.funding import settle
from relending.engine.ineligible import ineligible_findings, ineligible_frame, leaving_quarters, restated
from relending.engine.invariants import check_draws, check_positions, check_tranches
from relending.engine.keys import Keys, lender_numbers
from relending.engine.ledger import Position, funding_frame, ledger_frame, positions, tranche_names
from relending.engine.loanfacts import loan_facts
from relending.engine.loanfiles import (
    Names,
    Outcome,
    attribution_frame,
    basis_of,
    draws_frame,
    facility_of,
    fits,
    outcome,
)
from relending.engine.opening_totals import Place, Totals, opening_totals, totals_lenders
from relending.engine.openings import Openings, in_opening, opening_lenders, openings
from relending.engine.others import other_errors
from relending.engine.outstanding import Outstanding, outstanding_block
from relending.engine.owed import Schedule
from relending.engine.plausibility import project_findings, rate_findings
from relending.engine.projects import usable_loans
from relending.engine.receipts import TABLE, Recorded, recorded
from relending.engine.receipts_entered import enter_receipts
from relending.engine.receipts_said import opening_findings, receipt_findings, set_aside_findings
from relending.engine.reconciliation import batches_frame, reconciliation_frame
from relending.engine.repricing import make_pricing, rate_on
from relending.engine.restatement import restated as restated_loans
from relending.engine.revisions import Revisions, revised_blocks, revision_errors, revisions
from relending.engine.screening import Screened, screen_block, screening_frame
from relending.engine.shares import share_test
from relending.engine.side import Side, at_rows, match_loans
from relending.findings import Findings, InputError
from relending.units import Ints, LimitError

MOST_LENDERS = 2000
"""More distinct lenders than this in one book are a mistake in the file, not banks."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a run as integer step frames, and every finding of the engine."""

    screening: pd.DataFrame
    attribution: pd.DataFrame
    draws: pd.DataFrame
    ledger: pd.DataFrame
    funding: pd.DataFrame
    disclosure: pd.DataFrame
    cost: pd.DataFrame
    findings: Findings
    reconciliation: pd.DataFrame | None = None
    batches: pd.DataFrame | None = None
    restatement: pd.DataFrame | None = None
    ineligible: pd.DataFrame | None = None
    part_funded: pd.DataFrame | None = None


@dataclass(slots=True)
class Work:
    """One block on its way through the steps."""

    block: Block
    error: Flags
    lender: Ints
    project: Ints
    schedule: Schedule
    screened: Screened
    record: Recorded
    opened: Flags
    requests: tuple[Requests, ...] = ()
    funding: tuple[BlockFunding, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """Blocks after the exchange of keys, checked and screened."""

    works: tuple[Work, ...]
    keys: Keys
    findings: tuple[Findings, ...]
    openings: Openings
    totals: Totals
    recording: bool
    revisions: Revisions | None
    side: Side


def run_blocks(
    frames: Iterable[pd.DataFrame],
    side: Side,
    context: Context,
    progress: Progress = lambda text: None,
) -> Tables:
    """Every table of a run from loan frames (blocks in order) and the tables beside them, by name.

    Raises InputError when no loan is usable, a prepayment names an unknown loan, or an own rate is missing;
    InvariantError when an identity fails.
    """
    progress("screening")
    prepared = prepare(frames, side, context)
    need = own_rate_findings(context, lenders_in_need(prepared))
    if need:
        raise InputError(Findings.concat([*prepared.findings, need]))
    progress("funding")
    where, names, said = fund_works(prepared, context)
    progress("disclosure")
    try:
        return _finish(prepared, where, names, context, [*prepared.findings, *said])
    except OverflowError as error:  # a figure of a table that no 64-bit integer holds
        raise LimitError(str(error)) from error


def lenders_in_need(prepared: Prepared) -> list[str]:
    """The lenders with an eligible or funded loan or an opening balance: the cost of their funds must be known."""
    have = {int(n) for w in prepared.works for n in np.unique(w.lender[w.screened.eligible])}
    have |= {int(n) for w in prepared.works for n in np.unique(w.lender[w.record.receipts.loan])}
    have |= {int(n) for covered in prepared.openings.covered for n in np.flatnonzero(covered)}
    return [prepared.keys.lenders[n] for n in sorted(have)]


def prepare(frames: Iterable[pd.DataFrame], side: Side, context: Context) -> Prepared:
    """Blocks with their keys exchanged, their schedules made, their loans set aside or screened."""
    all_frames = list(frames)
    kept = [f for f in all_frames if len(f)] or all_frames[:1]
    with ThreadPoolExecutor(1) as pool:
        numbered = pool.submit(exchange.number, kept)
        blocks = [make_block(frame) for frame in kept]
        keys = numbered.result()
    in_book = set(keys.lenders)
    keys = replace(keys, lenders=tuple(sorted(in_book.union(*_beginning(side, context)))))
    findings = [_too_many(keys), exchange.duplicate_findings(blocks, keys)]
    opened = openings(side, keys.lenders, in_book, context)
    totals = opening_totals(side, keys.lenders, in_book, context)
    wrong_rows = other_errors(side) + revision_errors(side)
    findings += [opened.findings, totals.findings, wrong_rows, _unknown_prepaid(side, keys)]
    stops = findings[0] or findings[-1] or wrong_rows or opened.findings.count("error") or totals.stops
    if stops:
        raise InputError(Findings.concat(findings))
    error: list[Flags] = []
    for block, duplicate in zip(blocks, keys.duplicate, strict=True):
        nobody = ~block.error & np.array([name is None for name in block.lenders], bool)[block.lender]
        findings.append(_at(block, "lender_missing", np.flatnonzero(nobody), column="lender"))
        error.append(block.error | duplicate | nobody)
    facts = loan_facts(blocks, keys, error, side)
    findings.append(facts.findings)
    error = [e | impossible for e, impossible in zip(error, facts.impossible, strict=True)]
    applied, unclear, said = recorded(
        blocks, keys, error, side, opened.covered, [lender_numbers(b, keys) for b in blocks], context
    )
    findings.append(said)
    error = [e | wrong for e, wrong in zip(error, unclear, strict=True)]
    contracts = contract_test(blocks, keys, error, context.end)
    findings.append(contracts.findings)
    error = [e | over for e, over in zip(error, contracts.over, strict=True)]
    revised, said = revisions(side, keys)
    findings.append(said)
    blocks, said = revised_blocks(blocks, keys, error, revised)
    findings.append(said)
    shares = share_test(blocks, keys, error, side, context.end)
    findings.append(shares.findings)
    error = [e | over for e, over in zip(error, shares.over, strict=True)]
    applied = tuple(a.without(e) for a, e in zip(applied, error, strict=True))
    findings += [_after_end(b, e, context) for b, e in zip(blocks, error, strict=True)]
    if all(e.all() for e in error):
        raise InputError(Findings.concat([*findings, Findings.one("no_usable_loan")]))
    works = []
    spoken: set[int] = set()
    usable = usable_loans(blocks, keys, error)
    with ThreadPoolExecutor(2) as pool:
        # they read what screening reads and write nothing it uses
        unusual = pool.submit(project_findings, blocks, keys, usable, context.end)
        twice = pool.submit(double_findings, blocks, keys, usable)
        for i, block in enumerate(blocks):
            screened, said = screen_block(block, error[i], context)
            findings += [said, rate_findings(block, screened.facility, context, spoken)]
            findings += [small_findings(block, error[i]), evidence_findings(block, screened)]
            if TABLE in side:
                findings.append(receipt_findings(side[TABLE], block, applied[i], fits(screened, applied[i]), context))
            lender, nothing = lender_numbers(block, keys), np.zeros(len(block), bool)
            works.append(
                Work(block, error[i], lender, keys.project[i], facts.schedules[i], screened, applied[i], nothing)
            )
        findings += [unusual.result(), twice.result()]
    others = [e & ~u for e, u in zip(error, unclear, strict=True)]
    findings.append(set_aside_findings(side, keys, others))
    return Prepared(tuple(works), keys, tuple(findings), opened, totals, TABLE in side, revised, side)


def _beginning(side: Side, context: Context) -> tuple[list[str], list[str]]:
    """The lenders that what a run begins with names: balances, and disclosed totals."""
    return opening_lenders(side, context), totals_lenders(side, context)


def _unknown_prepaid(side: Side, keys: Keys) -> Findings:
    """An error for each prepayment of a loan that no block has: the file speaks of another book."""
    _, unknown = match_loans(side.get("prepayments"), keys)
    return at_rows(side["prepayments"], "unknown_prepayment_loan", unknown, "loan_id") if unknown.size else Findings()


def _at(block: Block, code: str, rows: Ints, **what: Any) -> Findings:
    return Findings.of(code, int(rows.size), **block.place(rows), **what) if rows.size else Findings()


def fund_works(prepared: Prepared, context: Context) -> tuple[list[Position], Names, list[Findings]]:
    """Fund every facility; the works keep their draws, the positions (legs, events) of every lender come back, and the
    names of the tranches."""
    works, keys = prepared.works, prepared.keys
    funded = [_fund_one(prepared, f, context) for f in range(len(context.facilities))]
    tranches = [t for t, _ in funded]
    where = positions(tranches, keys.lenders, context)
    check_tranches(tranches, keys.lenders, context)
    check_positions(where, tranches, context)
    for f, rules in enumerate(context.facilities):
        for w in works:
            check_draws(w.block, w.funding[f], rules.id, keys.lenders)
    return where, tranche_names(where, tranches), [said for _, said in funded]


def _too_many(keys: Keys) -> Findings:
    if len(keys.lenders) <= MOST_LENDERS:
        return Findings()
    return Findings.one("too_many_lenders", column="lender", found=len(keys.lenders), expected=f"<= {MOST_LENDERS}")


def _after_end(block: Block, error: Flags, context: Context) -> Findings:
    rows = np.flatnonzero(~error & (block.disbursed > context.end))
    found = [iso(int(d)) for d in block.disbursed[rows]]
    return _at(block, "after_end", rows, column="disbursed", found=found, expected=f"<= {iso(context.end)}")


def _fund_one(prepared: Prepared, f: int, context: Context) -> tuple[tuple[Tranche, ...], Findings]:
    """Fund one facility over all blocks."""
    rules, opening, lenders = context.facilities[f], prepared.openings, prepared.keys.lenders
    immediate = any(v.value == "immediate" for v in rules["on_prepayment"].values)
    covered = opening.covered[f]
    findings = []
    inside = np.zeros(len(lenders), np.int64)
    for w in prepared.works:
        simulated = w.screened.eligible & (w.screened.facility == f) & ~w.record.follows
        rows = np.flatnonzero(simulated & (w.block.disbursed <= context.end))
        requests = make_requests(w.block, rows, rules, w.schedule)
        before = in_opening(covered, w.lender[requests.loan], requests.day, context) & (requests.amount > 0)
        side = block_funding(w.block, w.schedule, w.lender, requests, context.end, immediate, before)
        opened = enter_receipts(side, w.record.receipts, f, rules, covered, context)
        opened = np.unique(np.concatenate([opened, requests.loan[before]]))
        w.opened[opened] = True
        np.add.at(inside, w.lender[opened], 1)
        w.requests += (requests,)
        w.funding += (side,)
        found = [f"0.00 ({iso(int(d))})" for d in requests.repaid_day]
        findings.append(
            _at(w.block, "repaid_before_draw", requests.repaid, column="matures", found=found, expected="> 0")
        )
        lost = [iso(int(d)) for d in w.block.ineligible[requests.lost]]
        findings.append(_at(w.block, "ineligible_before_draw", requests.lost, column="ineligible_from", found=lost))
    for lender in np.flatnonzero(covered & (inside == 0)).tolist():
        findings.append(Findings.one("opening_cost", column="opening_tranches", found=f"{rules.id} {lenders[lender]}"))
    for lender in np.flatnonzero(inside).tolist():
        found_there = f"{rules.id} {lenders[lender]}: {int(inside[lender]):,}"
        findings.append(Findings.one("in_opening", column="opening_tranches", found=found_there))
    funding = [w.funding[f] for w in prepared.works]
    settled = settle(rules, funding, len(lenders), context.end, opening.tranches[f])
    if any(v.value == "following" for v in rules["business_day"].values):
        days = {d for t in settled.tranches for d in (t.day, *t.due) if d <= context.end}
        findings.append(calendar_findings(days))
    return settled.tranches, Findings.concat([*findings, settled.findings])


@dataclass(frozen=True, slots=True)
class Done:
    """What one block gives at the end, beside what its loans owe: its loan-level tables and its partials."""

    screening: pd.DataFrame
    attribution: pd.DataFrame
    draws: pd.DataFrame
    disclosed: Disclosed
    lent: Ints
    drew: Ints
    batches: pd.DataFrame | None
    restatement: pd.DataFrame | None
    ineligible: pd.DataFrame | None
    part_funded: pd.DataFrame | None
    covered: Mapping[Place, int]
    findings: Findings


def _finish(
    prepared: Prepared, where: Sequence[Position], names: Names, context: Context, findings: Sequence[Findings]
) -> Tables:
    works, keys = prepared.works, prepared.keys
    grid = make_grid(context, len(keys.lenders))
    done: list[Done] = []
    outstanding: Outstanding | None = None
    for w in works:
        one, owed = finish_block(w, grid, prepared, names, context)
        done.append(one)
        # daily balances of thousands of lenders are large: of the blocks only their sum is kept
        outstanding = owed if outstanding is None else outstanding.merge(owed)
    assert outstanding is not None, "there is a block, be it empty"
    disclosed = reduce(Disclosed.merge, [d.disclosed for d in done])
    lent, drew = (reduce(np.minimum, [getattr(d, name) for d in done]) for name in ("lent", "drew"))

    numbers = project_numbers(prepared.totals.ids(), [w.block.frame for w in works], keys.project)
    shown = disclosure_frame(grid, disclosed, keys.lenders, context, prepared.totals, numbers)
    filed, in_part = join_some(d.batches for d in done), join_some(d.part_funded for d in done)

    def marked(frame: pd.DataFrame, since: Ints) -> pd.DataFrame:
        return with_basis(frame, since, prepared.recording, keys.lenders, context)

    return Tables(
        screening=join_frames([d.screening for d in done]),
        attribution=join_frames([d.attribution for d in done]),
        draws=join_frames([d.draws for d in done]),
        ledger=ledger_frame(where, keys.lenders, context),
        funding=marked(funding_frame(where, keys.lenders, context), drew),
        disclosure=marked(shown, lent),
        cost=marked(cost_frame(outstanding, where, keys.lenders, context), lent),
        findings=Findings.concat(
            [
                *findings,
                *(d.findings for d in done),
                unclaimed_findings(in_part, context),
                covered_findings([d.covered for d in done], keys.lenders, context),
            ]
        ),
        ineligible=join_some(d.ineligible for d in done),
        part_funded=in_part,
        reconciliation=None if filed is None else reconciliation_frame(filed, context),
        batches=filed,
        restatement=join_some(d.restatement for d in done),
    )


def finish_block(w: Work, grid: Grid, prepared: Prepared, names: Names, context: Context) -> tuple[Done, Outstanding]:
    """Loan-level tables and partials of one block after funding, and what its loans owe day by day."""
    block, keys, receipts = w.block, prepared.keys, w.record.receipts
    attributed = attribute_block(block)
    result = outcome(block, w.screened, w.error, w.requests, w.funding, context, w.record, w.opened)
    loan = np.flatnonzero(result.supported)
    of = facility_of(block, w.screened, w.record, context)
    facility, lender = of[loan], w.lender[loan]
    rate = block.rate[loan]
    pricing, said = None, Findings()
    if "current" in (context.rate_basis, context.loan_rates):
        pricing, said = make_pricing(block, of, loan, context)
    reduction = np.where(attributed.has_reduction, attributed.reduction, 0)[loan]
    pair = lender * len(context.facilities) + facility
    pairs = len(keys.lenders) * len(context.facilities)
    simulated = ~(w.record.decided | w.opened)[loan]
    quarter, code = cells(block.disbursed[loan], block.sector[loan], block.sectors, facility, grid, context)
    leaves = leaving_quarters(block, loan, facility, context)
    drawn = drawn_by(block, w.funding, receipts, result.held_from, context.end)
    claims = part_funded(block, loan, facility, drawn, context)
    # cost is of whole loans: only the disclosure may count a part of one
    issued, brings = claims.counted(block.principal[loan], reduction, context)
    cell, current = grid.cell(lender, facility, quarter, code), None
    if pricing is not None and context.rate_basis == "current":
        rates = partial(rate_on, pricing, loan)
        current = weigh_current(grid, context, cell, issued, rates, restated(leaves, context), prepared.totals.through)
    with ThreadPoolExecutor(1) as pool:
        # the two halves of the work share nothing they write; numpy and Arrow release the lock in their loops
        outstanding = pool.submit(
            outstanding_block,
            context,
            w.schedule,
            loan,
            pair,
            pairs,
            rate,
            reduction,
            result.held_from[loan],
            result.held_until[loan],
            result.gaps,
            pricing if context.loan_rates == "current" else None,
        )
        done = Done(
            screening=screening_frame(block, w.screened, context),
            attribution=attribution_frame(
                block, of, attributed, result, basis_of(w.record, w.error | w.opened, prepared.recording), context
            ),
            draws=draws_frame(block, w.requests, w.funding, receipts, w.lender, keys.lenders, names, context, result),
            disclosed=disclose_block(
                grid,
                cell,
                w.project[loan],
                issued,
                rate,
                brings,
                restated(leaves, context),
                current,
            ),
            lent=first_simulated(quarter[simulated], pair[simulated], pairs),
            drew=_first_draws(loan[simulated], pair[simulated], pairs, result),
            batches=(
                batches_frame(
                    block,
                    w.record,
                    fits(w.screened, w.record),
                    of,
                    w.lender,
                    w.error,
                    prepared.side[TABLE],
                    keys.lenders,
                    context,
                )
                if prepared.recording
                else None
            ),
            restatement=(
                None
                if prepared.revisions is None
                else restated_loans(
                    block,
                    prepared.revisions,
                    prepared.side,
                    w.project,
                    w.error,
                    attributed,
                    result.supported,
                    of,
                    context,
                )
            ),
            ineligible=ineligible_frame(block, loan, facility, quarter, leaves, attributed, context),
            part_funded=part_funded_frame(block, loan, facility, quarter, claims, attributed, context),
            covered=covered_loans(prepared.totals, lender, facility, quarter),
            findings=said
            + ineligible_findings(block, loan, lender, facility, quarter, leaves, prepared.totals, context)
            + _beginning_findings(w, loan, lender, facility, quarter, prepared, context),
        )
        return done, outstanding.result()


def _beginning_findings(
    w: Work, loan: Ints, lender: Ints, facility: Ints, quarter: Ints, prepared: Prepared, context: Context
) -> Findings:
    """Where the record and what the run begins with do not fit."""
    if not prepared.recording:
        return Findings()
    held = np.zeros(len(w.block), bool)
    for (who, f, _), last in prepared.totals.through.items():
        held[loan[(lender == who) & (facility == f) & (quarter <= last)]] = True
    days = {f: {t.day for t in tranches} for f, tranches in enumerate(prepared.openings.tranches)}
    return opening_findings(prepared.side[TABLE], w.record, w.opened, held, days, context)


def _first_draws(loan: Ints, pair: Ints, pairs: int, result: Outcome) -> Ints:
    """The first quarter in which simulated loans of each lender and facility draw."""
    drew = result.held_from[loan] != NEVER
    return first_simulated(quarter_of(result.held_from[loan[drew]]), pair[drew], pairs)
