"""A lending plan stands for exactly the loans the design says, worked out here once more with plain fractions."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from relending import policy
from relending.book import read_side_table
from relending.book.columns import frame_columns, limits
from relending.book.plan import Pricing, expand
from relending.dates import parse_quarter, to_day
from relending.findings import InputError
from relending.policy import sectors

HEADER = (
    "quarter,lender,sector,amount,rate,spread_bp,lpr_tenor,months,repayment,loans,reduction_per_10k,investment_share"
)
FIRST, LAST = parse_quarter("2019Q1"), parse_quarter("2027Q4")


def pricing(shift_bp: int = 0, after: dt.date = dt.date(2026, 8, 20)) -> Pricing:
    def up_to(sector: str, days: Any) -> Any:
        rules = policy.facility(sectors()[sector].facility)
        if "lpr_1y_up_to_months" not in rules:
            return days * 0 - 1
        return rules["lpr_1y_up_to_months"].pick(days)

    return Pricing(policy.lpr(), shift_bp, to_day(after), up_to)


def read(tmp_path: Path, *lines: str) -> pd.DataFrame:
    (tmp_path / "plan.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return read_side_table(tmp_path / "plan.csv", "plan", lender="icbc").frame


def half_even(value: Fraction) -> int:
    return round(value)  # of a Fraction: to the nearest, ties to even


def month_later(day: dt.date, months: int) -> dt.date:
    month = day.year * 12 + day.month - 1 + months
    for last in (day.day, 30, 29, 28):
        try:
            return dt.date(month // 12, month % 12 + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError


def by_hand(
    row: int, quarter: tuple[int, int], fen: int, n: int, months: int, share: Fraction, per_10k: Fraction
) -> list[Any]:
    """The loans of a row: id, day, maturity, principal, investment and reduction, from the words of the design."""
    start = dt.date(quarter[0], quarter[1] * 3 - 2, 1)
    days = (month_later(start, 3) - start).days
    out = []
    for j in range(1, n + 1):
        day = start + dt.timedelta(days=((2 * j - 1) * days) // (2 * n))
        principal = fen // n if j < n else fen - (n - 1) * (fen // n)
        investment = half_even(Fraction(principal) / share)
        reduction = half_even(per_10k * 10**6 * investment / (10_000 * 100))
        out.append((f"plan-{row}-{j}", day, month_later(day, months), principal, investment, reduction))
    return out


figures = st.tuples(
    st.tuples(st.integers(2020, 2026), st.integers(1, 4)),
    st.integers(100, 10**14),
    st.integers(1, 100),
    st.integers(1, 240),
    st.integers(1, 10**6).map(lambda ppm: Fraction(max(ppm, 10_000), 10**6)),
    st.integers(0, 10 * 10**6).map(lambda g: Fraction(g, 10**6)),
)


def decimals(value: Fraction, places: int) -> str:
    return f"{value.numerator * 10**places // value.denominator / 10**places:.{places}f}"


@given(st.lists(figures, min_size=1, max_size=4))
def test_a_plan_expands_as_a_slow_reading_of_the_design_does(rows: list[Any]) -> None:
    import tempfile

    lines, expected = [], []
    for i, (quarter, fen, n, months, share, per_10k) in enumerate(rows):
        amount = f"{fen // 100}.{fen % 100:02d}"
        lines.append(
            f"{quarter[0]}Q{quarter[1]},,wind,{amount},0.03,,,{months},,{n},{decimals(per_10k, 6)},{decimals(share, 6)}"
        )
        loans = by_hand(i + 2, quarter, fen, n, months, share, per_10k)
        assume(all(reduction <= limits()["mass_g"] for *_, reduction in loans))  # a row beyond has a test of its own
        expected += loans
    with tempfile.TemporaryDirectory() as folder:
        plan = read(Path(folder), *lines)
    loans = expand(plan, pricing(), FIRST, LAST).loans
    names = ["loan_id", "disbursed", "matures", "principal_fen", "project_investment_fen", "project_reduction_g"]
    assert list(loans[names].itertuples(index=False, name=None)) == expected
    for i, (_, fen, n, *_rest) in enumerate(rows):
        mine = loans[loans["row"] == i + 2]
        assert int(mine["principal_fen"].sum()) == fen and len(mine) == n
        assert (mine["project_investment_fen"] >= mine["principal_fen"]).all()


def test_planned_loans_are_a_loan_frame_and_say_that_they_are_planned(tmp_path: Path) -> None:
    loans = expand(read(tmp_path, "2024Q1,,光伏,1000,0.03,,,12,等额本金,2,1,0.5"), pricing(), FIRST, LAST).loans
    assert list(loans.columns) == list(frame_columns())
    assert loans["planned"].all() and not loans["data_error"].any()
    assert loans["file"].tolist() == ["plan.csv"] * 2 and loans["row"].tolist() == [2, 2]
    assert loans["project_id"].tolist() == loans["loan_id"].tolist() == ["plan-2-1", "plan-2-2"]
    defaults = loans.iloc[0][["lender", "sector", "purpose", "issue_type", "repayment", "payments_per_year"]].tolist()
    assert defaults == ["icbc", "solar", "project", "new", "equal_principal", 4]


def test_without_share_and_reduction_a_planned_loan_has_no_project_figures(tmp_path: Path) -> None:
    loans = expand(read(tmp_path, "2024Q1,,coal_mining,1000,0.03,,,12,,1,,"), pricing(), FIRST, LAST).loans
    assert loans["project_investment_fen"].isna().all() and loans["project_reduction_g"].isna().all()


@pytest.mark.parametrize(
    ("line", "rates", "tenor"),
    [
        # 5-year LPR 4.20 % to 19 February 2024, 3.95 % from the 20th; 1-year 3.45 %: facts of lpr.csv
        ("2024Q1,,wind,1000,,-50,,120,,3,1,0.5", [37_000, 37_000, 34_500], "5y"),
        ("2024Q1,,wind,1000,,10,,12,,1,1,0.5", [35_500], "1y"),
        ("2024Q1,,wind,1000,,10,,13,,1,1,0.5", [43_000], "5y"),
        ("2024Q1,,wind,1000,,10,1y,120,,1,1,0.5", [35_500], "1y"),
    ],
)
def test_a_spread_is_over_the_lpr_of_each_loans_own_day(
    tmp_path: Path, line: str, rates: list[int], tenor: str
) -> None:
    loans = expand(read(tmp_path, line), pricing(), FIRST, LAST).loans
    assert loans["rate_ppm"].tolist() == rates
    assert set(loans["lpr_tenor"]) == {tenor}


def test_a_shift_of_the_lpr_moves_planned_loans_after_its_day_and_no_fixed_rate(tmp_path: Path) -> None:
    lines = ("2024Q1,,wind,1000,,0,,120,,3,1,0.5", "2024Q1,,wind,1000,0.03,,,120,,1,1,0.5")
    loans = expand(read(tmp_path, *lines), pricing(-25, dt.date(2024, 2, 15)), FIRST, LAST).loans
    # the second loan is of 15 February itself, the third of 16 March
    assert loans["disbursed"].tolist()[1] == dt.date(2024, 2, 15)
    assert loans["rate_ppm"].tolist() == [42_000, 42_000, 39_500 - 2_500, 30_000]


BAD = [
    ("2024Q1,,wnid,1000,0.03,,,12,,2,1,0.5", "plan_sector_unknown", "sector", "wnid"),
    ("2024Q1,,wind,-5,0.03,,,12,,2,1,0.5", "plan_amount_not_positive", "amount", "-5"),
    ("2024Q1,,wind,0,0.03,,,12,,2,1,0.5", "plan_amount_not_positive", "amount", "0"),
    ("2024Q1,,wind,1000,0.03,,,12,,2,1,1.2", "plan_share_over_one", "investment_share", "1.2"),
    ("2024Q1,,wind,1000,0.03,,,12,,2,1,120%", "plan_share_over_one", "investment_share", "120%"),
    ("2024Q1,,wind,1000,0.03,,,12,,2,1,40", "plan_share_over_one", "investment_share", "40"),
    ("2024Q1,,wind,1000,0.03,,,12,,2,1,0", "value_out_of_range", "investment_share", "0"),
    ("2030Q1,,wind,1000,0.03,,,12,,2,1,0.5", "plan_quarter_outside", "quarter", "2030Q1"),
    ("2018Q4,,wind,1000,0.03,,,12,,2,1,0.5", "plan_quarter_outside", "quarter", "2018Q4"),
    ("2024-13,,wind,1000,0.03,,,12,,2,1,0.5", "unreadable_quarter", "quarter", "2024-13"),
    (",,wind,1000,0.03,,,12,,2,1,0.5", "value_missing", "quarter", ""),
    ("2024Q1,,wind,1000,,,,12,,2,1,0.5", "plan_rate_missing", "rate", ""),
    ("2024Q1,,wind,1000,0.03,5,,12,,2,1,0.5", "plan_rate_twice", "spread_bp", "5"),
    ("2024Q1,,wind,1000,-0.01,,,12,,2,1,0.5", "rate_negative", "rate", "-0.01"),
    ("2024Q1,,wind,1000,3.5,,,12,,2,1,0.5", "rate_ambiguous", "rate", "3.5"),
    ("2024Q1,,wind,1000,,-900,,12,,2,1,0.5", "rate_negative", "spread_bp", "-900"),
    ("2019Q1,,wind,1000,,0,,12,,2,1,0.5", "plan_before_first_lpr", "quarter", "2019Q1"),
    ("2024Q1,,other_small_business,1000,,0,,12,,2,1,0.5", "plan_sector_unknown", "sector", "other_small_business"),
    ("2024Q1,,wind,1000,0.03,,,0,,2,1,0.5", "value_out_of_range", "months", "0"),
    ("2024Q1,,wind,1000,0.03,,,601,,2,1,0.5", "value_out_of_range", "months", "601"),
    ("2024Q1,,wind,1000,0.03,,,12,,0,1,0.5", "value_out_of_range", "loans", "0"),
    ("2024Q1,,wind,0.05,0.03,,,12,,6,1,0.5", "value_out_of_range", "loans", "6"),
    ("2024Q1,,wind,1000,0.03,,,12,weekly,2,1,0.5", "unknown_value", "repayment", "weekly"),
    ("2024Q1,,wind,1000,0.03,,,12,,2,-1,0.5", "reduction_negative", "reduction_per_10k", "-1"),
    ("2024Q1,,wind,1000000000000,0.03,,,12,,1,1,0.0001", "value_out_of_range", "investment_share", "100"),
    ("2024Q1,,wind,1000000000000,0.03,,,12,,1,900000000,1", "amount_absurd", "reduction_per_10k", "900000000000000"),
]


@pytest.mark.parametrize(("line", "code", "column", "found"), BAD, ids=[f"{b[1]}-{b[3]}" for b in BAD])
def test_a_row_that_cannot_be_is_one_finding_and_one_loan_set_aside(
    tmp_path: Path, line: str, code: str, column: str, found: str
) -> None:
    good = "2024Q1,,wind,1000,0.03,,,12,,2,1,0.5"
    (tmp_path / "plan.csv").write_text("\n".join([HEADER, good, line, good]) + "\n", encoding="utf-8")
    table = read_side_table(tmp_path / "plan.csv", "plan", lender="icbc")
    made = expand(table.frame, pricing(), FIRST, LAST)
    said = (table.findings + made.findings).frame()
    errors = said[said["severity"] == "error"]
    assert [(r.code, r.column, r.found, r.row, r.loan) for r in errors.itertuples()] == [
        (code, column, found, 3, "plan-3")
    ]
    assert (errors["message"].str.len() > 0).all() and (errors["fix_zh"].str.len() > 0).all()
    assert made.loans["loan_id"].tolist() == ["plan-2-1", "plan-2-2", "plan-3", "plan-4-1", "plan-4-2"]
    assert made.loans["data_error"].tolist() == [False, False, True, False, False]


def test_every_problem_of_a_plan_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text("\n".join([HEADER, *(b[0] for b in BAD)]) + "\n", encoding="utf-8")
    table = read_side_table(tmp_path / "plan.csv", "plan", lender="icbc")
    made = expand(table.frame, pricing(), FIRST, LAST)
    said = (table.findings + made.findings).frame()
    assert set(said[said["severity"] == "error"]["row"]) == set(range(2, len(BAD) + 2))
    assert made.loans["data_error"].all() and len(made.loans) == len(BAD)


def test_a_row_of_a_facility_without_an_lpr_rule_needs_its_tenor(tmp_path: Path) -> None:
    plan = read(tmp_path, "2024Q1,,wind,1000,,0,,12,,2,1,0.5")
    nobody = Pricing(policy.lpr(), 0, 0, lambda sector, days: days * 0 - 1)
    made = expand(plan, nobody, FIRST, LAST)
    assert made.findings.codes() == {"plan_tenor_needed": 1, "plan_expanded": 1}
    assert made.loans["data_error"].tolist() == [True]


def test_a_plan_of_too_many_loans_stops_before_they_are_made(tmp_path: Path) -> None:
    lines = ["2024Q1,,wind,1000000000,0.03,,,12,,1000000,1,0.5"] * 11
    with pytest.raises(InputError) as stop:
        expand(read(tmp_path, *lines), pricing(), FIRST, LAST)
    assert stop.value.findings.codes() == {"plan_too_many_loans": 1}


def test_a_chinese_workbook_with_units_reads_as_the_canonical_table(tmp_path: Path) -> None:
    import xlsxwriter

    rows = [
        ["投放计划"],
        [
            "季度",
            "碳减排领域",
            "投放金额（亿元）",
            "加点",
            "期限（年）",
            "还款方式",
            "笔数",
            "单位投资年减排量（吨/万元）",
            "贷款占比（%）",
        ],
        ["2024年第二季度", "海上风电", 12.5, -30, 15, "等额本金", 4, 2.5, 60],
    ]
    with xlsxwriter.Workbook(str(tmp_path / "计划.xlsx")) as book:
        sheet = book.add_worksheet("计划")
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)
    chinese = read_side_table(tmp_path / "计划.xlsx", "plan", lender="icbc").frame
    plain = read(tmp_path, "2024Q2,,wind,1250000000,,-30,,180,equal_principal,4,2.5,0.6")
    same = [c for c in plain.columns if c not in ("file", "sheet", "row")]
    assert chinese[same].equals(plain[same])
