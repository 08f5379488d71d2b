"""What reading and writing ask of the Arrow library, and that setup.cfg asks no less."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[2]
FIRST_SOUND = 24
"""Before 24, choosing between nothing and a part of a text column gave other texts (apache/arrow issue 41479); before
22, 64-bit decimals were not written to Parquet (issue 44345)."""


def test_the_lower_bound_keeps_out_versions_that_give_wrong_texts() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    wanted = dict(line.split(">=") for line in config["options"]["install_requires"].split())
    assert int(wanted["pyarrow"].split(".")[0]) >= FIRST_SOUND


def test_choosing_between_nothing_and_a_part_of_a_text_column_keeps_the_texts() -> None:
    part = pa.array(["甲", "bb", None, "", "ccc", "12,345", "d"]).slice(3, 4)
    nothing, mask = pa.scalar(None, pa.string()), pa.array([True, False, False, True])
    assert pc.if_else(mask, nothing, part).to_pylist() == [None, "ccc", "12,345", None]
    assert pc.if_else(mask, part, nothing).to_pylist() == ["", None, None, "d"]


def test_decimals_are_written_to_parquet_as_whole_numbers(tmp_path: Path) -> None:
    kind = pa.decimal64(18, 2)
    whole = pa.array([1, -200, None], pa.int64())
    pq.write_table(
        pa.table({"x": pa.Array.from_buffers(kind, 3, whole.buffers())}),
        tmp_path / "x.parquet",
        store_schema=False,
        store_decimal_as_integer=True,
    )
    file = pq.ParquetFile(tmp_path / "x.parquet")
    assert file.schema.column(0).physical_type == "INT64"
    assert [str(v) for v in file.read()["x"].to_pylist()] == ["0.01", "-2.00", "None"]
