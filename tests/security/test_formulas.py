"""Text that a spreadsheet would take for a formula never is one in a file written here, and comes back as it was."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

import relending as rl
from relending.cli import main
from relending.runfolder.tables import conform, step_frame, tables
from relending.spreadsheet import escape, workbook
from relending.terminal import visible
from tests.security.hostile import HEADER, rows_of, write_csv, write_scenario

# each is another text also where a reader takes away one apostrophe
TEXTS = [
    "=1+1",
    '=HYPERLINK("http://x","y")',
    "+86 10",
    "-7",
    "@SUM(A1)",
    "\tTAB",
    "\rCR",
    "=cmd|'/C calc'!A0",
    "O'Neill",
    "'=quoted",
    "''-9",
    "'0099",
    "0012",
    "'plain",
    "a=b",
    '"=q"',
    "=a,=b",
]
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def as_csv(path: Path) -> Path:
    return write_csv(path, rows_of(TEXTS))


def as_xlsx(path: Path) -> Path:
    with workbook(path) as book:
        sheet = book.add_worksheet("=1+1")
        for r, row in enumerate(rows_of(TEXTS)):
            for c, text in enumerate(row):
                if r and HEADER[c] in ("principal", "rate", "project_investment") and NUMBER.fullmatch(text):
                    sheet.write_number(r, c, float(text))
                else:
                    sheet.write_string(r, c, text)
    return path


def as_parquet(path: Path) -> Path:
    rows = rows_of(TEXTS)
    pq.write_table(pa.table({name: [row[i] for row in rows[1:]] for i, name in enumerate(HEADER)}), path)
    return path


def text_cells(path: Path) -> list[tuple[str, str]]:
    """Every cell of a CSV or Excel file that is text, with its column; numbers stand in columns of numbers."""
    if path.suffix == ".xlsx":
        book = CalamineWorkbook.from_path(str(path))
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
        return [("", cell) for rows in sheets for row in rows for cell in row if isinstance(cell, str)]
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = list(csv.reader(file))
    kinds = {c.name: c.kind for c in tables()[path.stem].columns} if path.stem in tables() else {}
    return [
        (name, cell)
        for name, *column in zip(header, *rows, strict=True)
        for cell in [name, *column]
        if kinds.get(name, "text") == "text" or not NUMBER.fullmatch(cell)
    ]


def assert_harmless(path: Path) -> int:
    cells = text_cells(path)
    assert [(path.name, *cell) for cell in cells if cell[1].startswith(DANGEROUS)] == []
    return sum(cell.startswith("'") for _, cell in cells)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("=book.csv", as_csv),
        ("-book.csv", as_csv),
        ("@book.xlsx", as_xlsx),
        ("+book.parquet", as_parquet),
        ("\tbook.csv", as_csv),
        ("'=book.csv", as_csv),
    ],
)
def test_a_hostile_book_goes_through_the_product_and_no_cell_written_is_a_formula(
    tmp_path: Path, name: str, write: Callable[[Path], Path]
) -> None:
    book = write(tmp_path / name)
    # Parquet tells texts from numbers and is read as it is; a CSV file that shall mean the same is escaped
    early = [escape(text) for text in TEXTS] if write is as_parquet else TEXTS
    scenario = write_scenario(tmp_path, name, early, title="=1+1")
    ids = rl.read_book(book, lender="icbc").loans["loan_id"].tolist()
    assert len(set(ids)) == len(TEXTS) + 2

    said = CliRunner().invoke(
        main, ["check", "--lender", "icbc", "--findings", str(tmp_path / "f.csv"), "--", str(book)]
    )
    assert said.exit_code == 1, said.output  # the loans with an error
    assert_harmless(tmp_path / "f.csv")

    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["run", str(scenario), "--out", str(out)])
    assert done.exit_code == 0, done.output
    written = sorted(p for p in out.rglob("*") if p.suffix in (".csv", ".xlsx"))
    assert {p.stem for p in written} >= {"loans", "attribution", "draws", "prepayments", "findings"}
    assert sum(assert_harmless(path) for path in written) > len(TEXTS)

    opened, run = rl.open_run(out), rl.run(scenario)
    for table in opened.tables:
        pd.testing.assert_frame_equal(opened.tables[table], step_frame(conform(table, run.tables[table])))
    assert opened.loans["loan_id"].tolist() == ids and set(opened.loans["file"]) == {name}
    # the prepayments are of these loans, and are taken off
    assert set(opened.prepayments["loan_id"]) == set(ids) - {"X1", "X2"}
    assert len(opened.draws) == len(TEXTS)
    for one in ids:
        told = CliRunner().invoke(main, ["explain", "--", str(out), one])
        assert told.exit_code == 0, told.output
        assert told.output.startswith(visible(one))


def test_a_run_folder_read_as_a_book_gives_the_same_ids(tmp_path: Path) -> None:
    as_csv(tmp_path / "book.csv")
    scenario = write_scenario(tmp_path, "book.csv", TEXTS)
    run = rl.run(scenario)
    run.save(tmp_path / "out")
    again = rl.read_book(tmp_path / "out" / "loans.csv").loans["loan_id"].tolist()
    assert again == run.loans["loan_id"].tolist()


@pytest.mark.parametrize("name", ["$x^$", "_hidden", "$$", "a$b", "<b>&amp;"])
def test_a_scenario_name_is_no_formula_of_a_picture_either(name: str) -> None:
    from relending.report import balances_picture

    run = rl.run("national/original")
    picture = balances_picture([(name, run.tables["ledger"], run.tables["published"])])
    assert picture is not None
    picture.canvas.draw()
    shown = {text.get_text(): text for text in picture.texts}
    assert name in shown and not shown[name].get_parse_math() and not shown[name].get_usetex()
