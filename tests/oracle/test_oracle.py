"""The oracle proved by hand: dates, schedules, screening, attribution. Arithmetic is in the comments."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from .cases import COAL, PLAIN, SMALL, TONNE, YUAN, loan, plain, scenario
from .days import add_months, period_of, quarters
from .engine import run
from .exact import half_even, scaled
from .model import Loan, Prepayment, Result
from .policy import SECTOR_FIELDS, Pool, Quota, read_facility, read_lenders, read_lpr, read_sectors
from .schedule import Schedule, ScheduleError, payment_dates, schedule_of

MILLION = 1_000_000 * YUAN
POLICY = Path(__file__).parents[2] / "relending" / "policy"


def prepay(day: date, amount: int, loan_id: str = "L1") -> Prepayment:
    return Prepayment(loan_id=loan_id, date=day, amount=amount)


def screened(*loans: Loan, **given: object) -> list[tuple[str, str]]:
    result = run(loans, [], scenario(**given))  # type: ignore[arg-type]
    return [(row["facility"], row["reasons"]) for row in result.screening]


def attributed(result: Result, column: str) -> list[object]:
    return [row[column] for row in result.attribution]


def test_rounding_is_half_even_and_exact() -> None:
    assert [half_even(n, 10) for n in (5, 15, 25, 26, -5, -15)] == [0, 2, 2, 3, 0, -2]
    assert scaled(Fraction(223, 10_000), 10**8) == 2_230_000


def test_months_are_cut_to_the_months_last_day() -> None:
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2024, 2, 29), 48) == date(2028, 2, 29)
    assert add_months(date(2023, 8, 31), 6) == date(2024, 2, 29)
    assert add_months(date(2022, 11, 30), 3) == date(2023, 2, 28)
    assert period_of(date(2024, 2, 29), "month").last == date(2024, 2, 29)
    assert [q.name for q in quarters(date(2021, 12, 31), date(2022, 5, 5))] == ["2021Q4", "2022Q1", "2022Q2"]


def test_monthly_payments_from_a_31st_do_not_drift() -> None:
    lent = loan(disbursed=date(2023, 8, 31), matures=date(2024, 3, 1), payments_per_year=12)
    days = ["09-30", "10-31", "11-30", "12-31", "01-31", "02-29", "03-01"]
    assert [f"{d:%m-%d}" for d in payment_dates(lent)] == days


def test_a_payment_that_would_fall_on_maturity_is_the_maturity() -> None:
    lent = loan(disbursed=date(2023, 1, 15), matures=date(2023, 7, 15))
    assert payment_dates(lent) == [date(2023, 4, 15), date(2023, 7, 15)]


def ten_years(repayment: str) -> tuple[Loan, Schedule]:
    lent = loan(disbursed=date(2022, 1, 10), matures=date(2032, 1, 10), repayment=repayment)
    return lent, schedule_of(lent, [])


def test_equal_instalment_matches_the_worked_vector() -> None:
    # 100 m yuan, 40 quarters, 4 % a year: payment 3,045,559.80, total interest 21,822,391.91.
    lent, schedule = ten_years("equal_installment")
    first = schedule.outstanding(date(2022, 4, 10))
    # The first quarter's interest is 1 % of 100 m = 1,000,000.00; the rest of the payment is principal.
    assert lent.principal - first + 1_000_000 * YUAN == 304_555_980
    assert schedule.outstanding(date(2022, 4, 9)) == lent.principal
    assert half_even(sum(balance for _, balance in schedule.steps), 100) == 2_182_239_191


def test_equal_principal_matches_the_worked_vector() -> None:
    # 100 m in 40 parts of 2.5 m: balances 100 + 97.5 + ... + 2.5 = 2,050 m; 1 % a quarter of that is 20.5 m.
    _, schedule = ten_years("equal_principal")
    assert sum(balance for _, balance in schedule.steps) == 100 * 20_500_000 * YUAN
    assert schedule.outstanding(date(2032, 1, 9)) == 2_500_000 * YUAN
    assert schedule.outstanding(date(2032, 1, 10)) == 0


def test_the_rest_of_equal_principal_comes_last() -> None:
    lent = loan(principal=100, disbursed=date(2023, 1, 31), matures=date(2023, 10, 31), repayment="equal_principal")
    assert [x for _, x in schedule_of(lent, []).steps] == [100, 67, 34, 0]  # 33, 33, then 34
    free = loan(principal=100, disbursed=date(2023, 1, 31), matures=date(2023, 10, 31), rate=0)
    free = Loan(**{**free.__dict__, "repayment": "equal_installment"})
    assert [x for _, x in schedule_of(free, []).steps] == [100, 67, 34, 0]  # without a rate: as equal principal


@pytest.mark.parametrize(
    ("grace", "balances"),
    [
        (date(2023, 4, 29), [100, 75, 50, 25, 0]),
        (date(2023, 4, 30), [100, 75, 50, 25, 0]),  # a payment on the day of grace carries principal
        (date(2023, 5, 1), [100, 67, 34, 0]),  # one less payment, 33 + 33 + 34
        (date(2024, 1, 31), [100, 0]),
    ],
)
def test_no_principal_before_grace_ends(grace: date, balances: list[int]) -> None:
    lent = loan(
        principal=100, disbursed=date(2023, 1, 31), matures=date(2024, 1, 31), repayment="equal_principal",
        grace_until=grace,
    )  # fmt: skip
    assert [x for _, x in schedule_of(lent, []).steps] == balances


def test_prepayments_scale_what_is_left_and_round_each_time() -> None:
    lent = loan(principal=130, disbursed=date(2023, 1, 31), matures=date(2023, 7, 31), repayment="equal_principal")
    # Balances 130, 65, 0. Half is prepaid: 65 x 65 / 130 = 32.5, to the even 32.
    halved = schedule_of(lent, [prepay(date(2023, 2, 1), 65)])
    assert halved.steps == (
        (date(2023, 1, 31), 130), (date(2023, 2, 1), 65), (date(2023, 4, 30), 32), (date(2023, 7, 31), 0),
    )  # fmt: skip
    assert halved.prepaid == {date(2023, 2, 1): (65, 130)}
    # One day's 30 and 32 are one of 62 and leave 3 of 65: 32 x 3 / 65 = 1.48, to 1 (from 32.5 it would be 1.5, to 2).
    twice = [prepay(date(2023, 3, 1), 30), prepay(date(2023, 2, 1), 65), prepay(date(2023, 3, 1), 32)]
    assert [x for _, x in schedule_of(lent, twice).steps] == [130, 65, 3, 1, 0]


def test_a_prepayment_on_a_payment_date_comes_after_the_instalment() -> None:
    lent = loan(principal=130, disbursed=date(2023, 1, 31), matures=date(2023, 7, 31), repayment="equal_principal")
    schedule = schedule_of(lent, [prepay(date(2023, 4, 30), 60)])
    assert schedule.prepaid == {date(2023, 4, 30): (60, 65)}
    assert schedule.outstanding(date(2023, 4, 30)) == 5


@pytest.mark.parametrize(
    "bad",
    [
        [prepay(date(2023, 1, 30), 1)],  # before disbursement
        [prepay(date(2023, 7, 31), 1)],  # on maturity
        [prepay(date(2023, 5, 1), 66)],  # above the 65 outstanding
        [prepay(date(2023, 2, 1), 70), prepay(date(2023, 2, 1), 61)],  # together above 130
        [prepay(date(2023, 2, 1), 130), prepay(date(2023, 3, 1), 1)],  # nothing left
    ],
)
def test_a_prepayment_of_what_is_not_there_is_an_error(bad: list[Prepayment]) -> None:
    lent = loan(principal=130, disbursed=date(2023, 1, 31), matures=date(2023, 7, 31), repayment="equal_principal")
    with pytest.raises(ScheduleError):
        schedule_of(lent, bad)
    result = run([lent], bad, scenario())
    assert result.screening[0]["reasons"] == "data_error"
    assert attributed(result, "state") == ["set_aside"]


def test_every_reason_in_order() -> None:
    strict = plain({"min_term_months": 6, "borrower_types": ["small"]})
    bad = loan(
        lender="gamma", disbursed=date(2021, 6, 30), matures=date(2021, 12, 29), rate=43501, evidence=None,
        issue_type="renewed", borrower_type="large",
    )  # fmt: skip
    sc = scenario(strict)
    row = run([bad], [], sc).screening[0]
    assert row == {
        "loan_id": "L1",
        "facility": "cerf",
        "eligible": False,
        "reasons": "lender_not_admitted;outside_window;rate_above_limit;evidence_missing;not_new;term_too_short;"
        "borrower_not_eligible",
    }


def test_each_rule_alone_at_its_edge() -> None:
    cases = [
        (loan(), ""),
        (loan(data_error=True), "data_error"),
        (loan(grace_until=date(2032, 2, 11)), "data_error"),
        (loan(sector="nuclear"), "sector_not_listed"),
        # admitted from 2021-07-01 by class state; city from 2023-01-01; gamma has no class
        (loan(disbursed=date(2021, 7, 1)), ""),
        (loan(disbursed=date(2021, 6, 30)), "lender_not_admitted;outside_window"),
        (loan(lender="beta", disbursed=date(2022, 12, 31)), "lender_not_admitted"),
        (loan(lender="beta", disbursed=date(2023, 1, 1)), ""),
        (loan(lender="gamma"), "lender_not_admitted"),
        # the window as finally extended, though the extension came in 2023
        (loan(disbursed=date(2027, 12, 31)), ""),  # 4 % against 3.5 + 0.5
        (loan(disbursed=date(2028, 1, 1)), "outside_window"),
        # 5-year LPR 4.65 + 0.50; one year or less takes 3.85 + 0.50
        (loan(rate=51500), ""),
        (loan(rate=51501), "rate_above_limit"),
        (loan(rate=43501, matures=date(2023, 2, 10)), "rate_above_limit"),
        (loan(rate=43501, matures=date(2023, 2, 11)), ""),
        (loan(rate=43501, lpr_tenor="1y"), "rate_above_limit"),
        (loan(rate=43501, lpr_tenor="5y", matures=date(2023, 2, 10)), ""),
        (loan(evidence=""), "evidence_missing"),
        (loan(investment=None), "evidence_missing"),
        (loan(reduction=None), "evidence_missing"),
        (loan(reduction=0), ""),
        (loan(refinances="old"), "not_new"),
        (loan(issue_type="restructured"), "not_new"),
        # new sectors from their own date, launch sectors always
        (loan(sector="green_upgrade", disbursed=date(2026, 1, 14)), "sector_not_listed"),
        (loan(sector="green_upgrade", disbursed=date(2026, 1, 15)), ""),
    ]
    for given, reasons in cases:
        assert screened(given)[0][1] == reasons, given


def test_the_launch_list_is_every_entry_of_the_earliest_date() -> None:
    lists = [
        {"from": date(2021, 11, 8), "codes": ["solar"]},
        {"from": date(2021, 11, 8), "codes": ["wind"]},
        {"from": date(2022, 11, 8), "codes": ["storage", "solar"]},
    ]
    sc = scenario(plain({"sectors": lists}))
    book = [loan(name, sector=name, disbursed=date(2021, 7, 1)) for name in ("solar", "wind", "storage")]
    assert [r["reasons"] for r in run(book, [], sc).screening] == ["", "", "sector_not_listed"]
    codes = [r["code"] for r in run(book, [], sc).disclosure if r["level"] == "sector"]
    assert codes[:3] == ["wind", "solar", "storage"]  # in the order of the sector lists


def test_before_the_first_fixing_the_limit_is_not_applied() -> None:
    late = [(date(2022, 2, 11), 38500, 46500)]
    assert screened(loan(rate=240000), lpr=late) == [("cerf", "")]
    assert screened(loan(rate=240000, disbursed=date(2022, 2, 11)), lpr=late) == [("cerf", "rate_above_limit")]


def test_a_scenario_can_admit_a_lender() -> None:
    admitted = {"gamma": {"cerf": date(2022, 2, 10)}}
    assert screened(loan(lender="gamma"), admitted=admitted) == [("cerf", "")]
    assert screened(loan(lender="gamma", disbursed=date(2022, 2, 9)), admitted=admitted)[0][1] == "lender_not_admitted"


def test_small_business_takes_what_no_list_names_and_nothing_falls_through() -> None:
    sc = scenario(plain(), plain(None, SMALL))
    unlisted = loan(sector="shop", lender="beta", borrower_type="micro", rate=55000)
    book = [
        unlisted,
        Loan(**{**unlisted.__dict__, "loan_id": "L2", "borrower_type": None}),
        Loan(**{**unlisted.__dict__, "loan_id": "L3", "rate": 55001}),
        loan("L4", lender="beta", borrower_type="micro"),  # wind, not admitted in 2022: refused for good
        Loan(**{**unlisted.__dict__, "loan_id": "L5", "sector": "green_upgrade"}),  # not yet named in 2022
    ]
    assert [(r["facility"], r["reasons"]) for r in run(book, [], sc).screening] == [
        ("small_business", ""),
        ("small_business", "borrower_not_eligible"),
        ("small_business", "rate_above_limit"),
        ("cerf", "lender_not_admitted"),
        ("small_business", ""),
    ]


def test_worked_vector_of_one_project_and_two_banks() -> None:
    # 1,000 m yuan, 200,000 t. X lends 150 and 50: 40,000 t, one project; Y lends 400: 80,000 t; shares 0.60.
    common = {"project_id": "P", "disbursed": date(2023, 5, 5), "rate": 35000}
    book = [
        loan("X1", principal=150 * MILLION, **common),
        loan("X2", principal=50 * MILLION, **common),
        loan("Y1", principal=400 * MILLION, lender="beta", **common),
    ]
    result = run(book, [], scenario())
    assert attributed(result, "reduction") == [30_000 * TONNE, 10_000 * TONNE, 80_000 * TONNE]
    assert attributed(result, "share") == [15_000_000, 5_000_000, 40_000_000]
    rows = {
        (r["lender"], r["horizon"]): r for r in result.disclosure if r["quarter"] == "2023Q2" and r["level"] == "total"
    }
    assert rows["alpha", "quarter"]["projects"] == 1
    assert rows["alpha", "quarter"]["reduction"] == 40_000 * TONNE
    assert rows["beta", "since_start"]["reduction"] == 80_000 * TONNE


def test_share_over_one_sets_the_later_loan_aside_and_tries_the_next() -> None:
    common = {"project_id": "P", "investment": 1000 * MILLION}
    book = [
        loan("C", principal=400 * MILLION, disbursed=date(2022, 3, 3), **common),  # 600 + 400 = 1,000: kept
        loan("B", principal=401 * MILLION, disbursed=date(2022, 3, 3), **common),  # 600 + 401: set aside
        loan("A", principal=600 * MILLION, disbursed=date(2022, 3, 2), sector="nuclear", lender="gamma", **common),
        loan("D", principal=999 * MILLION, disbursed=date(2022, 3, 1), issue_type="renewed", **common),  # not new
        loan("E", principal=999 * MILLION, disbursed=date(2022, 3, 1), data_error=True, **common),
    ]
    result = run(book, [], scenario())
    assert [r["reasons"] for r in result.screening] == ["", "data_error", "sector_not_listed", "not_new", "data_error"]
    assert result.errors == {1: "share_over_one", 4: "row"}
    assert attributed(result, "share")[1] == 40_100_000  # still shown


def test_a_loan_without_an_investment_is_kept_and_counts() -> None:
    book = [
        loan("A", principal=950 * MILLION, investment=None, project_id="P", disbursed=date(2022, 3, 2)),
        loan("B", principal=51 * MILLION, project_id="P", disbursed=date(2022, 3, 3)),
        loan("C", principal=50 * MILLION, project_id="P", disbursed=date(2022, 3, 4)),
    ]
    assert run(book, [], scenario()).errors == {1: "share_over_one"}


def test_an_error_that_comes_before_frees_the_share() -> None:
    book = [
        loan("A", principal=1000 * MILLION, project_id="P", disbursed=date(2022, 3, 2)),
        loan("B", principal=1000 * MILLION, project_id="P", disbursed=date(2022, 3, 3)),
    ]
    assert run(book, [], scenario()).errors == {1: "share_over_one"}
    too_much = [prepay(date(2022, 3, 2), 1001 * MILLION, "A")]
    assert run(book, too_much, scenario()).errors == {0: "prepayment_above_outstanding"}


def test_a_reported_reduction_may_differ_by_half_a_percent() -> None:
    # 200,000 t x 100 / 1,000 = 20,000 t; 0.5 % = 100 t.
    given = {"A": 20_100 * TONNE, "B": 20_100 * TONNE + 1, "C": 19_900 * TONNE, "D": 19_900 * TONNE - 1}
    book = [loan(name, reduction_reported=reported) for name, reported in given.items()]
    assert run(book, [], scenario()).errors == {1: "reduction_reported_differs", 3: "reduction_reported_differs"}


def test_reduction_is_half_even_to_the_gram_and_zero_without_a_study() -> None:
    book = [
        loan("A", principal=1, investment=2, reduction=1),  # 0.5 -> 0
        loan("B", principal=1, investment=2, reduction=3),  # 1.5 -> 2
        loan("C", reduction=None),
        loan("D", investment=None),
    ]
    result = run(book, [], scenario())
    assert attributed(result, "reduction") == [0, 2, 0, 0]
    assert attributed(result, "share") == [50_000_000, 50_000_000, 10_000_000, None]


def test_a_loan_after_the_end_is_screened_and_then_out_of_the_run() -> None:
    result = run([loan(disbursed=date(2022, 7, 1)), loan("L2")], [], scenario(end=date(2022, 5, 5)))
    assert [r["eligible"] for r in result.screening] == [True, True]
    assert attributed(result, "state") == ["", "held"]  # the end is widened to 2022-06-30
    assert attributed(result, "supported") == [False, True]
    assert [r["loan_id"] for r in result.draws] == ["L2"]


def test_the_reader_scales_and_overrides() -> None:
    facility = plain()
    assert facility.on("ratio", date(2020, 1, 1)) == 6000  # before its first value a scalar takes the first
    assert [facility.rate_on(day, 12) for day in (date(2025, 5, 6), date(2025, 5, 7))] == [17500, 15000]
    assert facility.on("quota", date(2024, 1, 1)) == Quota("none")
    given = plain({"quota": 5 * 10**9, "rate": [{"from": date(2022, 1, 1), "value": 0.01}]})
    assert given.on("quota", date(1999, 1, 1)) == Quota("stock", (Pool("main", 5 * 10**11, ()),))
    assert given.rate_on(date(1999, 1, 1), 12) == 10000
    assert plain({"quota": {"flow": 8}}).on("quota", date(2024, 1, 1)) == Quota("flow", (Pool("main", 800, ()),))
    assert plain(None, SMALL).rate_on(date(2024, 1, 1), 6) == 19000
    with pytest.raises(ValueError, match="finer"):
        plain({"ratio": 0.60001})
    assert COAL["id"] == "clean_coal" and PLAIN["id"] == "cerf"


def test_the_shipped_policy_files_can_be_read() -> None:
    paths = sorted((POLICY / "facilities").glob("*.toml"))
    if not paths:
        pytest.skip("no policy files yet")
    for path in paths:
        facility = read_facility(path)
        day = date(2024, 6, 30)
        assert facility.id == path.stem
        assert facility.rate_on(day, facility.on("term_months", day)) > 0
        assert set(facility.codes()) <= set(SECTOR_FIELDS)
    assert list(read_sectors(POLICY / "sectors.toml").items()) == list(SECTOR_FIELDS.items())
    assert read_lenders(POLICY / "lenders.toml")["icbc"] == "state"
    fixings = read_lpr(POLICY / "lpr.csv")
    assert (date(2024, 2, 20), 34500, 39500) in fixings
