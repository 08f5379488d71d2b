"""Opening a saved run, and checking that its files are the ones the record names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from relending.room import former_of
from relending.runfolder.errors import RunFolderError
from relending.runfolder.manifest import MANIFEST, SCENARIO_FILE, read_manifest, sha256
from relending.runfolder.parse import damaged, read_columns, read_rows, read_table
from relending.runfolder.tables import step_frame, tables
from relending.runfolder.views import Views

if TYPE_CHECKING:
    import pandas as pd

    from relending.engine.context import Context
    from relending.statement.statement import Statement


class SavedTables(Mapping[str, "pd.DataFrame"]):
    """The tables of a folder as step frames, each read when it is first asked for and kept."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, table: str) -> pd.DataFrame:
        if table not in self._read:
            self._read[table] = step_frame(read_table(table, self._files[table]))
        return self._read[table].copy(deep=False)  # copy on write: what the caller changes stays the caller's

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def columns(self, table: str, names: Sequence[str]) -> pd.DataFrame:
        """Some columns of a table as a step frame: of a Parquet file nothing else is read, as long as nobody else did.

        Raises ``RunFolderError`` where the file is damaged, ``KeyError`` for a column that the table has not.
        """
        path = self._files[table]
        if table in self._read or path.suffix != ".parquet":
            return self[table][list(names)]
        return step_frame(read_columns(table, path, names))

    def file(self, table: str) -> Path:
        """The file a table is in."""
        return self._files[table]


@dataclass(frozen=True, slots=True)
class OpenedRun(Views):
    """A saved run. ``tables`` are step frames (integers, unit in the name); the properties are in yuan,
    tonnes and fractions. Nothing is read before it is asked for; a damaged file raises ``RunFolderError``
    then."""

    path: Path
    manifest: Mapping[str, Any] = field(repr=False)
    tables: SavedTables = field(repr=False)

    @property
    def texts(self) -> Mapping[str, str]:
        """The scenario file of a workbook that stood for one, by its name."""
        names = [SCENARIO_FILE] if SCENARIO_FILE in self.manifest["outputs"] else []
        return {name: (self.path / name).read_text(encoding="utf-8") for name in names}

    def context(self) -> Context:
        """The rules the run worked by, rebuilt from its record; ``RunFolderError`` if the record is damaged."""
        from relending.scenario.record import context_of

        try:
            return context_of(self.manifest)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise damaged(self.path / MANIFEST, f"scenario or policy: {error!r}") from error

    def statements(self) -> list[Statement]:
        """The statement of each lender's last quarter with new loans, made again from the tables."""
        from relending.statement.last import last_statements

        return list(last_statements(self))

    def loan_rows(self, table: str, loan_id: str, column: str = "") -> pd.DataFrame:
        """The rows of one loan in a table that has loans, as a step frame; none if there is no such loan.

        ``column`` is another text column in which the id is looked for, such as ``refinances`` of ``loans``. The
        index is the row's place in the table, counted from 0: ``loans``, ``screening`` and ``attribution`` have the
        same loan in the same place, also where a loan id stands twice. Of a Parquet file only what is needed is read.
        """
        key = column or ("loan" if table == "findings" else "loan_id")
        if key not in (c.step for c in tables()[table].columns):
            raise ValueError(f"{table} has no column {key}")
        path = self.tables.file(table)
        if path.suffix == ".parquet":
            held, places = read_rows(table, path, key, loan_id)
            return step_frame(held).set_axis(places, axis="index")
        frame = self.tables[table]
        return frame[frame[key].eq(loan_id).fillna(False).astype(bool)]


def open_run(folder: Path | str) -> OpenedRun:
    """Open a saved run; tables are read when asked for.

    Raises ``RunFolderError`` if it is not a run folder, its record is damaged or of another format, or a
    table's file is missing.
    """
    path = Path(folder)
    manifest = _record(path)
    files: dict[str, Path] = {}
    for table, declared in tables().items():
        names = [n for n in (f"{table}.csv", f"{table}.parquet") if n in manifest["outputs"]]
        if not names and declared.optional:
            continue
        if len(names) != 1:
            raise damaged(path / MANIFEST, f"{len(names)} files for {table}, not one")
        files[table] = path / names[0]
    missing = [p.name for p in files.values() if not p.is_file()]
    if missing:
        raise RunFolderError(
            f"{path}: files missing: {', '.join(missing)}; run the scenario again",
            f"{path}：缺少文件：{'、'.join(missing)}；请重新运行情景",
        )
    return OpenedRun(path, manifest, SavedTables(files))


def _record(path: Path) -> dict[str, Any]:
    """The record of a run folder; where a killed run was about to replace it, the error says where it lies."""
    former = None if os.path.lexists(path) else former_of(path)
    if former is not None:
        raise RunFolderError(
            f"{path}: a run that was about to replace it was cut off; the former run lies whole in {former}: move it "
            "back, or run the scenario again, which puts it back first",
            f"{path}：替换它的运行中途被中断；原来的运行结果完整保存在 {former}：请移回，"
            "或重新运行情景（会先将其恢复）",
        )
    return read_manifest(path)


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not as the record says; ``kind`` is missing, changed, unexpected or unsafe (a path that
    leaves the folder)."""

    file: str
    kind: str
    expected: str = ""
    found: str = ""

    def text(self, lang: str = "en") -> str:
        """The difference in one line.

        >>> Difference("ledger.csv", "missing").text()
        'ledger.csv: named in the record, but not in the folder'
        """
        return f"{self.file}{'：' if lang == 'zh' else ': '}{WORDS[lang][self.kind]}"


WORDS = {
    "en": {
        "missing": "named in the record, but not in the folder",
        "changed": "changed since it was written",
        "unexpected": "in the folder, but not named in the record",
        "unsafe": "its path leaves the folder",
    },
    "zh": {
        "missing": "记录中有，文件夹中没有",
        "changed": "写出后被改动",
        "unexpected": "文件夹中有，记录中没有",
        "unsafe": "路径指向文件夹之外",
    },
}


def verify(folder: Path | str) -> list[Difference]:
    """Every difference between the files of a run folder and the checksums in its record, by file name; none
    = [].

    Raises ``RunFolderError`` if there is no readable record.
    """
    path = Path(folder)
    outputs = _record(path)["outputs"]
    out: list[Difference] = []
    for name, entry in outputs.items():
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in name:
            out.append(Difference(name, "unsafe"))
        elif not (path / pure).is_file():
            out.append(Difference(name, "missing", expected=entry["sha256"]))
        elif (found := sha256(path / pure)) != entry["sha256"]:
            out.append(Difference(name, "changed", expected=entry["sha256"], found=found))
    there = {p.relative_to(path).as_posix() for p in path.rglob("*") if not p.is_dir()}
    out += [Difference(name, "unexpected") for name in there - set(outputs) - {MANIFEST}]
    return sorted(out, key=lambda d: d.file)
