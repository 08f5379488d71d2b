"""A labelled table as Parquet: labels and unit with each field, title, notes and version with the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from relending.labelled.labels import Label, Said, said_in

if TYPE_CHECKING:
    import pyarrow as pa


GROUP_ROWS = 2**20


def write_parquet(table: pa.Table, path: Path, labels: Mapping[str, Label], said: Said) -> None:
    """Write the table: no index, nothing of pandas; row groups cut by row number."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = [
        field.with_metadata({"label_zh": one.zh, "label_en": one.en, "unit": one.unit})
        for field, one in zip(table.schema, labels.values(), strict=True)
    ]
    about = {
        "title_zh": said_in(said.title, "zh"),
        "title_en": said_in(said.title, "en"),
        "notes_zh": json.dumps([said_in(n, "zh") for n in said.notes], ensure_ascii=False),
        "notes_en": json.dumps([said_in(n, "en") for n in said.notes], ensure_ascii=False),
        "relending": version("relending"),
    }
    schema = pa.schema(fields, metadata=about)
    with path.open("wb") as out:
        pq.write_table(
            table.cast(schema),
            out,
            row_group_size=GROUP_ROWS,
            compression="zstd",
            compression_level=1,
            version="2.6",
            data_page_version="1.0",
        )
