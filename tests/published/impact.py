"""Impact reports of other issuers as small books: each printed part a loan, so that a run adds the parts up.

``impact.csv`` has the figures as printed and, starred, what was chosen: the sector code a part is given a row by, and
figures before rounding that print as the report prints them. Where a report says nothing of an amount it is chosen.

Arithmetic knows no unit: one million of a report's currency is put in as 10,000 yuan, so that tonnes per 10,000 yuan
are tonnes per million. What a report states is already its share (or gross, as SMBC and SMFG say), so that each loan
is its project's whole investment. A part without a figure of tonnes is a loan without a study.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import relending as rl

HERE = Path(__file__).resolve().parent
QUARTER = "2022Q1"
WAN = 10_000
SCENARIO = """
[scenario]
name = "{issuer}"
book = "book.csv"
published = "published.csv"
lender = "{issuer}"
start = 2022-01-01
end = 2022-03-31
facilities = ["cerf"]
[lenders.{issuer}]
class = "state"
full_name = {{ zh = "{issuer}", en = "{issuer}" }}
admitted = {{ cerf = 2021-07-01 }}
[market]
own_rate = 0.025
[facility.cerf]
evidence_required = {evidence}
"""


@cache
def rows(issuer: str = "") -> tuple[dict[str, str], ...]:
    """The rows of ``impact.csv``, of one issuer or of all, in its order."""
    with (HERE / "impact.csv").open(encoding="utf-8", newline="") as file:
        return tuple(r for r in csv.DictReader(file) if not issuer or r["issuer"] == issuer)


def parts(issuer: str) -> tuple[dict[str, str], ...]:
    """The parts of a report."""
    return tuple(r for r in rows(issuer) if r["part"] != "total")


def run(folder: Path, issuer: str, *, exact: bool = True, evidence: bool = False) -> Any:
    """The run of one report.

    Parameters
    ----------
    folder : where its book, printed figures and scenario are written
    issuer : id in ``impact.csv``
    exact : put in the figures before rounding, else the printed parts
    evidence : support only loans with a study, as the facility does; else also a part without a figure of tonnes
    """
    _write(folder / "book.csv", [_LOAN, *(_loan(i, r, exact) for i, r in enumerate(parts(issuer), 1))])
    _write(folder / "published.csv", [_FIGURE, *_figures(issuer)])
    text = SCENARIO.format(issuer=issuer, evidence=str(evidence).lower())
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    return rl.run(folder / "scenario.toml")


_LOAN = ["loan_id", "project_id", "sector", "principal", "rate", "disbursed", "matures"]
_LOAN += ["project_investment", "project_reduction", "evidence"]
_FIGURE = ["facility", "quarter", "code", "measure", "value", "unit", "source"]


def _loan(i: int, r: dict[str, str], exact: bool) -> list[str]:
    amount = r["printed_amount"] if r["printed_amount"] and not exact else r["exact_amount*"]
    tonnes = r["exact_tonnes*"] if exact else r["printed_tonnes"]
    yuan = f"{Decimal(amount) * WAN:.2f}"
    chosen = ["0.0300", "2022-02-01", "2032-02-01"]
    return [f"L{i}", f"P{i}", r["code*"], yuan, *chosen, yuan, tonnes, "third_party" if tonnes else ""]


def _figures(issuer: str) -> list[list[str]]:
    """What the report prints of a row: of a code that several parts share, the total alone."""
    codes = [r["code*"] for r in rows(issuer)]
    return [
        ["cerf", QUARTER, r["code*"], measure, r[column], unit, f"{issuer}, {r['title']}, {r['date']}"]
        for r in rows(issuer)
        for measure, column, unit in (("amount", "printed_amount", "万元"), ("reduction", "printed_tonnes", "吨"))
        if r[column] and codes.count(r["code*"]) == 1
    ]


def _write(path: Path, lines: Sequence[Sequence[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    path.write_text(out.getvalue(), encoding="utf-8")


def cells(run: Any) -> Any:
    """The quarter's rows of the disclosure table by code, whole fen and grams."""
    table = run.tables["disclosure"]
    return table[(table["quarter"] == QUARTER) & (table["horizon"] == "quarter")].set_index("code")


def printed(run: Any) -> dict[tuple[str, str], tuple[str, str, str]]:
    """(code, measure) -> what the report printed, what the run prints at the same digits, and the outcome."""
    return {(r.code, r.measure): (r.published, r.reproduced, r.outcome) for r in run.published.itertuples(index=False)}
