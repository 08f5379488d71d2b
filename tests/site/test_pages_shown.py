"""Pages that show commands: every command works as it is typed, and prints the lines shown below it."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from tests.site.shown import Block, blocks, carry_out

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    "cookbook": (16, 34),
    "cookbook_zh": (16, 34),
    "first_ten_minutes": (10, 33),
    "quickstart_zh": (10, 33),
    "index": (1, 3),
    "index_zh": (1, 3),
}
"""Each page with the commands and compared lines it has at least: a page that shows nothing proves nothing."""


@pytest.mark.parametrize("name", PAGES)
def test_what_the_page_shows_is_what_comes_out(name: str, tmp_path: Path) -> None:
    done = carry_out((DOCS / f"{name}.md").read_text(encoding="utf-8"), tmp_path)
    assert not done.wrong, "\n".join(done.wrong)
    commands, lines = PAGES[name]
    assert len(done.commands) >= commands and done.compared >= lines
    if name in WORK_PAPER:
        _cells_lead_to_loans(name, tmp_path)


WORK_PAPER = {"cookbook": ("Loans", "Period", "quarter"), "cookbook_zh": ("借据", "期间", "本季度")}
"""Of each language: the sheet of the work paper, its column of periods, and the period of question 7."""


def _cells_lead_to_loans(name: str, folder: Path) -> None:
    """The table of question 7 is what the work paper has."""
    sheet_name, period, wanted = WORK_PAPER[name]
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    (table,) = [b for b in blocks(page) if b.kind == "table" and "workpaper" in b.label]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.lines]
    sheet = openpyxl.load_workbook(next(folder.glob("2024Q2/internal/*workpaper*.xlsx")))[sheet_name]
    heads = [cell.value for cell in sheet[3]]
    there = [
        {head: cell.value for head, cell in zip(heads, row, strict=True)}
        for row in sheet.iter_rows(min_row=4, max_row=8)
    ]
    quarter = [row for row in there if row[period] == wanted]
    assert len(quarter) == len(rows) - 2
    for shown, found in zip(rows[2:], quarter, strict=True):
        said = {h: f"{found[h]:,}" if isinstance(found[h], int) else str(found[h]).split(" 00:")[0] for h in rows[0]}
        assert list(said.values()) == shown


@pytest.mark.parametrize("name", WORK_PAPER)
def test_the_twelve_questions_are_twelve(name: str) -> None:
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d+) .+[?？]$", page, re.MULTILINE) == [str(n) for n in range(1, 13)]


def test_the_same_is_asked_and_typed_in_both_languages() -> None:
    """The Chinese cookbook does what the English does: the same verbs on the same scenarios, and the same figures."""
    typed, figures = [], []
    for name in WORK_PAPER:
        page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        commands = re.findall(r"^\$ (relending .+)$", page, re.MULTILINE)
        typed.append([line.split()[1] for line in commands])
        shown = "\n".join(line for block in blocks(page) for line in block.lines)
        figures.append(set(re.findall(r"\d[\d,]*\.\d\d+", shown)))
    assert typed[0] == typed[1]
    assert figures[0] == figures[1]


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("```console\n$ relending policy nowhere\n```", "exit code"),
        ("```console\n$ relending policy\nnot printed\n```", "not printed"),
        ("`a.csv`:\n\n```csv\nx\ny\n```\n\nIn `a.csv`:\n\n```csv\ny\nx\n```", "'x'"),
    ],
)
def test_a_page_that_is_wrong_is_found(page: str, says: str, tmp_path: Path) -> None:
    done = carry_out(page, tmp_path)
    assert len(done.wrong) == 1 and says in done.wrong[0]


def test_lines_may_only_be_left_out_where_the_page_says_so(tmp_path: Path) -> None:
    printed = "`a.csv`:\n\n```csv\n1\n2\n3\n```\n\nIn `a.csv`:\n\n"
    assert carry_out(printed + "```csv\n1\n3\n```", tmp_path).wrong
    assert not carry_out(printed + "```csv\n1\n…\n3\n```", tmp_path).wrong


def test_blocks_know_the_line_before_them() -> None:
    assert list(blocks("`x.toml`:\n\n```toml\na = 1\n```\n")) == [Block("toml", "`x.toml`:", ("a = 1",))]
