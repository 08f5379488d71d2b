"""Synthetic loan books: any number of plausible loans, the same for the same seed, for trials and benchmarks.

Sizes, terms, names and the mix of sectors stand in ``synth.toml`` (assumptions, not policy); the LPR, the windows and
the lists of the facilities come from the policy data. The figures of a project fit each other: investment gives its
capacity, capacity its output, output its reduction. Floats only propose figures: what is kept are whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from relending.book.synth_profile import BLOCK_ROWS, MILLION, PREPAYMENTS, WAN_FEN, Flags, generator, profile

if TYPE_CHECKING:
    import pyarrow as pa

    from relending.book.synth_draft import Draft
    from relending.book.synth_rows import Rows


def plan(
    loans: int,
    seed: int,
    defects: float | Decimal = 0,
    named: Mapping[str, Decimal] | None = None,
    *,
    sound: bool = False,
    text: bool = False,
) -> Draft:
    """The loans of a book before any column is made; arguments as in :func:`make_book`."""
    from relending.book.synth_defects import choose, counted
    from relending.book.synth_draft import draft

    if loans < 1:
        raise ValueError(f"loans: {loans}; expected at least 1 / 借据笔数至少为 1")
    return choose(draft(loans, seed, sound), counted(loans, defects, named, text=text))


def blocks(draft: Draft) -> Iterator[Rows]:
    """The loans of a book in blocks, made one after the other."""
    from relending.book.synth_rows import block

    return (block(draft, i) for i in range(-(-draft.loans // BLOCK_ROWS)))


def make_book(
    loans: int,
    seed: int,
    defects: float | Decimal = 0,
    named: Mapping[str, Decimal] | None = None,
    *,
    sound: bool = False,
) -> pa.Table:
    """A synthetic loan book in canonical columns: money in yuan, rates as fractions, exact decimals.

    Parameters
    ----------
    loans : rows of the book [count]
    seed : of the random numbers; same arguments, same table
    defects : share of the rows that also carry a data error (0 to 1), spread evenly over all kinds a table can hold
    named : defect (see ``synth_defects.defects``) -> percentage of the rows [%]; the number of rows is exact
    sound : leave out the 2 to 3 % of the loans that are ineligible on purpose, for every reason that can occur

    Rows are in the order disbursed. Raises ``ValueError`` (``SynthError`` where defects cannot be had as asked).

    >>> book = make_book(100, seed=1)
    >>> book.num_rows, book.equals(make_book(100, seed=1)), book.equals(make_book(100, seed=2))
    (100, True, False)
    """
    import pyarrow as pa

    from relending.book.synth_table import PLAIN, cells

    made = plan(loans, seed, defects, named, sound=sound)
    return pa.concat_tables([strings(cells(rows, PLAIN).table) for rows in blocks(made)])


def strings(table: pa.Table) -> pa.Table:
    """The table with plain text instead of dictionaries."""
    import pyarrow as pa

    kinds = [pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    return table.cast(pa.schema(kinds))


def make_prepayments(book: pa.Table, seed: int, share: float = 0.002) -> pa.Table:
    """Part prepayments during the grace period, so never more than is outstanding: loan_id, date, amount (yuan).

    ``share`` is the share of the loans that get one (0 to 1); loans without a month of grace get none.

    >>> make_prepayments(make_book(500, seed=1), seed=1, share=0.5).column_names
    ['loan_id', 'date', 'amount']
    """
    import pyarrow as pa

    parts = range(-(-book.num_rows // BLOCK_ROWS))
    some = [prepayments_of(book.slice(i * BLOCK_ROWS, BLOCK_ROWS), seed, i, share) for i in parts]
    return once(pa.concat_tables(some))


def prepayments_of(book: pa.Table, seed: int, block: int, share: float, never: Flags | None = None) -> pa.Table:
    """The prepayments of one block of a book in yuan; none of the loans ``never`` tells."""
    import pyarrow as pa

    from relending.book.synth_arrow import date, day_numbers, decimal, units

    rng = generator(seed, PREPAYMENTS, block)
    disbursed, grace, matures = (day_numbers(book[c]) for c in ("disbursed", "grace_until", "matures"))
    ids = book["loan_id"].combine_chunks()
    wan = units(book["principal"]) // WAN_FEN
    chosen = rng.integers(0, MILLION, book.num_rows) < round(share * MILLION)
    chosen &= (grace > disbursed + 30) & (grace < matures) & (wan > 0)
    chosen &= ids.is_valid().to_numpy(zero_copy_only=False)
    if never is not None:
        chosen &= ~never
    rows = np.flatnonzero(chosen)
    day = disbursed[rows] + 15 + rng.integers(0, 10_000, len(rows)) * (grace[rows] - disbursed[rows] - 16) // 10_000
    amount = np.maximum(wan[rows] * rng.integers(1, 11, len(rows)) // 10, 1)
    return pa.table(
        {"loan_id": ids.take(pa.array(rows)), "date": date(day), "amount": decimal(amount * WAN_FEN, 18, 2)}
    )


def once(prepayments: pa.Table) -> pa.Table:
    """The first prepayment of each loan id: a book may have ids twice on purpose."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = prepayments["loan_id"].combine_chunks()
    if pc.count_distinct(ids).as_py() == len(ids):
        return prepayments
    _, keep = np.unique(np.asarray(ids.to_pylist()), return_index=True)
    return prepayments.take(pa.array(np.sort(keep)))


__all__ = ["blocks", "make_book", "make_prepayments", "plan", "profile"]
