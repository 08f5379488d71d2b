"""The statement of a quarter in Python: the figures, the loans and the files of ``relending disclose``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import relending as rl
from relending.cli import main
from relending.runfolder import Run


@pytest.fixture(scope="module")
def ledger() -> Run:
    return rl.run("ledger")


@pytest.fixture(scope="module")
def demo() -> Run:
    return rl.run("demo")


def test_files_are_those_of_the_command(ledger: Run, tmp_path: Path) -> None:
    folder = ledger.save(tmp_path / "run")
    made = rl.quarter_statement(rl.open_run(folder), "2024Q2")
    files = made.save(tmp_path / "mine", also="en")
    options = ["--quarter", "2024Q2", "--lang", "zh", "--also", "en", "--out", str(tmp_path / "theirs")]
    told = CliRunner().invoke(main, ["disclose", str(folder), *options])
    assert told.exit_code == 0, told.output
    theirs = {p.relative_to(tmp_path / "theirs"): p.read_bytes() for p in (tmp_path / "theirs").rglob("*.*")}
    assert {p.relative_to(tmp_path / "mine"): p.read_bytes() for p in files} == theirs
    with pytest.raises(FileExistsError, match="another folder"):
        made.save(tmp_path / "mine")


def test_the_table_is_the_disclosure_table_as_printed(demo: Run) -> None:
    table = rl.quarter_statement(demo, "2024Q2", lender="demo").table("en")
    cells = demo.disclosure.query("lender == 'demo' and facility == 'cerf' and quarter == '2024Q2'")
    total = cells[(cells["level"] == "total") & (cells["horizon"] == "since_start")].iloc[0]
    assert table.shape == (4, 12)
    assert table.iloc[-1, 8:].tolist() == ["26", f"{total.amount / 1e4:,.2f}", "3.53", f"{total.reduction:,.2f}"]
    assert [len(table.columns.unique(0)), table.index.name] == [3, "Field"]


@pytest.mark.parametrize("name", ["ledger", "demo"])
def test_each_amount_is_the_sum_of_its_loans(name: str, request: pytest.FixtureRequest) -> None:
    made = rl.quarter_statement(request.getfixturevalue(name), "2024Q2", lender={"demo": "demo"}.get(name))
    checks = made.checks()
    assert len(checks) == 12 and (checks["difference"] == 0).all()
    for row in checks.itertuples():
        loans = made.loans(row.code, row.horizon)
        assert len(loans) == row.loans
        assert round(loans["amount"].sum() + row.began, 2) == row.disclosed
    assert (checks["began"] > 0).any() == (name == "ledger")


def test_a_loan_lost_between_the_table_and_its_cell_shows(demo: Run) -> None:
    from dataclasses import replace

    made = rl.quarter_statement(demo, "2024Q2", lender="demo")
    found = replace(made.issue.found, loans=made.issue.found.loans.iloc[1:])
    checks = replace(made, issue=replace(made.issue, found=found)).checks()
    lost = made.issue.found.loans["amount_fen"].iloc[0] / 100
    assert set(checks[checks["difference"] != 0]["difference"]) == {float(lost)}


def test_a_draft_says_why_and_what_is_open(demo: Run) -> None:
    made = rl.quarter_statement(demo, "2024Q2", lender="demo")
    assert made.draft and "simulated" in made.reasons()[0] and "模拟" in made.reasons("zh")[0]
    points = made.open_points()
    assert set(points["code"]) >= {"simulated_receipt", "share_over_one"}
    with pytest.raises(rl.InputError, match="share_over_one"):
        rl.quarter_statement(demo, "2024Q2", lender="demo", final=True)


def test_what_is_open_is_accepted_by_a_list_filled_in(demo: Run, tmp_path: Path) -> None:
    made = rl.quarter_statement(demo, "2024Q2", lender="demo")
    listed = made.list_open(tmp_path / "open.csv", "en")
    header, *rows = listed.read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == len(made.open_points()) and header.endswith("Reason,By")
    filled = [f"{row.removesuffix(',,')},seen,Head of credit" for row in rows]
    listed.write_text("\n".join([header, *filled]), encoding="utf-8", newline="\n")
    accepted = rl.quarter_statement(demo, "2024Q2", lender="demo", accept=listed, final=True)
    assert repr(accepted).endswith("final)") and accepted.open_points().empty


def test_a_final_statement_is_kept_and_the_next_is_compared_with_it(ledger: Run, tmp_path: Path) -> None:
    first = rl.quarter_statement(ledger, "2024Q1", final=True, published=tmp_path / "published")
    assert repr(first) == "QuarterStatement(demo_bank cerf 2024Q1: final)" and not first.draft
    first.save(tmp_path / "q1")
    assert (tmp_path / "published" / "demo_bank" / "cerf" / "2024Q1" / "v1").is_dir()
    second = rl.quarter_statement(ledger, "2024Q2", published=tmp_path / "published")
    assert any("comparison" in path.name for path in second.save(tmp_path / "q2"))
    assert "2024" in second.text("zh") and second.text("zh").startswith("示范城市商业银行股份有限公司")


def test_what_is_not_there_is_said_with_what_is(demo: Run) -> None:
    with pytest.raises(rl.InputError, match="demo, demo_city"):
        rl.quarter_statement(demo, "2024Q2")
    with pytest.raises(rl.InputError, match="cerf"):
        rl.quarter_statement(demo, "2024Q2", facility="clean_coal", lender="demo")
    with pytest.raises(rl.InputError, match="2021Q4"):
        rl.quarter_statement(demo, "1999Q1", lender="demo")
    with pytest.raises(ValueError, match="since_start"):
        rl.quarter_statement(demo, "2024Q2", lender="demo").loans("wind", "ever")


def test_loans_of_a_cell_are_frames_for_people(demo: Run) -> None:
    loans = rl.quarter_statement(demo, "2024Q2", lender="demo").loans("wind", "since_start")
    assert loans.columns.tolist() == ["loan_id", "project_id", "field", "sector", "amount", "rate", "reduction"]
    assert set(loans["sector"]) == {"wind"} and loans["amount"].dtype == float
    pd.testing.assert_index_equal(loans.index, pd.RangeIndex(len(loans)))
