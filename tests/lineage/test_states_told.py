"""Every state and every event of a recorded run has its sentence, in both languages."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from relending.lineage import explain
from relending.runfolder import OpenedRun, open_run, run
from tests.lineage.bank import written


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> OpenedRun:
    tmp = tmp_path_factory.mktemp("bank")
    run(written(tmp)).save(tmp / "run")
    return open_run(tmp / "run")


def story(opened: OpenedRun, loan: str, lang: str = "en") -> str:
    return explain(opened, loan, lang)[0].text()


STATES = {
    "PART": ("repaid", "part-funded: 500,000.00 of 600,000.00 yuan asked for arrived", "部分到账：申请 600,000.00 元"),
    "APPLIED": ("applied", "applied for, not yet answered: nothing has arrived", "已申请，尚无结果：资金未到账"),
    "REFUSED": ("not_approved", "not approved: the application was refused", "未获批准：申请被拒绝"),
    "WITHDRAWN": ("withdrawn", "withdrawn: the application was taken back", "已撤回：申请已撤回"),
    "NOBODY": ("not_applied", "not applied for: no row of the record", "未申请：记录中没有这笔"),
    "LATE": (
        "held",
        "at 1.8000 %, as recorded on 2022-04-20 (not the rate in force, 1.7500 %)",
        "并非当日执行利率 1.7500 %",
    ),
    "NEWER": ("refused", "no draw: refused", "无借用：不符合条件"),
    "UNLISTED": ("held", "money arrived though the loan is not eligible (sector_not_listed)", "资金已到账；按记录计入"),
    "LOSES": (
        "repaid",
        "(the loan no longer meets the conditions since 2023-02-01)",
        "（借据自 2023-02-01 起不再符合条件）",
    ),
    "TOCOME": (
        "held",
        "simulated: no record of a loan made on or after 2023-10-01",
        "模拟：2023-10-01 起发放的本笔贷款",
    ),
    "NEVER": (
        "ineligible",
        "no draw: the loan no longer meets the conditions since 2023-12-01",
        "无借用：借据自 2023-12-01",
    ),
    "OPENED": ("opening", "they are in the opening balance of 2022-01-01", "已包含在 2022-01-01 的期初批次中"),
    "AFTER": (
        "pending",
        "pending: 600,000.00 yuan arrive on 2025-01-20, after the end",
        "待借用：600,000.00 元于 2025-01-20 到账",
    ),
}


@pytest.mark.parametrize("loan", STATES)
def test_each_state_has_its_sentence(bank: OpenedRun, loan: str) -> None:
    state, en, zh = STATES[loan]
    assert bank.loan_rows("attribution", loan)["state"].tolist() == [state]
    assert en in story(bank, loan) and zh in story(bank, loan, "zh")


EVENTS = [
    (
        "PART",
        "prepaid 50,000.00 yuan on 2022-06-30; outstanding that day 950,000.00",
        "2022-06-30 提前还款 50,000.00 元",
    ),
    (
        "PART",
        "balance on 2022-12-31: computed 950,000.00 yuan, observed 900,000.00 yuan (balances.csv, row 2)",
        "2022-12-31 余额：推算 950,000.00 元，实际 900,000.00 元（balances.csv，第 2 行）",
    ),
    ("PART", "observed 900,000.00 yuan (balances.csv, row 3), as computed", "与推算一致"),
    ("PART", "refinanced by loan NEWER: 900,000.00 yuan repaid on 2023-03-05", "由借据 NEWER 置换：2023-03-05 偿还"),
    ("PART", "batch 2022Q1: applied for 600,000.00 yuan on 2022-04-05; no answer yet", "批次 2022Q1：2022-04-05 申请"),
    (
        "PART",
        "500,000.00 yuan arrived on 2022-04-20 (applications.csv, row 3)",
        "到账 500,000.00 元（applications.csv，第 3 行）",
    ),
    ("PART", "(the rate in force)", "（为当日执行利率）"),
    (
        "LATE",
        "extended: what was due on 2023-06-05 is due on 2024-06-05",
        "展期：原于 2023-06-05 到期的本金改为 2024-06-05",
    ),
    ("LATE", "overdue: the last payment, of 2024-06-05, was not made", "逾期：2024-06-05 的最后一期未偿还"),
    ("LATE", "in tranche cerf/icbc/2022-04-20/T/1/2022-01-01 at", "批次 cerf/icbc/2022-04-20/T/1/2022-01-01"),
    (
        "LOSES",
        "(schedule.csv, row 2), 2 payments, which stand for the computed ones: 2025-01-05 400,000.00; 2030-01-05 600,",
        "已提供还款计划（schedule.csv，第 2 行），共 2 期",
    ),
    (
        "LOSES",
        "conditions from 2023-02-01 on: the figures stay, the loan is listed",
        "自 2023-02-01 起不再符合条件：披露数据不变",
    ),
    (
        "APPLIED",
        "contract C1: 2 loans of 2,000,000.00 yuan in all count against its limit of 2,000,000.00",
        "合同 C1：计入",
    ),
    (
        "APPLIED",
        "syndicate: own part 8,000,000.00 x 25.0000 % = 2,000,000.00 yuan",
        "本行份额 8,000,000.00 × 25.0000 %",
    ),
    (
        "REVISED",
        "as revised from 2022-07-01 (revisions.csv, row 2): investment 4,000,000.00 yuan",
        "按自 2022-07-01 起的调整",
    ),
    ("REVISED", "share: 1,000,000.00 / 4,000,000.00 = 0.25000000", "1,000,000.00 ÷ 4,000,000.00 = 0.25000000"),
    ("FROZEN", "share: 1,000,000.00 / 5,000,000.00 = 0.20000000", "1,000,000.00 ÷ 5,000,000.00 = 0.20000000"),
    ("FROZEN", "by the revision of 2022-07-01 (larger turbines) the share would be 0.25000000", "占比为 0.25000000"),
]


@pytest.mark.parametrize(("loan", "en", "zh"), EVENTS)
def test_each_event_is_told_in_both_languages(bank: OpenedRun, loan: str, en: str, zh: str) -> None:
    assert en in story(bank, loan) and zh in story(bank, loan, "zh")


def test_events_are_told_in_the_order_of_their_dates(bank: OpenedRun) -> None:
    text = story(bank, "PART").split("Draw and rollovers")[1]
    found = [
        text.index(part) for part in ("prepaid 50", "balance on 2022-12-31", "balance on 2023-01-31", "refinanced by")
    ]
    assert found == sorted(found)
    late = story(bank, "LATE").split("Draw and rollovers")[1]
    assert late.index("extended: ") < late.index("overdue: ") < late.index("balance on 2024-07-05")


def test_money_for_a_sector_no_facility_lists_counts_in_the_total_alone(bank: OpenedRun) -> None:
    line = next(x for x in story(bank, "UNLISTED").splitlines() if "counted in cells" in x)
    assert line.strip() == "counted in cells icbc/cerf/2022Q1/quarter|year|since_start/total"


@pytest.mark.parametrize(("ineligible", "en"), [("kept", "stay as they are"), ("restated", "from quarter 2023Q1 on")])
def test_what_the_disclosure_does_with_a_loan_that_loses_its_eligibility(
    tmp_path: Path, ineligible: str, en: str
) -> None:
    held = run(written(tmp_path, tail=f'[disclosure]\nineligible = "{ineligible}"\n'))
    assert en in explain(held, "LOSES")[0].text()


def test_what_is_returned_at_once_is_told(tmp_path: Path) -> None:
    held = run(written(tmp_path, tail='[facility.cerf]\non_ineligible = "immediate"\non_prepayment = "immediate"\n'))
    text = explain(held, "LOSES")[0].text()
    assert (
        "returned 600,000.00 yuan on 2023-02-01: the loan no longer meets the conditions; 0.00 yuan still held" in text
    )
    part = explain(held, "PART", "zh")[0].text()
    assert "因提前还款于 2022-06-30 归还 25,000.00 元" in part


def test_nothing_is_returned_after_the_end_of_a_run(tmp_path: Path) -> None:
    """Money that arrives on the last day for a loan no longer eligible is held at the end: it goes back later."""
    scenario = written(tmp_path, tail='[facility.cerf]\non_ineligible = "immediate"\n')
    record = tmp_path / "applications.csv"
    record.write_text(
        record.read_text(encoding="utf-8") + "NEVER,2024Q4,funded,,,,2024-12-31,600000,,\n", encoding="utf-8"
    )
    held = run(scenario)
    assert held.loan_rows("attribution", "NEVER")["state"].tolist() == ["held"]
    assert held.loan_rows("draws", "NEVER")["repaid_on"].isna().all()


def test_a_run_without_a_record_says_that_its_draws_are_simulated(tmp_path: Path) -> None:
    held = run(written(tmp_path, "applications", more=""))
    assert "simulated: the run has no record of applications" in explain(held, "PART")[0].text()
    assert "模拟：本次测算没有申请与到账记录" in explain(held, "PART", "zh")[0].text()
    # its draw lies before the run, where a balance is given
    assert (
        "the draw of 2021-12-31 lies before the run: it is in the opening balance" in explain(held, "OPENED")[0].text()
    )


def test_a_run_folder_without_the_columns_that_came_later_opens_and_tells_the_same(tmp_path: Path) -> None:
    """Folders of earlier versions have no basis and none of the later columns of loans."""
    from relending.runfolder.manifest import sha256
    from relending.runfolder.tables import tables

    run("demo").save(tmp_path / "run")
    now = open_run(tmp_path / "run")
    ids = [str(i) for i in now.tables["attribution"]["loan_id"].tolist()[:20]]
    told = [story(now, i) for i in ids]
    record = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    for name, table in tables().items():
        file = tmp_path / "run" / f"{name}.csv"
        if not table.added or not file.is_file():
            continue
        gone = {c.name for c in table.columns if c.step in table.added}
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.reader(opened))
        keep = [i for i, column in enumerate(rows[0]) if column not in gone]
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            csv.writer(out, lineterminator="\n").writerows([row[i] for i in keep] for row in rows)
        record["outputs"][file.name]["sha256"] = sha256(file)
    record["scenario"].pop("basis")
    (tmp_path / "run" / "manifest.json").write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    old = open_run(tmp_path / "run")
    assert old.tables["attribution"]["basis"].isna().all()
    assert [story(old, i) for i in ids] == told
