"""Part-funded loans: who is one, what it may claim, and what the disclosure counts; figures worked by hand.

The rule is decided by the scenario (disclosure.claim). 0.60 is the ratio of the facility on the days used here.
"""

from __future__ import annotations

import dataclasses
import json
import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import relending as rl
from relending.engine.pipeline import Tables, run_blocks
from relending.engine.steps import attribute, disclose, fund, screen
from relending.lineage import explain
from relending.runfolder import Run
from relending.scenario.record import context_of
from tests.engine.bridge import context, loan_frame, rows, side_frames
from tests.ledger.bank import Bank, codes, loan, states
from tests.oracle import cases
from tests.oracle.model import Application, Loan, Scenario, Side

FUNDED, FULL = {"disclosure.claim": "funded"}, {"disclosure.claim": "full"}
MILLION = 1_000_000


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path)


def received(amount: object, name: str = "A", period: str = "2024Q1", day: str = "2024-04-20") -> str:
    """A receipt of the record."""
    return f"{name},{period},funded,,,,{day},{amount},,"


def cell(run: Run, quarter: str = "2024Q1", horizon: str = "since_start", code: str = "total") -> tuple[Any, ...]:
    """Projects, yuan, rate and tonnes of a cell."""
    table = run.disclosure
    where = table["quarter"].eq(quarter) & table["horizon"].eq(horizon) & table["code"].eq(code)
    [row] = table[where].to_dict("records")
    return tuple(row[n] for n in ("projects", "amount", "weighted_rate", "reduction"))


def listed(run: Run) -> list[tuple[Any, ...]]:
    """Loan, full draw, drawn and claimed fen of each part-funded loan."""
    if "part_funded" not in run.tables:
        return []
    columns = ["loan_id", "full_draw_fen", "drawn_fen", "claimed_fen"]
    return [tuple(row) for row in run.tables["part_funded"][columns].itertuples(index=False)]


# 100 million to a project of 500 million and 100,000 t: 20,000 t for the whole loan. 30 of the 60 million drawn
# are the 60 % of 50 million, whose part is 10,000 t.


@pytest.mark.parametrize("claim", [FUNDED, FULL, {}])
def test_half_of_the_draw_claims_half_of_the_loan(bank: Bank, claim: dict[str, str]) -> None:
    run = bank.run(loan(), sets=claim, applications=[received(30 * MILLION)])
    assert rows(run.tables["part_funded"]) == [
        {
            "loan_id": "A",
            "lender": "icbc",
            "facility": "cerf",
            "field": "clean_energy",
            "sector": "wind",
            "project_id": "P-A",
            "quarter": "2024Q1",
            "principal": 10_000_000_000,
            "full_draw": 6_000_000_000,
            "drawn": 3_000_000_000,
            "claimed": 5_000_000_000,
            "reduction": 20_000_000_000,
            "reduction_claimed": 10_000_000_000,
            "claim": claim.get("disclosure.claim"),
        }
    ]
    counts = (1, 50e6, 0.035, 10_000) if claim == FUNDED else (1, 100e6, 0.035, 20_000)
    for horizon in ("quarter", "year", "since_start"):
        for code in ("total", "clean_energy", "wind"):
            assert cell(run, "2024Q1", horizon, code) == counts


def test_the_view_is_in_yuan_and_tonnes_and_without_rows_where_there_is_no_such_loan(bank: Bank) -> None:
    run = bank.run(loan(), applications=[received(30 * MILLION)])
    [row] = run.part_funded.to_dict("records")
    assert (row["claimed"], row["drawn"], row["reduction_claimed"]) == (50e6, 30e6, 10_000)
    assert row["claim"] == ""
    assert len(bank.run(loan()).part_funded) == 0


def test_what_does_not_divide_is_cut_to_the_fen_and_its_reduction_rounded_to_the_gram(bank: Bank) -> None:
    """2,999,999,999 fen / 0.6 = 4,999,999,998.33; 33,333 t x 4,999,999,998 / 50,000,000,000 = 3,333,299,998.67 g."""
    run = bank.run(loan(project_reduction=33_333), sets=FUNDED, applications=[received("29999999.99")])
    assert listed(run) == [("A", 6_000_000_000, 2_999_999_999, 4_999_999_998)]
    assert run.tables["part_funded"]["reduction_claimed_g"].tolist() == [3_333_299_999]
    assert cell(run)[1] == 49_999_999.98 and cell(run)[3] == 3_333.299999


def test_a_tie_goes_to_the_even_gram(bank: Bank) -> None:
    """1 g x 25,000,000,000 / 50,000,000,000 = 0.5 and 3 g: 1.5 (150 million drawn of a loan of 400: 250 claimed)."""
    book = [loan(n, principal=400 * MILLION, project_reduction=r) for n, r in (("A", "0.000001"), ("B", "0.000003"))]
    receipts = [received(150 * MILLION, n) for n in "AB"]
    run = bank.run(*book, sets=FUNDED, applications=receipts)
    assert run.tables["part_funded"]["claimed_fen"].tolist() == [25_000_000_000] * 2
    assert run.tables["part_funded"]["reduction_claimed_g"].tolist() == [0, 2]


def test_the_weighted_rate_weighs_what_is_claimed(bank: Bank) -> None:
    """50 million at 3.5 % and 100 million at 3.0 %: 4.75 / 150 = 3.16666667 %."""
    book = [loan(), loan("B", rate=0.030)]
    receipts = [received(30 * MILLION), received(60 * MILLION, "B")]
    for basis in ("issue", "current"):
        run = bank.run(*book, sets={**FUNDED, "disclosure.rate_basis": basis}, applications=receipts)
        assert cell(run) == (2, 150e6, 0.03166667, 30_000)
    assert cell(bank.run(*book, applications=receipts)) == (2, 200e6, 0.0325, 40_000)


def test_a_restated_loan_leaves_with_what_it_came_with(bank: Bank) -> None:
    book = [loan(ineligible_from="2025-05-20"), loan("B")]
    receipts = [received(30 * MILLION), received(60 * MILLION, "B")]
    run = bank.run(*book, sets={**FUNDED, "disclosure.ineligible": "restated"}, applications=receipts)
    assert cell(run, "2025Q1") == (2, 150e6, 0.035, 30_000)
    assert cell(run, "2025Q2") == (1, 100e6, 0.035, 20_000)


def test_what_is_drawn_in_full_is_no_part(bank: Bank) -> None:
    """Also where principal x ratio is cut: 0.99 yuan draws 0.59, and whole it would claim 0.98."""
    run = bank.run(loan(), loan("B", principal="0.99"), sets=FUNDED)
    assert run.tables["draws"]["drawn_fen"].tolist() == [6_000_000_000, 59]
    assert "part_funded" not in run.tables and "part_funded_unclaimed" not in codes(run)
    assert cell(run)[1] == 100_000_000.99


# Of a quota, 45 million are half of what 100 and 50 million ask for.


@pytest.mark.parametrize(
    ("rationing", "expected", "amount"),
    [
        ("pro_rata", [("A", 6 * 10**9, 3 * 10**9, 5 * 10**9), ("B", 3 * 10**9, 15 * 10**8, 25 * 10**8)], 75e6),
        ("fifo", [("A", 6 * 10**9, 45 * 10**8, 75 * 10**8)], 75e6),
        ("whole_loans", [], 50e6),
    ],
)
def test_a_quota_leaves_loans_in_part(
    bank: Bank, rationing: str, expected: list[tuple[Any, ...]], amount: float
) -> None:
    sets = {**FUNDED, "facility.cerf.quota": 45 * MILLION, "facility.cerf.rationing": rationing}
    run = bank.run(loan(), loan("B", principal=50 * MILLION), sets=sets)
    assert listed(run) == expected
    assert cell(run)[1] == amount


def test_draws_carried_over_are_added_up(bank: Bank) -> None:
    sets = {
        **FUNDED,
        "facility.cerf.caps": {"2024Q1": 30 * MILLION, "2024Q2": 10 * MILLION},
        "facility.cerf.carry_over": True,
        "facility.cerf.rationing": "fifo",
    }
    assert listed(bank.run(loan(), sets=sets)) == []  # the rest is drawn in the third quarter
    run = bank.run(loan(), sets={**sets, "scenario.end": date(2024, 6, 30)})
    assert listed(run) == [("A", 6 * 10**9, 4 * 10**9, 6_666_666_666)]
    # the quarter the loan was made in holds all that was drawn for it up to the end of the run
    assert cell(run, "2024Q1", "quarter")[1] == 66_666_666.66


def test_receipts_are_added_up_to_the_end_of_the_run(bank: Bank) -> None:
    parts = [received(20 * MILLION), received(10 * MILLION, period="2024Q2", day="2024-07-20")]
    late = received(30 * MILLION, period="2024Q3", day="2028-01-20")
    for receipts in (parts, [*parts, late]):
        run = bank.run(loan(), sets=FUNDED, applications=receipts)
        assert listed(run) == [("A", 6 * 10**9, 3 * 10**9, 5 * 10**9)]


def test_a_pending_loan_is_no_part(bank: Bank) -> None:
    run = bank.run(loan(), sets=FUNDED, applications=[received(30 * MILLION, day="2028-01-20")])
    assert states(run) == {"A": "pending"}
    assert listed(run) == [] and cell(run)[1] == 100e6


def test_a_loan_of_the_opening_balance_is_no_part_unless_it_draws_again(bank: Bank) -> None:
    """What arrived before the run was drawn too: 30 and 30 million are all of 60, 30 and 10 are 40."""
    book = [loan(n, disbursed="2023-11-15") for n in "ABC"]
    before = [received(30 * MILLION, n, "2023Q4", "2023-12-31") for n in "ABC"]
    after = [received(30 * MILLION, "B"), received(10 * MILLION, "C")]
    tables = {"opening_tranches": ["icbc,cerf,2023-12-31,2024-12-31,90000000,0.0175,0,"]}
    run = bank.run(*book, sets=FUNDED, applications=[*before, *after], **tables)
    assert states(run) == {"A": "opening", "B": "repaid", "C": "repaid"}
    assert listed(run) == [("C", 6 * 10**9, 4 * 10**9, 6_666_666_666)]


def test_a_repaid_draw_was_drawn(bank: Bank) -> None:
    """The rule asks what was drawn, not what is held at the end."""
    run = bank.run(loan(), sets=FUNDED, applications=[received(30 * MILLION)])
    assert states(run) == {"A": "repaid"} and listed(run)


def test_attribution_and_cost_count_whole_loans(bank: Bank) -> None:
    full, part = (bank.run(loan(), sets=s, applications=[received(30 * MILLION)]) for s in (FULL, FUNDED))
    for table in ("attribution", "cost", "draws", "ledger", "funding"):
        pd.testing.assert_frame_equal(full.tables[table], part.tables[table])
    assert part.tables["attribution"]["principal_fen"].tolist() == [10_000_000_000]


def test_not_given_counts_as_full_and_warns_once_a_lender_and_facility() -> None:
    book = [
        cases.loan("L1"),
        cases.loan("L2"),
        cases.loan("L3", lender="beta", disbursed=date(2023, 2, 10)),
        cases.loan("L4", lender="beta", disbursed=date(2023, 2, 10)),
    ]
    amounts = {"L1": 30, "L2": 59, "L3": 1, "L4": 60}
    silent = engine(book, {n: a * MILLION * 100 for n, a in amounts.items()}, cases.scenario())
    said = silent.findings.frame()
    said = said[said["code"] == "part_funded_unclaimed"]
    assert said["found"].tolist() == ["cerf alpha: 2", "cerf beta: 1"]
    assert set(said["severity"]) == {"warning"} and set(said["column"]) == {"disclosure.claim"}
    for claim in ("full", "funded"):
        told = engine(book, {n: a * MILLION * 100 for n, a in amounts.items()}, cases.scenario(claim=claim))
        assert "part_funded_unclaimed" not in told.findings.codes()
        assert silent.disclosure.equals(told.disclosure) == (claim == "full")


def engine(book: list[Loan], drawn: dict[str, int], scenario: Scenario) -> Tables:
    """A recorded run in which these fen arrived in the quarter each loan was made in."""
    record = [
        Application(
            loan_id=one.loan_id,
            period=f"{one.disbursed.year}Q1",
            status="funded",
            funded_on=date(one.disbursed.year, 4, 11),
            funded_amount=drawn[one.loan_id],
        )
        for one in book
    ]
    return run_blocks([loan_frame(book)], side_frames((), Side(applications=record)), context(scenario))


@pytest.mark.parametrize("ratio", ["0.60", "0.3333", "0.0001", "1"])
def test_the_money_is_the_ratio_of_what_is_claimed_to_the_fen(ratio: str) -> None:
    """The identity a verifier checks: F / A = ratio for claimed loans. Claimed is whole fen, so F is within one fen of
    ratio x A, never below it, and one fen more could not be claimed."""
    rng = random.Random(7)
    book = [cases.loan(f"L{n}", principal=rng.choice([10**7, rng.randrange(10**5, 10**12)])) for n in range(60)]
    book = [dataclasses.replace(one, investment=10**13) for one in book]
    bp = int(Decimal(ratio) * 10_000)
    drawn = {one.loan_id: rng.randrange(1, one.principal * bp // 10_000 + 1) for one in book}
    scenario = cases.scenario(cases.plain({"ratio": Decimal(ratio)}), claim="funded")
    tables = engine(book, drawn, scenario)
    found = rows(tables.part_funded)  # type: ignore[arg-type]
    assert len(found) > 40
    for row in found:
        claimed, money = row["claimed"], row["drawn"]
        assert money == drawn[row["loan_id"]] < row["full_draw"] == row["principal"] * bp // 10_000
        assert claimed * bp <= money * 10_000 < (claimed + 1) * bp
        assert claimed < row["principal"]
    whole = sum(one.principal for one in book if one.loan_id not in {row["loan_id"] for row in found})
    total = [row["amount"] for row in rows(tables.disclosure) if row["code"] == "total"][-1]
    assert total == whole + sum(row["claimed"] for row in found)


@pytest.mark.parametrize(
    ("claim", "en", "zh"),
    [
        ({}, "counted whole, for disclosure.claim is not given", "未设定 disclosure.claim，按贷款全额计入"),
        (FULL, "counted whole (disclosure.claim = full)", "按贷款全额计入（disclosure.claim = full）"),
        (FUNDED, "counted there with 50,000,000.00 yuan and 10,000", "按 50,000,000.00 元、10,000"),
    ],
)
def test_the_story_of_the_loan_says_what_counts(bank: Bank, claim: dict[str, str], en: str, zh: str) -> None:
    run = bank.run(loan(), sets=claim, applications=[received(30 * MILLION)])
    assert f"part-funded: 30,000,000.00 of 60,000,000.00 yuan drawn; {en}" in explain(run, "A", "en")[0].text()
    assert zh in explain(run, "A", "zh")[0].text()


def test_the_step_that_has_no_draws_refuses_funded(tmp_path: Path) -> None:
    scenario = rl.load_scenario("demo", {"disclosure.claim": "funded"})
    book, rules = rl.read_book(scenario.book), scenario.context()
    funded = fund(book.loans, screen(book.loans, rules, book.side), rules, book.side)
    attribution = attribute(funded, rules)
    with pytest.raises(ValueError, match="what was drawn"):
        disclose(attribution, rules)
    whole = dataclasses.replace(rules, claim="full")
    assert disclose(attribution, whole).equals(disclose(attribution, dataclasses.replace(rules, claim="")))


def test_a_saved_run_keeps_the_table_and_the_claim_and_an_older_record_has_none(bank: Bank, tmp_path: Path) -> None:
    run = bank.run(loan(), sets=FUNDED, applications=[received(30 * MILLION)])
    run.save(tmp_path / "out")
    text = (tmp_path / "out" / "part_funded.csv").read_text(encoding="utf-8-sig").splitlines()
    assert text[1] == (
        "A,icbc,cerf,clean_energy,wind,P-A,2024Q1,100000000.00,60000000.00,30000000.00,50000000.00,"
        "20000.000000,10000.000000,funded"
    )
    opened = rl.open_run(tmp_path / "out")
    assert opened.context().claim == "funded"
    assert opened.part_funded.equals(run.part_funded)
    record = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert record["scenario"]["disclosure"].pop("claim") == "funded"
    assert context_of(record).claim == ""
