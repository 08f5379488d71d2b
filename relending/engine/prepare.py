"""Blocks made ready 准备: keys exchanged, what no policy decides checked, then screened.

``gather`` reads no rule of a facility that screening applies: what it gives serves every policy over the same book
(:mod:`relending.study` keeps it). ``screen`` applies the rules; ``prepare`` is one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from relending.dates import iso
from relending.engine import keys as exchange
from relending.engine.amounts import evidence_findings, small_findings
from relending.engine.applications import Requests
from relending.engine.block import Block, make_block
from relending.engine.cohorts import BlockFunding
from relending.engine.columns import Flags
from relending.engine.context import Context
from relending.engine.contracts import contract_test
from relending.engine.doubles import double_findings
from relending.engine.keys import Keys, lender_numbers
from relending.engine.loanfacts import loan_facts
from relending.engine.loanfiles import fits
from relending.engine.opening_totals import Totals, opening_totals, totals_lenders
from relending.engine.openings import Openings, opening_lenders, openings
from relending.engine.others import other_errors
from relending.engine.owed import Schedule
from relending.engine.plausibility import project_findings, rate_findings
from relending.engine.projects import usable_loans
from relending.engine.receipts import TABLE, Recorded, recorded
from relending.engine.receipts_said import receipt_findings, set_aside_findings
from relending.engine.revisions import Revisions, revised_blocks, revision_errors, revisions
from relending.engine.screening import Screened, screen_block
from relending.engine.shares import share_test
from relending.engine.side import Side, at_rows, match_loans
from relending.findings import Findings, InputError
from relending.units import Ints

MOST_LENDERS = 2000
"""More distinct lenders than this in one book are a mistake in the file, not banks."""


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


@dataclass(frozen=True, slots=True)
class Gathered:
    """Blocks after the exchange of keys, checked by every rule that is none of a facility's screening.

    ``error`` are the loans set aside, ``unclear`` those of them that the record of applications leaves unclear.
    """

    blocks: tuple[Block, ...]
    error: tuple[Flags, ...]
    unclear: tuple[Flags, ...]
    schedules: tuple[Schedule, ...]
    applied: tuple[Recorded, ...]
    lender: tuple[Ints, ...]
    keys: Keys
    findings: tuple[Findings, ...]
    openings: Openings
    totals: Totals
    revisions: Revisions | None
    side: Side

    def work(self, i: int, screened: Screened) -> Work:
        """The i-th block, screened, ready for funding."""
        block = self.blocks[i]
        return Work(
            block,
            self.error[i],
            self.lender[i],
            self.keys.project[i],
            self.schedules[i],
            screened,
            self.applied[i],
            np.zeros(len(block), bool),
        )

    def prepared(self, works: Sequence[Work], findings: Sequence[Findings]) -> Prepared:
        """The blocks as funding takes them."""
        return Prepared(
            tuple(works),
            self.keys,
            tuple(findings),
            self.openings,
            self.totals,
            TABLE in self.side,
            self.revisions,
            self.side,
        )


def gather(frames: Iterable[pd.DataFrame], side: Side, context: Context) -> Gathered:
    """Blocks with their keys exchanged, their schedules made and what is wrong with them set aside.

    Raises InputError where the book stops the run (no usable loan, side tables that speak of another book).
    """
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
        findings.append(at_loans(block, "lender_missing", np.flatnonzero(nobody), column="lender"))
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
    return Gathered(
        tuple(blocks),
        tuple(error),
        tuple(unclear),
        tuple(facts.schedules),
        applied,
        tuple(lender_numbers(b, keys) for b in blocks),
        keys,
        tuple(findings),
        opened,
        totals,
        revised,
        side,
    )


def screen(gathered: Gathered, context: Context) -> Prepared:
    """The blocks screened, with every finding so far."""
    side, keys, blocks, error = gathered.side, gathered.keys, gathered.blocks, gathered.error
    findings = list(gathered.findings)
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
                record = gathered.applied[i]
                findings.append(receipt_findings(side[TABLE], block, record, fits(screened, record), context))
            works.append(gathered.work(i, screened))
        findings += [unusual.result(), twice.result()]
    others = [e & ~u for e, u in zip(error, gathered.unclear, strict=True)]
    findings.append(set_aside_findings(side, keys, others))
    return gathered.prepared(works, findings)


def prepare(frames: Iterable[pd.DataFrame], side: Side, context: Context) -> Prepared:
    """Blocks with their keys exchanged, their schedules made, their loans set aside or screened."""
    return screen(gather(frames, side, context), context)


def _beginning(side: Side, context: Context) -> tuple[list[str], list[str]]:
    """The lenders that what a run begins with names: balances, and disclosed totals."""
    return opening_lenders(side, context), totals_lenders(side, context)


def _unknown_prepaid(side: Side, keys: Keys) -> Findings:
    """An error for each prepayment of a loan that no block has: the file speaks of another book."""
    _, unknown = match_loans(side.get("prepayments"), keys)
    return at_rows(side["prepayments"], "unknown_prepayment_loan", unknown, "loan_id") if unknown.size else Findings()


def at_loans(block: Block, code: str, rows: Ints, **what: Any) -> Findings:
    """Findings of one code about some loans of a block, each at its place; nothing where there are none."""
    return Findings.of(code, int(rows.size), **block.place(rows), **what) if rows.size else Findings()


def _too_many(keys: Keys) -> Findings:
    if len(keys.lenders) <= MOST_LENDERS:
        return Findings()
    return Findings.one("too_many_lenders", column="lender", found=len(keys.lenders), expected=f"<= {MOST_LENDERS}")


def _after_end(block: Block, error: Flags, context: Context) -> Findings:
    rows = np.flatnonzero(~error & (block.disbursed > context.end))
    found = [iso(int(d)) for d in block.disbursed[rows]]
    return at_loans(block, "after_end", rows, column="disbursed", found=found, expected=f"<= {iso(context.end)}")
