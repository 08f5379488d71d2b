"""Exchange 1, keys: what no block can know alone. Duplicate loan ids, and what all lenders lent to each project.

``number`` gives every project of the run its number and finds the duplicates; after the blocks have judged their
prepayments, ``share_test`` sets loans aside that would take a project's loans above its investment.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relending.dates import Days
from relending.engine.block import Block
from relending.engine.columns import Flags, arrow
from relending.findings import Findings
from relending.units import FEN, GRAMS, INT64_MAX, Ints, decimal_text, group_sum


@dataclass(frozen=True, slots=True)
class Keys:
    """What the blocks' keys together say: one array a block, in block order.

    ``duplicate`` marks every row whose loan_id another row has too; ``project`` numbers the ``projects`` projects over
    all blocks; ``lenders`` are the lenders of the book in code-point order.
    """

    duplicate: tuple[Flags, ...]
    project: tuple[Ints, ...]
    projects: int
    lenders: tuple[str, ...]
    offsets: tuple[int, ...]
    loan_ids: pa.ChunkedArray


def _split(values: np.ndarray, offsets: Sequence[int]) -> tuple[np.ndarray, ...]:
    return tuple(values[a:b] for a, b in itertools.pairwise(offsets))


def number(frames: Sequence[pd.DataFrame]) -> Keys:
    """The keys of all blocks, from their loan frames."""
    offsets = tuple(int(x) for x in np.concatenate([[0], np.cumsum([len(f) for f in frames])]))
    loan_ids = pa.chunked_array([arrow(f, "loan_id") for f in frames], pa.string())
    duplicate = _duplicates(loan_ids)
    projects = pa.chunked_array([arrow(f, "project_id") for f in frames], pa.string()).combine_chunks()
    coded = projects.dictionary_encode(null_encoding="encode")
    project = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    lenders = sorted({name for f in frames for name in arrow(f, "lender").unique().drop_null().to_pylist()})
    return Keys(
        _split(duplicate, offsets), _split(project, offsets), len(coded.dictionary), tuple(lenders), offsets, loan_ids
    )


def _duplicates(loan_ids: pa.ChunkedArray) -> Flags:
    """Rows whose id another row has too (an empty id is its own error)."""
    if pc.count_distinct(loan_ids, mode="only_valid").as_py() == len(loan_ids) - loan_ids.null_count:
        return np.zeros(len(loan_ids), bool)
    encoded = loan_ids.combine_chunks().dictionary_encode()
    there = np.asarray(encoded.is_valid())
    index = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    times = np.bincount(index[there], minlength=max(len(encoded.dictionary), 1))
    found: Flags = there & (times[index] > 1)
    return found


def duplicate_findings(blocks: Sequence[Block], keys: Keys) -> Findings:
    """An error for every row that shares its loan_id with another, naming one other row."""
    rows = np.flatnonzero(np.concatenate(keys.duplicate))
    if rows.size == 0:
        return Findings()
    ids = keys.loan_ids.take(pa.array(rows)).to_pylist()
    where = _places(blocks, keys, rows)
    first: dict[str, int] = {}
    second: dict[str, int] = {}
    for i, name in enumerate(ids):
        if first.setdefault(name, i) != i:
            second.setdefault(name, i)
    others = [where[second[name] if first[name] == i else first[name]] for i, name in enumerate(ids)]
    return _place_rows(blocks, keys, "duplicate_loan_id", rows, "loan_id", ids, [f"≠ {o}" for o in others])


def _places(blocks: Sequence[Block], keys: Keys, rows: Ints) -> list[str]:
    """File and row of each of these rows (numbers over all blocks), as text."""
    out: list[str] = []
    for block, start, stop in zip(blocks, keys.offsets[:-1], keys.offsets[1:], strict=True):
        mine = rows[(rows >= start) & (rows < stop)] - start
        place = block.place(mine)
        out += [f"{f}:{r}" for f, r in zip(place["file"].to_pylist(), place["row"].to_pylist(), strict=True)]
    return out


@dataclass(frozen=True, slots=True)
class ShareTest:
    """Loans set aside (one mask a block) and what is to be said about projects."""

    over: tuple[Flags, ...]
    findings: Findings


def share_test(blocks: Sequence[Block], keys: Keys, out: Sequence[Flags], end: int) -> ShareTest:
    """Design section 8, share above one, over the loans of all lenders that are new and not in ``out`` (errors).

    In the order disbursed, loan_id, a loan that gives an investment is set aside if the principal kept so far for its
    project plus its own is above its project_investment; the next is tried. Loans after ``end`` are out of the run.
    """
    usable = np.concatenate([~o & (b.disbursed <= end) for b, o in zip(blocks, out, strict=True)])
    named = _lent(blocks, keys, np.flatnonzero(usable))
    lent = _lent(blocks, keys, np.flatnonzero(usable & np.concatenate([b.new for b in blocks])))
    over = np.zeros(len(usable), bool)
    least = np.full(keys.projects, INT64_MAX)
    np.minimum.at(least, lent.project[lent.gives], lent.investment[lent.gives])
    suspects = np.flatnonzero(group_sum(lent.principal, lent.project, keys.projects) > least)
    findings = Findings()
    if suspects.size:
        some = lent.some(np.flatnonzero(np.isin(lent.project, suspects)))
        refused, kept = _keep_in_order(some, keys.loan_ids.take(pa.array(some.row)).to_pylist())
        rows, order = some.row[refused], np.argsort(some.row[refused])
        over[rows] = True
        findings = _place_rows(
            blocks,
            keys,
            "share_over_one",
            rows[order],
            "principal",
            [_added(kept[i], int(some.principal[refused[i]])) for i in order],
            [f"<= {decimal_text(int(i), 2)}" for i in some.investment[refused][order]],
        )
    findings += _differences(blocks, keys, named)
    findings += _shares_above_one(blocks, keys, lent.some(np.flatnonzero(~over[lent.row])))
    return ShareTest(_split(over, keys.offsets), findings)


@dataclass(frozen=True, slots=True)
class Lent:
    """What loans (numbers over all blocks) say of their projects; ``gives``: an investment is given."""

    row: Ints
    project: Ints
    principal: Ints
    investment: Ints
    gives: Flags
    reduction: Ints
    has_reduction: Flags
    disbursed: Days

    def some(self, index: Ints) -> Lent:
        """Part of the loans."""
        return Lent(*(getattr(self, f.name)[index] for f in fields(self)))


def _lent(blocks: Sequence[Block], keys: Keys, rows: Ints) -> Lent:
    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(b, name) for b in blocks])[rows]

    return Lent(
        rows,
        np.concatenate(keys.project)[rows],
        column("principal"),
        column("investment"),
        column("has_investment"),
        column("reduction"),
        column("has_reduction"),
        column("disbursed"),
    )


def _keep_in_order(lent: Lent, ids: list[str]) -> tuple[Ints, list[int]]:
    """Positions refused and, for each, the principal its project's loans had kept so far."""
    # Python compares texts by code point, as the rule asks
    order = sorted(range(len(ids)), key=lambda i: (lent.disbursed[i], ids[i]))
    kept: dict[int, int] = {}
    refused: list[int] = []
    before: list[int] = []
    projects, amounts = lent.project.tolist(), lent.principal.tolist()
    limits, limited = lent.investment.tolist(), lent.gives.tolist()
    for i in order:
        so_far = kept.get(projects[i], 0)
        if limited[i] and so_far + amounts[i] > limits[i]:
            refused.append(i)
            before.append(so_far)
        else:
            kept[projects[i]] = so_far + amounts[i]
    return np.array(refused, np.int64), before


def _added(kept: int, own: int) -> str:
    """The sum that is too much: what the project's loans kept so far, and the loan's own principal."""
    return f"{decimal_text(kept, 2)} + {decimal_text(own, 2)}" if kept else decimal_text(own, 2)


def _differences(blocks: Sequence[Block], keys: Keys, lent: Lent) -> Findings:
    """A warning for each project with differing figures, at the first loan that differs from the project's first."""
    parts = []
    for name, values, there, scale in (
        ("project_investment", lent.investment, lent.gives, FEN),
        ("project_reduction", lent.reduction, lent.has_reduction, GRAMS),
    ):
        first = np.full(keys.projects, -1)
        has = np.flatnonzero(there)
        first[lent.project[has][::-1]] = has[::-1]
        other = has[values[has] != values[first[lent.project[has]]]]
        _, once = np.unique(lent.project[other], return_index=True)
        other = other[np.sort(once)]
        if other.size:
            decimals = len(str(scale)) - 1
            texts = [
                [decimal_text(int(v), decimals) for v in values[rows]] for rows in (other, first[lent.project[other]])
            ]
            parts.append(_place_rows(blocks, keys, "project_differs", lent.row[other], name, texts[0], texts[1]))
    return Findings.concat(parts)


def _shares_above_one(blocks: Sequence[Block], keys: Keys, lent: Lent) -> Findings:
    """A warning for each project whose frozen shares pass one though no loan is over (its investment was revised)."""
    given = lent.some(np.flatnonzero(lent.gives))
    shares = np.bincount(given.project, weights=given.principal / given.investment, minlength=keys.projects)
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
    return _place_rows(blocks, keys, "shares_above_one", rows, "project_investment", found, ["<= 1"] * len(above))


def _place_rows(
    blocks: Sequence[Block], keys: Keys, code: str, rows: Ints, column: str, found: list[str], expected: list[str]
) -> Findings:
    parts = []
    for block, start, stop in zip(blocks, keys.offsets[:-1], keys.offsets[1:], strict=True):
        mine = np.flatnonzero((rows >= start) & (rows < stop))
        if mine.size:
            parts.append(
                Findings.of(
                    code,
                    int(mine.size),
                    **block.place(rows[mine] - start),
                    column=column,
                    found=[found[i] for i in mine],
                    expected=[expected[i] for i in mine],
                )
            )
    return Findings.concat(parts)


place_rows = _place_rows
