"""Help in Chinese and English: complete, in one language at a time, nothing left over, and made for a terminal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from relending.cli import main
from relending.cli.document import help_text
from relending.cli.helping import SHARED, TEXTS, long_name, option_text, texts
from relending.cli.verbs import GROUPS, VERBS
from relending.terminal import cells

CHINESE = re.compile("[\u4e00-\u9fff]")
SENTENCE = re.compile(r"[A-Za-z]{2,}[,;:]? [a-z]{2,}[,;:]? [a-z]{2,}")
"""Three English words in a row."""


def command_of(verb: str) -> click.Command:
    found = main.get_command(click.Context(main), verb)
    assert found is not None
    return found


def of(verb: str, kind: type[click.Parameter]) -> list[Any]:
    command = command_of(verb)
    return [
        p for p in command.get_params(click.Context(command, help_option_names=["-h", "--help"])) if isinstance(p, kind)
    ]


def shown(*words: str, **env: str) -> str:
    done = CliRunner().invoke(main, [*words, "--help"], env={"COLUMNS": "80", **env}, prog_name="relending")
    assert done.exit_code == 0
    return done.output


def without_commands(text: str) -> str:
    """Help without what is to be typed."""
    lines = [line for line in text.splitlines() if not line.startswith("  relending ")]
    return re.sub(r"relending [\w .-]+", "", "\n".join(lines))


# -- complete, and nothing left over -----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_and_argument_of_a_verb_is_told_in_both_languages(verb: str) -> None:
    own = texts(verb)
    untold = [long_name(p) for p in of(verb, click.Option) if not CHINESE.search(option_text(p, own, "zh"))]
    untold += [long_name(p) for p in of(verb, click.Option) if not p.help]
    told = own.get("arguments", {})
    untold += [p.name for p in of(verb, click.Argument) if set(told.get(p.name, {})) != {"name", "en", "zh"}]
    untold += [
        p.name for p in of(verb, click.Argument) if not CHINESE.search(told[p.name]["zh"] + told[p.name]["name"])
    ]
    assert untold == []
    assert CHINESE.search(own["long"]) and all(CHINESE.search(one["zh"]) and one["en"] for one in own["examples"])


@pytest.mark.parametrize("verb", VERBS)
def test_no_text_of_a_verb_is_of_an_option_it_does_not_have(verb: str) -> None:
    own = texts(verb)
    assert set(own) <= {"long", "arguments", "options", "examples"}
    assert set(own.get("arguments", {})) == {p.name for p in of(verb, click.Argument)}
    assert set(own.get("options", {})) <= {long_name(p) for p in of(verb, click.Option)}


def test_every_shared_text_is_used_and_every_file_is_a_verb() -> None:
    assert {p.stem for p in TEXTS.glob("*.toml")} == {*VERBS, SHARED, "relending"}
    taken = {"--version"}
    metavars = set()
    for verb in VERBS:
        taken |= {long_name(p) for p in of(verb, click.Option) if long_name(p) not in texts(verb).get("options", {})}
        metavars |= {p.make_metavar(click.Context(command_of(verb))) for p in of(verb, click.Option) if not p.is_flag}
    assert set(texts(SHARED)["options"]) == taken
    assert set(texts(SHARED)["metavars"]) == {m for m in metavars if not m.startswith("[")}


def test_every_verb_stands_in_a_group_and_every_group_has_verbs() -> None:
    assert {one.group for one in VERBS.values()} == set(GROUPS)
    assert all(CHINESE.search(one.zh) and not CHINESE.search(one.en) for one in VERBS.values())


# -- one language at a time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [None, *VERBS])
def test_no_english_sentence_is_left_in_the_chinese_help(verb: str | None) -> None:
    said = without_commands(help_text(verb, "zh"))
    assert SENTENCE.findall(said) == []
    assert not re.search(r"Usage|Options|Arguments|Examples|OPTIONS|ARGS|TEXT|default:|required|Show this", said)


def test_the_probe_sees_an_english_sentence() -> None:
    assert SENTENCE.search("选项：Show this message and exit.") and SENTENCE.search(help_text("run", "en"))


@pytest.mark.parametrize("verb", VERBS)
def test_the_english_help_is_told_in_english(verb: str) -> None:
    said = help_text(verb, "en")
    assert not re.search("用法|选项|参数|示例|默认|必填|。", said)


@pytest.mark.parametrize("words", [[], ["run"], ["policy"]])
def test_the_language_may_stand_anywhere_or_in_the_environment(words: list[str]) -> None:
    zh = shown(*words, "--lang", "zh")
    assert zh.startswith("用法：relending")
    assert zh == shown("--lang", "zh", *words) == shown(*words, RELENDING_LANG="zh")
    en = shown(*words)
    assert en.startswith("Usage: relending")
    assert en == shown(*words, "--lang", "en", RELENDING_LANG="zh") == shown(*words, LANG="zh_CN.UTF-8", LC_ALL="zh_CN")


def test_a_language_before_the_verb_is_the_verbs() -> None:
    def said(*words: str, **env: str) -> str:
        return CliRunner().invoke(main, list(words), env=env).output

    assert said("--lang", "zh", "policy") == said("policy", "--lang", "zh") != said("policy")
    assert said("--lang", "en", "policy", RELENDING_LANG="zh") == said("policy")
    assert said("--lang", "zh", "policy", "--lang", "en") == said("policy")


# -- made for a terminal -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal_but_what_is_to_be_typed(verb: str, lang: str, columns: int) -> None:
    said = shown(verb, "--lang", lang, COLUMNS=str(columns))
    wide = [line for line in said.splitlines() if cells(line) > columns and not line.startswith("  relending ")]
    assert wide == []


def test_texts_of_options_begin_in_one_column_in_chinese_too() -> None:
    said = shown("check", "--lang", "zh").split("选项：\n")[1].split("\n\n")[0].splitlines()
    starts = {cells(line[: re.search(r"\S  +(?=\S)", line).end()]) for line in said if line.startswith("  --")}  # type: ignore[union-attr]
    starts |= {len(line) - len(line.lstrip()) for line in said if not line.startswith("  -")}
    assert len(starts) == 1


def test_the_page_of_commands_is_what_the_code_makes() -> None:
    from relending.cli.document import commands_page

    page = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    made, _, by_hand = page.partition("\n<!-- written by hand from here on -->\n")
    assert made == commands_page(), "python tools/build_docs.py"
    assert all(f"\n## {verb}\n" in made for verb in VERBS)
    assert all(f"| {code} |" in by_hand for code in (0, 1, 2, 3, 130)) and "RELENDING_LANG" in by_hand
