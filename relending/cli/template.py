"""``relending template``: a workbook to fill in, a scenario for a book, or a statement for the bank's own form."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from relending.cli.complete import lenders
from relending.cli.helping import verb
from relending.cli.people import STOPPED, command_line, lang_option, say, sheet_option
from relending.cli.template_scenario import Asked, write_scenario

BOOK, SCENARIO, WORD, TEXT = ".xlsx", ".toml", ".docx", ".txt"
ENDINGS = (BOOK, SCENARIO, WORD, TEXT)


@verb("template")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--book", multiple=True, metavar="FILE", help="Of OUT.toml: the book to be run, or its files.")
@click.option("--lender", metavar="L", shell_complete=lenders, help="Lender of rows that name none (id or name).")
@click.option(
    "--class", "cls", metavar="CLASS", help="Class of a --lender no policy file knows, such as city or 城市商业银行."
)
@click.option("--own-rate", metavar="RATE", help="What other funds cost the bank, in per cent a year, such as 2.3%.")
@sheet_option
@click.option("--force", is_flag=True, help="Replace the file if it is there already.")
@lang_option
def command(
    out: Path,
    book: tuple[str, ...],
    lender: str | None,
    cls: str | None,
    own_rate: str | None,
    sheets: tuple[str, ...],
    force: bool,
    lang: str,
) -> None:
    """Write a workbook OUT.xlsx to fill in: sheets for parameters, loans, prepayments and, optional, for
    what the bank received and what its loans really did.

    Headers name their units, words can be chosen from lists, ids are text, and what a column means is shown where a
    cell is selected. Filled in, it is a loan book and a scenario at once: relending run OUT.xlsx.

    OUT.toml is a scenario for a book you have, as the bank exported it: its quarters, its facilities, your bank. It
    takes --book, and --lender where rows name none.

    OUT.docx and OUT.txt are templates of the statement instead: the Word file and the text that relending disclose
    writes, with fields to move about in the bank's own form (docs/statement.md).
    """
    if out.suffix.lower() not in ENDINGS:
        raise click.UsageError(
            f"模板为 .xlsx（台账）、.toml（情景）、.docx 或 .txt（信息披露）文件，不是 {out.name!r}"
            if lang == "zh"
            else "a template is an .xlsx file (of a book), a .toml file (of a scenario), a .docx or a .txt file "
            f"(of a statement), not {out.name!r}"
        )
    if out.exists() and not force:
        raise click.UsageError(
            f"{out} 已存在，未作改动；请换一个名称，或用 --force 替换"
            if lang == "zh"
            else f"{out} exists already and is left as it is; choose another name, or replace it with --force"
        )
    try:
        said = _made(out, Asked(book, lender, cls, own_rate, sheets), lang)
    except OSError as error:
        why = error.strerror or str(error)
        say(f"{out}：无法写入：{why}" if lang == "zh" else f"{out}: cannot be written: {why}", err=True)
        sys.exit(STOPPED)
    say("\n".join(said))


def _made(out: Path, asked: Asked, lang: str) -> list[str]:
    """Write the file, and what to do with it."""
    if out.suffix.lower() == SCENARIO:
        return write_scenario(out, asked, lang)
    if asked.given():
        given = ", ".join(asked.given())
        raise click.UsageError(
            f"{given} 只用于生成情景文件（.toml）" if lang == "zh" else f"{given}: only for a scenario (.toml)"
        )
    _write(out, lang)
    return _said(out, lang)


def _write(out: Path, lang: str) -> None:
    if out.suffix.lower() == BOOK:
        from relending.book.template import write_template

        write_template(out, lang)
        return
    from relending.outfile import whole_file

    with whole_file(out) as room:
        if out.suffix.lower() == WORD:
            from relending.statement.wordtemplate import write_starter

            write_starter(room, lang)
        else:
            from relending.statement.wording import own_template

            room.write_text(own_template(lang), encoding="utf-8", newline="\n")


def _said(out: Path, lang: str) -> list[str]:
    """What to do with the file that was written."""
    zh, how = lang == "zh", ["--lang", lang]
    said = f"已生成模板：{out}" if zh else f"wrote {out}"
    if out.suffix.lower() != BOOK:
        use = command_line("relending", "disclose", "RUN", options=["--quarter", "Q", "--template", str(out), *how])
        then = (
            "请改为本行格式，保留花括号中的字段，然后："
            if zh
            else "Put it into the bank's form, keep the fields in braces, then:"
        )
        return [said, then, f"  {use} --out DIR"]
    check = command_line("relending", "check", str(out), options=how)
    run = command_line("relending", "run", str(out), options=how)
    fill = (
        "请填写“参数”“借据”和“提前还款”，其余工作表按需填写，覆盖或删除示例行，保存后："
        if zh
        else "Fill in Parameters, Loans and Prepayments, others as needed, write over the example rows, save, then:"
    )
    return [said, fill, f"  {check}", f"  {run}"]
