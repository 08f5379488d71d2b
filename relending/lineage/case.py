"""Which rows of a run are meant by a loan id or a place in the book, and what the run's tables say of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Protocol

import numpy as np
import pandas as pd

from relending.engine.context import Context
from relending.policy import Facility

_TEXTS = ("facility", "reasons", "lender", "field", "sector", "project_id", "contract_id", "state")
"""Texts that a saved table leaves null where there are none."""

Place = tuple[str, str, int]
"""File, sheet (empty where there is none) and row of the loan book."""


class UnknownLoan(LookupError):  # noqa: N818
    """The run has no loan of this id and no row at this place."""


class DamagedRun(ValueError):  # noqa: N818
    """The tables of a run do not fit together, so it cannot be told what happened; the text says where."""


class Saved(Protocol):
    """What explain reads of a run: its tables, those of one loan, and the rules it worked by."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Every table by name, as step frames."""
        ...

    def loan_rows(self, table: str, loan_id: str, column: str = "") -> pd.DataFrame:
        """The rows of one loan (those that name it in another text column), as step frames; the index is the row's
        place in the table."""
        ...

    def context(self) -> Context:
        """The rules of the run."""
        ...


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the book with everything the run's tables say of it.

    ``loan`` is a frame of one row, ``screening`` and ``attribution`` are its rows there; the others are frames of any
    number of rows. ``label`` is the loan id, or the place of a row without one.

    ``side`` holds the loan's rows of the tables a run may be without (``applications``, ``schedule``, ``balances``,
    ``restatement``, ``part_funded``), those of its project (``revisions``) and all ``opening_tranches``; a name is
    missing where the run has no such table. ``replacers`` are the loans that name it in ``refinances``, with
    ``data_error`` where they count for nothing; ``contract`` the loans of its contract with their ``state``. ``rates``
    is the rate of each tranche it drew in, in ppm.
    """

    label: str
    loan: pd.DataFrame
    screening: Any
    attribution: Any
    draws: pd.DataFrame
    prepayments: pd.DataFrame
    findings: pd.DataFrame
    side: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    replacers: pd.DataFrame = field(default_factory=pd.DataFrame)
    contract: pd.DataFrame = field(default_factory=pd.DataFrame)
    rates: Mapping[str, int] = field(default_factory=dict)

    @property
    def recorded(self) -> bool:
        """Whether the bank's record decides the loan; else, or in an older run, its draws are simulated."""
        basis = self.attribution.get("basis")
        return not empty(basis) and not pd.isna(basis) and str(basis) == "recorded"

    @property
    def row(self) -> Any:
        """The loan as a series."""
        return self.loan.iloc[0]

    @property
    def state(self) -> str:
        """What became of the loan; empty for one out of the run."""
        return str(self.attribution["state"])


def empty(value: object) -> bool:
    """Whether a cell holds nothing: null, or a text without characters."""
    return value is None or value is pd.NA or value == ""


def facility_of(context: Context, name: str) -> Facility:
    """The facility of that id among the run's; DamagedRun if it is none of them."""
    for rules in context.facilities:
        if rules.id == name:
            return rules
    raise DamagedRun(f"facility {name!r} is none of the run's")


def find_cases(run: Saved, text: str) -> list[Case]:
    """The rows of the book that are meant: those of a loan id, else the one at ``FILE:ROW``; none if there is none."""
    return _by_id(run, text) or _by_place(run, text)


def _by_id(run: Saved, loan_id: str) -> list[Case]:
    loans = run.loan_rows("loans", loan_id)
    if len(loans) == 0:
        return []
    parts = {name: run.loan_rows(name, loan_id) for name in ("screening", "attribution")}
    for name, part in parts.items():
        if len(part) != len(loans):
            raise DamagedRun(f"{name}: {len(part)} rows of loan {loan_id}, {len(loans)} in loans")
    draws, prepayments, findings = (run.loan_rows(name, loan_id) for name in ("draws", "prepayments", "findings"))
    places = [_place(loans.iloc[i]) for i in range(len(loans))]
    more = _beside(run, loan_id, loans, draws)
    return [
        Case(
            loan_id,
            loans.iloc[[i]],
            _filled(parts["screening"], i),
            _filled(parts["attribution"], i),
            draws,
            prepayments,
            _not_of_others(findings, places, i),
            **more,
        )
        for i in range(len(loans))
    ]


OWN = ("applications", "schedule", "balances", "restatement", "part_funded")
"""Tables of loans that a run may be without."""
LATER = {"extension_not_later", "share_over_one", "contract_limit_exceeded", "over_syndicate_share"}
"""Errors at a loan's own row that set it aside only after it has repaid the loan it replaces."""


def _beside(run: Saved, loan_id: str, loans: pd.DataFrame, draws: pd.DataFrame) -> dict[str, Any]:
    """What the other tables of the run hold of a loan: the fields of a case behind its findings."""
    names = set(run.tables)
    side = {name: run.loan_rows(name, loan_id) for name in OWN if name in names}
    project = loans["project_id"].iloc[0]
    if "revisions" in names:
        revisions = run.tables["revisions"]
        side["revisions"] = revisions[revisions["project_id"].eq("" if empty(project) else str(project)).fillna(False)]
    if "opening_tranches" in names:
        side["opening_tranches"] = run.tables["opening_tranches"]
    ledger = run.tables["ledger"]
    mine = ledger[ledger["tranche"].isin(draws["tranche"].tolist()) & ledger["event"].eq("draw")]
    rates = dict(zip(mine["tranche"].tolist(), (int(r) for r in mine["rate_ppm"].tolist()), strict=True))
    found = {"side": side, "rates": rates, "replacers": _replacers(run, loan_id), "contract": _contract(run, loans)}
    return found


def _replacers(run: Saved, loan_id: str) -> pd.DataFrame:
    """The loans that replace one; what was wrong with their own rows is told by the findings."""
    loans = run.loan_rows("loans", loan_id, "refinances")
    loans = loans[loans["loan_id"].ne(loan_id).fillna(False).astype(bool)]
    wrong = []
    for _, row in loans.iterrows():
        found = run.loan_rows("findings", str(row["loan_id"]))
        errors = found[found["severity"].eq("error") & ~found["code"].isin(LATER)]
        wrong.append(any(_place(f) == _place(row) for _, f in errors.iterrows()))
    return loans.assign(data_error=pd.array(wrong, "bool[pyarrow]"))


def _contract(run: Saved, loans: pd.DataFrame) -> pd.DataFrame:
    """The loans of a loan's contract with that lender, and their states; none where no limit is given."""
    if not any(name in loans and loans[name].notna().any() for name in ("contract_limit_fen", "syndicate_total_fen")):
        return loans.iloc[:0]
    contract, lender = loans["contract_id"].iloc[0], loans["lender"].iloc[0]
    if empty(contract) or empty(lender):
        return loans.assign(state=run.loan_rows("attribution", str(loans["loan_id"].iloc[0]))["state"].tolist())
    mine = run.loan_rows("loans", str(contract), "contract_id")
    states = run.loan_rows("attribution", str(contract), "contract_id")
    if len(mine) != len(states):
        raise DamagedRun(f"attribution: {len(states)} loans of contract {contract}, {len(mine)} in loans")
    mine = mine.assign(state=states["state"].tolist())
    return mine[mine["lender"].eq(str(lender)).fillna(False).astype(bool)]


def _by_place(run: Saved, text: str) -> list[Case]:
    meant = re.fullmatch(r"(.+):([0-9]{1,18})", text, re.DOTALL)
    if meant is None:
        return []
    names = {meant[1], PurePath(meant[1]).name}
    loans = run.tables["loans"]
    here = loans["file"].isin(names) & loans["row"].eq(int(meant[2])).fillna(False)
    return [case for i in np.flatnonzero(here.to_numpy(dtype=bool)).tolist() for case in _at(run, loans, i, text)]


def _at(run: Saved, loans: pd.DataFrame, i: int, text: str) -> list[Case]:
    """The case of the i-th row of the book."""
    loan = loans.iloc[[i]]
    loan_id = loan.iloc[0]["loan_id"]
    if not empty(loan_id):
        return [case for case in _by_id(run, str(loan_id)) if case.loan.index[0] == loan.index[0]]
    tables = run.tables
    for name in ("screening", "attribution"):
        if len(tables[name]) != len(loans):
            raise DamagedRun(f"{name}: {len(tables[name])} rows, {len(loans)} in loans")
    findings = tables["findings"]
    mine = np.array([_place(f) == _place(loan.iloc[0]) for _, f in findings[findings["loan"].eq("")].iterrows()], bool)
    return [
        Case(
            text,
            loan,
            _filled(tables["screening"], i),
            _filled(tables["attribution"], i),
            tables["draws"].iloc[:0],
            tables["prepayments"].iloc[:0],
            findings[findings["loan"].eq("")][mine],
        )
    ]


def _filled(table: pd.DataFrame, i: int) -> Any:
    """One row of a table, its missing texts as empty ones."""
    row = table.iloc[[i]]
    return row.fillna({c: "" for c in _TEXTS if c in row}).iloc[0]


def _place(row: Any) -> Place:
    sheet, number = row["sheet"], row["row"]
    return str(row["file"]), "" if empty(sheet) else str(sheet), 0 if pd.isna(number) else int(number)


def _not_of_others(findings: pd.DataFrame, places: list[Place], i: int) -> pd.DataFrame:
    """The findings of a loan id less those at the place of another row of the book that has the same id."""
    others = set(places) - {places[i]}
    keep = np.array([_place(f) not in others for _, f in findings.iterrows()], bool)
    return findings[keep]
