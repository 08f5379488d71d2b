"""A scenario made ready for random paths: its model checked, its book funded on the central path, its cohorts cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.dates import quarter_end, quarter_of, quarter_start, quarter_text, to_day
from relending.engine.context import Context
from relending.engine.cost import cost_frame, own_rate_findings
from relending.engine.dailycost import spans
from relending.engine.fundworks import fund_works
from relending.engine.ledger import Position, accrued_between
from relending.engine.outstanding import Outstanding
from relending.engine.pipeline import lenders_in_need
from relending.engine.prepare import Work, prepare
from relending.findings import Findings, InputError
from relending.scenario import Scenario
from relending.scenario.inputs import read_loans
from relending.scenario.random_paths import MOST_PATHS, MOST_SEED, Bootstrap, RandomModel
from relending.study.montecarlo.cohorts import CohortSeries, cohort_series
from relending.study.montecarlo.randomness import monthly_changes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scenario carried out once on its central path, ready for its random ones."""

    scenario: Scenario
    context: Context
    series: CohortSeries
    cost: pd.DataFrame
    interest: Mapping[tuple[int, int], tuple[int, ...]]
    works: Sequence[Work]
    findings: Findings
    inputs: tuple[Mapping[str, Any], ...]


def model_of(
    scenario: Scenario, paths: int | None = None, seed: int | None = None, antithetic: bool | None = None
) -> RandomModel:
    """The random model of a scenario with the numbers of a call; InputError with all that is wrong with it."""
    wrong: list[Findings] = []

    def blame(code: str, column: str, found: Any, expected: str) -> None:
        one = Findings.one(code, file=scenario.path.name, column=column, found=found, expected=expected)
        wrong.append(one)

    model = scenario.monte_carlo
    if model is None or not model.sources():
        tables = "[monte_carlo.own_rate], [monte_carlo.lpr], [monte_carlo.rollover], …"
        blame("monte_carlo_no_source", "monte_carlo", "", tables)
        raise InputError(Findings.concat(wrong))
    for name, value, low, high in (("paths", paths, 1, MOST_PATHS), ("seed", seed, 0, MOST_SEED)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer)):
            blame("scenario_wrong_type", f"monte_carlo.{name}", value, "a whole number such as 2000; 整数，例如 2000")
        elif value is not None and not low <= value <= high:
            blame("scenario_bad_value", f"monte_carlo.{name}", value, f"{low} … {high}")
    if wrong:
        raise InputError(Findings.concat(wrong))
    model = model.with_run(paths, seed, antithetic)
    if model.antithetic and model.paths % 2:
        blame("scenario_bad_value", "monte_carlo.paths", model.paths, f"{model.paths + 1} (antithetic = true)")
    first, last = _first_quarter(model, scenario), int(quarter_of(to_day(scenario.end)))
    if first > last:
        blame("monte_carlo_no_quarter", "monte_carlo.from", model.first, f"<= {quarter_text(last)}")
    if isinstance(model.lpr, Bootstrap):
        months = monthly_changes(scenario.lpr, to_day(model.first)).shape[1]
        if model.lpr.block > months:
            blame("scenario_bad_value", "monte_carlo.lpr.block_months", model.lpr.block, f"<= {months}")
    if wrong:
        raise InputError(Findings.concat(wrong))
    return model


def _first_quarter(model: RandomModel, scenario: Scenario) -> int:
    """The first random quarter: that begins on the first random day or later, inside the run."""
    day = to_day(model.first)
    return max(int(quarter_of(day - 1)) + 1, int(quarter_of(to_day(scenario.start))))


def load(scenario: Scenario, model: RandomModel, progress: Callable[[str], None] = lambda text: None) -> Loaded:
    """Read the book, fund it on the central path and cut it into cohorts: all that is done once for any paths."""
    progress("reading")
    book = read_loans(scenario)
    context = scenario.context()
    progress("screening")
    try:
        prepared = prepare(book.blocks, book.side, context)
        need = own_rate_findings(context, lenders_in_need(prepared))
        if need:
            raise InputError(Findings.concat([*prepared.findings, need]))
    except InputError as stop:
        raise InputError(Findings.concat([scenario.findings, book.findings, stop.findings])) from None
    progress("funding")
    where, names, said = fund_works(prepared, context)
    series = cohort_series(prepared, where, names, context, _first_quarter(model, scenario))
    interest = {(p.lender, p.facility): _interest(p, context) for p in where}
    cost = central_cost(series, where, context)
    findings = Findings.concat([scenario.findings, book.findings, *prepared.findings, *said])
    return Loaded(scenario, context, series, cost, interest, prepared.works, findings, tuple(book.inputs))


def _interest(position: Position, context: Context) -> tuple[int, ...]:
    return tuple(accrued_between(position.legs, s.first, s.after) for s in spans(context.quarters))


def central_cost(series: CohortSeries, where: Sequence[Position], context: Context) -> pd.DataFrame:
    """The cost table of the run from its cohorts: the columns that do not need daily balances are those of the run."""
    pairs = len(series.lenders) * len(series.facilities)
    quarters = len(context.quarters)
    first = int(quarter_start(context.first_quarter))
    owed = np.zeros((pairs, context.end + 1 - first), np.int64)
    weighted, grams, kept = (np.zeros((4, pairs, quarters), np.int64) for _ in range(3))
    ends = quarter_end(np.asarray(context.quarters)) - first
    for (lender, f, _, _), one in series.cohorts.items():
        pair = lender * len(series.facilities) + f
        owed[pair, ends] += np.array(one.owed, np.int64)
        for k in range(4):
            weighted[k, pair] += [(w >> (32 * k)) & 0xFFFFFFFF if k < 3 else w >> 96 for w in one.weighted]
        grams[0, pair] += np.array(one.disbursed, np.int64)
        kept[0, pair] += np.array(one.in_balance, np.int64)
    nothing = np.zeros((4, pairs, quarters), np.int64)
    return cost_frame(Outstanding(owed, weighted, nothing, grams[0], kept[0]), where, series.lenders, context)
