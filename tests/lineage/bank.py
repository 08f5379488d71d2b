"""A small bank with a record of its own: every state a loan can have in it, and every event."""

from __future__ import annotations

from pathlib import Path

COLUMNS = (
    "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence,"
    "issue_type,refinances,ineligible_from,extended_to,contract_id,contract_limit,syndicate_total,syndicate_share"
)
LOANS = """
PART,P1,wind,1000000,0.03,2022-01-05,2030-01-05,5000000,100,eia,new,,,,C1,2000000,,
APPLIED,P2,wind,1000000,0.03,2022-02-05,2030-01-05,5000000,100,eia,new,,,,C1,2000000,8000000,0.25
REFUSED,P3,wind,1000000,0.03,2022-01-05,2030-01-05,5000000,100,eia,new,,,,,,,
WITHDRAWN,P4,wind,1000000,0.03,2022-01-05,2030-01-05,5000000,100,eia,new,,,,,,,
NOBODY,P5,wind,1000000,0.03,2022-01-05,2030-01-05,5000000,100,eia,new,,,,,,,
LATE,P6,wind,1000000,0.03,2022-01-05,2023-06-05,5000000,100,eia,new,,,2024-06-05,,,,
NEWER,P7,wind,1000000,0.03,2023-03-05,2030-06-05,5000000,100,eia,refinanced,PART,,,,,,
UNLISTED,P8,no_such,1000000,0.03,2022-01-05,2030-01-05,5000000,100,eia,new,,,,,,,
LOSES,P9,wind,1000000,0.03,2022-01-05,2030-01-05,5000000,100,eia,new,,2023-02-01,,,,,
TOCOME,P10,wind,1000000,0.03,2023-11-05,2030-01-05,5000000,100,eia,new,,,,,,,
NEVER,P11,wind,1000000,0.03,2023-11-05,2030-01-05,5000000,100,eia,new,,2023-12-01,,,,,
OPENED,P12,wind,1000000,0.03,2021-09-05,2030-01-05,5000000,100,eia,new,,,,,,,
AFTER,P13,wind,1000000,0.03,2024-08-05,2030-01-05,5000000,100,eia,new,,,,,,,
REVISED,P14,wind,1000000,0.03,2023-01-05,2030-01-05,5000000,100,eia,new,,,,,,,
FROZEN,P14,wind,1000000,0.03,2022-01-05,2030-01-05,5000000,100,eia,new,,,,,,,
"""
APPLICATIONS = """loan_id,period,status,facility,applied_on,applied_amount,funded_on,funded_amount,rate,tranche
PART,2022Q1,applied,,2022-04-05,600000,,,,
PART,2022Q1,funded,,,,2022-04-20,500000,0.0175,
APPLIED,2022Q1,applied,,2022-04-05,600000,,,,
REFUSED,2022Q1,refused,,2022-04-05,600000,,,,
WITHDRAWN,2022Q1,withdrawn,,2022-04-05,600000,,,,
LATE,2022Q1,funded,,2022-04-05,600000,2022-04-20,600000,0.018,T/1/2022-01-01
UNLISTED,2022Q1,funded,cerf,2022-04-05,600000,2022-04-20,600000,,
LOSES,2022Q1,funded,,2022-04-05,600000,2022-04-20,600000,,
OPENED,2021Q3,funded,,2021-10-05,600000,2021-12-20,600000,,
AFTER,2024Q3,funded,,2024-10-05,600000,2025-01-20,600000,,
REVISED,2023Q1,funded,,2023-04-05,600000,2023-04-20,600000,,
FROZEN,2022Q1,funded,,2022-04-05,600000,2022-04-20,600000,,
"""
TABLES = {
    "applications.csv": APPLICATIONS,
    "balances.csv": (
        "loan_id,date,outstanding\nPART,2022-12-31,900000\nPART,2023-01-31,900000\nLATE,2024-07-05,300000\n"
    ),
    "schedule.csv": "loan_id,date,principal\nLOSES,2025-01-05,400000\nLOSES,2030-01-05,600000\n",
    "prepayments.csv": "loan_id,date,amount\nPART,2022-06-30,50000\n",
    "opening_tranches.csv": (
        "lender,facility,drawn_on,due_on,principal,rate,rollovers_used\n"
        "icbc,cerf,2021-12-20,2022-12-20,600000,0.0175,0\n"
    ),
    "revisions.csv": "project_id,from,investment,reduction,evidence,reason\nP14,2022-07-01,4000000,,,larger turbines\n",
}
SCENARIO = """
[scenario]
name = "bank"
book = "book.csv"
{beside}
lender = "icbc"
start = 2022-01-01
end = 2024-12-31
facilities = ["cerf"]
[market]
own_rate = 0.03
"""


def written(tmp: Path, *without: str, more: str = "simulate_from = 2023-10-01", tail: str = "") -> Path:
    """The scenario file of the bank, and its files beside it; ``without`` some of the tables."""
    (tmp / "book.csv").write_text(COLUMNS + LOANS, encoding="utf-8")
    keys = []
    for name, text in TABLES.items():
        if name.removesuffix(".csv") not in without:
            (tmp / name).write_text(text, encoding="utf-8")
            keys.append(f'{name.removesuffix(".csv")} = "{name}"')
    (tmp / "s.toml").write_text(SCENARIO.format(beside="\n".join([*keys, more])) + tail, encoding="utf-8")
    return tmp / "s.toml"
