"""The words of a story: templates in both languages, figures as people write them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from relending.dates import to_date
from relending.policy import PARAMETERS, Facility, source_in
from relending.units import decimal_text


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


def tenor_name(tenor: str, lang: str) -> str:
    """The tenor of an LPR, ``1Y`` or ``5Y``, in words."""
    return _named("tenor_names", tenor, lang)


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


def severity_name(severity: str, lang: str) -> str:
    """How bad a finding is, in words."""
    return _named("severity_names", severity, lang)


def sourced(line: str, value: Any, lang: str) -> list[str]:
    """A sentence and, below it, the source and status of the rule it tells (a dated value of a facility)."""
    return [
        line,
        "    " + say("rule_source", lang, source=source_in(value, lang), status=status_name(value.status, lang)),
    ]


def parameter_sources(rules: Facility, parameters: Sequence[str], day: int, lang: str) -> list[str]:
    """Source and status of each of these parameters of a facility on a day, a line each."""
    out = []
    for name in parameters:
        value, what = rules[name].on(to_date(day)), PARAMETERS[name]
        names = {"source": source_in(value, lang), "status": status_name(value.status, lang)}
        out.append("    " + say("parameter_source", lang, what=what.zh if lang == "zh" else what.en, **names))
    return out


def money(fen: int) -> str:
    """Fen as yuan.

    >>> money(123_450), money(-300_050)
    ('1,234.50', '-3,000.50')
    """
    return decimal_text(fen, 2)


def tonnes(grams: int) -> str:
    """Grams as tonnes with six decimals.

    >>> tonnes(-1_500_000)
    '-1.500000'
    """
    return decimal_text(grams, 6)


def power(thousandths: int) -> str:
    """Kilowatts as megawatts, kilowatt-hours as megawatt-hours, with three decimals.

    >>> power(-1_500)
    '-1.500'
    """
    return decimal_text(thousandths, 3)


def percent(ppm: int) -> str:
    """A rate in ppm as a percentage with four decimals.

    >>> percent(17_500), percent(-50)
    ('1.7500 %', '-0.0050 %')
    """
    return f"{decimal_text(ppm, 4)} %"


def ratio_percent(bp: int) -> str:
    """A ratio in basis points as a percentage with two decimals.

    >>> ratio_percent(6_000)
    '60.00 %'
    """
    return f"{decimal_text(bp, 2)} %"


def fraction(e8: int) -> str:
    """A fraction scaled 10**8 with eight decimals.

    >>> fraction(33_333_333)
    '0.33333333'
    """
    return decimal_text(e8, 8)
