"""The register of published figures: what became of each, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial

from tests.facts import from_methods, from_policy, from_reports, from_runs, unattempted
from tests.facts.entry import Entry
from tests.facts.facts import FILES

MAKERS: dict[str, Callable[[], Iterable[Entry]]] = {
    "statements.csv": from_runs.statements,
    "aggregates.csv": from_runs.aggregates,
    "methods.csv": from_methods.entries,
    "facilities.csv": from_policy.facilities,
    "loan_rates.csv": from_policy.loan_rates,
    "lpr.csv": from_policy.lpr,
    "projects_attribution.csv": from_runs.projects,
    "cost_examples.csv": from_runs.cost_example,
    "impact_reports.csv": from_reports.entries,
    **{file: partial(unattempted.entries, file) for file in unattempted.REASONS},
}
"""Who makes the entries of a file."""


def build(file: str) -> tuple[Entry, ...]:
    """The entries of a file, computed now; NotAsDeclaredError where one comes out otherwise than declared."""
    return tuple(MAKERS[file]())


@cache
def register() -> dict[str, tuple[Entry, ...]]:
    """The entries of every file, computed once."""
    return {file: build(file) for file in FILES}
