"""Rationing 额度分配: who gets how much when requests exceed what is available on a date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from relending.dates import Days
from relending.units import Ints, mul_div, total

SCALE = 10**9
"""The share of a request that pro rata gives is cut to nine decimals (design section 7)."""


class Asking(Protocol):
    """Requests of one block: amounts in fen, and what orders them."""

    @property
    def amount(self) -> Ints: ...
    def order_keys(self) -> tuple[Days, Sequence[str]]:
        """Disbursement day and loan id of each request."""
        ...


def ration(asking: Sequence[Asking], available: int, method: str) -> list[Ints]:
    """What each request gets, block by block, never more than ``available`` together.

    ``pro_rata`` gives floor(draw x k / 10**9) with k = floor(available x 10**9 / requested); ``fifo`` serves by
    (disbursed, loan id), the last in part; ``whole_loans`` passes over a loan that does not fit.

    >>> class One:
    ...     amount = np.array([600, 300, 100])
    ...     def order_keys(self): return np.array([3, 1, 2]), ["a", "b", "c"]
    >>> [ration([One()], 500, m)[0].tolist() for m in ("pro_rata", "fifo", "whole_loans")]
    [[300, 150, 50], [100, 300, 100], [0, 300, 100]]
    """
    requested = sum(total(a.amount) for a in asking)
    if requested <= available:
        return [a.amount.copy() for a in asking]
    if available <= 0:
        return [np.zeros(len(a.amount), np.int64) for a in asking]
    if method == "pro_rata":
        k = available * SCALE // requested
        return [mul_div(a.amount, k, SCALE, "floor") for a in asking]
    return _served_in_order(asking, available, whole=method == "whole_loans")


def _served_in_order(asking: Sequence[Asking], available: int, whole: bool) -> list[Ints]:
    granted = [np.zeros(len(a.amount), np.int64) for a in asking]
    queue: list[tuple[int, str, int, int, int]] = []
    for b, a in enumerate(asking):
        day, ids = a.order_keys()
        queue += [
            (d, i, b, j, amount)
            for j, (d, i, amount) in enumerate(zip(day.tolist(), ids, a.amount.tolist(), strict=True))
        ]
    for _, _, b, j, amount in sorted(queue):
        given = min(amount, available) if not whole else (amount if amount <= available else 0)
        granted[b][j] = given
        available -= given
        if available == 0:
            break
    return granted
