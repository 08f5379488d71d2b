"""A tiny reader of facility TOML files, and of overrides given as a plain dict."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

# The sector lists of the design, section 5, in its order: the oracle's own copy.
_LISTS = """
clean_energy: wind solar biomass pumped_storage hydrogen geothermal ocean heat_pump storage smart_grid wind_solar_base
clean_energy: household_solar clean_power_transmission peaking_backup other_clean_energy
energy_saving: industrial_efficiency new_power_system other_energy_saving
carbon_reduction_technology: ccus other_carbon_reduction_technology
energy_saving: energy_saving_retrofit green_upgrade
clean_energy: low_carbon_energy_transition
clean_coal: coal_mining coal_processing coal_power industrial_heat civil_heating coal_resource_use coalbed_methane
clean_coal: coal_supply_security coal_power_fuel
"""
SECTOR_FIELDS: dict[str, str] = {
    code: line.partition(":")[0] for line in _LISTS.split("\n") for code in line.partition(":")[2].split()
}

# What the design gives as the default of a parameter no entry names.
DEFAULTS: dict[str, Any] = {
    "launch": date.min,
    "selection": "listed",
    "frequency": "quarter",
    "lag_days": 0,
    "quota": {"kind": "none"},
    "loan_rate_limit": "none",
    "tolerance": Decimal("0.005"),
    "lpr_1y_up_to_months": 12,
    "min_term_months": 0,
    "evidence_required": False,
    "borrower_types": None,
    "rollover_base": "original",
    "rollover_rate": "prevailing",
    "rollover_take_up": 1,
    "on_prepayment": "at_rollover",
    "on_ineligible": "at_rollover",
    "rationing": "pro_rata",
    "carry_over": False,
    "day_count": "ACT/360",
    "business_day": "none",
    "rollover_after_expiry": True,
    "interest_settlement": "quarterly",
    "quota_counts_rollovers": False,
    "collateral_haircut": 0,
}


@dataclass(frozen=True)
class Pool:
    """A part of a quota (fen) and the sectors it serves; no sectors = all of them."""

    id: str
    amount: int
    sectors: tuple[str, ...]

    def takes(self, sector: str) -> bool:
        return not self.sectors or sector in self.sectors


@dataclass(frozen=True)
class Quota:
    """kind is none, stock or flow."""

    kind: str
    pools: tuple[Pool, ...] = ()


@dataclass(frozen=True)
class Window:
    first: date
    last: date


@dataclass(frozen=True)
class Facility:
    """A facility's dated lists; scalars as (from, value) ascending, lenders as (from, classes, ids), sectors as
    (from, codes) with the launch list first."""

    id: str
    values: Mapping[str, tuple[tuple[date, Any], ...]]
    lenders: tuple[tuple[date, tuple[str, ...], tuple[str, ...]], ...]
    sectors: tuple[tuple[date, tuple[str, ...]], ...]

    def on(self, name: str, day: date) -> Any:
        """The last value from or before the day; before the first value, the first."""
        entries = self.values[name]
        return next((value for start, value in reversed(entries) if start <= day), entries[0][1])

    def latest(self, name: str) -> Any:
        return self.values[name][-1][1]

    def admitted_from(self, lender: str, lender_class: str | None) -> date | None:
        """The earliest date on which the lender, or its class, is on the list."""
        dates = [start for start, classes, ids in self.lenders if lender in ids or lender_class in classes]
        return min(dates, default=None)

    def names_sector(self, code: str, day: date) -> bool:
        """The launch list names its sectors always, a later list from its own date.

        INTERPRETED: the launch list is every entry that bears the earliest date, however many there are.
        """
        launch = min((start for start, _ in self.sectors), default=None)
        return any(code in codes and (start == launch or start <= day) for start, codes in self.sectors)

    def codes(self, order: Sequence[str] = ()) -> list[str]:
        """Every sector code the facility ever lists, each once.

        INTERPRETED: "list order" is the order of the sector lists (design section 5), not that of the facility's own
        entries, which may hold the three `other_` codes apart; codes without a place there follow as entered.
        """
        listed = list(dict.fromkeys(code for _, codes in self.sectors for code in codes))
        return [code for code in order if code in listed] + [code for code in listed if code not in order]

    def rate_on(self, day: date, term_months: int) -> int:
        """The facility rate (ppm) in force on a day, for the term."""
        rate = self.on("rate", day)
        return int(rate[term_months]) if isinstance(rate, dict) else int(rate)


def _scaled(value: Any, scale: int) -> int:
    """A decimal figure as a whole number of its smallest unit; anything finer is refused."""
    exact = Decimal(str(value)) * scale
    if exact != exact.to_integral_value():
        raise ValueError(f"{value} is finer than 1/{scale}")
    return int(exact)


def _rate(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {int(months): _scaled(rate, 10**6) for months, rate in value.items()}
    return _scaled(value, 10**6)


def _quota(value: Any) -> Quota:
    """A number of yuan = one stock pool for every sector; {flow = yuan}, {stock = yuan}; or the table in full."""
    if isinstance(value, Quota):
        return value
    if not isinstance(value, Mapping):
        return Quota("stock", (Pool("main", _scaled(value, 100), ()),))
    if "kind" not in value:
        ((kind, amount),) = value.items()
        return Quota(str(kind), (Pool("main", _scaled(amount, 100), ()),))
    pools = tuple(
        Pool(str(pool["id"]), _scaled(pool["amount"], 100), tuple(pool.get("sectors", ())))
        for pool in value.get("pools", ())
    )
    return Quota(str(value["kind"]), pools)


def _window(value: Any) -> Window:
    return value if isinstance(value, Window) else Window(value["first"], value["last"])


def _value(name: str, value: Any) -> Any:
    if name in ("ratio", "rollover_take_up"):
        return _scaled(value, 10**4)
    if name == "rate":
        return _rate(value)
    if name in ("tolerance", "loan_rate_cap", "collateral_haircut"):
        return _scaled(value, 10**6)
    if name == "quota":
        return _quota(value)
    if name == "window":
        return _window(value)
    return value


def _is_dated(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) and "from" in v for v in value)


def facility_from(table: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Facility:
    """A facility from a parsed TOML table. An override is a plain value, which replaces every dated value, or a
    list of {"from": date, "value": ...}. Rates, ratios and money are decimals (yuan), as in a file."""
    merged: dict[str, Any] = {k: v for k, v in table.items() if k not in ("id", "name")}
    for name, given in (overrides or {}).items():
        if name == "caps":
            raise ValueError("caps belong to the Scenario, in fen")
        plain = not _is_dated(given) and name not in ("lenders", "sectors")
        merged[name] = [{"from": date.min, "value": given}] if plain else given
    lenders = tuple(
        (e["from"], tuple(e.get("classes", ())), tuple(e.get("ids", ()))) for e in merged.pop("lenders", ())
    )
    sectors = tuple((e.get("from", date.min), tuple(e["codes"])) for e in merged.pop("sectors", ()))
    values: dict[str, tuple[tuple[date, Any], ...]] = {}
    for name, default in DEFAULTS.items():
        values[name] = ((date.min, _value(name, default)),)
    for name, entries in merged.items():
        if isinstance(entries, list):
            pairs = [(e.get("from", date.min), _value(name, e["value"])) for e in entries]
            values[name] = tuple(sorted(pairs, key=lambda pair: pair[0]))
    return Facility(str(table["id"]), values, lenders, sectors)


def read_facility(path: Path, overrides: Mapping[str, Any] | None = None) -> Facility:
    """A facility from its TOML file."""
    return facility_from(tomllib.loads(path.read_text("utf-8"), parse_float=Decimal), overrides)


def read_lenders(path: Path) -> dict[str, str]:
    """Lender ids and their classes, from TOML."""
    return {name: str(entry["class"]) for name, entry in tomllib.loads(path.read_text("utf-8")).items()}


def read_sectors(path: Path) -> dict[str, str]:
    """Sector codes and their fields, in the file's order, from TOML."""
    return {code: str(entry["field"]) for code, entry in tomllib.loads(path.read_text("utf-8"))["sector"].items()}


def read_lpr(path: Path) -> list[tuple[date, int, int]]:
    """LPR fixings from CSV (percent text; comment lines start with #): (date, 1-year ppm, 5-year ppm)."""
    import csv

    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = csv.DictReader(line for line in handle if not line.startswith("#"))
        return sorted(
            (date.fromisoformat(r["date"]), _scaled(r["lpr_1y"], 10**4), _scaled(r["lpr_5y"], 10**4)) for r in rows
        )
