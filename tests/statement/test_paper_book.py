"""The bridge from the book: it leads to the statement, and every loan it leaves out is named with its reason."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from relending.lineage.balances_views import outstanding_loans
from relending.lineage.book_bridge import book_bridge, placed
from relending.statement.paper_layout import COLUMNS
from relending.statement.words import word
from tests.statement.papers import CASES, Case, changed_ledger, found_of, grid, path_of, run_of, sheet, values_of, write

LEDGER = Case("ledger", "demo_bank", "cerf", "2024Q2")
DEMO = Case("demo", "demo", "cerf", "2024Q1", "en")
INVESTMENT, RATE, REDUCTION = "项目总投资（万元）", "发放时利率（%）", "项目年度碳减排量（吨）"


def rows_of(path: Path, key: str, lang: str = "zh") -> list[list[Any]]:
    return grid(sheet(openpyxl.load_workbook(path, data_only=True), key, lang))


def left_out_rows(rows: list[list[Any]], lang: str) -> list[list[Any]]:
    """The rows of the loans left out: those with a number."""
    first = next(i for i, r in enumerate(rows) if r[0] == word("paper.left_out", lang)) + 2
    return [r for r in rows[first:] if isinstance(r[0], int)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_book_leads_to_the_statement(case: Case) -> None:
    rows = grid(sheet(values_of(case), "book", case.lang))[3:]
    less, more = (word(f"paper.{k}", case.lang, text="") for k in ("minus", "plus"))
    loans = fen = 0
    for line in rows:
        if line[0] == word("paper.statement_row", case.lang):
            break
        signed = -1 if line[0].startswith(less) else 1 if line[0].startswith(more) else 0
        if signed or (loans, fen) == (0, 0):
            loans, fen = loans + (signed or 1) * line[4], fen + (signed or 1) * round(line[5] * 100)
        assert signed or (loans, fen) == (line[4], round(line[5] * 100)), line
    assert fen == found_of(case).cells["since_start", "total"].amount
    assert line[4:6] == [loans, fen / 100]
    assert rows[rows.index(line) + 1][5] == word("paper.same", case.lang)


def test_loans_set_aside_stand_under_their_code() -> None:
    rows = grid(sheet(values_of(DEMO), "book", "en"))
    aside = {str(r[6]).rpartition("(")[2].rstrip(")") for r in rows if str(r[0]).endswith("(errors)")}
    assert aside == {"rate_ambiguous", "share_over_one"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_loan_that_is_not_counted_is_named_and_the_list_ties_to_the_bridge(case: Case) -> None:
    run, found = run_of(case.scenario, case.changes), found_of(case)
    rows = grid(sheet(values_of(case), "book", case.lang))
    listed = left_out_rows(rows, case.lang)
    book = placed(run, found)
    gone = [i for i, kind in enumerate(book.kind) if kind not in ("later", "counted")]
    loans = run.tables["loans"].iloc[book.at[gone]]
    assert sorted(str(r[1]) for r in listed) == sorted(map(str, loans["loan_id"]))
    assert {(r[1], r[2], r[4]) for r in listed} == set(
        zip(loans["loan_id"], loans["file"], loans["row"].astype(int), strict=True)
    )
    counted = set(found.loans["loan_id"][found.counted("since_start")])
    assert not counted & {r[1] for r in listed}
    assert all(
        r[8] and (r[9] or r[8] in {word(f"paper_book.{k}", case.lang) for k in ("covered", "restated", "to_come")})
        for r in listed
    )
    for line in book_bridge(run, found):
        if line.role == "less" and line.kind not in ("later", "part", "funded_apart"):
            mine = [r for r in listed if r[8] == word(f"paper_book.{line.kind}", case.lang)]
            every = [x for x in book_bridge(run, found) if (x.role, x.kind) == ("less", line.kind)]
            assert len(mine) == sum(x.loans for x in every)
            assert round(sum(r[5] or 0 for r in mine) * 100) == sum(x.fen for x in every)


def test_the_loans_left_out_of_the_ledger_say_why() -> None:
    listed = left_out_rows(grid(sheet(values_of(LEDGER), "book", "zh")), "zh")
    assert {r[1]: r[9] for r in listed if r[9]} == {
        "LD240625": "利率超过上限（rate_above_limit）",
        "LD240618": "已申报待批复",
        "LD240606": "未获批",
    }
    (above,) = [r for r in listed if r[1] == "LD240625"]
    assert (above[2], above[4], above[5], str(above[6])[:10], above[7]) == (
        "book.csv",
        11,
        20_000_000,
        "2024-06-25",
        "太阳能利用",
    )


def test_lines_of_the_bridge_are_sums_over_the_list() -> None:
    rows = grid(sheet(openpyxl.load_workbook(path_of(LEDGER)), "book", "zh"))
    less = word("paper.minus", "zh", text=word("paper_book.not_eligible", "zh"))
    (line,) = [r for r in rows if r[0] == less]
    assert line[4].startswith("=COUNT(") and line[5].startswith("=ROUND(SUM(")


def test_a_funded_loan_that_is_not_eligible_has_a_line_of_its_own(tmp_path: Path) -> None:
    run = changed_ledger(tmp_path, {"LD240520": {RATE: "9.9"}})
    rows = rows_of(write(LEDGER, tmp_path / "p.xlsx", run), "book")
    told = {r[0]: r for r in rows}
    line = told[word("paper.plus", "zh", text="已到账但不符合条件，计入")]
    assert line[4:7] == [1, 50_000_000, "利率超过上限（rate_above_limit）"]
    before = {r[0]: r for r in grid(sheet(values_of(LEDGER), "book", "zh"))}
    assert told["符合条件"][4] == before["符合条件"][4] - 1
    assert told["已获支持"][4:6] == before["已获支持"][4:6]
    assert "LD240520" not in [r[1] for r in left_out_rows(rows, "zh")]
    loans = rows_of(tmp_path / "p.xlsx", "loans")
    (row,) = [r for r in loans if r[0] == "LD240520"]
    assert "已到账但不符合条件：利率超过上限" in row[COLUMNS.index("state")]


@pytest.mark.parametrize("quarter", ["2024Q1", "2024Q2", "2025Q2"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_funded_loan_without_an_investment_goes_through_and_says_so(tmp_path: Path, quarter: str, lang: str) -> None:
    run = changed_ledger(tmp_path, {"LD240226": {INVESTMENT: ""}})
    case = dataclasses.replace(LEDGER, quarter=quarter, lang=lang)
    loans = rows_of(write(case, tmp_path / "p.xlsx", run), "loans", lang)
    row = dict(zip(COLUMNS, next(r for r in loans if r[0] == "LD240226"), strict=True))
    assert row["share"] == row["share_now"] == word("paper.no_share", lang)
    assert row["investment"] == word("paper.not_given", lang)
    assert row["reduction_now"] == word("paper.no_reduction_now", lang)
    assert (row["amount"], row["reduction"]) == (80_000_000, 0)
    owing = outstanding_loans(run, found_of(case, run))
    (one,) = owing[owing["loan_id"].eq("LD240226").to_numpy(dtype=bool)].to_dict("records")
    assert one["share_e8"] is None and one["reduction_g"] == 0 and one["outstanding_fen"] > 0


@pytest.mark.parametrize(
    "gone",
    [
        {REDUCTION: ""},
        {INVESTMENT: "", REDUCTION: "", "碳减排量测算依据": "", "项目名称": "", "借款人": ""},
        {"碳减排领域": "火电"},
        {"碳减排领域": ""},
        {"贷款到期日期": ""},
        {"贷款金额（万元）": ""},
        {"贷款发放日期": ""},
        {"项目编号": "", "项目代码": ""},
        {INVESTMENT: "0"},
    ],
    ids=str,
)
def test_a_loan_that_lacks_something_is_counted_or_named(tmp_path: Path, gone: dict[str, str]) -> None:
    run = changed_ledger(tmp_path, {"LD240226": gone})
    path = write(LEDGER, tmp_path / "p.xlsx", run)
    found = found_of(LEDGER, run)
    counted = "LD240226" in set(found.loans["loan_id"][found.counted("since_start")])
    assert counted == (list(gone) == [REDUCTION] or "借款人" in gone or gone == {"碳减排领域": "火电"})
    named = [r[1] for r in left_out_rows(rows_of(path, "book"), "zh")]
    assert ("LD240226" in named) != counted
