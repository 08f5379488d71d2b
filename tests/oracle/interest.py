"""Interest of a tranche-year, accrued day by day, and its settlements: design section 7."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from .days import ONE_DAY, each_day
from .exact import half_even
from .funding import TrancheYear

YEAR_DAYS = {"ACT/360": 360, "ACT/365": 365}


@dataclass
class Accrual:
    """`balance_days[n]` = sum of the balances of the first n days (first day in, last day out), in fen x days."""

    year: TrancheYear
    day_count: str
    balance_days: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        changes, balance = dict(self.year.changes), 0
        self.balance_days.append(0)
        for day in each_day(self.year.start, self.year.due - ONE_DAY):
            balance = changes.get(day, balance)  # what is returned on a day does not earn that day: last day out
            self.balance_days.append(self.balance_days[-1] + balance)

    def to(self, day: date) -> int:
        """Interest (fen) of the days before `day`, half-even: balance-days x rate / 360 at once."""
        days = min(max((day - self.year.start).days, 0), (self.year.due - self.year.start).days)
        return half_even(self.balance_days[days] * self.year.rate, YEAR_DAYS[self.day_count] * 10**6)

    def between(self, first: date, stop: date) -> int:
        """Accrued to `stop` less accrued to `first`."""
        return self.to(stop) - self.to(first)

    def settlements(self, how: str) -> list[tuple[date, int]]:
        """(date, amount): the 20th of March, June, September and December strictly between start and due, each to the
        21st, and the due date, which takes the rest; or the due date alone."""
        if how not in ("quarterly", "maturity"):
            raise ValueError(f"unknown interest_settlement {how!r}")
        settled, rows = 0, []
        if how == "quarterly":
            for day in each_day(self.year.start + timedelta(days=1), self.year.due - ONE_DAY):
                if day.day == 20 and day.month in (3, 6, 9, 12):
                    rows.append((day, self.to(day + ONE_DAY) - settled))
                    settled = self.to(day + ONE_DAY)
        return [*rows, (self.year.due, self.to(self.year.due) - settled)]
