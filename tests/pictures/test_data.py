"""What pictures draw is what the tables say, to the fen, the gram and the last decimal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import relending as rl
from relending.dates import parse_quarter, quarter_text, to_day
from relending.policy import facility
from relending.report.pictures import fields, funded_share, life_of_loan, run_off, sectors, series, tonne_cost, tranches
from relending.report.pictures.source import Source
from relending.report.pictures.wholes import by_facility
from relending.study.measures import measures
from relending.study.panel import panel

RUNS = ("demo", "outlook/baseline", "ledger", "national/original", "statements/cib-2023q2")
Shipped = Callable[[str], Any]


def fen(amounts: Any) -> list[int]:
    return [round(Decimal(repr(float(a))) * 100) for a in amounts]


@pytest.mark.parametrize("name", RUNS)
def test_tranches_add_up_to_the_balance_of_every_quarter(name: str, shipped: Shipped) -> None:
    run = shipped(name)
    source = Source(run)
    for t in tranches.prepare(source):
        mine = run.tables["funding"][run.tables["funding"]["facility"] == t.facility]
        by_quarter = mine.groupby("quarter", sort=True)[["balance_fen", "drawn_fen", "repaid_fen", "rolled_fen"]].sum()
        assert t.balance == by_quarter["balance_fen"].tolist()
        assert [t.drawn, t.repaid, t.rolled] == [
            by_quarter[c].tolist() for c in ("drawn_fen", "repaid_fen", "rolled_fen")
        ]
        ledger = run.tables["ledger"][run.tables["ledger"]["facility"] == t.facility]
        assert t.count == ledger["tranche"].nunique()


def test_many_draw_dates_become_years_and_few_stay_dates(shipped: Shipped, small: Any) -> None:
    many = tranches.prepare(Source(shipped("demo")))
    assert all(len(band) == 4 for t in many for band in t.bands)
    [few] = tranches.prepare(Source(small()))
    assert list(few.bands) == ["2023-03-31"]


@pytest.mark.parametrize("name", RUNS)
def test_fields_and_sectors_are_those_of_the_disclosure(name: str, shipped: Shipped) -> None:
    run = shipped(name)
    table = run.tables["disclosure"]
    last = table[(table["horizon"] == "since_start") & (table["quarter"] == table["quarter"].iloc[-1])]
    data, bars = fields.prepare(Source(run)), sectors.prepare(Source(run))
    whole = last[last["level"] == "total"]
    assert sum(v[-1] for v in data.amount.values()) == whole["amount_fen"].sum() == sum(b.amount for b in bars)
    assert sum(v[-1] for v in data.reduction.values()) == whole["reduction_g"].sum() == sum(b.reduction for b in bars)
    for code, values in data.amount.items():
        assert values[-1] == last[(last["level"] == "field") & (last["code"] == code)]["amount_fen"].sum()
    assert len(bars) <= sectors.MOST and bars[:-1] == sorted(bars[:-1], key=lambda b: -b.amount)


def test_one_lender_and_one_facility_are_theirs_alone(shipped: Shipped) -> None:
    run = shipped("demo")
    both = [Source(run, lender=x) for x in ("demo", "demo_city")]
    whole = by_facility(Source(run), "facility_balance")
    parts = [by_facility(s, "facility_balance") for s in both]
    for f, values in whole.items():
        assert values == [sum(v) for v in zip(*(p[f] for p in parts), strict=True)]
    assert Source(run, facility="碳减排支持工具").facilities == ["cerf"]
    assert Source(run, lender="Demonstration Bank").lenders == Source(run, lender="示范银行").lenders == ["demo"]


def test_rates_of_several_lenders_are_those_of_the_studies(shipped: Shipped) -> None:
    run = shipped("demo")
    for facility_id in ("cerf", "clean_coal"):
        # the studies know the whole of all; of one facility that is the whole of a run of that facility alone
        source = Source(run, facility=facility_id)
        frame = run.tables["cost"][run.tables["cost"]["facility"] == facility_id]
        for name in ("blended_cost", "loan_yield", "margin"):
            found = by_facility(source, name)[facility_id]
            column = measures()[name].column
            for k, quarter in enumerate(source.quarters):
                rows = frame[frame["quarter"] == quarter_text(quarter)]
                pairs = [(r, w) for r, w in zip(rows[column], rows["loans_outstanding_fen"], strict=True) if w]
                if not pairs:
                    assert found[k] is None
                else:
                    exact = Fraction(sum(int(r) * int(w) for r, w in pairs), sum(int(w) for _, w in pairs))
                    assert found[k] == round(exact)


def test_the_line_of_blended_cost_meets_the_last_quarter(shipped: Shipped) -> None:
    for name in RUNS:
        for d in funded_share.prepare(Source(shipped(name))):
            p = d.points[-1]
            if p.share <= 1:  # and no lender holds more than it has lent
                assert d.cost(p.share) == pytest.approx(p.blended_e8 / 1e6, abs=0.02)
            assert d.cost(0.0) == pytest.approx(d.own_e8 / 1e6) and d.cost(1.0) == pytest.approx(d.cheap_e8 / 1e6)


@pytest.mark.parametrize("name", RUNS)
def test_what_falls_due_is_what_is_held(name: str, shipped: Shipped) -> None:
    run = shipped(name)
    for d in run_off.prepare(Source(run)):
        cost = run.tables["cost"]
        mine = cost[(cost["facility"] == d.facility) & (cost["quarter"] == quarter_text(d.quarters[-1]))]
        assert d.balance[-1] == mine["facility_balance_fen"].sum() == sum(d.due_next) == sum(d.due_last)
        assert d.loans[-1] == mine["loans_outstanding_fen"].sum()
        assert (d.left(d.due_last) or [0])[-1] == (d.left(d.due_next) or [0])[-1] == 0
        assert all(a <= b for a, b in zip(d.left(d.due_next), d.left(d.due_last), strict=True))


def test_a_longer_run_repays_by_the_latest_due_dates(small: Any) -> None:
    [short] = run_off.prepare(Source(small(end="2023-06-30")))
    longer = small(end="2027-12-31")
    funding = longer.tables["funding"]
    repaid = {q: int(v) for q, v in zip(funding["quarter"], funding["repaid_fen"], strict=True) if v}
    assert {quarter_text(q): v for q, v in zip(short.after, short.due_last, strict=True) if v} == repaid


def test_due_dates_follow_the_rules_and_the_general_ledger() -> None:
    day, end = to_day(dt.date(2024, 3, 31)), to_day(dt.date(2025, 6, 30))
    rules = facility("cerf")
    assert run_off.due_dates(rules, day, end) == (to_day(dt.date(2026, 3, 31)), to_day(dt.date(2027, 3, 31)))
    due = to_day(dt.date(2025, 9, 30))
    assert run_off.due_dates(rules, day, end, (due, 2)) == (due, due)
    ends = facility("cerf", {"rollover_after_expiry": False, "window": {"first": "2021-07-01", "last": "2025-12-31"}})
    assert run_off.due_dates(ends, day, end) == (to_day(dt.date(2026, 3, 31)),) * 2


def test_the_opening_balance_of_the_ledger_falls_due_as_recorded(shipped: Shipped) -> None:
    run = shipped("ledger")
    opened = run_off._opened(Source(run))
    assert opened and set(opened) <= set(run.tables["ledger"]["tranche"])


def test_a_balance_beyond_a_lenders_loans_moves_no_line(small: Any, tmp_path: Path) -> None:
    head = "lender,facility,drawn_on,due_on,principal,rate,rollovers_used,tranche"
    (tmp_path / "open.csv").write_text(f"{head}\nabc,cerf,2022-06-30,2023-06-30,1000000000,0.01,0,\n")
    run = small(lender='icbc"\nopening_tranches = "open.csv', end="2023-03-31")
    [found] = funded_share.prepare(Source(run))
    last = found.points[-1]
    assert last.balance_fen > last.loans_fen > 0, "abc holds much and has no loans"
    of_icbc = run.tables["cost"].query("lender == 'icbc'").iloc[-1]
    assert found.cheap_e8 == of_icbc["facility_rate_e8"] != 1_000_000


def test_the_life_of_a_loan_is_the_method_of_the_package(small: Any) -> None:
    [life] = life_of_loan.prepare(Source(small()))
    owed = [Fraction(1)] * 28
    again = rl.costing.cost_over_life(
        owed,
        Fraction(6, 10),
        life.cheap,
        Fraction(2, 100),
        supported_years=3,
        rollover_base="original",
        periods_per_year=4,
    )
    assert (life.loan.quarters, life.loan.repayment, life.supported_years) == (28, "bullet", 3)
    assert life.whole == again.with_facility and life.own == Fraction(2, 100)
    blended = Fraction(6, 10) * life.cheap + Fraction(4, 10) * life.own
    assert life.by_year == [blended] * 3 + [life.own] * 4
    assert sum(life.by_year) / 7 == life.whole


def test_rollovers_of_the_run_decide_how_many_years_are_supported(small: Any) -> None:
    [one] = life_of_loan.prepare(Source(small(more="[facility.cerf]\nrollovers = 0\n")))
    assert one.supported == 1 and one.by_year[1] == one.own
    [short] = life_of_loan.prepare(Source(small(**{"2030-02-15": "2024-12-15"})))
    assert short.supported < 3


def test_steps_of_the_cost_per_tonne_are_the_subsidy_of_the_cost_series(shipped: Shipped) -> None:
    run = shipped("demo")
    data = tonne_cost.prepare(Source(run))
    cost = run.cost[run.cost["quarter"] == quarter_text(data.quarter)]
    assert sum(s.grams for s in data.steps) == round(cost["reduction_in_balance"].sum() * 1e6)
    money = (cost["subsidy_per_tonne"] * cost["reduction_in_balance"]).sum()
    assert float(data.average) == pytest.approx(money / cost["reduction_in_balance"].sum(), rel=1e-6)
    assert [s.cost for s in data.steps] == sorted(s.cost for s in data.steps)
    curve = rl.abatement_curve(run, quarter_text(data.quarter))
    assert [s.sector for s in data.steps] == curve["sector"][curve["reduction"] > 0].tolist()


@pytest.mark.parametrize("name", list(measures()))
def test_every_measure_is_drawn_as_the_studies_compare_it(name: str, shipped: Shipped) -> None:
    run = shipped("national/original")
    found = panel(run.tables, [measures()[name]])
    try:
        lines = series.prepare(Source(run), name).lines
    except rl.InputError:
        assert not found.values[name].any()
        return
    for i, (quarter, _, of) in enumerate(found.keys):
        told = int(found.values[name][i]) if found.known[name][i] else None
        k = parse_quarter(quarter) - parse_quarter(found.quarters[0])
        drawn = [line.values[k] for line in lines if line.facility == of]
        assert drawn == [told] or (not drawn and not told)
