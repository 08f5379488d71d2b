"""Calendar arithmetic on whole days: int64 days since 1970-01-01, one number or arrays of them.

A month is counted from the day it starts on and cut to the last day of the month it reaches
(2024-02-29 plus 12 months is 2025-02-28). A quarter is an integer, ``year * 4 + (0..3)``; a month is
``year * 12 + (0..11)``.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]

EPOCH = dt.date(1970, 1, 1)

# months and their first days by table: several times faster than datetime64, for the years a loan can touch
_FIRST_MONTH, _LAST_MONTH = 1800 * 12, 2400 * 12
_STARTS: Days = (
    (np.arange(_FIRST_MONTH, _LAST_MONTH + 1) - 1970 * 12)
    .astype("datetime64[M]")
    .astype("datetime64[D]")
    .astype(np.int64)
)
_MONTHS: NDArray[np.int32] = np.repeat(np.arange(_FIRST_MONTH, _LAST_MONTH, dtype=np.int32), np.diff(_STARTS))

_FIRST_DAY = int(_STARTS[0])


def _one(table: NDArray[Any], at: int, before: str) -> Days:
    if at < 0:
        raise IndexError(before)
    return np.int64(table[at])  # type: ignore[return-value]


def to_day(date: dt.date) -> int:
    """Days since 1970-01-01.

    >>> to_day(dt.date(1970, 1, 2))
    1
    """
    return (date - EPOCH).days


def to_date(day: int) -> dt.date:
    """The date of a day number.

    >>> to_date(18992)
    datetime.date(2021, 12, 31)
    """
    return EPOCH + dt.timedelta(days=int(day))


def iso(day: int) -> str:
    """ISO text of a day number."""
    return to_date(day).isoformat()


def month_of(days: Days | int) -> Days:
    """Month number ``year * 12 + month - 1`` of each day; IndexError beyond the years 1800 to 2399."""
    if type(days) is int:  # one day, as the series of a run ask for thousands of times
        return _one(_MONTHS, days - _FIRST_DAY, "a day before the year 1800")
    at = np.asarray(days, np.int64) - _STARTS[0]
    if at.size and int(at.min()) < 0:
        raise IndexError("a day before the year 1800")
    return _MONTHS[at].astype(np.int64)


def month_start(months: Days | int) -> Days:
    """First day of each month; IndexError beyond the years 1800 to 2399."""
    if type(months) is int:
        return _one(_STARTS, months - _FIRST_MONTH, "a month before the year 1800")
    at = np.asarray(months, np.int64) - _FIRST_MONTH
    if at.size and int(at.min()) < 0:
        raise IndexError("a month before the year 1800")
    return _STARTS[at]


def split(days: Days | int) -> tuple[Days, Days]:
    """Month number and day of the month (1..31) of each day."""
    months = month_of(days)
    return months, np.asarray(days, np.int64) - month_start(months) + 1


def add_months(days: Days | int, months: Days | int) -> Days:
    """Each day plus a number of months, cut to the end of the month reached.

    >>> iso(int(add_months(to_day(dt.date(2024, 2, 29)), 12)))
    '2025-02-28'
    """
    month, day = split(days)
    target = month + np.asarray(months, np.int64)
    first = month_start(target)
    return first + np.minimum(day, month_start(target + 1) - first) - 1


def quarter_of(days: Days | int) -> Days:
    """Quarter number ``year * 4 + (0..3)`` of each day."""
    return month_of(days) // 3


def quarter_start(quarters: Days | int) -> Days:
    """First day of each quarter."""
    return month_start(quarters * 3 if type(quarters) is int else np.asarray(quarters, np.int64) * 3)


def quarter_end(quarters: Days | int) -> Days:
    """Last day of each quarter."""
    return quarter_start(quarters + 1 if type(quarters) is int else np.asarray(quarters, np.int64) + 1) - 1


def month_end(months: Days | int) -> Days:
    """Last day of each month."""
    return month_start(np.asarray(months, np.int64) + 1) - 1


def quarter_text(quarter: int) -> str:
    """A quarter as it is written everywhere.

    >>> quarter_text(2024 * 4 + 1)
    '2024Q2'
    """
    return f"{int(quarter) // 4}Q{int(quarter) % 4 + 1}"


def month_text(month: int) -> str:
    """A month as a period of application is written: ``2024-03``."""
    return f"{int(month) // 12}-{int(month) % 12 + 1:02d}"


def parse_quarter(text: str) -> int:
    """The quarter number of ``2024Q2``; ValueError otherwise.

    >>> quarter_text(parse_quarter("2021Q4"))
    '2021Q4'
    """
    found = re.fullmatch(r"(\d{4})Q([1-4])", text)
    if not found:
        raise ValueError(f"{text!r} is not a quarter like 2024Q2")
    return int(found[1]) * 4 + int(found[2]) - 1


def whole_quarters(start: dt.date, end: dt.date) -> tuple[int, int]:
    """First and last quarter number touched by the days from start to end."""
    return int(quarter_of(to_day(start))), int(quarter_of(to_day(end)))
