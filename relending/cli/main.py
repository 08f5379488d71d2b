"""The group of verbs: each is loaded from its file when it is called."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from relending.cli.helping import help_page, usage
from relending.cli.language import LANGUAGES, given_language, language, remember
from relending.cli.screen import let_through
from relending.cli.usage import Interrupted, no_such_verb, told
from relending.cli.verbs import VERBS

atexit.register(gc.freeze)  # a process that ends gives all back at once: it need not look for garbage first


class Verbs(click.Group):
    """Lists verbs from a table, so that help imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The verb, imported now."""
        if name not in VERBS:
            return None
        found: click.Command = import_module(f"relending.cli.{name.replace('-', '_')}").command
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """The verb meant; wrong usage that names the nearest where there is none."""
        if args[0] not in VERBS and not ctx.resilient_parsing:
            raise no_such_verb(args[0], ctx)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Understand what stands before the verb; the language is known from here on."""
        remember(ctx, args)
        with _in_their_language(language(ctx)):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out the verb; wrong usage is told in the language asked for."""
        with _in_their_language(language(ctx)):
            return super().invoke(ctx)

    def main(self, *args: Any, **named: Any) -> Any:
        """Parse and carry out, help included.

        What is printed survives a screen that lacks some of its characters; what the system refuses (a full disk, a
        path too long, no permission) is one line.
        """
        let_through()
        try:
            return super().main(*args, **named)
        except OSError as error:
            _told(error, given_language(sys.argv[1:]))
            sys.exit(1)

    def get_help(self, ctx: click.Context) -> str:
        """The list of verbs by who uses them."""
        return help_page(self, ctx)

    def get_usage(self, ctx: click.Context) -> str:
        """The usage line."""
        return usage(self, ctx, language(ctx))


@contextmanager
def _in_their_language(lang: str) -> Iterator[None]:
    """Wrong usage, and a stop by Ctrl-C, as they are told in this language."""
    try:
        yield
    except click.UsageError as error:
        raise told(error, lang) from None
    except (KeyboardInterrupt, click.Abort):
        raise Interrupted(lang) from None


def _told(error: OSError, lang: str | None) -> None:
    """The refusal in the language asked for; in both where none was."""
    from relending.outfile import reason
    from relending.terminal import visible

    en, zh = reason(error)
    where = f"{error.filename}: " if error.filename is not None else ""
    said = {"zh": zh, "en": en}.get(lang or os.environ.get("RELENDING_LANG", ""), f"{en} / {zh}")
    with suppress(OSError):
        click.echo(visible(f"{where}{said}"), err=True)
    if error.errno in (errno.ENOSPC, errno.EFBIG):
        # what was printed is lost; closing the stream shall not fail once more
        with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    is_eager=True,
    expose_value=False,
    help="Language of the text and of all help; also after the verb, or RELENDING_LANG.",
)
@click.version_option(package_name="relending", message="%(prog)s %(version)s")
def main() -> None:
    """Simulate, account for and disclose lending supported by the PBoC's re-lending facilities."""
