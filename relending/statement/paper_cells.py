"""The index of cells 单元格索引 and the rules 依据: of every cell its loans, its rule, and its clauses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relending.dates import quarter_end
from relending.engine.context import Context
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import TOTAL
from relending.lineage.cell_loans import CellLoans
from relending.lineage.clauses import LENDERS, SECTORS, Clause, all_clauses, clauses
from relending.lineage.disclosed import Disclosed, Key
from relending.lineage.story import status_name
from relending.policy import PARAMETERS, source_in
from relending.sheet import DATE
from relending.statement.paper_layout import Layout
from relending.statement.paper_loans import sector_name, sectors_of_rows
from relending.statement.paper_page import NUMBER_KIND, WHOLE, Column, Link, Page, column
from relending.statement.paper_table import EXACT_FORMATS, exact_value, number_format, printed_value
from relending.statement.printed import MEASURES
from relending.statement.statement import Statement
from relending.statement.words import word
from relending.units import Ints

CELLS, RULES = (14, 17, 16, 20, 22, 10, 24, 40, 90), (22, 56, 12, 12, 12, 60)
IN_FORCE = "in_force"


def clause_name(clause: Clause, lang: str) -> str:
    """What a parameter, or a list, is called."""
    if clause.parameter in (SECTORS, LENDERS):
        return word(f"paper.{clause.parameter}", lang)
    what = PARAMETERS[clause.parameter]
    return what.zh if lang == "zh" else what.en


def clause_status(clause: Clause, lang: str) -> str:
    """How sure it is; marked unless it is in force."""
    told = status_name(clause.entry.status, lang)
    return told if clause.entry.status == IN_FORCE else word("paper.mark", lang, status=told)


def clause_value(clause: Clause, bank: str, lang: str) -> str:
    """What it says; sectors and the lender by name."""
    if clause.parameter == LENDERS:
        return f"{bank} ({clause.value})"
    if clause.parameter != SECTORS:
        return clause.value
    return word("paper.and", lang).join(sector_name(c, lang) for c in clause.value.split(","))


def clause_texts(told: Sequence[Clause], lang: str) -> str:
    """Clauses in words, those of one source and date together: what they are, the source, how sure, from when."""
    named: dict[tuple[str, str, str], list[str]] = {}
    for one in told:
        since = "" if one.since is None else word("paper.since", lang, day=one.since.isoformat())
        key = (source_in(one.entry, lang), clause_status(one, lang), since)
        what = clause_name(one, lang)
        if what not in named.setdefault(key, []):
            named[key].append(what)
    texts = [
        word("paper.clause", lang, what=word("paper.and", lang).join(what), source=source, status=status, since=since)
        for (source, status, since), what in named.items()
    ]
    return "\n".join(texts)


def write_cells(
    page: Page,
    context: Context,
    found: Disclosed,
    statement: Statement,
    cells: CellLoans,
    days: Ints,
    layout: Layout,
    lang: str,
) -> None:
    """Write the index; ``days`` are those of the disbursement of the loans of ``cells``."""
    page.title(word("paper_sheet.cells", lang))
    page.note(word("paper.cells_note", lang, sheet=layout.sheet))
    header = page.header(
        [
            word(f"paper_column.{k}", lang)
            for k in ("field", "horizon", "measure", "printed", "exact", "loans", "range", "rule", "clause")
        ]
    )
    for row in statement.rows:
        for horizon in HORIZONS:
            key = (horizon, row.code)
            told, between = _clauses(context, found, cells, days, key, lang), word("paper.between", lang)
            for measure in MEASURES:
                columns = [
                    Column("", CELLS[0]),
                    Column("", CELLS[1]),
                    Column("", CELLS[2]),
                    Column("", CELLS[3], NUMBER_KIND, number_format(statement.options, measure)),
                    Column("", CELLS[4], NUMBER_KIND, EXACT_FORMATS[measure]),
                    Column("", CELLS[5], NUMBER_KIND, WHOLE),
                    *(Column("", w) for w in CELLS[6:]),
                ]
                values = (
                    row.name[lang],
                    word(f"paper_horizon.{horizon}", lang),
                    word(f"paper_measure.{measure}", lang),
                    printed_value(statement, key, measure),
                    exact_value(found.cells[key], measure),
                    sum(b - a for a, b in cells.ranges[key]),
                    _range(layout, key, lang),
                    between.join(word(f"paper_rule.{k}", lang) for k in (horizon, measure)),
                    told,
                )
                page.line(columns, values)
    page.sheet.autofilter(header, 0, page.row - 1, len(CELLS) - 1)
    page.finish(header)


def _clauses(context: Context, found: Disclosed, cells: CellLoans, days: Ints, key: Key, lang: str) -> str:
    some = [np.arange(a, b) for a, b in cells.ranges[key]]
    if not some:
        return word("paper.no_clause", lang)
    at = np.concatenate(some)
    sectors = list(sectors_of_rows(cells.loans.iloc[at]))
    told = clauses(found.facility, context, found.lender, days[at], sectors, lang)
    return clause_texts(told, lang)


def _range(layout: Layout, key: Key, lang: str) -> object:
    parts = [word("paper.rows" if b > a else "paper.row", lang, first=a, last=b) for a, b in layout.rows(key)]
    if key in layout.openings:
        parts.append(word("paper.with_opening", lang, row=layout.openings[key]))
    if not parts:
        return word("paper.no_rows", lang)
    return Link(layout.link(key), word("paper.and", lang).join(parts))


def write_rules(page: Page, context: Context, found: Disclosed, bank: str, days: Ints, lang: str) -> Sequence[Clause]:
    """Write the values of the rules in force over the counted loans' dates."""
    page.title(word("paper_sheet.rules", lang))
    page.note(word("paper.rules_note", lang))
    until = int(quarter_end(found.quarter))
    told = all_clauses(found.facility, context, found.lender, days, until, lang)
    columns = [
        column("parameter", lang, RULES[0]),
        column("value", lang, RULES[1]),
        column("from", lang, RULES[2]),
        column("status", lang, RULES[3]),
        column("checked", lang, RULES[4], DATE),
        column("source", lang, RULES[5]),
    ]
    rows = [
        (
            clause_name(c, lang),
            clause_value(c, bank, lang),
            word("paper.from_start", lang) if c.since is None else c.since.isoformat(),
            clause_status(c, lang),
            c.entry.checked,
            source_in(c.entry, lang),
        )
        for c in told
    ]
    header, _ = page.table(columns, rows)
    page.finish(header)
    return told


__all__ = ["TOTAL", "clause_texts", "write_cells", "write_rules"]
