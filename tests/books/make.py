"""Writes the files of tests/books/files: ``python -m tests.books.make``. outcomes.toml says what each must come to.

All are spoilt copies of one small book of three loans, so that a figure that changes is a mistake of the reading.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.books.sheets import Error, Formula, Page, Percent, Raw, compound, ods, xls, xlsx, zipped

FILES = Path(__file__).parent / "files"
Cells = list[list[Any]]

HEAD = [
    "借据编号",
    "金融机构",
    "项目编号",
    "碳减排领域",
    "贷款金额（万元）",
    "发放时利率（%）",
    "贷款发放日期",
    "贷款到期日期",
    "项目总投资（万元）",
    "项目年度碳减排量（吨）",
    "碳减排量测算依据",
]
ID, LENDER, PROJECT, SECTOR, AMOUNT, RATE, FROM, TO, INVESTED, TONNES, EVIDENCE = range(11)
ROWS = [
    ["JJ001", "icbc", "XM01", "风电", "1000", "3.85", "2022-01-05", "2032-01-05", "5000", "12000", "环评"],
    ["JJ002", "icbc", "XM02", "solar", "2000.5", "4.1", "2022-03-31", "2034-03-31", "8000", "20000", "可研"],
    ["JJ003", "icbc", "XM03", "biomass", "300", "3.7", "2022-09-30", "2027-09-30", "1000", "5000", "环评"],
]


def book(*edits: tuple[int, int, Any], head: Mapping[int, str] | None = None, more: Mapping[str, Sequence[Any]] = {}):  # type: ignore[no-untyped-def]
    """The book with cells changed (loan from 1, column, value), headers changed, and columns added on the right."""
    top = [(head or {}).get(i, text) for i, text in enumerate(HEAD)]
    rows: Cells = [list(row) for row in ROWS]
    for loan, column, value in edits:
        rows[loan - 1][column] = value
    return [top + list(more), *(row + [cells[i] for cells in more.values()] for i, row in enumerate(rows))]


BARE = book(head={AMOUNT: "贷款金额", INVESTED: "项目总投资", TONNES: "项目年度碳减排量"})
"""The book without a unit of any amount."""


def typed(cells: Cells) -> Cells:
    """The same as a spreadsheet holds it: numbers as numbers, days as days."""

    def one(text: Any, column: int) -> Any:
        if not isinstance(text, str):
            return text
        if column in (AMOUNT, RATE, INVESTED, TONNES):
            try:
                return float(text)
            except ValueError:
                return text
        if column in (FROM, TO):
            try:
                return dt.date.fromisoformat(text)
            except ValueError:
                return text
        return text

    return [cells[0], *([one(value, i) for i, value in enumerate(row)] for row in cells[1:])]


def text(cells: Cells, separator: str = ",", end: str = "\n", encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(cells)
    return out.getvalue().encode(encoding)


def lines(cells: Cells, *raw: str) -> bytes:
    """A CSV whose last lines are given as they are."""
    return text(cells) + "".join(line + "\n" for line in raw).encode()


def sheet(cells: Cells, name: str = "借据", **what: Any) -> bytes:
    return xlsx([Page(name, typed(cells), **what)])


def same(value: Any, column: int) -> list[tuple[int, int, Any]]:
    return [(loan, column, value) for loan in (1, 2, 3)]


def down(column: int, *values: Any) -> list[tuple[int, int, Any]]:
    return [(loan, column, value) for loan, value in enumerate(values, 1)]


def parquet(columns: Mapping[str, pa.Array]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), out)
    return out.getvalue()


def odd_types(**changes: pa.Array) -> bytes:
    columns = {
        "loan_id": pa.array(["JJ001", "JJ002", "JJ003"], pa.large_string()),
        "lender": pa.array(["icbc"] * 3).dictionary_encode(),
        "project_id": pa.array(["XM01", "XM02", "XM03"], pa.string_view()),
        "sector": pa.array(["wind", "solar", "biomass"]).dictionary_encode(),
        "principal": pa.array(
            [Decimal("10000000.00"), Decimal("20005000.00"), Decimal("3000000.00")], pa.decimal128(20, 2)
        ),
        "rate": pa.array([Decimal("0.0385"), Decimal("0.041"), Decimal("0.037")], pa.decimal128(9, 6)),
        "disbursed": pa.array(
            [dt.datetime(2022, 1, 4, 16), dt.datetime(2022, 3, 30, 16), dt.datetime(2022, 9, 29, 16)],
            pa.timestamp("ms"),
        ).cast(pa.timestamp("ms", "Asia/Shanghai")),
        "matures": pa.array([dt.date(2032, 1, 5), dt.date(2034, 3, 31), dt.date(2027, 9, 30)], pa.date64()),
        "project_investment": pa.array([50_000_000, 80_000_000, 10_000_000], pa.uint64()),
        "project_reduction": pa.array([12000.0, 20000.0, 5000.0], pa.float32()),
        "evidence": pa.array(["eia", "feasibility_study", "eia"]),
    }
    return parquet(columns | changes)


def total(word: str, amount: Any, column: int = ID) -> list[Any]:
    row: list[Any] = [""] * len(HEAD)
    row[column], row[AMOUNT] = word, amount
    return row


ENGLISH = [
    "Loan ID",
    "Lender",
    "Project ID",
    "Sector",
    "Principal (million yuan)",
    "Rate (%)",
    "Disbursed",
    "Matures",
    "Project investment (million yuan)",
    "Project reduction (t)",
    "Evidence",
]
NO_UNITS = {AMOUNT: "贷款金额", INVESTED: "项目总投资"}
PLAIN_RATE = {RATE: "发放时利率"}
WIDE = [""] * (len(HEAD) - 1)


def _texts() -> dict[str, bytes]:
    names = {"借款人": ["𠮷野能源", "㐂源", "龘风"]}
    return {
        # encodings and ends of lines
        "utf8.csv": text(book()),
        "utf8-bom.csv": text(book(), encoding="utf-8-sig"),
        "gbk.csv": text(book(), encoding="gbk"),
        "gb18030-four-bytes.csv": text(book(more=names), encoding="gb18030"),
        "utf16.csv": text(book(), encoding="utf-16"),
        "utf16-tabs.csv": text(book(), "\t", "\r\n", "utf-16"),
        "latin1.csv": text(
            book(
                *down(SECTOR, "wind"),
                head=dict(enumerate(["loan_id", "lender", "project_id", "sector"])),
                more={"borrower": ["Société", "Café", "Müller"]},
            )
        )
        .decode()
        .encode("latin-1", "replace"),
        "crlf.csv": text(book(), end="\r\n"),
        "cr.csv": text(book(), end="\r"),
        "mixed-ends.csv": text(book()).replace(b"\n", b"\r\n", 2),
        "no-last-end.csv": text(book()).rstrip(b"\n"),
        "tabs.csv": text(book(), "\t"),
        "semicolons.csv": text(book(), ";"),
        "chinese-commas.csv": "\n".join("，".join(row) for row in book()).encode(),
        "nul.csv": text(book((1, PROJECT, "XM\0 01"), more={"借款人": ["甲\0公司", "乙\x0b公司", "丙公司"]})),
        "control-in-id.csv": text(book((2, ID, "JJ\x07002"))),
        "quote-open.csv": lines(book()[:3], '"JJ003,icbc,XM03,biomass,300,3.7,2022-09-30,2027-09-30,1000,5000,环评'),
        "line-breaks-in-cells.csv": text(book(more={"备注": ["第一行\n第二行", "a,b", 'say "x"']})),
        # rows
        "ragged-rows.csv": lines(
            book()[:1],
            "JJ001,icbc,XM01,风电,1000,3.85,2022-01-05,2032-01-05,5000,12000,环评,多出的单元格",
            "JJ002,icbc,XM02,solar,2000.5,4.1,2022-03-31,2034-03-31,8000",
            "JJ003,icbc,XM03,biomass,300",
            "JJ004,icbc,XM03,biomass,300,3.7,2022-09-30,2027-09-30,1000,5000,环评",
        ),
        "row-padded.csv": lines(
            [[*HEAD, "省份", "备注"]],
            *(",".join(row) for row in ROWS[:2]),
            ",".join([*ROWS[2], "湖北", ""]),
        ),
        "quote-open-above.csv": lines(
            book()[:1],
            '"JJ001,icbc,XM01,风电,1000,3.85,2022-01-05,2032-01-05,5000,12000,环评',
            *(",".join(row) for row in ROWS[1:]),
        ),
        "split-thousands.csv": lines(
            book()[:3], "JJ003,icbc,XM03,biomass,1,300,3.7,2022-09-30,2027-09-30,9000,5000,环评"
        ),
        "blank-rows.csv": lines(
            book()[:2], ",,,,,,,,,,", ",,,,,,,,,,", *text(book()[2:]).decode().split(), ",,,,,,,,,,"
        ),
        "header-only.csv": text(book()[:1]),
        "empty.csv": b"",
        "blank.csv": b"\n\n  \n",
        "no-header.csv": text(book()[1:]),
        # headers
        "header-row-12.csv": text([["示范银行碳减排支持工具贷款台账"], *[[f"说明{n}"] for n in range(1, 11)], *book()]),
        "wide.csv": text([[*HEAD, *(f"附加{n}" for n in range(300))], *([*row, *[""] * 300] for row in ROWS)]),
        "duplicate-headers.csv": text(book(more={"贷款金额（万元）": ["1", "2", "3"]})),
        "column-twice.csv": text(book(more={"放款金额（万元）": ["1", "2", "3"]})),
        "near-miss.csv": text(book(head={EVIDENCE: "碳减排的测算依据"})),
        "near-miss-needed.csv": text(book(head={AMOUNT: "贷款发放的金额（万元）"})),
        "contract-amount.csv": text(book(head={AMOUNT: "合同金额（万元）"})),
        "balance.csv": text(book(head={AMOUNT: "贷款余额（万元）"})),
        "current-rate.csv": text(book(head={RATE: "执行利率（%）"})),
        "static-investment.csv": text(book(head={INVESTED: "静态投资（万元）"})),
        "equity.csv": text(book(head={INVESTED: "项目资本金（万元）"})),
        "bare-reduction.csv": text(book(head={TONNES: "年度碳减排量（吨）"})),
        "english.csv": text(
            book(
                *down(AMOUNT, "10", "20.005", "3"),
                *down(INVESTED, "50", "80", "10"),
                *down(EVIDENCE, "eia", "feasibility_study", "EIA"),
                head=dict(enumerate(ENGLISH)),
            )
        ),
        # units
        "units.csv": text(
            book(
                *down(AMOUNT, "0.1", "0.20005", "0.03"),
                *down(RATE, "38.5", "41", "37"),
                *down(TONNES, "1.2", "2", "0.5"),
                head={AMOUNT: "贷款金额(亿元)", RATE: "发放时利率（‰）", TONNES: "项目年度碳减排量（万吨）"},
            )
        ),
        "units-yuan-bp.csv": text(
            book(
                *down(AMOUNT, "10000000", "20005000", "3000000"),
                *down(RATE, "385", "410", "370"),
                head={AMOUNT: "贷款金额（元）", RATE: "发放时利率(bp)"},
            )
        ),
        "unit-above.csv": text([["", "", "", "", "单位：万元"], *book(head=NO_UNITS)]),
        "unit-conflict.csv": text([["单位：万元、亿元"], *book(head=NO_UNITS)]),
        "unit-unknown.csv": text(book(head={AMOUNT: "贷款金额（万两）"})),
        "unit-differs.csv": text([["单位：元"], *book()]),
        "unit-forgotten.csv": text(book(*down(AMOUNT, "10000000", "20005000", "3000000"), head={AMOUNT: "贷款金额"})),
        # numbers
        "thousands.csv": text(book(*down(AMOUNT, "1,000.00", "２，０００．５", "300"), (1, INVESTED, "5，000"))),
        "percent-signs.csv": text(book(*down(RATE, "3.85%", "4.1％", "3.70 %"), head=PLAIN_RATE)),
        "mixed-rates.csv": text(book(*down(RATE, "3.85", "0.041", "3.7%"), head=PLAIN_RATE)),
        "scientific-amount.csv": text(
            book(*down(AMOUNT, "1.23457E+11", "20005000", "3e6"), head={AMOUNT: "贷款金额（元）"})
        ),
        "words-in-amounts.csv": text(book(*down(AMOUNT, "1000万元", "￥2000.5", "(300)"))),
        "negative.csv": text(book((1, AMOUNT, "-1000"), (2, RATE, "-4.1"), (3, TONNES, "-900"), (2, INVESTED, "0"))),
        "finer-than-fen.csv": text(book((1, AMOUNT, "1000.0000001"), (2, TONNES, "20000.0000001"))),
        "yuan-under-wan.csv": text(book((1, AMOUNT, "1000000000000"), (1, INVESTED, "9" * 18))),
        "huge-digits.csv": text(book((1, AMOUNT, "9" * 400), (2, TONNES, "1e999"), (3, RATE, "NaN"))),
        # dates
        "dates-every-form.csv": text(
            book(
                *down(FROM, "2022/1/5", "2022年3月31日", "20220930"),
                *down(TO, "2032.01.05", "２０３４－０３－３１", "2027-9-30 00:00:00"),
            )
        ),
        "dates-serial.csv": text(book((1, FROM, "44566"))),
        "dates-impossible.csv": text(book((1, FROM, "2022-02-30"), (2, FROM, "1022-03-31"), (3, TO, "2022-09-30"))),
        "dates-day-first.csv": text(book((1, FROM, "05/01/2022"))),
        # ids and words
        "ids-scientific.csv": text(book((1, ID, "6.22E+17"), (2, ID, "6.22E+17"))),
        "ids-apostrophe.csv": text(
            book(*down(ID, "'622202000000000001", "'622202000000000002", "'622202000000000003"))
        ),
        "ids-tab.csv": text(book(*down(ID, "622202000000000001\t", "622202000000000002\t", "622202000000000003\t"))),
        "ids-zero-width.csv": text(book((1, ID, "JJ\u200b001"), (2, ID, "\ufeffJJ002"))),
        "ids-leading-zeros.csv": text(book(*down(ID, "0012", "12", "00012"))),
        "ids-twice.csv": text(book((2, ID, "JJ001"))),
        "currency.csv": text(book(more={"币种": ["人民币", "美元", "CNY"]})),
        "flag-not-new.csv": text(book(more={"是否借新还旧": ["否", "是", ""]})),
        "flag-reversed.csv": text(book(more={"冲销标志": ["0", "0", "1"]})),
        "unit-row-below-header.csv": text([BARE[0], ["", "", "", "", "（万元）", *[""] * 6], *BARE[1:]]),
        "unit-below-table.csv": text([*BARE, ["单位：万元", *[""] * 10]]),
        "unit-nowhere.csv": text(BARE),
        "refinances-flag.csv": text(book(more={"被置换借据编号": ["是", "否", "无"]})),
        "repayment-quarterly.csv": text(book(more={"还款方式": ["按季", "等额本金（按月）", "到期一次还本"]})),
        "applications.csv": text(
            [
                ["loan_id", "period", "status", "funded_on", "funded_amount"],
                ["JJ001", "第一季度", "funded", "2022-03-31", "6000000"],
                ["JJ002", "2022-03", "applied", "", ""],
                ["JJ003", "2022Q3", "funded", "九月", "1800000"],
            ]
        ),
        "balances-of-nobody.csv": text(
            [["借据号", "日期", "余额（万元）"], ["JJ009", "2024-12-31", "5"]], encoding="gbk"
        ),
        "unknown-words.csv": text(book((1, SECTOR, "核电"), (2, SECTOR, "清洁能源"), (3, EVIDENCE, "口头说明"))),
        "unknown-bank.csv": text(book((1, LENDER, "某某村镇银行"), (2, LENDER, ""))),
        "missing-cells.csv": text(book((1, ID, ""), (2, AMOUNT, ""), (3, FROM, "—"))),
        "out-of-range.csv": text(
            book(
                more={
                    "年还款次数": ["5", "4", ""],
                    "宽限期至": ["", "2035-01-01", ""],
                    "贷款带动的年度碳减排量（吨）": ["", "", "500"],
                }
            )
        ),
        "injection.csv": text(book((1, ID, "=1+1"), more={"借款人": ["=cmd|' /C calc'!A0", "+86 1", "@SUM(A1)"]})),
        "html.csv": text(book(more={"借款人": ["<script>alert(1)</script>", "<b>&amp;</b>", "]]>"]})),
        "long-text.csv": text(book(more={"借款人": ["长" * 10_001, "乙", "丙"]})),
        "example-row.csv": text([HEAD, ["示例 JJ000", *ROWS[0][1:]], *ROWS]),
        "total-english.csv": text([*book(), total("Grand Total", "3,300.50")]),
        "share-over-one.csv": text(book((1, INVESTED, "999"), (2, PROJECT, "XM03"), (2, INVESTED, "1000"))),
        "part-2.csv": text([HEAD, ["JJ004", *ROWS[0][1:]], ["JJ001", *ROWS[1][1:]]]),
        "prepayments.csv": text(
            [
                ["借据编号", "提前还款日期", "提前还款金额（万元）"],
                ["JJ001", "2024-01-05", "100"],
                ["JJ003", "2024-01-05", "-1"],
                ["JJ002", "2024-01-05", "999999"],
            ]
        ),
        "prepayments-unknown.csv": text(
            [["借据编号", "提前还款日期", "提前还款金额（万元）"], ["JJ999", "2024-01-05", "1"]]
        ),
    }


def _workbooks() -> dict[str, bytes]:
    merged = book((2, PROJECT, None), (2, INVESTED, None), (2, TONNES, None))
    groups = ["借据编号", "金融机构", "项目情况", "", "贷款情况", "", "", "", "项目情况", "", ""]
    names = ["", "", *HEAD[2:]]
    one_sheet = [Page("借据", typed(book()))]
    return {
        "plain.xlsx": sheet(book()),
        "all-text.xlsx": xlsx([Page("借据", book())]),
        "titles.xlsx": xlsx(
            [
                Page(
                    "借据",
                    [["示范银行碳减排支持工具贷款台账", *WIDE], [*WIDE, "单位：万元"], *typed(book(head=NO_UNITS))],
                    merged=["A1:K1"],
                )
            ]
        ),
        "two-row-header.xlsx": xlsx(
            [Page("借据", [groups, names, *typed(book())[1:]], merged=["A1:A2", "B1:B2", "C1:D1", "E1:H1", "I1:K1"])]
        ),
        "percent-under-percent.xlsx": sheet(book(*down(RATE, Percent(0.0385), Percent(0.041), Percent(0.037)))),
        "percent-cells.xlsx": sheet(
            book(*down(RATE, Percent(0.0385), Percent(0.041), Percent(0.037)), head=PLAIN_RATE)
        ),
        "epoch-1904.xlsx": xlsx([Page("借据", typed(book()))], first_1904=True),
        "dates-serial.xlsx": sheet(book((1, FROM, 44566))),
        "dates-as-text.xlsx": sheet(book((1, FROM, "2022年1月5日"), (2, FROM, "2022/3/31 "))),
        "totals.xlsx": sheet(
            [
                *book()[:3],
                total("小计", 3000.5),
                book()[3],
                total("合　计：", 3300.5),
                total("制表人：张三　复核：李四", ""),
            ]
        ),
        "totals-wrong.xlsx": sheet([*book(), total("合计", 4000)]),
        "totals-formula.xlsx": sheet([*book(), total("合计", Formula("SUM(E2:E4)"))]),
        "total-in-project-column.xlsx": sheet([*book(), total("总计", 3300.5, PROJECT)]),
        "hidden-only.xlsx": xlsx(
            [Page("说明页", [["本台账由信贷系统导出"]]), Page("借据", typed(book()), state="hidden")]
        ),
        "hidden-old.xlsx": xlsx([Page("借据", typed(book())), Page("旧版", typed(book()), state="veryHidden")]),
        "several-sheets.xlsx": xlsx(
            [
                Page("2021年", typed(book()[:2])),
                Page("2022年", typed([HEAD, *book()[2:]])),
                Page("汇总", [["合计", 3300.5]]),
            ]
        ),
        "chart-first.xlsx": xlsx(one_sheet, charts=["图表"]),
        "chart-only.xlsx": xlsx([], charts=["图表"]),
        "empty-sheet.xlsx": xlsx([Page("Sheet1", [])]),
        "sheet-names.xlsx": xlsx([Page("it's <借据> & 'x'", typed(book((1, AMOUNT, -1000))))]),
        "prepayments-sheet.xlsx": xlsx(
            [
                Page("借据", typed(book())),
                Page(
                    "提前还款",
                    [["借据编号", "提前还款日期", "提前还款金额（万元）"], ["JJ001", dt.date(2024, 1, 5), 100]],
                ),
            ]
        ),
        "ledger-sheets.xlsx": xlsx(
            [
                Page("借据", typed(book())),
                Page(
                    "申请与到账",
                    [
                        ["借据编号", "申报批次", "申报状态", "到账日期", "到账金额（万元）"],
                        ["JJ001", "2022Q1", "已到账", dt.date(2022, 3, 31), 600],
                        ["JJ002", "2022年第一季度", "未获批", None, None],
                    ],
                ),
                Page("贷款余额", [["借据编号", "数据日期", "余额（元）"], ["JJ003", dt.date(2024, 12, 31), 2.5e6]]),
                Page("还款计划", [["借据编号", "还款日期", "应还本金（元）"], ["示例-请覆盖", dt.date(2024, 1, 5), 1]]),
            ]
        ),
        "ledger-stops.xlsx": xlsx(
            [
                Page("借据", typed(book())),
                Page(
                    "期初批次",
                    [
                        ["工具", "借用日期", "到期日", "再贷款余额（元）", "再贷款利率（%）", "已展期次数"],
                        ["碳减排支持工具", dt.date(2021, 12, 31), dt.date(2022, 12, 31), None, 1.75, 0],
                    ],
                ),
                Page(
                    "项目调整",
                    [
                        ["项目编号", "调整日期", "调整后总投资（万元）", "调整原因"],
                        ["XM01", dt.date(2023, 1, 1), 0, None],
                    ],
                ),
            ]
        ),
        "many-sheets.xlsx": xlsx([Page(f"S{n}", [["x"]]) for n in range(201)]),
        "ids-numbers.xlsx": sheet(book(*down(ID, 622202000001, 622202000000002, 6222020000000003))),
        "ids-18-digits.xlsx": sheet(book(*down(ID, 622202000000000001, 622202000000000002, 622202000000000003))),
        "ids-dates.xlsx": sheet(book((1, ID, dt.date(2022, 1, 1)))),
        "ids-apostrophe.xlsx": sheet(book((1, ID, "'622202000000000001"))),
        "errors.xlsx": sheet(
            book(
                (1, AMOUNT, Error("#N/A")), (2, TONNES, Error("#REF!")), (3, INVESTED, Formula("1/0", Error("#DIV/0!")))
            )
        ),
        "formulas.xlsx": sheet(book((1, AMOUNT, Formula("500*2", 1000)), (2, ID, Formula('"JJ"&"002"', "JJ002")))),
        "formulas-never-computed.xlsx": sheet(book((1, AMOUNT, Formula("500*2")), (2, TONNES, Formula("A1")))),
        "formulas-nought.xlsx": xlsx(
            [Page("借据", typed(book((1, AMOUNT, Formula("500*2", 0)), (2, TONNES, Formula("A1", 0)))))],
            compute_on_load=True,
        ),
        "merged-projects.xlsx": sheet(merged, merged=["C2:C3", "I2:I3", "J2:J3"]),
        "filtered.xlsx": sheet(book(), hidden_rows=[3, 4], filtered="A1:K4"),
        "trailing-columns.xlsx": sheet([[*row, *[""] * 20, " "] for row in book()]),
        "far-cell.xlsx": sheet(book(), extra={"AZ900": "遗留"}),
        "last-corner.xlsx": sheet(book(), extra={"XFD1048576": "x"}),
        "booleans.xlsx": sheet(book((1, AMOUNT, True), (2, PROJECT, False))),
        "book.ods": ods([Page("借据", typed(book()))]),
        "book.xls": xls(Page("借据", book())),
    }


def _traps() -> dict[str, bytes]:
    lol = (
        '<!DOCTYPE w [<!ENTITY a "'
        + "ha" * 50
        + '">'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefg", "bcdefgh", strict=True))
        + "]>"
    )
    plain = sheet(book())
    shared = f'<?xml version="1.0"?>{lol}<workbook>&h;</workbook>'
    return {
        "zip-bomb.xlsx": zipped(
            {
                "[Content_Types].xml": "<Types/>",
                "xl/workbook.xml": "<workbook/>",
                "xl/worksheets/sheet1.xml": b" " * (80 << 20),
            }
        ),
        "entities.xlsx": xlsx([Page("借据", typed(book()))], parts={"xl/workbook.xml": shared}),
        "unknown-encoding.xlsx": xlsx(
            [Page("借据", typed(book()))],
            parts={"xl/_rels/workbook.xml.rels": '<?xml version="1.0" encoding="UTF-8TRUE"?>\n<Relationships/>'},
        ),
        "text.xlsx": text(book()),
        "workbook.csv": plain,
        "truncated.xlsx": plain[: len(plain) * 2 // 3],
        "password.xlsx": compound(
            {"EncryptionInfo": b"\4\0\4\0" + b"\x40\0\0\0<encryption/>", "EncryptedPackage": b"\7" * 5000}
        ),
        "html.xls": b"<html><table>"
        + "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in book()).encode()
        + b"</table></html>",
        "picture.pdf": b"%PDF-1.7\n",
        "not-parquet.parquet": b"PAR1 and no more",
        "broken-cells.xlsx": sheet(book((1, AMOUNT, Raw('<c r="{ref}"><v>not a number</v></c>')))),
        "shared-index.xlsx": sheet(book((1, AMOUNT, Raw('<c r="{ref}" t="s"><v>99</v></c>')))),
        "odd-types.parquet": odd_types(),
        "list-column.parquet": odd_types(borrower=pa.array([["a"], ["b"], []])),
        "binary-id.parquet": odd_types(loan_id=pa.array([b"JJ001", b"JJ002", b"\xff\xfe"])),
        "name-not-utf8.parquet": odd_types().replace(b"evidence", b"\xb1vidence"),
        "float-amounts.parquet": odd_types(principal=pa.array([1e7, float("nan"), float("inf")])),
        "parts/a.parquet": odd_types(),
        "parts/b.parquet": b"PAR1 and no more",
        "parts/.hidden.parquet": b"",
        "no-parquet/readme.txt": b"no table here\n",
    }


def files() -> dict[str, bytes]:
    """Every file by its path below ``FILES``."""
    made: dict[str, bytes] = {}
    parts: Sequence[Callable[[], dict[str, bytes]]] = (_texts, _workbooks, _traps)
    for part in parts:
        made |= part()
    return made


def main() -> None:
    for name, content in files().items():
        path = FILES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print(f"{len(files())} files, {sum(map(len, files().values())):,} bytes")


if __name__ == "__main__":
    main()
