"""The workbooks of an application: the list with the loans not on it, and the rows of the record that go with it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from relending.book.columns import columns
from relending.book.template import choices_of, header_of
from relending.lineage.applying import ApplicationList
from relending.report.apply_fields import word
from relending.report.apply_form import Layout
from relending.report.apply_list_sheet import write_list
from relending.report.apply_others_sheet import write_others
from relending.sheet import Styles, made_to_print, put
from relending.spreadsheet import workbook

TABLE = "applications"
SHEETS = {"zh": "申请与到账", "en": TABLE}
"""The sheet of the record, by the name under which a book's workbook may hold it."""
SPARE = 200
"""Rows below the loans in which a status may still be chosen."""
_FORMATS = {"id": "@", "text": "@", "period": "@", "money": "#,##0.00", "rate": "0.00####", "date": "yyyy-mm-dd"}


def write_application(path: Path, found: ApplicationList, layout: Layout, full_name: str, lang: str) -> None:
    """Write the list and the loans not on it to ``path`` (.xlsx); the same list gives the same bytes.

    Raises ``OSError`` where the disk refuses.
    """
    with workbook(path) as book:
        styles = Styles(book, lang)
        first, second = (book.add_worksheet(word(name, lang)) for name in ("list", "others"))
        write_list(first, found, layout, full_name, lang, styles)
        write_others(second, found, full_name, lang, styles)
        first.activate()


def write_applied(path: Path, found: ApplicationList, applied_on: dt.date | None, lang: str) -> None:
    """Write the loans of the list as rows of the record, applied for: what comes of it is filled in later.

    The columns are those of the dictionary's table ``applications``, read back as they are. Raises ``OSError`` where
    the disk refuses.
    """
    known = columns(TABLE)
    status = choices_of(known["status"], lang)[0]
    with workbook(path) as book:
        sheet = book.add_worksheet(SHEETS[lang])
        styles = Styles(book, lang)
        for at, column in enumerate(known.values()):
            put(sheet, 0, at, header_of(column, lang), styles.header())
            sheet.set_column(at, at, 20, styles(num_format=_FORMATS.get(column.type, "General")))
            offered = choices_of(column, lang)
            if offered:
                rule: dict[str, Any] = {"validate": "list", "source": offered, "error_type": "information"}
                sheet.data_validation(1, at, len(found.listed) + SPARE, at, rule)
        made_to_print(sheet, 0, len(known), lang)
        for i, loan in enumerate(found.listed.itertuples(index=False), 1):
            given = {
                "loan_id": loan.loan_id,
                "period": found.text,
                "status": status,
                "facility": found.facility.id,
                "applied_on": applied_on,
                "applied_amount": loan.asked_fen / 100,
            }
            for at, (name, column) in enumerate(known.items()):
                if given.get(name) is not None:
                    put(sheet, i, at, given[name], styles(num_format=_FORMATS.get(column.type, "General")))
