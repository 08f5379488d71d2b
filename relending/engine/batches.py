"""Batches 申报批次: what was asked for and what arrived, one entry a loan and application period, as it was filed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from relending.engine.columns import Flags
from relending.units import Ints


@dataclass(frozen=True, slots=True)
class Batches:
    """The batches of one block's loans, by loan and in time; arrays of one entry a batch.

    Loan (position in the block), application period, status of the row that counts (position in STATUS), facility (-1:
    not known), fen asked for and received, and the row of the table.
    """

    loan: Ints
    period: Ints
    status: Ints
    facility: Ints
    asked: Ints
    received: Ints
    row: Ints

    def some(self, which: Flags | Ints) -> Batches:
        """Part of the batches."""
        return Batches(*(getattr(self, f.name)[which] for f in fields(Batches)))


def no_batches() -> Batches:
    """None at all."""
    none = np.zeros(0, np.int64)
    return Batches(none, none, none, none, none, none, none)


def batches(
    loan: Ints,
    period: Ints,
    in_time: Ints,
    result: Flags,
    status: Ints,
    facility: Ints,
    applied: Mapping[tuple[int, int], int],
    received: Ints,
    may_ask: Ints,
    row: Ints,
) -> Batches:
    """The batches behind the rows of a table: of two rows of one batch the result counts, not the application.

    ``applied`` the amount a batch says it asked for; where it says none, it asked for what the loan may ask
    (``may_ask``) less what had arrived in earlier batches.
    """
    order = np.lexsort((row, result, in_time, loan))
    columns = (loan, period, status, facility, received, may_ask, row)
    out: list[tuple[int, ...]] = []
    before: dict[int, int] = {}
    for who, when, how, where, got, most, at in zip(*(c[order].tolist() for c in columns), strict=True):
        if out and out[-1][:2] == (who, when):
            before[who] -= out.pop()[5]
        asked = applied.get((who, when), max(most - before.get(who, 0), 0))
        before[who] = before.get(who, 0) + got
        out.append((who, when, how, where, asked, got, at))
    told = np.array(out, np.int64).reshape(-1, 7).T
    return Batches(*told)
