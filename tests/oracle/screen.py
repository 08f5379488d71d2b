"""Which loans are set aside, and which may be funded: design sections 6 and 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from .days import add_months
from .exact import half_even
from .model import Loan, Prepayment, Row, Scenario
from .policy import Facility
from .schedule import Schedule, ScheduleError, schedule_of


def is_new(loan: Loan) -> bool:
    """Neither refinancing another loan nor anything but a new issue."""
    return not loan.refinances and loan.issue_type == "new"


def loan_reduction(loan: Loan) -> int | None:
    """The loan's share of the project's annual reduction (grams), 0 without a study.

    INTERPRETED: "no study" = investment or reduction is empty; where the principal itself is unreadable, or a figure of
    the project cannot be (a loan in error), the reduction cannot be computed and is empty.
    """
    if not loan.principal or loan.principal < 0:
        return None
    if (loan.investment is not None and loan.investment <= 0) or (loan.reduction or 0) < 0:
        return None
    if loan.investment is None or loan.reduction is None:
        return 0
    return half_even(loan.reduction * loan.principal, loan.investment)


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


def find_errors(
    loans: Sequence[Loan], prepayments: Sequence[Prepayment], end: date = date.max
) -> tuple[dict[int, str], dict[int, Schedule]]:
    """Loans that are set aside (place in the book -> why) and the schedules of all others.

    INTERPRETED: the first error found is kept; a loan is set aside whatever their number.
    """
    errors: dict[int, str] = {}
    schedules: dict[int, Schedule] = {}
    for i, loan in enumerate(loans):
        if loan.data_error:
            errors[i] = "row"
            continue
        try:
            schedules[i] = schedule_of(loan, [p for p in prepayments if p.loan_id == loan.loan_id])
        except ScheduleError as error:
            errors[i] = str(error)
            continue
        if reported_differs(loan):
            errors[i] = "reduction_reported_differs"
    # Share above one: over loans of all lenders; those disbursed after the end are out of the run.
    kept: dict[str, int] = {}
    candidates = [i for i in range(len(loans)) if i not in errors and is_new(loans[i]) and loans[i].disbursed <= end]
    for i in sorted(candidates, key=lambda i: (loans[i].disbursed, loans[i].loan_id)):
        loan = loans[i]
        total = kept.get(loan.project_id, 0) + loan.principal
        if loan.investment is not None and total > loan.investment:
            errors[i] = "share_over_one"
        else:  # a loan without an investment is always kept, and counts
            kept[loan.project_id] = total
    return errors, {i: s for i, s in schedules.items() if i not in errors}


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
    """LPR in force on the disbursement date + tolerance (ppm); None before the first fixing."""
    known = [fixing for fixing in scenario.lpr if fixing[0] <= loan.disbursed]
    if not known:
        return None
    short = add_months(loan.disbursed, facility.on("lpr_1y_up_to_months", loan.disbursed))
    tenor = loan.lpr_tenor or ("1y" if loan.matures <= short else "5y")
    _, one_year, five_year = max(known)
    return (one_year if tenor == "1y" else five_year) + int(facility.on("tolerance", loan.disbursed))


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
