"""The group of verbs: each is loaded from its file when it is called."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from relending.cli.screen import let_through
from relending.cli.usage import ToldInChinese, is_chinese

_ZH = "relending.zh"

VERBS = {
    "run": "Run a scenario: loan book in, run folder out. 运行情景",
    "check": "Check a loan book: what is wrong, what is eligible. 检查借据簿",
    "template": "Write a workbook of parameters and loans to fill in, or a statement to adapt. 生成台账或信息披露模板",
    "explain": "Tell one loan's story from a run folder. 说明一笔借据",
    "disclose": "Write the statement of a quarter: Word, Excel, HTML, and the work paper. 生成信息披露",
    "apply": "Write the list of loans to apply for in a quarter. 生成申请清单",
    "key": "Make a key to replace names and ids by hashes (--redact). 生成脱敏密钥",
    "sweep": "Run a scenario under every combination of some values. 参数扫描",
    "monte-carlo": "Draw random paths about a scenario: rates, rollovers, volumes. 蒙特卡洛模拟",
    "plot": "Draw pictures of a run or a study: SVG, PNG, PDF. 作图",
    "policy": "Show the rules of a facility, dated and sourced. 政策参数",
    "data": "Show or write shipped data: CSV, Parquet, Excel, Stata. 随附数据",
    "synth": "Write a synthetic loan book to try things on. 生成合成借据簿",
}


class Verbs(click.Group):
    """Lists verbs from a table, so that help imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of the main job."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The verb, imported now."""
        if name not in VERBS:
            return None
        found: click.Command = import_module(f"relending.cli.{name.replace('-', '_')}").command
        return found

    def make_context(self, *args: Any, **named: Any) -> click.Context:
        """The context of a command line, which remembers whether its language is Chinese."""
        words = list(named.get("args", args[1] if len(args) > 1 else ()))
        zh = is_chinese(words)
        try:
            made = super().make_context(*args, **named)
        except click.UsageError as error:
            raise _in_their_language(error, zh) from None
        made.meta[_ZH] = zh
        return made

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out the verb; wrong usage is told in the language asked for."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _in_their_language(error, ctx.meta[_ZH]) from None

    def main(self, *args: Any, **named: Any) -> Any:
        """Parse and carry out, help included.

        What is printed survives a screen that lacks some of its characters; what the system refuses (a full disk, a
        path too long, no permission) is one line.
        """
        let_through()
        try:
            return super().main(*args, **named)
        except OSError as error:
            _told(error)
            sys.exit(1)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a verb, without importing it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def _in_their_language(error: click.UsageError, zh: bool) -> click.UsageError:
    return ToldInChinese(error) if zh and not isinstance(error, NoArgsIsHelpError) else error


def _told(error: OSError) -> None:
    """The refusal in both languages: what the user chose may not be known any more."""
    from relending.outfile import reason
    from relending.terminal import visible

    en, zh = reason(error)
    where = f"{error.filename}: " if error.filename is not None else ""
    with suppress(OSError):
        click.echo(visible(f"{where}{en} / {zh}"), err=True)
    if error.errno in (errno.ENOSPC, errno.EFBIG):
        # what was printed is lost; closing the stream shall not fail once more
        with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


@click.command(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: relending run demo",
)
@click.version_option(package_name="relending")
def main() -> None:
    """Simulate, account for and disclose lending supported by the PBoC's re-lending facilities.

    模拟、核算并披露中国人民银行再贷款工具支持的贷款。
    """
