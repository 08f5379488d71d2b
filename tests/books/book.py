"""A book of outcomes.toml: its files and what it must come to."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.books.make import FILES

OUTCOMES: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "outcomes.toml").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Case:
    """One entry: its name, and what stands under it."""

    name: str
    must: dict[str, Any]

    @property
    def paths(self) -> list[Path]:
        return [FILES / name for name in self.must.get("files", [self.name])]

    @property
    def sheet(self) -> list[str] | None:
        return self.must.get("sheet")

    @property
    def prepayments(self) -> Path | None:
        return FILES / self.must["prepayments"] if "prepayments" in self.must else None

    @property
    def side(self) -> dict[str, Path]:
        return {table: FILES / name for table, name in self.must.get("side", {}).items()}

    @property
    def lender(self) -> str | None:
        return self.must.get("lender")

    def arguments(self) -> list[str]:
        """What follows ``relending`` on the command line."""
        out = ["check", *map(str, self.paths)]
        out += [word for sheet in self.sheet or () for word in ("--sheet", sheet)]
        out += ["--prepayments", str(self.prepayments)] if self.prepayments else []
        out += [word for table, path in self.side.items() for word in ("--side", f"{table}={path}")]
        return out + (["--lender", self.lender] if self.lender else [])

    def codes(self) -> dict[str, int]:
        """Every finding of a check, by code."""
        both = dict(self.must["findings"])
        for code, n in self.must.get("check", {}).items():
            both[code] = both.get(code, 0) + n
        return both


CASES = [Case(name, must) for name, must in OUTCOMES.items()]


def parameters() -> list[Any]:
    """Every case for pytest; one that does not come out as it should yet must fail, and says why."""

    def marks(case: Case) -> list[Any]:
        return [pytest.mark.xfail(strict=True, reason=case.must["fails"])] if "fails" in case.must else []

    return [pytest.param(case, id=case.name, marks=marks(case)) for case in CASES]
