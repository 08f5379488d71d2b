"""An archive holds each version whole and for good, whatever happens while it is written or to what was written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from relending.dates import parse_quarter
from relending.findings import InputError
from relending.outfile import locked
from relending.statement import archive as module
from relending.statement.archive import Archive
from relending.statement.record import Record
from tests.statement.archived import archive_at, record, run_of
from tests.statement.test_record import assert_same

Q1, Q2, Q3, Q4 = (parse_quarter(f"2022Q{i}") for i in (1, 2, 3, 4))
PLACE = "icbc/cerf/2022Q1"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return record(run_of(tmp_path_factory.mktemp("book") / "run"), "2022Q1")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Two prepared files."""
    out = {}
    for name in ("statements/statement.docx", "internal/工作底稿.xlsx"):
        path = tmp_path / "prepared" / Path(name).name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
        out[name] = path
    return out


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def codes(call: Callable[[], object]) -> list[str]:
    with pytest.raises(InputError) as raised:
        call()
    return list(raised.value.findings.codes())


def test_a_version_is_kept_where_the_layout_says(first: Record, files: dict[str, Path], tmp_path: Path) -> None:
    archive = Archive(tmp_path / "published")
    place = archive.keep(first, files)
    assert place == archive.folder("icbc", "cerf", Q1, 1) == tmp_path / "published" / PLACE / "v1"
    assert sorted(tree(tmp_path / "published")) == [
        f"{PLACE}/v1/internal/loans.parquet",
        f"{PLACE}/v1/internal/record.json",
        f"{PLACE}/v1/internal/工作底稿.xlsx",
        f"{PLACE}/v1/statements/statement.docx",
    ]
    assert all(p.exists() for p in files.values())
    held = archive.latest("icbc", "cerf", Q1)
    assert held is not None
    assert_same(held, first)


def test_the_same_statement_gives_the_same_bytes_anywhere(
    first: Record, files: dict[str, Path], tmp_path: Path
) -> None:
    for name in ("a", "other folder"):
        Archive(tmp_path / name).keep(first, files)
    assert tree(tmp_path / "a") == tree(tmp_path / "other folder")


def test_versions_and_quarters_are_found_in_time(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    quarters = ("2022Q3", "2022Q1", "2023Q1")
    archive = archive_at(tmp_path / "p", *(record(run, q) for q in quarters))
    archive.keep(record(run, "2022Q1", version=2, reason="更正"), {})
    assert archive.versions("icbc", "cerf", Q1) == [1, 2] and archive.versions("icbc", "cerf", Q2) == []
    latest = archive.latest("icbc", "cerf", Q1)
    assert latest is not None and (latest.version, latest.reason) == (2, "更正")
    for quarter, found in ((Q1, None), (Q2, (Q1, 2)), (Q3, (Q1, 2)), (Q4, (Q3, 1))):
        before = archive.before("icbc", "cerf", quarter)
        assert (None if before is None else (before.quarter, before.version)) == found
    assert [one.quarter for one in archive.later("icbc", "cerf", Q1)] == [Q3, parse_quarter("2023Q1")]
    assert archive.before("boc", "cerf", Q3) is None and archive.latest("icbc", "clean_coal", Q1) is None


def test_a_published_version_is_never_replaced(first: Record, files: dict[str, Path], tmp_path: Path) -> None:
    archive = Archive(tmp_path / "p")
    archive.keep(first, files)
    was = tree(tmp_path / "p")
    assert codes(lambda: archive.keep(first, {})) == ["published_exists"]
    assert codes(lambda: archive.keep(replace(first, version=3, reason="r"), {})) == ["published_nothing"]
    assert codes(lambda: Archive(tmp_path / "q").keep(replace(first, version=2, reason="r"), {})) == [
        "published_nothing"
    ]
    with pytest.raises(ValueError, match="reason"):
        archive.keep(replace(first, version=2), {})
    assert tree(tmp_path / "p") == was and not (tmp_path / "q" / "icbc").exists()


@pytest.mark.parametrize(
    "name",
    [
        *("a.txt", "statements", "statements/", "/statements/a", "statements/../a", "statements//a", "internal/a\\b"),
        *("internal/con", "internal/record.json", "internal/Loans.parquet", "other/a", "statements/a\x00", "../a"),
    ],
)
def test_no_file_is_kept_under_a_name_that_leads_elsewhere(first: Record, name: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    with pytest.raises(ValueError, match="cannot be a file"):
        Archive(tmp_path / "p").keep(first, {name: tmp_path / "a"})
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("lender", ["..", "", "a/b", "a\\b", "con", ".", "x" * 200, "C:"])
def test_no_lender_leads_out_of_the_archive(first: Record, lender: str, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "p")
    assert codes(lambda: archive.keep(replace(first, lender=lender), {})) == ["published_damaged"]
    assert codes(lambda: archive.before("icbc", lender, Q2)) == ["published_damaged"]


def test_a_disk_that_refuses_leaves_the_archive_as_it_was(
    first: Record, files: dict[str, Path], tmp_path: Path
) -> None:
    archive = Archive(tmp_path / "p")
    with pytest.raises(OSError, match="nowhere"):
        archive.keep(first, {**files, "statements/z.txt": tmp_path / "nowhere"})
    assert list((tmp_path / "p").iterdir()) == []


# ---- killed, and two at once

KILLED = """
import os, sys
from pathlib import Path
from relending.statement import archive as module
from tests.statement.archived import record, run_of
step = int(sys.argv[2])
one = record(run_of(Path(sys.argv[1]) / "run"), "2022Q1")
count = 0
def counted(real):
    def call(*a, **k):
        global count
        count += 1
        if count == step:
            os._exit(9)
        return real(*a, **k)
    return call
module._put = counted(module._put)
Path.rename = counted(Path.rename)
module.shutil.rmtree = counted(module.shutil.rmtree)
source = Path(sys.argv[1]) / "a"
source.write_text("a")
module.Archive(Path(sys.argv[1]) / "p").keep(one, {"statements/a.txt": source, "internal/b.txt": source})
"""


@pytest.mark.parametrize("step", [1, 3, 4, 5, 6, 7])
def test_a_process_killed_between_two_steps_leaves_a_whole_version_or_none(
    first: Record, step: int, tmp_path: Path
) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(step)], check=False)
    assert done.returncode == (9 if step < 7 else 0)
    archive = Archive(tmp_path / "p")
    if step <= 5:  # four files, then the name
        assert archive.versions("icbc", "cerf", Q1) == [] and archive.latest("icbc", "cerf", Q1) is None
        [left] = (tmp_path / "p" / PLACE).iterdir()
        assert left.name.endswith(".partial")
        archive.keep(first, {})
    held = archive.latest("icbc", "cerf", Q1)
    assert held is not None
    assert_same(held, first)
    archive.keep(replace(first, version=2, reason="r"), {})
    assert sorted(p.name for p in (tmp_path / "p" / PLACE).iterdir()) == ["v1", "v2"]


ROUNDS = 6


def _keep(queue: Any, folder: Path, one: Record, source: Path, name: str, turn: Any) -> None:
    for i in range(ROUNDS):
        turn.wait(60)
        try:
            Archive(folder / str(i)).keep(one, {f"statements/{name}": source})
            queue.put((i, name))
        except InputError as error:
            queue.put((i, next(iter(error.findings.codes()))))


def test_of_two_processes_one_keeps_the_version_and_the_other_is_told(first: Record, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    many = get_context("spawn")
    turn, queue = many.Barrier(2), many.Queue()
    both = [
        many.Process(target=_keep, args=(queue, tmp_path, first, tmp_path / "a", name, turn)) for name in ("one", "two")
    ]
    for process in both:
        process.start()
    said = sorted(queue.get(timeout=60) for _ in range(2 * ROUNDS))
    for process in both:
        process.join()
    for i in range(ROUNDS):
        [kept] = {what for n, what in said if n == i} - {"published_exists"}
        assert (i, "published_exists") in said
        place = tmp_path / str(i) / PLACE
        assert [p.name for p in place.iterdir()] == ["v1"]
        assert [p.name for p in (place / "v1/statements").iterdir()] == [kept]
        assert Archive(tmp_path / str(i)).latest("icbc", "cerf", Q1) is not None


def test_a_version_that_appears_while_another_is_written_wins(
    first: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.rename
    other = Archive(tmp_path / "p")

    def late(self: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "rename", real)
        other.keep(first, {})
        return real(self, target)

    monkeypatch.setattr(Path, "rename", late)
    assert codes(lambda: Archive(tmp_path / "p").keep(first, {})) == ["published_exists"]
    assert [p.name for p in (tmp_path / "p" / PLACE).iterdir()] == ["v1"]


def test_what_a_living_process_is_making_is_left_alone(first: Record, tmp_path: Path) -> None:
    archive = archive_at(tmp_path / "p", first)
    room = tmp_path / "p" / PLACE / ".relending-abcd1234.partial"
    (room / module.NEW).mkdir(parents=True)
    with (room / module.LOCK).open("xb") as lock:
        assert locked(lock)
        archive.keep(replace(first, version=2, reason="r"), {})
        assert room.exists() and archive.versions("icbc", "cerf", Q1) == [1, 2]
    archive.keep(replace(first, version=3, reason="r"), {})
    assert not room.exists()


def test_a_file_system_without_locks_keeps_versions_all_the_same(
    first: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "locked", lambda file: False)
    archive = archive_at(tmp_path / "p", first)
    assert [p.name for p in (tmp_path / "p" / PLACE).iterdir()] == ["v1"]
    assert archive.latest("icbc", "cerf", Q1) is not None


def test_a_room_that_another_process_clears_before_it_is_locked_is_made_again(
    first: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared: list[Path] = []

    def late(file: Any) -> bool:
        if not cleared:
            cleared.append(Path(file.name).parent)
            module.shutil.rmtree(cleared[0])
        return locked(file)

    monkeypatch.setattr(module, "locked", late)
    archive_at(tmp_path / "p", first)
    assert len(cleared) == 1 and [p.name for p in (tmp_path / "p" / PLACE).iterdir()] == ["v1"]


# ---- what happened to an archive


@pytest.fixture
def kept(first: Record, files: dict[str, Path], tmp_path: Path) -> Path:
    Archive(tmp_path / "p").keep(first, files)
    return tmp_path / "p" / PLACE / "v1"


def says_damaged(kept: Path) -> str:
    with pytest.raises(InputError) as raised:
        Archive(kept.parents[3]).latest("icbc", "cerf", Q1)
    found = raised.value.findings.frame()
    assert found["code"].tolist() == ["published_damaged"]
    with pytest.raises(InputError):
        Archive(kept.parents[3]).before("icbc", "cerf", Q2)
    return str(found["file"].iloc[0])


NAMES = ["statements/statement.docx", "internal/工作底稿.xlsx", "internal/loans.parquet", "internal/record.json"]


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_truncated_or_missing_file_is_named(kept: Path, name: str) -> None:
    content = (kept / name).read_bytes()
    for other in (content[:-1], content + b" x", b"", b"x" + content[1:]):
        (kept / name).write_bytes(other)
        assert says_damaged(kept) == f"{PLACE}/v1/{name}"
    (kept / name).unlink()
    assert says_damaged(kept) == f"{PLACE}/v1/{name}"
    (kept / name).mkdir()
    assert says_damaged(kept) == f"{PLACE}/v1/{name}"
    (kept / name).rmdir()
    (kept / name).write_bytes(content)
    assert Archive(kept.parents[3]).latest("icbc", "cerf", Q1) is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_link_to_the_very_same_file_is_not_followed(kept: Path, name: str, tmp_path: Path) -> None:
    (kept / name).rename(tmp_path / "away")
    (kept / name).symlink_to(tmp_path / "away")
    assert says_damaged(kept) == f"{PLACE}/v1/{name}"


@pytest.mark.parametrize("up", [0, 1, 2, 3])
def test_a_folder_that_is_a_link_is_neither_read_nor_written(
    kept: Path, up: int, first: Record, tmp_path: Path
) -> None:
    place = kept if up == 0 else kept.parents[up - 1]
    place.rename(tmp_path / "away")
    place.symlink_to(tmp_path / "away", target_is_directory=True)
    was = tree(tmp_path / "away")
    assert says_damaged(kept) == place.relative_to(kept.parents[3]).as_posix()
    amended = replace(first, version=2, reason="r")
    assert codes(lambda: Archive(kept.parents[3]).keep(amended, {})) == ["published_damaged"]
    assert tree(tmp_path / "away") == was


def test_a_dangling_link_is_not_written_through(first: Record, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p/icbc").symlink_to(tmp_path / "elsewhere")
    assert codes(lambda: Archive(tmp_path / "p").keep(first, {})) == ["published_damaged"]
    assert not (tmp_path / "elsewhere").exists()


def test_a_pipe_in_place_of_a_file_stops_nobody(kept: Path) -> None:
    (kept / NAMES[0]).unlink()
    os.mkfifo(kept / NAMES[0])
    assert says_damaged(kept) == f"{PLACE}/v1/{NAMES[0]}"


def test_a_version_under_another_name_is_found_out(kept: Path, tmp_path: Path) -> None:
    kept.rename(kept.parent / "v2")
    assert says_damaged(kept) == f"{PLACE}/v2/internal/record.json"


def test_a_file_in_place_of_the_archive_or_a_version_is_said(first: Record, tmp_path: Path) -> None:
    (tmp_path / "p").write_text("x")
    assert codes(lambda: Archive(tmp_path / "p").latest("icbc", "cerf", Q1)) == ["published_damaged"]
    place = tmp_path / "q" / PLACE
    place.mkdir(parents=True)
    (place / "v1").write_text("x")
    assert codes(lambda: Archive(tmp_path / "q").versions("icbc", "cerf", Q1)) == ["published_damaged"]
    assert codes(lambda: Archive(tmp_path / "q").keep(first, {})) == ["published_damaged"]


def test_what_others_lay_into_an_archive_changes_nothing(kept: Path) -> None:
    (kept / "statements/~$statement.docx").write_text("open in Word")
    for name in ("Thumbs.db", "v0", "v1.bak", "vx", "notes"):
        (kept.parent / name).mkdir()
    for name in ("2022Q9", "backup", ".git"):
        (kept.parents[1] / name).mkdir()
    (kept.parents[1] / "2022Q2").mkdir()  # a quarter of which nothing is kept
    archive = Archive(kept.parents[3])
    assert archive.versions("icbc", "cerf", Q1) == [1] and archive.quarters("icbc", "cerf") == [Q1]
    assert archive.before("icbc", "cerf", Q3) is not None


def test_a_record_that_names_files_elsewhere_is_refused(first: Record, tmp_path: Path) -> None:
    from relending.statement.record_file import RECORD, TABLE, digest, loans_file, record_file

    place = tmp_path / "p" / PLACE / "v1"
    secret = tmp_path / "p" / "secret"
    loans = loans_file(first)
    for bad in ("../../../../secret", "/etc/hostname", "statements/../../../../../secret", "internal"):
        (place / "internal").mkdir(parents=True, exist_ok=True)
        (place / "statements").mkdir(exist_ok=True)
        secret.write_text("s")
        (place / TABLE).write_bytes(loans)
        sums = {TABLE: digest(loans), bad: digest(b"s")}
        (place / RECORD).write_bytes(record_file(first, sums))
        assert codes(lambda: Archive(tmp_path / "p").latest("icbc", "cerf", Q1)) == ["published_damaged"]


def test_an_endless_record_is_not_read(kept: Path) -> None:
    with (kept / "internal/record.json").open("wb") as file:
        file.truncate(module.LARGEST_RECORD + 1)
    assert says_damaged(kept) == f"{PLACE}/v1/internal/record.json"
