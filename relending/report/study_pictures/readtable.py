"""A table of a study read back from CSV, Parquet, Excel or Stata: the inverse of ``relending.labelled``."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.labelled import FORMATS
from relending.report.study_pictures.errors import StudyFolderError
from relending.spreadsheet import unescape, unescaped

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MOST_BYTES = 4 * 2**30
"""Bytes that a table may take, unpacked: as many as the figures of a sweep may."""
MOST_BOOK = 2**30
"""Bytes that the parts of a workbook may take, unpacked."""


def find_table(folder: Path, name: str) -> Path | None:
    """The file of a table in a folder, whatever its format (the first of csv, parquet, xlsx, dta); None if none is."""
    there = [folder / f"{name}.{ending}" for ending in FORMATS]
    return next((path for path in there if path.is_file()), None)


def read_table(path: Path, numbers: Sequence[str], needed: Sequence[str]) -> pd.DataFrame:
    """A table as it was written: ``numbers`` as floats, anything else as text, no index.

    A cell without a figure is not a number. Raises :class:`StudyFolderError` that names the file where it cannot be
    read, or lacks a column of ``needed``.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path.stat().st_size:,} > {MOST_BYTES:,} bytes")
        read = {".csv": _csv, ".parquet": _parquet, ".xlsx": _xlsx, ".dta": _dta}[path.suffix.lower()]
        frame = read(path, numbers)
        missing = [name for name in needed if name not in frame.columns]
        if missing:
            raise ValueError(f"no column {', '.join(missing)}")
        return _typed(frame, numbers)
    except Exception as error:  # a file of others: whatever fails over it is a matter of the file
        raise damaged(path, _said(error)) from error


def damaged(path: Path, said: str) -> StudyFolderError:
    """What is said of a file that is not as a study writes it."""
    return StudyFolderError(
        f"{path}: cannot be read as a table of a study ({said}); run the study again",
        f"{path}：无法作为研究结果表读取（{said}）；请重新运行该研究",
    )


def _said(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _csv(path: Path, numbers: Sequence[str]) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv

    with path.open("rb") as file:
        head = file.readline(1 << 20).decode("utf-8-sig")
    import csv as plain

    names = next(plain.reader([head]), [])
    kinds = {name: pa.float64() if name in numbers else pa.string() for name in names}
    table = csv.read_csv(
        path,
        convert_options=csv.ConvertOptions(column_types=kinds, null_values=[""], strings_can_be_null=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
    )
    return _frame(table, escaped=True)


def _parquet(path: Path, numbers: Sequence[str]) -> pd.DataFrame:
    import pyarrow.parquet as pq

    return _frame(pq.read_table(path), escaped=False)


def _frame(table: pa.Table, *, escaped: bool) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    out = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pa.array(column, pa.string()) if not isinstance(column, pa.Array) else column
            plain = unescaped(column) if escaped else column
            out[name.removeprefix("\ufeff")] = pd.Series(plain.to_numpy(zero_copy_only=False), dtype="str")
        else:
            out[name] = pd.Series(column.to_pandas())
    return pd.DataFrame(out)


def _xlsx(path: Path, numbers: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    rows = rows_of(path, 0)
    head, body = [str(one) for one in rows[0]], rows[1:]
    return pd.DataFrame(body, columns=head).map(lambda one: unescape(one) if isinstance(one, str) else one)


def rows_of(path: Path, sheet: int) -> list[list[Any]]:
    """The cells of a sheet; ValueError where the workbook unpacks to more than it may."""
    from python_calamine import CalamineWorkbook

    weigh(path)
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(sheet).to_python(skip_empty_area=False)


def weigh(path: Path) -> None:
    """Raise ValueError where the parts of a workbook unpack to more than a study writes."""
    with zipfile.ZipFile(path) as book:
        size = sum(part.file_size for part in book.infolist())
    if size > MOST_BOOK:
        raise ValueError(f"{size:,} > {MOST_BOOK:,} bytes")


def _dta(path: Path, numbers: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    with pd.read_stata(path, iterator=True, convert_dates=False) as reader:
        frame, labels = reader.read(), reader.variable_labels()
    names = {}
    for name in frame.columns:
        # what Stata cannot call by its name has it before its label
        first, colon, _ = labels.get(name, "").partition(": ")
        names[name] = first if colon and _fits(name, first) else name
    return frame.drop(columns=[n for n in frame.columns if n.endswith("_q") and n[:-2] in names]).rename(columns=names)


def _fits(stata: str, name: str) -> bool:
    """Whether a name would have been written so."""
    from relending.labelled.stata import valid_names

    return valid_names([name])[0] == stata and name != stata


def _typed(frame: pd.DataFrame, numbers: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    for name in frame.columns:
        if name in numbers:
            given = frame[name]
            if not pd.api.types.is_numeric_dtype(given):
                given = pd.to_numeric(given.where(given.astype(str) != "", None))
            frame[name] = given.astype("float64")
        elif frame[name].dtype == object:
            frame[name] = [one if isinstance(one, str | int | float) else str(one) for one in frame[name]]
    return frame
