"""What may be published names nobody; what may not says so, and names nobody either under a key."""

from __future__ import annotations

import csv
import getpass
import re
import socket
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import relending as rl
from relending.lineage.redaction import Redactor
from relending.scenario.places import shipped_names
from tests.security.test_redaction import hidden_values
from tests.statement.flows import (
    BORROWER,
    KEY,
    PUBLISHED,
    UNMISTAKABLE,
    Bank,
    content,
    everything,
    files,
    filled,
    loan,
    words_of,
)

SHORTEST = 5
"""An id shorter than this stands in any file by accident."""
INTERNAL = {"en": "Internal", "zh": "内部资料"}
PLACES = re.compile(r"(?<![\w<.])/(?:tmp|home|root|usr|opt|var|private|Users)/|[A-Za-z]:\\\\?(?:Users|home)|file:/")


@cache
def run_of(scenario: str) -> tuple[Any, Path]:
    import tempfile

    run = rl.run(scenario)
    return run, run.save(Path(tempfile.mkdtemp()) / "run")


def named(run: Any) -> tuple[set[str], set[str]]:
    """The values of a run that are to be hidden, and the names of projects that may be published."""
    published = set(run.tables["loans"]["publish_name"].dropna())
    loans = run.tables["loans"]
    more = {value for name in ("evidence_doc", "evidence_by", "branch") for value in loans[name].dropna()}
    return {v for v in hidden_values(run) | more if len(v) >= SHORTEST} - published, published


@pytest.mark.parametrize("scenario", [name for name in shipped_names() if not name.startswith(("national", "outlook"))])
def test_no_file_that_may_be_published_names_anybody(scenario: str) -> None:
    run, folder = run_of(scenario)
    hidden, published = named(run)
    paths = files(folder / "statements")
    assert paths and hidden
    machine = {getpass.getuser(), socket.gethostname(), str(Path.home())} - {"root"}
    for path in paths:
        said = content(path)
        for name in published:
            said = said.replace(name, "")
        assert {value for value in hidden if value in said} == set(), path.name
        assert not {one for one in machine if len(one) >= SHORTEST and one in said}, path.name
        assert not PLACES.search(said), (path.name, PLACES.search(said))


@pytest.mark.parametrize("scenario", ["demo", "ledger"])
def test_a_word_or_excel_file_hides_nothing(scenario: str) -> None:
    _, folder = run_of(scenario)
    for path in files(folder / "statements"):
        if path.suffix not in (".docx", ".xlsx"):
            continue
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
            assert {one.date_time[0] for one in packed.infolist()} == {1980}
        for part in ("custom.xml", "comments", "vmlDrawing", "externalLink", "embeddings", "vbaProject", "people"):
            assert not any(part in name for name in names), (path.name, part)
        if path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            assert {sheet.sheet_state for sheet in book} == {"visible"}
            assert not list(book.defined_names) and len(book.custom_doc_props.names) == 0
            for sheet in book:
                assert not any(d.hidden for d in [*sheet.column_dimensions.values(), *sheet.row_dimensions.values()])
        else:
            said = content(path)
            for tag in ("<w:comment", "<w:vanish", "<w:ins ", "<w:del ", "w:rsid"):
                assert tag not in said, (path.name, tag)


# ---- under a key


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    (tmp_path / "key.txt").write_bytes(KEY)
    (tmp_path / "other.txt").write_bytes(KEY + b"!")
    return Bank(tmp_path)


def redacted(bank: Bank, key: str = "key.txt") -> list[object]:
    return ["--redact", bank.folder / key]


def late(bank: Bank) -> Path:
    """A published first quarter, under the key, and a run in which money came late for it."""
    name = bank.add(loan("A3", "6", "2024-03-03"), funded="")
    bank.final(bank.run(), "2024Q1", *redacted(bank))
    bank.funded[name] = "600000.00"
    return bank.run()


def test_under_a_key_nothing_inside_names_anybody_and_the_statements_are_the_same(bank: Bank) -> None:
    run = bank.run()
    for lang in ("en", "zh"):
        plain = bank.disclose(run, "2024Q2", lang=lang).folder
        hidden = bank.disclose(run, "2024Q2", *redacted(bank), lang=lang).folder
        assert everything(plain / "statements") == everything(hidden / "statements")
        assert any(PUBLISHED in content(path) for path in files(plain / "statements"))
        assert sorted(everything(plain)) == sorted(everything(hidden))
        for path in files(hidden / "internal"):
            assert not UNMISTAKABLE.search(content(path)), path
            assert PUBLISHED not in content(path), path
            assert INTERNAL[lang] in words_of(path), path
            assert not PLACES.search(words_of(path)), path
        for path in files(plain / "internal"):
            assert INTERNAL[lang] in words_of(path), path
        assert any(UNMISTAKABLE.search(content(path)) for path in files(plain / "internal"))
        assert any(Redactor(KEY).text("loan", "QX-LN-B1") in content(path) for path in files(hidden / "internal"))


def test_the_screen_names_nobody_under_a_key(bank: Bank) -> None:
    run = bank.run()
    done = bank.disclose(run, "2024Q2", *redacted(bank))
    assert done.exit_code == 0 and "unit_slip_suspected" in done.output
    assert not UNMISTAKABLE.search(done.output)


def test_what_is_kept_under_a_key_names_nobody(bank: Bank) -> None:
    run = late(bank)
    path = bank.folder / "points.csv"
    bank.disclose(run, "2024Q2", "--to-accept", path)  # without the key: refused, the archive is hashed
    assert not path.exists()
    listed = bank.disclose(run, "2024Q2", "--to-accept", path, *redacted(bank))
    assert listed.exit_code == 0 and not UNMISTAKABLE.search(content(path) + listed.output)
    done = bank.disclose(run, "2024Q2", "--final", "--accept", filled(path), *redacted(bank))
    assert done.exit_code == 0, done.output
    for place in (bank.published, done.folder):
        for one in files(place):
            said = content(one)
            if one.suffix == ".parquet":
                import pandas as pd

                said += pd.read_parquet(one).to_csv()
            if "internal" in one.parts:
                assert not UNMISTAKABLE.search(said), one
                assert PUBLISHED not in said or one.name == "record.json", one  # names printed are public
    assert Redactor(KEY).text("loan", "QX-LN-A3") in content(bank.version("2024Q2") / "internal" / "record.json")


def test_accepted_points_may_give_the_ids_of_the_book(bank: Bank) -> None:
    run = late(bank)
    path = bank.folder / "own.csv"
    path.write_text("loan_id,code,reason,by\nQX-LN-A3,published_loan_differs,late money,W\n", encoding="utf-8")
    done = bank.disclose(run, "2024Q2", "--final", "--accept", path, *redacted(bank))
    assert done.exit_code == 0 and "accept_not_open" not in done.output, done.output


@pytest.mark.parametrize("given", ["book", "listed"])
def test_a_reason_that_names_somebody_and_a_place_in_the_book_are_redacted_too(bank: Bank, given: str) -> None:
    """A row without a loan id is open under the name of its place; the book is named after a borrower."""
    bank.book = f"{BORROWER}.csv"
    bank.add({**loan("", "9", "2024-02-02"), "loan_id": ""}, funded="")
    run, path = bank.run(), bank.folder / "points.csv"
    if given == "book":
        bank.disclose(run, "2024Q1", "--to-accept", path)
        assert BORROWER in content(path)
    else:
        bank.disclose(run, "2024Q1", "--to-accept", path, *redacted(bank))
        assert not UNMISTAKABLE.search(content(path))
    filled(path, reason=f"told by {BORROWER}", by="W")
    done = bank.disclose(run, "2024Q1", "--final", "--accept", path, *redacted(bank))
    assert done.exit_code == 0, done.output
    assert not UNMISTAKABLE.search(done.output)
    for one in (*files(bank.published), *files(done.folder)):
        assert not UNMISTAKABLE.search(content(one)), one


def test_two_keys_give_other_hashes_and_one_key_the_same(bank: Bank) -> None:
    run = bank.run()
    once, again = (everything(bank.disclose(run, "2024Q2", *redacted(bank)).folder) for _ in range(2))
    other = everything(bank.disclose(run, "2024Q2", *redacted(bank, "other.txt")).folder)
    assert once == again and once.keys() == other.keys()
    assert {n for n in once if once[n] != other[n]} == {n for n in once if "workpaper" in n}


def without_key(bank: Bank) -> Iterator[tuple[str, list[object]]]:
    yield "none", []
    yield "another", redacted(bank, "other.txt")


@pytest.mark.parametrize("which", ["none", "another"])
def test_an_archive_under_a_key_is_read_with_that_key_alone(bank: Bank, which: str) -> None:
    run = bank.run()
    bank.final(run, "2024Q1", *redacted(bank))
    more = dict(without_key(bank))[which]
    before = everything(bank.published)
    for words in (["--final"], []):
        for lang, said in (("en", "key"), ("zh", "密钥")):
            done = bank.disclose(run, "2024Q2", *words, *more, lang=lang)
            assert done.exit_code == 1 and "published_key" in done.output and said in done.output
            assert not done.folder.exists() and everything(bank.published) == before
    after = bank.disclose(run, "2024Q2", "--final", *redacted(bank))
    assert after.exit_code == 0 and "all 32 checks agree" in after.output


def test_a_plain_archive_goes_on_under_a_key(bank: Bank) -> None:
    run = bank.run()
    bank.final(run, "2024Q1")
    done = bank.disclose(run, "2024Q2", "--final", *redacted(bank))
    assert done.exit_code == 0 and "all 32 checks agree" in done.output, done.output
    assert bank.disclose(run, "2024Q3", "--final").exit_code == 1


def test_a_correction_under_a_key_names_nobody(bank: Bank) -> None:
    run = bank.run()
    for quarter in ("2024Q1", "2024Q2"):
        bank.final(run, quarter, *redacted(bank))
    for name in ("QX-LN-A1", "QX-LN-B1"):
        bank.loans[name]["project_investment"] = "40000000"
    words = ["--amend", "--and-later", "--reason", "revised", *redacted(bank)]
    done = bank.disclose(bank.run(), "2024Q1", *words)
    assert done.exit_code == 0, done.output
    for path in files(done.folder):
        assert not UNMISTAKABLE.search(content(path)), path
    assert not UNMISTAKABLE.search(done.output)
    (paper,) = (done.folder / "internal").glob("*2024Q2*correction-loans_en.md")
    assert Redactor(KEY).text("loan", "QX-LN-B1") in paper.read_text(encoding="utf-8")


def test_a_redacted_run_can_be_disclosed_without_its_key(bank: Bank) -> None:
    """Its ids are hashes already; its statements say the same, but for names that only the book knows."""
    done = bank.disclose(bank.run(*redacted(bank)), "2024Q2")
    assert done.exit_code == 0, done.output
    for path in files(done.folder):
        assert not UNMISTAKABLE.search(content(path)), path
    rows = [list(csv.reader([one])) for one in done.output.splitlines()]
    assert rows and "Traceback" not in done.output
