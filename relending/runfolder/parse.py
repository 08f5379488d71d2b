"""The files of a run folder back into step frames, equal to what was written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relending.engine.convert import one_array
from relending.runfolder.errors import RunFolderError
from relending.runfolder.tables import Column, columns_of, tables
from relending.spreadsheet import unescaped

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

LONGEST_LINE = 2**26  # bytes; a file up to this size is read as one block, so any line fits
COLUMNS_AT_A_TIME = 8


def read_table(table: str, path: Path) -> pa.Table:
    """A file of a run folder as the table that was written: unit names, integers, nulls as ``conform`` left
    them.

    Raises ``RunFolderError`` if the file cannot be read or is not this table.
    """
    import pyarrow as pa

    try:
        held = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(table, path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise damaged(path, str(error).splitlines()[0]) from error
    return from_file(table, held, path)


def read_rows(table: str, path: Path, key: str, value: str) -> tuple[pa.Table, list[int]]:
    """The rows of a Parquet file whose text column ``key`` is ``value``, and their places in the table.

    Looks through one column first and reads the others only of row groups where it was found.
    Raises ``RunFolderError`` as ``read_table`` does.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts: list[pa.Table] = []
    places: list[int] = []
    first = 0
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                keys = one_array(file.read_row_group(group, columns=[key])[key])
                found = _where(keys, value)
                if len(found):
                    parts.append(_pick(file, group, found))
                    places += (found + first).tolist()
                first += len(keys)
            empty = file.schema_arrow.empty_table()
    except (pa.ArrowException, OSError, KeyError) as error:
        raise damaged(path, str(error).splitlines()[0]) from error
    return from_file(table, pa.concat_tables([empty, *parts]), path), places


def read_columns(table: str, path: Path, steps: Sequence[str]) -> pa.Table:
    """Some columns, by their names in memory, of a Parquet file; empty ones where the file is older than a column.

    Raises ``RunFolderError`` if the file cannot be read or has not the column, ``KeyError`` where the table has not.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            there = file.schema_arrow.names
            known = {c.step: c for c in columns_of(table, there)}
            wanted = [known[step] for step in steps]
            held = file.read(columns=[c.name for c in wanted if c.name in there])
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, str(error).splitlines()[0]) from error
    arrays = []
    for column in wanted:
        if column.name in there:
            arrays.append(_read_array(table, column, one_array(held[column.name]), path))
        elif column.step in tables()[table].added:
            arrays.append(pa.nulls(held.num_rows, column.step_type()))
        else:
            raise damaged(path, f"column {column.name} is missing")
    return pa.Table.from_arrays(arrays, names=list(steps))


def from_file(table: str, held: pa.Table, path: Path) -> pa.Table:
    """Columns as a file has them (plain names, decimals) as step columns; those that came later may be missing."""
    import pyarrow as pa

    columns, there = columns_of(table, held.column_names), set(held.column_names)
    later = {c.name for c in columns if c.step in tables()[table].added} - there
    if held.column_names != [c.name for c in columns if c.name not in later]:
        raise damaged(path, f"its columns are {', '.join(held.column_names)}")
    arrays = []
    for column in columns:
        if column.name in later:
            arrays.append(pa.nulls(held.num_rows, column.step_type()))
            continue
        arrays.append(_read_array(table, column, one_array(held[column.name]), path))
    return pa.Table.from_arrays(arrays, names=[c.step for c in columns])


def _read_array(table: str, column: Column, array: pa.Array, path: Path) -> pa.Array:
    if array.type != column.file_type():
        raise damaged(path, f"column {column.name} is {array.type}, not {column.file_type()}")
    return _step_array(table, column, array, path)


def _step_array(table: str, column: Column, array: pa.Array, path: Path) -> pa.Array:
    if column.decimals is not None:
        return unscaled(array)
    if column.kind == "text":
        if path.suffix == ".csv":
            array = unescaped(array)
        return array.fill_null("") if table == "findings" else array
    if column.kind == "bool" and array.null_count:
        raise damaged(path, f"column {column.name} has empty cells")
    return array


def unscaled(array: pa.Array) -> pa.Array:
    """The integers behind an array of decimals of up to 18 digits.

    >>> import pyarrow as pa
    >>> unscaled(pa.array(["-0.05", None]).cast(pa.decimal128(18, 2))).to_pylist()
    [-5, None]
    """
    import pyarrow as pa

    # A decimal128 is two little-endian 64-bit words; 18 digits fit in the lower one, sign included.
    words = np.frombuffer(array.buffers()[1], np.int64) if len(array) else np.empty(0, np.int64)
    values = np.ascontiguousarray(words[2 * array.offset : 2 * (array.offset + len(array)) : 2])
    missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    return pa.array(values, pa.int64(), mask=missing)


def _pick(file: pq.ParquetFile, group: int, rows: NDArray[np.int64]) -> pa.Table:
    # A few columns at a time: no slower than all at once, and a fraction of the row group in memory.
    import pyarrow as pa

    names = file.schema_arrow.names
    picked: list[pa.ChunkedArray] = []
    for first in range(0, len(names), COLUMNS_AT_A_TIME):
        part = file.read_row_group(group, columns=names[first : first + COLUMNS_AT_A_TIME])
        picked += pa.concat_tables([part.slice(row, 1) for row in rows]).combine_chunks().columns
    return pa.table(picked, names=names)


def _where(keys: pa.Array, value: str) -> NDArray[np.int64]:
    import pyarrow.compute as pc

    return np.flatnonzero(pc.equal(keys, value).fill_null(False).to_numpy(zero_copy_only=False))


def _read_parquet(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return file.read()


def _read_csv(table: str, path: Path) -> pa.Table:
    from pyarrow import csv

    with path.open(encoding="utf-8-sig", newline="\n") as file:
        header = file.readline().rstrip("\n").split(",")
    columns = columns_of(table, header)
    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(block_size=LONGEST_LINE),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={c.name: c.file_type() for c in columns if c.name in header},
            null_values=[""],
            strings_can_be_null=True,
            true_values=["true"],
            false_values=["false"],
        ),
    )


def damaged(path: Path, why: str) -> RunFolderError:
    """The error for a file that is not what was written."""
    return RunFolderError(
        f"{path}: damaged ({why}); a run folder is not to be edited: run the scenario again",
        f"{path}：文件已损坏（{why}）；运行文件夹不应修改，请重新运行情景",
    )
