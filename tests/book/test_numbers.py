"""Numbers are read exactly or not at all."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending.book.cells import Cells
from relending.book.columns import columns
from relending.book.numbers import Reading, read_numbers
from relending.book.rows import reading

LIMIT = 10**16
SCALES = st.sampled_from([1, 100, 10**4, 10**6, 10**10])
DECIMALS = st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, allow_infinity=False, places=8).map(
    lambda d: Decimal(format(d, ".15g"))
)


def expected(values: list[Decimal], scale: int) -> list[int]:
    out = []
    for v in values:
        q = int((v * scale).to_integral_value(ROUND_HALF_EVEN))
        out.append(q if abs(v * scale) <= LIMIT else 0)
    return out


def got(array: pa.Array, scale: int) -> list[int]:
    return read_numbers(Cells(array), Reading(scale, LIMIT)).values.tolist()


@given(st.lists(DECIMALS, max_size=20), SCALES)
def test_text_floats_and_decimals_of_the_same_figure_give_the_same_integer(values, scale):
    want = expected(values, scale)
    plain = [format(v, "f") for v in values]
    assert got(pa.array(plain, pa.string()), scale) == want
    assert got(pa.array([format(v, ",f") for v in values], pa.string()), scale) == want
    assert got(pa.array([f" {p} " for p in plain], pa.string()), scale) == want
    assert (
        got(
            pa.array([p.translate(str.maketrans("0123456789", "０１２３４５６７８９")) for p in plain], pa.string()),
            scale,
        )
        == want
    )
    assert got(pa.array([float(v) for v in values], pa.float64()), scale) == want
    assert got(pa.array([repr(float(v)) for v in values], pa.string()), scale) == want
    assert got(pa.array(values, pa.decimal128(38, 16)), scale) == want
    assert got(pa.array(values, pa.decimal256(60, 16)), scale) == want


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20), SCALES)
def test_whole_numbers_never_wrap(values, scale):
    out = read_numbers(Cells(pa.array(values, pa.int64())), Reading(scale, LIMIT))
    fits = [abs(v * scale) <= LIMIT for v in values]
    assert out.values.tolist() == [v * scale if f else 0 for v, f in zip(values, fits, strict=True)]
    assert out.valid.tolist() == fits
    assert out.problems.get("amount_absurd", np.array([])).tolist() == [i for i, f in enumerate(fits) if not f]


@given(st.floats(allow_nan=True, allow_infinity=True), SCALES)
def test_any_float_is_its_fifteen_digit_decimal_or_a_problem(x, scale):
    out = read_numbers(Cells(pa.array([x], pa.float64())), Reading(scale, LIMIT, finer="finer_than_fen"))
    if x != x or abs(x) == float("inf"):
        assert list(out.problems) == ["unreadable_number"]
        return
    exact = Decimal(format(x, ".15g")) * scale
    if abs(exact) > LIMIT:
        assert list(out.problems) == ["amount_absurd"]
    elif exact != exact.to_integral_value():
        assert list(out.problems) == ["finer_than_fen"] and not out.valid[0]
    else:
        assert (out.values[0], out.problems) == (int(exact), {})


def test_the_noise_of_a_computed_cell_is_not_a_figure():
    x = [0.1 + 0.2, 1.1 * 3, 4.35 * 100, 100.005]
    out = read_numbers(Cells(pa.array(x)), Reading(100, LIMIT, finer="finer_than_fen"))
    assert out.values.tolist() == [30, 330, 43500, 0]
    assert out.problems["finer_than_fen"].tolist() == [3]


def test_a_narrow_float_stands_for_its_own_shortest_decimal():
    out = read_numbers(Cells(pa.array([0.1, 4.35], pa.float32())), Reading(10**6, LIMIT))
    assert out.values.tolist() == [100_000, 4_350_000] and out.problems == {}


@pytest.mark.parametrize(
    "text",
    [
        "1,2345",
        "12,34",
        "1.234,56",
        "1 000",
        "--1",
        "1.2.3",
        "+",
        ".",
        "abc",
        "1万",
        "￥1",
        "(1)",
        "0x10",
        "nan",
        "inf",
        "1e",
        "١",
        "1/2",
        "9" * 100,
        "5%",
    ],
)
def test_what_is_no_number_is_never_one(text):
    out = read_numbers(Cells(pa.array([text, "7"])), Reading(100, LIMIT))
    assert out.problems["unreadable_number"].tolist() == [0]
    assert out.valid.tolist() == [False, True] and out.values.tolist() == [0, 700]


@pytest.mark.parametrize(
    "text, value",
    [
        ("  5 ", 500),
        ("+5", 500),
        ("-0", 0),
        ("007", 700),
        ("5.", 500),
        (".5", 50),
        ("123456789012.340000", 12_345_678_901_234),
    ],
)
def test_plain_numbers_are_read_without_a_word(text, value):
    out = read_numbers(Cells(pa.array([text])), Reading(100, LIMIT))
    assert (out.values.tolist(), out.valid.tolist(), out.problems) == ([value], [True], {})


@pytest.mark.parametrize(
    "text, value",
    [
        ("1,234,567.80", 123456780),
        ("１２３４", 123400),
        ("－5", -500),
        ("\u22125", -500),
        ("1e3", 100_000),
        ("1.5E+02", 15_000),
        ("1，234", 123_400),
        ("'12.5", 1250),
    ],
)
def test_other_ways_of_writing_a_number_are_read_and_said(text, value):
    out = read_numbers(Cells(pa.array(["7", text])), Reading(100, LIMIT))
    assert (out.values.tolist(), out.valid.all()) == ([700, value], True)
    assert {code: rows.tolist() for code, rows in out.problems.items()} == {"cells_converted": [1]}


def test_a_number_a_spreadsheet_shortened_is_not_taken():
    out = read_numbers(Cells(pa.array(["1.23457E+11", "1.234567890123e+11"])), Reading(100, LIMIT))
    assert out.problems["number_in_scientific"].tolist() == [0]
    assert out.values.tolist() == [0, 12_345_678_901_230]


def test_half_a_unit_goes_to_the_even_one_with_a_warning():
    out = read_numbers(Cells(pa.array(["0.005", "0.015", "0.025", "-0.005"])), Reading(100, LIMIT))
    assert out.values.tolist() == [0, 2, 2, 0]
    assert out.problems["amount_rounded"].tolist() == [0, 1, 2, 3]


def test_empty_cells_are_neither_values_nor_problems():
    for array in (pa.array(["", "  ", None]), pa.array([None, None], pa.float64()), pa.nulls(2)):
        out = read_numbers(Cells(array), Reading(100, LIMIT))
        assert not out.valid.any() and out.problems == {}


RATE = columns()["rate"]
FRACTION, PER_CENT = reading(RATE, 1_000_000), reading(RATE, 10_000)


@pytest.mark.parametrize(
    "cell, how, ppm",
    [
        ("0.0435", FRACTION, 43_500),
        ("4.35%", FRACTION, 43_500),
        ("4.35 ％", FRACTION, 43_500),
        ("0.3", FRACTION, 300_000),
        ("0", FRACTION, 0),
        ("4.35", PER_CENT, 43_500),
        ("4.35%", PER_CENT, 43_500),
        ("0.3", PER_CENT, 3_000),
        ("0.2%", PER_CENT, 2_000),
        ("0", PER_CENT, 0),
        ("-1", PER_CENT, -10_000),
    ],
)
def test_a_rate_that_can_mean_one_thing_is_read(cell, how, ppm):
    assert read_numbers(Cells(pa.array([cell])), how).values.tolist() == [ppm]
    if "%" not in cell and "％" not in cell:
        assert read_numbers(Cells(pa.array([float(cell)])), how).values.tolist() == [ppm]
        assert read_numbers(Cells(pa.array([Decimal(cell)], pa.decimal128(20, 6))), how).values.tolist() == [ppm]


@pytest.mark.parametrize(
    "cell, how",
    [
        ("4.35", FRACTION),
        ("0.300001", FRACTION),
        ("0.3000001", FRACTION),
        ("435", FRACTION),
        ("0.0435", PER_CENT),
        ("0.2999999", PER_CENT),
        ("0.00001", PER_CENT),
    ],
)
def test_a_rate_that_can_mean_two_things_is_refused(cell, how):
    for array in (pa.array([cell]), pa.array([float(cell)]), pa.array([Decimal(cell)], pa.decimal128(20, 8))):
        out = read_numbers(Cells(array), how)
        assert list(out.problems) == ["rate_ambiguous"] and not out.valid[0]
