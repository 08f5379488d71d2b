"""Small building blocks for tests: an inline facility, a loan, a scenario, and random books of any size."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .days import add_months, quarter_of
from .model import Dated, Loan, Prepayment, Scenario
from .policy import Facility, facility_from

YUAN = 100  # fen
TONNE = 10**6  # grams

LPR = [(date(2021, 1, 20), 38500, 46500), (date(2023, 6, 20), 35500, 42000), (date(2025, 5, 20), 30000, 35000)]
LENDERS = {"alpha": "state", "beta": "city"}


def _entries(**values: Any) -> dict[str, Any]:
    return {name: [{"from": date(2021, 11, 8), "value": value}] for name, value in values.items()}


# A made-up facility of the usual kind, for tests that must not move when the shipped data do.
PLAIN: dict[str, Any] = {
    "id": "cerf",
    "launch": [{"value": date(2021, 11, 8)}],
    "window": [
        {"from": date(2021, 11, 8), "value": {"first": date(2021, 7, 1), "last": date(2022, 12, 31)}},
        {"from": date(2023, 1, 29), "value": {"first": date(2021, 7, 1), "last": date(2027, 12, 31)}},
    ],
    "lenders": [
        {"from": date(2021, 7, 1), "classes": ["state"]},
        {"from": date(2023, 1, 1), "classes": ["city"]},
    ],
    "sectors": [
        {"from": date(2021, 11, 8), "codes": ["wind", "solar", "industrial_efficiency"]},
        {"from": date(2026, 1, 15), "codes": ["green_upgrade"]},
    ],
    "rate": [
        {"from": date(2021, 11, 8), "value": Decimal("0.0175")},
        {"from": date(2025, 5, 7), "value": Decimal("0.0150")},
    ],
    **_entries(
        ratio=Decimal("0.60"),
        term_months=12,
        rollovers=2,
        frequency="quarter",
        loan_rate_limit="lpr",
        tolerance=Decimal("0.0050"),
        evidence_required=True,
    ),
}
COAL: dict[str, Any] = {
    "id": "clean_coal",
    "launch": [{"value": date(2021, 11, 17)}],
    "window": [{"from": date(2021, 11, 17), "value": {"first": date(2021, 11, 17), "last": date(2023, 12, 31)}}],
    "lenders": [{"from": date(2021, 11, 17), "classes": ["state", "city"]}],
    "sectors": [
        {"from": date(2021, 11, 17), "codes": ["coal_mining", "coal_power"]},
        {"from": date(2022, 5, 4), "codes": ["coal_supply_security"]},
    ],
    "rate": [{"from": date(2021, 11, 17), "value": Decimal("0.0175")}],
    **_entries(ratio=Decimal(1), term_months=12, rollovers=2, frequency="month", loan_rate_limit="lpr"),
}
SMALL: dict[str, Any] = {
    "id": "small_business",
    "launch": [{"value": date(2020, 7, 1)}],
    "lenders": [{"from": date(2020, 7, 1), "classes": ["city"]}],
    "rate": [{"from": date(2020, 7, 1), "value": {"12": Decimal("0.0200"), "6": Decimal("0.0190")}}],
    "loan_rate_cap": [{"from": date(2020, 7, 1), "value": Decimal("0.055")}],
    **_entries(
        ratio=Decimal(1),
        selection="unlisted",
        term_months=6,
        rollovers=1,
        frequency="month",
        loan_rate_limit="cap",
        borrower_types=["small", "micro"],
    ),
}


def plain(overrides: Mapping[str, Any] | None = None, table: Mapping[str, Any] = PLAIN) -> Facility:
    """An inline facility with overrides (figures as in a file: yuan, fractions)."""
    return facility_from(table, overrides)


def loan(loan_id: str = "L1", **given: Any) -> Loan:
    """A 100 m yuan wind loan of `alpha`, complete and eligible unless told otherwise."""
    values: dict[str, Any] = {
        "loan_id": loan_id,
        "lender": "alpha",
        "project_id": f"P-{loan_id}",
        "sector": "wind",
        "principal": 100_000_000 * YUAN,
        "rate": 40000,
        "disbursed": date(2022, 2, 10),
        "matures": date(2032, 2, 10),
        "investment": 1_000_000_000 * YUAN,
        "reduction": 200_000 * TONNE,
        "evidence": "eia",
    }
    return Loan(**{**values, **given})


def scenario(
    *facilities: Facility,
    start: date = date(2021, 7, 1),
    end: date = date(2026, 12, 31),
    own_rate: Dated | Mapping[str, Dated] = ((date(2021, 1, 1), 29500),),
    **given: Any,
) -> Scenario:
    """A scenario over some facilities (the plain one by default)."""
    chosen = facilities or (plain(),)
    values: dict[str, Any] = {"lenders": LENDERS, "lpr": LPR, **given}
    named = {facility.id: facility for facility in chosen}
    return Scenario(start=start, end=end, facilities=named, own_rate=own_rate, **values)


def random_book(rng: random.Random, size: int) -> tuple[list[Loan], list[Prepayment]]:
    """A book full of edges: month ends, leap days, shared projects, grace, prepayments, tiny and large amounts.

    About two loans in three can be funded; the others meet every reason there is.
    """
    edges = [date(2021, 8, 31), date(2021, 12, 31), date(2022, 5, 31), date(2024, 1, 31), date(2024, 2, 29)]
    sectors = ["wind", "wind", "solar", "solar", "coal_mining", "coal_supply_security", "green_upgrade", "x"]
    loans = []
    for n in range(size):
        odd = rng.random() < 0.25  # only these may be ineligible on purpose
        early = date(2021, 6, 25) if odd else date(2021, 11, 17)
        disbursed = rng.choice(edges) if rng.random() < 0.3 else early + timedelta(days=rng.randrange(1750))
        months = rng.choice([3, 9, 12, 13, 36, 60, 120])
        matures = add_months(disbursed, months) + timedelta(days=rng.choice([0, 0, 1, 17]))
        principal = rng.choice([1, 99, 33_333_333, 10**10, rng.randrange(1, 10**12), rng.randrange(1, 10**12)])
        investment = rng.choice([principal, principal * 3, 10**12, 10**13, *([None, principal - 1] if odd else [])])
        reduction = rng.choice([0, 10**9, rng.randrange(10**12), *([None] if odd else [])])
        reported = None
        if rng.random() < 0.1 and investment and reduction is not None:
            reported = reduction * principal // investment * rng.choice([1000, 1004, 1006]) // 1000
        grace = disbursed + timedelta(days=rng.randrange(1, 20 + (500 if odd else 30 * months - 25)))
        loans.append(
            Loan(
                loan_id=f"L{n:03d}",
                lender=rng.choice(["alpha", "alpha", "beta", "gamma"] if odd else ["alpha", "alpha", "beta"]),
                project_id=f"P{rng.randrange(size)}",
                sector=rng.choice(sectors if odd else sectors[:5]),
                principal=principal,
                rate=rng.choice([35500, 41234, 51500, 60000] if odd else [0, 20000, 33333, 35000]),
                disbursed=disbursed,
                matures=matures,
                issue_type=rng.choice(["new", "new", "renewed"]) if odd else "new",
                repayment=rng.choice(["bullet", "equal_principal", "equal_installment"]),
                payments_per_year=rng.choice([1, 2, 4, 12]),
                grace_until=rng.choice([None, None, grace]),
                investment=investment,
                reduction=reduction,
                reduction_reported=reported,
                evidence=rng.choice(["eia", "feasibility_study", None]) if odd else "third_party",
                lpr_tenor=rng.choice([None, None, "1y", "5y"]),
                borrower_type=rng.choice([None, "small", "large"]),
                data_error=odd and rng.random() < 0.1,
            )
        )
    prepayments = []
    for lent in rng.sample(loans, k=size // 3):
        for _ in range(rng.randrange(1, 4)):
            span = (lent.matures - lent.disbursed).days
            day = lent.disbursed + timedelta(days=rng.randrange(1 + span // 2))
            if rng.random() < 0.3 and quarter_of(day).last < lent.matures:
                day = quarter_of(day).last  # the day of a draw and of due dates
            amount = max(1, lent.principal * rng.randrange(1, 25) // 100)
            prepayments.append(Prepayment(loan_id=lent.loan_id, date=day, amount=amount))
    return loans, prepayments


def random_scenario(rng: random.Random) -> Scenario:
    """The inline facilities under random assumptions."""
    # the second value holds from a day on which draws and rollovers fall due
    falling = [
        {"from": date(2021, 1, 1), "value": Decimal("0.95")},
        {"from": date(2023, 12, 31), "value": Decimal("0.5")},
    ]
    overrides: dict[str, Any] = {
        "rollover_base": rng.choice(["original", "outstanding"]),
        "rollover_rate": rng.choice(["prevailing", "original"]),
        "rollover_take_up": rng.choice([1, 1, Decimal("0.9"), Decimal("0.3333"), 0, falling]),
        "on_prepayment": rng.choice(["at_rollover", "immediate"]),
        "rationing": rng.choice(["pro_rata", "fifo", "whole_loans"]),
        "carry_over": rng.choice([False, True]),
        "lag_days": rng.choice([0, 0, 15]),
        "rollover_after_expiry": rng.choice([True, False]),
        "interest_settlement": rng.choice(["quarterly", "maturity"]),
        "quota_counts_rollovers": rng.choice([False, True]),
        "quota": rng.choice([{"kind": "none"}, 10**9, 5 * 10**9, {"flow": 3 * 10**9}]),
    }
    chosen = [plain(overrides), plain(overrides, COAL)]
    if rng.random() < 0.5:
        chosen.append(plain(overrides, SMALL))
    caps = {"cerf": {"2022Q1": 10**10, "2024Q1": 5 * 10**9}} if rng.random() < 0.3 else {}
    rates = {"alpha": [(date(2021, 1, 1), 29500), (date(2023, 2, 15), 24000)], "beta": [(date(2021, 1, 1), 31000)]}
    return scenario(*chosen, own_rate={**rates, "gamma": [(date(2021, 1, 1), 12500)]}, caps=caps)
