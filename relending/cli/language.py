"""Which language a command line is told in: what it says itself, else RELENDING_LANG, else English.

The locale of the system does not count: a script, a log and a page of the documentation read the same on every
machine, and a Chinese Windows used in a foreign branch shows what was asked for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeVar

import click

LANGUAGES = ("zh", "en")
VARIABLE = "RELENDING_LANG"
_GIVEN, _WORDS = "relending.lang", "relending.words"
_F = TypeVar("_F", bound=Any)


def given_language(words: Sequence[str]) -> str | None:
    """The language that a command line names, also where the rest of it could not be understood; the last one counts.

    >>> given_language(["check", "a.csv", "--lang", "zh"]), given_language(["--lang=en", "check"]), given_language([])
    ('zh', 'en', None)
    """
    words = words[: words.index("--")] if "--" in words else words
    given = [
        word if option == "--lang" else word.removeprefix("--lang=")
        for option, word in pairwise(["", *words])
        if option == "--lang" or word.startswith("--lang=")
    ]
    return given[-1] if given else None


def remember(context: click.Context, words: Sequence[str]) -> None:
    """Keep the language of a command line where every verb and error of it finds it."""
    context.meta[_GIVEN] = given_language(words)
    context.meta[_WORDS] = tuple(words)


def typed(context: click.Context) -> tuple[str, ...]:
    """The words of the command line under way, understood or not."""
    found: tuple[str, ...] = context.meta.get(_WORDS, ())
    return found


def language(context: click.Context | None = None) -> str:
    """The language of a command line under way, or with no context of the surroundings."""
    given = None if context is None else context.meta.get(_GIVEN)
    return "zh" if (given or os.environ.get(VARIABLE)) == "zh" else "en"


class _Language(click.Option):
    """``--lang`` of a verb; one given before the verb counts before the environment."""

    def consume_value(self, ctx: click.Context, opts: Any) -> Any:
        """The value and where it is from."""
        value, source = super().consume_value(ctx, opts)
        before = ctx.meta.get(_GIVEN)
        if source is not click.core.ParameterSource.COMMANDLINE and before is not None:
            return before, click.core.ParameterSource.COMMANDLINE
        return value, source


def lang_option(command: _F) -> _F:
    """``--lang zh|en``."""
    option = click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        default="en",
        is_eager=True,
        show_default=True,
        envvar=VARIABLE,
        cls=_Language,
        help="Language of the text and of this help (also RELENDING_LANG).",
    )
    decorated: _F = option(command)
    return decorated
