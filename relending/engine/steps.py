"""The steps of the main job, one by one, for notebooks: plain functions over step frames.

    loans -> screen -> fund -> attribute -> disclose, cost

Each takes the loan frame of :func:`relending.read_book` and what the steps before it gave; a :class:`Context` (from
``relending.load_scenario(...).context()``) holds the rules. ``relending.run`` does the same over blocks of any size.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.dates import to_day
from relending.engine.columns import codes, days, frame_of, ints, join_frames, whole
from relending.engine.context import Context
from relending.engine.cost import check_own_rates, cost_frame
from relending.engine.disclosure import disclose_block, disclosure_frame, disclosure_quarters, make_grid
from relending.engine.ledger import Position, funding_frame, ledger_frame
from relending.engine.loanfiles import draws_frame, outcome
from relending.engine.pipeline import Work, finish_block, fund_works, prepare
from relending.engine.screening import NONE, Screened, screening_frame
from relending.findings import Findings


@dataclass(frozen=True, slots=True)
class Funded:
    """What funding gives: draws, ledger and funding series as step frames, and every lender's position."""

    draws: pd.DataFrame
    ledger: pd.DataFrame
    funding: pd.DataFrame
    findings: Findings
    positions: tuple[Position, ...]
    work: Work
    lenders: tuple[str, ...]


def screen(loans: pd.DataFrame, context: Context, prepayments: pd.DataFrame | None = None) -> pd.DataFrame:
    """Screen loans: one row a loan with loan_id, facility, eligible, reasons (design section 6)."""
    prepared = prepare([loans], prepayments, context)
    return join_frames([screening_frame(w.block, w.screened, context) for w in prepared.works])


def schedule(
    loans: pd.DataFrame, dates: Sequence[dt.date], context: Context, prepayments: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What each loan owes at the end of each date: loan_id, date, outstanding_fen (null for loans set aside)."""
    work = prepare([loans], prepayments, context).works[0]
    usable = np.flatnonzero(~work.error)
    parts = []
    for date in dates:
        owed = np.zeros(len(work.block), np.int64)
        owed[usable] = work.schedule.outstanding(usable, to_day(date))
        parts.append(
            frame_of(
                {
                    "loan_id": work.block.loan_id,
                    "date": days(np.full(len(work.block), to_day(date))),
                    "outstanding_fen": whole(owed, ~work.error),
                }
            )
        )
    return join_frames(parts)


def fund(
    loans: pd.DataFrame, screening: pd.DataFrame, context: Context, prepayments: pd.DataFrame | None = None
) -> Funded:
    """Draw, roll over and repay for the loans that ``screening`` calls eligible (design section 7)."""
    prepared = prepare([loans], prepayments, context)
    work = prepared.works[0]
    work.screened = _screened(screening, context)
    where, findings = fund_works([work], prepared.keys, context)
    lenders = prepared.keys.lenders
    result = outcome(work.block, work.screened, work.error, work.requests, work.funding, context)
    return Funded(
        draws=draws_frame(work.block, work.requests, work.funding, work.lender, lenders, context, result),
        ledger=ledger_frame(where, lenders, context),
        funding=funding_frame(where, lenders, context),
        findings=Findings.concat([*prepared.findings, *findings]),
        positions=tuple(where),
        work=work,
        lenders=lenders,
    )


def _screened(screening: pd.DataFrame, context: Context) -> Screened:
    place = {f.id: i for i, f in enumerate(context.facilities)}
    which, names = codes(screening, "facility")
    eligible, _ = ints(screening, "eligible")
    facility = np.array([place.get(n or "", NONE) for n in names], np.int64)[which]
    return Screened(facility, np.where(eligible.astype(bool), 0, 1))


def attribute(funded: Funded, context: Context) -> pd.DataFrame:
    """Share and annual reduction of every loan, with support and state (design section 8)."""
    keys = prepare([funded.work.block.frame], None, context).keys
    return finish_block(funded.work, make_grid(context, len(funded.lenders)), keys, context).attribution


def disclose(attribution: pd.DataFrame, context: Context) -> pd.DataFrame:
    """The disclosure table from attribution alone: projects, amount, weighted rate, reduction (design section 8)."""
    supported = attribution[attribution["supported"].to_numpy(dtype=bool)]
    _which, names = codes(attribution, "lender")
    lenders = sorted({n for n in names if n is not None})
    order = {n: i for i, n in enumerate(lenders)}
    who, names = codes(supported, "lender")
    lender = np.array([order.get(n or "", 0) for n in names], np.int64)[who]
    project = codes(supported, "project_id")[0].astype(np.int64)
    facility = _screened(
        pd.DataFrame({"facility": supported["facility"], "eligible": supported["supported"]}), context
    ).facility
    sector, names = codes(supported, "sector")
    disbursed, _ = ints(supported, "disbursed")
    grid = make_grid(context, len(lenders))
    quarter, code = np.zeros(len(supported), np.int64), np.zeros(len(supported), np.int64)
    for f, rules in enumerate(context.facilities):
        mine = np.flatnonzero(facility == f)
        place = {c: i for i, c in enumerate(grid.codes[f])}
        quarter[mine] = disclosure_quarters(disbursed[mine], rules)
        code[mine] = np.array([place.get(n or "", len(place)) for n in names], np.int64)[sector[mine]]
    partial = disclose_block(
        grid,
        grid.cell(lender, facility, quarter, code),
        project,
        *(ints(supported, c)[0] for c in ("principal_fen", "rate_ppm", "reduction_g")),
    )
    return disclosure_frame(grid, partial, lenders, context)


def cost(funded: Funded, context: Context) -> pd.DataFrame:
    """The cost series: blended cost, margin, interest saved, cost per tonne (design section 9)."""
    check_own_rates(context, funded.lenders)
    keys = prepare([funded.work.block.frame], None, context).keys
    done = finish_block(funded.work, make_grid(context, len(funded.lenders)), keys, context)
    return cost_frame(done.outstanding, funded.positions, funded.lenders, context)


__all__ = ["Funded", "attribute", "cost", "disclose", "fund", "schedule", "screen"]
