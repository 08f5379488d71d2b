"""Words of the pictures, in Chinese and English: ``words.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(
        resources.files("relending.report.pictures").joinpath("words.toml").read_text(encoding="utf-8")
    )


def word(key: str, lang: str) -> str:
    """One of the words.

    >>> word("simulated", "zh"), word("simulated", "en")
    ('模拟', 'simulated')
    """
    return _words()[key][lang]


def head(key: str, lang: str) -> str:
    """One of the words as it begins a line.

    >>> head("balance", "en")
    'Facility balance'
    """
    text = word(key, lang)
    return text[:1].upper() + text[1:]


def say(key: str, lang: str, **figures: object) -> str:
    """A sentence with its figures in place.

    >>> say("lenders", "en", count=12)
    '12 lenders'
    """
    return word(key, lang).format(**figures)
