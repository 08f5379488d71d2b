"""Statements to print, and readers of what was printed that know nothing of how it is written."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
from python_calamine import CalamineWorkbook

import relending as rl
from relending.dates import parse_quarter
from relending.lineage.disclosed import Disclosures, Figures
from relending.scenario import shipped_group
from relending.statement.compose import compose
from relending.statement.document import Document
from relending.statement.printed import Options, options_of
from relending.statement.statement import Reason, Row, Statement, make_statement

ROOT = Path(__file__).resolve().parents[2]
HORIZONS = ("quarter", "year", "since_start")
MEASURES = ("projects", "amount", "rate", "reduction")
LANGS = ("zh", "en")
STATEMENTS = shipped_group("statements")
DRAFT = (Reason("simulated", 26),)
HOSTILE = [
    "=cmd|'/C calc'!A0",
    "+1",
    "-7|-8",
    "@SUM(A1)",
    "</td></table><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a|b||c\\|d",
    "`code` *star* _line_ ~~no~~ [x](http://x) ![i](http://x/i.png) $x$ <b>",
    "# title\n## two\n- item\r\n1. one",
    "---",
    "> quote",
    "NUL\x00 and \x1b[31m and \ufffe and \ud800",
    "right\u202eleft\u2066",
    "&lt;b&gt; &amp; &#60;",
    "https://example.org www.example.org",
    "{{ 7*7 }}{% if %}",
    "甲" * 3000,
    '&A&P &"Arial"',
]
"""Names that a reader, a printer or a file format would obey."""


@cache
def run_of(name: str) -> Any:
    """A shipped scenario's run."""
    return rl.run(name)


@cache
def disclosures_of(name: str) -> Disclosures:
    """The disclosed figures of a shipped scenario's run."""
    return Disclosures(run_of(name))


def statement_of(name: str, lender: str, quarter: str, facility: str = "cerf", **more: Any) -> Statement:
    """The statement of a quarter of a shipped scenario, at the scenario's own options."""
    found = disclosures_of(name).of(lender, facility, parse_quarter(quarter))
    return make_statement(run_of(name), found, options_of(run_of(name).manifest), **more)


def printed_by(name: str) -> list[tuple[str, str, str]]:
    """Lender, facility and quarter of every statement a run can print."""
    table = run_of(name).tables["disclosure"]
    mine = table[table["horizon"].eq("quarter") & table["code"].eq("total")]
    return [(r.lender, r.facility, r.quarter) for r in mine.itertuples() if r.quarter >= "2021Q4"]


def published(name: str) -> dict[tuple[str, str], tuple[str, str]]:
    """What a bank published, by horizon and measure: the digits as printed, and their unit."""
    one = name.removeprefix("statements/")
    path = ROOT / "scenarios/statements/published" / f"{one}-published.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    measures = {"weighted_rate": "rate"}
    return {(r["horizon"], measures.get(r["measure"], r["measure"])): (r["value"], r["unit"]) for r in rows}


def statement_as_published(name: str) -> Statement:
    """The statement of a published one, in the units and to the decimals the bank printed."""
    figures = published(name)
    lender, quarter = next((r.lender, r.quarter) for r in run_of(name).published.itertuples())
    decimals: dict[str, int] = {}
    for (_, measure), (value, _) in figures.items():
        if measure != "projects":
            places = len(value.partition(".")[2])
            decimals[measure] = max(decimals.get(measure, 0), places)
    units = {measure: unit for (_, measure), (_, unit) in figures.items()}
    made = statement_of(name, lender, quarter)
    options = made.options.but(
        amount_unit={"万元": "wan_yuan", "亿元": "yi_yuan"}[units["amount"]],
        reduction_unit={"吨": "t", "万吨": "wan_t"}[units.get("reduction", "吨")],  # one gives none
        **decimals,
    )
    return replace(made, options=options)


def made_of(figures: dict[str, tuple[Figures, ...]], options: Options | None = None) -> Statement:
    """The demonstration's statement with other figures: by horizon those of the rows, without the total."""
    one = statement_of("demo", "demo", "2024Q2")
    rows = [Row(r.code, r.name, {h: figures[h][i] for h in HORIZONS}) for i, r in enumerate(one.rows[:-1])]
    total = {h: sum(figures[h], Figures()) for h in HORIZONS}
    return replace(one, rows=(*rows, Row("total", one.total.name, total)), options=options or one.options)


def hostile_statements() -> Iterator[tuple[str, Statement]]:
    """A draft for each hostile name, which is that of the bank and of a project."""
    one = statement_of("demo", "demo", "2024Q2", reasons=DRAFT)
    for text in HOSTILE:
        names = dict.fromkeys(LANGS, text)
        yield text, replace(one, full_name=names, short_name=names, projects=(text,))


def texts_of(statement: Statement, lang: str = "en") -> list[list[str]]:
    """The figures as printed in a language: a row for each row of the table."""
    return [[statement.printed(row, h).text(m, lang) for h in HORIZONS for m in MEASURES] for row in statement.rows]


def in_file(kind: str, lang: str) -> str:
    """The language whose way of printing figures a file has: a workbook sets thousands apart in both."""
    return "en" if kind == "xlsx" else lang


def document_of(statement: Statement, lang: str) -> Document:
    """The document of a statement by our own text."""
    return compose(statement, lang)


class Page(HTMLParser):
    """A page of HTML: its tags, the places of its tables, the texts of its elements."""

    VOID = ("meta", "col", "br", "img", "link", "input", "wbr")
    HOLDERS = ("html", "head", "body", "main", "table", "thead", "tbody", "tr", "div")

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str, str]] = []  # tag, class, text
        self.grids: list[dict[tuple[int, int], str]] = []
        self.parts: list[dict[tuple[int, int], tuple[str, dict[str, str | None]]]] = []
        self._row = self._column = -1
        self.feed(page)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        assert len(about) == len(attrs), attrs
        self.tags.append((tag, about))
        if tag in self.VOID:
            return
        self.open.append((tag, about))
        if tag == "table":
            self.grids.append({})
            self.parts.append({})
            self._row = -1
        elif tag == "tr":
            self._row, self._column = self._row + 1, 0
        if tag in ("th", "td", "p", "h1", "h2", "caption", "footer", "title", "style"):
            self.texts.append((tag, about.get("class") or "", ""))
        if tag in ("th", "td"):
            while (self._row, self._column) in self.grids[-1]:
                self._column += 1
            self._place = [
                (self._row + i, self._column + j)
                for i in range(int(about.get("rowspan") or 1))
                for j in range(int(about.get("colspan") or 1))
            ]
            for place in self._place:
                assert place not in self.grids[-1]
                self.grids[-1][place] = ""
                self.parts[-1][place] = (tag, about)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1][0] in self.HOLDERS:
            assert not data.strip(), data
            return
        tag, kind, text = self.texts[-1]
        self.texts[-1] = (tag, kind, text + data)
        if tag in ("th", "td"):
            for place in self._place:
                self.grids[-1][place] += data

    def rows(self, at: int = 0) -> list[list[str]]:
        """The places of a table, row by row."""
        grid = self.grids[at]
        rows, columns = (max(place[i] for place in grid) + 1 for i in (0, 1))
        assert len(grid) == rows * columns, "a hole in the table"
        return [[grid[r, c] for c in range(columns)] for r in range(rows)]

    def of(self, tag: str, kind: str = "") -> list[str]:
        """The texts of elements by tag and class."""
        return [text for t, k, text in self.texts if t == tag and (not kind or k == kind)]


def pipe_tables(text: str) -> list[tuple[list[str], list[list[str]]]]:
    """The pipe tables of a Markdown text: alignments, and rows (the header first), backslashes and marks taken away."""
    tables: list[tuple[list[str], list[list[str]]]] = []
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if re.fullmatch(r"\|( :?-+:? \|)+", line):
            end = next(j for j in range(i, len(lines)) if not lines[j].startswith("|"))
            rows = [_cells(one) for one in (lines[i - 1], *lines[i + 1 : end])]
            assert len({len(row) for row in rows}) == 1
            tables.append((_cells(line), rows))
    return tables


def _cells(line: str) -> list[str]:
    assert line.startswith("| ") and line.endswith(" |")
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line[1:-1])]
    return [re.sub(r"\\(.)", r"\1", cell[2:-2] if cell.startswith("**") else cell) for cell in cells]


class Sheet:
    """The first sheet of a workbook by two readers: its figures, formulas and texts."""

    def __init__(self, path: Path, rows: int) -> None:
        self.values = openpyxl.load_workbook(path, data_only=True)
        self.formulas = openpyxl.load_workbook(path)
        self.sheet, self.told = self.values.worksheets[0], self.formulas.worksheets[0]
        column = [self.sheet.cell(r, 1).value for r in range(1, self.sheet.max_row + 1)]
        self.last = max(r for r, v in enumerate(column, 1) if v in ("合计", "Total"))
        self.first = self.last - rows + 1
        self.other = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)

    def texts(self) -> list[list[str]]:
        """The figures as the number formats show them, both readers agreeing."""
        out = []
        for r in range(self.first, self.last + 1):
            cells = [self.sheet.cell(r, c) for c in range(2, 14)]
            for cell, other in zip(cells, self.other[r - 1][1:13], strict=True):
                assert cell.value == other, (cell.coordinate, cell.value, other)
            out.append([shown(cell.value, cell.number_format) for cell in cells])
        return out

    def formula(self, row: int, column: int) -> str | None:
        """The formula of a cell of the table, if it has one."""
        value = self.told.cell(self.first + row, 2 + column).value
        return value if isinstance(value, str) and value.startswith("=") else None


def shown(value: object, number_format: str) -> str:
    """A cell as people see it; a number that has more digits than its format shows is a mistake."""
    if isinstance(value, str):
        return value
    found = re.fullmatch(r"#,##0(?:\.(0+))?", number_format)
    assert found and isinstance(value, int | float), (value, number_format)
    places = len(found[1] or "")
    exact = Decimal(repr(value))
    assert exact == round(exact, places), (value, number_format)
    return f"{exact:,.{places}f}"
