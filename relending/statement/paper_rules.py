"""The rules 依据: the values of the facility that were in force, and how figures are worked out; each has a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.dates import quarter_end
from relending.engine.context import Context
from relending.engine.disclosure import HORIZONS
from relending.lineage.cell_loans import CellLoans
from relending.lineage.clauses import LENDERS, SECTORS, Clause, all_clauses, clauses
from relending.lineage.disclosed import Disclosed, Key
from relending.lineage.story import status_name
from relending.policy import PARAMETERS, source_in
from relending.sheet import DATE
from relending.statement.paper_loans import sector_name
from relending.statement.paper_page import Link, Page, column, place
from relending.statement.paper_words import value_told
from relending.statement.printed import MEASURES
from relending.statement.words import word
from relending.units import Ints

RULES = {"zh": (7, 28, 56, 12, 12, 12, 96, 22), "en": (7, 32, 66, 12, 15, 12, 110, 24)}
ONE_PAGE = 40
"""Clauses that are printed on one page; more of them would be too small."""
IN_FORCE = "in_force"
_HEADER = 2
"""The row of the headers of the clauses, counted from 0; the rules of calculation stand below, under a heading."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The clauses in the order of the sheet, those of each cell, and the parameters that decide any of these."""

    sheet: str
    clauses: Sequence[Clause]
    of: Mapping[Key, Sequence[Clause]]
    deciding: Sequence[str]

    def number(self, one: Clause) -> int:
        """The number of a clause on the sheet."""
        return [c.key for c in self.clauses].index(one.key) + 1

    def link(self, one: Clause) -> str:
        """Where a clause stands."""
        return place(self.sheet, _HEADER + 1 + self.number(one))

    def calculation(self, key: str, lang: str) -> Link:
        """The number of the rule of a horizon or measure, which leads to it."""
        at = [*HORIZONS, *MEASURES].index(key) + 1
        row = _HEADER + 1 + len(self.clauses) + 3 + at  # an empty line, a heading and headers between
        return Link(place(self.sheet, row), word("paper.rule_number", lang, n=at))


def make_rules(context: Context, found: Disclosed, cells: CellLoans, days: Ints, lang: str) -> Rules:
    """The clauses of all cells; ``days`` are those of the disbursement of the loans of ``cells``."""
    of = {key: _clauses(context, found, cells, days, key, lang) for key in cells.ranges}
    used = [one for some in of.values() for one in some]
    until = int(quarter_end(found.quarter))
    told = all_clauses(found.facility, context, found.lender, days, until, used, lang)
    names = {one.parameter for one in used}
    deciding = [n for n in dict.fromkeys(one.parameter for one in told) if n in names]
    return Rules(word("paper_sheet.rules", lang), told, of, deciding)


def _clauses(context: Context, found: Disclosed, cells: CellLoans, days: Ints, key: Key, lang: str) -> Sequence[Clause]:
    some = [np.arange(a, b) for a, b in cells.ranges[key]]
    if not some:
        return []
    at = np.concatenate(some)
    sectors = pd.Series(days[at]).groupby(cells.loans["sector"].iloc[at].reset_index(drop=True)).min()
    first = {str(code): int(day) for code, day in sectors.items()}
    return clauses(found.facility, context, found.lender, days[at], first, lang)


def clause_name(parameter: str, lang: str) -> str:
    """What a parameter, or a list, is called."""
    if parameter in (SECTORS, LENDERS):
        return word(f"paper.{parameter}", lang)
    what = PARAMETERS[parameter]
    return what.zh if lang == "zh" else what.en


def remark_told(remark: str, lang: str) -> str:
    """What is to be said of a clause and the loans it stands for."""
    return word(f"paper.{remark}", lang) if remark else ""


def clause_status(clause: Clause, lang: str) -> str:
    """How sure it is; marked unless it is in force."""
    told = status_name(clause.entry.status, lang)
    return told if clause.entry.status == IN_FORCE else word("paper.mark", lang, status=told)


def clause_value(clause: Clause, bank: str, lang: str) -> str:
    """What it says; sectors and the lender by name."""
    if clause.parameter == LENDERS:
        return word("paper.coded", lang, text=bank, code=clause.value)
    if clause.parameter != SECTORS:
        return value_told(clause.parameter, clause.entry.value, clause.value, lang)
    return word("paper.and", lang).join(sector_name(c, lang) for c in clause.value.split(","))


def write_rules(page: Page, rules: Rules, bank: str, lang: str) -> None:
    """Write the clauses, then the rules of calculation."""
    page.title(word("paper_sheet.rules", lang))
    page.note(word("paper.rules_note", lang))
    assert page.row == _HEADER
    kinds = ("rule_number", "parameter", "value", "from", "status", "checked", "source", "remark")
    columns = [column(k, lang, w, DATE if k == "checked" else "text") for k, w in zip(kinds, RULES[lang], strict=True)]
    rows = [
        (
            str(number),
            clause_name(c.parameter, lang),
            clause_value(c, bank, lang),
            word("paper.from_start", lang) if c.since is None else c.since.isoformat(),
            clause_status(c, lang),
            c.entry.checked,
            source_in(c.entry, lang),
            remark_told(c.remark, lang),
        )
        for number, c in enumerate(rules.clauses, 1)
    ]
    header, _ = page.table(columns, rows)
    page.heading(word("paper.calculation", lang))
    page.header([word(f"paper_column.{k}", lang) for k in ("rule_number", "line", "rule")])
    for key in (*HORIZONS, *MEASURES):
        link = rules.calculation(key, lang)
        assert link.place == place(page.name, page.row + 1)
        name = word(f"paper_{'horizon' if key in HORIZONS else 'measure'}.{key}", lang)
        page.sheet.merge_range(page.row, 2, page.row, len(kinds) - 1, "", page.styles(border=1, text_wrap=True))
        told = column("rule", lang, sum(RULES[lang][2:]))
        page.line([*columns[:2], told], (link.text, name, word(f"paper_rule.{key}", lang)))
    page.finish(header)
    if len(rules.clauses) <= ONE_PAGE:
        page.sheet.fit_to_pages(1, 1)
    page.sheet.ignore_errors({"number_stored_as_text": f"A1:A{page.row + 1}"})


__all__ = ["Rules", "clause_name", "make_rules", "remark_told", "write_rules"]
