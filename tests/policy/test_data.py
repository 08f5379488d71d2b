"""The shipped policy data: complete, sourced, and what the published texts say."""

from __future__ import annotations

import csv
import datetime as dt
import re
import tomllib
from importlib import resources
from typing import Any

import pytest

from relending import policy
from relending.book.columns import columns

D = dt.date
HERE = resources.files("relending.policy")


def entries() -> list[tuple[str, dict[str, Any]]]:
    """Every entry of every policy file, raw."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name in policy.facilities():
        raw = tomllib.loads(HERE.joinpath("facilities", f"{name}.toml").read_text(encoding="utf-8"))
        for key, tables in raw.items():
            if isinstance(tables, list):
                found += [(f"{name}.{key}", t) for t in tables]
    found += list(tomllib.loads(HERE.joinpath("lenders.toml").read_text(encoding="utf-8")).items())
    sectors = tomllib.loads(HERE.joinpath("sectors.toml").read_text(encoding="utf-8"))
    found += list(sectors["sector"].items()) + list(sectors["field"].items())
    rows = csv.DictReader(HERE.joinpath("lpr.csv").read_text(encoding="utf-8").splitlines())
    found += [(f"lpr {r['date']}", {**r, "from": r["date"], "checked": D.fromisoformat(r["checked"])}) for r in rows]
    return found


def test_no_entry_lacks_source_status_or_last_check() -> None:
    assert len(entries()) > 250
    for where, entry in entries():
        assert isinstance(entry.get("source"), str) and len(entry["source"]) > 10, where
        assert entry.get("status") in policy.STATUSES, where
        assert isinstance(entry.get("checked"), D), where


def test_every_source_is_told_in_chinese_with_the_same_days_and_years() -> None:
    told: dict[str, set[str]] = {}
    for where, entry in entries():
        source_zh = entry.get("source_zh") or ""
        assert re.search("[\u4e00-\u9fff]", source_zh), where
        assert days_and_years(source_zh) == days_and_years(entry["source"]), where
        told.setdefault(entry["source"], set()).add(source_zh)
    assert [source for source, texts in told.items() if len(texts) > 1] == []


def days_and_years(text: str) -> set[str]:
    return set(re.findall(r"(?<!\d)20\d\d(?:-\d\d-\d\d)?(?!\d)", text))


def test_what_is_loaded_carries_the_chinese_source() -> None:
    loaded: list[Any] = [*policy.lenders().values(), *policy.sectors().values(), *policy.fields().values()]
    loaded += policy.lpr().fixings
    for name in policy.facilities():
        found = policy.facility(name)
        loaded += [*found.lenders, *found.sectors, *(v for dated in found.parameters.values() for v in dated.values)]
    assert len(loaded) == len(entries())
    assert sorted((x.source, x.source_zh) for x in loaded) == sorted(
        (e["source"], e["source_zh"]) for _, e in entries()
    )


def test_every_option_and_no_other_has_a_chinese_name() -> None:
    raw = tomllib.loads(HERE.joinpath("words.toml").read_text(encoding="utf-8"))["option_zh"]
    wanted = {**policy.OPTIONS, "borrower_types": policy.BORROWER_TYPES}
    assert {name: set(options) for name, options in raw.items()} == {name: set(o) for name, o in wanted.items()}
    sizes = columns()["borrower_type"].values
    assert raw["borrower_types"] == {size: sizes[size][0] for size in policy.BORROWER_TYPES}


def test_every_dated_entry_but_the_launch_says_from_when() -> None:
    for where, entry in entries():
        if "." in where and not where.endswith(".launch"):
            assert isinstance(entry.get("from"), D), where


def test_no_source_is_an_address() -> None:
    assert not [w for w, e in entries() if "://" in e["source"] or "www." in e["source"]]


def test_every_shipped_facility_has_every_required_parameter() -> None:
    for name in policy.facilities():
        found = policy.facility(name)
        assert [p.name for p in policy.PARAMETERS.values() if p.required and p.name not in found] == []


def value(facility: str, name: str, day: str) -> Any:
    return policy.facility(facility)[name].on(D.fromisoformat(day)).value


@pytest.mark.parametrize(
    ("facility", "day", "ppm"),
    [
        ("cerf", "2021-12-31", 17500),
        ("cerf", "2025-05-06", 17500),
        ("cerf", "2025-05-07", 15000),
        ("cerf", "2026-01-18", 15000),
        ("cerf", "2026-01-19", 12500),
        ("clean_coal", "2021-11-17", 17500),
        ("clean_coal", "2025-05-07", 15000),
        ("clean_coal", "2026-01-19", 12500),
    ],
)
def test_facility_rates_of_the_pboc_notices(facility: str, day: str, ppm: int) -> None:
    assert value(facility, "rate", day) == ppm


def test_small_business_rates_by_term_of_yinfa_2021_304() -> None:
    assert value("small_business", "rate", "2021-12-07") == {3: 17000, 6: 19000, 12: 20000}
    assert value("small_business", "rate", "2026-01-19") == {3: 9500, 6: 11500, 12: 12500}
    days = [D(2020, 7, 1).toordinal() - 719163, D(2024, 1, 25).toordinal() - 719163]
    assert policy.facility("small_business").rate_ppm(days).tolist() == [22500, 17500]  # type: ignore[arg-type]


def test_cerf_funds_60_percent_for_one_year_with_two_rollovers() -> None:
    found = policy.facility("cerf")
    assert [found[n].latest().value for n in ("ratio", "term_months", "rollovers")] == [6000, 12, 2]
    assert policy.facility("clean_coal")["ratio"].latest().value == 10000


def test_windows_as_finally_extended() -> None:
    assert policy.facility("cerf")["window"].latest().value == policy.Window(D(2021, 7, 1), D(2027, 12, 31))
    assert policy.facility("clean_coal")["window"].latest().value == policy.Window(D(2021, 11, 17), D(2023, 12, 31))


def test_cerf_quota_none_then_stock_then_yearly_flow() -> None:
    quotas = [
        (v.start, v.value.kind, [p.amount_fen for p in v.value.pools], v.status)
        for v in policy.facility("cerf")["quota"].values
    ]
    yi800 = 800_000_000_000 * 100
    assert quotas == [
        (D(2021, 11, 8), "none", [], "in_force"),
        (D(2023, 1, 1), "stock", [yi800], "unconfirmed"),
        (D(2026, 1, 15), "flow", [yi800], "in_force"),
    ]


def test_clean_coal_pools_200_bn_for_seven_areas_and_100_bn_for_supply() -> None:
    old, new = (v.value for v in policy.facility("clean_coal")["quota"].values)
    assert [(p.id, p.amount_fen, len(p.sectors)) for p in old.pools] == [("main", 20_000_000_000_000, 7)]
    assert new.pools[0] == old.pools[0]
    assert new.pools[1] == policy.Pool("supply", 10_000_000_000_000, ("coal_supply_security", "coal_power_fuel"))


def test_cerf_launch_list_names_17_subfields_and_three_that_stand_for_the_unnamed() -> None:
    launch = policy.facility("cerf").sectors[0].codes
    unnamed = [c for c in launch if policy.sectors()[c].subfield_unknown]
    assert len(launch) - len(unnamed) == 17 and len(unnamed) == 3
    assert all(policy.sectors()[c].status == "unconfirmed" for c in unnamed)
    assert unnamed == [f.other for f in policy.fields().values() if f.other]


def test_launch_list_counts_always_and_later_sectors_from_their_date() -> None:
    cerf, coal = policy.facility("cerf"), policy.facility("clean_coal")
    assert cerf.listed_from("wind") == D.min == coal.listed_from("coal_mining")
    assert cerf.listed_from("green_upgrade") == D(2026, 1, 15)
    assert coal.listed_from("coal_power_fuel") == D(2022, 5, 4)
    assert cerf.listed_from("coal_mining") is None


def test_every_sector_is_listed_by_its_one_facility_and_no_other() -> None:
    for sector in policy.sectors().values():
        assert [f for f in policy.facilities() if sector.code in policy.facility(f).codes()] == [sector.facility]
        assert policy.fields()[sector.field].facility == sector.facility


def test_cerf_admits_the_21_first_then_two_foreign_banks_then_local_ones() -> None:
    cerf = policy.facility("cerf")
    since: dict[Any, list[str]] = {}
    for lender in policy.lenders().values():
        since.setdefault(cerf.admitted_from(lender.id, lender.cls), []).append(lender.id)
    assert len(since[D(2021, 7, 1)]) == 21
    assert since[D(2022, 8, 26)] == ["deutsche_china", "socgen_china"]
    assert len(since[D(2023, 1, 1)]) == 10 and len(since) == 3
    assert cerf.admitted_from("some_village_bank", "village") is None
    assert cerf.admitted_from("unknown", None) is None
    assert cerf.admitted_from("demo", "state") == D(2021, 7, 1)


def test_clean_coal_admits_the_seven_banks_a_report_names_and_no_class() -> None:
    coal = policy.facility("clean_coal")
    known = {x.id for x in policy.lenders().values() if coal.admitted_from(x.id, x.cls)}
    assert known == {"cdb", "eximbank", "icbc", "abc", "boc", "ccb", "bocom"}
    named = coal.membership("icbc", "state")
    assert named is not None and named.status == "unconfirmed"
    assert coal.admitted_from("demo", "state") is None, "a scenario admits its own bank"


def test_the_defaults_of_what_no_text_settles_are_assumptions() -> None:
    wanted = {
        "rollover_base": "original",
        "rollover_rate": "prevailing",
        "rollover_take_up": 10_000,
        "on_prepayment": "at_rollover",
        "on_ineligible": "at_rollover",
        "rationing": "pro_rata",
        "carry_over": False,
        "day_count": "ACT/360",
        "business_day": "none",
        "rollover_after_expiry": True,
        "interest_settlement": "quarterly",
        "quota_counts_rollovers": False,
    }
    assert tuple(wanted) == policy.ASSUMPTIONS
    for name in policy.facilities():
        found = policy.facility(name)
        assert {k: found[k].latest().value for k in wanted} == wanted
        assert {found[k].latest().status for k in wanted} == {"assumption"}
        assert {found[k].values[0].start for k in wanted} == {found["launch"].latest().value}


def test_lenders_have_known_classes_and_no_spelling_stands_for_two() -> None:
    owner: dict[str, str] = {}
    for lender in policy.lenders().values():
        assert lender.cls in policy.CLASSES
        for name in lender.names:
            assert owner.setdefault(policy.normalised(name), lender.id) == lender.id
            assert policy.lender_of(name) == lender.id


def test_no_spelling_stands_for_two_sectors() -> None:
    owner: dict[str, str] = {}
    for sector in policy.sectors().values():
        for name in (sector.code, sector.zh, sector.en, *sector.aliases):
            assert owner.setdefault(policy.normalised(name), sector.code) == sector.code
            assert policy.sector_of(name)[0] == sector.code
    for home in policy.fields().values():
        for name in (home.id, home.zh, home.en):
            assert policy.sector_of(name) == ((home.other, "field") if home.other else (None, ""))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("光伏", "solar"),
        ("集中式光伏", "solar"),
        ("分布式光伏", "solar"),
        ("渔光互补", "solar"),
        ("农光互补", "solar"),
        ("陆上风电", "wind"),
        ("海上风电", "wind"),
        ("余热发电", "industrial_efficiency"),
        (" ＷＩＮＤ ", "wind"),
    ],
)
def test_aliases_of_sectors(text: str, code: str) -> None:
    assert policy.sector_of(text)[0] == code


def test_sectors_are_matched_exactly_and_near_ones_only_suggested() -> None:
    assert policy.sector_of("光伏发电厂") == (None, "") and policy.sector_of("") == (None, "")
    assert policy.nearest_sector("太阳能利用项目") == "太阳能利用"
    assert policy.nearest_sector("zzzz") is None


def test_lpr_of_the_days_around_a_fixing() -> None:
    lpr = policy.lpr()
    assert (first := lpr.on(D(2019, 8, 20))) and (first.lpr_1y_ppm, first.lpr_5y_ppm) == (42500, 48500)
    assert (before := lpr.on(D(2024, 2, 19))) and before.lpr_5y_ppm == 42000
    assert (after := lpr.on(D(2024, 2, 20))) and after.lpr_5y_ppm == 39500
    assert lpr.on(D(2019, 8, 19)) is None
    days = [lpr.days[0] - 1, lpr.days[0], lpr.days[1] - 1, lpr.days[-1] + 1000]
    assert lpr.index(days).tolist() == [-1, 0, 0, len(lpr.fixings) - 1]  # type: ignore[arg-type]


def test_lpr_has_one_fixing_a_month_with_no_gap() -> None:
    months = [f.date.year * 12 + f.date.month for f in policy.lpr().fixings]
    assert months == list(range(months[0], months[-1] + 1))
