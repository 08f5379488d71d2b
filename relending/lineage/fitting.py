"""Whether the tables of a run fit together, before anything is read off them side by side.

A run folder is files: someone may have taken rows out of one of them, or emptied cells, and renewed its checksum.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from relending.engine.basis import MIXED, RECORDED, SIMULATED
from relending.engine.columns import arrow
from relending.lineage.case import DamagedRun

SIDE_BY_SIDE = ("loans", "screening", "attribution")
"""Tables that have the same loan in the same row."""
FILLED = ("loan_id", "lender", "facility", "disbursed", "principal_fen", "rate_ppm", "reduction_g")
"""What is said of every supported loan."""
BASES = {"attribution": (RECORDED, SIMULATED), "disclosure": (RECORDED, SIMULATED, MIXED)}


def check_fit(tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]) -> None:
    """DamagedRun where the tables of loans have not the same loans, or a basis is none.

    A run of an earlier version says nothing of its basis, neither in its tables nor in its record.
    """
    ids = [arrow(tables[name], "loan_id") for name in SIDE_BY_SIDE]
    lengths = [len(one) for one in ids]
    if len(set(lengths)) > 1:
        raise DamagedRun(f"{', '.join(SIDE_BY_SIDE)}: {', '.join(map(str, lengths))} rows")
    for name, one in zip(SIDE_BY_SIDE[1:], ids[1:], strict=True):
        if not (one.equals(ids[0]) or one.fill_null("").equals(ids[0].fill_null(""))):
            raise DamagedRun(f"{name}: not the loans of {SIDE_BY_SIDE[0]}")
    supported = tables["attribution"]["supported"].to_numpy(dtype=bool)
    for name in FILLED:
        column = arrow(tables["attribution"], name)
        if column.null_count and (np.asarray(column.is_null()) & supported).any():
            raise DamagedRun(f"attribution: {name} —")
    older = "basis" not in manifest.get("scenario", {})
    for name, known in BASES.items():
        if "basis" not in tables[name]:
            continue
        found = pc.unique(arrow(tables[name], "basis")).to_pylist()
        if (older and found in ([None], [])) or set(found) <= set(known):
            continue
        strange = next(one for one in found if one not in known)
        raise DamagedRun(f"{name}: basis {'—' if strange is None else repr(strange[:40])}")
