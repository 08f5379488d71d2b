"""Columns that are not read but may decide whether a loan counts, and rows that give units, do not pass in silence."""

from __future__ import annotations

import pytest

from relending.book import read_book, read_prepayments
from relending.book.decides import deciding
from relending.findings import InputError, messages
from tests.book.conftest import GOOD, write_csv


@pytest.mark.parametrize(
    "header, cell, code",
    [
        ("币种", "美元", "other_currency"),
        ("币别", "USD", "other_currency"),
        ("是否借新还旧", "是", "flagged_not_new"),
        ("是否置换", "Y", "flagged_not_new"),
        ("冲销标志", "1", "flagged_reversed"),
        ("贷款状态", "已冲销", "flagged_reversed"),
    ],
)
def test_a_cell_that_is_not_harmless_sets_its_loan_aside(book_of, header, cell, code):
    book = book_of({header: ""}, {header: cell})
    told = book.findings.only(code).frame()
    assert told[["row", "loan", "column", "found"]].values.tolist() == [[3, "L2", header, cell]]
    assert book.loans["data_error"].tolist() == [False, True] and messages()[code].severity == "error"


@pytest.mark.parametrize(
    "header, cell",
    [
        ("币种", "人民币"),
        ("币种", "CNY"),
        ("是否借新还旧", "否"),
        ("冲销标志", "0"),
        ("贷款状态", "正常"),
        ("贷款状态", ""),
    ],
)
def test_a_harmless_cell_changes_nothing(book_of, header, cell):
    assert book_of({header: cell}, {}).findings.codes() == {"column_ignored": 1}


def test_where_the_issue_type_is_given_the_flag_is_not_asked(book_of):
    book = book_of({"是否借新还旧": "是", "issue_type": "借新还旧"})
    assert book.findings.codes() == {"column_ignored": 1} and book.loans["issue_type"].tolist() == ["refinanced"]


def test_every_kind_has_its_words():
    assert all(kind.code in messages() and (kind.only or len(kind.harmless) > 2) for kind in deciding().values())


def rows(*more, header="贷款金额"):
    names = [header if n == "principal" else n for n in GOOD]
    return [names, *more]


LOAN = list(GOOD.values())
UNITS = ["", *["" for _ in LOAN[1:4]], "（万元）", *["" for _ in LOAN[5:]]]
BELOW = ["单位：万元", *["" for _ in LOAN[1:]]]


@pytest.mark.parametrize(
    "table", [rows(UNITS, LOAN), rows(LOAN, BELOW), rows(LOAN, ["", "", "", "单位：亿元", *LOAN[4:4]])]
)
def test_a_row_that_gives_the_unit_of_bare_amounts_stops_and_says_where(tmp_path, table):
    table = [r + [""] * (len(table[0]) - len(r)) for r in table]
    with pytest.raises(InputError) as stop:
        read_book(write_csv(tmp_path / "b.csv", table))
    told = stop.value.findings.only("unit_row").frame()
    place = next(i for i, r in enumerate(table, 1) if any("万元" in c or "亿元" in c for c in r))
    assert told["row"].tolist() == [place]


def test_the_same_row_below_a_header_that_states_its_unit_is_only_no_loan(tmp_path):
    stated = rows(LOAN, BELOW, header="贷款金额（万元）")
    stated[0] = [f"{n}（万元）" if n == "project_investment" else n for n in stated[0]]
    book = read_book(write_csv(tmp_path / "b.csv", stated))
    assert book.findings.codes() == {"unit_converted": 2, "total_row": 1} and len(book.loans) == 1


def test_amounts_no_one_gave_a_unit_are_said_to_be_yuan(tmp_path):
    table = rows(LOAN)
    book = read_book(write_csv(tmp_path / "b.csv", table))
    assert book.findings.codes() == {"unit_assumed": 1}
    canonical = read_book(write_csv(tmp_path / "c.csv", rows(LOAN, header="principal")))
    assert canonical.findings.codes() == {}
    _, said = read_prepayments(write_csv(tmp_path / "p.csv", [["借据号", "日期", "金额"], ["L1", "2024-01-01", "5"]]))
    assert said.codes() == {"unit_assumed": 1}
