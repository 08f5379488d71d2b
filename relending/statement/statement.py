"""A statement 信息披露 before it has words: a lender's figures of a quarter by field, and what may be said beside them.

Nothing of a loan is in it but the names of projects that the book marks as publishable.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from relending import policy
from relending.dates import quarter_of
from relending.engine.columns import codes, ints
from relending.engine.context import launch_day
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import TOTAL
from relending.lineage.disclosed import QUARTER, Disclosed, Figures
from relending.lineage.whynot import Saved
from relending.policy import Facility
from relending.statement.printed import Options, Printed, printed, table_in
from relending.statement.words import word
from relending.units import exact_sums

LANGS = ("zh", "en")
LONGEST_NAME = 200
"""Characters of a project's name in print; of a longer one the rest is left out."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: a field, or the total; exact figures by horizon."""

    code: str
    name: Mapping[str, str]
    cells: Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a statement is a draft: a key of ``words.toml`` and how many loans it is about."""

    kind: str
    n: int = 0

    def text(self, lang: str) -> str:
        """The reason in words; of no loan in particular."""
        return word(f"reason.{self.kind}", lang, n=f"{self.n:,}")


@dataclass(frozen=True, slots=True)
class Statement:
    """What is printed. ``rows`` are the fields in list order, the total last.

    ``projects`` are the names of this quarter's projects of largest effect; ``reasons`` why it is a draft (none: it is
    final); ``version`` 2 and more are corrections; ``dated`` is the day under the text, where one is given.
    """

    lender: str
    facility: Facility
    quarter: int
    full_name: Mapping[str, str]
    short_name: Mapping[str, str]
    options: Options
    rows: tuple[Row, ...]
    projects: tuple[str, ...]
    rate_basis: str
    reasons: tuple[Reason, ...] = ()
    version: int = 1
    dated: dt.date | None = None

    @property
    def total(self) -> Row:
        """The last row."""
        return self.rows[-1]

    def printed(self, row: Row, horizon: str) -> Printed:
        """A cell as printed."""
        return printed(row.cells[horizon], self.options)

    @property
    def launch_quarter(self) -> bool:
        """Whether the quarter is the one of the facility's launch, whose statement covers all loans before it too."""
        return self.quarter == int(quarter_of(launch_day(self.facility)))

    def rounding_shows(self) -> bool:
        """Whether a printed total of amounts or reductions differs from its printed rows, by rounding alone."""
        for horizon in HORIZONS:
            cells = [row.cells[horizon] for row in self.rows]
            exact = all(
                sum(getattr(c, n) for c in cells[:-1]) == getattr(cells[-1], n) for n in ("amount", "reduction")
            )
            if not exact:
                continue
            rows = [self.printed(row, horizon) for row in self.rows]
            for measure in ("amount", "reduction"):
                parts = sum(getattr(row, measure) for row in rows[:-1])
                if parts != getattr(rows[-1], measure):
                    return True
        return False


def lender_names(manifest: Mapping[str, Any], lender: str, which: str = "full_name") -> dict[str, str]:
    """The full or short name of a lender as one line: as the run's scenario has it, else the policy files; else its id.

    It stands in titles and heads of pages, where the end of a line would begin something else. ValueError where the
    run's record has something else than texts there.
    """
    table = table_in(manifest, "scenario", "lenders")
    own = table_in(table, lender) if lender in table else {}
    told = own.get(which) or {}
    if not isinstance(told, Mapping) or not all(isinstance(told.get(lang) or "", str) for lang in LANGS):
        raise ValueError(f"scenario.lenders.{lender:.60}.{which}: no text")
    known = policy.lenders().get(lender)
    names = told or (getattr(known, which) if known is not None else {})
    return {lang: clean(names.get(lang) or "") or lender for lang in LANGS}


def clean(text: str, most: int = LONGEST_NAME) -> str:
    """A name of someone's as one line of print: without control characters, cut where it is endless.

    Characters for private use stay: banks' systems write rare ones of names so.

    >>> clean("a\\x00\\nb\\u202e c")
    'a b c'
    """
    kept = "".join(c if c.isprintable() or unicodedata.category(c) == "Co" else " " for c in text)
    line = " ".join(kept.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def make_statement(run: Saved, found: Disclosed, options: Options, **more: Any) -> Statement:
    """The statement of what a lender disclosed; ``more`` are its status (reasons, version, dated)."""
    rows = []
    for code in (*found.fields, TOTAL):
        if code == TOTAL:
            name = {lang: word("table.total", lang) for lang in ("zh", "en")}
        else:
            one = policy.fields()[code]
            name = {"zh": one.zh, "en": one.en}
        rows.append(Row(code, name, {h: found.cells[h, code] for h in HORIZONS}))
    return Statement(
        found.lender,
        found.facility,
        found.quarter,
        lender_names(run.manifest, found.lender),
        lender_names(run.manifest, found.lender, "short_name"),
        options,
        tuple(rows),
        tuple(named_projects(run, found, options.projects)),
        str(run.manifest["scenario"]["disclosure"]["rate_basis"]),
        **more,
    )


def named_projects(run: Saved, found: Disclosed, most: int) -> list[str]:
    """The names of this quarter's projects of largest effect that the book marks as publishable, the largest first.

    The effect of a project is the reduction of the quarter's loans to it. Projects of equal effect come in the order of
    the book; one that several loans name differently is called as by the first. A run whose names are redacted names
    none.
    """
    if "redacted" in run.manifest:
        return []
    loans = found.loans[found.counted(QUARTER)]
    if not len(loans) or not most:
        return []
    project, ids = codes(loans, "project_id")
    effect = exact_sums(ints(loans, "reduction_g")[0], project.astype(np.int64), len(ids))
    names = run.tables["loans"]["publish_name"].iloc[ints(loans, "place")[0]].tolist()
    called = _first_names(project.tolist(), names)
    order = sorted(called, key=lambda p: -effect[p])  # stable: the book's order among equals
    return list(dict.fromkeys(called[p] for p in order if effect[p] > 0))[:most]


def _first_names(projects: Sequence[int], names: Sequence[object]) -> dict[int, str]:
    out: dict[int, str] = {}
    for project, name in zip(projects, names, strict=True):
        text = "" if name is None or pd.isna(name) else clean(str(name))
        if text:
            out.setdefault(project, text)
    return out
