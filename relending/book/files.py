"""Files: what is behind a path, opened as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relending.book.cells import Table
from relending.book.columns import limits
from relending.findings import Findings, InputError

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
READ = (".csv", ".parquet", *WORKBOOKS)
"""Endings of the files a book may be."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The tables behind one path: loans (or the table asked for), the tables found beside them by name, and notes."""

    tables: tuple[Table, ...]
    side: Mapping[str, Table] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)


def open_tables(path: Path, table: str, sheet: str | Sequence[str] | None) -> Opened:
    """The tables of a file, or of a folder of Parquet files in name order; InputError with all that fail."""
    if path.is_dir():
        inside = (p for p in path.iterdir() if p.suffix.lower() == ".parquet" and p.name[0] not in "._" and p.is_file())
        parts = sorted(inside, key=lambda p: p.name)
        if not parts:
            raise InputError(Findings.one("folder_without_parquet", file=path.name or str(path), expected="*.parquet"))
        return _together(parts)
    if not path.exists():
        raise InputError(Findings.one("file_not_found", file=path.name, found=path.name))
    if not path.is_file():
        raise InputError(Findings.one("path_unsafe", file=path.name, found=path.name))
    ending = path.suffix.lower()
    if ending not in READ:
        raise InputError(
            Findings.one(
                "file_extension",
                file=path.name,
                found=path.suffix,
                expected=", ".join(READ),
            )
        )
    try:
        size, most = path.stat().st_size, limits()["file_bytes"]
        if size == 0:
            raise InputError(Findings.one("file_empty", file=path.name))
        if size > most:
            raise InputError(
                Findings.one("file_too_large", file=path.name, found=f"{size:,} bytes", expected=f"<= {most:,} bytes")
            )
        if ending == ".parquet":
            from relending.book.parquetfile import open_parquet

            return Opened((open_parquet(path),))
        if ending == ".csv":
            from relending.book.csvfile import open_csv

            return Opened((open_csv(path, table),))
        from relending.book.workbook import open_workbook

        loans, side, findings = open_workbook(path, table, sheet)
        return Opened(loans, side, findings)
    except OSError as error:
        raise InputError(Findings.one("file_unreadable", file=path.name, found=error.strerror or "")) from None


def _together(parts: list[Path]) -> Opened:
    from relending.book.parquetfile import open_parquet

    tables: list[Table] = []
    findings: list[Findings] = []
    for part in parts:
        try:
            tables.append(open_parquet(part))
        except InputError as error:
            findings.append(error.findings)
    if findings:
        raise InputError(Findings.concat(findings))
    return Opened(tuple(tables))
