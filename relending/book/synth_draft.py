"""The plan of a synthetic book: its projects, and of every loan the project, day, amount and what is amiss on purpose.

This much is held for all loans at once, in narrow integers; the other columns are made block by block.
Floats only propose figures: what is kept are whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relending.book.synth_profile import (
    PROJECTS,
    WAN_FEN,
    Flags,
    Ints,
    days,
    generator,
    listed,
    pick,
    profile,
    ranges,
    technologies,
    windows,
)

SOUND, OUTSIDE, ABOVE, NO_EVIDENCE, NOT_NEW = range(5)
"""What a loan is refused for on purpose (``Draft.flaw``): nothing, or one of four reasons."""
_FLAWS = ("outside_window", "rate_above_limit", "evidence_missing", "not_new")
_TEN_THOUSAND = 10_000
_MOST_LOANS = 6


@dataclass(frozen=True, slots=True)
class Projects:
    """One entry a project; technology, lender, region and names as indices, money in 10 thousand yuan."""

    loans: Ints
    tech: Ints
    lender: Ints
    region: Ints
    borrower: Ints
    name: Ints
    investment_wan: Ints
    capacity_kw: Ints
    output_kwh: Ints
    reduction_t: Ints
    discount_bp: Ints
    study: Ints
    over: Flags


@dataclass(frozen=True, slots=True)
class Draft:
    """All loans of a book in the order of the file: project (index), day, amount, flaw; and the rows with defects.

    ``chosen``: defect -> rows; ``copies``: rows that carry the number of another row, and those rows.
    """

    seed: int
    loans: int
    projects: Projects
    at: Ints
    drawn: Ints
    principal_fen: Ints
    flaw: Ints
    chosen: dict[str, Ints] = field(default_factory=dict)
    copies: tuple[Ints, Ints] = (np.zeros(0, np.int64), np.zeros(0, np.int64))


def draft(loans: int, seed: int, sound: bool = False) -> Draft:
    """The plan of a book; ``sound`` leaves out what is refused on purpose.

    >>> plan = draft(100, seed=1)
    >>> len(plan.at), int(plan.projects.loans.sum()), bool((np.diff(plan.drawn) >= 0).all())
    (100, 100, True)
    """
    rng = generator(seed, PROJECTS)
    counts, tech, start, investment, share_bp = _sizes(rng, loans, sound)
    at = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    first_of = np.cumsum(counts) - counts
    principal, lent = _principals(rng, counts, first_of, at, investment * share_bp // _TEN_THOUSAND)
    nth = (np.arange(loans, dtype=np.int32) - first_of[at]).astype(np.int16)
    flaw = np.zeros(loans, np.int8) if sound else _flaws(rng, loans)
    drawn = _days(rng, tech[at], start[at], nth, flaw == OUTSIDE)
    over = np.zeros(len(counts), bool)
    if not sound:
        over = rng.integers(0, _TEN_THOUSAND, len(counts)) < profile()["spoilt"]["share_over_one"]
    investment = np.maximum(investment, -(-lent * 4 // 3))
    investment = np.where(over, np.maximum(lent * 9 // 10 - counts, 1), investment)
    # days of a few years fit 16 bits, which are sorted by counting
    order = np.argsort((drawn - drawn.min()).astype(np.uint16), kind="stable").astype(np.int32)
    projects = _projects(rng, counts, tech, investment, over)
    return Draft(seed, loans, projects, at[order], drawn[order], principal[order], flaw[order])


def _sizes(rng: np.random.Generator, loans: int, sound: bool) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Loans, technology, first day, investment (10 thousand yuan) and share lent (bp) of each project."""
    p = profile()
    counts = np.minimum(rng.geometric(0.45, loans), _MOST_LOANS).astype(np.int32)
    reached = np.cumsum(counts)
    n = int(np.searchsorted(reached, loans, side="left")) + 1
    counts = counts[:n].copy()
    counts[-1] -= int(reached[n - 1]) - loans
    weights = technologies("weight") * (listed() if sound else 1)
    tech = pick(rng, weights.tolist(), n)
    first, last = windows()
    start = first[tech] + (rng.random(n) * (last - first)[tech]).astype(np.int64)
    median = technologies("investment").astype(np.float64)[tech]
    sigma = np.array([float(t["sigma"]) for t in p["technology"]])[tech]
    investment = np.clip(np.rint(median * np.exp(sigma * rng.standard_normal(n))), 200, 5_000_000).astype(np.int64)
    share_bp = rng.integers(2_000, 7_501, n)
    lent, most = int((investment * share_bp // _TEN_THOUSAND).sum()), int(p["most_lent_wan"])
    if lent > most:  # a big book is one of small loans, not one of more money than the country lends
        investment = np.maximum(investment * most // lent, 20)
    return counts, tech, start, investment, share_bp


def _principals(rng: np.random.Generator, counts: Ints, first_of: Ints, at: Ints, lent_wan: Ints) -> tuple[Ints, Ints]:
    """Amount of each loan in fen, and what each project is lent at most, in 10 thousand yuan."""
    n = len(at)
    weight = rng.integers(20, 101, n, dtype=np.int16)
    whole = np.add.reduceat(weight, first_of, dtype=np.int64)
    wan = np.maximum(lent_wan[at] * weight // whole[at], 10)
    odd = rng.integers(0, _TEN_THOUSAND, n, dtype=np.int16) < profile()["mix"]["odd_amount"]
    fen = wan * WAN_FEN
    fen[odd] += rng.integers(1, WAN_FEN, int(odd.sum()))
    return fen, np.add.reduceat(wan, first_of) + counts


def _flaws(rng: np.random.Generator, n: int) -> Ints:
    """What each loan is refused for on purpose, at most one thing."""
    spoilt = profile()["spoilt"]
    edges = np.cumsum([spoilt[name] for name in _FLAWS])
    flaw = np.searchsorted(edges, rng.integers(0, _TEN_THOUSAND, n, dtype=np.int16), side="right")
    return np.where(flaw < len(_FLAWS), flaw + 1, SOUND).astype(np.int8)


def _days(rng: np.random.Generator, tech: Ints, start: Ints, nth: Ints, outside: Flags) -> Ints:
    """Day of each loan: the project's first, or some months later; outside the window where that is wanted."""
    n = len(tech)
    begin, end = days()
    _, last = windows()
    drawn = start + nth * rng.integers(20, 241, n, dtype=np.int32)
    drawn = np.minimum(drawn, last[tech] - rng.integers(0, 60, n, dtype=np.int32))
    away = rng.integers(1, 181, n, dtype=np.int32)
    # before the first window, or after it where it closes early enough (clean coal)
    beyond = np.where(last[tech] < end, last[tech] + away, begin - away)
    return np.where(outside, beyond, np.maximum(drawn, begin)).astype(np.int32)


def _projects(rng: np.random.Generator, counts: Ints, tech: Ints, investment: Ints, over: Flags) -> Projects:
    """The other figures of each project, which fit its investment and each other."""
    from relending.book.synth_names import BORROWERS, NAMES

    p, n = profile(), len(counts)
    lender = pick(rng, [b["weight"] for b in p["lenders"]], n)
    spread = int(p["mix"]["spread"])

    def varied(key: str) -> Ints:
        around = rng.integers(_TEN_THOUSAND - spread, _TEN_THOUSAND + spread + 1, n)
        return technologies(key)[tech] * around // _TEN_THOUSAND

    cost, hours = varied("yuan_per_kw"), varied("hours")
    capacity = np.where(cost > 0, investment * _TEN_THOUSAND // np.maximum(cost, 1), 0)
    output = capacity * hours

    def between(low: Ints, high: Ints) -> Ints:
        return low[tech] + (high - low)[tech] * rng.integers(0, 1_001, n) // 1_000

    by_output = output * between(*ranges("grams")) // 1_000_000
    by_cost = investment * between(*ranges("tonnes", 1000)) // 1_000
    return Projects(
        counts,
        tech,
        lender,
        rng.integers(0, len(p["provinces"]), n, dtype=np.int16),
        rng.integers(0, BORROWERS, n, dtype=np.int16),
        rng.integers(0, NAMES, n, dtype=np.int16),
        investment,
        capacity,
        output,
        np.where(cost > 0, by_output, by_cost),
        rng.integers(0, 151, n, dtype=np.int16),
        rng.integers(0, 3, n, dtype=np.int8),
        over,
    )


def lone(draft: Draft) -> Any:
    """Rows that are not refused for anything on purpose: what a defect makes of them is that defect's alone."""
    projects = draft.projects
    return (draft.flaw == SOUND) & (listed()[projects.tech] & ~projects.over)[draft.at]
