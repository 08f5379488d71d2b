"""The rows of a shipped set as a frame: declared columns, one type each, what it is in ``attrs``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from relending.shipped import factor_rows, policy_rows, published_rows
from relending.shipped.declared import Column, Set, shipped_set

if TYPE_CHECKING:
    import pandas as pd

ROWS: Mapping[str, Callable[[], Iterator[Mapping[str, Any]]]] = {
    "lpr": policy_rows.lpr_rows,
    "policy": policy_rows.rows,
    "statements": published_rows.statements,
    "aggregates": published_rows.aggregates,
    "factors": factor_rows.rows,
}


def frame(name: str) -> pd.DataFrame:
    """A shipped set as a frame of its own: change it as you like.

    Columns as declared, each of one type: text (missing: empty), float64 (missing: NaN), Int64, datetime64.
    ``attrs``: name, title, title_zh, relending (version), notes, notes_zh, units by column. InputError for a name there
    is not.

    >>> found = frame("lpr")
    >>> found.attrs["units"]["lpr_1y"], len(found.attrs)
    ('fraction a year', 7)
    """
    import pandas as pd

    declared = shipped_set(name)
    rows = list(ROWS[name]())
    made = pd.DataFrame({column.name: _series(column, rows) for column in declared.columns})
    made.attrs.update(_attrs(declared))
    return made


def _attrs(declared: Set) -> dict[str, Any]:
    return {
        "name": declared.name,
        "title": declared.title["en"],
        "title_zh": declared.title["zh"],
        "relending": version("relending"),
        "notes": [note["en"] for note in declared.notes],
        "notes_zh": [note["zh"] for note in declared.notes],
        "units": {column.name: column.label.unit for column in declared.columns if column.label.unit},
    }


def _series(column: Column, rows: list[Mapping[str, Any]]) -> pd.Series:
    import pandas as pd

    values = [row.get(column.name) for row in rows]
    if column.type == "text":
        return pd.Series(["" if v is None else v for v in values], dtype="str")
    if column.type == "day":
        return pd.Series([pd.NaT if v is None else pd.Timestamp(v) for v in values], dtype="datetime64[us]")
    return pd.Series(values, dtype={"number": "float64", "whole": "Int64"}[column.type])
