"""Funding by draw date 按批次测算: the fourth stage, sums by lender of what each draw date draws, continues and repays.

The same rules as :mod:`relending.engine.funding`, date by date, by the quotas and the rationing of the engine; but the
whole life of a loan is worked out on its draw date, because nothing later changes it: what it continues at a due date
depends on what it held and owes alone. Where that is not so the engine settles (``NotPlainError``). The tests hold both
to be equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from relending.engine.applications import pool_of, pools
from relending.engine.block import Block
from relending.engine.cohorts import Asked, Tranche
from relending.engine.columns import Flags
from relending.engine.quotas import Quotas
from relending.engine.rules import expired, facility_rate, option, take_up
from relending.findings import InvariantError
from relending.policy import Facility
from relending.study.drawplan import DrawDay, DrawPlan, NotPlainError, Part
from relending.units import BP, Ints, add, mul_div, total


@dataclass(slots=True)
class Drawn:
    """One draw date of a facility, summed by lender (fen, grams): drawn, continued and repaid at each due date so far,
    and the grams of the loans that hold something from the draw on (``grams``), and nothing from due date k on
    (``left[k]``)."""

    day: int
    due: tuple[int, ...]
    drawn: Ints
    grams: Ints
    continued: list[Ints] = field(default_factory=list)
    repaid: list[Ints] = field(default_factory=list)
    left: list[Ints] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Funding:
    """What a facility's draw dates came to; ``drew`` says of each loan of each part of the plan whether it drew."""

    days: tuple[Drawn, ...]
    drew: tuple[Flags, ...]


def fund_by_day(plan: DrawPlan, blocks: Sequence[Block], rules: Facility, lenders: int, end: int) -> Funding:
    """Fund a facility by its plan, up to the day ``end``, for so many ``lenders``.

    Raises NotPlainError where a request that was cut asks again, or rollovers are cut by a flow quota.
    """
    quotas = Quotas(rules)
    out: list[Drawn] = []
    drew: list[Flags] = []
    back: dict[int, list[tuple[Ints, Ints]]] = {}
    due_days = {d for one in plan.days for d in one.due if d <= end}
    if any(quotas.rollovers_count(d) for d in due_days):
        raise NotPlainError("quota_counts_rollovers")
    draws = {one.day: one for one in plan.days}
    names, served = pools(rules), _pools(plan, blocks, rules)
    for day in sorted(due_days | set(draws)):
        for pool, amount in back.pop(day, ()):
            quotas.given_back(pool, amount)
        one = draws.get(day)
        if one is None:
            continue
        asked = [
            _asked(part, blocks[part.work], pool, rules) for part, pool in zip(one.parts, served[day], strict=True)
        ]
        granted = quotas.share(day, asked)
        if option(rules, "carry_over", day) and any((g < a.amount).any() for g, a in zip(granted, asked, strict=True)):
            raise NotPlainError("carry_over")
        drawn = Drawn(one.day, one.due, np.zeros(lenders, np.int64), np.zeros(lenders, np.int64))
        for part, request, given in zip(one.parts, asked, granted, strict=True):
            drew.append(given > 0)
            for k, returned in enumerate(_life(drawn, part, request, given, one, rules, end, len(names))):
                back.setdefault(one.due[k], []).append((np.arange(len(names)), returned))
        out.append(drawn)
    return Funding(tuple(out), tuple(drew))


def _pools(plan: DrawPlan, blocks: Sequence[Block], rules: Facility) -> dict[int, list[Ints]]:
    """The pool of each loan, by draw day and part: looked up for all of a block together."""
    if pools(rules) == [""]:  # one pool for all, and nothing to look up
        return {one.day: [np.zeros(part.loan.size, np.int64) for part in one.parts] for one in plan.days}
    parts = [(one.day, part) for one in plan.days for part in one.parts]
    found: dict[int, list[Ints]] = {one.day: [] for one in plan.days}
    pool: dict[int, Ints] = {}
    for w in {part.work for _, part in parts}:
        mine = [(day, part.loan) for day, part in parts if part.work == w]
        days = np.repeat([day for day, _ in mine], [loan.size for _, loan in mine])
        sector = blocks[w].sector[np.concatenate([loan for _, loan in mine])]
        pool[w] = pool_of(blocks[w].sectors, sector, days, rules)
    for day, part in parts:
        found[day].append(pool[part.work][: part.loan.size])
        pool[part.work] = pool[part.work][part.loan.size :]
    return found


def _asked(part: Part, block: Block, pool: Ints, rules: Facility) -> Asked:
    ratio = rules["ratio"].pick(part.disbursed)
    amount = mul_div(part.principal, ratio[:1] if (ratio == ratio[0]).all() else ratio, BP, "floor")
    return Asked(block, part.loan, pool, part.period, ratio, amount)


def _life(
    drawn: Drawn, part: Part, asked: Asked, given: Ints, one: DrawDay, rules: Facility, end: int, many: int
) -> list[Ints]:
    """Enter what a part's loans draw, continue and repay; what comes back at each due date up to ``end``, by pool."""
    check_ratio(given, asked.amount, rules, one.day)
    holds = given > 0
    held, sums = given, _by_lender(given, part)
    _enter(drawn.drawn, part, sums)
    _enter(drawn.grams, part, _by_lender(part.grams if holds.all() else np.where(holds, part.grams, 0), part))
    original = option(rules, "rollover_base", one.day) != "outstanding"
    returned = []
    for k, due in enumerate(one.due):
        if due > end:
            break
        wish = _wish(part, asked, held, k, one, rules, original)
        kept = _by_lender(wish, part)
        still = wish > 0
        gone = _by_lender(np.where(holds & ~still, part.grams, 0), part)
        for _ in range(k + 1 - len(drawn.continued)):
            for table in (drawn.continued, drawn.repaid, drawn.left):
                table.append(np.zeros_like(drawn.drawn))
        for table, amount in ((drawn.continued, kept), (drawn.repaid, sums - kept), (drawn.left, gone)):
            _enter(table[k], part, amount)
        if many == 1:
            returned.append((sums - kept).sum(keepdims=True))
        else:
            # a loan that no pool serves gets nothing, so nothing of it comes back
            rest = held - wish
            returned.append(np.array([total(rest[asked.pool == p]) for p in range(many)]))
        held, sums, holds = wish, kept, still
    return returned


def _wish(part: Part, asked: Asked, held: Ints, k: int, one: DrawDay, rules: Facility, original: bool) -> Ints:
    """What each loan of a part continues at due date k of what it ``held``."""
    due = one.due[k]
    if k + 1 == len(one.due) or expired(rules, one.day, due):
        return np.zeros_like(held)
    owed = part.owed[k]
    wish = np.where(owed > 0, held, 0) if original else np.minimum(held, mul_div(owed, asked.ratio, BP, "floor"))
    kept = take_up(rules, due)
    return wish if kept == BP else mul_div(wish, kept, BP, "floor")


def check_ratio(given: Ints, asked: Ints, rules: Facility, day: int) -> None:
    """No loan draws more than its ratio of its principal: the invariant of every run."""
    if (given > asked).any():
        raise InvariantError(f"{rules.id}/{day}: a loan drew above its ratio")


def _by_lender(amount: Ints, part: Part) -> Ints:
    """Amounts of a part's loans added up by its lenders."""
    out: Ints = np.add.reduceat(amount, part.starts)
    return out


def _enter(sums: Ints, part: Part, by_lender: Ints) -> None:
    """Add what a part's lenders have to the sums of all lenders."""
    sums[part.lenders] = add(sums[part.lenders], by_lender)


def tranches_of(funding: Funding, rules: Facility, end: int) -> tuple[Tranche, ...]:
    """The draw dates as tranches of the engine, with the rate of each of their years."""
    out = []
    for one in funding.days:
        rates = [facility_rate(rules, one.day, one.day)[0]]
        keep = option(rules, "rollover_rate", one.day) == "original"
        for due in one.due[:-1]:
            if due <= end:
                rates.append(rates[0] if keep else facility_rate(rules, due, one.day)[0])
        out.append(
            Tranche(
                one.day,
                list(one.due),
                rates,
                one.drawn,
                np.zeros_like(one.drawn),
                continued=list(one.continued),
                repaid=list(one.repaid),
            )
        )
    return tuple(out)
