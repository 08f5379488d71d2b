"""What stories tell of draws, returns, rollovers and repayments adds up to the ledger, whatever the options."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from relending.book.synth import make_book
from relending.lineage import explain
from relending.runfolder import OpenedRun, open_run, run

LOANS = 150
LENDERS = """
[lenders.synth]
class = "state"
[lenders.synth_joint]
class = "joint_stock"
[lenders.synth_city]
class = "city"
"""
SCENARIO = """
[scenario]
name = "told"
book = "book.csv"
prepayments = "prepayments.csv"
start = 2022-01-01
end = 2026-12-31
facilities = ["cerf"]
[market]
own_rate = 0.0295
{lenders}
[facility.cerf]
{options}
"""
STOCK = """
quota = {quota}
carry_over = true
on_prepayment = "immediate"
rollover_base = "outstanding"
"""
FLOW = """
quota = {{ flow = {quota} }}
quota_counts_rollovers = true
on_prepayment = "immediate"
rollover_base = "{base}"
rationing = "{rationing}"
"""


def folder(tmp: Path, options: str, share: int) -> Path:
    """A synthetic book, early prepayments of some loans (some on due dates), and a quota that binds."""
    rows = make_book(LOANS, seed=5).to_pylist()
    pa_csv.write_csv(pa.Table.from_pylist(rows), tmp / "book.csv")
    bullets = [r for r in rows if r["repayment"] == "bullet" and (r["matures"] - r["disbursed"]).days > 800]
    lines = []
    for i, r in enumerate(bullets):
        year = r["disbursed"].year
        lines += [f"{r['loan_id']},{year + 1}-06-15,{i + 1}000.01", f"{r['loan_id']},{year + 1}-12-31,{i + 3}00.07"]
    (tmp / "prepayments.csv").write_text("\n".join(["loan_id,date,amount", *lines]), encoding="utf-8")
    quota = sum(int(r["principal"]) for r in rows) // share
    text = SCENARIO.format(
        lenders=LENDERS, options=options.replace("{quota}", str(quota)).replace("{{", "{").replace("}}", "}")
    )
    (tmp / "s.toml").write_text(text, encoding="utf-8")
    return tmp / "s.toml"


def saved(tmp: Path, options: str, share: int) -> OpenedRun:
    run(folder(tmp, options, share)).save(tmp / "run")
    return open_run(tmp / "run")


def fen(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))


def told(opened: OpenedRun) -> tuple[Counter[tuple[str, str, str]], str]:
    """Fen by (tranche, event, day) as the stories of all loans tell them, and the text of all stories."""
    out: Counter[tuple[str, str, str]] = Counter()
    texts = []
    for loan_id in opened.tables["draws"]["loan_id"].unique():
        (story,) = explain(opened, loan_id)
        texts.append(story.text())
        tranche = ""
        for line in map(str.strip, story.text().splitlines()):
            if line.startswith("drawn "):
                tranche = line.split(" in tranche ")[1].split(" at ")[0]
                out[tranche, "draw", tranche.rsplit("/", 1)[1]] += fen(line.split()[1])
            elif line.startswith("returned "):
                out[tranche, "return", line.split(" on ")[1].split()[0]] += fen(line.split()[1])
            elif line.startswith("due "):
                day = line.split("due ")[1].split(":")[0]
                if ", continued " in line:
                    out[tranche, "rollover", day] += fen(line.split(", continued ")[1].split()[0])
                if ", repaid " in line:
                    out[tranche, "repay", day] += fen(line.split(", repaid ")[1].split()[0])
    return out, "\n".join(texts)


def booked(opened: OpenedRun) -> Counter[tuple[str, str, str]]:
    ledger = opened.tables["ledger"]
    events = ledger[ledger["event"] != "interest"]
    return Counter({(r.tranche, r.event, r.date.isoformat()): r.amount_fen for r in events.itertuples(index=False)})


def events_of(counted: Counter[tuple[str, str, str]]) -> set[str]:
    return {event for _, event, _ in counted}


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> OpenedRun:
    """A binding stock quota, carry_over, immediate returns and rollovers of what is outstanding, all at once."""
    return saved(tmp_path_factory.mktemp("stock"), STOCK, 20)


@pytest.fixture(scope="module")
def stock_told(stock: OpenedRun) -> tuple[Counter[tuple[str, str, str]], str]:
    """What the stories of that run tell."""
    return told(stock)


Flow = tuple[OpenedRun, Counter[tuple[str, str, str]], str]


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Flow]:
    """A run under a flow quota by its base and rationing, and what its stories tell."""

    @cache
    def make(base: str, rationing: str) -> Flow:
        options = FLOW.replace("{base}", base).replace("{rationing}", rationing)
        opened = saved(tmp_path_factory.mktemp("flow"), options, 12)
        return opened, *told(opened)

    return make


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], OpenedRun]:
    """A run in which a part of each rollover is taken up, by its base."""

    @cache
    def make(base: str) -> OpenedRun:
        return saved(tmp_path_factory.mktemp("taken"), TAKE_UP.replace("{base}", base), 12)

    return make


def test_returns_carried_requests_and_rollovers_told_are_those_of_the_ledger(
    stock: OpenedRun, stock_told: tuple[Counter[tuple[str, str, str]], str]
) -> None:
    opened, (mine, text) = stock, stock_told
    assert events_of(mine) == {"draw", "return", "rollover", "repay"}
    assert mine == booked(opened)
    assert (opened.tables["draws"]["loan_id"].value_counts() > 1).any(), "a loan drew more than once"
    assert "taken up" not in text, "all of every rollover is"
    for part in (
        "cut from ",
        "asked again for the rest, ",
        "is not asked for again: ",
        " yuan still held",
        ", repaid ",
    ):
        assert part in text
    due = {(t, d) for t, e, d in booked(opened) if e == "return"} & {
        (t, d) for t, e, d in booked(opened) if e == "rollover"
    }
    assert due, "a return on a due date comes before the rollover"


@pytest.mark.parametrize(("base", "rationing"), [("original", "pro_rata"), ("outstanding", "fifo")])
def test_rollovers_cut_by_a_flow_quota_are_told_as_cut(
    flow: Callable[[str, str], Flow], base: str, rationing: str
) -> None:
    opened, mine, text = flow(base, rationing)
    assert mine == booked(opened)
    assert "return" in events_of(mine)
    assert "cut by the quota: " in text or "(cut by the quota, which leaves nothing)" in text


def test_what_a_cut_rollover_asked_for_is_what_the_base_gives(flow: Callable[[str, str], Flow]) -> None:
    """With nothing but the quota in the way, a loan that still owes asks to keep all it holds."""
    _, _, text = flow("original", "pro_rata")
    lines = [line.strip() for line in text.splitlines()]
    cuts = 0
    for before, line in itertools.pairwise(lines):
        if line.startswith("cut by the quota: "):
            assert line.split(": ")[1].split()[0] == before.split(" of ")[1].split()[0], (before, line)
            cuts += 1
    assert cuts > 5


TAKE_UP = """
rollover_base = "{base}"
rollover_take_up = [
    {{ from = 2022-01-01, value = 0.9, source = "Funding plan of the bank", source_zh = "本行资金计划" }},
    {{ from = 2024-12-31, value = 0 }},
]
quota = [
    {{ from = 2020-01-01, value = {{ kind = "none" }} }},
    {{ from = 2023-01-01, value = {{ flow = {quota} }} }},
]
quota_counts_rollovers = true
"""
PART = r"taken up (\S+) % of what may be rolled over: floor\((\S+) x \1 %\) = (\S+) yuan"


@pytest.mark.parametrize("base", ["original", "outstanding"])
def test_the_part_of_a_rollover_taken_up_is_told_with_its_source(taken: Callable[[str], OpenedRun], base: str) -> None:
    opened = taken(base)
    mine, text = told(opened)
    assert mine == booked(opened)
    lines = [line.strip() for line in text.splitlines()]
    parts: Counter[str] = Counter()
    # a line of source stands between what is taken up and the cut
    for before, line, after in zip(lines, lines[1:], lines[3:], strict=False):
        if not (said := re.fullmatch(PART, line)):
            continue
        part, may, wish = said[1], fen(said[2]), fen(said[3])
        due = re.fullmatch(r"due .*(?: continued \S+ of|, repaid) (\S+) yuan .*", before)
        assert due and (may == fen(due[1]) if base == "original" else may <= fen(due[1])), (before, line)
        assert wish == may * {"90.00": 9, "0.00": 0}[part] // 10, line
        if after.startswith("cut by the quota: "):
            assert fen(after.split(": ")[1].split()[0]) == wish, (line, after)
            part = "cut"
        parts[part] += 1
    assert parts["90.00"] and parts["0.00"] > 5 and parts["cut"] > 5, parts
    assert lines.count("source of the share of a rollover taken up: Funding plan of the bank [assumption]") > 5
    assert "source of the share of a rollover taken up: scenario [assumption]" in lines
    assert "(none of the rollover is taken up)" in text


def test_the_part_taken_up_is_told_in_chinese(taken: Callable[[str], OpenedRun]) -> None:
    opened = taken("original")
    text = "\n".join(explain(opened, i, "zh")[0].text() for i in opened.tables["draws"]["loan_id"].unique())
    assert "展期比例 90.00 %：可展期 " in text and "展期比例的来源：本行资金计划［假设］" in text
    assert "（按展期比例未作展期）" in text and "展期比例的来源：情景［假设］" in text


def test_a_run_folder_from_before_the_take_up_tells_the_same(
    stock: OpenedRun, stock_told: tuple[Counter[tuple[str, str, str]], str], tmp_path: Path
) -> None:
    shutil.copytree(stock.path, tmp_path / "run")
    manifest = tmp_path / "run" / "manifest.json"
    record = json.loads(manifest.read_text(encoding="utf-8"))
    assert [f.pop("rollover_take_up")[0]["value"] for f in record["policy"]["facilities"]] == ["1.0000"]
    manifest.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    assert told(open_run(tmp_path / "run")) == stock_told


def test_the_same_is_told_in_chinese(stock: OpenedRun) -> None:
    ids = stock.tables["draws"]["loan_id"].unique()
    text = "\n".join(explain(stock, i, "zh")[0].text() for i in ids)
    for part in ("因提前还款于", "再次申请", "不再申请", "归还", "核减至"):
        assert part in text
    assert "（基数：贷款余额 outstanding）" in text and "（分配方式：按比例 pro_rata）" in text
