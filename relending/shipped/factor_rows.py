"""Rows of the factors: what was collected (:mod:`relending.policy.factor`) and the bounds the package warns by."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from relending.policy.factor import factors, told
from relending.policy.plausibility import HUNDREDTHS, bounds

WARNING_BOUND = "warning_bound"


def rows() -> Iterator[dict[str, Any]]:
    """Every figure as collected, then every bound of plausibility, low and high."""
    for one in factors():
        yield _named(one.kind, one.measure) | {
            "region": one.region,
            "region_zh": one.region_zh,
            "vintage": one.vintage,
            "year": int(one.vintage) if one.vintage.isdecimal() else None,
            "scope": one.scope,
            "technology": one.technology,
            "bound": one.bound,
            "value": float(one.value),
            "unit": one.unit,
            "printed": one.printed,
            "note": one.note,
            "source": one.source,
            "source_zh": one.source_zh,
            "grade": one.grade,
            "checked": one.checked,
        }
    for bound in bounds():
        for which, e2 in (("low", bound.low_e2), ("high", bound.high_e2)):
            if e2 is not None:
                yield _named(WARNING_BOUND, bound.ratio) | {
                    "scope": ";".join(bound.sectors),
                    "technology": bound.technology,
                    "bound": which,
                    "value": e2 / HUNDREDTHS,
                    "unit": bound.unit,
                    "printed": f"{(Decimal(e2) / HUNDREDTHS).normalize():f}",
                    "source": bound.source,
                    "source_zh": bound.source_zh,
                    "grade": bound.grade,
                    "checked": bound.checked,
                }


def _named(kind: str, measure: str) -> dict[str, Any]:
    words = told()
    return {
        "kind": kind,
        "kind_zh": words["kind"][kind]["zh"],
        "measure": measure,
        "measure_zh": words["measure"][measure]["zh"],
    }
