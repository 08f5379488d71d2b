"""Scenarios for the random paths, and the run that a path must equal."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from relending.engine.pipeline import run_blocks
from relending.scenario import Scenario, load_scenario
from relending.scenario.inputs import read_loans
from relending.study.measures import measures
from relending.study.montecarlo.exact import MISSING
from relending.study.montecarlo.load import load, model_of
from relending.study.montecarlo.measures import MEASURES
from relending.study.montecarlo.paths import Figures, figures_of
from relending.study.montecarlo.whole import WHOLE
from relending.study.panel import panel
from relending.study.whole import figures_of as whole_of
from relending.study.whole import with_weights

ZERO = {
    "monte_carlo.own_rate.volatility": 0,
    "monte_carlo.own_rate.lpr_beta": 1,
    "monte_carlo.lpr.volatility": 0,
    "monte_carlo.rollover.refusal": 0,
    "monte_carlo.prepayment.rate": 0,
    "monte_carlo.plan.volatility": 0,
}
"""Every source, and none of it moves."""
SCENARIO = """
[scenario]
name = "s"
plan = "plan.csv"
lender = "icbc"
start = 2024-01-01
end = {end}
facilities = ["cerf"]
[market]
own_rate = 0.02
{more}
"""
HEAD = "quarter,sector,amount,rate,spread_bp,months,repayment,loans,reduction_per_10k,investment_share"


def typed(value: Any) -> Any:
    """Overrides with dates for their texts."""
    if isinstance(value, Mapping):
        return {key: typed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [typed(one) for one in value]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return dt.date.fromisoformat(value)
    return value


def planned(tmp: Path, *rows: str, end: str = "2027-12-31", more: str = "") -> Path:
    """A scenario of a lending plan alone."""
    tmp.mkdir(parents=True, exist_ok=True)
    (tmp / "plan.csv").write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    (tmp / "s.toml").write_text(SCENARIO.format(end=end, more=more), encoding="utf-8")
    return tmp / "s.toml"


def figures(scenario: str | Path, overrides: Mapping[str, Any]) -> tuple[Figures, Scenario, int]:
    """Every measure on every path, the scenario, and how many quarters of the run are not random."""
    loaded_scenario = load_scenario(scenario, typed(overrides))
    model = model_of(loaded_scenario)
    loaded = load(loaded_scenario, model)
    horizon = loaded.series.horizon
    return figures_of(loaded, model), loaded_scenario, horizon.first - horizon.begin


def run_tables(scenario: str | Path, overrides: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cost and funding of a run as whole numbers."""
    given = load_scenario(scenario, typed(overrides))
    book = read_loans(given)
    tables = run_blocks(book.blocks, book.side, given.context())
    return tables.cost, tables.funding


def of_the_run(tables: tuple[pd.DataFrame, pd.DataFrame], lender: str, facility: str, measure: str) -> list[int]:
    """A measure of a run by quarter, ``MISSING`` where it has none; of all together as a comparison has it."""
    if (lender, facility) == WHOLE:
        m = measures()[measure]
        found = panel({"cost": tables[0], "funding": tables[1]}, with_weights([m]))
        wholes = {q: v for (q, a, b), v in whole_of(found, m).items() if (a, b) == WHOLE}
        return [MISSING if wholes[q] is None else int(wholes[q] or 0) for q in found.quarters]
    frame = tables[1] if measure == "facility_interest" else tables[0]
    mine = frame[(frame["lender"] == lender) & (frame["facility"] == facility)]
    return [MISSING if pd.isna(v) else int(v) for v in mine[MEASURES[measure][0]]]


def differences(
    found: Figures, path: int, skip: int, tables: tuple[pd.DataFrame, pd.DataFrame], leave_out: Sequence[str] = ()
) -> dict[tuple[str, str, str], tuple[list[int], list[int]]]:
    """Where a path differs from a run: figures of the path and of the run by lender, facility and measure."""
    out = {}
    for key, rows in found.by_measure.items():
        if key[2] in leave_out:
            continue
        wanted = of_the_run(tables, *key)[skip:]
        if rows[:, path].tolist() != wanted:
            out[key] = rows[:, path].tolist(), wanted
    return out


def constant(quarters: int, *values: int) -> np.ndarray:  # type: ignore[type-arg]
    """A path of each value, the same in every quarter."""
    return np.tile(np.array(values, np.int64), (quarters, 1))
