"""Measures 指标: the figures of a run by quarter, lender and facility, by the names that tables and pictures share."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from relending.engine.convert import plain_name
from relending.findings import Findings, InputError
from relending.policy import nearest

FLOW, STOCK, RATE, COUNT = "flow", "stock", "rate", "count"
KINDS = (FLOW, STOCK, RATE, COUNT)


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: the integer column it is, its unit outside, and how it behaves.

    ``table`` and ``column`` name a column of a run's step frames (``horizon`` the rows, of the disclosure). ``kind`` is
    ``flow`` (of the quarter), ``stock`` (at its end), ``rate`` or ``count`` (neither adds up over lenders and
    facilities). ``favours`` is 1 where the lender is better off with more, -1 with less, 0 neither. ``over`` names the
    measure that a rate is a quotient over: what it is weighted by; empty where no rate of several makes sense.
    """

    name: str
    table: str
    column: str
    horizon: str
    unit: str
    kind: str
    favours: int
    zh: str
    en: str
    over: str = ""

    @property
    def decimals(self) -> int:
        """Decimals that the integer holds of the figure outside."""
        return plain_name(self.column)[1] or 0

    @property
    def adds_up(self) -> bool:
        """Whether the figures of lenders and facilities may be added."""
        return self.kind in (FLOW, STOCK)

    def label(self, lang: str) -> str:
        """The name as people read it."""
        return self.zh if lang == "zh" else self.en


@cache
def measures() -> Mapping[str, Measure]:
    """Every measure by name, in the order of the file.

    >>> measures()["blended_cost"].unit, measures()["interest_saved"].decimals
    ('fraction', 2)
    """
    text = resources.files("relending.study").joinpath("measures.toml").read_text(encoding="utf-8")
    out = {}
    for name, entry in tomllib.loads(text).items():
        table, column, *horizon = entry["from"]
        out[name] = Measure(
            name,
            table,
            column,
            horizon[0] if horizon else "",
            entry["unit"],
            entry["kind"],
            entry["favours"],
            entry["zh"],
            entry["en"],
            entry.get("over", ""),
        )
    return out


def pick(names: Sequence[str] = (), tables: Sequence[str] | None = None) -> tuple[Measure, ...]:
    """The measures of these names, or labels in Chinese or English, in the order given.

    All of them for none (of ``tables``, where these are named).

    Raises InputError that names every unknown measure, with the nearest.

    >>> [m.name for m in pick(["margin", "再贷款余额", "Interest saved"])]
    ['margin', 'facility_balance', 'interest_saved']
    """
    known = {n: m for n, m in measures().items() if tables is None or m.table in tables}
    if not names:
        return tuple(known.values())
    # as people read them, in either language, they are as good as the names of columns
    labels = {one.casefold(): n for n, m in known.items() for one in (m.zh, m.en)}
    names = [n if n in known else labels.get(n.strip().casefold(), n) for n in names]
    wrong = [n for n in dict.fromkeys(names) if n not in known]
    if wrong:
        raise InputError(
            Findings.concat(
                [
                    Findings.one("unknown_measure", column="measure", found=n, expected=_nearest(n, list(known)))
                    for n in wrong
                ]
            )
        )
    return tuple(known[n] for n in dict.fromkeys(names))


def _nearest(name: str, known: Sequence[str]) -> str:
    close = nearest(name, known)
    return f"nearest: {close}" if close else ", ".join(known)
