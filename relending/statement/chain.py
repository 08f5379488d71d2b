"""A statement against the one before it 与上期对比: whether the published figures go over into one another.

What was published since first support, and this quarter's, make what is published now; so within a year does the year
to date. A project may count in both, so projects lie between the larger of the two and their sum. Where it does not
come out, the loans are named that make the difference, to the fen and the gram.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd
import pyarrow as pa

from relending.engine.columns import frame_of
from relending.engine.opening_totals import SINCE_START, TOTAL, YEAR
from relending.findings import InvariantError
from relending.lineage.disclosed import CURRENT, QUARTER, Disclosed, Figures, Key
from relending.statement.loan_words import field_name, found_of
from relending.statement.moved import Moved, join, moved, rounded_off
from relending.statement.printed import MEASURES
from relending.statement.record import Record, Rehash
from relending.statement.statement import Statement
from relending.statement.words import word

LOAN_DIFFERS = "published_loan_differs"
BEGUN = "opening"
"""Stands for a loan where it is what the run began with that differs."""
OF = {"projects": "projects", "amount": "amount", "rate": "weighted", "reduction": "reduction"}
"""Measure of the table -> the exact figure that is tested; of a rate the amount weighted by it (fen x rate x 10**8)."""
Result = Literal["ok", "differs", "not_tested"]
Why = Literal["", "first", "gap", "opening_later", "current", "no_year_before", "opening_rounded"]
"""Why a figure is not tested, or what allows for a difference; a key of ``words.toml`` (``chain.why_…``)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One figure: what was published before, this quarter's, what is expected, what is published now.

    ``expected`` is the least and the most: one and the same figure but for projects. ``before`` and ``expected`` are
    None where there is nothing to go by; ``difference`` is how far ``now`` lies outside.
    """

    code: str
    horizon: str
    measure: str
    before: int | None
    quarter: int
    expected: tuple[int, int] | None
    now: int
    difference: int | None
    result: Result
    why: Why = ""


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """A statement compared with the one before it; ``before`` is None for the first, ``missing`` are quarters between.

    ``loans``: as ``Moved.loans``, the horizons since first support and year one below the other.
    """

    before: Record | None
    checks: tuple[Check, ...]
    loans: pd.DataFrame
    begun: Mapping[str, Mapping[str, tuple[Figures, Figures]]] = field(default_factory=dict)
    missing: tuple[int, ...] = ()

    @property
    def ties(self) -> bool:
        """Whether nothing that can be tested differs, no loan and no figure the run began with."""
        tested = all(one.result != "differs" for one in self.checks)
        return tested and not len(self.loans) and not any(self.begun.values())

    def count(self, result: Result) -> int:
        """How many figures have this result."""
        return sum(one.result == result for one in self.checks)

    def points(self, lang: str = "") -> pd.DataFrame:
        """What has to be accepted or amended before the statement is final: loan_id, code, found; a row a loan.

        What the run began with has no loan: its loan_id is ``BEGUN``. ``found`` is in words of a language, or in signs.
        """
        rows: dict[str, str] = {}
        for one in self.loans.to_dict("records"):
            rows.setdefault(str(one["loan_id"]), found_of(one, lang))
        begun = [(horizon, code) for horizon, some in self.begun.items() for code in some]
        if begun:
            rows[BEGUN] = begun_words(begun, lang) if lang else "; ".join("/".join(key) for key in begun)
        columns = {"loan_id": list(rows), "code": [LOAN_DIFFERS] * len(rows), "found": list(rows.values())}
        return frame_of({name: pa.array(texts, pa.string()) for name, texts in columns.items()})


def begun_words(keys: Iterable[Key], lang: str) -> str:
    """Figures the run began with that are not those published, by horizon and code, as a sentence."""
    names = ((h, word("table.total", lang) if code == TOTAL else field_name(code, lang)) for h, code in keys)
    codes = word("class.between", lang).join(f"{word(f'table.{h}', lang)}/{name}" for h, name in names)
    return word("chain.begun", lang, codes=codes)


def in_words(points: pd.DataFrame, chain: Chain, lang: str) -> pd.DataFrame:
    """Open points (columns loan_id, code, found and any others) with what differs said in words of a language.

    Points of other codes, and of loans that do not differ, stay as they are.
    """
    told = chain.points(lang)
    said = dict(zip(told["loan_id"].tolist(), told["found"].tolist(), strict=True))
    rows = zip(*(points[name].tolist() for name in ("loan_id", "code", "found")), strict=True)
    found = [said.get(loan, text) if code == LOAN_DIFFERS else text for loan, code, text in rows]
    return points.assign(found=frame_of({"found": pa.array(found, pa.string())})["found"].set_axis(points.index))


def compare(before: Record | None, found: Disclosed, statement: Statement, rehash: Rehash | None = None) -> Chain:
    """A statement against the last one published before it.

    ``rehash`` hashes ids as those of ``before`` are. Raises InputError where they are hashed and it is not given,
    ValueError where ``before`` is of another lender, facility or no earlier quarter, and InvariantError where the
    loans do not add up to a difference.
    """
    if before is None:
        return Chain(None, tuple(_checks(None, found, statement, {})), join([]))
    if (before.lender, before.facility) != (found.lender, found.facility.id) or before.quarter >= found.quarter:
        raise ValueError("not an earlier statement of the same lender and facility")
    rates = CURRENT not in (before.rate_basis, statement.rate_basis)
    horizons = [SINCE_START, *([YEAR] if before.quarter // 4 == found.quarter // 4 else [])]
    parts = {horizon: moved(before, found, horizon, rehash, rates) for horizon in horizons}
    checks = tuple(_checks(before, found, statement, parts))
    chain = Chain(
        before,
        checks,
        join(list(parts.values())),
        {horizon: part.begun for horizon, part in parts.items()},
        tuple(range(before.quarter + 1, found.quarter)),
    )
    _led_back(chain)
    return chain


def _checks(
    before: Record | None, found: Disclosed, statement: Statement, parts: Mapping[str, Moved]
) -> Iterator[Check]:
    for horizon in (SINCE_START, YEAR):
        for code in (*found.fields, TOTAL):
            for measure in MEASURES:
                yield _check(before, found, statement, parts, (horizon, code, measure))


def _check(
    before: Record | None,
    found: Disclosed,
    statement: Statement,
    parts: Mapping[str, Moved],
    cell: tuple[str, str, str],
) -> Check:
    horizon, code, measure = cell
    quarter, now = (int(getattr(found.cells[h, code], OF[measure])) for h in (QUARTER, horizon))
    begins = statement.launch_quarter or (horizon == YEAR and found.quarter % 4 == 0)
    if begins:  # the horizon is the quarter
        return _result(cell, None, quarter, (quarter, quarter), now)
    why = _untested(before, found, statement, parts, horizon, measure)
    if before is None or why in ("first", "no_year_before"):
        return Check(code, horizon, measure, None, quarter, None, now, None, "not_tested", why)
    was = int(getattr(before.figures.get((horizon, code), Figures()), OF[measure]))
    if why:
        return Check(code, horizon, measure, was, quarter, None, now, None, "not_tested", why)
    least = max(was, quarter) if measure == "projects" else was + quarter
    allowed = rounded_off(before, found, horizon, code) if measure == "rate" else 0
    return _result(cell, was, quarter, (least, was + quarter), now, allowed)


def _untested(
    before: Record | None,
    found: Disclosed,
    statement: Statement,
    parts: Mapping[str, Moved],
    horizon: str,
    measure: str,
) -> Why:
    if before is None:
        return "first"
    if horizon not in parts:
        return "no_year_before"
    if not parts[horizon].shown:
        return "opening_later"
    if before.quarter < found.quarter - 1:
        return "gap"
    if measure == "rate" and CURRENT in (before.rate_basis, statement.rate_basis):
        return "current"
    return ""


def _result(
    cell: tuple[str, str, str],
    before: int | None,
    quarter: int,
    expected: tuple[int, int],
    now: int,
    allowed: int = 0,
) -> Check:
    horizon, code, measure = cell
    least, most = expected
    outside = now - most if now > most else min(now - least, 0)
    off: Result = "differs" if abs(outside) > allowed else "ok"
    why: Why = "opening_rounded" if outside and off == "ok" else ""
    return Check(code, horizon, measure, before, quarter, expected, now, outside, off, why)


def _led_back(chain: Chain) -> None:
    """Where an amount, rate or reduction does not come out, a loan or an opening figure must say why."""
    for one in chain.checks:
        if one.result != "differs" or one.measure == "projects" or one.before is None:
            continue
        named = chain.loans["horizon"].eq(one.horizon).fillna(False).any() or chain.begun.get(one.horizon)
        if not named:
            raise InvariantError(
                f"{one.horizon}/{one.code}/{one.measure}: off by {one.difference}, and no loan says why"
            )
