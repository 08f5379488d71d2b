"""A synthetic book on disk: the book, its prepayments, and a scenario file that runs it at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from relending.book.synth_defects import SynthError

if TYPE_CHECKING:
    import pyarrow as pa

    from relending.book.synth_draft import Draft

SUFFIXES = (".parquet", ".csv", ".xlsx")
ENCODINGS = ("utf-8", "gbk")
XLSX_ROWS = 2**20 - 1
"""A worksheet has 2^20 rows, one is the header."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Written:
    """The files written, and how many rows have each defect."""

    book: Path
    prepayments: Path
    scenario: Path
    rows: Mapping[str, int]


def places(out: Path) -> tuple[Path, Path, Path]:
    """The files that belong to a book at ``out``: book, prepayments, scenario.

    >>> [p.name for p in places(Path("big.parquet"))]
    ['big.parquet', 'big.prepayments.csv', 'big.toml']
    """
    return out, out.with_name(out.stem + ".prepayments.csv"), out.with_suffix(".toml")


def write_book(
    out: Path,
    loans: int,
    seed: int,
    defects: float | Decimal = 0,
    prepaid: float = 0.002,
    overwrite: bool = False,
    *,
    named: Mapping[str, Decimal] | None = None,
    style: str = "plain",
    encoding: str = "utf-8",
    sound: bool = False,
) -> tuple[Path, Path, Path]:
    """Make a book and write it: :func:`write`, whose arguments it takes, without the counts."""
    done = write(
        out, loans, seed, defects, prepaid, overwrite, named=named, style=style, encoding=encoding, sound=sound
    )
    return done.book, done.prepayments, done.scenario


def write(
    out: Path,
    loans: int,
    seed: int,
    defects: float | Decimal = 0,
    prepaid: float = 0.002,
    overwrite: bool = False,
    *,
    named: Mapping[str, Decimal] | None = None,
    style: str = "plain",
    encoding: str = "utf-8",
    sound: bool = False,
) -> Written:
    """Make a book block by block and write it; the suffix of ``out`` chooses the format (.parquet, .csv, .xlsx).

    Parameters
    ----------
    out : the book; its prepayments (CSV) and the scenario (TOML) are written beside it, all three whole or not at all
    loans, seed, defects, named, sound : as in :func:`relending.book.synth.make_book`
    prepaid : share of the loans repaid early in part (0 to 1); loans with a defect never are
    overwrite : replace files that are there
    style : ``plain``, or ``bank``: the same loans as a Chinese bank exports them (CSV and XLSX)
    encoding : of a CSV book: ``utf-8`` (with BOM) or ``gbk``

    Raises ``SynthError`` for an unknown suffix, too many rows for a worksheet, a missing folder, a file that is there
    already, or defects that cannot be had as asked; ``OSError`` where the disk refuses.
    """
    from relending.book.synth import plan
    from relending.book.synth_defects import counted
    from relending.book.synth_scenario import scenario_text

    files = places(out)
    suffix = out.suffix.lower()
    _check(files, style, encoding, overwrite)
    text = suffix != ".parquet"
    rows = counted(loans, defects, named, text=text)
    _check_rows(suffix, loans, style, rows)
    draft = plan(loans, seed, defects, named, sound=sound, text=text)
    with ExitStack() as stack:
        rooms = [stack.enter_context(_whole(path)) for path in files]
        early = _write_loans(draft, suffix, rooms[0], style, encoding, prepaid)
        _write_prepayments(early, rooms[1])
        told = scenario_text(files[0], files[1], loans, seed, rows)
        rooms[2].write_text(told, encoding="utf-8", newline="\n")
    return Written(*files, rows)


def _whole(path: Path) -> Any:
    from relending.outfile import whole_file

    return whole_file(path)


def _write_loans(draft: Draft, suffix: str, room: Path, style: str, encoding: str, prepaid: float) -> list[pa.Table]:
    """Write the book and give back the prepayments of its blocks; the next block is made while one is written."""
    from relending.book.synth import blocks, prepayments_of
    from relending.book.synth_formats import Printed, write_csv, write_parquet, write_xlsx
    from relending.book.synth_table import PLAIN, STYLES, cells

    how = STYLES[style]()
    early: list[pa.Table] = []

    def made() -> Iterator[Any]:
        for number, rows in enumerate(blocks(draft)):
            plain = cells(rows, PLAIN)
            never = rows.mask(*rows.spoilt)
            early.append(prepayments_of(plain.table, draft.seed, number, prepaid, never))
            written = plain if how is PLAIN else cells(rows, how)
            yield written, rows.spoilt.get("total_row", np.zeros(0, np.int64))

    ahead = _ahead(made())
    if suffix == ".parquet":
        write_parquet((part.table for part, _ in ahead), room)
    elif suffix == ".csv":
        write_csv(Printed(how, ahead, draft.seed), room, encoding)
    else:
        write_xlsx(Printed(how, ahead, draft.seed), room)
    return early


def _ahead(things: Iterator[_T]) -> Iterator[_T]:
    """The things of an iterator, the next one made in another thread while one is used."""
    nothing = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, things, nothing)
        while (thing := coming.result()) is not nothing:
            coming = pool.submit(next, things, nothing)
            yield thing  # type: ignore[misc]


def _write_prepayments(parts: list[pa.Table], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.csv as pacsv

    from relending.book.synth import once
    from relending.book.synth_formats import BOM

    with path.open("wb") as file:
        file.write(BOM)
        pacsv.write_csv(once(pa.concat_tables(parts)), file)


def _check(files: tuple[Path, Path, Path], style: str, encoding: str, overwrite: bool) -> None:
    out = files[0]
    suffix = out.suffix.lower()
    if suffix not in SUFFIXES:
        raise SynthError(
            f"{out.name}: the suffix chooses the format; found {out.suffix!r}, expected one of {', '.join(SUFFIXES)}",
            f"{out.name}：扩展名决定文件格式，应为 {'、'.join(SUFFIXES)} 之一",
        )
    if style != "plain" and suffix == ".parquet":
        raise SynthError(
            f"{out.name}: a Parquet file has no title or total rows; --style {style} is for .csv and .xlsx",
            f"{out.name}：Parquet 没有标题行和合计行，--style {style} 请用 .csv 或 .xlsx",
        )
    if encoding not in ENCODINGS:
        raise SynthError(
            f"encoding {encoding!r}; expected one of {', '.join(ENCODINGS)}",
            f"编码 {encoding!r} 应为 {'、'.join(ENCODINGS)} 之一",
        )
    if encoding != "utf-8" and suffix != ".csv":
        raise SynthError(f"{out.name}: --encoding is for .csv", f"{out.name}：只有 .csv 可以用 --encoding 指定编码")
    if not out.resolve().parent.is_dir():
        raise SynthError(f"{out}: the folder does not exist; make it first", f"{out}：文件夹不存在，请先新建")
    folders = [f.name for f in files if f.is_dir()]
    if folders:
        raise SynthError(
            f"{', '.join(folders)}: a folder of this name is there; choose another name",
            f"{'、'.join(folders)}：已有同名文件夹，请换一个名称",
        )
    there = [f.name for f in files if os.path.lexists(f)]
    if there and not overwrite:
        raise SynthError(
            f"already there: {', '.join(there)}; choose another name or add --force",
            f"{'、'.join(there)} 已存在，未作改动；请换一个名称，或用 --force 替换",
        )


def _check_rows(suffix: str, loans: int, style: str, rows: Mapping[str, int]) -> None:
    """Whether a worksheet holds the loans, and what is above, between and below them."""
    from relending.book.synth_defects import defects

    extra = sum(n for name, n in rows.items() if defects()[name].adds) + (4 if style == "bank" else 0)
    if suffix == ".xlsx" and loans + extra > XLSX_ROWS:
        more, also = (f" and {extra:,} other rows", f"及其他 {extra:,} 行") if extra else ("", "")
        raise SynthError(
            f"{loans:,} loans{more} do not fit a worksheet (at most {XLSX_ROWS:,}); write .parquet or .csv",
            f"{loans:,} 笔借据{also}超出工作表行数上限（{XLSX_ROWS:,} 行），请改用 .parquet 或 .csv",
        )


__all__ = ["ENCODINGS", "SUFFIXES", "XLSX_ROWS", "SynthError", "Written", "places", "write", "write_book"]
