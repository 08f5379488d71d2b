"""Published against reproduced: each published figure beside the same cell of a run, at the digits that were printed.

The figures of loans are read off the disclosure table, those of the facility off the ledger. A cell is rounded once,
half-up as in print, to the decimals and the unit of the published figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from relending.audit.published import OF_LOANS, Figure
from relending.dates import quarter_end, quarter_text, to_date
from relending.engine.ledger import SIGN
from relending.findings import Findings, InputError
from relending.units import E8, PPM

if TYPE_CHECKING:
    import datetime as dt

COLUMNS = {
    "projects": "projects",
    "amount": "amount_fen",
    "weighted_rate": "weighted_rate_e8",
    "reduction": "reduction_g",
}
"""The column of the disclosure table that holds a measure."""
NOT_ADDED = ("projects", "weighted_rate")
"""Measures that cannot be added up over lenders: two may lend to one project, and a rate is a mean."""


def compare(scenario: str, figures: Sequence[Figure], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a figure, in the order given.

    Parameters
    ----------
    scenario : name of the scenario, for the first column
    figures : as :func:`relending.audit.read_published` gives them
    tables : step frames of the run; read are ``disclosure``, ``ledger``, ``funding``

    Columns (texts but ``on``, a date, and ``row``): scenario, lender, facility, quarter, horizon, code, measure, unit,
    on, bound, role, published, reproduced (empty where the run has nothing to weigh), difference (reproduced less
    published, at the printed digits), outcome, source, grade, note, file, row. ``outcome`` is ``input`` for a figure
    the run was made from; ``equal`` or ``differs`` for an exact or implied one; ``holds`` or ``fails`` for more_than,
    judged by the figure that is not rounded; ``compared`` for about and nearly, which prove little (``fails`` where a
    nearly is passed).

    InputError where a lender is not in the run, or a count or a rate of several lenders together is asked for.
    """
    cells = _Cells(tables)
    problems = [said for figure in figures if (said := cells.problem(figure))]
    if problems:
        raise InputError(Findings.concat(problems))
    rows = [{"scenario": scenario, **_row(figure, cells.value(figure))} for figure in figures]
    arrays = [pa.array([row[name] for row in rows], _KINDS.get(name, pa.string())) for name in _COLUMNS]
    return pa.table(arrays, list(_COLUMNS)).to_pandas(types_mapper=pd.ArrowDtype)


_KINDS = {"on": pa.date32(), "row": pa.int64()}
_COLUMNS = (
    *("scenario", "lender", "facility", "quarter", "horizon", "code", "measure", "unit", "on", "bound", "role"),
    *("published", "reproduced", "difference", "outcome", "source", "grade", "note", "file", "row"),
)


class _Cells:
    """The cells of a run, looked up one by one."""

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        self.lenders = sorted(set(tables["funding"]["lender"].dropna()))
        disclosure = tables["disclosure"]
        keys = ["lender", "facility", "quarter", "horizon", "code"]
        self.disclosed = disclosure.set_index(keys)[list(COLUMNS.values())]
        ledger = tables["ledger"]
        moves = ledger[ledger["event"].isin(list(SIGN))]
        self.moves = [
            (lender, facility, date, event, int(amount))
            for lender, facility, date, event, amount in zip(
                *(moves[c].tolist() for c in ("lender", "facility", "date", "event", "amount_fen")), strict=True
            )
        ]

    def problem(self, figure: Figure) -> Findings | None:
        """Why the run has no cell for a figure, if it has none."""
        at: dict[str, Any] = {"file": figure.file, "row": figure.row, "column": "lender"}
        if figure.lender and figure.lender not in self.lenders:
            return Findings.one("published_outside", **at, found=figure.lender, expected=", ".join(self.lenders[:20]))
        if not figure.lender and figure.measure in NOT_ADDED and len(self.lenders) > 1:
            return Findings.one("published_bad_value", **at, expected=", ".join(self.lenders[:20]))
        return None

    def value(self, figure: Figure) -> Decimal | None:
        """What the run has for a figure, in the figure's unit, not rounded; None where there is nothing to weigh."""
        if figure.measure in OF_LOANS:
            whole = self._disclosed(figure)
            if whole is not None and figure.measure == "weighted_rate":
                return Decimal(whole) / (E8 // PPM) / figure.scale
        else:
            whole = self._moved(figure)
        return None if whole is None else Decimal(whole) / figure.scale

    def _disclosed(self, figure: Figure) -> int | None:
        lenders = [figure.lender] if figure.lender else self.lenders
        column = COLUMNS[figure.measure]
        found = [
            self.disclosed.at[(who, figure.facility, quarter_text(figure.quarter), figure.horizon, figure.code), column]
            for who in lenders
        ]
        there = [int(v) for v in found if not pd.isna(v)]
        return sum(there) if there else None

    def _moved(self, figure: Figure) -> int:
        """Draws of the horizon up to the figure's day, the balance on it, or what it moved by in the year."""
        end = to_date(figure.on)
        starts = {"quarter": figure.quarter - 1, "year": figure.quarter // 4 * 4 - 1}
        before = to_date(int(quarter_end(starts[figure.horizon]))) if figure.horizon in starts else None
        if figure.measure == "drawn":
            return self._sum(figure, before, end, ("draw",))
        return self._sum(figure, before if figure.measure == "balance_change" else None, end, tuple(SIGN))

    def _sum(self, figure: Figure, after: dt.date | None, until: dt.date, events: Sequence[str]) -> int:
        return sum(
            SIGN[event] * amount
            for lender, facility, date, event, amount in self.moves
            if facility == figure.facility
            and (not figure.lender or lender == figure.lender)
            and event in events
            and date <= until
            and (after is None or date > after)
        )


def _row(figure: Figure, exact: Decimal | None) -> dict[str, Any]:
    step = Decimal(1).scaleb(-figure.decimals)
    printed = None if exact is None else exact.quantize(step, ROUND_HALF_UP) + 0  # no minus before a nought
    return {
        "lender": figure.lender or None,
        "facility": figure.facility,
        "quarter": quarter_text(figure.quarter),
        "on": to_date(figure.on),
        **{n: getattr(figure, n) for n in ("horizon", "code", "measure", "unit", "bound", "role")},
        "published": f"{figure.value:f}",
        "reproduced": None if printed is None else f"{printed:f}",
        "difference": None if printed is None else f"{printed - figure.value:f}",
        "outcome": _outcome(figure, exact, printed),
        **{n: getattr(figure, n) or None for n in ("source", "grade", "note", "file")},
        "row": figure.row,
    }


def _outcome(figure: Figure, exact: Decimal | None, printed: Decimal | None) -> str:
    if figure.role == "input":
        return "input"
    if exact is None:
        return "differs"
    if figure.bound in ("exact", "implied"):
        return "equal" if printed == figure.value else "differs"
    if figure.bound == "more_than":
        return "holds" if exact > figure.value else "fails"
    if figure.bound == "nearly" and exact > figure.value:
        return "fails"
    return "compared"
