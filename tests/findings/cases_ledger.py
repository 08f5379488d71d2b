"""The smallest input of each finding about the bank's own ledger: what was received, what was there, what was owed.

The loans are those of the plain book: JJ001 of 10 million yuan, JJ002 of 20.005 million, JJ003 of 3 million.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.books.make import EVIDENCE, RATE, SECTOR, book, text

Make = Callable[[], list[str]]

HEADS = {
    "applications": "loan_id,period,status,funded_on,funded_amount,facility,rate",
    "opening_tranches": "facility,drawn_on,due_on,principal,rate,rollovers_used",
    "opening": "facility,code,horizon,through,projects,amount,weighted_rate,reduction,project_ids",
    "schedule": "loan_id,date,principal",
    "balances": "loan_id,date,outstanding",
    "prepayments": "loan_id,date,amount",
}
FUNDED = "JJ001,2022Q1,funded,2022-03-31,6000000"
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


def owed(*rows: str) -> Make:
    """Balances of loans."""
    return beside({"balances": list(rows)})


def repaid(*rows: str) -> Make:
    """A repayment schedule."""
    return beside({"schedule": list(rows)})


def replaces(*ids: str) -> Make:
    """The loan each of the three replaces."""
    return beside({}, more={"被置换借据编号": list(ids)})


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
    "funded_not_eligible": applied(FUNDED, edits=((1, EVIDENCE, ""),)),
    "receipt_incomplete": applied("JJ001,2022Q1,funded,2022-03-31"),
    "receipt_before_loan": applied(FUNDED.replace("2022-03-31", "2022-01-04")),
    "receipt_without_facility": applied(FUNDED, edits=((1, SECTOR, "核电"),), facilities='"cerf", "clean_coal"'),
    "receipt_rate_differs": applied(f"{FUNDED},,0.02"),
    "receipt_set_aside": applied(FUNDED, edits=((1, RATE, ""),)),
    "received_over_asked": applied(FUNDED.replace("6000000", "6000000.01")),
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
    "ineligible_before_draw": beside({}, more={"不再符合条件日期": ["2022-02-01", "", ""]}),
}
"""The case of each code, where the books of tests/books do not show it."""
