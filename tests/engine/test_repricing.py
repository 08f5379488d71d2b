"""Current rates: worked figures of each way a rate can move, and what is said where it cannot."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest

from relending.dates import to_date, to_day
from relending.engine.block import make_block
from relending.engine.pipeline import run_blocks
from relending.engine.repricing import Pricing, make_pricing, rate_on, reprice_days
from relending.findings import Findings
from tests.engine.bridge import context, loan_frame, prepayment_frame
from tests.oracle import cases

D = dt.date
NEVER = D(2100, 1, 1)
FLOATING = {"rate_type": "floating", "reprice_months": 12}
"""The LPR of tests.oracle.cases: 3.85 / 4.65 % from 2021-01-20, 3.55 / 4.20 % from 2023-06-20, 3.00 / 3.50 % from
2025-05-20; the loan: 4.00 %, made on 2022-02-10, ten years."""


def priced(shift: int = 0, since: dt.date = NEVER, **given: Any) -> tuple[Pricing, Findings]:
    world = context(cases.scenario())
    world = dataclasses.replace(world, lpr_shift_bp=shift, lpr_shift_from=to_day(since))
    block = make_block(loan_frame([cases.loan(**given)]))
    return make_pricing(block, np.array([0]), np.array([0]), world)


def rates(days: list[dt.date], **given: Any) -> list[int]:
    pricing, said = priced(**given)
    assert not said
    return [int(rate_on(pricing, np.array([0]), to_day(d))[0]) for d in days]


EVE, DAY, NEXT, LATER = D(2023, 2, 9), D(2023, 2, 10), D(2024, 2, 10), D(2026, 2, 10)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [40_000] * 4),  # nothing said: fixed
        ({"rate_now": 33_000}, [33_000] * 4),
        ({"rate_type": "fixed", "reprice_months": 12, "spread_bp": 10}, [40_000] * 4),
        # no spread given: 65 bp below the 5-year LPR, as when it was made
        (FLOATING, [40_000, 40_000, 35_500, 28_500]),
        ({**FLOATING, "spread_bp": 10}, [40_000, 47_500, 43_000, 36_000]),
        ({**FLOATING, "spread_bp": 10, "lpr_tenor": "1y"}, [40_000, 39_500, 36_500, 31_000]),
        # rate_now without a day stands for good; with one it holds until then
        ({**FLOATING, "rate_now": 39_000}, [39_000] * 4),
        ({**FLOATING, "rate_now": 39_000, "next_reprice": D(2023, 2, 10)}, [39_000, 40_000, 35_500, 28_500]),
        ({**FLOATING, "next_reprice": D(2026, 1, 1), "spread_bp": 0}, [40_000, 40_000, 40_000, 35_000]),
    ],
)
def test_the_rate_moves_as_the_book_says(given: dict[str, Any], expected: list[int]) -> None:
    assert rates([EVE, DAY, NEXT, LATER], **given) == expected


def test_the_shift_moves_repricings_after_its_day_only() -> None:
    days = [D(2024, 6, 1), D(2025, 2, 10), D(2026, 2, 10)]
    assert rates(days, shift=-20, since=D(2025, 2, 10), **FLOATING) == [35_500, 35_500, 26_500]
    assert rates(days, shift=-20, since=D(2025, 2, 9), **FLOATING) == [35_500, 33_500, 26_500]


def test_a_loan_of_a_plan_made_after_the_shift_has_it_in_its_spread_already() -> None:
    """4.00 % when the LPR of 4.65 % was moved to 4.45: 45 bp below; two years later 4.20 - 0.20 - 0.45."""
    given = {**FLOATING, "planned": True, "shift": -20, "since": D(2022, 1, 1)}
    assert rates([D(2024, 2, 10)], **given) == [35_500]
    assert rates([D(2024, 2, 10)], **{**given, "planned": False}) == [33_500]


def test_short_terms_follow_the_1_year_lpr() -> None:
    given = {**FLOATING, "reprice_months": 3, "spread_bp": 0, "matures": D(2023, 2, 10)}
    assert rates([D(2022, 5, 9), D(2022, 5, 10)], **given) == [40_000, 38_500]


def test_repricing_days_keep_to_the_month_end() -> None:
    pricing, _ = priced(rate_type="floating", reprice_months=1, next_reprice=D(2024, 1, 31))
    loan, days = reprice_days(pricing, np.array([0]), to_day(D(2024, 1, 31)), to_day(D(2024, 4, 30)))
    assert loan.tolist() == [0, 0, 0]
    assert [to_date(d) for d in days.tolist()] == [D(2024, 1, 31), D(2024, 2, 29), D(2024, 3, 31)]


def test_a_rate_changes_on_repricing_days_only() -> None:
    pricing, _ = priced(**FLOATING, next_reprice=D(2022, 8, 31))
    first, stop = to_day(D(2022, 1, 1)), to_day(D(2028, 1, 1))
    by_day = [int(rate_on(pricing, np.array([0]), d)[0]) for d in range(first, stop)]
    changes = {first + i for i in range(1, len(by_day)) if by_day[i] != by_day[i - 1]}
    named = set(reprice_days(pricing, np.array([0]), first, stop)[1].tolist())
    assert len(changes) == 2 and changes < named and len(named) == 6


@pytest.mark.parametrize(
    ("given", "code", "column"),
    [
        ({"rate_type": "floating"}, "reprice_unknown", "reprice_months"),
        ({"rate_type": "floating", "reprice_months": 0}, "reprice_unknown", "reprice_months"),
        # made before the first LPR: what its rate was above it is not known
        ({**FLOATING, "disbursed": D(2020, 5, 5)}, "reprice_before_first_lpr", "next_reprice"),
        (
            {**FLOATING, "disbursed": D(2020, 5, 5), "reprice_months": 6, "spread_bp": 0},
            "reprice_before_first_lpr",
            "next_reprice",
        ),
    ],
)
def test_what_cannot_be_priced_is_said_once(given: dict[str, Any], code: str, column: str) -> None:
    _, said = priced(**given)
    assert said.frame()[["code", "loan", "column"]].to_numpy().tolist() == [[code, "L1", column]]


def test_a_rate_stays_until_the_first_lpr_is_known() -> None:
    """Priced anew in November 2020 (no LPR yet: stays) and May 2021."""
    given = {**FLOATING, "disbursed": D(2020, 5, 5), "reprice_months": 6, "spread_bp": 0}
    pricing, _ = priced(**given)
    days = [D(2020, 11, 5), D(2021, 5, 4), D(2021, 5, 5)]
    assert [int(rate_on(pricing, np.array([0]), to_day(d))[0]) for d in days] == [40_000, 40_000, 46_500]


def test_an_interval_of_centuries_never_comes_round() -> None:
    assert rates([D(2099, 1, 1)], rate_type="floating", reprice_months=10**9) == [40_000]


def test_disclosed_rates_are_those_of_the_last_day_of_each_quarter() -> None:
    """Two loans of 100 m and 300 m yuan; the first is priced anew on 10 February of each year."""
    loans = [
        cases.loan("A", **FLOATING),
        cases.loan("B", principal=30_000_000_000, disbursed=D(2022, 3, 31), rate=36_000),
    ]
    world = dataclasses.replace(context(cases.scenario(end=D(2024, 12, 31))), rate_basis="current")
    tables = run_blocks([loan_frame(loans)], {"prepayments": prepayment_frame([])}, world)
    table = tables.disclosure[tables.disclosure["level"] == "total"].set_index(["lender", "quarter", "horizon"])
    rate = table["weighted_rate_e8"]
    assert rate["alpha", "2022Q1", "quarter"] == rate["alpha", "2023Q4", "since_start"] == 3_700_000
    assert rate["alpha", "2024Q1", "since_start"] == 3_587_500  # (100 x 3.55 + 300 x 3.60) / 400
    assert rate["alpha", "2022Q4", "year"] == 3_700_000
    # the series of cost follow their own key
    assert tables.cost["loan_yield_e8"].dropna().unique().tolist() == [3_700_000]
