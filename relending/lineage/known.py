"""Which texts hold a value that redaction hides: looked for among all loans, borrowers and projects of a run at once.

A run may name a million loans and its findings may be many, so no text is searched for each value. From every text
come the few pieces that begin as some value does and are as long as one; those alone are looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

LONGEST = 2000
"""A text of more characters is not searched: it counts as holding a value."""
HEAD = 3  # characters by which a piece is first told from the rest


def distinct_texts(array: Any) -> Any:
    """The different texts of an Arrow array that are not empty."""
    held = pc.unique(array.cast(pa.string()))
    return held.filter(pc.greater(pc.binary_length(held), 0).fill_null(False))


def _word(character: str) -> bool:
    return character.isascii() and character.isalnum()


class Known:
    """The hidden values of a run; :meth:`inside` tells the texts that hold one.

    A value of letters and digits counts where it stands alone, not inside a longer word or number: ``A1`` is in
    ``A1 (row 7)`` and in ``借据A1``, not in ``A12``. One other character by itself (``无``, ``-``) hides nothing.

    >>> known = Known([pa.array(["A1", "甲风电公司", "无"])])
    >>> [known.holds(t) for t in ("A1 (row 7)", "A12", "甲风电公司.xlsx", "无", "无效")]
    [True, False, True, True, False]
    """

    def __init__(self, values: Iterable[Any]) -> None:
        self._values = [found for one in values if len(found := distinct_texts(one))]
        self._told: dict[str, bool] = {}

    @cached_property
    def _starts(self) -> dict[str, list[int]]:
        """The first characters of the values, each with the lengths of those that begin so."""
        starts: dict[str, set[int]] = {}
        for values in self._values:
            length = pc.utf8_length(values)
            sought = pc.or_(pc.greater(length, 1), pc.match_substring_regex(values, "^[0-9A-Za-z]$"))
            sought = pc.and_(sought, pc.match_substring_regex(values, r"[\p{L}\p{N}]"))
            pairs = pa.table({"head": pc.utf8_slice_codeunits(values, 0, HEAD), "length": length})
            for pair in pairs.filter(sought).group_by(["head", "length"]).aggregate([]).to_pylist():
                starts.setdefault(pair["head"], set()).add(pair["length"])
        return {head: sorted(lengths) for head, lengths in starts.items()}

    def exactly(self, values: Any) -> Any:
        """Of each text of an Arrow array whether it is a hidden value, all of it."""
        mask = pa.repeat(pa.scalar(False), len(values))
        for held in self._values:
            mask = pc.or_(mask, pc.is_in(values, value_set=held))
        return mask

    def holds(self, text: str) -> bool:
        """Whether a text is a hidden value or holds one."""
        return self.inside([text])[0]

    def inside(self, texts: Sequence[str]) -> list[bool]:
        """Of each text whether it is a hidden value or holds one; answers are kept."""
        new = [t for t in dict.fromkeys(texts) if t not in self._told]
        if new:
            pieces = [{t, *self._pieces(t)} if len(t) <= LONGEST else {t} for t in new]
            hidden = self._hidden(set().union(*pieces))
            for text, some in zip(new, pieces, strict=True):
                self._told[text] = len(text) > LONGEST or not hidden.isdisjoint(some)
        return [self._told[t] for t in texts]

    def _pieces(self, text: str) -> Iterable[str]:
        """The parts of a text that may be a value: they begin as one, are as long, and stand alone."""
        starts, end = self._starts, len(text)
        for i in range(end):
            if i and _word(text[i]) and _word(text[i - 1]):
                continue
            for head in dict.fromkeys(text[i : i + k] for k in range(1, HEAD + 1)):
                for length in starts.get(head, ()):
                    stop = i + length
                    if stop > end:
                        continue
                    if stop == end or not (_word(text[stop - 1]) and _word(text[stop])):
                        yield text[i:stop]

    def _hidden(self, pieces: set[str]) -> set[str]:
        asked = pa.array(sorted(pieces), pa.string())
        found: set[str] = set()
        for values in self._values:
            found.update(asked.filter(pc.is_in(asked, value_set=values)).to_pylist())
        return found
