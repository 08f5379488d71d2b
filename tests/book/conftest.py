"""A small correct book and a way to spoil one cell of it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relending.book import Book, read_book

GOOD = {
    "loan_id": "L1",
    "lender": "icbc",
    "project_id": "P1",
    "sector": "solar",
    "principal": "100.00",
    "rate": "0.0435",
    "disbursed": "2022-01-05",
    "matures": "2032-01-05",
    "project_investment": "1000.00",
    "project_reduction": "50",
    "evidence": "eia",
}


def write_csv(path: Path, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as f:
        csv.writer(f, lineterminator="\n").writerows(rows)
    return path


@pytest.fixture
def book_of(tmp_path: Path) -> Callable[..., Book]:
    """``book_of({...}, {...})`` reads a CSV book of good loans with these cells changed; a key may be a new column."""

    def make(*changes: dict[str, str], headers: dict[str, str] | None = None, **options: Any) -> Book:
        names = list(dict.fromkeys([*GOOD, *(k for c in changes for k in c)]))
        rows = [[(headers or {}).get(n, n) for n in names]]
        for i, change in enumerate(changes, 1):
            cells = {**GOOD, "loan_id": f"L{i}", **change}
            rows.append([cells.get(n, "") for n in names])
        return read_book(write_csv(tmp_path / "book.csv", rows), **options)

    return make
