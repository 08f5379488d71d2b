"""What goes wrong with the page and its pictures costs nobody a run, and leaves nothing half-written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import relending as rl
from relending.cli import main
from relending.report import page
from relending.report.pictures import fonts
from relending.runfolder import PageMissing, RunFolderError, verify

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")


def broken(*given: Any, **named: Any) -> bytes:
    raise KeyError("a fault\x1b[31m of ours")


@pytest.mark.parametrize(("lang", "told"), [("en", "the tables and statements are complete"), ("zh", "文件完整")])
def test_a_fault_in_drawing_costs_the_page_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str, told: str
) -> None:
    monkeypatch.setattr(page, "report_page", broken)
    done = CliRunner().invoke(main, ["run", "demo", "--out", str(tmp_path / "r"), "--quiet", "--lang", lang])
    assert done.exit_code == 1 and not isinstance(done.exception, KeyError)
    assert told in done.stderr and "\\x1b[31m" in done.stderr and "Traceback" not in done.stderr
    assert verify(tmp_path / "r") == [] and (tmp_path / "r" / "cost.csv").is_file()
    assert not (tmp_path / "r" / "report.html").exists() and not (tmp_path / "r" / "figures").exists()
    monkeypatch.undo()
    assert rl.write_report(tmp_path / "r", tmp_path / "later.html").stat().st_size > 100_000


def test_in_python_it_is_an_error_that_comes_when_the_run_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "report_page", broken)
    with pytest.raises(PageMissing, match="saved without report") as caught:
        rl.run("demo").save(tmp_path / "r")
    assert isinstance(caught.value, RunFolderError) and isinstance(caught.value.__cause__, KeyError)
    assert verify(tmp_path / "r") == []


def test_several_runs_are_all_saved_where_no_page_can_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "report_page", broken)
    names = ["demo", "demo/outstanding"]
    done = CliRunner().invoke(main, ["run", *names, "--out", str(tmp_path), "--quiet", "--no-causes"])
    assert done.exit_code == 1 and done.stderr.count("saved without report.html") == 2
    saved = [p.parent for p in tmp_path.glob("*/manifest.json")]
    assert len(saved) == 2 and all(verify(one) == [] for one in saved)
    assert (tmp_path / "comparison.csv").is_file()


def test_a_damaged_font_is_said_before_the_work_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "font.otf"
    damaged.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "font_file", lambda: damaged)
    out = tmp_path / "r"
    done = CliRunner().invoke(main, ["run", "demo", "--out", str(out)])
    assert done.exit_code == 1 and "font_damaged" in done.stderr and "--no-report" in done.stderr
    assert "funding" not in done.stderr and not out.exists()
    assert CliRunner().invoke(main, ["run", "demo", "--out", str(out), "--no-report", "--quiet"]).exit_code == 0
    done = CliRunner().invoke(main, ["plot", str(out), "margin", "--out", str(tmp_path / "p")])
    assert done.exit_code == 1 and "font_damaged" in done.stderr and not (tmp_path / "p").exists()


def test_a_page_that_the_disk_does_not_take_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = rl.run("demo")

    def half(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(RunFolderError, match="the disk is full"):
        rl.write_report(run, tmp_path / "new" / "page.html")
    assert list(tmp_path.iterdir()) == []


@posix
def test_neither_home_nor_a_folder_for_passing_files_is_needed(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    away = {"HOME": str(nowhere / "home"), "TMPDIR": str(tmp_path / "gone"), "PYTHONPATH": str(ROOT)}
    kept = {name: value for name, value in os.environ.items() if name not in ("MPLCONFIGDIR", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "relending", "run", "ledger", "--out", "r", "--quiet"],
        cwd=tmp_path,
        env={**kept, **away},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "r" / "report.html").is_file()
