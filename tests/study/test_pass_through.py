"""Who keeps the subsidy: by hand for two loans, and what holds for every run and counterfactual."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import relending as rl
from relending.engine import costing
from tests.oracle import cases
from tests.study.carried import Made, made

D = dt.date
YUAN = cases.YUAN
RATES = ["loan_rate", "counterfactual_rate", "subsidy", "to_borrower", "to_lender", "passed_through"]


@pytest.fixture(scope="module")
def demo() -> rl.Run:
    return rl.run("demo")


def two(**second: object) -> Made:
    """100 m at 4.00 % and 50 m at 4.30 %, 5-year LPR 4.65 %, 60 % drawn at 1.75 % against 2.95 %; and one refused."""
    loans = [
        cases.loan("A"),
        cases.loan("B", **{"principal": 50_000_000 * YUAN, "rate": 43_000, "sector": "solar", **second}),
        cases.loan("C", principal=10_000_000 * YUAN, rate=45_000, evidence=None),
        cases.loan("D", principal=30_000_000 * YUAN, rate=49_000, evidence=None),
    ]
    return made(loans, [], cases.scenario(end=D(2023, 12, 31)))


def test_two_loans_by_hand_against_the_lpr() -> None:
    (row,) = rl.pass_through(two(), against="lpr").to_dict("records")
    assert (row["quarter"], row["loans"], row["principal"], row["left_out"]) == ("2022Q1", 2, 150e6, 0)
    # 4.10 % on average, 4.65 % without; 60 % x 1.20 points; 0.55 of 0.72 points reach the borrower
    assert [round(row[n], 8) for n in RATES] == [0.041, 0.0465, 0.0072, 0.0055, 0.0017, 0.76388889]
    table = rl.pass_through(two(), against="lpr", spread_bp=-30, by="sector").set_index("sector")
    assert table["to_borrower"].round(8).tolist() == [0.0005, 0.0035]  # solar, wind
    split = costing.split_subsidy(Decimal("0.043"), Decimal("0.0435"), *map(Decimal, ("0.6", "0.0175", "0.0295")))
    assert [float(split.subsidy), float(split.to_lender)] == table.loc["solar", ["subsidy", "to_lender"]].tolist()


def test_the_tenor_is_that_of_screening() -> None:
    table = rl.pass_through(two(matures=D(2023, 2, 10), rate=40_000), against="lpr", by="sector").set_index("sector")
    assert table["counterfactual_rate"].to_dict() == {"solar": 0.0385, "wind": 0.0465}


def test_comparable_loans_are_those_not_supported_of_the_same_quarter_lender_and_tenor() -> None:
    # (10 m x 4.5 % + 30 m x 4.9 %) / 40 m
    (row,) = rl.pass_through(two(), against="unsupported").to_dict("records")
    assert row["counterfactual_rate"] == 0.048
    later = rl.pass_through(two(disbursed=D(2022, 5, 10)), against="unsupported")
    assert later[["quarter", "loans", "left_out"]].to_numpy().tolist() == [["2022Q1", 1, 0], ["2022Q2", 0, 1]]
    assert np.isnan(later.loc[1, RATES].to_numpy(dtype=float)).all() and later.loc[1, "principal"] == 0


def test_a_rate_for_all_or_one_a_loan() -> None:
    run = two()
    one = rl.pass_through(run, against=0.045)
    assert one["counterfactual_rate"].tolist() == [0.045]
    for rate in (Decimal("0.045"), {"A": 0.045, "B": Decimal("0.045"), "X": 0.3}, pd.Series({"A": 0.045, "B": 0.045})):
        pd.testing.assert_frame_equal(rl.pass_through(run, against=rate), one)
    some = rl.pass_through(run, against={"A": 0.045})
    assert some[["loans", "left_out"]].to_numpy().tolist() == [[1, 1]]


@pytest.mark.parametrize("against", ["lpr", "unsupported", 0.04])
@pytest.mark.parametrize("by", ["quarter", "lender", "facility", "field", "sector", ("facility", "quarter")])
def test_every_supported_loan_is_counted_and_what_is_split_adds_up(
    demo: rl.Run, against: str | float, by: str | tuple[str, ...]
) -> None:
    table = rl.pass_through(demo, against=against, by=by)
    assert table["loans"].sum() + table["left_out"].sum() == demo.attribution["supported"].sum()
    some = table[table["loans"] > 0]
    assert (some["to_borrower"] + some["to_lender"] - some["subsidy"]).abs().max() < 1e-12
    assert (some["counterfactual_rate"] - some["loan_rate"] - some["to_borrower"]).abs().max() <= 1.5e-8


def test_the_mean_is_weighted_by_principal_and_does_not_depend_on_groups(demo: rl.Run) -> None:
    by_quarter = rl.pass_through(demo, against="lpr")
    (whole,) = rl.pass_through(demo, against="lpr", by="lender").query("lender == 'demo'").to_dict("records")
    both = rl.pass_through(demo, against="lpr", by=["lender", "quarter"]).query("lender == 'demo'")
    for name in RATES[:5]:
        mean = (both[name] * both["principal"]).sum() / both["principal"].sum()
        assert whole[name] == pytest.approx(mean, abs=1e-8)
    assert len(by_quarter) == demo.attribution.query("supported")["disbursed"].dt.to_period("Q").nunique()


def test_pending_loans_and_those_in_the_opening_are_left_out_and_said() -> None:
    ledger = rl.run("ledger")
    table = rl.pass_through(ledger, against="lpr")
    states = ledger.attribution.query("supported")["state"]
    assert table["left_out"].sum() == states.isin(["opening", "pending"]).sum() > 0


def test_a_lender_without_an_own_rate_on_the_day_of_the_draw_is_left_out() -> None:
    scenario = cases.scenario(start=D(2023, 1, 1), end=D(2023, 12, 31), own_rate=((D(2023, 1, 1), 29_500),))
    run = made([cases.loan("A"), cases.loan("B", disbursed=D(2023, 2, 1))], [], scenario)
    table = rl.pass_through(run, against="lpr")
    assert table[["quarter", "loans", "left_out"]].to_numpy().tolist() == [["2022Q1", 0, 1], ["2023Q1", 1, 0]]


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"against": "LPR"}, "against 'LPR' is none of"),
        ({"against": 4.2}, "is no fraction a year"),
        ({"against": math.nan}, "is no fraction a year"),
        ({"against": True}, "is no rate"),
        ({"against": None}, "is no rate"),
        ({"against": {"A": "0.04"}}, "is no rate"),
        ({"against": 0.04, "spread_bp": 5}, 'spread_bp is added to "lpr" alone'),
        ({"against": "lpr", "by": "region"}, "by region: one or more of"),
        ({"against": "lpr", "by": []}, "by nothing"),
        ({"against": "lpr", "by": ["sector", "sector"]}, "each once"),
    ],
)
def test_a_counterfactual_that_is_none_is_refused(demo: rl.Run, given_: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rl.pass_through(demo, **given_)


def test_there_is_no_counterfactual_by_default(demo: rl.Run) -> None:
    with pytest.raises(TypeError, match="against"):
        rl.pass_through(demo)
