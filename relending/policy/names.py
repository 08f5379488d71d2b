"""Names: lenders, fields and sectors, and the nearest known name to a text that is none.

A text is compared after Unicode NFKC, case folding and trimming; then only an exact match counts. What comes near
is only ever offered as a suggestion.
"""

from __future__ import annotations

import datetime as dt
import difflib
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Lender:
    """A lender: class, names in zh and en, and every known spelling (id, full, short, aliases)."""

    id: str
    cls: str
    full_name: Mapping[str, str]
    short_name: Mapping[str, str]
    names: tuple[str, ...]
    source: str = ""
    status: str = "assumption"
    checked: dt.date | None = None
    source_zh: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its facility, its names, and the sector code its bare name stands for (None if there is none)."""

    id: str
    facility: str
    zh: str
    en: str
    other: str | None
    source: str
    status: str
    checked: dt.date
    source_zh: str = ""


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector code. ``subfield_unknown``: it stands for the subfields no text names."""

    code: str
    field: str
    facility: str
    zh: str
    en: str
    aliases: tuple[str, ...]
    subfield_unknown: bool
    source: str
    status: str
    checked: dt.date
    source_zh: str = ""


def normalised(text: str) -> str:
    """NFKC, case folded, trimmed: the form in which names are compared.

    >>> normalised(" ＩＣＢＣ ")
    'icbc'
    """
    return unicodedata.normalize("NFKC", text).casefold().strip()


def nearest(text: str, names: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The known name most like the text, or None if none is like it.

    >>> nearest("ratoi", ["rate", "ratio", "quota"])
    'ratio'
    """
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(normalised(name), name)
    found = difflib.get_close_matches(normalised(text), list(known), n=1, cutoff=cutoff)
    return known[found[0]] if found else None


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("relending.policy").joinpath(name).read_text(encoding="utf-8"))


@cache
def lenders() -> Mapping[str, Lender]:
    """Every lender the policy files know, by id, in file order."""
    found = {}
    for key, raw in _toml("lenders.toml").items():
        full, short = raw["full_name"], raw["short_name"]
        names = (key, full["zh"], full["en"], short["zh"], short["en"], *raw.get("aliases", ()))
        found[key] = Lender(
            key,
            raw["class"],
            full,
            short,
            tuple(dict.fromkeys(names)),
            raw["source"],
            raw["status"],
            raw["checked"],
            raw.get("source_zh", ""),
        )
    return found


@cache
def fields() -> Mapping[str, Field]:
    """Every field, by id, in file order."""
    return {
        key: Field(
            key,
            raw["facility"],
            raw["zh"],
            raw["en"],
            raw.get("other"),
            raw["source"],
            raw["status"],
            raw["checked"],
            raw.get("source_zh", ""),
        )
        for key, raw in _toml("sectors.toml")["field"].items()
    }


@cache
def sectors() -> Mapping[str, Sector]:
    """Every sector, by code, in file order.

    >>> sectors()["wind"].zh, sectors()["wind"].field, sectors()["coal_mining"].facility
    ('风力发电', 'clean_energy', 'clean_coal')
    """
    homes, found = fields(), {}
    others = {f.other for f in homes.values()}
    for code, raw in _toml("sectors.toml")["sector"].items():
        found[code] = Sector(
            code,
            raw["field"],
            homes[raw["field"]].facility,
            raw["zh"],
            raw["en"],
            tuple(raw.get("aliases", ())),
            code in others,
            raw["source"],
            raw["status"],
            raw["checked"],
            raw.get("source_zh", ""),
        )
    return found


@cache
def _sector_index() -> Mapping[str, tuple[str, str]]:
    index: dict[str, tuple[str, str]] = {}
    for code in sectors():
        index[normalised(code)] = (code, "code")
    for sector in sectors().values():
        for name in (sector.zh, sector.en):
            index.setdefault(normalised(name), (sector.code, "name"))
        for alias in sector.aliases:
            index.setdefault(normalised(alias), (sector.code, "alias"))
    for home in fields().values():
        if home.other is not None:
            for name in (home.id, home.zh, home.en):
                index.setdefault(normalised(name), (home.other, "field"))
    return index


def sector_of(text: str) -> tuple[str | None, str]:
    """The sector code of a text and how it was known: ``code``, ``name``, ``alias`` or ``field``; ``(None, "")`` if no
    list knows it. The bare name of a field stands for its unnamed subfields.

    >>> sector_of("渔光互补"), sector_of("清洁能源"), sector_of("nuclear")
    (('solar', 'alias'), ('other_clean_energy', 'field'), (None, ''))
    """
    return _sector_index().get(normalised(text), (None, ""))


@cache
def _field_index() -> Mapping[str, str]:
    return {normalised(name): home.id for home in fields().values() for name in (home.id, home.zh, home.en)}


def field_of(text: str) -> str | None:
    """The id of the field a text names by id or name, also where no sector code stands for its bare name.

    >>> field_of("煤炭清洁高效利用"), field_of("Clean energy"), field_of("光伏")
    ('clean_coal', 'clean_energy', None)
    """
    return _field_index().get(normalised(text))


def nearest_sector(text: str) -> str | None:
    """The sector name, code or alias most like the text, for a suggestion; a distant one rather than none.

    >>> nearest_sector("风力发电厂"), nearest_sector("hydrogn"), nearest_sector("")
    ('风力发电', 'hydrogen', None)
    """
    known = [n for s in sectors().values() for n in (s.code, s.zh, s.en, *s.aliases)]
    return nearest(text, known) or nearest(text, known, cutoff=0.2)


@cache
def _lender_index() -> Mapping[str, str]:
    return {normalised(name): lender.id for lender in lenders().values() for name in lender.names}


def lender_of(text: str) -> str | None:
    """The id of a lender known by id, full name, short name or alias.

    >>> lender_of("中国银行"), lender_of("Industrial Bank"), lender_of("示范银行")
    ('boc', 'cib', None)
    """
    return _lender_index().get(normalised(text))


def nearest_lender(text: str) -> str | None:
    """The lender name most like the text, for a suggestion."""
    return nearest(text, (name for lender in lenders().values() for name in lender.names))
