"""docs/ledger.md: what it shows of the shipped run is what the run gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import relending as rl
from relending.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of the shipped run, and what is printed."""
    folder = tmp_path_factory.mktemp("ledger") / "run"
    done = CliRunner().invoke(main, ["run", "ledger", "--out", str(folder)])
    assert done.exit_code == 0, done.output
    return folder, done.output


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def test_the_lines_shown_are_printed(ran: tuple[Path, str]) -> None:
    (shown,) = blocks("text")
    assert not [line for line in shown.splitlines() if line not in ran[1].splitlines()]


def test_the_reconciliation_shown_is_the_runs_and_every_yuan_is_in_it(ran: tuple[Path, str]) -> None:
    (shown,) = blocks("csv reconciliation.csv")
    assert (ran[0] / "reconciliation.csv").read_text(encoding="utf-8-sig") == shown
    table = rl.open_run(ran[0]).reconciliation
    assert (table["asked"] - table["received"] == table["difference"]).all()


def test_the_loan_replaced_and_the_one_that_replaces_it_are_as_told(ran: tuple[Path, str]) -> None:
    run = rl.open_run(ran[0])
    loans = run.attribution.set_index("loan_id")
    assert loans.loc["LD240328", ["state", "reduction"]].tolist() == ["repaid", 8611.111111]
    assert loans.loc["LD241108", ["state", "supported"]].tolist() == ["refused", False]
    draws = run.draws.set_index("loan_id")
    assert draws.loc["LD240328", ["drawn", "continued_1"]].tolist() == [15e6, 0.0]
    assert str(draws.loc["LD240328", "repaid_on"])[:10] == "2025-04-22"
    since = run.disclosure[(run.disclosure["horizon"] == "since_start") & (run.disclosure["code"] == "energy_saving")]
    assert set(since["reduction"]) == {35_000 + 8611.111111}  # the opening's, and once the project's


def test_the_loan_that_lost_its_eligibility_and_the_one_that_owes_less_are_as_told(ran: tuple[Path, str]) -> None:
    run = rl.open_run(ran[0])
    draws = run.draws.set_index("loan_id")
    assert draws.loc["LD240226", "drawn"] == 40e6
    assert draws.loc["LD240520", ["drawn", "continued_1"]].tolist() == [30e6, 0.0]
    assert str(draws.loc["LD240520", "repaid_on"])[:10] == "2025-07-19"


def test_the_facility_balance_runs_off_to_nothing_by_2030(ran: tuple[Path, str]) -> None:
    run = rl.open_run(ran[0])
    balance = dict(zip(run.funding["quarter"], run.funding["balance"], strict=True))
    assert (balance["2024Q1"], balance["2024Q2"], balance["2024Q3"]) == (492e6, 637e6, 721e6)
    assert balance["2027Q3"] == balance["2030Q4"] == 0


def test_the_restated_shares_shown_are_the_runs(ran: tuple[Path, str]) -> None:
    run = rl.open_run(ran[0])
    now = run.attribution.set_index("loan_id")
    for row in run.restatement.itertuples():
        shown = (
            f"| {row.loan_id} | {str(now.loc[row.loan_id, 'disbursed'])[:10]} | {row.share:.8f} | {row.reduction:,.6f} "
        )
        assert shown + f"| {row.share_restated:.8f} | {row.reduction_restated:,.6f} |" in PAGE
    assert f"| LD240412 | 2024-04-12 | {now.loc['LD240412', 'share']:.8f} | 25,200.000000 |" in PAGE
