"""What each loan holds of the facility's money at the end of a day 借据占用的再贷款余额, from the tables of a run.

A run keeps what was drawn for a loan and continued at each due date; which of these stands on a day, and at which rate,
the ledger of its tranche says. What early repayments sent back within a year is worked out from the loan again. What
the loans of a tranche hold must be the balance the ledger has: a difference is a broken identity, never a figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.engine.columns import Codes, Flags, arrow, codes, frame_of, ints, positions_in, take, whole
from relending.engine.context import Context
from relending.engine.rebuilt import rebuild
from relending.engine.rules import option
from relending.findings import InvariantError
from relending.study.carried import Carried
from relending.units import Ints, exact_sums

OPENS, ROLLS = ("draw", "opening"), "rollover"
NOT_YET = -1


@dataclass(frozen=True, slots=True)
class Tranches:
    """The tranches of a run at the end of a day, an entry each: name, lender, facility, the day drawn (or opened), the
    rollovers so far, the day the current year began, its rate (ppm), the balance (fen), and whether money was sent back
    since that day."""

    names: list[str]
    lender: list[str]
    facility: list[str]
    drawn: Ints
    rolled: Ints
    since: Ints
    rate: Ints
    balance: Ints
    returned: Flags


def tranches_at(ledger: pd.DataFrame, day: int) -> Tranches:
    """The tranches drawn by the end of a day (a day number), from the ledger alone."""
    when, _ = ints(ledger, "date")
    rows = ledger[when <= day]
    when = when[when <= day]
    which, names = codes(rows, "tranche")
    n = len(names)
    texts = {name: arrow(rows, name).to_pylist() for name in ("lender", "facility", "event")}
    event = np.array(texts["event"], dtype=object) if len(rows) else np.zeros(0, object)
    rate, balance = ints(rows, "rate_ppm")[0], ints(rows, "balance_fen")[0]
    opens, rolls = np.isin(event, OPENS), event == ROLLS
    drawn, rolled, since = np.full(n, NOT_YET), np.zeros(n, np.int64), np.full(n, NOT_YET)
    rates, last = np.zeros(n, np.int64), np.zeros(n, np.int64)
    drawn[which[opens]] = when[opens]
    np.add.at(rolled, which[rolls], 1)
    # rows are in the order of time, so of a tranche the last one stands
    begins = opens | rolls
    since[which[begins]], rates[which[begins]] = when[begins], rate[begins]
    last[which] = balance
    first = np.zeros(n, np.int64)
    first[which[::-1]] = np.arange(len(rows))[::-1]
    lender, facility = ([texts[name][i] for i in first.tolist()] for name in ("lender", "facility"))
    back = event == "return"
    returned = np.zeros(n, bool)
    returned[which[back][when[back] > since[which[back]]]] = True
    return Tranches([str(x) for x in names], lender, facility, drawn, rolled, since, rates, last, returned)


def held_at(run: Carried, day: int) -> pd.DataFrame:
    """What is held at the end of a day (a day number), a row a draw of a loan and one a tranche without loans.

    Columns: loan_id (empty for an opening balance, behind which the run has no loans), lender, facility, tranche,
    rate_ppm, held_fen, place (of the loan in the run's tables, -1 for none). Draws of which nothing is held are left
    out. Raises InvariantError where the loans of a tranche do not hold what the ledger says.
    """
    draws, found = run.tables["draws"], tranches_at(run.tables["ledger"], day)
    which = positions_in(arrow(draws, "tranche"), _texts(found.names))
    no_loans = np.ones(len(found.names), bool)
    no_loans[which[which >= 0]] = False
    gone, over = ints(draws, "repaid_on")
    rows = np.flatnonzero((which >= 0) & ~(over & (gone <= day)))
    at = which[rows]
    place = _places(run.tables["attribution"], draws, rows)
    amounts = [c for c in draws.columns if c == "drawn_fen" or c.startswith("continued_")]
    draws = draws[["loan_id", *amounts]].iloc[rows]
    held = _continued(draws, found.rolled[at])
    sent = np.flatnonzero(found.returned[at] & (held > 0))
    if sent.size:
        held[sent] = _less_returns(run, found, at[sent], place[sent], held[sent], day)
    return _frame(draws, found, at, place, held, no_loans)


def _texts(names: list[str]) -> pa.Array:
    return pa.array(names, pa.string())


def _continued(draws: pd.DataFrame, rolled: Ints) -> Ints:
    """What stands of each draw after so many rollovers of its tranche, before anything is sent back."""
    held = ints(draws, "drawn_fen")[0].copy()
    for k in range(1, int(rolled.max(initial=0)) + 1):
        some = rolled == k
        held[some] = ints(draws, f"continued_{k}_fen")[0][some]
    return held


def _places(attribution: pd.DataFrame, draws: pd.DataFrame, rows: Ints) -> Ints:
    """Where the loan of some of the draws stands in the run's tables: of rows of one id only one is supported."""
    supported = np.flatnonzero(attribution["supported"].to_numpy(dtype=bool))
    known, ids = arrow(attribution, "loan_id").take(pa.array(supported)), arrow(draws, "loan_id")
    if len(known) == len(ids) and known.equals(ids):  # a draw a loan, in the order of the loans: nothing to look up
        found: Ints = supported[rows]
        return found
    some = ids.take(pa.array(rows))
    at = positions_in(some, known)
    if (at < 0).any():
        raise InvariantError(f"draws: {some[int(np.flatnonzero(at < 0)[0])]} is no supported loan")
    return supported[at]


def _less_returns(run: Carried, found: Tranches, tranche: Codes, place: Ints, held: Ints, day: int) -> Ints:
    """What is left of draws whose loans repaid early since their year began (on_prepayment = immediate).

    Loans that no longer meet the conditions return all at once: of them nothing is held, so they are not among these.
    """
    loans, of = np.unique(place, return_inverse=True)
    loan, when, gone, owed = rebuild(run.tables, loans).schedule.happened.events()
    some = np.flatnonzero((gone > 0) & (loan < loans.size) & (when <= day))
    some = some[np.argsort(when[some], kind="stable")]
    events: dict[int, list[tuple[int, int, int]]] = {}
    for i in some.tolist():
        events.setdefault(int(loan[i]), []).append((int(when[i]), int(gone[i]), int(owed[i])))
    immediate = _immediate(run.context(), found)
    out = held.copy()
    for j, (t, mine) in enumerate(zip(tranche.tolist(), of.tolist(), strict=True)):
        left = int(held[j])
        if immediate[t]:
            # a return on the day a year begins comes before it
            for _, away, before in (e for e in events.get(mine, ()) if e[0] > found.since[t]):
                left -= left * away // before
        out[j] = left
    return out


def _immediate(context: Context, found: Tranches) -> list[bool]:
    rules = {f.id: f for f in context.facilities}
    return [
        option(rules[f], "on_prepayment", day) == "immediate"
        for f, day in zip(found.facility, found.drawn.tolist(), strict=True)
    ]


def _frame(draws: pd.DataFrame, found: Tranches, at: Ints, place: Ints, held: Ints, no_loans: Flags) -> pd.DataFrame:
    sums = exact_sums(held, at, len(found.names))
    wrong = [
        f"{found.names[t]}: the loans hold {sums[t]} fen, the ledger says {int(found.balance[t])}"
        for t in range(len(found.names))
        if not no_loans[t] and sums[t] != int(found.balance[t])
    ]
    if wrong:
        raise InvariantError("; ".join(wrong))
    some = held > 0
    alone = np.flatnonzero(no_loans & (found.balance > 0))
    tranche = np.concatenate([at[some], alone])
    mine: Mapping[str, list[str]] = {"lender": found.lender, "facility": found.facility, "tranche": found.names}
    ids = arrow(draws, "loan_id").take(pa.array(np.flatnonzero(some))).cast(pa.string())
    return frame_of(
        {
            "loan_id": pa.concat_arrays([ids, _texts([""] * alone.size)]),
            **{name: take(list(values), tranche) for name, values in mine.items()},
            "rate_ppm": whole(found.rate[tranche]),
            "held_fen": whole(np.concatenate([held[some], found.balance[alone]])),
            "place": whole(np.concatenate([place[some], np.full(alone.size, -1)])),
        }
    )
