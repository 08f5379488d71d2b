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


def state_name(state: str, lang: str) -> str:
    """A loan's state in words."""
    return str(_templates()["state_names"].get(state, {}).get(lang, state))


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
