"""What is said around the policy data in English and Chinese, from ``words.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Protocol

SCENARIO_SOURCE = "scenario"
"""The source of a value that a scenario gives and names no source for."""


class Sourced(Protocol):
    """An entry of the policy data: anything that says where it is written, in English and perhaps in Chinese."""

    @property
    def source(self) -> str:
        """The source in English."""
        ...

    @property
    def source_zh(self) -> str:
        """The source in Chinese; empty if nobody wrote it down."""
        ...


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("relending.policy").joinpath("words.toml").read_text(encoding="utf-8"))


@cache
def said(kind: str, lang: str) -> Mapping[str, str]:
    """The words of one kind (``status``, ``date``, ``word``) in one language, from ``words.toml``."""
    return {key: text[lang] for key, text in _words()[kind].items()}


def option_name(parameter: str, option: str, lang: str) -> str:
    """What an option of a parameter is called: in English as it is written in a scenario, in Chinese by name with that
    behind it.

    >>> option_name("rollover_base", "outstanding", "zh"), option_name("rollover_base", "outstanding", "en")
    ('贷款余额 outstanding', 'outstanding')
    """
    named = _words()["option_zh"].get(parameter, {}).get(option, "")
    return f"{named} {option}" if lang == "zh" and named else option


def source_in(entry: Sourced, lang: str) -> str:
    """The source of an entry in a language; as it stands in English where no Chinese is given.

    >>> from relending.policy import facility
    >>> source_in(facility("cerf")["ratio"].latest(), "zh")
    '中国人民银行，碳减排支持工具推出公告及答记者问，2021-11-08'
    """
    if lang == "zh" and not entry.source_zh and entry.source == SCENARIO_SOURCE:
        return said("word", lang)["scenario"]
    return (entry.source_zh if lang == "zh" else "") or entry.source
