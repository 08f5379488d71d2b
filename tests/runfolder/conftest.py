"""A small run whose tables hold something of everything; also run as a script by the same-bytes tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from relending.runfolder import make_manifest, save
from relending.runfolder.tables import columns_of, step_frame, tables

TEXTS = ["甲", None, "=1+1", 'say "so", 他说', "two\nlines", " led", "'=x", "O'Neill", "null", "NA"]


@dataclass
class SmallRun:
    """What ``save`` asks for."""

    tables: Mapping[str, pd.DataFrame]
    manifest: Mapping[str, Any]
    texts: Mapping[str, str] = field(default_factory=dict)

    def statements(self) -> list[Any]:
        """None: its tables are no bank's."""
        return []


def small_table(name: str, rows: int, rollovers: int = 2) -> pd.DataFrame:
    """A step frame of ``rows`` rows, the same at every call."""
    held: dict[str, pa.Array] = {}
    for k, c in enumerate(columns_of(name, [f"continued_{i + 1}" for i in range(rollovers)])):
        if c.step == "loan_id":
            values: list[Any] = [f"L{i:04d}" for i in range(rows)]
        elif c.kind == "text":
            values = [TEXTS[(i + k) % len(TEXTS)] for i in range(rows)]
        elif c.kind == "figure":
            values = [[None, "0", "-12.50", "1324620.45"][(i + k) % 4] for i in range(rows)]
        elif c.kind == "date":
            values = [None if (i + k) % 4 == 3 else 19000 + 37 * i + k for i in range(rows)]
        elif c.kind == "bool":
            values = [(i + k) % 3 == 0 for i in range(rows)]
        else:
            values = [None if (i + k) % 5 == 4 else (-1) ** i * (i * 1_000_003 + k) for i in range(rows)]
        storage = pa.int32() if c.kind == "date" else c.step_type()
        held[c.step] = pa.array(values, storage).cast(c.step_type())
        if name == "findings" and c.kind == "text":
            held[c.step] = held[c.step].fill_null("")
    return step_frame(pa.table(held))


def make_run(rows: int = 12) -> SmallRun:
    """A run whose every table has ``rows`` rows."""
    manifest = make_manifest({"name": "small", "title": {"zh": "小例"}}, [], {"cerf": []})
    return SmallRun({name: small_table(name, rows) for name in tables()}, manifest)


@pytest.fixture
def small_run() -> Callable[[int], SmallRun]:
    return make_run


if __name__ == "__main__":
    save(make_run(int(sys.argv[2])), Path(sys.argv[1]))
