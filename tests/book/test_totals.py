"""Totals, signature lines and the template's example: told, no loans, and no loan beside them is touched."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending.book import read_book, read_prepayments
from relending.book.columns import no_loan_words
from tests.book.conftest import GOOD, write_csv

EMPTY = dict.fromkeys(GOOD, "")


def said(book):
    frame = book.findings.frame()
    return list(zip(frame["code"], frame["row"], frame["loan"], frame["column"], frame["found"], strict=True))


@pytest.mark.parametrize(
    "word", [*no_loan_words()["total"], "合　计", "合计：", " 总计: ", "ＴＯＴＡＬ", "Grand Total:"]
)
def test_a_total_by_its_loan_id_is_no_loan_and_said(book_of, word):
    book = book_of({}, {**EMPTY, "loan_id": word, "principal": GOOD["principal"], "sector": "x"}, {})
    assert said(book) == [("total_row", 3, "", "loan_id", word.strip())]
    assert book.loans["row"].tolist() == [2, 4] and not book.loans["data_error"].any()
    assert book.findings.count("note") == 1


@pytest.mark.parametrize("column, text", [("project_id", "小计"), ("sector", "Subtotal"), ("borrower", "合计：")])
def test_a_total_by_any_other_cell_needs_an_empty_loan_id_and_no_day(book_of, column, text):
    book = book_of({**EMPTY, "loan_id": " ", "rate": "4.35", "principal": "oops", column: text}, {})
    assert said(book) == [("total_row", 2, "", "", text)] and book.loans["row"].tolist() == [3]
    assert "total_row" not in book_of({column: text}).findings.codes()
    dated = book_of({"loan_id": "", column: text}, {})
    assert dated.findings.codes()["value_missing"] == 1 and dated.loans["data_error"].tolist() == [True, False]


def test_a_signature_line_is_told_by_its_first_cell(book_of):
    book = book_of({**EMPTY, "loan_id": "", "lender": "制表人：张三", "sector": "审核：李四"}, {})
    assert said(book) == [("total_row", 2, "", "", "制表人：张三")]
    book = book_of({**EMPTY, "loan_id": "", "lender": "icbc", "sector": "备注"}, {})
    assert "total_row" not in book.findings.codes() and book.findings.codes()["value_missing"] == 6


@pytest.mark.parametrize("loan_id", ["合计1", "合计光伏", "TOTAL-7", "备注", "S"])
def test_a_loan_whose_id_only_holds_such_a_word_is_a_loan(book_of, loan_id):
    book = book_of({"loan_id": loan_id})
    assert len(book.findings) == 0 and book.loans["loan_id"].tolist() == [loan_id]


def test_the_example_of_the_template_is_no_loan_and_warned_of(book_of):
    book = book_of({"loan_id": "示例-请覆盖或删除"}, {})
    assert said(book) == [("example_row", 2, "", "loan_id", "示例-请覆盖或删除")]
    assert len(book.loans) == 1 and book.findings.count("warning") == 1


def test_two_totals_and_a_total_too_short_are_no_other_errors(tmp_path):
    names = list(GOOD)
    rows = [names, [GOOD[n] for n in names], ["小计", "", "", "", "1"], ["合计", "", "", "", "1", "000.00"]]
    book = read_book(write_csv(tmp_path / "b.csv", rows))
    assert [s[:2] for s in said(book)] == [
        ("total_differs", 3),
        ("total_differs", 4),
        ("total_row", 3),
        ("total_row", 4),
    ]
    assert len(book.loans) == 1


def test_a_total_may_stand_under_the_running_number_and_empty_numbered_rows_stay_empty(tmp_path):
    names = ["序号", *GOOD]
    total = ["合计", *("" for _ in GOOD)]
    total[names.index("principal")] = GOOD["principal"]
    rows = [names, ["1", *GOOD.values()], ["2", *("" for _ in GOOD)], total, ["备注：无", *("" for _ in GOOD)]]
    book = read_book(write_csv(tmp_path / "b.csv", rows))
    assert len(book.loans) == 1 and ("total_row", 4, "", "", "合计") in said(book)
    assert book.findings.codes() == {"total_row": 1, "column_ignored": 1}


def test_a_total_of_a_typed_file_is_one_too(tmp_path):
    columns = {k: [v] * 2 for k, v in GOOD.items()} | {"loan_id": ["L1", "合计"]}
    pq.write_table(pa.table(columns), tmp_path / "b.parquet")
    assert said(read_book(tmp_path / "b.parquet")) == [("total_row", 2, "", "loan_id", "合计")]
    pq.write_table(pa.table({**columns, "loan_id": pa.array([7, None])}), tmp_path / "b.parquet")
    assert read_book(tmp_path / "b.parquet").findings.codes() == {"value_missing": 1}


def test_a_total_of_prepayments_is_none_of_them(tmp_path):
    rows = [["loan_id", "date", "amount"], ["L1", "2024-03-01", "1"], ["合计", "", "1"]]
    frame, findings = read_prepayments(write_csv(tmp_path / "p.csv", rows))
    assert frame["loan_id"].tolist() == ["L1"] and findings.codes() == {"total_row": 1}


def amounts_of(book):
    frame = book.findings.only("total_differs").frame()
    return list(zip(frame["row"], frame["found"], frame["expected"], strict=True))


def test_a_total_that_is_not_the_sum_of_the_loans_above_it_is_a_warning_with_both(book_of):
    book = book_of({"principal": "100.01"}, {"principal": "0.02"}, {**EMPTY, "loan_id": "合计", "principal": "100.00"})
    assert amounts_of(book) == [(4, "合计 100.00", "100.03")]


def test_a_subtotal_is_of_the_loans_since_the_one_before_and_a_grand_total_of_all(book_of):
    def total(word, amount):
        return {**EMPTY, "loan_id": word, "principal": amount}

    loans = {"principal": "1"}, {"principal": "2"}, {"principal": "4"}
    good = (loans[0], loans[1], total("小计", "3"), loans[2], total("小计", "4"), total("合计", "7"))
    assert amounts_of(book_of(*good)) == []
    bad = (loans[0], total("小计", "1"), loans[2], total("小计", "3"), total("合计", "7"))
    assert amounts_of(book_of(*bad)) == [(5, "小计 3.00", "4.00 / 5.00"), (6, "合计 7.00", "5.00")]


def test_a_total_over_an_amount_that_cannot_be_read_is_not_judged(book_of):
    book = book_of({"principal": "much"}, {**EMPTY, "loan_id": "合计", "principal": "100.00"})
    assert amounts_of(book) == [] and book.findings.codes()["total_row"] == 1


@given(
    st.lists(st.integers(1, 10**14), min_size=1, max_size=12),
    st.lists(st.integers(0, 12), max_size=3),
    st.sampled_from([1, 2, 5, 100]),
    st.integers(-2, 2),
)
def test_totals_tie_out_to_the_fen_however_blocks_are_cut(tmp_path_factory, fen, places, block_rows, off):
    """Σ of amounts up to a trillion yuan each, in Python integers, against what is told of each total."""
    names = list(GOOD)
    rows, wrong, since, all_, row = [names], [], 0, 0, 1
    for i, amount in enumerate(fen):
        row += 1
        rows.append(
            [{**GOOD, "loan_id": f"L{i}", "principal": f"{amount // 100}.{amount % 100:02d}"}[n] for n in names]
        )
        since, all_ = since + amount, all_ + amount
        if i in places:
            row += 1
            said_ = max(since + off, 0)
            rows.append(
                [{**EMPTY, "loan_id": "小计", "principal": f"{said_ // 100}.{said_ % 100:02d}"}[n] for n in names]
            )
            if said_ not in (since, all_) and said_ <= 10**14:
                wrong.append(row)
            since = 0
    path = write_csv(tmp_path_factory.mktemp("totals") / "b.csv", rows)
    book = read_book(path, block_rows=block_rows)
    assert [r for r, _, _ in amounts_of(book)] == wrong and len(book.loans) == len(fen)
