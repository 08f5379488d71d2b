"""Cells as a file gives them, before anything is read into them: what all formats have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relending.findings import Findings

TEXT, NUMBER, DATE, OTHER = 0, 1, 2, 3
"""What a spreadsheet cell was, where one column mixes kinds and all are kept as text."""


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of a block: an Arrow array as the file has it, and for mixed spreadsheet columns each cell's kind.

    ``typed``: the format tells texts from other values itself, so no text in it is escaped.
    """

    values: pa.Array
    kinds: NDArray[np.int8] | None = None
    spreadsheet: bool = False
    typed: bool = False

    def take(self, index: NDArray[np.int64]) -> Cells:
        """Only these rows."""
        kinds = None if self.kinds is None else self.kinds[index]
        return Cells(self.values.take(pa.array(index)), kinds, self.spreadsheet, self.typed)

    def kind(self) -> NDArray[np.int8]:
        """Each cell's kind."""
        if self.kinds is not None:
            return self.kinds
        t = self.values.type
        if pa.types.is_dictionary(t):
            t = t.value_type
        if pa.types.is_floating(t) or pa.types.is_integer(t) or pa.types.is_decimal(t):
            kind = NUMBER
        elif pa.types.is_date(t) or pa.types.is_timestamp(t):
            kind = DATE
        else:
            kind = TEXT
        return np.full(len(self.values), kind, np.int8)


@dataclass(frozen=True, slots=True)
class RawBlock:
    """Rows of one table, wanted columns only.

    ``ragged`` maps a row that has not ``width`` cells, as the header has, to the number it has; its cells stand in
    ``columns`` counted from the left, null where there is none. ``split`` names those of them in which a figure seems
    to be cut at its thousands separators. ``broken`` maps a position and a row to the finding code of a cell that has
    no value of its own (an error, a formula never computed, a merged cell) and to what stands there.
    """

    first_row: int
    rows: int
    columns: Mapping[int, Cells]
    ragged: Mapping[int, int] = field(default_factory=dict)
    width: int = 0
    split: Collection[int] = ()
    broken: Mapping[int, Mapping[int, tuple[str, str]]] = field(default_factory=dict)


Blocks = Callable[[Sequence[int], int, Collection[int]], Iterator[RawBlock]]
"""(positions wanted, rows of a block, positions of words that come again and again) -> blocks in order.

Columns of the third kind may come as dictionaries, where the format stores them so."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table found in a file: its headers, what stands above them, and how to get its rows.

    ``header_row`` is the last row of the header, as a spreadsheet counts; ``notes`` what was found on opening it,
    ``nothing`` the positions of columns that have neither header nor cells.
    """

    path: Path
    file: str
    sheet: str
    headers: tuple[str, ...]
    above: tuple[tuple[str, ...], ...]
    header_row: int | None
    encoding: str
    sha256: str
    blocks: Blocks
    notes: Findings = field(default_factory=Findings)
    stamp: tuple[int, ...] = ()
    nothing: Collection[int] = frozenset()

    def unchanged(self) -> bool:
        """Whether the file is still the one that was opened."""
        return not self.stamp or self.stamp == stamp(self.path)


def stamp(path: Path) -> tuple[int, ...]:
    """What tells that a file was not touched: its size, its time of change, which file it is."""
    try:
        told = path.stat()
    except OSError:
        return (-1,)
    return (told.st_size, told.st_mtime_ns, told.st_ino)


def flat(array: Any, *, keep_dictionary: bool = False) -> pa.Array:
    """One contiguous array; text as ``string``, and as a dictionary only where ``keep_dictionary`` allows one."""
    if isinstance(array, pa.ChunkedArray) and pa.types.is_dictionary(array.type):
        array = array.unify_dictionaries()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    if isinstance(array, pa.ChunkedArray):  # no chunk at all, or text beyond two gigabytes
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_dictionary(array.type):
        if keep_dictionary and pa.types.is_string(array.type.value_type) and array.dictionary.null_count == 0:
            return array
        array = array.dictionary_decode()
    if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
        array = array.cast(pa.string())
    return array


_SHOWN = 200
"""Characters of a cell shown in a finding."""
_DIGITS = 10**21


def text_of(values: pa.Array, index: NDArray[np.int64]) -> pa.Array:
    """The cells at ``index`` as a person would write them, for findings."""
    picked = flat(values.take(pa.array(index, pa.int64())))
    if pa.types.is_string(picked.type):
        picked = picked.fill_null("")
        long = pc.greater(pc.utf8_length(picked), _SHOWN)
        if not pc.any(long).as_py():
            return picked
        cut = pc.binary_join_element_wise(pc.utf8_slice_codeunits(picked, 0, _SHOWN), "…", "")
        return pc.if_else(long, cut, picked)
    if pa.types.is_temporal(picked.type):
        return pc.cast(picked, pa.string(), safe=False).fill_null("")  # also of years no calendar here has
    out = []
    for v in picked.to_pylist():
        if v is None:
            out.append("")
        elif isinstance(v, float):
            # a spreadsheet's whole numbers are shown with all their digits, the lost ones too
            out.append(str(int(v)) if abs(v) < _DIGITS and v == int(v) else format(v, ".15g"))
        else:
            out.append(str(v))
    return pa.array(out, pa.string())
