"""The loans of a quarter's table in an order in which each of its cells is a range of rows 单元格与借据.

Within a field the quarter's loans come first, then the earlier ones of the year, then those before: a cell of a field
is one range, a cell of the total one range a field. Where a horizon began with figures from before the run, loans of
the year that those figures hold since the start come ahead of all others, so that this stays true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.engine.columns import Flags, codes, frame_of, ints, whole
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import SINCE_START, TOTAL, YEAR
from relending.findings import InvariantError
from relending.lineage.disclosed import QUARTER, Disclosed, Figures, Key
from relending.units import E8, PPM, Ints, exact_sums, from_limbs, weighted_limbs

Range = tuple[int, int]
"""Rows from the first to before the second."""
COVERED, LEFT = "covered", "left"
"""Why a supported loan is in no cell: the figures the run began with hold it, or it left the horizons again."""


@dataclass(frozen=True, slots=True)
class CellLoans:
    """The loans of a table. ``loans`` are those of any cell, in the order of ranges, with the columns of
    ``Disclosed.loans`` and, for each horizon h, ``field_h`` and ``total_h``: 1 at the first loan of a project in the
    horizon (in its field, in all), 0 elsewhere and where the beginning names the project. ``ranges`` by horizon and
    field, or total. ``apart`` are the supported loans in no cell, with their ``why`` (covered, left).
    """

    loans: pd.DataFrame
    ranges: Mapping[Key, tuple[Range, ...]]
    apart: pd.DataFrame


def cell_loans(found: Disclosed) -> CellLoans:
    """The loans of every cell of what was disclosed; InvariantError where a range is not the cell.

    >>> import relending as rl
    >>> from relending.dates import parse_quarter
    >>> from relending.lineage.disclosed import Disclosures
    >>> cells = cell_loans(Disclosures(rl.run("demo")).of("demo", "cerf", parse_quarter("2024Q1")))
    >>> [len(cells.ranges[h, "clean_energy"]) for h in ("quarter", "year", "since_start")]
    [1, 1, 1]
    """
    inside = {h: found.counted(h) for h in HORIZONS}
    counted = np.logical_or.reduce(list(inside.values()))
    field, names = codes(found.loans, "field")
    rank = np.array([found.fields.index(f) if f in found.fields else len(found.fields) for f in names], np.int64)
    group = rank[field] if len(found.loans) else np.zeros(0, np.int64)
    part = np.full(len(found.loans), 3)
    part[inside[YEAR] & inside[SINCE_START]] = 2
    part[inside[QUARTER]] = 1
    part[inside[YEAR] & ~inside[SINCE_START]] = 0
    order = np.lexsort((part, group))
    order = order[counted[order]]
    loans, group = found.loans.iloc[order].reset_index(drop=True), group[order]
    inside = {h: flags[order] for h, flags in inside.items()}
    ranges = {}
    for horizon in HORIZONS:
        for place, code in enumerate(found.fields):
            ranges[horizon, code] = _runs(inside[horizon] & (group == place))
            if len(ranges[horizon, code]) > 1:
                raise InvariantError(f"cell {horizon}/{code} is more than one range")
        ranges[horizon, TOTAL] = _runs(inside[horizon])
    made = frame_of({name: whole(values) for name, values in _firsts(found, loans, inside).items()})
    out = CellLoans(pd.concat([loans, made], axis=1), ranges, _apart(found, ~counted))
    for key, some in ranges.items():
        if _figures(out.loans, key, some) + found.began.get(key, Figures()) != found.cells[key]:
            raise InvariantError(f"cell {'/'.join(key)} is not the sum of its range")
    return out


def _runs(flags: Flags) -> tuple[Range, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return tuple((int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True))


def _firsts(found: Disclosed, loans: pd.DataFrame, inside: Mapping[str, Flags]) -> dict[str, Ints]:
    """The columns that make distinct projects a sum."""
    project, ids = codes(loans, "project_id")
    field, fields = codes(loans, "field")
    out = {}
    for horizon in HORIZONS:
        for name, key in (("field", project.astype(np.int64) * (len(fields) + 1) + field), ("total", project)):
            first = np.zeros(len(loans), np.int64)
            at = np.flatnonzero(inside[horizon])
            _, where = np.unique(key[at], return_index=True)
            first[at[where]] = 1
            out[f"{name}_{horizon}"] = first
        for name, code in (("total", TOTAL), *(("field", f) for f in found.fields)):
            named = found.known.get((horizon, code), frozenset())
            known = np.array([i in named for i in ids], bool)[project] if named and len(loans) else None
            if known is not None:
                here = known if code == TOTAL else known & (np.array([f == code for f in fields], bool)[field])
                out[f"{name}_{horizon}"][here] = 0
    return out


def _figures(loans: pd.DataFrame, key: Key, ranges: tuple[Range, ...]) -> Figures:
    at = np.concatenate([np.zeros(0, np.int64), *(np.arange(a, b) for a, b in ranges)])
    helper = f"{'total' if key[1] == TOTAL else 'field'}_{key[0]}"
    one = np.zeros(at.size, np.int64)
    amount, rate, reduction, first = (ints(loans, n)[0][at] for n in ("amount_fen", "rate_ppm", "reduction_g", helper))
    return Figures(
        int(first.sum()),
        exact_sums(amount, one, 1)[0],
        from_limbs(weighted_limbs(amount, rate, one, 1))[0] * (E8 // PPM),
        exact_sums(reduction, one, 1)[0],
    )


def _apart(found: Disclosed, apart: Flags) -> pd.DataFrame:
    left, there = ints(found.loans, "left")
    why = np.where(there & (left <= found.quarter), LEFT, COVERED)
    rows = found.loans[apart].reset_index(drop=True)
    return rows.assign(why=pd.array(why[apart].tolist(), dtype="string[pyarrow]"))
