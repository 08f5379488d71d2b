"""Causes 原因: how much of the difference between two scenarios each of their changes explains.

With n changes there are 2**n mixtures of the two scenarios. A change's effect is the Shapley value [1]: what making it
adds, averaged over every order in which the changes can be made. So the effects add up to the difference, a change that
does nothing gets nothing, and the order in which the changes stand in the files does not matter. Figures are the run's
integers; the average is exact and rounded once, by :func:`relending.study.parts.handed_out`.

Beyond :data:`MOST` changes each is made alone, and what that leaves of the difference stands as one more cause,
``together``. Changes that are no scenario one without the other are one cause.

1. L. S. Shapley, A value for n-person games, 1953.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relending.findings import InputError
from relending.scenario import Scenario, mixed
from relending.study.changes import Change, changes, joined
from relending.study.measures import Measure
from relending.study.panel import Panel, aligned, panel
from relending.study.parts import handed_out
from relending.study.stages import Stages
from relending.study.whole import ALL, figures_of, with_weights

if TYPE_CHECKING:
    import pandas as pd

Evaluate = Callable[[Scenario], Mapping[str, "pd.DataFrame"]]
"""Carries a scenario out: the step frames ``funding``, ``cost`` and ``disclosure`` it gives."""
Wholes = dict[tuple[str, str], int | None]
"""The figure of all lenders and facilities by measure and quarter (``all``: of the run)."""

MOST = 6
"""Changes of which every mixture is carried out: 64 of them."""
SHAPLEY, ALONE, TOGETHER = "shapley", "alone", "together"
_REST = Change((), (), ())


@dataclass(frozen=True, slots=True)
class Cause:
    """A change and its effect by measure and quarter; ``method``: shapley, alone, or together (what alone leaves)."""

    change: Change
    method: str
    effects: Wholes

    def label(self, lang: str) -> str:
        """In a few words."""
        if self.method == TOGETHER:
            return "共同作用" if lang == "zh" else "together"
        return self.change.label(lang)


class NoMixture(Exception):  # noqa: N818
    """A mixture that is no scenario, or gives no run that can be laid beside the others."""


def staged(wanted: Sequence[Measure]) -> Evaluate:
    """Carries out scenarios of one study for some measures: what several of them have in common is done once."""
    stages = Stages(keep=4)
    disclosure = any(m.table == "disclosure" for m in wanted)
    return lambda scenario: stages.evaluate(scenario, disclosure=disclosure).tables


def mixtures_needed(base: Scenario, other: Scenario) -> int:
    """How many more runs the causes between two scenarios may take.

    >>> from relending.scenario import load_scenario
    >>> mixtures_needed(load_scenario("demo"), load_scenario("demo/outstanding"))
    2
    """
    n = len(changes(base, other))
    return 2**n - 2 if 0 < n <= MOST else n if n else 0


def wholes(found: Panel, wanted: Sequence[Measure]) -> Wholes:
    """The wholes of a run by measure and quarter."""
    return {
        (m.name, key[0]): value
        for m in wanted
        for key, value in figures_of(found, m).items()
        if key[1] == ALL and key[2] == ALL
    }


def causes(
    base: Scenario, other: Scenario, panels: tuple[Panel, Panel], wanted: Sequence[Measure], evaluate: Evaluate
) -> tuple[Cause, ...]:
    """What each change does, in their order; ``panels`` are those of the two runs, weights of rates among them.

    Nothing where the scenarios give the same. Raises what ``evaluate`` raises but InputError: a mixture that the input
    stops is none, and its changes are one cause.
    """
    found = changes(base, other)
    if not found:
        return ()
    mixtures = _Mixtures(base, other, found, panels, wanted, evaluate)
    return _shapley(mixtures) if len(found) <= MOST else _alone(mixtures)


class _Mixtures:
    """The wholes of every mixture, each carried out once; a mixture is the set of changes made."""

    def __init__(
        self,
        base: Scenario,
        other: Scenario,
        found: Sequence[Change],
        panels: tuple[Panel, Panel],
        wanted: Sequence[Measure],
        evaluate: Evaluate,
    ) -> None:
        self.base, self.other, self.changes, self.evaluate = base, other, tuple(found), evaluate
        self.first, self.wanted = panels[0], tuple(wanted)
        everything = frozenset(range(len(found)))
        self.known: dict[frozenset[int], Wholes | None] = {
            frozenset(): wholes(panels[0], wanted),
            everything: wholes(panels[1], wanted),
        }
        self.scenarios: dict[frozenset[int], Scenario] = {}

    def __call__(self, made: frozenset[int]) -> Wholes:
        """The wholes where these changes are made; NoMixture where that is none."""
        if made not in self.known:
            self.known[made] = self._run(made)
        found = self.known[made]
        if found is None:
            raise NoMixture
        return found

    def is_one(self, made: frozenset[int]) -> bool:
        """Whether a mixture can be resolved; it is not carried out."""
        if made not in self.known and made not in self.scenarios:
            keys = [key for i in made for key in self.changes[i].keys]
            try:
                self.scenarios[made] = mixed(self.base, self.other, keys)
            except InputError:
                self.known[made] = None
        return made in self.scenarios or self.known[made] is not None

    def _run(self, made: frozenset[int]) -> Wholes | None:
        if not self.is_one(made):
            return None
        scenario = self.scenarios.pop(made)  # what is known of it from now on is what comes out
        try:
            got = panel(self.evaluate(scenario), with_weights(self.wanted))
            aligned({"base": self.first, "mixture": got})
        except InputError:
            return None
        return wholes(got, self.wanted)


def _shapley(mixtures: _Mixtures) -> tuple[Cause, ...]:
    groups = [frozenset([i]) for i in range(len(mixtures.changes))]
    while True:
        groups = _apart(groups, mixtures)
        try:
            runs = {made: mixtures(_all(made)) for made in _subsets(groups)}
        except NoMixture:  # only carrying it out told: it is known now, and put together with others
            continue
        return tuple(_effects(groups, runs, mixtures))


def _subsets(groups: Sequence[frozenset[int]]) -> Iterator[frozenset[frozenset[int]]]:
    for n in range(len(groups) + 1):
        yield from (frozenset(some) for some in itertools.combinations(groups, n))


def _all(made: frozenset[frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*made)


def _apart(groups: list[frozenset[int]], mixtures: _Mixtures) -> list[frozenset[int]]:
    """The groups, joined until every mixture is a scenario: each time the two that leave the fewest that are none."""

    def wrong(some: Sequence[frozenset[int]]) -> int:
        return sum(not mixtures.is_one(_all(made)) for made in _subsets(some))

    while wrong(groups):
        tries = []
        for a, b in itertools.combinations(groups, 2):
            merged = [a | b if g == a else g for g in groups if g != b]
            tries.append((wrong(merged), merged))
        groups = min(tries, key=lambda one: one[0])[1]
    return groups


def _effects(
    groups: Sequence[frozenset[int]], runs: Mapping[frozenset[frozenset[int]], Wholes], mixtures: _Mixtures
) -> Iterator[Cause]:
    n = len(groups)
    weight = [math.factorial(k) * math.factorial(n - k - 1) for k in range(n)]
    effects: list[Wholes] = [{} for _ in groups]
    for at in runs[frozenset()]:
        values = {made: run[at] for made, run in runs.items()}
        numbers = {made: v for made, v in values.items() if v is not None}
        if len(numbers) < len(values):  # a rate over nothing in one of them: no one can say what did what
            for effect in effects:
                effect[at] = None
            continue
        sums = [
            sum(weight[len(made)] * (numbers[made | {group}] - numbers[made]) for made in numbers if group not in made)
            for group in groups
        ]
        for effect, value in zip(effects, handed_out(sums, math.factorial(n)), strict=True):
            effect[at] = value
    for group, effect in zip(groups, effects, strict=True):
        yield Cause(joined(tuple(mixtures.changes[i] for i in sorted(group))), SHAPLEY, effect)


def _alone(mixtures: _Mixtures) -> tuple[Cause, ...]:
    nothing, everything = mixtures(frozenset()), mixtures(frozenset(range(len(mixtures.changes))))
    out = []
    rest: Wholes = {at: _less(everything[at], value) for at, value in nothing.items()}
    for i, change in enumerate(mixtures.changes):
        try:
            run = mixtures(frozenset([i]))
        except NoMixture:  # it stands in what they do together
            continue
        effects: Wholes = {at: _less(run[at], value) for at, value in nothing.items()}
        rest = {at: _less(left, effects[at]) for at, left in rest.items()}
        out.append(Cause(change, ALONE, effects))
    out = [Cause(c.change, ALONE, {at: None if rest[at] is None else v for at, v in c.effects.items()}) for c in out]
    return (*out, Cause(_REST, TOGETHER, rest))


def _less(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a - b
