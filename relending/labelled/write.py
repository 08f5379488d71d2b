"""One writer a format, chosen by the file's ending; a file is there whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from relending.findings import Findings, InputError
from relending.labelled.labels import Given, Label, Said, Text
from relending.outfile import whole_files

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FORMATS = ("csv", "parquet", "xlsx", "dta")
"""Formats a labelled table is written in, each the ending of its files."""
SIDECAR = ".labels.csv"
"""The ending of the file of labels beside a CSV file."""


def format_of(path: Path, given: str | None = None) -> str:
    """The format a file is written in: the one given, else that of its ending; InputError if there is none such.

    >>> format_of(Path("lpr.DTA")), format_of(Path("lpr.txt"), "csv")
    ('dta', 'csv')
    """
    found = given or path.suffix.lower().removeprefix(".")
    if found not in FORMATS:
        expected = ", ".join(f".{one}" for one in FORMATS)
        raise InputError(Findings.one("table_format", file=str(path), found=given or path.suffix, expected=expected))
    return found


def write_labelled(
    frame: pd.DataFrame,
    path: str | Path,
    labels: Mapping[str, Given],
    *,
    title: Text,
    notes: Sequence[Text] = (),
    lang: str = "en",
    format: str | None = None,
    sidecar: bool = False,
) -> tuple[Path, ...]:
    """Write a frame in users' units with what its columns are; returns the files written.

    Shapes: ``frame`` n rows, a name a column; ``labels`` by column: a :class:`Label` or ``(zh, en, unit)``, others than
    the frame's are not looked at. ``path`` ends in .csv, .parquet, .xlsx or .dta, or ``format`` says which it is. The
    same frame and labels give the same bytes.

    csv      UTF-8 with byte-order mark, LF, no text a formula; with ``sidecar`` the labels in NAME.labels.csv
    parquet  label_zh, label_en and unit with each field, title, notes and version with the file; no index
    xlsx     numbers as numbers, header frozen; a second sheet says what each column is, in both languages
    dta      Stata 118: labels of data and variables in ``lang``, days as %td, a column of quarters (2024Q2) also as %tq

    Raises InputError, with nothing written, where a format cannot hold the table (``table_too_large``,
    ``table_text_too_long``, ``table_not_finite``) or there is no such format (``table_format``); ValueError or
    TypeError where frame and labels do not fit each other; OSError where the disk refuses.

    >>> import pandas as pd, tempfile
    >>> frame = pd.DataFrame({"quarter": ["2024Q2"], "balance": [5.478e11]})
    >>> labels = {"quarter": ("季度", "quarter"), "balance": ("再贷款余额", "facility balance", "yuan")}
    >>> folder = Path(tempfile.mkdtemp())
    >>> (file,) = write_labelled(frame, folder / "balance.csv", labels, title="Balance")
    >>> file.read_text(encoding="utf-8-sig").splitlines()
    ['quarter,balance', '2024Q2,547800000000']
    """
    from relending.labelled.table import held

    target = Path(path)
    kind = format_of(target, format)
    table, named = held(frame, labels)
    said = Said(title, tuple(notes), lang)
    beside = (target.with_name(target.name.removesuffix(target.suffix) + SIDECAR),) if sidecar else ()
    with whole_files(target, *beside) as rooms:
        _write(kind, table, rooms[0], target, named, said)
        if sidecar:
            from relending.labelled.csvfile import write_csv

            write_csv(_about(named), rooms[1])
    return target, *beside


def csv_bytes(frame: pd.DataFrame, labels: Mapping[str, Given]) -> bytes:
    """The bytes of the CSV file of a frame, for where there is no file to write."""
    from io import BytesIO

    from relending.labelled.csvfile import csv_to
    from relending.labelled.table import held

    out = BytesIO()
    csv_to(held(frame, labels)[0], out)
    return out.getvalue()


def _write(kind: str, table: pa.Table, room: Path, target: Path, labels: Mapping[str, Label], said: Said) -> None:
    if kind == "csv":
        from relending.labelled.csvfile import write_csv

        write_csv(table, room)
    elif kind == "parquet":
        from relending.labelled.parquet import write_parquet

        write_parquet(table, room, labels, said)
    elif kind == "xlsx":
        from relending.labelled.workbook import write_xlsx

        write_xlsx(table, room, target, labels, said)
    else:
        from relending.labelled.stata import write_dta

        write_dta(table, room, target, labels, said)


def _about(labels: Mapping[str, Label]) -> pa.Table:
    import pyarrow as pa

    rows = [(name, one.zh, one.en, one.unit) for name, one in labels.items()]
    arrays = [pa.array([row[i] for row in rows], pa.large_string()) for i in range(4)]
    return pa.table(arrays, names=["column", "label_zh", "label_en", "unit"])
