"""Rules are data: no rate, ratio, amount, date or list of a facility, and no bank or sector, is written in Python."""

from __future__ import annotations

import ast
import csv
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from relending import policy

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "relending"
DATA = HOUSE / "policy"

INNOCENT = {
    ("book/headers.py", 0.6): "how alike two headers must be for one to be offered for the other",
    ("book/synth_draft.py", 0.45): "how the number of loans of a synthetic project falls off",
    ("dates.py", 1800): "the first year of the table of months, not hours of a plant",
    ("labelled/workbook.py", 1900): "the first year of a spreadsheet's days, not hours of a plant",
}
ON_PAPER = {
    "balances.py": (0.02, 0.03),
    "canvas.py": (0.6, 0.7, 0.8, 0.95, 1.5),
    "colours.py": (0.7,),
    "fonts.py": (0.6,),
    "funded_share.py": (0.02, 0.03, 0.52, 0.6),
    "life_of_loan.py": (0.52,),
    "run_off.py": (0.45, 0.6, 0.8),
    "sectors.py": (0.6, 1.5, 0.45),
    "style.py": (0.6, 0.7, 1.7),
    "tonne_cost.py": (0.52, 1.2, 4.8),
    "tranches.py": (0.7, 1.75),
}
"""Sizes in pictures: inches, points, parts of a panel or of a colour."""
INNOCENT |= {(f"report/pictures/{name}", v): "a size on paper" for name, vs in ON_PAPER.items() for v in vs}
IN_STUDIES = {
    "curve.py": (0.6,),
    "falls.py": (0.6, 0.7, 0.8, 5.5),
    "fan.py": (0.6, 0.8, 1.2, 1.5, 3.5),
    "heatmap.py": (0.055, 0.7, 0.8, 3.6, 5.5),
}
"""The same in pictures of studies, and how light a colour is."""
INNOCENT |= {(f"report/study_pictures/{name}", v): "a size on paper" for name, vs in IN_STUDIES.items() for v in vs}
"""Numbers that only look like policy, each with its reason."""

NAMED = {("cli/check.py", "cerf"), ("cli/check.py", "clean_coal")}
"""What `relending check` screens for unless it is told: a default of the command, not a rule."""


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inside in value.values():
            yield from leaves(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from leaves(inside)
    else:
        yield value


@cache
def policy_numbers() -> set[Decimal]:
    """Every rate, ratio and amount of the policy data, in each unit the code could write it in."""
    given: set[Decimal] = set()
    for path in DATA.rglob("*.toml"):
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        given |= {Decimal(v) for v in leaves(data) if isinstance(v, int | Decimal) and not isinstance(v, bool)}
    with (DATA / "lpr.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            given |= {Decimal(row[c]) / 100 for c in ("lpr_1y", "lpr_5y") if row[c]}
    # a fraction may be written as such, in per cent, basis points or parts per million; an amount in yuan or fen
    written = {v * unit for v in given if v < 1 for unit in (1, 100, 10_000, 1_000_000)}
    written |= {v * unit for v in given if v >= 1000 for unit in (1, 100)}
    # a half, a small count or a plain power of ten says nothing about a rule
    return {
        v
        for v in written
        if set(v.normalize().as_tuple().digits) != {1} and v != Decimal("0.5") and (v != int(v) or v >= 1000)
    }


def modules() -> list[Path]:
    return sorted(HOUSE.rglob("*.py"))


def constants(path: Path) -> Iterator[tuple[int, Any]]:
    """Line and value of each constant of a module that is not a text standing for itself (a docstring)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in texts:
            yield node.lineno, node.value


def name_of(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def test_the_numbers_looked_for_are_those_of_the_policy_data() -> None:
    # 1.75 % is the carbon facility's rate at launch, 0.6 its ratio
    assert {Decimal(v) for v in ("0.0175", "1.75", "17500", "0.6", "6000")} <= policy_numbers()


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_number_of_the_policy_data_stands_in_code(path: Path) -> None:
    wanted = policy_numbers()
    found = [
        (line, v)
        for line, v in constants(path)
        if isinstance(v, int | float)
        and not isinstance(v, bool)
        and (name_of(path), v) not in INNOCENT
        and abs(v) < 10**30
        and Decimal(repr(v)) in wanted
    ]
    assert found == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_date_stands_in_code(path: Path) -> None:
    day = re.compile(r"20\d\d(-?\d\d(-?\d\d)?|Q[1-4])")
    found = [(line, v) for line, v in constants(path) if isinstance(v, str) and day.fullmatch(v)]
    calls = [
        (node.lineno, ast.unparse(node))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] == "date"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and 2000 < node.args[0].value < 2100
    ]
    assert found + calls == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_facility_bank_or_sector_is_named_in_code(path: Path) -> None:
    names = {*policy.facilities(), *policy.lenders(), *policy.sectors(), *policy.fields()}
    assert "cerf" in names and "icbc" in names and "wind" in names
    found = [
        (line, v)
        for line, v in constants(path)
        if isinstance(v, str) and v in names and (name_of(path), v) not in NAMED
    ]
    assert found == []
