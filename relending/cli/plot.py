"""``relending plot``: pictures of a run or a study, as files."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from relending.cli.people import (
    STOPPED,
    WRONG_USAGE,
    Progress,
    columns,
    errors_for_people,
    lang_option,
    say,
    show_findings,
    stop_at_no_text,
)

if TYPE_CHECKING:
    from relending.cli.plotting import Item, Options, Source

FORMATS = ("svg", "png", "pdf")
INCH = 25.4
WIDTHS = {"single": 85.0, "double": 175.0}
"""Widths of one and two columns of a journal [mm]."""
LEAST, MOST = 50.0, 1000.0
"""Of a side [mm]."""
EXAMPLE = "Example: relending plot runs/demo blended_cost --lang zh --format svg,png --size double"

WORDS = {
    "en": {
        "exists": "{path} exists already and is left as it is; choose another --out, or replace it with --force",
        "folder": "{path} is a folder, where a file of that name would be written; choose another --out",
        "inside": "{path}: is inside a run folder, and a saved run is not changed; choose another --out",
        "refused": "{path}: cannot be written: {why}",
        "quarter": "--quarter is of a sweep and of causes; what is asked for shows every quarter",
        "fix": "--fix is of a sweep; this source is none",
        "written": "{pictures} in {folder}, {files}",
        "pictures": "{n:,} pictures",
        "picture": "1 picture",
        "files": "{n:,} files",
        "file": "1 file",
        "left": "Not drawn ({n}):",
        "more": "… and {n} more; --list shows all of them",
        "stopped": "Nothing was written.",
        "can": "{source} can show",
        "cannot": "It cannot show",
        "typed": "Name one or more of them, by name or title: relending plot {source} NAME",
    },
    "zh": {
        "exists": "{path} 已存在，未作改动；请换一个 --out，或用 --force 替换",
        "folder": "{path} 是文件夹，而此处将写入同名文件；请换一个 --out",
        "inside": "{path}：位于运行文件夹内，已保存的运行结果不得改动；请换一个 --out",
        "refused": "{path}：无法写入：{why}",
        "quarter": "--quarter 只用于参数扫描和差额原因；所选的图显示全部季度",
        "fix": "--fix 只用于参数扫描",
        "written": "{pictures}，{files}，位于 {folder}",
        "pictures": "{n:,} 幅图",
        "picture": "1 幅图",
        "files": "{n:,} 个文件",
        "file": "1 个文件",
        "left": "未画出（{n} 幅）：",
        "more": "…… 另有 {n} 幅；--list 可列出全部",
        "stopped": "未写入任何文件。",
        "can": "{source} 可以画",
        "cannot": "不能画",
        "typed": "按名称或标题选择：relending plot {source} 名称",
    },
}
TOLD = 5
"""Pictures not drawn that are told one by one."""


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


def _fix(context: click.Context, _: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    out = {}
    for word in given:
        key, equals, value = word.partition("=")
        if not equals or not key.strip() or not value.strip():
            zh = context.params.get("lang") == "zh"
            raise click.BadParameter(f"{word!r} 应写作 参数=取值" if zh else f"{word!r}: write KEY=VALUE")
        out[key.strip()] = value.strip()
    return out


@click.command("plot", epilog=EXAMPLE)
@click.argument("source")
@click.argument("what", nargs=-1)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write [default: figures/NAME].")
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
    "[default: all of a flow, else the last with a figure]",
)
@click.option(
    "--fix", multiple=True, metavar="KEY=VALUE", callback=_fix, help="Hold a parameter of a sweep at a value of its grid."
)
@click.option(
    "--size",
    metavar="SIZE",
    callback=_size,
    help="single or double (a journal's columns, 85 and 175 mm), or WIDTHxHEIGHT in mm such as 120x80.",
)
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
    listing: bool,
    force: bool,
    quiet: bool,
    lang: str,
) -> None:
    """Draw pictures of SOURCE: a run folder, a folder of compared runs, a sweep, or a Monte Carlo study. 作图。

    WHAT are pictures or measures, by name or by their title in Chinese or English: blended_cost, 综合资金成本; of studies
    also kinds: fan, sweep, scenarios, causes. Without WHAT all that the source can show is drawn.

    \b
      relending plot runs/outlook causes           what changes each measure
      relending plot sweeps/baseline interest_saved --quarter 2028Q4
      relending plot studies/outlook margin --format pdf --size single
      relending plot runs/demo --list              what there is

    Files are called NAME.svg, in Chinese NAME_zh.svg; all of them are written or none. A saved run is never changed.
    """
    from relending.cli.plotting import Options

    options = Options(lender, facility, quarter, fix, size)
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
    from relending.cli.plotting import open_source, wanted_items

    w = WORDS[lang]
    source = open_source(given)
    groups = wanted_items(source, what)
    items = list({item.name: item for _, some in groups for item in some}.values())
    if options.quarter and not any(item.of_a_quarter for item in items):
        raise click.UsageError(w["quarter"])
    if options.fix and not any(item.of_a_quarter for item in items):
        raise click.UsageError(w["fix"])
    folder = Path("figures") / source.name if out is None else out
    _writable(folder, w, lang)
    made, left, findings = _drawn(groups, kinds, options, folder, force, lang, progress)
    progress("writing")
    _write(made, folder, w, lang)
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
        for name, why in left[:TOLD]:
            say(f"  {name}: {why}")
        if len(left) > TOLD:
            say("  " + w["more"].format(n=len(left) - TOLD))


Made = list[tuple[Path, str, bytes]]
"""Files to be written: path, title of the picture, bytes."""


def _drawn(
    groups: Sequence[tuple[str, list[Item]]],
    kinds: Sequence[str],
    options: Options,
    folder: Path,
    force: bool,
    lang: str,
    progress: Progress,
) -> tuple[Made, list[tuple[str, str]], Any]:
    """The bytes of every picture, those that could not be drawn with the reason, and findings.

    Of each word at least one picture must be drawn, else what was raised of the first is raised.
    """
    from relending.cli.plotting import file_stem, restricted
    from relending.findings import Findings, InputError
    from relending.report.pictures.files import picture_bytes

    made: Made = []
    left: dict[str, str] = {}
    said: list[Findings] = []
    done: set[str] = set()
    every = sum(len(some) for _, some in groups)
    for _, some in groups:
        first: InputError | None = None
        for item in some:
            if item.name in done or item.name in left:
                continue
            stem = file_stem(item.name, lang, restricted(options, item))
            paths = [folder / f"{stem}.{kind}" for kind in kinds]
            _refuse(paths, force, lang)
            progress(f"{len(done) + len(left) + 1}/{every}")
            try:
                drawn = item.draw(lang, options)
            except InputError as error:
                if not _lacking(error):
                    raise
                first = first or error
                left[item.name] = _why(error, lang)
                continue
            done.add(item.name)
            said.append(drawn.findings)
            made += [(p, drawn.title, picture_bytes(drawn.figure, k)) for p, k in zip(paths, kinds, strict=True)]
        if first is not None and not any(item.name in done for item in some):
            raise first if len(some) == 1 else _nothing([(i.name, left[i.name]) for i in some if i.name in left], first)
    unique = {tuple(f.frame().astype(str).to_numpy().ravel()): f for f in said if f}
    return made, list(left.items()), Findings.concat(list(unique.values()))


def _nothing(left: Sequence[tuple[str, str]], first: Any) -> Exception:
    """What is said where none of several pictures can be drawn: the reason of each of the first."""
    from relending.cli.plotting import SourceError

    lines = [f"{name}: {why}" for name, why in left[:TOLD]]
    more = len(left) - TOLD
    en, zh = (WORDS[lang]["more"].format(n=more) if more > 0 else "" for lang in ("en", "zh"))
    error = SourceError("\n".join([*lines, *filter(None, [en])]), "\n".join([*lines, *filter(None, [zh])]))
    error.__cause__ = first
    return error


def _lacking(error: Any) -> bool:
    """Whether an error says that the source lacks what a picture shows, not that something is wrong."""
    return set(error.findings.codes()) <= {"nothing_to_plot"}


def _why(error: Any, lang: str) -> str:
    """The reason in one language, of whoever said it."""
    said = str(getattr(error, lang, "")) or str(error.findings.frame()["expected"].iloc[0])
    return said.rstrip(".。")


def _refuse(paths: Sequence[Path], force: bool, lang: str) -> None:
    w = WORDS[lang]
    for path in paths:
        if path.is_dir():
            say(w["folder"].format(path=path), err=True)
            sys.exit(WRONG_USAGE)
        if os.path.lexists(path) and not force:
            say(w["exists"].format(path=path), err=True)
            sys.exit(WRONG_USAGE)


def _writable(folder: Path, w: dict[str, str], lang: str) -> None:
    """Stop before any work where nothing may be written in the end."""
    from relending.runfolder.manifest import MANIFEST

    place = Path(os.path.realpath(folder))
    for one in (place, *place.parents):
        if (one / MANIFEST).is_file():
            say(w["inside"].format(path=folder), err=True)
            sys.exit(WRONG_USAGE)
    there = next(p for p in (place, *place.parents) if os.path.lexists(p))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = ("不是文件夹，或没有权限", "is no folder, or there is no permission")[lang != "zh"]
        say(w["refused"].format(path=there, why=why), err=True)
        sys.exit(STOPPED)


def _write(made: Made, folder: Path, w: dict[str, str], lang: str) -> None:
    from relending.outfile import whole_files

    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_files(*(path for path, _, _ in made)) as rooms:
            for room, (_, _, data) in zip(rooms, made, strict=True):
                room.write_bytes(data)
    except OSError as error:
        for one in missing:
            try:
                one.rmdir()
            except OSError:  # not made, or someone else's by now
                break
        _refused(Path(error.filename or folder), error, w, lang)


def _refused(path: Path, error: OSError, w: dict[str, str], lang: str) -> NoReturn:
    from relending.outfile import reason

    en, zh = reason(error)
    say(w["refused"].format(path=path, why=zh if lang == "zh" else en), err=True)
    sys.exit(STOPPED)


def _list(given: str, options: Options, lang: str) -> None:
    """What can be plotted, by name and title, and what not and why."""
    from relending.cli.plotting import open_source
    from relending.findings import InputError

    w = WORDS[lang]
    source: Source = open_source(given)
    can: list[list[str]] = []
    cannot: list[tuple[str, str]] = []
    for item in source.items:
        try:
            item.check(options)
        except InputError as error:
            if not _lacking(error):
                raise
            cannot.append((item.name, _why(error, lang)))
            continue
        can.append([f"  {item.name}", item.titles[lang]])
    colon = "：" if lang == "zh" else ":"
    say(w["can"].format(source=given) + colon)
    for line in columns(can):
        say(line)
    if cannot:
        say("")
        say(w["cannot"] + colon)
        for name, why in cannot:
            say(f"  {name}  {why}")
    say("")
    say(w["typed"].format(source=given))
