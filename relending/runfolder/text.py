"""Figures and texts as a CSV file holds them, and back; whole columns at a time.

Text that a spreadsheet would take for a formula is written escaped (:mod:`relending.spreadsheet`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relending.engine.convert import integers
from relending.spreadsheet import escaped, large, quoted

if TYPE_CHECKING:
    import pyarrow as pa

    from relending.runfolder.tables import Column


def cells(column: Column, array: pa.Array) -> pa.Array:
    """What a CSV file holds for each value (``large_string``, quoted where needed; null where nothing is
    written)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.kind == "text":
        return quoted(escaped(array.cast(pa.large_string())))
    if column.kind == "figure":
        return array.cast(pa.large_string())
    if column.kind == "bool":
        return pc.if_else(array, large("true"), large("false"))
    if column.decimals:
        return decimal_text(array, column.decimals)
    return array.cast(pa.string()).cast(pa.large_string())


def decimal_text(array: pa.Array, decimals: int) -> pa.Array:
    """Each integer divided by ``10**decimals``, written out exactly with all its decimals (null stays null).

    >>> import pyarrow as pa
    >>> decimal_text(pa.array([-5, 304555980, None]), 2).to_pylist()
    ['-0.05', '3045559.80', None]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    values, given = integers(array)
    whole, rest = np.divmod(np.abs(values), 10**decimals)
    sign = pc.if_else(pa.array(values < 0), large("-"), large(""))
    # A leading 1 keeps the zeros of the decimals; it is cut off again.
    tail = pc.utf8_slice_codeunits(pa.array(rest + 10**decimals).cast(pa.large_string()), 1)
    signed = pc.binary_join_element_wise(sign, pa.array(whole).cast(pa.large_string()), large(""))
    text = pc.binary_join_element_wise(signed, tail, large("."))
    return text if given is None else pc.if_else(pa.array(given), text, large(None))
