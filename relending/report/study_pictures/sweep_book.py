"""The workbook of a sweep read back as the long table it shows: a sheet a measure, a column a quarter."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.policy import PARAMETERS, facilities
from relending.report.study_pictures.readtable import weigh
from relending.scenario.model import TABLES
from relending.spreadsheet import unescape
from relending.study.labels import COLUMNS, key_label
from relending.study.measures import Measure, measures
from relending.study.sweepfiles import LONGEST_NAME

if TYPE_CHECKING:
    import pandas as pd

_QUARTER = re.compile(r"\d{4}Q[1-4]")
_ABOUT, _FIRST = 1, 2
"""The sheet of the scenarios, and the first of a measure."""


def read_sweep_book(path: Path) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """The long rows, the table of scenarios and the keys of the parameters (what the sheet calls them, if not known).

    Raises ValueError or LookupError where a sheet is not as a sweep writes it.
    """
    import pandas as pd
    from python_calamine import CalamineWorkbook

    weigh(path)
    book = CalamineWorkbook.from_path(str(path))
    names = book.sheet_names
    about = book.get_sheet_by_index(_ABOUT).to_python(skip_empty_area=False)
    head = [_column(str(text)) for text in about[0]]
    scenarios = pd.DataFrame([[_text(v) for v in row] for row in about[1:]], columns=head)
    parts, keys = [], []
    for name in names[_FIRST:]:
        measure = _measure(name)
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        head = [_column(str(text)) for text in rows[1]]
        quarters = [one for one in head if _QUARTER.fullmatch(one)]
        keys = head[1 : head.index("lender")]
        wide = pd.DataFrame([[_text(v) for v in row] for row in rows[2:]], columns=head)
        long = wide.melt([c for c in head if c not in quarters], quarters, "quarter", "value", ignore_index=False)
        long = long.sort_index(kind="stable")
        long["measure"], long["unit"] = measure.name, measure.unit
        long["value"] = pd.to_numeric(long["value"].where(long["value"].astype(str) != "", None)).astype(float)
        parts.append(long)
    return pd.concat(parts, ignore_index=True), scenarios, keys


def _text(value: Any) -> Any:
    return unescape(value) if isinstance(value, str) else value


def _measure(sheet: str) -> Measure:
    known = {**measures(), **{m.zh[:LONGEST_NAME]: m for m in measures().values()}}
    return known[sheet]


def _column(text: str) -> str:
    """The column or key that a heading stands for, in either language."""
    return _headings().get(unescape(text), unescape(text))


@cache
def _headings() -> dict[str, str]:
    # a lender and lenders are one word in Chinese: the first of the list is that of the rows
    known = {label.text(lang): name for name, label in reversed(list(COLUMNS.items())) for lang in ("zh", "en")}
    keys = [f"facility.{f}.{p}" for f in facilities() for p in PARAMETERS]
    keys += [f"{table}.{name}" for table, model in TABLES.items() for name in model.model_fields]
    more = {key_label(key).text(lang): key for key in keys for lang in ("zh", "en")}
    return {**more, **known}
