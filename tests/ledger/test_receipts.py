"""What the bank applied for and what arrived: the record decides, not the simulation (issue: the bank's own ledger)."""

from __future__ import annotations

import datetime as dt

import pytest

import relending as rl
from tests.ledger.bank import Bank, codes, events, loan, states


def test_without_a_record_every_table_says_that_it_is_simulated(bank: Bank) -> None:
    run = bank.run(loan())
    for table in ("attribution", "draws", "ledger", "funding", "disclosure", "cost"):
        assert set(run.tables[table]["basis"]) == {"simulated"}, table
    assert "reconciliation" not in run.tables
    assert events(run, "draw") == [("2024-03-31", "2024-03-31", 60e6)]


def test_a_receipt_draws_what_arrived_on_the_day_at_the_rate_it_came_with_and_lives_on_from_there(bank: Bank) -> None:
    run = bank.run(loan(), applications=["A,2024Q1,funded,,,,2024-04-20,45000000,0.0160,"])
    name = "2024-04-20/0.016000"
    assert events(run, "draw", "rollover", "repay") == [
        ("2024-04-20", name, 45e6),
        ("2025-04-20", name, 45e6),
        ("2026-04-20", name, 45e6),
        ("2027-04-20", name, 45e6),
    ]
    # 45 m x 1.60 % x 62 days (20 April to 20 June, both in) / 360
    assert events(run, "interest")[0] == ("2024-06-20", name, 124_000.00)
    # the rollovers are at the rates in force: 1.75 % on 2025-04-20 and 1.25 % a year later
    rates = run.ledger[run.ledger["event"] == "rollover"]["rate"].tolist()
    assert rates == [0.0175, 0.0125]
    assert codes(run) == ["part_funded", "part_funded_unclaimed", "receipt_rate_differs"]


@pytest.mark.parametrize(
    ("row", "state", "code"),
    [
        ("A,2024Q1,applied,,2024-04-02,,,,,", "applied", "application_pending"),
        ("A,2024Q1,refused,,,,,,,", "not_approved", "application_refused"),
        ("A,2024Q1,withdrawn,,,,,,,", "withdrawn", "application_withdrawn"),
        ("B,2024Q1,refused,,,,,,,", "not_applied", "not_applied"),
    ],
)
def test_a_loan_that_received_nothing_is_not_supported_and_listed(bank: Bank, row: str, state: str, code: str) -> None:
    run = bank.run(loan(), loan("B", principal=1_000_000), applications=[row, "B,2024Q2,refused,,,,,,,"])
    assert states(run)["A"] == state and not run.attribution["supported"].any()
    assert code in codes(run)
    assert run.disclosure["amount"].sum() == 0 and not len(run.ledger)


@pytest.mark.parametrize("status", ["applied", "refused", "withdrawn"])
def test_what_is_said_of_a_batch_without_money_names_what_it_asked_for(bank: Bank, status: str) -> None:
    # of 100 million 60 might be asked for; the first batch asks for 50, the second does not say, and asks for all of it
    rows = [f"A,2024Q1,{status},,,50000000,,,,", f"B,2024Q1,{status},,,50000000,,,,", f"B,2024Q2,{status},,,,,,,"]
    run = bank.run(loan(), loan("B"), applications=rows)
    said = [f for f in run.findings.itertuples() if f.loan in ("A", "B") and f.column == "status"]
    assert {f.loan: (f.row, f.expected) for f in said} == {"A": (2, "50,000,000.00"), "B": (4, "60,000,000.00")}


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("60000000", "20000000", "part-funded: 50,000,000.00 of 60,000,000.00 yuan asked for arrived"),
        ("60000000", "", "part-funded: 50,000,000.00 of 60,000,000.00 yuan asked for arrived"),
        ("", "10000000", "part-funded: 50,000,000.00 of 60,000,000.00 yuan asked for arrived"),
        ("50000000", "10000000", "arrived in all: 50,000,000.00 of 50,000,000.00 yuan asked for"),
    ],
)
def test_what_came_of_two_batches_is_told_against_the_most_that_was_asked_for(
    bank: Bank, first: str, second: str, told: str
) -> None:
    rows = [f"A,2024Q1,funded,,,{first},2024-04-10,40000000,,", f"A,2024Q2,funded,,,{second},2024-07-10,10000000,,"]
    run = bank.run(loan(), applications=rows)
    assert told in rl.explain(run, "A")[0].text()


def test_money_for_a_loan_the_rules_refuse_is_supported_with_a_warning(bank: Bank) -> None:
    run = bank.run(loan(rate=0.09), applications=["A,2024Q1,funded,,,,2024-04-20,60000000,,"])
    assert run.screening["reasons"].tolist() == ["rate_above_limit"]
    assert states(run) == {"A": "repaid"}
    assert run.attribution["supported"].tolist() == [True] and "funded_not_eligible" in codes(run)
    last = run.disclosure[(run.disclosure["quarter"] == "2024Q1") & (run.disclosure["horizon"] == "quarter")]
    assert last[last["code"] == "total"]["amount"].tolist() == [100e6]


def test_money_for_a_sector_no_list_names_counts_in_the_total_of_the_only_facility(bank: Bank) -> None:
    run = bank.run(loan(sector="nuclear"), applications=["A,2024Q1,funded,,,,2024-04-20,60000000,,"])
    assert run.attribution["facility"].tolist() == ["cerf"] and run.attribution["supported"].tolist() == [True]
    quarter = run.disclosure[(run.disclosure["quarter"] == "2024Q1") & (run.disclosure["horizon"] == "quarter")]
    by_code = dict(zip(quarter["code"], quarter["amount"], strict=True))
    assert by_code["total"] == 100e6 and by_code["clean_energy"] == 0


def test_refused_in_one_batch_and_funded_in_the_next_is_funded(bank: Bank) -> None:
    rows = ["A,2024Q1,applied,,,,,,,", "A,2024Q1,refused,,,,,,,", "A,2024Q2,funded,,,,2024-07-10,60000000,,"]
    run = bank.run(loan(), applications=rows)
    assert events(run, "draw") == [("2024-07-10", "2024-07-10", 60e6)]
    assert codes(run) == ["application_followed"]


def test_two_receipts_of_a_loan_are_two_tranches_and_of_one_day_one(bank: Bank) -> None:
    rows = ["A,2024Q1,funded,,,,2024-04-10,20000000,,", "A,2024Q2,funded,,,,2024-07-10,40000000,,"]
    run = bank.run(loan(), loan("B"), applications=[*rows, "B,2024Q2,funded,,,,2024-07-10,60000000,,"])
    assert events(run, "draw") == [("2024-04-10", "2024-04-10", 20e6), ("2024-07-10", "2024-07-10", 100e6)]
    assert run.draws[["loan_id", "drawn"]].values.tolist() == [["A", 20e6], ["A", 40e6], ["B", 60e6]]


def test_the_banks_own_number_of_the_money_names_its_tranche(bank: Bank) -> None:
    rows = ["A,2024Q1,funded,,,,2024-04-10,60000000,,ZD-2024/7", "B,2024Q1,funded,,,,2024-04-10,60000000,,ZD-2024/8"]
    run = bank.run(loan(), loan("B"), applications=rows)
    assert run.draws["tranche"].tolist() == ["cerf/icbc/2024-04-10/ZD-2024/7", "cerf/icbc/2024-04-10/ZD-2024/8"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["A,2024Q1,funded,,,,2024-04-10,60000000.01,,"], "received_over_asked"),
        (["A,2024Q1,funded,,,50000000,2024-04-10,50000000.01,,"], "received_over_asked"),
        (["A,2024Q1,applied,,,50000000,,,,", "A,2024Q1,funded,,,,2024-04-10,50000000.01,,"], "received_over_asked"),
        (
            ["A,2024Q1,funded,,,,2024-04-10,40000000,,", "A,2024Q2,funded,,,,2024-07-10,20000000.01,,"],
            "received_over_asked",
        ),
        (["A,2024Q1,funded,,,,2024-04-10,6,,", "A,2024Q1,refused,,,,,,,"], "application_conflict"),
        (["A,2024Q1,refused,,,,,,,", "A,2024Q1,withdrawn,,,,,,,"], "application_conflict"),
        (["A,2024Q1,funded,,,,,60000000,,"], "receipt_incomplete"),
        (["A,2024Q1,funded,,,,2024-04-10,,,"], "receipt_incomplete"),
        (["A,2024Q1,funded,,,,2024-04-10,0,,"], "receipt_incomplete"),
        (["A,2024Q1,funded,,,,2024-01-14,60000000,,"], "receipt_before_loan"),
        (["A,2024Q1,funded,clean_coal,,,2024-04-10,60000000,,"], "application_facility"),
    ],
)
def test_a_record_that_cannot_be_sets_its_loan_aside(bank: Bank, rows: list[str], code: str) -> None:
    run = bank.run(loan(), loan("B"), applications=[*rows, "B,2024Q1,funded,,,,2024-04-10,60000000,,"])
    assert states(run)["A"] == "set_aside" and states(run)["B"] != "set_aside"
    (said,) = (f for f in run.findings.itertuples() if f.code == code)
    assert said.severity == "error" and said.file == "applications.csv" and said.loan == "A"
    assert events(run, "draw") == [("2024-04-10", "2024-04-10", 60e6)]


def test_a_receipt_of_a_loan_the_book_has_not_is_an_error_and_the_run_goes_on(bank: Bank) -> None:
    run = bank.run(loan(), applications=["Z,2024Q1,funded,,,,2024-04-10,60000000,,", "A,2024Q1,applied,,,,,,,"])
    (said,) = (f for f in run.findings.itertuples() if f.code == "application_unknown_loan")
    assert (said.severity, said.file, said.row, said.found) == ("error", "applications.csv", 2, "Z")
    assert states(run) == {"A": "applied"}


def test_money_of_a_loan_that_is_set_aside_is_said_to_be_in_no_balance(bank: Bank) -> None:
    run = bank.run(loan(), loan("B", matures="2020-01-01"), applications=["B,2024Q1,funded,,,,2024-04-10,60000000,,"])
    (said,) = (f for f in run.findings.itertuples() if f.code == "receipt_set_aside")
    assert (said.severity, said.loan, said.found) == ("error", "B", "60,000,000.00")


def test_planned_loans_and_those_after_the_record_are_simulated_beside_it(bank: Bank) -> None:
    loans = loan(), loan("B", disbursed="2024-08-01"), loan("C", disbursed="2024-08-02")
    rows = ["A,2024Q1,funded,,,,2024-04-10,60000000,,", "C,2024Q3,refused,,,,,,,"]
    run = bank.run(*loans, applications=rows, sets={"scenario.simulate_from": dt.date(2024, 7, 1)})
    assert events(run, "draw") == [("2024-04-10", "2024-04-10", 60e6), ("2024-09-30", "2024-09-30", 60e6)]
    assert states(run)["C"] == "not_approved"
    assert dict(zip(run.draws["loan_id"], run.draws["basis"], strict=True)) == {"A": "recorded", "B": "simulated"}
    funding = dict(zip(run.funding["quarter"], run.funding["basis"], strict=True))
    assert (funding["2024Q2"], funding["2024Q3"]) == ("recorded", "mixed")


def test_a_receipt_after_the_end_is_pending_and_supported(bank: Bank) -> None:
    run = bank.run(
        loan(disbursed="2027-12-01", matures="2037-12-01"), applications=["A,2027Q4,funded,,,,2028-01-20,60000000,,"]
    )
    assert states(run) == {"A": "pending"} and not len(run.ledger)
    assert run.draws["tranche"].tolist() == ["cerf/icbc/2028-01-20"]


def test_recorded_money_takes_its_part_of_the_quota_before_what_is_simulated(bank: Bank) -> None:
    loans = loan(), loan("B", disbursed="2024-02-01")
    run = bank.run(
        *loans,
        applications=["A,2024Q1,funded,,,,2024-03-31,60000000,,"],
        sets={"scenario.simulate_from": dt.date(2024, 2, 1), "facility.cerf.quota": 75_000_000},
    )
    assert run.draws[["loan_id", "drawn"]].values.tolist() == [["A", 60e6], ["B", 15e6]]
    assert set(run.ledger[run.ledger["event"] == "draw"]["basis"]) == {"mixed"}  # one tranche holds both


def test_applied_less_refused_withdrawn_and_pending_is_funded(bank: Bank) -> None:
    names = "ABCDEF"
    rows = [
        "A,2024Q1,funded,,,,2024-04-10,60000000,,",
        "B,2024Q1,funded,,,,2024-04-10,45000000,,",
        "C,2024Q1,refused,,,,,,,",
        "D,2024Q1,withdrawn,,,,,,,",
        "E,2024Q1,applied,,,,,,,",
    ]
    run = bank.run(*(loan(n) for n in names), applications=rows)
    table = run.reconciliation.set_index("result")
    assert table["loans"].to_dict() == {
        "not_applied": 1,
        "pending": 1,
        "refused": 1,
        "withdrawn": 1,
        "funded": 1,
        "part_funded": 1,
    }
    assert table["difference"].to_dict() == {
        "not_applied": 60e6,
        "pending": 60e6,
        "refused": 60e6,
        "withdrawn": 60e6,
        "funded": 0,
        "part_funded": 15e6,
    }
    assert table["received"].sum() == run.ledger[run.ledger["event"] == "draw"]["amount"].sum() == 105e6
    assert (table["asked"] - table["received"] == table["difference"]).all()


def test_a_saved_run_keeps_the_record_and_comes_back(bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> None:
    import relending as rl

    run = bank.run(loan(), applications=["A,2024Q1,funded,,2024-04-02,60000000,2024-04-20,60000000,,"])
    out = run.save(tmp_path_factory.mktemp("saved") / "run")
    back = rl.open_run(out)
    assert back.applications.equals(run.applications) and back.reconciliation.equals(run.reconciliation)
    assert back.tables["applications"]["period"].tolist() == ["2024Q1"]
