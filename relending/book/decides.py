"""Columns that are not read but may decide whether a row counts 决定性列: currency, flags of refinancing, of reversal.

A bank's export has them under many headers. What they say belongs in a column of the dictionary; where it is not there,
a cell that is not harmless is an error of its row: counted as an ordinary loan it would be wrong without a word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from relending.book.block import Rows
from relending.book.cells import RawBlock, flat, text_of
from relending.book.columns import decides
from relending.book.headers import plain
from relending.book.texts import even, translate


@dataclass(frozen=True, slots=True)
class Deciding:
    """One kind of such columns; ``harmless`` words, or ``only`` words that are not; ``instead``: what to fill in."""

    code: str
    headers: tuple[str, ...]
    harmless: frozenset[str]
    only: frozenset[str]
    instead: str

    def is_harmless(self, text: str) -> bool:
        """Whether a cell changes nothing.

        >>> deciding()["currency"].is_harmless("人民币"), deciding()["state"].is_harmless("已冲销")
        (True, False)
        """
        word = even(text)
        return word not in self.only if self.only else word in self.harmless


@cache
def deciding() -> Mapping[str, Deciding]:
    """The kinds of the dictionary (``columns.toml``), by name."""
    return {
        name: Deciding(
            one["code"],
            tuple(plain(h) for h in one["headers"]),
            frozenset(even(w) for w in ("", *one.get("harmless", ()))),
            frozenset(even(w) for w in one.get("only", ())),
            one.get("instead", ""),
        )
        for name, one in decides().items()
    }


def deciding_columns(headers: Sequence[str], given: Collection[str]) -> dict[int, tuple[str, Deciding]]:
    """Positions of such columns with their headers; none where the table gives the column that says it better.

    >>> found = deciding_columns(["借据编号", "币种", "是否借新还旧"], {"loan_id", "issue_type"})
    >>> {at: header for at, (header, _) in found.items()}
    {1: '币种'}
    """
    kinds = {header: kind for kind in deciding().values() for header in kind.headers}
    found = {at: (text, kinds[plain(text)]) for at, text in enumerate(headers) if plain(text) in kinds}
    return {at: one for at, one in found.items() if one[1].instead not in given}


def check_deciding(rows: Rows, raw: RawBlock, found: Mapping[int, tuple[str, Deciding]]) -> None:
    """Blame the rows in which such a column says something that is not harmless."""
    for at, (header, kind) in found.items():
        cells = flat(raw.columns[at].values)
        there = np.flatnonzero(cells.is_valid().to_numpy(zero_copy_only=False) & ~rows.apart)
        if not len(there):
            continue
        texts = text_of(cells, there)
        _, harmful = translate(texts, {t: "" for t in set(texts.to_pylist()) if kind.is_harmless(t)}.get)
        if len(harmful):
            rows.cells = {**rows.cells, header: raw.columns[at]}
            rows.blame(kind.code, there[harmful], header, kind.instead)
