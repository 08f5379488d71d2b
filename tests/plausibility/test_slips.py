"""Slips of units: every column and every factor is found; what one slip cannot explain is told as it is."""

from __future__ import annotations

from typing import Any

import pytest

from relending.engine.slips import CANDIDATES
from tests.plausibility.book import MW, T, loan, told

FRAME = {
    "project_reduction": "project_reduction_g",
    "project_investment": "project_investment_fen",
    "output_mwh": "output_kwh",
    "capacity_mw": "capacity_kw",
}


def slipped(column: str, shift: int, **given: Any) -> dict[str, Any]:
    """The clean loan, lent little, with a figure that has to be moved by 10**shift to be right."""
    one = loan(principal_fen=1, **given)
    value = one[FRAME[column]] * 10**-shift if shift < 0 else one[FRAME[column]] // 10**shift
    return {**one, FRAME[column]: value}


@pytest.mark.parametrize(("column", "shift"), CANDIDATES)
def test_a_slip_of_any_column_by_any_factor_is_named_alone(column: str, shift: int) -> None:
    (finding,) = told([slipped(column, shift)])
    assert finding.code == "unit_slip_suspected" and finding.column == column
    operation = f"{column} {'/' if shift < 0 else 'x'} {10 ** abs(shift)}: "
    assert finding.expected.startswith(operation) and finding.expected.count("?") == 1
    assert finding.found.count(";") == 3, "all four ratios are told"


def test_yuan_read_as_10k_yuan_is_said_in_units() -> None:
    (finding,) = told([slipped("project_investment", -4)])
    assert finding.expected == "project_investment / 10000: 元 -> 万元, 万元 -> 亿元? (+ principal)"
    assert finding.found == "0.000240 t/10k yuan; 0.800 t/MWh; 1,200.0 h; 40,000,000.0 yuan/kW"


def test_with_one_ratio_both_columns_are_named() -> None:
    (finding,) = told([slipped("project_reduction", -3, output_kwh=None, capacity_kw=None)])
    assert [part.split(":")[0] for part in finding.expected.split(" | ")] == [
        "project_investment x 1000",
        "project_reduction / 1000",
    ]
    assert finding.column == "project_investment"  # a unit of money left out is the commonest slip


def test_what_no_single_slip_explains_is_told_ratio_by_ratio() -> None:
    # twice the reduction: 4.8 t/10k yuan is usual, 1.6 t/MWh is not and no power of ten mends it
    assert [r.code for r in told([loan(project_reduction_g=19_200 * T)])] == ["tonnes_per_mwh_unusual"]
    # two slips at once
    both = loan(principal_fen=1, project_reduction_g=9600 * T * 1000, capacity_kw=10 * MW * 1000)
    codes = [r.code for r in told([both])]
    assert codes == ["tonnes_per_10k_unusual", "tonnes_per_mwh_unusual", "hours_unusual", "unit_cost_unusual"]


def test_a_ratio_of_the_column_that_is_inside_already_speaks_against_the_slip() -> None:
    # 0.16 t/10k yuan would fit ten times the reduction, but 0.8 t/MWh would not; ten times less investment: 400 yuan/kW
    one = loan(principal_fen=1, project_investment_fen=60_000 * 10**6, capacity_kw=None, output_kwh=12_000 * 1000)
    (finding,) = told([one])
    assert finding.code == "unit_slip_suspected" and finding.expected.startswith("project_investment / 10:")


def test_a_reduction_of_nothing_is_unusual_and_no_slip() -> None:
    assert [r.code for r in told([loan(project_reduction_g=0)])] == ["tonnes_per_10k_unusual", "tonnes_per_mwh_unusual"]
