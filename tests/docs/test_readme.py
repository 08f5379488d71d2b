"""What README.md shows is what comes out: every line of its output blocks, every file it points to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from relending.cli import main
from relending.scenario import load_scenario

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every line that the README's commands print or write."""
    folder = tmp_path_factory.mktemp("readme") / "demo"
    runner = CliRunner()
    first = runner.invoke(main, ["run", "demo", "--out", str(folder)])
    story = runner.invoke(main, ["explain", str(folder), "SF2023053101"])
    assert (first.exit_code, story.exit_code) == (0, 0), first.output + story.output
    disclosed = (folder / "disclosure.csv").read_text(encoding="utf-8-sig")
    return {line for text in (first.output, story.output, disclosed) for line in text.splitlines()}


@pytest.mark.parametrize("block", [text for kind, text in BLOCKS if kind == "text"])
def test_every_line_shown_is_printed(block: str, printed: set[str]) -> None:
    missing = [line for line in block.splitlines() if line not in printed]
    assert not missing


def test_the_scenario_shown_is_valid(tmp_path: Path) -> None:
    text = next(text for kind, text in BLOCKS if kind == "toml")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    (tmp_path / "book.xlsx").write_bytes((ROOT / "scenarios" / "demo" / "demo.xlsx").read_bytes())
    scenario = load_scenario(tmp_path / "mine.toml")
    assert scenario.facilities[0]["rollover_base"].latest().value == "outstanding"


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]
