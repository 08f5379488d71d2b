"""What stands against making a disclosure final 待认可事项: simulated money, errors, loans that should not count.

Each is a row with a loan (or, where a finding has none, the place it points to) and a code, so that whoever takes
responsibility can accept them one by one.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import quarter_end
from relending.engine.columns import Flags, arrow, frame_of, ints, join_frames
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import TOTAL
from relending.lineage.disclosed import Disclosed, Figures
from relending.lineage.whynot import Saved
from relending.policy import Facility, fields, lenders, sectors

SIMULATED, ERRORS, INELIGIBLE, UNCLAIMED, PARTS = "simulated", "errors", "ineligible", "unclaimed", "parts"
"""Kinds of points: money that never came; an error of the input; a loan that was funded though it is not eligible; a
part-funded loan without a claim; what keeps the fields from adding up to the total."""
SIMULATED_CODE, UNCLAIMED_CODE = "simulated_receipt", "part_funded_unclaimed"
INELIGIBLE_CODE, NO_FIELD, OPENING_PARTS = "funded_not_eligible", "sector_not_listed", "opening_sector_missing"
COLUMNS = ("loan_id", "code", "kind", "found")


def _points(loan: pa.Array, code: pa.Array | str, kind: str, found: pa.Array | str) -> pd.DataFrame:
    """Points of one kind as a frame of texts with ``COLUMNS``; a run may have a million simulated loans."""

    def column(value: pa.Array | str) -> pa.Array:
        array = pa.repeat(pa.scalar(value, pa.string()), len(loan)) if isinstance(value, str) else value
        return array.fill_null("")

    return frame_of(dict(zip(COLUMNS, map(column, (loan, code, kind, found)), strict=True)))


def open_points(run: Saved, found: Disclosed) -> pd.DataFrame:
    """The open points of what a lender disclosed: columns ``loan_id, code, kind, found``, each a text.

    - ``simulated``: loans disclosed up to the quarter whose draws are simulated, not recorded;
    - ``errors``: findings of severity error about a loan of the lender disbursed up to the end of the quarter, be it a
      loan whose lender, day or sector cannot be told; loans that only another facility's list names are left out;
    - ``ineligible``: loans that count because money arrived for them, though they are not eligible (``found``: why);
    - ``unclaimed``: part-funded loans, where the scenario does not say what is claimed of them;
    - ``parts``: loans that are in the total and in no field, and opening totals whose fields do not make up the total.
    """
    parts = (_errors, _simulated, _ineligible, _unclaimed, _parts)
    return join_frames([part(run, found) for part in parts])


def _counted(found: Disclosed) -> Flags:
    """The loans that are in any figure of the statement, beside those it began with."""
    return np.logical_or.reduce([found.counted(horizon) for horizon in HORIZONS])


def _ineligible(run: Saved, found: Disclosed) -> pd.DataFrame:
    counted = found.loans[_counted(found)]
    rows = run.tables["screening"].iloc[ints(counted, "place")[0]]
    wrong = ~rows["eligible"].to_numpy(dtype=bool)
    return _points(arrow(counted[wrong], "loan_id"), INELIGIBLE_CODE, INELIGIBLE, arrow(rows[wrong], "reasons"))


def _parts(run: Saved, found: Disclosed) -> pd.DataFrame:
    counted = found.loans[_counted(found)]
    lost = counted[~counted["field"].isin(found.fields).fillna(False).to_numpy(dtype=bool)]
    sector = run.tables["loans"]["sector"].iloc[ints(lost, "place")[0]]
    points = _points(arrow(lost, "loan_id"), NO_FIELD, PARTS, pa.array(sector.fillna("").tolist(), pa.string()))
    for horizon in HORIZONS:
        whole = found.began.get((horizon, TOTAL), Figures())
        fields_begun = [found.began.get((horizon, code), Figures()) for code in found.fields]
        if any(sum(getattr(f, n) for f in fields_begun) != getattr(whole, n) for n in ("amount", "reduction")):
            said = _points(pa.array(["opening"]), OPENING_PARTS, PARTS, horizon)
            points = join_frames([points, said])
    return points


def _simulated(run: Saved, found: Disclosed) -> pd.DataFrame:
    attribution = run.tables["attribution"]
    rows = attribution.iloc[ints(found.loans, "place")[0]]
    basis = rows["basis"].fillna("simulated")  # a run of an earlier version knew nothing else
    some = rows[basis.eq("simulated").to_numpy(dtype=bool)]
    return _points(arrow(some, "loan_id"), SIMULATED_CODE, SIMULATED, arrow(some, "state"))


def _unclaimed(run: Saved, found: Disclosed) -> pd.DataFrame:
    if "part_funded" not in run.tables:
        return _points(pa.array([], pa.string()), UNCLAIMED_CODE, UNCLAIMED, "")
    parts = run.tables["part_funded"]
    mine = parts["loan_id"].isin(found.loans["loan_id"].tolist()) & parts["claim"].isna()
    some = parts[mine.fillna(False).to_numpy(dtype=bool)]
    return _points(arrow(some, "loan_id"), UNCLAIMED_CODE, UNCLAIMED, "")


def _errors(run: Saved, found: Disclosed) -> pd.DataFrame:
    rows = _error_rows(run, found)
    columns = [pa.array([row[i] for row in rows], pa.string()) for i in range(3)]
    return _points(columns[0], columns[1], ERRORS, columns[2])


def _error_rows(run: Saved, found: Disclosed) -> list[tuple[str, str, str]]:
    """Loan (or place), code and what was found of each error that may touch the statement."""
    findings = run.tables["findings"]
    errors = findings[findings["severity"].eq("error").fillna(False).to_numpy(dtype=bool)].reset_index(drop=True)
    if not len(errors):
        return []
    loans, owner = run.tables["loans"], run.tables["attribution"]["lender"]
    ids = set(errors["loan"].tolist()) - {""}
    places = set(
        zip(*(errors[n].fillna(0 if n == "row" else "").tolist() for n in ("file", "sheet", "row")), strict=True)
    )
    rows = set(errors["row"].dropna().tolist())
    near = loans["loan_id"].isin(ids) | loans["row"].isin(rows)
    at = np.flatnonzero(near.fillna(False).to_numpy(dtype=bool))
    some = loans.iloc[at]
    known = {*lenders(), *run.manifest["scenario"]["lenders"]}
    touched = _touched(some, owner.iloc[at], found, known)
    by_place: dict[tuple[str, str, int], bool] = {}
    by_loan: dict[str, bool] = {}
    for key, loan, hit in zip(_places(some), some["loan_id"].fillna("").tolist(), touched.tolist(), strict=True):
        if key in places:
            by_place[key] = hit
        by_loan[loan] = by_loan.get(loan, False) or hit
    out = []
    for e in errors.to_dict("records"):
        key = (e["file"] or "", e["sheet"] or "", 0 if pd.isna(e["row"]) else int(e["row"]))
        # of a row of the book that row decides, else any row of its loan; what cannot be told touches
        if by_place.get(key, by_loan.get(e["loan"], True) if e["loan"] else True):
            out.append((e["loan"] or _place(*key), e["code"], e["found"] or ""))
    return list(dict.fromkeys(out))


def _places(rows: pd.DataFrame) -> list[tuple[str, str, int]]:
    """File, sheet and row of each."""
    columns = (rows[name].fillna(0 if name == "row" else "").tolist() for name in ("file", "sheet", "row"))
    return list(zip(*columns, strict=True))


def _place(file: str, sheet: str, row: int) -> str:
    name = f"{file}[{sheet}]" if sheet else file
    return f"{name}:{row}" if row else name


def _touched(loans: pd.DataFrame, owner: pd.Series, found: Disclosed, known: Collection[str]) -> Flags:
    """Whether each of these loans may belong to the statement: its lender, day and sector are its own or unknown.

    A lender that is not among the ``known`` may be this one, misspelt.
    """
    who = owner.fillna("")
    others_own = who.isin([one for one in known if one != found.lender]).to_numpy(dtype=bool)
    day, dated = ints(loans, "disbursed")
    others = _others(found.facility)
    elsewhere = np.array([text in others for text in arrow(loans, "sector").to_pylist()], bool)
    return ~others_own & (~dated | (day <= int(quarter_end(found.quarter)))) & ~elsewhere


def _others(rules: Facility) -> set[str]:
    """The sectors that another facility's list names."""
    return {code for code, one in sectors().items() if fields()[one.field].facility != rules.id}
