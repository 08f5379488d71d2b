"""docs/studies.md: what it shows of the shipped group is what is printed, and what it works out by hand is right."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

import relending as rl
from relending.cli import main
from relending.scenario import differing_keys, mixed
from relending.scenario.run import execute
from relending.study.document import measures_markdown
from relending.study.parts import handed_out
from relending.units import decimal_text, total

PAGE = (Path(__file__).parents[2] / "docs" / "studies.md").read_text(encoding="utf-8")


def test_the_lines_shown_are_printed(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["run", "outlook", "--out", str(tmp_path / "o")])
    assert done.exit_code == 0, done.output
    shown = [line for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    assert len(shown) > 15
    assert not [line for line in shown if line not in done.output.splitlines()]


def test_the_sweep_shown_is_what_is_printed(tmp_path: Path) -> None:
    ((command, *shown),) = [block.splitlines() for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)]
    words = command.removeprefix("$ relending ").split()
    done = CliRunner().invoke(main, [*words, "--out", str(tmp_path / "s")])
    assert done.exit_code == 0, done.output
    assert [line for line in done.output.splitlines() if line in shown] == shown


def test_the_mixtures_and_the_hand_calculation_are_right() -> None:
    base, other = (rl.load_scenario(f"outlook/{name}") for name in ("baseline", "rebased"))
    keys = differing_keys(base, other)

    def saved(*names: str) -> int:
        scenario = mixed(base, other, [key for key in keys if key[-1] in names])
        return total(execute(scenario).tables["cost"]["interest_saved_fen"].to_numpy(dtype="int64"))

    none, first, second = saved(), saved("rollover_base"), saved("rollover_take_up")
    both = saved("rollover_base", "rollover_take_up")
    for value in (none, first, second, both):
        assert f"| {decimal_text(value, 2)} |" in PAGE
    steps = [none - first, second - both, none - second, first - both]
    means = [-effect for effect in handed_out([-(steps[0] + steps[1]), -(steps[2] + steps[3])], 2)]
    for value in (*steps, *means, none - both):
        assert decimal_text(value, 2) in PAGE
    assert sum(means) == none - both


def test_the_list_of_measures_is_the_one_of_the_code() -> None:
    assert PAGE.endswith(measures_markdown())
