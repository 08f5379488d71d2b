"""Worked figures of cost by daily balances, and identities that hold for any book.

Vectors: 60 m yuan for 90 days at 1.75 %, actual/360, are 262,500 yuan; blended cost of 60 % at 1.75 % and the rest at
2.95 % is 2.23 %; effect on the net interest margin in bp = 10**4 x yearly saving / interest-earning assets.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.engine.context import Context
from relending.engine.pipeline import run_blocks
from tests.engine.bridge import context, dated, loan_frame, prepayment_frame, rows
from tests.oracle import cases
from tests.oracle.days import add_months
from tests.oracle.model import Loan

D = dt.date
YUAN = 100


def cost(loans: list[Loan], world: Context) -> list[dict[str, Any]]:
    return rows(run_blocks([loan_frame(loans)], {"prepayments": prepayment_frame([])}, world).cost)


def quarter(table: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(row for row in table if row["quarter"] == name and row["lender"] == "alpha")


ONE = cases.loan(disbursed=D(2022, 12, 31), matures=D(2032, 12, 31))
"""100 m yuan at 4 %; 60 m are drawn on the day it is made, the last of the quarter."""


def test_a_quarter_of_90_days() -> None:
    row = quarter(cost([ONE], context(cases.scenario(end=D(2023, 3, 31)))), "2023Q1")
    assert row["average_loans"] == 100_000_000 * YUAN
    assert row["average_balance"] == 60_000_000 * YUAN
    assert row["loan_interest"] == 1_000_000 * YUAN
    assert row["facility_interest"] == 262_500 * YUAN
    assert row["own_funding_interest"] == 295_000 * YUAN
    # the funds cost 2.23 % of the loan
    assert row["blended_cost"] == 2_230_000
    assert row["facility_interest"] + row["own_funding_interest"] == 100_000_000 * YUAN * 223 * 90 // (10_000 * 360)
    assert row["net_interest"] == 442_500 * YUAN
    assert [row[n] for n in ("collateral_cost", "nim_effect_bp", "reference_rate")] == [None] * 3
    assert row["interest_saved_reference"] is None


def test_the_first_day_counts_from_the_disbursement_and_the_last_quarter_to_its_end() -> None:
    row = quarter(cost([ONE], context(cases.scenario(end=D(2022, 12, 31)))), "2022Q4")
    assert row["average_loans"] == 108_695_652  # 100 m yuan on one day of 92
    assert row["average_balance"] == 65_217_391
    assert row["loan_interest"] == 1_111_111
    assert row["own_funding_interest"] == 327_778  # 40 m x 2.95 % / 360


def priced() -> Context:
    world = context(cases.scenario(end=D(2023, 3, 31)))
    cerf = world.facilities[0]
    cut = dated("collateral_haircut", [(D(2021, 1, 1), 100_000)])
    return dataclasses.replace(
        world,
        facilities=(dataclasses.replace(cerf, parameters={**cerf.parameters, "collateral_haircut": cut}),),
        reference_rate={"": dated("reference_rate", [(D(2021, 1, 1), 25_000)])},
        collateral_cost={"": dated("collateral_cost", [(D(2021, 1, 1), 3_000)])},
        earning_assets=dated("earning_assets", [(D(2021, 1, 1), 1_000_000_000 * YUAN)]),
    )


def test_collateral_reference_and_margin() -> None:
    row = quarter(cost([ONE], priced()), "2023Q1")
    assert row["interest_saved"] == 180_000 * YUAN  # 60 m x 1.20 % x 90 / 360
    assert row["collateral_cost"] == 50_000 * YUAN  # 60 m / 0.9 x 0.30 % x 90 / 360
    assert row["net_interest"] == 392_500 * YUAN
    assert (row["reference_rate"], row["interest_saved_reference"]) == (25_000, 112_500 * YUAN)
    # (180,000 - 50,000) x 365 / 90 of 1 bn yuan
    assert row["nim_effect_bp"] == 5_272_222
    free = dataclasses.replace(priced(), collateral_cost={})
    assert quarter(cost([ONE], free), "2023Q1")["nim_effect_bp"] == 7_300_000


def test_own_funds_are_counted_day_by_day_and_never_below_nothing() -> None:
    """The loan is repaid on the 41st day; its draw is held on, so there is no gap to fund after that."""
    repaid = dataclasses.replace(ONE, matures=D(2023, 2, 10))
    row = quarter(cost([repaid], context(cases.scenario(end=D(2023, 3, 31)))), "2023Q1")
    assert (row["loans_outstanding"], row["facility_balance"]) == (0, 60_000_000 * YUAN)
    assert row["average_loans"] == 4_444_444_444  # 100 m yuan x 40 / 90
    assert row["loan_interest"] == 44_444_444  # 100 m yuan x 4 % x 40 / 360
    assert row["own_funding_interest"] == 13_111_111  # 40 m yuan x 2.95 % x 40 / 360


def test_the_own_rate_of_each_day_counts() -> None:
    world = context(cases.scenario(end=D(2023, 3, 31), own_rate=((D(2021, 1, 1), 29_500), (D(2023, 2, 10), 20_000))))
    row = quarter(cost([ONE], world), "2023Q1")
    # 40 m yuan: 40 days at 2.95 %, 50 at 2.00 %
    assert row["own_funding_interest"] == 24_222_222


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from([1, 4, 12]))
def test_identities_of_any_book(seed: int, per_year: int) -> None:
    rng = random.Random(seed)
    kinds = ["bullet", "equal_principal", "equal_installment"]
    loans = []
    for i in range(12):
        disbursed = D(2022, 1, 1) + dt.timedelta(days=rng.randrange(800))
        loans.append(
            cases.loan(
                f"L{i}",
                principal=rng.randrange(10**6, 10**11),
                rate=38_000,
                disbursed=disbursed,
                matures=add_months(disbursed, rng.choice([7, 12, 40])),
                repayment=rng.choice(kinds),
                payments_per_year=per_year,
            )
        )
    world = dataclasses.replace(context(cases.scenario(end=D(2024, 12, 31))), facilities=priced().facilities)
    world = dataclasses.replace(world, collateral_cost=priced().collateral_cost)
    table = [row for row in cost(loans, world) if row["lender"] == "alpha"]
    for row in table:
        parts = ("facility_interest", "own_funding_interest", "collateral_cost")
        assert row["net_interest"] == row["loan_interest"] - sum(row[n] for n in parts)
        # one rate: interest is the average balance at that rate; half a fen a day of the average, half of the interest
        year, number = int(row["quarter"][:4]), int(row["quarter"][-1])
        first = D(year, 3 * number - 2, 1)
        days = (add_months(first, 3) - first).days
        assert (
            abs(row["loan_interest"] * 360 * 10**6 - row["average_loans"] * 38_000 * days)
            <= 180 * 10**6 + 19_000 * days
        )
        assert abs(
            row["collateral_cost"] * 360 * 9 * 10**5 - row["average_balance"] * 3_000 * days
        ) <= 180 * 9 * 10**5 + (1_500 * days)
    # the interest of a year is that of its quarters: each is rounded once, so at most half a fen each is lost
    for year in range(2022, 2025):
        mine = [row for row in table if row["quarter"].startswith(str(year))]
        total = sum(row["loan_interest"] for row in mine)
        days = {row["quarter"]: row for row in mine}
        exact = yearly(loans, year)
        assert len(days) == 4 and abs(total * 360 * 10**6 - exact) <= 4 * 180 * 10**6


def yearly(loans: list[Loan], year: int) -> int:
    """Fen x ppm x days of a year of all loans that are supported, by the slow engine."""
    from tests.oracle.schedule import schedule_of

    world = cases.scenario(end=D(2024, 12, 31))
    table = run_blocks([loan_frame(loans)], {"prepayments": prepayment_frame([])}, context(world)).attribution
    supported = [loan for loan, yes in zip(loans, table["supported"].tolist(), strict=True) if yes]
    out = 0
    for loan in supported:
        schedule = schedule_of(loan, [])
        day = max(D(year, 1, 1), loan.disbursed)
        while day.year == year:
            out += schedule.outstanding(day) * loan.rate
            day += dt.timedelta(days=1)
    return out


@pytest.mark.parametrize("assets", [1, 10**14])
def test_a_figure_of_more_than_18_digits_is_none(assets: int) -> None:
    world = dataclasses.replace(priced(), earning_assets=dated("earning_assets", [(D(2021, 1, 1), assets)]))
    large = dataclasses.replace(ONE, principal=10 * ONE.principal)
    figure = quarter(cost([large], world), "2023Q1")["nim_effect_bp"]
    assert (figure is None) == (assets == 1)
