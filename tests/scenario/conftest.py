"""Scenario files written for one test, and their problems as plain rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from relending.findings import InputError
from relending.scenario import load_scenario

GOOD = """
[scenario]
name = "base"
book = "book.csv"
lender = "icbc"
start = 2022-01-01
end = 2024-12-31
facilities = ["cerf", "clean_coal"]
[market]
own_rate = 0.0250
"""

Write = Callable[..., Path]
Problems = Callable[..., list[tuple[str, str, str, str, str]]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a scenario file beside a book; returns its path."""
    (tmp_path / "book.csv").write_text("loan_id\n", encoding="utf-8")

    def one(text: str = GOOD, name: str = "mine.toml", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding=encoding)
        return path

    return one


@pytest.fixture
def problems() -> Problems:
    """Load a scenario that must fail: its findings as (code, file, column, found, expected)."""

    def those(path: Path | str, overrides: Sequence[str] | Mapping[str, Any] = ()) -> list[tuple[str, ...]]:
        with pytest.raises(InputError) as stop:
            load_scenario(path, overrides)
        frame = stop.value.findings.frame()
        assert (frame["message"].str.len() > 0).all() and (frame["message_zh"].str.len() > 0).all()
        assert (frame["fix"].str.len() > 0).all() and (frame["fix_zh"].str.len() > 0).all()
        return [(r.code, r.file, r.column, r.found, r.expected) for r in frame.itertuples()]

    return those  # type: ignore[return-value]
