"""docs/projects.md: the books of each section are run as they stand, and what is shown is what comes out."""

from __future__ import annotations

import csv
import io
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from relending.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "projects.md").read_text(encoding="utf-8")
FILE = re.compile(r"^`([\w./]+)`:\n\n```(?:csv|toml)\n(.*?)```", re.DOTALL | re.MULTILINE)
SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)


@dataclass(frozen=True)
class Ran:
    """A section after its command: the folder, and what was printed in English."""

    section: str
    folder: Path
    printed: str

    def shown(self) -> dict[str, str]:
        """The tables of the run as far as the page shows them."""
        return {name: text for name, text in FILE.findall(self.section) if name.startswith("run/")}

    def written(self, name: str, columns: list[str]) -> list[list[str]]:
        """Some columns of a table of the run."""
        rows = csv.DictReader(io.StringIO((self.folder / name).read_text(encoding="utf-8-sig")))
        return [[row[column] for column in columns] for row in rows]


@pytest.fixture(scope="module", params=SECTIONS[1:], ids=[s.splitlines()[0] for s in SECTIONS[1:]])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    here = tmp_path_factory.mktemp("projects")
    for name, text in (*FILE.findall(SECTIONS[0]), *FILE.findall(request.param)):
        if not name.startswith("run/"):
            (here / name).write_text(text, encoding="utf-8")
    (command,) = re.findall(r"```sh\n(.*?)\n```", request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        done = CliRunner().invoke(main, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output
    return Ran(request.param, here, done.output)


def test_the_page_has_four_books_and_the_tables_they_come_to() -> None:
    names = [[name for name, _ in FILE.findall(section)] for section in SECTIONS]
    assert names == [
        ["run.toml"],
        ["book.csv", "run/attribution.csv"],
        ["book.csv", "run/attribution.csv"],
        ["book.csv", "other_loans.csv", "run/attribution.csv"],
        ["book.csv", "revisions.csv", "run/attribution.csv", "run/restatement.csv"],
    ]


def test_every_table_shown_is_the_runs(ran: Ran) -> None:
    for name, text in ran.shown().items():
        head, *rows = list(csv.reader(io.StringIO(text)))
        assert ran.written(name, head) == rows, name


def test_every_line_shown_is_printed(ran: Ran) -> None:
    printed = [line.strip() for line in ran.printed.splitlines()]
    shown = "".join(re.findall(r"```text\n(.*?)```", ran.section, re.DOTALL)).splitlines()
    assert shown and not [line for line in shown if line.strip() not in printed]


def test_nothing_else_is_wrong_with_the_books_of_the_page(ran: Ran) -> None:
    """Of the findings that ask for something, only those the section tells."""
    told = set(re.findall(r"× (?:error|warning) (\w+)", ran.printed))
    assert told == set(re.findall(r"^1 × (?:error|warning) (\w+)", ran.section, re.MULTILINE))


def test_the_sums_told_are_the_sums_of_the_tables(ran: Ran) -> None:
    """The totals of the text: 40,000 t of X; 43,200 t disclosed and 33,600 t restated."""
    kept = [row for row in ran.written("run/attribution.csv", ["loan_id", "reduction", "state"]) if row[2] == "held"]
    tonnes = {row[0]: float(row[1]) for row in kept}
    if "X1" in tonnes:
        assert tonnes["X1"] + tonnes["X2"] == 40_000 and "30,000 + 10,000 = 40,000 t" in ran.section
    if "R1" in tonnes:
        difference = sum(float(row[0]) for row in ran.written("run/restatement.csv", ["difference"]))
        assert (sum(tonnes.values()), sum(tonnes.values()) + difference) == (43_200, 33_600)
        assert "43,200 t were disclosed" in ran.section and "would be 33,600 t" in ran.section
