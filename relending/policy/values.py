"""What a facility is made of: dated values, memberships, sector lists, quotas. Frozen, and free of pandas.

Units after loading: money in fen, rates in parts per million (ppm), ratios in basis points (bp), all ``int``.
Arrays of days are int64 days since 1970-01-01.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALWAYS = dt.date.min
"""The date of a value that holds from the beginning (launch list, plain overrides)."""


def epoch_day(day: dt.date) -> int:
    """Days since 1970-01-01 (here too, because :mod:`relending.dates` needs numpy and this module must not)."""
    return day.toordinal() - 719163


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A value from one date on, with where it is written, how sure it is and when that was last looked up.

    ``source_zh`` says ``source`` in Chinese; empty where nobody wrote it down.
    """

    start: dt.date
    value: Any
    source: str
    status: str
    checked: dt.date | None
    source_zh: str = ""


@dataclass(frozen=True, slots=True)
class Dated:
    """One parameter of a facility: its values, ascending by start.

    >>> d = Dated("ratio", (DatedValue(dt.date(2021, 1, 1), 6000, "s", "in_force", None),
    ...                     DatedValue(dt.date(2025, 1, 1), 10000, "s", "in_force", None)))
    >>> d.on(dt.date(2020, 1, 1)).value, d.on(dt.date(2025, 1, 1)).value, d.latest().value
    (6000, 10000, 10000)
    """

    name: str
    values: tuple[DatedValue, ...]

    def on(self, day: dt.date) -> DatedValue:
        """The value in force on a day: the last that starts on or before it; before the first, the first."""
        found = self.values[0]
        for entry in self.values[1:]:
            if entry.start > day:
                break
            found = entry
        return found

    def latest(self) -> DatedValue:
        """The newest value, for what holds "as finally extended"."""
        return self.values[-1]

    def index(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """Position in ``values`` for each day, shape of ``days``; 0 before the first start."""
        import numpy as np

        if len(self.values) == 1:
            return np.zeros(np.shape(days), np.int64)
        starts = np.array([epoch_day(v.start) for v in self.values], np.int64)
        found = np.searchsorted(starts, np.asarray(days, np.int64), side="right").astype(np.int64) - 1
        return np.maximum(found, 0)

    def pick(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """The int64 value for each day, shape of ``days``; TypeError where a value is neither whole number nor flag."""
        import numpy as np

        if not all(isinstance(v.value, int) for v in self.values):
            raise TypeError(f"{self.name} has values that are no whole numbers; take index() and look them up")
        return np.array([int(v.value) for v in self.values], np.int64)[self.index(days)]


@dataclass(frozen=True, slots=True)
class Membership:
    """Lenders admitted from one date on, by id or by class."""

    start: dt.date
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    source: str
    status: str
    checked: dt.date | None
    source_zh: str = ""


@dataclass(frozen=True, slots=True)
class SectorListing:
    """Sector codes listed from one date on."""

    start: dt.date
    codes: tuple[str, ...]
    source: str
    status: str
    checked: dt.date | None
    source_zh: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """A part of a quota with sectors of its own; no sectors means every sector of the facility."""

    id: str
    amount_fen: int
    sectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quota:
    """``none``, a ``stock`` (most outstanding at a time) or a ``flow`` (most drawn in a calendar year)."""

    kind: str
    pools: tuple[Pool, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """First and last disbursement date of a loan that counts, both included."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class Facility:
    """A re-lending facility: who, for what, how much, at which price, from when; every value dated.

    ``facility["rate"]`` is the :class:`Dated` parameter. ``caps`` (fen by application period, ``2024Q1`` or
    ``2024-03``) come only from a scenario.
    """

    id: str
    name: Mapping[str, str]
    lenders: tuple[Membership, ...]
    sectors: tuple[SectorListing, ...]
    parameters: Mapping[str, Dated]
    caps: Mapping[str, int] = field(default_factory=dict)

    def short_name(self, lang: str) -> str:
        """The name where there is little room; the whole name where the file gives no ``short_zh`` or ``short_en``."""
        return self.name.get(f"short_{lang}", self.name[lang])

    def __getitem__(self, name: str) -> Dated:
        """The dated parameter of that name; KeyError that says which facility lacks it."""
        try:
            return self.parameters[name]
        except KeyError:
            raise KeyError(f"{self.id} has no parameter {name}") from None

    def __contains__(self, name: str) -> bool:
        """Whether the facility has the parameter (some hold only for some facilities, as ``loan_rate_cap``)."""
        return name in self.parameters

    def on(self, day: dt.date) -> dict[str, DatedValue]:
        """Every parameter as in force on a day (before its first value: the first)."""
        return {name: dated.on(day) for name, dated in self.parameters.items()}

    def membership(self, lender_id: str, lender_class: str | None) -> Membership | None:
        """The earliest entry that admits the lender, by its id or its class; None if none does."""
        found = [m for m in self.lenders if lender_id in m.ids or (lender_class or "") in m.classes]
        return min(found, key=lambda m: m.start, default=None)

    def admitted_from(self, lender_id: str, lender_class: str | None) -> dt.date | None:
        """The earliest date from which the lender is admitted; None if never."""
        found = self.membership(lender_id, lender_class)
        return found.start if found else None

    def listing(self, code: str) -> SectorListing | None:
        """The first entry that lists the sector code; None if none does."""
        return next((s for s in self.sectors if code in s.codes), None)

    def listed_from(self, code: str) -> dt.date | None:
        """Date from which the sector is listed: always (``date.min``) for the launch list, None if never listed."""
        found = self.listing(code)
        if found is None:
            return None
        return ALWAYS if found is self.sectors[0] else found.start

    def codes(self) -> tuple[str, ...]:
        """Every sector code ever listed, in list order."""
        return tuple(dict.fromkeys(code for listing in self.sectors for code in listing.codes))

    def rate_ppm(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """Facility rate in ppm for each day, by the term in force that day where the rate depends on the term."""
        import numpy as np

        table = np.array(
            [[rate_of(r.value, int(t.value)) for t in self["term_months"].values] for r in self["rate"].values],
            np.int64,
        )
        return table[self["rate"].index(days), self["term_months"].index(days)]


def rate_of(value: Any, term_months: int) -> int:
    """The rate in ppm of a value that is a rate, or a table of rates by term in months.

    >>> rate_of(17500, 12), rate_of({6: 19000, 12: 20000}, 6)
    (17500, 19000)
    """
    return int(value[term_months]) if isinstance(value, Mapping) else int(value)
