"""Published statements printed again by a run that holds one quarter's loans and begins with what was disclosed before.

Sources: the banks' statements in scenarios/statements/statements.csv, each by bank and quarter; the books are derived
from them (tools/build_statements.py).
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

import relending as rl
from relending.dates import iso, parse_quarter, quarter_end, quarter_start, quarter_text

ROOT = Path(__file__).resolve().parents[2] / "scenarios/statements"
FACTS = list(csv.DictReader((ROOT / "statements.csv").read_text(encoding="utf-8").splitlines()))
HORIZON = {"quarter": "quarter", "year_to_date": "year", "since_first_support": "since_start"}
BANKS = {
    "boc-2024q2": "Bank of China",
    "cdb-2023q3": "China Development Bank",
    "cib-2023q2": "Industrial Bank",
    "ganzi_rcb-2024q1": "Ganzi Rural Commercial Bank",
}
SCENARIO = """
[scenario]
name = "later"
book = "book.csv"
opening = "opening.csv"
lender = "{lender}"
start = {start}
end = {end}
facilities = ["cerf"]
[market]
own_rate = 0.02
"""


def later_rows(path: Path, first_day: str) -> str:
    """A derived book without the loans disbursed before a day."""
    lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    top = next(i for i, line in enumerate(lines) if line.startswith("loan_id"))
    rows = list(csv.reader(lines[top:]))
    at = rows[0].index("disbursed*")
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([rows[0], *(r for r in rows[1:] if r[at] >= first_day)])
    return "".join(lines[:top]) + out.getvalue()


@pytest.mark.parametrize("name", BANKS)
def test_a_statement_is_printed_again_from_its_own_quarter_and_what_was_disclosed_before(
    name: str, tmp_path: Path
) -> None:
    quarter = next(r["period"] for r in FACTS if r["bank"] == BANKS[name] and r["horizon"] == "year_to_date")
    facts = {HORIZON[r["horizon"]]: r for r in FACTS if (r["bank"], r["period"]) == (BANKS[name], quarter)}
    q = parse_quarter(quarter)
    whole = rl.run(f"statements/{name}")
    rl.opening_from(whole, quarter_text(q - 1)).to_csv(tmp_path / "opening.csv", index=False)
    start, end = iso(int(quarter_start(q))), iso(int(quarter_end(q)))
    book = later_rows(ROOT / "books" / f"{name}.csv", start)
    (tmp_path / "book.csv").write_text(book, encoding="utf-8")
    lender = name.partition("-")[0]
    (tmp_path / "s.toml").write_text(SCENARIO.format(lender=lender, start=start, end=end), encoding="utf-8")
    later = rl.run(tmp_path / "s.toml")
    assert 0 < len(later.tables["loans"]) < len(whole.tables["loans"])
    table = later.tables["disclosure"]
    for horizon, row in facts.items():
        mine = table[table["horizon"].eq(horizon) & table["code"].eq("total") & table["quarter"].eq(quarter)]
        cell = mine.iloc[0]
        printed = {
            "projects": Decimal(int(cell["projects"])),
            "loan_wan_yuan": Decimal(int(cell["amount_fen"])) / 1_000_000,
            "rate_pct": Decimal(int(cell["weighted_rate_e8"])) / 1_000_000,
            "reduction_tCO2e": Decimal(int(cell["reduction_g"])) / 1_000_000,
        }
        for column, value in printed.items():
            digits = Decimal(1).scaleb(int(Decimal(row[column]).as_tuple().exponent))
            assert value.quantize(digits, "ROUND_HALF_UP") == Decimal(row[column]), (horizon, column)
