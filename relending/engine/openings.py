"""Opening tranches 期初批次: the facility balance a run begins with, from the bank's general ledger.

A lender and facility with opening tranches begins the run with exactly these: no draw before the first day of the run
is worked out for it. They have no loans behind them, so at a due date they are rolled over in full while rollovers are
left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.dates import add_months, iso
from relending.engine.calendar import adjust
from relending.engine.cohorts import Tranche
from relending.engine.columns import Flags, arrow, ints
from relending.engine.context import Context
from relending.engine.rules import option
from relending.engine.side import Side, at_rows
from relending.findings import Findings
from relending.policy import Facility
from relending.units import Ints

TABLE = "opening_tranches"


@dataclass(frozen=True, slots=True)
class Openings:
    """Opening tranches of each facility (one list a facility of the context), and which lenders have any of it."""

    tranches: tuple[tuple[Tranche, ...], ...]
    covered: tuple[Flags, ...]
    findings: Findings


def opening_lenders(side: Side, context: Context) -> list[str]:
    """The lenders the opening tranches name, as ids; one that nobody knows is an error later."""
    if TABLE not in side:
        return []
    given = arrow(side[TABLE], "lender").to_pylist()
    return sorted({name for text in given if (name := context.lender_id(text)) is not None})


def openings(side: Side, lenders: tuple[str, ...], book: set[str], context: Context) -> Openings:
    """The opening tranches of a run; ``findings`` with an error stop it.

    ``lenders`` are those of the run, ``book`` those that its loans name.
    """
    nobody = tuple(np.zeros(len(lenders), bool) for _ in context.facilities)
    if TABLE not in side or len(side[TABLE]) == 0:
        return Openings(tuple(() for _ in context.facilities), nobody, Findings())
    table = side[TABLE]
    known = book | set(context.lenders)
    place = {f.id: i for i, f in enumerate(context.facilities)}
    who = [context.lender_id(t) for t in arrow(table, "lender").to_pylist()]
    what = arrow(table, "facility").to_pylist()
    findings = [
        _unknown(table, "lender", [n is None or n not in known for n in who], [n or "" for n in who], ""),
        _unknown(table, "facility", [n not in place for n in what], [n or "" for n in what], ", ".join(place)),
    ]
    findings += _twice(table)
    out: list[list[Tranche]] = [[] for _ in context.facilities]
    covered = [flags.copy() for flags in nobody]
    rows = _rows(table)
    for i in range(len(table)):
        if who[i] not in known or what[i] not in place:
            continue
        f = place[str(what[i])]
        tranche, said = _tranche(table, i, rows, context.facilities[f], context)
        findings.append(said)
        if tranche is None:
            continue
        lender = lenders.index(str(who[i]))
        covered[f][lender] = True
        tranche.drawn = np.zeros(len(lenders), np.int64)
        tranche.drawn[lender] = rows["principal"][i]
        tranche.recorded = tranche.drawn.copy()
        out[f].append(tranche)
    return Openings(tuple(tuple(one) for one in out), tuple(covered), Findings.concat(findings))


def _twice(table: pd.DataFrame) -> list[Findings]:
    """An error for a tranche number that stands twice, a warning for a row that does."""
    named = table["tranche"].notna() & (table["tranche"] != "")
    number = (table.duplicated(["lender", "facility", "tranche"]) & named).to_numpy(dtype=bool)
    same = table.duplicated([c for c in table.columns if c not in ("file", "sheet", "row")]).to_numpy(dtype=bool)
    names = arrow(table, "tranche").to_pylist()
    rows = np.flatnonzero(number)
    return [
        at_rows(table, "opening_number_twice", rows, "tranche", [str(names[i]) for i in rows.tolist()]),
        at_rows(table, "opening_row_twice", np.flatnonzero(same & ~number), "drawn_on", ""),
    ]


def _rows(table: pd.DataFrame) -> dict[str, list[int]]:
    names = {
        "drawn_on": "drawn_on",
        "due_on": "due_on",
        "principal": "principal_fen",
        "rate": "rate_ppm",
        "used": "rollovers_used",
    }
    return {name: ints(table, column)[0].tolist() for name, column in names.items()}


def _unknown(table: pd.DataFrame, column: str, which: list[bool], found: list[str], expected: str) -> Findings:
    rows = np.flatnonzero(np.array(which, bool))
    return at_rows(table, "opening_unknown", rows, column, [found[i] for i in rows.tolist()], expected)


def _tranche(
    table: pd.DataFrame, i: int, rows: dict[str, list[int]], rules: Facility, context: Context
) -> tuple[Tranche | None, Findings]:
    """The tranche of one row, without its amounts by lender, and what is wrong with the row."""
    drawn_on, due_on, used = rows["drawn_on"][i], rows["due_on"][i], rows["used"][i]
    at: Ints = np.array([i], np.int64)
    start = context.start
    bad = Findings()
    if drawn_on >= start:
        bad += at_rows(table, "opening_drawn_late", at, "drawn_on", iso(drawn_on), f"< {iso(start)}")
    if due_on < start:
        bad += at_rows(table, "opening_due_early", at, "due_on", iso(due_on), f">= {iso(start)}")
    most = int(option(rules, "rollovers", drawn_on))
    if not 0 <= used <= most:
        bad += at_rows(table, "opening_rollovers", at, "rollovers_used", str(used), f"0 … {most}")
    if bad:
        return None, bad
    term, convention = int(option(rules, "term_months", drawn_on)), str(option(rules, "business_day", drawn_on))
    dues = [adjust(int(add_months(drawn_on, term * k)), convention) for k in range(used + 1, most + 2)]
    said = Findings()
    if due_on != dues[0]:
        said = at_rows(table, "opening_due_differs", at, "due_on", iso(due_on), iso(dues[0]))
    begun = adjust(int(add_months(drawn_on, term * used)), convention) if used else drawn_on
    if begun >= min(start, due_on):
        return None, at_rows(
            table, "opening_rollovers", at, "rollovers_used", f"{used} ({iso(begun)})", f"< {iso(start)}"
        )
    none = np.zeros(0, np.int64)
    name = arrow(table, "tranche").to_pylist()[i] or ""
    due = [due_on, *(d for d in dues[1:] if d > due_on)]
    return Tranche(drawn_on, due, [rows["rate"][i]], none, none, name, start, begun), said


def in_opening(covered: Flags, lender: Ints, day: Ints, context: Context) -> Flags:
    """Draws that lie before the run and whose lender's balance is given: they are in it already."""
    # one entry more for lenders that are not known (-1)
    return np.append(covered, False)[lender] & (day < context.start)
