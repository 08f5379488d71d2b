"""The branch's own form: head, headers, order and units are kept, known columns filled in, the others named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from relending.dates import parse_quarter
from relending.findings import InputError
from relending.lineage.applying import apply_list
from relending.report.apply_book import write_application
from relending.report.apply_fields import fields
from relending.report.apply_form import read_form
from relending.runfolder import OpenedRun

Q2 = parse_quarter("2024Q2")


def form(path: Path, *rows: list[Any], sheet: str = "Sheet1") -> Path:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def filled(path: Path, opened: OpenedRun, tmp_path: Path) -> Any:
    layout, _ = read_form(path)
    out = tmp_path / "out.xlsx"
    write_application(out, apply_list(opened, Q2, "icbc", "cerf"), layout, "示范银行股份有限公司", "zh")
    return openpyxl.load_workbook(out, data_only=True).worksheets[0]


def test_the_form_keeps_its_order_headings_and_units(simulated: OpenedRun, tmp_path: Path) -> None:
    path = form(
        tmp_path / "form.xlsx",
        ["碳减排支持工具资金申请表"],
        ["填报单位：", None, "申报季度："],
        [
            "申请额（亿元）",
            "企业名称",
            "放款金额（万元）",
            "借据号",
            "经办人",
            "贷款利率（%）",
            "利率（小数）",
            "占比",
            "带动碳减排量",
            "带动的年度碳减排量（万吨）",
            "LPR（BP）",
        ],
    )
    layout, notes = read_form(path)
    assert [c.header for c in layout.columns][3] == "借据号" and notes.codes() == {"apply_form_unknown": 2}
    sheet = filled(path, simulated, tmp_path)
    assert [sheet.cell(2, c).value for c in (1, 3)] == ["填报单位：示范银行股份有限公司", "申报季度：2024Q2"]
    assert [sheet.cell(3, c).value for c in range(1, 5)] == ["申请额（亿元）", "企业名称", "放款金额（万元）", "借据号"]
    found = {sheet.cell(r, 4).value: r for r in (4, 5, 6)}
    first = found["0001"]
    # 1,000,000.01 yuan: every decimal of it, though 万元 does not divide it
    assert sheet.cell(first, 3).value == 100.000001 and sheet.cell(first, 1).value == 0.006
    assert sheet.cell(found["0003"], 1).value == 0.0019999999
    assert sheet.cell(first, 5).value is None and sheet.cell(first, 9).value is None
    assert [sheet.cell(first, c).value for c in (6, 7, 11)] == [3.9, 0.039, 395]
    # a tenth of a millionth of 3000 t x 1,000,000.01 / 30,000,000
    grams = Decimal(3000 * 10**6) * 100_000_001 / 3_000_000_000
    assert Decimal(repr(sheet.cell(first, 10).value)) == grams.quantize(Decimal(1)).scaleb(-10)
    assert "0.00########" in sheet.cell(first, 1).number_format
    # the total stands in the form's units; 合计 where no sum is
    assert sheet.cell(7, 2).value == "合计"
    assert Decimal(repr(sheet.cell(7, 3).value)) == Decimal("333.333334")


def test_a_unit_above_the_header_counts_for_amounts_without_one(simulated: OpenedRun, tmp_path: Path) -> None:
    path = form(
        tmp_path / "form.xlsx",
        ["申请表"],
        ["", "金额单位：万元"],
        ["序号", "借据编号", "贷款金额", "申请金额（元）", "利率"],
    )
    sheet = filled(path, simulated, tmp_path)
    row = next(r for r in (4, 5, 6) if sheet.cell(r, 2).value == "0001")
    assert [sheet.cell(row, c).value for c in (3, 4, 5)] == [100.000001, 600000, 3.9]


def test_a_header_of_two_rows_is_one_header(tmp_path: Path) -> None:
    path = form(
        tmp_path / "form.xlsx",
        ["某某支行申请表"],
        ["序号", "贷款情况", "", "项目情况"],
        ["", "借据编号", "贷款金额（万元）", "项目名称"],
    )
    layout, _ = read_form(path)
    assert [c.header for c in layout.columns] == ["序号", "借据编号", "贷款金额（万元）", "项目名称"]
    assert layout.head == (("某某支行申请表", "", "", ""),)


def test_english_and_chinese_names_and_every_alias_are_known(tmp_path: Path) -> None:
    names = [(name, header) for name, one in fields().items() for header in one.names]
    layout, notes = read_form(form(tmp_path / "form.xlsx", [header for _, header in names]))
    assert not notes
    got = [c.field.name for c in layout.columns if c.field is not None]
    assert got == [name for name, _ in names]


def test_what_stands_below_the_header_is_named_and_left_out(tmp_path: Path) -> None:
    path = form(tmp_path / "form.xlsx", ["借据编号", "借款人", "申请金额"], ["例：001", "某公司", 5], ["填表人："])
    layout, notes = read_form(path)
    assert notes.codes() == {"apply_form_below": 1} and len(layout.columns) == 3


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (["借据编号", "借款人", "申请金额（美元）"], "apply_form_unit"),
        (["借据编号", "借款人", "期限（年）"], "apply_form_unit"),
        (["什么", "也", "不是"], "apply_form_header"),
    ],
)
def test_a_form_that_cannot_be_filled_in_says_why(tmp_path: Path, header: list[str], code: str) -> None:
    with pytest.raises(InputError, match=code):
        read_form(form(tmp_path / "form.xlsx", header))


def test_a_form_that_is_no_workbook_or_a_trap_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "no.xlsx").write_text("借据编号,借款人,申请金额\n", encoding="utf-8")
    with pytest.raises(InputError, match="file_unreadable"):
        read_form(tmp_path / "no.xlsx")
    with pytest.raises(InputError, match="too_many_rows"):
        path = form(tmp_path / "huge.xlsx", ["借据编号", "借款人", "申请金额"])
        book = openpyxl.load_workbook(path)
        book.active["XFD1048576"] = 1  # two cells, and a rectangle of seventeen billion
        book.save(path)
        read_form(path)


def test_nothing_in_a_form_is_executed(simulated: OpenedRun, tmp_path: Path) -> None:
    path = form(
        tmp_path / "form.xlsx",
        ["=1+1", "@SUM(1)"],
        ["借据编号", "借款人", "申请金额", '=HYPERLINK("http://x","y")', "+1"],
    )
    layout, _ = read_form(path)
    out = tmp_path / "out.xlsx"
    write_application(out, apply_list(simulated, Q2, "icbc", "cerf"), layout, "=1+1", "zh")
    own = {"SUM", "SUMIF", "COUNTIF"}
    for sheet in openpyxl.load_workbook(out).worksheets:
        for cells in sheet.iter_rows():
            for cell in cells:
                assert cell.hyperlink is None
                if cell.data_type == "f":
                    assert cell.value[1:].split("(")[0] in own or cell.value.count("-") == 1
                elif isinstance(cell.value, str):
                    assert cell.value[:1] not in "=+@"
