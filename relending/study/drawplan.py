"""Who draws when 借用安排: the loans of each draw date with what they owe on its due dates, whatever ratio and rate.

The third stage of a study. It holds for every scenario that changes only how much is drawn, at which rate, under which
quota, and how rollovers are reckoned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relending.dates import Days
from relending.engine.applications import make_applicants
from relending.engine.block import NEVER
from relending.engine.prepare import Work
from relending.engine.rules import due_days
from relending.policy import Facility
from relending.units import INT64_MAX, Ints, total


@dataclass(frozen=True, slots=True)
class Part:
    """The loans of one block that draw on one day, by lender.

    ``loan`` are positions in the block, ``work`` which block; ``starts`` where each lender of ``lenders`` begins.
    ``grams`` is the loans' reduction, ``owed[k]`` what they owe at the end of due date k (fen).
    """

    work: int
    loan: Ints
    period: Ints
    disbursed: Days
    principal: Ints
    grams: Ints
    owed: tuple[Ints, ...]
    starts: Ints
    lenders: Ints


@dataclass(frozen=True, slots=True)
class DrawDay:
    """All that draws from one facility on one day; ``due`` are its due dates."""

    day: int
    due: tuple[int, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class DrawPlan:
    """Every draw day of a facility up to the end, ascending; ``pending`` are the loans (by block) that draw later."""

    days: tuple[DrawDay, ...]
    pending: tuple[Ints, ...]


class NotPlainError(Exception):
    """Funding that the plan does not foresee: what arrived is recorded, loans lose their eligibility, and the like."""


def draw_plan(works: Sequence[Work], grams: Sequence[Ints], f: int, rules: Facility, end: int) -> DrawPlan:
    """The plan of facility ``f`` over screened blocks; ``grams`` the reduction of each loan by block.

    Raises NotPlainError where a loan loses its eligibility, or a prepayment takes its part of a draw with it at once.
    """
    parts: dict[int, list[Part]] = {}
    due: dict[int, tuple[int, ...]] = {}
    pending = []
    immediate = any(v.value == "immediate" for v in rules["on_prepayment"].values)
    for w, work in enumerate(works):
        block = work.block
        if immediate and work.schedule.happened.has.any():
            raise NotPlainError("on_prepayment")
        rows = np.flatnonzero(work.screened.eligible & (work.screened.facility == f) & (block.disbursed <= end))
        if (block.ineligible[rows] != NEVER).any():
            raise NotPlainError("ineligible_from")
        who = make_applicants(block, rows, rules, work.schedule)
        if max(total(block.principal[rows]), total(grams[w][rows])) > INT64_MAX // max(len(works), 1):
            raise NotPlainError("principal")  # sums of a day could leave int64: the engine says so
        pending.append(who.loan[who.day > end])
        inside = np.flatnonzero(who.day <= end)
        order = inside[np.lexsort((work.lender[who.loan[inside]], who.day[inside]))]
        loan, day = who.loan[order], who.day[order]
        cuts = np.flatnonzero(np.diff(day)) + 1
        for at in np.split(np.arange(day.size), cuts) if day.size else []:
            when, mine = int(day[at[0]]), loan[at]
            if when not in due:
                due[when] = tuple(due_days(rules, when))
            lender = work.lender[mine]
            starts = np.flatnonzero(np.concatenate([[True], lender[1:] != lender[:-1]]))
            parts.setdefault(when, []).append(
                Part(
                    work=w,
                    loan=mine,
                    period=who.period[order[at]],
                    disbursed=block.disbursed[mine],
                    principal=block.principal[mine],
                    grams=grams[w][mine],
                    # on the last due date all is repaid, whatever is owed
                    owed=tuple(work.schedule.outstanding(mine, d) for d in due[when][:-1] if d <= end),
                    starts=starts,
                    lenders=lender[starts],
                )
            )
    return DrawPlan(tuple(DrawDay(d, due[d], tuple(parts[d])) for d in sorted(parts)), tuple(pending))
