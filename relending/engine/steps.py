"""The steps of the main job, one by one, for notebooks: plain functions over step frames.

    loans -> screen -> fund -> attribute -> disclose, cost

Each takes the loan frame of :func:`relending.read_book` and what the steps before it gave; a :class:`Context` (from
``relending.load_scenario(...).context()``) holds the rules. ``relending.run`` does the same over blocks of any size.

>>> import relending as rl
>>> scenario = rl.load_scenario("demo")
>>> book, context = rl.read_book(scenario.book), scenario.context()
>>> screening = rl.screen(book.loans, context, book.side)
>>> int(screening["eligible"].sum())
57
>>> funded = rl.fund(book.loans, screening, context, book.side)
>>> len(funded.draws), len(rl.cost(funded, context))
(56, 88)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import to_day
from relending.engine.basis import RECORDED, SIMULATED, first_simulated, with_basis
from relending.engine.claims import FUNDED
from relending.engine.columns import arrow, codes, days, frame_of, ints, join_frames, take, whole
from relending.engine.context import Context
from relending.engine.cost import cost_frame, own_rate_findings
from relending.engine.disclosure import cells, disclose_block, disclosure_frame, make_grid
from relending.engine.fundworks import fund_works
from relending.engine.ineligible import RESTATED
from relending.engine.ledger import Position, funding_frame, ledger_frame
from relending.engine.loanfiles import Names, draws_frame, outcome
from relending.engine.opening_totals import opening_totals, totals_lenders
from relending.engine.outstanding import Outstanding
from relending.engine.pipeline import Done, finish_block
from relending.engine.prepare import Prepared, Work, prepare
from relending.engine.screening import NONE, Screened, screening_frame
from relending.findings import Findings, InputError
from relending.units import Ints

Beside: TypeAlias = Mapping[str, pd.DataFrame] | pd.DataFrame | None
"""Tables beside the loans by name, as ``Book.side`` has them; or prepayments alone."""


@dataclass(frozen=True, slots=True)
class Funded:
    """What funding gives: draws, ledger and funding series as step frames, and what the later steps need."""

    draws: pd.DataFrame
    ledger: pd.DataFrame
    funding: pd.DataFrame
    findings: Findings
    positions: tuple[Position, ...]
    work: Work
    prepared: Prepared
    names: Names


def screen(loans: pd.DataFrame, context: Context, side: Beside = None) -> pd.DataFrame:
    """Screen loans (design section 6): one row a loan, in their order. Columns: loan_id, facility, eligible, reasons.

    ``side`` are the tables beside the loans by name (``Book.side``), or prepayments alone.
    Raises InputError when no loan is usable or a prepayment names an unknown loan; ValueError for a frame that is not
    a loan frame.
    """
    return join_frames([screening_frame(w.block, w.screened, context) for w in _prepared(loans, context, side).works])


def schedule(loans: pd.DataFrame, dates: Sequence[dt.date], context: Context, side: Beside = None) -> pd.DataFrame:
    """What each loan owes at the end of each date. Columns: loan_id, date, outstanding_fen (null for loans set aside).

    One row a loan and date: every loan for the first date, then for the next.
    """
    work = _prepared(loans, context, side).works[0]
    usable = np.flatnonzero(~work.error)
    parts = []
    for date in dates:
        owed = np.zeros(len(work.block), np.int64)
        owed[usable] = work.schedule.outstanding(usable, to_day(date))
        on = days(np.full(len(work.block), to_day(date)))
        columns = {"loan_id": work.block.loan_id, "date": on, "outstanding_fen": whole(owed, ~work.error)}
        parts.append(frame_of(columns))
    return join_frames(parts)


def fund(loans: pd.DataFrame, screening: pd.DataFrame, context: Context, side: Beside = None) -> Funded:
    """Draw, roll over and repay for the loans that ``screening`` calls eligible (design section 7).

    ``screening`` has the rows of ``loans`` in their order; what it calls eligible may be changed, but a loan set aside
    for an error is never funded. Raises ValueError for other rows or an unknown facility.
    """
    prepared = _prepared(loans, context, side)
    work = prepared.works[0]
    if not arrow(screening, "loan_id").equals(work.block.loan_id):
        raise ValueError("screening must have the rows of loans, in their order")
    eligible = ints(screening, "eligible")[0].astype(bool) & ~work.error
    facility = _facilities(screening, context)
    if (eligible & (facility == NONE)).any():
        raise ValueError("screening calls a loan eligible but names no facility of the scenario")
    work.screened = Screened(facility, np.where(eligible, 0, 1))
    where, names, findings = fund_works(prepared, context)
    lenders = prepared.keys.lenders
    receipts = work.record.receipts
    result = outcome(
        work.block, work.screened, work.error, work.requests, work.funding, context, work.record, work.opened
    )
    funded = Funded(
        draws=draws_frame(
            work.block, work.requests, work.funding, receipts, work.lender, lenders, names, context, result
        ),
        ledger=ledger_frame(where, lenders, context),
        funding=funding_frame(where, lenders, context),
        findings=Findings.concat([*prepared.findings, *findings]),
        positions=tuple(where),
        work=work,
        prepared=prepared,
        names=names,
    )
    drew = _finished(funded, context)[0].drew
    return replace(funded, funding=with_basis(funded.funding, drew, prepared.recording, lenders, context))


def attribute(funded: Funded, context: Context) -> pd.DataFrame:
    """Share and annual reduction of every loan, with support and state (design section 8): one row a loan.

    Columns: loan_id, lender, facility, field, sector, project_id, contract_id, disbursed, principal_fen, rate_ppm,
    share_e8, reduction_g, supported, state.
    """
    return _finished(funded, context)[0].attribution


def disclose(attribution: pd.DataFrame, context: Context, side: Beside = None) -> pd.DataFrame:
    """The disclosure table from attribution alone (design section 8): a row a lender, facility, quarter, horizon, code.

    Columns: lender, facility, quarter, horizon, level, code, projects, amount_fen, weighted_rate_e8, reduction_g.
    Of ``side`` it needs the opening totals. Raises InputError where they cannot be; ValueError under ``rate_basis =
    "current"``, ``ineligible = "restated"`` and ``claim = "funded"``: attribution holds neither the rates, the days nor
    the draws for it, ``relending.run`` has them. Without a claim loans count whole, as under ``"full"``.
    """
    if context.rate_basis != "issue":
        raise ValueError('disclose weighs the rate at issue; for rate_basis = "current" use relending.run')
    if context.ineligible == RESTATED:
        raise ValueError('disclose does not know when loans left; for ineligible = "restated" use relending.run')
    if context.claim == FUNDED:
        raise ValueError('disclose does not know what was drawn; for claim = "funded" use relending.run')
    supported = attribution[ints(attribution, "supported")[0].astype(bool)]
    beside = _tables(side)
    in_book = {n for n in codes(attribution, "lender")[1] if n is not None}
    lenders = sorted(in_book.union(totals_lenders(beside, context)))
    totals = opening_totals(beside, lenders, in_book, context)
    if totals.stops:
        raise InputError(totals.findings)
    order = {n: i for i, n in enumerate(lenders)}
    who, names = codes(supported, "lender")
    lender = np.array([order.get(n or "", 0) for n in names], np.int64)[who]
    facility = _facilities(supported, context)
    sector, names = codes(supported, "sector")
    grid = make_grid(context, len(lenders))
    quarter, code = cells(ints(supported, "disbursed")[0], sector, names, facility, grid, context)
    project, ids = codes(supported, "project_id")
    partial = disclose_block(
        grid,
        grid.cell(lender, facility, quarter, code),
        project.astype(np.int64),
        *(ints(supported, c)[0] for c in ("principal_fen", "rate_ppm", "reduction_g")),
    )
    kind, names = codes(supported, "basis")
    simulated = np.array([n == SIMULATED for n in names], bool)[kind]
    pair = lender * len(context.facilities) + facility
    since = first_simulated(quarter[simulated], pair[simulated], len(lenders) * len(context.facilities))
    recording = RECORDED in codes(attribution, "basis")[1]
    numbers = {name: i for i, name in enumerate(ids) if name is not None}
    shown = disclosure_frame(grid, partial, lenders, context, totals, numbers)
    return with_basis(shown, since, recording, tuple(lenders), context)


def cost(funded: Funded, context: Context) -> pd.DataFrame:
    """The cost series (design section 9): one row a quarter, lender and facility.

    Columns: quarter, lender, facility, loans_outstanding_fen, facility_balance_fen, loan_yield_e8, facility_rate_e8,
    own_rate_ppm, blended_cost_e8, margin_e8, interest_saved_fen, reduction_g, reduction_in_balance_g,
    subsidy_per_tonne_e6, and by daily balances average_loans_fen, average_balance_fen, loan_interest_fen,
    facility_interest_fen, own_funding_interest_fen, collateral_cost_fen, net_interest_fen, nim_effect_bp_e6,
    reference_rate_ppm, interest_saved_reference_fen. Raises InputError where a lender with eligible loans has no own
    rate.
    """
    missing = own_rate_findings(context, [funded.prepared.keys.lenders[p.lender] for p in funded.positions if p.legs])
    if missing:
        raise InputError(missing)
    (done, owed), prepared = _finished(funded, context), funded.prepared
    frame = cost_frame(owed, funded.positions, prepared.keys.lenders, context)
    return with_basis(frame, done.lent, prepared.recording, prepared.keys.lenders, context)


def _finished(funded: Funded, context: Context) -> tuple[Done, Outstanding]:
    return finish_block(
        funded.work, make_grid(context, len(funded.prepared.keys.lenders)), funded.prepared, funded.names, context
    )


def _prepared(loans: pd.DataFrame, context: Context, side: Beside) -> Prepared:
    """One block of all loans, its lenders named as the scenario names them."""
    missing = [c for c in ("loan_id", "principal_fen", "rate_ppm", "disbursed", "matures", "sector") if c not in loans]
    if missing:
        raise ValueError(f"not a loan frame of read_book: columns missing {missing}")
    if "data_error" not in loans:
        loans = loans.assign(data_error=pd.array([False] * len(loans), pd.ArrowDtype(pa.bool_())))
    index, names = codes(loans, "lender")
    ids = [context.lender_id(name) for name in names]
    if ids != names:
        loans = loans.assign(lender=pd.array(take(ids, index), pd.ArrowDtype(pa.string())))
    return prepare([loans.reset_index(drop=True)], _tables(side), context)


def _tables(side: Beside) -> Mapping[str, pd.DataFrame]:
    if side is None:
        return {}
    return {"prepayments": side} if isinstance(side, pd.DataFrame) else side


def _facilities(frame: pd.DataFrame, context: Context) -> Ints:
    place = {f.id: i for i, f in enumerate(context.facilities)}
    which, names = codes(frame, "facility")
    unknown = sorted({n for n in names if n} - set(place))
    if unknown:
        raise ValueError(f"not a facility of the scenario: {unknown}")
    return np.array([place.get(n or "", NONE) for n in names], np.int64)[which]


__all__ = ["Funded", "attribute", "cost", "disclose", "fund", "schedule", "screen"]
