"""The stages of a study give what a run gives, and do again only what reads something that has changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import relending as rl
from relending.scenario import load_scenario
from relending.scenario.scenario import Scenario
from relending.study.panel import panel
from relending.study.stages import Stages
from relending.study.traced import Traced, value_at

RULES = (
    "ratio=0.37",
    "rate=0.0111",
    "rollover_base=outstanding",
    "rollover_rate=original",
    "rollovers=1",
    "rollovers=0",
    "rollover_take_up=0.7",
    "rollover_after_expiry=false",
    "quota=2e9",
    "quota={ flow = 1.5e9 }",
    "quota_counts_rollovers=true",
    "rationing=fifo",
    "rationing=whole_loans",
    "carry_over=true",
    "on_prepayment=immediate",
    "frequency=month",
    "lag_days=40",
    "business_day=following",
    "term_months=6",
    "tolerance=0",
    "window={ first = 2022-01-01, last = 2024-06-30 }",
    'caps={ "2022Q1" = 3e8 }',
)
OTHERS = (
    "market.own_rate=0.0211",
    "market.loan_rates=current",
    "market.collateral_cost=0.004",
    "scenario.end=2024-12-31",
)


@cache
def stages(name: str) -> Stages:
    """Stages that all tests of a book share: what one has kept must not show in another."""
    return Stages()


def sets(rules: Sequence[str], others: Sequence[str] = ()) -> list[str]:
    return [*(f"facility.cerf.{rule}" for rule in rules), *others]


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    expected = expected[list(found.columns)]
    pd.testing.assert_frame_equal(found.reset_index(drop=True), expected.reset_index(drop=True))


def compare(scenario: Scenario, of: Stages) -> None:
    run = rl.run(scenario)
    made = of.evaluate(scenario)
    for table in ("funding", "cost"):
        same(made.tables[table], run.tables[table])
    assert made.supported == int(run.tables["attribution"]["supported"].sum())


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_of_a_facility_gives_the_series_of_a_run(rule: str) -> None:
    compare(load_scenario("demo", sets([rule])), stages("demo"))


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(RULES), unique_by=lambda r: r.split("=")[0], max_size=5), st.sets(st.sampled_from(OTHERS))
)
def test_any_rules_together_give_the_series_of_a_run(rules: list[str], others: set[str]) -> None:
    try:
        scenario = load_scenario("demo", sets(rules, sorted(others)))
    except rl.InputError:  # a quarter's cap of a monthly facility, say
        assume(False)
    compare(scenario, stages("demo"))


@pytest.mark.parametrize("name", ["ledger", "national/part-rolled", "statements/boc-2024q2"])
@pytest.mark.parametrize("rule", ["ratio=0.4", "rollover_base=outstanding", "quota=1e9"])
def test_recorded_money_plans_and_published_books_give_the_series_of_a_run(name: str, rule: str) -> None:
    compare(load_scenario(name, sets([rule])), stages(name))


def test_disclosure_is_that_of_a_run_and_leaves_what_is_kept_alone() -> None:
    of = Stages()
    scenario = load_scenario("demo", sets(["quota=1e9", "rationing=fifo"]))
    run = rl.run(scenario)
    for _ in range(2):
        made = of.evaluate(scenario, disclosure=True)
        for table in ("funding", "cost", "disclosure"):
            same(made.tables[table], run.tables[table][[*made.tables[table].columns]])
        compare(scenario, of)


@pytest.mark.parametrize(
    "rules",
    [
        ["quota=1e9", "rationing=fifo"],
        ["quota=1e9", "rationing=whole_loans"],
        ["quota=1e9", "carry_over=true"],
        ["quota={ flow = 8e8 }", "quota_counts_rollovers=true"],
        ["window={ first = 2021-07-01, last = 2023-06-30 }", "rollover_after_expiry=false"],
    ],
)
def test_rules_that_count_only_together_give_the_series_of_a_run(rules: list[str]) -> None:
    plain = rl.run("demo")
    scenario = load_scenario("demo", sets(rules))
    compare(scenario, stages("demo"))
    assert not rl.run(scenario).tables["funding"].equals(plain.tables["funding"])  # they do count


FLOATING = "rate_type,lpr_tenor,spread_bp,reprice_months"
LOANS = "".join(
    f"L{i},P{i},solar,{i}000000,0.04,2023-0{i}-10,2030-01-01,100000000,5000,eia,floating,5y,-{9 + i},12\n"
    for i in range(1, 7)
)


@pytest.fixture
def floating(tmp_path: Path) -> Path:
    """A scenario over six floating loans, the dates of which the quota does not serve in full."""
    head = "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence"
    (tmp_path / "book.csv").write_text(f"{head},{FLOATING}\n{LOANS}", encoding="utf-8")
    scenario = SCENARIO.replace("2022-12-31", "2027-12-31")
    (tmp_path / "s.toml").write_text(scenario + "[facility.cerf]\nquota = 5e6\n", encoding="utf-8")
    return tmp_path / "s.toml"


def test_a_result_that_another_is_built_on_has_read_what_that_one_has(floating: Path) -> None:
    of = Stages()
    for words in (
        ["facility.cerf.carry_over=true"],
        ["facility.cerf.carry_over=false"],
        ["facility.cerf.carry_over=true", "market.loan_rates=current"],
        ["facility.cerf.carry_over=false", "market.loan_rates=current"],
        ["market.loan_rates=current", "market.lpr_shift_bp=100", "market.lpr_shift_from=2023-01-01"],
    ):
        compare(load_scenario(floating, words), of)


def test_a_sweep_over_floating_loans_gives_the_rates_of_each_cell(floating: Path) -> None:
    axes: dict[str, list[Any]] = {"market.loan_rates": ["issue", "current"], "facility.cerf.carry_over": [False, True]}
    for keys in (list(axes), list(axes)[::-1]):
        found = rl.sweep(floating, {key: axes[key] for key in keys}, measures=["loan_yield"])
        for number, values in found.grid.cells():
            run = rl.run(load_scenario(floating, dict(zip(found.grid.keys, values, strict=True))))
            expected = panel(run.tables, found.measures).values["loan_yield"]
            assert (found.values["loan_yield"][number] == expected).all(), values


def done(of: Stages) -> dict[str, int]:
    return {stage.name: stage.done for stage in of.stages}


@pytest.mark.parametrize(
    ("override", "again"),
    [
        ("market.own_rate=0.02", []),
        ("facility.cerf.rate=0.01", []),
        ("facility.cerf.ratio=0.5", ["cohort series"]),
        ("facility.cerf.quota=1e9", ["cohort series"]),
        ("facility.cerf.rollover_base=outstanding", ["cohort series"]),
        ("facility.cerf.rollovers=1", ["schedule", "cohort series"]),
        ("facility.cerf.lag_days=10", ["schedule", "cohort series"]),
        ("facility.cerf.tolerance=0", ["screening", "schedule", "cohort series"]),
        ("scenario.end=2025-12-31", ["block", "screening", "schedule", "cohort series"]),
    ],
)
def test_only_the_stages_that_read_what_changed_are_done_again(override: str, again: list[str]) -> None:
    of = Stages()
    of.evaluate(load_scenario("demo"))
    before = done(of)
    of.evaluate(load_scenario("demo", [override]))
    assert [name for name, times in done(of).items() if times > before[name]] == again
    of.evaluate(load_scenario("demo"))
    assert done(of)["block"] == before["block"] + ("block" in again)  # kept: the first scenario costs nothing again


def test_a_book_that_was_changed_on_disk_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "book.csv").write_text(BOOK, encoding="utf-8")
    (tmp_path / "s.toml").write_text(SCENARIO, encoding="utf-8")
    of = Stages()
    first = of.evaluate(load_scenario(tmp_path / "s.toml"))
    (tmp_path / "book.csv").write_text(BOOK.replace("1000000", "20000000"), encoding="utf-8")
    second = of.evaluate(load_scenario(tmp_path / "s.toml"))
    drawn = [int(made.tables["funding"]["drawn_fen"].sum()) for made in (first, second)]
    assert drawn == [60_000_000, 1_200_000_000]


def test_a_traced_object_notes_what_is_read_through_methods_and_tables() -> None:
    context = load_scenario("demo").context()
    seen: dict[tuple[str, ...], None] = {}
    traced = Traced(context, seen)
    rules = traced.facilities[0]
    assert (
        traced.end == context.end and rules["ratio"] == context.facilities[0]["ratio"] and "borrower_types" not in rules
    )
    assert traced.own_rate_of("demo") == context.own_rate_of("demo")
    cerf = ("facilities", rules.id)
    assert set(seen) == {
        ("facilities",),
        ("last_quarter",),
        (*cerf, "id"),
        (*cerf, "parameters", "ratio"),
        (*cerf, "parameters", "borrower_types"),
        ("own_rate",),
    }
    assert all(value_at(context, path) is not None for path in seen)
    with pytest.raises(AttributeError, match="cannot be set"):
        traced.rate_basis = "current"


HEAD = (
    "借据编号,项目编号,碳减排领域,贷款金额,发放时利率,贷款发放日期,"
    "贷款到期日期,项目总投资,项目年度碳减排量,碳减排量测算依据"
)
BOOK = f"{HEAD}\nL1,P1,光伏,1000000,0.04,2022-02-01,2027-02-01,100000000,5000,可行性研究报告\n"
SCENARIO = """
[scenario]
name = "s"
book = "book.csv"
lender = "icbc"
start = 2022-01-01
end = 2022-12-31
facilities = ["cerf"]
[market]
own_rate = 0.0295
"""
