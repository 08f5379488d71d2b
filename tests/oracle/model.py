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
    project_code: str | None = None
    planned: bool = False  # a loan of a lending plan
    extended_to: date | None = None
    ineligible_from: date | None = None
    contract_limit: int | None = None  # fen
    syndicate_total: int | None = None  # fen
    syndicate_share: int | None = None  # ppm
    rate_now: int | None = None  # ppm
    rate_type: str | None = None  # "fixed" or "floating"
    spread_bp: int | None = None
    reprice_months: int | None = None
    next_reprice: date | None = None
    data_error: bool = False  # an error of the row itself that is already known


@dataclass(frozen=True, kw_only=True)
class Prepayment:
    """One early repayment (amount in fen)."""

    loan_id: str
    date: date
    amount: int


@dataclass(frozen=True, kw_only=True)
class Application:
    """One row of the bank's record: what was applied for in a period (2024Q2 or 2024-05), and what came of it."""

    loan_id: str
    period: str
    status: str  # applied, funded, refused, withdrawn
    facility: str | None = None
    applied_amount: int | None = None  # fen
    funded_on: date | None = None
    funded_amount: int | None = None  # fen
    rate: int | None = None  # ppm
    tranche: str | None = None


@dataclass(frozen=True, kw_only=True)
class OpeningTranche:
    """What a lender held of a facility when the run began."""

    lender: str
    facility: str
    drawn_on: date
    due_on: date
    principal: int  # fen
    rate: int  # ppm
    rollovers_used: int = 0
    tranche: str | None = None


@dataclass(frozen=True, kw_only=True)
class OpeningTotal:
    """A figure of the last statement before the run. `code` is empty for the total."""

    lender: str
    facility: str
    through: str  # quarter
    projects: int
    amount: int  # fen
    weighted_rate: int | None  # e8
    reduction: int  # grams
    code: str = ""
    horizon: str = "since_start"
    project_ids: str | None = None


@dataclass(frozen=True, kw_only=True)
class Instalment:
    """Principal to be repaid on a day, of a loan whose whole schedule is given."""

    loan_id: str
    date: date
    principal: int  # fen


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What a loan was seen to owe at the end of a day."""

    loan_id: str
    date: date
    outstanding: int  # fen


@dataclass(frozen=True, kw_only=True)
class Revision:
    """New figures of a project, for loans from a day on. None: as before."""

    project_id: str
    since: date
    reason: str
    investment: int | None = None  # fen
    reduction: int | None = None  # grams
    evidence: str | None = None


@dataclass(frozen=True, kw_only=True)
class OtherLoan:
    """A loan of another lender to a project; project_id or project_code is given."""

    disbursed: date
    principal: int  # fen
    project_id: str | None = None
    project_code: str | None = None
    lender: str = "another bank"
    loan_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Side:
    """The tables beside the book. `applications` is None in a simulated run, empty in a recorded one without rows."""

    applications: Sequence[Application] | None = None
    opening_tranches: Sequence[OpeningTranche] = ()
    opening: Sequence[OpeningTotal] = ()
    schedule: Sequence[Instalment] = ()
    balances: Sequence[Balance] = ()
    revisions: Sequence[Revision] = ()
    other_loans: Sequence[OtherLoan] = ()


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Everything but the book. `facilities` is in the scenario's order; `caps` is {facility: {period: fen}};
    `own_rate` is one dated list (ppm) or one a lender; `lpr` is (date, 1-year ppm, 5-year ppm), ascending.
    `reference_rate` and `collateral_cost` are dated ppm, `earning_assets` dated fen."""

    start: date
    end: date
    facilities: Mapping[str, Facility]
    lenders: Mapping[str, str]  # id -> class
    lpr: Sequence[tuple[date, int, int]]
    own_rate: Dated | Mapping[str, Dated]
    admitted: Mapping[str, Mapping[str, date]] = field(default_factory=dict)  # {lender: {facility: date}}
    caps: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=lambda: SECTOR_FIELDS)  # sector -> field, in list order
    simulate_from: date | None = None
    ineligible: str = "listed"  # or kept, restated
    claim: str = ""  # full, funded, or not given
    loan_rates: str = "issue"  # or current: the rates of the cost table
    rate_basis: str = "issue"  # or current: the rates of the disclosure
    reference_rate: Dated = ()
    collateral_cost: Dated = ()
    earning_assets: Dated = ()
    lpr_shift_bp: int = 0
    lpr_shift_from: date = date.max


@dataclass(frozen=True, kw_only=True)
class Result:
    """The tables of the run folder as lists of dicts, rows in the folder's order, values in the UNITS below.

    `errors` says why a loan was set aside, by its place in the book (the names are the oracle's own);
    `findings` are (code, loan_id) of what is said about loans without setting them aside, "" where it is no loan's."""

    screening: list[Row]
    attribution: list[Row]
    draws: list[Row]
    ledger: list[Row]
    funding: list[Row]
    disclosure: list[Row]
    cost: list[Row]
    errors: dict[int, str]
    ineligible: list[Row] = field(default_factory=list)
    restatement: list[Row] = field(default_factory=list)
    part_funded: list[Row] = field(default_factory=list)
    findings: list[tuple[str, str]] = field(default_factory=list)


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
        "average_loans": "fen",
        "average_balance": "fen",
        "loan_interest": "fen",
        "facility_interest": "fen",
        "own_funding_interest": "fen",
        "collateral_cost": "fen",
        "net_interest": "fen",
        "nim_effect_bp": "e6",
        "reference_rate": "ppm",
        "interest_saved_reference": "fen",
    },
    "restatement": {
        "share": "e8",
        "reduction": "g",
        "share_restated": "e8",
        "reduction_restated": "g",
        "difference": "g",
    },
    "part_funded": {
        "principal": "fen",
        "full_draw": "fen",
        "drawn": "fen",
        "claimed": "fen",
        "reduction": "g",
        "reduction_claimed": "g",
    },
}
