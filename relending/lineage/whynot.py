"""Why a loan is not applied for 未申报原因: what screening, the record and the loan itself say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from relending.dates import iso
from relending.engine.applications import draw_days, make_requests, period_text
from relending.engine.context import Context
from relending.engine.rebuilt import place_of, rebuild
from relending.lineage.case import empty
from relending.policy import Facility
from relending.units import Ints

APPLIED, FUNDED, REFUSED, WITHDRAWN = "applied", "funded", "refused", "withdrawn"


class Saved(Protocol):
    """What is read of a run: its tables as step frames, its record and its rules."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Every table by name."""
        ...

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The record."""
        ...

    def context(self) -> Context:
        """The rules of the run."""
        ...


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a loan is not applied for: ``kind`` (a key of ``report/apply.toml``) and what its words speak of."""

    kind: str
    names: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the record: period as text, status, amount in fen and day where given."""

    period: str
    status: str
    amount: int | None
    day: str

    @property
    def month(self) -> str:
        """The last month of the period: a text that sorts by time."""
        return _month(self.period)


Record = Mapping[str, Sequence[Entry]]
"""The rows of the record by loan, in time."""


def _month(period: str) -> str:
    return f"{period[:4]}-{int(period[5]) * 3:02d}" if period[4:5] == "Q" else period


def _text(value: object) -> str:
    return "" if empty(value) else str(value)


def read_record(run: Saved) -> Record:
    """The rows of the run's table of applications by loan; none where it has no such table."""
    if "applications" not in run.tables:
        return {}
    out: dict[str, list[Entry]] = {}
    for r in run.tables["applications"].itertuples(index=False):
        funded = r.status == FUNDED
        amount = r.funded_amount_fen if funded else r.applied_amount_fen
        day = r.funded_on if funded else r.applied_on
        entry = Entry(
            _text(r.period),
            _text(r.status),
            None if pd.isna(amount) else int(amount),
            "" if pd.isna(day) else day.isoformat(),
        )
        out.setdefault(_text(r.loan_id), []).append(entry)
    for rows in out.values():
        rows.sort(key=lambda e: (e.month, e.status != APPLIED))
    return out


def refused_before(rows: Sequence[Entry], period: int) -> Entry | None:
    """The row that refused or withdrew a loan before the period, if that is where it stands."""
    if not rows or rows[-1].status not in (REFUSED, WITHDRAWN) or any(r.status == FUNDED for r in rows):
        return None
    return rows[-1] if rows[-1].month < _month(period_text(period)) else None


class Work:
    """The loans looked at (places ``at`` in the book), with what each asks for and what speaks against it."""

    def __init__(self, run: Saved, context: Context, rules: Facility, period: int, at: Ints) -> None:
        loans, screening = run.tables["loans"], run.tables["screening"]
        self.rules, self.period, n = rules, period, at.size
        self.loans, self.screening = loans.iloc[at], screening.iloc[at]
        rebuilt = rebuild(run.tables, at)
        self.block, self.errors, schedule = rebuilt.block, rebuilt.errors, rebuilt.schedule
        ours = (self.screening["facility"] == rules.id).fillna(False).to_numpy(dtype=bool)
        able = np.flatnonzero(ours & self.screening["eligible"].to_numpy(dtype=bool))
        self.day = draw_days(np.full(n, period), self.block.disbursed[:n], rules)
        self.asked = np.zeros(n, np.int64)
        asks = make_requests(self.block, able, rules, schedule)
        self.asked[asks.loan] = asks.amount
        # of a loan of an earlier period the day of this one counts
        owed = schedule.outstanding(able, self.day[able])
        self.repaid, self.lost = np.zeros(n, bool), np.zeros(n, bool)
        self.repaid[able] = owed <= 0
        self.lost[able] = (owed > 0) & (self.block.ineligible[able] <= self.day[able])

    def reasons(self, record: Record, again: bool) -> list[list[Reason]]:
        """Of each loan the reasons against applying for it, the main one first; none of those to be applied for."""
        out = []
        columns = (self.loans["loan_id"], self.loans["planned"], self.screening["facility"], self.screening["reasons"])
        for j, (loan, planned, facility, reasons) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            found = self._recorded(record.get(_text(loan), ()), again)
            found += self._screened(j, _text(facility), _text(reasons))
            if planned:
                found.insert(0, Reason("planned", {}))
            if self.repaid[j]:
                found.append(Reason("repaid", {"day": iso(int(self.day[j]))}))
            if self.lost[j]:
                found.append(Reason("ineligible", {"day": iso(int(self.block.ineligible[j]))}))
            out.append(found)
        return out

    def _screened(self, j: int, facility: str, reasons: str) -> list[Reason]:
        if reasons == "data_error":
            return [Reason("set_aside", {"errors": self.errors.get(place_of(self.loans.iloc[j]), ())})]
        if facility and facility != self.rules.id:
            return [Reason("other_facility", {"facility": facility})]
        return [Reason(name, {}) for name in reasons.split(";") if name]

    def _recorded(self, rows: Sequence[Entry], again: bool) -> list[Reason]:
        """What the record says against it: money that arrived, else where its last row stands."""
        if not rows or (again and refused_before(rows, self.period) is not None):
            return []
        last = next((r for r in reversed(rows) if r.status == FUNDED), rows[-1])
        return [Reason(last.status or APPLIED, {"period": last.period, "amount": last.amount, "day": last.day})]
