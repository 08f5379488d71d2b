"""What must hold in every run, checked on the oracle's own tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from .model import Loan, Result, Scenario


def check_invariants(result: Result, loans: Sequence[Loan], scenario: Scenario) -> None:
    """Raises AssertionError, naming the tranche or loan, where the tables contradict each other."""
    balance: dict[str, int] = defaultdict(int)
    for row in result.ledger:
        assert row["amount"] > 0, row
        if row["event"] in ("opening", "draw"):
            balance[row["tranche"]] += row["amount"]
        elif row["event"] in ("repay", "return"):
            balance[row["tranche"]] -= row["amount"]
        if row["event"] != "interest":
            assert row["balance"] == balance[row["tranche"]] >= 0, row
    assert sum(balance.values()) == sum(r["balance"] for r in last_quarter(result))

    ids = {loan.loan_id: loan for loan in loans}
    drawn: dict[str, int] = defaultdict(int)
    for row in result.draws:
        held = row["drawn"]
        drawn[row["loan_id"]] += held or 0
        for k in range(1, sum(name.startswith("continued_") for name in row) + 1):
            if row[f"continued_{k}"] is not None:
                assert held is not None and row[f"continued_{k}"] <= held, row
                held = row[f"continued_{k}"]
        ratio = scenario.facilities[row["facility"]].on("ratio", ids[row["loan_id"]].disbursed)
        assert drawn[row["loan_id"]] * 10_000 <= ids[row["loan_id"]].principal * ratio, row

    before: dict[tuple[str, str], int] = {}
    for row in result.funding:
        key = (row["lender"], row["facility"])
        if key in before:
            assert row["balance"] == before[key] + row["drawn"] - row["repaid"], row
        before[key] = row["balance"]


def last_quarter(result: Result) -> list[dict[str, int]]:
    return [row for row in result.funding if row["quarter"] == result.funding[-1]["quarter"]]
