"""Opening totals 期初披露数: what a bank had disclosed before its book of loans begins, from its last statement.

Each lender, facility and horizon may begin with figures of the whole, of fields and of sectors. What is not given is
added up from what is; what does not add up stops the run, for no one could say which figure is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relending.dates import quarter_text
from relending.engine.columns import arrow, ints
from relending.engine.context import Context
from relending.engine.side import Side, at_rows
from relending.findings import Findings
from relending.policy import Facility, field_of, sector_of, sectors
from relending.units import decimal_text

TABLE = "opening"
TOTAL = "total"
YEAR, SINCE_START = "year", "since_start"
KINDS = (YEAR, SINCE_START)
"""Horizons that may begin with figures."""
_BETWEEN_IDS = re.compile(r"[;；,，、\r\n]")

Place = tuple[int, int, str]
"""Lender and facility (positions) and horizon."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one code: projects, fen, fen x rate scaled 10**8, grams; the project ids where all are known."""

    projects: int
    amount: int
    weighted: int
    reduction: int
    ids: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Opening totals of a run: last quarter and figures by code of each place; ``stops`` where an error stops the run.

    The codes are ``total``, fields and sectors; one that is not there holds only loans of the book.
    """

    through: Mapping[Place, int] = field(default_factory=dict)
    figures: Mapping[Place, Mapping[str, Figures]] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    stops: bool = False

    def ids(self) -> list[str]:
        """Every project id given, in code-point order."""
        every = (one.ids for codes in self.figures.values() for one in codes.values() if one.ids)
        return sorted(frozenset().union(*every))


def split_ids(text: str | None) -> list[str]:
    """The ids in a cell, in their order, each once.

    >>> split_ids("P1; P2；P3,P1\\nP4、")
    ['P1', 'P2', 'P3', 'P4']
    """
    return list(dict.fromkeys(part for one in _BETWEEN_IDS.split(text or "") if (part := one.strip())))


def totals_lenders(side: Side, context: Context) -> list[str]:
    """The lenders the opening totals name, as ids; one that nobody knows is an error later."""
    if TABLE not in side:
        return []
    given = arrow(side[TABLE], "lender").to_pylist()
    return sorted({name for text in given if (name := context.lender_id(text)) is not None})


def opening_totals(side: Side, lenders: Sequence[str], book: Iterable[str], context: Context) -> Totals:
    """The opening totals of a run.

    ``lenders`` are those of the run in its order, ``book`` those that its loans name. Where a figure is impossible,
    unknown or at odds with another, ``stops`` is true and nothing else counts.
    """
    if TABLE not in side or len(side[TABLE]) == 0:
        return Totals()
    rows = _Rows(side[TABLE], lenders, set(book) | set(context.lenders), context)
    through: dict[Place, int] = {}
    figures: dict[Place, Mapping[str, Figures]] = {}
    for place, mine in rows.places().items():
        through[place] = rows.through(place, mine)
        figures[place] = rows.completed(place, mine)
    if not rows.stops:
        rows.year_missing(through)
    findings = Findings.concat(rows.findings)
    return Totals({}, {}, findings, True) if rows.stops else Totals(through, figures, findings)


def groups_of(rules: Facility) -> dict[str, list[str]]:
    """The fields of a facility, each with its sectors."""
    out: dict[str, list[str]] = {}
    for code in sorted(rules.codes()):
        if code in sectors():
            out.setdefault(sectors()[code].field, []).append(code)
    return out


def unlisted_too(rules: Facility) -> bool:
    """Whether a facility supports loans of no listed sector: they are in its total and in no part of it."""
    return any(v.value == "unlisted" for v in rules["selection"].values)


class _Rows:
    """The rows of the table while they are judged; ``findings`` is what is wrong with them."""

    def __init__(self, table: pd.DataFrame, lenders: Sequence[str], known: set[str], context: Context) -> None:
        self.table, self.context, self.lenders = table, context, lenders
        self.findings: list[Findings] = []
        self.stops = False
        self.lender = [context.lender_id(t) for t in arrow(table, "lender").to_pylist()]
        self.facility = arrow(table, "facility").to_pylist()
        self.horizon = [h or SINCE_START for h in arrow(table, "horizon").to_pylist()]
        self.ids = [split_ids(t) for t in arrow(table, "project_ids").to_pylist()]
        self.numbers = {n: ints(table, n) for n in ("through", "projects", "amount_fen", "reduction_g")}
        self.rate, self.has_rate = ints(table, "weighted_rate_e8")
        self.place = {f.id: i for i, f in enumerate(context.facilities)}
        self.fields = [groups_of(f) for f in context.facilities]
        self.code = arrow(table, "code").to_pylist()
        self.usable = np.ones(len(table), bool)
        for i in range(len(table)):
            self._known(i, known)
            self._possible(i)

    def _stop(self, code: str, i: int, column: str, found: object, expected: object = "") -> None:
        self.stops, self.usable[i] = True, False
        self._say(code, i, column, found, expected)

    def _say(self, code: str, i: int, column: str, found: object, expected: object = "") -> None:
        at = np.array([i], np.int64)
        self.findings.append(at_rows(self.table, code, at, column, str(found), str(expected)))

    def _known(self, i: int, known: set[str]) -> None:
        if self.lender[i] is None or self.lender[i] not in known:
            self._stop("opening_unknown", i, "lender", self.lender[i] or "")
        if self.facility[i] not in self.place:
            self._stop("opening_unknown", i, "facility", self.facility[i] or "", ", ".join(self.place))
            return
        text = self.code[i] or TOTAL
        listed = self.fields[self.place[self.facility[i]]]
        named = {text, field_of(text), sector_of(text)[0]}
        codes = [TOTAL, *listed, *(code for some in listed.values() for code in some)]
        found = next((code for code in codes if code in named), None)
        if found is None:
            self._stop("opening_unknown", i, "code", text, ", ".join(codes))
        else:
            self.code[i] = found

    def _possible(self, i: int) -> None:
        """No figure is below zero, and where there is an amount there is a rate."""
        decimals = {"projects": 0, "amount_fen": 2, "reduction_g": 6}
        for name, places in decimals.items():
            value, there = int(self.numbers[name][0][i]), bool(self.numbers[name][1][i])
            column = name.rpartition("_")[0] or name
            if not there:
                self._stop("value_missing", i, column, "", column)
            elif value < 0:
                self._stop("value_out_of_range", i, column, decimal_text(value, places), ">= 0")
        if not self.numbers["through"][1][i]:
            self._stop("value_missing", i, "through", "", "through")
        if self.has_rate[i] and self.rate[i] < 0:
            self._stop("value_out_of_range", i, "weighted_rate", decimal_text(int(self.rate[i]), 8), ">= 0")
        elif not self.has_rate[i] and self.numbers["amount_fen"][0][i] > 0:
            self._stop("value_missing", i, "weighted_rate", "", "weighted_rate")

    def places(self) -> dict[Place, list[int]]:
        """The usable rows of each place, in their order."""
        at = {name: i for i, name in enumerate(self.lenders)}
        out: dict[Place, list[int]] = {}
        for i in np.flatnonzero(self.usable).tolist():
            key = (at[str(self.lender[i])], self.place[str(self.facility[i])], self.horizon[i])
            out.setdefault(key, []).append(i)
        return out

    def through(self, place: Place, mine: Sequence[int]) -> int:
        """The one quarter up to which the figures of a place count."""
        quarters = self.numbers["through"][0]
        first = self.context.first_quarter
        least = first // 4 * 4 if place[2] == YEAR else None
        expected = (
            f"< {quarter_text(first)}" if least is None else f"{quarter_text(least)} <= … < {quarter_text(first)}"
        )
        one = int(quarters[mine[0]])
        for i in mine:
            q = int(quarters[i])
            if q >= first or (least is not None and q < least):
                self._stop("opening_through", i, "through", quarter_text(q), expected)
            elif q != one:
                self._stop("opening_through", i, "through", quarter_text(q), quarter_text(one))
        return one

    def completed(self, place: Place, mine: Sequence[int]) -> Mapping[str, Figures]:
        """The figures of a place by code: those given, and the sums they imply."""
        row: dict[str, int] = {}
        for i in mine:
            if row.setdefault(self.code[i], i) != i:
                other = f"≠ {self.table['file'].iloc[row[self.code[i]]]}:{self.table['row'].iloc[row[self.code[i]]]}"
                self._stop("opening_twice", i, "code", self.code[i], other)
        out = {code: self._figures(i) for code, i in row.items()}
        groups = self.fields[place[1]]
        lacking = []
        for name, members in groups.items():
            some = [out[code] for code in members if code in out]
            if name not in out and some:
                out[name] = summed(some)
            elif name in row and some:
                self._adds_up(row[name], out[name], summed(some))
            elif name in row and (out[name].amount or out[name].projects):
                lacking.append(name)
        some = [out[name] for name in groups if name in out]
        if TOTAL not in out:
            out[TOTAL] = summed(some)
        elif some:
            unlisted = unlisted_too(self.context.facilities[place[1]])
            self._adds_up(row[TOTAL], out[TOTAL], summed(some), unlisted)
        elif groups and (out[TOTAL].amount or out[TOTAL].projects):
            lacking.append(TOTAL)
        if lacking:
            lender, facility, horizon = place
            where = f"{self.context.facilities[facility].id} {self.lenders[lender]} {horizon}: {', '.join(lacking)}"
            self._say("opening_sector_missing", mine[0], "code", where)
        return out

    def _figures(self, i: int) -> Figures:
        projects, amount, reduction = (int(self.numbers[n][0][i]) for n in ("projects", "amount_fen", "reduction_g"))
        ids: frozenset[str] | None = frozenset(self.ids[i])
        if self.ids[i] and len(self.ids[i]) != projects:
            self._say("opening_ids_differ", i, "project_ids", len(self.ids[i]), projects)
            ids = None
        elif projects and not self.ids[i]:
            self._say("opening_projects_unknown", i, "project_ids", "", projects)
            ids = None
        return Figures(projects, amount, amount * int(self.rate[i]), reduction, ids)

    def _adds_up(self, i: int, whole: Figures, parts: Figures, unlisted: bool = False) -> None:
        """Amount and reduction of a row are the sum of its parts; a facility of unlisted sectors may have more."""
        for column, decimals in (("amount", 2), ("reduction", 6)):
            given, added = getattr(whole, column), getattr(parts, column)
            if given < added or (given > added and not unlisted):
                self._stop(
                    "opening_not_summing", i, column, decimal_text(given, decimals), decimal_text(added, decimals)
                )

    def year_missing(self, through: Mapping[Place, int]) -> None:
        """A warning where the year of the run's first quarter has begun before it and its figures are not given."""
        for (lender, facility, horizon), last in through.items():
            this_year = last // 4 == self.context.first_quarter // 4
            if horizon == SINCE_START and this_year and (lender, facility, YEAR) not in through:
                found = f"{self.context.facilities[facility].id} {self.lenders[lender]}"
                expected = f"{YEAR}, {quarter_text(last)}"
                self.findings.append(
                    Findings.one("opening_year_missing", column="horizon", found=found, expected=expected)
                )


def summed(parts: Sequence[Figures]) -> Figures:
    """The figures of several codes together: projects as distinct ids where all are known, else their sum.

    >>> one = Figures(2, 100, 100, 7, frozenset({"P1", "P2"}))
    >>> two = summed([one, Figures(1, 50, 60, 3, frozenset({"P2"}))])
    >>> two.projects, two.amount, summed([one, Figures(1, 0, 0, 0, None)]).projects
    (2, 150, 3)
    """
    known = [one.ids for one in parts if one.ids is not None]
    ids = frozenset().union(*known) if len(known) == len(parts) else None
    return Figures(
        sum(one.projects for one in parts) if ids is None else len(ids),
        sum(one.amount for one in parts),
        sum(one.weighted for one in parts),
        sum(one.reduction for one in parts),
        ids,
    )
