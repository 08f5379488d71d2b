"""Calendar arithmetic against Python's own calendar, for every day a loan can touch."""

from __future__ import annotations

import calendar
import datetime as dt

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relending.dates import (
    add_months,
    iso,
    month_end,
    month_of,
    month_start,
    month_text,
    parse_quarter,
    quarter_end,
    quarter_of,
    quarter_start,
    quarter_text,
    split,
    to_date,
    to_day,
    whole_quarters,
)

D = dt.date
FIRST, LAST = D(1800, 1, 1), D(2399, 12, 31)
days = st.dates(FIRST, LAST)


def plus_months(date: D, months: int) -> D:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    return D(year, month + 1, min(date.day, calendar.monthrange(year, month + 1)[1]))


@given(days)
def test_a_day_number_is_its_date(date: D) -> None:
    day = to_day(date)
    assert to_date(day) == date and iso(day) == date.isoformat()
    assert day == int(np.datetime64(date, "D").astype(np.int64))


@given(st.lists(days, min_size=1, max_size=20))
def test_month_quarter_and_day_of_the_month(dates: list[D]) -> None:
    numbers = np.array([to_day(d) for d in dates])
    assert month_of(numbers).tolist() == [d.year * 12 + d.month - 1 for d in dates]
    assert quarter_of(numbers).tolist() == [d.year * 4 + (d.month - 1) // 3 for d in dates]
    assert [int(month_of(to_day(d))) for d in dates] == month_of(numbers).tolist()  # one day, asked for by itself
    assert [int(quarter_of(to_day(d))) for d in dates] == quarter_of(numbers).tolist()
    quarters = quarter_of(numbers)
    assert [int(quarter_end(int(q))) for q in quarters] == quarter_end(quarters).tolist()
    assert [int(quarter_start(int(q))) for q in quarters] == quarter_start(quarters).tolist()
    months, day = split(numbers)
    assert months.tolist() == month_of(numbers).tolist()
    assert day.tolist() == [d.day for d in dates]


@given(st.lists(st.tuples(st.dates(D(1900, 1, 1), D(2300, 1, 1)), st.integers(-1200, 1100)), min_size=1, max_size=20))
@example([(D(2024, 1, 31), 1), (D(2023, 1, 31), 1), (D(2024, 2, 29), 12), (D(2023, 11, 30), 3)])
@example([(D(2021, 12, 31), 0), (D(2021, 12, 31), 2), (D(2000, 2, 29), -1200), (D(2096, 2, 29), 48)])
def test_months_added_as_a_calendar_adds_them(cases: list[tuple[D, int]]) -> None:
    numbers, months = np.array([to_day(d) for d, _ in cases]), np.array([m for _, m in cases])
    expected = [plus_months(d, m) for d, m in cases]
    assert [to_date(v) for v in add_months(numbers, months).tolist()] == expected
    assert [to_date(int(add_months(to_day(d), m))) for d, m in cases] == expected


@given(st.dates(D(1900, 1, 1), D(2300, 1, 1)), st.integers(0, 600))
def test_later_starts_and_more_months_never_come_earlier(date: D, months: int) -> None:
    day = to_day(date)
    assert int(add_months(day + 1, months)) >= int(add_months(day, months))
    assert int(add_months(day, months + 1)) > int(add_months(day, months))


@given(days)
def test_a_day_lies_in_its_month_and_its_quarter(date: D) -> None:
    day = to_day(date)
    month, quarter = int(month_of(day)), int(quarter_of(day))
    assert int(month_start(month)) <= day <= int(month_end(month))
    assert int(quarter_start(quarter)) <= int(month_start(month))
    assert int(month_end(month)) <= int(quarter_end(quarter))
    assert to_date(int(month_end(month))).day == calendar.monthrange(date.year, date.month)[1]
    assert int(quarter_end(quarter)) + 1 == int(month_start(quarter * 3 + 3))


@pytest.mark.parametrize("year", [1900, 2000, 2021, 2023, 2024, 2100, 2400 - 4])
def test_quarters_have_their_lengths_leap_years_too(year: int) -> None:
    lengths = [int(quarter_end(year * 4 + q) - quarter_start(year * 4 + q)) + 1 for q in range(4)]
    assert lengths == [91 if calendar.isleap(year) else 90, 91, 92, 92]


def test_the_ends_of_the_calendar_are_inside_and_what_lies_beyond_is_an_error() -> None:
    assert month_of(np.array([to_day(FIRST), to_day(LAST)])).tolist() == [1800 * 12, 2399 * 12 + 11]
    for beyond in (to_day(FIRST) - 1, to_day(LAST) + 1):
        for call in (month_of, quarter_of, split, lambda day: add_months(day, 1)):
            with pytest.raises(IndexError):
                call(np.array([beyond]))
    with pytest.raises(IndexError):
        add_months(to_day(FIRST), -1)
    with pytest.raises(IndexError):
        add_months(to_day(LAST), 12)


@given(st.integers(2000 * 4, 2200 * 4))
def test_a_quarter_is_read_back_as_it_is_written(quarter: int) -> None:
    text = quarter_text(quarter)
    assert len(text) == 6 and parse_quarter(text) == quarter
    assert quarter_text(int(quarter_of(quarter_end(quarter)))) == text


@pytest.mark.parametrize("text", ["2024Q0", "2024Q5", "2024q1", "24Q1", "2024-Q1", " 2024Q1", "2024Q1\n", "2024Q11"])
def test_anything_else_is_no_quarter(text: str) -> None:
    with pytest.raises(ValueError, match="not a quarter"):
        parse_quarter(text)


def test_a_month_is_written_with_two_digits() -> None:
    assert [month_text(2024 * 12 + m) for m in (0, 8, 11)] == ["2024-01", "2024-09", "2024-12"]


@given(st.dates(D(2000, 1, 1), D(2100, 1, 1)), st.integers(0, 4000))
def test_a_run_touches_every_quarter_between_its_ends(start: D, length: int) -> None:
    end = start + dt.timedelta(days=length)
    first, last = whole_quarters(start, end)
    touched = {(d.year, (d.month - 1) // 3) for d in (start + dt.timedelta(days=i) for i in range(length + 1))}
    assert last - first + 1 == len(touched)
