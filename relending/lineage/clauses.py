"""The clauses behind a figure 条款: which dated values of a facility decided that its loans are in a cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relending.dates import to_day
from relending.engine.context import Context
from relending.policy import ALWAYS, PARAMETERS, SCENARIO, DatedValue, Facility
from relending.policy.show import value_text
from relending.units import Ints

DECIDING = (
    *("window", "ratio", "loan_rate_limit", "tolerance", "loan_rate_cap", "lpr_1y_up_to_months", "min_term_months"),
    *("borrower_types", "evidence_required", "disclosure_required"),
)
"""The parameters that decide whether a loan is in a cell, beside the lists of sectors and lenders."""
SECTORS, LENDERS = "sectors", "lenders"


@dataclass(frozen=True, slots=True)
class Clause:
    """A value of the rules: the parameter (or sectors, lenders), what it says, from when, how sure, where written.

    ``since`` is None where the value holds from the beginning. ``entry`` has source, status and date of the last check.
    """

    parameter: str
    value: str
    since: dt.date | None
    entry: Any


def clauses(
    rules: Facility, context: Context, lender: str, days: Ints, sectors: Sequence[str], lang: str
) -> list[Clause]:
    """The clauses by which loans disbursed on these days in these sectors are in a cell of this lender."""
    if not days.size:
        return []
    return [*_sectors(rules, sectors), *_lender(rules, context, lender), *_values(rules, days, DECIDING, lang)]


def all_clauses(rules: Facility, context: Context, lender: str, days: Ints, until: int, lang: str) -> list[Clause]:
    """Every value of a facility in force between the first of these days and the day ``until``."""
    first = int(days.min()) if days.size else until
    span = np.unique([first, until, *_starts(rules, first, until)])
    return [*_sectors(rules, rules.codes()), *_lender(rules, context, lender), *_values(rules, span, (), lang)]


def _starts(rules: Facility, first: int, until: int) -> list[int]:
    starts = [v.start for d in rules.parameters.values() for v in d.values if v.start != ALWAYS]
    return [day for day in map(to_day, starts) if first <= day <= until]


def _since(start: dt.date) -> dt.date | None:
    return None if start == ALWAYS else start


def _sectors(rules: Facility, codes: Sequence[str]) -> Iterator[Clause]:
    """The lists that name these sectors, each with those of them it names first."""
    for listing in rules.sectors:
        mine = [c for c in listing.codes if c in codes and rules.listing(c) is listing]
        if mine:
            since = None if listing is rules.sectors[0] else listing.start
            yield Clause(SECTORS, ",".join(mine), since, listing)


def _lender(rules: Facility, context: Context, lender: str) -> Iterator[Clause]:
    since = context.admitted_from(rules, lender)
    if since is None:
        return
    known = context.lenders.get(lender)
    entry = rules.membership(lender, known.cls if known is not None else None)
    found = entry if entry is not None and entry.start == since else DatedValue(since, lender, *SCENARIO)
    yield Clause(LENDERS, lender, _since(since), found)


def _values(rules: Facility, days: Ints, names: Sequence[str], lang: str) -> Iterator[Clause]:
    """The values of these parameters (none: of all) on these days, in the order of the facility's file."""
    for name, dated in rules.parameters.items():
        if names and name not in names:
            continue
        latest = PARAMETERS[name].dating == "always latest"
        at = [len(dated.values) - 1] if latest else np.unique(dated.index(days)).tolist()
        for i in at:
            value = dated.values[i]
            yield Clause(name, value_text(PARAMETERS[name], value.value, lang), _since(value.start), value)


def newest_check(found: Sequence[Clause]) -> dt.date | None:
    """The newest day on which any of these was looked up."""
    return max((c.entry.checked for c in found if c.entry.checked is not None), default=None)
