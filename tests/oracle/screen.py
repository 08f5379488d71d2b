"""Which loans are set aside, and which may be funded: design sections 6 and 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .days import add_months, quarter_of
from .exact import half_even
from .model import Loan, Prepayment, Row, Scenario, Side
from .policy import Facility
from .projects import code_twice, over_contract, over_project, project_keys
from .rates import lpr_on
from .receipts import ReceiptError, Record, decide, is_recorded, unknown_loans
from .schedule import Schedule, ScheduleError, schedule_of

RECEIPT_ERRORS = (
    "application_conflict",
    "receipt_incomplete",
    "receipt_before_loan",
    "receipt_without_facility",
    "application_facility",
    "received_over_asked",
)


def is_new(loan: Loan) -> bool:
    """Neither refinancing another loan nor anything but a new issue."""
    return not loan.refinances and loan.issue_type == "new"


def loan_reduction(loan: Loan, part: int | None = None) -> int | None:
    """The loan's share of the project's annual reduction (grams), 0 without a study; or that of a part of the loan.

    INTERPRETED: "no study" = investment or reduction is empty; where the principal itself is unreadable, or a figure of
    the project cannot be (a loan in error), the reduction cannot be computed and is empty.
    """
    if not loan.principal or loan.principal < 0:
        return None
    if (loan.investment is not None and loan.investment <= 0) or (loan.reduction or 0) < 0:
        return None
    if loan.investment is None or loan.reduction is None:
        return 0
    return half_even(loan.reduction * (loan.principal if part is None else part), loan.investment)


def loan_share(loan: Loan) -> int | None:
    """principal / project investment, x 10^8, half-even; empty where either figure is missing."""
    if not loan.principal or not loan.investment or loan.principal < 0 or loan.investment < 0:
        return None
    return half_even(loan.principal * 10**8, loan.investment)


def reported_differs(loan: Loan) -> bool:
    """The reported reduction is off by more than 0.5 % of the computed one.

    INTERPRETED: compared with the reduction rounded to the gram, relative to that figure, and only where there is
    a study to compute it from; a computed 0 differs from any other report.
    """
    if loan.reduction_reported is None or loan.investment is None or loan.reduction is None:
        return False
    computed = half_even(loan.reduction * loan.principal, loan.investment)
    return 200 * abs(loan.reduction_reported - computed) > computed


@dataclass
class Checked:
    """Loans that are set aside (place in the book -> why), the schedules of all others, the record, what was said."""

    errors: dict[int, str] = field(default_factory=dict)
    schedules: dict[int, Schedule] = field(default_factory=dict)
    record: Record = field(default_factory=Record)
    findings: list[tuple[str, str]] = field(default_factory=list)

    def say(self, code: str, loan: Loan) -> None:
        self.findings.append((code, loan.loan_id))


def row_error(loan: Loan) -> str | None:
    """What is wrong with a row by itself."""
    if loan.data_error:
        return "row"
    if loan.grace_until is not None and loan.grace_until > loan.matures:
        return "grace_after_maturity"
    if loan.extended_to is not None and loan.extended_to <= loan.matures:
        return "extension_not_later"
    return "reduction_reported_differs" if reported_differs(loan) else None


def refinancing(loans: Sequence[Loan], checked: Checked) -> dict[int, list[Loan]]:
    """By loan: the loans that pay it off, in order. `errors` holds those wrong by themselves.

    INTERPRETED: a new loan disbursed after the end pays off the old one all the same, as prepayments of then count.
    """
    ids = {loan.loan_id: i for i, loan in enumerate(loans)}
    found: dict[int, list[Loan]] = {}
    for i, loan in enumerate(loans):
        if i in checked.errors or not loan.refinances:
            continue
        old = ids.get(loan.refinances)
        if old is None:
            checked.say("refinances_unknown", loan)
        elif old == i:
            checked.say("refinances_itself", loan)
        elif old in checked.errors:
            continue
        elif loan.disbursed < loans[old].disbursed:
            checked.say("refinances_later_loan", loan)
        else:
            found.setdefault(old, []).append(loan)
    return {old: sorted(new, key=lambda one: (one.disbursed, one.loan_id)) for old, new in found.items()}


def find_errors(loans: Sequence[Loan], prepayments: Sequence[Prepayment], scenario: Scenario, side: Side) -> Checked:
    """Loans that are set aside and the schedules and decisions of all others.

    INTERPRETED: the first error found is kept; a loan is set aside whatever their number.
    """
    checked = Checked(errors={i: why for i, loan in enumerate(loans) if (why := row_error(loan))})
    errors = checked.errors
    make_schedules(loans, prepayments, side, checked)
    follow_record(loans, scenario, side, checked)
    end = quarter_of(scenario.end).last
    over, said = over_contract(loans, errors, end)
    errors |= over
    keys, more = project_keys(loans, errors)
    said += more + code_twice(loans, errors, keys)
    # Share above one: over loans of all lenders; those disbursed after the end are out of the run.
    candidates = [i for i in range(len(loans)) if i not in errors and is_new(loans[i]) and loans[i].disbursed <= end]
    beyond, more = over_project(loans, candidates, keys, side.other_loans, end)
    errors |= dict.fromkeys(beyond, "share_over_one")
    checked.findings += [(code, "") for code in [*said, *more]]
    checked.schedules = {i: s for i, s in checked.schedules.items() if i not in errors}
    for i in errors:
        rows = [row for row in side.applications or () if row.loan_id == loans[i].loan_id]
        checked.record.decisions.pop(i, None)
        if errors[i] not in RECEIPT_ERRORS and any(row.status == "funded" for row in rows):
            checked.say("receipt_set_aside", loans[i])
    return checked


def make_schedules(loans: Sequence[Loan], prepayments: Sequence[Prepayment], side: Side, checked: Checked) -> None:
    """The schedules of loans without an error of their own."""
    refinanced = refinancing(loans, checked)
    ids = {loan.loan_id for loan in loans}
    checked.findings += [("schedule_unknown_loan", one.loan_id) for one in side.schedule if one.loan_id not in ids]
    checked.findings += [("balance_unknown_loan", one.loan_id) for one in side.balances if one.loan_id not in ids]
    for i, loan in enumerate(loans):
        if i in checked.errors:
            continue
        try:
            checked.schedules[i] = schedule_of(
                loan,
                [one for one in prepayments if one.loan_id == loan.loan_id],
                [one for one in side.schedule if one.loan_id == loan.loan_id],
                [one for one in side.balances if one.loan_id == loan.loan_id],
                [(one.disbursed, one.principal) for one in refinanced.get(i, ())],
            )
        except ScheduleError as error:
            checked.errors[i] = str(error)
            continue
        new = iter(refinanced.get(i, ()))  # once nothing is owed any more, later ones pay nothing
        for code in checked.schedules[i].notes:
            if code == "refinanced":
                by = next(new)
            checked.say(code, by if code.startswith("refinanced") else loan)


def follow_record(loans: Sequence[Loan], scenario: Scenario, side: Side, checked: Checked) -> None:
    """What the record of applications says of each loan."""
    if side.applications is None:
        return
    checked.record.recording = True
    checked.findings += unknown_loans(side.applications, {loan.loan_id: i for i, loan in enumerate(loans)})
    for i, loan in enumerate(loans):
        rows = [row for row in side.applications if row.loan_id == loan.loan_id]
        if is_recorded(loan, bool(rows), scenario):
            checked.record.recorded.add(i)
        if rows and i not in checked.errors:
            try:
                checked.record.decisions[i] = decide(i, loan, rows, candidate(loan, scenario), scenario)
            except ReceiptError as error:
                checked.errors[i] = str(error)


def candidate(loan: Loan, scenario: Scenario) -> str | None:
    """The facility whose list names the sector on the disbursement date, else one that takes unlisted loans.

    INTERPRETED: "no list names" is judged on the disbursement date, over the scenario's facilities alone.
    """
    for name, facility in scenario.facilities.items():
        if facility.names_sector(loan.sector, loan.disbursed):
            return name
    for name, facility in scenario.facilities.items():
        if facility.on("selection", loan.disbursed) == "unlisted":
            return name
    return None


def lpr_limit(loan: Loan, facility: Facility, scenario: Scenario) -> int | None:
    """LPR in force on the disbursement date + tolerance (ppm); None before the first fixing.

    A planned loan is held against the LPR as the scenario moves it: its own rate follows the same.
    """
    short = add_months(loan.disbursed, facility.on("lpr_1y_up_to_months", loan.disbursed))
    tenor = loan.lpr_tenor or ("1y" if loan.matures <= short else "5y")
    lpr = lpr_on(scenario, tenor, loan.disbursed, loan.planned)
    return None if lpr is None else lpr + int(facility.on("tolerance", loan.disbursed))


def reasons_against(loan: Loan, name: str, scenario: Scenario) -> list[str]:
    """Every reason of the candidate facility, in the contract's order."""
    facility, day = scenario.facilities[name], loan.disbursed
    reasons = []
    # INTERPRETED: an admission date the scenario gives replaces the policy's own, earlier or later.
    admitted = scenario.admitted.get(loan.lender, {}).get(
        name, facility.admitted_from(loan.lender, scenario.lenders.get(loan.lender))
    )
    if admitted is None or day < admitted:
        reasons.append("lender_not_admitted")
    if "window" in facility.values:
        window = facility.latest("window")
        if day < window.first or day > window.last:
            reasons.append("outside_window")
    limit: int | None = None
    if facility.on("loan_rate_limit", day) == "lpr":
        limit = lpr_limit(loan, facility, scenario)
    elif facility.on("loan_rate_limit", day) == "cap":
        limit = int(facility.on("loan_rate_cap", day))
    if limit is not None and loan.rate > limit:
        reasons.append("rate_above_limit")
    if facility.on("evidence_required", day) and (
        loan.investment is None or loan.reduction is None or not loan.evidence
    ):
        reasons.append("evidence_missing")
    if not is_new(loan):
        reasons.append("not_new")
    # INTERPRETED: too short = matures before disbursed + min_term_months (cut to the month's end).
    if loan.matures < add_months(day, facility.on("min_term_months", day)):
        reasons.append("term_too_short")
    allowed = facility.on("borrower_types", day)
    if allowed is not None and loan.borrower_type not in allowed:
        reasons.append("borrower_not_eligible")
    return reasons


def screen(loans: Sequence[Loan], errors: Mapping[int, str], scenario: Scenario) -> list[Row]:
    """One row for every loan read, in input order."""
    rows: list[Row] = []
    for i, loan in enumerate(loans):
        name: str | None = None
        if i in errors:
            reasons = ["data_error"]
        elif (name := candidate(loan, scenario)) is None:
            reasons = ["sector_not_listed"]
        else:
            reasons = reasons_against(loan, name, scenario)
        rows.append(
            {"loan_id": loan.loan_id, "facility": name or "", "eligible": not reasons, "reasons": ";".join(reasons)}
        )
    return rows
