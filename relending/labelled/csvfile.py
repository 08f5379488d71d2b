"""A labelled table as CSV: UTF-8 with byte-order mark, lines ended by LF, no text a formula, plain digits."""

from __future__ import annotations

import codecs
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from relending.spreadsheet import escaped, large, quoted

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 2**15  # rows turned into text at a time


def write_csv(table: pa.Table, path: Path) -> None:
    """Write the table; what is missing, and an empty text, is an empty field."""
    with path.open("wb") as out:
        csv_to(table, out)


def csv_to(table: pa.Table, out: IO[bytes]) -> None:
    """The same into a stream."""
    import pyarrow as pa

    header = quoted(escaped(pa.array(table.column_names, pa.large_string()))).to_pylist()
    out.write(codecs.BOM_UTF8 + ",".join(header).encode() + b"\n")
    for first in range(0, table.num_rows, ROWS):
        out.write(lines(table.slice(first, ROWS)))


def lines(table: pa.Table) -> Any:
    """The rows of a table as bytes, without a header."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [_cells(column.combine_chunks()) for column in table.columns]
    rows = pc.binary_join_element_wise(*parts, large(","), null_handling="replace", null_replacement="")
    ended = pc.binary_join_element_wise(rows, large("\n"), large(""))
    return pc.binary_join(pa.LargeListArray.from_arrays([0, len(ended)], ended), large(""))[0].as_buffer()


def _cells(array: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    kind = array.type
    if pa.types.is_large_string(kind):
        return quoted(escaped(array))
    if pa.types.is_floating(kind):
        return pa.array([None if v is None else plain(v) for v in array.to_pylist()], pa.large_string())
    if pa.types.is_boolean(kind):
        return pc.if_else(array, large("true"), large("false"))
    if pa.types.is_decimal(kind):
        return pa.array([None if v is None else f"{v:f}" for v in array.to_pylist()], pa.large_string())
    if pa.types.is_timestamp(kind):
        return pa.array([None if v is None else v.isoformat() for v in array.to_pylist()], pa.large_string())
    return array.cast(pa.string()).cast(pa.large_string())


def plain(value: float) -> str:
    """A number in plain digits, the fewest that give it back.

    >>> plain(547800000000.0), plain(1e-7), plain(0.0175), plain(-0.0), plain(float("inf"))
    ('547800000000', '0.0000001', '0.0175', '0', 'inf')
    """
    text = repr(value + 0.0 if value else 0.0)
    if "e" in text:
        text = f"{Decimal(text):f}"
    return text.removesuffix(".0")
