"""The ledger 台账 and the funding series: every event, and a row a quarter (design sections 7 and 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from relending.dates import iso, quarter_end, quarter_of, quarter_start, quarter_text, to_date
from relending.engine.cohorts import Tranche
from relending.engine.columns import frame_of
from relending.engine.context import Context
from relending.engine.interest import Leg, days_in_year, settlements
from relending.policy import Facility
from relending.units import E8, PPM, divide

EVENTS = ("interest", "return", "repay", "rollover", "draw")
"""The order of events of one date."""
SIGN = {"draw": 1, "repay": -1, "return": -1}
"""What an event does to the balance; the others leave it as it is."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the ledger, in fen and ppm; lender and facility as positions."""

    day: int
    event: str
    lender: int
    facility: int
    tranche: int
    amount: int
    rate_ppm: int
    balance: int


def legs_of(tranche: Tranche, lender: int, rules: Facility) -> list[Leg]:
    """The tranche-years of one lender's tranche, those that hold something."""
    basis = days_in_year(str(rules["day_count"].on(to_date(tranche.day)).value))
    out: list[Leg] = []
    start, held = tranche.day, int(tranche.drawn[lender])
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
                tranche.day,
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


def tranche_events(tranche: Tranche, legs: Sequence[Leg], facility: int, rules: Facility, end: int) -> list[Event]:
    """Every event of one lender's tranche up to ``end``."""
    out: list[Event] = []
    if not legs:
        return out
    kind = str(rules["interest_settlement"].on(to_date(tranche.day)).value)
    lender = legs[0].lender

    def add(day: int, event: str, amount: int, rate: int, balance: int) -> None:
        if amount and day <= end:
            out.append(Event(day, event, lender, facility, tranche.day, amount, rate, balance))

    add(tranche.day, "draw", legs[0].held[0], legs[0].rate_ppm, legs[0].held[0])
    for leg in legs:
        for day, amount in settlements(leg, kind):
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
    """A lender's legs and events in one facility."""

    lender: int
    facility: int
    legs: tuple[Leg, ...]
    events: tuple[Event, ...]


def positions(tranches: Sequence[Sequence[Tranche]], lenders: int, context: Context) -> list[Position]:
    """Legs and events of every lender and facility (lenders in code-point order, facilities in scenario order)."""
    out: list[Position] = []
    for lender in range(lenders):
        for f, rules in enumerate(context.facilities):
            legs: list[Leg] = []
            events: list[Event] = []
            for tranche in tranches[f]:
                mine = legs_of(tranche, lender, rules)
                legs += mine
                events += tranche_events(tranche, mine, f, rules, context.end)
            out.append(Position(lender, f, tuple(legs), tuple(events)))
    return out


def tranche_id(facility: str, lender: str, day: int) -> str:
    """How a tranche is named: facility/lender/draw-date."""
    return f"{facility}/{lender}/{iso(day)}"


def ledger_frame(where: Sequence[Position], lenders: Sequence[str], context: Context) -> pd.DataFrame:
    """The ledger: by date, event, lender, facility (scenario order), tranche."""
    rank = {event: i for i, event in enumerate(EVENTS)}
    events = sorted(
        (e for p in where for e in p.events), key=lambda e: (e.day, rank[e.event], e.lender, e.facility, e.tranche)
    )
    ids = [f.id for f in context.facilities]
    return frame_of(
        {
            "date": pa.array([e.day for e in events], pa.int32()).cast(pa.date32()),
            "lender": pa.array([lenders[e.lender] for e in events], pa.string()),
            "facility": pa.array([ids[e.facility] for e in events], pa.string()),
            "tranche": pa.array(
                [tranche_id(ids[e.facility], lenders[e.lender], e.tranche) for e in events], pa.string()
            ),
            "event": pa.array([e.event for e in events], pa.string()),
            "amount_fen": pa.array([e.amount for e in events], pa.int64()),
            "rate_ppm": pa.array([e.rate_ppm for e in events], pa.int64()),
            "balance_fen": pa.array([e.balance for e in events], pa.int64()),
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
