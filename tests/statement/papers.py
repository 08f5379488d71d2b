"""Work papers of shipped runs, written once a session, and what stands in them."""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

import relending as rl
from relending.dates import parse_quarter
from relending.lineage.disclosed import Disclosed, Disclosures
from relending.statement.paper import write_paper
from relending.statement.paper_cells import HEADS
from relending.statement.paper_layout import COLUMNS
from relending.statement.printed import options_of
from relending.statement.statement import Reason, Statement, make_statement
from relending.statement.words import word


@dataclass(frozen=True)
class Case:
    """One statement of a shipped scenario; ``changes`` are overrides as ``key=value``."""

    scenario: str
    lender: str
    facility: str
    quarter: str
    lang: str = "zh"
    changes: tuple[tuple[str, Any], ...] = ()
    unit: str = "wan_yuan"

    def __str__(self) -> str:
        more = "".join(f"-{value}" for _, value in self.changes)
        return f"{self.scenario}-{self.facility}-{self.quarter}-{self.lang}{more}"


CASES = (
    Case("demo", "demo", "cerf", "2021Q4"),
    Case("demo", "demo", "cerf", "2024Q1", "en"),
    Case("demo", "demo", "cerf", "2024Q4", unit="yi_yuan"),
    Case("demo", "demo", "cerf", "2025Q4", changes=(("disclosure.rate_basis", "current"),)),
    Case("demo", "demo", "cerf", "2026Q3"),
    Case("demo", "demo", "clean_coal", "2022Q1"),
    Case("demo", "demo_city", "cerf", "2021Q4"),
    Case("ledger", "demo_bank", "cerf", "2024Q1"),
    Case("ledger", "demo_bank", "cerf", "2024Q2"),
    Case("ledger", "demo_bank", "cerf", "2025Q2", changes=(("disclosure.ineligible", "restated"),)),
    Case("ledger", "demo_bank", "cerf", "2024Q2", changes=(("disclosure.claim", "funded"),)),
    Case("statements/icbc-2023", "icbc", "cerf", "2023Q2"),
)


class Kept:
    """A run whose tables are not its own any more."""

    def __init__(self, run: Any, **tables: pd.DataFrame) -> None:
        self.tables, self.manifest, self.context = {**run.tables, **tables}, run.manifest, run.context


@cache
def run_of(scenario: str, changes: tuple[tuple[str, Any], ...] = ()) -> Any:
    return rl.run(rl.load_scenario(scenario, dict(changes)))


def found_of(case: Case, run: Any = None) -> Disclosed:
    run = run_of(case.scenario, case.changes) if run is None else run
    return Disclosures(run).of(case.lender, case.facility, parse_quarter(case.quarter))


def statement_of(case: Case, run: Any = None) -> Statement:
    run = run_of(case.scenario, case.changes) if run is None else run
    reasons = (Reason("simulated", 3),)
    return make_statement(
        run, found_of(case, run), options_of(run.manifest).but(amount_unit=case.unit), reasons=reasons
    )


def write(case: Case, path: Path, run: Any = None, **more: Any) -> Path:
    run = run_of(case.scenario, case.changes) if run is None else run
    write_paper(run, found_of(case, run), statement_of(case, run), case.lang, path, **more)
    return path


def changed_ledger(folder: Path, loans: Mapping[str, Mapping[str, str]]) -> Any:
    """A run of the shipped ledger with other texts in its book, by loan and header."""
    place = folder / "ledger"
    with resources.as_file(resources.files("scenarios") / "ledger") as shipped:
        shutil.copytree(shipped, place)
    with (place / "book.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update(loans.get(row["借据编号"], {}))
    with (place / "book.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return rl.run(rl.load_scenario(place / "ledger.toml"))


@cache
def path_of(case: Case) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="relending-paper-"))
    return write(case, folder / "paper.xlsx")


@cache
def values_of(case: Case) -> Any:
    return openpyxl.load_workbook(path_of(case), data_only=True)


@cache
def formulas_of(case: Case) -> Any:
    return openpyxl.load_workbook(path_of(case))


def sheet(book: Any, key: str, lang: str) -> Any:
    return book[word(f"paper_sheet.{key}", lang)]


def grid(one: Any) -> list[list[Any]]:
    return [list(row) for row in one.iter_rows(values_only=True)]


def loan_rows(case: Case) -> dict[int, dict[str, Any]]:
    """The rows of the sheet of loans by their number, by the key of each column."""
    rows = grid(sheet(values_of(case), "loans", case.lang))
    return {i: dict(zip(COLUMNS, row, strict=True)) for i, row in enumerate(rows, 1)}


def index_rows(case: Case) -> Iterator[Mapping[str, Any]]:
    """The rows of the index of cells."""
    rows = grid(sheet(values_of(case), "cells", case.lang))
    for row in rows[3:]:
        told = dict(zip(HEADS, row, strict=False))
        yield {**told, "clauses": dict(zip(rows[2][len(HEADS) :], row[len(HEADS) :], strict=True))}


def rows_named(text: str, lang: str) -> list[int]:
    """The numbers of the rows that a cell of the index names."""
    if text == word("paper.no_rows", lang):
        return []
    out: list[int] = []
    spans = {"zh": r"第(\d+)至(\d+)行", "en": r"rows (\d+)–(\d+)"}[lang]
    single = {"zh": r"第(\d+)行", "en": r"(?:row|brought forward,) (\d+)"}[lang]
    for a, b in re.findall(spans, text):
        out += range(int(a), int(b) + 1)
    for a in re.findall(single, re.sub(spans, "", text)):
        out.append(int(a))
    return out
