"""A path on which nothing moves is the run itself; a path on which something moves is the run with that moved.

Every figure is compared as a whole number, with ==: the paths' arithmetic and the run's have nothing in common but the
cohorts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.scenario import load_scenario
from relending.study.montecarlo import exact, paths
from relending.study.montecarlo.load import load, model_of
from relending.study.montecarlo.randomness import Draws
from relending.units import PPM
from tests.montecarlo.shared import ZERO, constant, differences, figures, planned, run_tables, typed

NONE = Draws(None, None, None, None)
CASES = {
    "demo": ("demo", {}, "2022-01-01"),
    "demo, rebased": ("demo/outstanding", {}, "2023-01-01"),
    "demo, returned at once": ("demo", {"facility.cerf.on_prepayment": "immediate"}, "2022-01-01"),
    "demo, cut and carried over": (
        "demo",
        {"facility.cerf.quota": 1e9, "facility.cerf.carry_over": True},
        "2022-01-01",
    ),
    "ledger": ("ledger", {}, "2024-04-01"),
    "national": ("national/original", {}, "2022-01-01"),
}


@pytest.mark.parametrize("case", CASES)
def test_nothing_moves_on_a_path_without_volatility(case: str) -> None:
    name, overrides, first = CASES[case]
    found, _, skip = figures(name, {**overrides, **ZERO, "monte_carlo.from": first, "monte_carlo.paths": 3})
    tables = run_tables(name, overrides)
    assert skip > 0 and len(found.by_measure) >= 11
    assert [differences(found, path, skip, tables) for path in range(3)] == [{}, {}, {}]


@settings(max_examples=8, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "facility.cerf.ratio": st.sampled_from([0.4, 0.6, 1.0]),
            "facility.cerf.rollovers": st.sampled_from([0, 1, 3]),
            "facility.cerf.rollover_base": st.sampled_from(["original", "outstanding"]),
            "facility.cerf.lag_days": st.sampled_from([0, 20]),
            "facility.cerf.term_months": st.sampled_from([6, 12]),
            "facility.cerf.business_day": st.sampled_from(["none", "following"]),
        }
    ),
    st.sampled_from(["2022-01-01", "2023-05-15", "2025-10-01"]),
)
def test_nothing_moves_whatever_the_rules(overrides: dict[str, Any], first: str) -> None:
    found, _, skip = figures("demo", {**overrides, **ZERO, "monte_carlo.from": first, "monte_carlo.paths": 2})
    assert differences(found, 0, skip, run_tables("demo", overrides)) == {}


def test_where_floats_decide_nothing_the_figures_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    moving = {
        "monte_carlo.paths": 40,
        "monte_carlo.own_rate.volatility": 0.004,
        "monte_carlo.lpr.volatility": 0.004,
        "monte_carlo.rollover.refusal": 0.2,
        "monte_carlo.prepayment.rate": 0.1,
        "monte_carlo.plan.volatility": 0.3,
        "monte_carlo.from": "2023-01-01",
    }
    fast, _, _ = figures("national/original", moving)
    monkeypatch.setattr(exact, "_NEAR", 1.0)  # every figure is doubtful, so whole numbers settle it
    slow, _, _ = figures("national/original", moving)
    assert all((fast.by_measure[key] == slow.by_measure[key]).all() for key in fast.by_measure)
    assert len(np.unique(fast.by_measure["all_lenders", "cerf", "margin"][-1])) > 30


def forced(monkeypatch: pytest.MonkeyPatch, draws: Draws) -> None:
    """Let the paths be these."""

    def drawn(*asked: object) -> Draws:
        floor = asked[3]
        assert callable(floor)
        return draws if draws.lpr is None else replace(draws, lpr=floor(draws.lpr))

    monkeypatch.setattr(paths, "draw", drawn)


def test_an_own_rate_moved_on_a_path_is_a_run_with_that_own_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = (5_000, -7_321, -40_000)
    forced(monkeypatch, Draws(constant(10, *moved), None, None, None))
    found, _, skip = figures("national/original", {**ZERO, "monte_carlo.from": "2023-01-01", "monte_carlo.paths": 3})
    for path, by in enumerate(moved):
        own = [{"from": "2021-01-01", "value": 0.025}, {"from": "2023-01-01", "value": max(0, 25_000 + by) / PPM}]
        tables = run_tables("national/original", {"market.own_rate": own})
        assert differences(found, path, skip, tables) == {}


@pytest.mark.parametrize(
    ("name", "first", "count"), [("national/original", "2023-01-01", 10), ("ledger", "2026-10-01", 17)]
)
def test_an_lpr_moved_on_a_path_is_a_run_with_that_shift(
    monkeypatch: pytest.MonkeyPatch, name: str, first: str, count: int
) -> None:
    moved = (25, -40)
    lpr = np.stack([constant(count, *(bp * 100 for bp in moved))] * 2)
    forced(monkeypatch, Draws(None, lpr, None, None))
    found, _, skip = figures(name, {**ZERO, "monte_carlo.from": first, "monte_carlo.paths": 2})
    for path, bp in enumerate(moved):
        before = dt.date.fromisoformat(first) - dt.timedelta(days=1)
        tables = run_tables(name, {"market.lpr_shift_bp": bp, "market.lpr_shift_from": before})
        assert differences(found, path, skip, tables) == {}
    one = found.by_measure[next(k for k in found.by_measure if k[2] == "loan_yield")]
    assert (one[:, 0] > one[:, 1]).any()


ROUND = ("2025Q1,wind,120000000,0.035,,60,bullet,4,2.5,0.5", "2026Q1,wind,80000000,0.03,,84,bullet,2,2.5,0.5")


def test_a_volume_doubled_on_a_path_is_a_run_of_twice_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced(monkeypatch, Draws(None, None, None, constant(12, 2 * PPM, PPM // 2)))
    moved = {**ZERO, "monte_carlo.from": "2025-01-01", "monte_carlo.paths": 2}
    found, _, skip = figures(planned(tmp_path / "once", *ROUND), moved)
    for path, (a, b) in enumerate([(240000000, 160000000), (60000000, 40000000)]):
        rows = ROUND[0].replace("120000000", str(a)), ROUND[1].replace("80000000", str(b))
        assert differences(found, path, skip, run_tables(planned(tmp_path / str(path), *rows), {})) == {}


def test_a_quota_cuts_what_a_path_asks_for_beyond_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced(monkeypatch, Draws(None, None, None, constant(12, 2 * PPM, PPM)))
    quota = {"facility.cerf.quota": 200e6}
    moved = {**ZERO, **quota, "monte_carlo.from": "2025-01-01", "monte_carlo.paths": 2}
    found, _, skip = figures(planned(tmp_path / "once", *ROUND), moved)
    rows = ROUND[0].replace("120000000", "240000000"), ROUND[1].replace("80000000", "160000000")
    cost, _ = run_tables(planned(tmp_path / "twice", *rows), quota)
    wanted = cost["facility_balance_fen"].astype("int64").to_numpy()[skip:]
    got = found.by_measure["icbc", "cerf", "facility_balance"]
    # the run cuts its loans one by one: less than a fen each
    assert (got[:, 0] - wanted >= 0).all() and (got[:, 0] - wanted < 4).all()
    assert wanted.max() > 199_000_000_00 and got[:, 1].max() == 120_000_000_00


def test_a_refused_rollover_is_a_run_that_takes_none_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, first, facilities in (("demo", "2024-01-01", 2), ("ledger", "2025-04-01", 1)):
        sure = {"monte_carlo.rollover.refusal": 1, "monte_carlo.from": first, "monte_carlo.paths": 2}
        found, _, skip = figures(name, sure)
        steps = [{"from": "2020-01-01", "value": 1}, {"from": first, "value": 0}]
        ids = ("cerf", "clean_coal")[:facilities]
        tables = run_tables(name, {f"facility.{f}.rollover_take_up": steps for f in ids})
        assert differences(found, 1, skip, tables) == {}
        assert differences(found, 1, skip, run_tables(name, {})), "the rollovers were refused"


def test_loans_repaid_early_leave_at_the_end_of_a_quarter_and_their_draw_at_the_due_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced(monkeypatch, Draws(None, None, constant(12, 100_000, 0), None))
    rows = ("2024Q4,wind,100000000,0.035,,60,bullet,1,2.5,0.5",)
    found, _, _ = figures(planned(tmp_path, *rows), {**ZERO, "monte_carlo.from": "2025-01-01", "monte_carlo.paths": 2})
    of = {
        name: found.by_measure["icbc", "cerf", name][:, 0].tolist()
        for name in ("loans_outstanding", "facility_balance")
    }
    whole = 100_000_000_00
    assert of["loans_outstanding"][:4] == [
        whole * 9 // 10,
        whole * 81 // 100,
        whole * 729 // 1000,
        whole * 6561 // 10000,
    ]
    # drawn on 31 December 2024, due on 31 December 2025: until then the draw is held whole
    held = whole * 6 // 10
    assert of["facility_balance"][:4] == [held, held, held, held * 6561 // 10000]
    grams = found.by_measure["icbc", "cerf", "reduction_in_balance"][:, 0].tolist()
    assert grams[2] * 6561 // 10000 == grams[3] and grams[0] == grams[2]


def test_a_draw_of_loans_repaid_early_goes_back_at_once_where_the_rules_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced(monkeypatch, Draws(None, None, constant(12, 100_000), None))
    rows = ("2024Q4,wind,100000000,0.035,,60,bullet,1,2.5,0.5",)
    at_once = {
        "facility.cerf.on_prepayment": "immediate",
        "facility.cerf.rate": 0.02,
        "monte_carlo.from": "2025-01-01",
        "monte_carlo.paths": 1,
    }
    found, _, _ = figures(planned(tmp_path, *rows), {**ZERO, **at_once})
    held = 60_000_000_00
    balance = found.by_measure["icbc", "cerf", "facility_balance"][:2, 0].tolist()
    assert balance == [held * 9 // 10, held * 81 // 100]
    # 89 days whole, the last day of the quarter without what went back
    rate = 20_000
    accrued = round((held * 89 + held * 9 // 10) * rate / 360 / PPM)
    assert found.by_measure["icbc", "cerf", "facility_interest"][0, 0] == accrued


def test_early_repayment_on_a_path_is_a_run_with_those_prepayments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under rollover_base = outstanding a loan repaid in part keeps its part of the draw, as loans that leave do."""
    forced(monkeypatch, Draws(None, None, constant(12, 100_000), None))
    rows = ("2024Q4,wind,100000000,0.035,,60,bullet,1,2.5,0.5",)
    rebased = {"facility.cerf.rollover_base": "outstanding"}
    path = planned(tmp_path, *rows, end="2026-03-31")
    found, _, skip = figures(path, {**ZERO, **rebased, "monte_carlo.from": "2025-01-01", "monte_carlo.paths": 1})
    left, lines = 100_000_000_00, ["loan_id,date,amount"]
    for day in ("2025-03-31", "2025-06-30", "2025-09-30", "2025-12-31", "2026-03-31"):
        lines.append(f"plan-2-1,{day},{left // 10 / 100:.2f}")
        left -= left // 10
    (tmp_path / "prepaid.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    tables = run_tables(path, {**rebased, "scenario.prepayments": str(tmp_path / "prepaid.csv")})
    # the run counts the tonnes of a loan as long as any of its draw is held
    assert differences(found, 0, skip, tables, ("reduction_in_balance", "subsidy_per_tonne")) == {}


def test_everything_moved_together_is_a_run_with_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ("2024Q2,solar,50000000,,-30,48,bullet,5,2.5,0.5", "2025Q1,wind,120000000,,-20,60,bullet,4,2.5,0.5")
    lpr = np.stack([constant(12, -1_500)] * 2)
    forced(monkeypatch, Draws(constant(12, 2_500), lpr, None, constant(12, 2 * PPM)))
    sure = {**ZERO, "monte_carlo.rollover.refusal": 1, "monte_carlo.from": "2025-01-01", "monte_carlo.paths": 1}
    found, _, skip = figures(planned(tmp_path / "once", *rows), sure)
    moved = {
        "market.own_rate": [{"from": "2021-01-01", "value": 0.02}, {"from": "2025-01-01", "value": 0.0225}],
        "market.lpr_shift_bp": -15,
        "market.lpr_shift_from": "2024-12-31",
        "facility.cerf.rollover_take_up": [{"from": "2020-01-01", "value": 1}, {"from": "2025-01-01", "value": 0}],
    }
    twice = planned(tmp_path / "twice", rows[0], rows[1].replace("120000000", "240000000"))
    assert differences(found, 0, skip, run_tables(twice, moved)) == {}


def test_neither_the_own_rate_nor_the_lpr_goes_below_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced(monkeypatch, Draws(constant(12, -PPM), np.stack([constant(12, -PPM)] * 2), None, None))
    rows = ("2025Q1,wind,120000000,,-20,60,bullet,4,2.5,0.5", "2025Q3,wind,120000000,,10,60,bullet,4,2.5,0.5")
    found, _, _ = figures(planned(tmp_path, *rows), {**ZERO, "monte_carlo.from": "2025-01-01", "monte_carlo.paths": 1})
    of = {name: found.by_measure["icbc", "cerf", name][:, 0] for name in ("own_rate", "loan_yield")}
    assert (of["own_rate"] == 0).all()
    # over an LPR of nothing: 20 basis points below it, then as many loans 10 above it, which the first do not hold up
    assert of["loan_yield"][0] == -200_000 and of["loan_yield"][-1] == -50_000


def test_rollovers_of_a_day_are_refused_together_where_they_are_common() -> None:
    given = {"monte_carlo.rollover.refusal": 0.5, "monte_carlo.from": "2023-01-01", "monte_carlo.paths": 64}
    for common in (True, False):
        scenario = load_scenario("demo", typed({**given, "monte_carlo.rollover.common": common}))
        loaded = load(scenario, model := model_of(scenario))
        places = list(loaded.series.places.values())
        order = {at: i for i, at in enumerate(loaded.series.places)}
        by_day: dict[int, set[bytes]] = {}
        events = 0
        for place in places:
            refused = paths._refused(model, [place], loaded, order)[place.position.lender]
            for part in place.parts:
                if part.refusable:
                    events += 1
                    by_day.setdefault(part.of.start, set()).add(refused[part.of.tranche, part.of.year].tobytes())
        assert events > len(by_day), "several tranches fall due on some day"
        assert all(len(drawn) == 1 for drawn in by_day.values()) is common


BOOK = (
    "loan_id,project_id,sector,principal,rate,disbursed,matures,repayment,project_investment,project_reduction,evidence\n"
    "A,PA,wind,100000000,0.03,2025-05-05,2030-05-05,bullet,200000000,100,eia\n"
)


def test_loans_of_the_book_are_cut_where_planned_ones_took_their_quota(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced(monkeypatch, Draws(None, None, None, constant(12, 2 * PPM, PPM)))
    quota = {"facility.cerf.quota": 160e6}
    tables = []
    for name, row in (("once", ROUND[0]), ("twice", ROUND[0].replace("120000000", "240000000"))):
        path = planned(tmp_path / name, row, more="")
        (path.parent / "book.csv").write_text(BOOK, encoding="utf-8")
        text = path.read_text(encoding="utf-8").replace('plan = "plan.csv"', 'plan = "plan.csv"\nbook = "book.csv"')
        path.write_text(text, encoding="utf-8")
        tables.append(run_tables(path, quota))
    moved = {**ZERO, **quota, "monte_carlo.from": "2025-01-01", "monte_carlo.paths": 2}
    found, _, skip = figures(tmp_path / "once" / "s.toml", moved)
    assert differences(found, 1, skip, tables[0]) == {}
    assert differences(found, 0, skip, tables[1]) == {}
    # 144 m drawn for the plan, so 16 m are left of the 60 m the loan of the book asks for
    assert found.by_measure["icbc", "cerf", "facility_balance"][1].tolist() == [159_999_999_96, 132_000_000_00]
