"""Tables beside the loans on the command line: --side, sheets of the book, and where their findings lead to."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from relending.cli import main
from relending.runfolder.findings_places import Places, Source
from relending.spreadsheet import workbook
from tests.books.make import FILES, book, text, typed


def call(*words: str) -> Result:
    done = CliRunner().invoke(main, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "book.csv"
    path.write_bytes(text(book()))
    return path


def codes(path: Path) -> list[tuple[str, str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as f:
        return [(row["code"], row["file"], row["row"]) for row in csv.DictReader(f) if row["severity"] != "note"]


@pytest.mark.parametrize("name", ["balances", "Balances", "贷款余额"])
def test_a_table_is_given_by_its_english_or_chinese_name(plain: Path, tmp_path: Path, name: str) -> None:
    file = table(tmp_path / "b.csv", "loan_id,date,outstanding", "JJ001,2023-06-30,10000000.01")
    to = tmp_path / "f.csv"
    assert call("check", str(plain), "--side", f"{name}={file}", "--findings", str(to)).exit_code == 1
    assert codes(to) == [("balance_over_principal", "b.csv", "2")]


def test_files_of_one_name_are_joined_and_other_tables_stand_beside(plain: Path, tmp_path: Path) -> None:
    one = table(tmp_path / "1.csv", "loan_id,date,principal", "JJ001,2023-06-30,4000000")
    two = table(tmp_path / "2.csv", "loan_id,date,principal", "JJ001,2032-01-05,6000000")
    early = table(tmp_path / "p.csv", "loan_id,date,amount", "JJ002,2023-06-30,99999999")
    words = ["check", str(plain), "--side", f"schedule={one}", "--prepayments", str(early)]
    to = tmp_path / "f.csv"
    call(*words, "--findings", str(to))
    assert {code for code, _, _ in codes(to)} == {"schedule_sum", "prepayment_over_outstanding"}
    call(*words, "--side", f"schedule={two}", "--findings", str(to))
    assert {code for code, _, _ in codes(to)} == {"prepayment_over_outstanding"}


WRONG = [
    ("balance=x.csv", "balances", "balances"),
    ("receipts", "no table 'receipts'", "没有附表 'receipts'"),
    ("balances=", "write NAME=FILE", "应写作 名称=文件"),
    ("loans=x.csv", "no table 'loans'", "没有附表 'loans'"),
]


@pytest.mark.parametrize("word, en, zh", WRONG)
def test_a_name_nobody_knows_is_wrong_usage(plain: Path, word: str, en: str, zh: str) -> None:
    for lang, said in (("en", en), ("zh", zh)):
        done = call("check", str(plain), "--side", word, "--lang", lang)
        assert done.exit_code == 2 and said in done.output


def test_a_scenario_has_its_own_tables(plain: Path) -> None:
    done = call("check", "demo", "--side", f"balances={plain}")
    assert done.exit_code == 2 and "--side" in done.output


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_file_that_is_not_there_stops(plain: Path, lang: str) -> None:
    done = call("check", str(plain), "--side", "applications=nowhere.csv", "--lang", lang)
    assert done.exit_code == 1 and "file_not_found" in done.output and "nowhere.csv" in done.output


def test_a_finding_of_a_sheet_beside_the_loans_leads_to_its_cell(tmp_path: Path) -> None:
    sheets: dict[str, list[list[Any]]] = {
        "借据": [[str(cell) for cell in row] for row in typed(book())],
        "贷款余额": [["备注", "余额（元）", "余额日期", "借据编号"], ["", 1, "2023-06-30", "JJ009"]],
    }
    with workbook(tmp_path / "b.xlsx") as made:
        for name, rows in sheets.items():
            page = made.add_worksheet(name)
            for r, row in enumerate(rows):
                page.write_row(r, 0, row)
    places = Places([Source(tmp_path / "b.xlsx", "loans")], tmp_path / "f.xlsx")
    for column, letter in (("outstanding", "B"), ("date", "C"), ("loan_id", "D")):
        assert places.of("b.xlsx", "贷款余额", 2, column).text == f"贷款余额!{letter}2"
    assert places.of("b.xlsx", "借据", 2, "principal").text == "借据!E2"
    own = Places([Source(FILES / "balances-of-nobody.csv", "balances")], tmp_path / "f.xlsx")
    assert own.of("balances-of-nobody.csv", "", 2, "outstanding").text == "balances-of-nobody.csv:C2"
