"""A published statement corrected 更正: which figures differ, which loans make the difference, what comes after it.

Every statement published later holds the figures of the corrected one in its cumulative columns, so these are looked
at too; one of a quarter that the run does not hold has to be made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from relending.dates import quarter_text
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import TOTAL
from relending.findings import Findings, InputError
from relending.lineage.disclosed import Disclosed, Figures
from relending.statement.moved import join, moved
from relending.statement.printed import MEASURES, Options, printed
from relending.statement.record import Record, Rehash
from relending.statement.statement import Statement
from relending.units import decimal_text

EXACT = {"projects": "projects", "amount": "amount", "rate": "rate_e8", "reduction": "reduction"}


@dataclass(frozen=True, slots=True)
class Change:
    """A cell that differs: exact figures (number, fen, rate scaled 10**8, grams) and their print.

    A rate is None where there is nothing to weigh; ``printed_difference`` is empty where old and new are not printed
    alike, or one of them is not there.
    """

    code: str
    horizon: str
    measure: str
    old: int | None
    new: int | None
    printed_old: str
    printed_new: str
    printed_difference: str

    @property
    def shows(self) -> bool:
        """Whether a reader sees it."""
        return self.printed_old != self.printed_new

    @property
    def difference(self) -> int | None:
        """New less old, where both are there."""
        return None if self.old is None or self.new is None else self.new - self.old


@dataclass(frozen=True, slots=True, eq=False)
class Later:
    """A statement published later: the cells that differ now; None where the run does not hold its quarter."""

    record: Record
    cells: tuple[Change, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What a new version of a statement changes of the published one.

    ``cells`` are those that differ, of fields and total. ``loans`` as ``Moved.loans``, one horizon below the other;
    ``begun`` the figures the run began with that differ. ``projects`` are the names printed before and now, ``bases``
    the rate bases. ``later`` are those of the ``published_later`` later statements that are affected.
    """

    old: Record
    cells: tuple[Change, ...]
    loans: pd.DataFrame
    begun: Mapping[str, Mapping[str, tuple[Figures, Figures]]]
    projects: tuple[tuple[str, ...], tuple[str, ...]]
    bases: tuple[str, str]
    later: tuple[Later, ...] = ()
    published_later: int = 0

    @property
    def changes(self) -> bool:
        """Whether the new version says anything else than the published one."""
        return bool(self.cells) or self.projects[0] != self.projects[1] or self.bases[0] != self.bases[1]

    @property
    def shown(self) -> tuple[Change, ...]:
        """The cells whose print differs."""
        return tuple(one for one in self.cells if one.shows)

    def or_refuse(self) -> Correction:
        """The same; InputError where it changes nothing."""
        if not self.changes:
            place = f"{self.old.lender}/{self.old.facility}/{quarter_text(self.old.quarter)}/v{self.old.version}"
            raise InputError(Findings.one("published_same", file=place))
        return self


def correct(
    old: Record,
    found: Disclosed,
    statement: Statement,
    later: Sequence[Record] = (),
    later_found: Mapping[int, Disclosed] | None = None,
    rehash: Rehash | None = None,
) -> Correction:
    """A new statement against the published one of the same quarter.

    ``later``: the statements published of later quarters; ``later_found``: what the run says of these, by quarter.
    Raises ValueError where the statements are not of one quarter, InputError where the record's ids are hashed and
    ``rehash`` is not given, InvariantError where the loans do not add up to a difference.
    """
    if (old.lender, old.facility, old.quarter) != (found.lender, found.facility.id, found.quarter):
        raise ValueError("not the same statement")
    parts = [moved(old, found, horizon, rehash) for horizon in HORIZONS]
    affected = []
    for record in later:
        other = (later_found or {}).get(record.quarter)
        cells = None if other is None else tuple(changed_cells(record, other, record.options))
        if cells is None or cells:
            affected.append(Later(record, cells))
    return Correction(
        old,
        tuple(changed_cells(old, found, statement.options)),
        join(parts),
        {part.horizon: part.begun for part in parts},
        (old.projects, statement.projects),
        (old.rate_basis, statement.rate_basis),
        tuple(affected),
        len(later),
    )


def changed_cells(old: Record, found: Disclosed, options: Options) -> Iterator[Change]:
    """The cells of fields and total that differ from what was published, exactly or in print."""
    for code in (*found.fields, TOTAL):
        for horizon in HORIZONS:
            was, now = old.figures.get((horizon, code), Figures()), found.cells[horizon, code]
            old_print, new_print = printed(was, old.options), printed(now, options)
            for measure in MEASURES:
                exact = [getattr(one, EXACT[measure]) for one in (was, now)]
                texts = old_print.text(measure), new_print.text(measure)
                like = texts[0] == texts[1] and _like(old.options, options, measure)
                if exact[0] == exact[1] and like:
                    continue
                values = getattr(old_print, measure), getattr(new_print, measure)
                both = None not in values and _like(old.options, options, measure)
                off = decimal_text(values[1] - values[0], options.decimals(measure)) if both else ""
                yield Change(code, horizon, measure, exact[0], exact[1], *texts, off)


def _like(one: Options, other: Options, measure: str) -> bool:
    """Whether a measure is printed in one unit, to the same decimals."""
    unit = {"amount": "amount_unit", "reduction": "reduction_unit"}.get(measure)
    same = unit is None or getattr(one, unit) == getattr(other, unit)
    return same and one.decimals(measure) == other.decimals(measure)
