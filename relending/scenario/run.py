"""A scenario carried out in memory: book read, blocks run, tables and findings together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relending.findings import Findings, InputError

if TYPE_CHECKING:
    import pandas as pd

    from relending.engine.context import Context
    from relending.scenario import Scenario


def side_tables(side: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables beside the loans as a run folder keeps them: where a row stood comes last, quarters are texts."""
    import pandas as pd
    import pyarrow as pa

    from relending.dates import quarter_text
    from relending.engine.applications import period_text

    texts = pd.ArrowDtype(pa.string())  # also of a table without rows
    written = {"period": period_text, "through": quarter_text}
    out = {}
    for name, frame in side.items():
        place = ["file", "sheet", "row"]
        kept = frame[[c for c in frame.columns if c not in (*place, "data_error")] + place]
        for column, text in written.items():
            if column in kept:
                said = [None if pd.isna(n) else text(n) for n in kept[column].tolist()]
                kept = kept.assign(**{column: pd.array(said, dtype=texts)})
        out[name] = kept
    return out


OPTIONAL = ("reconciliation", "batches", "restatement", "ineligible", "part_funded")
"""Tables a run may be without."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What a run computed: integer step frames by table name, the findings, what was read, and the rules used."""

    scenario: Scenario
    context: Context
    tables: Mapping[str, pd.DataFrame]
    findings: Findings
    inputs: tuple[Mapping[str, Any], ...]


def central_only(scenario: Scenario) -> Findings:
    """A note that a run is the central path of a scenario that has a model of random ones."""
    if scenario.monte_carlo is None:
        return Findings()
    found = ", ".join(scenario.monte_carlo.sources()) or str(scenario.monte_carlo.paths)
    return Findings.one("monte_carlo_not_run", file=scenario.path.name, column="monte_carlo", found=found)


def execute(
    scenario: Scenario,
    *,
    strict: bool = False,
    block_rows: int = 2**20,
    progress: Callable[[str], None] = lambda text: None,
) -> Executed:
    """Read the scenario's book and compute every table.

    Raises InputError where the input stops the run (or, with ``strict``, where any finding is an error), and
    InvariantError where an identity fails.
    """
    import pyarrow as pa

    from relending.engine.pipeline import run_blocks
    from relending.scenario.inputs import planned_refused, read_loans

    progress("reading")
    book = read_loans(scenario, block_rows=block_rows)
    # what reading needed and the book does not hold goes back to the system: a third of the peak of a large book
    pa.default_memory_pool().release_unused()
    context = scenario.context()
    try:
        tables = run_blocks(book.blocks, book.side, context, progress)
    except InputError as stop:
        raise InputError(Findings.concat([scenario.findings, book.findings, stop.findings])) from None
    said = planned_refused(book.loans, tables.screening)
    findings = Findings.concat([scenario.findings, central_only(scenario), book.findings, tables.findings, said])
    if strict and findings.count("error"):
        raise InputError(findings)
    loans = book.loans.drop(columns=["data_error"])
    first = ["file", "sheet", "row"]
    loans = loans[[c for c in loans.columns if c not in first] + first]
    more = {name: table for name in OPTIONAL if (table := getattr(tables, name)) is not None}
    return Executed(
        scenario,
        context,
        {
            "loans": loans,
            "screening": tables.screening,
            "attribution": tables.attribution,
            "draws": tables.draws,
            **side_tables(book.side),
            "ledger": tables.ledger,
            "funding": tables.funding,
            "disclosure": tables.disclosure,
            "cost": tables.cost,
            **more,
            "findings": findings.frame(),
        },
        findings,
        tuple(book.inputs),
    )
