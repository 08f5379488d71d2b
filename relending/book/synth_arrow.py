"""Arrow arrays from whole numbers, without a Python object per cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relending.book.synth_profile import Flags, Ints

_ZERO = ord("0")


def numbered(prefix: str, numbers: Ints, width: int = 8, empty: Flags | None = None) -> pa.Array:
    """Ids: a prefix and a number padded with noughts.

    >>> numbered("P", np.array([7, 123])).to_pylist()
    ['P00000007', 'P00000123']
    """
    lead, n = prefix.encode("ascii"), len(numbers)
    width = max(width, len(str(int(np.max(numbers, initial=0)))))
    letters = np.empty((n, len(lead) + width), np.uint8)
    letters[:, : len(lead)] = np.frombuffer(lead, np.uint8)
    left = np.asarray(numbers, np.int64)
    for place in range(letters.shape[1] - 1, len(lead) - 1, -1):
        left, digit = np.divmod(left, 10)
        letters[:, place] = digit + _ZERO
    ends = np.arange(n + 1, dtype=np.int32) * letters.shape[1]
    texts = pa.Array.from_buffers(pa.string(), n, [None, pa.py_buffer(ends), pa.py_buffer(letters)])
    return texts if empty is None else without(texts, empty)


def coded(values: Sequence[str], index: Ints, empty: Flags | None = None) -> pa.Array:
    """Words by their places in a list, as a dictionary.

    >>> coded(["a", "b"], np.array([1, 0])).to_pylist()
    ['b', 'a']
    """
    codes = pa.array(np.asarray(index, np.int32), mask=empty)
    return pa.DictionaryArray.from_arrays(codes, pa.array(list(values), pa.string()))


def decimal(units: Ints, precision: int, scale: int, empty: Flags | None = None) -> pa.Array:
    """Integers in units of 10^-scale as decimal128, by their two limbs: exact and without a copy per value.

    >>> decimal(np.array([-150, 7]), 18, 2).to_pylist()
    [Decimal('-1.50'), Decimal('0.07')]
    """
    limbs = np.empty((len(units), 2), np.int64)
    limbs[:, 0] = units
    limbs[:, 1] = np.asarray(units, np.int64) >> 63
    kind = pa.decimal128(precision, scale)
    valid = None if empty is None else pa.array(~empty).buffers()[1]
    return pa.Array.from_buffers(kind, len(units), [valid, pa.py_buffer(limbs)])


def units(decimals: pa.ChunkedArray | pa.Array) -> Ints:
    """The inverse of ``decimal``: whole units, 0 where empty.

    >>> units(decimal(np.array([-150, 7]), 18, 2)).tolist()
    [-150, 7]
    """
    array = decimals.combine_chunks() if isinstance(decimals, pa.ChunkedArray) else decimals
    limbs = np.frombuffer(array.buffers()[1], np.int64)[2 * array.offset : 2 * (array.offset + len(array)) : 2]
    return np.where(array.is_valid().to_numpy(zero_copy_only=False), limbs, 0)


def date(days: Ints, empty: Flags | None = None) -> pa.Array:
    """Days since 1970-01-01 as dates."""
    return pa.array(np.asarray(days, np.int32), pa.int32(), mask=empty).cast(pa.date32())


def day_numbers(dates: pa.ChunkedArray) -> Ints:
    """The inverse of ``date``; -1 where empty."""
    return dates.combine_chunks().cast(pa.int32()).fill_null(-1).to_numpy().astype(np.int64)


def without(array: pa.Array, empty: Flags) -> pa.Array:
    """The array with some cells emptied."""
    return pc.if_else(pa.array(empty), pa.scalar(None, array.type), array) if empty.any() else array


def replaced(array: pa.Array, rows: Ints, texts: Sequence[Any]) -> pa.Array:
    """The array as plain text with other words in some rows (ascending)."""
    plain = array.cast(pa.string())
    if not len(rows):
        return plain
    mask = np.zeros(len(plain), bool)
    mask[rows] = True
    return pc.replace_with_mask(plain, pa.array(mask), pa.array(list(texts), pa.string()))
