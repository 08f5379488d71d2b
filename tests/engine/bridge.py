"""From the oracle's plain loans and scenarios to the engine's frames and context, and the comparison of results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa

from relending.dates import whole_quarters
from relending.engine.context import Context
from relending.engine.pipeline import Tables
from relending.policy import (
    ALWAYS,
    Dated,
    DatedValue,
    Facility,
    Fixing,
    Lpr,
    Membership,
    Pool,
    Quota,
    SectorListing,
    Window,
)
from tests import oracle

TEXT, INT, DATE, BOOL = pa.string(), pa.int64(), pa.date32(), pa.bool_()
LOAN_COLUMNS = {
    "file": TEXT,
    "sheet": TEXT,
    "row": INT,
    "loan_id": TEXT,
    "contract_id": TEXT,
    "lender": TEXT,
    "branch": TEXT,
    "borrower": TEXT,
    "borrower_type": TEXT,
    "project_id": TEXT,
    "project_code": TEXT,
    "project_name": TEXT,
    "publish_name": TEXT,
    "sector": TEXT,
    "purpose": TEXT,
    "issue_type": TEXT,
    "principal_fen": INT,
    "rate_ppm": INT,
    "rate_now_ppm": INT,
    "disbursed": DATE,
    "matures": DATE,
    "repayment": TEXT,
    "payments_per_year": INT,
    "grace_until": DATE,
    "project_investment_fen": INT,
    "project_reduction_g": INT,
    "loan_reduction_reported_g": INT,
    "evidence": TEXT,
    "evidence_doc": TEXT,
    "evidence_by": TEXT,
    "evidence_date": DATE,
    "region": TEXT,
    "capacity_kw": INT,
    "output_kwh": INT,
    "operational": DATE,
    "refinances": TEXT,
    "rate_type": TEXT,
    "lpr_tenor": TEXT,
    "spread_bp": INT,
    "reprice_months": INT,
    "data_error": BOOL,
}


def frame(table: dict[str, Sequence[Any]], types: dict[str, pa.DataType]) -> pd.DataFrame:
    """An Arrow-backed frame."""
    return pa.table({n: pa.array(list(v), types[n]) for n, v in table.items()}).to_pandas(types_mapper=pd.ArrowDtype)


def loan_frame(loans: Sequence[Any], row_errors: Iterable[int] = ()) -> pd.DataFrame:
    """The loan frame of oracle loans; ``row_errors`` are positions whose row has an error of its own."""
    wrong = set(row_errors)
    rename = {
        "principal_fen": "principal",
        "rate_ppm": "rate",
        "project_investment_fen": "investment",
        "project_reduction_g": "reduction",
        "loan_reduction_reported_g": "reduction_reported",
    }
    given: dict[str, list[Any]] = {}
    for name in LOAN_COLUMNS:
        given[name] = [getattr(loan, rename.get(name, name), None) for loan in loans]
    given["file"] = ["book.csv"] * len(loans)
    given["row"] = list(range(2, len(loans) + 2))
    given["data_error"] = [loan.data_error or i in wrong for i, loan in enumerate(loans)]
    return frame(given, LOAN_COLUMNS)


def prepayment_frame(prepayments: Sequence[Any]) -> pd.DataFrame:
    """The prepayment frame of oracle prepayments."""
    types = {"file": TEXT, "sheet": TEXT, "row": INT, "loan_id": TEXT, "date": DATE, "amount_fen": INT}
    return frame(
        {
            "file": ["p.csv"] * len(prepayments),
            "sheet": [None] * len(prepayments),
            "row": range(2, len(prepayments) + 2),
            "loan_id": [p.loan_id for p in prepayments],
            "date": [p.date for p in prepayments],
            "amount_fen": [p.amount for p in prepayments],
        },
        types,
    )


def dated(name: str, values: Iterable[tuple[dt.date, Any]]) -> Dated:
    """Dated values of a test."""
    return Dated(name, tuple(DatedValue(start, value, "test", "assumption", None) for start, value in values))


def _value(value: Any) -> Any:
    kind = type(value).__name__
    if kind == "Window":
        return Window(value.first, value.last)
    if kind == "Quota":
        return Quota(value.kind, tuple(Pool(p.id, _amount(p), tuple(p.sectors)) for p in value.pools))
    return value


def _amount(pool: Any) -> int:
    return int(getattr(pool, "amount_fen", None) or getattr(pool, "amount", 0))


def facility(given: Any, caps: dict[str, int]) -> Facility:
    """The engine's facility of an oracle facility."""
    parameters = {
        name: dated(name, [(start, _value(value)) for start, value in values])
        for name, values in given.values.items()
        if values and values[0][1] is not None
    }
    if "window" not in parameters:
        parameters["window"] = dated("window", [(ALWAYS, Window(dt.date.min, dt.date.max))])
    lenders = tuple(
        Membership(start, tuple(ids), tuple(classes), "test", "assumption", None)
        for start, classes, ids in given.lenders
    )
    sectors = tuple(SectorListing(start, tuple(codes), "test", "assumption", None) for start, codes in given.sectors)
    return Facility(given.id, {"zh": given.id, "en": given.id}, lenders, sectors, parameters, caps)


def context(scenario: Any) -> Context:
    """The engine's context of an oracle scenario."""
    first, last = whole_quarters(scenario.start, scenario.end)
    own = scenario.own_rate if isinstance(scenario.own_rate, dict) else {"": scenario.own_rate}
    return Context(
        facilities=tuple(facility(f, dict(scenario.caps.get(f.id, {}))) for f in scenario.facilities.values()),
        lenders={name: SimpleNamespace(id=name, cls=cls) for name, cls in scenario.lenders.items()},
        lpr=Lpr(tuple(Fixing(d, one, five, "test", "in_force", None) for d, one, five in scenario.lpr)),
        own_rate={name: dated("own_rate", values) for name, values in own.items()},
        first_quarter=first,
        last_quarter=last,
        admitted=scenario.admitted,
    )


def plain(value: Any) -> Any:
    """A value without its container: null as None, dates as dates."""
    if value is None or value is pd.NA or value == "":
        return None
    if isinstance(value, dt.datetime):
        return value.date()
    return value


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A step frame as rows with the oracle's names."""
    suffixes = ("_fen", "_ppm", "_e8", "_e6", "_g")
    names = [next((c.removesuffix(s) for s in suffixes if c.endswith(s)), c) for c in table.columns]
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    columns = [[plain(v) for v in column.to_pylist()] for column in arrow.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


TABLES = ("screening", "attribution", "draws", "ledger", "funding", "disclosure", "cost")


def differences(tables: Tables, expected: Any) -> list[str]:
    """Where engine and oracle differ, as text; empty when they agree."""
    out = []
    for name in TABLES:
        got = rows(getattr(tables, name))
        want = [{k: plain(v) for k, v in row.items()} for row in getattr(expected, name)]
        if len(got) != len(want):
            out.append(f"{name}: {len(got)} rows, expected {len(want)}")
        for i, (g, w) in enumerate(zip(got, want, strict=False)):
            if abs(w.get("subsidy_per_tonne") or 0) >= 10**18:
                w["subsidy_per_tonne"] = None  # the engine leaves out a figure of more than 18 digits
            wrong = {k: (g.get(k), w.get(k)) for k in {*g, *w} if g.get(k) != w.get(k)}
            if wrong:
                out.append(f"{name}[{i}] {w}: {wrong}")
    return out


__all__ = ["ALWAYS", "context", "differences", "loan_frame", "oracle", "prepayment_frame"]
