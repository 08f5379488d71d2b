"""Every verb tells how it is used, and says no with exit code 2 to what it does not know."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from relending.cli.main import VERBS, main

ROOT = Path(__file__).resolve().parents[2]


def command_of(verb: str) -> click.Command:
    found = main.get_command(click.Context(main), verb)  # type: ignore[attr-defined]
    assert found is not None
    return found  # type: ignore[no-any-return]


def arguments_of(verb: str) -> list[str]:
    """What fills the required arguments, so that nothing but the option can be wrong."""
    return ["x" for p in command_of(verb).params if isinstance(p, click.Argument) and p.required]


def test_a_verb_is_a_file_and_a_file_a_verb() -> None:
    shared = {"__init__", "beside", "comparing", "disclose_usage", "disclosing", "main", "people"}
    shared |= {"plot_files", "plot_words", "plotting", "run_folders", "run_summary", "run_words", "screen", "usage"}
    stems = {p.stem for p in (ROOT / "relending" / "cli").glob("*.py")} - shared
    assert {stem.replace("_", "-") for stem in stems} == set(VERBS)


def test_help_lists_every_verb_in_both_languages() -> None:
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    for verb, said in VERBS.items():
        assert re.search(rf"^  {verb} ", shown.output, re.MULTILINE)
        assert re.search("[\u4e00-\u9fff]", said)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_has_an_example_that_parses(verb: str) -> None:
    command = command_of(verb)
    said = CliRunner().invoke(main, [verb, "--help"])
    assert said.exit_code == 0
    assert command.name == verb and command.help
    assert command.epilog and command.epilog.startswith("Example: relending "), "no example"
    words = shlex.split(command.epilog.removeprefix("Example: "))
    assert words[:2] == ["relending", verb]
    # parsed, not carried out
    command.make_context(verb, words[2:])


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
