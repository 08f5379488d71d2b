"""The scenario room: the file, its resolution, the run in memory."""

from __future__ import annotations

from relending.scenario.lenders import Lender
from relending.scenario.load import load_scenario
from relending.scenario.mixture import differing_keys, given_keys, mixed
from relending.scenario.places import shipped, shipped_group, shipped_names, shipped_root
from relending.scenario.scenario import Scenario

__all__ = [
    "Lender",
    "Scenario",
    "differing_keys",
    "given_keys",
    "load_scenario",
    "mixed",
    "shipped",
    "shipped_group",
    "shipped_names",
    "shipped_root",
]
