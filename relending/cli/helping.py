"""Help in both languages: what a verb's texts are, and the page they make.

The English of options and long texts stands in the code, beside what it describes; the Chinese, what arguments are and
the examples in ``help/VERB.toml``, texts of several verbs in ``help/shared.toml``. A test keeps both complete.
"""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click

from relending.cli.language import language
from relending.cli.verbs import GROUPS, VERBS
from relending.terminal import cells, wrapped

TEXTS = Path(__file__).with_name("help")
SHARED = "shared"
FIRST, GAP = 26, 2
"""Places of the widest option that has its text beside it; one that is wider has it below."""
WIDEST, NARROWEST = 100, 50
INDENT = "  "

HEADS = {
    "en": {
        "usage": "Usage:",
        "options": "Options",
        "arguments": "Arguments",
        "examples": "Examples",
        "[OPTIONS]": "[OPTIONS]",
        "verb": "COMMAND [ARGS]...",
        "default": "default: {}",
        "required": "required",
        "repeatable": "repeatable",
        "colon": ":",
    },
    "zh": {
        "usage": "用法：",
        "options": "选项",
        "arguments": "参数",
        "examples": "示例",
        "[OPTIONS]": "[选项]",
        "verb": "命令 [参数]...",
        "default": "默认：{}",
        "required": "必填",
        "repeatable": "可多次给出",
        "colon": "：",
    },
}


@cache
def texts(name: str) -> dict[str, Any]:
    """The texts of a verb, or those of several (:data:`SHARED`); empty for a verb that has none."""
    path = TEXTS / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def long_name(option: click.Parameter) -> str:
    """The name that an option's texts are kept under: its first long one.

    >>> long_name(click.Option(["-h", "--help"]))
    '--help'
    """
    return next((name for name in option.opts if name.startswith("--")), option.opts[0])


def argument_name(argument: click.Parameter, verb: str, lang: str, context: click.Context) -> str:
    """What an argument is called in a usage line: ``SCENARIO...``, ``情景...``."""
    shown = argument.make_metavar(context)
    named = texts(verb).get("arguments", {}).get(argument.name or "", {})
    return shown if lang == "en" else shown.replace((argument.name or "").upper(), named.get("name", argument.name))


def parameter_name(parameter: click.Parameter, context: click.Context, lang: str) -> str:
    """What a parameter is called where it is wrong."""
    if isinstance(parameter, click.Argument):
        return argument_name(parameter, context.info_name or "", lang, context)
    return " / ".join(parameter.opts)


def usage(command: click.Command, context: click.Context, lang: str) -> str:
    """The usage line of a verb or of the list of verbs."""
    w = HEADS[lang]
    if isinstance(command, click.Group):
        rest = [w["[OPTIONS]"], w["verb"]]
    else:
        given = [p for p in command.params if isinstance(p, click.Argument)]
        rest = [w["[OPTIONS]"], *(argument_name(p, command.name or "", lang, context) for p in given)]
    space = " " if lang == "en" else ""
    return f"{w['usage']}{space}{context.command_path} {' '.join(rest)}"


def help_page(command: click.Command, context: click.Context) -> str:
    """The help of a verb, or of the list of verbs, in the language of the command line, as wide as the screen."""
    lang = language(context)
    width = _width(context)
    own = texts(command.name or "") if not isinstance(command, click.Group) else texts("relending")
    said = inspect.cleandoc(command.help or "") if lang == "en" else own.get("long", "").strip()
    lines = [*wrapped(usage(command, context, lang), width), ""]
    for paragraph in re.split(r"\n\s*\n", said):
        kept, as_it_is = paragraph.removeprefix("\b").strip("\n"), paragraph.startswith("\b")
        lines += [INDENT + line for line in kept.splitlines()] if as_it_is else _indented(_joined(kept), width, INDENT)
        lines.append("")
    if isinstance(command, click.Group):
        for group, name in GROUPS.items():
            rows = [(verb, getattr(one, lang)) for verb, one in VERBS.items() if one.group == group]
            lines += _section(name[lang], rows, width, lang, first=max(map(len, VERBS)))
    else:
        given = [p for p in command.params if isinstance(p, click.Argument)]
        rows = [(argument_name(p, command.name or "", lang, context), _argument(p, own, lang)) for p in given]
        lines += _section(HEADS[lang]["arguments"], rows, width, lang)
    options = [p for p in command.get_params(context) if isinstance(p, click.Option) and not p.hidden]
    rows = [(_spec(p, context, lang), _option(p, own, context, lang)) for p in options]
    lines += _section(HEADS[lang]["options"], rows, width, lang)
    lines += _examples(own.get("examples", []), width, lang)
    for line in own.get("then", {}).get(lang, []):
        lines += wrapped(line, width)
    return "\n".join(lines).rstrip()


def _width(context: click.Context) -> int:
    """Places of a line: the screen's, within what can be read."""
    if context.terminal_width is not None:
        return context.terminal_width
    from shutil import get_terminal_size

    return max(min(get_terminal_size().columns, WIDEST) - 2, NARROWEST)


def _joined(paragraph: str) -> str:
    """A paragraph written over several lines as one; between Chinese characters there is no blank."""
    wide = "[\u3000-\u9fff\uff00-\uffef]"
    return re.sub(rf"(?<={wide})\n\s*|\n\s*(?={wide})", "", paragraph).replace("\n", " ")


def _indented(text: str, width: int, indent: str) -> list[str]:
    return [indent + line for line in wrapped(text, width - len(indent))]


def _section(head: str, rows: Sequence[tuple[str, str]], width: int, lang: str, first: int = 0) -> list[str]:
    """A heading and, under it, each name with its text beside it."""
    if not rows:
        return []
    column = max(first, *(cells(name) for name, _ in rows if cells(name) <= FIRST), 8) + GAP
    lines = [head + HEADS[lang]["colon"]]
    for name, said in rows:
        told = wrapped(said, width - len(INDENT) - column) or [""]
        if cells(name) > column - GAP:
            lines.append(INDENT + name)
        else:
            lines.append(f"{INDENT}{name}{' ' * (column - cells(name))}{told.pop(0)}".rstrip())
        lines += [" " * (len(INDENT) + column) + line for line in told]
    return [*lines, ""]


def _argument(argument: click.Argument, own: dict[str, Any], lang: str) -> str:
    return str(own.get("arguments", {}).get(argument.name or "", {}).get(lang, ""))


def option_text(option: click.Option, own: dict[str, Any], lang: str) -> str:
    """What an option does, in words."""
    if lang == "en":
        return option.help or ""
    name = long_name(option)
    return str(own.get("options", {}).get(name) or texts(SHARED)["options"].get(name, ""))


def _option(option: click.Option, own: dict[str, Any], context: click.Context, lang: str) -> str:
    """Its text, with default, range, and whether it is required or may be given again."""
    w, extra, said = HEADS[lang], option.get_help_extra(context), []
    if "default" in extra:
        said.append(w["default"].format(extra["default"]))
    if "range" in extra:
        said.append(_range(extra["range"], lang))
    if extra.get("required"):
        said.append(w["required"])
    if option.multiple:
        said.append(w["repeatable"])
    text = option_text(option, own, lang)
    if not said:
        return text
    return f"{text} [{'; '.join(said)}]" if lang == "en" else f"{text}［{'；'.join(said)}］"


def _range(text: str, lang: str) -> str:
    """Bounds of a number: ``x>=1``, ``0<=x<=50``.

    >>> _range("x>=1", "zh"), _range("0<=x<=50", "zh"), _range("0<=x<=50", "en")
    ('不小于 1', '0 至 50', '0 to 50')
    """
    least, both = re.fullmatch(r"x>=(\S+)", text), re.fullmatch(r"(\S+)<=x<=(\S+)", text)
    if least is not None:
        return f"{least[1]} or more" if lang == "en" else f"不小于 {least[1]}"
    if both is not None:
        return f"{both[1]} to {both[2]}" if lang == "en" else f"{both[1]} 至 {both[2]}"
    return text


def _spec(option: click.Option, context: click.Context, lang: str) -> str:
    """An option as it is typed: ``--set KEY=VALUE``, ``--compare / --no-compare``."""
    names = ", ".join(option.opts) + (f" / {', '.join(option.secondary_opts)}" if option.secondary_opts else "")
    if option.is_flag or option.count:
        return names
    shown = option.make_metavar(context)
    return f"{names} {shown if lang == 'en' else texts(SHARED)['metavars'].get(shown, shown)}"


def example(one: dict[str, str], lang: str) -> str:
    """The command of an example, which answers in the language of the help.

    >>> example({"run": "relending policy"}, "zh"), example({"run": "relending policy"}, "en")
    ('relending policy --lang zh', 'relending policy')
    """
    return one["run"] if lang == "en" or "--lang " in one["run"] else f"{one['run']} --lang {lang}"


def _examples(examples: Sequence[dict[str, str]], width: int, lang: str) -> list[str]:
    """What each does, and the command under it, never broken: it is there to be copied."""
    if not examples:
        return []
    lines = [HEADS[lang]["examples"] + HEADS[lang]["colon"]]
    for one in examples:
        lines += [f"{INDENT}# {line}" for line in wrapped(one[lang], width - len(INDENT) - 2)]
        lines.append(INDENT + example(one, lang))
    return [*lines, ""]


class Verb(click.Command):
    """A verb whose help is in both languages."""

    def get_help(self, ctx: click.Context) -> str:
        """The page of the verb."""
        return help_page(self, ctx)

    def get_usage(self, ctx: click.Context) -> str:
        """The usage line."""
        return usage(self, ctx, language(ctx))

    def get_short_help_str(self, limit: int = 45) -> str:
        """What the list of verbs says of it, in the language of the surroundings; for completion."""
        listed = VERBS.get(self.name or "")
        return getattr(listed, language()) if listed is not None else super().get_short_help_str(limit)


def verb(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Decorator: a function becomes the verb of this name."""
    return click.command(name, cls=Verb)
