"""What a scenario becomes: lenders, rates, horizon, warnings, and its plain form for the manifest."""

from __future__ import annotations

import datetime as dt
import json
import os
import pickle
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending import policy
from relending.dates import to_date
from relending.scenario import Scenario, load_scenario
from relending.scenario.document import reference
from relending.scenario.rates import to_ppm
from relending.scenario.read import parse_value
from tests.scenario.conftest import GOOD, Write

DEMO = """
[lenders.demo]
class = "city"
full_name = { zh = "示范银行股份有限公司", en = "Demonstration Bank" }
short_name = { zh = "示范银行" }
admitted = { clean_coal = 2022-06-01 }
[lenders.icbc]
own_rate = 0.0199
"""


def columns(scenario: Scenario) -> list[tuple[str, str, str, str]]:
    return [(r.code, r.column, r.found, r.expected) for r in scenario.findings.frame().itertuples()]


def test_start_and_end_are_widened_to_whole_quarters_and_noted(write: Write) -> None:
    scenario = load_scenario(write(), ["scenario.start=2022-02-15", "scenario.end=2024-10-01"])
    assert (scenario.start, scenario.end) == (dt.date(2022, 1, 1), dt.date(2024, 12, 31))
    assert columns(scenario) == [
        ("horizon_widened", "scenario.end", "2024-10-01", "2024-12-31"),
        ("horizon_widened", "scenario.start", "2022-02-15", "2022-01-01"),
    ]


def test_whole_quarters_are_left_as_they_are(write: Write) -> None:
    assert not load_scenario(write()).findings


def test_a_run_beyond_the_last_check_of_the_policy_warns(write: Write) -> None:
    newest = max(day for f in ("cerf", "clean_coal") if (day := policy.last_checked(policy.facility(f))))
    late = load_scenario(write(), ["scenario.end=2099-12-31"])
    assert columns(late) == [("policy_not_checked", "scenario.end", "2099-12-31", f"<= {newest}")]
    assert late.findings.count("warning") == 1


def test_an_override_of_a_facility_that_is_not_run_warns(write: Write) -> None:
    scenario = load_scenario(write(), ["scenario.facilities=['cerf']", "facility.clean_coal.ratio=0.5"])
    assert columns(scenario) == [("override_not_used", "facility.clean_coal", "ratio", "cerf")]


LATER = """
[sweep]
"facility.cerf.ratio" = [0.4, 0.6]
[monte_carlo]
paths = 10
seed = 7
"""


def test_tables_of_studies_are_noted_and_change_nothing(write: Write) -> None:
    scenario = load_scenario(write(GOOD + LATER))
    assert columns(scenario) == [
        ("table_not_used", "sweep", "facility.cerf.ratio", ""),
    ]
    assert (scenario.findings.count("warning"), scenario.findings.count("note")) == (0, 1)
    assert scenario.sweep == {"facility.cerf.ratio": (Decimal("0.4"), Decimal("0.6"))}
    assert scenario.monte_carlo is not None and (scenario.monte_carlo.paths, scenario.monte_carlo.seed) == (10, 7)
    assert scenario.resolved() == load_scenario(write()).resolved()
    assert not load_scenario(write(GOOD + "[sweep]\n[monte_carlo]\n")).findings


def test_a_shift_of_the_lpr_is_noted_to_have_no_effect_without_a_plan(write: Write) -> None:
    scenario = load_scenario(write(), ["market.lpr_shift_bp=-10", "market.lpr_shift_from=2024-01-01"])
    assert columns(scenario) == [
        ("key_not_used", "market.lpr_shift_bp", "-10", "scenario.plan, market.loan_rates"),
        ("key_not_used", "market.lpr_shift_from", "2024-01-01", "scenario.plan, market.loan_rates"),
    ]
    assert scenario.findings.count("note") == 2 and scenario.lpr_shift_bp == -10
    assert not load_scenario(write(), ["market.lpr_shift_bp=0"]).findings
    repriced = load_scenario(write(), ["market.lpr_shift_bp=-10", "market.loan_rates=current"])
    assert not repriced.findings and repriced.loan_rates == "current"


def test_a_scenario_with_overrides_keeps_its_own_name(write: Write) -> None:
    scenario = load_scenario(write(), {"facility.cerf.ratio": 0.8})
    assert scenario.name == load_scenario(write()).name != "cerf"
    assert scenario.title == load_scenario(write()).title


TITLED = 'title = { zh = "基准", en = "The base" }\n[market]'


@pytest.mark.parametrize(
    ("own", "sets", "title"),
    [
        ('name = "mine"', [], {"zh": "mine", "en": "mine"}),
        ('name = "mine"\ntitle = { zh = "我的" }', [], {"zh": "我的", "en": "我的"}),
        ('title = { en = "Mine" }', [], {"zh": "基准", "en": "Mine"}),
        ("", [], {"zh": "基准", "en": "The base"}),
        ("", ["scenario.name=set"], {"zh": "基准", "en": "The base"}),
        ('name = "mine"', ["scenario.title.zh=设"], {"zh": "设", "en": "设"}),
    ],
)
def test_a_scenario_is_not_headed_by_the_title_of_what_it_extends_under_another_name(
    write: Write, own: str, sets: list[str], title: dict[str, str]
) -> None:
    write(GOOD.replace("[market]", TITLED), name="base.toml")
    assert load_scenario(write(f'[scenario]\nextends = "base.toml"\n{own}\n'), sets).title == title


def test_lenders_of_the_scenario_join_those_of_the_policy(write: Write) -> None:
    scenario = load_scenario(write(GOOD + DEMO), ["scenario.lender=ＤＥＭＯ"])
    demo, icbc, boc = (scenario.lenders[name] for name in ("demo", "icbc", "boc"))
    assert scenario.lender == "demo"
    assert (demo.cls, demo.source, demo.admitted) == ("city", "scenario", {"clean_coal": dt.date(2022, 6, 1)})
    assert demo.short_name == {"zh": "示范银行", "en": "示范银行"}
    assert (icbc.cls, icbc.source) == ("state", "scenario") and icbc.full_name == policy.lenders()["icbc"].full_name
    assert (boc.source, boc.admitted) == ("policy", {})
    assert scenario.lender_of("示范银行") == "demo" and scenario.lender_of("中国银行") == "boc"
    assert scenario.lender_of("no such bank") is None
    assert scenario.lender_names()["Demonstration Bank"] == "demo" and "boc" not in scenario.lender_names()


def test_a_lender_with_an_admission_but_no_class_is_known_by_its_id(write: Write) -> None:
    scenario = load_scenario(write(GOOD + "[lenders.x]\nadmitted = { cerf = 2023-04-01 }\n"))
    assert scenario.lenders["x"].cls is None and scenario.lenders["x"].full_name == {"zh": "x", "en": "x"}


def test_own_rates_are_ppm_by_lender(write: Write) -> None:
    scenario = load_scenario(write(GOOD + DEMO))
    assert [(v.start, v.value, v.source) for v in scenario.own_rate[""].values] == [(dt.date.min, 25000, "mine.toml")]
    icbc, boc = scenario.own_rate_of("icbc"), scenario.own_rate_of("boc")
    assert icbc is not None and boc is not None
    assert (icbc.latest().value, boc.latest().value) == (19900, 25000)


def test_a_market_rate_is_not_needed_where_the_lender_has_its_own(write: Write) -> None:
    text = GOOD.replace("[market]\nown_rate = 0.0250\n", "") + DEMO
    assert set(load_scenario(write(text)).own_rate) == {"icbc"}


def test_dated_own_rates_are_sorted(write: Write) -> None:
    scenario = load_scenario(write(), ["market.own_rate=[{from=2023-01-01,value=0.02},{from=2021-01-01,value=0.03}]"])
    assert [v.value for v in scenario.own_rate[""].values] == [30000, 20000]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_own_rates_from_a_csv(write: Write, encoding: str) -> None:
    rates = write("from,value,note\n2021-01-01,0.0295,a\n\n2023/6/5,2.65%,b\n", "rates.csv", encoding=encoding)
    scenario = load_scenario(write(GOOD.replace("0.0250", '"rates.csv"')))
    assert [(v.start, v.value) for v in scenario.own_rate[""].values] == [
        (dt.date(2021, 1, 1), 29500),
        (dt.date(2023, 6, 5), 26500),
    ]
    assert rates.resolve() in scenario.files


@given(st.integers(0, 300_000), st.integers(0, 30))
def test_a_rate_of_at_most_six_decimals_scales_exactly_however_it_is_written(ppm: int, zeros: int) -> None:
    assert to_ppm(Decimal(f"{ppm // 10**6}.{ppm % 10**6:06d}" + "0" * zeros)) == ppm
    if ppm < 300_000:
        assert to_ppm(Decimal(f"0.{ppm:06d}" + "0" * zeros + "1")) is None


@pytest.mark.parametrize("value", ["1e-999999999", "0e-999999999", "1e999999999", "inf", "0.3000001"])
def test_an_extreme_number_is_refused_without_effort(value: str) -> None:
    assert to_ppm(Decimal(value)) is None


@given(st.one_of(st.booleans(), st.integers(-(10**9), 10**9), st.dates(), st.decimals(-(10**9), 10**9, places=6)))
def test_a_value_set_is_the_value_of_a_file(value: object) -> None:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    assert parse_value(text) == value and type(parse_value(text)) is type(value)


def test_defaults(write: Write) -> None:
    scenario = load_scenario(write())
    assert (scenario.rate_basis, scenario.lpr_shift_bp, scenario.prepayments) == ("issue", 0, None)
    assert scenario.lpr_shift_from == to_date(int(policy.lpr().days[-1]))
    assert scenario.title == {"zh": "base", "en": "base"}
    assert load_scenario(write(GOOD.replace('name = "base"', ""))).name == "mine"


def test_the_resolved_form_is_json_without_any_folder(write: Write, tmp_path: Path) -> None:
    scenario = load_scenario(
        write(GOOD + DEMO),
        ["facility.cerf.quota={ flow = 8e11 }", "facility.cerf.ratio=0.60", f"scenario.book={tmp_path / 'book.csv'}"],
    )
    plain = scenario.resolved()
    text = json.dumps(plain, ensure_ascii=False)
    assert json.loads(text) == plain and str(tmp_path) not in text
    assert plain["facility"] == {"cerf": {"quota": {"flow": "800000000000"}, "ratio": "0.60"}}
    assert plain["book"] == ["book.csv"] and plain["end"] == "2024-12-31" and set(plain["lenders"]) == {"demo", "icbc"}
    assert plain["market"]["own_rate"]["*"] == [{"from": None, "value": "0.025000", "source": "mine.toml"}]
    assert plain["sources"]["facility.cerf.ratio"] == "set"


def test_the_resolved_form_is_the_same_in_another_folder(write: Write, tmp_path: Path) -> None:
    here = load_scenario(write(GOOD + DEMO)).resolved()
    there = write(GOOD + DEMO, "far/away/mine.toml")
    (there.parent / "book.csv").write_text("loan_id\n", encoding="utf-8")
    assert load_scenario(there).resolved() == here


def test_a_scenario_travels_between_processes(write: Write) -> None:
    scenario = load_scenario(write(GOOD + DEMO))
    back = pickle.loads(pickle.dumps(scenario))  # noqa: S301
    assert back.resolved() == scenario.resolved()


def test_the_context_holds_the_rules_of_the_run(write: Write) -> None:
    context = load_scenario(write(GOOD + DEMO)).context()
    clean_coal = context.facilities[1]
    assert (context.first_quarter, context.last_quarter) == (2022 * 4, 2024 * 4 + 3)
    assert context.admitted_from(clean_coal, "demo") == dt.date(2022, 6, 1)


def test_every_key_of_the_models_stands_on_the_page() -> None:
    page = Path(__file__).parents[2] / "docs" / "scenario.md"
    assert page.read_text(encoding="utf-8") == reference()


def test_the_examples_of_the_page_load(write: Write, tmp_path: Path) -> None:
    first, *others = [part.split("```")[0] for part in reference().split("```toml\n")[1:]]
    (tmp_path / "loans.xlsx").write_bytes(b"")
    write("from,value\n2021-01-01,0.0295\n2023-01-01,2.65%\n", "rates.csv")
    [rates] = [text for text in others if text.startswith("own_rate")]
    [facility] = [text for text in others if text.startswith("[facility")]
    assert load_scenario(write(first + facility)).facilities[0]["ratio"].latest().value == 6000
    for line in rates.splitlines():
        text = first.replace("own_rate = 0.0250", line)
        assert load_scenario(write(text)).own_rate[""].values[0].value == 29500


def test_importing_the_room_imports_no_pandas() -> None:
    code = "import sys, relending.scenario; assert 'pandas' not in sys.modules and 'pyarrow' not in sys.modules"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)


def test_dated_values_that_begin_later_are_warned_of_since_the_first_counts_before_it_too(write: Write) -> None:
    late = "[facility.cerf]\nratio = [{ from = 2027-01-01, value = 1.0 }]\n"
    both = "[facility.cerf]\nratio = [{ from = 2021-11-08, value = 0.6 }, { from = 2027-01-01, value = 1.0 }]\n"
    assert [row[0] for row in columns(load_scenario(write(GOOD + late)))] == ["first_value_before_its_date"]
    assert columns(load_scenario(write(GOOD + both))) == []


def test_a_description_of_another_scenario_is_not_told_of_one_with_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('[scenario]\nname = "mine"\nextends = "outlook/baseline"\n', encoding="utf-8")
    mine = load_scenario(tmp_path / "s.toml")
    assert (mine.title, mine.description) == ({"zh": "mine", "en": "mine"}, "")
    assert mine.description_zh == ""


def test_a_chinese_description_goes_with_the_description_it_is_of(write: Write) -> None:
    given = GOOD.replace("[market]", 'description = "base"\ndescription_zh = "基准"\n[market]')
    base = load_scenario(write(given))
    assert base.description_zh == base.resolved()["description_zh"] == "基准"
    changed = load_scenario(write(given), ["scenario.description=another"])
    assert (changed.description, changed.description_zh) == ("another", "")
