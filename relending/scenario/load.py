"""Reading a scenario: ``load_scenario`` finds the file, lays the sources over one another, checks and resolves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from relending.findings import InputError
from relending.scenario.check import check_shape
from relending.scenario.places import is_shipped, locate
from relending.scenario.problems import Problems
from relending.scenario.read import Overrides, read_layers
from relending.scenario.resolve import Resolver
from relending.scenario.scenario import Scenario


def load_scenario(path_or_name: str | Path, overrides: Overrides = (), *, allow_outside: bool = False) -> Scenario:
    """A scenario, checked and resolved.

    ``path_or_name`` is a TOML file or the name of a shipped scenario (``demo``, ``demo/outstanding``). ``overrides``
    are ``key=value`` texts as after ``--set``, or a mapping of dotted keys to values; they come before the file, the
    file before what it ``extends``, that before the facility files. File names are relative to the file that holds
    them, those of an override to the working directory. A file named in a scenario file must be in the folder of that
    file or below it (no ``..``, absolute path or link that leads out), unless ``allow_outside``.

    Raises InputError with every problem of the scenario at once.

    >>> scenario = load_scenario("demo", ["facility.cerf.ratio=0.8"])
    >>> scenario.facilities[0]["ratio"].latest().value, scenario.sources["facility.cerf.ratio"]
    (8000, 'set')
    """
    problems = Problems()
    path = locate(path_or_name, problems)
    # an installer may link the shipped files one by one to a store of its own
    trusted = allow_outside or (path is not None and is_shipped(path))
    layers = read_layers(path, overrides, problems, trusted) if path is not None else None
    if path is None or layers is None:
        raise InputError(problems.findings())
    file, broken = check_shape(layers, problems)
    scenario = Resolver(path, file, layers, broken | problems.gone, problems, trusted).run()
    if path.suffix.lower() == ".toml":
        return scenario
    from relending.scenario.workbook import is_workbook, toml_of  # only now: it takes the readers of tables

    return replace(scenario, toml=toml_of(layers.values, path.name)) if is_workbook(path) else scenario
