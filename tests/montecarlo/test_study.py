"""A study as its user sees it: summary, standard errors, convergence, files, the verb, and what it refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import relending as rl
from relending.cli import main
from relending.engine.convert import plain_name
from relending.findings import InputError
from relending.study.measures import measures
from relending.study.montecarlo import paths
from relending.study.montecarlo.exact import MISSING
from relending.study.montecarlo.measures import MEASURES
from relending.study.montecarlo.summary import Series, convergence, moments, statistics
from relending.units import divide
from tests.montecarlo.shared import planned, typed

OWN = {"monte_carlo.own_rate.volatility": 0.004, "monte_carlo.from": "2025-01-01", "monte_carlo.seed": 5}
FUTURE = {
    **OWN,
    "scenario.end": "2027-12-31",
    "monte_carlo.rollover.refusal": 0.1,
    "monte_carlo.prepayment.rate": 0.05,
}


def study(name: str | Path = "demo", n: int = 400, **more: Any) -> rl.MonteCarlo:
    return rl.monte_carlo(name, n, overrides=typed({**FUTURE, **more}))


@pytest.fixture(scope="module")
def done() -> rl.MonteCarlo:
    return study()


def of(frame: pd.DataFrame, quarter: str, measure: str) -> dict[str, float]:
    mine = frame[(frame["quarter"] == quarter) & (frame["lender"] == "demo") & (frame["facility"] == "cerf")]
    mine = mine[mine["measure"] == measure]
    return dict(zip(mine["statistic"], mine["value"], strict=True))


def test_the_summary_is_of_the_draws(done: rl.MonteCarlo) -> None:
    for measure in MEASURES:
        drawn = done.draws(measure, "demo", "cerf")["2026Q2"].to_numpy()
        told = of(done.summary, "2026Q2", measure)
        assert told["paths"] == np.isfinite(drawn).sum() == 400
        assert told["mean"] == pytest.approx(drawn.mean(), rel=1e-12)
        assert told["standard_deviation"] == pytest.approx(drawn.std(ddof=1), rel=1e-9, abs=1e-12)
        assert told["standard_error"] == pytest.approx(told["standard_deviation"] / 20, rel=1e-12)
        assert (told["minimum"], told["maximum"]) == (drawn.min(), drawn.max())
        assert told["q0.05"] == np.sort(drawn)[19] and told["q0.5"] == np.sort(drawn)[199]


def test_the_central_figures_are_those_of_the_run(done: rl.MonteCarlo) -> None:
    run = rl.run(rl.load_scenario("demo", typed({"scenario.end": "2027-12-31"})))
    for measure in MEASURES:
        known = measures()[measure]
        frame = (run.funding if known.table == "funding" else run.cost).rename(
            columns={plain_name(known.column)[0]: measure}
        )
        told = done.summary[(done.summary["measure"] == measure) & (done.summary["statistic"] == "central")]
        told = told[(told["quarter"] != "total") & (told["lender"] != "all")]
        key = ["quarter", "lender", "facility"]
        both = told.merge(frame[[*key, measure]], on=key, validate="one_to_one")
        assert len(both) == len(frame)
        np.testing.assert_array_equal(both["value"], both[measure].astype(float))
    saved = of(done.summary, "total", "interest_saved")
    mine = run.cost[(run.cost["lender"] == "demo") & (run.cost["facility"] == "cerf")]
    assert saved["central"] == pytest.approx(mine["interest_saved"].sum(), abs=0.005)


def test_quarters_before_the_first_random_one_are_the_run(done: rl.MonteCarlo) -> None:
    before = of(done.summary, "2024Q4", "margin")
    assert before["mean"] == before["central"] == before["q0.95"] and before["standard_deviation"] == 0
    assert done.random_quarters[0] == "2025Q1" and done.quarters[0] == "2021Q3"


def test_the_same_seed_gives_the_same_and_another_another(done: rl.MonteCarlo) -> None:
    again, other = study(), study(**{"monte_carlo.seed": 6})
    pd.testing.assert_frame_equal(again.summary, done.summary, check_exact=True)
    assert all((again.figures[k] == done.figures[k]).all() for k in done.figures)
    assert (other.figures["demo", "cerf", "margin"] != done.figures["demo", "cerf", "margin"]).any()


def test_batches_of_paths_change_nothing(done: rl.MonteCarlo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "BATCH_BYTES", 2**20)
    small = study()
    assert all((small.figures[k] == done.figures[k]).all() for k in done.figures)


def test_opposite_pairs_make_a_monotone_measure_far_more_certain() -> None:
    one = {"monte_carlo.own_rate.volatility": 0.002, "monte_carlo.from": "2025-01-01"}
    alone = rl.monte_carlo("demo", 2000, overrides=typed(one))
    pairs = rl.monte_carlo("demo", 2000, antithetic=True, overrides=typed(one))
    a, b = (of(s.summary, "2026Q4", "margin")["standard_error"] for s in (alone, pairs))
    assert b < a / math.sqrt(2) / 5, "the variance is less than half: nearly linear, so next to nothing is left"
    assert of(pairs.summary, "2026Q4", "margin")["mean"] == pytest.approx(
        of(pairs.summary, "2026Q4", "margin")["central"], abs=1e-6
    )


def test_the_error_of_pairs_is_that_of_their_means() -> None:
    figures = np.array([1, 5, 2, 6, 9, 1, 4, 4])
    means = np.array([3, 4, 5, 4])
    assert moments(figures, True).error == pytest.approx(means.std(ddof=1) / 2)
    assert moments(figures, False).error == pytest.approx(figures.std(ddof=1) / math.sqrt(8))
    # a path without a figure takes its pair out of the error, not out of the mean
    some = np.array([1, 5, MISSING, 6, 9, 1, 4, 4])
    assert moments(some, True).paths == 7 and moments(some, True).mean == pytest.approx(30 / 7)
    assert moments(some, True).error == pytest.approx(np.array([3, 5, 4]).std(ddof=1) / math.sqrt(3))


def test_sums_beyond_int64_are_exact() -> None:
    figures = np.array([2**62, 2**62, 2**62 - 3, 2**62 - 3])
    m = moments(figures, False)
    assert m.mean == float(2**62 - 1) and m.deviation == pytest.approx(math.sqrt(3))


def test_one_path_or_one_pair_has_no_dispersion_and_is_not_precise() -> None:
    for n, pairs in ((1, False), (2, True)):
        one = rl.monte_carlo("demo", n, antithetic=pairs, overrides=typed(FUTURE))
        some = one.summary[one.summary["quarter"].isin(one.random_quarters) | (one.summary["quarter"] == "total")]
        spread = some[some["statistic"].isin(["standard_deviation", "standard_error"])]
        assert len(spread) > 100 and spread["value"].isna().all()
        assert some.loc[some["statistic"] == "mean", "value"].notna().any()
        assert not any(one.precise().values()) and one.convergence["relative_error"].isna().all()
        # what came before is known
        before = of(one.summary, "2024Q4", "margin")
        assert before["standard_deviation"] == before["standard_error"] == 0


def test_a_figure_that_is_the_same_on_several_paths_is_precise() -> None:
    for value in (7, 0):
        same = Series("2027Q1", "a", "f", "margin", np.full(4, value), value)
        assert [(m.error, fine) for _, m, fine in convergence(same, True, 0.01)] == [(0.0, True)]
        assert [(m.deviation, fine) for _, m, fine in convergence(same, False, 0.01)] == [(0.0, True)]


def test_the_whole_of_a_path_is_its_parts_added_or_weighted(done: rl.MonteCarlo) -> None:
    places = list(dict.fromkeys((a, b) for a, b, _ in done.figures if a != "all"))
    assert len(places) > 2 and {m for a, _, m in done.figures if a == "all"} == set(MEASURES) - {
        *("own_rate", "subsidy_per_tonne")
    }
    for n, path in ((0, 0), (5, 17), (11, 399)):
        at = {key: int(rows[n, path]) for key, rows in done.figures.items()}
        for measure, over in (
            ("interest_saved", ""),
            ("facility_rate", "facility_balance"),
            ("margin", "loans_outstanding"),
        ):
            parts = [(at[*p, measure], at[*p, over] if over else 1) for p in places]
            if over:
                top, bottom = sum(v * w for v, w in parts if w), sum(w for _, w in parts)
                assert bottom and at["all", "all", measure] == divide(top, bottom, "half_even")
            else:
                assert at["all", "all", measure] == sum(v for v, _ in parts)
    told = done.summary.set_index(["lender", "quarter", "measure", "statistic"])["value"]
    saved = done.draws("interest_saved", "all", "all").sum(axis=1)
    before = told["all"].loc[list(set(done.quarters) - set(done.random_quarters))]
    fixed = sum(before.xs("interest_saved", level="measure").xs("central", level="statistic"))
    assert told["all", "total", "interest_saved", "mean"] == pytest.approx(saved.mean() + fixed)
    with pytest.raises(ValueError, match="own_rate of several lenders or facilities has no whole"):
        done.draws("own_rate", "all", "all")


def test_one_lender_and_facility_has_no_row_of_all(tmp_path: Path) -> None:
    path = planned(tmp_path, "2025Q1,wind,120000000,0.035,,60,bullet,1,2.5,0.5", end="2025-12-31")
    one = rl.monte_carlo(path, 10, overrides=typed(OWN))
    assert set(one.summary["lender"]) == {"icbc"} and len(one.draws("margin")) == 10


def test_below_zero_is_the_share_of_paths(done: rl.MonteCarlo) -> None:
    """An own rate of 2 % that moves by 2 points a year falls below the facility's on many paths."""
    wide = study(n=200, **{"monte_carlo.own_rate.volatility": 0.02})
    told = of(wide.summary, "2027Q4", "margin")
    drawn = wide.draws("margin", "demo", "cerf")["2027Q4"]
    assert 0 < told["below_zero"] == (drawn < 0).mean() < 1
    whole = wide.summary[(wide.summary["lender"] == "all") & (wide.summary["statistic"] == "below_zero")]
    assert set(whole["measure"]) == {"facility_interest", "interest_saved", "margin"}
    saved = whole[(whole["measure"] == "interest_saved") & (whole["quarter"] == "2027Q4")]["value"].item()
    assert saved == (wide.draws("interest_saved", "all", "all")["2027Q4"] < 0).mean() > 0
    assert "below_zero" not in of(done.summary, "2027Q4", "facility_balance")


def test_convergence_is_of_the_first_paths_and_says_whether_they_are_enough() -> None:
    figures = np.array([100, 102] * 300)
    one = Series("2027Q1", "a", "f", "margin", figures, 101)
    told = list(convergence(one, False, 0.0005))
    assert [n for n, _, _ in told] == [100, 200, 500, 600]
    assert [fine for _, _, fine in told] == [False, False, True, True]
    empty = Series("2027Q1", "a", "f", "margin", np.full(5, MISSING), None)
    assert statistics(empty, [500_000], False)["q0.5"] is None


def test_the_frames_of_a_study_are_tidy(done: rl.MonteCarlo) -> None:
    assert list(done.summary.columns) == [
        *("scenario", "quarter", "lender", "facility", "measure", "unit", "statistic", "value")
    ]
    key = ["quarter", "lender", "facility", "measure", "statistic"]
    assert not done.summary.duplicated(key).any()
    last = done.convergence[done.convergence["paths"] == 400]
    assert set(last["measure"]) == set(done.precise()) and last["standard_error"].notna().all()
    assert done.metadata["model"]["seed"] == 5 and done.metadata["scenario"] == "demo"
    assert json.loads(json.dumps(done.metadata))["version"] == rl.__version__
    with pytest.raises(ValueError, match="no measure named 'x'"):
        done.draws("x")
    with pytest.raises(ValueError, match="one lender and facility"):
        done.draws("margin")


def refused(name: str | Path = "demo", n: Any = None, seed: Any = None, pairs: Any = None, **given: Any) -> list[Any]:
    with pytest.raises(InputError) as stop:
        rl.monte_carlo(name, n, seed, antithetic=pairs, overrides=typed({**OWN, **given}))
    rows = stop.value.findings.frame()
    return list(zip(rows["code"], rows["column"], rows["found"], strict=True))


def test_bad_numbers_are_findings() -> None:
    assert refused(n=0) == [("scenario_bad_value", "monte_carlo.paths", "0")]
    assert refused(n=-5, seed=-1) == [
        ("scenario_bad_value", "monte_carlo.paths", "-5"),
        ("scenario_bad_value", "monte_carlo.seed", "-1"),
    ]
    assert refused(n="many") == [("scenario_wrong_type", "monte_carlo.paths", "many")]
    assert refused(n=10**9) == [("scenario_bad_value", "monte_carlo.paths", "1000000000")]
    assert refused(n=True) == [("scenario_wrong_type", "monte_carlo.paths", "True")]
    assert refused(n=7, pairs=True) == [("scenario_bad_value", "monte_carlo.paths", "7")]
    assert refused(**{"monte_carlo.from": "2040-01-01"})[0][:2] == ("monte_carlo_no_quarter", "monte_carlo.from")
    many = {"monte_carlo.lpr.model": "bootstrap", "monte_carlo.lpr.block_months": 60, "monte_carlo.from": "2022-01-01"}
    assert refused(**many)[0][:2] == ("scenario_bad_value", "monte_carlo.lpr.block_months")


def test_a_scenario_without_any_source_says_so() -> None:
    with pytest.raises(InputError) as stop:
        rl.monte_carlo("demo", overrides={"monte_carlo.paths": 10})
    assert list(stop.value.findings.codes()) == ["monte_carlo_no_source"]
    with pytest.raises(InputError) as stop:
        rl.monte_carlo("demo")
    assert list(stop.value.findings.codes()) == ["monte_carlo_no_source"]


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("monte_carlo.own_rate.volatilty", 0.004, "scenario_unknown_key"),
        ("monte_carlo.own_rate.volatility", "a", "scenario_wrong_type"),
        ("monte_carlo.own_rate.volatility", 0.5, "scenario_bad_value"),
        ("monte_carlo.own_rate.volatility", 1e-9, "scenario_bad_value"),
        ("monte_carlo.rollover.refusal", 1.5, "scenario_bad_value"),
        ("monte_carlo.rollover.common", 1, "scenario_wrong_type"),
        ("monte_carlo.lpr.model", "walk", "scenario_bad_value"),
        ("monte_carlo.lpr.block_months", 3, "scenario_bad_value"),
        ("monte_carlo.quantiles", [], "scenario_bad_value"),
        ("monte_carlo.quantiles", [0.5, 2], "scenario_bad_value"),
        ("monte_carlo.paths", 2.5, "scenario_wrong_type"),
        ("monte_carlo.seed", 2**40, "scenario_bad_value"),
        ("monte_carlo.plan", 3, "scenario_wrong_type"),
    ],
)
def test_the_table_is_checked_key_by_key(key: str, value: Any, code: str) -> None:
    with pytest.raises(InputError) as stop:
        rl.load_scenario("demo", {key: value})
    assert list(stop.value.findings.codes()) == [code]
    assert key.split(".")[1] in stop.value.findings.frame()["column"].iloc[0]


def test_a_quota_that_cuts_in_a_way_cohorts_cannot_follow_stops_the_study(tmp_path: Path) -> None:
    rows = ("2025Q1,wind,120000000,0.035,,60,bullet,4,2.5,0.5", "2026Q1,wind,80000000,0.03,,84,bullet,2,2.5,0.5")
    moved = {"monte_carlo.plan.volatility": 0.3, "monte_carlo.paths": 50}
    path = planned(tmp_path, *rows)
    for more in (
        {"facility.cerf.quota": 130e6, "facility.cerf.rationing": "fifo"},
        {"facility.cerf.quota": 130e6, "facility.cerf.carry_over": True},
        {"facility.cerf.quota": 50e6},
    ):
        assert refused(path, **moved, **more)[0][:2] == ("monte_carlo_quota", "facility.cerf.quota")
    counted = {"facility.cerf.quota": {"flow": 1e12}, "facility.cerf.quota_counts_rollovers": True}
    assert refused(path, **moved, **counted)[0][1] == "facility.cerf.quota_counts_rollovers"
    assert rl.monte_carlo(path, overrides=typed({**OWN, **moved, "facility.cerf.quota": 130e6})).summary is not None
    # a quota that no path reaches stops nothing, however loans would be served
    wide = {"facility.cerf.quota": 1e12, "facility.cerf.rationing": "fifo", "facility.cerf.carry_over": True}
    assert rl.monte_carlo(path, overrides=typed({**OWN, **moved, **wide})).summary is not None


# -- the verb ------------------------------------------------------------------------------------------------------


def verb(out: Path, *words: str) -> Result:
    sets = ["monte_carlo.own_rate.volatility=0.004", "monte_carlo.rollover.refusal=0.1", "monte_carlo.from=2026-01-01"]
    given = [word for one in sets for word in ("--set", one)]
    return CliRunner().invoke(main, ["monte-carlo", "demo", "--out", str(out), "--paths", "200", *given, *words])


def test_the_verb_writes_the_tables_and_tells_the_headlines_in_both_languages(tmp_path: Path) -> None:
    said = verb(tmp_path / "en", "--antithetic", "--draws", "margin")
    assert said.exit_code == 0, said.output
    assert "200 paths, seed 1, 2026Q1 to 2026Q4 random, antithetic pairs" in said.output and "q0.95" in said.output
    names = {"summary.csv", "convergence.csv", "draws-margin.csv", "study.json"}
    assert {p.name for p in (tmp_path / "en").iterdir()} == names
    frame = pd.read_csv(tmp_path / "en" / "summary.csv")
    assert set(frame["measure"]) == set(MEASURES) and frame["scenario"].eq("demo").all()
    zh = verb(tmp_path / "zh", "--lang", "zh", "--format", "parquet")
    assert zh.exit_code == 0 and "综合资金成本" in zh.output and "条路径" in zh.output
    assert len(pd.read_parquet(tmp_path / "zh" / "summary.parquet")) == len(frame)


def test_the_screen_tells_the_whole_first_the_dispersion_and_why_means_are_off(tmp_path: Path) -> None:
    said = verb(tmp_path / "a", "--set", "monte_carlo.rollover.refusal=0.5").output
    lines = said.splitlines()
    heads = [line for line in lines if "std. dev." in line]
    assert len(heads) > 1 and all("below 0" in line and "std. error" not in line for line in heads)
    first = lines.index("All lenders and facilities")
    assert first < lines.index("demo cerf")
    assert "Refused rollovers and early repayment only lower balances." in said and "facility balance, interest" in said
    frame = pd.read_csv(tmp_path / "a" / "summary.csv")
    row = next(line for line in lines[first:] if line.strip().startswith("margin, %")).split()
    mine = frame[(frame["lender"] == "all") & (frame["measure"] == "margin") & (frame["quarter"] == row[-1])]
    told = dict(zip(mine["statistic"], mine["value"], strict=True))
    assert row[2:5] == [f"{told[n] * 100:.4f}" for n in ("central", "mean", "standard_deviation")]
    alone = verb(tmp_path / "b", "--paths", "1").output
    assert "One path" in alone and "Standard error" not in alone and "3 standard errors" not in alone


def test_rates_are_told_of_a_quarter_in_which_something_is_held() -> None:
    some = study(
        n=20, **{"scenario.end": "2031-12-31", "facility.cerf.window": {"first": "2021-07-01", "last": "2025-12-31"}}
    )
    rates = some.convergence[(some.convergence["measure"] == "margin") & (some.convergence["facility"] == "cerf")]
    assert (rates["quarter"] != some.random_quarters[-1]).any()
    for lender, quarter in zip(rates["lender"], rates["quarter"], strict=True):
        mine = some.summary[(some.summary["lender"] == lender) & (some.summary["facility"] == "cerf")]
        mine = mine[(mine["measure"] == "facility_balance") & (mine["statistic"] == "central")]
        held = dict(zip(mine["quarter"], mine["value"], strict=True))
        random = [held[q] for q in some.random_quarters]
        later = [x for q, x in held.items() if q > quarter]
        if max(random):
            assert held[quarter] * 10 >= max(random) and all(x * 10 < max(random) for x in later)


@pytest.mark.parametrize(("lang", "words"), [("en", "'ten' is no whole number"), ("zh", "'ten' 不是整数")])
def test_a_number_in_letters_is_told_in_words(tmp_path: Path, lang: str, words: str) -> None:
    said = verb(tmp_path / "out", "--paths", "ten", "--lang", lang)
    assert said.exit_code == 2 and words in said.output and "range" not in said.output


def test_the_same_study_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert verb(tmp_path / name, "--quiet").exit_code == 0
    for file in ("summary.csv", "convergence.csv", "study.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    text = (tmp_path / "a" / "study.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text and '"sha256"' in text


def test_files_that_are_there_are_left_alone(tmp_path: Path) -> None:
    assert verb(tmp_path, "--quiet").exit_code == 0
    before = (tmp_path / "summary.csv").read_bytes()
    said = verb(tmp_path, "--seed", "9")
    assert said.exit_code == 2 and "--force" in said.output and (tmp_path / "summary.csv").read_bytes() == before
    assert verb(tmp_path, "--seed", "9", "--force", "--quiet").exit_code == 0
    assert (tmp_path / "summary.csv").read_bytes() != before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--paths", "0"), 2),
        (("--paths", "x"), 2),
        (("--seed", "-1"), 2),
        (("--format", "doc"), 2),
        (("--draws", "profit"), 2),
        (("--paths", "999999999"), 1),
        (("--paths", "7", "--antithetic"), 1),
        (("--set", "monte_carlo.from=2050-01-01"), 1),
        (("--set", "monte_carlo.lpr=1"), 1),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_bad_input_is_told_and_leaves_nothing(tmp_path: Path, words: tuple[str, ...], code: int, lang: str) -> None:
    said = verb(tmp_path / "out", *words, "--lang", lang)
    assert said.exit_code == code, said.output
    assert said.exception is None or isinstance(said.exception, SystemExit)
    assert not (tmp_path / "out").exists()


def test_measures_have_the_units_they_have_everywhere() -> None:
    assert {name: unit for name, (_, unit) in MEASURES.items()} == {name: measures()[name].unit for name in MEASURES}


def test_a_name_that_is_a_formula_stays_a_text(tmp_path: Path) -> None:
    path = planned(tmp_path, "2025Q1,wind,120000000,0.035,,60,bullet,1,2.5,0.5", end="2025-12-31")
    text = path.read_text(encoding="utf-8").replace('name = "s"', 'name = "=1+1"')
    path.write_text(text, encoding="utf-8")
    moves = ("--set", "monte_carlo.own_rate.volatility=0.01", "--set", "monte_carlo.from=2025-01-01")
    words = ["monte-carlo", str(path), "--out", str(tmp_path / "o"), "--paths", "10", "--quiet", *moves]
    said = CliRunner().invoke(main, words)
    assert said.exit_code == 0, said.output
    lines = (tmp_path / "o" / "summary.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[1].startswith("'=1+1,")


def test_a_run_is_the_central_path_and_says_so() -> None:
    plain = rl.run("demo")
    with_table = rl.run(rl.load_scenario("demo", typed(OWN)))
    assert with_table.all_findings.codes()["monte_carlo_not_run"] == 1
    assert with_table.manifest["scenario"] == plain.manifest["scenario"]
    pd.testing.assert_frame_equal(with_table.cost, plain.cost)
