"""``relending apply`` as a bank officer types it: files, words on the screen, and what is refused."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import openpyxl
import pytest

from relending.runfolder import OpenedRun, open_run, run
from tests.apply.conftest import BOOK, SCENARIO, Call, saved


def state_of(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


CHOSEN = ("--quarter", "2024Q2", "--lender", "icbc", "--facility", "cerf")


def test_it_writes_both_files_and_leaves_the_run_as_it_was(simulated: OpenedRun, apply: Call, tmp_path: Path) -> None:
    before = state_of(simulated.path)
    said = apply(simulated.path, *CHOSEN, "--out", tmp_path / "q.xlsx", "--lang", "zh")
    assert said.exit_code == 0, said.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["q-applications.xlsx", "q.xlsx"]
    assert "申请 3 笔，贷款金额 3,333,333.34 元，申请金额 1,999,999.99 元" in said.output
    assert 'applications = "q-applications.xlsx"' in said.output
    assert state_of(simulated.path) == before


def test_the_rows_filled_in_are_the_record_of_the_next_run(apply: Call, tmp_path: Path) -> None:
    """The whole way: apply, fill in what arrived, run again; the money is in the ledger, and nothing is left to ask."""
    opened = saved(tmp_path)
    out = tmp_path / "q.xlsx"
    said = apply(opened.path, *CHOSEN, "--out", out, "--applied-on", "2024-07-03", "--lang", "zh")
    assert said.exit_code == 0, said.output
    line = re.search(r"applications = .*", said.output)
    assert line is not None
    path = tmp_path / "q-applications.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.active
    head = {str(c.value).split("（")[0]: c.column for c in sheet[1]}
    assert sheet.cell(2, head["申报日期"]).value.date().isoformat() == "2024-07-03"
    for r in (2, 3):
        sheet.cell(r, head["申报状态"]).value = "已到账"
        sheet.cell(r, head["到账日期"]).value = "2024-07-20"
        sheet.cell(r, head["到账金额"]).value = sheet.cell(r, head["申请金额"]).value
    sheet.cell(4, head["申报状态"]).value = "未获批"
    book.save(path)
    (tmp_path / "s.toml").write_text(SCENARIO.format(more=line[0]), encoding="utf-8")
    done = run(tmp_path / "s.toml")
    done.save(tmp_path / "next")
    states = done.tables["attribution"].set_index("loan_id")["state"]
    assert [states[i] for i in ("0001", "0002", "0003")] == ["held", "held", "not_approved"]
    drawn = done.tables["ledger"][lambda t: t["event"] == "draw"]
    assert list(drawn["amount_fen"]) == [180_000_000]
    again = apply(tmp_path / "next", *CHOSEN, "--out", tmp_path / "again.xlsx")
    assert again.exit_code == 1 and "apply_nothing" in again.output and not (tmp_path / "again.xlsx").exists()
    # the loan refused comes back the quarter after, beside the file there is
    later = apply(
        tmp_path / "next",
        *("--quarter", "2024Q3", "--lender", "icbc", "--facility", "cerf", "--again", "--out", tmp_path / "q3.xlsx"),
    )
    assert later.exit_code == 0, later.output
    assert 'applications = ["q-applications.xlsx", "q3-applications.xlsx"]' in later.output
    assert "1 of them once more" in later.output


def test_a_bank_may_be_named_by_any_of_its_names(simulated: OpenedRun, apply: Call, tmp_path: Path) -> None:
    words = ("--quarter", "2024年第二季度", "--lender", "中国银行", "--facility", "CERF", "--out", tmp_path / "q.xlsx")
    said = apply(simulated.path, *words)
    assert said.exit_code == 0, said.output
    sheet = openpyxl.load_workbook(tmp_path / "q.xlsx").worksheets[0]
    texts = [c.value for cells in sheet.iter_rows() for c in cells]
    assert "BOC1" in texts and "ABC1" not in texts and any("Bank of China" in str(t) for t in texts)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--quarter", "2024Q2", "--facility", "cerf"), "abc, boc, icbc"),
        (("--quarter", "2024Q2", "--lender", "icbc"), "cerf, clean_coal"),
        (("--quarter", "2024Q2", "--lender", "ccb", "--facility", "cerf"), "'ccb'; expected abc, boc, icbc"),
        (("--quarter", "2024Q2", "--lender", "icbc", "--facility", "coal"), "'coal'; expected cerf, clean_coal"),
        (("--quarter", "2023Q4", "--lender", "icbc", "--facility", "cerf"), "2024Q1 – 2024Q4"),
        (("--quarter", "2024-05", "--lender", "icbc", "--facility", "cerf"), "expected 2024Q2"),
        (("--quarter", "summer", "--lender", "icbc", "--facility", "cerf"), "unreadable_period"),
        (("--quarter", "2024Q4", "--lender", "icbc", "--facility", "cerf"), "apply_nothing"),
    ],
)
def test_what_cannot_be_listed_is_said_and_nothing_is_written(
    simulated: OpenedRun, apply: Call, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    said = apply(simulated.path, *words, "--out", tmp_path / "q.xlsx")
    assert said.exit_code == 1 and told in said.output and "Traceback" not in said.output
    assert list(tmp_path.iterdir()) == []


def test_all_that_is_wrong_with_a_call_is_said_at_once(simulated: OpenedRun, apply: Call, tmp_path: Path) -> None:
    form = tmp_path / "form.xlsx"
    openpyxl.Workbook().save(form)
    said = apply(simulated.path, "--quarter", "summer", "--template", form, "--out", tmp_path / "q.xlsx")
    assert said.exit_code == 1 and list(tmp_path.iterdir()) == [form]
    for code in ("unreadable_period", "apply_lender", "apply_facility", "apply_form_header"):
        assert f"error {code}" in said.output, said.output


def test_files_that_are_there_stay_without_force(simulated: OpenedRun, apply: Call, tmp_path: Path) -> None:
    for name in ("q.xlsx", "q-applications.xlsx"):
        (tmp_path / name).write_text("mine")
        said = apply(simulated.path, *CHOSEN, "--out", tmp_path / "q.xlsx")
        assert said.exit_code == 2 and (tmp_path / name).read_text() == "mine"
        assert [p.name for p in tmp_path.iterdir()] == [name]
        forced = apply(simulated.path, *CHOSEN, "--out", tmp_path / "q.xlsx", "--force")
        assert forced.exit_code == 0 and (tmp_path / name).read_bytes()[:2] == b"PK"
        for path in tmp_path.iterdir():
            path.unlink()


def test_nothing_is_written_into_a_run_folder_nor_over_the_form(
    simulated: OpenedRun, apply: Call, tmp_path: Path
) -> None:
    inside = apply(simulated.path, *CHOSEN, "--out", simulated.path / "q.xlsx")
    rows = apply(
        simulated.path,
        *CHOSEN,
        "--out",
        tmp_path / "q.xlsx",
        "--applications",
        simulated.path / "statements" / "a.xlsx",
    )
    form = apply(simulated.path, *CHOSEN, "--out", tmp_path / "f.xlsx", "--template", tmp_path / "f.xlsx", "--force")
    same = apply(simulated.path, *CHOSEN, "--out", tmp_path / "q.xlsx", "--applications", tmp_path / "q.xlsx")
    other = apply(simulated.path, *CHOSEN, "--out", tmp_path / "q.csv")
    assert [r.exit_code for r in (inside, rows, form, same, other)] == [2] * 5
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_run_or_was_changed_is_refused(simulated: OpenedRun, apply: Call, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    none = apply(tmp_path / "none", *CHOSEN, "--out", tmp_path / "q.xlsx")
    assert none.exit_code == 1 and "not a run folder" in none.output
    changed = tmp_path / "changed"
    shutil.copytree(simulated.path, changed)
    screening = changed / "screening.csv"
    screening.write_text(screening.read_text(encoding="utf-8").replace("rate_above_limit", ""), encoding="utf-8")
    said = apply(changed, *CHOSEN, "--out", tmp_path / "q.xlsx")
    assert said.exit_code == 1 and "screening.csv" in said.output and not (tmp_path / "q.xlsx").exists()
    # a note someone left beside the tables changes nothing of what was computed
    shutil.copytree(simulated.path, tmp_path / "noted")
    (tmp_path / "noted" / "note.txt").write_text("checked")
    assert apply(tmp_path / "noted", *CHOSEN, "--out", tmp_path / "q.xlsx").exit_code == 0


def test_both_files_are_written_or_none(
    simulated: OpenedRun, apply: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second file cannot take its name (it is open in another program): the first is put back as it was."""
    for name in ("q.xlsx", "q-applications.xlsx"):
        (tmp_path / name).write_text(name)
    replace = Path.replace

    def held(self: Path, target: Path) -> Path:
        if Path(target).name == "q-applications.xlsx" and ".partial" in self.name and self.stat().st_size > 100:
            raise PermissionError(13, "held", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", held)
    said = apply(simulated.path, *CHOSEN, "--out", tmp_path / "q.xlsx", "--force")
    assert said.exit_code == 1 and "open in another program" in said.output
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {
        name: name for name in ("q.xlsx", "q-applications.xlsx")
    }


def test_the_applications_of_a_sheet_of_the_book_stay_in_that_sheet(apply: Call, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "借据"
    from tests.apply.conftest import HEAD

    for line in (HEAD, *(one for one in BOOK if '"' not in one and not one.startswith("BADD"))):
        sheet.append(line.split(","))
    more = book.create_sheet("申请与到账")
    more.append(["借据编号", "申报批次", "申报状态"])
    more.append(["OLD1", "2024Q1", "未获批"])
    book.save(tmp_path / "book.xlsx")
    (tmp_path / "s.toml").write_text(SCENARIO.format(more="").replace("book.csv", "book.xlsx"), encoding="utf-8")
    run(tmp_path / "s.toml").save(tmp_path / "run")
    assert "applications" in open_run(tmp_path / "run").tables
    said = apply(tmp_path / "run", *CHOSEN, "--out", tmp_path / "q.xlsx")
    assert said.exit_code == 0 and "add the rows there" in said.output
