"""A small bank: a book, its tables and a scenario, as files; and what a run of them gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import relending as rl
from relending.runfolder import Run

HEAD = (
    "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence,"
    "repayment,payments_per_year,refinances,issue_type,extended_to,ineligible_from"
)
HEADS = {
    "applications": "loan_id,period,status,facility,applied_on,applied_amount,funded_on,funded_amount,rate,tranche",
    "opening_tranches": "lender,facility,drawn_on,due_on,principal,rate,rollovers_used,tranche",
    "schedule": "loan_id,date,principal",
    "balances": "loan_id,date,outstanding",
    "prepayments": "loan_id,date,amount",
}


def loan(name: str = "A", **given: Any) -> str:
    """A row of the book: 100 million to a wind farm of 500 million, ten years from 15 January 2024, paid at the end."""
    row: dict[str, Any] = {
        "loan_id": name,
        "project_id": f"P-{name}",
        "sector": "wind",
        "principal": 100_000_000,
        "rate": 0.035,
        "disbursed": "2024-01-15",
        "matures": "2034-01-15",
        "project_investment": 500_000_000,
        "project_reduction": 100_000,
        "evidence": "feasibility_study",
        **given,
    }
    return ",".join(str(row.get(column, "")) for column in HEAD.split(","))


class Bank:
    """Writes the files of a bank into a folder and runs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *loans: str, sets: dict[str, Any] | None = None, **tables: list[str]) -> Run:
        """A run of icbc's cerf loans from 2024 to 2027 with tables beside them (rows without their header)."""
        for name, head, rows in [("book", HEAD, list(loans)), *((t, HEADS[t], r) for t, r in tables.items())]:
            (self.folder / f"{name}.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        keys = "\n".join(f'{name} = "{name}.csv"' for name in tables)
        (self.folder / "s.toml").write_text(
            f"""
[scenario]
book = "book.csv"
{keys}
lender = "icbc"
start = 2024-01-01
end = 2027-12-31
facilities = ["cerf"]
[market]
own_rate = 0.0295
""",
            encoding="utf-8",
        )
        return rl.run(rl.load_scenario(self.folder / "s.toml", sets or {}))


def states(run: Run) -> dict[str, str]:
    """The state of each loan."""
    return dict(zip(run.attribution["loan_id"], run.attribution["state"], strict=True))


def events(run: Run, *kinds: str) -> list[tuple[str, str, float]]:
    """Events of these kinds: day, tranche without lender and facility, amount."""
    rows = run.ledger[run.ledger["event"].isin(kinds)]
    names = [t.split("/", 2)[2] for t in rows["tranche"]]
    days = [str(d)[:10] for d in rows["date"]]
    return list(zip(days, names, rows["amount"].tolist(), strict=True))


def codes(run: Run) -> list[str]:
    """The codes of what was found, but for what every such run says."""
    usual = {"policy_not_checked", "unit_assumed", "cells_converted"}
    return sorted(c for c in run.findings["code"] if c not in usual)


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """A bank in a folder of its own."""
    return Bank(tmp_path)
