"""Between frames and arrays: step frames are Arrow-backed pandas, the arithmetic is numpy int64."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relending.units import Ints

Flags = NDArray[np.bool_]
Codes = NDArray[np.integer[Any]]
"""Positions in a list of distinct texts; only ever used as an index."""


def arrow(frame: pd.DataFrame, name: str) -> pa.Array:
    """One column as one Arrow array."""
    column = pa.array(frame[name])
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def ints(frame: pd.DataFrame, name: str) -> tuple[Ints, Flags]:
    """An integer or date column as int64 (0, or 1970-01-01, where empty) and whether each value is there."""
    column = arrow(frame, name)
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    there = np.asarray(column.is_valid())
    if column.null_count:
        column = column.fill_null(0)
    return column.to_numpy(zero_copy_only=False).astype(np.int64, copy=False), there


def maybe_ints(frame: pd.DataFrame, name: str) -> tuple[Ints, Flags]:
    """The same for a column that a frame of one's own may lack: then no value is there."""
    if name in frame:
        return ints(frame, name)
    return np.zeros(len(frame), np.int64), np.zeros(len(frame), bool)


def codes(frame: pd.DataFrame, name: str) -> tuple[Codes, list[str | None]]:
    """A text column as positions in the list of its distinct values (an empty cell is its own value, None)."""
    encoded = arrow(frame, name).dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()


def in_order(values: Codes) -> Ints:
    """The places of codes (from 0) in ascending order, equal ones as they come; few codes are not compared but counted.

    >>> in_order(np.array([2, 0, 2, 1])).tolist()
    [1, 3, 0, 2]
    """
    few = values.size and int(values.max()) < 2**15  # numpy counts where it sorts 16 bits stably
    return np.argsort(values.astype(np.int16) if few else values, kind="stable")


def positions_in(ids: pa.Array, among: pa.Array) -> Ints:
    """Where each text stands among others (-1: nowhere, or no text); of a text that stands there twice any place.

    The few are hashed, not the many they are looked for among.

    >>> positions_in(pa.array(["B", None, "X"]), pa.array(["A", "B", None])).tolist()
    [1, -1, -1]
    """
    named = ids.unique().drop_null()
    hit = pc.index_in(among, value_set=named)
    found = np.flatnonzero(np.asarray(hit.is_valid()))
    place = np.full(len(named) + 1, -1, np.int64)
    place[hit.fill_null(0).to_numpy(zero_copy_only=False)[found]] = found
    return place[pc.index_in(ids, value_set=named).fill_null(len(named)).to_numpy(zero_copy_only=False)]


def take(values: Sequence[str | None], index: Codes) -> pa.Array:
    """Texts by position; position -1 gives an empty text."""
    table = pa.array([*values, ""], pa.string())
    return table.take(pa.array(np.where(index < 0, len(values), index)))


def whole(values: Ints, there: Flags | None = None) -> pa.Array:
    """Integers as an Arrow column, null where ``there`` is false."""
    return pa.array(values, pa.int64(), mask=None if there is None else ~there)


def days(values: Ints, there: Flags | None = None) -> pa.Array:
    """Day numbers as a date column, null where ``there`` is false."""
    return pa.array(values.astype(np.int32), pa.int32(), mask=None if there is None else ~there).cast(pa.date32())


def frame_of(columns: Mapping[str, Any]) -> pd.DataFrame:
    """A step frame from Arrow columns."""
    return pa.table(dict(columns)).to_pandas(types_mapper=pd.ArrowDtype)


def join_frames(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames of the same columns one below the other, without a copy of each value to Python."""
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    tables = [pa.table({name: arrow(f, name) for name in f.columns}) for f in frames]
    return pa.concat_tables(tables).combine_chunks().to_pandas(types_mapper=pd.ArrowDtype)


def join_some(frames: Iterable[pd.DataFrame | None]) -> pd.DataFrame | None:
    """Those of the frames that are there, joined; None where none is."""
    there = [frame for frame in frames if frame is not None]
    return join_frames(there) if there else None


def distinct(values: Ints) -> Ints:
    """The distinct values, ascending (a sort: for these sizes faster than the hash that numpy takes)."""
    ordered = np.sort(values)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if ordered.size else ordered


def numbered(values: Ints) -> tuple[Ints, Ints]:
    """The distinct values, ascending, and each value's place among them; quick where the values lie close together."""
    if values.size == 0:
        return values, values
    low, high = int(values.min()), int(values.max())
    if high - low > 8 * values.size + 1024:
        found = distinct(values)
        return found, np.searchsorted(found, values)
    present = np.bincount(values - low) > 0
    place = np.cumsum(present) - 1
    return np.flatnonzero(present) + low, place[values - low]
