"""Random books of supported loans, runs over them, and the disclosure counted in plain Python from its definition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

from relending.book.columns import frame_columns
from relending.dates import parse_quarter, quarter_of, quarter_text, to_day
from relending.engine.context import Context, launch_day
from relending.engine.pipeline import Tables, run_blocks
from relending.policy import ALWAYS, facility, lenders, lpr, sectors
from tests.engine.bridge import DATE, INT, LOAN_COLUMNS, TEXT, dated, frame

FIRST, LAST = parse_quarter("2021Q3"), parse_quarter("2023Q4")
KINDS = {"string": TEXT, "int64": INT, "date32": DATE, "bool": pa.bool_()}
SECTORS = ("wind", "solar", "ccus", "industrial_efficiency", "coal_mining", "coal_power")
HORIZONS = ("quarter", "year", "since_start")
CAPITAL = 10**15
"""Fen of a project's investment: no loan of these tests comes near it, so none is set aside."""


@dataclass(frozen=True)
class Lent:
    """A loan of a test."""

    lender: str
    project: str
    sector: str
    principal: int
    rate: int
    disbursed: dt.date
    ineligible: dt.date | None = None

    @property
    def facility(self) -> str:
        return "clean_coal" if self.sector.startswith("coal") else "cerf"


def run_context(first: int = FIRST, ineligible: str = "listed") -> Context:
    """Two facilities and a horizon that ends with LAST."""
    rate = {"": dated("own_rate", [(ALWAYS, 20_000)])}
    both = (facility("cerf"), facility("clean_coal"))
    return Context(both, lenders(), lpr(), rate, first, LAST, ineligible=ineligible)


def loan_frames(loans: Sequence[Lent], cut: int = 0) -> list[pd.DataFrame]:
    """The loans as frames of blocks of ``cut`` rows (0: one block); loan n has the id Ln."""
    rows = [
        {
            "file": "book.csv",
            "row": i + 2,
            "loan_id": f"L{i}",
            "lender": one.lender,
            "project_id": one.project,
            "sector": one.sector,
            "purpose": "project",
            "issue_type": "new",
            "principal_fen": one.principal,
            "rate_ppm": one.rate,
            "disbursed": one.disbursed,
            "matures": dt.date(2035, 1, 5),
            "repayment": "bullet",
            "payments_per_year": 4,
            "project_investment_fen": CAPITAL,
            "project_reduction_g": 10**13,
            "evidence": "feasibility_study",
            "ineligible_from": one.ineligible,
            "data_error": False,
            "planned": False,
        }
        for i, one in enumerate(loans)
    ]
    kinds = {**LOAN_COLUMNS, "ineligible_from": DATE}
    size = cut or max(len(rows), 1)
    parts = [rows[i : i + size] for i in range(0, len(rows), size)]
    return [frame({name: [row.get(name) for row in part] for name in kinds}, kinds) for part in parts]


def opening_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The step frame ``opening`` of rows that name what they give."""
    kinds = {name: KINDS[kind] for name, kind in frame_columns("opening").items()}
    given = [{"file": "opening.csv", "row": i + 2, **row} for i, row in enumerate(rows)]
    return frame({name: [row.get(name) for row in given] for name in kinds}, kinds)


def disclosed(
    loans: Sequence[Lent],
    opening: pd.DataFrame | None = None,
    first: int = FIRST,
    ineligible: str = "listed",
    cut: int = 0,
) -> Tables:
    """The tables of a run."""
    side = {} if opening is None else {"opening": opening}
    return run_blocks(loan_frames(loans, cut), side, run_context(first, ineligible))


@dataclass(frozen=True)
class Saved:
    """A run as ``opening_from`` reads one."""

    tables: Mapping[str, pd.DataFrame]
    rules: Context

    def loan_rows(self, table: str, loan_id: str) -> pd.DataFrame:
        raise NotImplementedError

    def context(self) -> Context:
        return self.rules


def saved(tables: Tables, context: Context, opening: pd.DataFrame | None = None) -> Saved:
    """A run in memory, with its opening as a run folder keeps it."""
    held = {"attribution": tables.attribution, "disclosure": tables.disclosure}
    if tables.ineligible is not None:
        held["ineligible"] = tables.ineligible
    if opening is not None:
        texts = pd.array([quarter_text(q) for q in opening["through"]], pd.ArrowDtype(pa.string()))
        held["opening"] = opening.assign(through=texts)
    return Saved(held, context)


Cell = tuple[str, str, str, str, str]
"""Lender, facility, quarter, horizon, code."""


def cells(table: pd.DataFrame) -> dict[Cell, tuple[int, int, int | None, int]]:
    """The disclosure by cell: projects, fen, rate scaled 10**8, grams."""
    return {
        (r.lender, r.facility, r.quarter, r.horizon, r.code): (
            int(r.projects),
            int(r.amount_fen),
            None if pd.isna(r.weighted_rate_e8) else int(r.weighted_rate_e8),
            int(r.reduction_g),
        )
        for r in table.itertuples(index=False)
    }


def reduction_of(principal: int) -> int:
    """Half-even grams of a loan's part of its project."""
    return round(Fraction(10**13 * principal, CAPITAL))


def disclosed_in(one: Lent) -> int:
    """The quarter a loan is disclosed in."""
    return int(quarter_of(max(to_day(one.disbursed), launch_day(facility(one.facility)))))


def leaves(one: Lent) -> int | None:
    """The quarter a loan leaves in where disclosures are restated."""
    if one.ineligible is None or quarter_of(to_day(one.ineligible)) > LAST:
        return None
    return max(int(quarter_of(to_day(one.ineligible))), disclosed_in(one))


def codes_of(one: Lent) -> tuple[str, str, str]:
    """The codes a loan counts under."""
    return "total", sectors()[one.sector].field, one.sector


@dataclass(frozen=True)
class Opening:
    """Opening figures of one lender, facility, horizon and code in the plain count."""

    through: int
    projects: int
    amount: int
    rate_e8: int
    reduction: int
    ids: frozenset[str] | None


Place = tuple[str, str, str, str]
"""Lender, facility, horizon, code."""


def counted(
    loans: Sequence[Lent],
    supported: Sequence[bool],
    table: pd.DataFrame,
    restated: bool,
    opening: Mapping[Place, Opening] | None = None,
) -> dict[Cell, tuple[int, int, int | None, int]]:
    """Every cell of a disclosure table from the definition of its horizon, loan by loan."""
    begins = opening or {}
    out: dict[Cell, tuple[int, int, int | None, int]] = {}
    for who, name, quarter, horizon, code in cells(table):
        q = parse_quarter(quarter)
        since = {"quarter": q, "year": q // 4 * 4, "since_start": 0}[horizon]
        # what a horizon begins with is known for all codes of it at once
        through = next((o.through for (w, f, h, _), o in begins.items() if (w, f, h) == (who, name, horizon)), -1)
        if horizon == "year" and through // 4 != q // 4:
            through = -1
        own = [
            one
            for one, yes in zip(loans, supported, strict=True)
            if yes
            and one.lender == who
            and one.facility == name
            and code in codes_of(one)
            and max(since, through + 1) <= disclosed_in(one) <= q
            and not (restated and (gone := leaves(one)) is not None and gone <= q)
        ]
        start = begins.get((who, name, horizon, code)) if through >= 0 else None
        ids = frozenset[str]() if start is None or start.ids is None else start.ids
        amount = sum(one.principal for one in own) + (start.amount if start else 0)
        weight = sum(one.principal * one.rate * 100 for one in own)
        weight += start.amount * start.rate_e8 if start else 0
        out[who, name, quarter, horizon, code] = (
            len({one.project for one in own} - ids) + (start.projects if start else 0),
            amount,
            round(Fraction(weight, amount)) if amount else None,
            sum(reduction_of(one.principal) for one in own) + (start.reduction if start else 0),
        )
    return out


def supported_flags(loans: Sequence[Lent], tables: Tables) -> list[bool]:
    """Which loans a run supports."""
    assert len(loans) == len(tables.attribution)
    return [bool(x) for x in tables.attribution["supported"]]


DAYS = st.dates(dt.date(2021, 7, 1), dt.date(2023, 12, 31))


@st.composite
def books(draw: st.DrawFn, ineligible: bool = False, one_rate: bool = False) -> list[Lent]:
    """Loans of two lenders to a handful of projects."""
    lost = st.none() | st.dates(dt.date(2021, 10, 1), dt.date(2024, 3, 31)) if ineligible else st.none()
    rate = st.just(30_000) if one_rate else st.integers(20_000, 36_000)
    made = st.builds(
        Lent,
        lender=st.sampled_from(["icbc", "boc"]),
        project=st.sampled_from([f"P{i}" for i in range(4)]),
        sector=st.sampled_from(SECTORS),
        principal=st.integers(10**9, 10**12),
        rate=rate,
        disbursed=DAYS,
        ineligible=lost,
    )
    return draw(st.lists(made, min_size=1, max_size=12) | st.lists(made, min_size=12, max_size=30))
