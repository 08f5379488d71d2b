"""The rules of a run as its manifest keeps them, and the context rebuilt from there: what ``explain`` works from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from relending.dates import to_day, whole_quarters
from relending.engine.claims import FULL, FUNDED
from relending.engine.context import RATE_BASES, Context
from relending.engine.ineligible import KEPT, LISTED, RESTATED
from relending.policy import (
    Dated,
    DatedValue,
    from_plain,
    lender_from_plain,
    lender_to_plain,
    lenders,
    lpr_from_plain,
    lpr_to_plain,
    to_plain,
)
from relending.scenario.scenario import Scenario
from relending.units import FEN, PPM


@dataclass(frozen=True, slots=True)
class Named:
    """A lender as a record keeps it: id and class."""

    id: str
    cls: str | None


def policy_record(scenario: Scenario, in_book: Iterable[str]) -> dict[str, Any]:
    """Every policy value of the run with source, status and last check: facilities, lenders of the book, LPR."""
    known = lenders()
    return {
        "facilities": [to_plain(f) for f in scenario.facilities],
        "lenders": [lender_to_plain(known[name]) for name in in_book if name in known],
        "lpr": lpr_to_plain(scenario.lpr),
    }


def context_of(manifest: Mapping[str, Any]) -> Context:
    """The context of a saved run; ValueError or KeyError where the manifest is damaged."""
    scenario, policy = manifest["scenario"], manifest["policy"]
    first, last = whole_quarters(dt.date.fromisoformat(scenario["start"]), dt.date.fromisoformat(scenario["end"]))
    named = {one.id: Named(one.id, one.cls) for one in map(lender_from_plain, policy["lenders"])}
    named |= {name: Named(name, entry["class"]) for name, entry in scenario["lenders"].items()}
    return Context(
        facilities=tuple(from_plain(f) for f in policy["facilities"]),
        lenders=named,
        lpr=lpr_from_plain(policy["lpr"]),
        own_rate=_by_lender(scenario["market"]["own_rate"]),
        first_quarter=first,
        last_quarter=last,
        rate_basis=_one_of("rate_basis", scenario["disclosure"]["rate_basis"], RATE_BASES),
        lpr_shift_bp=scenario["market"]["lpr_shift_bp"],
        lpr_shift_from=to_day(dt.date.fromisoformat(scenario["market"]["lpr_shift_from"])),
        **_later(scenario),
        admitted={
            name: {f: dt.date.fromisoformat(day) for f, day in entry["admitted"].items()}
            for name, entry in scenario["lenders"].items()
        },
    )


def _later(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """What records hold that are newer than the first of this format; an older run had none of it."""
    market, disclosure = scenario["market"], scenario["disclosure"]
    begins, assets = scenario.get("simulate_from"), market.get("earning_assets")
    return {
        "simulate_from": dt.date.fromisoformat(begins) if begins else None,
        "reference_rate": _by_lender(market.get("reference_rate", {})),
        "collateral_cost": _by_lender(market.get("collateral_cost", {})),
        "earning_assets": _dated("earning_assets", assets, FEN) if assets else None,
        "loan_rates": _one_of("loan_rates", market.get("loan_rates", disclosure["rate_basis"]), RATE_BASES),
        "ineligible": _one_of("ineligible", disclosure.get("ineligible", LISTED), (KEPT, LISTED, RESTATED)),
        "claim": _one_of("claim", disclosure.get("claim") or "", ("", FULL, FUNDED)),
    }


def _one_of(name: str, value: Any, choices: tuple[str, ...]) -> str:
    """A value of the record that is one of these; ValueError for another, which no rule would be said of."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} {value!r:.60} is none of {', '.join(filter(None, choices))}")
    return value


def _by_lender(given: Mapping[str, Any]) -> dict[str, Dated]:
    return {"" if name == "*" else name: _dated(f"rate {name}", values, PPM) for name, values in given.items()}


def _dated(name: str, values: Iterable[Mapping[str, Any]], scale: int) -> Dated:
    return Dated(
        name,
        tuple(
            DatedValue(
                dt.date.fromisoformat(v["from"]) if v["from"] else dt.date.min,
                int(Decimal(v["value"]) * scale),
                v["source"],
                "assumption",
                None,
            )
            for v in values
        ),
    )
