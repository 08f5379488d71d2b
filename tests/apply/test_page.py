"""docs/apply.md: its files, its commands, what is filled in between, and every line it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from relending.cli import main
from relending.runfolder import open_run

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "apply.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```(?:csv|toml) (\S+)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = [block.strip().splitlines() for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)]
SHOWN = [block.strip("\n").splitlines() for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)]
FILLED = [
    [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\| JJ.*\|$", PAGE, re.MULTILINE)
]


def carried_out(commands: list[str]) -> list[str]:
    lines: list[str] = []
    for command in commands:
        done = CliRunner().invoke(main, shlex.split(command)[1:])
        assert done.exit_code == 0, done.output
        lines += done.output.splitlines()
    return lines


def test_the_quarter_goes_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) == len(SHOWN) == 2 and len(FILLED) == 3 and set(FILES) == {"book.csv", "mine.toml"}
    for name, text in FILES.items():
        Path(name).write_text(text, encoding="utf-8")
    assert not set(SHOWN[0]) - set(carried_out(COMMANDS[0]))
    book = openpyxl.load_workbook("2024Q2-applications.xlsx")
    sheet = book.active
    head = {str(c.value).split("（")[0]: c.column for c in sheet[1]}
    rows = {sheet.cell(r, head["借据编号"]).value: r for r in range(2, sheet.max_row + 1)}
    for loan, status, day, amount in FILLED:
        sheet.cell(rows[loan], head["申报状态"]).value = status
        sheet.cell(rows[loan], head["到账日期"]).value = day or None
        sheet.cell(rows[loan], head["到账金额"]).value = float(amount) if amount else None
    book.save("2024Q2-applications.xlsx")
    line = next(line.strip() for line in SHOWN[0] if line.startswith("  applications = "))
    mine = Path("mine.toml").read_text(encoding="utf-8")
    Path("mine.toml").write_text(mine.replace("\n\n[market]", f"\n{line}\n\n[market]"), encoding="utf-8")
    assert not set(SHOWN[1]) - set(carried_out(COMMANDS[1]))
    ledger = open_run("runs/after").tables["ledger"]
    draws = ledger[ledger["event"] == "draw"]
    assert [(str(d), fen) for d, fen in zip(draws["date"], draws["amount_fen"], strict=True)] == [
        ("2024-07-22", 4_800_000_033)
    ]
