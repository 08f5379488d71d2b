"""Wrong usage told in Chinese: what click says of options and arguments, in the language asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import click

from relending.terminal import visible

_CLICK = (
    (r"No such command '(.+?)'\.?.*", "没有命令 {0!r}"),
    (r"Missing argument '(.+?)'\.", "缺少参数 {0}"),
    (r"Missing option '(.+?)'\.", "缺少选项 {0}"),
    (r"Missing command\.", "缺少命令"),
    (r"Option '(.+?)' requires an argument\.", "选项 {0} 后须给出值"),
    (r"Option '(.+?)' does not take a value\.", "选项 {0} 不带值"),
    (r"Got unexpected extra arguments? \((.+)\)", "多余的参数：{0}"),
    (r"'(.*)' is not one of (.+)\.", "{0!r} 应为 {1} 之一"),
    (r"'(.*)' is not a valid (?:float|integer)(?: range)?\.", "{0!r} 不是数值"),
    (r"(\S+) is not in the range (.+)\.", "{0} 应在 {1} 范围内"),
    (r"'(.*)' does not match the format '%Y-%m-%d'\.", "{0!r} 不是日期，应写作 2024-07-30"),
    (r"File '(.+)' is a directory\.", "{0!r} 是文件夹"),
    (r"Directory '(.+)' is a file\.", "{0!r} 是文件"),
)
"""What click says, and the same in Chinese; anything else stands as it is."""


def is_chinese(words: Sequence[str]) -> bool:
    """Whether the language of a command line is Chinese, also where the rest of it could not be understood.

    >>> is_chinese(["check", "a.csv", "--lang", "zh"]), is_chinese(["check", "--lang=en"])
    (True, False)
    """
    given = [value for option, value in pairwise(words) if option == "--lang"]
    given += [word.removeprefix("--lang=") for word in words if word.startswith("--lang=")]
    return (given[-1] if given else os.environ.get("RELENDING_LANG", "")) == "zh"


def in_chinese(text: str) -> str:
    """What click says of an option or argument, in Chinese; a text of ours as it is.

    >>> in_chinese("Missing argument 'BOOK...'.")
    '缺少参数 BOOK...'
    >>> in_chinese("Invalid value for '--loans': 'x' is not a valid integer.")
    "'--loans' 的值无效：'x' 不是数值"
    """
    whole = re.fullmatch(r"Invalid value(?: for (.+?))?: (.*)", text, re.DOTALL)
    if whole is not None:
        return f"{whole[1] or ''} 的值无效：{in_chinese(whole[2])}".strip()
    for pattern, said in _CLICK:
        found = re.fullmatch(pattern, text)
        if found is not None:
            return said.format(*found.groups())
    return text


class ToldInChinese(click.UsageError):
    """Wrong usage as another said it, shown in Chinese."""

    def __init__(self, said: click.UsageError) -> None:
        text = in_chinese(said.format_message())
        if isinstance(said, click.NoSuchOption):
            near = "、".join(sorted(said.possibilities or ()))
            text = f"没有选项 {said.option_name}" + (f"；最接近：{near}" if near else "")
        super().__init__(text, said.ctx)

    def show(self, file: Any = None) -> None:
        """The usage, where help is, and what was wrong."""
        lines = []
        if self.ctx is not None:
            lines.append(self.ctx.get_usage().replace("Usage: ", "用法：", 1))
            lines.append(f"帮助：{self.ctx.command_path} --help")
        said = "\n".join([*lines, "", f"错误：{self.format_message()}"])
        click.echo(visible(said, lines=True), file=file, err=file is None)
