"""What the methods of cost satisfy whatever the figures, exactly in fractions."""

from __future__ import annotations

import datetime as dt
import itertools
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from relending.engine import costing

RATE = st.integers(0, 2_000).map(lambda bp: Fraction(bp, 10_000))
SHARE = st.integers(0, 100).map(lambda p: Fraction(p, 100))
MONEY = st.integers(1, 10**12).map(Fraction)
BALANCES = st.lists(st.integers(1, 10**9), min_size=1, max_size=12).map(
    lambda parts: [Fraction(sum(parts[k:])) for k in range(len(parts))]
)
"""What a loan owes at the start of each period: it never grows."""
KIND = st.sampled_from(costing.REPAYMENTS)


@given(SHARE, RATE, RATE)
def test_the_subsidy_is_the_blended_cost_without_less_that_with(phi: Fraction, low: Fraction, own: Fraction) -> None:
    assert costing.subsidy_rate(phi, low, own) == own - costing.blended_cost(phi, low, own)


@given(SHARE, RATE, RATE, st.lists(RATE, min_size=6, max_size=6))
def test_break_even_rates_differ_by_the_subsidy(
    phi: Fraction, low: Fraction, own: Fraction, parts: list[Fraction]
) -> None:
    costs = dict(
        zip(("operating", "expected_loss", "risk_weight", "capital_ratio", "return_on_equity"), parts, strict=False)
    )
    with_it, without = (costing.break_even_loan_rate(x, low, own, tax=parts[5], **costs) for x in (phi, Fraction(0)))
    assert without - with_it == costing.subsidy_rate(phi, low, own)
    # at the break-even rate the spread is the sum of the other costs
    charge = costing.capital_charge(parts[2], parts[3], parts[4], own, parts[5])
    assert costing.spread_after_facility(with_it, phi, low, own) == parts[0] + parts[1] + charge


@given(BALANCES, SHARE, RATE, RATE, st.integers(1, 4), st.sampled_from([1, 2, 4]), RATE)
def test_life_of_a_loan(
    balances: list[Fraction], phi: Fraction, low: Fraction, own: Fraction, years: int, m: int, d: Fraction
) -> None:
    def life(
        base: str, years: int = years, share: Fraction = phi, discount: Fraction = Fraction(0)
    ) -> costing.LifeCost:
        return costing.cost_over_life(
            balances, share, low, own, supported_years=years, rollover_base=base, periods_per_year=m,
            discount_rate=discount,
        )  # fmt: skip

    whole = life("outstanding")
    assert whole.without == own and whole.subsidy == own - whole.with_facility
    # what is funded at most is what is owed, but for what a loan repays within a year
    if m == 1:
        assert whole.facility_share <= phi and whole.subsidy == whole.facility_share * (own - low)
        assert whole.with_facility == costing.life_of_loan_cost(phi, low, own, balances, years)
    # nothing drawn, nothing saved; a facility that covers all years of a constant loan is the blended cost at a point
    assert life("original", share=Fraction(0)).subsidy == 0
    flat = costing.cost_over_life(
        [balances[0]] * 3, phi, low, own, supported_years=3, rollover_base="original", discount_rate=d
    )
    assert flat.with_facility == costing.blended_cost(phi, low, own)
    held = costing.facility_balances(balances, phi, years, periods_per_year=m, rollover_base="original")
    less = costing.facility_balances(balances, phi, years, periods_per_year=m, rollover_base="outstanding")
    assert all(a >= b for a, b in zip(held, less, strict=True)) and held == sorted(held, reverse=True)
    assert not any(held[years * m :]) and held[0] == phi * balances[0]


@given(BALANCES, RATE, RATE)
def test_grant_equivalent_and_grant_element_are_one_sum(
    balances: list[Fraction], rate: Fraction, reference: Fraction
) -> None:
    share = costing.grant_equivalent_share(balances, rate, reference)
    payments = costing.debt_service(balances, rate)
    assert sum(payments) == balances[0] + sum(b * rate for b in balances)
    assert costing.grant_element(balances[0], payments, reference) == share
    assert costing.grant_equivalent(balances, rate, rate, 4) == 0
    assert (share > 0) == (reference > rate)


@given(st.integers(1, 24), st.integers(1, 12), MONEY, RATE)
def test_the_grant_equivalent_of_a_position_at_its_own_rate_is_nothing(
    n: int, step: int, money: Fraction, rate: Fraction
) -> None:
    days = list(range(0, (n + 1) * step, step))
    given_ = {"discount_rate": Fraction(0), "day_count": 360}
    assert costing.position_grant_equivalent(days, [money] * n, rate, rate, **given_) == 0
    one = costing.position_grant_equivalent([0, n * step], [money], Fraction(0), rate, **given_)
    assert costing.position_grant_equivalent(days, [money] * n, Fraction(0), rate, **given_) == one
    assert one == costing.interest_act_360(money, rate, n * step)


@given(MONEY, MONEY, st.integers(1, 100).map(lambda p: Fraction(p, 100)), st.integers(1, 5), st.integers(5, 30))
def test_the_three_meanings_of_cost_per_tonne(
    subsidy: Fraction, tonnes: Fraction, part: Fraction, years: int, life: int
) -> None:
    c1 = costing.cost_per_annual_tonne(subsidy, tonnes)
    assert costing.cost_per_additional_tonne(subsidy, tonnes, part) == c1 / part
    assert costing.cost_per_annual_tonne_of_facility_money(subsidy, tonnes, part) == c1 / part
    assert costing.cost_per_tonne_over_life(subsidy, years, tonnes, life) == c1 * years / life
    # supported all its life and both discounted alike, c2 is c1
    rates = {"money_rate": Fraction("0.03"), "tonnes_rate": Fraction("0.03")}
    assert costing.cost_per_tonne_over_life(subsidy, life, tonnes, life, **rates) == c1


@given(RATE, RATE, SHARE, RATE, RATE)
def test_what_reaches_the_borrower_and_what_stays_add_up_to_the_subsidy(
    rate: Fraction, other: Fraction, phi: Fraction, low: Fraction, own: Fraction
) -> None:
    split = costing.split_subsidy(rate, other, phi, low, own)
    assert split.to_borrower + split.to_lender == split.subsidy == costing.subsidy_rate(phi, low, own)
    # what stays is the margin with the facility less the margin without, at the other rate
    assert split.to_lender == costing.spread_after_facility(rate, phi, low, own) - (other - own)


@settings(max_examples=60)
@given(KIND, st.integers(0, 3_000), st.sampled_from([1, 2, 4, 12]), st.integers(1, 60), st.integers(0, 59), st.data())
def test_the_internal_rate_of_a_loan_without_fees_is_its_rate(
    kind: str, bp: int, m: int, periods: int, grace: int, data: st.DataObject
) -> None:
    """Interest due each period: whatever the repayment and the grace, the rate of a period comes back."""
    rate = bp / 10_000 / m
    balances = costing.loan_balances(1e8, periods, kind, rate, min(grace, periods - 1))
    flows = [1e8, *(-x for x in costing.debt_service(balances, rate * m, m))]
    assert abs(costing.internal_rate(flows) - rate) < 1e-11
    # the same in years, and quoted again
    effective = costing.internal_rate(flows, [k / m for k in range(periods + 1)])
    assert abs(effective - costing.effective_annual_rate(rate, m)) < 1e-9
    assert abs(costing.nominal_rate(effective, m) - rate * m) < 1e-9
    fee = data.draw(st.floats(1, 1e6))
    assert costing.internal_rate([flows[0] - fee, *flows[1:]]) > costing.internal_rate(flows)


@settings(max_examples=60)
@given(
    KIND,
    st.integers(1, 10**12),
    st.integers(0, 150_000),
    st.dates(dt.date(2021, 1, 1), dt.date(2026, 12, 31)),
    st.integers(1, 4_000),
    st.sampled_from([1, 2, 4, 12]),
    st.sampled_from(["quarterly", "with_payments"]),
)
def test_dated_flows_repay_the_loan_and_settle_all_interest(
    kind: str, principal: int, rate: int, start: dt.date, days: int, m: int, settled: str
) -> None:
    end = start + dt.timedelta(days=days)
    flows = costing.loan_flows(
        principal, rate, start, end, repayment=kind, payments_per_year=m, interest=settled, day_count="ACT/365"
    )
    assert sum(f.principal_fen for f in flows) == principal and all(f.principal_fen >= 0 for f in flows)
    assert [f.date for f in flows] == sorted({f.date for f in flows}) and flows[0].date == start
    # all interest is that of each day's balance, rounded as a whole
    owed, exact = principal, 0
    for before, after in itertools.pairwise(flows):
        exact += owed * (after.date - before.date).days
        owed -= after.principal_fen
    paid = sum(f.interest_fen for f in flows)
    assert owed == 0 and abs(paid - Fraction(exact * rate, 365 * 10**6)) <= Fraction(1, 2)
    if principal > 10**6 and days > 30 and settled == "with_payments":
        # whatever days its years have, a loan whose interest is paid as it accrues costs about its rate
        nominal = costing.nominal_rate(costing.borrower_cost(flows).effective_rate, m)
        assert abs(nominal - rate / 10**6) < 0.1 * rate / 10**6 + 1e-4
