"""The findings 检查事项 that touch a lender's loans up to a quarter, or the run as a whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relending.dates import quarter_end
from relending.engine.columns import Flags, ints
from relending.lineage.disclosed import Disclosed
from relending.lineage.whynot import Saved


def findings_touching(run: Saved, found: Disclosed) -> pd.DataFrame:
    """The rows of the table of findings, in its order, but for those of loans of others or of later quarters.

    >>> import relending as rl
    >>> from relending.dates import parse_quarter
    >>> from relending.lineage.disclosed import Disclosures
    >>> run = rl.run("demo")
    >>> one = Disclosures(run).of("demo", "cerf", parse_quarter("2021Q4"))
    >>> len(findings_touching(run, one)) < len(run.tables["findings"])
    True
    """
    findings, attribution, book = (run.tables[n] for n in ("findings", "attribution", "loans"))
    day, dated = ints(attribution, "disbursed")
    lender = attribution["lender"]
    mine: Flags = (lender.eq(found.lender) | lender.isna() | lender.eq("")).fillna(True).to_numpy(dtype=bool)
    mine = mine & ~(dated & (day > int(quarter_end(found.quarter))))
    ids = book["loan_id"]
    every, ours = set(ids.dropna().tolist()), set(ids[mine].dropna().tolist())
    places = _keys(book, ("file", "sheet", "row"))
    at_every, at_ours = set(places), {p for p, m in zip(places, mine.tolist(), strict=True) if m}
    told = zip(findings["loan"].fillna("").tolist(), _keys(findings, ("file", "sheet", "row")), strict=True)
    kept = [(place in at_ours) if place in at_every else (loan not in every or loan in ours) for loan, place in told]
    return findings[np.array(kept, bool)].reset_index(drop=True) if len(findings) else findings


def _keys(frame: pd.DataFrame, names: tuple[str, ...]) -> list[tuple[object, ...]]:
    columns = (frame[n].fillna(0 if n == "row" else "").tolist() for n in names)
    return list(zip(*columns, strict=True))
