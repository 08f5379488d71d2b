"""What a workbook hides from whoever reads only its values: errors, formulas, merges, filters, sizes, two epochs."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
import zipfile

import pytest
import xlsxwriter

from relending.book import read_book
from relending.book.sheetxml import column_letters, column_number, look_through
from relending.findings import InputError
from tests.book.conftest import GOOD

NAMES = list(GOOD)
PRINCIPAL, RATE, PROJECT = (NAMES.index(n) for n in ("principal", "rate", "project_id"))


def values(i):
    """A good row: numbers as numbers, dates as dates."""
    row = [GOOD[n] for n in NAMES]
    row[0] = f"L{i}"
    row[PRINCIPAL], row[RATE] = float(row[PRINCIPAL]), float(row[RATE])
    return row


@pytest.fixture
def made(tmp_path):
    def make(fill, rows=3, options=None):
        path = tmp_path / "b.xlsx"
        with xlsxwriter.Workbook(path, options or {}) as book:
            sheet = book.add_worksheet("借据")
            sheet.write_row(0, 0, NAMES)
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            for i in range(rows):
                for j, value in enumerate(values(i)):
                    if NAMES[j] in ("disbursed", "matures"):
                        sheet.write_datetime(i + 1, j, dt.datetime.fromisoformat(value), day)
                    else:
                        sheet.write(i + 1, j, value)
            fill(book, sheet)
        return path

    return make


def rewritten(path, pattern, by):
    """The workbook with its first sheet's XML changed, as another program may have written it."""
    with zipfile.ZipFile(path) as z:
        parts = {n: z.read(n) for n in z.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name], n = re.subn(pattern, by, parts[name])
    assert n
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for part, content in parts.items():
            z.writestr(part, content)
    return path


def told(book, code):
    frame = book.findings.only(code).frame()
    return frame[["row", "loan", "column", "found"]].values.tolist()


def test_a_cell_that_shows_an_error_sets_its_loan_aside_and_is_not_empty(made):
    path = made(lambda book, sheet: sheet.write_formula(2, RATE, "=NA()", None, "#N/A"))
    book = read_book(path)
    assert told(book, "cell_error") == [[3, "L1", "rate", "#N/A"]]
    assert book.loans["data_error"].tolist() == [False, True, False] and book.findings.codes() == {"cell_error": 1}


def test_a_formula_left_to_be_computed_is_not_read_as_zero(made):
    """XlsxWriter and others write 0 and fullCalcOnLoad."""
    book = read_book(made(lambda book, sheet: sheet.write_formula(2, PRINCIPAL, "=5*20")))
    assert told(book, "formula_not_calculated") == [[3, "L1", "principal", "E3"]]
    assert book.findings.codes() == {"formula_not_calculated": 1}


def test_a_formula_without_a_value_is_not_read_as_empty(made):
    """As openpyxl writes it: no value, or an empty one."""
    for gone in (b"", b"<v></v>", b"<v/>"):
        path = made(lambda book, sheet: sheet.write_formula(2, RATE, "=1/25"))
        book = read_book(rewritten(path, rb"(<f>1/25</f>)<v>0</v>", rb"\1" + gone))
        assert told(book, "formula_not_calculated") == [[3, "L1", "rate", "F3"]]


def test_a_computed_formula_is_its_value(made):
    book = read_book(made(lambda book, sheet: sheet.write_formula(2, PRINCIPAL, "=5*20", None, 100)))
    assert book.loans["principal_fen"].tolist()[1] == 10_000 and len(book.findings) == 0


def test_a_computed_zero_counts_where_the_program_computes(made):
    path = made(lambda book, sheet: sheet.write_formula(2, RATE, "=1-1"))
    with zipfile.ZipFile(path) as z:
        parts = {n: z.read(n) for n in z.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b' fullCalcOnLoad="1"', b"")
    with zipfile.ZipFile(path, "w") as z:
        for part, content in parts.items():
            z.writestr(part, content)
    book = read_book(path)
    assert book.loans["rate_ppm"].tolist()[1] == 0 and len(book.findings) == 0


def test_cells_merged_downwards_are_named_where_the_value_is_missing(made):
    path = made(lambda book, sheet: sheet.merge_range(1, PROJECT, 3, PROJECT, "P9"))
    book = read_book(path)
    assert told(book, "merged_cell") == [[3, "L1", "project_id", "C2:C4"], [4, "L2", "project_id", "C2:C4"]]
    assert book.findings.codes() == {"merged_cell": 2} and book.loans["data_error"].tolist() == [False, True, True]


def test_rows_hidden_by_a_filter_are_read_and_said(made):
    path = made(lambda book, sheet: sheet.set_row(2, None, None, {"hidden": True}))
    book = read_book(path)
    assert len(book.loans) == 3 and book.findings.only("rows_hidden").frame()["found"].tolist() == ["1"]
    assert book.findings.codes() == {"rows_hidden": 1}


@pytest.mark.parametrize("epoch_1904", [False, True])
def test_days_of_both_epochs_are_the_days_shown(made, epoch_1904):
    book = read_book(made(lambda book, sheet: None, options={"date_1904": epoch_1904}))
    assert {d.isoformat() for d in book.loans["disbursed"]} == {GOOD["disbursed"]} and len(book.findings) == 0


def test_a_header_of_two_rows_is_one_header(tmp_path):
    path = tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(path) as out:
        sheet = out.add_worksheet()
        sheet.merge_range(0, 0, 0, 7, "示范银行贷款台账")
        upper = ["借据编号", "金融机构", "项目情况", "", "贷款情况", "", "", ""]
        lower = ["", "", "项目编号", "碳减排领域", "贷款金额（万元）", "贷款利率（%）", "放款日期", "到期日"]
        sheet.write_row(1, 0, upper)
        sheet.write_row(2, 0, lower)
        sheet.merge_range(1, 0, 2, 0, "借据编号")
        sheet.merge_range(1, 1, 2, 1, "金融机构")
        sheet.write_row(3, 0, ["L1", "icbc", "P1", "光伏", 1.5, 3.5, "2024-01-02", "2034-01-02"])
    book = read_book(path)
    assert book.loans[["loan_id", "row", "principal_fen", "rate_ppm"]].values.tolist() == [["L1", 4, 1_500_000, 35_000]]
    assert book.findings.codes() == {"header_below": 1, "unit_converted": 1} and book.inputs[0]["header_row"] == 3


def test_several_sheets_are_one_book_where_they_are_named(tmp_path):
    path = tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(path) as out:
        for year in (2023, 2024):
            sheet = out.add_worksheet(f"{year}年")
            sheet.write_row(0, 0, NAMES)
            sheet.write_row(1, 0, values(year))
        hidden = out.add_worksheet("旧")
        hidden.write_row(0, 0, NAMES)
        hidden.write_row(1, 0, values(1))
        hidden.hide()
    first = read_book(path)
    assert len(first.loans) == 1 and first.findings.codes() == {"sheet_not_read": 2}
    both = read_book(path, sheet=["2023年", "2024年"])
    assert both.loans["loan_id"].tolist() == ["L2023", "L2024"] and [i["sheet"] for i in both.inputs] == [
        "2023年",
        "2024年",
    ]
    assert both.findings.codes() == {"sheet_ignored": 1}
    assert read_book(path, sheet="旧").findings.codes() == {"sheet_hidden": 1, "sheet_ignored": 2}
    with pytest.raises(InputError) as stop:
        read_book(path, sheet=["2023", "无"])
    assert stop.value.findings.codes() == {"sheet_not_found": 2}


def test_one_cell_in_the_last_corner_does_not_end_the_process(made):
    """The reader would make room for 17 billion cells; so this is tried in a process of its own."""
    path = made(lambda book, sheet: sheet.write(1_048_575, 16_383, 1))
    code = (
        "import sys; from relending.book import read_book\ntry: read_book(sys.argv[1])\nexcept Exception as e: print(e)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, encoding="utf-8", env={**os.environ}, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "too_many_rows" in ran.stdout and "1,048,576 x 16,384" in ran.stdout


def test_the_last_corner_of_another_format_is_found_out_by_another_process(tmp_path):
    cell = "<table:table-cell {} office:value-type='string'><text:p>x</text:p></table:table-cell>"
    rows = f"<table:table-row>{cell.format('')}</table:table-row>"
    many = cell.format("table:number-columns-repeated='16384'")
    far = f"<table:table-row table:number-rows-repeated='1048575'>{many}</table:table-row>"
    names = " ".join(f"xmlns:{k}='urn:oasis:names:tc:opendocument:xmlns:{k}:1.0'" for k in ("office", "table", "text"))
    body = f"<office:document-content {names}><office:body><office:spreadsheet><table:table table:name='s'>{rows}{far}"
    body += "</table:table></office:spreadsheet></office:body></office:document-content>"
    with zipfile.ZipFile(tmp_path / "b.ods", "w") as z:
        z.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        z.writestr("content.xml", body)
        z.writestr(
            "META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest='urn:oasis:names:tc:opendocument:xmlns:manifest:1.0'/>",
        )
    with pytest.raises(InputError) as stop:
        read_book(tmp_path / "b.ods")
    assert set(stop.value.findings.codes()) <= {"file_too_large", "too_many_rows", "file_unreadable"}


@pytest.mark.parametrize("part", ["xl/workbook.xml", "_rels/.rels"])
def test_xml_that_defines_entities_is_not_read(made, part):
    path = made(lambda book, sheet: None)
    with zipfile.ZipFile(path) as z:
        parts = {n: z.read(n) for n in z.namelist()}
    parts[part] = parts[part].replace(b"?>", b'?><!DOCTYPE a [<!ENTITY b "bb">]>', 1)
    with zipfile.ZipFile(path, "w") as z:
        for name, content in parts.items():
            z.writestr(name, content)
    with pytest.raises(InputError) as stop:
        read_book(path)
    assert stop.value.findings.codes() == {"file_unreadable": 1}


def test_a_workbook_of_more_sheets_than_anyone_keeps_is_refused(tmp_path):
    path = tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(path) as out:
        for i in range(201):
            out.add_worksheet(f"s{i}").write(0, 0, "x")
    with pytest.raises(InputError) as stop:
        read_book(path)
    assert stop.value.findings.codes() == {"too_many_sheets": 1}


def test_the_look_through_sees_prefixes_numbers_left_out_and_pieces_cut_anywhere(made, monkeypatch):
    path = made(lambda book, sheet: sheet.write_formula(2, RATE, "=NA()", None, "#N/A"), rows=40)
    whole = look_through(path, 10**9)["借据"]
    assert (whole.rows, whole.columns) == (41, 26) and set(whole.broken) == {(2, RATE)}
    monkeypatch.setattr("relending.book.sheetxml._PIECE", 37)
    assert look_through(path, 10**9)["借据"].broken == whole.broken
    bare = rewritten(path, rb'<row r="\d+"', b"<row")
    assert look_through(bare, 10**9)["借据"].rows == 41
    quoted = rewritten(path, rb' (r|t)="(\w+)"', rb" \1 = '\2'")
    assert set(look_through(quoted, 10**9)["借据"].broken) == {(2, RATE)}
    prefixed = rewritten(path, rb"<(/?)(row|c|f|v|sheetData|worksheet)\b", rb"<\1x:\2")
    assert set(look_through(prefixed, 10**9)["借据"].broken) == {(2, RATE)}


@pytest.mark.parametrize("way", [rb" \1='\2'", rb"\n\1 = '\2'", b' \\1= "\\2"'])
def test_no_way_of_writing_hides_the_last_corner(made, way):
    path = made(lambda book, sheet: sheet.write(1_048_575, 16_383, 1))
    seen = look_through(rewritten(path, rb' (r)="(\w+)"', way), 10**7)["借据"]
    assert (seen.rows, seen.columns) == (1_048_576, 16_384)
    small = look_through(
        rewritten(made(lambda book, sheet: None), rb' r="([A-Z]+)(\d+)"', lambda m: m[0].lower()), 10**7
    )
    assert small["借据"].columns == 26


def test_letters_and_numbers_of_columns_are_each_others_inverse():
    assert [column_number(column_letters(n)) for n in range(16_384)] == list(range(16_384))


def test_cells_that_do_not_say_where_they_are_follow_one_another(made):
    path = made(lambda book, sheet: sheet.write_formula(2, RATE, "=NA()", None, "#N/A"))
    bare = rewritten(path, rb'<c r="[A-Z]+\d+"', b"<c")
    assert set(look_through(bare, 10**9)["借据"].broken) == {(2, RATE)}
    barer = rewritten(bare, rb'<row r="\d+"', b"<row")
    assert set(look_through(barer, 10**9)["借据"].broken) == {(2, RATE)}
    prefixed = rewritten(barer, rb"<(/?)(row|c|f|v|sheetData|worksheet)\b", rb"<\1x_y-1.z:\2")
    assert set(look_through(prefixed, 10**9)["借据"].broken) == {(2, RATE)}


def test_a_sheet_that_is_not_utf_8_is_not_read(made):
    path = made(lambda book, sheet: None)
    with zipfile.ZipFile(path) as z:
        parts = {n: z.read(n) for n in z.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].decode().replace("UTF-8", "UTF-16").encode("utf-16")
    with zipfile.ZipFile(path, "w") as z:
        for part, content in parts.items():
            z.writestr(part, content)
    with pytest.raises(InputError) as stop:
        read_book(path)
    assert stop.value.findings.codes() == {"file_unreadable": 1}


def test_a_header_merged_downwards_beside_the_loans_takes_none_of_them(made):
    def fill(book, sheet):
        sheet.merge_range(0, len(NAMES), 3, len(NAMES), "说明")

    book = read_book(made(fill))
    assert book.loans["row"].tolist() == [2, 3, 4] and book.findings.codes() == {"column_ignored": 1}


def test_a_name_in_a_form_s_head_does_not_swallow_the_unit_beside_it(tmp_path):
    path = tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(path) as out:
        sheet = out.add_worksheet()
        sheet.write_row(0, 0, ["贷款机构", "示范银行某支行", "", "单位：万元"])
        names = ["借据编号", "项目编号", "碳减排领域", "贷款金额", "发放时利率", "放款日期", "到期日", "金融机构"]
        sheet.write_row(1, 0, names)
        sheet.write_row(2, 0, ["L1", "P1", "光伏", 500, "3.5%", "2024-01-02", "2034-01-02", "icbc"])
    book = read_book(path)
    assert book.loans["principal_fen"].tolist() == [500_000_000]
    assert book.findings.codes() == {"header_below": 1, "unit_from_above": 1, "cells_converted": 1}


def test_nothing_beside_the_book_is_imported_while_its_size_is_found_out(tmp_path, monkeypatch):
    for name in ("json", "python_calamine", "resource"):
        (tmp_path / f"{name}.py").write_text(f"open('ran-{name}', 'w').close()\nraise SystemExit\n", encoding="utf-8")
    (tmp_path / "b.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(3000))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as stop:
        read_book("b.xls")
    assert stop.value.findings.codes() == {"file_unreadable": 1} and not list(tmp_path.glob("ran-*"))


def bomb(made, change, name="xl/worksheets/sheet1.xml"):
    path = made(lambda book, sheet: None)
    with zipfile.ZipFile(path) as z:
        parts = {n: z.read(n) for n in z.namelist()}
    change(parts, name)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for part, content in parts.items():
            z.writestr(part, content)
    return path


def far_cell(parts, name):
    parts[name] = parts[name].replace(b'<c r="A2"', b'<c r="XFD1048576"', 1)


def cells_without_places(parts, name):
    row = b"<row>" + b"<c><v>1</v></c>" * 16_000 + b'</row><row r="1048576"><c><v>1</v></c></row></sheetData>'
    parts[name] = parts[name].replace(b"</sheetData>", row)


def prefixed(parts, name):
    far_cell(parts, name)
    parts[name] = re.sub(rb"<(/?)(row|c|v|sheetData|worksheet)\b", rb"<\1x_y:\2", parts[name])
    parts[name] = parts[name].replace(b"xmlns=", b"xmlns:x_y=", 1)


def sign_in_an_attribute(parts, name):
    parts[name] = parts[name].replace(b'<row r="4"', b'<row foo=">" r="1048576"').replace(b'r="A4"', b'r="XFD1048576"')


def other_case(parts, name):
    far_cell(parts, name)
    parts["xl/worksheets/SHEET1.xml"] = parts.pop(name)


def two_of_a_name(parts, name):
    book = parts["xl/workbook.xml"]
    sheet = re.search(rb"<sheet [^>]*/>", book)[0]
    parts["xl/workbook.xml"] = book.replace(sheet, sheet + sheet.replace(b'sheetId="1"', b'sheetId="2"'))


@pytest.mark.parametrize(
    "change", [far_cell, cells_without_places, prefixed, sign_in_an_attribute, other_case, two_of_a_name]
)
def test_no_trick_gets_a_sheet_past_the_look_at_its_size(made, change):
    """Each of these once ended the process; tried in one of its own, with a gigabyte more than it has."""
    path = bomb(made, change)
    code = (
        "import sys; from relending.book import read_book; import pyarrow, pandas, python_calamine\n"
        "try: read_book(sys.argv[1]); print('read')\nexcept Exception as e: print(type(e).__name__, e)"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stderr[-500:]
    assert ran.stdout.startswith("InputError"), ran.stdout
    assert any(code in ran.stdout for code in ("file_too_large", "too_many_rows", "file_unreadable"))


@pytest.mark.parametrize("use", ["read_book", "read_parameters", "sheets_without_parameters"])
def test_no_format_without_xml_is_opened_before_its_size_is_known(tmp_path, monkeypatch, use):
    import python_calamine

    from relending.book import workbook
    from relending.book.parameters import read_parameters
    from relending.findings import Findings

    asked = []

    def too_large(path, most):
        asked.append(path.name)
        raise InputError(Findings.one("file_too_large", file=path.name))

    class Unopened:
        def from_path(self):
            raise AssertionError("opened")

    (tmp_path / "b.ods").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(100))
    monkeypatch.setattr(workbook, "probed", too_large)
    monkeypatch.setattr(python_calamine, "CalamineWorkbook", Unopened)
    if use == "sheets_without_parameters":
        assert workbook.sheets_without_parameters(tmp_path / "b.ods") == ()
    else:
        with pytest.raises(InputError) as stop:
            (read_book if use == "read_book" else read_parameters)(tmp_path / "b.ods")
        assert stop.value.findings.codes() == {"file_too_large": 1}
    assert asked == ["b.ods"]


@pytest.mark.parametrize("merges", [b'<mergeCell ref="A3:CV200000"/>', b'<mergeCell ref="A3:B60000"/>' * 40])
def test_merges_of_more_cells_than_a_table_has_are_refused(made, merges):
    beyond = b'<mergeCell ref="XAA1:XFD1000000"/>' * 3  # what lies beyond every column read makes up for nothing
    path = made(lambda book, sheet: sheet.merge_range(1, PROJECT, 3, PROJECT, "P9"))
    path = rewritten(path, rb"<mergeCells[^>]*>.*</mergeCells>", b"<mergeCells>" + beyond + merges + b"</mergeCells>")
    with pytest.raises(InputError) as stop:
        read_book(path)
    assert stop.value.findings.codes() == {"too_many_rows": 1}
