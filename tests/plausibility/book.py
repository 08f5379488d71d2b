"""Loans for the tests of plausibility: one clean rooftop project, and what to change of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from relending.dates import quarter_of, to_day
from relending.engine.context import Context
from relending.engine.prepare import prepare
from relending.findings import Findings
from relending.policy import facility, lenders, lpr
from tests.engine.bridge import LOAN_COLUMNS, frame

CODES = {
    "tonnes_per_10k_unusual",
    "tonnes_per_mwh_unusual",
    "storage_reduction_unusual",
    "hours_unusual",
    "hours_impossible",
    "unit_cost_unusual",
    "share_high",
    "rate_below_facility",
    "unit_slip_suspected",
    "project_two_ids",
    "project_two_codes",
    "project_two_facilities",
}
T, WAN, MWH, MW = 10**6, 10**6, 10**3, 10**3
"""Grams in a tonne, fen in 10,000 yuan, kWh in a MWh, kW in a MW."""


def loan(**change: Any) -> dict[str, Any]:
    """A loan of a 10 MW plant: 40 m yuan, 12,000 MWh, 9,600 t: 2.4 t/10k yuan, 0.8 t/MWh, 1,200 h, 4,000 yuan/kW."""
    return {
        "project_id": "P1",
        "sector": "solar",
        "lender": "icbc",
        "purpose": "project",
        "issue_type": "new",
        "principal_fen": 100 * WAN,
        "rate_ppm": 38_000,
        "disbursed": dt.date(2022, 3, 1),
        "matures": dt.date(2032, 3, 1),
        "repayment": "bullet",
        "payments_per_year": 4,
        "project_investment_fen": 4000 * WAN,
        "project_reduction_g": 9600 * T,
        "output_kwh": 12_000 * MWH,
        "capacity_kw": 10 * MW,
        "evidence": "feasibility_study",
        "data_error": False,
        **change,
    }


def frames(loans: Sequence[Mapping[str, Any]], cut: int = 0) -> list[pd.DataFrame]:
    """The loans as the frames of blocks of ``cut`` rows (0: one block); row n of the book is loan L(n)."""
    rows = [{"file": "book.csv", "row": i + 2, "loan_id": f"L{i + 1}", **one} for i, one in enumerate(loans)]
    size = cut or len(rows)
    return [
        frame({name: [row.get(name) for row in rows[start : start + size]] for name in LOAN_COLUMNS}, LOAN_COLUMNS)
        for start in range(0, len(rows), size)
    ]


def context() -> Context:
    """Both facilities, 2021Q3 to 2026Q4."""
    first, last = (int(quarter_of(to_day(d))) for d in (dt.date(2021, 7, 1), dt.date(2026, 12, 31)))
    return Context((facility("cerf"), facility("clean_coal")), lenders(), lpr(), {}, first, last)


def findings(loans: Sequence[Mapping[str, Any]], cut: int = 0) -> Findings:
    """Every finding about the loans up to screening."""
    return Findings.concat(prepare(frames(loans, cut), {}, context()).findings)


def said(loans: Iterable[Mapping[str, Any]], cut: int = 0) -> list[tuple[str, str]]:
    """Code and loan of every warning of plausibility."""
    return [(r.code, r.loan) for r in told(list(loans), cut)]


def told(loans: Sequence[Mapping[str, Any]], cut: int = 0) -> list[Any]:
    """The warnings of plausibility as rows of the findings' frame."""
    table = findings(loans, cut).frame()
    return [r for r in table.itertuples(index=False) if r.code in CODES]
