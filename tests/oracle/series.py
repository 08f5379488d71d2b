"""The quarter tables: funding, disclosure, cost (design sections 8, 9 and 11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from .days import ONE_DAY, Period, each_day, quarter_of
from .exact import half_even, scaled
from .funding import Position
from .interest import Accrual
from .model import Dated, Loan, Row, Scenario
from .opening import Opening, Part
from .rates import Rates
from .schedule import Schedule

E8 = 10**8
PPM = 10**6


@dataclass(kw_only=True)
class Book:
    """What the quarter tables are added up from. Numbers are places in the book; `facility_of` holds the supported
    loans; `lenders` are all lenders in the book (INTERPRETED: of every loan read), by code point."""

    loans: Sequence[Loan]
    schedules: Mapping[int, Schedule]
    facility_of: Mapping[int, str]
    reductions: Mapping[int, int]
    lenders: list[str]
    counted: Mapping[int, tuple[int, int]]  # principal and reduction of the supported loans, as they are disclosed
    positions: Mapping[int, list[Position]]
    accruals: Mapping[tuple[str, str], list[Accrual]]
    lost: Mapping[int, None] = field(default_factory=dict)  # supported loans that leave the disclosure
    recording: bool = False
    simulated: Mapping[tuple[str, str], date] = field(default_factory=dict)  # first simulated draw
    asking: frozenset[int] = frozenset()  # loans that are simulated, but for those whose draw is in an opening
    openings: Mapping[tuple[str, str, str], Opening] = field(default_factory=dict)
    rates: Rates

    def supported(self, lender: str, facility: str) -> list[int]:
        return [i for i, name in self.facility_of.items() if name == facility and self.loans[i].lender == lender]

    def basis(self, lender: str, facility: str, day: date) -> str:
        """What a row of a series rests on at the end of a quarter.

        INTERPRETED: a simulated draw counts from the day it is made; one that is in the opening or still to come does
        not.
        """
        if not self.recording:
            return "simulated"
        return "mixed" if self.simulated.get((lender, facility), date.max) <= day else "recorded"

    def lent_basis(self, lender: str, facility: str, quarter: Period, launch: date) -> str:
        """The same for a row that counts loans: a simulated loan counts from the quarter it is disclosed in."""
        if not self.recording:
            return "simulated"
        mine = [self.loans[i] for i in self.supported(lender, facility) if i in self.asking]
        simulated = any(max(loan.disbursed, launch) <= quarter.last for loan in mine)
        return "mixed" if simulated else "recorded"

    def held_at(self, i: int, day: date) -> int:
        return sum(position.held_at(day) for position in self.positions.get(i, []))


def facility_rate(accruals: Sequence[Accrual], day: date) -> tuple[int, Fraction | None]:
    """(balance in fen, balance-weighted rate as a fraction) of a lender's tranches at the end of a day."""
    balance = weighted = 0
    for accrual in accruals:
        year = accrual.year
        if year.start <= day < year.due:
            held = year.before(day + ONE_DAY)
            balance += held
            weighted += held * year.rate
    return balance, Fraction(weighted, balance * PPM) if balance else None


def funding_rows(horizon: list[Period], ledger: list[Row], book: Book, scenario: Scenario) -> list[Row]:
    """Flows and balance of each quarter; interest is accrued, not settled.

    INTERPRETED: `repaid` holds repayments and returns, so that drawn - repaid adds up to the balance.
    """
    rows: list[Row] = []
    for quarter in horizon:
        for lender in book.lenders:
            for name in scenario.facilities:
                mine = [r for r in ledger if r["lender"] == lender and r["facility"] == name]
                now = [r for r in mine if quarter.first <= r["date"] <= quarter.last]
                accruals = book.accruals.get((lender, name), [])
                balance, rate = facility_rate(accruals, quarter.last)
                rows.append(
                    {
                        "quarter": quarter.name,
                        "lender": lender,
                        "facility": name,
                        "drawn": sum(r["amount"] for r in now if r["event"] == "draw"),
                        "rolled": sum(r["amount"] for r in now if r["event"] == "rollover"),
                        "repaid": sum(r["amount"] for r in now if r["event"] in ("repay", "return")),
                        "balance": balance,
                        "interest": sum(a.between(quarter.first, quarter.last + ONE_DAY) for a in accruals),
                        "rate": None if rate is None else scaled(rate, E8),
                        "basis": book.basis(lender, name, quarter.last),
                    }
                )
    return rows


def disclosure_rows(horizon: list[Period], book: Book, scenario: Scenario) -> list[Row]:
    """Loans issued, by lender, facility, quarter, horizon, level and code in list order."""
    rows: list[Row] = []
    for lender in book.lenders:
        for name, facility in scenario.facilities.items():
            codes = facility.codes(list(scenario.fields))
            fields = list(dict.fromkeys(scenario.fields[code] for code in codes if code in scenario.fields))
            launch = facility.latest("launch")
            counted = [(quarter_of(max(book.loans[i].disbursed, launch)), i) for i in book.supported(lender, name)]
            for quarter in horizon:
                # A loan that leaves is out from the quarter it leaves in, never earlier than the one it came in.
                left = [i for q, i in counted if i in book.lost and leaves(book.loans[i], launch) <= quarter]
                until = [(q, i) for q, i in counted if q.first <= quarter.first and i not in left]
                in_horizon = {
                    "quarter": [i for q, i in until if q.first == quarter.first],
                    "year": [i for q, i in until if q.first.year == quarter.first.year],
                    "since_start": [i for _, i in until],
                }
                for span, members in in_horizon.items():
                    opening = book.openings.get((lender, name, span))
                    if opening is not None and (span == "since_start" or opening.through[:4] == quarter.name[:4]):
                        # what was disclosed by then is in the opening
                        members = [i for q, i in until if i in members and q.name > opening.through]
                    else:
                        opening = None
                    groups = [("total", "total", members)]
                    for code in fields:
                        inside = [i for i in members if scenario.fields.get(book.loans[i].sector) == code]
                        groups.append(("field", code, inside))
                    for code in codes:
                        groups.append(("sector", code, [i for i in members if book.loans[i].sector == code]))
                    for level, code, group in groups:
                        head = {"lender": lender, "facility": name, "quarter": quarter.name, "horizon": span}
                        basis = {"basis": book.lent_basis(lender, name, quarter, launch)}
                        part = opening.parts.get((level, code)) if opening else None
                        figures = issued(group, book, quarter.last, scenario.rate_basis, part)
                        rows.append({**head, "level": level, "code": code, **figures, **basis})
    return rows


def leaves(loan: Loan, launch: date) -> Period:
    """The quarter from which a loan that is no longer eligible is out of restated figures."""
    assert loan.ineligible_from is not None
    return quarter_of(max(loan.ineligible_from, loan.disbursed, launch))


def issued(group: list[int], book: Book, day: date, basis: str, part: Part | None) -> Row:
    """Distinct projects, principal issued (fen), rate weighted by it, reduction (grams), and what an opening had of
    them; of a part-funded loan perhaps only what is claimed. The rate is that at issue, or the one on the last day of
    the quarter."""
    part = part or Part(0, 0, 0, 0, None)
    loans = [book.loans[i] for i in group]
    amount = part.amount + sum(book.counted[i][0] for i in group)
    weighted = part.weighted + sum(book.counted[i][0] * book.rates.on(i, day, basis) for i in group) * (E8 // PPM)
    return {
        "projects": part.projects + len({loan.project_id for loan in loans} - (part.ids or frozenset())),
        "amount": amount,
        "weighted_rate": half_even(weighted, amount) if amount else None,
        "reduction": part.reduction + sum(book.counted[i][1] for i in group),
    }


def own_rate_on(scenario: Scenario, lender: str, day: date) -> int:
    """The lender's own cost of money (ppm) on a day; ValueError before its first value.

    INTERPRETED: it must be known at every quarter end of the run (for every lender in the book) and on every day of
    the run on which the lender has a balance.
    """
    table = scenario.own_rate
    dated: Dated = table[lender] if isinstance(table, Mapping) else table
    return value_on(dated, day, f"own_rate of {lender}")


def value_on(dated: Dated, day: date, what: str) -> int:
    """The last value from or before the day; ValueError before the first."""
    known = [value for start, value in dated if start <= day]
    if not known:
        raise ValueError(f"{what} has no value on {day}")
    return known[-1]


def interest_saved(accruals: Sequence[Accrual], quarter: Period, rate_on: Callable[[date], int]) -> int:
    """Sum over tranches and days of the quarter of principal x (rate of the day - tranche rate) / 360 (fen),
    rounded once. INTERPRETED: / 360 whatever the day count."""
    total = 0
    for accrual in accruals:
        year = accrual.year
        for day in each_day(max(year.start, quarter.first), min(year.due - ONE_DAY, quarter.last)):
            n = (day - year.start).days
            principal = accrual.balance_days[n + 1] - accrual.balance_days[n]
            if principal:
                total += principal * (rate_on(day) - year.rate)
    return half_even(total, 360 * PPM)


def cost_rows(horizon: list[Period], book: Book, scenario: Scenario) -> list[Row]:
    """What the money costs, by quarter, lender and facility; every figure from exact ones, rounded once."""
    rows: list[Row] = []
    for quarter in horizon:
        day = quarter.last
        for lender in book.lenders:
            own = own_rate_on(scenario, lender, day)
            for name in scenario.facilities:
                made = [i for i in book.supported(lender, name) if book.loans[i].disbursed <= day]
                outstanding = {i: book.schedules[i].outstanding(day) for i in made}
                L = sum(outstanding.values())
                accruals = book.accruals.get((lender, name), [])
                B, rate = facility_rate(accruals, day)
                loan_yield = blended = None
                if L:
                    weighted = sum(o * book.rates.on(i, day, scenario.loan_rates) for i, o in outstanding.items())
                    loan_yield = Fraction(weighted, L * PPM)
                    blended = (min(B, L) * (rate or 0) + max(L - B, 0) * Fraction(own, PPM)) / L
                in_balance = sum(book.reductions[i] for i in made if book.held_at(i, day))
                subsidy = None
                if in_balance and rate is not None:  # yuan per tonne from fen and grams
                    subsidy = Fraction(B, 100) * (Fraction(own, PPM) - rate) / Fraction(in_balance, 10**6)
                saved = interest_saved(accruals, quarter, lambda d, lender=lender: own_rate_on(scenario, lender, d))
                rows.append(
                    {
                        "quarter": quarter.name,
                        "lender": lender,
                        "facility": name,
                        "loans_outstanding": L,
                        "facility_balance": B,
                        "loan_yield": None if loan_yield is None else scaled(loan_yield, E8),
                        "facility_rate": None if rate is None else scaled(rate, E8),
                        "own_rate": own,
                        "blended_cost": None if blended is None else scaled(blended, E8),
                        "margin": None if blended is None or loan_yield is None else scaled(loan_yield - blended, E8),
                        "interest_saved": saved,
                        "reduction": sum(book.reductions[i] for i in made),
                        "reduction_in_balance": in_balance,
                        "subsidy_per_tonne": None if subsidy is None else scaled(subsidy, 10**6),
                        **daily_cost(quarter, lender, name, made, saved, book, scenario),
                        "basis": book.lent_basis(lender, name, quarter, scenario.facilities[name].latest("launch")),
                    }
                )
    return rows


def balances_by_day(accruals: Sequence[Accrual], days: Sequence[date]) -> list[int]:
    """The facility balance at the end of each day (fen)."""
    balances = [0] * len(days)
    for accrual in accruals:
        year = accrual.year
        if year.start <= days[-1] and year.due > days[0]:
            for k, day in enumerate(days):
                if year.start <= day < year.due:
                    n = (day - year.start).days
                    balances[k] += accrual.balance_days[n + 1] - accrual.balance_days[n]
    return balances


def daily_cost(
    quarter: Period, lender: str, name: str, made: list[int], saved: int, book: Book, scenario: Scenario
) -> Row:
    """The columns of the cost table that rest on the balances of every day of the quarter."""
    days = list(each_day(quarter.first, quarter.last))
    n, last, facility = len(days), quarter.last, scenario.facilities[name]
    accruals = book.accruals.get((lender, name), [])
    held = balances_by_day(accruals, days)
    owed, interest = [0] * n, 0
    for i in made:
        if not book.schedules[i].outstanding(quarter.first - ONE_DAY) and book.loans[i].disbursed < quarter.first:
            continue  # nothing is owed any more: what is nothing stays nothing
        for k, day in enumerate(days):
            balance = book.schedules[i].outstanding(day)
            if balance:
                owed[k] += balance
                interest += balance * book.rates.on(i, day, scenario.loan_rates)
    # INTERPRETED: own_rate must be known on the days on which own money is used, and at quarter ends
    uncovered = [(d, L - B) for d, L, B in zip(days, owed, held, strict=True) if L > B]
    own = sum(amount * own_rate_on(scenario, lender, d) for d, amount in uncovered)
    collateral = None
    if scenario.collateral_cost:
        exact = sum(
            Fraction(B * value_on(scenario.collateral_cost, d, "collateral_cost"), PPM - haircut)
            for d, B in zip(days, held, strict=True)
            if B
            for haircut in [facility.on("collateral_haircut", d)]
        )
        collateral = scaled(Fraction(exact) / 360, 1)
    facility_interest = sum(a.between(quarter.first, quarter.last + ONE_DAY) for a in accruals)
    loan_interest, own_interest = half_even(interest, 360 * PPM), half_even(own, 360 * PPM)
    nim = reference = saved_reference = None
    if scenario.earning_assets:
        year = (date(last.year + 1, 1, 1) - date(last.year, 1, 1)).days
        assets = value_on(scenario.earning_assets, last, "earning_assets")
        nim = half_even(10**4 * (saved - (collateral or 0)) * year * 10**6, n * assets)
    if scenario.reference_rate:
        reference = value_on(scenario.reference_rate, last, "reference_rate")
        table = scenario.reference_rate
        saved_reference = interest_saved(accruals, quarter, lambda d: value_on(table, d, "reference_rate"))
    return {
        "average_loans": half_even(sum(owed), n),
        "average_balance": half_even(sum(held), n),
        "loan_interest": loan_interest,
        "facility_interest": facility_interest,
        "own_funding_interest": own_interest,
        "collateral_cost": collateral,
        "net_interest": loan_interest - facility_interest - own_interest - (collateral or 0),
        "nim_effect_bp": nim,
        "reference_rate": reference,
        "interest_saved_reference": saved_reference,
    }
