"""Every accepted format gives the same integers, whatever the header's language, the encoding or the size of blocks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relending.book import iter_blocks, read_book
from relending.book.columns import columns, frame_columns
from relending.findings import Findings
from relending.spreadsheet import escape
from tests.book.conftest import write_csv

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2030, 12, 31))
TEXT = st.text("甲乙丙abcXYZ（）-,\"' 1", min_size=1, max_size=8).map(str.strip).filter(bool)


@st.composite
def loans(draw, i):
    start = draw(DAYS)
    return {
        "loan_id": f"借L{i:03d}",
        "borrower": draw(TEXT),
        "project_id": draw(st.sampled_from(["P-1", "P-2", "项目3"])),
        "sector": draw(st.sampled_from(["solar", "wind"])),
        "principal": Decimal(draw(st.integers(1, 10**12))).scaleb(-2),
        "rate": Decimal(draw(st.integers(0, 300_000))).scaleb(-6),
        "disbursed": start,
        "matures": start + dt.timedelta(days=draw(st.integers(1, 9000))),
        "payments_per_year": draw(st.sampled_from([1, 2, 4, 12])),
        "project_investment": Decimal(draw(st.integers(1, 10**13))).scaleb(-2),
        "project_reduction": Decimal(draw(st.integers(0, 10**13))).scaleb(-6),
        "spread_bp": draw(st.integers(-200, 200)),
    }


BOOKS = st.integers(1, 6).flatmap(lambda n: st.tuples(*(loans(i) for i in range(n))))
SCALES = {"principal": 100, "project_investment": 100, "rate": 10**6, "project_reduction": 10**6}


def wanted(book):
    out = []
    for loan in book:
        row = {}
        for name, value in loan.items():
            row[columns()[name].frame] = int(value * SCALES[name]) if name in SCALES else value
        out.append(row)
    return out


def as_read(path, **options):
    read = read_book(path, lender="icbc", **options)
    assert read.findings.count("error") == 0 and read.findings.count("warning") == 0
    names = [columns()[n].frame for n in NAMES]
    return read.loans[names].to_dict("records")


NAMES = [
    "loan_id",
    "borrower",
    "project_id",
    "sector",
    "principal",
    "rate",
    "disbursed",
    "matures",
    "payments_per_year",
    "project_investment",
    "project_reduction",
    "spread_bp",
]
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def text(value):
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def cell(value):
    """What a CSV or a workbook holds: texts that would become formulas or numbers stand behind an apostrophe."""
    return escape(value) if isinstance(value, str) else text(value)


@FEW
@given(BOOKS, st.sampled_from(["name", "zh", "en"]), st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]))
def test_csv_in_any_language_and_encoding(tmp_path, book, header, encoding):
    rows = [[getattr(columns()[n], header) for n in NAMES], *([cell(loan[n]) for n in NAMES] for loan in book)]
    path = write_csv(tmp_path / "b.csv", rows, encoding)
    assert as_read(path) == wanted(book)


@FEW
@given(BOOKS)
def test_csv_in_the_units_of_a_chinese_bank(tmp_path, book):
    headers = {
        "principal": "贷款金额（万元）",
        "rate": "贷款利率（%）",
        "project_investment": "总投资(亿元)",
        "project_reduction": "项目年碳减排量（万吨/年）",
    }
    power = {"principal": 4, "project_investment": 8, "project_reduction": 4}
    rows = [[headers.get(n, columns()[n].zh) for n in NAMES]]
    for loan in book:
        cells = dict(loan)
        for n, p in power.items():
            cells[n] = loan[n].scaleb(-p)
        cells["rate"] = f"{loan['rate'] * 100:f}%"
        for n in ("disbursed", "matures"):
            cells[n] = f"{loan[n].year}年{loan[n].month}月{loan[n].day}日"
        rows.append([cells[n] if n == "rate" else cell(cells[n]) for n in NAMES])
    assert as_read(write_csv(tmp_path / "b.csv", rows)) == wanted(book)


@FEW
@given(BOOKS, st.sampled_from(["text", "float", "decimal", "dictionary"]))
def test_parquet_of_any_kind(tmp_path, book, kind):
    data = {}
    for n in NAMES:
        values = [loan[n] for loan in book]
        if kind in ("text", "dictionary"):
            array = pa.array([text(v) for v in values])
            data[n] = array.dictionary_encode() if kind == "dictionary" else array
        elif n in SCALES:
            data[n] = (
                pa.array([float(v) for v in values]) if kind == "float" else pa.array(values, pa.decimal128(30, 8))
            )
        else:
            data[n] = pa.array(values)
    pq.write_table(pa.table(data), tmp_path / "b.parquet", row_group_size=2)
    assert as_read(tmp_path / "b.parquet") == wanted(book)


@FEW
@given(BOOKS)
def test_workbook(tmp_path, book):
    path = tmp_path / "b.xlsx"
    workbook = xlsxwriter.Workbook(path)
    sheet = workbook.add_worksheet("台账")
    date = workbook.add_format({"num_format": "yyyy/m/d"})
    sheet.write_row(0, 0, [columns()[n].zh for n in NAMES])
    for i, loan in enumerate(book, 1):
        for j, n in enumerate(NAMES):
            value = loan[n]
            if isinstance(value, dt.date):
                sheet.write_datetime(i, j, dt.datetime(value.year, value.month, value.day), date)
            elif isinstance(value, str):
                sheet.write_string(i, j, escape(value))
            else:
                sheet.write_number(i, j, float(value))
    workbook.close()
    assert as_read(path) == wanted(book)


def many(tmp_path):
    """Two files with good, spoilt, ragged and blank rows."""
    header = ["loan_id", "lender", "project_id", "sector", "principal", "rate", "disbursed", "matures"]
    for name in ("one.csv", "two.csv"):
        lines = [",".join(header)]
        for i in range(40):
            cells = [
                f"{name[0]}{i}",
                "icbc",
                f"P{i % 7}",
                "清洁能源" if i % 5 == 0 else "光伏",
                f"{i}.25",
                "4.35" if i % 11 == 0 else "0.0435",
                "2022/1/5",
                "2021-01-01" if i % 13 == 0 else "2032-01-05",
            ]
            lines.append(",".join(cells[:5] if i % 17 == 3 else cells))
            if i % 9 == 0:
                lines.append("")
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [tmp_path / "one.csv", tmp_path / "two.csv"]


@pytest.mark.parametrize("block_rows", [1, 7, 1000])
def test_blocks_of_any_size_give_the_same_book(tmp_path, block_rows):
    paths = many(tmp_path)
    whole, cut = read_book(paths), read_book(paths, block_rows=block_rows)
    assert whole.findings.count("error") > 10
    pd.testing.assert_frame_equal(whole.loans, cut.loans)
    pd.testing.assert_frame_equal(whole.findings.frame(), cut.findings.frame())
    assert whole.inputs == cut.inputs
    pd.testing.assert_frame_equal(pd.concat(cut.blocks, ignore_index=True), whole.loans)
    assert all(b["file"].nunique() == 1 and len(b) <= block_rows for b in cut.blocks)


def test_streamed_blocks_are_the_book(tmp_path):
    paths = many(tmp_path)
    whole, blocks = read_book(paths), list(iter_blocks(paths, block_rows=16))
    pd.testing.assert_frame_equal(pd.concat([b.frame for b in blocks if len(b.frame)], ignore_index=True), whole.loans)
    pd.testing.assert_frame_equal(Findings.concat(b.findings for b in blocks).frame(), whole.findings.frame())


@pytest.mark.parametrize("limit", [0, 1 << 28])
def test_a_large_csv_read_in_a_stream_is_the_same(tmp_path, monkeypatch, limit):
    paths = many(tmp_path)
    whole = read_book(paths)
    monkeypatch.setattr("relending.book.csvfile._WHOLE_BYTES", limit)
    monkeypatch.setattr("relending.book.csvfile._READ_BYTES", 300)
    pd.testing.assert_frame_equal(read_book(paths, block_rows=5).loans, whole.loans)


def test_row_numbers_are_those_a_person_sees(tmp_path):
    book = read_book(many(tmp_path)[0])
    lines = (tmp_path / "one.csv").read_text(encoding="utf-8").splitlines()
    for row, loan in zip(book.loans["row"], book.loans["loan_id"], strict=True):
        assert lines[row - 1].startswith(loan if isinstance(loan, str) else "o")
    assert len(book.loans) == 40


def test_a_folder_of_parquet_is_read_in_name_order_and_rows_count_from_one(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    for name in ("b", "a"):
        table = {
            n: [str(v)] * 2
            for n, v in {
                "lender": "icbc",
                "project_id": "P",
                "sector": "wind",
                "principal": "1",
                "rate": "0",
                "disbursed": "2022-01-01",
                "matures": "2023-01-01",
            }.items()
        }
        pq.write_table(pa.table({**table, "loan_id": [name + "1", name + "2"]}), folder / f"{name}.parquet")
    (folder / "_SUCCESS").write_text("")
    book = read_book(folder)
    assert book.loans["loan_id"].tolist() == ["a1", "a2", "b1", "b2"]
    assert book.loans["row"].tolist() == [1, 2, 1, 2]
    assert [i["file"] for i in book.inputs] == ["a.parquet", "b.parquet"] and book.cuts == (2, 4)
    assert len(book.prepayments) == 0 and list(book.prepayments) == list(frame_columns("prepayments"))
