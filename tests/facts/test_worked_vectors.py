"""Published and worked figures, by their source, recomputed by single functions of the engine.

The figures are read from ``tests/facts/data``; the register (``tests/facts/register.py``) has them again out of whole
runs where there is one.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from relending.dates import add_months, to_day
from relending.engine import costing
from relending.engine.attribution import attribute_block
from relending.engine.block import make_block
from relending.engine.interest import Leg
from relending.engine.owed import Events, after
from relending.engine.pipeline import run_blocks
from relending.engine.schedule import BULLET, EQUAL_INSTALLMENT, EQUAL_PRINCIPAL, make_terms
from relending.units import mul_div
from tests.engine.bridge import context, loan_frame
from tests.facts.facts import FILES
from tests.oracle import cases

YUAN, TONNE = 100, 10**6
D = Decimal


def loan(name: str, **given: Any) -> Any:
    return cases.loan(name, **given)


def worked(section: str, figure: str) -> Decimal:
    """A figure of a worked example, as printed."""
    (found,) = (r["value"] for r in FILES["methods.csv"].rows() if (r["section"], r["figure"]) == (section, figure))
    return D(found)


def published(scope: str, kind: str) -> Decimal:
    """A published total of the facility, 100 million yuan."""
    (found,) = (r["value"] for r in FILES["aggregates.csv"].rows() if (r["scope"], r["kind"]) == (scope, kind))
    return D(found)


# -- methods, attribution: one project of 1,000 m yuan and 200,000 t; bank X lends 150 and 50 m, bank Y 400 m --


def test_methods_1_2_two_banks_share_one_project() -> None:
    shared = {"project_id": "P", "investment": 10**9 * YUAN, "reduction": 200_000 * TONNE}
    loans = [
        loan("X1", lender="alpha", principal=150 * 10**6 * YUAN, **shared),
        loan("X2", lender="alpha", principal=50 * 10**6 * YUAN, **shared),
        loan("Y1", lender="beta", principal=400 * 10**6 * YUAN, disbursed=dt.date(2023, 2, 10), **shared),
    ]
    tables = run_blocks([loan_frame(loans)], {}, context(cases.scenario()))
    assert tables.attribution["share_e8"].tolist() == [15_000_000, 5_000_000, 40_000_000]
    cells = tables.disclosure
    last = cells[(cells["quarter"] == "2026Q4") & (cells["horizon"] == "since_start") & (cells["code"] == "total")]
    of = last.set_index("lender")
    assert of.loc["alpha", "reduction_g"] == worked("1.2", "bank X, reduction") * TONNE == 40_000 * TONNE
    assert of.loc["beta", "reduction_g"] == worked("1.2", "bank Y, reduction") * TONNE == 80_000 * TONNE
    assert of["projects"].tolist() == [1, 1] and worked("1.2", "bank X, projects") == 1
    unattributed = 200_000 * TONNE - int(of["reduction_g"].sum())
    assert unattributed == worked("1.2", "unattributed") * TONNE == 80_000 * TONNE
    assert int(tables.attribution["share_e8"].sum()) == worked("1.2", "sum of shares") * 10**8 == 60_000_000


# -- real projects with a loan, a total investment and an annual reduction (banks' and funds' notes) --

PROJECTS = FILES["projects_attribution.csv"].rows()
IN_YUAN = {"wan_yuan": 10**4, "yi_yuan": 10**8}


@pytest.mark.parametrize("row", PROJECTS, ids=[p["project"] for p in PROJECTS])
def test_real_projects_attribution(row: dict[str, str]) -> None:
    # a loan drawn in parts carries the month of the last part behind its amount
    amount, investment = (
        int(D(row[c].split()[0]) * IN_YUAN[row["currency_unit"]]) for c in ("loan", "total_investment")
    )
    given = {"principal": amount * YUAN, "investment": investment * YUAN}
    one = loan("L", **given, reduction=int(row["annual_tCO2"]) * TONNE)
    got = attribute_block(make_block(loan_frame([one])))
    cent = D("0.01")
    assert (D(int(got.reduction[0])) / TONNE).quantize(cent, ROUND_HALF_UP) == D(row["attributed_tCO2"])
    assert (D(int(got.share[0])) / 10**8).quantize(D("0.000001"), ROUND_HALF_UP) == D(row["loan_share"])


# -- funding ratio: published funds on published loans, at the digits printed ------------------------------------------


@pytest.mark.parametrize(
    ("scope", "loans", "funds"),
    [
        ("all", "loans, first batch", "funding, first batch"),
        ("ABC", "loans, first batch", "funding, first batch"),
        ("CDB", "loans of 2021-07 to 2021-11", "funding, first batch"),
        ("Hubei", "loans", "funding"),
    ],
)
def test_first_loans_funded_at_60_percent(scope: str, loans: str, funds: str) -> None:
    yi = 10**8 * YUAN
    drawn = int(mul_div(int(published(scope, loans) * yi), 6000, 10_000, "floor"))
    printed = published(scope, funds)
    assert (D(drawn) / yi).quantize(D(1).scaleb(int(printed.as_tuple().exponent)), ROUND_HALF_UP) == printed


# -- methods, finance --------------------------------------------------------------------------------------------------


def test_methods_5_1_blended_cost_and_subsidy() -> None:
    share, facility, own = D("0.6"), D("0.0175"), D("0.0295")
    assert costing.blended_cost(share, facility, own) == worked("5.1", "blended cost") / 100 == D("0.0223")
    assert costing.subsidy_rate(share, facility, own) == worked("5.1", "subsidy") / 100 == D("0.0072")
    interest = costing.interest_act_360(Fraction(60_000_000), Fraction("0.0175"), 90)
    assert interest == Fraction(worked("5.1", "interest at actual/360")) == 262_500


def test_methods_5_1_interest_of_90_days_in_the_ledger() -> None:
    """60 m drawn on 2021-12-31: from 31 December to 31 March are 90 days, 262,500.00 accrued before 31 March."""
    one = loan("L", principal=100 * 10**6 * YUAN, disbursed=dt.date(2021, 12, 1))
    tables = run_blocks([loan_frame([one])], {}, context(cases.scenario()))
    ledger = tables.ledger
    assert ledger[ledger["event"] == "draw"]["amount_fen"].tolist() == [60 * 10**6 * YUAN]
    first = ledger[ledger["event"] == "interest"].iloc[0]
    # settled on 20 March: accrued to the 21st, 80 days
    assert (str(first["date"]), first["amount_fen"]) == ("2022-03-20", round(Fraction(262_500_00 * 80, 90)))
    drawn, due = to_day(dt.date(2021, 12, 31)), to_day(dt.date(2022, 12, 31))
    leg = Leg(0, drawn, 0, drawn, due, 17_500, 360, (drawn,), (60 * 10**6 * YUAN,))
    assert leg.accrued(drawn + 90) == 262_500_00


def test_broker_note_2021_blended_funding_and_spread() -> None:
    """Loan at 4.65 %, 60 % at 1.75 %, rest at 2.20 %: blended 1.93, spread 2.72, without the tool 2.45, gain 0.27."""
    cost = 100 * costing.blended_cost(D("0.6"), D("0.0175"), D("0.022"))
    assert (cost, D("4.65") - cost, D("4.65") - D("2.2"), D("2.2") - cost) == (
        D("1.93"), D("2.72"), D("2.45"), D("0.27"))  # fmt: skip


def test_methods_5_2_grant_equivalent_of_the_european_commission() -> None:
    rates = Fraction("0.06"), Fraction("0.08")
    balances = [Fraction(500_000 - 50_000 * k) for k in range(10)]
    got = costing.grant_equivalent(balances, *rates)
    assert round(got, 2) == Fraction(worked("5.2", "without rounding the steps")) == Fraction("41123.98")
    # the Commission rounds each year's part to the euro
    parts = [costing.grant_equivalent([Fraction(0)] * k + [b], *rates) for k, b in enumerate(balances)]
    assert sum(round(p) for p in parts) == worked("5.2", "grant equivalent") == 41_123


def test_methods_5_3_first_batch_cost_per_tonne() -> None:
    yearly = 85_500_000_000 * Fraction("0.0120")
    assert yearly == 1_026_000_000
    assert round(float(costing.cost_per_annual_tonne(yearly, Fraction(28_760_000))), 1) == 35.7
    assert round(float(costing.cost_per_tonne_over_life(yearly, 3, Fraction(28_760_000), 20)), 2) == 5.35


@pytest.mark.parametrize(
    ("kind", "interest"),
    [(EQUAL_INSTALLMENT, "21822391.91"), (EQUAL_PRINCIPAL, "20500000.00"), (BULLET, "40000000.00")],
)
def test_methods_5_4_total_interest_of_100_m_over_40_quarters_at_4_percent(kind: int, interest: str) -> None:
    start = to_day(dt.date(2021, 7, 31))
    one = np.array([1])
    terms = make_terms(one * 10**10, one * 40_000, one * start, np.array([add_months(start, 120)]),
                       np.array([kind]), one * 4, one * start)  # fmt: skip
    schedule = after(terms, np.array([True]), Events.joined([]))
    days = np.array([int(add_months(start, 3 * k)) for k in range(41)])
    owed = schedule.outstanding(np.zeros(41, np.int64), days)
    assert owed[0] == 10**10 and owed[-1] == 0 and (np.diff(owed) <= 0).all()
    # a quarter's interest is 1 % of what was owed at its start
    total = sum(Fraction(int(b)) for b in owed[:-1]) / 100
    assert round(float(total) / YUAN, 2) == float(interest)
    if kind == EQUAL_INSTALLMENT:
        payment = 10**10 - int(owed[1]) + 10**8
        assert payment == 3_045_559_80
