"""The oracle proved by hand: contracts and syndicates, projects across banks, what later studies say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from .cases import TONNE, YUAN, loan, scenario
from .engine import run
from .model import Loan, OtherLoan, Result, Revision, Side

MILLION = 1_000_000 * YUAN


def of_project(loan_id: str, amount: int, day: int, **given: Any) -> Loan:
    """`amount` million yuan for project P of 1,000 million, on a day of March 2022."""
    values: dict[str, Any] = {"project_id": "P", "disbursed": date(2022, 3, day), "principal": amount * MILLION}
    return loan(loan_id, **{**values, **given})


def checked(*loans: Loan, **tables: Any) -> Result:
    return run(list(loans), [], scenario(end=date(2022, 12, 31)), Side(**tables))


def other(amount: int, day: int, **given: Any) -> OtherLoan:
    values: dict[str, Any] = {"project_id": None if "project_code" in given else "P"}
    return OtherLoan(principal=amount * MILLION, disbursed=date(2022, 3, day), **{**values, **given})


def codes(result: Result) -> list[str]:
    return [code for code, _ in result.findings]


# ---- R6


def test_a_contract_is_not_lent_beyond_its_limit() -> None:
    common = {"contract_id": "K", "investment": None}
    result = checked(
        loan("A", principal=60 * MILLION, contract_limit=100 * MILLION, **common),
        loan("B", principal=41 * MILLION, **common),  # 60 + 41: set aside
        loan("C", principal=40 * MILLION, contract_limit=120 * MILLION, **common),  # 60 + 40: the smaller limit, kept
        loan("D", principal=900 * MILLION, lender="beta", **common),  # another lender's contract K
        loan("E", principal=900 * MILLION, disbursed=date(2023, 1, 1), **common),  # after the end
    )
    assert result.errors == {1: "contract_limit_exceeded"}
    assert codes(result) == ["contract_limit_differs"]


def test_a_loan_without_a_contract_is_its_own() -> None:
    result = checked(loan("A", contract_limit=100 * MILLION), loan("B", contract_limit=100 * MILLION - 1))
    assert result.errors == {1: "contract_limit_exceeded"}


def test_the_order_of_a_contract_is_by_day_and_id() -> None:
    common = {"contract_id": "K", "contract_limit": 150 * MILLION}
    result = checked(loan("B", **common), loan("A", **common), loan("C", disbursed=date(2022, 2, 9), **common))
    assert result.errors == {0: "contract_limit_exceeded", 1: "contract_limit_exceeded"}


def test_the_own_part_of_a_syndicate() -> None:
    # 400 m x (25 % + 0.01 %) = 100.04 m.
    part = {"syndicate_total": 400 * MILLION, "syndicate_share": 250_000}
    result = checked(
        loan("A", principal=100_040_000 * YUAN, **part),
        loan("B", principal=100_040_000 * YUAN + 1, **part),
        loan("C", syndicate_total=MILLION),
        loan("D", syndicate_share=1),
        loan("E", contract_limit=MILLION, **part),
    )
    assert result.errors == {1: "over_syndicate_share", 4: "contract_limit_exceeded"}
    assert codes(result) == ["syndicate_incomplete", "syndicate_incomplete"]


def test_what_a_contract_sets_aside_frees_the_share() -> None:
    result = checked(
        of_project("A", 900, 1, contract_limit=899 * MILLION), of_project("B", 900, 2), of_project("C", 101, 3)
    )
    assert result.errors == {0: "contract_limit_exceeded", 2: "share_over_one"}


# ---- R7


def test_a_code_makes_one_project_of_two() -> None:
    result = checked(
        of_project("A", 600, 1, project_code="N-1"),
        of_project("B", 401, 2, project_id="Q", project_code="N-1", lender="beta"),
        of_project("C", 400, 3, project_id="Q"),  # Q has the code by B, though B is set aside for it
        of_project("D", 900, 3, project_id="N-1"),  # an id that reads like a code is none
    )
    assert result.errors == {1: "share_over_one"}
    total = next(
        r for r in result.disclosure if (r["lender"], r["quarter"], r["level"]) == ("alpha", "2022Q1", "total")
    )
    assert total["projects"] == 3  # P, Q and the project that is called N-1: counted by project_id


def test_the_first_code_of_a_project_counts() -> None:
    result = checked(
        of_project("A", 1, 1, project_code="wrong", data_error=True),
        of_project("B", 600, 2, project_code="N-1"),
        of_project("C", 100, 2, project_code="N-2"),
        of_project("D", 400, 3, project_id="Q", project_code="N-1", lender="beta"),
        of_project("E", 300, 3, project_id="R", project_code="N-1"),
    )
    # 600 + 100 of P, then D's 400: 1,100 is over; E's 300: just right.
    assert result.errors == {0: "row", 3: "share_over_one"}
    assert sorted(codes(result)) == ["project_code_differs", "project_code_twice"]


def test_loans_of_other_banks_come_first_and_are_always_kept() -> None:
    # Of 1,000 m: B's 300 on the 1st, the other bank's 500 on the 2nd, then A's 201 is over and C's 200 is not.
    book = [of_project("A", 201, 2), of_project("B", 300, 1), of_project("C", 200, 3)]
    assert checked(*book, other_loans=[other(500, 2)]).errors == {0: "share_over_one"}
    assert checked(*book, other_loans=[other(500, 3)]).errors == {2: "share_over_one"}
    alone = checked(*book, other_loans=[other(600, 1), other(401, 31)])
    # 600 of others and B's 300, then A's 201 is over and so is C's 200.
    assert (alone.errors, codes(alone)) == ({0: "share_over_one", 2: "share_over_one"}, ["others_over_investment"])
    late = checked(*book, other_loans=[OtherLoan(project_id="P", principal=MILLION**2, disbursed=date(2023, 1, 1))])
    assert (late.errors, codes(late)) == ({}, [])


def test_other_loans_find_their_project_by_code_or_id() -> None:
    book = [of_project("A", 600, 3, project_code="N-1")]
    assert checked(*book, other_loans=[other(401, 1, project_code="N-1")]).errors == {0: "share_over_one"}
    assert checked(*book, other_loans=[other(401, 1)]).errors == {0: "share_over_one"}
    for unknown in (other(401, 1, project_code="N-2"), other(401, 1, project_id="Q")):
        result = checked(*book, other_loans=[unknown])
        assert (result.errors, codes(result)) == ({}, ["other_project_unknown"])


# ---- R8


def revision(day: date, **given: Any) -> Revision:
    return Revision(project_id="P", since=day, reason="final accounts", **given)


def shares(result: Result) -> list[Any]:
    return [r["share"] for r in result.attribution]


def revised(revisions: Sequence[Revision], **given: Any) -> Result:
    book = [of_project("A", 100, 1, **given), of_project("B", 100, 15, **given), of_project("C", 100, 31, **given)]
    return checked(*book, revisions=revisions)


def test_later_loans_take_the_revised_figures() -> None:
    # A: 100 of 1,000 m, 200,000 t: 20,000 t. From the 15th 2,000 m: 10,000 t. From the 31st 100,000 t: 5,000 t.
    result = revised(
        [revision(date(2022, 3, 31), reduction=100_000 * TONNE), revision(date(2022, 3, 15), investment=2000 * MILLION)]
    )
    assert shares(result) == [10_000_000, 5_000_000, 5_000_000]
    assert [r["reduction"] // TONNE for r in result.attribution] == [20_000, 10_000, 5_000]
    assert result.findings == [("revision_differs", "B"), ("revision_differs", "C")]
    # All are restated to what C has.
    assert [(r["loan_id"], r["reduction_restated"] // TONNE, r["difference"] // TONNE) for r in result.restatement] == [
        ("A", 5_000, -15_000), ("B", 5_000, -5_000),
    ]  # fmt: skip
    assert result.restatement[0] == {
        "loan_id": "A",
        "lender": "alpha",
        "facility": "cerf",
        "project_id": "P",
        "quarter": "2022Q1",
        "supported": True,
        "revised_from": date(2022, 3, 31),
        "reason": "final accounts",
        "share": 10_000_000,
        "reduction": 20_000 * TONNE,
        "share_restated": 5_000_000,
        "reduction_restated": 5_000 * TONNE,
        "difference": -15_000 * TONNE,
    }


def test_a_revision_gives_what_a_later_loan_leaves_out() -> None:
    day = date(2022, 3, 15)
    study = revision(day, investment=1000 * MILLION, reduction=200_000 * TONNE, evidence="third_party")
    result = revised([study], investment=None, reduction=None, evidence=None)
    assert [r["reasons"] for r in result.screening] == ["evidence_missing", "", ""]
    assert result.findings == []
    assert [(r["loan_id"], r["share"], r["share_restated"], r["difference"] // TONNE) for r in result.restatement] == [
        ("A", None, 10_000_000, 20_000)
    ]


def test_a_revision_after_the_end_restates_nothing() -> None:
    result = revised([revision(date(2023, 1, 1), investment=2000 * MILLION)])
    assert (result.restatement, shares(result)) == ([], [10_000_000] * 3)


def test_the_share_test_is_by_the_revised_investment() -> None:
    book = [of_project("A", 600, 1), of_project("B", 500, 15), of_project("C", 500, 31)]
    result = checked(*book, revisions=[revision(date(2022, 3, 31), investment=1100 * MILLION)])
    assert result.errors == {1: "share_over_one"}
    assert [r["loan_id"] for r in result.restatement] == ["A"]  # B is set aside


def test_a_revision_of_no_project_is_said() -> None:
    result = checked(loan(), revisions=[revision(date(2022, 3, 31), reduction=1)])
    assert codes(result) == ["revision_project_unknown"]
