"""The bounds are data: each with its source, as the collected facts have it, for codes and units that exist."""

from __future__ import annotations

import csv
import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import pytest

from relending.book.columns import columns
from relending.engine.projects import FIGURES
from relending.engine.ratios import RATIOS, bound_of
from relending.engine.slips import CANDIDATES
from relending.findings import messages
from relending.policy import STATUSES, sectors
from relending.policy.plausibility import bounds, share_bound, slip_units
from tests.plausibility.book import CODES

DATA = Path(__file__).resolve().parents[2] / "relending" / "policy" / "factors"


def test_every_bound_has_source_grade_status_and_last_check_in_both_languages() -> None:
    for bound in (*bounds(), share_bound()):
        assert len(bound.source) > 10 and re.search("[\u4e00-\u9fff]", bound.source_zh), bound
        years = [set(re.findall(r"(?<!\d)20\d\d(?!\d)", text)) for text in (bound.source, bound.source_zh)]
        assert years[0] == years[1], bound
        assert bound.grade in ("A", "B", "C") and bound.status in STATUSES and isinstance(bound.checked, dt.date)


def test_bounds_are_of_known_ratios_and_sectors_and_one_for_each() -> None:
    assert {b.ratio for b in bounds()} == {r.name for r in RATIOS}
    pairs = [(b.ratio, code) for b in bounds() for code in b.sectors or ("",)]
    assert len(pairs) == len(set(pairs))
    assert {code for _, code in pairs if code} <= set(sectors())


def test_tonnes_per_10k_are_the_collected_bounds_the_wider_where_a_code_covers_two() -> None:
    with (DATA / "plausibility_bounds.csv").open(encoding="utf-8") as file:
        rows = {r["technology"]: r for r in csv.DictReader(line for line in file if not line.startswith("#"))}
    covered = {
        "solar": ("PV utility", "PV distributed/household"),
        "household_solar": ("PV distributed/household",),
        "wind": ("onshore wind", "offshore wind"),
        "biomass": ("biomass power",),
        "ocean": ("hydro/ocean (indicative)",),
    }
    for code, technologies in covered.items():
        bound = bound_of("tonnes_per_10k", code)
        assert bound is not None
        assert bound.low_e2 == min(Decimal(rows[t]["t_per_wan_low"]) for t in technologies) * 100
        assert bound.high_e2 == max(Decimal(rows[t]["t_per_wan_high"]) for t in technologies) * 100
    assert {code for b in bounds() if b.ratio == "tonnes_per_10k" for code in b.sectors} == set(covered)


@pytest.mark.parametrize(("column", "factor"), list(slip_units()))
def test_units_of_a_slip_are_ones_a_book_may_be_written_in_and_the_factor_apart(column: str, factor: int) -> None:
    known = {name.casefold(): size for name, size in columns()[column].units.items()}
    for small, large in slip_units()[column, factor]:
        assert known[large.casefold()] == factor * known[small.casefold()]


def test_every_column_and_factor_of_a_slip_has_units() -> None:
    assert {(column, 10 ** abs(shift)) for column, shift in CANDIDATES} == set(slip_units())
    assert {column for column, _ in slip_units()} == set(FIGURES)


def test_every_code_is_a_warning_and_no_other_code_is_given() -> None:
    assert {messages()[code].severity for code in CODES} == {"warning"}
    assert {r.code for r in RATIOS} <= CODES


def test_methods_tells_every_bound() -> None:
    page = (DATA.parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")
    lines = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for ratio in RATIOS:
        for bound in bounds():
            if bound.ratio == ratio.name:
                figures = bound.text.removesuffix(bound.unit).removeprefix("<=").strip()
                assert figures in lines[ratio.code], bound
                assert bound.low_e2 is None or all(code in lines[ratio.code] for code in bound.sectors), bound
    assert "0.80" in lines["share_high"]
