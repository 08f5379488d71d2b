"""A bank's name that would break out of a file is shown in every format as the text it is."""

from __future__ import annotations

import html
import html.parser
import re
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from lxml import etree

from tests.security.hostile import quoted
from tests.statement.flows import Bank, files, names_of, typed

NAMES = {
    "script": "</title><script>alert(1)</script>",
    "formula": "=cmd|' /C calc'!A0",
    "attribute": '"><img onerror=alert(1) src=x>',
    "template": "{{7*7}}{% for a in b %}",
    "markdown": "# [x](javascript:alert(1)) **`|` <b>",
    "marks": "Bank\u202e knaB\u200b",
    "control": "Ba\u0001\u0008nk\ufffe\n\r\tof & <x>",
    "long": "银" * 5000,
    "word field": '{ HYPERLINK "http://x.example" } \\* MERGEFORMAT %s &amp; ]]>',
}
ACTIVE = {"script", "img", "b", "a", "x", "iframe"}


class Page(html.parser.HTMLParser):
    """The tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def letters(text: str) -> str:
    """What is left of a text whatever stands in for marks that cannot be shown."""
    return "".join(c for c in text if unicodedata.category(c)[0] in "LN")


@pytest.fixture
def written(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, list[Path]]:
    """A name, and every file of a run and of a disclosure in both languages that prints it."""
    bank, name = Bank(tmp_path), NAMES[request.param]
    bank.names = names_of({"zh": name, "en": name}, quoted)
    run = bank.run()
    paths = files(run / "statements")
    for lang, quarter in (("zh", "2024Q1"), ("en", "2024Q2")):
        paths += files(bank.final(run, quarter, lang=lang))
    return name, paths


@pytest.mark.parametrize("written", NAMES, indirect=True)
def test_every_format_opens_and_shows_the_name_as_text(written: tuple[str, list[Path]]) -> None:
    name, paths = written
    want = letters(name)
    assert {p.suffix for p in paths} == {".docx", ".xlsx", ".html", ".md"}
    for path in paths:
        said = ""
        if path.suffix == ".docx":
            opened = docx.Document(path)
            said = "\n".join(one.text for one in opened.paragraphs)
            body = zipfile.ZipFile(path).read("word/document.xml").decode()
            for tag in ("w:fldSimple", "w:hyperlink", "w:object", "w:altChunk"):
                assert f"<{tag}" not in body, (path.name, tag)
        elif path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            for cell in (c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None):
                assert not (cell.data_type == "f" and "cmd" in str(cell.value)), (path.name, cell.coordinate)
                assert cell.hyperlink is None or not cell.hyperlink.target
                said += f"{cell.value}\n"
        elif path.suffix == ".html":
            page = Page()
            page.feed(path.read_text(encoding="utf-8"))
            assert not page.tags & ACTIVE, (path.name, page.tags & ACTIVE)
            assert not any(one.startswith("on") for one in page.attributes)
            said = page.text
            etree.HTML(path.read_bytes())
        else:
            said = path.read_text(encoding="utf-8")
            assert said.splitlines()[1] == "", path.name
            assert not re.search(r"(?<!\\)<(?:script|img|b>|x>)", said), path.name
            assert "](javascript" not in said.replace("\\]", ""), path.name
            said = html.unescape(said)
        assert want[:190] in letters(said), path.name
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", said), path.name
        assert "\u202e" not in said, path.name
        if path.suffix in (".docx", ".xlsx"):
            with zipfile.ZipFile(path) as packed:
                for part in packed.namelist():
                    if part.endswith((".xml", ".rels")):
                        etree.fromstring(packed.read(part))


def test_a_template_in_a_name_is_not_filled_in(tmp_path: Path) -> None:
    bank = Bank(tmp_path)
    bank.names = names_of({"zh": "{{ bank }}", "en": "{{ 7 * 7 }}{{ bank }}"}, quoted)
    done = typed("disclose", bank.run(), "--quarter", "2024Q1", "--out", tmp_path / "o", "--lang", "en")
    assert done.exit_code == 0 and "49" not in done.output.split("Carbon")[0]
    (page,) = (tmp_path / "o" / "statements").glob("*.md")
    assert "{{ 7" in page.read_text(encoding="utf-8").replace("\\", "")
