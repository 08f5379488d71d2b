"""What the verbs share: errors as people read them, exit codes, progress, small tables."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from relending.cli.language import lang_option as lang_option
from relending.terminal import cells, visible, wrapped

if TYPE_CHECKING:
    from relending.findings import Findings
    from relending.lineage import Redactor
    from relending.scenario import Scenario

STOPPED, WRONG_USAGE, BROKEN = 1, 2, 3
"""Exit codes: stopped by the input, wrong usage, an invariant failed."""

SHOWN_ON_STOP = 5
"""Errors of one code over the rows of a book shown line by line where a run stops; of more the first, and how many."""
KEYS_ON_STOP = 20
"""The same of errors of headers, files and keys: each asks for something else; of more it is said how many."""

NARROWEST = 50
"""Places of a line, however narrow the terminal."""

_F = TypeVar("_F", bound=Any)


def sheet_option(command: _F) -> _F:
    """``--sheet NAME``, as often as there are sheets."""
    option = click.option(
        "--sheet",
        "sheets",
        multiple=True,
        metavar="NAME",
        help="Sheet of the workbook that holds the loans; several together are the book.",
    )
    decorated: _F = option(command)
    return decorated


def allow_outside_option(command: _F) -> _F:
    """``--allow-outside``."""
    option = click.option(
        "--allow-outside", is_flag=True, help="Let a scenario file name files outside its own folder: you trust it."
    )
    decorated: _F = option(command)
    return decorated


def say(text: str, *, err: bool = False) -> None:
    """Print lines; what comes out of a book or a scenario reaches the screen without its control characters."""
    click.echo(visible(text, lines=True), err=err)


def prose_width(most: int) -> int:
    """Places of a line of text on standard output: the terminal's, if it is less; elsewhere always as many."""
    return max(min(get_terminal_size().columns - 1, most), NARROWEST) if sys.stdout.isatty() else most


def say_prose(text: str, *, err: bool = False) -> None:
    """Print lines that may be long; on a terminal they break between words, and what follows is set in as they are.

    Into a file or another program a line stays a line, whatever the width of the screen it was called from.
    """
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        say(text, err=err)
        return
    width = max(get_terminal_size().columns - 1, NARROWEST)
    for line in visible(text, lines=True).splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        first, *rest = wrapped(line.lstrip(), width - len(indent) - 2) or [""]
        say("\n".join([indent + first, *(f"{indent}  {more}" for more in rest)]), err=err)


@contextmanager
def errors_for_people(
    lang: str,
    findings_to: Path | None = None,
    sources: Sequence[tuple[Path, str]] = (),
    redactor: Redactor | None = None,
    written: Sequence[Path] = (),
) -> Iterator[None]:
    """Turns the package's errors into lines and exit codes; anything else is a bug and may show itself.

    Every error that stops is shown, one of many rows once; ``findings_to`` is a file to write all of it to, and
    ``sources`` (as in :func:`write_findings`) may grow until then. The file is redacted if there is a ``redactor``; the
    screen, before whoever has the input, is not. ``written``: files written before the stop; it may grow until then.
    """
    from relending.findings import InputError, InvariantError
    from relending.units import LimitError

    try:
        yield
    except InputError as stop:
        show_findings(stop.findings, lang, err=True, in_full=True)
        said = stop.findings if redactor is None else redactor.findings(stop.findings)
        write_findings(said, findings_to, lang, sources)
        say(_stopped(written, lang), err=True)
        sys.exit(STOPPED)
    except InvariantError as broken:
        say(f"恒等式不成立：{broken}" if lang == "zh" else f"An identity does not hold: {broken}", err=True)
        sys.exit(BROKEN)
    except LimitError as error:
        _too_large(str(error), lang)
    except ValueError as error:
        # only now: what can be saved and what cannot is known to a package that takes its time to load
        from relending.runfolder.errors import FigureTooLarge

        if not isinstance(error, FigureTooLarge):
            raise
        _too_large(str(error), lang)


def _stopped(written: Sequence[Path], lang: str) -> str:
    if not written:
        return "停止：输入有误，未写入任何文件。" if lang == "zh" else "Stopped by the input; nothing was written."
    names = ("、" if lang == "zh" else ", ").join(map(str, written))
    return (
        f"停止：输入有误，除 {names} 外未写入任何文件。"
        if lang == "zh"
        else f"Stopped by the input; nothing was written but {names}."
    )


def _too_large(what: str, lang: str) -> NoReturn:
    text = {
        "en": f"A figure is too large to be computed or written exactly ({what}). "
        "Check the units of the amounts: yuan, ten thousand yuan (万元) and 100 million yuan (亿元).",
        "zh": f"数值过大，无法精确计算或写出（{what}）。请检查金额单位：元、万元、亿元。",
    }[lang]
    say(text, err=True)
    sys.exit(STOPPED)


def is_run_folder(text: str) -> bool:
    """Whether a path is a folder that a run was saved to."""
    from relending.runfolder.manifest import MANIFEST

    return (Path(text) / MANIFEST).is_file()


def stop_at_no_text(path: str) -> None:
    """Stop, as for any wrong input, where the bytes of a path are no text: its name could not be told or recorded."""
    from relending.findings import Findings, InputError

    if any("\ud800" <= c <= "\udfff" for c in str(Path(path).absolute())):
        raise InputError(Findings.one("path_not_text", file=path, found=path))


def stop_at_path(text: str) -> None:
    """Stop, as for any wrong input, where a path is empty, no text or a run folder: a book or a scenario is meant.

    Raises InputError; call it where :func:`errors_for_people` listens.
    """
    from relending.findings import Findings, InputError

    if not text.strip():
        raise InputError(Findings.one("path_empty", file='""'))
    stop_at_no_text(text)
    if is_run_folder(text):
        raise InputError(Findings.one("path_is_run_folder", file=text))


def command_line(*words: str, options: Sequence[str] = (), windows: bool = os.name == "nt") -> str:
    """A command to be typed: quoted for the shell, and safe where a word begins with a dash.

    Windows knows double quotes only, and a backslash needs none.

    >>> command_line("relending", "explain", "my runs/a", "-7", windows=False)
    "relending explain -- 'my runs/a' -7"
    >>> print(command_line("relending", "explain", r"my runs\\a", r"runs\\b", windows=True))
    relending explain "my runs\\a" runs\\b
    """
    program, verb, *given = words
    typed = [program, verb, *given, *options]
    if any(word.startswith("-") for word in given):
        typed = [program, verb, *options, "--", *given]
    return " ".join(_quoted_for_cmd(word) for word in typed) if windows else shlex.join(typed)


def _quoted_for_cmd(word: str) -> str:
    # what cmd.exe would read as its own stands between quotes, as a blank does
    quoted = subprocess.list2cmdline([word])
    return f'"{quoted}"' if quoted == word and re.search(r"[&|<>^()=;,'`{}\[\]]", word) else quoted


def _may_hold_findings(context: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """Wrong usage, before any work, where a list of findings cannot be written, or would replace another file."""
    if path is None:
        return None
    zh = context.params.get("lang") == "zh"
    if not path.absolute().parent.is_dir():
        raise click.BadParameter(f"{path}：文件夹不存在" if zh else f"{path}: the folder does not exist")
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise click.BadParameter(f"{path}：应为 .csv 或 .xlsx 文件" if zh else f"{path}: give a .csv or .xlsx file")
    if os.path.lexists(path) and not _is_findings(path):
        raise click.BadParameter(
            f"{path}：已存在，且不是检查事项清单，未作改动；请换一个名称"
            if zh
            else f"{path}: exists and is no list of findings, so it is left as it is; choose another name"
        )
    return path


def _is_findings(path: Path) -> bool:
    from relending.runfolder.findings_book import is_findings_book
    from relending.runfolder.write import is_table

    if path.suffix.lower() == ".xlsx":
        return path.is_file() and (path.stat().st_size == 0 or is_findings_book(path))
    return path.is_file() and (path.stat().st_size == 0 or is_table("findings", path))


def findings_option(command: _F) -> _F:
    """``--findings FILE``."""
    option = click.option(
        "--findings",
        "findings_to",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_may_hold_findings,
        help="Write every finding to this file: .csv, or .xlsx with links to the cells.",
    )
    decorated: _F = option(command)
    return decorated


def write_findings(findings: Findings, path: Path | None, lang: str, sources: Sequence[tuple[Path, str]] = ()) -> None:
    """Every finding as a file, as in a run folder, or as a workbook; nothing without a path.

    ``sources`` are the files that findings point into, each with the table it holds, "" for none.
    """
    if path is None:
        return
    from relending.outfile import reason

    try:
        _write_findings(findings, path, lang, sources)
    except OSError as error:
        en, zh = reason(error)
        say(
            f"{path}：检查事项无法写入：{zh}" if lang == "zh" else f"{path}: findings cannot be written: {en}", err=True
        )
        sys.exit(STOPPED)
    say(f"检查事项已全部写入 {path}" if lang == "zh" else f"All findings are in {path}", err=True)


def _write_findings(findings: Findings, path: Path, lang: str, sources: Sequence[tuple[Path, str]]) -> None:
    if path.suffix.lower() == ".xlsx":
        from relending.runfolder.findings_book import write_findings_book
        from relending.runfolder.findings_places import Source

        write_findings_book(findings, path, lang, [Source(*one) for one in sources], column_labels(lang))
        return
    from relending.outfile import whole_file
    from relending.runfolder.write import write_table

    with whole_file(path) as room:
        write_table("findings", findings.frame(), room)


def scenario_sources(scenario: Scenario) -> list[tuple[Path, str]]:
    """The files of a scenario that findings may point into, as :func:`write_findings` wants them."""
    tables = ((scenario.plan, "plan"), (scenario.prepayments, "prepayments"), (scenario.published, "published"))
    named = [(path, table) for path, table in tables if path is not None]
    named += [(path, table) for table, paths in scenario.side.items() for path in paths]
    return [*((path, "loans") for path in scenario.book), *named, *((path, "") for path in scenario.files)]


def show_findings(findings: Findings, lang: str, *, err: bool = False, in_full: bool = False) -> None:
    """Counts first, then each code once with its first place and what to do.

    ``in_full``: errors as a line each, but for a code that comes in more than ``SHOWN_ON_STOP`` rows of a book.
    """
    if not findings:
        return
    order = ("error", "warning", "note")
    head = "检查事项" if lang == "zh" else "Findings"
    names = {"en": ("errors", "warnings", "notes"), "zh": ("错误", "警告", "提示")}[lang]
    counts = [f"{name} {findings.count(one):,}" for one, name in zip(order, names, strict=True)]
    zh = lang == "zh"
    say(f"{head}：{'，'.join(f'{one} 项' for one in counts)}" if zh else f"{head}: {', '.join(counts)}", err=err)
    labels, lines = column_labels(lang), []
    if in_full:
        from relending.findings import messages

        once = findings.many(SHOWN_ON_STOP)
        errors = [code for code in findings.codes() if messages()[code].severity == "error" and code not in once]
        lines = findings.only(*errors).lines(lang, KEYS_ON_STOP, labels)
        findings = findings.only(*(code for code in findings.codes() if code not in errors))
    for line in [*lines, *findings.digest(lang, labels)]:
        say_prose(f"  {_units_told(line) if zh else line}", err=err)


def _units_told(line: str) -> str:
    """A line with what stands behind figures in Chinese.

    >>> _units_told("实际「6,500.0 yuan/kW」；应为 3,000–6,000 yuan/kW")
    '实际「6,500.0 元/kW」；应为 3,000–6,000 元/kW'
    """
    return re.sub(r"(?<=\d) yuan\b", " 元", line)


def column_labels(lang: str) -> dict[str, str]:
    """What people call a column: in Chinese its header in the column dictionary, with its name."""
    from relending.book.columns import TABLES
    from relending.book.columns import columns as dictionary

    if lang == "en":
        return {}
    named: dict[str, list[str]] = {}
    for table in TABLES:
        for name, one in dictionary(table).items():
            named.setdefault(name, []).append(one.zh)
    # a column of several tables is called what the loans call it; without them, what each calls it
    own = dictionary()
    by_table = {f"{t}.{name}": f"{one.zh}（{name}）" for t in TABLES for name, one in dictionary(t).items()}
    return by_table | {
        name: f"{own[name].zh if name in own else '／'.join(dict.fromkeys(words))}（{name}）"
        for name, words in named.items()
    }


class Progress:
    """Says on standard error what goes on, once a run has taken a second."""

    def __init__(self, lang: str, quiet: bool) -> None:
        self.lang, self.quiet, self.began, self.step = lang, quiet, time.perf_counter(), ""
        self.status: Any = None

    STEPS: dict[str, str] = {  # noqa: RUF012
        "reading": "读取借据簿",
        "screening": "筛选",
        "funding": "借用与展期",
        "disclosure": "披露与成本",
        "comparing": "比较情景",
        "writing": "写入",
        "paths": "随机路径",
        "statistics": "统计",
    }

    def __call__(self, step: str) -> None:
        """A step begins."""
        self.step = self.STEPS.get(step, step) if self.lang == "zh" else step
        if self.quiet:
            return
        if sys.stderr.isatty():
            if self.status is None:
                from rich.console import Console

                self.status = Console(stderr=True).status(self.step)
                self.status.start()
            self.status.update(f"{self.step} …")
        elif time.perf_counter() - self.began > 1:
            say(f"{time.perf_counter() - self.began:6.1f} s  {self.step}", err=True)

    def stop(self) -> None:
        """Nothing goes on any more."""
        if self.status is not None:
            self.status.stop()
            self.status = None


def columns_that_fit(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """The same, without the last columns where the terminal is not as wide; into a file all of them."""
    lines = columns(rows, right)
    width = get_terminal_size().columns if sys.stdout.isatty() else None
    while width is not None and len(rows[0]) > 1 and max(map(cells, lines)) > width:
        rows = [row[:-1] for row in rows]
        lines = columns(rows, right)
    return lines


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Rows as aligned lines; East Asian characters count two places; ``right`` columns are set right."""
    rows = [[visible(text) for text in row] for row in rows]
    widths = [max(cells(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    out = []
    for row in rows:
        line = []
        for i, text in enumerate(row):
            pad = " " * (widths[i] - cells(text))
            line.append(pad + text if i in right else text + pad)
        out.append("  ".join(line).rstrip())
    return out
