"""A spreadsheet program computes every formula of the work paper to the value that is stored with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest

from tests.statement.papers import CASES, Case, path_of, write

pytestmark = pytest.mark.skipif(
    os.environ.get("RELENDING_OFFICE") != "1" or shutil.which("soffice") is None,
    reason="needs LibreOffice: set RELENDING_OFFICE=1 where soffice is installed",
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_libreoffice_computes_the_stored_values(case: Case, tmp_path: Path) -> None:
    bare = tmp_path / "bare.xlsx"
    openpyxl.load_workbook(path_of(case)).save(bare)  # without the stored values: they must be computed
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    subprocess.run(
        [*command, "--outdir", str(tmp_path / "out"), str(bare)], check=True, capture_output=True, timeout=180
    )
    stored = openpyxl.load_workbook(path_of(case), data_only=True)
    computed = openpyxl.load_workbook(tmp_path / "out" / "bare.xlsx", data_only=True)
    formulas = openpyxl.load_workbook(path_of(case))
    seen = 0
    for one in formulas:
        for row in one.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                have, want = computed[one.title][cell.coordinate].value, stored[one.title][cell.coordinate].value
                if isinstance(want, int | float):
                    assert have == pytest.approx(want, rel=1e-13, abs=1e-12), (one.title, cell.coordinate, cell.value)
                else:
                    assert have == want, (one.title, cell.coordinate, cell.value)
                seen += 1
    assert seen > 90


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_paper_of_the_ledger_prints_on_ten_pages(lang: str, tmp_path: Path) -> None:
    path = write(Case("ledger", "demo_bank", "cerf", "2024Q2", lang), tmp_path / "paper.xlsx")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    pages = re.findall(rb"/Type\s*/Page\b", (tmp_path / "paper.pdf").read_bytes())
    assert 0 < len(pages) <= 10
