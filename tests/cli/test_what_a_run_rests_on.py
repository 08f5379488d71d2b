"""The summary of a run says what its draws rest on, and its balance can be followed; so do record and picture."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from relending.cli import main
from relending.report.pictures.balances import Balances, Line, said
from tests.lineage.bank import written


def summary(scenario: Path, *more: str) -> tuple[str, dict[str, object]]:
    out = scenario.parent / "run"
    done = CliRunner().invoke(main, ["run", str(scenario), "--out", str(out), *more])
    assert done.exit_code == 0, done.output
    record = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    return done.output, record["scenario"]


def fen(text: str, line: str) -> int:
    found = re.search(rf"^  {line} +(\S+)", text, re.MULTILINE)
    assert found, text
    return int(found[1].replace(",", "").replace(".", ""))


def test_a_simulated_run_says_so_first(tmp_path: Path) -> None:
    said, record = summary(written(tmp_path, "applications", more=""))
    assert (
        said.splitlines()[1].split("  ")[1] == "draws"
        and "simulated (no record of applications)" in said.splitlines()[1]
    )
    assert record["basis"] == "simulated" and "reconciliation.csv" not in said


def test_a_recorded_run_counts_what_was_applied_for(tmp_path: Path) -> None:
    said, record = summary(written(tmp_path, more=""))
    assert record["basis"] == "recorded"
    assert re.match(r"  draws +recorded", said.splitlines()[1])
    assert re.search(r"applied for +11 +\(funded 8, pending 1, refused 1, withdrawn 1\)", said), said
    assert fen(said, "not applied for") == 3 and fen(said, "received") == 4_700_000_00
    for file in ("reconciliation", "ineligible", "restatement"):
        assert f"{file}.csv" in said


def test_simulated_loans_beside_a_record_are_counted(tmp_path: Path) -> None:
    said, record = summary(written(tmp_path))
    assert record["basis"] == "mixed"
    assert "recorded; simulated of loans to come" in said and fen(said, "simulated draws") == 1


def test_the_balance_can_be_followed(tmp_path: Path) -> None:
    said, _ = summary(written(tmp_path))
    opening, drawn, repaid = (fen(said, x) for x in ("opening balance", "drawn", "repaid and returned"))
    assert opening == 600_000_00 and opening + drawn - repaid == fen(said, "facility balance")


def test_the_same_is_said_in_chinese(tmp_path: Path) -> None:
    said, _ = summary(written(tmp_path), "--lang", "zh")
    for part in (
        "借用依据",
        "实际记录；以后的贷款为模拟",
        "已到账 8，待批复 1，未获批准 1，已撤回 1",
        "期初余额",
        "累计归还",
    ):
        assert part in said, said
    assert "申报与到账核对" in said


@pytest.mark.parametrize(
    ("basis", "title"),
    [
        (["simulated"], " (simulated)"),
        (["recorded"], ""),
        (["recorded", "mixed"], " (in part simulated)"),
        (["recorded", "simulated"], " (in part simulated)"),
    ],
)
def test_the_picture_says_where_it_is_simulated(basis: list[str], title: str) -> None:
    line = Line("run", "cerf", [], [], frozenset(basis))
    other = Line("run", "other", [], [], frozenset(["simulated"]))
    assert said(Balances(["cerf"], [line, other], [], ["run"]), "cerf", "en") == title
