"""The other sheets: reconciliations that end alike, annexes that tie, nothing hidden, no text that is a formula."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from relending.dates import iso, parse_quarter, quarter_end
from relending.findings import InputError, InvariantError, messages
from relending.lineage.findings_touching import findings_touching
from relending.lineage.story import severity_name
from relending.statement import paper
from relending.statement.chain import compare
from relending.statement.chain_note import comparison_note
from relending.statement.compose import compose
from relending.statement.document import Cell, Document, Table
from relending.statement.paper_words import finding_told
from relending.statement.record import record_of
from relending.statement.words import word
from tests.statement.papers import (
    CASES,
    Case,
    Kept,
    formulas_of,
    found_of,
    grid,
    loan_rows,
    path_of,
    run_of,
    sheet,
    statement_of,
    values_of,
    write,
)

DEMO = Case("demo", "demo", "cerf", "2024Q1", "en")
LEDGER = Case("ledger", "demo_bank", "cerf", "2024Q2")
HOSTILE = '=HYPERLINK("http://x","y")<b>\x00\x0b\u202e' + "长" * 40_000


def test_receipts_are_those_of_the_record() -> None:
    table = run_of("ledger").tables["reconciliation"]
    rows = grid(sheet(values_of(LEDGER), "receipts", "zh"))
    total = next(r for r in rows if r[0] == word("table.total", "zh"))
    sums = [int(table[n].sum()) / 100 for n in ("principal_fen", "asked_fen", "received_fen", "difference_fen")]
    assert [total[4], *total[6:9]] == sums
    assert total[5] == sums[1]  # every loan asked for its ratio


def test_simulated_draws_say_so() -> None:
    rows = grid(sheet(values_of(DEMO), "receipts", "en"))
    assert {r[2] for r in rows[3:] if r[3] and r[2]} == {word("paper.simulated", "en")}
    assert word("paper.receipts_note", "en") in [r[0] for r in rows]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_annex_b_owes_what_the_cost_series_says(case: Case) -> None:
    cost = run_of(case.scenario, case.changes).tables["cost"]
    mine = cost["lender"].eq(case.lender) & cost["facility"].eq(case.facility) & cost["quarter"].eq(case.quarter)
    owed = int(cost.loc[mine, "loans_outstanding_fen"].iloc[0]) / 100
    rows = grid(sheet(values_of(case), "annexes", case.lang))
    at = next(i for i, r in enumerate(rows) if r[0] == word("paper.cost_row", case.lang))
    assert rows[at - 1][3] == rows[at][3] == owed
    listed = [r["outstanding"] for r in loan_rows(case).values() if isinstance(r["outstanding"], int | float)]
    assert round(sum(listed) * 100) == round(owed * 100)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_in_operation_or_not_is_all_that_is_outstanding(case: Case) -> None:
    rows = grid(sheet(values_of(case), "annexes", case.lang))
    at = next(i for i, r in enumerate(rows) if r[0] == word("paper.cost_row", case.lang))
    totals = [r for r in rows[at + 2 :] if r[0] == word("table.total", case.lang)]
    assert len(totals) == 3
    assert round(sum(r[3] for r in totals), 2) == rows[at][3]
    assert sum(r[1] for r in totals) == rows[at - 1][1]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_sectors_add_up_to_their_fields(case: Case) -> None:
    rows = grid(sheet(values_of(case), "annexes", case.lang))
    last = iso(int(quarter_end(parse_quarter(case.quarter))))
    end = next(i for i, r in enumerate(rows) if r[0] == word("paper.annex_b", case.lang, day=last))
    sums: dict[str, list[float]] = {}
    checked = 0
    for row in rows[:end]:
        if row[14] == word("paper.same", case.lang):
            for c, value in zip((3, 5, 7, 9, 11, 13), sums.pop(row[0]), strict=True):
                assert abs(row[c] - value) < 1e-5
            checked += 1
        elif isinstance(row[3], int | float):
            have = sums.setdefault(row[0], [0.0] * 6)
            sums[row[0]] = [a + row[c] for a, c in zip(have, (3, 5, 7, 9, 11, 13), strict=True)]
    assert checked == len(found_of(case).fields) and not sums


def test_what_owes_otherwise_than_the_cost_series_says_is_no_paper(tmp_path: Path) -> None:
    run = run_of("demo")
    cost = run.tables["cost"].copy()
    cost["loans_outstanding_fen"] = cost["loans_outstanding_fen"] + 1
    with pytest.raises(InvariantError, match="cost says"):
        write(DEMO, tmp_path / "p.xlsx", Kept(run, cost=cost))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("case", CASES[:2], ids=str)
def test_nothing_is_hidden(case: Case) -> None:
    book = formulas_of(case)
    assert not [s.title for s in book if s.sheet_state != "visible"]
    for one in book:
        assert not [r for r, d in one.row_dimensions.items() if d.hidden]
        assert not [c for c, d in one.column_dimensions.items() if d.hidden]
        assert not one.protection.sheet
    assert not book.defined_names


def test_names_of_others_are_text_whatever_they_look_like(tmp_path: Path) -> None:
    run = run_of("demo")
    loans = run.tables["loans"].copy()
    for name in ("borrower", "project_name", "evidence_doc", "evidence_by", "contract_id", "project_code", "file"):
        loans[name] = pd.array([HOSTILE] * len(loans), dtype=loans[name].dtype)
    statement = statement_of(DEMO)
    told = dataclasses.replace(statement, full_name={"zh": HOSTILE[:200], "en": "@SUM(1)" + HOSTILE[:90]})
    points = pd.DataFrame({n: [HOSTILE] for n in ("loan_id", "code", "found", "reason", "by")})
    path = tmp_path / "p.xlsx"
    paper.write_paper(Kept(run, loans=loans), found_of(DEMO), told, "en", path, points=points)
    book = openpyxl.load_workbook(path)
    for one in book:
        for row in one.iter_rows():
            for cell in row:
                assert cell.data_type != "f" or not str(cell.value).startswith("=HYPERLINK")
                assert cell.hyperlink is None or cell.hyperlink.target is None  # no link leads out of the workbook
    shown = sheet(book, "loans", "en")["C4"].value
    assert shown.startswith("'=HYPERLINK") and len(re.sub("_x00[01].", "", shown)) <= 32_767


def test_ids_are_text() -> None:
    one = sheet(formulas_of(DEMO), "loans", "en")
    assert one["A4"].data_type == "s" and one["A4"].number_format == "@"


def test_the_same_statement_gives_the_same_bytes(tmp_path: Path) -> None:
    again = write(LEDGER, tmp_path / "other name.xlsx")
    assert again.read_bytes() == path_of(LEDGER).read_bytes()


def test_a_large_paper_has_the_same_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "MANY", 0)
    large = openpyxl.load_workbook(write(LEDGER, tmp_path / "p.xlsx"))
    for one in formulas_of(LEDGER):
        assert grid(large[one.title]) == grid(one)


def test_more_loans_than_a_sheet_has_rows_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "MOST_ROWS", 10)
    with pytest.raises(InputError) as stop:
        write(DEMO, tmp_path / "p.xlsx")
    assert stop.value.findings.codes() == {"paper_too_many_loans": 1}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_comparison_and_points_have_a_sheet_each_if_given(tmp_path: Path, lang: str) -> None:
    case = dataclasses.replace(LEDGER, lang=lang)
    points = pd.DataFrame(
        {"loan_id": ["LD240226"], "code": ["part_funded"], "found": ["4000"], "reason": ["-"], "by": ["王"]}
    )
    text = compose(statement_of(case), lang)
    book = openpyxl.load_workbook(write(case, tmp_path / "p.xlsx", comparison=text, points=points))
    keys = (
        "cover",
        "table",
        "loans",
        "cells",
        "rules",
        "book",
        "receipts",
        "comparison",
        "findings",
        "points",
        "annexes",
    )
    assert book.sheetnames == [word(f"paper_sheet.{k}", lang) for k in keys]
    assert sheet(book, "comparison", lang)["A1"].value == text.title
    assert grid(sheet(book, "points", lang))[2][:3] == [
        "LD240226",
        f"{messages()['part_funded'].message[lang]}{'（part_funded）' if lang == 'zh' else ' (part_funded)'}",
        "4000",
    ]
    short = values_of(LEDGER).sheetnames
    assert word("paper_sheet.points", "zh") not in short and word("paper_sheet.comparison", "zh") not in short


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_cover_says_what_it_is_and_leads_to_every_sheet(case: Case) -> None:
    one = sheet(formulas_of(case), "cover", case.lang)
    rows = grid(one)
    assert rows[0][0] == word("class.internal", case.lang)
    inputs = {str(i["sha256"]) for i in run_of(case.scenario, case.changes).manifest["inputs"]}
    assert inputs <= {r[3] for r in rows}
    for key in ("prepared", "reviewed", "date"):
        assert word(f"paper.{key}", case.lang) in [r[0] for r in rows]
    linked = {c.hyperlink.location.split("!")[0].strip("'") for r in one.iter_rows() for c in r if c.hyperlink}
    assert linked == set(formulas_of(case).sheetnames[1:])


def test_unsure_rules_are_marked() -> None:
    rows = grid(sheet(values_of(DEMO), "rules", "en"))[3:]
    rows = rows[: next(i for i, r in enumerate(rows) if r[0] is None)]
    marked = {r[4] for r in rows}
    assert {"in force", "! assumption", "! unconfirmed"} <= marked
    assert all(r[6] for r in rows)


def test_findings_of_other_lenders_and_later_quarters_are_left_out() -> None:
    early = grid(sheet(values_of(CASES[0]), "findings", "zh"))
    late = grid(sheet(values_of(DEMO), "findings", "en"))
    listed = [{r[5] for r in rows if len(str(r[5])) == 12} for rows in (early, late)]
    assert listed[0] < listed[1]
    city = grid(sheet(values_of(next(c for c in CASES if c.lender == "demo_city")), "findings", "zh"))
    assert not {r[5] for r in city} & listed[1]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_findings_stand_in_words_with_their_code(case: Case) -> None:
    codes = set(findings_touching(run_of(case.scenario, case.changes), found_of(case))["code"])
    rows = grid(sheet(values_of(case), "findings", case.lang))
    told = {r[1] for r in rows if r[0] in {severity_name(s, case.lang) for s in ("error", "warning", "note")}}
    assert told == {finding_told(c, case.lang) for c in codes}
    assert not told & set(messages())


def test_what_was_found_stands_in_words() -> None:
    rows = grid(sheet(values_of(LEDGER), "findings", "zh"))
    assert ["申报状态", "未获批（refused）"] in [r[6:8] for r in rows]


def test_figures_of_the_comparison_are_numbers_and_texts_stay_texts(tmp_path: Path) -> None:
    told = ("-0.01", "1234567.80", "1,234", "0.00元", "CNY -0.50", "—", "1至2", "12345678901234567.00", "=1+1", "-x")
    cells = tuple(Cell(text, figure=True) for text in told)
    table = Table("t", ((Cell("h"),) * len(told),), (cells, tuple(Cell(t) for t in told)), (1.0,) * len(told))
    document = Document("zh", "t", "b", "internal", (table,))
    one = sheet(openpyxl.load_workbook(write(LEDGER, tmp_path / "p.xlsx", comparison=document)), "comparison", "zh")
    row = next(r for r in one.iter_rows() if r[0].value == -0.01)
    assert [c.value for c in row[:7]] == [-0.01, 1_234_567.8, 1_234, 0, -0.5, "—", "1至2"]
    formats = [c.number_format for c in row[:5]]
    assert formats == ["#,##0.00", "#,##0.00", "#,##0", '#,##0.00"元"', '"CNY "#,##0.00;"CNY "-#,##0.00']
    assert [c.data_type for c in row[7:]] == ["s"] * 3
    below = one[row[0].row + 1]
    assert {c.data_type for c in below} == {"s"}  # not a figure: a text of anyone


def test_the_chain_to_the_quarter_before_has_no_figure_as_text(tmp_path: Path) -> None:
    before = Case("ledger", "demo_bank", "cerf", "2024Q1")
    record = record_of(found_of(before), statement_of(before), claim="full", run="r")
    note = comparison_note(compare(record, found_of(LEDGER), statement_of(LEDGER)), statement_of(LEDGER), "zh")
    one = sheet(openpyxl.load_workbook(write(LEDGER, tmp_path / "p.xlsx", comparison=note)), "comparison", "zh")
    figures = [c for row in one.iter_rows() for c in row if c.data_type == "n" and c.value is not None]
    assert len(figures) > 100
    assert not [c.value for row in one.iter_rows() for c in row if str(c.value).startswith("'")]
