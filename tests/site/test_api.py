"""The pages of the Python interface are made anew the same, and every public name has its place on one of them."""

from __future__ import annotations

from pathlib import Path

import relending as rl
from tests.site import api

DOCS = Path(__file__).parents[2] / "docs"


def test_the_pages_are_made_anew_the_same() -> None:
    for name, text in api.pages().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, name


def test_every_public_name_has_a_place_and_no_other_name_has() -> None:
    public = set(rl.__all__) - {"__version__"}
    assert public - api.named() == set(), "give it a place in tests/site/api.toml"
    assert api.named() - public <= set(api.texts()["coming"])
