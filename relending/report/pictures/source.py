"""What a picture is drawn from: a run, which of its lenders and facilities are asked for, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.dates import parse_quarter, quarter_end, quarter_start, quarter_text
from relending.engine.columns import Flags, arrow, ints
from relending.findings import Findings, InputError
from relending.policy import fields, lenders, nearest, normalised, sectors
from relending.report.pictures.fonts import drawable, font_findings
from relending.report.pictures.words import say, word
from relending.study.carried import Carried
from relending.units import Ints

if TYPE_CHECKING:
    import pandas as pd

    from relending.engine.context import Context

NAMED = 3
"""Lenders that a subtitle names; of more it says how many they are."""
SHORT = 28
"""Characters of one lender's name in a subtitle."""


class NothingToPlotError(InputError):
    """A run has not what a picture needs; ``en`` and ``zh`` say what."""

    en, zh = "", ""


@dataclass
class Source:
    """A run as pictures read it: its step frames, restricted to a lender or facility where one is asked for.

    Nothing is read before it is needed. Raises InputError (``no_such_lender``, ``no_such_facility``)
    where the run has no such lender or facility.
    """

    run: Carried
    lender: str | None = None
    facility: str | None = None
    years: Fraction | None = None
    """The term of the loan whose life is drawn, where it is not the average one."""
    kept: dict[str, Any] = field(default_factory=dict, repr=False)
    """Tables and panels, each read once."""
    prepared: dict[str, Any] = field(default_factory=dict, repr=False)
    """What pictures worked out, by name: plain figures, the same in both languages."""

    def __post_init__(self) -> None:
        cost = self.run.tables["cost"]
        for what in ("lender", "facility"):
            given = getattr(self, what)
            if given is not None:
                known = [str(x) for x in dict.fromkeys(arrow(cost, what).to_pylist())]
                setattr(self, what, self._known(what, given, known))

    def _known(self, what: str, given: str, known: Sequence[str]) -> str:
        """The id of a lender or facility given by id or any of its names."""
        names = {normalised(i): i for i in known}
        for i in known:
            for lang in ("zh", "en"):
                said = self.lender_name(i, lang) if what == "lender" else self.facility_name(i, lang)
                names.setdefault(normalised(said), i)
            for one in self._names(i) if what == "lender" else ():
                names.setdefault(normalised(one), i)
        if normalised(given) in names:
            return names[normalised(given)]
        close = nearest(given, names)
        hint = (f"nearest: {names[close]}; " if close else "") + ", ".join(known[:20])
        raise InputError(Findings.one(f"no_such_{what}", column=what, found=given, expected=hint))

    @cached_property
    def context(self) -> Context:
        """The rules of the run."""
        return self.run.context()

    def table(self, name: str) -> pd.DataFrame:
        """The rows of a table with ``lender`` and ``facility`` that are asked for."""
        if f"table {name}" not in self.kept:
            frame = self.run.tables[name]
            for what in ("lender", "facility"):
                wanted = getattr(self, what)
                if wanted is not None:
                    frame = frame[frame[what].eq(wanted).fillna(False).to_numpy(dtype=bool)]
            self.kept[f"table {name}"] = frame
        return self.kept[f"table {name}"]

    def texts(self, table: str, column: str) -> list[Any]:
        """A text column of a table."""
        return list(arrow(self.table(table), column).to_pylist())

    def figures(self, table: str, column: str) -> tuple[Ints, Flags]:
        """An integer or date column of a table, and where there is a figure."""
        return ints(self.table(table), column)

    @cached_property
    def quarters(self) -> range:
        """The quarters of the run."""
        return self.context.quarters

    @cached_property
    def place(self) -> Ints:
        """Of each row of the cost series the place of its quarter."""
        return self.places("cost")

    def places(self, table: str) -> Ints:
        """Of each row of a table with quarters the place of its quarter in the run's."""
        first, quarters = self.quarters[0], self.texts(table, "quarter")
        place = {q: parse_quarter(q) - first for q in set(quarters)}
        return np.array([place[q] for q in quarters], np.int64)

    @cached_property
    def facilities(self) -> list[str]:
        """Ids of the facilities, in the order of the scenario."""
        here = dict.fromkeys(self.texts("cost", "facility"))
        return [f.id for f in self.context.facilities if f.id in here]

    @cached_property
    def lenders(self) -> list[str]:
        """Ids of the lenders."""
        return list(dict.fromkeys(self.texts("cost", "lender")))

    def rows(self, table: str, facility: str) -> Flags:
        """Which rows of a table are of a facility."""
        return np.array([f == facility for f in self.texts(table, "facility")], bool)

    def sums(self, table: str, column: str, facility: str) -> list[int]:
        """A flow or stock of a facility by quarter, all lenders together, as Python integers."""
        out = [0] * len(self.quarters)
        some = self.rows(table, facility)
        values = self.figures(table, column)[0][some].tolist()
        for place, value in zip(self.places(table)[some].tolist(), values, strict=True):
            out[place] += value
        return out

    def facility_name(self, facility: str, lang: str, *, short: bool = False) -> str:
        """The name of a facility; ``short`` where there is little room."""
        for one in self.context.facilities:
            if one.id == facility:
                return drawable(one.short_name(lang) if short else one.name[lang])
        return drawable(facility)

    def lender_name(self, lender: str, lang: str, longest: int = SHORT) -> str:
        """The short name of a lender, or its id."""
        short, full = self._both_names(lender)
        return drawable(short.get(lang) or full.get(lang) or lender, longest)

    def _both_names(self, lender: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Short and full name by language: of the scenario, else of the policy files."""
        given = self.run.manifest["scenario"].get("lenders", {}).get(lender, {})
        known = lenders().get(lender)
        short, full = given.get("short_name") or {}, given.get("full_name") or {}
        if known is not None:
            short, full = short or (known.short_name if not full else {}), full or known.full_name
        return short, full

    def _names(self, lender: str) -> list[str]:
        return [name for names in self._both_names(lender) for name in names.values() if name]

    def field_name(self, ident: str, lang: str) -> str:
        """The name of a field."""
        known = fields().get(ident)
        return drawable(ident if known is None else getattr(known, lang))

    def sector_name(self, code: str, lang: str) -> str:
        """The name of a sector."""
        known = sectors().get(code)
        return drawable(code if known is None else getattr(known, lang))

    def who(self, lang: str) -> str:
        """The lenders of the picture in words."""
        names = [self.lender_name(x, lang) for x in self.lenders[:NAMED]]
        if len(self.lenders) > NAMED:
            return say("lenders", lang, count=f"{len(self.lenders):,}")
        return word("list", lang).join(names)

    def basis(self) -> str:
        """Whether what is shown is ``simulated``, ``recorded`` or ``mixed``."""
        found = {b for b in self.texts("cost", "basis") if b}
        return found.pop() if len(found) == 1 else ("mixed" if found else "simulated")

    def subtitle(self, lang: str, end_of: int | None = None) -> str:
        """Lenders, the period (or the quarter at whose end the picture stands), and what the figures rest on."""
        first, last = self.quarters[0], self.quarters[-1]
        period = quarter_text(first) + (f"–{quarter_text(last)}" if last > first else "")
        if end_of is not None:
            period = say("end_of", lang, quarter=quarter_text(end_of))
        return " · ".join(x for x in (self.who(lang), period, word(self.basis(), lang)) if x)

    def quarter_end(self, quarter: int) -> int:
        """Last day of a quarter."""
        return int(quarter_end(quarter))

    @property
    def start(self) -> int:
        """First day of the quarters."""
        return int(quarter_start(self.quarters[0]))

    @property
    def end(self) -> int:
        """Last day of the run."""
        return int(quarter_end(self.quarters[-1]))

    def findings(self) -> Findings:
        """What is said of characters in the names of this run that the shipped font lacks."""
        shown = self.lenders[:NAMED] if len(self.lenders) <= NAMED else []
        return font_findings(*(name for x in shown for name in self._names(x) or [x]))


def nothing(picture: str, why: str) -> NothingToPlotError:
    """The error for a picture whose run lacks what it needs; ``why`` is a key of the words of pictures."""
    said = f"{word(why, 'en')} {word(why, 'zh')}"
    error = NothingToPlotError(Findings.one("nothing_to_plot", column="picture", found=picture, expected=said))
    error.en, error.zh = word(why, "en"), word(why, "zh")
    return error
