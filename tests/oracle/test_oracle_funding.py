"""The oracle proved by hand: draws, rollovers, quotas, interest, the quarter tables."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest

from .cases import COAL, SMALL, TONNE, YUAN, loan, plain, random_book, random_scenario, scenario
from .engine import run
from .invariants import check_invariants
from .model import Loan, Prepayment, Result

MILLION = 1_000_000 * YUAN
LONG_LOAN: dict[str, Any] = {"disbursed": date(2021, 8, 31), "matures": date(2031, 8, 31)}


def events(result: Result, *kinds: str) -> list[tuple[str, str, int, int]]:
    """(date, event, amount, balance) of the ledger, of some kinds or all."""
    return [
        (str(r["date"]), r["event"], r["amount"], r["balance"])
        for r in result.ledger
        if not kinds or r["event"] in kinds
    ]


def cell(rows: list[dict[str, Any]], **where: str) -> dict[str, Any]:
    (row,) = [r for r in rows if all(r[name] == value for name, value in where.items())]
    return row


def drawn(result: Result) -> dict[str, int]:
    return {row["loan_id"]: row["drawn"] for row in result.draws}


def three(**given: Any) -> list[Loan]:
    return [loan(name, disbursed=date(2022, 2, day), **given) for name, day in (("A", 1), ("B", 2), ("C", 3))]


def test_the_whole_life_of_one_loan() -> None:
    # 100 m lent in August 2021, before the launch: drawn on 2021-12-31, 60 m at 1.75 % = 1,050,000 a year / 360.
    result = run([loan(**LONG_LOAN)], [], scenario())
    tail = 60 * MILLION
    assert events(result) == [
        ("2021-12-31", "draw", tail, tail),
        ("2022-03-20", "interest", 23_333_333, tail),  # 80 days to 03-21: 233,333.33
        ("2022-06-20", "interest", 26_833_334, tail),  # 172 days: 501,666.67
        ("2022-09-20", "interest", 26_833_333, tail),  # 264 days: 770,000.00
        ("2022-12-20", "interest", 26_541_667, tail),  # 355 days: 1,035,416.67
        ("2022-12-31", "interest", 2_916_666, tail),  # 365 days: 1,064,583.33
        ("2022-12-31", "rollover", tail, tail),
        ("2023-03-20", "interest", 23_333_333, tail),
        ("2023-06-20", "interest", 26_833_334, tail),
        ("2023-09-20", "interest", 26_833_333, tail),
        ("2023-12-20", "interest", 26_541_667, tail),
        ("2023-12-31", "interest", 2_916_666, tail),
        ("2023-12-31", "rollover", tail, tail),
        ("2024-03-20", "interest", 23_625_000, tail),  # a leap year: 81 days: 236,250.00
        ("2024-06-20", "interest", 26_833_333, tail),  # 173 days: 504,583.33
        ("2024-09-20", "interest", 26_833_334, tail),  # 265 days: 772,916.67
        ("2024-12-20", "interest", 26_541_666, tail),  # 356 days: 1,038,333.33
        ("2024-12-31", "interest", 2_916_667, tail),  # 366 days: 1,067,500.00
        ("2024-12-31", "repay", tail, 0),
    ]
    assert {r["tranche"] for r in result.ledger} == {"cerf/alpha/2021-12-31"}
    assert result.draws == [
        {
            "loan_id": "L1",
            "facility": "cerf",
            "tranche": "cerf/alpha/2021-12-31",
            "drawn": tail,
            "continued_1": tail,
            "continued_2": tail,
            "repaid_on": date(2024, 12, 31),
            "basis": "simulated",
        }
    ]
    assert result.attribution[0]["state"] == "repaid"


def test_quarter_interest_and_cost_match_the_worked_vectors() -> None:
    # 60 m, 90 days, 1.75 %: 262,500.00. Share 0.6, 1.75 % against 2.95 %: blended 2.23 %, 0.72 % of 100 m saved a year.
    result = run([loan(**LONG_LOAN)], [], scenario())
    first = cell(result.funding, quarter="2021Q4")
    assert (first["drawn"], first["balance"], first["interest"]) == (60 * MILLION, 60 * MILLION, 291_667)
    quarter = cell(result.funding, quarter="2022Q1")
    assert (quarter["interest"], quarter["rate"], quarter["repaid"]) == (26_250_000, 1_750_000, 0)
    assert cell(result.funding, quarter="2022Q4")["rolled"] == 60 * MILLION
    assert sum(r["interest"] for r in result.funding) == sum(a for _, e, a, _ in events(result) if e == "interest")
    assert cell(result.cost, quarter="2022Q1") == {
        "quarter": "2022Q1",
        "lender": "alpha",
        "facility": "cerf",
        "loans_outstanding": 100 * MILLION,
        "facility_balance": 60 * MILLION,
        "loan_yield": 4_000_000,
        "facility_rate": 1_750_000,
        "own_rate": 29_500,
        "blended_cost": 2_230_000,
        "margin": 1_770_000,
        "interest_saved": 180_000 * YUAN,  # 60 m x 1.2 % x 90 / 360
        "reduction": 20_000 * TONNE,
        "reduction_in_balance": 20_000 * TONNE,
        "subsidy_per_tonne": 36_000_000,  # 60 m x 1.2 % / 20,000 t = 36 yuan
        "average_loans": 100 * MILLION,
        "average_balance": 60 * MILLION,
        "loan_interest": 1_000_000 * YUAN,  # 100 m x 4 % x 90 / 360
        "facility_interest": 262_500 * YUAN,
        "own_funding_interest": 295_000 * YUAN,  # 40 m x 2.95 % x 90 / 360
        "collateral_cost": None,
        "net_interest": 442_500 * YUAN,
        "nim_effect_bp": None,
        "reference_rate": None,
        "interest_saved_reference": None,
        "basis": "simulated",
    }
    before = cell(result.cost, quarter="2021Q3")  # lent, not yet drawn
    assert (before["loans_outstanding"], before["facility_balance"]) == (100 * MILLION, 0)
    assert (before["facility_rate"], before["blended_cost"], before["subsidy_per_tonne"]) == (None, 2_950_000, None)
    after = cell(result.cost, quarter="2024Q4")
    assert (after["reduction"], after["reduction_in_balance"], after["facility_rate"]) == (20_000 * TONNE, 0, None)


def test_own_rate_changes_within_a_quarter_and_must_be_known() -> None:
    # 2022Q1 has 90 days: 1.2 % to 14 February (45 days), then 0.6 %: 60 m x (0.012 x 45 + 0.006 x 45) / 360 = 135,000.
    rates = [(date(2021, 1, 1), 29500), (date(2022, 2, 15), 23500)]
    result = run([loan(**LONG_LOAN)], [], scenario(own_rate=rates))
    assert cell(result.cost, quarter="2022Q1")["interest_saved"] == 135_000 * YUAN
    with pytest.raises(ValueError, match="own_rate of alpha"):
        run([loan()], [], scenario(own_rate=[(date(2021, 10, 1), 29500)]))


def test_due_dates_count_from_a_leap_day() -> None:
    facility = plain({"window": {"first": date(2021, 1, 1), "last": date(2027, 1, 1)}}, COAL)
    lent = loan(sector="coal_mining", disbursed=date(2024, 2, 10), matures=date(2034, 2, 10))
    result = run([lent], [], scenario(facility))
    moves = events(result, "draw", "rollover", "repay")
    assert [(d, e) for d, e, _, _ in moves] == [
        ("2024-02-29", "draw"), ("2025-02-28", "rollover"), ("2026-02-28", "rollover"),
    ]  # fmt: skip
    # Monthly, ratio 1: 100 m; 365 days from 2024-02-29 to 2025-02-28: 100 m x 1.75 % x 365 / 360 = 1,774,305.56.
    paid = [a for d, e, a, _ in events(result, "interest") if d <= "2025-02-28"]
    assert sum(paid) == 177_430_556
    assert cell(result.funding, quarter="2026Q4")["balance"] == 100 * MILLION
    assert result.draws[0]["repaid_on"] is None


def test_new_rates_touch_rollovers_only_when_prevailing() -> None:
    lent = loan(disbursed=date(2024, 4, 30), matures=date(2034, 4, 30), rate=35000)
    for option, expected in (("prevailing", [17500, 15000, 15000]), ("original", [17500, 17500, 17500])):
        result = run([lent], [], scenario(plain({"rollover_rate": option}), end=date(2027, 3, 31)))
        assert [r["rate"] for r in result.ledger if r["event"] in ("draw", "rollover")] == expected
        due = [r for r in result.ledger if r["date"] == date(2025, 6, 30)]
        assert [r["event"] for r in due] == ["interest", "rollover"]
        assert due[0]["rate"] == 17500  # interest of the year that ends, at its own rate


def test_rollover_bases() -> None:
    # Drawn 2022-03-31; equal principal over 10 years: 90 m outstanding a year later, 80 m after two.
    lent = loan(repayment="equal_principal")
    original = run([lent], [], scenario())
    assert [original.draws[0][f"continued_{k}"] for k in (1, 2)] == [60 * MILLION, 60 * MILLION]
    outstanding = run([lent], [], scenario(plain({"rollover_base": "outstanding"})))
    assert events(outstanding, "draw", "rollover", "repay") == [
        ("2022-03-31", "draw", 60 * MILLION, 60 * MILLION),
        ("2023-03-31", "repay", 6 * MILLION, 54 * MILLION),
        ("2023-03-31", "rollover", 54 * MILLION, 54 * MILLION),
        ("2024-03-31", "repay", 6 * MILLION, 48 * MILLION),
        ("2024-03-31", "rollover", 48 * MILLION, 48 * MILLION),
        ("2025-03-31", "repay", 48 * MILLION, 0),
    ]


def test_part_of_a_rollover_is_taken_up() -> None:
    # 60 % of 10,000.13 yuan: 600,007 fen (of 600,007.8); a year later 900,013 fen are outstanding, then 800,013.
    lent = loan(principal=1_000_013, repayment="equal_principal")
    original = run([lent], [], scenario(plain({"rollover_take_up": "0.9"})))
    assert events(original, "draw", "rollover", "repay") == [
        ("2022-03-31", "draw", 600_007, 600_007),
        ("2023-03-31", "repay", 60_001, 540_006),  # 540,006.3
        ("2023-03-31", "rollover", 540_006, 540_006),
        ("2024-03-31", "repay", 54_001, 486_005),  # 486,005.4
        ("2024-03-31", "rollover", 486_005, 486_005),
        ("2025-03-31", "repay", 486_005, 0),
    ]
    outstanding = run([lent], [], scenario(plain({"rollover_take_up": "0.9", "rollover_base": "outstanding"})))
    assert events(outstanding, "draw", "rollover", "repay") == [
        ("2022-03-31", "draw", 600_007, 600_007),
        ("2023-03-31", "repay", 114_001, 486_006),  # 540,007 of 540,007.8 may be continued; 486,006.3
        ("2023-03-31", "rollover", 486_006, 486_006),
        ("2024-03-31", "repay", 54_000, 432_006),  # 480,007 of 480,007.8 may be, less than the 486,006; 432,006.3
        ("2024-03-31", "rollover", 432_006, 432_006),
        ("2025-03-31", "repay", 432_006, 0),
    ]


def test_the_due_date_picks_the_part_taken_up_and_a_quota_cuts_what_is_left() -> None:
    falling = [{"from": date(2022, 1, 1), "value": "0.9"}, {"from": date(2024, 3, 31), "value": 0}]
    result = run([loan()], [], scenario(plain({"rollover_take_up": falling})))
    assert [(r["continued_1"], r["continued_2"], r["repaid_on"]) for r in result.draws] == [
        (54 * MILLION, 0, date(2024, 3, 31))
    ]
    quota = [
        {"from": date(2022, 1, 1), "value": {"kind": "none"}},
        {"from": date(2023, 1, 1), "value": {"flow": 10**8}},
    ]
    options = {"quota": quota, "quota_counts_rollovers": True, "rationing": "fifo", "rollover_take_up": "0.9"}
    book = [loan("A"), loan("B", disbursed=date(2022, 2, 11))]
    cut = run(book, [], scenario(plain(options), end=date(2023, 12, 31)))
    assert [r["continued_1"] for r in cut.draws] == [54 * MILLION, 46 * MILLION]


def test_a_loan_paid_back_by_the_due_date_is_not_continued() -> None:
    # Maturity on the due date: gone at the end of that day.
    book = [loan("A", matures=date(2023, 3, 31)), loan("B", matures=date(2023, 4, 1))]
    result = run(book, [], scenario())
    assert [(r["continued_1"], r["continued_2"], r["repaid_on"]) for r in result.draws] == [
        (0, 0, date(2023, 3, 31)),
        (60 * MILLION, 0, date(2024, 3, 31)),
    ]
    early = run(book, [], scenario(end=date(2023, 6, 30)))
    assert [(r["continued_1"], r["continued_2"], r["repaid_on"]) for r in early.draws] == [
        (0, None, date(2023, 3, 31)),
        (60 * MILLION, None, None),
    ]
    assert [r["state"] for r in early.attribution] == ["repaid", "held"]


def test_no_rollover_after_expiry_when_so_chosen() -> None:
    lent = loan(sector="coal_mining", disbursed=date(2022, 12, 5), matures=date(2030, 1, 1))
    later = loan("L2", sector="coal_mining", disbursed=date(2023, 1, 5), matures=date(2030, 1, 1))
    result = run([lent, later], [], scenario(plain({"rollover_after_expiry": False}, COAL)))
    # Window to 2023-12-31: the due date on that day is still within it, 2024-01-31 is not.
    assert [(r["continued_1"], r["repaid_on"]) for r in result.draws] == [
        (100 * MILLION, date(2024, 12, 31)),
        (0, date(2024, 1, 31)),
    ]


def prepaid(day: date, how: str, **given: str) -> Result:
    facility = plain({"on_prepayment": how, **given})
    return run([loan()], [Prepayment(loan_id="L1", date=day, amount=25 * MILLION)], scenario(facility))


def test_immediate_returns() -> None:
    # A quarter of 100 m prepaid on 10 June: 15 of 60 m go back. Interest to 21 June: 60 m for 71 days (31 March to
    # 9 June), 45 m for 11: 4,755 m x 1.75 % / 360 = 231,145.83.
    result = prepaid(date(2022, 6, 10), "immediate")
    assert events(result)[:3] == [
        ("2022-03-31", "draw", 60 * MILLION, 60 * MILLION),
        ("2022-06-10", "return", 15 * MILLION, 45 * MILLION),
        ("2022-06-20", "interest", 23_114_583, 45 * MILLION),
    ]
    assert cell(result.funding, quarter="2022Q2")["repaid"] == 15 * MILLION
    assert [result.draws[0][f"continued_{k}"] for k in (1, 2)] == [45 * MILLION, 45 * MILLION]
    assert cell(result.funding, quarter="2022Q2")["balance"] == 45 * MILLION


def test_immediate_returns_on_the_draw_date_and_on_a_due_date() -> None:
    on_draw = prepaid(date(2022, 3, 31), "immediate")
    assert events(on_draw, "return") == []
    on_due = prepaid(date(2023, 3, 31), "immediate")
    that_day = [r for r in events(on_due) if r[0] == "2023-03-31"]
    assert [(e, b) for _, e, _, b in that_day] == [
        ("interest", 60 * MILLION), ("return", 45 * MILLION), ("rollover", 45 * MILLION),
    ]  # fmt: skip


def test_prepayments_wait_for_the_rollover_by_default() -> None:
    day = date(2022, 6, 10)
    assert prepaid(day, "at_rollover").draws[0]["continued_1"] == 60 * MILLION
    assert prepaid(day, "at_rollover", rollover_base="outstanding").draws[0]["continued_1"] == 45 * MILLION


def test_settlement_at_maturity() -> None:
    result = run([loan(**LONG_LOAN)], [], scenario(plain({"interest_settlement": "maturity"})))
    assert [(d, a) for d, _, a, _ in events(result, "interest")] == [
        ("2022-12-31", 106_458_333), ("2023-12-31", 106_458_333), ("2024-12-31", 106_750_000),
    ]  # fmt: skip


def test_no_settlement_on_the_day_a_tranche_year_begins_or_ends() -> None:
    # Monthly with 20 days' lag: drawn on 20 March 2023 for February; due on 20 March 2024.
    lent = loan(sector="coal_mining", disbursed=date(2023, 2, 1), matures=date(2030, 2, 1))
    result = run([lent], [], scenario(plain({"lag_days": 20}, COAL), end=date(2024, 3, 31)))
    assert [(d, e) for d, e, _, _ in events(result)] == [
        ("2023-03-20", "draw"),
        ("2023-06-20", "interest"),
        ("2023-09-20", "interest"),
        ("2023-12-20", "interest"),
        ("2024-03-20", "interest"),
        ("2024-03-20", "rollover"),
    ]


@pytest.mark.parametrize(
    ("mode", "amounts"),
    [
        # 100 m for requests of 180 m: k = floor(10^9 / 1.8) = 555,555,555; 60 m x k = 33,333,333.30
        ("pro_rata", {"A": 3_333_333_330, "B": 3_333_333_330, "C": 3_333_333_330}),
        ("fifo", {"A": 60 * MILLION, "B": 40 * MILLION}),
        ("whole_loans", {"A": 60 * MILLION}),
    ],
)
def test_rationing(mode: str, amounts: dict[str, int]) -> None:
    result = run(three(), [], scenario(plain({"quota": 100_000_000, "rationing": mode})))
    assert drawn(result) == amounts
    expected = ["held" if name in amounts else "unfunded" for name in "ABC"]
    assert [r["state"] for r in run(three(), [], scenario(plain({"quota": 100_000_000, "rationing": mode}),
            end=date(2022, 6, 30))).attribution] == expected  # fmt: skip


def test_whole_loans_pass_over_what_does_not_fit_and_ties_go_by_id() -> None:
    book = [
        loan("b", principal=70 * MILLION), loan("B", principal=120 * MILLION), loan("a", principal=60 * MILLION),
    ]  # fmt: skip
    # Code points: B, a, b. Asks 72, 36, 42 of 100: B takes 72; neither 36 nor 42 fits the 28 left.
    sc = scenario(plain({"quota": 100_000_000, "rationing": "whole_loans"}))
    assert drawn(run(book, [], sc)) == {"B": 72 * MILLION}
    sc = scenario(plain({"quota": 80_000_000, "rationing": "whole_loans"}))
    assert drawn(run([book[0], book[2]], [], sc)) == {"a": 36 * MILLION, "b": 42 * MILLION}
    sc = scenario(plain({"quota": 60_000_000, "rationing": "whole_loans"}))
    assert drawn(run(book, [], sc)) == {"a": 36 * MILLION}


def test_a_stock_quota_counts_all_lenders_and_is_refilled_before_the_days_draws() -> None:
    first = loan("A", disbursed=date(2023, 2, 1), matures=date(2023, 12, 1))
    second = loan("B", disbursed=date(2023, 5, 1), lender="beta")
    third = loan("C", disbursed=date(2024, 3, 1))
    result = run([first, second, third], [], scenario(plain({"quota": 100_000_000, "rationing": "fifo"})))
    # 2023-06-30: 100 - 60 = 40 left. 2024-03-31: A's 60 go back first, so C gets its 60.
    assert drawn(result) == {"A": 60 * MILLION, "B": 40 * MILLION, "C": 60 * MILLION}


def test_a_fall_of_the_quota_only_stops_new_draws() -> None:
    quota = [{"from": date(2022, 1, 1), "value": 100_000_000}, {"from": date(2022, 6, 1), "value": 50_000_000}]
    result = run([loan("A"), loan("B", disbursed=date(2022, 5, 1))], [], scenario(plain({"quota": quota})))
    assert drawn(result) == {"A": 60 * MILLION}
    assert cell(result.funding, quarter="2023Q4")["balance"] == 60 * MILLION


def test_a_yearly_flow_starts_anew_and_is_not_refilled() -> None:
    book = [loan("A", disbursed=date(2022, 2, 1), matures=date(2022, 9, 1)), *three()[1:]]
    sc = scenario(plain({"quota": {"flow": 100_000_000}, "rationing": "fifo", "carry_over": True}))
    result = run(book, [], sc)
    # 2022: 60 + 40. The first quarter of 2023 funds what was left of B and C.
    assert [(r["loan_id"], r["tranche"][-10:], r["drawn"]) for r in result.draws] == [
        ("A", "2022-03-31", 60 * MILLION),
        ("B", "2022-03-31", 40 * MILLION),
        ("B", "2023-03-31", 20 * MILLION),
        ("C", "2023-03-31", 60 * MILLION),
    ]


def test_carried_asks_wait_for_room_and_stop_with_the_window() -> None:
    a = loan("A", disbursed=date(2022, 2, 1), matures=date(2022, 12, 10))
    b = loan("B", disbursed=date(2022, 2, 2))
    c = loan("C", disbursed=date(2022, 2, 3), matures=date(2023, 3, 31))
    options = {"quota": 100_000_000, "rationing": "fifo", "carry_over": True}
    result = run([a, b, c], [], scenario(plain(options), end=date(2023, 12, 31)))
    # A's 60 return on its due date, 2023-03-31: B's other 20 are funded that day. C is paid back that day: no ask.
    assert [(r["loan_id"], r["tranche"][-10:], r["drawn"]) for r in result.draws] == [
        ("A", "2022-03-31", 60 * MILLION), ("B", "2022-03-31", 40 * MILLION), ("B", "2023-03-31", 20 * MILLION),
    ]  # fmt: skip
    assert [r["state"] for r in result.attribution] == ["repaid", "held", "unfunded"]
    # The quarter that begins on 2023-01-01 is after a window that ends in 2022.
    closed = {**options, "window": {"first": date(2021, 7, 1), "last": date(2022, 12, 31)}}
    assert drawn(run([a, b, c], [], scenario(plain(closed)))) == {"A": 60 * MILLION, "B": 40 * MILLION}


def test_a_cap_limits_its_own_period() -> None:
    book = [*three(), loan("D", disbursed=date(2022, 5, 1))]
    result = run(book, [], scenario(caps={"cerf": {"2022Q1": 90 * MILLION}}))
    assert drawn(result) == {"A": 30 * MILLION, "B": 30 * MILLION, "C": 30 * MILLION, "D": 60 * MILLION}
    both = run(book, [], scenario(plain({"quota": 60_000_000}), caps={"cerf": {"2022Q1": 90 * MILLION}}))
    # The quota is the tighter of the two: k = floor(60 / 180 x 10^9) = 333,333,333; 60 m x k = 19,999,999.98 each. In
    # the second quarter 0.06 yuan are left for D's 60 m: k = 1, 60 m x 10^-9 = 0.06.
    assert drawn(both) == {"A": 1_999_999_998, "B": 1_999_999_998, "C": 1_999_999_998, "D": 6}


def test_pools_serve_their_own_sectors() -> None:
    pools = [
        {"id": "main", "amount": 100_000_000, "sectors": ["coal_mining", "coal_power"]},
        {"id": "supply", "amount": 150_000_000, "sectors": ["coal_supply_security"]},
    ]
    facility = plain({"quota": {"kind": "stock", "pools": pools}, "rationing": "fifo"}, COAL)
    given = {"disbursed": date(2022, 6, 1)}
    book = [
        loan("A", sector="coal_mining", **given),
        loan("B", sector="coal_power", **given),
        loan("C", sector="coal_supply_security", **given),
        loan("D", sector="coal_supply_security", **given),
    ]
    assert drawn(run(book, [], scenario(facility))) == {"A": 100 * MILLION, "C": 100 * MILLION, "D": 50 * MILLION}
    capped = scenario(facility, caps={"clean_coal": {"2022-06": 120 * MILLION}})
    assert drawn(run(book, [], capped)) == {"A": 100 * MILLION, "C": 20 * MILLION}


def test_a_loan_keeps_the_pool_it_asked_first() -> None:
    main = {"id": "main", "amount": 100_000_000, "sectors": []}
    wind = {"id": "wind", "amount": 100_000_000, "sectors": ["wind"]}
    quota = [
        {"from": date(2022, 1, 1), "value": {"kind": "stock", "pools": [main]}},
        {"from": date(2022, 4, 1), "value": {"kind": "stock", "pools": [wind, main]}},
    ]
    book = [
        loan("A"),
        loan("B", disbursed=date(2022, 5, 1)),  # wind: all of its 60 fit the new pool
        loan("C", disbursed=date(2022, 5, 1), sector="solar"),  # main, where A still holds 60: 40 are left
    ]
    result = run(book, [], scenario(plain({"quota": quota})))
    assert drawn(result) == {"A": 60 * MILLION, "B": 60 * MILLION, "C": 3_999_999_996}  # 60 m x 0.666666666


def test_rollovers_may_use_a_flow_quota_first() -> None:
    quota = [
        {"from": date(2022, 1, 1), "value": {"kind": "none"}},
        {"from": date(2023, 1, 1), "value": {"flow": 100_000_000}},
    ]
    book = [loan("A"), loan("B", disbursed=date(2022, 2, 11)), loan("C", disbursed=date(2023, 2, 1))]
    sc = scenario(plain({"quota": quota, "quota_counts_rollovers": True, "rationing": "fifo"}), end=date(2023, 12, 31))
    result = run(book, [], sc)
    assert [(r["drawn"], r["continued_1"]) for r in result.draws] == [
        (60 * MILLION, 60 * MILLION), (60 * MILLION, 40 * MILLION),
    ]  # fmt: skip
    assert [r["state"] for r in result.attribution] == ["held", "held", "unfunded"]
    free = scenario(plain({"quota": quota, "rationing": "fifo"}), end=date(2023, 12, 31))
    assert [r["state"] for r in run(book, [], free).attribution] == ["held", "held", "held"]


def test_pending_and_repaid_before_draw() -> None:
    sc = scenario(plain({"lag_days": 15}), end=date(2022, 3, 31))
    book = [
        loan("A"),
        loan("B", matures=date(2022, 4, 15)),  # gone on its draw date, 2022-04-15: not even pending
        loan("C", disbursed=date(2021, 12, 1)),  # drawn 2022-01-15
        loan("D", disbursed=date(2021, 12, 1)),
    ]
    paid = [Prepayment(loan_id="D", date=date(2022, 1, 15), amount=100 * MILLION)]
    result = run(book, paid, sc)
    assert [r["state"] for r in result.attribution] == ["pending", "repaid_before_draw", "held", "repaid_before_draw"]
    assert [r["supported"] for r in result.attribution] == [True, False, True, False]
    assert result.draws[0] == {
        "loan_id": "A", "facility": "cerf", "tranche": "cerf/alpha/2022-04-15", "drawn": None,
        "continued_1": None, "continued_2": None, "repaid_on": None, "basis": "simulated",
    }  # fmt: skip
    assert [r["loan_id"] for r in result.draws] == ["A", "C"]
    total = cell(result.disclosure, quarter="2022Q1", horizon="quarter", level="total")
    assert (total["projects"], total["amount"]) == (1, 100 * MILLION)  # a pending loan is disclosed


def test_the_draw_is_of_what_was_issued() -> None:
    lent = loan(principal=100_00 + 1, repayment="equal_principal", payments_per_year=12, disbursed=date(2022, 1, 10))
    assert run([lent], [], scenario()).draws[0]["drawn"] == 60_00  # floor(6000.6 fen)


def test_disclosure_horizons_count_projects_once() -> None:
    book = [
        loan("A", project_id="P", disbursed=date(2021, 9, 30), rate=40000),
        loan("B", project_id="P", disbursed=date(2022, 2, 1), rate=30000, principal=50 * MILLION),
        loan("C", project_id="Q", disbursed=date(2022, 5, 1), rate=45000, sector="industrial_efficiency"),
    ]
    result = run(book, [], scenario(end=date(2022, 6, 30)))

    def total(quarter: str, horizon: str) -> tuple[Any, ...]:
        row = cell(result.disclosure, quarter=quarter, horizon=horizon, level="total", code="total")
        return row["projects"], row["amount"], row["weighted_rate"]

    # Nothing counts before the quarter of the launch.
    assert total("2021Q3", "since_start") == (0, 0, None)
    assert total("2021Q4", "quarter") == total("2021Q4", "year") == (1, 100 * MILLION, 4_000_000)
    assert total("2022Q1", "since_start") == (1, 150 * MILLION, 3_666_667)  # (100 x 4 % + 50 x 3 %) / 150
    assert total("2022Q2", "year") == (2, 150 * MILLION, 4_000_000)  # (50 x 3 + 100 x 4.5) / 150
    assert total("2022Q2", "since_start") == (2, 250 * MILLION, 4_000_000)
    rows = [r for r in result.disclosure if r["quarter"] == "2022Q2" and r["horizon"] == "year"]
    assert [(r["level"], r["code"], r["projects"]) for r in rows] == [
        ("total", "total", 2),
        ("field", "clean_energy", 1),
        ("field", "energy_saving", 1),
        ("sector", "wind", 1),
        ("sector", "solar", 0),
        ("sector", "industrial_efficiency", 1),
        ("sector", "green_upgrade", 0),
    ]


def test_series_have_a_row_for_every_quarter_lender_and_facility() -> None:
    book = [loan(), loan("L2", lender="beta", sector="nuclear")]
    result = run(book, [], scenario(plain(), plain(None, COAL), start=date(2022, 2, 10), end=date(2022, 5, 5)))
    keys = [(r["quarter"], r["lender"], r["facility"]) for r in result.funding]
    assert keys == [(q, b, f) for q in ("2022Q1", "2022Q2") for b in ("alpha", "beta") for f in ("cerf", "clean_coal")]
    assert keys == [(r["quarter"], r["lender"], r["facility"]) for r in result.cost]
    assert all(r["balance"] == 0 and r["rate"] is None for r in result.funding if r["lender"] == "beta")


def test_half_year_money_takes_the_rate_of_its_term() -> None:
    lent = loan(sector="shop", lender="beta", borrower_type="micro", disbursed=date(2022, 8, 5))
    result = run([lent], [], scenario(plain(None, SMALL), end=date(2023, 12, 31)))
    moves = [(str(r["date"]), r["event"], r["rate"]) for r in result.ledger if r["event"] != "interest"]
    assert moves == [
        ("2022-08-31", "draw", 19000), ("2023-02-28", "rollover", 19000), ("2023-08-31", "repay", 19000),
    ]  # fmt: skip


def test_dates_move_on_to_a_working_day_when_so_chosen() -> None:
    pytest.importorskip("chinese_calendar")
    # 2022-12-31 to 2023-01-02 is a holiday. Later due dates count from 2023-01-03; in 2026 that is a Saturday, and the
    # 4th a make-up working day.
    result = run([loan(disbursed=date(2022, 12, 5))], [], scenario(plain({"business_day": "following"})))
    assert [d for d, _, _, _ in events(result, "draw", "rollover", "repay")] == [
        "2023-01-03", "2024-01-03", "2025-01-03", "2026-01-04",
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_random_books_keep_every_invariant(seed: int) -> None:
    rng = random.Random(seed)
    book, prepayments = random_book(rng, 30)
    sc = random_scenario(rng)
    result = run(book, prepayments, sc)
    check_invariants(result, book, sc)
    shuffled = list(book)
    rng.shuffle(shuffled)
    other = run(shuffled, prepayments, sc)
    assert (other.ledger, other.funding, other.disclosure, other.cost) == (
        result.ledger, result.funding, result.disclosure, result.cost,
    )  # fmt: skip
