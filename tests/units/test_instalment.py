"""Equal instalments: what the arrays give is what integers of any size give, to the fen."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.engine.instalment import exact_left, left

principals = st.integers(1, 10**14) | st.integers(1, 10**4) | st.integers(0, 46).map(lambda bits: 2**bits)
rates = st.integers(1, 300_000) | st.sampled_from([1, 7, 10**4, 3 * 10**5])
per_years = st.sampled_from([1, 2, 4, 12])
Loan = tuple[int, int, int, int, int]


@st.composite
def loans(draw: st.DrawFn, most: int = 480) -> Loan:
    n = draw(st.integers(1, most))
    return draw(principals), draw(rates), draw(per_years), n, draw(st.integers(0, n))


def as_arrays(some: list[Loan]) -> list[np.ndarray]:
    return [np.array(column, np.int64) for column in zip(*some, strict=True)]


@settings(max_examples=300)
@given(st.lists(loans(), min_size=1, max_size=10))
def test_arrays_give_what_exact_integers_give(some: list[Loan]) -> None:
    out = left(*as_arrays(some))
    assert out.dtype == np.int64
    assert out.tolist() == [exact_left(*loan) for loan in some]


@settings(max_examples=50)
@given(loans(most=40))
def test_the_exact_form_is_the_schedule_paid_one_by_one(loan: Loan) -> None:
    principal, rate, per_year, n, k = loan
    i = Fraction(rate, 10**6 * per_year)
    payment = principal * i * (1 + i) ** n / ((1 + i) ** n - 1)
    owed = Fraction(principal)
    for _ in range(k):
        owed = owed * (1 + i) - payment
    assert exact_left(*loan) == round(owed)


@given(principals, rates, per_years, st.integers(1, 120))
def test_a_loan_starts_whole_falls_and_ends_at_nothing(principal: int, rate: int, per_year: int, n: int) -> None:
    k = np.arange(n + 1)
    path = left(*(np.full(n + 1, v) for v in (principal, rate, per_year, n)), k)
    assert path[0] == principal and path[-1] == 0
    assert (np.diff(path) <= 0).all()
    # principal is repaid ever faster: each part is at least the one before, but for a fen of rounding
    assert (np.diff(-np.diff(path)) >= -2).all()


def test_a_figure_half_way_between_two_fen_goes_to_the_even_one() -> None:
    # after one of two payments at 200 % a year, 6/8 of the principal is left: 1.5, 4.5 and 7.5 fen
    ties = [(principal, 2_000_000, 1, 2, 1) for principal in (2, 6, 10)]
    assert left(*as_arrays(ties)).tolist() == [exact_left(*tie) for tie in ties] == [2, 4, 8]
