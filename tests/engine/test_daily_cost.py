"""cost.csv by daily balances and current rates, against plain Python that goes through every day and every loan.

What a loan owes is that of the slow engine (tests/oracle), what the facility holds is read off the ledger.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.engine.context import Context
from relending.engine.pipeline import Tables, run_blocks
from relending.findings import InputError
from tests.engine.bridge import context, dated, loan_frame, rows, side_frames
from tests.engine.test_ledger_against_oracle import KNOWN_TO_THE_BOOK
from tests.oracle import ledger_cases
from tests.oracle.days import add_months, each_day, quarters
from tests.oracle.exact import half_even
from tests.oracle.ledger_cases import Case
from tests.oracle.model import Loan, Scenario
from tests.oracle.screen import find_errors

ONE = 10**6
SIGN = {"opening": 1, "draw": 1, "repay": -1, "return": -1}


def floating(rng: random.Random, one: Loan) -> Loan:
    """The loan with some of the columns that say how its rate moves."""
    if rng.random() < 0.3:
        return dataclasses.replace(one, rate_now=rng.choice([None, one.rate + 700]))
    first = one.disbursed + dt.timedelta(days=rng.randrange(-40, 900))
    return dataclasses.replace(
        one,
        rate_type=rng.choice(["floating", "floating", "floating", "fixed"]),
        rate_now=rng.choice([None, None, one.rate + 1234, max(one.rate - 5000, 0)]),
        lpr_tenor=rng.choice([None, "1y", "5y"]),
        spread_bp=rng.choice([None, -60, 0, 35]),
        reprice_months=rng.choice([None, 1, 3, 6, 12, 12, 12]),
        next_reprice=rng.choice([None, first, dt.date(2022, 8, 31), dt.date(2024, 2, 29)]),
    )


def book(seed: int, size: int) -> Case:
    """A random record (receipts, schedules, balances, prepayments) whose rates move and whose funds have prices."""
    rng = random.Random(seed)
    loans, prepayments, sc, side = ledger_cases.random_case(seed, size)
    sc = dataclasses.replace(
        sc,
        loan_rates=rng.choice(["issue", "current", "current"]),
        lpr_shift_bp=rng.choice([0, -30, 25]),
        lpr_shift_from=dt.date(2023, 9, 15),
        reference_rate=rng.choice([(), [(dt.date(2021, 1, 1), 25000), (dt.date(2023, 2, 11), 21000)]]),
        collateral_cost=rng.choice([(), [(dt.date(2021, 1, 1), 3000), (dt.date(2023, 5, 20), 2500)]]),
        earning_assets=rng.choice([(), [(dt.date(2021, 1, 1), 10**14), (dt.date(2023, 4, 1), 3 * 10**14)]]),
    )
    # whom the projects' revisions set aside is told elsewhere; a number given twice stops the run
    numbers = [row.tranche for row in side.opening_tranches]
    once = [row for i, row in enumerate(side.opening_tranches) if not row.tranche or row.tranche not in numbers[:i]]
    side = dataclasses.replace(side, revisions=(), opening_tranches=once)
    return [floating(rng, one) for one in loans], prepayments, sc, side


def with_haircut(world: Context, seed: int) -> Context:
    """The first facility takes collateral at a haircut that moves."""
    first, *others = world.facilities
    cut = dated("collateral_haircut", [(dt.date(2021, 1, 1), 100_000), (dt.date(2023, 3, 3), 200_000 + seed % 7)])
    first = dataclasses.replace(first, parameters={**first.parameters, "collateral_haircut": cut})
    return dataclasses.replace(world, facilities=(first, *others))


def lpr_on(sc: Scenario, day: dt.date, one_year: bool) -> int | None:
    known = [(a, b) for since, a, b in sc.lpr if since <= day]
    return known[-1][0 if one_year else 1] if known else None


def rate_on(loan: Loan, facility: str, sc: Scenario, day: dt.date) -> int:
    """The rate of a loan on a day, as the rules say it (R10), by stepping from one repricing to the next."""
    if sc.loan_rates == "issue":
        return loan.rate
    begin = loan.rate if loan.rate_now is None else loan.rate_now
    if loan.rate_type != "floating" or loan.reprice_months is None:
        return begin
    if loan.next_reprice is not None:
        anchor, k = loan.next_reprice, 0
    elif loan.rate_now is None:
        anchor, k = loan.disbursed, 1
    else:
        return begin
    one_year = loan.lpr_tenor == "1y"
    if loan.lpr_tenor is None:
        months = sc.facilities[facility].on("lpr_1y_up_to_months", loan.disbursed)
        one_year = loan.matures <= add_months(loan.disbursed, months)
    spread = None if loan.spread_bp is None else loan.spread_bp * 100
    if spread is None:
        then = lpr_on(sc, loan.disbursed, one_year)
        if then is None:
            return begin
        moved = sc.lpr_shift_bp * 100 if loan.planned and loan.disbursed > sc.lpr_shift_from else 0
        spread = loan.rate - then - moved
    rate = begin
    while (reset := add_months(anchor, k * loan.reprice_months)) <= day:
        lpr = lpr_on(sc, reset, one_year)
        if lpr is not None:
            rate = lpr + spread + (sc.lpr_shift_bp * 100 if reset > sc.lpr_shift_from else 0)
        k += 1
    return rate


def value_on(table: Any, day: dt.date) -> int:
    return [value for since, value in table if since <= day][-1]


def expected(case: Case, world: Context, tables: Tables) -> list[dict[str, Any]]:
    """The columns by daily balances, day by day and loan by loan; the rest of each row as it is."""
    loans, prepayments, sc, side = case
    schedules = find_errors(loans, prepayments, sc, side).schedules
    attribution, ledger = rows(tables.attribution), rows(tables.ledger)
    interest = {(r["quarter"], r["lender"], r["facility"]): r["interest"] for r in rows(tables.funding)}
    out = []
    by_name = {q.name: q for q in quarters(sc.start, sc.end)}
    owed: dict[tuple[str, str, dt.date], int] = {}
    earned: dict[tuple[str, str, dt.date], int] = {}
    for i, row in enumerate(attribution):
        if row["supported"]:
            for quarter in by_name.values():
                for day in each_day(quarter.first, quarter.last):
                    balance = schedules[i].outstanding(day) if day >= loans[i].disbursed else 0
                    if balance:
                        key = (row["lender"], row["facility"], day)
                        owed[key] = owed.get(key, 0) + balance
                        gain = balance * rate_on(loans[i], row["facility"], sc, day)
                        earned[key] = earned.get(key, 0) + gain
    for got in rows(tables.cost):
        quarter, lender, facility = by_name[got["quarter"]], got["lender"], got["facility"]
        mine = [e for e in ledger if (e["lender"], e["facility"]) == (lender, facility) and e["event"] in SIGN]
        haircut = dict(zip([f.id for f in world.facilities], world.facilities, strict=True))[facility].parameters.get(
            "collateral_haircut"
        )
        days = list(each_day(quarter.first, quarter.last))
        loans_sum = balance_sum = loan_interest = own = 0
        pledged = Fraction(0)
        for day in days:
            L = owed.get((lender, facility, day), 0)
            B = sum(SIGN[e["event"]] * e["amount"] for e in mine if e["date"] <= day)
            loans_sum, balance_sum = loans_sum + L, balance_sum + B
            loan_interest += earned.get((lender, facility, day), 0)
            rate = sc.own_rate[lender] if isinstance(sc.own_rate, Mapping) else sc.own_rate
            own += max(L - B, 0) * value_on(rate, day)
            if sc.collateral_cost:
                cut = 0 if haircut is None else int(haircut.on(day).value)
                pledged += Fraction(B * value_on(sc.collateral_cost, day), ONE - cut)
        cost = half_even(pledged.numerator, pledged.denominator * 360) if sc.collateral_cost else None
        facility_interest = interest[got["quarter"], lender, facility]
        new = {
            "average_loans": half_even(loans_sum, len(days)),
            "average_balance": half_even(balance_sum, len(days)),
            "loan_interest": half_even(loan_interest, 360 * ONE),
            "facility_interest": facility_interest,
            "own_funding_interest": half_even(own, 360 * ONE),
            "collateral_cost": cost,
            "nim_effect_bp": None,
            "reference_rate": value_on(sc.reference_rate, quarter.last) if sc.reference_rate else None,
        }
        new["net_interest"] = new["loan_interest"] - facility_interest - new["own_funding_interest"] - (cost or 0)
        if sc.earning_assets:
            year = (dt.date(quarter.first.year + 1, 1, 1) - dt.date(quarter.first.year, 1, 1)).days
            gain = (got["interest_saved"] - (cost or 0)) * 10**4 * 10**6 * year
            new["nim_effect_bp"] = half_even(gain, value_on(sc.earning_assets, quarter.last) * len(days))
        L = got["loans_outstanding"]
        assert owed.get((lender, facility, quarter.last), 0) == L
        new["loan_yield"] = half_even(earned.get((lender, facility, quarter.last), 0) * 100, L) if L else None
        out.append({**got, **new})
    return out


def compare(seed: int, size: int, cuts: tuple[int, ...] = ()) -> None:
    case = book(seed, size)
    loans, prepayments, sc, side = case
    world = with_haircut(context(sc), seed)
    errors = find_errors(loans, prepayments, sc, side).errors
    frame = loan_frame(loans, [i for i, why in errors.items() if why in KNOWN_TO_THE_BOOK])
    ends = [0, *cuts, len(loans)]
    frames = [frame.iloc[a:b].reset_index(drop=True) for a, b in itertools.pairwise(ends)]
    try:
        tables = run_blocks(frames, side_frames(prepayments, side), world)
    except InputError as stop:
        assert "no_usable_loan" in stop.findings.codes()
        return
    assert rows(tables.cost) == expected(case, world, tables)


@pytest.mark.parametrize("seed", range(12))
def test_every_day_and_loan_adds_up_to_the_table(seed: int) -> None:
    compare(seed, 25)


@settings(max_examples=25, deadline=None)
@given(st.integers(1_000, 10**9), st.sampled_from([4, 8, 16]), st.lists(st.integers(0, 16), max_size=3))
def test_any_record_cut_into_blocks_anywhere(seed: int, size: int, cuts: list[int]) -> None:
    compare(seed, size, tuple(sorted(min(c, size) for c in cuts)))
