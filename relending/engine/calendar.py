"""Working days, for the option ``business_day = "following"``."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import chinese_calendar

from relending.dates import to_date
from relending.findings import Findings


@cache
def _works(day: int) -> tuple[bool, bool]:
    """Whether a day is a working day, and whether an official notice says so (else weekdays work)."""
    date = to_date(day)
    try:
        return bool(chinese_calendar.is_workday(date)), True
    except NotImplementedError:
        return date.weekday() < 5, False


def adjust(day: int, convention: str) -> int:
    """The day itself (``none``) or the first working day on or after it (``following``).

    >>> from relending.dates import iso, to_day; import datetime as dt
    >>> iso(adjust(to_day(dt.date(2023, 12, 31)), "following"))
    '2024-01-02'
    """
    if convention == "following":
        while not _works(day)[0]:
            day += 1
    return day


def calendar_findings(days: Iterable[int]) -> Findings:
    """A warning for each year whose holidays no notice names yet, where weekends alone were left out."""
    years = sorted({to_date(d).year for d in days if not _works(d)[1]})
    return Findings.concat(Findings.one("calendar_not_announced", column="business_day", found=year) for year in years)
