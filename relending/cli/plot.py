"""``relending plot``: pictures of a run or a study, as files."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relending.cli.helping import verb
from relending.cli.people import (
    STOPPED,
    Progress,
    columns,
    errors_for_people,
    lang_option,
    say,
    show_findings,
    stop_at_no_text,
)
from relending.cli.plot_files import TOLD, drawn, lacking, why, writable, write
from relending.cli.plot_words import WORDS

if TYPE_CHECKING:
    from relending.cli.plotting import Options, Source

FORMATS = ("svg", "png", "pdf")
INCH = 25.4
WIDTHS = {"single": 85.0, "double": 175.0}
"""Widths of one and two columns of a journal [mm]."""
LEAST, MOST = 50.0, 1000.0
"""Of a side [mm]."""


def _formats(context: click.Context, _: click.Parameter, given: str) -> tuple[str, ...]:
    kinds = tuple(dict.fromkeys(kind.strip().lower().removeprefix(".") for kind in given.split(",") if kind.strip()))
    wrong = [kind for kind in kinds if kind not in FORMATS]
    if wrong or not kinds:
        zh, known = context.params.get("lang") == "zh", ", ".join(FORMATS)
        odd = ", ".join(wrong) or given
        raise click.BadParameter(f"{odd!r} 应为 {known}，可用逗号隔开多个" if zh else f"{odd!r}: give some of {known}")
    return kinds


def _size(context: click.Context, _: click.Parameter, given: str | None) -> tuple[float, float] | None:
    """Width and height [inches]; a height of nought is the picture's own."""
    if given is None:
        return None
    if given in WIDTHS:
        return WIDTHS[given] / INCH, 0.0
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*[x×]\s*(\d+(?:\.\d+)?)(?:\s*mm)?", given)
    if found is None or not all(LEAST <= float(one) <= MOST for one in found.groups()):
        zh, ends = context.params.get("lang") == "zh", f"{LEAST:.0f}–{MOST:.0f}"
        raise click.BadParameter(
            f"{given!r} 应为 single、double 或以毫米计的 宽x高，如 120x80（各 {ends} 毫米）"
            if zh
            else f"{given!r}: give single, double, or WIDTHxHEIGHT in mm such as 120x80 (each {ends})"
        )
    return float(found[1]) / INCH, float(found[2]) / INCH


def _years(context: click.Context, _: click.Parameter, given: float | None) -> float | None:
    if given is not None and not (0.25 <= given <= 100 and (given * 4) % 1 == 0):
        zh = context.params.get("lang") == "zh"
        raise click.BadParameter(
            f"{given:g} 应为 0.25 至 100 年，按季度取值，如 15 或 7.5"
            if zh
            else f"{given:g}: give 0.25 to 100 years in whole quarters, such as 15 or 7.5"
        )
    return given


def _fix(context: click.Context, _: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    out = {}
    for word in given:
        key, equals, value = word.partition("=")
        if not equals or not key.strip() or not value.strip():
            zh = context.params.get("lang") == "zh"
            raise click.BadParameter(f"{word!r} 应写作 参数=取值" if zh else f"{word!r}: write KEY=VALUE")
        out[key.strip()] = value.strip()
    return out


@verb("plot")
@click.argument("source")
@click.argument("what", nargs=-1)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write [default: figures/NAME]."
)
@click.option(
    "--format",
    "kinds",
    default="svg",
    show_default=True,
    metavar="F1,F2",
    callback=_formats,
    help="Of the files: svg, png, pdf; several with commas.",
)
@click.option("--lender", metavar="L", help="This lender only, by id or name.")
@click.option("--facility", metavar="F", help="This facility only, by id or name.")
@click.option(
    "--quarter",
    metavar="Q",
    help="Of a sweep or of causes: one such as 2028Q4, last, all (the sum of a flow) or mean (of a stock or rate). "
    "[default: all of a flow; of a sweep mean of a rate, else the one that tells most cells apart; of causes the "
    "last with a figure]",
)
@click.option(
    "--fix",
    multiple=True,
    metavar="KEY=VALUE",
    callback=_fix,
    help="Hold a parameter of a sweep at one of its values.",
)
@click.option(
    "--size",
    metavar="SIZE",
    callback=_size,
    help="single or double (a journal's columns, 85 and 175 mm), or WIDTHxHEIGHT in mm such as 120x80.",
)
@click.option(
    "--years",
    type=float,
    metavar="N",
    callback=_years,
    help="Of life_of_loan: the term of the loan, in place of that of the average loan.",
)
@click.option("--no-title", is_flag=True, help="Leave title and subtitle to the caption of a paper.")
@click.option("--list", "listing", is_flag=True, help="Show what can be plotted, and what not and why; write nothing.")
@click.option("--force", is_flag=True, help="Replace files of the same names.")
@click.option("--quiet", is_flag=True, help="No progress and no list of what was written.")
@lang_option
def command(
    source: str,
    what: tuple[str, ...],
    out: Path | None,
    kinds: tuple[str, ...],
    lender: str | None,
    facility: str | None,
    quarter: str | None,
    fix: dict[str, str],
    size: tuple[float, float] | None,
    years: float | None,
    no_title: bool,
    listing: bool,
    force: bool,
    quiet: bool,
    lang: str,
) -> None:
    """Draw pictures of SOURCE: a run folder, a folder of compared runs, a sweep, or a Monte Carlo study.

    WHAT are pictures or measures, by name or title in Chinese or English: blended_cost, 综合资金成本; of studies also
    kinds: fan, sweep, scenarios, causes. Without WHAT all that the source can show is drawn.

    Files are called NAME.svg, in Chinese NAME_zh.svg; all of them are written or none. A saved run is never changed.
    """
    from relending.cli.plotting import Options

    options = Options(lender, facility, quarter, fix, size, years, not no_title)
    progress = Progress(lang, quiet)
    try:
        with _told(lang):
            stop_at_no_text(source)
            if listing:
                _list(source, options, lang)
                return
            _plot(source, what, out, kinds, options, force, quiet, lang, progress)
    finally:
        progress.stop()


@contextmanager
def _told(lang: str) -> Iterator[None]:
    """What a source lacks, or how it is broken, in one message; nothing was written."""
    from relending.cli.plotting import SourceError
    from relending.report.study_pictures import PictureError, StudyFolderError
    from relending.runfolder import RunFolderError

    try:
        with errors_for_people(lang):
            try:
                yield
            except PictureError as error:
                raise SourceError(error.en, error.zh) from error
    except (SourceError, StudyFolderError, RunFolderError) as error:
        say(error.text(lang), err=True)
        say(WORDS[lang]["stopped"], err=True)
        sys.exit(STOPPED)


def _plot(
    given: str,
    what: Sequence[str],
    out: Path | None,
    kinds: Sequence[str],
    options: Options,
    force: bool,
    quiet: bool,
    lang: str,
    progress: Progress,
) -> None:
    from relending.cli.plotting import OF_A_TERM, open_source, wanted_items

    w = WORDS[lang]
    source = open_source(given, lang)
    groups = wanted_items(source, what)
    items = list({item.name: item for _, some in groups for item in some}.values())
    if options.quarter and not any(item.of_a_quarter for item in items):
        raise click.UsageError(w["quarter"])
    if options.fix and not any(item.of_a_grid for item in items):
        raise click.UsageError(w["fix"])
    if options.years and not any(item.name == OF_A_TERM for item in items):
        raise click.UsageError(w["years"])
    folder = Path("figures") / source.name if out is None else out
    writable(folder, w, lang)
    made, left, findings = drawn(groups, kinds, options, folder, force, lang, progress)
    progress("writing")
    write(made, folder, w, lang)
    if findings:
        show_findings(findings, lang, err=True)
    if quiet:
        return
    pictures = len(made) // len(kinds)
    counted = {
        "pictures": w["picture" if pictures == 1 else "pictures"].format(n=pictures),
        "files": w["file" if len(made) == 1 else "files"].format(n=len(made)),
    }
    say(w["written"].format(folder=folder, **counted))
    for line in columns([[f"  {path.name}", title] for path, title, _ in made]):
        say(line)
    if left:
        say(w["left"].format(n=len(left)))
        for name, reason in left[:TOLD]:
            say(f"  {name}: {reason}")
        if len(left) > TOLD:
            say("  " + w["more"].format(n=len(left) - TOLD))


def _list(given: str, options: Options, lang: str) -> None:
    """What can be plotted, by name and title, and what not and why."""
    from relending.cli.plotting import open_source
    from relending.findings import InputError

    w = WORDS[lang]
    source: Source = open_source(given, lang)
    can: list[list[str]] = []
    cannot: list[tuple[str, str]] = []
    for item in source.items:
        try:
            item.check(options)
        except InputError as error:
            if not lacking(error):
                raise
            cannot.append((item.name, why(error, lang)))
            continue
        can.append([f"  {item.name}", item.titles[lang]])
    colon = "：" if lang == "zh" else ":"
    say(w["can"].format(source=given) + colon)
    for line in columns(can):
        say(line)
    if cannot:
        say("")
        say(w["cannot"] + colon)
        for name, reason in cannot:
            say(f"  {name}  {reason}")
    say("")
    say(w["typed"].format(source=given))
