"""Sweeps: every cell is the run of its values, what is wrong is said before any work, and files hold all of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

import relending as rl
from relending.cli import main
from relending.study.grid import make_grid, parse_axes
from relending.study.panel import panel
from relending.study.sweep import LargeSweepError, sweep
from relending.study.sweepfiles import save

AXES: dict[str, list[Any]] = {
    "facility.cerf.ratio": [0.4, 0.6],
    "market.own_rate": [0.015, 0.02, 0.025],
    "facility.cerf.rollover_base": ["original", "outstanding"],
}


@pytest.fixture(scope="module")
def swept() -> rl.Sweep:
    return sweep("demo", AXES)


def test_every_cell_is_the_run_of_its_values(swept: rl.Sweep) -> None:
    assert len(swept.grid) == 12
    for number, values in list(swept.grid.cells())[::5]:
        run = rl.run(rl.load_scenario("demo", dict(zip(swept.grid.keys, values, strict=True))))
        found = panel(run.tables, swept.measures)
        assert found.keys == swept.keys
        for m in swept.measures:
            assert (found.values[m.name] == swept.values[m.name][number]).all(), m.name
            assert (found.known[m.name] == swept.known[m.name][number]).all(), m.name


def test_the_long_frame_has_a_row_for_each_figure_in_users_units(swept: rl.Sweep) -> None:
    frame = swept.frame
    assert list(frame.columns) == ["scenario", *AXES, "quarter", "lender", "facility", "measure", "unit", "value"]
    assert len(frame) == 12 * len(swept.measures) * len(swept.keys)
    run = rl.run(rl.load_scenario("demo", ["facility.cerf.ratio=0.6", "market.own_rate=0.015"]))
    some = frame[(frame["scenario"] == "demo#07") & (frame["measure"] == "interest_saved")]
    assert set(some["facility.cerf.rollover_base"]) == {"original"} and set(some["facility.cerf.ratio"]) == {0.6}
    assert np.array_equal(some["value"].to_numpy(), run.cost["interest_saved"].to_numpy(dtype=float))
    empty = frame[frame["measure"] == "collateral_cost"]["value"]
    assert len(empty) and empty.isna().all()  # nothing is dropped that has no figure


def test_each_scenario_has_one_row_that_says_what_it_is(swept: rl.Sweep) -> None:
    rows = swept.scenarios
    assert list(rows["scenario"]) == swept.names == list(dict.fromkeys(swept.frame["scenario"]))
    assert set(rows["base"]) == {"demo"} and set(rows["relending"]) == {rl.__version__}
    assert rows["inputs"].str.match(r"demo\.xlsx [0-9a-f]{64}$").all()


def test_what_one_value_decides_is_done_once_for_it(swept: rl.Sweep) -> None:
    done = {name: times for name, (times, _) in swept.work.items()}
    assert done == {"block": 1, "screening": 1, "schedule": 1, "cohort series": 5}  # the scenario itself too


def test_stages_handed_on_do_not_read_the_book_again() -> None:
    stages = rl.Stages()
    for ratio in (0.4, 0.5):
        found = sweep("demo", {"facility.cerf.ratio": [ratio]}, measures=["margin"], quarters="last", stages=stages)
    assert found.work["block"] == (0, 3) and [key[0] for key in found.keys] == ["2026Q4"] * 4


def test_the_table_of_the_scenario_file_is_swept_where_no_values_are_given(tmp_path: Path) -> None:
    file = Path(str(rl.load_scenario("demo").path)).read_text(encoding="utf-8")
    (tmp_path / "s.toml").write_text(file + '\n[sweep]\nfacility.cerf.ratio = [0.4, 0.6]\n"market.own_rate" = [0.02]\n')
    (tmp_path / "demo.xlsx").write_bytes(rl.load_scenario("demo").book[0].read_bytes())
    found = sweep(tmp_path / "s.toml", measures=["drawn"])
    assert found.grid.axes == (
        ("facility.cerf.ratio", (Decimal("0.4"), Decimal("0.6"))),
        ("market.own_rate", (Decimal("0.02"),)),
    )


def test_a_past_that_comes_out_otherwise_is_said(tmp_path: Path) -> None:
    axes = {"facility.cerf.ratio": [0.6, 0.4]}
    found = sweep("outlook/baseline", axes, measures=["drawn"], quarters="last")
    row = found.said.frame().iloc[0]
    assert found.said.codes() == {"history_differs": 1} and row["file"] == "baseline#2"
    balance = rl.run("outlook/baseline").funding
    first = balance[balance["quarter"] == "2026Q1"]["balance"].sum()
    assert row["expected"] == f"baseline 2026Q1: {first:,.2f}"
    assert not sweep("outlook/baseline", axes, measures=["drawn"], since="2027-01-01").said
    assert not sweep("outlook/baseline", {"market.own_rate": [0.01, 0.02]}, measures=["own_rate"]).said


def test_values_from_a_day_on_leave_what_was_before_it(tmp_path: Path) -> None:
    whole = sweep("outlook/baseline", {"facility.cerf.ratio": [0.4, 0.6, 0.8]}, measures=["drawn"])
    later = sweep("outlook/baseline", {"facility.cerf.ratio": [0.4, 0.6, 0.8]}, measures=["drawn"], since="2027-01-01")
    before = [i for i, key in enumerate(later.keys) if key[0] < "2027Q1"]
    drawn = later.values["drawn"]
    assert (drawn[:, before] == drawn[1, before]).all() and not (drawn == drawn[1]).all()
    assert not (whole.values["drawn"][:, before] == whole.values["drawn"][1, before]).all()
    run = rl.run(
        rl.load_scenario(
            "outlook/baseline",
            ["facility.cerf.ratio=[{ from = 2021-11-08, value = 0.6 }, { from = 2027-01-01, value = 0.4 }]"],
        )
    )
    assert (panel(run.tables, later.measures).values["drawn"] == drawn[0]).all()
    assert set(later.scenarios["since"]) == {"2027-01-01"}


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("market.own_rate", [0.01, 0.02]),
        ("market.lpr_shift_bp", [0, -50]),
        ("facility.cerf.rate", [0.01, 0.0125]),
        ("facility.cerf.rollovers", [0, 2]),
        ("facility.cerf.rollover_base", ["original", "outstanding"]),
        ("facility.cerf.evidence_required", [True, False]),
    ],
)
def test_rates_counts_words_and_flags_may_count_from_a_day_on(key: str, values: list[Any]) -> None:
    found = sweep("outlook/baseline", {key: values}, measures=["facility_balance", "own_rate"], since="2028-01-01")
    before = [i for i, q in enumerate(found.keys) if q[0] < "2028Q1"]
    assert all((v[0, before] == v[1, before]).all() for v in found.values.values())


def test_what_has_no_dates_cannot_count_from_a_day_on() -> None:
    with pytest.raises(rl.InputError) as stop:
        sweep("demo", {"facility.cerf.quota": [1e9, 2e9], "disclosure.rate_basis": ["issue"]}, since="2024-01-01")
    assert codes(stop) == {"sweep_no_dates"}


def test_the_day_of_the_table_counts_for_its_values_alone(tmp_path: Path) -> None:
    file = Path(str(rl.load_scenario("demo").path)).read_text(encoding="utf-8")
    (tmp_path / "s.toml").write_text(
        file + "\n[sweep]\nfrom = 2025-01-01\nmarket.own_rate = [0.01, 0.02]\n", encoding="utf-8"
    )
    (tmp_path / "demo.xlsx").write_bytes(rl.load_scenario("demo").book[0].read_bytes())
    assert str(sweep(tmp_path / "s.toml", measures=["drawn"]).since) == "2025-01-01"
    assert sweep(tmp_path / "s.toml", {"market.own_rate": [0.01]}, measures=["drawn"]).since is None


def test_headlines_weigh_rates_by_the_loans_they_are_of(swept: rl.Sweep) -> None:
    found = swept.headlines()
    assert list(found) == [
        ("facility_balance", "2026Q4"),
        ("blended_cost", "all"),
        ("margin", "all"),
        ("interest_saved", "all"),
        ("net_interest", "all"),
    ]
    run = rl.run(rl.load_scenario("demo", ["facility.cerf.ratio=0.4", "market.own_rate=0.015"]))
    cost = run.cost.dropna(subset=["blended_cost"])
    expected = (cost["blended_cost"] * cost["loans_outstanding"]).sum() / cost["loans_outstanding"].sum()
    assert found["blended_cost", "all"][0] == pytest.approx(float(expected), rel=1e-12)
    assert found["interest_saved", "all"][0] == pytest.approx(float(run.cost["interest_saved"].sum()), abs=0.005)


def test_floats_count_as_their_fifteen_digits() -> None:
    assert make_grid({"facility.cerf.ratio": np.arange(0.1, 0.35, 0.1)}).axes[0][1] == (
        Decimal("0.1"),
        Decimal("0.2"),
        Decimal("0.3"),
    )


def codes(stop: pytest.ExceptionInfo[rl.InputError]) -> set[str]:
    return set(stop.value.findings.codes())


def test_all_that_is_wrong_with_keys_and_values_is_said_at_once() -> None:
    with pytest.raises(rl.InputError) as stop:
        sweep(
            "demo",
            {
                "facility.cerf.ratoi": [0.4, 0.6],
                "facility.cerf.ratio": [0.4, "abc", 2],
                "disclosure.projects": [1, 2],
                "facility.small_business.ratio": [0.1, 0.2],
            },
        )
    assert codes(stop) == {"scenario_unknown_key", "scenario_wrong_type", "scenario_bad_value", "sweep_not_read"}
    frame = stop.value.findings.frame()
    nearest = dict(zip(frame["column"], frame["expected"], strict=True))
    assert nearest["facility.cerf.ratoi"].startswith("nearest: ratio")
    assert nearest["facility.small_business.ratio"] == "nearest: facility.cerf.ratio"
    assert nearest["disclosure.projects"] == "nearest: disclosure.rate_basis"


def test_a_key_whose_effect_others_take_away_is_warned_of_and_one_with_an_effect_is_not() -> None:
    rationing = {"facility.cerf.rationing": ["pro_rata", "fifo"]}
    alone = sweep("demo", rationing, measures=["drawn"])
    assert alone.said.codes() == {"sweep_without_effect": 1}
    with_quota = sweep("demo", {**rationing, "facility.cerf.quota": [1e9, 9e12]}, measures=["drawn"])
    assert "sweep_without_effect" not in with_quota.said.codes()


@pytest.mark.parametrize(
    ("key", "values", "measure"),
    [
        ("facility.cerf.rate", [0.01, 0.0125], "facility_rate"),
        ("facility.cerf.rollover_rate", ["original", "prevailing"], "facility_rate"),
        ("facility.cerf.ratio", [0.4, 0.6], "drawn"),
        ("facility.cerf.tolerance", [0, 0.01], "loans_outstanding"),
        ("facility.cerf.rollovers", [0, 1], "facility_balance"),
        ("market.own_rate", [0.01, 0.02], "own_rate"),
        ("disclosure.rate_basis", ["issue", "current"], "issued_rate"),
        ("facility.cerf.quota", [1e9, 9e12], "issued"),
    ],
)
def test_a_key_that_moves_a_figure_is_never_said_to_have_no_effect(key: str, values: list[Any], measure: str) -> None:
    found = sweep("demo", {key: values}, measures=[measure])
    moved = (found.values[measure][0] != found.values[measure][1]).any()
    assert moved or key == "disclosure.rate_basis"  # the demo's loans have no other current rate
    assert "sweep_without_effect" not in found.said.codes()


@pytest.mark.parametrize("values", [[], "0.4", {"a": 1}, 0.4])
def test_values_are_a_list_of_at_least_one(values: Any) -> None:
    with pytest.raises(rl.InputError) as stop:
        make_grid({"facility.cerf.ratio": values})
    assert codes(stop) == {"sweep_values"}


def test_two_spellings_of_a_key_or_a_key_and_its_table_are_refused() -> None:
    for other in ('facility."cerf".ratio', " facility.cerf.ratio", "facility.cerf"):
        with pytest.raises(rl.InputError) as stop:
            make_grid({"facility.cerf.ratio": [0.4], other: [0.6]})
        assert codes(stop) == {"sweep_value_twice"}


def test_facilities_in_another_order_are_the_same_rows() -> None:
    order = [["cerf", "clean_coal"], ["clean_coal", "cerf"]]
    found = sweep("demo", {"scenario.facilities": order}, measures=["facility_balance"])
    assert (found.values["facility_balance"][0] == found.values["facility_balance"][1]).all()


def test_a_value_twice_and_no_key_at_all_are_refused() -> None:
    with pytest.raises(rl.InputError) as stop:
        make_grid({"facility.cerf.ratio": [0.6, Decimal("0.60")]})
    assert codes(stop) == {"sweep_value_twice"}
    with pytest.raises(rl.InputError) as stop:
        make_grid({})
    assert codes(stop) == {"sweep_empty"}


@pytest.mark.parametrize(
    "text", ["a=1:0:0.1", "a=0:1:0", "a=0:x:1", "a=", "a", "=1", "a=[1", "a=0:1:0.000001", "a=nan:1:1"]
)
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(rl.InputError) as stop:
        parse_axes([text])
    assert codes(stop) == {"sweep_values"}


def test_a_range_ends_where_whole_steps_lead_to() -> None:
    assert parse_axes(["a=0.1:0.35:0.1"]) == {"a": [Decimal("0.1"), Decimal("0.2"), Decimal("0.3")]}
    assert parse_axes(["a=50:-50:-50", "b=true,2024-01-01"])["a"] == [50, 0, -50]


def test_a_million_scenarios_are_run_only_if_that_is_meant() -> None:
    ratios = [i / 1000 for i in range(1000)]
    with pytest.raises(LargeSweepError) as large:
        sweep("demo", {"facility.cerf.ratio": ratios, "market.own_rate": [r / 100 for r in ratios]})
    assert (large.value.cells, large.value.rows) == (1_000_000, None)


def test_a_sweep_whose_figures_memory_does_not_hold_says_what_to_leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relending.study.sweep.MOST_BYTES", 120 * 2 * 88 - 1)
    with pytest.raises(rl.InputError) as stop:
        sweep("demo", {"facility.cerf.ratio": [0.4, 0.6]}, measures=["drawn"], yes=True)
    assert codes(stop) == {"sweep_too_large"}


def run(*words: str) -> Any:
    return CliRunner().invoke(main, ["sweep", *words])


def test_the_verb_says_how_large_a_sweep_is_and_asks_to_mean_it(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    said = run(
        "demo", "--vary", "facility.cerf.ratio=0.0001:1:0.0001", "--vary", "market.own_rate=0:0.1:0.001", "--out", out
    )
    assert said.exit_code == 2 and "1,010,000 scenarios" in said.output and "--yes" in said.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx", "dta"])
def test_files_hold_every_figure_and_are_the_same_on_repeat(tmp_path: Path, swept: rl.Sweep, kind: str) -> None:
    both = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        both.append(save(swept, tmp_path / name, kind, "zh"))
    assert [a.read_bytes() for a in both[0]] == [b.read_bytes() for b in both[1]]
    expected = swept.frame
    if kind == "xlsx":
        book = load_workbook(both[0][0], read_only=True)
        shown = [m for m in swept.measures if swept.known[m.name].any()]
        assert book.sheetnames == ["总览", "情景", *(m.zh for m in shown)] and len(shown) < len(swept.measures)
        rows = list(book["节约利息支出"].iter_rows(values_only=True))
        assert len(rows) == 2 + 12 * 4 and "元" in str(rows[0][0])
        some = expected[(expected["measure"] == "interest_saved") & (expected["scenario"] == "demo#01")]
        mine = some[(some["lender"] == "demo") & (some["facility"] == "cerf")]
        assert list(rows[2][6:]) == mine["value"].tolist()
        first = list(book["总览"].iter_rows(values_only=True))
        assert [row[0] for row in first[3:15]] == swept.names
        assert "质押品占用成本" in str(first[-1][0])  # said, not left out in silence
        return
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet, "dta": pd.read_stata}[kind]
    found = read(both[0][0])
    assert len(found) == len(expected)
    assert np.array_equal(found["value"].to_numpy(float), expected["value"].to_numpy(float), equal_nan=True)
    assert len(read(both[0][1])) == 12


def test_the_verb_writes_and_tells_and_writes_over_nothing_unasked(tmp_path: Path) -> None:
    words = [
        "demo",
        "--vary",
        "facility.cerf.ratio=0.4,0.6",
        "--measure",
        "interest_saved",
        "--out",
        str(tmp_path / "s"),
    ]
    first = run(*words)
    assert first.exit_code == 0, first.output
    assert "3,921,250.00" not in first.output and "interest saved, whole run (yuan)" in first.output
    assert sorted(p.name for p in (tmp_path / "s").iterdir()) == ["scenarios.csv", "sweep.csv"]
    again = run(*words)
    assert again.exit_code == 2 and "left as it is" in again.output
    assert run(*words, "--force", "--lang", "zh").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--vary", "facility.cerf.ratio=abc,0.4"], 1, "scenario_wrong_type"),
        (["--vary", "facility.cerf.rtio=0.3,0.4"], 1, "nearest: ratio"),
        (["--measure", "margn", "--vary", "facility.cerf.ratio=0.3,0.4"], 1, "nearest: margin"),
        (["--quarters", "2031Q1", "--vary", "facility.cerf.ratio=0.3,0.4"], 1, "sweep_quarter"),
        ([], 1, "sweep_empty"),
    ],
)
def test_bad_input_is_told_in_words_and_leaves_nothing(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    out = run("demo", *words, "--out", str(tmp_path / "s"))
    assert out.exit_code == code and said in out.output and "Traceback" not in out.output
    assert not (tmp_path / "s").exists()
