"""A run that was carried out, as the studies of cost read it: in memory or opened again from its folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

    from relending.engine.context import Context


class Carried(Protocol):
    """Anything with a run's tables, record and rules."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Every table by name, as integer step frames."""
        ...

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The record."""
        ...

    def context(self) -> Context:
        """The rules of the run."""
        ...
