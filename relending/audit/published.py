"""Published figures 公布数据 as they were printed: read, checked, and ready to be held against a run.

A figure is text to begin with: how many decimals were printed says how closely it can be compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from relending.book import read_side_table
from relending.book.columns import units
from relending.book.headers import plain
from relending.dates import iso, quarter_end, quarter_start, quarter_text, to_day, whole_quarters
from relending.findings import Findings, InputError
from relending.policy import Facility, sectors

if TYPE_CHECKING:
    from relending.scenario import Scenario

OF_LOANS = ("projects", "amount", "weighted_rate", "reduction")
"""Measures of the disclosure table; the others are of the facility and have no code."""
UNITS_LIKE = {
    "projects": "count_of_projects",
    "amount": "money",
    "weighted_rate": "rate",
    "reduction": "mass",
    "drawn": "money",
    "balance": "money",
    "balance_change": "money",
}
"""Which units of the column dictionary a measure is printed in."""
HORIZONS = {"balance": ("quarter",), "balance_change": ("year",)}
"""Horizons of the measures that do not have all three: a balance is that of a day."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.([0-9]{1,10}))?")


@dataclass(frozen=True, slots=True)
class Figure:
    """One published figure: the cell it stands in, as printed, and where it comes from.

    ``lender`` is an id, or empty for all lenders of the run; ``quarter`` a quarter number; ``on`` the day number a draw
    or a balance is of; ``scale`` the whole fen, grams, ppm or projects in one of ``unit``; ``bound`` exact, implied,
    about, more_than or nearly; ``role`` test, derived or input; ``file`` and ``row`` where it was read.
    """

    lender: str
    facility: str
    quarter: int
    on: int
    horizon: str
    code: str
    measure: str
    published: str
    unit: str
    bound: str
    role: str
    source: str
    grade: str
    note: str
    file: str
    row: int
    scale: int

    @property
    def value(self) -> Decimal:
        """The figure, exactly as printed."""
        return Decimal(unicodedata.normalize("NFKC", self.published).replace(",", "").strip())

    @property
    def decimals(self) -> int:
        """How many decimals were printed."""
        return max(0, -int(self.value.as_tuple().exponent))


@dataclass(frozen=True, slots=True)
class Published:
    """The published figures of a scenario, findings about them, and what was read."""

    figures: tuple[Figure, ...]
    findings: Findings
    inputs: tuple[Mapping[str, Any], ...]


def read_published(scenario: Scenario) -> Published:
    """The published figures a scenario names, each checked against the scenario: facility, code, unit, quarter.

    A scenario that names none gives no figures. InputError with everything that is wrong: a figure that cannot be
    compared would otherwise look as if it had been.
    """
    if scenario.published is None:
        return Published((), Findings(), ())
    read = read_side_table(scenario.published, "published", lenders=scenario.lender_names())
    if read.findings.count("error"):
        raise InputError(read.findings)
    if not len(read.frame):
        raise InputError(read.findings + Findings.one("table_empty", file=scenario.published.name))
    known = {f.id: f for f in scenario.facilities}
    names = {name: f.id for f in scenario.facilities for name in (f.id, *f.name.values())}
    first, last = whole_quarters(scenario.start, scenario.end)
    figures: list[Figure] = []
    problems: list[Findings] = []
    for row in read.frame.to_dict("records"):
        figure = _figure(row, names)
        said = _problems(figure, known, scenario.lenders, first, last)
        problems += said
        if not said:
            figures.append(figure)
    problems += _twice(figures)
    findings = Findings.concat([read.findings, *problems])
    if problems:
        raise InputError(findings)
    return Published(tuple(figures), findings, read.inputs)


def _twice(figures: Sequence[Figure]) -> list[Findings]:
    """Rows that repeat an earlier one; two sources may well print different figures for one cell."""
    seen: dict[tuple[Any, ...], int] = {}
    out = []
    for f in figures:
        key = (f.lender, f.facility, f.quarter, f.on, f.horizon, f.code, f.measure, f.value, f.scale, f.bound)
        first = seen.setdefault(key, f.row)
        if first != f.row:
            said = f"≠ {f.file}:{first}"
            out.append(
                Findings.one(
                    "published_twice", file=f.file, row=f.row, column="value", found=f.published, expected=said
                )
            )
    return out


def _figure(row: Mapping[str, Any], facilities: Mapping[str, str]) -> Figure:
    def text(name: str) -> str:
        return row[name] if isinstance(row[name], str) else ""

    facility = text("facility")
    return Figure(
        lender=text("lender"),
        facility=facilities.get(facility, facility),
        quarter=int(row["quarter"]),
        on=int(quarter_end(int(row["quarter"]))) if row["on"] is None or row["on"] is pd.NaT else to_day(row["on"]),
        horizon=text("horizon"),
        code=text("code"),
        measure=text("measure"),
        published=text("value"),
        unit=text("unit"),
        bound=text("bound"),
        role=text("role"),
        source=text("source"),
        grade=text("grade"),
        note=text("note"),
        file=text("file"),
        row=int(row["row"]),
        scale=_units(text("measure")).get(plain(text("unit")), 0),
    )


def _units(measure: str) -> dict[str, int]:
    """Unit text as evened out -> whole units of the frame, for a measure."""
    return {plain(u): n for u, n in units(UNITS_LIKE[measure]).items()}


def _problems(
    figure: Figure, known: Mapping[str, Facility], lenders: Collection[str], first: int, last: int
) -> list[Findings]:
    """Why a figure cannot be held against a run of these facilities and quarters; empty where it can."""
    out = []

    def add(code: str, column: str, found: str, expected: Sequence[str]) -> None:
        said = ", ".join(expected)
        out.append(Findings.one(code, file=figure.file, row=figure.row, column=column, found=found, expected=said))

    if not _NUMBER.fullmatch(unicodedata.normalize("NFKC", figure.published).strip()):
        add("published_bad_value", "value", figure.published, ("0-9 , .",))
    elif figure.measure != "balance_change" and figure.value < 0:
        add("published_bad_value", "value", figure.published, (">= 0",))
    elif figure.measure == "projects" and figure.decimals:
        add("published_bad_value", "value", figure.published, ("1, 2, 3 …",))
    if not figure.scale:
        add("published_bad_value", "unit", figure.unit, tuple(_units(figure.measure)))
    if figure.lender and figure.lender not in lenders:
        add("published_bad_value", "lender", figure.lender, ("scenario.lenders | relending policy",))
    first_day, last_day = int(quarter_start(figure.quarter)), int(quarter_end(figure.quarter + 1))
    whole = figure.on == int(quarter_end(figure.quarter))
    if not whole and (figure.measure in OF_LOANS or not first_day <= figure.on <= last_day):
        among = ("",) if figure.measure in OF_LOANS else (f"{iso(first_day)} … {iso(last_day)}",)
        add("published_bad_value", "on", iso(figure.on), among)
    horizons = HORIZONS.get(figure.measure)
    if horizons and figure.horizon not in horizons:
        add("published_bad_value", "horizon", figure.horizon, horizons)
    if figure.facility not in known:
        add("published_bad_value", "facility", figure.facility, tuple(known))
    elif figure.code not in (codes := cell_codes(known[figure.facility], figure.measure)):
        add("published_bad_value", "code", figure.code, codes)
    end = int(quarter_end(last))
    if figure.on > end and figure.quarter <= last:
        add("published_outside", "on", iso(figure.on), (f"<= {iso(end)}",))
    if not first <= figure.quarter <= last:
        between = f"{quarter_text(first)} … {quarter_text(last)}"
        add("published_outside", "quarter", quarter_text(figure.quarter), (between,))
    return out


def cell_codes(facility: Facility, measure: str) -> tuple[str, ...]:
    """The codes a measure of a facility has: total alone for the facility's own, every field and sector for loans.

    >>> from relending.policy import facility
    >>> cell_codes(facility("cerf"), "balance"), cell_codes(facility("cerf"), "amount")[:3]
    (('total',), ('total', 'clean_energy', 'energy_saving'))
    """
    if measure not in OF_LOANS:
        return ("total",)
    listed = [code for code in sectors() if code in set(facility.codes())]
    return ("total", *dict.fromkeys(sectors()[code].field for code in listed), *listed)
