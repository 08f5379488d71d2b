"""Problems of a scenario, gathered so that all of them are reported at once, and values shown as TOML writes them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relending.findings import Findings
from relending.policy import nearest


@dataclass(slots=True)
class Problems:
    """A list of findings to be, in the order they were met."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        code: str,
        *,
        file: str = "",
        row: int | None = None,
        column: str = "",
        found: Any = "",
        expected: str = "",
    ) -> None:
        """Note one problem; ``column`` is the key path of a TOML file, or a column of a CSV file."""
        self.rows.append(
            {"code": code, "file": file, "row": row, "column": column, "found": str(found), "expected": expected}
        )

    def __bool__(self) -> bool:
        return bool(self.rows)

    def findings(self) -> Findings:
        """The problems as findings, each of them once."""
        seen = {tuple(row.items()): row for row in self.rows}
        return Findings.concat(Findings.one(**row) for row in seen.values())


def toml_text(value: Any) -> str:
    """A value as a TOML file writes it, on one line.

    >>> from decimal import Decimal
    >>> toml_text({"flow": Decimal("8E+11"), "kinds": ["a", True]})
    '{ flow = 8E+11, kinds = ["a", true] }'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
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
