"""Months, quarters, application periods and working days."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """The same day `months` later, cut to the month's last day.

    >>> add_months(date(2024, 2, 29), 12), add_months(date(2024, 1, 31), 1)
    (datetime.date(2025, 2, 28), datetime.date(2024, 2, 29))
    """
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


@dataclass(frozen=True, order=True)
class Period:
    """A calendar quarter or month: first and last day, and its written name (2024Q2, 2024-05)."""

    first: date
    last: date
    name: str

    def next(self, frequency: str) -> Period:
        """The period of the same kind that follows."""
        return period_of(self.last + ONE_DAY, frequency)


def period_of(day: date, frequency: str) -> Period:
    """The quarter or month that holds a day.

    >>> period_of(date(2024, 5, 3), "quarter").name, period_of(date(2024, 5, 3), "month").name
    ('2024Q2', '2024-05')
    """
    if frequency == "quarter":
        number = (day.month - 1) // 3
        first = date(day.year, 3 * number + 1, 1)
        return Period(first, add_months(first, 3) - ONE_DAY, f"{day.year}Q{number + 1}")
    if frequency == "month":
        first = day.replace(day=1)
        return Period(first, add_months(first, 1) - ONE_DAY, f"{day.year}-{day.month:02d}")
    raise ValueError(f"unknown frequency {frequency!r}")


def quarter_of(day: date) -> Period:
    """The calendar quarter that holds a day."""
    return period_of(day, "quarter")


def quarters(first: date, last: date) -> list[Period]:
    """Every calendar quarter from the one that holds `first` to the one that holds `last`."""
    found = []
    quarter = quarter_of(first)
    while quarter.first <= last:
        found.append(quarter)
        quarter = quarter.next("quarter")
    return found


def each_day(first: date, last: date) -> Iterator[date]:
    """Every day from first to last, both included."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


def is_working_day(day: date) -> bool:
    """A working day of the mainland calendar, make-up weekends included; Monday to Friday where no notice is known.

    INTERPRETED: the contract does not say what a working day is after the calendar's last official year.
    """
    import chinese_calendar  # optional: only `business_day = "following"` needs it

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def move(day: date, business_day: str) -> date:
    """A date moved by the `business_day` option: not at all, or on to the next working day."""
    if business_day == "none":
        return day
    if business_day == "following":
        while not is_working_day(day):
            day += ONE_DAY
        return day
    raise ValueError(f"unknown business_day {business_day!r}")
