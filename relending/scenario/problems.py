"""Problems of a scenario, gathered so that all of them are reported at once, and values shown as TOML writes them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relending.findings import Findings
from relending.policy import nearest


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key was given, if not under its own name in a TOML file: a cell of a workbook beside its label."""

    file: str
    sheet: str
    row: int | None
    label: str


@dataclass(slots=True)
class Problems:
    """A list of findings to be, in the order they were met; ``more`` are findings as they came.

    ``places`` says of keys where a person wrote them: their problems are told there. ``gone`` are keys left out because
    of a problem noted already.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    more: Findings = field(default_factory=Findings)
    places: dict[str, Place] = field(default_factory=dict)
    gone: set[tuple[str, ...]] = field(default_factory=set)

    def add(
        self,
        code: str,
        *,
        file: str = "",
        sheet: str = "",
        row: int | None = None,
        column: str = "",
        found: Any = "",
        expected: str = "",
    ) -> None:
        """Note one problem; ``column`` is the key path of a TOML file, or a column of a CSV file."""
        where = {"file": file, "sheet": sheet, "row": row, "column": column}
        self.rows.append({"code": code, **where, "found": str(found), "expected": expected})

    def __bool__(self) -> bool:
        return bool(self.rows) or self.more.count("error") > 0

    def findings(self) -> Findings:
        """The problems as findings, each of them once."""
        told = [self._placed(row) for row in self.rows]
        seen = {tuple(row.items()): row for row in told}
        return Findings.concat([self.more, *(Findings.one(**row) for row in seen.values())])

    def _placed(self, row: dict[str, Any]) -> dict[str, Any]:
        place = self.places.get(row["column"].split("[")[0])
        if place is None or row["file"] != place.file:
            return row
        return {**row, "sheet": place.sheet, "row": place.row, "column": place.label}


def toml_text(value: Any) -> str:
    """A value as a TOML file writes it, on one line.

    >>> from decimal import Decimal
    >>> toml_text({"flow": Decimal("8E+11"), "kinds": ["a", True]})
    '{ flow = 8E+11, kinds = ["a", true] }'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{quoted(k)} = {toml_text(v)}" for k, v in value.items())
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_text(v) for v in value) + "]"
    return str(value)


def quoted(name: str) -> str:
    """A key as a TOML file writes it: bare where it may be, in quotes where it must."""
    bare = name != "" and all(c.isascii() and (c.isalnum() or c in "_-") for c in name)
    return name if bare else json.dumps(name, ensure_ascii=False)


def path_text(path: Sequence[str | int]) -> str:
    """A key path as it is shown; the entries of a list are counted from 1.

    >>> path_text(("market", "own_rate", 0, "from"))
    'market.own_rate[1].from'
    """
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part + 1}]"
        else:
            out += ("." if out else "") + quoted(part)
    return out


def choices(text: str, among: Sequence[str]) -> str:
    """What was expected instead of a name nobody knows: the nearest one, else all of them."""
    close = nearest(text, among)
    if close:
        return f"nearest: {close}"
    return "one of: " + ", ".join(among) if among else ""
