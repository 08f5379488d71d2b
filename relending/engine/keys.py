"""Exchange 1, keys: what no block can know alone. Duplicate loan ids, and the number of every project and lender.

``number`` finds them; what all loans of a contract or a project are together is asked in
:mod:`relending.engine.contracts` and :mod:`relending.engine.shares`, once the blocks have judged their own loans.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relending.engine.block import Block
from relending.engine.columns import Flags, arrow
from relending.findings import Findings
from relending.units import Ints


@dataclass(frozen=True, slots=True)
class Keys:
    """What the blocks' keys together say: one array a block, in block order.

    ``duplicate`` marks every row whose loan_id another row has too; ``project`` numbers the ``projects`` projects over
    all blocks and ``project_ids`` are their ids (null: no id); ``lenders`` are the lenders of the book in code-point
    order.
    """

    duplicate: tuple[Flags, ...]
    project: tuple[Ints, ...]
    projects: int
    lenders: tuple[str, ...]
    offsets: tuple[int, ...]
    loan_ids: pa.ChunkedArray
    project_ids: pa.Array


def split(values: np.ndarray, offsets: Sequence[int]) -> tuple[np.ndarray, ...]:
    """An array over all blocks as one a block."""
    return tuple(values[a:b] for a, b in itertools.pairwise(offsets))


def number(frames: Sequence[pd.DataFrame]) -> Keys:
    """The keys of all blocks, from their loan frames."""
    offsets = tuple(int(x) for x in np.concatenate([[0], np.cumsum([len(f) for f in frames])]))
    loan_ids = pa.chunked_array([arrow(f, "loan_id") for f in frames], pa.string())
    duplicate = _duplicates(loan_ids)
    projects = pa.chunked_array([arrow(f, "project_id") for f in frames], pa.string()).combine_chunks()
    coded = projects.dictionary_encode(null_encoding="encode")
    project = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    lenders = sorted({name for f in frames for name in arrow(f, "lender").unique().drop_null().to_pylist()})
    return Keys(
        split(duplicate, offsets),
        split(project, offsets),
        len(coded.dictionary),
        tuple(lenders),
        offsets,
        loan_ids,
        coded.dictionary,
    )


def _duplicates(loan_ids: pa.ChunkedArray) -> Flags:
    """Rows whose id another row has too (an empty id is its own error)."""
    if pc.count_distinct(loan_ids, mode="only_valid").as_py() == len(loan_ids) - loan_ids.null_count:
        return np.zeros(len(loan_ids), bool)
    encoded = loan_ids.combine_chunks().dictionary_encode()
    there = np.asarray(encoded.is_valid())
    index = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    times = np.bincount(index[there], minlength=max(len(encoded.dictionary), 1))
    found: Flags = there & (times[index] > 1)
    return found


def duplicate_findings(blocks: Sequence[Block], keys: Keys) -> Findings:
    """An error for every row that shares its loan_id with another, naming one other row."""
    rows = np.flatnonzero(np.concatenate(keys.duplicate))
    if rows.size == 0:
        return Findings()
    ids = keys.loan_ids.take(pa.array(rows)).to_pylist()
    where = places(blocks, keys, rows)
    first: dict[str, int] = {}
    second: dict[str, int] = {}
    for i, name in enumerate(ids):
        if first.setdefault(name, i) != i:
            second.setdefault(name, i)
    others = [where[second[name] if first[name] == i else first[name]] for i, name in enumerate(ids)]
    return place_rows(blocks, keys, "duplicate_loan_id", rows, "loan_id", ids, [f"≠ {o}" for o in others])


def places(blocks: Sequence[Block], keys: Keys, rows: Ints) -> list[str]:
    """File and row of each of these rows (numbers over all blocks), as text."""
    out: list[str] = []
    for block, start, stop in zip(blocks, keys.offsets[:-1], keys.offsets[1:], strict=True):
        mine = rows[(rows >= start) & (rows < stop)] - start
        place = block.place(mine)
        out += [f"{f}:{r}" for f, r in zip(place["file"].to_pylist(), place["row"].to_pylist(), strict=True)]
    return out


def lender_numbers(block: Block, keys: Keys) -> Ints:
    """Each loan's lender as its position in ``keys.lenders``, -1 where it has none."""
    place = {name: i for i, name in enumerate(keys.lenders)}
    return np.array([place.get(name, -1) if name is not None else -1 for name in block.lenders], np.int64)[block.lender]


def place_rows(
    blocks: Sequence[Block], keys: Keys, code: str, rows: Ints, column: str, found: list[str], expected: list[str]
) -> Findings:
    """Findings at rows numbered over all blocks (ascending), what was found and expected beside each."""
    parts = []
    for block, start, stop in zip(blocks, keys.offsets[:-1], keys.offsets[1:], strict=True):
        mine = np.flatnonzero((rows >= start) & (rows < stop))
        if mine.size:
            parts.append(
                Findings.of(
                    code,
                    int(mine.size),
                    **block.place(rows[mine] - start),
                    column=column,
                    found=[found[i] for i in mine],
                    expected=[expected[i] for i in mine],
                )
            )
    return Findings.concat(parts)
