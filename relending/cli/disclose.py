"""``relending disclose``: the statement of a quarter, ready to be published, with the work paper behind it."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from relending.cli.people import STOPPED, errors_for_people, lang_option, say, show_findings
from relending.cli.run_folders import damage_told, opened_whole
from relending.terminal import visible


@click.command(
    "disclose", epilog="Example: relending disclose runs/demo --quarter 2024Q2 --lender demo --lang zh --out 2024Q2"
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--quarter", required=True, metavar="Q", help="Quarter of the statement: 2024Q2.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write: statements/ may be published, internal/ may not.",
)
@click.option("--lender", metavar="L", help="Lender, by id or name; needed where the run has several.")
@click.option("--facility", metavar="F", help="Facility, by id or name; needed where several demand a statement.")
@click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The bank's own template: .docx for the Word file, .txt or .md for the text (docs/statement.md).",
)
@click.option("--date", "dated", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Day under the text.")
@click.option(
    "--amount-unit", type=click.Choice(["wan_yuan", "yi_yuan"]), help="Unit of amounts [default: scenario's]."
)
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
    dated: dt.datetime | None,
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
    """Write the statement of a quarter from the run folder RUN. 生成信息披露。

    Word, Excel, HTML and Markdown with the table of 13 columns go into statements/, the work paper and the comparison
    with the previous statement into internal/. A statement from simulated receipts, or with errors still open, is a
    draft and says why; --final makes the final one.
    """
    from relending.cli.disclosing import Given, make_job, summary
    from relending.outfile import reason as why
    from relending.runfolder import RunFolderError

    _may_write(run, out, published, lang)
    if to_accept is not None:
        _new_list(to_accept, run, out, lang)
    _together(final, amend, and_later, reason, published, lang)
    _free(out, force, lang)
    places = _decimals(decimals, lang)
    try:
        with errors_for_people(lang), damage_told(run):
            given = Given(quarter, lender, facility, accept, template, published, redact)
            job = make_job(opened_whole(run, lang), given)
            options = job.options.but(
                amount_unit=amount_unit, reduction_unit=reduction_unit, projects=projects, **places
            )
            wanted = job.wanted(options, final, amend, reason, dated.date() if dated else None)
            if to_accept is not None:
                job.list_open(wanted, to_accept, lang)
                say(f"待认可清单：{to_accept}" if lang == "zh" else f"Open points are listed in {to_accept}", err=True)
            written = job.write(job.issues(wanted, and_later), lang, out)
    except RunFolderError as error:
        say(error.text(lang), err=True)
        sys.exit(STOPPED)
    except OSError as error:
        en, zh = why(error)
        where = error.filename or out
        say(f"{where}：无法写入，未作改动：{zh}" if lang == "zh" else f"{where}: not written: {en}", err=True)
        sys.exit(STOPPED)
    for one in written:
        show_findings(job.beside(one.issue), lang, err=True)
        say(visible("\n".join(summary(one, published, lang)), lines=True))


def _may_write(run: Path, out: Path, published: Path | None, lang: str) -> None:
    """Wrong usage, before any work, where a folder lies inside another that never changes."""
    zh = lang == "zh"
    inside, target = run.resolve(), out.resolve()
    if target == inside or inside in target.parents or target in inside.parents:
        raise click.UsageError(
            f"{out}：运行文件夹不应修改，请写到其他位置"
            if zh
            else f"{out}: a run folder never changes; write elsewhere"
        )
    if published is not None:
        kept = published.resolve()
        apart = all(one != kept and one not in kept.parents and kept not in one.parents for one in (target, inside))
        if not apart:
            raise click.UsageError(
                f"{published}：已公布信息披露的文件夹须与 {out} 和运行文件夹分开"
                if zh
                else f"{published}: keep published statements apart from {out} and from the run folder"
            )


def _new_list(path: Path, run: Path, out: Path, lang: str) -> None:
    """Wrong usage where a list of open points cannot be written, or would replace a file: one may be filled in."""
    import os

    zh = lang == "zh"
    place = path.absolute().parent.resolve()
    wrong = [
        (path.suffix.lower() not in (".csv", ".xlsx"), "应为 .csv 或 .xlsx 文件", "give a .csv or .xlsx file"),
        (not place.is_dir(), "文件夹不存在", "the folder does not exist"),
        (
            os.path.lexists(path),
            "已存在，可能已填写，未作改动；请换一个名称",
            "exists already, perhaps filled in, and is left as it is; choose another name",
        ),
        (
            any(one == place or one in place.parents for one in (run.resolve(), out.resolve())),
            f"请写到 {run} 和 {out} 以外的位置",
            f"write it outside {run} and {out}",
        ),
    ]
    said = [chinese if zh else english for when, chinese, english in wrong if when]
    if said:
        raise click.UsageError(
            f"--to-accept {path}：{'；'.join(said)}" if zh else f"--to-accept {path}: {'; '.join(said)}"
        )


def _together(final: bool, amend: bool, and_later: bool, reason: str, published: Path | None, lang: str) -> None:
    """Wrong usage where options do not go together."""
    zh = lang == "zh"
    wrong = [
        (amend and published is None, "--amend 须同时给出 --published", "--amend needs --published"),
        (amend and not reason.strip(), "--amend 须用 --reason 说明更正原因", "--amend needs --reason TEXT"),
        (and_later and not amend, "--and-later 须与 --amend 一并使用", "--and-later goes with --amend"),
        (bool(reason) and not amend, "--reason 须与 --amend 一并使用", "--reason goes with --amend"),
    ]
    said = [chinese if zh else english for when, chinese, english in wrong if when]
    if said:
        raise click.UsageError(("；" if zh else "; ").join(said))


def _free(out: Path, force: bool, lang: str) -> None:
    """Wrong usage where the folder is there already, and is not one of this command's to be replaced."""
    import os

    zh = lang == "zh"
    if not os.path.lexists(out) or (out.is_dir() and not any(out.iterdir())):
        return
    if not force:
        raise click.UsageError(
            f"{out} 已存在，未作改动；请换一个名称，或用 --force 替换"
            if zh
            else f"{out} exists already and is left as it is; choose another name, or replace it with --force"
        )
    if not (out.is_dir() and {p.name for p in out.iterdir()} <= {"statements", "internal"}):
        raise click.UsageError(
            f"{out}：不是本命令写出的文件夹，--force 不会替换它；请换一个名称"
            if zh
            else f"{out}: was not written by this command, so --force does not replace it; choose another name"
        )


def _decimals(given: str | None, lang: str) -> dict[str, int]:
    """Decimals of amounts, rates and reductions; wrong usage for anything but three small numbers."""
    if given is None:
        return {}
    parts = given.replace("，", ",").split(",")
    most = (6, 4, 6)
    if len(parts) != len(most) or not all(
        p.strip().isdecimal() and int(p) <= m for p, m in zip(parts, most, strict=True)
    ):
        raise click.BadParameter(
            "--decimals 应为三个整数：金额（0-6）、利率（0-4）、减排量（0-6），如 2,2,2"
            if lang == "zh"
            else "--decimals is three whole numbers: amounts (0-6), rates (0-4), reductions (0-6), e.g. 2,2,2"
        )
    return dict(zip(("amount", "rate", "reduction"), (int(p) for p in parts), strict=True))
