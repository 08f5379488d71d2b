"""A command that is stopped from outside: Ctrl-C, a reader that goes away: one line, nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from relending.cli import main

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes as POSIX has them")


@pytest.mark.parametrize(("lang", "said"), [("en", "Interrupted; no file"), ("zh", "已中断；没有写到一半的文件。")])
@pytest.mark.parametrize("raised", [KeyboardInterrupt, click.Abort])
def test_ctrl_c_is_one_line_in_the_language_asked_for(
    raised: type[BaseException], lang: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relending.policy import show

    def stop(*_: object) -> None:
        raise raised

    monkeypatch.setattr(show, "overview", stop)
    done = CliRunner().invoke(main, ["policy", "--lang", lang])
    assert done.exit_code == 130
    assert done.output.strip().startswith(said) and len(done.output.strip().splitlines()) == 1


@posix
def test_ctrl_c_in_a_run_leaves_nothing_behind(tmp_path: Path) -> None:
    made = CliRunner().invoke(main, ["synth", str(tmp_path / "big.csv"), "--loans", "200000"])
    assert made.exit_code == 0
    before = {p.name for p in tmp_path.iterdir()}
    words = [sys.executable, "-m", "relending", "run", "big.toml", "--out", "run", "--lang", "zh"]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as process:
        assert process.stderr is not None
        assert " s  " in process.stderr.readline().decode("utf-8")  # a step of the run, told while it goes on
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=60)[1].decode("utf-8")
    assert process.returncode == 130, told
    assert told.rstrip().endswith("已中断；没有写到一半的文件。") and "Traceback" not in told
    assert {p.name for p in tmp_path.iterdir()} == before


@posix
@pytest.mark.parametrize("words", [["policy", "cerf"], ["data", "policy", "--format", "csv"], ["--help"]])
def test_a_reader_that_goes_away_is_no_error_to_tell(words: list[str]) -> None:
    command = [sys.executable, "-m", "relending", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode in (0, 1)
