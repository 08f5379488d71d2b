"""Keys of the bank's own ledger: tables beside the loans, and what the market and the disclosure say of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import relending as rl
from relending.scenario import load_scenario
from relending.scenario.record import context_of
from relending.scenario.scenario import SIDE_FILES
from tests.books.make import book, text
from tests.scenario.conftest import GOOD, Problems, Write

KEYS = """
[scenario]
name = "ledger"
book = "book.csv"
applications = ["2022.csv", "2023.csv"]
balances = "balances.csv"
simulate_from = 2024-01-01
lender = "icbc"
start = 2022-01-01
end = 2024-12-31
facilities = ["cerf"]
[market]
own_rate = 0.0250
reference_rate = [{ from = 2021-01-01, value = 0.021 }, { from = 2023-07-01, value = 0.019 }]
collateral_cost = 0.0005
earning_assets = [{ from = 2024-01-01, value = 3.2e13 }, { from = 2021-01-01, value = 3.0e13 }]
loan_rates = "current"
[disclosure]
ineligible = "restated"
claim = "funded"
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "book.csv").write_bytes(text(book()))
    for name, rows in {
        "2022.csv": ["loan_id,period,status,funded_on,funded_amount", "JJ001,2022Q1,funded,2022-03-31,6000000"],
        "2023.csv": ["借据编号,申报批次,申报状态", "JJ002,2023-03,已申报"],
        "balances.csv": ["loan_id,date,outstanding", "JJ001,2024-06-30,8000000"],
    }.items():
        (tmp_path / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def written(folder: Path, content: str = KEYS) -> Path:
    (folder / "s.toml").write_text(content, encoding="utf-8")
    return folder / "s.toml"


def test_the_keys_reach_the_scenario_and_its_context(files: Path) -> None:
    scenario = load_scenario(written(files))
    assert {table: [p.name for p in paths] for table, paths in scenario.side.items()} == {
        "applications": ["2022.csv", "2023.csv"],
        "balances": ["balances.csv"],
    }
    context = scenario.context()
    assert context.simulate_from == dt.date(2024, 1, 1)
    assert [(v.start, v.value) for v in context.reference_rate_of("boc").values] == [  # type: ignore[union-attr]
        (dt.date(2021, 1, 1), 21_000),
        (dt.date(2023, 7, 1), 19_000),
    ]
    assert context.collateral_cost_of("icbc").values[0].value == 500  # type: ignore[union-attr]
    assert context.earning_assets is not None
    assert [(v.start, v.value) for v in context.earning_assets.values] == [
        (dt.date(2021, 1, 1), 3 * 10**15),
        (dt.date(2024, 1, 1), 32 * 10**14),
    ]
    assert (context.loan_rates, context.ineligible, context.claim) == ("current", "restated", "funded")


def test_none_of_them_is_needed(write: Write) -> None:
    context = load_scenario(write(GOOD)).context()
    assert load_scenario(write(GOOD)).side == {}
    assert (context.simulate_from, context.earning_assets) == (None, None)
    assert context.reference_rate_of("icbc") is None and context.collateral_cost_of("icbc") is None
    assert (context.loan_rates, context.ineligible, context.claim) == ("issue", "listed", "")


def test_loan_rates_follow_the_basis_of_the_disclosure_unless_given(write: Write) -> None:
    current = GOOD + '[disclosure]\nrate_basis = "current"\n'
    assert load_scenario(write(current)).loan_rates == "current"
    assert load_scenario(write(current), ["market.loan_rates=issue"]).loan_rates == "issue"


ASSETS = ("scenario_bad_value", "market.earning_assets")
COLLATERAL = ("scenario_bad_value", "market.collateral_cost")
WRONG = [
    ('"2022.csv", "2023.csv"', '"2022.csv", "2022.csv"', "scenario_bad_value", "scenario.applications"),
    ('["2022.csv", "2023.csv"]', "[]", "scenario_bad_value", "scenario.applications"),
    ('"balances.csv"', "3", "scenario_wrong_type", "scenario.balances"),
    ("simulate_from = 2024-01-01", 'simulate_from = "soon"', "scenario_wrong_type", "scenario.simulate_from"),
    ('loan_rates = "current"', 'loan_rates = "now"', "scenario_bad_value", "market.loan_rates"),
    ('ineligible = "restated"', 'ineligible = "dropped"', "scenario_bad_value", "disclosure.ineligible"),
    ('claim = "funded"', 'claim = "half"', "scenario_bad_value", "disclosure.claim"),
    ("value = 3.2e13", "value = -1", "scenario_bad_value", "market.earning_assets"),
    ("{ from = 2024-01-01, value = 3.2e13", "{ from = 2021-01-01, value = 1e13", *ASSETS),
    ("collateral_cost = 0.0005", "collateral_cost = [{ from = 2023-01-01, value = 0.0005 }]", *COLLATERAL),
]


@pytest.mark.parametrize("old, new, code, column", WRONG)
def test_a_wrong_value_is_told_with_its_key(
    files: Path, problems: Problems, old: str, new: str, code: str, column: str
) -> None:
    assert old in KEYS
    told = problems(written(files, KEYS.replace(old, new)))
    assert {(one[0], one[2].split("[")[0]) for one in told} == {(code, column)}


def test_a_run_keeps_its_tables_and_its_record_gives_the_same_context(files: Path, tmp_path: Path) -> None:
    run = rl.run(written(files))
    run.save(tmp_path / "out")
    assert rl.verify(tmp_path / "out") == []
    opened = rl.open_run(tmp_path / "out")
    assert set(SIDE_FILES) & set(opened.tables) == {"applications", "balances"}
    kept = opened.tables["applications"]
    assert kept[["loan_id", "period", "status", "file", "row"]].values.tolist() == [
        ["JJ001", "2022Q1", "funded", "2022.csv", 2],
        ["JJ002", "2023-03", "applied", "2023.csv", 2],
    ]
    assert opened.tables["balances"]["outstanding_fen"].tolist() == [800_000_000]
    context, again = run.scenario.context(), context_of(opened.manifest)
    for name in ("simulate_from", "loan_rates", "ineligible", "claim"):
        assert getattr(again, name) == getattr(context, name)
    for name in ("reference_rate", "collateral_cost"):
        assert [(v.start, v.value) for v in getattr(again, name)[""].values] == [
            (v.start, v.value) for v in getattr(context, name)[""].values
        ]
    assert [v.value for v in again.earning_assets.values] == [3 * 10**15, 32 * 10**14]  # type: ignore[union-attr]
    inputs = [one["file"] for one in opened.manifest["inputs"]]
    assert [name for name in inputs if name.endswith(".csv")][:4] == [
        "book.csv",
        "2022.csv",
        "2023.csv",
        "balances.csv",
    ]


def test_a_record_in_which_nothing_arrived_yet_is_one(files: Path, tmp_path: Path) -> None:
    (files / "none.csv").write_text("loan_id,period,status\n", encoding="utf-8")
    path = written(files, KEYS.replace('["2022.csv", "2023.csv"]', '"none.csv"'))
    rl.run(path).save(tmp_path / "out")
    opened = rl.open_run(tmp_path / "out")
    assert len(opened.tables["applications"]) == 0
    assert opened.tables["attribution"]["state"].tolist() == ["not_applied"] * 3
    without = rl.run(written(files, KEYS.replace('applications = ["2022.csv", "2023.csv"]\n', "")))
    assert without.attribution["state"].tolist() == ["held"] * 3


def test_files_beside_the_scenario_may_not_lie_outside_its_folder(files: Path, problems: Problems) -> None:
    told = problems(written(files, KEYS.replace('"balances.csv"', '"../balances.csv"')))
    assert [one[2] for one in told] == ["scenario.balances"]
