"""What the loans really did: schedules given, balances observed, extensions, refinancing, loss of eligibility."""

from __future__ import annotations

import datetime as dt

import pytest

import relending as rl
from relending.engine.steps import schedule
from tests.ledger.bank import Bank, codes, events, loan, states

DAYS = ["2024-06-29", "2024-06-30", "2025-06-30", "2033-12-31", "2034-01-15", "2035-06-30"]


def owed(bank: Bank, *loans: str, days: list[str] = DAYS, name: str = "A", **tables: list[str]) -> list[float]:
    """What a loan owes on these days, in millions."""
    run = bank.run(*loans, **tables)
    book = rl.read_book(bank.folder / "book.csv", lender="icbc", side={t: bank.folder / f"{t}.csv" for t in tables})
    frame = schedule(book.loans, [dt.date.fromisoformat(d) for d in days], run.context(), book.side)
    return [f / 1e8 for f in frame[frame["loan_id"] == name]["outstanding_fen"].tolist()]


def test_a_schedule_given_stands_for_the_computed_one(bank: Bank) -> None:
    rows = ["A,2024-06-30,10000000", "A,2025-06-30,30000000", "A,2034-01-15,60000000"]
    assert owed(bank, loan(repayment="equal_principal"), schedule=rows) == [100, 90, 60, 60, 0, 0]


def test_an_observed_balance_scales_what_follows_up_or_down(bank: Bank) -> None:
    rows = ["A,2024-06-30,80000000", "A,2025-06-30,90000000"]
    assert owed(bank, loan(), balances=rows) == [100, 80, 90, 90, 0, 0]


def test_an_observed_balance_of_an_amortising_loan_keeps_its_shape(bank: Bank) -> None:
    # ten yearly payments of 10 m; after the second 45 m are left instead of 80 m: each later one is 45/80 of it
    plain = loan(repayment="equal_principal", payments_per_year=1)
    days = ["2026-01-14", "2026-01-15", "2027-01-15", "2034-01-15"]
    assert owed(bank, plain, days=days, balances=["A,2026-01-15,45000000"]) == [90, 45, 39.375, 0]


def test_what_is_owed_past_the_end_stays_until_a_balance_says_otherwise(bank: Bank) -> None:
    late = ["A,2034-06-30,25000000", "A,2035-06-30,0"]
    days = ["2034-01-14", "2034-01-15", "2034-06-30", "2035-06-29", "2035-06-30"]
    assert owed(bank, loan(), days=days, balances=late) == [100, 100, 25, 25, 0]
    assert "balance_overdue" in codes(bank.run(loan(), balances=late))


def test_an_extension_moves_the_last_payment_only(bank: Bank) -> None:
    one = loan(repayment="equal_principal", payments_per_year=1, extended_to="2036-01-15")
    assert owed(bank, one, days=["2033-01-15", "2034-01-15", "2036-01-14", "2036-01-15"]) == [10, 10, 10, 0]


def test_a_loan_that_is_replaced_ends_and_so_does_its_draw_and_no_tonne_counts_twice(bank: Bank) -> None:
    new = loan("B", project_id="P-A", disbursed="2024-12-01", refinances="A", issue_type="refinanced")
    assert owed(bank, loan(), new, days=["2024-11-30", "2024-12-01"]) == [100, 0]
    run = bank.run(loan(), new)
    assert run.screening["reasons"].tolist() == ["", "not_new"]
    assert states(run) == {"A": "repaid", "B": "refused"}
    assert events(run, "draw", "rollover", "repay") == [
        ("2024-03-31", "2024-03-31", 60e6),
        ("2025-03-31", "2024-03-31", 60e6),
    ]
    total = run.disclosure[(run.disclosure["code"] == "total") & (run.disclosure["horizon"] == "since_start")]
    assert set(total["reduction"]) == {20_000.0}
    assert run.cost["reduction_in_balance"].tolist()[:6] == [20_000] * 4 + [0] * 2
    assert "refinanced" in codes(run)


def test_a_smaller_new_loan_repays_a_part(bank: Bank) -> None:
    new = loan("B", disbursed="2024-12-01", refinances="A", principal=30_000_000)
    assert owed(bank, loan(), new, days=["2024-11-30", "2024-12-01"]) == [100, 70]
    assert "refinanced_in_part" in codes(bank.run(loan(), new))


def test_a_prepayment_and_a_new_loan_on_one_day_repay_no_more_than_is_owed(bank: Bank) -> None:
    new = loan("B", disbursed="2024-12-01", refinances="A")
    early = ["A,2024-12-01,100000000"]
    assert owed(bank, loan(), new, days=["2024-11-30", "2024-12-01"], prepayments=early) == [100, 0]
    run = bank.run(loan(), new, prepayments=early)
    assert states(run)["A"] == "repaid"


@pytest.mark.parametrize(
    ("how", "gone"),
    [("at_rollover", ("2025-03-31", "2024-03-31", 60e6)), ("immediate", ("2024-08-08", "2024-03-31", 60e6))],
)
def test_a_loan_that_no_longer_meets_the_conditions_returns_its_draw(
    bank: Bank, how: str, gone: tuple[str, str, float]
) -> None:
    run = bank.run(loan(ineligible_from="2024-08-08"), sets={"facility.cerf.on_ineligible": how})
    assert events(run, "repay", "return") == [gone] and not events(run, "rollover")


def test_a_loan_that_lost_its_eligibility_before_the_draw_asks_for_nothing(bank: Bank) -> None:
    run = bank.run(loan(ineligible_from="2024-03-31"))
    assert states(run) == {"A": "ineligible"} and "ineligible_before_draw" in codes(run)


def test_money_received_after_the_loss_goes_back_the_next_day_where_that_is_at_once(bank: Bank) -> None:
    run = bank.run(
        loan(ineligible_from="2024-03-01"),
        applications=["A,2024Q1,funded,,,,2024-04-10,60000000,,"],
        sets={"facility.cerf.on_ineligible": "immediate"},
    )
    assert events(run, "draw", "return") == [("2024-04-10", "2024-04-10", 60e6), ("2024-04-11", "2024-04-10", 60e6)]


def test_observed_falls_and_replacements_return_their_part_at_once_where_prepayments_do(bank: Bank) -> None:
    sets = {"facility.cerf.on_prepayment": "immediate"}
    run = bank.run(loan(), balances=["A,2024-06-30,75000000"], sets=sets)
    assert events(run, "return") == [("2024-06-30", "2024-03-31", 15e6)]
    new = loan("B", disbursed="2024-12-01", refinances="A")
    run = bank.run(loan(), new, prepayments=["A,2024-12-01,50000000"], sets=sets)
    assert events(run, "return") == [("2024-12-01", "2024-03-31", 60e6)]


@pytest.mark.parametrize(
    ("table", "rows", "code"),
    [
        ("schedule", ["A,2024-06-30,10000000", "A,2034-01-15,89999999.99"], "schedule_sum"),
        ("schedule", ["A,2024-01-15,100000000"], "schedule_date"),
        ("schedule", ["A,2024-06-30,-1", "A,2034-01-15,100000001"], "schedule_not_positive"),
        ("balances", ["A,2024-01-14,100000000"], "balance_before_loan"),
        ("balances", ["A,2024-06-30,100000000.01"], "balance_over_principal"),
        ("balances", ["A,2024-06-30,5", "A,2024-06-30,6"], "balance_twice"),
        ("balances", ["A,2024-06-30,0", "A,2024-07-30,6"], "balance_after_zero"),
    ],
)
def test_what_cannot_be_sets_its_loan_aside(bank: Bank, table: str, rows: list[str], code: str) -> None:
    run = bank.run(loan(), loan("B"), **{table: rows})
    assert states(run)["A"] == "set_aside" and states(run)["B"] != "set_aside"
    (said,) = (f for f in run.findings.itertuples() if f.code == code)
    assert said.severity == "error" and said.file == f"{table}.csv" and said.loan == "A"


def test_the_same_balance_twice_is_one(bank: Bank) -> None:
    rows = ["A,2024-06-30,80000000", "A,2024-06-30,80000000"]
    assert owed(bank, loan(), balances=rows)[:3] == [100, 80, 80]
