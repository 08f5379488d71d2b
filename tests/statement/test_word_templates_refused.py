"""What is no template, or must not be one: each is told by its code and where it lies, and nothing is written."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from relending.statement import docxopen
from relending.statement.sandbox import TemplateProblem
from relending.statement.wording import fields_of
from relending.statement.wordtemplate import write_from_template, write_starter

from .word_files import R, W, changed, parts, put, statement

BODY, RELS, TYPES = "word/document.xml", "word/_rels/document.xml.rels", "[Content_Types].xml"


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    write_starter(tmp_path / "in" / "starter.docx", "zh")
    return tmp_path / "in" / "starter.docx"


def refused(template: Path) -> TemplateProblem:
    """The problem of a template, of which nothing is written."""
    out = template.parent / "out"
    out.mkdir()
    with pytest.raises(TemplateProblem) as caught:
        write_from_template(fields_of(statement(), "zh"), template, out / "a.docx", "行", "题")
    assert list(out.iterdir()) == []
    return caught.value


def saying(starter: Path, said: str, part: str = BODY, after: str = "<w:body>") -> Path:
    """The starter with a paragraph more."""
    more = f"<w:p><w:r><w:t>{said}</w:t></w:r></w:p>"
    return changed(starter, starter.parent / "bad.docx", {part: put(after, after + more)})


def holding(starter: Path, xml: str, part: str = BODY, after: str = "<w:body>") -> Path:
    """The starter with more XML."""
    return changed(starter, starter.parent / "bad.docx", {part: put(after, after + xml)})


def linking(starter: Path, kind: str, target: str, outside: bool = True, **files: bytes) -> Path:
    """The starter with a relationship more."""
    kind = kind if ":" in kind else f"{R[1:-1]}/{kind}"
    mode = ' TargetMode="External"' if outside else ""
    rel = f'<Relationship Id="x9" Type="{kind}" Target="{target}"{mode}/></Relationships>'
    named = {name.replace("__", "/").replace("_DOT_", "."): data for name, data in files.items()}
    return changed(starter, starter.parent / "bad.docx", {RELS: put("</Relationships>", rel), **named})


@pytest.mark.parametrize(
    ("said", "code", "found", "expected"),
    [
        ("{{ bnak }}", "template_field", "bnak", "bank"),
        ("{{ since_start.amuont }}", "template_field", "amuont", "amount"),
        ("{% for r in rows %}{{ r.nam }}{% endfor %}", "template_field", "nam", "name"),
        ("{{ bank.__class__ }}", "template_not_allowed", "__class__", ""),
        ("{{ ''.join(rows) }}", "template_not_allowed", "call", ""),
        ("{{ cycler }}", "template_field", "cycler", ""),
        ("{{ self }}", "template_not_allowed", "self", ""),
        ("{{ bank.upper }}", "template_field", "upper", ""),
        ("{{ rows.index }}", "template_field", "index", ""),
        ("{{ this_quarter.items }}", "template_field", "items", ""),
        ("{{ this_quarter['items'] }}", "template_field", "items", ""),
        ("{% for r in rows %}{{ loop.cycle }}{% endfor %}", "template_field", "cycle", ""),
        ("{% set x = 1 %}", "template_not_allowed", "assign", ""),
        ("{% include 'a' %}", "template_not_allowed", "include", ""),
        ("{% import 'a' as b %}", "template_not_allowed", "import", ""),
        ("{{ 7 * 7 }}", "template_not_allowed", "mul", ""),
        ("{{ bank | safe }}", "template_not_allowed", "| safe", ""),
        ("{{ bank | format }}", "template_not_allowed", "| format", ""),
        ("{{ range(9) }}", "template_not_allowed", "call", ""),
        ("{% if bank %}", "template_syntax", "", ""),
        ("{{ bank", "template_syntax", "{{ bank", "}}"),
        ("{% for %}", "template_syntax", "", ""),
    ],
)
def test_what_a_field_may_not_be(starter: Path, said: str, code: str, found: str, expected: str) -> None:
    for n, (part, after) in enumerate(
        ((BODY, "<w:body>"), ("word/header1.xml", 'main">'), ("word/footer2.xml", 'main">'))
    ):
        folder = starter.parent / str(n)
        folder.mkdir()
        again = changed(starter, folder / "starter.docx", {})
        problem = refused(saying(again, said.replace("<", "&lt;"), part, after))
        assert problem.code == code
        assert found in problem.found and (not expected or problem.expected == expected)
        assert problem.line is None


def test_a_condition_across_cells_or_paragraphs_is_told(starter: Path) -> None:
    torn = "<w:p><w:r><w:t>{% if not draft %}</w:t></w:r></w:p><w:p><w:r><w:t>x</w:t></w:r></w:p>"
    bad = holding(starter, "<w:p><w:r><w:t>a{% if draft %}</w:t></w:r></w:p>" + torn + "{% endif %}{% endif %}")
    assert refused(bad).code == "template_syntax"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a zip",
        b"PK\x03\x04 broken",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        b"{\\rtf1}",
        b"%PDF-1.7",
    ],
)
def test_what_is_no_docx(starter: Path, data: bytes) -> None:
    path = starter.parent / "bad.docx"
    path.write_bytes(data)
    assert refused(path).code == "template_unreadable"


def test_a_password_is_named(starter: Path) -> None:
    path = starter.parent / "bad.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "password" in refused(path).found


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({BODY: None}, "template_unreadable"),
        ({TYPES: None}, "template_unreadable"),
        ({"_rels/.rels": None}, "template_unreadable"),
        ({BODY: b"<w:document"}, "template_unreadable"),
        ({BODY: b"<a/>"}, "template_unreadable"),
        ({BODY: f'<w:document xmlns:w="{W[1:-1]}"/>'.encode()}, "template_unreadable"),
        ({BODY: f'<x:document xmlns:x="{W[1:-1]}"><x:body/></x:document>'.encode()}, "template_unreadable"),
        ({"word/styles.xml": None}, "template_unreadable"),
        ({TYPES: put("wordprocessingml.document.main", "spreadsheetml.sheet.main")}, "template_unreadable"),
        ({TYPES: put("wordprocessingml.document.main", "wordprocessingml.template.main")}, "template_unreadable"),
        (
            {
                TYPES: put(
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
                    "application/vnd.ms-word.document.macroEnabled.main+xml",
                )
            },
            "template_not_allowed",
        ),
        ({"word/vbaProject.bin": b"x"}, "template_not_allowed"),
        ({"word/embeddings/oleObject1.bin": b"x"}, "template_not_allowed"),
        ({"word/activeX/activeX1.xml": b"<x/>"}, "template_not_allowed"),
        ({"customUI/customUI.xml": b"<x/>"}, "template_not_allowed"),
    ],
)
def test_a_package_that_is_none_or_brings_more(
    starter: Path, change: dict[str, Callable[[str], str] | bytes | None], code: str
) -> None:
    assert refused(changed(starter, starter.parent / "bad.docx", change)).code == code


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("image", "https://track.example/a.png"),
        ("image", "file:///C:/a.png"),
        ("hyperlink", "file:///C:/secret.docx"),
        ("hyperlink", "javascript:alert(1)"),
        ("hyperlink", "\\\\server\\share"),
        ("subDocument", "part.docx"),
        ("aFChunk", "https://a.example/x.html"),
        ("oleObject", "file:///C:/a.xlsx"),
        ("frame", "https://a.example"),
        ("header", "https://a.example/h.xml"),
        ("http://schemas.microsoft.com/office/2006/relationships/vbaProject", "https://a.example/v.bin"),
    ],
)
def test_what_lies_outside_the_file(starter: Path, kind: str, target: str) -> None:
    assert refused(linking(starter, kind, target)).code == "template_not_allowed"


@pytest.mark.parametrize("kind", ["aFChunk", "oleObject", "package", "control", "chart", "diagramData", "subDocument"])
def test_what_is_put_inside_the_file(starter: Path, kind: str) -> None:
    problem = refused(linking(starter, kind, "more.xml", outside=False, word__more_DOT_xml=b"<a/>"))
    assert problem.code == "template_not_allowed" and kind in problem.found


def test_a_picture_that_is_a_program_of_its_own(starter: Path) -> None:
    assert (
        refused(linking(starter, "image", "a.html", outside=False, word__a_DOT_html=b"x")).code
        == "template_not_allowed"
    )


def test_a_path_of_a_template_is_left_out_without_complaint(starter: Path) -> None:
    path = linking(starter, "attachedTemplate", "file:///C:/Users/x/bank.dotm")
    write_from_template(fields_of(statement(), "zh"), path, starter.parent / "a.docx", "行", "题")
    assert not any(b"dotm" in data or b"attachedTemplate" in data for data in parts(starter.parent / "a.docx").values())


@pytest.mark.parametrize(
    ("xml", "told"),
    [
        ('<w:p><w:ins w:id="1" w:author="x"><w:r><w:t>a</w:t></w:r></w:ins></w:p>', "tracked changes"),
        ('<w:p><w:del w:id="1"><w:r><w:delText>a</w:delText></w:r></w:del></w:p>', "tracked changes"),
        ('<w:p><w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr></w:p>', "tracked changes"),
        ('<w:p><w:pPr><w:pPrChange w:id="1"/></w:pPr></w:p>', "tracked changes"),
        ('<w:p><w:moveFrom w:id="1"/></w:p>', "tracked changes"),
        ('<w:p><w:commentRangeStart w:id="1"/></w:p>', "comments"),
        ('<w:altChunk r:id="x"/>', "altChunk"),
        ("<w:p><w:r><w:object/></w:r></w:p>", "object"),
        ('<w:p><w:r><w:pict><v:imagedata xmlns:v="urn:v" src="https://a.example/x.png"/></w:pict></w:r></w:p>', "src"),
        ('<w:p><w:r><w:pict><v:shape xmlns:v="urn:v" href="file:///c:/a"/></w:pict></w:r></w:p>', "href"),
        ('<w:p><w:subDoc r:id="x"/></w:p>', "subDoc"),
    ],
)
def test_what_must_not_be_published(starter: Path, xml: str, told: str) -> None:
    problem = refused(holding(starter, xml))
    assert problem.code == "template_not_allowed" and told in problem.found


def field(text: str) -> str:
    return (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        + "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in text.split("|"))
        + '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )


@pytest.mark.parametrize(
    "text",
    [
        "DDEAUTO c:\\\\a b",
        "DDE|AUTO x",
        'INCLUDEPICTURE "https://a.example/x.png"',
        "INCLUDETEXT a.docx",
        "FILENAME \\p",
        "AUTHOR",
        "USERNAME",
        "DATE",
        "MACROBUTTON a",
        'HYPERLINK "file:///c:/a"',
        "HYPERLINK a.docx",
        "",
        'HYPERLINK "https://a.example/{{ bank }}"',
        "REF {|{ bank }|}",
    ],
)
def test_fields_of_word_that_reach_outside_or_name_people(starter: Path, text: str) -> None:
    assert refused(holding(starter, field(text))).code == "template_not_allowed"


def test_a_field_that_never_ends_is_looked_at_too(starter: Path) -> None:
    bad = holding(starter, field("DDEAUTO x").replace('<w:r><w:fldChar w:fldCharType="end"/></w:r>', ""))
    assert refused(bad).code == "template_not_allowed"


def test_simple_fields_are_looked_at_too(starter: Path) -> None:
    assert (
        refused(holding(starter, '<w:p><w:fldSimple w:instr=" LINK Excel.Sheet a "/></w:p>')).code
        == "template_not_allowed"
    )


@pytest.mark.parametrize(
    "text", ["PAGE", "TOC \\o &quot;1-3&quot; \\h", "HYPERLINK https://a.example", "HYPERLINK \\l _Toc1", "=1+1"]
)
def test_fields_of_word_about_the_document_itself_stay(starter: Path, text: str) -> None:
    good = holding(starter, field(text))
    write_from_template(fields_of(statement(), "zh"), good, starter.parent / "a.docx", "行", "题")
    assert text.encode().replace(b"&quot;", b'"') in parts(starter.parent / "a.docx")[BODY]


def test_fields_in_a_part_that_is_not_filled_in(starter: Path) -> None:
    bad = changed(starter, starter.parent / "bad.docx", {"word/styles.xml": put("<w:style ", "{{ bank }}<w:style ")})
    problem = refused(bad)
    assert problem.code == "template_syntax" and "word/styles.xml" in problem.found


def test_a_link_to_nothing_would_be_a_broken_file(starter: Path) -> None:
    problem = refused(holding(starter, '<w:p><w:hyperlink r:id="nowhere"/></w:p>'))
    assert problem.code == "template_unreadable" and "nowhere" in problem.found


def raw(path: Path, entries: list[tuple[str, bytes]], flag: int = 0) -> Path:
    """A zip as nobody writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in entries:
            out.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    data = bytearray(buffer.getvalue())
    at = 0
    while flag and (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= flag
        at += 4
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize(
    "name", ["../evil.xml", "/etc/evil", "word/../../evil", "C:\\evil", "a\\b.xml", "WORD/DOCUMENT.XML"]
)
def test_names_of_entries_that_lead_elsewhere(starter: Path, name: str) -> None:
    bad = raw(starter.parent / "bad.docx", [*parts(starter).items(), (name, b"x")])
    assert refused(bad).code == "template_unreadable"


def test_an_encrypted_zip(starter: Path) -> None:
    problem = refused(raw(starter.parent / "bad.docx", list(parts(starter).items()), flag=1))
    assert problem.code == "template_unreadable" and "encrypted" in problem.found


def test_a_zip_that_unpacks_to_more_than_any_template(starter: Path) -> None:
    entries = [*parts(starter).items(), ("word/media/a.png", b"\0" * (docxopen.MOST_BYTES + 1))]
    bad = raw(starter.parent / "bad.docx", entries)
    assert bad.stat().st_size < 1 << 20
    assert refused(bad).code == "template_too_large"


def test_a_part_that_unpacks_to_more_than_any_text(starter: Path) -> None:
    data = parts(starter)[BODY].replace(b"<w:body>", b"<w:body>" + b" " * docxopen.MOST_TEXT)
    problem = refused(changed(starter, starter.parent / "bad.docx", {BODY: data}))
    assert problem.code == "template_too_large" and BODY in problem.found


def test_more_parts_than_any_template(starter: Path) -> None:
    more = [(f"a{n}.xml", b"") for n in range(docxopen.MOST_PARTS)]
    assert refused(raw(starter.parent / "bad.docx", [*parts(starter).items(), *more])).code == "template_too_large"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", [BODY, "word/styles.xml", TYPES, RELS])
def test_declarations_in_the_xml(starter: Path, part: str, encoding: str) -> None:
    text = parts(starter)[part].decode().partition("?>\n")[2]
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
    data = f'<?xml version="1.0" encoding="{encoding}"?>{bomb}{text}'.encode(encoding)
    problem = refused(changed(starter, starter.parent / "bad.docx", {part: data}))
    assert problem.code == "template_unreadable"


def test_loops_that_would_print_without_end(starter: Path) -> None:
    loops = "{% for a in rows %}{% for b in rows %}"
    big = loops + "x" * 3_000_000 + "{% endfor %}{% endfor %}"
    assert refused(saying(starter, big)).code == "template_too_large"
    deep = "{% for d in rows %}" + loops + "{% endfor %}" * 3
    (starter.parent / "again").mkdir()
    other = changed(starter, starter.parent / "again" / "starter.docx", {})
    assert refused(saying(other, deep)).code == "template_not_allowed"


@pytest.mark.parametrize("said", ["{{" * 200_000, "{% " * 200_000, "{{ bank }}" * 20_000 + "{{", "{#" * 200_000])
def test_a_template_that_is_long_to_read_is_refused_at_once(starter: Path, said: str) -> None:
    assert refused(saying(starter, said)).code == "template_syntax"


def test_a_file_that_is_not_there_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        write_from_template(fields_of(statement(), "zh"), tmp_path / "none.docx", tmp_path / "a.docx", "行", "题")


def test_a_damaged_file_is_a_problem_or_a_statement_but_never_a_crash(starter: Path) -> None:
    whole, chance = starter.read_bytes(), random.Random(7)
    fields, path = fields_of(statement(), "zh"), starter.parent / "bad.docx"
    told = 0
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 8))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(bytes(data[: chance.choice((len(data), len(data), chance.randrange(len(data))))]))
        try:
            write_from_template(fields, path, starter.parent / "a.docx", "行", "题")
        except TemplateProblem:
            told += 1
    assert told > 200


def test_damaged_xml_is_a_problem_or_a_statement_but_never_a_crash(starter: Path) -> None:
    whole, chance = parts(starter), random.Random(11)
    fields, path = fields_of(statement(), "zh"), starter.parent / "bad.docx"
    told = 0
    for _ in range(300):
        name = chance.choice((BODY, BODY, BODY, "word/header1.xml", "word/settings.xml", TYPES, RELS))
        text = whole[name].decode()
        a, b = sorted(chance.sample(range(len(text)), 2))
        cut = (
            text[:a]
            + chance.choice(("", "{", "{{", "%}", "{%p if draft %}", "<w:t>", "</w:p>"))
            + text[min(b, a + 9) :]
        )
        changed(starter, path, {name: cut.encode()})
        try:
            write_from_template(fields, path, starter.parent / "a.docx", "行", "题")
        except TemplateProblem:
            told += 1
    assert told > 100
