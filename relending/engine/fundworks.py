"""Every facility funded over all blocks 借用与展期: requests, receipts and openings in, positions and findings out."""

from __future__ import annotations

import numpy as np

from relending.dates import iso
from relending.engine.applications import make_requests
from relending.engine.calendar import calendar_findings
from relending.engine.cohorts import Tranche, block_funding
from relending.engine.context import Context
from relending.engine.funding import settle
from relending.engine.invariants import check_draws, check_positions, check_tranches
from relending.engine.ledger import Position, positions, tranche_names
from relending.engine.loanfiles import Names
from relending.engine.openings import in_opening
from relending.engine.prepare import Prepared, at_loans
from relending.engine.receipts_entered import enter_receipts
from relending.findings import Findings


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
            at_loans(w.block, "repaid_before_draw", requests.repaid, column="matures", found=found, expected="> 0")
        )
        lost = [iso(int(d)) for d in w.block.ineligible[requests.lost]]
        findings.append(
            at_loans(w.block, "ineligible_before_draw", requests.lost, column="ineligible_from", found=lost)
        )
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
