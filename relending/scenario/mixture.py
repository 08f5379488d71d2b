"""Mixtures 混合情景: a scenario that takes some of its keys from another, to find out what each of them does.

A key here is what is given as one: ``market.own_rate`` with all its dates, ``facility.ID.caps`` with all its periods.
What does not change a figure of the series is no key of a mixture: names, titles, what a statement looks like, the
published figures a run is held against, and the tables of studies (:data:`SILENT`).
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from relending.filenames import beside
from relending.scenario.check import check_shape
from relending.scenario.problems import Problems
from relending.scenario.read import KeyPath, Layers
from relending.scenario.resolve import Resolver
from relending.scenario.scenario import SIDE_FILES, Scenario

DEEP = ("lenders", "facility")
"""Tables of tables: their keys have three parts."""
SILENT: Mapping[str, tuple[str, ...]] = {
    # runs that are compared have the same quarters: another day of the same quarter changes nothing
    "scenario": ("name", "title", "description", "description_zh", "extends", "published", "start", "end"),
    "lenders": ("full_name", "short_name"),
    "disclosure": ("decimals", "amount_unit", "reduction_unit", "projects", "year_text"),
}
"""Keys, by their last part, that change no figure of the series."""
_FILES = ("book", "plan", "prepayments", *SIDE_FILES, "own_rate", "reference_rate", "collateral_cost")
_ORDER = ("scenario", "lenders", "market", "facility", "disclosure")
"""The tables of a file that say how a scenario is run, in the order of their keys; not those of studies."""


def given_keys(scenario: Scenario) -> dict[KeyPath, Any]:
    """What a scenario gives, by key: of its file, what that extends, and what was set.

    >>> from relending.scenario import load_scenario
    >>> given_keys(load_scenario("demo/outstanding"))[("facility", "cerf", "rollover_base")]
    'outstanding'
    """
    out: dict[KeyPath, Any] = {}
    for table, inside in _layers(scenario).values.items():
        if table not in _ORDER:
            continue
        for name, value in inside.items():
            if table in DEEP and value:
                out |= {(table, name, one): given for one, given in value.items()}
            else:
                out[(table, name)] = value
    return out


def differing_keys(base: Scenario, other: Scenario) -> tuple[KeyPath, ...]:
    """The keys that can change a figure and are given in one scenario and not, or otherwise, in the other.

    A file is another one where it is another file, whatever its name. Sorted by table and name, so that the order does
    not depend on which scenario is the base.

    >>> from relending.scenario import load_scenario
    >>> [".".join(key) for key in differing_keys(load_scenario("demo"), load_scenario("demo/outstanding"))]
    ['market.own_rate', 'facility.cerf.rollover_base', 'facility.clean_coal.rollover_base']
    """
    a, b = given_keys(base), given_keys(other)
    found = [
        key
        for key in {**a, **b}
        if key[-1] not in SILENT.get(key[0], ())
        and not (key in a and key in b and a[key] == b[key] and _places(base, key) == _places(other, key))
    ]
    return tuple(sorted(found, key=lambda key: (_ORDER.index(key[0]), key)))


def mixed(base: Scenario, other: Scenario, keys: Collection[KeyPath]) -> Scenario:
    """``base`` with these keys as ``other`` has them: its value, or none where it gives none.

    Every file name is read from the folder of the file that gives it. What neither gives is the policy file's. Raises
    InputError where the mixture is no scenario (a book without a lender, say).

    >>> from relending.scenario import load_scenario
    >>> a, b = load_scenario("demo"), load_scenario("demo/outstanding")
    >>> half = mixed(a, b, [("market", "own_rate")])
    >>> half.own_rate == b.own_rate, half.facilities == a.facilities
    (True, True)
    """
    sides = {False: _layers(base), True: _layers(other)}
    mine, theirs = given_keys(base), given_keys(other)
    layers = Layers(files=list(dict.fromkeys([*base.files, *other.files])))
    layers.origins[()] = sides[False].origins[()]
    for key in {**mine, **theirs}:
        taken = key in keys
        values = theirs if taken else mine
        if key not in values:
            continue
        node = layers.values
        for part in key[:-1]:
            node = node.setdefault(part, {})
        node[key[-1]] = copy.deepcopy(values[key])
        from_side = sides[taken]
        for n in range(1, len(key) + 1):
            layers.origins.setdefault(key[:n], from_side.origin(key[:n]))
        layers.origins |= {path: at for path, at in from_side.origins.items() if path[: len(key)] == key}
    problems = Problems()
    file, broken = check_shape(layers, problems)
    # each file was admitted where it was named, when its scenario was loaded
    return Resolver(base.path, file, layers, broken, problems, allow_outside=True).run()


def _layers(scenario: Scenario) -> Layers:
    if scenario.given is None:
        raise ValueError(f"{scenario.name}: nobody knows any more what this scenario gave")
    return scenario.given


def _places(scenario: Scenario, key: KeyPath) -> tuple[Path, ...]:
    """The files a key names; none for a key that names no file."""
    if key[-1] not in _FILES:
        return ()
    value = given_keys(scenario)[key]
    names = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    folder = _layers(scenario).origin(key).folder
    return tuple(beside(folder, name).resolve() for name in names if isinstance(name, str))
