"""Outstanding schedules: whole at the start, never rising, nothing at maturity, and each payment on its day."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.dates import add_months, to_day
from relending.engine.owed import MOST_ROUNDS, PREPAID, Events, Schedule, after
from relending.engine.schedule import BULLET, EQUAL_INSTALLMENT, EQUAL_PRINCIPAL, Terms, make_terms, scheduled

NONE = np.zeros(0, np.int64)
KINDS = [BULLET, EQUAL_PRINCIPAL, EQUAL_INSTALLMENT]
Loan = tuple[int, int, int, int, int, int, int]


@st.composite
def loans(draw: st.DrawFn) -> Loan:
    """principal, rate, disbursed, matures, kind, payments a year, grace."""
    start = to_day(
        draw(
            st.dates(dt.date(2015, 1, 1), dt.date(2032, 12, 31))
            | st.sampled_from([dt.date(2024, 2, 29), dt.date(2023, 1, 31), dt.date(2023, 8, 30)])
        )
    )
    matures = start + draw(st.integers(1, 6000))
    grace = start + draw(st.just(0) | st.integers(0, matures - start))
    rate = draw(st.just(0) | st.integers(1, 120_000))
    kind, per_year = draw(st.sampled_from(KINDS)), draw(st.sampled_from([1, 2, 4, 12]))
    return draw(st.integers(1, 10**13)), rate, start, matures, kind, per_year, grace


def terms_of(some: list[Loan]) -> Terms:
    return make_terms(*(np.array(column, np.int64) for column in zip(*some, strict=True)))


def path_of(terms: Terms, loan: int, days: np.ndarray) -> np.ndarray:
    return scheduled(terms, np.full(len(days), loan), days)


def payment_days(loan: Loan) -> list[int]:
    """Days on which the loan repays principal, one at a time."""
    _, _, start, matures, kind, per_year, grace = loan
    if kind == BULLET:
        return [matures]
    dates, k = [], 1
    while (day := int(add_months(start, k * (12 // per_year)))) < matures:
        dates.append(day)
        k += 1
    return [d for d in dates if d >= grace] + [matures]


@given(loans(), st.lists(st.integers(0, 6000), max_size=20))
def test_a_loan_is_whole_at_first_never_rises_and_is_gone_at_maturity(loan: Loan, offsets: list[int]) -> None:
    principal, _, start, matures, *_ = loan
    days = np.array(sorted({start - 1, start, matures - 1, matures, matures + 400, *(start + o for o in offsets)}))
    path = path_of(terms_of([loan]), 0, days)
    alive = (days >= start) & (days < matures)
    assert path[days == start] == principal
    assert (path[alive] > 0).all() or loan[4] == EQUAL_INSTALLMENT
    assert (path[~alive] == 0).all()
    assert (np.diff(path[alive]) <= 0).all() and (path <= principal).all() and (path >= 0).all()


@settings(max_examples=60)
@given(loans())
def test_it_changes_on_payment_days_only(loan: Loan) -> None:
    due = payment_days(loan)
    terms = terms_of([loan])
    days = np.array(due)
    before, after = path_of(terms, 0, days - 1), path_of(terms, 0, days)
    # between two payment days nothing moves
    assert before.tolist() == [loan[0], *after[:-1].tolist()]
    assert after[-1] == 0
    assert terms.n[0] == len(due) or loan[4] == BULLET


@settings(max_examples=60)
@given(loans())
def test_equal_principal_pays_the_same_each_time_and_the_rest_last(loan: Loan) -> None:
    loan = (*loan[:4], EQUAL_PRINCIPAL, *loan[5:])
    due = payment_days(loan)
    path = path_of(terms_of([loan]), 0, np.array(due))
    each = loan[0] // len(due)
    assert path.tolist() == [loan[0] - each * (k + 1) for k in range(len(due) - 1)] + [0]


@settings(max_examples=60)
@given(loans())
def test_an_instalment_at_rate_nought_is_equal_principal(loan: Loan) -> None:
    instalment, principal = ((loan[0], 0, *loan[2:4], kind, *loan[5:]) for kind in (EQUAL_INSTALLMENT, EQUAL_PRINCIPAL))
    days = np.array(payment_days(principal))
    assert path_of(terms_of([instalment]), 0, days).tolist() == path_of(terms_of([principal]), 0, days).tolist()


@settings(max_examples=60)
@given(st.lists(loans(), min_size=2, max_size=8), st.integers(0, 6000))
def test_a_loan_s_neighbours_do_not_change_it(some: list[Loan], offset: int) -> None:
    terms = terms_of(some)
    days = np.array([loan[2] + offset for loan in some])
    together = scheduled(terms, np.arange(len(some)), days)
    assert together.tolist() == [
        int(path_of(terms_of([loan]), 0, np.array([day]))[0]) for loan, day in zip(some, days.tolist(), strict=True)
    ]


def prepaid(loan: Loan, day: int, amount: int) -> Schedule:
    one = np.array([0])
    return after(terms_of([loan]), np.ones(1, bool), Events.of(PREPAID, one, np.array([day]), np.array([amount])))


@given(loans(), st.integers(0, 6000), st.integers(1, 10**13), st.lists(st.integers(0, 6000), max_size=8))
def test_a_prepayment_lowers_what_follows_and_nothing_before(
    loan: Loan, at: int, amount: int, offsets: list[int]
) -> None:
    start = loan[2]
    day = start + at
    owed = int(path_of(terms_of([loan]), 0, np.array([day]))[0])
    schedule = prepaid(loan, day, amount)
    index = np.zeros(len(offsets), np.int64)
    days = start + np.array(offsets, np.int64)
    plain, after = scheduled(schedule.terms, index, days), schedule.outstanding(index, days)
    if amount > owed:
        # refused: named with what was owed, and nothing is taken off
        loans, _, _, _, owing = schedule.happened.refused
        assert loans.tolist() == [0]
        assert owing.tolist() == [owed]
        assert after.tolist() == plain.tolist()
        return
    assert schedule.happened.refused[0].size == 0
    assert schedule.outstanding(np.array([0]), np.array([day])).tolist() == [owed - amount]
    assert after[days < day].tolist() == plain[days < day].tolist()
    assert (after <= plain).all() and (after >= 0).all()


@given(loans(), st.integers(0, 6000))
def test_a_loan_prepaid_whole_owes_nothing_more(loan: Loan, at: int) -> None:
    day = min(loan[2] + at, loan[3] - 1)
    owed = int(path_of(terms_of([loan]), 0, np.array([day]))[0])
    if owed:
        schedule = prepaid(loan, day, owed)
        days = np.arange(day, loan[3] + 2, max(1, (loan[3] - day) // 20))
        assert not schedule.outstanding(np.zeros(len(days), np.int64), days).any()


@given(loans(), st.integers(0, 3000), st.integers(2, 10**12))
def test_prepayments_of_one_day_count_as_their_sum(loan: Loan, at: int, amount: int) -> None:
    day = loan[2] + at
    two, amounts = np.array([0, 0]), np.array([amount // 2, amount - amount // 2])
    parts = after(terms_of([loan]), np.ones(1, bool), Events.of(PREPAID, two, np.array([day, day]), amounts))
    whole = prepaid(loan, day, amount)
    days = np.arange(loan[2], loan[3] + 1, max(1, (loan[3] - loan[2]) // 15))
    index = np.zeros(len(days), np.int64)
    assert parts.outstanding(index, days).tolist() == whole.outstanding(index, days).tolist()
    assert parts.happened.refused[0].tolist() == whole.happened.refused[0].tolist()


def test_no_loans_and_no_prepayments_are_fine() -> None:
    terms = make_terms(NONE, NONE, NONE, NONE, NONE, NONE + 1, NONE)
    assert scheduled(terms, NONE, NONE).size == 0
    assert after(terms, np.zeros(0, bool), Events.joined([])).outstanding(NONE, NONE).size == 0


def test_many_prepayments_of_one_loan_are_settled_as_a_few_are() -> None:
    """Beyond MOST_ROUNDS a loan is settled by itself: the same balances as the chain of half-even steps by hand."""
    start, n = 19_000, 60
    one = np.array([1])
    terms = make_terms(
        one * 10**9, one * 30_000, one * start, one * (start + 3_000), one * EQUAL_PRINCIPAL, one * 4, one * start
    )
    days, amounts = start + 10 + 7 * np.arange(n), 1_000_003 + np.arange(n)
    schedule = after(terms, np.array([True]), Events.of(PREPAID, np.zeros(n, np.int64), days, amounts))
    assert len(schedule.happened.single[0]) == n > MOST_ROUNDS
    steps: list[tuple[int, int, int]] = []
    for day, amount in zip(days.tolist(), amounts.tolist(), strict=True):
        owed = int(scheduled(terms, np.array([0]), day)[0])
        for _, a, o in steps:
            owed = round(Fraction(owed * (o - a), o))
        steps.append((day, amount, owed))
        assert int(schedule.outstanding(np.array([0]), day)[0]) == owed - amount
