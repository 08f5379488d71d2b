"""Totals and signature lines: one error each instead of many, and no loan beside them is touched."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relending.book import read_book, read_prepayments
from relending.book.columns import no_loan_words
from relending.findings import InputError
from tests.book.conftest import GOOD, write_csv

EMPTY = dict.fromkeys(GOOD, "")


def said(book):
    frame = book.findings.frame()
    return list(zip(frame["code"], frame["row"], frame["loan"], frame["column"], frame["found"], strict=True))


@pytest.mark.parametrize(
    "word", [*no_loan_words()["total"], "合　计", "合计：", " 总计: ", "ＴＯＴＡＬ", "Grand Total:"]
)
def test_a_total_by_its_loan_id_is_one_error_and_set_aside(book_of, word):
    book = book_of({}, {**EMPTY, "loan_id": word, "principal": "200.00", "sector": "x"}, {})
    assert said(book) == [("total_row", 3, "", "loan_id", word.strip())]
    assert book.loans["data_error"].tolist() == [False, True, False]
    assert book.loans.iloc[1][["loan_id", "lender", "principal_fen", "repayment"]].isna().all()


@pytest.mark.parametrize("column, text", [("project_id", "小计"), ("sector", "Subtotal"), ("borrower", "合计：")])
def test_a_total_by_any_other_cell_needs_an_empty_loan_id(book_of, column, text):
    book = book_of({**EMPTY, "loan_id": " ", "rate": "4.35", "principal": "oops", column: text}, {})
    assert said(book) == [("total_row", 2, "", "", text)]
    assert "total_row" not in book_of({column: text}).findings.codes()


def test_a_signature_line_is_told_by_its_first_cell(book_of):
    book = book_of({**EMPTY, "loan_id": "", "lender": "制表人：张三", "sector": "审核：李四"}, {})
    assert said(book) == [("total_row", 2, "", "", "制表人：张三")]
    book = book_of({**EMPTY, "loan_id": "", "lender": "icbc", "sector": "备注"}, {})
    assert "total_row" not in book.findings.codes() and book.findings.codes()["value_missing"] == 6


@pytest.mark.parametrize("loan_id", ["合计1", "合计光伏", "TOTAL-7", "备注", "S"])
def test_a_loan_whose_id_only_holds_such_a_word_is_a_loan(book_of, loan_id):
    book = book_of({"loan_id": loan_id})
    assert len(book.findings) == 0 and book.loans["loan_id"].tolist() == [loan_id]


def test_the_lender_of_the_scenario_is_not_given_to_a_total(book_of):
    book = book_of({**EMPTY, "loan_id": "合计", "principal": "1"}, {"lender": ""}, lender="icbc")
    assert book.loans["lender"].fillna("?").tolist() == ["?", "icbc"]


def test_two_totals_and_a_total_too_short_are_no_other_errors(tmp_path):
    names = list(GOOD)
    rows = [names, [GOOD[n] for n in names], ["小计", "", "", "", "1"], ["合计", "", "", "", "1", "000.00"]]
    book = read_book(write_csv(tmp_path / "b.csv", rows))
    assert said(book) == [("total_row", 3, "", "loan_id", "小计"), ("total_row", 4, "", "loan_id", "合计")]


def test_a_total_may_stand_under_the_running_number_and_empty_numbered_rows_stay_empty(tmp_path):
    names = ["序号", *GOOD]
    total = ["合计", *("" for _ in GOOD)]
    total[names.index("principal")] = "100.00"
    rows = [names, ["1", *GOOD.values()], ["2", *("" for _ in GOOD)], total, ["备注：无", *("" for _ in GOOD)]]
    book = read_book(write_csv(tmp_path / "b.csv", rows))
    assert said(book) == [("total_row", 4, "", "", "合计"), *said(book)[1:]] and len(book.loans) == 2
    assert book.findings.codes() == {"total_row": 1, "column_ignored": 1, "blank_rows": 1}


def test_a_total_of_a_typed_file_is_one_too(tmp_path):
    columns = {k: [v] * 2 for k, v in GOOD.items()} | {"loan_id": ["L1", "合计"]}
    pq.write_table(pa.table(columns), tmp_path / "b.parquet")
    assert said(read_book(tmp_path / "b.parquet")) == [("total_row", 2, "", "loan_id", "合计")]
    pq.write_table(pa.table({**columns, "loan_id": pa.array([7, None])}), tmp_path / "b.parquet")
    assert read_book(tmp_path / "b.parquet").findings.codes() == {"value_missing": 1}


def test_a_total_of_prepayments_stops_and_is_called_one(tmp_path):
    rows = [["loan_id", "date", "amount"], ["L1", "2024-03-01", "1"], ["合计", "", "1"]]
    with pytest.raises(InputError) as stopped:
        read_prepayments(write_csv(tmp_path / "p.csv", rows))
    assert stopped.value.findings.codes() == {"total_row": 1}
