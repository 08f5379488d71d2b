"""Revisions of projects 项目调整: figures that count for the loans made from a day on; earlier loans stay frozen.

A revision gives a project's investment, its annual reduction, its evidence, or some of them; what it leaves empty is as
the revision before it says, and before the first as the loan's own row says. What every loan of a revised project would
have under the latest figures is the restatement 重述: a table beside the statement, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from relending.dates import Days, iso
from relending.engine.block import Block
from relending.engine.columns import Flags, arrow, ints, positions_in
from relending.engine.keys import Keys
from relending.engine.schedule import key_of
from relending.engine.side import Side, at_rows
from relending.findings import Findings
from relending.units import Ints, decimal_text

TABLE = "revisions"
FIGURES = {
    "investment": ("investment_fen", "project_investment_fen", 2),
    "reduction": ("reduction_g", "project_reduction_g", 6),
}
"""Column of the table and of a loan, and decimals of the figure."""
GIVES = ("investment_fen", "reduction_g", "evidence")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of each revision as it counts from it on, whether one is given by then, and by which revision."""

    value: Ints
    there: Flags
    since: Ints


@dataclass(frozen=True, slots=True)
class Revisions:
    """The revisions of the book's projects by project (number) and day: one entry a revision.

    ``row`` is its row of the table, ``evidence`` whether it or an earlier one gives some. ``revised`` marks the
    projects.
    """

    row: Ints
    project: Ints
    day: Days
    investment: Figure
    reduction: Figure
    evidence: Flags
    revised: Flags

    def latest(self, project: Ints, day: Days) -> Ints:
        """The revision (position) that counts for each of these projects on these days; -1 where none does yet."""
        at = np.searchsorted(key_of(self.project, self.day), key_of(project, day), side="right") - 1
        if self.project.size == 0:
            return np.full(project.size, -1)
        return np.where((at >= 0) & (self.project[at] == project), at, -1)


def revision_errors(side: Side) -> Findings:
    """Rows that cannot be, and two of one project and day: they stop the run, for which figures count is unknown."""
    table = side.get(TABLE)
    if table is None or len(table) == 0:
        return Findings()
    parts = []
    for column, code, least in (
        ("investment", "investment_not_positive", 1),
        ("reduction", "reduction_negative", 0),
    ):
        frame, _, decimals = FIGURES[column]
        value, there = ints(table, frame)
        wrong = np.flatnonzero(there & (value < least))
        found = [decimal_text(v, decimals) for v in value[wrong].tolist()]
        parts.append(at_rows(table, code, wrong, column, found, "> 0" if least else ">= 0"))
    first: dict[tuple[str, object], int] = {}
    again = []
    keys = zip(arrow(table, "project_id").to_pylist(), arrow(table, "from").to_pylist(), strict=True)
    for row, key in enumerate(keys):
        if first.setdefault(key, row) != row:
            again.append((row, f"{key[0]} {key[1]}", first[key]))
    files, rows = arrow(table, "file").to_pylist(), arrow(table, "row").to_pylist()
    parts.append(
        at_rows(
            table,
            "revision_twice",
            np.array([row for row, _, _ in again], np.int64),
            "from",
            [text for _, text, _ in again],
            [f"≠ {files[other]}:{rows[other]}" for _, _, other in again],
        )
    )
    return Findings.concat(parts)


def revisions(side: Side, keys: Keys) -> tuple[Revisions | None, Findings]:
    """The table's revisions of projects that the book has; a note for those it has not. None without the table."""
    table = side.get(TABLE)
    if table is None:
        return None, Findings()
    project_id = arrow(table, "project_id")
    project = positions_in(project_id, keys.project_ids) if len(table) else np.zeros(0, np.int64)
    unknown = np.flatnonzero(project < 0)
    said = at_rows(table, "revision_project_unknown", unknown, "project_id", project_id.take(pa.array(unknown)))
    nothing = np.flatnonzero(~np.any([np.asarray(arrow(table, c).is_valid()) for c in GIVES], axis=0))
    said += at_rows(table, "revision_empty", nothing, "investment", "", " | ".join(n.split("_")[0] for n in GIVES))
    day, _ = ints(table, "from")
    row = np.flatnonzero(project >= 0)
    row = row[np.lexsort((day[row], project[row]))]
    project, day = project[row], day[row]
    begins = np.searchsorted(project, project)
    given = {name: ints(table, frame) for name, (frame, _, _) in FIGURES.items()}
    figures = {name: _carried(value[row], there[row], begins) for name, (value, there) in given.items()}
    proof = np.asarray(arrow(table, "evidence").is_valid())[row]
    revised = np.zeros(keys.projects, bool)
    revised[project] = True
    evidence = _carried(proof.astype(np.int64), proof, begins).there
    return Revisions(row, project, day, figures["investment"], figures["reduction"], evidence, revised), said


def _carried(value: Ints, there: Flags, begins: Ints) -> Figure:
    """Each figure carried on to the later revisions of its project; ``begins``: where the project's revisions begin."""
    since = np.maximum.accumulate(np.where(there, np.arange(value.size), -1)) if value.size else begins
    known = since >= begins
    return Figure(np.where(known, value[since], 0), known, np.where(known, since, -1))


def revised_blocks(
    blocks: Sequence[Block], keys: Keys, out: Sequence[Flags], found: Revisions | None
) -> tuple[list[Block], Findings]:
    """The blocks with the figures that count for each loan, and a warning where a usable loan's own figure is another.

    Frames stay as they were read. ``Block.revision`` says which revision each loan is under.
    """
    if found is None or found.row.size == 0:
        return list(blocks), Findings()
    done, parts = [], []
    for block, project, error in zip(blocks, keys.project, out, strict=True):
        changed, said = _revised(block, project, error, found)
        done.append(changed)
        parts.append(said)
    return done, Findings.concat(parts)


def _revised(block: Block, project: Ints, error: Flags, found: Revisions) -> tuple[Block, Findings]:
    # the day as read: a row with an error of its own shows what its figures give too
    day, has_day = ints(block.frame, "disbursed")
    rows = np.flatnonzero(found.revised[project] & has_day)
    at = found.latest(project[rows], day[rows])
    rows, at = rows[at >= 0], at[at >= 0]
    if rows.size == 0:
        return block, Findings()
    revision = np.full(len(block), -1)
    revision[rows] = at
    changes: dict[str, Any] = {}
    parts = []
    impossible = np.zeros(len(block), bool)
    for name, (_, column, decimals) in FIGURES.items():
        figure: Figure = getattr(found, name)
        own, has = ints(block.frame, column)
        takes = figure.there[at]
        some, by = rows[takes], at[takes]
        value, there = getattr(block, name).copy(), getattr(block, f"has_{name}").copy()
        value[some], there[some] = figure.value[by], True
        changes |= {name: value, f"has_{name}": there}
        wrong = has & (own <= 0 if name == "investment" else own < 0)
        wrong[some] = False
        impossible |= wrong
        differs = ~error[some] & has[some] & (own[some] != figure.value[by])
        some, by = some[differs], by[differs]
        since = found.day[figure.since[by]].tolist()
        new = [f"{decimal_text(v, decimals)} ({iso(d)})" for v, d in zip(figure.value[by].tolist(), since, strict=True)]
        parts.append(
            Findings.of(
                "revision_differs",
                int(some.size),
                **block.place(some),
                column=f"project_{name}",
                found=[decimal_text(v, decimals) for v in own[some].tolist()],
                expected=new,
            )
        )
    proven = block.has_evidence.copy()
    proven[rows] |= found.evidence[at]
    after = replace(block, **changes, has_evidence=proven, wrong_project=impossible, revision=revision)
    return after, Findings.concat(parts)
