"""Blended cost 综合资金成本 at a point and of a period, and the subsidy in it. Sources [n]: the package's docstring."""

from __future__ import annotations

from collections.abc import Sequence

from relending.engine.costing.number import Number, Series, check_rates, check_shares, each

ACT_360 = 360


def blended_cost(share: Number, facility_rate: Number, own_rate: Number) -> Number:
    """Blended cost at a point w = phi * i_c + (1 - phi) * f, a fraction a year [1].

    Parameters: ``share`` phi of the loan that the facility funds [-], ``facility_rate`` i_c [1/a], ``own_rate`` f
    [1/a]. Assumes that the facility funds ``share`` of what is outstanding now; for a period see
    :func:`blended_cost_of_period`, for a loan's whole life :func:`cost_over_life`. Raises ValueError for a share
    outside 0 to 1 and a rate above 1 (per cent, not a fraction), as all functions here do.

    >>> from decimal import Decimal as D
    >>> blended_cost(D("0.6"), D("0.0175"), D("0.0295"))
    Decimal('0.02230')
    """
    check_shares(share=share)
    check_rates(facility_rate=facility_rate, own_rate=own_rate)
    return share * facility_rate + (1 - share) * own_rate


def subsidy_rate(share: Number, facility_rate: Number, own_rate: Number) -> Number:
    """Subsidy s = phi * (f - i_c) per yuan of loan and year [1/a]: blended cost without the facility less with it [1].

    A policy note holds 1.75 % against the medium-term lending facility's 2.95 % [8]: 0.72 points a yuan of loan.

    >>> from decimal import Decimal as D
    >>> subsidy_rate(D("0.6"), D("0.0175"), D("0.0295"))
    Decimal('0.00720')
    """
    check_shares(share=share)
    check_rates(facility_rate=facility_rate, own_rate=own_rate)
    return share * (own_rate - facility_rate)


def interest_act_360(principal: Number, rate: Number, days: int) -> Number:
    """Interest of a period at actual/360 [yuan]: principal [yuan] * rate [1/a] * days [d] / 360 [3].

    >>> interest_act_360(60_000_000, 0.0175, 90)
    262500.0
    """
    check_rates(rate=rate)
    return principal * rate * days / ACT_360


def blended_cost_of_period(
    loans: Sequence[Number],
    facility: Sequence[Number],
    facility_rate: Series,
    own_rate: Series,
    lengths: Sequence[Number] | None = None,
) -> Number:
    """Blended cost of a period [1/a]: what the funds cost over the average balance of the loans [3].

        w = sum_t (B_t i_t + max(L_t - B_t, 0) f_t) d_t / sum_t L_t d_t

    Parameters: ``loans`` L_t and ``facility`` B_t [yuan], one balance a day, or a quarter's end; ``facility_rate`` i_t
    and ``own_rate`` f_t [1/a], one for all or one a balance; ``lengths`` d_t, how long each balance stood (in any one
    unit; all the same where left out). Balances of days give the figure by daily balances 日均余额口径 (then it is
    ``(facility_interest + own_funding_interest) / (average_loans * D / 360)`` of ``cost.csv``, but for the fen those
    are rounded to), balances of quarter ends a cruder one.

    Assumes that a balance B above L earns nothing on the difference and costs its interest all the same, as
    ``net_interest`` of a run does. Raises ValueError where the series differ in length; ZeroDivisionError where nothing
    was lent at any time.

    60 of 100 for half of the period, then nothing of the facility:

    >>> from decimal import Decimal as D
    >>> blended_cost_of_period([D(100), D(100)], [D(60), D(0)], D("0.0175"), D("0.0295"))
    Decimal('0.0259')
    """
    n = len(loans)
    check_rates(facility_rate=facility_rate, own_rate=own_rate)
    funded, cheap, own = (
        each(facility, n, "facility"),
        each(facility_rate, n, "facility_rate"),
        each(own_rate, n, "own_rate"),
    )
    long = [1] * n if lengths is None else each(lengths, n, "lengths")
    cost = sum(
        (b * i + max(whole - b, 0 * whole) * f) * d
        for whole, b, i, f, d in zip(loans, funded, cheap, own, long, strict=True)
    )
    return cost / sum(whole * d for whole, d in zip(loans, long, strict=True))
