"""The workbooks as a spreadsheet sees them: totals that hold, texts that are texts, the same bytes again."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from relending.book import read_side_table
from relending.dates import parse_quarter
from relending.lineage.applying import ApplicationList, apply_list
from relending.report.apply_book import write_application, write_applied
from relending.report.apply_form import default_layout
from relending.runfolder import OpenedRun, run

Q2 = parse_quarter("2024Q2")
LANGS = ("zh", "en")


@pytest.fixture(scope="module", params=LANGS)
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def found(recorded: OpenedRun) -> ApplicationList:
    return apply_list(recorded, Q2, "icbc", "cerf", again=True)


@pytest.fixture(scope="module")
def book(found: ApplicationList, lang: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "list.xlsx"
    write_application(path, found, default_layout(lang), "示范银行", lang)
    return path


def sheets(path: Path, formulas: bool = False) -> tuple[Any, Any]:
    one = openpyxl.load_workbook(path, data_only=not formulas)
    return one.worksheets[0], one.worksheets[1]


def header_row(sheet: Any) -> int:
    return next(r for r in range(1, 20) if sheet.cell(r, 1).value in ("序号", "No."))


def headed(sheet: Any) -> dict[str, int]:
    row = header_row(sheet)
    return {str(sheet.cell(row, c).value): c for c in range(1, sheet.max_column + 1) if sheet.cell(row, c).value}


def column(sheet: Any, start: str) -> int:
    return next(c for name, c in headed(sheet).items() if name.startswith(start))


def fen(value: Any) -> int:
    return int((Decimal(repr(value)) * 100).to_integral_exact())


AMOUNT = {"zh": "贷款金额", "en": "Amount"}
ASKED = {"zh": "申请金额", "en": "Asked for"}
FIELD = {"zh": "支持领域", "en": "Field"}
TOTAL = {"zh": "合计", "en": "Total"}


def computed(books: tuple[Any, Any], sheet: int, text: str) -> Decimal:
    """The formulas this workbook has, worked out from the cells they name."""
    me = books[sheet]

    def cells(where: str) -> list[Any]:
        left, top, right, bottom = range_boundaries(where.replace("$", ""))
        return [me.cell(r, c).value for r in range(top, bottom + 1) for c in range(left, right + 1)]  # type: ignore[operator]

    def numbers(values: list[Any]) -> Decimal:
        return sum((Decimal(repr(v)) for v in values if v is not None), Decimal(0))

    def wanted(said: str) -> Any:
        return said.strip('"') if said.startswith('"') else me[said.replace("$", "")].value

    if m := re.fullmatch(r"=SUM\(([^,()]+)\)", text):
        return numbers(cells(m[1]))
    if m := re.fullmatch(r"=SUMIF\(([^,]+),([^,]+),([^,]+)\)", text):
        key = wanted(m[2])
        return numbers([v for k, v in zip(cells(m[1]), cells(m[3]), strict=True) if k == key])
    if m := re.fullmatch(r"=COUNTIF\(([^,]+),([^,]+)\)", text):
        return Decimal(sum(k == wanted(m[2]) for k in cells(m[1])))
    m = re.fullmatch(r"=([A-Z]+\d+)-([A-Z]+\d+)", text)
    assert m is not None, text
    return Decimal(repr(me[m[1]].value)) - Decimal(repr(me[m[2]].value))


def test_every_formula_gives_the_value_that_is_kept_with_it(book: Path) -> None:
    values, formulas = sheets(book), sheets(book, formulas=True)
    seen = 0
    for i, sheet in enumerate(formulas):
        for cells in sheet.iter_rows():
            for cell in cells:
                if cell.data_type == "f":
                    seen += 1
                    kept = Decimal(repr(values[i][cell.coordinate].value))
                    assert abs(kept - computed(values, i, cell.value)) < Decimal("0.005"), cell.coordinate
    # totals and two subtotals of three columns; the second sheet's own
    assert seen > 15


def test_totals_and_subtotals_are_those_of_the_loans(book: Path, found: ApplicationList, lang: str) -> None:
    sheet = sheets(book)[0]
    amount, asked, field = (column(sheet, name[lang]) for name in (AMOUNT, ASKED, FIELD))
    first = header_row(sheet) + 1
    total = next(r for r in range(first, 60) if sheet.cell(r, 1).value == TOTAL[lang])
    assert total == first + len(found.listed)
    assert fen(sheet.cell(total, asked).value) == found.asked == sum(found.listed["asked_fen"])
    assert fen(sheet.cell(total, amount).value) == sum(found.listed["principal_fen"])
    below = []
    for r in range(total + 1, total + 4):
        if sheet.cell(r, field).value:
            below.append(fen(sheet.cell(r, asked).value))
    assert len(below) == found.listed["field"].nunique() and sum(below) == found.asked


def test_the_list_and_the_second_sheet_are_all_loans_of_the_period(
    book: Path, found: ApplicationList, recorded: OpenedRun, lang: str
) -> None:
    one, other = sheets(book)
    amount = AMOUNT[lang]
    rows = []
    for sheet in (one, other):
        loan, money, r = column(sheet, {"zh": "借据编号", "en": "Loan"}[lang]), column(sheet, amount), header_row(sheet)
        while isinstance(sheet.cell(r := r + 1, 1).value, int):
            rows.append((sheet.cell(r, loan).value, fen(sheet.cell(r, money).value)))
    attribution = recorded.tables["attribution"]
    days = attribution["disbursed"].astype("string")
    of_period = (attribution["lender"] == "icbc") & (days >= "2024-04-01") & (days <= "2024-06-30")
    before = attribution["loan_id"].isin(["OLD1", "OLD2", "OLD4"])
    wanted = attribution[(of_period | before).fillna(False).to_numpy(dtype=bool)]
    assert sorted(rows) == sorted(zip(wanted["loan_id"], wanted["principal_fen"], strict=True))
    texts = [str(c.value) for cells in other.iter_rows() for c in cells if c.value is not None]
    assert any("share_over_one" in t for t in texts)
    difference = {"zh": "差额", "en": "difference"}[lang]
    zeros = [r for r in range(1, other.max_row + 1) if other.cell(r, 2).value == difference]
    assert len(zeros) == 2
    for r in zeros:
        assert other.cell(r, 3).value == 0 and other.cell(r, column(other, amount)).value == 0


def test_ids_are_text_and_no_name_is_a_formula_or_a_link(book: Path, lang: str) -> None:
    sheet = sheets(book, formulas=True)[0]
    loan, borrower = (
        column(sheet, {"zh": "借据编号", "en": "Loan"}[lang]),
        column(sheet, {"zh": "借款人", "en": "Borrower"}[lang]),
    )
    cells = [sheet.cell(r, loan) for r in range(header_row(sheet) + 1, header_row(sheet) + 5)]
    assert {c.value for c in cells} == {"0001", "0002", "OLD1", "OLD2"}
    assert {(c.data_type, c.number_format) for c in cells} == {("s", "@")}
    names = [sheet.cell(c.row, borrower) for c in cells if c.value == "0002"]
    assert [(n.value, n.data_type, n.hyperlink) for n in names] == [('\'=HYPERLINK("http://x","y")', "s", None)]
    with zipfile.ZipFile(book) as z:
        assert not any("rels" in n and "sheet" in n for n in z.namelist())


def test_it_prints_on_landscape_a4_one_page_wide_with_the_header_on_each(book: Path) -> None:
    for sheet in sheets(book):
        page = sheet.page_setup
        assert (
            page.orientation,
            int(page.paperSize),
            page.fitToHeight,
            sheet.sheet_properties.pageSetUpPr.fitToPage,
        ) == (
            "landscape",
            9,
            0,
            True,
        )
        row = header_row(sheet)
        assert sheet.print_title_rows == f"${row}:${row}"
        assert sheet.freeze_panes == f"C{row + 1}"


def test_the_same_list_gives_the_same_bytes(book: Path, found: ApplicationList, lang: str, tmp_path: Path) -> None:
    again, rows, more = (tmp_path / name for name in ("again.xlsx", "a.xlsx", "b.xlsx"))
    write_application(again, found, default_layout(lang), "示范银行", lang)
    assert again.read_bytes() == book.read_bytes()
    write_applied(rows, found, None, lang)
    write_applied(more, found, None, lang)
    assert rows.read_bytes() == more.read_bytes()


def test_applied_rows_read_back_as_the_table_of_applications(found: ApplicationList, lang: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    write_applied(path, found, None, lang)
    read = read_side_table(path, "applications")
    assert not read.findings.count("error") and not read.findings.count("warning")
    frame = read.frame
    assert list(frame["loan_id"]) == list(found.listed["loan_id"])
    assert list(frame["applied_amount_fen"]) == list(found.listed["asked_fen"])
    assert set(frame["period"]) == {Q2} and set(frame["status"]) == {"applied"} and set(frame["facility"]) == {"cerf"}
    assert frame["funded_on"].isna().all() and frame["applied_on"].isna().all()
    sheet = openpyxl.load_workbook(path).active
    rules = [r for r in sheet.data_validations.dataValidation if r.type == "list"]
    (status,) = (r for r in rules if ("已到账" if lang == "zh" else "funded") in r.formula1)
    assert status.showErrorMessage is not False and len(rules) == 2  # the other lists the facilities


def test_collateral_follows_the_haircut_up_to_the_fen(tmp_path: Path) -> None:
    from tests.apply.conftest import saved

    opened = saved(tmp_path, rules="[facility.cerf]\ncollateral_haircut = 0.3\n")
    found = apply_list(opened, Q2, "icbc", "cerf")
    assert found.asked == 199_999_99 + 1_800_000_00 and found.pledge == -(-found.asked * 10 // 7)
    write_application(tmp_path / "l.xlsx", found, default_layout("zh"), "示范银行", "zh")
    sheet = sheets(tmp_path / "l.xlsx")[0]
    at = next(r for r in range(1, 60) if sheet.cell(r, 2).value == "押品名称")
    assert [sheet.cell(at, c).value for c in range(2, 6)] == ["押品名称", "面值（元）", "折扣率（%）", "质押金额（元）"]
    assert sheet.cell(at + 1, 4).value == 30 and fen(sheet.cell(at + 1, 5).value) == found.pledge
    assert all(sheet.cell(at + k, c).value is None for k in (2, 3, 4) for c in range(2, 6))
    signed = [c.value for c in list(sheet.iter_rows())[-1] if c.value]
    assert signed == ["制表：", "复核：", "负责人：", "日期："]


def test_a_spreadsheet_program_computes_the_same(book: Path, tmp_path: Path) -> None:
    """LibreOffice computes every formula anew from a copy without the values kept."""
    program = shutil.which("soffice")
    if program is None:
        print("LibreOffice is not here: its sums are not compared")
        pytest.skip("no soffice")
    bare = openpyxl.load_workbook(book)  # the formulas without their values
    bare.save(tmp_path / "bare.xlsx")
    out, profile = tmp_path / "out", f"-env:UserInstallation=file://{tmp_path}/profile"
    done = subprocess.run(
        [program, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(tmp_path / "bare.xlsx")],
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert (out / "bare.xlsx").is_file(), done.stderr.decode()
    kept, again = sheets(book), sheets(out / "bare.xlsx")
    seen = 0
    for i, sheet in enumerate(sheets(book, formulas=True)):
        for cells in sheet.iter_rows():
            for cell in cells:
                if cell.data_type == "f":
                    seen += 1
                    assert abs(kept[i][cell.coordinate].value - again[i][cell.coordinate].value) < 0.005
    assert seen > 15


def test_the_demonstration_has_a_list_in_each_quarter_with_loans() -> None:
    done = run("demo")
    found = apply_list(done, parse_quarter("2021Q4"), "demo", "cerf")
    # half a year of loans are all applied for in the quarter of the launch
    assert (len(found.listed), found.asked) == (11, 303_648_000_000)
