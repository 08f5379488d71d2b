"""Every problem of a scenario: file, key path, found, expected, nearest name, all at once."""

from __future__ import annotations

import pytest

from relending.findings import InputError
from relending.policy import PARAMETERS
from relending.scenario import load_scenario
from relending.scenario.model import TABLES, keys
from tests.scenario.conftest import GOOD, Problems, Write

EXPECTED_DATE = '2021-07-01 (≠ "2021-07-01")'


@pytest.mark.parametrize(
    ("extra", "column", "found", "expected"),
    [
        ("scenario.strat=2022-01-01", "scenario.strat", "strat = 2022-01-01", "nearest: scenario.start"),
        ("market.start=2022-01-01", "market.start", "start = 2022-01-01", "nearest: scenario.start"),
        ("markt.own_rate=0.02", "markt", "markt", "nearest: market"),
        ("rate_basis=issue", "rate_basis", 'rate_basis = "issue"', "nearest: disclosure.rate_basis"),
        ("scenario.title.fr=Base", "scenario.title.fr", 'fr = "Base"', "one of: zh, en"),
        ("lenders.icbc.clas=state", "lenders.icbc.clas", 'clas = "state"', "nearest: lenders.icbc.class"),
        ("facility.cerf.ratoi=0.6", "facility.cerf.ratoi", "ratoi", "nearest: ratio; "),
        (
            "market.own_rate=[{ from = 2021-01-01, value = 0.02, valu = 1 }]",
            "market.own_rate[1].valu",
            "valu = 1",
            "nearest: market.own_rate[1].value",
        ),
    ],
)
def test_an_unknown_key_names_the_nearest(
    write: Write, problems: Problems, extra: str, column: str, found: str, expected: str
) -> None:
    [row] = problems(write(), [extra])
    assert row[:4] == ("scenario_unknown_key", "--set", column, found)
    assert row[4].startswith(expected)


@pytest.mark.parametrize(
    ("extra", "column", "found", "expected"),
    [
        ("scenario.start='2022-01-01'", "scenario.start", '"2022-01-01"', EXPECTED_DATE),
        ("scenario.end=2024-12-31T00:00:00", "scenario.end", "2024-12-31T00:00:00", EXPECTED_DATE),
        ("scenario.name=3", "scenario.name", "3", '"demo"'),
        ("scenario.facilities=cerf", "scenario.facilities", '"cerf"', '["cerf", "clean_coal"]'),
        ("scenario.facilities=[1]", "scenario.facilities[1]", "1", '"demo"'),
        ("scenario.book=true", "scenario.book", "true", '"loans.xlsx", ["2023.csv", "2024.csv"]'),
        ("scenario.title=Base", "scenario.title", '"Base"', "{ … }"),
        ("scenario=3", "scenario", "3", "{ … }"),
        ("market.lpr_shift_bp=2.5", "market.lpr_shift_bp", "2.5", "a whole number such as 50; 整数，例如 50"),
        ("market.lpr_shift_bp=true", "market.lpr_shift_bp", "true", "a whole number such as 50"),
        ("monte_carlo.own_rate.volatility=a", "monte_carlo.own_rate.volatility", '"a"', "a number such as 0.004; 数值"),
        ("market.own_rate=true", "market.own_rate", "true", "0.0295, [{ from"),
        (
            "market.own_rate=[{ from = 2021-01-01, value = '0.02' }]",
            "market.own_rate[1].value",
            '"0.02"',
            "a number such as 0.004",
        ),
        ("facility.cerf=0.6", "facility.cerf", "0.6", "{ … }"),
        ("facility.cerf.ratio='0.6'", "facility.cerf.ratio", '"0.6"', "a fraction from 0 to 1"),
        ("facility.cerf.carry_over=1", "facility.cerf.carry_over", "1", "true or false"),
        ("facility.cerf.rationing=0.5", "facility.cerf.rationing", "0.5", "one of pro_rata, fifo, whole_loans"),
        ("lenders.icbc.admitted={ cerf = 2023 }", "lenders.icbc.admitted.cerf", "2023", EXPECTED_DATE),
    ],
)
def test_a_wrong_type_names_what_is_expected(
    write: Write, problems: Problems, extra: str, column: str, found: str, expected: str
) -> None:
    [row] = [r for r in problems(write(), [extra]) if r[0] != "scenario_missing_key"]
    assert row[:4] == ("scenario_wrong_type", "--set", column, found)
    assert row[4].startswith(expected)


@pytest.mark.parametrize(
    ("extra", "column", "found", "expected"),
    [
        ("scenario.start=2025-01-01", "scenario.start", "2025-01-01", "<= 2024-12-31 (scenario.end)"),
        ("scenario.end=9999-12-31", "scenario.end", "9999-12-31", "1990-01-01 … 2100-12-31"),
        ("scenario.book=[]", "scenario.book", "[]", '["loans.xlsx"]'),
        ("scenario.book=''", "scenario.book", '""', '"loans.xlsx"'),
        ("scenario.facilities=[]", "scenario.facilities", "[]", "one of: cerf"),
        ("scenario.facilities=['cerf', 'cerf']", "scenario.facilities", "cerf", "once"),
        ("scenario.lender=icbcc", "scenario.lender", "icbcc", "nearest: icbc; "),
        ("scenario.lender=工商银航", "scenario.lender", "工商银航", "nearest: icbc; "),
        ("lenders.icbc.class=staet", "lenders.icbc.class", "staet", "nearest: state"),
        ("lenders.Bank1.class=state", "lenders.Bank1", "Bank1", "[a-z0-9_]+"),
        (
            "lenders.x={ class = 'state', short_name = { zh = '工商银行' } }",
            "lenders.x",
            "工商银行",
            "a name of its own; icbc",
        ),
        ("market.lpr_shift_bp=1001", "market.lpr_shift_bp", "1001", "<= 1000"),
        ("market.own_rate=2.95", "market.own_rate", "2.95", "0.000000 … 0.300000"),
        ("monte_carlo.own_rate.volatility=0.5", "monte_carlo.own_rate.volatility", "0.5", "<= 0.1"),
        ("monte_carlo.precision=0", "monte_carlo.precision", "0", ">= 0.000001"),
        ("market.own_rate=0.02951234", "market.own_rate", "0.02951234", "0.000000 … 0.300000"),
        ("market.own_rate=-0.01", "market.own_rate", "-0.01", "0.000000 … 0.300000"),
        ("market.own_rate=nan", "market.own_rate", "NaN", "0.0295"),
        ("market.own_rate=[]", "market.own_rate", "[]", "[{ from"),
        (
            "market.own_rate=[{from=2021-01-01,value=0.02},{from=2021-01-01,value=0.03}]",
            "market.own_rate[2].from",
            "2021-01-01",
            "from: once",
        ),
        ("disclosure.rate_basis=curent", "disclosure.rate_basis", '"curent"', '"issue", "current"'),
        ("facility.cerf.ratio=1.2", "facility.cerf.ratio", "1.2", "a fraction from 0 to 1"),
        ("facility.cerf.rollover_base=orignal", "facility.cerf.rollover_base", "orignal", "nearest: original; one of"),
        ("facility.cerf.rate=-0.01", "facility.cerf.rate", "-0.01", "a fraction a year"),
    ],
)
def test_a_value_that_is_not_allowed_names_what_is(
    write: Write, problems: Problems, extra: str, column: str, found: str, expected: str
) -> None:
    [row] = problems(write(), [extra])
    assert row[:4] == ("scenario_bad_value", "--set", column, found)
    assert row[4].startswith(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b", "≠ /"),
        (r"..\x", "≠ \\"),
        ("利率 4:30?", "≠ : ?"),
        ("NUL", "≠ NUL"),
        ("aux.2026", "≠ AUX"),
        ("con .x", "≠ CON"),
        ("Com¹", "≠ COM¹"),
        ("conout$", "≠ CONOUT$"),
        ("", '≠ ""'),
        ("end.", '≠ "end." ≠ "end"'),
        (" x", '≠ " x" ≠ "x"'),
        ("名" * 81, "≠ 81 > 80"),
        ("a\tb", "≠ U+0009"),
    ],
)
def test_a_name_windows_takes_for_no_folder_is_refused_on_every_system(
    write: Write, problems: Problems, name: str, expected: str
) -> None:
    [row] = problems(write(), {"scenario.name": name})
    assert row == ("name_not_a_folder", "--set", "scenario.name", name, expected)


@pytest.mark.parametrize(
    "name", ["基准", "2026.Q1", "console", "aux-2", "com10", "nul_x", "a (b) & c", "Ünï", "名" * 80]
)
def test_any_other_name_is_taken(write: Write, name: str) -> None:
    assert load_scenario(write(), {"scenario.name": name}).name == name


def test_a_file_whose_name_windows_reserves_names_no_run(write: Write, problems: Problems) -> None:
    [row] = problems(write(GOOD.replace('name = "base"\n', ""), "aux.toml"))
    assert row == ("name_not_a_folder", "aux.toml", "scenario.name", "aux", "≠ AUX")


def test_what_the_policy_expects_is_said_in_both_languages(write: Write, problems: Problems) -> None:
    [row] = problems(write(), ["facility.cerf.ratio=7"])
    assert row[4].startswith("a fraction from 0 to 1") and "0 到 1 之间的小数" in row[4]
    [row] = problems(write(), ["facility.cerf.rollovers=1200"])
    assert row == (
        "scenario_bad_value",
        "--set",
        "facility.cerf.rollovers",
        "term_months = 12, rollovers = 1200",
        "term_months × (rollovers + 1) <= 1200",
    )


@pytest.mark.parametrize(
    ("extra", "column", "found", "expected"),
    [
        ("scenario.facilities=['cerf', 'clean_cole']", "scenario.facilities", "clean_cole", "nearest: clean_coal"),
        ("facility.cref.ratio=0.6", "facility.cref", "cref", "nearest: cerf"),
        ("lenders.icbc.admitted={ cref = 2023-01-01 }", "lenders.icbc.admitted.cref", "cref", "nearest: cerf"),
    ],
)
def test_an_unknown_facility_names_the_nearest(
    write: Write, problems: Problems, extra: str, column: str, found: str, expected: str
) -> None:
    assert problems(write(), [extra]) == [("unknown_facility", "--set", column, found, expected)]


def test_an_empty_file_lacks_every_needed_key_at_once(write: Write, problems: Problems) -> None:
    rows = problems(write(""))
    assert {(code, file, column) for code, file, column, _, _ in rows} == {
        ("scenario_missing_key", "mine.toml", "scenario.book"),
        ("scenario_missing_key", "mine.toml", "scenario.start"),
        ("scenario_missing_key", "mine.toml", "scenario.end"),
        ("scenario_missing_key", "mine.toml", "scenario.facilities"),
        ("own_rate_missing", "mine.toml", "market.own_rate"),
    }


def test_a_lender_nobody_knows_needs_a_class_or_an_admission(write: Write, problems: Problems) -> None:
    [row] = problems(write(GOOD + "[lenders.icbk]\nown_rate = 0.02\n"))
    assert row[:3] == ("scenario_missing_key", "mine.toml", "lenders.icbk.class")
    assert row[4].startswith("a class, one of: development, ") and row[4].endswith("nearest known lender: icbc")


def test_files_that_are_not_there_are_all_named(write: Write, problems: Problems) -> None:
    path = write(
        GOOD.replace('"book.csv"', '["book.csv", "no.csv"]\nprepayments = "early.csv"').replace("0.0250", '"rates.csv"')
    )
    assert [row[:4] for row in problems(path)] == [
        ("file_not_found", "mine.toml", "market.own_rate", "rates.csv"),
        ("file_not_found", "mine.toml", "scenario.book", "no.csv"),
        ("file_not_found", "mine.toml", "scenario.prepayments", "early.csv"),
    ]


@pytest.mark.parametrize(
    ("start", "given", "needed"),
    [
        ("2022-01-01", "2022-01-02", "2022-01-01"),
        ("2022-02-15", "2022-02-15", "2022-01-01"),
    ],
)
def test_an_own_rate_must_reach_back_to_the_first_day_of_the_first_quarter(
    write: Write, problems: Problems, start: str, given: str, needed: str
) -> None:
    path = write(GOOD.replace("0.0250", f"[{{ from = {given}, value = 0.02 }}]").replace("2022-01-01\n", start + "\n"))
    assert problems(path) == [
        ("own_rate_missing", "mine.toml", "market.own_rate", f"from = {given}", f"from <= {needed}")
    ]


def test_a_csv_of_rates_reports_every_row(write: Write, problems: Problems) -> None:
    write("from,value\n2021-01-01,2.95\n2021-13-01,0.02\n2022-01-01,0.02\n2022-01-01,x\n", "rates.csv")
    rows = problems(write(GOOD.replace("0.0250", '"rates.csv"')))
    assert [(file, column, found) for _, file, column, found, _ in rows] == [
        ("rates.csv", "value", "2.95"),
        ("rates.csv", "from", "2021-13-01"),
        ("rates.csv", "from", "2022-01-01"),
        ("rates.csv", "value", "x"),
    ]
    write("from;value\n2021-01-01;0.02\n", "rates.csv")
    assert {row[0] for row in problems(write(GOOD.replace("0.0250", '"rates.csv"')))} == {"missing_column"}


def test_all_problems_come_at_once_and_each_names_its_file(write: Write, problems: Problems) -> None:
    write(GOOD.replace("start = 2022-01-01", "start = 2025-01-01") + "[facility.cerf]\nratio = 7\n", "base.toml")
    path = write('[scenario]\nextends = "base.toml"\nlender = "nobody"\nfacilites = []\n[market]\nlpr_shift_bp = "1"\n')
    rows = problems(path, ["facility.clean_coal.rationing=lottery", "nonsense", "scenario.book=no.csv"])
    assert {row[:3] for row in rows} == {
        ("scenario_bad_value", "base.toml", "scenario.start"),
        ("scenario_bad_value", "base.toml", "facility.cerf.ratio"),
        ("scenario_bad_value", "mine.toml", "scenario.lender"),
        ("scenario_unknown_key", "mine.toml", "scenario.facilites"),
        ("scenario_wrong_type", "mine.toml", "market.lpr_shift_bp"),
        ("scenario_bad_value", "--set", "facility.clean_coal.rationing"),
        ("scenario_bad_value", "--set", ""),
        ("file_not_found", "--set", "scenario.book"),
    }


KEYS = [
    *(f"{table.replace('ID', 'icbc')}.{key}" for table, model in TABLES.items() for key in keys(model)),
    *(f"facility.cerf.{name}" for name in (*PARAMETERS, "lenders", "sectors", "caps")),
    "scenario",
    "lenders",
    "lenders.icbc",
    "market",
    "facility",
    "facility.cerf",
    "disclosure",
    "sweep",
    "monte_carlo",
    "scenario.title.zh",
    "lenders.icbc.full_name.en",
    "lenders.icbc.admitted.cerf",
    "facility.cerf.quota.flow",
]
JUNK = [
    "0",
    "-1",
    "1e400",
    "-1e-400",
    "nan",
    "inf",
    "true",
    "''",
    "'x'",
    '"\\u0000"',
    "[]",
    "[[]]",
    "[1, 'x']",
    "{}",
    "{ a = 1 }",
    "{ '' = {} }",
    "[{}]",
    "[{ from = 1 }]",
    "[{ from = 2021-01-01, value = {} }]",
    "2021-01-01",
    "0001-01-01",
    "9999-12-31",
    "07:00:00",
    "1979-05-27T07:32:00Z",
    "99999999999999999999",
    "🏦",
]


@pytest.mark.parametrize("key", KEYS)
def test_no_value_of_any_key_ends_in_a_traceback(write: Write, key: str) -> None:
    path = write()
    for value in JUNK:
        try:
            load_scenario(path, [f"{key}={value}"]).resolved()
        except InputError as stop:
            assert len(stop.findings)


def test_a_rate_in_per_cent_and_a_key_without_its_table_are_understood() -> None:
    """Slips of an analyst's trial: 2.25% is no file name, and a facility's or a scenario's key needs its table."""
    with pytest.raises(InputError) as stop:
        load_scenario("demo", ["market.own_rate=2.25%", "cerf.ratio=0.8", "end=2025-12-31"])
    told = stop.value.findings.frame().set_index("column")[["code", "expected"]].to_dict("index")
    assert told["market.own_rate"] == {"code": "scenario_bad_value", "expected": "0.0225"}
    assert told["cerf"]["expected"] == "nearest: facility.cerf"
    assert told["end"]["expected"] == "nearest: scenario.end"


def test_parameters_that_nothing_reads_yet_say_so() -> None:
    scenario = load_scenario("demo", {"facility.cerf.collateral_haircut": 0.1, "facility.cerf.ratio": 0.5})
    told = scenario.findings.only("key_not_used").frame()
    assert told["column"].tolist() == ["facility.cerf.collateral_haircut"]
