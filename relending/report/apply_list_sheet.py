"""The first sheet 申请清单: a row a loan, totals and subtotals as live sums, collateral, lines to sign."""

from __future__ import annotations

from typing import Any

from relending.dates import iso
from relending.lineage.applying import ApplicationList
from relending.report.apply_cells import figure, percent_of, places, same_for_all, total_of, values_of
from relending.report.apply_fields import Column, number_format, units, word
from relending.report.apply_form import Layout, filled_head
from relending.sheet import Styles, fit_row, lines_of, made_to_print, put
from relending.units import decimal_text

EMPTY, PLEDGED = 12, 4
"""Width of a column left empty; the column under which the amount pledged stands."""
LINES = 3
"""Lines left to fill in collateral."""
MONEY_FORMAT, PERCENT_FORMAT = "#,##0.00", "0.00##"
SIGNED = ("prepared", "checked", "responsible", "date")


def write_list(sheet: Any, found: ApplicationList, layout: Layout, full_name: str, lang: str, styles: Styles) -> None:
    """Write the sheet; ``sheet`` is one of XlsxWriter's."""
    said = same_for_all(found, full_name, lang)
    header = _own_head(sheet, found, said, lang, styles) if layout.own else _form_head(sheet, layout, said, styles)
    for at, column in enumerate(layout.columns):
        put(sheet, header, at, column.header, styles.header())
        sheet.set_column(at, at, _width(found, column, at))
    sheet.set_row(header, 42)
    made_to_print(sheet, header, len(layout.columns), lang)
    first, last = header + 1, header + len(found.listed)
    lines = [1] * len(found.listed)
    for at, column in enumerate(layout.columns):
        wide = _column(sheet, first, at, column, found, said, lang, styles)
        lines = [max(pair) for pair in zip(lines, wide, strict=True)]
    for i, n in enumerate(lines):
        fit_row(sheet, first + i, n)
    row = _totals(sheet, first, last, found, layout, said, lang, styles)
    row = _collateral(sheet, row + 2, found, lang, styles)
    for k, key in enumerate(SIGNED):
        put(sheet, row + 1, k * max(len(layout.columns) // len(SIGNED), 1), word(key, lang), styles.label())


def _width(found: ApplicationList, column: Column, at: int) -> int:
    """The width of a column: a figure that does not fit would not be seen at all."""
    width = column.field.width if column.field is not None else EMPTY
    if at == PLEDGED and found.pledge is not None:
        width = max(width, len(decimal_text(found.pledge, 2)) + 2)
    if column.field is None or not units(column.field.kind):
        return width
    values = [v for v in values_of(found.listed, column.field, {}, "en") if isinstance(v, int)]
    return max([width, *(places(v, column) + 1 for v in [*values, *([sum(values)] if column.field.sum else [])])])


def _own_head(sheet: Any, found: ApplicationList, said: dict[str, str], lang: str, styles: Styles) -> int:
    """Title and what the list is of; the row of the header comes back."""
    projects = found.listed["project_id"].nunique()
    lines = (
        word("lender", lang, lender=said["lender"]),
        word("facility", lang, facility=said["facility"]),
        word("period", lang, period=said["period"], day=iso(found.draw_day)),
        word("counts", lang, loans=len(found.listed), projects=projects),
        word("unit", lang),
    )
    put(sheet, 0, 0, word("title", lang, facility=said["facility"]), styles.title())
    sheet.set_row(0, 26)
    for i, text in enumerate(lines, 1):
        put(sheet, i, 0, text, styles.label())
    return len(lines) + 1


def _form_head(sheet: Any, layout: Layout, said: dict[str, str], styles: Styles) -> int:
    for i, row in enumerate(filled_head(layout.head, said)):
        for at, text in enumerate(row):
            if text:
                put(sheet, i, at, text, styles.label(bold=i == 0))
    return len(layout.head)


def _column(
    sheet: Any,
    first: int,
    at: int,
    column: Column,
    found: ApplicationList,
    said: dict[str, str],
    lang: str,
    styles: Styles,
) -> list[int]:
    """Write one column; how many lines each of its cells takes comes back."""
    n = len(found.listed)
    if column.field is None:
        for i in range(n):
            put(sheet, first + i, at, None, styles.cell("text"))
        return [1] * n
    scaled = bool(units(column.field.kind)) and column.field.kind != "count"
    style = styles.cell(column.field.kind, number_format(column) if scaled else "")
    values = values_of(found.listed, column.field, said, lang)
    for i, value in enumerate(values):
        exact = figure(value, column) if scaled and isinstance(value, int) else value
        put(sheet, first + i, at, exact, style)
    return [lines_of(value, column.field.width) for value in values]


def _totals(
    sheet: Any,
    first: int,
    last: int,
    found: ApplicationList,
    layout: Layout,
    said: dict[str, str],
    lang: str,
    styles: Styles,
) -> int:
    """The row of totals and, below it, of each field, as formulas with their values; the last row comes back."""
    from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

    columns, row = layout.columns, last + 1
    summed = [at for at, c in enumerate(columns) if c.field is not None and c.field.sum]
    label = next((at for at in range(len(columns)) if at not in summed), None)
    home = next((at for at, c in enumerate(columns) if c.field is not None and c.field.name == "field"), None)
    groups = [] if home is None else list(dict.fromkeys(_fields(found, columns[home], said, lang)))
    for group in (None, *groups):
        for at in range(len(columns)):
            put(sheet, row, at, None, styles.cell("text", bold=True))
        if label is not None:
            put(sheet, row, label, word("total" if group is None else "of_which", lang), styles.cell("text", bold=True))
        some = found.listed
        if group is not None and home is not None:
            if home != label:
                put(sheet, row, home, group, styles.cell("text", bold=True))
            mine = [name == group for name in _fields(found, columns[home], said, lang)]
            some = found.listed[mine]
        for at in summed:
            here = xl_range_abs(first, at, last, at)
            formula = f"=SUM({here})"
            if group is not None and home is not None:
                named = xl_rowcol_to_cell(row, home, col_abs=True)
                formula = f"=SUMIF({xl_range_abs(first, home, last, home)},{named},{here})"
            style = styles.cell("figure", number_format(columns[at]), bold=True)
            sheet.write_formula(row, at, formula, style, total_of(some, columns[at]))
        row += 1
    return row - 1


def _fields(found: ApplicationList, column: Column, said: dict[str, str], lang: str) -> list[str]:
    assert column.field is not None
    return [str(v) for v in values_of(found.listed, column.field, said, lang)]


def _collateral(sheet: Any, row: int, found: ApplicationList, lang: str, styles: Styles) -> int:
    """What is pledged: the amount it must come to where the facility has a haircut, and lines to fill in."""
    put(sheet, row, 0, word("collateral", lang), styles.label(bold=True))
    for at, key in enumerate(("collateral_name", "face_value", "haircut", "pledged"), 1):
        put(sheet, row + 1, at, word(key, lang), styles.header())
    fit_row(sheet, row + 1, 2)
    row += 2
    if found.haircut_ppm is not None and found.pledge is not None:
        put(sheet, row, 1, word("to_pledge", lang), styles.cell("text"))
        fit_row(sheet, row, 4)
        put(sheet, row, 2, None, styles.cell("text"))
        put(sheet, row, 3, percent_of(found.haircut_ppm), styles.cell("figure", PERCENT_FORMAT))
        put(sheet, row, PLEDGED, found.pledge / 100, styles.cell("figure", MONEY_FORMAT))
        row += 1
    for line in range(row, row + LINES):
        for at in range(1, 5):
            number = ("", MONEY_FORMAT, PERCENT_FORMAT, MONEY_FORMAT)[at - 1]
            put(sheet, line, at, None, styles.cell("figure" if number else "text", number))
    return row + LINES
