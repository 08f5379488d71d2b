"""Factors 排放因子、煤耗、利用小时: ``factors/*.csv`` as collected, by ``factors/factors.toml``; exact, a row a figure.

None of them is a rule of a facility. A figure printed as a range is two, low and high; what is printed beside a figure
in brackets goes to its note.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Factor:
    """One figure: what of, where, of when, and how well it is known.

    ``vintage`` is the year or period of the data as printed (empty where none is), ``bound`` is ``low`` or ``high`` of
    a range, ``printed`` the cell as collected, ``grade`` A (primary text seen) to C (background knowledge or derived).
    """

    kind: str
    measure: str
    region: str
    region_zh: str
    vintage: str
    scope: str
    technology: str
    bound: str
    value: Decimal
    printed: str
    unit: str
    note: str
    source: str
    source_zh: str
    grade: str
    checked: dt.date


@cache
def told() -> Mapping[str, Any]:
    """``factors.toml``: the files, how sources are cited, what kinds and measures are called."""
    return tomllib.loads(_text("factors.toml"))


def _text(name: str) -> str:
    return resources.files("relending.policy").joinpath("factors", name).read_text(encoding="utf-8")


@cache
def factors() -> tuple[Factor, ...]:
    """Every figure, by file and row.

    >>> [(f.region, f.value, f.unit) for f in factors() if f.measure == "operating_margin" and f.vintage == "2019"][0]
    ('North', Decimal('0.9419'), 'tCO2/MWh')
    """
    return tuple(factor for name in told()["file"] for factor in _file(name))


def _file(name: str) -> Iterator[Factor]:
    about, above = told()["file"][name], ""
    for row in csv.DictReader(_text(f"{name}.csv").splitlines()):
        if "source_column" in about:
            cell = row[about["source_column"]]
            above = above if cell == "same" else cell
        given = about.get("fixed", {}) | {key: row[column] for key, column in about.get("from", {}).items()}
        for figure in about["figures"]:
            if row[figure["column"]]:
                yield from _figure(about, given | figure, row, above)


def _figure(about: Mapping[str, Any], given: Mapping[str, str], row: Mapping[str, str], cited: str) -> Iterator[Factor]:
    printed, measure = row[given["column"]], given["measure"]
    source = _source(given.get("source") or about.get("source") or cited)
    region, vintage = given.get("region", ""), given.get("vintage", "")
    for value, bound, beside in parts(printed):
        yield Factor(
            about["kind"],
            measure,
            region,
            given.get("region_zh") or told()["region"].get(region, ""),
            "" if vintage == "n/a" else vintage,
            given.get("scope", ""),
            given.get("technology", ""),
            given.get("bound", bound),
            value,
            printed,
            about.get("unit_of", {}).get(measure) or given.get("unit") or about["unit"],
            "; ".join(text for text in (beside, given.get("note", "")) if text),
            source["en"],
            source["zh"],
            row[given["grade_column"]] if "grade_column" in given else given["grade"],
            told()["checked"],
        )


def _source(name: str) -> Mapping[str, str]:
    found = told()["source"][name]
    return _source(found["same"]) if "same" in found else found


def parts(printed: str) -> list[tuple[Decimal, str, str]]:
    """The figures of a cell, each with the bound it is and what is printed beside it.

    >>> parts("2.05 to 3.24")
    [(Decimal('2.05'), 'low', ''), (Decimal('3.24'), 'high', '')]
    >>> parts("0.99 (implied)"), parts("305.5")
    ([(Decimal('0.99'), '', 'implied')], [(Decimal('305.5'), '', '')])
    """
    low, to, high = printed.partition(" to ")
    if to:
        return [(Decimal(low), "low", ""), (Decimal(high), "high", "")]
    found = re.fullmatch(r"([0-9.]+)(?: \((.+)\))?", printed)
    if found is None:
        raise ValueError(f"no figure: {printed!r}")
    return [(Decimal(found[1]), "", found[2] or "")]
