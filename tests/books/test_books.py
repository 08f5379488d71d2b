"""Every messy or hostile book gives exactly the outcome written beside it, and says it on one screen."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from relending.book import read_book
from relending.cli import main
from relending.findings import InputError, messages
from tests.books.book import CASES, Case, parameters
from tests.books.make import FILES, files

ONE_SCREEN = 45  # lines; a loan of nine errors has three a code


@pytest.mark.parametrize("case", parameters())
def test_reading_gives_the_outcome_written_beside_it(case: Case) -> None:
    must = case.must
    try:
        book = read_book(case.paths, sheet=case.sheet, prepayments=case.prepayments, side=case.side, lender=case.lender)
    except InputError as stop:
        assert ("stops", stop.findings.codes()) == (must["outcome"], must["findings"])
        return
    usable = book.loans[~book.loans["data_error"]]
    assert book.findings.codes() == must["findings"]
    assert (must["outcome"], len(book.loans)) == ("reads", must["loans"])
    assert (len(usable), int(usable["principal_fen"].sum())) == (must["usable"], must["principal_fen"])
    assert book.loans["loan_id"].tolist() == must.get("ids", book.loans["loan_id"].tolist())
    for name in ("disbursed", "matures"):
        if name in must:
            assert [str(day) for day in book.loans[name]] == must[name]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("case", parameters())
def test_check_says_so_on_one_screen(case: Case, tmp_path: Path, lang: str) -> None:
    to = tmp_path / "findings.csv"
    said = CliRunner().invoke(main, [*case.arguments(), "--lang", lang, "--findings", str(to)])
    assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
    told = pd.read_csv(to, encoding="utf-8-sig", usecols=["code"])["code"].value_counts().to_dict()
    assert told == case.codes()
    assert said.exit_code == case.must["exit"]
    assert len(said.output.splitlines()) <= ONE_SCREEN
    for code in told:
        assert code in said.output and messages()[code].message[lang] in said.output


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_exit_code_and_findings_agree(case: Case) -> None:
    errors = any(messages()[code].severity == "error" for code in case.codes())
    assert case.must["exit"] == int(errors)
    if case.must["outcome"] == "stops":
        assert errors
    assert case.must["shows"]


def test_every_file_is_used_and_there_are_enough() -> None:
    named = {path for case in CASES for path in [*case.paths, case.prepayments, *case.side.values()] if path}
    there = {path for path in FILES.iterdir() if path.name != ".gitattributes"}
    assert there <= named | {path.parent for path in named}
    assert len(CASES) >= 60
    assert sum(path.stat().st_size for path in FILES.rglob("*") if path.is_file()) < 1_000_000


MADE = files()
DAMAGED = ("truncated.xlsx", "name-not-utf8.parquet")
"""Files nothing can be read from, cut out of such whose bytes differ with the version of a library."""


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_files_are_what_the_script_makes(name: str) -> None:
    made, kept = MADE[name], (FILES / name).read_bytes()
    if name in DAMAGED:
        assert made[:4] == kept[:4]
    elif made[:2] == b"PK":  # how tightly a zip is packed differs between versions
        with zipfile.ZipFile(io.BytesIO(made)) as new, zipfile.ZipFile(io.BytesIO(kept)) as old:
            assert new.namelist() == old.namelist()
            assert all(new.read(part) == old.read(part) for part in new.namelist())
    elif made[:4] == made[-4:] == b"PAR1":
        a, b = (pq.read_table(pa.BufferReader(content)) for content in (made, kept))
        assert a.schema == b.schema and str(a.to_pydict()) == str(b.to_pydict())  # as text: NaN is not itself
    else:
        assert made == kept
