"""A file that is there whole or not at all: written under another name beside its own, which it takes at the end.

Whatever stops the writing (a full disk, a process killed, a mistake in what is written), the file that had the name
before is as it was, and no half of a new one is seen under it.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

MODE, FOLDER_MODE = 0o644, 0o755


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name to write to; what stands there when the block ends takes the place of ``path``.

    The name given has the same ending as ``path``. After any error the folder is as before. Raises ``OSError`` where
    the disk refuses, also where another program holds ``path`` open and the system does not let it be replaced.

    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_file(folder / "a.csv") as room:
    ...     _ = room.write_text("1,2")
    >>> [p.name for p in folder.iterdir()], (folder / "a.csv").read_text()
    (['a.csv'], '1,2')
    """
    target = Path(os.path.realpath(path))  # a link keeps its name, the file behind it is replaced
    room = _room(target)
    try:
        yield room
        room.chmod(MODE)
        room.replace(target)
    except BaseException:
        room.unlink(missing_ok=True)
        raise


@contextmanager
def whole_files(*paths: Path) -> Iterator[list[Path]]:
    """Names to write to, as :func:`whole_file`: all of the files take their places, or none does.

    Where one cannot (another program holds it open), those that had are put back as they were, and the ``OSError``
    has its name.

    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_files(folder / "a.csv", folder / "b.csv") as (a, b):
    ...     _ = a.write_text("1"), b.write_text("2")
    >>> sorted(p.name for p in folder.iterdir())
    ['a.csv', 'b.csv']
    """
    targets = [Path(os.path.realpath(path)) for path in paths]
    rooms: list[Path] = []
    undo: list[tuple[Path, Path | None]] = []
    try:
        for target in targets:
            rooms.append(_room(target))
        yield list(rooms)
        for room, target in zip(tuple(rooms), targets, strict=True):
            with named(target):
                room.chmod(MODE)
                if target.exists():
                    former = _room(target)
                    rooms.append(former)
                    target.replace(former)
                    undo.append((target, former))
                    room.replace(target)
                else:
                    room.replace(target)
                    undo.append((target, None))
    except BaseException:
        for target, before in reversed(undo):
            if before is None:
                target.unlink(missing_ok=True)
            else:
                before.replace(target)
        raise
    finally:
        for room in rooms:
            room.unlink(missing_ok=True)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """An ``OSError`` of the block names this file, whatever it was called while it was written.

    >>> try:
    ...     with named(Path("a.csv")):
    ...         raise OSError(errno.ENOSPC, "No space left on device")
    ... except OSError as error:
    ...     print(error.filename)
    a.csv
    """
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def fixed(path: Path) -> OSError | None:
    """What keeps a file or folder from being moved, as where another program holds it open; None for nothing.

    It is moved within its own folder and back, so that it can be said before any work that it cannot be replaced.

    >>> file = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = file.write_text("1")
    >>> fixed(file) is None, file.read_text(), len(list(file.parent.iterdir()))
    (True, '1', 1)
    """
    target = Path(os.path.realpath(path))
    try:
        room = Path(tempfile.mkdtemp(prefix=".moved-", dir=target.parent))
    except OSError as error:
        return error
    away = room / target.name
    try:
        target.rename(away)
    except OSError as error:
        return error
    else:
        away.rename(target)
    finally:
        if away.exists():  # interrupted between the two
            away.rename(target)
        room.rmdir()
    return None


def _room(target: Path) -> Path:
    """A new empty file beside a file, with its ending."""
    handle, name = tempfile.mkstemp(prefix=".relending-", suffix=f".partial{target.suffix}", dir=target.parent)
    os.close(handle)
    return Path(name)


def locked(file: IO[bytes]) -> bool:
    """Take the lock on an open file without waiting; False where another process has it, or there are no locks.

    The system lets go of it when the file is closed, also where the process that has it is killed.
    """
    try:
        if os.name == "nt":
            windows: Any = __import__("msvcrt")
            windows.locking(file.fileno(), windows.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


_REASONS = {
    "full": ("the disk is full or its limit is reached", "磁盘已满或达到限额"),
    "forbidden": (
        "no permission, or the file is open in another program: close it there",
        "没有权限，或文件正被其他程序打开：请先关闭",
    ),
    "read only": ("the disk is read-only", "磁盘为只读"),
    "missing": ("the folder does not exist", "文件夹不存在"),
    "not a folder": ("a part of the path is not a folder", "路径中有一部分不是文件夹"),
    "too long": ("the name is too long", "名称过长"),
    "loop": ("its links lead in a circle", "链接循环"),
}
_KINDS = {
    "full": ("ENOSPC", "EDQUOT", "EFBIG"),
    "forbidden": ("EACCES", "EPERM", "EBUSY", "ETXTBSY"),
    "read only": ("EROFS",),
    "missing": ("ENOENT",),
    "not a folder": ("ENOTDIR", "EEXIST"),
    "too long": ("ENAMETOOLONG",),
    "loop": ("ELOOP",),
}
_KIND = {getattr(errno, name): kind for kind, names in _KINDS.items() for name in names if hasattr(errno, name)}


def reason(error: OSError) -> tuple[str, str]:
    """Why the system refused, in English and in Chinese, without the names of files that are only in between.

    >>> reason(OSError(errno.ENOSPC, "No space left on device", ".relending-x.partial"))
    ('the disk is full or its limit is reached', '磁盘已满或达到限额')
    """
    if error.errno in _KIND:
        return _REASONS[_KIND[error.errno]]
    said = error.strerror or str(error) or type(error).__name__
    return said, said
