"""The workbook of a statement: live totals where they add up in print, nothing hidden, nobody named, the same bytes."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from relending.lineage.disclosed import Figures
from relending.spreadsheet import escape
from relending.statement.document import Paragraph
from relending.statement.plain import plain
from relending.statement.printed import Options
from relending.statement.statement import Statement
from relending.statement.text_sheet import WIDTH
from relending.statement.workbook import write_workbook
from tests.statement.page_cases import (
    DRAFT,
    HORIZONS,
    LANGS,
    MEASURES,
    Sheet,
    document_of,
    hostile_statements,
    made_of,
    statement_of,
    texts_of,
)

SUMMED = [(h, m) for h in HORIZONS for m in ("amount", "reduction")]
WAN = 10**6  # fen in 10,000 yuan, grams in a tonne


def written(statement: Statement, path: Path, lang: str = "zh") -> Sheet:
    write_workbook(statement, document_of(statement, lang), path)
    return Sheet(path, len(statement.rows))


def figures(*amounts: str, reductions: tuple[str, ...] = ("1", "2", "3")) -> tuple[Figures, ...]:
    """Figures of rows: amounts in 10,000 yuan, reductions in tonnes; each at 3 %."""
    out = []
    for amount, reduction in zip(amounts, reductions, strict=True):
        fen = int(Decimal(amount) * WAN)
        out.append(Figures(1, fen, fen * 3_000_000, int(Decimal(reduction) * WAN)))
    return tuple(out)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("quarter", ["2024Q1", "2026Q4"])
def test_totals_of_amounts_and_reductions_are_live_sums_with_their_values(
    quarter: str, lang: str, tmp_path: Path
) -> None:
    """Those of 2026Q4 since the start do not add up in the last digit of the reductions."""
    sheet = written(statement_of("demo", "demo", quarter), tmp_path / "s.xlsx", lang)
    found = {}
    for r in range(4):
        for c, (horizon, measure) in enumerate((h, m) for h in HORIZONS for m in MEASURES):
            formula = sheet.formula(r, c)
            if formula is not None:
                found[horizon, measure] = formula
                letter = "BCDEFGHIJKLM"[c]
                assert r == 3 and formula == f"=SUM({letter}{sheet.first}:{letter}{sheet.last - 1})"
                rows = [Decimal(repr(sheet.sheet.cell(sheet.first + i, c + 2).value)) for i in range(3)]
                assert sum(rows) == Decimal(repr(sheet.sheet.cell(sheet.last, c + 2).value))
    assert list(found) == (SUMMED if quarter == "2024Q1" else SUMMED[:-1])


def test_totals_that_do_not_add_up_in_print_are_numbers_with_a_note(tmp_path: Path) -> None:
    """2201818 + 47978 + 10318 is 2260114; the exact total prints 2260113."""
    off = figures("2201817.6", "47977.6", "10317.6")
    even = figures("2201818", "47978", "10318")
    statement = made_of({"quarter": off, "year": even, "since_start": off}, Options(amount=0))
    assert texts_of(statement)[3][1] == "2,260,113" and statement.rounding_shows()
    for lang, word in (("zh", "因四舍五入"), ("en", "Because of rounding")):
        sheet = written(statement, tmp_path / "s.xlsx", lang)
        assert sheet.texts() == texts_of(statement)
        has = [(h, m) for c, (h, m) in enumerate((h, m) for h in HORIZONS for m in MEASURES) if sheet.formula(3, c)]
        assert has == [x for x in SUMMED if x not in (("quarter", "amount"), ("since_start", "amount"))]
        below = [sheet.sheet.cell(r, 1).value or "" for r in range(sheet.last + 1, sheet.sheet.max_row + 1)]
        (note,) = [text for text in below if text.startswith(word)]
        assert not re.search(r"[A-M]\d+|formula|公式", note)  # a reader of the figures knows of no cells


def test_totals_that_add_up_need_no_note(tmp_path: Path) -> None:
    statement = made_of(dict.fromkeys(HORIZONS, figures("1", "2", "3")))
    sheet = written(statement, tmp_path / "s.xlsx")
    below = [sheet.sheet.cell(r, 1).value for r in range(sheet.last + 1, sheet.sheet.max_row + 1)]
    notes = [b.text for b in document_of(statement, "zh").blocks if isinstance(b, Paragraph) and b.role == "footnote"]
    assert below == ["注：", *notes]


def test_a_figure_of_more_digits_than_a_spreadsheet_keeps_is_text(tmp_path: Path) -> None:
    huge = figures("123456789012.3456", "1", "1")
    statement = made_of(dict.fromkeys(HORIZONS, huge), Options(amount=4))
    sheet = written(statement, tmp_path / "s.xlsx")
    assert sheet.texts() == texts_of(statement)
    assert [sheet.sheet.cell(r, 3).value for r in (sheet.first, sheet.last)] == [
        "123,456,789,012.3456",
        "123,456,789,014.3456",
    ]
    assert sheet.formula(3, 1) is None


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("draft", [True, False])
def test_the_first_sheet_is_one_page_and_the_header_is_frozen(draft: bool, lang: str, tmp_path: Path) -> None:
    statement = statement_of("demo", "demo", "2024Q1", reasons=DRAFT if draft else ())
    sheet = written(statement, tmp_path / "s.xlsx", lang)
    told, text = sheet.formulas.worksheets
    assert [told.title, text.title] == {"zh": ["信息披露表", "正文"], "en": ["Disclosure", "Text"]}[lang]
    assert (told.page_setup.orientation, int(told.page_setup.paperSize)) == ("landscape", 9)
    assert told.sheet_properties.pageSetUpPr.fitToPage
    assert (told.page_setup.fitToWidth, told.page_setup.fitToHeight) in {(1, 1), (None, None)}
    assert told.freeze_panes == f"B{sheet.first}"
    assert told.print_title_rows == f"${sheet.first - 2}:${sheet.first - 1}"
    assert told.print_area == f"'{told.title}'!$A$1:$M${told.max_row}"
    merged = {str(r) for r in told.merged_cells.ranges}
    a, b = sheet.first - 2, sheet.first - 1
    assert {f"A{a}:A{b}", f"B{a}:E{a}", f"F{a}:I{a}", f"J{a}:M{a}"} <= merged
    assert (text.page_setup.orientation, int(text.page_setup.paperSize)) == ("portrait", 9)
    for one in (told, text):
        assert one.oddFooter.left.text == {"zh": "公开披露", "en": "Public"}[lang]
        assert "&P" in one.oddFooter.right.text.replace("&[Page]", "&P")
        assert ((one.oddHeader.right.text or "").endswith({"zh": "草稿", "en": "DRAFT"}[lang])) == draft
    first = told.cell(1, 1)
    if draft:
        assert first.value.startswith({"zh": "草稿", "en": "DRAFT"}[lang]) and first.font.b
        assert text.cell(1, 1).value == first.value
    else:
        assert first.value == document_of(statement, lang).blocks[-1].caption  # type: ignore[union-attr]
    assert {cell.font.name for row in told.iter_rows() for cell in row if cell.value} == {
        {"zh": "宋体", "en": "Calibri"}[lang]
    }


def test_columns_are_as_wide_as_their_longest_figure(tmp_path: Path) -> None:
    statement = made_of(dict.fromkeys(HORIZONS, figures("99999999999.99", "1", "1")))
    sheet = written(statement, tmp_path / "s.xlsx")
    for c, texts in enumerate(zip(*texts_of(statement), strict=True)):
        assert sheet.told.column_dimensions["BCDEFGHIJKLM"[c]].width > max(map(len, texts)) + 2


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_is_hidden_and_nobody_is_named(lang: str, tmp_path: Path) -> None:
    statement = statement_of("demo", "demo", "2024Q1", reasons=DRAFT)
    book = written(statement, tmp_path / "s.xlsx", lang).formulas
    for sheet in book.worksheets:
        assert sheet.sheet_state == "visible"
        assert not any(d.hidden for d in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values()))
        assert not [c for row in sheet.iter_rows() for c in row if c.comment or c.hyperlink]
    assert not book.defined_names
    made = book.properties
    assert (made.creator or "", made.lastModifiedBy or "", made.description or "") == ("", "", "")
    assert made.created.isoformat() == made.modified.isoformat() == "2026-01-01T00:00:00"
    with zipfile.ZipFile(tmp_path / "s.xlsx") as parts:
        assert {info.date_time[0] for info in parts.infolist()} == {1980}
        text = b"".join(parts.read(name) for name in parts.namelist()).decode()
        named = set(re.findall(r'<definedName name="([^"]+)"', parts.read("xl/workbook.xml").decode()))
    assert named == {"_xlnm.Print_Area", "_xlnm.Print_Titles"}
    assert str(tmp_path) not in text and "externalLink" not in text


def test_the_same_statement_gives_the_same_bytes(tmp_path: Path) -> None:
    statement = statement_of("demo", "demo", "2024Q1")
    (tmp_path / "elsewhere").mkdir()
    for path in ("a.xlsx", "elsewhere/b.xlsx"):
        written(statement, tmp_path / path)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "elsewhere/b.xlsx").read_bytes()


def test_a_workbook_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "s.xlsx").mkdir()
    with pytest.raises(OSError):
        written(statement_of("demo", "demo", "2024Q1"), tmp_path / "s.xlsx")
    assert [p.name for p in tmp_path.iterdir()] == ["s.xlsx"] and not list((tmp_path / "s.xlsx").iterdir())


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    for text, statement in hostile_statements():
        document = document_of(statement, "zh")
        sheet = written(statement, tmp_path / "s.xlsx")
        cells = [c for s in sheet.formulas.worksheets for row in s.iter_rows() for c in row if c.value is not None]
        formulas = [c.value for c in cells if c.data_type == "f"]
        assert len(formulas) == 6 and all(re.fullmatch(r"=SUM\([A-M]\d+:[A-M]\d+\)", f) for f in formulas), text
        texts = [c.value for c in cells if c.data_type == "s"]
        assert not [t for t in texts if t.startswith(("=", "+", "-", "@", "\t", "\r"))], text
        assert escape(plain(document.title)) in texts or len(document.title) > WIDTH * 4
        assert sheet.texts() == texts_of(statement)
        body = "".join(row[0] for row in sheet.formulas.worksheets[1].iter_rows(values_only=True))
        for block in document.blocks:
            if isinstance(block, Paragraph):
                assert re.sub(r"\s", "", plain(block.text)) in re.sub(r"\s", "", body), text


def test_a_long_paragraph_goes_on_in_the_rows_below_and_none_of_it_is_lost(tmp_path: Path) -> None:
    statement = statement_of("demo", "demo", "2024Q1")
    document = document_of(statement, "zh")
    long = "碳减排支持工具，" * 5000  # longer than a cell may be
    document = replace(document, blocks=(Paragraph(long), *document.blocks))
    write_workbook(statement, document, tmp_path / "s.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "s.xlsx").worksheets[1]
    column = [row[0] for row in sheet.iter_rows(values_only=True)]
    assert "".join(column[1:]).startswith(long)
    assert max(dimension.height or 0 for dimension in sheet.row_dimensions.values()) <= 409
