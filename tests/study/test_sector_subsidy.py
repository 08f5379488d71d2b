"""The subsidy by sector adds up to cost.csv, to the fen and gram, whatever the run; what loans hold is the engine's."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections import Counter

import pandas as pd
import pytest

import relending as rl
from relending.dates import parse_quarter, quarter_end, to_day
from relending.engine.columns import ints
from relending.findings import InvariantError
from relending.study.held import held_at
from relending.study.sector_subsidy import slices
from relending.units import FEN, GRAMS, PPM, divide
from tests.oracle import cases
from tests.oracle.ledger_cases import random_case
from tests.study.carried import Made, made

D = dt.date


def simulated(seed: int) -> Made:
    rng = random.Random(seed)
    loans, prepayments = cases.random_book(rng, 40)
    loans = [dataclasses.replace(one, data_error=one.data_error or one.investment == 0) for one in loans]
    scenario = dataclasses.replace(cases.random_scenario(rng), end=D(2024, 12, 31))
    return made(loans, prepayments, scenario)


def quarters(run: object) -> list[str]:
    return list(dict.fromkeys(run.tables["cost"]["quarter"].tolist()))


def check(run: Made | rl.Run) -> Counter[str]:
    """Every quarter of a run: balance, grams and yuan a tonne of cost.csv from the slices; what was seen on the way."""
    seen: Counter[str] = Counter()
    cost = run.tables["cost"]
    for quarter in quarters(run):
        parts = slices(run, quarter)
        for row in cost[cost["quarter"] == quarter].to_dict("records"):
            mine = [s for s in parts if (s.lender, s.facility) == (row["lender"], row["facility"])]
            held, grams, gain = (sum(getattr(s, n) for s in mine) for n in ("held_fen", "reduction_g", "gain"))
            assert (held, grams) == (row["facility_balance_fen"], row["reduction_in_balance_g"])
            if grams and not pd.isna(row["subsidy_per_tonne_e6"]):
                assert divide(gain * GRAMS * 10**6, FEN * PPM * grams, "half_even") == row["subsidy_per_tonne_e6"]
                seen["tonnes"] += 1
            else:
                # nothing brings tonnes, or next to nothing: a figure of more than 18 digits is not given
                assert abs(gain) * 10**4 >= grams * 10**18 and pd.isna(row["subsidy_per_tonne_e6"])
            # the gain is that of the facility rate, which is rounded to 8 decimals
            if held:
                rate = row["own_rate_ppm"] * 100 - row["facility_rate_e8"]
                assert abs(gain * 100 - held * rate) * 2 <= held
                seen["held"] += 1
            seen["sectors"] += len(mine) > 1
            seen["opening"] += any(not s.sector for s in mine)
    return seen


@pytest.mark.parametrize(
    "name", ["demo", "demo/outstanding", "ledger", "national/original", "national/outstanding", "national/part-rolled"]
)
def test_shipped_scenarios_add_up_in_every_quarter(name: str) -> None:
    seen = check(rl.run(name))
    assert seen["tonnes"] and seen["held"]
    assert bool(seen["opening"]) == (name == "ledger")
    assert seen["sectors"] or name == "ledger"


@pytest.mark.parametrize("seed", range(12))
def test_any_options_add_up_and_loans_hold_what_the_engine_says(seed: int) -> None:
    run = simulated(seed)
    check(run)
    held = held_at(run, run.rules.end)
    assert (held["held_fen"] > 0).all()
    mine = held.groupby("loan_id")["held_fen"].sum()
    assert {str(k): int(v) for k, v in mine.items()} == run.holds()


@pytest.mark.parametrize("seed", range(8))
def test_records_and_opening_balances_add_up(seed: int) -> None:
    run = made(*random_case(seed, 25))
    check(run)
    held = held_at(run, run.rules.end)
    mine = held[held["loan_id"] != ""].groupby("loan_id")["held_fen"].sum()
    assert {str(k): int(v) for k, v in mine.items()} == run.holds()


def prepaid(how: str) -> Made:
    loans = [cases.loan("A"), cases.loan("B", sector="solar", principal=cases.YUAN * 50_000_000)]
    early = [
        cases.Prepayment(loan_id="A", date=day, amount=25_000_000 * cases.YUAN)
        for day in (D(2022, 6, 10), D(2023, 3, 31))
    ]
    scenario = cases.scenario(cases.plain({"on_prepayment": how}), end=D(2023, 6, 30))
    return made(loans, early, scenario)


def held_on(run: Made, *day: int) -> dict[str, int]:
    rows = held_at(run, to_day(D(*day)))
    return {r.loan_id: r.held_fen // (cases.YUAN * 10**6) for r in rows.itertuples()}


def test_what_a_prepayment_sent_back_is_of_its_own_loan() -> None:
    """60 and 30 m are drawn on 31 March 2022; 25 m of A go on 10 June, 25 m on the due date."""
    run = prepaid("immediate")
    assert held_on(run, 2022, 3, 30) == {}
    assert held_on(run, 2022, 3, 31) == {"A": 60, "B": 30} == held_on(run, 2022, 6, 9)
    assert held_on(run, 2022, 6, 10) == {"A": 45, "B": 30} == held_on(run, 2023, 3, 30)
    assert held_on(run, 2023, 3, 31) == {"A": 30, "B": 30}
    waits = prepaid("at_rollover")
    assert held_on(waits, 2022, 6, 10) == {"A": 60, "B": 30}
    parts = {s.sector: s for s in slices(run, "2022Q2")}
    # 45 m at 2.95 - 1.75 %
    assert parts["wind"].gain == 45 * 10**6 * FEN * 12_000 and parts["wind"].loans == 1
    assert parts["wind"].reduction_g == 20_000 * GRAMS
    own_part = {s.sector: s.reduction_g for s in slices(run, "2022Q2", per="facility")}
    assert own_part["wind"] == 9_000 * GRAMS  # 45 of 100 m


def test_tables_that_do_not_fit_are_a_broken_identity() -> None:
    run = prepaid("at_rollover")
    wrong = run.tables["draws"].copy()
    wrong["drawn_fen"] += 1
    with pytest.raises(InvariantError, match=r"the loans hold 9000000002 fen, the ledger says 9000000000"):
        held_at(dataclasses.replace(run, tables={**run.tables, "draws": wrong}), run.rules.end - 365)
    for column, more in (("reduction_in_balance_g", 1), ("facility_balance_fen", 1), ("subsidy_per_tonne_e6", 1)):
        cost = run.tables["cost"].copy()
        cost[column] += more
        with pytest.raises(InvariantError, match="the sectors add up to"):
            slices(dataclasses.replace(run, tables={**run.tables, "cost": cost}), "2022Q4")


def test_a_quarter_the_run_has_not_and_other_words_are_refused() -> None:
    run = prepaid("at_rollover")
    with pytest.raises(ValueError, match="the run has no cost of 2030Q1; it has 2021Q3 to 2023Q2"):
        slices(run, "2030Q1")
    with pytest.raises(ValueError, match="per 'both' is none of loan, facility"):
        slices(run, "2022Q1", per="both")
    assert slices(run, "2021Q3") == []


def test_a_saved_run_gives_the_same(tmp_path: object) -> None:
    run = rl.run("demo")
    opened = rl.open_run(run.save(tmp_path / "run"))
    for quarter in ("2022Q4", "2026Q4"):
        assert slices(opened, quarter) == slices(run, quarter)
    day = int(quarter_end(parse_quarter("2024Q4")))
    assert ints(held_at(opened, day), "held_fen")[0].tolist() == ints(held_at(run, day), "held_fen")[0].tolist()
