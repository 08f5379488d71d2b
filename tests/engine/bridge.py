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
    "next_reprice": DATE,
    "extended_to": DATE,
    "ineligible_from": DATE,
    "contract_limit_fen": INT,
    "syndicate_total_fen": INT,
    "syndicate_share_ppm": INT,
    "planned": INT,
    "data_error": BOOL,
}
# The tables beside the book: name -> its columns, each with its type and the oracle's name of it.
SIDE_COLUMNS: dict[str, dict[str, tuple[pa.DataType, str]]] = {
    "prepayments": {"loan_id": (TEXT, "loan_id"), "date": (DATE, "date"), "amount_fen": (INT, "amount")},
    "applications": {
        "loan_id": (TEXT, "loan_id"),
        "period": (INT, "period"),
        "status": (TEXT, "status"),
        "facility": (TEXT, "facility"),
        "applied_on": (DATE, "applied_on"),
        "applied_amount_fen": (INT, "applied_amount"),
        "funded_on": (DATE, "funded_on"),
        "funded_amount_fen": (INT, "funded_amount"),
        "rate_ppm": (INT, "rate"),
        "tranche": (TEXT, "tranche"),
    },
    "opening_tranches": {
        "lender": (TEXT, "lender"),
        "facility": (TEXT, "facility"),
        "drawn_on": (DATE, "drawn_on"),
        "due_on": (DATE, "due_on"),
        "principal_fen": (INT, "principal"),
        "rate_ppm": (INT, "rate"),
        "rollovers_used": (INT, "rollovers_used"),
        "tranche": (TEXT, "tranche"),
    },
    "opening": {
        "lender": (TEXT, "lender"),
        "facility": (TEXT, "facility"),
        "code": (TEXT, "code"),
        "horizon": (TEXT, "horizon"),
        "through": (INT, "through"),
        "projects": (INT, "projects"),
        "amount_fen": (INT, "amount"),
        "weighted_rate_e8": (INT, "weighted_rate"),
        "reduction_g": (INT, "reduction"),
        "project_ids": (TEXT, "project_ids"),
    },
    "schedule": {"loan_id": (TEXT, "loan_id"), "date": (DATE, "date"), "principal_fen": (INT, "principal")},
    "balances": {"loan_id": (TEXT, "loan_id"), "date": (DATE, "date"), "outstanding_fen": (INT, "outstanding")},
    "revisions": {
        "project_id": (TEXT, "project_id"),
        "from": (DATE, "since"),
        "investment_fen": (INT, "investment"),
        "reduction_g": (INT, "reduction"),
        "evidence": (TEXT, "evidence"),
        "reason": (TEXT, "reason"),
    },
    "other_loans": {
        "project_id": (TEXT, "project_id"),
        "project_code": (TEXT, "project_code"),
        "lender": (TEXT, "lender"),
        "loan_id": (TEXT, "loan_id"),
        "disbursed": (DATE, "disbursed"),
        "principal_fen": (INT, "principal"),
    },
}


def frame(table: dict[str, Sequence[Any]], types: dict[str, pa.DataType]) -> pd.DataFrame:
    """An Arrow-backed frame."""
    held = {n: [int(x) if isinstance(x, bool) and types[n] == INT else x for x in v] for n, v in table.items()}
    return pa.table({n: pa.array(v, types[n]) for n, v in held.items()}).to_pandas(types_mapper=pd.ArrowDtype)


def loan_frame(loans: Sequence[Any], row_errors: Iterable[int] = ()) -> pd.DataFrame:
    """The loan frame of oracle loans; ``row_errors`` are positions whose row has an error of its own."""
    wrong = set(row_errors)
    rename = {
        "principal_fen": "principal",
        "rate_ppm": "rate",
        "rate_now_ppm": "rate_now",
        "project_investment_fen": "investment",
        "project_reduction_g": "reduction",
        "loan_reduction_reported_g": "reduction_reported",
        "contract_limit_fen": "contract_limit",
        "syndicate_total_fen": "syndicate_total",
        "syndicate_share_ppm": "syndicate_share",
    }
    given: dict[str, list[Any]] = {}
    for name in LOAN_COLUMNS:
        given[name] = [getattr(loan, rename.get(name, name), None) for loan in loans]
    given["file"] = ["book.csv"] * len(loans)
    given["row"] = list(range(2, len(loans) + 2))
    given["planned"] = [int(planned or 0) for planned in given["planned"]]
    given["data_error"] = [loan.data_error or i in wrong for i, loan in enumerate(loans)]
    return frame(given, LOAN_COLUMNS)


def side_frame(name: str, given: Sequence[Any]) -> pd.DataFrame:
    """The step frame of a table beside the book, from the oracle's rows."""
    types = {"file": TEXT, "sheet": TEXT, "row": INT}
    table: dict[str, Sequence[Any]] = {
        "file": [f"{name}.csv"] * len(given),
        "sheet": [None] * len(given),
        "row": range(2, len(given) + 2),
    }
    for column, (kind, attribute) in SIDE_COLUMNS[name].items():
        values = [getattr(one, attribute, None) for one in given]
        values = [None if v == "" else v for v in values]
        table[column] = [period_number(v) for v in values] if column in ("period", "through") else values
        types[column] = kind
    return frame(table, types)


def period_number(text: str) -> int:
    """A quarter as year * 4 + 0..3, a month as minus (year * 12 + 0..11).

    >>> period_number("2024Q2"), period_number("2024-02")
    (8097, -24289)
    """
    if "Q" in text:
        year, quarter = text.split("Q")
        return int(year) * 4 + int(quarter) - 1
    year, month = text.split("-")
    return -(int(year) * 12 + int(month) - 1)


def prepayment_frame(prepayments: Sequence[Any]) -> pd.DataFrame:
    """The prepayment frame of oracle prepayments."""
    return side_frame("prepayments", prepayments)


def side_frames(prepayments: Sequence[Any], side: Any) -> dict[str, pd.DataFrame]:
    """Every table beside the book that is given: the applications even without rows, the others with some."""
    frames = {"prepayments": prepayment_frame(prepayments)}
    for name in SIDE_COLUMNS:
        given = getattr(side, name, None)
        if given or (name == "applications" and given is not None):
            frames[name] = side_frame(name, given)
    return frames


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
        rate_basis=scenario.rate_basis,
        simulate_from=scenario.simulate_from,
        ineligible=scenario.ineligible,
        claim=scenario.claim,
        loan_rates=scenario.loan_rates,
        lpr_shift_bp=scenario.lpr_shift_bp,
        lpr_shift_from=scenario.lpr_shift_from.toordinal() - dt.date(1970, 1, 1).toordinal(),
        reference_rate={"": dated("reference_rate", scenario.reference_rate)} if scenario.reference_rate else {},
        collateral_cost={"": dated("collateral_cost", scenario.collateral_cost)} if scenario.collateral_cost else {},
        earning_assets=dated("earning_assets", scenario.earning_assets) if scenario.earning_assets else None,
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


UNCLAIMED = "part_funded_unclaimed"
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
            if max(abs(w.get("share") or 0), abs(w.get("reduction") or 0)) >= 10**18:
                w["share"] = w["reduction"] = None  # nor does it tell a share or a reduction of more
            if abs(w.get("subsidy_per_tonne") or 0) >= 10**18:
                w["subsidy_per_tonne"] = None  # the engine leaves out a figure of more than 18 digits
            wrong = {k: (g.get(k), w.get(k)) for k in {*g, *w} if g.get(k) != w.get(k)}
            if wrong:
                out.append(f"{name}[{i}] {w}: {wrong}")
    return out + _beside(tables, expected)


def _beside(tables: Tables, expected: Any) -> list[str]:
    """What is there only when there is something to say: loans no longer eligible, restated, part-funded."""
    out = []
    for name, columns in (("ineligible", ("loan_id",)), ("restatement", None), ("part_funded", None)):
        table = getattr(tables, name, None)
        got = [] if table is None else rows(table)
        want = [{k: plain(v) for k, v in row.items()} for row in getattr(expected, name)]
        if columns:
            got = [{k: row[k] for k in columns} for row in got]
        if got != want:
            out.append(f"{name}: {got}, expected {want}")
    said, wanted = tables.findings.codes().get(UNCLAIMED, 0), expected.findings.count((UNCLAIMED, ""))
    return out if said == wanted else [*out, f"{UNCLAIMED}: {said}, expected {wanted}"]


__all__ = ["ALWAYS", "context", "differences", "loan_frame", "oracle", "prepayment_frame", "side_frames"]
