"""Entries of the worked examples and of figures from prose: ``methods.csv``, by section."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache

import relending as rl
from relending.dates import add_months, to_date, to_day
from relending.engine import calendar, costing
from tests.facts import runs
from tests.facts.books import FOLDER
from tests.facts.calls import Call, call
from tests.facts.entry import Entry, Number, apart, given, held
from tests.facts.facts import FILES

FILE = "methods.csv"
Computed = tuple[Number, str]
"""A figure, not rounded, and how it was computed."""

STATEMENT = "amount / projects of `relending run statements/{}`"


def _statement(name: str, horizon: str) -> Callable[[], Computed]:
    def compute() -> Computed:
        quarter = name.rpartition("-")[2].upper()
        return runs.per_project(runs.shipped(f"statements/{name}"), quarter, horizon), STATEMENT.format(name)

    return compute


def _called(made: Call, divisor: int = 1) -> Callable[[], Computed]:
    return lambda: (Fraction(made.value) / divisor, made.told)


def _in_percent(made: Call) -> Callable[[], Computed]:
    return lambda: (100 * Fraction(made.value), f"`100 * {made.text}`")


def _rate(names: tuple[str, ...], pick: Callable[..., Fraction]) -> Callable[[], Computed]:
    def compute() -> Computed:
        rates = []
        for name in names:
            cell = runs.disclosed(runs.shipped(f"statements/{name}"), name.rpartition("-")[2].upper(), "quarter")
            rates.append(Fraction(runs.percent(cell["weighted_rate_e8"])))
        return pick(rates), f"`relending run {' '.join(f'statements/{n}' for n in names)}`"

    return compute


def _funded(run: Callable[[], object], lender: str, quarter: str, how: str) -> Callable[[], Computed]:
    def compute() -> Computed:
        done = run()
        lent = int(runs.disclosed(done, quarter, "since_start", lender)["amount_fen"])
        return Fraction(runs.drawn(done, lender, "2021-07-01", "2021-12-31"), lent), f"draws / loans of {how}"

    return compute


# -- 1.2 --------------------------------------------------------------------------------------------------------------

SHARED = runs.command("shared_project")


def _shared(lender: str, measure: str) -> Callable[[], Computed]:
    def compute() -> Computed:
        row = runs.figure(runs.mine("shared_project"), lender=lender, measure=measure)
        return Fraction(row["reproduced"]), SHARED

    return compute


def _unattributed() -> Computed:
    run = runs.mine("shared_project")
    given = run.tables["loans"]["project_reduction_g"].iloc[0]
    left = int(given) - int(run.tables["attribution"]["reduction_g"].sum())
    return runs.tonnes(left), f"what is left of 200,000 t by {SHARED}"


def _shares() -> Computed:
    shares = runs.mine("shared_project").tables["attribution"]["share_e8"].sum()
    return Fraction(runs.percent(shares)) / 100, f"`share` of {SHARED}"


# -- 5 ----------------------------------------------------------------------------------------------------------------

BALANCES = [str(500_000 - 50_000 * k) for k in range(10)]
GRANT = call(costing.grant_equivalent, BALANCES, "0.06", "0.08")
SUBSIDY = call(costing.interest_act_360, 85_500_000_000, call(costing.subsidy_rate, 1, "0.0175", "0.0295"), 360)
TONNES = 28_760_000
BLENDED = call(costing.blended_cost, "0.6", "0.0175", "0.0295")
SUBSIDISED = call(costing.subsidy_rate, "0.6", "0.0175", "0.0295")


def _grant_by_steps() -> Computed:
    """The figure printed has rounded steps; with each year's part rounded to the euro it comes out."""
    steps = [call(costing.grant_equivalent, ["0"] * k + [b], "0.06", "0.08") for k, b in enumerate(BALANCES)]
    how = "each year's part by `costing.grant_equivalent`, rounded to the euro: the printed figure has rounded steps"
    return sum(round(step.value) for step in steps), how


@cache
def _owed(loan_id: str) -> tuple[int, ...]:
    """What a loan of instalments.csv owes at each of 41 quarter days, fen."""
    scenario = rl.load_scenario(FOLDER / "instalments.toml")
    start = dt.date(2021, 7, 31)
    days = [to_date(int(add_months(to_day(start), 3 * k))) for k in range(41)]
    loans = rl.read_book(FOLDER / "instalments.csv", lender=scenario.lender).loans
    owed = rl.schedule(loans, days, scenario.context())
    return tuple(int(v) for v in owed[owed["loan_id"] == loan_id]["outstanding_fen"])


QUARTER = "0.04, 90"
SCHEDULE = "`rl.schedule` of `tests/facts/books/instalments.csv`"


def _interest_of_quarter(fen: int) -> Fraction:
    return Fraction(call(costing.interest_act_360, fen, "0.04", 90).value)


def _interest(loan_id: str) -> Callable[[], Computed]:
    def compute() -> Computed:
        total = sum(_interest_of_quarter(fen) for fen in _owed(loan_id)[:-1])
        return Fraction(total) / 100, f"`costing.interest_act_360(owed, {QUARTER})` by {SCHEDULE}"

    return compute


def _instalment() -> Computed:
    first, second = _owed("I")[:2]
    paid = first - second + _interest_of_quarter(first)
    return paid / 100, f"first repayment and its interest by {SCHEDULE}"


def _working_days(year: int) -> Callable[[], Computed]:
    def compute() -> Computed:
        first, after = to_day(dt.date(year, 1, 1)), to_day(dt.date(year + 1, 1, 1))
        kept = sum(calendar.adjust(day, "following") == day for day in range(first, after))
        return kept, 'days that `calendar.adjust(day, "following")` leaves as they are'

    return compute


CDB, BOC = "cdb-2023q3", "boc-2024q2"
BIG = ("icbc-2022q3", "abc-2022q3", "boc-2022q3")
HORIZONS = {"quarter": "quarter", "year to date": "year", "since first support": "since_start"}
PER_PROJECT = {"China Development Bank, loan per project, 2023Q3": CDB, "Bank of China, loan per project, 2024Q2": BOC}
FIRST_BATCH = "funds over loans, first batch"
COST = "first batch, 85.5 bn yuan at 1.20 points for 28.76 Mt"
COMMISSION = "European Commission, 500 000 in ten parts at 6 % against 8 %"
REPAID = "100 m yuan, 40 quarters, 4 %"

COMPUTE: dict[tuple[str, str], Callable[[], Computed]] = {
    **{(v, f): _statement(n, h) for v, n in PER_PROJECT.items() for f, h in HORIZONS.items()},
    (FIRST_BATCH, "all lenders"): _funded(
        lambda: runs.shipped("national/original"), "all_lenders", "2021Q4", "`relending run national`"
    ),
    (FIRST_BATCH, "Agricultural Bank of China"): _funded(
        lambda: runs.mine("parts"), "abc", "2021Q4", runs.command("parts")
    ),
    ("two banks and one project", "bank X, reduction"): _shared("bank_x", "reduction"),
    ("two banks and one project", "bank X, projects"): _shared("bank_x", "projects"),
    ("two banks and one project", "bank Y, reduction"): _shared("bank_y", "reduction"),
    ("two banks and one project", "unattributed"): _unattributed,
    ("two banks and one project", "sum of shares"): _shares,
    ("60 % at 1.75 % against 2.95 %", "blended cost"): _in_percent(BLENDED),
    ("60 % at 1.75 % against 2.95 %", "subsidy"): _in_percent(SUBSIDISED),
    ("60 m yuan, 90 days, 1.75 %", "interest at actual/360"): _called(
        call(costing.interest_act_360, 60_000_000, "0.0175", 90)
    ),
    (COMMISSION, "grant equivalent"): _grant_by_steps,
    (COMMISSION, "without rounding the steps"): _called(GRANT),
    (COST, "subsidy of a year"): _called(SUBSIDY, 10**9),
    (COST, "per annual tonne"): _called(call(costing.cost_per_annual_tonne, 1_026_000_000, TONNES)),
    (COST, "per tonne, 3 years of support and 20 of operation"): _called(
        call(costing.cost_per_tonne_over_life, 1_026_000_000, 3, TONNES, 20)
    ),
    (REPAID, "equal instalment"): _instalment,
    (REPAID, "interest, equal instalments"): _interest("I"),
    (REPAID, "interest, equal principal"): _interest("P"),
    **{("working days", str(year)): _working_days(year) for year in range(2021, 2027)},
    ("loan per project", "smallest, Bank of Jiaxing"): _statement("jiaxing-2025q1", "quarter"),
    ("average rates", "2022Q3, large banks, lowest"): _rate(BIG, min),
    ("average rates", "2022Q3, large banks, highest"): _rate(BIG, max),
    ("average rates", "2024Q2"): _rate((BOC,), min),
    ("average rates", "small banks, lowest"): _rate(("jiaxing-2025q1",), min),
}

HEADLINES = "the headlines it was taken from are not all among the collected facts"
FACTORS = "needs emission factors, which are shipped as data but computed from by nothing yet"
COAL = "needs coal factors, which are shipped as data but computed from by nothing yet"
APART = {  # vector, or vector and figure -> why nothing in the product computes it
    "tonnes per 10 000 yuan in published headlines": HEADLINES,
    "factors implied by studies": "needs output and coal beside a factor, which the product does not check yet",
    "baseline of the Nordic issuers": FACTORS,
    "European Investment Bank": "a threshold of another institution's reporting; no rule of these facilities",
    "coal saved times carbon": COAL,
    "China Development Bank, clean coal": "mines and power plants supported, without loans or a reduction beside them",
    "medium-term lending facility": "a market rate: the own cost of funds is given by the scenario, none is shipped",
    ("average rates", "2021H2"): "the statement it is of is not among the collected ones",
    ("average rates", "small banks, highest"): "the statement it is of is not among the collected ones",
    "pumped storage approved": "the product ships bounds of unit costs, no unit costs",
    "offshore wind recalculated": FACTORS,
    "100 MW of PV recalculated": FACTORS,
}


def entries() -> Iterator[Entry]:
    """Every row of ``methods.csv``, in its order."""
    for row, r in enumerate(FILES[FILE].rows()):
        key = (r["vector"], r["figure"])
        if key in COMPUTE:
            exact, how = COMPUTE[key]()
            # a worked example without a grade is nobody's publication
            yield held(FILE, row, "value", r["unit"], r["value"], exact, how=how, derived=not r["grade"])
        elif key == ("tonnes per 10 000 yuan in published headlines", "PBoC totals"):
            yield given(FILE, row, "value", why="input of the calibration of the national run")
        else:
            yield apart(FILE, row, "value", why=APART.get(key) or APART[r["vector"]])
