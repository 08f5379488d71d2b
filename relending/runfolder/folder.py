"""Saving a run: everything is written to a folder beside the final one, which then takes its name.

So a folder under the final name is complete, always; whatever fails, nothing half-written is left. Of a process that
is killed a room is left (:mod:`relending.room`), which the next one clears up; between the two renames with
which a run replaces a former one, the former one lies in it, whole, and is put back.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from relending.findings import InputError, InvariantError
from relending.outfile import reason
from relending.room import GONE, NEW, OLD, clear, room_in
from relending.runfolder.errors import FolderExists, PageMissing, RunFolderError
from relending.runfolder.garbage import passing_over
from relending.runfolder.manifest import MANIFEST, STATEMENTS, canonical_json, confidentiality, sha256
from relending.runfolder.tables import file_name, tables
from relending.runfolder.write import write_table
from relending.terminal import visible

if TYPE_CHECKING:
    import pandas as pd

    from relending.engine.context import Context
    from relending.statement.statement import Statement

FILE_MODE, FOLDER_MODE = 0o644, 0o755
LONGEST_FAULT = 300
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

    def statements(self) -> Sequence[Statement]:
        """The statement of each lender's last quarter."""
        ...

    def context(self) -> Context:
        """The rules of the run, for its page."""
        ...


def save(
    run: Saveable, out: Path | str, force: bool = False, *, standing: Standing | None = None, report: bool = False
) -> Path:
    """Write a run to the folder ``out``, whose parents are made as needed; returns its path.

    Nothing is written over: what already has that name raises ``FolderExists``, unless ``force`` is given and
    it is a run folder or an empty one, which is then replaced. ``standing`` is what :func:`refuse` said when the run
    began: a run that someone else has put there since is not replaced either. ``report``: with the page and its
    pictures. What a killed run left beside it is cleared up, with a warning. Raises ``RunFolderError`` if the disk
    refuses, ``ValueError`` or ``TypeError`` if a table is not as declared, ``InvariantError`` where a picture's figures
    are not those of the tables. After any of these the disk is as before. ``PageMissing`` alone comes after the folder
    has its name: page and pictures could not be drawn, by a fault that is not the run's; everything else is there.
    """
    missing = [name for name, table in tables().items() if name not in run.tables and not table.optional]
    extra = [name for name in run.tables if name not in tables()]
    if missing or extra:
        raise ValueError(f"tables missing {missing}, not declared {extra}")
    target = Path(os.path.realpath(out))  # a link keeps its name, the folder behind it is replaced
    for left in clear(target.parent):
        warnings.warn(left.text("en"), stacklevel=2)
    try:
        now = refuse(target, force)
        with made_parents(target), room_in(target.parent) as room:
            fault = fill(run, room / NEW, report)
            _take_place(room, target, force, now if standing is None else standing)
    except OSError as error:
        raise cannot_write(target, error) from error
    if fault is not None:
        raise _page_missing(target, fault) from fault
    return Path(out)


def _page_missing(target: Path, fault: Exception) -> PageMissing:
    said = visible(f"{type(fault).__name__}: {fault}"[:LONGEST_FAULT])
    return PageMissing(
        f"{target}: saved without report.html and pictures, which could not be drawn ({said}); the tables and "
        "statements are complete. This is a fault of the program, please report it; --no-report leaves them out",
        f"{target}：已保存，但 report.html 及图表未能生成（{said}）；各表及信息披露文件完整。"
        "此为程序缺陷，请反馈；也可用 --no-report 不生成",
    )


def cannot_write(place: Path, error: OSError) -> RunFolderError:
    """What is said where the disk refuses; an interrupted write has left nothing."""
    en, zh = reason(error)
    return RunFolderError(f"{place}: cannot be written: {en}", f"{place}：无法写入：{zh}")


Standing = tuple[int, ...]
"""What stands under a name, to tell whether it is still the same; ``()`` for nothing."""


def _standing(target: Path) -> Standing:
    try:
        folder = target.stat()
    except FileNotFoundError:
        return ()
    try:
        record = (target / MANIFEST).stat()
    except FileNotFoundError:
        return (folder.st_dev, folder.st_ino)
    return (folder.st_dev, folder.st_ino, record.st_ino, record.st_mtime_ns, record.st_size)


def refuse(target: Path, force: bool) -> Standing:
    """Raise ``FolderExists`` if a run may not be saved as ``target``: a long run can ask before it starts.

    What is there, for :func:`save`.
    """
    if not os.path.lexists(target):
        return ()
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
    return _standing(target)


def fill(run: Saveable, folder: Path, report: bool = False) -> Exception | None:
    """Write every table, the record and, if ``report``, the page with its pictures into an existing empty folder.

    What kept page and pictures from being drawn; None for nothing. The rest is written all the same: a run that took
    an hour is not lost by a picture.
    """
    loans = len(run.tables["loans"])

    def write(table: str) -> tuple[str, dict[str, Any]]:
        path = folder / file_name(table, loans)
        rows = write_table(table, run.tables[table], path)
        path.chmod(FILE_MODE)
        return path.name, {"rows": rows, "sha256": sha256(path)}

    with ThreadPoolExecutor(WRITERS) as pool:
        written = pool.map(write, [name for name in tables() if name in run.tables])
        # the writers leave the interpreter free most of their time; pictures are drawn in one thread alone
        drawn, fault = _drawn(run, report)
        pictures = _written(drawn, folder)
        outputs = dict(written)
    for name, text in run.texts.items():
        path = folder / name
        path.write_text(text, encoding="utf-8", newline="\n")
        path.chmod(FILE_MODE)
        outputs[name] = {"sha256": sha256(path)}
    outputs |= pictures
    with passing_over():
        outputs |= publish(run, folder)
    record = folder / MANIFEST
    said = {name: {**entry, "confidentiality": confidentiality(name)} for name, entry in outputs.items()}
    record.write_bytes(canonical_json({**run.manifest, "outputs": said}))
    record.chmod(FILE_MODE)
    folder.chmod(FOLDER_MODE)
    return fault


def _drawn(run: Saveable, report: bool) -> tuple[dict[str, bytes], Exception | None]:
    """The files of the page and of all pictures, by their names in the run folder; none, and why, after a fault."""
    from relending.runfolder.reporting import report_files

    try:
        return {**_compared(run), **(report_files(run) if report else {})}, None
    except (InputError, InvariantError):  # the font is damaged; figures do not add up: nothing may be saved
        raise
    except Exception as fault:
        return {}, fault


def _compared(run: Saveable) -> dict[str, bytes]:
    """The picture of the balances beside those that were published, where any were."""
    if "published" not in run.tables:
        return {}
    from relending.report import balances_picture
    from relending.report.pictures.files import picture_bytes

    name = str(run.manifest["scenario"].get("name", "run"))
    picture = balances_picture([(name, run.tables["ledger"], run.tables["published"])])
    return {} if picture is None else {f"{FIGURES}/balances.{kind}": picture_bytes(picture, kind) for kind in PICTURES}


def _written(files: Mapping[str, bytes], folder: Path) -> dict[str, dict[str, Any]]:
    """Write files into the run folder; the record's entry of each."""
    outputs = {}
    for name, content in files.items():
        path = folder / name
        if path.parent != folder:
            _inside(folder, path.parent.name)
        with path.open("xb") as file:
            file.write(content)
        path.chmod(FILE_MODE)
        outputs[name] = {"sha256": sha256(path)}
    return outputs


def _inside(folder: Path, name: str) -> Path:
    """A folder in the run folder."""
    inside = folder / name
    inside.mkdir(exist_ok=True)
    inside.chmod(FOLDER_MODE)
    return inside


def publish(run: Saveable, folder: Path) -> dict[str, dict[str, Any]]:
    """Write the statements of a run into ``statements``; the record's entry of each file."""
    statements = run.statements()
    if not statements:
        return {}
    from relending.statement.last import write_statements

    inside = _inside(folder, STATEMENTS)
    outputs = {}
    for path in write_statements(statements, inside):
        path.chmod(FILE_MODE)
        outputs[f"{STATEMENTS}/{path.name}"] = {"sha256": sha256(path)}
    return outputs


@contextmanager
def made_parents(target: Path) -> Iterator[None]:
    """The folders above ``target``; those made for it are gone after an error."""
    made = [p for p in (target.parent, *target.parent.parents) if not p.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for parent in made:
            try:
                parent.rmdir()
            except OSError:  # someone else has put something there meanwhile: theirs to keep
                break
        raise


def _take_place(room: Path, target: Path, force: bool, standing: Standing) -> None:
    """Give the new run its name. Either step is one rename, which another process wins or loses whole."""
    refuse(target, force)  # once more: writing took a while
    former = room / OLD / target.name
    former.parent.mkdir()
    try:
        target.rename(former)
    except FileNotFoundError:
        if standing:  # someone has moved it, or is about to put another in its place
            raise _other(target) from None
    try:
        if _standing(former) != standing:
            raise _other(target)
        (room / NEW).rename(target)
    except BaseException as error:
        taken = os.path.lexists(target)  # by someone else's run: then theirs is there, whole
        if taken:
            former.parent.rename(room / GONE)
        elif former.exists():
            former.rename(target)
        if isinstance(error, OSError) and taken:
            raise _other(target) from error
        raise
    former.parent.rename(room / GONE)  # no longer to be put back
    try:
        shutil.rmtree(room / GONE)
    except OSError as error:
        en, zh = reason(error)
        raise RunFolderError(
            f"{target}: written; the former folder could not be removed and lies in {room}: {en}",
            f"{target}：已写入；旧文件夹无法删除，仍在 {room}：{zh}",
        ) from error


def _other(target: Path) -> FolderExists:
    return FolderExists(
        f"{target}: another run has taken this place since this one began, and is left as it is; choose another name",
        f"{target}：本次运行期间，另一次运行已写入此处，未作改动；请换一个名称",
    )
