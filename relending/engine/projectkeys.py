"""The key of a project 项目识别: its project_code, where one is given, else its project_id.

Banks number projects by themselves; the national code is the same at each. So loans to two project_ids of one code are
loans to one project where shares are tested. The statement counts projects by project_id, as each bank publishes its
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from relending.engine.block import Block
from relending.engine.columns import Flags, arrow
from relending.engine.keys import Keys, place_rows, places
from relending.engine.projects import first_of
from relending.findings import Findings
from relending.units import Ints


@dataclass(frozen=True, slots=True)
class ProjectKeys:
    """The key of every project (number as in ``Keys.project``): 0 .. ``size`` - 1.

    ``codes`` are the distinct project_codes of the book and ``by_code`` the key of each (-1: no project's); None where
    the book gives none and the key is the project.
    """

    key: Ints
    size: int
    codes: pa.Array | None = None
    by_code: Ints | None = None

    def of_code(self, code: Ints) -> Ints:
        """The keys of codes (positions in ``codes``); -1 where it is -1 or no project's."""
        if self.by_code is None:
            return np.full(code.size, -1)
        return np.append(self.by_code, -1)[code]


def project_keys(blocks: Sequence[Block], keys: Keys, out: Sequence[Flags]) -> tuple[ProjectKeys, Findings]:
    """The project keys of a book, by its loans not in ``out`` (errors): of a project_id the first code in input order.

    A warning where loans of one project_id give another code.
    """
    given = [_codes(b) for b in blocks]
    alone = ProjectKeys(np.arange(keys.projects), keys.projects)
    if all(c.null_count == len(c) for c in given):
        return alone, Findings()
    coded = pa.chunked_array(given).combine_chunks().dictionary_encode()
    code = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    project = np.concatenate(keys.project)
    usable = ~np.concatenate(list(out))
    rows = np.flatnonzero(usable & (code >= 0))
    first = first_of(project, keys.projects, rows)
    has = first >= 0
    n = len(coded.dictionary)
    by_project = np.where(has, code[first], -1)
    by_code = np.full(n, -1)
    by_code[by_project[has]] = by_project[has]
    key = np.where(has, by_project, n + np.arange(keys.projects))
    named = ProjectKeys(key, n + keys.projects, coded.dictionary, by_code)
    return named, _differing(blocks, keys, rows, project, code, first, coded.dictionary)


def _codes(block: Block) -> pa.Array:
    return arrow(block.frame, "project_code") if "project_code" in block.frame else pa.nulls(len(block), pa.string())


def _differing(
    blocks: Sequence[Block], keys: Keys, rows: Ints, project: Ints, code: Ints, first: Ints, names: pa.Array
) -> Findings:
    """A warning for each project_id with several codes, at the first loan whose code is not the one that counts."""
    other = rows[code[rows] != code[first[project[rows]]]]
    other = other[np.sort(np.unique(project[other], return_index=True)[1])]
    found = names.take(pa.array(code[other])).to_pylist()
    if other.size == 0:
        return Findings()
    before = first[project[other]]
    distinct, back = np.unique(before, return_inverse=True)
    where = places(blocks, keys, distinct)
    texts = names.take(pa.array(code[before])).to_pylist()
    expected = [f"{text} ({where[i]})" for text, i in zip(texts, back.tolist(), strict=True)]
    return place_rows(blocks, keys, "project_code_differs", other, "project_code", found, expected)
