"""The Word file of a statement, read back as XML: its figures, its look, its properties, its bytes."""

from __future__ import annotations

import datetime as dt
import os
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from relending.statement.compose import compose
from relending.statement.document import Cell, Document, Paragraph, Table
from relending.statement.printed import Options
from relending.statement.statement import Reason
from relending.statement.word import WIDTH, write_word
from relending.statement.words import word

from .word_files import W, figures, paragraphs, parts, statement, table, text, tree

LANGS = ("zh", "en")
FIGURES_FIT = 8.0
"""Points: smaller print than this nobody reads."""


@pytest.fixture(params=LANGS)
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def written(folder: Path, document: Document, name: str = "a.docx") -> Path:
    write_word(document, folder / name)
    return folder / name


def test_the_table_has_the_figures_that_are_printed(tmp_path: Path, lang: str) -> None:
    one = statement()
    rows = table(written(tmp_path, compose(one, lang)))
    assert [row[1:] for row in rows[2:]] == figures(one, lang)
    assert [row[0] for row in rows[2:]] == [row.name[lang] for row in one.rows]
    assert len(rows[1]) == 13 and len(rows[0]) == 4


def test_the_text_is_that_of_the_document_in_its_order(tmp_path: Path, lang: str) -> None:
    document = compose(statement(draft=True), lang)
    told = [block for block in document.blocks if isinstance(block, Paragraph)]
    notes = [word("word.note", lang, n=n) for n in (1, 2)]
    numbered = [(notes.pop(0) if one.role == "footnote" else "") + one.text for one in told]
    caption = next(block.caption for block in document.blocks if isinstance(block, Table))
    assert paragraphs(written(tmp_path, document)) == [document.title, *numbered, caption]
    assert notes == []


def test_every_style_names_a_font_for_each_script_and_none_of_a_theme(tmp_path: Path, lang: str) -> None:
    path = written(tmp_path, compose(statement(), lang))
    styles = tree(path, "word/styles.xml")
    holders = [*styles.iter(f"{W}style"), styles.find(f"{W}docDefaults/{W}rPrDefault")]
    assert len(holders) > 10
    for holder in holders:
        fonts = holder.find(f"{W}rPr/{W}rFonts")
        assert {name.removeprefix(W) for name in fonts.attrib} == {"ascii", "hAnsi", "eastAsia", "cs"}
        assert fonts.get(f"{W}eastAsia") in ("宋体", "黑体")
    assert not any(b"Theme=" in data or b"asciiTheme" in data for data in parts(path).values())
    assert "word/theme/theme1.xml" not in parts(path)
    language = styles.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr/{W}lang")
    assert language.get(f"{W}val") == {"zh": "zh-CN", "en": "en-US"}[lang] and language.get(f"{W}eastAsia") == "zh-CN"


def test_every_style_that_is_used_is_there(tmp_path: Path, lang: str) -> None:
    path = written(tmp_path, everything(lang))
    known = {style.get(f"{W}styleId") for style in tree(path, "word/styles.xml").iter(f"{W}style")}
    used = set()
    for name in parts(path):
        if name.startswith("word/") and name.endswith(".xml"):
            part = tree(path, name)
            used |= {e.get(f"{W}val") for kind in ("pStyle", "tblStyle", "basedOn") for e in part.iter(f"{W}{kind}")}
    assert len(used) > 8 and used <= known


def test_the_wide_table_lies_on_an_a4_page_of_its_own(tmp_path: Path, lang: str) -> None:
    path = written(tmp_path, compose(statement(), lang))
    first, last = tree(path).iter(f"{W}sectPr")
    sizes = [{k.removeprefix(W): v for k, v in s.find(f"{W}pgSz").attrib.items()} for s in (first, last)]
    assert sizes == [{"w": "11906", "h": "16838"}, {"w": "16838", "h": "11906", "orient": "landscape"}]
    body = list(tree(path).find(f"{W}body"))
    ends = next(n for n, e in enumerate(body) if e.find(f"{W}pPr/{W}sectPr") is not None)
    assert [e.tag.removeprefix(W) for e in body[ends + 1 :]] == ["p", "tbl", "p", "sectPr"]
    (only,) = tree(path).iter(f"{W}tbl")
    columns = [int(one.get(f"{W}w")) for one in only.iter(f"{W}gridCol")]
    margin = last.find(f"{W}pgMar")
    assert len(columns) == 13
    assert sum(columns) <= 16838 - int(margin.get(f"{W}left")) - int(margin.get(f"{W}right"))
    assert only.find(f"{W}tblPr/{W}tblLayout").get(f"{W}type") == "fixed"


def test_blocks_after_a_wide_table_are_upright_again(tmp_path: Path) -> None:
    wide = next(b for b in compose(statement(), "zh").blocks if isinstance(b, Table))
    small = replace(wide, wide=False)
    blocks = (wide, wide, Paragraph("后"), small, wide, small)
    path = written(tmp_path, Document("zh", "题", "行", "internal", blocks))
    turned = [s.find(f"{W}pgSz").get(f"{W}orient") == "landscape" for s in tree(path).iter(f"{W}sectPr")]
    assert turned == [False, True, True, False, True, False]
    for at, following in pairwise(tree(path).find(f"{W}body")):
        assert not (at.tag == following.tag == f"{W}tbl")
    widths = [sum(int(c.get(f"{W}w")) for c in t.iter(f"{W}gridCol")) for t in tree(path).iter(f"{W}tbl")]
    assert widths[0] == widths[1] == widths[3] > 14000 and widths[2] == widths[4] < 9000


def test_the_header_rows_repeat_and_rows_stay_whole(tmp_path: Path, lang: str) -> None:
    path = written(tmp_path, compose(statement(), lang))
    rows = list(tree(path).iter(f"{W}tr"))
    assert [row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows] == [True, True, *[False] * (len(rows) - 2)]
    assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)
    spans = [[cell.find(f"{W}tcPr/{W}gridSpan") for cell in row.iter(f"{W}tc")] for row in rows]
    assert [None if s is None else s.get(f"{W}val") for s in spans[0]] == [None, "4", "4", "4"]
    merged = [row.find(f"{W}tc/{W}tcPr/{W}vMerge") for row in rows]
    assert merged[0].get(f"{W}val") == "restart" and merged[1].get(f"{W}val") is None and merged[2] is None


def test_figures_stand_right_unbroken_and_the_total_is_bold(tmp_path: Path, lang: str) -> None:
    path = written(tmp_path, compose(statement(), lang))
    rows = list(tree(path).iter(f"{W}tr"))[2:]
    for row in rows:
        for n, cell in enumerate(row.iter(f"{W}tc")):
            style = cell.find(f"{W}p/{W}pPr/{W}pStyle").get(f"{W}val")
            assert style == ("TableFigure" if n else "TableText")
            assert (cell.find(f"{W}tcPr/{W}noWrap") is not None) == bool(n)
            assert (cell.find(f"{W}p/{W}r/{W}rPr/{W}b") is not None) == (row is rows[-1])
    styles = {s.get(f"{W}styleId"): s for s in tree(path, "word/styles.xml").iter(f"{W}style")}
    assert styles["TableFigure"].find(f"{W}pPr/{W}jc").get(f"{W}val") == "right"
    assert {int(s.get(f"{W}val")) / 2 >= FIGURES_FIT for s in rows[0].iter(f"{W}sz")} == {True}


def test_figures_of_a_very_large_bank_are_set_smaller_until_they_fit(tmp_path: Path) -> None:
    document = compose(statement(), "zh")
    wide = next(b for b in document.blocks if isinstance(b, Table))
    huge = tuple(replace(cell, text="123,456,789,012.34") if cell.figure else cell for cell in wide.rows[0])
    path = written(tmp_path, replace(document, blocks=(replace(wide, rows=(huge, *wide.rows[1:])),)))
    (size,) = {int(s.get(f"{W}val")) / 2 for row in list(tree(path).iter(f"{W}tr"))[2:] for s in row.iter(f"{W}sz")}
    assert size < FIGURES_FIT
    columns = [int(c.get(f"{W}w")) for c in tree(path).iter(f"{W}gridCol")]
    assert 14 * size / 2 * 20 < columns[2]  # 14 digits of half the size, without the signs between


UNITS = (Options(), Options(amount_unit="yi_yuan", reduction_unit="wan_t"))


def heading_cells(path: Path) -> list[tuple[list[str], int, float]]:
    """The lines of each cell of the header, its width in twips and the size of its print in points."""
    out = []
    for row in tree(path).iter(f"{W}tr"):
        if row.find(f"{W}trPr/{W}tblHeader") is not None:
            for cell in row.iter(f"{W}tc"):
                lines = "".join("\n" if e.tag == f"{W}br" else e.text for e in cell.iter(f"{W}t", f"{W}br")).split("\n")
                if lines != [""]:
                    size = {int(e.get(f"{W}val")) / 2 for e in cell.iter(f"{W}sz")}
                    out.append((lines, int(cell.find(f"{W}tcPr/{W}tcW").get(f"{W}w")), *size))
    return out


@pytest.mark.parametrize("options", UNITS, ids=["wan", "yi"])
def test_no_word_of_a_heading_is_wider_than_its_column_in_any_usual_font(
    options: Options, tmp_path: Path, lang: str
) -> None:
    path = written(tmp_path, compose(replace(statement(), options=options), lang))
    cells = heading_cells(path)
    assert len(cells) == 16
    for lines, width, size in cells:
        # a bold serif of the widest kind has letters of 0.68 of its size on average; Chinese signs are as wide as high
        widest = max(len(one) if lang == "zh" else 0.68 * len(one) for line in lines for one in line.split())
        assert widest * size * 20 <= width - 90, lines
        assert size >= 7.5


def test_chinese_headings_end_their_lines_between_words(tmp_path: Path) -> None:
    path = written(tmp_path, compose(replace(statement(), options=UNITS[1]), "zh"))
    told = {tuple(lines) for lines, *_ in heading_cells(path)}
    assert ("支持的", "项目数量", "（个）") in told and ("贷款金额", "（亿元）") in told
    assert ("带动的年度", "碳减排量", "（万吨二氧化碳", "当量）") in told


def test_old_and_new_of_a_cell_stand_on_lines_of_their_own_where_one_is_too_short(tmp_path: Path) -> None:
    texts = ("1000000.00 → 2000000.00", "1.00 → 2.00")
    row = tuple(Cell(text, figure=True) for text in texts)
    one = Table("T", ((Cell("a"), Cell("b")),), (row,), (0.2, 0.8))
    path = written(tmp_path, Document("zh", "题", "行", "internal", (one,)))
    first, second = list(tree(path).iter(f"{W}tr"))[1].findall(f"{W}tc")
    assert [e.text for e in first.iter(f"{W}t")] == ["1000000.00 →", "2000000.00"] and len(
        list(first.iter(f"{W}br"))
    ) == 1
    assert text(second) == texts[1] and not list(second.iter(f"{W}br"))


def test_a_long_title_ends_its_lines_behind_the_bank_and_ahead_of_the_quarter(tmp_path: Path) -> None:
    bank = "示范城市商业银行股份有限公司"
    path = written(tmp_path, Document("zh", f"{bank}碳减排贷款信息披露更正说明（2024年第二季度）", bank, "public", ()))
    title = next(tree(path).iter(f"{W}p"))
    assert [e.text for e in title.iter(f"{W}t")] == [bank, "碳减排贷款信息披露更正说明", "（2024年第二季度）"]
    assert len(list(title.iter(f"{W}br"))) == 2


def test_who_signs_is_kept_on_the_page_of_the_text(tmp_path: Path, lang: str) -> None:
    path = written(tmp_path, compose(replace(statement(), dated=dt.date(2024, 4, 30)), lang))
    found = []
    for one in tree(path).find(f"{W}body").findall(f"{W}p"):
        keep = one.find(f"{W}pPr/{W}keepNext")
        own = None if keep is None else keep.get(f"{W}val", "1")
        found.append((one.find(f"{W}pPr/{W}pStyle").get(f"{W}val"), own))
    at = [style for style, _ in found].index("Sign")
    # the style of who signs keeps it with what follows; the last line of all does not ask for that
    assert found[at - 1 : at + 2] == [("BodyText", "1"), ("Sign", None), ("Sign", "0")]
    assert ("BodyText", "1") not in found[: at - 1]


@pytest.mark.parametrize("version", [1, 2])
def test_text_signature_and_notes_of_a_marked_statement_fit_one_page(version: int, tmp_path: Path, lang: str) -> None:
    """Counted in lines: every style says how high its lines are, so it does not hang on a font."""
    reasons = (Reason("simulated", 26), Reason("errors", 3), Reason("differs", 2)) if version == 1 else ()
    names = ("某某海上风电场一期工程项目", "某某百万千瓦光伏发电基地项目", "某某抽水蓄能电站扩建工程项目")
    one = replace(
        statement(quarter="2024Q2"), version=version, reasons=reasons, projects=names, dated=dt.date(2024, 7, 30)
    )
    path = written(tmp_path, compose(one, lang))
    styles = {s.get(f"{W}styleId"): s for s in tree(path, "word/styles.xml").iter(f"{W}style")}
    height = 0.0
    for p in tree(path).find(f"{W}body").findall(f"{W}p"):
        style = styles[p.find(f"{W}pPr/{W}pStyle").get(f"{W}val")]
        spacing = {**style.find(f"{W}pPr/{W}spacing").attrib}
        if (own := p.find(f"{W}pPr/{W}spacing")) is not None:
            spacing |= own.attrib
        size = int(style.find(f"{W}rPr/{W}sz").get(f"{W}val")) / 2
        signs = sum(1.0 if sign > "\u2000" else 0.6 for sign in text(p))
        lines = max(len(list(p.iter(f"{W}br"))) + 1, -(-(signs + 2) * size * 20 // WIDTH[False]))
        height += int(spacing[f"{W}before"]) + int(spacing[f"{W}after"]) + lines * int(spacing[f"{W}line"])
        if p.find(f"{W}pPr/{W}sectPr") is not None:
            break
    # a page less its margins, and the frame of the mark
    assert 9000 < height < 16838 - 2 * 1440 - 300


def test_the_mark_is_boxed_and_red_and_a_draft_says_so_on_every_page(tmp_path: Path, lang: str) -> None:
    draft = written(tmp_path, compose(statement(draft=True), lang))
    final = written(tmp_path, compose(statement(), lang), "b.docx")
    style = next(s for s in tree(draft, "word/styles.xml").iter(f"{W}style") if s.get(f"{W}styleId") == "Mark")
    assert len(style.find(f"{W}pPr/{W}pBdr")) == 4 and style.find(f"{W}rPr/{W}color").get(f"{W}val") == "C00000"
    marked = [p for p in tree(draft).iter(f"{W}p") if p.find(f"{W}pPr/{W}pStyle").get(f"{W}val") == "Mark"]
    assert len(marked) == 1 and text(marked[0]).startswith(word("class.draft", lang))
    headers = [s.find(f"{W}headerReference") for s in tree(draft).iter(f"{W}sectPr")]
    assert len(headers) == 2 and None not in headers
    assert "草稿" in text(tree(draft, "word/header1.xml")) and "DRAFT" in text(tree(draft, "word/header1.xml"))
    assert not any("草稿" in data.decode() or "DRAFT" in data.decode() for data in parts(final).values())


def test_the_foot_has_the_class_and_the_page_of_how_many(tmp_path: Path, lang: str) -> None:
    document = compose(statement(), lang)
    for kind in ("public", "internal"):
        path = written(tmp_path, replace(document, kind=kind))
        for name in ("word/footer1.xml", "word/footer2.xml"):
            foot = tree(path, name)
            assert word(f"class.{kind}", lang) in text(foot)
            assert [e.text.strip() for e in foot.iter(f"{W}instrText")] == ["PAGE", "NUMPAGES"]


def test_the_properties_name_the_bank_and_no_one_else(tmp_path: Path) -> None:
    path = written(tmp_path, compose(statement(), "zh"))
    core = {e.tag.rpartition("}")[2]: e.text or "" for e in tree(path, "docProps/core.xml")}
    assert core == {
        "title": "示范银行股份有限公司碳减排贷款信息披露（2024年第一季度）",
        "creator": "示范银行股份有限公司",
        "language": "zh-CN",
        "lastModifiedBy": "",
        "revision": "1",
        "created": "2026-01-01T00:00:00Z",
        "modified": "2026-01-01T00:00:00Z",
    }
    assert [e.tag.rpartition("}")[2] for e in tree(path, "docProps/app.xml")] == ["DocSecurity"]
    assert sorted(parts(path)) == [
        "[Content_Types].xml",
        "_rels/.rels",
        "docProps/app.xml",
        "docProps/core.xml",
        "word/_rels/document.xml.rels",
        "word/document.xml",
        "word/fontTable.xml",
        "word/footer1.xml",
        "word/footer2.xml",
        "word/header1.xml",
        "word/settings.xml",
        "word/styles.xml",
    ]


def test_the_same_document_gives_the_same_bytes(tmp_path: Path, lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = compose(statement(), lang)
    first = written(tmp_path, document).read_bytes()
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    old = os.umask(0)
    try:
        (tmp_path / "elsewhere").mkdir()
        second = written(tmp_path / "elsewhere", document, "b.docx").read_bytes()
    finally:
        os.umask(old)
    assert first == second
    with zipfile.ZipFile(tmp_path / "a.docx") as packed:
        entries = packed.infolist()
    assert [e.filename for e in entries] == sorted(e.filename for e in entries)
    assert {(e.date_time, e.create_system, e.external_attr) for e in entries} == {
        ((1980, 1, 1, 0, 0, 0), 3, 0o644 << 16)
    }


HOSTILE = "<w:p>&amp;\"' ]]> \x00\x08\x1b\ud800\ufffe\u202e {{ 7*7 }} {%tr for x in y %} =1+1"
SEEN = "<w:p>&amp;\"' ]]>     {{ 7*7 }} {%tr for x in y %} =1+1"


def test_names_never_become_markup_and_nothing_unprintable_reaches_the_file(tmp_path: Path, lang: str) -> None:
    one = statement()
    names = {"zh": HOSTILE, "en": HOSTILE}
    evil = replace(one, full_name=names, projects=(HOSTILE,))
    plain = compose(one, lang)
    hostile = compose(evil, lang)
    path = written(tmp_path, replace(hostile, issuer=HOSTILE))
    usual = written(tmp_path, plain, "b.docx")
    assert [e.tag for e in tree(path).iter()] == [e.tag for e in tree(usual).iter()]
    assert sum("{{ 7*7 }}" in said for said in paragraphs(path)) >= 4
    assert next(said for said in paragraphs(path) if said.startswith("<w:p>")).startswith(SEEN)
    assert next(e.text for e in tree(path, "docProps/core.xml") if e.tag.endswith("creator")) == SEEN
    for data in parts(path).values():
        etree.fromstring(data)
        assert not set(data.decode()) & set("\x00\x08\x1b\ufffe\u202e")


def test_a_disk_that_refuses_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        write_word(compose(statement(), "zh"), tmp_path / "no such folder" / "a.docx")
    assert list(tmp_path.iterdir()) == []


def everything(lang: str) -> Document:
    """A document with every kind of block."""
    roles = ("mark", "body", "heading", "sign", "footnote")
    small = Table("表", ((Cell("a"), Cell("b")),), ((Cell("x"), Cell("1", figure=True)),), (0.5, 0.5))
    blocks = (*(Paragraph(role, role) for role in roles), small, *compose(statement(), lang).blocks)  # type: ignore[arg-type]
    return Document(lang, "题", "行", "internal", blocks, draft=True)


ORDER = {
    "pPr": "pStyle keepNext keepLines pBdr tabs spacing ind jc outlineLvl sectPr",
    "rPr": "rFonts b bCs color sz szCs lang",
    "tcPr": "tcW gridSpan vMerge noWrap vAlign",
    "trPr": "cantSplit trHeight tblHeader",
    "tblPr": "tblStyle tblW jc tblBorders tblLayout tblCellMar",
    "sectPr": "headerReference footerReference type pgSz pgMar",
    "style": "name basedOn qFormat pPr rPr tblPr",
    "tbl": "tblPr tblGrid tr",
    "settings": "zoom defaultTabStop characterSpacingControl compat themeFontLang decimalSymbol listSeparator",
    "font": "altName charset family pitch",
}
"""The children that are used, in the order in which the schema of Word (ECMA-376, part 1) has them."""


def out_of_order(element: Any) -> list[str]:
    names = [child.tag.removeprefix(W) for child in element]
    wanted = ORDER[element.tag.removeprefix(W)].split()
    return [] if names == sorted(names, key=wanted.index) else names


def test_elements_stand_in_the_order_word_insists_on(tmp_path: Path, lang: str) -> None:
    path = written(tmp_path, everything(lang))
    seen = set()
    for name in parts(path):
        if name.startswith("word/") and name.endswith(".xml"):
            for element in tree(path, name).iter():
                if element.tag.removeprefix(W) in ORDER:
                    seen.add(element.tag.removeprefix(W))
                    assert out_of_order(element) == []
    assert seen == set(ORDER)
