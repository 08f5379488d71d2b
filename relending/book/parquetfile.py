"""Parquet: one file a table; rows are counted from 1, there is no header row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relending.book.cells import Cells, RawBlock, Table, flat, stamp
from relending.book.columns import limits
from relending.book.digest import fingerprint
from relending.findings import Findings, InputError


def open_parquet(path: Path) -> Table:
    """A Parquet file as a table; InputError where it is not Parquet."""
    before = stamp(path)
    try:
        with pq.ParquetFile(path) as f:
            schema = f.schema_arrow
            rows = f.metadata.num_rows
    except (pa.ArrowException, ValueError, OSError) as error:  # names that are no text are a ValueError
        raise InputError(Findings.one("file_unreadable", file=path.name, found=str(error)[:200])) from None
    if rows > limits()["file_rows"]:
        most = f"<= {limits()['file_rows']:,}"
        raise InputError(Findings.one("file_too_large", file=path.name, found=f"{rows:,} rows", expected=most))
    sha256, _ = fingerprint(path)

    def blocks(positions: Sequence[int], block_rows: int, words: Collection[int] = ()) -> Iterator[RawBlock]:
        return _blocks(path, schema, positions, block_rows, words)

    return Table(
        path=path,
        file=path.name,
        sheet="",
        headers=tuple(schema.names),
        above=(),
        header_row=None,
        encoding="",
        sha256=sha256,
        blocks=blocks,
        stamp=before,
    )


def readable(kind: pa.DataType) -> bool:
    """Whether cells of this Arrow type can be read at all."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    t = pa.types
    tests = (
        t.is_string,
        t.is_large_string,
        t.is_string_view,
        t.is_integer,
        t.is_floating,
        t.is_decimal,
        t.is_date,
        t.is_timestamp,
        t.is_boolean,
        t.is_null,
    )
    return any(test(kind) for test in tests)


def _blocks(
    path: Path, schema: pa.Schema, positions: Sequence[int], block_rows: int, words: Collection[int]
) -> Iterator[RawBlock]:
    wrong = [schema.field(p) for p in positions if not readable(schema.field(p).type)]
    if wrong:
        raise InputError(
            Findings.concat(
                Findings.one("column_type", file=path.name, column=f.name, found=str(f.type)) for f in wrong
            )
        )
    names = [schema.names[p] for p in positions]
    done = 0
    try:
        coded = [schema.names[p] for p in words if pa.types.is_string(schema.field(p).type)]
        with pq.ParquetFile(path, pre_buffer=True, read_dictionary=coded) as f:
            if f.metadata.num_rows <= block_rows:
                parts: Iterator[pa.Table] = iter([f.read(columns=names)])
            else:
                parts = (pa.Table.from_batches([b]) for b in f.iter_batches(batch_size=block_rows, columns=names))
            for whole in rechunked(parts, block_rows):
                _sound(whole)
                yield RawBlock(
                    done + 1,
                    whole.num_rows,
                    {
                        p: Cells(flat(whole.column(n), keep_dictionary=p in words), typed=True)
                        for p, n in zip(positions, names, strict=True)
                    },
                )
                done += whole.num_rows
    except (MemoryError, pa.ArrowCapacityError):
        raise InputError(Findings.one("file_too_large", file=path.name, found="memory")) from None
    except (pa.ArrowException, ValueError, OSError) as error:  # names that are no text are a ValueError
        raise InputError(Findings.one("file_unreadable", file=path.name, found=str(error)[:200])) from None


def _sound(table: pa.Table) -> None:
    """Refuse (ArrowInvalid) texts that are no UTF-8 and times of a zone nobody knows."""
    for column in table.columns:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            column.validate(full=True)
        elif pa.types.is_timestamp(kind) and kind.tz is not None:
            pc.local_timestamp(pa.array([0], pa.int64()).cast(kind))


def rechunked(parts: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of exactly ``rows`` rows, the last with the rest."""
    waiting: list[pa.Table] = []
    have = 0
    for part in parts:
        waiting.append(part)
        have += part.num_rows
        while have >= rows:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, rows)
            waiting, have = [whole.slice(rows)], have - rows
    if have:
        yield pa.concat_tables(waiting)
