"""A comparison as an Excel workbook: what was compared, results and causes first, then a sheet a measure.

Differences and totals are live formulas, computed from the cells they stand beside, where that gives the figure; a rate
of all lenders is a number, since it is no sum. Whatever a person may have written, names and values, is text.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from relending.sheet import ID, Styles, fit_row, lines_of, made_to_print, put
from relending.spreadsheet import workbook
from relending.study.compare import Comparison
from relending.study.described import COLUMNS, COUNTS
from relending.study.exact import E8_DECIMALS, Exact, exact, less
from relending.study.measures import FLOW, STOCK, Measure
from relending.study.panel import Key
from relending.study.parts import quotient_e8
from relending.study.told import (
    BP_DECIMALS,
    Told,
    by_year,
    gap_unit,
    headline,
    largest,
    weight_of,
    word,
    year_figure,
    year_label,
)
from relending.study.whole import ALL, MEAN

FORMATS = {"fraction": "0.0000%", "count": "#,##0"}
MONEY, SHARE = "#,##0.00", "0.00%"
"""Number formats by unit; of any other unit, and of shares."""
BASIS_POINTS = "#,##0.00"
FIRST_FIGURE = 2
"""The column of the base's figures on the first sheet, where rates and amounts stand below one another."""
KEYS = ("quarter", "lender", "facility")
CAUSES = ("figure", "scenario", "cause", "effect", "unit", "share")
"""The columns of the causes on the first sheet."""
NAME_WIDTH, FIGURE_WIDTH, WIDE = 14, 22, 44


def write_comparison(comparison: Comparison, path: Path, lang: str) -> None:
    """Write the workbook; the same comparison gives the same bytes. Raises ``OSError`` where the disk refuses."""
    shown = [m for m in comparison.measures if _any(comparison, m)]
    with workbook(path) as book:
        styles = Styles(book, lang)
        first = book.add_worksheet(word("sheet", lang))
        _First(first, comparison, styles, lang).write([m for m in comparison.measures if m not in shown])
        for m in shown:
            _MeasureSheet(book.add_worksheet(sheet_name(m, lang)), comparison, m, styles, lang).write()
        first.activate()


def sheet_name(measure: Measure, lang: str) -> str:
    """The name of a measure's sheet: at most 31 characters, none of them forbidden there."""
    return measure.zh if lang == "zh" else measure.name


def _any(comparison: Comparison, measure: Measure) -> bool:
    return any(v is not None for name in comparison.names for v in comparison.figures[name][measure.name].values())


def number_format(measure: Measure) -> str:
    """How the figures of a measure are shown."""
    return FORMATS.get(measure.unit, MONEY)


def is_rate(measure: Measure) -> bool:
    """Whether a difference of the measure over its base says nothing: one of rates is told in basis points."""
    return measure.unit in ("fraction", "bp")


def in_bp(measure: Measure) -> bool:
    """Whether differences of a measure are turned into basis points."""
    return measure.unit == "fraction"


def bp(value: int | None, measure: Measure) -> Exact | None:
    """A difference of fractions in basis points."""
    return exact(value, measure.decimals - BP_DECIMALS)


class _Sheet:
    """A sheet while it is written."""

    def __init__(self, sheet: Any, comparison: Comparison, styles: Styles, lang: str) -> None:
        self.sheet, self.comparison, self.styles, self.lang = sheet, comparison, styles, lang
        self.row = 0

    def title(self, text: str) -> None:
        """A title over what follows."""
        put(self.sheet, self.row, 0, text, self.styles(bold=True, font_size=12))
        self.row += 1

    def header(self, texts: Sequence[str], width: int) -> None:
        """A header row."""
        for at, text in enumerate(texts):
            put(self.sheet, self.row, at, text, self.styles.header())
        fit_row(self.sheet, self.row, max(lines_of(text, width) for text in texts))
        self.row += 1

    def figure(self, at: int, value: Exact | None, style: Any, formula: str = "") -> None:
        """A figure, or a formula with the figure as its value; nothing where there is none."""
        if value is None:
            put(self.sheet, self.row, at, None, style)
        elif formula:
            self.sheet.write_formula(self.row, at, formula, style, float(value))
        else:
            put(self.sheet, self.row, at, float(value), style)

    def against(self, values: Sequence[int | None], measure: Measure, first: int, formulas: Sequence[str] = ()) -> None:
        """Base, then of each scenario value, difference and relative difference, from column ``first`` on.

        ``formulas`` give the values by column where they are sums.
        """
        from xlsxwriter.utility import xl_rowcol_to_cell

        looks = self.styles.cell("", number_format(measure))
        gaps = self.styles.cell("", BASIS_POINTS if in_bp(measure) else number_format(measure))
        step = 3 if first == FIRST_FIGURE or not is_rate(measure) else 2
        base, base_cell = values[0], xl_rowcol_to_cell(self.row, first, col_abs=True)
        self.figure(first, exact(base, measure.decimals), looks, formulas[0] if formulas else "")
        for i, value in enumerate(values[1:]):
            at = first + 1 + step * i
            cell, gap_cell = (xl_rowcol_to_cell(self.row, at + j) for j in (0, 1))
            gap = less(value, base)
            self.figure(at, exact(value, measure.decimals), looks, formulas[i + 1] if formulas else "")
            if in_bp(measure):
                self.figure(at + 1, bp(gap, measure), gaps, f"=({cell}-{base_cell})*10000")
            else:
                self.figure(at + 1, exact(gap, measure.decimals), gaps, f"={cell}-{base_cell}")
            if is_rate(measure):
                if step > 2:
                    self.figure(at + 2, None, gaps)
                continue
            share = exact(quotient_e8(gap, base), E8_DECIMALS)
            self.figure(at + 2, share, self.styles.cell("", SHARE), f"={gap_cell}/{base_cell}")

    def scenario_headers(self, measure: Measure | None = None) -> list[str]:
        """The headers of :meth:`against`, for several measures or for one."""
        more = ["difference", "relative"]
        if measure is not None and is_rate(measure):
            more = ["difference_bp" if measure.unit in ("fraction", "bp") else "difference"]
        out = [self.comparison.base]
        for name in self.comparison.others:
            out += [name, *(word(one, self.lang, scenario=name) for one in more)]
        return out


class _First(_Sheet):
    """The first sheet: what was compared, the results, what causes them."""

    def write(self, empty: Sequence[Measure]) -> None:
        """Write all of it; ``empty`` are the measures without a figure."""
        put(self.sheet, 0, 0, word("title", self.lang), self.styles.title())
        self.sheet.set_row(0, 26)
        put(self.sheet, 1, 0, word("against", self.lang, base=self.comparison.base), self.styles.label())
        width = len(self.comparison.names) * 3
        self.sheet.set_column(0, 0, WIDE)
        self.sheet.set_column(1, max(width, len(CAUSES) - 1), FIGURE_WIDTH)
        self.row = 3
        self._warnings()
        self._results()
        self._years()
        self._causes()
        self._metadata()
        self._legend()
        for text in ("note_causes", "note_rates"):
            put(self.sheet, self.row, 0, word(text, self.lang), self.styles.label())
            self.row += 1
        if empty:
            names = ("、" if self.lang == "zh" else ", ").join(m.label(self.lang) for m in empty)
            put(self.sheet, self.row, 0, word("empty", self.lang, names=names), self.styles.label())
        made_to_print(self.sheet, 1, 2, self.lang)

    def _results(self) -> None:
        self.title(word("headline", self.lang))
        self.header(
            [word("figure", self.lang), word("unit", self.lang), *self.scenario_headers()],
            FIGURE_WIDTH,
        )
        for told in headline(self.comparison):
            m, at = told.measure, told.at
            self._named(told.label(self.comparison, self.lang), self._unit(m))
            self.against([self.comparison.whole(name, m, at) for name in self.comparison.names], m, FIRST_FIGURE)
            self.row += 1
        self.row += 1

    def _named(self, label: str, unit: str) -> None:
        """What a row of figures is, and its unit."""
        for at, text in enumerate((label, unit)):
            put(self.sheet, self.row, at, text, self.styles.cell("text"))
        fit_row(self.sheet, self.row, max(lines_of(label, WIDE), lines_of(unit, FIGURE_WIDTH)))

    def _unit(self, measure: Measure) -> str:
        unit = word(measure.unit, self.lang)
        return word("unit_and_bp", self.lang, unit=unit, bp=word("bp", self.lang)) if in_bp(measure) else unit

    def _warnings(self) -> None:
        """What may not be meant, before any figure."""
        if not self.comparison.findings:
            return
        self.title(word("warned", self.lang))
        zh = "_zh" if self.lang == "zh" else ""
        for row in self.comparison.findings.frame().to_dict("records"):
            names = {"scenario": row["file"], "here": row["found"], "there": row["expected"]}
            for said in (word("warning", self.lang, text=row[f"message{zh}"], **names), row[f"fix{zh}"]):
                put(self.sheet, self.row, 0, said, self.styles.label())
                self.row += 1
        self.row += 1

    def _years(self) -> None:
        """Flows by year, and stocks at the end of each."""
        told = list(by_year(self.comparison))
        if not told:
            return
        self.title(word("by_year", self.lang))
        self.header([word("figure", self.lang), word("unit", self.lang), *self.scenario_headers()], FIGURE_WIDTH)
        for m, quarters in told:
            self._named(year_label(m, quarters, self.lang), word(m.unit, self.lang))
            values = [year_figure(self.comparison, name, m, quarters) for name in self.comparison.names]
            self.against(values, m, FIRST_FIGURE)
            self.row += 1
        self.row += 1

    def _legend(self) -> None:
        """What the ids of lenders and facilities stand for."""
        self.title(word("legend", self.lang))
        self.header([word("id", self.lang), word("name", self.lang)], FIGURE_WIDTH)
        for ident, names in self.comparison.legend.items():
            put(self.sheet, self.row, 0, ident, self.styles.cell("text"))
            put(self.sheet, self.row, 1, names[self.lang], self.styles.cell("text"))
            fit_row(self.sheet, self.row, lines_of(names[self.lang], FIGURE_WIDTH))
            self.row += 1
        self.row += 1

    def _causes(self) -> None:
        from xlsxwriter.utility import xl_range

        self.title(word("causes", self.lang))
        self.header([word(one, self.lang) for one in CAUSES], FIGURE_WIDTH)
        for name in self.comparison.others:
            for told in headline(self.comparison):
                found = largest(self.comparison, name, told)
                if not found:
                    continue
                top, gap = self.row, self.comparison.gap(name, told.measure, told.at)
                for cause, effect in found:
                    self._cause(name, told, cause.label(self.lang), effect, gap, "")
                where = xl_range(top, 3, self.row - 1, 3)
                self._cause(name, told, word("sum", self.lang), gap, gap, f"=SUM({where})")
        for name in self.comparison.untold:
            put(self.sheet, self.row, 0, word("untold", self.lang), self.styles.cell("text"))
            put(self.sheet, self.row, 1, name, self.styles.cell("text"))
            self.row += 1
        put(self.sheet, self.row, 0, word("note_shares", self.lang), self.styles.label())
        self.row += 2

    def _cause(self, name: str, told: Told, label: str, effect: int | None, gap: int | None, formula: str) -> None:
        m, texts = told.measure, (told.label(self.comparison, self.lang), name, label)
        for at, text in enumerate(texts):
            put(self.sheet, self.row, at, text, self.styles.cell("text", bold=bool(formula)))
        looks = self.styles.cell("", BASIS_POINTS if in_bp(m) else number_format(m), bold=bool(formula))
        self.figure(3, bp(effect, m) if in_bp(m) else exact(effect, m.decimals), looks, formula)
        put(self.sheet, self.row, 4, gap_unit(m, self.lang), self.styles.cell("text", bold=bool(formula)))
        self.figure(5, exact(quotient_e8(effect, gap), E8_DECIMALS), self.styles.cell("", SHARE, bold=bool(formula)))
        widths = (WIDE, FIGURE_WIDTH, FIGURE_WIDTH)
        fit_row(self.sheet, self.row, max(lines_of(text, width) for text, width in zip(texts, widths, strict=True)))
        self.row += 1

    def _metadata(self) -> None:
        self.title(word("what", self.lang))
        self.header([word("scenario", self.lang), *self.comparison.names], FIGURE_WIDTH)
        for column in COLUMNS[1:]:
            values = [row[column] for row in self.comparison.metadata]
            put(self.sheet, self.row, 0, word(column, self.lang), self.styles.cell("text"))
            for at, value in enumerate(values, 1):
                looks = self.styles.cell("", "#,##0") if column in COUNTS else self.styles.cell(ID)
                put(self.sheet, self.row, at, value, looks)
            fit_row(self.sheet, self.row, max(lines_of(value, FIGURE_WIDTH) for value in values))
            self.row += 1
        self.row += 1


class _MeasureSheet(_Sheet):
    """One measure: a row a quarter, lender and facility, then the wholes."""

    def __init__(self, sheet: Any, comparison: Comparison, measure: Measure, styles: Styles, lang: str) -> None:
        super().__init__(sheet, comparison, styles, lang)
        self.measure = measure

    def write(self) -> None:
        """Write all of it."""
        m, keys = self.measure, self.comparison.panels[self.comparison.base].keys
        unit = word(m.unit, self.lang)
        label = m.label(self.lang)
        said = f"{label}（{unit}）" if self.lang == "zh" else f"{label} ({unit})"
        put(self.sheet, 0, 0, said if unit else label, self.styles.title())
        self.sheet.set_row(0, 26)
        self.row = header = 2
        headers = [*(word(one, self.lang) for one in KEYS), *self.scenario_headers(m)]
        self.sheet.set_column(0, len(KEYS) - 1, NAME_WIDTH)
        self.sheet.set_column(len(KEYS), len(headers) - 1, FIGURE_WIDTH)
        self.header(headers, FIGURE_WIDTH)
        first = self.row
        for key in keys:
            self._line(key, key)
        made_to_print(self.sheet, header, len(headers), self.lang)
        self.sheet.freeze_panes(header + 1, len(KEYS))
        self._wholes(first, self.row - 1)

    def _line(self, key: Key, shown: Sequence[str], formulas: Sequence[str] = ()) -> None:
        for at, text in enumerate(shown):
            put(self.sheet, self.row, at, text, self.styles.cell("text"))
        values = [self.comparison.figures[name][self.measure.name][key] for name in self.comparison.names]
        self.against(values, self.measure, len(KEYS), formulas)
        self.row += 1

    def _wholes(self, first: int, last: int) -> None:
        from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

        m, every = self.measure, word("all", self.lang)
        quarters, step = self.comparison.quarters, 2 if is_rate(m) else 3
        at = [len(KEYS), *(len(KEYS) + 1 + step * i for i in range(len(self.comparison.others)))]
        if self.comparison.has_whole(m) and last - first + 1 > len(quarters):
            self.row += 1
            for quarter in quarters:
                of = xl_rowcol_to_cell(self.row, 0, col_abs=True)
                sums = [f"=SUMIF({xl_range_abs(first, 0, last, 0)},{of},{xl_range_abs(first, c, last, c)})" for c in at]
                self._line((quarter, ALL, ALL), (quarter, every, every), sums if m.adds_up else ())
        time = self.comparison.times(m)[-1:]
        if time in ([ALL], [MEAN]):
            self.row += 1
            where = [xl_range_abs(first, c, last, c) for c in at]
            sums = [
                f"=SUM({one})" if m.kind == FLOW else f"=ROUND(SUM({one})/{len(quarters)},{m.decimals})"
                for one in where
            ]
            weight = weight_of(m, self.lang)
            mean = word("weighted_mean", self.lang, weight=weight) if weight else word("mean", self.lang)
            shown = every if time == [ALL] else mean
            self._line((time[0], ALL, ALL), (shown, every, every), sums if m.kind in (FLOW, STOCK) else ())
