"""The scenario's own values 情景自身取值 of the keys of a sweep: what a picture of it marks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from relending.scenario import given_keys
from relending.scenario.problems import toml_text
from relending.scenario.read import parse_key
from relending.scenario.scenario import Scenario
from relending.study.since import dated_before

_JOIN = "; "
PLAIN = ("lpr_shift_bp",)
"""Keys of a market that are one number."""


def own_values(scenario: Scenario, keys: Sequence[str], since: dt.date | None = None) -> dict[str, Any]:
    """What a scenario has for some keys, as a scenario file writes it: the value with which it is the scenario itself.

    A key of which there is no one value is left out: one with several pools or tenors, and one whose dated values
    differ where they count. A rate of the market counts in the quarters of the run, a rule of a facility from the
    beginning, for draws of years past are held still; with ``since`` both count from that day on.

    >>> from relending.scenario import load_scenario
    >>> keys = ["facility.cerf.ratio", "facility.cerf.rate", "market.own_rate", "facility.cerf.caps"]
    >>> own_values(load_scenario("outlook/baseline"), keys)
    {'facility.cerf.ratio': Decimal('0.6'), 'market.own_rate': Decimal('0.02')}
    >>> own_values(load_scenario("outlook/baseline"), keys[1:2], dt.date(2027, 1, 1))
    {'facility.cerf.rate': Decimal('0.0125')}
    """
    out = {}
    for key in keys:
        value = _own(scenario, key, since)
        if isinstance(value, Decimal):
            value = value.normalize() if value != int(value) else Decimal(int(value))
        if isinstance(value, str | int | Decimal):
            out[key] = value
    return out


def _own(scenario: Scenario, key: str, since: dt.date | None) -> Any:
    path = parse_key(key)
    dated = dated_before(scenario, path)
    if dated:
        first = since or (dt.date.min if path[0] == "facility" else scenario.start)
        began = [value for day, value in dated if day <= first][-1:] or [dated[0][1]]
        there = [_one(v) for v in (*began, *(value for day, value in dated if first < day <= scenario.end))]
        return there[0] if all(value == there[0] for value in there) else None
    if len(path) == 2 and path[0] == "market" and path[1] in PLAIN:
        return getattr(scenario, path[1])
    return given_keys(scenario).get(path)


def _one(value: Any) -> Any:
    """The rate of all tenors, where they have the same; anything else as it is."""
    if isinstance(value, Mapping) and len(set(map(str, value.values()))) == 1:
        return next(iter(value.values()))
    return value


def own_text(own: Mapping[str, Any]) -> str:
    """The values as one text of a table: ``key = value``, in their order, as TOML writes them.

    >>> own_text({"facility.cerf.ratio": Decimal("0.6"), "facility.cerf.rollover_base": "original"})
    'facility.cerf.ratio = 0.6; facility.cerf.rollover_base = "original"'
    """
    return _JOIN.join(f"{key} = {toml_text(value)}" for key, value in own.items())


def own_from_text(text: str, keys: Sequence[str]) -> dict[str, Any]:
    """The values behind such a text, of some keys; a value that is none is left out.

    >>> own_from_text('facility.cerf.ratio = 0.6; market.x = "a; b"', ["market.x", "facility.cerf.ratio"])
    {'market.x': 'a; b', 'facility.cerf.ratio': Decimal('0.6')}
    """
    import tomllib

    out: dict[str, Any] = {}
    for key in keys:
        found = text.find(f"{key} = ")
        if found < 0:
            continue
        rest = text[found + len(key) + 3 :]
        for end in (i for i in range(1, len(rest) + 1) if i == len(rest) or rest.startswith(_JOIN, i)):
            try:
                out[key] = tomllib.loads(f"v = {rest[:end]}", parse_float=Decimal)["v"]
            except tomllib.TOMLDecodeError:
                continue
            break
    return out
