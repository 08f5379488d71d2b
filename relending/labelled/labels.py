"""What a column is called in Chinese and in English, and its unit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Label:
    """What one column is: its Chinese and English name, its unit in English (``yuan``, ``fraction``, none for text).

    >>> Label("再贷款利率", "facility rate", "fraction a year").text("zh")
    '再贷款利率（小数/年）'
    >>> Label("再贷款利率", "facility rate", "fraction a year").text("en")
    'facility rate [fraction a year]'
    """

    zh: str
    en: str
    unit: str = ""

    def text(self, lang: str) -> str:
        """The name with the unit behind it, in one language."""
        if lang == "zh":
            return f"{self.zh}（{unit_in(self.unit, lang)}）" if self.unit else self.zh
        return f"{self.en} [{self.unit}]" if self.unit else self.en


Given = Label | Sequence[str]
"""A label, or what it is made of: (zh, en) or (zh, en, unit)."""
Text = str | Mapping[str, str]
"""A text for people: the same in both languages, or ``{"zh": …, "en": …}``."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a file says of itself: title and notes, and the language of what is said once only."""

    title: Text
    notes: Sequence[Text]
    lang: str


def label_of(given: Given) -> Label:
    """A label from what stands for one.

    >>> label_of(("季度", "quarter"))
    Label(zh='季度', en='quarter', unit='')
    """
    return given if isinstance(given, Label) else Label(*given)


def said_in(text: Text, lang: str) -> str:
    """A text for people in one language.

    >>> said_in({"zh": "额度", "en": "quota"}, "zh"), said_in("2024Q2", "zh")
    ('额度', '2024Q2')
    """
    return text if isinstance(text, str) else text[lang]


@cache
def _units() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(resources.files("relending.labelled").joinpath("units.toml").read_text(encoding="utf-8"))


def unit_in(unit: str, lang: str) -> str:
    """A unit in one language; as it stands where it has no Chinese name.

    >>> unit_in("yuan", "zh"), unit_in("yuan", "en"), unit_in("bp", "zh")
    ('元', 'yuan', '基点')
    """
    return _units()["zh"].get(unit, unit) if lang == "zh" else unit


def shown_as(unit: str) -> str:
    """How a workbook shows a figure in this unit; empty where it has no form of its own."""
    return _units()["shown"].get(unit, "")
