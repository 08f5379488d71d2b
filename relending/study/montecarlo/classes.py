"""Classes of loans 贷款类别: what random factors tell apart, as one small number.

Loans disbursed before the random quarters are class 0. Those of the n-th random quarter (n from 1) are class n, or, if
they come from a lending plan, class ``quarters + n``: only the volume of planned loans is random, and a loan is first
repaid early in the quarter after its disbursement. ``FIXED`` is what no factor touches: an opening tranche, which has
no loans behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relending.dates import quarter_end, quarter_of, quarter_start
from relending.engine.block import Block
from relending.engine.columns import numbered
from relending.units import Ints

FIXED = -1


@dataclass(frozen=True, slots=True)
class Horizon:
    """The random quarters of a run: numbers ``first`` to ``last`` (``year * 4 + 0..3``) of those from ``begin`` on."""

    begin: int
    first: int
    last: int

    @property
    def count(self) -> int:
        """How many quarters are random."""
        return self.last - self.first + 1

    @property
    def quarters(self) -> range:
        """The random quarters."""
        return range(self.first, self.last + 1)

    @property
    def classes(self) -> int:
        """How many classes there may be."""
        return 2 * self.count + 1

    @property
    def first_day(self) -> int:
        """The first random day."""
        return int(quarter_start(self.first))

    def ends(self) -> list[int]:
        """Last days of the random quarters."""
        return [int(d) for d in quarter_end(np.asarray(self.quarters))]

    def ends_by(self, day: int) -> int:
        """How many random quarters have ended by the end of a day.

        >>> from relending.dates import quarter_start
        >>> h = Horizon(0, 2027 * 4, 2027 * 4 + 3)
        >>> [h.ends_by(int(quarter_start(2027 * 4 + 2)) - back) for back in (2, 1)]  # 29 and 30 June
        [1, 2]
        """
        return max(0, min(int(quarter_of(day + 1)), self.last + 1) - self.first)

    def born(self, cls: int) -> int:
        """The number of the random quarter a class is disbursed in, from 1; 0 for class 0."""
        return cls if cls <= self.count else cls - self.count

    def planned(self, cls: int) -> bool:
        """Whether the volume of a class is random."""
        return cls > self.count

    def of(self, block: Block) -> Ints:
        """The class of every loan of a block."""
        number = np.clip(quarter_of(block.disbursed) - self.first + 1, 0, self.count)
        return np.where(block.planned & (number > 0), self.count + number, number)


def groups(*columns: Ints) -> tuple[list[tuple[int, ...]], Ints]:
    """The distinct rows of several columns, ascending, and each row's place among them.

    Each column's values are numbered first, so that a row is one small number.

    >>> found, index = groups(np.array([5, 7, 5]), np.array([-1, 0, -1]))
    >>> found, index.tolist()
    ([(5, -1), (7, 0)], [0, 1, 0])
    """
    known, at = numbered(columns[0])
    rows = known[:, None]
    for column in columns[1:]:
        values, place = numbered(column)
        found, at = numbered(at * max(len(values), 1) + place)
        rows = np.concatenate(
            [rows[found // max(len(values), 1)], values[found % max(len(values), 1)][:, None]], axis=1
        )
    return [tuple(row) for row in rows.tolist()], at
