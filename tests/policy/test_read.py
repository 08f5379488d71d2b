"""Reading, overriding, keeping: what a scenario may say, and every error it can make."""

from __future__ import annotations

import datetime as dt
import json
import pickle
import tomllib
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending import policy
from relending.policy.plain import fixed
from relending.policy.values import epoch_day

D = dt.date


def toml(text: str) -> dict[str, Any]:
    return tomllib.loads(text, parse_float=Decimal)


def problems(text: str, facility: str = "cerf") -> list[tuple[str, str, str | None]]:
    return [
        (p.path.removeprefix(f"facility.{facility}."), p.found, p.nearest)
        for p in policy.check_overrides(facility, toml(text))
    ]


def test_a_dated_value_is_picked_by_day_and_the_first_holds_before_it() -> None:
    rate = policy.facility("cerf")["rate"]
    days = np.array([epoch_day(D(*d)) for d in [(2000, 1, 1), (2025, 5, 6), (2025, 5, 7), (2030, 1, 1)]], np.int64)
    assert rate.index(days).tolist() == [0, 0, 1, 2]
    assert rate.pick(days).tolist() == [17500, 17500, 15000, 12500]
    assert rate.pick(days).dtype == np.int64
    assert policy.facility("cerf")["evidence_required"].pick(days).tolist() == [1, 1, 1, 1]


def test_picking_integers_from_a_quota_is_refused() -> None:
    with pytest.raises(TypeError, match="quota"):
        policy.facility("cerf")["quota"].pick(np.array([0], np.int64))


@given(st.dates(D(1970, 1, 1), D(2100, 1, 1)))
def test_index_and_on_agree_on_every_day(day: dt.date) -> None:
    for dated in policy.facility("cerf").parameters.values():
        at = int(dated.index(np.array([epoch_day(day)], np.int64))[0])
        assert dated.values[at] == dated.on(day)


def test_a_plain_override_replaces_every_dated_value() -> None:
    found = policy.facility(
        "cerf", toml("rate = 0.0100\nratio = 0.65\nrollover_base = 'outstanding'\ncarry_over = true")
    )
    assert found["rate"].values == (policy.DatedValue(D.min, 10000, "scenario", "assumption", None),)
    assert found["ratio"].on(D(2021, 1, 1)).value == 6500
    assert found["rollover_base"].latest().value == "outstanding" and found["carry_over"].latest().value is True
    assert policy.facility("cerf")["rate"].latest().value == 12500


def test_an_override_may_say_its_source_in_chinese_and_need_not() -> None:
    text = "rate = [{ from = 2022-01-01, value = 0.01, source = 'minutes', source_zh = '会议纪要' }]\n"
    text += "sectors = [{ codes = ['wind'], source = 'minutes' }]\nratio = 0.5"
    found = policy.facility("cerf", toml(text))
    entries = (found["rate"].latest(), found.sectors[0], found["ratio"].latest())
    assert [(e.source, e.source_zh) for e in entries] == [("minutes", "会议纪要"), ("minutes", ""), ("scenario", "")]
    assert [policy.source_in(e, "zh") for e in entries] == ["会议纪要", "minutes", "情景"]
    assert [policy.source_in(e, "en") for e in entries] == ["minutes", "minutes", "scenario"]
    assert problems("rate = [{ from = 2022-01-01, value = 0.01, source_zh = 5 }]") == [("rate[1].source_zh", "5", None)]
    assert policy.from_plain(json.loads(json.dumps(policy.to_plain(found)))) == found


def test_the_share_of_a_rollover_taken_up_is_a_ratio_from_0_to_1() -> None:
    for text, bp in (("1", 10_000), ("0.9", 9000), ("0.0001", 1), ("0", 0)):
        assert policy.facility("cerf", toml(f"rollover_take_up = {text}"))["rollover_take_up"].latest().value == bp
    for text in ("1.2", "-0.1", "0.00001", '"0.9"', "true", "90", "[]"):
        (found,) = policy.check_overrides("cerf", toml(f"rollover_take_up = {text}"))
        assert (found.path, found.found) == ("facility.cerf.rollover_take_up", text)
        assert found.expected == "a fraction from 0 to 1 with at most 4 decimals, for example 0.60"
    dated = "rollover_take_up = [{ from = 2022-01-01, value = 0.9 }, { from = 2023-01-01, value = 1.2 }]"
    assert problems(dated) == [("rollover_take_up[2].value", "1.2", None)]


def test_dated_overrides_are_sorted_and_replace_all() -> None:
    found = policy.facility(
        "cerf", toml("rate = [{ from = 2027-01-01, value = 0.01 }, { from = 2021-11-08, value = 0.0175 }]")
    )
    assert [(v.start, v.value) for v in found["rate"].values] == [(D(2021, 11, 8), 17500), (D(2027, 1, 1), 10000)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("quota = 5e9", policy.Quota("stock", (policy.Pool("main", 500_000_000_000, ()),))),
        ("quota = 0", policy.Quota("stock", (policy.Pool("main", 0, ()),))),
        ("quota = { flow = 8e11 }", policy.Quota("flow", (policy.Pool("main", 80_000_000_000_000, ()),))),
        ("quota = { kind = 'none' }", policy.Quota("none", ())),
        (
            (
                "quota = { kind = 'stock', pools = [{ id = 'a', amount = 1.25, sectors = ['wind'] }, "
                "{ id = 'b', amount = 2 }] }"
            ),
            policy.Quota("stock", (policy.Pool("a", 125, ("wind",)), policy.Pool("b", 200, ()))),
        ),
    ],
)
def test_ways_to_write_a_quota(text: str, wanted: policy.Quota) -> None:
    assert policy.facility("cerf", toml(text))["quota"].latest().value == wanted


def test_quota_may_be_dated_too() -> None:
    found = policy.facility(
        "cerf", toml("quota = [{ from = 2023-01-01, value = 5e9 }, { from = 2025-01-01, value = { flow = 1e9 } }]")
    )
    assert [v.value.kind for v in found["quota"].values] == ["stock", "flow"]


def test_caps_are_fen_by_period_and_follow_the_frequency() -> None:
    quarterly = policy.facility("cerf", toml('caps = { "2024Q1" = 2e9, 2024Q2 = 0 }'))
    assert quarterly.caps == {"2024Q1": 200_000_000_000, "2024Q2": 0}
    assert policy.facility("clean_coal", toml('caps = { "2022-03" = 1 }')).caps == {"2022-03": 100}
    assert problems('caps = { "2024-03" = 2e9, "2024Q5" = 1, "2024Q1" = -1 }') == [
        ("caps.2024-03", '"2024-03"', None),
        ("caps.2024Q5", '"2024Q5"', None),
        ("caps.2024Q1", "-1", None),
    ]
    monthly = policy.facility("cerf", toml('frequency = "month"\ncaps = { "2024-03" = 2e9 }'))
    assert monthly.caps == {"2024-03": 200_000_000_000}


def test_lenders_and_sectors_may_be_replaced() -> None:
    found = policy.facility(
        "cerf", toml('lenders = [{ from = 2024-01-01, ids = ["demo"], classes = ["city"] }]\nsectors = ["wind"]')
    )
    assert found.admitted_from("demo", None) == found.admitted_from("x", "city") == D(2024, 1, 1)
    assert found.admitted_from("icbc", "state") is None
    assert found.codes() == ("wind",) and found.listed_from("wind") == D.min
    short = policy.facility("cerf", {"lenders": ["state", "xiamen"]})
    assert short.admitted_from("icbc", "state") == short.admitted_from("xiamen", "city") == D.min


def test_a_float_of_a_notebook_is_its_shortest_decimal() -> None:
    found = policy.facility("cerf", {"rate": 0.0175, "window": {"first": "2021-07-01", "last": "2030-12-31"}})
    assert found["rate"].latest().value == 17500
    assert found["window"].latest().value.last == D(2030, 12, 31)


@pytest.mark.parametrize(
    "text",
    [
        "ratio = 1.1",
        "ratio = -0.1",
        "ratio = 60",
        "ratio = '0.6'",
        "ratio = true",
        "ratio = 0.60001",
        "ratio = nan",
        "rate = -0.01",
        "rate = 1.75",
        "rate = 0.01750001",
        "rate = { '12' = -1 }",
        "rate = { year = 0.01 }",
        "rate = {}",
        "rate = []",
        "rate = { '6' = 0.01 }",
        "rate = inf",
        "tolerance = 'x'",
        "term_months = 0",
        "term_months = 12.5",
        "rollovers = -1",
        "rollovers = true",
        "lag_days = 1e99",
        "carry_over = 1",
        "carry_over = 'true'",
        "frequency = 'weekly'",
        "frequency = 1",
        "day_count = 'ACT/0'",
        "quota = -1",
        "quota = 'none'",
        "quota = inf",
        "quota = 0.001",
        "quota = 1e30",
        "quota = { flow = -1 }",
        "quota = { kind = 'stock' }",
        "quota = { kind = 'pot', pools = [] }",
        "quota = { kind = 'stock', pools = [{ id = 'a', amount = 1 }, { id = 'a', amount = 2 }] }",
        "quota = { kind = 'stock', pools = [{ id = 'a', amount = 1, sectors = ['coal_mining'] }] }",
        "quota = { kind = 'flow', pools = [1] }",
        "window = 2024-01-01",
        "window = { first = 2024-01-01 }",
        "window = { first = 2024-01-02, last = 2024-01-01 }",
        "launch = 2021",
        "launch = 2021-11-08T00:00:00",
        "lenders = []",
        "lenders = 3",
        "lenders = [{ from = 2024-01-01 }]",
        "lenders = [{ classes = ['big'] }]",
        "sectors = ['nuclear']",
        "sectors = [{ codes = 'wind' }]",
        "caps = 3",
        "borrower_types = 'small'",
        "borrower_types = ['tiny']",
        "loan_rate_limit = 'cap'",
        "ratio = [{ value = 0.6 }]",
        "ratio = [{ from = 2024-01-01 }]",
        "ratio = [{ from = 2024-01-01, value = 0.5 }, { from = 2024-01-01, value = 0.6 }]",
        "ratio = [0.6]",
        "ratio = [{ from = 2024-01-01, value = 0.5, note = 'x' }]",
        "ratio = [{ from = 2024-01-01, value = 0.5, status = 'sure' }]",
        "selection = [{ from = 2021-01-01, value = 'listed' }, { from = 2022-01-01, value = 'unlisted' }]",
        "evidence_required = 'no'",
        "nonsense = 1",
    ],
)
def test_a_wrong_value_is_one_problem_in_two_languages_and_stops_the_facility(text: str) -> None:
    key = text.partition(" ")[0]
    found = policy.check_overrides("cerf", toml(text))
    assert len(found) == 1
    wanted = "loan_rate_cap" if "'cap'" in text else key
    assert found[0].path.startswith(f"facility.cerf.{wanted}")
    assert found[0].found and found[0].expected and found[0].expected_zh
    with pytest.raises(ValueError, match=r"facility\.cerf\."):
        policy.facility("cerf", toml(text))


def test_all_problems_come_at_once_with_path_found_and_nearest_name() -> None:
    text = "ratoi = 0.6\nrationing = 'prorata'\nratio = 60\nsectors = ['winds']\n"
    text += "rate = [{ from = 2024-01-01, value = -1 }]"
    assert problems(text) == [
        ("ratoi", '"ratoi"', "ratio"),
        ("rationing", '"prorata"', "pro_rata"),
        ("ratio", "60", None),
        ("sectors[1].codes[1]", '"winds"', "wind"),
        ("rate[1].value", "-1", None),
    ]


def test_an_unknown_facility_is_named_with_the_nearest() -> None:
    [problem] = policy.check_overrides("cref", {})
    assert (problem.path, problem.nearest) == ("facility.cref", "cerf")
    with pytest.raises(ValueError, match="nearest valid name: cerf"):
        policy.facility("cref")


def test_a_table_of_rates_needs_the_term_in_use() -> None:
    wrong = policy.check_overrides("small_business", toml("term_months = 9"))
    assert [p.path for p in wrong] == ["facility.small_business.rate"] * 5
    half_year = policy.facility("small_business", toml("term_months = 6"))
    assert half_year.rate_ppm(np.array([0], np.int64)).tolist() == [21500]


@pytest.mark.parametrize(
    ("text", "key", "found"),
    [
        ("rollovers = 100", "rollovers", "term_months = 12, rollovers = 100"),
        ("term_months = 600", "term_months", "term_months = 600, rollovers = 2"),
        (
            (
                "rollovers = [{ from = 2021-01-01, value = 2 }, { from = 2025-01-01, value = 50 }]\n"
                "term_months = [{ from = 2021-01-01, value = 12 }, { from = 2026-01-01, value = 24 }]"
            ),
            "rollovers",
            "term_months = 24, rollovers = 50",
        ),
    ],
)
def test_term_and_rollovers_in_force_together_stay_within_the_calendar(text: str, key: str, found: str) -> None:
    [problem] = policy.check_overrides("cerf", toml(text))
    assert (problem.path, problem.found) == (f"facility.cerf.{key}", f'"{found}"')
    assert problem.expected == problem.expected_zh == "term_months × (rollovers + 1) <= 1200"
    with pytest.raises(ValueError, match="rollovers"):
        policy.facility("cerf", toml(text))


@pytest.mark.parametrize(
    "text",
    [
        "rollovers = 99",
        "term_months = 400",
        (
            "rollovers = [{ from = 2021-01-01, value = 90 }, { from = 2025-01-01, value = 0 }]\n"
            "term_months = [{ from = 2021-01-01, value = 12 }, { from = 2025-01-01, value = 1200 }]"
        ),
    ],
)
def test_a_century_of_term_and_rollovers_is_allowed_and_values_of_different_days_do_not_mix(text: str) -> None:
    assert policy.check_overrides("cerf", toml(text)) == []


@pytest.mark.parametrize("name", policy.facilities())
def test_a_facility_survives_json_and_pickle(name: str) -> None:
    found = policy.facility(name)
    assert policy.from_plain(json.loads(json.dumps(policy.to_plain(found)))) == found
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301


def test_an_overridden_facility_survives_json() -> None:
    found = policy.facility(
        "cerf",
        toml(
            'caps = { "2024Q1" = 2e9 }\nquota = { flow = 0.01 }\nratio = [{ from = 2022-01-01, value = 0.1234 }]\n'
            'lenders = ["demo"]\nrate = { "12" = 0.000001 }\ncollateral_haircut = 0.1\nlaunch = 2020-01-01'
        ),
    )
    plain = json.loads(json.dumps(policy.to_plain(found)))
    assert policy.from_plain(plain) == found
    assert plain["ratio"][0]["value"] == "0.1234" and plain["caps"] == {"2024Q1": "2000000000.00"}


def test_a_manifest_without_chinese_sources_is_read() -> None:
    """What a run kept before sources were told in Chinese."""
    plain = json.loads(json.dumps(policy.to_plain(policy.facility("cerf"))))
    lender, lpr = policy.lender_to_plain(policy.lenders()["boc"]), policy.lpr_to_plain(policy.lpr())
    assert {*map(len, lpr)} == {7} and lender.pop("source_zh") and all(f.pop("source_zh") for f in lpr)
    for tables in plain.values():
        if isinstance(tables, list):
            assert all(entry.pop("source_zh") for entry in tables)
    old = policy.from_plain(plain)
    assert old["ratio"].latest().value == 6000 and policy.source_in(old["ratio"].latest(), "zh").startswith("PBoC")
    assert policy.lender_from_plain(lender).source_zh == "" == policy.lpr_from_plain(lpr).fixings[0].source_zh


def test_a_manifest_from_before_the_take_up_of_rollovers_is_read() -> None:
    """Every other named option must be in the record."""
    plain = json.loads(json.dumps(policy.to_plain(policy.facility("cerf"))))
    assert plain["rollover_take_up"][0]["value"] == "1.0000"
    old = policy.from_plain({k: v for k, v in plain.items() if k != "rollover_take_up"})
    assert "rollover_take_up" not in old
    for name in {*policy.ASSUMPTIONS} - {"rollover_take_up", "on_ineligible"}:
        with pytest.raises(ValueError, match=f"cerf: {name}: found nothing"):
            policy.from_plain({k: v for k, v in plain.items() if k != name})


def test_a_damaged_plain_facility_is_refused() -> None:
    plain = policy.to_plain(policy.facility("cerf"))
    with pytest.raises(ValueError, match="no facility"):
        policy.from_plain({**plain, "ratio": [{"from": "2021-11-08", "value": "abc"}]})
    with pytest.raises(ValueError, match="fraction"):
        policy.from_plain({**plain, "ratio": [{"from": "2021-11-08", "value": "60"}]})


def test_lpr_and_lenders_survive_json() -> None:
    assert policy.lpr_from_plain(json.loads(json.dumps(policy.lpr_to_plain(policy.lpr())))) == policy.lpr()
    for lender in policy.lenders().values():
        assert policy.lender_from_plain(json.loads(json.dumps(policy.lender_to_plain(lender)))) == lender


@given(st.integers(0, 10**18), st.sampled_from([1, 100, 10_000, 1_000_000]))
def test_fixed_decimals_are_exact(value: int, scale: int) -> None:
    assert Decimal(fixed(value, scale)) * scale == value


@given(st.integers(0, 10**6))
def test_every_ppm_rate_below_the_limit_reads_back_exactly(ppm: int) -> None:
    found = policy.check_overrides("cerf", {"rate": Decimal(ppm) / 10**6})
    assert bool(found) == (ppm > 300_000)
    if not found:
        assert policy.facility("cerf", {"rate": Decimal(ppm) / 10**6})["rate"].latest().value == ppm


def test_last_checked_is_the_newest_of_all_entries() -> None:
    assert policy.last_checked(policy.facility("cerf")) == max(
        v.checked for p in policy.facility("cerf").parameters.values() for v in p.values if v.checked
    )
