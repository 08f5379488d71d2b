"""Contracts 合同 and syndicates 银团: what is paid out under one contract is not above what was agreed.

A contract is a lender's contract_id; its loans are its disbursements, each a row of the book. A limit is the amount of
the contract; of a syndicate also the lender's own part of the whole. Loans beyond it are set aside, like those beyond
the investment of a project.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from relending.book.columns import limits
from relending.engine.block import Block
from relending.engine.columns import Flags, arrow, maybe_ints, numbered
from relending.engine.inorder import added, keep_in_order
from relending.engine.keys import Keys, lender_numbers, place_rows, places, split
from relending.engine.others import smallest
from relending.engine.projects import first_of
from relending.findings import Findings
from relending.units import INT64_MAX, PPM, Ints, decimal_text, group_sum, mul_div

LIMIT, TOTAL, SHARE = "contract_limit", "syndicate_total", "syndicate_share"
FRAME = {LIMIT: "contract_limit_fen", TOTAL: "syndicate_total_fen", SHARE: "syndicate_share_ppm"}


@dataclass(frozen=True, slots=True)
class ContractTest:
    """Loans set aside (one mask a block) and what is to be said about contracts."""

    over: tuple[Flags, ...]
    findings: Findings


def contract_test(blocks: Sequence[Block], keys: Keys, out: Sequence[Flags], end: int) -> ContractTest:
    """Loans above the limit of their contract, among those not in ``out`` (errors).

    The limit of a contract is the smallest contract_limit its loans give; a second one is, where both are given, the
    smallest of syndicate_total x (syndicate_share + tolerance), rounded down. In the order disbursed, loan_id, a loan
    disbursed by ``end`` is set aside if the principal kept so far for its contract plus its own is above a limit; the
    next is tried. A loan without a contract_id is a contract of its own.
    """
    nothing = ContractTest(tuple(np.zeros(len(b), bool) for b in blocks), Findings())
    if not any(_given(b, name) for b in blocks for name in FRAME.values()):
        return nothing
    usable = ~np.concatenate(list(out))
    values, there = {}, {}
    for name, column in FRAME.items():
        parts = [maybe_ints(b.frame, column) for b in blocks]
        values[name] = np.concatenate([v for v, _ in parts])
        there[name] = np.concatenate([t for _, t in parts]) & usable
    said = [_incomplete(blocks, keys, there)]
    part = there[TOTAL] & there[SHARE]
    rows = np.flatnonzero(usable)
    group, contracts = _contracts(blocks, keys, rows)
    bounded = np.zeros(contracts, bool)
    bounded[group[(there[LIMIT] | part)[rows]]] = True
    some = np.flatnonzero(bounded[group])
    rows, group = rows[some], group[some]
    if rows.size == 0:
        return ContractTest(nothing.over, Findings.concat(said))
    agreed = _Bound(values[LIMIT][rows], there[LIMIT][rows])
    share = values[SHARE][rows] + limits()["syndicate_tolerance_ppm"]
    own_part = _Bound(mul_div(values[TOTAL][rows], share, PPM, "floor"), part[rows])

    def agreed_text(row: int) -> str:
        return decimal_text(int(values[LIMIT][row]), 2)

    def part_text(row: int) -> str:
        return f"{decimal_text(int(values[TOTAL][row]), 2)} × {decimal_text(int(values[SHARE][row]), 6)}"

    said.append(_differing(blocks, keys, rows, group, LIMIT, agreed, agreed_text))
    said.append(_differing(blocks, keys, rows, group, TOTAL, own_part, part_text))
    over, findings = _over(blocks, keys, rows, group, contracts, agreed, own_part, end)
    return ContractTest(split(over, keys.offsets), Findings.concat([*said, findings]))


@dataclass(frozen=True, slots=True)
class _Bound:
    """What loans give of one limit of their contracts (fen), and whether they do."""

    fen: Ints
    there: Flags


def _given(block: Block, column: str) -> bool:
    return column in block.frame and bool(block.frame[column].notna().any())


def _contracts(blocks: Sequence[Block], keys: Keys, rows: Ints) -> tuple[Ints, int]:
    """The contract of each loan, numbered."""
    ids = pa.chunked_array([_contract_ids(b) for b in blocks]).combine_chunks().dictionary_encode()
    contract = ids.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)[rows]
    lender = np.concatenate([lender_numbers(b, keys) for b in blocks])[rows]
    alone = len(ids.dictionary) * len(keys.lenders) + rows
    found, group = numbered(np.where(contract >= 0, contract * len(keys.lenders) + lender, alone))
    return group, found.size


def _contract_ids(block: Block) -> pa.Array:
    return arrow(block.frame, "contract_id") if "contract_id" in block.frame else pa.nulls(len(block), pa.string())


def _over(
    blocks: Sequence[Block],
    keys: Keys,
    rows: Ints,
    group: Ints,
    contracts: int,
    agreed: _Bound,
    own_part: _Bound,
    end: int,
) -> tuple[Flags, Findings]:
    """The loans for which their contract has no room (a mask over all blocks), with a finding for each limit passed."""
    over = np.zeros(keys.offsets[-1], bool)
    first, second = (smallest(group, bound.fen, bound.there, contracts) for bound in (agreed, own_part))
    least = np.minimum(first, second)
    day = np.concatenate([b.disbursed for b in blocks])[rows]
    principal = np.concatenate([b.principal for b in blocks])[rows]
    lent = np.flatnonzero(day <= end)
    suspect = group_sum(principal[lent], group[lent], contracts) > least
    lent = lent[suspect[group[lent]]]
    if lent.size == 0:
        return over, Findings()
    ids = keys.loan_ids.take(pa.array(rows[lent])).to_pylist()
    turn = list(zip(day[lent].tolist(), [1] * lent.size, ids, strict=True))
    limit = least[group[lent]]
    refused, kept = keep_in_order(turn, group[lent], principal[lent], limit, limit < INT64_MAX)
    at = lent[refused]
    order = np.argsort(rows[at])
    over[rows[at]] = True
    parts = []
    for code, most in (("contract_limit_exceeded", first), ("over_syndicate_share", second)):
        told = [i for i in order.tolist() if kept[i] + int(principal[at[i]]) > most[group[at[i]]]]
        found = [added(kept[i], int(principal[at[i]])) for i in told]
        expected = [f"<= {decimal_text(int(most[group[at[i]]]), 2)}" for i in told]
        parts.append(place_rows(blocks, keys, code, rows[at[told]], "principal", found, expected))
    return over, Findings.concat(parts)


def _incomplete(blocks: Sequence[Block], keys: Keys, there: dict[str, Flags]) -> Findings:
    """A warning for each loan that gives its syndicate's total or its share of it alone, at the cell that is empty."""
    parts = []
    for name, other in ((TOTAL, SHARE), (SHARE, TOTAL)):
        rows = np.flatnonzero(~there[name] & there[other])
        n = int(rows.size)
        parts.append(place_rows(blocks, keys, "syndicate_incomplete", rows, name, [""] * n, ["> 0"] * n))
    return Findings.concat(parts)


def _differing(
    blocks: Sequence[Block], keys: Keys, rows: Ints, group: Ints, column: str, bound: _Bound, text: Callable[[int], str]
) -> Findings:
    """A warning for each contract whose loans give different limits, at the first that differs from its first.

    ``text`` says what the loan of a row (over all blocks) gives.
    """
    has = np.flatnonzero(bound.there)
    if has.size == 0:
        return Findings()
    first = first_of(group, int(group.max()) + 1, has)[group]
    other = has[bound.fen[has] != bound.fen[first[has]]]
    other = other[np.sort(np.unique(group[other], return_index=True)[1])]
    if other.size == 0:
        return Findings()
    before = rows[first[other]]
    distinct, back = np.unique(before, return_inverse=True)
    where = places(blocks, keys, distinct)
    found = [text(i) for i in rows[other].tolist()]
    expected = [f"{text(i)} ({where[k]})" for i, k in zip(before.tolist(), back.tolist(), strict=True)]
    return place_rows(blocks, keys, "contract_limit_differs", rows[other], column, found, expected)
