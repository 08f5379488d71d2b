"""Files of which nothing is computed yet: one entry a row, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator

from tests.facts.entry import Entry, apart
from tests.facts.facts import FILES

SHIPPED = "shipped as data ([data.md](data.md)); nothing is computed from"
FACTORS, COAL, HOURS = (f"{SHIPPED} {what} yet" for what in ("emission factors", "coal factors", "full-load hours"))
REASONS = {
    "projects_loans_partial.csv": "the project's total investment is not published, so that the loan has no share",
    "project_cases.csv": "a project's own figures without a loan: held against the bounds of plausibility"
    " (`tests/plausibility/test_cases.py`), which reproduces none of them",
    "plausibility_bounds.csv": "the bounds are shipped as data, for warnings; what they were worked out from is not"
    " computed",
    "generation_factor.csv": FACTORS,
    "grid_baseline_om_bm.csv": FACTORS,
    "grid_average_national.csv": FACTORS,
    "grid_average_regional.csv": FACTORS,
    "grid_average_provincial.csv": FACTORS,
    "coal_co2_factors.csv": COAL,
    "coal_supply_rate.csv": COAL,
    "full_load_hours_benchmark.csv": HOURS,
    "full_load_hours_observed.csv": HOURS,
    "calendar_libraries.csv": "a test of other people's packages, not a figure of lending (the product counts working"
    " days with the first of them: `methods.csv`, 5.5)",
}
ROWS = {
    (
        "projects_loans_partial.csv",
        "Xuwen 600 MW offshore wind, Guangdong · CDB",
    ): "the attributed reduction alone is published, neither the project's own nor its investment",
    (
        "project_cases.csv",
        "Chongming Beibao wind (CCER design document)",
    ): "capacity and reduction alone are published, so that there is nothing to hold either against",
    (
        "project_cases.csv",
        "Qilu-Shengli CCUS",
    ): "one figure alone is published, so that there is nothing to hold it against",
}
"""Rows whose reason is another than their file's."""


def entries(file: str) -> Iterator[Entry]:
    """One entry for each row of a file."""
    facts = FILES[file]
    for row in range(len(facts.rows())):
        yield apart(file, row, *facts.figures, why=ROWS.get((file, facts.label(row)), REASONS[file]))
