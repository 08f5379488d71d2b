"""The words of statements, from ``words.toml``: fixed pieces in both languages, filled in by name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def _words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    text = resources.files("relending.statement").joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def word(key: str, lang: str, **names: Any) -> str:
    """A piece of text, ``table.key``, in a language.

    >>> word("table.amount", "zh", unit="万元"), word("class.internal", "en")
    ('贷款金额（万元）', 'Internal')
    """
    table, _, name = key.partition(".")
    return _words()[table][name][lang].format(**names)


def words(table: str, lang: str) -> dict[str, str]:
    """All pieces of one table, not filled in."""
    return {name: one[lang] for name, one in _words()[table].items()}
