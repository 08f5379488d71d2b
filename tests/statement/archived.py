"""Small books of a bank, run again and again as they change, and what an archive keeps of their statements."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import relending as rl
from relending.dates import parse_quarter
from relending.lineage.disclosed import Disclosed, Disclosures
from relending.statement.archive import Archive
from relending.statement.chain import Chain, compare
from relending.statement.printed import options_of
from relending.statement.record import Record, Rehash, record_of, run_digest
from relending.statement.statement import Statement, make_statement

LENDER, FACILITY = "icbc", "cerf"
SCENARIO = """
[scenario]
name = "bank"
book = "book.csv"
{beside}
lender = "icbc"
start = {start}
end = 2023-12-31
facilities = ["cerf"]
[market]
own_rate = 0.03
{tail}
"""


@dataclass(frozen=True)
class Loan:
    """A row of a book."""

    loan_id: str
    project_id: str = "P1"
    sector: str = "wind"
    principal: str = "1000000"
    rate: str = "0.03"
    disbursed: str = "2022-01-05"
    matures: str = "2030-01-05"
    project_investment: str = "5000000"
    project_reduction: str = "1000.7"
    evidence: str = "eia"
    evidence_doc: str = ""
    ineligible_from: str = ""
    rate_now: str = ""
    publish_name: str = ""

    def but(self, **changes: str) -> Loan:
        return replace(self, **changes)


BOOK = (
    Loan("A1", "P1", "wind", "1000000", "0.031", "2022-01-05"),
    Loan("A2", "P2", "ccus", "700000.07", "0.029", "2022-02-11"),
    Loan("B1", "P1", "solar", "2000000", "0.0333", "2022-05-05"),
    Loan("B2", "P3", "industrial_efficiency", "300000", "0.03", "2022-06-01"),
    Loan("C1", "P4", "wind", "400000", "0.0285", "2022-08-01"),
    Loan("D1", "P2", "ccus", "500000", "0.0301", "2022-11-01"),
    Loan("E1", "P5", "solar", "600000", "0.03", "2023-02-01"),
)
"""Loans of five quarters, 2022Q1 to 2023Q1."""


def swapped(*changed: Loan, without: Sequence[str] = ()) -> list[Loan]:
    """The book with loans changed, added or left out."""
    new = {one.loan_id: one for one in (*BOOK, *changed)}
    return [one for name, one in new.items() if name not in without]


def run_of(
    folder: Path,
    loans: Sequence[Loan] = BOOK,
    beside: Mapping[str, str] | None = None,
    tail: str = "",
    start: str = "2022-01-01",
) -> Any:
    """A run of a book with tables beside it, written into a folder."""
    folder.mkdir(exist_ok=True)
    with (folder / "book.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(Loan.__dataclass_fields__)
        out.writerows([getattr(one, name) for name in Loan.__dataclass_fields__] for one in loans)
    keys = []
    for name, text in (beside or {}).items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        keys.append(f'{name} = "{name}.csv"')
    scenario = SCENARIO.format(beside="\n".join(keys), tail=tail, start=start)
    (folder / "s.toml").write_text(scenario, encoding="utf-8")
    return rl.run(folder / "s.toml")


def stated(run: Any, quarter: str, lender: str = LENDER, **more: Any) -> tuple[Disclosed, Statement]:
    """A quarter's figures and statement."""
    found = Disclosures(run).of(lender, FACILITY, parse_quarter(quarter))
    return found, make_statement(run, found, options_of(run.manifest), **more)


def record(run: Any, quarter: str, lender: str = LENDER, version: int = 1, **more: Any) -> Record:
    """What an archive keeps of a quarter's statement."""
    found, statement = stated(run, quarter, lender, version=version)
    return record_of(found, statement, **{"claim": "", "run": run_digest(run.manifest), **more})


def compared(before: Record | None, run: Any, quarter: str, rehash: Rehash | None = None) -> Chain:
    """A quarter's statement compared with one before it."""
    return compare(before, *stated(run, quarter), rehash)


def differing(loans: Any, horizon: str = "since_start") -> dict[str, str]:
    """The loans that differ in a horizon, each with its kind."""
    some = loans[loans["horizon"].eq(horizon).to_numpy(dtype=bool)]
    return dict(zip(some["loan_id"].tolist(), some["kind"].tolist(), strict=True))


def archive_at(folder: Path, *records: Record) -> Archive:
    """An archive that holds these."""
    archive = Archive(folder)
    for one in records:
        archive.keep(one, {})
    return archive
