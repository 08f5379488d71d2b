"""From blocks of loans to the tables of a run: the steps in their order, and who needs what from whom.

A step is a pure function of (block, context). What no block can know comes from two exchanges (keys; quotas), and what
a block knows goes out as a partial that merges with others in any order. ``run_blocks`` maps the blocks in memory;
another driver could map them elsewhere and would get the same integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial, reduce

import numpy as np
import pandas as pd

from relending.dates import quarter_of
from relending.engine.attribution import attribute_block
from relending.engine.basis import first_simulated, with_basis
from relending.engine.block import NEVER
from relending.engine.carried import covered_findings, covered_loans, project_numbers
from relending.engine.claims import drawn_by, part_funded, part_funded_frame, unclaimed_findings
from relending.engine.columns import join_frames, join_some
from relending.engine.context import Context
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
from relending.engine.fundworks import fund_works
from relending.engine.ineligible import ineligible_findings, ineligible_frame, leaving_quarters, restated
from relending.engine.ledger import Position, funding_frame, ledger_frame
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
from relending.engine.opening_totals import Place
from relending.engine.outstanding import Outstanding, outstanding_block
from relending.engine.prepare import Prepared, Work, prepare
from relending.engine.receipts import TABLE
from relending.engine.receipts_said import opening_findings
from relending.engine.reconciliation import batches_frame, reconciliation_frame
from relending.engine.repricing import make_pricing, rate_on
from relending.engine.restatement import restated as restated_loans
from relending.engine.screening import screening_frame
from relending.engine.side import Side
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
        return finish(prepared, where, names, context, [*prepared.findings, *said])
    except OverflowError as error:  # a figure of a table that no 64-bit integer holds
        raise LimitError(str(error)) from error


def lenders_in_need(prepared: Prepared) -> list[str]:
    """The lenders with an eligible or funded loan or an opening balance: the cost of their funds must be known."""
    have = {int(n) for w in prepared.works for n in np.unique(w.lender[w.screened.eligible])}
    have |= {int(n) for w in prepared.works for n in np.unique(w.lender[w.record.receipts.loan])}
    have |= {int(n) for covered in prepared.openings.covered for n in np.flatnonzero(covered)}
    return [prepared.keys.lenders[n] for n in sorted(have)]


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


def finish(
    prepared: Prepared, where: Sequence[Position], names: Names, context: Context, findings: Sequence[Findings]
) -> Tables:
    """Every table of a run from its funded blocks; ``findings`` are those so far."""
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
