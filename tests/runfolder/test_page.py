"""The page that describes the folder says what the code does."""

from __future__ import annotations

from pathlib import Path

from relending.findings import COLUMNS
from relending.runfolder.describe import tables_page
from relending.runfolder.tables import DIGITS, LOANS_IN_CSV, tables
from relending.runfolder.write import GROUP_ROWS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "run_folder.md"


def test_the_tables_on_the_page_are_the_declared_ones() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.split("relending.runfolder.describe -->\n\n")[1] == tables_page()


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for figure in (f"up to {LOANS_IN_CSV:,} loans", f"{GROUP_ROWS:,} rows", f"at most {DIGITS} digits"):
        assert figure in text


def test_findings_are_saved_with_the_columns_findings_have() -> None:
    assert [c.step for c in tables()["findings"].columns] == list(COLUMNS)
