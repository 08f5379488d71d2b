"""What one would write instead, in an afternoon: pandas, floats, rules typed in, a Python loop over the loans.

It does far less than ``relending run``: no checks, no quota, no rollovers or ledger, no interest by the day, no
findings, nothing that can be explained, and amounts off by fractions of a fen. It says what it took as a line of JSON.

    python benchmarks/naive.py book.parquet 10000
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

RATIO = {"cerf": 0.6, "clean_coal": 1.0}
COAL = ["coal_power", "coal_mining", "civil_heating", "coal_power_fuel"]
QUARTERS = pd.period_range("2021Q3", "2026Q4", freq="Q")


def read(book: Path) -> pd.DataFrame:
    """The book as floats and timestamps."""
    loans = pd.read_parquet(book)
    for name in ("principal", "rate", "project_investment", "project_reduction"):
        loans[name] = loans[name].astype(float)
    for name in ("disbursed", "matures", "grace_until"):
        loans[name] = pd.to_datetime(loans[name])
    return loans


def series(loans: pd.DataFrame) -> list[pd.DataFrame]:
    """Draws, attribution and the disclosed sums by quarter and sector, for all loans at once."""
    loans["facility"] = loans["sector"].isin(COAL).map({True: "clean_coal", False: "cerf"})
    loans = loans.merge(pd.Series(RATIO, name="ratio"), left_on="facility", right_index=True)
    loans["draw"] = loans["principal"] * loans["ratio"]
    loans["reduction"] = loans["project_reduction"] * loans["principal"] / loans["project_investment"]
    loans["weighted"] = loans["principal"] * loans["rate"]
    loans["quarter"] = loans["disbursed"].dt.to_period("Q")
    out = []
    for keys in (["quarter"], ["quarter", "sector"]):
        grouped = loans.groupby(["lender", "facility", *keys])
        sums = grouped[["principal", "draw", "reduction", "weighted"]].sum()
        sums["projects"] = grouped["project_id"].nunique()
        sums["weighted_rate"] = sums["weighted"] / sums["principal"]
        out.append(sums)
    return out


def outstanding(loan: Any) -> list[float]:
    """What one loan owes at the end of each quarter, payment by payment."""
    dates, k = [], 1
    while (when := loan.disbursed + pd.DateOffset(months=12 // int(loan.payments_per_year) * k)) < loan.matures:
        if pd.isna(loan.grace_until) or when >= loan.grace_until:
            dates.append(when)
        k += 1
    dates.append(loan.matures)
    n, i = len(dates), loan.rate / loan.payments_per_year
    left, path = loan.principal, []
    annuity = loan.principal * i / (1 - (1 + i) ** -n) if i else loan.principal / n
    for date in dates:
        if loan.repayment == "equal_principal":
            left -= loan.principal / n
        elif loan.repayment == "equal_installment":
            left -= annuity - left * i
        elif date == loan.matures:
            left = 0.0
        path.append((date, left))
    result, balance, paid = [], loan.principal, 0
    for quarter in QUARTERS:
        while paid < n and path[paid][0] <= quarter.end_time:
            balance, paid = path[paid][1], paid + 1
        result.append(balance if loan.disbursed <= quarter.end_time else 0.0)
    return result


def main(book: Path, sample: int) -> None:
    """Time both parts; the loop runs over a sample spread over the book."""
    began = time.perf_counter()
    loans = read(book)
    series(loans)
    whole = time.perf_counter() - began
    some = loans.iloc[:: max(1, len(loans) // sample)].head(sample)
    began = time.perf_counter()
    total = [sum(column) for column in zip(*(outstanding(loan) for loan in some.itertuples()), strict=True)]
    loop = time.perf_counter() - began
    print(
        json.dumps(
            {
                "loans": len(loans),
                "sample": len(some),
                "all_loans_seconds": whole,
                "loop_seconds": loop,
                "scaled_seconds": whole + loop * len(loans) / len(some),
                "last_quarter": total[-1],
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
