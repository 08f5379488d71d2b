"""What a book holds before any run: eligible or not with reasons, totals by field, what could be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from relending.dates import quarter_of
from relending.engine import opening_totals, openings
from relending.engine.applications import make_requests
from relending.engine.columns import ints
from relending.engine.context import Context
from relending.engine.prepare import Work, prepare
from relending.engine.screening import REASONS
from relending.findings import Findings
from relending.policy import Facility, lpr, sectors
from relending.units import total

DATA_ERROR = REASONS[0]


class BookLike(Protocol):
    """A book as read: blocks of loans and the tables beside them."""

    @property
    def blocks(self) -> Sequence[pd.DataFrame]: ...
    @property
    def loans(self) -> pd.DataFrame: ...
    @property
    def side(self) -> Mapping[str, pd.DataFrame]: ...


BEGINNING = (openings.TABLE, opening_totals.TABLE)
NAMED = 5
"""Loans named for each reason."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Counts and sums (fen): by reason (loans, principal), by field (loans, principal, draw), the total last.

    Loans with an error have no sum (None): their principal may be what is wrong. ``named`` are the first loans of each
    reason, with their file, sheet and row: ``JJ001 (book.xlsx 借据:26)``.
    """

    loans: int
    eligible: int
    reasons: Mapping[str, tuple[int, int | None]]
    by_field: Mapping[str, tuple[int, int, int]]
    named: Mapping[str, tuple[str, ...]]
    findings: Findings


def book_context(facilities: Sequence[Facility], lenders: Mapping[str, Any], book: BookLike) -> Context:
    """A context for a book alone: from its first to its last disbursement, no own rate."""
    day, there = ints(book.loans, "disbursed")
    known = day[there] if there.any() else np.zeros(1, np.int64)
    return Context(tuple(facilities), lenders, lpr(), {}, int(quarter_of(known.min())), int(quarter_of(known.max())))


def check_book(book: BookLike, context: Context) -> Checked:
    """Screen a book and size its draw, before quotas and without rollovers."""
    # what a run begins with is held against its first day, and a book alone has none
    side = {name: table for name, table in book.side.items() if name not in BEGINNING}
    prepared = prepare(book.blocks, side, context)
    counts: dict[str, int] = {}
    amounts: dict[str, int] = {}
    by_field: dict[str, tuple[int, int, int]] = {}
    named: dict[str, list[str]] = {}
    eligible = 0
    for w in prepared.works:
        eligible += int(w.screened.eligible.sum())
        for bit, reason in enumerate(REASONS):
            rows = np.flatnonzero(w.screened.reasons & (1 << bit))
            if rows.size:
                counts[reason] = counts.get(reason, 0) + rows.size
                amounts[reason] = amounts.get(reason, 0) + total(w.block.principal[rows])
                place = w.block.place(rows[:NAMED])
                found = zip(*(place[n].to_pylist() for n in ("loan", "file", "sheet", "row")), strict=True)
                named.setdefault(reason, []).extend(_named(*one) for one in found)
        _add_fields(by_field, w, context)
    if by_field:
        by_field["total"] = tuple(sum(v[i] for v in by_field.values()) for i in range(3))  # type: ignore[assignment]
    ordered = {r: (counts[r], None if r == DATA_ERROR else amounts[r]) for r in REASONS if r in counts}
    first = {r: tuple(named[r][:NAMED]) for r in ordered}
    loans = sum(len(w.block) for w in prepared.works)
    return Checked(loans, eligible, ordered, by_field, first, Findings.concat(prepared.findings))


def _named(loan: str | None, file: str | None, sheet: str | None, row: int | None) -> str:
    """A loan and its place; the sheet where the file has sheets."""
    where = f"{file} {sheet}" if sheet else file
    return f"{loan or ''} ({where}:{row})".strip()


def _add_fields(by_field: dict[str, tuple[int, int, int]], w: Work, context: Context) -> None:
    catalogue = sectors()
    names = [catalogue[s].field if s is not None and s in catalogue else "" for s in w.block.sectors]
    draw = np.zeros(len(w.block), np.int64)
    for f, rules in enumerate(context.facilities):
        rows = np.flatnonzero(w.screened.eligible & (w.screened.facility == f))
        requests = make_requests(w.block, rows, rules, w.schedule)
        draw[requests.loan] = requests.amount
    for name in dict.fromkeys(names):
        which = np.array([n == name for n in names], bool)[w.block.sector] & w.screened.eligible
        rows = np.flatnonzero(which)
        if rows.size:
            n, amount, asked = by_field.get(name, (0, 0, 0))
            by_field[name] = (n + int(rows.size), amount + total(w.block.principal[rows]), asked + total(draw[rows]))
