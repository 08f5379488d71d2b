"""A book written by this package reads back equal, whatever its texts and however large its figures."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relending.book import read_book
from relending.book.book import read_prepayments
from relending.book.columns import columns, frame_columns, limits
from relending.runfolder.tables import columns_of, conform
from relending.runfolder.text import cells
from relending.runfolder.write import write_table
from relending.spreadsheet import escape, workbook

KINDS = {"string": pa.string(), "int64": pa.int64(), "date32": pa.date32(), "bool": pa.bool_()}
FEW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

NASTY = [
    *(
        "=1+1",
        "+86",
        "-7",
        "@x",
        "'=1",
        "''@",
        "'0012",
        "'",
        '"',
        '""',
        "a,b",
        "a;b",
        'a"b',
        "NA",
        "null",
        "nan",
        "TRUE",
    ),
    *(
        "0012",
        "1e5",
        "1.50",
        "3.85%",
        "2024-01-01",
        "𠮷野",
        "甲，乙",
        "<b>&amp;</b>",
        "#N/A",
        "\\n",
        "长" * 300,
        "﹣1",
        "１２",
    ),
]
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(alphabet="'=+-@\",;a0 甲𠮷%<&\\|.", min_size=1, max_size=8).map(str.strip).filter(bool),
)
maybe = st.one_of(st.none(), texts)
days = st.dates(dt.date(1990, 1, 1), dt.date(2060, 12, 31))
MOST = limits()


def up_to(most: int, least: int = 0) -> Any:
    return st.one_of(st.integers(least, most), st.sampled_from([least, most, most - 1]))


@st.composite
def loans(draw: Any, n: int) -> dict[str, Any]:
    """A loan without a fault; every column is given now and then."""
    own = columns()
    made, length = draw(days), draw(st.integers(1, 12_000))
    ends = made + dt.timedelta(days=length)
    some = draw(st.booleans())
    row = {name: draw(maybe) for name, kind in frame_columns("loans").items() if kind == "string"}
    row |= {
        "loan_id": f"{draw(st.sampled_from(['', '=', '00', chr(39) + '0', '-', '@甲', '长' * 60]))}{n:03d}",
        "lender": "icbc",
        "project_id": draw(texts.filter(lambda t: any(c.isdigit() for c in t))) + "7",
        "sector": draw(st.sampled_from(["wind", "solar", "biomass"])),
        "principal_fen": draw(up_to(MOST["principal_fen"], 1)),
        "rate_ppm": draw(up_to(300_000)),
        "rate_now_ppm": draw(st.one_of(st.none(), up_to(300_000))),
        "disbursed": made,
        "matures": ends,
        "grace_until": draw(st.one_of(st.none(), st.just(ends), st.just(made))),
        "payments_per_year": draw(st.sampled_from([1, 2, 4, 12])),
        "project_investment_fen": draw(st.one_of(st.none(), up_to(MOST["investment_fen"], 1))) if some else None,
        "project_reduction_g": draw(st.one_of(st.none(), up_to(MOST["mass_g"]))),
        "loan_reduction_reported_g": None if some else draw(st.one_of(st.none(), up_to(MOST["mass_g"]))),
        "evidence_date": draw(st.one_of(st.none(), days)),
        "operational": draw(st.one_of(st.none(), days)),
        "capacity_kw": draw(st.one_of(st.none(), up_to(MOST["power_kw"]))),
        "output_kwh": draw(st.one_of(st.none(), up_to(MOST["energy_kwh"]))),
        "refinances": draw(st.one_of(st.none(), texts.map("L{}".format))),
        "spread_bp": draw(st.one_of(st.none(), st.integers(-999, 999))),
        "reprice_months": draw(st.one_of(st.none(), st.integers(1, 600))),
        "data_error": False,
        "planned": False,
    }
    for column in own.values():
        if column.type == "enum":
            choices = st.sampled_from(sorted(column.values))
            row[column.frame] = draw(choices if column.empty_is is not None else st.one_of(st.none(), choices))
    return row


BOOKS = st.integers(1, 5).flatmap(lambda n: st.tuples(*(loans(i) for i in range(n))))


def frame_of(table: str, rows: Any) -> pd.DataFrame:
    """Rows as the frame that reading gives."""
    kinds = frame_columns(table)
    arrays = {
        name: pa.array(
            [{"file": "book", "sheet": "", "row": i}.get(name, row.get(name)) for i, row in enumerate(rows, 2)],
            KINDS[kind],
        )
        for name, kind in kinds.items()
    }
    return pa.table(arrays).to_pandas(types_mapper=pd.ArrowDtype)


def write_workbook(table: str, frame: pd.DataFrame, path: Path) -> None:
    """The figures as the run folder prints them, the texts escaped, on one sheet."""
    held = conform(table, frame)
    given = columns_of(table, held.column_names)
    with workbook(path) as book:
        sheet = book.add_worksheet("书")
        for j, column in enumerate(given):
            sheet.write_string(0, j, column.name)
            values = held[column.step].combine_chunks()
            printed = values.to_pylist() if pa.types.is_string(values.type) else cells(column, values).to_pylist()
            for i, value in enumerate(printed, 1):
                if value not in (None, ""):
                    sheet.write_string(i, j, escape(value) if pa.types.is_string(values.type) else value)


def same(read: pd.DataFrame, written: pd.DataFrame) -> None:
    names = [name for name in written.columns if name not in ("file", "sheet", "row")]
    pd.testing.assert_frame_equal(read[names], written[names])


def write(table: str, frame: pd.DataFrame, path: Path) -> None:
    frame = frame.drop(columns="data_error", errors="ignore")  # of no file
    path.unlink(missing_ok=True)
    if path.suffix == ".xlsx":
        write_workbook(table, frame, path)
    else:
        write_table(table, frame, path)


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
@FEW
@given(rows=BOOKS)
def test_a_book_written_is_the_book_read(tmp_path: Path, ending: str, rows: Any) -> None:
    written, path = frame_of("loans", rows), tmp_path / f"book{ending}"
    write("loans", written, path)
    read = read_book(path)
    assert not read.findings.count("error"), read.findings.lines()
    same(read.loans, written)


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
@FEW
@given(rows=st.lists(st.tuples(texts, days, up_to(MOST["principal_fen"], 1)), min_size=1, max_size=6))
def test_prepayments_written_are_those_read(tmp_path: Path, ending: str, rows: Any) -> None:
    made = [{"loan_id": f"L{t}", "date": day, "amount_fen": fen} for t, day, fen in rows]
    written, path = frame_of("prepayments", made), tmp_path / f"early{ending}"
    write("prepayments", written, path)
    read, findings = read_prepayments(path)
    assert not findings.count("error"), findings.lines()
    same(read, written)
