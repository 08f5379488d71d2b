"""Shipped data: each frame as declared, each figure with its source, and equal to the collected facts."""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import pytest

import relending as rl
from relending import policy
from relending.policy import STATUSES
from relending.policy.factor import factors, told
from relending.shipped import document, shipped_set, shipped_sets
from relending.shipped.declared import TYPES
from relending.spreadsheet import escape
from relending.terminal import visible
from tests.facts.facts import FILES, ROOT

NAMES = ("lpr", "policy", "statements", "aggregates", "factors")
FACTORS = ROOT / "relending" / "policy" / "factors"


def shared() -> Path | None:
    """The collected facts beside the repository: beside this clone, or beside the one whose worktree this is."""
    places = [Path(os.environ["RELENDING_SHARED"])] if "RELENDING_SHARED" in os.environ else []
    places += [ROOT.parent / "shared"]
    if (ROOT / ".git").is_file():
        found = Path((ROOT / ".git").read_text(encoding="utf-8").partition(":")[2].strip())
        places += [found.parents[2].parent / "shared"]
    return next((place / "facts" for place in places if (place / "facts").is_dir()), None)


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return {name: rl.data(name) for name in NAMES}


# -- the frames -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_has_the_declared_columns_types_and_attributes(name: str, frames: dict[str, pd.DataFrame]) -> None:
    frame, declared = frames[name], shipped_set(name)
    assert list(frame.columns) == [column.name for column in declared.columns] and len(frame) > 20
    kinds = {"text": "str", "number": "float64", "whole": "Int64", "day": "datetime64[us]"}
    assert {c.name: str(frame[c.name].dtype) for c in declared.columns} == {
        c.name: kinds[c.type] for c in declared.columns
    }
    assert frame.attrs["name"] == name and frame.attrs["relending"] == rl.__version__
    assert frame.attrs["title"] == declared.title["en"] and frame.attrs["title_zh"] == declared.title["zh"]
    assert frame.attrs["units"] == {c.name: c.label.unit for c in declared.columns if c.label.unit}


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_source_status_or_grade_and_last_check(name: str, frames: dict[str, pd.DataFrame]) -> None:
    frame = frames[name]
    assert (frame.source.str.len() > 5).all() and frame.source_zh.str.contains("[\u4e00-\u9fff]").all()
    assert frame.checked.notna().all()
    if "status" in frame:
        assert set(frame.status) <= set(STATUSES)
    else:
        assert set(frame.grade) <= {"A", "Am", "B", "C"}
    assert not frame.source.str.contains("https?://|www[.]").any()


@pytest.mark.parametrize("name", ["policy", "aggregates", "factors"])
def test_in_a_long_frame_every_row_has_its_unit(name: str, frames: dict[str, pd.DataFrame]) -> None:
    assert (frames[name].unit != "").all()


@pytest.mark.parametrize("name", NAMES)
def test_every_column_is_labelled_in_both_languages(name: str) -> None:
    for column in shipped_set(name).columns:
        assert column.type in TYPES and column.label.en and re.search("[\u4e00-\u9fff]", column.label.zh)
        assert bool(column.about["en"]) or not re.search("[\u4e00-\u9fff]{8}", column.about["zh"])


@pytest.mark.parametrize("name", NAMES)
def test_no_shipped_text_moves_a_cursor_or_is_a_formula(name: str, frames: dict[str, pd.DataFrame]) -> None:
    texts = [text for column in frames[name].select_dtypes("str") for text in frames[name][column]]
    assert len(texts) > 50 and all(visible(text) == text == escape(text) for text in texts)


def test_the_lpr_says_that_later_fixings_were_not_seen(frames: dict[str, pd.DataFrame]) -> None:
    (note,), (note_zh,) = frames["lpr"].attrs["notes"], frames["lpr"].attrs["notes_zh"]
    assert "after the last row were not seen" in note and "stands until another is known" in note
    assert "未获取" in note_zh and note in document.page() and note_zh in document.page()


def test_a_frame_is_the_callers_own() -> None:
    mine = rl.data("lpr")
    mine["lpr_1y"] = 0.0
    assert (rl.data("lpr").lpr_1y > 0).all()


def test_an_unknown_name_lists_the_names_and_the_nearest() -> None:
    with pytest.raises(rl.InputError) as stop:
        rl.data("statments")
    (row,) = stop.value.findings.frame().itertuples()
    assert (row.code, row.found) == ("no_such_data", "statments")
    assert all(name in row.expected for name in NAMES) and "statements?" in row.expected


@pytest.mark.parametrize("name", NAMES)
def test_the_line_that_plots_a_frame_has_something_to_plot(name: str) -> None:
    *before, drawn = shipped_set(name).plot.split("; ")
    names: dict[str, Any] = {"rl": rl}
    exec("\n".join([*before, f"axes = {drawn}"]), names)  # noqa: S102  a line of our own data file
    assert names["axes"].has_data()
    plt.close("all")


def test_the_page_is_the_one_the_code_makes() -> None:
    assert (ROOT / "docs" / "data.md").read_text(encoding="utf-8") == document.page()


# -- policy -----------------------------------------------------------------------------------------------------------


def test_policy_holds_every_dated_value_of_every_facility(frames: dict[str, pd.DataFrame]) -> None:
    frame = frames["policy"]
    for name in policy.facilities():
        found = policy.facility(name)
        mine = frame[frame.facility == name]
        for parameter, dated in found.parameters.items():
            rows = mine[mine.parameter == parameter]
            assert rows.source.drop_duplicates().to_list() == list(dict.fromkeys(v.source for v in dated.values))
            assert len(rows) >= len(dated.values)
        assert set(mine[mine.parameter == "sectors"].text) == set(found.codes())
        admitted = [*(i for m in found.lenders for i in m.ids), *(c for m in found.lenders for c in m.classes)]
        assert sorted(mine[mine.parameter == "lenders"].text) == sorted(admitted)
    classes = frame[frame.parameter == "lender_class"]
    assert dict(zip(classes.key, classes.text, strict=True)) == {x.id: x.cls for x in policy.lenders().values()}


def test_rate_and_quota_are_series_in_fractions_and_yuan(frames: dict[str, pd.DataFrame]) -> None:
    frame = frames["policy"]
    for facility, parameter, scale in (("cerf", "rate", 10**6), ("clean_coal", "ratio", 10**4)):
        rows = frame[(frame.facility == facility) & (frame.parameter == parameter)]
        dated = policy.facility(facility)[parameter].values
        assert rows.value.to_list() == [v.value / scale for v in dated]
        assert [Decimal(text) for text in rows.text] == [Decimal(v.value) / scale for v in dated]
        assert rows.from_date.to_list() == [pd.Timestamp(v.start) for v in dated]
    pools = frame[(frame.facility == "clean_coal") & (frame.parameter == "quota") & frame.value.notna()]
    told_pools = [p for v in policy.facility("clean_coal")["quota"].values for p in v.value.pools]
    assert [round(v * 100) for v in pools.value] == [p.amount_fen for p in told_pools]
    assert pools.members.to_list() == [";".join(p.sectors) for p in told_pools]


def test_a_rate_of_several_tenors_has_a_row_a_tenor(frames: dict[str, pd.DataFrame]) -> None:
    rows = frames["policy"].query("facility == 'small_business' and parameter == 'rate'")
    assert set(rows.key) == {"3", "6", "12"} and rows.groupby("from_date").size().eq(3).all()


def test_a_code_no_text_names_is_as_sure_as_itself(frames: dict[str, pd.DataFrame]) -> None:
    rows = frames["policy"].query("parameter == 'sectors'").set_index("text")
    unsure = {s.code for s in policy.sectors().values() if s.status != "in_force"}
    assert unsure and (rows.loc[sorted(unsure)].status != "in_force").all()


# -- published --------------------------------------------------------------------------------------------------------


def test_statements_give_the_printed_digits_back(frames: dict[str, pd.DataFrame]) -> None:
    rows = FILES["statements.csv"].rows()
    assert len(rows) == len(frames["statements"])
    for row, mine in zip(rows, frames["statements"].itertuples(), strict=True):
        printed = (row["loan_wan_yuan"], row["rate_pct"], row["reduction_tCO2e"])
        assert (mine.amount_printed, mine.rate_printed, mine.reduction_printed) == printed
        for text, value, scale in zip(
            printed, (mine.amount, mine.weighted_rate, mine.reduction), (4, -2, 0), strict=True
        ):
            assert (text == "") == pd.isna(value)
            assert text == "" or Decimal(repr(value)) == Decimal(text).scaleb(scale)
        assert re.fullmatch(r"20\d\dQ[1-4]", mine.quarter) and mine.lender in policy.lenders()
        assert mine.horizon in ("quarter", "year", "since_start")


def test_aggregates_give_the_printed_figures_back(frames: dict[str, pd.DataFrame]) -> None:
    rows = FILES["aggregates.csv"].rows()
    frame = frames["aggregates"]
    assert " / ".join(frame.printed).count(" / ") == " / ".join(r["value"] for r in rows).count(" / ")
    assert frame.printed.to_list() == [part for r in rows for part in r["value"].split(" / ")]
    times = {"yi_yuan": 10**8, "percent": Decimal("0.01")}
    for mine in frame.itertuples():
        assert Decimal(repr(mine.value)) == Decimal(mine.printed) * times.get(mine.printed_unit, 1)
        assert pd.Timestamp(mine.date) <= mine.day <= pd.Timestamp("2026-12-31")


def test_a_total_of_which_only_the_month_is_known_is_dated_to_its_last_day(frames: dict[str, pd.DataFrame]) -> None:
    days = dict(zip(frames["aggregates"].date, frames["aggregates"].day, strict=True))
    assert days["2022-05"] == dt.datetime(2022, 5, 31) and days["2021-11"] == dt.datetime(2021, 11, 30)


# -- factors ----------------------------------------------------------------------------------------------------------


def test_every_figure_of_every_file_is_a_row() -> None:
    numbers = 0
    for name, about in told()["file"].items():
        columns = {figure["column"] for figure in about["figures"]}
        assert columns == set(FILES[f"{name}.csv"].figures) or columns < set(FILES[f"{name}.csv"].figures)
        numbers += sum(1 + (" to " in r[c]) for r in FILES[f"{name}.csv"].rows() for c in columns if r[c])
    assert numbers == len(factors()) and {p.stem for p in FACTORS.glob("*.csv")} == set(told()["file"])


def test_every_figure_has_a_unit_a_name_a_source_and_a_grade() -> None:
    for one in factors():
        assert one.unit and one.measure in told()["measure"] and one.kind in told()["kind"]
        assert re.search("[\u4e00-\u9fff]", one.source_zh) and one.grade in ("A", "B", "C")
        assert not one.region or re.search("[\u4e00-\u9fff]", one.region_zh), one.region


def test_combined_margins_are_those_of_their_row() -> None:
    """MEE: CM = 0.75 OM + 0.25 BM for wind and sun, half and half for others; printed at four decimals."""
    at = {(f.vintage, f.region, f.measure): f.value for f in factors() if f.kind == "grid_baseline"}
    pairs = {(vintage, region) for vintage, region, _ in at}
    for vintage, region in pairs:
        om, bm = at[vintage, region, "operating_margin"], at[vintage, region, "build_margin"]
        assert abs(at[vintage, region, "combined_margin_75_25"] - (3 * om + bm) / 4) <= Decimal("0.00005")
        assert abs(at[vintage, region, "combined_margin_50_50"] - (om + bm) / 2) <= Decimal("0.00005")


# -- equal to the collected facts -------------------------------------------------------------------------------------


def _facts(name: str) -> list[dict[str, str]]:
    place = shared()
    if place is None or not (place / name).is_file():
        pytest.skip("the collected facts are not beside this clone")
    assert place is not None
    with (place / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


SHIPPED = [*(f"{name}.csv" for name in told()["file"]), "statements.csv", "aggregates.csv"]


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_figures_are_the_collected_ones(name: str) -> None:
    facts, figures = _facts(name), FILES[name].figures
    assert [[r[c] for c in figures] for r in FILES[name].rows()] == [[r[c] for c in figures] for r in facts]
    for column in (c for c in facts[0] if c.startswith(("grade", "year", "period", "region", "bank", "date", "unit"))):
        assert [r[column] for r in FILES[name].rows()] == [r[column] for r in facts], column


def test_the_shipped_lpr_is_the_collected_one(frames: dict[str, pd.DataFrame]) -> None:
    mine = [
        (f"{r.date:%Y-%m-%d}", round(r.lpr_1y * 100, 4), round(r.lpr_5y * 100, 4)) for r in frames["lpr"].itertuples()
    ]
    assert mine == [(r["date"], float(r["lpr_1y"]), float(r["lpr_5y"])) for r in _facts("lpr.csv")]


def _cells() -> Iterator[str]:
    for one in shipped_sets().values():
        yield from (one.title["zh"], one.about["zh"], *(note["zh"] for note in one.notes))


def test_titles_and_notes_are_in_chinese_too() -> None:
    assert all(re.search("[\u4e00-\u9fff]", text) for text in _cells())
