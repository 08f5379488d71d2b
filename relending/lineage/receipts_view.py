"""Claimed and received 披露与到账: what was asked for and what arrived, by application period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.engine.applications import application_periods, in_time, period_number, period_text
from relending.engine.basis import SIMULATED
from relending.engine.columns import Flags, ints
from relending.engine.opening_totals import SINCE_START
from relending.lineage.disclosed import Disclosed
from relending.lineage.whynot import Saved
from relending.policy import Facility
from relending.units import BP, Ints, group_sum, mul_div

FIGURES = ("principal", "by_ratio", "asked", "received")


@dataclass(frozen=True, slots=True)
class Received:
    """Loans of one application period and result: fen of principal, of principal times ratio, asked and received.

    ``basis`` says whether a record or the simulation says so.
    """

    basis: str
    period: str
    result: str
    loans: int
    principal: int
    by_ratio: int
    asked: int
    received: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """The loans counted since first support: how many, their principal, what is claimed of it, what was drawn for them.

    ``in_opening`` loans among them have no draw of their own in the run (it is in an opening balance).
    """

    loans: int
    principal: int
    claimed: int
    drawn: int
    in_opening: int


def received_by_period(run: Saved, found: Disclosed) -> list[Received]:
    """What was filed and what became of it, in time, up to the last application period of the quarter.

    >>> import relending as rl
    >>> from relending.dates import parse_quarter
    >>> from relending.lineage.disclosed import Disclosures
    >>> run = rl.run("ledger")
    >>> rows = received_by_period(run, Disclosures(run).of("demo_bank", "cerf", parse_quarter("2024Q1")))
    >>> [(r.period, r.result, r.loans, (r.asked - r.received) // 100) for r in rows]
    [('2024Q1', 'funded', 2, 0), ('2024Q1', 'part_funded', 1, 8000000)]
    """
    last = found.quarter * 3 + 2
    attribution = run.tables["attribution"]
    days = dict(zip(attribution["loan_id"].tolist(), ints(attribution, "disbursed")[0].tolist(), strict=True))
    out: list[Received] = []
    if "batches" in run.tables:
        table = run.tables["batches"]
        mine = table["lender"].eq(found.lender) & table["facility"].eq(found.facility.id)
        rows = table[mine.fillna(False).to_numpy(dtype=bool)]
        day = np.array([days[i] for i in rows["loan_id"].tolist()], np.int64)
        out += _grouped(rows, day, rows["period"].tolist(), rows["result"].tolist(), found.facility, "recorded")
    draws = run.tables["draws"]
    simulated = draws["basis"].eq(SIMULATED) & draws["facility"].eq(found.facility.id)
    ids = set(found.loans["loan_id"].tolist())
    rows = draws[(simulated & draws["loan_id"].isin(list(ids))).fillna(False).to_numpy(dtype=bool)]
    if len(rows):
        rows = _whole_loans(rows, found)
        day = np.array([days[i] for i in rows["loan_id"].tolist()], np.int64)
        period = [period_text(int(p)) for p in application_periods(day, found.facility)]
        asked = mul_div(ints(rows, "principal_fen")[0], found.facility["ratio"].pick(day), BP, "floor")
        out += _grouped(rows.assign(asked_fen=asked), day, period, ["simulated"] * len(rows), found.facility, SIMULATED)
    kept = [r for r in out if int(in_time(np.array(period_number(r.period)))) <= last]
    return sorted(kept, key=lambda r: (int(in_time(np.array(period_number(r.period)))), r.basis, r.result))


def _whole_loans(draws: pd.DataFrame, found: Disclosed) -> pd.DataFrame:
    """One row a loan: a loan may have several draws."""
    drawn = dict.fromkeys(draws["loan_id"].tolist(), 0)
    for loan, fen in zip(draws["loan_id"].tolist(), draws["drawn_fen"].tolist(), strict=True):
        drawn[loan] += int(fen)
    rows = found.loans[found.loans["loan_id"].isin(list(drawn)).to_numpy(dtype=bool)]
    received = [drawn[i] for i in rows["loan_id"].tolist()]
    return rows[["loan_id", "principal_fen"]].assign(received_fen=received)


def _grouped(
    rows: pd.DataFrame, day: Ints, period: list[str], result: list[str], rules: Facility, basis: str
) -> list[Received]:
    keys = list(zip(period, result, strict=True))
    places = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    group = np.array([places[k] for k in keys], np.int64)
    principal, asked, received = (ints(rows, f"{n}_fen")[0] for n in ("principal", "asked", "received"))
    by_ratio = mul_div(principal, rules["ratio"].pick(day), BP, "floor") if len(rows) else principal
    sums = [group_sum(v, group, len(places)) for v in (np.ones_like(principal), principal, by_ratio, asked, received)]
    return [Received(basis, *key, *(int(s[i]) for s in sums)) for key, i in places.items()]


def claimed(run: Saved, found: Disclosed) -> Claimed:
    """The loans counted since first support, beside what was drawn for them."""
    counted: Flags = found.counted(SINCE_START)
    loans = found.loans[counted]
    draws = run.tables["draws"]
    ours = draws["facility"].eq(found.facility.id) & draws["loan_id"].isin(loans["loan_id"].tolist())
    rows = draws[ours.fillna(False).to_numpy(dtype=bool)]
    principal, amount = (sum(ints(loans, n)[0].tolist()) for n in ("principal_fen", "amount_fen"))
    absent = len(loans) - rows["loan_id"].nunique()
    return Claimed(len(loans), principal, amount, sum(ints(rows, "drawn_fen")[0].tolist()), absent)
