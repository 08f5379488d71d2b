"""Build the demonstration workbook ``scenarios/demo/demo.xlsx`` from the three CSV files beside this script.

    python tools/build_demo.py [OUT.xlsx]

``demo_projects.csv`` holds real projects: which value is published, derived or chosen stands beside each value, its
source in the last column. ``demo_loans.csv`` holds the loans: the bank, the borrowers and all rates, dates and terms
are invented, amounts are published where marked. Nothing is random, so the same bytes come out every time.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from pathlib import Path

import xlsxwriter

from relending import dates, policy

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "scenarios" / "demo" / "demo.xlsx"
CREATED = dt.datetime(2026, 11, 23)
REPAYMENT = {"bullet": "到期一次还本", "equal_principal": "等额本金", "equal_installment": "等额本息"}
EVIDENCE = {"feasibility_study": "可行性研究报告", "eia": "环评报告", "third_party": "第三方评估报告", "": ""}
BRANCHES = ("营业部", "城东支行", "城西支行", "开发区支行")

# header of the workbook -> kind of cell; the last column is for people, the reader passes over it with a note
HEADERS = {
    "借据编号": "text",
    "合同编号": "text",
    "金融机构": "text",
    "经办机构": "text",
    "借款人": "text",
    "项目编号": "text",
    "项目名称": "text",
    "可披露项目名称": "text",
    "碳减排领域": "text",
    "贷款用途": "text",
    "贷款发放类型": "text",
    "贷款金额（万元）": "number",
    "发放时利率（%）": "number",
    "贷款发放日期": "date",
    "贷款到期日期": "date",
    "还款方式": "text",
    "年还款次数": "number",
    "宽限期至": "date",
    "项目总投资（万元）": "number",
    "项目年度碳减排量（吨）": "number",
    "贷款带动的年度碳减排量（吨）": "number",
    "碳减排量测算依据": "text",
    "报告名称及文号": "text",
    "省份": "text",
    "装机容量（MW）": "number",
    "年发电量（MWh）": "number",
    "被置换借据编号": "text",
    "备注": "text",
}
PREPAYMENT_HEADERS = {"借据编号": "text", "日期": "date", "金额（元）": "number"}
BASIS_ZH = {"published": "公开", "derived": "推算", "chosen": "假设"}
REPORTED = {"SF2022062101": "76000"}  # the one loan whose attributed reduction is published


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of one of the CSV files beside this script."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _sector_text(value: str) -> str:
    """A sector code in its Chinese name; an alias, a field name or an unknown text as it stands."""
    known = policy.sectors().get(value)
    return known.zh if known else value


def _plus(day: dt.date, months: str) -> str:
    return dates.iso(int(dates.add_months(dates.to_day(day), int(months)))) if months else ""


def _remark(project: dict[str, str], loan: dict[str, str]) -> str:
    """Which values of the row are published (公开), derived (推算) or chosen (假设)."""
    of = {
        "贷款金额": loan["amount_basis"],
        "装机容量": project["capacity_basis"],
        "项目总投资": project["investment_basis"],
        "年发电量": project["output_basis"],
        "项目年度碳减排量": project["reduction_basis"],
    }
    said = [
        f"{zh}：" + "、".join(k for k, v in of.items() if v == basis)
        for basis, zh in BASIS_ZH.items()
        if basis in of.values()
    ]
    return "；".join([*said, "借款人、利率、期限、日期：假设"])


def loan_rows() -> list[dict[str, str]]:
    """The workbook's loan rows, every cell as text, in the order of ``demo_loans.csv``."""
    projects = {p["project_id"]: p for p in rows_of("demo_projects.csv")}
    out = []
    for n, loan in enumerate(rows_of("demo_loans.csv")):
        project = projects[loan["project_id"]]
        day = dt.date.fromisoformat(loan["disbursed"])
        loan_id = f"SF{day:%Y%m%d}01"
        evidence = "" if loan["spoilt"] == "no_evidence" else project["evidence"]
        out.append(
            dict(
                zip(
                    HEADERS,
                    (
                        loan_id,
                        f"HT{day.year}-{loan['project_id']}",
                        loan["lender"],
                        BRANCHES[n % len(BRANCHES)],
                        f"示范{project['region']}{loan['project_id'][1:]}号公司",
                        loan["project_id"],
                        project["project_name"],
                        project["publish_name"],
                        _sector_text(project["sector"]),
                        loan["purpose"] or "项目贷款",
                        loan["issue_type"] or "新增",
                        loan["principal_wan"],
                        loan["rate_pct"],
                        loan["disbursed"],
                        _plus(day, loan["months"]),
                        REPAYMENT[loan["repayment"]],
                        loan["payments_per_year"],
                        _plus(day, loan["grace_months"]),
                        project["investment_wan"],
                        project["reduction_t"],
                        REPORTED.get(loan_id, ""),
                        EVIDENCE[evidence],
                        project["evidence_doc"] if evidence else "",
                        project["region"],
                        project["capacity_mw"],
                        project["output_mwh"],
                        loan["refinances"],
                        _remark(project, loan),
                    ),
                    strict=True,
                )
            )
        )
    return out


def _sheet(workbook: xlsxwriter.Workbook, name: str, kinds: dict[str, str], rows: list[dict[str, str]]) -> None:
    sheet = workbook.add_worksheet(name)
    bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(kinds) - 1, 16)
    for column, header in enumerate(kinds):
        sheet.write_string(0, column, header, bold)
    for r, row in enumerate(rows, start=1):
        for column, (header, kind) in enumerate(kinds.items()):
            text = row[header]
            if not text:
                continue
            if kind == "number":
                # a worksheet stores binary doubles; the reader takes their shortest decimal, which is this text again
                sheet.write_number(r, column, float(text))
            elif kind == "date":
                sheet.write_datetime(r, column, dt.datetime.fromisoformat(text), day)
            else:
                sheet.write_string(r, column, text)


def build(out: Path = OUT) -> Path:
    """Write the workbook and return its path."""
    prepayments = [
        dict(zip(PREPAYMENT_HEADERS, (p["loan_id"], p["date"], p["amount_yuan"]), strict=True))
        for p in rows_of("demo_prepayments.csv")
    ]
    with xlsxwriter.Workbook(str(out)) as workbook:
        workbook.set_properties(
            {
                "title": "示范银行借据台账",
                "created": CREATED,
                "comments": "示范数据：银行与借款人为虚构；项目数据公开、推算或假设见备注列",
            }
        )
        _sheet(workbook, "借据", HEADERS, loan_rows())
        _sheet(workbook, "提前还款", PREPAYMENT_HEADERS, prepayments)
    return out


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT))
