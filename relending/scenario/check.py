"""The shape of a scenario: unknown keys and wrong types, all at once, and the models that remain without them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from relending.policy import facilities, nearest
from relending.scenario.model import TABLES, Decimals, File, Words, keys
from relending.scenario.problems import Problems, choices, path_text, toml_text
from relending.scenario.read import KeyPath, Layers
from relending.scenario.table import TAG

Location = tuple[str | int, ...]

WRONG_TYPE = {
    "string_type": '"demo"',
    "date_type": '2021-07-01 (≠ "2021-07-01")',
    "int_type": "a whole number such as 50; 整数，例如 50",
    "number_type": "a number such as 0.004; 数值，例如 0.004",
    "model_type": "{ … }",
    "dict_type": "{ … }",
    "list_type": '["cerf", "clean_coal"]',
}
"""What is expected instead, as TOML writes it: a finding is read in two languages, so words are those of both."""


def check_shape(layers: Layers, problems: Problems) -> tuple[File, set[KeyPath]]:
    """The tables without what is wrong in them, and the key paths of what was wrong (each is noted)."""
    values = copy.deepcopy(layers.values)
    broken: set[KeyPath] = set()
    while True:
        try:
            return File.model_validate(values), broken
        except ValidationError as bad:
            for error in bad.errors(include_url=False):
                path = tuple(p for p in error["loc"] if not (isinstance(p, str) and p.startswith(TAG)))
                _note(dict(error), path, layers, problems)
                broken.add(_cut(values, path))


def _note(error: dict[str, Any], path: Location, layers: Layers, problems: Problems) -> None:
    kind, found = error["type"], error["input"]
    label = layers.origin(path).label
    column = path_text(path)
    if kind == "extra_forbidden":
        name = str(path[-1])
        shown = name if isinstance(found, dict) else f"{name} = {toml_text(found)}"
        problems.add("scenario_unknown_key", file=label, column=column, found=shown, expected=known_keys(path))
    elif kind == "missing":
        problems.add("scenario_missing_key", file=label, column=column, found=toml_text(found), expected="the key")
    elif kind in WRONG_TYPE or kind.endswith("_type"):
        problems.add(
            "scenario_wrong_type",
            file=label,
            column=column,
            found=toml_text(found),
            expected=WRONG_TYPE.get(kind, error["msg"]),
        )
    else:
        problems.add("scenario_bad_value", file=label, column=column, found=toml_text(found), expected=_limits(error))


def _limits(error: Mapping[str, Any]) -> str:
    limits = error.get("ctx", {})
    if error["type"] == "literal_error":
        return str(limits["expected"]).replace(" or ", ", ").replace("'", '"')
    if error["type"] in ("string_too_short", "string_pattern_mismatch"):
        return '"loans.xlsx"'
    if error["type"] in ("greater_than_equal", "less_than_equal"):
        return f">= {_plain(limits['ge'])}" if "ge" in limits else f"<= {_plain(limits['le'])}"
    return "0.0295"


def _plain(limit: Any) -> str:
    """A limit as people write it: pydantic tells that of a decimal number as Python would.

    >>> _plain("Decimal('0.1')"), _plain("Decimal('0.000001')"), _plain(50)
    ('0.1', '0.000001', '50')
    """
    return str(limit).removeprefix("Decimal('").removesuffix("')")


def known_keys(path: Location) -> str:
    """What an unknown key may have been: the nearest one beside it, the same key of another table, or all beside it.

    >>> known_keys(("market", "own_rat")), known_keys(("market", "start"))
    ('nearest: market.own_rate', 'nearest: scenario.start')
    """
    above, name = path[:-1], str(path[-1])
    if not above and name in facilities():
        return f"nearest: facility.{name}"
    if not above and name in keys(TABLES["scenario"]):
        return f"nearest: scenario.{name}"
    if not above:
        beside: tuple[str, ...] = keys(File)
    elif path[-2] in ("title", "full_name", "short_name"):
        beside = keys(Words)
    elif path[-2] == "decimals":
        beside = keys(Decimals)
    elif isinstance(path[-2], int):
        beside = ("from", "value")
    else:
        table = ".".join(map(str, above))
        beside = keys(TABLES["lenders.ID" if above[0] == "lenders" else table if table in TABLES else str(above[0])])
    close = nearest(name, beside)
    if close:
        return f"nearest: {path_text((*above, close))}"
    homes = [f"{table}.{name}" for table, model in TABLES.items() if name in keys(model)]
    return f"nearest: {homes[0]}" if homes else choices(name, beside)


def _cut(values: dict[str, Any], path: Location) -> KeyPath:
    """Take the faulty value out (a fault in a list takes the list), and say which key went."""
    names: list[str] = []
    for part in path:
        if isinstance(part, int):
            break
        names.append(part)
    node: Any = values
    for part in names[:-1]:
        if not isinstance(node, dict) or part not in node:
            return tuple(names)
        node = node[part]
    if isinstance(node, dict):
        node.pop(names[-1], None)
    return tuple(names)
