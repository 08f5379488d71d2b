"""Text, ids and enumerated values: stripped, cleaned of what cannot be seen, never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relending.book.cells import DATE, NUMBER, Cells, flat
from relending.book.columns import limits
from relending.spreadsheet import unescaped

Ints = NDArray[np.int64]

_UNSEEN = "\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_UNSEEN_PATTERN = "[" + _UNSEEN + "]"
_UNSEEN_IN_ID = "[\t\n\r" + _UNSEEN + "]"
_SHORTENED = r"^[+-]?[0-9](\.[0-9]+)?[eE]\+(1[1-9]|[2-9][0-9])$"
"""What a spreadsheet makes of a long id when it writes text: 6.22202E+15."""
_LONG_ID = 10**15
_STOPS = re.compile(r"[,、;:.。/]+")
"""Punctuation that does not tell words apart: 按月付息，到期还本."""

_LEADS = (0xC2, 0xE1, 0xE2, 0xE3, 0xEF)
"""Bytes that begin, among much else, the code points to strip or to remove."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Values (null where empty or unreadable) and what is wrong: code -> rows."""

    values: pa.Array
    problems: dict[str, Ints] = field(default_factory=dict)


def read_text(cells: Cells, *, is_id: bool = False) -> Texts:
    """The cells as stripped text.

    An id stored as a number becomes its shortest integer text; where digits were lost (16 and more in a float, or
    powers of ten in text) or a spreadsheet made a date of it, that is an error. A spreadsheet's number is a warning:
    its leading zeros may be gone. A dictionary stays one, so that each different text is handled once.

    >>> got = read_text(Cells(pa.array([12.0, 1e15, None])), is_id=True)
    >>> got.values.to_pylist(), {k: v.tolist() for k, v in got.problems.items()}
    (['12', None, None], {'id_precision_lost': [1]})
    """
    array = cells.values
    problems: dict[str, Ints] = {}
    if pa.types.is_dictionary(array.type):
        return _by_word(cells, is_id)
    if pa.types.is_string(array.type):
        texts = _clean(array if cells.typed else _without_apostrophe(array, problems), is_id, problems)
    elif pa.types.is_null(array.type):
        texts = pa.nulls(len(array), pa.string())
    else:
        texts = _as_text(array, is_id, problems)
    if is_id:
        texts = _check_ids(cells, texts, problems)
    return Texts(texts, {c: i for c, i in problems.items() if len(i)})


def _without_apostrophe(array: pa.Array, problems: dict[str, Ints]) -> pa.Array:
    """The texts without the apostrophe that keeps a spreadsheet from taking them for a formula or a number."""
    if not pc.any(pc.starts_with(array, "'")).as_py():
        return array
    bare = unescaped(array)
    index = np.flatnonzero(pc.not_equal(bare, array).fill_null(False).to_numpy(zero_copy_only=False))
    if len(index):
        problems["apostrophe_removed"] = index
    return bare


def _by_word(cells: Cells, is_id: bool) -> Texts:
    """A dictionary: its words are read, and what is wrong with a word is wrong with every row that has it."""
    coded = cells.values
    got = read_text(Cells(flat(coded.dictionary), None, cells.spreadsheet, cells.typed), is_id=is_id)
    problems = {}
    if got.problems:
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        problems = {code: np.flatnonzero(np.isin(codes, words)) for code, words in got.problems.items()}
    values = pa.DictionaryArray.from_arrays(coded.indices, got.values)
    return Texts(values, {c: i for c, i in problems.items() if len(i)})


def _as_text(array: pa.Array, is_id: bool, problems: dict[str, Ints]) -> pa.Array:
    kind = array.type
    if pa.types.is_floating(kind):
        x = array.cast(pa.float64())
        whole = x.fill_null(0.5).to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            short = (np.abs(whole) < _LONG_ID) & (np.floor(whole) == whole)
        if (short | x.is_null().to_numpy(zero_copy_only=False)).all():
            return x.cast(pa.int64()).cast(pa.string())
        return pa.array([None if v is None else _float_text(v) for v in x.to_pylist()], pa.string())
    if pa.types.is_decimal(kind):
        return pa.array([None if v is None else _decimal_text(v) for v in array.to_pylist()], pa.string())
    if pa.types.is_timestamp(kind):
        return array.cast(pa.date32(), safe=False).cast(pa.string())
    return array.cast(pa.string())


def _float_text(v: float) -> str:
    return str(int(v)) if v == v and abs(v) != float("inf") and v == int(v) else format(v, ".15g")


def _decimal_text(v: Decimal) -> str:
    text = format(v, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def suspicious(array: pa.Array) -> bool:
    """Whether any text of an array may need stripping or removing; looked up byte by byte, all texts at once.

    A blank inside a text is none of it, nor is ordinary Chinese punctuation.

    >>> [suspicious(pa.array([t])) for t in ("a b", "（甲）。", "a ", "a\\u200bb")]
    [False, False, True, True]
    """
    data = array.buffers()[2] if len(array) else None
    if data is None:
        return False
    offsets = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1]
    content = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
    if not len(content):
        return False
    if content.min() < 0x20 or (content == 0x7F).any():
        return True
    filled = offsets[1:] > offsets[:-1]
    first, last = content[offsets[:-1][filled] - offsets[0]], content[offsets[1:][filled] - offsets[0] - 1]
    if (first == 0x20).any() or (last == 0x20).any():
        return True
    if content.max() < _LEADS[0]:
        return False
    leading = content == _LEADS[0]
    for byte in _LEADS[1:]:
        leading |= content == byte
    lead = np.flatnonzero(leading)
    if not len(lead):
        return False
    end = len(content) - 1
    b0, b1, b2 = content[lead], content[np.minimum(lead + 1, end)], content[np.minimum(lead + 2, end)]
    return bool(
        (
            ((b0 == 0xC2) & (b1 <= 0xA0))  # C1 controls, no-break space
            | ((b0 == 0xE1) & (b1 == 0x9A) & (b2 == 0x80))  # Ogham space
            | ((b0 == 0xE2) & (b1 == 0x80) & ((b2 <= 0x8F) | ((b2 >= 0xA8) & (b2 <= 0xAF))))  # wide to zero-width, bidi
            | ((b0 == 0xE2) & (b1 == 0x81) & (b2 >= 0x9F))  # more of them
            | ((b0 == 0xE3) & (b1 == 0x80) & (b2 == 0x80))  # ideographic space
            | ((b0 == 0xEF) & (b1 == 0xBB) & (b2 == 0xBF))  # byte order mark
        ).any()
    )


def _clean(array: pa.Array, is_id: bool, problems: dict[str, Ints]) -> pa.Array:
    length = pc.binary_length(array).fill_null(0)
    if (pc.max(length).as_py() or 0) > limits()["text_length"]:
        long = pc.greater(pc.utf8_length(array), limits()["text_length"]).fill_null(False)
        if pc.any(long).as_py():
            problems["text_too_long"] = np.flatnonzero(long.to_numpy(zero_copy_only=False))
            array = pc.if_else(long, pa.scalar(None, pa.string()), array)
    if suspicious(array):
        coded = array.dictionary_encode()
        words = pc.utf8_trim_whitespace(coded.dictionary)
        unseen = pc.match_substring_regex(words, _UNSEEN_IN_ID if is_id else _UNSEEN_PATTERN)
        if pc.any(unseen).as_py():
            hit = unseen.take(coded.indices).fill_null(False).to_numpy(zero_copy_only=False)
            problems["control_character" if is_id else "text_cleaned"] = np.flatnonzero(hit)
            if is_id:
                words = pc.if_else(unseen, pa.scalar(None, pa.string()), words)
            else:
                words = pc.utf8_trim_whitespace(pc.replace_substring_regex(words, _UNSEEN_PATTERN, ""))
        array = words.take(coded.indices)
    empty = pc.equal(pc.binary_length(array), 0)
    if pc.any(empty).as_py():
        array = pc.if_else(empty, pa.scalar(None, pa.string()), array)
    return array


def _check_ids(cells: Cells, texts: pa.Array, problems: dict[str, Ints]) -> pa.Array:
    n = len(texts)
    lost = np.zeros(n, np.bool_)
    kind = cells.values.type
    if pa.types.is_floating(kind):
        x = cells.values.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
        lost = ~(np.abs(x) < _LONG_ID)
    elif pa.types.is_string(kind):
        capital = pc.or_kleene(pc.match_substring(texts, "E+"), pc.match_substring(texts, "e+"))
        if pc.any(capital).as_py():
            lost = pc.match_substring_regex(texts, _SHORTENED).fill_null(False).to_numpy(zero_copy_only=False).copy()
    dated = np.zeros(n, np.bool_)
    if cells.spreadsheet:
        there = texts.is_valid().to_numpy(zero_copy_only=False)
        number = (cells.kind() == NUMBER) & there
        dated = (cells.kind() == DATE) & there
        if number.any():
            lost |= number & pc.greater(pc.utf8_length(texts), 15).fill_null(False).to_numpy(zero_copy_only=False)
            problems["id_was_number"] = np.flatnonzero(number & ~lost)
    problems["id_precision_lost"] = np.flatnonzero(lost)
    problems["id_was_date"] = np.flatnonzero(dated)
    if lost.any() or dated.any():
        texts = pc.if_else(pa.array(lost | dated), pa.scalar(None, pa.string()), texts)
    return texts


def even(text: str) -> str:
    """A word with width, case, blanks and underscores evened out, for comparing with names.

    >>> even(" Equal_Principal "), even("５年期")
    ('equalprincipal', '5年期')
    """
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", text).casefold())


def words_of(values: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Evened-out spelling -> canonical value of an enumerated column."""
    return {even(w): value for value, names in values.items() for w in (value, *names)}


def read_enum(texts: pa.Array, values: Mapping[str, tuple[str, ...]]) -> Texts:
    """Canonical values of an enumerated column; a word that is none of them is null and a problem."""
    words = {_STOPS.sub("", word): value for word, value in words_of(values).items()}
    mapped, unknown = translate(texts, lambda t: words.get(_STOPS.sub("", even(t))))
    return Texts(mapped, {"unknown_value": unknown} if len(unknown) else {})


def translate(texts: pa.Array, to: Callable[[str], str | None]) -> tuple[pa.Array, Ints]:
    """``to`` of every text, worked out once for each different one, and the rows where it gives None.

    >>> got, lost = translate(pa.array(["a", None, "b"]), {"a": "A"}.get)
    >>> got.to_pylist(), lost.tolist()
    (['A', None, None], [2])
    """
    coded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    words = coded.dictionary.to_pylist()
    answers: list[Any] = [None if w is None else to(w) for w in words]
    mapped = pa.array(answers, pa.string()).take(coded.indices)
    lost = [i for i, (w, a) in enumerate(zip(words, answers, strict=True)) if a is None and w is not None]
    if not lost:
        return mapped, np.zeros(0, np.int64)
    return mapped, np.flatnonzero(np.isin(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), lost))
