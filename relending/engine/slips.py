"""Slips of units 单位误填: one figure of a project that is 10, 1,000 or 10,000 times too large or too small.

From the ratios that can be compared (t/10k yuan, t/MWh, hours, yuan/kW): a slip is suspected where at least one is
outside its bounds and moving *one* column by *one* of the factors puts every one of them inside. Columns and factors
that do so equally are all named. A ratio that does not contain the column must be inside already.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relending.engine.columns import Flags
from relending.engine.projects import FIGURES, NOT_GIVEN, Variants
from relending.engine.ratios import Compared
from relending.policy.plausibility import slip_units
from relending.units import Ints

SHIFTS = (1, 3, 4)
"""The factors looked for, as powers of ten."""
MONEY = "project_investment"
"""The column named first where several explain a slip: a unit of money left out is the commonest."""
CANDIDATES = tuple(
    (column, sign * shift)
    for column in sorted(FIGURES, key=lambda name: name != MONEY)
    for sign in (1, -1)
    for shift in SHIFTS
)
"""Column, and the power of ten that would put its figure right."""


def suspected(compared: Sequence[Compared], rows: Variants, outside: Flags) -> Ints:
    """Which candidates explain each row, as bits in the order of ``CANDIDATES``; 0: none, or nothing is outside."""
    at = np.flatnonzero(outside)
    found = np.zeros(outside.size, np.int64)
    if at.size == 0:
        return found
    some = [c.some(at) for c in compared]
    moves = {0, *(shift for _, shift in CANDIDATES)}
    inside = [{shift: c.inside(shift) for shift in moves} for c in some]
    for bit, (column, shift) in enumerate(CANDIDATES):
        right = rows.figures[column][at] != NOT_GIVEN
        for c, masks in zip(some, inside, strict=True):
            sign = (c.ratio.numerator == column) - (c.ratio.denominator == column)
            right = right & masks[sign * shift]
        found[at] |= right.astype(np.int64) << bit
    return found


def columns_of(bits: int) -> list[str]:
    """The columns suspected."""
    return list(dict.fromkeys(column for bit, (column, _) in enumerate(CANDIDATES) if bits >> bit & 1))


def slip_text(bits: int) -> str:
    """The candidates: what to do to the column, and which unit was read as which (``written -> read``).

    >>> slip_text(1 << CANDIDATES.index(("project_investment", -4)))
    'project_investment / 10000: 元 -> 万元, 万元 -> 亿元? (+ principal)'
    >>> slip_text(1 << CANDIDATES.index(("capacity_mw", 3)))
    'capacity_mw x 1000: MW -> kW, GW -> MW?'
    """
    said = []
    for bit, (column, shift) in enumerate(CANDIDATES):
        if bits >> bit & 1:
            # loan and investment are mostly written in the same unit
            too = " (+ principal)" if column == MONEY else ""
            said.append(_move(column, column, 10 ** abs(shift), shift < 0) + too)
    return " | ".join(said)


def principal_text(lent: int, investment: int) -> str:
    """The slip of loans that are next to nothing of the investment; units are those of the investment.

    Named is the largest factor between two units of money by which the loans may grow and still be within it: a
    larger one would only lead to loans set aside.

    >>> principal_text(3_000_000, 30_000_000_000), principal_text(3_000_001, 30_000_000_000)
    ('principal x 10000: 万元 -> 元, 亿元 -> 万元?', 'principal x 1000: 千元 -> 元?')
    """
    factors = sorted((factor for column, factor in slip_units() if column == MONEY), reverse=True)
    factor = next((f for f in factors if lent * f <= investment), factors[-1])
    return _move("principal", MONEY, factor, down=False)


def _move(column: str, units_of: str, factor: int, down: bool) -> str:
    pairs = slip_units().get((units_of, factor), ())
    units = ", ".join(f"{a} -> {b}" if down else f"{b} -> {a}" for a, b in pairs)
    return f"{column} {'/' if down else 'x'} {factor}" + (f": {units}" if units else "") + "?"
