"""What the loans of a book say of their projects, over all blocks: the rows whose figures plausibility looks at.

A project's loans mostly repeat the same figures. So only the first loan of each project is looked at, and every other
loan that says something else than the first; what such a row leaves empty is taken from the project's other loans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from relending.engine.block import Block
from relending.engine.columns import Flags, ints, numbered
from relending.engine.keys import Keys
from relending.units import Ints

NOT_GIVEN = -1
FIGURES: Mapping[str, str] = {
    "project_reduction": "project_reduction_g",
    "project_investment": "project_investment_fen",
    "output_mwh": "output_kwh",
    "capacity_mw": "capacity_kw",
}
"""Columns whose figures are compared with each other, and their names in the step frame (g, fen, kWh, kW)."""


@dataclass(frozen=True, slots=True)
class Usable:
    """The loans that are in no error, over all blocks in input order: number of the row, project, and what reports it.

    ``group`` is the project; for loans of a lending plan, which have a project each, the first project of their row of
    the plan, so that a plan's row is spoken of once.
    """

    row: Ints
    project: Ints
    group: Ints
    planned: Flags


@dataclass(frozen=True, slots=True)
class Variants:
    """Rows to look at, in input order: ``at`` positions in the usable loans, ``sector`` in ``sectors``.

    ``figures`` by column, whole g, fen, kWh or kW; -1 where the project's loans do not give it (of all but the
    reduction a zero is not given either).
    """

    at: Ints
    group: Ints
    sector: Ints
    sectors: tuple[str, ...]
    figures: Mapping[str, Ints]


def usable_loans(blocks: Sequence[Block], keys: Keys, out: Sequence[Flags]) -> Usable:
    """The loans not in ``out`` (errors, set aside)."""
    row = np.flatnonzero(~np.concatenate(list(out)))
    project = np.concatenate(keys.project)[row]
    planned = np.concatenate([b.planned for b in blocks])[row]
    group = project
    if planned.any():
        plan_row = np.concatenate([ints(b.frame, "row")[0] for b in blocks])[row][planned]
        _, first, which = np.unique(plan_row, return_index=True, return_inverse=True)
        group = project.copy()
        group[planned] = project[planned][first[which]]
    return Usable(row, project, group, planned)


def place(blocks: Sequence[Block], keys: Keys, rows: Ints) -> dict[str, pa.Array]:
    """File, sheet, row and loan of rows numbered over all blocks, ascending."""
    parts = []
    for block, start, stop in zip(blocks, keys.offsets[:-1], keys.offsets[1:], strict=True):
        low, high = np.searchsorted(rows, (start, stop))
        if high > low:
            parts.append(block.place(rows[low:high] - start))
    return {name: pa.chunked_array([p[name] for p in parts]).combine_chunks() for name in parts[0]}


def first_of(key: Ints, size: int, at: Ints | None = None) -> Ints:
    """Position of the first row of each key 0 .. size - 1, -1 where it has none; only the rows ``at`` (ascending).

    >>> first_of(np.array([1, 0, 1]), 3).tolist(), first_of(np.array([1, 0, 1]), 3, np.array([2])).tolist()
    ([1, 0, -1], [-1, 2, -1])
    """
    found = np.full(size, NOT_GIVEN)
    # the last of several values written to one place stays, so the rows go backwards
    back = np.arange(key.size - 1, -1, -1) if at is None else at[::-1]
    found[key[back]] = back
    return found


def variants(blocks: Sequence[Block], keys: Keys, usable: Usable) -> Variants:
    """The first loan of each project, and every loan whose figures or sector differ from it.

    Of a project whose figures were revised, the loans under each revision speak for themselves.
    """
    names = sorted({s for b in blocks for s in b.sectors if s is not None})
    place = {s: i for i, s in enumerate(names)}
    sector = np.concatenate([np.array([place.get(s or "", NOT_GIVEN) for s in b.sectors])[b.sector] for b in blocks])
    given = {name: np.concatenate([_figure(b, name) for b in blocks])[usable.row] for name in FIGURES}
    sector = sector[usable.row]
    version, versions = versions_of(blocks, np.concatenate(keys.project), keys.projects)
    version = version[usable.row]
    first = first_of(version, versions)[version]
    differs = first == np.arange(first.size)
    for values in (*given.values(), sector):
        differs |= values != values[first]
    if usable.planned.any():
        differs &= ~usable.planned | (usable.group == usable.project)
    at = np.flatnonzero(differs)
    figures = {name: _filled(values[at], version[at], versions) for name, values in given.items()}
    return Variants(at, usable.group[at], sector[at], tuple(names), figures)


def versions_of(blocks: Sequence[Block], project: Ints, projects: int) -> tuple[Ints, int]:
    """Loans of one project under one revision of its figures, numbered over all blocks, and how many numbers there are.

    ``project`` (0 .. ``projects`` - 1, over all blocks) itself where nothing was revised.
    """
    if all(b.revision is None for b in blocks):
        return project, projects
    under = np.concatenate([np.full(len(b), -1) if b.revision is None else b.revision for b in blocks])
    found, version = numbered(project * (int(under.max()) + 2) + under + 1)
    return version, found.size


def _figure(block: Block, name: str) -> Ints:
    # nothing is produced, built or paid for by a project yet unknown; a reduction of nothing is a figure to look at
    if name == "project_reduction":
        return np.where(block.has_reduction & (block.reduction >= 0), block.reduction, NOT_GIVEN)
    if name == "project_investment":
        return np.where(block.has_investment, block.investment, NOT_GIVEN)
    if FIGURES[name] not in block.frame:
        return np.full(len(block), NOT_GIVEN)
    values, there = ints(block.frame, FIGURES[name])
    return np.where(there & (values > 0) & ~_stale(block, name), values, NOT_GIVEN)


def _stale(block: Block, name: str) -> Flags:
    """Loans whose row still has a figure from before a revision: its output or capacity is from before it too."""
    if block.revision is None:
        return np.zeros(len(block), bool)
    column, now = (
        ("project_reduction", block.reduction) if name == "output_mwh" else ("project_investment", block.investment)
    )
    own, there = ints(block.frame, FIGURES[column])
    return there & (block.revision >= 0) & (own != now)


def _filled(values: Ints, group: Ints, groups: int) -> Ints:
    """Missing figures from the first loan of the group that gives one."""
    there = np.flatnonzero(values != NOT_GIVEN)
    if there.size in (0, values.size):
        return values
    first = first_of(group, groups, there)[group]
    return np.where((values == NOT_GIVEN) & (first != NOT_GIVEN), values[first], values)
