"""Dates read from text, numbers like 20230105, spreadsheet dates and Arrow dates, as date32."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relending.book.cells import Cells, flat, text_of
from relending.book.columns import limits

Ints = NDArray[np.int64]

_TIME = r"(?:[ T]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]*)?)?)?"
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"([0-9]{4})(?:[-/.]|年)\s*(0?[1-9]|1[0-2])月?$")
_FORMS = (
    re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})" + _TIME),
    re.compile(r"([0-9]{4})(年)\s*([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*日?" + _TIME),
    re.compile(r"([0-9]{4})()([0-9]{2})([0-9]{2})(?:\.0*)?"),
)


def date_of(text: str) -> dt.date | None:
    """The date a text names, or None.

    >>> [str(date_of(t)) for t in ("2023/1/5", "2023年1月5日", "20230105", "1/5/2023", "2023-02-30")]
    ['2023-01-05', '2023-01-05', '2023-01-05', 'None', 'None']
    """
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("'")
    for form in _FORMS:
        found = form.fullmatch(plain)
        if found:
            try:
                return dt.date(int(found[1]), int(found[3]), int(found[4]))
            except ValueError:
                return None
    return None


_QUARTER = re.compile(r"([0-9]{4})\s*(?:[-/ ]?[Qq]([1-4])|年\s*第?\s*([1-4一二三四])\s*季度?)")
_NUMERALS = {"一": 1, "二": 2, "三": 3, "四": 4}


def quarter_of_text(text: str) -> int | None:
    """The number of the quarter a text names (year * 4 + 0..3), or None.

    >>> [quarter_of_text(t) for t in ("2024Q2", "2024年第二季度", "２０２４年2季度", "2024-q2", "2024/6/30")]
    [8097, 8097, 8097, 8097, None]
    """
    found = _QUARTER.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return None
    word = found[2] or found[3]
    return int(found[1]) * 4 + (_NUMERALS.get(word) or int(word)) - 1


def read_quarters(cells: Cells) -> tuple[pa.Array, dict[str, Ints]]:
    """The cells as quarter numbers, null where empty or unreadable, and what is wrong: code -> rows.

    >>> got, wrong = read_quarters(Cells(pa.array(["2024Q2", " ", "Q2"])))
    >>> got.to_pylist(), {k: v.tolist() for k, v in wrong.items()}
    ([8097, None, None], {'unreadable_quarter': [2]})
    """
    texts = text_of(flat(cells.values), np.arange(len(cells.values))).to_pylist()
    first, last = limits()["first_year"] * 4, limits()["last_year"] * 4 + 3
    read = [quarter_of_text(t) for t in texts]
    known = [q if q is not None and first <= q <= last else None for q in read]
    bad = [i for i, (t, q) in enumerate(zip(texts, known, strict=True)) if t.strip() and q is None]
    return pa.array(known, pa.int64()), {"unreadable_quarter": np.array(bad, np.int64)} if bad else {}


def read_periods(cells: Cells) -> tuple[pa.Array, dict[str, Ints]]:
    """The cells as application periods (a quarter number, or minus a month number), and what is wrong: code -> rows.

    >>> got, wrong = read_periods(Cells(pa.array(["2024Q2", "2024-03", "2024年3月", "Q2"])))
    >>> got.to_pylist(), {k: v.tolist() for k, v in wrong.items()}
    ([8097, -24290, -24290, None], {'unreadable_period': [3]})
    """
    texts = text_of(flat(cells.values), np.arange(len(cells.values))).to_pylist()
    first, last = limits()["first_year"], limits()["last_year"]
    read = [_period(t) for t in texts]
    known = [p if p is not None and first <= (p // 4 if p > 0 else -p // 12) <= last else None for p in read]
    bad = [i for i, (t, p) in enumerate(zip(texts, known, strict=True)) if t.strip() and p is None]
    return pa.array(known, pa.int64()), {"unreadable_period": np.array(bad, np.int64)} if bad else {}


def _period(text: str) -> int | None:
    quarter = quarter_of_text(text)
    if quarter is not None:
        return quarter
    found = _MONTH.match(unicodedata.normalize("NFKC", text).strip())
    return -(int(found[1]) * 12 + int(found[2]) - 1) if found else None


def read_dates(cells: Cells) -> tuple[pa.Array, dict[str, Ints]]:
    """The cells as date32, null where empty or unreadable, and what is wrong: code -> rows.

    >>> got, wrong = read_dates(Cells(pa.array(["2023-1-5", "", "0001-01-01", "soon"])))
    >>> [str(d) for d in got.to_pylist()], {k: v.tolist() for k, v in wrong.items()}
    (['2023-01-05', 'None', 'None', 'None'], {'cells_converted': [0], 'unreadable_date': [3], 'implausible_date': [2]})
    """
    array = cells.values
    kind = array.type
    there = array.is_valid()
    if pa.types.is_null(kind):
        return pa.nulls(len(array), pa.date32()), {}
    if pa.types.is_string(kind):
        there = pc.and_(there, pc.not_equal(pc.binary_length(array).fill_null(0), 0))
        coded = array.dictionary_encode()
        words = coded.dictionary.to_pylist()
        blank = {i for i, w in enumerate(words) if not w.strip()}
        dates = pa.array([date_of(w) for w in words], pa.date32()).take(coded.indices)
        if blank:
            there = pc.and_(there, pc.invert(pc.is_in(coded.indices, pa.array(sorted(blank), coded.indices.type))))
    elif pa.types.is_date(kind):
        dates = array.cast(pa.date32())
    elif pa.types.is_timestamp(kind):
        dates = _from_timestamps(array)
    else:
        # a number can only be written like 20230105; a spreadsheet's day count is never guessed
        coded = array.dictionary_encode()
        dates = pa.array([_of_number(v) for v in coded.dictionary.to_pylist()], pa.date32()).take(coded.indices)
    wrong: dict[str, Ints] = {}
    if pa.types.is_string(kind):
        other = [i for i, w in enumerate(words) if not _ISO.fullmatch(w)]
        if other:
            written = pc.and_(dates.is_valid(), pc.is_in(coded.indices, pa.array(other, coded.indices.type)))
            wrong["cells_converted"] = np.flatnonzero(written.fill_null(False).to_numpy(zero_copy_only=False))
    bad = pc.and_(there, dates.is_null())
    if pc.any(bad).as_py():
        wrong["unreadable_date"] = np.flatnonzero(bad.to_numpy(zero_copy_only=False))
    first = pa.scalar(dt.date(limits()["first_year"], 1, 1))
    last = pa.scalar(dt.date(limits()["last_year"], 12, 31))
    odd = pc.or_(pc.less(dates, first), pc.greater(dates, last)).fill_null(False)
    if pc.any(odd).as_py():
        wrong["implausible_date"] = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
        dates = pc.if_else(odd, pa.scalar(None, pa.date32()), dates)
    return dates, {code: index for code, index in wrong.items() if len(index)}


def _of_number(v: Any) -> dt.date | None:
    if isinstance(v, bool) or v is None or v != v or v != v // 1:
        return None
    return date_of(str(int(v))) if 0 < v < 10**8 else None


def _from_timestamps(array: pa.Array) -> pa.Array:
    """Days of timestamps; one with a zone counts only where it is midnight there, else its day is a guess."""
    if array.type.tz is None:
        return pc.floor_temporal(array, unit="day").cast(pa.date32())
    local = pc.local_timestamp(array)
    day = pc.floor_temporal(local, unit="day")
    return pc.if_else(pc.equal(day, local), day.cast(pa.date32()), pa.scalar(None, pa.date32()))
