"""A bank's own Word file filled in: the same figures, wherever a field stands, and nothing of who made the file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from relending.statement.compose import compose
from relending.statement.statement import Statement
from relending.statement.word import write_word
from relending.statement.wording import fields_of
from relending.statement.wordtemplate import write_from_template, write_starter

from .word_files import R, W, changed, figures, paragraphs, parts, put, statement, table, text, tree

LANGS = ("zh", "en")
BODY = "word/document.xml"


@pytest.fixture(params=LANGS)
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    write_starter(tmp_path / "starter.docx", "zh")
    return tmp_path / "starter.docx"


def fill(template: Path, one: Statement, lang: str = "zh", name: str = "filled.docx", **more: Any) -> Path:
    path = template.parent / name
    fields = {**fields_of(one, lang), **more}
    write_from_template(fields, template, path, issuer=one.full_name[lang], title=str(fields["title"]))
    return path


@pytest.mark.parametrize("draft", [False, True])
@pytest.mark.parametrize("quarter", ["2024Q1", "2024Q2", "2021Q4"])
def test_the_starter_filled_in_is_our_own_statement(tmp_path: Path, lang: str, quarter: str, draft: bool) -> None:
    one = statement(draft, quarter)
    write_starter(tmp_path / "starter.docx", lang)
    write_word(compose(one, lang), tmp_path / "own.docx")
    filled = fill(tmp_path / "starter.docx", one, lang)
    assert table(filled) == table(tmp_path / "own.docx")
    assert [row[1:] for row in table(filled)[2:]] == figures(one, lang)
    own = paragraphs(tmp_path / "own.docx")
    if draft:  # a template may begin with anything: the mark stands above all of it
        mark = fields_of(one, lang)["mark"]
        own = [mark, *(text for text in own if text != mark)]
    assert paragraphs(filled) == own
    bold = [[c.find(f".//{W}rPr/{W}b") is not None for c in r.iter(f"{W}tc")] for r in tree(filled).iter(f"{W}tr")]
    assert all(bold[-1]) and not any(any(row) for row in bold[2:-1])
    assert ("DRAFT" in text(tree(filled, "word/header1.xml"))) == draft
    assert [len(list(tree(p).iter(f"{W}sectPr"))) for p in (filled, tmp_path / "own.docx")] == [2, 2]


def test_the_starter_names_every_field(tmp_path: Path, lang: str) -> None:
    write_starter(tmp_path / "starter.docx", lang)
    said = " ".join(text(tree(tmp_path / "starter.docx", name)) for name in (BODY, "word/footer1.xml"))
    fields = fields_of(statement(), lang)
    named = {*fields, *fields["rows"][0], *fields["since_start"]}
    assert {name for name in named if name not in said} == set()


def test_fields_are_filled_in_headers_footers_and_notes_once(starter: Path) -> None:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    notes = (
        f'<w:{{0}}s xmlns:w="{W[1:-1]}"><w:{{0}} w:id="2"><w:p><w:r><w:t>{{{{{{{{ bank }}}}}}}} note</w:t></w:r></w:p>'
        "</w:{0}></w:{0}s>"
    )
    types = "".join(
        f'<Override PartName="/word/{n}s.xml" ContentType="{kind}.{n}s+xml"/>' for n in ("footnote", "endnote")
    )
    rels = "".join(
        f'<Relationship Id="n{n}" Type="{R[1:-1]}/{n}s" Target="{n}s.xml"/>' for n in ("footnote", "endnote")
    )
    template = changed(
        starter,
        starter.parent / "notes.docx",
        {
            "[Content_Types].xml": put("</Types>", types + "</Types>"),
            "word/_rels/document.xml.rels": put("</Relationships>", rels + "</Relationships>"),
            "word/footnotes.xml": notes.format("footnote").encode(),
            "word/endnotes.xml": notes.format("endnote").encode(),
            "word/header1.xml": put("{% if draft %}", "{{ bank }}{% if draft %}"),
        },
    )
    evil = "{{ 7*7 }}{% for x in y %}{_{ bank }_}<w:br/>"
    names = {"zh": evil, "en": evil}
    filled = fill(template, replace(statement(), full_name=names, projects=(evil,)))
    for name in ("word/footnotes.xml", "word/endnotes.xml"):
        assert text(tree(filled, name)) == f"{evil} note"
    assert text(tree(filled, "word/header1.xml")) == evil
    assert sum(evil in said for said in paragraphs(filled)) >= 4
    assert text(tree(filled, "word/footer1.xml")).startswith("示范银行　碳减排支持工具")


def test_names_are_never_markup_and_no_sign_of_theirs_breaks_a_line_or_a_page(starter: Path) -> None:
    evil = "A<w:p>&\"'\x00\x0c\x07\n\t\u202e]]>B"
    names = {"zh": evil, "en": evil}
    filled = fill(starter, replace(statement(), full_name=names))
    usual = fill(starter, statement(), name="usual.docx")
    assert [e.tag for e in tree(filled).iter()] == [e.tag for e in tree(usual).iter()]
    assert "A<w:p>&\"'     ]]>B" in paragraphs(filled)
    for data in parts(filled).values():
        etree.fromstring(data)


def test_a_tag_that_word_tore_apart_is_read_whole(starter: Path) -> None:
    torn = put(
        "{{ period }}",
        "{</w:t></w:r><w:proofErr w:type='spellStart'/><w:r><w:t>{ per</w:t></w:r><w:r><w:t>iod }</w:t></w:r>"
        "<w:r><w:t>}",
    )
    filled = fill(changed(starter, starter.parent / "torn.docx", {BODY: torn}), statement())
    assert paragraphs(filled) == paragraphs(fill(starter, statement(), name="whole.docx"))


def test_a_list_may_repeat_paragraphs(starter: Path) -> None:
    repeat = "".join(
        f"<w:p><w:r><w:t>{said}</w:t></w:r></w:p>"
        for said in ("{%p for name in projects %}", "项目：{{ name }}", "{%p endfor %}")
    )
    template = changed(starter, starter.parent / "list.docx", {BODY: put("<w:body>", "<w:body>" + repeat)})
    one = replace(statement(), projects=("甲", "乙&丙"))
    assert paragraphs(fill(template, one))[:2] == ["项目：甲", "项目：乙&丙"]


def test_a_draft_bears_its_mark_whatever_its_template_does_with_it(starter: Path) -> None:
    mark = fields_of(statement(True), "zh")["mark"]
    assert paragraphs(fill(starter, statement(True)))[0] == mark
    sly = changed(starter, starter.parent / "sly.docx", {BODY: put("{{ bank }}", "{{ bank }}{{ mark }}")})
    filled = fill(sly, statement(True), name="sly-draft.docx")
    assert paragraphs(filled)[0] == mark
    assert mark not in paragraphs(fill(starter, statement(), name="final.docx"))


def test_the_same_fields_give_the_same_bytes_whatever_the_zip_of_the_template(starter: Path) -> None:
    first = fill(starter, statement()).read_bytes()
    (starter.parent / "other").mkdir()
    again = changed(starter, starter.parent / "other" / "renamed.docx", {})
    assert fill(again, statement()).read_bytes() == first
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        entries = packed.infolist()
    assert [e.filename for e in entries] == sorted(e.filename for e in entries)
    assert {e.date_time for e in entries} == {(1980, 1, 1, 0, 0, 0)}


PERSON = "张三"
PLACE = "C:\\\\Users\\zhangsan\\模板.dotx"


def with_traces(starter: Path) -> Path:
    """The starter as if people had worked on it: properties, identities of editing, the path of its template."""
    relation = f"{R[1:-1]}"
    settings_rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{relation}/attachedTemplate" Target="file:///{PLACE}" TargetMode="External"/></Relationships>'
    )
    more = (
        f'<w:attachedTemplate xmlns:r="{relation}" r:id="r1"/><w:rsids><w:rsid w:val="00AB12CD"/></w:rsids>'
        f'<w:docVars><w:docVar w:name="a" w:val="{PERSON}"/></w:docVars><w:trackRevisions/>'
    )
    core = parts(starter)["docProps/core.xml"].decode()
    return changed(
        starter,
        starter.parent / "traces.docx",
        {
            "docProps/core.xml": core.replace("</cp:lastModifiedBy>", f"{PERSON}</cp:lastModifiedBy>").encode(),
            "docProps/app.xml": put(
                "</Properties>", f"<Company>{PERSON}</Company><Template>{PLACE}</Template></Properties>"
            ),
            "docProps/custom.xml": f"<Properties><a>{PERSON}</a></Properties>".encode(),
            "docProps/thumbnail.jpeg": PERSON.encode(),
            "_rels/.rels": put(
                "</Relationships>",
                f'<Relationship Id="c" Type="{relation}/custom-properties" Target="docProps/custom.xml"/>'
                '<Relationship Id="t" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/'
                'thumbnail" Target="docProps/thumbnail.jpeg"/></Relationships>',
            ),
            "word/settings.xml": put("<w:defaultTabStop", more + "<w:defaultTabStop"),
            "word/_rels/settings.xml.rels": settings_rels.encode(),
            BODY: put("<w:p>", '<w:p w:rsidR="00AB12CD">'),
            "customXml/item1.xml": f"<a>{PERSON}</a>".encode(),
        },
    )


def test_nothing_tells_who_made_the_template_or_where(starter: Path) -> None:
    filled = fill(with_traces(starter), statement())
    for name, data in parts(filled).items():
        for trace in (PERSON, "zhangsan", "00AB12CD", "attachedTemplate", "trackRevisions"):
            assert trace not in data.decode(), (name, trace)
    core = {e.tag.rpartition("}")[2]: e.text or "" for e in tree(filled, "docProps/core.xml")}
    assert (core["creator"], core["lastModifiedBy"], core["revision"]) == ("示范银行股份有限公司", "", "1")
    assert core["created"] == core["modified"] == "2026-01-01T00:00:00Z"
    assert filled.read_bytes() == fill(starter, statement(), name="clean.docx").read_bytes()


PNG = b"\x89PNG\r\n\x1a\n not a real picture"


def with_picture(starter: Path, name: str = "logo.png") -> Path:
    shown = (
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
        'wordprocessingDrawing"><wp:docPr id="1" name="logo" descr="C:\\Users\\zhangsan\\logo.png"/>'
        '<a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" r:embed="p1"/></wp:inline></w:drawing>'
        "</w:r></w:p>"
    )
    relation = f'<Relationship Id="p1" Type="{R[1:-1]}/image" Target="media/{name}"/></Relationships>'
    ending = name.rpartition(".")[2]
    return changed(
        starter,
        starter.parent / "picture.docx",
        {
            "[Content_Types].xml": put(
                "<Default ", f'<Default Extension="{ending}" ContentType="image/{ending}"/><Default '
            ),
            "word/_rels/document.xml.rels": put("</Relationships>", relation),
            f"word/media/{name}": PNG,
            BODY: put("<w:body>", "<w:body>" + shown),
        },
    )


def test_a_picture_of_the_template_stays_without_the_place_it_came_from(starter: Path) -> None:
    filled = fill(with_picture(starter), statement())
    assert parts(filled)["word/media/logo.png"] == PNG
    assert b"zhangsan" not in parts(filled)[BODY] and b'r:embed="p1"' in parts(filled)[BODY]
    assert b'Extension="png"' in parts(filled)["[Content_Types].xml"]


def test_links_to_the_web_stay(starter: Path) -> None:
    link = '<w:p><w:hyperlink r:id="h1"><w:r><w:t>bank</w:t></w:r></w:hyperlink></w:p>'
    target = "https://bank.example/a?b=1&amp;c=2"
    rel = f'<Relationship Id="h1" Type="{R[1:-1]}/hyperlink" Target="{target}" TargetMode="External"/>'
    template = changed(
        starter,
        starter.parent / "link.docx",
        {
            BODY: put("<w:body>", "<w:body>" + link),
            "word/_rels/document.xml.rels": put("</Relationships>", rel + "</Relationships>"),
        },
    )
    assert rel.encode() in parts(fill(template, statement()))["word/_rels/document.xml.rels"]


@pytest.fixture
def by_library() -> Callable[[Path], Any]:
    import docx

    return lambda path: docx.Document(str(path))


def test_a_template_made_by_another_program_is_filled_in(tmp_path: Path, by_library: Callable[[Path], Any]) -> None:
    import docx

    made = docx.Document()
    made.add_heading("{{ title }}")
    made.add_paragraph("{{ bank }}：{{ since_start.amount }}{{ amount_unit }}")
    grid = made.add_table(3, 2)
    grid.rows[0].cells[0].text = "{%tr for row in rows %}"
    grid.rows[1].cells[0].text, grid.rows[1].cells[1].text = "{{ row.name }}", "{{ row.since_start.reduction }}"
    grid.rows[2].cells[0].text = "{%tr endfor %}"
    made.save(str(tmp_path / "other.docx"))
    one = statement()
    filled = fill(tmp_path / "other.docx", one)
    total = one.printed(one.total, "since_start")
    assert paragraphs(filled)[1] == f"示范银行股份有限公司：{total.text('amount', 'zh')}万元"
    assert table(filled) == [[r.name["zh"], one.printed(r, "since_start").text("reduction", "zh")] for r in one.rows]
    assert by_library(filled).core_properties.author == "示范银行股份有限公司"
    assert not {"docProps/thumbnail.jpeg", "customXml/item1.xml"} & set(parts(filled))
