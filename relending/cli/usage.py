"""Wrong usage as it is told: what click says of options and arguments, in the language asked for."""

from __future__ import annotations

import re
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from relending.cli.helping import argument_name, parameter_name
from relending.cli.language import language
from relending.cli.verbs import VERBS
from relending.terminal import visible

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells give it."""
ALIKE = 0.5
"""How alike a word and a verb must be for the one to be taken for the other."""

_PLACE = {"File": "文件", "Directory": "文件夹", "Path": "路径", "file": "文件", "directory": "文件夹", "path": "路径"}
_NUMBER = {"integer": "整数", "float": "数值", "whole number": "整数"}

_CLICK = (
    (r"No such command '(.+?)'\.?.*", "没有命令 {0!r}"),
    (r"No such option:? '?(.+?)'?\.?(?: .*)?", "没有选项 {0}"),
    (r"Missing argument '(.+?)'\.", "缺少参数 {0}"),
    (r"Missing option '(.+?)'\.", "缺少选项 {0}"),
    (r"Missing parameter:? ?'?(.+?)'?\.?", "缺少参数 {0}"),
    (r"Missing command\.", "缺少命令"),
    (r"Option '(.+?)' requires an argument\.", "选项 {0} 后须给出值"),
    (r"Option '(.+?)' requires (\d+) arguments\.", "选项 {0} 后须给出 {1} 个值"),
    (r"Option '(.+?)' does not take a value\.", "选项 {0} 不带值"),
    (r"Argument '(.+?)' takes (\d+) values\.", "参数 {0} 须给出 {1} 个值"),
    (r"Takes (\d+) values but (\d+) (?:was|were) given\.", "须给出 {0} 个值，实际给出 {1} 个"),
    (r"(\d+) values are required, but (\d+) (?:was|were) given\.", "须给出 {0} 个值，实际给出 {1} 个"),
    (r"Value must be an iterable\.", "应为多个值"),
    (r"Got unexpected extra arguments? \((.+)\)", "多余的参数：{0}"),
    (r"'(.*)' is not one of (.+)\.", "{0!r} 应为 {1} 之一"),
    (r"'(.*)' is not a valid boolean\. Recognized values: (.+)", "{0!r} 应为 {1} 之一"),
    (r"'(.*)' is not a valid UUID\.", "{0!r} 不是 UUID"),
    (r"'(.*)' is not a valid (?:float|integer|whole number)(?: range)?\.", "{0!r} 不是数值"),
    (r"(\S+) is not in the range x>=(\S+)\.", "{0} 应不小于 {1}"),
    (r"(\S+) is not in the range (\S+)<=x<=(\S+)\.", "{0} 应在 {1} 至 {2} 之间"),
    (r"(\S+) is not in the range (.+)\.", "{0} 应在 {1} 范围内"),
    (r"'(.*)' does not match the formats? '%Y-%m-%d'\.", "{0!r} 不是日期，应写作 2024-07-30"),
    (r"'(.*)' does not match the formats? (.+)\.", "{0!r} 的写法应为 {1}"),
    (r"(\w+) '(.+)' does not exist\.", "{0} {1!r} 不存在"),
    (r"(\w+) '(.+)' is a directory\.", "{1!r} 是文件夹"),
    (r"(\w+) '(.+)' is a file\.", "{1!r} 是文件"),
    (r"(\w+) '(.+)' is not readable\.", "{0} {1!r} 无法读取"),
    (r"(\w+) '(.+)' is not writable\.", "{0} {1!r} 无法写入"),
    (r"(\w+) '(.+)' is not executable\.", "{0} {1!r} 无法执行"),
    (r"Could not open file '(.+)': unknown error", "无法打开文件 {0!r}"),
    (r"Could not open file '(.+)': (.+)", "无法打开文件 {0!r}：{1}"),
    (r"'(.*)' is not (.+)\.", "{0!r} 应为 {1}"),
)
"""What click says, and the same in Chinese; anything else stands as it is."""


def in_chinese(text: str) -> str:
    """What click says of an option or argument, in Chinese; a text of ours as it is.

    >>> in_chinese("Missing argument 'BOOK...'.")
    '缺少参数 BOOK...'
    >>> in_chinese("Invalid value for '--loans': 'x' is not a valid integer.")
    "'--loans' 的值无效：'x' 不是数值"
    """
    whole = re.fullmatch(r"Invalid value(?: for (.+?))?: (.*)", text, re.DOTALL)
    if whole is not None:
        named = re.sub(r" \(env var: '(\w+)'\)", r"（环境变量 \1）", whole[1] or "")
        return f"{named} 的值无效：{in_chinese(whole[2])}" if named else f"值无效：{in_chinese(whole[2])}"
    for pattern, said in _CLICK:
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found is not None:
            return said.format(*(_PLACE.get(one, one) for one in found.groups()))
    return text


def no_such_verb(word: str, context: click.Context) -> click.UsageError:
    """Wrong usage that names the verb nearest to a word; a Chinese word finds the verb whose line has it."""
    from difflib import get_close_matches

    near = get_close_matches(word.lower().replace("_", "-"), VERBS, 1, ALIKE)
    near += [verb for verb, one in VERBS.items() if word in one.zh and not word.isascii()][:1]
    if language(context) == "zh":
        said = f"没有命令 {word!r}" + (f"；最接近：{near[0]}" if near else "；全部命令：relending --help --lang zh")
    else:
        said = f"No such command {word!r}." + (f" Did you mean {near[0]!r}?" if near else "")
    return click.UsageError(said, context)


def told(error: click.UsageError, lang: str) -> click.UsageError:
    """Wrong usage as it is shown in a language; help asked for by naming nothing stays help."""
    return error if isinstance(error, (NoArgsIsHelpError, Told)) else Told(error, lang)


class Told(click.UsageError):
    """Wrong usage as another said it: the usage, where help is, and what was wrong."""

    def __init__(self, said: click.UsageError, lang: str) -> None:
        super().__init__(said.format_message() if lang == "en" else _chinese(said), said.ctx)
        self.lang = lang

    def show(self, file: Any = None) -> None:
        """On standard error, without control characters of what was typed."""
        zh, lines = self.lang == "zh", []
        if self.ctx is not None:
            line = self.ctx.get_usage()
            lines.append(line.replace("Usage: ", "用法：", 1) if zh else line)
            more = f"{self.ctx.command_path} --help"
            lines += [f"帮助：{more}" if zh else f"Try '{more}' for help.", ""]
        message = self.format_message()
        said = "\n".join([*lines, f"错误：{message}" if zh else f"Error: {message}"])
        click.echo(visible(said, lines=True), file=file, err=file is None)


def _chinese(said: click.UsageError) -> str:
    """What was wrong, in Chinese."""
    if isinstance(said, click.NoSuchOption):
        near = "、".join(sorted(said.possibilities or ()))
        return f"没有选项 {said.option_name}" + (f"；最接近：{near}" if near else "")
    if isinstance(said, click.MissingParameter) and said.param is not None and said.ctx is not None:
        what = "参数" if isinstance(said.param, click.Argument) else "选项"
        choices = said.param.type.choices if isinstance(said.param.type, click.Choice) else ()
        more = f"（{'、'.join(map(str, choices))}）" if choices else ""
        return f"缺少{what} {parameter_name(said.param, said.ctx, 'zh')}{more}"
    if isinstance(said, click.BadParameter) and isinstance(said.param, click.Argument) and said.ctx is not None:
        named = argument_name(said.param, said.ctx.info_name or "", "zh", said.ctx)
        return f"{named} 的值无效：{in_chinese(said.message)}"
    return in_chinese(said.format_message())


class Interrupted(click.ClickException):
    """Ctrl-C: one line, and the exit code that shells know."""

    exit_code = INTERRUPTED

    def __init__(self, lang: str) -> None:
        super().__init__(
            "已中断；没有写到一半的文件。" if lang == "zh" else "Interrupted; no file is left half-written."
        )

    def show(self, file: Any = None) -> None:
        """A line of its own, below what the terminal echoes of the key."""
        click.echo("\n" + visible(self.message), file=file, err=file is None)
