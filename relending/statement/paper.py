"""The work paper 工作底稿: one workbook that leads from any cell of the table to its loans, their rows and clauses.

It reconciles the statement to the book, the receipts and the previous statement. Internal: it is full of names.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from relending.findings import Findings, InputError
from relending.lineage.cell_loans import cell_loans
from relending.lineage.disclosed import Disclosed
from relending.lineage.whynot import Saved
from relending.outfile import whole_file
from relending.sheet import Styles
from relending.spreadsheet import workbook
from relending.statement import paper_annexes as annexes
from relending.statement import paper_book as book_sheets
from relending.statement import paper_cells as index
from relending.statement import paper_cover as cover
from relending.statement import paper_document as documents
from relending.statement import paper_findings as findings
from relending.statement import paper_loans as loans
from relending.statement import paper_receipts as receipts
from relending.statement import paper_rules as rule_sheet
from relending.statement import paper_table as table
from relending.statement.document import Document
from relending.statement.paper_layout import make_layout
from relending.statement.paper_page import Page
from relending.statement.statement import Statement
from relending.statement.words import word

MANY = 4_096
"""Loans from which on rows go to the disk as they are written: memory stays small, the file grows a little."""
MOST_ROWS = 1_048_576
"""Rows of a sheet."""
BRIDGE = 1_000
"""More rows than the bridge from the book has above the loans it leaves out, and below them."""


def write_paper(
    run: Saved,
    found: Disclosed,
    statement: Statement,
    lang: str,
    path: Path,
    *,
    comparison: Document | None = None,
    points: pd.DataFrame | None = None,
) -> None:
    """Write the work paper of a statement to ``path`` (.xlsx).

    ``comparison`` is what someone wrote of the differences from the previous statement, ``points`` the open and
    accepted points (loan_id, code, found, reason, by): a sheet each, if given. Raises InputError
    ``paper_too_many_loans`` where the loans do not fit on one sheet, InvariantError where a figure is not the sum of
    its loans or what they owe is not what the cost series says, OSError where the disk refuses.
    """
    cells = cell_loans(found)
    layout = make_layout(found, cells, word("paper_sheet.loans", lang))
    gone = book_sheets.left_out(run, found)
    _fits(max(layout.apart[1], len(gone) + BRIDGE))
    data = loans.LoanData(run, found, lang)
    rules = rule_sheet.make_rules(run.context(), found, cells, loans.counted_days(found, run, cells), lang)
    keys = ["table", "loans", "cells", "rules", "book", "receipts"]
    keys += ["comparison"] if comparison is not None else []
    keys += ["findings", *(["points"] if points is not None else []), "annexes"]
    with whole_file(path) as room, workbook(room, constant_memory=max(len(cells.loans), len(gone)) > MANY) as book:
        styles = Styles(book, lang)

        def page(key: str, widths: object) -> Page:
            return Page(book, word(f"paper_sheet.{key}", lang), lang, styles, [float(w) for w in widths])  # type: ignore[attr-defined]

        sheets = [(key, word(f"paper_sheet.{key}", lang)) for key in keys]
        cover.write_cover(page("cover", cover.WIDTHS), run, found, statement, sheets, lang)
        table.write_table(page("table", table.WIDTHS), run, found, statement, layout, lang)
        loans.write_loans(page("loans", [c.width for c in loans.loan_columns(lang)]), data, cells, layout, lang)
        index.write_cells(page("cells", index.cell_widths(rules, lang)), found, statement, cells, rules, layout, lang)
        rule_sheet.write_rules(page("rules", rule_sheet.RULES[lang]), rules, statement.full_name[lang], lang)
        book_sheets.write_book(page("book", book_sheets.BOOK), run, found, gone, layout, lang)
        receipts.write_receipts(page("receipts", receipts.RECEIPTS), run, found, lang)
        if comparison is not None:
            documents.write_document(page("comparison", documents.widths_of(comparison)), comparison)
        findings.write_findings(page("findings", findings.FINDINGS), run, found, lang)
        if points is not None:
            findings.write_points(page("points", findings.POINTS), points, lang)
        annexes.write_annexes(page("annexes", annexes.WIDTHS[lang]), found, data.owing, layout, lang)


def _fits(rows: int) -> None:
    if rows > MOST_ROWS:
        raise InputError(Findings.one("paper_too_many_loans", found=f"{rows:,}", expected=f"<= {MOST_ROWS:,}"))
