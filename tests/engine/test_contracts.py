"""Contracts with several disbursements, and syndicates: what is set aside, and what is said of the figures given."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.findings import messages
from tests.engine.shared import D, M, loan, prepared, run, set_aside, told

OWN = ("contract_limit_exceeded", "over_syndicate_share", "contract_limit_differs", "syndicate_incomplete")


def part(loan_id: str, amount: int, month: int = 2, **given_: Any) -> dict[str, Any]:
    """A disbursement of contract C to a project of its own."""
    own = {"contract_id": "C", "project_id": f"P-{loan_id}", "disbursed": D(2022, month, 10)}
    return loan(loan_id, **{"principal_fen": amount * M, **own, **given_})


def test_a_disbursement_above_the_contract_is_set_aside_and_the_next_is_tried() -> None:
    loans = [
        part("A3", 50, 4, contract_limit_fen=300 * M),
        part("A1", 150, 2, contract_limit_fen=300 * M),
        part("A2", 151, 3),
        part("A4", 100, 5),
    ]
    done = prepared(loans)
    assert set_aside(done) == ["A2"]
    assert told(done, *OWN) == [
        (
            "contract_limit_exceeded",
            "A2",
            "book.csv:4",
            "principal",
            "150,000,000.00 + 151,000,000.00",
            "<= 300,000,000.00",
        )
    ]


def test_the_order_is_that_of_disbursement_then_of_ids_by_code_point() -> None:
    loans = [part("b", 60, contract_limit_fen=100 * M), part("B", 50), part("a", 40, 1), part("Z", 10)]
    done = prepared(loans)
    assert set_aside(done) == ["b"]
    assert told(done, *OWN) == [
        (
            "contract_limit_exceeded",
            "b",
            "book.csv:2",
            "principal",
            "100,000,000.00 + 60,000,000.00",
            "<= 100,000,000.00",
        )
    ]


def test_one_contract_number_of_two_lenders_is_two_contracts_and_no_number_is_one_by_itself() -> None:
    loans = [
        part("A", 80, contract_limit_fen=100 * M),
        part("B", 80, contract_limit_fen=100 * M, lender="beta", disbursed=D(2023, 2, 10)),
        part("N1", 80, contract_limit_fen=100 * M, contract_id=None),
        part("N2", 120, contract_limit_fen=100 * M, contract_id=None),
        part("N3", 120, contract_id=None),
    ]
    assert set_aside(prepared(loans)) == ["N2"]


def test_a_loan_with_an_error_or_after_the_end_takes_no_room() -> None:
    loans = [
        part("E", 90, 1, contract_limit_fen=100 * M, data_error=True),
        part("A", 100, 2, contract_limit_fen=100 * M),
        part("F", 50, disbursed=D(2027, 1, 5)),
    ]
    done = prepared(loans)
    assert set_aside(done) == ["E"]
    assert told(done, *OWN) == []


def test_the_smallest_limit_counts_and_that_they_differ_is_told_once_for_each_contract() -> None:
    loans = [
        part("A", 60, contract_limit_fen=200 * M),
        part("B", 60, 3, contract_limit_fen=100 * M),
        part("C", 40, 4, contract_limit_fen=150 * M),
    ]
    done = prepared(loans)
    assert set_aside(done) == ["B"]
    differs, over = told(done, "contract_limit_differs")[0], told(done, "contract_limit_exceeded")[0]
    assert differs[1:] == ("B", "book.csv:3", "contract_limit", "100,000,000.00", "200,000,000.00 (book.csv:2)")
    assert over[1:2] + over[-1:] == ("B", "<= 100,000,000.00")
    assert len(told(done, "contract_limit_differs")) == 1


def test_the_own_part_of_a_syndicate_is_a_second_limit() -> None:
    """40 % of 1,000 m, and a hundredth of a per cent for rounding: 400.1 m."""
    syndicate = {"syndicate_total_fen": 1000 * M, "syndicate_share_ppm": 400_000, "contract_limit_fen": 500 * M}
    loans = [part("A", 300, 2, **syndicate), part("B", 150, 3, **syndicate), part("C", 100, 4, **syndicate)]
    loans.append(part("D", 0, 5, principal_fen=M // 10, **syndicate))
    loans.append(part("E", 0, 6, principal_fen=1, **syndicate))
    loans.append(part("F", 300, 7, **syndicate))
    done = prepared(loans)
    assert set_aside(done) == ["B", "E", "F"]
    assert [t[:2] + t[-2:] for t in told(done, *OWN)] == [
        ("over_syndicate_share", "B", "300,000,000.00 + 150,000,000.00", "<= 400,100,000.00"),
        ("over_syndicate_share", "E", "400,100,000.00 + 0.01", "<= 400,100,000.00"),
        ("contract_limit_exceeded", "F", "400,100,000.00 + 300,000,000.00", "<= 500,000,000.00"),
        ("over_syndicate_share", "F", "400,100,000.00 + 300,000,000.00", "<= 400,100,000.00"),
    ]


def test_half_of_a_syndicate_is_told_and_not_tested() -> None:
    loans = [part("A", 500, syndicate_total_fen=100 * M), part("B", 500, contract_id="D", syndicate_share_ppm=1)]
    done = prepared(loans)
    assert set_aside(done) == []
    assert [t[:4] for t in told(done, *OWN)] == [
        ("syndicate_incomplete", "A", "book.csv:2", "syndicate_share"),
        ("syndicate_incomplete", "B", "book.csv:3", "syndicate_total"),
    ]


def test_two_totals_of_one_syndicate_are_told_and_the_smaller_part_counts() -> None:
    loans = [
        part("A", 39, syndicate_total_fen=100 * M, syndicate_share_ppm=400_000),
        part("B", 20, 3, syndicate_total_fen=100 * M, syndicate_share_ppm=500_000),
    ]
    done = prepared(loans)
    assert [t[:2] + t[3:] for t in told(done, *OWN)] == [
        ("over_syndicate_share", "B", "principal", "39,000,000.00 + 20,000,000.00", "<= 40,010,000.00"),
        (
            "contract_limit_differs",
            "B",
            "syndicate_total",
            "100,000,000.00 × 0.500000",
            "100,000,000.00 × 0.400000 (book.csv:2)",
        ),
    ]


def test_what_a_contract_sets_aside_leaves_its_room_in_the_project() -> None:
    """The contract test comes first: its loan takes nothing of the project."""
    loans = [
        loan("A", contract_id="C", contract_limit_fen=100 * M, principal_fen=600 * M),
        loan("B", principal_fen=900 * M, disbursed=D(2022, 3, 10)),
    ]
    done = prepared(loans)
    assert set_aside(done) == ["A"]
    assert told(done, "share_over_one") == []


def test_a_loan_set_aside_has_the_reason_of_every_data_error_and_is_not_supported() -> None:
    tables = run([part("A", 120, contract_limit_fen=100 * M), part("B", 80, 3)])
    assert tables.screening["reasons"].tolist() == ["data_error", ""]
    assert tables.attribution["state"].tolist() == ["set_aside", "repaid"]


@pytest.mark.parametrize("code", OWN)
def test_each_finding_speaks_both_languages(code: str) -> None:
    message = messages()[code]
    assert message.severity == ("error" if code in OWN[:2] else "warning")
    assert "合同" in message.message["zh"] or "银团" in message.message["zh"]
    assert all(message.message.values()) and all(message.fix.values())


# -- the rule in plain Python ------------------------------------------------------------------------------------------

AMOUNTS = st.integers(1, 12)
LOANS = st.lists(
    st.tuples(
        st.sampled_from(["alpha", "beta"]),
        st.sampled_from(["C", "D", None]),
        AMOUNTS,
        st.integers(1, 3),
        st.one_of(st.none(), st.integers(5, 25)),
        st.one_of(st.none(), st.integers(10, 40)),
        st.one_of(st.none(), st.sampled_from([250_000, 333_333, 1_000_000])),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


def by_hand(rows: list[tuple[Any, ...]]) -> list[str]:
    """The loans set aside, by the rule: one contract after the other, each loan in its turn."""
    contracts: dict[tuple[Any, ...], list[int]] = {}
    for i, (lender, contract, *_, wrong) in enumerate(rows):
        if not wrong:
            contracts.setdefault((lender, contract) if contract else (i,), []).append(i)
    out = []
    for mine in contracts.values():
        limits = [rows[i][4] * 100 for i in mine if rows[i][4] is not None]
        parts = [rows[i][5] * 100 * (rows[i][6] + 100) // 10**6 for i in mine if rows[i][5] and rows[i][6]]
        kept = 0
        for i in sorted(mine, key=lambda i: (rows[i][3], f"L{i:02d}")):
            own = rows[i][2] * 100
            if any(kept + own > most for most in [*limits, *parts]):
                out.append(i)
            else:
                kept += own
    return [f"L{i:02d}" for i in sorted(out)]


@settings(max_examples=150, deadline=None)
@given(LOANS, st.integers(0, 5))
def test_any_contracts_as_by_hand_however_the_blocks_are_cut(rows: list[tuple[Any, ...]], cut: int) -> None:
    loans = [
        loan(
            f"L{i:02d}",
            lender=lender,
            contract_id=contract,
            project_id=f"P{i}",
            principal_fen=amount * 100,
            disbursed=D(2023, month, 5),
            contract_limit_fen=None if limit is None else limit * 100,
            syndicate_total_fen=None if total is None else total * 100,
            syndicate_share_ppm=share,
            data_error=wrong,
        )
        for i, (lender, contract, amount, month, limit, total, share, wrong) in enumerate(rows)
    ]
    loans.append(loan("sound", contract_id="X", project_id="X"))
    done = prepared(loans, cut)
    wrong = [f"L{i:02d}" for i, row in enumerate(rows) if row[-1]]
    assert set_aside(done) == sorted(by_hand(rows) + wrong)
    assert told(done) == told(prepared(loans))
