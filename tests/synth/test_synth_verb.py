"""``relending synth``: what it writes, what it says, what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from relending.book.synth_defects import defects
from relending.cli.synth import command


def test_it_writes_book_prepayments_and_scenario_and_names_the_next_command(tmp_path: Path) -> None:
    out = tmp_path / "big book.csv"
    result = CliRunner().invoke(command, [str(out), "--loans", "25", "--seed", "3"])
    assert result.exit_code == 0, result.output
    assert {p.name for p in tmp_path.iterdir()} == {"big book.csv", "big book.prepayments.csv", "big book.toml"}
    assert "25 loans (seed 3)" in result.output
    scenario, folder = tmp_path / "big book.toml", tmp_path / "big book-run"
    assert f"next: relending run '{scenario}' --out '{folder}'" in result.output
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert len(out.read_text(encoding="utf-8-sig").splitlines()) == 26


def test_it_speaks_chinese(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [str(tmp_path / "b.csv"), "--loans", "5", "--lang", "zh"])
    assert result.exit_code == 0
    assert "下一步：relending run" in result.output


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("book.txt", [], "expected one of .parquet, .csv, .xlsx"),
        ("book.xlsx", ["--loans", "1048576"], "at most 1,048,575"),
        ("no/such/folder/book.csv", [], "the folder does not exist"),
        ("book.csv", ["--loans", "0"], "0 is not in the range"),
    ],
)
def test_a_wrong_request_is_a_usage_error_and_writes_nothing(
    tmp_path: Path,
    name: str,
    options: list[str],
    said: str,
) -> None:
    result = CliRunner().invoke(command, [str(tmp_path / name), *options])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert list(tmp_path.iterdir()) == []


def test_force_overwrites_and_without_it_nothing_changes(tmp_path: Path) -> None:
    out = tmp_path / "b.csv"
    runner = CliRunner()
    assert runner.invoke(command, [str(out), "--loans", "5"]).exit_code == 0
    before = out.read_bytes()
    refused = runner.invoke(command, [str(out), "--loans", "6"])
    assert refused.exit_code == 2
    assert "--force" in refused.output
    assert out.read_bytes() == before
    assert runner.invoke(command, [str(out), "--loans", "6", "--force"]).exit_code == 0
    assert out.read_bytes() != before


def test_the_command_is_loaded_without_pandas_or_pyarrow() -> None:
    code = "import sys, relending.cli.synth; sys.exit(bool({'pandas', 'pyarrow', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_tells_how_many_rows_have_each_defect_in_both_languages(tmp_path: Path) -> None:
    named = ["--defect", "duplicate_id=1", "--defect", "bare_rate=0.5%"]
    said = CliRunner().invoke(command, [str(tmp_path / "a.csv"), *named])
    assert "defect bare_rate: 5 rows -> rate_ambiguous" in said.output
    assert "defect duplicate_id: 10 rows -> duplicate_loan_id" in said.output
    said = CliRunner().invoke(command, [str(tmp_path / "b.csv"), *named, "--lang", "zh"])
    assert "错误 duplicate_id：10 行 → duplicate_loan_id" in said.output
    assert "# defect duplicate_id: 10 rows" in (tmp_path / "b.toml").read_text(encoding="utf-8")


def test_it_lists_every_defect_with_what_it_must_give() -> None:
    listed = CliRunner().invoke(command, ["--list-defects"])
    assert listed.exit_code == 0
    for defect in defects().values():
        assert any(
            line.startswith(defect.name) and defect.told in line and defect.en in line
            for line in listed.output.splitlines()
        )
    assert "仅 CSV、XLSX" in CliRunner().invoke(command, ["--list-defects", "--lang", "zh"]).output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--defect", "duplicate=1"], "nearest: duplicate_id"),
        (["--defect", "duplicate_id"], "expected NAME=PERCENT"),
        (["--defect", "duplicate_id=much"], "expected NAME=PERCENT"),
        (["--defect", "duplicate_id=nan"], "expected NAME=PERCENT"),
        (["--defect", "duplicate_id=101"], "expected 0 to 100"),
        (["--defect", "bare_rate=1", "--defect", "bare_rate=2"], "given twice"),
        (["--defect", "bare_rate=60", "--defects", "0.5"], "add up to 110 %"),
    ],
)
def test_wrong_defects_are_usage_errors_that_say_what_to_do(tmp_path: Path, options: list[str], said: str) -> None:
    result = CliRunner().invoke(command, [str(tmp_path / "b.csv"), *options])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert list(tmp_path.iterdir()) == []


def test_without_a_file_it_says_what_is_missing() -> None:
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 2
    assert "OUT" in result.output
