"""The largest loans of every disclosed cell, found without sorting a book: one partition a sector, some merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.engine.columns import Flags, codes, in_order, ints
from relending.engine.disclosure import HORIZONS
from relending.units import Ints, total

MOST = 5
"""Loans shown of a cell by each of the two orders."""
TOTAL = "total"


def top(values: Ints, most: int) -> Ints:
    """The places of the largest values, largest first; of equal ones those that come first.

    >>> top(np.array([3, 9, 9, 1, 9]), 2).tolist()
    [1, 2]
    """
    n = values.size
    if n > most:
        least = np.partition(values, n - most)[n - most]
        above = np.flatnonzero(values > least)
        at = np.sort(np.concatenate([above, np.flatnonzero(values == least)[: most - above.size]]))
    else:
        at = np.arange(n)
    return at[np.argsort(-values[at], kind="stable")]


@dataclass(frozen=True, slots=True)
class Largest:
    """Of a cell: rows of its largest loans by amount and by reduction, and how many loans and fen it has in all."""

    by_amount: tuple[int, ...]
    by_reduction: tuple[int, ...]
    loans: int
    amount: int

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows that are shown: the largest by amount, then those that only the other order has."""
        return tuple(dict.fromkeys((*self.by_amount, *self.by_reduction)))


def largest(loans: pd.DataFrame, field_of: dict[str, str]) -> Iterator[tuple[tuple[str, str], Largest]]:
    """The largest loans by (horizon, code), of cells that have any; ``loans`` are those of ``Disclosures.counted``.

    ``field_of`` gives the field of each sector. A loan that no list names counts in the total alone.
    """
    amount, reduction = ints(loans, "amount_fen")[0], ints(loans, "reduction_g")[0]
    sector, names = codes(loans, "sector")
    order = in_order(sector)
    parts = np.split(order, np.flatnonzero(np.diff(sector[order])) + 1) if len(order) else []
    for horizon in HORIZONS:
        inside: Flags = loans[f"in_{horizon}"].to_numpy(dtype=bool)
        groups: dict[str, list[Largest]] = {}
        for part in parts:
            rows = part[inside[part]]
            if not rows.size:
                continue
            code = str(names[sector[rows[0]]])
            one = Largest(
                tuple(rows[top(amount[rows], MOST)].tolist()),
                tuple(rows[top(reduction[rows], MOST)].tolist()),
                rows.size,
                total(amount[rows]),
            )
            above = (field_of[code],) if code in field_of else ()
            for group in (code, *above, TOTAL):
                groups.setdefault(group, []).append(one)
        for group, some in groups.items():
            yield (horizon, group), _merged(some, amount, reduction)


def _merged(some: list[Largest], amount: Ints, reduction: Ints) -> Largest:
    """What is largest of several is largest of what is largest in each."""

    def of(rows: list[int], values: Ints) -> tuple[int, ...]:
        at = np.sort(np.array(rows, np.int64))
        return tuple(at[top(values[at], MOST)].tolist())

    return Largest(
        of([row for one in some for row in one.by_amount], amount),
        of([row for one in some for row in one.by_reduction], reduction),
        sum(one.loans for one in some),
        sum(one.amount for one in some),
    )
