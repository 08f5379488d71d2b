"""Every bound from both sides of its border, hours no year has, shares, rates; once a project."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from relending.engine.ratios import RATIOS
from relending.policy.plausibility import Bound, bounds
from tests.plausibility.book import MW, WAN, loan, said, told

RATIO = {r.name: r for r in RATIOS}
FRAME = {
    "project_reduction": "project_reduction_g",
    "project_investment": "project_investment_fen",
    "output_mwh": "output_kwh",
    "capacity_mw": "capacity_kw",
}
BORDERS = [
    pytest.param(bound, sector, e2, side, id=f"{bound.ratio}-{sector}-{e2}")
    for bound in bounds()
    for sector in (bound.sectors or ("geothermal",))
    for side, e2 in ((-1, bound.low_e2), (1, bound.high_e2))
    if e2 is not None
]


def only(bound: Bound, sector: str, numerator: int, denominator: int) -> dict[str, Any]:
    """A loan that gives the two figures of one ratio and no other."""
    ratio = RATIO[bound.ratio]
    bare = loan(sector=sector, principal_fen=1, **dict.fromkeys(FRAME.values()))
    return {**bare, FRAME[ratio.numerator]: numerator, FRAME[ratio.denominator]: denominator}


@pytest.mark.parametrize(("bound", "sector", "e2", "side"), BORDERS)
def test_a_figure_on_the_border_is_usual_and_one_unit_beyond_is_not(
    bound: Bound, sector: str, e2: int, side: int
) -> None:
    # an odd denominator, so that the quotient is no round figure
    denominator = 100 * 77_777
    border = e2 * denominator * RATIO[bound.ratio].scale // 100
    assert told([only(bound, sector, border, denominator)]) == []
    beyond = told([only(bound, sector, border + side, denominator)])
    assert [r.code for r in beyond] in ([RATIO[bound.ratio].code], ["unit_slip_suspected"])


def test_found_and_expected_are_figures_with_units() -> None:
    (finding,) = told([loan(project_reduction_g=11_520 * 10**6)])
    assert finding.code == "tonnes_per_mwh_unusual" and finding.column == "project_reduction"
    assert (finding.found, finding.expected) == ("0.960 t/MWh", "0.45–0.95 t/MWh")


def test_hours_no_year_has_are_called_impossible_and_not_also_unusual() -> None:
    def run(hours: int) -> list[tuple[str, str, str]]:
        one = loan(sector="biomass", output_kwh=hours * 10 * MW, project_reduction_g=None, project_investment_fen=None)
        return [(r.code, r.found, r.expected) for r in told([one])]

    assert run(8200) == []
    assert run(8760) == [("hours_unusual", "8,760.0 h", "4,000–8,200 h")]
    assert run(8761) == [("hours_impossible", "8,761.0 h", "<= 8,760 h")]


def test_a_sector_without_bounds_is_not_compared() -> None:
    assert said([loan(sector="ccus", project_reduction_g=10**15)]) == []
    assert said([loan(sector="no such sector", project_reduction_g=10**15)]) == []


def test_a_project_is_told_once_at_its_first_loan_that_gives_cause() -> None:
    odd = {"project_reduction_g": 11_600 * 10**6}
    assert said([loan(), loan(**odd), loan(**odd), loan(project_id="P2", **odd)]) == [
        ("tonnes_per_mwh_unusual", "L2"),
        ("tonnes_per_mwh_unusual", "L4"),
    ]


def test_figures_are_gathered_from_all_loans_of_the_project() -> None:
    bare = dict.fromkeys(FRAME.values())
    some = [loan(**bare), loan(**bare | {"output_kwh": 84_000}), loan(**bare | {"capacity_kw": 7})]
    assert [r.code for r in told(some)] == ["unit_slip_suspected"]
    assert [r.loan for r in told(some)] == ["L1"]
    apart = [{**one, "project_id": f"P{i}"} for i, one in enumerate(some)]
    assert told(apart) == []


def test_loans_in_error_are_left_out() -> None:
    odd = loan(project_reduction_g=11_600 * 10**6, data_error=True)
    assert said([odd, loan()]) == []
    assert said([odd, loan(project_reduction_g=11_600 * 10**6)]) == [("tonnes_per_mwh_unusual", "L2")]


@pytest.mark.parametrize(("second", "warned"), [(2200 * WAN, False), (2200 * WAN + 1, True)])
def test_all_loans_of_a_project_together_may_reach_the_share_and_not_pass_it(second: int, warned: bool) -> None:
    # 1,000 + 2,200 of 4,000 are 0.80; another lender's loan counts
    found = told([loan(principal_fen=1000 * WAN), loan(principal_fen=second, lender="abc")])
    assert [(r.code, r.loan) for r in found] == ([("share_high", "L1")] if warned else [])
    if warned:
        assert found[0].found == "32,000,000.01 / 40,000,000.00 = 0.8000" and found[0].expected == "<= 0.80"


def test_what_was_refinanced_is_not_lent_twice_and_a_revised_investment_counts_as_revised() -> None:
    assert said([loan(principal_fen=3000 * WAN), loan(principal_fen=3000 * WAN, issue_type="refinanced")]) == []
    revised = loan(principal_fen=1000 * WAN, project_investment_fen=5000 * WAN)
    assert said([loan(principal_fen=3000 * WAN), revised]) == []


def test_a_rate_below_the_facility_rate_of_its_day_is_told_loan_by_loan() -> None:
    # 1.75 % until the cut of May 2025 to 1.50 %
    cheap = [loan(rate_ppm=17_499), loan(rate_ppm=17_500), loan(rate_ppm=17_000)]
    later = loan(rate_ppm=15_000, disbursed=dt.date(2025, 6, 1), matures=dt.date(2035, 6, 1))
    found = told([*cheap, later, {**later, "rate_ppm": 14_999}, loan(sector="none", rate_ppm=1)])
    assert [(r.loan, r.found, r.expected) for r in found if r.code == "rate_below_facility"] == [
        ("L1", "1.7499 %", ">= 1.7500 % (cerf)"),
        ("L3", "1.7000 %", ">= 1.7500 % (cerf)"),
        ("L5", "1.4999 %", ">= 1.5000 % (cerf)"),
    ]
