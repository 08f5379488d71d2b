"""An error found after publication: old, new and difference of each cell, the loans behind, the later quarters."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import relending as rl
from relending.dates import parse_quarter
from relending.findings import InputError
from relending.statement.archive import Archive
from relending.statement.correction import Change, Correction, correct
from relending.statement.correction_note import _parts, correction_note, correction_paper, rounding_shows
from relending.statement.document import Paragraph, Table
from relending.statement.moved import change_of
from relending.statement.printed import Options
from relending.statement.record import WORKED_OUT_FROM
from relending.statement.statement import Reason, Statement
from tests.statement.archived import BOOK, Loan, compared, differing, record, run_of, stated, swapped
from tests.statement.test_chain import CHANGES, texts, whole_table

WRONG = swapped(BOOK[0].but(project_investment="4000000"), BOOK[2].but(sector="ccus"), without=["B2"])
ID = re.compile(r"\b(?:[ABCDEN]\d|P\d)\b")
EXACT = {"amount": "amount", "reduction": "reduction"}


def corrected(old_run: Any, new_run: Any, quarter: str, *later: str, known: int = 99) -> tuple[Correction, Statement]:
    """The correction of a quarter; of later ones the run holds the first ``known``."""
    found, statement = stated(new_run, quarter, version=2)
    records = [record(old_run, one) for one in later]
    others = {parse_quarter(one): stated(new_run, one)[0] for one in later[:known]}
    return correct(record(old_run, quarter), found, statement, records, others), statement


@pytest.mark.parametrize("name", CHANGES)
def test_every_cell_that_differs_is_said_and_the_loans_add_up_to_it(name: str, tmp_path: Path) -> None:
    loans, wanted = CHANGES[name]
    old, new = run_of(tmp_path / "old"), run_of(tmp_path / "new", loans)
    made, _ = corrected(old, new, "2022Q2")
    assert differing(made.loans) == (dict.fromkeys(wanted, "gone") if "into this quarter" in name else wanted)
    before, after = stated(old, "2022Q2")[0], stated(new, "2022Q2")[0]
    told = {(one.code, one.horizon, one.measure): one for one in made.cells}
    for code in (*before.fields, "total"):
        for horizon in ("quarter", "year", "since_start"):
            was, now = before.cells[horizon, code], after.cells[horizon, code]
            for measure, value in {"projects": "projects", **EXACT, "rate": "rate_e8"}.items():
                pair = getattr(was, value), getattr(now, value)
                cell = told.pop((code, horizon, measure), None)
                assert (cell is not None) == (pair[0] != pair[1]), (code, horizon, measure)
                if cell is not None:
                    assert (cell.old, cell.new) == pair
                    assert None in pair or cell.difference == pair[1] - pair[0]
                if measure in EXACT:
                    mine = made.loans[made.loans["horizon"].eq(horizon).to_numpy(dtype=bool)]
                    assert getattr(change_of(mine, code), value) == pair[1] - pair[0]
    assert not told and made.changes == bool(made.cells)


def test_an_error_is_corrected_and_the_next_quarter_follows_from_the_correction(tmp_path: Path) -> None:
    """Published twice, found wrong, amended both; then the third quarter ties out."""
    old, new = run_of(tmp_path / "old", WRONG), run_of(tmp_path / "new")
    archive = Archive(tmp_path / "p")
    for quarter in ("2022Q2", "2022Q3"):
        archive.keep(record(old, quarter), {})
    q2, q3, q4 = (parse_quarter(f"2022Q{i}") for i in (2, 3, 4))
    assert not compared(archive.before("icbc", "cerf", q4), new, "2022Q4").ties
    for quarter in (q2, q3):
        name = f"2022Q{quarter % 4 + 1}"
        published = archive.latest("icbc", "cerf", quarter)
        assert published is not None
        found, statement = stated(new, name, version=2)
        later = archive.later("icbc", "cerf", quarter)
        made = correct(published, found, statement, later, {one.quarter: stated(new, "2022Q3")[0] for one in later})
        assert made.or_refuse() is made and made.published_later == len(later) == len(made.later) == q3 - quarter
        archive.keep(record(new, name, version=2, reason="项目总投资有误"), {})
    assert archive.versions("icbc", "cerf", q2) == archive.versions("icbc", "cerf", q3) == [1, 2]
    assert compared(archive.before("icbc", "cerf", q4), new, "2022Q4").ties
    again = archive.latest("icbc", "cerf", q2)
    assert again is not None and not correct(again, *stated(new, "2022Q2", version=3)).changes


def test_where_nothing_differs_there_is_nothing_to_correct(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    made, _ = corrected(run, run, "2022Q2", "2022Q3")
    assert not made.changes and made.later == () and made.published_later == 1
    with pytest.raises(InputError) as raised:
        made.or_refuse()
    said = raised.value.findings.frame()
    assert said[["code", "file"]].values.tolist() == [["published_same", "icbc/cerf/2022Q2/v1"]]
    # a loan that only changed its sector changes no figure of the statement
    other, _ = corrected(run, run_of(tmp_path / "other", swapped(BOOK[2].but(sector="wind"))), "2022Q2")
    assert not other.changes


def test_later_quarters_are_affected_or_not_or_have_to_be_made_again(tmp_path: Path) -> None:
    old, new = run_of(tmp_path / "old", WRONG), run_of(tmp_path / "new")
    made, statement = corrected(old, new, "2022Q2", "2022Q3", "2022Q4", "2023Q1", known=2)
    assert [(one.record.quarter % 4 + 1, one.cells is not None) for one in made.later] == [
        (3, True),
        (4, True),
        (1, False),
    ]
    for one in made.later[0].cells or ():
        assert one.horizon != "quarter"
    zh, en = (texts(correction_note(made, statement, "录入有误", lang)) for lang in ("zh", "en"))
    assert "2022年第三季度、2022年第四季度。其合计数" in zh and "2023年第一季度的信息披露尚待重新计算" in zh
    assert "calculated again: first quarter of 2023" in en
    # an error of the last quarter reaches no later one; one of a year before reaches only what is cumulative
    late, statement = corrected(run_of(tmp_path / "late", swapped(without=["E1"])), new, "2023Q1")
    assert late.changes and not late.published_later
    for lang, said in (
        ("zh", "以后季度"),
        ("en", "later quarter"),
    ):  # said inside, and to no one else
        assert said not in texts(correction_note(late, statement, "r", lang))
        assert said in texts(correction_paper(late, statement, "r", lang))
    over, _ = corrected(old, new, "2022Q4", "2023Q1")
    assert {one.horizon for one in over.later[0].cells or ()} == {"since_start"}


def test_a_moved_field_changes_no_total_of_later_quarters_and_it_is_said(tmp_path: Path) -> None:
    old, new = run_of(tmp_path / "old", swapped(BOOK[2].but(sector="ccus"))), run_of(tmp_path / "new")
    made, statement = corrected(old, new, "2022Q2", "2022Q3")
    assert "2022年第三季度的合计数不变，分领域数据有变动" in texts(correction_note(made, statement, "r", "zh"))
    assert [one.caption for one in correction_note(made, statement, "r", "zh").blocks if isinstance(one, Table)] == [
        "更正的数据"
    ]


def test_what_is_published_of_a_correction_names_no_loan_and_no_project(tmp_path: Path) -> None:
    for i, (loans, _) in enumerate(CHANGES.values()):
        old, new = run_of(tmp_path / f"old{i}"), run_of(tmp_path / f"new{i}", loans)
        made, statement = corrected(old, new, "2022Q2", "2022Q3", "2022Q4", known=1)
        for lang in ("zh", "en"):
            note = correction_note(made, statement, "录入有误", lang)
            assert note.kind == "public" and not ID.search(texts(note))
            paper = correction_paper(made, statement, "录入有误", lang)
            assert paper.kind == "internal"
            assert all(loan in texts(paper) for loan in differing(made.loans))


def test_the_note_shows_only_what_a_reader_sees_change(tmp_path: Path) -> None:
    old = run_of(tmp_path / "old", swapped(BOOK[1].but(principal="700000.08")))
    made, statement = corrected(old, run_of(tmp_path / "new"), "2022Q2")
    assert made.changes and not made.shown
    note = correction_note(made, statement, "r", "zh")
    assert "列示的数据不变" in texts(note) and not [b for b in note.blocks if isinstance(b, Table)]
    assert "-0.01元" in texts(correction_paper(made, statement, "r", "zh"))
    wrong, statement = corrected(run_of(tmp_path / "wrong", WRONG), run_of(tmp_path / "new"), "2022Q2")
    [table] = [b for b in correction_note(wrong, statement, "r", "zh").blocks if isinstance(b, Table)]
    assert len(table.rows) == len(wrong.shown) and all(row[-3].text != row[-2].text for row in table.rows)


def test_corrected_figures_stand_as_in_the_statements_themselves(tmp_path: Path) -> None:
    large = swapped(BOOK[1].but(principal="50000000000", project_investment="90000000000"))
    old, new = run_of(tmp_path / "old"), run_of(tmp_path / "new", large)
    made, statement = corrected(old, new, "2022Q2")
    was = stated(old, "2022Q2")[1]
    for lang in ("zh", "en"):
        note = texts(correction_note(made, statement, "r", lang)).split("\n")
        for one in (was, statement):
            assert one.printed(one.total, "since_start").text("amount", lang) in note
        paper = texts(correction_paper(made, statement, "r", lang))
        assert ("50000000000.00" in paper) if lang == "zh" else ("50,000,000,000.00" in paper)


def test_tables_have_a_cell_in_every_place(tmp_path: Path) -> None:
    old, new = run_of(tmp_path / "old", WRONG), run_of(tmp_path / "new")
    made, statement = corrected(old, new, "2022Q2", "2022Q3", "2022Q4")
    for lang in ("zh", "en"):
        for document in (correction_note(made, statement, "r", lang), correction_paper(made, statement, "r", lang)):
            tables = [b for b in document.blocks if isinstance(b, Table)]
            assert len(tables) == (2 if document.kind == "public" else 4)
            for table in tables:
                whole_table(table)


def test_a_reason_of_any_text_is_plain_lines(tmp_path: Path) -> None:
    old, new = run_of(tmp_path / "old", WRONG), run_of(tmp_path / "new")
    made, statement = corrected(old, new, "2022Q2")
    long = "一" * 5000
    note = correction_note(made, statement, f"<b>{{{{x}}}}\x00\u202e</b>\n\n=1+1\n{long}", "zh")
    lines = [b.text for b in note.blocks if not isinstance(b, Table)]
    assert "更正原因：<b>{{x}} </b>" in lines and "=1+1" in lines and f"{long}。" in lines


@pytest.mark.parametrize(
    ("reason", "lang", "ends"),
    [
        ("录入有误", "zh", "录入有误。"),
        ("录入有误。", "zh", "录入有误。"),
        ("称“录入有误。”", "zh", "称“录入有误。”"),
        ("录入有误（见附件）", "zh", "录入有误（见附件）。"),
        ("甲\n乙！", "zh", "乙！"),
        ("a wrong entry", "en", "a wrong entry."),
        ("a wrong entry (of one loan)", "en", "a wrong entry (of one loan)."),
        ("a wrong entry.", "en", "a wrong entry."),
    ],
)
def test_a_reason_ends_with_one_full_stop(reason: str, lang: str, ends: str) -> None:
    assert _parts(reason, lang)[-1] == ends


def change(code: str, measure: str, difference: int, printed: str) -> Change:
    return Change(code, "quarter", measure, 0, difference, "0.00", printed, printed)


def test_a_footnote_speaks_of_rounding_only_where_it_shows() -> None:
    off = [change("a", "amount", -298_076_000, "-298.08"), change("total", "amount", -298_074_000, "-298.07")]
    small = change("b", "amount", 2_000, "0.00")
    assert rounding_shows([*off, small])
    assert not rounding_shows(off)  # the exact ones do not add up: that is no rounding
    assert not rounding_shows([change("a", "amount", 10**6, "1.00"), change("total", "amount", 10**6, "1.00")])
    assert not rounding_shows([change("a", "projects", 1, "1"), change("total", "projects", 0, "0")])
    large = [change("a", "amount", 10**9, "1,000.00"), change("total", "amount", 10**9, "1,000.00")]
    assert not rounding_shows(large)


def test_printed_differences_that_do_not_add_up_have_a_footnote(tmp_path: Path) -> None:
    """Two fields off by 0.004 units each: neither is printed otherwise, their sum is."""
    old = run_of(
        tmp_path / "old",
        swapped(BOOK[0].but(principal="999957"), BOOK[1].but(principal="699957.07"), BOOK[3].but(principal="299957")),
    )
    made, statement = corrected(old, run_of(tmp_path / "new"), "2022Q2")
    for lang, said in (("zh", "末位尾差"), ("en", "Because of rounding")):
        for document in (correction_note(made, statement, "r", lang), correction_paper(made, statement, "r", lang)):
            notes = [b.text for b in document.blocks if isinstance(b, Paragraph) and b.role == "footnote"]
            assert len([text for text in notes if said in text]) == 1, document.title
    even, statement = corrected(run_of(tmp_path / "even", swapped(without=["B2"])), run_of(tmp_path / "n"), "2022Q2")
    note = correction_note(even, statement, "r", "zh")
    assert not rounding_shows(even.cells) and "尾差" not in texts(note)


def test_who_signs_stands_behind_the_text_and_ahead_of_the_tables(tmp_path: Path) -> None:
    made, _ = corrected(run_of(tmp_path / "old", WRONG), run_of(tmp_path / "new"), "2022Q2", "2022Q3")
    statement = stated(run_of(tmp_path / "again"), "2022Q2", version=2, dated=dt.date(2022, 10, 8))[1]
    blocks = correction_note(made, statement, "r", "zh").blocks
    kinds = [b.role if isinstance(b, Paragraph) else "table" for b in blocks]
    first = kinds.index("sign")
    assert kinds[first - 1 : first + 2] == ["body", "sign", "sign"]
    assert set(kinds[:first]) == {"body"} and kinds[first + 2 :].count("table") == 2


def test_the_paper_says_what_a_reduction_was_worked_out_from_before_and_now(tmp_path: Path) -> None:
    was = BOOK[0].but(
        project_investment="24000000", project_reduction="900", evidence="eia", evidence_doc="甲〔2021〕1号"
    )
    now = was.but(
        project_investment="26000000", project_reduction="950", evidence="third_party", evidence_doc="乙〔2022〕2号"
    )
    old, new = run_of(tmp_path / "old", swapped(was)), run_of(tmp_path / "new", swapped(now))
    made, statement = corrected(old, new, "2022Q2")
    zh, en = (texts(correction_paper(made, statement, "r", lang)) for lang in ("zh", "en"))
    for said in (
        "项目总投资（元） 24000000.00 → 26000000.00",
        "项目年度碳减排量（吨） 900.000000 → 950.000000",
        "碳减排量测算依据 环评报告 → 第三方评估报告",
        "报告名称及文号 甲〔2021〕1号 → 乙〔2022〕2号",
    ):
        assert said in zh
    assert "project investment (CNY) 24,000,000.00 → 26,000,000.00" in en
    assert "evidence environmental impact assessment → third-party assessment" in en
    assert "\nP1\n" in zh and "\nP1\n" in en  # the project is named
    assert "未保存" not in zh
    public = texts(correction_note(made, statement, "r", "zh"))
    assert "24000000" not in public and "〔2021〕" not in public


def test_of_a_record_that_kept_no_investment_it_is_said_that_it_cannot_be_compared(tmp_path: Path) -> None:
    old, new = run_of(tmp_path / "old", WRONG), run_of(tmp_path / "new")
    found, statement = stated(new, "2022Q2", version=2)
    before = record(old, "2022Q2")
    bare = replace(before, loans=before.loans.assign(**dict.fromkeys(WORKED_OUT_FROM.names)))
    paper = texts(correction_paper(correct(bare, found, statement), statement, "r", "zh"))
    assert "项目总投资（元）" not in paper and "未保存项目总投资" in paper


def test_projects_named_and_rates_meant_are_part_of_what_is_corrected(tmp_path: Path) -> None:
    old = run_of(tmp_path / "old", swapped(BOOK[2].but(publish_name="甲项目")))
    new = run_of(tmp_path / "new", swapped(BOOK[2].but(publish_name="乙项目")))
    made, statement = corrected(old, new, "2022Q2")
    assert made.changes and not made.cells
    note = texts(correction_note(made, statement, "r", "zh"))
    assert "由“甲项目”更正为“乙项目”" in note and "各项数据不变" in note
    current = run_of(
        tmp_path / "current", swapped(BOOK[2].but(publish_name="甲项目")), tail='[disclosure]\nrate_basis = "current"'
    )
    bases, statement = corrected(old, current, "2022Q2")
    assert bases.changes and "由贷款发放时的利率更正为季末执行利率" in texts(
        correction_note(bases, statement, "r", "zh")
    )


def test_another_unit_of_print_is_shown_with_both_units(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    found, statement = stated(run, "2022Q2", version=2)
    made = correct(replace(record(run, "2022Q2"), options=Options(amount_unit="yi_yuan", amount=4)), found, statement)
    assert {one.measure for one in made.cells} == {"amount"} and made.changes
    note = texts(correction_note(made, statement, "r", "zh"))
    assert "0.0400 亿元" in note and "400.00 万元" in note


def test_a_draft_of_a_correction_is_marked(tmp_path: Path) -> None:
    old, new = run_of(tmp_path / "old", WRONG), run_of(tmp_path / "new")
    found, statement = stated(new, "2022Q2", version=2, reasons=(Reason("unnamed"),))
    made = correct(record(old, "2022Q2"), found, statement)
    note = correction_note(made, statement, "r", "zh")
    assert note.draft and note.blocks[0].role == "mark"  # type: ignore[union-attr]


def test_a_statement_of_another_quarter_is_not_corrected(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    with pytest.raises(ValueError, match="not the same"):
        correct(record(run, "2022Q1"), *stated(run, "2022Q2"))


def test_opening_totals_corrected_are_named(tmp_path: Path) -> None:
    whole = run_of(tmp_path / "whole")
    table = rl.opening_from(whole, "2022Q3")
    runs = []
    for name, more in (("old", 1), ("new", 0)):
        changed = table.copy()
        rows = changed["horizon"].eq("since_start") & changed["code"].isin(["wind", "clean_energy", "total"])
        changed.loc[rows, "amount"] += more
        runs.append(run_of(tmp_path / name, BOOK[5:], {"opening": changed.to_csv(index=False)}, start="2022-10-01"))
    made, statement = corrected(*runs, "2022Q4")
    assert not len(made.loans) and list(made.begun["since_start"]) == ["clean_energy", "total"]
    paper = texts(correction_paper(made, statement, "r", "zh"))
    assert "期初披露数与已公布的数据不同" in paper and "没有贷款发生变动" in paper


def test_a_loan_dated_into_a_later_quarter_leaves_the_one_and_enters_the_other(tmp_path: Path) -> None:
    old = run_of(tmp_path / "old")
    new = run_of(tmp_path / "new", swapped(BOOK[3].but(disbursed="2022-07-01"), Loan("N1", disbursed="2022-07-02")))
    made, _ = corrected(old, new, "2022Q2", "2022Q3")
    assert differing(made.loans) == {"B2": "gone"}
    [later] = made.later
    quarter = {(c.code, c.measure): c.difference for c in later.cells or () if c.horizon == "quarter"}
    assert quarter["total", "amount"] == 130_000_000
