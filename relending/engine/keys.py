"""Exchange 1, keys: what no block can know alone. Duplicate loan ids, and what all lenders lent to each project.

``number`` gives every project of the run its number and finds the duplicates; after the blocks have judged their
prepayments, ``share_test`` sets loans aside that would take a project's loans above its investment.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relending.dates import Days
from relending.engine.block import Block
from relending.engine.columns import Flags, arrow, text_of
from relending.findings import Findings
from relending.units import Ints, exact_sums, group_sum


@dataclass(frozen=True, slots=True)
class Keys:
    """What the blocks' keys together say: one array a block, in block order.

    ``duplicate`` marks every row whose loan_id another row has too; ``project`` numbers projects over all blocks;
    ``lenders`` are the lenders of the book in code-point order.
    """

    duplicate: tuple[Flags, ...]
    project: tuple[Ints, ...]
    project_ids: pa.Array
    lenders: tuple[str, ...]
    offsets: tuple[int, ...]
    loan_ids: pa.ChunkedArray

    @property
    def projects(self) -> int:
        """Number of distinct projects."""
        return len(self.project_ids)


def _split(values: np.ndarray, offsets: Sequence[int]) -> tuple[np.ndarray, ...]:
    return tuple(values[a:b] for a, b in itertools.pairwise(offsets))


def number(blocks: Sequence[Block]) -> Keys:
    """The keys of all blocks."""
    offsets = tuple(int(x) for x in np.concatenate([[0], np.cumsum([len(b) for b in blocks])]))
    loan_ids = pa.chunked_array([b.loan_id for b in blocks], pa.string())
    duplicate = _duplicates(loan_ids)
    projects = pa.chunked_array([arrow(b.frame, "project_id") for b in blocks], pa.string()).combine_chunks()
    coded = projects.dictionary_encode(null_encoding="encode")
    project = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    lenders = sorted({name for b in blocks for name in b.lenders if name is not None})
    return Keys(
        _split(duplicate, offsets), _split(project, offsets), coded.dictionary, tuple(lenders), offsets, loan_ids
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
    """An error for every row that shares its loan_id with another."""
    return Findings.concat(
        Findings.of(
            "duplicate_loan_id",
            int(rows.size),
            **block.place(rows),
            column="loan_id",
            found=block.loan_id.take(pa.array(rows)),
        )
        for block, mask in zip(blocks, keys.duplicate, strict=True)
        if (rows := np.flatnonzero(mask)).size
    )


@dataclass(frozen=True, slots=True)
class ShareTest:
    """Loans set aside (one mask a block) and what is to be said about projects."""

    over: tuple[Flags, ...]
    findings: Findings


def share_test(blocks: Sequence[Block], keys: Keys, out: Sequence[Flags]) -> ShareTest:
    """Design section 8, share above one, over the loans of all lenders that are new and not in ``out`` (errors).

    In the order disbursed, loan_id, a loan that gives an investment is set aside if the principal kept so far for its
    project plus its own is above its project_investment; the next is tried.
    """
    counted = np.concatenate([b.new & ~o for b, o in zip(blocks, out, strict=True)])
    rows = np.flatnonzero(counted)
    project = np.concatenate(keys.project)[rows]
    principal = np.concatenate([b.principal for b in blocks])[rows]
    investment = np.concatenate([b.investment for b in blocks])[rows]
    gives = np.concatenate([b.has_investment for b in blocks])[rows]
    disbursed = np.concatenate([b.disbursed for b in blocks])[rows]
    size = keys.projects
    lent = group_sum(principal, project, size)
    huge = np.iinfo(np.int64).max
    least = np.full(size, huge)
    np.minimum.at(least, project[gives], investment[gives])
    suspects = np.flatnonzero(lent > least)
    over = np.zeros(len(counted), bool)
    findings = Findings()
    if suspects.size:
        some = np.flatnonzero(np.isin(project, suspects))
        ids = keys.loan_ids.take(pa.array(rows[some])).to_pylist()
        refused, room = _keep_in_order(
            project[some], principal[some], investment[some], gives[some], disbursed[some], ids
        )
        over[rows[some[refused]]] = True
        findings = _over_findings(blocks, keys, over, dict(zip(rows[some[refused]].tolist(), room, strict=True)))
    kept = ~over[rows]
    findings += _differences(
        blocks, keys, rows[kept], project[kept], investment[kept], gives[kept], principal[kept], size
    )
    return ShareTest(_split(over, keys.offsets), findings)


def _keep_in_order(
    project: Ints, principal: Ints, investment: Ints, gives: Flags, disbursed: Days, ids: list[str]
) -> tuple[Ints, list[int]]:
    """Positions refused and, for each, what its project still had room for."""
    # Python compares texts by code point, as the rule asks
    order = sorted(range(len(ids)), key=lambda i: (disbursed[i], ids[i]))
    kept: dict[int, int] = {}
    refused: list[int] = []
    room: list[int] = []
    projects, amounts, limits, limited = project.tolist(), principal.tolist(), investment.tolist(), gives.tolist()
    for i in order:
        so_far = kept.get(projects[i], 0)
        if limited[i] and so_far + amounts[i] > limits[i]:
            refused.append(i)
            room.append(max(limits[i] - so_far, 0))
        else:
            kept[projects[i]] = so_far + amounts[i]
    return np.array(refused, np.int64), room


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals, for texts."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"


def _over_findings(blocks: Sequence[Block], keys: Keys, over: Flags, room: dict[int, int]) -> Findings:
    parts = []
    for block, mask, start in zip(blocks, _split(over, keys.offsets), keys.offsets, strict=False):
        rows = np.flatnonzero(mask)
        if rows.size:
            parts.append(
                Findings.of(
                    "share_over_one",
                    int(rows.size),
                    **block.place(rows),
                    column="principal",
                    found=[yuan(int(p)) for p in block.principal[rows]],
                    expected=[f"<= {yuan(room[start + int(r)])}" for r in rows],
                )
            )
    return Findings.concat(parts)


def _differences(
    blocks: Sequence[Block],
    keys: Keys,
    rows: Ints,
    project: Ints,
    investment: Ints,
    gives: Flags,
    principal: Ints,
    size: int,
) -> Findings:
    """Warnings on projects whose loans name different figures, and on shares that together pass one all the same."""
    reduction = np.concatenate([b.reduction for b in blocks])[rows]
    has_reduction = np.concatenate([b.has_reduction for b in blocks])[rows]
    parts = []
    for name, values, there in (
        ("project_investment", investment, gives),
        ("project_reduction", reduction, has_reduction),
    ):
        first = np.full(size, -1)
        has = np.flatnonzero(there)
        first[project[has][::-1]] = has[::-1]
        other = has[values[has] != values[first[project[has]]]]
        # one row a project: its first loan that names another figure than the loan before it did
        _, once = np.unique(project[other], return_index=True)
        other = other[np.sort(once)]
        if other.size:
            scale = 100 if name == "project_investment" else 1_000_000
            parts.append(
                _place_rows(
                    blocks,
                    keys,
                    "project_differs",
                    rows[other],
                    name,
                    [_plain(int(v), scale) for v in values[other]],
                    [_plain(int(v), scale) for v in values[first[project[other]]]],
                )
            )
    parts.append(_shares_above_one(blocks, keys, rows, project, investment, gives, principal, size))
    return Findings.concat(parts)


def _shares_above_one(
    blocks: Sequence[Block],
    keys: Keys,
    rows: Ints,
    project: Ints,
    investment: Ints,
    gives: Flags,
    principal: Ints,
    size: int,
) -> Findings:
    with np.errstate(divide="ignore"):
        shares = np.bincount(project[gives], weights=principal[gives] / investment[gives], minlength=size)
    # the float only proposes which projects to look at
    suspects = np.flatnonzero(shares > 1 - 1e-6)
    suspects_rows = np.flatnonzero(np.isin(project, suspects) & gives) if suspects.size else np.zeros(0, np.int64)
    exact: dict[int, Fraction] = {}
    last: dict[int, int] = {}
    for i in suspects_rows.tolist():
        p = int(project[i])
        exact[p] = exact.get(p, Fraction(0)) + Fraction(int(principal[i]), int(investment[i]))
        last[p] = i
    above = [(last[p], share) for p, share in exact.items() if share > 1]
    if not above:
        return Findings()
    return _place_rows(
        blocks,
        keys,
        "shares_above_one",
        rows[[i for i, _ in above]],
        "project_investment",
        [f"{float(share):.8f}" for _, share in above],
        ["<= 1"] * len(above),
    )


def _plain(value: int, scale: int) -> str:
    digits = len(str(scale)) - 1
    text = f"{value // scale}.{value % scale:0{digits}d}"
    return text.rstrip("0").rstrip(".") if scale != 100 else text


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


@dataclass(frozen=True, slots=True)
class Matched:
    """Prepayments of one block's loans: loan (position in the block), day, amount in fen; rows of the side table."""

    loan: Ints
    day: Days
    amount: Ints


def match_prepayments(keys: Keys, loan_id: pa.Array, day: Days, amount: Ints) -> tuple[tuple[Matched, ...], Flags]:
    """Prepayments sorted to the blocks of their loans; and which rows name a loan that no block has."""
    if len(loan_id) == 0:
        none = np.zeros(0, np.int64)
        return tuple(Matched(none, none, none) for _ in keys.offsets[1:]), np.zeros(0, bool)
    named = loan_id.unique().drop_null()
    # the small table is the one that is hashed; of a duplicated id any row will do, all of them are set aside
    hit = pc.index_in(keys.loan_ids.combine_chunks(), value_set=named)
    found = np.flatnonzero(np.asarray(hit.is_valid()))
    row_of = np.full(len(named) + 1, -1, np.int64)
    row_of[hit.fill_null(0).to_numpy(zero_copy_only=False)[found]] = found
    place = pc.index_in(loan_id, value_set=named).fill_null(len(named)).to_numpy(zero_copy_only=False)
    where = row_of[place]
    known = where >= 0
    matched = []
    for start, stop in zip(keys.offsets[:-1], keys.offsets[1:], strict=True):
        mine = np.flatnonzero((where >= start) & (where < stop))
        matched.append(Matched(where[mine] - start, day[mine], amount[mine]))
    return tuple(matched), ~known


__all__ = [
    "Keys",
    "Matched",
    "ShareTest",
    "duplicate_findings",
    "exact_sums",
    "match_prepayments",
    "number",
    "share_test",
    "text_of",
    "yuan",
]
