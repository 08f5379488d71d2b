"""The ratios of a project's figures that have usual bounds: which columns, which scale, inside or outside.

Whether a ratio is inside is decided on cross-multiplied floats: numerator x 100 against denominator x bound, each one
product, correctly rounded. Rounding keeps the order of two numbers, so figures up to 2**53 (9 x 10**15 g, fen, kWh, kW)
that are on or inside a bound are never called outside; outside by less than one part in 2**52 may go unseen. That is
enough for a warning, and products with a factor of a slip would leave int64.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relending.engine.columns import Flags
from relending.engine.projects import NOT_GIVEN, Variants
from relending.policy.plausibility import HUNDREDTHS, Bound, bounds
from relending.units import FEN, Ints


@dataclass(frozen=True, slots=True)
class Ratio:
    """numerator / (denominator x scale), in the unit of its bounds; ``column`` is where a finding points."""

    name: str
    code: str
    numerator: str
    denominator: str
    scale: int
    column: str


RATIOS = (
    # g / fen is t / 10,000 yuan: a million of each
    Ratio(
        "tonnes_per_10k", "tonnes_per_10k_unusual", "project_reduction", "project_investment", 1, "project_reduction"
    ),
    # g / kWh is kg / MWh
    Ratio("tonnes_per_mwh", "tonnes_per_mwh_unusual", "project_reduction", "output_mwh", 1000, "project_reduction"),
    Ratio(
        "storage_reduction", "storage_reduction_unusual", "project_reduction", "output_mwh", 1000, "project_reduction"
    ),
    Ratio("hours_in_year", "hours_impossible", "output_mwh", "capacity_mw", 1, "output_mwh"),
    Ratio("hours", "hours_unusual", "output_mwh", "capacity_mw", 1, "output_mwh"),
    Ratio("unit_cost", "unit_cost_unusual", "project_investment", "capacity_mw", FEN, "project_investment"),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One ratio over the rows looked at: its bounds by row (hundredths, float) and whether it can be compared."""

    ratio: Ratio
    top: NDArray[np.float64]
    bottom: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    there: Flags

    def inside(self, shift: int = 0) -> Flags:
        """Rows whose ratio times 10**shift is inside its bounds, or cannot be compared."""
        up, down = 10 ** max(shift, 0), 10 ** max(-shift, 0)
        top = self.top * float(HUNDREDTHS * up)
        inside: Flags = (top >= self.bottom * (self.low * (self.ratio.scale * down))) & (
            top <= self.bottom * (self.high * (self.ratio.scale * down))
        )
        return inside | ~self.there

    def some(self, index: Ints) -> Compared:
        """Part of the rows."""
        top, bottom, low, high = (x[index] for x in (self.top, self.bottom, self.low, self.high))
        return Compared(self.ratio, top, bottom, low, high, self.there[index])


def bound_of(ratio: str, sector: str | None) -> Bound | None:
    """The bound of a ratio for a sector code: its own, else the one for every sector; None: not compared.

    >>> bound_of("hours", "wind").text, bound_of("hours", "ccus"), bound_of("hours_in_year", None).text
    ('1,500–3,800 h', None, '<= 8,760 h')
    """
    found = [b for b in bounds() if b.ratio == ratio and (sector in b.sectors or not b.sectors)]
    return max(found, key=lambda b: len(b.sectors), default=None)


def compare(rows: Variants) -> list[Compared]:
    """Every ratio over the rows, in the order of ``RATIOS``."""
    return [_compared(ratio, rows) for ratio in RATIOS]


def _compared(ratio: Ratio, rows: Variants) -> Compared:
    top, bottom = rows.figures[ratio.numerator], rows.figures[ratio.denominator]
    # position -1, no sector, is the last of the list
    found = [bound_of(ratio.name, s) for s in (*rows.sectors, None)]
    low = np.array([0 if b is None or b.low_e2 is None else b.low_e2 for b in found], np.float64)[rows.sector]
    high = np.array([0 if b is None else b.high_e2 for b in found], np.float64)[rows.sector]
    there = np.array([b is not None for b in found], bool)[rows.sector] & (top != NOT_GIVEN) & (bottom != NOT_GIVEN)
    return Compared(ratio, top.astype(np.float64), bottom.astype(np.float64), low, high, there)


def ratio_text(ratio: Ratio, top: int, bottom: int, unit: str) -> str:
    """A ratio as people read it, with three significant digits or more.

    >>> ratio_text(RATIOS[1], 122_760_000_000, 124_000_000, "t/MWh"), ratio_text(RATIOS[0], 235, 10**7, "t/10k yuan")
    ('0.990 t/MWh', '0.0000235 t/10k yuan')
    """
    value = top / (bottom * ratio.scale)
    size = int(f"{value:.2e}".partition("e")[2]) if value else 0
    return f"{value:,.{max(3 if value < 100 else 1, 2 - size)}f} {unit}"


def texts(ratios: Iterable[Ratio], figures: Mapping[str, int], sector: str | None) -> str:
    """The ratios of one row that can be compared, ``; `` between them."""
    said = []
    for ratio in ratios:
        bound = bound_of(ratio.name, sector)
        top, bottom = figures[ratio.numerator], figures[ratio.denominator]
        if bound is not None and NOT_GIVEN not in (top, bottom):
            said.append(ratio_text(ratio, top, bottom, bound.unit))
    return "; ".join(said)


def outside_of(compared: Sequence[Compared]) -> list[Flags]:
    """Rows outside, by ratio; what no plant can run is not also called unusual."""
    outside = [~c.inside() for c in compared]
    names = [c.ratio.name for c in compared]
    outside[names.index("hours")] &= ~outside[names.index("hours_in_year")]
    return outside
