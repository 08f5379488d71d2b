"""The text of a statement: in the order of the published form, in both languages, or in a bank's own words."""

from __future__ import annotations

import re
from typing import Any

import pytest

import relending as rl
from relending.dates import parse_quarter
from relending.lineage.disclosed import Disclosures
from relending.statement.compose import compose
from relending.statement.document import Document, Table
from relending.statement.printed import Options, options_of
from relending.statement.sandbox import TemplateProblem
from relending.statement.statement import Reason, Statement, make_statement, named_projects
from relending.statement.wording import fields_of, wording


@pytest.fixture(scope="module")
def demo() -> Any:
    run = rl.run("demo")
    return run, Disclosures(run)


def statement(demo: Any, quarter: str = "2024Q2", **more: Any) -> Statement:
    run, disclosures = demo
    options = more.pop("options", options_of(run.manifest))
    return make_statement(run, disclosures.of("demo", "cerf", parse_quarter(quarter)), options, **more)


def table(document: Document) -> Table:
    last = document.blocks[-1]
    assert isinstance(last, Table)
    return last


def test_title_and_table_are_those_of_the_published_form(demo: Any) -> None:
    document = compose(statement(demo), "zh")
    assert document.title == "示范银行股份有限公司碳减排贷款信息披露（2024年第二季度）"
    first, second = ([cell.text for cell in row] for row in table(document).header)
    assert first == [
        "碳减排领域",
        "本季度新发放碳减排贷款",
        "本年度累计发放碳减排贷款",
        "获得碳减排支持工具以来累计发放碳减排贷款",
    ]
    four = ["支持的项目数量（个）", "贷款金额（万元）", "加权平均利率（%）", "带动的年度碳减排量（吨二氧化碳当量）"]
    assert second == four * 3
    assert [row[0].text for row in table(document).rows] == ["清洁能源", "节能环保", "碳减排技术", "合计"]
    assert all(len(row) == 13 for row in table(document).rows)


def test_the_text_comes_in_the_order_of_the_published_form(demo: Any) -> None:
    text = wording(statement(demo), "zh")
    order = ("碳达峰", "虚假记载", "2024年第二季度", "2024年初", "获得碳减排支持工具支持以来", "第三方")
    assert [next(i for i, p in enumerate(text.paragraphs) if word in p) for word in order] == [0, 1, 2, 3, 4, 5]
    assert len(text.footnotes) == 2


def test_the_sentences_have_the_figures_of_the_total_row(demo: Any) -> None:
    text = wording(statement(demo), "zh").paragraphs
    assert "1个项目发放碳减排贷款8000.00万元，加权平均利率为2.60%，带动的年度碳减排量为36571.43吨" in text[2]
    assert "26个项目发放碳减排贷款1255146.00万元，加权平均利率为3.53%，带动的年度碳减排量为2260522.74吨" in text[4]
    english = wording(statement(demo), "en").paragraphs
    assert "loans of CNY 80,000,000 to 1 project at a weighted average rate of 2.60 %" in english[2]


@pytest.mark.parametrize(
    ("quarter", "choice", "there"),
    [
        ("2024Q1", "not_in_q1", False),
        ("2024Q2", "not_in_q1", True),
        ("2024Q1", "always", True),
        ("2024Q2", "never", False),
    ],
)
def test_the_year_to_date_may_be_left_out_of_the_text(demo: Any, quarter: str, choice: str, there: bool) -> None:
    text = wording(statement(demo, quarter, options=Options(year_text=choice)), "zh").paragraphs
    assert any("年初至本季度末" in one for one in text) is there


def test_the_statement_of_the_launch_quarter_covers_july_to_december(demo: Any) -> None:
    assert "2021年7月至12月，本行向" in wording(statement(demo, "2021Q4"), "zh").paragraphs[2]
    assert "In July to December 2021 the Bank" in wording(statement(demo, "2021Q4"), "en").paragraphs[2]


def test_a_quarter_without_new_loans_says_so(demo: Any) -> None:
    assert wording(statement(demo, "2026Q4"), "zh").paragraphs[2] == "2026年第四季度，本行未发放碳减排贷款。"


def test_projects_are_named_by_effect_and_only_those_that_may_be(demo: Any) -> None:
    run, disclosures = demo
    found = disclosures.of("demo", "cerf", parse_quarter("2021Q4"))
    names = named_projects(run, found, 50)
    loans, may = run.loans, set(run.loans["publish_name"].dropna())
    hidden = set(loans["project_name"].dropna()) - may
    assert names[:3] == ["平海湾海上风电项目", "苍南1号海上风电项目", "阳江海上风电项目"]
    assert set(names) <= may and len(names) < 9  # not every project of the quarter may be named
    text = " ".join(wording(statement(demo, "2021Q4", options=Options(projects=50)), "zh").paragraphs)
    assert not [name for name in hidden if name in text]
    assert named_projects(run, found, 1) == names[:1]
    assert named_projects(run, found, 0) == []


def test_a_draft_says_why_before_anything_else(demo: Any) -> None:
    one = statement(demo, reasons=(Reason("simulated", 35), Reason("errors", 3)))
    zh, en = compose(one, "zh").blocks[0], compose(one, "en").blocks[0]
    assert not isinstance(zh, Table) and not isinstance(en, Table)
    assert (zh.role, en.role) == ("mark", "mark")
    assert zh.text.startswith("草稿") and "35笔" in zh.text and "3笔" in zh.text
    assert en.text.startswith("DRAFT") and "35 loans" in en.text
    assert not any(getattr(b, "role", "") == "mark" for b in compose(statement(demo), "zh").blocks)


def test_a_banks_own_text_is_filled_in(demo: Any) -> None:
    own = "{{ bank_short }}{{ quarter }}\n\n第一段 {{ this_quarter.amount }}\n\n第二段\n续行\n"
    own += "---\n注\n\n{{ rows[3].name }}"
    text = wording(statement(demo), "zh", own)
    assert text.title == "示范银行2024年第二季度"
    assert text.paragraphs == ("第一段 8000.00", "第二段 续行")
    assert text.footnotes == ("注", "合计")


@pytest.mark.parametrize("own", ["", "   \n\n", "只有标题"])
def test_a_template_without_title_and_text_is_refused(demo: Any, own: str) -> None:
    with pytest.raises(TemplateProblem, match="template_empty"):
        wording(statement(demo), "zh", own)


def test_every_field_of_a_template_is_text_flag_or_list_and_both_languages_have_the_same(demo: Any) -> None:
    zh, en = (fields_of(statement(demo), lang) for lang in ("zh", "en"))
    assert set(zh) == set(en)

    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(isinstance(k, str) and plain(v) for k, v in value.items())
        if isinstance(value, list):
            return all(plain(v) for v in value)
        return isinstance(value, str | bool | int)

    assert plain(zh) and plain(en)
    assert not re.search("[一-鿿]", "".join(v for k, v in en.items() if isinstance(v, str)))
