"""Runs that are saved in processes of their own, to be killed or to meet; started by the tests of this folder.

``python -m tests.faults.processes killed FOLDER new|force`` kills a save before each of its steps on the disk in turn;
``… meet FOLDER new|force`` lets two saves into one folder start together. Both print a line of JSON per try. Children
are forked before anything has started a thread.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from relending.runfolder import FolderExists, clear, folder, refuse, save, verify
from tests.runfolder.conftest import make_run

STEPS = ("rename", "replace", "mkdir", "rmdir", "unlink", "chmod")
FORMER, NEW = 3, 4  # rows of the former run and of the new one
MOST = 400


def forked(work: Callable[[], None]) -> int:
    """The process id of a child that does the work: exit code 0, 2 where the folder is taken, 1 for anything else."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except FolderExists:
        code = 2
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """The exit code of a child, negative for the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_before(step: int) -> None:
    """From now on this process kills itself before its ``step``-th change of the disk."""
    left = [step]

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named)

        return counted

    for name in STEPS:
        setattr(os, name, counting(getattr(os, name)))
    folder.write_table = counting(folder.write_table)


def state(target: Path) -> str:
    """``absent``, ``former``, ``new``, or what is wrong with it."""
    if not os.path.lexists(target):
        return "absent"
    if wrong := verify(target):
        return "; ".join(d.text() for d in wrong)
    rows = json.loads((target / "manifest.json").read_bytes())["outputs"]["loans.csv"]["rows"]
    return {FORMER: "former", NEW: "new"}[rows]


def leftovers(parent: Path) -> list[str]:
    return sorted(p.name for p in parent.iterdir() if p.name.startswith(".relending-"))


def prepare(target: Path, force: bool) -> None:
    """The folder of the target; under ``force`` with a former run in it."""
    target.parent.mkdir(parents=True)
    if not force:
        return
    model = target.parent.parent / "former"
    if not model.exists():
        assert ended(forked(lambda: save(make_run(FORMER), model) and None)) == 0  # type: ignore[func-returns-value]
    shutil.copytree(model, target)


def killed(parent: Path, force: bool) -> None:
    for step in range(1, MOST):
        target = parent / str(step) / "run"
        prepare(target, force)

        def work(step: int = step, target: Path = target) -> None:
            run = make_run(NEW)
            kill_before(step)
            save(run, target, force)

        code = ended(forked(work))
        after, left = state(target), leftovers(target.parent)
        told = [one.text() for one in clear(target.parent)]
        cleared, still = state(target), leftovers(target.parent)
        for name in still:  # killed before it had its lock: a room is only cleared once it is old
            os.utime(target.parent / name, (0, 0))
        clear(target.parent)
        print(json.dumps([code, after, len(left), told, cleared, len(still), len(leftovers(target.parent))]))
        if code == 0:
            return
    raise AssertionError("it never came to an end")


def meet(parent: Path, force: bool) -> None:
    for n in range(4):
        target = parent / str(n) / "run"
        prepare(target, force)
        standing = refuse(target, force)
        wait, go = os.pipe()

        def work(target: Path = target, standing: Any = standing, wait: int = wait, go: int = go) -> None:
            os.close(go)
            run = make_run(NEW)
            os.read(wait, 1)  # until the parent lets both go at once
            save(run, target, force, standing=standing)

        both = [forked(work), forked(work)]
        os.close(wait)
        os.close(go)
        codes = sorted(ended(child) for child in both)
        print(json.dumps([codes, state(target), leftovers(target.parent)]))


if __name__ == "__main__":
    {"killed": killed, "meet": meet}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3] == "force")
