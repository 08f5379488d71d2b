"""Changes 变动: what one scenario gives otherwise than another, as changes that are made or not made as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from relending.scenario import Scenario, differing_keys, given_keys
from relending.scenario.problems import path_text, toml_text
from relending.scenario.read import KeyPath

TOGETHER: Mapping[KeyPath, KeyPath] = {
    ("scenario", "sheet"): ("scenario", "book"),
    ("scenario", "simulate_from"): ("scenario", "applications"),
    ("market", "lpr_shift_from"): ("market", "lpr_shift_bp"),
}
"""Keys that say nothing without another."""
MISSING = object()
"""What stands for a key that a scenario does not give."""


@dataclass(frozen=True, slots=True)
class Change:
    """Keys that are changed together, and what either scenario gives for each ("" where it takes the policy file's)."""

    keys: tuple[KeyPath, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        """The key paths, as ``--set`` takes them."""
        return "; ".join(path_text(key) for key in self.keys)

    @property
    def given(self) -> tuple[str, str]:
        """What the base and the other give, as one text each; of several values with their keys."""
        return _text(self.keys, self.before), _text(self.keys, self.after)

    def label(self, lang: str) -> str:
        """In a few words: the last part of the key, and the value where it is short.

        >>> keys = (("facility", "cerf", "ratio"),)
        >>> Change(keys, ("",), ("0.8",)).label("en"), Change(keys, ("0.8",), ("",)).label("en")
        ('ratio 0.8 (cerf)', 'ratio as in the policy file (cerf)')
        """
        parts: dict[tuple[str, str], list[str]] = {}
        for key, value in zip(self.keys, self.after, strict=True):
            if TOGETHER.get(key) not in self.keys:
                parts.setdefault(_named(key, value), []).append(key[1] if key[0] == "facility" else "")
        if len(parts) > 1:  # what else belongs to it stands in the tables
            parts = {(name, ""): [f for n, _ in parts for f in parts[n, _] if n == name] for name, _ in parts}
        said = []
        for (name, value), facilities in parts.items():
            rule = (
                {"en": "as in the policy file", "zh": "按政策文件"} if all(facilities) else {"en": "none", "zh": "无"}
            )
            out = name
            if len(parts) == 1 and len(value) <= _SHORT and "." not in name:
                out += f" {value or rule[lang]}"
            if all(facilities):
                inside = ("、" if lang == "zh" else ", ").join(dict.fromkeys(facilities))
                out += f"（{inside}）" if lang == "zh" else f" ({inside})"
            said.append(out)
        return " + ".join(said)


def _named(key: KeyPath, value: str) -> tuple[str, str]:
    if key[0] == "lenders":
        return path_text(key if key[-1] == "own_rate" else key[:2]), ""
    return key[-1], value


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
    >>> [c.label("en") for c in changes(load_scenario("demo"), load_scenario("demo/outstanding"))]
    ['own_rate', 'rollover_base outstanding (cerf, clean_coal)']
    """
    mine, theirs = given_keys(base), given_keys(other)
    groups: dict[Any, list[KeyPath]] = {}
    for key in differing_keys(base, other):
        groups.setdefault(_group(key, mine, theirs), []).append(key)
    return tuple(_change(tuple(keys), mine, theirs) for keys in groups.values())


def _group(key: KeyPath, mine: Mapping[KeyPath, Any], theirs: Mapping[KeyPath, Any]) -> Any:
    if key[0] == "facility" and len(key) > 2:
        return (key[0], key[2], value_text(mine.get(key, MISSING)), value_text(theirs.get(key, MISSING)))
    if key[0] == "lenders" and key[-1] != "own_rate":
        return key[:2]
    return TOGETHER.get(key, key)


def _change(keys: tuple[KeyPath, ...], mine: Mapping[KeyPath, Any], theirs: Mapping[KeyPath, Any]) -> Change:
    texts = [value_texts([mine.get(key, MISSING), theirs.get(key, MISSING)]) for key in keys]
    return Change(keys, tuple(before for before, _ in texts), tuple(after for _, after in texts))


def joined(some: tuple[Change, ...]) -> Change:
    """Changes that cannot be told apart, as one."""
    return Change(
        tuple(key for c in some for key in c.keys),
        tuple(text for c in some for text in c.before),
        tuple(text for c in some for text in c.after),
    )
