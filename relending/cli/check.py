"""``relending check``: a loan book before any run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relending.cli.beside import side_option
from relending.cli.complete import facilities as known_facilities
from relending.cli.complete import lenders, scenarios
from relending.cli.helping import verb
from relending.cli.people import (
    STOPPED,
    allow_outside_option,
    columns,
    command_line,
    errors_for_people,
    findings_option,
    is_run_folder,
    lang_option,
    say,
    say_prose,
    scenario_sources,
    sheet_option,
    show_findings,
    stop_at_no_text,
    stop_at_path,
    write_findings,
)
from relending.terminal import visible

if TYPE_CHECKING:
    from relending.engine.check import Checked


FACILITIES = ("cerf", "clean_coal")
"""What a book is screened for unless the command says otherwise."""


@verb("check")
@click.argument("book", nargs=-1, required=True, shell_complete=scenarios)
@click.option("--lender", metavar="L", shell_complete=lenders, help="Lender of rows that name none (id or name).")
@click.option(
    "--class", "cls", metavar="CLASS", help="Class of a --lender no policy file knows, such as city or 城市商业银行."
)
@click.option(
    "--facility",
    "facilities",
    multiple=True,
    metavar="F",
    shell_complete=known_facilities,
    help=f"Facilities to screen for [default: {', '.join(FACILITIES)}].",
)
@click.option("--prepayments", type=click.Path(path_type=Path), help="Prepayments table.")
@side_option
@sheet_option
@allow_outside_option
@findings_option
@lang_option
def command(
    book: tuple[str, ...],
    lender: str | None,
    cls: str | None,
    facilities: tuple[str, ...],
    prepayments: Path | None,
    beside: dict[str, tuple[Path, ...]],
    sheets: tuple[str, ...],
    allow_outside: bool,
    findings_to: Path | None,
    lang: str,
) -> None:
    """Check BOOK: a file, a folder of Parquet, several files that are one book, or a scenario whose book is meant.

    Prints what is wrong, what is eligible and why the rest is not, totals by field and the size of the draw.
    Nothing is written but --findings. Exit code 1 when there are errors. A scenario, and a template filled in, bring
    their own lender, facilities and tables beside the loans, so these options go with a plain book only. Sheets of
    the book's workbook with the name of such a table (applications 申请与到账, balances 贷款余额, …) are read too.
    """
    from relending.engine.check import check_book
    from relending.findings import InputError

    sources: list[tuple[Path, str]] = []
    with errors_for_people(lang, findings_to, sources):
        loaded: Any
        context: Any
        scenario = len(book) == 1 and _is_scenario(book[0])
        if scenario:
            bank = {"--lender": lender, "--class": cls}
            tables = {"--prepayments": prepayments, "--side": beside or None}
            _refuse_options({**bank, "--facility": facilities, **tables, "--sheet": sheets}, lang)
            loaded, context, said = _load_scenario(book[0], allow_outside, sources)
        else:
            sources += [(Path(one), "loans") for one in book]
            if prepayments is not None:
                beside = {**beside, "prepayments": (*beside.get("prepayments", ()), prepayments)}
            sources += [(path, table) for table, paths in beside.items() for path in paths]
            loaded, context, said = load_book(book, lender, cls, facilities or FACILITIES, beside, sheets, lang)
        try:
            checked = check_book(loaded, context)
        except InputError as stop:
            raise InputError(said + stop.findings) from None
    findings = said + checked.findings
    _show(checked, lang)
    show_findings(findings, lang)
    write_findings(findings, findings_to, lang, sources)
    if not scenario and "unknown_lender" in findings.codes():
        say(
            "提示：名单之外的银行，用 --lender 给出台账中的名称、--class 给出机构类别；"
            "或填写模板（relending template）；或由情景文件的 [lenders.名称] 定义。"
            if lang == "zh"
            else "Hint: for a bank no policy file knows, give its name as the book has it with --lender and its class "
            "with --class; or fill in a template (relending template); or define it in a scenario ([lenders.NAME])."
        )
    if findings.count("error"):
        sys.exit(STOPPED)
    if not scenario and "unknown_lender" not in findings.codes():
        say(_way_on(book, lender, cls, sheets, lang))


def _way_on(book: tuple[str, ...], lender: str | None, cls: str | None, sheets: tuple[str, ...], lang: str) -> str:
    """How a book without errors is run."""
    zh = lang == "zh"
    out = "本行.toml" if zh else "mine.toml"
    given = {"--book": book, "--lender": (lender,), "--class": (cls,), "--sheet": sheets}
    options = [word for name, values in given.items() for value in values if value for word in (name, value)]
    made = command_line("relending", "template", out, options=options)
    run = command_line("relending", "run", out)
    return (
        f"测算：先生成情景文件，再运行：\n  {made} --own-rate 自有资金成本% --lang zh\n  {run} --lang zh"
        if zh
        else f"To run it, make a scenario file first:\n  {made} --own-rate PERCENT%\n  {run}"
    )


def _is_scenario(book: str) -> bool:
    """Whether a scenario is named: a TOML file, a template filled in, or a shipped one no book of that name hides."""
    from relending.scenario import shipped
    from relending.scenario.workbook import has_parameters

    if book.lower().endswith(".toml") or has_parameters(Path(book)):
        return True
    hidden = Path(book).exists() and not is_run_folder(book)
    return not hidden and shipped(book) is not None


def _refuse_options(options: Mapping[str, object], lang: str) -> None:
    given = [name for name, value in options.items() if value not in (None, ())]
    if given:
        names = ", ".join(given)
        raise click.UsageError(
            f"{names} 只用于台账文件；情景文件已有自己的设置。"
            if lang == "zh"
            else f"{names}: only for a book; a scenario has its own, change it there."
        )


def _load_scenario(name: str, allow_outside: bool, sources: list[tuple[Path, str]]) -> tuple[Any, Any, Any]:
    from relending.scenario import load_scenario
    from relending.scenario.inputs import read_loans

    stop_at_no_text(name)
    scenario = load_scenario(name, allow_outside=allow_outside)
    sources += scenario_sources(scenario)
    read = read_loans(scenario)
    return read, scenario.context(), scenario.findings + read.findings


def load_book(
    book: tuple[str, ...],
    lender: str | None,
    cls: str | None,
    names: tuple[str, ...],
    beside: Mapping[str, tuple[Path, ...]],
    sheets: tuple[str, ...],
    lang: str,
) -> tuple[Any, Any, Any]:
    """A book that has no scenario: what was read, the rules it is checked by, and what was found.

    ``names`` are facilities by id or name, all for none; wrong usage where there is no such facility, lender or class.
    """
    from relending.book import read_book
    from relending.engine.check import book_context
    from relending.findings import Findings
    from relending.policy import facilities, facility, lender_of, lenders, nearest

    for one in book:
        stop_at_path(one)
    by_name = {facility(one).name[word]: one for one in facilities() for word in ("zh", "en")}
    names = tuple(by_name.get(name, name) for name in names)
    for name in names:
        if name not in facilities():
            near = nearest(name, facilities()) or "-"
            raise click.UsageError(
                f"没有工具 {name!r}；最接近：{near}" if lang == "zh" else f"no facility {name!r}; nearest: {near}"
            )
    known = lender_of(lender) if lender else None
    banks: dict[str, Any] = dict(lenders())
    own: dict[str, str] = {}
    if cls is not None and (lender is None or known is not None):
        raise click.UsageError(_no_class_needed(lender, known, lang))
    if lender is not None and known is None:
        known = "own"
        own = {lender: known}
        banks[known] = Bank(known, class_of(lender, cls, lang))
    read = read_book(book, side=beside, lender=known, lenders=own, sheet=sheets or None)
    return read, book_context([facility(name) for name in names], banks, read), Findings() + read.findings


def _no_class_needed(lender: str | None, known: str | None, lang: str) -> str:
    if known is None:
        return (
            "--class 须与 --lender 一起使用：--lender 机构名称 --class 类别"
            if lang == "zh"
            else "--class goes with --lender: --lender NAME --class CLASS"
        )
    return (
        f"{lender!r} 是名单中的机构（{known}），类别已知，请去掉 --class"
        if lang == "zh"
        else f"the policy files know {lender!r} ({known}) and its class: leave out --class"
    )


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank that only this command knows: id and class."""

    id: str
    cls: str


def class_of(lender: str, cls: str | None, lang: str) -> str:
    """The class of a bank no policy file knows; wrong usage, with what to do, where it is not given or no class."""
    from relending.book.parameters import parameters
    from relending.policy import lenders, nearest, normalised

    words = parameters()["lender_class"].values
    known = {normalised(word): one for one, said in words.items() for word in (one, *said)}
    found = known.get(normalised(cls)) if cls else None
    if found is not None:
        return found
    near = nearest(lender, [name for bank in lenders().values() for name in bank.names])
    listed = "、".join(said[0] for said in words.values()) if lang == "zh" else ", ".join(words)
    if lang == "zh":
        what = f"没有机构类别 {cls!r}" if cls else f"没有金融机构 {lender!r}" + (f"（最接近：{near}）" if near else "")
        raise click.UsageError(
            f"{what}。其他银行请用 --class 给出机构类别（{listed}），或填写模板：relending template 台账.xlsx"
        )
    what = f"no class {cls!r}" if cls else f"no lender {lender!r}" + (f" (nearest: {near})" if near else "")
    raise click.UsageError(
        f"{what}. For any other bank give its class with --class ({listed}), or fill in a template: "
        "relending template book.xlsx"
    )


WORDS = {
    "en": {
        "loans": "loans",
        "eligible": "eligible",
        "amount": "amount (yuan)",
        "draw": "draw (yuan)",
        "reason": "not eligible (a loan may have several reasons)",
        "field": "eligible by field",
        "total": "total",
    },
    "zh": {
        "loans": "借据",
        "eligible": "符合条件",
        "amount": "金额（元）",
        "draw": "可借用（元）",
        "reason": "不符合原因（一笔可有多项）",
        "field": "符合条件的贷款（按领域）",
        "total": "合计",
    },
}


def _show(checked: Checked, lang: str) -> None:
    from relending.lineage.story import reason_name
    from relending.policy import fields

    w = WORDS[lang]
    zh = lang == "zh"
    say(
        f"{w['loans']} {checked.loans:,} 笔，{w['eligible']} {checked.eligible:,} 笔"
        if zh
        else f"{w['loans']} {checked.loans:,}, {w['eligible']} {checked.eligible:,}"
    )
    if checked.reasons:
        rows = [
            (w["reason"], w["loans"], w["amount"]),
            *((reason_name(r, lang), f"{n:,}", _yuan(a)) for r, (n, a) in checked.reasons.items()),
        ]
        say("\n".join(columns(rows, right=(1, 2))))
        for reason, places in checked.named.items():
            more = checked.reasons[reason][0] - len(places)
            rest, name = f" … +{more:,}" if more else "", reason_name(reason, lang)
            said = (f"  {name}：{'；'.join(places)}" if zh else f"  {name}: {'; '.join(places)}") + rest
            say_prose(visible(said))
    known = fields()
    rows4 = [(w["field"], w["loans"], w["amount"], w["draw"])]
    for name, (n, amount, draw) in checked.by_field.items():
        label = getattr(known.get(name), lang, name) if name in known else (w["total"] if name == "total" else name)
        rows4.append((label, f"{n:,}", _yuan(amount), _yuan(draw)))
    say("\n".join(columns(rows4, right=(1, 2, 3))))


def _yuan(fen: int | None) -> str:
    from relending.units import decimal_text

    return "—" if fen is None else decimal_text(fen, 2)
