"""The sheet of loans 借据: every loan of a cell, what was brought forward, and the supported loans in no cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from relending import policy
from relending.dates import quarter_text
from relending.engine.columns import ints
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import SINCE_START, TOTAL, YEAR
from relending.lineage.balances_views import counted_figures, outstanding_loans
from relending.lineage.cell_loans import CellLoans
from relending.lineage.disclosed import QUARTER, Disclosed
from relending.lineage.whynot import Saved
from relending.sheet import DATE, ID, lines_of, put
from relending.statement.paper_layout import COLUMNS, HEADER, Layout
from relending.statement.paper_page import NUMBER_KIND, RATE, TEXT_KIND, TONNES, YUAN, Column, Page, text
from relending.statement.paper_words import evidence_told, reasons_told, state_told
from relending.statement.words import word
from relending.units import E8, PPM, Ints

_ID = ("loan_id", "contract_id", "project_id", "project_code", "tranche")
_DAYS = ("disbursed", "matures", "evidence_date", "operational")
_FORMATS = {
    **dict.fromkeys(("principal", "amount", "investment", "drawn", "outstanding"), YUAN),
    **dict.fromkeys(("share", "share_now"), RATE),
    "rate": "0.000000",
    **dict.fromkeys(("project_reduction", "reduction", "reduction_now"), TONNES),
    "row": "0",
    **{f"{level}_{h}": "0" for level in ("field", "total") for h in HORIZONS},
}
_WIDTHS = {
    **dict.fromkeys(("principal", "amount", "investment", "drawn", "outstanding"), 17),
    **dict.fromkeys(("project_reduction", "reduction", "reduction_now"), 16),
    **dict.fromkeys((*_DAYS, "share", "share_now", "project_id", "field", "horizon", "operation"), 11),
    **dict.fromkeys((f"{level}_{h}" for level in ("field", "total") for h in HORIZONS), 10),
    **dict.fromkeys(("project_code", "project_name", "evidence_doc"), 18),
    **dict.fromkeys(("borrower", "loan_id"), 16),
    **dict.fromkeys(("sector", "evidence", "evidence_by", "tranche", "state"), 14),
    **dict.fromkeys(("quarter", "rate", "sheet"), 8),
    "row": 6,
    "basis": 10,
}
WIDE = 2
"""Pages side by side: on one the print would be too small to read."""
PRINTED = COLUMNS.index("row")
"""The last column that is printed: those after it hold what formulas count projects by."""

Columns = Mapping[str, Sequence[object]]


def loan_columns(lang: str) -> list[Column]:
    """The columns of the sheet."""
    kinds = {**dict.fromkeys(_ID, ID), **dict.fromkeys(_DAYS, DATE), **dict.fromkeys(_FORMATS, NUMBER_KIND)}
    return [
        Column(word(f"paper_column.{c}", lang), _WIDTHS.get(c, 12), kinds.get(c, TEXT_KIND), _FORMATS.get(c, ""))
        for c in COLUMNS
    ]


def field_name(code: object, lang: str) -> str:
    """The name of a field; of none: other, and of the total."""
    if code == TOTAL:
        return word("table.total", lang)
    known = policy.fields().get(str(code))
    return word("paper.other", lang) if known is None else (known.zh if lang == "zh" else known.en)


def sector_name(code: object, lang: str) -> str:
    """The name of a sector, or what the book calls it."""
    known = policy.sectors().get(str(code))
    return (text(code) or "") if known is None else (known.zh if lang == "zh" else known.en)


class LoanData:
    """What is told of every supported loan, by its place among the run's tables; read once."""

    def __init__(self, run: Saved, found: Disclosed, lang: str) -> None:
        self.run, self.found, self.lang = run, found, lang
        place = ints(found.loans, "place")[0]
        self._at = {int(p): i for i, p in enumerate(place.tolist())}
        self.book = counted_figures(run, place)
        self.attribution = run.tables["attribution"].iloc[place].reset_index(drop=True)
        self.screening = run.tables["screening"].iloc[place].reset_index(drop=True)
        self.drawn: dict[str, int] = {}
        self.tranche: dict[str, str] = {}
        draws = run.tables["draws"]
        ours = draws[draws["loan_id"].isin(found.loans["loan_id"].tolist()).to_numpy(dtype=bool)]
        for loan, fen, tranche in zip(*(ours[n].tolist() for n in ("loan_id", "drawn_fen", "tranche")), strict=True):
            self.drawn[loan] = self.drawn.get(loan, 0) + int(fen)
            named = self.tranche.get(loan)
            self.tranche[loan] = f"{named}; {tranche}" if named else str(tranche)
        self.owing = outstanding_loans(run, found)

    def columns(self, rows: pd.DataFrame) -> Columns:
        """The values of the sheet's columns for some of the supported loans."""
        lang, at = self.lang, np.array([self._at[int(p)] for p in rows["place"].tolist()], np.int64)
        book, attribution = self.book.iloc[at], self.attribution.iloc[at]
        ids = rows["loan_id"].tolist()
        basis = {name: word(f"paper.{name}", lang) for name in ("recorded", "simulated")}
        out: dict[str, Sequence[object]] = {
            **{n: [text(v) for v in book[n].tolist()] for n in ("contract_id", "borrower", "project_code")},
            **{n: [text(v) for v in book[n].tolist()] for n in ("project_name", "evidence_doc", "evidence_by")},
            **{n: [text(v) for v in book[n].tolist()] for n in ("file", "sheet")},
            **{n: [_day(v) for v in book[n].tolist()] for n in ("disbursed", "matures", "evidence_date")},
            **{n: [_day(v) for v in book[n].tolist()] for n in ("operational",)},
            "loan_id": ids,
            "project_id": [text(v) for v in rows["project_id"].tolist()],
            "field": _named(rows["field"].tolist(), field_name, lang),
            "sector": _named(rows["sector"].tolist(), sector_name, lang),
            "horizon": self._horizon(rows),
            "quarter": [quarter_text(int(q)) for q in rows["quarter"].tolist()],
            "principal": _scaled(rows, "principal_fen", 100),
            "amount": _scaled(rows, "amount_fen", 100),
            "rate": _scaled(rows, "rate_ppm", PPM),
            "investment": _or_else(_scaled(book, "project_investment_fen", 100), word("paper.not_given", lang)),
            "share": _or_else(_scaled(attribution, "share_e8", E8), word("paper.no_share", lang)),
            "project_reduction": _or_else(_scaled(book, "project_reduction_g", PPM), word("paper.not_given", lang)),
            "reduction": _scaled(rows, "reduction_g", PPM),
            "evidence": [None if text(v) is None else evidence_told(str(v), lang) for v in book["evidence"].tolist()],
            "drawn": [self.drawn[i] / 100 if i in self.drawn else None for i in ids],
            "tranche": [self.tranche.get(i) for i in ids],
            "basis": [basis.get(str(b), str(b)) for b in attribution["basis"].tolist()],
            "state": self._states(at),
            "row": [None if v is None or pd.isna(v) else int(v) for v in book["row"].tolist()],
            **self._owing(rows, at),
        }
        for level in ("field", "total"):
            for h in HORIZONS:
                name = f"{level}_{h}"
                out[name] = rows[name].tolist() if name in rows else [None] * len(rows)
        return out

    def _horizon(self, rows: pd.DataFrame) -> list[object]:
        flags = {h: rows[f"in_{h}"].tolist() for h in HORIZONS}
        now, earlier, before = (word(f"paper_horizon.{k}", self.lang) for k in (QUARTER, "year_only", "before"))
        return [
            now if q else earlier if y else before if s else None
            for q, y, s in zip(flags[QUARTER], flags[YEAR], flags[SINCE_START], strict=True)
        ]

    def _states(self, at: Ints) -> list[object]:
        """The state of each loan; of those that count by a receipt alone, what speaks against them."""
        screened = self.screening.iloc[at]
        told = zip(
            *(self.attribution["state"].iloc[at].tolist(), screened["eligible"].tolist()),
            *(screened["reasons"].tolist(),),
            strict=True,
        )
        return [
            state_told(str(state), self.lang)
            if eligible
            else word(
                "paper.funded_anyway",
                self.lang,
                state=state_told(str(state), self.lang),
                reasons=reasons_told(text(reasons) or "", self.lang),
            )
            for state, eligible, reasons in told
        ]

    def _owing(self, rows: pd.DataFrame, at: Ints) -> Columns:
        """What each loan owes and stands for now; where its project has no figures, that in words."""
        names = {s: word(f"paper.{s}", self.lang) for s in ("running", "building", "unknown")}
        columns = (self.owing[n].tolist() for n in ("place", "outstanding_fen", "share_e8", "reduction_g", "state"))
        owed = {int(p): rest for p, *rest in zip(*columns, strict=True)}
        lines = [owed.get(int(p), [0, None, 0, None]) for p in rows["place"].tolist()]
        book = self.book.iloc[at]
        investment, study = (ints(book, n) for n in ("project_investment_fen", "project_reduction_g"))
        whole, studied = (investment[1] & (investment[0] > 0)).tolist(), study[1].tolist()
        none, no_share, no_study = (word(f"paper.{k}", self.lang) for k in ("no_share", "no_reduction_now", "no_study"))
        return {
            "outstanding": [int(fen) / 100 for fen, *_ in lines],
            "share_now": [
                none if not w else None if s is None or pd.isna(s) else int(s) / E8
                for (_, s, _, _), w in zip(lines, whole, strict=True)
            ],
            "reduction_now": [
                no_share if not w else no_study if not t else int(g) / PPM
                for (_, _, g, _), w, t in zip(lines, whole, studied, strict=True)
            ],
            "operation": [None if s is None else names[s] for *_, s in lines],
        }


def _named(codes: list[object], name: object, lang: str) -> list[object]:
    assert callable(name)
    made = {code: name(text(code) or "", lang) for code in dict.fromkeys(codes)}
    return [made[code] for code in codes]


def _scaled(frame: pd.DataFrame, name: str, scale: int) -> list[object]:
    values, there = ints(frame, name)
    return [v / scale if t else None for v, t in zip(values.tolist(), there.tolist(), strict=True)]


def _or_else(values: list[object], told: str) -> list[object]:
    return [told if v is None else v for v in values]


def _day(value: object) -> dt.date | None:
    return value if isinstance(value, dt.date) and not pd.isna(value) else None


def write_loans(page: Page, data: LoanData, cells: CellLoans, layout: Layout, lang: str) -> None:
    """Write the sheet; every row stands where ``layout`` says."""
    columns = loan_columns(lang)
    page.title(word("paper_sheet.loans", lang))
    put_note(page, word("paper.loans_note", lang, n=f"{len(cells.loans):,}"))
    assert page.row == HEADER
    page.header([c.header for c in columns])
    _rows(page, columns, data.columns(cells.loans))
    if len(cells.loans):
        page.sheet.autofilter(HEADER, 0, HEADER + len(cells.loans), len(columns) - 1)
    if layout.openings:
        _heading(page, word("paper.openings", lang))
        page.header([c.header for c in columns])
        for (horizon, code), row in layout.openings.items():
            assert page.row + 1 == row
            page.line(columns, _opening(data.found, horizon, code, lang))
    if len(cells.apart):
        _heading(page, word("paper.apart", lang))
        why = [word(f"paper.{w}", lang) for w in cells.apart["why"].tolist()]
        page.header([*(c.header for c in columns[:-1]), word("paper_column.why", lang)])
        assert page.row + 1 == layout.apart[0]
        told = {**data.columns(cells.apart), "horizon": why, COLUMNS[-1]: why}
        _rows(page, [*columns[:-1], Column("", 10)], told)
    page.finish(HEADER, WIDE)
    page.sheet.repeat_columns(0)
    page.sheet.print_area(0, 0, page.row - 1, PRINTED)
    page.sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{page.row + 1}"})


def put_note(page: Page, text: str) -> None:
    """A note over a few columns: over all of a wide sheet it would be one long line nobody sees the end of.

    It begins in the second column, as headings do: the first is printed again on the next page, and a part of its text
    with it.
    """
    page.fit(lines_of(text, int(sum(page.widths[1:9])) * 19 // 20))
    style = page.styles(text_wrap=True, valign="top", font_color="#595959")
    page.sheet.merge_range(page.row, 1, page.row, 8, "", style)
    put(page.sheet, page.row, 1, text, style)
    page.row += 1


def _heading(page: Page, text: str) -> None:
    put(page.sheet, page.row + 1, 1, text, page.styles(bold=True, font_size=12))
    page.row += 2


def _rows(page: Page, columns: Sequence[Column], values: Columns) -> None:
    for row in zip(*(values[c] for c in COLUMNS), strict=True):
        page.line(columns, row)


def _opening(found: Disclosed, horizon: str, code: str, lang: str) -> list[object]:
    """A row brought forward: its projects stand where those of loans are counted."""
    one = found.began[horizon, code]
    level = "total" if code == TOTAL else "field"
    rate: object = float(Fraction(one.weighted, one.amount * E8)) if one.amount else 0
    told: dict[str, object] = {
        "loan_id": word("paper.opening", lang),
        "horizon": word(f"paper_horizon.{horizon}", lang),
        "field": field_name(code, lang),
        "amount": one.amount / 100,
        "rate": rate,
        "reduction": one.reduction / PPM,
        f"{level}_{horizon}": one.projects,
    }
    return [told.get(c) for c in COLUMNS]


def counted_days(found: Disclosed, run: Saved, cells: CellLoans) -> Ints:
    """The days on which the loans of the cells were disbursed, in the order of the sheet."""
    place = ints(cells.loans, "place")[0]
    return ints(run.tables["attribution"].iloc[place], "disbursed")[0]
