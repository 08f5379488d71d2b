"""The shipped scenarios run, and the book shows every reason and state it was made to show."""

from __future__ import annotations

from typing import Any

import pytest

import relending as rl
from relending import policy

REFUSED = {
    "SF2021061801": "lender_not_admitted;outside_window",
    "SF2021120801": "not_new",
    "SF2022031501": "sector_not_listed",
    "SF2022052001": "sector_not_listed",
    "SF2022061001": "data_error",
    "SF2022072801": "lender_not_admitted",
    "SF2022090901": "rate_above_limit",
    "SF2023021701": "evidence_missing",
    "SF2023122101": "data_error",
    "SF2024011601": "outside_window",
    "SF2024052001": "data_error",
    "SF2024091901": "evidence_missing",
    "SF2025062601": "not_new",
    "SF2025101501": "sector_not_listed",
}


@pytest.fixture(scope="module")
def demo() -> Any:
    return rl.run(rl.load_scenario("demo"))


@pytest.fixture(scope="module")
def outstanding() -> Any:
    return rl.run(rl.load_scenario("demo/outstanding"))


def test_just_these_loans_are_refused_each_for_its_reason(demo: Any) -> None:
    screening = demo.screening
    refused = screening[~screening["eligible"].astype(bool)]
    assert dict(zip(refused["loan_id"], refused["reasons"], strict=True)) == REFUSED


def test_two_reasons_cannot_occur_in_this_scenario() -> None:
    for facility in ("cerf", "clean_coal"):
        rules = policy.facility(facility)
        assert all(v.value == 0 for v in rules["min_term_months"].values)
        assert "borrower_types" not in rules.parameters
    seen = {r for text in REFUSED.values() for r in text.split(";")}
    assert seen == {
        "data_error",
        "sector_not_listed",
        "lender_not_admitted",
        "outside_window",
        "rate_above_limit",
        "evidence_missing",
        "not_new",
    }


def test_every_state_but_the_two_that_need_a_quota_or_a_lag_occurs(demo: Any) -> None:
    assert set(demo.attribution["state"]) == {"held", "repaid", "repaid_before_draw", "refused", "set_aside"}


def test_the_findings_are_those_the_book_was_made_to_show(demo: Any) -> None:
    codes = {f.code for f in demo.findings.itertuples() if f.severity in ("error", "warning")}
    assert codes >= {
        "share_over_one",
        "rate_ambiguous",
        "principal_not_positive",
        "repaid_before_draw",
        "subfield_not_given",
        "unknown_sector",
    }
    assert not codes & {"unknown_lender", "project_differs", "reduction_reported_differs", "duplicate_loan_id"}


def test_rolling_over_on_what_is_outstanding_holds_less_and_never_more(demo: Any, outstanding: Any) -> None:
    def balance(run: Any) -> list[int]:
        return [round(float(x) * 100) for x in run.funding["balance"]]

    a, b = balance(demo), balance(outstanding)
    assert len(a) == len(b)
    assert all(x >= y for x, y in zip(a, b, strict=True))
    assert sum(a) > sum(b)


def test_the_own_rate_paths_of_the_two_scenarios_differ(demo: Any, outstanding: Any) -> None:
    assert list(demo.cost["own_rate"]) != list(outstanding.cost["own_rate"])
