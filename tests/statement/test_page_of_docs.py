"""docs/statement.md: its commands, every line it shows, and every field of a template it lists."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import relending as rl
from relending.cli import main
from relending.dates import parse_quarter
from relending.lineage.disclosed import Disclosures
from relending.scenario.places import shipped_root
from relending.statement.printed import options_of
from relending.statement.statement import make_statement
from relending.statement.wording import fields_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "statement.md").read_text(encoding="utf-8")
COMMANDS = [block.strip().splitlines() for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)]
SHOWN = [block.strip("\n").splitlines() for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)]


def carried_out(commands: list[str]) -> set[str]:
    lines: set[str] = set()
    for command in commands:
        done = CliRunner().invoke(main, shlex.split(command)[1:])
        assert done.exit_code == 0, done.output
        lines |= set(done.output.splitlines())
    return lines


def mended_book(folder: Path) -> Path:
    """The shipped scenario with the investment of a project of the first quarter entered right."""
    shipped = shipped_root()
    assert shipped is not None
    shutil.copytree(shipped / "ledger", folder)
    book = pd.read_csv(folder / "book.csv", dtype=str, encoding="utf-8-sig", keep_default_na=False)
    first = book.index[book["贷款发放日期"].between("2024-01-01", "2024-03-31")][0]
    project = book["项目编号"] == book.loc[first, "项目编号"]
    book.loc[project, "项目总投资（万元）"] = str(int(book.loc[first, "项目总投资（万元）"]) * 2)
    book.to_csv(folder / "book.csv", index=False, encoding="utf-8")
    return folder / "ledger.toml"


def test_a_bank_publishes_two_quarters_and_corrects_them_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) == len(SHOWN) == 3
    assert not set(SHOWN[0]) - carried_out(COMMANDS[0])
    assert not set(SHOWN[1]) - carried_out(COMMANDS[1])
    scenario = mended_book(tmp_path / "mended")
    assert CliRunner().invoke(main, ["run", str(scenario), "--out", "runs/ledger-2", "--quiet"]).exit_code == 0
    assert not set(SHOWN[2]) - carried_out(COMMANDS[2])
    versions = sorted(p.relative_to("published").as_posix() for p in Path("published").glob("*/*/*/v*"))
    assert versions == [f"demo_bank/cerf/2024Q{q}/v{v}" for q in (1, 2) for v in (1, 2)]
    note = next(Path("correction/statements").glob("*2024Q1_v2_correction_zh.md")).read_text(encoding="utf-8")
    assert "投资额录入有误，已按批复更正" in note


def test_the_page_lists_every_field_of_a_template_and_no_other() -> None:
    run = rl.run("demo")
    found = Disclosures(run).of("demo", "cerf", parse_quarter("2024Q2"))
    fields = fields_of(make_statement(run, found, options_of(run.manifest)), "zh")
    part = PAGE[PAGE.index("| field | what |") : PAGE.index("`relending template own.docx`")]
    listed = set(re.findall(r"`\.?(\w+)`", part))
    inner = {name for one in (fields["this_quarter"], fields["rows"][0]) for name in one}
    wanted = {*fields, *inner, "issue", "current"}
    assert listed == wanted
