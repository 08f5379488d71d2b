"""Panels 面板: the measures of one run as integers, a row a quarter, lender and facility, and their long frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.engine.columns import Flags, arrow, ints
from relending.engine.convert import nearest_double
from relending.findings import Findings, InputError
from relending.study.measures import Measure
from relending.units import Ints

KEYS = ("quarter", "lender", "facility")
Key = tuple[str, str, str]


class MisalignedError(InputError):
    """Runs that cannot be laid side by side: other quarters, lenders or facilities."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Measures of one run, exact.

    ``keys`` are (quarter, lender, facility), one a row, by quarter, lender, facility in scenario order; ``values`` the
    integers of each measure (fen, ppm … as its column says) and ``known`` whether there is a figure (a rate over
    nothing has none).
    """

    keys: tuple[Key, ...]
    values: Mapping[str, Ints]
    known: Mapping[str, Flags]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def quarters(self) -> tuple[str, ...]:
        """The quarters, ascending."""
        return tuple(dict.fromkeys(quarter for quarter, _, _ in self.keys))

    def figures(self, measure: Measure) -> np.ndarray:
        """One measure in its unit, not a number where there is none."""
        out = nearest_double(self.values[measure.name], measure.decimals)
        out[~self.known[measure.name]] = np.nan
        return out


def panel(tables: Mapping[str, pd.DataFrame], wanted: Sequence[Measure]) -> Panel:
    """The measures of a run's step frames (``funding``, ``cost``, and ``disclosure`` for its measures).

    >>> import relending as rl
    >>> from relending.study.measures import measures
    >>> found = panel(rl.run("demo").tables, [measures()["interest_saved"], measures()["issued_projects"]])
    >>> found.keys[-1], int(found.values["issued_projects"].max())
    (('2026Q4', 'demo_city', 'clean_coal'), 9)
    """
    base = tables["funding"]
    keys = tuple(zip(*(arrow(base, name).to_pylist() for name in KEYS), strict=True))
    values, known = {}, {}
    parts: dict[tuple[str, str], pd.DataFrame] = {}
    for m in wanted:
        where = (m.table, m.horizon)
        if where not in parts:
            parts[where] = _rows(tables[m.table], m.horizon, keys)
        values[m.name], known[m.name] = ints(parts[where], m.column)
    return Panel(keys, values, known)


def _rows(frame: pd.DataFrame, horizon: str, keys: Sequence[Key]) -> pd.DataFrame:
    """The rows of a table in the order of the keys."""
    if horizon:
        some = (frame["horizon"] == horizon) & (frame["level"] == "total")
        frame = frame[some]
    here = list(zip(*(arrow(frame, name).to_pylist() for name in KEYS), strict=True))
    if tuple(here) == tuple(keys):
        return frame
    place = {key: i for i, key in enumerate(here)}
    if len(here) != len(keys) or set(place) != set(keys):
        raise ValueError("tables of one run have other rows than its funding series")
    return frame.iloc[[place[key] for key in keys]]


def ordered(found: Panel, keys: tuple[Key, ...]) -> Panel:
    """A panel with its rows in another order: scenarios may name their facilities in any."""
    if found.keys == keys:
        return found
    place = {key: i for i, key in enumerate(found.keys)}
    rows = [place[key] for key in keys]
    return Panel(keys, {n: v[rows] for n, v in found.values.items()}, {n: v[rows] for n, v in found.known.items()})


def aligned(panels: Mapping[str, Panel]) -> None:
    """Raise MisalignedError, which names every run that has other quarters, lenders or facilities than the first.

    Nothing is dropped to make runs fit: a difference over rows that one of them lacks would be of other things. What a
    run lacks, and what it has that the first lacks, is told.
    """
    names = list(panels)
    found = []
    for i, what in enumerate(KEYS):
        sets = {name: list(dict.fromkeys(key[i] for key in panels[name].keys)) for name in names}
        base = sets[names[0]]
        for name in names[1:]:
            mine = sets[name]
            if set(mine) == set(base):
                continue
            more = [(sign, [x for x in a if x not in b]) for sign, a, b in (("-", base, mine), ("+", mine, base))]
            told = "; ".join(f"{sign} {span(items)}" for sign, items in more if items)
            found.append(
                Findings.one(
                    f"misaligned_{what}s" if what != "facility" else "misaligned_facilities",
                    file=name,
                    column=what,
                    found=f"{span(mine)}: {told}",
                    expected=f"{names[0]}: {span(base)}",
                )
            )
    if found:
        raise MisalignedError(Findings.concat(found))


def span(items: Sequence[str], most: int = 3) -> str:
    """Several names in short: all of a few, else the first and the last, and how many they are.

    >>> span(["a", "b"]), span(["2026Q1", "2026Q2", "2026Q3", "2026Q4"])
    ('a, b', '2026Q1 … 2026Q4 (4)')
    """
    return ", ".join(items) if len(items) <= most else f"{items[0]} … {items[-1]} ({len(items)})"
