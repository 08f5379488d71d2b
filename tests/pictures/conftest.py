"""Runs the pictures are tested with, each carried out once: the shipped ones, and small ones made here."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import relending as rl

HEAD = (
    "loan_id,project_id,sector,principal,rate,disbursed,matures,repayment,project_investment,project_reduction,evidence"
)
ROW = "L1,P1,wind,10000000,0.035,2023-02-15,2030-02-15,bullet,20000000,5000,eia"
SCENARIO = """
[scenario]
name = "small"
book = "book.csv"
lender = "{lender}"
start = {start}
end = {end}
facilities = {facilities}
[market]
own_rate = 0.02
{more}
"""
Small = Callable[..., Any]


@cache
def _shipped(name: str) -> Any:
    return rl.run(name)


@pytest.fixture(scope="session")
def shipped() -> Callable[[str], Any]:
    """A shipped scenario's run by name."""
    return _shipped


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """A run of a few loans of one lender, which may have any name."""

    def make(
        *rows: str,
        lender: str = "icbc",
        start: str = "2023-01-01",
        end: str = "2024-12-31",
        more: str = "",
        facilities: str = '["cerf"]',
        head: str = "",
        **replaced: str,
    ) -> Any:
        lines = list(rows) or [ROW]
        for old, new in replaced.items():
            lines = [line.replace(old, new) for line in lines]
        (tmp_path / "book.csv").write_text("\n".join([f"{HEAD},{head}".strip(","), *lines]) + "\n", encoding="utf-8")
        said = SCENARIO.format(lender=lender, start=start, end=end, more=more, facilities=facilities)
        (tmp_path / "s.toml").write_text(said, encoding="utf-8")
        return rl.run(tmp_path / "s.toml")

    return make


def named(name: str) -> str:
    """The table of a lender x whose names are this text."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    text = "".join(c if c.isprintable() or ord(c) > 0xFFFF else f"\\u{ord(c):04x}" for c in quoted)
    both = f'{{ zh = "{text}", en = "{text}" }}'
    return f'[lenders.x]\nclass = "state"\nfull_name = {both}\nshort_name = {both}\n'
