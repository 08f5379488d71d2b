"""Drafts and final statements: what is open is said, listed and accepted one by one, or nothing is written."""

from __future__ import annotations

import csv
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from relending.book.checks import CHECKS
from relending.book.columns import TABLES
from relending.dates import parse_quarter
from relending.statement.archive import Archive
from tests.statement.flows import (
    FACILITY,
    FORMATS,
    LENDER,
    Bank,
    everything,
    files,
    filled,
    loan,
    typed,
    words_of,
)

DRAFT = {"en": "DRAFT", "zh": "草稿"}
REASONS = {
    "en": ("the draws of 35 loans are simulated", "3 loans (or records) have an error"),
    "zh": ("35笔贷款", "3笔贷款"),
}


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path)


@cache
def demo() -> Path:
    import tempfile

    out = Path(tempfile.mkdtemp()) / "demo"
    assert typed("run", "demo", "--out", out, "--quiet").exit_code == 0
    return out


def of_demo(out: Path, *more: object, lang: str = "en") -> Any:
    words = ["disclose", demo(), "--quarter", "2024Q2", "--lender", "demo", "--out", out, "--lang", lang]
    return typed(*words, *more)


def open_in(bank: Bank, run: Path, quarter: str) -> list[tuple[str, str]]:
    """The open points of a statement, loan and code, as ``--to-accept`` lists them."""
    path = bank.folder / f"points-{len(list(bank.folder.iterdir()))}.csv"
    done = bank.disclose(run, quarter, "--to-accept", path)
    assert done.exit_code == 0, done.output
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))[1:]
    assert bool(rows) == ("DRAFT" in done.output)
    return [(row[0], row[1]) for row in rows]


# ---- drafts


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_draft_says_why_in_every_format(tmp_path: Path, lang: str) -> None:
    done = of_demo(tmp_path / "out", lang=lang)
    assert done.exit_code == 0
    paths = files(tmp_path / "out" / "statements")
    assert sorted(p.suffix[1:] for p in paths) == sorted(FORMATS)
    for said in (done.output, *map(words_of, paths)):
        assert DRAFT[lang] in said
        assert all(reason in said for reason in REASONS[lang]), said


def test_a_final_one_is_refused_with_every_open_point(tmp_path: Path) -> None:
    done = of_demo(tmp_path / "out", "--final", "--to-accept", tmp_path / "points.csv")
    assert done.exit_code == 1 and not (tmp_path / "out").exists()
    rows = list(csv.reader((tmp_path / "points.csv").read_text(encoding="utf-8-sig").splitlines()))[1:]
    assert len(rows) == 38 and "38" in done.output.splitlines()[0]
    assert {row[1] for row in rows} == {
        "simulated_receipt",
        "share_over_one",
        "rate_ambiguous",
        "principal_not_positive",
    }
    assert "simulated_receipt × 35" in done.output  # told once; each of the others by itself
    assert all(row[0] in done.output for row in rows if row[1] != "simulated_receipt")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_list_filled_in_makes_it_final_and_the_record_keeps_who_and_why(
    tmp_path: Path, ending: str, lang: str
) -> None:
    path, kept = tmp_path / f"points.{ending}", tmp_path / "kept"
    assert of_demo(tmp_path / "draft", "--to-accept", path, lang=lang).exit_code == 0
    unfilled = of_demo(tmp_path / "out", "--final", "--accept", path, "--published", kept, lang=lang)
    assert unfilled.exit_code == 1 and "value_missing" in unfilled.output
    filled(path, reason="seen, 见批件", by="王芳")
    done = of_demo(tmp_path / "out", "--final", "--accept", path, "--published", kept, lang=lang)
    assert done.exit_code == 0, done.output
    record = Archive(kept).read("demo", "cerf", parse_quarter("2024Q2"), 1)
    assert len(record.accepted) == 38
    assert {(one.reason, one.by) for one in record.accepted} == {("seen, 见批件", "王芳")}
    for shown in files(tmp_path / "out" / "statements"):
        said = words_of(shown)
        assert DRAFT[lang] not in said and "王芳" not in said and "见批件" not in said
    (paper,) = (tmp_path / "out" / "internal").glob("*workpaper*.xlsx")
    cells = {str(c.value) for sheet in openpyxl.load_workbook(paper) for row in sheet.iter_rows() for c in row}
    assert {"王芳", "seen, 见批件", "SF2022061001"} <= cells


def test_a_row_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "points.xlsx"
    of_demo(tmp_path / "draft", "--to-accept", path)
    filled(path, skip="SF2022061001")
    done = of_demo(tmp_path / "out", "--final", "--accept", path)
    assert done.exit_code == 1 and not (tmp_path / "out").exists()
    assert "errors 1," in done.output and "SF2022061001" in done.output and "share_over_one" in done.output


def test_accepting_what_is_not_open_is_said_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    of_demo(tmp_path / "draft", "--to-accept", path)
    filled(path)
    with path.open("a", encoding="utf-8") as file:
        file.write("SF1,simulated_receipt,,,typing error,X\n")
    done = of_demo(tmp_path / "out", "--final", "--accept", path)
    assert done.exit_code == 0 and "accept_not_open" in done.output and "SF1" in done.output


def test_every_table_of_the_dictionary_has_a_check_of_its_rows() -> None:
    assert set(CHECKS) == set(TABLES)


def test_a_list_of_open_points_replaces_no_file(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    of_demo(tmp_path / "draft", "--to-accept", path)
    before = filled(path).read_bytes()
    for lang in ("en", "zh"):
        done = of_demo(tmp_path / "out", "--to-accept", path, lang=lang)
        assert done.exit_code == 2 and path.read_bytes() == before and not (tmp_path / "out").exists()
    for wrong in (demo() / "points.csv", tmp_path / "out" / "p.csv", tmp_path / "p.docx", tmp_path / "no" / "p.csv"):
        assert of_demo(tmp_path / "out", "--to-accept", wrong).exit_code == 2 and not wrong.exists()


def test_what_is_published_lies_apart_from_the_run_and_the_folder_written(tmp_path: Path) -> None:
    before = everything(demo())
    for kept in (demo(), demo() / "kept", tmp_path / "out", tmp_path / "out" / "k", tmp_path):
        assert of_demo(tmp_path / "out", "--published", kept).exit_code == 2
    assert everything(demo()) == before and list(tmp_path.iterdir()) == []


# ---- what makes a draft, and what does not


def test_recorded_money_is_no_draft(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert typed("run", "ledger", "--out", run, "--quiet").exit_code == 0
    done = typed("disclose", run, "--quarter", "2024Q2", "--out", tmp_path / "out", "--lang", "en")
    assert done.exit_code == 0 and "can be made final" in done.output
    for path in files(tmp_path / "out" / "statements"):
        assert "DRAFT" not in words_of(path)


BAD = {"principal": "-5"}


@pytest.mark.parametrize(
    ("row", "opens"),
    [
        (loan("X1", "9", "2024-05-03", **BAD), True),
        (loan("X1", "9", "2024-06-30", **BAD), True),
        (loan("X1", "9", "2024-07-01", **BAD), False),
        (loan("X1", "9", "2024-05-03", "coal_power", **BAD), False),
        (loan("X1", "9", "2024-05-03", "no such sector", **BAD), True),
        (loan("X1", "9", "not a day"), True),
        (loan("X1", "9", "2024-05-03", lender="other", **BAD), False),
        (loan("X1", "9", "2024-05-03", lender="Harbor", **BAD), True),
    ],
    ids=["in it", "its last day", "after it", "another's sector", "no sector", "no day", "another's", "misspelt"],
)
def test_an_error_opens_the_statement_that_it_may_touch(bank: Bank, row: dict[str, str], opens: bool) -> None:
    bank.tail = '[lenders.other]\nclass = "city"\nfull_name = { zh = "他行", en = "Other" }'
    bank.facilities = ["cerf", "clean_coal"]
    for one in bank.loans.values():
        one["lender"] = "harbour"
    bank.add({**row, "lender": row["lender"] or "harbour"}, funded="")
    found = open_in(bank, bank.run(), "2024Q2")
    assert {name for name, _ in found} == ({"QX-LN-X1"} if opens else set())


def test_a_warning_is_said_beside_and_never_inside(bank: Bank) -> None:
    run = bank.run()
    done = bank.disclose(run, "2024Q2", "--final")
    assert done.exit_code == 0 and "unit_slip_suspected" in done.output and "loan QX-LN-A1" in done.output
    assert done.exit_code == 0 and "unit_slip_suspected" in done.output and "loan QX-LN-A1" in done.output
    assert (
        "1 × warning unit_slip_suspected" in done.output and "QX-LN-C1" not in done.output
    )  # that one is of a later quarter
    for path in files(done.folder / "statements"):
        assert "slip" not in words_of(path)


# ---- part-funded loans


def of_claim(bank: Bank, claim: str) -> Any:
    bank.funded["QX-LN-B1"] = "900000.00"  # of 1.8 million
    bank.tail = f'[disclosure]\nclaim = "{claim}"' if claim else ""
    return bank.run()


def test_part_funded_loans_are_claimed_by_the_scenario_and_by_no_list(bank: Bank) -> None:
    run = of_claim(bank, "")
    path = bank.folder / "points.csv"
    draft = bank.disclose(run, "2024Q2", "--to-accept", path)
    assert draft.exit_code == 0 and "DRAFT" in draft.output
    assert "part_funded_unclaimed" not in path.read_text(encoding="utf-8-sig")  # nobody can accept it
    path.write_text("loan_id,code,reason,by\nQX-LN-B1,part_funded_unclaimed,as usual,W\n", encoding="utf-8")
    for more in ([], ["--accept", path]):
        done = bank.disclose(run, "2024Q2", "--final", *more)
        assert done.exit_code == 1 and "statement_unclaimed" in done.output and "QX-LN-B1" in done.output
        assert "claim" in done.output and not done.folder.exists()
    assert bank.disclose(run, "2024Q1", "--final").exit_code == 0  # before that loan


def test_the_two_claims_differ_by_what_did_not_arrive(bank: Bank) -> None:
    amounts = {}
    for claim in ("full", "funded"):
        run = of_claim(bank, claim)
        bank.published = bank.folder / claim
        bank.final(run, "2024Q1")
        bank.final(run, "2024Q2")
        record = Archive(bank.published).read(LENDER, FACILITY, parse_quarter("2024Q2"), 1)
        amounts[claim] = record.figures["quarter", "total"]
        assert record.claim == claim
    assert amounts["full"].amount - amounts["funded"].amount == 1_500_000_00  # half of 3 million
    assert amounts["full"].reduction - amounts["funded"].reduction == 2_100 * 10**6
    assert amounts["full"].projects == amounts["funded"].projects == 2


# ---- a broken identity


def test_a_figure_that_is_not_its_loans_stops_with_3_and_writes_nothing(bank: Bank) -> None:
    run = bank.run()
    table, record = run / "disclosure.csv", run / "manifest.json"
    text = table.read_text(encoding="utf-8-sig")
    assert text.count("2024Q2,quarter,total,total,2,4000000.00") == 1
    table.write_text(
        text.replace("2024Q2,quarter,total,total,2,4000000.00", "2024Q2,quarter,total,total,2,4000000.01"), "utf-8-sig"
    )
    held = json.loads(record.read_bytes())
    held["outputs"]["disclosure.csv"]["sha256"] = hashlib.sha256(table.read_bytes()).hexdigest()
    record.write_text(json.dumps(held), encoding="utf-8")
    for more in ([], ["--final"]):
        done = bank.disclose(run, "2024Q2", *more)
        assert done.exit_code == 3 and "quarter/total" in done.output, done.output
        assert not done.folder.exists() and not bank.published.exists()
    assert bank.disclose(run, "2024Q1").exit_code == 0
