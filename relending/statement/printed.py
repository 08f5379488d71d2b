"""Figures as a statement prints them 列示口径: in a unit, to a number of decimals, rounded once from the exact figure.

Rounding is half-up, as in print, of the exact amount, reduction or quotient, never of a figure already rounded. So a
printed total may differ by one in its last digit from the sum of the printed rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from relending.lineage.disclosed import Figures
from relending.statement.words import word
from relending.units import E8, FEN, GRAMS, decimal_text, divide

FEN_IN = {"wan_yuan": 10**6, "yi_yuan": 10**10}
"""Fen in a unit of amounts."""
GRAMS_IN = {"t": 10**6, "wan_t": 10**10}
"""Grams in a unit of reductions."""
YEAR_TEXTS = ("not_in_q1", "always", "never")
"""When the text speaks of the year to date: in a first quarter it is the quarter once more."""
MEASURES = ("projects", "amount", "rate", "reduction")
MOST = {"amount": 6, "rate": 4, "reduction": 6, "projects": 50}
"""The most decimals of a measure, and the most projects that a text names."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a statement prints: units, decimals, how many projects it names, when its text has the year to date.

    ValueError where one is not as a scenario may have it: options also come out of files that anyone may have written.
    """

    amount_unit: str = "wan_yuan"
    reduction_unit: str = "t"
    amount: int = 2
    rate: int = 2
    reduction: int = 2
    projects: int = 3
    year_text: str = "not_in_q1"

    def __post_init__(self) -> None:
        choices = {"amount_unit": FEN_IN, "reduction_unit": GRAMS_IN, "year_text": YEAR_TEXTS}
        for name, known in choices.items():
            given = getattr(self, name)
            if type(given) is not str or given not in known:
                raise ValueError(f"{name}: {given!r:.60}, not one of {', '.join(known)}")
        for name, most in MOST.items():
            given = getattr(self, name)
            if type(given) is not int or not 0 <= given <= most:
                raise ValueError(f"{name}: {_shown(given)}, not a whole number of 0 to {most}")

    def but(self, **changes: Any) -> Options:
        """The same with what is given (not None) changed."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})

    def unit(self, measure: str, lang: str) -> str:
        """The unit of amounts or reductions in words.

        >>> Options().unit("amount", "zh"), Options(reduction_unit="wan_t").unit("reduction", "en")
        ('万元', '10,000 tCO2e')
        """
        return word(f"unit.{self.amount_unit if measure == 'amount' else self.reduction_unit}", lang)

    def heading(self, measure: str, lang: str) -> str:
        """The header of a column of the table."""
        unit = self.unit(measure, lang) if measure in ("amount", "reduction") else ""
        return word(f"table.{measure}", lang, unit=unit)

    def decimals(self, measure: str) -> int:
        """Decimals of a measure; projects have none."""
        return 0 if measure == "projects" else int(getattr(self, measure))


def _shown(value: Any) -> str:
    """A value in few characters; the digits of an integer without end cannot be had."""
    return type(value).__name__ if type(value) is not int or abs(value) >= 10**20 else str(value)


def options_of(manifest: Mapping[str, Any]) -> Options:
    """The options of a run's scenario (table ``disclosure``); an older record has those it has.

    Raises ValueError where they are none that a scenario may have.

    >>> options_of({"scenario": {"disclosure": {"decimals": {"amount": 10**9}}}})
    Traceback (most recent call last):
    ValueError: amount: 1000000000, not a whole number of 0 to 6
    """
    given = table_in(manifest, "scenario", "disclosure")
    decimals = table_in(given, "decimals") if "decimals" in given else {}
    named = {name: given[name] for name in ("amount_unit", "reduction_unit", "projects", "year_text") if name in given}
    return Options(**named, **{name: decimals[name] for name in ("amount", "rate", "reduction") if name in decimals})


def table_in(record: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """A table of a record below others; ValueError where there is none, or something else."""
    found: Any = record
    for i, key in enumerate(keys, 1):
        found = found.get(key) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping):
            raise ValueError(f"{'.'.join(keys[:i])} is no table")
    return found


@dataclass(frozen=True, slots=True)
class Printed:
    """The four figures of a cell as printed: scaled integers, each with as many decimals as ``options`` say.

    ``rate`` is None where there is nothing to weigh.
    """

    options: Options
    projects: int
    amount: int
    rate: int | None
    reduction: int

    def number(self, measure: str) -> Decimal | None:
        """A figure as printed, in its unit (a rate in per cent)."""
        value = getattr(self, measure)
        return None if value is None else Decimal(value).scaleb(-self.options.decimals(measure))

    def text(self, measure: str, lang: str = "en") -> str:
        """A figure as printed; a dash where there is none. Thousands stand apart in English, not in Chinese.

        >>> fen = 1_324_620_450_000
        >>> one = printed(Figures(189, fen, 2_500_000 * fen, 3_736_783_330_000), Options())
        >>> [one.text(m) for m in MEASURES]
        ['189', '1,324,620.45', '2.50', '3,736,783.33']
        >>> one.text("amount", "zh")
        '1324620.45'
        """
        value = getattr(self, measure)
        if value is None:
            return word("table.none", lang)
        return set_apart(decimal_text(value, self.options.decimals(measure)), lang)

    def yuan(self) -> str:
        """The amount as printed, in yuan.

        >>> printed(Figures(1, 1_324_620_450_000), Options()).yuan()
        '13,246,204,500'
        """
        return _whole(self.amount * (FEN_IN[self.options.amount_unit] // FEN), self.options.amount)

    def tonnes(self) -> str:
        """The reduction as printed, in tonnes.

        >>> printed(Figures(1, 1, 1, 3_736_783_330_000), Options(reduction_unit="wan_t")).tonnes()
        '3,736,800'
        """
        unit = GRAMS_IN[self.options.reduction_unit] // GRAMS
        if unit == 1:
            return self.text("reduction")
        return _whole(self.reduction * unit, self.options.reduction)


def set_apart(figure: str, lang: str) -> str:
    """A figure with its thousands as the language sets them.

    >>> set_apart("-1,234.50", "zh"), set_apart("-1,234.50", "en")
    ('-1234.50', '-1,234.50')
    """
    # as Chinese banks print: a figure with commas is also one that breaks over lines
    return figure.replace(",", "") if lang == "zh" else figure


def _whole(value: int, decimals: int) -> str:
    """A figure in a smaller unit: decimals only where there are any left."""
    whole, part = divmod(value, 10**decimals)
    return f"{whole:,}" + (f".{part:0{decimals}d}" if part else "")


def printed(figures: Figures, options: Options) -> Printed:
    """The figures of a cell rounded to print."""

    def rounded(value: int, unit: int, decimals: int) -> int:
        return divide(value * 10**decimals, unit, "half_up")

    rate = None
    if figures.amount:
        rate = rounded(figures.weighted * 100, figures.amount * E8, options.rate)
    return Printed(
        options,
        figures.projects,
        rounded(figures.amount, FEN_IN[options.amount_unit], options.amount),
        rate,
        rounded(figures.reduction, GRAMS_IN[options.reduction_unit], options.reduction),
    )
