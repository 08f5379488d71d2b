"""Golden outputs: the values of every shipped scenario, as they stood when a person last agreed with them.

``make golden`` rewrites them and prints what moved; such a change is a commit of its own that says which rule moved
which figure. Values are compared, not bytes. Of the disclosure table only cells that hold something are kept; how many
rows it has is kept beside them. A loan-level table of more than ``MOST_LOANS`` loans is kept as the sum of each column
of figures and a checksum of all its rows: such books are made by rule, and thousands of like rows tell nobody more.
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pandas as pd
import pyarrow as pa

from relending.runfolder import Run

HERE = Path(__file__).parent
LOAN_LEVEL = ("screening", "attribution", "draws")
TABLES = (
    *LOAN_LEVEL,
    "ledger",
    "funding",
    "disclosure",
    "cost",
    "reconciliation",
    "batches",
    "restatement",
    "ineligible",
    "part_funded",
    "published",
)
MOST_LOANS = 200
SUMMARY = "summary.csv"


def kept(name: str, table: pd.DataFrame) -> list[list[str]]:
    """A step frame as texts, header first: integers, ISO dates, empty for null."""
    rows = table[table["projects"] > 0] if name == "disclosure" else table
    if name == "cost":
        rows = rows[rows["loans_outstanding_fen"] > 0]
    arrow = pa.Table.from_pandas(rows, preserve_index=False)
    columns = [["" if v is None else str(v) for v in column.to_pylist()] for column in arrow.columns]
    return [list(table.columns), *(list(row) for row in zip(*columns, strict=True))]


def digest(table: pd.DataFrame, rows: list[list[str]]) -> list[list[str]]:
    """The sum of each column of figures, and a checksum of the rows."""
    sums = [
        [name, str(sum(table[name].dropna().tolist()))] for name in table if str(name).endswith(("_fen", "_ppm", "_g"))
    ]
    whole = "\n".join(",".join(row) for row in rows).encode()
    return [["sum of", "value"], *sums, ["sha256 of the rows", hashlib.sha256(whole).hexdigest()]]


def texts(run: Run) -> dict[str, list[list[str]]]:
    """Every golden table of a run, and the summary of rows and finding codes."""
    there = [name for name in TABLES if name in run.tables]
    out = {name: kept(name, run.tables[name]) for name in there}
    for name in LOAN_LEVEL:
        if len(run.tables["loans"]) > MOST_LOANS:
            out[name] = digest(run.tables[name], out[name])
    counts = [[f"rows of {name}", str(len(run.tables[name]))] for name in there]
    counts += [[f"findings {code}", str(n)] for code, n in run.all_findings.codes().items()]
    return {**out, "summary": [["what", "count"], *counts]}


def folder(scenario: str) -> Path:
    """Where a scenario's golden tables are."""
    return HERE / scenario.replace("/", "-")


def read(scenario: str) -> dict[str, list[list[str]]]:
    """The golden tables of a scenario."""
    return {
        p.stem: list(csv.reader(p.read_text(encoding="utf-8").splitlines()))
        for p in sorted(folder(scenario).glob("*.csv"))
    }


def write(scenario: str, tables: dict[str, list[list[str]]]) -> None:
    """Replace the golden tables of a scenario."""
    folder(scenario).mkdir(exist_ok=True)
    for name, rows in tables.items():
        with (folder(scenario) / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)


def moved(old: dict[str, list[list[str]]], new: dict[str, list[list[str]]]) -> list[str]:
    """Every figure that differs: table, the row's leading texts, column, old value, new value."""
    out = []
    for name in sorted({*old, *new}):
        before, after = old.get(name, []), new.get(name, [])
        if len(before) != len(after):
            out.append(f"{name}: {len(before) - 1} rows before, {len(after) - 1} now")
        header = after[0] if after else []
        for b, a in zip(before, after, strict=False):
            out += [
                f"{name} {' '.join(a[:6])}: {column} {x!r} -> {y!r}"
                for column, x, y in zip(header, b, a, strict=False)
                if x != y
            ]
    return out
