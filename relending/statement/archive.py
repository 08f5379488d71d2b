"""The archive of published statements 信息披露存档: every version whole and for good.

``DIR/<lender>/<facility>/<2024Q2>/v<N>/`` holds ``statements/`` (what was published) and ``internal/`` (papers, record
and loans). A version gets its name by one rename, when all of it is there, and is never replaced; what a killed
process left is named ``.partial``, no reader sees it, and the next one to keep clears it away. Nothing is read or
written through a link.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import IO

from relending.dates import parse_quarter, quarter_text
from relending.filenames import LONGEST, unfit
from relending.findings import Findings, InputError
from relending.outfile import MODE, locked
from relending.statement.record import Record
from relending.statement.record_check import LARGEST_LOANS
from relending.statement.record_file import (
    RECORD,
    TABLE,
    damaged,
    digest,
    files_of,
    loans_file,
    read_record,
    record_file,
)

FOLDERS = ("statements", "internal")
PREFIX, SUFFIX, LOCK, NEW = ".relending-", ".partial", "lock", "new"
TRIES = 3
LARGEST_RECORD = 2**26
"""Bytes of a ``record.json``; what is larger is something else."""
_VERSION = re.compile(r"v([1-9]\d{0,5})")
_LEFT = re.compile(r"\.relending-\w+\.partial")


class Archive:
    """The published statements in a folder, which need not exist before the first is kept."""

    def __init__(self, folder: Path | str) -> None:
        self.root = Path(folder)

    def folder(self, lender: str, facility: str, quarter: int, version: int) -> Path:
        """Where a version is or will be."""
        return self._quarter(lender, facility, quarter) / f"v{version}"

    def versions(self, lender: str, facility: str, quarter: int) -> list[int]:
        """The versions kept of a statement, ascending. Raises InputError where something else has a version's name."""
        out = []
        for place in self._inside(self._quarter(lender, facility, quarter)):
            if found := _VERSION.fullmatch(place.name):
                self._plain(place)
                out.append(int(found[1]))
        return sorted(out)

    def quarters(self, lender: str, facility: str) -> list[int]:
        """The quarters of which a version is kept, ascending."""
        out = []
        for place in self._inside(self._facility(lender, facility)):
            try:
                quarter = parse_quarter(place.name)
            except ValueError:  # not ours, whatever it is
                continue
            if self.versions(lender, facility, quarter):
                out.append(quarter)
        return sorted(out)

    def read(self, lender: str, facility: str, quarter: int, version: int) -> Record:
        """A version, every file of it compared with its record.

        Raises InputError where one is missing, changed, a link, or of another format.
        """
        folder = self.folder(lender, facility, quarter, version)
        name = self._name(folder / RECORD)
        held, files = files_of(self._content(folder, RECORD, LARGEST_RECORD), name)
        loans = b""
        for file, sha256 in files.items():
            if fault := _unfit_file(file):
                raise damaged(name, fault)
            if file == TABLE:
                loans = self._content(folder, file, LARGEST_LOANS)
                found = digest(loans)
            else:
                found = self._digest(folder, file)
            if found != sha256:
                raise damaged(self._name(folder / file), found, sha256)
        record = read_record(held, loans, name)
        place = (record.lender, record.facility, record.quarter, record.version)
        if place != (lender, facility, quarter, version):
            shown = f"{record.lender}/{record.facility}/{quarter_text(record.quarter)}/v{record.version}"
            raise damaged(name, shown, self._name(folder))
        return record

    def latest(self, lender: str, facility: str, quarter: int) -> Record | None:
        """The latest version of a statement; None where none is kept. Raises InputError as :meth:`read` does."""
        versions = self.versions(lender, facility, quarter)
        return self.read(lender, facility, quarter, versions[-1]) if versions else None

    def before(self, lender: str, facility: str, quarter: int) -> Record | None:
        """The latest version of the nearest earlier quarter of which one is kept."""
        earlier = [one for one in self.quarters(lender, facility) if one < quarter]
        return self.latest(lender, facility, earlier[-1]) if earlier else None

    def later(self, lender: str, facility: str, quarter: int) -> list[Record]:
        """The latest version of each later quarter, in time."""
        found = (self.latest(lender, facility, one) for one in self.quarters(lender, facility) if one > quarter)
        return [record for record in found if record is not None]

    def keep(self, record: Record, files: Mapping[str, Path]) -> Path:
        """Keep a version: its record and copies of its files, all or nothing; returns its folder.

        ``files``: a name below the version's folder (``statements/…`` or ``internal/…``) -> the file that is copied.
        Raises InputError where the version is there already or is not the next one, ValueError where a name or the
        record cannot be kept, OSError where the disk refuses.
        """
        _check_names(files)
        if record.version > 1 and not record.reason.strip():
            raise ValueError("an amendment has a reason")
        target = self.folder(record.lender, record.facility, record.quarter, record.version)
        self._is_next(record, target)
        with self._made(target.parent) as parent:
            _clear(parent)
            with _room_in(parent) as room:
                _write(room / NEW, record, files)
                self._is_next(record, target)
                try:
                    (room / NEW).rename(target)
                except OSError:
                    self._is_next(record, target)  # another process was first: it is that which is said
                    raise
        return target

    def take_back(self, kept: Path) -> None:
        """Take a version out again that :meth:`keep` has just kept, where what it belongs to could not be finished.

        It goes by one rename, like it came; folders that held nothing else go with it.
        """
        with _room_in(kept.parent) as room:
            kept.rename(room / kept.name)
        for folder in [kept.parent, *kept.parent.parents][: len(kept.relative_to(self.root).parts) - 1]:
            try:
                folder.rmdir()
            except OSError:  # something else stands in it
                break

    def _is_next(self, record: Record, target: Path) -> None:
        versions = self.versions(record.lender, record.facility, record.quarter)
        last = versions[-1] if versions else 0
        if record.version <= last or os.path.lexists(target):
            raise InputError(
                Findings.one("published_exists", file=self._name(target), found=f"v{last}", expected=f"v{last + 1}")
            )
        if record.version > last + 1:
            raise nothing_published(record.lender, record.facility, record.quarter, f"v{record.version - 1}")

    def _facility(self, lender: str, facility: str) -> Path:
        for name in (lender, facility):
            if fault := unfit(name, LONGEST):
                raise damaged(str(self.root), fault)
        return self.root / lender / facility

    def _quarter(self, lender: str, facility: str, quarter: int) -> Path:
        return self._facility(lender, facility) / quarter_text(quarter)

    def _name(self, place: Path) -> str:
        """A place in the archive as people are told it."""
        return place.relative_to(self.root).as_posix()

    def _plain(self, place: Path, folder: bool = True) -> None:
        """InputError unless each step from the archive to a place is a folder of its own, and the place what it is."""
        steps = [*reversed(place.relative_to(self.root).parents), place.relative_to(self.root)][1:]
        for step in steps:
            mode = (self.root / step).lstat().st_mode
            right = stat.S_ISDIR(mode) if folder or step != steps[-1] else stat.S_ISREG(mode)
            if not right:
                raise damaged(step.as_posix(), "link" if stat.S_ISLNK(mode) else "?", "folder" if folder else "file")

    def _inside(self, place: Path) -> list[Path]:
        """What a folder of the archive holds; nothing where there is none."""
        try:
            self._plain(place)
            return sorted(place.iterdir())
        except FileNotFoundError:
            return []
        except NotADirectoryError:
            raise damaged(str(self.root), "file", "folder") from None

    @contextmanager
    def _opened(self, place: Path) -> Iterator[BufferedReader]:
        """A plain file of the archive, to be read."""
        try:
            self._plain(place, folder=False)
            with place.open("rb") as held:
                yield held
        except FileNotFoundError:
            raise damaged(self._name(place), "—", "file") from None

    def _content(self, folder: Path, file: str, most: int) -> bytes:
        """The bytes of a file that has at most so many."""
        place = folder / file
        with self._opened(place) as held:
            if os.fstat(held.fileno()).st_size > most:
                raise damaged(self._name(place), f"> {most:,} bytes")
            return held.read(most + 1)[:most]

    def _digest(self, folder: Path, file: str) -> str:
        """SHA-256 of a file, which is read in pieces."""
        with self._opened(folder / file) as held:
            return hashlib.file_digest(held, "sha256").hexdigest()

    @contextmanager
    def _made(self, folder: Path) -> Iterator[Path]:
        """A folder of the archive, made where it is missing; those made are gone again after an error."""
        made: list[Path] = []
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            for step in [*reversed(folder.relative_to(self.root).parents), folder.relative_to(self.root)][1:]:
                place = self.root / step
                if not os.path.lexists(place):
                    place.mkdir(exist_ok=True)
                    made.append(place)
            yield folder
        except BaseException:
            for place in reversed(made):
                try:
                    place.rmdir()
                except OSError:  # something of another process stands in it
                    break
            raise


def nothing_published(lender: str, facility: str, quarter: int, expected: str = "v1") -> InputError:
    """There is no published version to amend."""
    place = f"{lender}/{facility}/{quarter_text(quarter)}"
    return InputError(Findings.one("published_nothing", file=place, found="—", expected=expected))


def _unfit_file(name: str) -> str:
    """What keeps a text from naming a file of a version; empty if nothing."""
    parts = PurePosixPath(name).parts
    if len(parts) < 2 or parts[0] not in FOLDERS or "/".join(parts) != name:
        return repr(name)[:LONGEST]
    return next((fault for part in parts if (fault := unfit(part))), "")


def _check_names(files: Mapping[str, Path]) -> None:
    seen = {RECORD, TABLE}
    for name in files:
        if _unfit_file(name) or name.casefold() in seen:
            raise ValueError(f"{name!r} cannot be a file of a version")
        seen.add(name.casefold())


def _write(folder: Path, record: Record, files: Mapping[str, Path]) -> None:
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    sums: dict[str, str] = {}
    for name, source in sorted(files.items()):
        _put(folder / name, source.read_bytes(), name, sums)
    _put(folder / TABLE, loans_file(record), TABLE, sums)
    content = record_file(record, dict(sums))
    _put(folder / RECORD, content, RECORD, sums)
    read_record(files_of(content, RECORD)[0], (folder / TABLE).read_bytes(), RECORD)  # what is kept can be read


def _put(place: Path, content: bytes, name: str, sums: dict[str, str]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    place.chmod(MODE)
    sums[name] = digest(content)


@contextmanager
def _room_in(parent: Path) -> Iterator[Path]:
    """A folder beside the versions to make one ready in, locked as long as its process lives."""
    room, lock = _locked_room(parent)
    try:
        (room / NEW).mkdir()
        yield room
    finally:
        if lock is not None:
            lock.close()  # an open file cannot be removed everywhere
        shutil.rmtree(room, ignore_errors=True)


def _locked_room(parent: Path) -> tuple[Path, IO[bytes] | None]:
    """A new room and its lock; none where the file system has no locks, and then no one may clear up after it."""
    for _ in range(TRIES):
        room = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=parent))
        lock = (room / LOCK).open("xb")
        if locked(lock) and (room / LOCK).exists():
            return room, lock
        lock.close()  # another process took it for a dead one's in the moment before it was locked
        shutil.rmtree(room, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=parent)), None


def _clear(parent: Path) -> None:
    """Remove what killed processes left; what a living one is making is locked."""
    for room in parent.iterdir():
        if not _LEFT.fullmatch(room.name) or room.is_symlink() or not room.is_dir():
            continue
        try:
            with (room / LOCK).open("r+b") as lock:
                dead = locked(lock)
                if dead and os.name != "nt":  # while the lock is held: no one else begins in it
                    shutil.rmtree(room, ignore_errors=True)
            if dead:
                shutil.rmtree(room, ignore_errors=True)
        except OSError:  # about to be locked, made without a lock, or being cleared by someone else
            continue
