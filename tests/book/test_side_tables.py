"""The tables beside the loans: read from files or sheets, joined, checked row by row."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.book import read_book
from relending.book.book import STOPPING, Book, read_side_table
from relending.book.columns import SIDE_TABLES, columns, frame_columns
from relending.findings import InputError
from tests.book.conftest import GOOD, write_csv

SOUND = {
    "prepayments": {"loan_id": "L1", "date": "2024-01-05", "amount": "100.00"},
    "applications": {
        "loan_id": "L1",
        "period": "2022Q1",
        "status": "已到账",
        "facility": "cerf",
        "applied_on": "2022-03-20",
        "applied_amount": "60.00",
        "funded_on": "2022-03-31",
        "funded_amount": "60.00",
        "rate": "0.0175",
        "tranche": "A-1",
    },
    "opening_tranches": {
        "lender": "icbc",
        "facility": "cerf",
        "drawn_on": "2021-12-31",
        "due_on": "2022-12-31",
        "principal": "600.00",
        "rate": "0.0175",
        "rollovers_used": "0",
        "tranche": "T1",
    },
    "opening": {
        "lender": "icbc",
        "facility": "cerf",
        "code": "total",
        "horizon": "since_start",
        "through": "2021Q4",
        "projects": "2",
        "amount": "1000.00",
        "weighted_rate": "0.04123456",
        "reduction": "50",
        "project_ids": "P1; P2",
    },
    "schedule": {"loan_id": "L1", "date": "2032-01-05", "principal": "100.00"},
    "balances": {"loan_id": "L1", "date": "2024-06-30", "outstanding": "90.00"},
    "revisions": {
        "project_id": "P1",
        "from": "2023-01-01",
        "investment": "1200.00",
        "reduction": "45",
        "evidence": "eia",
        "reason": "redesigned",
    },
    "other_loans": {
        "project_id": "P1",
        "project_code": "2201-000000-04-01-000001",
        "lender": "Example Bank",
        "loan_id": "X1",
        "disbursed": "2022-02-01",
        "principal": "300.00",
    },
}
"""A sound row of every table, with every column."""


@pytest.fixture
def beside(tmp_path):
    """``beside(table, {...}, {...})`` reads a good book and a table whose rows are the sound one with cells changed."""
    write_csv(tmp_path / "book.csv", [list(GOOD), list({**GOOD, "loan_id": "L1"}.values())])

    def make(table, *changes, **options):
        names = list(SOUND[table])
        rows = [[{**SOUND[table], **change}[n] for n in names] for change in changes]
        file = write_csv(tmp_path / f"{table}.csv", [names, *rows])
        return read_book(tmp_path / "book.csv", side={table: file}, **options)

    return make


def cells(frame):
    return [[None if pd.isna(v) else v for v in row] for row in frame.itertuples(index=False, name=None)]


# -- where they come from ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", SIDE_TABLES)
def test_every_table_is_read_from_a_file_into_the_frame_of_the_dictionary(beside, table):
    assert list(SOUND[table]) == list(columns(table))
    book = beside(table, {})
    assert book.findings.codes() == {} and set(book.side) == {"prepayments", table}
    frame = book.side[table]
    kinds = {"string": "string", "int64": "int64", "date32": "date32[day]"}
    assert {n: str(t.pyarrow_dtype) for n, t in frame.dtypes.items()} == {
        n: kinds[k] for n, k in frame_columns(table).items()
    }
    assert cells(frame[["file", "row"]]) == [[f"{table}.csv", 2]] and not frame.drop(columns="sheet").isna().any().any()
    assert [(i["file"], i["rows"]) for i in book.inputs] == [("book.csv", 1), (f"{table}.csv", 1)]


@pytest.mark.parametrize("table", SIDE_TABLES)
def test_a_file_without_rows_is_a_table_that_is_there(beside, table):
    book = beside(table)
    assert table in book.side and len(book.side[table]) == 0
    assert list(book.side[table].columns) == list(frame_columns(table)) and book.findings.codes() == {}


def test_tables_nobody_gives_are_not_there_but_for_prepayments(book_of):
    assert list(book_of({}).side) == ["prepayments"] and len(book_of({}).prepayments) == 0


def test_several_files_of_a_table_are_joined_in_order(tmp_path):
    write_csv(tmp_path / "book.csv", [list(GOOD), list(GOOD.values())])
    files = []
    for n, day in enumerate(("2024-06-30", "2024-03-31"), 1):
        row = {**SOUND["balances"], "date": day}
        files.append(write_csv(tmp_path / f"{n}.csv", [list(row), list(row.values())]))
    book = read_book(tmp_path / "book.csv", side={"balances": files})
    assert book.side["balances"]["date"].tolist() == [dt.date(2024, 6, 30), dt.date(2024, 3, 31)]
    assert book.side["balances"]["file"].tolist() == ["1.csv", "2.csv"]
    assert [i["file"] for i in book.inputs] == ["book.csv", "1.csv", "2.csv"]


def test_a_book_of_no_loans_has_its_tables_too(tmp_path):
    file = write_csv(tmp_path / "o.csv", [list(SOUND["other_loans"]), list(SOUND["other_loans"].values())])
    book = Book.without_loans(side={"other_loans": file})
    assert len(book.loans) == 0 and len(book.side["other_loans"]) == 1 and len(book.prepayments) == 0


def test_a_table_of_no_such_name_is_a_mistake_of_the_program_that_asks(tmp_path):
    write_csv(tmp_path / "book.csv", [list(GOOD), list(GOOD.values())])
    with pytest.raises(ValueError, match="receipts"):
        read_book(tmp_path / "book.csv", side={"receipts": tmp_path / "r.csv"})


def workbook(path, sheets):
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    sheet.write(r, c, value)
    return path


LOANS = [list(GOOD), list({**GOOD, "loan_id": "L1"}.values())]
SHEETS = {
    "提前还款": "prepayments",
    "申请与到账": "applications",
    "期初批次": "opening_tranches",
    "期初披露数": "opening",
    "还款计划": "schedule",
    "贷款余额": "balances",
    "项目调整": "revisions",
    "他行贷款": "other_loans",
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_table_is_read_from_the_sheet_of_its_name(tmp_path, lang):
    named = {zh if lang == "zh" else table.replace("_", " ").title(): table for zh, table in SHEETS.items()}
    sheets = {name: [list(SOUND[t]), list(SOUND[t].values())] for name, t in named.items()}
    book = read_book(workbook(tmp_path / "b.xlsx", {"借据": LOANS, **sheets}))
    assert set(book.side) == set(SIDE_TABLES) and {len(f) for f in book.side.values()} == {1}
    assert {t: f["sheet"].tolist() for t, f in book.side.items()} == {t: [name] for name, t in named.items()}
    assert len(book.loans) == 1 and book.findings.count("error") == 0
    assert "sheet_ignored" not in book.findings.codes()


def test_a_sheet_with_a_header_only_is_as_if_it_were_not_there(tmp_path):
    sheets = {zh: [list(SOUND[t])] for zh, t in SHEETS.items()}
    book = read_book(workbook(tmp_path / "b.xlsx", {"借据": LOANS, **sheets}))
    assert list(book.side) == ["prepayments"] and book.findings.count("error") == 0
    assert {i["sheet"] for i in book.inputs} == {"借据", "提前还款"}


def test_a_hidden_sheet_with_rows_is_read_and_that_is_noted(tmp_path):
    import openpyxl

    rows = [list(SOUND["balances"]), list(SOUND["balances"].values())]
    path = workbook(tmp_path / "b.xlsx", {"借据": LOANS, "贷款余额": rows, "还款计划": [list(SOUND["schedule"])]})
    book = openpyxl.load_workbook(path)
    for name in ("贷款余额", "还款计划"):
        book[name].sheet_state = "hidden"
    book.save(path)
    read = read_book(path)
    assert len(read.side["balances"]) == 1 and "schedule" not in read.side
    told = read.findings.frame()
    assert told[told["code"] == "sheet_hidden"]["sheet"].tolist() == ["贷款余额"]


def test_a_file_and_the_sheet_of_one_table_are_read_together_with_a_note(tmp_path):
    rows = [list(SOUND["balances"]), list(SOUND["balances"].values())]
    path = workbook(tmp_path / "b.xlsx", {"借据": LOANS, "贷款余额": rows})
    file = write_csv(tmp_path / "more.csv", rows)
    assert len(read_book(path).side["balances"]) == 1
    both = read_book(path, side={"balances": file})
    assert both.side["balances"]["file"].tolist() == ["more.csv", "b.xlsx"]
    assert both.findings.codes()["side_joined"] == 1


def test_a_table_in_a_workbook_of_its_own_may_be_on_the_sheet_of_its_name(tmp_path):
    rows = [list(SOUND["schedule"]), list(SOUND["schedule"].values())]
    path = workbook(tmp_path / "s.xlsx", {"封面": [["说明", "借据编号"]], "还款计划": rows})
    write_csv(tmp_path / "book.csv", LOANS)
    book = read_book(tmp_path / "book.csv", side={"schedule": path})
    assert len(book.side["schedule"]) == 1 and book.side["schedule"]["sheet"].tolist() == ["还款计划"]


# -- what is wrong with a row -----------------------------------------------------------------------------------------

SET_ASIDE = [
    ("applications", {"loan_id": ""}, "value_missing", "loan_id"),
    ("applications", {"period": ""}, "value_missing", "period"),
    ("applications", {"period": "2022"}, "unreadable_period", "period"),
    ("applications", {"status": ""}, "value_missing", "status"),
    ("applications", {"status": "已放弃"}, "unknown_value", "status"),
    ("applications", {"applied_amount": "0"}, "value_out_of_range", "applied_amount"),
    ("applications", {"applied_amount": "六十"}, "unreadable_number", "applied_amount"),
    ("applications", {"applied_on": "2022-02-30"}, "unreadable_date", "applied_on"),
    ("applications", {"funded_on": "三月"}, "unreadable_date", "funded_on"),
    ("applications", {"rate": "1.75"}, "rate_ambiguous", "rate"),
    ("applications", {"rate": "-0.01"}, "rate_negative", "rate"),
    ("applications", {"tranche": "6.22E+17"}, "id_precision_lost", "tranche"),
    ("schedule", {"loan_id": ""}, "value_missing", "loan_id"),
    ("schedule", {"date": ""}, "value_missing", "date"),
    ("schedule", {"date": "5/1/2032"}, "unreadable_date", "date"),
    ("schedule", {"principal": ""}, "value_missing", "principal"),
    ("schedule", {"principal": "1.001"}, "finer_than_fen", "principal"),
    ("balances", {"loan_id": ""}, "value_missing", "loan_id"),
    ("balances", {"date": "2024"}, "unreadable_date", "date"),
    ("balances", {"outstanding": ""}, "value_missing", "outstanding"),
    ("balances", {"outstanding": "九十"}, "unreadable_number", "outstanding"),
]
STOPS = [
    ("opening_tranches", {"facility": ""}, "value_missing", "facility"),
    ("opening_tranches", {"drawn_on": ""}, "value_missing", "drawn_on"),
    ("opening_tranches", {"due_on": "soon"}, "unreadable_date", "due_on"),
    ("opening_tranches", {"principal": "0"}, "value_out_of_range", "principal"),
    ("opening_tranches", {"principal": ""}, "value_missing", "principal"),
    ("opening_tranches", {"rate": "-0.001"}, "rate_negative", "rate"),
    ("opening_tranches", {"rate": ""}, "value_missing", "rate"),
    ("opening_tranches", {"rollovers_used": ""}, "value_missing", "rollovers_used"),
    ("opening_tranches", {"rollovers_used": "1.5"}, "unreadable_number", "rollovers_used"),
    ("opening", {"through": "2021"}, "unreadable_quarter", "through"),
    ("opening", {"through": ""}, "value_missing", "through"),
    ("opening", {"horizon": "本季度"}, "unknown_value", "horizon"),
    ("opening", {"projects": "-1"}, "value_out_of_range", "projects"),
    ("opening", {"amount": "-1"}, "value_out_of_range", "amount"),
    ("opening", {"weighted_rate": ""}, "value_missing", "weighted_rate"),
    ("opening", {"weighted_rate": "-0.01"}, "rate_negative", "weighted_rate"),
    ("opening", {"reduction": "-1"}, "reduction_negative", "reduction"),
    ("opening", {"reduction": ""}, "value_missing", "reduction"),
    ("revisions", {"project_id": ""}, "value_missing", "project_id"),
    ("revisions", {"from": ""}, "value_missing", "from"),
    ("revisions", {"reason": ""}, "value_missing", "reason"),
    ("revisions", {"investment": "0"}, "investment_not_positive", "investment"),
    ("revisions", {"reduction": "-1"}, "reduction_negative", "reduction"),
    ("revisions", {"evidence": "传闻"}, "unknown_value", "evidence"),
    ("other_loans", {"project_id": "", "project_code": ""}, "value_missing", "project_code"),
    ("other_loans", {"lender": ""}, "value_missing", "lender"),
    ("other_loans", {"disbursed": ""}, "value_missing", "disbursed"),
    ("other_loans", {"principal": "-5"}, "principal_not_positive", "principal"),
    ("other_loans", {"principal": ""}, "value_missing", "principal"),
]


def ids(cases):
    return [f"{table}-{code}-{column}-{n}" for n, (table, _, code, column) in enumerate(cases)]


@pytest.mark.parametrize("table, change, code, column", SET_ASIDE, ids=ids(SET_ASIDE))
def test_a_row_with_an_error_stays_with_what_sets_its_loan_aside(beside, table, change, code, column):
    book = beside(table, change, {})
    told = book.findings.frame()
    assert told[["code", "column", "row", "file"]].values.tolist() == [[code, column, 2, f"{table}.csv"]]
    frame = book.side[table]
    assert len(frame) == 2
    # the engine sets a loan aside for a row of it that lacks one of these, and a row without loan counts for nothing
    needed = {"applications": "status", "schedule": ["date", "principal_fen"], "balances": ["date", "outstanding_fen"]}
    lacking = frame[needed[table] if isinstance(needed[table], list) else [needed[table]]].isna().any(axis=1).tolist()
    assert lacking[1] is False
    assert lacking[0] or pd.isna(frame["loan_id"][0])


@pytest.mark.parametrize("table, change, code, column", STOPS, ids=ids(STOPS))
def test_a_row_with_an_error_stops_the_reading_where_no_loan_could_be_set_aside(beside, table, change, code, column):
    with pytest.raises(InputError) as stop:
        beside(table, {}, change)
    told = stop.value.findings.frame()
    assert told[["code", "column", "row", "file"]].values.tolist() == [[code, column, 3, f"{table}.csv"]]


def test_all_that_stops_is_told_at_once_over_all_tables(tmp_path):
    write_csv(tmp_path / "book.csv", LOANS)
    files = {}
    for table in STOPPING:
        column = next(
            c.name for c in columns(table).values() if c.required == "always" and c.type in ("date", "quarter")
        )
        row = {**SOUND[table], column: ""}
        files[table] = write_csv(tmp_path / f"{table}.csv", [list(row), list(row.values())])
    files["schedule"] = write_csv(tmp_path / "schedule.csv", [["loan_id", "date"]])
    applied = {**SOUND["applications"], "rate": "1.75"}
    files["applications"] = write_csv(tmp_path / "applications.csv", [list(applied), list(applied.values())])
    files["balances"] = tmp_path / "nowhere.csv"
    with pytest.raises(InputError) as stop:
        read_book(tmp_path / "book.csv", side=files)
    told = stop.value.findings.frame()
    found = set(zip(told["code"], told["file"], strict=True))
    assert found == {("value_missing", f"{table}.csv") for table in STOPPING} | {
        ("missing_column", "schedule.csv"),
        ("rate_ambiguous", "applications.csv"),  # which alone would stop nothing
        ("file_not_found", "nowhere.csv"),
    }


def test_what_the_row_checks_leave_open_is_read_without_a_finding(beside):
    assert (
        beside("opening", {"amount": "0", "projects": "0", "reduction": "0", "weighted_rate": ""}).findings.codes()
        == {}
    )
    assert beside("opening_tranches", {"rate": "0"}).findings.codes() == {}
    assert beside("revisions", {"investment": "", "evidence": ""}).findings.codes() == {}
    assert beside("other_loans", {"project_code": "", "loan_id": ""}).findings.codes() == {}
    blank = dict.fromkeys(
        ("facility", "applied_on", "applied_amount", "funded_on", "funded_amount", "rate", "tranche"), ""
    )
    assert beside("applications", {**blank, "status": "applied"}).findings.codes() == {}


def test_facilities_and_codes_may_be_named_in_words(beside):
    named = beside(
        "opening", *({"facility": f, "code": c} for f, c in [("碳减排支持工具", "清洁能源"), ("CERF", "风电")])
    )
    assert named.side["opening"][["facility", "code"]].values.tolist() == [["cerf", "clean_energy"], ["cerf", "wind"]]
    totals = beside("opening", {"code": "合计"}, {"code": ""}, {"code": "Total"})
    assert totals.side["opening"]["code"].tolist() == ["total"] * 3
    unknown = beside("applications", {"facility": "某工具"})
    assert unknown.side["applications"]["facility"].tolist() == ["某工具"]  # the run refuses it


def test_a_row_since_first_support_is_no_total_line_where_its_facility_is_left_out(beside):
    with pytest.raises(InputError) as stop:  # 累计 may stand for a total in a book
        beside("opening", {"facility": "", "horizon": "累计", "code": ""})
    assert stop.value.findings.frame()[["code", "column"]].values.tolist() == [["value_missing", "facility"]]


def test_lenders_of_openings_are_ids_and_the_scenario_s_where_none_is_named(beside):
    for table in ("opening", "opening_tranches"):
        book = beside(table, {"lender": ""}, {"lender": "中国银行"}, {"lender": "某行"}, lender="abc")
        assert book.side[table]["lender"].tolist() == ["abc", "boc", "某行"]
        assert book.findings.codes() == {"unknown_lender": 1}
    assert beside("other_loans", {"lender": "中国银行"}).side["other_loans"]["lender"].tolist() == ["中国银行"]


def test_another_bank_may_be_called_example_bank_but_an_example_row_is_none(beside):
    book = beside("other_loans", {"lender": "示例银行"}, {"project_id": "示例-请覆盖或删除本行"}, {"lender": "合计"})
    assert book.side["other_loans"]["lender"].tolist() == ["示例银行"]
    assert book.findings.codes() == {"example_row": 1, "total_row": 1}


def test_a_table_of_other_loans_needs_no_ids_of_them(tmp_path):
    write_csv(tmp_path / "book.csv", LOANS)
    rows = [["贷款机构", "项目代码", "放款日期", "放款金额（万元）"], ["某行", "C1", "2022-02-01", "300"]]
    file = write_csv(tmp_path / "o.csv", rows)
    book = read_book(tmp_path / "book.csv", side={"other_loans": file})
    assert book.side["other_loans"]["principal_fen"].tolist() == [300_000_000]
    assert book.findings.codes() == {"unit_converted": 1}


def test_a_project_may_cost_more_than_any_loan(beside):
    book = beside("revisions", {"investment": "20000000000000"})
    assert book.side["revisions"]["investment_fen"].tolist() == [2 * 10**15]
    assert beside("other_loans", {"principal": "1000000000000"}).side["other_loans"]["principal_fen"].tolist() == [
        10**14
    ]
    with pytest.raises(InputError) as stop:
        beside("other_loans", {"principal": "1000000000000.01"})
    assert stop.value.findings.codes() == {"amount_absurd": 1}


def test_a_contract_amount_is_the_limit_where_the_principal_is_there_too(book_of):
    book = book_of({"合同金额（元）": "500"})
    assert book.loans["contract_limit_fen"].tolist() == [50_000] and book.findings.count("error") == 0
    with pytest.raises(InputError) as stop:
        book_of({}, headers={"principal": "合同金额"})
    assert stop.value.findings.codes()["wrong_column_principal"] == 1


LOAN_ERRORS = [
    ({"contract_limit": "0"}, "contract_limit"),
    ({"syndicate_total": "-1"}, "syndicate_total"),
    ({"syndicate_share": "0"}, "syndicate_share"),
    ({"syndicate_share": "40"}, "syndicate_share"),
    ({"syndicate_share": "1.0001"}, "syndicate_share"),
]


@pytest.mark.parametrize("change, column", LOAN_ERRORS)
def test_a_contract_or_syndicate_that_cannot_be_sets_its_loan_aside(book_of, change, column):
    book = book_of(change)
    assert book.findings.frame()[["code", "column"]].values.tolist() == [["value_out_of_range", column]]
    assert book.loans["data_error"].tolist() == [True]


def test_a_share_of_a_syndicate_is_a_fraction_or_in_per_cent(book_of):
    book = book_of({"syndicate_share": "0.4"}, {"syndicate_share": "33.3333%"}, {"syndicate_share": "1"})
    assert book.loans["syndicate_share_ppm"].tolist() == [400_000, 333_333, 1_000_000]


# -- round trip -------------------------------------------------------------------------------------------------------

days = st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31))
fen = st.integers(1, 10**14)


def yuan(amount):
    return f"{amount // 100}.{amount % 100:02d}"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["L1", "L2", "Ω-3"]), days, fen), min_size=1, max_size=8))
def test_what_is_written_as_a_schedule_is_what_is_read(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("s") / "s.csv"
    write_csv(path, [["借据编号", "还款日期", "应还本金（元）"], *([i, d.isoformat(), yuan(a)] for i, d, a in rows)])
    read = read_side_table(path, "schedule")
    assert read.findings.codes() == {}
    assert cells(read.frame[["loan_id", "date", "principal_fen"]]) == [list(row) for row in rows]


@settings(max_examples=30, deadline=None)
@given(st.integers(1990, 2100), st.integers(1, 4), st.integers(1, 12))
def test_a_period_is_a_quarter_or_a_month_however_it_is_written(tmp_path_factory, year, quarter, month):
    path = tmp_path_factory.mktemp("p") / "p.csv"
    spelt = [
        f"{year}Q{quarter}",
        f"{year}年第{'一二三四'[quarter - 1]}季度",
        f"{year}-{month:02d}",
        f"{year}年{month}月",
    ]
    write_csv(path, [["loan_id", "period", "status"], *([f"L{n}", text, "applied"] for n, text in enumerate(spelt))])
    number = year * 4 + quarter - 1
    minus_month = -(year * 12 + month - 1)
    assert read_side_table(path, "applications").frame["period"].tolist() == [number, number, minus_month, minus_month]
