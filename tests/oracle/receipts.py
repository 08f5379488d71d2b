"""The bank's record of applications: which loans were really funded, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from .model import Application, Loan, Scenario


class ReceiptError(Exception):
    """The rows of a loan contradict each other, the loan or the scenario: a data_error."""


@dataclass(frozen=True)
class Receipt:
    """Money that arrived: `rate` is None where it is the one in force, `suffix` the given tranche text."""

    loan: int
    day: date
    amount: int
    rate: int | None
    text: str
    period: str


@dataclass(frozen=True)
class Decision:
    """What the record says of one loan: its receipts (of one facility), else the status of its last period."""

    status: str
    facility: str = ""
    receipts: tuple[Receipt, ...] = ()
    asked: int | None = None
    notes: tuple[str, ...] = ()


@dataclass
class Record:
    """The decisions by loan; `recorded` are the loans the record decides, with or without a row."""

    recording: bool = False
    decisions: dict[int, Decision] = field(default_factory=dict)
    recorded: set[int] = field(default_factory=set)


def by_period(rows: Sequence[Application]) -> list[tuple[str, Application, Application | None]]:
    """(period, the row that counts, the `applied` row before it) in the order of the periods.

    INTERPRETED: the periods of one loan are all quarters or all months, so their names sort by time.
    """
    found = []
    for period in sorted({row.period for row in rows}):
        here = [row for row in rows if row.period == period]
        asked = [row for row in here if row.status == "applied"]
        other = [row for row in here if row.status != "applied"]
        if len(asked) > 1 or len(other) > 1:
            raise ReceiptError("application_conflict")
        found.append((period, other[0] if other else asked[0], asked[0] if asked and other else None))
    return found


def decide(i: int, loan: Loan, rows: Sequence[Application], candidate: str | None, scenario: Scenario) -> Decision:
    """The decision of one usable loan's rows. Raises ReceiptError."""
    periods = by_period(rows)
    notes = ["application_followed" for _, _, before in periods if before is not None]
    funded = [(period, row, before) for period, row, before in periods if row.status == "funded"]
    if not funded:
        return Decision(periods[-1][1].status, notes=tuple(notes))
    receipts, facilities, asked = [], [], []
    for period, row, before in funded:
        if row.funded_on is None or row.funded_amount is None or row.funded_amount <= 0:
            raise ReceiptError("receipt_incomplete")
        if row.funded_on < loan.disbursed:
            raise ReceiptError("receipt_before_loan")
        facility = row.facility or candidate
        if facility is None and len(scenario.facilities) == 1:
            (facility,) = scenario.facilities
        if facility is None:
            raise ReceiptError("receipt_without_facility")
        if facility not in scenario.facilities:
            raise ReceiptError("application_facility")
        # INTERPRETED: the row's own figure, else that of the row before it
        applied = row.applied_amount if row.applied_amount is not None or before is None else before.applied_amount
        if applied is not None and row.funded_amount > applied:
            raise ReceiptError("received_over_asked")
        facilities.append(facility)
        asked.append(applied)
        receipts.append(Receipt(i, row.funded_on, row.funded_amount, row.rate, row.tranche or "", period))
    # INTERPRETED: all receipts of one loan are of one facility
    most = loan.principal * scenario.facilities[facilities[0]].on("ratio", loan.disbursed) // 10_000
    received = sum(receipt.amount for receipt in receipts)
    if received > most:
        raise ReceiptError("received_over_asked")
    known = [amount for amount in asked if amount is not None]
    if received < (sum(known) if known else most):
        notes.append("part_funded")
    return Decision("funded", facilities[0], tuple(receipts), notes=tuple(notes))


def is_recorded(loan: Loan, has_row: bool, scenario: Scenario) -> bool:
    """In a recorded run: decided by the record, not simulated."""
    to_come = loan.planned or (scenario.simulate_from is not None and loan.disbursed >= scenario.simulate_from)
    return has_row or not to_come


def unknown_loans(rows: Sequence[Application], ids: Mapping[str, int]) -> list[tuple[str, str]]:
    """A finding for each row of a loan the book does not have."""
    return [("application_unknown_loan", row.loan_id) for row in rows if row.loan_id not in ids]
