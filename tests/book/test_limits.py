"""Absurd sizes end in an error before they cost anything, and a file that changes under the reader stops the run."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from relending.book import iter_blocks, read_book
from relending.book.columns import limits
from relending.findings import InputError
from tests.book.conftest import GOOD, write_csv


def stopped(path, **options):
    with pytest.raises(InputError) as stop:
        read_book(path, **options)
    return stop.value.findings


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_a_file_of_five_gigabytes_is_refused_at_once(tmp_path, ending):
    path = tmp_path / f"b{ending}"
    with path.open("wb") as f:
        f.truncate(5 << 30)  # a hole: it takes no room on the disk
    found = stopped(path)
    assert found.codes() == {"file_too_large": 1} and "5,368,709,120" in found.frame()["found"][0]


def test_one_endless_line_is_told_and_costs_no_memory(tmp_path):
    """A gigabyte without a line end, read by a process that may not have half of that."""
    path = tmp_path / "b.csv"
    with path.open("wb") as f:
        f.write(b"loan_id,")
        for _ in range(256):
            f.write(b"x" * (1 << 22))
    code = (
        "import resource, sys\n"
        "from relending.book import read_book\n"
        "import pyarrow.csv, pandas\n"
        "used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_book(sys.argv[1])\nexcept Exception as e:\n    print(e)\n"
        "print('MB', (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used) // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0 and "line_too_long" in done.stdout, done.stderr
    assert int(done.stdout.split()[-1]) < 300


def test_a_line_without_end_far_down_is_told_too(tmp_path):
    good = ",".join(GOOD.values())
    path = tmp_path / "b.csv"
    path.write_text(",".join(GOOD) + "\n" + f"{good}\n" * 50_000 + "x" * (20 << 20), encoding="utf-8")
    assert stopped(path).codes() == {"line_too_long": 1}


def test_a_parquet_file_of_absurdly_many_rows_is_not_unpacked(tmp_path, monkeypatch):
    columns = {name: pa.array(np.zeros(1000)) for name in GOOD}
    pq.write_table(pa.table(columns), tmp_path / "b.parquet")
    monkeypatch.setattr("relending.book.parquetfile.limits", lambda: {**limits(), "file_rows": 999})
    found = stopped(tmp_path / "b.parquet")
    assert found.codes() == {"file_too_large": 1} and found.frame()["found"].tolist() == ["1,000 rows"]


def book(path, rows):
    if path.suffix == ".csv":
        return write_csv(path, [list(GOOD), *([*GOOD.values()] for _ in range(rows))])
    if path.suffix == ".parquet":
        pq.write_table(pa.table({k: [v] * rows for k, v in GOOD.items()}), path)
        return path
    with xlsxwriter.Workbook(path) as out:
        sheet = out.add_worksheet()
        for i, row in enumerate([list(GOOD), *([*GOOD.values()] for _ in range(rows))]):
            sheet.write_row(i, 0, row)
    return path


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
@pytest.mark.parametrize("how", ["longer", "other", "gone"])
def test_a_file_that_changes_while_it_is_read_stops_with_that_reason(tmp_path, ending, how):
    path = book(tmp_path / f"b{ending}", 3)
    blocks = iter_blocks(path, block_rows=2)  # opened: headers known, nothing read
    if how == "longer":
        with path.open("ab") as f:
            f.write(b"\n")
    elif how == "other":
        other = book(tmp_path / f"c{ending}", 4)
        other.replace(path)
    else:
        path.unlink()
    with pytest.raises(InputError) as stop:
        list(blocks)
    assert stop.value.findings.codes() == {"file_changed": 1}


def test_a_file_read_again_unchanged_is_the_same_book(tmp_path):
    path = book(tmp_path / "b.csv", 3)
    assert read_book(path).loans.equals(read_book(path).loans)


def test_utf_16_is_told_apart_from_gb18030(tmp_path):
    path = write_csv(tmp_path / "b.csv", [list(GOOD), [*GOOD.values()]], encoding="utf-16")
    assert stopped(path).codes() == {"encoding_unknown": 1}


def test_bytes_that_are_no_text_far_down_are_told(tmp_path):
    good = ",".join(GOOD.values())
    path = tmp_path / "b.csv"
    head = (",".join([*GOOD, "项目名称"]) + "\n" + f"{good},共和光伏\n" * 60_000).encode("gb18030")
    path.write_bytes(head + b"\xff\xff\xff\n")
    assert len(head) > 1 << 22 and stopped(path).codes() == {"encoding_unknown": 1}
