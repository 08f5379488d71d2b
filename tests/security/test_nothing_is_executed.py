"""Nothing from a file is ever carried out: no macro, no formula, no link, no pickle, no code in a table of settings."""

from __future__ import annotations

import json
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from click.testing import CliRunner

import relending as rl
from relending.cli import main

ROOT = Path(__file__).resolve().parents[2]
HEADER = [
    "loan_id",
    "project_id",
    "project_name",
    "sector",
    "principal",
    "rate",
    "disbursed",
    "matures",
    "project_investment",
    "project_reduction",
    "evidence",
]
ROW: list[Any] = ["L1", "P1", "n", "wind", 1000000, 0.03, "2022-01-05", "2030-01-05", 5000000, 100, "eia"]


class Touch:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (self.path, "w"))


def test_the_trap_of_these_tests_would_snap(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Touch(tmp_path / "made"))).close()  # noqa: S301
    assert (tmp_path / "made").exists()


@pytest.mark.filterwarnings("default")  # what a library says about a strange file is not at issue
def test_a_pickle_in_the_schema_of_a_parquet_file_is_not_opened(tmp_path: Path) -> None:
    made = tmp_path / "made"
    trap = pickle.dumps(Touch(made))
    fields = []
    for name, value in zip(HEADER, ROW, strict=True):
        kind = pa.string() if isinstance(value, str) else pa.float64()
        # the extension type of old Arrow versions that is opened by unpickling what the file says
        more = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": trap}
        fields.append(pa.field(name, kind, metadata=more if name in ("loan_id", "project_name") else None))
    pandas = {"index_columns": [], "columns": [{"name": "loan_id", "numpy_type": "object", "metadata": trap.hex()}]}
    schema = pa.schema(fields, metadata={b"pandas": json.dumps(pandas).encode(), b"pickle": trap})
    arrays = [pa.array([value], pa.string() if isinstance(value, str) else pa.float64()) for value in ROW]
    (tmp_path / "parts").mkdir()
    for path in (tmp_path / "book.parquet", tmp_path / "parts" / "a.parquet"):
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path)
    assert (
        trap in (tmp_path / "book.parquet").read_bytes()
        or b"py_extension_type" in (tmp_path / "book.parquet").read_bytes()
    )
    for path in ("book.parquet", "parts"):
        CliRunner().invoke(main, ["check", str(tmp_path / path), "--lender", "icbc"])
        book = rl.read_book(tmp_path / path)
        assert book.loans["loan_id"].tolist() == ["L1"]
    assert not made.exists()


DDE = "=cmd|'/C calc'!A0"
WEB = '=WEBSERVICE("http://127.0.0.1:9/x")'


def workbook(path: Path, macro: bytes | None = None) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("loans")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ROW)
        sheet.write_formula(1, 2, DDE, None, "a name")
        sheet.write_row(2, 0, ["L2", *ROW[1:]])
        sheet.write_formula(2, 2, WEB, None, "another")
        sheet.write_url(5, 13, "external:\\\\server\\share\\x.xlsx")
        book.define_name("loans_at", "=loans!$A$1")
    if macro is not None:
        with zipfile.ZipFile(path, "a") as held:
            held.writestr("xl/vbaProject.bin", macro)
    return path


@pytest.mark.parametrize("name", ["book.xlsx", "book.xlsm"])
def test_a_workbook_is_read_as_values_whatever_its_formulas_links_and_macros_say(tmp_path: Path, name: str) -> None:
    path = workbook(tmp_path / name, pickle.dumps(Touch(tmp_path / "made")) if name.endswith("m") else None)
    before = path.read_bytes()
    book = rl.read_book(path, lender="icbc")
    assert book.loans["project_name"].tolist() == ["a name", "another"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [name] and path.read_bytes() == before


def test_a_formula_in_a_csv_file_is_a_text(tmp_path: Path) -> None:
    import csv

    with (tmp_path / "book.csv").open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(HEADER)
        rows.writerow([*ROW[:2], WEB, *ROW[3:]])
        rows.writerow(["L2", "P2", DDE, *ROW[3:]])
    assert rl.read_book(tmp_path / "book.csv", lender="icbc").loans["project_name"].tolist() == [WEB, DDE]


def test_a_formula_for_a_figure_is_refused_and_not_computed(tmp_path: Path) -> None:
    (tmp_path / "book.csv").write_text(
        ",".join(HEADER) + "\n" + ",".join(str(v) if v != 1000000 else "=500000*2" for v in ROW) + "\n",
        encoding="utf-8",
    )
    book = rl.read_book(tmp_path / "book.csv", lender="icbc")
    assert "=500000*2" in book.findings.frame()["found"].tolist()


def _known(line: str, word: str) -> str:
    line = line.replace("re.compile(", "")
    return line.replace(word, "") if word else line


def test_nothing_in_the_package_can_carry_out_what_it_reads() -> None:
    able = re.compile(
        r"\b(?:eval|exec|compile)\(|\bpickle\b|\bmarshal\b|\bshelve\b|\bsubprocess\b|os\.system|os\.popen|yaml\.load"
        r"|read_pickle|allow_pickle=True|\.query\(|pd\.eval"
    )
    # one starts Python itself, with a text of its own, to find out how large a workbook is; one only quotes words
    known = {"book/probe.py": "subprocess", "cli/people.py": "subprocess"}
    found = [
        f"{path.relative_to(ROOT)}:{n}: {line.strip()}"
        for path in sorted((ROOT / "relending").rglob("*.py"))
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if able.search(_known(line, known.get(path.relative_to(ROOT / "relending").as_posix(), "")))
    ]
    assert found == []
