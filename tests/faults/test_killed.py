"""Killed at any moment: under the final name is nothing or a whole run, and what was left is found and told."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import relending as rl
from relending.cli import main
from relending.room import GONE, LOCK, NEW, OLD, room_in
from relending.runfolder import RunFolderError, clear, open_run, save, verify

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="processes are forked and killed by signal")
MakeRun = Callable[[int], Any]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "RELENDING_LANG": "en"}


def tries(tmp_path: Path, verb: str, how: str) -> list[list[Any]]:
    command = [sys.executable, "-m", "tests.faults.processes", verb, str(tmp_path), how]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@posix
@pytest.mark.parametrize(("how", "before"), [("new", "absent"), ("force", "former")])
def test_killed_before_each_step_the_disk_holds_the_former_run_or_the_new_one_whole(
    tmp_path: Path, how: str, before: str
) -> None:
    found = tries(tmp_path, "killed", how)
    codes = [one[0] for one in found]
    assert len(found) > 20 and set(codes[:-1]) == {-signal.SIGKILL} and codes[-1] == 0
    windows = 0
    for _, after, left, told, cleared, still, finally_left in found:
        assert after in {"absent", before, "new"}
        assert cleared in {before, "new"}, "a run is lost"
        windows += after != cleared
        assert ("put back" in "".join(told)) == (after != cleared)
        assert len(told) == left - still and finally_left == 0
    assert windows == (1 if how == "force" else 0), "the moment between the two renames"
    assert Counter(one[4] for one in found)[before] > 10


@posix
@pytest.mark.parametrize("how", ["new", "force"])
def test_of_two_runs_into_one_folder_one_is_there_whole_and_the_other_says_so(tmp_path: Path, how: str) -> None:
    for codes, state, left in tries(tmp_path, "meet", how):
        assert (codes, state, left) == ([0, 2], "new", [])


def cli(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "relending", *map(str, words)]


@posix
def test_two_commands_into_one_folder_end_with_one_run_and_exit_code_two(tmp_path: Path) -> None:
    command = cli("run", "demo", "--out", tmp_path / "a" / "run", "--quiet")
    pair = [subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [one.communicate(timeout=300)[1] for one in pair]
    assert sorted(one.returncode for one in pair) == [0, 2], said
    assert verify(tmp_path / "a" / "run") == [] and [p.name for p in (tmp_path / "a").iterdir()] == ["run"]
    loser = next(text for one, text in zip(pair, said, strict=True) if one.returncode == 2)
    assert "left as it is" in loser and len(loser.splitlines()) == 1


@posix
def test_a_command_killed_at_random_moments_never_leaves_half_a_run(tmp_path: Path) -> None:
    target = tmp_path / "run"
    command = cli("run", "demo", "--out", target, "--force", "--quiet")
    subprocess.run(command, env=environment(), check=True, timeout=300)
    whole_bytes = {p.relative_to(target): p.read_bytes() for p in target.rglob("*") if p.is_file()}
    pick = random.Random(7)
    killed = 0
    for _ in range(6):
        running = subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL)
        left = pick.randrange(1, 2000)  # how often to look, once it has begun to write
        while running.poll() is None and left:
            left -= bool(list(tmp_path.glob(".relending-*")))
        running.kill()
        killed += running.wait() == -signal.SIGKILL
        clear(tmp_path)
        assert {p.relative_to(target): p.read_bytes() for p in target.rglob("*") if p.is_file()} == whole_bytes
    assert killed, "each of them ended before it was killed"
    subprocess.run(command, env=environment(), check=True, timeout=300)
    assert verify(target) == []


def left_room(parent: Path, *names: str, locked: bool = True) -> Path:
    """What a killed process leaves, as far as it got."""
    room = parent / ".relending-abcd1234.partial"
    room.mkdir(parents=True)
    if locked:
        (room / LOCK).touch()
    for name in names:
        (room / name).mkdir()
        (room / name / "part.csv").write_text("x" * 1000)
    return room


def test_the_next_command_tells_what_was_left_with_its_size_and_removes_it(tmp_path: Path) -> None:
    room = left_room(tmp_path, NEW)
    (room / NEW / "loans.csv").write_bytes(b"x" * 2_000_000)
    said = CliRunner().invoke(main, ["run", "demo", "--out", str(tmp_path / "run"), "--quiet"])
    assert said.exit_code == 0 and f"{room} (2.0 MB)" in said.stderr and "removed" in said.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_former_run_is_put_back_told_in_both_languages_and_then_protected(small_run: MakeRun, tmp_path: Path) -> None:
    def cut_off() -> None:
        former = save(small_run(3), tmp_path / "other" / "run")
        former.rename(left_room(tmp_path, NEW) / "moved")
        room = tmp_path / ".relending-abcd1234.partial"
        (room / OLD).mkdir()
        (room / "moved").rename(room / OLD / "run")

    cut_off()
    with pytest.raises(RunFolderError) as caught:
        open_run(tmp_path / "run")
    assert str(Path(OLD) / "run") in caught.value.en and "移回" in caught.value.zh
    with pytest.raises(RunFolderError, match="cut off"):
        verify(tmp_path / "run")
    told = CliRunner().invoke(main, ["explain", str(tmp_path / "run"), "x"])
    assert told.exit_code == 1 and "cut off" in told.output
    said = CliRunner().invoke(main, ["run", "demo", "--out", str(tmp_path / "run"), "--lang", "zh"])
    assert said.exit_code == 2 and "已恢复原来的运行结果" in said.stderr and "已存在" in said.stderr
    assert len(open_run(tmp_path / "run").loans) == 3
    # in Python the next save warns, puts it back, and goes on as asked
    (tmp_path / "run").rename(tmp_path / "kept")
    cut_off()
    with pytest.warns(UserWarning, match="the former run was put back"):
        save(small_run(4), tmp_path / "run", force=True)
    assert len(open_run(tmp_path / "run").loans) == 4 and not list(tmp_path.glob(".relending-*"))


def test_a_former_run_is_kept_where_something_else_has_its_name(tmp_path: Path) -> None:
    room = left_room(tmp_path, NEW, OLD)
    (room / OLD / "part.csv").rename(room / OLD / "run")
    (tmp_path / "run").mkdir()
    [left] = clear(tmp_path)
    assert not left.removed and left.restored is None and (room / OLD / "run").exists()


def test_a_room_in_use_is_neither_touched_nor_told(tmp_path: Path) -> None:
    with room_in(tmp_path) as room:
        assert clear(tmp_path) == [] and (room / NEW).is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_room_that_is_about_to_be_locked_is_left_for_an_hour(tmp_path: Path) -> None:
    room = left_room(tmp_path)
    assert clear(tmp_path) == [] and room.exists()
    os.utime(room, (0, 0))
    assert [left.removed for left in clear(tmp_path)] == [True] and not room.exists()


def test_what_no_lock_speaks_for_is_told_and_never_removed(tmp_path: Path) -> None:
    room = left_room(tmp_path, NEW, locked=False)
    (tmp_path / ".relending-abcd5678.partial.csv").write_text("half a li")
    (tmp_path / ".relending-mine").mkdir()
    left = clear(tmp_path)
    assert [one.removed for one in left] == [False, False] and room.exists()
    assert "remove it yourself" in left[0].text() and "自行删除" in left[1].text("zh")
    assert (tmp_path / ".relending-mine").exists()


def test_a_room_whose_run_has_its_place_is_only_cleared(small_run: MakeRun, tmp_path: Path) -> None:
    save(small_run(3), tmp_path / "run")
    left_room(tmp_path, GONE)
    assert [(left.removed, left.restored) for left in clear(tmp_path)] == [(True, None)]
    assert len(rl.open_run(tmp_path / "run").loans) == 3 and len(list(tmp_path.iterdir())) == 1


def test_a_former_run_that_cannot_be_put_back_at_once_is_not_lost(
    small_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = save(small_run(3), tmp_path / "run")
    real = Path.rename

    def only_once(self: Path, target: Path) -> Path:
        if "run" not in (self.name,):
            raise PermissionError(13, "in use")
        if Path(target).name == "run" and Path(target).parent.name != OLD:
            raise PermissionError(13, "in use")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", only_once)
    with pytest.raises(RunFolderError, match="open in another program"):
        save(small_run(4), out, force=True)
    monkeypatch.undo()
    [left] = clear(tmp_path)
    assert left.restored == out and len(open_run(out).loans) == 3 and [p.name for p in tmp_path.iterdir()] == ["run"]
