"""``relending apply``: the application list for the branch of the central bank, from a run folder."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relending.cli.choosing import choice_options
from relending.cli.complete import quarters
from relending.cli.helping import verb
from relending.cli.people import STOPPED, errors_for_people, lang_option, say, show_findings
from relending.cli.run_folders import damage_told, facility_among, lender_among, opened_whole, tried

if TYPE_CHECKING:
    from relending.findings import Findings
    from relending.lineage.applying import ApplicationList
    from relending.report.apply_form import Layout
    from relending.runfolder import OpenedRun

SUFFIX = ".xlsx"


@verb("apply")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--quarter",
    required=True,
    metavar="Q",
    shell_complete=quarters,
    help="Application period: 2024Q2, or 2024-03 for a monthly one.",
)
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Workbook to write: the list (.xlsx)."
)
@choice_options
@click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FORM",
    help="The branch's own form (.xlsx): its head, its headers and their order are kept.",
)
@click.option(
    "--applications",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Workbook of the loans applied for, to be filled in with what arrives [default: OUT-applications.xlsx].",
)
@click.option(
    "--applied-on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Day of the application, written into FILE."
)
@click.option("--again", is_flag=True, help="Also apply for loans of earlier periods that were refused or withdrawn.")
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@lang_option
def command(
    run: Path,
    quarter: str,
    out: Path,
    lender: str | None,
    facility: str | None,
    template: Path | None,
    applications: Path | None,
    applied_on: dt.datetime | None,
    again: bool,
    force: bool,
    lang: str,
) -> None:
    """Write the application list of a quarter from the run folder RUN.

    The first sheet has every loan to be applied for, with what is asked and totals; the second every other loan of the
    period with the reasons. FILE has the same loans as rows of the scenario's applications, to be filled in later.
    """
    from relending.outfile import reason
    from relending.runfolder import RunFolderError
    from relending.statement.statement import lender_names

    rows = applications or out.with_name(f"{out.stem}-applications{SUFFIX}")
    _may_write(run, out, rows, template, force, lang)
    try:
        with errors_for_people(lang), damage_told(run):
            opened = opened_whole(run, lang)
            found, layout, notes = _made(opened, quarter, lender, facility, template, again, lang)
            full_name = lender_names(opened.manifest, found.lender)[lang]
            _write(out, rows, found, layout, full_name, applied_on.date() if applied_on else None, lang)
    except RunFolderError as error:
        say(error.text(lang), err=True)
        sys.exit(STOPPED)
    except OSError as error:
        en, zh = reason(error)
        text = f"{out}、{rows}：无法写入，均未改动：{zh}" if lang == "zh" else f"{out}, {rows}: not written: {en}"
        say(text, err=True)
        sys.exit(STOPPED)
    show_findings(notes, lang, err=True)
    say("\n".join(_summary(opened, found, out, rows, lang)))


def _may_write(run: Path, out: Path, rows: Path, template: Path | None, force: bool, lang: str) -> None:
    """Wrong usage, before any work, where the files may not be written."""
    zh = lang == "zh"
    inside = run.resolve()
    for path in (out, rows):
        if path.suffix.lower() != SUFFIX:
            raise click.UsageError(f"{path}：应为 .xlsx 文件" if zh else f"{path}: give an .xlsx file")
        if inside in path.resolve().parents:
            raise click.UsageError(
                f"{path}：运行文件夹不应修改，请写到其他位置"
                if zh
                else f"{path}: a run folder never changes; write elsewhere"
            )
        if template is not None and path.resolve() == template.resolve():
            raise click.UsageError(
                f"{path}：不能覆盖表样，请换一个名称" if zh else f"{path}: is the form itself; choose another name"
            )
        if path.exists() and not force:
            raise click.UsageError(
                f"{path} 已存在，未作改动；请换一个名称，或用 --force 替换"
                if zh
                else f"{path} exists already and is left as it is; choose another name, or replace it with --force"
            )
        if not path.absolute().parent.is_dir():
            raise click.UsageError(f"{path}：文件夹不存在" if zh else f"{path}: the folder does not exist")
    if out.resolve() == rows.resolve():
        raise click.UsageError(
            f"{out}：清单和申请与到账须为两个文件" if zh else f"{out}: the list and the applications are two files"
        )


def _made(
    opened: OpenedRun,
    quarter: str,
    lender: str | None,
    facility: str | None,
    template: Path | None,
    again: bool,
    lang: str,
) -> tuple[ApplicationList, Layout, Findings]:
    """The list, how it is laid out, and notes on the form; InputError where there is none to be made."""
    from relending.findings import Findings, InputError
    from relending.lineage.applying import apply_list, lenders_of
    from relending.report.apply_form import default_layout, read_form

    wrong: list[Findings] = []
    period, who = (
        tried(wrong, _period, quarter),
        tried(wrong, lender_among, lenders_of(opened), opened.manifest, lender, "apply_lender"),
    )
    which = tried(wrong, facility_among, opened.context().facilities, facility, "apply_facility")
    form = (default_layout(lang), Findings()) if template is None else tried(wrong, read_form, template)
    if period is None or who is None or which is None or form is None:
        raise InputError(Findings.concat(wrong))
    layout, notes = form
    found = apply_list(opened, period, who, which, again=again)
    if not len(found.listed):
        said = f"{who} {which} {found.text}: {found.whole.loans}"
        raise InputError(Findings.one("apply_nothing", found=said))
    return found, layout, notes


def _period(text: str) -> int:
    import pyarrow as pa

    from relending.book.cells import Cells
    from relending.book.days import read_periods
    from relending.findings import Findings, InputError

    got, _ = read_periods(Cells(pa.array([text])))
    period = got.to_pylist()[0]
    if period is None:
        raise InputError(Findings.one("unreadable_period", column="--quarter", found=text))
    return int(period)


def _write(
    out: Path,
    rows: Path,
    found: ApplicationList,
    layout: Layout,
    full_name: str,
    applied_on: dt.date | None,
    lang: str,
) -> None:
    from relending.outfile import whole_files
    from relending.report.apply_book import write_application, write_applied

    with whole_files(out, rows) as (one, other):
        write_application(one, found, layout, full_name, lang)
        write_applied(other, found, applied_on, lang)


def _summary(opened: OpenedRun, found: ApplicationList, out: Path, rows: Path, lang: str) -> list[str]:
    """What was written, in figures, and the line to put into the scenario."""
    from relending.lineage.applying import tally
    from relending.units import decimal_text

    listed, others = tally(found.listed), tally(found.others)
    name, again = found.facility.name[lang], int(found.listed["earlier"].sum())
    figures = {
        "n": f"{listed.loans:,}",
        "principal": decimal_text(listed.fen, 2),
        "asked": decimal_text(found.asked, 2),
        "m": f"{others.loans:,}",
        "rest": decimal_text(others.fen, 2),
        "all": f"{found.whole.loans + found.before.loans:,}",
        "sum": decimal_text(found.whole.fen + found.before.fen, 2),
    }
    files = [*_recorded(opened), rows.name]
    line = f"applications = {json.dumps(files if len(files) > 1 else files[0], ensure_ascii=False)}"
    sheet = "applications" in opened.tables and len(files) == 1
    if lang == "zh":
        said = [
            f"{found.text} {name}申请清单：{out}",
            "  申请 {n} 笔，贷款金额 {principal} 元，申请金额 {asked} 元".format(**figures),
            "  未申报 {m} 笔，贷款金额 {rest} 元，原因见第二张表".format(**figures),
            "  两表合计 {all} 笔、{sum} 元，与台账一致".format(**figures),
            *([f"  其中 {again:,} 笔为以前批次未获批或已撤回后再次申请"] if again else []),
            f"申请与到账：{rows}",
            "到账后填写到账日期、到账金额，并把申报状态改为“已到账”；文件放在情景文件旁边，在 [scenario] 中写入：",
            f"  {line}",
        ]
        if sheet:
            said.append("  本次运行的申请与到账在台账工作簿的工作表中：请改为把这些行加到该工作表，否则该表不再读取")
        elif len(files) == 1:
            said.append("  此后运行按实际到账核算：以前批次也须有申请与到账记录，没有记录的贷款视为未申报")
        return said
    said = [
        f"application list {found.text}, {name}: {out}",
        "  applied for: {n} loans of {principal} yuan, asking for {asked} yuan".format(**figures),
        "  not applied for: {m} loans of {rest} yuan; the reasons are on the second sheet".format(**figures),
        "  together {all} loans, {sum} yuan, as in the book".format(**figures),
        *([f"  {again:,} of them once more, after they were refused or withdrawn"] if again else []),
        f"applications: {rows}",
        "When the money arrives, fill in its day and amount and set the status to funded. Beside the scenario file,",
        "put into [scenario]:",
        f"  {line}",
    ]
    if sheet:
        said.append(
            "  This run's applications are a sheet of the book: add the rows there, else that sheet is not read"
        )
    elif len(files) == 1:
        said.append(
            "  From then on runs follow the record: a loan of an earlier period without a row is not applied for"
        )
    return said


def _recorded(opened: OpenedRun) -> list[str]:
    """The files of applications that the run's scenario names."""
    given = opened.manifest["scenario"].get("applications") or []
    return [given] if isinstance(given, str) else [str(one) for one in given]
