"""Wrong usage in Chinese: what click says of options and arguments is told in the language asked for."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from relending.cli import main
from relending.cli.usage import in_chinese
from relending.cli.verbs import VERBS


def call(*words: str, **options: str) -> Result:
    return CliRunner().invoke(main, list(words), env=options)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "--lang", "zh"], "缺少参数 台账..."),
        (["disclose", "run", "--out", "o", "--lang", "zh"], "缺少选项 --quarter"),
        (["check", "a.csv", "--lendr", "icbc", "--lang", "zh"], "没有选项 --lendr；最接近：--lang、--lender"),
        (["bogus", "--lang", "zh"], "没有命令 'bogus'；全部命令：relending --help --lang zh"),
        (["synth", "a.csv", "--loans", "many", "--lang", "zh"], "'--loans' 的值无效：'many' 不是数值"),
        (["synth", "a.csv", "--loans", "0", "--lang=zh"], "'--loans' 的值无效：0 应不小于 1"),
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
    assert "用法：" in call(RELENDING_LANG="zh").output and "Usage: " in call().output


def test_control_characters_of_what_was_typed_do_not_reach_the_screen() -> None:
    said = call("check", "--\x1b[31mred", "--lang", "zh")
    assert said.exit_code == 2 and "没有选项" in said.output and "\x1b" not in said.output


ENGLISH = re.compile(r"[A-Za-z]{2,}[,;:]? [a-z]{2,}[,;:]? [a-z]{2,}|Error|Usage|Try|Invalid|Missing")


def wrong(verb: str) -> list[list[str]]:
    """Wrong usage of every kind that a verb can meet."""
    command = main.get_command(click.Context(main), verb)
    assert command is not None
    given = ["x" for p in command.params if isinstance(p, click.Argument) and p.required]
    lines = [[*given, "--no-such"], ["--lang"], [*given, "--lang", "fr"], [*given, "--lang=zh=zh"]]
    if given:
        lines.append([])
    if not any(p.nargs == -1 for p in command.params):
        lines.append([*given, "7", "8", "9"])
    for option in (p for p in command.params if isinstance(p, click.Option)):
        name = option.opts[-1]
        if option.is_flag:
            lines.append([*given, f"{name}=yes"])
            continue
        lines.append([*given, name])
        if option.required:
            lines.append(given)
        if not isinstance(option.type, click.types.StringParamType) and not isinstance(option.type, click.Path):
            lines.append([*given, name, "no-such-value"])
        if isinstance(option.type, (click.IntRange, click.FloatRange)):
            lines.append([*given, name, "-1"])
        if isinstance(option.type, click.Path) and not (option.type.dir_okay and option.type.file_okay):
            lines.append([*given, name, "." if option.type.file_okay else __file__])
    return lines


@pytest.mark.parametrize("verb", VERBS)
def test_wrong_usage_of_every_kind_is_told_in_chinese(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in wrong(verb):
        done = call("--lang", "zh", verb, *words)
        if words[-2:-1] == ["--lang"] or words[-1:] == ["--lang=zh=zh"]:
            done = call(verb, *words, RELENDING_LANG="zh")  # which language is meant is what is wrong
            assert done.exit_code == 2 and "--lang" in done.output
            continue
        assert done.exit_code == 2, (words, done.output)
        assert "错误：" in done.output and not ENGLISH.search(done.output), (words, done.output)


@pytest.mark.parametrize(
    ("typed", "verb"),
    [("rum", "run"), ("chekc", "check"), ("montecarlo", "monte-carlo"), ("monte_carlo", "monte-carlo"), ("RUN", "run")],
)
def test_a_verb_typed_wrongly_brings_the_nearest(typed: str, verb: str) -> None:
    assert f"Error: No such command {typed!r}. Did you mean {verb!r}?" in call(typed).output
    assert f"错误：没有命令 {typed!r}；最接近：{verb}" in call(typed, "--lang", "zh").output


@pytest.mark.parametrize(("typed", "verb"), [("运行", "run"), ("信息披露", "disclose"), ("蒙特卡洛", "monte-carlo")])
def test_a_chinese_word_brings_the_verb_that_does_it(typed: str, verb: str) -> None:
    assert f"最接近：{verb}" in call(typed, "--lang", "zh").output and f"Did you mean {verb!r}?" in call(typed).output


def test_what_is_like_no_verb_brings_none() -> None:
    said = call("xyzzy")
    assert said.exit_code == 2 and "No such command 'xyzzy'." in said.output and "Did you mean" not in said.output


SAMPLES = {"number_type": "integer", "name": "File", "missing": "Missing argument"}
PROGRAM = ("Could not determine name", "No options defined", "Arguments take exactly", "Boolean option")
"""What click tells a programmer."""
PROMPTS = {  # of what these commands never use: prompts, deprecated names, and words that stand within other texts
    "Aborted!", "deprecated", "env var: {var}", "default: {default}", "(dynamic)", "Options", "Commands",
    "Positional arguments", "Missing argument", "Missing option", "Missing parameter", "file", "directory", "path",
    "unknown error", "Error: {message}", "Try '{command} {option}' for help.", "Missing {param_type}",
    "Choose from:\n\t{choices}", "Choice({choices})", "Did you mean {possibility}?",
    "(Did you mean one of: {possibilities}?)", "Possible options: {possibilities}",
    "(Possible options: {possibilities})",
    "Invalid start character for option ({option})",
    "Name '{name}' defined twice", "Commands:", "Arguments",
}  # fmt: skip


def texts_of_click() -> list[str]:
    """Every text that click's errors, types and parser have for people."""
    found = []
    for module in (click.exceptions, click.types, click.parser, click.core):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
                found += [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return found


def test_whatever_click_says_of_wrong_usage_has_a_chinese_text() -> None:
    """Also what a newer click may say: its own source is read."""
    texts = [t for t in texts_of_click() if t not in PROMPTS and "eprecat" not in t and not t.startswith(PROGRAM)]
    assert len(texts) > 20
    left = []
    for text in texts:
        names = {name: SAMPLES.get(name, "7") for name in re.findall(r"\{(\w+)(?:!r)?\}", text)}
        said = in_chinese(text.format(**names))
        if ENGLISH.search(said) or not re.search("[\u4e00-\u9fff]", said):
            left.append((text, said))
    assert left == []
