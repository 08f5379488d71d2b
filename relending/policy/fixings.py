"""LPR fixings: ``lpr.csv``, percent as published, held as parts per million."""

from __future__ import annotations

import bisect
import csv
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from relending.policy.values import epoch_day

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PPM_PER_PERCENT = 10_000


@dataclass(frozen=True, slots=True)
class Fixing:
    """One announcement of the LPR: rates in ppm."""

    date: dt.date
    lpr_1y_ppm: int
    lpr_5y_ppm: int
    source: str
    status: str
    checked: dt.date | None
    source_zh: str = ""


@cache
def _columns(fixings: tuple[Fixing, ...]) -> tuple[Any, Any, Any]:
    import numpy as np

    columns = tuple(
        np.array(c, np.int64)
        for c in (
            [epoch_day(f.date) for f in fixings],
            [f.lpr_1y_ppm for f in fixings],
            [f.lpr_5y_ppm for f in fixings],
        )
    )
    for column in columns:
        column.flags.writeable = False  # cached and shared
    return columns[0], columns[1], columns[2]


@dataclass(frozen=True, slots=True)
class Lpr:
    """All fixings, ascending by date; the last one stands until another is known."""

    fixings: tuple[Fixing, ...]

    @property
    def days(self) -> NDArray[np.int64]:
        """Announcement days, int64 days since 1970-01-01."""
        return _columns(self.fixings)[0]

    @property
    def lpr_1y_ppm(self) -> NDArray[np.int64]:
        """1-year LPR of each fixing, ppm."""
        return _columns(self.fixings)[1]

    @property
    def lpr_5y_ppm(self) -> NDArray[np.int64]:
        """LPR of five years and more of each fixing, ppm."""
        return _columns(self.fixings)[2]

    def on(self, day: dt.date) -> Fixing | None:
        """The fixing in force on a day; None before the first."""
        at = bisect.bisect_right(self.fixings, day, key=lambda f: f.date)
        return self.fixings[at - 1] if at else None

    def index(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """Position of the fixing in force on each day, shape of ``days``; -1 before the first fixing."""
        import numpy as np

        return np.searchsorted(self.days, np.asarray(days, np.int64), side="right").astype(np.int64) - 1


def percent_to_ppm(text: str) -> int:
    """Percent as published to ppm, exactly; ValueError if that is no whole number.

    >>> percent_to_ppm("3.85")
    38500
    """
    scaled = Decimal(text) * PPM_PER_PERCENT
    if scaled != int(scaled):
        raise ValueError(f"{text} percent is finer than a ppm")
    return int(scaled)


@cache
def lpr() -> Lpr:
    """The LPR history shipped with the package.

    >>> lpr().on(dt.date(2024, 2, 20)).lpr_5y_ppm, lpr().on(dt.date(2019, 1, 1))
    (39500, None)
    """
    text = resources.files("relending.policy").joinpath("lpr.csv").read_text(encoding="utf-8")
    rows = (
        Fixing(
            dt.date.fromisoformat(r["date"]),
            percent_to_ppm(r["lpr_1y"]),
            percent_to_ppm(r["lpr_5y"]),
            r["source"],
            r["status"],
            dt.date.fromisoformat(r["checked"]),
            r.get("source_zh", ""),
        )
        for r in csv.DictReader(text.splitlines())
    )
    return Lpr(tuple(sorted(rows, key=lambda f: f.date)))
