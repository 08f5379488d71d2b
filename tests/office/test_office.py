"""What LibreOffice makes of the files: a reader nobody here wrote opens, calculates and prints them.

Runs where RELENDING_OFFICE is 1, as in .ci/run; there a missing LibreOffice is a failure.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import openpyxl
import pytest

from relending.statement.document import Document, Paragraph
from relending.statement.page import html_page
from relending.statement.printed import Options
from relending.statement.statement import Statement
from relending.statement.workbook import write_workbook
from tests.statement.page_cases import (
    DRAFT,
    HORIZONS,
    LANGS,
    document_of,
    made_of,
    statement_as_published,
    statement_of,
    texts_of,
)
from tests.statement.test_workbook import figures

pytestmark = pytest.mark.skipif(
    os.environ.get("RELENDING_OFFICE") != "1",
    reason="set RELENDING_OFFICE=1 to let LibreOffice read the statements back",
)
Convert = Callable[..., list[Path]]
CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,true,false,false,-1"
"""Every sheet to a file of its own, comma and quote, UTF-8, figures as shown."""
WORD = "relending.statement.word"


@pytest.fixture(scope="session")
def convert(tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """Files to another kind, by a LibreOffice with a profile of its own."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.fail("RELENDING_OFFICE is 1, but there is no soffice on the PATH")
    profile = tmp_path_factory.mktemp("profile").as_uri()

    def work(kind: str, *files: Path) -> list[Path]:
        out = tmp_path_factory.mktemp("converted")
        command = [program, f"-env:UserInstallation={profile}", "--headless", "--convert-to", kind, "--outdir", out]
        done = subprocess.run([*command, *files], capture_output=True, text=True, timeout=300, check=False)
        made = sorted(out.iterdir())
        assert len({file.name.split(".")[0].split("-")[0] for file in made}) == len(files), done.stdout + done.stderr
        return made

    return work


def statements() -> dict[str, Statement]:
    """By names without a dash, a point or a blank."""
    off = figures("2201817.6", "47977.6", "10317.6")
    return {
        "draft": statement_of("demo", "demo", "2024Q1", reasons=DRAFT),
        "empty": statement_of("demo", "demo", "2026Q4"),
        "ledger": statement_of("ledger", *_last("ledger")),
        "boc": statement_as_published("statements/boc-2024q2"),
        "off": made_of(dict.fromkeys(HORIZONS, off), Options(amount=0, rate=4)),
    }


def _last(name: str) -> tuple[str, str]:
    from tests.statement.page_cases import printed_by

    lender, _, quarter = [one for one in printed_by(name) if one[1] == "cerf"][-1]
    return lender, quarter


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def figures_in(rows: list[list[str]], statement: Statement, lang: str) -> list[list[str]]:
    names = [row.name[lang] for row in statement.rows]
    at = [row[0] for row in rows].index(names[0])
    found = rows[at : at + len(names)]
    assert [row[0] for row in found] == names
    return [row[1:13] for row in found]


@pytest.mark.parametrize("calculated", [False, True], ids=["as written", "calculated anew"])
@pytest.mark.parametrize("lang", LANGS)
def test_the_figures_of_the_workbook(lang: str, calculated: bool, tmp_path: Path, convert: Convert) -> None:
    """As the file has them, and with the values of its formulas thrown away, so that they must be calculated."""
    wanted = statements()
    for name, statement in wanted.items():
        path = tmp_path / f"{name}.xlsx"
        write_workbook(statement, document_of(statement, lang), path)
        if calculated:
            openpyxl.load_workbook(path).save(path)
            assert None in [c.value for c in openpyxl.load_workbook(path, data_only=True).worksheets[0][_total(path)]]
    made = convert(CSV, *(tmp_path / f"{name}.xlsx" for name in wanted))
    assert len(made) == 2 * len(wanted)
    for name, statement in wanted.items():
        table, text = (next(m for m in made if m.stem == f"{name}-{s}") for s in _sheets(lang))
        assert figures_in(rows_of(table), statement, lang) == texts_of(statement), name
        document = document_of(statement, lang)
        assert [row[0] for row in rows_of(text)] == _texts(document), name


def _total(path: Path) -> int:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    return max(c.row for c in sheet["A"] if c.value in ("合计", "Total"))


def _sheets(lang: str) -> tuple[str, str]:
    return ("信息披露表", "正文") if lang == "zh" else ("Disclosure", "Text")


def _texts(document: Document) -> list[str]:
    texts = [(block.role, block.text) for block in document.blocks if isinstance(block, Paragraph)]
    marks = [text for role, text in texts if role == "mark"]
    return [*marks, document.title, *(text for role, text in texts if role != "mark")]


def pages(path: Path) -> list[tuple[float, float]]:
    """Width and height of the pages of a PDF, as its page objects say."""
    data = path.read_bytes()
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
        try:
            data += zlib.decompressobj().decompress(stream)
        except zlib.error:
            continue
    found = re.findall(rb"/Type\s*/Page\b(?!s).*?/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", data, re.DOTALL)
    return [(float(width), float(height)) for width, height in found]


@pytest.mark.parametrize("lang", LANGS)
def test_the_workbook_prints_on_one_page_on_its_side_and_one_upright(
    lang: str, tmp_path: Path, convert: Convert
) -> None:
    wanted = statements()
    for name, statement in wanted.items():
        write_workbook(statement, document_of(statement, lang), tmp_path / f"{name}.xlsx")
    for path in convert("pdf", *(tmp_path / f"{name}.xlsx" for name in wanted)):
        first, second = pages(path)
        assert [round(v / 72 * 25.4) for v in (*first, *second)] == [297, 210, 210, 297], path.name


def assert_told(text: str, statement: Statement, document: Document) -> None:
    """Every paragraph, wherever its lines end, and the figures of each row after its name."""
    solid = re.sub(r"\s", "", text)
    lines = [line.strip() for line in re.split(r"[\n\t\f]", text.removeprefix("\ufeff")) if line.strip()]
    for one in _texts(document):
        assert re.sub(r"\s", "", one) in solid
    for row, texts in zip(statement.rows, texts_of(statement, document.lang), strict=True):
        name = row.name[document.lang]
        ats = [i for i, line in enumerate(lines) if line == name]
        assert texts in [lines[i + 1 : i + 13] for i in ats], name


@pytest.mark.parametrize("lang", LANGS)
def test_the_figures_of_the_page(lang: str, tmp_path: Path, convert: Convert) -> None:
    wanted = statements()
    for name, statement in wanted.items():
        (tmp_path / f"{name}.html").write_text(html_page(document_of(statement, lang)), encoding="utf-8")
    for path in convert("txt:Text (encoded):UTF8", *(tmp_path / f"{name}.html" for name in wanted)):
        statement = wanted[path.stem]
        assert_told(path.read_text(encoding="utf-8"), statement, document_of(statement, lang))


@pytest.mark.skipif(find_spec(WORD) is None, reason="there is no writer of Word files yet")
@pytest.mark.parametrize("lang", LANGS)
def test_the_figures_of_the_word_file(lang: str, tmp_path: Path, convert: Convert) -> None:
    wanted = statements()
    for name, statement in wanted.items():
        import_module(WORD).write_word(document_of(statement, lang), tmp_path / f"{name}.docx")
    files = [tmp_path / f"{name}.docx" for name in wanted]
    for path in convert("txt:Text (encoded):UTF8", *files):
        statement = wanted[path.stem]
        assert_told(path.read_text(encoding="utf-8"), statement, document_of(statement, lang))
    for path in convert("pdf", *files):
        sizes = pages(path)
        assert any(width > height for width, height in sizes) and sizes[0][0] < sizes[0][1], path.name
