"""The second sheet 未申报清单: every other loan of the period with its reasons, totals by reason, and the check."""

from __future__ import annotations

from typing import Any

import pandas as pd

from relending.lineage.applying import ApplicationList, Tally, tally
from relending.report.apply_cells import codes_of, group_of, reason_text, same_for_all, text_of
from relending.report.apply_fields import other_columns, word
from relending.report.apply_list_sheet import MONEY_FORMAT
from relending.sheet import Styles, fit_row, lines_of, made_to_print, put

_KINDS = {"no": "number", "loan_id": "id", "contract_id": "id", "disbursed": "date", "principal": "money"}
LABEL, NUMBER_AT = 1, 2
"""Columns of the small tables below: what is counted, how many; the amount stands under the amounts."""


def write_others(sheet: Any, found: ApplicationList, full_name: str, lang: str, styles: Styles) -> None:
    """Write the sheet; ``sheet`` is one of XlsxWriter's."""
    said, columns = same_for_all(found, full_name, lang), other_columns()
    names = list(columns)
    put(sheet, 0, 0, word("title_others", lang, facility=said["facility"]), styles.title())
    sheet.set_row(0, 26)
    put(sheet, 1, 0, word("lender", lang, lender=said["lender"]), styles.label())
    put(sheet, 2, 0, word("period", lang, period=said["period"], day=_day(found)), styles.label())
    header = 4
    for at, name in enumerate(names):
        put(sheet, header, at, columns[name][lang], styles.header())
        sheet.set_column(at, at, columns[name]["width"])
    made_to_print(sheet, header, len(names), lang)
    rows = _rows(found, lang)
    first, last = header + 1, header + max(len(rows), 1)
    for i, row in enumerate(rows):
        for at, name in enumerate(names):
            kind = _KINDS.get(name, "text")
            put(sheet, first + i, at, row[name], styles.cell(kind, MONEY_FORMAT if kind == "money" else ""))
        fit_row(sheet, first + i, max(lines_of(row[name], columns[name]["width"]) for name in names))
    _Below(sheet, found, rows, first, last, names, lang, styles).write()


def _day(found: ApplicationList) -> str:
    from relending.dates import iso

    return iso(found.draw_day)


def _rows(found: ApplicationList, lang: str) -> list[dict[str, Any]]:
    """What each row of the sheet holds, by column."""
    out = []
    for i, (r, reasons) in enumerate(zip(found.others.itertuples(index=False), found.reasons, strict=True), 1):
        given = {name: None if pd.isna(value) else value for name, value in r._asdict().items()}
        sector = given["sector"]
        out.append(
            {
                "no": i,
                **{name: given[name] for name in ("loan_id", "contract_id", "borrower", "disbursed")},
                "project_name": given["project_name"] or given["project_id"],
                "sector": None if sector is None else text_of("sector", str(sector), lang),
                "principal": None if given["principal_fen"] is None else given["principal_fen"] / 100,
                "batch": word("earlier" if given["earlier"] else "own", lang),
                "group": group_of(reasons, lang),
                "reasons": ("；" if lang == "zh" else "; ").join(reason_text(one, lang) for one in reasons),
                "codes": codes_of(reasons),
            }
        )
    return out


class _Below:
    """What stands below the loans: the total, the totals by reason, the check against all loans of the period."""

    def __init__(
        self,
        sheet: Any,
        found: ApplicationList,
        rows: list[dict[str, Any]],
        first: int,
        last: int,
        names: list[str],
        lang: str,
        styles: Styles,
    ) -> None:
        from xlsxwriter.utility import xl_range_abs

        self.sheet, self.found, self.rows, self.lang, self.styles = sheet, found, rows, lang, styles
        self.money = names.index("principal")
        self.row = last + 1
        self.ranges = {name: xl_range_abs(first, names.index(name), last, names.index(name)) for name in names}

    def write(self) -> None:
        """Write all of it."""
        whole = tally(self.found.others)
        self._line(word("total", self.lang), (None, whole.loans), (f"=SUM({self.ranges['principal']})", whole.fen))
        self.row += 1
        self._title(word("by_reason", self.lang))
        groups = [row["group"] for row in self.rows]
        for group in dict.fromkeys(groups):
            some = self.found.others[[g == group for g in groups]]
            self._counted(group, "group", tally(some))
        parts = {False: self.found.whole, True: self.found.before}
        for earlier, everything in parts.items():
            if not earlier or everything.loans:
                self._check(earlier, everything)
        self.row += 1
        if self.found.whole.without:
            self._note(word("without", self.lang, loans=self.found.whole.without))
        if self.found.nowhere:
            self._note(word("nowhere", self.lang, loans=f"{self.found.nowhere:,}"))

    def _check(self, earlier: bool, everything: Tally) -> None:
        """That both sheets together are all loans of the period (or all refused or withdrawn before it)."""
        named = word("earlier" if earlier else "own", self.lang)
        self.row += 1
        self._title(
            f"{word('check', self.lang)}（{named}）" if self.lang == "zh" else f"{word('check', 'en')} ({named})"
        )
        top = self.row
        mine = [tally(f, f["earlier"].to_numpy(dtype=bool) == earlier) for f in (self.found.listed, self.found.others)]
        self._line(word("list", self.lang), (None, mine[0].loans), (None, mine[0].fen))
        self._counted(named, "batch", mine[1], word("others", self.lang))
        both = Tally(mine[0].loans + mine[1].loans, mine[0].fen + mine[1].fen)
        self._line(word("both", self.lang), *self._formulas(f"=SUM({{0}}{top + 1}:{{0}}{top + 2})", both))
        self._line(word("all_loans", self.lang), (None, everything.loans), (None, everything.fen))
        less = Tally(both.loans - everything.loans, both.fen - everything.fen)
        self._line(word("difference", self.lang), *self._formulas(f"={{0}}{top + 3}-{{0}}{top + 4}", less))

    def _formulas(self, text: str, value: Tally) -> tuple[tuple[str, int], tuple[str, int]]:
        from xlsxwriter.utility import xl_col_to_name

        return (text.format(xl_col_to_name(NUMBER_AT)), value.loans), (
            text.format(xl_col_to_name(self.money)),
            value.fen,
        )

    def _counted(self, label: str, column: str, value: Tally, shown: str = "") -> None:
        """A line that counts and adds up the loans above whose ``column`` holds ``label``."""
        where = self.ranges[column]
        quoted = '"' + label.replace('"', '""') + '"'
        self._line(
            shown or label,
            (f"=COUNTIF({where},{quoted})", value.loans),
            (f"=SUMIF({where},{quoted},{self.ranges['principal']})", value.fen),
        )

    def _title(self, text: str) -> None:
        put(self.sheet, self.row, LABEL, text, self.styles.label(bold=True))
        self.row += 1
        for at, header in (
            (LABEL, ""),
            (NUMBER_AT, word("loans_number", self.lang)),
            (self.money, other_columns()["principal"][self.lang]),
        ):
            put(self.sheet, self.row, at, header, self.styles.header())
        self.row += 1

    def _note(self, text: str) -> None:
        put(self.sheet, self.row, LABEL, text, self.styles.label())
        self.row += 1

    def _line(self, label: str, number: tuple[str | None, int], fen: tuple[str | None, int]) -> None:
        put(self.sheet, self.row, LABEL, label, self.styles.cell("text"))
        for at, (formula, value), style in (
            (NUMBER_AT, number, self.styles.cell("number")),
            (self.money, (fen[0], fen[1] / 100), self.styles.cell("money", MONEY_FORMAT)),
        ):
            if formula is None:
                put(self.sheet, self.row, at, value, style)
            else:
                self.sheet.write_formula(self.row, at, formula, style, value)
        self.row += 1
