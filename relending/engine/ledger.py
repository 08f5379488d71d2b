"""The ledger 台账 and the funding series: every event, and a row a quarter (design sections 7 and 11)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from relending.dates import iso, quarter_end, quarter_of, quarter_start, quarter_text, to_date
from relending.engine.cohorts import Key, Tranche
from relending.engine.columns import frame_of
from relending.engine.context import Context
from relending.engine.interest import Leg, days_in_year, settlements
from relending.policy import Facility
from relending.units import E8, PPM, decimal_text, divide

EVENTS = ("opening", "interest", "return", "repay", "rollover", "draw")
"""The order of events of one date."""
SIGN = {"opening": 1, "draw": 1, "repay": -1, "return": -1}
"""What an event does to the balance; the others leave it as it is."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the ledger, in fen and ppm; lender, facility and tranche as positions."""

    day: int
    event: str
    lender: int
    facility: int
    tranche: int
    amount: int
    rate_ppm: int
    balance: int


def legs_of(tranche: Tranche, number: int, lender: int, rules: Facility) -> list[Leg]:
    """The tranche-years of one lender's tranche (the ``number``-th of the facility), those that hold something."""
    basis = days_in_year(str(rules["day_count"].on(to_date(tranche.day)).value))
    out: list[Leg] = []
    start, held = tranche.day if tranche.begun is None else tranche.begun, int(tranche.drawn[lender])
    for k, due in enumerate(tranche.due):
        if held == 0 or k >= len(tranche.rates):
            break
        steps = [(start, held)]
        for when in sorted(tranche.returns):
            back = int(tranche.returns[when][lender])
            # a return on the due date comes before the rollover: it leaves the old year, which earns nothing that day
            if start < when <= due and back:
                held -= back
                steps.append((when, held))
        out.append(
            Leg(
                lender,
                number,
                k,
                start,
                due,
                tranche.rates[k],
                basis,
                tuple(s for s, _ in steps),
                tuple(h for _, h in steps),
            )
        )
        held = int(tranche.continued[k][lender]) if k < len(tranche.continued) else 0
        start = due
    return out


def tranche_events(
    tranche: Tranche, legs: Sequence[Leg], facility: int, rules: Facility, end: int, settled: bool = True
) -> list[Event]:
    """Every event of one lender's tranche up to ``end``; without the settlements of interest if not ``settled``."""
    out: list[Event] = []
    if not legs:
        return out
    kind = str(rules["interest_settlement"].on(to_date(tranche.day)).value)
    lender = legs[0].lender

    def add(day: int, event: str, amount: int, rate: int, balance: int) -> None:
        if amount and first <= day <= end:
            out.append(Event(day, event, lender, facility, legs[0].tranche, amount, rate, balance))

    first = tranche.day if tranche.opened is None else tranche.opened
    add(first, "draw" if tranche.opened is None else "opening", legs[0].held[0], legs[0].rate_ppm, legs[0].held[0])
    for leg in legs:
        for day, amount in settlements(leg, kind) if settled else ():
            # the balance from before anything else happens that day
            add(day, "interest", amount, leg.rate_ppm, leg.balance(day - 1))
        for (_, before), (day, after) in zip(
            zip(leg.from_day, leg.held, strict=True), zip(leg.from_day[1:], leg.held[1:], strict=True), strict=False
        ):
            add(day, "return", before - after, leg.rate_ppm, after)
        if leg.due <= end:
            kept = int(tranche.continued[leg.year][lender])
            add(leg.due, "repay", leg.held[-1] - kept, leg.rate_ppm, kept)
            if kept:
                add(leg.due, "rollover", kept, tranche.rates[leg.year + 1], kept)
    return out


@dataclass(frozen=True, slots=True)
class Position:
    """A lender's legs and events in one facility; ``names`` and ``recorded`` (all, none or a part of what was drawn:
    see :func:`basis`) of its tranches, by their number."""

    lender: int
    facility: int
    legs: tuple[Leg, ...]
    events: tuple[Event, ...]
    names: Mapping[int, str] = field(default_factory=dict)
    basis: Mapping[int, str] = field(default_factory=dict)


def positions(
    tranches: Sequence[Sequence[Tranche]], lenders: Sequence[str], context: Context, settled: bool = True
) -> list[Position]:
    """Legs and events of every lender and facility (lenders in code-point order, facilities in scenario order).

    A study has no ledger and needs no settlements of interest: not ``settled``, they are left out.
    """
    out: list[Position] = []
    for lender in range(len(lenders)):
        for f, rules in enumerate(context.facilities):
            legs: list[Leg] = []
            events: list[Event] = []
            names: dict[int, str] = {}
            kinds: dict[int, str] = {}
            for number, tranche in enumerate(tranches[f]):
                mine = legs_of(tranche, number, lender, rules)
                if not mine:
                    continue
                legs += mine
                events += tranche_events(tranche, mine, f, rules, context.end, settled)
                names[number] = _name(tranche, rules.id, lenders[lender], set(names.values()))
                kinds[number] = basis(int(tranche.recorded[lender]), int(tranche.drawn[lender]))
            out.append(Position(lender, f, tuple(legs), tuple(events), names, kinds))
    return out


def basis(recorded: int, drawn: int) -> str:
    """Whether money drawn is recorded, simulated, or in part either.

    >>> [basis(r, 100) for r in (0, 40, 100)]
    ['simulated', 'mixed', 'recorded']
    """
    return "recorded" if recorded == drawn else ("mixed" if recorded else "simulated")


def tranche_id(facility: str, lender: str, day: int, suffix: str = "") -> str:
    """How a tranche is named: facility/lender/draw-date, and for money that is recorded what else tells it."""
    return f"{facility}/{lender}/{iso(day)}" + (f"/{suffix}" if suffix else "")


def _name(tranche: Tranche, facility: str, lender: str, taken: set[str]) -> str:
    """The id of a lender's tranche; one whose name is taken has its rate in it, or else a number."""
    name = tranche_id(facility, lender, tranche.day, tranche.suffix)
    if name in taken and tranche.opened is None:
        name = f"{name}/{decimal_text(tranche.rates[0], 6)}"
    more = (f"{name}/{i}" for i in itertools.count(2))
    return next(n for n in itertools.chain([name], more) if n not in taken)


def tranche_names(
    where: Sequence[Position], tranches: Sequence[Sequence[Tranche]]
) -> dict[tuple[int, int, Key], tuple[str, str]]:
    """Name and basis of every tranche of loans, by lender, facility and key."""
    return {
        (p.lender, p.facility, tranches[p.facility][n].key): (p.names[n], p.basis[n])
        for p in where
        for n in p.names
        if tranches[p.facility][n].opened is None
    }


def ledger_frame(where: Sequence[Position], lenders: Sequence[str], context: Context) -> pd.DataFrame:
    """The ledger: by date, event, lender, facility (scenario order), tranche."""
    rank = {event: i for i, event in enumerate(EVENTS)}
    told = sorted(
        ((p, e) for p in where for e in p.events),
        key=lambda x: (x[1].day, rank[x[1].event], x[1].lender, x[1].facility, x[0].names[x[1].tranche]),
    )
    events = [e for _, e in told]
    ids = [f.id for f in context.facilities]
    return frame_of(
        {
            "date": pa.array([e.day for e in events], pa.int32()).cast(pa.date32()),
            "lender": pa.array([lenders[e.lender] for e in events], pa.string()),
            "facility": pa.array([ids[e.facility] for e in events], pa.string()),
            "tranche": pa.array([p.names[e.tranche] for p, e in told], pa.string()),
            "event": pa.array([e.event for e in events], pa.string()),
            "amount_fen": pa.array([e.amount for e in events], pa.int64()),
            "rate_ppm": pa.array([e.rate_ppm for e in events], pa.int64()),
            "balance_fen": pa.array([e.balance for e in events], pa.int64()),
            "basis": pa.array([p.basis[e.tranche] for p, e in told], pa.string()),
        }
    )


def balances(position: Position, day: int) -> list[tuple[Leg, int]]:
    """What each tranche-year holds at the end of a day (a due date belongs to the year it begins)."""
    return [(leg, leg.balance(day)) for leg in position.legs if leg.start <= day < leg.due]


def facility_rate_e8(held: Sequence[tuple[Leg, int]]) -> int | None:
    """Balance-weighted facility rate, scaled 10**8; None where nothing is held."""
    balance = sum(b for _, b in held)
    if balance == 0:
        return None
    return divide(sum(b * leg.rate_ppm for leg, b in held) * (E8 // PPM), balance, "half_even")


def accrued_between(legs: Sequence[Leg], first: int, after: int) -> int:
    """Interest accrued from ``first`` up to the day before ``after``: a difference of two rounded figures a leg."""
    return sum(leg.accrued(after) - leg.accrued(first) for leg in legs if leg.start < after and leg.due > first)


def funding_frame(where: Sequence[Position], lenders: Sequence[str], context: Context) -> pd.DataFrame:
    """The funding series: drawn, rolled, repaid, balance, interest accrued, balance-weighted rate by quarter."""
    rows: list[tuple[object, ...]] = []
    flows: dict[tuple[int, int, int, str], int] = {}
    for p in where:
        for e in p.events:
            key = (int(quarter_of(e.day)), p.lender, p.facility, "repay" if e.event == "return" else e.event)
            flows[key] = flows.get(key, 0) + e.amount
    ids = [f.id for f in context.facilities]
    for q in context.quarters:
        first, after, last = int(quarter_start(q)), int(quarter_start(q + 1)), int(quarter_end(q))
        for p in where:
            held = balances(p, last)
            rows.append(
                (
                    quarter_text(q),
                    lenders[p.lender],
                    ids[p.facility],
                    *(flows.get((q, p.lender, p.facility, event), 0) for event in ("draw", "rollover", "repay")),
                    sum(b for _, b in held),
                    accrued_between(p.legs, first, after),
                    facility_rate_e8(held),
                )
            )
    columns = list(zip(*rows, strict=True)) if rows else [()] * 9
    names = ("drawn_fen", "rolled_fen", "repaid_fen", "balance_fen", "interest_fen", "rate_e8")
    return frame_of(
        {
            **{
                n: pa.array(c, pa.string()) for n, c in zip(("quarter", "lender", "facility"), columns[:3], strict=True)
            },
            **{n: pa.array(c, pa.int64()) for n, c in zip(names, columns[3:], strict=True)},
        }
    )
