"""Quarter after quarter published: each follows the one before, what was published is corrected only as a version."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from relending.dates import parse_quarter
from relending.statement.archive import Archive
from tests.statement.flows import FACILITY, LENDER, UNMISTAKABLE, Bank, content, everything, files, filled, loan, typed

REASON = "the project's investment was revised"


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Three quarters are published."""
    bank = Bank(tmp_path_factory.mktemp("made"))
    run = bank.run()
    for quarter in ("2024Q1", "2024Q2", "2024Q3"):
        bank.final(run, quarter)
    return bank


@pytest.fixture
def published(made: Bank, tmp_path: Path) -> Bank:
    """A copy of it to work in."""
    return made.copied(tmp_path)


def text(folder: Path, part: str, name: str) -> str:
    (path,) = (folder / part).glob(name)
    return path.read_text(encoding="utf-8")


def kept(bank: Bank, quarter: str, version: int = 1) -> Any:
    return Archive(bank.published).read(LENDER, FACILITY, parse_quarter(quarter), version)


def revise(bank: Bank) -> Path:
    """The investment of the first project corrected from 50 to 40 million, which its loans of Q1 and Q2 share."""
    for name in ("QX-LN-A1", "QX-LN-B1"):
        bank.loans[name]["project_investment"] = "40000000"
    return bank.run()


# ---- one after the other


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_first_statement_has_nothing_before_it_and_each_later_one_follows(bank: Bank, lang: str) -> None:
    run = bank.run()
    first = bank.disclose(run, "2024Q1", "--final", lang=lang)
    none = {"en": "holds no earlier statement", "zh": "没有更早的信息披露"}[lang]
    assert first.exit_code == 0 and none in first.output
    assert none in text(first.folder, "internal", f"*comparison_{lang}.md")
    for quarter, before in (("2024Q2", "2024Q1"), ("2024Q3", "2024Q2"), ("2024Q4", "2024Q3"), ("2025Q1", "2024Q4")):
        folder = bank.final(run, quarter, lang=lang)
        note = text(folder, "internal", f"*comparison_{lang}.md")
        agrees, differs = {"en": ("| agrees |", "differs**"), "zh": ("| 相符 |", "不符**")}[lang]
        assert note.count(agrees) == 32, note  # 3 fields and the total, 4 measures, since the start and of the year
        assert differs not in note
        assert kept(bank, quarter).previous == (parse_quarter(before), 1)
        assert everything(bank.version(quarter) / "statements") == everything(folder / "statements")
    assert kept(bank, "2024Q1").previous is None


def test_a_gap_is_said(bank: Bank) -> None:
    run = bank.run()
    bank.final(run, "2024Q1")
    done = bank.disclose(run, "2024Q4", "--final")
    assert done.exit_code == 0, done.output
    for said in (done.output, text(done.folder, "internal", "*comparison_en.md")):
        assert "second quarter of 2024, third quarter of 2024" in said
        assert "checks agree" in said


def test_without_an_archive_it_is_said_that_nothing_is_compared(bank: Bank) -> None:
    run = bank.run()
    done = typed("disclose", run, "--quarter", "2024Q1", "--out", bank.folder / "o", "--final", "--lang", "en")
    assert done.exit_code == 0 and "not compared" in done.output and "No version was kept" in done.output
    assert not bank.published.exists() and not list((bank.folder / "o").rglob("*comparison*"))


def test_a_draft_is_not_kept(bank: Bank) -> None:
    done = bank.disclose(bank.run(), "2024Q1")
    assert done.exit_code == 0 and "can be made final" in done.output
    assert not bank.published.exists()


# ---- a published version stays


def test_publishing_again_is_refused(published: Bank) -> None:
    before = everything(published.published)
    done = published.disclose(published.folder / "run1", "2024Q2", "--final")
    assert done.exit_code == 1 and "published_exists" in done.output and "--amend" in done.output
    assert not done.folder.exists() and everything(published.published) == before


def test_an_amendment_that_changes_nothing_is_refused(published: Bank) -> None:
    before = everything(published.published)
    done = published.disclose(published.folder / "run1", "2024Q2", "--amend", "--reason", REASON)
    assert done.exit_code == 1 and "published_same" in done.output
    assert not done.folder.exists() and everything(published.published) == before


def test_what_was_never_published_is_not_amended(published: Bank) -> None:
    done = published.disclose(published.folder / "run1", "2024Q4", "--amend", "--reason", REASON)
    assert done.exit_code == 1 and "published_nothing" in done.output and not done.folder.exists()


# ---- a correction


def test_a_corrected_book_is_published_as_a_version_with_a_note(published: Bank) -> None:
    run = revise(published)
    refused = published.disclose(run, "2024Q4", "--final")
    assert refused.exit_code == 1 and "published_loan_differs" in refused.output
    assert "QX-LN-A1:" in refused.output and "QX-LN-B1:" in refused.output and "QX-LN-A2" not in refused.output
    done = published.disclose(run, "2024Q1", "--amend", "--reason", REASON)
    assert done.exit_code == 0, done.output
    assert "later statements affected: 2024Q2, 2024Q3" in done.output
    note = text(done.folder, "statements", "*_2024Q1_v2_correction_en.md")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in note.splitlines() if line.startswith("|")]
    # 1,000,000 of 50 million at 70,000 t is 1,400 t, of 40 million 1,750 t
    period = "Carbon reduction loans newly issued this quarter"
    measure = "Annual emission reduction (tCO2e)"
    assert ["Clean energy", period, measure, "1,400.00", "1,750.00", "350.00"] in rows
    assert ["Total", period, measure, "4,200.00", "4,550.00", "350.00"] in rows
    assert REASON in note and "version 1" in note and "version 2" in note
    assert ["Second quarter of 2024", period, measure, "5,600.00", "6,650.00", "1,050.00"] in rows
    assert any(
        row[:1] == ["Third quarter of 2024"] and row[3:] == ["15,400.00", "16,800.00", "1,400.00"] for row in rows
    )
    assert not any("Loan amount" in row[2] or "Weighted" in row[2] for row in rows[2:])
    assert kept(published, "2024Q1", 2).reason == REASON
    paper = text(done.folder, "internal", "*correction-loans_en.md")
    assert "| QX-LN-A1 |" in paper and "| QX-LN-B1 |" not in paper
    assert len(files(done.folder / "statements")) == 6
    for path in files(done.folder / "statements"):
        assert not UNMISTAKABLE.search(content(path)), path
        assert path.name.startswith("harbour_cerf_2024Q1_v2_")
    for version in (1, 2):
        assert kept(published, "2024Q1", version).version == version
    assert not published.version("2024Q2", 2).exists()


def test_later_quarters_are_corrected_with_it_and_the_next_one_follows(published: Bank) -> None:
    run = revise(published)
    done = published.disclose(run, "2024Q1", "--amend", "--reason", REASON, "--and-later")
    assert done.exit_code == 0, done.output
    notes = sorted(p.name for p in files(done.folder) if p.name.endswith("correction_en.md"))
    assert notes == [f"harbour_cerf_2024Q{i}_v2_correction_en.md" for i in (1, 2, 3)]
    for quarter, before in (("2024Q2", "2024Q1"), ("2024Q3", "2024Q2")):
        assert kept(published, quarter, 2).previous == (parse_quarter(before), 2)
        assert "all 32 checks agree" in text(done.folder, "internal", f"*_{quarter}_v2_comparison_en.md")
    follows = published.disclose(run, "2024Q4", "--final")
    assert follows.exit_code == 0, follows.output
    assert "third quarter of 2024 (version 2): all 32 checks agree" in follows.output


def test_a_quarter_that_the_correction_leaves_alone_is_not_corrected(published: Bank) -> None:
    """A rate of the third quarter: the second is before it, and a correction begins where it is asked for."""
    published.loans["QX-LN-C1"]["rate"] = "0.0299"
    done = published.disclose(published.run(), "2024Q3", "--amend", "--reason", REASON, "--and-later")
    assert done.exit_code == 0 and "no later statement is affected" in done.output
    versions = sorted(p.parent.name for p in published.published.rglob("v2"))
    assert versions == ["2024Q3"]


def test_a_correction_of_a_later_quarter_without_the_earlier_one_is_refused(published: Bank) -> None:
    done = published.disclose(revise(published), "2024Q3", "--amend", "--reason", REASON)
    assert done.exit_code == 1 and "published_loan_differs" in done.output and not done.folder.exists()


# ---- money that came late


def test_late_money_for_a_closed_quarter_is_a_break_accepted_with_a_reason(bank: Bank) -> None:
    late = bank.add(loan("A3", "6", "2024-03-03"), funded="")
    bank.final(bank.run(), "2024Q1")
    bank.funded[late] = "600000.00"
    run = bank.run()
    points = bank.folder / "points.csv"
    draft = bank.disclose(run, "2024Q2", "--to-accept", points)
    assert draft.exit_code == 0 and "DRAFT" in draft.output and "do not follow" in draft.output
    (row,) = csv.reader(points.read_text(encoding="utf-8-sig").splitlines()[1:])
    assert row[:2] == [late, "published_loan_differs"] and row[4:] == ["", ""]
    assert all(said in row[3] for said in ("new", "2024Q1", "1,000,000.00", "1,400.000000"))
    refused = bank.disclose(run, "2024Q2", "--final")
    assert refused.exit_code == 1 and late in refused.output and "published_loan_differs" in refused.output
    empty = bank.disclose(run, "2024Q2", "--final", "--accept", points)
    assert empty.exit_code == 1 and "value_missing" in empty.output, empty.output
    filled(points, reason="the money arrived on 20 May")
    done = bank.disclose(run, "2024Q2", "--final", "--accept", points)
    assert done.exit_code == 0, done.output
    note = text(done.folder, "internal", "*comparison_en.md")
    assert f"| {late} | the money arrived on 20 May | Wang Fang |" in note
    assert "1,000,000.00" in note and "1,400.000000 t" in note
    record = json.loads((bank.version("2024Q2") / "internal" / "record.json").read_bytes())
    assert record["accepted"] == [
        {"by": "Wang Fang", "code": "published_loan_differs", "loan_id": late, "reason": "the money arrived on 20 May"}
    ]
    for path in files(done.folder / "statements"):
        assert "Wang Fang" not in content(path) and "20 May" not in content(path)
    # what was accepted is part of what is published now: the next quarter follows
    after = bank.disclose(run, "2024Q3", "--final")
    assert after.exit_code == 0 and "all 32 checks agree" in after.output, after.output
