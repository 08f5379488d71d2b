"""The same run folder, byte for byte, whatever the blocks: split duplicates and shares, quotas that bind."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from relending.book.synth import make_book
from relending.runfolder import Run, run
from relending.scenario import load_scenario

LOANS = 1500

SCENARIO = """
[scenario]
name = "blocks"
book = ["first.csv", "second.csv"]
prepayments = "prepayments.csv"
start = 2022-01-01
end = 2025-12-31
facilities = ["cerf", "clean_coal"]
[market]
own_rate = 0.0295
[lenders.synth]
class = "state"
admitted = {{ clean_coal = 2021-11-17 }}
[lenders.synth_joint]
class = "joint_stock"
[lenders.synth_city]
class = "city"
[facility.cerf]
quota = {quota}
rationing = "{rationing}"
carry_over = {carry_over}
rollover_base = "outstanding"
rollover_take_up = 0.87
on_prepayment = "immediate"
[facility.clean_coal]
caps = {{ "2022-06" = 1e7 }}
"""


def folder(tmp: Path, rationing: str, carry_over: str) -> Path:
    """A book in two files: the first row's id again in the last row, one project lent over its investment."""
    table = make_book(LOANS, seed=11)
    rows = table.to_pylist()
    biggest = max(rows[:50], key=lambda r: r["principal"])
    again = {**rows[0], "borrower": None}
    whole = {"principal": biggest["project_investment"], "loan_reduction_reported": None}
    over = {**biggest, "loan_id": "OVER", **whole}
    first = pa.Table.from_pylist(rows[:600], table.schema)
    second = pa.Table.from_pylist([*rows[600:], over, again], table.schema)
    for name, part in (("first.csv", first), ("second.csv", second)):
        pa_csv.write_csv(part, tmp / name)
    paid = [r for r in rows if r["repayment"] == "bullet"][:40]
    lines = [
        f"{r['loan_id']},{r['disbursed'].replace(day=1).replace(year=r['disbursed'].year + 1)},{i + 1}000.01"
        for i, r in enumerate(paid)
        if (r["matures"] - r["disbursed"]).days > 400
    ]
    (tmp / "prepayments.csv").write_text("\n".join(["loan_id,date,amount", *lines]), encoding="utf-8")
    quota = sum(int(r["principal"]) for r in rows) // 20
    (tmp / "s.toml").write_text(
        SCENARIO.format(quota=quota, rationing=rationing, carry_over=carry_over), encoding="utf-8"
    )
    return tmp / "s.toml"


def digests(done: Run, to: Path) -> dict[str, str]:
    done.save(to)
    files = sorted(p for p in to.rglob("*") if p.is_file())
    return {p.relative_to(to).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.mark.parametrize(
    ("rationing", "carry_over"), [("pro_rata", "true"), ("fifo", "false"), ("whole_loans", "false")]
)
def test_blocks_of_1_7_1000_and_all_rows_give_the_same_bytes(tmp_path: Path, rationing: str, carry_over: str) -> None:
    scenario = folder(tmp_path, rationing, carry_over)
    whole = run(scenario)
    codes = whole.all_findings.codes()
    assert codes["duplicate_loan_id"] == 2, "both rows of the pair, in different files"
    assert codes["share_over_one"] >= 1
    assert codes["quota_cut"] >= 1, "the quota binds"
    expected = digests(whole, tmp_path / "all")
    assert len([name for name in expected if "/" not in name]) >= 11
    for rows in (1000, 7):
        assert digests(run(scenario, block_rows=rows), tmp_path / str(rows)) == expected


@pytest.mark.parametrize("rationing", ["pro_rata", "fifo", "whole_loans"])
def test_one_row_a_block(tmp_path: Path, rationing: str) -> None:
    """A part of the book, for a block a row takes its time: all that can be split is in it and the quota binds."""
    scenario = folder(tmp_path, rationing, "true")
    kept = ""
    for name in ("first.csv", "second.csv"):
        lines = (tmp_path / name).read_text(encoding="utf-8").splitlines()
        keep = lines[:100] if name == "first.csv" else [*lines[:30], *lines[-2:]]
        (tmp_path / name).write_text("\n".join(keep), encoding="utf-8")
        kept += "\n".join(keep)
    header, *paid = (tmp_path / "prepayments.csv").read_text(encoding="utf-8").splitlines()
    paid = [line for line in paid if line.split(",")[0] in kept]
    assert paid
    (tmp_path / "prepayments.csv").write_text("\n".join([header, *paid]), encoding="utf-8")
    changed = load_scenario(scenario, {"facility.cerf.quota": 2_000_000})
    whole = run(changed)
    codes = whole.all_findings.codes()
    assert codes["duplicate_loan_id"] == 2 and codes["share_over_one"] >= 1 and codes["quota_cut"] >= 1
    assert digests(run(changed, block_rows=1), tmp_path / "one") == digests(whole, tmp_path / "all")
