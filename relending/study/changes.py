"""Changes 变动: what one scenario gives otherwise than another, as changes that are made or not made as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from relending.policy import Dated
from relending.scenario import Scenario, differing_keys, given_keys
from relending.scenario.problems import path_text, toml_text
from relending.scenario.read import KeyPath
from relending.study.keynames import facility_name, key_name, value_name

TOGETHER: Mapping[KeyPath, KeyPath] = {
    ("scenario", "sheet"): ("scenario", "book"),
    ("scenario", "simulate_from"): ("scenario", "applications"),
    ("market", "lpr_shift_from"): ("market", "lpr_shift_bp"),
}
"""Keys that say nothing without another."""
Steps = tuple[tuple[str, str], ...]
"""Days and the values from each of them on."""
MOST_STEPS = 4
"""Days told in a label."""
MISSING = object()
"""What stands for a key that a scenario does not give."""


@dataclass(frozen=True, slots=True)
class Change:
    """Keys that are changed together, and what either scenario gives for each ("" where it takes the policy file's).

    ``dated`` are, of keys with dated values, the values from the first day on which they differ from the base's.
    """

    keys: tuple[KeyPath, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    dated: tuple[Steps, ...] = ()

    @property
    def name(self) -> str:
        """The key paths, as ``--set`` takes them."""
        return "; ".join(path_text(key) for key in self.keys)

    @property
    def given(self) -> tuple[str, str]:
        """What the base and the other give, as one text each; of several values with their keys."""
        return _text(self.keys, self.before), _text(self.keys, self.after)

    def label(self, lang: str) -> str:
        """In a few words: the last part of the key, and the value where it is short, or the days it changes on.

        >>> keys = (("facility", "cerf", "ratio"),)
        >>> Change(keys, ("",), ("0.8",)).label("en"), Change(keys, ("0.8",), ("",)).label("en")
        ('ratio 0.8 (cerf)', 'ratio as in the policy file (cerf)')
        >>> Change(keys, ("",), ("0.8",)).label("zh")
        '资金支持比例 0.8（碳减排支持工具）'
        >>> keys = (("market", "own_rate"),)
        >>> Change(keys, ("",), ("…",), ((("2027-01-01", "0.0175"), ("2028-01-01", "0.015")),)).label("zh")
        '自有资金成本：2027-01-01起 1.75%，2028-01-01起 1.50%'
        """
        parts: dict[str, list[int]] = {}
        for i, key in enumerate(self.keys):
            if TOGETHER.get(key) not in self.keys:
                parts.setdefault(key_name(key, lang), []).append(i)
        alone = len({key_name(key, "en") for i in parts.values() for key in (self.keys[j] for j in i)}) == 1
        said = []
        for name, places in parts.items():
            out = name
            if alone and len({(self.after[i], self._steps(i)) for i in places}) == 1:  # else the tables have it
                out += self._value(places[0], lang)
            of = [self.keys[i][1] for i in places if self.keys[i][0] == "facility"]
            if len(of) == len(places):
                inside = ("、" if lang == "zh" else ", ").join(facility_name(one, lang) for one in dict.fromkeys(of))
                out += f"（{inside}）" if lang == "zh" else f" ({inside})"
            said.append(out)
        return " + ".join(said)

    def _steps(self, at: int) -> Steps:
        return self.dated[at] if self.dated else ()

    def _value(self, at: int, lang: str) -> str:
        """What the label says of the value of a key, with what stands before it; nothing where it is long."""
        key, text, steps = self.keys[at], self.after[at], self._steps(at)
        if steps:
            shown = [(day, value_name(key, value, lang)) for day, value in steps[:MOST_STEPS]]
            more = " …" if len(steps) > MOST_STEPS else ""
            if lang == "zh":
                return "：" + "，".join(f"{day}起 {value}" for day, value in shown) + more
            return " " + ", ".join(f"{value} from {day}" for day, value in shown) + more
        if len(text) > _SHORT or key[0] == "lenders":
            return ""
        if text:
            return f" {value_name(key, text, lang)}"
        rule = {"en": "as in the policy file", "zh": "按政策文件"}
        return f" {rule[lang] if key[0] == 'facility' else {'en': 'none', 'zh': '无'}[lang]}"


def _text(keys: tuple[KeyPath, ...], values: tuple[str, ...]) -> str:
    there = [(key, value) for key, value in zip(keys, values, strict=True) if value]
    if len({key[-1] for key in keys}) == 1 and len({value for _, value in there}) == 1 == len(set(values)):
        return there[0][1]
    return (
        "; ".join(f"{path_text(key)} = {value}" for key, value in there)
        if len(keys) > 1
        else values[0]
        if values
        else ""
    )


_SHORT = 24


def value_text(value: Any) -> str:
    """A value as it was given: a text without quotes, a number in plain digits, anything else as TOML.

    >>> value_text("outstanding"), value_text(Decimal("8E+11")), value_text(["a", 1]), value_text(True)
    ('outstanding', '800000000000', '["a", 1]', 'true')
    """
    if value is MISSING:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return toml_text(value)


def value_texts(values: Sequence[Any]) -> list[str]:
    """What several scenarios give for one key; of dated values only what follows the last step all of them share.

    >>> old, new = {"from": "2021-01-01", "value": 1}, {"from": "2027-01-01", "value": 2}
    >>> value_texts([[old], [old, new], 3])
    ['2021-01-01: 1', '2021-01-01: 1, 2027-01-01: 2', '3']
    >>> value_texts([[old, old, new], [old, old]])
    ['… 2021-01-01: 1, 2027-01-01: 2', '… 2021-01-01: 1']
    """
    dated = [value for value in values if _is_dated(value)]
    shared = 0
    for steps in zip(*dated, strict=False):
        if any(step != steps[0] for step in steps):
            break
        shared += 1
    left_out = max(shared - 1, 0) if len(dated) > 1 else 0
    return [_steps(value, left_out) if _is_dated(value) else value_text(value) for value in values]


def _is_dated(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, Mapping) and set(v) == {"from", "value"} for v in value)


def _steps(steps: Sequence[Mapping[str, Any]], left_out: int) -> str:
    said = ", ".join(f"{value_text(one['from'])}: {value_text(one['value'])}" for one in steps[left_out:])
    return f"… {said}" if left_out else said


def changes(base: Scenario, other: Scenario) -> tuple[Change, ...]:
    """What ``other`` gives otherwise than ``base``, in an order that does not depend on which is which.

    A parameter that is changed alike in several facilities is one change; so is a lender's table, but for its own rate.

    >>> from relending.scenario import load_scenario
    >>> [c.label("zh") for c in changes(load_scenario("demo"), load_scenario("outlook/baseline"))]
    ['投放计划 plan.csv']
    """
    mine, theirs = given_keys(base), given_keys(other)
    groups: dict[Any, list[KeyPath]] = {}
    for key in differing_keys(base, other):
        groups.setdefault(_group(key, mine, theirs), []).append(key)
    return tuple(_change(tuple(keys), base, other) for keys in groups.values())


def _group(key: KeyPath, mine: Mapping[KeyPath, Any], theirs: Mapping[KeyPath, Any]) -> Any:
    if key[0] == "facility" and len(key) > 2:
        return (key[0], key[2], value_text(mine.get(key, MISSING)), value_text(theirs.get(key, MISSING)))
    if key[0] == "lenders" and key[-1] != "own_rate":
        return key[:2]
    return TOGETHER.get(key, key)


def _change(keys: tuple[KeyPath, ...], base: Scenario, other: Scenario) -> Change:
    mine, theirs = given_keys(base), given_keys(other)
    texts = [value_texts([mine.get(key, MISSING), theirs.get(key, MISSING)]) for key in keys]
    dated = tuple(_from_difference(key, theirs.get(key, MISSING), base, other) for key in keys)
    return Change(keys, tuple(before for before, _ in texts), tuple(after for _, after in texts), dated)


def _from_difference(key: KeyPath, given: Any, base: Scenario, other: Scenario) -> Steps:
    """The days and values of a dated value from the first day on which the two scenarios differ in it."""
    if not _is_dated(given) or not given:
        return ()
    steps = sorted((step["from"], step["value"]) for step in given)
    a, b = _resolved(base, key), _resolved(other, key)
    if a is not None and b is not None:
        days = sorted({value.start for value in (*a.values, *b.values)})
        first = next((day for day in days if a.on(day).value != b.on(day).value), None)
        if first is not None:
            before = [value for day, value in steps if day <= first]
            steps = [*([(first, before[-1])] if before else []), *(step for step in steps if step[0] > first)]
    return tuple((value_text(day), value_text(value)) for day, value in steps)


def _resolved(scenario: Scenario, key: KeyPath) -> Dated | None:
    """A dated value as the scenario has it in the end, the policy file's included; None for what has no days."""
    if key[0] == "facility":
        return next((f.parameters.get(key[-1]) for f in scenario.facilities if f.id == key[1]), None)
    if key[-1] == "own_rate":
        return scenario.own_rate.get(key[1] if key[0] == "lenders" else "")
    rates = {"reference_rate": scenario.reference_rate, "collateral_cost": scenario.collateral_cost}
    return rates[key[-1]].get("") if key[-1] in rates else None


def joined(some: tuple[Change, ...]) -> Change:
    """Changes that cannot be told apart, as one."""
    return Change(
        tuple(key for c in some for key in c.keys),
        tuple(text for c in some for text in c.before),
        tuple(text for c in some for text in c.after),
        tuple(steps for c in some for steps in (c.dated or ((),) * len(c.keys))),
    )
