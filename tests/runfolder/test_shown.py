"""What a notebook shows of a result on the last line of a cell: one line, not all of its tables."""

from __future__ import annotations

import pytest

import relending as rl

SHOWN = {
    "run": "<Run demo: 71 loans read, 3 set aside, 56 supported; cerf, clean_coal; 2021Q3 to 2026Q4>",
    "book": "<Book: 71 loans, 2 errors, 74 warnings>",
    "scenario": "<Scenario demo: cerf, clean_coal; 2021-07-01 to 2026-12-31>",
    "comparison": "<Comparison of rebased with baseline: 1 measures>",
    "sweep": "<Sweep of demo: 2 scenarios (facility.cerf.ratio)>",
    "monte_carlo": "<MonteCarlo of baseline: 100 paths, random 2027Q1 to 2030Q4, seed 7>",
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_result_is_shown_in_a_line(name: str) -> None:
    measures = ["interest_saved"]
    made = {
        "run": lambda: rl.run("demo"),
        "book": lambda: rl.read_book(rl.load_scenario("demo").book),
        "scenario": lambda: rl.load_scenario("demo"),
        "comparison": lambda: rl.compare("outlook/baseline", "outlook/rebased", measures=measures, causes=False),
        "sweep": lambda: rl.sweep("demo", {"facility.cerf.ratio": [0.4, 0.6]}, measures=measures),
        "monte_carlo": lambda: rl.monte_carlo("outlook/baseline", paths=100),
    }[name]()
    assert repr(made) == SHOWN[name]
