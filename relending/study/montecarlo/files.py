"""The files of a study: its tables as CSV or Parquet, and what they rest on as JSON.

One writer of labelled tables for every format belongs to another module; this is the one place that calls it:
:func:`write_table` and :data:`FORMATS`.
"""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.outfile import whole_files
from relending.spreadsheet import escape
from relending.study.montecarlo.study import MonteCarlo

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("csv", "parquet")
METADATA = "study.json"


def write_study(study: MonteCarlo, folder: Path, kind: str = "csv", draws: Sequence[str] = ()) -> list[Path]:
    """Write summary, convergence, ``draws`` (measures) and ``study.json`` into a folder; all of the files or none.

    The folder is made if it is not there. Raises OSError where the disk refuses; ValueError for an unknown measure.
    """
    tables: dict[str, pd.DataFrame] = {"summary": study.summary, "convergence": study.convergence}
    tables |= {f"draws-{name}": study.all_draws(name) for name in draws}
    paths = [folder / f"{name}.{kind}" for name in tables]
    folder.mkdir(parents=True, exist_ok=True)
    with whole_files(*paths, folder / METADATA) as rooms:
        for frame, room in zip(tables.values(), rooms, strict=False):
            write_table(frame, room, kind)
        text = json.dumps(study.metadata, ensure_ascii=False, indent=2, sort_keys=True, default=str)
        rooms[-1].write_text(text + "\n", encoding="utf-8", newline="\n")
    return [*paths, folder / METADATA]


def write_table(frame: pd.DataFrame, path: Path, kind: str) -> None:
    """Write one table; the same figures give the same bytes."""
    if kind == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(table, path)
        return
    lines = [",".join(frame.columns)]
    columns = [_cells(frame[name].tolist()) for name in frame.columns]
    lines += map(",".join, zip(*columns, strict=True))
    path.write_bytes(codecs.BOM_UTF8 + ("\n".join(lines) + "\n").encode("utf-8"))


def _cells(values: Sequence[Any]) -> list[str]:
    known: dict[str, str] = {}
    out = []
    for value in values:
        if isinstance(value, str):
            # few texts, many times
            if value not in known:
                known[value] = _quoted(escape(value))
            out.append(known[value])
        else:
            out.append(figure_text(value))
    return out


def _quoted(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if any(c in text for c in ',"\r\n') or text != text.strip(" ") else text


def figure_text(value: Any) -> str:
    """A figure as a text file has it: the shortest digits that give the same double, nothing for none.

    >>> [figure_text(v) for v in (0.1, 1e-07, 3.0, 12345678901.5, float("nan"), True, 7)]
    ['0.1', '0.0000001', '3', '12345678901.5', '', 'true', '7']
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return ""
    text = repr(value)
    if "e" in text:
        import numpy as np

        return str(np.format_float_positional(value, trim="-"))
    return text.removesuffix(".0")
