"""Causes add up, whatever is changed; a change that does nothing has no effect; what is no scenario is not run."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import relending as rl
from relending.findings import Findings
from relending.scenario import differing_keys, mixed
from relending.scenario.run import execute
from relending.study import compare_runs
from relending.study.causes import MOST, causes
from relending.study.changes import changes
from relending.study.compare import Comparison
from relending.study.measures import measures, pick
from relending.study.panel import panel
from relending.study.parts import handed_out, shares_e8
from relending.study.whole import with_weights
from tests.study.shared import LOANS, write

VALUES: dict[str, list[Any]] = {
    "facility.cerf.rollover_base": ["outstanding", "original"],
    "facility.clean_coal.rollover_base": ["outstanding"],
    "facility.cerf.ratio": [0.4, 0.8],
    "facility.cerf.rollover_take_up": [0.5],
    "facility.cerf.quota": [2e9],
    "market.own_rate": [0.03],
    "market.loan_rates": ["current"],
    "disclosure.claim": ["funded"],
}
PAIRS = st.sampled_from([(key, value) for key, values in VALUES.items() for value in values])
CHANGED = st.lists(PAIRS, unique_by=lambda pair: pair[0], max_size=3).map(dict)


def _whole_way(scenario: rl.Scenario) -> Mapping[str, Any]:
    """A scenario's tables by a run, which shares nothing with any other."""
    return execute(scenario).tables


def demo(name: str, changed: Mapping[str, Any]) -> rl.Run:
    return rl.run(rl.load_scenario("demo", {"scenario.name": name, **changed}))


def effects_add_up(comparison: Comparison) -> None:
    for name in comparison.others:
        for m in comparison.measures:
            if comparison.has_whole(m):
                for time in comparison.times(m):
                    effects = [cause.effects[(m.name, time)] for cause in comparison.found[name]]
                    gap = comparison.gap(name, m, time)
                    if gap is not None and None not in effects:
                        assert sum(e or 0 for e in effects) == gap, (name, m.name, time)


@pytest.fixture(scope="module")
def base() -> rl.Run:
    return demo("a", {})


@settings(max_examples=6, deadline=None)
@given(changed=CHANGED)
def test_effects_add_up_to_the_difference_to_the_last_digit(base: rl.Run, changed: dict[str, Any]) -> None:
    found = compare_runs([base, demo("b", changed)])
    effects_add_up(found)
    assert {key for cause in found.found["b"] for key in cause.change.keys} == {
        tuple(key.split(".")) for key in changed
    }


def test_the_order_of_naming_turns_the_signs_and_nothing_else(base: rl.Run) -> None:
    other = demo("b", {"market.own_rate": 0.03, "facility.cerf.ratio": 0.7, "facility.cerf.rollover_take_up": 0.5})
    there, back = compare_runs([base, other]), compare_runs([other, base])
    keys = ["quarter", "lender", "facility", "measure"]
    one, two = (c.differences.set_index(keys)["absolute"] for c in (there, back))
    pd.testing.assert_series_equal(one, -two)
    for mine, theirs in zip(there.found["b"], back.found["a"], strict=True):
        assert mine.change.keys == theirs.change.keys
        assert mine.effects == {at: None if v is None else -v for at, v in theirs.effects.items()}


def test_an_effect_is_the_mean_over_every_order_of_the_changes(base: rl.Run) -> None:
    # Shapley 1953, from its definition: no weights, every permutation
    other = demo("b", {"market.own_rate": 0.03, "facility.cerf.ratio": 0.7, "facility.cerf.rollover_take_up": 0.5})
    (wanted,) = pick(["interest_saved"])
    found = changes(base.scenario, other.scenario)

    def saved(made: frozenset[int]) -> int:
        scenario = mixed(base.scenario, other.scenario, [key for i in made for key in found[i].keys])
        return int(_whole_way(scenario)["cost"][wanted.column].sum())

    values = {frozenset(some): saved(frozenset(some)) for n in range(4) for some in itertools.combinations(range(3), n)}
    orders = list(itertools.permutations(range(3)))
    told = compare_runs([base, other], measures=["interest_saved"]).found["b"]
    for i, cause in enumerate(told):
        steps = [values[frozenset(o[: o.index(i) + 1])] - values[frozenset(o[: o.index(i)])] for o in orders]
        effect = cause.effects[("interest_saved", "all")]
        assert effect is not None and abs(Fraction(sum(steps), len(orders)) - effect) <= 1


def test_a_change_that_changes_nothing_has_no_effect(base: rl.Run) -> None:
    now = base.scenario.facilities[0]["ratio"].latest().value / 10_000
    found = compare_runs([base, demo("b", {"facility.cerf.ratio": now, "market.own_rate": 0.03})]).found["b"]
    nothing = next(c for c in found if c.change.keys[0][-1] == "ratio")
    assert not any(nothing.effects.values()) and any(v for c in found for v in c.effects.values())


def test_with_too_many_changes_each_is_made_alone_and_the_rest_is_said() -> None:
    changed = {key: values[0] for key, values in VALUES.items()} | {"facility.clean_coal.ratio": 0.5}
    changed |= {"facility.clean_coal.rollover_base": "original"}
    runs = [demo("a", {}), demo("b", changed)]
    assert len(changes(runs[0].scenario, runs[1].scenario)) > MOST
    found = compare_runs(runs)
    assert [c.method for c in found.found["b"]] == ["alone"] * (len(found.found["b"]) - 1) + ["together"]
    effects_add_up(found)
    alone = compare_runs([runs[0], demo("b", {"market.own_rate": 0.03})], measures=["interest_saved"]).found["b"][0]
    same = next(c for c in found.found["b"] if c.change.keys == alone.change.keys)
    assert same.effects[("interest_saved", "all")] == alone.effects[("interest_saved", "all")]


def test_keys_that_are_no_scenario_apart_are_one_cause(tmp_path: Path) -> None:
    a = write(tmp_path, "a")
    b = write(tmp_path, "b", files='plan = "plan.csv"', own_rate="0.03")
    found = compare_runs([rl.run(a), rl.run(b)])
    assert [c.change.name for c in found.found["b"]] == ["scenario.book; scenario.plan", "market.own_rate"]
    effects_add_up(found)


def test_what_only_carrying_out_refuses_is_one_cause_too(tmp_path: Path) -> None:
    a, b = write(tmp_path, "a"), write(tmp_path, "b", own_rate="0.03", more="[facility.cerf]\nratio = 0.5")
    runs = [rl.run(a), rl.run(b)]
    asked = []

    def evaluate(scenario: rl.Scenario) -> Mapping[str, pd.DataFrame]:
        ratio, rate = scenario.facilities[0]["ratio"].latest().value, scenario.own_rate[""].values[0].value
        asked.append((ratio, rate))
        if (ratio, rate) == (5000, 25_000):
            raise rl.InputError(Findings.one("file_not_found"))
        return _whole_way(scenario)

    found = compare_runs(runs, evaluate=evaluate).found["b"]
    assert [c.change.name for c in found] == ["market.own_rate; facility.cerf.ratio"]
    assert len(asked) == len(set(asked)) <= 2


def test_a_file_of_one_name_in_another_folder_is_another_file_and_is_read_from_there(tmp_path: Path) -> None:
    a = write(tmp_path / "one", "a")
    b = write(tmp_path / "two", "b", loans=LOANS[:2], own_rate="0.03")
    one, two = rl.load_scenario(a), rl.load_scenario(b)
    assert differing_keys(one, two) == (("scenario", "book"), ("market", "own_rate"))
    half = mixed(one, two, [("scenario", "book")])
    assert half.book == two.book and half.own_rate == one.own_rate
    assert len(_whole_way(half)["loans"]) == 2
    assert mixed(one, two, [("market", "own_rate")]).book == one.book


def test_a_mixture_of_nothing_is_the_base_and_of_everything_the_other(tmp_path: Path) -> None:
    a, b = rl.load_scenario("demo"), rl.load_scenario("demo/outstanding")
    silent = {"name", "title", "description", "description_zh", "sources"}

    def said(scenario: rl.Scenario) -> dict[str, Any]:
        return {key: value for key, value in scenario.resolved().items() if key not in silent}

    assert said(mixed(a, b, [])) == said(a)
    whole = said(mixed(a, b, differing_keys(a, b)))
    assert whole == said(b)


def test_what_a_lender_gives_is_one_change_but_its_own_rate(tmp_path: Path) -> None:
    table = '[lenders.own]\nclass = "city"\nadmitted = { cerf = 2022-01-01 }\n'
    a = write(tmp_path, "a", more=table)
    b = write(
        tmp_path, "b", more=table.replace("2022-01-01", "2023-01-01").replace("city", "rural") + "own_rate = 0.02\n"
    )
    found = changes(rl.load_scenario(a), rl.load_scenario(b))
    assert [c.label("en") for c in found] == ["lenders.own", "lenders.own.own_rate"]
    assert [c.name for c in found] == ["lenders.own.admitted; lenders.own.class", "lenders.own.own_rate"]


def test_scenarios_that_give_the_same_have_no_causes(base: rl.Run) -> None:
    wanted = with_weights(tuple(measures().values()))
    one = panel(base.tables, wanted)
    assert causes(base.scenario, rl.load_scenario("demo"), (one, one), wanted, _whole_way) == ()


@given(parts=st.lists(st.integers(-(10**20), 10**20), min_size=1, max_size=7), over=st.sampled_from([1, 2, 6, 24, 720]))
def test_parts_handed_out_add_up_and_turn_with_their_signs(parts: list[int], over: int) -> None:
    parts[-1] -= sum(parts) % over
    whole = handed_out(parts, over)
    assert sum(whole) * over == sum(parts)
    assert all(abs(w * over - p) < 2 * over for w, p in zip(whole, parts, strict=True))
    assert handed_out([-p for p in parts], over) == [-w for w in whole]


@given(parts=st.lists(st.integers(-(10**18), 10**18), min_size=1, max_size=9))
def test_shares_add_up_to_one(parts: list[int]) -> None:
    shares = shares_e8(parts)
    assert shares == [None] * len(parts) if sum(parts) == 0 else sum(s or 0 for s in shares) == 10**8


def test_causes_by_the_stages_of_a_study_are_those_by_runs_of_their_own() -> None:
    runs = [demo("a", {}), demo("b", {"facility.cerf.rollover_base": "outstanding", "market.own_rate": 0.02})]
    by_stages, by_runs = compare_runs(runs), compare_runs(runs, evaluate=_whole_way)
    pd.testing.assert_frame_equal(by_stages.causes, by_runs.causes)
