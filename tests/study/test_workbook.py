"""The workbook of a comparison: every formula gives its number, names of others stay text, the same bytes again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import relending as rl
from relending.study import compare_runs
from relending.study.compare import Comparison
from relending.study.measures import measures
from relending.study.save import names_of
from tests.study.shared import write

SUM = re.compile(r"=SUM\(\$?([A-Z]+)\$?(\d+)(?::\$?[A-Z]+\$?(\d+))?\)")
MEAN = re.compile(r"=ROUND\((SUM\([^()]+\))/(\d+),(\d)\)")
SUMIF = re.compile(r"=SUMIF\(\$A\$(\d+):\$A\$(\d+),\$A(\d+),\$([A-Z]+)\$\d+:\$[A-Z]+\$\d+\)")
BP = re.compile(r"=\(\$?([A-Z]+)(\d+)(-)\$?([A-Z]+)(\d+)\)\*10000")
TWO = re.compile(r"=\$?([A-Z]+)(\d+)([-/])\$?([A-Z]+)(\d+)")


def computed(sheet: Any, text: str) -> float:
    """What a formula gives, each that it leans on computed first."""

    def value(cell: str) -> float:
        held = sheet[cell].value
        return computed(sheet, held) if isinstance(held, str) and held.startswith("=") else float(held or 0)

    if match := SUM.fullmatch(text):
        column, first, last = match.groups()
        return sum(value(f"{column}{row}") for row in range(int(first), int(last or first) + 1))
    if match := MEAN.fullmatch(text):
        return round(computed(sheet, f"={match[1]}") / int(match[2]), int(match[3]))
    if match := SUMIF.fullmatch(text):
        first, last, of, column = match.groups()
        wanted = sheet[f"A{of}"].value
        rows = [row for row in range(int(first), int(last) + 1) if sheet[f"A{row}"].value == wanted]
        return sum(value(f"{column}{row}") for row in rows)
    if match := BP.fullmatch(text):
        return (value(match[1] + match[2]) - value(match[4] + match[5])) * 10_000
    match = TWO.fullmatch(text)
    assert match, text
    a, b = value(match[1] + match[2]), value(match[4] + match[5])
    return a - b if match[3] == "-" else a / b


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare_runs([rl.run("demo"), rl.run("demo/outstanding")])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_formula_gives_the_number_beside_it(found: Comparison, lang: str, tmp_path: Path) -> None:
    found.save(tmp_path, lang=lang)
    formulas = openpyxl.load_workbook(tmp_path / "comparison.xlsx")
    numbers = openpyxl.load_workbook(tmp_path / "comparison.xlsx", data_only=True)
    seen, kinds = 0, set()
    for sheet in formulas.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith("="):
                    told = numbers[sheet.title][cell.coordinate].value
                    # a difference of doubles is good to their last digit, a share has eight decimals
                    digits = 1e-5 if cell.number_format == "#,##0.00" else 6e-9
                    assert computed(sheet, cell.value) == pytest.approx(told, rel=1e-12, abs=digits)
                    kinds.add(bool(BP.fullmatch(cell.value)))
                    seen += 1
    assert seen > 3000 and kinds == {True, False}
    assert len(formulas.worksheets) == 1 + sum(
        any(v is not None for name in found.names for v in found.figures[name][m].values()) for m in measures()
    )


def test_numbers_of_a_sheet_are_those_of_the_frame(found: Comparison, tmp_path: Path) -> None:
    found.save(tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / "comparison.xlsx", data_only=True)["margin"]
    assert [c.value for c in sheet[3]][:6] == [
        "Quarter",
        "Lender",
        "Facility",
        "demo",
        "demo-outstanding",
        "demo-outstanding: difference (bp)",
    ]
    assert sheet.max_column == 6  # a rate of a rate says nothing
    frame = found.frame
    mine = frame[(frame["scenario"] == "demo-outstanding") & (frame["measure"] == "margin")]
    shown = [sheet.cell(4 + i, 5).value for i in range(len(mine))]
    assert [v for v in shown if v is not None] == mine["value"].dropna().tolist()
    assert sheet["D4"].number_format == "0.0000%"


def test_the_same_comparison_gives_the_same_bytes(found: Comparison, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        found.save(tmp_path / folder)
    for name in names_of("csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_names_titles_and_lenders_of_others_never_become_formulas_or_markup(tmp_path: Path) -> None:
    title = 'title = { zh = "<b>=1+1", en = "=cmd|calc" }\ndescription = "@SUM(1)\\u0007"'
    files = f'book = "book.csv"\n{title}'
    lender = '[lenders.own]\nclass = "state"\n'
    some = [
        rl.run(write(tmp_path, "a", files=files, more=lender)),
        rl.run(rl.load_scenario(write(tmp_path, "b"), {"scenario.name": "=HYPERLINK(1)", "market.own_rate": 0.03})),
    ]
    found = compare_runs(some)
    found.save(tmp_path / "out")
    for sheet in openpyxl.load_workbook(tmp_path / "out" / "comparison.xlsx").worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert any(ours.fullmatch(cell.value) for ours in (SUM, MEAN, SUMIF, BP, TWO))
                elif isinstance(cell.value, str):
                    assert cell.value[:1] not in tuple("=+-@\t\r")
    for name in names_of("csv")[:-1]:
        text = (tmp_path / "out" / name).read_text(encoding="utf-8-sig")
        assert not re.search(r'(^|[,\n"])[=@\t]', text), name
    assert "'=HYPERLINK(1)" in (tmp_path / "out" / "differences.csv").read_text(encoding="utf-8-sig")


def column(sheet: Any, at: int = 1) -> list[Any]:
    return [sheet.cell(row, at).value for row in range(1, sheet.max_row + 1)]


def test_the_first_sheet_tells_years_weights_names_and_that_shares_may_exceed_all(
    found: Comparison, tmp_path: Path
) -> None:
    found.save(tmp_path, lang="zh")
    first = openpyxl.load_workbook(tmp_path / "comparison.xlsx", data_only=True).worksheets[0]
    texts = column(first)
    at = texts.index("节约利息支出，2024 年") + 1
    quarters = [f"2024Q{n}" for n in range(1, 5)]
    frame = found.frame
    mine = frame[(frame["measure"] == "interest_saved") & frame["quarter"].isin(quarters)]
    sums = mine.groupby("scenario")["value"].sum()
    shown = (first.cell(at, 3).value, first.cell(at, 4).value)
    assert shown == pytest.approx((sums["demo"], sums["demo-outstanding"]), abs=0.001)
    assert "再贷款余额，2024Q4 末" in texts and "利差（2021Q3 至 2026Q4 按贷款余额加权平均）" in texts
    assert "各项原因可能相互抵消" in "".join(text for text in texts if isinstance(text, str))
    names = dict(zip(texts, column(first, 2), strict=True))
    assert names["cerf"] == "碳减排支持工具" and names["demo_city"] == "示范城商银行"
    rate = texts.index("利差（2021Q3 至 2026Q4 按贷款余额加权平均）") + 1
    assert first.cell(rate, 5).value == pytest.approx((first.cell(rate, 4).value - first.cell(rate, 3).value) * 1e4)
    assert first.cell(rate, 6).value is None and "基点" in first.cell(rate, 2).value


def test_a_past_that_comes_out_otherwise_is_warned_of_on_the_first_sheet(found: Comparison, tmp_path: Path) -> None:
    assert list(found.findings.codes()) == ["history_differs"]
    found.save(tmp_path, lang="zh")
    texts = column(openpyxl.load_workbook(tmp_path / "comparison.xlsx").worksheets[0])
    assert texts[3] == "警告" and texts[4].startswith("demo-outstanding：该情景改变了往期季度")
