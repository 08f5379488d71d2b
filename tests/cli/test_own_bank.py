"""A bank that no policy file knows checks its own export: with its name and class, without a scenario."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from relending.cli import main

HEAD = (
    "借据编号,金融机构,项目编号,碳减排领域,贷款金额（万元）,发放时利率（%）,贷款发放日期,贷款到期日期,"
    "项目总投资（万元）,项目年度碳减排量（吨）,碳减排量测算依据"
)
LOANS = "L{},{},P{},光伏,1000,3.5,2024-03-15,2034-03-15,5000,9000,可研"


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "导出.csv"
    lines = [HEAD, LOANS.format(1, "徽商银行", 1), LOANS.format(2, "", 2)]
    path.write_text("\n".join(lines) + "\n", encoding="gbk")
    return path


@pytest.mark.parametrize("word", ["city", "城市商业银行", "city commercial bank"])
def test_with_its_class_its_loans_are_screened_under_its_name(export, word):
    done = CliRunner().invoke(main, ["check", str(export), "--lender", "徽商银行", "--class", word, "--lang", "zh"])
    assert done.exit_code == 0 and "借据 2 笔，符合条件 2 笔" in done.output and "unknown_lender" not in done.output


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("more", [[], ["--class", "大银行"]])
def test_without_it_the_way_on_is_told_in_the_user_s_language(export, lang, more):
    done = CliRunner().invoke(main, ["check", str(export), "--lender", "徽商银行", *more, "--lang", lang])
    assert done.exit_code == 2 and "--class" in done.output and "relending template" in done.output
    assert ("城市商业银行" if lang == "zh" else "city") in done.output


@pytest.mark.parametrize(
    ("given", "said"),
    [(["--class", "city"], "须与 --lender 一起使用"), (["--lender", "工商银行", "--class", "city"], "请去掉 --class")],
)
def test_a_class_that_would_be_passed_over_is_refused(export, given, said):
    done = CliRunner().invoke(main, ["check", str(export), *given, "--lang", "zh"])
    assert done.exit_code == 2 and said in done.output
