"""A limit that several amounts share: who is within it when each is tried in its turn.

The rule of the share test and of contract limits: an amount that would take its group above the limit is refused, and
the next, which may be smaller, is tried.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relending.engine.columns import Flags
from relending.units import Ints, decimal_text


def keep_in_order(
    turn: Sequence[tuple[int, int, str]], group: Ints, amount: Ints, limit: Ints, limited: Flags
) -> tuple[Ints, list[int]]:
    """Positions refused, in the order of their turns, and for each what its group had kept by then.

    ``turn`` orders the amounts: (day, rank of that day, id; texts by code point). One that is not ``limited`` is always
    kept. ``amount`` and ``limit`` are in the same unit.

    >>> turns = [(0, 1, "A"), (1, 1, "B"), (2, 1, "C")]
    >>> one, yes = np.zeros(3, np.int64), np.ones(3, bool)
    >>> refused, before = keep_in_order(turns, one, np.array([60, 50, 40]), np.array([100, 100, 100]), yes)
    >>> refused.tolist(), before
    ([1], [60])
    """
    kept: dict[int, int] = {}
    refused: list[int] = []
    before: list[int] = []
    groups, amounts, limits, bound = group.tolist(), amount.tolist(), limit.tolist(), limited.tolist()
    # Python compares texts by code point, as the rule asks
    for i in sorted(range(len(turn)), key=turn.__getitem__):
        so_far = kept.get(groups[i], 0)
        if bound[i] and so_far + amounts[i] > limits[i]:
            refused.append(i)
            before.append(so_far)
        else:
            kept[groups[i]] = so_far + amounts[i]
    return np.array(refused, np.int64), before


def added(kept: int, own: int) -> str:
    """The sum that is too much: what was kept so far, and the own amount (fen).

    >>> added(600_00, 500_00), added(0, 500_00)
    ('600.00 + 500.00', '500.00')
    """
    return f"{decimal_text(kept, 2)} + {decimal_text(own, 2)}" if kept else decimal_text(own, 2)
