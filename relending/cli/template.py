"""``relending template``: a workbook to fill in."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from relending.cli.people import STOPPED, command_line, lang_option, say


@click.command("template", epilog="Example: relending template book.xlsx --lang zh")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the file if it is there already.")
@lang_option
def command(out: Path, force: bool, lang: str) -> None:
    """Write a workbook OUT.xlsx to fill in: sheets for parameters, loans, prepayments and, optional, for
    what the bank received and what its loans really did. 生成台账模板。

    Headers name their units, words can be chosen from lists, ids are text, and what a column means is shown where a
    cell is selected. Filled in, it is a loan book and a scenario at once: relending run OUT.xlsx.
    """
    from relending.book.template import write_template

    if out.suffix.lower() != ".xlsx":
        raise click.UsageError(
            f"模板为 .xlsx 文件，不是 {out.name!r}"
            if lang == "zh"
            else f"a template is an .xlsx file, not {out.name!r}"
        )
    if out.exists() and not force:
        raise click.UsageError(
            f"{out} 已存在，未作改动；请换一个名称，或用 --force 替换"
            if lang == "zh"
            else f"{out} exists already and is left as it is; choose another name, or replace it with --force"
        )
    try:
        write_template(out, lang)
    except OSError as error:
        why = error.strerror or str(error)
        say(f"{out}：无法写入：{why}" if lang == "zh" else f"{out}: cannot be written: {why}", err=True)
        sys.exit(STOPPED)
    check = command_line("relending", "check", str(out), options=["--lang", lang])
    run = command_line("relending", "run", str(out), options=["--lang", lang])
    if lang == "zh":
        said = (f"已生成模板：{out}", "请填写“参数”“借据”和“提前还款”，其余工作表按需填写，覆盖或删除示例行，保存后：")
    else:
        how = "Fill in Parameters, Loans and Prepayments, others as needed, write over the example rows, save, then:"
        said = (f"wrote {out}", how)
    say("\n".join((*said, f"  {check}", f"  {run}")))
