"""The index of cells 单元格索引: of every cell its loans, and the numbers of the rules it rests on."""

from __future__ import annotations

from relending.engine.disclosure import HORIZONS
from relending.lineage.cell_loans import CellLoans
from relending.lineage.clauses import Clause
from relending.lineage.disclosed import Disclosed, Key
from relending.statement.paper_layout import Layout
from relending.statement.paper_page import NUMBER_KIND, WHOLE, Column, Link, Page
from relending.statement.paper_rules import Rules, clause_name, remark_told
from relending.statement.paper_table import EXACT_FORMATS, exact_value, number_format, printed_value
from relending.statement.printed import MEASURES
from relending.statement.statement import Statement
from relending.statement.words import word

HEADS = ("field", "horizon", "measure", "printed", "exact", "loans", "range", "rule_horizon", "rule_measure")
_WIDTHS = {"zh": (14, 19, 16, 17, 21, 8, 34, 8, 8), "en": (46, 20, 24, 17, 21, 8, 44, 8, 8)}
_CLAUSE = {"zh": 9, "en": 13}


def cell_widths(rules: Rules, lang: str) -> list[float]:
    """The widths of the columns: one for each parameter that decides."""
    return [*map(float, _WIDTHS[lang]), *[float(_CLAUSE[lang])] * max(len(rules.deciding), 1)]


def write_cells(
    page: Page, found: Disclosed, statement: Statement, cells: CellLoans, rules: Rules, layout: Layout, lang: str
) -> None:
    """Write the index."""
    page.title(word("paper_sheet.cells", lang))
    page.note(word("paper.cells_note", lang, sheet=layout.sheet, rules=rules.sheet))
    named = [clause_name(name, lang) for name in rules.deciding] or [word("paper.clauses", lang)]
    header = page.header([*(word(f"paper_column.{k}", lang) for k in HEADS), *named])
    for row in statement.rows:
        for horizon in HORIZONS:
            key = (horizon, row.code)
            clauses = _clauses(rules, key, lang)
            for measure in MEASURES:
                numbers = {
                    "printed": number_format(statement.options, measure),
                    "exact": EXACT_FORMATS[measure],
                    "loans": WHOLE,
                }
                columns = [
                    Column("", w, NUMBER_KIND if k in numbers else "text", numbers.get(k, ""))
                    for k, w in zip(HEADS, _WIDTHS[lang], strict=True)
                ]
                columns += [Column("", _CLAUSE[lang], NUMBER_KIND)] * len(clauses)
                values = (
                    row.name[lang],
                    word(f"paper_horizon.{horizon}", lang),
                    word(f"paper_measure.{measure}", lang),
                    printed_value(statement, key, measure),
                    exact_value(found.cells[key], measure),
                    sum(b - a for a, b in cells.ranges[key]),
                    _range(layout, key, lang),
                    *(rules.calculation(k, lang) for k in (horizon, measure)),
                    *clauses,
                )
                page.line(columns, values)
    page.sheet.autofilter(header, 0, page.row - 1, len(page.widths) - 1)
    page.finish(header)
    page.sheet.fit_to_pages(1, 1)


def _clauses(rules: Rules, key: Key, lang: str) -> list[object]:
    """What stands under each deciding parameter: the numbers of its values, which lead to the first of them."""
    told: dict[str, list[Clause]] = {}
    for one in rules.of[key]:
        told.setdefault(one.parameter, []).append(one)
    none = word("paper.no_clause", lang)
    if not rules.deciding:
        return [none]
    return [_numbers(rules, told.get(name, []), lang) if told else none for name in rules.deciding]


def _numbers(rules: Rules, some: list[Clause], lang: str) -> object:
    if not some:
        return None
    numbers = word("paper.and", lang).join(str(rules.number(one)) for one in some)
    remarks = [remark_told(r, lang) for r in dict.fromkeys(one.remark for one in some) if r]
    return Link(rules.link(some[0]), " ".join([numbers, *remarks]))


def _range(layout: Layout, key: Key, lang: str) -> object:
    parts = [word("paper.rows" if b > a else "paper.row", lang, first=a, last=b) for a, b in layout.rows(key)]
    if key in layout.openings:
        parts.append(word("paper.with_opening", lang, row=layout.openings[key]))
    if not parts:
        return word("paper.no_rows", lang)
    return Link(layout.link(key), word("paper.and", lang).join(parts))
