"""The oracle proved by hand: opening totals of a statement, cost by daily balances, rates that are fixed anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from .cases import TONNE, YUAN, loan, plain, scenario
from .engine import run
from .model import Loan, OpeningTotal, Result, Side
from .rates import current_rates

MILLION = 1_000_000 * YUAN

# ---- R3


def before(code: str = "", amount: int = 1000, **given: Any) -> OpeningTotal:
    """What was disclosed through 2022Q4: million yuan at 4 %, two projects, 50,000 t."""
    values: dict[str, Any] = {
        "lender": "alpha", "facility": "cerf", "through": "2022Q4", "code": code, "projects": 2,
        "amount": amount * MILLION, "weighted_rate": 4_000_000, "reduction": 50_000 * TONNE,
    }  # fmt: skip
    return OpeningTotal(**{**values, **given})


BOOK = [
    loan("A", disbursed=date(2022, 5, 1)),  # in the opening
    loan("B", disbursed=date(2023, 2, 1), project_id="P-A", rate=35000),
    loan("C", disbursed=date(2023, 5, 1), rate=35000),
]


def disclosed(rows: Sequence[OpeningTotal], book: Sequence[Loan] = BOOK, **given: Any) -> Result:
    given = {"start": date(2023, 1, 1), "end": date(2023, 6, 30), **given}
    return run(list(book), [], scenario(**given), Side(opening=rows))


def cell(result: Result, quarter: str, horizon: str = "since_start", code: str = "total") -> tuple[Any, ...]:
    (row,) = (
        r for r in result.disclosure
        if (r["lender"], r["quarter"], r["horizon"], r["code"]) == ("alpha", quarter, horizon, code)
    )  # fmt: skip
    return row["projects"], row["amount"] // MILLION, row["weighted_rate"], row["reduction"] // TONNE


def test_since_start_goes_on_from_the_opening() -> None:
    result = disclosed([before(project_ids="P-A；old")])
    # 1,000 at 4 % and 100 at 3.5 %: 4,350 / 1,100; then 4,700 / 1,200. B is of a project known, C of a new one.
    assert cell(result, "2023Q1") == (2, 1100, 3_954_545, 70_000)
    assert cell(result, "2023Q2") == (3, 1200, 3_916_667, 90_000)
    assert cell(result, "2023Q2", "year") == (2, 200, 3_500_000, 40_000)
    assert cell(result, "2023Q2", "quarter") == (1, 100, 3_500_000, 20_000)
    assert cell(result, "2023Q2", code="wind") == (2, 200, 3_500_000, 40_000)  # the run's own alone


def test_without_ids_or_with_too_few_the_count_is_a_bound() -> None:
    for ids in (None, "P-A", "P-A;old;more"):
        assert cell(disclosed([before(project_ids=ids)]), "2023Q2")[0] == 4


def test_fields_and_the_total_are_added_up_from_sectors() -> None:
    rows = [
        before("wind", 600, project_ids="P-A、x"),
        before("solar", 300, project_ids="x，y", weighted_rate=3_000_000),
        before("industrial_efficiency", 0, projects=0, weighted_rate=None, reduction=0),
    ]
    result = disclosed(rows, [])
    assert cell(result, "2023Q1", code="wind") == (2, 600, 4_000_000, 50_000)
    assert cell(result, "2023Q1", code="clean_energy") == (3, 900, 3_666_667, 100_000)  # P-A, x, y
    assert cell(result, "2023Q1", code="energy_saving") == (0, 0, None, 0)
    assert cell(result, "2023Q1") == (3, 900, 3_666_667, 100_000)
    plain_sum = disclosed([rows[0], before("solar", 300)], [])
    assert cell(plain_sum, "2023Q1")[0] == 4  # one has no ids: 2 + 2


def test_the_year_goes_on_from_its_own_opening() -> None:
    given = {"start": date(2022, 7, 1), "end": date(2023, 3, 31)}
    rows = [before(through="2022Q2", horizon="year", amount=400)]
    result = disclosed(rows, [*BOOK, loan("D", disbursed=date(2022, 8, 1))], **given)
    assert cell(result, "2022Q3", "year") == (3, 500, 4_000_000, 70_000)  # A is in the opening
    assert cell(result, "2022Q4", "year") == (3, 500, 4_000_000, 70_000)
    assert cell(result, "2023Q1", "year") == (1, 100, 3_500_000, 20_000)
    assert cell(result, "2022Q3") == (2, 200, 4_000_000, 40_000)  # no opening: A and D
    without = disclosed([before(through="2022Q2")], [*BOOK, loan("D", disbursed=date(2022, 8, 1))], **given)
    assert cell(without, "2022Q3", "year")[1] == 200  # the loans of the book as they are
    assert cell(without, "2022Q3")[1] == 1100


# ---- R10


def costed(*loans: Loan, facility: Any = None, **given: Any) -> Result:
    return run(list(loans), [], scenario(facility or plain(), **{"end": date(2022, 6, 30), **given}))


def last(result: Result) -> dict[str, Any]:
    return [r for r in result.cost if r["lender"] == "alpha"][-1]


def test_daily_balances_from_disbursement_and_draw() -> None:
    # 100 m from 2022-02-10 (50 of 90 days), 60 m on the last day of the quarter alone.
    row = last(costed(loan(), end=date(2022, 3, 31)))
    assert row["average_loans"] == 5_555_555_556  # 100 m x 50 / 90
    assert row["average_balance"] == 66_666_667  # 60 m / 90
    assert row["loan_interest"] == 55_555_556  # 100 m x 4 % x 50 / 360
    assert row["facility_interest"] == 291_667  # 60 m x 1.75 % / 360
    # 2.95 % on 100 m for 49 days and on 40 m for one
    assert row["own_funding_interest"] == 40_480_556  # (4,900 + 40) m x 2.95 % / 360 = 404,805.56
    assert row["net_interest"] == 55_555_556 - 291_667 - row["own_funding_interest"]


def test_a_payment_of_a_day_is_gone_at_its_end() -> None:
    lent = loan(disbursed=date(2022, 1, 10), matures=date(2022, 5, 1))
    row = last(costed(lent))
    assert row["average_loans"] == 3_296_703_297  # 100 m x 30 / 91: April


def test_the_collateral_and_the_margin_of_the_bank() -> None:
    # 60 m, 91 days. 0.5 % / 0.9: 84,259.26 yuan. Saved 1.2 %: 182,000. (182,000 - 84,259.26) x 10^4 x 365 / 91 / 10^11.
    given = {
        "collateral_cost": [(date(2021, 1, 1), 5000)],
        "earning_assets": [(date(2021, 1, 1), 10**11 * YUAN)],
        "reference_rate": [(date(2021, 1, 1), 20000)],
    }
    row = last(costed(loan(), facility=plain({"collateral_haircut": 0.1}), **given))
    assert row["collateral_cost"] == 8_425_926
    assert row["interest_saved"] == 18_200_000
    assert row["nim_effect_bp"] == 39_204  # 0.039204 bp
    assert (row["reference_rate"], row["interest_saved_reference"]) == (20000, 3_791_667)  # 60 m x 0.25 % x 91 / 360
    assert row["facility_interest"] == 26_541_666  # 92 days 268,333.33 less one day 2,916.67
    assert row["net_interest"] == row["loan_interest"] - 26_541_666 - row["own_funding_interest"] - 8_425_926


FLOATING: dict[str, Any] = {"rate_type": "floating", "reprice_months": 12, "lpr_tenor": "1y"}
D = date


@pytest.mark.parametrize(
    ("given", "rates"),
    [
        ({"rate_type": None, "rate_now": 30000}, [30000] * 4),
        ({"rate_type": "fixed", "reprice_months": 12}, [40000] * 4),
        # 4 % = 3.85 + 0.15 at disbursement; 3.85 in 2023, 3.55 in February 2024, 3.00 in 2026
        (FLOATING, [40000, 40000, 37000, 31500]),
        ({**FLOATING, "spread_bp": -10}, [40000, 37500, 34500, 29000]),
        ({**FLOATING, "reprice_months": None}, [40000] * 4),
        ({**FLOATING, "rate_now": 30000}, [30000] * 4),
        ({**FLOATING, "rate_now": 30000, "next_reprice": D(2023, 7, 1)}, [30000, 30000, 37000, 31500]),
        ({**FLOATING, "lpr_tenor": "5y", "next_reprice": D(2023, 2, 10)}, [40000, 40000, 35500, 28500]),
        # without a tenor a loan of one year and a day is held against the 5-year LPR
        ({**FLOATING, "lpr_tenor": None, "next_reprice": D(2023, 2, 10)}, [40000, 40000, 35500, 28500]),
    ],
)
def test_the_current_rate(given: dict[str, Any], rates: list[int]) -> None:
    steps = current_rates(loan(**given), plain(), scenario(), D(2026, 12, 31))
    days = [D(2023, 2, 9), D(2023, 2, 10), D(2024, 2, 10), D(2026, 12, 31)]
    assert [[rate for start, rate in steps if start <= day][-1] for day in days] == rates


def test_the_shift_moves_repricing_after_its_day() -> None:
    shifted = scenario(lpr_shift_bp=-20, lpr_shift_from=D(2024, 2, 9))
    steps = current_rates(loan(**FLOATING), plain(), shifted, D(2025, 2, 10))
    assert steps == [(D.min, 40000), (D(2023, 2, 10), 40000), (D(2024, 2, 10), 35000), (D(2025, 2, 10), 35000)]


def test_the_rates_of_tables_follow_their_options() -> None:
    # From 2023-02-10, the last 50 days of the quarter, at 3.75 % instead of 4 %.
    lent = loan(**{**FLOATING, "spread_bp": -10})
    given: dict[str, Any] = {"start": D(2023, 1, 1), "end": D(2023, 3, 31)}
    at_issue = costed(lent, **given)
    assert (last(at_issue)["loan_yield"], last(at_issue)["loan_interest"]) == (4_000_000, 100_000_000)
    current = costed(lent, **given, loan_rates="current", rate_basis="current")
    # 100 m x (40 x 4 % + 50 x 3.75 %) / 360
    assert (last(current)["loan_yield"], last(current)["loan_interest"]) == (3_750_000, 96_527_778)
    assert [cell(result, "2023Q1")[2] for result in (at_issue, current)] == [4_000_000, 3_750_000]
