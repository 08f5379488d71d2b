"""Refinancing 借新还旧: a loan that replaces another repays it, so that its share and its draw end.

The new loan is not new money (``not_new``) and is not supported; what it repays is the smaller of its principal and
what the old loan owes on the day it is made. The old loan's tonnes stay where they were disclosed when it was issued
and are counted nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from relending.engine.block import Block
from relending.engine.columns import Flags, arrow
from relending.engine.keys import Keys, place_rows
from relending.engine.owed import REFINANCED, Events
from relending.engine.side import loans_called
from relending.findings import Findings
from relending.units import Ints, decimal_text


@dataclass(frozen=True, slots=True)
class Replacements:
    """Which loan replaces which (rows over all blocks): ``new`` repays ``old`` on ``day``, at most ``amount`` fen."""

    new: Ints
    old: Ints
    day: Ints
    amount: Ints

    def events(self, start: int, stop: int) -> Events:
        """What the loans of the block of rows start … stop are repaid."""
        mine = (self.old >= start) & (self.old < stop)
        return Events.of(REFINANCED, self.old[mine] - start, self.day[mine], self.amount[mine])


def replacements(blocks: Sequence[Block], keys: Keys, out: Sequence[Flags]) -> tuple[Replacements, Findings]:
    """The replacements between usable loans of the book, and what is to be said of those that are none."""
    none = np.zeros(0, np.int64)
    named = [arrow(b.frame, "refinances") for b in blocks]
    if all(n.null_count == len(n) for n in named):
        return Replacements(none, none, none, none), Findings()
    ids = pa.chunked_array(named).combine_chunks()
    bad = np.concatenate(list(out))
    new = np.flatnonzero(np.asarray(ids.is_valid()) & ~bad)
    if new.size == 0:
        return Replacements(none, none, none, none), Findings()
    old = loans_called(ids.take(pa.array(new)), keys)
    day = np.concatenate([b.disbursed for b in blocks])
    amount = np.concatenate([b.principal for b in blocks])
    itself, unknown = old == new, old < 0
    late = ~unknown & ~itself & ~bad[old] & (day[new] < day[old])
    kept = ~unknown & ~itself & ~bad[old] & ~late
    said = [
        _said(blocks, keys, "refinances_unknown", new[unknown], ids),
        _said(blocks, keys, "refinances_itself", new[itself], ids),
        _said(blocks, keys, "refinances_later_loan", new[late], ids),
    ]
    new, old = new[kept], old[kept]
    return Replacements(new, old, day[new], amount[new]), Findings.concat(said)


def replaced_findings(done: Replacements, owed: Ints, blocks: Sequence[Block], keys: Keys, after: Ints) -> Findings:
    """A note for each loan replaced, at the loan that replaced it, and a warning where a part of it remains.

    ``owed``: what each old loan owed at the end of the day before anything that day; ``after``: at its end.
    """
    ids = keys.loan_ids.combine_chunks()
    some = np.flatnonzero(owed > 0)
    order = some[np.argsort(done.new[some], kind="stable")]
    names = ids.take(pa.array(done.old[order])).to_pylist()
    found = [f"{n}: {decimal_text(int(o), 2)}" for n, o in zip(names, owed[order], strict=True)]
    said = place_rows(blocks, keys, "refinanced", done.new[order], "refinances", found, [""] * len(found))
    part = order[after[order] > 0]
    names = ids.take(pa.array(done.old[part])).to_pylist()
    left = [f"{n}: {decimal_text(int(a), 2)}" for n, a in zip(names, after[part], strict=True)]
    return said + place_rows(
        blocks, keys, "refinanced_in_part", done.new[part], "refinances", left, ["0.00"] * len(left)
    )


def _said(blocks: Sequence[Block], keys: Keys, code: str, rows: Ints, ids: pa.Array) -> Findings:
    found = ids.take(pa.array(rows)).to_pylist()
    return place_rows(blocks, keys, code, rows, "refinances", found, [""] * len(found))
