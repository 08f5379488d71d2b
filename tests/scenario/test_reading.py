"""Files, overrides and what comes before what."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relending.findings import InputError, messages
from relending.scenario import load_scenario, shipped, shipped_names, shipped_root
from tests.scenario.conftest import GOOD, Problems, Write


def refused(path: Path) -> Any:
    """The findings of a scenario that must fail, as a frame."""
    with pytest.raises(InputError) as stop:
        load_scenario(path)
    return stop.value.findings.frame()


def ratio(path: Path | str, overrides: object = ()) -> int:
    return int(load_scenario(path, overrides).facilities[0]["ratio"].latest().value)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_changes_nothing(write: Write, encoding: str) -> None:
    path = write(GOOD.replace("[market]", 'title = { zh = "基准" }\n[market]'), encoding=encoding)
    scenario = load_scenario(path)
    assert scenario.title == {"zh": "基准", "en": "基准"}
    assert scenario.name == "base"


def test_a_file_that_is_not_utf_8_is_refused(write: Write, problems: Problems) -> None:
    path = write(GOOD.replace("[market]", 'description = "基准"\n[market]'), encoding="gb18030")
    [(code, file, _, found, expected)] = problems(path)
    assert (code, file, expected) == ("scenario_not_utf8", "mine.toml", "UTF-8")
    assert (
        found.startswith("byte 0x") and "另存为" in messages()[code].fix["zh"] and "UTF-8" in messages()[code].fix["zh"]
    )
    assert refused(path)["row"].tolist() == [9]


def test_an_extended_file_that_cannot_be_read_is_named_with_its_own_line(write: Write) -> None:
    write("[scenario]\n# 基准\n", "base.toml", encoding="gb18030")
    frame = refused(write('[scenario]\nextends = "base.toml"\n'))
    assert frame[["code", "file", "row"]].values.tolist() == [["scenario_not_utf8", "base.toml", 2]]


@pytest.mark.parametrize("name", ["book.csv", "book.XLSX", "loans.parquet"])
def test_a_book_given_as_a_scenario_is_called_one(tmp_path: Path, problems: Problems, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    assert problems(tmp_path / name) == [("scenario_is_book", name, "", name, "*.toml")]


def test_a_folder_of_parquet_given_as_a_scenario_is_called_a_book(tmp_path: Path, problems: Problems) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "1.parquet").write_bytes(b"")
    assert [row[0] for row in problems(tmp_path / "parts")] == ["scenario_is_book"]
    assert [row[0] for row in problems(str(tmp_path / "no.xlsx"))] == ["file_not_found"]


def test_broken_toml_names_the_line(write: Write, problems: Problems) -> None:
    [(code, file, _, found, _)] = problems(write("[scenario]\nname = \n"))
    assert (code, file) == ("scenario_unreadable", "mine.toml") and "line 2" in found


def test_a_missing_file_offers_the_shipped_scenarios(problems: Problems) -> None:
    [(code, file, _, _, expected)] = problems("demoo")
    assert (code, file) == ("file_not_found", "demoo")
    assert "nearest: demo" in expected


def test_set_comes_before_the_scenario_before_what_it_extends_before_the_facility_file(write: Write) -> None:
    write(GOOD + "[facility.cerf]\nratio = 0.5\nlag_days = 3\nrollovers = 1\n", "base.toml")
    path = write('[scenario]\nextends = "base.toml"\nname = "child"\n[facility.cerf]\nratio = 0.7\nlag_days = 4\n')
    scenario = load_scenario(path, ["facility.cerf.ratio=0.8"])
    cerf = scenario.facilities[0]
    assert [cerf[key].latest().value for key in ("ratio", "lag_days", "rollovers")] == [8000, 4, 1]
    assert cerf["rate"] == load_scenario(write()).facilities[0]["rate"]
    assert {k: v for k, v in scenario.sources.items() if k.startswith("facility") or k == "scenario.end"} == {
        "facility.cerf.lag_days": "mine.toml",
        "facility.cerf.ratio": "set",
        "facility.cerf.rollovers": "base.toml",
        "scenario.end": "base.toml",
    }
    assert [path.name for path in scenario.files] == ["mine.toml", "base.toml"]


def test_tables_are_merged_and_arrays_replaced(write: Write) -> None:
    write(GOOD + '[facility.cerf]\ncaps = { "2024Q1" = 1e9 }\n', "base.toml")
    path = write(
        '[scenario]\nextends = "base.toml"\nfacilities = ["cerf"]\n[facility.cerf]\ncaps = { "2024Q2" = 2e9 }\n'
    )
    scenario = load_scenario(path)
    assert [f.id for f in scenario.facilities] == ["cerf"]
    assert scenario.facilities[0].caps == {"2024Q1": 10**11, "2024Q2": 2 * 10**11}


def test_a_quota_is_replaced_whole_because_its_forms_exclude_one_another(write: Write) -> None:
    write(GOOD + "[facility.cerf]\nquota = { flow = 8e11 }\n", "base.toml")
    path = write('[scenario]\nextends = "base.toml"\n[facility.cerf]\nquota = { kind = "none" }\n')
    assert load_scenario(path).facilities[0]["quota"].latest().value.kind == "none"


def test_extends_goes_on_from_folder_to_folder(write: Write, tmp_path: Path) -> None:
    write(GOOD, "a/deep/root.toml")
    (tmp_path / "a/deep/book.csv").write_text("loan_id\n", encoding="utf-8")
    write('[scenario]\nextends = "deep/root.toml"\n', "a/middle.toml")
    path = write('[scenario]\nextends = "a/middle.toml"\n')
    assert load_scenario(path).book == (tmp_path / "a/deep/book.csv",)


def test_a_circle_of_extends_names_the_chain(write: Write, problems: Problems) -> None:
    path = write('[scenario]\nextends = "b.toml"\n')
    write('[scenario]\nextends = "c.toml"\n', "b.toml")
    write('[scenario]\nextends = "b.toml"\n', "c.toml")
    [row] = problems(path)
    assert row == (
        "scenario_bad_value",
        "c.toml",
        "scenario.extends",
        "b.toml -> c.toml -> b.toml",
        "a chain of files that does not come back to itself",
    )


def test_a_missing_base_is_reported_where_it_is_asked_for(write: Write, problems: Problems) -> None:
    [row] = problems(write(GOOD.replace("[market]", 'extends = "no.toml"\n[market]')))
    assert row[:4] == ("file_not_found", "mine.toml", "scenario.extends", "no.toml")


def test_extends_cannot_be_set(write: Write, problems: Problems) -> None:
    [row] = problems(write(), ["scenario.extends=x.toml"])
    assert row[:3] == ("scenario_bad_value", "--set", "scenario.extends")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("facility.cerf.ratio=0.8", 8000),
        ("facility.cerf.ratio = 0.8", 8000),
        ('facility."cerf".ratio=1', 10000),
        ("facility.cerf.ratio=[{ from = 2021-01-01, value = 0.25 }]", 2500),
    ],
)
def test_set_takes_toml_values(write: Write, text: str, value: int) -> None:
    assert ratio(write(), [text]) == value


def test_set_takes_bare_words_as_text(write: Write) -> None:
    scenario = load_scenario(write(), ["facility.cerf.rollover_base=outstanding", "scenario.description=a first try"])
    assert scenario.facilities[0]["rollover_base"].latest().value == "outstanding"
    assert scenario.description == "a first try"


def test_the_last_set_of_a_key_counts(write: Write) -> None:
    assert ratio(write(), ["facility.cerf.ratio=0.8", "facility.cerf.ratio=0.9"]) == 9000


@pytest.mark.parametrize("value", [0.8, Decimal("0.80"), np.float64(0.8)])
def test_overrides_from_python_take_the_shortest_decimal(write: Write, value: object) -> None:
    assert ratio(write(), {"facility.cerf.ratio": value}) == 8000


def test_overrides_from_python_take_tables_and_dates(write: Write) -> None:
    rates = [{"from": dt.datetime(2021, 1, 1), "value": 0.03}]
    over = {"market": {"own_rate": rates}, "scenario.end": dt.date(2023, 6, 30)}
    scenario = load_scenario(write(), over)
    assert scenario.end == dt.date(2023, 6, 30)
    assert scenario.own_rate[""].latest().value == 30000


@pytest.mark.parametrize(
    ("text", "column", "found"),
    [
        ("facility.cerf.ratio", "", "facility.cerf.ratio"),
        ("=3", "", "=3"),
        ("a b=1", "", "a b=1"),
        ("#=1", "", "#=1"),
        ("facility.cerf.quota={ flow = ", "facility.cerf.quota", "{ flow = "),
    ],
)
def test_what_is_no_key_and_value_is_refused(
    write: Write, problems: Problems, text: str, column: str, found: str
) -> None:
    [row] = problems(write(), [text])
    assert row[:4] == ("scenario_bad_value", "--set", column, found)


def test_file_names_start_from_the_file_that_gives_them_and_from_the_working_directory_for_set(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "other.csv").write_text("loan_id\n", encoding="utf-8")
    monkeypatch.chdir(here)
    assert load_scenario(write()).book == (tmp_path / "book.csv",)
    assert load_scenario(write(), ["scenario.book=other.csv"]).book == (Path("other.csv"),)
    assert load_scenario(write(), {"scenario.book": [here / "other.csv"]}).book == (here / "other.csv",)


def test_shipped_scenarios_are_found_by_name_and_a_folder_does_not_hide_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "shipped"
    (root / "demo").mkdir(parents=True)
    for name in ("demo.toml", "outstanding.toml"):
        (root / "demo" / name).write_text(GOOD, encoding="utf-8")
    (root / "demo" / "book.csv").write_text("loan_id\n", encoding="utf-8")
    (tmp_path / "demo").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("relending.scenario.places.shipped_root", lambda: root)
    assert shipped_names() == ("demo", "demo/outstanding")
    assert load_scenario("demo").path == root / "demo" / "demo.toml"
    assert shipped("demo/outstanding") == root / "demo" / "outstanding.toml"
    for name in ("../demo", "demo/../demo/demo", "/demo", "demo/", ""):
        assert shipped(name) is None


def test_an_installed_folder_of_scenarios_comes_before_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "relending_scenarios").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert shipped_root() == tmp_path / "relending_scenarios"


def test_a_folder_stands_for_the_scenario_of_its_name(write: Write, tmp_path: Path) -> None:
    path = write(GOOD, "bank/bank.toml")
    (path.parent / "book.csv").write_text("loan_id\n", encoding="utf-8")
    assert load_scenario(tmp_path / "bank").path == path
