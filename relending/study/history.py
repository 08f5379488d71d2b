"""History 往期: whether what has happened already comes out otherwise in another scenario.

A rule without dates counts from the first loan on, so a scenario that changes one to look ahead changes draws of
quarters long past as well. Then it is another reading of the same history, not another course from today on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from relending.dates import quarter_of, quarter_text
from relending.engine.columns import ints
from relending.findings import Findings
from relending.study.panel import Panel
from relending.units import decimal_text

if TYPE_CHECKING:
    import pandas as pd

BALANCE = "facility_balance"
"""The measure that tells: nothing that is drawn, rolled over or repaid otherwise leaves it as it was."""


def last_real_quarter(loans: pd.DataFrame) -> str | None:
    """The quarter of the last disbursement of a loan that is not planned, as ``2026Q2``; None where all are planned.

    ``loans`` has the columns ``disbursed`` and ``planned`` of a run's loans; a loan without a date does not count.

    >>> import datetime as dt, pandas as pd, pyarrow as pa
    >>> days = pd.array([dt.date(2026, 6, 29), dt.date(2027, 1, 4)], dtype=pd.ArrowDtype(pa.date32()))
    >>> last_real_quarter(pd.DataFrame({"disbursed": days, "planned": [False, True]}))
    '2026Q2'
    """
    day, there = ints(loans, "disbursed")
    real = day[there & ~np.asarray(loans["planned"], dtype=bool)]
    return quarter_text(int(quarter_of(int(real.max())))) if len(real) else None


def history_findings(
    tables: Mapping[str, pd.DataFrame], base: str, panels: Mapping[str, Panel], decimals: int
) -> Findings:
    """The warning ``history_differs`` for each run in which the past of the base's book comes out otherwise.

    ``tables`` are those of the base, ``base`` its name; loans that were set aside are left out, for their dates may be
    what is wrong with them. ``decimals`` are those of the measure.
    """
    loans, kept = tables["loans"], (tables["attribution"]["state"] != "set_aside").to_numpy(dtype=bool)
    last = last_real_quarter(loans[kept])
    if last is None:
        return Findings()
    found = []
    for name, one in panels.items():
        differs = None if name == base else differs_before(panels[base], one, last)
        if differs is not None:
            quarter, before, after = differs
            said = [f"{quarter}: {decimal_text(value, decimals)}" for value in (after, before)]
            found.append(
                Findings.one("history_differs", file=name, column=BALANCE, found=said[0], expected=f"{base} {said[1]}")
            )
    return Findings.concat(found)


def differs_before(base: Panel, other: Panel, last_real: str) -> tuple[str, int, int] | None:
    """The first quarter, up to ``last_real``, in which two runs have another facility balance, and both balances [fen].

    Of all lenders and facilities together; where only their parts differ, of the first that does. None where there is
    no such quarter. Both panels hold the measure ``facility_balance`` and the same keys, in any order.

    >>> keys = (("2026Q1", "a", "f"), ("2026Q2", "a", "f"))
    >>> there = {BALANCE: np.ones(2, bool)}
    >>> one, two = (Panel(keys, {BALANCE: np.array(v)}, there) for v in ([60, 50], [60, 40]))
    >>> differs_before(one, two, "2026Q1"), differs_before(one, two, "2026Q2")
    (None, ('2026Q2', 50, 40))
    """
    mine, theirs = base.values[BALANCE], other.values[BALANCE]
    if base.keys != other.keys:
        place = {key: i for i, key in enumerate(other.keys)}
        theirs = theirs[[place[key] for key in base.keys]]
    past = [base.keys[i] for i in np.flatnonzero(mine != theirs) if base.keys[i][0] <= last_real]
    if not past:
        return None
    quarter = min(key[0] for key in past)
    rows = [i for i, key in enumerate(base.keys) if key[0] == quarter]
    whole = sum(mine[rows].tolist()), sum(theirs[rows].tolist())
    if whole[0] != whole[1]:
        return quarter, *whole
    first = next(i for i in rows if mine[i] != theirs[i])
    return quarter, int(mine[first]), int(theirs[first])
