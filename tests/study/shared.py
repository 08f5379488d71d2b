"""Small scenarios to compare: a book of three loans and a plan, in as many folders as a test wants."""

from __future__ import annotations

from pathlib import Path

HEADER = "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence"
LOANS = (
    "A1,P1,wind,10000000,0.0385,2022-01-05,2032-01-05,50000000,12000,eia",
    "A2,P2,solar,20005000,0.041,2022-03-31,2034-03-31,80000000,20000,feasibility_study",
    "A3,P3,biomass,3000000,0.037,2022-09-30,2027-09-30,10000000,5000,eia",
)
PLAN = (
    "quarter,sector,amount,rate,spread_bp,months,repayment,loans,reduction_per_10k,investment_share\n"
    "2023Q1,wind,30000000,0.0400,,120,equal_principal,3,2.5,0.5\n"
)
SCENARIO = """
[scenario]
name = "{name}"
{files}
lender = "icbc"
start = 2022-01-01
end = {end}
facilities = ["cerf"]
[market]
own_rate = {own_rate}
{more}
"""


def write(
    folder: Path,
    name: str,
    *,
    files: str = 'book = "book.csv"',
    own_rate: str = "0.025",
    end: str = "2024-12-31",
    more: str = "",
    loans: tuple[str, ...] = LOANS,
) -> Path:
    """A scenario file with a book and a plan beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.csv").write_text("\n".join([HEADER, *loans]) + "\n", encoding="utf-8")
    (folder / "plan.csv").write_text(PLAN, encoding="utf-8")
    path = folder / f"{name}.toml"
    text = SCENARIO.format(name=name, files=files, own_rate=own_rate, end=end, more=more)
    path.write_text(text, encoding="utf-8")
    return path
