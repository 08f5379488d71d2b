"""A comparison on disk: four tables and a workbook, all of them or none."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from relending.outfile import whole_files
from relending.spreadsheet import escape
from relending.study.compare import Comparison
from relending.study.compare_book import write_comparison
from relending.study.exact import Exact, Table

TABLES = ("comparison", "differences", "causes", "scenarios")
BOOK = "comparison.xlsx"
NAMES = (*(f"{table}.csv" for table in TABLES), BOOK)
"""What a comparison writes."""
_OURS = ("scenario,", ",quarter,lender,facility,measure,unit,value")


class ComparisonExists(FileExistsError):  # noqa: N818
    """Files that a comparison would write are there and may not be replaced; ``en`` and ``zh`` say which."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


def refuse_comparison(folder: Path, force: bool) -> None:
    """Raise :class:`ComparisonExists` if a file of a comparison is in ``folder`` and may not be replaced.

    ``force`` replaces them only beside a table that begins as ours does.
    """
    there = [name for name in NAMES if os.path.lexists(folder / name)]
    if there and not (force and _ours(folder)):
        names = ", ".join(str(folder / name) for name in there)
        raise ComparisonExists(
            f"{names}: exists already and is left as it is; choose another folder"
            + ("" if force else ", or replace it with --force"),
            f"{names}：已存在，未作改动；请换一个文件夹" + ("" if force else "，或用 --force 替换"),
        )


def _ours(folder: Path) -> bool:
    table = folder / NAMES[0]
    if not table.is_file() or any((folder / name).is_dir() for name in NAMES):
        return False
    with table.open("rb") as file:
        begins = file.readline(1 << 16).decode("utf-8-sig", "replace").rstrip("\r\n")
    return begins.startswith(_OURS[0]) and f",{begins}".endswith(_OURS[1])


def save_comparison(comparison: Comparison, folder: Path, force: bool = False, lang: str = "en") -> list[Path]:
    """Write a comparison into ``folder``, which is made where it is not there; the files written.

    Files take their places together, or none does. ``lang`` is that of the workbook. Raises :class:`ComparisonExists`,
    ``OSError`` where the disk refuses.
    """
    refuse_comparison(folder, force)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in NAMES]
    tables = (
        comparison.tidy_table(),
        comparison.difference_table(),
        comparison.cause_table(),
        comparison.scenario_table(),
    )
    with whole_files(*paths) as rooms:
        for table, room in zip(tables, rooms, strict=False):
            write_rows(table, room)
        write_comparison(comparison, rooms[-1], lang)
    return paths


def write_rows(table: Table, path: Path) -> None:
    """The one place where a table of a study becomes a file: CSV, UTF-8 with BOM, every digit of every figure."""
    text = io.StringIO(newline="")
    out = csv.writer(text, lineterminator="\n")
    out.writerow([escape(name) for name in table.columns])
    out.writerows([_cell(cell) for cell in row] for row in table.rows)
    path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "backslashreplace"))


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Exact):
        return cell.text
    return escape(cell) if isinstance(cell, str) else str(cell)
