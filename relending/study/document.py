"""The list of measures of docs/studies.md, made from ``measures.toml`` so that it cannot fall behind it."""

from __future__ import annotations

from relending.engine.convert import plain_name
from relending.study.measures import Measure, measures

_HEAD = """\
| `--measure` | 指标 | Measure | From | Unit | Kind | Of several lenders |
| --- | --- | --- | --- | --- | --- | --- |
"""


def measures_markdown() -> str:
    """Every measure as a row of a table.

    >>> measures_markdown().splitlines()[2]
    '| `drawn` | 本季借用 | drawn in the quarter | `funding.csv`: `drawn` | yuan | flow | added up |'
    """
    return _HEAD + "".join(_row(m) for m in measures().values())


def _row(m: Measure) -> str:
    of = f" ({m.horizon}, total)" if m.horizon else ""
    source = f"`{m.table}.csv`: `{plain_name(m.column)[0]}`{of}"
    several = "added up" if m.adds_up else f"weighted by `{m.over}`" if m.over else "none"
    return f"| `{m.name}` | {m.zh} | {m.en} | {source} | {m.unit} | {m.kind} | {several} |\n"
