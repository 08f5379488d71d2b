"""The engine against the slow one where a run follows the bank's own record: every table, to the fen and gram."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from relending.engine.pipeline import Tables, run_blocks
from tests.engine.bridge import context, differences, loan_frame, side_frames
from tests.oracle import engine as slow
from tests.oracle.invariants import check_invariants
from tests.oracle.ledger_cases import Case, random_case
from tests.oracle.model import Result

KNOWN_TO_THE_BOOK = ("row", "grace_after_maturity", "extension_not_later", "reduction_reported_differs")
"""Errors of a row that its reader finds; every other one the engine finds itself."""


SAID_OF_LOANS = (
    "receipt_rate_differs",
    "funded_not_eligible",
    "applied_not_eligible",
    "application_pending",
    "application_refused",
    "application_withdrawn",
    "application_followed",
    "not_applied",
    "became_ineligible",
    "ineligible_before_draw",
    "balance_overdue",
    "schedule_maturity",
    "refinanced",
    "refinanced_in_part",
    "refinances_later_loan",
    "refinances_itself",
    "refinances_unknown",
    "revision_differs",
)
"""Warnings and notes that must be the same of every loan that is in the run and not set aside."""


def compare(case: Case, cuts: tuple[int, ...] = ()) -> Result:
    return compared(case, cuts)[0]


def compared(case: Case, cuts: tuple[int, ...] = ()) -> tuple[Result, Tables]:
    loans, prepayments, scenario, side = case
    expected = slow.run(loans, prepayments, scenario, side)
    frame = loan_frame(loans, [i for i, why in expected.errors.items() if why in KNOWN_TO_THE_BOOK])
    ends = [0, *cuts, len(loans)]
    frames = [frame.iloc[a:b].reset_index(drop=True) for a, b in itertools.pairwise(ends)]
    tables = run_blocks(frames, side_frames(prepayments, side), context(scenario))
    assert differences(tables, expected) == []
    return expected, tables


@pytest.mark.parametrize("seed", range(20))
def test_every_table_equals_the_slow_engines(seed: int) -> None:
    case = random_case(seed, 40)
    loans, _, scenario, _ = case
    check_invariants(compare(case), loans, scenario)


@pytest.mark.parametrize("seed", range(100, 110))
def test_the_same_is_said_of_every_loan(seed: int) -> None:
    case = random_case(seed, 30)
    expected, tables = compared(case)
    usable = {row["loan_id"] for row in expected.attribution if row["state"] not in ("", "set_aside")}
    old = {one.loan_id: one.refinances for one in case[0]}

    def of_loans(said: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        found = {(code, loan) for code, loan in said if code in SAID_OF_LOANS and loan in usable}
        # whether a loan that is set aside was paid off matters to nobody
        return {(code, loan) for code, loan in found if not code.startswith("refinanced") or old[loan] in usable}

    found = tables.findings.frame()
    assert of_loans(zip(found["code"], found["loan"], strict=True)) == of_loans(expected.findings)


@pytest.mark.parametrize("seed", [2036, 2098])
def test_rollovers_of_an_opening_are_cut_by_a_flow_quota(seed: int) -> None:
    """Found by the slow engine: where rollovers use a yearly flow, those of an opening balance do too."""
    compare(random_case(seed, 12))


def usable(case: Case) -> Case:
    """A book in which some loan can be used: without any the run stops."""
    assume(len(slow.run(*case).errors) < len(case[0]))
    return case


@settings(max_examples=25, deadline=None)
@given(st.integers(1_000, 10**9), st.sampled_from([3, 12, 30]))
def test_any_record_any_options(seed: int, size: int) -> None:
    compare(usable(random_case(seed, size)))


@settings(max_examples=10, deadline=None)
@given(st.integers(1_000, 10**9), st.lists(st.integers(0, 30), max_size=4))
def test_blocks_cut_anywhere_give_the_same(seed: int, cuts: list[int]) -> None:
    compare(usable(random_case(seed, 30)), cuts=tuple(sorted(cuts)))
