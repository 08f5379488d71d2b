"""Revisions of projects: what counts for which loan, what stays frozen, and the restatement beside it."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.engine.prepare import prepare
from relending.findings import InputError, messages
from relending.runfolder.tables import conform
from tests.engine.shared import D, M, T, beside, blocks, context, loan, prepared, run, set_aside, told

OWN = ("revision_twice", "revision_project_unknown", "revision_differs", "revision_empty")


def revision(day: dt.date, **given_: Any) -> dict[str, Any]:
    """A revision of project P."""
    return {"project_id": "P", "from": day, "reason": "初步设计批复", **given_}


def later(loan_id: str, day: dt.date, **given_: Any) -> dict[str, Any]:
    """A loan whose own cells of the project are empty."""
    own = {"project_investment_fen": None, "project_reduction_g": None, "evidence": None}
    return loan(loan_id, disbursed=day, **{**own, **given_})


def figures(tables: Any) -> list[tuple[str, Any, Any]]:
    frame = tables.attribution
    return list(zip(frame["loan_id"], frame["share_e8"], frame["reduction_g"], strict=True))


# -- which figures count -----------------------------------------------------------------------------------------------


def test_loans_from_the_day_on_take_the_revised_figures_and_earlier_ones_stay_frozen() -> None:
    loans = [loan("A", disbursed=D(2023, 4, 30)), later("B", D(2023, 5, 1)), later("C", D(2024, 1, 1))]
    revised = [revision(D(2023, 5, 1), investment_fen=1250 * M, reduction_g=150_000 * T, evidence="third_party")]
    tables = run(loans, revisions=revised)
    assert figures(tables) == [
        ("A", 10_000_000, 20_000 * T),
        ("B", 8_000_000, 12_000 * T),
        ("C", 8_000_000, 12_000 * T),
    ]
    assert tables.screening["eligible"].tolist() == [True, True, True]
    assert told(tables, *OWN, "project_differs", "evidence_incomplete") == []


def test_what_a_revision_leaves_empty_is_as_the_one_before_and_else_as_the_loan_says() -> None:
    """In any order of the table: 2023 gives the investment, 2024 the reduction, 2025 the evidence."""
    loans = [
        later("A", D(2023, 2, 1), project_reduction_g=100_000 * T, evidence="eia"),
        later("B", D(2024, 2, 1), evidence="eia"),
        later("C", D(2025, 2, 1)),
        later("D", D(2022, 2, 1)),
    ]
    revised = [
        revision(D(2025, 1, 1), evidence="feasibility_study"),
        revision(D(2023, 1, 1), investment_fen=500 * M),
        revision(D(2024, 1, 1), reduction_g=60_000 * T),
    ]
    tables = run(loans, revisions=revised)
    assert figures(tables) == [
        ("A", 20_000_000, 20_000 * T),
        ("B", 20_000_000, 12_000 * T),
        ("C", 20_000_000, 12_000 * T),
        ("D", pd.NA, 0),
    ]
    assert tables.screening["reasons"].tolist() == ["", "", "", "evidence_missing"]


def test_a_figure_of_the_row_that_is_not_the_revisions_is_told_and_the_revision_counts() -> None:
    loans = [
        loan("A", disbursed=D(2023, 6, 1)),
        loan("B", disbursed=D(2023, 6, 2), project_investment_fen=800 * M),
        loan("E", disbursed=D(2023, 6, 3), data_error=True),
        loan("F", disbursed=D(2022, 6, 3), project_investment_fen=800 * M),
    ]
    revised = [revision(D(2023, 1, 1), investment_fen=800 * M), revision(D(2023, 5, 1), reduction_g=1 * T)]
    tables = run(loans, revisions=revised)
    assert told(tables, "revision_differs") == [
        (
            "revision_differs",
            "A",
            "book.csv:2",
            "project_investment",
            "1,000,000,000.00",
            "800,000,000.00 (2023-01-01)",
        ),
        ("revision_differs", "A", "book.csv:2", "project_reduction", "200,000.000000", "1.000000 (2023-05-01)"),
        ("revision_differs", "B", "book.csv:3", "project_reduction", "200,000.000000", "1.000000 (2023-05-01)"),
    ]
    assert figures(tables)[:2] == [("A", 12_500_000, 125_000), ("B", 12_500_000, 125_000)]


def test_figures_of_different_revisions_are_not_held_against_each_other_but_those_of_one_are() -> None:
    loans = [
        loan("A"),
        later("B", D(2023, 2, 1), project_reduction_g=200_000 * T),
        later("C", D(2023, 3, 1), project_reduction_g=190_000 * T),
        loan("D", project_investment_fen=999 * M),
    ]
    done = prepared(loans, revisions=[revision(D(2023, 1, 1), investment_fen=1200 * M)])
    assert [t[1:4] for t in told(done, "project_differs")] == [
        ("C", "book.csv:4", "project_reduction"),
        ("D", "book.csv:5", "project_investment"),
    ]


def test_the_share_test_holds_a_loan_against_the_revised_investment() -> None:
    loans = [loan("A", principal_fen=600 * M), later("B", D(2023, 2, 1), principal_fen=500 * M)]
    loans.append(later("C", D(2023, 3, 1), principal_fen=300 * M))
    for investment, aside in ((1100, ["C"]), (1000, ["B"]), (899, ["B", "C"])):
        done = prepared(loans, revisions=[revision(D(2023, 1, 1), investment_fen=investment * M)])
        assert set_aside(done) == aside, investment


def test_frozen_shares_above_one_after_an_increase_are_told_as_before() -> None:
    """600 of 600, then 400 of 1,000: no loan is over, the frozen shares are 1.4."""
    loans = [loan("A", principal_fen=600 * M, project_investment_fen=600 * M), later("B", D(2023, 2, 1))]
    loans[1]["principal_fen"] = 400 * M
    done = prepared(loans, revisions=[revision(D(2023, 1, 1), investment_fen=1000 * M)])
    assert set_aside(done) == []
    assert [t[1] + " " + t[4] for t in told(done, "shares_above_one")] == ["B 1.40000000"]


# -- nothing complains of a revision -----------------------------------------------------------------------------------

PLANT = {
    "sector": "solar",
    "principal_fen": 1 * M,
    "project_investment_fen": 40 * M,
    "project_reduction_g": 9600 * T,
    "output_kwh": 12_000_000,
    "capacity_kw": 10_000,
}
"""10 MW at 4,000 yuan/kW, 1,200 hours, 0.8 t/MWh, 2.4 t a year for 10,000 yuan."""


def said_of_plants(row: dict[str, Any], revised: dict[str, Any]) -> list[str]:
    loans = [loan("A", **PLANT), loan("B", disbursed=D(2023, 2, 1), **{**PLANT, **row})]
    done = prepared(loans, revisions=[revision(D(2023, 1, 1), **revised)])
    return [t[0] for t in told(done)]


def test_a_plant_revised_with_all_its_figures_gives_no_warning() -> None:
    """Twice the size: every ratio of the new figures is as usual, that of old and new mixed is not."""
    new = {"output_kwh": 24_000_000, "capacity_kw": 20_000}
    double = {"investment_fen": 80 * M, "reduction_g": 19_200 * T}
    empty = {"project_investment_fen": None, "project_reduction_g": None}
    given_ = {"project_investment_fen": 80 * M, "project_reduction_g": 19_200 * T}
    assert said_of_plants({**new, **empty}, double) == []
    assert said_of_plants({**new, **given_}, double) == []
    assert said_of_plants({**empty, "output_kwh": None, "capacity_kw": None}, double) == []


def test_a_row_that_still_has_the_old_plant_is_told_that_and_nothing_else() -> None:
    assert said_of_plants({}, {"investment_fen": 80 * M, "reduction_g": 19_200 * T}) == ["revision_differs"] * 2


def test_a_revision_in_the_wrong_unit_is_suspected() -> None:
    row = {"project_reduction_g": None, "output_kwh": 12_000_000}
    assert said_of_plants(row, {"reduction_g": 9_600_000 * T}) == ["unit_slip_suspected"]


# -- what cannot be ----------------------------------------------------------------------------------------------------


def test_rows_that_cannot_be_stop_the_run_all_at_once() -> None:
    rows = [
        revision(D(2023, 1, 1), investment_fen=0),
        revision(D(2023, 2, 1), reduction_g=-1),
        revision(D(2023, 3, 1), evidence="eia"),
        revision(D(2023, 3, 1), investment_fen=M),
        revision(D(2023, 3, 1), project_id="Q", investment_fen=M),
    ]
    with pytest.raises(InputError) as stopped:
        prepared(
            [loan("A")], revisions=rows, other_loans=[{"lender": "x", "principal_fen": 1, "disbursed": D(2022, 1, 1)}]
        )
    frame = stopped.value.findings.frame()
    got = list(zip(frame["code"], frame["file"], frame["row"], frame["found"], frame["expected"], strict=True))
    assert got == [
        ("value_missing", "other_loans.csv", 2, "", "project_id | project_code"),
        ("investment_not_positive", "revisions.csv", 2, "0.00", "> 0"),
        ("reduction_negative", "revisions.csv", 3, "-0.000001", ">= 0"),
        ("revision_twice", "revisions.csv", 5, "P 2023-03-01", "≠ revisions.csv:4"),
    ]


def test_a_project_the_book_has_not_is_noted_and_an_empty_revision_is_told() -> None:
    rows = [revision(D(2023, 1, 1), project_id="X", investment_fen=M), revision(D(2023, 1, 1))]
    done = prepared([loan("A", disbursed=D(2024, 1, 1))], revisions=rows)
    assert [t[:5] for t in told(done, *OWN)] == [
        ("revision_empty", "", "revisions.csv:3", "investment", ""),
        ("revision_project_unknown", "", "revisions.csv:2", "project_id", "X"),
    ]


@pytest.mark.parametrize("code", OWN)
def test_each_finding_speaks_both_languages(code: str) -> None:
    message = messages()[code]
    severity = {"revision_twice": "error", "revision_project_unknown": "note"}
    assert message.severity == severity.get(code, "warning")
    assert "调整" in message.message["zh"] and "revision" in message.message["en"]
    assert all(message.fix.values())


# -- the restatement ---------------------------------------------------------------------------------------------------


def restated(tables: Any) -> list[dict[str, Any]]:
    assert tables.restatement is not None
    return pa.Table.from_pandas(tables.restatement, preserve_index=False).to_pylist()


def test_the_restatement_has_the_loans_of_other_figures_and_what_they_would_bring() -> None:
    """Three quarters: frozen 20,000 t of 1,000 m; by the first revision 10,000 t; by the second 9,000 t."""
    loans = [
        loan("A", disbursed=D(2022, 5, 1)),
        later("B", D(2023, 5, 1), lender="beta"),
        later("C", D(2024, 5, 1)),
        loan("N", sector="x", disbursed=D(2022, 5, 1)),
        loan("E", disbursed=D(2022, 5, 1), data_error=True),
        loan("F", disbursed=D(2027, 5, 1)),
        loan("Q", project_id="Q"),
    ]
    rows = [
        revision(D(2023, 1, 1), reduction_g=100_000 * T, investment_fen=1000 * M, evidence="eia"),
        revision(D(2024, 1, 1), reduction_g=90_000 * T, reason="后评价"),
        revision(D(2027, 1, 1), reduction_g=1 * T, reason="运行期之后"),
    ]
    tables = run(loans, revisions=rows)
    share = {"share_e8": 10_000_000, "share_restated_e8": 10_000_000}
    common = {
        "project_id": "P",
        "revised_from": D(2024, 1, 1),
        "reason": "后评价",
        "reduction_restated_g": 9_000 * T,
        **share,
    }
    a = {"lender": "alpha", "quarter": "2022Q2", "reduction_g": 20_000 * T, "difference_g": -11_000 * T, **common}
    assert restated(tables) == [
        {"loan_id": "A", "facility": "cerf", "supported": True, **a},
        {
            "loan_id": "B",
            "lender": "beta",
            "facility": "cerf",
            "quarter": "2023Q2",
            "supported": True,
            "reduction_g": 10_000 * T,
            "difference_g": -1_000 * T,
            **common,
        },
        {"loan_id": "N", "facility": "", "supported": False, **a},
    ]
    conform("restatement", tables.restatement)


def test_a_loan_from_before_the_launch_is_restated_in_the_quarter_it_is_disclosed_in() -> None:
    tables = run([loan("A", disbursed=D(2021, 8, 5))], revisions=[revision(D(2023, 1, 1), investment_fen=2000 * M)])
    (row,) = restated(tables)
    assert (row["quarter"], row["share_e8"], row["share_restated_e8"]) == ("2021Q4", 10_000_000, 5_000_000)


def test_a_loan_without_study_is_restated_from_nothing() -> None:
    tables = run(
        [later("A", D(2022, 5, 1))], revisions=[revision(D(2023, 1, 1), investment_fen=400 * M, reduction_g=8 * T)]
    )
    (row,) = restated(tables)
    assert (row["share_e8"], row["reduction_g"], row["share_restated_e8"]) == (None, 0, 25_000_000)
    assert row["difference_g"] == row["reduction_restated_g"] == 2 * T


def test_evidence_alone_restates_nothing_and_no_table_of_revisions_gives_no_restatement() -> None:
    assert restated(run([loan("A")], revisions=[revision(D(2023, 1, 1), evidence="third_party")])) == []
    assert restated(run([loan("A")], revisions=[])) == []
    assert run([loan("A")]).restatement is None


def test_revisions_change_neither_what_was_read_nor_a_loan_of_another_project() -> None:
    loans = [loan("A", project_id="Q"), later("B", D(2023, 5, 1))]
    frames = blocks(loans)
    before = [f.copy() for f in frames]
    done = prepare(frames, beside(revisions=[revision(D(2023, 1, 1), investment_fen=500 * M)]), context())
    for frame, copy, work in zip(frames, before, done.works, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
        assert work.block.frame is frame
        assert work.block.investment.tolist() == [1000 * M, 500 * M]


# -- the rule in plain Python ------------------------------------------------------------------------------------------

MONTHS = st.integers(1, 11)
REVISIONS = st.lists(
    st.tuples(
        st.sampled_from(["P", "Q"]),
        MONTHS,
        st.one_of(st.none(), st.integers(400, 900)),
        st.one_of(st.none(), st.integers(0, 999)),
    ),
    max_size=5,
    unique_by=lambda row: row[:2],
)
LOANS = st.lists(
    st.tuples(
        st.sampled_from(["P", "Q", "R"]),
        MONTHS,
        st.integers(1, 30),
        st.one_of(st.none(), st.integers(400, 900)),
        st.one_of(st.none(), st.integers(0, 999)),
    ),
    min_size=1,
    max_size=10,
)


def half_even(x: Fraction) -> int:
    whole, rest = divmod(x.numerator, x.denominator)
    return whole + (2 * rest > x.denominator or (2 * rest == x.denominator and whole % 2 == 1))


def by_hand(row: tuple[Any, ...], revised: list[tuple[Any, ...]], month: int) -> tuple[Any, int]:
    """Share and reduction of a loan by the revisions up to a month."""
    investment, reduction = row[3], row[4]
    for project, since, new_investment, new_reduction in sorted(revised, key=lambda r: r[1]):
        if project == row[0] and since <= month:
            investment = investment if new_investment is None else new_investment
            reduction = reduction if new_reduction is None else new_reduction
    if investment is None:
        return None, 0
    share = Fraction(row[2], investment)
    return half_even(share * 10**8), 0 if reduction is None else half_even(share * reduction * T)


@settings(max_examples=150, deadline=None)
@given(LOANS, REVISIONS, st.integers(0, 5))
def test_any_revisions_as_by_hand_however_the_blocks_are_cut(
    rows: list[tuple[Any, ...]], revised: list[tuple[Any, ...]], cut: int
) -> None:
    loans = [
        loan(
            f"L{i:02d}",
            project_id=project,
            disbursed=D(2024, month, 1),
            principal_fen=amount * M,
            project_investment_fen=None if investment is None else investment * M,
            project_reduction_g=None if reduction is None else reduction * T,
        )
        for i, (project, month, amount, investment, reduction) in enumerate(rows)
    ]
    table = [
        revision(
            D(2024, month, 1),
            project_id=project,
            investment_fen=None if investment is None else investment * M,
            reduction_g=None if reduction is None else reduction * T,
        )
        for project, month, investment, reduction in revised
    ]
    tables = run(loans, cut, revisions=table)
    frozen = [by_hand(row, revised, row[1]) for row in rows]
    latest = [by_hand(row, revised, 12) for row in rows]
    none = {pd.NA: None}
    got = [(none.get(share, share), reduction) for _, share, reduction in figures(tables)]
    assert got == frozen
    table_of = {row["loan_id"]: row for row in restated(tables)}
    for i, (was, now) in enumerate(zip(frozen, latest, strict=True)):
        found = table_of.get(f"L{i:02d}")
        if found is None:
            assert was == now
        else:
            assert (found["share_e8"], found["reduction_g"]) == was
            assert (found["share_restated_e8"], found["reduction_restated_g"]) == now
    assert sum(row["difference_g"] for row in table_of.values()) == sum(n for _, n in latest) - sum(
        w for _, w in frozen
    )
    whole = run(loans, revisions=table)
    assert told(tables) == told(whole)
    pd.testing.assert_frame_equal(tables.restatement, whole.restatement)
