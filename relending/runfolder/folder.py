"""Saving a run: everything is written to a folder beside the final one, which then takes its name.

So a folder under the final name is complete, always; whatever fails, nothing half-written is left.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from relending.runfolder.errors import FolderExists, RunFolderError
from relending.runfolder.manifest import MANIFEST, canonical_json, sha256
from relending.runfolder.tables import file_name, tables
from relending.runfolder.write import write_table

if TYPE_CHECKING:
    import pandas as pd

FILE_MODE, FOLDER_MODE = 0o644, 0o755
FIGURES, PICTURES = "figures", ("png", "svg")
WRITERS = 2  # tables written at a time: each holds one block of text or one row group in memory


class Saveable(Protocol):
    """What can be saved: step frames by table name, and a record without outputs."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Every table that is not optional, and any that is: integer step frames."""
        ...

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The record, see ``make_manifest``."""
        ...

    @property
    def texts(self) -> Mapping[str, str]:
        """Text files beside the tables, by name."""
        ...


def save(run: Saveable, out: Path | str, force: bool = False) -> Path:
    """Write a run to the folder ``out``, whose parents are made as needed; returns its path.

    Nothing is written over: what already has that name raises ``FolderExists``, unless ``force`` is given and
    it is a run folder or an empty one, which is then replaced in one move. Raises ``RunFolderError`` if the
    disk refuses, ``ValueError`` or ``TypeError`` if a table is not as declared. After any error the disk is
    as before.
    """
    missing = [name for name, table in tables().items() if name not in run.tables and not table.optional]
    extra = [name for name in run.tables if name not in tables()]
    if missing or extra:
        raise ValueError(f"tables missing {missing}, not declared {extra}")
    target = Path(os.path.realpath(out))  # a link keeps its name, the folder behind it is replaced
    refuse(target, force)
    try:
        with _room_beside(target) as room:
            fill(run, room)
            _take_place(room, target, force)
    except OSError as error:
        raise RunFolderError(f"{target}: cannot be written: {error}", f"{target}：无法写入：{error}") from error
    return Path(out)


def refuse(target: Path, force: bool) -> None:
    """Raise ``FolderExists`` if a run may not be saved as ``target``: a long run can ask before it starts."""
    if not os.path.lexists(target):
        return
    if not force:
        raise FolderExists(
            f"{target}: exists already and is left as it is; choose another name, or replace it with --force",
            f"{target}：已存在，未作改动；请换一个名称，或用 --force 替换",
        )
    if not target.is_dir() or not ((target / MANIFEST).is_file() or not any(target.iterdir())):
        raise FolderExists(
            f"{target}: is not a run folder, so --force does not replace it; choose another name or remove it yourself",
            f"{target}：不是运行文件夹，--force 不会替换它；请换一个名称，或自行删除",
        )


def fill(run: Saveable, folder: Path) -> None:
    """Write every table and the record into an existing empty folder."""
    loans = len(run.tables["loans"])

    def write(table: str) -> tuple[str, dict[str, Any]]:
        path = folder / file_name(table, loans)
        rows = write_table(table, run.tables[table], path)
        path.chmod(FILE_MODE)
        return path.name, {"rows": rows, "sha256": sha256(path)}

    with ThreadPoolExecutor(WRITERS) as pool:
        outputs = dict(pool.map(write, [name for name in tables() if name in run.tables]))
    for name, text in run.texts.items():
        path = folder / name
        path.write_text(text, encoding="utf-8", newline="\n")
        path.chmod(FILE_MODE)
        outputs[name] = {"sha256": sha256(path)}
    outputs |= draw(run, folder)
    record = folder / MANIFEST
    record.write_bytes(canonical_json({**run.manifest, "outputs": outputs}))
    record.chmod(FILE_MODE)
    folder.chmod(FOLDER_MODE)


def draw(run: Saveable, folder: Path) -> dict[str, dict[str, Any]]:
    """Write the pictures a run has into ``figures``; the record's entry of each."""
    if "published" not in run.tables:
        return {}
    from relending.report import balances_picture, save_picture

    name = str(run.manifest["scenario"].get("name", "run"))
    picture = balances_picture([(name, run.tables["ledger"], run.tables["published"])])
    if picture is None:
        return {}
    inside = folder / FIGURES
    inside.mkdir()
    inside.chmod(FOLDER_MODE)
    outputs = {}
    for ending in PICTURES:
        path = inside / f"balances.{ending}"
        save_picture(picture, path)
        path.chmod(FILE_MODE)
        outputs[f"{FIGURES}/{path.name}"] = {"sha256": sha256(path)}
    return outputs


@contextmanager
def _room_beside(target: Path) -> Iterator[Path]:
    """A new empty folder beside ``target``; it and the parents made for it are gone after an error."""
    made = [p for p in (target.parent, *target.parent.parents) if not p.exists()]
    room: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=".relending-", suffix=".partial", dir=target.parent))
        yield room
    except BaseException:
        if room is not None:
            shutil.rmtree(room, ignore_errors=True)
        for parent in made:
            try:
                parent.rmdir()
            except OSError:  # someone else has put something there meanwhile: theirs to keep
                break
        raise


def _take_place(room: Path, target: Path, force: bool) -> None:
    refuse(target, force)  # once more: writing took a while
    if not os.path.lexists(target):
        room.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=".relending-", suffix=".old", dir=target.parent))
    try:
        target.rename(aside / "run")
    except OSError:
        aside.rmdir()
        raise
    try:
        room.rename(target)
    except BaseException:
        (aside / "run").rename(target)
        aside.rmdir()
        raise
    try:
        shutil.rmtree(aside)
    except OSError as error:
        raise RunFolderError(
            f"{target}: written; the former folder could not be removed and lies in {aside}: {error}",
            f"{target}：已写入；旧文件夹无法删除，仍在 {aside}：{error}",
        ) from error
