"""The table 披露表 with live figures: as printed, then exact and compared with what the run disclosed."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from relending.dates import quarter_text
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import TOTAL
from relending.lineage.disclosed import Disclosed, Figures, Key
from relending.lineage.whynot import Saved
from relending.statement.paper_layout import Layout, formula, printed_formula
from relending.statement.paper_page import (
    EXACT,
    NUMBER_KIND,
    RATE,
    TONNES,
    WHOLE,
    YUAN,
    Column,
    Formula,
    Page,
    column,
    tonnes,
    yuan,
)
from relending.statement.printed import MEASURES, Options
from relending.statement.statement import Statement
from relending.statement.wording import quarter_words
from relending.statement.words import word
from relending.units import E8

WIDTHS = (28, *(11, 20, 12, 22) * 3)
EXACT_FORMATS = {"projects": WHOLE, "amount": YUAN, "rate": RATE, "reduction": TONNES}
DASH = "—"


def number_format(options: Options, measure: str) -> str:
    """The number format of a printed figure.

    >>> number_format(Options(), "amount"), number_format(Options(), "projects")
    ('#,##0.00', '#,##0')
    """
    decimals = options.decimals(measure)
    return "#,##0" + (f".{'0' * decimals}" if decimals else "")


def printed_value(statement: Statement, key: Key, measure: str) -> float | int | str:
    """A figure as printed, as a cell holds it."""
    row = next(r for r in statement.rows if r.code == key[1])
    number = statement.printed(row, key[0]).number(measure)
    if number is None:
        return DASH
    return int(number) if measure == "projects" else float(number)


def exact_value(figures: Figures, measure: str) -> float | int | str:
    """An exact figure, as near as a cell holds it: yuan, tonnes, a fraction."""
    if measure == "projects":
        return figures.projects
    if measure == "rate":
        return float(Fraction(figures.weighted, figures.amount * E8)) if figures.amount else DASH
    return yuan(figures.amount) if measure == "amount" else tonnes(figures.reduction)


def write_table(page: Page, run: Saved, found: Disclosed, statement: Statement, layout: Layout, lang: str) -> None:
    """Write the sheet."""
    page.title(word("title.table", lang, bank=statement.full_name[lang], quarter=quarter_words(statement, lang)))
    page.heading(word("paper.printed", lang))
    page.note(word("paper.printed_note", lang, sheet=layout.sheet))
    _head(page, statement.options, lang)
    columns = [
        Column("", WIDTHS[0]),
        *(Column("", 12, NUMBER_KIND, number_format(statement.options, m)) for _ in HORIZONS for m in MEASURES),
    ]
    for row in statement.rows:
        figures = [
            Formula(
                f"={printed_formula(layout, (h, row.code), m, statement.options)}",
                printed_value(statement, (h, row.code), m),
                layout.link((h, row.code)),
            )
            for h in HORIZONS
            for m in MEASURES
        ]
        page.line(columns, (row.name[lang], *figures), row is statement.total)
    if statement.rounding_shows():
        page.note(word("paper.rounding", lang))
    page.heading(word("paper.exact", lang))
    page.note(word("paper.exact_note", lang, sheet=layout.sheet))
    if any(max(abs(f.amount), abs(f.reduction)) >= EXACT for f in found.cells.values()):
        page.note(word("paper.digits", lang), "#C00000")
    _compared(page, run, found, statement, layout, lang)
    page.finish()


def _head(page: Page, options: Options, lang: str) -> None:
    header = page.styles.header()
    page.sheet.set_row(page.row, 30)
    page.sheet.write_blank(page.row, 0, None, header)
    for at, horizon in enumerate(HORIZONS):
        first = 1 + at * len(MEASURES)
        page.sheet.merge_range(page.row, first, page.row, first + len(MEASURES) - 1, "", header)
        page.sheet.write_string(page.row, first, word(f"table.{horizon}", lang), header)
    page.row += 1
    page.header([word("table.field", lang), *(options.heading(m, lang) for _ in HORIZONS for m in MEASURES)])


def disclosed_rows(run: Saved, found: Disclosed) -> dict[Key, dict[str, object]]:
    """The rows of the run's disclosure table of this lender, facility and quarter."""
    table = run.tables["disclosure"]
    mine = (
        table["lender"].eq(found.lender)
        & table["facility"].eq(found.facility.id)
        & table["quarter"].eq(quarter_text(found.quarter))
    )
    rows = table[mine.fillna(False).to_numpy(dtype=bool)].to_dict("records")
    return {(str(r["horizon"]), str(r["code"])): {str(k): v for k, v in r.items()} for r in rows}


def _compared(page: Page, run: Saved, found: Disclosed, statement: Statement, layout: Layout, lang: str) -> None:
    of_run = word("paper_column.of_run", lang)
    keys = ("projects", "amount_yuan", "rate_fraction", "reduction_t")
    heads = [word(f"paper_column.{k}", lang) for k in keys]
    shown = disclosed_rows(run, found)
    # field, horizon, exact figures, those of the run, and whether they agree: under the columns of the table above
    columns = [column("cell", lang, WIDTHS[0])]
    for prefix in ("", of_run):
        columns += [Column(prefix + h, 12, NUMBER_KIND, EXACT_FORMATS[m]) for h, m in zip(heads, MEASURES, strict=True)]
    columns.append(column("agrees", lang, 11, NUMBER_KIND))
    page.header([c.header for c in columns])
    for row in statement.rows:
        for horizon in HORIZONS:
            key = (horizon, row.code)
            figures, told = found.cells[key], shown[key]
            name = f"{row.name[lang]} / {word(f'paper_horizon.{horizon}', lang)}"
            exact = [Formula(f"={formula(layout, key, m)}", exact_value(figures, m)) for m in MEASURES]
            check = _check(page.row + 1, figures, lang)
            page.line(columns, (name, *exact, *_of_run(told), check), row.code == TOTAL)


def _of_run(told: dict[str, object]) -> list[object]:
    rate = told["weighted_rate_e8"]
    return [
        int(str(told["projects"])),
        yuan(int(str(told["amount_fen"]))),
        DASH if pd.isna(rate) else int(str(rate)) / E8,
        tonnes(int(str(told["reduction_g"]))),
    ]


def _check(row: int, figures: Figures, lang: str) -> Formula:
    """Whether exact figures and the run's agree: to half of the last digit, or what a cell can hold of them."""
    same, differs = word("paper.same", lang), word("paper.differs", lang)
    amount = "0.004" if abs(figures.amount) < EXACT else f"ABS(G{row})*1E-14"
    grams = "0.0000004" if abs(figures.reduction) < EXACT else f"ABS(I{row})*1E-14"
    rate = f"IF(ISNUMBER(D{row}),ABS(D{row}-H{row})<=0.0000000050001,D{row}=H{row})"
    parts = f"B{row}=F{row},ABS(C{row}-G{row})<={amount},{rate},ABS(E{row}-I{row})<={grams}"
    return Formula(f'=IF(AND({parts}),"{same}","{differs}")', same)
