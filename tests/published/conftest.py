"""The runs of the shipped scenarios that have published figures, carried out once."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

import relending as rl


@cache
def _run(name: str) -> Any:
    return rl.run(name)


@pytest.fixture(scope="session")
def shipped_run() -> Any:
    """A shipped scenario's run by name."""
    return _run
