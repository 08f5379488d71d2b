"""Wrong usage in Chinese: what click says of options and arguments is told in the language asked for."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from relending.cli import main


def call(*words: str, **options: str) -> Result:
    return CliRunner().invoke(main, list(words), env=options)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "--lang", "zh"], "缺少参数 BOOK..."),
        (["check", "a.csv", "--lendr", "icbc", "--lang", "zh"], "没有选项 --lendr；最接近：--lang、--lender"),
        (["bogus", "--lang", "zh"], "没有命令 'bogus'"),
        (["synth", "a.csv", "--loans", "many", "--lang", "zh"], "'--loans' 的值无效：'many' 不是数值"),
        (["synth", "a.csv", "--loans", "0", "--lang=zh"], "'--loans' 的值无效：0 应在 x>=1 范围内"),
        (["synth", "a.csv", "--style", "old", "--lang", "zh"], "'--style' 的值无效：'old' 应为 'plain', 'bank' 之一"),
        (["explain", "run", "A", "B", "--lang", "zh"], "多余的参数：B"),
    ],
)
def test_it_is_told_in_chinese_with_the_usage_and_where_help_is(words: list[str], said: str) -> None:
    done = call(*words)
    assert done.exit_code == 2
    assert f"错误：{said}" in done.output and "用法：main" in done.output and "--help" in done.output
    assert "Error" not in done.output and "Usage" not in done.output


def test_an_option_without_its_value_is_told_so() -> None:
    done = call("run", "demo", "--lang", "zh", "--out")
    assert done.exit_code == 2 and done.output.strip() == "错误：选项 --out 后须给出值"


def test_the_language_of_the_surroundings_counts_unless_the_command_says_another() -> None:
    assert "错误：缺少参数" in call("check", RELENDING_LANG="zh").output
    assert "Error: Missing argument" in call("check", "--lang", "en", RELENDING_LANG="zh").output
    assert "Error: Missing argument" in call("check", RELENDING_LANG="").output


def test_what_is_no_wrong_usage_stays_as_it_was() -> None:
    assert call("check", "--help", "--lang", "zh").exit_code == 0
    assert "Usage: " in call(RELENDING_LANG="zh").output


def test_control_characters_of_what_was_typed_do_not_reach_the_screen() -> None:
    said = call("check", "--\x1b[31mred", "--lang", "zh")
    assert said.exit_code == 2 and "没有选项" in said.output and "\x1b" not in said.output
