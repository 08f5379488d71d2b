"""Tables of exact figures: what the frames and the files of a study are both made of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

E8_DECIMALS = 8
"""Decimals of a share."""


@dataclass(frozen=True, slots=True)
class Exact:
    """A figure as an integer and how many of its digits are decimals."""

    value: int
    decimals: int

    @property
    def text(self) -> str:
        """All its digits, plain.

        >>> Exact(-5, 2).text, Exact(7, 0).text
        ('-0.05', '7')
        """
        return f"{Decimal(self.value).scaleb(-self.decimals):f}"

    def __float__(self) -> float:
        """The double nearest to it."""
        return float(Decimal(self.value).scaleb(-self.decimals))


def exact(value: int | None, decimals: int) -> Exact | None:
    """An integer with its decimals; None where there is none."""
    return None if value is None else Exact(value, decimals)


Row = tuple[Any, ...]
"""A row of a table: texts, counts, :class:`Exact` figures, None where empty."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with exact figures: what the frames and the files are made of."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def frame(self) -> pd.DataFrame:
        """A frame for people: figures as doubles, not a number where there is none."""
        import pandas as pd

        made = {}
        for i, name in enumerate(self.columns):
            cells = [row[i] for row in self.rows]
            # a column of figures may begin with an empty cell, or have none but those
            figures = any(isinstance(c, Exact) for c in cells) or (bool(cells) and all(c is None for c in cells))
            made[name] = pd.Series(
                [float("nan") if c is None else float(c) for c in cells] if figures else cells,
                dtype="float64" if figures else "int64" if cells and isinstance(cells[0], int) else "str",
            )
        return pd.DataFrame(made)


def less(a: int | None, b: int | None) -> int | None:
    """``a - b``; None where one of them is not there."""
    return None if a is None or b is None else a - b
