"""The rate of a loan on a day: at issue, or current, as it was repriced."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date

from .days import add_months
from .model import Loan, Scenario
from .policy import Facility

PPM_OF_BP = 100


def lpr_on(scenario: Scenario, tenor: str, day: date, shifted: bool) -> int | None:
    """The LPR in force (ppm); None before the first fixing. The scenario's shift counts after its day."""
    known = [fixing for fixing in scenario.lpr if fixing[0] <= day]
    if not known:
        return None
    shift = scenario.lpr_shift_bp * PPM_OF_BP if shifted and day > scenario.lpr_shift_from else 0
    return max(known)[1 if tenor == "1y" else 2] + shift


def current_rates(loan: Loan, facility: Facility, scenario: Scenario, until: date) -> list[tuple[date, int]]:
    """(day, rate in ppm from that day on) up to a day; the first entry is of the beginning of time.

    INTERPRETED: a loan without a rate_type is fixed; where no LPR is known, at disbursement for the spread or on a
    repricing day, the rate stays; only of planned loans does the LPR at disbursement have the scenario's shift in it.
    """
    start = loan.rate if loan.rate_now is None else loan.rate_now
    rates = [(date.min, start)]
    if loan.rate_type != "floating" or not loan.reprice_months:
        return rates
    if loan.next_reprice is None and loan.rate_now is not None:
        return rates
    short = add_months(loan.disbursed, facility.on("lpr_1y_up_to_months", loan.disbursed))
    tenor = loan.lpr_tenor or ("1y" if loan.matures <= short else "5y")
    if loan.spread_bp is not None:
        spread = loan.spread_bp * PPM_OF_BP
    else:
        then = lpr_on(scenario, tenor, loan.disbursed, loan.planned)
        if then is None:
            return rates
        spread = loan.rate - then
    k = 0 if loan.next_reprice else 1
    while (day := add_months(loan.next_reprice or loan.disbursed, k * loan.reprice_months)) <= until:
        lpr = lpr_on(scenario, tenor, day, True)
        rates.append((day, rates[-1][1] if lpr is None else lpr + spread))
        k += 1
    return rates


class Rates:
    """The rates of the loans of a run, by place in the book."""

    def __init__(self, loans: list[Loan], facility_of: dict[int, str], scenario: Scenario, until: date) -> None:
        self.loans = loans
        self.steps = {
            i: current_rates(loans[i], scenario.facilities[name], scenario, until) for i, name in facility_of.items()
        }

    def on(self, i: int, day: date, basis: str) -> int:
        """ppm; `basis` is issue or current."""
        if basis == "issue":
            return self.loans[i].rate
        return self.steps[i][bisect_right(self.steps[i], day, key=lambda step: step[0]) - 1][1]
