"""A room beside what is to be written: where a run is made ready, and what is left of it if the process is killed.

A room is a folder ``.relending-XXXXXXXX.partial`` in the folder that will hold the result. It holds

- ``lock``: locked as long as the process that writes lives, by the system, so that even a killed one lets go;
- ``new/``: what is being written;
- ``old/``: a former run that is being replaced, under its own name: complete, and only there between two renames;
- ``gone/``: the same once the new one has its place.

So whoever comes next can tell a room in use from one that a killed process left, and put back a former run.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from relending.outfile import FOLDER_MODE, MODE, locked

PREFIX, SUFFIX = ".relending-", ".partial"
LEFT = re.compile(r"\.relending-\w{8}\.partial(\.\w+)?")
LOCK, NEW, OLD, GONE = "lock", "new", "old", "gone"
WHOLE = ("manifest.json", "statements")
"""What is in a folder that has taken its place: a run, or a disclosure."""
MADE_WITHIN = 3600  # seconds: between making a room and locking it lies no more than a moment


@contextmanager
def room_in(parent: Path) -> Iterator[Path]:
    """A locked room in a folder, with an empty ``new`` in it; all of it is gone afterwards, as far as the system lets.

    Raises ``OSError`` where the disk refuses.
    """
    room = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=parent))
    lock: IO[bytes] | None = None
    try:
        lock = (room / LOCK).open("xb")
        if not locked(lock):
            # a file system without locks: no one can tell whether this process lives, so no one may clear up after it
            lock.close()
            (room / LOCK).unlink()
        (room / NEW).mkdir()
        yield room
    finally:
        if lock is not None:
            lock.close()  # an open file cannot be removed everywhere
        if not _formers(room):  # what could not be put back is kept for whoever comes next
            shutil.rmtree(room, ignore_errors=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """An empty folder to write into; what stands in it when the block ends takes the place of ``path``.

    A folder that has the name is replaced as a whole: who calls has made sure that it may be. Folders above are made
    as needed. After any error everything is as before; what a killed process left, :func:`clear` puts right. Raises
    ``OSError`` where the disk refuses.

    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_folder(folder / "out") as new:
    ...     _ = (new / "a.txt").write_text("a")
    >>> [p.name for p in folder.iterdir()], [p.name for p in (folder / "out").iterdir()]
    (['out'], ['a.txt'])
    """
    target = Path(os.path.realpath(path))
    made = [p for p in (target.parent, *target.parent.parents) if not p.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with room_in(target.parent) as room:
            yield room / NEW
            for written in (room / NEW).rglob("*"):
                written.chmod(FOLDER_MODE if written.is_dir() else MODE)
            (room / NEW).chmod(FOLDER_MODE)
            _take(room, target)
    except BaseException:
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
        raise


def _take(room: Path, target: Path) -> None:
    """Give what is new the name; what had it lies in the room until then, and is put back if that fails."""
    former = room / OLD / target.name
    if target.exists():
        former.parent.mkdir()
        target.rename(former)
    try:
        (room / NEW).rename(target)
    except BaseException:
        if former.exists():
            former.rename(target)
        raise
    if former.parent.exists():
        former.parent.rename(room / GONE)


def _formers(room: Path) -> list[Path]:
    # a link that someone laid there leads to what is not ours to move
    real = not room.is_symlink() and not (room / OLD).is_symlink() and (room / OLD).is_dir()
    return sorted((room / OLD).iterdir()) if real else []


def _is_dead(room: Path) -> bool:
    """Whether the process that made a room is surely gone."""
    made = any((room / name).exists() for name in (NEW, OLD, GONE))
    if not made and time.time() - room.stat().st_mtime < MADE_WITHIN:  # it may be about to lock
        return False
    try:
        with (room / LOCK).open("r+b") as file:
            return locked(file)
    except FileNotFoundError:
        return not any(room.iterdir())  # killed before it had locked; anything else without a lock may be in use
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Left:
    """What a killed process left: the room and its size in bytes; removed or not; the former run put back, if any."""

    place: Path
    size: int
    removed: bool
    restored: Path | None = None

    def text(self, lang: str = "en") -> str:
        """One line for a person.

        >>> Left(Path("runs/.relending-1.partial"), 2_500_000, True).text()
        'removed what a run that was cut off had left: runs/.relending-1.partial (2.5 MB)'
        """
        size = f"{self.size / 10**6:,.1f} MB"
        if lang == "zh":
            back = f"；已恢复原来的运行结果：{self.restored}" if self.restored else ""
            if self.removed:
                return f"已清除中断的运行留下的文件：{self.place}（{size}）{back}"
            return f"有未写完的文件：{self.place}（{size}）；如没有其他运行正在写入，可自行删除{back}"
        back = f"; the former run was put back: {self.restored}" if self.restored else ""
        if self.removed:
            return f"removed what a run that was cut off had left: {self.place} ({size}){back}"
        return f"half-written: {self.place} ({size}); if no other run is writing there, remove it yourself{back}"


def clear(parent: Path) -> list[Left]:
    """Clear a folder of what killed processes left in it, and put back the former runs they were replacing.

    What may still be in use is told (``removed`` is false) where no lock says that it is; a room whose process lives
    is neither touched nor told. Never raises for what the disk refuses.

    >>> clear(Path("no/such/folder"))
    []
    """
    try:
        found = sorted(p for p in parent.iterdir() if LEFT.fullmatch(p.name))
    except OSError:
        return []
    out = []
    for place in found:
        try:
            if not place.is_dir():
                out.append(Left(place, place.stat().st_size, removed=False))
            elif _is_dead(place):
                out += _cleared(place)
            elif not (place / LOCK).exists() and any(place.iterdir()):  # no one can tell, or an older version's
                out.append(Left(place, _size(place), removed=False))
        except OSError:  # its process has just finished, or someone else clears up
            continue
    return out


def _cleared(room: Path) -> list[Left]:
    size = _size(room)
    back = None
    for former in _formers(room):
        target = room.parent / former.name
        if not os.path.lexists(target):
            former.rename(target)
            back = target
        elif not any((target / name).exists() for name in WHOLE):
            # something else has the name: the only run there is stays where it is
            return [Left(room, size, removed=False)]
    shutil.rmtree(room, ignore_errors=True)
    return [Left(room, size, removed=not room.exists(), restored=back)]


def _size(room: Path) -> int:
    return sum(p.lstat().st_size for p in room.rglob("*") if not p.is_dir())


def former_of(target: Path) -> Path | None:
    """Where the former run of a folder lies that a killed process was about to replace; None if there is none."""
    try:
        rooms = sorted(p for p in target.parent.iterdir() if LEFT.fullmatch(p.name) and p.is_dir())
    except OSError:
        return None
    return next((room / OLD / target.name for room in rooms if (room / OLD / target.name).is_dir()), None)
