"""docs/findings.md: every code with what it means, what to do, and what the product says of a small real input."""

from __future__ import annotations

import atexit
import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from click.testing import CliRunner

from relending.cli import main
from relending.findings import SEVERITIES, WORDS, messages
from relending.terminal import visible
from tests.books.book import CASES as BOOKS
from tests.books.make import FILES
from tests.findings.cases import CASES, UNDO, UNREACHED
from tests.findings.cases_statement import STATEMENT

LANGUAGES = ("en", "zh")
HEADINGS = {
    "error": "## Errors 错误: a loan is set aside, or the run stops 借据暂不计入，或停止运行",
    "warning": "## Warnings 警告: read, but look at them 已读取，请查看",
    "note": "## Notes 提示: what was done 所作处理",
}
HEAD = """\
# Findings 检查事项

This page is made by `tools/build_docs.py` from `relending/messages.toml`, the books of `tests/books` and the cases of
`tests/findings`; a test keeps it so. 本页由代码生成。

Every problem of the input is a finding: severity, code, file, sheet, row, loan, column, what was found, what was
expected, and what to do. The screen shows each code once: how often it comes, its first place, the other words found,
what to do. Where the input stops the work, errors of files, headers and keys stand one a line, and so does an error in
a few rows. All of them are in the run's `findings.csv`, and where `--findings FILE` says: a `.csv`, or an `.xlsx` that
counts them on its first sheet and leads from every row to the cell it speaks of (of a CSV book: to the file).

屏幕上每个代码只显示一次：次数、首例位置、其他写法、如何处理。因输入有误而停止时，文件、表头和情景键的错误逐条显示，
只涉及少数几行的错误也逐条显示。全部检查事项在运行文件夹的 `findings.csv` 中，
也可用 `--findings 文件` 另存为 `.csv` 或 `.xlsx`；后者第一张表为汇总，其后逐条列出，
点击“位置”即可打开原文件的相应单元格（CSV 文件只能打开文件本身）。

The examples are what the product prints, in English and in Chinese; the books they name are in `tests/books/files`.
例子均为程序的实际输出，其中的台账在 `tests/books/files`。
"""


@dataclass(frozen=True)
class Example:
    """What was typed and, by language, what was said of one code."""

    typed: str
    said: Mapping[str, tuple[str, ...]]


def _book_of(code: str) -> tuple[str, ...] | None:
    """The arguments of the first book whose check gives this code."""
    for case in BOOKS:
        if "fails" not in case.must and code in case.codes():
            return tuple(word.removeprefix(f"{FILES}/") for word in case.arguments())
    return None


@cache
def _output(arguments: tuple[str, ...], lang: str) -> str:
    with contextlib.chdir(FILES):
        return CliRunner().invoke(main, [*arguments, "--lang", lang]).output


@cache
def example(code: str) -> Example | None:
    """The example of a code; None for those no input gives."""
    arguments = None if code in CASES else _book_of(code)
    if arguments is not None:
        outputs = {lang: _output(arguments, lang) for lang in LANGUAGES}
        typed = arguments
    elif code in CASES:
        outputs = {}
        for lang in LANGUAGES:
            with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), _put_back():
                typed = tuple(_made(code))
                outputs[lang] = CliRunner().invoke(main, [*typed, "--lang", lang]).output
    else:
        return None
    words = (visible(word.removeprefix(f"{FILES}/")) for word in typed)
    said = {lang: told(outputs[lang], code, lang) for lang in LANGUAGES}
    return Example(
        " ".join(["relending", *(word if word and " " not in word else f'"{word}"' for word in words)]), said
    )


def _made(code: str) -> list[str]:
    """The input of a case, made in the working folder; a run and its archive are made once and copied."""
    if code not in STATEMENT:
        return CASES[code]()
    kept, typed = _statement(code)
    shutil.copytree(kept, ".", dirs_exist_ok=True)
    return list(typed)


@cache
def _statement(code: str) -> tuple[str, tuple[str, ...]]:
    kept = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    with contextlib.chdir(kept):
        return kept, tuple(STATEMENT[code]())


@contextlib.contextmanager
def _put_back() -> Iterator[None]:
    try:
        yield
    finally:
        while UNDO:
            UNDO.pop()()


def told(output: str, code: str, lang: str) -> tuple[str, ...]:
    """The lines of an output that speak of a code: its first, and those indented below it."""
    begin = re.compile(rf"  (?:[0-9,]+ × )?{WORDS[lang][messages()[code].severity]} {code}[:：]")
    lines = output.splitlines()
    for i, line in enumerate(lines):
        if begin.match(line):
            rest = iter(lines[i + 1 :])
            below = []
            for further in rest:
                if not further.startswith("      "):
                    break
                below.append(further)
            return tuple(x.removeprefix("  ").rstrip() for x in (line, *below))
    return ()


def _entry(code: str) -> str:
    one, found = messages()[code], example(code)
    out = [f"### `{code}`", "", f"{one.message['en']}. {one.message['zh']}。", ""]
    out += [f"- To do: {one.fix['en']}.", f"- 处理：{one.fix['zh']}。", ""]
    if found is None:
        out += [f"No example: it {UNREACHED.get(code, '(a case is missing)')}.", ""]
        return "\n".join(out)
    out += ["```text", f"$ {found.typed}"]
    out += [line for lang in LANGUAGES for line in found.said[lang]]
    return "\n".join([*out, "```", ""])


def _index() -> str:
    """All codes in a table a severity, each a link to its entry."""
    rows = ["## All codes 一览", ""]
    for severity in SEVERITIES:
        names = f"{WORDS['en'][severity]} {WORDS['zh'][severity]}"
        rows += [f"| {names} | what it says | 含义 |", "| --- | --- | --- |"]
        for code, one in messages().items():
            if one.severity == severity:
                said = " | ".join(one.message[lang].replace("|", "\\|") for lang in LANGUAGES)
                rows.append(f"| [`{code}`](#{code}) | {said} |")
        rows.append("")
    return "\n".join(rows)


def page() -> str:
    """The whole page."""
    parts = [HEAD, _index()]
    for severity in SEVERITIES:
        parts.append(HEADINGS[severity] + "\n")
        parts += [_entry(code) for code, one in messages().items() if one.severity == severity]
    return "\n".join(parts).rstrip() + "\n"
