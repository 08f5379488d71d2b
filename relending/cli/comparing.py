"""``relending run A B C``: whether scenarios are compared, what that writes, and the short table of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from relending.cli.complete import measures as known_measures
from relending.cli.people import Progress, columns, say, show_findings
from relending.labelled import FORMATS

if TYPE_CHECKING:
    import pandas as pd

    from relending.runfolder import Run
    from relending.scenario import Scenario
    from relending.study.compare import Comparison

_F = TypeVar("_F", bound=Any)
LONG = 1_000_000
"""Loans to be run for the causes, over all mixtures, from which on it is said beforehand."""

_WORDS = {
    "en": {
        "unlike": "No comparison: {name} has neither the book, the plan nor a scenario file of {base}; "
        "--compare compares them all the same, --no-compare leaves out this line.",
        "long": "Causes take {n:,} more runs of {loans:,} loans; --no-causes leaves them out.",
        "one": "{option} compares several scenarios; one is given",
        "off": "{option} is of a comparison; --no-compare leaves it out",
        "base": "no scenario of the name {base} is run; there are: {names}",
        "name": "a scenario called {name} would be written where the comparison is; give it another name",
        "causes": "What causes the differences",
        "loans": "loans read",
        "set_aside": "set aside",
        "supported": "supported",
        "findings": "{name}",
        "more": "{name}, what {base} does not have",
        "each": "Run folders",
        "files": "The comparison",
        "comparison.csv": "every figure of every scenario, in long form",
        "differences.csv": "each scenario against {base}: difference, relative, contribution",
        "causes.csv": "what each changed key does to each figure",
        "scenarios.csv": "what was run: keys, files and their checksums, counts",
        "comparison.xlsx": "all of it to read: results and causes, then a sheet a measure",
    },
    "zh": {
        "unlike": "未作比较：{name} 与 {base} 的台账、投放计划和情景文件均不相同；"
        "仍要比较请加 --compare，不显示本行请加 --no-compare。",
        "long": "原因分析需另外运行 {n:,} 次（每次 {loans:,} 笔借据）；不需要请加 --no-causes。",
        "one": "{option} 用于比较多个情景；只给出了一个",
        "off": "{option} 用于情景比较，而 --no-compare 不作比较",
        "base": "没有名为 {base} 的情景；有：{names}",
        "name": "名为 {name} 的情景会写入比较文件所在的位置；请更名",
        "causes": "差额原因",
        "loans": "读取借据",
        "set_aside": "暂不计入",
        "supported": "获支持",
        "findings": "{name}",
        "more": "{name}（{base} 没有的事项）",
        "each": "运行文件夹",
        "files": "比较结果",
        "comparison.csv": "各情景全部指标（长表）",
        "differences.csv": "各情景对照 {base}：差额、变动率、贡献",
        "causes.csv": "各变动参数对各指标的影响",
        "scenarios.csv": "运行内容：参数、文件及校验值、笔数",
        "comparison.xlsx": "便于阅读的工作簿：主要结果和原因，其后每项指标一张表",
    },
}


def comparison_options(command: _F) -> _F:
    """``--compare/--no-compare``, ``--base``, ``--measure``, ``--no-causes``."""
    options = (
        click.option(
            "--compare/--no-compare",
            "compare",
            default=None,
            help="Compare several scenarios, or not [default: where they share book, plan or a scenario file].",
        ),
        click.option(
            "--base",
            metavar="NAME",
            help="The scenario the others are held against, by name or file as given [default: the first].",
        ),
        click.option(
            "--measure",
            "measures",
            multiple=True,
            metavar="M",
            shell_complete=known_measures,
            help="Compare this measure only, by name or label.",
        ),
        click.option("--no-causes", is_flag=True, help="Compare without looking for the causes of differences."),
        click.option(
            "--format",
            "table_format",
            type=click.Choice(FORMATS),
            help="Of the comparison's tables [default: csv]; the workbook is always written.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a comparison is asked to be, and where it goes."""

    folder: Path
    base: str
    measures: tuple[str, ...]
    causes: bool
    lang: str
    format: str


def wanted(
    loaded: Sequence[Scenario],
    targets: Sequence[Path],
    compare: bool | None,
    base: str | None,
    measures: Sequence[str],
    no_causes: bool,
    table_format: str | None,
    lang: str,
    quiet: bool = False,
    typed: Sequence[str] = (),
) -> Wanted | None:
    """The comparison to be made of these scenarios, if any; where it is left out unasked, a line says why.

    ``typed`` are the scenarios as the command line calls them: ``base`` may be one of these too.
    Raises ``click.UsageError`` for options that make no sense together, InputError for an unknown measure.
    """
    from relending.study import pick
    from relending.study.save import NAMES

    w = _WORDS[lang]
    names = [one.name for one in loaded]
    given = {"--compare": compare is True, "--base": base is not None, "--measure": bool(measures)}
    given |= {"--no-causes": no_causes, "--format": table_format is not None}
    for option, there in given.items():
        if there and len(loaded) == 1:
            raise click.UsageError(w["one"].format(option=option))
        if there and compare is False:
            raise click.UsageError(w["off"].format(option=option))
    if len(loaded) == 1 or compare is False:
        return None
    if base is not None and base not in names:
        meant = [name for name, said in zip(names, typed, strict=False) if _same(base, said)]
        if len(meant) != 1:
            raise click.UsageError(w["base"].format(base=base, names=", ".join(names)))
        base = meant[0]
    pick(measures)
    first = loaded[names.index(base)] if base is not None else loaded[0]
    if compare is None:
        unlike = [one.name for one in loaded if not alike(first, one)]
        if unlike:
            if not quiet:
                say(w["unlike"].format(name=unlike[0], base=first.name), err=True)
            return None
    for name in names:
        if name.casefold() in NAMES:
            raise click.UsageError(w["name"].format(name=name))
    return Wanted(targets[0].parent, first.name, tuple(measures), not no_causes, lang, table_format or "csv")


def _same(base: str, typed: str) -> bool:
    """Whether a base is what the command line calls a scenario: as it stands there, or the file's name alone."""
    return base in (typed, Path(typed).name) or Path(base) == Path(typed)


def alike(a: Scenario, b: Scenario) -> bool:
    """Whether two scenarios have a book, a plan or a scenario file in common: then they are of one kind."""

    def files(one: Scenario) -> set[Path]:
        return {path.resolve() for path in (*one.book, *one.files, *([one.plan] if one.plan else []))}

    return bool(files(a) & files(b))


def compare_them(done: Sequence[Run], asked: Wanted, progress: Progress) -> Comparison:
    """The comparison; where its causes take long, that is said before, and how far they are. Raises MisalignedError."""
    from relending.study import pick
    from relending.study.causes import mixtures_needed, staged
    from relending.study.compare import compare_runs
    from relending.study.whole import with_weights

    progress("comparing")
    carry_out = evaluate = staged(with_weights(pick(asked.measures)))
    if asked.causes and not progress.quiet:
        base = next(run for run in done if run.scenario.name == asked.base)
        n = sum(mixtures_needed(base.scenario, run.scenario) for run in done if run is not base)
        loans = max(len(run.tables["attribution"]) for run in done)
        if n * loans > LONG:
            say(_WORDS[asked.lang]["long"].format(n=n, loans=loans), err=True)
            numbers = iter(range(1, n + 1))

            def evaluate(scenario: Scenario) -> Mapping[str, pd.DataFrame]:
                progress(f"{Progress.STEPS['comparing'] if asked.lang == 'zh' else 'comparing'} {next(numbers)}/{n}")
                return carry_out(scenario)

    return compare_runs(done, asked.base, asked.measures, asked.causes, evaluate)


def show_comparison(
    comparison: Comparison, done: Sequence[tuple[Run, Path]], files: Sequence[Path], lang: str, folders: bool
) -> None:
    """The short table, the largest causes in words, findings once, and where everything is."""
    from relending.cli.run_words import WORDS
    from relending.runfolder.reporting import REPORT
    from relending.study.told import cause_lines, lines, word

    w = _WORDS[lang]
    colon = "：" if lang == "zh" else ":"
    say(word("compared", lang, base=comparison.base) + colon)
    for line in columns([_titles(comparison), *_counts(comparison, w), *lines(comparison, lang)], _right(comparison)):
        say(f"  {line}")
    without = [m.name for m in comparison.measures if not comparison.has_whole(m)]
    if without and not _whole_vocabulary(comparison):
        say("  " + word("no_whole", lang, names=", ".join(without)))
    say("")
    say(w["causes"] + colon)
    for name in comparison.others:
        for i, line in enumerate(cause_lines(comparison, name, lang)):
            if i == 0:
                say(f"  {name}")
            say(f"    {line}")
    runs = {run.scenario.name: run for run, _ in done}
    if comparison.findings:
        say("")
        show_findings(comparison.findings, lang)
    if folders:
        say("")
        _findings([runs[name] for name in comparison.names], w, lang)
        say("")
        say(w["each"] + colon)
        say("\n".join(columns([(f"  {path}", run.scenario.title.get(lang) or "") for run, path in done])))
        if any((path / REPORT).is_file() for _, path in done):
            say(WORDS[lang]["pages"])
    say("")
    say(w["files"] + colon)
    say("\n".join(columns([(f"  {path}", w[_told(path)].format(base=comparison.base)) for path in files])))


def _told(path: Path) -> str:
    """The words for a file: of a table the same in every format."""
    return path.name if path.stem == "comparison" and path.suffix == ".xlsx" else f"{path.stem}.csv"


def _whole_vocabulary(comparison: Comparison) -> bool:
    """Whether every measure was compared: nobody asked for one that the short table leaves out."""
    from relending.study import measures

    return len(comparison.measures) == len(measures())


def _right(comparison: Comparison) -> list[int]:
    return list(range(1, len(comparison.names) + 1))


def _titles(comparison: Comparison) -> tuple[str, ...]:
    return ("", *comparison.names, "")


def _counts(comparison: Comparison, w: dict[str, str]) -> list[tuple[str, ...]]:
    return [
        (w[column], *(f"{row[column]:,}" for row in comparison.metadata), "")
        for column in ("loans", "set_aside", "supported")
    ]


def _findings(runs: Sequence[Run], w: dict[str, str], lang: str) -> None:
    """The findings of the base, and of each other run those of codes that come otherwise often than in the base."""
    base = runs[0]
    codes = base.all_findings.codes()
    if codes:
        say(w["findings"].format(name=base.scenario.name))
        show_findings(base.all_findings, lang)
    for run in runs[1:]:
        more = [code for code, n in run.all_findings.codes().items() if codes.get(code, 0) != n]
        if more:
            say(w["more"].format(name=run.scenario.name, base=base.scenario.name))
            show_findings(run.all_findings.only(*more), lang)
