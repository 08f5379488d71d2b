"""Books of plain mappings for tests of contracts, shared projects and revisions: loans, and the tables beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from relending.book.columns import frame_columns
from relending.engine.context import Context
from relending.engine.pipeline import Tables, run_blocks
from relending.engine.prepare import Prepared, prepare
from tests.engine.bridge import context as oracle_context
from tests.oracle import cases

M = 10**6 * 100
"""Fen in a million yuan."""
T = 10**6
"""Grams in a tonne."""
D = dt.date
KINDS = {"string": pa.string(), "int64": pa.int64(), "date32": pa.date32(), "bool": pa.bool_()}


def loan(loan_id: str, **given: Any) -> dict[str, Any]:
    """100 m yuan of alpha to wind project P of 1,000 m yuan and 200,000 t, eligible unless told otherwise."""
    return {
        "loan_id": loan_id,
        "lender": "alpha",
        "project_id": "P",
        "sector": "wind",
        "purpose": "project",
        "issue_type": "new",
        "principal_fen": 100 * M,
        "rate_ppm": 40_000,
        "disbursed": D(2022, 2, 10),
        "matures": D(2034, 2, 10),
        "repayment": "bullet",
        "payments_per_year": 4,
        "project_investment_fen": 1000 * M,
        "project_reduction_g": 200_000 * T,
        "evidence": "eia",
        "data_error": False,
        "planned": False,
        **given,
    }


def table(name: str, rows: Sequence[Mapping[str, Any]], file: str = "") -> pd.DataFrame:
    """A step frame of the dictionary; row n of it stands in row n + 2 of its file."""
    columns = frame_columns(name)
    placed = [{"file": file or f"{name}.csv", "row": i + 2, **row} for i, row in enumerate(rows)]
    unknown = {key for row in placed for key in row} - set(columns)
    assert not unknown, unknown
    return pa.table(
        {column: pa.array([row.get(column) for row in placed], KINDS[kind]) for column, kind in columns.items()}
    ).to_pandas(types_mapper=pd.ArrowDtype)


def blocks(loans: Sequence[Mapping[str, Any]], cut: int = 0) -> list[pd.DataFrame]:
    """The loans as blocks of ``cut`` rows (0: one)."""
    whole = table("loans", loans, "book.csv")
    size = cut or len(whole)
    return [whole.iloc[i : i + size].reset_index(drop=True) for i in range(0, len(whole), size)]


def context(**given: Any) -> Context:
    """One plain facility, lenders alpha and beta, to the end of 2026."""
    return oracle_context(cases.scenario(**given))


def beside(**rows: Sequence[Mapping[str, Any]]) -> dict[str, pd.DataFrame]:
    """Tables beside the loans, by name."""
    return {name: table(name, some) for name, some in rows.items()}


def prepared(loans: Sequence[Mapping[str, Any]], cut: int = 0, **rows: Sequence[Mapping[str, Any]]) -> Prepared:
    """The loans checked and screened."""
    return prepare(blocks(loans, cut), beside(**rows), context())


def run(loans: Sequence[Mapping[str, Any]], cut: int = 0, **rows: Sequence[Mapping[str, Any]]) -> Tables:
    """Every table of the run."""
    return run_blocks(blocks(loans, cut), beside(**rows), context())


def set_aside(done: Prepared) -> list[str]:
    """The loans set aside, in input order."""
    return [
        name
        for w in done.works
        for name, error in zip(w.block.loan_id.to_pylist(), w.error.tolist(), strict=True)
        if error
    ]


def told(done: Prepared | Tables, *codes: str) -> list[tuple[Any, ...]]:
    """Code, loan, file:row, column, found and expected of the findings of these codes (without any: of every code)."""
    parts = done.findings if isinstance(done, Tables) else sum(done.findings, start=done.findings[0].only("none"))
    frame = parts.frame()
    return [
        (r.code, r.loan, f"{r.file}:{r.row}", r.column, r.found, r.expected)
        for r in frame.itertuples(index=False)
        if not codes or r.code in codes
    ]
