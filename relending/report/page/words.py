"""What the page says, in Chinese and English at once: a text is a pair, and a pair prints itself as both."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from markupsafe import Markup, escape

from relending.terminal import visible

LANGS = ("zh", "en")
TAGS = {"zh": "zh-CN", "en": "en"}
LONGEST = 120
"""Characters of a text of others that are shown; the whole of it stands in the run's tables."""


@dataclass(frozen=True, slots=True)
class Both:
    """A text in both languages. In a template it becomes two spans, of which the style sheet shows one.

    >>> print(Both("余额", "balance").__html__())
    <span lang="zh-CN">余额</span><span lang="en">balance</span>
    """

    zh: str
    en: str

    def __html__(self) -> Markup:
        """Both languages as markup, everything in them escaped; a text that is the same in both stands once."""
        if self.zh == self.en:
            return escape(self.en)
        zh, en = escape(self.zh), escape(self.en)
        return Markup(f'<span lang="zh-CN">{zh}</span><span lang="en">{en}</span>')

    def __getitem__(self, lang: str) -> str:
        """The text in one language, ``zh`` or ``en``."""
        return self.zh if lang == "zh" else self.en

    def fill(self, **given: Any) -> Both:
        """The pair with its gaps filled in; what is given may be a pair itself."""
        zh, en = ({n: v[lang] if isinstance(v, Both) else v for n, v in given.items()} for lang in LANGS)
        return Both(self.zh.format(**zh), self.en.format(**en))


@cache
def texts() -> Mapping[str, Both]:
    """Every text of the page by its name, from ``texts.toml``.

    >>> texts()["facility_balance"].zh
    '再贷款余额'
    """
    raw = tomllib.loads(resources.files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))
    return {name: Both(entry["zh"], entry["en"]) for name, entry in raw.items()}


def said(name: str, **given: Any) -> Both:
    """A text by its name, its gaps filled in; KeyError for one that is not there."""
    found = texts()[name]
    return found.fill(**given) if given else found


def both(entry: Mapping[str, str]) -> Both:
    """A pair out of a record: ``{zh, en}``; where one is missing the other stands for it."""
    zh, en = (shown(entry.get(lang, "")) for lang in LANGS)
    return Both(zh or en, en or zh)


def joined(parts: list[Both]) -> Both:
    """Several pairs one after the other, as a list is written in each language."""
    return Both("、".join(p.zh for p in parts), ", ".join(p.en for p in parts))


def sentences_joined(parts: list[Both]) -> Both:
    """Sentences one after the other: Chinese ones stand close, English ones a blank apart."""
    return Both("".join(p.zh for p in parts), " ".join(p.en for p in parts))


def shown(text: object, most: int = LONGEST) -> str:
    """A text of others as it may stand on the page: one line, what steers written out, cut where it is endless.

    >>> shown("a\\x00\\u202eb"), shown("x" * 5, 3), shown(None)
    ('a\\\\x00\\\\u202eb', 'xxx…', '')
    """
    if not isinstance(text, str):
        return str(text) if isinstance(text, int | dt.date) else ""  # what is missing in a frame is nothing
    return visible(text[:most]) + ("…" if len(text) > most else "")
