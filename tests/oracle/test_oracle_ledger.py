"""The oracle proved by hand where a run follows the bank's record: receipts, openings, what loans owe, eligibility."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from .cases import COAL, YUAN, loan, plain, scenario
from .engine import run
from .ledger_cases import random_case
from .model import (
    Application,
    Balance,
    Instalment,
    Loan,
    OpeningTranche,
    Prepayment,
    Result,
    Side,
)
from .schedule import ScheduleError, schedule_of

MILLION = 1_000_000 * YUAN


def row(status: str = "funded", period: str = "2022Q1", loan_id: str = "L1", **given: Any) -> Application:
    if status == "funded":
        given = {"funded_on": date(2022, 4, 11), "funded_amount": 60 * MILLION, **given}
    return Application(loan_id=loan_id, period=period, status=status, **given)


def record(rows: Sequence[Application], *loans: Loan, **given: Any) -> Result:
    return run(list(loans) or [loan()], [], scenario(**given), Side(applications=rows))


def states(result: Result) -> list[str]:
    return [r["state"] for r in result.attribution]


def moves(result: Result, *kinds: str) -> list[tuple[str, str, int, int]]:
    """(date, event, amount, rate) of the ledger but for interest, or of some kinds."""
    return [
        (str(r["date"]), r["event"], r["amount"], r["rate"])
        for r in result.ledger
        if (r["event"] in kinds if kinds else r["event"] != "interest")
    ]


def codes(result: Result) -> list[str]:
    return [code for code, _ in result.findings]


# ---- R1: receipts


def test_money_counts_from_the_day_it_arrived() -> None:
    # 60 m on 2022-04-11 at 1.75 %: due a year later, rolled twice; 70 days to 21 June: 60 m x 1.75 % x 71 / 360.
    result = record([row()], end=date(2025, 6, 30))
    assert moves(result) == [
        ("2022-04-11", "draw", 60 * MILLION, 17500),
        ("2023-04-11", "rollover", 60 * MILLION, 17500),
        ("2024-04-11", "rollover", 60 * MILLION, 17500),
        ("2025-04-11", "repay", 60 * MILLION, 17500),
    ]
    first = next(r for r in result.ledger if r["event"] == "interest")
    assert (first["date"], first["amount"]) == (date(2022, 6, 20), 20_708_333)  # 11 April to 20 June: 71 days
    assert result.draws[0]["tranche"] == "cerf/alpha/2022-04-11"
    assert {r["basis"] for r in (*result.draws, *result.ledger, *result.attribution, *result.funding)} == {"recorded"}
    assert codes(result) == []


def test_tranches_of_one_day_are_told_apart_by_number_or_rate() -> None:
    book = [loan(name) for name in "ABCDE"]
    rows = [
        row(loan_id="A"),
        row(loan_id="B", rate=17500),  # the one in force: the same tranche
        row(loan_id="C", rate=16000),
        row(loan_id="D", rate=16000, tranche="no. 7"),
        row(loan_id="E", tranche="no. 8"),
    ]
    result = record(rows, *book)
    head = "cerf/alpha/2022-04-11"
    assert [r["tranche"] for r in result.draws] == [head, head, f"{head}/0.016000", f"{head}/no. 7", f"{head}/no. 8"]
    assert {r["tranche"]: (r["amount"], r["rate"]) for r in result.ledger if r["event"] == "draw"} == {
        head: (120 * MILLION, 17500),
        f"{head}/0.016000": (60 * MILLION, 16000),
        f"{head}/no. 7": (60 * MILLION, 16000),
        f"{head}/no. 8": (60 * MILLION, 17500),
    }
    assert [x for x in result.findings if x[0] == "receipt_rate_differs"] == [
        ("receipt_rate_differs", "C"), ("receipt_rate_differs", "D"),
    ]  # fmt: skip


def test_refused_and_then_funded_in_part_in_the_next_period() -> None:
    rows = [row("refused"), row(period="2022Q2", funded_amount=40 * MILLION, applied_amount=50 * MILLION)]
    result = record(rows)
    assert states(result) == ["repaid"]
    assert result.draws[0]["drawn"] == 40 * MILLION
    assert codes(result) == ["part_funded", "part_funded_unclaimed"]  # 40 of the 50 asked for


def test_funded_in_two_parts() -> None:
    rows = [
        row(funded_amount=35 * MILLION),
        row(period="2022Q2", funded_amount=25 * MILLION, funded_on=date(2022, 7, 5)),
    ]
    result = record(rows)
    assert [(r["tranche"][-10:], r["drawn"]) for r in result.draws] == [
        ("2022-04-11", 35 * MILLION), ("2022-07-05", 25 * MILLION),
    ]  # fmt: skip
    assert codes(result) == []  # 60 of 60


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([row("applied"), row("applied")], "application_conflict"),
        ([row("refused"), row("withdrawn")], "application_conflict"),
        ([row(), row("applied"), row("refused")], "application_conflict"),
        ([row(funded_on=None)], "receipt_incomplete"),
        ([row(funded_amount=None)], "receipt_incomplete"),
        ([row(funded_amount=0)], "receipt_incomplete"),
        ([row(funded_on=date(2022, 2, 9))], "receipt_before_loan"),
        ([row(facility="clean_coal")], "application_facility"),
        ([row(funded_amount=60 * MILLION + 1)], "received_over_asked"),
        ([row(funded_amount=31 * MILLION), row(period="2022Q2", funded_amount=30 * MILLION)], "received_over_asked"),
        ([row(applied_amount=60 * MILLION - 1)], "received_over_asked"),
        ([row(), row("applied", applied_amount=60 * MILLION - 1)], "received_over_asked"),
    ],
)
def test_rows_that_contradict_set_the_loan_aside(rows: list[Application], why: str) -> None:
    result = record(rows)
    assert result.errors == {0: why}
    assert (states(result), result.ledger, result.draws) == (["set_aside"], [], [])
    assert codes(result) == []


def test_what_is_just_right_is_no_error() -> None:
    assert record([row("applied", applied_amount=60 * MILLION), row(funded_on=date(2022, 2, 10))]).errors == {}
    assert codes(record([row("applied"), row()])) == ["application_followed"]


def test_money_without_a_facility_takes_the_only_one() -> None:
    odd = loan(sector="nuclear")
    result = record([row()], odd)
    assert (states(result), codes(result)) == (["repaid"], ["funded_not_eligible"])
    assert result.screening[0]["facility"] == ""
    assert (result.attribution[0]["facility"], result.draws[0]["facility"]) == ("cerf", "cerf")
    two = run([odd], [], scenario(plain(), plain(None, COAL)), Side(applications=[row()]))
    assert two.errors == {0: "receipt_without_facility"}


def test_what_became_of_the_application() -> None:
    book = [loan(name) for name in "ABCDE"] + [loan("F", rate=60000), loan("G", rate=60000)]
    rows = [
        row("applied", loan_id="A"),
        row("refused", loan_id="B"),
        row("withdrawn", loan_id="C"),
        row("refused", loan_id="D"),
        row("applied", loan_id="D", period="2022Q2"),  # the last period counts
        row("applied", loan_id="F"),
        row("refused", loan_id="nobody"),
    ]
    result = record(rows, *book)
    assert states(result) == ["applied", "not_approved", "withdrawn", "applied", "not_applied", "refused", "refused"]
    assert not any(r["supported"] for r in result.attribution)
    assert sorted(result.findings) == [
        ("application_pending", "A"),
        ("application_pending", "D"),
        ("application_refused", "B"),
        ("application_unknown_loan", "nobody"),
        ("application_withdrawn", "C"),
        ("applied_not_eligible", "F"),
        ("not_applied", "E"),
    ]


def test_an_empty_record_is_a_record() -> None:
    assert states(record([])) == ["not_applied"]
    assert states(run([loan()], [], scenario(), Side())) == ["repaid"]


def test_a_receipt_of_a_loan_set_aside_is_said() -> None:
    result = record([row()], loan(data_error=True))
    assert (result.findings, result.ledger) == ([("receipt_set_aside", "L1")], [])
    small = record([row()], loan(investment=99 * MILLION))
    assert (small.errors, codes(small), small.ledger) == ({0: "share_over_one"}, ["receipt_set_aside"], [])


def test_money_still_to_come() -> None:
    book = [loan("A"), loan("B"), loan("C")]
    late = {"funded_on": date(2022, 7, 1), "period": "2022Q2"}
    rows = [
        row(loan_id="A", **late),
        row(loan_id="B", funded_amount=10 * MILLION),
        row(loan_id="B", funded_amount=20 * MILLION, **late),
    ]
    result = record(rows, *book, end=date(2022, 6, 30))
    assert states(result) == ["pending", "held", "not_applied"]
    assert [(r["loan_id"], r["tranche"], r["drawn"]) for r in result.draws] == [
        ("A", "cerf/alpha/2022-07-01", None), ("B", "cerf/alpha/2022-04-11", 10 * MILLION),
    ]  # fmt: skip


def test_recorded_draws_use_up_quota_and_cap_and_are_not_cut() -> None:
    book = [loan("A"), loan("B", disbursed=date(2022, 5, 1)), loan("C", disbursed=date(2022, 5, 2))]
    on = {"funded_on": date(2022, 6, 30), "period": "2022Q2"}
    rows = [row(loan_id="A", **on), row(loan_id="B", **on)]
    common = {"simulate_from": date(2022, 5, 2)}
    quota = record(rows, *book, **common, end=date(2022, 12, 31))
    assert [r["drawn"] for r in quota.draws] == [60 * MILLION] * 3
    # Quota 150 m: A and B hold 120, so 30 are left for C; quota 100 m: nothing, and A and B are not cut.
    for given, left in ((150_000_000, 30 * MILLION), (100_000_000, None), ({"flow": 150_000_000}, 30 * MILLION)):
        facility = plain({"quota": given, "rationing": "fifo"})
        result = run(book, [], scenario(facility, **common), Side(applications=rows))
        assert [r["drawn"] for r in result.draws] == [60 * MILLION] * 2 + ([left] if left else [])
    limits = {"cerf": {"2022Q2": 140 * MILLION}}
    fifo = plain({"rationing": "fifo"})
    capped = run(book, [], scenario(fifo, **common, caps=limits), Side(applications=rows))
    assert [r["drawn"] for r in capped.draws] == [60 * MILLION, 60 * MILLION, 20 * MILLION]


def test_simulated_draws_of_the_day_share_the_plain_tranche() -> None:
    book = [loan("A"), loan("B", disbursed=date(2022, 3, 1)), loan("C", planned=True)]
    rows = [row(loan_id="A", funded_on=date(2022, 3, 31))]
    result = record(rows, *book, simulate_from=date(2022, 3, 1), end=date(2022, 6, 30))
    assert states(result) == ["held"] * 3
    assert {r["tranche"] for r in result.draws} == {"cerf/alpha/2022-03-31"}
    assert moves(result) == [("2022-03-31", "draw", 180 * MILLION, 17500)]
    assert [r["basis"] for r in result.attribution] == ["recorded", "simulated", "simulated"]
    assert {r["basis"] for r in result.ledger} == {"mixed"}
    assert [r["basis"] for r in result.funding][:4] == ["recorded", "recorded", "mixed", "mixed"]


def test_repaid_before_the_money_came_is_still_funded() -> None:
    # Matured on 2022-04-01, funded on 2022-04-11: held to the first due date, nothing is continued.
    result = record([row()], loan(matures=date(2022, 4, 1)))
    assert [(d, e) for d, e, _, _ in moves(result)] == [("2022-04-11", "draw"), ("2023-04-11", "repay")]


# ---- R2: opening tranches


def opened(**given: Any) -> OpeningTranche:
    values: dict[str, Any] = {
        "lender": "alpha", "facility": "cerf", "drawn_on": date(2022, 3, 31), "due_on": date(2023, 3, 31),
        "principal": 90 * MILLION, "rate": 17500,
    }  # fmt: skip
    return OpeningTranche(**{**values, **given})


def begun(*rows: OpeningTranche, loans: Sequence[Loan] = (), facility: Any = None, **given: Any) -> Result:
    given = {"start": date(2023, 1, 1), "end": date(2025, 6, 30), **given}
    return run(loans, [], scenario(facility or plain(), **given), Side(opening_tranches=rows))


def test_the_life_of_an_opening_tranche() -> None:
    # 90 m at 1.75 %: 4,375 yuan a day. Settled to 2022-12-21 before the run: to 2023-03-21 90 days, then 10 days.
    result = begun(opened(), end=date(2023, 6, 30))
    assert [(str(r["date"]), r["event"], r["amount"], r["balance"]) for r in result.ledger] == [
        ("2023-01-01", "opening", 90 * MILLION, 90 * MILLION),
        ("2023-03-20", "interest", 90 * 437_500, 90 * MILLION),
        ("2023-03-31", "interest", 10 * 437_500, 90 * MILLION),
        ("2023-03-31", "rollover", 90 * MILLION, 90 * MILLION),
        ("2023-06-20", "interest", 81 * 437_500 + 437_500, 90 * MILLION),
    ]
    assert {r["tranche"] for r in result.ledger} == {"cerf/alpha/2022-03-31"}
    first = result.funding[0]
    assert (first["drawn"], first["rolled"], first["balance"]) == (0, 90 * MILLION, 90 * MILLION)
    assert first["interest"] == 90 * 437_500  # the quarter's own days
    assert (result.draws, result.attribution) == ([], [])
    assert result.cost[0]["reduction_in_balance"] == 0
    # 90 m x 1.2 % x 90 / 360
    assert result.cost[0]["interest_saved"] == 270_000 * YUAN


def test_rollovers_used_are_counted_and_rates_follow_the_option() -> None:
    ends = [("2023-01-01", "opening"), ("2023-03-31", "rollover"), ("2024-03-31", "rollover"), ("2025-03-31", "repay")]
    assert [(d, e) for d, e, _, _ in moves(begun(opened()))] == ends
    once = opened(drawn_on=date(2021, 3, 31), rollovers_used=1, rate=20000)
    assert moves(begun(once)) == [
        ("2023-01-01", "opening", 90 * MILLION, 20000),
        ("2023-03-31", "rollover", 90 * MILLION, 17500),
        ("2024-03-31", "repay", 90 * MILLION, 17500),
    ]
    kept = begun(once, facility=plain({"rollover_rate": "original"}))
    assert [rate for _, _, _, rate in moves(kept)] == [20000, 20000, 20000]
    last = begun(opened(drawn_on=date(2020, 3, 31), rollovers_used=2))
    assert [(d, e) for d, e, _, _ in moves(last)] == [("2023-01-01", "opening"), ("2023-03-31", "repay")]


def test_part_of_an_opening_tranche_is_continued_and_none_after_expiry() -> None:
    taken = begun(opened(principal=101), facility=plain({"rollover_take_up": 0.5}), end=date(2023, 6, 30))
    assert [(e, a) for _, e, a, _ in moves(taken)] == [("opening", 101), ("repay", 51), ("rollover", 50)]
    closed = plain({"rollover_after_expiry": False, "window": {"first": date(2021, 7, 1), "last": date(2023, 3, 30)}})
    assert [(e, a) for _, e, a, _ in moves(begun(opened(), facility=closed))][1] == ("repay", 90 * MILLION)


def test_opening_tranches_have_ids_of_their_own() -> None:
    result = begun(opened(), opened(principal=5), opened(tranche="x"), opened(tranche="x"), opened(lender="beta"))
    assert sorted({r["tranche"] for r in result.ledger if r["event"] == "opening"}) == [
        "cerf/alpha/2022-03-31", "cerf/alpha/2022-03-31/2", "cerf/alpha/2022-03-31/x", "cerf/alpha/2022-03-31/x/2",
        "cerf/beta/2022-03-31",
    ]  # fmt: skip
    assert {r["lender"] for r in result.funding} == {"alpha", "beta"}


def test_loans_drawn_before_the_opening_post_nothing() -> None:
    book = [
        loan("A"),  # drawn 2022-03-31
        loan("B", disbursed=date(2023, 2, 1), rate=35000),
        loan("C", disbursed=date(2022, 12, 1), matures=date(2022, 12, 30)),
        loan("D", lender="beta", disbursed=date(2023, 2, 1), rate=35000),
    ]
    result = begun(opened(due_on=date(2023, 4, 10)), loans=book, end=date(2023, 3, 31))
    assert states(result) == ["opening", "held", "repaid_before_draw", "held"]
    assert [r["supported"] for r in result.attribution] == [True, True, False, True]
    assert [r["loan_id"] for r in result.draws] == ["B", "D"]
    (alpha,) = (r for r in result.cost if r["lender"] == "alpha")
    assert alpha["facility_balance"] == 150 * MILLION
    assert (alpha["reduction"], alpha["reduction_in_balance"]) == (2 * 20_000 * 10**6, 20_000 * 10**6)
    assert alpha["loans_outstanding"] == 200 * MILLION
    (total,) = (
        r for r in result.disclosure
        if (r["lender"], r["horizon"], r["level"]) == ("alpha", "since_start", "total")
    )  # fmt: skip
    assert total["amount"] == 200 * MILLION
    assert codes(result) == ["in_opening"]


def test_an_opening_uses_the_quota() -> None:
    book = [loan("B", disbursed=date(2023, 2, 1), rate=35000)]
    stock = begun(opened(due_on=date(2023, 4, 10)), loans=book, facility=plain({"quota": 100_000_000}))
    assert [r["drawn"] for r in stock.draws] == [999_999_996]  # 60 m x 0.166666666 = 9,999,999.96
    # A flow counts it only in the year it was drawn in.
    flow = plain({"quota": {"flow": 100_000_000}})
    assert [r["drawn"] for r in begun(opened(), loans=book, facility=flow).draws] == [60 * MILLION]
    later = [loan("B", disbursed=date(2022, 11, 1))]
    same = begun(opened(lender="beta"), loans=later, facility=flow, start=date(2022, 10, 1))
    assert [r["drawn"] for r in same.draws] == [999_999_996]


def test_rollovers_of_an_opening_use_a_flow_quota_and_are_cut() -> None:
    # 50 m a year, rollovers count: k = floor(50 / 90 x 10^9) = 555,555,555; 90 m x k = 49,999,999.95. No room for B.
    facility = plain({"quota": {"flow": 50_000_000}, "quota_counts_rollovers": True})
    result = begun(opened(), loans=[loan("B", disbursed=date(2023, 4, 1), rate=35000)], facility=facility)
    assert moves(result)[:3] == [
        ("2023-01-01", "opening", 90 * MILLION, 17500),
        ("2023-03-31", "repay", 4_000_000_005, 17500),
        ("2023-03-31", "rollover", 4_999_999_995, 17500),
    ]
    assert states(result) == ["unfunded"]


# ---- R4: what a loan still owes

SHORT: dict[str, Any] = {"principal": 130, "disbursed": date(2023, 1, 31), "matures": date(2023, 7, 31)}


def steps(lent: Loan, **given: Any) -> list[int]:
    return [x for _, x in schedule_of(lent, given.pop("prepayments", []), **given).steps]


def paid(day: date, amount: int) -> Instalment:
    return Instalment(loan_id="L1", date=day, principal=amount)


def seen(day: date, amount: int) -> Balance:
    return Balance(loan_id="L1", date=day, outstanding=amount)


def test_a_given_schedule_counts_instead_of_the_terms() -> None:
    lent = loan(**SHORT, repayment="equal_principal", extended_to=date(2023, 9, 30))
    rows = [
        paid(date(2023, 9, 30), 30),
        paid(date(2023, 3, 1), 40),
        paid(date(2023, 3, 1), 10),
        paid(date(2023, 5, 1), 50),
    ]
    given = schedule_of(lent, [], rows)
    assert given.steps == (
        (date(2023, 1, 31), 130), (date(2023, 3, 1), 80), (date(2023, 5, 1), 30), (date(2023, 9, 30), 0),
    )  # fmt: skip
    assert given.notes == ()
    assert schedule_of(loan(**SHORT), [], rows).notes == ("schedule_maturity",)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([paid(date(2023, 1, 31), 130)], "schedule_date"),
        ([paid(date(2023, 3, 1), 0), paid(date(2023, 4, 1), 130)], "schedule_not_positive"),
        ([paid(date(2023, 3, 1), 129)], "schedule_sum"),
    ],
)
def test_a_schedule_that_is_none(rows: list[Instalment], why: str) -> None:
    with pytest.raises(ScheduleError, match=why):
        schedule_of(loan(**SHORT), [], rows)


def test_an_extension_puts_off_the_last_payment_alone() -> None:
    lent = loan(**SHORT, repayment="equal_principal", extended_to=date(2024, 1, 31))
    assert schedule_of(lent, []).steps == ((date(2023, 1, 31), 130), (date(2023, 4, 30), 65), (date(2024, 1, 31), 0))
    with pytest.raises(ScheduleError, match="extension_not_later"):
        schedule_of(loan(**SHORT, extended_to=date(2023, 7, 31)), [])


def test_a_balance_found_lower_or_higher_scales_what_follows() -> None:
    lent = loan(**SHORT, repayment="equal_principal", payments_per_year=12)
    # 130 in six: 21 each, the last 25: 109 88 67 46 25 0.
    assert steps(lent) == [130, 109, 88, 67, 46, 25, 0]
    # 44 instead of 88 on 2023-03-31: 67, 46, 25 x 44 / 88 = 33.5, 23, 12.5: to the even 34, 23, 12.
    lower = schedule_of(lent, [], balances=[seen(date(2023, 3, 31), 44)])
    assert [x for _, x in lower.steps] == [130, 109, 44, 34, 23, 12, 0]
    assert lower.falls == {date(2023, 3, 31): [(44, 88)]}
    # 110 instead of 88: 83.75, 57.5, 31.25: 84, 58, 31.
    higher = schedule_of(lent, [], balances=[seen(date(2023, 4, 1), 110)])
    assert [x for _, x in higher.steps] == [130, 109, 88, 110, 84, 58, 31, 0]
    assert higher.falls == {}
    assert steps(lent, balances=[seen(date(2023, 3, 31), 88)]) == steps(lent)


def test_the_order_of_one_day() -> None:
    # 2023-04-30: instalment to 65, prepayments 5 + 10 to 50, refinancing 20 and then 10 to 20, seen 5.
    lent = loan(**SHORT, repayment="equal_principal")
    day = date(2023, 4, 30)
    prepayments = [Prepayment(loan_id="L1", date=day, amount=a) for a in (5, 10)]
    made = schedule_of(lent, prepayments, balances=[seen(day, 5)], refinanced=[(day, 20), (day, 10)])
    assert made.falls == {day: [(15, 65), (20, 50), (10, 30), (15, 20)]}
    assert made.outstanding(day) == 5
    assert made.notes == ("refinanced", "refinanced_in_part") * 2


def test_a_loan_seen_to_owe_after_its_end_is_overdue() -> None:
    lent = loan(**SHORT)
    late = schedule_of(lent, [], balances=[seen(date(2023, 8, 31), 100), seen(date(2023, 12, 1), 0)])
    assert late.notes == ("balance_overdue",)
    days = [date(2023, 7, 31), date(2023, 8, 30), date(2023, 8, 31), date(2024, 1, 1)]
    assert [late.outstanding(day) for day in days] == [130, 130, 100, 0]
    on_the_day = schedule_of(lent, [], balances=[seen(date(2023, 7, 31), 130)])
    assert on_the_day.outstanding(date(2030, 1, 1)) == 130
    assert schedule_of(lent, [], balances=[seen(date(2023, 8, 1), 0)]).notes == ()


@pytest.mark.parametrize(
    ("balances", "why"),
    [
        ([seen(date(2023, 1, 30), 130)], "balance_before_loan"),
        ([seen(date(2023, 3, 1), 131)], "balance_over_principal"),
        ([seen(date(2023, 3, 1), 100), seen(date(2023, 3, 1), 99)], "balance_twice"),
        ([seen(date(2023, 3, 1), 0), seen(date(2023, 3, 2), 1)], "balance_after_zero"),
        ([seen(date(2023, 8, 1), 0), seen(date(2023, 9, 2), 1)], "balance_after_zero"),
    ],
)
def test_balances_that_cannot_be(balances: list[Balance], why: str) -> None:
    with pytest.raises(ScheduleError, match=why):
        schedule_of(loan(**SHORT), [], balances=balances)
    assert run([loan(**SHORT)], [], scenario(), Side(balances=balances)).errors == {0: why}


def test_an_equal_repetition_is_ignored() -> None:
    assert steps(loan(**SHORT), balances=[seen(date(2023, 3, 1), 100)] * 2) == [130, 100, 0]


def test_refinancing_pays_off_the_old_loan() -> None:
    # A: 100 m of February 2022; B takes over 70 m of it on 2022-05-04; C the rest, 30 m, on the same day.
    day = date(2022, 5, 4)
    a = loan("A")
    c = loan("C", principal=40 * MILLION, disbursed=day, refinances="A")
    b = loan("B", principal=70 * MILLION, disbursed=day, refinances="A")
    result = run([a, c, b], [], scenario(plain({"on_prepayment": "immediate"}), end=date(2022, 6, 30)))
    # 60 m x 70 / 100 = 42 m, then the other 18 m: one event.
    assert moves(result) == [
        ("2022-03-31", "draw", 60 * MILLION, 17500), ("2022-05-04", "return", 60 * MILLION, 17500),
    ]  # fmt: skip
    assert states(result) == ["repaid", "refused", "refused"]
    assert codes(result) == ["refinanced", "refinanced_in_part", "refinanced"]


def test_refinancing_that_does_nothing() -> None:
    book = [
        loan("A", disbursed=date(2022, 5, 5)),
        loan("B", disbursed=date(2022, 5, 4), refinances="A"),
        loan("C", refinances="C"),
        loan("D", refinances="gone"),
        loan("E", disbursed=date(2022, 6, 1), refinances="A", data_error=True),
    ]
    result = run(book, [], scenario(end=date(2022, 6, 30)))
    assert result.findings == [("refinances_later_loan", "B"), ("refinances_itself", "C"), ("refinances_unknown", "D")]
    assert states(result)[0] == "held"


def test_a_falling_balance_is_returned_when_that_is_immediate() -> None:
    # 100 m seen at 75: a quarter of 60 m goes back; a rise to 90 brings nothing.
    facility = plain({"on_prepayment": "immediate"})
    balances = [seen(date(2022, 5, 4), 75 * MILLION), seen(date(2022, 6, 4), 90 * MILLION)]
    result = run([loan()], [], scenario(facility, end=date(2022, 6, 30)), Side(balances=balances))
    assert moves(result, "return") == [("2022-05-04", "return", 15 * MILLION, 17500)]
    assert result.cost[-1]["loans_outstanding"] == 90 * MILLION


# ---- R5: loss of eligibility


def lost(day: date, option: str, rows: Sequence[Application] | None = None, **given: Any) -> Result:
    facility = plain({"on_ineligible": option})
    side = Side(applications=rows)
    return run([loan(ineligible_from=day)], [], scenario(facility, **{"end": date(2024, 6, 30), **given}), side)


def test_a_loan_no_longer_eligible_asks_for_nothing() -> None:
    for day, state in ((date(2022, 3, 31), "ineligible"), (date(2022, 4, 1), "repaid")):
        assert states(lost(day, "at_rollover")) == [state]
    assert codes(lost(date(2022, 3, 31), "at_rollover")) == ["ineligible_before_draw"]


def test_what_is_held_is_not_continued_or_goes_back_at_once() -> None:
    due = [("2022-03-31", "draw", 60 * MILLION, 17500), ("2023-03-31", "repay", 60 * MILLION, 17500)]
    assert moves(lost(date(2023, 3, 31), "at_rollover")) == due
    assert moves(lost(date(2022, 4, 1), "at_rollover")) == due
    assert moves(lost(date(2022, 9, 9), "immediate")) == [due[0], ("2022-09-09", "return", 60 * MILLION, 17500)]
    rolled = moves(lost(date(2023, 4, 1), "at_rollover"))
    assert [(d, e) for d, e, _, _ in rolled][1:] == [("2023-03-31", "rollover"), ("2024-03-31", "repay")]


def test_money_that_came_for_a_loan_already_lost_goes_back_the_day_after() -> None:
    back = lost(date(2022, 4, 11), "immediate", [row()])
    assert moves(back) == [("2022-04-11", "draw", 60 * MILLION, 17500), ("2022-04-12", "return", 60 * MILLION, 17500)]
    assert [a for _, _, a, _ in moves(back, "interest")] == [291_667]  # one day: 2,916.67
    assert codes(back) == ["became_ineligible"]


def test_disclosure_of_a_loan_no_longer_eligible() -> None:
    def amounts(option: str, horizon: str) -> list[int]:
        result = lost(date(2022, 8, 1), "at_rollover", start=date(2022, 1, 1), end=date(2023, 3, 31), ineligible=option)
        rows = [r for r in result.disclosure if (r["horizon"], r["level"]) == (horizon, "total")]
        return [r["amount"] // MILLION for r in rows]

    assert amounts("restated", "since_start") == [100, 100, 0, 0, 0]
    assert amounts("restated", "year") == [100, 100, 0, 0, 0]
    assert amounts("restated", "quarter") == [100, 0, 0, 0, 0]
    assert amounts("listed", "since_start") == [100] * 5
    for option, listed in (("kept", []), ("listed", [{"loan_id": "L1"}]), ("restated", [{"loan_id": "L1"}])):
        assert lost(date(2022, 8, 1), "at_rollover", ineligible=option).ineligible == listed
    assert lost(date(2024, 7, 1), "at_rollover").ineligible == []


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    loans, prepayments, sc, side = random_case(seed, 30)
    loans = [dataclasses.replace(one, project_code=None) for one in loans]  # the first code given is a project's
    side = dataclasses.replace(side, other_loans=[one for one in side.other_loans if one.project_id])
    result = run(loans, prepayments, sc, side)
    turned = Side(
        applications=None if side.applications is None else side.applications[::-1],
        opening_tranches=side.opening_tranches,  # whose ids are numbered in the order of rows
        opening=side.opening[::-1],
        schedule=side.schedule[::-1],
        balances=side.balances[::-1],
        revisions=side.revisions[::-1],
        other_loans=side.other_loans[::-1],
    )
    other = run(loans[::-1], prepayments[::-1], sc, turned)
    assert (other.ledger, other.funding, other.disclosure, other.cost) == (
        result.ledger, result.funding, result.disclosure, result.cost,
    )  # fmt: skip
    assert sorted(other.findings) == sorted(result.findings)
