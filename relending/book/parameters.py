"""The parameter sheet of the workbook template: what it asks for, and what a filled-in one says.

What is asked stands in ``template.toml``; what an answer means for a run is the scenario's business.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from relending.book.cells import Cells
from relending.book.columns import columns
from relending.book.days import date_of, quarter_of_text
from relending.book.headers import plain
from relending.book.numbers import read_numbers
from relending.book.rows import reading
from relending.book.workbook import PARAMETER_SHEETS, open_sheet
from relending.findings import Findings

MOST_ROWS = 500
"""No more rows of the sheet are looked at."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the sheet: its label, the scenario key it stands for, and what may be written there."""

    name: str
    label: Mapping[str, str]
    key: str
    type: str
    required: bool
    default: str | int | None
    values: Mapping[str, tuple[str, ...]]
    note: Mapping[str, str]
    example: str = ""


@cache
def template() -> Mapping[str, Any]:
    """The content of ``template.toml``.

    >>> template()["sheets"]["loans"]["zh"]
    '借据'
    """
    text = resources.files("relending.book").joinpath("template.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


@cache
def parameters() -> Mapping[str, Parameter]:
    """The parameters by name, in the order of the sheet.

    >>> parameters()["own_rate"].label["zh"]
    '自有资金成本（%）'
    """
    return MappingProxyType(
        {
            name: Parameter(
                name,
                {"zh": raw["zh"], "en": raw["en"]},
                raw["key"],
                raw["type"],
                raw["required"],
                raw.get("default"),
                {k: tuple(v) for k, v in raw.get("values", {}).items()},
                raw["note"],
                raw.get("example", ""),
            )
            for name, raw in template()["parameters"].items()
        }
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """A cell of the sheet as it stands: the row a spreadsheet shows, the label beside it, and what is in it."""

    row: int
    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class ParameterSheet:
    """A filled-in sheet: answers by parameter, later costs of funds (day and rate), findings of the sheet itself.

    ``labels`` tells of each parameter in which row it is asked for, and in which words.
    """

    sheet: str
    answers: Mapping[str, Answer]
    labels: Mapping[str, tuple[int, str]]
    rates: tuple[tuple[Answer, Answer], ...]
    findings: Findings


def read_parameters(path: Path) -> ParameterSheet | None:
    """The parameter sheet of a workbook, or None where it has none.

    InputError where the workbook cannot be opened. Labels nobody knows, a parameter that stands twice, and cells
    without a value of their own (an error, a formula never computed) are findings.
    """
    opened = open_sheet(path, PARAMETER_SHEETS)
    if opened is None:
        return None
    sheet, rows, broken = opened
    labels = {plain(text): p.name for p in parameters().values() for text in p.label.values()}
    heads = {plain(text) for text in template()["heads"]["parameter"].values()}
    starts = {plain(text) for text in template()["rates"]["from"].values()}
    answers: dict[str, Answer] = {}
    asked: dict[str, tuple[int, str]] = {}
    rates: list[tuple[Answer, Answer]] = []
    findings: list[Findings] = []
    in_rates = False
    for n, row in enumerate(rows[:MOST_ROWS], 1):
        cells = [*row, "", ""][:2]
        at: dict[str, Any] = {"file": path.name, "sheet": sheet, "row": n}
        for column in (0, 1):
            if (n - 1, column) in broken:
                code, text = broken[n - 1, column]
                findings.append(Findings.one(code, **at, found=text))
        label = str(cells[0]).strip() if isinstance(cells[0], str) else ""
        if plain(label) in starts:
            in_rates = True
        elif in_rates:
            if _given(cells[0]) or _given(cells[1]):
                rates.append((Answer(n, str(row[0]), cells[0]), Answer(n, str(row[0]), cells[1])))
        elif plain(label) in labels:
            name = labels[plain(label)]
            asked.setdefault(name, (n, label))
            if name in answers:
                findings.append(Findings.one("column_given_twice", **at, column=label, found=label))
            elif _given(cells[1]):
                answers[name] = Answer(n, label, cells[1])
        elif _given(cells[1]) and plain(label) not in heads:
            findings.append(Findings.one("parameter_unknown", **at, column=label, found=label or str(cells[1])))
    return ParameterSheet(sheet, answers, asked, tuple(rates), Findings.concat(findings))


def _given(value: Any) -> bool:
    return value is not None and str(value).strip() != ""


def as_text(value: Any) -> str:
    """A cell as a person would say it.

    >>> as_text(2.0), as_text(dt.datetime(2024, 6, 30))
    ('2', '2024-06-30')
    """
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, float):
        if value != value or abs(value) == float("inf"):
            return str(value)
        return str(int(value)) if value == int(value) else format(value, ".15g")
    return str(value).strip()


def as_day(value: Any) -> dt.date | None:
    """The day a cell names, or None."""
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else date_of(as_text(value))


def as_quarter(value: Any) -> int | None:
    """The number of the quarter a cell names (year * 4 + 0..3), or None; a day names its own quarter.

    >>> as_quarter("2024年第二季度"), as_quarter(dt.date(2024, 6, 30))
    (8097, 8097)
    """
    if isinstance(value, dt.date):
        return value.year * 4 + (value.month - 1) // 3
    return quarter_of_text(as_text(value))


def as_rate_ppm(value: Any) -> tuple[int | None, str]:
    """Parts per million of a yearly rate in per cent, or None with the code of what is wrong; as a rate column reads.

    >>> as_rate_ppm(2.95), as_rate_ppm("2.95%"), as_rate_ppm(0.0295)
    ((29500, ''), (29500, ''), (None, 'rate_ambiguous'))
    """
    column = columns()["rate"]
    cells = Cells(pa.array([as_text(value)]))
    got = read_numbers(cells, reading(column, column.units["%"]))
    if got.valid[0]:
        return int(got.values[0]), ""
    return None, next(iter(got.problems), "unreadable_number")
