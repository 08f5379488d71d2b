"""Planned loans in a run: behind the loans of a book, told apart from them everywhere, screened by their own rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import relending as rl
from relending.cli import main

HEADER = "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence"
PLAN = "quarter,sector,amount,rate,spread_bp,months,repayment,loans,reduction_per_10k,investment_share"
SCENARIO = """
[scenario]
name = "s"
{files}
lender = "icbc"
start = 2023-01-01
end = 2025-12-31
facilities = ["cerf", "clean_coal"]
[market]
own_rate = 0.02
"""


def made(tmp: Path, *plan: str, book: bool = True, more: str = "") -> Path:
    rows = [HEADER, "A,P1,wind,1000000,0.03,2023-02-01,2033-02-01,5000000,500,eia"]
    (tmp / "book.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp / "plan.csv").write_text("\n".join([PLAN, *plan]) + "\n", encoding="utf-8")
    files = 'plan = "plan.csv"\n' + ('book = "book.csv"\n' if book else "") + more
    (tmp / "s.toml").write_text(SCENARIO.format(files=files), encoding="utf-8")
    return tmp / "s.toml"


GOOD = "2024Q1,wind,3000000,,0,120,equal_principal,3,2.5,0.5"


def test_planned_loans_follow_the_book_and_are_funded_like_it(tmp_path: Path) -> None:
    run = rl.run(made(tmp_path, GOOD))
    assert run.loans["loan_id"].tolist() == ["A", "plan-2-1", "plan-2-2", "plan-2-3"]
    assert run.loans["planned"].tolist() == [False, True, True, True]
    assert run.attribution["supported"].all()
    drawn = run.ledger[run.ledger["event"] == "draw"].set_index("tranche")["amount"]
    assert drawn["cerf/icbc/2024-03-31"] == 0.6 * 3_000_000
    total = run.disclosure.query("facility == 'cerf' and quarter == '2024Q1' and code == 'total'")
    assert total.set_index("horizon")["reduction"]["quarter"] == pytest.approx(2.5 * 300)
    assert run.all_findings.codes() == {"plan_expanded": 1}
    assert run.manifest["scenario"]["plan"] == "plan.csv"
    assert [entry["file"] for entry in run.manifest["inputs"]] == ["s.toml", "book.csv", "plan.csv"]


def test_a_plan_alone_is_run(tmp_path: Path) -> None:
    run = rl.run(made(tmp_path, GOOD, book=False))
    assert len(run.loans) == 3 and run.attribution["supported"].all()


def test_a_plan_row_that_is_not_supported_is_said_with_amount_and_reasons(tmp_path: Path) -> None:
    lines = (GOOD, "2024Q1,coal_mining,700,0.03,,12,,7,,", "2024Q1,wind,40000000,0.03,,120,,4,2.5,")
    run = rl.run(made(tmp_path, *lines))
    said = run.all_findings.only("plan_not_supported").frame()
    assert [(r.row, r.loan, r.found) for r in said.itertuples()] == [
        (3, "plan-3", "7 = 700.00 CNY: outside_window"),
        (4, "plan-4", "4 = 40,000,000.00 CNY: evidence_missing"),
    ]
    assert run.all_findings.count("error") == 0


def test_a_row_pasted_twice_and_a_forgotten_unit_are_warnings(tmp_path: Path) -> None:
    run = rl.run(made(tmp_path, GOOD, GOOD, "2024Q2,wind,12.5,0.03,,120,,4,2.5,0.5"))
    said = run.all_findings.only("plan_row_repeated", "plan_amount_small").frame()
    assert [(r.code, r.row, r.expected) for r in said.itertuples()] == [
        ("plan_row_repeated", 3, "= 2"),
        ("plan_amount_small", 4, ""),
    ]
    assert len(run.loans) == 1 + 3 + 3 + 4  # both rows count


def test_a_plan_without_a_lender_is_one_error_a_row(tmp_path: Path) -> None:
    path = made(tmp_path, GOOD.replace(",3,", ",1000,"), GOOD)
    path.write_text(path.read_text(encoding="utf-8").replace('lender = "icbc"\n', ""), encoding="utf-8")
    with pytest.raises(rl.InputError) as stop:
        rl.run(path)
    assert stop.value.findings.only("lender_missing").frame()["row"].tolist() == [2, 2, 3]  # the book's loan, two rows


def test_the_shift_of_the_lpr_is_said_with_how_many_loans_it_moves(tmp_path: Path) -> None:
    run = rl.run(
        rl.load_scenario(made(tmp_path, GOOD), ["market.lpr_shift_bp=-25", "market.lpr_shift_from=2024-02-15"])
    )
    assert run.all_findings.only("plan_lpr_shifted").frame()["found"].tolist() == ["-25 bp > 2024-02-15: 1 / 3"]
    assert run.tables["loans"]["spread_bp"].tolist()[1:] == [0, 0, 0]


def test_blocks_of_any_size_give_the_same_tables(tmp_path: Path) -> None:
    scenario = rl.load_scenario(made(tmp_path, GOOD, "2024Q2,solar,999999.99,0.03,,24,,7,1,0.3"))
    whole, cut = rl.run(scenario), rl.run(scenario, block_rows=2)
    for name, table in whole.tables.items():
        assert table.equals(cut.tables[name]), name


def test_a_prepayment_of_a_planned_loan_is_one_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "early.csv").write_text("loan_id,date,amount\nplan-2-1,2024-06-30,500000\n", encoding="utf-8")
    for with_book in (True, False):
        run = rl.run(made(tmp_path, GOOD, book=with_book, more='prepayments = "early.csv"\n'))
        assert len(run.prepayments) == 1 and not run.all_findings.count("error")


def test_a_row_set_aside_is_in_every_loan_table_and_the_run_goes_on(tmp_path: Path) -> None:
    run = rl.run(made(tmp_path, GOOD, "2024Q2,nothing,1000,0.03,,12,,2,1,0.5"))
    assert run.attribution.set_index("loan_id")["state"]["plan-3"] == "set_aside"
    assert run.screening.set_index("loan_id")["reasons"]["plan-3"] == "data_error"
    with pytest.raises(rl.InputError):
        rl.run(made(tmp_path, "2024Q2,nothing,1000,0.03,,12,,2,1,0.5", book=False))
    with pytest.raises(rl.InputError):
        rl.run(made(tmp_path, GOOD, "2024Q2,nothing,1000,0.03,,12,,2,1,0.5"), strict=True)


def test_a_planned_loan_needs_no_study_yet_but_its_figures(tmp_path: Path) -> None:
    lines = (GOOD, "2024Q1,wind,3000,0.03,,120,,1,,0.5", "2024Q1,wind,3000,0.03,,120,,1,2.5,")
    reasons = rl.run(made(tmp_path, *lines)).screening.set_index("loan_id")["reasons"]
    assert reasons["plan-2-1"] == "" and reasons["plan-3-1"] == reasons["plan-4-1"] == "evidence_missing"


def test_a_shift_moves_the_limit_of_planned_loans_with_their_rate_and_no_made_loan(tmp_path: Path) -> None:
    at_limit = "2024Q3,wind,3000,,50,120,,1,2.5,0.5"  # the tolerance is 0.50 points
    above = "2024Q3,wind,3000,,51,120,,1,2.5,0.5"
    for shift in (0, 100, -100):
        sets = [f"market.lpr_shift_bp={shift}", "market.lpr_shift_from=2024-01-01"]
        run = rl.run(rl.load_scenario(made(tmp_path, at_limit, above), sets))
        reasons = run.screening.set_index("loan_id")["reasons"]
        assert (reasons["A"], reasons["plan-2-1"], reasons["plan-3-1"]) == ("", "", "rate_above_limit")
        rate = run.loans.set_index("loan_id")["rate"]
        # 5-year LPR 3.85 % in the third quarter of 2024 (lpr.csv)
        assert rate["plan-2-1"] == pytest.approx(0.0385 + 0.0050 + shift / 10_000) and rate["A"] == 0.03


def test_a_shift_that_no_planned_loan_follows_is_said(tmp_path: Path) -> None:
    scenario = rl.load_scenario(made(tmp_path, "2024Q3,wind,3000,0.03,,120,,1,2.5,0.5"), ["market.lpr_shift_bp=10"])
    assert rl.run(scenario).all_findings.codes()["key_not_used"] == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_planned_loan_tells_that_it_is_planned(tmp_path: Path, lang: str) -> None:
    scenario = rl.load_scenario(made(tmp_path, GOOD), ["market.lpr_shift_bp=10", "market.lpr_shift_from=2024-01-01"])
    rl.run(scenario).save(tmp_path / "run")
    told = rl.explain(rl.open_run(tmp_path / "run"), "plan-2-2", lang)[0].text()
    planned, shift = {
        "en": ("no book records it", "0.1000 % (shift"),
        "zh": ("并非台账所载贷款", "0.1000 %（情景平移）"),
    }[lang]
    assert planned in told and shift in told and "plan.csv" in told
    made_loan = rl.explain(rl.open_run(tmp_path / "run"), "A", lang)[0].text()
    assert planned not in made_loan and "0.1000 %" not in made_loan


def call(*args: str) -> Any:
    done = CliRunner().invoke(main, list(args))
    assert "Traceback" not in done.output
    return done


def test_the_summary_counts_planned_loans(tmp_path: Path) -> None:
    said = call("run", str(made(tmp_path, GOOD)), "--out", str(tmp_path / "out"))
    assert said.exit_code == 0 and "of these planned" in said.output
    assert call("check", str(tmp_path / "s.toml")).exit_code == 0


@pytest.mark.parametrize("verb", ["run", "check"])
def test_what_is_wrong_with_book_and_plan_is_said_together(tmp_path: Path, verb: str) -> None:
    path = made(tmp_path, GOOD)
    (tmp_path / "book.csv").write_text("nothing,here\n1,2\n", encoding="utf-8")
    (tmp_path / "plan.csv").write_text("quarter,amount\n2024Q1,5\n", encoding="utf-8")
    done = call(verb, str(path))
    assert done.exit_code == 1
    assert "book.csv" in done.output and "plan.csv, row 1, column sector" in done.output


def test_a_plan_that_is_not_there_or_empty_stops(tmp_path: Path) -> None:
    path = made(tmp_path)
    assert call("run", str(path), "--out", str(tmp_path / "o")).exit_code == 1
    (tmp_path / "plan.csv").unlink()
    gone = call("run", str(path), "--out", str(tmp_path / "o"))
    assert gone.exit_code == 1 and "scenario.plan" in gone.output and not (tmp_path / "o").exists()


def test_a_scenario_needs_a_book_or_a_plan(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(SCENARIO.format(files=""), encoding="utf-8")
    with pytest.raises(rl.InputError) as stop:
        rl.load_scenario(tmp_path / "s.toml")
    assert stop.value.findings.codes() == {"scenario_missing_key": 1}


def test_the_tables_shown_on_the_page_of_scenarios_run(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenario.md").read_text(encoding="utf-8")
    plan, published = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    made(tmp_path, GOOD)
    (tmp_path / "plan.csv").write_text(plan, encoding="utf-8")
    (tmp_path / "published.csv").write_text(published, encoding="utf-8")
    more = {"scenario.published": str(tmp_path / "published.csv"), "scenario.end": "2027-12-31"}
    run = rl.run(rl.load_scenario(tmp_path / "s.toml", [f"{k}={v}" for k, v in more.items()]))
    assert len(run.loans) == 6 and run.attribution["supported"].all()
    assert run.published["outcome"].tolist() == ["differs"] and run.published["published"].tolist() == ["15795053.24"]
