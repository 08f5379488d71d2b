"""The demonstration workbook: built by its script, the same every time, its figures marked published or assumed."""

from __future__ import annotations

import datetime as dt
import importlib.util
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "scenarios" / "demo" / "demo.xlsx"


@pytest.fixture(scope="module")
def build_demo() -> Any:
    spec = importlib.util.spec_from_file_location("build_demo", ROOT / "tools" / "build_demo.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cells(path: Path, sheet: str) -> list[list[Any]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python()


def test_two_builds_are_the_same_bytes(build_demo: Any, tmp_path: Path) -> None:
    assert build_demo.build(tmp_path / "a.xlsx").read_bytes() == build_demo.build(tmp_path / "b.xlsx").read_bytes()


@pytest.mark.parametrize("sheet", ["借据", "提前还款"])
def test_the_shipped_workbook_is_what_the_script_builds(build_demo: Any, tmp_path: Path, sheet: str) -> None:
    assert cells(SHIPPED, sheet) == cells(build_demo.build(tmp_path / "a.xlsx"), sheet)


def test_every_cell_says_what_the_row_of_the_source_says(build_demo: Any) -> None:
    header, *rows = cells(SHIPPED, "借据")
    assert header == list(build_demo.HEADERS)
    wanted = build_demo.loan_rows()
    assert len(rows) == len(wanted)
    for found, row in zip(rows, wanted, strict=True):
        for name, cell in zip(header, found, strict=True):
            kind = build_demo.HEADERS[name]
            if not row[name]:
                assert cell == "", name
            elif kind == "number":
                assert Decimal(repr(float(cell))) == Decimal(row[name]), name
            elif kind == "date":
                assert cell == dt.date.fromisoformat(row[name]), name
            else:
                assert cell == row[name], name


def test_every_value_of_a_project_is_marked_and_every_project_has_a_source(build_demo: Any) -> None:
    for project in build_demo.rows_of("demo_projects.csv"):
        for name, basis in (
            ("capacity_mw", "capacity_basis"),
            ("investment_wan", "investment_basis"),
            ("output_mwh", "output_basis"),
            ("reduction_t", "reduction_basis"),
        ):
            assert bool(project[name]) == (project[basis] in build_demo.BASIS_ZH), (project["project_id"], name)
        assert project["source"]
        published = "published" in (
            project["capacity_basis"],
            project["investment_basis"],
            project["output_basis"],
            project["reduction_basis"],
        )
        assert project["source"].startswith("chosen") != published, project["project_id"]


def test_published_loan_amounts_add_up_to_what_was_published(build_demo: Any) -> None:
    """Draws of one project that are marked published sum to the published loan (10 thousand yuan)."""
    lent: dict[str, int] = {}
    for loan in build_demo.rows_of("demo_loans.csv"):
        if loan["amount_basis"] == "published":
            lent[loan["project_id"]] = lent.get(loan["project_id"], 0) + int(loan["principal_wan"])
    assert lent == {
        "P001": 30000,
        "P002": 71700,
        "P003": 2000,
        "P004": 6980,
        "P005": 8700,
        "P006": 84000,
        "P007": 25000,
        "P008": 11200,
        "P009": 3000,
        "P010": 1500,
        "P011": 32100,
        "P012": 10300,
        "P013": 18000,
        "P014": 1966,
        "P015": 200000,
    }


def test_the_workbook_has_all_repayment_kinds_and_text_ids() -> None:
    header, *rows = cells(SHIPPED, "借据")
    at = {name: i for i, name in enumerate(header)}
    assert {r[at["还款方式"]] for r in rows} == {"等额本金", "等额本息", "到期一次还本"}
    ids = [r[at["借据编号"]] for r in rows]
    assert all(isinstance(x, str) for x in ids)
    assert len(set(ids)) == len(ids)
