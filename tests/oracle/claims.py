"""Loans for which less was drawn than the facility lends against them, and what of them a disclosure may claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .days import quarter_of
from .funding import Position
from .model import Loan, Row, Scenario, Side
from .receipts import Record
from .screen import loan_reduction


def part_funded_rows(
    loans: Sequence[Loan],
    attribution: Sequence[Row],
    positions: Mapping[int, Sequence[Position]],
    record: Record,
    side: Side,
    scenario: Scenario,
) -> dict[int, Row]:
    """The part-funded loans by their place in the book, in its order.

    INTERPRETED: of a recorded loan that also drew in the run, what arrived before the run (and is in the opening
    balance) was drawn too; one that only lies in the opening is not looked at.
    """
    start = quarter_of(scenario.start).first
    rows: dict[int, Row] = {}
    for i, of in enumerate(attribution):
        if of["state"] not in ("held", "repaid"):
            continue
        facility, loan = scenario.facilities[of["facility"]], loans[i]
        drawn = sum(position.drawn for position in positions.get(i, ()))
        begins = any((row.lender, row.facility) == (loan.lender, facility.id) for row in side.opening_tranches)
        if begins and i in record.decisions:
            drawn += sum(one.amount for one in record.decisions[i].receipts if one.day < start)
        ratio = facility.on("ratio", loan.disbursed)
        full = loan.principal * ratio // 10_000
        if not 0 < drawn < full:
            continue
        claimed = min(loan.principal, drawn * 10_000 // ratio)
        rows[i] = {
            **{n: of[n] for n in ("loan_id", "lender", "facility", "field", "sector", "project_id")},
            "quarter": quarter_of(max(loan.disbursed, facility.latest("launch"))).name,
            "principal": loan.principal,
            "full_draw": full,
            "drawn": drawn,
            "claimed": claimed,
            "reduction": of["reduction"],
            "reduction_claimed": loan_reduction(loan, claimed),
            "claim": scenario.claim or None,
        }
    return rows
