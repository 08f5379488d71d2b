"""The next run begins where this one ended 结转下期: opening totals made from a run's own disclosure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from relending.book.columns import columns
from relending.dates import parse_quarter, quarter_text
from relending.engine.opening_totals import (
    KINDS,
    SINCE_START,
    TABLE,
    TOTAL,
    YEAR,
    groups_of,
    split_ids,
    unlisted_too,
)
from relending.lineage.case import Saved
from relending.lineage.disclosed import began_with, disclosed_in, left_in
from relending.policy import Facility

SEPARATOR = "; "
Key = tuple[str, str, str, str]
"""Lender, facility, horizon, code."""


def opening_from(run: Saved, through: str) -> pd.DataFrame:
    """The table ``opening`` that holds what a run disclosed up to a quarter, project ids included.

    Parameters
    ----------
    run : a run in memory or opened (``relending.run``, ``relending.open_run``)
    through : the last quarter the figures hold, such as ``"2024Q4"``; one of the run's

    Returns
    -------
    pandas.DataFrame
        Columns of the column dictionary (``lender … project_ids``); figures as ``Decimal``: written with
        ``frame.to_csv(path, index=False)`` and read as ``opening`` of a scenario nothing is lost. A row for each total,
        each field, and each sector with projects, since the start and, unless ``through`` ends a year, of that year.
        ``weighted_rate`` has the eight decimals that are disclosed. ``project_ids`` is empty where the run does not
        know them all (it began with figures that gave none), or where an id contains what separates ids; parts are
        left out where they do not make up their whole (the run began with totals that had no parts).

    Raises
    ------
    ValueError
        for a text that is no quarter, or a quarter that is none of the run's

    >>> import relending as rl
    >>> table = rl.opening_from(rl.run("demo"), "2023Q4")
    >>> table.loc[0, ["lender", "facility", "code", "horizon", "through"]].tolist(), int(table.loc[0, "projects"])
    (['demo', 'cerf', 'total', 'since_start', '2023Q4'], 24)
    >>> len(table.loc[0, "project_ids"].split("; "))
    24
    """
    quarter = quarter_text(parse_quarter(through))
    shown = run.tables["disclosure"]
    if not shown["quarter"].eq(quarter).any():
        raise ValueError(
            f"{quarter} is none of the run's quarters: {shown['quarter'].min()} … {shown['quarter'].max()}"
        )
    kinds = [SINCE_START] if quarter.endswith("Q4") else [SINCE_START, YEAR]
    ids = _ids(run, parse_quarter(quarter))
    rows = []
    for horizon in kinds:
        here = shown[shown["quarter"].eq(quarter) & shown["horizon"].eq(horizon)]
        for (who, name), cells in here.groupby(["lender", "facility"], sort=False):
            of = {row["code"]: row for row in cells.to_dict("records")}
            for code in _adding_up(of, next(f for f in run.context().facilities if f.id == name)):
                row, rate = of[code], of[code]["weighted_rate_e8"]
                rows.append(
                    {
                        "lender": who,
                        "facility": name,
                        "code": code,
                        "horizon": horizon,
                        "through": quarter,
                        "projects": int(row["projects"]),
                        "amount": _figure(row["amount_fen"], 2),
                        "weighted_rate": None if pd.isna(rate) else _figure(rate, 8),
                        "reduction": _figure(row["reduction_g"], 6),
                        "project_ids": _listed(ids.get((who, name, horizon, code), set()), row["projects"]),
                    }
                )
    return pd.DataFrame(rows, columns=list(columns(TABLE)))


def _adding_up(cells: Mapping[str, dict[str, Any]], rules: Facility) -> list[str]:
    """The codes whose rows can stand together: parts only where they make up their whole.

    They do not where the run itself began with totals that had no parts.
    """

    def complete(whole: str, parts: list[str]) -> bool:
        names = ("amount_fen", "reduction_g")
        return all(sum(int(cells[p][n]) for p in parts) == int(cells[whole][n]) for n in names)

    listed = groups_of(rules)
    out = [TOTAL]
    if unlisted_too(rules) or complete(TOTAL, list(listed)):
        out += listed
        for field, members in listed.items():
            if complete(field, members):
                out += [code for code in members if cells[code]["projects"]]
    order = list(cells)
    return sorted(out, key=order.index)


def _figure(value: int, decimals: int) -> Decimal:
    return Decimal(int(value)).scaleb(-decimals)


def _listed(known: set[str], projects: int) -> str:
    """The ids in one cell; empty where they are not all known, or one of them could not be told from two."""
    text = SEPARATOR.join(sorted(known))
    return text if len(known) == projects and split_ids(text) == sorted(known) else ""


def _ids(run: Saved, last: int) -> dict[Key, set[str]]:
    """The projects counted in each horizon of a quarter, by code: those the run began with, and those of its loans."""
    context, tables = run.context(), run.tables
    loans = tables["attribution"]
    gone = [name for name, since in left_in(tables).items() if since <= last]
    loans = loans[loans["supported"].astype(bool) & ~loans["loan_id"].isin(gone)]
    lenders = sorted(set(tables["disclosure"]["lender"]))
    totals = began_with(tables, lenders, context)
    quarter = disclosed_in(loans, context)
    out: dict[Key, set[str]] = {}
    for horizon in KINDS:
        since = last // 4 * 4 if horizon == YEAR else 0
        counted = (quarter >= since) & (quarter <= last)
        for (lender, f, kind), begins in totals.through.items():
            if kind != horizon:
                continue
            who, facility = lenders[lender], context.facilities[f].id
            counted &= ~(loans["lender"].eq(who) & loans["facility"].eq(facility)).to_numpy(bool) | (quarter > begins)
            for code, one in totals.figures[lender, f, kind].items():
                if begins >= since and one.ids:
                    out[who, facility, horizon, code] = set(one.ids)
        some = loans[counted]
        for level in (None, "field", "sector"):
            named = [c for c in ("lender", "facility", level) if c]
            for key, ids in some[[*named, "project_id"]].drop_duplicates().groupby(named)["project_id"]:
                who, facility, code = (*key, TOTAL)[:3]
                out.setdefault((who, facility, horizon, code), set()).update(ids)
    return out
