"""One writer a format. The bytes of a file depend on the figures and the package versions, on nothing else.

CSV is for people and spreadsheets: UTF-8 with byte-order mark, lines ended by LF, figures printed from the
integers. Parquet is for runs too large to be opened by hand: decimals held as 64-bit integers, row groups cut
by row number.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.engine.convert import one_array
from relending.runfolder.tables import DIGITS, Column, columns_of, conform
from relending.runfolder.text import cells
from relending.spreadsheet import large, quoted

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

CSV_ROWS = 2**15  # rows turned into text at a time
GROUP_ROWS = 2**20  # rows of a Parquet row group, counted from the first row of the table

# Encodings are fixed by the column, never by its values. Texts that hardly repeat gain nothing from a dictionary.
VARIED = (
    "loan_id",
    "contract_id",
    "borrower",
    "project_id",
    "project_code",
    "project_name",
    "publish_name",
    "evidence_doc",
    "refinances",
)
SORTED_BY = ("loan_id", "disbursed")  # statistics help a reader only where a row group holds a narrow range
PAGE_BATCH = 2**16


def write_table(table: str, frame: pd.DataFrame | pa.Table, path: Path) -> int:
    """Write a step frame as the named table, CSV or Parquet as ``path`` ends; returns the number of rows.

    Raises ``ValueError`` or ``TypeError`` if the frame is not the declared table, ``OSError`` if it cannot be
    written.
    """
    held = conform(table, frame)
    columns = columns_of(table, held.column_names)
    if path.suffix == ".parquet":
        _write_parquet(held, columns, path)
    else:
        _write_csv(held, columns, path)
    return int(held.num_rows)


def is_table(table: str, path: Path) -> bool:
    """Whether a CSV file begins as the named table does: what may be written over where its user names a file."""
    columns = ",".join(c.name for c in columns_of(table, []))
    with path.open("rb") as file:
        begins = file.readline(len(columns) + 8)
    return begins.decode("utf-8-sig", "replace").rstrip("\r\n") == columns


def _write_csv(table: pa.Table, columns: tuple[Column, ...], path: Path) -> None:
    import pyarrow as pa

    header = quoted(pa.array([c.name for c in columns], pa.large_string())).to_pylist()
    with path.open("wb") as out:
        out.write(codecs.BOM_UTF8 + ",".join(header).encode() + b"\n")
        for block in _blocks(table, CSV_ROWS):
            out.write(_lines(block, columns))


def _lines(block: pa.Table, columns: tuple[Column, ...]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [cells(c, one_array(block[c.step])) for c in columns]
    rows = pc.binary_join_element_wise(*parts, large(","), null_handling="replace", null_replacement="")
    ended = pc.binary_join_element_wise(rows, large("\n"), large(""))
    return pc.binary_join(pa.LargeListArray.from_arrays([0, len(ended)], ended), large(""))[0].as_buffer()


def _write_parquet(table: pa.Table, columns: tuple[Column, ...], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([pa.field(c.name, _stored(c)) for c in columns])
    with path.open("wb") as out, pq.ParquetWriter(out, schema, **_parquet_options(columns)) as writer:
        for block in _blocks(table, GROUP_ROWS):
            arrays = [_as_stored(c, one_array(block[c.step])) for c in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=GROUP_ROWS)


def _parquet_options(columns: tuple[Column, ...]) -> Mapping[str, Any]:
    names = [c.name for c in columns]
    encoding = {c.name: "DELTA_BINARY_PACKED" for c in columns if c.decimals is not None or c.name == "row"}
    encoding |= {name: "PLAIN" for name in names if name in VARIED}
    return {
        "version": "2.6",
        "data_page_version": "1.0",
        "compression": "zstd",
        "compression_level": 1,
        "store_schema": False,
        "store_decimal_as_integer": True,
        "write_batch_size": PAGE_BATCH,
        "use_dictionary": [name for name in names if name not in encoding],
        "column_encoding": encoding,
        "write_statistics": [name for name in names if name in SORTED_BY],
    }


def _stored(column: Column) -> Any:
    # decimal64 shares its memory with int64: nothing is converted, and the file says DECIMAL(18, n) all the same.
    import pyarrow as pa

    return column.step_type() if column.decimals is None else pa.decimal64(DIGITS, column.decimals)


def _as_stored(column: Column, array: pa.Array) -> pa.Array:
    import pyarrow as pa

    if column.decimals is None:
        return array
    valid, data = array.buffers()
    return pa.Array.from_buffers(_stored(column), len(array), [valid, data], offset=array.offset)


def _blocks(table: pa.Table, rows: int) -> Iterator[pa.Table]:
    for first in range(0, table.num_rows, rows):
        yield table.slice(first, rows)
