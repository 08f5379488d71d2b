"""Each check has a case: the code, the loan set aside or not, what was found and expected."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relending import policy
from relending.book import read_book, read_prepayments
from relending.findings import InputError, messages
from tests.book.conftest import GOOD, write_csv

ERRORS = [
    ({"loan_id": " "}, "value_missing", "loan_id"),
    ({"project_id": ""}, "value_missing", "project_id"),
    ({"sector": ""}, "value_missing", "sector"),
    ({"principal": ""}, "value_missing", "principal"),
    ({"rate": ""}, "value_missing", "rate"),
    ({"disbursed": ""}, "value_missing", "disbursed"),
    ({"matures": ""}, "value_missing", "matures"),
    ({"principal": "0"}, "principal_not_positive", "principal"),
    ({"principal": "-5"}, "principal_not_positive", "principal"),
    ({"principal": "1.001"}, "finer_than_fen", "principal"),
    ({"principal": "1000000000000.01"}, "amount_absurd", "principal"),
    ({"principal": "一百万"}, "unreadable_number", "principal"),
    ({"rate": "4.35"}, "rate_ambiguous", "rate"),
    ({"rate": "-0.01"}, "rate_negative", "rate"),
    ({"rate": "101%"}, "amount_absurd", "rate"),
    ({"rate_now": "4.35"}, "rate_ambiguous", "rate_now"),
    ({"disbursed": "5/1/2022"}, "unreadable_date", "disbursed"),
    ({"disbursed": "2022-02-30"}, "unreadable_date", "disbursed"),
    ({"disbursed": "44566"}, "unreadable_date", "disbursed"),
    ({"disbursed": "1989-12-31"}, "implausible_date", "disbursed"),
    ({"matures": "2101-01-01"}, "implausible_date", "matures"),
    ({"matures": "2022-01-05"}, "matures_before_disbursed", "matures"),
    ({"grace_until": "2032-01-06"}, "grace_after_maturity", "grace_until"),
    ({"payments_per_year": "3"}, "unknown_value", "payments_per_year"),
    ({"payments_per_year": "2.5"}, "unreadable_number", "payments_per_year"),
    ({"reprice_months": "0"}, "value_out_of_range", "reprice_months"),
    ({"capacity_mw": "-1"}, "value_out_of_range", "capacity_mw"),
    ({"project_investment": "0"}, "investment_not_positive", "project_investment"),
    ({"project_investment": "1000000000000000"}, "amount_absurd", "project_investment"),
    ({"project_reduction": "-1"}, "reduction_negative", "project_reduction"),
    ({"loan_reduction_reported": "5.03"}, "reduction_reported_differs", "loan_reduction_reported"),
    ({"loan_reduction_reported": "-5"}, "reduction_negative", "loan_reduction_reported"),
    ({"repayment": "等额"}, "unknown_value", "repayment"),
    ({"lpr_tenor": "3y"}, "unknown_value", "lpr_tenor"),
    ({"issue_type": "续"}, "unknown_value", "issue_type"),
    ({"evidence": "报告"}, "unknown_value", "evidence"),
    ({"loan_id": "6.22202E+15"}, "id_precision_lost", "loan_id"),
    ({"loan_id": "A\u200bB"}, "control_character", "loan_id"),
    ({"borrower": "x" * 10_001}, "text_too_long", "borrower"),
]


@pytest.mark.parametrize("change, code, column", ERRORS, ids=[f"{c}-{k}-{i}" for i, (_, c, k) in enumerate(ERRORS)])
def test_a_row_with_an_error_is_kept_and_set_aside_and_its_neighbour_is_not(book_of, change, code, column):
    book = book_of(change, {"matures": "2032-01-05"})
    assert book.loans["data_error"].tolist() == [True, False]
    frame = book.findings.frame()
    assert list(zip(frame["code"], frame["column"], frame["row"], strict=True)) == [(code, column, 2)]
    assert frame["file"].tolist() == ["book.csv"]
    (cell,) = change.values()
    if cell.strip() and code not in ("text_too_long",):
        assert frame["found"][0] == cell
    if "loan_id" not in change:
        assert frame["loan"].tolist() == ["L1"]


def test_all_errors_of_a_row_are_said_at_once(book_of):
    book = book_of({"principal": "x", "rate": "4.35", "matures": "", "sector": ""})
    assert book.findings.codes() == {"value_missing": 2, "unreadable_number": 1, "rate_ambiguous": 1}


def test_an_ambiguous_rate_is_told_how_to_be_written(book_of):
    assert book_of({"rate": "4.35"}).findings.frame()["expected"].tolist() == ["0.0435 / 4.35%"]
    book = book_of({"rate": "0.0435"}, headers={"rate": "贷款利率（%）"})
    assert book.findings.frame()["expected"].tolist() == ["4.35"]


def test_what_to_do_about_cells_a_spreadsheet_formats_is_said_in_both_languages():
    rate, date = messages()["rate_ambiguous"].fix, messages()["unreadable_date"].fix
    assert "General and type 3.85" in rate["en"] and "take (%) out" in rate["en"]
    assert "“常规”再输入 3.85" in rate["zh"] and "删去表头中的（%）" in rate["zh"]
    assert "set the cell's format to a date" in date["en"] and "把单元格格式设为日期" in date["zh"]


def test_a_word_that_is_no_value_is_told_every_value_with_its_chinese_name(book_of):
    frame = book_of({"repayment": "等额"}).findings.frame()
    assert frame["expected"].tolist() == ["bullet 到期一次还本 | equal_principal 等额本金 | equal_installment 等额本息"]


def test_a_suggestion_is_said_without_words_of_either_language(book_of):
    frame = book_of({"sector": "风力发电厂", "lender": "中国工商银航"}).findings.frame()
    said = dict(zip(frame["code"], frame["expected"], strict=True))
    assert said == {"unknown_sector": "≈ wind 风力发电", "unknown_lender": "≈ 中国工商银行"}


@pytest.mark.parametrize(
    "change, code",
    [
        ({"project_investment": "1000.001"}, "amount_rounded"),
        ({"rate": "0.04350049"}, "amount_rounded"),
        ({"sector": "清洁能源"}, "subfield_not_given"),
        ({"sector": "核电"}, "unknown_sector"),
        ({"lender": "某某银行"}, "unknown_lender"),
        ({"borrower": "甲\x01乙"}, "text_cleaned"),
    ],
)
def test_a_warning_does_not_set_a_loan_aside(book_of, change, code):
    book = book_of(change)
    assert book.findings.codes() == {code: 1} and book.findings.count("warning") == 1
    assert book.loans["data_error"].tolist() == [False]


def test_what_is_missing_for_some_facilities_only_is_no_error(book_of):
    book = book_of({"project_investment": "", "project_reduction": "", "evidence": ""})
    assert len(book.findings) == 0


def test_defaults_stand_in_for_empty_cells_and_absent_columns(book_of):
    loans = book_of({"purpose": "", "payments_per_year": ""}).loans
    assert loans[["purpose", "issue_type", "repayment", "payments_per_year"]].iloc[0].tolist() == [
        "project",
        "new",
        "bullet",
        4,
    ]


@pytest.mark.parametrize(
    "reported, fine", [("5", True), ("5.025", True), ("5.025001", False), ("4.975", True), ("4.974999", False)]
)
def test_the_reported_reduction_may_be_half_a_per_cent_off_to_the_gram(book_of, reported, fine):
    assert (len(book_of({"loan_reduction_reported": reported}).findings) == 0) is fine


def test_sectors_and_lenders_are_read_by_every_known_name(book_of):
    book = book_of(
        {"sector": "渔光互补", "lender": "中国工商银行股份有限公司"},
        {"sector": " Solar ", "lender": "示范银行"},
        {"lender": ""},
        lender="demo",
        lenders={"示范银行": "demo"},
    )
    assert book.loans["sector"].tolist() == ["solar"] * 3
    assert book.loans["lender"].tolist() == ["icbc", "demo", "demo"] and len(book.findings) == 0


def test_a_book_alone_may_leave_its_lender_open(book_of):
    book = book_of({"lender": ""}, {})
    assert book.loans["lender"].isna().tolist() == [True, False] and len(book.findings) == 0
    assert book.loans["data_error"].tolist() == [False, False]


def test_a_field_that_no_other_code_stands_for_names_its_sectors(book_of):
    for text in ("煤炭清洁高效利用", "clean_coal"):
        book = book_of({"sector": text})
        assert book.loans["sector"].tolist() == [text] and book.findings.codes() == {"unknown_sector": 1}
        codes = [one.split()[0] for one in book.findings.frame()["expected"][0].split(", ")]
        assert codes == [s.code for s in policy.sectors().values() if s.facility == "clean_coal"] and len(codes) > 5


def test_a_field_name_counts_as_its_unnamed_subfields(book_of):
    assert book_of({"sector": "节能环保"}).loans["sector"].tolist() == ["other_energy_saving"]
    frame = book_of({"sector": "太阳能发"}).findings.frame()
    assert frame["code"].tolist() == ["unknown_sector"] and frame["expected"][0]


def test_enumerated_values_are_read_in_both_languages(book_of):
    loans = book_of(
        {"repayment": "等额本息", "evidence": "第三方评估报告", "lpr_tenor": "5年期以上", "borrower_type": "小型企业"},
        {"repayment": "Equal Principal", "evidence": "EIA", "lpr_tenor": "1Y", "borrower_type": "Micro"},
    ).loans
    assert loans["repayment"].tolist() == ["equal_installment", "equal_principal"]
    assert loans["evidence"].tolist() == ["third_party", "eia"]
    assert loans["lpr_tenor"].tolist() == ["5y", "1y"]
    assert loans["borrower_type"].tolist() == ["small", "micro"]


def test_ids_keep_their_zeros_and_width(book_of):
    assert book_of({"loan_id": " 00123 "}, {"loan_id": "ＡＢ"}).loans["loan_id"].tolist() == ["00123", "ＡＢ"]


def parquet(path, **columns):
    n = len(next(iter(columns.values())))
    pq.write_table(pa.table({**{k: [v] * n for k, v in GOOD.items()}, **columns}), path)
    return read_book(path)


def test_ids_of_a_typed_file_are_their_shortest_integer_text(tmp_path):
    book = parquet(tmp_path / "a.parquet", loan_id=pa.array([2**60, 7]), project_id=pa.array([12.0, 1e15]))
    assert book.loans["loan_id"].tolist() == [str(2**60), "7"]
    assert book.loans["project_id"].iloc[0] == "12"
    assert book.findings.codes() == {"id_precision_lost": 1} and book.loans["data_error"].tolist() == [False, True]


def test_a_moment_with_a_zone_is_a_day_only_at_its_midnight(tmp_path):
    at = [dt.datetime(2022, 1, 5, tzinfo=dt.UTC), dt.datetime(2022, 1, 5, 16, tzinfo=dt.UTC)]
    book = parquet(tmp_path / "a.parquet", loan_id=["1", "2"], disbursed=pa.array(at, pa.timestamp("us", "UTC")))
    assert book.findings.codes() == {"unreadable_date": 1}
    assert book.loans["disbursed"].iloc[0] == dt.date(2022, 1, 5)
    book = parquet(
        tmp_path / "b.parquet",
        loan_id=["1", "2"],
        disbursed=pa.array(at, pa.timestamp("us", "UTC")).cast("timestamp[us]"),
    )
    assert book.loans["disbursed"].tolist() == [dt.date(2022, 1, 5)] * 2


def test_numbers_that_are_dates_and_dates_that_are_numbers(tmp_path):
    book = parquet(
        tmp_path / "a.parquet",
        loan_id=["1", "2"],
        disbursed=[20220105, 44566],
        principal=pa.array([dt.date(2022, 1, 5)] * 2),
    )
    assert book.findings.codes() == {"unreadable_number": 2, "unreadable_date": 1}


def test_prepayments_are_read_with_their_own_errors(tmp_path):
    rows = [["借据号", "还款日期", "还款金额（万元）"], ["L1", "2024/3/1", "1.5"], ["L2", "", "x"]]
    frame, findings = read_prepayments(write_csv(tmp_path / "p.csv", rows))
    assert frame["amount_fen"].iloc[0] == 1_500_000 and frame["date"].iloc[0] == dt.date(2024, 3, 1)
    assert frame[["date", "amount_fen"]].iloc[1].isna().all()
    assert findings.codes() == {"value_missing": 1, "unreadable_number": 1, "cells_converted": 1, "unit_converted": 1}


def test_a_prepayment_that_cannot_be_read_does_not_stop_the_book(book_of, tmp_path):
    rows = [["loan_id", "date", "amount"], ["L1", "soon", "1"], ["L1", "2024-03-01", ""], ["L1", "", "much"]]
    book = book_of({}, prepayments=write_csv(tmp_path / "p.csv", rows))
    assert book.prepayments["loan_id"].tolist() == ["L1"] * 3
    assert book.prepayments["date"].isna().tolist() == [True, False, True]
    assert book.prepayments["amount_fen"].isna().tolist() == [False, True, True]
    frame = book.findings.frame()
    assert list(zip(frame["code"], frame["row"], frame["column"], frame["loan"], strict=True)) == [
        ("unreadable_date", 2, "date", "L1"),
        ("value_missing", 3, "amount", "L1"),
        ("value_missing", 4, "date", "L1"),
        ("unreadable_number", 4, "amount", "L1"),
    ]


def test_a_prepayment_with_an_amount_cut_at_its_comma_keeps_its_loan(tmp_path):
    (tmp_path / "p.csv").write_text("loan_id,date,amount\nL1,2024-03-01,1,000.00\n", encoding="utf-8")
    frame, findings = read_prepayments(tmp_path / "p.csv")
    assert frame["loan_id"].tolist() == ["L1"] and frame["amount_fen"].isna().all()
    assert findings.frame()[["code", "loan", "found", "expected"]].values.tolist() == [["ragged_row", "L1", "4", "3"]]


def test_a_stop_by_the_prepayments_says_what_is_wrong_with_the_book_too(book_of, tmp_path):
    early = write_csv(tmp_path / "p.csv", [["loan_id", "date", "amount"], ["", "2024-03-01", "1"]])
    with pytest.raises(InputError) as stopped:
        book_of({"rate": "4.35"}, prepayments=early)
    assert stopped.value.findings.codes() == {"value_missing": 1, "rate_ambiguous": 1}


def test_a_prepayment_of_no_loan_stops(tmp_path):
    with pytest.raises(InputError) as stopped:
        read_prepayments(write_csv(tmp_path / "p.csv", [["loan_id", "date", "amount"], ["", "2024-03-01", "1"]]))
    assert stopped.value.findings.codes() == {"value_missing": 1}
