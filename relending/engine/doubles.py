"""One project twice 重复项目: under two ids, under two codes, in two facilities. Warnings only.

A project is known by its project_id, across banks by its project_code, and, where neither helps, by name and borrower
together: the name without regard to letter case and full or half width, the borrower as it is written. Two banks may
have ids of their own under one code: that is what the code is for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relending.engine.block import Block
from relending.engine.columns import arrow, numbered
from relending.engine.keys import Keys, lender_numbers
from relending.engine.projects import NOT_GIVEN, Usable, first_of, place
from relending.findings import Findings
from relending.policy import sectors
from relending.units import Ints


def double_findings(blocks: Sequence[Block], keys: Keys, usable: Usable) -> Findings:
    """Every project that stands in the book twice, at the first loan that says otherwise than an earlier one."""
    booked = np.flatnonzero(~usable.planned)
    if booked.size == 0:
        return Findings()
    seen = _Seen(blocks, keys, usable.row[booked], usable.project[booked])
    code = _coded(seen.text("project_code"))
    parts = [_two_ids(seen, code), _code_twice(seen, code), _two_codes(seen, code), _two_facilities(seen, code)]
    return Findings.concat(parts)


class _Seen:
    """The booked loans: row over all blocks and project of each, and what their text columns hold."""

    def __init__(self, blocks: Sequence[Block], keys: Keys, row: Ints, project: Ints) -> None:
        """Of the loans at these rows, of these projects."""
        self.blocks, self.keys, self.row, self.project = blocks, keys, row, project

    def text(self, name: str, at: Ints | None = None) -> pa.Array | None:
        """A text column of the loans, or of those at some positions; None where no loan gives it."""
        columns = [arrow(b.frame, name) if name in b.frame else pa.nulls(len(b), pa.string()) for b in self.blocks]
        if all(c.null_count == len(c) for c in columns):
            return None
        rows = self.row if at is None else self.row[at]
        whole = pa.chunked_array(columns, pa.string()).combine_chunks()
        return whole if rows.size == len(whole) else whole.take(pa.array(rows))

    def named(self, name: str, at: Ints) -> list[str]:
        """Texts of loans as they are shown; empty where none is given."""
        found = self.text(name, at)
        return [""] * at.size if found is None else [t or "" for t in found.to_pylist()]

    def findings(
        self, code: str, at: Ints, column: str, found: list[str], other: Ints, expected: list[str]
    ) -> Findings:
        """A finding at each of the loans ``at`` (ascending), against the ``other`` loan it does not agree with."""
        if at.size == 0:
            return Findings()
        order = np.argsort(self.row[other], kind="stable")
        there = place(self.blocks, self.keys, self.row[other][order])
        back = np.empty_like(order)
        back[order] = np.arange(order.size)
        files, rows = (there[name].take(pa.array(back)).to_pylist() for name in ("file", "row"))
        return Findings.of(
            code,
            int(at.size),
            **place(self.blocks, self.keys, self.row[at]),
            column=column,
            found=found,
            expected=[f"{text} ({file}:{row})" for text, file, row in zip(expected, files, rows, strict=True)],
        )


def _coded(texts: pa.Array | None) -> Ints | None:
    """Texts as numbers, -1 for none."""
    if texts is None:
        return None
    indices = texts.dictionary_encode().indices
    return indices.fill_null(NOT_GIVEN).to_numpy(zero_copy_only=False).astype(np.int64)


def _others(key: Ints, value: Ints) -> tuple[Ints, Ints]:
    """Rows whose value is another than the first of their key, and those first rows; -1 is no key and no value."""
    there = np.flatnonzero((key != NOT_GIVEN) & (value != NOT_GIVEN))
    if there.size == 0:
        return there, there
    first = first_of(key, int(key.max()) + 1, there)[key[there]]
    differs = value[there] != value[first]
    return there[differs], first[differs]


def _once(at: Ints, other: Ints, key: Ints) -> tuple[Ints, Ints]:
    """The first of each key only."""
    keep = np.sort(np.unique(key[at], return_index=True)[1])
    return at[keep], other[keep]


def _two_ids(seen: _Seen, code: Ints | None) -> Findings:
    """One project_code of a lender, or one name and borrower, under several ids: once for each id after the first."""
    parts = []
    told = np.zeros(0, np.int64)
    for column, key in (
        ("project_code", None if code is None else _by_lender(seen, code)),
        ("project_name", _name_and_borrower(seen)),
    ):
        if key is None:
            continue
        at, other = _once(*_others(key, seen.project), seen.project)
        fresh = ~np.isin(seen.project[at], told)
        at, other = at[fresh], other[fresh]
        told = np.concatenate([told, seen.project[at]])
        if at.size:
            ids = zip(seen.named("project_id", at), seen.named(column, at), strict=True)
            found = [f"{i} ({text})" for i, text in ids]
            parts.append(
                seen.findings("project_two_ids", at, "project_id", found, other, seen.named("project_id", other))
            )
    return Findings.concat(parts)


def _code_twice(seen: _Seen, code: Ints | None) -> Findings:
    """One lender whose projects of several ids have one code (each the first that any of its loans gives)."""
    if code is None:
        return Findings()
    there = np.flatnonzero(code != NOT_GIVEN)
    first = first_of(seen.project, seen.keys.projects, there)[seen.project]
    of_project = np.where(first != NOT_GIVEN, code[first], NOT_GIVEN)
    key = _by_lender(seen, of_project)
    at, other = _others(key, seen.project)
    # a project may be several lenders': it is told for each
    keep = np.sort(np.unique(key[at] * seen.keys.projects + seen.project[at], return_index=True)[1])
    at, other = at[keep], other[keep]
    ids = zip(seen.named("project_id", at), seen.named("project_code", first[at]), strict=True)
    found = [f"{i} ({text})" for i, text in ids]
    return seen.findings("project_code_twice", at, "project_id", found, other, seen.named("project_id", other))


def _by_lender(seen: _Seen, code: Ints) -> Ints:
    """Code and lender together as a number, -1 for no code."""
    if len(seen.keys.lenders) == 1:
        return code
    lender = np.concatenate([lender_numbers(b, seen.keys) for b in seen.blocks])[seen.row]
    return np.where(code == NOT_GIVEN, NOT_GIVEN, numbered(code * len(seen.keys.lenders) + lender)[1])


def _two_codes(seen: _Seen, code: Ints | None) -> Findings:
    if code is None:
        return Findings()
    at, other = _once(*_others(seen.project, code), seen.project)
    return seen.findings(
        "project_two_codes",
        at,
        "project_code",
        seen.named("project_code", at),
        other,
        seen.named("project_code", other),
    )


def _name_and_borrower(seen: _Seen) -> Ints | None:
    """Name and borrower together as a number, -1 where one is missing or no other project has the borrower.

    Of each project the first loan that gives a borrower speaks; only names of borrowers with several are normalised.
    """
    borrowers, names = seen.text("borrower"), seen.text("project_name")
    if borrowers is None or names is None:
        return None
    first = first_of(seen.project, seen.keys.projects, np.flatnonzero(np.asarray(borrowers.is_valid())))
    one = np.sort(first[first != NOT_GIVEN])
    borrower = _coded(borrowers.take(pa.array(one)))
    assert borrower is not None
    several = (np.bincount(borrower) > 1)[borrower]
    one, borrower = one[several], borrower[several]
    found = np.full(seen.project.size, NOT_GIVEN)
    if one.size == 0:
        return found
    coded = names.take(pa.array(one)).dictionary_encode()
    # a name is normalised once, however many loans carry it
    plain = pc.utf8_trim_whitespace(pc.utf8_lower(pc.utf8_normalize(coded.dictionary, form="NFKC")))
    name = _coded(plain.take(coded.indices))
    assert name is not None
    _, both = np.unique(borrower * (int(name.max()) + 2) + name, return_inverse=True)
    found[one] = np.where(name == NOT_GIVEN, NOT_GIVEN, both)
    return found


def _two_facilities(seen: _Seen, code: Ints | None) -> Findings:
    """Loans of one project, by id or by code, whose sectors belong to two facilities."""
    known = sectors()
    facilities = sorted({s.facility for s in known.values()})
    parts = [
        np.array([facilities.index(known[s].facility) if s and s in known else NOT_GIVEN for s in b.sectors])[b.sector]
        for b in seen.blocks
    ]
    facility = np.concatenate(parts)[seen.row]
    at, other = _once(*_others(seen.project, facility), seen.project)
    if code is not None:
        more, first = _once(*_others(code, facility), code)
        fresh = ~np.isin(seen.project[more], seen.project[at])
        at, other = np.concatenate([at, more[fresh]]), np.concatenate([other, first[fresh]])
        order = np.argsort(at, kind="stable")
        at, other = at[order], other[order]
    if at.size == 0:
        return Findings()

    def told(rows: Ints) -> list[str]:
        names = zip(seen.named("sector", rows), facility[rows].tolist(), strict=True)
        return [f"{sector} [{facilities[f]}]" for sector, f in names]

    return seen.findings("project_two_facilities", at, "sector", told(at), other, told(other))
