"""What a disclosure officer stumbled over when trying it: money for loans that should not count, archives mistaken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.statement.flows import FORMATS, Bank, filled, loan, typed, words_of


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path)


def test_money_for_a_loan_of_no_field_keeps_the_table_from_being_final_whoever_accepts_it(bank: Bank) -> None:
    bank.add(loan("A9", "9", "2024-03-01", "储能电站类"))
    run, path = bank.run(), bank.folder / "points.csv"
    draft = bank.disclose(run, "2024Q1", "--to-accept", path, lang="zh")
    assert draft.exit_code == 0 and "未归入任何领域" in draft.output and "尾差" not in draft.output
    for ending in FORMATS:
        (file,) = (draft.folder / "statements").glob(f"*.{ending}")
        assert "未归入任何领域" in words_of(file), ending
        assert "四舍五入" not in words_of(file), ending
    filled(path)
    done = bank.disclose(run, "2024Q1", "--final", "--accept", path)
    assert done.exit_code == 1 and "statement_parts" in done.output and "QX-LN-A9" in done.output
    assert not bank.published.exists()


def test_money_for_a_loan_that_is_not_eligible_has_to_be_answered_for(bank: Bank) -> None:
    bank.add(loan("A8", "8", "2024-03-01", rate="0.079"))
    bank.add(loan("A7", "7", "2024-03-02", project_reduction=""))
    run, path = bank.run(), bank.folder / "points.csv"
    refused = bank.disclose(run, "2024Q1", "--final")
    assert refused.exit_code == 1 and "funded_not_eligible" in refused.output
    assert "QX-LN-A8" in refused.output and "rate_above_limit" in refused.output
    assert "QX-LN-A7" in refused.output and "evidence_missing" in refused.output
    bank.disclose(run, "2024Q1", "--to-accept", path)
    filled(path, reason="approved as an exception", by="Head of credit")
    assert bank.disclose(run, "2024Q1", "--final", "--accept", path).exit_code == 0


def test_what_is_kept_is_not_replaced_by_force_nor_is_a_folder_of_someones(bank: Bank) -> None:
    bank.final(bank.run(), "2024Q1")
    version = next(bank.published.glob("*/*/*/v1"))
    before = {p: p.read_bytes() for p in version.rglob("*") if p.is_file()}
    run = bank.folder / "run1"
    assert typed("disclose", run, "--quarter", "2024Q1", "--out", version, "--force").exit_code == 2
    assert {p: p.read_bytes() for p in version.rglob("*") if p.is_file()} == before
    mine = bank.folder / "mine"
    (mine / "internal").mkdir(parents=True)
    (mine / "internal" / "thesis.docx").write_bytes(b"years of work")
    assert bank.disclose(run, "2024Q1", "--force", out="mine").exit_code == 2
    assert (mine / "internal" / "thesis.docx").read_bytes() == b"years of work"


def test_an_archive_that_is_empty_has_a_gap_or_goes_on_is_told(bank: Bank) -> None:
    run = bank.run()
    assert "published_none_before" in bank.disclose(run, "2024Q2").output
    assert "published_none_before" not in bank.disclose(run, "2024Q1").output  # the bank's first quarter
    bank.final(run, "2024Q1")
    gap = bank.disclose(run, "2024Q3")
    assert "published_gap" in gap.output and "2024Q2" in gap.output
    bank.final(run, "2024Q3")
    assert "published_after" in bank.disclose(run, "2024Q2").output


def test_a_quarter_filled_in_later_must_fit_the_next_one(bank: Bank) -> None:
    bank.final(bank.run(), "2024Q2")
    bank.add(loan("A6", "6", "2024-03-03"))
    run = bank.run()
    done = bank.disclose(run, "2024Q1", "--final")
    assert done.exit_code == 1 and "published_after_differs" in done.output and "2024Q2 v1" in done.output


def test_a_statement_unlike_the_one_published_is_marked(bank: Bank) -> None:
    bank.final(bank.run(), "2024Q1")
    same = bank.disclose(bank.folder / "run1", "2024Q1", lang="zh")
    assert "草稿" not in same.output
    bank.loans["QX-LN-A1"]["rate"] = "0.0299"
    other = bank.disclose(bank.run(), "2024Q1", lang="zh")
    assert other.exit_code == 0 and "与已公布的本期信息披露数据不同" in other.output
    (text,) = (other.folder / "statements").glob("*.md")
    assert "草稿" in text.read_text(encoding="utf-8")


def test_the_second_language_comes_along_and_both_are_kept(bank: Bank) -> None:
    done = bank.disclose(bank.run(), "2024Q1", "--final", "--also", "en", lang="zh")
    assert done.exit_code == 0, done.output
    kept = [p.name for p in bank.published.rglob("statements/*")]
    assert len(kept) == 2 * len(FORMATS) and sum("_en." in name for name in kept) == len(FORMATS)


def test_the_text_of_a_year_without_loans_says_that_there_were_none(bank: Bank) -> None:
    done = bank.disclose(bank.run(), "2025Q2", lang="zh")
    assert done.exit_code == 0, done.output
    (text,) = (done.folder / "statements").glob("*.md")
    said = text.read_text(encoding="utf-8")
    assert "2025年初至本季度末，本行未发放碳减排贷款" in said and "—%" not in said


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_was_accepted_is_that_and_nothing_that_came_later(bank: Bank, ending: str, lang: str) -> None:
    late = bank.add(loan("A5", "6", "2024-03-03"), funded="")
    bank.final(bank.run(), "2024Q1")
    bank.funded[late] = "600000.00"
    run, path = bank.run(), bank.folder / f"points.{ending}"
    bank.disclose(run, "2024Q2", "--to-accept", path, lang=lang)
    filled(path)
    assert bank.disclose(run, "2024Q2", "--accept", path).output.count("DRAFT") == 0
    bank.loans[late]["principal"] = "3000000"
    bank.funded[late] = "1800000.00"
    other = bank.disclose(bank.run(), "2024Q2", "--final", "--accept", path)
    assert other.exit_code == 1 and "accept_other" in other.output and "published_loan_differs" in other.output
    assert bank.disclose(run, "2024Q2", "--final", "--accept", path).exit_code == 0


def test_what_nobody_can_accept_is_not_offered(bank: Bank) -> None:
    bank.add(loan("A9", "9", "2024-03-01", "储能电站类"))
    path = bank.folder / "points.csv"
    bank.disclose(bank.run(), "2024Q1", "--to-accept", path)
    said = path.read_text(encoding="utf-8-sig")
    assert "funded_not_eligible" in said and "QX-LN-A9,sector_not_listed," not in said


@pytest.mark.parametrize("name", ["QX-LN-A1", "鹭江甲风电有限公司", "鹭江海上风电一期2", "QX-DM-1"])
def test_a_published_reason_names_nobody(bank: Bank, name: str) -> None:
    bank.final(bank.run(), "2024Q1")
    bank.loans["QX-LN-A1"]["project_reduction"] = "60000"
    run = bank.run()
    done = bank.disclose(run, "2024Q1", "--amend", "--reason", f"{name} 录入有误")
    assert done.exit_code == 1 and "statement_reason_names" in done.output
    allowed = bank.disclose(run, "2024Q1", "--amend", "--reason", "海风示范项目减排量录入有误")
    assert allowed.exit_code == 0, allowed.output


def test_the_day_of_a_correction_comes_after_every_quarter_it_corrects(bank: Bank) -> None:
    first = bank.run()
    for quarter in ("2024Q1", "2024Q2"):
        bank.final(first, quarter)
    bank.loans["QX-LN-A1"]["project_reduction"] = "60000"
    words = ("--amend", "--and-later", "--reason", "entered wrong")
    early = bank.disclose(bank.run(), "2024Q1", *words, "--date", "2024-04-10")
    assert early.exit_code == 1 and "statement_date" in early.output and "2024-06-30" in early.output
    assert not bank.version("2024Q1", 2).exists()
    assert bank.disclose(bank.folder / "run2", "2024Q1", *words, "--date", "2024-09-10").exit_code == 0
