"""The clauses behind a figure 条款: which dated values of a facility decided that its loans are in a cell.

A loan is shown with a text that was known when it was disbursed wherever such a text covers it. The engine takes the
disbursement window as finally extended; here the earliest window that covers the loans stands for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relending.dates import to_day
from relending.engine.context import Context
from relending.policy import ALWAYS, PARAMETERS, SCENARIO, Dated, DatedValue, Facility
from relending.policy.show import value_text
from relending.units import Ints

WINDOW = "window"
DECIDING = (
    *(WINDOW, "ratio", "loan_rate_limit", "tolerance", "loan_rate_cap", "lpr_1y_up_to_months", "min_term_months"),
    *("borrower_types", "evidence_required", "disclosure_required"),
)
"""The parameters that decide whether a loan is in a cell, beside the lists of sectors and lenders."""
SECTORS, LENDERS = "sectors", "lenders"
EXTENDED, UNCOVERED = "extended", "uncovered"
"""Remarks: only a text younger than a loan covers it; a loan counts that it does not cover."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A value of the rules: the parameter (or sectors, lenders), what it says, from when, how sure, where written.

    ``since`` is None where the value holds from the beginning. ``entry`` has source, status and date of the last check;
    ``place`` is its position among the entries of its parameter. ``remark`` is empty, extended or uncovered.
    """

    parameter: str
    value: str
    since: dt.date | None
    entry: Any
    place: int
    remark: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from every other clause of the facility."""
        return self.parameter, self.place


def clauses(
    rules: Facility, context: Context, lender: str, days: Ints, sectors: Mapping[str, int], lang: str
) -> list[Clause]:
    """The clauses by which loans disbursed on these days are in a cell of this lender.

    ``sectors``: the first of these days by sector.
    """
    if not days.size:
        return []
    first = int(days.min())
    return [*_sectors(rules, sectors), *_lender(rules, context, lender, first), *_deciding(rules, days, lang)]


def all_clauses(
    rules: Facility, context: Context, lender: str, days: Ints, until: int, used: Sequence[Clause], lang: str
) -> list[Clause]:
    """Every value of a facility in force between the first of these days and the day ``until``, and those ``used``."""
    first = int(days.min()) if days.size else until
    span = np.unique([first, until, *_starts(rules, first, until)])
    listed = dict.fromkeys(rules.codes(), until)
    found = [*_sectors(rules, listed, until), *_lender(rules, context, lender, until), *_values(rules, span, lang)]
    told = {one.key: one for one in found}
    for one in used:
        # a list names all its sectors here, not those of one cell alone; a remark of any cell stays
        have = told.get(one.key)
        value = one.value if have is None else have.value
        remark = one.remark or (have.remark if have is not None else "")
        told[one.key] = Clause(one.parameter, value, one.since, one.entry, one.place, remark)
    order = {name: i for i, name in enumerate((SECTORS, LENDERS, *rules.parameters))}
    return sorted(told.values(), key=lambda c: (order[c.parameter], c.place))


def _starts(rules: Facility, first: int, until: int) -> list[int]:
    starts = [v.start for d in rules.parameters.values() for v in d.values if v.start != ALWAYS]
    return [day for day in map(to_day, starts) if first <= day <= until]


def _since(start: dt.date) -> dt.date | None:
    return None if start == ALWAYS else start


def _sectors(rules: Facility, first: Mapping[str, int], until: int | None = None) -> Iterator[Clause]:
    """The lists that name these sectors, each with those of them it names first; ``until``: no younger ones."""
    for place, listing in enumerate(rules.sectors):
        mine = [c for c in listing.codes if c in first and rules.listing(c) is listing]
        launch = listing is rules.sectors[0]
        if not mine or (until is not None and not launch and to_day(listing.start) > until):
            continue
        late = not launch and any(first[c] < to_day(listing.start) for c in mine)
        since = None if launch else listing.start
        yield Clause(SECTORS, ",".join(mine), since, listing, place, UNCOVERED if late and until is None else "")


def _lender(rules: Facility, context: Context, lender: str, first: int) -> Iterator[Clause]:
    since = context.admitted_from(rules, lender)
    if since is None:
        return
    known = context.lenders.get(lender)
    entry = rules.membership(lender, known.cls if known is not None else None)
    found = entry if entry is not None and entry.start == since else DatedValue(since, lender, *SCENARIO)
    late = since != ALWAYS and first < to_day(since)
    yield Clause(LENDERS, lender, _since(since), found, 0, UNCOVERED if late else "")


def _deciding(rules: Facility, days: Ints, lang: str) -> Iterator[Clause]:
    for name, dated in rules.parameters.items():
        if name == WINDOW:
            for i, remark in windows(dated, days):
                yield _clause(name, dated, i, lang, remark)
        elif name in DECIDING:
            for i in np.unique(dated.index(days)).tolist():
                yield _clause(name, dated, i, lang)


def _values(rules: Facility, days: Ints, lang: str) -> Iterator[Clause]:
    """The values of all parameters on these days, in the order of the facility's file."""
    for name, dated in rules.parameters.items():
        for i in np.unique(dated.index(days)).tolist():
            yield _clause(name, dated, i, lang)


def _clause(name: str, dated: Dated, place: int, lang: str, remark: str = "") -> Clause:
    value = dated.values[place]
    return Clause(name, value_text(PARAMETERS[name], value.value, lang), _since(value.start), value, place, remark)


def windows(dated: Dated, days: Ints) -> list[tuple[int, str]]:
    """The windows that stand for loans of these days, each with its remark.

    That is the earliest one that covers all of them; where none does, of each loan the earliest. Its remark says where
    a loan is covered by a window announced after it alone (not by the first: that one began with the facility), or by
    none: then the last window stands for what the engine went by.

    >>> from relending import policy
    >>> dated = policy.facility("cerf")["window"]
    >>> from relending.dates import to_day
    >>> def of(*days): return windows(dated, np.array([to_day(dt.date.fromisoformat(d)) for d in days]))
    >>> of("2024-01-18", "2024-03-28"), of("2023-01-05"), of("2025-02-01"), of("2021-08-01"), of("2031-01-01")
    ([(1, '')], [(1, 'extended')], [(2, '')], [(0, '')], [(2, 'uncovered')])
    """
    each = np.unique(days)
    spans = [(to_day(v.value.first), to_day(v.value.last)) for v in dated.values]
    covers = np.array([(each >= first) & (each <= last) for first, last in spans])
    covered = covers.any(axis=0)
    earliest = covers.argmax(axis=0)
    starts = np.array([np.iinfo(np.int64).min if i == 0 else to_day(v.start) for i, v in enumerate(dated.values)])
    later = covered & (starts[earliest] > each)
    remark = UNCOVERED if not covered.all() else EXTENDED if later.any() else ""
    if not covered.any():
        return [(len(spans) - 1, remark)]
    whole = np.flatnonzero(covers[:, covered].all(axis=1))
    places = [int(whole[0])] if whole.size else np.unique(earliest[covered]).tolist()
    return [(place, remark) for place in places]
