"""What every CSV and Excel file written here has in common: no text of anyone's ever becomes a formula.

A spreadsheet takes a text that starts with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return for a formula, in a
CSV file at once and in a workbook as soon as it is saved as CSV. Such a text is written with one apostrophe in front.
One that already starts with apostrophes before such a character, or before a digit (programs write long ids so), gets
one more: taking away one apostrophe always gives back what was there. Numbers are never touched.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

FORMULA = r"\A('*[=+\-@\t\r]|'+[0-9])"
"""What a text that must be escaped begins with."""
ESCAPED = r"\A'('*[=+\-@\t\r]|'*[0-9])"
"""What an escaped text begins with; the group is what is left without its apostrophe."""
NEEDS_QUOTES = r'[",\r\n]|\A | \z'
"""What a field of a CSV file holds that must stand in quotes."""
_FORMULA, _ESCAPED = re.compile(FORMULA), re.compile(ESCAPED)

CREATED = dt.datetime(2026, 1, 1)
"""The date every workbook says it was made: the same input gives the same bytes."""
CELL = 32_767
"""The longest text a cell of a workbook holds."""


def escape(text: str) -> str:
    """A text as a cell may hold it.

    >>> [escape(t) for t in ("=1+1", "'=1+1", "O'Neill", "-7", "'0012", "0012")]
    ["'=1+1", "''=1+1", "O'Neill", "'-7", "''0012", '0012']
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unescape(text: str) -> str:
    """The text behind a cell: the inverse of ``escape``.

    >>> [unescape(t) for t in ("'=1+1", "''=1+1", "O'Neill", "'0012")]
    ['=1+1', "'=1+1", "O'Neill", '0012']
    """
    return text[1:] if _ESCAPED.match(text) else text


def escaped(texts: pa.Array) -> pa.Array:
    """``escape`` of every text of an Arrow array.

    >>> import pyarrow as pa
    >>> escaped(pa.array(["=1+1", "'=1+1", "O'Neill", "'quoted'", None])).to_pylist()
    ["'=1+1", "''=1+1", "O'Neill", "'quoted'", None]
    """
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring_regex(texts, FORMULA)).as_py():
        return texts
    return pc.replace_substring_regex(texts, FORMULA, r"'\1", max_replacements=1)


def unescaped(texts: pa.Array) -> pa.Array:
    """The inverse of ``escaped``.

    >>> import pyarrow as pa
    >>> unescaped(pa.array(["'=1+1", "''=1+1", "O'Neill", "'quoted'"])).to_pylist()
    ['=1+1', "'=1+1", "O'Neill", "'quoted'"]
    """
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring_regex(texts, ESCAPED)).as_py():
        return texts
    return pc.replace_substring_regex(texts, ESCAPED, r"\1", max_replacements=1)


def large(text: str | None) -> pa.Scalar:
    """A text as a ``large_string`` scalar, the one text type of what writes CSV."""
    import pyarrow as pa

    return pa.scalar(text, pa.large_string())


def quoted(texts: pa.Array) -> pa.Array:
    """Texts with comma, quote, line break or a space at either end in quotes, their own quotes doubled.

    >>> import pyarrow as pa
    >>> quoted(pa.array(['plain', 'a,b', 'say "so"'], pa.large_string())).to_pylist()
    ['plain', '"a,b"', '"say ""so\"""']
    """
    import pyarrow.compute as pc

    needs = pc.match_substring_regex(texts, NEEDS_QUOTES)
    if not pc.any(needs).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise(large('"'), doubled, large('"'), large("")), texts)


@contextmanager
def workbook(path: Path, *, constant_memory: bool = False) -> Iterator[Any]:
    """An XlsxWriter workbook in which no text is ever a formula, a link or a number, and that names no one.

    Text goes through ``write_string(row, column, escape(text))``; a link the program itself makes through
    ``write_url``. The same cells give the same bytes. Raises ``OSError`` where the disk refuses.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    options = {
        "constant_memory": constant_memory,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    try:
        with xlsxwriter.Workbook(str(path), options) as book:
            book.set_properties({"created": CREATED, "author": "", "comments": ""})
            yield book
    except FileCreateError as error:  # the library wraps what the system said
        said = error.args[0] if error.args else None
        raise said if isinstance(said, OSError) else OSError(str(error)) from None
