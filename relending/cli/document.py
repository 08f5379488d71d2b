"""The page docs/commands.md: the help of every verb in both languages, so that it cannot fall behind the commands."""

from __future__ import annotations

import click

from relending.cli.helping import help_page
from relending.cli.language import LANGUAGES, remember
from relending.cli.main import main
from relending.cli.verbs import GROUPS, VERBS

WIDTH = 96
"""Places of a line on the page."""

HEAD = """# Commands 命令

The list and the help of every verb are made by `tools/build_docs.py`; a test keeps them so.
命令表和各命令的帮助由代码生成。

Below them: [exit codes 退出码](#exit-codes-退出码),
[environment variables 环境变量](#environment-variables-环境变量),
[shell completion 命令补全](#shell-completion-命令补全).

`relending VERB --help` shows the same, in the language asked for and as wide as the screen.
`relending 命令 --help --lang zh` 在屏幕上显示同样的内容。

| for whom 使用者 | verb 命令 | what it does | 用途 |
| --- | --- | --- | --- |
"""


def help_text(verb: str | None, lang: str) -> str:
    """The help of a verb, or with None the list of verbs, as the page has it. KeyError for no verb.

    >>> help_text("policy", "en").splitlines()[0], help_text("policy", "zh").splitlines()[0]
    ('Usage: relending policy [OPTIONS] [FACILITY]', '用法：relending policy [选项] [工具]')
    """
    root = click.Context(main, info_name="relending", terminal_width=WIDTH, help_option_names=["-h", "--help"])
    remember(root, ["--lang", lang])
    if verb is None:
        return help_page(main, root)
    command = main.get_command(root, verb)
    if command is None:
        raise KeyError(verb)
    return help_page(command, click.Context(command, info_name=verb, parent=root))


def commands_page() -> str:
    """The page but for what is written by hand below it: exit codes, environment, completion."""
    rows = [
        f"| {GROUPS[one.group]['en']} {GROUPS[one.group]['zh']} | [{verb}](#{verb}) | {one.en} | {one.zh} |\n"
        for verb, one in VERBS.items()
    ]
    parts = [HEAD + "".join(rows)]
    for verb in (None, *VERBS):
        blocks = [f"```text\n{help_text(verb, lang)}\n```\n" for lang in reversed(LANGUAGES)]
        parts.append("\n".join([f"## {verb or 'relending'}\n", *blocks]))
    return "\n".join(parts)
