"""docs/opening.md: its files are run as they stand, and every line shown of a table is in that table."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import relending as rl
from relending.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "opening.md").read_text(encoding="utf-8")
FILES = re.findall(r"^`([\w.]+)`:\n\n```(?:csv|toml)\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SHOWN = re.findall(r"`([\w/]+\.csv)`:\n\n```text\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's files, after its commands."""
    here = tmp_path_factory.mktemp("opening")
    for name, text in FILES:
        (here / name).write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        for line in "".join(COMMANDS).splitlines():
            done = CliRunner().invoke(main, line.split()[1:])
            assert done.exit_code == 0, done.output
            assert " errors 0, warnings 0" in done.output
    return here


def test_the_page_has_its_files_commands_and_tables() -> None:
    assert [name for name, _ in FILES] == ["book.csv", "opening.csv", "later.toml", "opening_tranches.csv"]
    assert len(COMMANDS) == 1 and len(SHOWN) == 2


@pytest.mark.parametrize(("table", "lines"), SHOWN, ids=[name for name, _ in SHOWN])
def test_every_line_shown_is_in_the_table(table: str, lines: str, folder: Path) -> None:
    written = (folder / table).read_text(encoding="utf-8-sig").splitlines()
    assert not [line for line in lines.splitlines() if line not in written]


def test_a_saved_run_gives_the_same_table_for_the_next_year_as_one_in_memory(folder: Path) -> None:
    saved = rl.opening_from(rl.open_run(folder / "runs/2024"), "2024Q4")
    pd.testing.assert_frame_equal(saved, rl.opening_from(rl.run(folder / "later.toml"), "2024Q4"))
    total = saved.iloc[0]
    assert (total["projects"], total["project_ids"]) == (5, "P07; P11; P12; P21; P22")
