"""The engine against the slow one where a run follows the bank's own record: every table, to the fen and gram."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.engine.pipeline import run_blocks
from tests.engine.bridge import context, differences, loan_frame, side_frames
from tests.oracle import engine as slow
from tests.oracle.invariants import check_invariants
from tests.oracle.ledger_cases import Case, random_case
from tests.oracle.model import Result

KNOWN_TO_THE_BOOK = ("row", "grace_after_maturity", "extension_not_later", "reduction_reported_differs")
"""Errors of a row that its reader finds; every other one the engine finds itself."""


def compare(case: Case, cuts: tuple[int, ...] = ()) -> Result:
    loans, prepayments, scenario, side = case
    expected = slow.run(loans, prepayments, scenario, side)
    frame = loan_frame(loans, [i for i, why in expected.errors.items() if why in KNOWN_TO_THE_BOOK])
    ends = [0, *cuts, len(loans)]
    frames = [frame.iloc[a:b].reset_index(drop=True) for a, b in itertools.pairwise(ends)]
    tables = run_blocks(frames, side_frames(prepayments, side), context(scenario))
    assert differences(tables, expected) == []
    return expected


@pytest.mark.parametrize("seed", range(30))
def test_every_table_equals_the_slow_engines(seed: int) -> None:
    case = random_case(seed, 40)
    loans, _, scenario, _ = case
    check_invariants(compare(case), loans, scenario)


@settings(max_examples=60, deadline=None)
@given(st.integers(1_000, 10**9), st.sampled_from([3, 12, 30]))
def test_any_record_any_options(seed: int, size: int) -> None:
    compare(random_case(seed, size))


@settings(max_examples=20, deadline=None)
@given(st.integers(1_000, 10**9), st.lists(st.integers(0, 30), max_size=4))
def test_blocks_cut_anywhere_give_the_same(seed: int, cuts: list[int]) -> None:
    compare(random_case(seed, 30), cuts=tuple(sorted(cuts)))
