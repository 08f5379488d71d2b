"""A folder under its final name is complete; nothing is written over, nothing half-written is left."""

from __future__ import annotations

import codecs
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relending.runfolder import FolderExists, RunFolderError, folder, open_run, save, verify
from relending.runfolder.tables import file_name, tables

MakeRun = Callable[[int], Any]


def test_a_saved_run_has_every_table_and_a_record_of_each_file(small_run: MakeRun, tmp_path: Path) -> None:
    out = save(small_run(12), tmp_path / "a" / "b" / "run")
    assert sorted(p.name for p in out.iterdir()) == sorted([f"{t}.csv" for t in tables()] + ["manifest.json"])
    record = json.loads((out / "manifest.json").read_bytes())
    assert record["outputs"].keys() == {f"{t}.csv" for t in tables()}
    assert all(entry["rows"] == 12 and len(entry["sha256"]) == 64 for entry in record["outputs"].values())
    assert verify(out) == []


def test_csv_has_a_byte_order_mark_a_header_line_and_lf_only(small_run: MakeRun, tmp_path: Path) -> None:
    out = save(small_run(0), tmp_path / "run")
    for table in tables():
        data = (out / f"{table}.csv").read_bytes()
        assert data.startswith(codecs.BOM_UTF8) and data.count(codecs.BOM_UTF8) == 1
        assert data.endswith(b"\n") and b"\r" not in data
        assert len(data.splitlines()) == 1
    assert (out / "screening.csv").read_text(encoding="utf-8-sig") == "loan_id,facility,eligible,reasons\n"
    assert (out / "ledger.csv").read_text(encoding="utf-8-sig") == (
        "date,lender,facility,tranche,event,amount,rate,balance,basis\n"
    )


def test_place_of_a_row_comes_last_in_the_loans_file(small_run: MakeRun, tmp_path: Path) -> None:
    out = save(small_run(1), tmp_path / "run")
    header = (out / "loans.csv").read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    assert header[0] == "loan_id" and header[-3:] == ["file", "sheet", "row"]
    assert {"capacity_mw", "output_mwh", "principal", "spread_bp"} <= set(header)


def test_loan_level_tables_of_more_loans_than_a_spreadsheet_likes_are_parquet(
    small_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relending.runfolder import tables as declared

    assert file_name("draws", 100_000) == "draws.csv" and file_name("draws", 100_001) == "draws.parquet"
    monkeypatch.setattr(declared, "LOANS_IN_CSV", 5)
    run = small_run(6)
    out = save(run, tmp_path / "run")
    assert {p.stem for p in out.glob("*.parquet")} == {
        "loans",
        "screening",
        "attribution",
        "draws",
        "part_funded",
    }
    opened = open_run(out)
    again = save(replace(run, tables=opened.tables, manifest=opened.manifest, texts=opened.texts), tmp_path / "again")
    assert {p.name: p.read_bytes() for p in out.iterdir()} == {p.name: p.read_bytes() for p in again.iterdir()}


def test_an_existing_folder_or_file_is_refused_in_both_languages_and_left_alone(
    small_run: MakeRun, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    for name in ("folder", "file", "link"):
        with pytest.raises(FolderExists) as caught:
            save(small_run(1), tmp_path / name)
        assert "--force" in caught.value.text("en") and "已存在" in caught.value.text("zh")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder", "link"]
    assert not list((tmp_path / "folder").iterdir()) and (tmp_path / "file").read_text() == "mine"


def test_force_replaces_a_run_folder_whole(small_run: MakeRun, tmp_path: Path) -> None:
    out = save(small_run(3), tmp_path / "run")
    (out / "left.txt").write_text("from before")
    save(small_run(4), out, force=True)
    assert verify(out) == [] and len(open_run(out).tables["loans"]) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_force_fills_an_empty_folder_but_never_replaces_what_is_no_run(small_run: MakeRun, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("keep")
    (tmp_path / "file").write_text("keep")
    assert verify(save(small_run(1), tmp_path / "empty", force=True)) == []
    for name in ("letters", "file"):
        with pytest.raises(FolderExists, match="is not a run folder"):
            save(small_run(1), tmp_path / name, force=True)
    assert (tmp_path / "letters" / "letter.txt").read_text() == (tmp_path / "file").read_text() == "keep"


@pytest.mark.parametrize("failing", ["loans", "disclosure", "findings"])
@pytest.mark.parametrize("error", [OSError("disk full"), ValueError("wrong"), KeyboardInterrupt()])
def test_a_failure_in_the_middle_leaves_nothing_behind(
    failing: str, error: BaseException, small_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = folder.write_table

    def break_at(table: str, *rest: Any) -> int:
        if table == failing:
            raise error
        return real(table, *rest)

    monkeypatch.setattr(folder, "write_table", break_at)
    expected = RunFolderError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        save(small_run(3), tmp_path / "new" / "deeper" / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_under_force_leaves_the_former_run_as_it_was(
    small_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = save(small_run(3), tmp_path / "run")
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    real = Path.rename
    calls: list[Path] = []

    def second_fails(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == 2:
            raise OSError("in use")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises(RunFolderError, match="in use"):
        save(small_run(4), out, force=True)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_appears_meanwhile_is_not_written_over(
    small_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = folder.fill

    def slow(run: Any, room: Path, report: bool) -> None:
        real(run, room, report)
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "theirs").write_text("x")

    monkeypatch.setattr(folder, "fill", slow)
    with pytest.raises(FolderExists):
        save(small_run(1), tmp_path / "run")
    assert [p.name for p in tmp_path.rglob("*")] == ["run", "theirs"]


def test_a_run_without_a_declared_table_is_refused(small_run: MakeRun, tmp_path: Path) -> None:
    run = small_run(1)
    del run.tables["cost"]
    with pytest.raises(ValueError, match=r"tables missing \['cost'\]"):
        save(run, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_file_modes_do_not_depend_on_the_umask(small_run: MakeRun, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        out = save(small_run(1), tmp_path / "run")
    finally:
        os.umask(before)
    assert stat.S_IMODE(out.stat().st_mode) == 0o755
    assert {stat.S_IMODE(p.stat().st_mode) for p in out.iterdir()} == {0o644}
