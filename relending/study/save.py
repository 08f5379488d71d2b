"""A comparison on disk: four tables and a workbook, all of them or none."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

from relending.labelled import FORMATS, write_labelled
from relending.outfile import fixed, named, reason, whole_files
from relending.spreadsheet import escape
from relending.study.compare import Comparison
from relending.study.compare_book import write_comparison
from relending.study.exact import Exact, Table
from relending.study.labels import labels_of
from relending.study.told import word

TABLES = ("comparison", "differences", "causes", "scenarios")
BOOK = "comparison.xlsx"
NAMES = frozenset([*(f"{table}.{one}" for table in TABLES for one in FORMATS), BOOK])
"""What a comparison may write."""
_FIRST, _LAST = "scenario", ("quarter", "lender", "facility", "measure", "unit", "value")


class ComparisonExists(FileExistsError):  # noqa: N818
    """Files that a comparison would write are there and may not be replaced; ``en`` and ``zh`` say which."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


class ComparisonFixed(OSError):  # noqa: N818
    """What is to be replaced cannot be moved; ``en`` and ``zh`` say what and why."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


def names_of(format: str) -> tuple[str, ...]:
    """The files of a comparison: its tables in a format and the workbook; of xlsx the workbook, which holds them all.

    >>> names_of("dta")
    ('comparison.dta', 'differences.dta', 'causes.dta', 'scenarios.dta', 'comparison.xlsx')
    """
    return (*(f"{table}.{format}" for table in TABLES if format != "xlsx"), BOOK)


def refuse_comparison(folder: Path, force: bool, format: str = "csv") -> None:
    """Raise :class:`ComparisonExists` if a file of a comparison is in ``folder`` and may not be replaced.

    ``force`` replaces them only beside a table or a workbook that begins as ours does.
    """
    there = [name for name in names_of(format) if os.path.lexists(folder / name)]
    folders = [str(folder / name) for name in there if (folder / name).is_dir()]
    if folders:  # nothing else is in the way that --force could not take
        names = ", ".join(folders)
        raise ComparisonExists(
            f"{names}: is a folder, where a file of that name would be written; choose another folder, or rename it",
            f"{names}：是文件夹，而此处将写入同名文件；请换一个文件夹，或将其更名",
        )
    if there and not (force and _ours(folder, format)):
        names = ", ".join(str(folder / name) for name in there)
        raise ComparisonExists(
            f"{names}: exists already and is left as it is; choose another folder"
            + ("" if force else ", or replace it with --force"),
            f"{names}：已存在，未作改动；请换一个文件夹" + ("" if force else "，或用 --force 替换"),
        )


def _ours(folder: Path, format: str) -> bool:
    """Whether what is there looks written by us: a workbook of our title, or a table of our columns."""
    names = names_of(format)
    try:
        if format == "xlsx":
            from python_calamine import CalamineWorkbook

            rows = CalamineWorkbook.from_path(str(folder / BOOK)).get_sheet_by_index(0).to_python(nrows=1)
            return bool(rows) and rows[0][0] in (word("title", "en"), word("title", "zh"))
        columns = _columns(folder / names[0], format)
    except Exception:  # not readable as what its name says: someone else's, whatever it is
        return False
    return columns[:1] == [_FIRST] and tuple(columns[-len(_LAST) :]) == _LAST


def refuse_fixed(places: Iterable[Path]) -> None:
    """Raise :class:`ComparisonFixed` that names each file or folder there that cannot be moved, so not be replaced."""
    found = [(place, error) for place in places if place.exists() and (error := fixed(place)) is not None]
    if found:
        said = [(place, *reason(error)) for place, error in found]
        raise ComparisonFixed(
            "\n".join(f"{place}: cannot be replaced: {en}; nothing was run or written" for place, en, _ in said),
            "\n".join(f"{place}：无法替换：{zh}；未运行，未写入任何文件" for place, _, zh in said),
        )


def _columns(table: Path, format: str) -> list[str]:
    if format == "parquet":
        import pyarrow.parquet as pq

        return list(pq.read_schema(table).names)
    if format == "dta":
        import pandas as pd

        with pd.read_stata(table, iterator=True) as reader:
            # a quarter stands beside its text
            return [name for name in reader.variable_labels() if name != "quarter_q"]
    with table.open("rb") as file:
        return file.readline(1 << 16).decode("utf-8-sig", "replace").rstrip("\r\n").split(",")


def save_comparison(
    comparison: Comparison, folder: Path, force: bool = False, lang: str = "en", format: str = "csv"
) -> list[Path]:
    """Write a comparison into ``folder``, which is made where it is not there; the files written.

    Files take their places together, or none does. ``lang`` is that of the workbook and of the labels in ``parquet``
    and ``dta``; ``csv`` has every digit of every figure. Raises :class:`ComparisonExists`, InputError where a format
    cannot hold the tables, ``OSError`` where the disk refuses.
    """
    refuse_comparison(folder, force, format)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in names_of(format)]
    with whole_files(*paths) as rooms:
        if format == "csv":
            tables = (
                comparison.tidy_table(),
                comparison.difference_table(),
                comparison.cause_table(),
                comparison.scenario_table(),
            )
            for table, room, path in zip(tables, rooms, paths, strict=False):
                with named(path):
                    write_rows(table, room)
        elif format != "xlsx":
            names = ", ".join(comparison.names)
            title = {"zh": f"情景比较：{names}", "en": f"Comparison of scenarios: {names}"}
            frames = (comparison.frame, comparison.differences, comparison.causes, comparison.scenarios)
            for frame, room, path in zip(frames, rooms, paths, strict=False):
                with named(path):
                    write_labelled(frame, room, labels_of(frame.columns), title=title, lang=lang, format=format)
        with named(paths[-1]):
            write_comparison(comparison, rooms[-1], lang)
    return paths


def write_rows(table: Table, path: Path) -> None:
    """A table of exact figures as CSV, UTF-8 with BOM: every digit of every figure."""
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
