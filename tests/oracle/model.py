"""What goes into the oracle and what comes out. Amounts are integers: fen, grams a year, parts per million."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .policy import SECTOR_FIELDS, Facility

Dated = Sequence[tuple[date, int]]
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Loan:
    """One disbursement. A loan with `data_error` may carry None in any field: nothing is calculated with it
    but its share and its reduction, where the figures they need are there."""

    loan_id: str
    lender: str
    project_id: str
    sector: str
    principal: int  # fen
    rate: int  # ppm a year
    disbursed: date
    matures: date
    purpose: str = "project"
    issue_type: str = "new"
    repayment: str = "bullet"
    payments_per_year: int = 4
    grace_until: date | None = None
    investment: int | None = None  # fen
    reduction: int | None = None  # grams a year, of the project
    reduction_reported: int | None = None  # grams a year, of the loan
    evidence: str | None = None
    refinances: str | None = None
    lpr_tenor: str | None = None  # "1y" or "5y"
    borrower_type: str | None = None
    contract_id: str | None = None
    data_error: bool = False  # an error of the row itself that is already known


@dataclass(frozen=True, kw_only=True)
class Prepayment:
    """One early repayment (amount in fen)."""

    loan_id: str
    date: date
    amount: int


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Everything but the book. `facilities` is in the scenario's order; `caps` is {facility: {period: fen}};
    `own_rate` is one dated list (ppm) or one a lender; `lpr` is (date, 1-year ppm, 5-year ppm), ascending."""

    start: date
    end: date
    facilities: Mapping[str, Facility]
    lenders: Mapping[str, str]  # id -> class
    lpr: Sequence[tuple[date, int, int]]
    own_rate: Dated | Mapping[str, Dated]
    admitted: Mapping[str, Mapping[str, date]] = field(default_factory=dict)  # {lender: {facility: date}}
    caps: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=lambda: SECTOR_FIELDS)  # sector -> field, in list order


@dataclass(frozen=True, kw_only=True)
class Result:
    """The tables of the run folder as lists of dicts, rows in the folder's order, values in the UNITS below.

    `errors` says why a loan was set aside, by its place in the book (the names are the oracle's own)."""

    screening: list[Row]
    attribution: list[Row]
    draws: list[Row]
    ledger: list[Row]
    funding: list[Row]
    disclosure: list[Row]
    cost: list[Row]
    errors: dict[int, str]


# Unit of every figure: fen; g (grams CO2e a year); ppm (given rates); e8 (fraction x 10^8: shares, derived rates);
# e6 (yuan per tonne x 10^6); count. Columns that are not named are text, dates or booleans.
UNITS: dict[str, dict[str, str]] = {
    "attribution": {"principal": "fen", "rate": "ppm", "share": "e8", "reduction": "g"},
    "draws": {"drawn": "fen"},  # and continued_1 ... continued_N
    "ledger": {"amount": "fen", "rate": "ppm", "balance": "fen"},
    "funding": {
        "drawn": "fen",
        "rolled": "fen",
        "repaid": "fen",
        "balance": "fen",
        "interest": "fen",
        "rate": "e8",
    },
    "disclosure": {"projects": "count", "amount": "fen", "weighted_rate": "e8", "reduction": "g"},
    "cost": {
        "loans_outstanding": "fen",
        "facility_balance": "fen",
        "loan_yield": "e8",
        "facility_rate": "e8",
        "own_rate": "ppm",
        "blended_cost": "e8",
        "margin": "e8",
        "interest_saved": "fen",
        "reduction": "g",
        "reduction_in_balance": "g",
        "subsidy_per_tonne": "e6",
    },
}
