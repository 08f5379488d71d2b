"""The share test 占比检验: what all lenders lent to a project is not above its investment (design section 8).

Loans are one project's by its key (:mod:`relending.engine.projectkeys`); what other lenders' registers say they lent to
it (:mod:`relending.engine.others`) is always kept, an own loan only if there is room for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from fractions import Fraction

import numpy as np
import pyarrow as pa

from relending.dates import Days
from relending.engine.block import Block
from relending.engine.columns import Flags
from relending.engine.inorder import added, keep_in_order
from relending.engine.keys import Keys, place_rows, split
from relending.engine.others import NOBODY, OtherLoans, lent_by_others, other_loans, over_investment, smallest
from relending.engine.projectkeys import project_keys
from relending.engine.projects import versions_of
from relending.engine.side import Side
from relending.findings import Findings
from relending.units import FEN, GRAMS, Ints, add, decimal_text, group_sum


@dataclass(frozen=True, slots=True)
class ShareTest:
    """Loans set aside (one mask a block) and what is to be said about projects."""

    over: tuple[Flags, ...]
    findings: Findings


@dataclass(frozen=True, slots=True)
class Lent:
    """What loans (numbers over all blocks) say of their projects; ``gives``: an investment is given.

    ``project`` is the project's key; ``version`` numbers the project's loans under one revision of its figures.
    """

    row: Ints
    project: Ints
    version: Ints
    principal: Ints
    investment: Ints
    gives: Flags
    reduction: Ints
    has_reduction: Flags
    disbursed: Days

    def some(self, index: Ints) -> Lent:
        """Part of the loans."""
        return Lent(*(getattr(self, f.name)[index] for f in fields(self)))


def share_test(blocks: Sequence[Block], keys: Keys, out: Sequence[Flags], side: Side, end: int) -> ShareTest:
    """Share above one, over the loans of all lenders that are new and not in ``out`` (errors), and others' loans.

    In the order disbursed, others' loans first, loan_id, a loan that gives an investment is set aside if the principal
    kept so far for its project plus its own is above its project_investment; the next is tried. Others' loans are
    always kept. Loans after ``end`` are out of the run.
    """
    projects, said = project_keys(blocks, keys, out)
    others, unknown = other_loans(side, keys, projects, end)
    usable = np.concatenate([~o & (b.disbursed <= end) for b, o in zip(blocks, out, strict=True)])
    project = np.concatenate(keys.project)
    project = project if projects.codes is None else projects.key[project]
    version, versions = versions_of(blocks, project, projects.size)
    named = _lent(blocks, project, version, np.flatnonzero(usable))
    lent = _lent(blocks, project, version, np.flatnonzero(usable & np.concatenate([b.new for b in blocks])))
    over, findings = _over(blocks, keys, lent, others, projects.size)
    findings += _differences(blocks, keys, named, versions)
    findings += _shares_above_one(blocks, keys, lent.some(np.flatnonzero(~over[lent.row])), projects.size)
    if others is not NOBODY:
        least = smallest(named.project, named.investment, named.gives, projects.size)
        findings += over_investment(others, least, side)
    return ShareTest(split(over, keys.offsets), Findings.concat([said, unknown, findings]))


def _lent(blocks: Sequence[Block], project: Ints, version: Ints, rows: Ints) -> Lent:
    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(b, name) for b in blocks])[rows]

    return Lent(
        rows,
        project[rows],
        version[rows],
        column("principal"),
        column("investment"),
        column("has_investment"),
        column("reduction"),
        column("has_reduction"),
        column("disbursed"),
    )


def _over(blocks: Sequence[Block], keys: Keys, lent: Lent, others: OtherLoans, projects: int) -> tuple[Flags, Findings]:
    """The loans for which their project has no room (a mask over all blocks), each with its finding."""
    over = np.zeros(keys.offsets[-1], bool)
    least = smallest(lent.project, lent.investment, lent.gives, projects)
    together = group_sum(lent.principal, lent.project, projects)
    if others.row.size:
        together = add(together, lent_by_others(others, projects))
    suspects = np.flatnonzero(together > least)
    if suspects.size == 0:
        return over, Findings()
    some = lent.some(np.flatnonzero(np.isin(lent.project, suspects)))
    of_others = np.flatnonzero(np.isin(others.project, suspects))
    more = of_others.size
    ids = keys.loan_ids.take(pa.array(some.row)).to_pylist()
    turn = list(zip(others.disbursed[of_others].tolist(), [0] * more, [""] * more, strict=True))
    turn += zip(some.disbursed.tolist(), [1] * len(ids), ids, strict=True)
    refused, kept = keep_in_order(
        turn,
        np.concatenate([others.project[of_others], some.project]),
        np.concatenate([others.principal[of_others], some.principal]),
        np.concatenate([np.zeros(more, np.int64), some.investment]),
        np.concatenate([np.zeros(more, bool), some.gives]),
    )
    refused = refused - more
    rows, order = some.row[refused], np.argsort(some.row[refused])
    over[rows] = True
    return over, place_rows(
        blocks,
        keys,
        "share_over_one",
        rows[order],
        "principal",
        [added(kept[i], int(some.principal[refused[i]])) for i in order],
        [f"<= {decimal_text(int(i), 2)}" for i in some.investment[refused][order]],
    )


def _differences(blocks: Sequence[Block], keys: Keys, lent: Lent, versions: int) -> Findings:
    """A warning for each project with differing figures, at the first loan that differs from the project's first.

    Loans under different revisions of the project are not held against each other.
    """
    parts = []
    for name, values, there, scale in (
        ("project_investment", lent.investment, lent.gives, FEN),
        ("project_reduction", lent.reduction, lent.has_reduction, GRAMS),
    ):
        first = np.full(versions, -1)
        has = np.flatnonzero(there)
        first[lent.version[has][::-1]] = has[::-1]
        other = has[values[has] != values[first[lent.version[has]]]]
        _, once = np.unique(lent.project[other], return_index=True)
        other = other[np.sort(once)]
        if other.size:
            decimals = len(str(scale)) - 1
            texts = [
                [decimal_text(int(v), decimals) for v in values[rows]] for rows in (other, first[lent.version[other]])
            ]
            parts.append(place_rows(blocks, keys, "project_differs", lent.row[other], name, texts[0], texts[1]))
    return Findings.concat(parts)


def _shares_above_one(blocks: Sequence[Block], keys: Keys, lent: Lent, projects: int) -> Findings:
    """A warning for each project whose frozen shares pass one though no loan is over (its investment was revised)."""
    given = lent.some(np.flatnonzero(lent.gives))
    shares = np.bincount(given.project, weights=given.principal / given.investment, minlength=projects)
    # the float only proposes which projects to look at
    some = given.some(np.flatnonzero(np.isin(given.project, np.flatnonzero(shares > 1 - 1e-6))))
    exact: dict[int, Fraction] = {}
    last: dict[int, int] = {}
    columns = (some.project.tolist(), some.principal.tolist(), some.investment.tolist(), some.row.tolist())
    for project, principal, investment, row in zip(*columns, strict=True):
        exact[project] = exact.get(project, Fraction(0)) + Fraction(principal, investment)
        last[project] = row
    above = sorted((last[p], share) for p, share in exact.items() if share > 1)
    rows = np.array([row for row, _ in above], np.int64)
    found = [f"{float(share):.8f}" for _, share in above]
    return place_rows(blocks, keys, "shares_above_one", rows, "project_investment", found, ["<= 1"] * len(above))
