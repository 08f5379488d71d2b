"""A synthetic book on disk: the book, its prepayments, and a scenario file that runs it at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from relending.book.synth import make_book, make_prepayments, profile

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES = (".parquet", ".csv", ".xlsx")
ROW_GROUP = 2**20
XLSX_ROWS = 2**20 - 1  # a worksheet has 2^20 rows, one is the header


class SynthError(ValueError):
    """What the user asked for cannot be written; the text says why and what to do."""


def places(out: Path) -> tuple[Path, Path, Path]:
    """The files that belong to a book at ``out``: book, prepayments, scenario.

    >>> [p.name for p in places(Path("big.parquet"))]
    ['big.parquet', 'big.prepayments.csv', 'big.toml']
    """
    return out, out.with_name(out.stem + ".prepayments.csv"), out.with_suffix(".toml")


def write_book(
    out: Path, loans: int, seed: int, defects: float = 0.0, prepaid: float = 0.002, overwrite: bool = False
) -> tuple[Path, Path, Path]:
    """Make a book and write it; the suffix of ``out`` chooses the format (.parquet, .csv, .xlsx).

    Returns the book, the prepayments (CSV) and the scenario file (TOML) written beside it. Raises ``SynthError`` for an
    unknown suffix, too many rows for a worksheet, a missing folder, or a file that is there already.
    """
    files = places(out)
    _check(files, loans, overwrite)
    book = make_book(loans, seed, defects)
    if out.suffix.lower() == ".parquet":
        _parquet(book, out)
    elif out.suffix.lower() == ".csv":
        _csv(book, out)
    else:
        _xlsx(book, out)
    _csv(make_prepayments(book, seed, prepaid), files[1])
    files[2].write_text(scenario_text(files, loans, seed, defects), encoding="utf-8", newline="\n")
    return files


def _check(files: tuple[Path, Path, Path], loans: int, overwrite: bool) -> None:
    out = files[0]
    suffix = out.suffix.lower()
    if suffix not in SUFFIXES:
        raise SynthError(
            f"{out.name}: the suffix chooses the format; found {out.suffix!r}, expected one of "
            f"{', '.join(SUFFIXES)} / 扩展名决定文件格式"
        )
    if suffix == ".xlsx" and loans > XLSX_ROWS:
        raise SynthError(
            f"{loans:,} loans do not fit a worksheet (at most {XLSX_ROWS:,}); write .parquet or .csv "
            "/ 超出工作表行数上限，请改用 .parquet 或 .csv"
        )
    if not out.resolve().parent.is_dir():
        raise SynthError(f"{out}: the folder does not exist; make it first / 文件夹不存在")
    there = [f.name for f in files if f.exists()]
    if there and not overwrite:
        raise SynthError(
            f"already there: {', '.join(there)}; choose another name or add --force / 文件已存在，可加 --force 覆盖"
        )


def _parquet(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, path, row_group_size=ROW_GROUP)


def _csv(table: pa.Table, path: Path) -> None:
    import pyarrow.csv

    with path.open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        pyarrow.csv.write_csv(table, file)


def _xlsx(table: pa.Table, path: Path) -> None:
    import datetime as dt
    from decimal import Decimal

    from relending.spreadsheet import escape, workbook

    with workbook(path, constant_memory=True) as book:
        sheet = book.add_worksheet("loans")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, table.column_names)
        row = 0
        for batch in table.to_batches(max_chunksize=10_000):
            for values in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                row += 1
                for column, value in enumerate(values):
                    if isinstance(value, dt.date):
                        sheet.write_datetime(row, column, dt.datetime.combine(value, dt.time()), day)
                    elif isinstance(value, str):
                        sheet.write_string(row, column, escape(value))
                    elif isinstance(value, Decimal | int):
                        sheet.write_number(row, column, value)


def scenario_text(files: tuple[Path, Path, Path], loans: int, seed: int, defects: float = 0.0) -> str:
    """The scenario file for a synthetic book: lenders, facilities, horizon, an assumed own_rate path."""
    p = profile()
    book, prepayments, _ = files
    own = ",\n".join(f"    {{ from = {x['from']}, value = {x['value']} }}" for x in p["own_rate"])
    spoilt = f", {defects:.2%} of the rows with a data error" if defects else ""
    lines = [
        "# Written by `relending synth`: an invented book of invented banks. own_rate is an assumption.",
        "",
        "[scenario]",
        f"name = {_quoted('synth-' + book.stem)}",
        f'title = {{ zh = "合成借据簿，{loans} 笔", en = "Synthetic book, {loans} loans" }}',
        f'description = "{loans} invented loans, seed {seed}{spoilt}"',
        f"book = {_quoted(book.name)}",
        f"prepayments = {_quoted(prepayments.name)}",
        f'lender = "{p["lenders"][0]["id"]}"',
        f"start = {p['first']}",
        f"end = {p['end']}",
        'facilities = ["cerf", "clean_coal"]',
        "",
    ]
    for bank in p["lenders"]:
        lines += [
            f"[lenders.{bank['id']}]",
            f'class = "{bank["class"]}"',
            f'full_name = {{ zh = "{bank["zh"]}股份有限公司", en = "{bank["en"]}" }}',
            f'short_name = {{ zh = "{bank["zh"]}", en = "{bank["en"]}" }}',
        ]
        if "admitted" in bank:
            lines += [f"admitted = {{ {bank['admitted']} = {_launch(bank['admitted'])} }}"]
        lines.append("")
    return "\n".join([*lines, "[market]", "own_rate = [", own + ",", "]", ""])


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def _launch(facility: str) -> str:
    from relending import policy

    return str(policy.facility(facility)["launch"].latest().value)
