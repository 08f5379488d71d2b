"""A bank's style and every format hold the same loans; files are whole or not there."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from relending.book import read_book, synth_rows, synth_write
from relending.book import synth as synth_module
from relending.book.synth import make_book, profile
from relending.book.synth_defects import counted
from relending.book.synth_write import SynthError, write, write_book

LENDERS = {b[key]: b["id"] for b in profile()["lenders"] for key in ("id", "zh")}


def loans(path: Path) -> pd.DataFrame:
    """The loans of a file, without where they stood; rows that are no loan have no id."""
    frame = read_book(path, lenders=LENDERS).loans
    return frame[frame["loan_id"].notna()].drop(columns=["file", "sheet", "row"]).reset_index(drop=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return loans(write_book(tmp_path_factory.mktemp("plain") / "book.parquet", 700, 6)[0])


@pytest.mark.parametrize(("suffix", "encoding"), [(".csv", "utf-8"), (".csv", "gbk"), (".xlsx", "utf-8")])
def test_a_book_in_a_banks_style_is_the_same_loans_to_the_fen(
    tmp_path: Path, plain: pd.DataFrame, suffix: str, encoding: str
) -> None:
    out, *_ = write_book(tmp_path / f"b{suffix}", 700, 6, style="bank", encoding=encoding)
    assert loans(out).equals(plain)


def test_a_bank_writes_titles_units_chinese_words_and_a_total(tmp_path: Path) -> None:
    out, *_ = write_book(tmp_path / "b.csv", 300, 6, style="bank", encoding="gbk")
    lines = out.read_bytes().decode("gbk").splitlines()
    title, unit, header, first = (line.split(",") for line in lines[:4])
    assert title[0].endswith("台账")
    assert unit[0] == "单位：万元"
    assert header[:3] == ["序号", "借据编号", "合同编号"]
    cell = dict(zip(header, first, strict=True))
    year, month, day = cell["贷款发放日期"].split("/")
    assert len(year) == 4 and month == str(int(month)) and day == str(int(day))
    assert 1 < Decimal(cell["发放时利率（%）"]) < 10
    assert cell["贷款发放类型"] == "新增"
    total = dict(zip(header, lines[-2].split(","), strict=True))
    assert total["序号"] == "合计"
    amounts = [Decimal(line.split(",")[header.index("贷款金额")]) for line in lines[3:-2]]
    assert Decimal(total["贷款金额"]) == sum(amounts)
    assert lines[-1].startswith("制表人：")


@pytest.mark.parametrize("style", ["plain", "bank"])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_same_seed_gives_the_same_bytes_in_every_style(tmp_path: Path, suffix: str, style: str) -> None:
    named = {"total_row": Decimal(2), "unreadable_date": Decimal(2), "finer_than_fen": Decimal(2)}
    files = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        files.append(write(folder / f"b{suffix}", 200, 3, named=named, style=style, prepaid=0.5))
    assert files[0].book.read_bytes() == files[1].book.read_bytes()
    assert files[0].scenario.read_bytes() == files[1].scenario.read_bytes()


def test_prepayments_are_the_same_whatever_the_style(tmp_path: Path) -> None:
    one = write(tmp_path / "a.csv", 400, 3, prepaid=0.5).prepayments
    two = write(tmp_path / "b.csv", 400, 3, prepaid=0.5, style="bank", encoding="gbk").prepayments
    assert one.read_bytes() == two.read_bytes()
    assert len(one.read_bytes().splitlines()) > 10


def test_a_book_of_many_blocks_is_whole_and_its_defects_are_counted_over_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (synth_module, synth_rows):
        monkeypatch.setattr(module, "BLOCK_ROWS", 64)
    named = {"duplicate_id": Decimal(3), "missing_id": Decimal(1), "unknown_lender": Decimal(2)}
    made = make_book(1_000, 8, named=named)
    out, *_ = write_book(tmp_path / "b.parquet", 1_000, 8, named=named)
    assert pq.read_table(out).equals(made)
    assert pq.ParquetFile(out).num_row_groups == 16
    ids = [i for i in made["loan_id"].to_pylist() if i]
    assert len(ids) == 990
    assert sum(ids.count(i) > 1 for i in ids) == 30
    csv, *_ = write_book(tmp_path / "c.csv", 1_000, 8, named={"total_row": Decimal(3)})
    assert csv.read_text(encoding="utf-8-sig").count("小计") == 30
    assert len(csv.read_text(encoding="utf-8-sig").splitlines()) == 1_031


def test_a_subtotal_moves_no_other_defect(tmp_path: Path) -> None:
    named = {"unreadable_date": Decimal(3), "unreadable_number": Decimal(3)}
    alone, *_ = write_book(tmp_path / "a.csv", 500, 8, named=named)
    beside, *_ = write_book(tmp_path / "b.csv", 500, 8, named={**named, "total_row": Decimal(10)})
    rows = [line for line in beside.read_text(encoding="utf-8-sig").splitlines() if not line.startswith("小计")]
    assert rows == alone.read_text(encoding="utf-8-sig").splitlines()


def test_names_are_chinese_varied_and_fit_gbk() -> None:
    book = make_book(3_000, 2)
    for name, least in (("borrower", 500), ("project_name", 700), ("branch", 100)):
        texts = set(book[name].to_pylist())
        assert len(texts) > least
        "".join(texts).encode("gbk")
    together = "".join(book["borrower"].to_pylist())
    assert {"（", "(", "喆", "堃", "頔"} <= set(together)
    contracts = book["contract_id"].to_pylist()
    assert all(c.startswith("0") and c.isdigit() for c in contracts)


BOUNDS = {  # hours a year, yuan a kW, t/MWh, t per 10 thousand yuan: a verifier's bounds for warnings
    "solar": ((1000, 1900), (3000, 6000), (0.45, 0.95), (0.75, 6.02)),
    "household_solar": ((850, 1500), (3000, 5500), (0.45, 0.95), (0.7, 4.75)),
    "wind": ((1600, 3200), (4500, 9000), (0.45, 0.95), (0.8, 6.76)),
    "biomass": ((4500, 8000), (7000, 12000), (0.45, 0.95), (1.69, 10.86)),
    "pumped_storage": ((600, 1800), (5000, 8000), (0, 0.6), (0.3, 8)),
    "水力发电": ((2500, 4500), (8000, 25000), (0.45, 0.95), (0.45, 5.34)),
}


@pytest.mark.parametrize("loans", [20_000, 2_000_000], ids=["large projects", "small projects"])
def test_the_figures_of_a_project_lie_inside_every_bound_of_plausibility(loans: int) -> None:
    from relending.book.synth_draft import draft

    made = draft(loans, 5).projects
    of = np.array([t["sector"] for t in profile()["technology"]])[made.tech]
    for sector, (hours, cost, grams, tonnes) in BOUNDS.items():
        some = of == sector
        assert some.any()
        kw, kwh, t = made.capacity_kw[some], made.output_kwh[some], made.reduction_t[some]
        wan = made.investment_wan[some]
        for values, (low, high) in (
            (kwh / kw, hours),
            (wan * 10_000 / kw, cost),
            (t * 1000 / kwh, grams),
            (t / wan, tonnes),
        ):
            assert low <= values.min() and values.max() <= high, sector


def test_more_than_four_fifths_of_an_investment_is_lent_only_where_it_is_meant_to_be() -> None:
    for sound in (True, False):
        book = make_book(5_000, 5, sound=sound)
        by = book.group_by("project_id").aggregate([("principal", "sum"), ("project_investment", "max")])
        lent, cost = by["principal_sum"].to_pylist(), by["project_investment_max"].to_pylist()
        share = np.array([float(a / b) for a, b in zip(lent, cost, strict=True)])
        assert ((share <= 0.8) | (share > 1)).all()
        assert (share > 1).any() != sound


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("b.parquet", {"style": "bank"}, "no title or total rows"),
        ("b.xlsx", {"encoding": "gbk"}, "is for .csv"),
        ("b.csv", {"encoding": "big5"}, "expected one of utf-8, gbk"),
        ("b.xlsx", {"loans": 2**20 - 3, "style": "bank"}, "at most 1,048,575"),
        ("b.xlsx", {"loans": 2**20 - 10, "named": {"total_row": Decimal(1)}}, "other rows"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(
    tmp_path: Path, name: str, options: dict[str, object], words: str
) -> None:
    asked: dict[str, object] = {"loans": 10, "seed": 1, **options}
    with pytest.raises(SynthError, match=words):
        write(tmp_path / name, **asked)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_a_file_is_refused_even_with_force(tmp_path: Path) -> None:
    (tmp_path / "b.toml").mkdir()
    with pytest.raises(SynthError, match="a folder of this name"):
        write(tmp_path / "b.csv", 10, 1, overwrite=True)


def test_what_goes_wrong_at_the_end_leaves_the_files_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = write(tmp_path / "b.csv", 10, 1)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(synth_write, "_write_prepayments", full)
    with pytest.raises(OSError, match="No space"):
        write(done.book, 20, 2, overwrite=True)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


LIMITED = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from relending.cli.synth import command
command([sys.argv[1], "--loans", "3000"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size to set")
@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".xlsx"])
def test_a_file_the_system_has_no_room_for_is_said_and_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"b{suffix}"
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(out)], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert run.returncode == 1, run.stderr
    assert "Traceback" not in run.stderr
    assert "cannot be written" in run.stderr and "无法写入" not in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_even_spread_names_every_kind_and_adds_up() -> None:
    assert sum(counted(12_345, 0.07).values()) == 864
