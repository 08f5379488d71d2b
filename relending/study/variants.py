"""The scenarios of a grid 情景变体: how each is loaded, which of its keys count, and which of them cost most."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relending.findings import Findings, InputError
from relending.policy import nearest
from relending.scenario import load_scenario
from relending.scenario.model import TABLES, keys
from relending.scenario.problems import toml_text
from relending.scenario.scenario import Scenario
from relending.study.grid import Grid
from relending.study.since import from_day
from relending.study.stages import Both, Stages
from relending.study.traced import Path as Read
from relending.study.traced import digest, value_at

INPUT = ("book", "sheet", "plan", "prepayments", "side", "simulate_from", "lender", "lenders")
"""What of a scenario decides what is read; the rest that counts stands in its rules."""
KEPT = 64
"""Values of a key that are looked at to see what it changes."""


@dataclass(frozen=True, slots=True)
class Variants:
    """A scenario file, overrides that always hold, and a grid of further ones.

    ``base`` is the scenario without the grid; with ``since`` the values of the grid count from that day on.
    """

    scenario: str | Path
    overrides: tuple[str, ...]
    allow_outside: bool
    grid: Grid
    base: Scenario
    since: dt.date | None = None
    loaded: dict[tuple[int, int], Both] = field(default_factory=dict)

    def load(self, more: Mapping[str, Any]) -> Scenario:
        """The scenario with these keys set."""
        if self.since is not None:
            more = {k: v for key, value in more.items() for k, v in from_day(self.base, key, value, self.since).items()}
        sets = [*self.overrides, *(f"{key}={toml_text(value)}" for key, value in more.items())]
        return load_scenario(self.scenario, sets, allow_outside=self.allow_outside)

    def cell(self, values: Sequence[Any]) -> Scenario:
        """The scenario of one cell."""
        return self.load(dict(zip(self.grid.keys, values, strict=True)))

    def alone(self, axis: int, value: int) -> Both:
        """One value of one key, all else as the scenario has it; the first, which are asked for again, are kept."""
        if (axis, value) in self.loaded:
            return self.loaded[axis, value]
        key, values = self.grid.axes[axis]
        scenario = self.load({key: values[value]})
        both = Both(scenario, scenario.context())
        if value < KEPT:
            self.loaded[axis, value] = both
        return both

    def check(self) -> None:
        """Raise InputError with every value that no scenario may have, and every key that nothing would read."""
        findings: list[Findings] = []
        told: set[str] = set()
        for axis, (key, values) in enumerate(self.grid.axes):
            marks: list[str] = []  # of the first value, and of the first that is something else
            fine = 0
            for i in range(len(values)):
                try:
                    both = self.alone(axis, i)
                except InputError as stop:
                    if str(stop) not in told:  # what is wrong with the key is so with each of its values
                        findings.append(stop.findings)
                    told.add(str(stop))
                    continue
                fine += 1
                if len(set(marks)) < 2:  # a key that changes something once is read
                    marks.append(digest((both.context, [getattr(both.scenario, name) for name in INPUT])))
            if fine > 1 and len(set(marks)) == 1:
                close = nearest(key, [k for k in _keys(self.base) if k != key])
                expected = f"nearest: {close}" if close else ""
                findings.append(Findings.one("sweep_not_read", column=key, found=key, expected=expected))
        if findings:
            raise InputError(Findings.concat(findings))

    def slowest(self, stages: Stages) -> list[int]:
        """The axes in the order in which they should vary, what an early stage reads changing least."""
        by_stage = stages.reads_by_stage()

        def depth(axis: int) -> int:
            return next((i for i, paths in enumerate(by_stage) if self._differs(axis, paths)), len(by_stage))

        return sorted(range(len(self.grid.axes)), key=depth)

    def without_effect(self, stages: Stages) -> Findings:
        """A warning for each key none of whose values changed anything that was read."""
        paths = [path for stage in stages.reads_by_stage() for path in stage]
        return Findings.concat(
            [
                Findings.one("sweep_without_effect", column=key, found=", ".join(toml_text(v) for v in values[:6]))
                for axis, (key, values) in enumerate(self.grid.axes)
                if len(values) > 1 and not self._differs(axis, paths)
            ]
        )

    def _differs(self, axis: int, paths: Iterable[Read]) -> bool:
        """Whether any of these values changes from one value of the key to another."""
        first, paths = self.alone(axis, 0), tuple(paths)
        at = {path: value_at(first, path) for path in paths}
        others = (self.alone(axis, i) for i in range(1, min(len(self.grid.axes[axis][1]), KEPT)))
        return any(value_at(other, path) != at[path] for other in others for path in paths)


def _keys(base: Scenario) -> list[str]:
    """Keys that figures of a scenario come from, for a hint."""
    rules = [f"facility.{f.id}.{name}" for f in base.facilities for name in f.parameters]
    return [*rules, *(f"market.{name}" for name in keys(TABLES["market"])), "disclosure.rate_basis"]
