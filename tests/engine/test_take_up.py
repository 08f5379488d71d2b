"""Rollovers taken up in part, worked out by hand and asked of the engine: the rest is repaid, to the fen."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from relending.engine.pipeline import Tables, run_blocks
from tests.engine.bridge import context, differences, loan_frame, rows
from tests.oracle import cases
from tests.oracle import engine as slow
from tests.oracle.model import Loan

D = dt.date
END = D(2025, 12, 31)
TAKEN = {"rollover_take_up": "0.9"}
# 60 % of 10,000.13 yuan is 600,007 fen; 25,000 fen are paid each quarter: 900,013 are outstanding at the first due
# date, 800,013 at the second. The bullet loan owes all of its 99 fen until it matures; 59 are drawn.
LOANS = [
    cases.loan("A", principal=1_000_013, repayment="equal_principal"),
    cases.loan("B", principal=99, repayment="bullet"),
]
DUE = ("2023-03-31", "2024-03-31", "2025-03-31")


def funded(options: dict[str, Any], loans: Sequence[Loan] = LOANS, end: dt.date = END) -> Tables:
    """The engine's tables, equal to the slow engine's."""
    scenario = cases.scenario(cases.plain(options), end=end)
    tables = run_blocks([loan_frame(loans)], {}, context(scenario))
    assert differences(tables, slow.run(loans, [], scenario)) == []
    return tables


def lives(tables: Tables) -> list[tuple[int, int, int]]:
    return [(r["drawn"], r["continued_1"], r["continued_2"]) for r in rows(tables.draws)]


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        # A: 540,006.3, then 486,005.4; B: 53.1, then 47.7
        ("original", [(600_007, 540_006, 486_005), (59, 53, 47)]),
        # A may continue 540,007 (of 540,007.8), then 480,007: 486,006.3 and 432,006.3; B always its 59, as above
        ("outstanding", [(600_007, 486_006, 432_006), (59, 53, 47)]),
    ],
)
def test_nine_tenths_of_two_rollovers(base: str, expected: list[tuple[int, int, int]]) -> None:
    tables = funded({**TAKEN, "rollover_base": base})
    assert lives(tables) == expected
    drawn, first, second = (sum(amounts) for amounts in zip(*expected, strict=True))
    events = {(str(r["date"]), r["event"]): (r["amount"], r["balance"]) for r in rows(tables.ledger)}
    assert {key: v for key, v in events.items() if key[1] != "interest"} == {
        ("2022-03-31", "draw"): (drawn, drawn),
        (DUE[0], "repay"): (drawn - first, first),
        (DUE[0], "rollover"): (first, first),
        (DUE[1], "repay"): (first - second, second),
        (DUE[1], "rollover"): (second, second),
        (DUE[2], "repay"): (second, 0),
    }
    quarters = rows(tables.funding)
    assert sum(q["drawn"] - q["repaid"] for q in quarters) == quarters[-1]["balance"] == 0
    for before, now in itertools.pairwise(quarters):
        assert now["balance"] == before["balance"] + now["drawn"] - now["repaid"]
    assert {str(q["quarter"]): q["rolled"] for q in quarters if q["rolled"]} == {"2023Q1": first, "2024Q1": second}


def test_all_of_it_is_the_rule_without_the_option_and_nothing_repays_at_the_first_due_date() -> None:
    assert lives(funded({"rollover_take_up": 1})) == lives(funded({})) == [(600_007,) * 3, (59,) * 3]
    nothing = funded({"rollover_take_up": 0})
    assert lives(nothing) == [(600_007, 0, 0), (59, 0, 0)]
    assert {str(r["repaid_on"]) for r in rows(nothing.draws)} == {DUE[0]}
    assert {r["state"] for r in rows(nothing.attribution)} == {"repaid"}


def test_the_due_date_picks_the_value() -> None:
    dated = [{"from": D(2022, 3, 31), "value": "0.9"}, {"from": D(2024, 3, 31), "value": "0.5"}]
    assert lives(funded({"rollover_take_up": dated})) == [(600_007, 540_006, 270_003), (59, 53, 26)]


def test_what_is_not_taken_up_leaves_room_in_a_flow_quota() -> None:
    """The quota of 2023 takes 8,000.00 yuan. All taken up, two rollovers of 600,007 fen would be cut to it; at nine
    tenths the first has its 540,006 and the second what is left."""
    quota = [{"from": D(2022, 1, 1), "value": {"kind": "none"}}, {"from": D(2023, 1, 1), "value": {"flow": 8_000}}]
    options = {"quota": quota, "quota_counts_rollovers": True, "rationing": "fifo"}
    twins = [LOANS[0], cases.loan("C", principal=1_000_013, disbursed=D(2022, 2, 11))]
    end = D(2023, 12, 31)
    firsts = [[first for _, first, _ in lives(funded({**options, **more}, twins, end))] for more in ({}, TAKEN)]
    assert firsts == [[600_007, 199_993], [540_006, 259_994]]
