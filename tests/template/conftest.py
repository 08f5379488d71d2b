"""A template filled in as a person does it: opened, cells typed over, saved by another program."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from relending.book.template import write_template

LOANS = {
    "zh": {
        "借据编号": ["00123456789012345678", "JJ-2"],
        "项目编号": ["P1", "P2"],
        "碳减排领域": ["太阳能利用", "风力发电"],
        "贷款金额（元）": [150_000_000.01, 80_000_000],
        "发放时利率（%）": [3.45, 3.6],
        "贷款发放日期": [dt.date(2024, 3, 15), dt.date(2024, 5, 20)],
        "贷款到期日期": [dt.date(2039, 3, 15), dt.date(2034, 5, 20)],
        "还款方式": ["等额本金", "到期一次还本"],
        "项目总投资（元）": [450_000_000, 200_000_000],
        "项目年度碳减排量（吨）": [95_000, 51_000.5],
        "碳减排量测算依据": ["可行性研究报告", "环评报告"],
    },
    "en": {
        "Loan ID": ["00123456789012345678", "JJ-2"],
        "Project ID": ["P1", "P2"],
        "Sector": ["", ""],
        "Principal (yuan)": [150_000_000.01, 80_000_000],
        "Rate (%)": [3.45, 3.6],
        "Disbursed": [dt.date(2024, 3, 15), dt.date(2024, 5, 20)],
        "Matures": [dt.date(2039, 3, 15), dt.date(2034, 5, 20)],
        "Repayment": ["equal_principal", "bullet"],
        "Project investment (yuan)": [450_000_000, 200_000_000],
        "Project reduction (t)": [95_000, 51_000.5],
        "Evidence": ["feasibility_study", "eia"],
    },
}
PARAMETERS = {
    "zh": {"金融机构": "中国工商银行股份有限公司", "报告季度": "2024Q2", "自有资金成本（%）": 2.95},
    "en": {"Lender": "icbc", "Quarter reported": "2024Q2", "Own cost of funds (%)": 2.95},
}
SHEETS = {"zh": ("参数", "借据", "提前还款"), "en": ("Parameters", "Loans", "Prepayments")}
BESIDE = {
    "zh": ("申请与到账", "还款计划", "贷款余额", "项目调整", "他行贷款", "期初批次", "期初披露数"),
    "en": ("Applications", "Schedule", "Balances", "Revisions", "Other loans", "Opening tranches", "Opening"),
}
"""The optional sheets, in their order."""


def sectors(lang: str) -> list[str]:
    from relending.policy import sectors

    return [getattr(sectors()[code], lang) for code in ("solar", "wind")]


def fill(
    path: Path,
    lang: str,
    parameters: dict[str, Any] | None = None,
    loans: dict[str, list[Any]] | None = None,
    keep_example: bool = False,
    beside: dict[str, list[list[Any]]] | None = None,
) -> None:
    """Type the parameters and loans into the template; the example rows are written over or cleared.

    ``beside``: rows of optional sheets by sheet, written over their examples; the other optional sheets stay.
    """
    book = openpyxl.load_workbook(path)
    answers, table, early = (book[name] for name in SHEETS[lang])
    for label, value in (PARAMETERS[lang] | (parameters or {})).items():
        row = next(r for r in range(1, answers.max_row + 1) if answers.cell(r, 1).value == label)
        answers.cell(row, 2).value = value
    heads = {table.cell(1, c).value: c for c in range(1, table.max_column + 1)}
    first = 3 if keep_example else 2
    if not keep_example:
        for sheet in (table, early):
            for c in range(1, sheet.max_column + 1):
                sheet.cell(2, c).value = None
    given = {**LOANS[lang], ("碳减排领域" if lang == "zh" else "Sector"): sectors(lang), **(loans or {})}
    for head, values in given.items():
        for r, value in enumerate(values, first):
            table.cell(r, heads[head]).value = value
    for name, rows in (beside or {}).items():
        sheet = book[name]
        for c in range(1, sheet.max_column + 1):
            sheet.cell(2, c).value = None
        for r, row in enumerate(rows, 2):
            for c, value in enumerate(row, 1):
                sheet.cell(r, c).value = value
    book.save(path)


@cache
def template_of(lang: str) -> bytes:
    """The template, written once: all that is filled in begins as it."""
    with tempfile.TemporaryDirectory() as folder:
        write_template(Path(folder) / "t.xlsx", lang)
        return (Path(folder) / "t.xlsx").read_bytes()


@pytest.fixture
def filled(tmp_path: Path) -> Callable[..., Path]:
    def make(lang: str = "zh", name: str = "一季度.xlsx", **options: Any) -> Path:
        path = tmp_path / name
        path.write_bytes(template_of(lang))
        fill(path, lang, **options)
        return path

    return make
