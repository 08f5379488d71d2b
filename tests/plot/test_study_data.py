"""What pictures of studies are drawn from is what the studies' own tables and objects say, in every format."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import relending as rl
from relending.report.study_pictures import PictureError, StudyFolderError
from relending.report.study_pictures.compared_source import compared_of, falls, lines, open_compared
from relending.report.study_pictures.fan_source import fan, fans_of, open_fans, places_wanted
from relending.report.study_pictures.figures import Place, moment
from relending.report.study_pictures.study import open_studies
from relending.report.study_pictures.sweep_source import Swept, open_swept, sheets, swept_of
from relending.study.measures import FLOW, measures
from relending.study.own import own_from_text, own_text, own_values
from relending.study.panel import panel
from relending.study.whole import ALL, MEAN, figures_of, with_weights

M = measures()
FORMATS = ("csv", "parquet", "xlsx", "dta")


MOMENTS = ("blended_cost", "facility_balance", "interest_saved", "own_rate")


def test_a_cell_of_a_sweep_is_the_run_of_its_scenario(swept: rl.Sweep) -> None:
    run = rl.run(rl.load_scenario("demo", ["facility.cerf.ratio=0.4", "market.own_rate=0.03"]))
    cost = run.cost
    source = swept_of(swept)
    assert [a.values for a in source.axes] == [(0.4, 0.6, 0.8), (0.02, 0.03)]
    saved = sheets(source, M["interest_saved"], "")[0]
    assert saved.at == ALL
    assert saved.figures[0, 1] == pytest.approx(cost["interest_saved"].sum(), abs=0.005)
    quarter = "2024Q2"
    here = cost[cost["quarter"] == quarter]
    blended = (here["blended_cost"] * here["loans_outstanding"]).sum() / here["loans_outstanding"].sum()
    assert sheets(source, M["blended_cost"], quarter)[0].figures[0, 1] == pytest.approx(blended, abs=2e-8)
    one = here[(here["lender"] == "demo") & (here["facility"] == "cerf")]["margin"].item()
    chosen = sheets(source, M["margin"], quarter, "demo", "cerf")
    assert [s.place for s in chosen] == [Place("demo", "cerf")]
    assert chosen[0].figures[0, 1] == pytest.approx(one, abs=1e-9)


def test_the_wholes_of_a_sweep_are_those_of_a_run(swept: rl.Sweep) -> None:
    run = rl.run(rl.load_scenario("demo", ["market.own_rate=0.02"]))
    source = swept_of(swept)
    every = with_weights(swept.measures)
    found = panel(run.tables, every)
    compared = 0
    for m in swept.measures:
        wholes = figures_of(found, m)
        for at in (*source.quarters[-3:], ALL if m.kind == FLOW else MEAN):
            want = wholes.get((at, ALL, ALL))
            if want is not None:
                assert sheets(source, m, at)[0].figures[1, 0] == want / 10**m.decimals, (m.name, at)
                compared += 1
    assert compared > 40


def test_a_cell_is_marked_only_where_it_is_the_scenario_itself() -> None:
    demo, outlook = rl.load_scenario("demo"), rl.load_scenario("outlook/baseline")
    # the demonstration's own rate changes within its quarters: no one value of it is the scenario
    assert own_values(demo, ["market.own_rate", "facility.cerf.ratio"]) == {"facility.cerf.ratio": Decimal("0.6")}
    keys = ["facility.cerf.rollover_base", "market.lpr_shift_bp", "facility.cerf.quota"]
    assert own_values(outlook, keys) == {"facility.cerf.rollover_base": "original", "market.lpr_shift_bp": 0}
    text = own_text(own_values(outlook, keys))
    assert own_from_text(text, keys) == own_values(outlook, keys)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_saved_sweep_is_the_sweep(kind: str, swept: rl.Sweep, sweep_in: Callable[..., Path]) -> None:
    mine = swept_of(swept)
    found = open_swept(sweep_in(kind))
    assert found.axes == mine.axes and [a.own for a in found.axes] == [0.6, None]
    assert found.scenario == mine.scenario and found.titles == mine.titles and found.quarters == mine.quarters
    for m in mine.measures:
        try:
            want = sheets(mine, m, "")
        except PictureError:
            continue
        got = sheets(found, m, "")
        assert [(s.place, s.at) for s in got] == [(s.place, s.at) for s in want]
        for a, b in zip(got, want, strict=True):
            np.testing.assert_array_equal(a.figures, b.figures)


def test_a_chinese_workbook_of_a_sweep_is_read_too(swept: rl.Sweep, sweep_in: Callable[..., Path]) -> None:
    found, mine = open_swept(sweep_in("xlsx", "zh")), swept_of(swept)
    assert found.axes == mine.axes
    a, b = (sheets(one, M["net_interest"], "")[0].figures for one in (found, mine))
    np.testing.assert_array_equal(a, b)


def test_a_table_of_a_sweep_stands_for_its_folder(sweep_in: Callable[..., Path]) -> None:
    found = open_studies(sweep_in("parquet") / "sweep.parquet")
    assert len(found) == 1 and isinstance(found[0], Swept)


@pytest.mark.parametrize("kind", ("csv", "parquet", "dta"))
def test_lines_and_causes_are_those_of_the_comparison(
    kind: str, compared: rl.Comparison, comparison_in: Callable[..., Path]
) -> None:
    for source in (compared_of(compared), open_compared(comparison_in(kind))):
        assert source.names == compared.names
        for m in compared.measures:
            try:
                found = lines(source, m)
            except PictureError:
                assert not any(panel.known[m.name].any() for panel in compared.panels.values())
                continue
            if not compared.has_whole(m):
                assert all(one.place.lender and one.place.facility for one in found)
                continue
            for name in compared.names:
                want = [compared.whole(name, m, q) for q in compared.quarters]
                got = found[0].figures[name]
                assert [None if np.isnan(v) else round(v * 10**m.decimals) for v in got] == want, (m.name, name)
        saved = falls(source, M["interest_saved"])[0]
        assert saved.at == ALL
        assert saved.base + sum(c.effect for c in saved.causes) == pytest.approx(saved.value, abs=0.001)
        assert saved.value == compared.whole("demo-outstanding", M["interest_saved"], ALL) / 100  # type: ignore[operator]


def test_a_rate_without_its_weights_is_taken_from_the_differences(tmp_path: Path) -> None:
    found = rl.compare("demo", "demo/outstanding", measures=["margin"])
    found.save(tmp_path)
    got = lines(open_compared(tmp_path), M["margin"])[0].figures["demo"]
    want = [found.whole("demo", M["margin"], q) for q in found.quarters]
    assert [None if np.isnan(v) else round(v * 10**8) for v in got] == want
    with pytest.raises(PictureError, match="weighted by loans outstanding"):
        lines(open_compared(tmp_path), M["margin"], lender="demo")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_fan_is_made_of_order_statistics_of_the_paths(
    kind: str, study: rl.MonteCarlo, study_in: Callable[..., Path]
) -> None:
    for source in (fans_of(study), open_fans(study_in(kind))):
        assert source.paths == 60 and source.first_random == "2026Q1"
        found = fan(source, M["margin"], Place())
        draws = study.draws("margin", "all", "all")
        at = source.quarters.index("2026Q4")
        paths = np.sort(draws["2026Q4"].to_numpy())
        (low, high, bottom, top), _ = found.bands
        assert (low, high) == (0.05, 0.95)
        assert bottom[at] == paths[int(np.ceil(0.05 * 60)) - 1] and top[at] == paths[int(np.ceil(0.95 * 60)) - 1]
        assert found.mean[at] == pytest.approx(paths.mean(), rel=1e-12)
        before = source.quarters.index("2025Q4")
        assert bottom[before] == top[before] == found.central[before]


def test_a_fan_without_a_whole_is_drawn_by_place(study: rl.MonteCarlo) -> None:
    source = fans_of(study)
    assert places_wanted(source, M["margin"], "", "") == [Place()]
    assert len(places_wanted(source, M["own_rate"], "", "")) == 4
    assert places_wanted(source, M["margin"], "demo", "cerf") == [Place("demo", "cerf")]
    with pytest.raises(PictureError, match="no such lender or facility"):
        places_wanted(source, M["margin"], "icbc", "")


def test_when_a_figure_is_of() -> None:
    quarters, alive = ("2026Q1", "2026Q2", "2026Q3"), ("2026Q1", "2026Q2")
    assert moment(M["interest_saved"], "", quarters, alive) == ALL
    assert moment(M["facility_balance"], "", quarters, alive) == "2026Q2"  # the last that has something
    assert moment(M["facility_balance"], "last", quarters, alive) == "2026Q3"
    assert moment(M["margin"], "mean", quarters, alive) == MEAN
    assert moment(M["interest_saved"], "", quarters[:1], ()) == "2026Q1"
    for measure, asked in (("margin", "all"), ("interest_saved", "mean"), ("own_rate", "mean"), ("margin", "2031Q1")):
        with pytest.raises(PictureError):
            moment(M[measure], asked, quarters, alive)


def _cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("kind", "spoil", "said"),
    [
        ("parquet", lambda f: _cut(f / "sweep.parquet"), "sweep.parquet"),
        ("xlsx", lambda f: _cut(f / "sweep.xlsx"), "sweep.xlsx"),
        ("dta", lambda f: _cut(f / "sweep.dta"), "sweep.dta"),
        ("csv", lambda f: (f / "scenarios.csv").unlink(), "scenarios.csv is missing"),
        ("csv", lambda f: (f / "sweep.csv").write_text("a,b\n1,2\n"), "no column scenario"),
        ("csv", lambda f: (f / "sweep.csv").write_bytes(b"\xff\xfe\x00junk"), "sweep.csv"),
        ("csv", lambda f: (f / "sweep.csv").write_text(""), "sweep.csv"),
    ],
)
def test_a_broken_sweep_is_told_by_its_file(
    kind: str, spoil: Callable[[Path], object], said: str, swept: rl.Sweep, tmp_path: Path
) -> None:
    from relending.study.sweepfiles import save

    save(swept, tmp_path, kind)
    spoil(tmp_path)
    with pytest.raises(StudyFolderError) as told:
        open_swept(tmp_path)
    assert said in told.value.en and str(tmp_path) in told.value.zh


def test_a_broken_study_is_told_by_its_file(study: rl.MonteCarlo, compared: rl.Comparison, tmp_path: Path) -> None:
    from relending.study.montecarlo.files import write_study

    write_study(study, tmp_path / "a")
    (tmp_path / "a" / "study.json").unlink()
    with pytest.raises(StudyFolderError, match=r"study\.json is missing"):
        open_studies(tmp_path / "a")
    write_study(study, tmp_path / "b")
    (tmp_path / "b" / "study.json").write_text('{"scenario": 1')
    with pytest.raises(StudyFolderError, match=r"study\.json"):
        open_studies(tmp_path / "b")
    (tmp_path / "b" / "study.json").write_text("[]")
    with pytest.raises(StudyFolderError, match=r"study\.json"):
        open_studies(tmp_path / "b")
    compared.save(tmp_path / "c")
    (tmp_path / "c" / "causes.csv").unlink()
    with pytest.raises(StudyFolderError, match=r"causes\.csv is missing"):
        open_studies(tmp_path / "c")
    assert open_studies(tmp_path) == ()


def test_without_a_quarter_a_sweep_shows_where_its_cells_differ(tmp_path: Path) -> None:
    keys = {"facility.cerf.ratio": [0.4, 0.8], "facility.cerf.rollovers": [0, 2]}
    swept = swept_of(rl.sweep("outlook/baseline", keys, since=dt.date(2027, 1, 1)))
    rate, stock, flow, flat = (sheets(swept, measures()[n], "")[0] for n in MOMENTS)
    assert (rate.at, flow.at) == ("mean", "all")
    for shown in (rate, stock, flow):
        assert len(np.unique(shown.figures)) > 2, shown.at  # at the end nothing is held: one figure all over
    assert stock.at in swept.quarters[:-1] and flat.at == swept.quarters[-1]
    assert len(np.unique(sheets(swept, measures()["facility_balance"], "last")[0].figures)) == 1


def test_a_saved_sweep_knows_the_names_of_its_lenders(sweep_in: Callable[..., Path]) -> None:
    for kind in ("csv", "xlsx"):
        names = open_swept(sweep_in(kind)).names
        assert names["demo"] == {"zh": "示范银行", "en": "Demo Bank"}
        assert names["clean_coal"]["zh"] == "煤炭专项再贷款"
