"""Sums are exact, and neither order nor blocks can change them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending.units import (
    INT64_MAX,
    MOST_TERMS,
    LimitError,
    as_ints,
    exact_sums,
    from_limbs,
    group_sum,
    largest,
    total,
    weighted_limbs,
    weighted_sum,
)

edges = st.sampled_from([INT64_MAX, -INT64_MAX, 2**32, -(2**32)])
whole = st.integers(-INT64_MAX, INT64_MAX) | st.integers(-1000, 1000) | edges
rows = st.lists(st.tuples(whole, whole, st.integers(0, 3)), max_size=30)
Row = tuple[int, int, int]


def columns(some: list[Row]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = np.array(some, np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def sums_of(some: list[Row]) -> list[int]:
    return [sum(a * b for a, b, g in some if g == k) for k in range(4)]


@given(rows)
def test_a_weighted_sum_is_that_of_python_integers(some: list[Row]) -> None:
    a, b, _ = columns(some)
    assert weighted_sum(a, b) == sum(x * y for x, y, _ in some)


@given(rows, st.randoms())
def test_order_does_not_change_a_weighted_sum(some: list[Row], random: object) -> None:
    mixed = list(some)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert weighted_sum(*columns(mixed)[:2]) == weighted_sum(*columns(some)[:2])


@given(rows, st.lists(st.integers(0, 30), max_size=4))
def test_limbs_of_blocks_add_up_to_the_limbs_of_all(some: list[Row], cuts: list[int]) -> None:
    ends = [0, *sorted(min(c, len(some)) for c in cuts), len(some)]
    blocks = [some[i:j] for i, j in pairwise(ends)]
    merged = sum((weighted_limbs(*columns(block), 4) for block in blocks), np.zeros((4, 4), np.int64))
    assert from_limbs(merged) == from_limbs(weighted_limbs(*columns(some), 4)) == sums_of(some)


@given(st.lists(whole, max_size=30))
def test_total_and_exact_sums_are_those_of_python_integers(values: list[int]) -> None:
    array = np.array(values, np.int64)
    assert total(array) == sum(values)
    assert exact_sums(array, np.zeros(len(values), np.int64), 1) == [sum(values)]


@given(st.lists(st.tuples(whole, st.integers(0, 3)), max_size=30))
def test_group_sum_is_exact_or_an_error(some: list[tuple[int, int]]) -> None:
    table = np.array(some, np.int64).reshape(-1, 2)
    expected = [sum(v for v, g in some if g == k) for k in range(4)]
    if max(abs(s) for s in expected) > INT64_MAX:
        with pytest.raises(LimitError, match="sum"):
            group_sum(table[:, 0], table[:, 1], 4)
    else:
        assert group_sum(table[:, 0], table[:, 1], 4).tolist() == expected


def test_a_sum_may_leave_int64_on_its_way_and_come_back() -> None:
    values, group = np.array([INT64_MAX, INT64_MAX, -INT64_MAX, -5]), np.zeros(4, np.int64)
    assert group_sum(values, group, 1).tolist() == [INT64_MAX - 5]
    with pytest.raises(LimitError):
        group_sum(values[:2], group[:2], 1)


def test_two_trillion_yuan_by_ppm_is_beyond_int64_and_exact() -> None:
    # what a plain numpy sum of the same products gives is wrong, without a word
    loans = np.full(20_000, 10**10, np.int64)
    assert weighted_sum(loans, 123_456) == 20_000 * 10**10 * 123_456
    assert int((loans * 123_456).sum()) != 20_000 * 10**10 * 123_456


@pytest.mark.parametrize("limbs", [[5, 0, 0, 0], [-1, 0, 0, 0], [0, -1, 3, 0], [2**40, 2**40, -(2**40), -7]])
def test_limbs_count_powers_of_two_to_the_32(limbs: list[int]) -> None:
    assert from_limbs(np.array(limbs, np.int64).reshape(4, 1)) == [sum(v * 2 ** (32 * k) for k, v in enumerate(limbs))]


def test_nothing_sums_to_nothing() -> None:
    none = np.zeros(0, np.int64)
    assert weighted_sum([], []) == 0 and total(none) == 0 and largest(none) == 0
    assert group_sum(none, none, 2).tolist() == [0, 0]
    assert from_limbs(weighted_limbs(none, none, none, 0)) == []


def test_too_many_terms_are_an_error() -> None:
    # one number, seen 2**31 times: nothing is allocated
    many = np.broadcast_to(np.int64(1), (MOST_TERMS,))
    with pytest.raises(LimitError, match="terms"):
        weighted_limbs(many, many, many, 1)


def test_the_one_number_without_a_negative_is_an_error() -> None:
    for call in (
        lambda v: weighted_sum(v, 1),
        lambda v: weighted_sum(1, v),
        total,
        largest,
        lambda v: group_sum(v, np.zeros(1, np.int64), 1),
    ):
        with pytest.raises(LimitError):
            call(np.array([-(2**63)]))


@pytest.mark.parametrize(
    "good",
    [
        [1, 2],
        [True, False],
        np.array([1, 2], np.uint8),
        np.array([1, 2], object),
        [],
        7,
        np.array([2**63 - 1], np.uint64),
        [np.int32(4)],
    ],
)
def test_whole_numbers_of_any_kind_become_int64(good: object) -> None:
    out = as_ints(good)  # type: ignore[arg-type]
    assert out.dtype == np.int64
    assert out.ravel().tolist() == [int(v) for v in np.asarray(good).ravel()]


@pytest.mark.parametrize(
    "bad",
    [
        1.0,
        [0.5],
        ["1"],
        [None],
        [1, 2.0],
        np.array([1, "x"], object),
        np.array([1.0], object),
        np.array([np.nan]),
        np.array(["2024"], "datetime64[Y]"),
    ],
)
def test_anything_else_is_a_type_error(bad: object) -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        as_ints(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [2**63, -(2**63) - 1, [2**64], np.array([2**63], np.uint64), [0, 10**30]])
def test_whole_numbers_beyond_int64_are_a_limit_error(bad: object) -> None:
    with pytest.raises(LimitError):
        as_ints(bad)  # type: ignore[arg-type]
