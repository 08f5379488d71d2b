"""From step frames to frames for people: the one place where integers become yuan, tonnes and fractions.

Inside, every figure is an int64 whose column name ends in its unit (``principal_fen``). Outside, a column has
its plain name (``principal``) and carries the figure itself. ``SCALES`` says, for every unit, how many
decimals the integer holds and what the plain name ends in; the files of a run folder print by the same table.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

SCALES: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "_fen": (2, ""),  # money: fen -> yuan
        "_g": (6, ""),  # reductions: grams -> tonnes of CO2 equivalent
        "_ppm": (6, ""),  # given rates: parts per million -> fraction a year
        "_e8": (8, ""),  # derived rates and shares -> fraction
        "_e6": (6, ""),  # yuan per tonne, basis points
        "_kw": (3, "_mw"),  # capacity: kW -> MW
        "_kwh": (3, "_mwh"),  # output: kWh -> MWh
    }
)

EXACT_IN_A_DOUBLE = 2**53


def plain_name(column: str) -> tuple[str, int | None]:
    """The name of an integer column outside, and the decimals its figure has there (None: a plain count).

    Spreads stay in basis points, ``_bp``, as the loan book has them.

    >>> plain_name("principal_fen"), plain_name("output_kwh"), plain_name("spread_bp"), plain_name("projects")
    (('principal', 2), ('output_mwh', 3), ('spread_bp', None), ('projects', None))
    """
    for suffix, (decimals, ending) in SCALES.items():
        if column.endswith(suffix) and len(column) > len(suffix):
            return column[: -len(suffix)] + ending, decimals
    return column, None


def nearest_double(values: NDArray[np.int64], decimals: int) -> NDArray[np.float64]:
    """The double nearest to each ``value / 10**decimals``; 0 <= decimals <= 22.

    >>> nearest_double(np.array([1, -304555980]), 2).tolist()
    [0.01, -3045559.8]
    """
    result = values.astype(np.float64) / float(10**decimals)
    # Up to 2**53 both operands are exact, so the quotient is rounded once. Beyond, the first would be rounded too.
    for i in np.flatnonzero((values > EXACT_IN_A_DOUBLE) | (values < -EXACT_IN_A_DOUBLE)):
        result[i] = float(Decimal(int(values[i])).scaleb(-decimals))
    return result


def to_user(frame: pd.DataFrame) -> pd.DataFrame:
    """A step frame as a frame for people: a new frame, rows and order of columns kept, index 0 … n-1.

    Figures with a unit become float64, the nearest double of the exact decimal, NaN where empty, and lose the
    unit in their name (``_kw`` and ``_kwh`` become ``_mw`` and ``_mwh``). Plain counts stay int64, or become
    float64 with NaN if one is empty. Dates become datetime64[s], booleans bool, texts str with "" where
    empty.

    Raises ``ValueError`` if a boolean is empty or two columns end up with one name, ``TypeError`` for a
    column no step frame has (floats, nested values).

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"loan_id": ["A1"], "drawn_fen": [6000000001], "rate_ppm": [17500]})
    >>> to_user(frame).to_dict("records")
    [{'loan_id': 'A1', 'drawn': 60000000.01, 'rate': 0.0175}]
    """
    import pandas as pd

    columns: dict[str, Any] = {}
    for column in frame.columns:
        array = arrow_column(frame[column])
        name, values = _user_column(str(column), array)
        if name in columns:
            raise ValueError(f"two columns would be called {name!r}")
        columns[name] = values
    return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))


def arrow_column(series: pd.Series) -> Any:
    """The values of a frame's column as one ``pyarrow.Array`` (missing values, NaN, NaT and NA are null)."""
    import pyarrow as pa

    array = pa.array(series.array, from_pandas=True)
    return one_array(array) if isinstance(array, pa.ChunkedArray) else array


def one_array(chunked: Any) -> Any:
    """A ``pyarrow.ChunkedArray`` as one ``pyarrow.Array``; nothing is copied if it is one already."""
    return chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()


def integers(array: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
    """The int64 values of an Arrow integer array and, if any is null, which are given (nulls hold 0)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = array.cast(pa.int64())
    if not array.null_count:
        return array.to_numpy(zero_copy_only=False), None
    given = pc.is_valid(array).to_numpy(zero_copy_only=False)
    return array.fill_null(0).to_numpy(zero_copy_only=False), given


def _user_column(column: str, array: Any) -> tuple[str, Any]:
    import pandas as pd
    import pyarrow as pa

    kind = array.type
    if pa.types.is_integer(kind):
        name, decimals = plain_name(column)
        values, given = integers(array)
        if decimals is None and given is None:
            return name, values.copy()
        figures = nearest_double(values, decimals or 0)
        if given is not None:
            figures[~given] = np.nan
        return name, figures
    if pa.types.is_boolean(kind):
        if array.null_count:
            raise ValueError(f"{column}: a boolean is empty")
        return column, array.to_numpy(zero_copy_only=False)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return column, array.cast(pa.timestamp("s")).to_numpy(zero_copy_only=False)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        text = array.cast(pa.large_string()).fill_null("")
        return column, pd.Series(pd.arrays.ArrowExtensionArray(text)).astype("str").array
    raise TypeError(f"{column}: no step frame has values of type {kind}")
