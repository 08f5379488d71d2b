"""Measures of a run by facility, all its lenders together, as studies take them: sums, or rates by their weights."""

from __future__ import annotations

from collections.abc import Sequence

from relending.engine.columns import arrow
from relending.report.pictures.source import Source
from relending.study.measures import COUNT, Measure, measures
from relending.study.panel import Key, Panel, panel
from relending.study.whole import added, weighted, with_weights

Series = list[int | None]
"""The integers of a measure by quarter; None where there is no figure."""


def panel_of(source: Source, names: Sequence[str]) -> Panel:
    """The panel of some measures and their weights, kept: pictures ask for the same again."""
    known = source.kept.setdefault("panel", {})
    key = tuple(names)
    if key not in known:
        known[key] = panel(source.run.tables, with_weights([measures()[n] for n in names]))
    found: Panel = known[key]
    return found


def by_lender(source: Source, name: str) -> dict[tuple[str, str], Series]:
    """A measure by (facility, lender), quarter by quarter, of what the source is restricted to."""
    found = panel_of(source, [name])
    place = {q: i for i, q in enumerate(found.quarters)}
    values = _figures(found, name)
    out: dict[tuple[str, str], Series] = {}
    for (quarter, lender, facility), value in values.items():
        if lender in source.lenders and facility in source.facilities:
            out.setdefault((facility, lender), [None] * len(place))[place[quarter]] = value
    return {(f, x): out[f, x] for f in source.facilities for x in source.lenders if (f, x) in out}


def _figures(found: Panel, name: str) -> dict[Key, int | None]:
    values, known = found.values[name].tolist(), found.known[name].tolist()
    return {key: v if there else None for key, v, there in zip(found.keys, values, known, strict=True)}


def has_whole(source: Source, measure: Measure) -> bool:
    """Whether the measure of all lenders is one figure: it adds up, has a weight, or is the same for all of them."""
    if len(source.lenders) == 1 or measure.adds_up or measure.over:
        return True
    if measure.kind == COUNT:
        return False
    mine = by_lender(source, measure.name)
    return all(len({tuple(v) for (g, _), v in mine.items() if g == f}) == 1 for f in source.facilities)


def by_facility(source: Source, name: str) -> dict[str, Series]:
    """A measure by facility, all lenders together: added up, or weighted by what it is a quotient over.

    A rate of several lenders counts those that have one where nothing of theirs is weighed; without a weight of its own
    it is that of the one lender, or None.
    """
    m = measures()[name]
    mine = by_lender(source, name)
    over = by_lender(source, m.over) if m.over else {}
    out: dict[str, Series] = {}
    for facility in source.facilities:
        rows = [(mine[f, x], over.get((f, x))) for f, x in mine if f == facility]
        if rows:
            out[facility] = [_whole(m, rows, k) for k in range(len(rows[0][0]))]
    return out


def _whole(m: Measure, rows: Sequence[tuple[Series, Series | None]], k: int) -> int | None:
    values = [row[k] for row, _ in rows]
    if len(set(values)) == 1 and not m.adds_up:
        return values[0]
    if m.adds_up:
        # what no lender has a figure of (a cost that is not asked for) has none; it is no zero
        return added(values)
    return weighted(values, [(w[k] or 0) if w else 0 for _, w in rows]) if m.over else None


def basis_by_quarter(source: Source, table: str) -> list[str]:
    """Whether the figures of each quarter are ``recorded``, ``simulated`` or ``mixed``."""
    found: list[set[str]] = [set() for _ in source.quarters]
    frame = source.table(table)
    for place, basis in zip(source.places(table).tolist(), arrow(frame, "basis").to_pylist(), strict=True):
        if basis:
            found[place].add(basis)
    return [next(iter(b)) if len(b) == 1 else ("mixed" if b else "") for b in found]
