"""Numbers read exactly: a cell becomes a whole number of fen, ppm, grams, kW, kWh.

A float stands for its shortest decimal of 15 significant digits, text for what it says. The fast way proposes
``c = rint(x * scale)`` with floats and keeps it only where a test proves it: two decimals of at most 15 digits that
give the same double are the same number, so ``c / scale == x`` with ``|c| < 10**15`` is proof. All else is settled
with exact decimals, once for each different value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relending.book.cells import Cells

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

FIFTEEN_DIGITS = 10**15
_EXACT = Context(prec=120, Emax=10_000, Emin=-10_000)
_NUMBER = re.compile(
    r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?)(?:([eE])([+-]?[0-9]{1,3}))?\s*(%?)"
)
_LOST_DIGITS = 11  # spreadsheets shorten numbers from 10**11 on when they write text, with a capital E
_LONGEST = 80
_PLAIN = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_THOUSANDS = r"^[+-]?[0-9]{1,3}(,[0-9]{3}){1,3}(\.[0-9]{1,3})?$"  # at most 15 digits, like the next
_POWERS = r"^[+-]?[0-9](\.[0-9]{1,14})?e[+-]?[0-9]{1,2}$"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column of numbers is read.

    ``scale``: whole frame units in one of the cell's; ``limit``: largest magnitude; ``finer``: what to say of a figure
    finer than a whole unit (an error code leaves the cell empty, ``amount_rounded`` rounds half to even);
    ``rate`` allows a % sign in the cell; ``percent`` tells that the header has one; ``bare`` is the figure that
    separates fractions from per cent where neither decides.
    """

    scale: int
    limit: int
    finer: str = "amount_rounded"
    rate: bool = False
    percent: bool = False
    bare: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """Values, which of them are there, and what is wrong: code -> rows (ascending)."""

    values: Ints
    valid: Mask
    problems: dict[str, Ints]


def read_numbers(cells: Cells, how: Reading) -> Numbers:
    """The cells as whole numbers of the frame's unit; an empty cell is neither valid nor a problem.

    >>> got = read_numbers(Cells(pa.array(["1,234.5", "４.００", "", "x"])), Reading(100, 10**14))
    >>> got.values.tolist(), got.valid.tolist(), {k: v.tolist() for k, v in got.problems.items()}
    ([123450, 400, 0, 0], [True, True, False, False], {'unreadable_number': [3], 'cells_converted': [0, 1]})
    """
    array = cells.values
    kind = array.type
    n = len(array)
    if pa.types.is_null(kind):
        return Numbers(np.zeros(n, np.int64), np.zeros(n, np.bool_), {})
    if pa.types.is_string(kind):
        return _from_text(array, how)
    there = array.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_floating(kind):
        if not pa.types.is_float64(kind):  # a narrow float stands for its own shortest decimal
            narrow = np.float16 if pa.types.is_float16(kind) else np.float32
            none = np.zeros(n, np.int64)
            return _settled(array, there, none, there.copy(), how, lambda v: _of_text(str(narrow(v)), how))
        return _from_floats(array, array.fill_null(0).to_numpy(zero_copy_only=False), there, how)
    if pa.types.is_integer(kind):
        return _from_integers(array, there, how)
    if pa.types.is_decimal(kind):
        return _from_decimals(array, there, how)
    return Numbers(np.zeros(n, np.int64), np.zeros(n, np.bool_), {"unreadable_number": np.flatnonzero(there)})


def _from_floats(array: pa.Array, x: NDArray[np.float64], there: Mask, how: Reading) -> Numbers:
    values, sure = _propose(x, how.scale)
    return _settled(array, there, values, there & ~sure, how, lambda v: _of_float(v, how))


def _propose(x: NDArray[np.float64], scale: int) -> tuple[Ints, Mask]:
    """Scaled values, and where they are proved to be the 15-digit decimal of x times the scale."""
    with np.errstate(all="ignore"):
        c = np.rint(x * float(scale))
        small = np.abs(c) < FIFTEEN_DIGITS  # false for NaN
        back = c / float(scale)
        sure = small & (back == x)
        if not sure.all():
            # noise of a computed cell (0.1 + 0.2): inside 0.35 of a unit of x's 15th digit, with the division itself
            # at most 0.11 off, x rounded to 15 digits is c / scale
            unit = 10.0 ** (np.floor(np.log10(np.abs(x) * (1 - 1e-12))) - 14)
            sure |= small & (c != 0) & (np.abs(x - back) <= 0.35 * unit)
    return np.where(sure, c, 0).astype(np.int64), sure


def _from_integers(array: pa.Array, there: Mask, how: Reading) -> Numbers:
    if pa.types.is_uint64(array.type):
        array = array.cast(pa.decimal128(20, 0))
        return _from_decimals(array, there, how)
    x = array.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    most = (2**63 - 1) // how.scale
    fits = (x >= -most) & (x <= most)
    values = np.where(fits, x, 0) * how.scale
    return _settled(array, there, values, there & ~fits, how, lambda v: _of_decimal(Decimal(v), how))


def _from_decimals(array: pa.Array, there: Mask, how: Reading) -> Numbers:
    if array.type.bit_width < 128:
        array = array.cast(pa.decimal128(array.type.precision, array.type.scale))
    n, places = len(array), array.type.scale
    odd = there.copy()
    values = np.zeros(n, np.int64)
    if array.type.bit_width == 128 and n and -18 <= places <= 18:
        limbs = np.frombuffer(array.buffers()[1], np.int64)[2 * array.offset : 2 * (array.offset + n)].reshape(n, 2)
        low = limbs[:, 0]
        fits = limbs[:, 1] == (low >> 63)  # the high limb is only the sign
        up, down = (how.scale, 10**places) if places >= 0 else (how.scale * 10**-places, 1)
        common = np.gcd(up, down)
        up, down = int(up // common), int(down // common)
        most = (2**63 - 1) // up if up else 0
        fits &= (low >= -most) & (low <= most)
        scaled = np.where(fits & there, low, 0) * up
        values = scaled // down
        odd = there & ~(fits & (values * down == scaled))
    return _settled(array, there, values, odd, how, lambda v: _of_decimal(v, how))


def _from_text(array: pa.Array, how: Reading) -> Numbers:
    n = len(array)
    length = pc.binary_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    there = length > 0
    start = array.offset
    offsets = np.frombuffer(array.buffers()[1], np.int32)[start : start + n + 1] if n else np.zeros(1, np.int32)
    data = array.buffers()[2]
    content = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]] if data is not None else np.zeros(0, np.uint8)
    simple = there & (length <= 16)
    # digits, points and signs (and a slash) need no closer look: the cast itself refuses what is no number
    if len(content) and (content.min() < 0x2B or content.max() > 0x39 or (content == 0x2C).any()):
        simple &= pc.match_substring_regex(array, _PLAIN).fill_null(False).to_numpy(zero_copy_only=False)
    candidate = pc.if_else(pa.array(simple), array, pa.scalar(None, pa.string()))
    try:
        x = pc.cast(candidate, pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:  # signs or points in the wrong place, made of allowed bytes
        simple &= pc.match_substring_regex(array, _PLAIN).fill_null(False).to_numpy(zero_copy_only=False)
        candidate = pc.if_else(pa.array(simple), array, pa.scalar(None, pa.string()))
        x = pc.cast(candidate, pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
    values, sure = _proved(x, how.scale)
    sure &= simple
    values = np.where(sure, values, 0)
    odd = there & ~sure
    if odd.any():
        for form in (_THOUSANDS, _POWERS):
            values, odd = _in_form(array, values, odd, form, how.scale)
    got = _settled(array, there, values, odd, how, lambda v: _of_text(v, how))
    written = np.flatnonzero(got.valid & ~simple)
    if len(written):  # long figures are plain all the same
        plain = pc.match_substring_regex(pc.utf8_trim_whitespace(array.take(pa.array(written))), _PLAIN).to_numpy(
            zero_copy_only=False
        )
        if not plain.all():
            got.problems["cells_converted"] = written[~plain]
    return got


def _in_form(array: pa.Array, values: Ints, odd: Mask, form: str, scale: int) -> tuple[Ints, Mask]:
    """Figures of another common form, all at once: a whole column may be written with thousands separators."""
    where = np.flatnonzero(odd)
    if not len(where):
        return values, odd
    picked = array.take(pa.array(where))
    fits = pc.match_substring_regex(picked, form).to_numpy(zero_copy_only=False)
    if not fits.any():
        return values, odd
    bare = pc.replace_substring(picked.filter(pa.array(fits)), ",", "")
    c, sure = _proved(pc.cast(bare, pa.float64()).to_numpy(zero_copy_only=False), scale)
    inside = where[fits][sure]
    values, odd = values.copy(), odd.copy()
    values[inside] = c[sure]
    odd[inside] = False
    return values, odd


def _proved(x: NDArray[np.float64], scale: int) -> tuple[Ints, Mask]:
    """Scaled values of figures of at most 15 digits, and where they are proved."""
    with np.errstate(all="ignore"):
        c = np.rint(x * float(scale))
        sure = (np.abs(c) < FIFTEEN_DIGITS) & (c / float(scale) == x)
    return np.where(sure, c, 0).astype(np.int64), sure


def _settled(
    array: pa.Array, there: Mask, values: Ints, odd: Mask, how: Reading, settle: Callable[[Any], tuple[int | None, str]]
) -> Numbers:
    """The proved values with limits applied, and the odd cells settled once for each different value."""
    problems: dict[str, list[Ints]] = {}
    valid = there & ~odd
    if how.bare is not None:
        line = int(how.bare * how.scale)
        unclear = valid & ((values > line) if not how.percent else ((values < line) & (values > 0)))
        _blame(problems, "rate_ambiguous", np.flatnonzero(unclear))
        valid &= ~unclear
    beyond = valid & (np.abs(values) > how.limit)
    _blame(problems, "amount_absurd", np.flatnonzero(beyond))
    valid &= ~beyond
    if odd.any():
        values = values.copy()
        where = np.flatnonzero(odd)
        coded = array.take(pa.array(where)).dictionary_encode()
        settled = [settle(v) for v in coded.dictionary.to_pylist()]
        codes = coded.indices.to_numpy(zero_copy_only=False)
        figures = np.array([0 if v is None else v for v, _ in settled], np.int64)[codes]
        good = np.array([v is not None for v, _ in settled], np.bool_)[codes]
        values[where] = figures
        valid[where] = good
        for trouble in sorted({code for _, code in settled if code}):
            hit = np.array([code == trouble for _, code in settled], np.bool_)[codes]
            _blame(problems, trouble, where[hit])
    values = np.where(valid, values, 0)
    return Numbers(values, valid, {c: np.sort(np.concatenate(i)) for c, i in problems.items()})


def _blame(problems: dict[str, list[Ints]], code: str, index: Ints) -> None:
    if len(index):
        problems.setdefault(code, []).append(index)


def _of_float(x: float, how: Reading) -> tuple[int | None, str]:
    if x != x or x in (float("inf"), float("-inf")):
        return None, "unreadable_number"
    return _of_decimal(Decimal(format(x, ".15g")), how)


def _of_text(text: str, how: Reading) -> tuple[int | None, str]:
    """One cell of text as a whole number, or None with the code of what is wrong (none for a blank cell)."""
    if len(text) > _LONGEST:
        return None, "unreadable_number" if text.strip() else ""
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip().removeprefix("'")
    if not plain:
        return None, ""
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return None, "unreadable_number"
    sign, digits, mark, exponent, percent = found.groups()
    if percent and not how.rate:
        return None, "unreadable_number"
    power = int(exponent or 0)
    if mark == "E" and power >= _LOST_DIGITS:
        return None, "number_in_scientific"
    value = Decimal(sign + digits.replace(",", "")).scaleb(power, _EXACT)
    return _of_decimal(value, how, signed_percent=bool(percent))


def _of_decimal(value: Decimal, how: Reading, signed_percent: bool = False) -> tuple[int | None, str]:
    """An exact figure as a whole number of the frame's unit."""
    if not value.is_finite():
        return None, "unreadable_number"
    scale = how.scale
    if signed_percent:
        scale = 10_000  # ppm in one per cent, whatever the header's unit
    elif how.bare is not None and (0 < value < how.bare if how.percent else value > how.bare):
        return None, "rate_ambiguous"
    scaled = _EXACT.multiply(value, Decimal(scale))
    if abs(scaled) > how.limit:
        return None, "amount_absurd"
    whole = scaled.to_integral_value(ROUND_HALF_EVEN, _EXACT)
    if whole == scaled:
        return int(whole), ""
    return (int(whole), "amount_rounded") if how.finer == "amount_rounded" else (None, how.finer)
