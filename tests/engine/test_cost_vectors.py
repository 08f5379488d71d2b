"""Worked figures of the methods of cost and of cost by daily balances, and identities that hold for any book.

Vectors: 60 m yuan for 90 days at 1.75 %, actual/360, are 262,500 yuan; blended cost of 60 % at 1.75 % and the rest at
2.95 % is 2.23 %; effect on the net interest margin in bp = 10**4 x yearly saving / interest-earning assets.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import random
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.engine import costing
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


# -- the methods as functions ------------------------------------------------------------------------------------------

d = Decimal


def test_broker_note_2021_spread_2_72_blended_1_93_gain_0_27() -> None:
    path = Path(__file__).parents[1] / "facts" / "data" / "cost_examples.csv"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    (row,) = csv.DictReader(lines)
    loan, share, facility, own = (
        d(row[n]) / (100 if n.endswith("_pct") else 1)
        for n in ("loan_rate_pct", "facility_share", "facility_rate_pct", "other_funding_rate_pct")
    )
    with_it = costing.spread_after_facility(loan, share, facility, own)
    without = costing.spread_after_facility(loan, d(0), facility, own)
    assert row["published"] == f"spread {(100 * with_it).normalize()}"
    blended, gain = costing.blended_cost(share, facility, own), costing.subsidy_rate(share, facility, own)
    told = (
        f"blended funding {(100 * blended).normalize()}; without the tool spread {(100 * without).normalize()}; "
        f"gain {(100 * gain).normalize()}"
    )
    assert row["derived"] == told
    assert with_it - without == gain


def test_policy_note_1_75_against_the_mlf_at_2_95_is_0_72_points_a_yuan_of_loan() -> None:
    assert costing.subsidy_rate(d("0.6"), d("0.0175"), d("0.0295")) == d("0.0072")
    assert costing.subsidy_rate(d(1), d("0.0175"), d("0.0295")) == d("0.0120")


def test_methods_5_1_break_even_rate_from_its_parts() -> None:
    parts = {"operating": d("0.005"), "expected_loss": d("0.004"), "risk_weight": d(1), "capital_ratio": d("0.10")}
    rate = costing.break_even_loan_rate(
        d("0.6"), d("0.0175"), d("0.0295"), return_on_equity=d("0.1045"), tax=d("0.25"), **parts
    )
    # 2.23 % + 0.5 % + 0.4 % + 1 x 10 % x (10.45 % - 2.95 %) / 0.75
    assert rate == d("0.0413")
    assert costing.nim_effect_bp(d("1.026e9"), d("2e12")) == d("5.13")


def test_a_quarter_of_daily_balances_costs_what_the_cost_table_says() -> None:
    """blended_cost_of_period over daily balances is (facility + own funding interest) / average loans of cost.csv."""
    world = context(cases.scenario(end=D(2023, 3, 31), own_rate=((D(2021, 1, 1), 29_500), (D(2023, 2, 10), 20_000))))
    row = quarter(cost([ONE], world), "2023Q1")
    own = [Fraction("0.0295")] * 40 + [Fraction("0.02")] * 50
    loans, held = [Fraction(10**8)] * 90, [Fraction(6 * 10**7)] * 90
    exact = costing.blended_cost_of_period(loans, held, Fraction("0.0175"), own)
    by_segment = costing.blended_cost_of_period(
        loans[:2], held[:2], Fraction("0.0175"), [own[0], own[-1]], lengths=[40, 50]
    )
    assert exact == by_segment
    paid = row["facility_interest"] + row["own_funding_interest"]
    assert round(exact * row["average_loans"] * 90 / 360) == paid


def test_cerf_three_of_fifteen_years_take_14_basis_points_off_the_life_of_a_bullet_loan() -> None:
    phi, low, own = Fraction("0.6"), Fraction("0.0175"), Fraction("0.0295")
    for years in (10, 15, 20):
        life = costing.cost_over_life(
            [Fraction(100)] * years, phi, low, own, supported_years=3, rollover_base="original"
        )
        assert life.subsidy == phi * (own - low) * 3 / years
        assert life.with_facility == costing.life_of_loan_cost(phi, low, own, [Fraction(100)] * years, 3)
    assert round(float(life.subsidy) * 10**4, 2) == 10.8  # of twenty years


def test_a_life_with_a_rate_prevailing_at_each_rollover_and_a_dated_own_rate() -> None:
    """By hand: 100 for two years, half of it at 2 % then 1 %, the rest (and the third year) at 3, 4, 5 %."""
    life = costing.cost_over_life(
        [d(100)] * 3, d("0.5"), [d("0.02"), d("0.01")], [d("0.03"), d("0.04"), d("0.05")],
        supported_years=2, rollover_base="original",
    )  # fmt: skip
    assert life.with_facility == (d("2.5") + d("2.5") + d(5)) / 300
    assert (life.without, life.facility_share) == (d("0.04"), d(100) / 300)
    with pytest.raises(ValueError, match="own_rate: 2 figures for 3 periods"):
        costing.cost_over_life([1] * 3, 1, 0, [0, 0], supported_years=1, rollover_base="original")
    with pytest.raises(ValueError, match="rollover_base 'prevailing' is none of original, outstanding"):
        costing.cost_over_life([1] * 3, 1, 0, 0, supported_years=1, rollover_base="prevailing")


def test_money_held_above_the_loan_costs_its_interest_and_earns_nothing() -> None:
    """60 of 100 drawn, 75 repaid after a year: under "original" 60 stand on 25."""
    pay = {"supported_years": 2, "rollover_base": "original"}
    life = costing.cost_over_life([d(100), d(25)], d("0.6"), d("0.0175"), d("0.0295"), **pay)
    assert life.with_facility == (60 * d("0.0175") * 2 + 40 * d("0.0295")) / 125
    pay["rollover_base"] = "outstanding"
    life = costing.cost_over_life([d(100), d(25)], d("0.6"), d("0.0175"), d("0.0295"), **pay)
    assert life.with_facility == d("0.0223")


@pytest.mark.parametrize(("repayment", "first"), [("equal_installment", "3045559.80"), ("equal_principal", "3500000")])
def test_methods_5_4_first_payment_of_100_m_over_40_quarters_at_4_percent(repayment: str, first: str) -> None:
    balances = costing.loan_balances(d(10**8), 40, repayment, d("0.01"))
    payments = costing.debt_service(balances, d("0.04"), 4)
    assert round(payments[0], 2) == d(first)
    total = {"equal_installment": "21822391.91", "equal_principal": "20500000.00"}[repayment]
    assert round(costing.total_interest(balances, d("0.01")), 2) == d(total) == round(sum(payments) - 10**8, 2)
    if repayment == "equal_installment":
        assert {round(p, 2) for p in payments} == {round(costing.instalment(d(10**8), d("0.01"), 40), 2)}


@pytest.mark.parametrize(
    ("kind", "interest"), [("equal_installment", 2_182_239_191), ("equal_principal", 2_050_000_000)]
)
def test_methods_5_4_interest_of_dated_flows_to_the_fen(kind: str, interest: int) -> None:
    flows = costing.loan_flows(
        10**10, 40_000, D(2021, 7, 31), D(2031, 7, 31), repayment=kind, day_count="EQUAL", interest="with_payments"
    )
    assert sum(f.interest_fen for f in flows) == interest and len(flows) == 41
    assert sum(f.principal_fen for f in flows) == flows[0].received_fen == 10**10
    cost = costing.borrower_cost(flows)
    assert abs(cost.effective_rate - (1.01**4 - 1)) < 1e-9
    assert abs(cost.nominal_rate - 0.04) < 1e-9


def test_european_commission_gross_grant_equivalent_41_123_and_why_41_123_98() -> None:
    balances = [Fraction(500_000 - 50_000 * k) for k in range(10)]
    rates = Fraction("0.06"), Fraction("0.08")
    assert round(costing.grant_equivalent(balances, *rates), 2) == Fraction("41123.98")
    years = [costing.grant_equivalent([Fraction(0)] * k + [b], *rates) for k, b in enumerate(balances)]
    assert sum(map(round, years)) == 41_123, "each year's part is rounded to the euro before they are added"
    # a rate a period is the same rate
    assert costing.grant_equivalent(balances, [rates[0]] * 10, [rates[1]] * 10) == sum(years)


def test_the_grant_equivalent_of_a_position_undiscounted_is_the_interest_saved_of_the_cost_table() -> None:
    world = context(cases.scenario(end=D(2023, 3, 31), own_rate=((D(2021, 1, 1), 29_500), (D(2023, 2, 10), 20_000))))
    row = quarter(cost([ONE], world), "2023Q1")
    days = [D(2023, 1, 1), D(2023, 2, 10), D(2023, 4, 1)]
    position = [Fraction(6 * 10**9)] * 2
    reference = [Fraction("0.0295"), Fraction("0.02")]
    free = costing.position_grant_equivalent(
        days, position, Fraction("0.0175"), reference, discount_rate=0, day_count=360
    )
    assert round(free) == row["interest_saved"]
    less = costing.position_grant_equivalent(days, position, 0.0175, reference, discount_rate=0.03, day_count=360)
    assert 0 < less < free


def test_first_batch_85_5_bn_in_the_meanings_of_cost_per_tonne() -> None:
    """85.5 bn yuan at 1.20 points for 28.76 Mt a year of loans of 142.5 bn."""
    yearly, tonnes = 85_500_000_000 * Fraction("0.0120"), Fraction(28_760_000)
    assert yearly == 1_026_000_000
    c1 = costing.cost_per_annual_tonne(yearly, tonnes)
    assert round(float(c1), 1) == 35.7
    assert round(float(costing.cost_per_tonne_over_life(yearly, 3, tonnes, 20)), 2) == 5.35
    assert costing.cost_per_tonne_of_series([yearly] * 3, [tonnes] * 20) == c1 * 3 / 20
    assert costing.cost_per_annual_tonne_of_facility_money(yearly, tonnes, Fraction("0.6")) == c1 / Fraction("0.6")
    assert costing.cost_per_additional_tonne(yearly, tonnes, Fraction(1, 2)) == 2 * c1
    for part in (0, Fraction(3, 2)):
        with pytest.raises(ValueError, match="additionality"):
            costing.cost_per_additional_tonne(yearly, tonnes, part)


def test_discounting_the_money_lowers_c2_and_discounting_the_tonnes_raises_it() -> None:
    def c2(money: Fraction, tonnes: Fraction) -> Fraction:
        return costing.cost_per_tonne_over_life(Fraction(3), 3, Fraction(1), 20, money_rate=money, tonnes_rate=tonnes)

    r = Fraction("0.03")
    assert c2(r, Fraction(0)) < c2(Fraction(0), Fraction(0)) < c2(r, r) < c2(Fraction(0), r)
    # by the formula of the annuity
    factor = {n: (1 - (1 + r) ** -n) / r for n in (3, 20)}
    assert c2(r, r) == 3 * factor[3] / factor[20]


def test_a_fee_and_interest_paid_early_make_a_loan_dearer_than_its_rate() -> None:
    start, end = D(2024, 1, 15), D(2025, 1, 15)
    plain = costing.loan_flows(10**10, 40_000, start, end, repayment="bullet", day_count="ACT/365")
    # settled on 20 March, June, September and December, what accrued to the 21st: 66, 92, 92, 91 days; then 25
    assert [(f.date.month, f.date.day) for f in plain] == [(1, 15), (3, 20), (6, 20), (9, 20), (12, 20), (1, 15)]
    assert [round(f.interest_fen * 365 / (10**10 * 0.04)) for f in plain] == [0, 66, 92, 92, 91, 25]
    assert sum(f.interest_fen for f in plain) == round(Fraction(4 * 10**8 * 366, 365))  # 2024 is a leap year
    fee = costing.loan_flows(
        10**10, 40_000, start, end, repayment="bullet", day_count="ACT/365", fees=[(start, 10**8), (end, 0)]
    )
    cheap, dear = (costing.borrower_cost(f) for f in (plain, fee))
    assert cheap.fees_fen == 0 and dear.fees_fen == 10**8 and dear.interest_fen == cheap.interest_fen
    # a fee of 1 % on a loan of a year costs about a point
    assert 0.0405 < cheap.effective_rate < 0.0412 and 0.0095 < dear.effective_rate - cheap.effective_rate < 0.0120


def test_grace_is_as_in_the_engine() -> None:
    flows = costing.loan_flows(
        900, 0, D(2024, 1, 1), D(2025, 1, 1), repayment="equal_principal", grace_until=D(2024, 7, 1)
    )
    assert [(f.date.isoformat(), f.principal_fen) for f in flows if f.principal_fen] == [
        ("2024-07-01", 300), ("2024-10-01", 300), ("2025-01-01", 300)]  # fmt: skip
    assert costing.loan_balances(Fraction(900), 4, "equal_principal", grace=1) == [900, 900, 600, 300]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"repayment": "annuity"}, "repayment 'annuity' is none of bullet"),
        ({"payments_per_year": 3}, "payments_per_year 3 is none of 1, 2, 4, 12"),
        ({"day_count": "30/360"}, "day_count '30/360' is none of"),
        ({"interest": "never"}, "interest 'never' is none of"),
        ({"day_count": "EQUAL"}, "must be due"),
        ({"day_count": "EQUAL", "interest": "with_payments", "matures": D(2025, 1, 2)}, "not whole periods long"),
        ({"matures": D(2024, 1, 1)}, "matures after it is disbursed"),
        ({"grace_until": D(2030, 1, 1)}, "its grace ends in between"),
        ({"fees": [(D(2023, 1, 1), 5)]}, "fees: 2023-01-01 is not within"),
    ],
)
def test_flows_that_cannot_be_are_refused(change: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"matures": D(2025, 1, 1), "repayment": "bullet", **change}
    with pytest.raises(ValueError, match=said):
        costing.loan_flows(10**6, 40_000, D(2024, 1, 1), **given)
    with pytest.raises(ValueError, match="rate_ppm -1 is below 0"):
        costing.loan_flows(10**6, -1, D(2024, 1, 1), D(2025, 1, 1), repayment="bullet")


@pytest.mark.parametrize("flows", [[100, 5], [100, -200, 110], [0, 0], [], [float("nan"), 1]])
def test_no_rate_or_several_is_refused(flows: list[float]) -> None:
    with pytest.raises(ValueError, match="flows must"):
        costing.internal_rate(flows)


def test_a_subsidy_is_split_as_the_worked_example_says() -> None:
    split = costing.split_subsidy(d("0.0395"), d("0.0420"), d("0.6"), d("0.0175"), d("0.0250"))
    assert (split.subsidy, split.to_borrower, split.to_lender) == (d("0.0045"), d("0.0025"), d("0.0020"))


# -- what cannot be ----------------------------------------------------------------------------------------------------

LIFE = {"supported_years": 3, "rollover_base": "original"}


@pytest.mark.parametrize("kind", [float, Decimal, Fraction])
@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda n: costing.blended_cost(n("60"), n("0.0175"), n("0.0295")), "share 60.* a fraction: 0.6, not 60"),
        (lambda n: costing.blended_cost(n("-0.1"), n("0.0175"), n("0.0295")), "share -.* is not from 0 to 1"),
        (lambda n: costing.blended_cost(n("0.6"), n("1.75"), n("0.0295")), "facility_rate .* not 2.95"),
        (lambda n: costing.subsidy_rate(n("0.6"), n("0.0175"), n("2.95")), "own_rate .* a fraction"),
        (lambda n: costing.interest_act_360(n("1"), n("1.75"), 90), "rate .* a fraction"),
        (lambda n: costing.blended_cost_of_period([n("1")], [n("0")], n("0.02"), [n("2.95")]), "own_rate"),
        (lambda n: costing.cost_over_life([n("1")], n("60"), n("0.02"), n("0.03"), **LIFE), "share 60"),
        (lambda n: costing.cost_over_life([n("1")], n("0.6"), n("2"), n("0.03"), **LIFE), "facility_rate 2"),
        (lambda n: costing.life_of_loan_cost(n("0.6"), n("0.02"), n("0.03"), [n("1")], -1), "supported_years -1"),
        (lambda n: costing.spread_after_facility(n("4.65"), n("0.6"), n("0.02"), n("0.03")), "loan_rate"),
        (lambda n: costing.capital_charge(n("1"), n("10"), n("0.1"), n("0.03"), n("0.25")), "capital_ratio 10"),
        (lambda n: costing.capital_charge(n("1"), n("0.1"), n("0.1"), n("0.03"), n("25")), "tax 25.* 0.25, not 25"),
        (lambda n: costing.nim_effect_bp(n("1"), n("0")), "interest_earning_assets 0"),
        (lambda n: costing.grant_equivalent([n("1")], n("6"), n("0.08")), "rate 6"),
        (lambda n: costing.split_subsidy(n("3.95"), n("0.04"), n("0.6"), n("0.02"), n("0.03")), "loan_rate"),
        (lambda n: costing.loan_balances(n("1"), 4, "equal_principal", n("4")), "period_rate 4"),
        (lambda n: costing.cost_per_annual_tonne(n("1"), n("0")), "reduction 0.* no cost per tonne"),
        (lambda n: costing.cost_per_annual_tonne(n("1"), n("1"), n("50")), "additionality 50.* 0.6, not 60"),
        (lambda n: costing.cost_per_annual_tonne_of_facility_money(n("1"), n("1"), n("60")), "share 60"),
        (lambda n: costing.cost_per_annual_tonne_of_facility_money(n("1"), n("1"), n("0")), "share 0"),
        (lambda n: costing.cost_per_additional_tonne(n("1"), n("0"), n("0.5")), "reduction 0"),
        (lambda n: costing.cost_per_tonne_over_life(n("1"), 3, n("0"), 20), "reduction 0"),
        (lambda n: costing.cost_per_tonne_over_life(n("1"), 3, n("1"), 0), "operating_years 0"),
        (
            lambda n: costing.cost_per_tonne_over_life(n("1"), 30, n("1"), 20),
            "supported_years 30 .* operating_years 20",
        ),
        (lambda n: costing.cost_per_tonne_over_life(n("1"), 3, n("1"), 20, money_rate=n("3")), "money_rate 3"),
        (lambda n: costing.cost_per_tonne_of_series([n("1")], [n("0"), n("0")]), "reductions 0"),
    ],
)
def test_figures_that_cannot_be_are_refused_by_name_whatever_their_kind(kind: Any, call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call(kind)


def test_a_loan_shorter_than_the_support_is_supported_all_its_life() -> None:
    """As in the engine: the facility's money goes back when nothing is owed."""
    phi, low, own = Fraction("0.6"), Fraction("0.0175"), Fraction("0.0295")
    short = costing.cost_over_life([Fraction(100)] * 2, phi, low, own, supported_years=3, rollover_base="original")
    assert short.with_facility == costing.blended_cost(phi, low, own)
    with pytest.raises(ValueError, match="rate_ppm 4000000 is above"):
        costing.loan_flows(10**9, 4_000_000, D(2024, 1, 15), D(2025, 1, 15), repayment="bullet")


def test_arrays_and_columns_are_series_as_lists_are() -> None:
    import numpy as np
    import pandas as pd

    from relending import costing

    rates, balances = [0.01, 0.02], [100.0, 50.0]
    for kind in (np.array, pd.Series):
        assert costing.grant_equivalent(balances, kind(rates), 0.03) == costing.grant_equivalent(balances, rates, 0.03)
        assert costing.grant_equivalent(balances, 0.01, kind(rates)) == costing.grant_equivalent(balances, 0.01, rates)
        with pytest.raises(ValueError, match="3 figures for 2 periods"):
            costing.blended_cost_of_period([100, 100], [60, 0], kind([0.01, 0.02, 0.05]), 0.03)


def test_a_fee_between_two_payments_of_equal_periods_stands_between_them() -> None:
    import datetime as dt

    from relending import costing

    flows = costing.loan_flows(
        100_000_000, 40_000, dt.date(2024, 1, 15), dt.date(2034, 1, 15), repayment="equal_installment",
        day_count="EQUAL", interest="with_payments", fees=[(dt.date(2034, 1, 14), 10_000)],
    )  # fmt: skip
    years = [float(one.years) for one in flows]
    assert years == sorted(years) and 9.75 < years[-2] < years[-1] == 10
    assert costing.borrower_cost(flows).nominal_rate > 0.04
