"""Texts of the pictures of studies, in both languages, and figures as they are said and drawn."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from relending.labelled import Label
from relending.report.pictures.scale import unit_for
from relending.report.study_pictures.figures import Place
from relending.report.study_pictures.names import Names
from relending.scenario.model import TABLES
from relending.scenario.read import parse_key
from relending.study.keynames import facility_name, key_name, per_cent, value_name
from relending.study.labels import FRACTIONS, key_label
from relending.study.measures import STOCK, Measure
from relending.study.whole import ALL, MEAN

AT_END = ("facility_rate", "own_rate", "loan_yield", "blended_cost", "margin", "subsidy_per_tonne", "rate_since_start")
"""Rates that are those of a quarter's end, as the balances they are quotients over."""
FRACTION_DECIMALS = 4
"""Places that a fraction moves to basis points."""


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    text = resources.files("relending.report.study_pictures").joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def word(key: str, lang: str, **names: Any) -> str:
    """A piece of text in a language.

    >>> word("band", "zh", low="5", high="95"), word("median", "en")
    ('5%～95%分位区间', 'median')
    """
    return _words()[key][lang].format(**names)


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit that figures are drawn in: its name, its size in plain units, and decimals that tell figures apart."""

    name: str
    size: float
    decimals: int

    def of(self, values: Any) -> Any:
        """Figures in this unit."""
        return values / self.size

    def number(self, value: float, *, signed: bool = False) -> str:
        """A figure without its unit.

        >>> Scale("%", 0.01, 2).number(-0.0123, signed=True), Scale("", 1, 0).number(1234.0)
        ('−1.23', '1,234')
        """
        shown = round(value / self.size, self.decimals) + 0.0  # no minus before a nought
        plus = "+" if signed and shown > 0 else ""
        return f"{plus}{shown:,.{self.decimals}f}".replace("-", "−")

    def text(self, value: float, lang: str, *, signed: bool = False) -> str:
        """A figure with its unit, as in a sentence."""
        close = lang == "zh" or self.name == "%"
        return f"{self.number(value, signed=signed)}{'' if close else ' '}{self.name}".strip()


def scale_of(measure: Measure, values: Iterable[float], lang: str, *, gap: bool = False) -> Scale:
    """The unit and the decimals that suit some figures of a measure; ``gap``: differences, of fractions basis points.

    >>> from relending.study.measures import measures
    >>> scale_of(measures()["interest_saved"], [1.2e8, 3e8], "zh")
    Scale(name='亿元', size=100000000.0, decimals=2)
    >>> scale_of(measures()["blended_cost"], [0.0005], "en", gap=True).name
    'basis points'
    """
    there = [v for v in values if math.isfinite(v)]
    if gap and measure.unit == "fraction":
        unit = unit_for("bp", [0], lang)
        return Scale(unit.name, 10.0**-FRACTION_DECIMALS, _decimals([v * 10**FRACTION_DECIMALS for v in there]))
    scaled = [round(v * 10**measure.decimals) for v in there]
    unit = unit_for(measure.unit, scaled, lang, measure.decimals)
    size = unit.size / 10**measure.decimals
    return Scale(unit.name, size, 0 if measure.unit == "count" else _decimals([v / size for v in there]))


def _decimals(values: Sequence[float], least: int = 2, most: int = 5) -> int:
    """Decimals by which figures that differ can be told apart: two, or more where they lie closer."""
    if not values:
        return least
    gap = max(values) - min(values)
    largest = max(abs(v) for v in values)
    if largest >= 1000 and gap > 100:
        return 0
    if largest >= 100 and gap > 10:
        return 1
    if gap <= 0:
        return least
    return min(max(least, 1 - math.floor(math.log10(gap))), most)


def whom(place: Place, names: Names, lang: str, *, short: bool = False) -> str:
    """Of whom a figure is: everyone, or a lender and a facility by name."""

    def named(one: str, *, tool: bool) -> str:
        # the names of facilities are long in English: the tables' ids are what people know them by
        if tool and lang == "en" and short:
            return facility_name(one, lang)
        return (names.get(one) or {}).get(lang) or one

    lender = named(place.lender, tool=False) if place.lender not in ("", ALL) else ""
    tool = named(place.facility, tool=True) if place.facility not in ("", ALL) else ""
    if lender and tool:
        return word("whom", lang, lender=lender, facility=tool)
    return lender or tool or word("everyone", lang)


def when_text(measure: Measure, at: str, quarters: Sequence[str], lang: str, *, begins: bool = False) -> str:
    """The time of a figure in words; ``begins``: as a sentence begins."""
    said = "at_" if begins else ""
    if at in (ALL, MEAN):
        return word(f"{said}{'sum_of' if at == ALL else 'mean_of'}", lang, first=quarters[0], last=quarters[-1])
    stock = (measure.kind == STOCK and not measure.name.startswith("average")) or measure.name in AT_END
    return word(f"{said}{'end_of' if stock else 'in_quarter'}", lang, quarter=at)


def value_of(key: str, value: Any, lang: str, label: str = "") -> str:
    """A parameter with a value.

    >>> value_of("facility.cerf.ratio", 0.4, "zh"), value_of("market.own_rate", 0.02, "en")
    ('资金支持比例（碳减排支持工具）40%', 'own rate 2.00%')
    """
    name = parameter_name(key, lang, label)
    close = lang == "zh" and not name[-1:].isascii()
    return f"{name}{'' if close else ' '}{parameter_value(key, value, lang)}"


def parameter_name(key: str, lang: str, label: str = "") -> str:
    """What a parameter of a sweep is called on an axis, without its unit.

    >>> parameter_name("facility.cerf.ratio", "en"), parameter_name("market.own_rate", "zh")
    ('share of principal funded (cerf)', '自有资金成本')
    """
    if label:
        return label
    try:
        return _key_in_words(key, lang)
    except Exception:  # a file may call a column anything: it stands as it is
        return key


def _key_in_words(key: str, lang: str) -> str:
    path = parse_key(key)
    known: Label = key_label(key)
    if len(path) == 3 and path[0] == "facility" and known.en != key:
        of = facility_name(path[1], lang)
        name = (known.zh if lang == "zh" else known.en).split("：" if lang == "zh" else ": ", 1)[-1]
        return f"{name}（{of}）" if lang == "zh" else f"{name} ({of})"
    if lang == "zh":
        return key_name(path, lang)
    return path[-1].replace("_", " ") if path[0] in TABLES and len(path) == 2 else key


def parameter_value(key: str, value: Any, lang: str) -> str:
    """A value of a parameter, exact: shares and rates in per cent, options by name, numbers as they were given.

    >>> [parameter_value(k, v, "en") for k, v in (("facility.cerf.ratio", 0.4), ("market.own_rate", 0.0175))]
    ['40%', '1.75%']
    >>> parameter_value("facility.cerf.quota", 5e9, "en"), parameter_value("facility.cerf.rollovers", 2.0, "zh")
    ('5,000,000,000', '2')
    """
    text = value if isinstance(value, str) else f"{value:.15g}"
    try:
        path = parse_key(key)
    except Exception:  # as above
        return text
    if not path or path[0] not in (*TABLES, "facility", "lenders"):
        return text
    if not isinstance(value, str) and _is_share(path):
        said = per_cent(f"{value:.15f}".rstrip("0"))
        return said.replace(".00%", "%") if said.endswith(".00%") and path[-1] == "ratio" else said
    said = value_name(path, text, lang)
    if said != text or isinstance(value, str):
        return said
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 10**4 else text


def _is_share(path: Sequence[str]) -> bool:
    from relending.policy import PARAMETERS

    rule = PARAMETERS.get(path[-1]) if path[0] == "facility" else None
    return (rule is not None and rule.kind in FRACTIONS) or path[-1] in (
        "own_rate",
        "reference_rate",
        "collateral_cost",
    )


def listed(items: Sequence[str], lang: str) -> str:
    """Several things in a row.

    >>> listed(["a", "b"], "en"), listed(["甲", "乙", "丙"], "zh")
    ('a and b', '甲、乙和丙')
    """
    if len(items) < 2:
        return "".join(items)
    comma, last = ("、", "和") if lang == "zh" else (", ", " and ")
    return comma.join(items[:-1]) + last + items[-1]


def capital(text: str, lang: str) -> str:
    """A title's first letter in English is a capital."""
    return text[:1].upper() + text[1:] if lang == "en" else text
