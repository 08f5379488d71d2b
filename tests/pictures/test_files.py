"""Pictures as files: the same bytes whenever, wherever and however often they are written; nothing is written over."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import relending as rl
from relending.report.pictures import picture, run_pictures
from relending.report.pictures.files import picture_bytes

Shipped = Callable[[str], Any]
ROOT = Path(__file__).parents[2]
PROGRAM = """
import hashlib, sys
import relending as rl
from relending.report.pictures import run_pictures
from relending.report.pictures.files import picture_bytes
if sys.argv[1] == "styled":
    import matplotlib as mpl
    mpl.rcParams.update({"font.size": 30, "axes.facecolor": "red", "font.family": "serif", "savefig.dpi": 10})
run = rl.run("ledger")
for d in run_pictures(run, "zh"):
    for kind in ("svg", "png", "pdf") if d.name in ("tranches", "sectors") else ("svg",):
        print(d.name, kind, hashlib.sha256(picture_bytes(d.figure, kind)).hexdigest())
"""


def test_other_processes_clocks_and_settings_give_the_same_bytes(tmp_path: Path) -> None:
    said = []
    away = {"LANG": "zh_CN.UTF-8", "LC_ALL": "", "MPLBACKEND": "pdf", "HOME": str(tmp_path), "TZ": "Asia/Shanghai"}
    settings = "font.size: 33\naxes.facecolor: red\nsvg.fonttype: none\nsavefig.dpi: 20\n"
    for seed, more, how in (("1", {"TZ": "UTC", "LC_ALL": "C"}, "plain"), ("2", away, "styled")):
        here = tmp_path / how
        here.mkdir()
        if how == "styled":  # what matplotlib reads of the folder it is started in
            (here / "matplotlibrc").write_text(settings, encoding="utf-8")
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), **more}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", PROGRAM, how], env=env, cwd=here, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0] == said[1] and said[0].count("\n") == 11


def test_a_picture_drawn_twice_and_from_a_folder_is_the_same(shipped: Shipped, tmp_path: Path) -> None:
    run = shipped("demo")
    opened = rl.open_run(run.save(tmp_path / "run"))
    for one, other, again in zip(
        run_pictures(run, "zh"), run_pictures(opened, "zh"), run_pictures(run, "zh"), strict=True
    ):
        assert one.svg() == one.svg() == other.svg() == again.svg()
        assert (one.name, one.alt) == (other.name, other.alt)


def test_files_hold_no_clock_no_version_and_no_path(shipped: Shipped) -> None:
    figure = picture(shipped("demo"), "tranches", lang="zh").figure
    for kind in ("svg", "png", "pdf"):
        made = picture_bytes(figure, kind)
        for word in (b"Matplotlib", b"matplotlib", b"CreationDate", b"<dc:date>", str(ROOT).encode()):
            assert word not in made, (kind, word)
    svg = picture_bytes(figure, "svg")
    assert b"<text" not in svg and b"<script" not in svg and b"http://www.w3.org" in svg


def test_a_file_that_is_there_is_left_as_it_is(shipped: Shipped, tmp_path: Path) -> None:
    figure = rl.plot(shipped("demo"), "margin")
    path = rl.save_picture(figure, tmp_path / "margin.svg")
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="left as it is"):
        rl.save_picture(figure, path)
    rl.save_picture(rl.plot(shipped("demo"), "drawn"), path, force=True)
    assert path.read_bytes() != before


def test_a_disk_that_is_full_leaves_no_half_of_a_picture(
    shipped: Shipped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = rl.plot(shipped("demo"), "margin")
    kept = rl.save_picture(figure, tmp_path / "kept.svg").read_bytes()

    def half(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    for force in (False, True):
        with pytest.raises(OSError, match="No space"):
            rl.save_picture(figure, tmp_path / ("kept.svg" if force else "new.svg"), force=force)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("kept.svg", kept)]


@pytest.mark.parametrize("name", ["x.jpg", "x", "x.svg.exe"])
def test_other_formats_are_named_with_those_there_are(name: str, shipped: Shipped, tmp_path: Path) -> None:
    with pytest.raises(rl.InputError, match="picture_format") as caught:
        rl.save_picture(rl.plot(shipped("demo"), "margin"), tmp_path / name)
    assert ".png, .svg, .pdf" in str(caught.value) and not (tmp_path / name).exists()


def test_a_notebook_shows_a_figure_by_itself(shipped: Shipped) -> None:
    figure: Any = rl.plot(shipped("demo"), "margin")
    assert figure._repr_svg_().encode() == picture_bytes(figure, "svg")


def test_a_figure_can_be_saved_by_hand_under_other_settings(shipped: Shipped, tmp_path: Path) -> None:
    figure = rl.plot(shipped("demo"), "margin", lang="zh")
    figure.savefig(tmp_path / "by-hand.png")  # warnings are errors: no glyph is missing
    assert (tmp_path / "by-hand.png").stat().st_size > 5000


def test_sources_may_be_scenarios_and_folders(shipped: Shipped, tmp_path: Path) -> None:
    folder = shipped("demo").save(tmp_path / "run")
    first = picture_bytes(rl.plot(shipped("demo"), "margin"), "svg")
    for source in (folder, str(folder), "demo", rl.load_scenario("demo"), rl.open_run(folder)):
        assert picture_bytes(rl.plot(source, "margin"), "svg") == first


def test_matplotlib_and_pandas_wait_until_a_picture_is_asked_for() -> None:
    said = "import sys, relending, relending.cli; print([m for m in ('matplotlib', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr
