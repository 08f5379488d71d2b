"""The page of a run and its pictures: beside the tables of a run that is saved, or elsewhere for one saved before."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from relending.outfile import whole_file
from relending.runfolder.errors import FolderExists, RunFolderError
from relending.runfolder.folder import cannot_write, made_parents
from relending.runfolder.garbage import waiting
from relending.runfolder.manifest import MANIFEST
from relending.runfolder.tables import file_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from relending.engine.context import Context
    from relending.report.page import Drawing
    from relending.runfolder.memory import Run
    from relending.runfolder.read import OpenedRun

REPORT, FIGURES = "report.html", "figures"
LANGS = ("zh", "en")


class Reportable(Protocol):
    """What a page can be made of: tables, the record, and the rules behind them."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Step frames by table name."""
        ...

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The record."""
        ...

    def context(self) -> Context:
        """The rules of the run."""
        ...


def drawings(run: Reportable) -> list[Drawing]:
    """The pictures that a run can show, each in both languages, as SVG."""
    from relending.report.page import Drawing
    from relending.report.pictures import pictures_in

    of_lang = pictures_in(run, LANGS)
    return [
        Drawing(one, one.svg()) for several in zip(*(of_lang[lang] for lang in LANGS), strict=True) for one in several
    ]


def report_files(run: Reportable) -> dict[str, bytes]:
    """``report.html`` and the pictures in it, by their names in the run folder."""
    with waiting():
        drawn = drawings(run)
        return {REPORT: page(run, drawn), **{one.file: one.svg for one in drawn}}


def page(run: Reportable, drawn: Sequence[Drawing], beside: bool = True) -> bytes:
    """The page of a run; ``beside``: it lies in the run folder, where its links lead to files."""
    from relending.report.page import report_page

    loans = len(run.tables["loans"])
    return report_page(run, {name: file_name(name, loans) for name in run.tables}, drawn, beside)


def write_report(run: Run | OpenedRun | Path | str, path: Path | str) -> Path:
    """Write the page of a run, or of a run folder, to a file of its own: Chinese and English, pictures inside.

    For a run saved without one, or by an earlier version. A saved folder never changes, so the file may not lie in one.
    Raises FolderExists where there is a file of that name, RunFolderError where the file would lie in a run folder, the
    folder cannot be read or the disk refuses.

    >>> import relending as rl, tempfile
    >>> out = rl.write_report(rl.run("demo"), tempfile.mkdtemp() + "/demo.html")
    >>> out.read_bytes()[:15]
    b'<!DOCTYPE html>'
    """
    from relending.runfolder.read import open_run

    target = Path(path)
    for parent in target.resolve().parents:
        if (parent / MANIFEST).is_file():
            raise RunFolderError(
                f"{target}: lies in the run folder {parent}, which never changes; write the page elsewhere",
                f"{target}：位于运行文件夹 {parent} 之内，运行文件夹不再改动；请写到别处",
            )
    if os.path.lexists(target):
        raise _taken(target)
    opened = open_run(run) if isinstance(run, str | Path) else run
    with waiting():
        made = page(opened, drawings(opened), beside=False)
    try:
        with made_parents(target), whole_file(target) as room:
            room.write_bytes(made)
            if os.path.lexists(target):  # drawing took a while
                raise _taken(target)
    except OSError as error:
        raise cannot_write(target, error) from error
    return target


def _taken(target: Path) -> FolderExists:
    return FolderExists(
        f"{target}: exists already and is left as it is; choose another name",
        f"{target}：已存在，未作改动；请换一个名称",
    )
