"""Checks of the rows of the tables beside the loans, each row by itself.

What a row says of a loan, a project or a facility is held against the run by the engine. Facilities, and the codes of
opening totals, may be given by their names: they become ids here; a word nobody knows stays for the engine to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relending.book.block import Rows, is_error
from relending.book.cells import flat
from relending.book.checks_common import lenders_of, missing
from relending.book.columns import columns
from relending.book.texts import even, translate
from relending.book.totals import is_total

TOTAL = "total"
"""The code of the totals of a facility."""


def check_cells(rows: Rows, lender: str | None, lenders: Mapping[str, str]) -> None:
    """Check for empty cells; what they say is held against the loans by the engine."""
    missing(rows)


def check_applications(rows: Rows, lender: str | None, lenders: Mapping[str, str]) -> None:
    """Check applications and receipts: what was asked for is above nothing, no rate is below.

    A row with an error loses its status: an unreadable fact, even one that may be left out, must not count as if it had
    not been given, so the engine sets the loan aside.
    """
    _facilities(rows)
    missing(rows)
    _above(rows, "applied_amount")
    _not_below(rows, "rate", "rate_negative")
    bad = np.zeros(rows.n, np.bool_)
    for problem in rows.problems:
        if is_error(problem.code):
            bad[problem.rows] = True
    if bad.any():
        status = rows.values["status"]
        rows.values["status"] = pc.if_else(pa.array(bad), pa.scalar(None, status.type), status)


def check_opening_tranches(rows: Rows, lender: str | None, lenders: Mapping[str, str]) -> None:
    """Check opening tranches: a balance above nothing, a rate not below; fills in the lender."""
    lenders_of(rows, lender, lenders)
    _facilities(rows)
    missing(rows)
    _above(rows, "principal")
    _not_below(rows, "rate", "rate_negative")


def check_opening(rows: Rows, lender: str | None, lenders: Mapping[str, str]) -> None:
    """Check opening totals: no figure below nothing, a weighted rate where there is an amount; fills in the lender."""
    lenders_of(rows, lender, lenders)
    _facilities(rows)
    rows.values["code"] = _translated(rows.values["code"], _code)
    missing(rows)
    for name in ("projects", "amount"):
        _not_below(rows, name, "value_out_of_range")
    _not_below(rows, "reduction", "reduction_negative")
    _not_below(rows, "weighted_rate", "rate_negative")
    amount, has_amount = rows.ints("amount_fen")
    _, has_rate = rows.ints("weighted_rate_e8")
    without = has_amount & (amount > 0) & ~has_rate & ~rows.unreadable("weighted_rate")
    rows.blame("value_missing", without, "weighted_rate", _label(rows, "weighted_rate"))


def check_revisions(rows: Rows, lender: str | None, lenders: Mapping[str, str]) -> None:
    """Check revisions: each gives a reason, an investment above nothing; of one that gives nothing the engine tells."""
    missing(rows)
    _above(rows, "investment", "investment_not_positive")
    _not_below(rows, "reduction", "reduction_negative")


def check_other_loans(rows: Rows, lender: str | None, lenders: Mapping[str, str]) -> None:
    """Check loans of other lenders: the project by id or code, an amount above nothing. Their lender is any text."""
    rows.values["lender"] = flat(rows.values["lender"])
    missing(rows)
    _above(rows, "principal", "principal_not_positive")
    _one_of(rows, "project_code", "project_id")


SIDE_CHECKS: Mapping[str, Callable[[Rows, str | None, Mapping[str, str]], None]] = {
    "prepayments": check_cells,
    "applications": check_applications,
    "opening_tranches": check_opening_tranches,
    "opening": check_opening,
    "schedule": check_cells,
    "balances": check_cells,
    "revisions": check_revisions,
    "other_loans": check_other_loans,
}
"""How the rows of each table beside the loans are checked."""


def _label(rows: Rows, *names: str) -> str:
    known = columns(rows.table)
    return " | ".join(f"{name} / {known[name].zh}" for name in names)


def _above(rows: Rows, name: str, code: str = "value_out_of_range") -> None:
    values, there = rows.ints(columns(rows.table)[name].frame)
    rows.blame(code, there & (values <= 0), name, "> 0")


def _not_below(rows: Rows, name: str, code: str) -> None:
    values, there = rows.ints(columns(rows.table)[name].frame)
    rows.blame(code, there & (values < 0), name, ">= 0")


def _one_of(rows: Rows, *names: str) -> None:
    """At least one of these cells is given, be it readable or not."""
    none = ~rows.apart
    for name in names:
        values = rows.values[columns(rows.table)[name].frame]
        none = none & values.is_null().to_numpy(zero_copy_only=False) & ~rows.unreadable(name)
    rows.blame("value_missing", none, names[0], _label(rows, *names))


def _facilities(rows: Rows) -> None:
    rows.values["facility"] = _translated(rows.values["facility"], _facility_names().get)


def _translated(texts: pa.Array, to: Callable[[str], str | None]) -> pa.Array:
    """The texts, evened out, as ``to`` has them; a text it does not know stays as it is."""
    mapped, _ = translate(texts, lambda text: to(even(text)))
    return pc.coalesce(mapped, flat(texts))


@cache
def _facility_names() -> Mapping[str, str]:
    """The facilities shipped by evened-out id and names."""
    from relending.policy import facilities, facility

    return {even(word): one for one in facilities() for word in (one, *facility(one).name.values())}


@cache
def _codes() -> Mapping[str, str]:
    """Codes of fields and sectors by evened-out code and names; where a field and a sector share one, the field."""
    from relending.policy import fields, sectors

    known = {even(word): s.code for s in sectors().values() for word in (s.code, s.zh, s.en, *s.aliases)}
    return known | {even(word): f.id for f in fields().values() for word in (f.id, f.zh, f.en)}


def _code(text: str) -> str | None:
    return TOTAL if is_total(text) else _codes().get(text)
