"""One writer of labelled tables: what is written is read back by other programs' readers, whatever the cells hold."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.io.stata import StataReader
from python_calamine import CalamineWorkbook

import relending as rl
from relending.labelled import FORMATS, Label, csv_bytes, stata, workbook, write_labelled
from relending.labelled import limits as limits_of
from relending.labelled.stata import valid_names
from relending.spreadsheet import unescape

TITLE = {"zh": "示范表", "en": "A table"}
NOTES = [{"zh": "注", "en": "a note"}, "=cmd|' /C calc'!A0"]
HOSTILE = ["=1+1", "@SUM(A1)", "+7", "-7", "'=x", "\tx", 'a,"b"\nc', "<script>", "贷款", " a ", "x\x07y", "0012"]
DAYS = [dt.date(2021, 7, 1), None, *[dt.date(2024, 2, 29)] * 10]


def table() -> pd.DataFrame:
    n = len(HOSTILE)
    return pd.DataFrame(
        {
            "text": HOSTILE,
            "quarter": ["2024Q2", None, *["1999Q4"] * (n - 2)],
            "whole": pd.array([2**31, None, *range(n - 2)], dtype="Int64"),
            "number": [0.1, np.nan, 8e11, 1e-7, -2.5, *[1 / 3] * (n - 5)],
            "flag": [True, False] * (n // 2),
            "day": DAYS,
            "moment": pd.to_datetime(["2024-01-02 03:04:05"] * n),
            "kind": pd.Categorical(["a", "b"] * (n // 2)),
        }
    )


LABELS = {
    "text": ("文本", "text"),
    "quarter": ("季度", "quarter"),
    "whole": Label("整数", "whole number", "count"),
    "number": ("数值", "number", "yuan"),
    "flag": ("是否", "flag", "true/false"),
    "day": ("日期", "day"),
    "moment": ("时刻", "moment"),
    "kind": ("种类", "kind"),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("labelled")

    def write(ending: str) -> Path:
        path = folder / f"table.{ending}"
        if not path.exists():
            assert write_labelled(table(), path, LABELS, title=TITLE, notes=NOTES) == (path,)
        return path

    return write


def texts(column: Any) -> list[str]:
    return ["" if pd.isna(v) else str(v) for v in column]


# -- each format ------------------------------------------------------------------------------------------------------


def test_csv_has_a_mark_line_feeds_plain_digits_and_no_formula(written: Callable[[str], Path]) -> None:
    raw = written("csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and b"\r" not in raw.replace(b"\r", b"", 0)[:40] and raw.endswith(b"\n")
    head, *rows = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert head == list(LABELS)
    cells = [dict(zip(head, row, strict=True)) for row in rows]
    assert [unescape(c["text"]) for c in cells] == HOSTILE
    assert not any(c["text"][0] in "=+-@\t" for c in cells)
    assert [c["number"] for c in cells[:5]] == ["0.1", "", "800000000000", "0.0000001", "-2.5"]
    assert [c["whole"] for c in cells[:3]] == [str(2**31), "", "0"]
    assert (cells[0]["flag"], cells[0]["day"], cells[0]["moment"]) == ("true", "2021-07-01", "2024-01-02T03:04:05")
    assert [float(c["number"]) for c in cells[5:]] == [1 / 3] * (len(cells) - 5)
    assert csv_bytes(table(), LABELS) == raw


def test_labels_stand_beside_a_csv_only_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    files = write_labelled(table(), path, LABELS, title=TITLE, sidecar=True)
    assert files == (path, tmp_path / "t.labels.csv") and sorted(tmp_path.iterdir()) == sorted(files)
    rows = list(csv.DictReader(files[1].read_text(encoding="utf-8-sig").splitlines()))
    assert rows[3] == {"column": "number", "label_zh": "数值", "label_en": "number", "unit": "yuan"}


def test_parquet_says_label_and_unit_and_has_no_index(written: Callable[[str], Path]) -> None:
    schema = pq.read_schema(written("parquet"))
    assert schema.names == list(LABELS) and b"pandas" not in schema.metadata
    assert schema.field("number").metadata == {b"label_zh": "数值".encode(), b"label_en": b"number", b"unit": b"yuan"}
    assert schema.metadata[b"title_zh"].decode() == "示范表" and schema.metadata[b"title_en"] == b"A table"
    assert schema.metadata[b"relending"].decode() == rl.__version__
    assert json.loads(schema.metadata[b"notes_en"]) == ["a note", NOTES[1]]
    back, given = pd.read_parquet(written("parquet")), table()
    assert back.text.to_list() == HOSTILE and texts(back.whole) == texts(given.whole.astype("float64"))
    pd.testing.assert_series_equal(back.number, given.number)
    assert back.flag.to_list() == given.flag.to_list() and back.kind.to_list() == given.kind.astype(str).to_list()
    assert [None if pd.isna(d) else d for d in back.day] == DAYS and back.moment.to_list() == given.moment.to_list()


def test_a_workbook_holds_numbers_days_and_texts_and_says_what_columns_are(written: Callable[[str], Path]) -> None:
    book = openpyxl.load_workbook(written("xlsx"))
    data, about = book["data"], book["about"]
    head, *rows = data.iter_rows()
    assert [c.value for c in head] == list(LABELS) and data.freeze_panes == "C2"
    cells = [dict(zip(LABELS, row, strict=True)) for row in rows]
    assert [unescape(c["text"].value) for c in cells] == [t.replace("\x07", "_x0007_") for t in HOSTILE]
    assert {c["text"].data_type for c in cells} == {"s"}
    assert [c["number"].value for c in cells] == [None if pd.isna(v) else v for v in table().number]
    assert cells[0]["number"].number_format == "#,##0.00" and cells[0]["whole"].value == 2**31
    assert cells[0]["day"].value == dt.datetime(2021, 7, 1) and cells[0]["flag"].value is True
    assert cells[0]["moment"].value == dt.datetime(2024, 1, 2, 3, 4, 5) and cells[1]["day"].value is None
    lines = [[c.value for c in row] for row in about.iter_rows()]
    assert lines[0][0] == "A table" and ["number", "数值", "number", "元 yuan"] in lines
    assert {c.data_type for row in about.iter_rows() for c in row} <= {"s", "n"}
    assert book.properties.created == dt.datetime(2026, 1, 1)
    assert CalamineWorkbook.from_path(written("xlsx")).sheet_names == ["data", "about"]


def test_a_workbook_in_chinese_has_chinese_sheets(tmp_path: Path) -> None:
    write_labelled(table(), tmp_path / "t.xlsx", LABELS, title=TITLE, lang="zh")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx", read_only=True)
    assert book.sheetnames == ["数据", "说明"]
    book.close()


def test_stata_has_labels_dates_quarters_and_missing_values(written: Callable[[str], Path]) -> None:
    path = written("dta")
    with StataReader(path) as reader:
        back, labels, title, stamp = reader.read(), reader.variable_labels(), reader.data_label, reader.time_stamp
    assert path.read_bytes().startswith(b"<stata_dta><header><release>118</release>")
    assert (title, stamp) == ("A table", "01 Jan 2026 00:00")
    assert list(back) == ["text", "quarter", "quarter_q", "whole", "number", "flag", "day", "moment", "kind"]
    assert labels["number"] == "number [yuan]" and labels["quarter_q"] == "quarter, %tq"
    given = table()
    assert back.text.to_list() == HOSTILE and back.quarter.to_list() == texts(given.quarter)
    np.testing.assert_array_equal(back.number, given.number)
    assert texts(back.whole) == texts(given.whole.astype("float64"))
    assert [None if pd.isna(d) else d.date() for d in back.day] == DAYS
    assert back.moment[0] == pd.Timestamp("2024-01-02 03:04:05") and back.flag.to_list()[:2] == [1, 0]
    raw = pd.read_stata(path, convert_dates=False)
    assert raw.quarter_q[0] == (2024 - 1960) * 4 + 1 and np.isnan(raw.quarter_q[1])  # quarters since 1960q1
    assert b"%tq" in path.read_bytes() and b"%td" in path.read_bytes()


def test_labels_of_stata_are_in_the_language_asked_for(tmp_path: Path) -> None:
    write_labelled(table(), tmp_path / "t.dta", LABELS, title=TITLE, lang="zh")
    with StataReader(tmp_path / "t.dta") as reader:
        reader.read()
        assert reader.data_label == "示范表" and reader.variable_labels()["number"] == "数值（元）"


# -- names, long texts, NULs, large numbers ---------------------------------------------------------------------------


def test_an_unfit_name_is_changed_for_stata_and_its_label_says_what_it_was(tmp_path: Path) -> None:
    long = "subsidy per tonne under the second reading of the rules"
    frame = pd.DataFrame({long: [1.0], f"{long}!": [2.0], "strL": ["x"]})
    write_labelled(frame, tmp_path / "t.dta", dict.fromkeys(frame, ("中", "e")), title="t")
    with StataReader(tmp_path / "t.dta") as reader:
        names, labels = list(reader.read()), reader.variable_labels()
    assert names == ["subsidy_per_tonne_under_the_seco", "subsidy_per_tonne_under_the_se_2", "strL_"]
    assert labels[names[0]] == f"{long}: e" and labels["strL_"] == "strL: e"


def test_names_for_stata_are_valid_and_unique_whatever_they_were() -> None:
    odd = ["", "1", "_", "if", "str12", "a b", "a_b", "贷款", "x" * 50, "x" * 51, "\0", "=1+1"]
    names = valid_names(odd)
    assert len(set(names)) == len(odd) and all(0 < len(n) <= 32 and n.replace("_", "a").isalnum() for n in names)
    assert not any(n[0].isdigit() for n in names) and not {"_", "if", "str12"} & set(names)


def test_long_text_and_nul_reach_stata_whole(tmp_path: Path) -> None:
    given = ["x" * 5000, "a\0b", "", "=1"]
    write_labelled(pd.DataFrame({"t": given}), tmp_path / "t.dta", {"t": ("文", "t")}, title="t")
    assert pd.read_stata(tmp_path / "t.dta").t.to_list() == ["x" * 5000, r"a\x00b", "", "=1"]


def test_no_digit_of_a_large_whole_number_is_lost(tmp_path: Path) -> None:
    big = [2**53 + 1, -(2**62)]
    frame, labels = pd.DataFrame({"n": big}), {"n": ("数", "n")}
    for ending in FORMATS:
        write_labelled(frame, tmp_path / f"t.{ending}", labels, title="t")
    assert pd.read_stata(tmp_path / "t.dta").n.to_list() == [str(n) for n in big]
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["data"]
    assert [unescape(str(c.value)) for c in sheet["A"][1:]] == [str(n) for n in big]
    assert pd.read_parquet(tmp_path / "t.parquet").n.to_list() == pd.read_csv(tmp_path / "t.csv").n.to_list() == big


def test_half_a_character_is_written_out_in_every_format(tmp_path: Path) -> None:
    frame = pd.DataFrame({"t": pd.Series(["\ud800", "b"], dtype=object)})
    for ending in FORMATS:
        write_labelled(frame, tmp_path / f"t.{ending}", {"t": ("文", "t")}, title="t")
    assert pd.read_parquet(tmp_path / "t.parquet").t[0] == pd.read_stata(tmp_path / "t.dta").t[0] == r"\ud800"


@pytest.mark.parametrize("ending", FORMATS)
def test_a_table_without_rows_has_its_columns(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{ending}"
    write_labelled(table().iloc[:0], path, LABELS, title=TITLE)
    read = {
        "csv": pd.read_csv,
        "parquet": pd.read_parquet,
        "xlsx": partial(pd.read_excel, engine="calamine"),
        "dta": pd.read_stata,
    }[ending]
    found = read(path)  # type: ignore[operator]
    assert list(found) == list(LABELS) and len(found) == 0


# -- same bytes, whole or not at all ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", FORMATS)
def test_the_same_table_gives_the_same_bytes(ending: str, written: Callable[[str], Path], tmp_path: Path) -> None:
    other = tmp_path / f"another name.{ending}"
    write_labelled(table(), other, LABELS, title=TITLE, notes=NOTES)
    sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (other, written(ending))]
    assert sums[0] == sums[1]


def stopped(frame: pd.DataFrame, path: Path) -> Any:
    path.write_bytes(b"former")
    with pytest.raises(rl.InputError) as stop:
        write_labelled(frame, path, dict.fromkeys(frame, ("中", "e")), title="t")
    assert path.read_bytes() == b"former" and list(path.parent.iterdir()) == [path], "nothing half-written"
    return stop.value.findings.frame().iloc[0]


def test_more_rows_than_a_sheet_has_stop_and_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (workbook.ROWS, workbook.COLUMNS) == (1_048_576, 16_384)
    monkeypatch.setattr(workbook, "ROWS", 4)
    row = stopped(pd.DataFrame({"n": range(4)}), tmp_path / "t.xlsx")
    assert (row.code, row.found, row.expected) == ("table_too_large", "4 × 1", "<= 3 × 16,384")
    assert ".parquet" in row.fix and ".parquet" in row.fix_zh
    write_labelled(pd.DataFrame({"n": range(3)}), tmp_path / "t.xlsx", {"n": ("数", "n")}, title="t")


def test_more_columns_than_stata_has_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stata, "COLUMNS", 2)
    row = stopped(pd.DataFrame({"a": [1], "q": ["2024Q1"]}), tmp_path / "t.dta")
    assert (row.code, row.found) == ("table_too_large", "1 × 2")  # the quarters take a column more


def test_a_text_longer_than_a_cell_stops_and_is_never_cut(tmp_path: Path) -> None:
    row = stopped(pd.DataFrame({"t": ["a", "x" * 32_767]}), tmp_path / "t.xlsx")
    assert (row.code, row["row"], row["column"], row.found) == ("table_text_too_long", 2, "t", "32,767")
    write_labelled(pd.DataFrame({"t": ["=" * 32_766]}), tmp_path / "t.xlsx", {"t": ("文", "t")}, title="t")


@pytest.mark.parametrize("ending", ["xlsx", "dta"])
def test_an_infinite_number_stops_where_a_format_has_none(ending: str, tmp_path: Path) -> None:
    row = stopped(pd.DataFrame({"n": [1.0, -np.inf]}), tmp_path / f"t.{ending}")
    assert (row.code, row["row"], row["column"], row.found) == ("table_not_finite", 2, "n", "-inf")


def test_an_ending_that_is_no_format_stops_unless_the_format_is_given(tmp_path: Path) -> None:
    row = stopped(pd.DataFrame({"n": [1]}), tmp_path / "t.sav")
    assert (row.code, row.found) == ("table_format", ".sav")
    write_labelled(pd.DataFrame({"n": [1]}), tmp_path / "t.sav", {"n": ("数", "n")}, title="t", format="csv")
    assert (tmp_path / "t.sav").read_text(encoding="utf-8-sig") == "n\n1\n"


def test_a_full_disk_leaves_the_former_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"former")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("relending.labelled.csvfile.csv_to", full)
    with pytest.raises(OSError, match="No space"):
        write_labelled(pd.DataFrame({"n": [1]}), path, {"n": ("数", "n")}, title="t")
    assert path.read_bytes() == b"former" and list(tmp_path.iterdir()) == [path]


# -- frames that fit no table -----------------------------------------------------------------------------------------


def test_a_column_without_a_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without a label: b"):
        write_labelled(pd.DataFrame({"a": [1], "b": [2]}), tmp_path / "t.csv", {"a": ("甲", "a")}, title="t")


def test_an_index_that_says_something_is_never_dropped(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="scenario"))
    with pytest.raises(ValueError, match="reset_index"):
        write_labelled(frame, tmp_path / "t.csv", {"a": ("甲", "a")}, title="t")


def test_cells_of_several_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="column a holds int, str"):
        write_labelled(pd.DataFrame({"a": [1, "x"]}), tmp_path / "t.csv", {"a": ("甲", "a")}, title="t")


def test_limits_look_at_every_block_of_a_column() -> None:
    import pyarrow as pa

    blocks = pa.table({"n": pa.chunked_array([[1.0], [float("inf")]])})
    with pytest.raises(rl.InputError):
        limits_of.stop_at_infinite(blocks, Path("t.dta"))
