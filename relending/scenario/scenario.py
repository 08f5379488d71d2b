"""The scenario as resolved: what a run needs to know, with nothing left to look up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from relending.findings import Findings
from relending.policy import Dated, Facility, Lpr
from relending.scenario.lenders import Lender, find_lender
from relending.scenario.random_paths import RandomModel
from relending.scenario.read import Layers
from relending.units import FEN

SIDE_FILES = ("applications", "opening_tranches", "opening", "schedule", "balances", "revisions", "other_loans")
"""Keys of [scenario] that name tables beside the loans, besides ``prepayments``."""


@dataclass(frozen=True, slots=True, repr=False)
class Scenario:
    """A scenario file with its base, its overrides and the policy it runs under.

    ``start`` and ``end`` are whole quarters. ``own_rate`` holds ppm a year by lender id, ``""`` for every other lender.
    ``overrides`` are the facility overrides as given; ``sources`` says for every key given whether it was ``set`` or
    which file holds it; ``files`` are the files read to get here (scenario, what it extends, rates), not the book.
    ``side`` names the files of the tables beside the loans (:data:`SIDE_FILES`) but for prepayments.
    ``claim`` is empty where none is given. ``decimals`` are those of a statement's amounts, rates and reductions.
    ``monte_carlo`` is the model of random paths, where the file has one; a run itself does not use it.
    ``toml`` is the scenario file that says the same as the parameter sheet of a workbook; empty for a scenario that is
    a file. ``given`` are the values of all sources with where each was given: what mixtures are made of. ``sweep`` are
    the values of the [sweep] table by key, as given, which count from the day ``sweep_from`` on: a study uses them, a
    run does not.
    """

    name: str
    title: Mapping[str, str]
    description: str
    description_zh: str
    path: Path
    book: tuple[Path, ...]
    sheet: tuple[str, ...]
    plan: Path | None
    prepayments: Path | None
    side: Mapping[str, tuple[Path, ...]]
    simulate_from: dt.date | None
    published: Path | None
    lender: str | None
    start: dt.date
    end: dt.date
    facilities: tuple[Facility, ...]
    lenders: Mapping[str, Lender]
    own_rate: Mapping[str, Dated]
    lpr: Lpr
    lpr_shift_bp: int
    lpr_shift_from: dt.date
    reference_rate: Mapping[str, Dated]
    collateral_cost: Mapping[str, Dated]
    earning_assets: Dated | None
    loan_rates: str
    rate_basis: str
    ineligible: str
    claim: str
    decimals: Mapping[str, int]
    print: Mapping[str, str | int]
    overrides: Mapping[str, Mapping[str, Any]]
    sources: Mapping[str, str]
    files: tuple[Path, ...]
    findings: Findings
    toml: str = ""
    sweep: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    sweep_from: dt.date | None = None
    given: Layers | None = field(default=None, compare=False)
    monte_carlo: RandomModel | None = None

    def __repr__(self) -> str:
        ids = ", ".join(one.id for one in self.facilities)
        return f"<Scenario {self.name}: {ids}; {self.start.isoformat()} to {self.end.isoformat()}>"

    def own_rate_of(self, lender: str) -> Dated | None:
        """The cost of funds that counts for a lender: its own, else the market's; None if neither is given."""
        return self.own_rate.get(lender, self.own_rate.get(""))

    def lender_of(self, text: str) -> str | None:
        """The id of a lender given by id or name; None if neither the scenario nor the policy knows it."""
        return find_lender(text, self.lenders)

    def lender_names(self) -> dict[str, str]:
        """Every id and name of the lenders the scenario defines or changes, to the id: what a book may call them."""
        ours = [one for one in self.lenders.values() if one.source == "scenario"]
        return {name: one.id for one in ours for name in one.names}

    def context(self) -> Any:
        """What the steps of the engine need of this scenario."""
        from relending.engine.context import make_context

        return make_context(self)

    def resolved(self) -> dict[str, Any]:
        """The scenario for the manifest, ready for JSON: no folders, ISO dates, exact decimals as text."""
        ours = {one.id: one for one in self.lenders.values() if one.source == "scenario"}
        return {
            "name": self.name,
            "title": dict(self.title),
            "description": self.description,
            "description_zh": self.description_zh,
            "book": [path.name for path in self.book],
            "sheet": list(self.sheet),
            "plan": self.plan.name if self.plan else None,
            "prepayments": self.prepayments.name if self.prepayments else None,
            **{name: [path.name for path in self.side.get(name, ())] for name in SIDE_FILES},
            "simulate_from": self.simulate_from.isoformat() if self.simulate_from else None,
            "published": self.published.name if self.published else None,
            "lender": self.lender,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "facilities": [facility.id for facility in self.facilities],
            "lenders": {
                one.id: {
                    "class": one.cls,
                    "full_name": dict(one.full_name),
                    "short_name": dict(one.short_name),
                    "admitted": jsonable(one.admitted),
                }
                for one in ours.values()
            },
            "market": {
                "own_rate": {lender or "*": rates_plain(rate) for lender, rate in self.own_rate.items()},
                "lpr_shift_bp": self.lpr_shift_bp,
                "lpr_shift_from": self.lpr_shift_from.isoformat(),
                "reference_rate": {lender or "*": rates_plain(rate) for lender, rate in self.reference_rate.items()},
                "collateral_cost": {lender or "*": rates_plain(rate) for lender, rate in self.collateral_cost.items()},
                "earning_assets": None if self.earning_assets is None else yuan_plain(self.earning_assets),
                "loan_rates": self.loan_rates,
            },
            "disclosure": {
                "rate_basis": self.rate_basis,
                "ineligible": self.ineligible,
                "claim": self.claim or None,
                "decimals": dict(self.decimals),
                **self.print,
            },
            "facility": jsonable(self.overrides),
            "sources": dict(self.sources),
        }


def rates_plain(rate: Dated) -> list[dict[str, str | None]]:
    """Dated ppm as fractions of 6 decimals; a rate from the beginning has no date.

    >>> from relending.policy import DatedValue
    >>> rates_plain(Dated("own_rate", (DatedValue(dt.date.min, 29500, "base.toml", "assumption", None),)))
    [{'from': None, 'value': '0.029500', 'source': 'base.toml'}]
    """
    return [
        {
            "from": None if entry.start == dt.date.min else entry.start.isoformat(),
            "value": f"{entry.value // 1_000_000}.{entry.value % 1_000_000:06d}",
            "source": entry.source,
        }
        for entry in rate.values
    ]


def yuan_plain(amounts: Dated) -> list[dict[str, str | None]]:
    """Dated fen as yuan of 2 decimals; an amount from the beginning has no date.

    >>> from relending.policy import DatedValue
    >>> yuan_plain(Dated("earning_assets", (DatedValue(dt.date.min, 320_000_005, "s.toml", "assumption", None),)))
    [{'from': None, 'value': '3200000.05', 'source': 's.toml'}]
    """
    return [
        {
            "from": None if entry.start == dt.date.min else entry.start.isoformat(),
            "value": f"{entry.value // FEN}.{entry.value % FEN:02d}",
            "source": entry.source,
        }
        for entry in amounts.values
    ]


def jsonable(value: Any) -> Any:
    """A value of a TOML file as JSON has it, exactly: dates in ISO, decimals as plain text.

    >>> jsonable({"ratio": Decimal("0.60"), "quota": Decimal("8e11"), "launch": dt.date(2021, 11, 8)})
    {'ratio': '0.60', 'quota': '800000000000', 'launch': '2021-11-08'}
    """
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(v) for v in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value
