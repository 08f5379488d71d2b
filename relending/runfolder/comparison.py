"""What several runs give together, beside their folders: the published figures of all, and one picture of balances."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from relending.room import NEW, room_in
from relending.runfolder.errors import FolderExists
from relending.runfolder.folder import FILE_MODE, PICTURES, cannot_write
from relending.runfolder.write import is_table, write_table

if TYPE_CHECKING:
    from relending.runfolder.memory import Run

TOGETHER = "published.csv"
NAMES = (TOGETHER, *(f"balances.{ending}" for ending in PICTURES))


def refuse_together(folder: Path, force: bool) -> None:
    """Raise ``FolderExists`` if a file that :func:`save_together` would write is there and may not be replaced.

    ``force`` replaces only what looks written by it: a table that begins as ours does, and the pictures beside it.
    """
    there = [name for name in NAMES if os.path.lexists(folder / name)]
    if there and not (force and _ours(folder / TOGETHER)):
        names = ", ".join(str(folder / name) for name in there)
        raise FolderExists(
            f"{names}: exists already and is left as it is; choose another folder"
            + ("" if force else ", or replace it with --force"),
            f"{names}：已存在，未作改动；请换一个文件夹" + ("" if force else "，或用 --force 替换"),
        )


def _ours(table: Path) -> bool:
    return table.is_file() and is_table("published", table)


def save_together(runs: Sequence[Run], folder: Path, force: bool = False) -> list[Path]:
    """Write the published figures of several runs into ``folder``, which holds their run folders; the files written.

    ``published.csv`` has the rows of every run, one run below the other; ``balances.png`` and ``.svg`` show all of them
    if balances were published. Nothing is written where no run was held against published figures. Each file takes its
    name when it is whole. Raises ``FolderExists`` as :func:`refuse_together` does, ``RunFolderError`` if the disk
    refuses.
    """
    import pandas as pd

    held = [run for run in runs if "published" in run.tables]
    if not held:
        return []
    refuse_together(folder, force)
    from relending.report import balances_picture, save_picture

    try:
        with room_in(folder) as whole:
            room = whole / NEW
            write_table(
                "published", pd.concat([r.tables["published"] for r in held], ignore_index=True), room / TOGETHER
            )
            picture = balances_picture([(r.scenario.name, r.tables["ledger"], r.tables["published"]) for r in held])
            if picture is not None:
                for ending in PICTURES:
                    save_picture(picture, room / f"balances.{ending}")
            written = sorted(path.name for path in room.iterdir())
            for name in written:
                (room / name).chmod(FILE_MODE)
                (room / name).replace(folder / name)
            for name in set(NAMES) - set(written):  # pictures of former runs
                (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return [folder / name for name in written]
