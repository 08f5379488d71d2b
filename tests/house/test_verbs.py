"""Every verb tells how it is used, and says no with exit code 2 to what it does not know."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from relending.cli.helping import example, texts
from relending.cli.main import main
from relending.cli.verbs import GROUPS, VERBS

ROOT = Path(__file__).resolve().parents[2]


def command_of(verb: str) -> click.Command:
    found = main.get_command(click.Context(main), verb)  # type: ignore[attr-defined]
    assert found is not None
    return found  # type: ignore[no-any-return]


def arguments_of(verb: str) -> list[str]:
    """What fills the required arguments, so that nothing but the option can be wrong."""
    return ["x" for p in command_of(verb).params if isinstance(p, click.Argument) and p.required]


def test_a_verb_is_a_file_and_a_file_a_verb() -> None:
    shared = {"__init__", "beside", "choosing", "comparing", "complete", "disclose_usage", "disclosing", "document"}
    shared |= {"helping", "language", "main", "people", "run_folders", "run_summary", "run_words", "screen", "usage"}
    shared |= {"plot_files", "plot_words", "plotting", "template_scenario", "verbs"}
    stems = {p.stem for p in (ROOT / "relending" / "cli").glob("*.py")} - shared
    assert {stem.replace("_", "-") for stem in stems} == set(VERBS)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_help_lists_every_verb_once_under_who_uses_it(lang: str) -> None:
    shown = CliRunner().invoke(main, ["--help", "--lang", lang], terminal_width=120)
    assert shown.exit_code == 0
    for verb, one in VERBS.items():
        group = re.findall(
            rf"^(\S.*?)[:：]$(?:\n  .*$)*?\n  {verb} +{re.escape(getattr(one, lang))}$", shown.output, re.M
        )
        assert group == [GROUPS[one.group][lang]], verb


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_has_examples_that_parse(verb: str, lang: str) -> None:
    command, examples = command_of(verb), texts(verb)["examples"]
    said = CliRunner().invoke(main, [verb, "--help", "--lang", lang])
    assert said.exit_code == 0 and command.name == verb and command.help
    assert 2 <= len(examples) <= 4 and shlex.split(examples[0]["run"])[1] == verb
    for one in examples:
        typed = example(one, lang)
        assert typed in said.output
        program, of, *words = shlex.split(typed)
        assert program == "relending"
        # parsed, not carried out
        command_of(of).make_context(of, words)


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_a_verb_says_what_it_does(verb: str) -> None:
    silent = [p.name for p in command_of(verb).params if isinstance(p, click.Option) and not p.help]
    assert silent == []
    assert {"lang"} <= {p.name for p in command_of(verb).params}


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_option_is_wrong_usage(verb: str) -> None:
    said = CliRunner().invoke(main, [verb, *arguments_of(verb), "--no-such-option"])
    assert said.exit_code == 2
    assert "--no-such-option" in said.output and "Traceback" not in said.output


@pytest.mark.parametrize("verb", [v for v in VERBS if v not in ("policy", "data")])
def test_a_missing_argument_is_wrong_usage(verb: str) -> None:
    said = CliRunner().invoke(main, [verb])
    assert said.exit_code == 2 and "Missing argument" in said.output


@pytest.mark.parametrize("verb", VERBS)
def test_a_language_that_is_not_there_is_wrong_usage(verb: str) -> None:
    said = CliRunner().invoke(main, [verb, *arguments_of(verb), "--lang", "fr"])
    assert said.exit_code == 2 and "fr" in said.output


def test_an_unknown_verb_is_wrong_usage() -> None:
    said = CliRunner().invoke(main, ["ruin", "demo"])
    assert said.exit_code == 2 and "No such command" in said.output
