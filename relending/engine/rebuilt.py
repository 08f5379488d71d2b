"""What loans owe 贷款余额, rebuilt from the tables a run keeps: their schedules with all that happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from relending.engine.block import Block, make_block
from relending.engine.keys import number
from relending.engine.loanfacts import loan_facts
from relending.engine.owed import Schedule
from relending.units import Ints

Place = tuple[str, str, int]
"""File, sheet (empty where there is none) and row of the loan book."""
LATER = (
    *("share_", "contract_", "over_syndicate", "application_", "receipt_", "received_"),
    *("extension_", "schedule_", "balance_", "prepayment_"),  # of what is beside the loan: its own row is sound
)
"""What codes begin with that set a loan aside for more than its own row: it may have replaced another loan."""
SIDE = ("prepayments", "schedule", "balances")
Errors = Mapping[Place, tuple[tuple[str, str], ...]]
"""The errors of rows of the book by their place: code and what was found."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A block whose first loans are those asked for, with its schedule; ``errors`` are those of loans set aside."""

    block: Block
    schedule: Schedule
    errors: Errors


def rebuild(tables: Mapping[str, pd.DataFrame], at: Ints) -> Rebuilt:
    """The loans at these places of the book with their schedules, as the run had them.

    A loan that replaced one of these repaid it: such loans come behind them, for what is owed depends on those too.
    """
    loans, screening = tables["loans"], tables["screening"]
    mine = loans["loan_id"].iloc[at].dropna().unique().tolist()
    replaced = loans["refinances"].isin(mine).to_numpy(dtype=bool).copy()
    replaced[at] = False
    rows = np.concatenate([at, np.flatnonzero(replaced)])
    aside = (screening["reasons"].iloc[rows] == "data_error").fillna(False).to_numpy(dtype=bool)
    errors = errors_of(tables["findings"], loans.iloc[rows[aside]])
    wrong = aside.copy()
    wrong[aside] = [not _sound(row, errors) for _, row in loans.iloc[rows[aside]].iterrows()]
    block = make_block(loans.iloc[rows].assign(data_error=wrong).reset_index(drop=True))
    keys = number([block.frame])
    side = {name: tables[name] for name in SIDE if name in tables}
    facts = loan_facts([block], keys, [block.error | keys.duplicate[0]], side)
    return Rebuilt(block, facts.schedules[0], errors)


def _sound(row: Any, errors: Errors) -> bool:
    """Whether a loan that is set aside is so only for what came up beside its own row."""
    found = [code for code, _ in errors.get(place_of(row), ())]
    return bool(found) and all(code.startswith(LATER) for code in found)


def _text(value: object) -> str:
    return "" if value is None or value is pd.NA else str(value)


def place_of(row: Any) -> Place:
    """Where a row stands: file, sheet, row."""
    line = row["row"]
    return _text(row["file"]), _text(row["sheet"]), 0 if pd.isna(line) else int(line)


def errors_of(findings: pd.DataFrame, rows: pd.DataFrame) -> Errors:
    """The errors of these rows of the book, by their place: code and what was found.

    Of a row are the findings at its place, and those of its loan id that are at no other of the rows.
    """
    if not len(rows):
        return {}
    findings = findings[(findings["severity"] == "error").fillna(False).to_numpy(dtype=bool)]
    places = {place_of(row): _text(row["loan_id"]) for _, row in rows.iterrows()}
    ids = set(places.values()) - {""}
    of_place: dict[Place, list[tuple[str, str]]] = {}
    of_loan: dict[str, list[tuple[str, str]]] = {}
    for f in findings[["file", "sheet", "row", "loan", "code", "found"]].to_dict("records"):
        here, loan, told = place_of(f), _text(f["loan"]), (str(f["code"]), _text(f["found"]))
        if here in places:
            of_place.setdefault(here, []).append(told)
        elif loan in ids:
            of_loan.setdefault(loan, []).append(told)
    return {
        place: tuple(dict.fromkeys([*of_place.get(place, []), *of_loan.get(loan, [])]))
        for place, loan in places.items()
    }
