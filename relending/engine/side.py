"""Tables beside the loans 附表: their rows sorted to the loans they speak of, and findings that point at them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.engine.columns import arrow, positions_in
from relending.engine.keys import Keys
from relending.findings import Findings
from relending.units import Ints, decimal_text

Side = Mapping[str, pd.DataFrame]
"""Tables beside the loans, by name: step frames as the column dictionary has them (:mod:`relending.book.columns`)."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Rows of a side table that speak of one block's loans: loan (position in the block) and row of the table."""

    loan: Ints
    row: Ints

    def without(self, rows: Ints) -> Matched:
        """The same less these rows of the table."""
        keep = ~np.isin(self.row, rows)
        return Matched(self.loan[keep], self.row[keep])


def match_loans(table: pd.DataFrame | None, keys: Keys) -> tuple[tuple[Matched, ...], Ints]:
    """The rows of a table by block, in their order, and the rows that name a loan no block has.

    A row whose ``loan_id`` is empty is in neither: its finding is there already.
    """
    none = np.zeros(0, np.int64)
    if table is None or len(table) == 0:
        return tuple(Matched(none, none) for _ in keys.duplicate), none
    loan_id = arrow(table, "loan_id")
    where = loans_called(loan_id, keys)
    matched = []
    for start, stop in itertools.pairwise(keys.offsets):
        mine = np.flatnonzero((where >= start) & (where < stop))
        matched.append(Matched(where[mine] - start, mine))
    return tuple(matched), np.flatnonzero((where < 0) & np.asarray(loan_id.is_valid()))


def loans_called(ids: pa.Array, keys: Keys) -> Ints:
    """The row (over all blocks) of the loan each id means, -1 where there is none.

    Of an id that several rows have any will do: all of them are set aside.
    """
    return positions_in(ids, keys.loan_ids.combine_chunks())


def yuan(fen: Ints) -> list[str]:
    """Amounts in fen as a finding writes them.

    >>> yuan(np.array([123_456_789]))
    ['1,234,567.89']
    """
    return [decimal_text(int(f), 2) for f in fen]


def at_rows(
    table: pd.DataFrame,
    code: str,
    rows: Ints,
    column: str,
    found: Sequence[str] | pa.Array | str | None = None,
    expected: Sequence[str] | str = "",
) -> Findings:
    """Findings that point at rows of a side table; what was found is the loan id where nothing else is said."""
    if rows.size == 0:
        return Findings()
    at = pa.array(rows)
    loan = arrow(table, "loan_id").take(at) if "loan_id" in table else ""
    place = {name: arrow(table, name).take(at) for name in ("file", "sheet", "row")}
    return Findings.of(
        code,
        int(rows.size),
        **place,
        loan=loan,
        column=column,
        found=loan if found is None else found,
        expected=expected,
    )
