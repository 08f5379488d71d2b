"""Bounds of plausibility 合理性区间: ``plausibility.toml``, what the figures of a project usually are.

None of them is a rule of a facility: a figure outside is a warning and changes nothing. Bounds are kept as whole
hundredths of their unit, so that comparing with them needs no float.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

HUNDREDTHS = 100


@dataclass(frozen=True, slots=True)
class Bound:
    """What a ratio usually is for a technology: ``low_e2`` to ``high_e2``, both included, hundredths of ``unit``.

    ``sectors`` are the codes it holds for (none: every sector); no low (None) means no lower bound.
    """

    ratio: str
    unit: str
    technology: str
    sectors: tuple[str, ...]
    low_e2: int | None
    high_e2: int
    grade: str
    source: str
    source_zh: str
    status: str
    checked: dt.date

    @property
    def text(self) -> str:
        """The bound with its unit, the same in every language.

        >>> [b.text for b in bounds() if b.ratio == "storage_reduction" or "solar" in b.sectors]
        ['0.70–6.02 t/10k yuan', '0.45–0.95 t/MWh', '<= 0.60 t/MWh', '800–1,900 h', '3,000–6,000 yuan/kW']
        """
        high = _hundredths(self.high_e2)
        return f"<= {high} {self.unit}" if self.low_e2 is None else f"{_hundredths(self.low_e2)}–{high} {self.unit}"


def _hundredths(value: int) -> str:
    return f"{value // HUNDREDTHS:,}" if value % HUNDREDTHS == 0 else f"{Decimal(value) / HUNDREDTHS:,.2f}"


def _e2(value: Any) -> int:
    """A bound as whole hundredths; ValueError where it is finer."""
    scaled = Decimal(value) * HUNDREDTHS
    if scaled != int(scaled):
        raise ValueError(f"plausibility.toml: {value} is finer than a hundredth")
    return int(scaled)


@cache
def _raw() -> Mapping[str, Any]:
    text = resources.files("relending.policy").joinpath("plausibility.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def _bound(raw: Mapping[str, Any], name: str) -> Bound:
    return Bound(
        name,
        raw["unit"],
        raw.get("technology", ""),
        tuple(raw.get("sectors", ())),
        _e2(raw["low"]) if "low" in raw else None,
        _e2(raw["high"]),
        raw["grade"],
        raw["source"],
        raw["source_zh"],
        raw["status"],
        raw["checked"],
    )


@cache
def bounds() -> tuple[Bound, ...]:
    """Every bound of a ratio, in file order.

    >>> [(b.low_e2, b.high_e2) for b in bounds() if b.ratio == "hours" and "wind" in b.sectors]
    [(150000, 380000)]
    """
    return tuple(_bound(raw, raw["ratio"]) for raw in _raw()["bound"])


@cache
def share_bound() -> Bound:
    """The part of a project's investment that all its loans together usually stay within.

    >>> share_bound().high_e2
    80
    """
    return _bound(_raw()["share"], "share")


@dataclass(frozen=True, slots=True)
class Small:
    """Below ``principal_fen`` a loan, below one of ``share_parts`` of the investment a project's lending, and up to one
    of ``asked_parts`` of what a loan may ask for what was applied for or arrived, is most likely in another unit than
    the one it was read in."""

    principal_fen: int
    share_parts: int
    asked_parts: int


@cache
def small() -> Small:
    """Amounts so small that a unit was most likely forgotten.

    >>> small().principal_fen, small().share_parts, small().asked_parts
    (1000000, 1000, 1000)
    """
    raw = _raw()["small"]
    return Small(raw["principal_yuan"] * HUNDREDTHS, raw["share_parts"], raw["asked_parts"])


@cache
def slip_units() -> Mapping[tuple[str, int], tuple[tuple[str, str], ...]]:
    """Units that are a factor apart and may be taken for one another, by column and factor: (smaller, larger).

    >>> slip_units()["project_investment", 1000]
    (('元', '千元'),)
    """
    return {(raw["column"], raw["factor"]): tuple((a, b) for a, b in raw["units"]) for raw in _raw()["slip"]}
