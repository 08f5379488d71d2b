"""Checks that several tables share: cells that must be there, lenders by id or name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from relending.book.block import Rows
from relending.book.cells import flat
from relending.book.columns import columns
from relending.book.texts import even, translate


def missing(rows: Rows) -> None:
    """Blame the empty cells of columns that are always needed; one that could not be read has its finding already."""
    for column in columns(rows.table).values():
        if column.required != "always":
            continue
        values = rows.values[column.frame]
        if values.null_count:
            empty = values.is_null().to_numpy(zero_copy_only=False) & ~rows.unreadable(column.name)
            rows.blame("value_missing", empty, column.name, f"{column.name} / {column.zh}")


def close_to(name: str | None) -> str:
    """A suggestion, said as one in either language.

    >>> close_to("icbc"), close_to(None)
    ('≈ icbc', '')
    """
    return f"≈ {name}" if name else ""


def lenders_of(rows: Rows, lender: str | None, lenders: Mapping[str, str]) -> None:
    """Translate the lenders to ids, those nobody knows stay and are warned of; ``lender`` for rows that name none."""
    from relending.policy import lender_of
    from relending.policy import lenders as policy_lenders

    own = {even(name): identity for name, identity in lenders.items()}
    own.update({even(identity): identity for identity in lenders.values()})

    def identify(text: str) -> Any:
        return own.get(even(text)) or lender_of(text)

    texts = rows.values["lender"]
    mapped, strange = translate(texts, identify)
    texts = flat(texts)
    rows.values["lender"] = filled = pc.coalesce(mapped, texts) if len(strange) else mapped
    if len(strange):
        choices = [*lenders, *(n for known in policy_lenders().values() for n in known.names)]

        def close(text: str) -> str:
            return close_to(next(iter(difflib.get_close_matches(text, choices, 1, 0.5)), None))

        rows.blame("unknown_lender", strange, "lender", translate(texts.take(pa.array(strange)), close)[0])
    if filled.null_count and lender is not None:  # a book alone may leave it open; a run needs one and says so
        empty = filled.is_null().to_numpy(zero_copy_only=False) & ~rows.unreadable("lender")
        rows.values["lender"] = pc.if_else(pa.array(empty), pa.scalar(lender, pa.string()), filled)
