"""The optional sheets of the template: the bank's own ledger, filled in as a person does, or left as they are."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pandas as pd
import pytest

import relending as rl
from relending import policy
from relending.book import read_book
from relending.book.columns import columns
from relending.book.parameters import template
from relending.book.template import OPTIONAL, TABLES, choices_of, write_template
from relending.scenario import load_scenario
from tests.template.conftest import BESIDE, SHEETS

LANGS = pytest.mark.parametrize("lang", ["zh", "en"])

RECORD = {
    "zh": {
        "申请与到账": [
            [
                "00123456789012345678",
                "2024Q1",
                "已到账",
                "碳减排支持工具",
                None,
                None,
                dt.date(2024, 3, 29),
                9e7,
                1.75,
                "A1",
            ],
            ["JJ-2", "2024年第二季度", "已申报", None, dt.date(2024, 6, 20)],
        ],
        "还款计划": [["JJ-2", dt.date(2030, 5, 20), 3e7], ["JJ-2", dt.date(2034, 5, 20), 5e7]],
        "贷款余额": [["00123456789012345678", dt.date(2024, 6, 30), 148_000_000.5]],
        "项目调整": [["P1", dt.date(2024, 4, 1), 48e7, None, "环评报告", "可研修编"]],
        "他行贷款": [[None, "2403-630100-04-01-000001", "某行", None, dt.date(2024, 1, 5), 8e7]],
        "期初批次": [[None, "碳减排支持工具", dt.date(2020, 12, 31), dt.date(2021, 12, 31), 6e8, 1.75, 0, None]],
        "期初披露数": [
            [None, "碳减排支持工具", "清洁能源", "累计", "2021Q2", 2, 1e9, 3.8512, 412000.5, "P0011; P0012"]
        ],
    }
}
RECORD["en"] = dict(zip(BESIDE["en"], (RECORD["zh"][name] for name in BESIDE["zh"]), strict=True))
ENGLISH = {"已到账": "funded", "已申报": "applied", "碳减排支持工具": "Carbon Emission Reduction Facility"}
ENGLISH |= {"清洁能源": "Clean energy", "累计": "since_start", "环评报告": "eia", "2024年第二季度": "2024Q2"}


def record(lang):
    """Rows for every optional sheet, in the words its lists offer."""
    if lang == "zh":
        return RECORD["zh"]
    return {n: [[ENGLISH.get(v, v) for v in row] for row in rows] for n, rows in RECORD["en"].items()}


def rows_of(frame):
    return [[None if pd.isna(v) else v for v in row] for row in frame.itertuples(index=False, name=None)]


@LANGS
def test_an_optional_sheet_left_as_it_was_is_as_if_it_were_not_there(filled, tmp_path, lang):
    path = filled(lang)
    with_sheets = read_book(path, lender="icbc")
    assert set(with_sheets.side) == {"prepayments"}
    assert {i["sheet"] for i in with_sheets.inputs} == set(SHEETS[lang][1:])
    book = openpyxl.load_workbook(path)
    for name in BESIDE[lang]:
        del book[name]
    book.save(tmp_path / "without.xlsx")
    without = read_book(tmp_path / "without.xlsx", lender="icbc")
    assert without.findings.codes() == with_sheets.findings.codes() == {} and list(without.side) == ["prepayments"]


@LANGS
def test_filled_in_optional_sheets_are_read_without_a_finding(filled, lang):
    book = read_book(filled(lang, beside=record(lang)), lender="icbc")
    assert book.findings.codes() == {} and set(book.side) == {"prepayments", *OPTIONAL}
    side = {name: frame.drop(columns=["file", "sheet", "row"]) for name, frame in book.side.items()}
    first, second = rows_of(side["applications"])
    assert first[:7] == ["00123456789012345678", 8096, "funded", "cerf", None, None, dt.date(2024, 3, 29)]
    assert first[7:] == [9_000_000_000, 17_500, "A1"]
    assert second == ["JJ-2", 8097, "applied", None, dt.date(2024, 6, 20), None, None, None, None, None]
    assert side["schedule"]["principal_fen"].tolist() == [3_000_000_000, 5_000_000_000]
    assert side["balances"]["outstanding_fen"].tolist() == [14_800_000_050]
    assert rows_of(side["revisions"]) == [["P1", dt.date(2024, 4, 1), 48_000_000_000, None, "eia", "可研修编"]]
    assert side["other_loans"]["project_code"].tolist() == ["2403-630100-04-01-000001"]
    assert side["opening_tranches"][["lender", "facility", "rate_ppm", "rollovers_used"]].values.tolist() == [
        ["icbc", "cerf", 17_500, 0]
    ]
    assert rows_of(side["opening"]) == [
        ["icbc", "cerf", "clean_energy", "since_start", 8085, 2, 10**11, 3_851_200, 412_000_500_000, "P0011; P0012"]
    ]
    assert {(i["sheet"], i["rows"]) for i in book.inputs if i["sheet"] in BESIDE[lang]} == {
        (name, len(rows)) for name, rows in record(lang).items()
    }


def choices_typed(table, name, lang):
    """A column of an optional table, a word its list offers, and a row with that word, for every one of them."""
    (row,) = (r + [None] * 10 for r in record(lang)[name][:1])
    for at, column in enumerate(columns(table).values()):
        for word in choices_of(column, lang):
            yield column, word, [*row[:at], word, *row[at + 1 :]]


@LANGS
def test_every_choice_of_the_optional_lists_reads_back(filled, lang):
    """One of each sheet in a workbook, as long as any sheet has another."""
    sheets = {table: name for name, table in zip(BESIDE[lang], OPTIONAL, strict=True)}
    choices = {table: list(choices_typed(table, name, lang)) for table, name in sheets.items()}
    assert sum(map(bool, choices.values())) > 3
    for step in range(max(map(len, choices.values()))):
        typed = {table: these[step] for table, these in choices.items() if step < len(these)}
        said = [(table, column.name, word) for table, (column, word, _) in typed.items()]
        book = read_book(filled(lang, beside={sheets[t]: [row] for t, (_, _, row) in typed.items()}), lender="icbc")
        assert book.findings.count("error") == 0, said
        for table, (column, word, _) in typed.items():
            read = book.side[table][column.frame].tolist()[0]
            assert read in (*(column.values or {}), *policy.facilities(), *known_codes()), (table, column.name, word)


def known_codes():
    return ("total", *policy.fields(), *policy.sectors())


@LANGS
def test_an_example_beside_rows_is_no_row_and_said(filled, lang):
    path = filled(lang)
    book = openpyxl.load_workbook(path)
    for name, rows in record(lang).items():
        for c, value in enumerate(rows[0], 1):
            book[name].cell(3, c).value = value
    book.save(path)
    read = read_book(path, lender="icbc")
    assert read.findings.codes() == {"example_row": len(OPTIONAL)}
    assert [len(read.side[table]) for table in OPTIONAL] == [1] * len(OPTIONAL)


@LANGS
def test_the_examples_of_the_optional_sheets_are_rows_any_reader_would_take(filled, lang):
    path = filled(lang)
    book = openpyxl.load_workbook(path)
    for name in BESIDE[lang]:
        cells = [cell for cell in book[name][2] if str(cell.value).startswith(("示例-", "EXAMPLE"))]
        assert len(cells) == 1
        facility = "碳减排支持工具" if lang == "zh" else "Carbon Emission Reduction Facility"
        cells[0].value = facility if cells[0].column == 2 else "JJ-2"
    book.save(path)
    read = read_book(path, lender="icbc")
    assert read.findings.codes() == {} and [len(read.side[table]) for table in OPTIONAL] == [1] * len(OPTIONAL)


@LANGS
def test_the_guide_has_a_line_for_every_optional_sheet_and_one_for_every_column(tmp_path, lang):
    write_template(tmp_path / "t.xlsx", lang)
    guide = openpyxl.load_workbook(tmp_path / "t.xlsx")[template()["sheets"]["guide"][lang]]
    lines = list(guide.iter_rows(min_row=2, values_only=True))
    about = {row[0]: row[4] for row in lines if row[3] == template()["optional"][lang]}
    assert list(about) == list(BESIDE[lang]) and all(about.values())
    assert [row[2] for row in lines if row[2]] == [n for table in TABLES for n in columns(table)]


def test_the_loans_come_first_and_the_optional_sheets_after_them(tmp_path):
    write_template(tmp_path / "t.xlsx", "zh")
    names = openpyxl.load_workbook(tmp_path / "t.xlsx").sheetnames
    assert names[:3] == list(SHEETS["zh"]) and names[3:-2] == list(BESIDE["zh"]) and names[-2] == "说明"


def test_the_parameters_of_the_record_reach_the_scenario(filled):
    answers = {"模拟起始日期": dt.date(2024, 4, 1), "不再符合条件的贷款": "自该季起剔除"}
    scenario = load_scenario(filled(parameters=answers, beside={"申请与到账": RECORD["zh"]["申请与到账"][:1]}))
    assert (scenario.simulate_from, scenario.ineligible) == (dt.date(2024, 4, 1), "restated")
    run = rl.run(scenario)
    assert run.attribution["basis"].tolist() == ["recorded", "simulated"]
    assert run.all_findings.codes() == {}


@LANGS
def test_a_run_of_the_record_is_saved_with_its_tables_and_gives_the_same_again(filled, tmp_path, lang):
    given = dict(list(record(lang).items())[:4])
    path = filled(lang, beside=given)
    run = rl.run(path)
    assert run.attribution["state"].tolist() == ["held", "applied"]
    run.save(tmp_path / "run")
    assert rl.verify(tmp_path / "run") == []
    opened = rl.open_run(tmp_path / "run")
    assert set(OPTIONAL) & set(opened.tables) == set(OPTIONAL[:4])
    (path.parent / "again.toml").write_bytes((tmp_path / "run" / "scenario.toml").read_bytes())
    again = rl.run(path.parent / "again.toml")
    for name in (*OPTIONAL[:4], "attribution", "draws", "ledger", "funding", "disclosure"):
        assert again.tables[name].equals(run.tables[name]), name
