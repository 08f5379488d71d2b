"""A frame as the table that is written: seven kinds of column, one type each, whatever pandas held them in.

text ``large_string``, whole numbers ``int64``, numbers ``double``, exact numbers ``decimal``, true/false ``bool``, days
``date32`` and moments ``timestamp[us]``. What is missing is null; a NaN is missing too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from relending.labelled.labels import Given, Label, label_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def held(frame: pd.DataFrame, labels: Mapping[str, Given]) -> tuple[pa.Table, dict[str, Label]]:
    """The table of a frame, and the labels of its columns in their order.

    Raises ``ValueError`` where a column has no label, two have one name or the index says something that no column
    does, ``TypeError`` where a cell is neither text, number, day nor true/false.

    >>> import pandas as pd
    >>> table, _ = held(pd.DataFrame({"n": [1, None], "t": ["a", None]}), {"n": ("数", "n"), "t": ("文", "t")})
    >>> [str(f.type) for f in table.schema], table["n"].null_count
    (['double', 'large_string'], 1)
    """
    import pyarrow as pa

    names = list(frame.columns)
    if not names or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ValueError(f"a labelled table has columns, each with a name of its own: {names}")
    without = [name for name in names if name not in labels]
    if without:
        raise ValueError(f"columns without a label: {', '.join(without)}")
    if any(name is not None for name in frame.index.names):
        raise ValueError(f"the index is not written: reset_index() makes {frame.index.names} columns")
    arrays = [column(frame[name]) for name in names]
    return pa.table(arrays, names=names), {name: label_of(labels[name]) for name in names}


def column(series: pd.Series) -> pa.Array:
    """A column in the one type of its kind; ``TypeError`` where it is of none."""
    import pandas as pd
    import pyarrow as pa

    kind = series.dtype
    if isinstance(kind, pd.CategoricalDtype):
        series = series.astype(object)
    elif isinstance(kind, pd.PeriodDtype):
        series = series.astype(str).where(series.notna(), None)
    if series.dtype == object:
        return _objects(series)
    array = pa.array(series, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return _of_its_kind(array, str(series.name))


def _of_its_kind(array: pa.Array, name: str) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, types = array.type, pa.types
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) or types.is_null(kind):
        return array.cast(pa.large_string())
    if types.is_boolean(kind) or types.is_decimal(kind):
        return array
    if types.is_integer(kind):
        return array.cast(pa.int64())
    if types.is_floating(kind):
        found = array.cast(pa.float64())
        return pc.if_else(pc.is_nan(found), pa.scalar(None, pa.float64()), found)
    if types.is_date(kind):
        return array.cast(pa.date32())
    if types.is_timestamp(kind) and kind.tz is None:
        moments = array.cast(pa.timestamp("us"))
        days = moments.cast(pa.date32(), safe=False)
        whole = pc.all(pc.equal(days.cast(pa.timestamp("us")), moments)).as_py()
        return days if whole is not False else moments
    raise TypeError(f"column {name} is of a type no table is written from: {kind}")


def _objects(series: pd.Series) -> pa.Array:
    """A column of Python objects: all of one kind, or numbers of several."""
    import pandas as pd
    import pyarrow as pa

    values = [None if _missing(value) else value for value in series]
    kinds = {type(value) for value in values if value is not None}
    if all(issubclass(kind, str) for kind in kinds):
        return pa.array([None if v is None else _valid(v) for v in values], pa.large_string())
    if len(kinds) == 1 and issubclass(next(iter(kinds)), bool | Decimal):
        return pa.array(values)
    if all(issubclass(kind, int | float | Decimal) and not issubclass(kind, bool) for kind in kinds):
        whole = all(issubclass(kind, int) for kind in kinds)
        return pa.array([None if v is None else v if whole else float(v) for v in values])
    if all(issubclass(kind, dt.date) for kind in kinds):
        moments = pd.Series([pd.NaT if v is None else pd.Timestamp(v) for v in values], dtype="datetime64[us]")
        return _of_its_kind(pa.array(moments, from_pandas=True), str(series.name))
    raise TypeError(f"column {series.name} holds {', '.join(sorted(k.__name__ for k in kinds))}: one kind a column")


def _missing(value: Any) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _valid(text: str) -> str:
    """A text that is one in every file: half of a surrogate pair is written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of the table holds text."""
    import pyarrow as pa

    return bool(pa.types.is_large_string(kind))
