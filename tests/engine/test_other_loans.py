"""One project, several banks: its key, and the loans of others in the test of shares."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.findings import InputError, messages
from tests.engine.shared import D, M, T, loan, prepared, run, set_aside, told
from tests.facts.facts import FILES

OWN = (
    "share_over_one",
    "project_code_differs",
    "project_code_twice",
    "others_over_investment",
    "other_project_unknown",
    "project_differs",
    "project_two_ids",
)


def worked(figure: str) -> Fraction:
    """A figure of methods.md 1.2, as printed."""
    (found,) = (r["value"] for r in FILES["methods.csv"].rows() if (r["section"], r["figure"]) == ("1.2", figure))
    return Fraction(found)


def other(amount: int, **given_: Any) -> dict[str, Any]:
    """A loan of some other bank to project P."""
    return {
        "project_id": "P",
        "lender": "某银行",
        "disbursed": D(2022, 1, 5),
        "principal_fen": amount * M,
        **given_,
    }


# -- methods 1.2: I_P 1,000 m, R_P 200,000 t; bank X lends 150 and 50 m, bank Y 400 m ----------------------------------


def test_methods_1_2_shares_over_all_banks_with_bank_y_in_the_register() -> None:
    """What X computes does not change with Y's loan; what is left for others does."""
    loans = [loan("X1", principal_fen=150 * M), loan("X2", principal_fen=50 * M, disbursed=D(2022, 3, 1))]
    tables = run(loans, other_loans=[other(400, disbursed=D(2022, 2, 20))])
    mine = tables.attribution
    assert int(mine["reduction_g"].sum()) == worked("bank X, reduction") * T == 40_000 * T
    others = Fraction(400, 1000)
    assert Fraction(int(mine["share_e8"].sum()), 10**8) + others == worked("sum of shares") == Fraction(6, 10)
    assert told(tables, *OWN) == []
    # 400 m is what is left of the project: a loan of that much has room, one of a fen more has none
    for more, aside in ((0, []), (1, ["Z"])):
        later = loan("Z", principal_fen=400 * M + more, disbursed=D(2023, 1, 10))
        assert set_aside(prepared([*loans, later], other_loans=[other(400)])) == aside


def test_methods_1_2_both_banks_in_one_book_under_ids_of_their_own() -> None:
    """Two project_ids of one national code are one project in the test of shares, and each bank's in its statement."""
    both = [
        loan("X1", principal_fen=150 * M, project_code="2101-110000-04-01-000001"),
        loan("X2", principal_fen=50 * M, disbursed=D(2022, 3, 1)),
        loan("Y1", lender="beta", project_id="Y-7", principal_fen=400 * M, disbursed=D(2023, 2, 1)),
    ]
    both[2]["project_code"] = both[0]["project_code"]
    tables = run(both)
    assert int(tables.attribution["share_e8"].sum()) == worked("sum of shares") * 10**8
    assert int(tables.attribution["reduction_g"].sum()) == 200_000 * T - worked("unattributed") * T
    assert told(tables, *OWN) == []
    last = tables.disclosure
    last = last[(last["quarter"] == "2026Q4") & (last["horizon"] == "since_start") & (last["code"] == "total")]
    assert last["projects"].tolist() == [worked("bank X, projects"), 1]
    # without the code they would be two projects, and nobody would see that 1,100 m are lent to one of 1,000 m
    third = loan("Y2", lender="beta", project_id="Y-7", principal_fen=500 * M, disbursed=D(2023, 3, 1))
    assert set_aside(prepared([*both, third])) == ["Y2"]
    assert set_aside(prepared([{**one, "project_code": None} for one in [*both, third]])) == []


# -- the key -----------------------------------------------------------------------------------------------------------


def test_the_first_code_in_input_order_counts_and_another_is_told_once() -> None:
    loans = [
        loan("E", project_code="A", data_error=True),
        loan("L1", project_code="B", principal_fen=500 * M, disbursed=D(2023, 1, 5)),
        loan("L2", project_code="A"),
        loan("L3", project_code="C"),
        loan("Q", project_id="Q", project_code="A", principal_fen=900 * M),
    ]
    done = prepared(loans)
    assert set_aside(done) == ["E"], "P is B by L1, whose row comes first of the usable ones; Q alone is A"
    assert told(done, "project_code_differs") == [
        ("project_code_differs", "L2", "book.csv:4", "project_code", "A", "B (book.csv:3)")
    ]


def test_one_lender_with_one_code_under_several_ids_is_told_for_each_further_id() -> None:
    loans = [
        loan("L1", project_code="C"),
        loan("L2", project_id="Q"),
        loan("L3", project_id="Q", project_code="C", disbursed=D(2022, 4, 1)),
        loan("L4", lender="beta", project_id="R", project_code="C", disbursed=D(2023, 4, 1)),
        loan("L5", project_id="S", project_code="C"),
    ]
    assert [t[1:] for t in told(prepared(loans), "project_code_twice")] == [
        ("L2", "book.csv:3", "project_id", "Q (C)", "P (book.csv:2)"),
        ("L5", "book.csv:6", "project_id", "S (C)", "P (book.csv:2)"),
    ]


def test_two_banks_with_ids_of_their_own_under_one_code_are_not_told_of_one_project_twice() -> None:
    loans = [loan("L1", project_code="C"), loan("L2", lender="beta", project_id="Q", project_code="C")]
    loans[1]["disbursed"] = D(2023, 2, 1)
    assert told(prepared(loans), "project_code_twice", "project_two_ids") == []


def test_figures_of_one_code_are_held_against_each_other() -> None:
    loans = [
        loan("L1", project_code="C"),
        loan("L2", lender="beta", project_id="Q", project_code="C", project_investment_fen=1100 * M),
    ]
    assert [t[1:4] for t in told(prepared(loans), "project_differs")] == [("L2", "book.csv:3", "project_investment")]


# -- others' loans -----------------------------------------------------------------------------------------------------


def test_others_are_kept_and_come_first_on_their_day() -> None:
    loans = [loan("A", principal_fen=600 * M), loan("B", principal_fen=300 * M, disbursed=D(2022, 2, 11))]
    for day, aside in ((10, ["A"]), (11, ["B"]), (12, [])):
        done = prepared(loans, other_loans=[other(500, disbursed=D(2022, 2, day))])
        assert set_aside(done) == aside, day
    (finding,) = told(prepared(loans, other_loans=[other(500)]), "share_over_one")
    assert finding[1:2] + finding[4:] == ("A", "500,000,000.00 + 600,000,000.00", "<= 1,000,000,000.00")


def test_a_register_row_is_matched_by_code_else_by_project_id() -> None:
    loans = [
        loan("A", project_code="C", principal_fen=600 * M),
        loan("B", project_id="Q", principal_fen=600 * M),
    ]
    rows = {
        "code": ({"project_id": None, "project_code": "C"}, ["A"]),
        "id": ({"project_id": "Q"}, ["B"]),
        "code first": ({"project_id": "Q", "project_code": "C"}, ["A"]),
        "id where the code is nobody's": ({"project_id": "Q", "project_code": "X"}, ["B"]),
        "id of a project with a code": ({"project_id": "P"}, ["A"]),
    }
    for name, (how, aside) in rows.items():
        done = prepared(loans, other_loans=[other(500, **how)])
        assert set_aside(done) == aside, name
        assert told(done, "other_project_unknown") == [], name


def test_what_the_book_has_not_is_noted_and_what_comes_after_the_end_takes_nothing() -> None:
    rows = [
        other(900, project_id="X"),
        other(900, project_id=None, project_code="Y", loan_id="他行-1"),
        other(950, disbursed=D(2027, 1, 1)),
    ]
    done = prepared([loan("A", project_code="C")], other_loans=rows)
    assert set_aside(done) == []
    assert told(done, *OWN) == [
        ("other_project_unknown", "", "other_loans.csv:2", "project_code", "X", ""),
        ("other_project_unknown", "他行-1", "other_loans.csv:3", "project_code", "Y", ""),
    ]


def test_a_code_that_only_loans_set_aside_give_is_not_called_unknown() -> None:
    loans = [loan("E", project_id="E", project_code="C", data_error=True), loan("A")]
    assert told(prepared(loans, other_loans=[other(1, project_id=None, project_code="C")]), *OWN) == []


def test_others_alone_above_the_investment_are_told_at_the_loan_that_passes_it() -> None:
    rows = [
        other(300, disbursed=D(2023, 1, 1)),
        other(800, disbursed=D(2022, 1, 1)),
        other(5, project_id="Q"),
        other(1, disbursed=D(2024, 1, 1)),
    ]
    loans = [loan("A"), loan("B", project_id="Q"), loan("C", project_investment_fen=1050 * M)]
    done = prepared(loans, other_loans=rows)
    assert told(done, "others_over_investment") == [
        (
            "others_over_investment",
            "",
            "other_loans.csv:2",
            "principal",
            "1,100,000,000.00",
            "<= 1,000,000,000.00",
        )
    ]
    assert set_aside(done) == [], "what others lent before leaves room for 100 m each"


def test_a_row_of_no_project_or_no_amount_stops_the_run_with_all_that_is_wrong() -> None:
    rows = [other(1, project_id=None), other(0), other(-3)]
    with pytest.raises(InputError) as stopped:
        prepared([loan("A")], other_loans=rows)
    told_ = stopped.value.findings.frame()
    assert list(zip(told_["code"], told_["row"], told_["column"], strict=True)) == [
        ("value_missing", 2, "project_id"),
        ("principal_not_positive", 3, "principal"),
        ("principal_not_positive", 4, "principal"),
    ]


def test_an_empty_register_and_none_are_the_same() -> None:
    loans = [loan("A", principal_fen=600 * M), loan("B", principal_fen=600 * M)]
    assert told(prepared(loans, other_loans=[])) == told(prepared(loans))


@pytest.mark.parametrize("code", [c for c in OWN if c not in ("share_over_one", "project_differs", "project_two_ids")])
def test_each_finding_speaks_both_languages(code: str) -> None:
    message = messages()[code]
    assert message.severity == ("note" if code == "other_project_unknown" else "warning")
    assert "项目" in message.message["zh"] and "project" in message.message["en"]
    assert all(message.fix.values())


# -- the rule in plain Python ------------------------------------------------------------------------------------------

CODES = st.sampled_from([None, None, "C", "D"])
LOANS = st.lists(
    st.tuples(
        st.sampled_from(["alpha", "beta"]),
        st.sampled_from(["P", "Q", "R"]),
        CODES,
        st.integers(1, 60),
        st.integers(1, 3),
        st.sampled_from([None, 50, 100, 100, 120]),
        st.sampled_from(["new", "new", "new", "renewed"]),
    ),
    min_size=1,
    max_size=12,
)
NAMED = st.tuples(st.sampled_from([None, "P", "Q", "X"]), st.sampled_from([None, "C", "D", "Z"]))
OTHERS = st.lists(
    st.tuples(NAMED.filter(any), st.integers(1, 60), st.integers(1, 3)).map(lambda row: (*row[0], *row[1:])),
    max_size=6,
)


def by_hand(rows: list[tuple[Any, ...]], register: list[tuple[Any, ...]]) -> tuple[list[str], dict[Any, list[int]]]:
    """The loans set aside, and by project what is kept in it, others' loans among them."""
    code: dict[str, str] = {}
    for _, project, own, *_ in rows:
        if own is not None:
            code.setdefault(project, own)
    keys = {project: ("code", code[project]) if project in code else ("id", project) for project in "PQR"}
    known = {row[1] for row in rows}
    turns = []
    for i, (_, project, _, amount, month, investment, issue) in enumerate(rows):
        if issue == "new":
            turns.append((month, 1, f"L{i:02d}", keys[project], amount, investment))
    for project, own, amount, month in register:
        key = ("code", own) if own in code.values() else keys.get(project) if project in known else None
        if key is not None:
            turns.append((month, 0, "", key, amount, None))
    kept: dict[Any, list[int]] = {}
    out = []
    for _, own_loan, name, key, amount, investment in sorted(turns, key=lambda t: t[:3]):
        mine = kept.setdefault(key, [])
        if own_loan and investment is not None and sum(mine) + amount > investment:
            out.append(name)
        else:
            mine.append(amount)
    return sorted(out), kept


def book(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [
        loan(
            f"L{i:02d}",
            lender=lender,
            project_id=project,
            project_code=code,
            principal_fen=amount * M,
            disbursed=D(2023, month, 5),
            project_investment_fen=None if investment is None else investment * M,
            issue_type=issue,
        )
        for i, (lender, project, code, amount, month, investment, issue) in enumerate(rows)
    ]


def listed(register: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [
        other(amount, project_id=project, project_code=code, disbursed=D(2023, month, 5))
        for project, code, amount, month in register
    ]


@settings(max_examples=200, deadline=None)
@given(LOANS, OTHERS, st.integers(0, 5))
def test_any_register_as_by_hand_however_the_blocks_are_cut(
    rows: list[tuple[Any, ...]], register: list[tuple[Any, ...]], cut: int
) -> None:
    loans = [*book(rows), loan("sound", project_id="S")]
    done = prepared(loans, cut, other_loans=listed(register))
    assert set_aside(done) == by_hand(rows, register)[0]
    assert told(done) == told(prepared(loans, other_loans=listed(register)))


@settings(max_examples=100, deadline=None)
@given(LOANS, OTHERS)
def test_shares_over_all_banks_are_never_above_one(
    rows: list[tuple[Any, ...]], register: list[tuple[Any, ...]]
) -> None:
    """Where every bank works with one investment, what others lent before and what is kept is not above it.

    Others alone may be: then no own loan is kept beside them, and it is told.
    """
    same = [(*row[:2], None, *row[3:5], 100, "new") for row in rows]
    before = [(project, None, amount, 0) for project, _, amount, _ in register if project]
    rowed = [{**one, "disbursed": D(2022, 1, 5)} for one in listed([(*row[:3], 1) for row in before])]
    tables = run([*book(same), loan("sound", project_id="S")], other_loans=rowed)
    mine = tables.attribution[tables.attribution["state"] != "set_aside"]
    rows_told = [int(place.split(":")[1]) for _, _, place, *_ in told(tables, "others_over_investment")]
    passed = {rowed[row - 2]["project_id"] for row in rows_told}
    for project in {row[1] for row in same}:
        own = Fraction(int(mine.loc[mine["project_id"] == project, "principal_fen"].sum()), 100 * M)
        others = Fraction(sum(amount for named, _, amount, _ in before if named == project), 100)
        assert own + others <= 1 or own == 0
        assert (others > 1) == (project in passed)
