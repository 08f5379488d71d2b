"""Which texts hold a value that redaction hides: looked for among all loans, borrowers and projects of a run at once.

People spell a name as it suits them, in the name of a file above all: capitals, wide letters, blanks, ``_``, ``-`` and
``.`` make no difference here. A run may name a million loans and its findings may be many, so no text is searched for
each value. From every text come the few pieces that begin as some value does and are as long as one; those alone are
looked up.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

LONGEST = 2000
"""A text of more characters is not searched: it counts as holding a value."""
HEAD = 3  # characters by which a piece is first told from the rest
_BETWEEN = r"[\t\n\x0b\f\r\p{Z}\p{Pd}\p{Cf}_.]"
"""Blanks, dashes, characters without a shape, ``_`` and ``.``: what stands between the parts of a name."""


def distinct_texts(array: Any) -> Any:
    """The different texts of an Arrow array that are not empty."""
    held = pc.unique(array.cast(pa.string()))
    return held.filter(pc.greater(pc.binary_length(held), 0).fill_null(False))


def one_spelling(values: Any) -> Any:
    """Texts of an Arrow array as all spellings of a name have them: NFKC, without capitals and what is between parts.

    >>> one_spelling(pa.array(["Acme Wind_Power Co", "ＨＴ-2301"])).to_pylist()
    ['acmewindpowerco', 'ht2301']
    """
    return pc.replace_substring_regex(_folded(values), _BETWEEN, "")


def _folded(values: Any) -> Any:
    return pc.utf8_lower(pc.utf8_upper(pc.utf8_normalize(values, form="NFKC")))


def _between(character: str) -> bool:
    return character in "_.\t\n\x0b\f\r" or unicodedata.category(character) in ("Zs", "Zl", "Zp", "Pd", "Cf")


def _kind(character: str) -> str:
    """Letters and digits of words and numbers; any other character is a part by itself."""
    if not character.isascii() or not character.isalnum():
        return ""
    return "digit" if character.isdigit() else "letter"


def _parts(folded: str) -> tuple[str, list[bool]]:
    """A text in one spelling, and of each place in it (that behind the last too) whether a part begins or ends there.

    >>> _parts("ht-23a")
    ('ht23a', [True, False, True, False, True, True])
    """
    out: list[str] = []
    cut: list[bool] = []
    apart, before = True, ""
    for character in folded:
        if _between(character):
            apart = True
            continue
        kind = _kind(character)
        cut.append(apart or not kind or kind != before)
        out.append(character)
        apart, before = False, kind
    return "".join(out), [*cut, True]


def _alone(value: str, text: str) -> bool:
    """Whether a text holds a value as it is written, not inside a longer word or number."""
    at = text.find(value)
    while at >= 0:
        stop = at + len(value)
        before = at > 0 and _kind(text[at]) and _kind(text[at - 1])
        behind = stop < len(text) and _kind(text[stop - 1]) and _kind(text[stop])
        if not before and not behind:
            return True
        at = text.find(value, at + 1)
    return False


class Known:
    """The hidden values of a run; :meth:`inside` tells the texts that hold one, however it is spelled there.

    A value counts where it stands alone, not inside a longer word or number: ``A1`` is in ``A1 (row 7)``, ``a-1.xlsx``,
    ``A1b`` and ``借据A1``, not in ``A12``. A letter or digit by itself counts as it is written, and so does a value
    that is one of our ``own`` words in another spelling (``Wind``); one other character (``无``, ``-``) hides nothing.

    >>> known = Known([pa.array(["A1", "甲风电公司", "无"])])
    >>> [known.holds(t) for t in ("A1 (row 7)", "A12", "甲风电 公司.xlsx", "无", "无效")]
    [True, False, True, True, False]
    """

    def __init__(self, values: Iterable[Any], own: Iterable[str] = ()) -> None:
        self._own = one_spelling(pa.array(sorted(own), pa.string()))
        self._values = [found for one in values if len(found := distinct_texts(one))]
        self._told: dict[str, bool] = {}

    @cached_property
    def _sought(self) -> tuple[list[Any], frozenset[str]]:
        """The values in one spelling; and, as they are written, those of which that leaves too little."""
        long, short = [], set()
        for values in self._values:
            spelled = one_spelling(values)
            length = pc.utf8_length(spelled)
            names = pc.match_substring_regex(spelled, r"[\p{L}\p{N}]")
            much = pc.and_(pc.greater(length, 1), pc.invert(pc.is_in(spelled, value_set=self._own)))
            long.append(spelled.filter(pc.and_(names, much)))
            few = values.filter(pc.and_(names, pc.invert(much)))
            alone = pc.or_(pc.greater(pc.utf8_length(few), 1), pc.match_substring_regex(few, "^[0-9A-Za-z]$"))
            short.update(few.filter(alone).to_pylist())
        return long, frozenset(short)

    @cached_property
    def _starts(self) -> dict[str, list[int]]:
        """The first characters of the values, each with the lengths of those that begin so."""
        starts: dict[str, set[int]] = {}
        for values in self._sought[0]:
            pairs = pa.table({"head": pc.utf8_slice_codeunits(values, 0, HEAD), "length": pc.utf8_length(values)})
            for pair in pairs.group_by(["head", "length"]).aggregate([]).to_pylist():
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
            searched = [t for t in new if len(t) <= LONGEST]
            folded = _folded(pa.array(searched, pa.string())).to_pylist()
            pieces = {text: set(self._pieces(spelled)) for text, spelled in zip(searched, folded, strict=True)}
            hidden = _among(set().union(*pieces.values()), self._sought[0])
            whole = _among(set(new), self._values)
            for text in new:
                held = text not in pieces or not hidden.isdisjoint(pieces[text]) or text in whole
                self._told[text] = held or any(_alone(one, text) for one in self._sought[1])
        return [self._told[t] for t in texts]

    def _pieces(self, folded: str) -> Iterable[str]:
        """The parts of a text that may be a value: they begin as one, are as long, and stand alone."""
        text, cut = _parts(folded)
        starts, end = self._starts, len(text)
        for i in range(end):
            if not cut[i]:
                continue
            for head in dict.fromkeys(text[i : i + k] for k in range(1, HEAD + 1)):
                for length in starts.get(head, ()):
                    stop = i + length
                    if stop <= end and cut[stop]:
                        yield text[i:stop]


def _among(pieces: set[str], values: Iterable[Any]) -> set[str]:
    """Those of the pieces that are among the values."""
    asked = pa.array(sorted(pieces), pa.string())
    found: set[str] = set()
    for held in values:
        found.update(asked.filter(pc.is_in(asked, value_set=held)).to_pylist())
    return found
