"""``relending sweep``: a scenario under every combination of some values."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from relending.cli.complete import measures as known_measures
from relending.cli.complete import scenarios, which_quarters
from relending.cli.helping import verb
from relending.cli.people import (
    STOPPED,
    WRONG_USAGE,
    Progress,
    allow_outside_option,
    columns,
    errors_for_people,
    lang_option,
    say,
    show_findings,
    stop_at_path,
)
from relending.labelled import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relending.study.sweep import LargeSweepError, Sweep

PAUSE = 2
"""Seconds between two lines of progress."""
EACH = 1 / 25
"""Seconds a scenario of a million loans takes, for a guess."""
SHOWN = 24
"""Scenarios shown on the screen; of more the ones at either end of the first figure."""

WORDS = {
    "en": {
        "large": "This sweep has {cells:,} scenarios{rows}; at {each} s each, as on a book of a million loans, that is "
        "about {hours} hours, and may be a slip. If it is meant: --yes.",
        "day": "--from: {text!r} is not a date like 2027-01-01.",
        "rows": " and {rows:,} rows",
        "title": "{name}: {cells:,} scenarios ({axes})",
        "axis": "{n} of {key}",
        "by": " x ",
        "whole": "{name}, whole run ({unit})",
        "mean": "{name}, mean of the run ({unit})",
        "last": "{name}, {quarter} ({unit})",
        "left": "… {n:,} more between, in the order of: {by}; all of them are in the file",
        "grid": "the grid",
        "since": "values from {day} on",
        "done": "{seconds:.1f} s for {cells:,} scenarios and the one they are of: book read {0}, screened {1}, "
        "due dates worked out {2}, funded {3:,} times",
        "files": "Files are in",
        "sweep": "every figure: scenario, parameter values, quarter, lender, facility, measure, unit, value",
        "scenarios": "a row a scenario: its parameter values, what it was run on, the version of relending",
        "book": "an overview, a sheet of the scenarios, then a sheet a measure",
        "exists": "{path} exists already and is left as it is; choose another --out, or replace it with --force",
        "refused": "{path}: cannot be written: {why}",
        "findings": "Book and scenario: {errors} errors, {warnings} warnings; relending run {scenario} lists them",
    },
    "zh": {
        "large": "本次扫描有 {cells:,} 个情景{rows}；按每个 {each} 秒计（一百万笔借据的台账），约需 {hours} 小时，"
        "也可能是取值写错。确需运行请加 --yes。",
        "day": "--from：{text!r} 不是日期，应写作 2027-01-01。",
        "rows": "、{rows:,} 行",
        "title": "{name}：{cells:,} 个情景（{axes}）",
        "axis": "{key} 取 {n} 个值",
        "by": " × ",
        "whole": "{name}，全期合计（{unit}）",
        "mean": "{name}，全期平均（{unit}）",
        "last": "{name}，{quarter}（{unit}）",
        "left": "…… 中间另有 {n:,} 个（按“{by}”排列），全部见文件",
        "grid": "网格",
        "since": "取值自 {day} 起",
        "done": "{cells:,} 个情景及原情景用时 {seconds:.1f} 秒：读取台账 {0} 次、筛选 {1} 次、推算到期日 {2} 次、"
        "测算借用 {3:,} 次",
        "files": "文件位于",
        "sweep": "全部数据（长表）：情景、参数取值、季度、金融机构、工具、指标、单位、数值",
        "scenarios": "每个情景一行：参数取值、所用文件、relending 版本",
        "book": "总览、情景各一张表，其后每项指标一张表",
        "exists": "{path} 已存在，未作改动；请换一个 --out，或用 --force 替换",
        "refused": "{path}：无法写入：{why}",
        "findings": "台账与情景：错误 {errors} 项、警告 {warnings} 项；relending run {scenario} 可逐项列示",
    },
}


@verb("sweep")
@click.argument("scenario", shell_complete=scenarios)
@click.option(
    "--vary",
    "axes",
    multiple=True,
    metavar="KEY=V1,V2",
    help="Values of a key: 0.4,0.6 or first:last:step; several keys: every combination. [default: the file's [sweep]]",
)
@click.option(
    "--from", "since", metavar="DATE", help="The values count from this day (YYYY-MM-DD), not from the beginning."
)
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Override a key in all of them.")
@click.option(
    "--measure",
    "measures",
    multiple=True,
    metavar="M",
    shell_complete=known_measures,
    help="Only this measure, by name or label.",
)
@click.option(
    "--quarters",
    default="all",
    metavar="Q",
    show_default=True,
    shell_complete=which_quarters,
    help="all, last, or one quarter such as 2024Q4.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write [default: sweeps/NAME].")
@click.option("--format", "kind", type=click.Choice(FORMATS), default="csv", show_default=True, help="Of the files.")
@click.option("--yes", is_flag=True, help="Run a sweep of more than 10,000 scenarios or 5 million rows.")
@click.option("--force", is_flag=True, help="Replace files of a former sweep.")
@allow_outside_option
@click.option("--quiet", is_flag=True, help="No progress and no table.")
@lang_option
def command(
    scenario: str,
    axes: tuple[str, ...],
    since: str | None,
    sets: tuple[str, ...],
    measures: tuple[str, ...],
    quarters: str,
    out: Path | None,
    kind: str,
    yes: bool,
    force: bool,
    allow_outside: bool,
    quiet: bool,
    lang: str,
) -> None:
    """Run SCENARIO under every combination of some values: policy, rates, options.

    Written are one long table (scenario, parameter values, quarter, lender, facility, measure, unit, value) and one of
    the scenarios. The book is read once, and only what depends on a value is worked out again for it. Which measures
    there are: docs/studies.md.
    """
    w = WORDS[lang]
    day = _day(since, w)
    progress = Progress(lang, quiet)
    tell = Tell(progress)
    began = time.perf_counter()
    try:
        with errors_for_people(lang):
            from relending.outfile import fixed
            from relending.scenario import load_scenario, shipped
            from relending.study.grid import parse_axes
            from relending.study.sweep import LargeSweepError, sweep
            from relending.study.sweepfiles import files_of, save

            if shipped(scenario) is None:
                stop_at_path(scenario)
            name = load_scenario(scenario, list(sets), allow_outside=allow_outside).name
            folder = Path("sweeps") / name if out is None else out
            _writable(folder, w, lang)
            taken = [path for path in files_of(folder, kind) if path.exists()]
            if taken and not force:
                say(w["exists"].format(path=taken[0]), err=True)
                sys.exit(WRONG_USAGE)
            for path in taken:
                if (held := fixed(path)) is not None:
                    _refused(path, held, w, lang)
            try:
                made = sweep(
                    scenario,
                    parse_axes(axes) if axes else None,
                    overrides=sets,
                    measures=measures,
                    quarters=quarters,
                    since=day,
                    allow_outside=allow_outside,
                    yes=yes,
                    progress=tell,
                )
            except LargeSweepError as large:
                say(_large(large, w), err=True)
                sys.exit(WRONG_USAGE)
            progress("writing")
            try:
                folder.mkdir(parents=True, exist_ok=True)
                files = save(made, folder, kind, lang)
            except OSError as error:
                _refused(Path(error.filename or folder), error, w, lang)
    finally:
        progress.stop()
    if not quiet:
        _show(made, files, scenario, time.perf_counter() - began, lang)


def _refused(path: Path, error: OSError, w: dict[str, str], lang: str) -> NoReturn:
    from relending.outfile import reason

    en, zh = reason(error)
    say(w["refused"].format(path=path, why=zh if lang == "zh" else en), err=True)
    sys.exit(STOPPED)


def _day(text: str | None, w: dict[str, str]) -> dt.date | None:
    """The day of --from; wrong usage where it is none."""
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise click.UsageError(w["day"].format(text=text)) from None


class Tell:
    """Says how far it is, once in two seconds at most."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.last = progress, time.perf_counter()

    def __call__(self, done: int, of: int) -> None:
        """So many of all are done."""
        now = time.perf_counter()
        if now - self.last > PAUSE:
            self.last = now
            self.progress(f"{done:,} / {of:,}")


def _writable(folder: Path, w: dict[str, str], lang: str) -> None:
    """Stop before any work where nothing could be written in the end."""
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = ("不是文件夹，或没有权限", "is no folder, or there is no permission")[lang != "zh"]
        say(w["refused"].format(path=there, why=why), err=True)
        sys.exit(STOPPED)


def _large(large: LargeSweepError, w: dict[str, str]) -> str:
    rows = "" if large.rows is None else w["rows"].format(rows=large.rows)
    hours = f"{large.cells * EACH / 3600:,.1f}"
    return w["large"].format(cells=large.cells, rows=rows, each=f"{EACH:g}", hours=hours)


def _show(made: Sweep, files: Sequence[Path], scenario: str, seconds: float, lang: str) -> None:
    """What was swept, the figures to look at, what it took, where the files are."""
    from relending.labelled import unit_in
    from relending.study.measures import FLOW, measures
    from relending.study.sweep import ALL

    w, cells = WORDS[lang], len(made.grid)
    axes = w["by"].join(w["axis"].format(n=len(values), key=key) for key, values in made.grid.axes)
    since = [w["since"].format(day=made.since)] if made.since is not None else []
    comma = "，" if lang == "zh" else ", "
    say(comma.join([w["title"].format(name=made.scenario.name, cells=cells, axes=axes), *since]))
    found = made.headlines()
    heads, figures = list(made.grid.keys), []
    for name, quarter in found:
        m = measures()[name]
        said = w["last"] if quarter != ALL else w["whole"] if m.kind == FLOW else w["mean"]
        per_cent = m.unit == "fraction"
        heads.append(said.format(name=m.label(lang), quarter=quarter, unit="%" if per_cent else unit_in(m.unit, lang)))
        figures.append([100 * v for v in found[name, quarter]] if per_cent else found[name, quarter])
    table = list(zip(*made.parameters().to_dict("list").values(), *figures, strict=True))
    rows = [[_figure(value) for value in row] for row in table]
    if cells > SHOWN:
        # by the first figure where there is one: the ends are what is looked for
        order = sorted(range(cells), key=lambda i: table[i][len(made.grid.keys)]) if found else list(range(cells))
        ends = [rows[i] for i in (*order[: SHOWN // 2], *order[-SHOWN // 2 :])]
        rows = [*ends[: SHOWN // 2], ["…"] * len(heads), *ends[SHOWN // 2 :]]
    for line in columns([heads, *rows], right=range(len(heads))):
        say(line)
    if cells > SHOWN:
        say(w["left"].format(n=cells - SHOWN, by=heads[len(made.grid.keys)] if found else w["grid"]))
    if made.said:
        show_findings(made.said, lang)
    errors, warnings = (made.findings.count(severity) for severity in ("error", "warning"))
    if errors or warnings:
        say(w["findings"].format(errors=errors, warnings=warnings, scenario=scenario))
    done = [times for times, _ in made.work.values()]
    say(w["done"].format(*done, cells=cells, seconds=seconds))
    say(f"{w['files']} {files[0].parent}")
    files_said = [w["book"]] if files[0].suffix == ".xlsx" else [w["sweep"], w["scenarios"]]
    for line in columns([[f"  {path.name}", text] for path, text in zip(files, files_said, strict=True)]):
        say(line)


def _figure(value: object) -> str:
    """A parameter or a figure as it is read."""
    if isinstance(value, float):
        return "" if value != value else f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.6g}"
    return str(value)
