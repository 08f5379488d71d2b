"""``relending plot``: all files or none, refusals with one clear message, nothing written into what is read."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import relending as rl
from relending.cli.main import main


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def plot(*words: object) -> Result:
    done = CliRunner().invoke(main, ["plot", *map(str, words)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    return done


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {name: ((folder / name).stat().st_mtime_ns, (folder / name).read_bytes()) for name in files(folder)}


def test_a_run_is_drawn_beside_it_and_left_as_it_is(demo_folder: Path, here: Path) -> None:
    before = state(demo_folder)
    done = plot(demo_folder, "blended_cost", "再贷款余额", "--format", "svg,png,pdf")
    assert done.exit_code == 0, done.output
    names = ["blended_cost", "facility_balance"]
    assert files(here) == sorted(f"figures/demo/{n}.{kind}" for n in names for kind in ("svg", "png", "pdf"))
    assert "2 pictures in figures" in done.output and "6 files" in done.output
    assert state(demo_folder) == before
    assert rl.verify(demo_folder) == []
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
    assert all((here / name).read_bytes().startswith(starts[name[-3:]]) for name in files(here))


def test_two_languages_stand_side_by_side_and_nothing_is_written_over(demo_folder: Path, here: Path) -> None:
    assert plot(demo_folder, "margin").exit_code == 0
    assert plot(demo_folder, "margin", "--lang", "zh").exit_code == 0
    assert files(here) == ["figures/demo/margin.svg", "figures/demo/margin_zh.svg"]
    before = state(here)
    again = plot(demo_folder, "margin", "blended_cost")
    assert again.exit_code == 2 and "margin.svg exists already" in again.output and "--force" in again.output
    assert state(here) == before, "all files or none"
    forced = plot(demo_folder, "margin", "--force", "--lang", "zh")
    assert forced.exit_code == 0
    assert {n: data for n, (_, data) in state(here).items()} == {n: data for n, (_, data) in before.items()}


def test_files_are_named_by_what_they_are_restricted_to(
    demo_folder: Path, sweep_in: Callable[..., Path], here: Path
) -> None:
    assert plot(demo_folder, "margin", "--lender", "demo", "--facility", "碳减排支持工具", "--out", "o").exit_code == 0
    assert plot(sweep_in(), "margin", "--quarter", "2024Q2", "--out", "o").exit_code == 0
    assert plot(sweep_in(), "margin", "--fix", "market.own_rate=0.02", "--out", "o").exit_code == 0
    assert plot(sweep_in(), "margin", "--fix", "market.own_rate=0.03", "--out", "o").exit_code == 0
    assert plot(sweep_in(), "margin", "--out", "o").exit_code == 0
    assert len(files(here / "o")) == 5 and "margin_demo_碳减排支持工具.svg" in files(here / "o")
    assert "sweep_margin_2024Q2.svg" in files(here / "o")


def test_studies_are_drawn_from_their_folders(
    sweep_in: Callable[..., Path], study_in: Callable[..., Path], comparison_in: Callable[..., Path], here: Path
) -> None:
    assert plot(sweep_in("xlsx") / "sweep.xlsx", "interest_saved", "--out", "a").exit_code == 0
    assert plot(study_in("dta"), "fan", "--out", "b", "--quiet").output == ""
    shown = plot(comparison_in("parquet"), "interest_saved", "--out", "c", "--size", "single")
    assert files(here / "a") == ["sweep_interest_saved.svg"]
    assert "fan_margin.svg" in files(here / "b") and len(files(here / "b")) == 11
    assert files(here / "c") == ["causes_interest_saved.svg", "scenarios_interest_saved.svg"]
    assert "What changes interest saved" in shown.output


def test_runs_in_a_folder_are_compared(demo_folder: Path, here: Path) -> None:
    rl.run("demo/outstanding").save(here / "runs" / "outstanding")
    alone = plot("runs", "margin")
    assert alone.exit_code == 1 and "relending plot" in alone.output and "outstanding" in alone.output
    shutil.copytree(demo_folder, here / "runs" / "demo")
    done = plot("runs", "margin", "--out", "o")
    assert done.exit_code == 0, done.output
    assert files(here / "o") == ["scenarios_margin.svg"]
    assert "Not drawn (1)" in done.output and "causes_margin" in done.output


def test_the_list_says_what_there_is_and_what_not_and_why(
    demo_folder: Path, sweep_in: Callable[..., Path], here: Path
) -> None:
    for source, can, cannot in (
        (demo_folder, "tranches", "collateral_cost"),
        (sweep_in(), "sweep_margin", "sweep_collateral_cost"),
    ):
        en, zh = plot(source, "--list"), plot(source, "--list", "--lang", "zh")
        assert en.exit_code == zh.exit_code == 0
        first, second = en.output.split("It cannot show")
        assert f"  {can} " in first and f"  {cannot} " in second and can not in second
        assert "不能画" in zh.output
    assert files(here) == []


def test_the_same_command_gives_the_same_bytes(study_in: Callable[..., Path], here: Path) -> None:
    folder = study_in("csv")
    for out in ("a", "b"):
        assert plot(folder, "margin", "own_rate", "--format", "svg,png,pdf", "--out", out).exit_code == 0
    assert {n: d for n, (_, d) in state(here / "a").items()} == {n: d for n, (_, d) in state(here / "b").items()}


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _record(path: Path, change: Callable[[dict], object]) -> None:  # type: ignore[type-arg]
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing table": (lambda f: (f / "cost.csv").unlink(), "cost.csv"),
    "changed table": (lambda f: _cut(f / "cost.csv"), "cost.csv"),
    "record cut": (lambda f: _cut(f / "manifest.json"), "manifest.json"),
    "record empty": (lambda f: (f / "manifest.json").write_text("{}"), "manifest.json"),
    "record of another format": (lambda f: _record(f / "manifest.json", lambda r: r.update(format=99)), "99"),
}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_run_folder_is_told_and_nothing_written(how: str, lang: str, demo_folder: Path, here: Path) -> None:
    shutil.copytree(demo_folder, here / "run")
    spoil, said = BROKEN[how]
    spoil(here / "run")
    before = files(here)
    done = plot("run", "margin", "--lang", lang)
    assert done.exit_code == 1 and said in done.output, done.output
    assert files(here) == before
    assert ("未写入" in done.output) == (lang == "zh")


def test_a_truncated_parquet_of_a_run_is_told(here: Path, tmp_path: Path) -> None:
    from relending.runfolder.manifest import sha256

    folder = rl.run("demo").save(here / "run")
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"loan_id": ["a"]}), folder / "loans.parquet")
    _cut(folder / "loans.parquet")
    (folder / "loans.csv").unlink()

    def renamed(record: dict) -> None:  # type: ignore[type-arg]
        entry = record["outputs"].pop("loans.csv")
        record["outputs"]["loans.parquet"] = {**entry, "sha256": sha256(folder / "loans.parquet")}

    _record(folder / "manifest.json", renamed)
    done = plot("run", "--list")
    assert done.exit_code in (0, 1)
    if done.exit_code:
        assert "loans.parquet" in done.output or "run" in done.output


WRONG = [
    (("no/such/place",), 1, "does not exist"),
    (("",), 1, "does not exist"),
    (("demo",), 1, "relending run demo"),
    (("mine.toml",), 1, "scenario file"),
    ((".",), 1, "holds nothing that can be plotted"),
    (("RUN", "blended"), 1, "nearest: blended_cost"),
    (("RUN", "xyzzy-no-name"), 1, "--list"),
    (("RUN", "fan_margin"), 1, "single run"),
    (("RUN", "collateral_cost"), 1, "no figure"),
    (("RUN", "margin", "--lender", "icbc"), 1, "demo_city"),
    (("RUN", "margin", "--facility", "none"), 1, "clean_coal"),
    (("RUN", "margin", "--quarter", "2024Q2"), 2, "--quarter is of a sweep"),
    (("RUN", "margin", "--fix", "a=1"), 2, "--fix is of a sweep"),
    (("RUN", "margin", "--fix", "a"), 2, "KEY=VALUE"),
    (("RUN", "margin", "--format", "svg,gif"), 2, "svg, png, pdf"),
    (("RUN", "margin", "--format", ","), 2, "svg, png, pdf"),
    (("RUN", "margin", "--size", "huge"), 2, "single, double"),
    (("RUN", "margin", "--size", "10x10"), 2, "50"),
    (("SWEEP", "margin", "--quarter", "2031Q1"), 1, "no quarter 2031Q1"),
    (("SWEEP", "margin", "--quarter", "all"), 1, "makes no sense"),
    (("SWEEP", "issued"), 1, "does not have it"),
    (("SWEEP", "margin", "--lender", "icbc"), 1, "demo_city"),
    (("SWEEP", "margin", "--fix", "market.own_rate=0.5"), 1, "not on the grid"),
    (("SWEEP", "collateral_cost"), 1, "no figure"),
    (("RUN", "margin", "--out", "file/below"), 1, "cannot be written"),
    (("RUN", "margin", "--out", "RUN/figures"), 2, "inside a run folder"),
]


@pytest.mark.parametrize(("words", "code", "said"), WRONG, ids=[" ".join(w) for w, _, _ in WRONG])
def test_what_is_wrong_is_one_message_and_nothing_is_written(
    words: tuple[str, ...], code: int, said: str, demo_folder: Path, sweep_in: Callable[..., Path], here: Path
) -> None:
    (here / "file").write_text("x")
    (here / "mine.toml").write_text("x")
    before = files(here), state(demo_folder)
    given = [w.replace("RUN", str(demo_folder)).replace("SWEEP", str(sweep_in())) for w in words]
    done = plot(*given)
    assert done.exit_code == code and said in done.output, done.output
    assert (files(here), state(demo_folder)) == before
    zh = plot(*given, "--lang", "zh")
    assert zh.exit_code == code and any("\u4e00" <= c <= "\u9fff" for c in zh.output)
    assert (files(here), state(demo_folder)) == before


def test_a_font_that_is_missing_is_told(demo_folder: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from relending.report.pictures import fonts

    fonts._shipped.cache_clear()
    monkeypatch.setattr(fonts, "font_file", lambda: here / "gone.otf")
    done = plot(demo_folder, "margin")
    fonts._shipped.cache_clear()
    assert done.exit_code == 1 and "font" in done.output and files(here) == []


def test_a_character_no_shipped_font_has_is_said(study: rl.MonteCarlo, tmp_path: Path, here: Path) -> None:
    from relending.study.montecarlo.files import write_study

    write_study(study, tmp_path / "s")

    def retitled(record: dict) -> None:  # type: ignore[type-arg]
        record["scenario_resolved"]["title"] = {"zh": "\U000203b7行", "en": "\U000203b7 Bank"}

    _record(tmp_path / "s" / "study.json", retitled)
    done = plot(tmp_path / "s", "margin", "own_rate")
    assert done.exit_code == 0 and "U+203B7" in done.output
    assert done.output.count("U+203B7") == 1, "once, however many pictures"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever may write anywhere is not refused")
def test_a_folder_nobody_may_write_to_is_told(demo_folder: Path, here: Path) -> None:
    (here / "closed").mkdir(mode=0o555)
    done = plot(demo_folder, "margin", "--out", "closed/figures")
    assert done.exit_code == 1 and "cannot be written" in done.output


def test_a_disk_that_is_full_leaves_nothing(demo_folder: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    done = plot(demo_folder, "margin", "blended_cost")
    monkeypatch.undo()
    assert done.exit_code == 1 and "disk is full" in done.output
    assert files(here) == [] and not (here / "figures").exists()
