"""The smallest input of each finding about the bank's own ledger: what was received, what was there, what was owed.

The loans are those of the plain book: JJ001 of 10 million yuan, JJ002 of 20.005 million, JJ003 of 3 million.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.books.make import EVIDENCE, INVESTED, PROJECT, RATE, SECTOR, TONNES, book, text, typed
from tests.books.sheets import Page, xlsx

Make = Callable[[], list[str]]

HEADS = {
    "applications": "loan_id,period,status,funded_on,funded_amount,facility,rate,applied_on",
    "opening_tranches": "facility,drawn_on,due_on,principal,rate,rollovers_used,tranche",
    "opening": "facility,code,horizon,through,projects,amount,weighted_rate,reduction,project_ids",
    "schedule": "loan_id,date,principal",
    "balances": "loan_id,date,outstanding",
    "prepayments": "loan_id,date,amount",
    "revisions": "project_id,from,investment,reduction,evidence,reason",
    "other_loans": "lender,disbursed,principal,project_id,project_code",
}
FUNDED = "JJ001,2022Q1,funded,2022-03-31,6000000"
FUNDED2 = "JJ002,2022Q1,funded,2022-03-31,12003000"
TOTAL = "cerf,,,2023Q4,1,10000000,0.035,9000,XM01"
TRANCHE = "cerf,2021-12-31,2022-12-31,5000000,0.0175,0"


def beside(
    tables: dict[str, list[str]], *edits: tuple[int, int, Any], more: dict[str, Any] | None = None, **options: str
) -> Make:
    """The plain scenario with cells of its book changed, columns added, and tables beside it."""

    def make() -> list[str]:
        from tests.findings.cases import scenario

        for table, rows in tables.items():
            head = HEADS[table]
            whole = [row + "," * (head.count(",") - row.count(",")) for row in rows]
            Path(f"{table}.csv").write_text("\n".join([head, *whole]) + "\n", encoding="utf-8")
        files = "\n".join(f'{table} = "{table}.csv"' for table in tables)
        return scenario(files=files, rows=text(book(*edits, more=more or {})), **options)  # type: ignore[arg-type]

    return make


def applied(*rows: str, edits: tuple[tuple[int, int, Any], ...] = (), **options: str) -> Make:
    """A record of applications."""
    return beside({"applications": list(rows)}, *edits, **options)


def opened(*rows: str, **options: str) -> Make:
    """Opening tranches."""
    return beside({"opening_tranches": list(rows)}, **options)


def disclosed(*rows: str, more: dict[str, Any] | None = None, **options: str) -> Make:
    """Totals disclosed before a run that begins in 2024Q1."""
    return beside({"opening": list(rows)}, more=more, **{"start": "2024-01-01", **options})


def workbook(sheets: dict[str, list[list[str]]], *applied_rows: str) -> Make:
    """The book as a workbook with further sheets, and a record of applications in a file of its own."""

    def make() -> list[str]:
        from tests.findings.cases import scenario

        pages = [Page("借据", typed(book())), *(Page(name, rows) for name, rows in sheets.items())]
        Path("book.xlsx").write_bytes(xlsx(pages))
        files = ""
        if applied_rows:
            head = HEADS["applications"]
            whole = [row + "," * (head.count(",") - row.count(",")) for row in applied_rows]
            Path("applications.csv").write_text("\n".join([head, *whole]) + "\n", encoding="utf-8")
            files = 'applications = "applications.csv"'
        return scenario(files=files, book_is='book = "book.xlsx"')

    return make


def owed(*rows: str) -> Make:
    """Balances of loans."""
    return beside({"balances": list(rows)})


def repaid(*rows: str) -> Make:
    """A repayment schedule."""
    return beside({"schedule": list(rows)})


def replaces(*ids: str) -> Make:
    """The loan each of the three replaces."""
    return beside({}, more={"被置换借据编号": list(ids)})


def contract(limits: tuple[str, ...], **more: list[str]) -> Make:
    """Loans of one contract, with the amount of the contract each gives."""
    columns = {"合同编号": ["HT1"] * 3, "合同金额（万元）": list(limits), **more}
    return beside({}, more=columns)


def syndicate(total: str, share: str) -> Make:
    """The first loan, of a syndicate."""
    return beside({}, more={"银团贷款总额（万元）": [total, "", ""], "本行银团份额": [share, "", ""]})


def coded(codes: tuple[str, ...], *edits: tuple[int, int, Any]) -> Make:
    """Loans with national project codes."""
    return beside({}, *edits, more={"项目代码": list(codes)})


def others(*rows: str) -> Make:
    """Loans of other lenders."""
    return beside({"other_loans": list(rows)})


def revised(*rows: str) -> Make:
    """Revised figures of projects."""
    return beside({"revisions": list(rows)})


LEDGER: dict[str, Make] = {
    "unreadable_period": applied("JJ001,Q1,applied"),
    "application_unknown_loan": applied("JJ999,2022Q1,applied"),
    "application_conflict": applied(FUNDED, "JJ001,2022Q1,refused"),
    "application_followed": applied("JJ001,2022Q1,applied", "JJ001,2022Q1,refused"),
    "application_pending": applied("JJ001,2022Q1,applied"),
    "application_refused": applied("JJ001,2022Q1,refused"),
    "application_withdrawn": applied("JJ001,2022Q1,withdrawn"),
    "application_facility": applied(f"{FUNDED},clean_cole"),
    "applied_not_eligible": applied("JJ001,2022Q1,applied", edits=((1, EVIDENCE, ""),)),
    "not_applied": applied(),
    "part_funded": applied(FUNDED.replace("6000000", "5000000")),
    "part_funded_unclaimed": applied(FUNDED.replace("6000000", "5000000")),
    "funded_not_eligible": applied(FUNDED, edits=((1, EVIDENCE, ""),)),
    "receipt_incomplete": applied("JJ001,2022Q1,funded,2022-03-31"),
    "receipt_before_loan": applied(FUNDED.replace("2022-03-31", "2022-01-04")),
    "receipt_without_facility": applied(FUNDED, edits=((1, SECTOR, "核电"),), facilities='"cerf", "clean_coal"'),
    "receipt_rate_differs": applied(f"{FUNDED},,0.02"),
    "receipt_set_aside": applied(FUNDED, edits=((1, RATE, ""),)),
    "received_over_asked": applied(FUNDED.replace("6000000", "6000000.01")),
    "receipts_of_facilities": applied(
        FUNDED.replace("6000000", "3000000") + ",cerf",
        "JJ001,2022-02,funded,2022-03-31,3000000,clean_coal",
        facilities='"cerf", "clean_coal"',
    ),
    "opening_number_twice": beside({"opening_tranches": [TRANCHE + ",T1", TRANCHE + ",T1"]}),
    "opening_row_twice": opened(TRANCHE, TRANCHE),
    "receipt_not_said": applied("JJ001,2022Q1,applied,2022-03-31,6000000"),
    "receipt_unit": applied("JJ001,2022Q1,funded,2022-03-31,600"),
    "application_period_odd": applied("JJ001,2021Q4,refused"),
    "receipt_before_application": applied(f"{FUNDED},,,2022-04-02"),
    "application_twice": applied(FUNDED, FUNDED),
    "receipt_not_in_opening": beside({"applications": [FUNDED], "opening_tranches": [TRANCHE]}, start="2022-07-01"),
    "opening_covers_late": beside(
        {"applications": [FUNDED.replace("2022-03-31", "2024-01-02")], "opening": [TOTAL]}, start="2024-01-01"
    ),
    "opening_cost": opened(TRANCHE),
    "side_sheet_like": workbook({"申请到账": [["借据编号", "申报批次", "申报状态"], ["JJ001", "2022Q1", "已申报"]]}),
    "side_joined": workbook(
        {"申请与到账": [["借据编号", "申报批次", "申报状态"], ["JJ001", "2022Q1", "已申报"]]}, FUNDED2
    ),
    "opening_unknown": opened(TRANCHE.replace("cerf", "cref")),
    "opening_drawn_late": opened(TRANCHE.replace("2021-12-31", "2022-01-01")),
    "opening_due_early": opened(TRANCHE.replace("2022-12-31", "2021-12-31").replace("2021-12-31", "2020-12-31", 1)),
    "opening_rollovers": opened(TRANCHE.replace(",0.0175,0", ",0.0175,3")),
    "opening_due_differs": opened(TRANCHE.replace("2022-12-31", "2022-12-21")),
    "in_opening": opened(
        TRANCHE.replace("2021-12-31", "2022-03-31").replace("2022-12-31", "2023-03-31"), start="2022-07-01"
    ),
    "opening_through": disclosed(TOTAL.replace("2023Q4", "2024Q1")),
    "opening_twice": disclosed(TOTAL, TOTAL),
    "opening_not_summing": disclosed(TOTAL, "cerf,clean_energy,,2023Q4,1,9000000,0.035,9000,XM01"),
    "opening_sector_missing": disclosed(TOTAL),
    "opening_covers": disclosed(TOTAL),
    "opening_year_missing": disclosed(TOTAL.replace("2023Q4", "2023Q2"), start="2023-07-01"),
    "opening_ids_differ": disclosed(TOTAL.replace("XM01", "XM01；XM02")),
    "opening_projects_unknown": disclosed(TOTAL.replace("XM01", "")),
    "became_ineligible": beside({}, more={"不再符合条件日期": ["2023-05-01", "", ""]}),
    "ineligible_in_opening": lambda: [
        *disclosed(TOTAL, more={"不再符合条件日期": ["2024-05-01", "", ""]})(),
        *("--set", 'disclosure.ineligible="restated"'),
    ],
    "schedule_unknown_loan": repaid("JJ999,2023-06-30,10000000"),
    "schedule_date": repaid("JJ001,2022-01-05,10000000"),
    "schedule_not_positive": repaid("JJ001,2023-06-30,10000000", "JJ001,2024-06-30,0"),
    "schedule_sum": repaid("JJ001,2023-06-30,9000000"),
    "schedule_maturity": repaid("JJ001,2031-06-30,10000000"),
    "extension_not_later": beside({}, more={"展期后到期日期": ["2032-01-05", "", ""]}),
    "balance_unknown_loan": owed("JJ999,2023-06-30,10000000"),
    "balance_before_loan": owed("JJ001,2022-01-04,10000000"),
    "balance_over_principal": owed("JJ001,2023-06-30,10000000.01"),
    "balance_twice": owed("JJ001,2023-06-30,10000000", "JJ001,2023-06-30,9000000"),
    "balance_overdue": owed("JJ003,2027-12-31,1000000"),
    "balance_after_zero": beside(
        {"prepayments": ["JJ001,2023-06-30,10000000"], "balances": ["JJ001,2023-12-31,1000000"]}
    ),
    "refinances_itself": replaces("JJ001", "", ""),
    "refinances_later_loan": replaces("JJ002", "", ""),
    "refinanced": replaces("", "JJ001", ""),
    "refinanced_in_part": replaces("", "", "JJ001"),
    "contract_limit_exceeded": contract(("3000", "3000", "3000")),
    "contract_limit_differs": contract(("5000", "4000", "")),
    "over_syndicate_share": syndicate("5000", "0.1"),
    "syndicate_incomplete": syndicate("5000", ""),
    "project_code_differs": coded(("C1", "C2", ""), (2, PROJECT, "XM01"), (2, INVESTED, "5000"), (2, TONNES, "12000")),
    "project_code_twice": coded(("C1", "C1", "")),
    "others_over_investment": others("某行,2022-01-01,60000000,XM01"),
    "other_project_unknown": others("某行,2022-01-01,60000000,XM09"),
    "revision_twice": revised("XM01,2022-06-30,60000000,,,修编", "XM01,2022-06-30,70000000,,,修编"),
    "revision_project_unknown": revised("XM09,2022-06-30,60000000,,,修编"),
    "revision_differs": revised("XM02,2022-01-01,90000000,,,修编"),
    "revision_empty": revised("XM02,2022-01-01,,,,修编"),
    "ineligible_before_draw": beside({}, more={"不再符合条件日期": ["2022-02-01", "", ""]}),
}
"""The case of each code, where the books of tests/books do not show it."""
