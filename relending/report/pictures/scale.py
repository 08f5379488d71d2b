"""Axes: the unit figures are drawn in, and ticks at round values."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit for people: its name, and how many of the tables' integers make one."""

    name: str
    size: int

    def plain(self, figure: int | None) -> float:
        """An integer of the tables in this unit, the nearest double; not a number where there is none."""
        return math.nan if figure is None else float(Decimal(int(figure)) / self.size)

    def text(self, figure: int, decimals: int = 2) -> str:
        """The figure as it is said in a sentence, without its unit.

        >>> Unit("亿元", 10**10).text(326_940_000_000)
        '32.69'
        """
        return f"{round(Decimal(int(figure)) / self.size, decimals):,.{decimals}f}"


@cache
def _units() -> Mapping[str, Any]:
    return tomllib.loads(
        resources.files("relending.report.pictures").joinpath("units.toml").read_text(encoding="utf-8")
    )


def unit_for(kind: str, figures: Iterable[int | None], lang: str, decimals: int | None = None) -> Unit:
    """The unit of a kind (``yuan``, ``tCO2e/a``, ``fraction`` …) that suits the largest figure.

    ``decimals`` are those that the integer holds of the figure in its plain unit, where the file has another.

    >>> unit_for("yuan", [326_940_000_000], "zh").name, unit_for("yuan", [326_940_000_000], "en").name
    ('亿元', 'billion yuan')
    """
    largest = max((abs(f) for f in figures if f is not None), default=0)
    choices = [Unit(name, size) for name, size in _units()[kind][lang]]
    if decimals is not None and kind == "fraction":  # shown per cent
        return Unit(choices[0].name, 10 ** (decimals - 2))
    return next((u for u in choices if largest >= u.size), choices[-1])


def ticks(low: float, high: float, most: int = 5, *, whole: bool = False) -> list[float]:
    """Round values from at most ``low`` to at least ``high``, evenly spaced, at most ``most`` steps.

    Of counts they are ``whole`` numbers.

    >>> ticks(0, 3.3), ticks(-1, 7, 4), ticks(0, 0)
    ([0.0, 1.0, 2.0, 3.0, 4.0], [-2.0, 0.0, 2.0, 4.0, 6.0, 8.0], [0.0, 1.0])
    >>> ticks(0, 12), ticks(0, 12, whole=True), ticks(0, 2, whole=True)
    ([0.0, 2.5, 5.0, 7.5, 10.0, 12.5], [0.0, 5.0, 10.0, 15.0], [0.0, 1.0, 2.0])
    """
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        low, high = min(low, 0.0) if math.isfinite(low) else 0.0, max(high, 0.0) if math.isfinite(high) else 0.0
        if high <= low:
            return [0.0, 1.0]
    rough = Decimal(repr((high - low) / most))
    rough = max(rough, Decimal(1)) if whole else rough
    power = Decimal(10) ** rough.adjusted()
    steps = [power * m for m in (1, 2, Decimal("2.5"), 5, 10)]
    step = next(s for s in steps if s >= rough * Decimal("0.9999") and not (whole and s % 1))
    first = int((Decimal(repr(low)) / step).to_integral_value("ROUND_FLOOR"))
    last = int((Decimal(repr(high)) / step).to_integral_value("ROUND_CEILING"))
    return [float(step * k) for k in range(first, last + 1)]


def tick_texts(values: Sequence[float]) -> list[str]:
    """Ticks as they are written, all with as many decimals as the step needs.

    >>> tick_texts([0, 0.5, 1]), tick_texts([-1000, 0, 1000])
    (['0.0', '0.5', '1.0'], ['−1,000', '0', '1,000'])
    """
    steps = [Decimal(repr(float(v))).normalize() for v in values]
    decimals = max((-int(s.as_tuple().exponent) for s in steps), default=0)
    return [f"{v:,.{max(decimals, 0)}f}".replace("-", "−") for v in values]
