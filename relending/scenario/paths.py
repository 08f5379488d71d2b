"""Which files a scenario file may name: those in its own folder or below.

A scenario comes from others as a book does, and what it names is read. So a name that leads out of the folder of the
file that names it is refused, on whatever system the file was written: an absolute path, a drive or a share, ``..``
that leaves the folder, a link that leads out of it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PureWindowsPath

LARGEST = 2**24
"""The most bytes of a scenario file, or of a file of rates: people write them by hand."""


def leads_outside(given: str, folder: Path) -> str | None:
    """Where a name given in a file of ``folder`` leads, if that is outside; None where it stays inside.

    Both slashes part a path and both systems' absolute paths count, so that a file means the same everywhere.

    >>> here = Path("scenarios")
    >>> [leads_outside(name, here) for name in ("a/../b.csv", "..\\\\b.csv", "C:b.csv", "/b.csv", "a/../../b.csv")]
    [None, '..\\\\b.csv', 'C:b.csv', '/b.csv', 'a/../../b.csv']
    """
    pure = PureWindowsPath(given)
    if pure.drive or pure.root:
        return given
    depth = 0
    for part in re.split(r"[/\\]", given):
        depth += {"": 0, ".": 0, "..": -1}.get(part, 1)
        if depth < 0:
            return given
    return linked_outside(folder / given, folder)


def linked_outside(path: Path, folder: Path) -> str | None:
    """What a path is behind its links, if that is not in ``folder``; None where it is."""
    root, real = Path(os.path.realpath(folder)), Path(os.path.realpath(path))
    return None if real.is_relative_to(root) else f"{path.name} -> {real}"


def inside(given: str) -> str:
    """The name to give instead, once the file is in the folder.

    >>> inside("..\\\\books/a.csv"), inside("..")
    ('a.csv', 'book.csv')
    """
    last = re.split(r"[/\\:]", given.rstrip("/\\"))[-1]
    return last if last.strip(".") else "book.csv"


def parts_outside(path: Path, folder: Path) -> list[str]:
    """Of a folder of Parquet files, those that are links and lead out of ``folder``."""
    links = sorted(p for p in path.iterdir() if p.is_symlink()) if path.is_dir() else []
    return [where for link in links if (where := linked_outside(link, folder)) is not None]


def refused(path: Path) -> tuple[str, str, str] | None:
    """Why a file is not even opened (code, found, expected): a pipe or a device, or far more than anyone writes."""
    if not path.exists():
        return None
    if not path.is_file():
        return "path_unsafe", path.name, ""
    size = path.stat().st_size
    return ("scenario_too_large", f"{size:,} bytes", f"<= {LARGEST:,} bytes") if size > LARGEST else None
