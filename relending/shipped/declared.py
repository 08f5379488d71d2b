"""What each shipped frame is and what its columns are: ``sets.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from relending.findings import Findings, InputError
from relending.labelled import Label
from relending.policy import nearest

TYPES = ("text", "number", "whole", "day")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type (one of ``TYPES``), label, and in both languages what stands in it (may be empty)."""

    name: str
    type: str
    label: Label
    about: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Set:
    """A shipped frame: title, one line about it, notes and columns in their order; ``plot`` draws it in Python.

    ``shown``: the columns that fit on a screen.
    """

    name: str
    title: Mapping[str, str]
    about: Mapping[str, str]
    notes: tuple[Mapping[str, str], ...]
    columns: tuple[Column, ...]
    plot: str
    shown: tuple[str, ...]

    @property
    def labels(self) -> dict[str, Label]:
        """The labels by column, as :func:`relending.labelled.write_labelled` takes them."""
        return {column.name: column.label for column in self.columns}


def read_toml(name: str) -> Mapping[str, Any]:
    """A data file of this package."""
    return tomllib.loads(resources.files("relending.shipped").joinpath(name).read_text(encoding="utf-8"))


@cache
def shipped_sets() -> Mapping[str, Set]:
    """Every shipped frame by its name.

    >>> list(shipped_sets())
    ['lpr', 'policy', 'statements', 'aggregates', 'factors']
    """
    raw = read_toml("sets.toml")
    return {name: _set(name, one, raw["shared"]) for name, one in raw["set"].items()}


def _set(name: str, raw: Mapping[str, Any], shared: Mapping[str, Any]) -> Set:
    columns = tuple(_column(key, shared.get(key, {}) | given) for key, given in raw["columns"].items())
    return Set(name, raw["title"], raw["about"], tuple(raw["notes"]), columns, raw["plot"], tuple(raw["shown"]))


def _column(name: str, raw: Mapping[str, Any]) -> Column:
    label = Label(raw["zh"], raw["en"], raw.get("unit", ""))
    return Column(name, raw["type"], label, raw.get("about", {"zh": "", "en": ""}))


def shipped_set(name: str) -> Set:
    """The shipped frame of that name; InputError (``no_such_data``) that lists the names and the nearest.

    >>> shipped_set("lpr").title["en"]
    'Loan prime rate (LPR), every fixing'
    """
    sets = shipped_sets()
    if name not in sets:
        near = nearest(name, sets)
        expected = ", ".join(sets) + (f" ({near}?)" if near else "")
        raise InputError(Findings.one("no_such_data", found=name, expected=expected))
    return sets[name]
