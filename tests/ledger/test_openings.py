"""Starting mid-life: the facility balance is the general ledger's from the first day on."""

from __future__ import annotations

import pytest

from relending.findings import InputError
from tests.ledger.bank import Bank, codes, events, loan, states

FIRST = "icbc,cerf,2023-03-31,2024-03-31,1000000000.07,0.0175,0,"
SECOND = "icbc,cerf,2022-06-30,2024-06-30,500000000,0.0175,1,"


def test_the_balance_of_the_first_day_is_the_general_ledgers_and_runs_off_to_nothing(bank: Bank) -> None:
    run = bank.run(loan(), opening_tranches=[FIRST, SECOND])
    assert events(run, "opening") == [
        ("2024-01-01", "2022-06-30", 500e6),
        ("2024-01-01", "2023-03-31", 1_000_000_000.07),
    ]
    # the first may be rolled over twice, the second once more
    assert [e for e in events(run, "rollover", "repay") if e[1] != "2024-03-31"] == [
        ("2024-03-31", "2023-03-31", 1_000_000_000.07),
        ("2024-06-30", "2022-06-30", 500e6),
        ("2025-03-31", "2023-03-31", 1_000_000_000.07),
        ("2025-06-30", "2022-06-30", 500e6),
        ("2026-03-31", "2023-03-31", 1_000_000_000.07),
    ]
    balance = dict(zip(run.funding["quarter"], run.funding["balance"], strict=True))
    assert balance["2024Q1"] == 1_500_000_000.07 + 60e6
    assert (balance["2025Q1"], balance["2025Q2"]) == (1_500_000_000.07 + 60e6, 1_000_000_000.07 + 60e6)
    assert (balance["2026Q1"], balance["2027Q1"]) == (60e6, 0)
    assert set(run.ledger[run.ledger["event"] == "opening"]["basis"]) == {"recorded"}


def test_interest_of_the_first_settlement_takes_what_accrued_since_the_last_before_the_run(bank: Bank) -> None:
    run = bank.run(loan(), opening_tranches=[SECOND])
    # 500 m x 1.75 % x 91 days (21 December 2023 to 20 March 2024) / 360; the quarter itself has 91 days
    assert events(run, "interest")[0] == ("2024-03-20", "2022-06-30", 2_211_805.55)
    assert run.funding["interest"].tolist()[0] == pytest.approx(
        500e6 * 0.0175 * 91 / 360 + 60e6 * 0.0175 / 360, abs=0.011
    )


def test_rollovers_are_at_the_rate_in_force_and_by_the_share_taken_up(bank: Bank) -> None:
    run = bank.run(loan(), opening_tranches=[FIRST], sets={"facility.cerf.rollover_take_up": 0.9})
    mine = run.ledger[run.ledger["tranche"] == "cerf/icbc/2023-03-31"]
    assert mine[mine["event"] == "rollover"][["amount", "rate"]].values.tolist() == [
        [900_000_000.06, 0.0175],
        [810_000_000.05, 0.0175],
    ]


def test_loans_drawn_before_the_run_are_in_the_opening_and_not_drawn_again(bank: Bank) -> None:
    old = loan("OLD", disbursed="2022-05-05")
    run = bank.run(old, loan(), opening_tranches=[SECOND])
    assert states(run)["OLD"] == "opening" and run.attribution["supported"].tolist() == [True, True]
    assert events(run, "draw") == [("2024-03-31", "2024-03-31", 60e6)]
    assert "in_opening" in codes(run)
    first = run.cost.iloc[0]
    assert first["loans_outstanding"] == 200e6 and first["facility_balance"] == 560e6


def test_what_the_general_ledger_says_is_kept_to_the_fen_by_quarter(bank: Bank) -> None:
    run = bank.run(loan(), opening_tranches=[FIRST, SECOND], sets={"facility.cerf.quota": 8e11})
    ledger = run.tables["ledger"]
    sign = {"opening": 1, "draw": 1, "repay": -1, "return": -1}
    total = sum(sign.get(e, 0) * a for e, a in zip(ledger["event"], ledger["amount_fen"], strict=True))
    assert total == run.tables["funding"]["balance_fen"].iloc[-1]


def test_an_opening_balance_fills_the_quota(bank: Bank) -> None:
    run = bank.run(loan(), opening_tranches=[SECOND], sets={"facility.cerf.quota": 515_000_000})
    assert events(run, "draw") == [("2024-03-31", "2024-03-31", 15e6)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("icbc,cerf,2024-01-01,2025-01-01,1,0.0175,0,", "opening_drawn_late"),
        ("icbc,cerf,2022-06-30,2023-06-30,1,0.0175,0,", "opening_due_early"),
        ("icbc,cerf,2022-06-30,2024-06-30,1,0.0175,3,", "opening_rollovers"),
        ("icbc,cerf,2023-06-30,2024-06-30,1,0.0175,1,", "opening_rollovers"),
        ("icbc,clean_coal,2023-06-30,2024-06-30,1,0.0175,0,", "opening_unknown"),
        ("somebody,cerf,2023-06-30,2024-06-30,1,0.0175,0,", "opening_unknown"),
    ],
)
def test_an_opening_that_cannot_be_stops_the_run(bank: Bank, row: str, code: str) -> None:
    with pytest.raises(InputError) as stop:
        bank.run(loan(), opening_tranches=[row])
    assert code in stop.value.findings.codes()


def test_a_due_date_that_is_no_anniversary_counts_with_a_warning(bank: Bank) -> None:
    run = bank.run(loan(), opening_tranches=["icbc,cerf,2023-06-30,2024-07-01,5000000,0.0175,0,"])
    assert "opening_due_differs" in codes(run)
    assert events(run, "rollover")[0] == ("2024-07-01", "2023-06-30", 5e6)


def test_tranches_of_one_day_have_names_of_their_own(bank: Bank) -> None:
    rows = [SECOND, SECOND, "icbc,cerf,2022-06-30,2024-06-30,7,0.0175,1,ZD9"]
    run = bank.run(loan(), opening_tranches=rows)
    assert [t for _, t, _ in events(run, "opening")] == ["2022-06-30", "2022-06-30/2", "2022-06-30/ZD9"]
