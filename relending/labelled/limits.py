"""What a format cannot hold: said before anything is written, never cut off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from relending.findings import Findings, InputError
from relending.labelled.table import is_text

if TYPE_CHECKING:
    import pyarrow as pa


def stop_at_size(table: pa.Table, target: Path, most_rows: int, most_columns: int) -> None:
    """InputError ``table_too_large`` for a table of more rows or columns (rows x columns) than the format has."""
    if table.num_rows > most_rows or table.num_columns > most_columns:
        found, expected = f"{table.num_rows:,} × {table.num_columns:,}", f"<= {most_rows:,} × {most_columns:,}"
        raise InputError(Findings.one("table_too_large", file=str(target), found=found, expected=expected))


def stop_at_infinite(table: pa.Table, target: Path) -> None:
    """InputError ``table_not_finite`` with each column that holds an infinite number; such a format has none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = Findings()
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_floating(column.type):
            row = pc.index(pc.is_inf(column), True).as_py()
            if row >= 0:
                found += Findings.one("table_not_finite", file=str(target), row=row + 1, column=name, found=column[row])
    if found:
        raise InputError(found)


def stop_at_long_text(table: pa.Table, target: Path, most: int) -> None:
    """InputError ``table_text_too_long`` with the first text of each column of more characters than a cell holds."""
    import pyarrow.compute as pc

    found = Findings()
    for name, column in zip(table.column_names, table.columns, strict=True):
        if is_text(column.type):
            lengths = pc.utf8_length(column)
            row = pc.index(pc.greater(lengths, most), True).as_py()
            if row >= 0:
                size, limit = f"{lengths[row].as_py():,}", f"<= {most:,}"
                found += Findings.one(
                    "table_text_too_long", file=str(target), row=row + 1, column=name, found=size, expected=limit
                )
    if found:
        raise InputError(found)
