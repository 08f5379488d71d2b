"""The same run gives the same bytes: whatever folder, time zone, locale, hash seed, umask, threads and chunks."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relending.runfolder import save
from relending.runfolder.tables import conform
from relending.runfolder.write import write_table

SCRIPT = Path(__file__).with_name("conftest.py")
REPO = Path(__file__).resolve().parents[2]


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {p.name: (p.read_bytes(), p.stat().st_mode) for p in folder.iterdir()}


@pytest.mark.skipif(os.name != "posix", reason="umask and locale names are POSIX")
@pytest.mark.parametrize(
    "around",
    [
        {"TZ": "Asia/Shanghai", "LC_ALL": "C", "PYTHONHASHSEED": "1", "umask": "077", "OMP_NUM_THREADS": "1"},
        {
            "TZ": "America/St_Johns",
            "LC_ALL": "zh_CN.GB18030",
            "PYTHONHASHSEED": "2",
            "umask": "000",
            "PYTHONUTF8": "0",
            "ARROW_DEFAULT_MEMORY_POOL": "system",
        },
    ],
)
def test_a_fresh_process_in_other_surroundings_writes_the_same_bytes(
    around: dict[str, str], small_run: Callable[[int], Any], tmp_path: Path
) -> None:
    here = save(small_run(9), tmp_path / "here")
    umask = around["umask"]
    there = tmp_path / "ein anderer 文件夹" / "there"
    settings_ = {k: v for k, v in around.items() if k != "umask"}
    subprocess.run(
        [sys.executable, str(SCRIPT), str(there), "9"],
        check=True,
        cwd=tmp_path,
        umask=int(umask, 8),
        env={**os.environ, "PYTHONPATH": str(REPO), **settings_},
    )
    assert contents(there) == contents(here)


def chunked(table: pa.Table, cuts: list[int]) -> pd.DataFrame:
    edges = [0, *sorted(min(c, table.num_rows) for c in cuts), table.num_rows]
    parts = [table.slice(a, b - a) for a, b in pairwise(edges)]
    whole = pa.concat_tables(parts)
    return pd.DataFrame({n: pd.arrays.ArrowExtensionArray(whole[n]) for n in whole.column_names})


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("name", ["loans", "draws", "findings"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 40), max_size=6))
def test_bytes_do_not_depend_on_how_a_frame_was_chunked(
    name: str, ending: str, small_run: Callable[[int], Any], cuts: list[int]
) -> None:
    table = conform(name, small_run(40).tables[name])
    with tempfile.TemporaryDirectory() as folder:
        one, many = Path(folder) / f"one.{ending}", Path(folder) / f"many.{ending}"
        write_table(name, table, one)
        write_table(name, chunked(table, cuts), many)
        assert one.read_bytes() == many.read_bytes()


def test_bytes_do_not_depend_on_what_lies_under_empty_values(tmp_path: Path) -> None:
    days = pa.array([1, 1], pa.int32()).cast(pa.date32())
    paths = []
    for under in (7, 8):
        hidden = pa.Array.from_buffers(
            pa.int64(), 2, [pa.array([1, None]).buffers()[0], pa.array([5, under]).buffers()[1]]
        )
        table = pa.table(
            {
                "loan_id": ["a", "b"],
                "date": days,
                "amount_fen": hidden,
                "file": ["f", "f"],
                "sheet": ["s", "s"],
                "row": [1, 2],
            }
        )
        assert table["amount_fen"].to_pylist() == [5, None]
        for ending in ("csv", "parquet"):
            paths.append(tmp_path / f"{under}.{ending}")
            write_table("prepayments", table, paths[-1])
    assert paths[0].read_bytes() == paths[2].read_bytes() and paths[1].read_bytes() == paths[3].read_bytes()
