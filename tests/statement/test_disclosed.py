"""Every disclosed figure is the sum of its loans: random records walked back from the saved tables alone."""

from __future__ import annotations

import dataclasses
from functools import cache
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import relending as rl
from relending.dates import parse_quarter, quarter_text
from relending.engine.disclosure import HORIZONS
from relending.engine.pipeline import run_blocks
from relending.findings import InputError, InvariantError
from relending.lineage import DamagedRun
from relending.lineage.disclosed import Disclosures
from relending.scenario.run import side_tables
from tests.engine.bridge import context, loan_frame, side_frames
from tests.oracle import engine as slow
from tests.oracle.ledger_cases import random_case


@cache
def random_run(seed: int, **options: Any) -> Any | None:
    """A random record carried out, as a run in memory holds it; None where it has no usable loan or stops."""
    loans, prepayments, scenario, side = random_case(seed, 40)
    scenario = dataclasses.replace(scenario, **options)
    wrong = list(slow.run(loans, prepayments, scenario, side).errors)
    frame, beside, world = loan_frame(loans, wrong), side_frames(prepayments, side), context(scenario)
    try:
        tables = run_blocks([frame], beside, world)
    except InputError:
        return None
    names = ("screening", "attribution", "draws", "disclosure", "ineligible", "part_funded", "batches", "cost")
    held = {n: t for n in names if (t := getattr(tables, n, None)) is not None}
    held |= {"loans": frame, "findings": tables.findings.frame(), **side_tables(beside)}
    return SimpleNamespace(tables=held, context=lambda: world, manifest={})


def walk(run: Any) -> int:
    """Every quarter of every lender and facility of a run; how many."""
    disclosures, n = Disclosures(run), 0
    for rules in run.context().facilities:
        for lender in disclosures.lenders(rules.id):
            for quarter in run.context().quarters:
                disclosures.of(lender, rules.id, quarter)
                n += 1
    return n


@pytest.mark.parametrize("seed", range(24))
def test_every_figure_of_a_random_record_is_the_sum_of_its_loans(seed: int) -> None:
    run = random_run(seed)
    assert run is None or walk(run) or not run.tables["attribution"]["supported"].any()


@pytest.mark.parametrize("seed", range(100, 112))
@pytest.mark.parametrize("options", [{"rate_basis": "current"}, {"ineligible": "restated"}])
def test_also_at_current_rates_and_where_loans_leave_again(seed: int, options: dict[str, str]) -> None:
    run = random_run(seed, **options)
    assert run is None or walk(run) or not run.tables["attribution"]["supported"].any()


def test_random_records_are_of_every_kind() -> None:
    runs = [run for seed in range(24) if (run := random_run(seed)) is not None]
    assert len(runs) >= 15
    for table in ("opening", "applications", "ineligible"):
        assert any(table in run.tables for run in runs), table


@pytest.mark.parametrize("column", ["projects", "amount_fen", "weighted_rate_e8", "reduction_g"])
@pytest.mark.parametrize("horizon", HORIZONS)
def test_a_figure_changed_by_one_breaks_the_identity_and_is_named(column: str, horizon: str) -> None:
    run = rl.run("demo")
    table = run.tables["disclosure"].copy()
    cell = table["quarter"].eq("2024Q1") & table["horizon"].eq(horizon) & table["code"].eq("clean_energy")
    at = table.index[cell & table["lender"].eq("demo")][0]
    table.loc[at, column] = int(table.loc[at, column]) + 1
    changed = SimpleNamespace(tables={**run.tables, "disclosure": table}, context=run.context, manifest=run.manifest)
    with pytest.raises(InvariantError, match=f"cerf demo 2024Q1: {horizon}/clean_energy"):
        Disclosures(changed).of("demo", "cerf", parse_quarter("2024Q1"))


def test_horizons_of_the_loans_are_those_of_their_quarters() -> None:
    run = rl.run("demo")
    found = Disclosures(run).of("demo", "cerf", parse_quarter("2024Q2"))
    loans = found.loans
    quarters = [quarter_text(q) for q in loans["quarter"]]
    assert loans["in_quarter"].tolist() == [q == "2024Q2" for q in quarters]
    assert loans["in_year"].tolist() == [q in ("2024Q1", "2024Q2") for q in quarters]
    assert loans["in_since_start"].all()
    assert set(pd.unique(run.tables["attribution"]["loan_id"])) >= set(loans["loan_id"])


def test_a_lender_or_quarter_that_the_run_has_not_is_said() -> None:
    disclosures = Disclosures(rl.run("demo"))
    with pytest.raises(DamagedRun, match="nobody"):
        disclosures.of("nobody", "cerf", parse_quarter("2024Q1"))
    with pytest.raises(DamagedRun, match="2031Q1"):
        disclosures.of("demo", "cerf", parse_quarter("2031Q1"))
