"""One project twice: two ids, two codes, two facilities."""

from __future__ import annotations

import pytest

from tests.plausibility.book import loan, said, told

COAL = {"sector": "coal_mining", "lender": "icbc", "project_reduction_g": None}


def test_one_code_under_two_ids_is_told_once_for_each_further_id() -> None:
    some = [loan(project_code="C"), loan(project_id="P2", project_code="C"), loan(project_id="P2", project_code="C")]
    found = told([*some, loan(project_id="P3", project_code="C")])
    assert [(r.code, r.loan, r.column, r.found, r.expected) for r in found] == [
        ("project_two_ids", "L2", "project_id", "P2 (C)", "P1 (book.csv:2)"),
        ("project_two_ids", "L4", "project_id", "P3 (C)", "P1 (book.csv:2)"),
    ]


@pytest.mark.parametrize(
    ("name", "borrower", "warned"),
    [
        ("Roof A(一期)", "B", True),
        ("roof a（一期） ", "B", True),
        ("Roof A(二期)", "B", False),
        ("Roof A(一期)", "C", False),
        ("Roof A(一期)", None, False),
        (None, "B", False),
    ],
)
def test_the_same_name_and_borrower_under_two_ids(name: str | None, borrower: str | None, warned: bool) -> None:
    one = loan(project_name="Roof A(一期)", borrower="B")
    two = loan(project_id="P2", project_name=name, borrower=borrower)
    other = loan(project_id="P3", project_name="Roof C", borrower="B")
    assert said([one, other, two]) == ([("project_two_ids", "L3")] if warned else [])


def test_code_and_name_that_say_the_same_are_one_finding() -> None:
    twin = {"project_code": "C", "project_name": "N", "borrower": "B"}
    assert said([loan(**twin), loan(project_id="P2", **twin)]) == [("project_two_ids", "L2")]


def test_one_id_with_two_codes_is_told_once_and_an_empty_code_is_no_code() -> None:
    some = [loan(), loan(project_code="C"), loan(project_code="D"), loan(project_code="E")]
    (finding,) = told(some)
    assert (finding.code, finding.loan, finding.found, finding.expected) == (
        "project_two_codes",
        "L3",
        "D",
        "C (book.csv:3)",
    )


def test_one_id_in_two_facilities_is_told_at_the_first_loan_of_the_second() -> None:
    (finding,) = told([loan(), loan(sector="wind_solar_base"), loan(**COAL), loan(**COAL)])
    assert (finding.code, finding.loan, finding.column) == ("project_two_facilities", "L3", "sector")
    assert (finding.found, finding.expected) == ("coal_mining [clean_coal]", "solar [cerf] (book.csv:2)")


def test_one_code_in_two_facilities_is_told_beside_its_two_ids() -> None:
    assert said([loan(project_code="C"), loan(project_id="P2", project_code="C", **COAL)]) == [
        ("project_two_ids", "L2"),
        ("project_two_facilities", "L2"),
    ]


def test_sectors_no_list_knows_and_loans_in_error_make_no_second_facility() -> None:
    assert said([loan(), loan(sector="unknown"), loan(data_error=True, **COAL)]) == []
