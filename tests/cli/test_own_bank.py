"""A bank that no policy file knows checks its own export with its name and class, and runs it by a scenario made so."""

from __future__ import annotations

import shlex

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


def do(*words):
    return CliRunner().invoke(main, [*words, "--lang", "zh"])


BANK = ("--lender", "徽商银行", "--class", "city")


def test_what_check_says_next_makes_a_scenario_that_runs(export, monkeypatch):
    monkeypatch.chdir(export.parent)
    checked = do("check", export.name, *BANK)
    made, run = [shlex.split(line) for line in checked.output.splitlines() if line.startswith("  relending")]
    made[made.index("--own-rate") + 1] = "2.3%"
    for words in (made[1:], run[1:]):
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
    assert "12,000,000.00" in done.output
    text = (export.parent / "本行.toml").read_text(encoding="utf-8")
    assert (
        'full_name = { zh = "徽商银行" }' in text and "own_rate = 0.023\n" in text and 'facilities = ["cerf"]' in text
    )
    assert "start = 2024-01-01\nend = 2024-03-31\n" in text


def test_without_an_own_rate_the_file_asks_for_it(export):
    mine = export.parent / "mine.toml"
    assert "own_rate" in do("template", str(mine), "--book", str(export), *BANK).output
    assert "own_rate_missing" in do("run", str(mine), "--out", str(export.parent / "run")).output
    assert do("template", str(mine), "--book", str(export), *BANK).exit_code == 2


@pytest.mark.parametrize(
    ("place", "more", "code", "said"),
    [
        ("mine.toml", [], 2, "--book"),
        ("below/mine.toml", ["--book", "导出.csv", *BANK], 2, "导出.csv 所在的文件夹"),
        ("mine.toml", ["--book", "导出.csv", *BANK, "--own-rate", "0.023"], 2, "2.3%"),
        ("mine.toml", ["--book", "导出.csv", *BANK, "--own-rate", "much"], 2, "2.3%"),
        ("mine.toml", ["--book", "导出.csv"], 0, "--lender"),
        ("mine.toml", ["--book", "没有.csv", *BANK], 1, "没有.csv"),
        ("book.xlsx", ["--lender", "icbc"], 2, "--lender"),
    ],
)
def test_a_scenario_that_cannot_be_made_or_lacks_something_says_so(export, monkeypatch, place, more, code, said):
    monkeypatch.chdir(export.parent)
    done = do("template", place, *more)
    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert (export.parent / place).exists() == (code == 0)
