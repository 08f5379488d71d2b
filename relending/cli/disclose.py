"""``relending disclose``: the statement of a quarter, ready to be published, with the work paper behind it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from relending.cli.choosing import choice_options
from relending.cli.complete import quarters
from relending.cli.disclose_usage import disk_told, free, may_list, may_write, three_decimals, together
from relending.cli.helping import verb
from relending.cli.people import STOPPED, errors_for_people, lang_option, say, show_findings
from relending.cli.run_folders import damage_told, opened_whole
from relending.terminal import visible


@verb("disclose")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--quarter", required=True, metavar="Q", shell_complete=quarters, help="Quarter of the statement: 2024Q2."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write: statements/ may be published, internal/ may not.",
)
@choice_options
@click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The bank's own template: .docx for the Word file, .txt or .md for the text (docs/statement.md).",
)
@click.option("--date", "dated", metavar="DATE", help="Day under the text.")
@click.option("--also", type=click.Choice(["zh", "en"]), help="Write the statement in this language too.")
@click.option("--amount-unit", type=click.Choice(["wan_yuan", "yi_yuan"]), help="Unit of amounts: 万元, 亿元.")
@click.option("--reduction-unit", type=click.Choice(["t", "wan_t"]), help="Unit of reductions: 吨, 万吨.")
@click.option("--decimals", metavar="A,R,T", help="Decimals of amounts, rates, reductions, e.g. 2,2,2.")
@click.option("--projects", type=click.IntRange(0, 50), metavar="N", help="How many projects the text names.")
@click.option("--final", is_flag=True, help="The final statement: refused while anything is open.")
@click.option(
    "--accept",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Open points accepted one by one (loan_id, code, reason, by).",
)
@click.option(
    "--to-accept",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the points still open as such a list, to be filled in (.csv or .xlsx).",
)
@click.option(
    "--published",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of published statements: compared with, and with --final added to.",
)
@click.option("--amend", is_flag=True, help="Correct a published statement: its next version, with a correction note.")
@click.option("--and-later", is_flag=True, help="With --amend: also correct the later published quarters it changes.")
@click.option("--reason", default="", metavar="TEXT", help="Why it is corrected; stands in the correction note.")
@click.option(
    "--redact",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="KEYFILE",
    help="Replace borrowers, projects and ids in internal/ by keyed hashes.",
)
@click.option("--force", is_flag=True, help="Replace the folder if it was written by this command.")
@lang_option
def command(
    run: Path,
    quarter: str,
    out: Path,
    lender: str | None,
    facility: str | None,
    template: Path | None,
    dated: str | None,
    also: str | None,
    amount_unit: str | None,
    reduction_unit: str | None,
    decimals: str | None,
    projects: int | None,
    final: bool,
    accept: Path | None,
    to_accept: Path | None,
    published: Path | None,
    amend: bool,
    and_later: bool,
    reason: str,
    redact: Path | None,
    force: bool,
    lang: str,
) -> None:
    """Write the statement of a quarter from the run folder RUN.

    Word, Excel, HTML and Markdown with the table of 13 columns go into statements/, the work paper and the comparison
    with the previous statement into internal/. A statement from simulated receipts, or with errors still open, is a
    draft and says why; --final makes the final one.
    """
    from relending.cli.disclosing import Given, make_job, summary
    from relending.outfile import reason as why
    from relending.room import clear
    from relending.runfolder import RunFolderError

    may_write(run, out, published, lang)
    may_list(to_accept, [run, out, *([] if published is None else [published])], lang)
    together(final, amend, and_later, reason, published, lang)
    free(out, force, lang)
    places = three_decimals(decimals, lang)
    for left in clear(Path(os.path.realpath(out)).parent):
        say(left.text(lang), err=True)
    listed: list[Path] = []
    try:
        with errors_for_people(lang, written=listed), damage_told(run):
            given = Given(quarter, lender, facility, accept, template, published, redact, dated, also)
            job = make_job(opened_whole(run, lang), given)
            options = job.options.but(
                amount_unit=amount_unit, reduction_unit=reduction_unit, projects=projects, **places
            )
            wanted = job.wanted(options, final, amend, reason)
            if to_accept is not None:
                with disk_told([to_accept], lang):
                    number = job.list_open(wanted, to_accept, lang)
                listed.append(to_accept)
                say(_told_list(number, to_accept, lang), err=True)
            issues = job.issues(wanted, and_later)
            with disk_told([out, *([] if published is None else [published])], lang):
                written = job.write(issues, lang, out)
    except RunFolderError as error:
        say(error.text(lang), err=True)
        sys.exit(STOPPED)
    except OSError as error:  # a file of the run or of the archive
        en, zh = why(error)
        where = error.filename or run
        say(f"{where}：无法读取：{zh}" if lang == "zh" else f"{where}: cannot be read: {en}", err=True)
        sys.exit(STOPPED)
    for one in written:
        show_findings(job.beside(one.issue), lang, err=True)
        say(visible("\n".join(summary(one, published, lang)), lines=True))


def _told_list(number: int, path: Path, lang: str) -> str:
    """What is said of the list of open points."""
    if lang == "zh":
        return f"待认可事项 {number:,} 项，已写入 {path}：填写理由和认可人后，用 --accept 指定"
    return f"Open points: {number:,}, listed in {path}: fill in reason and by, and give it with --accept"
