"""The words of a story: templates in both languages, figures as people write them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from relending.dates import iso
from relending.units import GRAMS, PPM


@cache
def _templates() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("relending.lineage").joinpath("story.toml").read_text(encoding="utf-8"))


def say(key: str, lang: str, **names: object) -> str:
    """One sentence of the story.

    >>> say("state", "en", end="2026-12-31", state="held")
    'state at 2026-12-31: held'
    """
    return str(_templates()[key][lang]).format(**names)


def _named(table: str, name: str, lang: str) -> str:
    return str(_templates()[table].get(name, {}).get(lang, name))


def state_name(state: str, lang: str) -> str:
    """A loan's state in words."""
    return _named("state_names", state, lang)


def status_name(status: str, lang: str) -> str:
    """How sure a rule is: in force, assumption, unconfirmed."""
    return _named("status_names", status, lang)


def reason_name(reason: str, lang: str) -> str:
    """A reason against a loan; in Chinese with its code behind it."""
    return reason if lang == "en" else f"{_named('reason_names', reason, lang)} {reason}"


def label(column: str, lang: str) -> str:
    """A column's name; in Chinese the header of the column dictionary."""
    from relending.book.columns import columns

    found = columns().get(column)
    return column if lang == "en" or found is None else found.zh


def word(column: str, value: str, lang: str) -> str:
    """A value as people say it: enumerated values and sectors by name."""
    from relending.book.columns import columns
    from relending.policy import sectors

    if column == "sector" and value in sectors():
        sector = sectors()[value]
        return f"{sector.zh if lang == 'zh' else sector.en} ({value})"
    found = columns().get(column)
    names = found.values if found is not None else {}
    return f"{names[value][0]} ({value})" if lang == "zh" and value in names else value


def money(fen: int) -> str:
    """Fen as yuan: ``1,234.50``."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def tonnes(grams: int) -> str:
    """Grams as tonnes with six decimals."""
    return f"{grams // GRAMS:,}.{grams % GRAMS:06d}"


def percent(ppm: int) -> str:
    """A rate in ppm as a percentage with four decimals.

    >>> percent(17_500)
    '1.7500 %'
    """
    sign, ppm = ("-", -ppm) if ppm < 0 else ("", ppm)
    return f"{sign}{ppm * 100 // PPM}.{ppm * 100 % PPM // 100:04d} %"


def day(value: int) -> str:
    """A day number as an ISO date."""
    return iso(value)
