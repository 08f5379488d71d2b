"""The collected facts: files of published figures, which of their columns hold figures, and their rows.

``statements.csv`` and ``aggregates.csv`` are shipped with the scenarios made from them, factors, hours and bounds as
policy data (``relending/policy/factors``); the other files lie in ``tests/facts/data``. ``methods.csv``,
``facilities.csv`` and ``loan_rates.csv`` hold the worked examples and published figures that stood in prose: formula
constants, limits for checks and ranges of judgement are not among them.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Facts:
    """One file of facts: its place, the columns that name a row, those with figures, and the rest."""

    place: str
    key: tuple[str, ...]
    figures: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's name."""
        return self.place.rpartition("/")[2]

    def rows(self) -> tuple[dict[str, str], ...]:
        """The rows of the file, in its order."""
        return _rows(self.place)

    def label(self, row: int) -> str:
        """What a row is called on the page."""
        return " · ".join(v for c in self.key if (v := self.rows()[row][c]))

    def cited(self, row: int) -> str:
        """When its source was published, where the file says so, and the grade of the source."""
        cells = self.rows()[row]
        when = cells["published"] if self.name == "statements.csv" and cells["published"] else ""
        return "; ".join(text for text in (when and f"published {when}", cells.get("grade", "")) if text)


@cache
def _rows(place: str) -> tuple[dict[str, str], ...]:
    with (ROOT / place).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _facts(place: str, key: str, figures: str, rest: str = "") -> Facts:
    return Facts(place, tuple(key.split()), tuple(figures.split()), tuple(rest.split()))


DATA, FACTORS = "tests/facts/data", "relending/policy/factors"
FILES = {
    facts.name: facts
    for facts in (
        _facts(
            "scenarios/statements/statements.csv",
            "bank period horizon",
            "projects loan_wan_yuan rate_pct reduction_tCO2e",
            "published grade",
        ),
        _facts("scenarios/national/aggregates.csv", "date tool scope kind", "value", "unit grade"),
        _facts(f"{DATA}/methods.csv", "section vector figure", "value", "unit grade"),
        _facts(f"{DATA}/facilities.csv", "facility parameter from", "value", "unit grade"),
        _facts(f"{DATA}/loan_rates.csv", "lender period", "rate_pct points_to_lpr_5y"),
        _facts(f"{DATA}/lpr.csv", "date", "lpr_1y lpr_5y"),
        _facts(
            f"{DATA}/projects_attribution.csv",
            "project",
            "capacity_MW total_investment loan total_is annual_MWh annual_tCO2 coal_saved_tce loan_share"
            " attributed_tCO2",
            "technology currency_unit attributed_is grade",
        ),
        _facts(
            f"{DATA}/cost_examples.csv",
            "example",
            "loan_rate_pct facility_share facility_rate_pct other_funding_rate_pct published derived",
            "grade source",
        ),
        _facts(f"{DATA}/impact_reports.csv", "vector", "inputs published_result recomputed note", "grade"),
        _facts(
            f"{DATA}/projects_loans_partial.csv",
            "project lender",
            "capacity_MW loan_yi_yuan note annual_MWh annual_tCO2 coal_saved_tce",
            "technology grade",
        ),
        _facts(
            f"{DATA}/project_cases.csv",
            "project",
            "capacity_MW total_investment_wan_yuan output_MWh coal_saved_tce reduction_tCO2 hours tCO2_per_MWh"
            " gce_per_kWh tCO2_per_tce tCO2_per_wan_yuan yuan_per_kW tCO2_per_MW",
            "technology source_kind grade",
        ),
        _facts(
            f"{FACTORS}/plausibility_bounds.csv",
            "technology",
            "hours_low hours_high capex_low capex_high EF_low EF_high t_per_wan_low t_per_wan_high",
        ),
        _facts(
            f"{FACTORS}/generation_factor.csv",
            "project",
            "annual_MWh emission_factor_t_per_MWh published_tCO2_per_year recomputed",
            "note grade source",
        ),
        _facts(
            f"{FACTORS}/grid_baseline_om_bm.csv",
            "year region",
            "EF_OM EF_BM CM_75_25 CM_50_50",
            "grade_OM grade_BM note",
        ),
        _facts(f"{FACTORS}/grid_average_national.csv", "data_year kind", "value", "published source grade"),
        _facts(f"{FACTORS}/grid_average_regional.csv", "region", "y2012 y2021 y2022"),
        _facts(f"{FACTORS}/grid_average_provincial.csv", "province", "y2021 y2022 y2023", "province_zh region"),
        _facts(f"{FACTORS}/coal_co2_factors.csv", "derivation_or_origin", "value", "use grade"),
        _facts(f"{FACTORS}/coal_supply_rate.csv", "year", "gce_per_kWh", "grade"),
        _facts(
            f"{FACTORS}/full_load_hours_benchmark.csv",
            "technology resource_zone",
            "whole_life_hours years yearly_hours",
        ),
        _facts(f"{FACTORS}/full_load_hours_observed.csv", "period technology area", "hours", "grade"),
        _facts(
            f"{DATA}/calendar_libraries.csv",
            "package",
            "years mismatch_vs_chinesecalendar",
            "version licence weekend_makeup_days behaviour_outside_range dependencies",
        ),
    )
}


def numbers(text: str) -> list[str]:
    """The numbers of a cell, without signs and thousands separators; dates are none.

    >>> numbers("7.17 (drawn to 2025-09)"), numbers("total 1,786 EUR million; 5-9 a year")
    (['7.17'], ['1786', '5', '9'])
    """
    text = re.sub(r"\b(19|20)\d\d-\d\d(-\d\d)?\b(?!\.)", " ", text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    return re.findall(r"\d+(?:\.\d+)?", text)
