"""``relending run``: the main job."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relending.cli.comparing import comparison_options
from relending.cli.complete import scenarios
from relending.cli.helping import verb
from relending.cli.people import (
    STOPPED,
    WRONG_USAGE,
    Progress,
    allow_outside_option,
    errors_for_people,
    findings_option,
    lang_option,
    say,
    scenario_sources,
    sheet_option,
    show_findings,
    stop_at_path,
    write_findings,
)

if TYPE_CHECKING:
    from relending.cli.comparing import Wanted
    from relending.findings import Findings
    from relending.lineage import Redactor
    from relending.runfolder import Run
    from relending.scenario import Scenario
    from relending.study.compare import Comparison


@verb("run")
@click.argument("scenario", nargs=-1, required=True, shell_complete=scenarios)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write [default: runs/NAME]; with several scenarios DIR/NAME each.",
)
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Override a key, e.g. facility.cerf.ratio=0.8.")
@click.option("--strict", is_flag=True, help="Stop on any error of the book instead of setting the loan aside.")
@allow_outside_option
@click.option("--force", is_flag=True, help="Replace an existing run folder.")
@sheet_option
@findings_option
@click.option(
    "--redact",
    "key_file",
    type=click.Path(path_type=Path),
    metavar="KEYFILE",
    help="Write loans, borrowers and projects as hashes under the key in this file.",
)
@click.option("--no-report", is_flag=True, help="Leave out report.html and its pictures.")
@comparison_options
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
@lang_option
def command(
    scenario: tuple[str, ...],
    out: Path | None,
    sets: tuple[str, ...],
    strict: bool,
    allow_outside: bool,
    force: bool,
    sheets: tuple[str, ...],
    findings_to: Path | None,
    key_file: Path | None,
    no_report: bool,
    compare: bool | None,
    base: str | None,
    measures: tuple[str, ...],
    no_causes: bool,
    table_format: str | None,
    quiet: bool,
    lang: str,
) -> None:
    """Run SCENARIO (a TOML file, or the name of a shipped one: demo, demo/outstanding).

    The loan book is checked, screened, funded, attributed, disclosed and costed; every figure is exact to the fen.
    Loans with an error are set aside and listed in findings.csv. report.html in the run folder shows all on one page.

    Several scenarios over one book, plan or scenario file are compared with the first, or with --base: tables and a
    workbook beside the run folders, with what each changed key does to each figure.

    Three names stand for several shipped scenarios: outlook (the demonstration bank to 2030, three views), statements
    (published statements, printed again) and national (all lenders beside the published balances). A scenario that
    names published figures prints them beside its own.
    """
    from relending.cli.comparing import compare_them, show_comparison, wanted
    from relending.cli.run_summary import show_published, summary
    from relending.runfolder import FolderExists, PageMissing, RunFolderError, save, save_together
    from relending.runfolder import run as carry_out
    from relending.scenario.problems import toml_text

    if sheets:
        sets = (*sets, f"scenario.sheet={toml_text(sheets)}")
    progress = Progress(lang, quiet)
    sources: list[tuple[Path, str]] = []
    written: list[Path] = []
    missing: list[PageMissing] = []
    redactor = None if key_file is None else _redactor(key_file, lang)
    try:
        with errors_for_people(lang, findings_to, sources, redactor):
            typed = _names(scenario)
            loaded = _load(typed, sets, allow_outside)
            sources += [source for one in loaded for source in scenario_sources(one)]
            targets = _targets(out, scenario, [one.name for one in loaded], lang)
            _apart("--findings", findings_to, targets, lang)
            _apart("--redact", key_file, targets, lang)
            held = [one for one in loaded if one.published is not None]
            together = targets[0].parent if len(loaded) > 1 and held else None
            asked = wanted(loaded, targets, compare, base, measures, no_causes, table_format, lang, quiet, typed)
            _clear([*targets, *([together / "_"] if together is not None else [])], lang)
            standing = _refuse(targets, together, force, asked)
            if force:
                _replaceable(targets, together, asked)
            if not no_report:
                _drawable()
            # every run is done before the first is written, so that a stop leaves the disk as it was
            done = [carry_out(one, strict=strict, progress=progress) for one in loaded]
            if redactor is not None:  # from here on nothing has a value that is to be hidden
                done = [run.redacted(redactor) for run in done]
            comparison = None if asked is None else compare_them(done, asked, progress)
            write_findings(_every_finding(done, comparison), findings_to, lang, sources)
            for run, target, before in zip(done, targets, standing, strict=True):
                progress("writing")
                try:
                    save(run, target, force, standing=before, report=not no_report)
                except PageMissing as without:  # it is there, and so may the next ones be
                    missing.append(without)
                progress.stop()
                written.append(target)
                if not quiet and comparison is None and (together is None or "published" not in run.tables):
                    summary(run, target, lang)
            files = save_together(done, together, force) if together is not None else []
            beside = [] if comparison is None or asked is None else _save_beside(comparison, asked, force)
            if missing:
                raise RunFolderError(*("\n".join(one.text(lang) for one in missing) for lang in ("en", "zh")))
            if quiet:
                return
            pairs = list(zip(done, targets, strict=True))
            if held:
                show_published(pairs, files, lang)
            if comparison is not None:
                if held:
                    say("")
                show_comparison(comparison, pairs, beside, lang, folders=len(held) < len(loaded))
    except FolderExists as exists:
        say(exists.text(lang), err=True)
        _say_written(written, lang)
        sys.exit(WRONG_USAGE)
    except RunFolderError as error:
        say(error.text(lang), err=True)
        _say_written(written, lang)
        sys.exit(STOPPED)
    finally:
        progress.stop()


def _drawable() -> None:
    """InputError where the font of the pictures is damaged: before a long run, not behind it."""
    from relending.report.pictures.fonts import families

    families()


def _every_finding(done: Sequence[Run], comparison: Comparison | None) -> Findings:
    """What was found in each run, and in their comparison."""
    from relending.findings import Findings

    return Findings.concat([*(run.all_findings for run in done), *([comparison.findings] if comparison else [])])


def _names(given: Sequence[str]) -> list[str]:
    """The scenarios meant: a name that stands for several gives them all, also where a folder has that name."""
    from relending.scenario import shipped_group

    return [name for one in given for name in ([one] if Path(one).is_file() else shipped_group(one)) or [one]]


def _load(names: Sequence[str], sets: Sequence[str], allow_outside: bool) -> list[Scenario]:
    """Every scenario, or InputError with what is wrong with any of them."""
    from relending.findings import Findings, InputError
    from relending.scenario import load_scenario, shipped

    loaded, problems = [], []
    for name in names:
        try:
            if shipped(name) is None:
                stop_at_path(name)
            loaded.append(load_scenario(name, list(sets), allow_outside=allow_outside))
        except InputError as stop:
            problems.append(stop.findings)
    if problems:
        raise InputError(Findings.concat(problems))
    return loaded


def _targets(out: Path | None, given: Sequence[str], names: Sequence[str], lang: str) -> list[Path]:
    """The folder of each run, those of a group in a folder of its name.

    Wrong usage if two would have the same folder (also where only the case of letters differs).
    """
    twice = sorted({name for name in names if sum(name.casefold() == other.casefold() for other in names) > 1})
    if twice:
        shown = ", ".join(twice)
        raise click.UsageError(
            f"多个情景同名（{shown}）：会写入同一文件夹；请在各情景文件中设置不同的 name。"
            if lang == "zh"
            else f"several scenarios of one name ({shown}) would be written to one folder; give each its own name."
        )
    if out is None:
        runs = Path("runs") / given[0] if len(given) == 1 < len(names) else Path("runs")
        return [runs / name for name in names]
    return [out / name for name in names] if len(names) > 1 else [out]


def _redactor(key_file: Path, lang: str) -> Redactor:
    """What hides values under the key in a file; where that is none, what is wrong and, on a line, how to make one."""
    from relending.findings import InputError
    from relending.lineage import Redactor, read_key
    from relending.lineage.redaction_key import NEW_KEY

    try:
        return Redactor(read_key(key_file))
    except InputError as stop:
        show_findings(stop.findings, lang, err=True)
        say("生成密钥：" if lang == "zh" else "To make a key:", err=True)
        say(NEW_KEY, err=True)
        sys.exit(STOPPED)


def _apart(option: str, file: Path | None, targets: Sequence[Path], lang: str) -> None:
    """Wrong usage where a file would lie in a run folder, which holds what the run writes and no more."""
    if file is None:
        return
    place = Path(os.path.realpath(file))
    for target in targets:
        if place.is_relative_to(os.path.realpath(target)):
            raise click.UsageError(
                f"{option} {file} 位于运行文件夹 {target} 之内；请放在别处"
                if lang == "zh"
                else f"{option} {file} lies in the run folder {target}; put it elsewhere"
            )


def _clear(targets: Sequence[Path], lang: str) -> None:
    """Clear up after runs into these places that were killed, and say so."""
    from relending.runfolder import clear

    for parent in dict.fromkeys(Path(os.path.realpath(target)).parent for target in targets):
        for left in clear(parent):
            say(left.text(lang), err=True)


def _refuse(targets: Sequence[Path], together: Path | None, force: bool, asked: Wanted | None) -> list[tuple[int, ...]]:
    """FolderExists that names every target that is taken, and the files beside them that would be written over.

    What stands in the place of each target, so that nothing that comes later is replaced.
    """
    from relending.runfolder import FolderExists, refuse, refuse_together

    taken, standing = [], []
    for target in targets:
        try:
            standing.append(refuse(target, force))
        except FolderExists as exists:
            taken.append(exists)
    try:
        if together is not None:
            refuse_together(together, force)
    except FolderExists as exists:
        taken.append(exists)
    if asked is not None:
        from relending.study.save import ComparisonExists, refuse_comparison

        try:
            refuse_comparison(asked.folder, force, asked.format)
        except ComparisonExists as there:
            taken.append(FolderExists(there.en, there.zh))
    if taken:
        raise FolderExists("\n".join(t.en for t in taken), "\n".join(t.zh for t in taken))
    return standing


def _save_beside(comparison: Comparison, asked: Wanted, force: bool) -> list[Path]:
    """Write the comparison beside the run folders; what keeps it from being written as the run folder would say it."""
    from relending.runfolder import FolderExists
    from relending.runfolder.folder import cannot_write
    from relending.study.save import ComparisonExists

    try:
        return comparison.save(asked.folder, force, asked.lang, asked.format)
    except ComparisonExists as there:
        raise FolderExists(there.en, there.zh) from there
    except OSError as error:
        raise cannot_write(Path(error.filename or asked.folder), error) from error


def _replaceable(targets: Sequence[Path], together: Path | None, asked: Wanted | None) -> None:
    """RunFolderError that names every folder and file to be replaced that something holds in its place."""
    from relending.runfolder import RunFolderError
    from relending.runfolder.comparison import NAMES
    from relending.study.save import ComparisonFixed, names_of, refuse_fixed

    places = list(targets)
    places += [together / name for name in NAMES] if together is not None else []
    places += [asked.folder / name for name in names_of(asked.format)] if asked is not None else []
    try:
        refuse_fixed(places)
    except ComparisonFixed as held:
        raise RunFolderError(held.en, held.zh) from held


def _say_written(written: Sequence[Path], lang: str) -> None:
    """What was written before the stop, for it stays."""
    if written:
        names = ("、" if lang == "zh" else ", ").join(str(path) for path in written)
        say(f"已写入的运行文件夹：{names}" if lang == "zh" else f"Run folders written before: {names}", err=True)
