"""Every figure of every statement is read back from each file as it was printed, by readers of their own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from relending.statement.markdown import JOINT, markdown_text
from relending.statement.page import html_page
from relending.statement.statement import Statement
from relending.statement.words import word
from relending.statement.workbook import write_workbook
from tests.statement.page_cases import (
    HORIZONS,
    LANGS,
    MEASURES,
    STATEMENTS,
    Page,
    Sheet,
    document_of,
    in_file,
    made_of,
    pipe_tables,
    printed_by,
    published,
    statement_as_published,
    statement_of,
    texts_of,
)

MIXED = {"statements/ganzi_rcb-2024q1", "statements/jiaxing-2025q1"}
"""Banks that leave out the nought at the end of some figures of a column: 3.7 beside 3.68."""

pytestmark = pytest.mark.filterwarnings("error")


def read_back(statement: Statement, lang: str, folder: Path) -> dict[str, list[list[str]]]:
    """The figures in each of the three files, whose headers say what they are."""
    document = document_of(statement, lang)
    upper = [word(f"table.{h}", lang) for h in HORIZONS for _ in MEASURES]
    lower = [statement.options.heading(m, lang) for _ in HORIZONS for m in MEASURES]
    names = [row.name[lang] for row in statement.rows]
    field = word("table.field", lang)

    page = Page(html_page(document)).rows()
    assert page[0] == [field, *upper] and page[1] == [field, *lower]
    assert [row[0] for row in page[2:]] == names

    ((rules, (header, *body)),) = pipe_tables(markdown_text(document))
    assert rules == ["---", *["---:"] * len(upper)]
    assert header == [field, *(f"{a}{JOINT}{b}" for a, b in zip(upper, lower, strict=True))]
    assert [row[0] for row in body] == names

    path = folder / "statement.xlsx"
    write_workbook(statement, document, path)
    sheet = Sheet(path, len(statement.rows))
    above = [[sheet.sheet.cell(sheet.first - i, c).value for c in range(1, 14)] for i in (2, 1)]
    assert above[0] == [field, *(v for h in HORIZONS for v in (word(f"table.{h}", lang), None, None, None))]
    assert above[1] == [None, *lower]
    assert [sheet.sheet.cell(r, 1).value for r in range(sheet.first, sheet.last + 1)] == names
    return {"html": [r[1:] for r in page[2:]], "md": [r[1:] for r in body], "xlsx": sheet.texts()}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["demo", "ledger"])
def test_every_statement_of_a_run_is_read_back_from_each_file(name: str, lang: str, tmp_path: Path) -> None:
    printed = printed_by(name)
    assert len(printed) >= 5
    for lender, facility, quarter in printed:
        statement = statement_of(name, lender, quarter, facility)
        for kind, got in read_back(statement, lang, tmp_path).items():
            assert got == texts_of(statement, in_file(kind, lang)), (kind, lender, facility, quarter)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", STATEMENTS)
def test_a_published_statement_has_the_published_digits_in_each_file(name: str, lang: str, tmp_path: Path) -> None:
    statement = statement_as_published(name)
    facts = published(name)
    assert facts and len(facts) <= len(HORIZONS) * len(MEASURES)
    for kind, got in read_back(statement, lang, tmp_path).items():
        assert got == texts_of(statement, in_file(kind, lang)), kind
        for (horizon, measure), (value, _) in facts.items():
            text = got[-1][HORIZONS.index(horizon) * len(MEASURES) + MEASURES.index(measure)]
            told = text.replace(",", "")
            assert Decimal(told) == Decimal(value), (kind, horizon, measure)
            assert told == value or (name in MIXED and told.rstrip("0") == value), (kind, horizon, measure)


@pytest.mark.parametrize("lang", LANGS)
def test_bank_of_china_2024q2(lang: str, tmp_path: Path) -> None:
    """Bank of China, disclosure of carbon emission reduction loans, second quarter of 2024: the row of totals."""
    total = [
        *("189", "1,324,620.45", "2.50", "3,736,783.33"),
        *("260", "2,050,883.04", "2.50", "5,564,448.43"),
        *("894", "15,795,053.24", "2.94", "44,370,338.90"),
    ]
    for kind, got in read_back(statement_of("statements/boc-2024q2", "boc", "2024Q2"), lang, tmp_path).items():
        apart = in_file(kind, lang) == "en"
        assert got[-1] == (total if apart else [text.replace(",", "") for text in total]), kind


@pytest.mark.parametrize("decimals", range(5))
@pytest.mark.parametrize(("amount_unit", "reduction_unit"), [("wan_yuan", "t"), ("yi_yuan", "wan_t")])
def test_units_and_decimals_are_those_of_the_options(
    decimals: int, amount_unit: str, reduction_unit: str, tmp_path: Path
) -> None:
    from dataclasses import replace

    one = statement_of("statements/boc-2024q2", "boc", "2024Q2")
    units: dict[str, Any] = {"amount_unit": amount_unit, "reduction_unit": reduction_unit}
    statement = replace(one, options=one.options.but(amount=decimals, rate=decimals, reduction=decimals, **units))
    fen = one.total.cells["quarter"].amount
    exact = Decimal(fen) / (10**6 if amount_unit == "wan_yuan" else 10**10)
    shown = f"{exact.quantize(Decimal(1).scaleb(-decimals), 'ROUND_HALF_UP'):,}"
    for lang in LANGS:
        for kind, got in read_back(statement, lang, tmp_path).items():
            assert got == texts_of(statement, in_file(kind, lang)), kind
            assert got[-1][1].replace(",", "") == shown.replace(",", ""), kind


def test_a_quarter_without_loans_has_noughts_and_dashes_in_each_file(tmp_path: Path) -> None:
    statement = statement_of("demo", "demo", "2026Q4")
    assert statement.total.cells["quarter"].projects == 0 < statement.total.cells["since_start"].projects
    for lang in LANGS:
        for kind, got in read_back(statement, lang, tmp_path).items():
            assert [row[:4] for row in got] == [["0", "0.00", "—", "0.00"]] * 4, kind
            assert got == texts_of(statement, in_file(kind, lang)), kind


def test_a_bank_that_never_lent_has_noughts_throughout(tmp_path: Path) -> None:
    from relending.lineage.disclosed import Figures

    statement = made_of({h: (Figures(),) * 3 for h in HORIZONS})
    for kind, got in read_back(statement, "zh", tmp_path).items():
        assert got == [["0", "0.00", "—", "0.00"] * 3] * 4, kind


@pytest.mark.parametrize("lang", LANGS)
def test_the_text_of_each_file_is_the_text_of_the_document(lang: str, tmp_path: Path) -> None:
    """In the first quarter, whose text is silent on the year, and in the second."""
    import openpyxl

    for quarter, speaks in (("2024Q1", False), ("2024Q2", True)):
        statement = statement_of("demo", "demo", quarter)
        document = document_of(statement, lang)
        texts = [block.text for block in document.blocks if hasattr(block, "role")]
        begins = {"zh": "2024年初至本季度末", "en": "From the beginning of 2024"}[lang]
        assert any(text.startswith(begins) for text in texts) == speaks
        assert Page(html_page(document)).of("p") == texts
        assert [p for p in markdown_text(document).split("\n\n") if p in texts] == texts
        write_workbook(statement, document, tmp_path / "s.xlsx")
        sheet = openpyxl.load_workbook(tmp_path / "s.xlsx").worksheets[1]
        assert [row[0] for row in sheet.iter_rows(values_only=True)] == [document.title, *texts]
