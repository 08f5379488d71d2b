"""Files: what cannot be read stops with all reasons; rows of text are never shifted; workbooks as they come."""

from __future__ import annotations

import datetime as dt
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from relending.book import read_book
from relending.findings import InputError
from tests.book.conftest import GOOD, write_csv


def stopped(*args, **options):
    with pytest.raises(InputError) as error:
        read_book(*args, **options)
    found = error.value.findings.codes()
    found.pop("column_ignored", None)
    return found


def good_rows(n=2):
    return [list(GOOD), *([f"L{i}", *list(GOOD.values())[1:]] for i in range(n))]


def test_what_cannot_be_read_stops(tmp_path):
    write = {
        "empty.csv": b"",
        "blank.csv": b"\n\n",
        "text.pdf": b"x",
        "fake.xlsx": b"no workbook",
        "fake.parquet": b"no parquet",
        "zip.xlsx": b"PK\x03\x04broken",
        "utf16.csv": "借据".encode("utf-16"),
        "semi.csv": b"loan_id;principal\n1;2\n",
    }
    for name, content in write.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    want = {
        "empty.csv": "file_empty",
        "blank.csv": "file_empty",
        "text.pdf": "file_extension",
        "fake.xlsx": "file_unreadable",
        "fake.parquet": "file_unreadable",
        "zip.xlsx": "file_unreadable",
        "utf16.csv": "encoding_unknown",
        "semi.csv": "not_comma_separated",
        "folder": "folder_without_parquet",
        "none.csv": "file_not_found",
    }
    for name, code in want.items():
        assert stopped(tmp_path / name) == {code: 1}, name
    everything = stopped([tmp_path / name for name in want])
    assert sum(everything.values()) == len(want)


def test_errors_name_files_without_their_folders(tmp_path):
    with pytest.raises(InputError) as error:
        read_book(tmp_path / "none.csv")
    assert str(tmp_path) not in str(error.value)


def test_a_book_without_rows_is_empty(tmp_path):
    path = write_csv(tmp_path / "b.csv", good_rows(0))
    assert stopped(path) == {"book_empty": 1}
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert stopped(path) == {"book_empty": 1}
    pq.write_table(pa.table({k: pa.array([], pa.string()) for k in GOOD}), tmp_path / "b.parquet")
    assert stopped(tmp_path / "b.parquet") == {"book_empty": 1}


def test_missing_columns_of_all_files_are_said_at_once(tmp_path):
    a = write_csv(tmp_path / "a.csv", [["loan_id", "principal"], ["1", "2"]])
    b = write_csv(tmp_path / "b.csv", [["loan_id", "rate"], ["1", "2"]])
    assert stopped([a, b]) == {"missing_column": 10}


KNOWN = ["file", "sheet", "row", "loan_id", "data_error", "planned"]
"""What is known of a row whose cells are not."""


def test_ragged_rows_keep_their_place_and_nothing_shifts(tmp_path):
    lines = [",".join(r) for r in good_rows(6)]
    lines[3] += ",extra"
    lines[5] = "L4,icbc"
    (tmp_path / "b.csv").write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    book = read_book(tmp_path / "b.csv")
    assert book.loans["loan_id"].tolist() == ["L0", "L1", "L2", "L3", "L4", "L5"]
    assert book.loans.iloc[[2, 4]].drop(columns=KNOWN).isna().all(axis=None)
    assert book.loans["row"].tolist() == [2, 3, 4, 5, 6, 7]
    assert book.loans["data_error"].tolist() == [False, False, True, False, True, False]
    frame = book.findings.frame()
    assert frame["code"].tolist() == ["ragged_row"] * 2 and frame["row"].tolist() == [4, 6]
    assert frame["loan"].tolist() == ["L2", "L4"]
    assert frame["found"].tolist() == ["12", "2"] and frame["expected"].tolist() == ["11", "11"]


def lines_of(tmp_path, header, *lines, block_rows=2**20, encoding="utf-8"):
    (tmp_path / "b.csv").write_text("\n".join([header, *lines]) + "\n", encoding=encoding)
    return read_book(tmp_path / "b.csv", lender="icbc", block_rows=block_rows)


NEEDED = "loan_id,project_id,sector,principal,rate,disbursed,matures"


@pytest.mark.parametrize("block_rows", [1, 2, 100])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_empty_cells_beyond_the_header_are_accepted(tmp_path, block_rows, encoding):
    good = "{},P1,光伏,100,0.04,2022-01-05,2032-01-05"
    lines = [good.format("L1") + ",,", good.format("L2"), ",,,,,,,,", ",", good.format("L3") + ", ,"]
    book = lines_of(tmp_path, NEEDED, *lines, block_rows=block_rows, encoding=encoding)
    assert book.loans["loan_id"].tolist() == ["L1", "L2", "L3"] and book.loans["row"].tolist() == [2, 3, 6]
    assert book.loans["principal_fen"].tolist() == [10_000] * 3 and not book.loans["data_error"].any()
    converted = {"encoding_converted": 1} if encoding == "gb18030" else {}
    assert book.findings.codes() == {"blank_rows": 1, **converted}


def test_a_row_that_ends_before_columns_that_may_be_left_out_is_filled_up_and_noted(tmp_path):
    header = NEEDED + ",region,borrower,备注"
    good = "{},P1,wind,100,0.04,2022-01-05,2032-01-05"
    book = lines_of(tmp_path, header, good.format("L1") + ",山东", good.format("L2"), good.format("L3") + ",,甲,x")
    assert book.loans["region"].fillna("").tolist() == ["山东", "", ""] and not book.loans["data_error"].any()
    assert book.loans["borrower"].fillna("").tolist() == ["", "", "甲"]
    assert book.findings.codes() == {"row_padded": 2, "column_ignored": 1} and book.findings.count("note") == 3
    noted = book.findings.only("row_padded").frame()
    assert noted[["row", "loan", "found", "expected"]].values.tolist() == [[2, "L1", "8", "10"], [3, "L2", "7", "10"]]


@pytest.mark.parametrize("last", ["project_investment", "lender"])
def test_a_row_that_ends_before_what_some_loans_need_is_set_aside(tmp_path, last):
    book = lines_of(tmp_path, f"{NEEDED},{last}", "L1,P1,wind,100,0.04,2022-01-05,2032-01-05")
    assert book.findings.codes() == {"ragged_row": 1} and book.loans["data_error"].tolist() == [True]


def test_an_amount_cut_at_its_comma_is_not_read_in_part(tmp_path):
    book = lines_of(tmp_path, NEEDED, "L1,P1,wind,1,000,000.00,0.04,2022-01-05,2032-01-05")
    assert book.loans["loan_id"].tolist() == ["L1"] and book.loans["principal_fen"].isna().all()
    assert book.findings.codes() == {"ragged_row": 1}


@pytest.mark.parametrize("end", ["", ",,", ",,,"])
def test_a_figure_cut_at_its_comma_is_not_taken_for_a_row_with_empty_cells_at_its_end(tmp_path, end):
    header = NEEDED + ",output_mwh,region,borrower"
    book = lines_of(tmp_path, header, "L1,P1,wind,100,0.04,2022-01-05,2032-01-05,12,000.5" + end)
    assert book.findings.codes() == {"ragged_row": 1} and book.loans["data_error"].tolist() == [True]


@pytest.mark.parametrize(
    ("header", "line", "known"),
    [
        ("branch,loan_id,principal,rate,disbursed", "甲,L1,100,0.04,2022-01-05,,x", "L1"),
        ("branch,loan_id,principal,rate,disbursed", "甲,乙,L1,100,0.04,2022-01-05,,,x", None),
        ("principal,loan_id,borrower,rate,disbursed", "1,000,L1,某某,0.04,2022-01-05,", None),
        ("principal,loan_id,borrower,rate,disbursed", "100,L1,甲,乙,0.04,2022-01-05,", None),
        ("disbursed,branch,loan_id,grace_until,rate", "2022-01-05,甲,L1,,0.04,2032-01-05,wind,P1,x,x", "L1"),
    ],
)
def test_the_id_of_a_ragged_row_is_kept_only_where_it_surely_stands(tmp_path, header, line, known):
    rest = [n for n in NEEDED.split(",") if n not in header.split(",")]
    book = lines_of(tmp_path, ",".join([header, *reversed(rest)]), line)
    assert book.findings.codes() == {"ragged_row": 1}
    assert book.loans["loan_id"].fillna("").tolist() == [known or ""]
    assert book.findings.frame()["loan"].tolist() == [known or ""]


def test_a_line_break_in_quotes_is_one_row_and_blank_rows_are_noted(tmp_path):
    rows = good_rows(4)
    rows[0].append("borrower")
    for i, row in enumerate(rows[1:]):
        row.append("甲\n乙" if i == 0 else "丙")
    rows.insert(3, [""] * len(rows[0]))
    path = write_csv(tmp_path / "b.csv", [*rows, [""] * len(rows[0])])
    book = read_book(path)
    assert book.loans["row"].tolist() == [2, 3, 5, 6]
    assert book.loans["borrower"].iloc[0] == "甲\n乙"
    assert book.findings.codes() == {"blank_rows": 1}


def test_a_quote_never_closed_stops(tmp_path):
    lines = [",".join(r) for r in good_rows(4)]
    lines[2] = lines[2].replace("icbc", '"icbc')
    (tmp_path / "b.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert stopped(tmp_path / "b.csv") == {"quote_not_closed": 1}


def test_a_title_and_a_unit_above_the_header(tmp_path):
    rows = [["示范银行贷款台账"], ["单位：万元"], *good_rows(2)]
    book = read_book(write_csv(tmp_path / "b.csv", rows))
    assert book.loans["principal_fen"].tolist() == [100 * 10**6] * 2 and book.loans["row"].tolist() == [4, 5]


def test_inputs_say_what_was_read(tmp_path):
    rows = good_rows(2)
    rows[0][4] = "贷款金额（万元）"
    book = read_book(write_csv(tmp_path / "b.csv", rows, "gb18030"))
    (said,) = book.inputs
    assert (said["file"], said["rows"], said["encoding"], len(said["sha256"])) == ("b.csv", 2, "gb18030", 64)
    assert said["columns"]["贷款金额（万元）"] == {"name": "principal", "unit": "万元", "position": 4}
    assert said["header_row"] == 1 and book.findings.codes()["encoding_converted"] == 1


def test_a_parquet_column_of_lists_stops(tmp_path):
    pq.write_table(pa.table({**{k: [v] for k, v in GOOD.items()}, "borrower": [[1, 2]]}), tmp_path / "b.parquet")
    assert stopped(tmp_path / "b.parquet") == {"column_type": 1}


@pytest.fixture
def workbook(tmp_path):
    def make(sheets, hidden=()):
        path = tmp_path / "b.xlsx"
        book = xlsxwriter.Workbook(path)
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    if isinstance(cell, dt.date):
                        sheet.write_datetime(i, j, dt.datetime(cell.year, cell.month, cell.day), date)
                    elif cell != "":
                        sheet.write(i, j, cell)
        book.close()
        return path

    return make


def test_the_sheet_with_the_header_is_read_and_others_are_noted(workbook):
    path = workbook(
        {
            "说明": [["如何填写"]],
            "台账": good_rows(3),
            "旧": [["x"]],
            "提前还款": [["借据号", "日期", "金额"], ["L1", "2024-01-01", 5]],
        },
        hidden=("旧",),
    )
    book = read_book(path)
    assert book.loans["sheet"].tolist() == ["台账"] * 3
    assert book.findings.codes() == {"sheet_ignored": 2, "unit_assumed": 1}
    assert sorted(book.findings.only("sheet_ignored").frame()["sheet"]) == ["旧", "说明"]
    assert book.prepayments["amount_fen"].tolist() == [500] and book.prepayments["sheet"].tolist() == ["提前还款"]
    assert stopped(path, sheet="没有") == {"sheet_not_found": 1}


LOAN_HEADER = ["借据编号", "贷款金额", "贷款到期日期"]


@pytest.mark.parametrize(
    "rows, code",
    [
        ([LOAN_HEADER, ["L9", 1, "2030-01-01"]], "sheet_not_read"),
        ([["2023 年台账"], ["单位：万元"], LOAN_HEADER, ["L9", 1, "2030-01-01"]], "sheet_not_read"),
        ([LOAN_HEADER], "sheet_ignored"),
        ([LOAN_HEADER[:2], ["L9", 1]], "sheet_ignored"),
        ([["贷款金额", "贷款到期日期", "还款方式"], [1, "2030-01-01", ""]], "sheet_ignored"),
        ([["借据编号"], ["贷款金额"], ["贷款到期日期"]], "sheet_ignored"),
    ],
)
def test_a_second_sheet_with_loans_is_a_warning_and_any_other_a_note(workbook, rows, code):
    path = workbook({"2024": good_rows(3), "2023": rows})
    book = read_book(path)
    assert book.findings.codes() == {code: 1} and book.findings.frame()["sheet"].tolist() == ["2023"]
    assert book.findings.count("warning") == (code == "sheet_not_read")
    assert len(book.loans) == 3
    # whoever names the sheet knows of the others
    assert read_book(path, sheet="2024").findings.codes() == {"sheet_ignored": 1}


def test_prepayments_named_by_the_scenario_go_before_the_sheet(workbook, tmp_path):
    path = workbook({"台账": good_rows(3), "提前还款": [["借据号", "日期", "金额"], ["L1", "2024-01-01", 5]]})
    other = write_csv(tmp_path / "p.csv", [["loan_id", "date", "amount"], ["L2", "2024-01-02", "7"]])
    assert read_book(path, prepayments=other).prepayments["amount_fen"].tolist() == [700]


def test_ids_of_a_workbook_that_became_numbers_or_dates(workbook):
    rows = good_rows(4)
    for row, cell in zip(rows[1:], (123, 1234567890123456789, dt.date(2022, 1, 1), "00123"), strict=True):
        row[0] = cell
    book = read_book(workbook({"台账": rows}))
    assert book.findings.codes() == {"id_precision_lost": 1, "id_was_date": 1, "id_was_number": 1}
    assert book.loans["loan_id"].fillna("?").tolist() == ["123", "?", "?", "00123"]


def test_mixed_cells_of_a_workbook_are_read_each_as_what_it_is(workbook):
    rows = good_rows(4)
    for row, amount, rate in zip(
        rows[1:], ("1,234.5", 0.1 + 0.2, "万", True), ("4.35%", 0.0435, 4.35, "0.04"), strict=True
    ):
        row[4], row[5] = amount, rate
    book = read_book(workbook({"台账": rows}))
    assert book.loans["principal_fen"].fillna(-1).tolist() == [123450, 30, -1, -1]
    assert book.loans["rate_ppm"].fillna(-1).tolist() == [43500, 43500, -1, 40000]
    assert book.findings.codes() == {"unreadable_number": 2, "rate_ambiguous": 1, "cells_converted": 2}


def test_a_workbook_that_unpacks_to_too_much_is_not_opened(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("xl/worksheets/sheet1.xml", b"\0" * (65 << 20))
    assert stopped(tmp_path / "b.xlsx") == {"file_too_large": 1}
