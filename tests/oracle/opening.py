"""The totals of the last statement before the run, and what they add to the run's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .model import OpeningTotal, Scenario

Code = tuple[str, str]  # level, code


@dataclass(frozen=True)
class Part:
    """One figure: `weighted` is amount x rate (fen x e8), exact; `ids` None where they are not known."""

    projects: int
    amount: int
    weighted: int
    reduction: int
    ids: frozenset[str] | None


@dataclass(frozen=True)
class Opening:
    """The figures of one lender, facility and horizon; `through` is a quarter's name."""

    through: str
    parts: Mapping[Code, Part]


def ids_of(row: OpeningTotal) -> frozenset[str] | None:
    """The project ids given. INTERPRETED: as many as there are projects, or none is used; no project has no ids."""
    text = row.project_ids or ""
    for mark in ";；，,、\n\r":
        text = text.replace(mark, ";")
    ids = frozenset(one.strip() for one in text.split(";") if one.strip())
    return ids if len(ids) == row.projects else None


def added(parts: Sequence[Part]) -> Part:
    """The sum of some figures; projects are the union of the ids, where any is without them their sum."""
    known = [part.ids for part in parts if part.ids is not None]
    ids = frozenset[str]().union(*known) if len(known) == len(parts) else None
    return Part(
        sum(part.projects for part in parts) if ids is None else len(ids),
        sum(part.amount for part in parts),
        sum(part.weighted for part in parts),
        sum(part.reduction for part in parts),
        ids,
    )


def openings(rows: Sequence[OpeningTotal], scenario: Scenario) -> dict[tuple[str, str, str], Opening]:
    """By (lender, facility, horizon): the figures given, a missing field from its sectors, a missing total from its
    fields. INTERPRETED: what neither is given nor can be added up begins with nothing."""
    found = {}
    for key in dict.fromkeys((row.lender, row.facility, row.horizon) for row in rows):
        mine = [row for row in rows if (row.lender, row.facility, row.horizon) == key]
        parts: dict[Code, Part] = {}
        for row in mine:
            level = "total" if not row.code else "field" if row.code in scenario.fields.values() else "sector"
            weighted = row.amount * (row.weighted_rate or 0)
            parts[level, row.code or "total"] = Part(row.projects, row.amount, weighted, row.reduction, ids_of(row))
        for code in dict.fromkeys(scenario.fields.values()):
            inside = [
                p for (level, sector), p in parts.items() if level == "sector" and scenario.fields[sector] == code
            ]
            if inside and ("field", code) not in parts:
                parts["field", code] = added(inside)
        fields = [part for (level, _), part in parts.items() if level == "field"]
        if fields and ("total", "total") not in parts:
            parts["total", "total"] = added(fields)
        found[key] = Opening(mine[0].through, parts)
    return found
