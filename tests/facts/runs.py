"""The runs behind the page, each carried out once, and the cells read off them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import relending as rl
from relending.units import E8, FEN, GRAMS
from tests.facts.books import FOLDER

CERF = "cerf"
FEN_IN_M_YUAN = 10**6 * FEN


@cache
def shipped(name: str) -> Any:
    """The run of a shipped scenario."""
    return rl.run(name)


@cache
def mine(name: str) -> Any:
    """The run of a scenario of ``tests/facts/books``."""
    return rl.run(FOLDER / f"{name}.toml")


def command(name: str) -> str:
    """The command that carries out a scenario of ``tests/facts/books``."""
    return f"`relending run tests/facts/books/{name}.toml`"


def figure(run: Any, **cell: str) -> Any:
    """The one row of a run's published figures with these texts."""
    rows = run.published
    for column, text in cell.items():
        rows = rows[rows[column] == text]
    if len(rows) != 1:
        raise LookupError(f"{len(rows)} rows for {cell}")
    return rows.iloc[0]


def disclosed(run: Any, quarter: str, horizon: str, lender: str = "") -> Any:
    """The total of a lender's carbon loans in a quarter and horizon: a row of the step frame, whole numbers."""
    cells = run.tables["disclosure"]
    mine = (cells["quarter"] == quarter) & (cells["horizon"] == horizon) & (cells["code"] == "total")
    mine &= cells["facility"] == CERF
    if lender:
        mine &= cells["lender"] == lender
    if int(mine.sum()) != 1:
        raise LookupError(f"{int(mine.sum())} rows for {lender} {quarter} {horizon}")
    return cells[mine].iloc[0]


def loan(run: Any, loan_id: str) -> Any:
    """A loan's row of the attribution, whole numbers."""
    rows = run.tables["attribution"]
    return rows[rows["loan_id"] == loan_id].iloc[0]


def drawn(run: Any, lender: str, first: str, last: str) -> int:
    """What a lender drew for carbon loans from one day to another, fen."""
    ledger = run.tables["ledger"]
    days = ledger["date"].astype(str)
    rows = (ledger["event"] == "draw") & (ledger["lender"] == lender) & (ledger["facility"] == CERF)
    rows &= (days >= first) & (days <= last)
    return int(ledger[rows]["amount_fen"].sum())


def per_project(run: Any, quarter: str, horizon: str) -> Fraction:
    """Average loan per distinct project, million yuan."""
    cell = disclosed(run, quarter, horizon)
    return Fraction(int(cell["amount_fen"]), FEN_IN_M_YUAN) / int(cell["projects"])


def percent(rate_e8: object) -> Decimal:
    """A rate of a step frame in per cent."""
    return Decimal(int(str(rate_e8))) / (E8 // 100)


def tonnes(grams: object) -> Fraction:
    """A reduction of a step frame in tonnes."""
    return Fraction(int(str(grams)), GRAMS)
