"""Daily balances: no day is missed on which a balance changes, and partials add up however the loans are divided."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.dates import to_day
from relending.engine.cohorts import Gaps
from relending.engine.context import Context
from relending.engine.daily import change_days, held_daily, repeated
from relending.engine.interest import Leg
from relending.engine.outstanding import Outstanding, outstanding_block
from relending.engine.owed import OBSERVED, PREPAID, Events, Schedule, after
from relending.engine.repricing import Pricing, rate_on
from relending.engine.schedule import NEVER_PAID, Given, key_of, make_terms
from relending.policy import Fixing, Lpr
from tests.engine.bridge import context
from tests.oracle import cases

FIRST = to_day(dt.date(2023, 1, 1))


def schedules(rng: random.Random, n: int) -> Schedule:
    """Loans of every kind around the year 2023: some with a schedule of their own, prepaid, observed or overdue."""

    def column(pick: Any) -> np.ndarray:
        return np.array([pick() for _ in range(n)], np.int64)

    disbursed = column(lambda: FIRST + rng.randrange(-800, 300))
    matures = disbursed + column(lambda: rng.choice([1, 30, 91, 365, 400, 1500]))
    per_year = column(lambda: rng.choice([1, 2, 4, 12]))
    grace = disbursed + column(lambda: rng.choice([0, 0, 100]))
    principal, rate = column(lambda: rng.randrange(1, 10**9)), column(lambda: rng.choice([0, 35_000, 41_234]))
    terms = make_terms(principal, rate, disbursed, matures, column(lambda: rng.randrange(3)), per_year, grace)
    overdue = column(lambda: rng.random() < 0.1).astype(bool)
    terms = dataclasses.replace(terms, matures=np.where(overdue, NEVER_PAID, matures))
    if rng.random() < 0.5:
        own = np.flatnonzero(column(lambda: rng.random() < 0.3))
        loan = np.repeat(own, 3)
        day = np.concatenate([disbursed[own] + k for k in (7, 20, 333)]).reshape(3, -1).T.ravel()
        part = principal[own] // 3
        paid = np.stack([part, 2 * part, principal[own]]).T.ravel()
        has = np.isin(np.arange(n), own)
        last = np.where(has & ~overdue, disbursed + 333, terms.matures)
        terms = dataclasses.replace(terms, matures=last, given=Given(has, key_of(loan, day), paid))
    loan = column(lambda: rng.randrange(n))
    kind = column(lambda: rng.choice([PREPAID, OBSERVED]))
    day = disbursed[loan] + column(lambda: rng.randrange(0, 400))
    amount = column(lambda: rng.randrange(1, 10**8))
    return after(terms, np.ones(n, bool), Events(loan, day, kind, np.minimum(amount, principal[loan])))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 12), st.integers(-200, 200), st.integers(1, 500))
def test_every_day_on_which_a_balance_changes_is_named(seed: int, n: int, start: int, length: int) -> None:
    schedule = schedules(random.Random(seed), n)
    first, stop = FIRST + start, FIRST + start + length
    loan, day = change_days(schedule, np.arange(n), first, stop)
    named = list(zip(loan.tolist(), day.tolist(), strict=True))
    assert named == sorted(set(named)) and all(first <= d < stop for _, d in named)
    owed = {d: schedule.outstanding(np.arange(n), d).tolist() for d in range(first - 1, stop)}
    changed = {(i, d) for i in range(n) for d in range(first, stop) if owed[d][i] != owed[d - 1][i]}
    assert changed <= set(named)


def test_days_of_some_of_the_loans_are_theirs_alone() -> None:
    schedule = schedules(random.Random(5), 12)
    every = change_days(schedule, np.arange(12), FIRST - 400, FIRST + 400)
    some = change_days(schedule, np.array([2, 7, 11]), FIRST - 400, FIRST + 400)
    mine = np.isin(every[0], [2, 7, 11])
    assert mine.any() and not mine.all()
    assert [c.tolist() for c in some] == [c[mine].tolist() for c in every]


def test_the_31st_falls_on_the_last_day_of_shorter_months() -> None:
    one = [np.array([x]) for x in (0, 2024 * 12, 31, 1, 1, 99)]
    first, stop = to_day(dt.date(2024, 2, 1)), to_day(dt.date(2024, 5, 1))
    days = repeated(*one, first, stop)[1]
    assert days.astype("datetime64[D]").astype(str).tolist() == ["2024-02-29", "2024-03-31", "2024-04-30"]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30), st.integers(0, 30), st.integers(1, 99)), max_size=5))
def test_what_is_held_on_each_day_is_the_sum_of_the_tranche_years(given_: list[tuple[int, int, int, int]]) -> None:
    legs = []
    for start, length, back, held in given_:
        steps = [(start, held), (start + back, held // 2)] if 0 < back <= length else [(start, held)]
        days, amounts = zip(*steps, strict=True)
        legs.append(Leg(0, 0, 0, start, start + length, 17_500, 360, days, amounts))
    plain = [sum(leg.balance(d) for leg in legs if leg.start <= d < leg.due) for d in range(10, 50)]
    assert held_daily(legs, 10, 50).tolist() == plain


# -- partials ----------------------------------------------------------------------------------------------------------


def world() -> Context:
    return context(cases.scenario(start=dt.date(2023, 1, 1), end=dt.date(2023, 12, 31)))


def prices(rng: random.Random, n: int) -> Pricing:
    def column(pick: Any) -> np.ndarray:
        return np.array([pick() for _ in range(n)], np.int64)

    lpr = Lpr(
        tuple(
            Fixing(d, one, five, "test", "in_force", None)
            for d, one, five in [(dt.date(2022, 6, 20), 37_000, 44_500), (dt.date(2023, 6, 20), 35_500, 42_000)]
        )
    )
    return Pricing(
        begin=column(lambda: rng.randrange(20_000, 50_000)),
        anchor=column(lambda: FIRST + rng.randrange(-500, 400)),
        months=column(lambda: rng.choice([1, 3, 12])),
        least=column(lambda: rng.randrange(2)),
        spread=column(lambda: rng.randrange(-5_000, 5_000)),
        one_year=column(lambda: rng.randrange(2)).astype(bool),
        lpr=lpr,
        shift=1_000,
        shift_from=FIRST + 250,
    )


def partial(schedule: Schedule, loan: np.ndarray, seed: int, pairs: int, pricing: Pricing | None) -> Outstanding:
    """The partial of some of the loans, whose pair, rate, grams and days held follow from their number."""
    rng = np.random.default_rng(seed)
    n = len(schedule.terms)
    pair, rate, grams = rng.integers(0, pairs, n), rng.integers(0, 50_000, n), rng.integers(0, 10**9, n)
    since = schedule.terms.disbursed + rng.integers(0, 200, n)
    until = since + rng.integers(0, 900, n)
    none = np.zeros(0, np.int64)
    return outstanding_block(
        world(),
        schedule,
        loan,
        pair[loan],
        pairs,
        rate[loan],
        grams[loan],
        since[loan],
        until[loan],
        Gaps(none, none, none),
        pricing,
    )


def equal(a: Outstanding, b: Outstanding) -> bool:
    return all(np.array_equal(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))


def numbers(limbs: np.ndarray) -> list[int]:
    return [sum(int(x) << 32 * k for k, x in enumerate(column)) for column in limbs.reshape(4, -1).T]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 10), st.booleans())
def test_a_partial_is_what_days_and_loans_add_up_to(seed: int, n: int, current: bool) -> None:
    rng = random.Random(seed)
    schedule, pricing = schedules(rng, n), prices(rng, n) if current else None
    draws = np.random.default_rng(seed)
    pair, rate = draws.integers(0, 3, n).tolist(), draws.integers(0, 50_000, n).tolist()
    got = partial(schedule, np.arange(n), seed, 3, pricing)
    days = range(FIRST, FIRST + 365)
    ends = list(itertools.accumulate((90, 91, 92, 92)))
    owed, earned = np.zeros((3, 365), object), np.zeros((3, 365), object)
    for d in days:
        balances = schedule.outstanding(np.arange(n), d).tolist()
        rates = rate if pricing is None else rate_on(pricing, np.arange(n), d).tolist()
        for i, balance in enumerate(balances):
            owed[pair[i], d - FIRST] += balance
            earned[pair[i], d - FIRST] += balance * rates[i]
    assert got.owed.tolist() == owed.tolist()
    assert numbers(got.weighted) == [earned[p, e - 1] for p in range(3) for e in ends]
    spans = list(itertools.pairwise([0, *ends]))
    assert numbers(got.weighted_days) == [sum(earned[p, a:b].tolist()) for p in range(3) for a, b in spans]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9), st.lists(st.integers(0, 2), min_size=6, max_size=12), st.booleans())
def test_partials_merge_in_any_order_and_grouping(seed: int, parts: list[int], current: bool) -> None:
    rng = random.Random(seed)
    n = len(parts)
    schedule, pricing = schedules(rng, n), prices(rng, n) if current else None
    whole = partial(schedule, np.arange(n), seed, 2, pricing)
    a, b, c = (partial(schedule, np.flatnonzero(np.array(parts) == k), seed, 2, pricing) for k in range(3))
    both, other = a.merge(b).merge(c), c.merge(a.merge(b))
    assert equal(both, other)
    assert equal(both, a.merge(b.merge(c)))
    for name in ("owed", "reduction", "in_balance"):
        assert np.array_equal(getattr(both, name), getattr(whole, name))
    # limbs of one sum may be divided in several ways; the sums are the same
    assert numbers(both.weighted) == numbers(whole.weighted)
    assert numbers(both.weighted_days) == numbers(whole.weighted_days)


def test_how_many_loans_are_worked_on_at_a_time_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(3)
    schedule, pricing = schedules(rng, 11), prices(rng, 11)
    whole = partial(schedule, np.arange(11), 3, 2, pricing)
    monkeypatch.setattr("relending.engine.outstanding.PART", 3)
    assert equal(partial(schedule, np.arange(11), 3, 2, pricing), whole)
