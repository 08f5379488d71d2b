"""Abatement cost curves: their steps are in order and lose nothing, and those of a run are its cost table."""

from __future__ import annotations

import math
import random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import relending as rl

ROW = st.tuples(st.sampled_from(["a", "b", "=c", "<d>"]), st.integers(-(10**9), 10**9), st.integers(0, 10**6))
QUARTER = "2024Q4"


@pytest.fixture(scope="module")
def run() -> rl.Run:
    return rl.run("demo")


def frame(rows: list[tuple[str, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["sector", "subsidy", "reduction"])


@given(st.lists(ROW, max_size=20), st.randoms(use_true_random=False), st.sampled_from([1.0, 0.5, 0.3]))
def test_steps_rise_and_add_up_whatever_the_order_of_the_rows(
    rows: list[tuple[str, int, int]], rng: random.Random, part: float
) -> None:
    curve = rl.abatement_steps(frame(rows), by="sector", additionality=part)
    assert sorted(curve["sector"]) == sorted({r[0] for r in rows})
    cost = curve["subsidy_per_tonne"].dropna()
    assert cost.is_monotonic_increasing and curve["subsidy_per_tonne"].iloc[: len(cost)].notna().all()
    assert curve["cumulative_from"].tolist() == [0.0, *curve["cumulative_to"]][: len(curve)]
    assert (curve["cumulative_to"] - curve["cumulative_from"]).sum() == pytest.approx(part * sum(r[2] for r in rows))
    if rows:
        assert curve["cumulative_subsidy"].iloc[-1] == sum(r[1] for r in rows)
    shuffled = rng.sample(rows, len(rows))
    pd.testing.assert_frame_equal(curve, rl.abatement_steps(frame(shuffled), by="sector", additionality=part))


@pytest.mark.parametrize(
    ("rows", "given_", "said"),
    [
        ([("a", 1, 1)], {"by": "field"}, "columns missing: field"),
        ([("a", 1, -1)], {"by": "sector"}, "reduction -1"),
        ([("a", math.nan, 1)], {"by": "sector"}, "subsidy nan"),
        ([("a", 1, 1)], {"by": "sector", "additionality": 0}, "additionality 0"),
        ([("a", 1, 1)], {"by": "sector", "additionality": 1.5}, "additionality 1.5"),
    ],
)
def test_frames_that_say_nothing_are_refused(rows: list[tuple[str, int, int]], given_: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rl.abatement_steps(frame(rows), **given_)


def test_the_curve_of_a_run_is_its_cost_table(run: rl.Run) -> None:
    curve = rl.abatement_curve(run, QUARTER, by="facility")
    cost = run.cost[run.cost["quarter"] == QUARTER].groupby("facility")
    for row in curve.itertuples():
        mine = cost.get_group(row.facility)
        assert row.held == pytest.approx(mine["facility_balance"].sum(), abs=0.001)
        assert row.reduction == pytest.approx(mine["reduction_in_balance"].sum())
        subsidy = (mine["facility_balance"] * (mine["own_rate"] - mine["facility_rate"])).sum()
        assert row.subsidy == pytest.approx(subsidy, rel=1e-6)


def test_a_curve_says_that_it_is_of_the_subsidy_and_not_of_the_projects(run: rl.Run) -> None:
    for curve in (rl.abatement_curve(run, QUARTER), rl.abatement_steps(frame([("a", 1, 1)]), by="sector")):
        assert "not the abatement cost of the projects" in curve.attrs["meaning"]
        assert "不是项目的减排成本" in curve.attrs["meaning_zh"]
        assert set(curve.attrs["units"]) == set(curve.columns) - {"sector", "loans"}


def test_every_grouping_holds_the_same_money_and_tonnes(run: rl.Run) -> None:
    totals = []
    for by in ("sector", "field", "lender", "facility"):
        curve = rl.abatement_curve(run, QUARTER, by=by)
        totals.append([round(float(curve[c].sum()), 2) for c in ("loans", "held", "subsidy", "reduction")])
        # the same groups as steps of any frame
        steps = rl.abatement_steps(curve, by=by)
        pd.testing.assert_frame_equal(steps, curve[steps.columns])
    assert totals == [totals[0]] * 4


def test_per_facility_money_and_additionality_scale_the_tonnes(run: rl.Run) -> None:
    only = {"facilities": ["cerf"]}
    loan = rl.abatement_curve(run, QUARTER, **only).set_index("sector")
    part = rl.abatement_curve(run, QUARTER, per="facility", **only).set_index("sector").loc[loan.index]
    # the demo draws and keeps 60 % of each loan
    assert (part["reduction"] / loan["reduction"]).dropna().tolist() == pytest.approx([0.6] * len(loan.dropna()))
    half = rl.abatement_curve(run, QUARTER, additionality=0.5, **only).set_index("sector")
    assert (half["subsidy_per_tonne"] / loan["subsidy_per_tonne"]).dropna().tolist() == pytest.approx(
        [2] * len(loan.dropna())
    )


def test_an_opening_balance_has_money_and_no_tonnes() -> None:
    run = rl.run("ledger")
    quarter = next(q for q, b in zip(run.cost["quarter"], run.cost["facility_balance"], strict=True) if b)
    last = rl.abatement_curve(run, quarter).iloc[-1]
    assert (last["sector"], last["loans"], last["reduction"]) == ("", 0, 0)
    assert last["held"] > 0 and math.isnan(last["subsidy_per_tonne"])


def test_a_quarter_without_money_is_an_empty_curve(run: rl.Run) -> None:
    curve = rl.abatement_curve(run, "2021Q3")
    assert len(curve) == 0 and curve.columns.tolist() == rl.abatement_curve(run, QUARTER).columns.tolist()


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"by": "region"}, "by 'region' is none of sector"),
        ({"facilities": ["cerff"]}, "facility: cerff is none of"),
        ({"lenders": "demo"}, "lender: a list of ids, not 'demo'"),
        ({"additionality": -1}, "additionality"),
    ],
)
def test_words_the_run_does_not_know_are_refused(run: rl.Run, given_: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rl.abatement_curve(run, QUARTER, **given_)
