"""What a kept record must be before its figures are used: whoever can write a file can also seal it again.

The seal of a record shows that a file was changed, not by whom. So what is read from an archive is held to what
:func:`relending.statement.record.record_of` can have made of a run.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relending.engine.claims import FULL, FUNDED
from relending.engine.columns import arrow
from relending.engine.context import RATE_BASES
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import TOTAL
from relending.lineage.disclosed import fields_of, sectors_of
from relending.policy import facilities, facility
from relending.statement.record import Record
from relending.units import PPM

MOST_LOANS = 20_000_000
"""Rows of a table of loans; what has more is something else."""
LARGEST_LOANS = 2**31 - 1
"""Bytes of such a table as a file, unpacked, and of each of its columns of text as held in memory."""
FIRST = 4
"""The first quarter with a name."""
CLAIMS = ("", FULL, FUNDED)
FILLED = ("loan_id", "quarter", "amount_fen", "rate_ppm", "reduction_g", *(f"in_{horizon}" for horizon in HORIZONS))
"""Columns without empty cells."""


def check_record(record: Record) -> Record:
    """The record; ValueError with what of it cannot be of a statement, but for the sums of its figures.

    A sector that was put on a facility's list later than the record was made may be missing from its cells, if no loan
    is of it.
    """
    if record.rate_basis not in RATE_BASES:
        raise ValueError(f"rate_basis {_said(record.rate_basis)}")
    if record.claim not in CLAIMS:
        raise ValueError(f"claim {_said(record.claim)}")
    if record.previous is not None and record.previous[0] >= record.quarter:
        raise ValueError("previous.quarter")
    for horizon, last in record.through.items():
        if horizon not in HORIZONS or last >= record.quarter:
            raise ValueError(f"through {_said(horizon)}")
    _check_cells(record)
    _check_loans(record)
    return record


def _check_cells(record: Record) -> None:
    if record.facility not in facilities():
        raise ValueError(f"facility {_said(record.facility)}")
    rules = facility(record.facility)
    codes = {code for _, code in record.figures}
    known = {TOTAL, *fields_of(rules), *sectors_of(rules)}
    needed = {TOTAL, *fields_of(rules), *(code for _, code in record.began)}
    for name in ("field", "sector"):
        needed |= {code for code in pc.unique(arrow(record.loans, name)).to_pylist() if code}
    if unknown := sorted(codes - known):
        raise ValueError(f"figures: {_said(unknown[0])} ?")
    expected = {(horizon, code) for horizon in HORIZONS for code in codes | (needed & known)}
    missing = sorted((expected | set(record.began)) - set(record.figures))
    if missing:
        raise ValueError(f"figures: − {_said('/'.join(missing[0]))} ({len(missing)})")
    strange = sorted(set(record.figures) - expected)
    if strange:
        raise ValueError(f"figures: {_said('/'.join(strange[0]))} ?")
    if any(min(one.projects, one.amount) < 0 for cells in (record.figures, record.began) for one in cells.values()):
        raise ValueError("figures: < 0")


def _check_loans(record: Record) -> None:
    columns = {name: arrow(record.loans, name) for name in FILLED}
    for name, column in columns.items():
        if column.null_count:
            raise ValueError(f"loans.{name}: — × {column.null_count:,}")
    ids = columns["loan_id"]
    if len(pc.unique(ids)) != len(ids):
        raise ValueError(f"loans.loan_id: × {len(ids) - len(pc.unique(ids)) + 1:,}")
    if not len(ids):
        return
    limits = {"quarter": (FIRST, record.quarter), "amount_fen": (0, None), "rate_ppm": (-PPM, PPM)}
    for name, (least, most) in limits.items():
        found = pc.min_max(columns[name]).as_py()
        if found["min"] < least or (most is not None and found["max"] > most):
            raise ValueError(f"loans.{name}: {found['min']:,} – {found['max']:,}")


def check_size(content: bytes) -> None:
    """ValueError where a Parquet file of loans unpacks to more than a table of loans can be; little of it is read.

    Texts that stand there once and are meant a million times are counted as often as they are meant.
    """
    with pq.ParquetFile(pa.BufferReader(content)) as held:
        about = held.metadata
        groups = [about.row_group(i) for i in range(about.num_row_groups)]
        rows = sum(one.num_rows for one in groups)
        if rows != about.num_rows or rows > MOST_LOANS:
            raise ValueError(f"{max(rows, about.num_rows):,} > {MOST_LOANS:,}")
        unpacked = sum(max(one.total_byte_size, 0) for one in groups)
        if unpacked > LARGEST_LOANS:
            raise ValueError(f"{unpacked:,} > {LARGEST_LOANS:,} bytes")
        texts = [one.name for one in held.schema_arrow if pa.types.is_string(one.type)]
    with pq.ParquetFile(pa.BufferReader(content), read_dictionary=texts) as held:
        sizes = dict.fromkeys(texts, 0)
        for i in range(held.num_row_groups):
            for name in texts:
                for chunk in held.read_row_group(i, columns=[name])[name].chunks:
                    sizes[name] += _expanded(chunk)
                    if sizes[name] > LARGEST_LOANS:
                        raise ValueError(f"loans.{name} > {LARGEST_LOANS:,} bytes")


def _expanded(chunk: Any) -> int:
    """Bytes of a chunk of texts held as a dictionary, once each text stands where it is meant."""
    if not pa.types.is_dictionary(chunk.type):
        return int(pc.sum(pc.binary_length(chunk)).as_py() or 0)
    lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
    return int(pc.sum(lengths.take(chunk.indices)).as_py() or 0)


def _said(text: str) -> str:
    """A text of the file in a few signs, as it cannot be taken for ours."""
    return repr(text[:40])
