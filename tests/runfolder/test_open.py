"""A saved run opens as it was saved; what is wrong with a folder is said, in both languages, never guessed around."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from relending.engine.convert import to_user
from relending.runfolder import Difference, RunFolderError, open_run, save, verify
from relending.runfolder import tables as declared
from relending.runfolder.tables import conform, step_frame, tables

MakeRun = Callable[[int], Any]


@pytest.fixture(params=["csv", "parquet"])
def saved(
    request: pytest.FixtureRequest, small_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, Path]:
    if request.param == "parquet":
        monkeypatch.setattr(declared, "LOANS_IN_CSV", 5)
    run = small_run(12)
    return run, save(run, tmp_path / "run")


def test_every_table_comes_back_as_it_was_saved(saved: tuple[Any, Path]) -> None:
    run, out = saved
    opened = open_run(out)
    assert list(opened.tables) == list(tables())
    for name in tables():
        pd.testing.assert_frame_equal(opened.tables[name], step_frame(conform(name, run.tables[name])))
        pd.testing.assert_frame_equal(getattr(opened, name), to_user(run.tables[name]))


def test_reading_changes_nothing_and_a_changed_frame_stays_with_its_holder(saved: tuple[Any, Path]) -> None:
    _, out = saved
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    opened = open_run(out)
    frame = opened.tables["ledger"]
    frame.loc[0, "amount_fen"] = 42
    frame["new"] = 1
    assert opened.tables["ledger"].loc[0, "amount_fen"] != 42 and "new" not in opened.tables["ledger"]
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_one_loan_is_found_in_its_place_also_where_its_id_stands_twice(
    small_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = small_run(12)
    for name in ("loans", "screening"):
        run.tables[name].loc[9, "loan_id"] = "L0002"
    run.tables["findings"].loc[5, "loan"] = "L0002"
    formats = []
    for k, most in enumerate((100, 5)):
        monkeypatch.setattr(declared, "LOANS_IN_CSV", most)
        opened = open_run(save(run, tmp_path / str(k)))
        loans, screening = opened.loan_rows("loans", "L0002"), opened.loan_rows("screening", "L0002")
        assert list(loans.index) == list(screening.index) == [2, 9]
        pd.testing.assert_frame_equal(loans, opened.tables["loans"].loc[[2, 9]], check_index_type=False)
        assert list(opened.loan_rows("findings", "L0002").index) == [5]
        assert len(opened.loan_rows("draws", "no such loan")) == 0
        formats.append(opened.tables.file("loans").suffix)
    assert formats == [".csv", ".parquet"]
    with pytest.raises(ValueError, match="ledger has no column loan_id"):
        opened.loan_rows("ledger", "L0002")


def test_a_loan_is_looked_up_in_parquet_without_reading_the_table(
    small_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relending.runfolder import read

    monkeypatch.setattr(declared, "LOANS_IN_CSV", 5)
    opened = open_run(save(small_run(12), tmp_path / "run"))
    monkeypatch.setattr(read, "read_table", lambda *a: pytest.fail("read the whole table"))
    assert len(opened.loan_rows("attribution", "L0003")) == 1


def broken(out: Path, how: str) -> Path:
    record = out / "manifest.json"
    held = json.loads(record.read_bytes())
    if how == "no folder":
        return out / "nowhere"
    if how == "a file":
        return record
    if how == "no record":
        record.unlink()
    elif how == "not json":
        record.write_text("{", encoding="utf-8")
    elif how == "not text":
        record.write_bytes(b"\xff\xfe\x00")
    elif how == "a list":
        record.write_text("[]", encoding="utf-8")
    elif how == "other format":
        record.write_text(json.dumps({**held, "format": 2}), encoding="utf-8")
    elif how == "no outputs":
        record.write_text(json.dumps({"format": 1}), encoding="utf-8")
    elif how == "table not named":
        del held["outputs"]["cost.csv"]
        record.write_text(json.dumps(held), encoding="utf-8")
    elif how == "file missing":
        (out / "cost.csv").unlink()
    return out


@pytest.mark.parametrize(
    ("how", "en", "zh"),
    [
        ("no folder", "there is no such folder", "没有这个文件夹"),
        ("a file", "there is no such folder", "没有这个文件夹"),
        ("no record", "not a run folder, it has no manifest.json", "缺少 manifest.json"),
        ("not json", "manifest.json: damaged", "文件已损坏"),
        ("not text", "manifest.json: damaged", "文件已损坏"),
        ("a list", "manifest.json: damaged", "文件已损坏"),
        ("other format", "format 2, expected 1", "格式为 2，应为 1"),
        ("no outputs", "manifest.json: damaged", "文件已损坏"),
        ("table not named", "0 files for cost, not one", "文件已损坏"),
        ("file missing", "files missing: cost.csv", "缺少文件：cost.csv"),
    ],
)
def test_a_folder_that_is_no_sound_run_is_refused(
    how: str, en: str, zh: str, small_run: MakeRun, tmp_path: Path
) -> None:
    out = broken(save(small_run(2), tmp_path / "run"), how)
    with pytest.raises(RunFolderError) as caught:
        open_run(out)
    assert en in caught.value.text("en") and zh in caught.value.text("zh") and str(caught.value) == caught.value.en


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"loan_id,facility", b"loan_id,facilities"),  # another column
        (b",true,", b",maybe,"),  # no boolean
        (b",true,", b",,"),  # an empty boolean
        (b",true,", b",true,x,"),  # a cell too many
        (b"L0000", b"\xff\xfe00"),  # no UTF-8
    ],
)
def test_a_damaged_table_is_named_when_it_is_read(
    before: bytes, after: bytes, small_run: MakeRun, tmp_path: Path
) -> None:
    out = save(small_run(4), tmp_path / "run")
    path = out / "screening.csv"
    assert before in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(before, after, 1))
    opened = open_run(out)
    with pytest.raises(RunFolderError, match=r"screening\.csv: damaged"):
        opened.screening  # noqa: B018
    assert len(opened.loans) == 4


@pytest.mark.parametrize("cell", ["1.005", "1e30", "1.5.0", "99999999999999999.99", "x"])
def test_a_figure_that_cannot_have_been_written_is_damage(cell: str, small_run: MakeRun, tmp_path: Path) -> None:
    out = save(small_run(1), tmp_path / "run")
    path = out / "prepayments.csv"
    path.write_text(f"loan_id,date,amount,file,sheet,row\na,2024-01-01,{cell},f,s,2\n", encoding="utf-8-sig")
    with pytest.raises(RunFolderError, match=r"prepayments\.csv: damaged"):
        open_run(out).tables["prepayments"]


def test_a_damaged_parquet_file_is_named(small_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declared, "LOANS_IN_CSV", 1)
    out = save(small_run(3), tmp_path / "run")
    (out / "loans.parquet").write_bytes(b"PAR1 not really PAR1")
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"loan_id": ["a"]}), out / "draws.parquet")
    opened = open_run(out)
    with pytest.raises(RunFolderError, match=r"loans\.parquet: damaged"):
        opened.loans  # noqa: B018
    with pytest.raises(RunFolderError, match=r"loans\.parquet: damaged"):
        opened.loan_rows("loans", "L0001")
    with pytest.raises(RunFolderError, match=r"draws\.parquet: damaged"):
        opened.loan_rows("draws", "a")


def test_verify_names_every_file_that_is_not_as_recorded(small_run: MakeRun, tmp_path: Path) -> None:
    out = save(small_run(3), tmp_path / "run")
    assert verify(out) == []
    (out / "cost.csv").unlink()
    (out / "ledger.csv").write_bytes((out / "ledger.csv").read_bytes() + b"x")
    (out / "more").mkdir()
    (out / "more" / "notes.txt").write_text("")
    record = json.loads((out / "manifest.json").read_bytes())
    record["outputs"]["../outside.csv"] = record["outputs"]["/etc/hostname"] = {"sha256": "0", "rows": 1}
    (out / "manifest.json").write_text(json.dumps(record), encoding="utf-8")
    found = verify(out)
    assert [(d.file, d.kind) for d in found] == [
        ("../outside.csv", "unsafe"),
        ("/etc/hostname", "unsafe"),
        ("cost.csv", "missing"),
        ("ledger.csv", "changed"),
        ("more/notes.txt", "unexpected"),
    ]
    assert found[3].found != found[3].expected == record["outputs"]["ledger.csv"]["sha256"]
    assert Difference("a", "changed").text("zh") == "a：写出后被改动"
