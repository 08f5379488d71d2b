"""docs/one_loan.md: every figure worked out again with plain integers; then the policy, the workbook and a run."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import relending as rl
from relending import policy

PAGE = Path(__file__).resolve().parents[2] / "docs" / "one_loan.md"
LOANS = ("SF2022062101", "SF2023053101")
D = dt.date


def page() -> dict[str, dict[str, str]]:
    """Loan -> figure -> its text on the page, thousands separators taken out."""
    out: dict[str, dict[str, str]] = {}
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.M)[1:]:
        loan = part.splitlines()[0].split(": ")[1]
        figures: dict[str, str] = {}
        for block in re.findall(r"```text\n(.*?)```", part, flags=re.S):
            for line in block.splitlines():
                name, value = line.split(" = ")
                assert name not in figures, name
                figures[name] = re.sub(r"(?<=\d),(?=\d{3})", "", value)
        out[loan] = figures
    return out


# ---- plain integer arithmetic, written without the package


def half_even(x: Fraction) -> int:
    whole, rest = divmod(x.numerator, x.denominator)
    return whole + (2 * rest > x.denominator or (2 * rest == x.denominator and whole % 2 == 1))


def plus(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return D(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def tonnes(grams: int) -> str:
    return f"{grams // 10**6}.{grams % 10**6:06d}"


def fraction(x: Fraction) -> str:
    e8 = half_even(x * 10**8)
    return f"0.{e8:08d}"


def outstanding(principal: int, disbursed: dt.date, matures: dt.date, grace: dt.date, day: dt.date) -> int:
    """Equal principal, four payments a year: what is left at the end of ``day``."""
    dates = []
    k = 1
    while plus(disbursed, 3 * k) < matures:
        dates.append(plus(disbursed, 3 * k))
        k += 1
    paying = [d for d in [*dates, matures] if d >= grace]
    paid = sum(d <= day for d in paying)
    return 0 if paid == len(paying) else principal - paid * (principal // len(paying))


def accrued(principal: int, ppm: int, start: dt.date, to: dt.date) -> int:
    return half_even(Fraction(principal * ppm * (to - start).days, 360 * 10**6))


def year_of_interest(principal: int, ppm: int, start: dt.date, due: dt.date) -> dict[str, str]:
    """Settlements of one tranche-year: the 20th of the quarter's last month, the due date takes the rest."""
    out, last = {}, 0
    for year in (start.year, start.year + 1):
        for month in (3, 6, 9, 12):
            day = D(year, month, 20)
            if start <= day < due:
                now = accrued(principal, ppm, start, D(year, month, 21))
                out[f"settled_{day}"] = yuan(now - last)
                last = now
    out[f"settled_{due}"] = yuan(accrued(principal, ppm, start, due) - last)
    return out


def worked(
    loan: dict[str, Any], draw_date: dt.date, others_fen: list[int], ratio: Fraction, rates_ppm: tuple[int, int, int]
) -> dict[str, str]:
    """Draw, rollovers under both bases and the first year's interest of one loan and its tranche."""
    principal = loan["principal"]
    drawn = int(principal * ratio)
    due = [plus(draw_date, 12 * k) for k in (1, 2, 3)]
    left = [outstanding(principal, loan["disbursed"], loan["matures"], loan["grace"], d) for d in due]
    held_1 = min(drawn, int(left[0] * ratio))
    held_2 = min(held_1, int(left[1] * ratio))
    tranche = drawn + sum(int(p * ratio) for p in others_fen)
    assert left[1] > 0
    return {
        "draw": yuan(drawn),
        "tranche_principal": yuan(tranche),
        "draw_date": str(draw_date),
        **{f"due_{k + 1}": str(due[k]) for k in range(3)},
        "repaid_on": str(due[2]),
        "outstanding_1": yuan(left[0]),
        "outstanding_2": yuan(left[1]),
        "continued_1": yuan(drawn),
        "continued_2": yuan(drawn),
        "continued_1_outstanding": yuan(held_1),
        "continued_2_outstanding": yuan(held_2),
        "repaid_2_outstanding": yuan(held_1 - held_2),
        "interest_year_1": yuan(accrued(tranche, rates_ppm[0], draw_date, due[0])),
        **year_of_interest(tranche, rates_ppm[0], draw_date, due[0]),
    }


WAN = 10**6  # fen


def cerf_worked() -> dict[str, str]:
    loan = {"principal": 84000 * WAN, "disbursed": D(2022, 6, 21), "matures": D(2040, 6, 21), "grace": D(2023, 12, 21)}
    draw_date, tranche = D(2022, 6, 30), 104_400 * WAN
    out = worked(loan, draw_date, [80000 * WAN, 10000 * WAN], Fraction(60, 100), (17500, 17500, 17500))
    first = accrued(tranche, 17500, draw_date, D(2022, 7, 1))
    second = accrued(tranche, 17500, draw_date, D(2022, 10, 1)) - first
    cangnan, funing = half_even(Fraction(800_000 * 10**6 * 80000, 714_000)), 122_760 * 10**6 * 10000 // 40000
    mine = half_even(Fraction(950_000 * 10**6 * 84000, 1_050_000))
    cell = "demo/cerf/2022Q2/quarter/"
    return out | {
        "accrued_2022Q2": yuan(first),
        "accrued_2022Q3": yuan(second),
        "share": fraction(Fraction(84000, 1_050_000)),
        "reduction": tonnes(mine),
        cell + "wind/projects": "2",
        cell + "wind/amount": yuan((84000 + 80000) * WAN),
        cell + "wind/weighted_rate": fraction(Fraction(84000 * 33500 + 80000 * 37500, 164_000 * 10**6)),
        cell + "wind/reduction": tonnes(mine + cangnan),
        cell + "total/projects": "3",
        cell + "total/amount": yuan(174_000 * WAN),
        cell + "total/weighted_rate": fraction(
            Fraction(84000 * 33500 + 80000 * 37500 + 10000 * 34500, 174_000 * 10**6)
        ),
        cell + "total/reduction": tonnes(mine + cangnan + funing),
    }


def coal_worked() -> dict[str, str]:
    loan = {"principal": 20000 * WAN, "disbursed": D(2023, 5, 31), "matures": D(2032, 5, 31), "grace": D(2024, 5, 31)}
    out = worked(loan, D(2023, 5, 31), [], Fraction(1), (17500, 17500, 15000))
    mine = half_even(Fraction(210_000 * 10**6 * 20000, 47000))
    cell = "demo/clean_coal/2023Q2/quarter/coalbed_methane/"
    return out | {
        "accrued_2023Q2": yuan(accrued(20000 * WAN, 17500, D(2023, 5, 31), D(2023, 7, 1))),
        "interest_year_3": yuan(accrued(20000 * WAN, 15000, D(2025, 5, 31), D(2026, 5, 31))),
        "share": fraction(Fraction(20000, 47000)),
        "reduction": tonnes(mine),
        cell + "projects": "1",
        cell + "amount": yuan(20000 * WAN),
        cell + "weighted_rate": fraction(Fraction(305, 10**4)),
        cell + "reduction": tonnes(mine),
    }


WORKED = {LOANS[0]: cerf_worked, LOANS[1]: coal_worked}
AS_READ = (
    "row",
    "lender",
    "project_id",
    "sector",
    "disbursed",
    "matures",
    "repayment",
    "payments_per_year",
    "grace_until",
)
SCALED = {
    "principal": ("principal_fen", 2),
    "rate": ("rate_ppm", 6),
    "project_investment": ("project_investment_fen", 2),
    "project_reduction": ("project_reduction_g", 6),
    "loan_reduction_reported": ("loan_reduction_reported_g", 6),
}
SOURCE = (*AS_READ, *SCALED, "loan_id", "evidence")
POLICY = (
    "admitted_from",
    "window_first",
    "window_last",
    "lpr_fixing",
    "lpr_5y",
    "tolerance",
    "rate_limit",
    "ratio",
    "rate_at_draw",
    "rate_1",
    "rate_2",
)
SAID = ("eligible", "quarter", "tranche")


@pytest.mark.parametrize("loan", LOANS)
def test_every_figure_of_the_page_is_worked_out_again(loan: str) -> None:
    figures = page()[loan]
    calculated = {k: v for k, v in figures.items() if k not in (*SOURCE, *POLICY, *SAID)}
    assert calculated == WORKED[loan]()


@pytest.mark.parametrize(("loan", "facility"), [(LOANS[0], "cerf"), (LOANS[1], "clean_coal")])
def test_the_values_compared_are_those_of_the_policy_files(loan: str, facility: str) -> None:
    p, rules, lpr = page()[loan], policy.facility(facility), policy.lpr()
    day, drawn = D.fromisoformat(p["disbursed"]), D.fromisoformat(p["draw_date"])

    def ppm(text: str) -> int:
        return int(Decimal(text) * 10**6)

    window = rules["window"].latest().value
    assert (p["window_first"], p["window_last"]) == (str(window.first), str(window.last))
    fixing = (D.fromisoformat(p["lpr_fixing"]) - D(1970, 1, 1)).days
    at = int(lpr.index([(day - D(1970, 1, 1)).days])[0])
    assert (int(lpr.days[at]), int(lpr.lpr_5y_ppm[at])) == (fixing, ppm(p["lpr_5y"]))
    assert rules["tolerance"].on(day).value == ppm(p["tolerance"])
    assert ppm(p["rate_limit"]) == ppm(p["lpr_5y"]) + ppm(p["tolerance"]) >= ppm(p["rate"])
    assert rules["ratio"].on(day).value == int(Decimal(p["ratio"]) * 10**4)
    for name, when in (("rate_at_draw", str(drawn)), ("rate_1", p["due_1"]), ("rate_2", p["due_2"])):
        assert rules["rate"].on(D.fromisoformat(when)).value == ppm(p[name]), name
    if facility == "cerf":  # the other is admitted by the scenario, which the run checks
        assert str(rules.admitted_from("demo", "state")) == p["admitted_from"]


# ---- the run of the shipped scenario says the same


@pytest.fixture(scope="module")
def demo() -> Any:
    return rl.run(rl.load_scenario("demo"))


@pytest.fixture(scope="module")
def demo_outstanding() -> Any:
    return rl.run(rl.load_scenario("demo/outstanding"))


def fen(value: Any) -> int:
    return round(float(value) * 100)


def one(frame: Any, **where: str) -> Any:
    for column, value in where.items():
        frame = frame[frame[column].astype(str) == value]
    assert len(frame) == 1, where
    return frame.iloc[0]


def same(found: Any, text: str, decimals: int) -> bool:
    return round(float(found) * 10**decimals) == int(Decimal(text).scaleb(decimals))


@pytest.mark.parametrize("loan", LOANS)
def test_the_source_row_is_that_of_the_workbook(loan: str) -> None:
    from relending.book import read_book

    shipped = Path(rl.load_scenario("demo").book[0])
    row = one(read_book(shipped, lender="demo", lenders={"示范银行": "demo"}).loans, loan_id=loan)
    p = page()[loan]
    for name in AS_READ:
        assert str(row[name]) == p[name], name
    for name, (column, decimals) in SCALED.items():
        if name in p:
            assert int(row[column]) == int(Decimal(p[name]).scaleb(decimals)), name
    assert p.get("evidence") in (None, row["evidence"])


@pytest.mark.parametrize("loan", LOANS)
def test_the_run_screens_draws_and_rolls_over_as_the_page_says(demo: Any, loan: str) -> None:
    p = page()[loan]
    screened, draw = one(demo.screening, loan_id=loan), one(demo.draws, loan_id=loan)
    assert (bool(screened["eligible"]), str(screened["reasons"] or "")) == (p["eligible"] == "true", "")
    assert draw["tranche"] == p["tranche"]
    assert fen(draw["drawn"]) == int(Decimal(p["draw"]) * 100)
    for k in (1, 2):
        assert fen(draw[f"continued_{k}"]) == int(Decimal(p[f"continued_{k}"]) * 100)
    assert str(draw["repaid_on"])[:10] == p["repaid_on"]


@pytest.mark.parametrize("loan", LOANS)
def test_the_other_rollover_base_continues_what_the_page_says(demo_outstanding: Any, loan: str) -> None:
    p, draw = page()[loan], one(demo_outstanding.draws, loan_id=loan)
    for k in (1, 2):
        assert fen(draw[f"continued_{k}"]) == int(Decimal(p[f"continued_{k}_outstanding"]) * 100)


@pytest.mark.parametrize("loan", LOANS)
def test_the_ledger_holds_the_tranche_and_its_interest(demo: Any, loan: str) -> None:
    p, ledger = page()[loan], demo.ledger
    ledger = ledger[ledger["tranche"] == p["tranche"]]
    dates = ledger["date"].astype(str).str[:10]
    drawn = one(ledger[dates == p["draw_date"]], event="draw")
    assert fen(drawn["amount"]) == int(Decimal(p["tranche_principal"]) * 100)
    settled = {k: v for k, v in p.items() if k.startswith("settled_")}
    assert len(settled) == 5
    for name, value in settled.items():
        row = one(ledger[dates == name.removeprefix("settled_")], event="interest")
        assert fen(row["amount"]) == int(Decimal(value) * 100), name
    assert sum(int(Decimal(v) * 100) for v in settled.values()) == int(Decimal(p["interest_year_1"]) * 100)
    for k in (1, 2):
        row = one(ledger[dates == p[f"due_{k}"]], event="rollover")
        assert fen(row["amount"]) == int(Decimal(p["tranche_principal"]) * 100)


@pytest.mark.parametrize("loan", LOANS)
def test_attribution_and_the_cells_of_the_statement_agree(demo: Any, loan: str) -> None:
    p, row = page()[loan], one(demo.attribution, loan_id=loan)
    assert same(row["share"], p["share"], 8)
    assert same(row["reduction"], p["reduction"], 6)
    assert bool(row["supported"]) and row["state"] == "repaid"
    cells = {k: v for k, v in p.items() if k.startswith("demo/")}
    assert cells
    decimals = {"projects": 0, "amount": 2, "weighted_rate": 8, "reduction": 6}
    for cell, value in cells.items():
        lender, facility, quarter, horizon, code, measure = cell.split("/")
        found = one(demo.disclosure, lender=lender, facility=facility, quarter=quarter, horizon=horizon, code=code)
        assert same(found[measure], value, decimals[measure]), cell
