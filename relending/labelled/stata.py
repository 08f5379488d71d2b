"""A labelled table as a Stata file (format 118: text is UTF-8, for Stata 14 and later).

Source of the limits: StataCorp, description of the .dta format 118, and the manual's limits (names of at most 32
characters, labels of 80, text of 2,045 bytes before it becomes strL).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.labelled.labels import Label, Said, said_in
from relending.labelled.limits import stop_at_infinite, stop_at_size
from relending.labelled.table import is_text
from relending.spreadsheet import CREATED

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


NAME, LABEL, STR = 32, 80, 2_045
"""Most characters of a name and of a label, most bytes of a text that is no strL."""
ROWS, COLUMNS = 2_147_483_647, 32_767
EXACT = 2**53
"""Whole numbers up to here are exact in a double; a column with a larger one is written as text."""
QUARTER = r"\A[0-9]{4}Q[1-4]\z"
_RESERVED = re.compile(
    r"(str[0-9]+|strL|byte|int|long|float|double|if|in|using|with|_all|_b|_coef|_cons|_n|_N|_pi|_pred|_rc|_skip"
    r"|_weight|_r|_se)\Z"
)


def write_dta(table: pa.Table, path: Path, target: Path, labels: Mapping[str, Label], said: Said) -> None:
    """Write the file into ``path``; InputError that names ``target`` where Stata cannot hold the table."""
    import pandas as pd

    quarters = [name for name in table.column_names if _is_quarters(table[name])]
    stop_at_size(table, target, ROWS, COLUMNS - len(quarters))
    stop_at_infinite(table, target)
    wanted = [(name, False) for name in table.column_names]
    for name in quarters:
        wanted.insert(wanted.index((name, False)) + 1, (name, True))
    names = valid_names(f"{name}_q" if second else name for name, second in wanted)
    series, told, dates, long = {}, {}, {}, []
    for (name, second), stata in zip(wanted, names, strict=True):
        told[stata] = _label(labels[name], said.lang, "" if stata == name or second else name, second)
        if second:
            series[stata], dates[stata] = _quarters(table[name]), "tq"
            continue
        series[stata], date = _values(table[name])
        if date:
            dates[stata] = date
        elif series[stata].dtype == object and any(len(text.encode()) > STR for text in series[stata]):
            long.append(stata)
    pd.DataFrame(series).to_stata(
        path,
        write_index=False,
        version=118,
        time_stamp=CREATED,
        data_label=_short(said_in(said.title, said.lang)),
        variable_labels=told,
        convert_dates=dates,
        convert_strl=long,
    )


def valid_names(names: Iterable[str]) -> list[str]:
    """Names as Stata takes them: letters, digits and underscores, at most 32 characters, each once.

    >>> valid_names(["rate", "rate", "2024 H1", "strL", "end", "x" * 40, "贷款（万元）"])
    ['rate', 'rate_2', '_2024_H1', 'strL_', 'end_', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '贷款_万元_']
    """
    from pandas.io.stata import StataParser  # words the writer would rename by itself, with a warning

    reserved = StataParser().RESERVED_WORDS
    out: list[str] = []
    for name in names:
        # isalpha also of other scripts, which Stata takes since 14
        fit = "".join(c if c.isalpha() or c in "0123456789_" else "_" for c in name) or "_"
        fit = f"_{fit}" if fit[0] in "0123456789" else fit
        fit = f"{fit}_" if _RESERVED.match(fit) or fit in reserved or fit == "_" else fit
        fit = fit[:NAME]
        free, n = fit, 1
        while free in out:
            n += 1
            free = f"{fit[: NAME - len(f'_{n}')]}_{n}"
        out.append(free)
    return out


def _short(text: str) -> str:
    text = text.replace("\0", "")  # a NUL would end it
    return text if len(text) <= LABEL else f"{text[: LABEL - 1]}…"


def _label(label: Label, lang: str, name: str, quarter: bool) -> str:
    """What a variable is; where its column has another name, that too, and before the rest."""
    text = label.text(lang)
    if quarter:
        text += "，%tq" if lang == "zh" else ", %tq"
    return _short(f"{name}: {text}" if name else text)


def _is_quarters(column: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    if not is_text(column.type):
        return False
    given = column.filter(pc.not_equal(pc.fill_null(column, ""), ""))
    return len(given) > 0 and bool(pc.all(pc.match_substring_regex(given, QUARTER)).as_py())


def _quarters(column: pa.ChunkedArray) -> pd.Series:
    """First days of quarters, missing where no quarter stands."""
    import pandas as pd

    days = [f"{text[:4]}-{3 * int(text[5]) - 2:02d}-01" if text else None for text in column.to_pylist()]
    return pd.Series(pd.to_datetime(days, format="%Y-%m-%d")).astype("datetime64[us]")


def _values(column: pa.ChunkedArray) -> tuple[pd.Series, str]:
    """A column as pandas writes it to Stata, and the kind of date it is ("" if none)."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if is_text(kind):
        return pd.Series([_text(v) for v in column.to_pylist()], dtype=object), ""
    if pa.types.is_date(kind):
        return pd.Series(column.cast(pa.timestamp("us")).to_numpy()).astype("datetime64[us]"), "td"
    if pa.types.is_timestamp(kind):
        return pd.Series(column.to_numpy()).astype("datetime64[us]"), "tc"
    if pa.types.is_integer(kind):
        most = max((abs(v or 0) for v in pc.min_max(column).as_py().values()), default=0)
        if most > EXACT:
            return pd.Series(["" if v is None else str(v) for v in column.to_pylist()], dtype=object), ""
        if most < 2**31 - 100 and not column.null_count:
            return pd.Series(column.to_numpy()).astype("int32"), ""
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int64())
        if not column.null_count:
            return pd.Series(column.to_numpy()).astype("int8"), ""
    return pd.Series([float("nan") if v is None else float(v) for v in column.to_pylist()], dtype="float64"), ""


def _text(value: Any) -> str:
    # a NUL ends a text there: written out, so that nothing behind it is lost
    return "" if value is None else str(value).replace("\0", r"\x00")
