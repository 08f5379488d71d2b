"""Which row a story is about, whose findings it shows, and what it says where a figure is missing or negative."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from relending.lineage import DamagedRun, UnknownLoan, explain
from relending.lineage.story import fraction, money, percent, power, ratio_percent, tonnes
from relending.runfolder import OpenedRun, open_run, run

HEADER = "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence"
GOOD = "{id},P{id},wind,{principal},0.03,2022-01-05,2030-01-05,{investment},{reduction},eia"
SCENARIO = """
[scenario]
name = "rows"
book = [{books}]
{more}
lender = "icbc"
start = 2022-01-01
end = 2023-12-31
facilities = ["cerf"]
[market]
own_rate = 0.03
"""


def line(loan_id: str, principal: object = 1000000, investment: object = 5000000, reduction: object = 100) -> str:
    return GOOD.format(id=loan_id, principal=principal, investment=investment, reduction=reduction)


def saved(tmp: Path, *books: list[str], prepaid: str = "", tail: str = "") -> OpenedRun:
    names = [f"book{i}.csv" for i in range(1, len(books) + 1)]
    for name, rows in zip(names, books, strict=True):
        (tmp / name).write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    if prepaid:
        (tmp / "pre.csv").write_text("loan_id,date,amount\n" + prepaid, encoding="utf-8")
    more = 'prepayments = "pre.csv"' if prepaid else ""
    text = SCENARIO.format(books=", ".join(f'"{n}"' for n in names), more=more) + tail
    (tmp / "s.toml").write_text(text, encoding="utf-8")
    run(tmp / "s.toml").save(tmp / "run")
    return open_run(tmp / "run")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (money(-1), "-0.01"),
        (money(-300_050), "-3,000.50"),
        (tonnes(-1), "-0.000001"),
        (power(-1_234_567), "-1,234.567"),
        (percent(-17_550), "-1.7550 %"),
        (ratio_percent(-50), "-0.50 %"),
        (fraction(-50_000_000), "-0.50000000"),
    ],
)
def test_a_negative_figure_keeps_its_sign_and_its_digits(value: str, told: str) -> None:
    assert value == told


def test_negative_figures_of_the_book_are_told_as_they_stand(tmp_path: Path) -> None:
    opened = saved(tmp_path, [line("A"), line("B", principal="-3000.50", reduction="-1.5")])
    text = explain(opened, "B")[0].text()
    assert "principal = -3,000.50" in text and "project_reduction = -1.500000 t" in text


def test_findings_of_a_loan_are_those_of_its_row_and_of_its_prepayments(tmp_path: Path) -> None:
    """Row 3 of the prepayments is not row 3 of the book, and row 2 of one book not row 2 of the other."""
    opened = saved(
        tmp_path,
        [line("A"), line("B"), line("C", principal=-5)],
        [line("D", reduction=500), line("C")],
        prepaid="A,2023-01-05,5\nB,2023-01-05,1000000.01\n",
    )
    assert "prepayment_over_outstanding" in explain(opened, "B")[0].text()
    first, second = (story.text() for story in explain(opened, "C"))
    assert "book1.csv, row 4" in first and "book2.csv, row 3" in second
    assert "principal_not_positive" in first and "principal_not_positive" not in second
    assert "duplicate_loan_id" in first and "duplicate_loan_id" in second
    assert "none for this loan" in explain(opened, "D")[0].text()


@pytest.mark.parametrize(
    ("row", "share", "reduction"),
    [
        (
            line("B", investment=""),
            "share: cannot be computed, the project_investment is missing or unreadable",
            "annual reduction: 0.000000 t, the project_investment is missing or unreadable",
        ),
        (
            line("B", principal=-5),
            "share: cannot be computed, the principal is not positive",
            "annual reduction: cannot be computed, the principal is not positive",
        ),
        (
            line("B", principal="none"),
            "share: cannot be computed, the principal is missing or unreadable",
            "annual reduction: cannot be computed, the principal is missing or unreadable",
        ),
        (
            line("B", investment=-5),
            "share: cannot be computed, the project_investment is not positive",
            "annual reduction: cannot be computed, the project_investment is not positive",
        ),
        (
            line("B", reduction=""),
            "share: 1,000,000.00 / 5,000,000.00 = 0.20000000",
            "annual reduction: 0.000000 t, the project_reduction is missing or unreadable",
        ),
        (
            line("B", reduction=-5),
            "share: cannot be computed, the project_reduction is negative",
            "annual reduction: cannot be computed, the project_reduction is negative",
        ),
    ],
)
def test_what_a_share_or_reduction_lacks_is_named(tmp_path: Path, row: str, share: str, reduction: str) -> None:
    opened = saved(tmp_path, [line("A"), row])
    told = [text.strip() for text in explain(opened, "B")[0].text().splitlines()]
    assert share in told and reduction in told
    assert (
        "无法计算" in explain(opened, "B", "zh")[0].text() or "计 0.000000 吨" in explain(opened, "B", "zh")[0].text()
    )


def test_a_row_without_an_id_is_told_by_its_place(tmp_path: Path) -> None:
    opened = saved(tmp_path, [line("A"), line("", principal=777)], [line("D")])
    (story,) = explain(opened, "book1.csv:3")
    assert story.loan_id == "book1.csv:3" and "principal = 777.00" in story.text()
    assert "value_missing" in story.text() and "state at 2023-12-31: set aside" in story.text()
    with pytest.raises(UnknownLoan):
        explain(opened, "book2.csv:3")


def test_a_place_tells_one_row_of_an_id_given_twice_and_the_whole_story_of_any_other(tmp_path: Path) -> None:
    opened = saved(tmp_path, [line("A"), line("B"), line("A")])
    (story,) = explain(opened, "somewhere/book1.csv:4")
    assert "row 4" in story.text() and story.text() == explain(opened, "A")[1].text()
    assert explain(opened, "book1.csv:3") == explain(opened, "B")
    assert "drawn 600,000.00 yuan" in explain(opened, "book1.csv:3")[0].text()


def test_a_loan_id_comes_before_a_place(tmp_path: Path) -> None:
    opened = saved(tmp_path, [line("A"), line("book1.csv:2")])
    assert "row 3" in explain(opened, "book1.csv:2")[0].text()


def sources(text: str) -> list[str]:
    return re.findall(r"^ +(?:.+的)?来源：(.*)［", text, re.MULTILINE)


def test_in_chinese_sources_sectors_and_tenors_are_told_in_chinese(tmp_path: Path) -> None:
    opened = saved(tmp_path, [line("A"), line("B").replace(",wind,", ",nuclear,")])
    text = explain(opened, "A", "zh")[0].text()
    assert len(sources(text)) > 8 and [s for s in sources(text) if re.search("[A-Za-z]{5}", s)] == []
    assert "来源：中国人民银行，碳减排支持工具推出公告及答记者问，2021-11-08［现行］" in text
    assert "领域 风力发电 (wind)：" in text and "5 年期以上 LPR" in text
    assert "领域 nuclear：2022-01-05 未列入" in explain(opened, "B", "zh")[0].text()
    english = explain(opened, "A")[0].text()
    assert "sector wind: " in english and "against LPR 5Y of" in english and "announcement and Q&A" in english


def test_what_a_scenario_says_is_told_with_the_source_it_names(tmp_path: Path) -> None:
    tail = """[facility.cerf]
tolerance = 0.01
ratio = [{ from = 2021-11-08, value = 0.5, source = "Minutes of the board" }]
rate = [{ from = 2021-11-08, value = 0.01, source = "Letter", source_zh = "来函" }]
[lenders.icbc]
class = "state"
admitted = { cerf = 2021-12-01 }
"""
    text = explain(saved(tmp_path, [line("A")], tail=tail), "A", "zh")[0].text()
    assert {"情景", "Minutes of the board", "来函"} <= set(sources(text))
    assert "自 2021-12-01 起纳入，发放日 2022-01-05：通过\n      来源：情景［假设］" in text


def test_borrower_types_are_told_in_chinese(tmp_path: Path) -> None:
    tail = '[facility.cerf]\nborrower_types = ["small", "individual_business"]\n'
    opened = saved(tmp_path, [line("A")], tail=tail)
    assert (
        "企业规模 —：支持范围为 小型 (small)、个体工商户 (individual_business)："
        in explain(opened, "A", "zh")[0].text()
    )
    assert "borrower type —: served are small, individual_business: " in explain(opened, "A")[0].text()


def test_a_run_in_memory_tells_the_same_as_its_folder(tmp_path: Path) -> None:
    opened = saved(tmp_path, [line("A"), line("", principal=777)])
    memory = run(tmp_path / "s.toml")
    for loan in ("A", "book1.csv:3"):
        assert explain(memory, loan) == explain(opened, loan)


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("screening", ",cerf,", ",curf,", "curf"),
        ("draws", "cerf/icbc/2022-03-31", "cerf/icbc/2022-33-31", "2022-33-31"),
        ("draws", "cerf/icbc/2022-03-31", "cerf/icbc/2022-06-30", "2022-06-30"),
        ("draws", ",600000.00,600000.00,", ",600000.00,,", "continued_1_fen"),
    ],
)
def test_tables_that_do_not_fit_together_are_damage(tmp_path: Path, table: str, old: str, new: str, said: str) -> None:
    opened = saved(tmp_path, [line("A")])
    file = tmp_path / "run" / f"{table}.csv"
    text = file.read_text(encoding="utf-8-sig")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DamagedRun, match=said):
        explain(opened, "A")
