"""Cost per tonne of a run in its three meanings: by hand from cost.csv, by the formulas, and what is refused."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import relending as rl
from relending.units import FEN, GRAMS

COLUMNS = [*("lender", "facility", "quarter", "subsidy", "reduction_in_balance", "interest_saved", "reduction")]


@pytest.fixture(scope="module")
def run() -> rl.Run:
    return rl.run("demo")


def row(frame: pd.DataFrame, lender: str = "demo", facility: str = "cerf") -> dict[str, Any]:
    (found,) = frame[(frame["lender"] == lender) & (frame["facility"] == facility)].to_dict("records")
    return {str(k): v for k, v in found.items()}


def test_the_demo_by_hand(run: rl.Run) -> None:
    """clean_coal, 2024Q4: 1,350 m yuan at 2.00 less 1.75 % are 3.375 m a year, for 127,903.74 t a year in balance."""
    frame = rl.cost_per_tonne(run, operating_years=20, additionality=0.5, quarter="2024Q4")
    assert frame.columns.tolist() == [*COLUMNS, "c1", "c2", "c3"]
    mine = row(frame, facility="clean_coal")
    cost = run.tables["cost"]
    coal = cost[(cost["lender"] == "demo") & (cost["facility"] == "clean_coal")]
    (now,) = coal[coal["quarter"] == "2024Q4"].to_dict("records")
    assert mine["subsidy"] == 1_350e6 * 0.0025 == 3_375_000.0 and now["facility_balance_fen"] == 1_350_000_000 * FEN
    assert mine["reduction_in_balance"] == pytest.approx(127_903.74, abs=0.01)
    assert mine["c1"] == float(Fraction(3_375_000) * GRAMS / int(now["reduction_in_balance_g"]))
    assert round(mine["c1"], 2) == 26.39 and mine["c3"] == pytest.approx(2 * mine["c1"], rel=1e-15)
    # 44.6 m yuan saved in all for 177,519 t a year of the loans of the whole run, twenty years long
    saved, grams = sum(int(x) for x in coal["interest_saved_fen"]), int(coal["reduction_g"].iloc[-1])
    assert mine["c2"] == float(Fraction(saved, FEN) / (Fraction(grams, GRAMS) * 20))
    assert round(mine["c2"], 2) == 12.56


def test_c1_is_the_subsidy_per_tonne_of_the_cost_table(run: rl.Run) -> None:
    for quarter in ("2022Q4", "2024Q4", "2026Q4"):
        frame = rl.cost_per_tonne(run, operating_years=25, quarter=quarter)
        cost = run.cost[run.cost["quarter"] == quarter].reset_index(drop=True)
        parts = frame.iloc[:-1]
        assert parts["lender"].tolist() == cost["lender"].tolist()
        assert parts["c1"].round(6).fillna(-1).tolist() == cost["subsidy_per_tonne"].fillna(-1).tolist()
        whole = row(frame, "all", "all")
        assert whole["c1"] == pytest.approx(parts["subsidy"].sum() / parts["reduction_in_balance"].sum(), rel=1e-14)
        assert whole["c2"] == pytest.approx(parts["interest_saved"].sum() / parts["reduction"].sum() / 25, rel=1e-14)


def test_the_formulas_are_those_of_costing(run: rl.Run) -> None:
    mine = row(rl.cost_per_tonne(run, operating_years=20, additionality=Decimal("0.4"), quarter="2024Q4"))
    assert mine["c1"] == pytest.approx(rl.costing.cost_per_annual_tonne(mine["subsidy"], mine["reduction_in_balance"]))
    assert mine["c2"] == pytest.approx(
        rl.costing.cost_per_tonne_of_series([mine["interest_saved"]], [mine["reduction"]] * 20)
    )
    assert mine["c3"] == pytest.approx(
        rl.costing.cost_per_additional_tonne(mine["subsidy"], mine["reduction_in_balance"], 0.4)
    )


def test_without_a_quarter_each_row_says_its_own(run: rl.Run) -> None:
    frame = rl.cost_per_tonne(run, operating_years=20)
    balance = run.cost[run.cost["reduction_in_balance"] > 0].groupby(["lender", "facility"])["quarter"].max()
    for one in frame.iloc[:-1].to_dict("records"):
        assert one["quarter"] == balance.get((one["lender"], one["facility"]), "")
    assert row(frame, "all", "all")["quarter"] == max(frame["quarter"])
    nothing = row(frame, "demo_city", "clean_coal")
    assert nothing["quarter"] == "" and all(math.isnan(nothing[c]) for c in ("c1", "c2", "c3"))


def test_money_without_tonnes_is_not_charged_to_the_tonnes_of_others() -> None:
    frame = rl.cost_per_tonne(rl.run("national/original"), operating_years=20, quarter="2024Q4")
    coal, whole = row(frame, "all_lenders", "clean_coal"), row(frame, "all", "all")
    assert coal["subsidy"] > 0 == coal["reduction"] and math.isnan(coal["c1"]) and math.isnan(coal["c2"])
    assert whole["reduction"] > 0 and all(math.isnan(whole[c]) for c in ("c1", "c2", "c3"))


def test_the_units_and_assumptions_are_with_the_frame_and_a_saved_run_gives_the_same(
    run: rl.Run, tmp_path: Path
) -> None:
    frame = rl.cost_per_tonne(run, operating_years=20, additionality=0.1)
    assert frame.attrs["units"]["c2"] == "yuan per tonne" and frame.attrs["operating_years"] == 20.0
    assert frame.attrs["additionality"] == 0.1
    opened = rl.open_run(run.save(tmp_path / "run"))
    pd.testing.assert_frame_equal(rl.cost_per_tonne(opened, operating_years=20, additionality=0.1), frame)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"operating_years": 0}, "operating_years 0 is not above 0"),
        ({"operating_years": "20"}, "operating_years: '20' is no number"),
        ({"operating_years": True}, "operating_years: True is no number"),
        ({"operating_years": math.nan}, "operating_years: nan is no number"),
        ({"operating_years": 20, "additionality": 60}, "a fraction: 0.6, not 60"),
        ({"operating_years": 20, "additionality": 0}, "additionality 0 is not above 0"),
        ({"operating_years": 20, "quarter": "2040Q1"}, "the run has no cost of 2040Q1"),
        ({"operating_years": 20, "quarter": "x"}, "x"),
    ],
)
def test_figures_that_cannot_be_are_refused(run: rl.Run, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rl.cost_per_tonne(run, **given)


def test_there_is_no_operating_life_by_default(run: rl.Run) -> None:
    with pytest.raises(TypeError, match="operating_years"):
        rl.cost_per_tonne(run)  # type: ignore[call-arg]


def test_savings_that_the_tables_leave_out_are_not_held_against_the_tonnes_they_bought() -> None:
    whole = rl.cost_per_tonne(
        rl.run(rl.load_scenario("outlook/baseline", ["scenario.start=2021-07-01"])), operating_years=20
    )
    late = rl.cost_per_tonne(rl.run("outlook/baseline"), operating_years=20)
    first = (whole["lender"] == "demo") & (whole["facility"] == "cerf")
    assert whole.loc[first, "c2"].notna().all() and late.loc[first, "c2"].isna().all()
    assert late.iloc[-1]["lender"] == "all" and late.iloc[-1].isna()["c2"]
    assert whole.loc[first, "c1"].equals(late.loc[first, "c1"])  # a quarter's figure is the same in either
