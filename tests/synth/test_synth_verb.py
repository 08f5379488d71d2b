"""``relending synth``: what it writes, what it says, what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

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
