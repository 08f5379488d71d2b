"""What a facility's dated rules say of one draw: its due dates, its rate, whether it may be rolled over."""

from __future__ import annotations

from typing import Any

from relending.dates import add_months, to_date, to_day
from relending.engine.calendar import adjust
from relending.policy import DatedValue, Facility, rate_of
from relending.units import BP


def option(rules: Facility, name: str, day: int) -> Any:
    """The value of a parameter in force on a day."""
    return rules[name].on(to_date(day)).value


def due_days(rules: Facility, drawn_on: int) -> list[int]:
    """Due dates of a draw: term_months times 1, 2, … after it (one more than there are rollovers), as working days.

    >>> from relending.dates import iso, to_day
    >>> import datetime as dt
    >>> from relending.policy import facility
    >>> [iso(d) for d in due_days(facility("cerf"), to_day(dt.date(2024, 2, 29)))]
    ['2025-02-28', '2026-02-28', '2027-02-28']
    """
    term, rollovers = int(option(rules, "term_months", drawn_on)), int(option(rules, "rollovers", drawn_on))
    convention = str(option(rules, "business_day", drawn_on))
    return [adjust(int(add_months(drawn_on, term * k)), convention) for k in range(1, rollovers + 2)]


def facility_rate(rules: Facility, day: int, drawn_on: int) -> tuple[int, DatedValue]:
    """The facility rate in ppm in force on a day, for the term of a draw, and the dated value it comes from."""
    found = rules["rate"].on(to_date(day))
    return rate_of(found.value, int(option(rules, "term_months", drawn_on))), found


def expired(rules: Facility, drawn_on: int, due: int) -> bool:
    """Whether a due date lies after the window and ``rollover_after_expiry`` is off, so that nothing is rolled over."""
    return due > to_day(rules["window"].latest().value.last) and not option(rules, "rollover_after_expiry", drawn_on)


def take_up(rules: Facility, due: int) -> int:
    """The part of what may be rolled over on a due date that the lenders roll over, in bp.

    All of it where the rules have no such parameter: the record of a run that is older than the parameter.

    >>> from relending.dates import to_day
    >>> import datetime as dt
    >>> from relending.policy import facility
    >>> rules = facility("cerf", {"rollover_take_up": [{"from": "2024-01-01", "value": 0.9}]})
    >>> take_up(rules, to_day(dt.date(2024, 12, 31)))
    9000
    """
    return int(option(rules, "rollover_take_up", due)) if "rollover_take_up" in rules else BP
