"""A disclosure that fails or is killed half-way leaves nothing half-written: neither folder nor archive changes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relending import room
from relending.statement import files as statement_files
from relending.statement import publish
from relending.statement.archive import Archive
from tests.statement.flows import Bank, everything

ROOT = Path(__file__).resolve().parents[2]


def full(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def after(times: int, work: Callable[..., Any]) -> Callable[..., Any]:
    """The work, until the disk is full."""
    left = [times]

    def done(*given: Any, **more: Any) -> Any:
        left[0] -= 1
        return work(*given, **more) if left[0] >= 0 else full()

    return done


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Three quarters are published; the book is corrected since; a former folder stands there."""
    bank = Bank(tmp_path_factory.mktemp("made"))
    run = bank.run()
    for quarter in ("2024Q1", "2024Q2", "2024Q3"):
        bank.final(run, quarter)
    for name in ("QX-LN-A1", "QX-LN-B1"):
        bank.loans[name]["project_investment"] = "40000000"
    bank.run()
    done = bank.disclose(bank.folder / "run1", "2024Q4", out="out")
    assert done.exit_code == 0
    return bank


@pytest.fixture
def bank(made: Bank, tmp_path: Path) -> Bank:
    """A copy of it to work in."""
    return made.copied(tmp_path)


def amend(bank: Bank) -> Any:
    words = ["--amend", "--and-later", "--reason", "revised", "--force"]
    return bank.disclose(bank.folder / "run2", "2024Q1", *words, out="out")


BROKEN = {
    "first writer": (statement_files, "write_word", 0),
    "second language of files": (statement_files, "write_workbook", 1),
    "note": (publish, "write_note", 1),
    "paper": (publish, "write_paper", 2),
    "in the middle of issues": (publish, "_write_issue", 1),
    "nothing kept": (Archive, "keep", 0),
    "one version kept": (Archive, "keep", 1),
    "two versions kept": (Archive, "keep", 2),
}


@pytest.mark.parametrize("where", BROKEN)
def test_a_full_disk_leaves_everything_as_it_was(bank: Bank, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    before = everything(bank.folder)
    folders = sorted(p for p in bank.folder.rglob("*") if p.is_dir())
    owner, name, times = BROKEN[where]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, after(times, getattr(owner, name)))
        done = amend(bank)
    assert done.exit_code == 1 and "full" in done.output and "May be published" not in done.output
    assert everything(bank.folder) == before
    assert sorted(p for p in bank.folder.rglob("*") if p.is_dir()) == folders
    assert amend(bank).exit_code == 0
    assert sorted(p.parent.name for p in bank.published.rglob("v2")) == ["2024Q1", "2024Q2", "2024Q3"]


def test_a_folder_that_cannot_take_its_name_takes_the_versions_back(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is written and kept; only the last rename fails, as where a program on Windows holds the folder."""
    before = everything(bank.folder)
    rename = Path.rename

    def held(self: Path, target: Any) -> Any:
        if Path(target) == (bank.folder / "out").resolve() and self.name == "new":
            raise PermissionError(errno.EACCES, "held")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", held)
        done = amend(bank)
    assert done.exit_code == 1, done.output
    assert everything(bank.folder) == before


class NoMode:
    """What cannot be the mode of a folder."""

    def __index__(self) -> int:
        raise RuntimeError("no mode")


def test_a_first_version_taken_back_leaves_no_trace_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank(tmp_path)
    run = bank.run()
    with monkeypatch.context() as patch:
        patch.setattr(room, "FOLDER_MODE", NoMode())  # what comes behind keeping fails
        with pytest.raises(RuntimeError, match="no mode"):
            bank.disclose(run, "2024Q1", "--final", out="out")
    assert not (tmp_path / "out").exists() and not list(bank.published.rglob("*"))
    assert not list(tmp_path.glob(".relending-*"))
    assert bank.disclose(run, "2024Q1", "--final", out="out").exit_code == 0


def test_without_force_a_former_folder_is_left(bank: Bank) -> None:
    before = everything(bank.folder)
    for lang in ("en", "zh"):
        done = bank.disclose(bank.folder / "run1", "2024Q4", out="out", lang=lang)
        assert done.exit_code == 2 and "--force" in done.output
    assert everything(bank.folder) == before


def test_force_replaces_no_folder_of_someone_else(bank: Bank) -> None:
    (bank.folder / "mine").mkdir()
    (bank.folder / "mine" / "a.txt").write_text("a", encoding="utf-8")
    before = everything(bank.folder)
    for other in ("mine", "run1", "harbour.toml"):
        assert bank.disclose(bank.folder / "run2", "2024Q4", "--force", out=other).exit_code == 2
    assert everything(bank.folder) == before


KILL = """
import os, signal
from pathlib import Path
from relending.statement import {module} as owner
work = owner.{name}
left = [{times}]
def killed(*given, **more):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return work(*given, **more)
owner.{name} = killed
from relending.cli import main
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
@pytest.mark.parametrize(("module", "name", "times"), [("publish", "_write_issue", 1), ("archive", "record_file", 1)])
def test_a_killed_command_leaves_what_stood_there_and_the_next_one_works(
    bank: Bank, module: str, name: str, times: int
) -> None:
    before = everything(bank.folder)
    words = ["disclose", "run2", "--quarter", "2024Q1", "--out", "out", "--published", "published", "--amend"]
    words += ["--and-later", "--reason", "revised", "--force"]
    code = KILL.format(module=module, name=name, times=times)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=bank.folder, env=env, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    now = everything(bank.folder)
    assert {name: now.get(name) for name in before} == before
    # what was kept before the kill is whole; the rest is named as half, and no reader sees it
    more = {name for name in now if name not in before and ".partial/" not in name}
    versions = {"/".join(name.split("/")[:5]) for name in more}
    assert versions <= {"published/harbour/cerf/2024Q1/v2"}
    archive = Archive(bank.published)
    for quarter in archive.quarters("harbour", "cerf"):
        assert archive.latest("harbour", "cerf", quarter) is not None
    later = "2024Q1" if not versions else "2024Q2"
    words = ["--amend", "--and-later", "--reason", "revised", "--force"]
    again = bank.disclose(bank.folder / "run2", later, *words, out="out")
    assert again.exit_code == 0, again.output
    assert sorted(p.parent.name for p in bank.published.rglob("v2")) == ["2024Q1", "2024Q2", "2024Q3"]
