"""The record of a published statement as files: ``record.json`` in one spelling, its loans as Parquet, both checked.

Integers of any size are written as text, the files of the version stand in it with their SHA-256, and so does the
SHA-256 of the record itself: nothing of what was kept can change unseen. It says nothing of when or where.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from relending.dates import parse_quarter, quarter_text
from relending.engine.columns import arrow
from relending.findings import Findings, InputError
from relending.lineage.disclosed import Figures, Key
from relending.statement.printed import Options
from relending.statement.record import FIRST_LOANS, LOANS, WORKED_OUT_FROM, Accepted, Record, unlike_loans
from relending.statement.record_check import check_record, check_size

FORMAT = 1
RECORD, TABLE = "internal/record.json", "internal/loans.parquet"
SEAL = "sha256"
_DIGITS = re.compile(r"-?[0-9]{1,400}")
_HASH = re.compile(r"[0-9a-f]{64}")


def damaged(file: str, found: str, expected: str = "") -> InputError:
    """A file of an archive is not what was kept."""
    return InputError(Findings.one("published_damaged", file=file, found=found, expected=expected))


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def class_of(file: str) -> str:
    """Whom a file of a version is for, by its folder."""
    return "public" if file.startswith("statements/") else "internal"


def loans_file(record: Record) -> bytes:
    """The loans of a record as a Parquet file: the same loans give the same bytes."""
    table = pa.Table.from_arrays([arrow(record.loans, name) for name in LOANS.names], schema=LOANS)
    out = io.BytesIO()
    with pq.ParquetWriter(out, LOANS, version="2.6", compression="zstd", store_schema=False) as writer:
        writer.write_table(table, row_group_size=2**20)
    return out.getvalue()


def record_file(record: Record, files: Mapping[str, str]) -> bytes:
    """The record as ``record.json``; ``files`` are the version's files with their SHA-256."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "lender": record.lender,
        "facility": record.facility,
        "quarter": quarter_text(record.quarter),
        "version": record.version,
        "figures": _figures(record.figures),
        "began": _figures(record.began),
        "through": {horizon: quarter_text(last) for horizon, last in record.through.items()},
        "options": asdict(record.options),
        "rate_basis": record.rate_basis,
        "claim": record.claim,
        "projects": list(record.projects),
        "reason": record.reason,
        "accepted": [asdict(one) for one in record.accepted],
        "run": record.run,
        "redacted": record.redacted,
        "previous": None
        if record.previous is None
        else {"quarter": quarter_text(record.previous[0]), "version": record.previous[1]},
        "files": [{"file": name, "sha256": files[name], "class": class_of(name)} for name in sorted(files)],
    }
    return _spelled({**content, SEAL: digest(_spelled(content))})


def _spelled(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace")  # what is not text on every system: JSON escapes it so


def _figures(figures: Mapping[Key, Figures]) -> list[dict[str, str]]:
    names = Figures.__slots__
    return [
        {"horizon": horizon, "code": code, **{name: str(getattr(one, name)) for name in names}}
        for (horizon, code), one in sorted(figures.items())
    ]


def files_of(content: bytes, file: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What a ``record.json`` holds, and the files it names with their SHA-256; ``file`` is what people call it.

    Raises InputError where it is of another format or is not what was written.
    """
    try:
        held = json.loads(content.decode("utf-8"))
        if not isinstance(held, dict):
            raise damaged(file, type(held).__name__, "{…}")
        shown = held.get("format")
        if type(shown) is int and shown != FORMAT:
            raise InputError(Findings.one("published_format", file=file, found=shown, expected=FORMAT))
        as_written = _spelled(held) == content
        if type(shown) is not int or held.pop(SEAL, None) != digest(_spelled(held)) or not as_written:
            raise damaged(file, SEAL)
        files = {_text(one["file"]): _like(_HASH, one["sha256"]) for one in held["files"]}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(file, _said(error)) from None
    if TABLE not in files:
        raise damaged(file, "files", TABLE)
    return held, files


def read_record(held: Mapping[str, Any], loans: bytes, file: str) -> Record:
    """The record of what :func:`files_of` gave and of the bytes of its loans, its figures compared with them.

    Raises InputError where they do not fit together.
    """
    try:
        previous = held["previous"]
        record = Record(
            _text(held["lender"]),
            _text(held["facility"]),
            parse_quarter(_text(held["quarter"])),
            _count(held["version"]),
            _read_figures(held["figures"]),
            Options(**{name: _as(kind, held["options"][name]) for name, kind in _kinds(Options())}),
            _text(held["rate_basis"]),
            _text(held["claim"]),
            tuple(_text(name) for name in _list(held["projects"])),
            _read_loans(loans),
            _read_figures(held["began"]),
            {_text(horizon): parse_quarter(_text(last)) for horizon, last in held["through"].items()},
            _text(held["reason"]),
            tuple(Accepted(**{n: _text(one[n]) for n in Accepted.__slots__}) for one in _list(held["accepted"])),
            _text(held["run"]),
            _text(held["redacted"]),
            None if previous is None else (parse_quarter(_text(previous["quarter"])), _count(previous["version"])),
        )
        wrong = unlike_loans(check_record(record))
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError, pa.ArrowException) as error:
        raise damaged(file, _said(error)) from None
    if wrong:
        raise damaged(file, "; ".join(wrong), TABLE)
    return record


def _read_figures(rows: Any) -> dict[Key, Figures]:
    names = Figures.__slots__
    out = {
        (_text(row["horizon"]), _text(row["code"])): Figures(*(int(_like(_DIGITS, row[n])) for n in names))
        for row in _list(rows)
    }
    if len(out) != len(rows):
        raise ValueError(f"figures: {len(rows)} ≠ {len(out)}")
    return out


def _read_loans(content: bytes) -> Any:
    import pandas as pd

    check_size(content)
    with pq.ParquetFile(pa.BufferReader(content)) as held:
        shape = held.schema_arrow.remove_metadata()
        if shape not in (FIRST_LOANS, LOANS):
            raise ValueError("columns of " + TABLE)
        table = held.read()
        if shape == FIRST_LOANS:  # a record of an earlier version
            for column in WORKED_OUT_FROM:
                table = table.append_column(column, pa.nulls(len(table), column.type))
        return table.cast(LOANS).combine_chunks().to_pandas(types_mapper=pd.ArrowDtype)


def _kinds(options: Options) -> list[tuple[str, Callable[[Any], Any]]]:
    return [(name, type(value)) for name, value in asdict(options).items()]


def _as(kind: Callable[[Any], Any], value: Any) -> Any:
    if type(value) is not kind:
        raise ValueError("options")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} ≠ text")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{type(value).__name__} ≠ list")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 1 <= value < 10**6:
        raise ValueError("version")
    return value


def _like(pattern: re.Pattern[str], value: Any) -> str:
    if not pattern.fullmatch(_text(value)):
        raise ValueError("not a figure")
    return str(value)


def _said(error: Exception) -> str:
    """What is wrong, in a few signs: nothing of the file's own content."""
    if isinstance(error, KeyError):
        return f"{error} ?"
    said = "" if isinstance(error, UnicodeDecodeError) else str(error).strip()
    return said.splitlines()[0][:100] if said else type(error).__name__
