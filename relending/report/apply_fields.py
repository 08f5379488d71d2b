"""The fields of an application list, their headers and units, and its words: from ``apply.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from relending.book.headers import plain, split_unit

MONEY, MASS, RATE, RATIO, SHARE, SPREAD = "money", "mass", "rate", "ratio", "share", "spread"
_MOST_DECIMALS = 10


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its names, its kind, the width of its column, and whether it is added up."""

    name: str
    kind: str
    zh: str
    en: str
    aliases: tuple[str, ...]
    width: int
    sum: bool
    form_only: bool
    unit: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name a header may give it."""
        return (self.zh, self.en, *self.aliases)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: its header as printed, its field (None: left empty) and the power of ten of its unit."""

    header: str
    field: Field | None
    power: int = 0


@cache
def _toml() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("relending.report").joinpath("apply.toml").read_text(encoding="utf-8"))


@cache
def fields() -> Mapping[str, Field]:
    """Every field by name, in the order of our own layout.

    >>> [name for name, one in fields().items() if one.sum]
    ['principal', 'loan_reduction', 'asked']
    """
    return {
        name: Field(
            name,
            raw["kind"],
            raw["zh"],
            raw["en"],
            tuple(raw["aliases"]),
            raw["width"],
            raw.get("sum", False),
            raw.get("form_only", False),
            {"zh": raw.get("unit_zh", ""), "en": raw.get("unit_en", "")},
        )
        for name, raw in _toml()["field"].items()
    }


def units(kind: str) -> Mapping[str, int]:
    """The units of a kind as powers of ten; none where a figure has none.

    >>> units("money")["万元"], units("text")
    (6, {})
    """
    found: Mapping[str, int] = _toml()["unit"].get(kind, {})
    return found


def power_of(kind: str, unit: str) -> int | None:
    """The power of ten of a unit, None where it is not one of the kind.

    >>> power_of("money", "万元"), power_of("rate", "万元")
    (6, None)
    """
    return next((power for word, power in units(kind).items() if plain(word) == plain(unit)), None)


@cache
def _by_name() -> Mapping[str, Field]:
    found: dict[str, Field] = {}
    for one in fields().values():
        for name in one.names:
            found.setdefault(plain(name), one)
    return found


def field_of(header: str) -> tuple[Field | None, str]:
    """The field a header names, and the unit in its brackets.

    >>> field_of("放款金额（万元）")[0].name, field_of("放款金额（万元）")[1], field_of("备注")
    ('principal', '万元', (None, ''))
    """
    whole = _by_name().get(plain(header))
    if whole is not None:
        return whole, ""
    name, unit = split_unit(header)
    return _by_name().get(name), unit


def head_field(label: str) -> str | None:
    """What a label in the head of a form asks for: lender, facility or period; None for anything else.

    >>> head_field("填报单位："), head_field("填报单位"), head_field("电话：")
    ('lender', None, None)
    """
    text = plain(label)
    if not text.endswith(":"):
        return None
    for name, labels in _toml()["head"].items():
        if text[:-1] in {plain(one) for one in labels}:
            return str(name)
    return None


def least_fields() -> int:
    """How many fields a row of a form must name to be its header."""
    return int(_toml()["form"]["least_fields"])


def word(key: str, lang: str, **names: object) -> str:
    """A text of the sheets.

    >>> word("unit", "zh")
    '金额单位：元'
    """
    return str(_toml()["word"][key][lang]).format(**names)


def reason_words(kind: str, lang: str, **names: object) -> str:
    """A reason in words.

    >>> reason_words("repaid", "en", day="2024-06-30")
    'repaid before the draw day 2024-06-30'
    """
    return str(_toml()["reason"][kind][lang]).format(**names)


def group_words(kind: str, lang: str) -> str:
    """What a reason is called in the totals: a loan counts there by its main one."""
    found = _toml()["reason_group"].get(kind) or _toml()["reason"][kind]
    return str(found[lang])


def other_columns() -> Mapping[str, Mapping[str, Any]]:
    """The columns of the second sheet: header in both languages and width."""
    found: Mapping[str, Mapping[str, Any]] = _toml()["others"]
    return found


def own_layout(lang: str) -> tuple[Column, ...]:
    """The columns of our own layout, units in brackets.

    >>> [c.header for c in own_layout("zh")][8:12]
    ['贷款金额（元）', '发放日期', '到期日期', '期限（月）']
    """
    out = []
    for one in fields().values():
        if one.form_only:
            continue
        usual = _usual(one, lang)
        name = one.zh if lang == "zh" else one.en
        header = name if not usual[0] else f"{name}（{usual[0]}）" if lang == "zh" else f"{name} ({usual[0]})"
        out.append(Column(header, one, usual[1]))
    return tuple(out)


def _usual(one: Field, lang: str) -> tuple[str, int]:
    """The unit of a field in our own layout, and its power of ten."""
    known = units(one.kind)
    if not known:
        return "", 0
    word, power = next(iter(known.items()))
    named = {"zh": word, "en": _ENGLISH.get(one.kind, word)}
    return one.unit[lang] or named[lang], power


def usual_power(kind: str) -> int:
    """The power of ten where a header names no unit."""
    return next(iter(units(kind).values()), 0)


_ENGLISH = {MONEY: "yuan", MASS: "t"}


def number_format(column: Column) -> str:
    """How a spreadsheet shows the figures of a column: every decimal it may have, at least the usual ones.

    >>> number_format(Column("贷款金额（万元）", fields()["principal"], 6))
    '#,##0.00####'
    """
    least = 2 if column.power >= 2 else column.power
    decimals = "0" * least + "#" * (min(column.power, _MOST_DECIMALS) - least)
    return "#,##0" + (f".{decimals}" if decimals else "")
