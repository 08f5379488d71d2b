"""Whether a figure is recorded or simulated 实际或模拟: what every table of a run says of itself.

A run without a record of applications is simulated throughout. In a recorded one a row of a series is ``mixed`` where
simulated loans of its lender and facility (of a plan, or after ``simulate_from``) count in it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import quarter_text
from relending.engine.columns import arrow, frame_of
from relending.engine.context import Context
from relending.units import INT64_MAX, Ints

SIMULATED, RECORDED, MIXED = "simulated", "recorded", "mixed"
NOT_YET = INT64_MAX


def first_simulated(quarter: Ints, pair: Ints, pairs: int) -> Ints:
    """The first quarter in which a simulated loan counts, by lender and facility as one number; NOT_YET for none."""
    out = np.full(pairs, NOT_YET)
    np.minimum.at(out, pair, quarter)
    return out


def with_basis(
    frame: pd.DataFrame, since: Ints, recording: bool, lenders: tuple[str, ...], context: Context
) -> pd.DataFrame:
    """A series with its column ``basis``; ``since`` as :func:`first_simulated` gives it."""
    ids = [f.id for f in context.facilities]
    if not recording:
        said = pa.array([SIMULATED] * len(frame), pa.string())
    else:
        cells = {
            (name, facility, quarter_text(q)): MIXED if since[i * len(ids) + f] <= q else RECORDED
            for i, name in enumerate(lenders)
            for f, facility in enumerate(ids)
            for q in context.quarters
        }
        columns = (arrow(frame, n).to_pylist() for n in ("lender", "facility", "quarter"))
        said = pa.array([cells[key] for key in zip(*columns, strict=True)], pa.string())
    return frame_of({**{name: arrow(frame, name) for name in frame.columns}, "basis": said})
