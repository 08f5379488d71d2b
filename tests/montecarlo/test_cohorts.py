"""The cohort series add up to the run: owed, owed times rate, grams, tranche-years, whole number for whole number."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from relending.dates import quarter_end
from relending.scenario import load_scenario
from relending.study.montecarlo.load import load, model_of
from relending.units import divide
from tests.montecarlo.shared import ZERO, run_tables, typed

CASES = {
    "demo": ("demo", {}, "2022-01-01"),
    "ledger": ("ledger", {}, "2024-04-01"),
    "national": ("national/original", {}, "2022-01-01"),
    "several draws a loan": ("demo", {"facility.cerf.quota": 1e9, "facility.cerf.carry_over": True}, "2022-01-01"),
    "returned at once": ("demo", {"facility.cerf.on_prepayment": "immediate"}, "2022-01-01"),
}


@pytest.mark.parametrize("case", CASES)
def test_cohorts_add_up_to_the_run(case: str) -> None:
    name, overrides, first = CASES[case]
    given = load_scenario(name, typed({**overrides, **ZERO, "monte_carlo.from": first}))
    loaded = load(given, model_of(given))
    key = ["quarter", "lender", "facility"]
    figures = ["owed_fen", "weighted_fen_ppm", "disbursed_g", "in_balance_g"]
    cohorts = loaded.series.frame()
    assert len(cohorts.drop_duplicates(["lender", "facility", "drawn_on", "planned", "class"])) > 2
    sums = cohorts.groupby(key)[figures].sum().reset_index()
    cost, funding = run_tables(name, overrides)
    run = cost.merge(funding[[*key, "balance_fen", "interest_fen"]], on=key).merge(sums, on=key, how="left")
    run = run.fillna(dict.fromkeys(figures, 0))
    for row in run.to_dict("records"):
        assert row["owed_fen"] == row["loans_outstanding_fen"]
        assert row["disbursed_g"] == row["reduction_g"] and row["in_balance_g"] == row["reduction_in_balance_g"]
        if row["owed_fen"]:
            yield_e8 = divide(row["weighted_fen_ppm"] * 100, row["owed_fen"], "half_even")
            assert yield_e8 == row["loan_yield_e8"]
    _tranche_years(loaded, run)


def _tranche_years(loaded: Any, run: pd.DataFrame) -> None:
    """What the classes hold at the ends of random quarters is the facility balance."""
    series = loaded.series
    for (lender, f), place in series.places.items():
        mine = run[(run["lender"] == series.lenders[lender]) & (run["facility"] == series.facilities[f])]
        balances = mine["balance_fen"].astype(int).tolist()[series.horizon.first - series.horizon.begin :]
        for quarter, balance in zip(series.horizon.quarters, balances, strict=True):
            end = int(quarter_end(quarter))
            held = 0
            for part in place.parts:
                if part.of.start <= end < part.of.due:
                    step = [s for s in part.steps if s.day <= end][-1]
                    held += sum(fen for _, fen in step.amounts)
            assert held == balance


def test_a_cohort_is_told_by_its_draw_day_and_whether_it_is_planned() -> None:
    given = load_scenario("national/original", typed({**ZERO, "monte_carlo.from": "2023-01-01"}))
    series = load(given, model_of(given)).series
    frame = series.frame()
    born = frame[frame["planned"]]
    assert set(born["drawn_on"]) <= {"", *(d for d in frame["drawn_on"] if d >= "2023")}
    assert len(set(born["drawn_on"])) >= 10 and born["owed_fen"].max() > 0
    # every loan of this plan follows the LPR: the exposure is all that was lent in random quarters
    place = next(iter(series.places.values()))
    last = series.horizon.count - 1
    exposed = sum(fen[last] for fen in place.exposure.values())
    owed = sum(fen[-1] for cls, fen in place.owed.items() if cls)
    assert exposed == owed > 0
