"""``mul_div`` against Python's integers, up to and beyond the limits it states."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.units import INT64_MAX, LARGEST_DIVISOR, LimitError, Rounding, divide, mul_div

MODES: tuple[Rounding, ...] = ("floor", "half_even", "half_up")
Case = tuple[int, int, int]

modes = st.sampled_from(MODES)
signs = st.sampled_from([1, -1])


def spread(low: int, high: int) -> st.SearchStrategy[int]:
    """Whole numbers of every size between the ends, and close to powers of two."""
    by_size = st.integers(0, high.bit_length()).flatmap(lambda bits: st.integers(low, max(low, min(high, 2**bits))))
    edges = st.builds(lambda bits, d: min(max(2**bits + d, low), high), st.integers(0, 63), st.integers(-3, 3))
    return by_size | edges | st.integers(high - 3, high)


wide = st.builds(lambda s, v: s * v, signs, spread(0, INT64_MAX))
divisors = spread(1, LARGEST_DIVISOR)
anything = st.tuples(wide, wide, divisors)


@st.composite
def ties(draw: st.DrawFn) -> Case:
    """A product that lies exactly half-way between two multiples of the divisor, or one part beside it."""
    m, d = draw(spread(1, 2**30)), draw(spread(1, 2**30))
    odd = 2 * draw(st.integers(0, ((INT64_MAX - 1) // d - 1) // 2)) + 1  # d * odd + 1 still fits
    beside = draw(st.sampled_from([0, 0, 1, -1]))
    return draw(signs) * (d * odd + beside), draw(signs) * m, 2 * m * d


@st.composite
def near_the_end(draw: st.DrawFn) -> Case:
    """A quotient within a few of the end of int64, on either side of it."""
    c = draw(spread(1, LARGEST_DIVISOR))
    b = draw(spread(max(1, c), INT64_MAX))
    a = (INT64_MAX * c + draw(st.integers(-3, 3)) * b) // b + draw(st.integers(-2, 2))
    return draw(signs) * max(0, min(a, INT64_MAX)), draw(signs) * b, c


def rounded(a: int, b: int, c: int, rounding: Rounding) -> int:
    """The definition, with fractions."""
    exact = Fraction(a * b, c)
    if rounding == "half_even":
        return round(exact)
    return floor(exact) if rounding == "floor" else floor(exact + Fraction(1, 2))


def agree(cases: list[Case], rounding: Rounding) -> None:
    expected = [rounded(*case, rounding) for case in cases]
    a, b, c = (np.array(column, np.int64) for column in zip(*cases, strict=True))
    if max(abs(v) for v in expected) > INT64_MAX:
        with pytest.raises(LimitError):
            mul_div(a, b, c, rounding)
    else:
        out = mul_div(a, b, c, rounding)
        assert out.dtype == np.int64
        assert out.tolist() == expected


@settings(max_examples=200)
@given(st.lists(st.tuples(wide, wide), min_size=1, max_size=8), divisors, modes)
def test_one_divisor_for_all_is_as_exact(pairs: list[tuple[int, int]], c: int, mode: Rounding) -> None:
    agree([(a, b, c) for a, b in pairs], mode)
    expected = [rounded(a, b, c, mode) for a, b in pairs]
    a, b = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    if max(abs(v) for v in expected) > INT64_MAX:
        with pytest.raises(LimitError):
            mul_div(a, b, c, mode)
    else:
        assert mul_div(a, b, c, mode).tolist() == expected
        small = a % 2**31
        assert mul_div(small, b[:1] % 2**31, c, mode).tolist() == [
            rounded(x, int(b[0] % 2**31), c, mode) for x in small.tolist()
        ]


@settings(max_examples=400)
@given(st.lists(anything, min_size=1, max_size=8), modes)
def test_any_numbers_give_what_fractions_give(cases: list[Case], rounding: Rounding) -> None:
    agree(cases, rounding)


@settings(max_examples=400)
@given(st.lists(ties(), min_size=1, max_size=8), modes)
def test_a_half_is_rounded_as_the_mode_says(cases: list[Case], rounding: Rounding) -> None:
    agree(cases, rounding)


@settings(max_examples=400)
@given(st.lists(near_the_end(), min_size=1, max_size=3), modes)
def test_results_at_the_end_of_int64_are_exact_or_an_error(cases: list[Case], rounding: Rounding) -> None:
    agree(cases, rounding)


@settings(max_examples=300)
@given(st.lists(anything | ties() | near_the_end(), min_size=1, max_size=12), modes)
def test_one_element_does_not_change_another(cases: list[Case], rounding: Rounding) -> None:
    # the way taken depends on the largest element; each must come out as it does alone
    kept = [case for case in cases if abs(rounded(*case, rounding)) <= INT64_MAX]
    if kept:
        alone = [int(mul_div(*case, rounding)) for case in kept]
        a, b, c = (np.array(column, np.int64) for column in zip(*kept, strict=True))
        assert mul_div(a, b, c, rounding).tolist() == alone


@given(a=spread(1, 10**13), days=st.integers(0, 5000), rate=st.integers(1, 300_000), rounding=modes)
def test_interest_of_a_year_of_banks(a: int, days: int, rate: int, rounding: Rounding) -> None:
    # 100 bn yuan in fen x ppm x days leaves int64; the divisor is one of money times a year of 360 days
    agree([(a, rate * days, 360 * 10**6)], rounding)


@pytest.mark.parametrize(
    ("rounding", "plus", "minus"),
    [("floor", [0, 1, 2], [-1, -2, -3]), ("half_even", [0, 2, 2], [0, -2, -2]), ("half_up", [1, 2, 3], [0, -1, -2])],
)
def test_halves_of_one_three_and_five(rounding: Rounding, plus: list[int], minus: list[int]) -> None:
    big = 2**40
    for scale in (1, big):
        assert mul_div([1, 3, 5], scale, 2 * scale, rounding).tolist() == plus
        assert mul_div([-1, -3, -5], scale, 2 * scale, rounding).tolist() == minus
        assert mul_div([1, 3, 5], -scale, 2 * scale, rounding).tolist() == minus


def test_the_largest_of_everything() -> None:
    top = INT64_MAX
    assert int(mul_div(top, LARGEST_DIVISOR, LARGEST_DIVISOR, "half_even")) == top
    assert int(mul_div(-top, 1, 1, "floor")) == -top
    assert mul_div([top, -top], LARGEST_DIVISOR // 2, LARGEST_DIVISOR, "floor").tolist() == [2**62 - 1, -(2**62)]


@pytest.mark.parametrize(
    ("a", "b", "c"),
    [(2**62, 2, 1), (INT64_MAX, INT64_MAX, LARGEST_DIVISOR), (-(2**62), 3, 1), (INT64_MAX, 2**40, 2**40 - 1)],
)
@pytest.mark.parametrize("rounding", MODES)
def test_a_result_beyond_int64_is_an_error_not_a_wrap(a: int, b: int, c: int, rounding: Rounding) -> None:
    with pytest.raises(LimitError, match="result"):
        mul_div([1, a], [1, b], [1, c], rounding)


@pytest.mark.parametrize("c", [0, -1, LARGEST_DIVISOR + 1])
def test_a_divisor_outside_its_limits_is_an_error(c: int) -> None:
    with pytest.raises(LimitError, match="divisor"):
        mul_div([1, 2], 3, [1, c], "floor")


@pytest.mark.parametrize(("a", "b"), [(-(2**63), 1), (1, -(2**63)), (2**63, 1), (1, 2**64)])
def test_a_factor_beyond_its_limit_is_an_error(a: int, b: int) -> None:
    with pytest.raises(LimitError, match="limit"):
        mul_div(a, b, 1, "floor")


@pytest.mark.parametrize("wrong", [1.0, [1.5], "1", None, np.array([1.0]), [1, None]])
def test_only_whole_numbers_are_taken(wrong: object) -> None:
    for arguments in ((wrong, 1, 1), (1, wrong, 1), (1, 1, wrong)):
        with pytest.raises(TypeError, match="whole numbers"):
            mul_div(*arguments, "floor")  # type: ignore[arg-type]


def test_shapes_are_broadcast_and_nothing_gives_nothing() -> None:
    out = mul_div(np.arange(6).reshape(2, 3), [[10], [20]], 4, "half_even")
    assert out.tolist() == [[0, 2, 5], [15, 20, 25]]
    assert mul_div([], 1, 1, "floor").shape == (0,)
    assert mul_div(np.zeros((0, 3), np.int64), [1, 2, 3], 1, "floor").shape == (0, 3)


def test_arguments_are_not_changed() -> None:
    a, b, c = np.array([7, -(2**62)]), np.array([3, 2**61]), np.array([2, 2**62])
    before = [x.copy() for x in (a, b, c)]
    mul_div(a, b, c, "half_even")
    assert all((x == y).all() for x, y in zip((a, b, c), before, strict=True))


@pytest.mark.parametrize("c", [2, 2**62])
def test_an_unknown_rounding_is_an_error(c: int) -> None:
    with pytest.raises(ValueError, match="half_down"):
        mul_div(2**62, 3, c, "half_down")  # type: ignore[arg-type]


@given(st.integers(-(10**60), 10**60), st.integers(1, 10**40), modes)
def test_one_quotient_of_any_size(top: int, bottom: int, rounding: Rounding) -> None:
    assert divide(top, bottom, rounding) == rounded(top, 1, bottom, rounding)


@pytest.mark.parametrize("bottom", [0, -1])
def test_one_quotient_needs_a_positive_divisor(bottom: int) -> None:
    with pytest.raises(LimitError, match="not positive"):
        divide(1, bottom, "floor")
